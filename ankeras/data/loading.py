"""One function for every source of images: drawn, public, or your own file or folder.

`load` returns training and test images in the same form for every source. If that is not possible,
it raises an error that says what is wrong and what to do. It never returns other images instead.
"""

from pathlib import Path

from ankeras.data.arrays import datasets, load_npz
from ankeras.data.dataset import Dataset
from ankeras.data.digits import digits
from ankeras.data.faces import faces
from ankeras.data.image_files import check_size
from ankeras.data.image_folders import load_folder
from ankeras.data.image_pairs import check_pairs, load_pairs

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


def load(
    name: str | None = None,
    path: str | Path | None = None,
    *,
    size: int | None = None,
    pairs: str | tuple[str, str] | None = None,
) -> tuple[Dataset, Dataset]:
    """Return training and test images, float32 in [0, 1].

    Args:
        name: "digits" or "faces" (10,000 + 2,000 images are drawn, without a download), or "mnist",
            "fashion_mnist" or "cifar10" (from keras.datasets: downloaded once, then cached).
        path: your own images instead: an .npz file or a folder of images (docs/data.md tells all).
            The file has the keys of keras's mnist.npz: x_train, x_test and, if there are labels,
            y_train, y_test. If there are classes, the folder has one sub-folder per class. One
            sixth of the images of a folder become test images, if it does not have the
            sub-folders train and test. One printed line says which files are left out.
        size: side of the square images in pixels, for "digits" (any), "faces" (32, 64, 128) and
            folders (images are cropped at the centre and resized). Default: 28 for digits, 32 for
            faces; images of a folder keep their size.
        pairs: for a folder of images and their targets, for pix2pix or super-resolution: "side by
            side" if each file holds the image on the left and its target on the right, or the names
            of two folders whose files have the same names, such as ("photos", "drawings"). Default:
            images without targets.

    Returns:
        (train, test). With `pairs`, the targets are `train.targets["paired"]`.

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
    check_size(size)
    if pairs is not None:
        check_pairs(pairs)
        if path is None:
            raise ValueError("Pairs are read from your own images: give the path of their folder.")
    if path is not None:
        return _load_path(Path(path).expanduser(), size, pairs, PUBLIC.get(name or "", ()))
    if name in PROCEDURAL:
        draw, default_size = PROCEDURAL[name]
        train, test = (
            draw(n, seed=seed, size=default_size if size is None else size)
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
    train, test = datasets(
        {f"{name} (training)": (x_train, y_train), f"{name} (test)": (x_test, y_test)}, PUBLIC[name]
    )
    return train, test


def _load_path(
    path: Path,
    size: int | None,
    pairs: str | tuple[str, str] | None,
    class_names: tuple[str, ...],
) -> tuple[Dataset, Dataset]:
    if path.is_dir():
        return load_folder(path, size) if pairs is None else load_pairs(path, pairs, size)
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    if pairs is not None:
        raise ValueError(f"{path} is a file, but pairs are read from a folder of images.")
    if path.suffix.lower() != ".npz":
        raise ValueError(f"{path} is neither an .npz file nor a folder of images.")
    if size is not None:
        raise ValueError(f"The images in {path} have a fixed size: leave out size={size}.")
    return load_npz(path, class_names)
