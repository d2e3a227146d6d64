"""The checks of lab 10 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers, ops


@exercise("1.1", points=1)
def test_the_energy_without_a_mask(student, rng):
    """If all pixels are known, the energy is the mean of the squared differences."""
    x, x_0 = rng.uniform(0, 1, (2, 5, 4, 3)).astype("float32")
    found = energy(student, "masked_error", x, x_0, np.ones((5, 4, 1), "float32"))
    expect.close(
        found,
        np.mean((x - x_0) ** 2),
        "E for m = 1 everywhere",
        "Squared differences; N is the number of pixels times the channels.",
    )


@exercise("1.1", points=1)
def test_missing_pixels_do_not_count(student, rng):
    """Where m = 0, neither the values nor their number count."""
    x, x_0 = rng.uniform(0, 1, (2, 6, 5, 3)).astype("float32")
    m = (rng.uniform(size=(6, 5, 1)) < 0.5).astype("float32")
    m[0, :2, 0] = 0, 1
    expect.close(
        energy(student, "masked_error", x, x_0, m),
        ((x - x_0) ** 2)[m[..., 0] == 1].mean(),
        f"E if {int(m.sum())} of 30 pixels are known",
        "Where m = 0, x_0 may be anything. Divide by the number of known values.",
    )


@exercise("1.2", points=1)
def test_blocks_are_averaged(student, rng):
    """Each value of the small image is the mean of a block."""
    x = rng.uniform(0, 1, (2, 6, 9, 3)).astype("float32")
    expect.close(
        student.run_beside(call_shrink, student.shrink, x, 3),
        blocks(x, 3),
        "d(x) of two images of 6x9 for k = 3",
        "Average over the rows and over the columns of each block, each channel alone.",
    )


@exercise("1.2", points=1)
def test_the_energy_of_a_small_image(student, rng):
    """The network's image is made smaller, and then compared."""
    x = rng.uniform(0, 1, (8, 12, 3)).astype("float32")
    x_0 = rng.uniform(0, 1, (2, 3, 3)).astype("float32")
    expect.close(
        energy(student, "shrunk_error", x, x_0, 4),
        np.mean((blocks(x[None], 4)[0] - x_0) ** 2),
        "E for an image of 8x12 and x_0 of 2x3",
        "Compare d(x) with x_0. N is the number of values of x_0.",
    )


@exercise("2.1", points=1)
def test_the_network_draws_images(student):
    """The network reads codes and draws images."""
    model = student.get_network((16, 24, 3), (6, 8, 4), 5, 2)
    expect.equal(
        (tuple(model.input_shape), tuple(model.output_shape)),
        ((None, 16, 24, 5), (None, 16, 24, 3)),
        "the shapes that the network reads and draws, for images of 16x24x3 and 5 channels of z",
    )


@exercise("2.1", points=2)
def test_the_image_of_known_weights(student, rng):
    """With weights that the test has set, the image is the one that was computed by hand."""
    z = rng.normal(size=(2, 16, 24, 3)).astype("float32")
    expect.close(
        student.run_beside(draw_with_known_weights, student.get_network, z, 3, (4, 6, 5), 2),
        hourglass(z, (4, 6, 5), 2),
        "the images of two codes. The test has set the weights: each convolution averages",
        "Two blocks per step down, one per step up. Steps 0 and 1 have a skip connection, step 2 "
        "has none. A skip connection starts before the first block of a step down.",
        picture=True,
    )


@exercise("3.1", points=2)
def test_theta_descends(student, rng):
    """The weights of a linear network change as computed by hand."""
    fit = LinearFit(rng)
    fit.take_steps(student, 1)
    fit.step()
    expect.close(
        fit.network.get_weights()[0],
        fit.w,
        "the weights of a linear network after one step",
        "Descend with the optimizer, with the gradient of E with respect to the weights.",
    )


@exercise("3.1", points=1)
def test_energy_and_image_are_returned(student, rng):
    """E and x are those before the step."""
    fit = LinearFit(rng)
    found = fit.take_steps(student, 1)
    expect.that(
        isinstance(found, list | tuple) and len(found) == 2, "what is returned", "(E, x)", found
    )
    hint = "Return E and x of before the step."
    x, e = fit.step()
    expect.close(found[0], e, "E", hint)
    expect.close(found[1], x, "x", hint)


@exercise("3.2", points=1)
def test_the_size_of_the_noise(student, rng):
    """The noise is Gaussian, and its standard deviation is sigma."""
    z = rng.uniform(0, 1, (1, 60, 80, 64)).astype("float32")
    sigma = float(rng.uniform(0.05, 0.4))
    noise = (added(student, z, sigma) - z) / sigma
    expect.between(
        float(noise.std()),
        0.92,
        1.08,
        f"the standard deviation of (z' - z) / sigma, for sigma = {sigma:.3f}",
        "sigma is the standard deviation and not the variance.",
    )
    expect.between(
        float(np.mean(np.abs(noise) > 1)),
        0.28,
        0.355,
        "the share of the values of z' - z that are larger than sigma",
        "Of Gaussian noise, 31.7 % are larger.",
    )


@exercise("3.2", points=1)
def test_each_value_has_its_own_noise(student, rng):
    """The noise of different pixels and channels is independent."""
    z = rng.uniform(0, 1, (1, 40, 40, 25)).astype("float32")
    sigma = float(rng.uniform(0.05, 0.4))
    noise = (added(student, z, sigma) - z)[0] / sigma
    for axes, what in ((2, "channels of a pixel"), ((0, 1), "pixels of a channel")):
        count = 25 if axes == 2 else 1600
        found = float(np.sqrt((noise.mean(axis=axes) ** 2).mean() * count))
        tolerance = 0.09 if axes == 2 else 0.7
        expect.between(
            found,
            1 - tolerance,
            1 + tolerance,
            f"the root mean square of the noise that is averaged over the {what}, divided by "
            f"sigma and multiplied by the root of {count}",
            "Draw a number for each value of z.",
        )


@exercise("3.3", points=1)
def test_one_update_of_the_sum(student, rng):
    """The old sum has the weight gamma, and the new output the weight 1 - gamma."""
    a, x = rng.uniform(0, 1, (2, 4, 5, 3)).astype("float32")
    gamma = float(rng.uniform(0.8, 0.95))
    expect.close(
        student.update_sum(a, x, gamma),
        gamma * a + (1 - gamma) * x,
        f"the sum after one more output, for gamma = {gamma:.3f}",
    )


@exercise("3.3", points=1)
def test_the_average_of_equal_outputs(student, rng):
    """If all outputs are the same image, their average is this image."""
    x = rng.uniform(0.2, 1, (4, 5, 3)).astype("float32")
    gamma, t = float(rng.uniform(0.8, 0.95)), int(rng.integers(2, 9))
    a = x * sum((1 - gamma) * gamma**j for j in range(t))
    expect.close(
        student.average(a, t, gamma),
        x,
        f"the average of {t} equal outputs, for gamma = {gamma:.3f}",
        "The weights are 1 - gamma, (1 - gamma) gamma, ..., (1 - gamma) gamma^(t - 1). Their sum "
        "is a geometric series.",
    )


@exercise("4.1", points=1)
def test_the_ratio_in_decibels(student, rng):
    """The PSNR is that of the formula."""
    truth = rng.uniform(0.3, 0.7, (6, 5, 3)).astype("float32")
    image = truth + rng.uniform(-0.25, 0.25, truth.shape).astype("float32")
    expect.close(
        student.psnr(image, truth),
        -10 * np.log10(np.mean((image - truth) ** 2)),
        "the PSNR of an image of 6x5",
        "The logarithm has the base 10. MSE is one number for all values.",
    )


@exercise("4.2", points=2)
def test_the_variances_and_the_moment(student, rng):
    """The variances are those of the formula, and the moment is that of the smallest one."""
    loud, between = rng.integers(1, 4, 2)
    size = [1.0] * loud + [0.3] * 4 + [1.0] * between + [0.05] * 4 + [1.0] * 2
    k = len(size)
    outputs = rng.normal(size=(k, 3, 4, 3)) * np.reshape(size, (k, 1, 1, 1))
    wanted = [
        np.mean([(x - outputs[i : i + 4].mean(axis=0)) ** 2 for x in outputs[i : i + 4]])
        for i in range(k - 3)
    ]
    variances, moment = two(student.find_stop(outputs.astype("float32"), 4))
    expect.close(
        variances,
        np.array(wanted),
        f"the variances of {k} outputs for w = 4",
        "The variance of each value over the window, then the mean over the values.",
    )
    expect.equal(
        moment,
        int(np.argmin(wanted)),
        "the moment where the variance is smallest",
        "It is the first moment of the window. Return an integer.",
    )


@exercise("4.2", points=1)
def test_a_change_of_one_pixel(student, rng):
    """If only one value changes once, the variances are known."""
    step, at = float(rng.uniform(0.5, 0.9)), int(rng.integers(3, 6))
    outputs = np.full((8, 2, 3, 1), float(rng.uniform(0.1, 0.9)))
    outputs[at:, 1, 2, 0] += step
    # j of 3 values of the window are larger by this step: its variance is step^2 j (3 - j) / 9
    larger = np.array([np.clip(i + 3 - at, 0, 3) for i in range(6)])
    expect.close(
        two(student.find_stop(outputs, 3))[0],
        step**2 * larger * (3 - larger) / 9 / 6,
        f"the variances for w = 3, if one of 6 pixels grows by {step:.3f} at moment {at} of 8",
        "The variance of each value over the window, then the mean over the values.",
    )


def energy(student, name, x, *rest):
    """Return an energy of one image, (height, width, channels)."""
    return student.run_beside(call_energy, getattr(student, name), x, *rest)


def blocks(x, k):
    n, height, width, channels = x.shape
    return x.reshape(n, height // k, k, width // k, k, channels).mean(axis=(2, 4))


def added(student, z, sigma):
    found = student.run_beside(call_perturb, student.perturb, z, sigma)
    expect.shape(found, z.shape, "z'")
    return found


def two(found):
    expect.that(
        isinstance(found, list | tuple) and len(found) == 2,
        "what find_stop returns",
        "(variances, moment)",
        found,
    )
    return found


# The network of exercise 2.1, in NumPy. Its convolutions average over their window and over all
# channels, so all channels of a layer are equal: one channel is computed.

GAIN = 1.2  # of each batch normalization; the test sets it


def averaged(x, size, stride=1):
    """Average over windows of size x size pixels as a convolution with padding "same" does."""
    outputs = [-(-side // stride) for side in x.shape[1:]]
    missing = [
        max((n - 1) * stride + size - side, 0) for n, side in zip(outputs, x.shape[1:], strict=True)
    ]
    padded = np.pad(x, [(0, 0), *((m // 2, m - m // 2) for m in missing)])
    rows, columns = outputs
    found = np.zeros((len(x), rows, columns))
    for i in range(size):
        for j in range(size):
            found += padded[:, i::stride, j::stride][:, :rows, :columns]
    return found / size**2


def known_block(x, size=3, stride=1):
    x = GAIN * averaged(x, size, stride)
    return np.where(x > 0, x, 0.2 * x)


def doubled(x):
    """Double both sides by linear interpolation; the edges are repeated."""
    for axis in (1, 2):
        before = np.concatenate([x.take([0], axis), x.take(range(x.shape[axis] - 1), axis)], axis)
        after = np.concatenate([x.take(range(1, x.shape[axis]), axis), x.take([-1], axis)], axis)
        both = np.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis + 1)
        x = both.reshape([2 * s if i == axis else s for i, s in enumerate(x.shape)])
    return x


def hourglass(z, widths, skip_channels):
    x, skips = z.astype("float64").mean(axis=3), []
    for _ in widths:
        skips.append(known_block(x, size=1))
        x = known_block(known_block(x, stride=2))
    inner = widths[-1]  # channels of x
    for i in reversed(range(len(widths))):
        x = doubled(x)
        if i < 2:  # the mean over all channels of both
            x = (inner * x + skip_channels * skips[i]) / (inner + skip_channels)
        x, inner = known_block(x), widths[i]
    return np.repeat(1 / (1 + np.exp(-x[..., None])), 3, axis=3)


class LinearFit:
    """A linear network with three outputs; its energy is a squared error."""

    rate = 0.3

    def __init__(self, rng):
        self.z = rng.normal(size=(1, 4, 3, 2)).astype("float32")
        self.x_0 = rng.normal(size=(4, 3, 3)).astype("float32")
        self.w = rng.normal(size=(2, 3)).astype("float32")
        self.network = None

    def take_steps(self, student, steps):
        self.network = student.run_beside(build_linear, self.w)
        return student.run_beside(
            run_steps, student.fit_step, self.network, self.rate, self.x_0, self.z, steps
        )

    def step(self):
        x = self.z @ self.w
        difference = x[0] - self.x_0
        gradient = 2 * np.tensordot(self.z[0], difference, ((0, 1), (0, 1))) / difference.size
        self.w = self.w - self.rate * gradient
        return x, np.mean(difference**2)


# The functions below run beside the answers (student.run_beside).


def call_energy(function, x, x_0, rest):
    return function(tf.constant(x[None]), x_0, rest)


def call_shrink(shrink, x, k):
    return shrink(tf.constant(x), k)


def call_perturb(perturb, z, sigma):
    return perturb(tf.constant(z), sigma)


def draw_with_known_weights(get_network, z, channels, widths, skip_channels):
    """Set all weights so that a convolution averages, and return the images of z."""
    network = get_network((*z.shape[1:3], channels), widths, z.shape[3], skip_channels)
    for layer in network._flatten_layers(include_self=False):
        if isinstance(layer, layers.Conv2D):
            kernel = np.ones(layer.kernel.shape)
            layer.kernel.assign(kernel / kernel[..., 0].size)
            if layer.bias is not None:
                layer.bias.assign(np.zeros(layer.bias.shape))
        if isinstance(layer, layers.BatchNormalization):
            layer.gamma.assign(np.full(layer.gamma.shape, 1.2))
            layer.moving_variance.assign(np.full(layer.gamma.shape, 1 - layer.epsilon))
    return network(tf.constant(z), training=False)


def build_linear(w):
    network = keras.Sequential(
        [keras.Input((None, None, w.shape[0])), layers.Dense(w.shape[1], use_bias=False)]
    )
    network.set_weights([w])
    return network


def run_steps(fit_step, network, rate, x_0, z, steps):
    optimizer = keras.optimizers.SGD(rate)
    optimizer.build(network.trainable_variables)
    for _ in range(steps):
        found = fit_step(network, optimizer, lambda x: ops.mean((x - x_0) ** 2), tf.constant(z))
    return found
