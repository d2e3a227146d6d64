"""The optimizers of two players, as the one optimizer that a Keras model has.

Keras saves, loads and carries along what is among the variables of `model.optimizer`. A second
optimizer beside it would lose its state on JAX and on saving.
"""

import keras


class TwoOptimizers(keras.optimizers.Optimizer):
    """The optimizers of a discriminator and of a generator.

    Args:
        discriminator, generator: the two optimizers. Each is built here for its player.
        theta_d, theta_g: the trainable variables of each player.
        float16: whether the players compute in float16. Each loss then has its own scale:
            gradients that are too small for float16 do not vanish, and a step with a gradient
            that is too large is skipped for that player alone.
    """

    def __init__(
        self,
        discriminator: keras.optimizers.Optimizer,
        generator: keras.optimizers.Optimizer,
        theta_d: list[keras.Variable],
        theta_g: list[keras.Variable],
        float16: bool = False,
    ) -> None:
        super().__init__(learning_rate=0.0, name="two_optimizers")
        self.discriminator = _scaled(discriminator) if float16 else discriminator
        self.generator = _scaled(generator) if float16 else generator
        self.discriminator.build(theta_d)
        self.generator.build(theta_g)
        self.build([])

    def build(self, variables: list[keras.Variable]) -> None:
        """Do nothing: the two optimizers are built already."""
        self.built = True

    @property
    def variables(self) -> list[keras.Variable]:
        """The state of both optimizers."""
        return [*super().variables, *self.discriminator.variables, *self.generator.variables]


def _scaled(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)
