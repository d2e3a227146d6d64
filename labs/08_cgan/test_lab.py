"""The checks of lab 8 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers


@exercise("1.1", points=1)
def test_one_row_per_label(student, rng):
    """Each row is 1 in the column of its class, and 0 elsewhere."""
    labels = rng.integers(0, 4, 7)
    found = student.one_hot(labels, 4)
    expect.close(found, encode(labels, 4), f"the labels {labels.tolist()} of 4 classes")
    expect.equal(
        str(found.dtype), "float32", "the type of the numbers", "The networks need float32."
    )


@exercise("1.2", points=1)
def test_label_comes_after_the_noise(student, rng):
    """The one-hot label comes after the noise."""
    z, y = rng.normal(size=(5, 3)).astype("float32"), one_hots(rng, 5, 4)
    expect.close(
        student.append_to_noise(z, y),
        np.concatenate([z, y], axis=1),
        "noise with d = 3 and labels of 4 classes",
        "One row per image: append columns, not rows.",
        inputs={"z": z, "y": y},
    )


@exercise("1.3", points=1)
def test_label_becomes_channels(student, rng):
    """Channel k after the image is 1 at all pixels in images of class k, and 0 in others."""
    s, y = rng.uniform(size=(3, 4, 6, 1)).astype("float32"), one_hots(rng, 3, 5)
    expect.close(
        student.append_to_images(s, y),
        with_channels(s, y),
        "images of 4x6 pixels and labels of 5 classes",
        "The order of the axes is (batch, height, width, channels). The image comes first.",
    )


@exercise("1.3", points=1)
def test_channels_inside_fit(student, rng):
    """It works in a graph where the number of images is unknown."""
    s, y = rng.uniform(size=(4, 3, 2, 1)).astype("float32"), one_hots(rng, 4, 3)
    expect.close(
        student.run_beside(append_in_graph, student.append_to_images, s, y),
        with_channels(s, y),
        "images and labels in a graph",
        "Use ops.shape(s)[0]: in a graph len(s) and s.shape[0] are unknown.",
    )


@exercise("2.1", points=2)
def test_players_read_the_label(student, rng):
    """Both inputs contain the label; the outputs do not."""
    d, n_classes = (int(n) for n in rng.integers(3, 9, 2))
    g, d_ = student.build_players(d, (8, 8, 1), n_classes)
    case = f" for d = {d}, images of 8x8 pixels and {n_classes} classes"
    expect.equal(
        g.input_shape,
        (None, d + n_classes),
        f"the input shape of the generator{case}",
        "It reads what append_to_noise returns: noise and label.",
    )
    expect.equal(
        g.output_shape, (None, 8, 8, 1), f"the output shape of the generator{case}", "An image."
    )
    expect.equal(
        d_.input_shape,
        (None, 8, 8, 1 + n_classes),
        f"the input shape of the discriminator{case}",
        "It reads what append_to_images returns: the image and one channel per class.",
    )
    expect.equal(
        d_.output_shape, (None, 1), f"the output shape of the discriminator{case}", "One logit."
    )


@exercise("2.2", points=2)
def test_discriminator_takes_its_step(student, rng):
    """theta_d changes as computed by hand, with the right label for each image."""
    game = Game(student, rng)
    game.play()
    game.iterate()
    expect.close(
        game.cgan.discriminator.get_weights()[0],
        game.w_d,
        "the discriminator's weights after one iteration",
        "Append the channels of the labels to the real and to the generated images, and the "
        "labels to the noise. Draw the noise with self.draw_noise(m).",
    )


@exercise("2.2", points=2)
def test_generator_takes_its_step(student, rng):
    """theta_g changes as computed by hand, on new noise, with labels in both networks."""
    game = Game(student, rng)
    game.play()
    game.iterate()
    expect.close(
        game.cgan.generator.get_weights()[0],
        game.w_g,
        "the generator's weights after one iteration",
        "New noise, the same labels, the updated discriminator, and only the weights of G.",
    )


@exercise("2.2", points=1)
def test_losses_are_returned(student, rng):
    """train_step returns both losses, each before the step of its player."""
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
def test_wanted_classes(student, rng):
    """The generator reads noise and then the labels, in the given order."""
    labels = rng.integers(0, 4, 6)
    found = student.generate(student.run_beside(echo, 7), labels, 4)
    expect.shape(
        found, (6, 7), "the output of a generator that returns its input, d = 3, 4 classes"
    )
    expect.close(
        found[:, 3:],
        encode(labels, 4),
        f"the last 4 numbers that the generator reads, for the labels {labels.tolist()}",
        "First the noise, then the label; d is the size of the input minus n_classes.",
    )


@exercise("3.1", points=1)
def test_images_are_an_array(student, rng):
    """The result is a NumPy array with one image per label; the default is 10 classes."""
    image, labels = rng.uniform(size=(2, 3, 3)).astype("float32"), rng.integers(0, 10, 5)
    images, kind = student.run_beside(generate_and_look, student.generate, labels, image)
    expect.close(
        images,
        np.repeat(image[None], 5, axis=0),
        "5 colour images of 2x3 pixels, of a generator that always draws the same image",
        picture=True,
    )
    expect.equal(kind, "ndarray", "the type of the result", "ops.convert_to_numpy")


@exercise("3.2", points=2)
def test_share_of_right_readings(student, rng):
    """The result is the share of images whose highest score is the one of the label."""
    n, n_classes = int(rng.integers(15, 30)), 3
    w = rng.normal(size=(6, n_classes)).astype("float32")
    images = rng.normal(size=(n, 2, 3, 1)).astype("float32")
    images[:, 0, 0], w[0] = 1.0, -20.0  # all scores are negative: they are not probabilities
    read = (images.reshape(n, 6) @ w).argmax(axis=1)
    labels = np.where(rng.uniform(size=n) < 0.7, read, (read + 1) % n_classes)
    expect.close(
        student.conditional_accuracy(
            student.run_beside(build_classifier, w, (2, 3, 1)), images, labels
        ),
        (read == labels).mean(),
        f"the accuracy for {n} images of {n_classes} classes",
        "Compare the class with the highest score (argmax over the classes) with the label.",
    )


def encode(labels, n_classes):
    return np.eye(n_classes, dtype="float32")[labels]


def one_hots(rng, n, n_classes):
    return encode(rng.integers(0, n_classes, n), n_classes)


def with_channels(s, y):
    maps = np.ones((*s.shape[:3], 1), "float32") * y[:, None, None, :]
    return np.concatenate([s, maps], axis=-1)


def softplus(a):
    return np.logaddexp(0.0, a)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class Game:
    """Two linear players with known noise; their steps can be computed by hand."""

    shape, n_classes, d, m = (2, 3, 1), 3, 2, 5
    d_rate, g_rate = 0.2, 0.3

    def __init__(self, student, rng):
        pixels = int(np.prod(self.shape))
        read = pixels * (1 + self.n_classes)
        self.w_g = rng.normal(size=(self.d + self.n_classes, pixels)).astype("float32")
        self.w_d = rng.normal(size=(read, 1)).astype("float32") / 2
        self.noise = rng.normal(size=(20, self.d)).astype("float32")
        self.s = rng.uniform(size=(self.m, *self.shape)).astype("float32")
        self.labels = rng.permutation([0, 1, 2, *rng.integers(0, self.n_classes, self.m - 3)])
        self.y = encode(self.labels, self.n_classes)
        self.student = student
        self.cgan = student.run_beside(
            build_players_of,
            student.CGAN,
            self.w_g,
            self.w_d,
            self.shape,
            self.n_classes,
            self.d_rate,
            self.g_rate,
            self.noise,
        )

    def play(self):
        return self.student.run_beside(play, self.cgan, self.s, self.labels)

    def draw(self, z):
        read = np.concatenate([z, self.y], axis=1)
        return read, (read @ self.w_g).reshape(-1, *self.shape)

    def seen(self, images):
        return with_channels(images, self.y).reshape(self.m, -1)

    def iterate(self):
        """Compute one iteration, and return both losses."""
        real, fake = self.seen(self.s), self.seen(self.draw(self.noise[: self.m])[1])
        d_loss = softplus(-real @ self.w_d).mean() + softplus(fake @ self.w_d).mean()
        of_real = (sigmoid(real @ self.w_d) - 1) / self.m
        of_fake = sigmoid(fake @ self.w_d) / self.m
        self.w_d = self.w_d - self.d_rate * (real.T @ of_real + fake.T @ of_fake)

        read, images = self.draw(self.noise[self.m : 2 * self.m])
        logits = self.seen(images) @ self.w_d
        of_pixels = self.w_d.reshape(*self.shape[:2], -1)[..., : self.shape[2]].reshape(1, -1)
        of_images = (sigmoid(logits) - 1) / self.m @ of_pixels
        self.w_g = self.w_g - self.g_rate * (read.T @ of_images)
        return d_loss, softplus(-logits).mean()


# The functions below run beside the answers (student.run_beside).


def append_in_graph(append_to_images, s, y):
    specs = [tf.TensorSpec((None, *x.shape[1:]), tf.float32) for x in (s, y)]
    append = tf.function(append_to_images, input_signature=specs, autograph=False)  # as in fit
    return append(tf.constant(s), tf.constant(y))


def build_classifier(w, shape):
    model = keras.Sequential(
        [keras.Input(shape), layers.Flatten(), layers.Dense(w.shape[1], use_bias=False)]
    )
    model.set_weights([w])
    return model


def build_players_of(CGAN, w_g, w_d, shape, n_classes, d_rate, g_rate, noise):
    generator = keras.Sequential(
        [
            keras.Input((w_g.shape[0],)),
            layers.Dense(w_g.shape[1], use_bias=False),
            layers.Reshape(shape),
        ]
    )
    read = (*shape[:2], shape[2] + n_classes)
    discriminator = keras.Sequential(
        [keras.Input(read), layers.Flatten(), layers.Dense(1, use_bias=False)]
    )
    generator.set_weights([w_g])
    discriminator.set_weights([w_d])
    cgan = CGAN(generator, discriminator, n_classes)
    cgan.compile(keras.optimizers.SGD(d_rate), keras.optimizers.SGD(g_rate))
    rest = tf.Variable(noise)

    def draw_noise(m):
        z = rest[:m]
        rest.assign(tf.roll(rest, -m, axis=0))
        return z

    cgan.draw_noise = draw_noise
    return cgan


def play(cgan, s, labels):
    return cgan.train_step((tf.constant(s), tf.constant(labels)))


def echo(size):
    return keras.Sequential([keras.Input((size,)), layers.Activation("linear")])


def generate_and_look(generate, labels, image):
    drawer = keras.Sequential(
        [keras.Input((12,)), layers.Dense(image.size), layers.Reshape(image.shape)]
    )
    drawer.set_weights([np.zeros((12, image.size)), image.reshape(-1)])
    images = generate(drawer, labels)
    return images, type(images).__name__
