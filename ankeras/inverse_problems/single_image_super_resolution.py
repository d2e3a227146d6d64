"""Super-resolution from a single image: its small patches recur at its coarser scales.

Source: DLSP, "Super resolution"; Glasner, Bagon, Irani, "Super-resolution from a single image"
(ICCV 2009), section 3.2; back-projection: Irani and Peleg, "Improving resolution by image
registration" (1991).

    s = 2^(1/3);   I_0 is the image, I_-1, I_-2, ... are its coarser scales, each smaller by s

    example:  a patch of I_-m,  and the patch at the same place of  bicubic(I_-m-1)
              what it looks like                what it looks like at a coarser scale

    for l = 0, 1, 2, ...:
        B = bicubic(I_l), larger by s
        for each patch of B:  the k examples whose coarse patch is most similar, without the means
        I_l+1 = their fine patches, with the mean of the patch of B, averaged where they overlap
        I_l+1 <- I_l+1 + enlarged(I_0 - d(I_l+1)),  several times            back-projection

d shrinks to the size of I_0 by averaging; after back-projection, d(I_l) = I_0. Three steps double
the sides. There is no training: the examples come from the image itself. A patch at an edge or in
a pattern recurs often, one of leaves or fur seldom.

Two things differ from the paper. There, the fine patch is larger than the coarse one by the change
of scale; here the coarser scale is enlarged first, so both have the same size. And the paper also
combines patches that recur at the same scale, shifted by parts of a pixel; this is left out here.
"""

import math

from ankeras.training.catalogue_row import Row

import numpy as np
from PIL import Image
from sklearn.neighbors import NearestNeighbors

FACTORS = (2, 4)
STEPS = 3  # from one size to the double one
STEP = 2 ** (1 / STEPS)  # the paper's is 1.25
SCALES = 4  # of the image that give examples: I_0, ..., I_-3

BICUBIC, MEAN = Image.Resampling.BICUBIC, Image.Resampling.BOX
# How each back-projection enlarges: bicubic is smooth, but slow where values are clipped to [0, 1].
BACK_PROJECTIONS = (BICUBIC,) * 10 + (MEAN,) * 20


def single_image_super_resolution(
    image: np.ndarray, factor: int = 2, *, patch: int = 5, neighbours: int = 5
) -> np.ndarray:
    """Return an image enlarged by what its own coarser scales show.

    The time grows with the square of the number of pixels.

    Args:
        image: (height, width, c), values in [0, 1].
        factor: 2 or 4.
        patch: side of the patches in pixels; 5 in the paper.
        neighbours: number k of examples that are averaged for each patch.

    Returns:
        float32 (factor height, factor width, c) in [0, 1]. The mean of each block of factor x
        factor pixels is the pixel of the image; near 0 and 1 it may differ by about 0.002.

    Raises:
        ValueError: if it is not one image, too small, or has values outside of [0, 1], or an
            option is out of range.
    """
    _check(image, factor, patch, neighbours)
    image = image.astype("float32")
    coarse, fine = examples(image, patch)
    nearest = NearestNeighbors(n_neighbors=neighbours, algorithm="brute").fit(_flat(coarse))
    enlarged = image
    for step in range(1, round(STEPS * math.log2(factor)) + 1):
        blurred = resized(enlarged, _scaled(image, STEP**step), BICUBIC)
        patches = patches_of(blurred, patch)
        mean = patches.mean(axis=(1, 2), keepdims=True)
        found = nearest.kneighbors(_flat(patches - mean), return_distance=False)
        drawn = sum(fine[of_each] for of_each in found.T) / neighbours + mean
        enlarged = overlapped(drawn, blurred.shape)
        enlarged = back_project(enlarged, image)
    return enlarged


def back_project(enlarged: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Return an enlarged image in [0, 1] that gives the image when it is shrunk.

    Source: Irani and Peleg 1991. Each step adds what is missing:  x <- x + enlarged(x_0 - d(x)).

    Args:
        enlarged: x, (larger height, larger width, c), such as a bicubic enlargement.
        image: x_0, (height, width, c), values in [0, 1].
    """
    for how in BACK_PROJECTIONS:
        missing = image - resized(enlarged, image.shape[:2], MEAN)
        enlarged = np.clip(enlarged + resized(missing, enlarged.shape[:2], how), 0.0, 1.0)
    return enlarged


def examples(image: np.ndarray, patch: int) -> tuple[np.ndarray, np.ndarray]:
    """Return patches of a coarser scale and the fine patches at the same places.

    The mean of the coarse patch is subtracted from both.

    Returns:
        Two arrays (n, patch, patch, c).
    """
    coarse, fine = [], []
    for m in range(SCALES):
        scale = resized(image, _scaled(image, STEP**-m), BICUBIC)  # I_-m
        smaller = resized(scale, _scaled(scale, 1 / STEP), BICUBIC)  # I_-m-1
        if min(smaller.shape[:2]) < patch:
            break
        coarse.append(patches_of(resized(smaller, scale.shape[:2], BICUBIC), patch))
        fine.append(patches_of(scale, patch))
    all_coarse, all_fine = np.concatenate(coarse), np.concatenate(fine)
    mean = all_coarse.mean(axis=(1, 2), keepdims=True)
    return all_coarse - mean, all_fine - mean


def overlapped(patches: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the image (height, width, c) whose pixels are the means of all patches over them."""
    size = patches.shape[1]
    rows, columns = shape[0] - size + 1, shape[1] - size + 1
    at = patches.reshape(rows, columns, *patches.shape[1:])
    total, number = np.zeros(shape, "float32"), np.zeros((*shape[:2], 1), "float32")
    for i in range(size):
        for j in range(size):
            total[i : i + rows, j : j + columns] += at[:, :, i, j]
            number[i : i + rows, j : j + columns] += 1
    return total / number


def patches_of(image: np.ndarray, size: int) -> np.ndarray:
    """Return the patches at all places, row by row: (n, size, size, c)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size), axis=(0, 1))
    return np.moveaxis(windows, 2, -1).reshape(-1, size, size, image.shape[2])


def _flat(patches: np.ndarray) -> np.ndarray:
    return patches.reshape(len(patches), -1)


def _scaled(image: np.ndarray, scale: float) -> tuple[int, int]:
    """Return the height and width of an image that is scaled."""
    return round(image.shape[0] * scale), round(image.shape[1] * scale)


def resized(image: np.ndarray, size: tuple[int, int], how: Image.Resampling) -> np.ndarray:
    """Return an image (height, width, c) of another size; Pillow resizes channel by channel."""
    channels = [Image.fromarray(image[..., i]) for i in range(image.shape[2])]
    return np.stack([np.asarray(c.resize(size[::-1], how)) for c in channels], axis=-1)


def _check(image: np.ndarray, factor: int, patch: int, neighbours: int) -> None:
    """Raise a ValueError that says what is wrong with an argument, if something is."""
    if image.ndim != 3:
        raise ValueError(f"This enlarges one image (height, width, c), not {image.shape}.")
    if factor not in FACTORS:
        raise ValueError(f"The factor must be 2 or 4, not {factor}.")
    if patch < 2 or neighbours < 1:
        raise ValueError(
            f"A patch has at least 2x2 pixels, and it needs one neighbour: not {patch} and "
            f"{neighbours}."
        )
    height, width = image.shape[:2]
    if min(height, width) < 2 * patch:
        raise ValueError(
            f"An image of {height}x{width} is too small: with patches of {patch} pixels, its sides "
            f"must have at least {2 * patch}."
        )
    if not (image.min() >= 0 and image.max() <= 1):  # false for NaN too
        raise ValueError(
            f"Images have values in [0, 1], not [{image.min():.9g}, {image.max():.9g}]."
        )


ROWS = (
    Row(
        name="super-resolution from a single image",
        builds=single_image_super_resolution,
        lecture="DLSP, Super resolution",
        paper="Glasner 2009",
        notebook="12",
    ),
)
