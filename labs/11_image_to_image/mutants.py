"""Wrong answers to lab 11 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

UNET = ("test_the_image_of_known_weights", "test_unets_of_any_depth")
D_LOGITS = ("test_logits_of_known_weights", "test_discriminators_of_any_depth")
D_GRID = ("test_a_grid_of_logits", *D_LOGITS)
D_LOSS = ("test_the_loss_of_the_discriminator", "test_sure_logits", "test_grids_of_any_size")
G_LOSS = ("test_both_terms_of_the_generator", "test_each_term_alone", "test_losses_of_any_size")
G_BOTH = ("test_both_terms_of_the_generator", "test_losses_of_any_size")
ITERATION = ("test_one_iteration", "test_losses_are_returned")
LOGS = ("test_losses_are_returned", "test_fit_plays", "test_networks_are_in_training_mode")
CYCLE = ("test_both_cycles", "test_cycles_in_training_mode")
IDENTITY = ("test_images_of_the_target_domain", "test_the_identity_in_training_mode")
STEP = ("test_both_generators_take_the_step", "test_the_loss_of_both_generators")
STEP_LOSS = (*STEP, "test_other_weights_of_the_terms", "test_all_networks_in_training_mode")
EXCHANGE = (
    "test_no_image_is_lost",
    "test_half_of_the_images_are_exchanged",
    "test_each_place_is_equally_likely",
)
D_UPDATE = "        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)\n"
G_UPDATE = "        self.g_optimizer.apply(tape.gradient(g_loss, theta_g), theta_g)\n"
D_STEP = """\
        y_hat = self.generator(x, training=True)
        with tf.GradientTape() as tape:
            d_loss = discriminator_loss(
                self.discriminator([y, x], training=True),
                self.discriminator([y_hat, x], training=True),
            )
        theta_d = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)
"""

PROOF = [
    Mutant(
        "1.1",
        "no skip connections",
        UNET,
        ("layers.Concatenate()([up(u, width), h[i - 1]])", "up(u, width)"),
    ),
    Mutant(
        "1.1",
        "the image does not join",
        UNET,
        (
            "layers.Concatenate()([up(u, width), h[i - 1]])",
            "layers.Concatenate()([up(u, width), h[i - 1]]) if i > 1 else up(u, width)",
        ),
    ),
    Mutant(
        "1.1",
        "only the image joins",
        UNET,
        (
            "layers.Concatenate()([up(u, width), h[i - 1]])",
            "up(u, width) if i > 1 else layers.Concatenate()([up(u, width), h[i - 1]])",
        ),
    ),
    Mutant(
        "1.1",
        "joined before the step up",
        UNET,
        (
            "layers.Concatenate()([up(u, width), h[i - 1]])",
            "up(layers.Concatenate()([u, h[i]]), width)",
        ),
    ),
    Mutant(
        "1.1",
        "the channels of the step down",
        UNET,
        ("widths[max(i - 2, 0)]", "widths[i - 1]"),
    ),
    Mutant(
        "1.1",
        "the widths in the order of the steps down",
        UNET,
        ("widths[max(i - 2, 0)]", "widths[len(widths) - i]"),
    ),
    Mutant(
        "1.1",
        "a step too few",
        ("test_the_image_of_known_weights", "test_unets_of_any_depth"),
        (
            "    for width in widths:\n        h.append(down(h[-1], width))\n",
            "    for width in widths[:-1]:\n        h.append(down(h[-1], width))\n"
            "    widths = widths[:-1]\n",
        ),
    ),
    Mutant(
        "1.1",
        "a last kernel of 1x1",
        UNET,
        ('layers.Conv2D(channels, 3, padding="same",', "layers.Conv2D(channels, 1,"),
    ),
    Mutant(
        "1.1",
        "padding forgotten",
        ("test_the_generator_draws_images", "test_the_image_of_known_weights"),
        ('channels, 3, padding="same",', "channels, 3,"),
    ),
    Mutant(
        "1.1",
        "no sigmoid",
        "test_the_image_of_known_weights",
        (', activation="sigmoid"', ""),
    ),
    Mutant(
        "1.1",
        "tanh",
        "test_the_image_of_known_weights",
        ('activation="sigmoid"', 'activation="tanh"'),
    ),
    Mutant(
        "1.1",
        "draws as many channels as it reads",
        (
            "test_the_generator_draws_images",
            "test_the_image_of_known_weights",
            "test_unets_of_any_depth",
        ),
        ("layers.Conv2D(channels,", "layers.Conv2D(input_shape[2],"),
    ),
    Mutant(
        "1.2",
        "the condition is ignored",
        D_LOGITS,
        ("layers.Concatenate()([image, condition])", "image"),
    ),
    Mutant(
        "1.2",
        "the image is ignored",
        D_LOGITS,
        ("layers.Concatenate()([image, condition])", "condition"),
    ),
    Mutant(
        "1.2",
        "the inputs exchanged",
        "test_a_grid_of_logits",
        ("keras.Model([image, condition]", "keras.Model([condition, image]"),
    ),
    Mutant(
        "1.2",
        "one logit per image",
        D_GRID,
        (
            'layers.Conv2D(1, 3, padding="same")(x)',
            "layers.Dense(1)(layers.Flatten()(x))",
        ),
    ),
    Mutant(
        "1.2",
        "the mean of the grid",
        (
            "test_a_grid_of_logits",
            "test_logits_of_known_weights",
            "test_discriminators_of_any_depth",
        ),
        (
            'layers.Conv2D(1, 3, padding="same")(x)',
            'layers.GlobalAveragePooling2D()(layers.Conv2D(1, 3, padding="same")(x))',
        ),
    ),
    Mutant(
        "1.2",
        "no activations",
        "test_logits_of_known_weights",
        ("        x = layers.LeakyReLU(0.2)(x)\n", ""),
    ),
    Mutant(
        "1.2",
        "ReLU",
        "test_logits_of_known_weights",
        ("layers.LeakyReLU(0.2)", "layers.ReLU()"),
    ),
    Mutant(
        "1.2",
        "the default slope",
        "test_logits_of_known_weights",
        ("LeakyReLU(0.2)", "LeakyReLU()"),
    ),
    Mutant(
        "1.2",
        "batch normalization",
        "test_logits_of_known_weights",
        ("layers.LeakyReLU(0.2)(x)", "layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))"),
    ),
    Mutant(
        "1.2",
        "a sigmoid at the end",
        "test_logits_of_known_weights",
        (
            'layers.Conv2D(1, 3, padding="same")',
            'layers.Conv2D(1, 3, padding="same", activation="sigmoid")',
        ),
    ),
    Mutant(
        "1.2",
        "a leaky ReLU at the end",
        "test_logits_of_known_weights",
        (
            'layers.Conv2D(1, 3, padding="same")(x)',
            'layers.LeakyReLU(0.2)(layers.Conv2D(1, 3, padding="same")(x))',
        ),
    ),
    Mutant(
        "1.2",
        "pooling in place of strides",
        "test_logits_of_known_weights",
        (
            'layers.Conv2D(width, 4, strides=2, padding="same")(x)',
            'layers.AveragePooling2D(2)(layers.Conv2D(width, 4, padding="same")(x))',
        ),
    ),
    Mutant(
        "1.2",
        "kernels of 3x3",
        D_LOGITS,
        ("layers.Conv2D(width, 4", "layers.Conv2D(width, 3"),
    ),
    Mutant(
        "1.2",
        "a last kernel of 4x4",
        D_LOGITS,
        ("layers.Conv2D(1, 3", "layers.Conv2D(1, 4"),
    ),
    Mutant("2.1", "not halved", D_LOSS, ("0.5 * (", "1.0 * (")),
    Mutant(
        "2.1",
        "real and generated exchanged",
        D_LOSS,
        (
            "ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "ops.softplus(real)) + ops.mean(ops.softplus(-fake))",
        ),
    ),
    Mutant(
        "2.1",
        "the generator's loss",
        D_LOSS,
        ("ops.mean(ops.softplus(fake))", "ops.mean(ops.softplus(-fake))"),
    ),
    Mutant(
        "2.1",
        "only the generated pairs",
        D_LOSS,
        ("ops.mean(ops.softplus(-real)) + ", ""),
    ),
    Mutant(
        "2.1",
        "the sum over the patches",
        D_LOSS,
        (
            "ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "ops.sum(ops.softplus(-real)) + ops.sum(ops.softplus(fake))",
        ),
    ),
    Mutant(
        "2.1",
        "summed over the patches of an image, averaged over the images",
        D_LOSS,
        (
            "ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "ops.mean(ops.sum(ops.softplus(-real), (1, 2, 3))) + "
            "ops.mean(ops.sum(ops.softplus(fake), (1, 2, 3)))",
        ),
    ),
    Mutant(
        "2.1",
        "the score of the mean logit of an image",
        ("test_the_loss_of_the_discriminator", "test_grids_of_any_size"),
        (
            "ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "ops.mean(ops.softplus(-ops.mean(real, (1, 2, 3)))) + "
            "ops.mean(ops.softplus(ops.mean(fake, (1, 2, 3))))",
        ),
    ),
    Mutant(
        "2.1",
        "the mean over real and generated pairs together",
        "test_grids_of_any_size",
        (
            "0.5 * (ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake)))",
            "ops.mean(ops.softplus(ops.concatenate([-real, fake], axis=0)))",
        ),
    ),
    Mutant(
        "2.1",
        "the logarithm of a rounded sigmoid",
        "test_sure_logits",
        (
            "ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "-ops.mean(ops.log(ops.sigmoid(real))) - ops.mean(ops.log(1 - ops.sigmoid(fake)))",
        ),
    ),
    Mutant(
        "2.1",
        "least squares",
        D_LOSS,
        (
            "ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "ops.mean((real - 1) ** 2) + ops.mean(fake**2)",
        ),
    ),
    Mutant(
        "2.1",
        "the logits taken for probabilities",
        D_LOSS,
        (
            "ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))",
            "keras.losses.BinaryCrossentropy()(ops.ones_like(real), real) + "
            "keras.losses.BinaryCrossentropy()(ops.zeros_like(fake), fake)",
        ),
    ),
    Mutant(
        "2.2", "minimax", G_LOSS, ("ops.mean(ops.softplus(-fake))", "-ops.mean(ops.softplus(fake))")
    ),
    Mutant(
        "2.2", "the discriminator's term", G_LOSS, ("ops.softplus(-fake)", "ops.softplus(fake)")
    ),
    Mutant("2.2", "halved", G_LOSS, ("return ops.mean", "return 0.5 * ops.mean")),
    Mutant("2.2", "lambda forgotten", G_LOSS, ("lam * ", "")),
    Mutant("2.2", "lambda before the adversarial term", G_LOSS, ("return ops", "return lam * ops")),
    Mutant("2.2", "squared differences", G_BOTH, ("ops.abs", "ops.square")),
    Mutant(
        "2.2",
        "the sum over the pixels",
        G_BOTH,
        ("ops.mean(ops.abs", "ops.sum(ops.abs"),
    ),
    Mutant(
        "2.2",
        "the sum over the pixels of an image",
        G_BOTH,
        ("ops.mean(ops.abs(y - y_hat))", "ops.mean(ops.sum(ops.abs(y - y_hat), (1, 2, 3)))"),
    ),
    Mutant(
        "2.2",
        "the absolute value of the mean",
        G_BOTH,
        ("ops.mean(ops.abs(y - y_hat))", "ops.abs(ops.mean(y - y_hat))"),
    ),
    Mutant(
        "2.2", "without the additional term", G_BOTH, (" + lam * ops.mean(ops.abs(y - y_hat))", "")
    ),
    Mutant(
        "2.2",
        "the additional term alone",
        G_LOSS,
        ("ops.mean(ops.softplus(-fake)) + ", ""),
    ),
    Mutant(
        "2.2",
        "the additional term subtracted",
        G_BOTH,
        ("+ lam *", "- lam *"),
    ),
    Mutant(
        "2.2",
        "the sum over the patches",
        G_LOSS,
        ("ops.mean(ops.softplus", "ops.sum(ops.softplus"),
    ),
    Mutant(
        "2.2",
        "the logarithm of a rounded sigmoid",
        "test_each_term_alone",
        ("ops.mean(ops.softplus(-fake))", "-ops.mean(ops.log(ops.sigmoid(fake)))"),
    ),
    Mutant(
        "2.3",
        "real and generated pairs exchanged",
        ITERATION,
        (
            "                self.discriminator([y, x], training=True),\n"
            "                self.discriminator([y_hat, x], training=True),\n",
            "                self.discriminator([y_hat, x], training=True),\n"
            "                self.discriminator([y, x], training=True),\n",
        ),
    ),
    Mutant(
        "2.3",
        "the generator's pairs on both sides",
        (*ITERATION, "test_networks_are_in_training_mode"),
        (
            "self.discriminator([y, x], training=True)",
            "self.discriminator([y_hat, x], training=True)",
        ),
    ),
    Mutant(
        "2.3",
        "G moves first",
        ITERATION,
        [
            (D_STEP, ""),
            (G_UPDATE, G_UPDATE + D_STEP),
        ],
    ),
    Mutant(
        "2.3",
        "G learns from the old D",
        ITERATION,
        [
            (D_UPDATE, "        d_gradients = tape.gradient(d_loss, theta_d)\n"),
            (G_UPDATE, G_UPDATE + "        self.d_optimizer.apply(d_gradients, theta_d)\n"),
        ],
    ),
    Mutant(
        "2.3",
        "D does not learn",
        ITERATION,
        (D_UPDATE, ""),
    ),
    Mutant(
        "2.3",
        "G does not learn",
        "test_one_iteration",
        (G_UPDATE, ""),
    ),
    Mutant(
        "2.3",
        "D learns in the step of G, too",
        "test_one_iteration",
        (
            G_UPDATE,
            "        g_d, g_g = tape.gradient(g_loss, (theta_d, theta_g))\n"
            "        self.d_optimizer.apply(g_d, theta_d)\n"
            "        self.g_optimizer.apply(g_g, theta_g)\n",
        ),
    ),
    Mutant(
        "2.3",
        "G learns in the step of D, too",
        ITERATION,
        [
            (
                "        y_hat = self.generator(x, training=True)\n        with tf",
                "        with tf",
            ),
            (
                "            d_loss =",
                "            y_hat = self.generator(x, training=True)\n            d_loss =",
            ),
            (
                D_UPDATE,
                "        theta_g = self.generator.trainable_variables\n"
                "        of_d, of_g = tape.gradient(d_loss, (theta_d, theta_g))\n"
                "        self.d_optimizer.apply(of_d, theta_d)\n"
                "        self.g_optimizer.apply(of_g, theta_g)\n",
            ),
        ],
    ),
    Mutant(
        "2.3",
        "the gradient stops at the image",
        "test_one_iteration",
        (
            "fake = self.discriminator([y_hat, x], training=True)",
            "fake = self.discriminator([ops.stop_gradient(y_hat), x], training=True)",
        ),
    ),
    Mutant(
        "2.3",
        "the images of D's step",
        (
            "test_one_iteration",
            "test_losses_are_returned",
            "test_fit_plays",
            "test_networks_are_in_training_mode",
        ),
        ("            y_hat = self.generator(x, training=True)\n", ""),
    ),
    Mutant(
        "2.3",
        "the loss of G ascended",
        "test_one_iteration",
        ("tape.gradient(g_loss, theta_g)", "[-g for g in tape.gradient(g_loss, theta_g)]"),
    ),
    Mutant(
        "2.3",
        "the optimizers exchanged",
        (*ITERATION, "test_fit_plays", "test_networks_are_in_training_mode"),
        [
            (
                "self.d_optimizer.apply(tape.gradient(d_loss",
                "self.x_optimizer.apply(tape.gradient(d_loss",
            ),
            ("self.g_optimizer.apply(tape", "self.d_optimizer.apply(tape"),
            ("self.x_optimizer", "self.g_optimizer"),
        ],
    ),
    Mutant(
        "2.3",
        "always lambda = 100",
        (*LOGS, "test_one_iteration"),
        ("y_hat, self.lam)", "y_hat, 100.0)"),
    ),
    Mutant(
        "2.3",
        "D in inference mode",
        "test_networks_are_in_training_mode",
        (
            "self.discriminator([y, x], training=True)",
            "self.discriminator([y, x], training=False)",
        ),
    ),
    Mutant(
        "2.3",
        "G in inference mode",
        "test_networks_are_in_training_mode",
        (
            "            y_hat = self.generator(x, training=True)\n",
            "            y_hat = self.generator(x, training=False)\n",
        ),
    ),
    Mutant(
        "2.3",
        "one call of D for both kinds of pairs",
        "test_networks_are_in_training_mode",
        (
            "            d_loss = discriminator_loss(\n"
            "                self.discriminator([y, x], training=True),\n"
            "                self.discriminator([y_hat, x], training=True),\n"
            "            )\n",
            "            both = [ops.concatenate([y, y_hat], 0), ops.concatenate([x, x], 0)]\n"
            "            d_loss = discriminator_loss(*ops.split(self.discriminator(both, training=True), 2))\n",
        ),
    ),
    Mutant(
        "2.3",
        "the losses exchanged",
        LOGS,
        ('{"d_loss": d_loss, "g_loss": g_loss}', '{"d_loss": g_loss, "g_loss": d_loss}'),
    ),
    Mutant(
        "2.3",
        "nothing returned",
        LOGS,
        ('        return {"d_loss": d_loss, "g_loss": g_loss}\n', ""),
    ),
    Mutant(
        "2.3",
        "one number returned",
        LOGS,
        ('return {"d_loss": d_loss, "g_loss": g_loss}', 'return {"loss": d_loss + g_loss}'),
    ),
    Mutant(
        "3.1",
        "one cycle",
        CYCLE,
        (" + ops.mean(ops.abs(back_y - y))", ""),
    ),
    Mutant(
        "3.1",
        "the same way twice",
        CYCLE,
        (
            "back_y = G(F(y, training=True), training=True)",
            "back_y = F(G(y, training=True), training=True)",
        ),
    ),
    Mutant(
        "3.1",
        "both ways in the wrong order",
        CYCLE,
        [
            ("F(G(x, training=True), training=True)", "G(F(x, training=True), training=True)"),
            ("G(F(y, training=True), training=True)", "F(G(y, training=True), training=True)"),
        ],
    ),
    Mutant(
        "3.1",
        "one step and not back",
        CYCLE,
        [
            ("F(G(x, training=True), training=True)", "G(x, training=True)"),
            ("G(F(y, training=True), training=True)", "F(y, training=True)"),
        ],
    ),
    Mutant(
        "3.1",
        "squared differences in the cycles",
        CYCLE,
        (
            "ops.mean(ops.abs(back_x - x)) + ops.mean(ops.abs(back_y - y))",
            "ops.mean(ops.square(back_x - x)) + ops.mean(ops.square(back_y - y))",
        ),
    ),
    Mutant(
        "3.1",
        "the sum over the pixels",
        CYCLE,
        (
            "ops.mean(ops.abs(back_x - x)) + ops.mean(ops.abs(back_y - y))",
            "ops.sum(ops.abs(back_x - x)) + ops.sum(ops.abs(back_y - y))",
        ),
    ),
    Mutant(
        "3.1",
        "half of the cycles",
        CYCLE,
        (
            "return ops.mean(ops.abs(back_x - x)) + ops.mean(ops.abs(back_y - y))",
            "return 0.5 * (ops.mean(ops.abs(back_x - x)) + ops.mean(ops.abs(back_y - y)))",
        ),
    ),
    Mutant(
        "3.1",
        "the cycles in inference mode",
        "test_cycles_in_training_mode",
        [
            ("F(G(x, training=True), training=True)", "F(G(x))"),
            ("G(F(y, training=True), training=True)", "G(F(y))"),
        ],
    ),
    Mutant(
        "3.1",
        "the translation should not change",
        IDENTITY,
        (
            "G(y, training=True), F(x, training=True)\n",
            "F(y, training=True), G(x, training=True)\n",
        ),
    ),
    Mutant(
        "3.1",
        "one identity",
        IDENTITY,
        (" + ops.mean(ops.abs(same_x - x))", ""),
    ),
    Mutant(
        "3.1",
        "squared differences in the identity",
        IDENTITY,
        ("ops.abs(same_y - y)", "ops.square(same_y - y)"),
    ),
    Mutant(
        "3.1",
        "the identity in inference mode",
        "test_the_identity_in_training_mode",
        ("G(y, training=True), F(x, training=True)\n", "G(y), F(x)\n"),
    ),
    Mutant(
        "3.2",
        "one cycle for each generator",
        ("test_both_generators_take_the_step",),
        code="""
def update_generators(gan, x, y):
    with tf.GradientTape(persistent=True) as tape:
        of_y = gan.D_Y(gan.G(x, training=True), training=True)
        of_x = gan.D_X(gan.F(y, training=True), training=True)
        adversarial = ops.mean(ops.square(of_y - 1.0)) + ops.mean(ops.square(of_x - 1.0))
        same = identity_loss(gan.G, gan.F, x, y)
        back_x = gan.F(gan.G(x, training=True), training=True)
        back_y = gan.G(gan.F(y, training=True), training=True)
        cycle_x = ops.mean(ops.abs(back_x - x))
        cycle_y = ops.mean(ops.abs(back_y - y))
        loss_g = adversarial + gan.lam * (cycle_x + gan.mu * same)
        loss_f = adversarial + gan.lam * (cycle_y + gan.mu * same)
    theta_g, theta_f = gan.G.trainable_variables, gan.F.trainable_variables
    gradients = tape.gradient(loss_g, theta_g) + tape.gradient(loss_f, theta_f)
    gan.g_optimizer.apply(gradients, theta_g + theta_f)
    return adversarial + gan.lam * (cycle_x + cycle_y + gan.mu * same)
""",
    ),
    Mutant(
        "3.2",
        "only G learns",
        "test_both_generators_take_the_step",
        (
            "theta = gan.G.trainable_variables + gan.F.trainable_variables",
            "theta = gan.G.trainable_variables",
        ),
    ),
    Mutant(
        "3.2",
        "the discriminators learn, too",
        "test_other_weights_of_the_terms",
        [
            ("tf.GradientTape()", "tf.GradientTape(persistent=True)"),
            (
                "    return loss\n",
                "    theta_d = gan.D_Y.trainable_variables + gan.D_X.trainable_variables\n"
                "    gan.d_optimizer.apply(tape.gradient(loss, theta_d), theta_d)\n"
                "    return loss\n",
            ),
        ],
    ),
    Mutant(
        "3.2",
        "ascends",
        "test_both_generators_take_the_step",
        ("tape.gradient(loss, theta), theta", "[-g for g in tape.gradient(loss, theta)], theta"),
    ),
    Mutant(
        "3.2",
        "no step",
        "test_both_generators_take_the_step",
        ("    gan.g_optimizer.apply(tape.gradient(loss, theta), theta)\n", ""),
    ),
    Mutant(
        "3.2",
        "the target of a discriminator",
        STEP_LOSS,
        ("ops.square(of_y - 1.0)", "ops.square(of_y)"),
    ),
    Mutant(
        "3.2",
        "each discriminator reads images of the other domain",
        STEP_LOSS,
        [
            ("gan.D_Y(gan.G", "gan.D(gan.G"),
            ("gan.D_X(gan.F", "gan.D_Y(gan.F"),
            ("gan.D(gan.G", "gan.D_X(gan.G"),
        ],
    ),
    Mutant(
        "3.2",
        "the discriminators read the given images",
        STEP_LOSS,
        [
            ("gan.D_Y(gan.G(x, training=True)", "gan.D_Y(y"),
            ("gan.D_X(gan.F(y, training=True)", "gan.D_X(x"),
        ],
    ),
    Mutant(
        "3.2",
        "one adversarial term",
        STEP_LOSS,
        (" + ops.mean(ops.square(of_x - 1.0))", ""),
    ),
    Mutant(
        "3.2",
        "halved adversarial terms",
        STEP_LOSS,
        (
            "loss = ops.mean(ops.square(of_y - 1.0)) + ops.mean(ops.square(of_x - 1.0))",
            "loss = 0.5 * (ops.mean(ops.square(of_y - 1.0)) + ops.mean(ops.square(of_x - 1.0)))",
        ),
    ),
    Mutant(
        "3.2",
        "no cycles",
        STEP_LOSS,
        ("        loss += gan.lam * cycle_loss(gan.G, gan.F, x, y)\n", ""),
    ),
    Mutant(
        "3.2",
        "the cycles without lambda",
        STEP_LOSS,
        ("gan.lam * cycle_loss", "cycle_loss"),
    ),
    Mutant(
        "3.2",
        "the identity without lambda",
        STEP_LOSS,
        ("gan.lam * gan.mu", "gan.mu"),
    ),
    Mutant(
        "3.2",
        "the identity without mu",
        STEP_LOSS,
        ("gan.lam * gan.mu", "gan.lam"),
    ),
    Mutant(
        "3.2",
        "no identity loss",
        (*STEP, "test_all_networks_in_training_mode"),
        ("        loss += gan.lam * gan.mu * identity_loss(gan.G, gan.F, x, y)\n", ""),
    ),
    Mutant(
        "3.2",
        "the loss after the step",
        ("test_the_loss_of_both_generators", "test_other_weights_of_the_terms"),
        (
            "    return loss\n",
            """\
    of_y = gan.D_Y(gan.G(x, training=True), training=True)
    of_x = gan.D_X(gan.F(y, training=True), training=True)
    loss = ops.mean(ops.square(of_y - 1.0)) + ops.mean(ops.square(of_x - 1.0))
    loss += gan.lam * cycle_loss(gan.G, gan.F, x, y)
    return loss + gan.lam * gan.mu * identity_loss(gan.G, gan.F, x, y)
""",
        ),
    ),
    Mutant(
        "3.2",
        "nothing returned",
        (
            "test_the_loss_of_both_generators",
            "test_other_weights_of_the_terms",
            "test_all_networks_in_training_mode",
        ),
        ("    return loss\n", ""),
    ),
    Mutant(
        "3.2",
        "the discriminators in inference mode",
        "test_all_networks_in_training_mode",
        [
            ("gan.G(x, training=True), training=True)", "gan.G(x, training=True), training=False)"),
            ("gan.F(y, training=True), training=True)", "gan.F(y, training=True), training=False)"),
        ],
    ),
    Mutant(
        "3.2",
        "the generators in inference mode",
        "test_all_networks_in_training_mode",
        [("gan.G(x, training=True)", "gan.G(x)"), ("gan.F(y, training=True)", "gan.F(y)")],
    ),
    Mutant("3.3", "always exchanged", EXCHANGE, ("rng.random() < 0.5", "True")),
    Mutant("3.3", "never exchanged", EXCHANGE, ("rng.random() < 0.5", "False")),
    Mutant(
        "3.3",
        "a third of the images",
        ("test_half_of_the_images_are_exchanged", "test_each_place_is_equally_likely"),
        ("0.5", "1 / 3"),
    ),
    Mutant(
        "3.3",
        "the new image is not kept",
        "test_no_image_is_lost",
        ("shown, history[i] = history[i], image", "shown = history[i]"),
    ),
    Mutant(
        "3.3",
        "D always sees the new images",
        EXCHANGE,
        ("shown, history[i] = history[i], image", "history[i] = image"),
    ),
    Mutant(
        "3.3",
        "always the first place",
        "test_each_place_is_equally_likely",
        ("rng.integers(size)", "0"),
    ),
    Mutant(
        "3.3",
        "the last place never",
        "test_each_place_is_equally_likely",
        ("rng.integers(size)", "rng.integers(size - 1)"),
    ),
    Mutant(
        "3.3",
        "the oldest image",
        "test_each_place_is_equally_likely",
        (
            "            i = rng.integers(size)\n            shown, history[i] = history[i], image\n",
            "            shown = history.pop(0)\n            history.append(image)\n",
        ),
    ),
    Mutant(
        "3.3",
        "one decision for the minibatch",
        ("test_no_image_is_lost", "test_half_of_the_images_are_exchanged"),
        [
            ("    seen = []\n", "    seen, old = [], rng.random() < 0.5\n"),
            ("elif rng.random() < 0.5", "elif old"),
        ],
    ),
    Mutant(
        "3.3",
        "another list",
        ("test_the_history_fills_up", "test_no_image_is_lost"),
        ("    seen = []\n", "    seen, history = [], list(history)\n"),
    ),
    Mutant(
        "3.3",
        "no limit of the history",
        EXCHANGE,
        ("if len(history) < size:", "if True:"),
    ),
    Mutant(
        "3.3",
        "a history that is one too short",
        ("test_the_history_fills_up", "test_no_image_is_lost"),
        [
            ("if len(history) < size:", "if len(history) < size - 1:"),
            ("rng.integers(size)", "rng.integers(len(history))"),
        ],
    ),
    Mutant(
        "3.3",
        "old images before the history is full",
        ("test_the_history_fills_up",),
        (
            "        if len(history) < size:\n            history.append(image)\n",
            "        if len(history) < size:\n            history.append(image)\n"
            "            shown = history[0]\n",
        ),
    ),
    Alternative(
        "1.1",
        "from the inside to the outside",
        """
def get_unet(input_shape, channels, widths):
    def around(x, step):
        inner = down(x, widths[step])
        if step + 1 < len(widths):
            inner = around(inner, step + 1)
        before = widths[step - 1] if step else widths[0]
        return keras.layers.concatenate([x, up(inner, before)])

    image = keras.Input(shape=input_shape)
    drawn = keras.layers.Conv2D(channels, (3, 3), padding="same")(around(image, 0))
    return keras.Model(inputs=image, outputs=keras.layers.Activation("sigmoid")(drawn))
""",
    ),
    Alternative(
        "1.1",
        "a list of skip connections",
        """
def get_unet(input_shape, channels, widths):
    image = x = layers.Input(input_shape)
    skips = []
    for width in widths:
        skips.append(x)
        x = down(x, width)
    for width, skip in zip(reversed([widths[0]] + list(widths[:-1])), reversed(skips)):
        x = ops.concatenate([up(x, width), skip], axis=-1)
    x = layers.Conv2D(channels, 3, padding="same", activation=ops.sigmoid)(x)
    return keras.Model(image, x)
""",
    ),
    Alternative(
        "1.2",
        "activations in the layers",
        """
def get_patch_discriminator(image_shape, condition_shape, widths):
    inputs = [keras.Input(shape=image_shape), keras.Input(shape=condition_shape)]
    x = ops.concatenate(inputs[::-1], axis=-1)
    for width in widths:
        slope = layers.LeakyReLU(negative_slope=0.2)
        x = layers.Conv2D(width, (4, 4), (2, 2), "same", activation=slope)(x)
    return keras.Model(inputs, layers.Conv2D(1, (3, 3), padding="same")(x))
""",
    ),
    Alternative(
        "2.1",
        "Keras's cross-entropy from logits",
        """
def discriminator_loss(real, fake):
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    return (entropy(tf.ones_like(real), real) + entropy(tf.zeros_like(fake), fake)) / 2
""",
    ),
    Alternative(
        "2.2",
        "log-sigmoid of TensorFlow, and a loss of Keras",
        """
def generator_loss(fake, y, y_hat, lam):
    adversarial = -tf.reduce_mean(tf.math.log_sigmoid(fake))
    return adversarial + lam * keras.losses.MeanAbsoluteError()(y, y_hat)
""",
    ),
    Alternative(
        "2.3",
        "all under the tape, generated pairs first",
        """
class Pix2Pix(keras.Model):
    def __init__(self, generator, discriminator, lam=100.0):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.lam = lam
        self.built = True

    def compile(self, d_optimizer, g_optimizer, **options):
        super().compile(**options)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        d_optimizer.build(self.discriminator.trainable_variables)
        g_optimizer.build(self.generator.trainable_variables)

    def train_step(self, data):
        labels, portraits = data
        with tf.GradientTape() as tape:
            drawn = self.generator(labels, training=True)
            of_drawn = self.discriminator([drawn, labels], training=True)
            of_real = self.discriminator([portraits, labels], training=True)
            d_loss = discriminator_loss(real=of_real, fake=of_drawn)
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights))
        weights = self.generator.trainable_weights
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([w.value for w in weights])
            drawn = self.generator(labels, training=True)
            of_drawn = self.discriminator([drawn, labels], training=True)
            g_loss = generator_loss(of_drawn, portraits, drawn, self.lam)
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights))
        return {"g_loss": g_loss, "d_loss": d_loss}
""",
    ),
    Alternative(
        "3.1",
        "one function for each term",
        """
def apart(a, b):
    return keras.losses.MeanAbsoluteError()(a, b)


def cycle_loss(G, F, x, y):
    def through(images, *networks):
        for network in networks:
            images = network(images, training=True)
        return images

    return apart(x, through(x, G, F)) + apart(y, through(y, F, G))


def identity_loss(G, F, x, y):
    return apart(x, F(x, training=True)) + apart(y, G(y, training=True))
""",
    ),
    Alternative(
        "3.2",
        "each image is generated once",
        """
def update_generators(gan, x, y):
    weights = gan.F.trainable_weights + gan.G.trainable_weights
    with tf.GradientTape() as tape:
        to_y, to_x = gan.G(x, training=True), gan.F(y, training=True)
        loss = tf.reduce_mean((gan.D_Y(to_y, training=True) - 1) ** 2)
        loss += tf.reduce_mean((gan.D_X(to_x, training=True) - 1) ** 2)
        cycle = tf.reduce_mean(tf.abs(gan.F(to_y, training=True) - x))
        cycle += tf.reduce_mean(tf.abs(gan.G(to_x, training=True) - y))
        same = tf.reduce_mean(tf.abs(gan.G(y, training=True) - y))
        same += tf.reduce_mean(tf.abs(gan.F(x, training=True) - x))
        loss += gan.lam * (cycle + gan.mu * same)
    gan.g_optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
    return loss
""",
    ),
    Alternative(
        "3.3",
        "in an array",
        """
def exchange(new, history, size, rng):
    seen = np.empty_like(new)
    for k in range(len(new)):
        seen[k] = new[k]
        if len(history) < size:
            history += [new[k].copy()]
            continue
        if rng.integers(2):
            place = int(rng.uniform(0, size))
            seen[k] = history[place]
            history[place] = new[k].copy()
    return seen
""",
    ),
]
