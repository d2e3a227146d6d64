"""The pictures show the maps without changes, and the curves have the right areas."""

from ankeras.anomaly import AnomalyMaps, plots, roc_auc

import numpy as np


def test_rows_show_images_losses_and_both_outlines():
    rng = np.random.default_rng(0)
    images, back = rng.random((2, 2, 16, 24, 1))
    masks = np.zeros((2, 16, 24), bool)
    masks[1, 4:8, 4:8] = True
    score = np.where(masks, 1.0, 0.1)
    maps = AnomalyMaps(back, score, 2 * score, 3 * score)
    figure = plots.rows(images, maps, 0.5, masks, ["good", "hole"])
    pictures = [axes.get_images()[0].get_array() for axes in figure.axes]
    assert len(pictures) == 10
    np.testing.assert_array_equal(pictures[0], images[0, ..., 0])
    np.testing.assert_array_equal(pictures[6], back[1, ..., 0])
    np.testing.assert_array_equal(pictures[9], 3 * score[1])
    outlines = [len(axes.collections) for axes in figure.axes[::5]]
    assert outlines == [0, 2]
    assert [axes.get_ylabel() for axes in figure.axes[::5]] == ["good", "hole"]


def test_curves_have_the_areas_that_are_reported():
    rng = np.random.default_rng(0)
    truth = rng.random(500) < 0.3
    good, chance = truth + rng.normal(size=500), rng.normal(size=500)
    figure = plots.detection_curves({"good": good, "chance": chance}, truth)
    roc, pr = figure.axes
    for line, score in zip(roc.lines, (good, chance), strict=False):
        area = np.trapezoid(line.get_ydata(), line.get_xdata())
        assert abs(area - roc_auc(score, truth)) < 1e-3
    assert [text.get_text() for text in pr.get_legend().get_texts()] == ["good", "chance", "chance"]
