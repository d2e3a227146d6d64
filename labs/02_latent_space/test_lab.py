"""The checks of lab 2 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    from keras import layers, ops


@exercise("1.1", points=1)
def test_codes_of_all_images(student, rng):
    """There is one code per image, in the order of the images."""
    encoder, W = linear(student, rng, (4, 3, 1), 2)
    x = rng.uniform(size=(10, 4, 3, 1)).astype("float32")
    expect.close(
        student.encode(encoder, x, 5),
        x.reshape(10, -1) @ W,
        "the codes of 10 images, 5 at a time",
        "Return one array: join the codes of the minibatches along the first axis.",
    )


@exercise("1.1", points=1)
def test_minibatches(student, rng):
    """At most batch_size images are encoded at once; the last minibatch may be smaller."""
    x = rng.uniform(size=(11, 1)).astype("float32")
    found = student.encode(student.run_beside(counting), x, 4)
    expect.shape(found, (11, 2), "the codes of 11 images with d = 2")
    expect.close(found[:, 0], x[:, 0], "the order of the codes")
    expect.close(
        found[:, 1],
        np.array([4.0] * 8 + [3.0] * 3),
        "the size of the minibatch in which each of 11 images was encoded, batch_size = 4",
        "Take slices of batch_size images: images[0:4], images[4:8], ...",
    )


@exercise("1.2", points=1)
def test_sides_are_quantiles(student, rng):
    """The sides of the box are quantiles of each dimension."""
    z = spread_codes(rng, 1001, 3)
    found = corners(student.populated_box(z, 0.9), 3)
    ordered = np.sort(z, axis=0)
    hint = "Along each dimension 5 % of the codes are below the box, and 5 % above it."
    expect.close(found[0], ordered[50], "low, for 1001 codes with d = 3 and c = 0.9", hint)
    expect.close(found[1], ordered[950], "high", hint)


@exercise("1.2", points=1)
def test_share_between_the_sides(student, rng):
    """The box contains the share c of the codes, along each dimension."""
    z = spread_codes(rng, 2001, 2)
    for coverage in (0.5, 0.8):
        low, high = corners(student.populated_box(z, coverage), 2)
        for i in range(2):
            expect.close(
                np.mean((low[i] <= z[:, i]) & (z[:, i] <= high[i])),
                coverage,
                f"the share of codes between low and high along dimension {i + 1}, c = {coverage}",
                "Leave out (1 - c) / 2 of the codes on each side.",
                atol=3e-3,
            )


@exercise("2.1", points=1)
def test_grid_covers_the_box(student):
    """There are n x n images, from one side of the box to the other."""
    found = student.decoded_grid(
        student.run_beside(identity), np.array([-1.0, 2.0]), np.array([3.0, 4.0]), 5
    )
    expect.shape(found, (5, 5, 2), "the grid of a decoder that returns the code itself, n = 5")
    hint = "n codes along each axis, in equal steps; the first and the last lie on the sides."
    for i, name in enumerate(("z_1", "z_2")):
        expect.close(
            np.unique(found[..., i].round(3)),
            np.linspace((-1, 2)[i], (3, 4)[i], 5),
            f"the values of {name} on the grid",
            hint,
        )


@exercise("2.1", points=2)
def test_grid_is_ordered_as_a_plot(student, rng):
    """Row 0 holds the largest z_2, column 0 the smallest z_1."""
    low = rng.normal(size=2)
    high = low + rng.uniform(1, 3, size=2)
    found = student.decoded_grid(student.run_beside(identity), low, high, 4)
    expect.shape(found, (4, 4, 2), "the grid of a decoder that returns the code itself, n = 4")
    where = (
        ("row 0, column 0", found[0, 0], (low[0], high[1])),
        ("row 0, the last column", found[0, -1], (high[0], high[1])),
        ("the last row, column 0", found[-1, 0], (low[0], low[1])),
        ("row 0, column 1", found[0, 1], (low[0] + (high[0] - low[0]) / 3, high[1])),
    )
    for name, z, expected in where:
        expect.close(
            z,
            np.array(expected),
            f"the code (z_1, z_2) in {name}, for a box from {low.round(2)} to {high.round(2)}",
            "z_1 grows from column to column; z_2 falls from row to row.",
        )


@exercise("3.1", points=1)
def test_codes_lie_in_the_box(student, rng):
    """The codes lie in the whole box, along each dimension."""
    low = rng.normal(size=3)
    high = low + np.array([0.1, 1.0, 10.0])
    z = student.sample_box(low, high, 3000)
    expect.shape(z, (3000, 3), "3000 codes with d = 3")
    share = (z - low) / (high - low)
    expect.between(
        float(share.min()), -1e-4, 0.02, "the smallest value, where low is 0 and high is 1"
    )
    expect.between(
        float(share.max()), 0.98, 1 + 1e-4, "the largest value, where low is 0 and high is 1"
    )


@exercise("3.1", points=1)
def test_codes_are_new_in_every_call(student, rng):
    """Two calls draw different codes, and the rows of one call are different."""
    low = rng.uniform(20, 30, 4)
    high = low + 1
    first, second = student.sample_box(low, high, 5), student.sample_box(low, high, 5)
    expect.shape(first, (5, 4), "5 codes with d = 4")
    expect.shape(second, (5, 4), "5 codes with d = 4")
    drawn = np.concatenate([first, second]) - low
    expect.that(
        bool((drawn > -1e-4).all() and (drawn < 1 + 1e-4).all()),
        "10 codes of two calls, minus low, where high is low + 1",
        "numbers from 0 to 1",
        drawn,
    )
    nearest = distances(drawn)
    expect.between(
        float(nearest.min()),
        1e-4,
        2.0,
        "the smallest distance between two of the 10 codes of two calls",
        "Use no fixed seed inside the function, and draw each code anew.",
    )


@exercise("3.2", points=1)
def test_distance_of_known_codes(student):
    """The distance is the one to the nearest training code."""
    z_train = np.array([[0.0, 0.0], [10.0, 0.0]], "float32")
    z = np.array([[3.0, 4.0], [10.0, 1.0], [0.0, 0.0]], "float32")
    expect.close(
        student.nearest_distance(z, z_train),
        np.array([5.0, 1.0, 0.0]),
        "the distances from (3, 4), (10, 1) and (0, 0) to the nearest of (0, 0) and (10, 0)",
        "Euclidean distance: the root of the sum of the squares over the d dimensions.",
        atol=1e-3,
        inputs={"z": z, "z_train": z_train},
    )


@exercise("3.2", points=1)
def test_share_of_codes_astray(student, rng):
    """A code is astray if it is farther away than 95 % of the test codes."""
    z_train, z_test = rng.normal(size=(150, 3)), rng.normal(size=(101, 3))
    z_random = rng.uniform(-3, 3, size=(80, 3))
    far = np.sort(nearest(z_test, z_train))[95]
    expect.close(
        student.astray(z_random, z_test, z_train),
        np.mean(nearest(z_random, z_train) > far),
        "the share of 80 random codes that are astray",
        "Take the quantile of the distances from the test codes to the training codes.",
        atol=0.02,
    )


@exercise("4.1", points=1)
def test_both_ends(student, rng):
    """The first code is z_a and the last z_b."""
    z_a, z_b = rng.normal(size=(2, 5)).astype("float32")
    found = student.interpolate(z_a, z_b, 4)
    expect.shape(found, (4, 5), "4 codes with d = 5")
    expect.close(found[0], z_a, "the first code")
    expect.close(found[-1], z_b, "the last code")


@exercise("4.1", points=1)
def test_equal_steps(student, rng):
    """The codes lie on the line, in equal steps."""
    z_a, z_b = rng.normal(size=(2, 3)).astype("float32")
    expect.close(
        student.interpolate(z_a, z_b, 5),
        np.stack([z_a + k / 4 * (z_b - z_a) for k in range(5)]),
        "5 codes from z_a to z_b",
        "t has n values from 0 to 1: np.linspace.",
    )


@exercise("4.2", points=2)
def test_walk_is_decoded(student, rng):
    """Row i holds the decoded line from the code of image i to that of image i + 1."""
    encoder, W = linear(student, rng, (3, 4, 1), 2)
    decoder, V = drawing(student, rng, 2, (3, 4, 1))
    x = rng.uniform(size=(3, 3, 4, 1)).astype("float32")
    z = x.reshape(3, -1) @ W
    expected = np.stack([decoded(line(z[i], z[i + 1], 5), V, (3, 4, 1)) for i in range(2)])
    found = student.walk(encoder, decoder, x, 5)
    expect.close(
        found,
        expected,
        "the walk through 3 images with 5 codes on each line",
        "Encode the images, interpolate between the codes of neighbours, decode.",
        picture=True,
    )


def linear(student, rng, shape, d):
    """Build an encoder z = W^T s; return it and W."""
    W = rng.normal(size=(int(np.prod(shape)), d)).astype("float32")
    return student.run_beside(build_linear, list(shape), W), W


def drawing(student, rng, d, shape):
    """Build a decoder sigmoid(V^T z); return it and V."""
    V = rng.normal(size=(d, int(np.prod(shape)))).astype("float32")
    return student.run_beside(build_drawing, list(shape), V), V


def decoded(z, V, shape):
    return 1 / (1 + np.exp(-z @ V)).reshape(len(z), *shape)


def line(z_a, z_b, n):
    return np.stack([z_a + k / (n - 1) * (z_b - z_a) for k in range(n)])


def spread_codes(rng, n, d):
    """Draw skewed codes, with a different centre and width along each dimension."""
    z = rng.normal(size=(n, d)) + 0.5 * rng.exponential(size=(n, d))
    return (z * np.arange(1, d + 1) + 5 * rng.normal(size=d)).astype("float32")


def corners(found, d):
    expect.that(
        isinstance(found, list | tuple) and len(found) == 2,
        "what populated_box returns",
        "two arrays: low, high",
        found,
    )
    for name, side in zip(("low", "high"), found, strict=True):
        expect.shape(side, (d,), name, "One number per dimension.")
    return found


def nearest(z, z_train):
    return np.sqrt(((z[:, None] - z_train[None]) ** 2).sum(axis=-1)).min(axis=1)


def distances(z):
    """Return the distances between all pairs of codes."""
    rows, columns = np.triu_indices(len(z), 1)
    return np.sqrt(((z[rows] - z[columns]) ** 2).sum(axis=-1))


# The functions below run beside the answers (student.run_beside).


def build_linear(shape, W):
    x = keras.Input(shape)
    z = layers.Dense(W.shape[1], use_bias=False)(layers.Flatten()(x))
    encoder = keras.Model(x, z)
    encoder.set_weights([W])
    return encoder


def build_drawing(shape, V):
    z = keras.Input((V.shape[0],))
    x = layers.Dense(V.shape[1], use_bias=False, activation="sigmoid")(z)
    decoder = keras.Model(z, layers.Reshape(shape)(x))
    decoder.set_weights([V])
    return decoder


def counting():
    class BatchSize(keras.Layer):
        def call(self, x):
            return 0.0 * x + ops.cast(ops.shape(x)[0], x.dtype)

    x = keras.Input((1,))
    return keras.Model(x, layers.Concatenate()([x, BatchSize()(x)]))


def identity():
    return keras.Sequential([keras.Input((2,)), layers.Activation("linear")])
