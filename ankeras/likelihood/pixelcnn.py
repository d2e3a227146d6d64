"""PixelCNN: a convolutional network predicts each pixel from the pixels before it.

Source: ATIV, "Autoregressive maximum likelihood methods (PixelRNN, PixelCNN)"; van den Oord et al.,
"Conditional image generation with PixelCNN decoders" (NIPS 2016), equation 1, and section 2.3
for the condition y.

    p(x) = prod_i p(x_i | x_1, ..., x_(i-1)),   p(x | y) = prod_i p(x_i | x_1, ..., x_(i-1), y)
    descend  E [-log p(x)] = E [-sum_i log p(x_i | x_1, ..., x_(i-1))]

A training computes all pixels of an image at once, since all of them are known. The step is that
of `autoregressive.py`, the network that of `builders/masked_convolutions.py`. To draw an image, the
network would have to be evaluated once for each pixel. But the vertical stack reads nothing of the
row itself, so it is evaluated once for each row; and the horizontal stack reads one row only.
"""

from typing import Any

from ankeras.builders.masked_convolutions import MaskedConv2D, get_pixelcnn, rows_seen
from ankeras.likelihood.autoregressive import Autoregressive
from ankeras.training.catalogue_row import TINY_SHAPE, Row

import keras
import numpy as np


@keras.saving.register_keras_serializable("ankeras")
class PixelCNN(Autoregressive):
    """PixelCNN; `fit(x)`, or `fit(x, labels)` for a conditional one.

    Args:
        network: `get_pixelcnn(image_shape, levels)`; for a conditional model with
            `condition_dim=n_classes`.
        levels: number of values that a pixel can have: 2 for images of 0 and 1 (see `binarise`),
            256 for images of 8 bits.

    Raises:
        ValueError: if the network does not return the logits of these levels.
    """

    def read_above(self, x: np.ndarray, i: int, condition: list, above: Any) -> list[np.ndarray]:
        """Return what each block of the horizontal stack gets from the vertical one, in row i."""
        names = {layer.name for layer in self.network.layers}
        if "vertical_stack" not in names:
            return []  # one stack: all is in `read_row`
        vertical = self.network.get_layer("vertical_stack")
        window, row = self._rows(x, i, rows_seen(len(vertical.outputs)))
        seen = keras.tree.flatten(vertical.predict_on_batch(_inputs(window, *condition)))
        return [np.asarray(each[:, row : row + 1], "float32") for each in seen]

    def read_row(self, x: np.ndarray, i: int, condition: list, above: list) -> np.ndarray:
        """Return the logits of the pixels of row i: (n, width, logits)."""
        if above:
            horizontal = self.network.get_layer("horizontal_stack")
            return horizontal.predict_on_batch([x[:, i : i + 1], *condition, *above])[:, 0]
        stack = self.network.get_layer("masked_stack")
        reach = sum(isinstance(layer, MaskedConv2D) for layer in stack.layers)
        window, row = self._rows(x, i, reach)
        return stack.predict_on_batch(_inputs(window, *condition))[:, row]

    def _rows(self, x: np.ndarray, i: int, reach: int) -> tuple[np.ndarray, int]:
        """Return row i and `reach` rows above it, and the index of row i among them.

        Near the upper edge it returns rows below row i instead, which are not read.
        """
        n_rows = min(reach + 1, x.shape[1])
        top = max(i + 1 - n_rows, 0)
        return x[:, top : top + n_rows], i - top


def _inputs(x: np.ndarray, *condition: np.ndarray) -> Any:
    return [x, *condition] if condition else x


ROWS = (
    Row(
        name="PixelCNN",
        builds=PixelCNN,
        lecture="ATIV, Autoregressive maximum likelihood methods",
        paper="van den Oord 2016",
        notebook="16",
        learns_from="binary x",
        tiny=lambda: PixelCNN(get_pixelcnn(TINY_SHAPE, channels=4, blocks=1)),
    ),
)
