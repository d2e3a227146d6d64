"""Measures of detection against numbers computed by hand."""

from ankeras.anomaly import average_precision, per_region_overlap, roc_auc, threshold

import numpy as np
import pytest


def test_areas_by_hand():
    truth = np.array([[False, False], [True, True]])
    scores = np.array([[0.1, 0.6], [0.5, 0.9]])
    # of 4 pairs one is in the wrong order; precision 1 at the first anomaly, 2/3 at the second
    assert roc_auc(scores, truth) == pytest.approx(3 / 4)
    assert average_precision(scores, truth) == pytest.approx((1 + 2 / 3) / 2)


def test_regions_count_the_same_whatever_their_size():
    mask = np.zeros((10, 110), bool)
    mask[1, 1] = mask[4:8, 5:25] = True  # 1 and 80 pixels
    found_large, found_small = mask.astype(float), mask.astype(float)
    found_large[1, 1] = found_small[4:8, 5:25] = 0
    for scores in (found_large, found_small):
        # half of the overlap at once, the rest linearly with the pixels of score 0
        expected = 0.5 + 0.5 * 0.3 / 2
        assert per_region_overlap([scores], [mask]) == pytest.approx(expected, abs=0.01)
    assert per_region_overlap([mask.astype(float)], [mask]) == pytest.approx(1)
    assert per_region_overlap([np.zeros(mask.shape)], [mask]) == pytest.approx(0.15)


def test_overlap_where_false_alarms_come_first():
    mask = np.zeros((1, 110), bool)
    mask[0, :10] = True
    scores = np.linspace(1, 0, 110)[None]
    scores[0, 10:25] += 1  # 15 of 100 normal pixels before the region
    assert per_region_overlap([scores], [mask]) == pytest.approx(0.5, abs=0.02)


def test_regions_of_several_images_that_differ_in_size():
    masks = [np.zeros((4, 5), bool), np.zeros((6, 3), bool)]
    masks[0][0, 0] = masks[1][5, 2] = True
    scores = [np.zeros((4, 5)), masks[1].astype(float)]
    assert per_region_overlap(scores, masks) == pytest.approx(0.5 + 0.5 * 0.15)


def test_a_threshold_keeps_its_false_alarm_rate():
    scores = np.random.default_rng(0).normal(size=(10, 100, 100))
    found = threshold(scores, 0.01)
    assert np.mean(scores > found) == pytest.approx(0.01, abs=1e-4)
    assert found == pytest.approx(2.326, abs=0.05)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: roc_auc(np.zeros(3), np.zeros(3, bool)), "must contain both anomalies and normal"),
        (
            lambda: roc_auc(np.zeros(3), np.zeros(4, bool)),
            "must have the same shape, not .3,. and .4,.",
        ),
        (lambda: average_precision(np.array([np.nan, 1]), np.array([True, False])), "NaN"),
        (lambda: per_region_overlap([np.zeros((2, 2))], [np.ones((2, 2), bool)]), "both anomalies"),
        (lambda: threshold(np.zeros(50), 0.01), "50 normal scores are too few"),
        (lambda: threshold(np.zeros(50), 1.0), "between 0 and 1, not 1.0"),
    ],
)
def test_what_can_not_be_computed(call, why):
    with pytest.raises(ValueError, match=why):
        call()
