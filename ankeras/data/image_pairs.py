"""Training and test pairs of images from a folder: an image, and the image to draw from it.

Either each file holds both images side by side, as in the public data sets of pix2pix, or two
folders hold files with the same names.

Source: AN2DL, "GANs for source-target domain transfer" (pix2pix learns from pairs).
"""

from pathlib import Path

from ankeras.data.dataset import Dataset
from ankeras.data.folder_contents import check_left_out, contents, images_in, report
from ankeras.data.image_files import SUFFIXES, centre_square, read_image
from ankeras.data.image_folders import Parts, divide, find_parts, stack

import numpy as np

SIDE_BY_SIDE = "side by side"


def check_pairs(pairs: object) -> None:
    """Raise ValueError if the argument `pairs` of `load` is neither a word nor two folders."""
    two_names = (
        isinstance(pairs, tuple | list)
        and len(pairs) == 2
        and all(isinstance(name, str) and name for name in pairs)
        and pairs[0] != pairs[1]
    )
    if not two_names and pairs != SIDE_BY_SIDE:
        raise ValueError(
            f"pairs is {SIDE_BY_SIDE!r} or the names of two folders, such as ('photos', "
            f"'drawings'), not {pairs!r}."
        )


def load_pairs(
    folder: Path, pairs: str | tuple[str, str], size: int | None = None
) -> tuple[Dataset, Dataset]:
    """Return training and test pairs of a folder, as `load` describes it.

    Returns:
        (train, test): the images, and the target "paired", float32 (n, height, width, channels).

    Raises:
        ValueError: if the folder or a file can't be used; the message names it.
        FileNotFoundError: if a folder or its images are missing.
    """
    left_out: list[Path] = []
    if isinstance(pairs, str):
        train, test, note = find_parts(folder, left_out)
        given = [] if test is None else _images(test, left_out)
        files = given + _images(train, left_out)
        check_left_out(folder, len(files), left_out)
        both = stack(folder, files, [_read_both(file, size) for file in files])
        images, paired = np.split(both, 2, axis=2)
    else:
        first, second = _two_folders(folder, pairs, left_out)
        train, test, note = first
        inputs, targets = _partners(train, second.train, left_out)
        given = []
        if test is not None and second.test is not None:
            given, partners = _partners(test, second.test, left_out)
            inputs, targets = given + inputs, partners + targets
        check_left_out(folder, len(inputs + targets), left_out)
        images, paired = (
            stack(folder, files, [read_image(file, size) for file in files])
            for files in (inputs, targets)
        )
    n_test = None if test is None else len(given)
    divided = divide(Dataset(images, {"paired": paired}), train, n_test)
    report(folder, left_out, [note] if note else [])
    return divided


def _images(folder: Path, left_out: list[Path]) -> list[Path]:
    files = images_in(folder, left_out)
    if not files:
        raise FileNotFoundError(f"There are no images ({', '.join(SUFFIXES)}) in {folder}.")
    return files


def _read_both(file: Path, size: int | None) -> np.ndarray:
    """Return the two images of a file, each cropped and resized, side by side as in the file."""
    pixels = read_image(file)
    height, width = pixels.shape[:2]
    if width % 2:
        raise ValueError(
            f"{file} is {width}x{height} pixels: two images of the same width side by side have an "
            f"even width."
        )
    if size is None:
        return pixels
    halves = np.split(pixels, 2, axis=1)
    return np.concatenate([centre_square(half, size) for half in halves], axis=1)


def _two_folders(folder: Path, names: tuple[str, str], left_out: list[Path]) -> tuple[Parts, Parts]:
    """Return the parts of the folder of images and those of the folder of their targets.

    The parts lie in these folders (photos/train), or these folders lie in the parts (train/photos).
    """
    if any((folder / name).is_dir() for name in names):
        _check_place(folder, names, left_out)
        first, second = (find_parts(folder / name, left_out) for name in names)
        if (first.test is None) != (second.test is None):
            with_test, without = names if first.test is not None else names[::-1]
            raise ValueError(
                f"{folder / with_test} has a folder of test images, but {folder / without} has "
                f"none."
            )
        return first, second
    train, test, note = find_parts(folder, left_out)
    for part in (train, test):
        if part is not None:
            _check_place(part, names, left_out)
    first, second = (
        Parts(train / name, None if test is None else test / name, note) for name in names
    )
    return first, second


def _check_place(place: Path, names: tuple[str, str], left_out: list[Path]) -> None:
    """Raise an error unless both folders lie here, with no image beside them."""
    found = contents(place)
    for name in names:
        if not (place / name).is_dir():
            holds = ", ".join(sub.name for sub in found.folders) or "no folder"
            raise FileNotFoundError(f"There is no folder {place / name}: {place} holds {holds}.")
    if found.images:
        raise ValueError(
            f"{place} holds images ({found.images[0].name}) beside the folders {names[0]} and "
            f"{names[1]}: move them into one of these."
        )
    left_out += found.others
    left_out += [sub for sub in found.folders if sub.name not in names]


def _partners(first: Path, second: Path, left_out: list[Path]) -> tuple[list[Path], list[Path]]:
    """Return the images of two folders; images with the same place in both lists are a pair."""
    inputs, targets = (_by_name(folder, left_out) for folder in (first, second))
    for files, others, there in ((inputs, targets, second), (targets, inputs, first)):
        for name, file in files.items():
            if name not in others:
                raise ValueError(
                    f"{file} has no partner of the same name in {there} ({len(inputs)} images in "
                    f"{first}, {len(targets)} in {second}). If these are two domains without "
                    f"pairs, leave out pairs=: each folder becomes a class."
                )
    return list(inputs.values()), [targets[name] for name in inputs]


def _by_name(folder: Path, left_out: list[Path]) -> dict[str, Path]:
    """Return the images of a folder by their names without the endings."""
    files: dict[str, Path] = {}
    for file in _images(folder, left_out):
        other = files.setdefault(file.stem, file)
        if other != file:
            raise ValueError(
                f"{folder} holds {other.name} and {file.name}: it is not clear which one is the "
                f"partner of {file.stem} in the other folder."
            )
    return files
