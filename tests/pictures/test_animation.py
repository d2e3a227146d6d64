"""GIFs, read back with Pillow."""

from ankeras import pictures
from ankeras.pictures import save_gif

import numpy as np
import pytest
from PIL import Image


def test_images_become_the_frames(tmp_path):
    frames = np.zeros((3, 5, 4, 1))
    frames[0, 0, 0], frames[1, 1, 2], frames[2, 4, 3] = 1, 1, 0.5
    save_gif(frames, tmp_path / "walk.gif", seconds=0.25, scale=3)
    with Image.open(tmp_path / "walk.gif") as gif:
        assert (gif.n_frames, gif.size, gif.info["loop"]) == (3, (12, 15), 0)
        for i, frame in enumerate(frames):
            gif.seek(i)
            assert gif.info["duration"] == 250  # milliseconds
            pixels = np.asarray(gif.convert("L"))
            np.testing.assert_array_equal(pixels[1::3, 1::3], np.round(255 * frame[..., 0]))
            np.testing.assert_array_equal(pixels[::3, ::3], pixels[2::3, 2::3])


def test_colours_stay(tmp_path):
    frames = np.zeros((2, 8, 8, 3))
    frames[0, ..., 0] = 1
    frames[1, ..., 2] = 1
    save_gif(list(frames), tmp_path / "colours.gif")
    with Image.open(tmp_path / "colours.gif") as gif:
        assert gif.convert("RGB").getpixel((3, 3)) == (255, 0, 0)
        gif.seek(1)
        assert gif.convert("RGB").getpixel((3, 3)) == (0, 0, 255)


def test_figures_become_the_frames(tmp_path):
    images = np.random.default_rng(0).random((2, 4, 8, 8, 1))
    figures = [pictures.image_grid(row, f"epoch {i}") for i, row in enumerate(images)]
    save_gif(figures, tmp_path / "epochs.gif", seconds=1)
    with Image.open(tmp_path / "epochs.gif") as gif:
        assert (gif.n_frames, gif.size) == (2, figures[0].canvas.get_width_height())


def test_refusals(tmp_path):
    file = tmp_path / "none.gif"
    with pytest.raises(ValueError, match="at least one frame"):
        save_gif([], file)
    with pytest.raises(ValueError, match="one size"):
        save_gif([np.zeros((2, 2, 1)), np.zeros((2, 3, 1))], file)
    with pytest.raises(ValueError, match=r"not \(2, 2\)"):
        save_gif([np.zeros((2, 2))], file)
    for wrong in (-1.0, 1.5, np.nan):
        with pytest.raises(ValueError, match=r"values in \[0, 1\]"):
            save_gif([np.full((2, 2, 1), wrong)], file)
    assert not file.exists()
