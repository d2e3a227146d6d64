"""Recipes of the GANs that know captions: from text to image, and from an image to tags.

Both take the encoders of "faces-clip". No training sees the combinations of attributes that
`data/held_out.py` holds out.
"""

import functools

from ankeras import pictures, pretrained
from ankeras.builders import get_generator
from ankeras.data.captions import FACTS, are_true_of, caption_tokenizer, stated_by, tags
from ankeras.data.held_out import faces_to_train_on
from ankeras.gans import GAN
from ankeras.language import (
    ImageTags,
    TextToImageGAN,
    get_caption_discriminator,
    get_tag_discriminator,
    get_tag_generator,
)
from ankeras.recipes.captioned_faces import N_TRAIN, SHAPE, captioned_faces
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.recipes.text_to_image import (
    N_CAPTIONS,
    N_TEST,
    by_sentence,
    figures_of_captions,
    test_faces,
)
from ankeras.training.schedules import cosine_adam

import numpy as np

WIDTHS, LATENT_DIM = (32, 64, 128), 64
N_DRAWN = 100  # vectors of tags per image


def get_text_gan(seed: int = 42) -> TextToImageGAN:
    """Build the text-to-image GAN for faces of 32 pixels."""
    text_encoder = pretrained.load("faces-clip").text_encoder
    d = text_encoder.outputs[1].shape[-1]
    return TextToImageGAN(
        get_generator(LATENT_DIM, SHAPE, widths=WIDTHS, condition_dim=d, seed=seed),
        get_caption_discriminator(SHAPE, d, widths=WIDTHS, seed=seed),
        text_encoder,
        r1=1.0,
        seed=seed,
    )


def _two_optimizers(model: GAN, steps: int) -> None:
    model.compile(*(cosine_adam(steps, 1e-3, beta_1=0.5, end=0.02) for _ in range(2)))


def _text_gan(steps: int) -> TextToImageGAN:
    model = get_text_gan()
    _two_optimizers(model, steps)
    return model


def _tagged_faces() -> tuple[np.ndarray, np.ndarray]:
    """Return the training images, and the tokens of all tags that are true of each."""
    data = faces_to_train_on(N_TRAIN, seed=0, size=SHAPE[0])
    return data.images, true_tags(data.targets["factors"])


def true_tags(factors: np.ndarray) -> np.ndarray:
    """Return the tokens of the tags that are true of portraits, one per fact: (n, 12, length)."""
    texts = tags()
    true = are_true_of(stated_by(texts), factors).T
    return caption_tokenizer().encode(texts)[np.nonzero(true)[1].reshape(-1, len(FACTS))]


def get_image_tags(seed: int = 42) -> ImageTags:
    """Build the GAN of tags for faces of 32 pixels."""
    clip = pretrained.load("faces-clip")
    d = clip.text_encoder.outputs[1].shape[-1]
    return ImageTags(
        get_tag_generator(32, d, d, seed=seed),
        get_tag_discriminator(d, d, seed=seed),
        clip.image_encoder,
        clip.text_encoder,
        r1=0.3,
        seed=seed,
    )


def _tags(steps: int) -> ImageTags:
    model = get_image_tags()
    _two_optimizers(model, steps)
    return model


def tag_figures(model: ImageTags, images: np.ndarray, factors: np.ndarray) -> Figures:
    """Return how many of the drawn tags are true, and how many of the true ones are drawn.

    Args:
        model: draws 100 vectors of tags for each image.
        images: (n, *image), portraits.
        factors: their factors.
    """
    texts = tags()
    true = are_true_of(stated_by(texts), factors).T
    counts = model.count_tags(images, caption_tokenizer().encode(texts), n=N_DRAWN)
    frequency = true.mean(axis=0) / len(FACTS)
    often = np.argsort(-counts, axis=1, kind="stable")[:, : len(FACTS)]
    return {
        "drawn tags that are true": {
            "value": float((counts * true).sum() / counts.sum()),
            "by chance": float(np.mean(true @ frequency)),
        },
        f"true ones among the {len(FACTS)} tags that are drawn most often": {
            "value": float(np.take_along_axis(true, often, axis=1).mean()),
            "by chance": float(true.mean()),
        },
        "true tags that are drawn at least once": {
            "value": float(((counts > 0) & true).sum() / true.sum())
        },
    }


def _figures_of_tags(model: ImageTags) -> Figures:
    test = test_faces().take(slice(N_TEST))
    return tag_figures(model, test.images, test.targets["factors"])


def _drawn_tags(model: ImageTags) -> pictures.Figure:
    """Draw some portraits, each with the six tags that are drawn most often."""
    texts = tags()
    images = test_faces().images[:4]
    counts = model.count_tags(images, caption_tokenizer().encode(texts), n=N_DRAWN)
    titles = ["\n".join(texts[i] for i in np.argsort(-row)[:6]) for row in counts]
    return pictures.gallery(list(images), titles, cell=3)


RECIPES = (
    Recipe(
        name="faces-text-gan",
        title="a text-to-image GAN of faces of 32 pixels",
        data=f"{N_TRAIN:,} drawn faces of 32 pixels, {N_CAPTIONS} captions each",
        draw=functools.partial(captioned_faces, N_CAPTIONS),
        build=_text_gan,
        epochs=28,
        batch=64,
        figures=lambda model: figures_of_captions(model.generate_for),
        picture=lambda model: by_sentence(model.generate_for),
        average="generator",
    ),
    Recipe(
        name="faces-tags",
        title="a conditional GAN that draws tags for faces of 32 pixels",
        data=f"{N_TRAIN:,} drawn faces of 32 pixels, {len(FACTS)} tags each",
        draw=_tagged_faces,
        build=_tags,
        epochs=20,
        batch=128,
        figures=_figures_of_tags,
        picture=_drawn_tags,
        average="generator",
    ),
)
