"""Training and test images from arrays: checked, and scaled to [0, 1]."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from ankeras.data.brightness import check_white
from ankeras.data.dataset import Dataset

import numpy as np

KEYS = ("x_train", "y_train", "x_test", "y_test")
ROUNDING = 1e-3  # how far float values may lie outside [0, 1]: float16 rounds by half of it
MAX_CLASSES = 100_000


def load_npz(path: Path, class_names: tuple[str, ...] = ()) -> tuple[Dataset, Dataset]:
    """Return the images of an .npz file with the keys of keras's mnist.npz.

    Args:
        path: the file.
        class_names: names of the classes. Default: "0", "1", ...

    Raises:
        ValueError: if the file can't be read or used.
    """
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} can't be read: it is not the complete file that np.savez writes.")
    try:
        # The file is opened here, because NumPy would not close a broken file.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            found = list(file.files)
            arrays = {key: file[key] for key in KEYS if key in found}
    except Exception as error:  # a broken file can raise any error
        reason = str(error) or type(error).__name__
        if "Object arrays" in reason:
            reason = "an array holds Python objects: save arrays of numbers"
        raise ValueError(f"{path} can't be read as an .npz file of arrays ({reason}).") from error
    missing = [key for key in ("x_train", "x_test") if key not in arrays]
    if missing:
        there = ", ".join(sorted(found)) or "nothing"
        raise ValueError(f"{path} holds {there}, but not {' and '.join(missing)}.")
    if ("y_train" in arrays) != ("y_test" in arrays):
        raise ValueError(f"{path} must hold both y_train and y_test, or neither.")
    train, test = datasets(
        {
            f"{x} in {path}": (arrays[x], arrays.get(y))
            for x, y in (("x_train", "y_train"), ("x_test", "y_test"))
        },
        class_names,
    )
    if train.images.shape[1:] != test.images.shape[1:]:
        raise ValueError(
            f"{path} holds training images of shape {train.images.shape[1:]} and test images of "
            f"shape {test.images.shape[1:]}."
        )
    left_out = [key for key in found if key not in KEYS]
    if left_out:
        print(f"{path}: left out {', '.join(left_out)} (only {', '.join(KEYS)} are read).")
    return train, test


def datasets(
    parts: Mapping[str, tuple[np.ndarray, np.ndarray | None]], class_names: tuple[str, ...] = ()
) -> list[Dataset]:
    """Return one data set per part of a source, with images in [0, 1].

    The parts are scaled together:

    - True, or the integer 1 if no part holds a greater one: white, 1.0. Masks and binary images.
    - Integers to 255, of any type: divided by 255.
    - Greater ones, if all parts are uint16: divided by 65535.
    - float: as they are, in [0, 1]. What exceeds it by rounding is clipped.

    Labels are integers, bool, whole float values, or one-hot rows.

    Args:
        parts: name of a part for messages -> (images, labels); no labels: None.
        class_names: names of the classes. Default: "0", "1", ... if there are labels.

    Raises:
        ValueError: if images or labels can't be used, or if no image is brighter than an eighth of
            white, so that another value must have been white.
    """
    images = _scaled({source: _four_axes(source, images) for source, (images, _) in parts.items()})
    labels: list[np.ndarray | None] = []
    n_classes = 0
    for source, (x, y) in parts.items():
        if y is None:
            labels.append(None)
            continue
        found = _labels(source, y, len(x))
        n_classes = max(n_classes, int(found.max()) + 1, y.shape[1] if y.ndim == 2 else 0)
        if class_names and found.max() >= len(class_names):
            raise ValueError(
                f"{source}: label {found.max()} is out of range for {len(class_names)} classes."
            )
        labels.append(found)
    names = class_names or tuple(map(str, range(n_classes)))
    return [
        Dataset(x) if y is None else Dataset(x, {"labels": y}, names)
        for x, y in zip(images, labels, strict=True)
    ]


def _four_axes(source: str, images: np.ndarray) -> np.ndarray:
    expected = "expected images of shape (n, height, width), or with 1 or 3 channels last"
    if images.ndim == 3 and images.shape[-1] <= 3:
        raise ValueError(
            f"{source}: {expected}, not {images.shape}, which may be one image or flat images."
        )
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or 0 in images.shape:
        raise ValueError(f"{source}: {expected}, not {images.shape}.")
    return images


def _scaled(parts: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return float32 images in [0, 1]."""
    white = _white({s: part for s, part in parts.items() if np.issubdtype(part.dtype, np.integer)})
    scaled = []
    for source, part in parts.items():
        if np.issubdtype(part.dtype, np.integer):
            scaled.append(part.astype("float32") / white)
        elif np.issubdtype(part.dtype, np.floating):
            scaled.append(_checked(source, part))
        elif part.dtype == bool:
            scaled.append(part.astype("float32"))
        else:
            raise ValueError(
                f"{source}: expected integers, float or bool values, not {part.dtype}."
            )
    return scaled


def _white(parts: dict[str, np.ndarray]) -> int:
    """Return the integer that is white in all parts."""
    largest = {source: int(part.max()) for source, part in parts.items()}
    for source, part in parts.items():
        if part.min() < 0:
            raise ValueError(f"{source}: expected no negative values, but one is {part.min()}.")
    if max(largest.values(), default=0) <= 1:
        return 1
    if max(largest.values()) <= 255:
        white = 255
    elif all(np.issubdtype(part.dtype, np.uint16) for part in parts.values()):
        white = 65535
    else:
        source = max(largest, key=lambda source: largest[source])
        raise ValueError(
            f"{source}: the {parts[source].dtype} value {largest[source]} has no defined white. "
            f"Save all images as uint8 (255 is white), as uint16 (65535), or as float (1.0)."
        )
    for source in parts:
        check_white(source, largest[source], white)
    return white


def _checked(source: str, images: np.ndarray) -> np.ndarray:
    """Return float values as float32, clipped to [0, 1]."""
    if not np.isfinite(images).all():
        bad = int(np.argmin(np.isfinite(images).all(axis=(1, 2, 3))))
        raise ValueError(f"{source}: image {bad} holds NaN or infinity.")
    least, largest = float(images.min()), float(images.max())
    if least < -ROUNDING or largest > 1 + ROUNDING:
        advice = (
            "for values in [-1, 1], save (x + 1) / 2"
            if least < 0
            else "divide by the largest possible value first"
        )
        raise ValueError(
            f"{source}: expected values in [0, 1], not in [{least:g}, {largest:g}]; {advice}."
        )
    if 0 < largest < 1.01 / 255:
        raise ValueError(
            f"{source}: the largest value is {largest:g}, but 1 is white: it seems that the values "
            f"were divided by 255 twice."
        )
    scaled = images.astype("float32")
    return np.clip(scaled, 0, 1, out=scaled)


def _labels(source: str, labels: np.ndarray, n_images: int) -> np.ndarray:
    """Return int64 (n,): one label per image, from 0."""
    if labels.ndim == 0 or len(labels) != n_images:
        found = "one label" if labels.ndim == 0 else f"{len(labels)} labels"
        raise ValueError(f"{source}: {n_images} images, but {found}.")
    if labels.dtype.kind not in "biuf":
        raise ValueError(
            f"{source}: labels must be integers from 0, one number per class, not {labels.dtype}."
        )
    if labels.ndim == 2 and labels.shape[1] > 1:
        if not (((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all()):
            raise ValueError(
                f"{source}: labels of shape {labels.shape} must be one-hot, with one 1 per image."
            )
        return labels.argmax(axis=1).astype("int64")
    if labels.size != n_images:
        raise ValueError(
            f"{source}: labels must have the shape (n,), (n, 1) or, one-hot, (n, classes), not "
            f"{labels.shape}."
        )
    labels = labels.ravel()
    bad = ~((labels >= 0) & (labels < MAX_CLASSES) & (labels == np.floor(labels)))
    if bad.any():
        image = int(np.argmax(bad))
        raise ValueError(
            f"{source}: labels must be integers from 0 to {MAX_CLASSES - 1}, but image {image} has "
            f"the label {labels[image]}."
        )
    return labels.astype("int64")
