"""Pictures of a small GAN's training: on a line, in the plane, and the way that G(z) took.

Source: Goodfellow et al., "Generative adversarial nets" (NIPS 2014), figure 1 (AN2DL,
"Illustration of the GAN Training Process"): data black, G green, D blue. A figure of one snapshot
is a frame for `ankeras.pictures.save_gif`; a figure of several is a strip of stills.
"""

from collections.abc import Mapping, Sequence

from ankeras.gans.toy import Gaussians
from ankeras.gans.training_record import Snapshots, kernel_density, optimal_discriminator
from ankeras.pictures import DPI, INK, finished

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

DATA, FAKE, OF_D = "black", "#2e8b57", "#2f62b5"
SCORES = LinearSegmentedColormap.from_list("scores", ["#f4b8a4", "#ffffff", "#a9c4ec"])


def line(record: Snapshots, density: Gaussians, which: Sequence[int]) -> Figure:
    """Draw snapshots of a GAN on a line: both densities, D beside D*, and the map z -> x = G(z).

    Args:
        record: of a training with z from `prior_quantiles` and x a line of locations.
        density: of the data.
        which: indices of the snapshots, a column each.
    """
    figure, all_axes = plt.subplots(
        2,
        len(which),
        figsize=(3.0 * len(which) + 1.6, 3.6),
        height_ratios=(3, 1.1),
        sharex=True,
        sharey="row",
        squeeze=False,
        layout="constrained",
        dpi=DPI,
    )
    x = record.x[:, 0]
    p = density.pdf(record.x)
    for (axes, below), i in zip(all_axes.T, which, strict=True):
        q = kernel_density(record.generated[i], record.x)
        axes.fill_between(x, q, color=FAKE, alpha=0.15, lw=0)
        axes.plot(x, p, ":", color=DATA, lw=2, label="data: $p$")
        axes.plot(x, q, color=FAKE, lw=1.8, label=r"$\mathcal{G}(z)$: $q$")
        axes.plot(x, record.scores[i], "--", color=OF_D, lw=1.8, label=r"$\mathcal{D}$")
        best = optimal_discriminator(p, q)
        axes.plot(x, best, color=OF_D, lw=4, alpha=0.25, label=r"$\mathcal{D}^* = p/(p+q)$")
        axes.set(xlim=(x[0], x[-1]), ylim=(0, 1.1), yticks=(0, 0.5, 1))
        axes.set_title(f"step {record.steps[i]}", fontsize=11, color=INK)
        axes.spines[["top", "right"]].set_visible(False)
        _map(below, record.z[:, 0], record.generated[i][:, 0])
    all_axes[1, 0].set_yticks((0, 1), labels=("$z$", "$x$"))
    all_axes[1, 0].tick_params(length=0)
    handles, labels = all_axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    return finished(figure)


def plane(
    record: Snapshots, density: Gaussians, which: Sequence[int], per_row: int = 5, n: int = 800
) -> Figure:
    """Draw snapshots of a GAN in the plane: data, G's points and, as background, D.

    Args:
        record: of a training with x = `toy.PLANE`.
        density: of the data.
        which: indices of the snapshots.
        per_row: snapshots a row.
        n: data points drawn.
    """
    columns = min(per_row, len(which))
    rows = -(-len(which) // columns)
    figure, all_axes = plt.subplots(
        rows,
        columns,
        figsize=(2.5 * columns + 1.1, 2.75 * rows + 0.35),
        squeeze=False,
        layout="constrained",
        dpi=DPI,
    )
    side = round(len(record.x) ** 0.5)
    (left, bottom), (right, top) = record.x[0], record.x[-1]
    data = density.sample(n)
    for axes in all_axes.flat:
        axes.set_axis_off()
    for axes, i in zip(all_axes.flat, which, strict=False):
        scores = axes.imshow(
            record.scores[i].reshape(side, side),
            extent=(left, right, bottom, top),
            origin="lower",
            cmap=SCORES,
            vmin=0,
            vmax=1,
            interpolation="bilinear",
        )
        axes.scatter(*data.T, s=3, color=DATA, lw=0, label="data")
        axes.scatter(
            *record.generated[i].T, s=5, color=FAKE, alpha=0.5, lw=0, label=r"$\mathcal{G}(z)$"
        )
        axes.set(xlim=(left, right), ylim=(bottom, top))
        axes.set_title(f"step {record.steps[i]}", fontsize=11, color=INK)
    figure.colorbar(
        scores, ax=all_axes[:, -1], label=r"$\mathcal{D}$", ticks=(0, 0.5, 1), shrink=0.9
    )
    handles, labels = all_axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=2, frameon=False, markerscale=3
    )
    return finished(figure)


def ways(records: Mapping[str, Snapshots], density: Gaussians, n: int = 40) -> Figure:
    """Draw how G(z) moves on a line during the training, for the same z in every run.

    Args:
        records: title -> the record of a run, a column each.
        density: of the data; the background is grey where it is high.
        n: how many of the z are drawn.
    """
    figure, all_axes = plt.subplots(
        1,
        len(records),
        figsize=(2.9 * len(records) + 0.4, 3.2),
        sharey=True,
        squeeze=False,
        layout="constrained",
        dpi=DPI,
    )
    for axes, (title, record) in zip(all_axes[0], records.items(), strict=True):
        x = record.x
        end = record.steps[-1]
        axes.imshow(
            density.pdf(x)[:, None],
            extent=(0, end, x[0, 0], x[-1, 0]),
            origin="lower",
            aspect="auto",
            cmap="Greys",
            vmax=3 * density.pdf(x).max(),
        )
        moved = np.stack(record.generated)[:, :: max(len(record.z) // n, 1), 0]
        axes.plot(record.steps, moved, color=FAKE, lw=0.7, alpha=0.7)
        axes.set(xlim=(0, end), ylim=(x[0, 0], x[-1, 0]), xlabel="step")
        axes.set_xticks((0, end // 2, end))
        axes.set_title(title, fontsize=10, color=INK)
    all_axes[0, 0].set_ylabel(r"$x = \mathcal{G}(z)$")
    return finished(figure)


def _map(axes: Axes, z: np.ndarray, x: np.ndarray) -> None:
    some = slice(None, None, max(len(z) // 40, 1))
    axes.plot(np.stack([z[some], x[some]]), [[0], [1]], color=FAKE, lw=0.7, alpha=0.7)
    axes.set_ylim(0, 1)
    axes.spines[["left", "right"]].set_visible(False)
