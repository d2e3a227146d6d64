"""Image files: the pixels that a viewer shows on a white page, or one clear sentence."""

import struct
import zlib

from ankeras.data.image_files import read_image, read_mask

import numpy as np
import pytest
from PIL import Image, ImageCms

RAMP = np.array([[0, 50, 100], [150, 200, 250]], "uint8")  # 3 wide, 2 high
COLOUR = np.array([[[200, 30, 0], [0, 90, 180]]], "uint8")


def _image(pixels, mode=None):
    """Return an image of an array, or of rows of values in a mode."""
    if mode is None:
        return Image.fromarray(np.asarray(pixels))
    image = Image.new(mode, (len(pixels[0]), len(pixels)))
    image.putdata([value for row in pixels for value in row])
    return image


def _palette(indices, colours, **info):
    image = _image(np.array(indices, "uint8")).convert("L")
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette([value for colour in colours for value in colour])
    image.info.update(info)
    return image


def _png(path, bits, color_type, data, *, size, transparent=None, checksum=0):
    """Write a PNG that Pillow itself can't write; `data` is one row of pixels."""

    def chunk(kind, content):
        wrong = checksum if kind == b"IDAT" else 0
        check = struct.pack(">I", zlib.crc32(kind + content) ^ wrong)
        return struct.pack(">I", len(content)) + kind + content + check

    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, color_type, 0, 0, 0))]
    if transparent is not None:
        parts.append(chunk(b"tRNS", struct.pack(f">{len(transparent)}H", *transparent)))
    parts += [chunk(b"IDAT", zlib.compress(b"\0" + data)), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


def _exif(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    return exif


# 128 / 255 of the ink and 127 / 255 of the white page
HALF = {ink: round((ink * 128 + 255 * 127) / 255) for ink in (0, 100, 200)}
CLEAR_AND_FULL = [(0, 0), (0, 255), (100, 128)]


@pytest.mark.parametrize("suffix", ["png", "webp", "tif"])
def test_grey_ink_on_transparent_paper(tmp_path, suffix):
    image = _image([CLEAR_AND_FULL], "LA")
    options = {"lossless": True, "exact": True} if suffix == "webp" else {}
    image.save(tmp_path / f"a.{suffix}", **options)
    expected = [255, 0, HALF[100]]
    assert read_image(tmp_path / f"a.{suffix}")[0, :, 0].tolist() == expected


@pytest.mark.parametrize("suffix", ["png", "webp", "tif"])
def test_coloured_ink_on_transparent_paper(tmp_path, suffix):
    image = _image([[(9, 9, 9, 0), (200, 30, 0, 255), (200, 100, 0, 128)]], "RGBA")
    options = {"lossless": True, "exact": True} if suffix == "webp" else {}
    image.save(tmp_path / f"a.{suffix}", **options)
    expected = [[255, 255, 255], [200, 30, 0], [HALF[200], HALF[100], HALF[0]]]
    assert read_image(tmp_path / f"a.{suffix}")[0].tolist() == expected


@pytest.mark.parametrize(
    ("transparent", "expected"),
    [
        (1, [[10, 20, 30], [255, 255, 255]]),  # one transparent entry
        (bytes([255, 128]), [[10, 20, 30], [HALF[0], HALF[100], HALF[200]]]),
        (None, [[10, 20, 30], [0, 100, 200]]),
    ],
)
def test_palette_with_transparency(tmp_path, transparent, expected):
    info = {} if transparent is None else {"transparency": transparent}
    _palette([[0, 1]], [(10, 20, 30), (0, 100, 200)], **info).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png")[0].tolist() == expected


def test_palette_of_greys_has_one_channel(tmp_path):
    image = _palette([[0, 1, 2]], [(5, 5, 5), (250, 250, 250), (60, 60, 60)], transparency=2)
    image.save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").tolist() == [[[5], [250], [255]]]
    image.save(tmp_path / "a.gif")
    assert read_image(tmp_path / "a.gif").tolist() == [[[5], [250], [255]]]


@pytest.mark.parametrize(
    ("bits", "data", "transparent", "expected"),
    [
        (1, [0b01000000], 1, [0, 255, 0, 0]),
        (1, [0b01000000], 0, [255, 255, 255, 255]),
        (2, [0b00011011], 3, [0, 85, 170, 255]),
        (2, [0b00011011], 1, [0, 255, 170, 255]),
        (4, [0x0F, 0x31], 3, [0, 255, 255, 17]),
        (8, [0, 15, 200, 255], 15, [0, 255, 200, 255]),
        (16, [0, 0, 0x12, 0x34, 0x80, 0x80, 0xFF, 0xFF], 0x1234, [0, 255, 128, 255]),
    ],
)
def test_a_transparent_grey_of_a_png(tmp_path, bits, data, transparent, expected):
    file = _png(tmp_path / "a.png", bits, 0, bytes(data), size=(4, 1), transparent=[transparent])
    assert read_image(file)[0, :, 0].tolist() == expected


def test_a_transparent_colour_of_a_png(tmp_path):
    data = bytes([1, 2, 3, 4, 5, 6])
    file = _png(tmp_path / "a.png", 8, 2, data, size=(2, 1), transparent=[1, 2, 3])
    assert read_image(file)[0].tolist() == [[255, 255, 255], [4, 5, 6]]
    file = _png(tmp_path / "b.png", 16, 2, data, size=(1, 1), transparent=[0x102, 0x304, 0x506])
    with pytest.raises(ValueError, match=r"b\.png can't be .*16 bits.*transparent.*8 bits"):
        read_image(file)


def test_a_gif_is_transparent_outside_its_frame(tmp_path):
    _palette([[0, 1]], [(10, 20, 30), (0, 100, 200)]).save(tmp_path / "a.gif")
    data = bytearray((tmp_path / "a.gif").read_bytes())
    data[6] = 3  # width of the canvas
    (tmp_path / "a.gif").write_bytes(data)
    expected = [[10, 20, 30], [0, 100, 200], [255, 255, 255]]
    assert read_image(tmp_path / "a.gif")[0].tolist() == expected


UPRIGHT = {
    1: RAMP,
    2: RAMP[:, ::-1],
    3: RAMP[::-1, ::-1],
    4: RAMP[::-1],
    5: RAMP.T,
    6: RAMP[::-1].T,
    7: RAMP[::-1, ::-1].T,
    8: RAMP.T[::-1],
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_orientation(tmp_path, orientation):
    upright = UPRIGHT[orientation]
    exif = _exif(orientation)
    _image(RAMP).save(tmp_path / "a.png", exif=exif)
    _image(RAMP).save(tmp_path / "a.tif", tiffinfo={274: orientation})
    _image(RAMP.astype("uint16") * 257).save(tmp_path / "b.png", exif=exif)
    Image.merge("RGBA", [_image(RAMP)] * 3 + [_image(np.full_like(RAMP, 255))]).save(
        tmp_path / "a.webp", exif=exif, lossless=True
    )
    _image(np.kron(RAMP, np.ones((16, 16), "uint8"))).save(tmp_path / "a.jpg", exif=exif)
    for name in ("a.png", "a.tif", "b.png", "a.webp"):
        np.testing.assert_array_equal(read_image(tmp_path / name)[..., 0], upright)
    blocks = read_image(tmp_path / "a.jpg")[8::16, 8::16, 0].astype(int)
    np.testing.assert_allclose(blocks, upright, atol=3)


def test_orientation_beside_metadata_that_cannot_be_read(tmp_path):
    exif = b"MM\0*\0\0\0\x08\0\x02" + struct.pack(
        ">HHIHHHHII", 0x112, 3, 1, 6, 0, 0x9286, 2, 4, 0xFFFFFFF0
    )
    for name, data in (("a.jpg", b"Exif\0\0" + exif + bytes(4)), ("b.jpg", b"Exif\0\0MM\0*")):
        _image(RAMP).save(tmp_path / name, exif=data)
    assert read_image(tmp_path / "a.jpg").shape == (3, 2, 1)
    assert read_image(tmp_path / "b.jpg").shape == (2, 3, 1)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bits_of_grey(tmp_path, suffix):
    values = np.array([[0, 128, 129, 257, 1000, 32896, 65534, 65535]], "uint16")
    _image(values).save(tmp_path / f"a.{suffix}")
    assert read_image(tmp_path / f"a.{suffix}")[0, :, 0].tolist() == [0, 0, 1, 1, 4, 128, 255, 255]


def test_16_bits_of_a_tiff_of_other_kinds(tmp_path):
    values = np.array([[0, 257 * 3, 65535]], "uint16")
    _image(values).save(tmp_path / "inverted.tif", tiffinfo={262: 0})  # white is zero
    assert read_image(tmp_path / "inverted.tif")[0, :, 0].tolist() == [255, 252, 0]
    Image.frombytes("I;16B", (3, 1), values.astype(">u2").tobytes()).save(tmp_path / "big.tif")
    assert read_image(tmp_path / "big.tif")[0, :, 0].tolist() == [0, 3, 255]


def test_16_bits_of_colour(tmp_path):
    data = np.array([0, 257 * 7, 65535], ">u2").tobytes()
    file = _png(tmp_path / "a.png", 16, 2, data, size=(1, 1))
    assert read_image(file).tolist() == [[[0, 7, 255]]]
    file = _png(tmp_path / "la.png", 16, 4, bytes([100, 0, 128, 0, 7, 7, 0, 0]), size=(2, 1))
    assert read_image(file)[0, :, 0].tolist() == [HALF[100], 255]


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_32_bits_have_no_defined_range(tmp_path, dtype):
    _image(np.array([[0, 1, 2]], dtype)).save(tmp_path / "a.tif")
    with pytest.raises(
        ValueError, match=r"a\.tif can't be read .*no white is defined: save .* 8 or 16 bits"
    ):
        read_image(tmp_path / "a.tif")


def test_one_bit(tmp_path):
    _image([[0, 255, 255]], "1").save(tmp_path / "a.png")
    _image([[0, 255, 255]], "1").save(tmp_path / "a.tif", compression="group4")
    _image([[0, 255, 255]], "1").save(tmp_path / "a.bmp")
    for suffix in ("png", "tif", "bmp"):
        assert read_image(tmp_path / f"a.{suffix}").tolist() == [[[0], [255], [255]]]


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB"])
def test_other_colour_spaces(tmp_path, mode):
    image = _image(COLOUR.repeat(16, 0).repeat(16, 1))
    if mode == "LAB":
        profiles = (ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"))
        image = ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
    else:
        image = image.convert(mode)
    image.save(tmp_path / "a.tif")
    pixels = read_image(tmp_path / "a.tif")[8, [8, 24]].astype(int)
    np.testing.assert_allclose(pixels, COLOUR[0], atol=15 if mode == "LAB" else 2)
    if mode != "LAB":  # a CMYK JPEG is stored inverted, as Adobe does
        image.save(tmp_path / "a.jpg", quality=95)
        pixels = read_image(tmp_path / "a.jpg")[8, [8, 24]].astype(int)
        np.testing.assert_allclose(pixels, COLOUR[0], atol=7)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif"])
def test_several_frames(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 8), (80 * i, 0, 0)) for i in range(3)]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])
    with pytest.raises(ValueError, match=rf"a\.{suffix} can't .* 3 frames or pages: save each"):
        read_image(tmp_path / f"a.{suffix}")


def test_the_first_picture_of_a_photograph_with_several_is_shown(tmp_path):
    small = _image(np.zeros((8, 8), "uint8"))
    first = _image(np.full((16, 24), 200, "uint8"))
    first.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[small])
    assert read_image(tmp_path / "a.jpg").shape == (16, 24, 1)
    assert read_image(tmp_path / "a.jpg").min() > 190


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "gif", "tif", "webp"])
def test_a_truncated_file(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    _image(noise).save(tmp_path / f"whole.{suffix}")
    data = (tmp_path / f"whole.{suffix}").read_bytes()
    for share in (0, 0.01, 0.3, 0.9):
        (tmp_path / f"cut.{suffix}").write_bytes(data[: int(len(data) * share)])
        with pytest.raises(ValueError, match=rf"cut\.{suffix} can't be read as an image \(.+\)\.$"):
            read_image(tmp_path / f"cut.{suffix}")


def test_files_that_are_no_images(tmp_path):
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "link.png").symlink_to(tmp_path / "nothing.png")
    (tmp_path / "drawing.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    for name, reason in (
        ("text", "not a complete PNG, JPEG, BMP, GIF, TIFF or WEBP file"),
        ("folder", "Is a directory"),
        ("link", "No such file"),
        ("drawing", "not a complete PNG"),
    ):
        with pytest.raises(
            ValueError, match=rf"{name}\.png can't be read as an image \(.*{reason}"
        ):
            read_image(tmp_path / f"{name}.png")


def test_a_png_whose_pixels_were_changed(tmp_path):
    file = _png(tmp_path / "a.png", 8, 0, b"\x05\x06", size=(2, 1), checksum=1)
    with pytest.raises(ValueError, match=r"a\.png can't be read"):
        read_image(file)


def test_a_huge_image(tmp_path):
    file = _png(tmp_path / "huge.png", 1, 0, b"", size=(20_000, 10_000))
    with pytest.raises(ValueError, match=r"huge\.png can't be .*200000000 pixels.* fewer pixels"):
        read_image(file, 8)


def test_a_large_image_is_read_without_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)  # Pillow warns from 5 pixels
    _image(RAMP).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").shape == (2, 3, 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_size(tmp_path, channels):
    pixels = np.full((4, 10, 3), 9, "uint8")
    pixels[:, 3:7] = 200  # the square at the centre
    _image(pixels if channels == 3 else pixels[..., 0]).save(tmp_path / "a.png")
    for size in (2, 4, 16):
        assert np.array_equal(
            read_image(tmp_path / "a.png", size), np.full((size, size, channels), 200)
        )


def test_a_mask_is_where_the_file_is_not_black(tmp_path):
    marked = [[False, True, True]]
    _image(np.array([[0, 1, 2]], "uint8")).save(tmp_path / "index.png")
    _image(np.array([[0, 1, 255]], "uint16")).save(tmp_path / "wide.png")
    _palette([[0, 1, 2]], [(0, 0, 0), (128, 0, 0), (0, 64, 0)]).save(tmp_path / "voc.png")
    _palette([[0, 1, 2]], [(0, 0, 0), (0, 0, 1), (0, 64, 0)]).save(tmp_path / "voc.gif")
    _image([[0, 255, 255]], "1").save(tmp_path / "bit.bmp")
    for name in ("index.png", "wide.png", "voc.png", "voc.gif", "bit.bmp"):
        assert read_mask(tmp_path / name).tolist() == marked


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_a_mask_with_the_noise_of_compression(tmp_path, suffix):
    truth = np.zeros((40, 40), bool)
    truth[9:22, 13:31] = True
    _image((truth * 255).astype("uint8")).save(tmp_path / f"a.{suffix}", quality=60)
    noisy = read_image(tmp_path / f"a.{suffix}").max(axis=-1)
    assert ((noisy > 0) != truth).any()
    np.testing.assert_array_equal(read_mask(tmp_path / f"a.{suffix}"), truth)


def test_a_mask_with_transparent_pixels(tmp_path):
    _image([[(0, 0, 0, 0), (255, 255, 255, 255)]], "RGBA").save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png has transparent pixels.*black background"):
        read_mask(tmp_path / "a.png")
    _image([[(0, 0, 0, 255), (255, 0, 0, 255)]], "RGBA").save(tmp_path / "b.png")
    assert read_mask(tmp_path / "b.png").tolist() == [[False, True]]
