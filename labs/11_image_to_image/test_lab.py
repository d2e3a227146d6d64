"""The checks of lab 11 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers


@exercise("1.1", points=1)
def test_the_generator_draws_images(student):
    """The U-Net reads an image and draws an image with the same sides."""
    model = student.get_unet((16, 24, 2), 3, (6, 8, 4))
    expect.equal(
        (tuple(model.input_shape), tuple(model.output_shape)),
        ((None, 16, 24, 2), (None, 16, 24, 3)),
        "the shapes that the U-Net reads and draws, for inputs of 16x24x2 and 3 channels",
    )


@exercise("1.1", points=2)
def test_the_image_of_known_weights(student, rng):
    """With weights that the test has set, the image is the one that was computed by hand."""
    x = signed(rng, (2, 16, 24, 3))
    expect.close(
        student.run_beside(draw_with_known_weights, student.get_unet, x, 1, (4, 7, 5)),
        unet(x, (4, 7, 5)),
        "the images for two inputs. The test has set the weights: each convolution averages",
        "up(u_i) and h_(i-1) have the same sides. h_0 is the image itself, and joins, too.",
        picture=True,
    )


@exercise("1.2", points=1)
def test_a_grid_of_logits(student):
    """The discriminator reads two images, and returns one logit per patch."""
    model = student.get_patch_discriminator((16, 24, 3), (16, 24, 2), (6, 8))
    expect.equal(
        [tuple(shape) for shape in model.input_shape],
        [(None, 16, 24, 3), (None, 16, 24, 2)],
        "the shapes of image and condition that D reads",
        "keras.Model([image, condition], logits)",
    )
    expect.equal(
        tuple(model.output_shape), (None, 4, 6, 1), "the shape of the logits for two widths"
    )


@exercise("1.2", points=2)
def test_logits_of_known_weights(student, rng):
    """With weights that the test has set, the logits are those that were computed by hand."""
    y, x = signed(rng, (2, 16, 24, 3)), signed(rng, (2, 16, 24, 1))
    expect.close(
        student.run_beside(score_with_known_weights, student.get_patch_discriminator, y, x, (5, 3)),
        patch_logits(y, x, (5, 3)),
        "the logits of two pairs. The test has set the weights: each convolution averages",
        "Join both images first. Leaky ReLUs of slope 0.2, none after the last convolution.",
    )


@exercise("2.1", points=1)
def test_the_loss_of_the_discriminator(student, rng):
    """The loss has the right value for a grid of logits."""
    real, fake = rng.normal(size=(2, 4, 3, 5, 1)).astype("float32")
    expect.close(
        student.discriminator_loss(real, fake),
        0.5 * (softplus(-real).mean() + softplus(fake).mean()),
        "the loss for 4 real and 4 generated pairs, 3x5 patches each",
        "The mean over all patches, and half of the sum. Real pairs should get high logits.",
    )


@exercise("2.1", points=1)
def test_sure_logits(student, rng):
    """The loss is finite if the discriminator is sure and wrong."""
    real, fake = rng.uniform(110, 190, (2, 2, 2, 2, 1)).astype("float32")
    real = -real
    expect.close(
        student.discriminator_loss(real, fake),
        0.5 * (softplus(-real).mean() + softplus(fake).mean()),
        "the loss for logits of about -150 of real pairs, and 150 of generated ones",
        "Use softplus: the logarithm of a rounded sigmoid is infinite.",
    )


@exercise("2.2", points=1)
def test_both_terms_of_the_generator(student, rng):
    """The loss is the non-saturating loss plus lambda times the mean absolute difference."""
    fake = rng.normal(1.0, 1.0, size=(4, 3, 5, 1)).astype("float32")
    y, y_hat = rng.uniform(0, 1, (2, 4, 6, 10, 3)).astype("float32")
    lam = float(rng.uniform(2, 9))
    expect.close(
        student.generator_loss(fake, y, y_hat, lam),
        softplus(-fake).mean() + lam * np.abs(y - y_hat).mean(),
        f"the loss for 4 pairs, lambda = {lam:.3f}",
        "The mean over all patches, and the mean over all pixels and channels.",
    )


@exercise("2.2", points=1)
def test_each_term_alone(student, rng):
    """The loss is right if lambda is 0, and if the images are equal."""
    fake = rng.uniform(110, 190, (2, 2, 3, 1)).astype("float32")
    fake[0] *= -1
    y, y_hat = rng.uniform(0, 1, (2, 2, 4, 4, 3)).astype("float32")
    expect.close(
        student.generator_loss(fake, y, y_hat, 0.0),
        softplus(-fake).mean(),
        "the loss for lambda = 0 and logits of about 150 and -150",
        "Use softplus. G wants high logits of its images.",
    )
    lam = float(rng.uniform(50, 150))
    expect.close(
        student.generator_loss(fake, y, y, lam),
        softplus(-fake).mean(),
        f"the loss if G(x) = y, lambda = {lam:.1f}",
    )


@exercise("2.3", points=3)
def test_one_iteration(student, rng):
    """D takes its step, then G takes its step; the weights are as computed by hand."""
    game = PairedGame(student, rng)
    game.play()
    game.iterate()
    expect.close(
        game.weights("discriminator"),
        game.w_d,
        "the discriminator's weights after one iteration",
        "D reads [y, x] as real and [G(x), x] as generated. Only d_optimizer changes it.",
    )
    expect.close(
        game.weights("generator"),
        game.w_g,
        "the generator's weights after one iteration",
        "First D, then G. G learns from the new D; its gradient passes through D.",
    )


@exercise("2.3", points=1)
def test_losses_are_returned(student, rng):
    """train_step returns both losses, each before its update."""
    game = PairedGame(student, rng)
    logs = game.play()
    for name, expected in zip(("d_loss", "g_loss"), game.iterate(), strict=True):
        expect.that(
            isinstance(logs, dict) and name in logs,
            "what train_step returns",
            'a dictionary with "d_loss" and "g_loss"',
            logs,
        )
        expect.close(logs[name], expected, f'logs["{name}"]')


@exercise("3.1", points=1)
def test_both_cycles(student, rng):
    """The loss contains the way from x to x and the way from y to y."""
    x, y, g, f = linear_ways(rng)
    expect.close(
        student.run_beside(call_loss, student.cycle_loss, g, f, x, y),
        absolute(x @ g @ f - x) + absolute(y @ f @ g - y),
        "the loss of both cycles, for linear generators",
        "F(G(x)) is compared with x, and G(F(y)) with y.",
    )


@exercise("3.1", points=1)
def test_images_of_the_target_domain(student, rng):
    """The identity loss compares G(y) with y, and F(x) with x."""
    x, y, g, f = linear_ways(rng)
    expect.close(
        student.run_beside(call_loss, student.identity_loss, g, f, x, y),
        absolute(y @ g - y) + absolute(x @ f - x),
        "the identity loss, for linear generators",
        "G draws images of Y, and y is one already.",
    )


@exercise("3.2", points=2)
def test_both_generators_take_the_step(student, rng):
    """The weights of G and F change as computed by hand."""
    ways = Ways(student, rng)
    ways.update(student)
    ways.step()
    hint = "Both generators learn from all six terms: one tape, one list of all their weights."
    for name, wanted in (("G", ways.g), ("F", ways.f)):
        expect.close(ways.weights(name), wanted, f"the weights of {name} after one step", hint)


@exercise("3.2", points=1)
def test_the_loss_of_both_generators(student, rng):
    """The loss before the step is returned."""
    ways = Ways(student, rng)
    expect.close(
        ways.update(student),
        ways.step(),
        "the loss that is returned",
        "The weights are 1, 1, lambda and lambda mu. The target of G and F is a score of 1.",
    )


@exercise("3.3", points=1)
def test_the_history_fills_up(student, rng):
    """While the history is not full, D sees the new images, and they are kept."""
    new = rng.uniform(0.1, 0.9, (2, 3, 4, 4, 3)).astype("float32")
    found = student.run_beside(exchange_twice, student.exchange, new, 6, 0)
    seen, history = both(found)
    images = new.reshape(6, 4, 4, 3)
    expect.close(seen, images, "what D sees of 2 minibatches of 3 images, for size = 6")
    expect.shape(history, images.shape, "the history after 6 images")
    expect.close(in_order(history), in_order(images), "the history after 6 images, sorted")


@exercise("3.3", points=1)
def test_no_image_is_lost(student, rng):
    """D sees a new image or an old one; the other one is in the history."""
    new = rng.uniform(0.1, 0.9, (2, 40, 2, 2, 1)).astype("float32")
    seen, history = both(student.run_beside(exchange_twice, student.exchange, new, 40, 3))
    expect.shape(history, (40, 2, 2, 1), "the history for size = 40, after 80 images")
    expect.shape(seen, (80, 2, 2, 1), "what D sees of 80 images")
    together = np.concatenate([seen[40:], history])
    expect.close(
        in_order(together),
        in_order(new.reshape(80, 2, 2, 1)),
        "what D sees of 40 images with a full history, together with the history, sorted",
        "If D sees an old image, the new image takes its place in the history.",
        atol=1e-7,
        rtol=1e-7,
    )
    old = (seen[40:] != new[1]).any(axis=(1, 2, 3))
    expect.between(int(old.sum()), 6, 34, "how many of 40 images that D sees are old ones")


def softplus(a):
    return np.logaddexp(0.0, np.asarray(a, "float64"))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def absolute(difference):
    return np.abs(difference).mean()


def signed(rng, shape):
    """Return noise that is mostly positive in the first image and mostly negative in the second."""
    return rng.normal(np.reshape([0.5, -0.5], (2, 1, 1, 1)), 1.0, shape).astype("float32")


def linear_ways(rng):
    """Return images x and y, and the weights of two linear generators G and F."""
    x = rng.uniform(0, 1, (2, 3, 4, 3)).astype("float32")
    y = rng.uniform(0, 1, (3, 4, 2, 3)).astype("float32")
    return x, y, *rng.normal(0, 0.7, (2, 3, 3)).astype("float32")


def both(found):
    """Return what D sees, and the history."""
    expect.that(
        len(found) == 2 and all(isinstance(part, np.ndarray) for part in found),
        "what exchange returns, and the history",
        "arrays",
        found,
    )
    return found


def in_order(images):
    rows = np.asarray(images).reshape(len(images), -1)
    return rows[np.lexsort(rows.T)]


# The networks of exercises 1.1 and 1.2, in NumPy. Their convolutions average over all channels, so
# all channels of a layer are equal: one channel is computed.

GAIN = 1.2  # of each batch normalization; the test sets it


def averaged(x, size, stride):
    """Average over windows as a convolution with padding "same" does: the edges count as 0."""
    outputs = [-(-side // stride) for side in x.shape[1:]]
    missing = [
        max((n - 1) * stride + size - side, 0) for n, side in zip(outputs, x.shape[1:], strict=True)
    ]
    padded = np.pad(x, [(0, 0), *((m // 2, m - m // 2) for m in missing)])
    rows, columns = outputs
    found = np.zeros((len(x), rows, columns))
    for i in range(size):
        for j in range(size):
            found += padded[:, i::stride, j::stride][:, :rows, :columns]
    return found / size**2


def spread(x):
    """Add 1/4 of each value to the 4x4 pixels around it, in an image with twice the sides."""
    n, rows, columns = x.shape
    found = np.zeros((n, 2 * rows + 2, 2 * columns + 2))
    for i in range(4):
        for j in range(4):
            found[:, i : i + 2 * rows : 2, j : j + 2 * columns : 2] += x / 4
    return found[:, 1:-1, 1:-1]


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def unet(x, widths):
    h = [x.astype("float64").mean(axis=3)]
    channels = [x.shape[3], *widths]  # of h_0, h_1, ...
    for _ in widths:
        h.append(leaky(GAIN * averaged(h[-1], 4, 2)))
    u = h[-1]
    for i in range(len(widths), 0, -1):
        a, b = widths[max(i - 2, 0)], channels[i - 1]
        drawn = np.maximum(GAIN * spread(u), 0)
        u = (a * drawn + b * h[i - 1]) / (a + b)  # the mean over all channels
    return sigmoid(averaged(u, 3, 1))[..., None]


def patch_logits(y, x, widths):
    a = np.concatenate([y, x], axis=3).astype("float64").mean(axis=3)
    for _ in widths:
        a = leaky(averaged(a, 4, 2))
    return averaged(a, 3, 1)[..., None]


class PairedGame:
    """Linear networks of 1x1 pixels; each pixel has its own score."""

    d_rate, g_rate, lam = 0.3, 0.2, 2.5

    def __init__(self, student, rng):
        self.x = rng.uniform(0, 1, (3, 2, 4, 2)).astype("float32")
        self.y = rng.uniform(0, 1, (3, 2, 4, 3)).astype("float32")
        self.w_g = rng.normal(size=(2, 3)).astype("float32")
        self.w_d = rng.normal(size=(5, 1)).astype("float32")
        self.student = student
        self.pix2pix = student.run_beside(
            build_pix2pix, student.Pix2Pix, self.w_g, self.w_d, self.d_rate, self.g_rate, self.lam
        )

    def play(self):
        return self.student.run_beside(play, self.pix2pix, self.x, self.y)

    def weights(self, network):
        return getattr(self.pix2pix, network).get_weights()[0]

    def iterate(self):
        """Compute one iteration, and return both losses."""
        x, y = self.x.reshape(-1, 2), self.y.reshape(-1, 3)
        n = len(x)
        real, fake = np.concatenate([y, x], axis=1), np.concatenate([x @ self.w_g, x], axis=1)
        d_loss = 0.5 * (softplus(-real @ self.w_d).mean() + softplus(fake @ self.w_d).mean())
        of_real = (sigmoid(real @ self.w_d) - 1) / n
        of_fake = sigmoid(fake @ self.w_d) / n
        self.w_d = self.w_d - self.d_rate * 0.5 * (real.T @ of_real + fake.T @ of_fake)

        y_hat = x @ self.w_g
        logits = fake @ self.w_d
        g_loss = softplus(-logits).mean() + self.lam * np.abs(y - y_hat).mean()
        of_y_hat = (sigmoid(logits) - 1) / n @ self.w_d[:3].T
        of_y_hat = of_y_hat - self.lam * np.sign(y - y_hat) / y.size
        self.w_g = self.w_g - self.g_rate * x.T @ of_y_hat
        return d_loss, g_loss


class Ways:
    """CycleGAN with linear networks of 1x1 pixels."""

    rate, lam, mu = 0.1, 3.0, 0.4

    def __init__(self, student, rng):
        self.x, self.y, self.g, self.f = linear_ways(rng)
        self.d_y, self.d_x = rng.normal(size=(2, 3, 1)).astype("float32")
        weights = self.g, self.f, self.d_y, self.d_x
        self.gan = student.run_beside(
            build_ways, student.TwoWays, weights, self.lam, self.mu, self.rate
        )

    def update(self, student):
        return student.run_beside(update_ways, student.update_generators, self.gan, self.x, self.y)

    def weights(self, network):
        return getattr(self.gan, network).get_weights()[0]

    def step(self):
        """Compute one step of both generators, and return the loss before it."""
        x, y = self.x.reshape(-1, 3).astype("float64"), self.y.reshape(-1, 3).astype("float64")
        g, f = self.g, self.f
        of_y, of_x = x @ g @ self.d_y - 1, y @ f @ self.d_x - 1
        back_x, back_y = x @ g @ f - x, y @ f @ g - y
        same_y, same_x = y @ g - y, x @ f - x
        cycle = absolute(back_x) + absolute(back_y)
        same = absolute(same_y) + absolute(same_x)
        loss = np.mean(of_y**2) + np.mean(of_x**2) + self.lam * (cycle + self.mu * same)

        along_x, along_y = np.sign(back_x) / x.size, np.sign(back_y) / y.size
        of_g = x.T @ (2 * of_y / len(x)) @ self.d_y.T
        of_g = of_g + self.lam * (x.T @ along_x @ f.T + (y @ f).T @ along_y)
        of_g = of_g + self.lam * self.mu * y.T @ np.sign(same_y) / y.size
        of_f = y.T @ (2 * of_x / len(y)) @ self.d_x.T
        of_f = of_f + self.lam * (y.T @ along_y @ g.T + (x @ g).T @ along_x)
        of_f = of_f + self.lam * self.mu * x.T @ np.sign(same_x) / x.size
        self.g, self.f = g - self.rate * of_g, f - self.rate * of_f
        return loss


# The functions below run beside the answers (student.run_beside).


def draw_with_known_weights(get_unet, x, channels, widths):
    """Set all weights so that a convolution averages, and return the images."""
    network = get_unet(x.shape[1:], channels, widths)
    for layer in network._flatten_layers(include_self=False):
        if hasattr(layer, "kernel"):
            kernel = np.ones(layer.kernel.shape)
            if isinstance(layer, layers.Conv2DTranspose):
                kernel = kernel / (4 * kernel.shape[3])  # 4 of the 16 taps reach each pixel
            else:
                kernel = kernel / kernel[..., 0].size
            layer.kernel.assign(kernel)
            if layer.bias is not None:
                layer.bias.assign(np.zeros(layer.bias.shape))
        if isinstance(layer, layers.BatchNormalization):
            layer.gamma.assign(np.full(layer.gamma.shape, 1.2))
            layer.moving_variance.assign(np.full(layer.gamma.shape, 1 - layer.epsilon))
    return network(tf.constant(x), training=False)


def score_with_known_weights(get_patch_discriminator, y, x, widths):
    """Set all weights so that a convolution averages, and return the logits."""
    network = get_patch_discriminator(y.shape[1:], x.shape[1:], widths)
    for layer in network._flatten_layers(include_self=False):
        if hasattr(layer, "kernel"):
            kernel = np.ones(layer.kernel.shape)
            layer.kernel.assign(kernel / kernel[..., 0].size)
            if layer.bias is not None:
                layer.bias.assign(np.zeros(layer.bias.shape))
        if isinstance(layer, layers.BatchNormalization):  # which should not be there
            layer.gamma.assign(np.full(layer.gamma.shape, 1.2))
    return network([tf.constant(y), tf.constant(x)], training=False)


def build_pix2pix(Pix2Pix, w_g, w_d, d_rate, g_rate, lam):
    generator = keras.Sequential(
        [keras.Input((None, None, w_g.shape[0])), layers.Dense(w_g.shape[1], use_bias=False)]
    )
    image = keras.Input((None, None, w_g.shape[1]))
    condition = keras.Input((None, None, w_g.shape[0]))
    pair = layers.Concatenate()([image, condition])
    discriminator = keras.Model([image, condition], layers.Dense(1, use_bias=False)(pair))
    generator.set_weights([w_g])
    discriminator.set_weights([w_d])
    pix2pix = Pix2Pix(generator, discriminator, lam)
    pix2pix.compile(keras.optimizers.SGD(d_rate), keras.optimizers.SGD(g_rate))
    return pix2pix


def play(pix2pix, x, y):
    return pix2pix.train_step((tf.constant(x), tf.constant(y)))


def build_ways(TwoWays, weights, lam, mu, rate):
    networks = []
    for w in weights:
        network = keras.Sequential(
            [keras.Input((None, None, 3)), layers.Dense(w.shape[1], use_bias=False)]
        )
        network.set_weights([w])
        networks.append(network)
    gan = TwoWays(*networks, lam, mu)
    gan.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate))
    return gan


def update_ways(update_generators, gan, x, y):
    return update_generators(gan, tf.constant(x), tf.constant(y))


def call_loss(function, g, f, x, y):
    networks = []
    for w in (g, f):
        network = keras.Sequential([keras.Input((None, None, 3)), layers.Dense(3, use_bias=False)])
        network.set_weights([w])
        networks.append(network)
    return function(*networks, tf.constant(x), tf.constant(y))


def exchange_twice(exchange, new, size, seed):
    """Exchange two minibatches, and return what D sees of both, and the history."""
    history, rng = [], np.random.default_rng(seed)
    seen = [np.array(exchange(images, history, size, rng)) for images in new]
    return [np.concatenate(seen), np.array(history)]
