"""The variational autoencoder: its codes are drawn from Gaussians that stay near a known prior.

Source: NOTES, lesson 14; AE, "Variational Autoencoders"; ATIV, "Variational Auto-Encoder"; DLSP,
"Variational auto-encoder"; Kingma & Welling, "Auto-encoding variational Bayes" (ICLR 2014).

    (mu, log v) = E(x),    z = mu + sqrt(v) * eps,  eps ~ N(0, I_d),    x_hat = D(z)

    l(x, x_hat) = l_reconstruction + beta * l_KL                      (-ELBO for beta = 1)
    l_KL(z, N(0, I_d)) = 1/2 sum_i ( v_i - log v_i - 1 + mu_i^2 )

    Bernoulli decoder:  l_reconstruction = -sum_j [x_j log x_hat_j + (1 - x_j) log(1 - x_hat_j)]
    Gaussian decoder:   l_reconstruction = 1/2 sum_j [log(2 pi s_j) + (x_j - m_j)^2 / s_j]
"""

import functools
import math
from typing import Any

from ankeras.autoencoders.autoencoder import binary_cross_entropy, weighted_mean
from ankeras.builders import get_decoder, get_encoder
from ankeras.latent.codes import PREDICT_BATCH, decode, sample_prior
from ankeras.training.autodiff import SeedGenerator, descend
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row
from ankeras.training.checks import check_images, check_shapes_known, drawn_range
from ankeras.training.system import System

import keras
import numpy as np
from keras import ops
from scipy.special import logsumexp

LIKELIHOODS = ("bernoulli", "gaussian")
# Without this floor, a pixel that is always black would drive its variance to 0 and the likelihood
# to infinity. The floor is a standard deviation of 1/20 of the range of a pixel.
MIN_LOG_VARIANCE = 2 * math.log(0.05)
# These bounds lie far outside of what a trained encoder returns. Before batch normalization has its
# statistics, an encoder may return more, and exp of that would hide every other figure.
LOG_VARIANCES = (-20.0, 5.0)
CODES_AT_ONCE = 10  # codes per image that are decoded together


def kl_terms(mu: Any, log_var: Any) -> tuple[Any, Any]:
    """Return the two parts of the KL divergence as DLSP draws them, for each dimension.

    Args:
        mu, log_var: (..., d), mean and logarithm of the variance v of each code.

    Returns:
        (v - log v - 1) / 2, which pulls the variance to 1, and mu^2 / 2, which pulls the mean to
        0: each (..., d), in nats.
    """
    return 0.5 * (ops.exp(log_var) - log_var - 1.0), 0.5 * ops.square(mu)


def kl_divergence(mu: Any, log_var: Any) -> Any:
    """Return KL(N(mu, v I) || N(0, I)), summed over the dimensions: (..., d) -> (...), in nats."""
    of_variance, of_mean = kl_terms(mu, log_var)
    return ops.sum(of_variance + of_mean, axis=-1)


def annealed(beta: float, step: Any, annealing_steps: int) -> Any:
    """Return the weight of the KL divergence at a step: it grows from 0 to beta, then stays.

    Args:
        beta: the last weight.
        step: number of steps taken so far.
        annealing_steps: steps until beta is reached; 0 for beta from the start.
    """
    if not annealing_steps:
        return beta
    return beta * ops.minimum(ops.cast(step, "float32") / annealing_steps, 1.0)


def free_bits_cost(kl: Any, free_bits: float) -> Any:
    """Return what the KL divergence costs: sum_i max(kl_i, free_bits), in nats.

    Source: Kingma et al., "Improved variational inference with inverse autoregressive flow" (NIPS
    2016), equation 15.

    Args:
        kl: (d,), the divergence of each dimension, averaged over the batch.
        free_bits: nats per dimension that a dimension may use without a higher cost; 0 for none.
    """
    return ops.sum(ops.maximum(kl, free_bits))


def reparameterize(mu: Any, log_var: Any, eps: Any) -> Any:
    """Return z = mu + sqrt(v) * eps: the gradient passes through mu and v, not through the draw."""
    sigma = ops.exp(ops.multiply(0.5, log_var))
    return ops.add(mu, ops.multiply(sigma, eps))


def code_parameters(h: Any) -> tuple[Any, Any]:
    """Split what the encoder returns: (batch, 2 d) -> mu and log v, each (batch, d)."""
    mu, log_var = ops.split(h, 2, axis=-1)
    return mu, ops.clip(log_var, *LOG_VARIANCES)


def gaussian_parameters(x_hat: Any) -> tuple[Any, Any]:
    """Split what a Gaussian decoder draws: (..., 2 c) -> mean and log variance, each (..., c)."""
    mean, log_var = ops.split(x_hat, 2, axis=-1)
    return mean, ops.maximum(log_var, MIN_LOG_VARIANCE)


def gaussian_nll(x: Any, mean: Any, log_var: Any) -> Any:
    """Return -log N(x; mean, v) of each image, summed over its values: (batch, ...) -> (batch,)."""
    squares = ops.multiply(ops.square(ops.subtract(x, mean)), ops.exp(ops.negative(log_var)))
    nll = 0.5 * (math.log(2 * math.pi) + ops.add(log_var, squares))
    return ops.sum(nll, axis=tuple(range(1, len(nll.shape))))


@keras.saving.register_keras_serializable("ankeras")
class VAE(System):
    """The variational autoencoder.

    Its logs are the reconstruction loss and the KL divergence summed over the dimensions, both
    averaged over the images, and "loss", which is reconstruction + beta * KL, without annealing
    and free bits: -ELBO for beta = 1. Weights given to `fit` (`sample_weight`) weigh both terms of
    each image; losses of layers, such as regularizers, are added. Metrics given to `compile`
    compare x with the mean image of p(x|z).

    Args:
        encoder: (batch, *image) -> (batch, 2 d), mu and log v: `get_encoder(image_shape, 2 * d)`.
        decoder: (batch, d) -> (batch, *image) for the Bernoulli likelihood. For the Gaussian one
            it draws twice the channels, mean and log variance of each value:
            `get_decoder(d, (height, width, 2 * channels), output_activation="linear")`.
        beta: weight of the KL divergence.
        likelihood: "bernoulli" or "gaussian".
        kl_annealing: steps over which the weight of the KL divergence grows from 0 to beta: the
            code is learnt before it is pulled to the prior (NOTES, the balance of the two terms).
        free_bits: nats of KL divergence per dimension that cost nothing, so that no dimension has
            a reason to collapse.
        seed: seed of eps.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    networks: tuple[str, ...] = ("encoder", "decoder")
    options: tuple[str, ...] = ("beta", "likelihood", "kl_annealing", "free_bits", "seed")
    logged = ("loss", "reconstruction", "kl")
    weighs_images = True

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        beta: float = 1.0,
        likelihood: str = "bernoulli",
        kl_annealing: int = 0,
        free_bits: float = 0.0,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_shapes_known(encoder, "encoder")
        check_shapes_known(decoder, "decoder")
        if likelihood not in LIKELIHOODS:
            raise ValueError(f"likelihood must be one of {LIKELIHOODS}, not {likelihood!r}.")
        if min(beta, kl_annealing, free_bits) < 0:
            raise ValueError("beta, kl_annealing and free_bits must not be negative.")
        self.encoder = encoder
        self.decoder = decoder
        self.beta = beta
        self.likelihood = likelihood
        self.kl_annealing = kl_annealing
        self.free_bits = free_bits
        self.seed = seed
        self.noise = SeedGenerator(seed)
        self.check_networks()

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend the gradient of reconstruction + beta * KL on one minibatch."""
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)

        def objective() -> tuple:
            # (mu, log v) = E(x),  z = mu + sqrt(v) * eps,  x_hat = D(z)
            mu, log_var = self.encode(x, y, training=True)
            eps = keras.random.normal(ops.shape(mu), dtype=mu.dtype, seed=self.noise)
            z = reparameterize(mu, log_var, eps)
            x_hat = self.decode(z, y, training=True)

            # l = l_reconstruction + beta * l_KL, averaged over the minibatch, + losses of layers
            reconstruction = weighted_mean(self.reconstruction_loss(x, x_hat), weights)
            kl_per_dimension = weighted_mean(sum(kl_terms(mu, log_var)), weights)  # (d,)
            beta = annealed(self.beta, self.optimizer.iterations, self.kl_annealing)
            kl = free_bits_cost(kl_per_dimension, self.free_bits)
            added = self.layer_losses()
            loss = reconstruction + beta * kl + added
            return loss, reconstruction, ops.sum(kl_per_dimension), added, x_hat

        found = descend(objective, self.optimizer, self.trainable_variables)
        _, reconstruction, kl, added, x_hat = found
        self.log(loss=reconstruction + self.beta * kl + added, reconstruction=reconstruction, kl=kl)
        return self.compute_metrics(x, x, self.mean_of(x_hat), weights)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate reconstruction + beta * KL on one minibatch."""
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        mu, log_var = self.encode(x, y, training=False)
        eps = keras.random.normal(ops.shape(mu), dtype=mu.dtype, seed=self.noise)
        x_hat = self.decode(reparameterize(mu, log_var, eps), y, training=False)
        reconstruction = weighted_mean(self.reconstruction_loss(x, x_hat), weights)
        kl = weighted_mean(kl_divergence(mu, log_var), weights)
        loss = reconstruction + self.beta * kl + self.layer_losses()
        self.log(loss=loss, reconstruction=reconstruction, kl=kl)
        return self.compute_metrics(x, x, self.mean_of(x_hat), weights)

    def encode(self, x: Any, y: Any = None, training: bool | None = None) -> tuple[Any, Any]:
        """Return mu and log v of q(z|x): each (batch, d). Labels y are for a conditional VAE."""
        h = self.standard_encoder(self.network_inputs(x, y), training=training)
        return code_parameters(h)

    def decode(self, z: Any, y: Any = None, training: bool | None = None) -> Any:
        """Return what the decoder draws for z: the parameters of p(x|z)."""
        return self.standard_decoder(self.network_inputs(z, y), training=training)

    def network_inputs(self, x_or_z: Any, y: Any = None) -> Any:
        """Return what a network reads: x or z alone; a conditional VAE adds the label."""
        return x_or_z

    def reconstruction_loss(self, x: Any, x_hat: Any) -> Any:
        """Return -log p(x|z) of each image, from what the decoder drew: (batch,), in nats."""
        if self.likelihood == "bernoulli":
            return binary_cross_entropy(x, x_hat)
        return gaussian_nll(x, *gaussian_parameters(x_hat))

    def mean_of(self, x_hat: Any) -> Any:
        """Return the mean image of p(x|z), in [0, 1], from what the decoder drew."""
        if self.likelihood == "bernoulli":
            return x_hat
        mean, _ = gaussian_parameters(x_hat)
        return ops.clip(mean, 0.0, 1.0)

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return the mean reconstruction of the mean code."""
        mu, _ = self.encode(x, training=training)
        return self.mean_of(self.decode(mu, training=training))

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of an image, (height, width, channels)."""
        return self.encoder.inputs[0].shape[1:]

    @property
    def latent_dim(self) -> int:
        """The size d of the code."""
        return self.encoder.output_shape[-1] // 2

    @property
    def standard_encoder(self) -> keras.Model:
        """The encoder to codes whose prior is N(0, I): here the encoder itself."""
        return self.encoder

    @property
    def standard_decoder(self) -> keras.Model:
        """The decoder of codes whose prior is N(0, I): here the decoder itself."""
        return self.decoder

    @functools.cached_property
    def mean_encoder(self) -> keras.Model:
        """The encoder that returns mu alone: the encoder's inputs -> (batch, d)."""
        encoder = self.standard_encoder
        return keras.Model(
            encoder.inputs, encoder.output[:, : self.latent_dim], name="mean_encoder"
        )

    @functools.cached_property
    def generator(self) -> keras.Model:
        """The decoder's mean image: the decoder's inputs -> (batch, *image), values in [0, 1]."""
        decoder = self.standard_decoder
        if self.likelihood == "bernoulli":
            return decoder
        return keras.Model(decoder.inputs, self.mean_of(decoder.output), name="generator")

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n images: the mean image for z from the prior, (n, *image)."""
        return decode(self.generator, sample_prior(n, self.latent_dim, seed))

    def check_networks(self) -> None:
        """Raise a ValueError unless D reads the code and draws the images that E reads."""
        code, d = self.encoder.output_shape[-1], self.decoder.inputs[0].shape[-1]
        if code != 2 * d:
            raise ValueError(
                f"The encoder returns {code} numbers, but mu and log v for the decoder's code of "
                f"{d} are {2 * d}: build it with get_encoder(image_shape, {2 * d})."
            )
        if self.likelihood == "bernoulli" and drawn_range(self.decoder) != (0.0, 1.0):
            raise ValueError(
                "A Bernoulli decoder draws probabilities: build it with "
                'output_activation="sigmoid", or take likelihood="gaussian".'
            )
        *sides, channels = self.image_shape
        drawn = (*sides, 2 * channels if self.likelihood == "gaussian" else channels)
        if self.decoder.output_shape[1:] != drawn:
            raise ValueError(
                f"For images of {self.image_shape} a {self.likelihood} decoder draws {drawn}, "
                f"not {self.decoder.output_shape[1:]}."
            )

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, **options: Any) -> None:
        """Compile as `keras.Model.compile` does, without a loss: the VAE has its own.

        Metrics compare x with the mean image of p(x|z).

        Raises:
            ValueError: if there is a loss.
        """
        if loss is not None or options.get("loss_weights") is not None:
            raise ValueError("A VAE has its own loss, -ELBO: leave out loss and loss_weights.")
        super().compile(optimizer, **options)
        if options.get("metrics") or options.get("weighted_metrics"):
            # Keras would build them for the targets y of `fit`, but they compare with x.
            x = ops.zeros((1, *self.image_shape))
            self.compute_metrics(x, x, x)
            self.reset_metrics()

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on the images x."""
        check_images(x, self.image_shape, (0.0, 1.0))


class KLHistory(keras.callbacks.Callback):
    """Keeps both KL terms of each latent dimension after each epoch, to show a collapse.

    Args:
        images: (n, *image) that are encoded at the end of each epoch.
        labels: (n,), for a conditional VAE.

    Attributes:
        of_variance, of_mean: one array (d,) per epoch: the two parts of `kl_terms`, averaged
            over the images, in nats. A dimension whose sum is near 0 carries no information.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray | None = None) -> None:
        super().__init__()
        self.images = images
        self.labels = labels
        self.of_variance: list[np.ndarray] = []
        self.of_mean: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Encode the images and keep the averages."""
        codes = encode_posterior(self.model, self.images, self.labels)
        terms = kl_terms(*map(ops.convert_to_tensor, codes))
        of_variance, of_mean = (ops.convert_to_numpy(term).mean(axis=0) for term in terms)
        self.of_variance.append(of_variance)
        self.of_mean.append(of_mean)


def encode_posterior(
    vae: VAE, images: np.ndarray, labels: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mu and log v of q(z|x) for many images: (n, *image) -> (n, d), (n, d).

    Args:
        vae: a VAE, or a conditional one.
        images: (n, *image).
        labels: (n,), for a conditional VAE.
    """
    inputs = vae.network_inputs(images, labels)
    h = vae.standard_encoder.predict(inputs, batch_size=PREDICT_BATCH, verbose=0)
    mu, log_var = code_parameters(h)
    return ops.convert_to_numpy(mu), ops.convert_to_numpy(log_var)


def log_likelihood(
    vae: VAE, images: np.ndarray, labels: np.ndarray | None = None, *, k: int = 100, seed: int = 0
) -> float:
    """Estimate log p(x) from below by importance sampling with q(z|x), averaged over images.

    Source: Burda et al., "Importance weighted autoencoders" (ICLR 2016), equation 8. The bound
    rises with k towards log p(x); k = 1 gives the ELBO.

        log p(x) >= E log 1/k sum_i p(x|z_i) p(z_i) / q(z_i|x),    z_i ~ q(z|x)

    Args:
        vae: a trained VAE.
        images: (n, *image).
        labels: (n,), for a conditional VAE: the bound is that of log p(x|y).
        k: number of samples z per image, at least 1.
        seed: seed of the samples.

    Returns:
        The bound, in nats per image.

    Raises:
        ValueError: if k < 1.
    """
    if k < 1:
        raise ValueError(f"The bound needs k >= 1 samples per image, not {k}.")
    mu, log_var = encode_posterior(vae, images, labels)
    rng = np.random.default_rng(seed)
    log_weights = []
    for start in range(0, k, CODES_AT_ONCE):
        n_codes = min(CODES_AT_ONCE, k - start)
        eps = rng.standard_normal((n_codes, *mu.shape), "float32")
        z = mu + np.exp(0.5 * log_var) * eps
        x, y = (None if a is None else np.concatenate([a] * n_codes) for a in (images, labels))
        inputs = vae.network_inputs(z.reshape(-1, mu.shape[1]), y)
        x_hat = vae.standard_decoder.predict(inputs, batch_size=PREDICT_BATCH, verbose=0)
        log_p_x = -ops.convert_to_numpy(vae.reconstruction_loss(x, x_hat)).reshape(n_codes, -1)
        # log p(z) - log q(z|x): their constants cancel
        log_weights.append(log_p_x + 0.5 * (eps**2 + log_var - z**2).sum(axis=2))
    bounds = logsumexp(np.concatenate(log_weights), axis=0) - math.log(k)  # (n,)
    return float(np.mean(bounds))


ROWS = (
    Row(
        name="variational autoencoder",
        builds=VAE,
        lecture="NOTES 14; DLSP, Variational auto-encoder; ATIV; AE",
        paper="Kingma 2014",
        notebook="04",
        learns_from="x",
        tiny=lambda: VAE(
            get_encoder(TINY_SHAPE, 2 * TINY_LATENT_DIM, widths=(4, 8)),
            get_decoder(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
        ),
    ),
)
