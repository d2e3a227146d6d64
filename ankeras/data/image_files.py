"""Image files: the pixels that a viewer shows, or one sentence that names the file."""

import io
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
TRANSPOSED = {  # value of the EXIF orientation -> what turns the stored pixels upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
GREY_STEPS = {"L;2": 85, "L;4": 17}  # distance of the greys of a PNG with 2 or 4 bits per pixel
WHITE_IS_ZERO, PHOTOMETRIC = 0, 262  # a value and the number of a tag of TIFF
LEAST_BRIGHT = 16  # a pixel of a JPEG or WebP that is darker is seen as black


class _Picture(NamedTuple):
    """What a viewer shows of a file on a white page.

    Attributes:
        pixels: uint8 or uint16 (height, width, 1 or 3); 255 or 65535 is white.
        transparent: whether the page is seen through a pixel.
        lossy: whether the format changes pixels when it stores them.
    """

    pixels: np.ndarray
    transparent: bool
    lossy: bool


def check_size(size: object) -> None:
    """Raise ValueError if a size in pixels is neither None nor an integer from 1."""
    if size is None or (
        isinstance(size, int | np.integer) and not isinstance(size, bool) and size >= 1
    ):
        return
    raise ValueError(f"size must be one integer from 1, the number of pixels, not {size!r}.")


def read_image(file: Path, size: int | None = None) -> np.ndarray:
    """Return the pixels of an image file, as a viewer shows them on a white page.

    Transparent pixels show the white page. A photograph is turned as its EXIF orientation says.
    16 bits per channel become 8. Embedded colour profiles are ignored.

    Args:
        file: a file with one of `SUFFIXES`.
        size: side in pixels to which the square at the image's centre is resized. Default: the
            image keeps its size.

    Returns:
        uint8 (height, width, 1 or 3): 1 channel if the format stores grey, or if all colours of a
        palette are grey.

    Raises:
        ValueError: if the file can't be read, has several frames or pages, or has pixels without
            a defined white (32 bits or float); the message names it.
    """
    pixels = _read(file).pixels
    if pixels.dtype == np.uint16:
        pixels = np.round(pixels / 257).astype(np.uint8)
    return pixels if size is None else centre_square(pixels, size)


def centre_square(pixels: np.ndarray, size: int) -> np.ndarray:
    """Return the square at an image's centre, resized: uint8 (h, w, c) -> (size, size, c)."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = pixels[top : top + side, left : left + side]
    picture = Image.fromarray(square[..., 0] if square.shape[-1] == 1 else square)
    resized = np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))
    return resized.reshape(size, size, -1)


def read_mask(file: Path) -> np.ndarray:
    """Return where a mask is not black: bool (height, width).

    Each value and each colour of a palette counts that is not exactly black. JPEG and WebP blur the
    edges: there, a pixel counts if it is brighter than half of the mask's brightest pixel.

    Raises:
        ValueError: if the file can't be read as an image or has transparent pixels; the message
            names it.
    """
    picture = _read(file)
    if picture.transparent:
        raise ValueError(
            f"{file} has transparent pixels: save the mask with a black background instead."
        )
    brightness = picture.pixels.max(axis=-1)
    return brightness > (max(brightness.max() / 2, LEAST_BRIGHT) if picture.lossy else 0)


def _read(file: Path) -> _Picture:
    try:
        data = io.BytesIO(file.read_bytes())
        # Pillow warns of odd metadata, which a viewer ignores too.
        with warnings.catch_warnings(action="ignore"):
            image = Image.open(data, formats=FORMATS)
            if image.format == "PNG":
                image.verify()  # the checksums, which are not compared when pixels are decoded
                image = Image.open(data, formats=FORMATS)
            return _shown(image)
    except UnidentifiedImageError as error:
        kinds = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        reason = f"it is not a complete {kinds} file, or a rare kind of one"
        raise ValueError(f"{file} can't be read as an image ({reason}).") from error
    except Image.DecompressionBombError as error:
        reason = f"{str(error).split(',', maxsplit=1)[0]}: save it with fewer pixels"
        raise ValueError(f"{file} can't be read as an image ({reason}).") from error
    except Exception as error:  # a broken file can raise any error
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(f"{file} can't be read as an image ({reason}).") from error


def _shown(image: ImageFile.ImageFile) -> _Picture:
    n_frames = getattr(image, "n_frames", 1)
    # The other pictures of an MPO, a photograph of a phone or camera, are not shown.
    if n_frames > 1 and image.format != "MPO":
        raise ValueError(
            f"it has {n_frames} frames or pages: save each one that you need as a file"
        )
    if image.mode in ("I", "F"):
        raise ValueError(
            "its pixels are float, signed or 32-bit numbers, for which no white is defined: save "
            "it with 8 or 16 bits per channel"
        )
    lossy = image.format in ("JPEG", "MPO", "WEBP")
    tile = image.tile[0] if image.tile else None  # loading removes it
    image.load()
    upright = _upright(image)
    if image.mode.startswith("I;16"):
        pixels, clear = _grey_16(upright, image)
        return _Picture(pixels, clear, lossy)
    grey = image.mode in ("1", "L", "LA", "La")
    alpha = None
    if upright.has_transparency_data:
        if image.format == "PNG" and tile and "transparency" in upright.info:
            upright.info["transparency"] = _clear_value(upright, str(tile[3]))
        upright = upright.convert("LA" if grey else "RGBA")
        alpha = upright.getchannel("A")
    elif image.format == "GIF" and tile and tile[1] != (0, 0, *image.size):
        alpha = Image.new("L", image.size, 0)  # outside its frame, the page is seen
        alpha.paste(255, tile[1])
    mode, white = ("L", 255) if grey else ("RGB", (255, 255, 255))
    picture = upright.convert(mode)
    if alpha is not None:
        page = Image.new(mode, picture.size, white)
        page.paste(picture, mask=alpha)
        picture = page
    pixels = np.asarray(picture).reshape(picture.height, picture.width, -1)
    if image.mode in ("P", "PA") and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., :1]
    return _Picture(pixels, alpha is not None and bool((np.asarray(alpha) < 255).any()), lossy)


def _clear_value(image: Image.Image, raw_mode: str) -> int | bytes | tuple[int, ...]:
    """Return the transparent value of a PNG in the scale of its decoded pixels."""
    value = image.info["transparency"]
    if raw_mode == "RGB;16B":
        raise ValueError("16 bits per channel and a transparent colour: save it with 8 bits")
    return value * GREY_STEPS[raw_mode] if raw_mode in GREY_STEPS else value


def _upright(image: ImageFile.ImageFile) -> Image.Image:
    """Return the image as its EXIF orientation turns it.

    `PIL.ImageOps.exif_transpose` also writes all other EXIF data anew, and some data that it can
    read can't be written.
    """
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # EXIF data that can't be read: a viewer shows the stored pixels
        return image
    return image.transpose(TRANSPOSED[orientation]) if orientation in TRANSPOSED else image


def _grey_16(upright: Image.Image, image: ImageFile.ImageFile) -> tuple[np.ndarray, bool]:
    """Return uint16 pixels (height, width, 1), and whether one of them was transparent."""
    pixels = np.array(upright).astype(np.uint16)[..., None]
    clear = pixels == upright.info.get("transparency", -1)
    if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO:  # Pillow ignores it
        pixels = 65535 - pixels
    pixels[clear] = 65535
    return pixels, bool(clear.any())
