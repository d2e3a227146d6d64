"""Handwritten digits drawn by a program: pen strokes, neither fonts nor photographs.

Each digit starts from a skeleton in `SKELETONS`, one of several ways to write it. A skeleton
consists of pen strokes: a few control points, joined by Catmull-Rom splines. Smooth random
displacements of the control points, an aspect ratio, a slant and a rotation make it look like
handwriting. Then it is scaled and placed as in MNIST: the ink fits a box of 20/28 of the image
side, and the centre of mass of the strokes lies in the middle of the image.

The value of a pixel depends on its distance to the path of the pen. The distance is computed from
a sum of narrow Gaussians at points along the path. As a Gaussian is separable, this sum is one
matrix product per image, and its logarithm gives the distance. A stroke is where the distance is
less than half the thickness, with a soft edge.

`draw_factors` draws a table of the factors, which decide what each image looks like. `render` turns
such a table into images. `digits` does both.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from ankeras.data.dataset import Dataset

import numpy as np
from numpy.typing import ArrayLike

Stroke = list[tuple[int, int]]

# SKELETONS[digit] lists the ways to write it: (relative frequency, strokes). Points are (x, y) in
# percent of the digit's height, y downwards. A stroke that starts where another one ends makes a
# corner. A stroke that ends where it starts is closed smoothly.
# fmt: off
SKELETONS: list[list[tuple[float, list[Stroke]]]] = [
    [  # 0
        # closed oval
        (4.0, [[(52, 0), (24, 10), (8, 50), (20, 90), (48, 100), (76, 90), (92, 50), (80, 10),
                (52, 0)]]),
        # ends overlap at the top
        (2.5, [[(68, 6), (38, 4), (10, 36), (12, 78), (42, 100), (76, 84), (92, 46), (78, 12),
                (52, 6), (38, 14)]]),
        # left open at the top
        (2.0, [[(50, 2), (24, 18), (8, 55), (22, 92), (50, 99), (78, 82), (90, 46), (82, 16),
                (64, 6)]]),
        # starts on the left and closes with a hook inside
        (1.0, [[(40, 22), (60, 4), (30, 4), (8, 40), (18, 86), (50, 100), (82, 80), (90, 40),
                (72, 10), (46, 0)]]),
        # curls into itself
        (0.8, [[(62, 6), (32, 6), (8, 40), (18, 84), (50, 100), (82, 78), (88, 40), (68, 12),
                (42, 18), (30, 42)]]),
        # slashed
        (0.3, [[(52, 0), (24, 10), (8, 50), (20, 90), (48, 100), (76, 90), (92, 50), (80, 10),
                (52, 0)],
               [(76, 12), (50, 50), (24, 88)]]),
    ],
    [  # 1
        # bare stroke
        (8.0, [[(56, 0), (52, 33), (48, 67), (44, 100)]]),
        # with a flag
        (0.9, [[(28, 24), (42, 14), (54, 0)], [(54, 0), (53, 33), (51, 67), (49, 100)]]),
        # with a long flag
        (0.5, [[(16, 44), (36, 24), (56, 0)], [(56, 0), (54, 33), (52, 67), (50, 100)]]),
        # with flag and base
        (0.6, [[(22, 22), (38, 14), (52, 0)], [(52, 0), (52, 33), (51, 67), (50, 100)],
               [(14, 100), (50, 100), (88, 98)]]),
    ],
    [  # 2
        # round, with a loop at the base
        (2.5, [[(16, 22), (34, 4), (60, 2), (74, 22), (62, 54), (38, 86), (14, 98), (4, 86),
                (18, 76), (44, 86), (70, 98), (98, 90)]]),
        # round, with a corner
        (4.0, [[(12, 24), (30, 4), (58, 0), (74, 20), (64, 48), (38, 74), (8, 98)],
               [(8, 98), (40, 96), (68, 96), (96, 94)]]),
        # drawn like a Z
        (1.2, [[(8, 10), (36, 4), (66, 4), (70, 16), (50, 46), (28, 74), (8, 96)],
               [(8, 96), (36, 96), (64, 98), (92, 100)]]),
        # hooked start, flat foot
        (1.0, [[(24, 32), (12, 18), (32, 2), (62, 4), (76, 26), (62, 58), (36, 84), (8, 96)],
               [(8, 96), (34, 88), (62, 96), (96, 98)]]),
        # starts low, with a large loop
        (1.5, [[(12, 38), (14, 14), (42, 0), (70, 12), (68, 40), (46, 72), (20, 95), (2, 84),
                (16, 66), (44, 78), (68, 94), (98, 88)]]),
        # large loop, the foot rises
        (1.5, [[(12, 32), (18, 6), (52, 0), (72, 20), (60, 54), (36, 84), (10, 96), (0, 80),
                (20, 64), (46, 78), (70, 94), (96, 76)]]),
        # huge loop, the foot falls
        (1.5, [[(14, 14), (42, 0), (70, 14), (66, 46), (46, 78), (22, 98), (4, 86), (12, 60),
                (42, 50), (66, 66), (80, 88), (90, 98)]]),
        # upright, like a d
        (0.9, [[(40, 2), (58, 10), (54, 44), (38, 82), (16, 98), (4, 84), (16, 66), (44, 72),
                (74, 88)]]),
        # curled start
        (1.0, [[(40, 40), (14, 34), (12, 10), (44, 0), (70, 14), (66, 46), (44, 76), (14, 98)],
               [(14, 98), (40, 92), (66, 94), (92, 92)]]),
        # short falling foot
        (0.7, [[(8, 20), (32, 2), (62, 6), (68, 30), (50, 60), (18, 86)],
               [(18, 86), (40, 86), (62, 94), (82, 100)]]),
    ],
    [  # 3
        # two bowls meeting in a corner
        (4.0, [[(10, 10), (34, 0), (62, 4), (70, 22), (54, 40), (30, 46)],
               [(30, 46), (60, 50), (76, 70), (60, 94), (32, 100), (4, 90)]]),
        # round all through
        (2.5, [[(10, 14), (34, 0), (62, 6), (66, 26), (42, 44), (56, 50), (74, 68), (66, 90),
                (36, 100), (6, 88)]]),
        # small loop in the middle
        (1.0, [[(12, 14), (38, 0), (66, 10), (62, 32), (36, 52), (30, 44), (54, 46), (74, 66),
                (60, 92), (32, 100), (4, 92)]]),
        # flat top
        (1.0, [[(10, 6), (40, 4), (70, 2)], [(70, 2), (54, 20), (36, 40)],
               [(36, 40), (64, 46), (74, 68), (60, 92), (32, 100), (6, 92)]]),
        # shallow bowls, no hook at the end
        (1.2, [[(8, 8), (36, 0), (64, 6), (60, 26), (36, 42)],
               [(36, 42), (58, 50), (64, 68), (50, 88), (24, 100)]]),
        # both ends curl in
        (1.0, [[(26, 24), (10, 14), (34, 0), (64, 6), (66, 28), (36, 46)],
               [(36, 46), (68, 54), (76, 78), (50, 100), (14, 94), (8, 78), (24, 76)]]),
    ],
    [  # 4
        # open, stem apart
        (4.0, [[(16, 4), (10, 28), (8, 52), (32, 56), (54, 52), (80, 46)],
               [(66, 0), (62, 32), (58, 66), (54, 100)]]),
        # open and angular
        (2.0, [[(22, 4), (14, 28), (6, 52)], [(6, 52), (34, 52), (58, 52), (86, 50)],
               [(62, 6), (60, 36), (58, 68), (56, 100)]]),
        # closed triangle
        (1.0, [[(54, 2), (36, 24), (18, 44), (2, 62)], [(2, 62), (34, 62), (60, 62), (90, 60)],
               [(54, 2), (54, 34), (54, 66), (54, 100)]]),
        # one stroke, like a y with a straight tail
        (1.5, [[(14, 4), (8, 28), (16, 48), (40, 48), (64, 28), (74, 4)],
               [(74, 4), (66, 36), (58, 68), (50, 100)]]),
        # long stem, low bar
        (1.0, [[(10, 14), (8, 34), (14, 48), (38, 48), (66, 42)],
               [(70, 0), (64, 33), (58, 66), (52, 100)]]),
        # left arm taller than a short stem
        (1.2, [[(34, 0), (16, 30), (8, 58), (26, 66), (52, 60), (82, 52)],
               [(66, 22), (62, 48), (58, 74), (56, 100)]]),
        # closed and round
        (0.8, [[(62, 2), (34, 16), (10, 38), (10, 54), (36, 56), (64, 50), (86, 44)],
               [(62, 2), (60, 34), (56, 66), (52, 100)]]),
    ],
    [  # 5
        # stem and bowl, then the bar
        (3.5, [[(26, 4), (22, 24), (18, 44)],
               [(18, 44), (44, 40), (70, 54), (72, 80), (48, 98), (22, 98), (4, 88)],
               [(26, 4), (50, 4), (86, 0)]]),
        # one stroke, like an S
        (2.5, [[(84, 2), (56, 4), (32, 10), (22, 28), (34, 44), (60, 54), (70, 74), (54, 94),
                (28, 100), (4, 90)]]),
        # bar apart from the stem
        (1.5, [[(20, 12), (18, 30), (20, 46), (44, 44), (68, 58), (66, 84), (42, 100), (8, 94)],
               [(30, 6), (56, 4), (88, 0)]]),
        # small bowl under a long bar
        (1.0, [[(98, 0), (66, 4), (36, 8)], [(36, 8), (30, 24), (24, 42)],
               [(24, 42), (46, 46), (60, 62), (52, 84), (28, 98), (2, 100)]]),
        # no hook at the end
        (1.2, [[(30, 6), (24, 22), (18, 38)], [(18, 38), (46, 34), (60, 54), (46, 82), (18, 100)],
               [(30, 6), (56, 4), (86, 0)]]),
        # large bowl, almost closed
        (2.0, [[(24, 2), (20, 22), (16, 42)],
               [(16, 42), (44, 34), (72, 48), (76, 76), (52, 98), (20, 98), (4, 84), (10, 70)],
               [(24, 2), (46, 4), (74, 2)]]),
    ],
    [  # 6
        # curved stem, round loop
        (4.0, [[(58, 0), (34, 20), (16, 46), (10, 76), (30, 98), (58, 92), (70, 70), (52, 56),
                (30, 62), (14, 78)]]),
        # straight stem, small loop
        (1.5, [[(44, 0), (30, 26), (18, 52), (12, 78), (28, 98), (52, 96), (66, 80), (54, 64),
                (34, 68), (16, 86)]]),
        # large loop
        (1.2, [[(70, 2), (38, 12), (14, 38), (8, 70), (26, 96), (58, 98), (78, 76), (68, 50),
                (40, 46), (14, 62)]]),
        # loop that curls in
        (1.5, [[(50, 0), (28, 22), (12, 50), (14, 84), (42, 100), (72, 86), (76, 62), (56, 54),
                (40, 70), (40, 86)]]),
        # wide and open, like a U
        (1.0, [[(26, 0), (10, 30), (6, 66), (20, 94), (50, 99), (78, 82), (82, 60), (64, 52),
                (46, 66), (42, 86)]]),
        # narrow
        (0.7, [[(42, 0), (28, 30), (20, 60), (22, 88), (38, 100), (54, 88), (52, 70), (38, 68),
                (24, 84)]]),
        # hooked stem
        (0.7, [[(74, 12), (58, 0), (32, 14), (12, 50), (14, 84), (40, 100), (66, 86), (66, 64),
                (42, 56), (16, 72)]]),
    ],
    [  # 7
        # plain
        (3.5, [[(6, 8), (40, 8), (76, 4)], [(76, 4), (64, 34), (50, 66), (40, 100)]]),
        # with a bar
        (1.8, [[(8, 8), (40, 8), (76, 4)], [(76, 4), (64, 34), (50, 66), (40, 100)],
               [(26, 52), (52, 50), (82, 46)]]),
        # round shoulder
        (1.8, [[(4, 16), (24, 4), (52, 4), (70, 12), (66, 38), (54, 68), (48, 100)]]),
        # with a tick at the start
        (1.2, [[(8, 30), (8, 8)], [(8, 8), (42, 8), (76, 6)],
               [(76, 6), (64, 36), (54, 66), (48, 100)]]),
        # with a long tick
        (1.0, [[(4, 46), (8, 26), (10, 8)], [(10, 8), (42, 6), (74, 4)],
               [(74, 4), (68, 36), (60, 66), (54, 100)]]),
        # curled start
        (0.8, [[(22, 34), (6, 26), (12, 8), (44, 8), (76, 4)],
               [(76, 4), (64, 36), (52, 66), (44, 100)]]),
        # wavy top
        (1.0, [[(4, 0), (18, 14), (48, 14), (80, 4)], [(80, 4), (62, 34), (46, 66), (38, 100)]]),
        # with a tick and a dip
        (0.8, [[(2, 34), (18, 4)], [(18, 4), (38, 14), (80, 0)],
               [(80, 0), (62, 34), (48, 66), (40, 100)]]),
        # with a tick and a bar
        (0.6, [[(8, 26), (8, 8)], [(8, 8), (40, 10), (76, 4)],
               [(76, 4), (62, 34), (50, 66), (44, 100)], [(24, 54), (50, 52), (80, 48)]]),
    ],
    [  # 8
        # one stroke: an S and back
        (3.0, [[(70, 12), (44, 0), (20, 14), (28, 36), (52, 52), (70, 74), (54, 98), (26, 96),
                (16, 76), (34, 54), (58, 38), (74, 14)]]),
        # one closed figure
        (2.5, [[(50, 0), (24, 12), (26, 34), (48, 50), (70, 66), (74, 88), (48, 100), (22, 88),
                (26, 66), (48, 50), (70, 34), (74, 12), (50, 0)]]),
        # two circles
        (1.2, [[(50, 0), (28, 8), (22, 24), (32, 40), (50, 46), (68, 40), (78, 24), (72, 8),
                (50, 0)],
               [(50, 46), (24, 56), (16, 74), (26, 94), (50, 100), (74, 94), (84, 74), (76, 56),
                (50, 46)]]),
        # open at the top right
        (1.5, [[(80, 14), (56, 0), (28, 8), (26, 32), (48, 52), (58, 78), (42, 98), (20, 92),
                (20, 74), (44, 52), (68, 34), (84, 22)]]),
        # ends in a long diagonal
        (1.0, [[(70, 10), (44, 2), (22, 16), (34, 42), (58, 64), (58, 92), (34, 100), (20, 84),
                (38, 56), (62, 30), (86, 2)]]),
        # small loops on a long diagonal
        (0.9, [[(58, 22), (36, 14), (20, 28), (34, 48), (48, 68), (40, 92), (18, 98), (8, 82),
                (28, 60), (56, 34), (82, 0)]]),
        # open at the top
        (1.0, [[(22, 6), (28, 30), (56, 54), (66, 82), (46, 100), (22, 88), (34, 60), (60, 36),
                (80, 2)]]),
        # the way back ends early
        (1.0, [[(76, 18), (60, 2), (30, 2), (20, 22), (42, 44), (66, 66), (62, 94), (36, 100),
                (18, 84), (30, 60), (56, 42)]]),
        # small head
        (1.2, [[(54, 0), (38, 8), (36, 24), (50, 38), (72, 62), (66, 94), (36, 100), (20, 80),
                (30, 54), (54, 36), (66, 16), (54, 0)]]),
        # large head, narrow foot
        (1.2, [[(52, 0), (24, 8), (18, 30), (40, 50), (54, 72), (48, 98), (34, 98), (32, 78),
                (50, 52), (78, 30), (80, 8), (52, 0)]]),
    ],
    [  # 9
        # loop and straight tail
        (3.5, [[(64, 12), (40, 0), (16, 14), (10, 36), (30, 46), (54, 34), (64, 12)],
               [(64, 12), (62, 42), (58, 70), (54, 100)]]),
        # one stroke with a curved tail
        (2.5, [[(66, 16), (44, 0), (18, 10), (10, 34), (32, 44), (58, 30), (68, 12), (66, 42),
                (56, 74), (38, 100)]]),
        # tail that hooks back
        (1.0, [[(68, 14), (44, 0), (16, 12), (10, 36), (32, 48), (62, 32), (70, 10), (70, 44),
                (64, 78), (40, 100), (10, 92)]]),
        # like a g
        (0.9, [[(64, 14), (42, 0), (18, 12), (14, 34), (36, 44), (58, 32), (66, 10), (74, 42),
                (76, 72), (56, 96), (24, 96)]]),
        # open loop
        (1.2, [[(72, 4), (40, 6), (14, 26), (24, 46), (52, 40), (72, 14), (66, 44), (56, 72),
                (48, 100)]]),
        # large loop, upright tail
        (1.5, [[(76, 14), (50, 0), (20, 10), (6, 36), (20, 58), (52, 52), (78, 26)],
               [(78, 8), (78, 40), (76, 70), (74, 100)]]),
        # angular
        (1.0, [[(66, 4), (38, 8), (10, 36)], [(10, 36), (38, 44), (64, 34)],
               [(66, 4), (64, 36), (60, 68), (56, 100)]]),
        # huge loop, short tail
        (0.8, [[(80, 8), (46, 0), (14, 14), (4, 46), (20, 72), (52, 68), (76, 40)],
               [(80, 8), (80, 40), (78, 70), (76, 100)]]),
        # flat loop
        (0.8, [[(70, 8), (42, 0), (14, 12), (18, 32), (48, 30), (72, 6), (68, 38), (58, 70),
                (50, 100)]]),
        # loop left open on the right
        (1.0, [[(74, 8), (50, 0), (22, 10), (12, 32), (34, 44), (60, 34)],
               [(60, 34), (60, 56), (54, 78), (46, 100)]]),
    ],
]
# fmt: on

CLASS_NAMES = tuple("0123456789")
FACTORS = np.dtype(
    [
        ("label", np.int64),
        ("style", np.int64),
        ("slant", np.float32),
        ("rotation", np.float32),
        ("aspect", np.float32),
        ("scale", np.float32),
        ("thickness", np.float32),
        ("x", np.float32),
        ("y", np.float32),
        ("sloppiness", np.float32),
        ("wobble", np.int64),
    ]
)

_POINTS = 80  # number along a digit's path; their distance is smaller than the width of a Gaussian
_BOX = 20 / 28  # side of the box that contains the ink, as a share of the image side
_SIGMA = 0.02  # standard deviation of a Gaussian, as a share of the image side
_EDGE = 0.055  # width of a stroke's soft edge, as a share of the image side
_CHUNK = 256  # images at a time; their intermediate arrays fit the processor's cache


class _Pen(NamedTuple):
    """All styles of all digits as matrices, for P points on a path and K control points.

    Attributes:
        path: float32 (styles, P, 2), points along the skeleton, in digit heights.
        shake: float32 (styles, P, K), maps K normal random numbers to displacements of the points.
        down: float32 (styles, P - 1), 1 where the pen is down between two points, else 0.
        first: int64 (10,), row of style 0 of each digit.
        styles: int64 (10,), number of styles of each digit.
        odds: float64 (10, most styles), cumulative probabilities of the styles of each digit.
    """

    path: np.ndarray
    shake: np.ndarray
    down: np.ndarray
    first: np.ndarray
    styles: np.ndarray
    odds: np.ndarray


def _spline(stroke: Stroke, t: np.ndarray) -> np.ndarray:
    """Return the weights (len(t), len(stroke)) of the control points at t in [0, 1]."""
    last = len(stroke) - 1
    left = np.minimum((t * last).astype(int), last - 1)
    u = t * last - left
    catmull_rom = (
        -u + 2 * u**2 - u**3,
        2 - 5 * u**2 + 3 * u**3,
        u + 4 * u**2 - 3 * u**3,
        -(u**2) + u**3,
    )
    weights = np.zeros((len(t), last + 1))
    for offset, weight in zip((-1, 0, 1, 2), catmull_rom, strict=True):
        column = left + offset
        # beyond its ends, a closed stroke continues from its other end; an open one repeats its end
        before, after = (last - 1, 1) if stroke[0] == stroke[-1] else (0, last)
        column = np.where(column < 0, before, np.where(column > last, after, column))
        np.add.at(weights, (np.arange(len(t)), column), weight / 2)
    return weights


def _style(strokes: list[Stroke], most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return path (P, 2), shake (P, most) and down (P - 1,) of one style."""
    fine = np.linspace(0, 1, 400)
    curves = [_spline(stroke, fine) @ (np.array(stroke) / 100) for stroke in strokes]
    lengths = [np.r_[0, np.hypot(*np.diff(curve, axis=0).T).cumsum()] for curve in curves]
    total = sum(length[-1] for length in lengths)
    counts = [max(4, int(_POINTS * length[-1] / total)) for length in lengths]
    counts[int(np.argmax(counts))] += _POINTS - sum(counts)

    # several strokes can share a control point, so that they stay joined
    points = list(dict.fromkeys(point for stroke in strokes for point in stroke))
    basis = np.zeros((_POINTS, len(points)))
    time: dict[int, float] = {}
    clock, row = 0.0, 0
    for stroke, length, count in zip(strokes, lengths, counts, strict=True):
        columns = [points.index(point) for point in stroke]
        even = np.interp(np.linspace(0, length[-1], count), length, fine)
        for column, weight in zip(columns, _spline(stroke, even).T, strict=True):
            basis[row : row + count, column] += weight
        row += count
        if columns[0] not in time:
            clock += 0.5  # after a pause of the pen, displacements depend less on those before
        reached = clock + np.interp(np.linspace(0, 1, len(stroke)), fine, length)
        for column, moment in zip(columns, reached, strict=True):
            time.setdefault(column, moment)
        clock = reached[-1]
    down = np.ones(_POINTS - 1)
    down[np.cumsum(counts)[:-1] - 1] = 0

    controls = np.array(points) / 100
    apart = ((controls[:, None] - controls) ** 2).sum(-1)
    moments = np.array([time[column] for column in range(len(points))])
    later = (moments[:, None] - moments) ** 2
    # displacements of close points are similar: close on the paper, or along the path
    covariance = (
        0.070**2 * np.exp(-apart / (2 * 0.5**2))
        + 0.048**2 * np.exp(-later / (2 * 0.4**2))
        + 0.008**2 * np.eye(len(points))
    )
    shake = np.zeros((_POINTS, most))
    shake[:, : len(points)] = basis @ np.linalg.cholesky(covariance)
    return basis @ controls, shake, down


def _prepare() -> _Pen:
    """Return `SKELETONS` as matrices."""
    ways = [strokes for digit in SKELETONS for _, strokes in digit]
    most = max(len({point for stroke in strokes for point in stroke}) for strokes in ways)
    parts = zip(*(_style(strokes, most) for strokes in ways), strict=True)
    path, shake, down = (np.stack(part).astype(np.float32) for part in parts)
    styles = np.array([len(digit) for digit in SKELETONS])
    odds = np.ones((len(SKELETONS), styles.max()))
    for row, digit in zip(odds, SKELETONS, strict=True):
        often = np.cumsum([weight for weight, _ in digit])
        row[: len(digit)] = often / often[-1]
    return _Pen(path, shake, down, np.cumsum(styles) - styles, styles, odds)


_PEN = _prepare()


def _normals(seeds: np.ndarray, count: int) -> np.ndarray:
    """Return standard normal numbers, float32 (n, count, 2); each row depends on its seed only."""
    # splitmix64 and Box-Muller; one NumPy generator per image would take longer than drawing it
    counter = np.arange(1, count + 1, dtype=np.uint64)
    z = seeds.astype(np.uint64)[:, None] * np.uint64(count) + counter
    z *= np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    uniform = ((z >> np.uint64(41)).astype(np.float32) + np.float32(0.5)) / np.float32(2**23)
    angle = (z & np.uint64(0xFFFFFF)).astype(np.float32) * np.float32(2 * np.pi / 2**24)
    radius = np.sqrt(-2 * np.log(uniform))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def _check_labels(factors: np.ndarray) -> None:
    """Raise a ValueError unless all labels are digits."""
    wrong = (factors["label"] < 0) | (factors["label"] > 9)
    if wrong.any():
        raise ValueError(f"label must be one of 0 to 9, not {factors['label'][wrong][0]}.")


def _check(factors: np.ndarray) -> None:
    """Raise a ValueError unless all rows can be drawn."""
    _check_labels(factors)
    label, style = factors["label"], factors["style"]
    wrong = (style < 0) | (style >= _PEN.styles[label])
    if wrong.any():
        digit = label[wrong][0]
        raise ValueError(
            f"style of the digit {digit} must be one of 0 to {_PEN.styles[digit] - 1}, "
            f"not {style[wrong][0]}."
        )
    wrong = ~((factors["thickness"] > 0) & (factors["thickness"] < _BOX * factors["scale"]))
    if wrong.any():
        raise ValueError(
            f"thickness must lie between 0 and {_BOX:.2f} times the scale, "
            f"not at {factors['thickness'][wrong][0]:g}."
        )


def draw_factors(n: int, seed: int = 0, **fixed: ArrayLike) -> np.ndarray:
    """Return a table of the factors that decide what n digits look like.

    The factors and their distributions; lengths are shares of the image side:
        label: the digit; uniform over 0 to 9.
        style: index into `SKELETONS[label]`; with the relative frequencies that are given there.
        slant: shift to the right per unit of height; normal, 0.13 ± 0.22.
        rotation: radians, clockwise; normal, 0 ± 0.08.
        aspect: factor of the width, before the digit is scaled to its box; log-normal, 1 ± 20 %.
        scale: side of the box that contains the ink, in units of 20/28; normal, 1 ± 0.02.
        thickness: thickness of the pen; log-normal, 0.089 ± 30 %, limited to 0.035 to 0.2.
        x, y: centre of mass of the strokes, to the right of the middle and below it; uniform over
            0 to 1/28, because in MNIST it lies half a pixel off. A digit that would leave the image
            is moved back into it.
        sloppiness: factor of the displacements of the control points; 0 draws the skeleton without
            any; log-normal, 1.2 ± 22 %.
        wobble: seed of the displacements; uniform over 0 to 2³¹ - 1.

    Args:
        n: number of digits, at least 1.
        seed: seed of all draws.
        **fixed: one value or n values for factors that are not drawn. All other factors are drawn
            as without it, except the style: it is drawn for the fixed label.

    Returns:
        A structured array (n,) with the fields `FACTORS`.

    Raises:
        ValueError: n is below 1, a factor is unknown, or a label, style or thickness is out of
            range.
        TypeError: a label, style or wobble is not of an integer type.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}.")
    names = FACTORS.names or ()
    for name in fixed:
        if name not in names:
            raise ValueError(f"{name!r} is not a factor: choose from {', '.join(names)}.")

    rng = np.random.default_rng(seed)
    factors = np.zeros(n, FACTORS)
    factors["label"] = rng.integers(0, 10, n)
    pick = rng.random(n)
    factors["slant"] = rng.normal(0.13, 0.22, n)
    factors["rotation"] = rng.normal(0, 0.08, n)
    factors["aspect"] = np.exp(rng.normal(0, 0.2, n))
    factors["scale"] = rng.normal(1, 0.02, n)
    factors["thickness"] = (0.089 * np.exp(rng.normal(0, 0.3, n))).clip(0.035, 0.2)
    factors["x"] = rng.uniform(0, 1 / 28, n)
    factors["y"] = rng.uniform(0, 1 / 28, n)
    factors["sloppiness"] = 1.2 * np.exp(rng.normal(0, 0.22, n))
    factors["wobble"] = rng.integers(0, 2**31, n)

    for name, values in fixed.items():
        np.copyto(factors[name], values)
    _check_labels(factors)
    if "style" not in fixed:
        factors["style"] = (pick[:, None] >= _PEN.odds[factors["label"]]).sum(1)
    _check(factors)
    return factors


def _place(
    position: np.ndarray, length: np.ndarray, offset: np.ndarray, margin: np.ndarray
) -> np.ndarray:
    """Return positions (n, P) with their centre of mass at 0.5 + offset, but within the margins."""
    centre = (position * length).sum(1, keepdims=True) / length.sum(1, keepdims=True)
    lowest = margin - position.min(1, keepdims=True)
    highest = 1 - margin - position.max(1, keepdims=True)
    return position + np.clip(0.5 + offset - centre, lowest, highest)


def _paths(factors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the path of the pen in the image: x, y and the length of ink, each float32 (n, P)."""
    f = {name: factors[name][:, None] for name in factors.dtype.names or ()}
    row = _PEN.first[factors["label"]] + factors["style"]
    normals = _normals(factors["wobble"], _PEN.shake.shape[-1])
    points = _PEN.path[row] + _PEN.shake[row] @ (normals * f["sloppiness"][..., None])
    x, y = points[..., 0] * f["aspect"], points[..., 1]
    x = x - f["slant"] * y
    cos, sin = np.cos(f["rotation"]), np.sin(f["rotation"])
    x, y = cos * x - sin * y, sin * x + cos * y

    extent = np.maximum(np.ptp(x, axis=1), np.ptp(y, axis=1))[:, None]
    zoom = (_BOX * f["scale"] - f["thickness"]) / extent
    x, y = x * zoom, y * zoom
    steps = np.hypot(np.diff(x), np.diff(y)) * _PEN.down[row] / 2
    length = np.pad(steps, ((0, 0), (0, 1))) + np.pad(steps, ((0, 0), (1, 0)))

    margin = (f["thickness"] + _EDGE) / 2
    return _place(x, length, f["x"], margin), _place(y, length, f["y"], margin), length


def _draw(factors: np.ndarray, size: int) -> np.ndarray:
    """Return the images (n, size, size) of a few rows of factors."""
    x, y, length = _paths(factors)
    pixels = ((np.arange(size) + 0.5) / size).astype(np.float32)
    # not below e^-38, because denormal numbers are slow
    gx = np.exp(np.maximum((x[..., None] - pixels) ** 2 / (-2 * _SIGMA**2), -38))
    gy = np.exp(np.maximum((y[:, None] - pixels[:, None]) ** 2 / (-2 * _SIGMA**2), -38))
    # the sum is 1 for a straight line through the pixel, and exp(-d² / 2σ²) at distance d
    line = (gy * (length / (math.sqrt(2 * math.pi) * _SIGMA))[:, None]) @ gx
    distance = _SIGMA * np.sqrt(np.maximum(-2 * np.log(line), 0))
    edge = max(_EDGE, 1 / size)
    ink = np.clip(0.5 + (factors["thickness"][:, None, None] / 2 - distance) / edge, 0, 1)
    return ink * ink * (3 - 2 * ink)


def render(factors: np.ndarray, size: int = 28) -> np.ndarray:
    """Return the images of the digits that a table of factors describes.

    Args:
        factors: structured array (n,) as returned by `draw_factors`.
        size: height and width of an image in pixels, at least 8. A digit looks the same at all
            sizes: its strokes and their soft edges grow with the image.

    Returns:
        float32 (n, size, size, 1) in [0, 1]: white strokes on black.

    Raises:
        ValueError: size is below 8, or a label, style or thickness is out of range.
    """
    if size < 8:
        raise ValueError(f"size must be at least 8 pixels, not {size}.")
    _check(factors)
    images = np.empty((len(factors), size, size, 1), np.float32)

    def work(start: int) -> None:
        part = slice(start, start + _CHUNK)
        images[part, ..., 0] = _draw(factors[part], size)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(work, range(0, len(factors), _CHUNK)))
    return images


def digits(n: int, seed: int = 0, size: int = 28, **fixed: ArrayLike) -> Dataset:
    """Return n handwritten digits, drawn by a program.

    Args:
        n: number of digits, at least 1.
        seed: seed of everything that is not fixed.
        size: height and width of an image in pixels, at least 8.
        **fixed: one value or n values for any factor of `draw_factors`, such as `label=7` or
            `thickness=0.1`.

    Returns:
        Images float32 (n, size, size, 1) in [0, 1], labels int64 (n,), the class names "0" to
        "9", and the factors, a structured array (n,).

    Raises:
        ValueError: n or size is too small, a factor is unknown, or a label, style or thickness
            is out of range.
    """
    factors = draw_factors(n, seed, **fixed)
    targets = {"labels": factors["label"].copy(), "factors": factors}
    return Dataset(render(factors, size), targets, CLASS_NAMES)
