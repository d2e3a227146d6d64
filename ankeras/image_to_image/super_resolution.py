"""Super-resolution: a network draws the pixels that a small image does not have.

Source: AN2DL, "What for generative models?"; DLSP, "Super resolution" (srez: 16x16 -> 64x64
pixels); ATIV, "Inverse problem: Super-resolution"; Ledig et al., "Photo-realistic single image
super-resolution using a generative adversarial network" (CVPR 2017), equations 3 to 6.

    G(x) = bicubic(x) + residual network(x)

    G descends  ||y - G(x)||^2 + alpha l_feature(y, G(x)) - lambda E [log D(G(x))]
    D descends  -E [log D(y)] - E [log(1 - D(G(x)))]

x is the small image, y the large one. With alpha = lambda = 0 the network draws the mean of all
large images that are possible, which is blurred. ||.||^2 is the mean over the values of an image.
The feature loss compares the features of a classifier, see `builders/feature_network.py`.
"""

import math
from collections.abc import Sequence
from typing import Any

from ankeras.builders.blocks import SeededLayers, checked_image_shape
from ankeras.builders.feature_network import feature_distance
from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.gans.gan import discriminator_loss, non_saturating_loss
from ankeras.image_to_image.paired_game import PairedGame
from ankeras.latent.codes import PREDICT_BATCH
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_SHAPE, Row
from ankeras.training.checks import check_read

import keras
import numpy as np
from keras import layers, ops


def get_super_resolution_network(
    image_shape: Sequence[int | None] = (16, 16, 3),
    factor: int = 4,
    *,
    width: int = 32,
    n_blocks: int = 6,
    seed: int = 42,
) -> keras.Model:
    """Build the residual network of super-resolution: small image -> large image.

    All blocks work on the small image, which costs little; the last steps double it. A block is
    x + conv(relu(conv(x))), without batch normalization (Lim et al. 2017). At the start of a
    training the network returns the bicubic enlargement.

    Args:
        image_shape: (height, width, channels) of the small image; None for a side leaves it open.
        factor: 1, 2, 4 or 8; with 1 the network sharpens an image and keeps its size.
        width: channels of all convolutions.
        n_blocks: number of residual blocks.
        seed: seed of the initial weights.

    Returns:
        A model named "generator": (batch, h, w, c) -> (batch, factor h, factor w, c). The
        values have no bounds; `SuperResolution.enlarge` clips them to [0, 1].

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    if factor not in (1, 2, 4, 8):
        raise ValueError(f"The factor must be 1, 2, 4 or 8, not {factor}.")
    *sides, channels = image_shape
    checked_image_shape([1 if side is None else side for side in image_shape], "conv")
    seeded = SeededLayers(seed)
    conv = {"kernel_size": 3, "padding": "same"}
    small = layers.Input((*sides, channels), name="input_layer")
    x = start = seeded(layers.Conv2D, width, **conv)(small)
    for _ in range(n_blocks):
        h = seeded(layers.Conv2D, width, activation="relu", **conv)(x)
        x = layers.Add()([x, seeded(layers.Conv2D, width, **conv)(h)])
    x = layers.Add()([x, start])
    for _ in range(round(math.log2(factor))):
        x = seeded(layers.Conv2DTranspose, width, kernel_size=4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    residual = layers.Conv2D(
        channels, kernel_initializer="zeros", dtype="float32", name="residual", **conv
    )(x)
    enlarged = layers.UpSampling2D(factor, interpolation="bicubic", dtype="float32")(small)
    drawn = layers.Add(dtype="float32", name="output_layer")([enlarged, residual])
    return keras.Model(small, drawn, name="generator")


@keras.saving.register_keras_serializable("ankeras")
class SuperResolution(PairedGame):
    """Super-resolution with an adversarial and a feature loss; `fit(x, y)` with pairs of images.

    With `alpha=0` and `adversarial=0` it is trained by the squared error alone.

    Args:
        generator: (batch, h, w, c) -> (batch, *image), `get_super_resolution_network(...)`.
        discriminator: `get_patch_discriminator(image_shape)`, for the large images.
        feature_network: Phi of `get_feature_network`, for the large images, or None.
        alpha: weight of the feature loss.
        adversarial: weight lambda of the adversarial term.
        r1, seed: as in `TwoPlayers`.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    networks = ("generator", "discriminator", "feature_network")
    options = ("alpha", "adversarial", *PairedGame.options)
    logged = (*PairedGame.logged, "squared_error")
    unpaired = "Each of {n} small images needs its large one, not {given}."

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        feature_network: keras.Model | None = None,
        alpha: float = 0.0,
        adversarial: float = 1e-3,
        **options: Any,
    ) -> None:
        if min(alpha, adversarial) < 0:
            raise ValueError("alpha and adversarial must not be negative.")
        if alpha and feature_network is None:
            raise ValueError("A feature loss needs a feature_network.")
        super().__init__(generator, discriminator, **options)
        if feature_network is not None:
            feature_network.trainable = False
        self.feature_network = feature_network
        self.alpha = alpha
        self.adversarial = adversarial

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take one step of D and one step of G on a minibatch of pairs."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = ops.stop_gradient(self.generator(x, training=True))  # G(x)

        # theta_d descends  -E [log D(y)] - E [log(1 - D(G(x)))] + gamma/2 E ||grad D||^2
        def d_objective() -> tuple:
            real_scores, fake_scores = self.score(y), self.score(fake)
            d_loss = discriminator_loss(real_scores, fake_scores)
            added = self.r1_penalty(y) + self.layer_losses(self.discriminator)
            return d_loss + added, d_loss, real_scores, fake_scores

        _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, self.theta_d)

        # theta_g descends  ||y - G(x)||^2 + alpha l_feature(y, G(x)) - lambda E [log D(G(x))]
        def g_objective() -> tuple:
            fake = self.generator(x, training=True)
            squared_error = ops.mean(ops.square(y - fake))
            g_loss = squared_error + self.alpha * self.feature_distance(y, fake)
            g_loss += self.adversarial * non_saturating_loss(self.score(fake))
            return g_loss + self.layer_losses(self.generator), g_loss, squared_error

        _, g_loss, squared_error = descend(g_objective, self.optimizer.generator, self.theta_g)
        logs = {"d_loss": d_loss, "g_loss": g_loss, "squared_error": squared_error}
        return self.log(**logs, **self.mean_scores(*scores))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = self.generator(x, training=False)
        scores = [self.score(image, training=False) for image in (y, fake)]
        squared_error = ops.mean(ops.square(y - fake))
        g_loss = squared_error + self.alpha * self.feature_distance(y, fake)
        g_loss += self.adversarial * non_saturating_loss(scores[1])
        d_loss = discriminator_loss(*scores)
        logs = {"d_loss": d_loss, "g_loss": g_loss, "squared_error": squared_error}
        return self.log(**logs, **self.mean_scores(*scores))

    def feature_distance(self, y: Any, fake: Any) -> Any:
        """Return l_feature(y, G(x)), averaged over the images; 0 without a feature network."""
        if self.feature_network is None or not self.alpha:
            return 0.0
        return feature_distance(self.feature_network, y, fake)

    def enlarge(self, x: np.ndarray) -> np.ndarray:
        """Return the large images, clipped to [0, 1]: (n, h, w, c) -> (n, *image).

        Raises:
            ValueError: if the images do not fit the network, or have values outside of [0, 1].
        """
        check_read(x, self.generator, "x")
        return self.generator.predict(x, batch_size=PREDICT_BATCH, verbose=0).clip(0.0, 1.0)

    def check_networks(self) -> None:
        """Raise a ValueError unless D reads what G draws."""
        drawn, read = self.generator.output_shape, self.discriminator.input_shape
        if drawn != read:
            raise ValueError(f"G draws images of {drawn[1:]}, but D reads {read[1:]}.")

    def target_range(self) -> tuple[float, float]:
        """Return the range of the large images' values: G itself may draw beyond it."""
        return 0.0, 1.0


ROWS = (
    Row(
        name="super-resolution",
        builds=SuperResolution,
        lecture="DLSP, Super resolution; ATIV, Inverse problem: Super-resolution",
        paper="Ledig 2017",
        notebook="12",
        learns_from="x, x",
        tiny=lambda: SuperResolution(
            get_super_resolution_network(TINY_SHAPE, 1, width=4, n_blocks=1),
            get_patch_discriminator(TINY_SHAPE, widths=(4, 8)),
        ),
    ),
)
