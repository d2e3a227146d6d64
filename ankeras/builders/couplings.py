"""The network of a normalizing flow: a chain of invertible steps whose Jacobians are known.

Source: NOTES, lesson 14, "Dimension preserving"; Dinh et al., "Density estimation using real NVP"
(ICLR 2017), equations 7 to 9, 3.6 for squeezing and factoring out; Kingma & Dhariwal, "Glow" (NIPS
2018), table 1, for the scale and shift of each channel and the invertible convolution of 1x1.

    z = f_K(... f_2(f_1(x))),        log |det dz/dx| = sum_k log |det J_k|

    coupling      y = b x + (1 - b) (x exp(s(b x)) + t(b x))     log |det J| = sum (1 - b) s(b x)
                  x = b y + (1 - b) (y - t(b y)) exp(-s(b y))
    actnorm       y = exp(s_c) (x + t_c), for each channel c     log |det J| = h w sum_c s_c
    mixing        y = W x at each pixel,  W = P L U              log |det J| = h w sum_c log |U_cc|
    logit         y = log(p / (1 - p)),  p = a + (1 - 2 a) x     log |det J| = sum log (1 - 2 a)
                                                                              - log p - log (1 - p)
    squeeze       (h, w, c) -> (h/2, w/2, 4 c)                   log |det J| = 0

The mask b is 1 where a coupling leaves the values as they are. s and t can be any networks: they
are never inverted. A step is a layer: called on x it returns y and log |det J| of each image, and
its method `inverse` returns x from y.
"""

import math
from collections.abc import Sequence
from typing import Any

from ankeras.builders.blocks import SeededLayers, Shape, checked_image_shape

import keras
import numpy as np
import scipy.linalg
from keras import layers, ops

MASKS = ("checkerboard", "channels")
FLOAT32 = {"dtype": "float32"}  # the chain computes in 32 bits, the networks s and t may not
LOG_SCALE = 2.0  # bound of |s|: one coupling scales a value by 1/7 to 7
# a of the logit. Most pixels of a digit have level 0. With noise they lie in [0, 1/256], and their
# logits in an interval of width 1.1, where all logits fill 12.4. With the .05 of Dinh et al. it is
# .07 of 5.9, and couplings must enlarge it much. On 10,000 real digits, after 150 s on one core:
# 1.48 bits per dimension with .002, 1.53 with .01, 1.97 with .05.
ALPHA = 0.002


class Step(layers.Layer):
    """An invertible step of a flow, in float32."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**FLOAT32, **options})

    def call(self, x: Any) -> tuple[Any, Any]:
        """Return y, of any shape with as many values as x, and log |det dy/dx|: (batch,)."""
        raise NotImplementedError

    def inverse(self, y: Any) -> Any:
        """Return x."""
        raise NotImplementedError


@keras.saving.register_keras_serializable("ankeras")
class Coupling(Step):
    """An affine coupling: half of the values scales and shifts the other half.

    Args:
        network: b x -> s and t side by side: x's shape with twice the channels.
        mask: "checkerboard", or "channels": the first half of the channels.
        flip: whether the mask is 1 - b.
    """

    def __init__(
        self, network: keras.Model, mask: str = "channels", flip: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self.network = network
        self.mask = mask
        self.flip = flip
        *sides, channels = network.input_shape[1:]
        if mask == "channels":
            b = np.arange(channels) < channels // 2
        else:
            b = (np.indices(sides).sum(axis=0) % 2 == 0)[..., None]
        self.b = (b != flip).astype("float32")

    def call(self, x: Any) -> tuple[Any, Any]:
        """Return y and log |det J|."""
        kept = ops.multiply(self.b, x)
        s, t = self.scale_and_shift(kept)
        # y = b x + (1 - b) (x exp(s) + t)
        y = kept + ops.multiply(1 - self.b, x * ops.exp(s) + t)
        # log |det J| = sum (1 - b) s
        return y, _sum_per_image(ops.multiply(1 - self.b, s))

    def inverse(self, y: Any) -> Any:
        """Return x = b y + (1 - b) (y - t) exp(-s)."""
        kept = ops.multiply(self.b, y)  # b y = b x
        s, t = self.scale_and_shift(kept)
        return kept + ops.multiply(1 - self.b, (y - t) * ops.exp(-s))

    def scale_and_shift(self, kept: Any) -> tuple[Any, Any]:
        """Return s and t, each of x's shape, from the values that are kept."""
        s, t = ops.split(self.network(kept), 2, axis=-1)
        return LOG_SCALE * ops.tanh(s / LOG_SCALE), t

    def get_config(self) -> dict[str, Any]:
        """Return what builds the step again."""
        network = keras.saving.serialize_keras_object(self.network)
        return {**super().get_config(), "network": network, "mask": self.mask, "flip": self.flip}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Coupling":
        """Build the step that `get_config` described."""
        network = keras.saving.deserialize_keras_object(config.pop("network"))
        return cls(network, **config)


@keras.saving.register_keras_serializable("ankeras")
class ActNorm(Step):
    """Shifts and scales each channel; at first it changes nothing.

    `initialize` chooses shift and scale by data, as Glow does with its first minibatch.
    """

    def build(self, input_shape: Any) -> None:
        """Make s and t."""
        self.s = self.add_weight(shape=input_shape[-1:], initializer="zeros", name="s")
        self.t = self.add_weight(shape=input_shape[-1:], initializer="zeros", name="t")
        self.n_pixels = math.prod(input_shape[1:-1])

    def call(self, x: Any) -> tuple[Any, Any]:
        """Return y = exp(s) (x + t) and log |det J|."""
        return ops.exp(self.s) * (x + self.t), _of_each(x, self.n_pixels * ops.sum(self.s))

    def inverse(self, y: Any) -> Any:
        """Return x = exp(-s) y - t."""
        return ops.exp(-self.s) * y - self.t

    def initialize(self, x: np.ndarray) -> None:
        """Choose s and t so that each channel of y has mean 0 and variance 1 for these x."""
        over = tuple(range(x.ndim - 1))
        self.t.assign(-x.mean(axis=over))
        self.s.assign(-np.log(x.std(axis=over) + 1e-6))


@keras.saving.register_keras_serializable("ankeras")
class Mixing(Step):
    """Mixes the channels of each pixel: an invertible convolution of 1x1, at first a rotation.

    W = P L U with a fixed permutation P, a lower triangle L with ones on its diagonal, and an upper
    triangle U, so that the determinant is the product of U's diagonal.

    Args:
        seed: seed of the rotation.
    """

    def __init__(self, seed: int = 42, **options: Any) -> None:
        super().__init__(**options)
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        """Make P, L and U."""
        c = input_shape[-1]
        rotation = np.linalg.qr(np.random.default_rng(self.seed).normal(size=(c, c)))[0]
        p, lower, upper = scipy.linalg.lu(rotation)
        diagonal = np.diag(upper)

        def weight(name: str, value: np.ndarray, trainable: bool = True) -> Any:
            start = keras.initializers.Constant(value.astype("float32"))
            return self.add_weight(
                shape=value.shape, initializer=start, trainable=trainable, name=name
            )

        self.p, self.sign = weight("p", p, False), weight("sign", np.sign(diagonal), False)
        self.log_diagonal = weight("log_diagonal", np.log(np.abs(diagonal)))
        self.lower, self.upper = weight("lower", lower), weight("upper", upper)
        self.n_pixels = math.prod(input_shape[1:-1])

    def matrix(self) -> Any:
        """Return W: (channels, channels)."""
        lower = ops.tril(self.lower, -1) + ops.eye(self.lower.shape[0])
        upper = ops.triu(self.upper, 1) + ops.diag(self.sign * ops.exp(self.log_diagonal))
        return ops.matmul(ops.matmul(self.p, lower), upper)

    def call(self, x: Any) -> tuple[Any, Any]:
        """Return y = W x and log |det J|."""
        log_det = self.n_pixels * ops.sum(self.log_diagonal)
        return ops.matmul(x, ops.transpose(self.matrix())), _of_each(x, log_det)

    def inverse(self, y: Any) -> Any:
        """Return x = W^-1 y."""
        return ops.matmul(y, ops.transpose(ops.inv(self.matrix())))

    def get_config(self) -> dict[str, Any]:
        """Return what builds the step again."""
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable("ankeras")
class Logit(Step):
    """The logit of values in [0, 1], so that the flow need not keep its values in that range."""

    def call(self, x: Any) -> tuple[Any, Any]:
        """Return y = log(p / (1 - p)) with p = a + (1 - 2 a) x, and log |det J|."""
        p = ALPHA + (1 - 2 * ALPHA) * x
        log_slope = math.log(1 - 2 * ALPHA) - ops.log(p) - ops.log(1 - p)
        return ops.log(p) - ops.log(1 - p), _sum_per_image(log_slope)

    def inverse(self, y: Any) -> Any:
        """Return x, which is a little outside of [0, 1] for very small or large y."""
        return (ops.sigmoid(y) - ALPHA) / (1 - 2 * ALPHA)


@keras.saving.register_keras_serializable("ankeras")
class Squeeze(Step):
    """Turns each 2x2 pixels into one pixel with four times the channels."""

    def call(self, x: Any) -> tuple[Any, Any]:
        """Return y: (batch, h, w, c) -> (batch, h/2, w/2, 4 c), and 0."""
        _, h, w, c = x.shape
        y = ops.reshape(x, (-1, h // 2, 2, w // 2, 2, c))
        y = ops.reshape(ops.transpose(y, (0, 1, 3, 2, 4, 5)), (-1, h // 2, w // 2, 4 * c))
        return y, _of_each(x, 0.0)

    def inverse(self, y: Any) -> Any:
        """Return x: (batch, h/2, w/2, 4 c) -> (batch, h, w, c)."""
        _, h, w, c = y.shape
        x = ops.reshape(y, (-1, h, w, 2, 2, c // 4))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 2 * h, 2 * w, c // 4))


@keras.saving.register_keras_serializable("ankeras")
class FactorOut(layers.Layer):
    """Splits the channels: one half goes on through the flow, the other is a part of z already."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**FLOAT32, **options})

    def call(self, x: Any) -> list:
        """Return both halves of the channels."""
        return ops.split(x, 2, axis=-1)


@keras.saving.register_keras_serializable("ankeras")
class Inverse(layers.Layer):
    """The inverse of a step, as a layer that shares its weights."""

    def __init__(self, step: Step, **options: Any) -> None:
        super().__init__(**{**FLOAT32, **options})
        self.step = step

    def call(self, y: Any) -> Any:
        """Return x."""
        return self.step.inverse(y)


def get_flow(
    input_shape: Shape = (28, 28, 1),
    *,
    scales: int = 2,
    couplings: int = 4,
    width: int = 32,
    actnorm: bool = True,
    mixing: bool = False,
    bounded: bool | None = None,
    seed: int = 42,
) -> keras.Model:
    """Build a normalizing flow of affine couplings: x -> z of the same dimension.

    For images, each scale consists of couplings with checkerboard masks, a squeeze, couplings with
    masks of channels, and, except for the last scale, the factoring out of half of the channels.
    For vectors there are couplings with masks of values alone.

    Args:
        input_shape: (height, width, channels), or (d,) with d >= 2.
        scales: how often an image is squeezed; both sides must be divisible by 2^scales.
        couplings: couplings of each kind in each scale, at least 2: each leaves half of the values
            as they are.
        width: channels (images) or units (vectors) of the networks s and t.
        actnorm: whether an `ActNorm` comes before each coupling.
        mixing: whether a `Mixing` of the channels comes before each coupling with masks of
            channels.
        bounded: whether the values lie in [0, 1]; then the logit comes first. Default: images yes,
            vectors no.
        seed: seed of the initial weights. All couplings change nothing at first.

    Returns:
        A model named "flow": (batch, *input_shape) -> [z (batch, d), log |det dz/dx| (batch,)].

    Raises:
        ValueError: if no such flow exists; the sentence says why.
    """
    is_image = isinstance(input_shape, Sequence) and len(input_shape) == 3
    shape = checked_image_shape(input_shape, "conv" if is_image else "mlp")
    _check_flow(shape, scales, couplings, width)
    seeded = SeededLayers(seed)
    x = h = layers.Input(shape, name="input_layer")
    log_dets, parts = [], []

    def apply(step: Step) -> None:
        nonlocal h
        h, log_det = step(h)
        log_dets.append(log_det)

    def couple(mask: str) -> None:
        for k in range(couplings):
            if actnorm:
                apply(ActNorm())
            if mixing and mask == "channels":
                seeded.seed += 1
                apply(Mixing(seeded.seed))
            network = _coupling_network(h.shape[1:], width, seeded, mask)
            apply(Coupling(network, mask, flip=k % 2 == 1))

    if is_image if bounded is None else bounded:
        apply(Logit())
    if is_image:
        for scale in range(scales):
            couple("checkerboard")
            apply(Squeeze())
            couple("channels")
            if scale < scales - 1:
                h, part = FactorOut()(h)
                parts.append(part)
    else:
        couple("channels")
    flat = [layers.Flatten(**FLOAT32)(part) for part in (*parts, h)]
    z = layers.Concatenate(**FLOAT32)(flat) if len(flat) > 1 else flat[0]
    return keras.Model(x, [z, layers.Add(**FLOAT32)(log_dets)], name="flow")


def get_inverse(flow: keras.Model) -> keras.Model:
    """Return the inverse of a flow: the same steps backwards, with the same weights.

    Args:
        flow: `get_flow(...)`.

    Returns:
        A model named "inverse": z (batch, d) -> x (batch, *input_shape).
    """
    steps = [layer for layer in flow.layers if isinstance(layer, Step | FactorOut)]
    z = layers.Input(flow.outputs[0].shape[1:], name="z")
    rest = z

    def last_part(shape: tuple[int, ...]) -> Any:
        nonlocal rest
        size = math.prod(shape)
        part, rest = rest[:, -size:], rest[:, :-size]
        return layers.Reshape(shape, **FLOAT32)(part)

    h = last_part(steps[-1].output[0].shape[1:])
    for step in reversed(steps):
        if isinstance(step, FactorOut):
            h = layers.Concatenate(**FLOAT32)([h, last_part(step.output[1].shape[1:])])
        else:
            h = Inverse(step)(h)
    return keras.Model(z, h, name="inverse")


def _coupling_network(
    shape: tuple[int, ...], width: int, seeded: SeededLayers, mask: str
) -> keras.Model:
    """Build s and t of a coupling: (batch, *shape) -> twice the channels, at first 0.

    With a checkerboard mask, every second pixel of its input is 0. So its first convolution has a
    stride of 2, and the last one is transposed: the hidden layers have a quarter of the pixels.
    """
    x = h = layers.Input(shape, name="input_layer")
    last = {"kernel_initializer": "zeros", "dtype": "float32", "name": "output_layer"}
    outputs = 2 * shape[-1]
    if len(shape) < 3:
        for _ in range(2):
            h = layers.Activation("relu")(seeded(layers.Dense, width)(h))
        return keras.Model(x, layers.Dense(outputs, **last)(h), name="scale_and_shift")
    halved = mask == "checkerboard"
    ends: dict[str, Any] = {"kernel_size": 4, "strides": 2} if halved else {"kernel_size": 3}
    for options in (ends, {"kernel_size": 1}):
        h = seeded(layers.Conv2D, width, padding="same", **options)(h)
        h = layers.Activation("relu")(h)
    convolution = layers.Conv2DTranspose if halved else layers.Conv2D
    h = convolution(outputs, padding="same", **ends, **last)(h)
    return keras.Model(x, h, name="scale_and_shift")


def _check_flow(shape: tuple[int, ...], scales: int, couplings: int, width: int) -> None:
    if couplings < 2 or width < 1:
        raise ValueError(
            f"A flow needs at least 2 couplings, because each leaves half of the values as they "
            f"are, and networks of width 1 or more: not {couplings} and {width}."
        )
    if len(shape) != 3:
        if shape[0] < 2 or len(shape) > 1:
            raise ValueError(
                f"A flow reads images (height, width, channels) or vectors of at least 2 values, "
                f"not {shape}."
            )
        return
    if scales < 1 or shape[0] % 2**scales or shape[1] % 2**scales:
        raise ValueError(
            f"Each scale halves both sides of an image: {shape[0]}x{shape[1]} can't be halved "
            f"{scales} times."
        )


def _sum_per_image(values: Any) -> Any:
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))


def _of_each(x: Any, value: Any) -> Any:
    """Return one value for each image of x: (batch,)."""
    return value * ops.ones((ops.shape(x)[0],))
