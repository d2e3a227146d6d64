"""What damages images: noise, blur, JPEG, missing pixels, text written over them.

Fewer pixels and grey images are views, see `ankeras.data.views.shrink` and `grey`.

Source: ATIV, "Deep Image Prior" ("We know only a degraded version of an image").
"""

import io

from ankeras.training.checks import check_floats

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage.filters import gaussian

PANGRAM = "the quick brown fox jumps over the lazy dog and the five boxing wizards jump quickly"


def add_noise(images: np.ndarray, sigma: float = 25 / 255, seed: int = 0) -> np.ndarray:
    """Return images with Gaussian noise; their values are not clipped, so some leave [0, 1].

    Args:
        images: (..., channels), values in [0, 1].
        sigma: standard deviation of the noise of each value; 25/255 is usual in papers.
        seed: seed of the noise.

    Raises:
        ValueError: if sigma is negative, or the images hold integers.
    """
    if sigma < 0:
        raise ValueError(f"sigma is a standard deviation, {sigma} is negative.")
    check_floats(images)
    noise = np.random.default_rng(seed).normal(0.0, sigma, images.shape)
    return (images + noise).astype("float32")


def blur(images: np.ndarray, sigma: float) -> np.ndarray:
    """Return images (n, height, width, c) blurred by a Gaussian of sigma pixels."""
    check_floats(images)
    return gaussian(images, sigma=(0, sigma, sigma, 0)).astype("float32")


def jpeg(images: np.ndarray, quality: int = 10) -> np.ndarray:
    """Return images as they are after JPEG compression, by Pillow.

    Args:
        images: (n, height, width, 1 or 3), values in [0, 1].
        quality: from 1 (small file) to 95.

    Raises:
        ValueError: if the quality is out of range, or the images hold integers.
    """
    check_floats(images)
    if not 1 <= quality <= 95:
        raise ValueError(f"The quality of JPEG lies between 1 and 95, {quality} does not.")
    found = []
    for image in np.rint(np.clip(images, 0, 1) * 255).astype("uint8"):
        file = io.BytesIO()
        Image.fromarray(image.squeeze()).save(file, "JPEG", quality=quality)
        found.append(np.asarray(Image.open(file)).reshape(image.shape))
    return np.stack(found).astype("float32") / 255


def missing_pixels(height: int, width: int, share: float = 0.5, seed: int = 0) -> np.ndarray:
    """Return a mask, (height, width) booleans: True where a pixel is missing, at random places.

    Raises:
        ValueError: if the share does not lie in [0, 1).
    """
    if not 0 <= share < 1:
        raise ValueError(f"The share of missing pixels lies in [0, 1), {share} does not.")
    return np.random.default_rng(seed).random((height, width)) < share


def text_mask(height: int, width: int, size: int = 11, seed: int = 0) -> np.ndarray:
    """Return a mask, (height, width) booleans: True where lines of text cover the image.

    Args:
        height, width: of the image, in pixels.
        size: height of the letters in pixels.
        seed: seed of the words.
    """
    rng = np.random.default_rng(seed)
    page = Image.new("L", (width, height), 0)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for top in range(1, height, round(1.5 * size)):
        line = " ".join(rng.choice(PANGRAM.split(), 2 + width // (3 * size)))
        draw.text((-int(rng.integers(size)), top), line, fill=255, font=font)
    return np.asarray(page) > 127
