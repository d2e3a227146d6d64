"""Fast style transfer: a network that paints any image in one style, in one pass.

Source: NOTES, lesson 10, "Style Transfer"; Johnson et al., "Perceptual losses for real-time style
transfer and super-resolution" (ECCV 2016), section 3; Ulyanov et al., "Instance normalization: the
missing ingredient for fast stylization" (2016).

    theta descends  E_x [ alpha L_content(G(x), x) + beta L_style(G(x)) ]

Both losses are those of `style_transfer.py`. There the image is optimized, which takes hundreds of
steps for each image. Here the weights of G are optimized, once for all images.
"""

from collections.abc import Sequence
from typing import Any

from ankeras.autoencoders.autoencoder import weighted_mean
from ankeras.builders.blocks import SeededLayers
from ankeras.input_gradients.network import check_photos
from ankeras.input_gradients.representation_inversion import relative_distance
from ankeras.input_gradients.texture_synthesis import gram_matrix, style_loss
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_SHAPE, Row
from ankeras.training.checks import check_read, check_shapes_known
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
from keras import layers, ops


def get_style_network(
    image_shape: Sequence[int | None] = (None, None, 3),
    *,
    widths: Sequence[int] = (16, 32),
    n_blocks: int = 3,
    seed: int = 42,
) -> keras.Model:
    """Build the network of fast style transfer: image -> image of the same sides.

    Each width halves the sides; then come residual blocks, and steps up. Instance normalization
    after each convolution takes away the contrast of the image, which the style replaces.

    Args:
        image_shape: (height, width, channels); None for a side leaves it open. The sides are
            multiples of 2 to the number of widths.
        widths: channels of each convolution with stride 2.
        n_blocks: number of residual blocks.
        seed: seed of the initial weights.

    Returns:
        A model named "generator": (batch, height, width, c) -> the same shape, in [0, 1].

    Raises:
        ValueError: if a side is no such multiple.
    """
    stride = 2 ** len(widths)
    if any(side is not None and side % stride for side in image_shape[:2]):
        raise ValueError(f"The sides must be multiples of {stride}, not {tuple(image_shape[:2])}.")
    seeded = SeededLayers(seed)

    def block(x: Any, width: int, size: int, strides: int = 1) -> Any:
        x = seeded(
            layers.Conv2D,
            width,
            kernel_size=size,
            strides=strides,
            padding="same",
            use_bias=False,
        )(x)
        return layers.GroupNormalization(groups=-1)(x)

    image = layers.Input(tuple(image_shape), name="input_layer")
    x = layers.Rescaling(2.0, offset=-1.0)(image)
    for width in widths:
        x = layers.ReLU()(block(x, width, 4, strides=2))
    for _ in range(n_blocks):
        h = layers.ReLU()(block(x, widths[-1], 3))
        x = layers.Add()([x, block(h, widths[-1], 3)])
    for width in (*widths[-2::-1], widths[0]):
        # transposed convolutions leave a woven pattern
        x = layers.ReLU()(block(layers.UpSampling2D()(x), width, 3))
    x = seeded(layers.Conv2D, image_shape[-1], kernel_size=5, padding="same")(x)
    drawn = layers.Activation("sigmoid", dtype="float32", name="output_layer")(x)
    return keras.Model(image, drawn, name="generator")


@keras.saving.register_keras_serializable("ankeras")
class FastStyle(OwnLoss):
    """Fast style transfer; `fit(images)` with any images, such as crops of photographs.

    Args:
        generator: (batch, *image) -> (batch, *image) in [0, 1], `get_style_network()`.
        reader: (batch, *image) -> a list of feature maps: those of the style, last that of the
            content: `read_layers(network, [*STYLE_LAYERS, CONTENT_LAYER])`. Its weights stay.
        style: (height, width, c), the image whose style is learnt. A saved model knows it.
        alpha, beta: weights of content and style.

    Raises:
        ValueError: if the networks do not fit, or a weight is negative.
    """

    called = "Fast style transfer"
    networks = ("generator", "reader")
    options = ("alpha", "beta")
    logged = ("loss", "content", "style")
    weighs_images = True

    def __init__(
        self,
        generator: keras.Model,
        reader: keras.Model,
        style: np.ndarray | None = None,
        alpha: float = 0.1,
        beta: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_shapes_known(generator, "generator")
        check_shapes_known(reader, "reader")
        if len(reader.outputs) < 2 or any(len(x.shape) != 4 for x in reader.outputs):
            raise ValueError(
                "The reader returns feature maps with positions, those of the style and last that "
                "of the content: read_layers(network, [*STYLE_LAYERS, CONTENT_LAYER])."
            )
        if min(alpha, beta) < 0:
            raise ValueError("alpha and beta must not be negative.")
        reader.trainable = False
        self.generator = generator
        self.reader = reader
        self.alpha = alpha
        self.beta = beta
        self.grams = [
            self.add_weight(
                shape=(1, x.shape[-1], x.shape[-1]), initializer="zeros", trainable=False
            )
            for x in reader.outputs[:-1]
        ]
        if style is not None:
            x = check_photos(reader, np.asarray(style)[None])
            features = reader(ops.convert_to_tensor(x))
            for gram, f in zip(self.grams, features[:-1], strict=True):
                gram.assign(gram_matrix(f))

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend alpha L_content + beta L_style on one minibatch."""
        x, _, weights = keras.utils.unpack_x_y_sample_weight(data)
        *_, content = self.reader(x, training=False)

        def objective() -> tuple:
            drawn = self.generator(x, training=True)
            of_content, of_style = self.distances(drawn, content, weights)
            loss = self.alpha * of_content + self.beta * of_style
            return loss + self.layer_losses(self.generator), loss, of_content, of_style

        found = descend(objective, self.optimizer, self.generator.trainable_variables)
        return self.log(loss=found[1], content=found[2], style=found[3])

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch."""
        x, _, weights = keras.utils.unpack_x_y_sample_weight(data)
        *_, content = self.reader(x, training=False)
        of_content, of_style = self.distances(self.generator(x, training=False), content, weights)
        loss = self.alpha * of_content + self.beta * of_style
        return self.log(loss=loss, content=of_content, style=of_style)

    def distances(self, drawn: Any, content: Any, weights: Any) -> tuple[Any, Any]:
        """Return L_content and L_style of drawn images, averaged over the minibatch.

        Args:
            drawn: G(x), (batch, *image).
            content: the last feature map of x.
            weights: one weight per image, or None.
        """
        *style, found = self.reader(drawn, training=False)
        grams = [gram_matrix(f) for f in style]
        of_style = style_loss(grams, [ops.convert_to_tensor(gram) for gram in self.grams])
        of_content = relative_distance(found, content)
        return weighted_mean(of_content, weights), weighted_mean(of_style, weights)

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return the painted images G(x)."""
        return self.generator(x, training=training)

    def paint(self, images: np.ndarray) -> np.ndarray:
        """Return images in the style: (n, height, width, c) -> the same shape.

        Raises:
            ValueError: if values are not in [0, 1], or a side does not fit the network.
        """
        self._check_sides(images, "images")
        return self.generator.predict(images, batch_size=8, verbose=0)

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on the images x."""
        self._check_sides(x, "x")
        if not np.any([ops.convert_to_numpy(gram).any() for gram in self.grams]):
            raise ValueError("There is no style to learn: give FastStyle(..., style=image).")

    def _check_sides(self, images: np.ndarray, name: str) -> None:
        check_read(images, self.generator, name)
        drawn = self.generator.compute_output_shape(images.shape)
        if drawn[1:] != images.shape[1:]:
            raise ValueError(
                f"The network draws {drawn[1:3]} for images of {images.shape[1:3]}: give images "
                f"whose sides are multiples of its strides, such as 4."
            )


def _tiny() -> FastStyle:
    image = layers.Input(TINY_SHAPE)
    seeded = SeededLayers(7)
    style = seeded(
        layers.Conv2D, 4, kernel_size=3, padding="same", activation="relu", dtype="float32"
    )(image)
    content = seeded(layers.Conv2D, 4, kernel_size=3, padding="same", dtype="float32")(style)
    rows = np.linspace(0, 1, TINY_SHAPE[0], dtype="float32")
    return FastStyle(
        get_style_network(TINY_SHAPE, widths=(4, 8), n_blocks=1),
        keras.Model(image, [style, content]),
        style=np.broadcast_to(rows[:, None, None], TINY_SHAPE),
    )


ROWS = (
    Row(
        name="fast style transfer",
        builds=FastStyle,
        lecture="NOTES, lesson 10, Style Transfer",
        paper="Johnson 2016",
        notebook="15",
        learns_from="x",
        tiny=_tiny,
    ),
)
