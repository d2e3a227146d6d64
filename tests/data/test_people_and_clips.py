"""Portraits of one person, the true swap of two persons, and clips of moving heads."""

from ankeras.data import faces
from ankeras.data.clips import clips
from ankeras.data.faces import RANGES, render
from ankeras.data.people import PEOPLE, head_masks, person, swapped

import numpy as np
import pytest


@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_is_the_same_in_all_portraits_and_the_rest_is_free(name):
    data = person(name, 40, seed=1, size=32)
    for factor in PEOPLE[name]:
        assert len(np.unique(data.factors[factor])) == 1
    for factor in ("smile", "turn", "roll", "background", "brightness"):
        assert len(np.unique(data.factors[factor])) > 1


def test_both_persons_have_the_same_factors():
    ada, leo = PEOPLE.values()
    assert set(ada) == set(leo)


def test_the_swap_has_the_pose_of_one_and_the_face_of_the_other():
    ada = person("Ada", 6, seed=2, size=32)
    as_leo = swapped(ada.factors, "Leo", 32)
    table = ada.factors.copy()
    leo = person("Leo", 1, size=32).factors
    for factor in PEOPLE["Leo"]:
        table[factor] = leo[factor][0]
    np.testing.assert_array_equal(as_leo, render(table, 32))
    np.testing.assert_array_equal(swapped(ada.factors, "Ada", 32), ada.images)
    assert np.abs(as_leo - ada.images).mean() > 0.05
    with pytest.raises(ValueError, match="no person 'Max'; there are Ada and Leo"):
        swapped(ada.factors, "Max")


def test_a_head_is_the_portrait_without_background_and_shirt():
    ada = person("Ada", 4, seed=2, size=32)
    heads = head_masks(ada.factors, 32, margin=1)
    assert heads.shape == (4, 32, 32)
    assert heads.dtype == bool
    table = ada.factors.copy()
    table["background"] = (table["background"] + 1) % 6
    table["shirt"] = (table["shirt"] + 1) % 6
    other = np.abs(render(table, 32) - ada.images).max(axis=-1) > 0.1  # background and shirt
    assert (other & heads).mean() < 0.1  # the margin
    assert (other | heads).mean() > 0.97
    assert (head_masks(ada.factors, 32, margin=3) & ~heads).any()


def test_the_first_frame_is_a_portrait_and_the_others_move_a_little():
    moving = clips(5, 6, seed=3, size=32)
    assert moving.images.shape == (5, 6, 32, 32, 3)
    portraits = faces(5, seed=3, size=32)
    np.testing.assert_allclose(moving.images[:, 0], portraits.images, atol=1e-6)
    steps = np.abs(np.diff(moving.images, axis=1)).mean(axis=(2, 3, 4))
    far = np.abs(moving.images[:, 0] - np.roll(moving.images[:, 0], 1, axis=0)).mean()
    assert (steps > 0.002).all()
    assert steps.max() < 0.6 * far


def test_the_speed_is_constant_until_a_factor_reaches_its_end():
    many = clips(30, 5, seed=4, size=32, smile=0)
    middle = np.abs(many.factors["turn"]) < 0.2 * RANGES["turn"][1]
    # from the pictures: the change from frame to frame is about as large each time
    steps = np.abs(np.diff(many.images[middle], axis=1)).mean(axis=(2, 3, 4))
    assert (steps.max(axis=1) < 3 * steps.min(axis=1)).mean() > 0.7
    with pytest.raises(ValueError, match="at least 2 frames, not 1"):
        clips(2, 1)
