"""The recipe of the upsampler of faces, the second part of a cascade.

No training sees the combinations of attributes that `data/held_out.py` holds out.
"""

from ankeras import evaluation, pictures, pretrained
from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.data import faces
from ankeras.data.captions import caption_tokenizer, draw_captions
from ankeras.data.held_out import faces_to_train_on
from ankeras.data.views import shrink
from ankeras.diffusion import DiffusionUpsampler
from ankeras.recipes.figures import bicubic, of_samples
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.recipes.text_to_image import GUIDANCE, LEARNING_RATE, SCHEDULE, STEPS
from ankeras.training.schedules import cosine_adam

import numpy as np

SHAPE = (64, 64, 3)
N_TRAIN, N_TEST = 20_000, 250


def _large_faces() -> tuple[np.ndarray]:
    return (faces_to_train_on(N_TRAIN, seed=0, size=SHAPE[0]).images,)


def _upsampler(steps: int) -> DiffusionUpsampler:
    network = get_diffusion_unet(SHAPE, image_condition=True)
    model = DiffusionUpsampler(network, lowest=0.9, schedule=SCHEDULE)
    model.compile(cosine_adam(steps, LEARNING_RATE, warmup=0.02, clip=1.0))
    return model


def _of_images(real: np.ndarray, images: np.ndarray) -> Figures:
    sharpness = evaluation.sharpness(images) / evaluation.sharpness(real[: len(images)])
    return {
        "sharpness, as a share of the true images'": {"value": sharpness},
        **of_samples(evaluation.face_reader(SHAPE[0]), real, images),
    }


def _beside_bicubic(model: DiffusionUpsampler, real: np.ndarray, small: np.ndarray) -> Figures:
    figures = _of_images(real, model.upsample(small, seed=1, steps=STEPS))
    for name, of_bicubic in _of_images(real, bicubic(small, 2)).items():
        figures[name]["bicubic"] = of_bicubic["value"]
    return figures


def _figures(model: DiffusionUpsampler) -> Figures:
    """Evaluate enlarged portraits, and enlarged pictures that were drawn for captions."""
    test = faces(2 * N_TEST, seed=1, size=SHAPE[0])
    small = shrink(test.images[:N_TEST], 2)
    captions = draw_captions(test.take(slice(N_TEST)).factors, seed=100)
    tokens = caption_tokenizer().encode(captions.texts)
    drawn = pretrained.load("faces-text-to-image").generate_for(tokens, 1, STEPS, GUIDANCE)
    of_drawn = _beside_bicubic(model, test.images, drawn)
    return {
        **_beside_bicubic(model, test.images, small),
        **{f"of drawn pictures: {name}": values for name, values in of_drawn.items()},
    }


def _enlarged(model: DiffusionUpsampler) -> pictures.Figure:
    truth = faces(8, seed=1, size=SHAPE[0]).images
    small = shrink(truth, 2)
    rows = {
        "bicubic": bicubic(small, 2),
        "upsampler": model.upsample(small, seed=1, steps=STEPS),
        "truth": truth,
    }
    return pictures.reconstructions(small.repeat(2, axis=1).repeat(2, axis=2), rows, first="small")


RECIPES = (
    Recipe(
        name="faces-upsampler",
        title="a diffusion model that enlarges faces from 32 to 64 pixels",
        data=f"{N_TRAIN:,} drawn faces of 64 pixels",
        draw=_large_faces,
        build=_upsampler,
        epochs=28,
        batch=32,
        figures=_figures,
        picture=_enlarged,
        average="network",
    ),
)
