"""A training as a film: scrub through what was recorded after each epoch.

Source: Goodfellow et al., "Generative adversarial nets" (NIPS 2014), figure 1 (AN2DL,
"Illustration of the GAN Training Process"); DLSP, "Major pitfalls".
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from ankeras.explore.explorer import Explorer, by_user, source
from ankeras.explore.images import png, tiles
from ankeras.gans import training_pictures
from ankeras.gans.toy import Gaussians
from ankeras.gans.training_record import Snapshots
from ankeras.pictures import Figure, image_grid

import numpy as np
from matplotlib.colors import to_hex
from traitlets import Bytes, Float, Int, List, Unicode

N_DATA = 800  # points of the data that are drawn
STILLS = 10  # snapshots in the static picture


class TrainingFilm(Explorer):
    """The widget of `training_film`.

    Attributes:
        index: which frame is shown, from 0.
        image: the frame as a PNG file: samples, or D over the plane.
        title: such as "epoch 3" or "step 400".
    """

    _esm = source("training_film")
    choices: ClassVar[tuple[str, ...]] = ("index",)

    index = Int(0).tag(**by_user())
    image = Bytes().tag(sync=True)
    title = Unicode().tag(sync=True)
    n_frames = Int().tag(sync=True)
    points = Bytes().tag(sync=True)  # float32 (m, 2), G(z) of the frame; empty for images
    data = Bytes().tag(sync=True)  # float32 (n, 2)
    view = List(Float()).tag(sync=True)  # (x, y, x, y), the corners of the plane; empty for images
    colors = List(Unicode()).tag(sync=True)  # of the data, of G(z), of D = 0 ... 1

    def check_index(self) -> None:
        """Raise a ValueError unless there is such a frame."""
        if not 0 <= self.index < self.n_frames:
            raise ValueError(f"There are frames 0 to {self.n_frames - 1}, but not {self.index}.")


class SampleFilm(TrainingFilm):
    """The film of `SampleGrid.frames`."""

    def __init__(self, frames: Sequence[np.ndarray], **traits: Any) -> None:
        self.frames = frames
        super().__init__(n_frames=len(frames), index=len(frames) - 1, **traits)

    def draw(self) -> None:
        """Draw the samples after an epoch."""
        self.check_index()
        self.image = png(tiles(_in_rows(self.frames[self.index])))
        self.title = f"epoch {self.index}"

    def figure(self) -> Figure:
        """Return the samples after the epoch that is shown."""
        return image_grid(self.frames[self.index], title=self.title)


class PlaneFilm(TrainingFilm):
    """The film of a game in the plane."""

    def __init__(self, record: Snapshots, density: Gaussians, **traits: Any) -> None:
        self.record = record
        self.density = density
        bar = [to_hex(training_pictures.SCORES(share)) for share in (0.0, 0.5, 1.0)]
        super().__init__(
            n_frames=len(record.steps),
            index=len(record.steps) - 1,
            view=[*map(float, record.x[0]), *map(float, record.x[-1])],
            data=density.sample(N_DATA).astype("float32").tobytes(),
            colors=["#000000", training_pictures.FAKE, *bar],
            **traits,
        )

    def draw(self) -> None:
        """Draw D over the plane, and send the points G(z)."""
        self.check_index()
        side = round(len(self.record.x) ** 0.5)
        scores = self.record.scores[self.index].reshape(side, side)[::-1]  # row 0 is the top
        self.image = png(training_pictures.SCORES(scores)[..., :3])
        self.points = np.asarray(self.record.generated[self.index], "float32").tobytes()
        self.title = f"step {self.record.steps[self.index]}"

    def figure(self) -> Figure:
        """Return some snapshots of the training, the shown one last."""
        which = np.linspace(0, self.index, min(STILLS, self.index + 1)).round().astype(int)
        return training_pictures.plane(self.record, self.density, which.tolist())


def training_film(
    frames: Sequence[np.ndarray] | Snapshots, density: Gaussians | None = None
) -> TrainingFilm:
    """Return a widget in which a slider runs through a training.

    Args:
        frames: `SampleGrid.frames`, images (n, height, width, c) or (rows, columns, height, width,
            c) in [0, 1] for each epoch; or the `Snapshots` of a small GAN in the plane, whose D is
            drawn over the plane.
        density: of the data of a game in the plane; required for `Snapshots`.

    Raises:
        ValueError: if there is no frame, the frames are no images in [0, 1] of one shape, or the
            snapshots are not those of a game in the plane with its density.
    """
    if isinstance(frames, Snapshots):
        return _plane_film(frames, density)
    if not len(frames):
        raise ValueError("A film needs at least one frame: give it to fit(callbacks=[...]) first.")
    shapes = {np.shape(frame) for frame in frames}
    if len(shapes) > 1 or len(next(iter(shapes))) not in (4, 5):
        raise ValueError(
            "Each frame holds images (n, height, width, c) or (rows, columns, height, width, c), "
            f"all frames of one shape, not {sorted(shapes)}."
        )
    if not all(np.min(frame) >= 0 and np.max(frame) <= 1 for frame in frames):  # false for NaN
        raise ValueError("The images of the frames must have values in [0, 1].")
    return SampleFilm(frames)


def _plane_film(record: Snapshots, density: Gaussians | None) -> TrainingFilm:
    if not record.steps:
        raise ValueError("The record is empty: give it to fit(callbacks=[record]) first.")
    side = round(len(record.x) ** 0.5)
    if record.x.shape[1:] != (2,) or side**2 != len(record.x):
        raise ValueError(
            f"A film shows a game in the plane, with x = toy.PLANE, not x of shape "
            f"{record.x.shape}; draw a game on a line with training_pictures.line."
        )
    if density is None:
        raise ValueError("A game in the plane needs the density of its data, such as toy.RING.")
    return PlaneFilm(record, density)


def _in_rows(images: np.ndarray) -> np.ndarray:
    """Return images (n, *image) in rows of equal length, filled up with white ones."""
    if images.ndim == 5:
        return images
    columns = int(np.ceil(np.sqrt(len(images))))
    blank = np.ones((-len(images) % columns, *images.shape[1:]), images.dtype)
    return np.concatenate([images, blank]).reshape(-1, columns, *images.shape[1:])
