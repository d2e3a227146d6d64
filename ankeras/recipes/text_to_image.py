"""The recipe of the diffusion model that draws faces of 32 pixels from captions.

No training sees the combinations of attributes that `data/held_out.py` holds out.
"""

import functools
from collections.abc import Callable

from ankeras import evaluation, pictures, pretrained
from ankeras.data import Dataset, faces
from ankeras.data.captions import FACTS, caption_tokenizer, draw_captions
from ankeras.data.faces import render
from ankeras.data.held_out import held_out_factors
from ankeras.evaluation.captions import stated_found
from ankeras.language import TextToImage
from ankeras.language.text_to_image import get_text_to_image_network
from ankeras.recipes.captioned_faces import N_TRAIN, SHAPE, captioned_faces
from ankeras.recipes.figures import of_samples
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np

Draw = Callable[[np.ndarray, int], np.ndarray]  # tokens of captions and a seed -> images
N_TEST, N_HELD_OUT = 300, 100  # images of a card, which the tests draw again
N_CAPTIONS = 8  # per image of the training
# Smiles and glasses appear at signal rates between .2 and .8. This schedule has 60 % of its steps
# there, the cosine schedule has 41 %.
SCHEDULE = "signal rate"
WIDTHS = (64, 128)
# With widths (48, 96), 4 minutes of training find .81 of the attributes, and .76 at a rate of 2e-3.
LEARNING_RATE = 1e-3
GUIDANCE, STEPS = 2.0, 20
SENTENCES = (
    "a smiling woman with long red hair, in a navy shirt",
    "a man with a beard and glasses, in front of a teal wall",
    "the portrait of a woman who wears a hat, does not smile",
    "man, buzz hair, dark skin, no beard, white shirt",
    "a person, with curly blond hair, smiling",  # a form that no training saw
)


def get_text_to_image(text_encoder: keras.Model) -> TextToImage:
    """Build the diffusion model of faces by caption.

    Args:
        text_encoder: `get_text_encoder(n_words, length)`. It is trained too.
    """
    network = get_text_to_image_network(SHAPE, text_encoder, widths=WIDTHS)
    return TextToImage(network, schedule=SCHEDULE)


def _text_to_image(steps: int) -> TextToImage:
    # CLIP's text encoder already tells glasses from no glasses; both are trained on the same faces
    model = get_text_to_image(pretrained.load("faces-clip").text_encoder)
    model.compile(cosine_adam(steps, LEARNING_RATE, warmup=0.02, clip=1.0))
    return model


@functools.cache
def test_faces() -> Dataset:
    """Return faces of 32 pixels that no training saw, twice as many as a card needs."""
    return faces(2 * N_TEST, seed=1, size=SHAPE[0])


def agreement(images: np.ndarray, real: np.ndarray, stated: np.ndarray) -> dict[str, float]:
    """Return the share of stated attributes that the face reader finds, with its baselines.

    Args:
        images: (n, *image), drawn for captions.
        real: (n, *image), the images that the captions were drawn for.
        stated: (n,), what the captions state.
    """
    reader = evaluation.face_reader(SHAPE[0])
    found = stated_found(reader, images, stated)
    of_real = stated_found(reader, real, stated).share
    return {"value": found.share, "real images": of_real, "by chance": found.chance}


def figures_of_captions(draw: Draw) -> Figures:
    """Return how well pictures agree with their captions, and the quality of the samples.

    Args:
        draw: (tokens (n, length), seed) -> (n, *image).
    """
    tokenizer, test = caption_tokenizer(), test_faces().take(slice(N_TEST))
    half = N_TEST // 2
    seen = draw_captions(test.take(slice(half)).factors, seed=100)
    unseen = draw_captions(test.take(slice(half, None)).factors, seed=100, unseen=True)
    drawn = draw(tokenizer.encode([*seen.texts, *unseen.texts]), 1)
    factors = held_out_factors(N_HELD_OUT, seed=1)
    held_out = draw_captions(factors, seed=100, n_facts=(len(FACTS), len(FACTS)))
    of_held_out = draw(tokenizer.encode(held_out.texts), 2)
    name = "attributes of the caption that are found in the picture"
    return {
        name: agreement(drawn[:half], test.images[:half], seen.stated),
        f"{name}, forms of captions that no training saw": agreement(
            drawn[half:], test.images[half:], unseen.stated
        ),
        f"{name}, combinations that no training saw": agreement(
            of_held_out, render(factors, SHAPE[0]), held_out.stated
        ),
        **of_samples(evaluation.face_reader(SHAPE[0]), test_faces().images, drawn),
    }


def by_sentence(draw: Draw) -> pictures.Figure:
    """Draw eight pictures for each of `SENTENCES`; `draw` as in `figures_of_captions`."""
    tokens = np.repeat(caption_tokenizer().encode(SENTENCES), 8, axis=0)
    rows = draw(tokens, 1).reshape(len(SENTENCES), 8, *SHAPE)
    return pictures.image_grid(rows, title="\n".join(SENTENCES))


def _guided(model: TextToImage) -> Draw:
    return lambda tokens, seed: model.generate_for(tokens, seed, STEPS, GUIDANCE)


DATA = (
    f"{N_TRAIN:,} drawn faces of 32 pixels, {N_CAPTIONS} captions each; "
    "the text encoder starts from that of faces-clip"
)
RECIPES = (
    Recipe(
        name="faces-text-to-image",
        title="a diffusion model of faces of 32 pixels by caption",
        data=DATA,
        draw=functools.partial(captioned_faces, N_CAPTIONS),
        build=_text_to_image,
        epochs=40,
        batch=32,
        figures=lambda model: figures_of_captions(_guided(model)),
        picture=lambda model: by_sentence(_guided(model)),
        average="network",
    ),
)
