"""Pictures of anomaly detection: the rows of the slide, and the curves over all thresholds.

Source: AN2DL, "Fully Convolutional Anomaly Detection by GANs": input, reconstruction,
reconstruction loss, discriminator score, anomaly score.
"""

from collections.abc import Mapping, Sequence

from ankeras.anomaly.maps import AnomalyMaps
from ankeras.pictures import DPI, INK, finished

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve, roc_curve

OUTLINE = "#e4572e"


def rows(
    images: np.ndarray,
    maps: AnomalyMaps,
    threshold: float,
    masks: np.ndarray | None = None,
    titles: Sequence[str] = (),
) -> Figure:
    """Draw what an FCBiGAN finds in images: one row per image, one column per step.

    Args:
        images: (n, height, width, channels) in [0, 1].
        maps: the anomaly maps of these images.
        threshold: the mask Omega is where the score is higher. In the first column, a thick line
            is its outline, and a thin white line is the outline of the true mask.
        masks: the true masks, (n, height, width).
        titles: titles of the rows.
    """
    columns = {
        "input": None,
        "reconstruction": None,
        "reconstruction loss": maps.reconstruction_loss,
        "discriminator loss": maps.discriminator_loss,
        "anomaly score": maps.score,
    }
    height, width = images.shape[1:3]
    side = 1.55
    figure, axes = plt.subplots(
        len(images),
        len(columns),
        figsize=(side * width / height * len(columns) + 0.6, side * len(images) + 0.3),
        squeeze=False,
        layout="constrained",
        dpi=DPI,
    )
    for row, (image, back) in enumerate(zip(images, maps.reconstruction, strict=True)):
        for picture, place in ((image, axes[row, 0]), (back, axes[row, 1])):
            place.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=1)
        if masks is not None and masks[row].any():
            axes[row, 0].contour(masks[row], levels=[0.5], colors="white", linewidths=0.7)
        if np.any(maps.score[row] > threshold):
            axes[row, 0].contour(
                maps.score[row], levels=[threshold], colors=OUTLINE, linewidths=1.4
            )
        if titles:
            axes[row, 0].set_ylabel(titles[row], color=INK, fontsize=9)
    for column, (title, values) in enumerate(columns.items()):
        axes[0, column].set_title(title, color=INK, fontsize=10)
        if values is not None:
            most = float(np.quantile(values, 0.999))
            for place, value in zip(axes[:, column], values, strict=True):
                place.imshow(value, cmap="magma", vmin=0, vmax=most)
    for place in axes.flat:
        place.set(xticks=[], yticks=[])
        place.spines[:].set_visible(False)
    return finished(figure)


def detection_curves(scores: Mapping[str, np.ndarray], truth: np.ndarray) -> Figure:
    """Draw the ROC curve and the precision-recall curve of several scores.

    Args:
        scores: name -> scores, all of one shape; a higher score means less normal.
        truth: bool, of the same shape, true for anomalies.
    """
    figure, (roc, pr) = plt.subplots(1, 2, figsize=(8.4, 3.8), layout="constrained", dpi=DPI)
    for name, score in scores.items():
        false_alarms, found, _ = roc_curve(truth.ravel(), score.ravel())
        roc.plot(false_alarms, found, lw=1.8, label=name)
        precision, recall, _ = precision_recall_curve(truth.ravel(), score.ravel())
        pr.plot(recall, precision, lw=1.8, label=name)
    roc.plot([0, 1], [0, 1], ":", color="gray", lw=1)
    pr.axhline(truth.mean(), ls=":", color="gray", lw=1, label="chance")
    roc.set(xlabel="share of normal ones above", ylabel="share of anomalies above")
    pr.set(xlabel="recall", ylabel="precision")
    for axes, title in ((roc, "ROC"), (pr, "precision-recall")):
        axes.set_title(title, color=INK, fontsize=11)
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        axes.spines[["top", "right"]].set_visible(False)
    pr.legend(frameon=False, fontsize=9)
    return finished(figure)
