"""Every picture of the course. Each function returns a matplotlib Figure.

A figure as the last line of a notebook cell is shown; `figure.savefig("name.png")` keeps it.
Images are drawn as they are, from 0 (black) to 1 (white): nothing is stretched to look better.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

INK = "#33415c"
DPI = 110
CELL = 0.62  # inches of an image in a row of images


def reconstructions(
    images: np.ndarray, rows: Mapping[str, np.ndarray], n: int = 10, first: str = "input"
) -> Figure:
    """Draw images and, below them, what networks made of them: one row a network.

    Args:
        images: (m, height, width, c), values in [0, 1].
        rows: title of the row -> images of the same shape.
        n: how many of the images, from the first.
        first: title of the top row.
    """
    rows = {first: images[:n], **{title: row[:n] for title, row in rows.items()}}
    n = len(rows[first])
    figure, axes = _canvas(CELL * n + 1.3, (CELL + 0.04) * len(rows))
    axes.set_axis_off()
    mosaic = _mosaic(np.stack(list(rows.values())), gap=1)
    _show(axes, mosaic)
    for i, title in enumerate(rows):
        y = (i + 0.5) / len(rows) * mosaic.shape[0] - 0.5
        axes.text(-1.5, y, title, ha="right", va="center", color=INK, fontsize=10)
    return _done(figure)


def image_grid(images: np.ndarray, title: str = "", columns: int | None = None) -> Figure:
    """Draw many images side by side.

    Args:
        images: (n, height, width, c), or (rows, columns, height, width, c); values in [0, 1].
        title: what they are.
        columns: images a row, where the rows are not given. Default: a square.
    """
    if images.ndim == 4:
        columns = columns or int(np.ceil(np.sqrt(len(images))))
        missing = -len(images) % columns
        blank = np.ones((missing, *images.shape[1:]), images.dtype)
        images = np.concatenate([images, blank]).reshape(-1, columns, *images.shape[1:])
    n_rows, n_columns = images.shape[:2]
    cell = min(CELL, 9 / n_columns)
    figure, axes = _canvas(cell * n_columns, cell * n_rows + (0.3 if title else 0))
    axes.set_axis_off()
    axes.set_title(title, fontsize=11, color=INK)
    _show(axes, _mosaic(images, gap=1))
    return _done(figure)


def latent_grid(images: np.ndarray, low: np.ndarray, high: np.ndarray) -> Figure:
    """Draw the images decoded on a grid of the latent plane, with the axes of the plane.

    Args:
        images: (n, n, height, width, c), as `latent.grid` returns them; values in [0, 1].
        low, high: (2,), the corners of the box they cover.
    """
    figure, axes = _canvas(7.2, 7.2)
    half = (high - low) / (len(images) - 1) / 2 if len(images) > 1 else (high - low) / 2
    extent = (low[0] - half[0], high[0] + half[0], low[1] - half[1], high[1] + half[1])
    _show(axes, _mosaic(images, gap=0), extent=extent)
    axes.set_aspect("auto")
    axes.set_xlabel("$z_1$")
    axes.set_ylabel("$z_2$")
    return _done(figure)


def latent_plane(
    z: np.ndarray,
    labels: np.ndarray | None = None,
    class_names: Sequence[str] = (),
    locations: np.ndarray | None = None,
) -> Figure:
    """Draw the codes of images as points of the latent plane, coloured by class.

    Args:
        z: (n, 2).
        labels: (n,), indices into class_names.
        class_names: one a class.
        locations: (m, 2), points to mark on top, such as the sampling locations of a grid.

    Raises:
        ValueError: if the codes do not lie in a plane.
    """
    if z.ndim != 2 or z.shape[1] != 2:
        raise ValueError(f"A plane needs codes of shape (n, 2), not {z.shape}.")
    figure, axes = _canvas(7.2, 6.2)
    colors = _class_colors(len(class_names))
    size = float(np.clip(20_000 / len(z), 3, 30))
    if labels is None:
        axes.scatter(z[:, 0], z[:, 1], s=size, color=INK, alpha=0.5, lw=0)
    else:
        order = np.random.default_rng(0).permutation(len(z))  # no class hides the others
        shuffled, color = z[order], colors[labels[order]]
        axes.scatter(shuffled[:, 0], shuffled[:, 1], s=size, color=color, alpha=0.6, lw=0)
        for color, name in zip(colors, class_names, strict=True):
            axes.scatter([], [], s=40, color=color, label=name)
        axes.legend(
            loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=10, title="class"
        )
    if locations is not None:
        axes.scatter(locations[:, 0], locations[:, 1], s=7, color="black", marker="s", lw=0)
    axes.set_xlabel("$z_1$")
    axes.set_ylabel("$z_2$")
    return _done(figure)


def history(logs: Mapping[str, Sequence[float]], names: Sequence[str] = ("loss",)) -> Figure:
    """Draw what was logged over the epochs of training, with its validation where there is one.

    Args:
        logs: `keras.callbacks.History.history`.
        names: the logged figures to draw, one plot each.
    """
    figure, all_axes = plt.subplots(
        1, len(names), figsize=(4.6 * len(names), 3.2), layout="constrained", dpi=DPI, squeeze=False
    )
    for axes, name in zip(all_axes[0], names, strict=True):
        for key, label, color in (
            (name, "training", "#8fa3bf"),
            (f"val_{name}", "validation", INK),
        ):
            if key in logs:
                axes.plot(np.arange(1, len(logs[key]) + 1), logs[key], color=color, label=label)
        axes.set_xlabel("epoch")
        axes.set_title(name, fontsize=11, color=INK)
        _plain(axes)
        axes.legend(frameon=False)
    return _done(figure)


def curves(
    x: Sequence[float],
    lines: Mapping[str, Any],
    *,
    x_label: str,
    y_label: str,
) -> Figure:
    """Draw figures measured at some sizes, one line each, with their spread over seeds.

    Args:
        x: (k,), positive sizes, such as latent dimensions or numbers of labels; drawn
            logarithmically.
        lines: title -> (k,) values or (k, seeds); of the latter the mean and, as error bars, the
            standard deviation are drawn.
        x_label, y_label: what the axes mean, with units.
    """
    figure, axes = _canvas(6.2, 3.9)
    styles = zip(("#c8553d", INK, "#588b8b", "#b08900", "#8d6a9f"), "osD^v", strict=True)
    for (title, values), (color, marker) in zip(lines.items(), styles, strict=False):
        by_seed = np.asarray(values, dtype=float).reshape(len(x), -1)
        axes.errorbar(
            x,
            by_seed.mean(axis=1),
            yerr=by_seed.std(axis=1) if by_seed.shape[1] > 1 else None,
            color=color,
            marker=marker,
            markersize=5,
            capsize=3,
            label=title,
        )
    axes.set_xscale("log")
    axes.set_xticks(x, labels=[f"{value:g}" for value in x])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    _plain(axes)
    axes.legend(frameon=False)
    return _done(figure)


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    return plt.subplots(figsize=(width, height), layout="constrained", dpi=DPI)


def _done(figure: Figure) -> Figure:
    # pyplot would show an open figure a second time at the end of a notebook cell.
    plt.close(figure)
    return figure


def _show(axes: Axes, picture: np.ndarray, **options: Any) -> None:
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest", **options)


def _mosaic(images: np.ndarray, gap: int) -> np.ndarray:
    """Join (rows, columns, height, width, c) to one picture with white gaps of some pixels."""
    if images.min() < 0 or images.max() > 1:
        raise ValueError(
            f"Images are drawn from values in [0, 1], not [{images.min():g}, {images.max():g}]."
        )
    n_rows, n_columns, height, width, channels = images.shape
    shape = (n_rows, height + gap, n_columns, width + gap, channels)
    picture = np.ones(shape, "float32")
    picture[:, :height, :, :width] = images.transpose(0, 2, 1, 3, 4)
    picture = picture.reshape(n_rows * shape[1], n_columns * shape[3], channels)
    picture = picture[: picture.shape[0] - gap, : picture.shape[1] - gap]
    return picture[..., 0] if channels == 1 else picture


def _class_colors(n: int) -> np.ndarray:
    return plt.get_cmap("tab10" if n <= 10 else "turbo")(
        np.arange(n) if n <= 10 else np.linspace(0, 1, n)
    )


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
