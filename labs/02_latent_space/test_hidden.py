"""The tests of lab 2 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    from keras import layers


@exercise("1.1", points=1)
@pytest.mark.parametrize(("n", "shape", "batch_size"), [(6, (5,), 100), (7, (2, 2, 3), 1)])
def test_encoding_in_inference_mode(student, rng, n, shape, batch_size):
    """The layers are in inference mode, for images and minibatches of any size."""
    x = rng.uniform(size=(n, *shape)).astype("float32")
    z = student.encode(student.run_beside(build_normed, list(shape)), x, batch_size)
    expect.shape(z, (n, int(np.prod(shape))), f"the codes of {n} images of shape {shape}")
    expect.close(
        z,
        (x.reshape(n, -1) - 5.0) / 2.0,
        f"the codes of {n} images of shape {shape}, {batch_size} at a time",
        "Batch normalization uses its running statistics, and dropout keeps all values.",
    )


@exercise("1.2", points=1)
@pytest.mark.parametrize("d", [1, 7])
def test_box_of_other_codes(student, rng, d):
    """The box is right for other d, and contains all codes for c = 1."""
    z = (rng.normal(size=(401, d)) * np.arange(1, d + 1)).astype("float32")
    ordered = np.sort(z, axis=0)
    for coverage, k in ((1.0, 0), (0.5, 100)):
        found = student.populated_box(z, coverage)
        expect.that(
            isinstance(found, list | tuple) and len(found) == 2,
            "what populated_box returns",
            "two arrays: low, high",
            found,
        )
        expect.close(found[0], ordered[k], f"low, for d = {d} and c = {coverage}")
        expect.close(found[1], ordered[400 - k], f"high, for d = {d} and c = {coverage}")


@exercise("2.1", points=1)
@pytest.mark.parametrize(("n", "shape"), [(3, (4, 6, 1)), (2, (2, 2, 3))])
def test_grid_of_images(student, rng, n, shape):
    """The grid is right for images of any shape; the decoder is in inference mode."""
    V = rng.normal(size=(2, int(np.prod(shape)))).astype("float32")
    low, high = np.array([0.5, -2.0]), np.array([1.5, -1.0])
    found = student.decoded_grid(student.run_beside(build_dropping, list(shape), V), low, high, n)
    expect.shape(found, (n, n, *shape), f"a grid of {n}x{n} images of shape {shape}")
    z_1, z_2 = np.linspace(0.5, 1.5, n), np.linspace(-1.0, -2.0, n)
    for row, column in ((0, 0), (0, n - 1), (n - 1, 1)):
        expect.close(
            found[row, column],
            (np.array([z_1[column], z_2[row]]) @ V).reshape(shape),
            f"the image in row {row}, column {column}",
            picture=True,
            rtol=2e-3,
            atol=2e-3,
        )


@exercise("3.1", points=1)
def test_codes_are_uniform_and_independent(student):
    """The codes are uniform along each dimension, and the dimensions are independent."""
    low, high = np.array([-1.0, 0.0, 5.0]), np.array([3.0, 0.5, 6.0])
    z = student.sample_box(low, high, 5000)
    expect.shape(z, (5000, 3), "5000 codes with d = 3")
    share = (z - low) / (high - low)
    expect.close(
        share.mean(axis=0), np.full(3, 0.5), "the mean, where low is 0 and high is 1", atol=0.03
    )
    for side, part in (("lowest", share < 0.25), ("highest", share > 0.75)):
        expect.close(
            part.mean(axis=0),
            np.full(3, 0.25),
            f"the share of codes in the {side} quarter of each dimension",
            atol=0.04,
        )
    expect.between(
        float(np.abs(np.corrcoef(share.T) - np.eye(3)).max()),
        0.0,
        0.09,
        "the correlation between dimensions",
        "Draw each dimension independently.",
    )


@exercise("3.2", points=1)
@pytest.mark.parametrize(("m", "n", "d"), [(1, 6, 1), (40, 300, 20), (7, 1, 3)])
def test_distances_of_any_codes(student, rng, m, n, d):
    """The distances are right for other numbers of codes and other d."""
    z, z_train = rng.normal(size=(m, d)), rng.normal(size=(n, d))
    z, z_train = z.astype("float32"), z_train.astype("float32")
    expect.close(
        student.nearest_distance(z, z_train),
        np.sqrt(((z[:, None] - z_train[None]) ** 2).sum(axis=-1)).min(axis=1),
        f"the distances from {m} codes to the nearest of {n}, d = {d}",
        atol=2e-3,
    )


@exercise("3.2", points=1)
def test_all_or_none_astray(student, rng):
    """Training codes are not astray; codes far outside are astray."""
    z_train, z_test = rng.normal(size=(60, 4)), rng.normal(size=(30, 4))
    for name, z, share in (("training codes", z_train[:20], 0.0), ("far codes", z_test + 50, 1.0)):
        expect.close(
            student.astray(z, z_test, z_train), share, f"the share of {name} that are astray"
        )


@exercise("4.1", points=1)
@pytest.mark.parametrize(("n", "d"), [(2, 1), (9, 20)])
def test_interpolation_of_any_size(student, rng, n, d):
    """The line is right for other n and d."""
    z_a, z_b = rng.normal(size=(2, d)).astype("float32")
    expect.close(
        student.interpolate(z_a, z_b, n),
        np.stack([z_a + k / (n - 1) * (z_b - z_a) for k in range(n)]),
        f"{n} codes with d = {d}",
    )


@exercise("4.2", points=1)
@pytest.mark.parametrize(("k", "n", "shape", "d"), [(2, 2, (4, 4, 3), 3), (5, 3, (2, 6, 1), 1)])
def test_walk_in_inference_mode(student, rng, k, n, shape, d):
    """The walk is right for other images and codes; both networks are in inference mode."""
    size = int(np.prod(shape))
    W = (rng.normal(size=(size, d)) / np.sqrt(size)).astype("float32")
    V = rng.normal(size=(d, size)).astype("float32")
    encoder, decoder = student.run_beside(build_players, list(shape), W, V)
    x = rng.uniform(size=(k, *shape)).astype("float32")
    z = x.reshape(k, -1) @ W
    on_the_way = np.stack([np.linspace(z[i], z[i + 1], n) for i in range(k - 1)])
    expected = 1 / (1 + np.exp(-on_the_way @ V))
    expect.close(
        student.walk(encoder, decoder, x, n),
        expected.reshape(k - 1, n, *shape),
        f"the walk through {k} images of shape {shape}, {n} codes on each line, d = {d}",
        picture=True,
    )


# The functions below run beside the answers (student.run_beside).


def build_normed(shape):
    x = keras.Input(shape)
    h = layers.Flatten()(x)
    h = layers.Dropout(0.9)(layers.BatchNormalization(epsilon=1e-7, name="norm")(h))
    encoder = keras.Model(x, h)
    size = h.shape[-1]
    encoder.set_weights([np.ones(size), np.zeros(size), np.full(size, 5.0), np.full(size, 4.0)])
    return encoder


def build_dropping(shape, V):
    z = keras.Input((2,))
    x = layers.Dense(V.shape[1], use_bias=False)(z)
    decoder = keras.Model(z, layers.Dropout(0.5)(layers.Reshape(shape)(x)))
    decoder.set_weights([V])
    return decoder


def build_players(shape, W, V):
    x = keras.Input(shape)
    z = layers.Dense(W.shape[1], use_bias=False)(layers.Dropout(0.5)(layers.Flatten()(x)))
    encoder = keras.Model(x, z)
    encoder.set_weights([W])
    z = keras.Input((V.shape[0],))
    s = layers.Dense(V.shape[1], use_bias=False, activation="sigmoid")(z)
    decoder = keras.Model(z, layers.Dropout(0.5)(layers.Reshape(shape)(s)))
    decoder.set_weights([V])
    return encoder, decoder
