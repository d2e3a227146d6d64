"""One function for every source of images: drawn, public, or your own file or folder.

`load` returns training and test images in the same form for every source. If that is not possible,
it raises an error that says what is wrong and what to do. It never returns other images instead.
"""

import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

from ankeras.data.dataset import Dataset
from ankeras.data.digits import digits
from ankeras.data.faces import faces
from ankeras.data.image_files import SUFFIXES, images_in, read_image

import numpy as np

PROCEDURAL = {"digits": (digits, 28), "faces": (faces, 32)}
PUBLIC = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    "cifar10": (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
}
N_TRAIN, N_TEST = 10_000, 2_000  # numbers of images that are drawn
TEST_SHARE = 1 / 6  # share of the images of a folder, close to MNIST's 1 / 7


def load(
    name: str | None = None, path: str | Path | None = None, *, size: int | None = None
) -> tuple[Dataset, Dataset]:
    """Return training and test images, float32 in [0, 1].

    Args:
        name: "digits" or "faces" (10,000 + 2,000 images are drawn, without a download), or "mnist",
            "fashion_mnist" or "cifar10" (from keras.datasets: downloaded once, then cached).
        path: your own images instead: an .npz file or a folder of images. The file has the keys of
            keras's mnist.npz: x_train, x_test and, if there are labels, y_train, y_test. If there
            are classes, the folder has one sub-folder per class. One sixth of the images of a
            folder become test images.
        size: side of the square images in pixels, for "digits" (any), "faces" (32, 64, 128) and
            folders (images are cropped at the centre and resized). Default: 28 for digits, 32 for
            faces; images of a folder keep their size.

    Returns:
        (train, test).

    Raises:
        ValueError: for an unknown name, or images that can't be used; the message names the file.
        FileNotFoundError: if there is nothing at `path`, or no image in the folder.
        ConnectionError: if a public data set is not cached and can't be downloaded.
    """
    if name is None and path is None:
        raise ValueError(f"Name a data set ({_names()}) or give the path of your own images.")
    if name is not None and name not in (*PROCEDURAL, *PUBLIC):
        raise ValueError(
            f"There is no data set named {name!r}: choose one of {_names()}, or give the path "
            f"of your own images."
        )
    if path is not None:
        return _load_path(Path(path).expanduser(), size, PUBLIC.get(name or "", ()))
    if name in PROCEDURAL:
        draw, default_size = PROCEDURAL[name]
        train, test = (
            draw(n, seed=seed, size=size or default_size)
            for seed, n in enumerate((N_TRAIN, N_TEST))
        )
        return train, test
    if size is not None:
        raise ValueError(f"The images of {name!r} have a fixed size: leave out size={size}.")
    return _load_public(str(name))


def _names() -> str:
    return ", ".join(repr(name) for name in (*PROCEDURAL, *PUBLIC))


def _load_public(name: str) -> tuple[Dataset, Dataset]:
    import keras  # noqa: PLC0415 - drawing digits and faces does not need tensorflow

    try:
        (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:  # keras raises a bare Exception when it can't download
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConnectionError(
            f"{name!r} is not in keras's cache and could not be downloaded ({reason}). Connect "
            f"to the network once, or give a file that you have: load({name!r}, "
            f"path='{name}.npz'), or use load('digits') or load('faces'), which need no download."
        ) from error
    names = PUBLIC[name]
    return (
        _dataset(x_train, y_train, f"{name} (training)", names),
        _dataset(x_test, y_test, f"{name} (test)", names),
    )


def _load_path(
    path: Path, size: int | None, class_names: tuple[str, ...]
) -> tuple[Dataset, Dataset]:
    if path.is_dir():
        return _load_folder(path, size)
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    if path.suffix != ".npz":
        raise ValueError(f"{path} is neither an .npz file nor a folder of images.")
    if size is not None:
        raise ValueError(f"The images in {path} have a fixed size: leave out size={size}.")
    return _load_npz(path, class_names)


def _load_npz(path: Path, class_names: tuple[str, ...]) -> tuple[Dataset, Dataset]:
    try:
        # The file is opened here, because NumPy would not close a broken file.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} can't be read as an .npz file of arrays ({error}).") from error
    missing = [key for key in ("x_train", "x_test") if key not in arrays]
    if missing:
        found = ", ".join(sorted(arrays)) or "nothing"
        raise ValueError(f"{path} holds {found}, but not {' and '.join(missing)}.")
    if ("y_train" in arrays) != ("y_test" in arrays):
        raise ValueError(f"{path} must hold both y_train and y_test, or neither.")
    train, test = (
        _dataset(arrays[f"x_{part}"], arrays.get(f"y_{part}"), f"x_{part} in {path}", class_names)
        for part in ("train", "test")
    )
    if train.images.shape[1:] != test.images.shape[1:]:
        raise ValueError(
            f"{path} holds training images of shape {train.images.shape[1:]} and test images of "
            f"shape {test.images.shape[1:]}."
        )
    if train.labels is not None and test.labels is not None and not class_names:
        n_classes = int(max(train.labels.max(), test.labels.max())) + 1
        names = tuple(str(label) for label in range(n_classes))
        return replace(train, class_names=names), replace(test, class_names=names)
    return train, test


def _dataset(
    images: np.ndarray, labels: np.ndarray | None, source: str, class_names: tuple[str, ...]
) -> Dataset:
    """Return a data set of checked images and labels, as `load` returns it."""
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or 0 in images.shape:
        raise ValueError(
            f"{source}: expected images of shape (n, height, width), or with 1 or 3 channels "
            f"last, not {images.shape}."
        )
    if images.dtype == np.uint8:
        images = images.astype("float32") / 255
    elif np.issubdtype(images.dtype, np.floating):
        if not np.isfinite(images).all():
            bad = int(np.argmin(np.isfinite(images).all(axis=(1, 2, 3))))
            raise ValueError(f"{source}: image {bad} holds NaN or infinity.")
        if images.min() < 0 or images.max() > 1:
            raise ValueError(
                f"{source}: expected values in [0, 1], not in [{images.min():g}, "
                f"{images.max():g}]; divide by the largest possible value first."
            )
        images = images.astype("float32")
    else:
        raise ValueError(f"{source}: expected uint8 or float values, not {images.dtype}.")
    if labels is None:
        return Dataset(images)
    labels = np.ravel(labels)
    if len(labels) != len(images):
        raise ValueError(f"{source}: {len(images)} images, but {len(labels)} labels.")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise ValueError(f"{source}: labels must be integers from 0, not {labels.dtype}.")
    if class_names and labels.max() >= len(class_names):
        raise ValueError(
            f"{source}: label {labels.max()} is out of range for {len(class_names)} classes."
        )
    return Dataset(images, {"labels": labels.astype("int64")}, class_names)


def _load_folder(folder: Path, size: int | None) -> tuple[Dataset, Dataset]:
    classes = sorted(sub.name for sub in folder.iterdir() if sub.is_dir() and images_in(sub))
    loose = images_in(folder)
    if classes and loose:
        raise ValueError(
            f"{folder} holds images beside class sub-folders ({loose[0].name} beside "
            f"{classes[0]}/): use either images or sub-folders."
        )
    files = loose or [file for name in classes for file in images_in(folder / name)]
    if not files:
        raise FileNotFoundError(f"There are no images ({', '.join(SUFFIXES)}) in {folder}.")
    if len(files) < 2:
        raise ValueError(f"{folder} holds one image, but training and test need one image each.")
    pictures = [read_image(file, size) for file in files]
    channels = max(picture.shape[-1] for picture in pictures)
    pictures = [np.broadcast_to(p, (*p.shape[:2], channels)) for p in pictures]
    for file, picture in zip(files, pictures, strict=True):
        if picture.shape != pictures[0].shape:
            raise ValueError(
                f"{file} is {picture.shape[1]}x{picture.shape[0]} pixels, but {files[0].name} is "
                f"{pictures[0].shape[1]}x{pictures[0].shape[0]}: give size= to crop and resize."
            )
    labels = np.array([classes.index(file.parent.name) for file in files]) if classes else None
    everything = _dataset(np.stack(pictures), labels, str(folder), tuple(classes))
    order = np.random.default_rng(0).permutation(len(files))
    n_test = max(1, round(len(files) * TEST_SHARE))
    return everything.take(order[n_test:]), everything.take(order[:n_test])
