"""Wrong answers to lab 10 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

MASKED = (
    "test_the_energy_without_a_mask",
    "test_missing_pixels_do_not_count",
    "test_masks_of_any_size",
)
OF_MASKS = ("test_missing_pixels_do_not_count", "test_masks_of_any_size")
SHRINK = ("test_blocks_are_averaged", "test_the_energy_of_a_small_image", "test_blocks_of_any_size")
SHRUNK_ERROR = ("test_the_energy_of_a_small_image", "test_blocks_of_any_size")
NETWORK = ("test_the_image_of_known_weights", "test_networks_of_any_depth")
WHOLE_NETWORK = ("test_the_network_draws_images", *NETWORK)
FIT = (
    "test_theta_descends",
    "test_energy_and_image_are_returned",
    "test_the_network_is_in_training_mode",
    "test_steps_in_a_graph",
)
NOISE = (
    "test_the_size_of_the_noise",
    "test_each_value_has_its_own_noise",
    "test_new_noise_in_each_call_of_a_graph",
)
AVERAGE = ("test_the_average_of_equal_outputs", "test_the_average_of_several_outputs")
PSNR = ("test_the_ratio_in_decibels", "test_the_image_is_clipped")
STOP = (
    "test_the_variances_and_the_moment",
    "test_a_change_of_one_pixel",
    "test_windows_of_any_size",
)
OF_MOMENT = ("test_the_variances_and_the_moment", "test_windows_of_any_size")
OF_VARIANCES = "outputs[i : i + window].var(axis=0).mean()"

PROOF = [
    Mutant("1.1", "the sum of the squares", MASKED, (" / (ops.sum(m) * x.shape[-1])", "")),
    Mutant(
        "1.1",
        "the mean over all pixels",
        OF_MASKS,
        ("ops.sum(squares) / (ops.sum(m) * x.shape[-1])", "ops.mean(squares)"),
    ),
    Mutant("1.1", "divided by the pixels only", MASKED, (" * x.shape[-1]", "")),
    Mutant("1.1", "absolute differences", MASKED, ("ops.square", "ops.abs")),
    Mutant("1.1", "all pixels count", OF_MASKS, ("m * ops.square", "ops.square")),
    Mutant(
        "1.1",
        "the missing pixels of x_0 count as black",
        OF_MASKS,
        ("m * ops.square(x - x_0)", "ops.square(x - m * x_0)"),
    ),
    Mutant(
        "1.1",
        "the missing pixels count",
        MASKED,
        ("m * ops", "(m := 1 - m) * ops"),
    ),
    Mutant(
        "1.1",
        "one energy per channel",
        MASKED,
        (
            "ops.sum(squares) / (ops.sum(m) * x.shape[-1])",
            "ops.sum(squares, axis=(0, 1, 2)) / ops.sum(m)",
        ),
    ),
    Mutant(
        "1.1",
        "the root",
        MASKED,
        (
            "return ops.sum(squares) / (ops.sum(m) * x.shape[-1])",
            "return ops.sqrt(ops.sum(squares) / (ops.sum(m) * x.shape[-1]))",
        ),
    ),
    Mutant(
        "1.2",
        "the first pixel of each block",
        SHRINK,
        ("ops.mean(blocks, axis=(2, 4))", "x[:, ::k, ::k]"),
    ),
    Mutant("1.2", "the largest pixel", SHRINK, ("ops.mean(blocks", "ops.max(blocks")),
    Mutant("1.2", "the sum over a block", SHRINK, ("ops.mean(blocks", "ops.sum(blocks")),
    Mutant(
        "1.2",
        "bilinear resizing",
        SHRINK,
        ("ops.mean(blocks, axis=(2, 4))", "tf.image.resize(x, (height // k, width // k))"),
    ),
    Mutant(
        "1.2",
        "pixels that are far from each other",
        SHRINK,
        [
            ("height // k, k, width // k, k,", "k, height // k, k, width // k,"),
            ("(2, 4)", "(1, 3)"),
        ],
    ),
    Mutant(
        "1.2",
        "the channels are averaged too",
        SHRINK,
        ("axis=(2, 4))", "axis=(2, 4, 5), keepdims=True)[:, :, 0, :, 0] + 0 * x[:, ::k, ::k]"),
    ),
    Mutant(
        "1.2",
        "x_0 is made larger and compared",
        SHRUNK_ERROR,
        (
            "ops.square(shrink(x, k) - x_0)",
            "ops.square(x - ops.repeat(ops.repeat(x_0, k, axis=0), k, axis=1))",
        ),
    ),
    Mutant("1.2", "absolute differences", SHRUNK_ERROR, ("ops.square", "ops.abs")),
    Mutant(
        "1.2",
        "the sum over x_0",
        SHRUNK_ERROR,
        ("ops.mean(ops.square", "ops.sum(ops.square"),
    ),
    Mutant(
        "2.1",
        "no skip connection",
        NETWORK,
        (
            "        if skips[i] is not None:\n            x = layers.Concatenate()([x, skips[i]])\n",
            "",
        ),
    ),
    Mutant(
        "2.1",
        "a skip connection around each step",
        NETWORK,
        ("block(x, skip_channels, size=1) if i < 2 else None", "block(x, skip_channels, size=1)"),
    ),
    Mutant("2.1", "one skip connection", NETWORK, ("if i < 2", "if i < 1")),
    Mutant(
        "2.1",
        "skip connections around the innermost steps",
        NETWORK,
        ("if i < 2", "if i >= len(widths) - 2"),
    ),
    Mutant(
        "2.1",
        "no block in the skip connection",
        NETWORK,
        ("block(x, skip_channels, size=1) if", "x if"),
    ),
    Mutant(
        "2.1",
        "a skip connection with a kernel of 3x3",
        NETWORK,
        ("skip_channels, size=1", "skip_channels"),
    ),
    Mutant(
        "2.1",
        "one block per step down",
        NETWORK,
        ("        x = block(x, widths[i])\n    for", "    for"),
    ),
    Mutant(
        "2.1",
        "two blocks per step up",
        NETWORK,
        (
            "        x = block(x, widths[i])\n    image",
            "        x = block(block(x, widths[i]), widths[i])\n    image",
        ),
    ),
    Mutant(
        "2.1",
        "the blocks of a step down in the opposite order",
        "test_the_image_of_known_weights",
        (
            "        x = block(x, widths[i], stride=2)\n        x = block(x, widths[i])\n",
            "        x = block(x, widths[i])\n        x = block(x, widths[i], stride=2)\n",
        ),
    ),
    Mutant(
        "2.1",
        "enlarged without interpolation",
        "test_the_image_of_known_weights",
        ('interpolation="bilinear"', ""),
    ),
    Mutant(
        "2.1",
        "the widths of the steps up in the order of those down",
        NETWORK,
        ("x = block(x, widths[i])\n    image", "x = block(x, widths[-1 - i])\n    image"),
    ),
    Mutant(
        "2.1",
        "no sigmoid",
        "test_the_image_of_known_weights",
        (', activation="sigmoid"', ""),
    ),
    Mutant(
        "2.1",
        "tanh",
        "test_the_image_of_known_weights",
        ('activation="sigmoid"', 'activation="tanh"'),
    ),
    Mutant(
        "2.1",
        "a last kernel of 3x3",
        NETWORK,
        ("layers.Conv2D(channels, 1,", 'layers.Conv2D(channels, 3, padding="same",'),
    ),
    Mutant(
        "2.1",
        "always three channels",
        "test_networks_of_any_depth",
        ("layers.Conv2D(channels,", "layers.Conv2D(3,"),
    ),
    Mutant(
        "2.1",
        "the image is read and not the code",
        WHOLE_NETWORK,
        (
            "keras.Input((height, width, code_channels))",
            "keras.Input((height, width, channels + 1))",
        ),
    ),
    Mutant(
        "3.1",
        "ascends",
        ("test_theta_descends", "test_steps_in_a_graph"),
        ("tape.gradient(e, theta)", "[-g for g in tape.gradient(e, theta)]"),
    ),
    Mutant(
        "3.1",
        "no step",
        ("test_theta_descends", "test_steps_in_a_graph"),
        ("    optimizer.apply(tape.gradient(e, theta), theta)\n", ""),
    ),
    Mutant(
        "3.1",
        "two steps",
        ("test_theta_descends", "test_steps_in_a_graph"),
        (
            "    optimizer.apply(tape.gradient(e, theta), theta)\n",
            "    g = tape.gradient(e, theta)\n    optimizer.apply(g, theta)\n"
            "    optimizer.apply(g, theta)\n",
        ),
    ),
    Mutant(
        "3.1",
        "the network runs outside of the tape",
        FIT,
        (
            "    with tf.GradientTape() as tape:\n        x = network(z, training=True)\n",
            "    x = network(z, training=True)\n    with tf.GradientTape() as tape:\n",
        ),
    ),
    Mutant(
        "3.1",
        "inference mode",
        "test_the_network_is_in_training_mode",
        ("training=True", "training=False"),
    ),
    Mutant(
        "3.1",
        "two calls of the network",
        "test_the_network_is_in_training_mode",
        ("    with tf", "    network(z, training=True)\n    with tf"),
    ),
    Mutant(
        "3.1",
        "E and x after the step",
        (
            "test_energy_and_image_are_returned",
            "test_the_network_is_in_training_mode",
            "test_steps_in_a_graph",
        ),
        ("    return e, x\n", "    x = network(z, training=True)\n    return energy(x), x\n"),
    ),
    Mutant(
        "3.1",
        "x and E",
        (
            "test_energy_and_image_are_returned",
            "test_the_network_is_in_training_mode",
            "test_steps_in_a_graph",
        ),
        ("return e, x", "return x, e"),
    ),
    Mutant(
        "3.1",
        "only E",
        (
            "test_energy_and_image_are_returned",
            "test_the_network_is_in_training_mode",
            "test_steps_in_a_graph",
        ),
        ("return e, x", "return e"),
    ),
    Mutant(
        "3.1",
        "E as an array of NumPy",
        "test_steps_in_a_graph",
        ("return e, x", "return e.numpy(), x"),
    ),
    Mutant(
        "3.1",
        "the gradient is divided by its length",
        ("test_theta_descends", "test_steps_in_a_graph"),
        ("tape.gradient(e, theta)", "[g / tf.norm(g) for g in tape.gradient(e, theta)]"),
    ),
    Mutant(
        "3.1",
        "a new code",
        FIT,
        ("    with tf", "    z = keras.random.normal(z.shape)\n    with tf"),
    ),
    Mutant("3.2", "no noise", NOISE, ("z + sigma * keras.random.normal(z.shape)", "z + 0 * sigma")),
    Mutant("3.2", "the noise alone", NOISE, ("z + sigma", "sigma")),
    Mutant("3.2", "sigma is the variance", NOISE, ("sigma *", "sigma**0.5 *")),
    Mutant("3.2", "noise of size 1", NOISE, ("sigma *", "1.0 *")),
    Mutant(
        "3.2",
        "the noise multiplies",
        NOISE,
        (
            "z + sigma * keras.random.normal(z.shape)",
            "z * (1 + sigma * keras.random.normal(z.shape))",
        ),
    ),
    Mutant(
        "3.2",
        "uniform noise",
        "test_the_size_of_the_noise",
        (
            "keras.random.normal(z.shape)",
            "keras.random.uniform(z.shape, -(3**0.5), 3**0.5)",
        ),
    ),
    Mutant(
        "3.2",
        "uniform noise in [0, 1]",
        NOISE,
        ("keras.random.normal", "keras.random.uniform"),
    ),
    Mutant(
        "3.2",
        "one noise for all channels",
        "test_each_value_has_its_own_noise",
        ("(z.shape)", "((*z.shape[:3], 1))"),
    ),
    Mutant(
        "3.2",
        "one noise for all pixels of a row",
        "test_each_value_has_its_own_noise",
        ("(z.shape)", "((1, z.shape[1], 1, z.shape[3]))"),
    ),
    Mutant(
        "3.2",
        "always the same noise",
        "test_new_noise_in_each_call_of_a_graph",
        ("(z.shape)", "(z.shape, seed=1)"),
    ),
    Mutant(
        "3.2",
        "noise of NumPy",
        "test_new_noise_in_each_call_of_a_graph",
        ("keras.random.normal(z.shape)", 'np.random.normal(size=z.shape).astype("float32")'),
    ),
    Mutant(
        "3.3",
        "the weights exchanged",
        ("test_one_update_of_the_sum", "test_the_average_of_several_outputs"),
        ("gamma * a + (1 - gamma) * x", "(1 - gamma) * a + gamma * x"),
    ),
    Mutant(
        "3.3",
        "the new output with weight 1",
        ("test_one_update_of_the_sum", "test_the_average_of_several_outputs"),
        ("(1 - gamma) * x", "x"),
    ),
    Mutant(
        "3.3",
        "the mean of both",
        ("test_one_update_of_the_sum", "test_the_average_of_several_outputs"),
        ("gamma * a + (1 - gamma) * x", "(a + x) / 2"),
    ),
    Mutant("3.3", "not divided", AVERAGE, ("a / (1 - gamma**t)", "a")),
    Mutant("3.3", "divided by the last weight", AVERAGE, ("(1 - gamma**t)", "gamma**t")),
    Mutant("3.3", "divided by the number of outputs", AVERAGE, ("(1 - gamma**t)", "t")),
    Mutant("3.3", "one output too few", AVERAGE, ("gamma**t", "gamma**(t - 1)")),
    Mutant("3.3", "one output too many", AVERAGE, ("gamma**t", "gamma**(t + 1)")),
    Mutant(
        "3.3",
        "gamma times t",
        AVERAGE,
        ("gamma**t", "gamma * t"),
    ),
    Mutant("4.1", "the natural logarithm", PSNR, ("np.log10", "np.log")),
    Mutant("4.1", "twice the decibels", PSNR, ("10 * np.log10", "20 * np.log10")),
    Mutant("4.1", "the sign", PSNR, ("np.log10(1 / mse)", "np.log10(mse)")),
    Mutant(
        "4.1",
        "the absolute error",
        PSNR,
        (
            "np.mean((np.clip(image, 0, 1) - truth) ** 2)",
            "np.mean(np.abs(np.clip(image, 0, 1) - truth))",
        ),
    ),
    Mutant("4.1", "the sum of the squares", PSNR, ("np.mean", "np.sum")),
    Mutant(
        "4.1",
        "one value per channel",
        PSNR,
        ("truth) ** 2)", "truth) ** 2, axis=(0, 1))"),
    ),
    Mutant("4.1", "values up to 255", PSNR, ("1 / mse", "255**2 / mse")),
    Mutant(
        "4.1",
        "not clipped",
        "test_the_image_is_clipped",
        ("np.clip(image, 0, 1)", "image"),
    ),
    Mutant(
        "4.1",
        "the difference is clipped",
        PSNR,
        ("np.clip(image, 0, 1) - truth", "np.clip(image - truth, 0, 1)"),
    ),
    Mutant("4.2", "the standard deviation", STOP, (".var(", ".std(")),
    Mutant("4.2", "divided by w - 1", STOP, ("axis=0)", "axis=0, ddof=1)")),
    Mutant(
        "4.2",
        "the sum over the values",
        STOP,
        (".mean()", ".sum()"),
    ),
    Mutant(
        "4.2",
        "over the window and the pixels together",
        STOP,
        (OF_VARIANCES, "outputs[i : i + window].var()"),
    ),
    Mutant(
        "4.2",
        "the variance of the mean brightness",
        STOP,
        (OF_VARIANCES, "outputs[i : i + window].mean(axis=(1, 2, 3)).var()"),
    ),
    Mutant(
        "4.2",
        "over the pixels of each output",
        STOP,
        (OF_VARIANCES, "outputs[i : i + window].var(axis=(1, 2, 3)).mean()"),
    ),
    Mutant(
        "4.2", "one window too few", STOP, ("len(outputs) - window + 1", "len(outputs) - window")
    ),
    Mutant(
        "4.2", "windows that are not complete", STOP, ("len(outputs) - window + 1", "len(outputs)")
    ),
    Mutant("4.2", "a longer window", STOP, ("i + window]", "i + window + 1]")),
    Mutant(
        "4.2",
        "windows side by side",
        STOP,
        ("for i in range(n)", "for i in range(0, n, window)"),
    ),
    Mutant(
        "4.2",
        "the largest variance",
        OF_MOMENT,
        ("variances.argmin()", "variances.argmax()"),
    ),
    Mutant(
        "4.2",
        "the end of the window",
        OF_MOMENT,
        ("int(variances.argmin())", "int(variances.argmin()) + window - 1"),
    ),
    Mutant(
        "4.2",
        "the smallest variance and not its moment",
        OF_MOMENT,
        ("int(variances.argmin())", "variances.min()"),
    ),
    Mutant(
        "4.2",
        "the moment as a decimal number",
        OF_MOMENT,
        ("int(variances.argmin())", "float(variances.argmin())"),
    ),
    Mutant(
        "4.2",
        "the first moment at which the variance rises",
        OF_MOMENT,
        ("int(variances.argmin())", "int((np.diff(variances) > 0).argmax())"),
    ),
    Alternative(
        "1.1",
        "the known values only",
        """
def masked_error(x, x_0, m):
    where = np.broadcast_to(m, x_0.shape) == 1
    return tf.reduce_mean((tf.boolean_mask(x[0], where) - x_0[where]) ** 2)
""",
    ),
    Alternative(
        "1.2",
        "average pooling",
        """
def shrink(x, k):
    return tf.nn.avg_pool2d(x, k, k, "VALID")


def shrunk_error(x, x_0, k):
    return keras.losses.MeanSquaredError()(x_0[None], shrink(x, k))
""",
    ),
    Alternative(
        "1.2",
        "sums of slices",
        """
def shrink(x, k):
    total = 0
    for i in range(k):
        for j in range(k):
            total += x[:, i::k, j::k]
    return total / k**2


def shrunk_error(x, x_0, k):
    height, width, channels = x_0.shape
    return tf.reduce_sum((shrink(x, k)[0] - x_0) ** 2) / (height * width * channels)
""",
    ),
    Alternative(
        "2.1",
        "from the inside to the outside",
        """
def get_network(image_shape, widths, code_channels, skip_channels):
    def around(x, step):
        if step == len(widths):
            return x
        inner = block(block(x, widths[step], stride=2), widths[step])
        up = keras.layers.UpSampling2D(2, interpolation="bilinear")(around(inner, step + 1))
        if step < 2:
            up = keras.layers.concatenate([block(x, skip_channels, 1), up])
        return block(up, widths[step])

    code = keras.Input(shape=(image_shape[0], image_shape[1], code_channels))
    drawn = keras.layers.Conv2D(image_shape[2], kernel_size=1)(around(code, 0))
    return keras.Model(inputs=code, outputs=keras.layers.Activation("sigmoid")(drawn))
""",
    ),
    Alternative(
        "2.1",
        "all steps down first",
        """
def get_network(image_shape, widths, code_channels, skip_channels):
    maps = [layers.Input((*image_shape[:2], code_channels))]
    for width in widths:
        x = block(maps[-1], width, 3, 2)
        maps.append(block(x, width, 3, 1))
    x = maps.pop()
    for step, width in reversed(list(enumerate(widths))):
        x = layers.UpSampling2D((2, 2), interpolation="bilinear")(x)
        if step <= 1:
            x = ops.concatenate([x, block(maps[step], skip_channels, 1)], axis=-1)
        x = block(x, width)
    x = layers.Conv2D(image_shape[-1], (1, 1), activation=keras.activations.sigmoid)(x)
    return keras.Model(maps[0], x)
""",
    ),
    Alternative(
        "3.1",
        "apply_gradients, in a list",
        """
def fit_step(network, optimizer, energy, z):
    weights = network.trainable_weights
    with tf.GradientTape() as tape:
        image = network(z, training=True)
        e = energy(image)
    optimizer.apply_gradients(zip(tape.gradient(e, weights), weights))
    return [e, image]
""",
    ),
    Alternative(
        "3.2",
        "the noise of TensorFlow",
        """
def perturb(z, sigma):
    return tf.add(z, tf.random.normal(tf.shape(z), stddev=sigma))
""",
    ),
    Alternative(
        "3.2",
        "the shape of a graph",
        """
def perturb(z, sigma):
    return z + keras.random.normal(ops.shape(z), mean=0.0, stddev=sigma)
""",
    ),
    Alternative(
        "3.3",
        "a step towards the output, and a sum of weights",
        """
def update_sum(a, x, gamma):
    return a + (1 - gamma) * (x - a)


def average(a, t, gamma):
    return a / sum((1 - gamma) * gamma**i for i in range(t))
""",
    ),
    Alternative(
        "4.1",
        "the function of TensorFlow",
        """
def psnr(image, truth):
    image = tf.clip_by_value(tf.cast(image, tf.float32), 0, 1)
    return tf.image.psnr(image, tf.cast(truth, tf.float32), max_val=1.0)
""",
    ),
    Alternative(
        "4.2",
        "the mean of the squares minus the square of the mean",
        """
def find_stop(outputs, window):
    rows = outputs.reshape(len(outputs), -1).astype("float64")
    found = []
    for end in range(window, len(rows) + 1):
        part = rows[end - window : end]
        found.append(np.mean((part**2).mean(axis=0) - part.mean(axis=0) ** 2))
    return found, np.argmin(found)
""",
    ),
]
