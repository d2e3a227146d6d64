"""Wrong answers to lab 2 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

PROOF = [
    Mutant(
        "1.1",
        "all images at once",
        "test_minibatches",
        code="""
def encode(encoder, images, batch_size):
    return ops.convert_to_numpy(encoder(images, training=False))
""",
    ),
    Mutant(
        "1.1",
        "the default batch",
        "test_minibatches",
        code="""
def encode(encoder, images, batch_size):
    return encoder.predict(images, verbose=0)
""",
    ),
    Mutant(
        "1.1",
        "the rest after the last full minibatch is left out",
        ("test_minibatches", "test_encoding_in_inference_mode"),
        ("range(0, len(images), batch_size)", "range(0, len(images) - batch_size + 1, batch_size)"),
    ),
    Mutant(
        "1.1",
        "a list of minibatches",
        ("test_codes_of_all_images", "test_minibatches", "test_encoding_in_inference_mode"),
        ("return np.concatenate(z)", "return z"),
    ),
    Mutant(
        "1.1",
        "minibatches stacked along a new axis",
        ("test_codes_of_all_images", "test_minibatches", "test_encoding_in_inference_mode"),
        ("np.concatenate(z)", "np.stack(z)"),
    ),
    Mutant(
        "1.1",
        "minibatches overlap",
        ("test_codes_of_all_images", "test_minibatches", "test_encoding_in_inference_mode"),
        ("images[start : start + batch_size]", "images[start : start + batch_size + 1]"),
    ),
    Mutant(
        "1.1",
        "the last minibatch first",
        ("test_codes_of_all_images", "test_minibatches", "test_encoding_in_inference_mode"),
        ("np.concatenate(z)", "np.concatenate(z[::-1])"),
    ),
    Mutant(
        "1.1",
        "training mode",
        "test_encoding_in_inference_mode",
        ("training=False", "training=True"),
    ),
    Mutant(
        "1.2",
        "1 - c left out on each side",
        ("test_sides_are_quantiles", "test_share_between_the_sides", "test_box_of_other_codes"),
        (
            "np.quantile(z, (1 - coverage) / 2, axis=0)\n"
            "    high = np.quantile(z, (1 + coverage) / 2, axis=0)",
            "np.quantile(z, 1 - coverage, axis=0)\n    high = np.quantile(z, coverage, axis=0)",
        ),
    ),
    Mutant(
        "1.2",
        "the same two sides for all dimensions",
        ("test_sides_are_quantiles", "test_share_between_the_sides", "test_box_of_other_codes"),
        (
            "    return low, high\n",
            "    return np.full_like(low, low.min()), np.full_like(high, high.max())\n",
        ),
    ),
    Mutant(
        "1.2",
        "quantiles over all numbers together",
        ("test_sides_are_quantiles", "test_share_between_the_sides", "test_box_of_other_codes"),
        (
            "    low = np.quantile(z, (1 - coverage) / 2, axis=0)\n",
            "    low = np.quantile(z, (1 - coverage) / 2)\n",
        ),
    ),
    Mutant(
        "1.2",
        "a share of the distance from lowest to highest code",
        ("test_sides_are_quantiles", "test_share_between_the_sides", "test_box_of_other_codes"),
        (
            "    return low, high\n",
            "    low, high = z.min(axis=0), z.max(axis=0)\n"
            "    middle, half = (low + high) / 2, coverage * (high - low) / 2\n"
            "    return middle - half, middle + half\n",
        ),
    ),
    Mutant(
        "1.2",
        "quantiles of a Gaussian",
        ("test_sides_are_quantiles", "test_share_between_the_sides", "test_box_of_other_codes"),
        (
            "    return low, high\n",
            "    return z.mean(axis=0) - 1.645 * z.std(axis=0), "
            "z.mean(axis=0) + 1.645 * z.std(axis=0)\n",
        ),
    ),
    Mutant(
        "1.2",
        "always 90 %",
        ("test_share_between_the_sides", "test_box_of_other_codes"),
        (
            "    low = np.quantile(",
            "    coverage = 0.9\n    low = np.quantile(",
        ),
    ),
    Mutant(
        "1.2",
        "sides exchanged",
        ("test_sides_are_quantiles", "test_share_between_the_sides", "test_box_of_other_codes"),
        ("return low, high", "return high, low"),
    ),
    Mutant(
        "2.1",
        "z_2 grows downwards",
        ("test_grid_is_ordered_as_a_plot", "test_grid_of_images"),
        ("np.linspace(high[1], low[1], n)", "np.linspace(low[1], high[1], n)"),
    ),
    Mutant(
        "2.1",
        "rows and columns exchanged",
        ("test_grid_is_ordered_as_a_plot", "test_grid_of_images"),
        ("np.meshgrid(z_1, z_2)", 'np.meshgrid(z_1, z_2, indexing="ij")'),
    ),
    Mutant(
        "2.1",
        "z_2 before z_1",
        ("test_grid_covers_the_box", "test_grid_is_ordered_as_a_plot", "test_grid_of_images"),
        (
            "axis=-1).reshape(n * n, 2)",
            "axis=-1).reshape(n * n, 2)[:, ::-1]",
        ),
    ),
    Mutant(
        "2.1",
        "the last location does not reach the side",
        ("test_grid_covers_the_box", "test_grid_is_ordered_as_a_plot", "test_grid_of_images"),
        ("np.linspace(low[0], high[0], n)", "np.linspace(low[0], high[0], n, endpoint=False)"),
    ),
    Mutant(
        "2.1",
        "one list of images",
        ("test_grid_covers_the_box", "test_grid_is_ordered_as_a_plot", "test_grid_of_images"),
        ("return images.reshape(n, n, *images.shape[1:])", "return images"),
    ),
    Mutant(
        "2.1",
        "always 20 locations",
        ("test_grid_covers_the_box", "test_grid_is_ordered_as_a_plot", "test_grid_of_images"),
        ("    z_1 = np.linspace(", "    n = 20\n    z_1 = np.linspace("),
    ),
    Mutant(
        "2.1",
        "training mode",
        "test_grid_of_images",
        ("training=False", "training=True"),
    ),
    Mutant(
        "2.1",
        "grey images only",
        ("test_grid_covers_the_box", "test_grid_is_ordered_as_a_plot", "test_grid_of_images"),
        ("images.reshape(n, n, *images.shape[1:])", "images.reshape(n, n, *images.shape[1:-1], 1)"),
    ),
    Mutant(
        "3.1",
        "one draw for all dimensions: on the diagonal of the box",
        "test_codes_are_uniform_and_independent",
        ("uniform((n, len(low)))", "uniform((n, 1))"),
    ),
    Mutant(
        "3.1",
        "a fixed seed",
        "test_codes_are_new_in_every_call",
        ("uniform((n, len(low)))", "uniform((n, len(low)), seed=42)"),
    ),
    Mutant(
        "3.1",
        "a Gaussian, clipped at the sides",
        "test_codes_are_uniform_and_independent",
        (
            "    return low + u",
            "    u = np.clip(np.random.normal(0.5, 0.25, size=(n, len(low))), 0, 1)\n"
            "    return low + u",
        ),
    ),
    Mutant(
        "3.1",
        "the same box for every dimension",
        (
            "test_codes_lie_in_the_box",
            "test_codes_are_new_in_every_call",
            "test_codes_are_uniform_and_independent",
        ),
        ("return low + u * (high - low)", "return low.min() + u * (high.max() - low.min())"),
    ),
    Mutant(
        "3.1",
        "always from 0 to 1",
        (
            "test_codes_lie_in_the_box",
            "test_codes_are_new_in_every_call",
            "test_codes_are_uniform_and_independent",
        ),
        ("return low + u * (high - low)", "return u"),
    ),
    Mutant(
        "3.1",
        "high used as the width",
        (
            "test_codes_lie_in_the_box",
            "test_codes_are_new_in_every_call",
            "test_codes_are_uniform_and_independent",
        ),
        ("(high - low)", "high"),
    ),
    Mutant(
        "3.1",
        "the same code n times",
        (
            "test_codes_lie_in_the_box",
            "test_codes_are_new_in_every_call",
            "test_codes_are_uniform_and_independent",
        ),
        ("return low + u * (high - low)", "return np.tile(low + u[:1] * (high - low), (n, 1))"),
    ),
    Mutant(
        "3.2",
        "the farthest code",
        (
            "test_distance_of_known_codes",
            "test_share_of_codes_astray",
            "test_distances_of_any_codes",
            "test_all_or_none_astray",
        ),
        (".min() for", ".max() for"),
    ),
    Mutant(
        "3.2",
        "the square of the distance",
        ("test_distance_of_known_codes", "test_distances_of_any_codes"),
        ("np.sqrt(np.sum((z_train - code) ** 2, axis=1))", "np.sum((z_train - code) ** 2, axis=1)"),
    ),
    Mutant(
        "3.2",
        "the sum of absolute differences",
        (
            "test_distance_of_known_codes",
            "test_share_of_codes_astray",
            "test_distances_of_any_codes",
        ),
        (
            "np.sqrt(np.sum((z_train - code) ** 2, axis=1))",
            "np.sum(np.abs(z_train - code), axis=1)",
        ),
    ),
    Mutant(
        "3.2",
        "the distance from the mean code",
        (
            "test_distance_of_known_codes",
            "test_share_of_codes_astray",
            "test_distances_of_any_codes",
            "test_all_or_none_astray",
        ),
        ("(z_train - code) ** 2", "(z_train.mean(axis=0, keepdims=True) - code) ** 2"),
    ),
    Mutant(
        "3.2",
        "code by code: only for as many codes as training codes",
        ("test_share_of_codes_astray", "test_distances_of_any_codes"),
        (
            "    return np.array([np.sqrt(np.sum((z_train - code) ** 2, axis=1)).min() "
            "for code in z])",
            "    of_all = np.sqrt(np.sum((z_train[None, :3] - z[:3, None]) ** 2, axis=-1))\n"
            "    return of_all.min(axis=1)",
        ),
    ),
    Mutant(
        "3.2",
        "the share that is not astray",
        ("test_share_of_codes_astray", "test_all_or_none_astray"),
        ("z_train) > far", "z_train) <= far"),
    ),
    Mutant(
        "3.2",
        "the largest distance of the test codes",
        "test_share_of_codes_astray",
        (
            "np.quantile(nearest_distance(z_test, z_train), 0.95)",
            "nearest_distance(z_test, z_train).max() * 1.5",
        ),
    ),
    Mutant(
        "3.2",
        "the wrong tail",
        "test_share_of_codes_astray",
        ("0.95", "0.05"),
    ),
    Mutant(
        "3.2",
        "the distances of training codes from test codes",
        "test_share_of_codes_astray",
        (
            "np.quantile(nearest_distance(z_test, z_train)",
            "np.quantile(nearest_distance(z_train, z_train)",
        ),
    ),
    Mutant(
        "4.1",
        "from z_b to z_a",
        ("test_both_ends", "test_equal_steps", "test_interpolation_of_any_size"),
        ("(1 - t) * z_a + t * z_b", "t * z_a + (1 - t) * z_b"),
    ),
    Mutant(
        "4.1",
        "without the last code",
        ("test_both_ends", "test_equal_steps", "test_interpolation_of_any_size"),
        ("np.linspace(0, 1, n)", "np.linspace(0, 1, n, endpoint=False)"),
    ),
    Mutant(
        "4.1",
        "n steps, n + 1 codes",
        ("test_both_ends", "test_equal_steps", "test_interpolation_of_any_size"),
        ("np.linspace(0, 1, n)", "np.linspace(0, 1, n + 1)"),
    ),
    Mutant(
        "4.1",
        "unequal steps",
        ("test_equal_steps", "test_interpolation_of_any_size"),
        ("np.linspace(0, 1, n)[:, None]", "np.linspace(0, 1, n)[:, None] ** 2"),
    ),
    Mutant(
        "4.1",
        "always five codes",
        ("test_both_ends", "test_interpolation_of_any_size"),
        ("np.linspace(0, 1, n)", "np.linspace(0, 1, 5)"),
    ),
    Mutant(
        "4.1",
        "along an arc",
        ("test_equal_steps", "test_interpolation_of_any_size"),
        (
            "return (1 - t) * z_a + t * z_b",
            "return np.cos(np.pi / 2 * t) * z_a + np.sin(np.pi / 2 * t) * z_b",
        ),
    ),
    Mutant(
        "4.2",
        "a cross-fade of the reconstructions",
        ("test_walk_is_decoded", "test_walk_in_inference_mode"),
        code="""
def walk(encoder, decoder, images, n):
    x = ops.convert_to_numpy(decoder(encoder(images, training=False), training=False))
    t = np.linspace(0, 1, n).reshape((n,) + (1,) * (x.ndim - 1))
    return np.stack([(1 - t) * x[i] + t * x[i + 1] for i in range(len(x) - 1)])
""",
    ),
    Mutant(
        "4.2",
        "a cross-fade of the images, reconstructed",
        ("test_walk_is_decoded", "test_walk_in_inference_mode"),
        code="""
def walk(encoder, decoder, images, n):
    t = np.linspace(0, 1, n).reshape((n,) + (1,) * (images.ndim - 1)) ** 2
    rows = []
    for a, b in zip(images[:-1], images[1:]):
        faded = ((1 - t) * a + t * b).astype("float32")
        rows.append(decoder(encoder(faded, training=False), training=False))
    return np.stack(rows)
""",
    ),
    Mutant(
        "4.2",
        "from the first image to each",
        ("test_walk_is_decoded", "test_walk_in_inference_mode"),
        ("interpolate(z[i], z[i + 1], n)", "interpolate(z[0], z[i + 1], n)"),
    ),
    Mutant(
        "4.2",
        "one long row",
        ("test_walk_is_decoded", "test_walk_in_inference_mode"),
        ("np.stack(rows)", "np.concatenate(rows)"),
    ),
    Mutant(
        "4.2",
        "the walk returns to the first image",
        ("test_walk_is_decoded", "test_walk_in_inference_mode"),
        (
            "    for i in range(len(z) - 1):\n",
            "    z = np.concatenate([z, z[:1]])\n    for i in range(len(z) - 1):\n",
        ),
    ),
    Mutant(
        "4.2",
        "the first two images only",
        ("test_walk_is_decoded", "test_walk_in_inference_mode"),
        ("range(len(z) - 1)", "range(1)"),
    ),
    Mutant(
        "4.2",
        "the decoder in training mode",
        "test_walk_in_inference_mode",
        ("training=False", "training=True"),
    ),
    Mutant(
        "4.2",
        "codes, not images",
        ("test_walk_is_decoded", "test_walk_in_inference_mode"),
        ("ops.convert_to_numpy(decoder(on_the_way, training=False))", "on_the_way"),
    ),
    Alternative(
        "1.1",
        "predict",
        """
def encode(encoder, images, batch_size):
    return encoder.predict(images, batch_size=batch_size, verbose=0)
""",
    ),
    Alternative(
        "1.1",
        "a data set of minibatches",
        """
def encode(encoder, images, batch_size):
    batches = tf.data.Dataset.from_tensor_slices(images).batch(batch_size)
    return np.vstack([encoder(x, training=False).numpy() for x in batches])
""",
    ),
    Alternative(
        "1.2",
        "percentiles, both sides at once",
        """
def populated_box(z, coverage):
    p = 50 * (1 - coverage)
    return list(np.percentile(z, [p, 100 - p], axis=0))
""",
    ),
    Alternative(
        "1.2",
        "sorted codes",
        """
def populated_box(z, coverage):
    ordered = np.sort(z, axis=0)
    k = int(round((1 - coverage) / 2 * (len(z) - 1)))
    return ordered[k], ordered[len(z) - 1 - k]
""",
    ),
    Alternative(
        "2.1",
        "row by row",
        """
def decoded_grid(decoder, low, high, n):
    rows = []
    for i in range(n):
        z = np.zeros((n, 2), "float32")
        z[:, 0] = np.linspace(low[0], high[0], n)
        z[:, 1] = high[1] - i / (n - 1) * (high[1] - low[1])
        rows.append(decoder.predict(z, verbose=0))
    return np.array(rows)
""",
    ),
    Alternative(
        "3.1",
        "tensorflow, stretched",
        """
def sample_box(low, high, n):
    u = tf.random.uniform((n, low.shape[0])).numpy()
    return low + u * (high - low)
""",
    ),
    Alternative(
        "3.2",
        "all pairs, tensorflow",
        """
def nearest_distance(z, z_train):
    z, z_train = tf.cast(z, "float64"), tf.cast(z_train, "float64")
    of_pairs = tf.norm(z[:, None, :] - z_train[None, :, :], axis=-1)
    return tf.reduce_min(of_pairs, axis=1).numpy()


def astray(z_random, z_test, z_train):
    usual = np.percentile(nearest_distance(z_test, z_train), 95)
    return (nearest_distance(z_random, z_train) > usual).sum() / len(z_random)
""",
    ),
    Alternative(
        "3.2",
        "a tree of the training codes",
        """
def nearest_distance(z, z_train):
    from scipy.spatial import cKDTree

    return cKDTree(z_train).query(z)[0]


def astray(z_random, z_test, z_train):
    ordered = np.sort(nearest_distance(z_test, z_train))
    far = ordered[int(0.95 * (len(ordered) - 1))]
    return float(sum(delta > far for delta in nearest_distance(z_random, z_train)) / len(z_random))
""",
    ),
    Alternative(
        "4.1",
        "linspace between codes",
        """
def interpolate(z_a, z_b, n):
    return np.linspace(z_a, z_b, n)
""",
    ),
    Alternative(
        "4.1",
        "a loop",
        """
def interpolate(z_a, z_b, n):
    return np.stack([z_a + k * (z_b - z_a) / (n - 1) for k in range(n)])
""",
    ),
    Alternative(
        "4.2",
        "all codes decoded at once",
        """
def walk(encoder, decoder, images, n):
    z = encoder.predict(images, verbose=0)
    lines = np.concatenate([np.linspace(a, b, n) for a, b in zip(z, z[1:])])
    return decoder.predict(lines, verbose=0).reshape(len(z) - 1, n, *images.shape[1:])
""",
    ),
]
