"""Tests of the hinge GAN: losses and one step by hand, and training with spectral normalization."""

from ankeras.builders import get_discriminator, get_generator
from ankeras.builders.spectral_norm import SpectralNorm
from ankeras.gans import HingeGAN

import keras
import numpy as np
import pytest
from keras import ops


def test_losses_by_hand(linear_players, column):
    gan = HingeGAN(*linear_players(0.5, 0.3))
    # within the margin and beyond it, on both sides
    real, fake = column(0.5, 3.0, -2.0), column(-0.25, -4.0, 2.0)
    by_hand = (0.5 + 0.0 + 3.0) / 3 + (0.75 + 0.0 + 3.0) / 3
    assert float(gan.d_loss(real, fake)) == pytest.approx(by_hand)
    assert float(gan.g_loss(fake)) == pytest.approx((0.25 + 4.0 - 2.0) / 3)


@pytest.mark.parametrize("s", [2.0, 4.0])
def test_one_round_by_hand(s, linear_players, round_of):
    g, w, rate = 0.5, 0.3, 0.1
    logs, w_new, g_new = round_of(HingeGAN(*linear_players(g, w)), s, rate)
    # D(4) = 1.2 is beyond the margin: these real images have no gradient
    assert w_new == pytest.approx(w - rate * (g - (s if w * s < 1 else 0.0)), rel=1e-5)
    assert g_new == pytest.approx(g + rate * w_new, rel=1e-5)
    assert logs["d_loss"] == pytest.approx(max(0.0, 1 - w * s) + 1 + w * g, rel=1e-5)
    assert logs["g_loss"] == pytest.approx(-w_new * g, rel=1e-5)


def test_spectral_normalization_follows_the_weights_in_training(tiny_images):
    shape = tiny_images.shape[1:]
    gan = HingeGAN(
        get_generator(3, shape, widths=(4,)),
        get_discriminator(shape, widths=(4, 8), batch_norm=False, spectral_norm=True),
        r1=0.1,
    )
    normalized = [layer for layer in gan.discriminator.layers if isinstance(layer, SpectralNorm)]
    assert len(normalized) == 3
    before = [ops.convert_to_numpy(layer.u) for layer in normalized]
    gan.compile(keras.optimizers.SGD(1e-3), keras.optimizers.SGD(0.01))
    gan.fit(tiny_images, batch_size=16, epochs=3, verbose=0)
    for old, layer in zip(before, normalized, strict=True):
        u, w = ops.convert_to_numpy(layer.u), ops.convert_to_numpy(layer.layer.kernel)
        w = w.reshape(-1, w.shape[-1])
        assert np.abs(u - old).max() > 0.01
        assert np.linalg.norm(w @ u) == pytest.approx(np.linalg.norm(w, 2), rel=0.02)
