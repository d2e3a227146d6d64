"""The tests of lab 10 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers, ops


@exercise("1.1", points=1)
@pytest.mark.parametrize(("shape", "share"), [((3, 7, 1), 0.2), ((8, 2, 4), 0.9)])
def test_masks_of_any_size(student, rng, shape, share):
    """The energy is right for other sizes, channels and shares of known pixels."""
    x, x_0 = rng.uniform(0, 1, (2, *shape)).astype("float32")
    m = (rng.uniform(size=(*shape[:2], 1)) < share).astype("float32")
    m[0, 0], m[-1, -1] = 1, 0
    x_0[m[..., 0] == 0] *= 100
    expect.close(
        student.run_beside(call_energy, student.masked_error, x, x_0, m),
        ((x - x_0) ** 2)[m[..., 0] == 1].mean(),
        f"E of an image of shape {shape}, of which {int(m.sum())} pixels are known",
    )


@exercise("1.2", points=1)
@pytest.mark.parametrize(("shape", "k"), [((1, 8, 4, 1), 4), ((3, 5, 10, 2), 5)])
def test_blocks_of_any_size(student, rng, shape, k):
    """Both functions are right for other blocks, channels and minibatches."""
    x = rng.uniform(0, 1, shape).astype("float32")
    height, width, channels = shape[1:]
    rows = np.stack([x[:, i::k] for i in range(k)]).mean(axis=0)
    small = np.stack([rows[:, :, i::k] for i in range(k)]).mean(axis=0)
    found = student.run_beside(call_shrink, student.shrink, x, k)
    expect.close(found, small, f"d(x) of images of shape {shape} for k = {k}")
    x_0 = rng.uniform(0, 1, small.shape[1:]).astype("float32")
    expect.close(
        student.run_beside(call_energy, student.shrunk_error, x[0], x_0, k),
        np.mean((small[0] - x_0) ** 2),
        f"E for an image of {height}x{width} with {channels} channels and k = {k}",
    )


@exercise("2.1", points=1)
@pytest.mark.parametrize(("widths", "channels"), [((3,), 1), ((2, 5), 2), ((4, 2, 3, 6), 1)])
def test_networks_of_any_depth(student, rng, widths, channels):
    """The number of steps and of convolutions is right; all kernels have the right shapes."""
    code, skip = int(rng.integers(6, 9)), int(rng.integers(9, 12))
    network = student.get_network((32, 16, channels), widths, code, skip)
    kernels = []
    inputs = [code, *widths[:-1]]
    for i, (before, width) in enumerate(zip(inputs, widths, strict=True)):
        kernels += [(3, 3, before, width), (3, 3, width, width)]
        kernels += [(1, 1, before, skip)] if i < 2 else []
    outer = [*widths[1:], widths[-1]]
    for i, (inner, width) in enumerate(zip(outer, widths, strict=True)):
        kernels.append((3, 3, inner + (skip if i < 2 else 0), width))
    kernels.append((1, 1, widths[0], channels))
    expect.equal(
        sorted(tuple(shape) for shape in student.run_beside(kernel_shapes, network)),
        sorted(kernels),
        f"the shapes of all kernels, sorted, for widths = {widths}, {code} channels of the code, "
        f"{skip} of a skip connection and {channels} of the image",
    )


@exercise("3.1", points=1)
def test_the_network_is_in_training_mode(student, rng):
    """Batch normalization uses the statistics of the image, and learns them."""
    z = rng.normal(3.0, 2.0, size=(1, 5, 4, 2)).astype("float32")
    target = float(rng.uniform(-1, 1))
    e, x, mean = student.run_beside(fit_normed, student.fit_step, z, target)
    wanted = (z - z.mean(axis=(0, 1, 2))) / np.sqrt(z.var(axis=(0, 1, 2)) + 1e-3)
    hint = "Call the network once, with training=True."
    expect.close(x, wanted, "x of a network that is one batch normalization", hint)
    expect.close(e, np.mean(np.abs(wanted - target)), "E, here the mean absolute difference", hint)
    expect.close(mean, 0.5 * z.mean(axis=(0, 1, 2)), "the moving mean after the step", hint)


@exercise("3.1", points=1)
def test_steps_in_a_graph(student, rng):
    """Several steps in tf.function change the weights as computed by hand."""
    z = rng.normal(size=(1, 3, 3, 2)).astype("float32")
    x_0, w = rng.normal(size=(3, 3, 2)), rng.normal(size=(2, 2)).astype("float32")
    found, energies = student.run_beside(fit_in_a_graph, student.fit_step, w, x_0, z)
    rows, wanted = z.reshape(-1, 2), []
    for _ in range(4):
        difference = rows @ w - x_0.reshape(-1, 2)
        wanted.append((difference**2).sum())
        w = w - 0.02 * 2 * rows.T @ difference
    expect.close(energies, np.array(wanted), "E before each of 4 steps in a graph")
    expect.close(found, w, "the weights of a linear network after 4 steps in a graph")


@exercise("3.2", points=1)
def test_new_noise_in_each_call_of_a_graph(student, rng):
    """The mean over many calls is z, because their noise is independent."""
    z = rng.uniform(0, 1, (1, 12, 10, 16)).astype("float32")
    sigma = float(rng.uniform(0.2, 0.4))
    found = student.run_beside(average_in_a_graph, student.perturb, z, sigma)
    expect.shape(found, z.shape, "the mean of z' over 400 calls in a graph")
    expect.between(
        float(np.sqrt(np.mean((found - z) ** 2)) * 20 / sigma),
        0.7,
        1.3,
        "the root mean square of (mean of 400 z') - z, divided by sigma and multiplied by 20",
        "Each call must draw new noise, also in a graph.",
    )


@exercise("3.3", points=1)
@pytest.mark.parametrize(("shape", "t"), [((1, 3, 4, 2), 1), ((7,), 5)])
def test_the_average_of_several_outputs(student, rng, shape, t):
    """Later outputs have larger weights, and the weights add up to 1."""
    outputs = rng.uniform(0, 1, (t, *shape)).astype("float32")
    gamma = float(rng.uniform(0.6, 0.9))
    weights = gamma ** np.arange(t)[::-1]
    expect.close(
        student.run_beside(average_all, student.update_sum, student.average, outputs, gamma),
        np.tensordot(weights / weights.sum(), outputs, 1),
        f"the average of {t} outputs of shape {shape}, for gamma = {gamma:.3f}",
    )


@exercise("4.1", points=1)
def test_the_image_is_clipped(student, rng):
    """Values outside of [0, 1] count as 0 or 1."""
    truth = rng.uniform(0, 1, (4, 7, 1)).astype("float32")
    image = rng.uniform(-1, 2, truth.shape).astype("float32")
    expect.close(
        student.psnr(image, truth),
        -10 * np.log10(np.mean((np.clip(image, 0, 1) - truth) ** 2)),
        "the PSNR of an image with values in [-1, 2]",
    )


@exercise("4.2", points=1)
@pytest.mark.parametrize(("window", "shape"), [(2, (6, 6, 1)), (6, (2, 5, 3))])
def test_windows_of_any_size(student, rng, window, shape):
    """The rule is right for other windows and images, with two minima of the variance."""
    first, last = rng.integers(1, 5, 2)
    size = [1.0] * first + [0.3] * window + [1.0] * 2 + [0.05] * window + [1.0] * last
    k, quiet = len(size), int(first) + window + 2
    outputs = rng.normal(size=(k, *shape)) * np.reshape(size, (k, 1, 1, 1))
    starts = range(k - window + 1)
    wanted = np.array([outputs[i : i + window].var(axis=0).mean() for i in starts])
    found = student.find_stop(outputs.astype("float32"), window)
    expect.that(
        isinstance(found, list | tuple) and len(found) == 2,
        "what find_stop returns",
        "(variances, moment)",
        found,
    )
    expect.close(found[0], wanted, f"the variances of {k} outputs for w = {window}")
    expect.equal(found[1], quiet, "the moment where the variance is smallest")


# The functions below run beside the answers (student.run_beside).


def call_energy(function, x, x_0, rest):
    return function(tf.constant(x[None]), x_0, rest)


def call_shrink(shrink, x, k):
    return shrink(tf.constant(x), k)


def kernel_shapes(network):
    found = network._flatten_layers(include_self=False)
    return [list(map(int, x.kernel.shape)) for x in found if hasattr(x, "kernel")]


def fit_normed(fit_step, z, target):
    norm = layers.BatchNormalization(momentum=0.5, epsilon=1e-3)
    network = keras.Sequential([keras.Input(z.shape[1:]), norm])
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(network.trainable_variables)
    e, x = fit_step(network, optimizer, lambda x: ops.mean(ops.abs(x - target)), tf.constant(z))
    return [e, x, norm.moving_mean]


def fit_in_a_graph(fit_step, w, x_0, z):
    network = keras.Sequential([keras.Input(z.shape[1:]), layers.Dense(w.shape[1], use_bias=False)])
    network.set_weights([w])
    optimizer = keras.optimizers.SGD(0.02)
    optimizer.build(network.trainable_variables)
    code = tf.constant(z)

    @tf.function
    def step():
        return fit_step(network, optimizer, lambda x: ops.sum((x - x_0) ** 2), code)[0]

    energies = np.array([step() for _ in range(4)])
    return [network.get_weights()[0], energies]


def average_in_a_graph(perturb, z, sigma):
    step = tf.function(lambda z: perturb(z, sigma))
    z = tf.constant(z)
    return tf.add_n([step(z) for _ in range(400)]) / 400


def average_all(update_sum, average, outputs, gamma):
    a = np.zeros(outputs.shape[1:], "float32")
    for x in outputs:
        a = update_sum(a, x, gamma)
    return average(a, len(outputs), gamma)
