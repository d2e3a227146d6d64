"""Wrong answers to lab 13 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

TYPE_A = "test_a_mask_of_type_a"
TYPE_B = "test_a_mask_of_type_b"
LINE = "test_masks_of_one_row_and_of_one_column"
MASK = (TYPE_A, TYPE_B, LINE)
LEFT = "test_one_pixel_reaches_the_output"
LINEAR = ("test_the_influence_in_a_linear_network", "test_the_influence_depends_on_the_image")
INFLUENCE = (LEFT, *LINEAR)
LARGE = "test_large_logits"
NLL = (
    "test_the_likelihood_by_hand",
    LARGE,
    "test_the_probabilities_of_all_images_add_up_to_1",
)
EACH_ALONE = "test_pixels_that_do_not_depend_on_others"
DEPENDENT = ("test_pixels_that_depend_on_those_before", "test_larger_images")
DRAW = (EACH_ALONE, *DEPENDENT)
JACOBIAN = "test_the_determinant_is_that_of_the_jacobian"
VALUES = ("test_the_values_of_a_coupling", JACOBIAN)
DETERMINANT = ("test_the_determinant_of_a_coupling", JACOBIAN)
INVERSE = ("test_a_coupling_is_inverted", "test_couplings_of_other_sizes_are_inverted")
NORMAL = "test_a_step_that_changes_nothing"
TWO = "test_two_steps"
SINH = "test_determinants_that_differ_between_vectors"
INTEGRAL = "test_the_density_integrates_to_1"
DENSITY = (NORMAL, TWO, SINH, INTEGRAL)
UNITS = ("test_the_units", "test_units_of_other_shapes")
LEVELS = ("test_the_bits_of_levels", "test_a_uniform_density")

PROOF = [
    Mutant(
        "1.1", "type A sees the middle", (TYPE_A, LINE), ('if kind == "B":', 'if kind in "AB":')
    ),
    Mutant(
        "1.1",
        "type B does not see the middle",
        (TYPE_B, LINE),
        ('if kind == "B":', 'if kind == "b":'),
    ),
    Mutant("1.1", "the types exchanged", MASK, ('kind == "B"', 'kind == "A"')),
    Mutant(
        "1.1",
        "the rows below",
        MASK,
        ("mask[: height // 2] = 1", "mask[height // 2 + 1 :] = 1"),
    ),
    Mutant(
        "1.1",
        "to the right in its own row",
        MASK,
        ("mask[height // 2, : width // 2] = 1", "mask[height // 2, width // 2 + 1 :] = 1"),
    ),
    Mutant(
        "1.1",
        "nothing in its own row",
        MASK,
        ("    mask[height // 2, : width // 2] = 1\n", ""),
    ),
    Mutant(
        "1.1",
        "the whole row of the middle",
        MASK,
        ("mask[height // 2, : width // 2] = 1", "mask[height // 2] = 1"),
    ),
    Mutant(
        "1.1",
        "the rows above, only to the left of the middle",
        MASK,
        ("mask[: height // 2] = 1", "mask[: height // 2, : width // 2] = 1"),
    ),
    Mutant(
        "1.1",
        "column by column",
        (TYPE_A, TYPE_B),
        [
            ("np.zeros((height, width))", "np.zeros((width, height))"),
            ("mask[: height // 2]", "mask[: width // 2]"),
            ("mask[height // 2, : width // 2]", "mask[width // 2, : height // 2]"),
            ("mask[height // 2, width // 2]", "mask[width // 2, height // 2]"),
            ("return mask", "return mask.T"),
        ],
    ),
    Mutant(
        "1.1",
        "the middle in a wrong place",
        MASK,
        [
            (
                "mask = np.zeros((height, width))",
                "mask, middle = np.zeros((height, width)), width // 2 - 1",
            ),
            ("mask[height // 2, : width // 2]", "mask[height // 2, :middle]"),
            ("mask[height // 2, width // 2]", "mask[height // 2, middle]"),
        ],
    ),
    Mutant(
        "1.2",
        "the gradient with its sign",
        INFLUENCE,
        ("ops.abs(tape.gradient(o, x)[0])", "tape.gradient(o, x)[0]"),
    ),
    Mutant("1.2", "row and column exchanged", INFLUENCE, ("[0, i, j]", "[0, j, i]")),
    Mutant("1.2", "the first output only", LINEAR, ("[0, i, j]", "[0, i, j, 0]")),
    Mutant("1.2", "the mean of the outputs", LINEAR, ("ops.sum(network", "ops.mean(network")),
    Mutant("1.2", "the mean over the channels", LINEAR, ("ops.sum(ops.abs", "ops.mean(ops.abs")),
    Mutant(
        "1.2",
        "the absolute value after the sum",
        LINEAR,
        (
            "ops.sum(ops.abs(tape.gradient(o, x)[0]), axis=-1)",
            "ops.abs(ops.sum(tape.gradient(o, x)[0], axis=-1))",
        ),
    ),
    Mutant("1.2", "squares", INFLUENCE, ("ops.abs", "ops.square")),
    Mutant("1.2", "the outputs at all pixels", INFLUENCE, ("[0, i, j]", "")),
    Mutant("1.2", "one value per channel", INFLUENCE, (", axis=-1)", ", axis=-1, keepdims=True)")),
    Mutant("1.2", "the tape does not watch x", INFLUENCE, ("tape.watch(x)", "pass")),
    Mutant(
        "1.2",
        "the largest output",
        LINEAR,
        ("ops.sum(network", "ops.max(network"),
    ),
    Mutant("2.1", "the mean over the values", NLL, ("ops.sum(of", "ops.mean(of")),
    Mutant("2.1", "the sum over the images", NLL, (", axis=(1, 2, 3)", "")),
    Mutant("2.1", "the likelihood without minus", NLL, ("return ops", "return -ops")),
    Mutant("2.1", "0 and 1 exchanged", NLL[:2], ("- x * logits", "- (1 - x) * logits")),
    Mutant("2.1", "the wrong sign of x l", NLL, ("- x * logits", "+ x * logits")),
    Mutant("2.1", "bits", NLL, ("axis=(1, 2, 3))", "axis=(1, 2, 3)) / np.log(2)")),
    Mutant(
        "2.1", "the pixels of 1 alone", NLL, ("ops.softplus(logits)", "x * ops.softplus(logits)")
    ),
    Mutant(
        "2.1",
        "e^l is computed",
        LARGE,
        ("ops.softplus(logits)", "ops.log(1 + ops.exp(logits))"),
    ),
    Mutant(
        "2.1",
        "the logarithm of rounded probabilities",
        LARGE,
        (
            "ops.softplus(logits) - x * logits",
            "-x * ops.log(ops.sigmoid(logits)) - (1 - x) * ops.log(1 - ops.sigmoid(logits))",
        ),
    ),
    Mutant(
        "2.1",
        "probabilities that Keras clips",
        LARGE,
        (
            "ops.softplus(logits) - x * logits",
            "ops.binary_crossentropy(x, 1 / (1 + ops.exp(-logits)))",
        ),
    ),
    Mutant(
        "2.1",
        "the logits taken for probabilities",
        NLL[:2],
        ("ops.softplus(logits) - x * logits", "ops.binary_crossentropy(x, logits)"),
    ),
    Mutant("2.1", "one value per channel", NLL, ("axis=(1, 2, 3)", "axis=(1, 2)")),
    Mutant("3.1", "0 and 1 exchanged", DRAW, ("< p", ">= p")),
    Mutant("3.1", "probabilities", DRAW, ("u[:, i, j] < p", "p")),
    Mutant("3.1", "the likelier value", DRAW, ("u[:, i, j] < p", "p > 0.5")),
    Mutant(
        "3.1",
        "the logits taken for probabilities",
        DRAW,
        ("1 / (1 + np.exp(-logits_of(x)[:, i, j]))", "logits_of(x)[:, i, j]"),
    ),
    Mutant("3.1", "the wrong sign of the logit", DRAW, ("np.exp(-", "np.exp(")),
    Mutant("3.1", "all images from the same numbers", DRAW, ("u[:, i, j]", "u[:1, i, j]")),
    Mutant("3.1", "the last column stays 0", DRAW, ("range(u.shape[2])", "range(u.shape[2] - 1)")),
    Mutant("3.1", "the first row stays 0", DRAW, ("range(u.shape[1])", "range(1, u.shape[1])")),
    Mutant(
        "3.1",
        "the pixels before are forgotten",
        DEPENDENT,
        ("logits_of(x)", "logits_of(np.zeros(u.shape))"),
    ),
    Mutant(
        "3.1",
        "column by column",
        DEPENDENT,
        [
            ("for i in range(u.shape[1])", "for j in range(u.shape[2])"),
            (
                "for j in range(u.shape[2]):\n            p",
                "for i in range(u.shape[1]):\n            p",
            ),
        ],
    ),
    Mutant(
        "3.1",
        "from the last pixel to the first",
        DEPENDENT,
        [
            ("range(u.shape[1])", "reversed(range(u.shape[1]))"),
            ("range(u.shape[2])", "reversed(range(u.shape[2]))"),
        ],
    ),
    Mutant(
        "3.1",
        "the logits of a row are computed once",
        DEPENDENT,
        [
            ("        for j in", "        logits = logits_of(x)\n        for j in"),
            ("logits_of(x)[:, i, j]", "logits[:, i, j]"),
        ],
    ),
    Mutant("4.1", "no exponential", VALUES, ("ops.exp(s)", "s")),
    Mutant("4.1", "s and t exchanged", (*VALUES, DETERMINANT[0]), ("s, t =", "t, s =")),
    Mutant(
        "4.1",
        "the network reads the second half",
        (*VALUES, DETERMINANT[0]),
        ("network(a)", "network(b)"),
    ),
    Mutant(
        "4.1", "shifted before it is scaled", VALUES, ("b * ops.exp(s) + t", "(b + t) * ops.exp(s)")
    ),
    Mutant("4.1", "the shift is subtracted", VALUES, ("+ t]", "- t]")),
    Mutant("4.1", "the inverse", VALUES, ("b * ops.exp(s) + t", "(b - t) * ops.exp(-s)")),
    Mutant(
        "4.1",
        "the halves change places",
        VALUES,
        ("[a, b * ops.exp(s) + t]", "[b * ops.exp(s) + t, a]"),
    ),
    Mutant(
        "4.1",
        "the other half is changed",
        VALUES,
        ("[a, b * ops.exp(s) + t]", "[a * ops.exp(s) + t, b]"),
    ),
    Mutant(
        "4.1",
        "the determinant without a logarithm",
        DETERMINANT,
        ("ops.sum(s, axis=-1)", "ops.prod(ops.exp(s), axis=-1)"),
    ),
    Mutant(
        "4.1",
        "the sum of the scales",
        DETERMINANT,
        ("ops.sum(s, axis=-1)", "ops.sum(ops.exp(s), axis=-1)"),
    ),
    Mutant("4.1", "the absolute values of s", DETERMINANT, ("ops.sum(s,", "ops.sum(ops.abs(s),")),
    Mutant("4.1", "the wrong sign of the determinant", DETERMINANT, ("ops.sum(s", "-ops.sum(s")),
    Mutant("4.1", "the mean of s", DETERMINANT, ("ops.sum(s", "ops.mean(s")),
    Mutant(
        "4.1", "one determinant for all vectors", DETERMINANT, ("ops.sum(s, axis=-1)", "ops.sum(s)")
    ),
    Mutant("4.1", "one value per dimension", DETERMINANT, ("ops.sum(s, axis=-1)", "s")),
    Mutant(
        "4.2",
        "the scale is undone first",
        INVERSE,
        ("(b - t) * ops.exp(-s)", "b * ops.exp(-s) - t"),
    ),
    Mutant("4.2", "scaled by e^s again", INVERSE, ("ops.exp(-s)", "ops.exp(s)")),
    Mutant("4.2", "the shift is added", INVERSE, ("(b - t)", "(b + t)")),
    Mutant("4.2", "forwards", INVERSE, ("(b - t) * ops.exp(-s)", "b * ops.exp(s) + t")),
    Mutant("4.2", "the network reads the second half", INVERSE, ("network(a)", "network(b)")),
    Mutant(
        "4.2",
        "the halves change places",
        INVERSE,
        ("[a, (b - t) * ops.exp(-s)]", "[(b - t) * ops.exp(-s), a]"),
    ),
    Mutant("4.2", "s and t exchanged", INVERSE, ("s, t =", "t, s =")),
    Mutant(
        "4.2",
        "the other half is changed",
        INVERSE,
        ("[a, (b - t) * ops.exp(-s)]", "[(a - t) * ops.exp(-s), b]"),
    ),
    Mutant(
        "4.2",
        "the log-determinant too",
        INVERSE,
        ("axis=-1)\n    ### END", "axis=-1), -ops.sum(s, axis=-1)\n    ### END"),
    ),
    Mutant(
        "4.3",
        "the wrong sign of the determinants",
        (TWO, SINH, INTEGRAL),
        ("log_det + of_step", "log_det - of_step"),
    ),
    Mutant("4.3", "the last determinant alone", (TWO, SINH), ("log_det + of_step", "of_step")),
    Mutant("4.3", "no determinants", (TWO, SINH, INTEGRAL), ("log_prior + log_det", "log_prior")),
    Mutant("4.3", "no prior", DENSITY, ("log_prior + log_det", "log_det")),
    Mutant("4.3", "the prior without its constant", DENSITY, (" + np.log(2 * np.pi)", "")),
    Mutant(
        "4.3",
        "the constant of one dimension",
        (NORMAL, TWO, SINH),
        (
            "ops.sum(ops.square(z) + np.log(2 * np.pi), axis=-1)",
            "(ops.sum(ops.square(z), axis=-1) + np.log(2 * np.pi))",
        ),
    ),
    Mutant("4.3", "the prior without 1/2", DENSITY, ("-0.5 *", "-1 *")),
    Mutant("4.3", "the norm is not squared", DENSITY, ("ops.square(z)", "ops.abs(z)")),
    Mutant("4.3", "the prior of x", (TWO, SINH, INTEGRAL), ("ops.square(z)", "ops.square(x)")),
    Mutant("4.3", "each step reads x", (TWO, SINH), ("step(z)", "step(x)")),
    Mutant("4.3", "the steps backwards", TWO, ("in steps", "in reversed(steps)")),
    Mutant("4.3", "the first step alone", (TWO, SINH), ("in steps", "in steps[:1]")),
    Mutant("4.3", "the mean over the dimensions", (NORMAL, TWO, SINH), ("ops.sum(", "ops.mean(")),
    Mutant(
        "4.3",
        "the mean over the vectors",
        DENSITY,
        ("return log_prior + log_det", "return ops.mean(log_prior + log_det)"),
    ),
    Mutant(
        "4.3", "-log p(x)", DENSITY, ("return log_prior + log_det", "return -(log_prior + log_det)")
    ),
    Mutant("5.1", "no change of the unit", (*UNITS, *LEVELS), (" * np.log(2))", ")")),
    Mutant(
        "5.1",
        "bits become nats",
        (*UNITS, *LEVELS),
        ("nats / (np.prod(shape) * np.log(2))", "nats * np.log(2) / np.prod(shape)"),
    ),
    Mutant("5.1", "bits per image", (*UNITS, *LEVELS), ("np.prod(shape) * ", "")),
    Mutant("5.1", "bits per pixel", (*UNITS, LEVELS[0]), ("np.prod(shape)", "np.prod(shape[:2])")),
    Mutant("5.1", "the sides are added", (*UNITS, *LEVELS), ("np.prod(shape)", "np.sum(shape)")),
    Mutant("5.1", "log L in nats", LEVELS, ("np.log2(n_levels)", "np.log(n_levels)")),
    Mutant("5.1", "log L is subtracted", LEVELS, ("+ np.log2", "- np.log2")),
    Mutant("5.1", "L - 1 levels", LEVELS, ("np.log2(n_levels)", "np.log2(n_levels - 1)")),
    Mutant("5.1", "always 256 levels", LEVELS, ("np.log2(n_levels)", "8")),
    Mutant(
        "5.1",
        "log L of one dimension of the image",
        LEVELS,
        ("np.log2(n_levels)", "np.log2(n_levels) / np.prod(shape)"),
    ),
    Mutant(
        "5.1",
        "log L before the change of units",
        LEVELS,
        (
            "bits_per_dimension(nats, shape) + np.log2(n_levels)",
            "bits_per_dimension(nats + np.log2(n_levels), shape)",
        ),
    ),
    Mutant(
        "5.1",
        "the density in nats",
        LEVELS,
        ("bits_per_dimension(nats, shape) + ", "nats / np.prod(shape) + "),
    ),
    Alternative(
        "1.1",
        "the order of reading",
        """
def causal_mask(height, width, kind):
    positions = np.arange(height * width)
    middle = len(positions) // 2
    seen = positions <= middle if kind == "B" else positions < middle
    return seen.reshape((height, width)).astype("float32")
""",
    ),
    Alternative(
        "1.1",
        "lists of integers",
        """
def causal_mask(height, width, kind):
    n = height * width // 2
    ones = [1] * n + [int(kind == "B")] + [0] * n
    return np.array(ones).reshape(height, width)
""",
    ),
    Alternative(
        "1.1",
        "a tensor",
        """
def causal_mask(height, width, kind):
    rows, columns = np.indices((height, width)) - np.array([height // 2, width // 2])[:, None, None]
    before = (rows < 0) | ((rows == 0) & (columns < 0))
    return tf.constant(before | ((rows == 0) & (columns == 0) & (kind == "B")), tf.float32)
""",
    ),
    Alternative(
        "1.2",
        "the Jacobian",
        """
def influence(network, x, i, j):
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = network(x)[0, i, j]
    jacobian = tape.jacobian(outputs, x)
    return np.abs(jacobian.numpy().sum(axis=0)).sum(axis=-1)[0]
""",
    ),
    Alternative(
        "1.2",
        "a weight for each output",
        """
def influence(network, x, i, j):
    x = tf.Variable(x)
    with tf.GradientTape() as tape:
        y = network(x)
    chosen = np.zeros(y.shape, "float32")
    chosen[:, i, j] = 1
    g = tape.gradient(y, x, output_gradients=tf.constant(chosen))
    return tf.reduce_sum(tf.abs(g), axis=(0, 3))
""",
    ),
    Alternative(
        "2.1",
        "the cross-entropy of Keras",
        """
def negative_log_likelihood(x, logits):
    of_pixels = ops.binary_crossentropy(x, logits, from_logits=True)
    return ops.sum(ops.reshape(of_pixels, (x.shape[0], -1)), axis=1)
""",
    ),
    Alternative(
        "2.1",
        "the cross-entropy of TensorFlow",
        """
def negative_log_likelihood(x, logits):
    of_pixels = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits)
    return tf.reduce_sum(of_pixels, axis=[1, 2, 3])
""",
    ),
    Alternative(
        "2.1",
        "the sign of the logit",
        """
def negative_log_likelihood(x, logits):
    wrong = (1 - 2 * x) * logits
    of_pixels = ops.maximum(wrong, 0) + ops.log1p(ops.exp(-ops.abs(wrong)))
    return -ops.sum(ops.sum(-of_pixels, axis=-1), axis=(1, 2))
""",
    ),
    Alternative(
        "3.1",
        "one loop",
        """
def draw_images(logits_of, u):
    n, height, width, _ = u.shape
    x = np.zeros_like(u)
    for k in range(height * width):
        i, j = divmod(k, width)
        x[:, i, j] = np.log(u[:, i, j] / (1 - u[:, i, j])) < logits_of(x)[:, i, j]
    return x
""",
    ),
    Alternative(
        "3.1",
        "one image after the other",
        """
def draw_images(logits_of, u):
    x = np.zeros(u.shape, dtype="float32")
    for i, j in np.ndindex(u.shape[1:3]):
        p = ops.convert_to_numpy(ops.sigmoid(logits_of(x)))
        for k in range(len(u)):
            if u[k, i, j, 0] < p[k, i, j, 0]:
                x[k, i, j, 0] = 1
    return x
""",
    ),
    Alternative(
        "4.1",
        "by an index",
        """
def coupling(x, network):
    half = x.shape[1] // 2
    s, t = network(x[:, :half])
    b = x[:, half:] * tf.exp(s) + t
    return tf.concat([x[:, :half], b], axis=1), tf.reduce_sum(s, axis=1)
""",
    ),
    Alternative(
        "4.1",
        "the logarithm of the product",
        """
def coupling(x, network):
    a, b = tf.split(x, 2, axis=1)
    s, t = network(a)
    scale = tf.exp(s)
    return [tf.concat([a, t + scale * b], 1), tf.math.log(tf.reduce_prod(scale, axis=1))]
""",
    ),
    Alternative(
        "4.2",
        "a division",
        """
def inverse_coupling(y, network):
    half = y.shape[1] // 2
    s, t = network(y[:, :half])
    return tf.concat([y[:, :half], (y[:, half:] - t) / tf.exp(s)], axis=1)
""",
    ),
    Alternative(
        "4.2",
        "new shift and scale",
        """
def inverse_coupling(y, network):
    a, b = ops.split(y, 2, axis=1)
    log_scale, shift = network(a)
    scale = ops.exp(-log_scale)
    return ops.hstack([a, scale * b - scale * shift])
""",
    ),
    Alternative(
        "4.3",
        "recursion",
        """
def log_likelihood(x, steps):
    if not steps:
        d = x.shape[1]
        return -0.5 * (ops.sum(x**2, axis=1) + d * np.log(2 * np.pi))
    y, log_det = steps[0](x)
    return log_det + log_likelihood(y, steps[1:])
""",
    ),
    Alternative(
        "4.3",
        "the log-determinants in a list",
        """
def log_likelihood(x, steps):
    log_dets = []
    for step in steps:
        x, log_det = step(x)
        log_dets.append(log_det)
    densities = tf.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return tf.add_n(log_dets) + tf.reduce_sum(tf.math.log(densities), axis=1)
""",
    ),
    Alternative(
        "5.1",
        "the logarithm of base 2",
        """
def bits_per_dimension(nats, shape):
    return np.log2(np.e) * nats / np.prod(shape)


def bits_of_levels(nats, shape, n_levels):
    d = np.prod(shape)
    return (nats + d * np.log(n_levels)) / np.log(2) / d
""",
    ),
    Alternative(
        "5.1",
        "the standard library",
        """
import math


def bits_per_dimension(nats, shape):
    return np.asarray(nats) / math.prod(shape) / math.log(2)


def bits_of_levels(nats, shape, n_levels):
    return bits_per_dimension(np.asarray(nats) + math.prod(shape) * math.log(n_levels), shape)
""",
    ),
]
