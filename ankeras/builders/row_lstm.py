"""The network of PixelRNN: an LSTM reads an image row by row, from the top to the bottom.

Source: ATIV, "Autoregressive maximum likelihood methods"; NOTES, lesson 17, "Recurrent Neural
Networks"; van den Oord et al., "Pixel recurrent neural networks" (ICML 2016), section 3.1, "Row
LSTM", equation 3.

    [o, f, i] = sigmoid(K_ss * h_(r-1) + K_is * x_r),    g = tanh(K_ss * h_(r-1) + K_is * x_r)
    c_r = f c_(r-1) + i g,                               h_r = o tanh(c_r)

* is a convolution along the row, x_r is row r of the layer's input, h_r and c_r are the state after
it. The state passes down, so a pixel sees a triangle above it up to the first row. K_is sees a
pixel of row r and the one to the left of it, K_ss the three pixels above.

The time of this recurrent network is the number of the row. It can be computed as a loop, or
unfolded: one copy of the network per row, all with the same weights.
"""

from typing import Any

from ankeras.builders.blocks import SeededLayers, Shape, checked_image_shape
from ankeras.builders.masked_convolutions import (
    REACH,
    first_above,
    first_left,
    last_layers,
    logits_per_pixel,
)

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ankeras")
class RowLSTMCell(layers.Layer):
    """One step of a row LSTM, in the form that `keras.layers.RNN` takes: it reads one row.

    Called on K_is * x_r, (batch, width * 4 channels), and [h, c], each (batch, width * channels):
    RNN takes vectors only. Returns h_r, and [h_r, c_r].

    Args:
        width: pixels of a row.
        channels: of the state at each pixel.
        seed: seed of the initial weights.
    """

    def __init__(self, width: int, channels: int, seed: int = 42, **options: Any) -> None:
        super().__init__(**options)
        self.width = width
        self.channels = channels
        self.seed = seed
        self.output_size = width * channels
        self.state_size = [self.output_size, self.output_size]
        self.from_state = SeededLayers(seed)(
            layers.Conv1D,
            4 * channels,
            kernel_size=3,
            padding="same",
            use_bias=False,
            dtype=self.dtype_policy,
        )

    def build(self, *_: Any) -> None:
        """Make K_ss."""
        self.from_state.build((None, self.width, self.channels))

    def call(self, of_input: Any, states: Any) -> tuple[Any, list]:
        """Return h_r, and the state [h_r, c_r]."""
        h, c = (ops.reshape(state, (-1, self.width, self.channels)) for state in states)
        summed = self.from_state(h) + ops.reshape(of_input, (-1, self.width, 4 * self.channels))
        o, f, i, g = ops.split(summed, 4, axis=-1)
        # c_r = f c_(r-1) + i g
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        # h_r = o tanh(c_r)
        h = ops.sigmoid(o) * ops.tanh(c)
        h, c = (ops.reshape(state, (-1, self.output_size)) for state in (h, c))
        return h, [h, c]

    def get_config(self) -> dict[str, Any]:
        """Return what builds the cell again."""
        sizes = {"width": self.width, "channels": self.channels, "seed": self.seed}
        return {**super().get_config(), **sizes}


@keras.saving.register_keras_serializable("ankeras")
class RowLSTM(layers.Layer):
    """A row LSTM with a residual connection around it: x' = x + R h.

    Called on features (batch, rows, width, channels), and if the rows above were read before, on
    the state [h, c] after them, each (batch, width * channels). Returns [x', h, c]: the features'
    shape, and the state after the last row.

    Args:
        channels: of the features and of the state.
        unroll: whether the network is unfolded in time, instead of a loop.
        seed: seed of the initial weights.
    """

    def __init__(self, channels: int, unroll: bool = False, seed: int = 42, **options: Any) -> None:
        super().__init__(**options)
        self.channels = channels
        self.unroll = unroll
        self.seed = seed
        seeded, same = SeededLayers(seed), {"dtype": self.dtype_policy}
        self.pad_left = layers.ZeroPadding2D(((0, 0), (1, 0)), **same)
        self.from_input = seeded(layers.Conv2D, 4 * channels, kernel_size=(1, 2), **same)
        self.residual = seeded(layers.Conv2D, channels, kernel_size=1, **same)

    def build(self, x_shape: Any, states_shape: Any = None) -> None:
        """Make the weights of all convolutions."""
        cell = RowLSTMCell(x_shape[2], self.channels, self.seed + 2, dtype=self.dtype_policy)
        cell.build()
        options = {"return_sequences": True, "return_state": True, "dtype": self.dtype_policy}
        self.lstm = layers.RNN(cell, unroll=self.unroll, **options)
        self.from_input.build((None, None, None, self.channels))
        self.residual.build((None, None, None, self.channels))

    def call(self, x: Any, states: Any = None) -> list:
        """Return x', h and c."""
        rows, width = x.shape[1:3]
        of_input = self.from_input(self.pad_left(x))
        of_input = ops.reshape(of_input, (-1, rows, width * 4 * self.channels))
        h, *states = self.lstm(of_input, initial_state=states)
        return [x + self.residual(ops.reshape(h, (-1, rows, width, self.channels))), *states]

    def get_config(self) -> dict[str, Any]:
        """Return what builds the layer again."""
        options = {"channels": self.channels, "unroll": self.unroll, "seed": self.seed}
        return {**super().get_config(), **options}


def get_pixelrnn(
    input_shape: Shape = (28, 28, 1),
    levels: int = 2,
    *,
    channels: int = 24,
    lstm_layers: int = 2,
    unroll: bool = False,
    seed: int = 42,
) -> keras.Model:
    """Build a PixelRNN of row LSTMs: image -> the logits of each pixel, given those before it.

    Args:
        input_shape: (height, width, channels) of the images, values in [0, 1].
        levels: number of values that a pixel can have, as in `get_pixelcnn`.
        channels: of the features and of the state.
        lstm_layers: number of row LSTMs.
        unroll: whether the recurrent network is unfolded in time, instead of a loop.
        seed: seed of the initial weights.

    Returns:
        A model named "pixelrnn": (batch, *input_shape) -> (batch, *input_shape) for 2 levels, else
        (batch, height, width, levels).

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    image_shape = checked_image_shape(input_shape, "conv")
    n_logits = logits_per_pixel(image_shape, levels)
    if min(channels, lstm_layers) < 1:
        raise ValueError(
            f"channels and lstm_layers are at least 1, not {channels} and {lstm_layers}."
        )
    seeded = SeededLayers(seed)
    x = layers.Input(image_shape, name="input_layer")
    features = _first_convolution(image_shape, channels, seeded)(x)
    for k in range(lstm_layers):
        lstm = RowLSTM(channels, unroll, seed + 100 * (k + 1), name=f"row_lstm_{k}")
        features, *_ = lstm(features)
    logits = _head(image_shape, channels, n_logits, seeded)(features)
    return keras.Model(x, logits, name="pixelrnn")


def get_row_network(network: keras.Model) -> keras.Model:
    """Return the network of one row, the one that the loop repeats, with the same weights.

    Args:
        network: `get_pixelrnn(...)`.

    Returns:
        A model named "row": [row r and the `REACH` rows above it, states] -> [logits of
        row r, (batch, 1, width, logits), new states]. The states are h and c of each LSTM.
    """
    _, first, *lstms, head = network.layers
    _, width, channels = first.output_shape[1:]
    rows = layers.Input((REACH + 1, *network.input_shape[2:]), name="rows")
    states = [layers.Input((width * channels,), name=f"state_{k}") for k in range(2 * len(lstms))]
    features = first(rows)[:, -1:]
    new_states = []
    for k, lstm in enumerate(lstms):
        features, *state = lstm(features, states[2 * k : 2 * k + 2])
        new_states += state
    return keras.Model([rows, *states], [head(features), *new_states], name="row")


def _first_convolution(image_shape: Any, channels: int, seeded: SeededLayers) -> keras.Model:
    """Build what reads the image: the rows above, and the pixels to the left."""
    x = layers.Input((None, *image_shape[1:]), name="input_layer")
    above, left = first_above(x, seeded, channels), first_left(x, seeded, channels)
    return keras.Model(x, layers.Add()([above, left]), name="first_convolution")


def _head(image_shape: Any, channels: int, n_logits: int, seeded: SeededLayers) -> keras.Model:
    """Build what returns the logits of each pixel from its features."""
    x = layers.Input((None, image_shape[1], channels), name="input_layer")
    return keras.Model(x, last_layers(x, channels, n_logits, seeded), name="head")
