"""Recipes of the models of faces of 32 pixels and their captions.

No training sees the combinations of attributes that `data/held_out.py` holds out.
"""

import functools

from ankeras import evaluation, pictures
from ankeras.builders import get_encoder
from ankeras.builders.transformer import get_text_encoder
from ankeras.data import Dataset, faces
from ankeras.data.captions import FACTS, LENGTH, caption_tokenizer, draw_captions, prompts
from ankeras.data.held_out import COMBINATIONS, combination_values, faces_to_train_on
from ankeras.language import CLIP
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import numpy as np

SHAPE, EMBEDDING_DIM = (32, 32, 3), 64
N_TRAIN, N_TEST = 20_000, 2_000
N_HELD_OUT = 200  # portraits per combination
N_CAPTIONS = 4  # per image of the training


def captioned_faces(k: int = N_CAPTIONS) -> tuple[np.ndarray, np.ndarray]:
    """Return the training images, and the tokens of k captions of each image."""
    data = faces_to_train_on(N_TRAIN, seed=0, size=SHAPE[0])
    return data.images, tokens_of(data.factors, k)


def tokens_of(factors: np.ndarray | None, k: int) -> np.ndarray:
    """Return the tokens of k captions of each portrait: (n, k, length)."""
    tokenizer = caption_tokenizer()
    texts = (draw_captions(factors, seed).texts for seed in range(k))
    return np.stack([tokenizer.encode(each) for each in texts], axis=1)


@functools.cache
def _test() -> Dataset:
    return faces(N_TEST, seed=1, size=SHAPE[0])


def get_clip(seed: int = 42) -> CLIP:
    """Build CLIP for faces of 32 pixels and captions of the package's grammar."""
    n_words = caption_tokenizer().n_words
    return CLIP(
        get_encoder(SHAPE, EMBEDDING_DIM, widths=(24, 48, 96), seed=seed),
        get_text_encoder(n_words, LENGTH, 64, EMBEDDING_DIM, seed=seed),
        seed=seed,
    )


def _clip(steps: int) -> CLIP:
    model = get_clip()
    model.compile(cosine_adam(steps, 2e-3, warmup=0.02, clip=1.0))
    return model


def _clip_figures(clip: CLIP) -> Figures:
    reader, test = evaluation.face_reader(32), _test()
    of_reader = evaluation.attribute_accuracy(reader, test)
    z_i = clip.embed_images(test.images)
    zero_shot = functools.partial(evaluation.zero_shot_accuracy, z_i, clip.embed_classes)
    figures: Figures = {}
    for name in FACTS:
        figures[f"zero-shot accuracy, {name}"] = {
            "value": zero_shot(test.factors, name),
            "prompts in forms that no training saw": zero_shot(test.factors, name, unseen=True),
            **({"face reader": of_reader[name]} if name in of_reader else {}),
            "by chance": 1 / len(FACTS[name]),
        }
    for combination in COMBINATIONS:
        data = faces(N_HELD_OUT, seed=1, size=SHAPE[0], **combination)
        wanted = combination_values(combination)
        read = evaluation.read_attributes(reader, data.images)
        right = np.all([read[name] == value for name, value in wanted.items()], axis=0)
        figures[f"held out, {' '.join(map(_said, combination.items()))}"] = {
            "value": evaluation.zero_shot_accuracy(
                clip.embed_images(data.images), clip.embed_classes, data.factors, *wanted
            ),
            "face reader": float(right.mean()),
            "by chance": 1 / len(prompts(*wanted)),
        }
    captions = draw_captions(test.factors, seed=100)
    z_t = clip.embed_texts(caption_tokenizer().encode(captions.texts))
    found = evaluation.evaluate_retrieval(z_i @ z_t.T, captions, test.factors)
    figures["captions that find their image among 100"] = {
        "value": found.find_image,
        "bound": found.find_image_bound,
    }
    figures["images that find their caption among 100"] = {
        "value": found.find_caption,
        "bound": found.find_caption_bound,
    }
    return figures


def _said(item: tuple[str, int | str]) -> str:
    name, value = item
    if isinstance(value, str):
        return value
    return FACTS[name][value] if name == "woman" else name if value else f"no {name}"


SENTENCES = (
    "a smiling woman with red hair",
    "a man with glasses and a beard",
    "a person with a hat, in a coral shirt",
    "the portrait of a woman who has curly hair, wears no glasses",
    "person, buzz hair, teal wall",
)


def _found(clip: CLIP) -> pictures.Figure:
    """Draw the faces that are nearest to some sentences."""
    images = _test().images[:1000]
    z_i = clip.embed_images(images)
    z_t = clip.embed_texts(caption_tokenizer().encode(SENTENCES))
    best = np.argsort(-z_t @ z_i.T, axis=1)[:, :8]
    rows = dict(zip(SENTENCES, images[best], strict=True))
    first = SENTENCES[0]
    return pictures.reconstructions(rows.pop(first), rows, n=8, first=first)


RECIPES = (
    Recipe(
        name="faces-clip",
        title="CLIP of faces of 32 pixels and their captions, d = 64",
        data=f"{N_TRAIN:,} drawn faces of 32 pixels, {N_CAPTIONS} captions each",
        draw=captioned_faces,
        build=_clip,
        epochs=30,
        batch=128,
        figures=_clip_figures,
        picture=_found,
    ),
)
