"""Wrong answers to lab 5 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

PROOF = [
    Mutant(
        "1.1",
        "the variance instead of the standard deviation",
        ("test_codes_have_the_right_values", "test_codes_of_any_size"),
        ("ops.exp(0.5 * log_var)", "ops.exp(log_var)"),
    ),
    Mutant(
        "1.1",
        "log_var used as the standard deviation",
        ("test_codes_have_the_right_values", "test_codes_of_any_size"),
        ("ops.exp(0.5 * log_var)", "log_var"),
    ),
    Mutant(
        "1.1",
        "one eps for all dimensions",
        ("test_codes_have_the_right_values", "test_codes_of_any_size"),
        ("* eps", "* eps[:, :1]"),
    ),
    Mutant(
        "1.1",
        "only for batches of five",
        "test_codes_of_any_size",
        (" * eps", " * ops.reshape(eps, (5, -1))"),
    ),
    Mutant(
        "1.2",
        "averaged over dimensions",
        (
            "test_the_prior_is_at_distance_zero",
            "test_kl_has_the_right_values",
            "test_kl_of_any_size",
        ),
        ("ops.sum(", "ops.mean("),
    ),
    Mutant(
        "1.2",
        "summed over the minibatch",
        (
            "test_the_prior_is_at_distance_zero",
            "test_kl_has_the_right_values",
            "test_kl_of_any_size",
        ),
        (", axis=-1)", ")"),
    ),
    Mutant(
        "1.2",
        "without the half",
        (
            "test_the_prior_is_at_distance_zero",
            "test_kl_has_the_right_values",
            "test_kl_of_any_size",
        ),
        ("0.5 * ", ""),
    ),
    Mutant(
        "1.2",
        "log_var used as the standard deviation",
        (
            "test_the_prior_is_at_distance_zero",
            "test_kl_has_the_right_values",
            "test_kl_of_any_size",
        ),
        (
            "ops.exp(log_var) - log_var - 1.0",
            "ops.square(log_var) - ops.log(ops.square(log_var)) - 1.0",
        ),
    ),
    Mutant(
        "1.2",
        "sign of the logarithm",
        ("test_kl_has_the_right_values", "test_kl_of_any_size"),
        ("- log_var", "+ log_var"),
    ),
    Mutant(
        "1.2",
        "only for five dimensions",
        ("test_the_prior_is_at_distance_zero", "test_kl_of_any_size"),
        ("- 1.0 + ops.square(mu), axis=-1)", "+ ops.square(mu), axis=-1) - 2.5"),
    ),
    Mutant(
        "1.3",
        "averaged over pixels",
        (
            "test_cross_entropy_has_the_right_values",
            "test_the_loss_is_finite",
            "test_cross_entropy_of_any_shape",
        ),
        ("ops.sum(", "ops.mean("),
    ),
    Mutant(
        "1.3",
        "no clipping",
        "test_the_loss_is_finite",
        ("ops.clip(x_hat, 1e-6, 1 - 1e-6)", "x_hat"),
    ),
    Mutant(
        "1.3",
        "the black pixels do not count",
        (
            "test_cross_entropy_has_the_right_values",
            "test_the_loss_is_finite",
            "test_cross_entropy_of_any_shape",
        ),
        (" + (1 - x) * ops.log(1 - x_hat)", ""),
    ),
    Mutant(
        "1.3",
        "x and x_hat exchanged",
        ("test_cross_entropy_has_the_right_values", "test_cross_entropy_of_any_shape"),
        ("    x_hat = ops.clip(", "    x, x_hat = x_hat, x\n    x_hat = ops.clip("),
    ),
    Mutant(
        "1.3",
        "images with three axes only",
        ("test_the_loss_is_finite", "test_cross_entropy_of_any_shape"),
        ("axis=tuple(range(1, len(of_pixels.shape)))", "axis=(1, 2, 3)"),
    ),
    Mutant(
        "1.3",
        "summed over everything",
        (
            "test_cross_entropy_has_the_right_values",
            "test_the_loss_is_finite",
            "test_cross_entropy_of_any_shape",
        ),
        (", axis=tuple(range(1, len(of_pixels.shape)))", ""),
    ),
    Mutant(
        "2.1",
        "beta forgotten",
        ("test_logs_add_up", "test_one_step_moves_both_networks"),
        ("self.beta * kl", "kl"),
    ),
    Mutant(
        "2.1",
        "only the decoder learns",
        "test_one_step_moves_both_networks",
        (
            "tape.gradient(loss, self.trainable_variables)\n"
            "        self.optimizer.apply(gradients, self.trainable_variables)",
            "tape.gradient(loss, self.decoder.trainable_variables)\n"
            "        self.optimizer.apply(gradients, self.decoder.trainable_variables)",
        ),
    ),
    Mutant(
        "2.1",
        "the gradient stops at the code",
        "test_one_step_moves_both_networks",
        ("self.decoder(z, training=True)", "self.decoder(ops.stop_gradient(z), training=True)"),
    ),
    Mutant(
        "2.1",
        "the encoder runs outside of the tape",
        "test_one_step_moves_both_networks",
        (
            "        with tf.GradientTape() as tape:\n"
            "            mu, log_var = ops.split(self.encoder(x, training=True), 2, axis=-1)\n",
            "        mu, log_var = ops.split(self.encoder(x, training=True), 2, axis=-1)\n"
            "        with tf.GradientTape() as tape:\n",
        ),
    ),
    Mutant(
        "2.1",
        "losses summed over the minibatch",
        ("test_logs_add_up", "test_one_step_moves_both_networks"),
        ("ops.mean(kl_divergence", "ops.sum(kl_divergence"),
    ),
    Mutant(
        "2.1",
        "the mean instead of a draw",
        "test_the_code_is_drawn",
        ("x_hat = self.decoder(z,", "x_hat = self.decoder(mu,"),
    ),
    Mutant(
        "2.1",
        "one draw for the whole minibatch",
        "test_the_code_is_drawn",
        ("keras.random.normal(ops.shape(mu))", "keras.random.normal((1, mu.shape[-1]))"),
    ),
    Mutant(
        "2.1",
        "the same draw in each step",
        "test_the_code_is_drawn",
        ("keras.random.normal(ops.shape(mu))", "keras.random.normal(ops.shape(mu), seed=1)"),
    ),
    Mutant(
        "2.1",
        "NumPy draws once for all steps of a graph",
        "test_the_code_is_drawn",
        (
            "keras.random.normal(ops.shape(mu))",
            "tf.constant(np.random.normal(size=(5000, mu.shape[1])), 'float32')[: ops.shape(mu)[0]]",
        ),
    ),
    Mutant(
        "2.1",
        "a size that is None in a graph",
        "test_the_code_is_drawn",
        ("keras.random.normal(ops.shape(mu))", "keras.random.normal(mu.shape)"),
    ),
    Mutant(
        "2.1",
        "networks in inference mode",
        "test_networks_are_called_in_training_mode",
        ("self.encoder(x, training=True)", "self.encoder(x, training=False)"),
    ),
    Mutant(
        "2.1",
        "log_var before mu",
        ("test_logs_add_up", "test_one_step_moves_both_networks", "test_the_code_is_drawn"),
        ("mu, log_var = ops.split", "log_var, mu = ops.split"),
    ),
    Mutant(
        "3.1",
        "uniform codes",
        "test_codes_come_from_the_prior",
        (
            "keras.random.normal((n, decoder.input_shape[-1]))",
            "keras.random.uniform((n, decoder.input_shape[-1]), -1.7, 1.7)",
        ),
    ),
    Mutant(
        "3.1",
        "always the same codes",
        "test_codes_come_from_the_prior",
        (
            "keras.random.normal((n, decoder.input_shape[-1]))",
            "np.random.default_rng(0).normal(size=(n, decoder.input_shape[-1]))",
        ),
    ),
    Mutant(
        "3.1",
        "hard-coded d",
        ("test_n_images_are_drawn", "test_codes_come_from_the_prior", "test_inference_mode"),
        ("decoder.input_shape[-1]", "2"),
    ),
    Mutant(
        "3.1",
        "hard-coded n",
        ("test_n_images_are_drawn", "test_codes_come_from_the_prior", "test_inference_mode"),
        ("(n, decoder", "(40, decoder"),
    ),
    Mutant("3.1", "training mode", "test_inference_mode", ("training=False", "training=True")),
    Mutant(
        "3.1",
        "a tensor, not an array",
        ("test_n_images_are_drawn", "test_codes_come_from_the_prior", "test_inference_mode"),
        ("return ops.convert_to_numpy(decoder(z, training=False))", "decoder(z, training=False)"),
    ),
    Mutant(
        "4.1",
        "the label before the code",
        ("test_label_comes_after_the_code", "test_label_after_codes_of_any_size"),
        ("ops.concatenate([z, y], axis=-1)", "ops.concatenate([y, z], axis=-1)"),
    ),
    Mutant(
        "4.1",
        "rows and columns exchanged",
        ("test_label_becomes_channels", "test_channels_after_images_of_any_size"),
        ("(batch, height, width, y", "(batch, width, height, y"),
    ),
    Mutant(
        "4.1",
        "the number of the class as one channel",
        ("test_label_becomes_channels", "test_channels_after_images_of_any_size"),
        (
            "    maps = ops.broadcast_to(y[:, None, None, :], (batch, height, width, y.shape[-1]))",
            "    number = ops.cast(ops.argmax(y, axis=-1), x.dtype)[:, None, None, None]\n"
            "    maps = number * ops.ones((batch, height, width, 1))",
        ),
    ),
    Mutant(
        "4.1",
        "always ten classes",
        ("test_label_becomes_channels", "test_channels_after_images_of_any_size"),
        ("(batch, height, width, y.shape[-1])", "(batch, height, width, 10)"),
    ),
    Mutant(
        "4.1",
        "the channels before the image",
        ("test_label_becomes_channels", "test_channels_after_images_of_any_size"),
        ("ops.concatenate([x, maps], axis=-1)", "ops.concatenate([maps, x], axis=-1)"),
    ),
    Alternative(
        "1.1",
        "tensorflow, and the standard deviation by name",
        """
def reparameterize(mu, log_var, eps):
    sigma = tf.sqrt(tf.exp(log_var))
    return tf.add(mu, sigma * eps)
""",
    ),
    Alternative(
        "1.2",
        "the two terms of DLSP",
        """
def kl_divergence(mu, log_var):
    v = tf.exp(log_var)
    of_variance = tf.reduce_sum(v - tf.math.log(v) - 1.0, axis=1) / 2
    of_mean = tf.reduce_sum(mu ** 2, axis=1) / 2
    return of_variance + of_mean
""",
    ),
    Alternative(
        "1.3",
        "Keras's loss on flat images",
        """
def reconstruction_loss(x, x_hat):
    x = tf.reshape(tf.convert_to_tensor(x), (len(x), -1))
    x_hat = tf.reshape(tf.clip_by_value(x_hat, 1e-6, 1 - 1e-6), (len(x_hat), -1))
    return keras.losses.binary_crossentropy(x, x_hat) * x.shape[1]
""",
    ),
    Alternative(
        "1.3",
        "axes counted by the rank of a tensor",
        """
def reconstruction_loss(x, x_hat):
    x_hat = tf.clip_by_value(x_hat, 1e-6, 1 - 1e-6)
    of_pixels = x * tf.math.log(x_hat) + (1 - x) * tf.math.log(1 - x_hat)
    return -tf.reduce_sum(of_pixels, axis=list(range(1, x.shape.rank)))
""",
    ),
    Alternative(
        "2.1",
        "a graph",
        replace=(
            "    def train_step(self, x):",
            "    @tf.function\n    def train_step(self, x):",
        ),
    ),
    Alternative(
        "2.1",
        "slices, and two lists of weights",
        """
class VAE(keras.Model):
    def __init__(self, encoder, decoder, beta=1.0):
        super().__init__()
        self.encoder, self.decoder, self.beta = encoder, decoder, beta
        self.built = True

    def train_step(self, data):
        with tf.GradientTape(persistent=True) as tape:
            h = self.encoder(data, training=True)
            d = h.shape[-1] // 2
            mu, log_var = h[:, :d], h[:, d:]
            z = reparameterize(mu, log_var, tf.random.normal(tf.shape(mu)))
            rec = tf.reduce_mean(reconstruction_loss(data, self.decoder(z, training=True)))
            kl = tf.reduce_mean(kl_divergence(mu, log_var))
            loss = rec + self.beta * kl
        enc, dec = self.encoder.trainable_variables, self.decoder.trainable_variables
        both = tape.gradient(loss, enc) + tape.gradient(loss, dec)
        self.optimizer.apply_gradients(zip(both, enc + dec))
        return {"kl": kl, "reconstruction": rec, "loss": loss}
""",
    ),
    Alternative(
        "3.1",
        "predict, codes by NumPy",
        """
def generate(decoder, n):
    d = decoder.input_shape[1]
    return decoder.predict(np.random.normal(size=(n, d)), verbose=0)
""",
    ),
    Alternative(
        "4.1",
        "tensorflow, and a product with ones",
        """
def append_to_code(z, y):
    return tf.concat([z, y], 1)


def append_to_image(x, y):
    ones = tf.ones_like(x[..., :1])
    return tf.concat([x, ones * tf.reshape(y, (-1, 1, 1, y.shape[1]))], 3)
""",
    ),
    Alternative(
        "4.1",
        "the sizes as a list, and tiles",
        """
def append_to_code(z, y):
    width = z.shape.as_list()[1] + y.shape.as_list()[1]
    return tf.reshape(tf.concat([z, y], axis=1), (-1, width))


def append_to_image(x, y):
    _, height, width, _ = x.shape.as_list()
    maps = tf.tile(y[:, tf.newaxis, tf.newaxis, :], (1, height, width, 1))
    return tf.concat([x, maps], axis=-1)
""",
    ),
]
