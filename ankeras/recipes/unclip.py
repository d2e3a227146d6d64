"""The recipes of unCLIP's parts for faces: prior and decoder.

Image and text encoder are those of "faces-clip"; the text encoders are trained further. No training
sees the combinations of attributes that `data/held_out.py` holds out.
"""

import functools

from ankeras import evaluation, pictures, pretrained
from ankeras.data.captions import FACTS, Captions, caption_tokenizer, draw_captions
from ankeras.language import CLIP, Prior, UnCLIP, get_prior_network
from ankeras.language.text_to_image import get_text_to_image_network
from ankeras.recipes.captioned_faces import SENTENCES, SHAPE, captioned_faces
from ankeras.recipes.figures import of_samples
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.recipes.text_to_image import (
    DATA,
    GUIDANCE,
    LEARNING_RATE,
    N_CAPTIONS,
    N_TEST,
    SCHEDULE,
    STEPS,
    WIDTHS,
    agreement,
    test_faces,
)
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np


def _embedded_faces() -> tuple[np.ndarray, np.ndarray]:
    images, tokens = captioned_faces(N_CAPTIONS)
    return pretrained.load("faces-clip").embed_images(images), tokens


def _prior(steps: int) -> Prior:
    clip = pretrained.load("faces-clip")
    embedding_dim = clip.image_encoder.output_shape[1]
    model = Prior(get_prior_network(embedding_dim, clip.text_encoder))
    model.compile(cosine_adam(steps, 1e-3, warmup=0.02, clip=1.0))
    return model


def get_unclip(clip: CLIP, text_encoder: keras.Model) -> UnCLIP:
    """Build the decoder of unCLIP for faces.

    Args:
        clip: a trained CLIP, whose image encoder embeds.
        text_encoder: `get_text_encoder(n_words, length)`. It is trained with the decoder.
    """
    network = get_text_to_image_network(
        SHAPE, text_encoder, embedding_dim=clip.image_encoder.output_shape[1], widths=WIDTHS
    )
    return UnCLIP(clip.image_encoder, network, schedule=SCHEDULE)


def _unclip(steps: int) -> UnCLIP:
    clip = pretrained.load("faces-clip")
    model = get_unclip(clip, clip.text_encoder)
    model.compile(cosine_adam(steps, LEARNING_RATE, warmup=0.02, clip=1.0))
    return model


def _full_captions() -> Captions:
    """Return captions of the first N_TEST test faces, which state all facts."""
    factors = test_faces().take(slice(N_TEST)).factors
    return draw_captions(factors, seed=100, n_facts=(len(FACTS), len(FACTS)))


def _prior_figures(model: Prior) -> Figures:
    """Compare drawn embeddings with those of the images, for captions that state all facts."""
    clip = pretrained.load("faces-clip")
    tokens = caption_tokenizer().encode(_full_captions().texts)
    z_i, z_t = clip.embed_images(test_faces().images[:N_TEST]), clip.embed_texts(tokens)
    drawn = model.generate_for(tokens, seed=1, steps=STEPS, guidance=1.0)
    return {
        "cosine of the drawn and the true embedding": {
            "value": float(np.mean(np.sum(drawn * z_i, axis=1))),
            "drawn for another caption": float(
                np.mean(np.sum(np.roll(drawn, 1, axis=0) * z_i, axis=1))
            ),
            "the caption's own embedding": float(np.mean(np.sum(z_t * z_i, axis=1))),
        }
    }


def _nearest_portraits(model: Prior) -> pictures.Figure:
    """Draw, for embeddings that are drawn for some sentences, the portraits nearest to them."""
    images = test_faces().images
    z_i = pretrained.load("faces-clip").embed_images(images)
    tokens = np.repeat(caption_tokenizer().encode(SENTENCES), 8, axis=0)
    drawn = model.generate_for(tokens, seed=1, steps=STEPS, guidance=1.0)
    best = np.argmax(drawn @ z_i.T, axis=1).reshape(len(SENTENCES), 8)
    return pictures.image_grid(images[best], title="\n".join(SENTENCES))


def _unclip_figures(model: UnCLIP) -> Figures:
    images, stated = test_faces().images[:N_TEST], _full_captions().stated
    drawn = model.decode(model.embed_images(images), seed=1, steps=STEPS, guidance=GUIDANCE)
    return {
        "attributes of an image that are found in its variation": agreement(drawn, images, stated),
        **of_samples(evaluation.face_reader(SHAPE[0]), test_faces().images, drawn),
    }


def _variations(model: UnCLIP) -> pictures.Figure:
    images = test_faces().images[:6]
    varied = model.vary(images, 7, seed=1, steps=STEPS, guidance=GUIDANCE)
    rows = np.concatenate([images[:, None], varied], axis=1)
    return pictures.image_grid(rows, title="images and their variations")


RECIPES = (
    Recipe(
        name="faces-prior",
        title="the prior of unCLIP for faces: CLIP's embedding of an image by caption",
        data=DATA,
        draw=_embedded_faces,
        build=_prior,
        epochs=24,
        batch=64,
        figures=_prior_figures,
        picture=_nearest_portraits,
        average="network",
    ),
    Recipe(
        name="faces-unclip",
        title="the decoder of unCLIP: faces of 32 pixels by CLIP's embedding and a caption",
        data=DATA,
        draw=functools.partial(captioned_faces, N_CAPTIONS),
        build=_unclip,
        epochs=40,
        batch=32,
        figures=_unclip_figures,
        picture=_variations,
        average="network",
    ),
)
