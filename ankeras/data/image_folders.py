"""Training and test images from a folder of image files."""

from pathlib import Path
from typing import NamedTuple

from ankeras.data.brightness import check_white
from ankeras.data.dataset import Dataset
from ankeras.data.folder_contents import check_left_out, contents, describe, images_in, report
from ankeras.data.image_files import SUFFIXES, read_image

import numpy as np

TEST_SHARE = 1 / 6  # share of the images of a folder, close to MNIST's 1 / 7
PARTS = {  # name of a folder, in any case -> the part of the images that it holds
    "train": "training",
    "training": "training",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
}
ALSO_CLASSES = ("train", "valid")  # alone beside other folders, these name a class


class Parts(NamedTuple):
    """The folders of training and of test images, and what is to be printed about them.

    If there is no folder of test images, a share of the training images become test images.
    """

    train: Path
    test: Path | None
    note: str


class _Files(NamedTuple):
    images: list[Path]
    labels: list[int]  # empty if there are no classes
    class_names: tuple[str, ...]


def load_folder(folder: Path, size: int | None = None) -> tuple[Dataset, Dataset]:
    """Return training and test images of a folder, as `load` describes it.

    Raises:
        ValueError: if the folder or a file can't be used; the message names it.
        FileNotFoundError: if there is no image.
    """
    left_out: list[Path] = []
    train, test, note = find_parts(folder, left_out)
    files = _find(train, left_out)
    n_test = None
    if test is not None:
        given = _find(test, left_out)
        if given.class_names != files.class_names:
            raise ValueError(
                f"{train} has {_classes(files)}, but {test} has {_classes(given)}: use the same "
                f"sub-folders in both."
            )
        n_test = len(given.images)
        files = _Files(given.images + files.images, given.labels + files.labels, given.class_names)
    check_left_out(folder, len(files.images), left_out)
    images = stack(folder, files.images, [read_image(file, size) for file in files.images])
    targets = {"labels": np.array(files.labels, "int64")} if files.labels else {}
    divided = divide(Dataset(images, targets, files.class_names), train, n_test)
    report(folder, left_out, [note] if note else [])
    return divided


def find_parts(folder: Path, left_out: list[Path]) -> Parts:
    """Return the folders of training and test images: the folder itself if it has no such parts.

    Args:
        folder: a folder.
        left_out: other files and folders beside the parts are appended to it.

    Raises:
        ValueError: if it is not clear what the folders beside each other are.
    """
    found = contents(folder)
    parts = [sub for sub in found.folders if sub.name.lower() in PARTS]
    others = [sub for sub in found.folders if sub not in parts]
    if not parts or (others and len(parts) == 1 and parts[0].name.lower() in ALSO_CLASSES):
        return Parts(folder, None, "")
    there = f"{folder} holds {', '.join(sub.name for sub in found.folders)}"
    by_part = {PARTS[sub.name.lower()]: sub for sub in parts}
    if min(len(by_part), len({sub.resolve() for sub in parts})) < len(parts):
        raise ValueError(f"{there}: use one folder each for training, test and validation images.")
    if "training" not in by_part:
        raise ValueError(
            f"{there}, but no folder train: use train and test, or rename folders that are classes."
        )
    if found.images:
        raise _beside(folder, found.images[0], parts[0])
    for sub in others:
        inside = contents(sub)
        if inside.images or inside.folders:
            raise ValueError(
                f"{there}: it is not clear what {sub.name} is beside training and test images; "
                f"move it elsewhere. For folders as those of MVTec AD, use load_inspection."
            )
    left_out += found.others + others
    train, test, validation = by_part["training"], by_part.get("test"), by_part.get("validation")
    if test is not None:
        left_out += [validation] if validation else []
        return Parts(train, test, "")
    if validation is not None:
        return Parts(train, validation, f"the test images are those in {validation.name}")
    return Parts(train, None, f"one sixth of the images in {train.name} are the test images")


def _find(folder: Path, left_out: list[Path]) -> _Files:
    """Return the images of a folder: its own, or those of its sub-folders, which are classes."""
    found = contents(folder)
    if found.images:
        for sub in found.folders:
            if contents(sub).images:
                raise _beside(folder, found.images[0], sub)
        return _Files(images_in(folder, left_out), [], ())
    for sub in found.folders if len(found.folders) == 1 else []:
        inside = contents(sub)
        if inside.folders and not inside.images:
            raise ValueError(
                f"{folder} holds only the folder {sub.name}, which holds folders and no image: "
                f"did you mean path='{sub}'?"
            )
    by_class: dict[str, list[Path]] = {}
    left_out += found.others
    for sub in found.folders:
        images = images_in(sub, left_out)
        if images:
            by_class[sub.name] = images
        else:
            left_out.append(sub)
    if not by_class:
        holds = found.others + found.folders
        raise FileNotFoundError(
            f"There are no images ({', '.join(SUFFIXES)}) in {folder}"
            + (f": it holds {describe(holds, folder)}." if holds else ".")
        )
    _check_different(folder, list(by_class))
    images = [image for images in by_class.values() for image in images]
    labels = [label for label, images in enumerate(by_class.values()) for _ in images]
    return _Files(images, labels, tuple(by_class))


def _check_different(folder: Path, names: list[str]) -> None:
    """Raise ValueError if two classes are one: alike but for upper case, or links to one folder."""
    for same in (str.casefold, lambda name: str((folder / name).resolve())):
        first: dict[str, str] = {}
        for name in names:
            other = first.setdefault(same(name), name)
            if other != name:
                raise ValueError(
                    f"{folder} holds the folders {other} and {name}, which seem to be one class: "
                    f"put all its images into one folder."
                )


def stack(folder: Path, files: list[Path], pictures: list[np.ndarray]) -> np.ndarray:
    """Return the pixels of several files as one array, float32 (n, height, width, c) in [0, 1].

    All images have 3 channels if one file has colours.

    Args:
        folder: in which all files lie; it is named in messages.
        files: where the pictures come from.
        pictures: uint8 (height, width, 1 or 3), one per file.

    Raises:
        ValueError: if the sizes differ, or the images are almost black; the message names a file.
    """
    first = pictures[0].shape
    for file, picture in zip(files, pictures, strict=True):
        if picture.shape[:2] != first[:2]:
            other = files[0].relative_to(folder)
            raise ValueError(
                f"{file} is {picture.shape[1]}x{picture.shape[0]} pixels, but {other} is "
                f"{first[1]}x{first[0]}: give size= to crop and resize."
            )
    channels = max(picture.shape[-1] for picture in pictures)
    pixels = np.stack([np.broadcast_to(p, (*p.shape[:2], channels)) for p in pictures])
    check_white(str(folder), int(pixels.max()), 255)
    return pixels.astype("float32") / 255


def divide(everything: Dataset, folder: Path, n_test: int | None = None) -> tuple[Dataset, Dataset]:
    """Return training and test images in a random order that is always the same.

    Args:
        everything: the images.
        folder: in which the training images lie; it is named in messages.
        n_test: the first images are test images, as many as this. Default: one sixth of the images
            become test images, and each class has a training image.

    Raises:
        ValueError: if there are too few images for both.
    """
    order = np.random.default_rng(0).permutation(len(everything))
    if n_test is None:
        test_rows, train_rows = _split(folder, order, everything.labels)
    else:
        test_rows, train_rows = order[order < n_test], order[order >= n_test]
    return everything.take(train_rows), everything.take(test_rows)


def _split(
    folder: Path, order: np.ndarray, labels: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of test and of training images; each class has a training image."""
    classes = np.zeros(len(order), int) if labels is None else labels
    backwards = order[::-1]
    kept = backwards[np.unique(classes[backwards], return_index=True)[1]]
    if len(kept) == len(order):
        what = "one image" if len(order) == 1 else f"one image in each of {len(order)} classes"
        raise ValueError(f"{folder} holds {what}, but training and test need one image each.")
    order = np.concatenate([order[~np.isin(order, kept)], kept])
    n_test = min(max(1, round(len(order) * TEST_SHARE)), len(order) - len(kept))
    return order[:n_test], order[n_test:]


def _beside(folder: Path, image: Path, sub: Path) -> ValueError:
    return ValueError(
        f"{folder} holds images beside class sub-folders ({image.name} beside {sub.name}/): use "
        f"either images or sub-folders."
    )


def _classes(files: _Files) -> str:
    return f"the classes {', '.join(files.class_names)}" if files.class_names else "no classes"
