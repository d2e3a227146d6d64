"""The U-Net: an encoder and a decoder with skip connections, from an image to an image.

Source: AN2DL, "The GAN ZOO" (pix2pix); ATIV, "Lab work"; Ronneberger et al., "U-Net: convolutional
networks for biomedical image segmentation" (MICCAI 2015); Isola et al., "Image-to-image translation
with conditional adversarial networks" (CVPR 2017), section 3.2.1.

    h_0 = x,    h_i = down_i(h_(i-1)),    u_k = h_k,    u_(i-1) = up_i(u_i) + skip from h_(i-1)

Each step down halves the sides, each step up doubles them. What lies at the same place in input and
output, such as a contour, passes through the skip connections and not through the narrow middle.
"""

from collections.abc import Sequence

from ankeras.builders.blocks import (
    Block,
    SeededLayers,
    Shape,
    check_depth,
    checked_image_shape,
    checked_widths,
    crop,
    halved_sizes,
)
from ankeras.builders.conditioning import Condition

import keras
from keras import layers, ops

UNET_WIDTHS = (16, 32, 64, 96)
INNER = 0.96  # logits of 0 and 1 are infinite: images are drawn a little nearer to 1/2


def get_unet(
    input_shape: Shape = (64, 64, 3),
    channels: int = 3,
    *,
    widths: Sequence[int] = UNET_WIDTHS,
    skips: bool = True,
    dropout: float = 0.0,
    normalization: str = "batch",
    residual: bool = False,
    output_activation: str = "sigmoid",
    seed: int = 42,
) -> keras.Model:
    """Build a U-Net: image -> image of the same sides.

    A step down is a convolution of 4x4 with stride 2. A step up repeats each pixel and convolves
    with 3x3: transposed convolutions leave a woven pattern in plain areas (Odena et al.,
    "Deconvolution and checkerboard artifacts", 2016). Each has normalization (not the first step)
    and a leaky or a plain ReLU.

    Args:
        input_shape: (height, width, channels) of the image that it reads, of any sides.
        channels: of the image that it draws.
        widths: channels of each step, outermost first.
        skips: whether there are skip connections. Without them it is an autoencoder.
        dropout: share of the features that are left out during training, in the two innermost
            steps up. Pix2pix takes 0.5, its only noise.
        normalization: "batch", or "instance" (each channel of each image on its own). A network
            that reads images of two domains during training needs "instance": the averages that
            batch normalization keeps would mix the domains, and be right for neither (Zhu et al.
            2017, section 4).
        residual: whether it draws what it changes, sigmoid(logit(x) + change), and not the whole
            image. For translations that keep most of an image, such as glasses on and off. x is
            the last `channels` channels of the input: of several frames, the newest.
        output_activation: "sigmoid" for images in [0, 1], or "linear".
        seed: seed of the initial weights.

    Returns:
        A model named "unet": (batch, height, width, c) -> (batch, height, width, channels).

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    image_shape = checked_image_shape(input_shape, "conv")
    widths = checked_widths(widths, "conv")
    check_depth(image_shape, widths)
    if output_activation not in ("sigmoid", "linear"):
        raise ValueError(
            f'output_activation must be "sigmoid" or "linear", not {output_activation!r}.'
        )
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is a share in [0, 1), {dropout} is not.")
    if residual and (channels > image_shape[-1] or output_activation != "sigmoid"):
        raise ValueError(
            f"residual=True draws at most as many channels as the input has, {image_shape[-1]}, "
            f'with output_activation="sigmoid".'
        )
    sizes = halved_sizes(image_shape, len(widths))
    if normalization not in ("batch", "instance"):
        raise ValueError(f'normalization must be "batch" or "instance", not {normalization!r}.')
    if normalization == "instance" and sizes[-1] == (1, 1):
        raise ValueError(
            f"{len(widths)} halvings leave a single pixel of {image_shape[:2]}, and the instance "
            f"normalization of one value is 0: give fewer widths."
        )
    seeded, none = SeededLayers(seed), Condition(None, "append")
    first = Block(seeded, "leaky_relu", None, none)
    down = Block(seeded, "leaky_relu", normalization, none)
    up = Block(seeded, "relu", normalization, none)
    halved = {"kernel_size": 4, "strides": 2, "padding": "same"}  # 4: no checkerboard at stride 2

    input_layer = layers.Input(shape=image_shape, name="input_layer")
    x = layers.Rescaling(2.0, offset=-1.0)(input_layer)
    passed = []
    for i, width in enumerate(widths):
        x = (down if i else first)(layers.Conv2D, x, width, **halved)
        passed.append(x)
    passed_on = [input_layer, *passed[:-1]]  # to the steps up, outermost first
    outer = [max(widths[0] // 2, 8), *widths[:-1]]
    for i in range(len(widths) - 1, -1, -1):
        x = layers.UpSampling2D()(x)
        x = seeded(layers.Conv2D, outer[i], kernel_size=3, padding="same", use_bias=False)(x)
        x = up.after(crop(x, sizes[i]))
        if dropout and i >= len(widths) - 2:
            x = layers.Dropout(dropout, seed=seed + i)(x)
        if skips:
            x = layers.Concatenate()([x, passed_on[i]])
    x = seeded(layers.Conv2D, channels, kernel_size=3, padding="same")(x)
    if residual:
        x_in = input_layer[..., -channels:]
        inner = layers.Rescaling(INNER, 0.5 * (1.0 - INNER), dtype="float32")(x_in)
        x = layers.Add(dtype="float32")([ops.log(inner / (1.0 - inner)), x])
    output_layer = layers.Activation(output_activation, name="output_layer", dtype="float32")(x)
    return keras.Model(inputs=input_layer, outputs=output_layer, name="unet")
