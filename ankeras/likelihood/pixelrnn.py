"""PixelRNN: a recurrent network predicts each pixel from the pixels before it.

Source: ATIV, "Autoregressive maximum likelihood methods (PixelRNN, PixelCNN)"; NOTES, lesson 17,
for recurrent networks; van den Oord et al., "Pixel recurrent neural networks" (ICML 2016).

    p(x) = prod_i p(x_i | x_1, ..., x_(i-1))
    descend  E [-log p(x)] = E [-sum_i log p(x_i | x_1, ..., x_(i-1))]

The step is that of `autoregressive.py`, the network that of `builders/row_lstm.py`: its state
carries what it has read of all rows above. PixelCNN sees a few rows only, but computes all rows of
a training image at the same time.
"""

import functools
from typing import Any

from ankeras.builders.masked_convolutions import REACH
from ankeras.builders.row_lstm import get_pixelrnn, get_row_network
from ankeras.likelihood.autoregressive import Autoregressive
from ankeras.training.catalogue_row import TINY_SHAPE, Row

import keras
import numpy as np


@keras.saving.register_keras_serializable("ankeras")
class PixelRNN(Autoregressive):
    """PixelRNN; `fit(x)`.

    Args:
        network: `get_pixelrnn(image_shape, levels)`.
        levels: number of values that a pixel can have, as in `PixelCNN`.

    Raises:
        ValueError: if the network does not return the logits of these levels.
    """

    @functools.cached_property
    def row_network(self) -> keras.Model:
        """The network of one row, as `get_row_network` returns it."""
        return get_row_network(self.network)

    def read_above(self, x: np.ndarray, i: int, condition: list, above: Any) -> list[np.ndarray]:
        """Return the state after row i - 1, from the state after row i - 2."""
        if i == 0:
            states = self.row_network.inputs[1:]
            return [np.zeros((len(x), *state.shape[1:]), "float32") for state in states]
        _, *states = self.row_network.predict_on_batch([self._rows(x, i - 1), *above])
        return [np.asarray(state, "float32") for state in states]

    def read_row(self, x: np.ndarray, i: int, condition: list, above: list) -> np.ndarray:
        """Return the logits of the pixels of row i: (n, width, logits)."""
        return self.row_network.predict_on_batch([self._rows(x, i), *above])[0][:, 0]

    def _rows(self, x: np.ndarray, i: int) -> np.ndarray:
        """Return row i and the rows above it that the first convolution reads, 0 outside of x."""
        rows = np.pad(x[:, : i + 1], ((0, 0), (REACH, 0), (0, 0), (0, 0)))
        return rows[:, -REACH - 1 :]


ROWS = (
    Row(
        name="PixelRNN (row LSTM)",
        builds=PixelRNN,
        lecture="ATIV, Autoregressive maximum likelihood methods; NOTES 17",
        paper="van den Oord 2016",
        notebook="16",
        learns_from="binary x",
        tiny=lambda: PixelRNN(get_pixelrnn(TINY_SHAPE, channels=4, lstm_layers=1)),
    ),
)
