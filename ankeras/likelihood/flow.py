"""The normalizing flow: an invertible network turns data into N(0, I), with an exact likelihood.

Source: NOTES, lesson 14, "Dimension preserving": "split the generator in a long chain of
transformations, assuming that all the transformations are invertible ... trained by maximizing the
log-likelihood"; Dinh et al., "Density estimation using real NVP" (ICLR 2017), equations 2 and 3;
Theis et al., "A note on the evaluation of generative models" (ICLR 2016), section 3.1, for levels.

    z = f(x) in R^D,  z ~ N(0, I)        log p(x) = log N(f(x); 0, I) + log |det df/dx|
    descend  E [-log p(x)]               draw  x = f^-1(z)

Images with L levels have no density: a model could put all its density on the levels. They are
dequantised first, by uniform noise. The density then bounds the probability of the levels:

    v = ((L - 1) x + u) / L,  u ~ U[0, 1)^D          -log P(x) <= E_u [-log p(v)] + D log L
"""

import functools
import math
from typing import Any

from ankeras.autoencoders.autoencoder import weighted_mean
from ankeras.builders.couplings import ActNorm, Logit, get_flow, get_inverse
from ankeras.latent.codes import PREDICT_BATCH, decode, sample_prior
from ankeras.likelihood.levels import check_levels, quantise
from ankeras.training.autodiff import SeedGenerator, descend
from ankeras.training.catalogue_row import TINY_SHAPE, Row
from ankeras.training.checks import check_images, check_shapes_known
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
from keras import ops
from scipy.special import logsumexp


def standard_normal(z: Any) -> Any:
    """Return log N(z; 0, I): (batch, d) -> (batch,), in nats."""
    return -0.5 * ops.sum(ops.square(z) + math.log(2 * math.pi), axis=-1)


@keras.saving.register_keras_serializable("ankeras")
class Flow(OwnLoss):
    """The normalizing flow; `fit(x)` with images or with vectors.

    Its log "loss" is in nats per image, averaged over the images: with levels the bound of
    -log P(x), at least 0; without levels -log p(x) of a density, which may be negative.

    Args:
        network: (batch, *image) -> [z (batch, d), log |det dz/dx| (batch,)], as
            `get_flow(image_shape)` or `get_flow((d,))` builds it.
        levels: number of values that a pixel can have, such as 256; None for continuous data.
        seed: seed of the noise u.

    Raises:
        ValueError: if the network does not return z and log |det|, or levels < 2.
    """

    called = "A flow"
    networks = ("network",)
    options = ("levels", "seed")
    weighs_images = True

    def __init__(
        self, network: keras.Model, levels: int | None = None, seed: int = 42, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_shapes_known(network, "network")
        self.network = network
        self.levels = levels
        self.seed = seed
        self.noise = SeedGenerator(seed)
        expected = [(None, math.prod(self.image_shape)), (None,)]
        if [output.shape for output in network.outputs] != expected:
            raise ValueError(
                f"A flow of {self.image_shape} returns z of {expected[0][1:]} and one value "
                f"log |det dz/dx|: build it with get_flow({self.image_shape})."
            )
        if levels is not None and levels < 2:
            raise ValueError(f"A pixel has at least 2 levels, not {levels}.")
        if levels is not None and levels != int(levels):
            raise ValueError(f"A pixel has a whole number of levels, not {levels}.")

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend -log p(x) on one minibatch."""
        x, _, weights = keras.utils.unpack_x_y_sample_weight(data)

        def objective() -> tuple:
            # v = ((L - 1) x + u) / L;  z = f(v)
            z, log_det = self.network(self.dequantised(x), training=True)
            # -log p(v) = -log N(z; 0, I) - log |det df/dv|,  + D log L; averaged over the minibatch
            nll = -standard_normal(z) - log_det + self.nats_of_levels
            loss = weighted_mean(nll, weights)
            return loss + self.layer_losses(), loss

        _, loss = descend(objective, self.optimizer, self.trainable_variables)
        return self.log(loss=loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate -log p(x) on one minibatch."""
        x, _, weights = keras.utils.unpack_x_y_sample_weight(data)
        z, log_det = self.network(self.dequantised(x), training=False)
        nll = -standard_normal(z) - log_det + self.nats_of_levels
        return self.log(loss=weighted_mean(nll, weights))

    def dequantised(self, x: Any) -> Any:
        """Return v = ((L - 1) x + u) / L in [0, 1]; x itself if there are no levels."""
        if self.levels is None:
            return x
        u = keras.random.uniform(ops.shape(x), dtype="float32", seed=self.noise)
        return ((self.levels - 1) * ops.cast(x, "float32") + u) / self.levels

    @property
    def nats_of_levels(self) -> float:
        """D log L, which turns the density of v into a probability of levels; else 0."""
        return 0.0 if self.levels is None else self.latent_dim * math.log(self.levels)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of an image or vector."""
        return self.network.inputs[0].shape[1:]

    @property
    def latent_dim(self) -> int:
        """The dimension of z, which is that of x."""
        return math.prod(self.image_shape)

    @property
    def drawn(self) -> tuple[float, float]:
        """The range of the values of x: [0, 1] if they have levels, or if the logit comes first."""
        bounded = any(isinstance(layer, Logit) for layer in self.network.layers)
        return (0.0, 1.0) if bounded or self.levels else (-math.inf, math.inf)

    @functools.cached_property
    def mean_encoder(self) -> keras.Model:
        """The encoder x -> z, (batch, *image) -> (batch, d); for levels with u = 1/2."""
        x = keras.Input(self.image_shape)
        v = x if self.levels is None else ((self.levels - 1) * x + 0.5) / self.levels
        return keras.Model(x, self.network(v)[0], name="mean_encoder")

    @functools.cached_property
    def generator(self) -> keras.Model:
        """The inverse z -> x, (batch, d) -> (batch, *image), between the levels if there are any.

        It is the inverse of `mean_encoder`, clipped to [0, 1] where x has this range.
        """
        inverse = get_inverse(self.network)
        x = inverse.output
        if self.levels is not None:
            x = (self.levels * x - 0.5) / (self.levels - 1)
        return keras.Model(inverse.inputs, ops.clip(x, *self.drawn), name="generator")

    def initialize(self, x: np.ndarray) -> None:
        """Choose scale and shift of each `ActNorm` so that its output is N(0, 1)-like for these x.

        Each channel then has mean 0 and variance 1. Call it before `fit`, with some hundred images.
        """
        self.check_data(x, None)
        v = self.dequantised(ops.convert_to_tensor(x))
        for layer in self.network.layers:
            if isinstance(layer, ActNorm):
                before = keras.Model(self.network.inputs[0], layer.input)
                layer.initialize(ops.convert_to_numpy(before(v)))

    def log_likelihood(self, x: np.ndarray, k: int = 1) -> np.ndarray:
        """Return log p(x) of each image; with levels, a bound of log P(x) from below.

            log P(x) >= E log 1/k sum_j p(v_j) - D log L,    v_j with noise u_j

        Args:
            x: (n, *image).
            k: draws of u per image. The bound rises with k. Without levels there is no noise.

        Returns:
            (n,), in nats.

        Raises:
            ValueError: if the flow can't be trained on x, or k < 1.
        """
        if k < 1:
            raise ValueError(f"The bound needs k >= 1 draws per image, not {k}.")
        self.check_data(x, None)
        found = []
        for _ in range(k if self.levels else 1):
            v = ops.convert_to_numpy(self.dequantised(ops.convert_to_tensor(x)))
            z, log_det = self.network.predict(v, batch_size=PREDICT_BATCH, verbose=0)
            found.append(ops.convert_to_numpy(standard_normal(z)) + log_det)
        return logsumexp(found, axis=0) - math.log(len(found)) - self.nats_of_levels

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n images, x = f^-1(z) for z ~ N(0, I), on the levels if there are any."""
        x = decode(self.generator, sample_prior(n, self.latent_dim, seed))
        return x if self.levels is None else quantise(x, self.levels)

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return z of x, (batch, d), without noise."""
        return self.mean_encoder(x)

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on x."""
        check_images(x, self.image_shape, self.drawn)
        if self.levels is not None:
            check_levels(x, self.levels)


ROWS = (
    Row(
        name="normalizing flow",
        builds=Flow,
        lecture="NOTES 14, Dimension preserving",
        paper="Dinh 2017",
        notebook="16",
        learns_from="x",
        tiny=lambda: Flow(get_flow(TINY_SHAPE, scales=1, couplings=2, width=4, actnorm=False)),
    ),
)
