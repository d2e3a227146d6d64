"""The patch discriminator: one logit for each patch of an image.

Source: AN2DL, "The GAN ZOO" (pix2pix); Isola et al. (CVPR 2017), section 3.2.2: "it runs across the
image convolutionally, averaging all responses".
"""

from collections.abc import Sequence

from ankeras.builders.blocks import Block, SeededLayers, Shape, check_depth, checked_image_shape
from ankeras.builders.conditioning import Condition

import keras
from keras import layers


def get_patch_discriminator(
    image_shape: Shape = (64, 64, 3),
    input_shape: Shape | None = None,
    *,
    widths: Sequence[int] = (16, 32, 64),
    seed: int = 43,
) -> keras.Model:
    """Build the patch discriminator.

    Each width halves the sides: with three widths there is one logit for every 8x8 pixels, and each
    of them sees 38x38 pixels.

    Args:
        image_shape: of the images that it scores.
        input_shape: of the images that those were translated from, of the same sides. Default: it
            reads no second image.
        widths: channels of each convolution.
        seed: seed of the initial weights.

    Returns:
        A model named "discriminator": (batch, *image_shape), or [(batch, *image_shape),
        (batch, *input_shape)], -> (batch, rows, columns, 1) logits.

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    image_shape = checked_image_shape(image_shape, "conv")
    check_depth(image_shape, widths)
    seeded, none = SeededLayers(seed), Condition(None, "append")
    block = Block(seeded, "leaky_relu", None, none)
    image = layers.Input(shape=image_shape, name="input_layer")
    inputs, x = image, image
    if input_shape is not None:
        source = layers.Input(shape=checked_image_shape(input_shape, "conv"), name="source")
        if source.shape[1:3] != image.shape[1:3]:
            raise ValueError(
                f"Images of {image_shape} and of {source.shape[1:]} have different sides."
            )
        inputs, x = [image, source], layers.Concatenate()([image, source])
    x = layers.Rescaling(2.0, offset=-1.0)(x)
    for width in widths:
        x = block(layers.Conv2D, x, width, kernel_size=4, strides=2, padding="same")
    logits = seeded(
        layers.Conv2D, 1, kernel_size=3, padding="same", dtype="float32", name="output_layer"
    )(x)
    return keras.Model(inputs=inputs, outputs=logits, name="discriminator")
