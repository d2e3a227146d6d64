"""The latent plane: the decoder draws at the place of the pointer.

Source: AN2DL, "The latent representation of MNIST autoencoder (d = 2)", "Interpolation"; NOTES,
"Latent Space Exploration".

    point           G(z) at the pointer
    grid            G(z) at the places of a grid in a box
    interpolation   G(z) at equal steps between two ends
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from ankeras.explore.explorer import Explorer, by_user, source
from ankeras.explore.images import check_generator, decode_quickly, png, tiles
from ankeras.explore.planes import Plane, plane_of
from ankeras.latent import check_codes, interpolate, populated_box
from ankeras.pictures import DPI, INK, Figure, finished
from ankeras.training.checks import check_labels

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_hex
from traitlets import Bytes, Enum, Float, List, Tuple, Unicode

GRID = 8  # images along each side of a grid
STEPS = 10  # images of an interpolation
MOST_POINTS = 2000  # more would make a saved notebook large


class LatentPlane(Explorer):
    """The widget of `latent_plane`.

    Attributes:
        mode: "point", "grid" or "interpolation".
        point: (u, v), the place whose code is decoded.
        box: (u, v, u, v), two opposite corners of the grid.
        ends: (u, v, u, v), the ends of the interpolation.
        image: the picture, the content of a PNG file.
    """

    _esm = source("latent_plane")
    choices: ClassVar[tuple[str, ...]] = ("mode", "point", "box", "ends")

    mode = Enum(("point", "grid", "interpolation"), "point").tag(**by_user())
    point = Tuple(Float(), Float()).tag(**by_user())
    box = Tuple(Float(), Float(), Float(), Float()).tag(**by_user())
    ends = Tuple(Float(), Float(), Float(), Float()).tag(**by_user())
    image = Bytes().tag(sync=True)
    caption = Unicode().tag(sync=True)
    codes = Bytes().tag(sync=True)  # float32 (n, 2)
    labels = Bytes().tag(sync=True)  # uint8 (n,)
    class_names = List(Unicode()).tag(sync=True)
    colors = List(Unicode()).tag(sync=True)
    axis_names = List(Unicode()).tag(sync=True)
    view = List(Float()).tag(sync=True)  # (u, v, u, v), the part of the plane that is shown

    def __init__(self, generator: keras.Model, plane: Plane, **traits: Any) -> None:
        self.generator = generator
        self.plane = plane
        super().__init__(**traits)

    def draw(self) -> None:
        """Decode the point, the grid or the interpolation."""
        self.image = png(tiles(self.images()))
        self.caption = f"{self.mode} of the latent plane"

    def images(self) -> np.ndarray:
        """Return the images that are shown: (rows, columns, *image) float32 in [0, 1].

        Raises:
            ValueError: if a place is not finite.
        """
        z = self.plane.codes(self.shown_places())
        images = decode_quickly(self.generator, z.reshape(-1, z.shape[-1]))
        return images.reshape(*z.shape[:2], *images.shape[1:])

    def shown_places(self) -> np.ndarray:
        """Return the places that are decoded: (rows, columns, 2).

        A grid has the largest v in row 0, as a plot has.
        """
        if self.mode == "point":
            places = np.array([[self.point]])
        elif self.mode == "grid":
            (u_0, v_0), (u_1, v_1) = np.sort(np.reshape(self.box, (2, 2)), axis=0)
            u, v = np.linspace(u_0, u_1, GRID), np.linspace(v_1, v_0, GRID)
            places = np.stack(np.meshgrid(u, v), axis=-1)
        else:
            places = interpolate(np.array(self.ends[:2]), np.array(self.ends[2:]), STEPS)[None]
        if not np.isfinite(places).all():
            raise ValueError("A place of the plane holds NaN or infinity.")
        return places

    def figure(self) -> Figure:
        """Return the plane with its codes, and what is drawn, side by side."""
        width = 3.2 if self.mode != "interpolation" else 7.0
        figure, (left, right) = plt.subplots(
            1,
            2,
            figsize=(4.6 + width, 4.7),
            layout="constrained",
            dpi=DPI,
            width_ratios=(4.4, width),
        )
        codes = np.frombuffer(self.codes, "float32").reshape(-1, 2)
        labels = np.frombuffer(self.labels, "uint8")
        color = np.array(self.colors)[labels] if len(labels) else INK
        left.scatter(*codes.T, s=6, c=color, alpha=0.6, lw=0)
        for name, one in zip(self.class_names, self.colors, strict=True):
            left.scatter([], [], s=30, color=one, label=name)
        if self.class_names:
            left.legend(loc="upper left", fontsize=7, ncols=2, framealpha=0.7)
        left.plot(*self.shown_places().reshape(-1, 2).T, "o", ms=5, mfc="white", mec="black")
        left.set(xlim=self.view[::2], ylim=self.view[1::2])
        left.set(xlabel=self.axis_names[0], ylabel=self.axis_names[1], aspect="equal")
        right.imshow(tiles(self.images()), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        right.set_title(self.caption, fontsize=11, color=INK)
        right.set_axis_off()
        return finished(figure)


def latent_plane(
    generator: keras.Model,
    z: np.ndarray,
    labels: np.ndarray | None = None,
    class_names: Sequence[str] = (),
) -> LatentPlane:
    """Return a widget that shows codes in a plane and draws G(z) where the pointer is.

    For d > 2, the plane is that of the first two principal components of the codes.

    Args:
        generator: a decoder or a generator, (batch, d) -> (batch, *image), values in [0, 1].
        z: (n, d), the codes of some images, for instance of the test images. At most 2000 of them,
            drawn at random, are shown.
        labels: (n,), indices into class_names. Default: all codes have the same colour.
        class_names: one name per class.

    Raises:
        ValueError: if the generator is conditional or draws no images, the codes have not its d,
            or there is not one label per code.
    """
    d = check_generator(generator)
    z = np.asarray(z)
    check_codes(z)
    if z.shape[1] != d:
        raise ValueError(f"This decoder's codes have d = {d}, not {z.shape[1]}.")
    if labels is not None:
        labels = np.asarray(labels)
        check_labels(labels, len(z), len(class_names))
    plane = plane_of(z)
    places = plane.places(z)
    some = np.random.default_rng(0).permutation(len(z))[:MOST_POINTS]
    low, high = populated_box(places, coverage=0.99)
    middle, half = (low + high) / 2, 0.55 * float(np.max(high - low)) or 1.0
    names = list(map(str, class_names)) if labels is not None else []
    colormap = plt.get_cmap("tab10" if len(names) <= 10 else "turbo", max(len(names), 10))
    quarter = half / 2
    return LatentPlane(
        generator,
        plane,
        point=tuple(middle),
        box=(*(middle - quarter), *(middle + quarter)),
        ends=(*(middle - quarter), *(middle + quarter)),
        codes=places[some].astype("float32").tobytes(),
        labels=b"" if labels is None else labels[some].astype("uint8").tobytes(),
        class_names=names,
        colors=[to_hex(colormap(i)) for i in range(len(names))],
        axis_names=list(plane.names),
        view=[*(middle - half), *(middle + half)],
    )
