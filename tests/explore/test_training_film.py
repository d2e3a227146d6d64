"""Tests of the film of a training."""

from ankeras import explore
from ankeras.gans import toy
from ankeras.gans.training_pictures import SCORES
from ankeras.gans.training_record import Snapshots

import numpy as np
import pytest


@pytest.fixture
def frames():
    return [np.full((4, 8, 8, 1), share, "float32") for share in (0.0, 0.4, 1.0)]


@pytest.fixture
def record():
    rng = np.random.default_rng(0)
    found = Snapshots(rng.normal(size=(30, 2)), toy.PLANE, every=100)
    for step in (0, 100, 200):
        found.steps.append(step)
        found.generated.append(rng.normal(size=(30, 2)))
        found.scores.append((toy.PLANE[:, 1] > 0) * step / 200)
    return found


def test_it_shows_the_last_epoch_and_then_the_one_asked_for(frames, tell, pixels):
    film = explore.training_film(frames)
    assert (film.index, film.title, film.n_frames) == (2, "epoch 2", 3)
    assert np.all(pixels(film.image) == 1)
    tell(film, index=1)
    assert film.title == "epoch 1"
    np.testing.assert_allclose(pixels(film.image), np.full((16, 16, 1), 0.4), atol=0.6 / 255)


def test_images_that_fill_no_square_are_filled_up_with_white(pixels):
    film = explore.training_film([np.zeros((5, 8, 8, 3), "float32")])
    found = pixels(film.image)
    assert found.shape == (16, 24, 3)
    assert np.all(found[8:, 16:] == 1)
    assert np.all(found[:, :16] == 0)


def test_images_in_rows_keep_them(pixels):
    film = explore.training_film([np.zeros((2, 5, 8, 8, 1), "float32")])
    assert pixels(film.image).shape == (16, 40, 1)


def test_a_game_in_the_plane(record, tell, pixels):
    film = explore.training_film(record, toy.RING)
    tell(film, index=1)
    assert film.title == "step 100"
    points = np.frombuffer(film.points, "float32").reshape(-1, 2)
    np.testing.assert_allclose(points, record.generated[1], rtol=1e-6)
    found = pixels(film.image)
    assert found.shape == (81, 81, 3)
    # D is 1/2 above the line x_2 = 0 and 0 below; row 0 of the picture is the top
    np.testing.assert_allclose(found[0, 0], SCORES(0.5)[:3], atol=1 / 255)
    np.testing.assert_allclose(found[-1, 0], SCORES(0.0)[:3], atol=1 / 255)
    assert film.view == [-3, -3, 3, 3]
    assert len(film.data) == 800 * 2 * 4


def test_an_invalid_frame_is_answered_with_a_sentence(frames, tell):
    film = explore.training_film(frames)
    tell(film, index=3)
    assert "frames 0 to 2" in film.message


def test_bad_input_is_answered_by_one_sentence(frames, record):
    make = explore.training_film
    with pytest.raises(ValueError, match="at least one frame"):
        make([])
    with pytest.raises(ValueError, match="all frames of one shape"):
        make([frames[0], frames[1][:2]])
    with pytest.raises(ValueError, match=r"values in \[0, 1\]"):
        make([frames[0] * np.nan])
    with pytest.raises(ValueError, match="density of its data"):
        make(record)
    with pytest.raises(ValueError, match="The record is empty"):
        make(Snapshots(record.z, toy.PLANE), toy.RING)
    record.x = toy.LINE
    with pytest.raises(ValueError, match="game in the plane"):
        make(record, toy.RING)


def test_static_pictures(frames, record):
    film = explore.training_film(frames)
    film.index = 1
    assert film.figure().axes[0].get_title() == "epoch 1"
    film = explore.training_film(record, toy.RING)
    film.index = 1
    titles = [axes.get_title() for axes in film.figure().axes]
    assert titles[:2] == ["step 0", "step 100"]
