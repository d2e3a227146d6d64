"""The tests of lab 7 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras


@exercise("1.1", points=1)
@pytest.mark.parametrize("shape", [(1,), (2, 5), (3, 8, 6, 3)])
def test_rescaling_of_any_shape(student, rng, shape):
    """Arrays of any shape are rescaled, and one function is the inverse of the other."""
    x = rng.uniform(size=shape).astype("float32")
    expect.close(student.to_tanh(x), 2 * x - 1, f"to_tanh of an array of shape {shape}")
    expect.close(student.from_tanh(2 * x - 1), x, f"from_tanh of an array of shape {shape}")


@exercise("1.2", points=1)
@pytest.mark.parametrize(("side", "channels", "doublings"), [(16, 1, 2), (64, 3, 4)])
def test_the_generator_of_other_sizes(student, rng, side, channels, doublings):
    """G follows the guidelines for other sizes of images and other d."""
    d = int(rng.integers(3, 20))
    z = rng.normal(size=(2, d)).astype("float32")
    model = student.get_generator(d, side, channels)
    shape, classes = student.run_beside(shape_of, model, z), student.run_beside(classes_of, model)
    expect.equal(tuple(model.input_shape), (None, d), f"the input shape of G with d = {d}")
    expect.equal(shape, [2, side, side, channels], f"the shape of G(z) for two vectors z, d = {d}")
    found = count(classes, "Conv2DTranspose (2, 2)", "BatchNormalization", "UpSampling2D")
    expect.equal(
        found,
        (doublings, doublings, 0),
        f"the numbers of doublings, of batch norms and of UpSampling2D in G for {side}x{side}",
    )


@exercise("1.3", points=1)
@pytest.mark.parametrize(("side", "channels", "halvings"), [(16, 1, 2), (64, 3, 4)])
def test_the_discriminator_of_other_sizes(student, rng, side, channels, halvings):
    """D follows the guidelines for other sizes of images."""
    x = rng.uniform(-1, 1, size=(2, side, side, channels)).astype("float32")
    model = student.get_discriminator(side, channels)
    shape, classes = student.run_beside(shape_of, model, x), student.run_beside(classes_of, model)
    expect.equal(tuple(model.input_shape), (None, side, side, channels), "the input shape of D")
    expect.equal(
        shape, [2, 1], f"the shape of the logits of two images of {side}x{side}x{channels}"
    )
    expect.equal(
        count(classes, "Conv2D (2, 2)", "BatchNormalization"),
        (halvings, halvings - 1),
        f"the numbers of halvings and of batch norms in D for {side}x{side}",
    )


@exercise("3.1", points=1)
@pytest.mark.parametrize(("k", "n", "d"), [(2, 1, 3), (2, 6, 1), (5, 3, 20)])
def test_paths_of_any_size(student, rng, k, n, d):
    """The path is right for other numbers of points and steps, and for other d."""
    points = rng.normal(size=(k, d)).astype("float32")
    given = points.copy()
    steps = np.arange((k - 1) * n + 1) / n
    wanted = np.stack([np.interp(steps, np.arange(k), column) for column in points.T], axis=1)
    found = student.path(points, n)
    expect.close(found, wanted, f"a path through {k} points, {n} steps per line, d = {d}")
    expect.close(points, given, "the points themselves, after the call")


@exercise("3.2", points=1)
@pytest.mark.parametrize("factor", [1.0, 2.5])
def test_codes_with_the_same_direction(student, rng, factor):
    """Between codes with the same direction the arc is the line."""
    z_a = rng.normal(size=int(rng.integers(2, 40))).astype("float32")
    t = np.linspace(0, 1, 4)
    expect.close(
        student.arc(z_a, np.float32(factor) * z_a, t),
        (1 + (factor - 1) * t)[:, None] * z_a,
        f"z(t) from a code to {factor:g} times this code",
        "Clip the cosine to [-1, 1], and use the line if sin(theta) < 1e-3.",
        rtol=2e-3,
    )


@exercise("4.1", points=1)
def test_any_fitting_sample_may_be_picked(student, rng):
    """Each sample that fits may be picked, and no other, for any wanted attributes."""
    n = int(rng.integers(20, 40))
    z = np.arange(n, dtype="float32")[:, None] + np.zeros((1, 4), "float32")
    table = {name: np.zeros(n, int) for name in ("hat", "beard", "smile")}
    first, second, third = (int(i) for i in rng.choice(n, 3, replace=False))
    table["hat"][[first, second, third]] = 1
    table["smile"][:] = rng.integers(0, 2, n)
    table["beard"][third] = 1
    for wanted, fitting in (
        ({"hat": 1, "beard": 0}, {first, second}),
        ({"beard": 1}, {third}),
        ({}, None),
    ):
        found = student.run_beside(pick_often, student.pick, z, table, wanted)
        expect.shape(found, (60, 1, 4), "60 draws of one code of d = 4")
        seen = {int(number) for number in found[:, 0, 0]}
        expect.that(
            seen == fitting if fitting is not None else len(seen) > 5,
            f"the samples in 60 draws with wanted = {wanted}",
            f"samples {sorted(fitting)}" if fitting else "more than 5 different samples",
            f"samples {sorted(seen)}",
        )


@exercise("4.2", points=1)
@pytest.mark.parametrize(("k", "d"), [((1, 1, 1), 1), ((2, 7, 4), 5), ((3, 1, 20), 32)])
def test_concepts_of_different_sizes(student, rng, k, d):
    """Concepts may have different numbers of examples."""
    codes = [rng.normal(size=(size, d)).astype("float32") for size in k]
    first, second, third = (code.mean(axis=0) for code in codes)
    expect.close(
        student.arithmetic(*codes),
        first - second + third,
        f"the code of concepts with {k} examples, d = {d}",
    )


@exercise("4.2", points=2)
@pytest.mark.parametrize(("n", "scale"), [(4001, 0.5), (4001, 2.0)])
def test_noise_is_uniform(student, rng, n, scale):
    """The noise is uniform in [-s, s], independent, and drawn with rng."""
    z = rng.normal(size=3)
    seed = int(rng.integers(1000))
    found, other = student.run_beside(noise_twice, student.neighbours, z, n, scale, seed)
    again, _ = student.run_beside(noise_twice, student.neighbours, z, n, scale, seed)
    expect.shape(found, (n, 3), f"{n} codes around one with d = 3")
    expect.shape(other, (n, 3), "the codes of a second call")
    alike = float(np.isclose(found, other).all(axis=1).mean())
    by_rng = "Draw only with the generator rng."
    expect.between(alike, 0.0, 0.01, "the share of equal codes in two calls", by_rng)
    expect.close(again, found, "the codes drawn with a generator of the same seed", by_rng)
    expect.close(found[n // 2], z, "the code in the middle")
    noise = np.delete(found - z, n // 2, axis=0) / scale
    expect.between(float(np.abs(noise).max()), 0.98, 1.0001, "the largest noise, divided by s")
    hint = "Draw the noise with rng.uniform, not with rng.normal."
    expect.close(
        noise.mean(axis=0), np.zeros(3), "the mean of the noise, divided by s", hint, atol=0.06
    )
    expect.close(
        noise.std(axis=0),
        np.full(3, 3**-0.5),
        "the standard deviation of the noise, divided by s",
        hint,
        atol=0.04,
    )
    mixed = np.abs(np.corrcoef(noise.T) - np.eye(3)).max()
    expect.between(float(mixed), 0.0, 0.1, "the correlation of the noise between dimensions")


def count(classes, *names):
    """Return how often each named layer occurs; a name is a class, or a class and its strides."""
    found = [f"{name} {tuple(strides)}" if strides else name for name, strides in classes]
    return tuple(found.count(name) for name in names)


# The functions below run beside the answers (student.run_beside).


def pick_often(pick, z, table, wanted):
    return np.stack([pick(z, table, wanted, 1, np.random.default_rng(i)) for i in range(60)])


def noise_twice(neighbours, z, n, scale, seed):
    rng = np.random.default_rng(seed)
    return [neighbours(z, n, scale, rng) for _ in range(2)]


def shape_of(model, x):
    return list(model(x, training=False).shape)


def classes_of(model):
    found = []
    for step in getattr(model, "operations", model.layers):
        if isinstance(step, keras.Model):
            found += classes_of(step)
        else:
            found.append([type(step).__name__, getattr(step, "strides", 0)])
    return found
