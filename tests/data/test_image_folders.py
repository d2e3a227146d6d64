"""Folders of images: classes, given parts, and a word for everything that is left out."""

from ankeras.data import load

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def make(tmp_path):
    """Return a function that writes files: images, or 4 bytes of text for endings without dots."""

    def write(*places):
        for number, place in enumerate(places):
            path = tmp_path / place
            path.parent.mkdir(parents=True, exist_ok=True)
            if place.endswith("/"):
                path.mkdir()
            elif path.suffix.lower() in (".png", ".bmp"):
                Image.new("L", (4, 4), 100 + number).save(path)
            elif path.suffix in (".jpg", ".jfif", ".jpe"):
                Image.new("L", (4, 4), 100 + number).save(path, format="JPEG")
            else:
                path.write_text("text")
        return tmp_path

    return write


def _numbers(part):
    """Return the number of each image as it was written, in order."""
    return sorted(np.round(part.images[:, 0, 0, 0] * 255 - 100).astype(int).tolist())


CATS = [f"cats/{i}.png" for i in range(6)]
DOGS = [f"dogs/{i}.png" for i in range(6)]


@pytest.mark.parametrize(
    "litter",
    [
        ".ipynb_checkpoints/0-checkpoint.png",
        "cats/.ipynb_checkpoints/0-checkpoint.png",
        "__MACOSX/cats/._0.png",
        "cats/._0.png",
        "cats/.DS_Store",
        "cats/Thumbs.db",
        "Desktop.ini",
        "@eaDir/cats/0.png",
    ],
)
def test_litter_is_skipped_without_a_word(make, capsys, litter):
    train, test = load(path=make(*CATS, *DOGS, litter))
    assert train.class_names == ("cats", "dogs")
    assert sorted(_numbers(train) + _numbers(test)) == list(range(12))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (["cats/a.heic"], "left out 1 file (.heic is not read)."),
        (["cats/a.TXT", "dogs/b.heic", "readme"], "3 files (.heic, .txt, no ending are not read)"),
        (
            ["cats/kittens/0.png", "cats/kittens/1.png"],
            "left out the folder cats/kittens (2 files)",
        ),
        (["birds/"], "left out the folder birds (0 files)."),
        (["a.csv", "birds/"], "1 file (.csv is not read) and the folder birds (0 files)."),
        (["cats/k/l/m.txt", "birds/.x"], "the folders birds (0 files), cats/k (1 file)."),
    ],
)
def test_what_is_left_out_is_said_in_one_line(make, capsys, others, said):
    folder = make(*CATS, *DOGS, *others)
    train, test = load(path=folder)
    assert (len(train), len(test)) == (10, 2)
    assert train.class_names == ("cats", "dogs")
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{folder}: left out ")
    assert said in line


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ([*CATS, "dogs/0.heic"], "dogs: 0 images would be read, but 1 file .*heic.*must lie dir"),
        ([*CATS, "dogs/puppies/0.png"], r"dogs: 0 images .* the folder puppies \(1 file\)"),
        ([*CATS, *[f"cats/{i}.heic" for i in range(7)]], "cats: 6 images would .* 7 files"),
        ([*CATS, *[f"cats/kittens/{i}.png" for i in range(7)]], "cats: 6 images .* kittens"),
        ([*CATS, *[f"{i}.heic" for i in range(7)]], r": 6 images .* 7 files \(.heic"),
        (["a.png", "b.png", "c.heic", "d.heic", "e.txt"], r": 2 images .* 3 files \(.heic, .txt"),
        (["a.png", "b.png", "raw/0.png"], "images beside class sub-folders"),
        ([*CATS, *[f"Cats/{i}.png" for i in range(6)]], "Cats and cats, which seem to be one cl"),
        (["photos/cats/0.png", "photos/dogs/0.png"], r"only the folder photos.*path='.*photos'"),
        (["cats/0.png", "dogs/0.png"], "one image in each of 2 classes, but training and test"),
        (["cats/0.png", "cats/broken.jpeg"], r"broken\.jpeg can't be read as an image"),
    ],
)
def test_folders_whose_meaning_is_not_clear(make, places, sentence):
    with pytest.raises(ValueError, match=sentence):
        load(path=make(*places))


def test_a_folder_without_images(make):
    with pytest.raises(
        FileNotFoundError, match=r"no images .* it holds the folder cats \(0 files\)"
    ):
        load(path=make("cats/"))


def test_half_of_the_files_may_be_others(make, capsys):
    train, _ = load(path=make(*CATS, *[f"cats/{i}.txt" for i in range(6)]))
    assert train.class_names == ("cats",)
    assert "6 files (.txt" in capsys.readouterr().out


def test_every_ending_of_jpeg_is_read(make, capsys):
    train, test = load(path=make("a.jfif", "b.jpe", "c.jpg", "d.PNG"))
    assert len(train) + len(test) == 4
    assert capsys.readouterr().out == ""


def test_a_class_with_one_image_has_it_in_training(make):
    for more in range(8):
        train, test = load(path=make(*CATS, *[f"class {i}/0.png" for i in range(more)]))
        assert set(train.labels) == set(range(len(train.class_names)))
        assert set(test.labels) == {0}
    with pytest.raises(ValueError, match="one image, but training"):
        load(path=make() / "class 0")


def test_links(make, tmp_path):
    folder = make(*CATS, *DOGS)
    (folder / "few").mkdir()
    for i in range(2):
        (folder / "few" / f"{i}.png").symlink_to(folder / "cats" / f"{i}.png")
    assert load(path=folder)[0].class_names == ("cats", "dogs", "few")
    (folder / "birds").symlink_to(folder / "cats")
    with pytest.raises(ValueError, match="birds and cats, which seem to be one class"):
        load(path=folder)
    (folder / "birds").unlink()
    (folder / "cats" / "9.png").symlink_to(folder / "nothing")
    with pytest.raises(ValueError, match=r"9\.png can't be read as an image"):
        load(path=folder)


def test_test_images_are_not_a_link_to_the_training_images(make):
    folder = make("train/0.png", "train/1.png")
    (folder / "test").symlink_to(folder / "train")
    with pytest.raises(ValueError, match="holds test, train: use one folder each for training"):
        load(path=folder)


def test_a_file_instead_of_a_folder(make):
    with pytest.raises(ValueError, match=r"a\.png is neither an \.npz file nor a folder"):
        load(path=make("a.png") / "a.png")


def test_dark_images(tmp_path):
    for i, brightest in enumerate((0, 1, 16)):
        Image.new("L", (4, 4), brightest).save(tmp_path / f"{i}.png")
    with pytest.raises(ValueError, match="largest value of all pixels is 16, but white is 255"):
        load(path=tmp_path)
    Image.new("L", (4, 4), 40).save(tmp_path / "3.png")
    train, test = load(path=tmp_path)
    assert max(train.images.max(), test.images.max()) == np.float32(40 / 255)


@pytest.mark.parametrize("names", [("train", "test"), ("Training", "TESTING"), ("train", "Test")])
def test_given_parts(make, capsys, names):
    places = [f"{part}/{i}.png" for part in names for i in range(5)]
    train, test = load(path=make(*places))
    assert _numbers(train) == [0, 1, 2, 3, 4]
    assert _numbers(test) == [5, 6, 7, 8, 9]
    assert train.labels is None
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("test_part", "others", "said"),
    [
        ("test", ["val/cats/9.png"], "left out the folder val (1 file)."),
        ("test", ["docs/a.txt", "docs/b.txt"], "left out the folder docs (2 files)."),
        ("val", [], "the test images are those in val."),
        ("Valid", ["train/a.txt"], "the test images are those in Valid; left out 1 file (.txt is"),
    ],
)
def test_given_parts_with_classes(make, capsys, test_part, others, said):
    places = [
        f"{part}/{name}" for part in ("train", test_part) for name in (*CATS[:4], "dogs/0.png")
    ]
    train, test = load(path=make(*places, *others))
    assert train.class_names == test.class_names == ("cats", "dogs")
    assert (_numbers(train), _numbers(test)) == ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9])
    for part, first in ((train, 0), (test, 5)):
        is_dog = np.round(part.images[:, 0, 0, 0] * 255 - 100) == first + 4
        np.testing.assert_array_equal(part.labels, is_dog)
    [line] = capsys.readouterr().out.splitlines()
    assert said in line


def test_training_images_alone_are_split(make, capsys):
    folder = make(*[f"train/{name}" for name in (*CATS, *DOGS)])
    train, test = load(path=folder)
    assert (len(train), len(test)) == (10, 2)
    assert train.class_names == ("cats", "dogs")
    assert "one sixth of the images in train are the test images" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["train", "valid"])
def test_a_part_can_be_the_name_of_a_class(make, name):
    train, _ = load(path=make("bus/0.png", "bus/1.png", f"{name}/0.png", f"{name}/1.png"))
    assert train.class_names == ("bus", name)


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        (["test/0.png", "cats/0.png"], "holds cats, test, but no folder train"),
        (["test/0.png", "val/0.png"], "holds test, val, but no folder train"),
        (["train/0.png", "training/0.png", "test/0.png"], "one folder each for training, test"),
        (["train/0.png", "test/0.png", "cats/0.png"], "not clear what cats is beside training"),
        (["train/good/0.png", "test/good/0.png", "ground_truth/c/0.png"], "use load_inspection"),
        (["train/0.png", "test/0.png", "0.png"], r"0\.png beside test/"),
        (
            ["train/cats/0.png", "test/dogs/0.png"],
            "train has the classes cats, .* the classes dogs",
        ),
        (["train/cats/0.png", "test/0.png"], "train has the classes cats, but .*test has no class"),
        (["train/cats/0.png", "test/Cats/0.png"], "has the classes cats, but .* the classes Cats"),
        (["cats/train/0.png", "cats/test/0.png", *DOGS], "cats: 0 images .* test .*, train"),
    ],
)
def test_parts_whose_meaning_is_not_clear(make, places, sentence):
    with pytest.raises(ValueError, match=sentence):
        load(path=make(*places))


def test_an_empty_part(make):
    with pytest.raises(FileNotFoundError, match=r"no images .* in .*test\."):
        load(path=make("train/0.png", "train/1.png", "test/"))


def test_sizes_and_channels_agree_between_the_parts(make):
    folder = make("train/0.png", "train/1.png")
    (folder / "test").mkdir()
    Image.new("RGB", (4, 4), (100, 0, 0)).save(folder / "test" / "0.png")
    train, test = load(path=folder)
    assert train.images.shape == (2, 4, 4, 3)
    assert test.images.shape == (1, 4, 4, 3)
    Image.new("RGB", (6, 4)).save(folder / "test" / "0.png")
    with pytest.raises(ValueError, match=r"train/0\.png is 4x4 pixels, but test/0\.png is 6x4"):
        load(path=folder)


def test_transparent_ink_in_a_folder(tmp_path):
    for i in range(2):
        ink = Image.new("LA", (4, 4), (0, 0))
        ink.putpixel((1, 1), (0, 255))
        ink.save(tmp_path / f"{i}.png")
    train, _ = load(path=tmp_path)
    assert train.images.shape == (1, 4, 4, 1)
    assert train.images[0, 1, 1, 0] == 0
    assert train.images.sum() == 15
