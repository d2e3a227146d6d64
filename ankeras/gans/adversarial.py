"""What the generative adversarial networks share: two players, two optimizers, noise.

A system's own file holds its objective and its `train_step`.
"""

from typing import Any

from ankeras.latent import decode, sample_prior
from ankeras.training.autodiff import SeedGenerator, input_gradient
from ankeras.training.system import GuardedModel, drawn_range, refuse_misfits

import keras
import numpy as np
from keras import ops


def decaying_adam(steps: int, learning_rate: float = 1e-3) -> keras.optimizers.Adam:
    """Return Adam with beta_1 = 0.5 whose rate falls along half a cosine, to 2 % after `steps`.

    At a constant rate the players go on circling around their equilibrium. On real digits, a
    conditional GAN's share of samples of the right class rose from 0.88 to 0.95 by this alone.

    Args:
        steps: minibatches of the whole training.
        learning_rate: at the start.
    """
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps, alpha=0.02)
    return keras.optimizers.Adam(schedule, beta_1=0.5)


class TwoOptimizers(keras.optimizers.Optimizer):
    """The optimizers of both players as one: what Keras saves, loads and carries along.

    A model has one `optimizer`; what is not among its variables is lost on JAX, and lost when the
    model is saved.
    """

    def __init__(
        self, discriminator: keras.optimizers.Optimizer, generator: keras.optimizers.Optimizer
    ) -> None:
        super().__init__(learning_rate=0.0, name="two_optimizers")
        self.discriminator = discriminator
        self.generator = generator

    def build(self, variables: list[keras.Variable]) -> None:
        """Do nothing: each player's optimizer is built with that player's variables."""
        self.built = True

    @property
    def variables(self) -> list[keras.Variable]:
        """The state of both."""
        return [*super().variables, *self.discriminator.variables, *self.generator.variables]


class AdversarialModel(GuardedModel):
    """A generator G and a discriminator D that play against each other.

    Args:
        generator: (batch, d) -> (batch, *image), as `get_generator` builds it.
        discriminator: (batch, *image) -> (batch, 1) logits, as `get_discriminator` builds it.
        r1: weight gamma of the R1 penalty gamma/2 E_s ||grad_s D(s)||^2 that keeps D smooth
            around the real images (Mescheder et al., "Which training methods for GANs do
            actually converge?", ICML 2018); 0 for none.
        seed: seed of the noise.

    Attributes:
        logged: what a step logs.

    Raises:
        ValueError: if the players do not fit each other.
    """

    networks: tuple[str, ...] = ("generator", "discriminator")
    players = {"d_loss": "discriminator", "g_loss": "generator"}  # noqa: RUF012
    logged: tuple[str, ...] = ("d_loss", "g_loss", "d_real", "d_fake")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        r1: float = 0.0,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if r1 < 0:
            raise ValueError(f"The weight r1 of the penalty must not be negative, as {r1} is.")
        self.generator = generator
        self.discriminator = discriminator
        self.refuse_unfit_players()
        self.r1 = r1
        self.seed = seed
        self.noise = SeedGenerator(seed)
        self.trackers = {name: keras.metrics.Mean(name) for name in self.logged}
        self.built = True  # its players are

    def refuse_unfit_players(self) -> None:
        """Raise a ValueError if D does not read what G draws."""
        drawn, read = self.generator.output_shape, self.discriminator.input_shape
        if drawn != read:
            raise ValueError(
                f"The generator draws images of shape {drawn[1:]}, but the discriminator reads "
                f"{read[1:]}."
            )

    @property
    def latent_dim(self) -> int:
        """The size d of the noise z."""
        return self.generator.input_shape[-1]

    @property
    def theta_g(self) -> list[keras.Variable]:
        """The weights that the generator's optimizer trains: of all networks but D."""
        players = [getattr(self, name) for name in self.networks if name != "discriminator"]
        return [weight for player in players for weight in player.trainable_variables]

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Return what trains a player if `compile` is given nothing else."""
        return keras.optimizers.Adam(1e-3, beta_1=0.5)

    def compile(
        self,
        d_optimizer: keras.optimizers.Optimizer | None = None,
        g_optimizer: keras.optimizers.Optimizer | None = None,
        **options: Any,
    ) -> None:
        """Give each player its optimizer.

        Under the policy mixed_float16 each has a scale of its loss of its own: gradients too small
        for float16 do not vanish, and a step with one too large is skipped for that player alone.

        Args:
            d_optimizer, g_optimizer: of the discriminator and the generator. Default: one
                `default_optimizer` each, Adam with a learning rate of 1e-3 and beta_1 = 0.5
                unless the system has its own.
            **options: further arguments of `keras.Model.compile`, such as `jit_compile`.
        """
        both = TwoOptimizers(
            self.scaling(d_optimizer or self.default_optimizer()),
            self.scaling(g_optimizer or self.default_optimizer()),
        )
        both.discriminator.build(self.discriminator.trainable_variables)
        both.generator.build(self.theta_g)
        both.build([])
        super().compile(optimizer=both, auto_scale_loss=False, **options)

    def scaling(self, optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
        """Return what scales the loss where `keras.Model.compile` would, else the optimizer."""
        scales = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        if scales or self.dtype_policy.name != "mixed_float16":
            return optimizer
        return keras.optimizers.LossScaleOptimizer(optimizer)

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return what `compile_from_config` needs; nothing, if the model is not compiled."""
        if not self.compiled:
            return None
        return {
            "d_optimizer": keras.saving.serialize_keras_object(self.optimizer.discriminator),
            "g_optimizer": keras.saving.serialize_keras_object(self.optimizer.generator),
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile a loaded model."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if x is no data for these players."""
        refuse_misfits(x, self.generator.output_shape[1:], drawn_range(self.generator))

    def call(self, z: Any, training: bool | None = None) -> Any:
        """Return the generated images G(z)."""
        return self.generator(z, training=training)

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw n images: G(z) for z from the prior, (n, *image)."""
        return decode(self.generator, sample_prior(n, self.latent_dim, seed))

    def sample_z(self, x: Any) -> Any:
        """Draw noise for a minibatch as large as x: (batch, d), from N(0, I)."""
        shape = (ops.shape(x)[0], self.latent_dim)
        return keras.random.normal(shape, seed=self.noise)

    def judge(self, s: Any, y: Any = None, training: bool = True) -> Any:
        """Return D's scores of images s: (batch, 1), or a tuple whose first item they are.

        Args:
            s: (batch, *image).
            y: what D is told beside the images, if anything.
            training: whether D is being trained.
        """
        raise NotImplementedError

    def penalty(self, s: Any, fake: Any, y: Any = None) -> Any:
        """Return what D's steps descend beside its loss: here the R1 penalty, if any.

        Args:
            s, fake: (batch, *image), real and generated images.
            y: what D is told beside the real ones.
        """
        return self.r1_penalty(s, y)

    def r1_penalty(self, s: Any, y: Any = None) -> Any:
        """Return gamma/2 E ||grad_s D(s)||^2, estimated on a quarter of the minibatch.

        On every fourth step and all of it, as StyleGAN 2 does, it would cost as much.
        """
        if not self.r1:
            return 0.0
        n = ops.shape(s)[0] // 4 + 1
        _, slope = input_gradient(
            lambda some: self.judge(some, None if y is None else y[:n]), s[:n]
        )
        squared = ops.sum(ops.square(slope), axis=tuple(range(1, len(slope.shape))))
        return 0.5 * self.r1 * ops.mean(squared)

    def log(self, **values: Any) -> dict[str, Any]:
        """Track what a step found and return the averages since the start of the epoch."""
        for name, value in values.items():
            self.trackers[name].update_state(value)
        return {name: self.trackers[name].result() for name in values}

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs to build the model again."""
        return {
            **super().get_config(),
            "r1": self.r1,
            "seed": self.seed,
        }
