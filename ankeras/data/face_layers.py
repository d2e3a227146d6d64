"""The drawing of the cartoon portraits of `ankeras.data.faces`, layer by layer.

A portrait is a stack of simple shapes. A shape is given by the signed distance of every pixel to
its outline, negative inside. It is blended over the shapes behind it with the opacity
clip(1/2 - distance / pixel width, 0, 1), so its edges are one pixel wide at every size.
From back to front: background, the hair behind the head, neck, shoulders, ears with their
rings, the shadow of the chin, head, cheeks, nose, beard, mouth, eyes, brows, the arms of the
glasses, the hair before the head, glasses, hat.

The unit of length is half the image side: the image spans [-1, 1], u points to the right, v down.
There are three systems of coordinates:

- body: the image moved by the factors x and y and scaled by zoom; for the shoulders.
- head: body, rotated by roll around the neck, with its origin between the eyes; for outlines.
- face: head on an upright parabolic cylinder that is rotated by turn, so that features move
  sideways and the far side becomes narrower; for eyes, brows, mouth, glasses and hairline.

Several images are drawn at once. Arrays with one value per pixel are (images, pixels). Arrays with
one value per image, such as a factor, are (images, 1).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Value = Array | float  # one number, or one per image, (images, 1), or one per pixel
Point = tuple[Value, Value]  # (u, v)
RGB = tuple[float, float, float]

SKINS: tuple[RGB, ...] = (  # from fair to dark, evenly spaced on [0, 1]
    (0.95, 0.81, 0.72),
    (0.92, 0.73, 0.60),
    (0.85, 0.63, 0.47),
    (0.71, 0.49, 0.35),
    (0.56, 0.37, 0.27),
)
HAIR_COLORS: dict[str, RGB] = {
    "black": (0.13, 0.11, 0.14),
    "brown": (0.36, 0.20, 0.11),
    "blond": (0.91, 0.74, 0.37),
    "red": (0.78, 0.31, 0.12),
    "grey": (0.70, 0.72, 0.76),
}
EYE_COLORS: dict[str, RGB] = {
    "brown": (0.36, 0.21, 0.12),
    "blue": (0.22, 0.47, 0.76),
    "green": (0.27, 0.54, 0.33),
    "grey": (0.42, 0.48, 0.54),
}
SHIRTS: dict[str, tuple[RGB, RGB]] = {  # the shirt, and the hat that goes with it
    "white": ((0.93, 0.93, 0.95), (0.22, 0.33, 0.52)),
    "navy": ((0.19, 0.28, 0.47), (0.66, 0.20, 0.26)),
    "coral": ((0.87, 0.40, 0.35), (0.12, 0.40, 0.44)),
    "mustard": ((0.91, 0.68, 0.26), (0.20, 0.42, 0.30)),
    "green": ((0.24, 0.53, 0.44), (0.88, 0.66, 0.25)),
    "violet": ((0.52, 0.39, 0.64), (0.80, 0.44, 0.50)),
}
BACKGROUNDS: dict[str, RGB] = {
    "sky": (0.62, 0.80, 0.93),
    "mint": (0.65, 0.87, 0.77),
    "lavender": (0.77, 0.73, 0.93),
    "rose": (0.96, 0.75, 0.77),
    "teal": (0.34, 0.62, 0.67),
    "slate": (0.46, 0.53, 0.66),
}

NECK = 0.52  # the head is rotated around this point, in body coordinates
EYES = -0.07  # position v of the head's origin in the image
# The depth of the face follows a parabola, because a circular cylinder folds at its rim.
DEPTH, RIM = 0.42, 0.50
EYE_U, BROW_V, MOUTH_V, BRIM_V = 0.185, -0.175, 0.345, -0.29


def _column(values: Array) -> Array:
    """Return one number per image, float32 (images, 1)."""
    return values.astype(np.float32)[:, None]


def _color(rgb: RGB) -> Array:
    """Return a colour for all images, float32 (1, 3, 1)."""
    return np.array(rgb, np.float32)[None, :, None]


def _palette(colors: Iterable[RGB], index: Array) -> Array:
    """Return one colour per image, float32 (images, 3, 1)."""
    return np.array(list(colors), np.float32)[index][:, :, None]


WHITE, INK, GOLD = (_color(c) for c in ((0.98, 0.98, 0.97), (0.11, 0.09, 0.11), (0.96, 0.78, 0.30)))
MOUTH, LIPSTICK = _color((0.42, 0.10, 0.13)), _color((0.80, 0.16, 0.26))
BLUSH = _color((0.93, 0.36, 0.33))
BARE_LIPS = _color((0.82, 0.58, 0.56))  # factor of the skin's colour for lips without lipstick


@dataclass
class Scene:
    """Several images that are being drawn: the canvas, the pixels' positions, what to draw.

    Attributes:
        canvas: float32 (images, 3, pixels), values in [0, 1].
        factors: the columns of the table, each float32 (images, 1).
        styles: hair style of each image, (images,).
        pixel: width of a pixel in head coordinates, (images, 1).
        body, head, face: the coordinates (u, v) of every pixel, each (images, pixels).
        skull: signed distance to the outline of the head, (images, pixels).
        on_head: opacity of the head, (images, pixels).
        skin, hair, eye, shirt, hat, wall: one colour per image, (images, 3, 1).
    """

    canvas: Array
    factors: dict[str, Array]
    styles: Array
    pixel: Array
    body: tuple[Array, Array]
    head: tuple[Array, Array]
    face: tuple[Array, Array]
    skull: Array
    on_head: Array
    skin: Array
    hair: Array
    eye: Array
    shirt: Array
    hat: Array
    wall: Array

    def cover(self, distance: Array, soft: float = 0.0) -> Array:
        """Return the opacity of a shape, in [0, 1], with an edge at least one pixel wide."""
        alpha = distance * (-1.0 / np.maximum(self.pixel, np.float32(soft)))
        alpha += 0.5
        return np.clip(alpha, 0.0, 1.0, out=alpha)

    def blend(self, alpha: Array, color: Array) -> None:
        """Lay a colour, (images, 3, 1) or (1, 3, 1), over the canvas."""
        change = color - self.canvas
        change *= alpha[:, None, :]
        self.canvas += change

    def shade(self, alpha: Array) -> None:
        """Darken the canvas by the share `alpha`."""
        self.canvas *= (1 - alpha)[:, None, :]

    def paint(self, distance: Array, color: Array, opacity: Value = 1.0, soft: float = 0.0) -> None:
        """Lay a shape over the canvas."""
        self.blend(self.cover(distance, soft) * opacity, color)


@dataclass
class LabelledScene(Scene):
    """A scene in which the layers leave which part of the portrait is in front, not its colours.

    Attributes:
        parts: int (images, pixels), the part that each pixel shows.
        part: the part that is being drawn.
    """

    parts: Array
    part: int = 0

    def blend(self, alpha: Array, color: Array) -> None:
        """Let the pixels that are covered for more than a half show the part."""
        self.parts[np.broadcast_to(alpha, self.parts.shape) > 0.5] = self.part

    def shade(self, alpha: Array) -> None:
        """Change no part."""


# The next functions return signed distances of the pixels `at`. For ellipses and arcs they are
# first-order approximations, exact on the outline. That is enough for an edge one pixel wide.


def _ellipse(at: Point, center: Point, radii: Point) -> Array:
    (u, v), (cu, cv), (ru, rv) = at, center, radii
    x, y = (u - cu) / ru, (v - cv) / rv
    x2, y2 = x * x, y * y
    k = np.sqrt(x2 + y2)
    slope = np.sqrt(x2 * (1 / (ru * ru)) + y2 * (1 / (rv * rv)) + np.float32(1e-9))
    return k * (k - 1) / slope


def _circle(at: Point, center: Point, radius: Value) -> Array:
    x, y = at[0] - center[0], at[1] - center[1]
    return np.sqrt(x * x + y * y) - radius


def _box(at: Point, center: Point, half: Point, radius: float) -> Array:
    """Return the distance to a box of half sizes `half` with corners of radius `radius`."""
    x = np.abs(at[0] - center[0]) - (half[0] - radius)
    y = np.abs(at[1] - center[1]) - (half[1] - radius)
    px, py = np.maximum(x, 0), np.maximum(y, 0)
    return np.sqrt(px * px + py * py) + np.minimum(np.maximum(x, y), 0) - radius


def _arc(at: Point, center: Point, half: Value, bend: Value, radius: Value) -> Array:
    """Return the distance to a stroke of half thickness `radius` along a parabola.

    The parabola reaches `half` to either side of its vertex `center`, and `bend` below it.
    """
    x, y = at[0] - center[0], at[1] - center[1]
    near = np.clip(x, -half, half)
    slope = near * (2 * bend / (half * half))
    x, y = x - near, y - slope * near * 0.5
    return np.sqrt(x * x + y * y / (1 + slope * slope)) - radius


def _line(at: Point, start: Point, end: Point, radius: Value) -> Array:
    """Return the distance to a stroke of half thickness `radius` from `start` to `end`."""
    x, y, du, dv = at[0] - start[0], at[1] - start[1], end[0] - start[0], end[1] - start[1]
    t = np.clip((x * du + y * dv) / (du * du + dv * dv), 0, 1)
    x, y = x - t * du, y - t * dv
    return np.sqrt(x * x + y * y) - radius


def _skull(at: Point, width: Array, woman: Array) -> Array:
    """Return the distance to a head: an ellipse above the eyes, a jaw below them."""
    u, v = at
    rv = np.where(v < 0, np.float32(0.54), 0.61 - 0.03 * woman)
    # x⁴ + y⁴ + c x²y² = 1 is an ellipse for c = 2, closer to a square for smaller c and to a
    # rhombus for larger c.
    c = np.where(v < 0, np.float32(2), 1.25 + 1.45 * woman)
    x, y = u / width, v / rv
    x2, y2 = x * x, y * y
    f = x2 * x2 + y2 * y2 + c * x2 * y2 + np.float32(1e-6)
    gu, gv = x * (x2 + 0.5 * c * y2) / width, y * (y2 + 0.5 * c * x2) / rv
    k = np.sqrt(f)
    return (np.sqrt(k) - 1) * k * np.sqrt(k) / np.sqrt(gu * gu + gv * gv + np.float32(1e-9))


def draw(columns: dict[str, Array], images: Array) -> None:
    """Draw several portraits into an array.

    Args:
        columns: the columns of the table of factors, each (images,), with valid values.
        images: float32 (images, size, size, 3), overwritten with values in [0, 1].
    """
    scene = _scene(columns, images.shape[1])
    for layer in LAYERS:
        layer(scene)
    scene.canvas *= scene.factors["brightness"][:, None]
    np.clip(scene.canvas, 0.0, 1.0, out=scene.canvas)
    images[:] = scene.canvas.transpose(0, 2, 1).reshape(images.shape)


def labelled_scene(columns: dict[str, Array], size: int) -> LabelledScene:
    """Return a scene in which `LAYERS` can be drawn part by part; arguments as in `draw`."""
    scene = vars(_scene(columns, size))
    return LabelledScene(**scene, parts=np.zeros((len(scene["body"][0]), size * size), int))


def _scene(columns: dict[str, Array], size: int) -> Scene:
    factors = {name: _column(column) for name, column in columns.items()}
    line = (np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1
    v, u = (axis.reshape(1, -1) for axis in np.meshgrid(line, line, indexing="ij"))
    body_u = (u - 2 * factors["x"]) / factors["zoom"]
    body_v = (v - 2 * factors["y"]) / factors["zoom"]
    cos, sin = _column(np.cos(columns["roll"])), _column(np.sin(columns["roll"]))
    head_u = body_u * cos + (body_v - NECK) * sin
    head_v = (body_v - NECK) * cos - body_u * sin + (NECK - EYES)
    cos, sin = _column(np.cos(columns["turn"])), _column(np.sin(columns["turn"]))
    depth = np.maximum(DEPTH - head_u * head_u * (DEPTH / RIM**2), 0)
    face_u = head_u * cos - depth * sin
    width = (0.455 - 0.02 * factors["woman"]) * factors["face_width"]
    factors |= {"width": width, "side": sin}
    skull = _skull((head_u, head_v), width, factors["woman"])
    pixel = np.float32(2 / size) / factors["zoom"]
    stops = np.linspace(0, 1, len(SKINS))
    skin = [np.interp(columns["skin"], stops, channel) for channel in zip(*SKINS, strict=True)]
    shirts, hats = zip(*SHIRTS.values(), strict=True)
    return Scene(
        canvas=np.empty((len(body_u), 3, size * size), np.float32),
        factors=factors,
        styles=columns["hair_style"],
        pixel=pixel,
        body=(body_u, body_v),
        head=(head_u, head_v),
        face=(face_u, head_v),
        skull=skull,
        on_head=np.clip(0.5 - skull / pixel, 0, 1),
        skin=np.stack(skin, 1).astype(np.float32)[:, :, None],
        hair=_palette(HAIR_COLORS.values(), columns["hair_color"]),
        eye=_palette(EYE_COLORS.values(), columns["eye_color"]),
        shirt=_palette(shirts, columns["shirt"]),
        hat=_palette(hats, columns["shirt"]),
        wall=_palette(BACKGROUNDS.values(), columns["background"]),
    )


def _background(s: Scene) -> None:
    """Draw a wall that is lighter behind the head and darker towards the bottom."""
    u, v = s.body
    s.canvas[:] = s.wall * (0.97 - 0.10 * v)[:, None]
    s.paint(_circle((u, v), (0, -0.15), 0.55), WHITE, 0.35, soft=0.9)


def _hair_back(s: Scene) -> None:
    """Draw the hair behind head and neck, in a darker colour."""
    u, v = s.head
    styles = list(HAIR_STYLES)
    bob, long, curly = (
        _column(s.styles == styles.index(name)) for name in ("bob", "long", "curly")
    )
    width = s.factors["width"]
    bottom = 0.51 * bob + 0.92 * long
    half = width + 0.06 + 0.03 * long
    tail = _box((u, v), (0, (bottom - 0.20) / 2), (half, (bottom + 0.20) / 2), 0.16)
    s.paint(_under_hat(s, tail), s.hair * 0.72, np.maximum(bob, long))
    s.paint(_under_hat(s, _curls(s.head, width)), s.hair * 0.80, curly)


def _curls(at: Point, width: Array) -> Array:
    """Return the distance to the curls around the head."""
    u, v = np.abs(at[0]), at[1]
    d = _ellipse((u, v), (0, -0.16), (width + 0.14, 0.56))
    for cu, cv, r in ((0.0, -0.64, 0.15), (0.26, -0.56, 0.16), (0.46, -0.36, 0.17)):
        d = np.minimum(d, _circle((u, v), (cu, cv), r))
    for cv, r in ((-0.10, 0.17), (0.16, 0.15)):
        d = np.minimum(d, _circle((u, v), (width + 0.08, cv), r))
    return d


def _under_hat(s: Scene, distance: Array) -> Array:
    """Return a distance without the hair above the brim of a hat."""
    return np.maximum(distance, (BRIM_V - s.head[1]) - 9 * (1 - s.factors["hat"]))


def _neck(s: Scene) -> None:
    """Draw the neck."""
    s.paint(_box(s.head, (0, 0.6), (_neck_width(s), 0.42), 0.1), s.skin * 0.93)


def _neck_width(s: Scene) -> Array:
    """Return half the width of the neck, (images, 1)."""
    return 0.215 - 0.055 * s.factors["woman"]


def _shoulders(s: Scene) -> None:
    """Draw the shoulders: broad, with a collar, for a man; with a necklace for a woman."""
    u, v = s.body
    woman = s.factors["woman"]
    man = 1 - woman
    low = np.minimum(v, 1.15)
    torso = _ellipse((u, low), (0, 1.15), (0.90 - 0.20 * woman, 0.56 - 0.03 * woman))
    s.paint(torso, s.shirt)
    edge = np.clip(torso * (1 / 0.18) + 1, 0, 1)
    s.blend(s.cover(torso) * edge * 0.6, s.shirt * 0.78)
    scoop = _ellipse((u, v), (0, 0.56), (0.20 + 0.10 * woman, 0.20 + 0.08 * woman))
    s.paint(np.maximum(scoop, torso - 0.012), s.skin * 0.93)
    s.paint(_arc((u, v), (0, 0.775), 0.17, -0.11, 0.014), GOLD, woman)
    flap = _line((np.abs(u), v), (0.24, 0.66), (0.10, 0.82), 0.05)
    s.paint(flap, s.shirt * 0.6 + 0.4, man)


def _ears(s: Scene) -> None:
    """Draw the ears, which a turn moves relative to the face, and the earrings of a woman."""
    u, v = s.head
    for side in (-1, 1):
        cu = side * s.factors["width"] - 0.11 * s.factors["side"]
        s.paint(_ellipse((u, v), (cu, 0.04), (0.075, 0.12)), s.skin * 0.92)
        s.paint(
            _ellipse((u, v), (cu + side * 0.012, 0.04), (0.035, 0.07)), s.skin * 0.76, soft=0.05
        )
        near = np.clip(1.5 - 5 * side * s.factors["side"], 0, 1)
        ring = _circle((u, v), (cu + side * 0.025, 0.20), 0.045)
        s.paint(ring, GOLD, s.factors["woman"] * near)


def _chin_shadow(s: Scene) -> None:
    """Darken the neck below the chin."""
    u, v = s.head
    chin = _skull((u, v - 0.10), s.factors["width"], s.factors["woman"])
    inside = s.cover(np.abs(u) - _neck_width(s)) * s.cover(chin, soft=0.08)
    s.shade(inside * 0.2)


def _head(s: Scene) -> None:
    """Draw the head, with a shade along its outline and a light on the forehead."""
    s.blend(s.on_head, s.skin)
    edge = np.clip(s.skull * (1 / 0.22) + 1, 0, 1)
    s.blend(s.on_head * edge * edge * 0.55, s.skin * 0.80)
    u, v = s.face
    s.paint(_ellipse((u, v), (0, -0.22), (0.16, 0.12)), s.skin * 0.5 + 0.5, 0.30, soft=0.22)


def _cheeks(s: Scene) -> None:
    """Draw a blush on both cheeks."""
    u, v = np.abs(s.face[0]), s.face[1]
    blush = s.skin * 0.55 + BLUSH * 0.45
    alpha = s.cover(_circle((u, v), (0.27, 0.20), 0.07), soft=0.16) * s.on_head
    s.blend(alpha * (0.5 + 0.25 * s.factors["woman"]), blush)


def _nose(s: Scene) -> None:
    """Draw the nose: a light along its ridge and a shade below its tip."""
    u, v = s.face
    u = u - 0.08 * s.factors["side"]  # it is in front of the face, so it moves further
    tip = 0.175 * s.factors["nose_length"]
    s.paint(_line((u, v), (0, -0.02), (0, tip - 0.03), 0.02), s.skin * 0.6 + 0.4, 0.5, soft=0.06)
    s.paint(_arc((u, v), (0, tip + 0.02), 0.05, -0.03, 0.017), s.skin * 0.70)


def _beard(s: Scene) -> None:
    """Draw a full beard: the part of the head below the cheeks and the tip of the nose."""
    u, v = s.face
    cheeks = np.minimum(
        _ellipse((np.abs(u), v), (0.20, 0.02), (0.225, 0.29)),
        _ellipse((u, v), (0, 0.0), (0.30, 0.235)),
    )
    d = np.maximum(np.maximum(s.skull - 0.03, -cheeks), -0.03 - v)
    moustache = _line((np.abs(u), v), (0.035, 0.262), (0.19, 0.305), 0.042)
    d = np.minimum(d, moustache)
    s.paint(d, s.hair * 0.77, s.factors["beard"], soft=0.03)
    light = _ellipse((u, v), (0, 0.50), (0.16, 0.06))
    s.paint(np.maximum(light, d), s.hair * 0.82 + 0.12, s.factors["beard"] * 0.5, soft=0.10)


def _mouth(s: Scene) -> None:
    """Draw closed lips, or a laugh with teeth; the lips of a woman are full and red."""
    u, v = s.face
    woman, smile = s.factors["woman"], s.factors["smile"]
    bare = s.skin * BARE_LIPS
    lips = bare + (LIPSTICK - bare) * woman[:, None]

    half = 0.115 * s.factors["mouth_width"]
    upper = _ellipse(
        (np.abs(u), v), (0.38 * half, MOUTH_V - 0.006), (0.64 * half, 0.022 + 0.016 * woman)
    )
    lower = _ellipse((u, v), (0, MOUTH_V + 0.012), (0.82 * half, 0.030 + 0.020 * woman))
    s.paint(np.minimum(upper, lower), lips, 1 - smile)
    s.paint(_arc((u, v), (0, MOUTH_V), half, -0.011, 0.009), lips * 0.45, 1 - smile)

    half = 0.21 * s.factors["mouth_width"]
    x = u / half
    x2 = x * x
    top, bottom = 0.305 - 0.025 * x2, 0.460 - 0.180 * x2
    slope = np.sqrt(1 + np.minimum(x2, 1) * (0.36 / half) ** 2)
    grin = np.maximum(top - v, (v - bottom) / slope)
    rim = np.maximum(grin - 0.014 - 0.016 * woman, np.abs(u) - half - 0.012)
    s.paint(rim, lips, smile)
    s.paint(grin, MOUTH, smile)
    s.paint(np.maximum(grin, v - top - 0.072), WHITE, smile)


def _eyes(s: Scene) -> None:
    """Draw the eyes: white, iris, pupil, reflection, upper lid, and the lashes of a woman."""
    woman, scale = s.factors["woman"], s.factors["eye_size"]
    u, v = s.face
    a = np.abs(u) - EYE_U * s.factors["eye_spacing"]  # from the middle of an eye outwards
    white = _ellipse((a, v), (0, 0), (0.100 * scale, 0.074 * scale))
    s.paint(white - 0.012, s.skin * 0.72, soft=0.05)
    s.paint(white, WHITE)
    iris = _circle((a, v), (0, 0), 0.066 * scale)
    s.paint(np.maximum(iris, white), s.eye)
    s.paint(_circle((a, v), (0, 0), 0.034 * scale), INK)
    s.paint(_circle((a, v), (0, -0.028 * scale), 0.018 * scale), WHITE)
    lid = np.maximum(np.abs(white) - 0.013 - 0.010 * woman, v + 0.02)
    s.paint(lid, INK, 0.75 + 0.25 * woman)
    lash = _line((a, v), (0.075 * scale, -0.045 * scale), (0.135 * scale, -0.088 * scale), 0.013)
    s.paint(lash, INK, woman)


def _brows(s: Scene) -> None:
    """Draw the brows: straight and thick for a man, thin and arched for a woman."""
    woman = s.factors["woman"]
    a = np.abs(s.face[0]) - EYE_U * s.factors["eye_spacing"]
    v = s.face[1] - 0.05 * a
    r = 0.034 - 0.018 * woman
    d = _arc((a, v), (0.005, BROW_V - 0.02 * woman), 0.085, 0.012 + 0.018 * woman, r)
    s.paint(d, s.hair * 0.62)


def _temples(s: Scene) -> None:
    """Draw the arms of the glasses; the front hair may cover them."""
    u, v = s.face
    arm = _line((np.abs(u), v), (0.33, -0.03), (0.50, -0.05), 0.018)
    s.blend(s.cover(arm) * s.on_head * s.factors["glasses"], INK)


def _hair_front(s: Scene) -> None:
    """Draw the hair in front of the face, with a soft band of light on the top of the head."""
    (u, v), (face_u, _) = s.head, s.face
    width = s.factors["width"]
    d = np.empty_like(u)
    for index, style in enumerate(HAIR_STYLES.values()):
        rows = np.flatnonzero(s.styles == index)
        d[rows] = style((u[rows], v[rows]), (face_u[rows], v[rows]), width[rows], s.skull[rows])
    d = _under_hat(s, d)
    s.shade(s.cover(d - 0.02, soft=0.09) * s.on_head * 0.26)
    alpha = s.cover(d)
    s.blend(alpha, s.hair)
    s.blend(alpha * np.clip(0.25 + 0.5 * v, 0, 0.5), s.hair * 0.55)
    band = np.abs(_ellipse((u, v), (0, 0), (width * 0.92, 0.50))) - 0.02
    fade = np.clip(0.5 - 3.5 * u * u, 0, 0.5)
    s.blend(alpha * fade * s.cover(np.maximum(band, v + 0.2), soft=0.11), s.hair * 0.6 + 0.4)


def _buzz(at: Point, face: Point, width: Array, skull: Array) -> Array:
    """Return the distance to hair cut close to the skull."""
    opening = _ellipse(face, (0, 0.13), (0.46, 0.46))
    return np.maximum(np.maximum(skull - 0.015, -opening), _sideburns(at, width))


def _short(at: Point, face: Point, width: Array, skull: Array) -> Array:
    """Return the distance to short hair, parted on one side."""
    u, v = at
    cap = np.minimum(skull - 0.04, _ellipse((u, v - 0.06 * u), (0, -0.25), (width + 0.045, 0.42)))
    opening = _ellipse((face[0], v + 0.18 * face[0]), (0, 0.13), (0.46, 0.41))
    return np.maximum(np.maximum(cap, -opening), _sideburns(at, width))


def _sideburns(at: Point, width: Array) -> Array:
    """Return the distance to the lower end of short hair, which is lowest in front of the ears."""
    return 0.9 * (at[1] - 0.06 + 0.5 * (width - np.abs(at[0])))


def _bob(at: Point, face: Point, width: Array, skull: Array) -> Array:
    """Return the distance to hair cut at the chin, with a straight fringe."""
    sides = _box(at, (0, 0.10), (width + 0.085, 0.42), 0.16)
    cap = np.minimum(_ellipse(at, (0, -0.06), (width + 0.085, 0.55)), sides)
    return np.maximum(
        cap, -_box((face[0] * (1.08 - 0.25 * at[1]), at[1]), (0, 0.50), (0.385, 0.70), 0.16)
    )


def _long(at: Point, face: Point, width: Array, skull: Array) -> Array:
    """Return the distance to long hair, parted in the middle."""
    sides = _box(at, (0, 0.40), (width + 0.10, 0.54), 0.20)
    cap = np.minimum(_ellipse(at, (0, -0.04), (width + 0.09, 0.57)), sides)
    arch = _ellipse((np.abs(face[0]), np.minimum(face[1], 0.25)), (-0.12, 0.25), (0.50, 0.66))
    return np.maximum(cap, -arch)


def _curly(at: Point, face: Point, width: Array, skull: Array) -> Array:
    """Return the distance to curly hair, with some curls on the forehead."""
    opening = _ellipse((face[0], np.minimum(face[1], 0.12)), (0, 0.12), (0.43, 0.42))
    d = np.maximum(_curls(at, width), -opening)
    for cu, cv in ((0.0, -0.32), (0.20, -0.29), (0.35, -0.14)):
        d = np.minimum(d, _circle((np.abs(face[0]), face[1]), (cu, cv), 0.09))
    return d


HAIR_STYLES: dict[str, Callable[..., Array]] = {  # name: signed distance to the front hair
    "buzz": _buzz,
    "short": _short,
    "bob": _bob,
    "long": _long,
    "curly": _curly,
}


def _glasses(s: Scene) -> None:
    """Draw glasses: round rims, a bridge and nearly clear lenses."""
    u, v = s.face
    glasses = s.factors["glasses"]
    a = np.abs(u)
    rim = _circle((a, v), (EYE_U * s.factors["eye_spacing"], 0.005), 0.155)
    s.paint(rim, WHITE, glasses * 0.16)
    frame = np.minimum(np.abs(rim) - 0.020, _arc((u, v), (0, -0.03), 0.05, 0.02, 0.018))
    s.paint(frame, INK, glasses)


def _hat(s: Scene) -> None:
    """Draw a felt hat with a brim and a ribbon, and its shadow on the forehead."""
    u, v = s.head
    hat, width = s.factors["hat"], s.factors["width"]
    brim = _arc((u, v), (0, BRIM_V - 0.03), width + 0.20, 0.05, 0.048)
    s.shade(s.cover(brim - 0.06, soft=0.08) * s.on_head * (hat * 0.3))
    crown = _box((u * (0.92 - 0.28 * v), v), (0, -0.53), (width - 0.04, 0.27), 0.17)
    s.paint(crown, s.hat, hat)
    light = s.cover(_circle((u, v), (0, -0.66), 0.10), soft=0.25)
    s.blend(light * s.cover(crown) * (hat * 0.5), s.hat * 0.7 + 0.3)
    s.paint(np.maximum(crown, -0.44 - v), s.hat * 0.45, hat)
    s.paint(brim, s.hat * 0.86, hat)
    s.paint(brim + 0.03, s.hat * 0.9 + 0.1, hat, soft=0.04)


LAYERS = (
    _background,
    _hair_back,
    _neck,
    _shoulders,
    _ears,
    _chin_shadow,
    _head,
    _cheeks,
    _nose,
    _beard,
    _mouth,
    _eyes,
    _brows,
    _temples,
    _hair_front,
    _glasses,
    _hat,
)
