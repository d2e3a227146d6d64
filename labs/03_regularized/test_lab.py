"""The checks of lab 3 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers, ops


@exercise("1.1", points=1)
def test_penalty_has_the_right_values(student, rng):
    """The penalty is lam times the sum of the absolute activations, one number per image."""
    z = rng.normal(size=(6, 5)).astype("float32")
    lam = float(rng.uniform(0.1, 2.0))
    expect.close(
        student.sparsity(z, lam),
        lam * np.abs(z).sum(axis=1),
        f"the penalty of each of 6 codes with d = 5, lam = {lam:.3f}",
        "Sum over the units of each code, not over the codes. Take absolute values.",
        inputs={"z": z},
    )


@exercise("1.2", points=1)
def test_logs_add_up(student, rng):
    """loss = reconstruction + penalty, each averaged over the minibatch."""
    game = Linear(student, rng)
    logs = game.step()
    for name in ("loss", "reconstruction", "penalty"):
        expect.that(
            isinstance(logs, dict) and name in logs,
            "what train_step returns",
            'a dictionary with "loss", "reconstruction" and "penalty"',
            logs,
        )
    z, x_hat = game.forward()
    reconstruction = 0.5 * ((game.x - x_hat) ** 2).sum(axis=1).mean()
    penalty = game.penalty(z).mean()
    hint = "Half of the squared error, summed over each image, averaged over the minibatch."
    expect.close(logs["reconstruction"], reconstruction, 'logs["reconstruction"]', hint)
    hint = "self.penalty(x, z) contains lambda already, and returns one number per image: average."
    expect.close(logs["penalty"], penalty, 'logs["penalty"]', hint)
    expect.close(logs["loss"], reconstruction + penalty, 'logs["loss"]')


@exercise("1.2", points=2)
def test_one_step_moves_both_networks(student, rng):
    """One step of gradient descent changes encoder and decoder as computed by hand."""
    game = Linear(student, rng)
    game.step()
    w_h, w_x = game.gradients()
    hint = "Are all parts of the loss computed inside the tape, also the penalty?"
    expect.close(
        game.model.decoder.get_weights()[0],
        game.w_x - game.rate * w_x,
        "the decoder's weights after one step",
        hint,
    )
    expect.close(
        game.model.encoder.get_weights()[0],
        game.w_h - game.rate * w_h,
        "the encoder's weights after one step",
        hint,
    )


@exercise("2.1", points=1)
def test_values_are_kept_or_set_to_zero(student, rng):
    """Each value is unchanged or 0; the share of zeros is about level."""
    x = rng.uniform(0.1, 1.0, size=(4, 40, 40, 1)).astype("float32")
    level = float(rng.uniform(0.31, 0.44))  # far from a share of 0, 1, 2, 3 or 4 whole images
    found = student.mask(x, level)
    expect.shape(found, x.shape, "4 masked images of 40x40 pixels")
    kept = found != 0
    expect.close(
        found[kept],
        x[kept],
        "the values that are not 0",
        "A value that is not masked must not change.",
    )
    expect.between(
        float(1 - kept.mean()),
        level - 0.05,  # 8 standard errors of 6400 draws; 4 if all images have the same mask
        level + 0.05,
        f"the share of values set to 0 with level = {level:.2f}",
        "level is the probability that a value is set to 0, not that it is kept.",
    )


@exercise("2.1", points=1)
def test_pairs_are_corrupted_and_clean(student, rng):
    """A minibatch is a pair: the corrupted images, then the same images without corruption."""
    pairs = Pairs(student, rng, n=20, batch_size=8)
    (epoch,) = pairs.epochs(1)
    expect.that(
        len(epoch) == 3
        and all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in epoch),
        "one epoch of 20 images in minibatches of 8",
        "3 pairs (x_tilde, x)",
        epoch,
    )
    expect.equal(
        [np.shape(clean)[0] for _, clean in epoch],
        [8, 8, 4],
        "the numbers of images in the minibatches",
        "The last minibatch may be smaller; no image is left out.",
    )
    for noisy, clean in epoch:
        expect.shape(noisy, np.shape(clean), "corrupted images")
        rows = pairs.rows_of(clean)
        expect.close(
            clean,
            pairs.images[rows],
            "the target, the second part of the pair",
            "The second part of the pair is the clean images.",
        )
        expect.that(
            bool((noisy - clean > 0.001).all() and (noisy - clean < 0.02).all()),
            "the corrupted images, for a corruption that adds 0.002 to 0.01 to each value",
            "the clean images plus 0.002 to 0.01",
            noisy - clean,
            "The first part of the pair is corrupt(x) of the same images in the same order.",
        )


@exercise("3.1", points=1)
def test_a_linear_encoder(student, rng):
    """For a linear encoder every image has the same penalty: the sum of the squared weights."""
    w = rng.normal(size=(6, 3)).astype("float32")
    x = rng.normal(size=(4, 6)).astype("float32")
    expect.close(
        student.run_beside(of_linear, student.contraction, w, x),
        np.full(4, (w**2).sum()),
        "the penalty of each of 4 images for z = W_h x + b_h",
        "One number per image. Square the derivative of each unit, then sum.",
    )


@exercise("3.1", points=1)
def test_a_sigmoid_layer(student, rng):
    """For a layer of sigmoid units, contraction returns the values of the formula."""
    w = rng.normal(size=(5, 4)).astype("float32")
    b = rng.normal(size=4).astype("float32")
    x = rng.normal(size=(3, 5)).astype("float32")
    z = 1 / (1 + np.exp(-(x @ w + b)))
    expect.close(
        student.run_beside(of_sigmoid, student.contraction, w, b, x),
        by_formula(z, w),
        "the penalty of each of 3 images by differentiation",
        "Compute the derivatives of each image at this image.",
    )


@exercise("3.1", points=1)
def test_the_formula(student, rng):
    """contraction_of_sigmoid returns the values of the formula."""
    w = rng.normal(size=(7, 4)).astype("float32")
    z = rng.uniform(0.05, 0.95, size=(5, 4)).astype("float32")
    expect.close(
        student.contraction_of_sigmoid(z, w),
        by_formula(z, w),
        "the penalty of each of 5 images with d = 4, n = 7",
        "kernel is transposed: the weights of unit i are column i. Square both factors.",
    )


@exercise("4.1", points=1)
def test_training_images_are_reconstructed(student, rng):
    """The training images are reconstructed from d components as well as possible."""
    x = clouds(rng, 30, 8)
    d = int(rng.integers(2, 5))
    found = student.pca_reconstruction(x, x, d)
    expect.close(
        found,
        reconstructed(x, x, d),
        f"the reconstruction of 30 vectors of 8 values by d = {d} components",
        "Subtract the mean first, add it last. The components are the first rows of svd's V^T.",
    )


@exercise("4.1", points=1)
def test_all_components_lose_nothing(student, rng):
    """With as many components as pixels, the reconstruction is exact."""
    x_train, x = clouds(rng, 20, 5), clouds(rng, 6, 5)
    expect.close(
        student.pca_reconstruction(x_train, x, 5),
        x,
        "the reconstruction by d = n = 5 components",
        "V V^T is the identity for d = n, for any mean.",
        atol=1e-3,
    )


@exercise("4.2", points=1)
def test_projection_has_the_right_values(student, rng):
    """P is the orthogonal projection onto the space of the columns."""
    w = rng.normal(size=(6, 3)) * [1.0, 3.0, 0.5]
    expect.close(
        student.projection(w),
        w @ np.linalg.pinv(w),
        "P for a matrix W_x of 6x3",
        "The columns do not have length 1 and are not orthogonal: W W^T is not enough.",
    )


@exercise("4.2", points=1)
def test_other_axes_of_the_same_space(student, rng):
    """W_x A spans the same space as W_x: the projection is the same."""
    w = rng.normal(size=(7, 2))
    a = np.array([[2.0, 1.0], [-1.0, 1.0]]) * rng.uniform(0.5, 2.0)
    expect.close(
        student.projection(w @ a),
        w @ np.linalg.pinv(w),
        "P for W_x A, compared with P for W_x",
        "An invertible A changes the columns, but not the space that they span.",
    )


@exercise("5.1", points=1)
def test_layer_has_the_right_values(student, rng):
    """The layer returns g(W_h^T h + b_x), with b_x = 0 at the start."""
    game = Tied(student, rng, activation="sigmoid")
    h, logits = game.forward()
    expect.close(
        game.parts["decoder"](h),
        1 / (1 + np.exp(-logits)),
        "the output of the layer for codes with d = 3, n = 5, g = sigmoid",
        "dense.kernel has shape (n, d). Do not use the bias and activation of the Dense layer.",
    )


@exercise("5.1", points=1)
def test_one_matrix(student, rng):
    """The matrix is shared: the layer uses it, and adds only its own n weights."""
    game = Tied(student, rng)
    expect.equal(
        sum(w.size for w in game.parts["model"].trainable_variables),
        5 * 3 + 3 + 5,
        "the number of trained weights of an autoencoder with n = 5, d = 3",
        "Only W_h, b_h and b_x are weights; W_x is not a new weight.",
    )
    h, logits = game.forward()
    expect.close(game.parts["decoder"](h), logits, "the output of the layer")
    game.w = 2 * game.w + 1
    game.parts["dense"].set_weights([game.w, game.b])
    h, logits = game.forward()
    expect.close(
        game.parts["decoder"](h),
        logits,
        "the output of the layer after the matrix of the Dense layer has changed",
        "It must change, too: the layer uses the matrix of the Dense layer, not a copy.",
    )


@exercise("5.1", points=2)
def test_both_gradients_flow_into_the_matrix(student, rng):
    """One step of gradient descent moves the matrix by the sum of the gradients of both uses."""
    game = Tied(student, rng)
    game.step()
    hint = "The gradient of W_h is the sum over both places where it is used."
    expect.close(
        game.parts["dense"].get_weights()[0],
        game.w - game.rate * game.gradient_of_w(),
        "the matrix after one step on an autoencoder with tied weights",
        hint,
    )
    game.after_step()
    _, x_hat = game.forward()
    expect.close(
        game.parts["model"](game.x),
        x_hat + game.c,
        "the reconstructions after this step",
        "b_x must be trained, too.",
    )


def by_formula(z, kernel):
    return ((z * (1 - z)) ** 2 * (kernel**2).sum(axis=0)).sum(axis=1)


def clouds(rng, n, size):
    """Draw n >= size vectors whose principal components have clearly different variances."""
    uncorrelated = np.linalg.qr(rng.normal(size=(n, size)))[0] * np.sqrt(n)
    axes = np.linalg.qr(rng.normal(size=(size, size)))[0]
    spreads = 4.0 * 0.6 ** np.arange(size)
    return ((uncorrelated * spreads) @ axes + rng.normal(size=size)).astype("float32")


def reconstructed(x_train, x, d):
    mean = x_train.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(x_train.T))
    leading = axes[:, ::-1][:, :d]
    return mean + (x - mean) @ leading @ leading.T


class Linear:
    """A linear autoencoder with a penalty; its step can be computed by hand."""

    rate = 0.1
    lam = 0.7

    def __init__(self, student, rng):
        n, size, d = 6, 5, 2
        self.x = rng.uniform(0.1, 0.9, size=(n, size)).astype("float32")
        self.w_h = rng.normal(size=(size, d)).astype("float32")
        self.w_x = rng.normal(size=(d, size)).astype("float32")
        self.student = student
        self.model = student.run_beside(
            build_linear, student.RegularizedAutoencoder, self.w_h, self.w_x, self.lam, self.rate
        )

    def step(self):
        return self.student.run_beside(run_step, self.model, self.x)

    def forward(self):
        z = self.x @ self.w_h
        return z, z @ self.w_x

    def penalty(self, z):
        return self.lam * (z**2).sum(axis=1) * self.x.sum(axis=1)

    def gradients(self):
        z, x_hat = self.forward()
        of_x_hat = (x_hat - self.x) / len(self.x)
        of_z = of_x_hat @ self.w_x.T
        of_z = of_z + 2 * self.lam * z * self.x.sum(axis=1, keepdims=True) / len(self.x)
        return self.x.T @ of_z, z.T @ of_x_hat


class Pairs:
    """Pairs of images that can be recognized by their values, also when they are corrupted."""

    def __init__(self, student, rng, n, batch_size):
        levels = rng.permutation(n).astype("float32")
        texture = rng.uniform(0.0, 0.5, size=(n, 3, 2, 1)).astype("float32")
        self.images = levels[:, None, None, None] + texture
        self.levels = levels
        self.batch_size = batch_size
        self.student = student

    def epochs(self, n):
        return self.student.run_beside(
            collect, self.student.denoising_pairs, self.images, self.batch_size, n
        )

    def rows_of(self, images):
        found = np.floor(np.asarray(images).reshape(len(images), -1)[:, 0])
        return np.array([int(np.argmin(np.abs(self.levels - level))) for level in found])


class Tied:
    """An autoencoder with tied weights, x_hat = g(W^T tanh(W x + b) + c)."""

    rate = 0.1

    def __init__(self, student, rng, activation=None):
        n, size, d = 4, 5, 3
        self.x = rng.normal(size=(n, size)).astype("float32")
        self.w = rng.normal(size=(size, d)).astype("float32")
        self.b = rng.normal(size=d).astype("float32")
        self.c = np.zeros(size, "float32")
        self.student = student
        self.parts = student.run_beside(tie, student.TransposedDense, self.w, self.b, activation)

    def step(self):
        self.student.run_beside(step_tied, self.parts, self.x, self.rate)

    def forward(self):
        h = np.tanh(self.x @ self.w + self.b)
        return h, h @ self.w.T

    def _of_both(self):
        h, x_hat = self.forward()
        of_x_hat = (x_hat - self.x) / len(self.x)
        return h, of_x_hat, (of_x_hat @ self.w) * (1 - h**2)

    def gradient_of_w(self):
        h, of_x_hat, of_sum = self._of_both()
        return self.x.T @ of_sum + of_x_hat.T @ h

    def after_step(self):
        _, of_x_hat, of_sum = self._of_both()
        of_w = self.gradient_of_w()
        self.w = self.w - self.rate * of_w
        self.b = self.b - self.rate * of_sum.sum(axis=0)
        self.c = self.c - self.rate * of_x_hat.sum(axis=0)


# The functions below run beside the answers (student.run_beside).


def of_linear(contraction, w, x):
    encoder = keras.Sequential([keras.Input((w.shape[0],)), layers.Dense(w.shape[1])])
    encoder.set_weights([w, np.ones(w.shape[1])])
    return contraction(encoder, tf.constant(x))


def of_sigmoid(contraction, w, b, x):
    encoder = keras.Sequential(
        [keras.Input((w.shape[0],)), layers.Dense(w.shape[1], activation="sigmoid")]
    )
    encoder.set_weights([w, b])
    return contraction(encoder, tf.constant(x))


def build_linear(RegularizedAutoencoder, w_h, w_x, lam, rate):
    n, d = w_h.shape
    encoder = keras.Sequential([keras.Input((n,)), layers.Dense(d, use_bias=False)])
    decoder = keras.Sequential([keras.Input((d,)), layers.Dense(n, use_bias=False)])
    encoder.set_weights([w_h])
    decoder.set_weights([w_x])

    def penalty(x, z):
        return lam * ops.sum(ops.square(z), axis=-1) * ops.sum(x, axis=-1)

    model = RegularizedAutoencoder(encoder, decoder, penalty)
    model.compile(keras.optimizers.SGD(rate))
    return model


def run_step(model, x):
    return model.train_step(tf.constant(x))


def collect(denoising_pairs, images, batch_size, epochs):
    def add_little(x):
        return x + tf.random.uniform(tf.shape(x), 0.002, 0.01)

    pairs = denoising_pairs(images, add_little, batch_size)
    return [list(pairs) for _ in range(epochs)]


def tie(TransposedDense, w, b, activation):
    x = keras.Input((w.shape[0],))
    dense = layers.Dense(w.shape[1], activation="tanh")
    h = dense(x)
    dense.set_weights([w, b])
    decoder = TransposedDense(dense, activation)
    return {"dense": dense, "decoder": decoder, "model": keras.Model(x, decoder(h))}


def step_tied(parts, x, rate):
    x = tf.constant(x)
    variables = parts["model"].trainable_variables
    with tf.GradientTape() as tape:
        error = tf.square(parts["model"](x, training=True) - x)
        loss = tf.reduce_mean(0.5 * tf.reduce_sum(error, axis=1))
    keras.optimizers.SGD(rate).apply(tape.gradient(loss, variables), variables)
