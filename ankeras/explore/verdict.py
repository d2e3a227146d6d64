"""What a face reader says of images, in words."""

from collections.abc import Mapping

from ankeras.data.captions import in_words
from ankeras.data.faces import CATEGORIES
from ankeras.evaluation import ATTRIBUTES, SKIN_TONES
from ankeras.explore.images import compiled_call

import keras
import numpy as np

ANSWERS = {**CATEGORIES, "skin": SKIN_TONES}  # attribute -> its values in words


def verdict(reader: keras.Model, image: np.ndarray) -> list[list]:
    """Return [attribute, answer, probability of the answer] for each attribute.

    Args:
        reader: as `evaluation.face_reader` returns it.
        image: (height, width, 3) in [0, 1], of the size that the reader reads.
    """
    shares = compiled_call(reader, image[None])
    found = []
    for name in ATTRIBUTES:
        share = np.asarray(shares[name])[0]
        best = int(share.argmax())
        answer = ANSWERS.get(name, ("no", "yes"))[best]
        found.append([name.replace("_", " "), answer, float(share[best])])
    return found


def stated_verdict(
    reader: keras.Model, images: np.ndarray, stated: Mapping[str, int]
) -> list[list[list]]:
    """Return [whether it is found, a sentence] for each image and each attribute that is stated.

    Args:
        reader: as `evaluation.face_reader` returns it.
        images: (n, height, width, 3) in [0, 1], of the size that the reader reads.
        stated: attribute -> index of its value. What the reader does not read is left out.
    """
    shares = compiled_call(reader, images)
    verdicts: list[list[list]] = [[] for _ in images]
    for name, value in stated.items():
        if name not in ATTRIBUTES:
            continue
        for row, read in zip(verdicts, np.asarray(shares[name]).argmax(axis=1), strict=True):
            answer = "found" if read == value else f"not found (read: {in_words(name, int(read))})"
            row.append([bool(read == value), f"{in_words(name, value)}: {answer}"])
    return verdicts


def check_reader(reader: keras.Model, generator: keras.Model) -> None:
    """Raise a ValueError unless the reader is a face reader for the images of the generator."""
    shape = generator.output_shape[1:]
    if reader.input_shape[1:] != shape:
        raise ValueError(
            f"This face reader reads images of shape {reader.input_shape[1:]}, "
            f"but the generator draws {shape}."
        )
    outputs = reader.output if isinstance(reader.output, dict) else {}
    missing = [name for name in ATTRIBUTES if name not in outputs]
    if missing:
        raise ValueError(
            f"{reader.name!r} has no output {missing[0]!r}: take evaluation.face_reader(size)."
        )
