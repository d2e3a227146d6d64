"""Wrong answers to lab 9 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

D_STEP = """\
        z = self.draw_noise(m)
        fake = self.generator(z, training=True)
        code = self.encoder(s, training=True)
        with tf.GradientTape() as tape:
            d_loss = discriminator_loss(
                self.discriminator([s, code], training=True),
                self.discriminator([fake, z], training=True),
            )
        theta_d = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)
"""
G_AND_E_UPDATE = "        self.g_optimizer.apply(tape.gradient(g_loss, theta), theta)\n"

PROOF = [
    Mutant(
        "1.1",
        "the squared length",
        ("test_one_error_per_image", "test_errors_of_images_of_any_shape"),
        ("np.sqrt(np.sum(difference**2, axis=1))", "np.sum(difference**2, axis=1)"),
    ),
    Mutant(
        "1.1",
        "the root of the mean",
        ("test_one_error_per_image", "test_errors_of_images_of_any_shape"),
        ("np.sum(", "np.mean("),
    ),
    Mutant(
        "1.1",
        "the sum of the absolute differences",
        ("test_one_error_per_image", "test_errors_of_images_of_any_shape"),
        ("np.sqrt(np.sum(difference**2, axis=1))", "np.sum(np.abs(difference), axis=1)"),
    ),
    Mutant(
        "1.1",
        "the largest difference",
        ("test_one_error_per_image", "test_errors_of_images_of_any_shape"),
        ("np.sqrt(np.sum(difference**2, axis=1))", "np.max(np.abs(difference), axis=1)"),
    ),
    Mutant(
        "1.1",
        "one number for all images",
        ("test_one_error_per_image", "test_errors_of_images_of_any_shape"),
        (", axis=1", ""),
    ),
    Mutant(
        "1.1",
        "one number per row of pixels",
        ("test_one_error_per_image", "test_errors_of_images_of_any_shape"),
        ("np.sqrt(np.sum(difference**2, axis=1))", "np.linalg.norm(s_hat - s, axis=2)[..., 0]"),
    ),
    Mutant(
        "1.1",
        "the sum of the pixels' lengths",
        ("test_one_error_per_image", "test_errors_of_images_of_any_shape"),
        (
            "np.sqrt(np.sum(difference**2, axis=1))",
            "np.sum(np.linalg.norm(s_hat - s, axis=-1), axis=(1, 2))",
        ),
    ),
    Mutant(
        "1.1",
        "relative to the length of the image",
        ("test_one_error_per_image", "test_errors_of_images_of_any_shape"),
        (
            "np.sqrt(np.sum(difference**2, axis=1))",
            "np.sqrt(np.sum(difference**2, axis=1)) / np.linalg.norm(s)",
        ),
    ),
    Mutant(
        "1.1",
        "the difference of the lengths",
        ("test_one_error_per_image", "test_errors_of_images_of_any_shape"),
        (
            "np.sqrt(np.sum(difference**2, axis=1))",
            (
                "np.abs(np.linalg.norm(np.reshape(s_hat, (len(s), -1)), axis=1)\n"
                "                  - np.linalg.norm(np.reshape(s, (len(s), -1)), axis=1))"
            ),
        ),
    ),
    Mutant(
        "1.1",
        "grey images only",
        "test_errors_of_images_of_any_shape",
        (
            "np.sqrt(np.sum(difference**2, axis=1))",
            "np.linalg.norm(s_hat - s, axis=(1, 2))[..., 0]",
        ),
    ),
    Mutant(
        "1.1",
        "an axis of one image lost",
        "test_errors_of_images_of_any_shape",
        (
            "np.sqrt(np.sum(difference**2, axis=1))",
            "np.squeeze(np.sqrt(np.sum(difference**2, axis=1)))",
        ),
    ),
    Mutant(
        "1.2",
        "the log-likelihood, high for normal images",
        ("test_prior_is_the_negative_logarithm_of_the_density", "test_unlikely_codes_of_any_size"),
        (
            "0.5 * np.sum(z**2, axis=1) + 0.5 * d * np.log(2 * np.pi)",
            "-(0.5 * np.sum(z**2, axis=1) + 0.5 * d * np.log(2 * np.pi))",
        ),
    ),
    Mutant(
        "1.2",
        "no constant",
        ("test_prior_is_the_negative_logarithm_of_the_density", "test_unlikely_codes_of_any_size"),
        (" + 0.5 * d * np.log(2 * np.pi)", ""),
    ),
    Mutant(
        "1.2",
        "the constant of one dimension",
        ("test_prior_is_the_negative_logarithm_of_the_density", "test_unlikely_codes_of_any_size"),
        ("0.5 * d * np.log", "0.5 * np.log"),
    ),
    Mutant(
        "1.2",
        "the constant not halved",
        ("test_prior_is_the_negative_logarithm_of_the_density", "test_unlikely_codes_of_any_size"),
        ("0.5 * d * np.log", "d * np.log"),
    ),
    Mutant(
        "1.2",
        "the square not halved",
        ("test_prior_is_the_negative_logarithm_of_the_density", "test_unlikely_codes_of_any_size"),
        ("0.5 * np.sum", "np.sum"),
    ),
    Mutant(
        "1.2",
        "in bits",
        ("test_prior_is_the_negative_logarithm_of_the_density", "test_unlikely_codes_of_any_size"),
        (
            "0.5 * np.sum(z**2, axis=1) + 0.5 * d * np.log(2 * np.pi)",
            "(0.5 * np.sum(z**2, axis=1) + 0.5 * d * np.log(2 * np.pi)) / np.log(2)",
        ),
    ),
    Mutant(
        "1.2",
        "the mean over the dimensions",
        ("test_prior_is_the_negative_logarithm_of_the_density", "test_unlikely_codes_of_any_size"),
        ("np.sum(", "np.mean("),
    ),
    Mutant(
        "1.2",
        "the length, not its square",
        ("test_prior_is_the_negative_logarithm_of_the_density", "test_unlikely_codes_of_any_size"),
        ("np.sum(z**2, axis=1)", "np.linalg.norm(z, axis=1)"),
    ),
    Mutant(
        "1.2",
        "over the codes, not the dimensions",
        ("test_prior_is_the_negative_logarithm_of_the_density", "test_unlikely_codes_of_any_size"),
        ("axis=1", "axis=0"),
    ),
    Mutant(
        "1.2",
        "the constant for d = 3",
        "test_unlikely_codes_of_any_size",
        ("d = z.shape[1]", "d = 3"),
    ),
    Mutant(
        "1.2",
        "the logarithm of a density that is 0",
        "test_unlikely_codes_of_any_size",
        (
            "0.5 * np.sum(z**2, axis=1) + 0.5 * d * np.log(2 * np.pi)",
            "-np.log(np.prod(np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi), axis=1))",
        ),
    ),
    Mutant(
        "1.2",
        "a small number added to the density",
        "test_unlikely_codes_of_any_size",
        (
            "0.5 * np.sum(z**2, axis=1) + 0.5 * d * np.log(2 * np.pi)",
            "-np.log((2 * np.pi) ** (-d / 2) * np.exp(-0.5 * np.sum(z**2, axis=1)) + 1e-12)",
        ),
    ),
    Mutant(
        "1.3",
        "D itself",
        ("test_posterior_is_high_for_fakes", "test_sure_posteriors_differ", "test_extreme_logits"),
        ("-logits", "logits"),
    ),
    Mutant(
        "1.3",
        "the result has two axes",
        ("test_posterior_is_high_for_fakes", "test_sure_posteriors_differ", "test_extreme_logits"),
        ("[:, 0]", ""),
    ),
    Mutant(
        "1.3",
        "the negative logit",
        ("test_posterior_is_high_for_fakes", "test_sure_posteriors_differ", "test_extreme_logits"),
        ("ops.sigmoid(-logits)[:, 0]", "-logits[:, 0]"),
    ),
    Mutant(
        "1.3",
        "-log D",
        ("test_posterior_is_high_for_fakes", "test_extreme_logits"),
        ("ops.sigmoid", "ops.softplus"),
    ),
    Mutant(
        "1.3",
        "one number for all images",
        ("test_posterior_is_high_for_fakes", "test_sure_posteriors_differ", "test_extreme_logits"),
        ("[:, 0]", ".numpy().mean()"),
    ),
    Mutant(
        "1.3",
        "only the exponential",
        ("test_posterior_is_high_for_fakes", "test_extreme_logits"),
        ("ops.sigmoid(-logits)", "np.exp(-logits)"),
    ),
    Mutant(
        "1.3",
        "the difference",
        "test_sure_posteriors_differ",
        ("ops.sigmoid(-logits)[:, 0]", "1 - ops.sigmoid(logits)[:, 0]"),
    ),
    Mutant(
        "1.3",
        "the difference, in float64",
        "test_sure_posteriors_differ",
        ("ops.sigmoid(-logits)[:, 0]", '1 - 1 / (1 + np.exp(-logits[:, 0].astype("float64")))'),
    ),
    Mutant(
        "1.3",
        "a small number as the least score",
        "test_sure_posteriors_differ",
        ("ops.sigmoid(-logits)[:, 0]", "ops.clip(ops.sigmoid(-logits)[:, 0], 1e-7, 1.0)"),
    ),
    Mutant(
        "1.3",
        "infinity divided by infinity",
        "test_extreme_logits",
        ("ops.sigmoid(-logits)[:, 0]", "(np.exp(-logits) / (1 + np.exp(-logits)))[:, 0]"),
    ),
    Mutant(
        "1.3",
        "an axis of one image lost",
        "test_extreme_logits",
        ("ops.sigmoid(-logits)[:, 0]", "ops.squeeze(ops.sigmoid(-logits))"),
    ),
    Mutant(
        "1.4",
        "the weights exchanged",
        ("test_both_comparisons_are_weighted", "test_features_of_any_shape"),
        (
            "(1 - alpha) * reconstruction_error(s, s_hat) + alpha",
            "alpha * reconstruction_error(s, s_hat) + (1 - alpha)",
        ),
    ),
    Mutant(
        "1.4",
        "the images with full weight",
        ("test_both_comparisons_are_weighted", "test_features_of_any_shape"),
        ("(1 - alpha) * ", ""),
    ),
    Mutant(
        "1.4",
        "the lengths squared",
        ("test_both_comparisons_are_weighted", "test_features_of_any_shape"),
        (
            "(1 - alpha) * reconstruction_error(s, s_hat) + alpha * reconstruction_error(f, f_hat)",
            "(1 - alpha) * reconstruction_error(s, s_hat) ** 2 + alpha * reconstruction_error(f, f_hat) ** 2",
        ),
    ),
    Mutant(
        "1.4",
        "the difference of the features' lengths",
        ("test_both_comparisons_are_weighted", "test_features_of_any_shape"),
        (
            "reconstruction_error(f, f_hat)",
            "np.abs(reconstruction_error(f, 0 * f) - reconstruction_error(f_hat, 0 * f))",
        ),
    ),
    Mutant(
        "1.4",
        "one length for all features",
        ("test_both_comparisons_are_weighted", "test_features_of_any_shape"),
        ("reconstruction_error(f, f_hat)", "np.linalg.norm(f - f_hat)"),
    ),
    Mutant(
        "1.4",
        "the images compared twice",
        ("test_both_comparisons_are_weighted", "test_features_of_any_shape"),
        ("(f, f_hat)\n", "(s, s_hat)\n"),
    ),
    Mutant(
        "1.4",
        "one length over images and features",
        ("test_both_comparisons_are_weighted", "test_features_of_any_shape"),
        (
            "(1 - alpha) * reconstruction_error(s, s_hat) + alpha * reconstruction_error(f, f_hat)",
            (
                "np.sqrt(((1 - alpha) * reconstruction_error(s, s_hat)) ** 2\n"
                "                   + (alpha * reconstruction_error(f, f_hat)) ** 2)"
            ),
        ),
    ),
    Mutant(
        "1.4",
        "always the same alpha",
        ("test_both_comparisons_are_weighted", "test_features_of_any_shape"),
        (
            "return (1 - alpha) * reconstruction_error(s, s_hat) + alpha * reconstruction_error(f, f_hat)",
            (
                "alpha = 0.1\n"
                "    return (1 - alpha) * reconstruction_error(s, s_hat) + alpha * reconstruction_error(f, f_hat)"
            ),
        ),
    ),
    Mutant(
        "1.4",
        "only features with one axis",
        "test_features_of_any_shape",
        ("reconstruction_error(f, f_hat)", "np.sqrt(np.sum((f - f_hat) ** 2, axis=1))"),
    ),
    Mutant(
        "2.1",
        "minimax",
        (
            "test_losses_have_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "return ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-fake))",
            "return -ops.mean(ops.softplus(-real)) - ops.mean(ops.softplus(fake))",
        ),
    ),
    Mutant(
        "2.1",
        "E on the side of D",
        (
            "test_losses_have_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "return ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-fake))",
            "return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(-fake))",
        ),
    ),
    Mutant(
        "2.1",
        "only G's term, as in a GAN",
        (
            "test_losses_have_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "return ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-fake))",
            "return ops.mean(ops.softplus(-fake))",
        ),
    ),
    Mutant(
        "2.1",
        "the trick for G only",
        (
            "test_losses_have_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "return ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-fake))",
            "return -ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(-fake))",
        ),
    ),
    Mutant(
        "2.1",
        "both losses exchanged",
        (
            "test_losses_have_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "return ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-fake))",
        ),
    ),
    Mutant(
        "2.1",
        "one loss per pair",
        (
            "test_losses_have_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "return ops.softplus(-real) + ops.softplus(fake)",
        ),
    ),
    Mutant(
        "2.1",
        "half of it",
        (
            "test_losses_have_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "return ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-fake))",
            "return 0.5 * (ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-fake)))",
        ),
    ),
    Mutant(
        "2.1",
        "a sum over the minibatch",
        (
            "test_losses_have_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "return ops.sum(ops.softplus(-real)) + ops.sum(ops.softplus(fake))",
        ),
    ),
    Mutant(
        "2.1",
        "least squares",
        (
            "test_losses_have_the_right_values",
            "test_a_sure_discriminator_can_be_wrong",
            "test_minibatches_of_any_size",
        ),
        (
            "return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "return 0.5 * ops.mean((real - 1) ** 2) + 0.5 * ops.mean(fake**2)",
        ),
    ),
    Mutant(
        "2.1",
        "logarithms of the sigmoid in D's loss",
        "test_a_sure_discriminator_can_be_wrong",
        (
            "return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "return -ops.mean(ops.log(ops.sigmoid(real))) - ops.mean(ops.log(1 - ops.sigmoid(fake)))",
        ),
    ),
    Mutant(
        "2.1",
        "logarithms of the sigmoid in the loss of G and E",
        "test_a_sure_discriminator_can_be_wrong",
        (
            "return ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-fake))",
            "return -ops.mean(ops.log(1 - ops.sigmoid(real))) - ops.mean(ops.log(ops.sigmoid(fake)))",
        ),
    ),
    Mutant(
        "2.1",
        "a small number added to the probabilities",
        "test_a_sure_discriminator_can_be_wrong",
        (
            "return ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-fake))",
            (
                "d_real, d_fake = (ops.clip(ops.sigmoid(a), 1e-7, 1 - 1e-7) for a in (real, fake))\n"
                "    return -ops.mean(ops.log(1 - d_real)) - ops.mean(ops.log(d_fake))"
            ),
        ),
    ),
    Mutant(
        "2.1",
        "one average over both kinds, twice",
        "test_minibatches_of_any_size",
        (
            "return ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-fake))",
            "return 2 * ops.mean(ops.softplus(ops.concatenate([real, -fake], axis=0)))",
        ),
    ),
    Mutant(
        "2.2",
        "real images with noise",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            (
                "d_loss = discriminator_loss(\n"
                "                self.discriminator([s, code], training=True),\n"
                "                self.discriminator([fake, z], training=True),\n"
            ),
            (
                "d_loss = discriminator_loss(\n"
                "                self.discriminator([s, z], training=True),\n"
                "                self.discriminator([fake, z], training=True),\n"
            ),
        ),
    ),
    Mutant(
        "2.2",
        "generated images with the codes of real ones",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            (
                "d_loss = discriminator_loss(\n"
                "                self.discriminator([s, code], training=True),\n"
                "                self.discriminator([fake, z], training=True),\n"
            ),
            (
                "d_loss = discriminator_loss(\n"
                "                self.discriminator([s, code], training=True),\n"
                "                self.discriminator([fake, code], training=True),\n"
            ),
        ),
    ),
    Mutant(
        "2.2",
        "real and generated exchanged",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
        ),
        (
            "d_loss = discriminator_loss(",
            "d_loss = (lambda real, fake: discriminator_loss(fake, real))(",
        ),
    ),
    Mutant(
        "2.2",
        "codes of reconstructions",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            ("        code = self.encoder(s, training=True)\n        with"),
            ("        code = self.encoder(fake, training=True)\n        with"),
        ),
    ),
    Mutant(
        "2.2",
        "D stands still",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
        ),
        ("        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)\n", ""),
    ),
    Mutant(
        "2.2",
        "the optimizer of G and E moves D, too",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
            "test_fit_plays",
            "test_networks_are_in_training_mode",
        ),
        (
            "theta = self.generator.trainable_variables + self.encoder.trainable_variables",
            "theta = self.generator.trainable_variables + self.encoder.trainable_variables + theta_d",
        ),
    ),
    Mutant(
        "2.2",
        "its own noise",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            ("        z = self.draw_noise(m)\n        fake"),
            ("        z = keras.random.normal((m, self.generator.input_shape[-1]))\n        fake"),
        ),
    ),
    Mutant(
        "2.2",
        "the same noise for both updates",
        (
            "test_generator_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            (
                "        z = self.draw_noise(m)\n"
                "        with tf.GradientTape() as tape:\n"
                "            fake"
            ),
            ("        with tf.GradientTape() as tape:\n            fake"),
        ),
    ),
    Mutant(
        "2.2",
        "in G's step the codes of real images",
        (
            "test_generator_takes_its_step",
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            (
                "g_loss = generator_encoder_loss(\n"
                "                self.discriminator([s, code], training=True),\n"
                "                self.discriminator([fake, z], training=True),\n"
            ),
            (
                "g_loss = generator_encoder_loss(\n"
                "                self.discriminator([s, code], training=True),\n"
                "                self.discriminator([fake, code], training=True),\n"
            ),
        ),
    ),
    Mutant(
        "2.2",
        "E stands still",
        "test_encoder_takes_its_step",
        (
            "theta = self.generator.trainable_variables + self.encoder.trainable_variables",
            "theta = self.generator.trainable_variables",
        ),
    ),
    Mutant(
        "2.2",
        "G stands still",
        "test_generator_takes_its_step",
        (
            "theta = self.generator.trainable_variables + self.encoder.trainable_variables",
            "theta = self.encoder.trainable_variables",
        ),
    ),
    Mutant(
        "2.2",
        "G's gradient stops at the image",
        "test_generator_takes_its_step",
        (
            "            g_loss = ",
            ("            fake = ops.stop_gradient(fake)\n            g_loss = "),
        ),
    ),
    Mutant(
        "2.2",
        "E's gradient stops at the code",
        "test_encoder_takes_its_step",
        (
            "            g_loss = ",
            ("            code = ops.stop_gradient(code)\n            g_loss = "),
        ),
    ),
    Mutant(
        "2.2",
        "old codes, computed outside of the tape",
        "test_encoder_takes_its_step",
        (
            ("            code = self.encoder(s, training=True)\n            g_loss"),
            "            g_loss",
        ),
    ),
    Mutant(
        "2.2",
        "in E's step noise instead of codes",
        (
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            (
                "g_loss = generator_encoder_loss(\n"
                "                self.discriminator([s, code], training=True),\n"
                "                self.discriminator([fake, z], training=True),\n"
            ),
            (
                "g_loss = generator_encoder_loss(\n"
                "                self.discriminator([s, z], training=True),\n"
                "                self.discriminator([fake, z], training=True),\n"
            ),
        ),
    ),
    Mutant(
        "2.2",
        "E on the side of D",
        ("test_encoder_takes_its_step", "test_losses_are_returned", "test_fit_plays"),
        (
            "g_loss = generator_encoder_loss(",
            "g_loss = (lambda real, fake: generator_encoder_loss(-real, fake))(",
        ),
    ),
    Mutant(
        "2.2",
        "minimax",
        (
            "test_generator_takes_its_step",
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
            "test_fit_plays",
            "test_networks_are_in_training_mode",
        ),
        ("g_loss = generator_encoder_loss(", "g_loss = -discriminator_loss("),
    ),
    Mutant(
        "2.2",
        "G and E first",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        [(D_STEP, ""), (G_AND_E_UPDATE, G_AND_E_UPDATE + D_STEP)],
    ),
    Mutant(
        "2.2",
        "both updates with the old D",
        (
            "test_generator_takes_its_step",
            "test_encoder_takes_its_step",
            "test_losses_are_returned",
        ),
        [
            (
                "self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)",
                "d_gradients = tape.gradient(d_loss, theta_d)",
            ),
            (
                "self.g_optimizer.apply(tape.gradient(g_loss, theta), theta)\n",
                "self.g_optimizer.apply(tape.gradient(g_loss, theta), theta)\n"
                "        self.d_optimizer.apply(d_gradients, theta_d)\n",
            ),
        ],
    ),
    Mutant(
        "2.2",
        "both kinds of pairs in one minibatch",
        "test_networks_are_in_training_mode",
        (
            (
                "d_loss = discriminator_loss(\n"
                "                self.discriminator([s, code], training=True),\n"
                "                self.discriminator([fake, z], training=True),\n"
                "            )\n"
            ),
            (
                "pairs = [ops.concatenate([s, fake], axis=0), ops.concatenate([code, z], axis=0)]\n"
                "            logits = self.discriminator(pairs, training=True)\n"
                "            d_loss = discriminator_loss(logits[:m], logits[m:])\n"
            ),
        ),
    ),
    Mutant(
        "2.2",
        "the losses exchanged",
        ("test_losses_are_returned", "test_networks_are_in_training_mode"),
        ('"d_loss": d_loss, "g_loss": g_loss', '"d_loss": g_loss, "g_loss": d_loss'),
    ),
    Mutant(
        "2.2",
        "one loss missing",
        ("test_losses_are_returned", "test_fit_plays", "test_networks_are_in_training_mode"),
        ('"d_loss": d_loss, "g_loss": g_loss', '"d_loss": d_loss'),
    ),
    Mutant(
        "2.2",
        "D's loss after its update",
        "test_losses_are_returned",
        (
            "        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)\n",
            (
                "        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)\n"
                "        d_loss = discriminator_loss(\n"
                "            self.discriminator([s, code], training=True),\n"
                "            self.discriminator([fake, z], training=True),\n"
                "        )\n"
            ),
        ),
    ),
    Mutant(
        "2.2",
        "a size that is None in a graph",
        "test_fit_plays",
        ("m = ops.shape(s)[0]", "m = len(s)"),
    ),
    Mutant(
        "2.2",
        "only for five images",
        "test_networks_are_in_training_mode",
        ("m = ops.shape(s)[0]", "m = 5"),
    ),
    Mutant(
        "2.2",
        "E in inference mode",
        "test_networks_are_in_training_mode",
        (
            ("            code = self.encoder(s, training=True)\n            g_loss"),
            ("            code = self.encoder(s, training=False)\n            g_loss"),
        ),
    ),
    Mutant(
        "2.2",
        "G in inference mode",
        "test_networks_are_in_training_mode",
        (
            ("        fake = self.generator(z, training=True)\n        code"),
            ("        fake = self.generator(z, training=False)\n        code"),
        ),
    ),
    Mutant(
        "2.2",
        "D in inference mode",
        "test_networks_are_in_training_mode",
        (
            (
                "g_loss = generator_encoder_loss(\n"
                "                self.discriminator([s, code], training=True),\n"
                "                self.discriminator([fake, z], training=True),\n"
            ),
            (
                "g_loss = generator_encoder_loss(\n"
                "                self.discriminator([s, code], training=False),\n"
                "                self.discriminator([fake, z], training=False),\n"
            ),
        ),
    ),
    Mutant(
        "3.1",
        "the lower end",
        ("test_share_of_false_alarms", "test_maps_and_other_rates"),
        ("1 - false_alarm_rate", "false_alarm_rate"),
    ),
    Mutant(
        "3.1",
        "half of the rate at each end",
        ("test_share_of_false_alarms", "test_maps_and_other_rates"),
        ("1 - false_alarm_rate", "1 - false_alarm_rate / 2"),
    ),
    Mutant(
        "3.1",
        "the share read as per cent",
        ("test_share_of_false_alarms", "test_maps_and_other_rates"),
        ("np.quantile(", "np.percentile("),
    ),
    Mutant(
        "3.1",
        "the largest normal score",
        ("test_share_of_false_alarms", "test_maps_and_other_rates"),
        ("float(np.quantile(normal_scores, 1 - false_alarm_rate))", "float(np.max(normal_scores))"),
    ),
    Mutant(
        "3.1",
        "two standard deviations above the mean",
        ("test_share_of_false_alarms", "test_maps_and_other_rates"),
        (
            "float(np.quantile(normal_scores, 1 - false_alarm_rate))",
            "float(np.mean(normal_scores) + 2 * np.std(normal_scores))",
        ),
    ),
    Mutant(
        "3.1",
        "a share of the largest score",
        ("test_share_of_false_alarms", "test_maps_and_other_rates"),
        (
            "float(np.quantile(normal_scores, 1 - false_alarm_rate))",
            "float((1 - false_alarm_rate) * np.max(normal_scores))",
        ),
    ),
    Mutant(
        "3.1",
        "always 5 %",
        ("test_share_of_false_alarms", "test_maps_and_other_rates"),
        ("1 - false_alarm_rate", "0.95"),
    ),
    Mutant(
        "3.1",
        "the quantile of a Gaussian",
        "test_maps_and_other_rates",
        (
            "float(np.quantile(normal_scores, 1 - false_alarm_rate))",
            (
                "float(np.mean(normal_scores) + np.std(normal_scores)\n"
                "                 * tf.math.ndtri(tf.cast(1 - false_alarm_rate, tf.float64)).numpy())"
            ),
        ),
    ),
    Mutant(
        "3.1",
        "one threshold per column",
        "test_maps_and_other_rates",
        (
            "float(np.quantile(normal_scores, 1 - false_alarm_rate))",
            "np.quantile(normal_scores, 1 - false_alarm_rate, axis=0)",
        ),
    ),
    Mutant(
        "3.1",
        "rows counted, not scores",
        "test_maps_and_other_rates",
        (
            "float(np.quantile(normal_scores, 1 - false_alarm_rate))",
            "float(np.sort(np.ravel(normal_scores))[-1 - round(false_alarm_rate * len(normal_scores))])",
        ),
    ),
    Mutant(
        "3.2",
        "the places repeated in turn, not in blocks",
        (
            "test_map_weighs_both_parts",
            "test_pixels_of_a_place_share_its_score",
            "test_maps_of_any_size",
            "test_alpha_at_its_ends",
        ),
        (
            "np.repeat(np.repeat((d - 1) ** 2, k, axis=1), k, axis=2)",
            "np.tile((d - 1) ** 2, (1, k, k))",
        ),
    ),
    Mutant(
        "3.2",
        "interpolated between the places",
        (
            "test_map_weighs_both_parts",
            "test_pixels_of_a_place_share_its_score",
            "test_maps_of_any_size",
            "test_alpha_at_its_ends",
        ),
        (
            "np.repeat(np.repeat((d - 1) ** 2, k, axis=1), k, axis=2)",
            "tf.image.resize(((d - 1) ** 2)[..., None], s.shape[1:3])[..., 0].numpy()",
        ),
    ),
    Mutant(
        "3.2",
        "one score for the whole image",
        (
            "test_map_weighs_both_parts",
            "test_pixels_of_a_place_share_its_score",
            "test_maps_of_any_size",
            "test_alpha_at_its_ends",
        ),
        (
            "np.repeat(np.repeat((d - 1) ** 2, k, axis=1), k, axis=2)",
            "np.mean((d - 1) ** 2, axis=(1, 2), keepdims=True)",
        ),
    ),
    Mutant(
        "3.2",
        "k = 2",
        (
            "test_pixels_of_a_place_share_its_score",
            "test_maps_of_any_size",
            "test_alpha_at_its_ends",
        ),
        ("k = s.shape[1] // d.shape[1]", "k = 2"),
    ),
    Mutant(
        "3.2",
        "k of the rows used for the columns",
        (
            "test_map_weighs_both_parts",
            "test_pixels_of_a_place_share_its_score",
            "test_maps_of_any_size",
            "test_alpha_at_its_ends",
        ),
        ("k = s.shape[1] // d.shape[1]", "k = s.shape[2] // d.shape[1]"),
    ),
    Mutant(
        "3.2",
        "D's target for real pairs is 0",
        (
            "test_map_weighs_both_parts",
            "test_pixels_of_a_place_share_its_score",
            "test_maps_of_any_size",
            "test_alpha_at_its_ends",
        ),
        ("(d - 1) ** 2", "d**2"),
    ),
    Mutant(
        "3.2",
        "D's part not squared",
        (
            "test_map_weighs_both_parts",
            "test_pixels_of_a_place_share_its_score",
            "test_maps_of_any_size",
            "test_alpha_at_its_ends",
        ),
        ("(d - 1) ** 2", "np.abs(d - 1)"),
    ),
    Mutant(
        "3.2",
        "1 - D",
        (
            "test_map_weighs_both_parts",
            "test_pixels_of_a_place_share_its_score",
            "test_maps_of_any_size",
            "test_alpha_at_its_ends",
        ),
        ("(d - 1) ** 2", "1 - d"),
    ),
    Mutant(
        "3.2",
        "the weights exchanged",
        (
            "test_map_weighs_both_parts",
            "test_pixels_of_a_place_share_its_score",
            "test_maps_of_any_size",
            "test_alpha_at_its_ends",
        ),
        (
            "alpha * of_places + (1 - alpha) * of_pixels",
            "(1 - alpha) * of_places + alpha * of_pixels",
        ),
    ),
    Mutant(
        "3.2",
        "the reconstruction with full weight",
        ("test_map_weighs_both_parts", "test_maps_of_any_size", "test_alpha_at_its_ends"),
        ("(1 - alpha) * ", ""),
    ),
    Mutant(
        "3.2",
        "the norm squared",
        ("test_map_weighs_both_parts", "test_maps_of_any_size", "test_alpha_at_its_ends"),
        ("np.sqrt(np.sum((s_hat - s) ** 2, axis=-1))", "np.sum((s_hat - s) ** 2, axis=-1)"),
    ),
    Mutant(
        "3.2",
        "the sum of the absolute differences",
        ("test_map_weighs_both_parts", "test_maps_of_any_size", "test_alpha_at_its_ends"),
        ("np.sqrt(np.sum((s_hat - s) ** 2, axis=-1))", "np.sum(np.abs(s_hat - s), axis=-1)"),
    ),
    Mutant(
        "3.2",
        "the root of the mean over the channels",
        ("test_map_weighs_both_parts", "test_maps_of_any_size", "test_alpha_at_its_ends"),
        (
            "np.sqrt(np.sum((s_hat - s) ** 2, axis=-1))",
            "np.sqrt(np.mean((s_hat - s) ** 2, axis=-1))",
        ),
    ),
    Mutant(
        "3.2",
        "the first channel only",
        ("test_map_weighs_both_parts", "test_maps_of_any_size", "test_alpha_at_its_ends"),
        ("np.sqrt(np.sum((s_hat - s) ** 2, axis=-1))", "np.abs(s_hat - s)[..., 0]"),
    ),
    Mutant(
        "3.2",
        "the norm over the whole image",
        ("test_map_weighs_both_parts", "test_maps_of_any_size", "test_alpha_at_its_ends"),
        (
            "np.sqrt(np.sum((s_hat - s) ** 2, axis=-1))",
            "np.sqrt(np.sum((s_hat - s) ** 2, axis=(1, 2, 3), keepdims=True))[..., 0]",
        ),
    ),
    Mutant(
        "3.2",
        "always two channels",
        ("test_maps_of_any_size", "test_alpha_at_its_ends"),
        (
            "np.sqrt(np.sum((s_hat - s) ** 2, axis=-1))",
            "np.sqrt((s_hat - s)[..., 0] ** 2 + (s_hat - s)[..., -1] ** 2)",
        ),
    ),
    Mutant(
        "3.2",
        "an axis of one image lost",
        ("test_pixels_of_a_place_share_its_score", "test_maps_of_any_size"),
        (
            "alpha * of_places + (1 - alpha) * of_pixels",
            "np.squeeze(alpha * of_places + (1 - alpha) * of_pixels)",
        ),
    ),
    Mutant(
        "3.2",
        "always the same alpha",
        (
            "test_map_weighs_both_parts",
            "test_pixels_of_a_place_share_its_score",
            "test_maps_of_any_size",
            "test_alpha_at_its_ends",
        ),
        (
            "return alpha * of_places + (1 - alpha) * of_pixels",
            ("alpha = 0.1\n    return alpha * of_places + (1 - alpha) * of_pixels"),
        ),
    ),
    Mutant(
        "3.3",
        "true at the threshold, too",
        "test_mask_is_true_above_the_threshold",
        ("a > gamma", "a >= gamma"),
    ),
    Mutant(
        "3.3",
        "true where normal",
        ("test_mask_is_true_above_the_threshold", "test_rates_of_many_maps"),
        ("a > gamma", "a < gamma"),
    ),
    Mutant(
        "3.3",
        "numbers, not bools",
        "test_mask_is_true_above_the_threshold",
        ("return a > gamma", 'return (a > gamma).astype("float32")'),
    ),
    Mutant(
        "3.3",
        "true far below the threshold, too",
        ("test_mask_is_true_above_the_threshold", "test_rates_of_many_maps"),
        ("a > gamma", "np.abs(a) > gamma"),
    ),
    Mutant(
        "3.3",
        "the rates exchanged",
        ("test_rates_are_shares_of_each_kind", "test_rates_of_many_maps"),
        (
            "float(np.mean(omega[truth])), float(np.mean(omega[~truth]))",
            "float(np.mean(omega[~truth])), float(np.mean(omega[truth]))",
        ),
    ),
    Mutant(
        "3.3",
        "the precision",
        ("test_rates_are_shares_of_each_kind", "test_rates_of_many_maps"),
        ("float(np.mean(omega[truth]))", "float(np.mean(truth[omega]))"),
    ),
    Mutant(
        "3.3",
        "the share of false alarms among all alarms",
        ("test_rates_are_shares_of_each_kind", "test_rates_of_many_maps"),
        ("float(np.mean(omega[~truth]))", "float(np.mean(~truth[omega]))"),
    ),
    Mutant(
        "3.3",
        "shares of all pixels",
        ("test_rates_are_shares_of_each_kind", "test_rates_of_many_maps"),
        (
            "float(np.mean(omega[truth])), float(np.mean(omega[~truth]))",
            "float(np.mean(omega & truth)), float(np.mean(omega & ~truth))",
        ),
    ),
    Mutant(
        "3.3",
        "the share of missed pixels",
        ("test_rates_are_shares_of_each_kind", "test_rates_of_many_maps"),
        ("float(np.mean(omega[~truth]))", "float(np.mean(~omega[truth]))"),
    ),
    Mutant(
        "3.3",
        "the specificity",
        ("test_rates_are_shares_of_each_kind", "test_rates_of_many_maps"),
        ("float(np.mean(omega[~truth]))", "float(np.mean(~omega[~truth]))"),
    ),
    Mutant(
        "3.3",
        "the accuracy",
        ("test_rates_are_shares_of_each_kind", "test_rates_of_many_maps"),
        ("float(np.mean(omega[truth]))", "float(np.mean(omega == truth))"),
    ),
    Mutant(
        "3.3",
        "counts",
        ("test_rates_are_shares_of_each_kind", "test_rates_of_many_maps"),
        (
            "float(np.mean(omega[truth])), float(np.mean(omega[~truth]))",
            "float(np.sum(omega[truth])), float(np.sum(omega[~truth]))",
        ),
    ),
    Mutant(
        "3.3",
        "averages over the maps",
        "test_rates_of_many_maps",
        (
            "float(np.mean(omega[truth])), float(np.mean(omega[~truth]))",
            (
                "tuple(\n"
                "        float(np.mean([np.mean(o[t]) for o, t in zip(omega, kind) if np.any(t)]))\n"
                "        for kind in (truth, ~truth)\n"
                "    )"
            ),
        ),
    ),
    Alternative(
        "1.1",
        "norm",
        """
def reconstruction_error(s, s_hat):
    return np.array([np.linalg.norm((a - b).ravel()) for a, b in zip(s, s_hat)])
""",
    ),
    Alternative(
        "1.1",
        "tensorflow",
        """
def reconstruction_error(s, s_hat):
    axes = list(range(1, s.ndim))
    return tf.sqrt(tf.reduce_sum(tf.math.squared_difference(s, s_hat), axis=axes))
""",
    ),
    Alternative(
        "1.2",
        "a sum over the dimensions",
        """
def prior_score(z):
    z = ops.convert_to_tensor(z)
    return ops.sum(0.5 * (ops.square(z) + float(np.log(2 * np.pi))), axis=-1)
""",
    ),
    Alternative(
        "1.2",
        "a product with itself",
        """
def prior_score(z):
    squared = np.einsum("ij,ij->i", z, z)
    return (squared + len(z[0]) * np.log(2 * np.pi)) / 2
""",
    ),
    Alternative(
        "1.3",
        "numpy",
        """
def posterior_score(logits):
    return 1 / (1 + np.exp(logits.astype("float64").ravel()))
""",
    ),
    Alternative(
        "1.3",
        "the exponential of a logarithm",
        """
def posterior_score(logits):
    return tf.exp(-tf.nn.softplus(tf.reshape(logits, [-1])))
""",
    ),
    Alternative(
        "1.4",
        "by hand",
        """
def bigan_score(s, s_hat, f, f_hat, alpha):
    score = 0.0
    for weight, a, b in ((1 - alpha, s, s_hat), (alpha, f, f_hat)):
        score = score + weight * np.linalg.norm((a - b).reshape(a.shape[0], -1), axis=1)
    return score
""",
    ),
    Alternative(
        "1.4",
        "from one end to the other",
        """
def bigan_score(s, s_hat, f, f_hat, alpha):
    of_images, of_features = reconstruction_error(s, s_hat), reconstruction_error(f, f_hat)
    return of_images + alpha * (of_features - of_images)
""",
    ),
    Alternative(
        "2.1",
        "cross-entropy",
        """
def discriminator_loss(real, fake):
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    return entropy(ops.ones_like(real), real) + entropy(ops.zeros_like(fake), fake)


def generator_encoder_loss(real, fake):
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    return entropy(ops.zeros_like(real), real) + entropy(ops.ones_like(fake), fake)
""",
    ),
    Alternative(
        "2.1",
        "one loss calls the other",
        """
def discriminator_loss(real, fake):
    return -tf.reduce_mean(tf.math.log_sigmoid(real)) - tf.reduce_mean(tf.math.log_sigmoid(-fake))


def generator_encoder_loss(real, fake):
    return discriminator_loss(fake, real)
""",
    ),
    Alternative(
        "2.2",
        "a method for both kinds of pairs",
        """
class BiGAN(keras.Model):
    def __init__(self, encoder, generator, discriminator):
        super().__init__()
        self.encoder = encoder
        self.generator = generator
        self.discriminator = discriminator
        self.built = True

    def compile(self, d_optimizer, g_optimizer, **options):
        super().compile(**options)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer

    def draw_noise(self, m):
        return keras.random.normal((m, self.generator.input_shape[-1]))

    def score(self, s):
        z = self.draw_noise(tf.shape(s)[0])
        real = self.discriminator([s, self.encoder(s, training=True)], training=True)
        return real, self.discriminator([self.generator(z, training=True), z], training=True)

    def train_step(self, s):
        weights = self.discriminator.trainable_weights
        with tf.GradientTape() as tape:
            d_loss = discriminator_loss(*self.score(s))
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights))
        weights = self.encoder.trainable_weights + self.generator.trainable_weights
        with tf.GradientTape() as tape:
            g_loss = generator_encoder_loss(*self.score(s))
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights))
        return {"g_loss": g_loss, "d_loss": d_loss}
""",
    ),
    Alternative(
        "2.2",
        "the gradients of G and E one by one",
        """
class BiGAN(keras.Model):
    def __init__(self, encoder, generator, discriminator):
        super().__init__()
        self.encoder = encoder
        self.generator = generator
        self.discriminator = discriminator
        self.built = True

    def compile(self, d_optimizer, g_optimizer, **options):
        super().compile(**options)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer

    def draw_noise(self, m):
        return keras.random.normal((m, self.generator.input_shape[-1]))

    def train_step(self, images):
        D, G, E = self.discriminator, self.generator, self.encoder
        noise = self.draw_noise(tf.shape(images)[0])
        with tf.GradientTape() as tape:
            fake = tf.stop_gradient(G(noise, training=True))
            code = tf.stop_gradient(E(images, training=True))
            of_fake, of_real = D([fake, noise], training=True), D([images, code], training=True)
            d_loss = discriminator_loss(of_real, of_fake)
        slopes = tape.gradient(d_loss, D.trainable_variables)
        self.d_optimizer.apply(slopes, D.trainable_variables)

        noise = self.draw_noise(tf.shape(images)[0])
        with tf.GradientTape(persistent=True) as tape:
            of_fake = D([G(noise, training=True), noise], training=True)
            of_real = D([images, E(images, training=True)], training=True)
            g_loss = generator_encoder_loss(of_real, of_fake)
        of_g = tape.gradient(g_loss, G.trainable_variables)
        of_e = tape.gradient(g_loss, E.trainable_variables)
        self.g_optimizer.apply(of_g + of_e, G.trainable_variables + E.trainable_variables)
        return dict(d_loss=d_loss, g_loss=g_loss)
""",
    ),
    Alternative(
        "2.2",
        "a graph",
        replace=(
            "    def train_step(self, s):",
            "    @tf.function\n    def train_step(self, s):",
        ),
    ),
    Alternative(
        "3.1",
        "sorted",
        """
def threshold(normal_scores, false_alarm_rate):
    ordered = np.sort(normal_scores, axis=None)[::-1]
    return ordered[round(false_alarm_rate * ordered.size)]
""",
    ),
    Alternative(
        "3.1",
        "a percentile",
        """
def threshold(normal_scores, false_alarm_rate):
    return np.percentile(normal_scores.ravel(), 100 - 100 * false_alarm_rate, method="higher")
""",
    ),
    Alternative(
        "3.2",
        "a product with ones",
        """
def anomaly_map(s, s_hat, d, alpha):
    k = s.shape[2] // d.shape[2]
    grown = np.kron(d, np.ones((1, k, k)))
    return alpha * np.square(grown - 1) + (1 - alpha) * np.linalg.norm(s - s_hat, axis=3)
""",
    ),
    Alternative(
        "3.2",
        "tensorflow",
        """
def anomaly_map(s, s_hat, d, alpha):
    places = tf.square(d[..., tf.newaxis] - 1)
    grown = tf.image.resize(places, s.shape[1:3], method="nearest")[..., 0]
    return alpha * grown + (1 - alpha) * tf.norm(s_hat - s, axis=-1)
""",
    ),
    Alternative(
        "3.2",
        "a layer",
        """
def anomaly_map(s, s_hat, d, alpha):
    grown = layers.UpSampling2D(s.shape[1] // d.shape[1])(tf.constant(d)[..., None])[..., 0]
    return alpha * (1 - grown) ** 2 + (1 - alpha) * ops.sqrt(ops.sum((s - s_hat) ** 2, axis=-1))
""",
    ),
    Alternative(
        "3.3",
        "counted",
        """
def mask(a, gamma):
    return np.where(a > gamma, True, False)


def rates(omega, truth):
    hits, alarms = np.logical_and(omega, truth).sum(), np.logical_and(omega, ~truth).sum()
    return hits / truth.sum(), alarms / (truth.size - truth.sum())
""",
    ),
    Alternative(
        "3.3",
        "tensorflow",
        """
def mask(a, gamma):
    return tf.greater(a, gamma)


def rates(omega, truth):
    share = lambda kind: tf.reduce_mean(tf.cast(tf.boolean_mask(omega, kind), tf.float32))
    return share(truth), share(tf.logical_not(truth))
""",
    ),
]
