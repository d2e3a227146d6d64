"""Your own images to find defects in, in folders like those of the MVTec AD data set.

    train/good/*            normal images
    test/good/*             normal images for the evaluation
    test/<defect>/NAME.*    images with that defect
    ground_truth/<defect>/NAME_mask.*    their masks: not black where a pixel is anomalous

Source: Bergmann et al., "MVTec AD - A comprehensive real-world dataset for unsupervised anomaly
detection" (CVPR 2019). The data set itself is not part of this package.
"""

from pathlib import Path

from ankeras.data.brightness import check_white
from ankeras.data.defects import GOOD, Anomalies
from ankeras.data.folder_contents import contents, images_in, report
from ankeras.data.image_files import check_size, read_image, read_mask

import numpy as np
from skimage.transform import resize

TRAIN, TEST, TRUTH = "train", "test", "ground_truth"


def load_inspection(
    folder: str | Path, size: int | None = None
) -> tuple[list[np.ndarray], Anomalies]:
    """Return normal images to train on, and images with their masks for the evaluation.

    Images are what a viewer shows (`image_files.read_image`). A mask is true where its file is not
    black (`image_files.read_mask`). Each file is turned as its own EXIF orientation says. One
    printed line says which files are left out.

    Args:
        folder: the folder that contains train, test and ground_truth.
        size: length in pixels to which the shorter side of each image is scaled. Default: images
            keep their sizes. A pixel of a scaled mask is true if at least half of it is anomalous;
            if no pixel is anomalous as a whole, half of the largest share is enough.

    Returns:
        (train, test): float32 images (height, width, channels) in [0, 1]; their sizes may differ.
        All have 3 channels if one file has colours, otherwise 1.

    Raises:
        FileNotFoundError: if a folder, the images in it or a mask does not exist.
        ValueError: if a file can't be read, if masks and images do not belong together one by one,
            or if a mask and its image differ in size.
    """
    folder = Path(folder).expanduser()
    check_size(size)
    for name in (f"{TRAIN}/{GOOD}", f"{TEST}/{GOOD}", TRUTH):
        _check_there(folder, name)
    left_out: list[Path] = []
    left_out += [f for f in _folders(folder, left_out) if f.name not in (TRAIN, TEST, TRUTH)]
    left_out += [f for f in _folders(folder / TRAIN, left_out) if f.name != GOOD]
    normal = [read_image(file) for file in _images(folder / TRAIN / GOOD, left_out)]
    masks_of = {f.name: f for f in _folders(folder / TRUTH, left_out)}
    images, masks, kinds = [], [], []
    for place in _folders(folder / TEST, left_out):
        files = _images(place, left_out)
        images += [read_image(file) for file in files]
        kinds += [place.name] * len(files)
        if place.name == GOOD:
            masks += [np.zeros(image.shape[:2], bool) for image in images[-len(files) :]]
            continue
        _check_there(folder, f"{TRUTH}/{place.name}")
        found = _masks(files, masks_of.pop(place.name), left_out)
        for file, image, mask in zip(files, images[-len(files) :], found, strict=True):
            masks.append(read_mask(mask))
            if masks[-1].shape != image.shape[:2]:
                raise ValueError(
                    f"{mask} is {_sides(masks[-1])}, but its image {file.name} is "
                    f"{_sides(image)} pixels (width x height)."
                )
            if not masks[-1].any():
                raise ValueError(f"{mask} is black everywhere: it must mark the defect's pixels.")
    if set(kinds) == {GOOD}:
        raise FileNotFoundError(f"There are no images with defects beside {folder / TEST / GOOD}.")
    for name, unused in masks_of.items():
        if name != GOOD and contents(unused).images:
            raise ValueError(
                f"{unused} holds masks, but there are no images {folder / TEST / name}."
            )
        left_out.append(unused)
    check_white(str(folder), max(int(image.max()) for image in (*normal, *images)), 255)
    channels = max(image.shape[-1] for image in (*normal, *images))
    train, test = (
        [
            _scaled(np.repeat(i, channels // i.shape[-1], axis=-1).astype("float32") / 255, size)
            for i in part
        ]
        for part in (normal, images)
    )
    masks = [_scaled_mask(mask, size) for mask in masks]
    report(folder, left_out)
    return train, Anomalies(test, masks, tuple(kinds))


def _check_there(folder: Path, name: str) -> None:
    """Raise FileNotFoundError if a sub-folder does not exist; the message says what is there."""
    if (folder / name).is_dir():
        return
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}.")
    near = [f for f in (*contents(folder).folders, folder.parent) if (f / TRAIN / GOOD).is_dir()]
    there = folder if not (folder / name).parent.is_dir() else (folder / name).parent
    names = ", ".join(entry.name for entry in contents(there).folders) or "no folder"
    hint = f"Did you mean {' or '.join(map(str, near[:4]))}?" if near else f"{there} holds {names}."
    raise FileNotFoundError(f"There is no folder {folder / name}. {hint}")


def _folders(folder: Path, left_out: list[Path]) -> list[Path]:
    """Return the sub-folders of a folder in which no images lie."""
    found = contents(folder)
    if found.images:
        raise ValueError(
            f"{folder} holds images ({found.images[0].name}), but only images in its sub-folders "
            f"are read: move them into one."
        )
    left_out += found.others
    return found.folders


def _images(folder: Path, left_out: list[Path]) -> list[Path]:
    files = images_in(folder, left_out)
    if not files:
        raise FileNotFoundError(f"There is no image in {folder}.")
    return files


def _masks(images: list[Path], folder: Path, left_out: list[Path]) -> list[Path]:
    """Return the mask of each image; each mask must belong to one image, and each image to one."""
    by_stem: dict[str, Path] = {}
    for mask in images_in(folder, left_out):
        if mask.stem in by_stem:
            raise ValueError(
                f"{folder} holds two masks of one image, {by_stem[mask.stem].name} and {mask.name}."
            )
        by_stem[mask.stem] = mask
    masks: dict[str, Path] = {}
    for image in images:
        if image.stem in masks:
            raise ValueError(f"{image} and another image have the same mask, {masks[image.stem]}.")
        if f"{image.stem}_mask" not in by_stem:
            raise FileNotFoundError(f"There is no mask {image.stem}_mask of {image} in {folder}.")
        masks[image.stem] = by_stem.pop(f"{image.stem}_mask")
    if by_stem:
        mask = min(by_stem.values())
        raise ValueError(
            f"{mask} is the mask of no image in {images[0].parent}: a mask is named as its image, "
            f"with _mask at the end."
        )
    return list(masks.values())


def _sides(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"


def _scaled(pixels: np.ndarray, size: int | None) -> np.ndarray:
    """Return float32 pixels in [0, 1], with the shorter side scaled to this length."""
    if size is None or size == min(pixels.shape[:2]):
        return pixels
    height, width = (round(side * size / min(pixels.shape[:2])) for side in pixels.shape[:2])
    scaled = resize(pixels, (height, width), order=1, anti_aliasing=True)
    return np.asarray(scaled, "float32").clip(0, 1)


def _scaled_mask(mask: np.ndarray, size: int | None) -> np.ndarray:
    share = _scaled(mask.astype("float32"), size)
    return (share > 0) & (share >= share.max() / 2)  # a thin defect fills no pixel
