"""Restore damaged photographs and faces, and compare with methods that are not trained.

python bench/inverse_problems.py [--only denoising]

Deep image prior on five photographs of 128 pixels, the same setting for all: denoising (sigma 25),
inpainting of text and of missing pixels, super-resolution, JPEG. Semantic inpainting of faces with
the pretrained models. Saved figures of other parts are kept.
"""

import time
from collections.abc import Callable

import ankeras
from ankeras import data, evaluation, pictures, pretrained
from ankeras.data.views import shrink
from ankeras.inverse_problems import (
    Restoration,
    add_noise,
    deep_image_prior,
    get_deep_prior_network,
    jpeg,
    masked_error,
    missing_pixels,
    semantic_inpainting,
    shrunk_error,
    squared_error,
    text_mask,
)

import keras
import numpy as np
from common import RESULTS, load, parser, save
from generative import report
from skimage.restoration import (
    denoise_nl_means,
    denoise_tv_chambolle,
    estimate_sigma,
    inpaint_biharmonic,
)

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "china")
SIZE, SIGMA = 128, 25 / 255
N_FACES = 100


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


def denoising(name: str, truth: np.ndarray) -> tuple[dict, list]:
    """Remove noise."""
    noisy = add_noise(truth, SIGMA)
    found, figures = fitted(truth, squared_error(noisy))
    sigma = float(np.mean(estimate_sigma(noisy, channel_axis=-1)))
    tv = denoise_tv_chambolle(noisy, weight=0.1, channel_axis=-1)
    options = {"h": 0.8 * sigma, "sigma": sigma, "patch_size": 5, "patch_distance": 6}
    nlm = denoise_nl_means(noisy, fast_mode=True, channel_axis=-1, **options)
    figures |= {"damaged": psnr(noisy, truth), "total variation": psnr(tv, truth)}
    figures["non-local means"] = psnr(nlm, truth)
    return figures, [truth, noisy, found.image, tv, nlm]


def inpainting(mask: np.ndarray, truth: np.ndarray) -> tuple[dict, list]:
    """Fill in what a mask hides."""
    seen = np.where(mask[..., None], 0.5, truth).astype("float32")
    found, figures = fitted(truth, masked_error(seen, mask))
    full = np.where(mask[..., None], found.image, seen)
    figures["deep image prior"] = psnr(full, truth)
    biharmonic = inpaint_biharmonic(seen, mask, channel_axis=-1)
    figures |= {"damaged": psnr(seen, truth), "biharmonic": psnr(biharmonic, truth)}
    return figures, [truth, seen, full, biharmonic]


def text(name: str, truth: np.ndarray) -> tuple[dict, list]:
    """Remove text."""
    return inpainting(text_mask(SIZE, SIZE), truth)


def half(name: str, truth: np.ndarray) -> tuple[dict, list]:
    """Fill in half of the pixels."""
    return inpainting(missing_pixels(SIZE, SIZE, 0.5), truth)


def enlarging(name: str, truth: np.ndarray) -> tuple[dict, list]:
    """Draw four times the sides."""
    small = shrink(truth[None], 4)
    found, figures = fitted(truth, shrunk_error(small[0], 4))
    bicubic = keras.layers.UpSampling2D(4, interpolation="bicubic")(small)
    bicubic = keras.ops.convert_to_numpy(bicubic)[0]
    figures["bicubic"] = psnr(bicubic, truth)
    return figures, [truth, bicubic, found.image]


def compression(name: str, truth: np.ndarray) -> tuple[dict, list]:
    """Remove the blocks of JPEG."""
    damaged = jpeg(truth[None], 10)[0]
    found, figures = fitted(truth, squared_error(damaged))
    return figures | {"damaged": psnr(damaged, truth)}, [truth, damaged, found.image]


PARTS = {
    "denoising": denoising,
    "text": text,
    "half of the pixels": half,
    "super-resolution": enlarging,
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
