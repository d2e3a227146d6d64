"""The tests of lab 9 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers


@exercise("1.1", points=1)
@pytest.mark.parametrize("shape", [(1, 5, 4, 3), (6, 7), (3, 2, 3, 2, 2)])
def test_errors_of_images_of_any_shape(student, rng, shape):
    """The error is right for colour images, vectors, volumes, and for a single image."""
    s, s_hat = rng.normal(size=(2, *shape)).astype("float32")
    expect.close(
        student.reconstruction_error(s, s_hat),
        errors(s, s_hat),
        f"the errors for arrays of shape {shape}",
        "All axes except the first belong to the image.",
    )


@exercise("1.2", points=1)
@pytest.mark.parametrize(("n", "d", "scale"), [(4, 64, 1.0), (3, 2, 30.0), (1, 1, 1.0)])
def test_unlikely_codes_of_any_size(student, rng, n, d, scale):
    """The score is finite for codes whose density is rounded to 0, for any d."""
    z = (scale * rng.choice([-1, 1], (n, d)) * rng.uniform(0.7, 1.3, (n, d))).astype("float32")
    expect.close(
        student.prior_score(z),
        0.5 * ((z.astype("float64") ** 2).sum(axis=1) + d * np.log(2 * np.pi)),
        f"the scores of {n} codes with d = {d} and values of about {scale:g}",
        "Simplify the logarithm: then the formula contains no exponential.",
    )


@exercise("1.3", points=1)
@pytest.mark.parametrize("n", [1, 4])
def test_extreme_logits(student, rng, n):
    """The score is 0 or 1, and not NaN, for very large logits and for a single image."""
    for sign in (1, -1):
        logits = (sign * 10 ** rng.uniform(2.2, 6.0, size=(n, 1))).astype("float32")
        expect.close(
            student.posterior_score(logits),
            np.full(n, float(sign < 0)),
            f"the scores for logits of {', '.join(f'{a:.3g}' for a in logits[:, 0])}",
            "infinity / infinity is NaN: avoid exponentials of large numbers.",
        )


@exercise("1.4", points=1)
@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0])
def test_features_of_any_shape(student, rng, alpha):
    """A(s) is right for features with several axes, other images, and alpha = 0 and 1."""
    n = int(rng.integers(1, 4))
    s, s_hat = rng.normal(size=(2, n, 4, 4, 3)).astype("float32")
    f, f_hat = rng.normal(size=(2, n, 2, 2, 5)).astype("float32")
    expect.close(
        student.bigan_score(s, s_hat, f, f_hat, alpha),
        (1 - alpha) * errors(s, s_hat) + alpha * errors(f, f_hat),
        f"the scores of {n} colour images with features of shape (2, 2, 5), alpha = {alpha}",
    )


@exercise("2.1", points=1)
@pytest.mark.parametrize(("m", "n_fakes"), [(1, 1), (3, 12), (9, 2)])
def test_minibatches_of_any_size(student, rng, m, n_fakes):
    """Both terms count the same, for any numbers of real and generated pairs."""
    real = rng.normal(size=(m, 1)).astype("float32")
    fake = rng.normal(size=(n_fakes, 1)).astype("float32")
    case = f"of {m} real and {n_fakes} generated pairs"
    hint = "Average each term over its own minibatch."
    expect.close(
        student.discriminator_loss(real, fake),
        softplus(-real).mean() + softplus(fake).mean(),
        f"discriminator_loss {case}",
        hint,
    )
    expect.close(
        student.generator_encoder_loss(real, fake),
        softplus(real).mean() + softplus(-fake).mean(),
        f"generator_encoder_loss {case}",
        hint,
    )


@exercise("2.2", points=1)
def test_fit_plays(student, rng):
    """fit can train the model on colour images, and logs the losses."""
    images, logit = rng.uniform(size=(12, 2, 4, 3)).astype("float32"), float(rng.uniform(1, 3))
    history = student.run_beside(train_a_little, student.BiGAN, images, logit)
    for name, loss in (
        ("d_loss", softplus(-logit) + softplus(logit)),
        ("g_loss", softplus(logit) + softplus(-logit)),
    ):
        expect.close(
            history.get(name),
            [loss, loss],
            f"the {name} of 2 epochs of fit, of a D that cannot learn: all its logits are "
            f"{logit:.4g}",
        )


@exercise("2.2", points=1)
def test_networks_are_in_training_mode(student, rng):
    """Batch normalization uses the statistics of each minibatch, in all three networks."""
    n, size, d = 8, 3, 2
    # the normalization of D would remove a common scale of all inputs, so the scales differ
    s = (rng.normal(2.0, 1.0, size=(n, size)) * [0.2, 1.0, 5.0]).astype("float32")
    z = (rng.normal(1.0, 1.0, size=(2, n, d)) * [0.3, 5.0]).astype("float32")
    w_e = rng.normal(size=(size, d)).astype("float32")
    w_g = rng.normal(size=(d, size)).astype("float32")
    w_d = rng.normal(size=(size + d, 1)).astype("float32")
    logs = student.run_beside(losses_of_normed, student.BiGAN, w_e, w_g, w_d, s, z)
    expect.that(
        isinstance(logs, dict) and {"d_loss", "g_loss"} <= set(logs),
        "what train_step returns",
        'a dictionary with "d_loss" and "g_loss"',
        logs,
    )

    def fakes(z):
        return normed(np.concatenate([normed(z) @ w_g, z], axis=1)) @ w_d

    real = normed(np.concatenate([s, normed(s) @ w_e], axis=1)) @ w_d
    d_loss = softplus(-real).mean() + softplus(fakes(z[0])).mean()
    hint = "Use training=True; call D once for the real and once for the generated pairs."
    expect.close(
        logs["d_loss"], d_loss, "the loss of D, with batch normalization in all networks", hint
    )
    g_loss = softplus(real).mean() + softplus(-fakes(z[1])).mean()
    expect.close(
        logs["g_loss"],
        g_loss,
        "the loss of G and E, with batch normalization in all networks",
        hint,
    )


@exercise("3.1", points=1)
@pytest.mark.parametrize(("shape", "n_alarms"), [((1000,), 10), ((5, 8, 10), 240), ((30, 4), 3)])
def test_maps_and_other_rates(student, rng, shape, n_alarms):
    """The threshold is one number for maps, too, for skewed scores, and for other rates."""
    scores = rng.gamma(1.0, 2.0, size=shape).astype("float32")
    expect.between(
        student.threshold(scores, n_alarms / scores.size),
        *acceptable(scores, n_alarms),
        f"the threshold that {n_alarms} of {scores.size} scores, of shape {shape}, exceed",
        "Use all scores, for any shape of the array. The scores may have any distribution.",
    )


@exercise("3.2", points=1)
@pytest.mark.parametrize(
    ("n", "k", "rows", "columns", "channels"), [(1, 8, 1, 2, 3), (2, 1, 5, 3, 1), (4, 4, 3, 2, 1)]
)
def test_maps_of_any_size(student, rng, n, k, rows, columns, channels):
    """The map is right for other sizes of places and images, and for a single image."""
    shape = (n, k * rows, k * columns, channels)
    s, s_hat = rng.uniform(size=(2, *shape)).astype("float32")
    d = rng.normal(0.5, 0.7, size=(n, rows, columns)).astype("float32")
    expect.close(
        student.anomaly_map(s, s_hat, d, 0.4),
        0.4 * np.kron((d - 1) ** 2, np.ones((1, k, k)))
        + 0.6 * np.sqrt(((s_hat - s) ** 2).sum(axis=-1)),
        f"the maps of images of shape {shape} with {rows}x{columns} places, alpha = 0.4",
        "k is the height of the images, divided by the height of D's map.",
        picture=True,
    )


@exercise("3.2", points=1)
def test_alpha_at_its_ends(student, rng):
    """With alpha = 0 the map is the reconstruction error, with alpha = 1 the part of D."""
    s, s_hat = rng.uniform(size=(2, 2, 8, 4, 3)).astype("float32")
    d = rng.normal(0.5, 0.7, size=(2, 2, 1)).astype("float32")
    expect.close(
        student.anomaly_map(s, s_hat, d, 0.0),
        np.sqrt(((s_hat - s) ** 2).sum(axis=-1)),
        "the maps of 2 colour images, alpha = 0",
        "Compute the norm of each pixel, over its channels.",
    )
    expect.close(
        student.anomaly_map(s, s_hat, d, 1.0),
        np.kron((d - 1) ** 2, np.ones((1, 4, 4))),
        "the maps of 2 colour images, alpha = 1",
    )


@exercise("3.3", points=1)
def test_rates_of_many_maps(student, rng):
    """The rates are right for maps with different shares of defects, and for rates of 0 and 1."""
    truth = rng.uniform(size=(4, 5, 6)) < np.array([0.8, 0.0, 0.1, 0.3])[:, None, None]
    truth[0, 0, 0] = True
    scores = (rng.normal(size=truth.shape) + truth).astype("float32")
    omega = student.mask(scores, 0.5)
    expect.close(omega, scores > 0.5, "the mask of 4 maps for gamma = 0.5")
    for found, what in ((omega, "4 maps"), (truth, "a perfect mask"), (~truth, "the opposite")):
        both = student.rates(found, truth)
        expect.that(
            isinstance(both, list | tuple) and len(both) == 2,
            "what rates returns",
            "two numbers, (true positive rate, false positive rate)",
            both,
        )
        hint = "Count over all pixels of all maps together."
        expect.close(both[0], found[truth].mean(), f"the true positive rate of {what}", hint)
        expect.close(both[1], found[~truth].mean(), f"the false positive rate of {what}", hint)


def errors(s, s_hat):
    return np.sqrt(((s_hat - s).astype("float64").reshape(len(s), -1) ** 2).sum(axis=1))


def acceptable(scores, n_alarms):
    """Return the range of the thresholds that n_alarms scores exceed, plus or minus one."""
    below = scores.size - n_alarms
    ordered = np.sort(scores.ravel())
    return float(ordered[below - 2]), float(ordered[below + 1])


def softplus(a):
    return np.logaddexp(0.0, np.asarray(a, "float64"))


def normed(x):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-3)


# The functions below run beside the answers (student.run_beside).


def train_a_little(BiGAN, images, logit):
    shape, d = (2, 4, 3), 6
    encoder = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(d)])
    generator = keras.Sequential([keras.Input((d,)), layers.Dense(24), layers.Reshape(shape)])
    image, code = keras.Input(shape), keras.Input((d,))
    pair = layers.Concatenate()([layers.Flatten()(image), code])
    discriminator = keras.Model([image, code], layers.Dense(1)(pair))
    discriminator.set_weights([np.zeros((24 + d, 1)), np.full(1, logit)])
    bigan = BiGAN(encoder, generator, discriminator)
    bigan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    return bigan.fit(images, batch_size=5, epochs=2, verbose=0).history


def losses_of_normed(BiGAN, w_e, w_g, w_d, s, z):
    def norm():
        return layers.BatchNormalization(center=False, scale=False, epsilon=1e-3)

    def network(w):
        model = keras.Sequential(
            [keras.Input((w.shape[0],)), norm(), layers.Dense(w.shape[1], use_bias=False)]
        )
        model.layers[-1].set_weights([w])
        return model

    image, code = keras.Input((w_e.shape[0],)), keras.Input((w_e.shape[1],))
    discriminator = keras.Model([image, code], network(w_d)(layers.Concatenate()([image, code])))
    bigan = BiGAN(network(w_e), network(w_g), discriminator)
    bigan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    rest = tf.Variable(z)

    def draw_noise(m):
        drawn = rest[0][:m]
        rest.assign(tf.roll(rest, -1, axis=0))
        return drawn

    bigan.draw_noise = draw_noise
    return bigan.train_step(tf.constant(s))
