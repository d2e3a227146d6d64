"""The digit classifier and the face reader, which read generated images.

Both are pretrained models of this package, trained on images drawn by `ankeras.data`, with seeds
that `load` does not use.

    print(evaluation.evaluate_samples(evaluation.digit_classifier(), real, fake))
    hats = evaluation.read_attributes(evaluation.face_reader(), images)["hat"]
"""

import functools

from ankeras import pretrained
from ankeras.data import Dataset
from ankeras.data.captions import SKIN_TONES, facts
from ankeras.data.faces import BINARY, CATEGORIES
from ankeras.evaluation.classifiers import probabilities

import keras
import numpy as np

READERS = {32: "faces-reader-32", 64: "faces-reader"}  # pixels -> pretrained model
# The colour of the eyes is left out: in 32 pixels, an iris is smaller than one pixel.
ATTRIBUTES: dict[str, int] = {  # name of the factor -> number of classes
    **dict.fromkeys(BINARY, 2),
    **{name: len(CATEGORIES[name]) for name in CATEGORIES if name != "eye_color"},
    "skin": len(SKIN_TONES),
}
DTYPE = np.dtype([(name, np.int64) for name in ATTRIBUTES])


@functools.cache
def digit_classifier() -> keras.Model:
    """Return the pretrained classifier of digits, (batch, 28, 28, 1) -> (batch, 10) probabilities.

    Each call returns the same model.
    """
    return pretrained.load("digits-classifier")


@functools.cache
def face_reader(size: int = 32) -> keras.Model:
    """Return the pretrained face reader, (batch, size, size, 3) -> {attribute: (batch, classes)}.

    Its outputs are probabilities, and its layer "features" is a model with 128 outputs. So
    `evaluate_samples` accepts it as a classifier. Each call returns the same model.

    Args:
        size: side of the images that it reads, in pixels: 32 or 64. Of larger faces, blocks of
            pixels are averaged. The reader of 64 pixels sees blur that is not visible in 32.

    Raises:
        ValueError: for another size.
    """
    if size not in READERS:
        raise ValueError(f"There are face readers for 32 and 64 pixels, not for {size}.")
    return pretrained.load(READERS[size])


def read_attributes(reader: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the attributes that a face reader reads from portraits.

    Args:
        reader: as `face_reader` returns it.
        images: (n, height, width, 3), whose sides are those that the reader reads or a multiple of
            them; values in [0, 1].

    Returns:
        A structured array (n,) with one int64 field for each of `ATTRIBUTES`. Compare it with
        `true_attributes(data.factors)`. All fields but skin have the values of `Dataset.factors`;
        skin is an index into `SKIN_TONES`.

    Raises:
        ValueError: if the images have another shape, or a value is not in [0, 1].
    """
    answers = probabilities(reader, images)
    table = np.empty(len(images), DTYPE)
    for name in ATTRIBUTES:
        table[name] = answers[name].argmax(axis=1)
    return table


def true_attributes(factors: np.ndarray | None) -> np.ndarray:
    """Return what a perfect face reader reads: factors (n,) -> a table as of `read_attributes`.

    Raises:
        ValueError: if there are no factors.
    """
    if factors is None:
        raise ValueError("The true attributes of these images are not known: they have no factors.")
    table, true = np.empty(len(factors), DTYPE), facts(factors)
    for name in ATTRIBUTES:
        table[name] = true[name]
    return table


def attribute_accuracy(reader: keras.Model, data: Dataset) -> dict[str, float]:
    """Return the share of portraits whose attribute is read correctly: name -> share in [0, 1].

    Raises:
        ValueError: if the data has no factors, or as in `read_attributes`.
    """
    wanted = true_attributes(data.factors)
    found = read_attributes(reader, data.images)
    return {name: float(np.mean(found[name] == wanted[name])) for name in ATTRIBUTES}
