"""Image files in folders."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def images_in(folder: Path) -> list[Path]:
    """Return the image files of a folder, sorted by name."""
    files = folder.iterdir()
    return sorted(file for file in files if file.suffix.lower() in SUFFIXES and file.is_file())


def read_image(file: Path, size: int | None = None) -> np.ndarray:
    """Return the pixels of an image file.

    Args:
        file: a file with one of `SUFFIXES`.
        size: side in pixels to which the square at the image's centre is resized. Default: the
            image keeps its size.

    Returns:
        uint8 (height, width, 1 or 3).

    Raises:
        ValueError: if the file can't be read; the message names it.
    """
    try:
        with Image.open(file) as image:
            if image.mode.startswith(("I", "F")):
                raise ValueError(f"{image.mode} pixels: save it with 8 bits per channel")
            picture = image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"{file} can't be read as an image ({error}).") from error
    if size is not None:
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        square = picture.crop((left, top, left + side, top + side))
        picture = square.resize((size, size), Image.Resampling.LANCZOS)
    pixels = np.asarray(picture)
    return pixels[..., None] if pixels.ndim == 2 else pixels
