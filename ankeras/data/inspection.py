"""Your own images to find defects in, in folders like those of the MVTec AD data set.

    train/good/*            normal images
    test/good/*             normal images for the evaluation
    test/<defect>/NAME.*    images with that defect
    ground_truth/<defect>/NAME_mask.*    their masks: not black where a pixel is anomalous

Source: Bergmann et al., "MVTec AD - A comprehensive real-world dataset for unsupervised anomaly
detection" (CVPR 2019). The data set itself is not part of this package.
"""

from pathlib import Path

from ankeras.data.defects import GOOD, Anomalies
from ankeras.data.image_files import images_in, read_image

import numpy as np
from skimage.transform import resize


def load_inspection(
    folder: str | Path, size: int | None = None
) -> tuple[list[np.ndarray], Anomalies]:
    """Return normal images to train on, and images with their masks for the evaluation.

    Args:
        folder: the folder that contains train, test and ground_truth.
        size: length in pixels to which the shorter side of each image is scaled. Default: images
            keep their sizes.

    Returns:
        (train, test): float32 images (height, width, 1 or 3) in [0, 1]; their sizes may differ.

    Raises:
        FileNotFoundError: if a folder or a mask does not exist.
        ValueError: if a file can't be read, or a mask and its image differ in size.
    """
    folder = Path(folder).expanduser()
    train = [_read(file, size) for file in _listed(folder / "train" / GOOD)]
    images, masks, kinds = [], [], []
    for place in sorted(place for place in _there(folder / "test").iterdir() if place.is_dir()):
        for file in _listed(place):
            image = read_image(file)
            mask = np.zeros(image.shape[:2], bool)
            if place.name != GOOD:
                mask = _mask(folder / "ground_truth" / place.name, file, mask.shape)
            images.append(_scaled(image, size))
            masks.append(_scaled(255 * mask[..., None], size)[..., 0] > 0.5)
            kinds.append(place.name)
    return train, Anomalies(images, masks, tuple(kinds))


def _there(folder: Path) -> Path:
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}.")
    return folder


def _listed(folder: Path) -> list[Path]:
    files = images_in(_there(folder))
    if not files:
        raise FileNotFoundError(f"There is no image in {folder}.")
    return files


def _mask(folder: Path, image: Path, shape: tuple[int, ...]) -> np.ndarray:
    found = [file for file in images_in(_there(folder)) if file.stem == f"{image.stem}_mask"]
    if not found:
        raise FileNotFoundError(f"There is no mask {image.stem}_mask of {image} in {folder}.")
    mask = read_image(found[0]).max(axis=-1) > 0
    if mask.shape != shape:
        raise ValueError(f"{found[0]} is {mask.shape}, but its image is {shape} (height, width).")
    return mask


def _read(file: Path, size: int | None) -> np.ndarray:
    return _scaled(read_image(file), size)


def _scaled(image: np.ndarray, size: int | None) -> np.ndarray:
    """Return uint8 pixels as float32 in [0, 1], with the shorter side scaled to this length."""
    pixels = image.astype("float32") / 255
    if size is None or size == min(image.shape[:2]):
        return pixels
    height, width = (round(side * size / min(image.shape[:2])) for side in image.shape[:2])
    scaled = resize(pixels, (height, width), order=1, anti_aliasing=True)
    return np.asarray(scaled, "float32").clip(0, 1)
