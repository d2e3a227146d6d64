"""The checks of lab 6 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers

STABLE = "Write each logarithm as a softplus of the logit, without the sigmoid."


@exercise("1.1", points=1)
def test_discriminator_loss_has_the_right_values(student, rng):
    """The loss is the sum of two averages: over real and over generated images."""
    real, fake = 2 * rng.normal(size=(2, 6, 1)).astype("float32")
    expect.close(
        student.discriminator_loss(real, fake),
        softplus(-real).mean() + softplus(fake).mean(),
        "the loss of 6 real and 6 generated images",
        "Average -log D over the real images, -log(1 - D) over the generated ones; then add.",
    )


@exercise("1.1", points=1)
def test_a_sure_discriminator_can_be_wrong(student, rng):
    """The loss is right for large logits, too: for right and for wrong discriminators."""
    real, fake = large(rng), large(rng)
    expect.close(
        student.discriminator_loss(real, fake),
        softplus(-real).mean() + softplus(fake).mean(),
        f"the loss for logits {listed(real)} (real) and {listed(fake)} (generated)",
        STABLE,
    )


@exercise("1.2", points=1)
def test_generator_losses_have_the_right_values(student, rng):
    """Both losses are averages and have the right sign."""
    fake = 2 * rng.normal(size=(7, 1)).astype("float32")
    d = 1 / (1 + np.exp(-fake))
    expect.close(
        student.minimax_loss(fake),
        np.log(1 - d).mean(),
        "minimax_loss of 7 images",
        "G minimizes the average of log(1 - D): this number is negative.",
    )
    expect.close(
        student.non_saturating_loss(fake),
        -np.log(d).mean(),
        "non_saturating_loss of 7 images",
        "G maximizes the average of log D, so it minimizes the average of -log D.",
    )


@exercise("1.2", points=1)
def test_generator_losses_of_a_sure_discriminator(student, rng):
    """Both losses are right for large logits, too."""
    fake = large(rng)
    where = f"of images with logits {listed(fake)}"
    expect.close(
        student.minimax_loss(fake), -softplus(fake).mean(), f"minimax_loss {where}", STABLE
    )
    expect.close(
        student.non_saturating_loss(fake),
        softplus(-fake).mean(),
        f"non_saturating_loss {where}",
        STABLE,
    )


@exercise("1.3", points=1)
def test_slopes_are_those_of_the_losses(student, rng):
    """The slopes are those that finite differences of the losses give."""
    logits = rng.uniform(-3.0, 3.0, size=6)
    minimax, non_saturating = two(student.slopes(outputs(logits)))
    hint = "Differentiate with respect to the logit a, not to d: this gives the factor d (1 - d)."
    expect.close(minimax, difference(lambda a: -softplus(a), logits), "the slope of minimax", hint)
    expect.close(
        non_saturating, difference(lambda a: softplus(-a), logits), "the other slope", hint
    )


@exercise("1.3", points=1)
def test_one_loss_is_flat_where_the_discriminator_is_sure(student, rng):
    """Where D is sure that an image is generated, one loss is flat and the other is not."""
    d = outputs(rng.uniform(-12.0, -9.0, size=4))
    minimax, non_saturating = two(student.slopes(d))
    where = f"for D(G(z)) between {d.min():.1e} and {d.max():.1e}"
    expect.close(
        minimax,
        -d,
        f"the slope of minimax {where}",
        "The minimax loss saturates: its slope is nearly 0 here.",
        atol=1e-7,
    )
    expect.close(
        non_saturating,
        d - 1,
        f"the slope of the non-saturating loss {where}",
        "The slope of this loss is not 0 here.",
    )


@exercise("2.1", points=1)
def test_best_discriminator_weighs_the_densities(student, rng):
    """D* is the density of the data, divided by the sum of both densities."""
    p, q = rng.uniform(0.1, 2.0, size=(2, 9))
    expect.close(student.optimal_discriminator(p, q), p / (p + q), "D* at 9 places")


@exercise("2.1", points=1)
def test_densities_of_0(student, rng):
    """D* is 1/2 where both densities are 0, and 0 or 1 where one of them is 0."""
    some = float(rng.uniform(0.1, 1.0))
    p, q = np.array([0.0, some, 0.0]), np.array([0.0, 0.0, some])
    expect.close(
        student.optimal_discriminator(p, q),
        np.array([0.5, 1.0, 0.0]),
        "D* where p = q = 0, where only q = 0, and where only p = 0",
        "0/0 is NaN: return 1/2 there.",
    )


@exercise("3.1", points=2)
def test_discriminator_takes_the_step(student, rng):
    """theta_d changes as computed by hand; the loss before the step is returned."""
    game = Game(student, student.TwoPlayers, rng)
    s, z = game.images(5), game.noise[:5]
    loss = student.run_beside(play_discriminator, student.update_discriminator, game.players, s)
    expect.close(
        loss,
        game.d_loss(s, z),
        "the loss that is returned",
        "It is the loss of exercise 1.1 of s and of G's images. Draw the noise with one call of "
        "gan.draw_noise(m), for m images.",
    )
    expect.close(
        game.players.discriminator.get_weights()[0],
        game.w_d - game.d_rate * game.d_gradient(s, z),
        "the discriminator's weights after one step",
        "Minimize the loss of exercise 1.1 with gan.d_optimizer.",
    )


@exercise("3.1", points=1)
def test_generator_stands_still(student, rng):
    """The generator's weights do not change."""
    game = Game(student, student.TwoPlayers, rng)
    student.run_beside(
        play_discriminator, student.update_discriminator, game.players, game.images(5)
    )
    expect.close(
        game.players.generator.get_weights()[0],
        game.w_g,
        "the generator's weights after a step of the discriminator",
        "Pass only the weights of the discriminator to the optimizer.",
        atol=1e-7,
        rtol=1e-7,
    )
    moved = np.abs(game.players.discriminator.get_weights()[0] - game.w_d).max()
    expect.that(moved > 0, "the discriminator", "weights that have changed", "the same weights")


@exercise("3.1", points=1)
def test_discriminator_plays_inside_fit(student, rng):
    """The step works in a graph where the size of the minibatch is unknown."""
    game = Game(student, student.TwoPlayers, rng)
    s, z = game.images(6), game.noise[:6]
    expect.close(
        student.run_beside(play_in_graph, student.update_discriminator, game.players, s),
        game.d_loss(s, z),
        "the loss that is returned in a graph",
        "Use ops.shape(s)[0]: in a graph len(s) and s.shape[0] are unknown.",
    )


@exercise("3.2", points=2)
def test_generator_takes_the_step(student, rng):
    """theta_g changes as computed by hand; the loss before the step is returned."""
    game = Game(student, student.TwoPlayers, rng)
    z = game.noise[:4]
    loss = student.update_generator(game.players, 4)
    expect.close(
        loss,
        game.g_loss(z),
        "the loss that is returned",
        "gan.generator_loss of the logits of G's images; draw the noise once: gan.draw_noise(m).",
    )
    expect.close(
        game.players.generator.get_weights()[0],
        game.w_g - game.g_rate * game.g_gradient(z),
        "the generator's weights after one step",
        "The gradient passes through D: call both networks inside the tape.",
    )


@exercise("3.2", points=1)
def test_discriminator_stands_still(student, rng):
    """The discriminator's weights do not change."""
    game = Game(student, student.TwoPlayers, rng)
    student.update_generator(game.players, 4)
    expect.close(
        game.players.discriminator.get_weights()[0],
        game.w_d,
        "the discriminator's weights after a step of the generator",
        "The gradient passes through D, but pass only the weights of G to the optimizer.",
        atol=1e-7,
        rtol=1e-7,
    )
    moved = np.abs(game.players.generator.get_weights()[0] - game.w_g).max()
    expect.that(moved > 0, "the generator", "weights that have changed", "the same weights")


@exercise("3.3", points=3)
@pytest.mark.parametrize("k", [1, 3])
def test_one_iteration(student, rng, k):
    """k steps of D, each on new images and new noise, then one step of G on new noise."""
    game = Game(student, student.GAN, rng, k)
    m = 4
    images = game.images(k * m)
    student.run_beside(play, game.players, images)
    game.iterate(images, m)
    of_d = f"the discriminator's weights after an iteration with k = {k}"
    of_g = f"the generator's weights after an iteration with k = {k}"
    order = "The first m images are for the first step, the next m for the second, and so on."
    expect.close(game.players.discriminator.get_weights()[0], game.w_d, of_d, order)
    first_d = "First D, then G: G learns from the updated D, on new noise for m images."
    expect.close(game.players.generator.get_weights()[0], game.w_g, of_g, first_d)


@exercise("3.3", points=1)
def test_losses_are_returned(student, rng):
    """train_step returns the last loss of D and the loss of G."""
    game = Game(student, student.GAN, rng, k=2)
    images = game.images(6)
    logs = student.run_beside(play, game.players, images)
    d_loss, g_loss = game.iterate(images, 3)
    for name, expected in (("d_loss", d_loss), ("g_loss", g_loss)):
        expect.that(
            isinstance(logs, dict) and name in logs,
            "what train_step returns",
            'a dictionary with "d_loss" and "g_loss"',
            logs,
        )
        expect.close(logs[name], expected, f'logs["{name}"]')


def softplus(a):
    return np.logaddexp(0.0, np.asarray(a, "float64"))


def outputs(logits):
    return (1 / (1 + np.exp(-logits))).astype("float32")


def large(rng):
    return (rng.uniform(110.0, 190.0, size=(4, 1)) * [[1], [-1], [1], [-1]]).astype("float32")


def listed(logits):
    return ", ".join(f"{logit:.0f}" for logit in logits[:, 0])


def difference(loss, logits, step=1e-5):
    return (loss(logits + step) - loss(logits - step)) / (2 * step)


def two(found):
    expect.that(
        isinstance(found, list | tuple) and len(found) == 2,
        "what slopes returns",
        "two arrays, (minimax, non_saturating)",
        found,
    )
    return found


class Game:
    """Two linear players with known noise; their steps can be computed by hand."""

    d_rate, g_rate = 0.2, 0.3

    def __init__(self, student, kind, rng, k=1):
        n, d = 3, 2
        self.rng, self.k, self.size = rng, k, n
        self.w_g = rng.normal(size=(d, n)).astype("float32")
        self.w_d = rng.normal(size=(n, 1)).astype("float32")
        self.noise = rng.normal(size=(60, d)).astype("float32")
        self.used = 0
        self.players = student.run_beside(
            build_players,
            kind,
            student.non_saturating_loss,
            self.w_g,
            self.w_d,
            k,
            self.d_rate,
            self.g_rate,
            self.noise,
        )

    def images(self, m):
        return self.rng.normal(size=(m, self.size)).astype("float32")

    def d_loss(self, s, z):
        return softplus(-s @ self.w_d).mean() + softplus(z @ self.w_g @ self.w_d).mean()

    def d_gradient(self, s, z):
        fake = z @ self.w_g
        of_real = (sigmoid(s @ self.w_d) - 1) / len(s)
        of_fake = sigmoid(fake @ self.w_d) / len(z)
        return s.T @ of_real + fake.T @ of_fake

    def g_loss(self, z):
        return softplus(-z @ self.w_g @ self.w_d).mean()

    def g_gradient(self, z):
        of_logits = (sigmoid(z @ self.w_g @ self.w_d) - 1) / len(z)
        return z.T @ (of_logits @ self.w_d.T)

    def draw(self, m):
        self.used += m
        return self.noise[self.used - m : self.used]

    def iterate(self, images, m):
        """Compute one iteration; return the last loss of D and the loss of G."""
        for s in np.split(images, self.k):
            z = self.draw(m)
            d_loss = self.d_loss(s, z)
            self.w_d = self.w_d - self.d_rate * self.d_gradient(s, z)
        z = self.draw(m)
        g_loss = self.g_loss(z)
        self.w_g = self.w_g - self.g_rate * self.g_gradient(z)
        return d_loss, g_loss


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


# The functions below run beside the answers (student.run_beside).


def play_in_graph(update_discriminator, players, s):
    shape = (None, *s.shape[1:])
    step = tf.function(
        lambda s: update_discriminator(players, s),
        input_signature=[tf.TensorSpec(shape, tf.float32)],
        autograph=False,
    )  # as in fit
    return step(tf.constant(s))


def build_players(kind, non_saturating_loss, w_g, w_d, k, d_rate, g_rate, noise):
    generator = keras.Sequential(
        [keras.Input((w_g.shape[0],)), layers.Dense(w_g.shape[1], use_bias=False)]
    )
    discriminator = keras.Sequential(
        [keras.Input((w_d.shape[0],)), layers.Dense(1, use_bias=False)]
    )
    generator.set_weights([w_g])
    discriminator.set_weights([w_d])
    players = kind(generator, discriminator, non_saturating_loss, k=k)
    players.compile(keras.optimizers.SGD(d_rate), keras.optimizers.SGD(g_rate))
    rest = tf.Variable(noise)

    def draw_noise(m):
        z = rest[:m]
        rest.assign(tf.roll(rest, -m, axis=0))
        return z

    players.draw_noise = draw_noise
    return players


def play_discriminator(update_discriminator, players, s):
    return update_discriminator(players, tf.constant(s))


def play(players, images):
    return players.train_step(tf.constant(images))
