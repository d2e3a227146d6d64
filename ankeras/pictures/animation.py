"""Animations in GIF files, for instance of a path through the latent space or of training.

In a notebook, `IPython.display.Image(file)` shows such a file.
"""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image


def save_gif(
    frames: Iterable[np.ndarray | Figure],
    file: str | Path,
    *,
    seconds: float = 0.1,
    scale: int = 1,
) -> None:
    """Write frames to a GIF file that repeats without end.

    Args:
        frames: images (height, width, c) with c = 1 or 3 and values in [0, 1], such as the rows
            of an array (t, height, width, c), or matplotlib figures; all of the same size.
        file: path of the file, which ends in ".gif".
        seconds: how long each frame is shown, rounded to hundredths of a second.
        scale: each pixel becomes a square of scale x scale pixels.

    Raises:
        ValueError: if there is no frame, the sizes differ, or a value is not in [0, 1].
    """
    pictures = [
        _rendered(frame) if isinstance(frame, Figure) else _quantized(frame) for frame in frames
    ]
    if not pictures:
        raise ValueError("A GIF needs at least one frame.")
    sizes = {picture.size for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"All frames of a GIF must have one size, not {sorted(sizes)}.")
    width, height = pictures[0].size
    pictures = [
        picture.resize((width * scale, height * scale), Image.Resampling.NEAREST)
        for picture in pictures
    ]
    pictures[0].save(
        file,
        save_all=True,
        append_images=pictures[1:],
        duration=10 * max(round(100 * seconds), 1),
        loop=0,
    )


def _quantized(image: np.ndarray) -> Image.Image:
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[-1] not in (1, 3):
        raise ValueError(f"A frame must have shape (height, width, 1 or 3), not {image.shape}.")
    if not (image.min() >= 0 and image.max() <= 1):  # false for NaN too
        raise ValueError(
            f"Frames are drawn from values in [0, 1], not [{image.min():.9g}, {image.max():.9g}]."
        )
    pixels = np.round(image * 255).astype("uint8")
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def _rendered(figure: Figure) -> Image.Image:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")
