"""Recipes of the models that draw faces from captions, directly and by unCLIP.

No training sees the combinations of attributes that `data/held_out.py` holds out. unCLIP needs the
image encoder of "faces-clip", and its decoder begins with the weights of "faces-text-to-image".
"""

import functools

from ankeras import evaluation, pictures, pretrained
from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.builders.transformer import get_text_encoder
from ankeras.data import Dataset, faces
from ankeras.data.captions import FACTS, LENGTH, caption_tokenizer, draw_captions
from ankeras.data.faces import draw_factors, render
from ankeras.data.held_out import faces_to_train_on, held_out_factors
from ankeras.data.views import shrink
from ankeras.diffusion import DiffusionUpsampler
from ankeras.evaluation.captions import stated_found
from ankeras.language import Prior, TextToImage, UnCLIP, get_prior_network
from ankeras.language.text_to_image import get_text_to_image_network
from ankeras.recipes.captioned_faces import N_TRAIN, SHAPE, captioned_faces
from ankeras.recipes.figures import of_samples
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import numpy as np

N_TEST, N_HELD_OUT = 1_000, 250
N_CAPTIONS = 8  # per image of the training
GUIDANCE, STEPS = 2.0, 20
SENTENCES = (
    "a smiling woman with long red hair, in a navy shirt",
    "a man with a beard and glasses, in front of a teal wall",
    "the portrait of a woman who wears a hat, does not smile",
    "man, buzz hair, dark skin, no beard, white shirt",
    "a person, with curly blond hair, smiling",  # a form that no training saw
)


def _text_to_image(steps: int) -> TextToImage:
    text_encoder = get_text_encoder(caption_tokenizer().n_words, LENGTH, depth=1)
    model = TextToImage(get_text_to_image_network(SHAPE, text_encoder, n_blocks=1))
    model.compile(cosine_adam(steps, 1e-3, warmup=0.02, clip=1.0))
    return model


def _embedded_faces() -> tuple[np.ndarray, np.ndarray]:
    images, tokens = captioned_faces(N_CAPTIONS)
    return pretrained.load("faces-clip").embed_images(images), tokens


def _prior(steps: int) -> Prior:
    text_encoder = get_text_encoder(caption_tokenizer().n_words, LENGTH, depth=1)
    embedding_dim = pretrained.load("faces-clip").image_encoder.output_shape[1]
    model = Prior(get_prior_network(embedding_dim, text_encoder))
    model.compile(cosine_adam(steps, 1e-3, warmup=0.02, clip=1.0))
    return model


def _unclip(steps: int) -> UnCLIP:
    image_encoder = pretrained.load("faces-clip").image_encoder
    text_encoder = get_text_encoder(caption_tokenizer().n_words, LENGTH, depth=1)
    network = get_text_to_image_network(
        SHAPE, text_encoder, embedding_dim=image_encoder.output_shape[1], n_blocks=1
    )
    model = UnCLIP(image_encoder, network)
    model.start_from(pretrained.load("faces-text-to-image"))
    model.compile(cosine_adam(steps, 1e-3, warmup=0.02, clip=1.0))
    return model


def _large_faces() -> tuple:
    return (faces_to_train_on(N_TRAIN, seed=0, size=2 * SHAPE[0]).images,)


def _upsampler(steps: int) -> DiffusionUpsampler:
    shape = (2 * SHAPE[0], 2 * SHAPE[1], SHAPE[2])
    model = DiffusionUpsampler(get_diffusion_unet(shape, n_blocks=1, image_condition=True))
    model.compile(cosine_adam(steps, 1e-3, warmup=0.02, clip=1.0))
    return model


@functools.cache
def _test(size: int = SHAPE[0]) -> Dataset:
    return faces(2 * N_TEST, seed=1, size=size)


def _test_factors() -> np.ndarray:
    return draw_factors(N_TEST, seed=1)


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


def _text_to_image_figures(model: TextToImage) -> Figures:
    tokenizer, test = caption_tokenizer(), _test().take(slice(N_TEST))
    half = N_TEST // 2
    seen = draw_captions(_test_factors()[:half], seed=100)
    unseen = draw_captions(_test_factors()[half:], seed=100, unseen=True)
    tokens = tokenizer.encode([*seen.texts, *unseen.texts])
    drawn = model.generate_for(tokens, seed=1, steps=STEPS, guidance=GUIDANCE)
    factors = held_out_factors(N_HELD_OUT, seed=1)
    held_out = draw_captions(factors, seed=100, n_facts=(len(FACTS), len(FACTS)))
    of_held_out = model.generate_for(
        tokenizer.encode(held_out.texts), seed=2, steps=STEPS, guidance=GUIDANCE
    )
    name = "attributes of the caption that are found in the picture"
    return {
        name: agreement(drawn[:half], test.images[:half], seen.stated),
        f"{name}, forms of captions that no training saw": agreement(
            drawn[half:], test.images[half:], unseen.stated
        ),
        f"{name}, combinations that no training saw": agreement(
            of_held_out, render(factors, SHAPE[0]), held_out.stated
        ),
        **of_samples(evaluation.face_reader(SHAPE[0]), _test().images, drawn),
    }


def _by_sentence(model: TextToImage) -> pictures.Figure:
    tokens = np.repeat(caption_tokenizer().encode(SENTENCES), 8, axis=0)
    images = model.generate_for(tokens, seed=1, steps=STEPS, guidance=GUIDANCE)
    rows = images.reshape(len(SENTENCES), 8, *SHAPE)
    return pictures.image_grid(rows, title="\n".join(SENTENCES))


def _prior_figures(model: Prior) -> Figures:
    """Compare drawn embeddings with those of the images, for captions that state all facts."""
    test, clip = _test().take(slice(N_TEST)), pretrained.load("faces-clip")
    captions = draw_captions(_test_factors(), seed=100, n_facts=(len(FACTS), len(FACTS)))
    tokens = caption_tokenizer().encode(captions.texts)
    z_i, z_t = clip.embed_images(test.images), clip.embed_texts(tokens)
    drawn = model.generate_for(tokens, seed=1, steps=STEPS, guidance=1.0)
    return {
        "cosine of the drawn and the true embedding": {
            "value": float(np.mean(np.sum(drawn * z_i, axis=1))),
            "another image's": float(np.mean(np.sum(drawn * np.roll(z_i, 1, axis=0), axis=1))),
            "the caption's own embedding": float(np.mean(np.sum(z_t * z_i, axis=1))),
        }
    }


def _of_two_images(model: Prior) -> pictures.Figure:
    """Draw the cosines of drawn embeddings with those of the true and of another image."""
    test, clip = _test().take(slice(200)), pretrained.load("faces-clip")
    captions = draw_captions(_test_factors()[:200], seed=100, n_facts=(len(FACTS), len(FACTS)))
    drawn = model.generate_for(caption_tokenizer().encode(captions.texts), seed=1, guidance=1.0)
    return pictures.code_histograms(drawn @ clip.embed_images(test.images).T[:, :8])


def _unclip_figures(model: UnCLIP) -> Figures:
    test = _test().take(slice(N_TEST))
    captions = draw_captions(_test_factors(), seed=100, n_facts=(len(FACTS), len(FACTS)))
    z_i = model.embed_images(test.images)
    drawn = model.decode(z_i, seed=1, steps=STEPS, guidance=GUIDANCE)
    found = agreement(drawn, test.images, captions.stated)
    return {
        "attributes of an image that are found in its variation": found,
        **of_samples(evaluation.face_reader(SHAPE[0]), _test().images, drawn),
    }


def _variations(model: UnCLIP) -> pictures.Figure:
    images = _test().images[:6]
    varied = model.vary(images, 7, seed=1, steps=STEPS, guidance=GUIDANCE)
    rows = np.concatenate([images[:, None], varied], axis=1)
    return pictures.image_grid(rows, title="images and their variations")


def _upsampler_figures(model: DiffusionUpsampler) -> Figures:
    test = _test(2 * SHAPE[0])
    small = shrink(test.images[:N_TEST], 2)
    large = model.upsample(small, seed=1, steps=STEPS)
    return of_samples(evaluation.face_reader(2 * SHAPE[0]), test.images, large)


def _enlarged(model: DiffusionUpsampler) -> pictures.Figure:
    truth = _test(2 * SHAPE[0]).images[:8]
    small = shrink(truth, 2)
    rows = {"upsampler": model.upsample(small, seed=1, steps=STEPS), "truth": truth}
    return pictures.reconstructions(small.repeat(2, axis=1).repeat(2, axis=2), rows, first="small")


_DATA = f"{N_TRAIN:,} drawn faces of 32 pixels, {N_CAPTIONS} captions each"
RECIPES = (
    Recipe(
        name="faces-text-to-image",
        title="a diffusion model of faces of 32 pixels by caption",
        data=_DATA,
        draw=functools.partial(captioned_faces, N_CAPTIONS),
        build=_text_to_image,
        epochs=20,
        batch=32,
        figures=_text_to_image_figures,
        picture=_by_sentence,
        average="network",
    ),
    Recipe(
        name="faces-prior",
        title="the prior of unCLIP for faces: CLIP's embedding of an image from a caption",
        data=_DATA,
        draw=_embedded_faces,
        build=_prior,
        epochs=20,
        batch=64,
        figures=_prior_figures,
        picture=_of_two_images,
        average="network",
    ),
    Recipe(
        name="faces-unclip",
        title="the decoder of unCLIP: faces of 32 pixels from CLIP's embedding and a caption",
        data=_DATA,
        draw=functools.partial(captioned_faces, N_CAPTIONS),
        build=_unclip,
        epochs=6,
        batch=32,
        figures=_unclip_figures,
        picture=_variations,
        average="network",
    ),
    Recipe(
        name="faces-upsampler",
        title="a diffusion model that enlarges faces from 32 to 64 pixels",
        data=f"{N_TRAIN:,} drawn faces of 64 pixels",
        draw=_large_faces,
        build=_upsampler,
        epochs=4,
        batch=32,
        figures=_upsampler_figures,
        picture=_enlarged,
        average="network",
    ),
)
