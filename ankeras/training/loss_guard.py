"""Stops a training whose loss becomes NaN, and gives the model its last good weights again."""

import keras
import numpy as np

SNAPSHOT_STEPS = 100  # steps between two copies of the weights


class LossGuard(keras.callbacks.Callback):
    """Watches the losses and keeps a copy of the last good weights.

    Args:
        players: name of a logged loss -> the player that descends it.

    Attributes:
        begun: whether the training has begun.
        failures: (epoch, step, number of the player, loss) of each loss that was NaN or infinite.
    """

    async_safe = True  # a step need not wait for it

    def __init__(self, players: dict[str, str]) -> None:
        super().__init__()
        self.players = players
        # Keras may call back from several threads: a later step may come before the first bad one
        self.failures: list[tuple[int, int, int, float]] = []
        self.begun = False
        self.epoch = self.step = 0
        self.kept_before = ""
        self.kept: list[tuple[keras.Variable, np.ndarray]] = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Remember that the training has begun."""
        self.begun = True

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Remember the epoch, for the sentence."""
        self.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Copy all weights every `SNAPSHOT_STEPS` steps, if they are finite."""
        self.step = batch
        if batch % SNAPSHOT_STEPS == 0 and not self.failures:
            kept = [(variable, np.array(variable)) for variable in state_of(self.model)]
            if all(np.isfinite(value).all() for _, value in kept):
                self.kept = kept
                self.kept_before = f"step {batch + 1} of epoch {self.epoch + 1}"

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Stop the training if a loss is not finite."""
        for number, key in enumerate(self.players):
            loss = (logs or {}).get(key, 0.0)
            if not np.isfinite(loss):
                self.failures.append((self.epoch + 1, batch + 1, number, loss))
                self._model.stop_training = True

    def finds_bad_weights(self) -> bool:
        """Return whether a training made weights NaN or infinite: PyTorch raises an error then."""
        if not self.begun or all(np.isfinite(np.array(w)).all() for w in self._model.weights):
            return False
        self.failures.append((self.epoch + 1, self.step + 1, 0, np.nan))
        return True

    def sentence(self) -> str:
        """Return what happened, and which weights the model has now."""
        epoch, step, number, loss = min(self.failures)
        player = list(self.players.values())[number]
        became = f"The {player}'s loss became {loss} at step {step} of epoch {epoch}."
        if not self.kept:
            return (
                f"{became} The weights held NaN or infinity before the training: build the "
                f"networks again."
            )
        return (
            f"{became} Training stopped; the weights are those before {self.kept_before}. A "
            f"smaller learning rate is the first thing to try."
        )

    def restore(self) -> None:
        """Give the model and its optimizers the last good values."""
        for variable, value in self.kept:
            variable.assign(value)


def state_of(model: keras.Model) -> list[keras.Variable]:
    """Return all variables that a training step may change."""
    return [*model.variables, *model.optimizer.variables]
