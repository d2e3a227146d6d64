"""Pairs of images: side by side in one file or in two folders, and what is refused."""

from ankeras.data import load
from ankeras.image_to_image import UnpairedBatches

import numpy as np
import pytest
from PIL import Image

SIDES = "side by side"
FOLDERS = ("photos", "drawings")


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a grey image, of one value or of one value per half."""

    def one(place, *values, size=(4, 4), mode="L"):
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        row = np.repeat(np.array(values, "uint8"), size[0] // len(values))
        pixels = np.broadcast_to(row, (size[1], len(row)))
        Image.fromarray(pixels).convert(mode).save(file)
        return tmp_path

    return one


def _values(images):
    return np.round(images[:, 0, 0, 0] * 255).astype(int)


def _check_partners(part):
    """The target of an image is brighter by 100."""
    np.testing.assert_array_equal(_values(part.targets["paired"]), _values(part.images) + 100)


def test_both_images_of_a_file(write, capsys):
    for i in range(12):
        folder = write(f"{i}.png", 50 + i, 150 + i, size=(8, 4))
    train, test = load(path=folder, pairs=SIDES)
    assert train.images.shape == train.targets["paired"].shape == (10, 4, 4, 1)
    assert train.images.dtype == np.float32
    assert sorted([*_values(train.images), *_values(test.images)]) == list(range(50, 62))
    for part in (train, test):
        _check_partners(part)
    assert train.labels is None
    assert capsys.readouterr().out == ""


def test_given_parts_side_by_side(write, capsys):
    for i in range(4):
        folder = write(f"{'train' if i < 3 else 'val'}/{i}.png", 50 + i, 150 + i, size=(8, 4))
    train, test = load(path=folder, pairs=SIDES)
    assert sorted(_values(train.images)) == [50, 51, 52]
    assert _values(test.images).tolist() == [53]
    _check_partners(test)
    assert "the test images are those in val" in capsys.readouterr().out


def test_the_centre_of_each_half_is_resized(write):
    for i in range(2):  # halves of 6x2 pixels, of which the central 2x2 are grey
        folder = write(f"{i}.png", 0, 0, 90, 90, 0, 0, 9, 9, 190, 190, 9, 9, size=(12, 2))
    train, _ = load(path=folder, pairs=SIDES, size=4)
    np.testing.assert_allclose(train.images, np.full((1, 4, 4, 1), 90 / 255), atol=1e-6)
    np.testing.assert_allclose(train.targets["paired"], 190 / 255, atol=1e-6)


@pytest.mark.parametrize("place", ["{name}", "train/{name}", "{name}/train"])
def test_two_folders(write, place):
    for i in range(6):
        for name, value in zip(FOLDERS, (50 + i, 150 + i), strict=True):
            ending = "png" if name == "photos" else "bmp"
            folder = write(f"{place.format(name=name)}/{i}.{ending}", value)
    train, test = load(path=folder, pairs=FOLDERS)
    assert (len(train), len(test)) == (5, 1)
    for part in (train, test):
        _check_partners(part)
    swapped, _ = load(path=folder, pairs=list(FOLDERS[::-1]))
    np.testing.assert_array_equal(swapped.images, train.targets["paired"])


@pytest.mark.parametrize("place", ["{part}/{name}", "{name}/{part}"])
def test_two_folders_with_given_parts(write, place):
    for i in range(5):
        for name, value in zip(FOLDERS, (50 + i, 150 + i), strict=True):
            part = "train" if i < 3 else "test"
            folder = write(f"{place.format(name=name, part=part)}/{i}.png", value)
    train, test = load(path=folder, pairs=FOLDERS)
    assert sorted(_values(train.images)) == [50, 51, 52]
    assert sorted(_values(test.images)) == [53, 54]
    for part in (train, test):
        _check_partners(part)


def test_a_target_may_be_larger_and_have_colours(write):
    for i in range(2):
        write(f"photos/{i}.png", 50)
        folder = write(f"drawings/{i}.png", 150, size=(8, 8), mode="RGB")
    train, _ = load(path=folder, pairs=FOLDERS)
    assert train.images.shape == (1, 4, 4, 1)
    assert train.targets["paired"].shape == (1, 8, 8, 3)


def test_what_is_left_out_is_said(write, capsys):
    for i in range(4):
        write(f"masks/{i}.png", 50)
        for name in FOLDERS:
            folder = write(f"{name}/{i}.png", 150)
    (folder / "notes.txt").write_text("text")
    load(path=folder, pairs=FOLDERS)
    [line] = capsys.readouterr().out.splitlines()
    assert "left out 1 file (.txt is not read) and the folder masks (4 files)" in line


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        (["photos/1.png"], r"no folder .*drawings: .* holds photos\."),
        (["a/1.png", "b/1.png"], r"no folder .*photos: .* holds a, b\."),
        (["train/photos/1.png", "train/drawings/1.png", "test/photos/1.png"], "test.drawings"),
        (
            ["photos/1.png", "photos/2.png", "drawings/1.png"],
            r"photos/2\.png has no partner .* in .*drawings \(2 images in .*photos, 1 in .*class",
        ),
        (
            ["photos/1.png", "drawings/1.png", "drawings/a.png"],
            r"drawings/a\.png has no partner of the same name in .*photos",
        ),
        (["photos/1.png", "drawings/1.png", "drawings/1.bmp"], r"drawings holds 1\.bmp and 1\.png"),
        (["photos/1.png", "drawings/1.png", "2.png"], r"images \(2\.png\) beside the folders phot"),
        (
            ["photos/train/1.png", "photos/test/1.png", "drawings/1.png"],
            "photos has a folder of test images, but .*drawings has none",
        ),
        (["photos/1.png", "drawings/1.png"], "photos holds one image, but training and test need"),
    ],
)
def test_two_folders_that_cannot_be_used(write, places, sentence):
    for place in places:
        folder = write(place, 100)
    with pytest.raises((ValueError, FileNotFoundError), match=sentence):
        load(path=folder, pairs=FOLDERS)


def test_sizes_that_do_not_fit(write):
    for i in range(2):
        write(f"photos/{i}.png", 100)
        folder = write(f"drawings/{i}.png", 100, size=(4 + i, 4))
    with pytest.raises(ValueError, match=r"drawings/1\.png is 5x4 pixels, but drawings/0\.png is"):
        load(path=folder, pairs=FOLDERS)
    assert load(path=folder, pairs=FOLDERS, size=4)[0].images.shape == (1, 4, 4, 1)


def test_files_that_do_not_hold_two_images(write):
    write("0.png", 100, 200, size=(8, 4))
    folder = write("1.png", 100, size=(9, 4))
    with pytest.raises(ValueError, match=r"1\.png is 9x4 pixels: two images of the same width"):
        load(path=folder, pairs=SIDES)
    write("1.png", 100, size=(6, 4))
    with pytest.raises(ValueError, match=r"1\.png is 6x4 pixels, but 0\.png is 8x4: give size="):
        load(path=folder, pairs=SIDES)


def test_folders_without_images(write):
    folder = write("photos/0.png", 100)
    (folder / "drawings").mkdir()
    with pytest.raises(FileNotFoundError, match=r"There are no images .* in .*drawings"):
        load(path=folder, pairs=FOLDERS)
    with pytest.raises(FileNotFoundError, match=r"There are no images .* in .*drawings"):
        load(path=folder / "drawings", pairs=SIDES)


@pytest.mark.parametrize("pairs", ["beside", ("photos",), ("a", "a"), ("a", ""), ("a", 1), 2])
def test_an_argument_that_means_nothing(tmp_path, pairs):
    with pytest.raises(ValueError, match="pairs is 'side by side' or the names of two folders"):
        load(path=tmp_path, pairs=pairs)


def test_pairs_need_a_folder(tmp_path):
    with pytest.raises(ValueError, match="give the path of their folder"):
        load("digits", pairs=SIDES)
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        load(path=tmp_path / "nothing", pairs=SIDES)
    (tmp_path / "own.npz").write_bytes(b"")
    with pytest.raises(ValueError, match=r"own\.npz is a file, but pairs are read from a folder"):
        load(path=tmp_path / "own.npz", pairs=SIDES)


def test_two_domains_without_pairs_are_two_classes(write):
    for name, n, value in (("horses", 6, 50), ("zebras", 12, 150)):
        for i in range(n):
            folder = write(f"{name}/{name}{i}.png", value)
    train, _ = load(path=folder)
    assert train.class_names == ("horses", "zebras")
    x, y = (train.images[train.labels == i] for i in range(2))
    horses, zebras = UnpairedBatches(x, y, batch_size=4)[0]
    assert (_values(horses) == 50).all()
    assert (_values(zebras) == 150).all()
    with pytest.raises(ValueError, match=r"horses0\.png has no partner .* without pairs, leave"):
        load(path=folder, pairs=("horses", "zebras"))
