"""What systems that turn noise into images share: their network, their data, their samples."""

from collections.abc import Callable, Sequence
from typing import Any

from ankeras.latent.codes import PREDICT_BATCH
from ankeras.training.autodiff import SeedGenerator
from ankeras.training.checks import check_images, check_shapes_known, drawn_range
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
from keras import ops


class NoiseToImage(OwnLoss):
    """A system whose network reads noisy signals and the rate of the signal in them.

    A signal x_0 is an image scaled to [-1, 1]; a subclass may take another one, such as a code.

    Args:
        network: [(batch, *signal), (batch, 1), conditions ...] -> (batch, *signal), values without
            bounds: `get_diffusion_unet(image_shape)`.
        seed: seed of times and noise in the training.

    Raises:
        ValueError: if the network does not read and draw such signals.
    """

    called = "A diffusion model"
    networks: tuple[str, ...] = ("network",)
    options: tuple[str, ...] = ("seed",)
    weighs_images = True
    n_conditions = 0  # inputs of the network beside signal and rate
    largest = 1.0  # the largest value that a signal has, in either direction

    def __init__(self, network: keras.Model, seed: int = 42, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_shapes_known(network, "network")
        self.network = network
        self.seed = seed
        self.noise = SeedGenerator(seed)
        self._check_network()

    def to_signal(self, images: Any) -> Any:
        """Return the signals x_0 of images: [0, 1] -> [-1, 1]."""
        return 2.0 * images - 1.0

    def to_images(self, x_0: np.ndarray) -> np.ndarray:
        """Return the images of signals, clipped to [0, 1]."""
        return (0.5 * (x_0 + 1.0)).clip(0.0, 1.0).astype("float32")

    def conditions(self, x_0: Any, y: Any, training: bool) -> list[Any]:
        """Return what the network reads beside signal and rate: here nothing."""
        return []

    def empty_conditions(self, n: int) -> list[np.ndarray]:
        """Return what n signals without a condition are told: here nothing."""
        return []

    def draw_noise(self, x_0: Any) -> Any:
        """Return noise of the shape of x_0 from N(0, I)."""
        return keras.random.normal(ops.shape(x_0), dtype=x_0.dtype, seed=self.noise)

    def draw_shares(self, x_0: Any) -> Any:
        """Return one number per signal, uniform in [0, 1): (batch,).

        One random number moves a regular grid, so that each minibatch has all noise levels. That
        makes the gradient less noisy.
        """
        n = ops.shape(x_0)[0]
        u = keras.random.uniform((), dtype="float32", seed=self.noise)
        grid = ops.cast(ops.arange(n), "float32") / ops.cast(n, "float32")
        return ops.mod(u + grid, 1.0)

    def predict_from(
        self, x_t: np.ndarray, rate: float, conditions: Sequence[np.ndarray] = ()
    ) -> np.ndarray:
        """Return what the network predicts from signals that all have the same rate."""
        rates = np.full((len(x_t), 1), rate, "float32")
        read = [_as_input(x) for x in (x_t, rates, *conditions)]
        # `predict` would make a data set in each of many steps
        drawn = [
            self.network.predict_on_batch([x[i : i + PREDICT_BATCH] for x in read])
            for i in range(0, len(x_t), PREDICT_BATCH)
        ]
        return np.concatenate(drawn)

    def start(self, n: int, seed: int) -> np.ndarray:
        """Draw n signals of pure noise from N(0, I): (n, *signal).

        Raises:
            ValueError: if n < 1.
        """
        if n < 1:
            raise ValueError(f"Ask for n >= 1 images, not {n}.")
        rng = np.random.default_rng(seed)
        return rng.normal(size=(n, *self.signal_shape)).astype("float32")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return what the network predicts for its inputs."""
        return self.network(inputs, training=training)

    @property
    def signal_shape(self) -> tuple[int, ...]:
        """The shape of a signal: (height, width, channels), or (d,) for vectors."""
        return self.network.output_shape[1:]

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of an image, (height, width, channels)."""
        return self.signal_shape

    @property
    def call_inputs(self) -> list[keras.KerasTensor]:
        """What `call` reads: the inputs of the network."""
        return self.network.inputs

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on the images x."""
        check_images(x, self.image_shape, (0.0, 1.0))

    def _check_network(self) -> None:
        shapes = [x.shape for x in self.network.inputs]
        signal = self.network.output_shape
        if len(shapes) != 2 + self.n_conditions or shapes[:2] != [signal, (None, 1)]:
            raise ValueError(
                f"The network of {type(self).__name__} reads noisy signals of the shape that it "
                f"draws, {signal[1:]}, their rates, (1,), and {self.n_conditions} further inputs; "
                f"this one reads {[shape[1:] for shape in shapes]}: build it with "
                f"get_diffusion_unet."
            )
        if drawn_range(self.network) != (-np.inf, np.inf):
            raise ValueError(
                "The network must draw values without bounds: leave out the activation of its "
                "last layer."
            )


def _as_input(x: np.ndarray) -> np.ndarray:
    """Return integers, such as tokens, as they are, and other numbers as float32."""
    return x if np.issubdtype(x.dtype, np.integer) else x.astype("float32", copy=False)


def times_of(n_steps: int, last: int) -> np.ndarray:
    """Return the times of a sampling procedure: n_steps + 1 integers from last down to 0.

    Raises:
        ValueError: if there are fewer than 1 or more than `last` steps, or no whole number of them.
    """
    if not 1 <= n_steps <= last or n_steps != int(n_steps):
        raise ValueError(f"steps must be an integer in 1 ... {last}, not {n_steps}.")
    n_steps = int(n_steps)
    return np.linspace(last, 0, n_steps + 1).round().astype(int)


# (x_t, alpha_t) -> the estimates of x_0 and of eps
Denoise = Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray]]
