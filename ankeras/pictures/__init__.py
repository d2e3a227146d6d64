"""All pictures: figures of images, codes and losses, and animations."""

from ankeras.pictures.animation import save_gif
from ankeras.pictures.attention import attention_tables, heat_over_images
from ankeras.pictures.gallery import gallery
from ankeras.pictures.plots import (
    DPI,
    INK,
    Figure,
    arithmetic,
    code_histograms,
    curves,
    edit_sweep,
    finished,
    history,
    image_grid,
    kl_heatmaps,
    kl_terms,
    latent_grid,
    latent_plane,
    nearest,
    reconstructions,
)

__all__ = [
    "DPI",
    "INK",
    "Figure",
    "arithmetic",
    "attention_tables",
    "code_histograms",
    "curves",
    "edit_sweep",
    "finished",
    "gallery",
    "heat_over_images",
    "history",
    "image_grid",
    "kl_heatmaps",
    "kl_terms",
    "latent_grid",
    "latent_plane",
    "nearest",
    "reconstructions",
    "save_gif",
]
