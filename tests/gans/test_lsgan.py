"""Tests of the least squares GAN: losses and one step by hand."""

from ankeras.gans import LSGAN

import numpy as np
import pytest


def test_losses_by_hand(linear_players, column):
    gan = LSGAN(*linear_players(0.5, 0.3))
    by_hand = 0.5 * (0.5**2 + 1.0**2) / 2 + 0.5 * (1.0**2 + 0.25**2) / 2
    assert float(gan.d_loss(column(0.5, 2.0), column(-1.0, 0.25))) == pytest.approx(by_hand)
    assert float(gan.g_loss(column(-1.0, 0.25))) == pytest.approx(0.5 * (2**2 + 0.75**2) / 2)


def test_one_round_by_hand(linear_players, round_of):
    g, w, s, rate = 0.5, 0.3, 2.0, 0.1
    logs, w_new, g_new = round_of(LSGAN(*linear_players(g, w)), s, rate)
    by_hand = w - rate * ((w * s - 1) * s + (w * g) * g)
    assert w_new == pytest.approx(by_hand, rel=1e-5)
    assert g_new == pytest.approx(g - rate * (w_new * g - 1) * w_new, rel=1e-5)
    assert logs["d_loss"] == pytest.approx(0.5 * (w * s - 1) ** 2 + 0.5 * (w * g) ** 2)
    assert logs["g_loss"] == pytest.approx(0.5 * (w_new * g - 1) ** 2)
    np.testing.assert_allclose([logs["d_real"], logs["d_fake"]], [w * s, w * g], rtol=1e-5)
