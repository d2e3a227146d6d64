"""Next frame: from the last frames of a clip, the network draws the one that follows.

Source: AE, "Overview"; Lotter et al., "Unsupervised learning of visual structure using predictive
generative networks" (2015); Mathieu et al., "Deep multi-scale video prediction beyond mean square
error" (ICLR 2016).

    x = the last k frames, as channels;  G(x) = the next frame y

    G descends  ||y - G(x)||^2 - lambda E [log D(G(x), x)]
    D descends  -E [log D(y, x)] - E [log(1 - D(G(x), x))]

||.||^2 is the mean over the values of a frame. By the squared error alone (lambda = 0) G draws the
mean of all frames that may follow, and what moves is blurred. Several frames ahead are drawn by
feeding back: what was drawn becomes the last frame.
"""

from typing import Any

from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.builders.unet import get_unet
from ankeras.gans.gan import discriminator_loss, non_saturating_loss
from ankeras.image_to_image.paired_game import PairedGame
from ankeras.latent.codes import PREDICT_BATCH
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_SHAPE, Row
from ankeras.training.checks import check_read

import keras
import numpy as np
from keras import ops


def frame_pairs(clips: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what `fit` reads: the last k frames as channels, and the frame that follows.

    Args:
        clips: (n, t, height, width, c), with t > k.
        k: number of frames that the network sees.

    Returns:
        x (n (t - k), height, width, k c), oldest frame first, and y (n (t - k), height, width, c).

    Raises:
        ValueError: if a clip has no frame after its first k frames.
    """
    if clips.ndim != 5 or not 1 <= k < clips.shape[1]:
        raise ValueError(
            f"Clips are (n, t, height, width, c) with more than k = {k} frames, not {clips.shape}."
        )
    starts = range(clips.shape[1] - k)
    x = np.concatenate([as_channels(clips[:, start : start + k]) for start in starts])
    return x, np.concatenate([clips[:, start + k] for start in starts])


def as_channels(frames: np.ndarray) -> np.ndarray:
    """Return frames as channels: (n, k, height, width, c) -> (n, height, width, k c)."""
    n, k, height, width, c = frames.shape
    return np.moveaxis(frames, 1, 3).reshape(n, height, width, k * c)


@keras.saving.register_keras_serializable("ankeras")
class NextFrame(PairedGame):
    """Prediction of the next frame; `fit(*frame_pairs(clips, k))`.

    Its log "squared_error" is ||y - G(x)||^2.

    Args:
        generator: (batch, height, width, k c) -> (batch, height, width, c), such as
            `get_unet((height, width, k c), c, residual=True)`, which starts from the newest frame.
        discriminator: `get_patch_discriminator(frame_shape, generator's input)`.
        adversarial: weight lambda of the adversarial term; 0 for the squared error alone.
        r1, seed: as in `TwoPlayers`.

    Raises:
        ValueError: if the two networks do not fit each other, or an option is out of range.
    """

    options = ("adversarial", *PairedGame.options)
    logged = (*PairedGame.logged, "squared_error")
    unpaired = "Each of {n} inputs needs its next frame, not {given}."

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        adversarial: float = 1e-3,
        **options: Any,
    ) -> None:
        super().__init__(generator, discriminator, **options)
        if adversarial < 0:
            raise ValueError(f"adversarial must not be negative, as {adversarial} is.")
        self.adversarial = adversarial

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take one step of D and one step of G on a minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = ops.stop_gradient(self.generator(x, training=True))  # G(x)

        # theta_d descends  -E [log D(y, x)] - E [log(1 - D(G(x), x))] + gamma/2 E ||grad_y D||^2
        def d_objective() -> tuple:
            real_scores, fake_scores = self.score(y, x), self.score(fake, x)
            d_loss = discriminator_loss(real_scores, fake_scores)
            added = self.r1_penalty(y, x) + self.layer_losses(self.discriminator)
            return d_loss + added, d_loss, real_scores, fake_scores

        _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, self.theta_d)

        # theta_g descends  ||y - G(x)||^2 - lambda E [log D(G(x), x)]
        def g_objective() -> tuple:
            fake = self.generator(x, training=True)
            squared_error = ops.mean(ops.square(y - fake))
            g_loss = squared_error + self.adversarial * non_saturating_loss(self.score(fake, x))
            return g_loss + self.layer_losses(self.generator), g_loss, squared_error

        _, g_loss, squared_error = descend(g_objective, self.optimizer.generator, self.theta_g)
        logs = {"d_loss": d_loss, "g_loss": g_loss, "squared_error": squared_error}
        return self.log(**logs, **self.mean_scores(*scores))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        fake = self.generator(x, training=False)
        scores = [self.score(frame, x, training=False) for frame in (y, fake)]
        squared_error = ops.mean(ops.square(y - fake))
        g_loss = squared_error + self.adversarial * non_saturating_loss(scores[1])
        logs = {"g_loss": g_loss, "squared_error": squared_error}
        d_loss = discriminator_loss(*scores)
        return self.log(d_loss=d_loss, **logs, **self.mean_scores(*scores))

    def continue_clips(self, frames: np.ndarray, n_frames: int) -> np.ndarray:
        """Return the frames that follow, by feeding back what was drawn.

        Args:
            frames: (n, k, height, width, c), the last k frames of each clip.
            n_frames: number of frames to draw, at least 1.

        Returns:
            (n, n_frames, height, width, c).

        Raises:
            ValueError: if n_frames < 1, or the network reads other frames.
        """
        if n_frames < 1:
            raise ValueError(f"Ask for n_frames >= 1 frames, not {n_frames}.")
        if np.ndim(frames) != 5:
            raise ValueError(
                f"Frames are an array (n, k, height, width, c), not of shape {np.shape(frames)}."
            )
        x = as_channels(frames)
        if x.shape[1:] != self.generator.input_shape[1:]:
            raise ValueError(
                f"The network reads {self.generator.input_shape[1:]}, the last frames as channels, "
                f"not {x.shape[1:]}."
            )
        check_read(x, self.generator, "frames")
        last, drawn = frames, []
        for _ in range(n_frames):
            following = self.generator.predict(
                as_channels(last), batch_size=PREDICT_BATCH, verbose=0
            )
            drawn.append(following)
            last = np.concatenate([last[:, 1:], following[:, None]], axis=1)
        return np.stack(drawn, axis=1)


ROWS = (
    Row(
        name="next frame",
        builds=NextFrame,
        lecture="AE, Overview",
        paper="Lotter 2015",
        notebook="12",
        learns_from="x, x",
        tiny=lambda: NextFrame(
            get_unet(TINY_SHAPE, 1, widths=(4, 8)),
            get_patch_discriminator(TINY_SHAPE, TINY_SHAPE, widths=(4, 8)),
        ),
    ),
)
