"""The tests of lab 6 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers


@exercise("1.1", points=1)
@pytest.mark.parametrize(("m", "n_fakes"), [(1, 1), (3, 12), (9, 2)])
def test_minibatches_of_any_size(student, rng, m, n_fakes):
    """Both terms count the same, for any numbers of real and generated images."""
    real = rng.normal(size=(m, 1)).astype("float32")
    fake = rng.normal(size=(n_fakes, 1)).astype("float32")
    expect.close(
        student.discriminator_loss(real, fake),
        softplus(-real).mean() + softplus(fake).mean(),
        f"the loss of {m} real and {n_fakes} generated images",
        "Average each term over its own minibatch.",
    )


@exercise("1.2", points=1)
@pytest.mark.parametrize("m", [1, 16])
def test_generator_losses_of_any_size(student, rng, m):
    """Both losses are averages, for minibatches of any size."""
    fake = rng.normal(size=(m, 1)).astype("float32")
    expect.close(student.minimax_loss(fake), -softplus(fake).mean(), f"minimax_loss of {m} images")
    expect.close(
        student.non_saturating_loss(fake),
        softplus(-fake).mean(),
        f"non_saturating_loss of {m} images",
    )


@exercise("1.3", points=1)
@pytest.mark.parametrize("shape", [(2, 1), (3, 2, 2)])
def test_slopes_hold_at_the_ends(student, rng, shape):
    """The slopes are right for arrays of any shape, and at 0 and 1."""
    d = rng.uniform(size=shape).astype("float32")
    d.flat[0], d.flat[1] = 0.0, 1.0
    found = student.slopes(d)
    expect.that(
        isinstance(found, list | tuple) and len(found) == 2,
        "what slopes returns",
        "two arrays, (minimax, non_saturating)",
        found,
    )
    hint = "A fraction such as d / d is 0/0 at d = 0: simplify it."
    for name, slope, expected in zip(
        ("minimax", "non-saturating"), found, (-d, d - 1), strict=True
    ):
        expect.close(slope, expected, f"the slope of {name} for an array of shape {shape}", hint)


@exercise("2.1", points=1)
@pytest.mark.parametrize("shape", [(1,), (3, 5)])
def test_tiny_densities(student, rng, shape):
    """D* is right for very small densities, and for arrays of any shape."""
    p, q = rng.uniform(0.1, 2.0, size=(2, *shape)) * 1e-20
    expect.close(
        student.optimal_discriminator(p, q),
        p / (p + q),
        f"D* for densities around 1e-20, of shape {shape}",
        "If you add a small number to avoid 0/0, it must not change D* where p + q > 0.",
    )


@exercise("3.1", points=1)
def test_discriminator_step_is_in_training_mode(student, rng):
    """Batch normalization uses the statistics of each minibatch, in both networks."""
    game = Normed(student, rng)
    s = rng.normal(2.0, 3.0, size=(8, 3)).astype("float32")
    real, fake = game.logits(s), game.logits(normed(game.z) @ game.w_g)
    expect.close(
        student.run_beside(discriminate, student.update_discriminator, game.players, s),
        softplus(-real).mean() + softplus(fake).mean(),
        "the loss of players with batch normalization",
        "Use training=True; call D once for the real and once for the generated images.",
    )


@exercise("3.2", points=1)
def test_step_of_the_minimax_loss(student, rng):
    """The step is right for the other loss of G, and for images with more axes."""
    w_g = rng.normal(size=(4, 6)).astype("float32")
    w_d = rng.normal(size=(6, 1)).astype("float32")
    z = rng.normal(size=(7, 4)).astype("float32")
    logits = z @ w_g @ w_d
    loss, found = student.run_beside(
        minimax_step,
        student.TwoPlayers,
        student.minimax_loss,
        student.update_generator,
        w_g,
        w_d,
        z,
        0.5,
    )
    expect.close(loss, -softplus(logits).mean(), "the loss that is returned")
    of_logits = -1 / (1 + np.exp(-logits)) / len(z)
    expect.close(
        found,
        w_g - 0.5 * z.T @ (of_logits @ w_d.T),
        "the generator's weights after one step with the minimax loss",
        "Use gan.generator_loss: it may be any loss.",
    )


@exercise("3.2", points=1)
def test_generator_step_is_in_training_mode(student, rng):
    """Batch normalization uses the statistics of the minibatch, in both networks."""
    game = Normed(student, rng)
    logits = game.logits(normed(game.z) @ game.w_g)
    expect.close(
        student.update_generator(game.players, len(game.z)),
        softplus(-logits).mean(),
        "the loss of players with batch normalization",
        "Use training=True for both networks.",
    )


@exercise("3.3", points=1)
@pytest.mark.parametrize("k", [1, 2])
def test_fit_plays(student, rng, k):
    """fit can train the model on images, and logs the losses."""
    images = rng.uniform(size=(12, 3, 4, 1)).astype("float32")
    logit = float(rng.uniform(1, 3))
    history = student.run_beside(
        train_a_little, student.GAN, student.non_saturating_loss, images, k, logit
    )
    for name, loss in (
        ("d_loss", softplus(-logit) + softplus(logit)),
        ("g_loss", softplus(-logit)),
    ):
        expect.close(
            history.get(name),
            [loss, loss],
            f"the {name} of 2 epochs of fit, of a D that cannot learn: all its logits are "
            f"{logit:.4g}",
        )


def softplus(a):
    return np.logaddexp(0.0, np.asarray(a, "float64"))


def normed(x):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-3)


class Normed:
    """Linear players with batch normalization, and noise far from the running statistics.

    The normalization of D would remove a common scale of all inputs, so the scales of the noise
    differ.
    """

    def __init__(self, student, rng):
        self.w_g = rng.normal(size=(2, 3)).astype("float32")
        self.w_d = rng.normal(size=(3, 1)).astype("float32")
        self.z = (rng.normal(1.0, 1.0, size=(8, 2)) * [0.3, 5.0]).astype("float32")
        self.players = student.run_beside(
            build_normed,
            student.TwoPlayers,
            student.non_saturating_loss,
            self.w_g,
            self.w_d,
            self.z,
        )

    def logits(self, s):
        return normed(s) @ self.w_d


# The functions below run beside the answers (student.run_beside).


def minimax_step(TwoPlayers, minimax_loss, update_generator, w_g, w_d, z, rate):
    generator = keras.Sequential(
        [keras.Input((4,)), layers.Dense(6, use_bias=False), layers.Reshape((2, 3, 1))]
    )
    discriminator = keras.Sequential(
        [keras.Input((2, 3, 1)), layers.Flatten(), layers.Dense(1, use_bias=False)]
    )
    generator.set_weights([w_g])
    discriminator.set_weights([w_d])
    players = TwoPlayers(generator, discriminator, minimax_loss)
    players.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(rate))
    players.draw_noise = lambda m: tf.constant(z)[:m]
    loss = update_generator(players, len(z))
    return loss, generator.get_weights()[0]


def train_a_little(GAN, non_saturating_loss, images, k, logit):
    generator = keras.Sequential([keras.Input((2,)), layers.Dense(12), layers.Reshape((3, 4, 1))])
    discriminator = keras.Sequential([keras.Input((3, 4, 1)), layers.Flatten(), layers.Dense(1)])
    discriminator.set_weights([np.zeros((12, 1)), np.full(1, logit)])
    gan = GAN(generator, discriminator, non_saturating_loss, k=k)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    return gan.fit(images, batch_size=4, epochs=2, verbose=0, shuffle=False).history


def build_normed(TwoPlayers, non_saturating_loss, w_g, w_d, z):
    def network(w):
        norm = layers.BatchNormalization(center=False, scale=False, epsilon=1e-3)
        model = keras.Sequential(
            [keras.Input((w.shape[0],)), norm, layers.Dense(w.shape[1], use_bias=False)]
        )
        model.layers[-1].set_weights([w])
        return model

    players = TwoPlayers(network(w_g), network(w_d), non_saturating_loss)
    players.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    players.draw_noise = lambda m: tf.constant(z)[:m]
    return players


def discriminate(update_discriminator, players, s):
    return update_discriminator(players, tf.constant(s))
