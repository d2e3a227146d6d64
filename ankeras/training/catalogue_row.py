"""One row of the catalogue of systems, and the tiny networks that the tests build for a row.

Most systems are trained. Some are functions that run on a network that is trained already, such as
gradient ascent on its input, or on one damaged image. Their rows have no `tiny`.
"""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras

ROOT = Path(__file__).parents[2]
TINY_SHAPE, TINY_LATENT_DIM, TINY_CLASSES = (12, 12, 1), 3, 2
TINY_WORDS, TINY_LENGTH = 7, 5  # of captions: tokens in 0 ... 6, five per caption
TINY_EMBEDDING_DIM = 16  # of CLIP's embeddings, from which a prior learns


class Row(NamedTuple):
    """One system of the lectures, as its file describes it.

    Attributes:
        name: what the lectures call it.
        builds: the class or function that builds it.
        lecture: short name of the lecture, and its section.
        paper: first author and year, where the lecture follows a paper; else "".
        notebook: number of the notebook that shows it.
        learns_from: of a trained system, what `fit` is given: "x, x" (images are their own
            targets), "x" (images), "x, y" (images with labels of TINY_CLASSES classes), "x, rgb"
            (images with three channels as the targets of grey ones), "binary x" (images of 0 and
            1), "x, tokens" (images with captions of TINY_LENGTH tokens), "z, tokens" (unit vectors
            of TINY_EMBEDDING_DIM numbers with such captions), "tokens" (sequences of TINY_LENGTH
            tokens) or "tokens, tokens" (sequences with target sequences).
        tiny: of a trained system, builds it, not compiled, for images of TINY_SHAPE with a code of
            TINY_LATENT_DIM; else None.
    """

    name: str
    builds: Callable[..., Any]
    lecture: str
    paper: str
    notebook: str
    learns_from: str = ""
    tiny: Callable[[], keras.Model] | None = None

    @property
    def api(self) -> str:
        """The name of the class or function."""
        return self.builds.__name__

    @property
    def file(self) -> str:
        """The file that defines it, from the root of the repository."""
        return Path(inspect.getfile(inspect.unwrap(self.builds))).relative_to(ROOT).as_posix()
