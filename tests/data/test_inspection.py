"""Inspection: an image and its mask belong together, and what is left out is said."""

from ankeras.data import load_inspection

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path):
    """Return MVTec's folders with a few images of 20x30 pixels."""

    def write(place, pixels):
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype("uint8")).save(file)

    for i in range(3):
        write(f"train/good/{i:03}.png", np.full((20, 30), 100 + i))
    write("test/good/000.png", np.full((20, 30), 100))
    damaged = np.full((20, 30), 100)
    damaged[5:10, 5:15] = 255
    write("test/cut/000.png", damaged)
    write("ground_truth/cut/000_mask.png", (damaged == 255) * 255)
    return tmp_path


def test_images_in_the_folders_of_mvtec(folder):
    train, test = load_inspection(folder)
    assert [image.shape for image in train] == [(20, 30, 1)] * 3
    assert train[2][0, 0, 0] == pytest.approx(102 / 255)
    assert test.kinds == ("cut", "good")
    assert test.masks[0].sum() == 50
    assert test.masks[0][5:10, 5:15].all()
    assert not test.masks[1].any()


def test_images_are_resized_with_their_masks(folder):
    _, test = load_inspection(folder, size=40)
    assert test.images[0].shape == (40, 60, 1)
    assert test.masks[0].shape == (40, 60)
    assert test.masks[0].sum() == pytest.approx(200, abs=20)
    assert test.images[0][test.masks[0]].mean() > 0.9


def test_folders_that_are_not_complete(folder):
    mask = folder / "ground_truth" / "cut" / "000_mask.png"
    content = mask.read_bytes()
    Image.fromarray(np.zeros((4, 4), "uint8")).save(mask)
    with pytest.raises(ValueError, match=r"000_mask\.png is 4x4, but its image .* is 30x20"):
        load_inspection(folder)
    mask.unlink()
    with pytest.raises(FileNotFoundError, match="no mask 000_mask"):
        load_inspection(folder)
    mask.write_bytes(content)
    (folder / "test" / "cut" / "000.png").write_text("no image")
    with pytest.raises(ValueError, match="can't be read as an image"):
        load_inspection(folder)
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        load_inspection(folder / "train")


def _write(file, pixels, **options):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, "uint8")).save(file, **options)


def test_a_complete_folder_is_read_without_a_word(folder, capsys):
    load_inspection(folder)
    assert capsys.readouterr().out == ""


def test_a_mask_may_have_another_ending_and_other_colours(folder):
    mask = folder / "ground_truth" / "cut" / "000_mask.png"
    picture = Image.open(mask)
    mask.unlink()
    indexed = picture.point(lambda value: value // 255).convert("L")
    voc = Image.frombytes("P", indexed.size, indexed.tobytes())
    voc.putpalette([0, 0, 0, 0, 0, 128])
    for name, image in (
        ("000_mask.bmp", indexed),
        ("000_mask.gif", voc),
        ("000_mask.jpg", picture),
    ):
        image.save(mask.with_name(name))
        _, test = load_inspection(folder)
        assert test.masks[0].sum() == 50
        assert test.masks[0][5:10, 5:15].all()
        mask.with_name(name).unlink()


def test_an_image_and_its_mask_are_turned_alike(folder):
    exif = Image.Exif()
    exif[274] = 6  # the stored picture lies on its side
    image, mask = np.full((20, 30), 100), np.zeros((20, 30))
    image[2:4, 5:15] = 255
    mask[2:4, 5:15] = 255
    _write(folder / "test/cut/000.png", image, exif=exif)
    _write(folder / "ground_truth/cut/000_mask.png", mask, exif=exif)
    _, test = load_inspection(folder)
    np.testing.assert_array_equal(test.images[0][..., 0] == 1, test.masks[0])
    assert test.masks[0].shape == (30, 20)
    assert test.masks[0][5:15, 16:18].all()
    _write(folder / "ground_truth/cut/000_mask.png", np.rot90(mask, -1))  # drawn upright
    np.testing.assert_array_equal(load_inspection(folder)[1].masks[0], test.masks[0])
    _write(folder / "ground_truth/cut/000_mask.png", mask)
    with pytest.raises(ValueError, match=r"_mask\.png is 30x20, but its image .* is 20x30 pixels"):
        load_inspection(folder)


def test_a_thin_defect_does_not_vanish_when_it_is_scaled(folder):
    mask = np.zeros((20, 30))
    mask[6] = 255  # in the second of five rows of pixels
    _write(folder / "ground_truth/cut/000_mask.png", mask)
    _, test = load_inspection(folder, size=5)
    assert test.masks[0].shape == (5, 8)
    assert test.masks[0].sum(axis=1).tolist() == [0, 8, 0, 0, 0]
    assert not test.masks[1].any()


def test_all_images_have_colours_if_one_has(folder):
    _write(folder / "test/good/001.png", np.full((20, 30, 3), [100, 0, 0]))
    train, test = load_inspection(folder)
    assert {image.shape for image in (*train, *test.images)} == {(20, 30, 3)}
    assert np.all(train[0] == np.float32(100 / 255))
    assert np.all(test.images[2] == np.float32([100 / 255, 0, 0]))


def test_what_is_left_out_is_said_in_one_line(folder, capsys):
    _write(folder / "train/bad/0.png", np.ones((4, 4)))
    _write(folder / "validation/good/0.png", np.ones((4, 4)))
    _write(folder / "ground_truth/good/000_mask.png", np.zeros((20, 30)))
    _write(folder / ".ipynb_checkpoints/0.png", np.ones((4, 4)))
    (folder / "license.txt").write_text("text")
    (folder / "train/good/Thumbs.db").write_text("text")
    (folder / "train/good/000.json").write_text("text")
    train, test = load_inspection(folder)
    assert (len(train), test.kinds) == (3, ("cut", "good"))
    [line] = capsys.readouterr().out.splitlines()
    assert line == (
        f"{folder}: left out 2 files (.json, .txt are not read) and the folders validation (1 "
        f"file), train/bad (1 file), ground_truth/good (1 file)."
    )


BLACK, WHITE = np.zeros((20, 30)), np.full((20, 30), 255)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"ground_truth/cut/000_mask.bmp": WHITE}, r"two masks .* 000_mask\.bmp and 000_mask\.png"),
        ({"test/cut/000.bmp": WHITE}, r"000\.png and another image have the same mask"),
        ({"ground_truth/cut/001_mask.png": WHITE}, r"001_mask\.png is the mask of no .*cut"),
        ({"ground_truth/cut/overlay.png": WHITE}, r"overlay\.png is the mask of no image"),
        ({"ground_truth/hole/000_mask.png": WHITE}, r"hole holds masks, but .* no .*test/hole"),
        ({"ground_truth/000_mask.png": WHITE}, r"ground_truth holds images \(000_mask\.png\)"),
        ({"ground_truth/cut/000_mask.png": BLACK}, r"000_mask\.png is black everywhere"),
        ({"test/000.png": WHITE}, r"test holds images \(000\.png\), but only .* sub-folders"),
        ({"train/000.png": WHITE}, r"train holds images \(000\.png\)"),
        ({"000.png": WHITE}, r"holds images \(000\.png\)"),
        ({"train/good/a/0.png": WHITE, **{f"train/good/a/{i}.png": WHITE for i in range(4)}},
         r"good: 3 images would be read, but the folder a \(4 files\)"),
    ],
)  # fmt: skip
def test_images_and_masks_that_do_not_belong_together(folder, written, sentence):
    for name, pixels in written.items():
        _write(folder / name, pixels)
    with pytest.raises(ValueError, match=sentence):
        load_inspection(folder)


def test_dark_images(folder):
    for file in folder.glob("t*/*/*.png"):
        _write(file, np.asarray(Image.open(file)) // 16)
    with pytest.raises(ValueError, match="largest value of all pixels is 15, but white is 255"):
        load_inspection(folder)


@pytest.mark.parametrize(
    ("moved", "to", "asked", "sentence"),
    [
        ("ground_truth", "masks", ".", r"no folder .*ground_truth\. .* holds masks, test, train\."),
        ("test/good", "test/ok", ".", r"no folder .*test/good\. .*test holds cut, ok\."),
        ("train/good", "train/Good ones", ".", r"no folder .*train/good\. .*train holds Good ones"),
        ("ground_truth/cut", "ground_truth/Cut", ".", r"no folder .*truth/cut\. .* holds Cut\."),
        ("test/cut", "cut", ".", r"no images with defects beside .*test/good"),
        (None, None, "train", r"no folder .*train/train/good\. Did you mean .*?\?"),
        (None, None, "..", r"no folder .*train/good\. Did you mean .*?\?"),
        (None, None, "nothing", r"There is no folder .*nothing\.$"),
    ],
)
def test_the_folder_that_is_meant(folder, moved, to, asked, sentence):
    if moved:
        (folder / moved).rename(folder / to)
    with pytest.raises(FileNotFoundError, match=sentence) as caught:
        load_inspection(folder / asked)
    if "Did you mean" in sentence:
        assert folder.name in str(caught.value).split("Did you mean")[1]


def test_empty_folders_of_images(folder):
    for place in ("train/good", "test/good", "test/cut"):
        files = list((folder / place).iterdir())
        for file in files:
            file.rename(file.with_suffix(".kept"))
        with pytest.raises((ValueError, FileNotFoundError), match=place):
            load_inspection(folder)
        for file in files:
            file.with_suffix(".kept").rename(file)
    (folder / "test" / "scratch").mkdir()
    with pytest.raises(FileNotFoundError, match=r"There is no image in .*test/scratch"):
        load_inspection(folder)


@pytest.mark.parametrize("size", [0, -1, 8.0, True, "8", (8, 8)])
def test_a_size_that_is_no_number_of_pixels(folder, size):
    with pytest.raises(ValueError, match="size must be one integer from 1"):
        load_inspection(folder, size=size)
