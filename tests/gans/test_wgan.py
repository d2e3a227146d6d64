"""Tests of the Wasserstein GAN: losses and one step by hand, and the clipping."""

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans import WGAN

import keras
import numpy as np
import pytest


def test_losses_by_hand(linear_players, column):
    gan = WGAN(*linear_players(0.5, 0.3))
    real, fake = column(0.5, 3.0), column(-0.25, -4.0)
    assert float(gan.d_loss(real, fake)) == pytest.approx(-4.25 / 2 - 3.5 / 2)
    assert float(gan.g_loss(fake)) == pytest.approx(4.25 / 2)


@pytest.mark.parametrize(("c", "clipped"), [(1.0, False), (0.4, True)])
def test_one_round_by_hand(c, clipped, linear_players, round_of):
    g, w, s, rate = 0.5, 0.3, 2.0, 0.1
    logs, w_new, g_new = round_of(WGAN(*linear_players(g, w), k=1, c=c), s, rate)
    assert w_new == pytest.approx(c if clipped else w - rate * (g - s), rel=1e-5)
    assert g_new == pytest.approx(g + rate * w_new, rel=1e-5)  # with the clipped critic
    assert logs["d_loss"] == pytest.approx(w * (g - s), rel=1e-5)
    assert logs["g_loss"] == pytest.approx(-w_new * g, rel=1e-5)


def test_every_weight_of_the_critic_is_clipped_and_none_of_the_generator(tiny_images):
    shape = tiny_images.shape[1:]
    gan = WGAN(
        get_generator(3, shape, widths=(4,)), get_discriminator(shape, widths=(4, 4)), c=0.05
    )
    gan.compile()
    assert isinstance(gan.optimizer.discriminator, keras.optimizers.RMSprop)
    gan.fit(tiny_images[:80], batch_size=80, verbose=0)
    bounds = [np.abs(weight.numpy()).max() for weight in gan.discriminator.trainable_variables]
    assert max(bounds) == pytest.approx(0.05)
    assert max(np.abs(weight.numpy()).max() for weight in gan.generator.trainable_variables) > 0.1
    assert int(gan.optimizer.discriminator.iterations) == gan.k == 5
    assert int(gan.optimizer.generator.iterations) == 1


def test_a_wrong_bound_raises_an_error(linear_players):
    with pytest.raises(ValueError, match="clipped at c > 0, not 0"):
        WGAN(*linear_players(0.5, 0.3), c=0.0)
