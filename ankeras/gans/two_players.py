"""The base of all games: a discriminator and a generator, each with its own loss and optimizer."""

from collections.abc import Callable
from typing import Any

from ankeras.training.autodiff import SeedGenerator, input_gradient
from ankeras.training.checks import check_scores, check_shapes_known
from ankeras.training.optimizers import TwoOptimizers
from ankeras.training.system import System

import keras
from keras import ops


def squared_norm(x: Any) -> Any:
    """Return ||x||^2 of each row: (batch, ...) -> (batch,)."""
    return ops.sum(ops.square(x), axis=tuple(range(1, len(x.shape))))


class TwoPlayers(System):
    """A system in which a discriminator D and a generator G descend different losses.

    A subclass defines the step, `d_loss` and `g_loss`.

    Args:
        generator: draws images.
        discriminator: returns the scores of images, logits.
        r1: weight gamma of the penalty gamma/2 E_s ||grad_s D(s)||^2, which keeps D smooth around
            the real images (Mescheder et al., "Which training methods for GANs do actually
            converge?", ICML 2018); 0 for none.
        seed: seed of the noise.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    networks: tuple[str, ...] = ("generator", "discriminator")
    options: tuple[str, ...] = ("r1", "seed")
    logged: tuple[str, ...] = ("d_loss", "g_loss", "d_real", "d_fake")
    players = {"d_loss": "discriminator", "g_loss": "generator"}  # noqa: RUF012

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        r1: float = 0.0,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_shapes_known(generator, "generator")
        check_shapes_known(discriminator, "discriminator")
        if r1 < 0:
            raise ValueError(f"The weight r1 of the penalty must not be negative, as {r1} is.")
        self.generator = generator
        self.discriminator = discriminator
        self.r1 = r1
        self.seed = seed
        self.noise = SeedGenerator(seed)
        self.check_networks()
        self.check_scores()

    def check_networks(self) -> None:
        """Raise a ValueError unless D reads what G draws."""
        raise NotImplementedError

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

    def r1_penalty(self, s: Any, *told: Any, score: Callable | None = None) -> Any:
        """Return gamma/2 E ||grad_s D(s)||^2, estimated on a quarter of the minibatch.

        StyleGAN 2 takes the whole minibatch in every fourth step, which costs the same.

        Args:
            s, *told: real images and what else D reads, as in `score`.
            score: the discriminator, if it is not the first one: s, *told -> scores.
        """
        score = score or self.score
        if not self.r1:
            return 0.0
        n = ops.shape(s)[0] // 4 + 1
        _, slope = input_gradient(lambda s: score(s, *[y[:n] for y in told]), s[:n])
        return 0.5 * self.r1 * ops.mean(squared_norm(slope))

    @property
    def theta_d(self) -> list[keras.Variable]:
        """The weights that the discriminator's optimizer trains: of all discriminators."""
        return self._weights_of(lambda name: "discriminator" in name)

    @property
    def theta_g(self) -> list[keras.Variable]:
        """The weights that the generator's optimizer trains: of all other networks."""
        return self._weights_of(lambda name: "discriminator" not in name)

    def _weights_of(self, belongs: Callable[[str], bool]) -> list[keras.Variable]:
        players = self.named_networks().items()
        return [w for name, player in players if belongs(name) for w in player.trainable_variables]

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
        for name, network in self.named_networks().items():
            for layer in network._flatten_layers():
                if getattr(layer, "activity_regularizer", None) is not None:
                    raise ValueError(
                        f"The layer {layer.name!r} of the {name} has an activity_regularizer. A "
                        f"network of this game runs several times per step, so it is not clear "
                        f"which activities count: take a kernel_regularizer."
                    )

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
