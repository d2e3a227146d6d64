"""A gallery: pictures large enough to hang up, each with its own title."""

from collections.abc import Sequence

from ankeras.pictures.plots import DPI, INK, finished

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure


def gallery(
    images: Sequence[np.ndarray],
    titles: Sequence[str] = (),
    *,
    below: Sequence[str] = (),
    columns: int = 4,
    cell: float = 2.2,
) -> Figure:
    """Draw images of any sizes in a grid, row by row, with a title above each.

    Args:
        images: images (height, width, c) with values in [0, 1], or maps (height, width) of any
            values, which are drawn from black (0 and below) over red to white (the top 1 %).
        titles: one per image. Default: none.
        below: texts below the images, one per image. Default: none.
        columns: images per row.
        cell: width of an image in inches.

    Raises:
        ValueError: if there is no image, an image has values outside of [0, 1], or there is not one
            title or text per image.
    """
    if len(images) == 0:
        raise ValueError("A gallery needs at least one image.")
    if len(titles) not in (0, len(images)):
        raise ValueError(f"{len(images)} images need {len(images)} titles, not {len(titles)}.")
    if len(below) not in (0, len(images)):
        raise ValueError(f"{len(images)} images need {len(images)} texts, not {len(below)}.")
    rows = -(-len(images) // columns)
    height = max(image.shape[0] / image.shape[1] for image in images) * cell
    height += 0.3 if titles else 0.05
    height += max((0.15 * (1 + text.count("\n")) for text in below), default=0)
    size = (cell * columns, height * rows)
    figure, all_axes = plt.subplots(
        rows, columns, figsize=size, layout="constrained", dpi=DPI, squeeze=False
    )
    for axes in all_axes.flat:
        axes.set_axis_off()
    for axes, image, title in zip(
        all_axes.flat, images, titles or [""] * len(images), strict=False
    ):
        if image.ndim == 2:
            largest = max(float(np.quantile(image, 0.99)), 1e-12)
            axes.imshow(image, cmap="hot", vmin=0, vmax=largest)
        else:
            if not (image.min() >= 0 and image.max() <= 1):
                raise ValueError(
                    f"Images have values in [0, 1], not [{image.min():.9g}, {image.max():.9g}]."
                )
            # small images show their pixels, large ones are made smaller without aliasing
            smooth = "nearest" if image.shape[0] < 64 else "antialiased"
            shown = image[..., 0] if image.shape[-1] == 1 else image
            axes.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation=smooth)
        axes.set_title(title, fontsize=9, color=INK)
    for axes, text in zip(all_axes.flat, below, strict=False):
        axes.set_axis_on()  # only so is the text a part of the layout
        axes.set(xticks=[], yticks=[], anchor="S")
        axes.spines[:].set_visible(False)
        axes.set_xlabel(text, loc="left", fontsize=8, color=INK)
    return finished(figure)
