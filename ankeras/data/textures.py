"""Textures to find defects in: photographs of brick, grass and gravel from scikit-image.

Each is a grey image of 512x512 pixels. The upper 320 rows are for training, the others for testing.
No pixel is in both parts. See AN2DL, "GAN for Anomaly Detection": a training set that holds only
normal images.
"""

import numpy as np
from skimage import data
from skimage.filters import gaussian
from skimage.util import img_as_float32

TEXTURES = ("brick", "grass", "gravel")
TRAIN_ROWS = 320


def texture(name: str, split: str = "train") -> np.ndarray:
    """Return the training part or the test part of a photograph.

    Args:
        name: one of `TEXTURES`.
        split: "train" or "test".

    Returns:
        float32 (320, 512, 1) or (192, 512, 1), values in [0, 1].

    Raises:
        ValueError: for an unknown name or split.
    """
    if name not in TEXTURES:
        raise ValueError(f"There is no texture {name!r}, only {', '.join(TEXTURES)}.")
    if split not in ("train", "test"):
        raise ValueError(f'The split must be "train" or "test", not {split!r}.')
    image = img_as_float32(getattr(data, name)())[..., None]
    return image[:TRAIN_ROWS] if split == "train" else image[TRAIN_ROWS:]


def crops(image: np.ndarray, n: int, size: int, seed: int = 0) -> np.ndarray:
    """Return copies of square patches of an image, from random places.

    Args:
        image: (height, width, channels).
        n: number of patches.
        size: side of the patches in pixels.
        seed: seed of the places.

    Returns:
        (n, size, size, channels).

    Raises:
        ValueError: if the image is smaller than a patch.
    """
    height, width = image.shape[:2]
    if not 0 < size <= min(height, width):
        raise ValueError(f"An image of {height}x{width} has no patches of {size}x{size}.")
    rng = np.random.default_rng(seed)
    rows = rng.integers(height - size + 1, size=n)
    columns = rng.integers(width - size + 1, size=n)
    places = zip(rows, columns, strict=True)
    return np.stack([image[r : r + size, c : c + size] for r, c in places])


def paint_over(image: np.ndarray, inside: np.ndarray, with_what: np.ndarray | float) -> np.ndarray:
    """Return an image with a painted region, whose edge is as soft as in a photograph.

    Pixels outside of the region do not change.

    Args:
        image: (height, width, channels).
        inside: the region, bool (height, width).
        with_what: what is painted: an image of the same shape, or one value.
    """
    cover = (
        np.minimum(1.0, 0.5 + gaussian(inside.astype(float), 0.7))[..., None] * inside[..., None]
    )
    return (image * (1 - cover) + cover * with_what).astype(image.dtype)
