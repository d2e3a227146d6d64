"""Arithmetic with the codes of clicked examples: concept 1 - concept 2 + concept 3.

Source: AN2DL, "Perform some arithmetic"; ATIV, "Latent space arithmetic", "pixel space
arithmetic"; Radford et al. 2016, figure 7.

    z_4 = mean(z_1) - mean(z_2) + mean(z_3)
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from ankeras import latent
from ankeras.explore.explorer import Explorer, by_user, source
from ankeras.explore.images import check_generator, decode_quickly, png, tiles
from ankeras.explore.verdict import check_reader, verdict
from ankeras.pictures import Figure, image_grid
from ankeras.pictures import arithmetic as arithmetic_figure

import keras
import numpy as np
from traitlets import Bytes, Int, List, Unicode

ROWS, COLUMNS = 4, 12  # examples that are shown at a time
PAGE = ROWS * COLUMNS
NEIGHBOURS = 9  # the result and copies with noise around it, 3 x 3


class Arithmetic(Explorer):
    """The widget of `arithmetic`.

    Attributes:
        chosen: three lists of rows of z, the examples of the three concepts.
        page: which of the codes are shown, 48 at a time.
        noise: seed of the noise of the neighbours.
        result: the decoded neighbours of the result as a PNG file of 3 x 3 images, the result
            itself in the middle; empty until each concept has an example.
        verdict: [attribute, answer of the face reader, its probability] for the result.
    """

    _esm = source("arithmetic")
    choices: ClassVar[tuple[str, ...]] = ("chosen", "page", "noise")

    chosen = List(List(Int()), [[], [], []]).tag(**by_user())
    page = Int(0).tag(**by_user())
    noise = Int(0).tag(**by_user())
    examples = Bytes().tag(sync=True)
    average_1 = Bytes().tag(sync=True)
    average_2 = Bytes().tag(sync=True)
    average_3 = Bytes().tag(sync=True)
    result = Bytes().tag(sync=True)
    of_pixels = Bytes().tag(sync=True)
    verdict: List = List().tag(sync=True)
    captions = List(Unicode()).tag(sync=True)  # of the examples that are shown
    n_codes = Int().tag(sync=True)
    columns = Int(COLUMNS).tag(sync=True)
    page_size = Int(PAGE).tag(sync=True)

    def __init__(
        self,
        generator: keras.Model,
        reader: keras.Model | None,
        z: np.ndarray,
        all_captions: Sequence[str],
        **traits: Any,
    ) -> None:
        self.generator = generator
        self.reader = reader
        self.z = z
        self.all_captions = list(all_captions)
        self._shown = -1
        super().__init__(n_codes=len(z), **traits)

    def draw(self) -> None:
        """Decode the examples of the page, the averages and the result."""
        self._draw_examples()
        codes = self.codes()
        averages = [latent.concept(z) for z in codes if len(z)]
        drawn = iter(decode_quickly(self.generator, np.stack(averages)) if averages else ())
        self.average_1, self.average_2, self.average_3 = (
            png(next(drawn)) if len(z) else b"" for z in codes
        )
        if len(averages) < len(codes):
            self.result, self.of_pixels, self.verdict = b"", b"", []
            return
        neighbours = latent.neighbours(latent.arithmetic(*codes), NEIGHBOURS, seed=self.noise)
        images = decode_quickly(self.generator, neighbours)
        self.result = png(tiles(images.reshape(3, 3, *images.shape[1:])))
        self.of_pixels = png(
            latent.pixel_arithmetic(*(decode_quickly(self.generator, z) for z in codes))
        )
        if self.reader is not None:
            self.verdict = verdict(self.reader, images[NEIGHBOURS // 2])

    def codes(self) -> list[np.ndarray]:
        """Return the codes of the examples of each concept: three arrays (k, d).

        Raises:
            ValueError: if there are not three concepts, or a row is none of z.
        """
        if len(self.chosen) != 3:
            raise ValueError(f"Arithmetic needs 3 concepts, not {len(self.chosen)}.")
        rows = [row for concept in self.chosen for row in concept]
        if rows and not 0 <= min(rows) <= max(rows) < len(self.z):
            raise ValueError(f"Examples are rows 0 to {len(self.z) - 1} of the codes.")
        return [self.z[np.array(concept, int)] for concept in self.chosen]

    def _draw_examples(self) -> None:
        n_pages = -(-len(self.z) // PAGE)
        if not 0 <= self.page < n_pages:
            raise ValueError(f"There are pages 0 to {n_pages - 1}, but no page {self.page}.")
        if self.page == self._shown:
            return
        rows = slice(self.page * PAGE, (self.page + 1) * PAGE)
        images = decode_quickly(self.generator, self.z[rows])
        blank = np.ones((-len(images) % COLUMNS, *images.shape[1:]), "float32")
        images = np.concatenate([images, blank]).reshape(-1, COLUMNS, *images.shape[1:])
        self.examples = png(tiles(images))
        self.captions = self.all_captions[rows]
        self._shown = self.page

    def figure(self) -> Figure:
        """Return the arithmetic as a figure, or the first examples if a concept has none yet."""
        codes = self.codes()
        if not all(map(len, codes)):
            shown = decode_quickly(self.generator, self.z[:PAGE])
            title = "arithmetic: examples to choose from"
            return image_grid(shown, title=title, columns=COLUMNS)
        images = [decode_quickly(self.generator, z) for z in codes]
        averages = np.stack([latent.concept(z) for z in codes])
        neighbours = latent.neighbours(latent.arithmetic(*codes), NEIGHBOURS, seed=self.noise)
        return arithmetic_figure(
            {f"concept {i + 1}": examples for i, examples in enumerate(images)},
            decode_quickly(self.generator, averages),
            decode_quickly(self.generator, neighbours),
            latent.pixel_arithmetic(*images),
        )


def arithmetic(
    generator: keras.Model,
    z: np.ndarray,
    *,
    captions: Sequence[str] | None = None,
    reader: keras.Model | None = None,
    chosen: Sequence[Sequence[int]] = ((), (), ()),
) -> Arithmetic:
    """Return a widget in which examples of three concepts are clicked: 1 - 2 + 3.

    It shows the average of each concept, the result with its neighbours, and the same arithmetic
    on pixels.

    Args:
        generator: a decoder or a generator, (batch, d) -> (batch, *image), values in [0, 1].
        z: (n, d), the codes of the images to choose from.
        captions: n descriptions of the images, shown as tooltips. Default: their numbers.
        reader: as `evaluation.face_reader` returns it, for images of the generator's size. Its
            verdict on the result is shown. Default: no verdict is shown.
        chosen: three lists of rows of z, the examples to begin with.

    Raises:
        ValueError: if the generator is conditional or draws no images, the codes have not its d,
            there is not one caption per code, the reader reads images of another size, or a row
            is none of z.
    """
    d = check_generator(generator)
    z = np.asarray(z, "float32")
    latent.check_codes(z)
    if z.shape[1] != d:
        raise ValueError(f"This decoder's codes have d = {d}, not {z.shape[1]}.")
    captions = [f"image {i}" for i in range(len(z))] if captions is None else captions
    if len(captions) != len(z):
        raise ValueError(f"{len(z)} codes need {len(z)} captions, not {len(captions)}.")
    if reader is not None:
        check_reader(reader, generator)
    widget = Arithmetic(generator, reader, z, captions, chosen=[list(map(int, c)) for c in chosen])
    if widget.message:
        raise ValueError(widget.message)
    return widget
