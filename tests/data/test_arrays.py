"""Arrays in an .npz file: which value is white, and what labels may look like."""

from ankeras.data import load

import numpy as np
import pytest


def _images(dtype, *values):
    """Return 3 images of 4x4 pixels that begin with these values."""
    return np.resize(np.array(values, dtype), (3, 4, 4))


@pytest.fixture
def load_arrays(tmp_path):
    def save_and_load(**arrays):
        np.savez(tmp_path / "own.npz", **arrays)
        return load(path=tmp_path / "own.npz")

    return save_and_load


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        ("uint8", (0, 1), (0, 1)),
        ("bool", (0, 1), (0, 1)),
        ("int64", (0, 1), (0, 1)),
        ("uint16", (0, 1), (0, 1)),
        ("uint8", (0, 0), (0, 0)),
        ("uint8", (0, 51, 255), (0, 0.2, 1)),
        ("uint8", (0, 40), (0, 40 / 255)),  # dark, but images can be seen
        ("int64", (0, 51, 255), (0, 0.2, 1)),
        ("int32", (1, 204, 255), (1 / 255, 0.8, 1)),
        ("uint16", (0, 51, 255), (0, 0.2, 1)),
        ("uint16", (0, 13107, 65535), (0, 0.2, 1)),
        (">u2", (0, 13107, 65535), (0, 0.2, 1)),
        ("float16", (0, 0.5, 1.0009), (0, 0.5, 1)),
        ("float64", (-1e-7, 0.25, 1.0000001), (0, 0.25, 1)),
        (">f4", (0, 0.25, 1), (0, 0.25, 1)),
    ],
)
def test_white(load_arrays, dtype, values, expected):
    images = _images(dtype, *values)
    for part in load_arrays(x_train=images, x_test=images):
        assert part.images.dtype == np.float32
        np.testing.assert_allclose(
            part.images[0].ravel()[: len(expected)], np.float32(expected), rtol=0
        )


@pytest.mark.parametrize(
    ("train", "test", "largest"),
    [
        (("uint8", 0, 1), ("uint8", 0, 0), (1, 0)),
        (("uint8", 0, 0), ("uint8", 0, 1), (0, 1)),
        (("uint8", 0, 1), ("bool", 0, 1), (1, 1)),
        (("uint8", 0, 1), ("float32", 0, 1), (1, 1)),
        (("uint8", 0, 255), ("uint8", 0, 0), (1, 0)),
        (("uint8", 0, 255), ("uint8", 0, 51), (1, 0.2)),
        (("uint8", 0, 255), ("int64", 0, 51), (1, 0.2)),
        (("uint8", 0, 51), ("float32", 0, 1), (0.2, 1)),
        (("uint16", 0, 13107), ("uint16", 0, 65535), (0.2, 1)),
    ],
)
def test_both_parts_have_one_white(load_arrays, train, test, largest):
    parts = load_arrays(x_train=_images(*train), x_test=_images(*test))
    assert [part.images.max() for part in parts] == pytest.approx(largest)


@pytest.mark.parametrize(
    ("train", "test", "sentence"),
    [
        (("uint8", 0, 16), ("uint8", 0, 15), "x_train .*largest value .* is 16, but white is 255"),
        (("uint8", 0, 3), ("uint8", 0, 3), "largest value of all pixels is 3"),
        (("uint16", 0, 4095), ("uint16", 0, 4000), "is 4095, but white is 65535"),
        (("uint8", 0, 1), ("uint8", 0, 255), "x_train .*largest value .* is 1, but white is 255"),
        (("uint8", 0, 255), ("uint8", 0, 1), "x_test .*largest value .* is 1, but white is 255"),
        (("uint8", 0, 255), ("uint16", 0, 65535), "x_test .* uint16 value 65535 .* no defined"),
        (("int64", 0, 256), ("int64", 0, 255), "int64 value 256 has no defined white"),
        (("int16", -3, 255), ("int16", 0, 255), "x_train .*no negative values, but one is -3"),
        (("float64", 0, 1.0011), ("float64", 0, 1), r"not in \[0, 1\.0011\]; divide"),
        (("float64", -1, 1), ("float64", 0, 1), r"not in \[-1, 1\]; .*\(x \+ 1\) / 2"),
        (("float64", 0, 1 / 255), ("float64", 0, 1), "divided by 255 twice"),
        (("float64", 0, np.inf), ("float64", 0, 1), "image 0 holds NaN or infinity"),
        (("U1", "a"), ("uint8", 0, 1), "expected integers, float or bool values, not <U1"),
        (([("r", "u1")], 5), ("uint8", 0, 1), r"expected integers, .* not \[\('r'"),
    ],
)
def test_values_that_cannot_be_used(load_arrays, train, test, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_arrays(x_train=_images(*train), x_test=_images(*test))


@pytest.mark.parametrize("shape", [(28, 28, 3), (6, 784, 1), (3, 28), (4, 1, 28, 28), (0, 8, 8)])
def test_shapes_that_cannot_be_used(load_arrays, shape):
    images = np.ones(shape)
    with pytest.raises(ValueError, match=r"x_train in .*: expected images of shape .*, not \("):
        load_arrays(x_train=images, x_test=images)


@pytest.mark.parametrize(
    ("labels", "expected", "n_classes"),
    [
        (np.array([0, 2, 1]), [0, 2, 1], 3),
        (np.array([[0], [2], [1]], "uint8"), [0, 2, 1], 3),
        (np.array([0.0, 3.0, 1.0]), [0, 3, 1], 4),
        (np.array([True, False, True]), [1, 0, 1], 2),
        (np.eye(4)[[2, 0, 2]], [2, 0, 2], 4),
        (np.eye(2, dtype=bool)[[1, 0, 1]], [1, 0, 1], 2),
    ],
)
def test_labels(load_arrays, labels, expected, n_classes):
    images = _images("uint8", 0, 255)
    for part in load_arrays(x_train=images, x_test=images, y_train=labels, y_test=labels):
        assert part.labels.dtype == np.int64
        assert part.labels.tolist() == expected
        assert part.class_names == tuple(map(str, range(n_classes)))


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.array([0, -1, 1]), "from 0 to 99999, but image 1 has the label -1"),
        (np.array([0, 1, 1.5]), "image 2 has the label 1.5"),
        (np.array([np.nan, 1, 1]), "image 0 has the label nan"),
        (np.array([0, 1, 2**32 - 1], "uint32"), "image 2 has the label 4294967295"),
        (np.array(["cat", "dog", "cat"]), "one number per class, not <U3"),
        (np.array([[1, 1], [0, 1], [1, 0]]), r"labels of shape \(3, 2\) must be one-hot"),
        (np.full((3, 2), 0.5), r"must be one-hot"),
        (np.zeros((3, 2, 2), int), r"not \(3, 2, 2\)"),
        (np.array([[0, 1, 2]]), "3 images, but 1 labels"),
        (np.array(3), "3 images, but one label"),
    ],
)
def test_labels_that_cannot_be_used(load_arrays, labels, sentence):
    images = _images("uint8", 0, 255)
    good = np.array([0, 1, 1])
    with pytest.raises(ValueError, match=f"x_test in .*: .*{sentence}"):
        load_arrays(x_train=images, x_test=images, y_train=good, y_test=labels)


def test_other_arrays_are_named_and_left_out(load_arrays, capsys):
    images = _images("uint8", 0, 255)
    load_arrays(x_train=images, x_test=images)
    assert capsys.readouterr().out == ""
    load_arrays(x_train=images, x_test=images, x_val=images, names=np.array([None]))
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1
    assert "own.npz: left out x_val, names" in said[0]


def test_files_that_hold_no_named_arrays(tmp_path):
    np.savez(tmp_path / "own.npz", x_train=np.ones((2, 9, 9)), x_test=np.ones((2, 9, 9)))
    data = (tmp_path / "own.npz").read_bytes()
    np.save(tmp_path / "one.npy", np.zeros(3))
    one = (tmp_path / "one.npy").read_bytes()
    for content in (b"", b"text", data[:-30], one):
        (tmp_path / "own.npz").write_bytes(content)
        with pytest.raises(ValueError, match=r"own\.npz can't be read.* that np\.savez writes"):
            load(path=tmp_path / "own.npz")
    changed = bytearray(data)
    changed[400] ^= 255  # a byte of the first array
    (tmp_path / "own.npz").write_bytes(changed)
    with pytest.raises(ValueError, match=r"own\.npz can't be read .*CRC"):
        load(path=tmp_path / "own.npz")
    np.savez(tmp_path / "own.npz", x_train=np.array([{}] * 6), x_test=np.ones((2, 9, 9)))
    with pytest.raises(ValueError, match="an array holds Python objects: save arrays of numbers"):
        load(path=tmp_path / "own.npz")
    np.savez_compressed(tmp_path / "OWN.NPZ.npz", x_train=np.ones((2, 9, 9)))
    (tmp_path / "OWN.NPZ.npz").rename(tmp_path / "OWN.NPZ")
    with pytest.raises(ValueError, match=r"OWN\.NPZ holds x_train, but not x_test"):
        load(path=tmp_path / "OWN.NPZ")
