"""The InfoGAN: a part of the noise is a code, and D must be able to read it in the image.

Source: NOTES, lesson 16, "AC-GAN Loss Function", which names it; Chen et al., "InfoGAN:
interpretable representation learning by information maximizing generative adversarial nets"
(NIPS 2016), equations 5 and 6.

    min_(G,Q) max_D  V(D, G) - lambda L_I(G, Q)

    L_I(G, Q) = E_(c ~ P(c), x ~ G(z, c)) [ln Q(c|x)] + H(c)  <=  I(c; G(z, c))

    c: one of K classes, and m continuous codes from U(-1, 1):   H(c) = ln K + m ln 2
    Q(c|x): a second output of D; K probabilities, and a Gaussian N(mu_j, 1) a continuous code

The Gaussians' variance is fixed, as in the authors' own experiments. Could Q learn it, L_I would
have no upper bound for continuous codes: G hides them in ever finer traces that nobody sees. On
faces L_I then grew beyond 6 nats, and the codes stood for nothing.
"""

import math
from typing import Any

from ankeras.autoencoders.vae import gaussian_nll
from ankeras.builders.conditioning import append_to_vector
from ankeras.gans.gan import GAN
from ankeras.latent import PREDICT_BATCH, decode, sample_prior

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class InfoGAN(GAN):
    """The information maximizing GAN; it needs no labels.

    Its log `information` is L_I, in nats: of H(c), how much of the code the image tells.

    Args:
        generator: `get_generator(d + n_classes + m, image_shape)`, for m continuous codes.
        discriminator: `get_discriminator(image_shape, auxiliary=n_classes + m)`.
        n_classes: K, at least 2.
        lam: weight lambda of the information.
        **options: those of `GAN`.

    Raises:
        ValueError: if the players do not fit each other, or an option is out of range.
    """

    logged = (*GAN.logged, "information")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        n_classes: int = 10,
        lam: float = 1.0,
        **options: Any,
    ) -> None:
        if n_classes < 2:
            raise ValueError(f"The code of an InfoGAN has at least 2 classes, not {n_classes}.")
        if lam < 0:
            raise ValueError(f"The weight lam must not be negative, as {lam} is.")
        self.n_classes = n_classes
        super().__init__(generator, discriminator, **options)
        self.lam = lam

    @property
    def n_continuous(self) -> int:
        """The number m of continuous codes."""
        return self.discriminator.outputs[-1].shape[-1] - self.n_classes

    @property
    def latent_dim(self) -> int:
        """The size d of the noise z, without the code."""
        return self.generator.input_shape[-1] - self.n_classes - self.n_continuous

    @property
    def entropy(self) -> float:
        """H(c), in nats."""
        return math.log(self.n_classes) + self.n_continuous * math.log(2)

    def refuse_unfit_players(self) -> None:
        """Raise a ValueError unless D reads what G draws, and returns what Q needs."""
        super().refuse_unfit_players()
        k, m = self.n_classes, self.n_continuous
        sizes = [output.shape[-1] for output in self.discriminator.outputs]
        if len(sizes) != 2 or sizes[0] != 1 or m < 0 or self.latent_dim < 1:
            raise ValueError(
                f"For {k} classes and m continuous codes, the discriminator of an InfoGAN is built "
                f"with auxiliary={k} + m, and the generator reads noise with {k} + m more "
                f"numbers; they return {sizes} and read {self.generator.input_shape[-1]} numbers."
            )

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1, G with a code behind its noise."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        for i in range(self.k):
            s = images[i :: self.k]
            c = self.sample_c(s)
            fake, pull_back = self.draw(append_to_vector(self.sample_z(s), c))
            d_logs = self.update_discriminator(s, fake, y_fake=c)
        g_loss = self.update_generator(fake, pull_back, c)
        return self.log(g_loss=g_loss, **d_logs)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch."""
        s, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        c = self.sample_c(s)
        fake = self.generator(append_to_vector(self.sample_z(s), c), training=False)
        return self.losses_of(s, fake, y_fake=c)

    def sample_c(self, x: Any) -> Any:
        """Draw codes for a minibatch as large as x: (batch, n_classes + m), one-hot, then U."""
        n = ops.shape(x)[0]
        labels = keras.random.randint((n,), 0, self.n_classes, seed=self.noise)
        one_hot = ops.one_hot(labels, self.n_classes)
        continuous = keras.random.uniform((n, self.n_continuous), -1.0, 1.0, seed=self.noise)
        return append_to_vector(one_hot, continuous)

    def judge(self, s: Any, y: Any = None, training: bool = True) -> Any:
        """Return D's logits for images s, and for images of a code y also ln Q(y|s)."""
        logits, estimate = self.discriminator(s, training=training)
        return logits if y is None else (logits, self.ln_q(y, estimate))

    def ln_q(self, c: Any, estimate: Any) -> Any:
        """Return ln Q(c|x) of codes c, from D's second output for x: (batch,)."""
        k = self.n_classes
        ln_q = ops.sum(c[:, :k] * ops.log_softmax(estimate[:, :k]), axis=-1)
        mu = estimate[:, k:]
        return ln_q - gaussian_nll(c[:, k:], mu, ops.zeros_like(mu))

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return that of the GAN, - lambda L_I."""
        fake, ln_q = fake
        return super().d_loss(real, fake) - self.lam * self.information(ln_q)

    def g_loss(self, fake: Any) -> Any:
        """Return that of the GAN, - lambda L_I."""
        fake, ln_q = fake
        return super().g_loss(fake) - self.lam * self.information(ln_q)

    def information(self, ln_q: Any) -> Any:
        """Return L_I = E[ln Q(c|x)] + H(c)."""
        return ops.mean(ln_q) + self.entropy

    def verdicts(self, real: Any, fake: Any) -> dict[str, Any]:
        """Return the mean posteriors D(s) and D(G(z, c)), and L_I."""
        fake, ln_q = fake
        return {**super().verdicts(real, fake), "information": self.information(ln_q)}

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n images of random codes: (n, *image)."""
        rng = np.random.default_rng(seed)
        labels = rng.integers(self.n_classes, size=n)
        return self.generate_codes(labels, rng.uniform(-1, 1, (n, self.n_continuous)), seed)

    def generate_codes(
        self, labels: np.ndarray, continuous: np.ndarray, seed: int = 0
    ) -> np.ndarray:
        """Draw one image of each of the given codes: (n,) and (n, m) -> (n, *image)."""
        z = sample_prior(len(labels), self.latent_dim, seed)
        one_hot = np.eye(self.n_classes, dtype="float32")[labels]
        inputs = np.concatenate([z, one_hot, continuous], axis=1)
        return decode(self.generator, inputs.astype("float32"))

    def read_codes(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read Q in images: the probability of each class (n, n_classes), and mu (n, m)."""
        _, estimate = self.discriminator.predict(images, batch_size=PREDICT_BATCH, verbose=0)
        of_classes = ops.softmax(estimate[:, : self.n_classes])
        return ops.convert_to_numpy(of_classes), estimate[:, self.n_classes :]

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        return {**super().get_config(), "n_classes": self.n_classes, "lam": self.lam}
