"""The generative adversarial network: G learns to draw what D can't tell from real images.

Source: AN2DL, "The GAN solution" to "Algorithm outline"; AE; NOTES, lesson 15; ATIV, "GAN";
Goodfellow et al., "Generative adversarial nets" (NIPS 2014), algorithm 1.

    min_theta_g max_theta_d  E_s [log D(s)] + E_z [log(1 - D(G(z)))]

    for k steps: ascend   grad_theta_d 1/m sum_i [log D(s_i) + log(1 - D(G(z_i)))]
    minimax:     descend  grad_theta_g 1/m sum_i log(1 - D(G(z_i)))
    or, non-saturating: ascend grad_theta_g 1/m sum_i log D(G(z_i))

D stands for the sigmoid of the discriminator's logit.
"""

from typing import Any

from ankeras.builders import get_discriminator, get_generator
from ankeras.latent.codes import decode, sample_prior
from ankeras.training.autodiff import SeedGenerator, descend, input_gradient
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row
from ankeras.training.checks import check_images, check_scores, check_shapes_known, drawn_range
from ankeras.training.optimizers import TwoOptimizers
from ankeras.training.system import System

import keras
import numpy as np
from keras import ops


def discriminator_loss(real: Any, fake: Any, smoothing: float = 0.0) -> Any:
    """Return -E[log D(s)] - E[log(1 - D(G(z)))], what D descends.

    Args:
        real, fake: (batch, 1), the logits of real and of generated images.
        smoothing: the target of real images is 1 - smoothing instead of 1 (one-sided label
            smoothing, Salimans et al. 2016).
    """
    # -log D = softplus(-logit) and -log(1 - D) = softplus(logit), without overflow
    of_real = (1 - smoothing) * ops.softplus(-real) + smoothing * ops.softplus(real)
    return ops.mean(of_real) + ops.mean(ops.softplus(fake))


def minimax_loss(fake: Any) -> Any:
    """Return E[log(1 - D(G(z)))] from the logits (batch, 1): flat where D is sure of a fake."""
    return -ops.mean(ops.softplus(fake))


def non_saturating_loss(fake: Any) -> Any:
    """Return -E[log D(G(z))] from the logits (batch, 1): steep where D is sure of a fake."""
    return ops.mean(ops.softplus(-fake))


GENERATOR_LOSSES = {"minimax": minimax_loss, "non-saturating": non_saturating_loss}


class AdversarialGame(System):
    """Algorithm 1 for any two losses: a subclass defines `d_loss` and `g_loss`.

    Args:
        generator: (batch, d) -> (batch, *image), as `get_generator` builds it.
        discriminator: (batch, *image) -> (batch, 1) logits, as `get_discriminator` builds it.
        k: discriminator steps per generator step. Each of them sees different images: a batch of
            `fit` is split into k parts, so give `fit` a batch_size of k * m.
        r1: weight gamma of the penalty gamma/2 E_s ||grad_s D(s)||^2, which keeps D smooth around
            the real images (Mescheder et al., "Which training methods for GANs do actually
            converge?", ICML 2018); 0 for none.
        seed: seed of the noise.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    networks: tuple[str, ...] = ("generator", "discriminator")
    options: tuple[str, ...] = ("k", "r1", "seed")
    logged: tuple[str, ...] = ("d_loss", "g_loss", "d_real", "d_fake")
    players = {"d_loss": "discriminator", "g_loss": "generator"}  # noqa: RUF012

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        k: int = 1,
        r1: float = 0.0,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_shapes_known(generator, "generator")
        check_shapes_known(discriminator, "discriminator")
        if k < 1:
            raise ValueError(f"The discriminator takes k >= 1 steps, not {k}.")
        if r1 < 0:
            raise ValueError(f"The weight r1 of the penalty must not be negative, as {r1} is.")
        self.generator = generator
        self.discriminator = discriminator
        self.k = k
        self.r1 = r1
        self.seed = seed
        self.noise = SeedGenerator(seed)
        self.check_networks()
        self.check_scores()

    def train_step(self, data: Any) -> dict[str, Any]:
        """Play one round of algorithm 1: k steps of D, then one step of G."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        theta_d, theta_g = self.theta_d, self.theta_g
        for i in range(self.k):
            s = images[i :: self.k]
            fake = ops.stop_gradient(self.generator(self.sample_z(s), training=True))  # G(z)

            # theta_d descends  d_loss(D(s), D(G(z))) + gamma/2 E ||grad_s D(s)||^2
            def d_objective(s: Any = s, fake: Any = fake) -> tuple:
                real_scores, fake_scores = self.score(s), self.score(fake)
                d_loss = self.d_loss(real_scores, fake_scores)
                added = self.r1_penalty(s) + self.layer_losses(self.discriminator)
                return d_loss + added, d_loss, real_scores, fake_scores

            _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, theta_d)

        # theta_g descends  g_loss(D(G(z)))
        def g_objective() -> Any:
            g_loss = self.g_loss(self.score(self.generator(self.sample_z(s), training=True)))
            return g_loss + self.layer_losses(self.generator), g_loss

        _, g_loss = descend(g_objective, self.optimizer.generator, theta_g)
        return self.log(d_loss=d_loss, g_loss=g_loss, **self.mean_scores(*scores))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch. They do not say how good the images are."""
        s, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = self.generator(self.sample_z(s), training=False)
        real_scores, fake_scores = self.score(s, training=False), self.score(fake, training=False)
        return self.log(
            d_loss=self.d_loss(real_scores, fake_scores),
            g_loss=self.g_loss(fake_scores),
            **self.mean_scores(real_scores, fake_scores),
        )

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return what D descends, from its scores of real and of generated images."""
        raise NotImplementedError

    def g_loss(self, fake: Any) -> Any:
        """Return what G descends, from D's scores of generated images."""
        raise NotImplementedError

    def score(self, s: Any, *told: Any, training: bool = True) -> Any:
        """Return D's scores of images s: (batch, 1).

        Args:
            s: (batch, *image).
            *told: what else D reads, such as one-hot labels; here nothing.
            training: whether D is being trained.
        """
        return self.discriminator([s, *told] if told else s, training=training)

    def mean_scores(self, real: Any, fake: Any) -> dict[str, Any]:
        """Return what is logged of D's scores of real and of generated images."""
        return {"d_real": ops.mean(real), "d_fake": ops.mean(fake)}

    def r1_penalty(self, s: Any, *told: Any) -> Any:
        """Return gamma/2 E ||grad_s D(s)||^2, estimated on a quarter of the minibatch.

        StyleGAN 2 takes the whole minibatch in every fourth step, which costs the same.

        Args:
            s, *told: real images and what else D reads, as in `score`.
        """
        if not self.r1:
            return 0.0
        n = ops.shape(s)[0] // 4 + 1
        _, slope = input_gradient(lambda s: self.score(s, *[y[:n] for y in told]), s[:n])
        return 0.5 * self.r1 * ops.mean(squared_norm(slope))

    def sample_z(self, x: Any) -> Any:
        """Draw noise for a minibatch as large as x: (batch, d), from N(0, I)."""
        return keras.random.normal((ops.shape(x)[0], self.latent_dim), seed=self.noise)

    @property
    def latent_dim(self) -> int:
        """The size d of the noise z."""
        return self.generator.inputs[0].shape[-1]

    @property
    def theta_d(self) -> list[keras.Variable]:
        """The weights that the discriminator's optimizer trains."""
        return self.discriminator.trainable_variables

    @property
    def theta_g(self) -> list[keras.Variable]:
        """The weights that the generator's optimizer trains: of all networks but D."""
        players = [getattr(self, name) for name in self.networks if name != "discriminator"]
        return [weight for player in players for weight in player.trainable_variables]

    def check_networks(self) -> None:
        """Raise a ValueError unless D reads what G draws."""
        drawn, read = self.generator.output_shape, self.discriminator.input_shape
        if drawn != read:
            raise ValueError(
                f"The generator draws images of shape {drawn[1:]}, but the discriminator reads "
                f"{read[1:]}."
            )

    def check_scores(self) -> None:
        """Raise a ValueError if D ends in an activation that bounds its scores."""
        check_scores(self.discriminator)

    def check_players(self) -> None:
        """Raise a ValueError if a player has no weights to train, or a loss that is not counted."""
        for player, theta in (("discriminator", self.theta_d), ("generator", self.theta_g)):
            if not theta:
                raise ValueError(
                    f"No weight of the {player} can be trained: set {player}.trainable = True, "
                    f"and compile the model again."
                )
        for name in self.networks:
            for layer in getattr(self, name)._flatten_layers():
                if getattr(layer, "activity_regularizer", None) is not None:
                    raise ValueError(
                        f"The layer {layer.name!r} of the {name} has an activity_regularizer. A "
                        f"network of this game runs several times per step, so it is not clear "
                        f"which activities count: take a kernel_regularizer."
                    )

    @property
    def smallest_batch(self) -> int:
        """The number of images that each batch needs: one for each step of D."""
        return self.k

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the game can't be played with the images x."""
        check_images(x, self.generator.output_shape[1:], drawn_range(self.generator))

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Return the optimizer of a player for which `compile` is given none."""
        return keras.optimizers.Adam(1e-3, beta_1=0.5)

    def compile(
        self,
        d_optimizer: keras.optimizers.Optimizer | str | None = None,
        g_optimizer: keras.optimizers.Optimizer | str | None = None,
        **options: Any,
    ) -> None:
        """Give each player its optimizer.

        Args:
            d_optimizer, g_optimizer: of the discriminator and of the generator, or their names.
                Default: one `default_optimizer` each.
            **options: further arguments of `keras.Model.compile`, such as `jit_compile`.

        Raises:
            ValueError: if both players get the same optimizer, or options have no meaning here.
        """
        if "optimizer" in options:
            raise ValueError(
                "Each player has its own optimizer: compile(d_optimizer=..., g_optimizer=...)."
            )
        refused = ("loss", "loss_weights", "metrics", "weighted_metrics")
        if given := [name for name in refused if options.get(name) is not None]:
            raise ValueError(
                f"{type(self).__name__} has its own losses, and no targets that metrics could "
                f"compare: leave out {' and '.join(given)}."
            )
        both = TwoOptimizers(
            keras.optimizers.get(d_optimizer or self.default_optimizer()),
            keras.optimizers.get(g_optimizer or self.default_optimizer()),
            self.theta_d,
            self.theta_g,
            float16=self.dtype_policy.name == "mixed_float16",
        )
        super().compile(optimizer=both, auto_scale_loss=False, **options)

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return what `compile_from_config` needs; nothing if the model is not compiled."""
        if not self.compiled:
            return None
        return {
            "d_optimizer": keras.saving.serialize_keras_object(self.optimizer.discriminator),
            "g_optimizer": keras.saving.serialize_keras_object(self.optimizer.generator),
        }

    def call(self, z: Any, training: bool | None = None) -> Any:
        """Return the generated images G(z)."""
        return self.generator(z, training=training)

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n images: G(z) for z from the prior, (n, *image)."""
        return decode(self.generator, sample_prior(n, self.latent_dim, seed))


def squared_norm(x: Any) -> Any:
    """Return ||x||^2 of each row: (batch, ...) -> (batch,)."""
    return ops.sum(ops.square(x), axis=tuple(range(1, len(x.shape))))


@keras.saving.register_keras_serializable("ankeras")
class GAN(AdversarialGame):
    """The generative adversarial network.

    Args:
        generator, discriminator, k, r1, seed: as in `AdversarialGame`.
        generator_loss: "non-saturating" or "minimax".
        smoothing: one-sided label smoothing, in [0, 0.5].

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    options = (*AdversarialGame.options, "generator_loss", "smoothing")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        k: int = 1,
        generator_loss: str = "non-saturating",
        smoothing: float = 0.0,
        **options: Any,
    ) -> None:
        if generator_loss not in GENERATOR_LOSSES:
            raise ValueError(
                f"generator_loss must be one of {tuple(GENERATOR_LOSSES)}, not {generator_loss!r}."
            )
        if not 0 <= smoothing <= 0.5:
            raise ValueError(f"smoothing lies in [0, 0.5], {smoothing} does not.")
        super().__init__(generator, discriminator, k, **options)
        self.generator_loss = generator_loss
        self.smoothing = smoothing

    def d_loss(self, real: Any, fake: Any) -> Any:
        """Return -E[log D(s)] - E[log(1 - D(G(z)))] from the logits."""
        return discriminator_loss(real, fake, self.smoothing)

    def g_loss(self, fake: Any) -> Any:
        """Return -E[log D(G(z))] from the logits; for "minimax" E[log(1 - D(G(z)))]."""
        return GENERATOR_LOSSES[self.generator_loss](fake)

    def mean_scores(self, real: Any, fake: Any) -> dict[str, Any]:
        """Return the mean posteriors D(s) and D(G(z))."""
        return super().mean_scores(ops.sigmoid(real), ops.sigmoid(fake))


ROWS = (
    Row(
        name="GAN",
        builds=GAN,
        lecture="AN2DL, The GAN solution; NOTES 15; ATIV; AE",
        paper="Goodfellow 2014",
        notebook="05",
        learns_from="x",
        tiny=lambda: GAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, kind="mlp", widths=(16,)),
            get_discriminator(TINY_SHAPE, kind="mlp", widths=(16,)),
        ),
    ),
)
