"""Wrong answers to lab 3 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

PROOF = [
    Mutant(
        "1.1",
        "averaged over the units",
        ("test_penalty_has_the_right_values", "test_penalty_of_any_size"),
        ("ops.sum(", "ops.mean("),
    ),
    Mutant(
        "1.1",
        "negative activations lower the penalty",
        ("test_penalty_has_the_right_values", "test_penalty_of_any_size"),
        ("ops.abs(z)", "z"),
    ),
    Mutant(
        "1.1",
        "squares instead of absolute values",
        ("test_penalty_has_the_right_values", "test_penalty_of_any_size"),
        ("ops.abs(z)", "ops.square(z)"),
    ),
    Mutant(
        "1.1",
        "summed over the minibatch",
        ("test_penalty_has_the_right_values", "test_penalty_of_any_size"),
        (", axis=-1)", ")"),
    ),
    Mutant(
        "1.1",
        "lam forgotten",
        ("test_penalty_has_the_right_values", "test_penalty_of_any_size"),
        ("lam * ops", "ops"),
    ),
    Mutant(
        "1.1",
        "the average over the minibatch",
        ("test_penalty_has_the_right_values", "test_penalty_of_any_size"),
        ("lam * ops.sum(ops.abs(z), axis=-1)", "lam * ops.mean(ops.sum(ops.abs(z), axis=-1))"),
    ),
    Mutant(
        "1.1",
        "works for d = 5 only",
        "test_penalty_of_any_size",
        ("ops.sum(ops.abs(z), axis=-1)", "5 * ops.mean(ops.abs(z), axis=-1)"),
    ),
    Mutant(
        "1.2",
        "without the half",
        (
            "test_logs_add_up",
            "test_one_step_moves_both_networks",
            "test_images_and_a_penalty_on_the_weights",
        ),
        ("0.5 * ", ""),
    ),
    Mutant(
        "1.2",
        "averaged over pixels",
        (
            "test_logs_add_up",
            "test_one_step_moves_both_networks",
            "test_images_and_a_penalty_on_the_weights",
        ),
        ("0.5 * ops.sum(", "0.5 * ops.mean("),
    ),
    Mutant(
        "1.2",
        "the penalty summed over the minibatch",
        (
            "test_logs_add_up",
            "test_one_step_moves_both_networks",
            "test_images_and_a_penalty_on_the_weights",
        ),
        ("ops.mean(self.penalty(x, z))", "ops.sum(self.penalty(x, z))"),
    ),
    Mutant(
        "1.2",
        "x and z exchanged",
        (
            "test_logs_add_up",
            "test_one_step_moves_both_networks",
            "test_images_and_a_penalty_on_the_weights",
        ),
        ("self.penalty(x, z)", "self.penalty(z, x)"),
    ),
    Mutant(
        "1.2",
        "the penalty of the reconstruction",
        (
            "test_logs_add_up",
            "test_one_step_moves_both_networks",
            "test_images_and_a_penalty_on_the_weights",
        ),
        ("self.penalty(x, z)", "self.penalty(x_hat, z)"),
    ),
    Mutant(
        "1.2",
        "the penalty outside of the tape",
        ("test_one_step_moves_both_networks", "test_images_and_a_penalty_on_the_weights"),
        (
            "            penalty = ops.mean(self.penalty(x, z))\n"
            "            loss = reconstruction + penalty\n"
            "        gradients = tape.gradient(loss,",
            "        penalty = ops.mean(self.penalty(x, z))\n"
            "        loss = reconstruction + penalty\n"
            "        gradients = tape.gradient(reconstruction,",
        ),
    ),
    Mutant(
        "1.2",
        "the penalty is logged, but not in the loss",
        ("test_one_step_moves_both_networks", "test_images_and_a_penalty_on_the_weights"),
        ("tape.gradient(loss,", "tape.gradient(reconstruction,"),
    ),
    Mutant(
        "1.2",
        "the penalty does not reach the encoder",
        "test_one_step_moves_both_networks",
        ("self.penalty(x, z)", "self.penalty(x, ops.stop_gradient(z))"),
    ),
    Mutant(
        "1.2",
        "only the decoder learns",
        ("test_one_step_moves_both_networks", "test_images_and_a_penalty_on_the_weights"),
        (
            "tape.gradient(loss, self.trainable_variables)\n"
            "        self.optimizer.apply(gradients, self.trainable_variables)",
            "tape.gradient(loss, self.decoder.trainable_variables)\n"
            "        self.optimizer.apply(gradients, self.decoder.trainable_variables)",
        ),
    ),
    Mutant(
        "1.2",
        "vectors only",
        "test_images_and_a_penalty_on_the_weights",
        ("axes = tuple(range(1, len(x.shape)))", "axes = -1"),
    ),
    Mutant(
        "1.2",
        "the encoder in inference mode",
        "test_networks_are_called_in_training_mode",
        ("self.encoder(x, training=True)", "self.encoder(x, training=False)"),
    ),
    Mutant(
        "1.2",
        "the decoder in inference mode",
        "test_networks_are_called_in_training_mode",
        ("self.decoder(z, training=True)", "self.decoder(z, training=False)"),
    ),
    Mutant(
        "2.1",
        "level is the share that is kept",
        ("test_values_are_kept_or_set_to_zero", "test_each_value_is_drawn_on_its_own"),
        ("< level", ">= level"),
    ),
    Mutant(
        "2.1",
        "dropout, which scales what it keeps",
        ("test_values_are_kept_or_set_to_zero", "test_each_value_is_drawn_on_its_own"),
        ("tf.where(tf.random.uniform(tf.shape(x)) < level, 0.0, x)", "tf.nn.dropout(x, level)"),
    ),
    Mutant(
        "2.1",
        "masked values become white",
        ("test_values_are_kept_or_set_to_zero", "test_each_value_is_drawn_on_its_own"),
        ("0.0, x)", "1.0, x)"),
    ),
    Mutant(
        "2.1",
        "one mask for all images",
        "test_each_value_is_drawn_on_its_own",
        ("tf.random.uniform(tf.shape(x))", "tf.random.uniform(tf.shape(x)[1:])"),
    ),
    Mutant(
        "2.1",
        "one mask for all channels",
        "test_each_value_is_drawn_on_its_own",
        ("tf.random.uniform(tf.shape(x))", "tf.random.uniform(tf.shape(x)[:-1])[..., None]"),
    ),
    Mutant(
        "2.1",
        "whole images are masked",
        ("test_values_are_kept_or_set_to_zero", "test_each_value_is_drawn_on_its_own"),
        (
            "tf.random.uniform(tf.shape(x))",
            "tf.reshape(tf.random.uniform(tf.shape(x)[:1]), [-1] + [1] * (len(x.shape) - 1))",
        ),
    ),
    Mutant(
        "2.1",
        "the same mask in each call",
        "test_each_value_is_drawn_on_its_own",
        ("tf.random.uniform(tf.shape(x))", "tf.random.stateless_uniform(tf.shape(x), (1, 2))"),
    ),
    Mutant(
        "2.1",
        "NumPy draws once for all minibatches of a data set",
        "test_each_value_is_drawn_on_its_own",
        (
            "tf.random.uniform(tf.shape(x))",
            "tf.constant(np.random.uniform(size=(500, *x.shape[1:])))[: tf.shape(x)[0]]",
        ),
    ),
    Mutant(
        "2.1",
        "the clean image first",
        ("test_pairs_are_corrupted_and_clean", "test_the_corruption_sees_a_minibatch"),
        ("(corrupt(x), x)", "(x, corrupt(x))"),
    ),
    Mutant(
        "2.1",
        "the target is corrupted, too",
        (
            "test_pairs_are_corrupted_and_clean",
            "test_each_epoch_is_drawn_anew",
            "test_the_corruption_sees_a_minibatch",
        ),
        (
            "return batches.map(lambda x: (corrupt(x), x))",
            "return batches.map(corrupt).map(lambda x: (x, x))",
        ),
    ),
    Mutant(
        "2.1",
        "corrupted twice",
        ("test_pairs_are_corrupted_and_clean", "test_the_corruption_sees_a_minibatch"),
        ("(corrupt(x), x)", "(corrupt(corrupt(corrupt(x))), x)"),
    ),
    Mutant(
        "2.1",
        "the last images are dropped",
        ("test_pairs_are_corrupted_and_clean", "test_each_epoch_is_drawn_anew"),
        (".batch(batch_size)", ".batch(batch_size, drop_remainder=True)"),
    ),
    Mutant(
        "2.1",
        "corrupted once, before the training",
        ("test_each_epoch_is_drawn_anew", "test_the_corruption_sees_a_minibatch"),
        (
            "batches = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).batch(batch_size)\n"
            "    return batches.map(lambda x: (corrupt(x), x))",
            "pairs = tf.data.Dataset.from_tensor_slices((corrupt(images), images))\n"
            "    return pairs.shuffle(len(images)).batch(batch_size)",
        ),
    ),
    Mutant(
        "2.1",
        "the corruption is cached",
        "test_each_epoch_is_drawn_anew",
        ("map(lambda x: (corrupt(x), x))", "map(lambda x: (corrupt(x), x)).cache()"),
    ),
    Mutant(
        "2.1",
        "always the same order",
        "test_each_epoch_is_drawn_anew",
        (".shuffle(len(images))", ""),
    ),
    Mutant(
        "2.1",
        "shuffled once",
        "test_each_epoch_is_drawn_anew",
        (".shuffle(len(images))", ".shuffle(len(images), reshuffle_each_iteration=False)"),
    ),
    Mutant(
        "2.1",
        "input and target from different images",
        ("test_pairs_are_corrupted_and_clean", "test_the_corruption_sees_a_minibatch"),
        (
            "return batches.map(lambda x: (corrupt(x), x))",
            "return tf.data.Dataset.zip((batches.map(corrupt), batches))",
        ),
    ),
    Mutant(
        "2.1",
        "each image is corrupted alone",
        "test_the_corruption_sees_a_minibatch",
        (
            ".shuffle(len(images)).batch(batch_size)\n    return batches.map(lambda x: (corrupt(x), x))",
            ".shuffle(len(images))\n    return batches.map(lambda x: (corrupt(x), x)).batch(batch_size)",
        ),
    ),
    Mutant(
        "3.1",
        "the gradient of the sum of all units",
        (
            "test_a_linear_encoder",
            "test_a_sigmoid_layer",
            "test_inference_mode_for_any_shape",
            "test_the_penalty_can_be_descended",
        ),
        ("tape.batch_jacobian(z, x)", "tape.gradient(z, x)"),
    ),
    Mutant(
        "3.1",
        "the norm, not squared",
        (
            "test_a_linear_encoder",
            "test_a_sigmoid_layer",
            "test_inference_mode_for_any_shape",
            "test_the_penalty_can_be_descended",
        ),
        (
            "return ops.sum(ops.square(jacobian), axis=tuple(range(1, len(jacobian.shape))))",
            "return ops.sqrt(ops.sum(ops.square(jacobian), axis=tuple(range(1, len(jacobian.shape)))))",
        ),
    ),
    Mutant(
        "3.1",
        "the input is not watched",
        (
            "test_a_linear_encoder",
            "test_a_sigmoid_layer",
            "test_inference_mode_for_any_shape",
            "test_the_penalty_can_be_descended",
        ),
        ("        tape.watch(x)\n", ""),
    ),
    Mutant(
        "3.1",
        "averaged over the minibatch",
        ("test_a_linear_encoder", "test_a_sigmoid_layer", "test_inference_mode_for_any_shape"),
        (
            "return ops.sum(ops.square(jacobian), axis=tuple(range(1, len(jacobian.shape))))",
            "return ops.sum(ops.square(jacobian)) / len(x)",
        ),
    ),
    Mutant(
        "3.1",
        "the derivatives of one image for all images",
        ("test_a_sigmoid_layer", "test_inference_mode_for_any_shape"),
        ("axis=tuple(range(1, len(jacobian.shape))))", "axis=(1, 2))[:1] * ops.ones(len(x))"),
    ),
    Mutant(
        "3.1",
        "the encoder in training mode",
        "test_inference_mode_for_any_shape",
        ("encoder(x, training=False)", "encoder(x, training=True)"),
    ),
    Mutant(
        "3.1",
        "vectors only",
        "test_inference_mode_for_any_shape",
        ("axis=tuple(range(1, len(jacobian.shape)))", "axis=(1, 2)"),
    ),
    Mutant(
        "3.1",
        "NumPy, which stops gradients",
        "test_the_penalty_can_be_descended",
        ("ops.square(jacobian)", "ops.square(jacobian.numpy())"),
    ),
    Mutant(
        "3.1",
        "no gradient through the Jacobian",
        "test_the_penalty_can_be_descended",
        ("ops.square(jacobian)", "ops.square(ops.stop_gradient(jacobian))"),
    ),
    Mutant(
        "3.1",
        "the derivative of tanh",
        ("test_the_formula", "test_the_penalty_can_be_descended"),
        ("z * (1 - z)", "1 - z * z"),
    ),
    Mutant(
        "3.1",
        "the slope is not squared",
        ("test_the_formula", "test_the_penalty_can_be_descended"),
        ("ops.square(z * (1 - z))", "z * (1 - z)"),
    ),
    Mutant(
        "3.1",
        "rows and columns of the kernel exchanged",
        ("test_the_formula", "test_the_penalty_can_be_descended"),
        ("ops.sum(ops.square(kernel), axis=0)", "ops.sum(ops.square(kernel), axis=1)"),
    ),
    Mutant(
        "3.1",
        "no gradient through the codes",
        "test_the_penalty_can_be_descended",
        ("ops.square(z * (1 - z))", "ops.square(ops.stop_gradient(z * (1 - z)))"),
    ),
    Mutant(
        "4.1",
        "not centred",
        ("test_training_images_are_reconstructed", "test_other_images_are_reconstructed"),
        ("mean = x_train.mean(axis=0)", "mean = 0 * x_train.mean(axis=0)"),
    ),
    Mutant(
        "4.1",
        "the mean is not added",
        (
            "test_training_images_are_reconstructed",
            "test_all_components_lose_nothing",
            "test_other_images_are_reconstructed",
        ),
        ("return mean + ", "return "),
    ),
    Mutant(
        "4.1",
        "the components of the smallest variance",
        ("test_training_images_are_reconstructed", "test_other_images_are_reconstructed"),
        ("v_transposed[:d]", "v_transposed[-d:]"),
    ),
    Mutant(
        "4.1",
        "one component too many",
        ("test_training_images_are_reconstructed", "test_other_images_are_reconstructed"),
        ("v_transposed[:d]", "v_transposed[: d + 1]"),
    ),
    Mutant(
        "4.1",
        "columns used as rows",
        ("test_training_images_are_reconstructed", "test_other_images_are_reconstructed"),
        ("v_transposed[:d]", "v_transposed.T[:d]"),
    ),
    Mutant(
        "4.1",
        "the mean of the other images",
        "test_other_images_are_reconstructed",
        ("return mean + (x - mean)", "mean = x.mean(axis=0)\n    return mean + (x - mean)"),
    ),
    Mutant(
        "4.1",
        "the components of the other images",
        "test_other_images_are_reconstructed",
        ("np.linalg.svd(x_train - mean,", "np.linalg.svd(x - x.mean(axis=0),"),
    ),
    Mutant(
        "4.1",
        "one mean for all pixels",
        ("test_training_images_are_reconstructed", "test_other_images_are_reconstructed"),
        ("x_train.mean(axis=0)", "x_train.mean()"),
    ),
    Mutant(
        "4.2",
        "only for orthonormal columns",
        (
            "test_projection_has_the_right_values",
            "test_other_axes_of_the_same_space",
            "test_projection_of_any_size",
        ),
        ("return q @ q.T", "return w_x @ w_x.T"),
    ),
    Mutant(
        "4.2",
        "columns of length 1, but not orthogonal",
        (
            "test_projection_has_the_right_values",
            "test_other_axes_of_the_same_space",
            "test_projection_of_any_size",
        ),
        (
            "q, _ = np.linalg.qr(w_x)  # an orthonormal basis of the same space",
            "q = w_x / np.linalg.norm(w_x, axis=0)",
        ),
    ),
    Mutant(
        "4.2",
        "the projection of codes",
        (
            "test_projection_has_the_right_values",
            "test_other_axes_of_the_same_space",
            "test_projection_of_any_size",
        ),
        ("return q @ q.T", "return q.T @ q"),
    ),
    Mutant(
        "4.2",
        "a basis of all of R^n",
        (
            "test_projection_has_the_right_values",
            "test_other_axes_of_the_same_space",
            "test_projection_of_any_size",
        ),
        ("np.linalg.qr(w_x)", 'np.linalg.qr(w_x, mode="complete")'),
    ),
    Mutant(
        "4.2",
        "the inverse is missing",
        (
            "test_projection_has_the_right_values",
            "test_other_axes_of_the_same_space",
            "test_projection_of_any_size",
        ),
        ("return q @ q.T", "return w_x @ (w_x.T @ w_x) @ w_x.T"),
    ),
    Mutant(
        "4.2",
        "the projection onto the orthogonal complement",
        (
            "test_projection_has_the_right_values",
            "test_other_axes_of_the_same_space",
            "test_projection_of_any_size",
        ),
        ("return q @ q.T", "return np.eye(len(q)) - q @ q.T"),
    ),
    Mutant(
        "5.1",
        "its own matrix",
        "test_one_matrix",
        (
            "self.dense = dense\n",
            "self.dense = dense\n"
            "        self.kernel = self.add_weight(shape=dense.kernel.shape)\n"
            "        self.kernel.assign(dense.kernel)\n",
        ),
    ),
    Mutant(
        "5.1",
        "a copy of the first matrix",
        ("test_one_matrix", "test_both_gradients_flow_into_the_matrix"),
        [
            (
                "self.dense = dense\n",
                "self.matrix = ops.transpose(ops.convert_to_tensor(dense.kernel))\n",
            ),
            ("ops.transpose(self.dense.kernel)", "self.matrix"),
        ],
    ),
    Mutant(
        "5.1",
        "an ordinary dense layer",
        (
            "test_layer_has_the_right_values",
            "test_one_matrix",
            "test_both_gradients_flow_into_the_matrix",
            "test_layers_of_any_size",
        ),
        [
            (
                "self.dense = dense\n",
                "self.inner = layers.Dense(dense.kernel.shape[0], activation=activation)\n",
            ),
            (
                "self.activation(ops.matmul(h, ops.transpose(self.dense.kernel)) + self.bias)",
                "self.inner(h)",
            ),
        ],
    ),
    Mutant(
        "5.1",
        "not transposed",
        (
            "test_layer_has_the_right_values",
            "test_one_matrix",
            "test_both_gradients_flow_into_the_matrix",
            "test_layers_of_any_size",
        ),
        ("ops.transpose(self.dense.kernel)", "self.dense.kernel"),
    ),
    Mutant(
        "5.1",
        "no bias",
        ("test_one_matrix", "test_both_gradients_flow_into_the_matrix"),
        (
            '        self.bias = self.add_weight(shape=(dense.kernel.shape[0],), initializer="zeros")\n',
            "        self.bias = 0.0\n",
        ),
    ),
    Mutant(
        "5.1",
        "a bias that is not trained",
        ("test_one_matrix", "test_both_gradients_flow_into_the_matrix"),
        ('initializer="zeros")', 'initializer="zeros", trainable=False)'),
    ),
    Mutant(
        "5.1",
        "no activation",
        ("test_layer_has_the_right_values", "test_layers_of_any_size"),
        ("return self.activation(", "return ("),
    ),
    Mutant(
        "5.1",
        "the activation of the dense layer",
        (
            "test_layer_has_the_right_values",
            "test_one_matrix",
            "test_both_gradients_flow_into_the_matrix",
            "test_layers_of_any_size",
        ),
        ("keras.activations.get(activation)", "dense.activation"),
    ),
    Mutant(
        "5.1",
        "no gradient from the decoder's use",
        "test_both_gradients_flow_into_the_matrix",
        ("ops.transpose(self.dense.kernel)", "ops.transpose(ops.stop_gradient(self.dense.kernel))"),
    ),
    Mutant(
        "5.1",
        "the bias does not start at 0",
        (
            "test_layer_has_the_right_values",
            "test_one_matrix",
            "test_both_gradients_flow_into_the_matrix",
            "test_layers_of_any_size",
        ),
        ('initializer="zeros"', 'initializer="ones"'),
    ),
    Mutant(
        "5.1",
        "always a sigmoid",
        ("test_one_matrix", "test_both_gradients_flow_into_the_matrix", "test_layers_of_any_size"),
        ("keras.activations.get(activation)", "keras.activations.sigmoid"),
    ),
    Alternative(
        "1.1",
        "a norm",
        """
def sparsity(z, lam):
    return tf.norm(z, ord=1, axis=1) * lam
""",
    ),
    Alternative(
        "1.2",
        "flat images, two lists of weights, nothing from outside",
        """
class RegularizedAutoencoder(keras.Model):
    def __init__(self, encoder, decoder, penalty):
        super().__init__()
        self.encoder, self.decoder, self.penalty = encoder, decoder, penalty
        self.built = True

    def call(self, x, training=False):
        return self.decoder(self.encoder(x, training=training), training=training)

    def train_step(self, data):
        variables = self.encoder.trainable_variables + self.decoder.trainable_variables
        with tf.GradientTape() as tape:
            z = self.encoder(data, training=True)
            rest = layers.Flatten()(data - self.decoder(z, training=True))
            of_images = 0.5 * tf.einsum("bi,bi->b", rest, rest)
            of_codes = self.penalty(data, z)
            loss = tf.reduce_mean(of_images + of_codes)
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return {
            "penalty": tf.reduce_mean(of_codes),
            "reconstruction": tf.reduce_mean(of_images),
            "loss": loss,
        }
""",
    ),
    Alternative(
        "2.1",
        "a product with a mask, and a data set of row numbers",
        """
def mask(x, level):
    keep = tf.cast(tf.random.uniform(tf.shape(x)) >= level, "float32")
    return keep * x


def denoising_pairs(images, corrupt, batch_size):
    def pair(rows):
        x = tf.gather(tf.constant(images), rows)
        return corrupt(x), x

    rows = tf.data.Dataset.range(len(images)).shuffle(10_000).batch(batch_size)
    return rows.map(pair, num_parallel_calls=2).prefetch(1)
""",
    ),
    Alternative(
        "2.1",
        "Keras's random numbers",
        """
def mask(x, level):
    return ops.where(keras.random.uniform(ops.shape(x)) < level, ops.zeros_like(x), x)


def denoising_pairs(images, corrupt, batch_size):
    data = tf.data.Dataset.from_tensor_slices(images).shuffle(2 * len(images))
    return data.batch(batch_size).map(lambda x: (x, x)).map(lambda x, y: (corrupt(x), y))
""",
    ),
    Alternative(
        "3.1",
        "a gradient for each unit, and the formula in two steps",
        """
def contraction(encoder, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z = encoder(x, training=False)
        units = [z[:, i] for i in range(z.shape[1])]
    total = 0.0
    for unit in units:
        gradient = tf.reshape(tape.gradient(unit, x), (x.shape[0], -1))
        total += tf.reduce_sum(gradient**2, axis=1)
    return total


def contraction_of_sigmoid(z, kernel):
    slope = z - z**2
    lengths = tf.reduce_sum(kernel**2, axis=0, keepdims=True)
    return tf.reduce_sum(slope**2 * lengths, 1)
""",
    ),
    Alternative(
        "3.1",
        "the whole Jacobian of the batch, and the formula's Jacobian",
        """
def contraction(encoder, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = encoder(x, training=False)
    jacobian = tape.jacobian(z, x)  # (batch, d, batch, *image)
    squares = tf.square(tf.reshape(jacobian, (z.shape[0], z.shape[1], z.shape[0], -1)))
    return tf.einsum("bdbi->b", squares)


def contraction_of_sigmoid(z, kernel):
    z = tf.convert_to_tensor(z)
    jacobian = (z * (1 - z))[:, :, None] * tf.transpose(tf.convert_to_tensor(kernel))[None]
    return tf.reduce_sum(jacobian**2, axis=[1, 2])
""",
    ),
    Alternative(
        "4.1",
        "the eigenvectors of the covariance",
        """
def pca_reconstruction(x_train, x, d):
    mean = np.mean(x_train, 0, keepdims=True)
    _, vectors = np.linalg.eigh((x_train - mean).T @ (x_train - mean))
    v = vectors[:, -d:]
    return (x - mean) @ (v @ v.T) + mean
""",
    ),
    Alternative(
        "4.1",
        "scikit-learn",
        """
def pca_reconstruction(x_train, x, d):
    from sklearn.decomposition import PCA

    pca = PCA(d, svd_solver="full").fit(x_train)
    return pca.inverse_transform(pca.transform(x))
""",
    ),
    Alternative(
        "4.2",
        "the formula",
        """
def projection(w_x):
    return w_x @ np.linalg.inv(w_x.T @ w_x) @ w_x.T
""",
    ),
    Alternative(
        "4.2",
        "left singular vectors",
        """
def projection(w_x):
    u, _, _ = np.linalg.svd(w_x, full_matrices=False)
    return np.einsum("ik,jk->ij", u, u)
""",
    ),
    Alternative(
        "5.1",
        "only the matrix is kept, the bias is made in build",
        """
class TransposedDense(layers.Layer):
    def __init__(self, dense, activation=None):
        super().__init__()
        self.kernel = dense.kernel
        self.g = layers.Activation(activation or "linear")

    def build(self, input_shape):
        self.b_x = self.add_weight(name="b_x", shape=(self.kernel.shape[0],), initializer="zeros")

    def call(self, h):
        return self.g(tf.matmul(h, self.kernel, transpose_b=True) + self.b_x)
""",
    ),
]
