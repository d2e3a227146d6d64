"""Loading: the same form for every source, and a clear error for every problem."""

from ankeras.data import load, stream

import keras
import numpy as np
import pytest
from PIL import Image

RNG = np.random.default_rng(0)


def _npz(path, **arrays):
    defaults = {
        "x_train": RNG.integers(0, 256, (6, 8, 8), dtype=np.uint8),
        "y_train": np.array([0, 1, 2, 0, 1, 2]),
        "x_test": RNG.integers(0, 256, (2, 8, 8), dtype=np.uint8),
        "y_test": np.array([0, 1]),
    }
    arrays = {key: value for key, value in {**defaults, **arrays}.items() if value is not None}
    np.savez(path, **arrays)
    return path


def _picture(path, size=(8, 8), mode="RGB", value=128):
    path.parent.mkdir(exist_ok=True)
    Image.new(mode, size, value if mode == "L" else (value,) * len(mode)).save(path)


def test_procedural_digits_and_faces():
    train, test = load("digits", size=16)
    assert train.images.shape == (10_000, 16, 16, 1)
    assert test.images.shape == (2_000, 16, 16, 1)
    assert not np.array_equal(train.images[:2000], test.images)
    _, faces = load("faces")
    assert faces.images.shape == (2_000, 32, 32, 3)
    assert faces.class_names == ("man", "woman")


def test_npz(tmp_path):
    path = _npz(tmp_path / "own.npz")
    train, test = load(path=path)
    with np.load(path) as file:
        np.testing.assert_allclose(train.images[..., 0], file["x_train"] / 255, atol=1e-7)
    assert train.images.dtype == np.float32
    assert train.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert test.class_names == ("0", "1", "2")
    assert load("mnist", path)[0].class_names == tuple("0123456789")


def test_npz_without_labels_or_with_floats_and_colour(tmp_path):
    images = RNG.random((4, 5, 6, 3))
    path = _npz(tmp_path / "own.npz", x_train=images, x_test=images, y_train=None, y_test=None)
    train, _ = load(path=path)
    assert train.labels is None
    np.testing.assert_allclose(train.images, images, atol=1e-6)


def test_folder_with_classes(tmp_path):
    for i in range(6):
        _picture(tmp_path / "cats" / f"{i}.png", value=10)
        _picture(tmp_path / "dogs" / f"{i}.jpg", value=200)
    train, test = load(path=tmp_path)
    assert train.class_names == ("cats", "dogs")
    assert (len(train.images), len(test.images)) == (10, 2)
    brightness = train.images.mean(axis=(1, 2, 3))
    np.testing.assert_array_equal(brightness > 0.4, train.labels == 1)


def test_folder_without_classes_of_many_sizes(tmp_path):
    _picture(tmp_path / "wide.png", size=(30, 20))
    _picture(tmp_path / "tall.png", size=(9, 40), mode="L")
    _picture(tmp_path / "third.bmp", size=(12, 12))
    train, test = load(path=tmp_path, size=12)
    assert train.images.shape == (2, 12, 12, 3)
    assert train.labels is None
    assert len(test.images) == 1


def test_no_network_and_no_cache(monkeypatch):
    def fail():
        raise Exception("URL fetch failure on mnist.npz: None -- no route")  # as keras does

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    with pytest.raises(ConnectionError, match=r"'mnist' is not in keras's cache .*load\('digits'"):
        load("mnist")


def test_public_data_come_in_the_same_form(monkeypatch):
    images, labels = RNG.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8), np.array([[0], [9]] * 2)
    monkeypatch.setattr(
        keras.datasets.cifar10, "load_data", lambda: ((images, labels), (images, labels))
    )
    train, _ = load("cifar10")
    assert train.labels.tolist() == [0, 9, 0, 9]
    assert train.class_names[9] == "truck"
    assert train.images.max() <= 1


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"x_train": None}, "own.npz holds .*, but not x_train"),
        ({"y_test": None}, "both y_train and y_test"),
        ({"x_train": np.zeros((6, 8), "uint8")}, r"x_train in .*own.npz: expected images of shape"),
        ({"x_train": np.zeros((6, 8, 8, 2), "uint8")}, "1 or 3 channels"),
        ({"x_train": np.full((6, 8, 8), np.nan)}, "x_train in .*: image 0 holds NaN"),
        ({"x_train": np.full((6, 8, 8), 7.0)}, r"expected values in \[0, 1\], not in \[7, 7\]"),
        ({"x_train": np.zeros((6, 8, 8), complex)}, "integers, float or bool values, not complex"),
        ({"x_test": np.zeros((2, 9, 9), "uint8")}, "test images of shape"),
        ({"y_train": np.zeros(5, int)}, "6 images, but 5 labels"),
        ({"y_train": np.full(6, 0.5)}, "labels must be integers"),
        ({"x_train": np.array([{}] * 6)}, "can't be read"),
    ],
)
def test_an_npz_that_cannot_be_used(tmp_path, arrays, sentence):
    path = _npz(tmp_path / "own.npz", **arrays)
    with pytest.raises(ValueError, match=sentence):
        load(path=path)


def test_labels_out_of_range_of_a_named_data_set(tmp_path):
    path = _npz(tmp_path / "own.npz", y_test=np.array([0, 10]))
    with pytest.raises(ValueError, match="label 10 is out of range for 10 classes"):
        load("mnist", path)


def test_a_file_that_is_no_npz(tmp_path):
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(ValueError, match=r"broken\.npz can't be read"):
        load(path=broken)
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    with pytest.raises(ValueError, match=r"notes\.txt is neither an \.npz file nor a folder"):
        load(path=text)


def test_folders_that_cannot_be_used(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There are no images .* in .*"):
        load(path=tmp_path)
    _picture(tmp_path / "one.png")
    with pytest.raises(ValueError, match="holds one image"):
        load(path=tmp_path)
    _picture(tmp_path / "two.png", size=(9, 7))
    with pytest.raises(ValueError, match=r"two\.png is 9x7 pixels, but one\.png is 8x8.*size="):
        load(path=tmp_path)
    (tmp_path / "two.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"two\.png can't be read as an image"):
        load(path=tmp_path)
    _picture(tmp_path / "cats" / "cat.png")
    with pytest.raises(ValueError, match="beside class sub-folders"):
        load(path=tmp_path)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: load("minst"), ValueError, "no data set named 'minst': choose one of 'digits'"),
        (load, ValueError, "Name a data set"),
        (lambda: load(path="/nowhere/at/all"), FileNotFoundError, "/nowhere/at/all"),
        (lambda: load("mnist", size=16), ValueError, "leave out size=16"),
        (lambda: load("faces", size=28), ValueError, "32, 64"),
        *[
            (lambda size=size: load("digits", size=size), ValueError, "size must be one integer")
            for size in (0, -1, 8.0, True, "8", (8, 8))
        ],
        (lambda: next(stream("digits", size=0)), ValueError, "size must be one integer from 1"),
    ],
)
def test_refusals(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
