"""The checks of lab 4 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    import tensorflow as tf
    from keras import layers


@exercise("1.1", points=1)
def test_same_number_of_each_class(student, rng):
    """The same number of rows is drawn from each class."""
    labels = rng.permutation(np.repeat(np.arange(4), [30, 12, 20, 38]))
    found = draw(student, rng, labels, 20)
    expect.shape(found, (20,), "20 rows of 100, drawn from 4 classes")
    found = np.asarray(found)
    expect.that(
        found.dtype.kind in "iu" and found.min() >= 0 and found.max() < 100,
        "the rows",
        "integers from 0 to 99",
        found,
        "Return indices of images, not labels and not a mask.",
    )
    expect.equal(
        np.bincount(labels[found], minlength=4).tolist(),
        [5, 5, 5, 5],
        "the numbers of rows of each class, for classes of 30, 12, 20 and 38 images",
        "Draw n / n_classes rows of each class, for classes of any size.",
    )


@exercise("1.1", points=1)
def test_no_row_is_drawn_twice(student, rng):
    """No image is drawn twice: a draw of all images contains each image once."""
    labels = rng.permutation(np.repeat(np.arange(3), 6))
    found = draw(student, rng, labels, 18)
    expect.shape(found, (18,), "18 rows of 18")
    expect.equal(sorted(np.asarray(found).tolist()), list(range(18)), "the rows, sorted")


@exercise("2.1", points=1)
def test_networks_are_connected(student, rng):
    """The autoencoder returns D(E(s)), with the given encoder and the given decoder."""
    game = Reconstruction(student, rng)
    trained = game.train()
    found = trained["autoencoder"]
    expect.that(found is not None, "what train_autoencoder returns", "the autoencoder", found)
    w_h, w_x = (rng.normal(size=w.shape).astype("float32") for w in (game.w_h, game.w_x))
    trained["encoder"].set_weights([w_h])
    trained["decoder"].set_weights([w_x])
    flat = game.x.reshape(len(game.x), -1)
    expect.close(
        trained["autoencoder"](game.x),
        (flat @ w_h @ w_x).reshape(game.x.shape),
        "the reconstructions of images, after both given networks got new weights",
        "Train the given encoder and the given decoder, not copies of them.",
        picture=True,
    )


@exercise("2.1", points=1)
def test_one_step_moves_both_networks(student, rng):
    """One step of gradient descent changes both networks as computed by hand."""
    game = Reconstruction(student, rng)
    trained = game.train()
    w_h, w_x = game.after_one_step()
    hint = (
        "The target is the image itself; the squared error is averaged over images and values; the "
        "given optimizer takes the step."
    )
    expect.close(
        trained["decoder"].get_weights()[0], w_x, "the decoder's weights after one step", hint
    )
    expect.close(
        trained["encoder"].get_weights()[0], w_h, "the encoder's weights after one step", hint
    )


@exercise("3.1", points=1)
def test_logits_are_a_linear_function_of_the_code(student, rng):
    """One fully connected layer reads the code, and there is no activation after it."""
    w = rng.normal(size=(6, 3)).astype("float32")
    plugged = plug(student, w, n_classes=4)
    x = rng.normal(size=(40, 6)).astype("float32")
    logits = plugged["classifier"](x)
    expect.shape(logits, (40, 4), "the logits of 40 images and 4 classes")
    expect.equal(
        plugged["classifier"].count_params(),
        6 * 3 + 3 * 4 + 4,
        "the number of weights of the classifier with d = 3; 18 of them are the encoder's",
        "One layer with one weight per pair of unit and class, and one bias per class.",
    )
    of_head, bias = rng.normal(size=(3, 4)), rng.normal(size=4)
    student.run_beside(set_weights, plugged["classifier"], [w, of_head, bias])
    expect.close(
        plugged["classifier"](x),
        np.maximum(x @ w, 0) @ of_head + bias,
        "the logits, after the test has set all weights",
        "The head returns logits: no softmax, and no second layer.",
        atol=1e-3,
    )


@exercise("3.1", points=1)
def test_weights_are_shared(student, rng):
    """Encoder and classifier share the encoder's weights."""
    w, other = rng.normal(size=(2, 6, 3)).astype("float32")
    plugged = plug(student, w, n_classes=2)
    plugged["encoder"].set_weights([other])
    expect.close(
        plugged["classifier"].get_weights()[0],
        other,
        "the first weights of the classifier, after the test has changed those of the encoder",
        "Use the given encoder in the classifier, not a copy of it.",
    )


@exercise("3.2", points=1)
def test_accuracy_is_the_share_of_right_classes(student, rng):
    """The accuracy is the share of images whose largest logit is the one of their label."""
    logits, labels = rng.normal(size=(30, 4)).astype("float32"), rng.integers(0, 4, 30)
    expect.close(
        student.accuracy(student.run_beside(identity), logits, labels),
        np.mean(logits.argmax(axis=1) == labels),
        "the accuracy on 30 images of 4 classes",
        "Return one number from 0 to 1.",
        inputs={"logits": logits, "labels": labels},
    )


@exercise("4.1", points=2)
def test_only_the_head_moves(student, rng):
    """One step of gradient descent changes the head as computed by hand, but not the encoder."""
    game = Classification(student, rng)
    game.train_frozen()
    expect.close(
        game.encoder_weights()[0],
        game.w_h,
        "the encoder's weights after a step on the head",
        "`trainable` takes effect at the next compile.",
        rtol=0,
        atol=1e-7,
    )
    game.step_by_hand(0.5, frozen=True)
    hint = "The loss is averaged over the minibatch, its inputs are logits; one step of optimizer."
    expect.close(game.head_weights()[0], game.w, "the head's matrix after one step", hint)
    expect.close(game.head_weights()[1], game.b, "the head's bias after one step", hint)


@exercise("4.1", points=1)
def test_batch_normalization_stays_in_inference_mode(student, rng):
    """Batch normalization in the encoder uses its running statistics and does not change them."""
    x = (3 * rng.normal(size=(6, 4)) + 5).astype("float32")
    y, w, b = rng.integers(0, 3, 6), rng.normal(size=(4, 3)), rng.normal(size=3)
    mean, variance = rng.normal(size=4), rng.uniform(0.5, 2.0, 4)
    found = student.run_beside(frozen_norm, student.train_frozen, x, y, w, b, mean, variance)
    hint = "Frozen layers use their running statistics and do not change them."
    expect.close(found[0], mean, "the running mean of the frozen encoder", hint)
    expect.close(found[1], variance, "the running variance of the frozen encoder", hint)
    z = (x - mean) / np.sqrt(variance)
    expect.close(
        found[2],
        w - 0.5 * z.T @ of_logits(z @ w + b, y),
        "the head's matrix after one step",
        "The codes that the head reads come from the running statistics.",
    )


@exercise("4.2", points=1)
def test_each_optimizer_takes_its_steps(student, rng):
    """Each optimizer takes one step per minibatch, and at the end all weights have changed."""
    game = Classification(student, rng)
    game.fine_tune(n_batches=2)
    expect.equal(game.steps(), (2, 2), "the numbers of steps of both optimizers on 2 minibatches")
    found, before = game.encoder_weights()[0], game.w_h
    expect.that(
        bool((np.abs(found - before) > 1e-6).any()),
        "the encoder's weights after fine-tuning",
        "different weights than before",
        found,
        "The encoder must be trainable again before the second compile.",
    )
    for rate, frozen in ((0.5, True), (0.5, True), (0.05, False), (0.05, False)):
        game.step_by_hand(rate, frozen)
    hint = "First all minibatches train the head, with head_optimizer; then all train everything."
    expect.close(found, game.w_h, "the encoder's weights after two steps of both kinds", hint)


@exercise("4.2", points=2)
def test_head_first_then_everything(student, rng):
    """One step of the head, then one step of all weights, as computed by hand."""
    game = Classification(student, rng)
    game.fine_tune()
    game.step_by_hand(0.5, frozen=True)
    game.step_by_hand(0.05, frozen=False)
    hint = "First head_optimizer for only the head; then optimizer for the encoder and the head."
    expect.close(game.encoder_weights()[0], game.w_h, "the encoder's weights", hint)
    expect.close(game.head_weights()[0], game.w, "the head's matrix", hint)
    expect.close(game.head_weights()[1], game.b, "the head's bias", hint)


@exercise("5.1", points=1)
def test_copy_has_its_own_weights(student, rng):
    """The copy returns the same codes, and changing it does not change the original."""
    w = rng.normal(size=(5, 3)).astype("float32")
    x = rng.normal(size=(4, 5)).astype("float32")
    at_first, original, changed = student.run_beside(copies, student.copy_encoder, w, x)
    expect.close(at_first, x @ w + 1, "the codes of the copy", "Copy the weights, too.")
    hint = "The weights of the copy were set to 0. The original must not share them."
    expect.close(changed, np.zeros((4, 3)), "the codes of the changed copy", hint)
    expect.close(original, x @ w + 1, "the codes of the original after that", hint)


def draw(student, rng, labels, n):
    return student.run_beside(draw_rows, student.few_labels, labels, n, int(rng.integers(2**31)))


def plug(student, w, n_classes):
    return student.run_beside(plug_in, student.get_classifier, w, n_classes)


def of_logits(logits, y):
    """Return the gradient of the average cross-entropy with respect to the logits."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True) - np.eye(logits.shape[1])[y]) / len(y)


class Reconstruction:
    """A linear autoencoder of images; its step can be computed by hand."""

    rate = 2.0

    def __init__(self, student, rng):
        self.x = rng.uniform(size=(6, 3, 2, 1)).astype("float32")
        self.w_h = rng.normal(size=(6, 2)).astype("float32")
        self.w_x = rng.normal(size=(2, 6)).astype("float32")
        self.student = student

    def train(self):
        return self.student.run_beside(
            train_tiny, self.student.train_autoencoder, self.w_h, self.w_x, self.x, self.rate
        )

    def after_one_step(self):
        x = self.x.reshape(len(self.x), -1)
        z = x @ self.w_h
        of_x_hat = 2 * (z @ self.w_x - x) / x.size
        w_h = self.w_h - self.rate * x.T @ (of_x_hat @ self.w_x.T)
        return w_h, self.w_x - self.rate * z.T @ of_x_hat


class Classification:
    """A classifier with the encoder tanh(x W_h); its steps can be computed by hand."""

    def __init__(self, student, rng, n=6, size=4, d=3, n_classes=3):
        self.x = rng.normal(size=(n, size)).astype("float32")
        self.y = rng.integers(0, n_classes, n)
        self.w_h = rng.normal(size=(size, d)).astype("float32")
        self.w = rng.normal(size=(d, n_classes)).astype("float32")
        self.b = rng.normal(size=n_classes).astype("float32")
        self.student = student
        self.parts = student.run_beside(classification, self.w_h, self.w, self.b)

    def train_frozen(self):
        function = self.student.train_frozen
        self.student.run_beside(train_head, function, self.parts, self.x, self.y)

    def fine_tune(self, n_batches=1):
        function = self.student.fine_tune
        x, y = np.concatenate([self.x] * n_batches), np.concatenate([self.y] * n_batches)
        self.student.run_beside(train_both, function, self.parts, x, y, len(self.x))

    def steps(self):
        return tuple(int(self.parts[name].iterations) for name in ("fast", "slow"))

    def encoder_weights(self):
        return self.parts["encoder"].get_weights()

    def head_weights(self):
        return self.parts["head"].get_weights()

    def step_by_hand(self, rate, frozen):
        z = np.tanh(self.x @ self.w_h)
        gradient = of_logits(z @ self.w + self.b, self.y)
        of_sum = (gradient @ self.w.T) * (1 - z**2)
        self.w = self.w - rate * z.T @ gradient
        self.b = self.b - rate * gradient.sum(axis=0)
        if not frozen:
            self.w_h = self.w_h - rate * self.x.T @ of_sum


# The functions below run beside the answers (student.run_beside).


def frozen_norm(train_frozen, x, y, w, b, mean, variance):
    norm = layers.BatchNormalization(epsilon=1e-7, momentum=0.5)
    encoder = keras.Sequential([keras.Input((4,)), norm])
    encoder.set_weights([np.ones(4), np.zeros(4), mean, variance])
    head, inputs = layers.Dense(3), keras.Input((4,))
    classifier = keras.Model(inputs, head(encoder(inputs)))
    head.set_weights([w, b])
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(len(x))
    train_frozen(classifier, encoder, batches, keras.optimizers.SGD(0.5))
    return norm.moving_mean, norm.moving_variance, head.get_weights()[0]


def copies(copy_encoder, w, x):
    encoder = keras.Sequential([keras.Input((w.shape[0],)), layers.Dense(w.shape[1])])
    encoder.set_weights([w, np.ones(w.shape[1])])
    copy = copy_encoder(encoder)
    at_first = copy(tf.constant(x))
    copy.set_weights([0 * w, np.zeros(w.shape[1])])
    return at_first, encoder(tf.constant(x)), copy(tf.constant(x))


def draw_rows(few_labels, labels, n, seed):
    return few_labels(labels, n, np.random.default_rng(seed))


def plug_in(get_classifier, w, n_classes):
    x = keras.Input((w.shape[0],))
    z = layers.Dense(w.shape[1], use_bias=False, activation="relu")(x)
    encoder = keras.Model(x, z)
    encoder.set_weights([w])
    return {"encoder": encoder, "classifier": get_classifier(encoder, n_classes)}


def set_weights(model, weights):
    model.set_weights(weights)


def train_tiny(train_autoencoder, w_h, w_x, x, rate):
    shape = x.shape[1:]
    encoder = keras.Sequential(
        [keras.Input(shape), layers.Flatten(), layers.Dense(w_h.shape[1], use_bias=False)]
    )
    decoder = keras.Sequential(
        [
            keras.Input((w_x.shape[0],)),
            layers.Dense(w_x.shape[1], use_bias=False),
            layers.Reshape(shape),
        ]
    )
    encoder.set_weights([w_h])
    decoder.set_weights([w_x])
    autoencoder = train_autoencoder(
        encoder, decoder, x, keras.optimizers.SGD(rate), 1, batch_size=len(x)
    )
    return {"encoder": encoder, "decoder": decoder, "autoencoder": autoencoder}


def classification(w_h, w, b):
    x = keras.Input((w_h.shape[0],))
    z = layers.Dense(w_h.shape[1], activation="tanh", use_bias=False)(x)
    encoder, head = keras.Model(x, z), layers.Dense(w.shape[1])
    inputs = keras.Input((w_h.shape[0],))
    classifier = keras.Model(inputs, head(encoder(inputs)))
    encoder.set_weights([w_h])
    head.set_weights([w, b])
    return {
        "encoder": encoder,
        "head": head,
        "classifier": classifier,
        "slow": keras.optimizers.SGD(0.05),
        "fast": keras.optimizers.SGD(0.5),
    }


def train_head(train_frozen, parts, x, y):
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(len(x))
    train_frozen(parts["classifier"], parts["encoder"], data, parts["fast"])


def train_both(fine_tune, parts, x, y, batch_size):
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
    fine_tune(parts["classifier"], parts["encoder"], data, parts["fast"], parts["slow"])


def identity():
    return keras.Sequential([keras.Input((4,)), layers.Activation("linear")])
