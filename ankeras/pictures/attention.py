"""Attention as pictures: tables of weights, and maps over images."""

from collections.abc import Sequence

from ankeras.pictures.plots import DPI, INK, finished

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

CELL = 0.28  # inches per weight


def attention_tables(
    weights: np.ndarray,
    queries: Sequence[str],
    keys: Sequence[str],
    titles: Sequence[str] = (),
) -> Figure:
    """Draw attention weights as tables: one row per query, one column per key.

    Args:
        weights: (n_q, n_k), or (n_tables, n_q, n_k) such as one table per head; values in [0, 1],
            drawn from white (0) to dark blue (1).
        queries: n_q names, written on the left of the first table.
        keys: n_k names, written below each table.
        titles: one per table. Default: "head 1", "head 2", ... if there are several.

    Raises:
        ValueError: if there is not one name per query and key, or one title per table.
    """
    weights = np.asarray(weights)
    tables = weights[None] if weights.ndim == 2 else weights
    if tables.shape[1:] != (len(queries), len(keys)):
        raise ValueError(
            f"Weights of shape {tables.shape[1:]} need as many names of queries and keys, not "
            f"{len(queries)} and {len(keys)}."
        )
    if not titles and len(tables) > 1:
        titles = [f"head {i + 1}" for i in range(len(tables))]
    if titles and len(titles) != len(tables):
        raise ValueError(f"{len(tables)} tables need {len(tables)} titles, not {len(titles)}.")
    height, width = CELL * len(queries) + 1.0, CELL * len(keys) + 0.3
    figure, all_axes = plt.subplots(
        1,
        len(tables),
        figsize=(width * len(tables) + 1.4, height),
        layout="constrained",
        dpi=DPI,
        squeeze=False,
    )
    for i, (axes, table) in enumerate(zip(all_axes[0], tables, strict=True)):
        picture = axes.imshow(table, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        axes.set_xticks(range(len(keys)), keys, rotation=90, fontsize=8)
        axes.set_yticks(range(len(queries)), queries if i == 0 else [], fontsize=8)
        axes.tick_params(length=0)
        if titles:
            axes.set_title(titles[i], fontsize=9, color=INK)
    all_axes[0, 0].set_ylabel("query", fontsize=9)
    figure.supxlabel("key", fontsize=9)
    figure.colorbar(picture, ax=all_axes, label="weight", shrink=0.8)
    return finished(figure)


def heat_over_images(images: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Return images in dark grey with a map in colours over them: (n, height, width, 3).

    Args:
        images: (n, height, width, c), values in [0, 1].
        maps: (n, height, width), values >= 0. The maximum of each map is bright, 0 is no colour.

    Returns:
        float32 images in [0, 1]; draw them by `reconstructions` or `image_grid`.

    Raises:
        ValueError: if maps and images do not belong together.
    """
    if maps.shape != images.shape[:3]:
        raise ValueError(f"Maps of shape {maps.shape} do not fit images of {images.shape}.")
    share = maps / np.maximum(maps.max(axis=(1, 2), keepdims=True), 1e-12)
    grey = images.mean(axis=-1, keepdims=True)
    return (0.35 * grey + 0.65 * plt.get_cmap("hot")(share)[..., :3]).astype("float32")
