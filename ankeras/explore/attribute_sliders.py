"""Sliders for the attributes of faces: directions by hyperplanes, with or without projections.

Source: NOTES, "Latent Space Exploration" ("the perpendicular to the hyperplane tells us the
direction in which to move", "projections to force the different directions of variation to be
orthogonal to each other"); Shen et al. 2020 (InterFaceGAN).

    z' = z + sum_i s_i t_i / (n_i^T t_i)

n_i is the normal of the hyperplane of attribute i. Without projections t_i = n_i. With projections
t_i is the part of n_i that is orthogonal to the normals of all other attributes. s_i is a distance
from hyperplane i: the change of its slider times the standard deviation of this distance over
portraits. With projections, the distances from the other hyperplanes stay the same.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from ankeras.data.faces import BINARY, CATEGORIES, RANGES, draw_factors, render
from ankeras.explore.explorer import Explorer, by_user, source
from ankeras.explore.images import check_generator, decode_quickly, encode_quickly, png
from ankeras.explore.verdict import check_reader, verdict
from ankeras.latent import Hyperplane, check_codes, hyperplane, move_to, orthogonalize
from ankeras.pictures import DPI, INK, Figure, finished

import keras
import matplotlib.pyplot as plt
import numpy as np
from traitlets import Bool, Bytes, Dict, Float, Int, List, Unicode


class AttributeSliders(Explorer):
    """The widget of `attribute_sliders`.

    Attributes:
        start: row of the code that is edited.
        own: whether the face of `factors` is edited instead.
        factors: the factors of the student's own face, name -> value, as in `data.faces`.
        strengths: one value per attribute, how far it is moved, in standard deviations of the
            codes' distances from its hyperplane.
        project: whether an edit leaves the distances from the other hyperplanes as they are.
        distances: one value per attribute, the signed distance of the edited code from its
            hyperplane in the same unit; positive on the side with the attribute.
        verdict: [attribute, answer of the face reader, its probability] for each attribute.
    """

    _esm = source("attribute_sliders")
    choices: ClassVar[tuple[str, ...]] = ("start", "own", "factors", "strengths", "project")

    start = Int(0).tag(**by_user())
    own = Bool(False).tag(**by_user())
    factors: Dict = Dict().tag(**by_user())
    strengths = List(Float()).tag(**by_user())
    project = Bool(True).tag(**by_user())
    image = Bytes().tag(sync=True)
    image_before = Bytes().tag(sync=True)
    image_own = Bytes().tag(sync=True)
    distances = List(Float()).tag(sync=True)
    verdict: List = List().tag(sync=True)
    names = List(Unicode()).tag(sync=True)
    n_codes = Int().tag(sync=True)
    controls: List = List().tag(sync=True)  # [factor, kind, values], what a drawn face is made of

    def __init__(
        self,
        generator: keras.Model,
        encoder: keras.Model | None,
        reader: keras.Model | None,
        z: np.ndarray,
        planes: Mapping[str, Hyperplane],
        **traits: Any,
    ) -> None:
        self.generator = generator
        self.encoder = encoder
        self.reader = reader
        self.z = z
        self.planes = planes
        self.spreads = [float(plane.distance(z).std()) for plane in planes.values()]
        self.projected = _projected([plane.normal for plane in planes.values()])
        super().__init__(
            names=list(planes),
            n_codes=len(z),
            strengths=[0.0] * len(planes),
            controls=_controls() if encoder is not None else [],
            factors=_first_factors(),
            **traits,
        )

    def draw(self) -> None:
        """Decode the code before and after the edit, and read the attributes of the result."""
        if len(self.strengths) != len(self.planes) or not np.isfinite(self.strengths).all():
            raise ValueError(f"{len(self.planes)} attributes need one finite strength each.")
        before, after = self.codes()
        images = decode_quickly(self.generator, np.concatenate([before, after]))
        self.image_before, self.image = map(png, images)
        self.distances = [
            float(plane.distance(after)[0]) / spread
            for plane, spread in zip(self.planes.values(), self.spreads, strict=True)
        ]
        if self.reader is not None:
            self.verdict = verdict(self.reader, images[1])

    def codes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the code before the edit and after it: each (1, d).

        Raises:
            ValueError: if there is no such row, or a factor of the own face is invalid.
        """
        if self.own:
            z = self._own_code()
        elif 0 <= self.start < len(self.z):
            z = self.z[self.start, None]
        else:
            raise ValueError(f"There are codes 0 to {len(self.z) - 1}, but no code {self.start}.")
        before = z
        edits = zip(self.planes.values(), self.projected, self.spreads, self.strengths, strict=True)
        for plane, projected, spread, strength in edits:
            along = projected if self.project else plane.normal
            z = move_to(z, plane, plane.distance(z) + spread * strength, along)
        return before, z

    def _own_code(self) -> np.ndarray:
        """Draw the portrait that the factors describe, and return its code (1, d)."""
        if self.encoder is None:
            raise ValueError("A face of your own needs an encoder, and this widget has none.")
        drawn = render(draw_factors(1, **self.factors), self.encoder.input_shape[1])
        self.image_own = png(drawn[0])
        return encode_quickly(self.encoder, drawn)

    def figure(self) -> Figure:
        """Return the face before and after the edit, with the sliders and the verdict as text."""
        figure, axes = plt.subplots(
            1, 3, figsize=(8.6, 3.4), layout="constrained", dpi=DPI, width_ratios=(1, 1, 1.3)
        )
        images = decode_quickly(self.generator, np.concatenate(self.codes()))
        for one, image, title in zip(axes, images, ("before", "after"), strict=False):
            one.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            one.set_title(title, fontsize=11, color=INK)
        lines = [f"{'attribute':12}{'moved by':>9}{'distance':>10}"]
        rows = zip(self.names, self.strengths, self.distances, strict=True)
        lines += [f"{name:12}{moved:+9.1f}{distance:+10.1f}" for name, moved, distance in rows]
        if self.verdict:
            lines += ["", "The face reader reads:"]
            lines += [f"{name:12}{answer} ({share:.0%})" for name, answer, share in self.verdict]
        axes[2].text(0, 1, "\n".join(lines), va="top", family="monospace", fontsize=7.5, color=INK)
        for one in axes:
            one.set_axis_off()
        return finished(figure)


def attribute_sliders(
    generator: keras.Model,
    z: np.ndarray,
    attributes: Mapping[str, np.ndarray],
    *,
    encoder: keras.Model | None = None,
    reader: keras.Model | None = None,
) -> AttributeSliders:
    """Return a widget with one slider per attribute, which edits an image through its code.

    A slider moves the code along the direction of the attribute's hyperplane. A checkbox makes the
    directions orthogonal to the normals of the other attributes ("projections").

    Args:
        generator: a decoder or a generator, (batch, d) -> (batch, *image), values in [0, 1].
        z: (n, d), codes with known attributes. The hyperplanes are fitted to them, and the user
            chooses among them which image is edited.
        attributes: name -> (n,), 0 or 1 for each code.
        encoder: (batch, size, size, 3) -> (batch, d). With it, the user draws a face by its
            factors and edits that face. Default: only the images of z are edited.
        reader: as `evaluation.face_reader` returns it, for images of the generator's size. Its
            verdict on the edited image is shown. Default: no verdict is shown.

    Raises:
        ValueError: if the generator is conditional or draws no images, the codes have not its d,
            there is no attribute, the reader reads images of another size, or as in
            `latent.hyperplane` and `latent.orthogonalize`.
    """
    d = check_generator(generator)
    z = np.asarray(z, "float32")
    check_codes(z)
    if z.shape[1] != d:
        raise ValueError(f"This decoder's codes have d = {d}, not {z.shape[1]}.")
    if not attributes:
        raise ValueError("Sliders need at least one attribute.")
    shape = generator.output_shape[1:]
    if encoder is not None and (encoder.input_shape[1:], encoder.output_shape[1:]) != (shape, (d,)):
        raise ValueError(
            f"The encoder must map images {shape} to codes of {d} values, not "
            f"{encoder.input_shape[1:]} to {encoder.output_shape[1:]}."
        )
    if reader is not None:
        check_reader(reader, generator)
    planes = {name: hyperplane(z, has_it) for name, has_it in attributes.items()}
    return AttributeSliders(generator, encoder, reader, z, planes)


def _projected(normals: list[np.ndarray]) -> list[np.ndarray]:
    """Return the part of each normal that is orthogonal to all others."""
    if len(normals) == 1:
        return normals
    return [
        orthogonalize(normal, normals[:i] + normals[i + 1 :]) for i, normal in enumerate(normals)
    ]


def _controls() -> list[list]:
    """Return [factor, kind, values] of each factor of a drawn face."""
    return [
        *([name, "yes or no", []] for name in BINARY),
        *([name, "one of", list(values)] for name, values in CATEGORIES.items()),
        *([name, "between", list(ends)] for name, ends in RANGES.items()),
    ]


def _first_factors() -> dict[str, Any]:
    """Return the factors of the face that a student begins with: none is extreme."""
    row = draw_factors(1, seed=3)[0]
    middles = {name: sum(ends) / 2 for name, ends in RANGES.items()}
    return {**{name: int(row[name]) for name in (*BINARY, *CATEGORIES)}, **middles}
