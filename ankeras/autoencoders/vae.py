"""The variational autoencoder: codes are drawn from Gaussians that are kept near a known prior.

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

from ankeras.autoencoders.autoencoder import binary_cross_entropy
from ankeras.latent import PREDICT_BATCH, decode, sample_prior
from ankeras.training.autodiff import SeedGenerator, descend
from ankeras.training.system import GuardedModel, drawn_range, refuse_misfits

import keras
import numpy as np
from keras import ops

LIKELIHOODS = ("bernoulli", "gaussian")
# A pixel that is always black would drive its variance to 0 and the likelihood to infinity; this
# floor is a standard deviation of 1/20 of the range of a pixel.
MIN_LOG_VARIANCE = 2 * math.log(0.05)
# Far outside of what a trained encoder returns; before batch normalization has its statistics,
# exp of what it returns instead would hide every other figure.
LOG_VARIANCES = (-20.0, 5.0)
CODES_AT_ONCE = 10  # codes an image that are decoded together


def kl_terms(mu: Any, log_var: Any) -> tuple[Any, Any]:
    """Return the two parts of the KL divergence as DLSP draws them, for each dimension.

    Args:
        mu, log_var: (..., d), mean and logarithm of the variance v of each code.

    Returns:
        (v - log v - 1) / 2, which holds the variance at 1, and mu^2 / 2, which holds the mean at
        0: each (..., d), in nats.
    """
    return 0.5 * (ops.exp(log_var) - log_var - 1.0), 0.5 * ops.square(mu)


def kl_divergence(mu: Any, log_var: Any) -> Any:
    """Return KL(N(mu, v I) || N(0, I)), summed over the dimensions: (..., d) -> (...), in nats."""
    of_variance, of_mean = kl_terms(mu, log_var)
    return ops.sum(of_variance + of_mean, axis=-1)


def reparameterize(mu: Any, log_var: Any, eps: Any) -> Any:
    """Return z = mu + sqrt(v) * eps: the draw is moved out of the way of the gradient."""
    return mu + ops.exp(0.5 * log_var) * eps


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
    nll = 0.5 * (math.log(2 * math.pi) + log_var + ops.square(x - mean) * ops.exp(-log_var))
    return ops.sum(nll, axis=tuple(range(1, len(nll.shape))))


@keras.saving.register_keras_serializable("ankeras")
class VAE(GuardedModel):
    """The variational autoencoder.

    Its logs are the reconstruction loss, the KL divergence summed over the dimensions, both
    averaged over the images, and as "loss" reconstruction + beta * KL: -ELBO for beta = 1,
    whatever the annealing and the free bits make of it in training.

    Args:
        encoder: (batch, *image) -> (batch, 2 d), mu and log v: `get_encoder(image_shape, 2 * d)`.
        decoder: (batch, d) -> (batch, *image) for the Bernoulli likelihood. For the Gaussian one
            it draws twice the channels, mean and log variance of each value:
            `get_decoder(d, (height, width, 2 * channels), output_activation="linear")`.
        beta: weight of the KL divergence.
        likelihood: "bernoulli" or "gaussian".
        kl_annealing: steps over which the weight of the KL divergence grows from 0 to beta: the
            code is learnt before it is held to the prior (NOTES, the balance of the two terms).
        free_bits: nats of KL divergence a dimension that cost nothing, so that no dimension has
            a reason to collapse (Kingma et al. 2016, equation 15).
        seed: seed of eps.

    Raises:
        ValueError: if the players do not fit each other, or an option is out of range.
    """

    networks = ("encoder", "decoder")

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
        self.refuse_unfit_players()
        self.noise = SeedGenerator(seed)
        self.loss_tracker = keras.metrics.Mean("loss")
        self.reconstruction_tracker = keras.metrics.Mean("reconstruction")
        self.kl_tracker = keras.metrics.Mean("kl")
        self.built = True  # its players are

    def refuse_unfit_players(self) -> None:
        """Raise a ValueError unless D reads the code and draws the images that E reads."""
        code, d = self.encoder.output_shape[-1], self.decoder.inputs[0].shape[-1] - self.appended
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

    @property
    def appended(self) -> int:
        """How many numbers stand behind z when the decoder reads it: here none."""
        return 0

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of an image, (height, width, channels)."""
        return self.encoder.inputs[0].shape[1:]

    @property
    def latent_dim(self) -> int:
        """The size d of the code."""
        return self.encoder.output_shape[-1] // 2

    @functools.cached_property
    def mean_encoder(self) -> keras.Model:
        """The encoder that returns mu alone: (batch, *image) -> (batch, d)."""
        mu = self.encoder.output[:, : self.latent_dim]
        return keras.Model(self.encoder.inputs, mu, name="mean_encoder")

    @functools.cached_property
    def generator(self) -> keras.Model:
        """The decoder's mean image: (batch, d) -> (batch, *image), values in [0, 1]."""
        if self.likelihood == "bernoulli":
            return self.decoder
        return keras.Model(self.decoder.inputs, self.mean_of(self.decoder.output), name="generator")

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if x is no data for these players."""
        refuse_misfits(x, self.image_shape, (0.0, 1.0))

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return the mean reconstruction of the mean code."""
        mu, _ = self.posterior(x, training=training)
        return self.mean_of(self.decode(mu, training=training))

    def condition(self, y: Any) -> Any:
        """Return what encoder and decoder are told beside x and z: here nothing."""
        return None

    def encoder_inputs(self, x: Any, condition: Any) -> Any:
        """Return what the encoder reads: here x alone."""
        return x

    def decoder_inputs(self, z: Any, condition: Any) -> Any:
        """Return what the decoder reads: here z alone."""
        return z

    def posterior(self, x: Any, condition: Any = None, training: bool | None = None) -> tuple:
        """Return mu and log v of q(z|x): each (batch, d)."""
        return code_parameters(self.encoder(self.encoder_inputs(x, condition), training=training))

    def decode(self, z: Any, condition: Any = None, training: bool | None = None) -> Any:
        """Return what the decoder draws for z, the parameters of p(x|z)."""
        return self.decoder(self.decoder_inputs(z, condition), training=training)

    def mean_of(self, x_hat: Any) -> Any:
        """Return the mean image of p(x|z), in [0, 1], from what the decoder drew."""
        if self.likelihood == "bernoulli":
            return x_hat
        mean, _ = gaussian_parameters(x_hat)
        return ops.clip(mean, 0.0, 1.0)

    def reconstruction_loss(self, x: Any, x_hat: Any) -> Any:
        """Return -log p(x|z) of each image, from what the decoder drew: (batch,), in nats."""
        if self.likelihood == "bernoulli":
            return binary_cross_entropy(x, x_hat)
        return gaussian_nll(x, *gaussian_parameters(x_hat))

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend the gradient of reconstruction + beta * KL on one minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)

        def loss_fn() -> tuple:
            mu, log_var, reconstruction = self.pass_through(x, y, training=True)
            return reconstruction + self.regularizer(mu, log_var), (mu, log_var, reconstruction)

        _, parts = descend(loss_fn, self.optimizer, self.trainable_variables)
        return self._log(*parts)

    def pass_through(self, x: Any, y: Any, training: bool) -> tuple[Any, Any, Any]:
        """Return mu, log v and the reconstruction loss of z ~ q(z|x), averaged over the batch."""
        condition = self.condition(y)
        mu, log_var = self.posterior(x, condition, training)
        eps = keras.random.normal(ops.shape(mu), dtype=mu.dtype, seed=self.noise)
        x_hat = self.decode(reparameterize(mu, log_var, eps), condition, training)
        return mu, log_var, ops.mean(self.reconstruction_loss(x, x_hat))

    def regularizer(self, mu: Any, log_var: Any) -> Any:
        """Return the term beside the reconstruction: beta * KL, annealed and with free bits."""
        kl = ops.mean(sum(kl_terms(mu, log_var)), axis=0)  # (d,)
        beta = self.beta
        if self.kl_annealing:
            step = ops.cast(self.optimizer.iterations, kl.dtype)
            beta = beta * ops.minimum(step / self.kl_annealing, 1.0)
        return beta * ops.sum(ops.maximum(kl, self.free_bits))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate reconstruction + KL on one minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self._log(*self.pass_through(x, y, training=False))

    def _log(self, mu: Any, log_var: Any, reconstruction: Any) -> dict[str, Any]:
        kl = ops.mean(kl_divergence(mu, log_var))
        self.loss_tracker.update_state(reconstruction + self.beta * kl)
        self.reconstruction_tracker.update_state(reconstruction)
        self.kl_tracker.update_state(kl)
        return {metric.name: metric.result() for metric in self.metrics}

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n images: the mean image for z from the prior, (n, *image)."""
        return decode(self.generator, sample_prior(n, self.latent_dim, seed))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        return {
            **super().get_config(),
            "beta": self.beta,
            "likelihood": self.likelihood,
            "kl_annealing": self.kl_annealing,
            "free_bits": self.free_bits,
            "seed": self.seed,
        }


class KLHistory(keras.callbacks.Callback):
    """Keeps both KL terms of each latent dimension, epoch by epoch: a collapse is seen coming.

    Args:
        images: (n, *image) that are encoded at the end of each epoch.
        labels: (n,), for a conditional VAE.

    Attributes:
        of_variance, of_mean: one array (d,) an epoch: the two parts of `kl_terms`, averaged
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
    inputs = vae.encoder_inputs(images, vae.condition(labels))
    h = vae.encoder.predict(inputs, batch_size=PREDICT_BATCH, verbose=0)
    mu, log_var = code_parameters(h)
    return ops.convert_to_numpy(mu), ops.convert_to_numpy(log_var)


def log_likelihood(
    vae: VAE, images: np.ndarray, labels: np.ndarray | None = None, *, k: int = 100, seed: int = 0
) -> float:
    """Bound log p(x) from below by importance sampling with q(z|x), averaged over images.

    Source: Burda et al., "Importance weighted autoencoders" (ICLR 2016), equation 8. The bound
    rises with k towards log p(x); k = 1 gives the ELBO.

        log p(x) >= E log 1/k sum_i p(x|z_i) p(z_i) / q(z_i|x),    z_i ~ q(z|x)

    Args:
        vae: a trained VAE.
        images: (n, *image).
        labels: (n,), for a conditional VAE: the bound is that of log p(x|y).
        k: number of samples z an image, at least 1.
        seed: seed of the samples.

    Returns:
        The bound, in nats an image.

    Raises:
        ValueError: if k < 1.
    """
    if k < 1:
        raise ValueError(f"The bound needs k >= 1 samples an image, not {k}.")
    mu, log_var = encode_posterior(vae, images, labels)
    rng = np.random.default_rng(seed)
    log_weights = []
    for start in range(0, k, CODES_AT_ONCE):
        n_codes = min(CODES_AT_ONCE, k - start)
        eps = rng.standard_normal((n_codes, *mu.shape), "float32")
        z = mu + np.exp(0.5 * log_var) * eps
        x, y = (None if a is None else np.concatenate([a] * n_codes) for a in (images, labels))
        inputs = vae.decoder_inputs(z.reshape(-1, mu.shape[1]), vae.condition(y))
        x_hat = vae.decoder.predict(inputs, batch_size=PREDICT_BATCH, verbose=0)
        log_p_x = -ops.convert_to_numpy(vae.reconstruction_loss(x, x_hat)).reshape(n_codes, -1)
        # log p(z) - log q(z|x): the constants cancel
        log_weights.append(log_p_x + 0.5 * (eps**2 + log_var - z**2).sum(axis=2))
    weights = np.concatenate(log_weights)  # (k, n)
    top = weights.max(axis=0)
    return float(np.mean(top + np.log(np.mean(np.exp(weights - top), axis=0))))
