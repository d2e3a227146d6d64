"""The network of PixelRNN: what it sees, its equations by hand, and unfolding in time."""

from ankeras.builders.row_lstm import RowLSTMCell, get_pixelrnn
from ankeras.training.autodiff import input_gradient

import keras
import numpy as np
import pytest
from keras import ops

RNG = np.random.default_rng(0)
SHAPE = (7, 6, 1)
ON_JAX = keras.backend.backend() == "jax"
not_on_jax = pytest.mark.skipif(ON_JAX, reason="JAX compiles each operation: too slow")


@not_on_jax
def test_a_pixel_sees_a_triangle_up_to_the_first_row_and_no_later_pixel():
    network = get_pixelrnn(SHAPE, channels=4, lstm_layers=1)
    # many images: in one image, all ReLUs of the last layers may be 0
    x = ops.convert_to_tensor(RNG.random((32, *SHAPE)).astype("float32"))
    rows, columns = np.indices(SHAPE[:2])
    for i, j in ((6, 1), (3, 2), (0, 3), (5, 0)):
        _, slope = input_gradient(lambda x, i=i, j=j: network(x)[:, i, j, 0], x)
        seen = (ops.convert_to_numpy(slope) != 0).any(axis=(0, -1))
        # the first convolution sees three columns to the right, the LSTM one more for each row
        above = (rows < i) & (columns - j <= i - rows + 2)
        left = (rows == i) & (columns < j) & (columns >= j - 4)
        np.testing.assert_array_equal(seen, above | left)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_one_step_of_the_lstm_by_hand():
    width, channels = 3, 2
    cell = RowLSTMCell(width, channels)
    cell.build()
    kernel = np.array(cell.from_state.kernel)  # (3, 2, 8)
    of_input = RNG.normal(size=(1, width, 4 * channels)).astype("float32")
    h, c = RNG.normal(size=(2, 1, width, channels)).astype("float32")
    found, (found_h, found_c) = cell(of_input.reshape(1, -1), [h.reshape(1, -1), c.reshape(1, -1)])
    padded = np.pad(h[0], ((1, 1), (0, 0)))
    for j in range(width):
        gates = of_input[0, j] + np.einsum("kc,kcg->g", padded[j : j + 3], kernel)
        o, f, i, g = gates.reshape(4, channels)
        new_c = _sigmoid(f) * c[0, j] + _sigmoid(i) * np.tanh(g)
        new_h = _sigmoid(o) * np.tanh(new_c)
        for tensor, value in ((found, new_h), (found_h, new_h), (found_c, new_c)):
            at = ops.convert_to_numpy(tensor).reshape(width, channels)[j]
            np.testing.assert_allclose(at, value, rtol=1e-4, atol=1e-5)


def test_the_network_unfolded_in_time_is_the_loop():
    shape = (4, 3, 1)
    loop = get_pixelrnn(shape, channels=2, lstm_layers=1)
    unfolded = get_pixelrnn(shape, channels=2, lstm_layers=1, unroll=True)
    unfolded.set_weights([RNG.normal(size=w.shape) for w in loop.get_weights()])
    loop.set_weights(unfolded.get_weights())
    x = ops.convert_to_tensor(RNG.random((2, *shape)).astype("float32"))
    assert [f.get_layer("row_lstm_0").lstm.unroll for f in (loop, unfolded)] == [False, True]
    found = [ops.convert_to_numpy(network(x)) for network in (loop, unfolded)]
    np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-5)


def test_a_network_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="channels and lstm_layers are at least 1, not 4 and 0"):
        get_pixelrnn(SHAPE, channels=4, lstm_layers=0)
