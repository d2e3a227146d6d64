"""The base of systems that have their own loss, so that `compile` takes none."""

from typing import Any, ClassVar

from ankeras.training.system import System


class OwnLoss(System):
    """A system with its own loss.

    Attributes:
        called: what the system is called at the start of a sentence. Default: its class.
    """

    called: ClassVar[str] = ""

    def compile(self, optimizer: Any = "adam", loss: Any = None, **options: Any) -> None:
        """Compile as `keras.Model.compile` does, without a loss: the system has its own.

        Raises:
            ValueError: if there is a loss, or there are metrics.
        """
        asked = {"loss": loss, **options}
        refused = ("loss", "loss_weights", "metrics", "weighted_metrics")
        if given := [option for option in refused if asked.get(option) is not None]:
            name = self.called or type(self).__name__
            raise ValueError(f"{name} has its own loss: leave out {' and '.join(given)}.")
        super().compile(optimizer, **options)
