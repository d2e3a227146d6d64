"""The checks of lab 9 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers

STABLE = "Write each logarithm as a softplus of the logit, without the sigmoid."


@exercise("1.1", points=1)
def test_one_error_per_image(student, rng):
    """The error is the length of the difference, over all pixels of an image."""
    s, s_hat = rng.uniform(size=(2, 5, 4, 6, 1)).astype("float32")
    expect.close(
        student.reconstruction_error(s, s_hat),
        errors(s, s_hat),
        "the errors of 5 images of 4x6 pixels",
        "Sum the squares over all axes except the first, then take the root.",
    )


@exercise("1.2", points=1)
def test_prior_is_the_negative_logarithm_of_the_density(student, rng):
    """The score is -log of the density of the Gaussian, including the constant."""
    z = rng.normal(size=(6, 3)).astype("float32")
    density = np.prod(np.exp(-0.5 * z.astype("float64") ** 2) / np.sqrt(2 * np.pi), axis=1)
    expect.close(
        student.prior_score(z),
        -np.log(density),
        "the scores of 6 codes with d = 3",
        "Take -log of the product over all dimensions; the constant is a part of it.",
        inputs={"z": z},
    )


@exercise("1.3", points=1)
def test_posterior_is_high_for_fakes(student, rng):
    """The score is 1 - D, one number per image."""
    logits = 2 * rng.normal(size=(7, 1)).astype("float32")
    expect.close(
        student.posterior_score(logits),
        1 - 1 / (1 + np.exp(-logits[:, 0])),
        "the scores of 7 images",
        "D is the sigmoid of the logit; the result has one axis.",
    )


@exercise("1.3", points=1)
def test_sure_posteriors_differ(student, rng):
    """If D is sure that an image is real, the score is small, but not 0."""
    logits = rng.uniform(20.0, 60.0, size=(5, 1)).astype("float32")
    expect.close(
        student.posterior_score(logits),
        np.exp(-logits[:, 0].astype("float64")),  # 1 + e^-a is 1 here
        f"the scores for logits of {', '.join(f'{a:.1f}' for a in logits[:, 0])}",
        "1 - sigmoid(a) is rounded to 0. Which other value of the sigmoid equals 1 - sigmoid(a)?",
        atol=0.0,
    )


@exercise("1.4", points=1)
def test_both_comparisons_are_weighted(student, rng):
    """A(s) is the weighted sum of two lengths."""
    s, s_hat = rng.uniform(size=(2, 4, 3, 5, 1)).astype("float32")
    f, f_hat = rng.normal(size=(2, 4, 6)).astype("float32")
    alpha = float(rng.uniform(0.1, 0.4))
    expect.close(
        student.bigan_score(s, s_hat, f, f_hat, alpha),
        (1 - alpha) * errors(s, s_hat) + alpha * errors(f, f_hat),
        f"the scores of 4 images, alpha = {alpha:.3f}",
        "The weights: alpha for the features, 1 - alpha for the images. Do not square the lengths.",
    )


@exercise("2.1", points=1)
def test_losses_have_the_right_values(student, rng):
    """D's loss is low if D is right; the loss of G and E is low if D is wrong."""
    real, fake = 2 * rng.normal(size=(2, 6, 1)).astype("float32")
    expect.close(
        student.discriminator_loss(real, fake),
        softplus(-real).mean() + softplus(fake).mean(),
        "discriminator_loss of 6 pairs of each kind",
        "Average -log D over the real pairs, -log(1 - D) over the generated ones; then add.",
    )
    expect.close(
        student.generator_encoder_loss(real, fake),
        softplus(real).mean() + softplus(-fake).mean(),
        "generator_encoder_loss of 6 pairs of each kind",
        "Average -log(1 - D) over the real pairs, -log D over the generated ones; then add.",
    )


@exercise("2.1", points=1)
def test_a_sure_discriminator_can_be_wrong(student, rng):
    """The losses are right for large logits, too: for right and for wrong discriminators."""
    real, fake = large(rng), large(rng)
    where = f"for logits {listed(real)} (real) and {listed(fake)} (generated)"
    expect.close(
        student.discriminator_loss(real, fake),
        softplus(-real).mean() + softplus(fake).mean(),
        f"discriminator_loss {where}",
        STABLE,
    )
    expect.close(
        student.generator_encoder_loss(real, fake),
        softplus(real).mean() + softplus(-fake).mean(),
        f"generator_encoder_loss {where}",
        STABLE,
    )


@exercise("2.2", points=2)
def test_discriminator_takes_its_step(student, rng):
    """theta_d changes as computed by hand: each image has its own code."""
    game = Game(student, rng)
    game.play()
    game.iterate()
    expect.close(
        game.bigan.discriminator.get_weights()[0],
        game.w_d,
        "the discriminator's weights after one iteration",
        "The pairs are [s, E(s)] and [G(z), z], with z from self.draw_noise(m).",
    )


@exercise("2.2", points=1)
def test_generator_takes_its_step(student, rng):
    """theta_g changes as computed by hand, on new noise, with the updated discriminator."""
    game = Game(student, rng)
    game.play()
    game.iterate()
    expect.close(
        game.bigan.generator.get_weights()[0],
        game.w_g,
        "the generator's weights after one iteration",
        "Use new noise and the updated discriminator; call G inside the tape.",
    )


@exercise("2.2", points=1)
def test_encoder_takes_its_step(student, rng):
    """theta_e changes as computed by hand: real pairs get the target of generated ones."""
    game = Game(student, rng)
    game.play()
    game.iterate()
    expect.close(
        game.bigan.encoder.get_weights()[0],
        game.w_e,
        "the encoder's weights after one iteration",
        "self.g_optimizer changes the weights of G and of E; call E inside the tape.",
    )


@exercise("2.2", points=1)
def test_losses_are_returned(student, rng):
    """train_step returns both losses, each before its update."""
    game = Game(student, rng)
    logs = game.play()
    d_loss, g_loss = game.iterate()
    for name, expected in (("d_loss", d_loss), ("g_loss", g_loss)):
        expect.that(
            isinstance(logs, dict) and name in logs,
            "what train_step returns",
            'a dictionary with "d_loss" and "g_loss"',
            logs,
        )
        expect.close(logs[name], expected, f'logs["{name}"]')


@exercise("3.1", points=1)
def test_share_of_false_alarms(student, rng):
    """The right share of the normal scores lies above the threshold."""
    scores = rng.normal(10.0, 4.0, size=int(rng.integers(200, 400)))
    n_alarms = int(rng.integers(20, 60))
    expect.between(
        student.threshold(scores, n_alarms / len(scores)),
        *acceptable(scores, n_alarms),
        f"the threshold that {n_alarms} of {len(scores)} normal scores exceed",
        "A share of 1 - rate of the scores lies below the threshold.",
    )


@exercise("3.2", points=1)
def test_map_weighs_both_parts(student, rng):
    """The map is the weighted sum at every pixel."""
    s, s_hat = rng.uniform(size=(2, 3, 4, 6, 2)).astype("float32")
    d = rng.normal(0.5, 0.7, size=(3, 2, 3)).astype("float32")
    alpha = float(rng.uniform(0.1, 0.4))
    of_places = np.kron((d - 1) ** 2, np.ones((1, 2, 2)))
    of_pixels = np.sqrt(((s_hat - s) ** 2).sum(axis=-1))
    expect.close(
        student.anomaly_map(s, s_hat, d, alpha),
        alpha * of_places + (1 - alpha) * of_pixels,
        f"the maps of 3 images of 4x6 pixels in 2 colours, k = 2, alpha = {alpha:.3f}",
        "alpha times the part of D, which is squared and the same at k x k pixels; plus 1 - alpha "
        "times the norm, which is over the channels of each pixel and is not squared.",
        picture=True,
    )


@exercise("3.2", points=1)
def test_pixels_of_a_place_share_its_score(student, rng):
    """All k x k pixels of a place, and no others, get the score of this place."""
    d = rng.uniform(-1.0, 1.0, size=(1, 2, 3)).astype("float32")
    s = rng.uniform(size=(1, 6, 9, 1)).astype("float32")
    expect.close(
        student.anomaly_map(s, s, d, 1.0),
        np.kron((d - 1) ** 2, np.ones((1, 3, 3))),
        "the map of an image of 6x9 pixels with 2x3 places, alpha = 1",
        "Repeat each number k times along both axes: np.repeat, not np.tile.",
    )


@exercise("3.3", points=1)
def test_mask_is_true_above_the_threshold(student, rng):
    """The mask is True above the threshold, and False at the threshold and below."""
    a = rng.normal(size=(2, 3, 4)).astype("float32")
    gamma = float(np.sort(a.ravel())[13])  # one of the scores
    found = student.mask(a, gamma)
    expect.close(found, a > gamma, f"the mask for gamma = {gamma:.4f}, which is one of the scores")
    expect.equal(str(found.dtype), "bool", "the type of the mask's values")


@exercise("3.3", points=2)
def test_rates_are_shares_of_each_kind(student, rng):
    """One rate is a share of the anomalous pixels, the other of the normal ones."""
    order = rng.permutation(
        80
    )  # enough pixels, so that no other share has the same value by chance
    truth = order < 20
    omega = (order < rng.integers(12, 16)) | (order >= 80 - rng.integers(9, 15))
    both = student.rates(omega, truth)
    expect.that(
        isinstance(both, list | tuple) and len(both) == 2,
        "what rates returns",
        "two numbers, (true positive rate, false positive rate)",
        both,
    )
    hits, n = (omega & truth).sum(), truth.sum()
    expect.close(
        both[0], hits / n, f"the true positive rate: {hits} of {n} anomalous pixels are found"
    )
    alarms, n = (omega & ~truth).sum(), (~truth).sum()
    expect.close(
        both[1], alarms / n, f"the false positive rate: {alarms} of {n} normal pixels have an alarm"
    )


def errors(s, s_hat):
    return np.sqrt(((s_hat - s).astype("float64").reshape(len(s), -1) ** 2).sum(axis=1))


def acceptable(scores, n_alarms):
    """Return the range of the thresholds that n_alarms scores exceed, plus or minus one."""
    below = len(scores) - n_alarms
    ordered = np.sort(scores.ravel())
    return float(ordered[below - 2]), float(ordered[below + 1])


def large(rng):
    return (rng.uniform(110.0, 190.0, size=(4, 1)) * [[1], [-1], [1], [-1]]).astype("float32")


def listed(logits):
    return ", ".join(f"{logit:.0f}" for logit in logits[:, 0])


def softplus(a):
    return np.logaddexp(0.0, np.asarray(a, "float64"))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class Game:
    """Three linear networks with known noise; their steps can be computed by hand."""

    shape, d, m = (2, 3, 1), 2, 5
    d_rate, g_rate = 0.2, 0.3

    def __init__(self, student, rng):
        pixels = int(np.prod(self.shape))
        self.w_e = rng.normal(size=(pixels, self.d)).astype("float32")
        self.w_g = rng.normal(size=(self.d, pixels)).astype("float32")
        self.w_d = rng.normal(size=(pixels + self.d, 1)).astype("float32") / 2
        self.noise = rng.normal(size=(20, self.d)).astype("float32")
        self.images = rng.uniform(size=(self.m, *self.shape)).astype("float32")
        self.student = student
        self.bigan = student.run_beside(
            build_bigan,
            student.BiGAN,
            self.w_e,
            self.w_g,
            self.w_d,
            self.shape,
            self.d_rate,
            self.g_rate,
            self.noise,
        )

    def play(self):
        return self.student.run_beside(play, self.bigan, self.images)

    def pairs(self, z):
        """Return both kinds of pairs, each with image and code in one row."""
        s = self.images.reshape(self.m, -1)
        real = np.concatenate([s, s @ self.w_e], axis=1)
        return real, np.concatenate([z @ self.w_g, z], axis=1)

    def iterate(self):
        """Compute one iteration, and return both losses."""
        real, fake = self.pairs(self.noise[: self.m])
        d_loss = softplus(-real @ self.w_d).mean() + softplus(fake @ self.w_d).mean()
        of_real = (sigmoid(real @ self.w_d) - 1) / self.m
        of_fake = sigmoid(fake @ self.w_d) / self.m
        self.w_d = self.w_d - self.d_rate * (real.T @ of_real + fake.T @ of_fake)

        z = self.noise[self.m : 2 * self.m]
        real, fake = (pairs @ self.w_d for pairs in self.pairs(z))
        g_loss = softplus(real).mean() + softplus(-fake).mean()
        of_image, of_code = np.split(self.w_d.T, [-self.d], axis=1)
        of_codes = sigmoid(real) / self.m @ of_code
        of_images = (sigmoid(fake) - 1) / self.m @ of_image
        self.w_e = self.w_e - self.g_rate * self.images.reshape(self.m, -1).T @ of_codes
        self.w_g = self.w_g - self.g_rate * z.T @ of_images
        return d_loss, g_loss


# The functions below run beside the answers (student.run_beside).


def build_bigan(BiGAN, w_e, w_g, w_d, shape, d_rate, g_rate, noise):
    encoder = keras.Sequential(
        [keras.Input(shape), layers.Flatten(), layers.Dense(w_e.shape[1], use_bias=False)]
    )
    generator = keras.Sequential(
        [
            keras.Input((w_g.shape[0],)),
            layers.Dense(w_g.shape[1], use_bias=False),
            layers.Reshape(shape),
        ]
    )
    image, code = keras.Input(shape), keras.Input((w_g.shape[0],))
    pair = layers.Concatenate()([layers.Flatten()(image), code])
    discriminator = keras.Model([image, code], layers.Dense(1, use_bias=False)(pair))
    encoder.set_weights([w_e])
    generator.set_weights([w_g])
    discriminator.set_weights([w_d])
    bigan = BiGAN(encoder, generator, discriminator)
    bigan.compile(keras.optimizers.SGD(d_rate), keras.optimizers.SGD(g_rate))
    rest = tf.Variable(noise)

    def draw_noise(m):
        z = rest[:m]
        rest.assign(tf.roll(rest, -m, axis=0))
        return z

    bigan.draw_noise = draw_noise
    return bigan


def play(bigan, s):
    return bigan.train_step(tf.constant(s))
