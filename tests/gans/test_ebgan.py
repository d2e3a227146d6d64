"""The cost, the losses and a round of the energy-based GAN by hand."""

from ankeras.builders import get_autoencoder, get_discriminator, get_generator
from ankeras.gans import EBGAN

import keras
import numpy as np
import pytest
from keras import layers, ops

SHAPE = (12, 12, 1)


def test_losses_by_hand(linear_players, column):
    gan = EBGAN(*linear_players(0.5, 0.3), m=2.0)
    real, fake = column(0.5, 3.0), column(0.25, 4.0)  # one within the margin, one beyond it
    assert float(gan.d_loss(real, fake)) == pytest.approx(3.5 / 2 + (1.75 + 0.0) / 2)
    assert float(gan.g_loss(fake)) == pytest.approx(4.25 / 2)


def test_the_cost_is_summed_over_an_image():
    halved = keras.Sequential([keras.Input((2, 3, 1)), layers.Rescaling(0.5)])
    z = keras.Input((1,))
    generator = keras.Model(z, layers.Reshape((2, 3, 1))(layers.Dense(6)(z)))
    x = np.stack([np.ones((2, 3, 1)), np.full((2, 3, 1), 2.0)]).astype("float32")
    cost = EBGAN(generator, halved).score(ops.convert_to_tensor(x))
    np.testing.assert_allclose(ops.convert_to_numpy(cost), [6 * 0.5**2, 6 * 1.0**2])


@pytest.mark.parametrize("m", [2.0, 0.1])
def test_one_round_by_hand(m, linear_players, round_of):
    # the "autoencoder" returns w x: C(x) = (w - 1)^2 x^2
    g, w, s, rate = 0.5, 0.3, 2.0, 0.05
    logs, w_new, g_new = round_of(EBGAN(*linear_players(g, w), m=m), s, rate)
    cost, cost_fake = (w - 1) ** 2 * s**2, (w - 1) ** 2 * g**2
    pushed = g**2 if cost_fake < m else 0.0
    assert w_new == pytest.approx(w - rate * 2 * (w - 1) * (s**2 - pushed), rel=1e-5)
    assert g_new == pytest.approx(g - rate * 2 * (w_new - 1) ** 2 * g, rel=1e-5)
    assert logs["d_loss"] == pytest.approx(cost + max(0.0, m - cost_fake), rel=1e-5)
    assert logs["g_loss"] == pytest.approx((w_new - 1) ** 2 * g**2, rel=1e-5)
    assert logs["d_real"] == pytest.approx(cost, rel=1e-5)
    assert logs["d_fake"] == pytest.approx(cost_fake, rel=1e-5)


def test_what_is_no_cost_is_refused():
    generator = get_generator(3, SHAPE, widths=(4,))
    with pytest.raises(ValueError, match=r"is an autoencoder: it returns what it reads"):
        EBGAN(generator, get_discriminator(SHAPE, widths=(4,)))
    with pytest.raises(ValueError, match="margin m is positive"):
        EBGAN(generator, get_autoencoder(SHAPE, widths=(4,)), m=0.0)
