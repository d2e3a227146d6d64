"""Photographs in colour: a dozen that come with scikit-image and scikit-learn, and your own.

Those of scikit-image are in the public domain (CC0 or equal); "motorcycle" is from the Middlebury
stereo data set. "china" (by danielbuechele) and "flower" (by vultilion) of scikit-learn are CC BY
2.0: name their authors where you show them.
"""

import importlib.util
from pathlib import Path

from ankeras.data.image_files import check_size, read_image

import numpy as np


def _folder(package: str, *parts: str) -> Path:
    """Return a folder of an installed package, without importing the package."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin if spec and spec.origin else package).parent.joinpath(*parts)


_SKIMAGE = _folder("skimage", "data")
_SKLEARN = _folder("sklearn", "datasets", "images")
FILES = {
    "astronaut": _SKIMAGE / "astronaut.png",
    "chelsea": _SKIMAGE / "chelsea.png",
    "coffee": _SKIMAGE / "coffee.png",
    "rocket": _SKIMAGE / "rocket.jpg",
    "motorcycle": _SKIMAGE / "motorcycle_left.png",
    "hubble": _SKIMAGE / "hubble_deep_field.jpg",
    "tissue": _SKIMAGE / "ihc.png",
    "retina": _SKIMAGE / "retina.jpg",
    "china": _SKLEARN / "china.jpg",
    "flower": _SKLEARN / "flower.jpg",
    "brick": _SKIMAGE / "brick.png",
    "grass": _SKIMAGE / "grass.png",
    "gravel": _SKIMAGE / "gravel.png",
}
PHOTOS = tuple(FILES)


def photo(name: str | Path, size: int | None = None) -> np.ndarray:
    """Return a photograph in colour.

    Args:
        name: one of `PHOTOS`, or the path of your own file. A grey image gets three equal channels.
        size: side in pixels to which the square at the centre is resized. Default: the photograph
            keeps its size.

    Returns:
        float32 (height, width, 3), values in [0, 1].

    Raises:
        ValueError: if there is neither such a photograph nor such a file, or the file can't be
            read.
    """
    check_size(size)
    file = FILES.get(str(name), Path(name))
    if not file.exists():
        raise ValueError(f"{name} is neither a file nor one of {', '.join(PHOTOS)}.")
    pixels = read_image(file, size)
    return np.repeat(pixels, 3 // pixels.shape[-1], axis=-1).astype("float32") / 255


def photos(names: tuple[str, ...] = PHOTOS, size: int = 224) -> np.ndarray:
    """Return several photographs as squares: float32 (n, size, size, 3), values in [0, 1].

    Raises:
        ValueError: as `photo`.
    """
    return np.stack([photo(name, size) for name in names])
