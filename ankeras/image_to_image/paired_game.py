"""What games on pairs share: an image x to read, and the image y that should be drawn for it."""

from typing import Any, ClassVar

from ankeras.gans.two_players import TwoPlayers
from ankeras.training.checks import check_images, check_target_images, drawn_range

import numpy as np
from keras import ops


class PairedGame(TwoPlayers):
    """A game whose generator draws an image from an image; `fit(x, y)` with pairs.

    The discriminator returns logits, and reads (y, x). A subclass defines the step.

    Attributes:
        unpaired: the sentence for images without their targets; it holds {n}, the number of images,
            and {given}, what was given instead.
    """

    target = "paired"
    unpaired: ClassVar[str]

    def mean_scores(self, real: Any, fake: Any) -> dict[str, Any]:
        """Return the mean posteriors of real and of drawn images, over images and patches."""
        return super().mean_scores(ops.sigmoid(real), ops.sigmoid(fake))

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return what the generator draws, G(x)."""
        return self.generator(x, training=training)

    def target_range(self) -> tuple[float, float]:
        """Return the range of the targets' values: that which the generator can draw."""
        return drawn_range(self.generator)

    def check_networks(self) -> None:
        """Raise a ValueError unless D reads what G draws, beside what G reads."""
        drawn, read = self.generator.output_shape, self.generator.input_shape
        found = [image.shape for image in self.discriminator.inputs]
        if found != [drawn, read]:
            raise ValueError(
                f"The discriminator reads the pair of the images that the generator draws and "
                f"reads, {drawn[1:]} and {read[1:]}: build it with "
                f"get_patch_discriminator({drawn[1:]}, {read[1:]})."
            )

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on images x with their targets y."""
        check_images(x, self.generator.input_shape[1:], (0.0, 1.0))
        shape = self.generator.output_shape[1:]
        check_target_images(y, len(x), shape, self.target_range(), self.unpaired)
