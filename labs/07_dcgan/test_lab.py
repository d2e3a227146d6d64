"""The checks of lab 7 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import keras
    from keras import ops

NOT_LISTED = ("InputLayer", "Reshape", "Flatten", "ExpandDims", "Squeeze", "Identity", "Activation")
G_HINT = "The order is: projection; then for each doubling batch norm, ReLU, doubling; then Tanh."
D_HINT = "The order in a block is: halving, batch norm (not in the first), LeakyReLU(0.2)."


@exercise("1.1", points=1)
def test_images_are_rescaled(student, rng):
    """[0, 1] becomes [-1, 1], and [-1, 1] becomes [0, 1]."""
    x = rng.uniform(0.1, 0.7, size=(3, 4, 4, 1)).astype("float32")
    expect.close(student.to_tanh(x), 2 * x - 1, "to_tanh of three images in [0.1, 0.7]")
    y = rng.uniform(-0.6, 0.8, size=(3, 4, 4, 1)).astype("float32")
    expect.close(student.from_tanh(y), (y + 1) / 2, "from_tanh of three images in [-0.6, 0.8]")


@exercise("1.2", points=1)
def test_the_generator_draws_images(student, rng):
    """G draws images of the right shape, with values in [-1, 1]."""
    x = images_of(student, rng, latent_dim=10, side=32, channels=3)
    expect.shape(x, (5, 32, 32, 3), "the images G(z) of 5 vectors z with d = 10")
    expect.that(
        bool(np.abs(x).max() <= 1 and x.min() < 0),
        "the values of G(z)",
        "numbers between -1 and 1, some of them negative",
        [float(x.min()), float(x.max())],
        "The last activation is Tanh.",
    )
    model = student.get_generator(10, 32, 3)
    values, factors = rng.uniform(0.5, 1.5, 5), np.array([-0.8, 0.6, 5.0])
    last = student.run_beside(pass_on, model, factors.astype("float32"))
    expect.equal(last, "Conv2DTranspose", "the class of the last layer with weights", G_HINT)
    z = np.ones((1, 10), "float32") * values[:, None].astype("float32")
    expect.close(
        model(z, training=False),
        np.ones((1, 32, 32, 1)) * np.tanh(values.reshape(-1, 1, 1, 1) * factors),
        "the images of constant vectors z, after the test has set the weights, so that each layer "
        "passes constant values on",
        "The last activation is Tanh, and all others are ReLU.",
        rtol=1e-2,
        inputs={"the values of the vectors": values, "the factors of the last layer": factors},
    )


@exercise("1.2", points=1)
def test_the_generator_doubles_by_transposed_convolutions(student):
    """Only transposed convolutions double the side, and no hidden layer is fully connected."""
    words = layers_of(student, student.get_generator(10, 32, 3), activations=False)
    expect.equal(
        [word for word in words if word in ("projection", "doubling") or is_shaping(word)],
        ["projection", "doubling", "doubling", "doubling"],
        "the layers of G for 32x32 pixels that are not batch norm or activations",
        "From 4x4 to 32x32 with Conv2DTranspose, strides=2, and one Dense layer before them.",
    )


@exercise("1.2", points=2)
def test_the_generator_normalizes_and_activates(student):
    """Batch norm and ReLU follow each layer of G except the last, which has Tanh."""
    words = layers_of_g(student, 32, 3)
    expect.equal(as_text(words), as_text(generator(3)), "the layers of G for 32x32 pixels", G_HINT)


@exercise("1.3", points=1)
def test_the_discriminator_scores_images(student, rng):
    """D returns one logit per image."""
    x = rng.uniform(-1, 1, size=(5, 32, 32, 3)).astype("float32")
    expect.shape(
        student.get_discriminator(32, 3)(x, training=False),
        (5, 1),
        "the logits of 5 images of 32x32x3",
    )
    words = layers_of_d(student, 32, 3)
    expect.equal(
        words[-1:],
        ["logit"],
        "the last layer of D",
        "One output without activation: a logit may be any number.",
    )


@exercise("1.3", points=1)
def test_the_discriminator_halves_by_strided_convolutions(student):
    """Only strided convolutions halve the side, and no hidden layer is fully connected."""
    words = layers_of_d(student, 32, 3, activations=False)
    expect.equal(
        [word for word in words if word in ("halving", "logit") or is_shaping(word)],
        ["halving", "halving", "halving", "logit"],
        "the layers of D for 32x32 pixels that are not batch norm or activations",
        "From 32x32 to 4x4 with Conv2D, strides=2; no pooling, and only the last layer is Dense.",
    )


@exercise("1.3", points=2)
def test_the_discriminator_normalizes_and_activates(student):
    """In D, LeakyReLU(0.2) follows each convolution, batch norm each except the first."""
    words = layers_of_d(student, 32, 3)
    wanted = as_text(discriminator(3))
    expect.equal(as_text(words), wanted, "the layers of D for 32x32 pixels", D_HINT)


@exercise("3.1", points=1)
def test_the_path_passes_through_the_points(student, rng):
    """Row i * n is point i, and there are n - 1 codes between two points."""
    points = rng.normal(size=(9, 6)).astype("float32")
    found = student.path(points, 5)
    expect.shape(found, (8 * 5 + 1, 6), "a path through 9 points, 5 steps per line, d = 6")
    expect.close(found[::5], points, "every fifth code", "Is a point in the path twice?")


@exercise("3.1", points=1)
def test_the_path_goes_in_equal_steps(student, rng):
    """From point to point the path follows a line, in equal steps."""
    points = rng.normal(size=(3, 4)).astype("float32")
    expect.close(
        student.path(points, 4),
        on_lines(points, 4),
        "a path through 3 points, 4 steps per line",
        "t grows by 1/n per step.",
        inputs={"points": points},
    )


@exercise("3.2", points=2)
def test_the_arc_has_the_right_values(student, rng):
    """The values are those of the formula, for codes of any length."""
    z_a, z_b = rng.normal(size=(2, 8))
    t = rng.uniform(size=5)
    expect.close(
        student.arc(z_a, 3 * z_b, t),
        on_arc(z_a, 3 * z_b, t),
        "z(t) for 5 numbers t, d = 8",
        "theta is the angle between z_a and z_b: divide by their lengths to get the cosine, "
        "but do not divide the codes in the formula.",
        inputs={"z_a": z_a, "z_b": 3 * z_b, "t": t},
    )


@exercise("3.2", points=1)
def test_the_arc_stays_on_the_sphere(student, rng):
    """Between two codes of the same length, all codes have this length."""
    z_a, z_b = rng.normal(size=(2, 16))
    z_b *= np.linalg.norm(z_a) / np.linalg.norm(z_b)
    found = student.arc(z_a, z_b, np.linspace(0, 1, 7))
    expect.shape(found, (7, 16), "z(t) for 7 numbers t, d = 16")
    lengths = np.linalg.norm(found, axis=1)
    expect.close(lengths, np.full(7, np.linalg.norm(z_a)), "the lengths of 7 codes on the arc")


@exercise("4.1", points=2)
def test_picked_samples_have_what_is_wanted(student, rng):
    """All wanted attributes, and no others, decide which samples are picked."""
    z, table = samples(rng, 40)
    fits = (table["woman"] == 0) & (table["glasses"] == 1)
    fits[:4], table["woman"][:4], table["glasses"][:4] = True, 0, 1
    k = int(fits.sum())
    found = with_seed(student, z, table, {"woman": 0, "glasses": 1}, k, 1)
    expect.shape(found, (k, 3), f"the codes of all {k} samples that are men with glasses")
    expect.close(
        in_order(found),
        in_order(z[fits]),
        f"the codes of all {k} samples that are men with glasses, sorted",
        "A sample must have all wanted attributes, 0 or 1; pick no sample twice.",
    )


@exercise("4.1", points=1)
def test_samples_are_picked_at_random(student, rng):
    """The random generator rng decides which samples are picked."""
    z, table = samples(rng, 60)
    table["smile"][:30] = 1
    picks = [with_seed(student, z, table, {"smile": 1}, 4, seed) for seed in (1, 1, 2, 3, 4)]
    smiling = z[table["smile"] == 1]
    for found in picks:
        expect.shape(found, (4, 3), "the codes of 4 smiling samples")
        nearest = np.abs(found[:, None] - smiling).max(axis=2).argmin(axis=1)
        expect.close(found, smiling[nearest], "4 codes; expected are codes of smiling samples")
    hint = "Draw with rng.choice or rng.permutation."
    expect.close(picks[1], picks[0], "a second draw with the same seed", hint)
    expect.that(
        any(not np.array_equal(in_order(picks[0]), in_order(other)) for other in picks[2:]),
        "draws of 4 out of 30 or more with four different seeds",
        "different samples",
        "the same samples in all draws",
        hint,
    )


@exercise("4.2", points=1)
def test_concepts_are_averages(student, rng):
    """The result is the first average minus the second plus the third."""
    z_1, z_2, z_3 = rng.normal(size=(3, 4, 6)).astype("float32")
    expect.close(
        student.arithmetic(z_1, z_2, z_3),
        z_1.mean(axis=0) - z_2.mean(axis=0) + z_3.mean(axis=0),
        "the code of three concepts of 4 examples each",
        "Return one code of d numbers: average over the examples.",
    )


@exercise("4.2", points=1)
def test_the_code_itself_is_in_the_middle(student, rng):
    """The code is in the middle row; its copies are near it, but different."""
    z = rng.normal(size=7)
    found = noisy(student, z, 9, 0.25, 3)
    expect.shape(found, (9, 7), "9 codes around one with d = 7")
    expect.close(found[4], z, "the code in the middle, row 4 of 9", "Row n // 2 has no noise.")
    far = np.abs(found - z).max(axis=1)
    expect.between(float(far.max()), 0.0, 0.2501, "the largest noise, for s = 0.25")
    expect.that(
        bool((np.delete(far, 4) > 0.01).all()),
        "the largest noise of each other code, for s = 0.25",
        "more than 0.01 for each code",
        far,
        "Draw the noise anew for each code and each dimension.",
    )


def images_of(student, rng, latent_dim, side, channels):
    z = 3 * rng.normal(size=(5, latent_dim)).astype("float32")
    found = student.get_generator(latent_dim, side, channels)(z, training=False)
    expect.shape(found, (5, None, None, None), "the images G(z) of 5 vectors z")
    return found


def layers_of_g(student, side, channels):
    """Return the layers of G, in words."""
    return layers_of(student, student.get_generator(10, side, channels))


def layers_of_d(student, side, channels, activations=True):
    """Return the layers of D, in words."""
    words = layers_of(student, student.get_discriminator(side, channels), activations)
    if words and words[-1].startswith("a Conv2D with"):
        words[-1] = "logit"  # of the 4x4 maps; another test checks the shape of the output
    return words


def layers_of(student, model, activations=True):
    words = []
    for name, strides, units, values in student.run_beside(list_layers, model, activations):
        if name not in NOT_LISTED:
            words.append(layer_word(name, strides, units, first=not words))
        if values is not None and not np.allclose(values, (-1, 2)):
            words.append(activation_word(values))
    return words


def layer_word(name, strides, units, first):
    if name == "Dense":
        return "projection" if first else "logit" if units == 1 else f"a Dense layer of {units}"
    if name == "Conv2DTranspose" and first and strides != [2, 2]:
        return "projection"  # from 1x1
    if name in ("Conv2D", "Conv2DTranspose"):
        doubling = "doubling" if name == "Conv2DTranspose" else "halving"
        return doubling if strides == [2, 2] else f"a {name} with strides {strides[0]}"
    return "batch norm" if name == "BatchNormalization" else f"a layer {name}"


def activation_word(values):
    known = {"ReLU": (0, 2), "Tanh": np.tanh((-1, 2)), "LeakyReLU(0.2)": (-0.2, 2)}
    for name, wanted in known.items():
        if np.allclose(values, wanted, atol=1e-4):
            return name
    if np.isclose(values[1], 2):
        return f"an activation of slope {-values[0]:.3g}"
    return f"an activation with f(-1) = {values[0]:.3g}, f(2) = {values[1]:.3g}"


def is_shaping(word):
    """Whether a layer does not follow the guidelines."""
    return word.startswith(("a layer", "a Dense", "a Conv2D")) or word == "halving"


def as_text(words):
    return ", ".join(words)


def generator(n):
    """Return the layers of G with n doublings, in words."""
    return ["projection", *(["batch norm", "ReLU", "doubling"] * n), "Tanh"]


def discriminator(n):
    """Return the layers of D with n halvings, in words."""
    block = ["halving", "batch norm", "LeakyReLU(0.2)"]
    return ["halving", "LeakyReLU(0.2)", *(block * (n - 1)), "logit"]


def on_lines(points, n):
    steps = [(i, j / n) for i in range(len(points) - 1) for j in range(n)]
    between = [points[i] + t * (points[i + 1] - points[i]) for i, t in steps]
    return np.stack([*between, points[-1]])


def on_arc(z_a, z_b, t):
    theta = np.arccos(z_a @ z_b / np.sqrt((z_a @ z_a) * (z_b @ z_b)))
    weights = np.sin([(1 - t) * theta, t * theta]) / np.sin(theta)
    return weights.T @ np.stack([z_a, z_b])


def samples(rng, n):
    z = rng.normal(size=(n, 3)).astype("float32")
    return z, {name: rng.integers(0, 2, n) for name in ("woman", "smile", "glasses")}


def with_seed(student, z, table, wanted, k, seed):
    return student.run_beside(pick_with, student.pick, seed, z, table, wanted, k)


def noisy(student, z, n, scale, seed):
    return student.run_beside(add_noise, student.neighbours, seed, z, n, scale)


def in_order(codes):
    return codes[np.lexsort(codes.T)]


# The functions below run beside the answers (student.run_beside).


def list_layers(model, with_activations):
    """Return the layers of a network in order: class, strides, units, activation at -1 and 2."""
    activations = ("relu", "leakyrelu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu")
    found = []
    for step in getattr(model, "operations", model.layers):
        if isinstance(step, keras.Model):
            found += list_layers(step, with_activations)
            continue
        name, function, values = type(step).__name__, getattr(step, "activation", None), None
        if name.lower() in activations:
            name, function = "Activation", step
        if callable(function) and with_activations:
            values = ops.convert_to_numpy(function(ops.convert_to_tensor([[-1.0, 2.0]])))[0]
        strides = getattr(step, "strides", 1)
        strides = [strides] if isinstance(strides, int) else list(strides)
        found.append([name, strides, getattr(step, "units", 0), values])
    return found


def pass_on(model, factors):
    """Let each layer average over its channels; the last one also multiplies by the factors.

    Then constant maps stay constant. Returns the class of the last layer with weights.
    """
    found = [x for x in model._flatten_layers(include_self=False) if hasattr(x, "kernel")]
    for layer in found:
        kernel = np.zeros(layer.kernel.shape, "float32")
        if not isinstance(layer, keras.layers.Conv2DTranspose):
            middle = [k // 2 for k in kernel.shape[:-2]]  # none for a dense layer
            kernel[tuple(middle)] = 1 / kernel.shape[-2]
        elif layer.padding == "valid":  # from 1x1
            kernel[:] = 1 / kernel.shape[-1]
        else:  # each pixel of the output gets one tap
            (a, b), (s, t) = kernel.shape[:2], layer.strides
            kernel[(a - s) // 2 : (a + s) // 2, (b - t) // 2 : (b + t) // 2] = 1 / kernel.shape[-1]
        transposed = isinstance(layer, keras.layers.Conv2DTranspose)
        n_outputs = kernel.shape[-2 if transposed else -1]
        if layer is found[-1] and n_outputs == len(factors):
            kernel *= factors[:, None] if transposed else factors
        layer.kernel.assign(kernel)
        if layer.bias is not None:
            layer.bias.assign(np.zeros(layer.bias.shape))
    return type(found[-1]).__name__ if found else "no layer"


def pick_with(pick, seed, *arguments):
    return pick(*arguments, np.random.default_rng(seed))


def add_noise(neighbours, seed, *arguments):
    return neighbours(*arguments, np.random.default_rng(seed))
