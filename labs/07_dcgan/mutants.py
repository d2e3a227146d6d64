"""Wrong answers to lab 7 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

PROOF = [
    Mutant(
        "1.1",
        "the image is only doubled",
        ("test_images_are_rescaled", "test_rescaling_of_any_shape"),
        ("2.0 * x - 1.0", "2.0 * x"),
    ),
    Mutant(
        "1.1",
        "to [-1/2, 1/2]",
        ("test_images_are_rescaled", "test_rescaling_of_any_shape"),
        ("2.0 * x - 1.0", "x - 0.5"),
    ),
    Mutant(
        "1.1",
        "stretched to the range of the minibatch",
        ("test_images_are_rescaled", "test_rescaling_of_any_shape"),
        (
            "return 2.0 * x - 1.0",
            "low, high = ops.min(x), ops.max(x)\n    return 2.0 * (x - low) / (high - low) - 1.0",
        ),
    ),
    Mutant(
        "1.1",
        "half the way back",
        ("test_images_are_rescaled", "test_rescaling_of_any_shape"),
        ("(x + 1.0) / 2.0", "(x + 1.0)"),
    ),
    Mutant(
        "1.1",
        "the same way twice",
        ("test_images_are_rescaled", "test_rescaling_of_any_shape"),
        ("(x + 1.0) / 2.0", "2.0 * x - 1.0"),
    ),
    Mutant(
        "1.1",
        "only minibatches of grey images",
        "test_rescaling_of_any_shape",
        ("return (x + 1.0) / 2.0", "return (x[:, :, :, :1] + 1.0) / 2.0"),
    ),
    Mutant(
        "1.2",
        "no activation at the end",
        ("test_the_generator_draws_images", "test_the_generator_normalizes_and_activates"),
        (', activation="tanh"', ""),
    ),
    Mutant(
        "1.2",
        "a sigmoid at the end",
        ("test_the_generator_draws_images", "test_the_generator_normalizes_and_activates"),
        ('activation="tanh"', 'activation="sigmoid"'),
    ),
    Mutant(
        "1.2",
        "LeakyReLU in G",
        "test_the_generator_normalizes_and_activates",
        ("layers.ReLU()", "layers.LeakyReLU(0.2)"),
    ),
    Mutant(
        "1.2",
        "no batch normalization",
        ("test_the_generator_normalizes_and_activates", "test_the_generator_of_other_sizes"),
        ("        model.add(layers.BatchNormalization(momentum=0.9))\n", ""),
    ),
    Mutant(
        "1.2",
        "batch normalization after the activation",
        "test_the_generator_normalizes_and_activates",
        (
            "        model.add(layers.BatchNormalization(momentum=0.9))\n        model.add(layers.ReLU())\n",
            "        model.add(layers.ReLU())\n        model.add(layers.BatchNormalization(momentum=0.9))\n",
        ),
    ),
    Mutant(
        "1.2",
        "batch normalization after the last layer",
        ("test_the_generator_normalizes_and_activates", "test_the_generator_of_other_sizes"),
        (
            'padding="same", activation="tanh"))',
            'padding="same"))\n    model.add(layers.BatchNormalization())\n    model.add(layers.Activation("tanh"))',
        ),
    ),
    Mutant(
        "1.2",
        "the projection is not activated",
        ("test_the_generator_normalizes_and_activates", "test_the_generator_of_other_sizes"),
        (
            "        model.add(layers.BatchNormalization(momentum=0.9))\n        model.add(layers.ReLU())\n",
            "        if side > 4:\n            model.add(layers.BatchNormalization(momentum=0.9))\n            model.add(layers.ReLU())\n",
        ),
    ),
    Mutant(
        "1.2",
        "a fully connected hidden layer",
        (
            "test_the_generator_doubles_by_transposed_convolutions",
            "test_the_generator_normalizes_and_activates",
        ),
        (
            "    model.add(layers.Dense(4 * 4 * width, use_bias=False))\n",
            "    model.add(layers.Dense(100))\n    model.add(layers.ReLU())\n    model.add(layers.Dense(4 * 4 * width, use_bias=False))\n",
        ),
    ),
    Mutant(
        "1.2",
        "upsampling and convolution",
        (
            "test_the_generator_doubles_by_transposed_convolutions",
            "test_the_generator_normalizes_and_activates",
            "test_the_generator_of_other_sizes",
        ),
        (
            'model.add(layers.Conv2DTranspose(width, 4, strides=2, padding="same", use_bias=False))',
            'model.add(layers.UpSampling2D())\n        model.add(layers.Conv2D(width, 3, padding="same", use_bias=False))',
        ),
    ),
    Mutant(
        "1.2",
        "starts with 8x8",
        (
            "test_the_generator_doubles_by_transposed_convolutions",
            "test_the_generator_normalizes_and_activates",
            "test_the_generator_of_other_sizes",
        ),
        (
            "    model.add(layers.Dense(4 * 4 * width, use_bias=False))\n    model.add(layers.Reshape((4, 4, width)))\n    side = 4\n",
            "    model.add(layers.Dense(8 * 8 * width, use_bias=False))\n    model.add(layers.Reshape((8, 8, width)))\n    side = 8\n",
        ),
    ),
    Mutant(
        "1.2",
        "always three doublings",
        "test_the_generator_of_other_sizes",
        ("if side == image_side:", "if side == 32:"),
    ),
    Mutant(
        "1.2",
        "always three channels",
        "test_the_generator_of_other_sizes",
        ("Conv2DTranspose(channels,", "Conv2DTranspose(3,"),
    ),
    Mutant(
        "1.2",
        "a larger first map for 64x64",
        "test_the_generator_of_other_sizes",
        (
            "    model.add(layers.Dense(4 * 4 * width, use_bias=False))\n    model.add(layers.Reshape((4, 4, width)))\n    side = 4\n",
            "    side = image_side // 8\n    model.add(layers.Dense(side * side * width, use_bias=False))\n    model.add(layers.Reshape((side, side, width)))\n",
        ),
    ),
    Mutant(
        "1.3",
        "ReLU in D",
        "test_the_discriminator_normalizes_and_activates",
        ("layers.LeakyReLU(0.2)", "layers.ReLU()"),
    ),
    Mutant(
        "1.3",
        "Keras's default slope",
        "test_the_discriminator_normalizes_and_activates",
        ("layers.LeakyReLU(0.2)", "layers.LeakyReLU()"),
    ),
    Mutant(
        "1.3",
        "batch normalization in the first block",
        (
            "test_the_discriminator_normalizes_and_activates",
            "test_the_discriminator_of_other_sizes",
        ),
        ("        if side < image_side:\n    ", ""),
    ),
    Mutant(
        "1.3",
        "no batch normalization",
        (
            "test_the_discriminator_normalizes_and_activates",
            "test_the_discriminator_of_other_sizes",
        ),
        (
            "        if side < image_side:\n            model.add(layers.BatchNormalization(momentum=0.9))\n",
            "",
        ),
    ),
    Mutant(
        "1.3",
        "batch normalization after the activation",
        "test_the_discriminator_normalizes_and_activates",
        (
            "        if side < image_side:\n            model.add(layers.BatchNormalization(momentum=0.9))\n        model.add(layers.LeakyReLU(0.2))\n",
            "        model.add(layers.LeakyReLU(0.2))\n        if side < image_side:\n            model.add(layers.BatchNormalization(momentum=0.9))\n",
        ),
    ),
    Mutant(
        "1.3",
        "pooling",
        (
            "test_the_discriminator_halves_by_strided_convolutions",
            "test_the_discriminator_normalizes_and_activates",
            "test_the_discriminator_of_other_sizes",
        ),
        (
            'model.add(layers.Conv2D(width, 4, strides=2, padding="same"))',
            'model.add(layers.Conv2D(width, 4, padding="same"))\n        model.add(layers.MaxPooling2D())',
        ),
    ),
    Mutant(
        "1.3",
        "global pooling at the end",
        (
            "test_the_discriminator_halves_by_strided_convolutions",
            "test_the_discriminator_normalizes_and_activates",
        ),
        ("layers.Flatten()", "layers.GlobalAveragePooling2D()"),
    ),
    Mutant(
        "1.3",
        "a fully connected hidden layer",
        (
            "test_the_discriminator_halves_by_strided_convolutions",
            "test_the_discriminator_normalizes_and_activates",
        ),
        (
            "    model.add(layers.Dense(1))",
            "    model.add(layers.Dense(64))\n    model.add(layers.LeakyReLU(0.2))\n    model.add(layers.Dense(1))",
        ),
    ),
    Mutant(
        "1.3",
        "a probability, not a logit",
        ("test_the_discriminator_scores_images", "test_the_discriminator_normalizes_and_activates"),
        ("layers.Dense(1)", 'layers.Dense(1, activation="sigmoid")'),
    ),
    Mutant(
        "1.3",
        "one logit per place of the image",
        ("test_the_discriminator_scores_images", "test_the_discriminator_of_other_sizes"),
        ("    model.add(layers.Flatten())\n", ""),
    ),
    Mutant(
        "1.3",
        "always three halvings",
        "test_the_discriminator_of_other_sizes",
        ("while side > 4:", "for _ in range(3):"),
    ),
    Mutant(
        "1.3",
        "always three channels",
        "test_the_discriminator_of_other_sizes",
        ("(image_side, image_side, channels)", "(image_side, image_side, 3)"),
    ),
    Mutant(
        "3.1",
        "the last point missing",
        (
            "test_the_path_passes_through_the_points",
            "test_the_path_goes_in_equal_steps",
            "test_paths_of_any_size",
        ),
        ("[*pieces, points[last:]]", "pieces"),
    ),
    Mutant(
        "3.1",
        "points between two pieces twice",
        ("test_the_path_goes_in_equal_steps", "test_paths_of_any_size"),
        ("np.arange(n)[:, None] / n", "np.linspace(0, 1, n)[:, None]"),
    ),
    Mutant(
        "3.1",
        "from the later point to the earlier one",
        (
            "test_the_path_passes_through_the_points",
            "test_the_path_goes_in_equal_steps",
            "test_paths_of_any_size",
        ),
        ("(1 - t) * points[i] + t * points[i + 1]", "t * points[i] + (1 - t) * points[i + 1]"),
    ),
    Mutant(
        "3.1",
        "steps that grow",
        ("test_the_path_goes_in_equal_steps", "test_paths_of_any_size"),
        ("np.arange(n)[:, None] / n", "(np.arange(n)[:, None] / n) ** 2"),
    ),
    Mutant(
        "3.1",
        "back to the first point",
        (
            "test_the_path_passes_through_the_points",
            "test_the_path_goes_in_equal_steps",
            "test_paths_of_any_size",
        ),
        ("points[last:]]", "(1 - t) * points[last] + t * points[0], points[:1]]"),
    ),
    Mutant(
        "3.1",
        "nine points only",
        "test_paths_of_any_size",
        ("last = len(points) - 1", "last = 8 if len(points) > 3 else len(points) - 1"),
    ),
    Mutant(
        "3.1",
        "a list of pieces, not an array",
        (
            "test_the_path_passes_through_the_points",
            "test_the_path_goes_in_equal_steps",
            "test_paths_of_any_size",
        ),
        ("np.concatenate([*pieces, points[last:]])", "[*pieces, points[last:]]"),
    ),
    Mutant(
        "3.2",
        "a line",
        ("test_the_arc_has_the_right_values", "test_the_arc_stays_on_the_sphere"),
        ("if np.sin(theta) < 1e-3:", "if True:"),
    ),
    Mutant(
        "3.2",
        "the angle without dividing by the lengths",
        ("test_the_arc_has_the_right_values", "test_the_arc_stays_on_the_sphere"),
        (" / (np.linalg.norm(z_a) * np.linalg.norm(z_b))", ""),
    ),
    Mutant(
        "3.2",
        "the lengths are lost",
        (
            "test_the_arc_has_the_right_values",
            "test_the_arc_stays_on_the_sphere",
            "test_codes_with_the_same_direction",
        ),
        (
            "    cosine = z_a @ z_b / (np.linalg.norm(z_a) * np.linalg.norm(z_b))\n",
            "    z_a, z_b = z_a / np.linalg.norm(z_a), z_b / np.linalg.norm(z_b)\n    cosine = z_a @ z_b\n",
        ),
    ),
    Mutant(
        "3.2",
        "not divided by sin(theta)",
        ("test_the_arc_has_the_right_values", "test_the_arc_stays_on_the_sphere"),
        (") / np.sin(theta)\n", ")\n"),
    ),
    Mutant(
        "3.2",
        "cosines",
        ("test_the_arc_has_the_right_values", "test_the_arc_stays_on_the_sphere"),
        ("(np.sin((1 - t) * theta) * z_a", "(np.cos((1 - t) * theta) * z_a"),
    ),
    Mutant(
        "3.2",
        "no line for codes with the same direction",
        "test_codes_with_the_same_direction",
        (
            "    if np.sin(theta) < 1e-3:\n        return (1 - t) * z_a + t * z_b\n",
            "",
        ),
    ),
    Mutant(
        "3.2",
        "the first code, where both have the same direction",
        "test_codes_with_the_same_direction",
        ("return (1 - t) * z_a + t * z_b", "return z_a + 0 * t"),
    ),
    Mutant(
        "4.1",
        "all mentioned attributes must be 1",
        ("test_picked_samples_have_what_is_wanted", "test_any_fitting_sample_may_be_picked"),
        ("fits &= table[name] == value", "fits &= table[name] == 1"),
    ),
    Mutant(
        "4.1",
        "one wanted attribute is enough",
        ("test_picked_samples_have_what_is_wanted", "test_any_fitting_sample_may_be_picked"),
        (
            "fits = np.ones(len(z), bool)\n    for name, value in wanted.items():\n        fits &=",
            "fits = np.zeros(len(z), bool)\n    for name, value in wanted.items():\n        fits |=",
        ),
    ),
    Mutant(
        "4.1",
        "a sample twice",
        "test_picked_samples_have_what_is_wanted",
        (", replace=False", ""),
    ),
    Mutant(
        "4.1",
        "always the first",
        ("test_samples_are_picked_at_random", "test_any_fitting_sample_may_be_picked"),
        ("rng.choice(np.flatnonzero(fits), k, replace=False)", "np.flatnonzero(fits)[:k]"),
    ),
    Mutant(
        "4.1",
        "its own random generator",
        "test_samples_are_picked_at_random",
        ("rng.choice(", "np.random.default_rng().choice("),
    ),
    Mutant(
        "4.1",
        "numbers of samples, not codes",
        (
            "test_picked_samples_have_what_is_wanted",
            "test_samples_are_picked_at_random",
            "test_any_fitting_sample_may_be_picked",
        ),
        (
            "return z[rng.choice(np.flatnonzero(fits), k, replace=False)]",
            "return rng.choice(np.flatnonzero(fits), k, replace=False)",
        ),
    ),
    Mutant(
        "4.1",
        "the first rows of z instead of those that fit",
        (
            "test_picked_samples_have_what_is_wanted",
            "test_samples_are_picked_at_random",
            "test_any_fitting_sample_may_be_picked",
        ),
        ("rng.choice(np.flatnonzero(fits), k", "rng.choice(int(fits.sum()), k"),
    ),
    Mutant(
        "4.1",
        "two attributes only",
        ("test_samples_are_picked_at_random", "test_any_fitting_sample_may_be_picked"),
        (
            "    for name, value in wanted.items():\n        fits &= table[name] == value\n",
            "    (one, a), (two, b) = wanted.items()\n    fits &= (table[one] == a) & (table[two] == b)\n",
        ),
    ),
    Mutant(
        "4.2",
        "sums, not averages",
        ("test_concepts_are_averages", "test_concepts_of_different_sizes"),
        (
            "z_1.mean(axis=0) - z_2.mean(axis=0) + z_3.mean(axis=0)",
            "z_1.sum(axis=0) - z_2.sum(axis=0) + z_3.sum(axis=0)",
        ),
    ),
    Mutant(
        "4.2",
        "averaged over dimensions",
        ("test_concepts_are_averages", "test_concepts_of_different_sizes"),
        (
            "z_1.mean(axis=0) - z_2.mean(axis=0) + z_3.mean(axis=0)",
            "z_1.mean(axis=-1) - z_2.mean(axis=-1) + z_3.mean(axis=-1)",
        ),
    ),
    Mutant(
        "4.2",
        "second and third exchanged",
        ("test_concepts_are_averages", "test_concepts_of_different_sizes"),
        ("- z_2.mean(axis=0) + z_3.mean(axis=0)", "+ z_2.mean(axis=0) - z_3.mean(axis=0)"),
    ),
    Mutant(
        "4.2",
        "only for concepts of the same size",
        "test_concepts_of_different_sizes",
        (
            "return z_1.mean(axis=0) - z_2.mean(axis=0) + z_3.mean(axis=0)",
            "return (z_1 - z_2 + z_3).mean(axis=0)",
        ),
    ),
    Mutant(
        "4.2",
        "noise everywhere",
        ("test_the_code_itself_is_in_the_middle", "test_noise_is_uniform"),
        ("    noise[n // 2] = 0\n", ""),
    ),
    Mutant(
        "4.2",
        "the code comes first",
        ("test_the_code_itself_is_in_the_middle", "test_noise_is_uniform"),
        ("noise[n // 2] = 0", "noise[0] = 0"),
    ),
    Mutant(
        "4.2",
        "always row 4 as the middle",
        "test_noise_is_uniform",
        ("noise[n // 2] = 0", "noise[4] = 0"),
    ),
    Mutant(
        "4.2",
        "normal noise",
        ("test_the_code_itself_is_in_the_middle", "test_noise_is_uniform"),
        ("rng.uniform(-scale, scale, size=", "scale * rng.normal(size="),
    ),
    Mutant(
        "4.2",
        "noise that is never negative",
        "test_noise_is_uniform",
        ("rng.uniform(-scale, scale,", "rng.uniform(0, scale,"),
    ),
    Mutant(
        "4.2",
        "one number for all dimensions",
        "test_noise_is_uniform",
        ("size=(n, len(z))", "size=(n, 1)"),
    ),
    Mutant(
        "4.2",
        "always the same noise",
        "test_noise_is_uniform",
        ("rng.uniform(-scale, scale,", "np.random.default_rng(0).uniform(-scale, scale,"),
    ),
    Mutant(
        "4.2",
        "its own random generator",
        "test_noise_is_uniform",
        ("rng.uniform(-scale, scale,", "np.random.uniform(-scale, scale,"),
    ),
    Mutant(
        "4.2",
        "always s = 0.25",
        "test_noise_is_uniform",
        ("rng.uniform(-scale, scale,", "rng.uniform(-0.25, 0.25,"),
    ),
    Alternative(
        "1.1",
        "Keras's layer, and a subtraction the other way round",
        """
def to_tanh(x):
    return layers.Rescaling(2.0, offset=-1.0)(x)


def from_tanh(x):
    return 1 - 0.5 * (1 - x)
""",
    ),
    Alternative(
        "1.2",
        "functional, all convolutions, activations as functions",
        """
def get_generator(latent_dim, image_side, channels):
    z = keras.Input((latent_dim,))
    x = layers.Reshape((1, 1, latent_dim))(z)
    x = layers.Conv2DTranspose(64, kernel_size=4)(x)
    for i in range({16: 2, 32: 3, 64: 4}[image_side] - 1):
        x = ops.relu(layers.BatchNormalization()(x))
        x = layers.Conv2DTranspose(64 // 2 ** (i + 1), kernel_size=5, strides=(2, 2), padding="same")(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Conv2DTranspose(channels, kernel_size=5, strides=(2, 2), padding="same")(x)
    return keras.Model(z, ops.tanh(x))
""",
    ),
    Alternative(
        "1.2",
        "a list of layers, blocks as small models",
        """
def get_generator(latent_dim, image_side, channels):
    n = int(np.log2(image_side // 4))

    def block(layer):
        return keras.Sequential([layer, layers.BatchNormalization(), layers.Activation("relu")])

    up = [
        block(layers.Conv2DTranspose(16, 4, strides=2, padding="same")) for _ in range(n - 1)
    ]
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(256),
            layers.Reshape((4, 4, 16)),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            *up,
            layers.Conv2DTranspose(channels, 4, strides=2, padding="same"),
            layers.Activation("tanh"),
        ]
    )
""",
    ),
    Alternative(
        "1.3",
        "functional, a convolution at the end",
        """
def get_discriminator(image_side, channels):
    image = keras.Input((image_side, image_side, channels))
    x = layers.Conv2D(16, 5, strides=2, padding="same", activation="leaky_relu")(image)
    while x.shape[1] > 4:
        x = layers.Conv2D(2 * x.shape[-1], 5, strides=(2, 2), padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.8)(x)
        x = ops.leaky_relu(x, negative_slope=0.2)
    x = layers.Conv2D(1, 4, padding="valid")(x)
    return keras.Model(image, layers.Reshape((1,))(x))
""",
    ),
    Alternative(
        "1.3",
        "a list of layers",
        """
def get_discriminator(image_side, channels):
    def block(width):
        return [
            layers.Conv2D(width, 3, strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.Activation(keras.activations.leaky_relu),
        ]

    first, _, second = block(8)
    rest = [layer for _ in range({16: 1, 32: 2, 64: 3}[image_side]) for layer in block(16)]
    head = [layers.Flatten(), layers.Dense(1, activation="linear")]
    shape = (image_side, image_side, channels)
    return keras.Sequential([keras.Input(shape), first, second, *rest, *head])
""",
    ),
    Alternative(
        "3.1",
        "a loop over all steps",
        """
def path(points, n):
    k = len(points)
    result = []
    for step in range((k - 1) * n + 1):
        i = min(step // n, k - 2)
        t = step / n - i
        result.append(points[i] + t * (points[i + 1] - points[i]))
    return np.array(result)
""",
    ),
    Alternative(
        "3.2",
        "a loop, and unit vectors for the angle",
        """
def arc(z_a, z_b, t):
    u, v = (z / np.sqrt(np.sum(np.square(z))) for z in (z_a, z_b))
    theta = np.arccos(min(max(float(np.dot(u, v)), -1.0), 1.0))
    codes = []
    for s in t:
        if np.sin(theta) < 0.001:
            codes.append(z_a + s * (z_b - z_a))
        else:
            codes.append(
                np.sin((1 - s) * theta) / np.sin(theta) * z_a
                + np.sin(s * theta) / np.sin(theta) * z_b
            )
    return np.stack(codes)
""",
    ),
    Alternative(
        "4.1",
        "a shuffled list",
        """
def pick(z, table, wanted, k, rng):
    rows = [i for i in range(len(z)) if all(table[name][i] == wanted[name] for name in wanted)]
    return np.array([z[i] for i in rng.permutation(rows)[:k]])
""",
    ),
    Alternative(
        "4.2",
        "np.average, and copies stacked",
        """
def arithmetic(z_1, z_2, z_3):
    averages = [np.average(codes, axis=0) for codes in (z_1, z_2, z_3)]
    return averages[0] + averages[2] - averages[1]


def neighbours(z, n, scale, rng):
    half = n // 2
    before = [z + scale * (2 * rng.random(len(z)) - 1) for _ in range(half)]
    after = [z + scale * (2 * rng.random(len(z)) - 1) for _ in range(half)]
    return np.array([*before, z, *after])
""",
    ),
]
