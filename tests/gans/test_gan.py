"""Tests of the GAN: its losses and one step by hand, its options, and the DCGAN."""

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans import GAN, discriminator_loss, get_dcgan, minimax_loss, non_saturating_loss

import keras
import numpy as np
import pytest
from keras import layers, ops


def _logits(*posteriors):
    """Return logits (n, 1) whose sigmoids are the given numbers."""
    p = np.array(posteriors, "float32")[:, None]
    return ops.convert_to_tensor(np.log(p / (1 - p)))


def _number(value):
    return float(ops.convert_to_numpy(value))


def test_discriminator_loss_by_hand():
    real, fake = _logits(0.8, 0.5), _logits(0.25, 0.9)
    by_hand = -(np.log(0.8) + np.log(0.5)) / 2 - (np.log(0.75) + np.log(0.1)) / 2
    assert _number(discriminator_loss(real, fake)) == pytest.approx(by_hand, rel=1e-5)


def test_label_smoothing_is_one_sided():
    real, fake = _logits(0.8), _logits(0.25)
    by_hand = -(0.9 * np.log(0.8) + 0.1 * np.log(0.2)) - np.log(0.75)
    assert _number(discriminator_loss(real, fake, 0.1)) == pytest.approx(by_hand, rel=1e-5)


def test_both_generator_losses_by_hand():
    fake = _logits(0.25, 0.9)
    assert _number(minimax_loss(fake)) == pytest.approx((np.log(0.75) + np.log(0.1)) / 2, rel=1e-5)
    by_hand = -(np.log(0.25) + np.log(0.9)) / 2
    assert _number(non_saturating_loss(fake)) == pytest.approx(by_hand, rel=1e-5)


def test_losses_of_a_sure_discriminator_stay_finite():
    sure = ops.convert_to_tensor(np.array([[-200.0]], "float32"))
    assert _number(minimax_loss(sure)) == pytest.approx(0.0)
    assert _number(non_saturating_loss(sure)) == pytest.approx(200.0)
    assert _number(discriminator_loss(sure, -sure)) == pytest.approx(400.0)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("loss", ["minimax", "non-saturating"])
def test_one_round_by_hand(loss, linear_players):
    g, w, s, rate = 0.5, 0.3, 2.0, 0.1
    gan = GAN(*linear_players(g, w), generator_loss=loss)
    gan.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate))
    gan.fit(np.full((4, 1), s, "float32"), batch_size=4, verbose=0)

    # d/dw [softplus(-w s) + softplus(w g)]
    w_new = w - rate * (-s * _sigmoid(-w * s) + g * _sigmoid(w * g))
    # minimax: d/dg [-softplus(w g)]; non-saturating: d/dg [softplus(-w g)], with the new w
    slope = -w_new * (_sigmoid(w_new * g) if loss == "minimax" else _sigmoid(-w_new * g))
    (kernel,) = gan.discriminator.get_weights()
    assert kernel[0, 0] == pytest.approx(w_new, rel=1e-5)
    (value,) = gan.generator.get_weights()
    assert value[0] == pytest.approx(g - rate * slope, rel=1e-5)


def test_r1_by_hand(linear_players):
    # gamma/2 E ||grad_s D||^2 = gamma/2 w^2; its derivative is gamma w
    g, w, s, rate, gamma = 0.5, 0.3, 2.0, 0.1, 4.0
    gan = GAN(*linear_players(g, w), r1=gamma)
    gan.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(0.0))
    gan.fit(np.full((4, 1), s, "float32"), batch_size=4, verbose=0)
    slope = -s * _sigmoid(-w * s) + g * _sigmoid(w * g) + gamma * w
    assert gan.discriminator.get_weights()[0][0, 0] == pytest.approx(w - rate * slope, rel=1e-5)


def test_each_of_the_k_steps_has_other_images(linear_players):
    g, w, rate = 0.5, 0.3, 0.1
    gan = GAN(*linear_players(g, w), k=2)
    gan.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(0.0))
    x = np.array([[1.0], [2.0], [1.0], [2.0]], "float32")
    gan.fit(x, batch_size=4, shuffle=False, verbose=0)
    for s in (1.0, 2.0):
        w -= rate * (-s * _sigmoid(-w * s) + g * _sigmoid(w * g))
    assert gan.discriminator.get_weights()[0][0, 0] == pytest.approx(w, rel=1e-5)
    assert int(gan.optimizer.discriminator.iterations) == 2
    assert int(gan.optimizer.generator.iterations) == 1


def test_the_step_of_a_player_changes_only_its_weights(tiny_images):
    players = {
        "generator": get_generator(3, (12, 12, 1), widths=(4,)),
        "discriminator": get_discriminator((12, 12, 1), widths=(4,)),
    }
    for still, rates in (("generator", (0.1, 0.0)), ("discriminator", (0.0, 0.1))):
        gan = GAN(**players)
        gan.compile(*(keras.optimizers.SGD(rate) for rate in rates))
        before = [w.numpy() for w in players[still].trainable_variables]
        moving = next(player for name, player in players.items() if name != still)
        others = [w.numpy() for w in moving.trainable_variables]
        gan.fit(tiny_images, batch_size=32, verbose=0)
        for old, new in zip(before, players[still].trainable_variables, strict=True):
            np.testing.assert_array_equal(new.numpy(), old)
        assert any(
            np.abs(new.numpy() - old).max() > 0
            for old, new in zip(others, moving.trainable_variables, strict=True)
        )


def test_training_makes_the_images_more_like_the_real_ones(tiny_images):
    gan = get_dcgan((16, 16, 1), 8, widths=(8, 16), r1=0.1)
    x = np.pad(np.tile(tiny_images, (4, 1, 1, 1)), ((0, 0), (2, 2), (2, 2), (0, 0)))
    gan.compile()

    def distance():
        return np.abs(gan.generate(96).mean(axis=0) - x.mean(axis=0)).mean()

    before = distance()
    history = gan.fit(x, batch_size=32, epochs=16, verbose=0).history
    assert distance() < 0.5 * before
    assert set(history) == {"d_loss", "g_loss", "d_real", "d_fake"}
    assert all(0 <= value <= 1 for value in history["d_real"] + history["d_fake"])


def test_samples_are_seeded():
    gan = get_dcgan((16, 16, 1), 4, widths=(4, 4))
    np.testing.assert_array_equal(gan.generate(3, seed=1), gan.generate(3, seed=1))
    assert np.abs(gan.generate(3, seed=1) - gan.generate(3, seed=2)).max() > 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"k": 0}, "k >= 1 steps"),
        ({"generator_loss": "hinge"}, "must be one of"),
        ({"smoothing": 0.6}, r"smoothing lies in \[0, 0.5\]"),
        ({"r1": -1.0}, "must not be negative"),
    ],
)
def test_wrong_options_raise_an_error(options, sentence, linear_players):
    with pytest.raises(ValueError, match=sentence):
        GAN(*linear_players(0.5, 0.3), **options)


def test_players_of_different_images_raise_an_error():
    with pytest.raises(ValueError, match=r"draws images of shape \(12, 12, 1\), but"):
        GAN(get_generator(3, (12, 12, 1)), get_discriminator((16, 16, 1)))


@pytest.mark.parametrize("side", [16, 28, 37, 64, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_dcgan_for_any_image(side, channels):
    shape = (side, side, channels)
    gan = get_dcgan(shape, 5, widths=None if side < 64 else (4, 4, 4, 4))
    assert gan.generator.output_shape[1:] == gan.discriminator.input_shape[1:] == shape
    assert gan.latent_dim == 5


def test_a_dcgan_follows_the_guidelines():
    gan = get_dcgan((64, 64, 3))
    kinds = {
        player: [type(layer) for layer in player.layers]
        for player in (gan.generator, gan.discriminator)
    }
    of_g, of_d = kinds.values()
    assert not any("Pooling" in kind.__name__ for kind in of_g + of_d)
    assert layers.Conv2DTranspose in of_g
    assert all(
        layer.strides == (2, 2)
        for layer in gan.discriminator.layers
        if isinstance(layer, layers.Conv2D)
    )
    assert layers.BatchNormalization in of_g
    assert layers.BatchNormalization in of_d
    assert of_g.count(layers.Dense) == of_d.count(layers.Dense) == 1  # G's first layer, D's last
    activations = [
        layer.activation.__name__
        for layer in gan.generator.layers
        if isinstance(layer, layers.Activation)
    ]
    assert set(activations[:-1]) == {"relu"}
    assert activations[-1] == "tanh"
    assert layers.LeakyReLU in of_d
    assert layers.Activation not in of_d


@pytest.mark.parametrize("shape", [(12, 12, 1), (256, 256, 3), (28, 28)])
def test_a_dcgan_for_other_images_raises_an_error(shape):
    with pytest.raises(ValueError, match="sides of 16 to 128"):
        get_dcgan(shape)
