"""Recipes of the models that translate faces: pix2pix, CycleGAN and super-resolution."""

import functools
from typing import Any

from ankeras import evaluation, pictures
from ankeras.builders.feature_network import get_feature_network
from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.builders.unet import get_unet
from ankeras.data import Dataset, faces
from ankeras.data.views import domains, pairs
from ankeras.image_to_image import (
    CycleGAN,
    Pix2Pix,
    SuperResolution,
    get_super_resolution_network,
)
from ankeras.recipes.figures import bicubic
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np

N_TRAIN, N_TEST, SHOWN = 10_000, 300, 8
SHAPE, SMALL = (64, 64, 3), (32, 32, 3)
SHAPES = ("woman", "smile", "glasses", "beard", "hat", "hair_style")  # seen in a label map


def _two_rates(model: Any, steps: int, rate: float = 1e-3) -> Any:
    model.compile(*(cosine_adam(steps, rate, beta_1=0.5, warmup=0.02) for _ in range(2)))
    return model


def _pairs(view: str) -> tuple[np.ndarray, np.ndarray]:
    found = pairs(view, N_TRAIN)
    return found.images, found.targets["paired"]


def _glasses() -> tuple[np.ndarray, np.ndarray]:
    x, y = domains("glasses", (0, 1), N_TRAIN)
    return x.images, y.images


@functools.cache
def _test_pairs(view: str) -> Dataset:
    return pairs(view, N_TEST, seed=1)


def _pix2pix(steps: int) -> Pix2Pix:
    return _two_rates(Pix2Pix(get_unet(), get_patch_discriminator(SHAPE, SHAPE)), steps)


def get_cyclegan() -> CycleGAN:
    """Build a CycleGAN of faces of 32 pixels."""
    options: dict[str, Any] = {
        "widths": (16, 32),
        "normalization": "instance",
        "residual": True,
    }
    return CycleGAN(
        get_unet(SMALL, **options),
        get_patch_discriminator(SMALL),
        get_unet(SMALL, **options, seed=142),
        get_patch_discriminator(SMALL, seed=143),
        lam=2.0,
        r1=0.002,
    )


def _cyclegan(steps: int) -> CycleGAN:
    return _two_rates(get_cyclegan(), steps, 2e-3)


def _without_buffers(model: CycleGAN) -> CycleGAN:
    """Return the CycleGAN without the images that only its training needs."""
    networks = {name: getattr(model, name) for name in model.networks}
    return CycleGAN(**networks, buffer=0)


def _super_resolution(steps: int) -> SuperResolution:
    model = SuperResolution(
        get_super_resolution_network(),
        get_patch_discriminator(),
        get_feature_network(evaluation.face_reader(64), faces(200, seed=5).images),
        alpha=1e-3,
        adversarial=1e-3,
    )
    return _two_rates(model, steps)


def _without_features(model: SuperResolution) -> SuperResolution:
    """Return the two players alone: only the training needs the feature network."""
    return SuperResolution(model.generator, model.discriminator)


def _read(reader: keras.Model, images: np.ndarray, factors: np.ndarray) -> dict[str, float]:
    """Return how often each attribute is read as the factors say."""
    return evaluation.attribute_accuracy(reader, Dataset(images, {"factors": factors}))


def _pix2pix_figures(model: Pix2Pix) -> Figures:
    test, reader = _test_pairs("labels"), evaluation.face_reader(64)
    truth, drawn = test.targets["paired"], model.translate(test.images)
    factors = test.targets["factors"]
    read, of_truth = (_read(reader, images, factors) for images in (drawn, truth))
    found: Figures = {
        f"{name} is read as the label map shows it": {
            "value": read[name],
            "from the portraits": of_truth[name],
        }
        for name in SHAPES
    }
    found["mean absolute error"] = {"value": float(np.abs(drawn - truth).mean())}
    sharpness = evaluation.sharpness(drawn) / evaluation.sharpness(truth)
    found["sharpness, as a share of the portraits'"] = {"value": sharpness}
    return found


def translated(factor: str, value: int, part: Dataset, drawn: np.ndarray) -> dict[str, Any]:
    """Return how often a factor was turned and the others were kept, and errors by place.

    Args:
        factor: name of the factor.
        value: what it is turned to.
        part: portraits of 32 pixels, with their hidden pairs.
        drawn: (n, *image), their translations.

    Returns:
        "turned" and "kept", the latter for each other attribute, and two mean absolute errors.
    """
    truth, before = part.targets["paired"], evaluation.true_attributes(part.factors)
    found = evaluation.read_attributes(evaluation.face_reader(32), drawn)
    changes = np.abs(part.images - truth).max(axis=-1) > 0.02
    error = np.abs(drawn - truth).mean(axis=-1)
    return {
        "turned": float(np.mean(found[factor] == value)),
        "kept": {
            name: float(np.mean(found[name] == before[name]))
            for name in evaluation.ATTRIBUTES
            if name != factor
        },
        "error where it should change": float(error[changes].mean()),
        "error elsewhere": float(error[~changes].mean()),
    }


def _cyclegan_figures(model: CycleGAN) -> Figures:
    found = Figures()
    for i, (part, way) in enumerate(
        zip(domains("glasses", (0, 1), N_TEST, seed=1), ("on", "off"), strict=True)
    ):
        drawn = model.translate(part.images, bool(i))
        figures = {
            name: translated("glasses", 1 - i, part, images)
            for name, images in (("value", drawn), ("doing nothing", part.images))
        }
        found |= {
            f"glasses {way}, read as such": {k: f["turned"] for k, f in figures.items()},
            f"glasses {way}, the least kept of the other attributes": {
                k: min(f["kept"].values()) for k, f in figures.items()
            },
        }
        for place in ("error where it should change", "error elsewhere"):
            found[f"glasses {way}, {place}"] = {k: f[place] for k, f in figures.items()}
    return found


def _super_resolution_figures(model: SuperResolution) -> Figures:
    test, reader = _test_pairs("small"), evaluation.face_reader(64)
    truth = test.targets["paired"]
    drawn = {"value": model.enlarge(test.images), "bicubic": bicubic(test.images, 4)}
    real = evaluation.features(reader, faces(N_TEST, seed=7).images)

    def distance(images: np.ndarray) -> float:
        return evaluation.frechet_distance(real, evaluation.features(reader, images))

    return {
        "PSNR in dB": {name: evaluation.psnr(images, truth) for name, images in drawn.items()},
        f"Fréchet distance of {N_TEST} images": {
            **{name: distance(images) for name, images in drawn.items()},
            "the large images": distance(truth),
        },
        "sharpness, as a share of the large images'": {
            name: evaluation.sharpness(images) / evaluation.sharpness(truth)
            for name, images in drawn.items()
        },
    }


def _translations(model: Pix2Pix) -> pictures.Figure:
    test = _test_pairs("labels").take(slice(SHOWN))
    rows = {"pix2pix": model.translate(test.images), "truth": test.targets["paired"]}
    return pictures.reconstructions(test.images, rows, n=SHOWN, first="label map")


def _there_and_back(model: CycleGAN) -> pictures.Figure:
    x, _ = domains("glasses", (0, 1), SHOWN, seed=1)
    drawn = model.translate(x.images)
    rows = {"with glasses": drawn, "there and back": model.translate(drawn, back=True)}
    rows["hidden pair"] = x.targets["paired"]
    return pictures.reconstructions(x.images, rows, n=SHOWN, first="input")


def _enlarged(model: SuperResolution) -> pictures.Figure:
    test = _test_pairs("small").take(slice(SHOWN))
    rows = {"bicubic": bicubic(test.images, 4), "network": model.enlarge(test.images)}
    rows["truth"] = test.targets["paired"]
    seen = test.images.repeat(4, axis=1).repeat(4, axis=2)
    return pictures.reconstructions(seen, rows, n=SHOWN, first="seen")


RECIPES = (
    Recipe(
        name="faces-pix2pix",
        title="pix2pix: portraits of 64 pixels from label maps",
        data=f"{N_TRAIN:,} label maps and their drawn portraits",
        draw=functools.partial(_pairs, "labels"),
        build=_pix2pix,
        epochs=10,
        batch=16,
        figures=_pix2pix_figures,
        picture=_translations,
    ),
    Recipe(
        name="faces-cyclegan",
        title="CycleGAN: glasses on and off, faces of 32 pixels",
        data=f"{N_TRAIN:,} drawn faces without glasses, {N_TRAIN:,} others with glasses",
        draw=_glasses,
        build=_cyclegan,
        epochs=15,
        batch=16,
        figures=_cyclegan_figures,
        picture=_there_and_back,
        keep=_without_buffers,
    ),
    Recipe(
        name="faces-super-resolution",
        title="super-resolution of faces, 16 to 64 pixels, with an adversarial and a feature loss",
        data=f"{N_TRAIN:,} drawn faces of 64 pixels and their small images",
        draw=functools.partial(_pairs, "small"),
        build=_super_resolution,
        epochs=8,
        batch=16,
        figures=_super_resolution_figures,
        picture=_enlarged,
        keep=_without_features,
    ),
)
