"""The optimizers of two players as the one optimizer that a Keras model has; steps along signs.

Keras saves, loads and carries along what is among the variables of `model.optimizer`. A second
optimizer beside it would lose its state on JAX and on saving.
"""

from typing import Any

import keras


class TwoOptimizers(keras.optimizers.Optimizer):
    """The optimizers of a discriminator and of a generator.

    Callbacks and assignments reach both players: `learning_rate` is that of the generator, and the
    discriminator's changes by the same factor. Each player can also be set alone, such as
    `gan.optimizer.discriminator.learning_rate = 1e-4`.

    Args:
        discriminator, generator: the two optimizers. Each is built here for its player.
        theta_d, theta_g: the trainable variables of each player.
        float16: whether the players compute in float16. Each loss then has its own scale:
            gradients that are too small for float16 do not vanish, and a step with a gradient
            that is too large is skipped for that player alone.

    Raises:
        ValueError: if both are the same optimizer.
    """

    def __init__(
        self,
        discriminator: keras.optimizers.Optimizer,
        generator: keras.optimizers.Optimizer,
        theta_d: list[keras.Variable],
        theta_g: list[keras.Variable],
        float16: bool = False,
    ) -> None:
        if discriminator is generator:
            raise ValueError(
                "The two players have the same optimizer object, but each needs its own: make two."
            )
        super().__init__(learning_rate=0.0, name="two_optimizers")
        self.discriminator = _scaled(discriminator) if float16 else discriminator
        self.generator = _scaled(generator) if float16 else generator
        self.discriminator.build(theta_d)
        self.generator.build(theta_g)
        self.build([])
        # a function, since Keras would take lists of weights for the optimizer's own variables
        self.players = lambda: ((self.discriminator, theta_d), (self.generator, theta_g))
        rate_d, rate_g = _rate(self.discriminator), _rate(self.generator)
        self.ratio = rate_d / rate_g if rate_g else 1.0  # of the players' learning rates

    def build(self, variables: list[keras.Variable]) -> None:
        """Do nothing: the two optimizers are built already."""
        self.built = True

    @property
    def variables(self) -> list[keras.Variable]:
        """The state of both optimizers."""
        return [*super().variables, *self.discriminator.variables, *self.generator.variables]

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the generator."""
        return self.generator.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.generator.learning_rate = rate
        self.discriminator.learning_rate = self.ratio * float(rate)

    @property
    def iterations(self) -> Any:
        """The number of steps that the generator has taken."""
        return self.generator.iterations

    def finalize_variable_values(self, var_list: list[keras.Variable]) -> None:
        """Give each player its final weights: their moving average, if its optimizer keeps one."""
        for optimizer, theta in self.players():
            optimizer.finalize_variable_values(theta)


def _rate(optimizer: keras.optimizers.Optimizer) -> float:
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def _scaled(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


class SignDescent(keras.optimizers.Optimizer):
    """Steps along the sign of the gradient: x <- x - learning_rate * sign(g).

    Each value moves by the learning rate, however small its gradient is. Of all steps that change
    no value by more than that, it lowers the linearized loss most: Goodfellow et al. 2015.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable."""
        self.assign_sub(variable, learning_rate * keras.ops.sign(gradient))
