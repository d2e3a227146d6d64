"""The gradient penalty by hand: of a linear critic, and of one whose gradient is the image."""

from ankeras.gans import WGANGP

import keras
import numpy as np
import pytest
from keras import layers, ops

LAM = 10.0


def _gan(discriminator, **options):
    """Return a WGAN-GP with that critic; its generator is not used."""
    z = keras.Input((1,))
    generator = keras.Model(z, layers.Dense(discriminator.input_shape[-1])(z))
    return WGANGP(generator, discriminator, lam=LAM, **options)


def test_the_penalty_of_a_linear_critic():
    critic = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    critic.layers[-1].kernel.assign([[3.0], [4.0]])
    s, fake = (ops.convert_to_tensor(np.full((6, 2), value, "float32")) for value in (1.0, 2.0))
    # its gradient is (3, 4) everywhere, of norm 5
    gan = _gan(critic, r1=0.5)
    assert float(gan.gradient_penalty(s, fake)) == pytest.approx((5 - 1) ** 2, rel=1e-5)
    assert float(gan.r1_penalty(s)) == pytest.approx(0.25 * 25, rel=1e-5)


class _HalfSquare(layers.Layer):
    """1/2 ||x||^2, whose gradient is x."""

    def call(self, x):
        return 0.5 * ops.sum(ops.square(x), axis=-1, keepdims=True)


def test_the_penalty_is_taken_between_real_and_generated_images_one_alpha_per_image():
    critic = keras.Sequential([keras.Input((2,)), _HalfSquare()])
    s, fake = (ops.convert_to_tensor(np.full((20_000, 2), value, "float32")) for value in (0, 1))
    # x_hat = (b, b) with b from U(0, 1): E (sqrt(2) b - 1)^2 = 2/3 - sqrt(2) + 1 = 0.2525.
    # With one alpha per number it would be 0.136, at the ends of the line 0.586.
    penalty = float(_gan(critic).gradient_penalty(s, fake))
    assert penalty == pytest.approx(2 / 3 - 2**0.5 + 1, abs=0.01)


@pytest.mark.parametrize("w", [0.3, -0.3, 0.0])
def test_one_round_by_hand(w, linear_players, round_of):
    g, s, rate = 0.5, 2.0, 0.01
    logs, w_new, g_new = round_of(WGANGP(*linear_players(g, w), k=1, lam=LAM), s, rate)
    slope = g - s + 2 * LAM * (abs(w) - 1) * np.sign(w)
    assert w_new == pytest.approx(w - rate * slope, rel=1e-4)
    assert g_new == pytest.approx(g + rate * w_new, rel=1e-5)
    assert logs["d_loss"] == pytest.approx(w * (g - s), rel=1e-5)  # without the penalty
    assert logs["g_loss"] == pytest.approx(-w_new * g, rel=1e-5)


def test_a_negative_weight_is_refused(linear_players):
    with pytest.raises(ValueError, match="weight lam of the penalty must not be negative"):
        WGANGP(*linear_players(0.5, 0.3), lam=-1.0)
