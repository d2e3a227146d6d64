"""The pictures of the course. Each function returns a matplotlib Figure.

A notebook shows a figure that is the last line of a cell. `figure.savefig("name.png")` writes it to
a file. Values from 0 (black) to 1 (white) are drawn without any change of contrast.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator, NullFormatter

INK = "#33415c"
DPI = 110
CELL = 0.62  # inches per image in a row of images


def reconstructions(
    images: np.ndarray, rows: Mapping[str, np.ndarray], n: int = 10, first: str = "input"
) -> Figure:
    """Draw images and, below them, what networks made of them: one row per network.

    Args:
        images: (m, height, width, c), values in [0, 1].
        rows: title of the row -> images of the same shape.
        n: how many images are drawn; the first n are.
        first: title of the top row.
    """
    rows = {first: images[:n], **{title: row[:n] for title, row in rows.items()}}
    n = len(rows[first])
    label = max(1.3, 0.1 * max(len(title) for title in rows))
    figure, axes = _canvas(CELL * n + label, (CELL + 0.04) * len(rows))
    axes.set_axis_off()
    axes.set_anchor("E")  # the titles need the space on the left
    mosaic = _mosaic(np.stack(list(rows.values())), gap=1)
    _show(axes, mosaic)
    for i, title in enumerate(rows):
        y = (i + 0.5) / len(rows) * mosaic.shape[0] - 0.5
        axes.text(-1.5, y, title, ha="right", va="center", color=INK, fontsize=10)
    return finished(figure)


def image_grid(images: np.ndarray, title: str = "", columns: int | None = None) -> Figure:
    """Draw many images side by side.

    Args:
        images: (n, height, width, c), or (rows, columns, height, width, c); values in [0, 1].
        title: title of the figure.
        columns: images per row, if `images` has no rows. Default: the grid is a square.
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
    return finished(figure)


def latent_grid(images: np.ndarray, low: np.ndarray, high: np.ndarray) -> Figure:
    """Draw the images decoded at a grid of the latent plane, with the axes of the plane.

    Args:
        images: (n, n, height, width, c), as `latent.grid` returns them; values in [0, 1].
        low, high: (2,), the corners of the box that the grid covers.
    """
    figure, axes = _canvas(7.2, 7.2)
    half = (high - low) / (len(images) - 1) / 2 if len(images) > 1 else (high - low) / 2
    extent = (low[0] - half[0], high[0] + half[0], low[1] - half[1], high[1] + half[1])
    _show(axes, _mosaic(images, gap=0), extent=extent)
    axes.set_aspect("auto")
    axes.set_xlabel("$z_1$")
    axes.set_ylabel("$z_2$")
    return finished(figure)


def latent_plane(
    z: np.ndarray,
    labels: np.ndarray | None = None,
    class_names: Sequence[str] = (),
    locations: np.ndarray | None = None,
    prior: bool = False,
) -> Figure:
    """Draw the codes of images as points of the latent plane, coloured by class.

    Args:
        z: (n, 2).
        labels: (n,), indices into class_names.
        class_names: one name per class.
        locations: (m, 2), points that are marked, such as the locations of a grid.
        prior: whether to draw the circles that contain 50, 90 and 99 % of N(0, I).

    Raises:
        ValueError: if the codes are not of shape (n, 2).
    """
    if z.ndim != 2 or z.shape[1] != 2:
        raise ValueError(f"A plane needs codes of shape (n, 2), not {z.shape}.")
    figure, axes = _canvas(7.2, 6.2)
    colors = _class_colors(len(class_names))
    size = float(np.clip(20_000 / len(z), 3, 30))
    if labels is None:
        axes.scatter(z[:, 0], z[:, 1], s=size, color=INK, alpha=0.5, lw=0)
    else:
        # In random order, so that no class hides the others.
        order = np.random.default_rng(0).permutation(len(z))
        # as int64: a small integer type would wrap where colours are counted
        shuffled, color = z[order], colors[np.asarray(labels, "int64")[order]]
        axes.scatter(shuffled[:, 0], shuffled[:, 1], s=size, color=color, alpha=0.6, lw=0)
        for color, name in zip(colors, class_names, strict=True):
            axes.scatter([], [], s=40, color=color, label=name)
        legend = axes.legend(
            loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=10, title="class"
        )
        for text in legend.get_texts():
            text.set_parse_math(False)  # a name may hold a dollar
    if locations is not None:
        axes.scatter(locations[:, 0], locations[:, 1], s=7, color="black", marker="s", lw=0)
    if prior:
        axes.set_aspect("equal")
        for share in (0.5, 0.9, 0.99):
            radius = np.sqrt(-2 * np.log(1 - share))  # ||z||^2 / 2 is exponentially distributed
            axes.add_patch(Circle((0, 0), radius, fill=False, color="black", lw=1))
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            axes.text(0, radius, f"{share:.0%}", ha="center", va="center", fontsize=9, bbox=box)
    axes.set_xlabel("$z_1$")
    axes.set_ylabel("$z_2$")
    return finished(figure)


def edit_sweep(images: np.ndarray, strengths: Sequence[float], title: str = "") -> Figure:
    """Draw edits of some images: one row per image, one column per strength.

    Args:
        images: (n, k, height, width, c), the decoded codes of `latent.move`; in [0, 1].
        strengths: k numbers, written below the columns; the column of 0 shows the image unchanged.
        title: what is edited, with its unit.

    Raises:
        ValueError: if there is not one strength per column.
    """
    n_rows, n_columns, _, width, _ = images.shape
    if n_columns != len(strengths):
        raise ValueError(
            f"{n_columns} columns of images need {n_columns} strengths, not {strengths}."
        )
    cell = min(1.2 * CELL, 9 / n_columns)
    figure, axes = _canvas(cell * n_columns, cell * n_rows + (0.5 if title else 0.25))
    _show(axes, _mosaic(images, gap=1))
    axes.set_title(title, fontsize=11, color=INK)
    axes.spines[:].set_visible(False)
    axes.set_yticks([])
    centres = np.arange(n_columns) * (width + 1) + (width - 1) / 2
    labels = [f"{strength:+g}" if strength else "0" for strength in strengths]
    axes.set_xticks(centres, labels, fontsize=9, color=INK)
    axes.tick_params(length=0)
    return finished(figure)


def nearest(images: np.ndarray, neighbours: np.ndarray, distances: Sequence[float]) -> Figure:
    """Draw generated images above their nearest training images, so that copies can be seen.

    Args:
        images: (n, height, width, c), generated images, values in [0, 1].
        neighbours: (n, height, width, c), the nearest training image of each.
        distances: n numbers, written below the neighbours.

    Raises:
        ValueError: if there is not one neighbour and one distance per image.
    """
    if images.shape != neighbours.shape or len(images) != len(distances):
        raise ValueError(
            f"Images {images.shape} need one neighbour and one distance per image, not "
            f"neighbours {neighbours.shape} and {len(distances)} distances."
        )
    figure = reconstructions(images, {"nearest in training": neighbours}, len(images), "generated")
    width = images.shape[2]
    (axes,) = figure.axes
    for i, distance in enumerate(distances):
        x = i * (width + 1) + (width - 1) / 2
        axes.annotate(
            f"{distance:.3g}",
            (x, 0),
            (0, -3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="top",
            color=INK,
            fontsize=8,
        )
    return figure


def arithmetic(
    examples: Mapping[str, np.ndarray],
    averages: np.ndarray,
    result: np.ndarray,
    pixel_result: np.ndarray,
) -> Figure:
    """Draw vector arithmetic, first concept - second + third, as Radford et al. 2016 do.

    Args:
        examples: name of each of the three concepts -> (k, height, width, c) in [0, 1].
        averages: (3, height, width, c), the decoded averages of their codes, drawn below the
            examples.
        result: (9, height, width, c), the decoded `latent.neighbours` of the result. The result
            itself is in the middle.
        pixel_result: (height, width, c), as `latent.pixel_arithmetic` returns it.

    Raises:
        ValueError: if there are not three concepts or not nine results.
    """
    if len(examples) != 3 or len(averages) != 3 or len(result) != 9:
        raise ValueError(
            f"Arithmetic needs 3 concepts, 3 averages and 9 results, "
            f"not {len(examples)}, {len(averages)} and {len(result)}."
        )
    k = max(len(images) for images in examples.values())
    top = 1.15 + k  # lengths in sides of an image; the averages begin at y = 0
    figure, axes = _canvas(0.8 * 9.8, 0.8 * (max(top, 3) + 0.6))

    def place(images: np.ndarray, x: float, y: float, zoom: int = 1) -> None:
        n_rows, n_columns = images.shape[:2]
        extent = (x, x + zoom * n_columns, y, y + zoom * n_rows)
        _show(axes, _mosaic(images, gap=1), extent=extent)

    def write(text: str, x: float, y: float, size: float = 9, va: str = "bottom") -> None:
        axes.text(x, y, text, ha="center", va=va, fontsize=size, color=INK)

    for i, (name, images) in enumerate(examples.items()):
        place(images[:, None], 1.4 * i, top - len(images))
        place(averages[None, i : i + 1], 1.4 * i, 0)
        write(name.replace(" with ", "\nwith "), 1.4 * i + 0.5, top + 0.05)
        write("−+="[i], 1.4 * i + 1.2, 0.5, size=17, va="center")
    place(result.reshape(3, 3, *result.shape[1:]), 4.2, 0)
    write("of codes, with noise around it", 5.7, 3.05)
    place(pixel_result[None, None], 7.6, 0, zoom=2)
    write("of pixels", 8.6, 2.05)
    axes.set_xlim(-0.1, 9.7)
    axes.set_ylim(-0.05, max(top, 3) + 0.55)
    axes.set_axis_off()
    return finished(figure)


def history(logs: Mapping[str, Sequence[float]], names: Sequence[str] = ("loss",)) -> Figure:
    """Draw what was logged in each epoch of training, and its validation values if there are any.

    Args:
        logs: `keras.callbacks.History.history`, a name -> one value per epoch.
        names: the names to draw, one plot per name.
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
    return finished(figure)


def curves(
    x: Sequence[float],
    lines: Mapping[str, Any],
    *,
    x_label: str,
    y_label: str,
) -> Figure:
    """Draw values that were measured at several sizes, one line per title.

    Args:
        x: (k,), positive sizes, such as latent dimensions or numbers of labels, drawn on a
            logarithmic axis.
        lines: title -> values (k,) or (k, seeds). Of several seeds, the mean is drawn, with the
            standard deviation as error bars.
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
    return finished(figure)


def kl_terms() -> Figure:
    """Draw the two terms of the KL divergence of N(mu, v) from N(0, 1), as DLSP does.

    They are drawn side by side, without their factor 1/2: v - log v - 1, which is 0 at v = 1, and
    mu^2, which is 0 at mu = 0.
    """
    v, mu = np.linspace(0.02, 4, 200), np.linspace(-2, 2, 200)
    figure, all_axes = plt.subplots(1, 2, figsize=(7.2, 2.9), layout="constrained", dpi=DPI)
    for axes, x, y, lowest, title, label in (
        (all_axes[0], v, v - np.log(v) - 1, 1, r"$v - \log v - 1$", "variance $v$ of the code"),
        (all_axes[1], mu, mu**2, 0, r"$\mu^2$", r"mean $\mu$ of the code"),
    ):
        axes.plot(x, y, color=INK)
        axes.plot(lowest, 0, "o", color="#c8553d")
        axes.set_title(title, fontsize=11, color=INK)
        axes.set_xlabel(label)
        axes.set_ylim(-0.2, 4)
        _plain(axes)
    return finished(figure)


def kl_heatmaps(kl: Mapping[str, np.ndarray]) -> Figure:
    """Draw the KL divergence of each latent dimension over the epochs: dark dimensions collapsed.

    Args:
        kl: title -> (epochs, d), in nats, such as the sum of both lists of a `KLHistory`. The
            dimensions are sorted by their value in the last epoch, the largest first.

    Raises:
        ValueError: if an array is not of shape (epochs, d).
    """
    tables = {title: np.asarray(table) for title, table in kl.items()}
    for table in tables.values():
        if table.ndim != 2 or 0 in table.shape:
            raise ValueError(
                f"A table needs one row per epoch and one column per dimension, (epochs, d), "
                f"not {table.shape}."
            )
    highest = max(table.max() for table in tables.values())
    figure, all_axes = plt.subplots(
        1, len(kl), figsize=(1 + 3 * len(kl), 2.9), layout="constrained", dpi=DPI, squeeze=False
    )
    for axes, (title, table) in zip(all_axes[0], tables.items(), strict=True):
        epochs, d = table.shape
        picture = axes.imshow(
            table[:, np.argsort(-table[-1])],
            cmap="magma",
            vmin=0,
            vmax=highest,
            aspect="auto",
            interpolation="nearest",
            extent=(0.5, d + 0.5, epochs + 0.5, 0.5),
        )
        axes.set_title(title, fontsize=11, color=INK)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    all_axes[0, 0].set_ylabel("epoch")
    figure.supxlabel("latent dimension, sorted by its KL divergence", fontsize=10)
    figure.colorbar(picture, ax=all_axes, label="nats", pad=0.02)
    return finished(figure)


def code_histograms(z: np.ndarray) -> Figure:
    """Draw a histogram of the codes for each latent dimension, with the density of N(0, 1).

    Args:
        z: (n, d) codes. Their mean ± standard deviation is written above each plot.

    Raises:
        ValueError: if z is not of shape (n, d).
    """
    if z.ndim != 2 or 0 in z.shape:
        raise ValueError(f"Histograms need codes of shape (n, d), not {z.shape}.")
    d = z.shape[1]
    columns = min(d, 8)
    rows = -(-d // columns)
    size = (1.2 * columns, 1.25 * rows)
    figure, all_axes = plt.subplots(
        rows, columns, figsize=size, layout="constrained", dpi=DPI, squeeze=False
    )
    edges = np.linspace(-4, 4, 41)
    normal = np.exp(-(edges**2) / 2) / np.sqrt(2 * np.pi)
    highest = 0.0
    for i, axes in enumerate(all_axes.flat):
        axes.set_axis_off()
        if i >= d:
            continue
        density, *_ = axes.hist(z[:, i], edges, density=True, color="#8fa3bf")
        axes.plot(edges, normal, color="#c8553d", lw=1.2)
        axes.set_title(f"$z_{{{i + 1}}}$: {z[:, i].mean():.2f} ± {z[:, i].std():.2f}", fontsize=8)
        highest = max(highest, float(density.max()))
    for axes in all_axes.flat:
        axes.set_ylim(0, 1.05 * max(highest, float(normal.max())))
    return finished(figure)


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    return plt.subplots(figsize=(width, height), layout="constrained", dpi=DPI)


def finished(figure: Figure) -> Figure:
    """Close a figure and return it, because a notebook shows an open figure twice."""
    plt.close(figure)
    return figure


def _show(axes: Axes, picture: np.ndarray, **options: Any) -> None:
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest", **options)


def _mosaic(images: np.ndarray, gap: int) -> np.ndarray:
    """Return images (rows, columns, height, width, c) as one picture, with white gaps of pixels."""
    if images.min() < 0 or images.max() > 1:
        raise ValueError(
            f"Images must have values in [0, 1], not [{images.min():.9g}, {images.max():.9g}]."
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
