"""Restore damaged photographs and faces, and compare with methods that are not trained.

python bench/inverse_problems.py [--only denoising]

Deep image prior on five photographs of 128 pixels, the same setting for all: denoising (sigma 25),
inpainting of text and of missing pixels, super-resolution, JPEG. Beside it the classical energies
with the norm and with total variation, and methods of scikit-image; for super-resolution also the
patches that recur within the image, and bicubic enlargement with back-projection. For noise also
BM3D, if its package `bm3d` is installed. Semantic inpainting of faces with the pretrained models.
Saved figures of other parts are kept.
"""

import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import ankeras
from ankeras import data, evaluation, pictures, pretrained
from ankeras.data.views import shrink
from ankeras.inverse_problems import (
    Restoration,
    add_noise,
    back_project,
    deep_image_prior,
    get_deep_prior_network,
    jpeg,
    masked_error,
    minimize_energy,
    missing_pixels,
    semantic_inpainting,
    shrunk_error,
    single_image_super_resolution,
    squared_error,
    squared_norm,
    text_mask,
    total_variation,
)

import keras
import numpy as np
from common import RESULTS, load, parser, save
from generative import report
from skimage.restoration import (
    denoise_nl_means,
    denoise_tv_chambolle,
    inpaint_biharmonic,
)

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "china")
SIZE, SIGMA = 128, 25 / 255
N_FACES = 100
NOISY, BLOCKS, CLEAN = 0.2, 0.05, 0.01  # lambda of total variation: with noise, JPEG, neither


def psnr(image: np.ndarray, truth: np.ndarray) -> float:
    """Return the PSNR of one image, clipped to [0, 1]."""
    return evaluation.psnr(np.clip(image, 0, 1)[None].astype("float32"), truth[None])


def fitted(truth: np.ndarray, energy: Callable) -> tuple[Restoration, dict]:
    """Fit a deep image prior; return the result and its figures."""
    start = time.perf_counter()
    found = deep_image_prior(energy, get_deep_prior_network(truth.shape))
    return found, {
        "deep image prior": psnr(found.image, truth),
        "best step in hindsight": max(psnr(image, truth) for image in found.images),
        "best output without averaging": max(psnr(output, truth) for output in found.outputs),
        "stopped at step": found.step,
        "seconds": time.perf_counter() - start,
    }


def smooth(energy: Callable, start: np.ndarray, weight: float) -> np.ndarray:
    """Return the image with the smallest classical energy with total variation."""
    return minimize_energy(energy, total_variation, start, weight=weight).x


def denoising(name: str, truth: np.ndarray) -> tuple[dict, list]:
    """Remove noise."""
    noisy = add_noise(truth, SIGMA)
    energy = squared_error(noisy)
    found, figures = fitted(truth, energy)
    tv = smooth(energy, noisy, NOISY)
    norm = minimize_energy(energy, squared_norm, noisy, weight=NOISY).x
    chambolle = denoise_tv_chambolle(noisy, weight=NOISY / 2, channel_axis=-1)
    options = {"h": 0.8 * SIGMA, "sigma": SIGMA, "patch_size": 5, "patch_distance": 6}
    nlm = denoise_nl_means(noisy, fast_mode=True, channel_axis=-1, **options)
    figures |= {"damaged": psnr(noisy, truth), "norm": psnr(norm, truth)}
    figures["total variation"] = psnr(tv, truth)
    figures["total variation of scikit-image"] = psnr(chambolle, truth)
    figures["non-local means"] = psnr(nlm, truth)
    if find_spec("bm3d"):  # no dependency: its licence is for non-commercial use
        found_by_bm3d = import_module("bm3d").bm3d_rgb(noisy, SIGMA)
        figures["BM3D"] = psnr(found_by_bm3d, truth)
    return figures, [truth, noisy, found.image, tv, nlm]


def inpainting(mask: np.ndarray, truth: np.ndarray) -> tuple[dict, list]:
    """Fill in what a mask hides."""
    seen = np.where(mask[..., None], 0.5, truth).astype("float32")
    energy = masked_error(seen, mask)
    found, figures = fitted(truth, energy)
    full, tv = (
        np.where(mask[..., None], image, seen)
        for image in (found.image, smooth(energy, seen, CLEAN))
    )
    figures |= {"deep image prior": psnr(full, truth), "total variation": psnr(tv, truth)}
    biharmonic = inpaint_biharmonic(seen, mask, channel_axis=-1)
    figures |= {"damaged": psnr(seen, truth), "biharmonic": psnr(biharmonic, truth)}
    return figures, [truth, seen, full, tv, biharmonic]


def text(name: str, truth: np.ndarray) -> tuple[dict, list]:
    """Remove text."""
    return inpainting(text_mask(SIZE, SIZE), truth)


def half(name: str, truth: np.ndarray) -> tuple[dict, list]:
    """Fill in half of the pixels."""
    return inpainting(missing_pixels(SIZE, SIZE, 0.5), truth)


def enlarging(factor: int, truth: np.ndarray) -> tuple[dict, list]:
    """Draw larger sides."""
    small = shrink(truth[None], factor)[0]
    energy = shrunk_error(small, factor)
    found, figures = fitted(truth, energy)
    bicubic = keras.layers.UpSampling2D(factor, interpolation="bicubic")(small[None])
    bicubic = keras.ops.convert_to_numpy(bicubic)[0]
    others = {
        "bicubic": bicubic,
        "bicubic with back-projection": back_project(bicubic, small),
        "total variation": smooth(energy, bicubic, CLEAN),
        "recurring patches": single_image_super_resolution(small, factor),
    }
    figures |= {key: psnr(image, truth) for key, image in others.items()}
    return figures, [truth, bicubic, found.image, *list(others.values())[1:]]


def double(name: str, truth: np.ndarray) -> tuple[dict, list]:
    """Draw twice the sides."""
    return enlarging(2, truth)


def four_times(name: str, truth: np.ndarray) -> tuple[dict, list]:
    """Draw four times the sides."""
    return enlarging(4, truth)


def compression(name: str, truth: np.ndarray) -> tuple[dict, list]:
    """Remove the blocks of JPEG."""
    damaged = jpeg(truth[None], 10)[0]
    energy = squared_error(damaged)
    found, figures = fitted(truth, energy)
    tv = smooth(energy, damaged, BLOCKS)
    figures |= {"damaged": psnr(damaged, truth), "total variation": psnr(tv, truth)}
    return figures, [truth, damaged, found.image, tv]


PARTS = {
    "denoising": denoising,
    "text": text,
    "half of the pixels": half,
    "super-resolution": four_times,
    "super-resolution x2": double,
    "JPEG": compression,
}


def faces() -> dict:
    """Fill in a hole in faces by what the pretrained models draw."""
    reader = evaluation.face_reader(64)
    truth = data.faces(N_FACES, seed=9)
    hole = np.zeros((64, 64), bool)
    hole[18:34, 14:50] = True  # the eyes
    seen = np.where(hole[..., None], 0.5, truth.images).astype("float32")
    wanted = evaluation.true_attributes(truth.factors)["glasses"]

    def right(images: np.ndarray) -> float:
        return float(np.mean(evaluation.read_attributes(reader, images)["glasses"] == wanted))

    figures = {"glasses read in the damaged images": right(seen)}
    shown = {"truth": truth.images[:10], "hole": seen[:10]}
    for name in ("faces-vae", "faces-dcgan"):
        model = pretrained.load(name)
        found = semantic_inpainting(model.generator, seen, hole)
        figures[f"glasses read, {name}"] = right(found.images)
        row = np.abs(np.diff(found.images, axis=1))
        figures[f"gradient across the seam / inside, {name}"] = float(
            row[:, 17, 14:50].mean() / row[:, 18:33, 14:50].mean()
        )
        shown[name] = found.images[:10]
    first, *others = shown
    pictures.reconstructions(
        shown[first], {key: shown[key] for key in others}, n=10, first=first
    ).savefig(RESULTS / "inverse_problems_faces.png")
    return figures


def main() -> None:
    """Measure all parts, and save figures and pictures."""
    options = parser(__doc__)
    options.add_argument("--only", nargs="*", default=[*PARTS, "faces"], help="names of parts")
    given = options.parse_args()
    ankeras.setup(0, precision="float32")
    photos = dict(zip(PHOTOS, data.photos(PHOTOS, SIZE), strict=True))
    for part in given.only:
        if part == "faces":
            found = faces()
        else:
            results = {name: PARTS[part](name, photo) for name, photo in photos.items()}
            found = {name: figures for name, (figures, _) in results.items()}
            found["mean"] = {
                key: float(np.mean([figures[key] for figures, _ in results.values()]))
                for key in next(iter(results.values()))[0]
            }
            grid = np.stack([np.clip(images, 0, 1) for _, images in results.values()])
            file = f"inverse_problems_{part.replace(' ', '_')}.png"
            pictures.image_grid(grid).savefig(RESULTS / file)
            report(part, found["mean"])
        save("inverse_problems", load("inverse_problems") | {part: found})


if __name__ == "__main__":
    main()
