"""Wrong answers to lab 6 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

PROOF = [
    Mutant(
        "1.1",
        "logarithms of the sigmoid",
        "test_a_sure_discriminator_can_be_wrong",
        (
            "return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "return -ops.mean(ops.log(ops.sigmoid(real))) - ops.mean(ops.log(1 - ops.sigmoid(fake)))",
        ),
    ),
    Mutant(
        "1.1",
        "probabilities clipped to avoid the logarithm of 0",
        "test_a_sure_discriminator_can_be_wrong",
        (
            "return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "d_real, d_fake = (ops.clip(ops.sigmoid(a), 1e-7, 1 - 1e-7) for a in (real, fake))\n"
            "    return -ops.mean(ops.log(d_real)) - ops.mean(ops.log(1 - d_fake))",
        ),
    ),
    Mutant(
        "1.1",
        "one average over both kinds of images",
        (
            "test_discriminator_loss_has_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "return ops.mean(ops.softplus(ops.concatenate([-real, fake], axis=0)))",
        ),
    ),
    Mutant(
        "1.1",
        "twice the average over both kinds of images",
        "test_minibatches_of_any_size",
        (
            "return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "return 2 * ops.mean(ops.softplus(ops.concatenate([-real, fake], axis=0)))",
        ),
    ),
    Mutant(
        "1.1",
        "a sum over real images",
        (
            "test_discriminator_loss_has_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        ("ops.mean(ops.softplus(-real))", "ops.sum(ops.softplus(-real))"),
    ),
    Mutant(
        "1.1",
        "real and generated exchanged",
        (
            "test_discriminator_loss_has_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "ops.softplus(real)) + ops.mean(ops.softplus(-fake))",
        ),
    ),
    Mutant(
        "1.1",
        "the generated images with the label real",
        (
            "test_discriminator_loss_has_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        ("ops.softplus(fake)", "ops.softplus(-fake)"),
    ),
    Mutant(
        "1.1",
        "one loss per image",
        (
            "test_discriminator_loss_has_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "ops.softplus(-real) + ops.softplus(fake)",
        ),
    ),
    Mutant(
        "1.2",
        "minimax with the other sign",
        (
            "test_generator_losses_have_the_right_values",
            "test_generator_losses_of_a_sure_discriminator",
            "test_generator_losses_of_any_size",
        ),
        ("return -ops.mean(ops.softplus(fake))", "return ops.mean(ops.softplus(fake))"),
    ),
    Mutant(
        "1.2",
        "log D with the other sign",
        (
            "test_generator_losses_have_the_right_values",
            "test_generator_losses_of_a_sure_discriminator",
            "test_generator_losses_of_any_size",
        ),
        ("return ops.mean(ops.softplus(-fake))", "return -ops.mean(ops.softplus(-fake))"),
    ),
    Mutant(
        "1.2",
        "minimax from the sigmoid",
        "test_generator_losses_of_a_sure_discriminator",
        ("-ops.mean(ops.softplus(fake))", "ops.mean(ops.log(1 - ops.sigmoid(fake)))"),
    ),
    Mutant(
        "1.2",
        "log D from the sigmoid plus a small number",
        "test_generator_losses_of_a_sure_discriminator",
        ("ops.mean(ops.softplus(-fake))", "-ops.mean(ops.log(ops.sigmoid(fake) + 1e-12))"),
    ),
    Mutant(
        "1.2",
        "the loss of D on generated images",
        (
            "test_generator_losses_have_the_right_values",
            "test_generator_losses_of_a_sure_discriminator",
            "test_generator_losses_of_any_size",
        ),
        ("ops.mean(ops.softplus(-fake))", "ops.mean(ops.softplus(fake))"),
    ),
    Mutant(
        "1.2",
        "a sum over the minibatch",
        (
            "test_generator_losses_have_the_right_values",
            "test_generator_losses_of_a_sure_discriminator",
            "test_generator_losses_of_any_size",
        ),
        ("return ops.mean(", "return ops.sum("),
    ),
    Mutant(
        "1.2",
        "only for seven images",
        ("test_generator_losses_of_a_sure_discriminator", "test_generator_losses_of_any_size"),
        ("return ops.mean(ops.softplus(-fake))", "return ops.sum(ops.softplus(-fake)) / 7"),
    ),
    Mutant(
        "1.3",
        "both exchanged",
        (
            "test_slopes_are_those_of_the_losses",
            "test_one_loss_is_flat_where_the_discriminator_is_sure",
            "test_slopes_hold_at_the_ends",
        ),
        ("return -d, d - 1.0", "return d - 1.0, -d"),
    ),
    Mutant(
        "1.3",
        "derivatives with respect to d",
        (
            "test_slopes_are_those_of_the_losses",
            "test_one_loss_is_flat_where_the_discriminator_is_sure",
            "test_slopes_hold_at_the_ends",
        ),
        ("return -d, d - 1.0", "return -1 / (1 - d), -1 / d"),
    ),
    Mutant(
        "1.3",
        "only the inner derivative",
        (
            "test_slopes_are_those_of_the_losses",
            "test_one_loss_is_flat_where_the_discriminator_is_sure",
            "test_slopes_hold_at_the_ends",
        ),
        ("return -d, d - 1.0", "return -d * (1 - d), -d * (1 - d)"),
    ),
    Mutant(
        "1.3",
        "the slopes with the other sign",
        (
            "test_slopes_are_those_of_the_losses",
            "test_one_loss_is_flat_where_the_discriminator_is_sure",
            "test_slopes_hold_at_the_ends",
        ),
        ("return -d, d - 1.0", "return d, 1.0 - d"),
    ),
    Mutant(
        "1.3",
        "not simplified",
        "test_slopes_hold_at_the_ends",
        (
            "return -d, d - 1.0",
            "return -1 / (1 - d) * d * (1 - d), -1 / d * d * (1 - d)",
        ),
    ),
    Mutant(
        "1.3",
        "averaged over the array",
        (
            "test_slopes_are_those_of_the_losses",
            "test_one_loss_is_flat_where_the_discriminator_is_sure",
            "test_slopes_hold_at_the_ends",
        ),
        ("return -d, d - 1.0", "return -d / len(d), (d - 1.0) / len(d)"),
    ),
    Mutant(
        "1.3",
        "only the first one",
        (
            "test_slopes_are_those_of_the_losses",
            "test_one_loss_is_flat_where_the_discriminator_is_sure",
            "test_slopes_hold_at_the_ends",
        ),
        ("return -d, d - 1.0", "return -d"),
    ),
    Mutant(
        "2.1",
        "0/0",
        "test_densities_of_0",
        ("np.where(total > 0, p / np.where(total > 0, total, 1.0), 0.5)", "p / total"),
    ),
    Mutant(
        "2.1",
        "a small number added to the denominator",
        "test_tiny_densities",
        (
            "np.where(total > 0, p / np.where(total > 0, total, 1.0), 0.5)",
            "np.where(total > 0, p / (total + 1e-12), 0.5)",
        ),
    ),
    Mutant(
        "2.1",
        "a small number added above and below",
        "test_tiny_densities",
        (
            "np.where(total > 0, p / np.where(total > 0, total, 1.0), 0.5)",
            "(p + 1e-9) / (total + 2e-9)",
        ),
    ),
    Mutant(
        "2.1",
        "the share of G",
        (
            "test_best_discriminator_weighs_the_densities",
            "test_densities_of_0",
            "test_tiny_densities",
        ),
        ("p / np.where", "q / np.where"),
    ),
    Mutant(
        "2.1",
        "the ratio of the densities",
        (
            "test_best_discriminator_weighs_the_densities",
            "test_densities_of_0",
            "test_tiny_densities",
        ),
        ("total = p + q", "total = q"),
    ),
    Mutant("2.1", "0 where nothing falls", "test_densities_of_0", ("1.0), 0.5)", "1.0), 0.0)")),
    Mutant(
        "2.1",
        "1/2 where one of both is 0",
        "test_densities_of_0",
        ("np.where(total > 0, p", "np.where(p * q > 0, p"),
    ),
    Mutant(
        "3.1",
        "its own noise",
        (
            "test_discriminator_takes_the_step",
            "test_discriminator_plays_inside_fit",
            "test_discriminator_step_is_in_training_mode",
        ),
        (
            "gan.draw_noise(ops.shape(s)[0])",
            "keras.random.normal((ops.shape(s)[0], gan.latent_dim))",
        ),
    ),
    Mutant(
        "3.1",
        "a size that is known only without a graph",
        "test_discriminator_plays_inside_fit",
        ("ops.shape(s)[0]", "len(s)"),
    ),
    Mutant(
        "3.1",
        "a size that is None in a graph",
        "test_discriminator_plays_inside_fit",
        ("ops.shape(s)[0]", "s.shape[0]"),
    ),
    Mutant(
        "3.1",
        "the same noise for all images",
        (
            "test_discriminator_takes_the_step",
            "test_discriminator_plays_inside_fit",
            "test_discriminator_step_is_in_training_mode",
        ),
        ("gan.draw_noise(ops.shape(s)[0])", "gan.draw_noise(1)"),
    ),
    Mutant(
        "3.1",
        "the generator descends the same loss",
        "test_generator_stands_still",
        code="""
def update_discriminator(gan, s):
    z = gan.draw_noise(ops.shape(s)[0])
    with tf.GradientTape(persistent=True) as tape:
        fake = gan.generator(z, training=True)
        loss = discriminator_loss(
            gan.discriminator(s, training=True), gan.discriminator(fake, training=True)
        )
    for player, optimizer in (
        (gan.discriminator, gan.d_optimizer), (gan.generator, gan.g_optimizer)
    ):
        theta = player.trainable_variables
        optimizer.apply(tape.gradient(loss, theta), theta)
    return loss
""",
    ),
    Mutant(
        "3.1",
        "real and generated exchanged",
        ("test_discriminator_takes_the_step", "test_discriminator_plays_inside_fit"),
        (
            "gan.discriminator(s, training=True), gan.discriminator(fake, training=True)",
            "gan.discriminator(fake, training=True), gan.discriminator(s, training=True)",
        ),
    ),
    Mutant(
        "3.1",
        "the gradient is ascended",
        "test_discriminator_takes_the_step",
        ("tape.gradient(loss, theta_d)", "[-g for g in tape.gradient(loss, theta_d)]"),
    ),
    Mutant(
        "3.1",
        "no step is taken",
        ("test_discriminator_takes_the_step", "test_generator_stands_still"),
        ("    gan.d_optimizer.apply(tape.gradient(loss, theta_d), theta_d)\n", ""),
    ),
    Mutant(
        "3.1",
        "the loss of G",
        (
            "test_discriminator_takes_the_step",
            "test_discriminator_plays_inside_fit",
            "test_discriminator_step_is_in_training_mode",
        ),
        (
            "discriminator_loss(\n"
            "            gan.discriminator(s, training=True), gan.discriminator(fake, training=True)\n"
            "        )",
            "gan.generator_loss(gan.discriminator(fake, training=True))",
        ),
    ),
    Mutant(
        "3.1",
        "G in inference mode",
        "test_discriminator_step_is_in_training_mode",
        ("gan.generator(z, training=True)", "gan.generator(z)"),
    ),
    Mutant(
        "3.1",
        "D in inference mode",
        "test_discriminator_step_is_in_training_mode",
        ("gan.discriminator(s, training=True)", "gan.discriminator(s, training=False)"),
    ),
    Mutant(
        "3.1",
        "one call of D for both kinds of images",
        "test_discriminator_step_is_in_training_mode",
        (
            "        loss = discriminator_loss(\n"
            "            gan.discriminator(s, training=True), gan.discriminator(fake, training=True)\n"
            "        )\n",
            "        both = ops.concatenate([s, fake], axis=0)\n"
            "        real, of_fake = ops.split(gan.discriminator(both, training=True), 2)\n"
            "        loss = discriminator_loss(real, of_fake)\n",
        ),
    ),
    Mutant(
        "3.2",
        "its own noise",
        (
            "test_generator_takes_the_step",
            "test_step_of_the_minimax_loss",
            "test_generator_step_is_in_training_mode",
        ),
        ("gan.draw_noise(m)", "keras.random.normal((m, gan.latent_dim))"),
    ),
    Mutant(
        "3.2",
        "the gradient stops at the image",
        (
            "test_generator_takes_the_step",
            "test_discriminator_stands_still",
            "test_step_of_the_minimax_loss",
            "test_generator_step_is_in_training_mode",
        ),
        ("gan.discriminator(fake, training=True)", "gan.discriminator(ops.stop_gradient(fake))"),
    ),
    Mutant(
        "3.2",
        "G runs outside of the tape",
        (
            "test_generator_takes_the_step",
            "test_discriminator_stands_still",
            "test_step_of_the_minimax_loss",
            "test_generator_step_is_in_training_mode",
        ),
        (
            "    with tf.GradientTape() as tape:\n        fake = gan.generator(z, training=True)\n",
            "    fake = gan.generator(z, training=True)\n    with tf.GradientTape() as tape:\n",
        ),
    ),
    Mutant(
        "3.2",
        "D learns, too",
        "test_discriminator_stands_still",
        code="""
def update_generator(gan, m):
    with tf.GradientTape(persistent=True) as tape:
        fake = gan.generator(gan.draw_noise(m), training=True)
        loss = gan.generator_loss(gan.discriminator(fake, training=True))
    for player, optimizer in (
        (gan.discriminator, gan.d_optimizer), (gan.generator, gan.g_optimizer)
    ):
        theta = player.trainable_variables
        optimizer.apply(tape.gradient(loss, theta), theta)
    return loss
""",
    ),
    Mutant(
        "3.2",
        "D's loss on the generated images",
        (
            "test_generator_takes_the_step",
            "test_step_of_the_minimax_loss",
            "test_generator_step_is_in_training_mode",
        ),
        ("gan.generator_loss(", "discriminator_loss(gan.discriminator(fake), "),
    ),
    Mutant(
        "3.2",
        "always the non-saturating loss",
        "test_step_of_the_minimax_loss",
        ("gan.generator_loss(", "non_saturating_loss("),
    ),
    Mutant(
        "3.2",
        "the gradient is ascended",
        ("test_generator_takes_the_step", "test_step_of_the_minimax_loss"),
        ("tape.gradient(loss, theta_g)", "[-g for g in tape.gradient(loss, theta_g)]"),
    ),
    Mutant(
        "3.2",
        "twice the images",
        "test_generator_takes_the_step",
        ("gan.draw_noise(m)", "gan.draw_noise(2 * m)"),
    ),
    Mutant(
        "3.2",
        "D in inference mode",
        "test_generator_step_is_in_training_mode",
        ("gan.discriminator(fake, training=True)", "gan.discriminator(fake, training=False)"),
    ),
    Mutant(
        "3.2",
        "G in inference mode",
        "test_generator_step_is_in_training_mode",
        ("gan.generator(z, training=True)", "gan.generator(z)"),
    ),
    Mutant(
        "3.3",
        "the same images in every step",
        ("test_one_iteration", "test_losses_are_returned"),
        (
            "for s in ops.split(images, self.k):\n            d_loss",
            "s = ops.split(images, self.k)[0]\n        for _ in range(self.k):\n            d_loss",
        ),
    ),
    Mutant(
        "3.3",
        "all images in every step",
        ("test_one_iteration", "test_losses_are_returned"),
        (
            "for s in ops.split(images, self.k):\n            d_loss",
            "s = images\n        for _ in range(self.k):\n            d_loss",
        ),
    ),
    Mutant(
        "3.3",
        "every k-th image for the same step",
        ("test_one_iteration", "test_losses_are_returned"),
        (
            "for s in ops.split(images, self.k):",
            "for s in [images[i :: self.k] for i in range(self.k)]:",
        ),
    ),
    Mutant(
        "3.3",
        "always one step of D",
        ("test_one_iteration", "test_losses_are_returned"),
        ("ops.split(images, self.k)", "ops.split(images, self.k)[:1]"),
    ),
    Mutant(
        "3.3",
        "G moves in every step of D",
        ("test_one_iteration", "test_losses_are_returned"),
        (
            "        g_loss = update_generator(self, ops.shape(s)[0])\n",
            "            g_loss = update_generator(self, ops.shape(s)[0])\n",
        ),
    ),
    Mutant(
        "3.3",
        "G moves first",
        ("test_one_iteration", "test_losses_are_returned"),
        [
            (
                "        for s in ops.split(images, self.k):\n",
                "        g_loss = update_generator(self, ops.shape(images)[0] // self.k)\n"
                "        for s in ops.split(images, self.k):\n",
            ),
            ("        g_loss = update_generator(self, ops.shape(s)[0])\n", ""),
        ],
    ),
    Mutant(
        "3.3",
        "G learns on the last noise of D",
        ("test_one_iteration", "test_losses_are_returned"),
        [
            (
                "        for s in ops.split(images, self.k):\n",
                "        draw = self.draw_noise\n"
                "        for s in ops.split(images, self.k):\n"
                "            z = draw(ops.shape(s)[0])\n"
                "            self.draw_noise = lambda m: z\n",
            ),
            (
                "        g_loss = update_generator(self, ops.shape(s)[0])\n",
                "        g_loss = update_generator(self, ops.shape(s)[0])\n"
                "        self.draw_noise = draw\n",
            ),
        ],
    ),
    Mutant(
        "3.3",
        "G generates k m images",
        ("test_one_iteration", "test_losses_are_returned"),
        ("ops.shape(s)[0]", "ops.shape(images)[0]"),
    ),
    Mutant(
        "3.3",
        "the losses summed over the steps of D",
        ("test_losses_are_returned", "test_fit_plays"),
        (
            "        for s in ops.split(images, self.k):\n            d_loss = ",
            "        d_loss = 0.0\n        for s in ops.split(images, self.k):\n            d_loss += ",
        ),
    ),
    Mutant(
        "3.3",
        "the losses exchanged",
        ("test_losses_are_returned", "test_fit_plays"),
        ('{"d_loss": d_loss, "g_loss": g_loss}', '{"d_loss": g_loss, "g_loss": d_loss}'),
    ),
    Mutant(
        "3.3",
        "nothing returned",
        ("test_losses_are_returned", "test_fit_plays"),
        ('        return {"d_loss": d_loss, "g_loss": g_loss}\n', ""),
    ),
    Mutant(
        "3.3",
        "a size that is known only without a graph",
        "test_fit_plays",
        (
            "        for s in ops.split(images, self.k):\n",
            "        m = len(images) // self.k\n"
            "        for s in [images[i * m : (i + 1) * m] for i in range(self.k)]:\n",
        ),
    ),
    Alternative(
        "1.1",
        "Keras's cross-entropy from logits",
        """
def discriminator_loss(real, fake):
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    return entropy(tf.ones_like(real), real) + entropy(tf.zeros_like(fake), fake)
""",
    ),
    Alternative(
        "1.2",
        "log-sigmoid of TensorFlow",
        """
def minimax_loss(fake):
    return tf.reduce_mean(tf.math.log_sigmoid(-fake))


def non_saturating_loss(fake):
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.ones_like(fake), logits=fake)
    )
""",
    ),
    Alternative(
        "1.3",
        "two tensors in a list",
        """
def slopes(d):
    d = tf.convert_to_tensor(d)
    return [tf.negative(d), tf.negative(1 - d)]
""",
    ),
    Alternative(
        "2.1",
        "a division where the sum is not 0",
        """
def optimal_discriminator(p, q):
    total = np.add(p, q)
    return np.divide(p, total, out=np.full(np.shape(total), 0.5), where=total != 0)
""",
    ),
    Alternative(
        "2.1",
        "tensorflow",
        """
def optimal_discriminator(p, q):
    p, q = tf.convert_to_tensor(p), tf.convert_to_tensor(q)
    ratio = tf.math.divide_no_nan(p, p + q)
    return tf.where(p + q > 0, ratio, tf.fill(tf.shape(p), tf.constant(0.5, p.dtype)))
""",
    ),
    Alternative(
        "3.1",
        "all under the tape, generated images first",
        """
def update_discriminator(gan, s):
    m = tf.shape(s)[0]
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        fakes = gan.generator(gan.draw_noise(m), training=True)
        of_fakes = gan.discriminator(fakes, training=True)
        of_images = gan.discriminator(s, training=True)
        loss = entropy(tf.zeros_like(of_fakes), of_fakes)
        loss += entropy(tf.ones_like(of_images), of_images)
    weights = gan.discriminator.trainable_weights
    gan.d_optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
    return loss
""",
    ),
    Alternative(
        "3.2",
        "a tape that watches G alone",
        """
def update_generator(gan, m):
    weights = [w.value for w in gan.generator.trainable_weights]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(weights)
        logits = gan.discriminator(gan.generator(gan.draw_noise(m), training=True), training=True)
        loss = gan.generator_loss(logits)
    gradients = tape.gradient(loss, weights)
    gan.g_optimizer.apply_gradients(zip(gradients, gan.generator.trainable_weights))
    return loss
""",
    ),
    Alternative(
        "3.3",
        "slices",
        """
class GAN(TwoPlayers):
    def train_step(self, data):
        m = tf.shape(data)[0] // self.k
        for i in range(self.k):
            d_loss = update_discriminator(self, data[i * m : (i + 1) * m])
        return {"g_loss": update_generator(self, m), "d_loss": d_loss}
""",
    ),
    Alternative(
        "3.3",
        "all in one piece",
        """
class GAN(TwoPlayers):
    def train_step(self, images):
        for s in tf.split(images, self.k):
            fake = self.generator(self.draw_noise(tf.shape(s)[0]), training=True)
            with tf.GradientTape() as tape:
                real = self.discriminator(s, training=True)
                d_loss = discriminator_loss(real, self.discriminator(fake, training=True))
            weights = self.discriminator.trainable_weights
            self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)
        with tf.GradientTape() as tape:
            fake = self.generator(self.draw_noise(tf.shape(s)[0]), training=True)
            g_loss = self.generator_loss(self.discriminator(fake, training=True))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        return {"d_loss": d_loss, "g_loss": g_loss}
""",
    ),
]
