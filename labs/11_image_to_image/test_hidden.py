"""The tests of lab 11 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers


@exercise("1.1", points=1)
@pytest.mark.parametrize(("widths", "channels"), [((5,), 1), ((4, 6, 3, 8), 2)])
def test_unets_of_any_depth(student, rng, widths, channels):
    """The number of steps is right for other depths; all kernels have the right shapes."""
    read = int(rng.integers(9, 13))
    network = student.get_unet((16, 32, read), channels, widths)
    h = [read, *widths]  # channels of h_0, h_1, ...
    kernels = [(4, 4, before, after) for before, after in zip(h, widths, strict=False)]
    u = h[-1]
    for i in range(len(widths), 0, -1):
        drawn = h[max(i - 1, 1)]
        kernels.append((4, 4, drawn, u))  # of a transposed convolution: outputs, inputs
        u = drawn + h[i - 1]
    kernels.append((3, 3, u, channels))
    expect.equal(
        sorted(tuple(shape) for shape in student.run_beside(kernel_shapes, network)),
        sorted(kernels),
        f"the shapes of all kernels, sorted, for widths = {widths}, an input of {read} channels "
        f"and an image of {channels}",
    )


@exercise("1.2", points=1)
@pytest.mark.parametrize("widths", [(5,), (3, 6, 4)])
def test_discriminators_of_any_depth(student, rng, widths):
    """The shapes are right for other depths and channels."""
    image, condition = (int(n) for n in rng.permutation([1, 2, 4])[:2])
    network = student.get_patch_discriminator((16, 8, image), (16, 8, condition), widths)
    inputs = [image + condition, *widths]
    kernels = [(4, 4, before, after) for before, after in zip(inputs, widths, strict=False)]
    case = f"for widths = {widths}, {image} channels of the image and {condition} of the condition"
    expect.equal(
        sorted(tuple(shape) for shape in student.run_beside(kernel_shapes, network)),
        sorted([*kernels, (3, 3, widths[-1], 1)]),
        f"the shapes of all kernels, sorted, {case}",
    )
    sides = 16 // 2 ** len(widths), 8 // 2 ** len(widths)
    expect.equal(tuple(network.output_shape), (None, *sides, 1), f"the shape of the logits, {case}")


@exercise("2.1", points=1)
@pytest.mark.parametrize(("m", "n_fakes"), [(1, 5), (6, 2)])
def test_grids_of_any_size(student, rng, m, n_fakes):
    """Each term is averaged over its own patches, for any numbers of images and patches."""
    rows, columns = (int(n) for n in rng.integers(1, 6, 2))
    real = rng.normal(2.0, 1.0, size=(m, rows, columns, 1)).astype("float32")
    fake = rng.normal(2.0, 1.0, size=(n_fakes, rows, columns, 1)).astype("float32")
    expect.close(
        student.discriminator_loss(real, fake),
        0.5 * (softplus(-real).mean() + softplus(fake).mean()),
        f"the loss for {m} real and {n_fakes} generated pairs, {rows}x{columns} patches each",
    )


@exercise("2.2", points=1)
@pytest.mark.parametrize(("m", "channels"), [(1, 3), (5, 1)])
def test_losses_of_any_size(student, rng, m, channels):
    """The loss is right for other numbers of images, patches, pixels and channels."""
    rows, height, width = (int(n) for n in rng.integers(2, 9, 3))
    fake = rng.normal(size=(m, rows, 1, 1)).astype("float32")
    y, y_hat = rng.uniform(-1, 1, (2, m, height, width, channels)).astype("float32")
    expect.close(
        student.generator_loss(fake, y, y_hat, 40.0),
        softplus(-fake).mean() + 40 * np.abs(y - y_hat).mean(),
        f"the loss for {m} images of {height}x{width}x{channels} and {rows}x1 patches",
    )


@exercise("2.3", points=1)
def test_fit_plays(student, rng):
    """fit can train the model, and logs both losses."""
    logit, y, y_hat = (float(value) for value in rng.uniform(0.5, 2, 3))
    history = student.run_beside(train_a_little, student.Pix2Pix, logit, y, y_hat)
    for name, loss in (
        ("d_loss", 0.5 * (softplus(-logit) + softplus(logit))),
        ("g_loss", softplus(-logit) + 7 * abs(y - y_hat)),
    ):
        expect.close(
            history.get(name),
            [float(loss)] * 2,
            f"the {name} of 2 epochs of fit, where nothing can be learnt: all logits are "
            f"{logit:.4g}, all y {y:.4g}, all G(x) {y_hat:.4g}",
        )


@exercise("2.3", points=1)
def test_networks_are_in_training_mode(student, rng):
    """Batch normalization uses the statistics of each minibatch, in both networks."""
    # the normalization of D would remove a common scale of all inputs, so the scales differ
    x = (rng.normal(2.0, 1.0, size=(4, 2, 3, 2)) * [0.3, 5.0]).astype("float32")
    y = (rng.normal(1.0, 1.0, size=(4, 2, 3, 3)) * [0.2, 1.0, 4.0]).astype("float32")
    w_g, w_d = rng.normal(size=(2, 3)).astype("float32"), rng.normal(size=(5, 1)).astype("float32")
    logs = student.run_beside(losses_of_normed, student.Pix2Pix, w_g, w_d, x, y)
    expect.that(
        isinstance(logs, dict) and {"d_loss", "g_loss"} <= set(logs),
        "what train_step returns",
        'a dictionary with "d_loss" and "g_loss"',
        logs,
    )
    y_hat = normed(x) @ w_g
    real = normed(np.concatenate([y, x], axis=3)) @ w_d
    fake = normed(np.concatenate([y_hat, x], axis=3)) @ w_d
    hint = "Use training=True; call D once for the real and once for the generated pairs."
    expect.close(
        logs["d_loss"],
        0.5 * (softplus(-real).mean() + softplus(fake).mean()),
        "the loss of D, with batch normalization in both networks",
        hint,
    )
    expect.close(
        logs["g_loss"],
        softplus(-fake).mean() + 2 * np.abs(y - y_hat).mean(),
        "the loss of G, with batch normalization in both networks",
        hint,
    )


@exercise("3.1", points=1)
def test_cycles_in_training_mode(student, rng):
    """Batch normalization uses the statistics of each minibatch; the minibatches may differ."""
    x = rng.normal(2.0, 1.0, size=(4, 2, 3, 2)).astype("float32")
    y = rng.normal(-1.0, 2.0, size=(2, 5, 3, 2)).astype("float32")
    g, f = rng.normal(size=(2, 2, 2)).astype("float32")
    found = student.run_beside(cycle_of_normed, student.cycle_loss, g, f, x, y)

    back_x, back_y = normed(normed(x) @ g) @ f, normed(normed(y) @ f) @ g
    expect.close(
        found,
        absolute(back_x - x) + absolute(back_y - y),
        "the loss of both cycles, with batch normalization in both generators",
        "Use training=True.",
    )


@exercise("3.1", points=1)
def test_the_identity_in_training_mode(student, rng):
    """Batch normalization uses the statistics of each minibatch; the minibatches may differ."""
    x = rng.normal(2.0, 1.0, size=(1, 4, 3, 2)).astype("float32")
    y = rng.normal(-1.0, 2.0, size=(3, 2, 2, 2)).astype("float32")
    g, f = rng.normal(size=(2, 2, 2)).astype("float32")
    expect.close(
        student.run_beside(cycle_of_normed, student.identity_loss, g, f, x, y),
        absolute(normed(y) @ g - y) + absolute(normed(x) @ f - x),
        "the identity loss, with batch normalization in both generators",
        "Use training=True.",
    )


@exercise("3.2", points=1)
@pytest.mark.parametrize(("lam", "mu"), [(0.0, 0.5), (4.0, 0.0)])
def test_other_weights_of_the_terms(student, rng, lam, mu):
    """The loss has the right weights, and the discriminators do not change."""
    x, y = rng.uniform(0, 1, (2, 2, 3, 3, 2)).astype("float32")
    g, f = rng.normal(size=(2, 2, 2)).astype("float32")
    d_y, d_x = rng.normal(size=(2, 2, 1)).astype("float32")
    loss, *weights = student.run_beside(
        step_of_ways, student.TwoWays, student.update_generators, g, f, d_y, d_x, lam, mu, x, y
    )
    wanted = np.mean((x @ g @ d_y - 1) ** 2) + np.mean((y @ f @ d_x - 1) ** 2)
    wanted += lam * (absolute(x @ g @ f - x) + absolute(y @ f @ g - y))
    wanted += lam * mu * (absolute(y @ g - y) + absolute(x @ f - x))
    expect.close(loss, wanted, f"the loss for lambda = {lam} and mu = {mu}")
    for name, found, before in zip(("D_Y", "D_X"), weights, (d_y, d_x), strict=True):
        expect.close(
            found,
            before,
            f"the weights of {name} after a step of the generators",
            "Pass only the weights of G and F to the optimizer.",
            atol=1e-7,
            rtol=1e-7,
        )


@exercise("3.2", points=1)
def test_all_networks_in_training_mode(student, rng):
    """Batch normalization uses the statistics of each minibatch, in all four networks."""
    x = rng.normal(2.0, 1.0, size=(4, 2, 3, 2)).astype("float32")
    y = rng.normal(-1.0, 2.0, size=(4, 3, 2, 2)).astype("float32")
    g, f = rng.normal(size=(2, 2, 2)).astype("float32")
    d_y, d_x = rng.normal(size=(2, 2, 1)).astype("float32")
    loss = student.run_beside(
        loss_of_normed_ways, student.TwoWays, student.update_generators, g, f, d_y, d_x, x, y
    )

    def through(images, *all_weights):
        for w in all_weights:
            images = normed(images) @ w
        return images

    wanted = np.mean((through(x, g, d_y) - 1) ** 2) + np.mean((through(y, f, d_x) - 1) ** 2)
    wanted += 2 * (absolute(through(x, g, f) - x) + absolute(through(y, f, g) - y))
    wanted += 2 * 0.3 * (absolute(through(y, g) - y) + absolute(through(x, f) - x))
    expect.close(
        loss, wanted, "the loss, with batch normalization in all four networks", "training=True"
    )


@exercise("3.3", points=1)
def test_half_of_the_images_are_exchanged(student, rng):
    """With a full history, D sees an old image with probability 1/2."""
    size = int(rng.integers(3, 9))
    new = rng.uniform(0.1, 0.9, (2000 + size, 1, 1, 1)).astype("float32")
    seen = student.run_beside(exchange_all, student.exchange, new, size, 5)
    expect.shape(seen, new.shape, f"what D sees of {len(new)} images, for size = {size}")
    known = np.isin(seen, new)
    expect.that(
        bool(known.all()),
        "the images that D sees",
        "images that were generated",
        f"{int((~known).sum())} other images",
    )
    share = float((seen[size:] != new[size:]).mean())
    expect.between(share, 0.44, 0.56, "the share of old images among those that D sees")


@exercise("3.3", points=1)
def test_each_place_is_equally_likely(student, rng):
    """The place of the exchange is random."""
    values = rng.uniform(0.1, 0.9, 5).astype("float32")
    seen = student.run_beside(exchange_often, student.exchange, values, 4000, 7)
    expect.shape(seen, (4000,), "what D sees of one image, 4000 times, with the same 4 in the list")
    counts = np.array([(seen == value).sum() for value in values])
    expect.that(
        bool(counts.sum() == 4000 and (np.abs(counts[:4] - 500) < 120).all()),
        "how often D sees each of the 4 old images and the new one, in 4000 trials",
        "about 500 times each old one, and 2000 times the new one",
        counts,
        "Draw the place with rng.integers(size).",
    )


def softplus(a):
    return np.logaddexp(0.0, np.asarray(a, "float64"))


def absolute(difference):
    return np.abs(difference).mean()


def normed(x):
    axes = tuple(range(x.ndim - 1))
    return (x - x.mean(axis=axes)) / np.sqrt(x.var(axis=axes) + 1e-3)


# The functions below run beside the answers (student.run_beside).


def kernel_shapes(network):
    found = network._flatten_layers(include_self=False)
    return [list(map(int, x.kernel.shape)) for x in found if hasattr(x, "kernel")]


def train_a_little(Pix2Pix, logit, y, y_hat):
    generator = keras.Sequential([keras.Input((2, 2, 1)), layers.Dense(3)])
    generator.set_weights([np.zeros((1, 3)), np.full(3, y_hat)])
    image, condition = keras.Input((2, 2, 3)), keras.Input((2, 2, 1))
    logits = layers.Dense(1)(layers.Concatenate()([image, condition]))
    discriminator = keras.Model([image, condition], logits)
    discriminator.set_weights([np.zeros((4, 1)), np.full(1, logit)])
    pix2pix = Pix2Pix(generator, discriminator, 7.0)
    pix2pix.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    x, target = np.ones((5, 2, 2, 1), "float32"), np.full((5, 2, 2, 3), y, "float32")
    return pix2pix.fit(x, target, batch_size=2, epochs=2, verbose=0).history


def losses_of_normed(Pix2Pix, w_g, w_d, x, y):
    def network(w):
        norm = layers.BatchNormalization(center=False, scale=False, epsilon=1e-3)
        model = keras.Sequential(
            [keras.Input((None, None, w.shape[0])), norm, layers.Dense(w.shape[1], use_bias=False)]
        )
        model.layers[-1].set_weights([w])
        return model

    image, condition = keras.Input((None, None, 3)), keras.Input((None, None, 2))
    logits = network(w_d)(layers.Concatenate()([image, condition]))
    pix2pix = Pix2Pix(network(w_g), keras.Model([image, condition], logits), 2.0)
    pix2pix.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    return pix2pix.train_step((tf.constant(x), tf.constant(y)))


def cycle_of_normed(function, g, f, x, y):
    networks = []
    for w in (g, f):
        norm = layers.BatchNormalization(center=False, scale=False, epsilon=1e-3)
        networks.append(
            keras.Sequential([keras.Input((None, None, 2)), norm, layers.Dense(2, use_bias=False)])
        )
        networks[-1].layers[-1].set_weights([w])
    return function(*networks, tf.constant(x), tf.constant(y))


def step_of_ways(TwoWays, update_generators, g, f, d_y, d_x, lam, mu, x, y):
    networks = []
    for w in (g, f, d_y, d_x):
        network = keras.Sequential(
            [keras.Input((None, None, 2)), layers.Dense(w.shape[1], use_bias=False)]
        )
        network.set_weights([w])
        networks.append(network)
    gan = TwoWays(*networks, lam, mu)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    loss = update_generators(gan, tf.constant(x), tf.constant(y))
    return [loss, gan.D_Y.get_weights()[0], gan.D_X.get_weights()[0]]


def loss_of_normed_ways(TwoWays, update_generators, g, f, d_y, d_x, x, y):
    networks = []
    for w in (g, f, d_y, d_x):
        norm = layers.BatchNormalization(center=False, scale=False, epsilon=1e-3)
        dense = layers.Dense(w.shape[1], use_bias=False)
        networks.append(keras.Sequential([keras.Input((None, None, 2)), norm, dense]))
        dense.set_weights([w])
    gan = TwoWays(*networks, 2.0, 0.3)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    return update_generators(gan, tf.constant(x), tf.constant(y))


def exchange_all(exchange, new, size, seed):
    history, rng = [], np.random.default_rng(seed)
    return exchange(new, history, size, rng)


def exchange_often(exchange, values, n, seed):
    """Exchange the last value n times, each time with the same history of the other values."""
    rng = np.random.default_rng(seed)
    images = values.reshape(-1, 1, 1, 1)
    seen = [exchange(images[-1:], list(images[:-1]), len(images) - 1, rng) for _ in range(n)]
    return np.array(seen).reshape(-1)
