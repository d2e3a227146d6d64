"""The deep image prior: an untrained network is fitted to one damaged image.

Source: ATIV, "Deep Image Prior" to "Lab work"; Ulyanov et al., "Deep image prior" (CVPR 2018),
equation 2; the rule that stops: Wang et al., "Early stopping for deep image prior" (2021).

    theta* = argmin_theta E(f_theta(z), x_0),    x* = f_theta*(z)

    denoising           E = || f_theta(z) - x_0 ||^2
    inpainting          E = || m * (f_theta(z) - x_0) ||^2        m = 1 where x_0 is known
    super-resolution    E = || d(f_theta(z)) - x_0 ||^2           d averages blocks of pixels

z is noise that does not change. There is no training set: the structure of the network is the
regularizer. It draws smooth shapes first and noise last, so the fit must stop before it overfits.
The variance of the last outputs falls while the image appears, rises when the noise appears, and
falls again when all of the noise is there. The fit is stopped in the middle of the window with the
first minimum of this variance. The energies E are in `energies.py`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ankeras.builders.blocks import SeededLayers, check_depth, checked_image_shape
from ankeras.inverse_problems.energies import Energy
from ankeras.training.autodiff import SeedGenerator, descend, loop
from ankeras.training.catalogue_row import Row
from ankeras.training.schedules import as_rate

import keras
import numpy as np
from keras import layers, ops


class Restoration(NamedTuple):
    """What the deep image prior found.

    Attributes:
        image: (height, width, c), the average of the outputs at the step where the fit stops.
        step: this step.
        energies: (k,), E of the output at each measurement, one every `every` steps.
        variances: (k,), variance of the outputs in the window that begins at each measurement; NaN
            where the window is not complete.
        images: (k, height, width, c), the average of the outputs at each measurement.
        outputs: (k, height, width, c), the output itself at each measurement.
        every: number of steps between two measurements.
    """

    image: np.ndarray
    step: int
    energies: np.ndarray
    variances: np.ndarray
    images: np.ndarray
    outputs: np.ndarray
    every: int


def get_deep_prior_network(
    image_shape: Sequence[int],
    *,
    code_channels: int = 16,
    widths: Sequence[int] = (32, 64, 64),
    skips: Sequence[bool] | None = None,
    skip_channels: int = 4,
    seed: int = 0,
) -> keras.Model:
    """Build the encoder-decoder of the lab, with skip connections: z -> image.

    A step down is a convolution with stride 2 and another one, a step up a bilinear enlargement
    and two convolutions, all with batch normalization and a leaky ReLU.

    Args:
        image_shape: (height, width, channels).
        code_channels: channels of z, which has the sides of the image.
        widths: channels of each step down, outermost first. Their number is the depth.
        skips: for each step whether a skip connection leads around it. Default: around the two
            outermost ones, as in the lab.
        skip_channels: channels of a skip connection.
        seed: seed of the initial weights.

    Returns:
        A model (batch, height, width, code_channels) -> (batch, *image_shape) in [0, 1].

    Raises:
        ValueError: if the sides of the image can't be halved as often as there are steps.
    """
    height, width, channels = checked_image_shape(image_shape, "conv")
    check_depth((height, width, channels), widths)
    if height % 2 ** len(widths) or width % 2 ** len(widths):
        raise ValueError(
            f"An image of {height}x{width} can't be halved {len(widths)} times without a rest: "
            f"give fewer widths, or crop it to multiples of {2 ** len(widths)}."
        )
    skips = [i < 2 for i in range(len(widths))] if skips is None else list(skips)
    seeded = SeededLayers(seed)

    def conv(x: Any, width: int, size: int = 3, stride: int = 1) -> Any:
        x = seeded(layers.Conv2D, width, kernel_size=size, strides=stride, padding="same")(x)
        return layers.LeakyReLU(0.2)(layers.BatchNormalization(momentum=0.9)(x))

    z = layers.Input((height, width, code_channels), name="code")
    x, around = z, []
    for n_channels, skip in zip(widths, skips, strict=True):
        around.append(conv(x, skip_channels, size=1) if skip else None)
        x = conv(conv(x, n_channels, stride=2), n_channels)
    for n_channels, passed in zip(reversed(widths), reversed(around), strict=True):
        x = layers.UpSampling2D(interpolation="bilinear")(x)
        if passed is not None:
            x = layers.Concatenate()([x, passed])
        x = conv(conv(x, n_channels), n_channels, size=1)
    x = seeded(layers.Conv2D, channels, kernel_size=1)(x)
    image = layers.Activation("sigmoid", name="output_layer", dtype="float32")(x)
    return keras.Model(z, image, name="deep_prior")


def deep_image_prior(
    energy: Energy,
    network: keras.Model,
    *,
    steps: int = 1200,
    learning_rate: float = 0.01,
    input_noise: float = 0.03,
    averaging: float = 0.98,
    every: int = 20,
    window: int = 10,
    seed: int = 0,
) -> Restoration:
    """Fit an untrained network to a damaged image, and return the image behind it.

    Args:
        energy: E, such as `squared_error(x_0)`.
        network: f_theta, `get_deep_prior_network(x_0.shape)`; it is fitted in place.
        steps: number of steps of Adam.
        learning_rate: of Adam.
        input_noise: standard deviation of the noise that is added to z in each step, new each
            time; the fit then overfits later. 0 for none.
        averaging: weight of the old average of the outputs in each step; 0 for no average.
        every: number of steps between two measurements.
        window: number of measurements whose variance decides where to stop, and the patience of
            the rule. It needs at least twice as many measurements.
        seed: seed of z and of the noise.

    Raises:
        ValueError: if an option is out of range.
    """
    if not 0 <= averaging < 1:
        raise ValueError(f"averaging lies in [0, 1), {averaging} does not.")
    if every < 1 or window < 2:
        raise ValueError(f"every is at least 1 and window at least 2, not {every} and {window}.")
    if steps < 2 * window * every:
        raise ValueError(
            f"With {steps} steps there are {steps // every} measurements, but the rule to stop "
            f"needs at least {2 * window}: take more steps, or a smaller `every`."
        )
    z = np.random.default_rng(seed).uniform(0, 0.1, (1, *network.input_shape[1:]))
    z = ops.convert_to_tensor(z.astype("float32"))
    noise = SeedGenerator(seed)
    optimizer = keras.optimizers.Adam(as_rate(learning_rate))
    optimizer.build(network.trainable_variables)
    average = keras.Variable(np.zeros((1, *network.output_shape[1:])), dtype="float32")
    output = keras.Variable(np.zeros((1, *network.output_shape[1:])), dtype="float32")
    weight = keras.Variable(0.0, dtype="float32")  # of all outputs in the average so far

    def step() -> Any:
        moved = z + input_noise * keras.random.normal(ops.shape(z), seed=noise)

        # theta descends  E(f_theta(z), x_0)
        def objective() -> tuple:
            x = network(moved, training=True)
            return energy(x), x

        found, x = descend(objective, optimizer, network.trainable_variables)
        x = ops.cast(x, "float32")
        average.assign(averaging * average + (1 - averaging) * x)
        weight.assign(averaging * weight + (1 - averaging))
        output.assign(x)
        return found

    states = [*network.variables, *optimizer.variables, noise.state, average, output, weight]
    take_steps = loop(step, every, states)
    energies, images, outputs = [], [], []
    for _ in range(steps // every):
        energies.append(float(ops.convert_to_numpy(take_steps())[-1]))
        images.append(ops.convert_to_numpy(average.value / weight.value)[0])
        outputs.append(ops.convert_to_numpy(output.value)[0])
    kept = np.stack(images)
    variances = moving_variance(np.stack(outputs), window)
    # the paper takes the first moment of the window, where some of the image is still missing
    best = first_minimum(variances, window) + window // 2
    return Restoration(
        kept[best],
        (best + 1) * every,
        np.array(energies),
        variances,
        kept,
        np.stack(outputs),
        every,
    )


def moving_variance(outputs: np.ndarray, window: int) -> np.ndarray:
    """Return the variance of the outputs from each moment on: (k, *image) -> (k,).

    Source: Wang et al. 2021, equation 2. The variance at moment i is that of the outputs i, ...,
    i + window - 1, averaged over their values; NaN where the window is not complete.
    """
    n = len(outputs) - window + 1
    found = [float(outputs[i : i + window].var(axis=0).mean()) for i in range(n)]
    return np.array(found + [np.nan] * (window - 1))


def first_minimum(variances: np.ndarray, patience: int) -> int:
    """Return the first moment whose variance is below that of all moments before it and after it.

    Source: Wang et al. 2021, algorithm 1. Only the next `patience` moments after it count.
    """
    best = 0
    for moment, variance in enumerate(variances):
        if moment - best > patience:
            break
        if variance < variances[best]:  # false for NaN
            best = moment
    return best


ROWS = (
    Row(
        name="deep image prior",
        builds=deep_image_prior,
        lecture="ATIV, Deep Image Prior",
        paper="Ulyanov 2018",
        notebook="13",
    ),
)
