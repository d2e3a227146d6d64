"""Whether pictures have what their captions say, and whether images and captions find each other.

Captions are drawn by a grammar (`data/captions.py`), so what they state is known. The face reader
reads what is in a picture. It reads neither the colour of the eyes nor where the face looks: these
facts are left out.

Source: AN2DL, "The GAN ZOO"; ATIV, "CLIP".
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ankeras.data.captions import (
    NOT_STATED,
    Captions,
    are_true_of,
    caption_tokenizer,
    facts,
    log_probability,
    prompts,
)
from ankeras.evaluation.readers import ATTRIBUTES, read_attributes

import keras
import numpy as np


class StatedFound(NamedTuple):
    """How many of the attributes that captions state are found in pictures; shares in [0, 1].

    Attributes:
        share: of all attributes that all captions state, how many the reader finds.
        chance: the same if the pictures were exchanged at random.
        whole: share of the captions of which all stated attributes are found.
        by_attribute, chance_by_attribute: `share` and `chance` of each attribute that is stated.
    """

    share: float
    chance: float
    whole: float
    by_attribute: dict[str, float]
    chance_by_attribute: dict[str, float]


def stated_found(reader: keras.Model, images: np.ndarray, stated: np.ndarray) -> StatedFound:
    """Return how many of the attributes that captions state are found in their pictures.

    Compare it with the result for real images with the same captions: the reader errs too.

    Args:
        reader: as `face_reader` returns it.
        images: (n, height, width, 3), the picture of each caption, as in `read_attributes`.
        stated: (n,), what each caption states, as in `data.captions.Captions`.

    Raises:
        ValueError: if there is not one picture per caption, no caption states an attribute that is
            read, or as in `read_attributes`.
    """
    if len(stated) != len(images):
        raise ValueError(f"{len(stated)} captions need as many pictures, not {len(images)}.")
    read = read_attributes(reader, images)
    said = {name: stated[name] != NOT_STATED for name in ATTRIBUTES}
    said = {name: rows for name, rows in said.items() if rows.any()}
    if not said:
        raise ValueError("No caption states an attribute that the face reader reads.")
    found, chance, wrong = {}, {}, np.zeros(len(stated), bool)
    for name, rows in said.items():
        equal = read[name] == stated[name]
        wrong |= rows & ~equal
        found[name] = float(equal[rows].mean())
        shares = [
            np.bincount(x, minlength=ATTRIBUTES[name]) / len(x)
            for x in (stated[name][rows], read[name])
        ]
        chance[name] = float(shares[0] @ shares[1])
    counts = {name: rows.sum() / sum(map(np.sum, said.values())) for name, rows in said.items()}
    return StatedFound(
        share=float(sum(counts[name] * found[name] for name in said)),
        chance=float(sum(counts[name] * chance[name] for name in said)),
        whole=float(1 - wrong.mean()),
        by_attribute=found,
        chance_by_attribute=chance,
    )


def zero_shot_accuracy(
    z_i: np.ndarray,
    embed_classes: Callable[[Sequence[np.ndarray]], np.ndarray],
    factors: np.ndarray,
    *names: str,
    unseen: bool = False,
) -> float:
    """Return the share of portraits whose facts are found among all values, by prompts alone.

    Args:
        z_i: the vectors of the portraits, (n, d): `clip.embed_images(images)`.
        embed_classes: the tokens of the prompts of each class -> the vectors of the classes:
            `clip.embed_classes`.
        factors: table of factors of the portraits, (n,).
        *names: of `data.captions.FACTS`. Of several facts, all must be right at once.
        unseen: whether the prompts have the forms that no training saw.

    Raises:
        ValueError: if there is not one vector per portrait.
    """
    if len(z_i) != len(factors):
        raise ValueError(f"{len(factors)} portraits need as many vectors, not {len(z_i)}.")
    tokenizer, true = caption_tokenizer(), facts(factors)
    described = prompts(*names, unseen=unseen)
    classes = embed_classes([tokenizer.encode(texts) for texts in described.values()])
    values = np.array(list(described))[(z_i @ classes.T).argmax(axis=1)]
    return float(np.mean(np.all([values[:, i] == true[n] for i, n in enumerate(names)], axis=0)))


class Retrieval(NamedTuple):
    """How often the right one of some candidates is the most similar one; shares in [0, 1].

    A caption can be true of several of the images, so no method reaches 1. The bounds are what a
    method reaches on average that knows all facts of each image, and the probability of each fact.

    Attributes:
        among: number of candidates; by chance, the right one is found in 1 / among of the cases.
        find_image: share of the captions that find their image.
        find_image_bound: the bound of it.
        find_caption: share of the images that find their caption.
        find_caption_bound: the bound of it.
    """

    among: int
    find_image: float
    find_image_bound: float
    find_caption: float
    find_caption_bound: float


def evaluate_retrieval(
    similarity: np.ndarray, captions: Captions, factors: np.ndarray, among: int = 100
) -> Retrieval:
    """Return how often captions find their images, and images their captions.

    Pairs are divided into groups of `among`. Of captions with the same text, the first is kept.

    Args:
        similarity: (n, n), row i: image i; column j: caption j.
        captions: as `draw_captions(factors)` returns them, the caption of each image.
        factors: table of factors of the images, (n,).
        among: number of pairs per group.

    Raises:
        ValueError: if the sizes differ, or fewer than `among` captions differ.
    """
    n = len(factors)
    if similarity.shape != (n, n) or len(captions.texts) != n:
        raise ValueError(
            f"{n} images and {len(captions.texts)} captions need a square of similarities, not an "
            f"array of shape {similarity.shape}."
        )
    _, rows = np.unique(captions.texts, return_index=True)
    rows = np.sort(rows)
    groups = [rows[i : i + among] for i in range(0, len(rows) - among + 1, among)]
    if not groups:
        raise ValueError(f"Only {len(rows)} captions differ, fewer than {among}.")
    found = []
    for group in groups:
        right = np.arange(among)
        s = similarity[np.ix_(group, group)]
        stated = captions.stated[group]
        # p(y | x) / p(y): 0 if the caption is not true, else 1 / the probability of its facts
        ratio = are_true_of(stated, factors[group]).T / np.exp(log_probability(stated))
        found.append(
            (
                np.mean(s.argmax(axis=0) == right),
                np.mean(ratio.max(axis=0) / ratio.sum(axis=0)),
                np.mean(s.argmax(axis=1) == right),
                np.mean(ratio.max(axis=1) / ratio.sum(axis=1)),
            )
        )
    return Retrieval(among, *(float(share) for share in np.mean(found, axis=0)))
