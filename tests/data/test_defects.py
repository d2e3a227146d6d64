"""Textures, defects in them, and images in folders like those of MVTec."""

from ankeras.data import anomalies, crops, load_inspection, texture
from ankeras.data.defects import DEFECTS
from ankeras.data.textures import TEXTURES

import numpy as np
import pytest
from PIL import Image


@pytest.mark.parametrize("name", TEXTURES)
def test_a_photograph_is_parted_without_overlap(name):
    train, test = texture(name, "train"), texture(name, "test")
    assert train.shape == (320, 512, 1)
    assert test.shape == (192, 512, 1)
    assert train.dtype == np.float32
    assert 0 <= train.min() < train.max() <= 1
    assert train.std() > 0.05


def test_crops_are_parts_of_the_image():
    image = np.arange(40 * 50, dtype=float).reshape(40, 50, 1)
    for patch in crops(image, 20, 16, seed=3):
        row, column = divmod(int(patch[0, 0, 0]), 50)
        np.testing.assert_array_equal(patch, image[row : row + 16, column : column + 16])


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: texture("wood"), "no texture 'wood', only brick, grass, gravel"),
        (lambda: texture("brick", "validation"), '"train" or "test", not'),
        (lambda: crops(np.zeros((40, 50, 1)), 1, 41), "40x50 has no patches of 41x41"),
        (lambda: anomalies("brick", 1, size=16), "must be 32 to 192 pixels, not 16"),
        (lambda: anomalies("brick", 1, kinds=("dent",)), "no defect 'dent'"),
    ],
)
def test_what_there_is_not(call, why):
    with pytest.raises(ValueError, match=why):
        call()


@pytest.mark.parametrize("name", TEXTURES)
@pytest.mark.parametrize("kind", DEFECTS)
def test_a_defect_is_exactly_where_its_mask_is(name, kind):
    size = 96
    found = anomalies(name, 8, size=size, seed=5, kinds=(kind,))
    untouched = crops(texture(name, "test"), 16, size, seed=5)
    assert found.kinds == ("good",) * 8 + (kind,) * 8
    assert not np.any(found.masks[:8])
    np.testing.assert_array_equal(found.images[:8], untouched[:8])
    changed = np.any(found.images != untouched, axis=-1)
    assert not np.any(changed & ~found.masks)
    for i in range(8, 16):
        share = found.masks[i].mean()
        assert 0.003 < share < 0.2
        assert changed[i][found.masks[i]].mean() > 0.95
    assert found.images.min() >= 0
    assert found.images.max() <= 1
    assert found.anomalous.tolist() == [False] * 8 + [True] * 8


def test_the_seed_decides():
    first, again, other = (anomalies("grass", 2, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.masks, again.masks)
    assert np.any(first.masks != other.masks)


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
    with pytest.raises(ValueError, match=r"000_mask.png is \(4, 4\), but its image is \(20, 30\)"):
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
