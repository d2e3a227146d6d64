"""Wrong answers to lab 12 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

ASCENT = (
    "test_a_step_ascends",
    "test_the_result_is_an_image",
    "test_images_do_not_influence_each_other",
)
VARIATION = (
    "test_the_total_variation_by_hand",
    "test_the_total_variation_of_noise",
    "test_total_variation_of_any_shape",
)
GRAM = (
    "test_a_gram_matrix_by_hand",
    "test_gram_matrices_of_a_minibatch",
    "test_gram_matrices_of_any_shape",
)
STYLE = ("test_the_style_loss_by_hand", "test_the_style_loss_of_several_images")
PROJECT = ("test_both_limits_hold", "test_limits_of_any_size")

PROOF = [
    Mutant("1.1", "descends", ASCENT, ("x + rate", "x - rate")),
    Mutant(
        "1.1",
        "no clip",
        "test_the_result_is_an_image",
        (
            "ops.clip(x + rate * tape.gradient(a, x), 0.0, 1.0)",
            "x + rate * tape.gradient(a, x)",
        ),
    ),
    Mutant(
        "1.1",
        "the mean over the images",
        ("test_a_step_ascends", "test_images_do_not_influence_each_other"),
        ("ops.sum(activation(x))", "ops.mean(activation(x))"),
    ),
    Mutant(
        "1.1",
        "the sign of the gradient",
        ("test_a_step_ascends", "test_images_do_not_influence_each_other"),
        ("tape.gradient(a, x)", "ops.sign(tape.gradient(a, x))"),
    ),
    Mutant("1.1", "the tape watches nothing", ASCENT, ("        tape.watch(x)\n", "")),
    Mutant(
        "1.2",
        "squares",
        VARIATION,
        [
            ("ops.abs(x[:, 1:] - x[:, :-1])", "ops.square(x[:, 1:] - x[:, :-1])"),
            ("ops.abs(x[:, :, 1:] - x[:, :, :-1])", "ops.square(x[:, :, 1:] - x[:, :, :-1])"),
        ],
    ),
    Mutant("1.2", "one direction only", VARIATION, ("down + right", "down")),
    Mutant(
        "1.2",
        "the mean over the pixels",
        VARIATION,
        [
            ("down = ops.sum", "down = ops.mean"),
            ("right = ops.sum", "right = ops.mean"),
        ],
    ),
    Mutant(
        "1.2",
        "summed over the minibatch",
        VARIATION,
        ("return down + right", "return ops.sum(down + right)"),
    ),
    Mutant(
        "1.2",
        "in a circle",
        VARIATION,
        [
            ("x[:, 1:] - x[:, :-1]", "x - ops.roll(x, 1, axis=1)"),
            ("x[:, :, 1:] - x[:, :, :-1]", "x - ops.roll(x, 1, axis=2)"),
        ],
    ),
    Mutant(
        "2.1",
        "ascends",
        (
            "test_one_step_descends",
            "test_steps_with_a_regularizer",
            "test_representations_of_any_shape",
            "test_the_limits_hold_in_each_step",
        ),
        ("x - rate", "x + rate"),
    ),
    Mutant(
        "2.1",
        "lambda forgotten",
        ("test_steps_with_a_regularizer", "test_representations_of_any_shape"),
        ("lam * ops.sum(regularizer(x))", "ops.sum(0.0 * x)"),
    ),
    Mutant(
        "2.1",
        "clipped only at the end",
        ("test_steps_with_a_regularizer", "test_the_limits_hold_in_each_step"),
        [
            (
                "ops.clip(x - rate * tape.gradient(loss, x), 0.0, 1.0)",
                "x - rate * tape.gradient(loss, x)",
            ),
            ("    return x\n", "    return ops.clip(x, 0.0, 1.0)\n"),
        ],
    ),
    Mutant(
        "2.1",
        "one step only",
        (
            "test_steps_with_a_regularizer",
            "test_representations_of_any_shape",
        ),
        ("range(steps)", "range(1)"),
    ),
    Mutant(
        "2.1",
        "the mean of the squares",
        (
            "test_one_step_descends",
            "test_steps_with_a_regularizer",
            "test_representations_of_any_shape",
        ),
        ("ops.sum(ops.square", "ops.mean(ops.square"),
    ),
    Mutant("3.1", "not divided by the positions", GRAM, (" / (height * width)", "")),
    Mutant(
        "3.1",
        "divided by the number of maps too",
        GRAM,
        ("(height * width)\n", "(height * width * d)\n"),
    ),
    Mutant(
        "3.1",
        "the dot products of positions",
        GRAM,
        (
            "ops.matmul(ops.transpose(f, (0, 2, 1)), f)",
            "ops.matmul(f, ops.transpose(f, (0, 2, 1)))",
        ),
    ),
    Mutant(
        "3.1",
        "the mean of each map is subtracted",
        GRAM,
        ("(-1, height * width, d))", "(-1, height * width, d))\n    f = f - ops.mean(f, 1, True)"),
    ),
    Mutant(
        "3.2",
        "not divided by the size of the target",
        STYLE,
        ("distance / ops.sum(ops.square(a), axis=(1, 2))", "distance"),
    ),
    Mutant("3.2", "the sum over the layers", STYLE, ("total / len(grams)", "total")),
    Mutant(
        "3.2",
        "divided by the size of the image's matrix",
        STYLE,
        ("ops.sum(ops.square(a)", "ops.sum(ops.square(g)"),
    ),
    Mutant(
        "3.2",
        "summed over the minibatch",
        STYLE,
        ("return total / len(grams)", "return ops.sum(total / len(grams))"),
    ),
    Mutant(
        "4.1",
        "the gradient itself",
        (
            "test_each_pixel_moves_by_epsilon",
            "test_an_adversarial_example_is_an_image",
            "test_more_classes_and_colours",
        ),
        ("ops.sign(tape.gradient(h, x))", "tape.gradient(h, x)"),
    ),
    Mutant(
        "4.1",
        "towards the true class",
        (
            "test_each_pixel_moves_by_epsilon",
            "test_an_adversarial_example_is_an_image",
            "test_more_classes_and_colours",
        ),
        ("x + epsilon", "x - epsilon"),
    ),
    Mutant(
        "4.1",
        "no clip",
        "test_an_adversarial_example_is_an_image",
        (
            "ops.clip(x + epsilon * ops.sign(tape.gradient(h, x)), 0.0, 1.0)",
            "x + epsilon * ops.sign(tape.gradient(h, x))",
        ),
    ),
    Mutant(
        "4.1",
        "clipped to the limits of tanh",
        "test_an_adversarial_example_is_an_image",
        (", 0.0, 1.0)", ", -1.0, 1.0)"),
    ),
    Mutant(
        "4.2",
        "within epsilon only",
        PROJECT,
        ("ops.clip(near, 0.0, 1.0)", "near"),
    ),
    Mutant(
        "4.2",
        "an image only",
        PROJECT,
        ("ops.clip(x_new, x - epsilon, x + epsilon)", "x_new"),
    ),
    Mutant(
        "4.2",
        "half of epsilon",
        PROJECT,
        ("x - epsilon, x + epsilon", "x - epsilon / 2, x + epsilon / 2"),
    ),
    Alternative(
        "1.1",
        "one image after the other",
        """
def ascent_step(activation, x, rate):
    found = []
    for i in range(x.shape[0]):
        image = tf.Variable(x[i : i + 1])
        with tf.GradientTape() as tape:
            a = activation(tf.convert_to_tensor(image))
        found.append(tf.clip_by_value(image + rate * tape.gradient(a, image), 0, 1))
    return tf.concat(found, axis=0)
""",
    ),
    Alternative(
        "1.2",
        "the function of TensorFlow",
        """
def total_variation(x):
    return tf.image.total_variation(x)
""",
    ),
    Alternative(
        "2.1",
        "with the optimizer of Keras",
        """
def invert(theta, theta_0, regularizer, start, *, lam, rate, steps):
    x = tf.Variable(start)
    optimizer = keras.optimizers.SGD(rate)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            difference = theta(tf.convert_to_tensor(x)) - theta_0
            loss = tf.reduce_sum(difference**2) + lam * tf.reduce_sum(regularizer(tf.convert_to_tensor(x)))
        optimizer.apply_gradients([(tape.gradient(loss, x), x)])
        x.assign(tf.clip_by_value(x, 0, 1))
    return tf.convert_to_tensor(x)
""",
    ),
    Alternative(
        "3.1",
        "one einsum",
        """
def gram_matrix(features):
    positions = features.shape[1] * features.shape[2]
    return tf.einsum("bijc,bijd->bcd", features, features) / positions
""",
    ),
    Alternative(
        "3.2",
        "a list of means",
        """
def style_loss(grams, targets):
    losses = [
        tf.reduce_mean((g - a) ** 2, axis=(1, 2)) / tf.reduce_mean(a**2, axis=(1, 2))
        for g, a in zip(grams, targets)
    ]
    return tf.reduce_mean(tf.stack(losses), axis=0)
""",
    ),
    Alternative(
        "4.1",
        "the logarithm of one probability",
        """
def fgsm(model, x, y, epsilon):
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        p = tf.gather(model(x), tf.cast(y, tf.int32), axis=1, batch_dims=1)
        h = -tf.reduce_sum(tf.math.log(p))
    return tf.clip_by_value(x + epsilon * tf.sign(tape.gradient(h, x)), 0, 1)
""",
    ),
    Alternative(
        "4.2",
        "minimum and maximum",
        """
def project(x_new, x, epsilon):
    low = tf.maximum(x - epsilon, 0.0)
    high = tf.minimum(x + epsilon, 1.0)
    return tf.minimum(tf.maximum(x_new, low), high)
""",
    ),
]
