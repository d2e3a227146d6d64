"""The InfoGAN: G gets a code beside the noise, and D must be able to read it in the image.

Source: NOTES, lesson 16, "AC-GAN Loss Function", which names it; Chen et al., "InfoGAN:
interpretable representation learning by information maximizing generative adversarial nets"
(NIPS 2016), equations 5 and 6.

    min_(G,Q) max_D  V(D, G) - lambda L_I(G, Q)

    L_I(G, Q) = E_(c ~ P(c), x ~ G(z, c)) [ln Q(c|x)] + H(c)  <=  I(c; G(z, c))

    c: one of K classes, and m continuous codes from U(-1, 1):   H(c) = ln K + m ln 2
    Q(c|x): a second output of D; K probabilities, and a Gaussian N(mu_j, 1) per continuous code

The variance of the Gaussians is fixed, as in the authors' experiments. If Q could learn it, L_I
would have no upper bound for continuous codes: G would hide them in ever finer traces that nobody
sees. On faces L_I then grew beyond 6 nats, and the codes meant nothing.
"""

import math
from typing import Any

from ankeras.autoencoders.vae import gaussian_nll
from ankeras.builders import get_discriminator, get_generator
from ankeras.gans.gan import GAN
from ankeras.latent.codes import PREDICT_BATCH, sample_prior
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_CLASSES, TINY_LATENT_DIM, TINY_SHAPE, Row

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class InfoGAN(GAN):
    """The information maximizing GAN; it needs no labels.

    Its log `information` is L_I, in nats: how much of H(c) the image tells.

    Args:
        generator: `get_generator(d, image_shape, condition_dim=n_classes + m)`, for m continuous
            codes: it reads [z, c].
        discriminator: `get_discriminator(image_shape, auxiliary=n_classes + m)`.
        n_classes: K, at least 2.
        lam: weight lambda of the information.
        **options: those of `GAN`.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    options = (*GAN.options, "n_classes", "lam")
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

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1; both players also ascend lambda L_I."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        for i in range(self.k):
            s = images[i :: self.k]
            z, c = self.sample_z(s), self.sample_c(s)
            fake = ops.stop_gradient(self.generator([z, c], training=True))  # G(z, c)

            # theta_d descends  -E[log D(s)] - E[log(1 - D(G(z, c)))] - lambda L_I
            def d_objective(s: Any = s, fake: Any = fake, c: Any = c) -> tuple:
                real_scores = self.score(s)
                fake_scores, ln_q = self.score(fake, c)
                information = self.information(ln_q)
                d_loss = self.d_loss(real_scores, fake_scores) - self.lam * information
                found = d_loss, real_scores, fake_scores, information
                added = self.r1_penalty(s) + self.layer_losses(self.discriminator)
                return d_loss + added, *found

            _, d_loss, *found = descend(d_objective, self.optimizer.discriminator, self.theta_d)

        # theta_g descends  -E[log D(G(z, c))] - lambda L_I
        def g_objective() -> Any:
            z, c = self.sample_z(s), self.sample_c(s)
            fake_scores, ln_q = self.score(self.generator([z, c], training=True), c)
            g_loss = self.g_loss(fake_scores) - self.lam * self.information(ln_q)
            return g_loss + self.layer_losses(self.generator), g_loss

        _, g_loss = descend(g_objective, self.optimizer.generator, self.theta_g)
        *scores, information = found
        return self.log(
            d_loss=d_loss, g_loss=g_loss, information=information, **self.mean_scores(*scores)
        )

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch."""
        s, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        z, c = self.sample_z(s), self.sample_c(s)
        real_scores = self.score(s, training=False)
        fake_scores, ln_q = self.score(self.generator([z, c], training=False), c, training=False)
        information = self.information(ln_q)
        return self.log(
            d_loss=self.d_loss(real_scores, fake_scores) - self.lam * information,
            g_loss=self.g_loss(fake_scores) - self.lam * information,
            information=information,
            **self.mean_scores(real_scores, fake_scores),
        )

    def score(self, s: Any, *told: Any, training: bool = True) -> Any:
        """Return D's logits for images s, (batch, 1); for images of codes c also ln Q(c|s)."""
        logits, estimate = self.discriminator(s, training=training)
        if not told:
            return logits
        (c,) = told
        return logits, self.ln_q(c, estimate)

    def ln_q(self, c: Any, estimate: Any) -> Any:
        """Return ln Q(c|x) of codes c, from D's second output for x: (batch,), in nats."""
        k = self.n_classes
        ln_q = ops.sum(c[:, :k] * ops.log_softmax(estimate[:, :k]), axis=-1)
        mu = estimate[:, k:]
        return ln_q - gaussian_nll(c[:, k:], mu, ops.zeros_like(mu))

    def information(self, ln_q: Any) -> Any:
        """Return L_I = E[ln Q(c|x)] + H(c), in nats."""
        return ops.mean(ln_q) + self.entropy

    @property
    def entropy(self) -> float:
        """H(c), in nats."""
        return math.log(self.n_classes) + self.n_continuous * math.log(2)

    def sample_c(self, x: Any) -> Any:
        """Draw codes for a minibatch as large as x: (batch, n_classes + m), one-hot, then U."""
        n = ops.shape(x)[0]
        labels = keras.random.randint((n,), 0, self.n_classes, seed=self.noise)
        one_hot = ops.one_hot(labels, self.n_classes)
        continuous = keras.random.uniform((n, self.n_continuous), -1.0, 1.0, seed=self.noise)
        return ops.concatenate([one_hot, continuous], axis=-1)

    @property
    def n_continuous(self) -> int:
        """The number m of continuous codes."""
        return self.generator.inputs[1].shape[-1] - self.n_classes

    def check_networks(self) -> None:
        """Raise a ValueError unless G reads a code, and D reads what G draws and the code in it."""
        if len(self.generator.inputs) != 2 or self.n_continuous < 0:
            raise ValueError(
                f"The generator of an InfoGAN reads noise and a code: build it with "
                f"condition_dim={self.n_classes} + m, for m continuous codes."
            )
        super().check_networks()
        sizes = [output.shape[-1] for output in self.discriminator.outputs]
        if sizes != [1, self.n_classes + self.n_continuous]:
            raise ValueError(
                f"For {self.n_classes} classes and {self.n_continuous} continuous codes, the "
                f"discriminator of an InfoGAN is built with auxiliary="
                f"{self.n_classes + self.n_continuous}; it returns {sizes} numbers."
            )

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
        c = np.concatenate([one_hot, continuous.astype("float32")], axis=1)
        return self.generator.predict([z, c], batch_size=PREDICT_BATCH, verbose=0)

    def read_codes(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read Q in images: the probability of each class (n, n_classes), and mu (n, m)."""
        _, estimate = self.discriminator.predict(images, batch_size=PREDICT_BATCH, verbose=0)
        of_classes = ops.softmax(estimate[:, : self.n_classes])
        return ops.convert_to_numpy(of_classes), estimate[:, self.n_classes :]


ROWS = (
    Row(
        name="InfoGAN",
        builds=InfoGAN,
        lecture="NOTES 16, AC-GAN Loss Function",
        paper="Chen 2016",
        notebook="10",
        learns_from="x",
        tiny=lambda: InfoGAN(
            get_generator(
                TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8), condition_dim=TINY_CLASSES + 1
            ),
            get_discriminator(TINY_SHAPE, widths=(4, 8), auxiliary=TINY_CLASSES + 1),
            n_classes=TINY_CLASSES,
        ),
    ),
)
