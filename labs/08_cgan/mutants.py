"""Wrong answers to lab 8 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

PROOF = [
    Mutant(
        "1.1",
        "always ten classes",
        ("test_one_row_per_label", "test_labels_of_any_integer_type"),
        ('"int32"), n_classes,', '"int32"), 10,'),
    ),
    Mutant(
        "1.1",
        "integers",
        "test_one_row_per_label",
        ('dtype="float32"', 'dtype="int32"'),
    ),
    Mutant(
        "1.1",
        "only the classes that occur",
        "test_labels_of_any_integer_type",
        ('"int32"), n_classes,', '"int32"), int(np.max(labels)) + 1,'),
    ),
    Mutant(
        "1.1",
        "classes counted from 1",
        ("test_one_row_per_label", "test_labels_of_any_integer_type"),
        ('ops.cast(labels, "int32")', 'ops.cast(labels, "int32") - 1'),
    ),
    Mutant(
        "1.1",
        "rows of NumPy's identity",
        "test_labels_of_any_integer_type",
        (
            'ops.one_hot(ops.cast(labels, "int32"), n_classes, dtype="float32")',
            'np.eye(n_classes, dtype="float32")[np.asarray(labels)]',
        ),
    ),
    Mutant(
        "1.1",
        "one column per label",
        ("test_one_row_per_label", "test_labels_of_any_integer_type"),
        ('n_classes, dtype="float32")', 'n_classes, axis=0, dtype="float32")'),
    ),
    Mutant(
        "1.2",
        "the label before the noise",
        ("test_label_comes_after_the_noise", "test_label_after_noise_of_any_size"),
        ("[z, y]", "[y, z]"),
    ),
    Mutant(
        "1.2",
        "appended as rows",
        ("test_label_comes_after_the_noise", "test_label_after_noise_of_any_size"),
        ("axis=-1", "axis=0"),
    ),
    Mutant(
        "1.2",
        "added, not appended",
        ("test_label_comes_after_the_noise", "test_label_after_noise_of_any_size"),
        ("ops.concatenate([z, y], axis=-1)", "z + y[:, : z.shape[-1]]"),
    ),
    Mutant(
        "1.2",
        "the number of the class",
        ("test_label_comes_after_the_noise", "test_label_after_noise_of_any_size"),
        ("[z, y]", '[z, ops.cast(ops.argmax(y, axis=-1), "float32")[:, None]]'),
    ),
    Mutant(
        "1.2",
        "four classes at most",
        "test_label_after_noise_of_any_size",
        ("[z, y]", "[z, y[:, :4]]"),
    ),
    Mutant(
        "1.3",
        "rows and columns exchanged",
        (
            "test_label_becomes_channels",
            "test_channels_inside_fit",
            "test_channels_after_images_of_any_size",
        ),
        ("(batch, height, width, y", "(batch, width, height, y"),
    ),
    Mutant(
        "1.3",
        "the channels before the image",
        (
            "test_label_becomes_channels",
            "test_channels_inside_fit",
            "test_channels_after_images_of_any_size",
        ),
        ("[s, maps]", "[maps, s]"),
    ),
    Mutant(
        "1.3",
        "the number of the class as one channel",
        (
            "test_label_becomes_channels",
            "test_channels_inside_fit",
            "test_channels_after_images_of_any_size",
        ),
        (
            "maps = ops.broadcast_to(y[:, None, None, :], (batch, height, width, y.shape[-1]))",
            'number = ops.cast(ops.argmax(y, axis=-1), "float32")[:, None, None, None]\n'
            "    maps = number * ops.ones((batch, height, width, 1))",
        ),
    ),
    Mutant(
        "1.3",
        "the label at only one pixel",
        (
            "test_label_becomes_channels",
            "test_channels_inside_fit",
            "test_channels_after_images_of_any_size",
        ),
        (
            "maps = ops.broadcast_to(y[:, None, None, :], (batch, height, width, y.shape[-1]))",
            "maps = ops.pad(y[:, None, None, :], "
            "[[0, 0], [0, height - 1], [0, width - 1], [0, 0]])",
        ),
    ),
    Mutant(
        "1.3",
        "a size that is None in a graph",
        "test_channels_inside_fit",
        ("ops.shape(s)\n", "s.shape\n"),
    ),
    Mutant(
        "1.3",
        "always ten classes",
        (
            "test_label_becomes_channels",
            "test_channels_inside_fit",
            "test_channels_after_images_of_any_size",
        ),
        ("(batch, height, width, y.shape[-1])", "(batch, height, width, 10)"),
    ),
    Mutant(
        "1.3",
        "grey images only",
        "test_channels_after_images_of_any_size",
        ("ops.concatenate([s, maps]", "ops.concatenate([s[..., :1], maps]"),
    ),
    Mutant(
        "2.1",
        "no room for the label in the noise",
        ("test_players_read_the_label", "test_players_of_colour_images"),
        (
            "ankeras.get_generator(d + n_classes, image_shape)",
            "ankeras.get_generator(d, image_shape)",
        ),
    ),
    Mutant(
        "2.1",
        "no room for the label in D",
        ("test_players_read_the_label", "test_players_of_colour_images"),
        ("(height, width, channels + n_classes)", "(height, width, channels)"),
    ),
    Mutant(
        "2.1",
        "one channel for the label",
        ("test_players_read_the_label", "test_players_of_colour_images"),
        ("channels + n_classes)", "channels + 1)"),
    ),
    Mutant(
        "2.1",
        "G draws the label's channels too",
        ("test_players_read_the_label", "test_players_of_colour_images"),
        (
            "ankeras.get_generator(d + n_classes, image_shape)",
            "ankeras.get_generator(d + n_classes, (height, width, channels + n_classes))",
        ),
    ),
    Mutant(
        "2.1",
        "grey images only",
        "test_players_of_colour_images",
        ("(height, width, channels + n_classes)", "(height, width, 1 + n_classes)"),
    ),
    Mutant(
        "2.1",
        "square images only",
        "test_players_of_colour_images",
        ("(height, width, channels + n_classes)", "(height, height, channels + n_classes)"),
    ),
    Mutant(
        "2.1",
        "batch normalization in D",
        "test_players_of_colour_images",
        (", batch_norm=False", ""),
    ),
    Mutant(
        "2.1",
        "the players exchanged",
        ("test_players_read_the_label", "test_players_of_colour_images"),
        ("return generator, discriminator", "return discriminator, generator"),
    ),
    Mutant(
        "2.2",
        "G draws without the label",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            "fake = self.generator(append_to_noise(self.draw_noise(m), y), training=True)",
            "fake = self.generator(append_to_noise(self.draw_noise(m), 0 * y), training=True)",
        ),
    ),
    Mutant(
        "2.2",
        "the label on real images only",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            "                self.discriminator(append_to_images(fake, y), training=True),\n",
            "                self.discriminator(append_to_images(fake, 0 * y), training=True),\n",
        ),
    ),
    Mutant(
        "2.2",
        "the label on generated images only",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        ("append_to_images(s, y)", "append_to_images(s, 0 * y)"),
    ),
    Mutant(
        "2.2",
        "D and G get different labels",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            "                self.discriminator(append_to_images(fake, y), training=True),\n",
            "                self.discriminator(append_to_images(fake, y[:, ::-1]), training=True),\n",
        ),
    ),
    Mutant(
        "2.2",
        "in G's step D gets no label",
        (
            "test_generator_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            "generator_loss(self.discriminator(append_to_images(fake, y)",
            "generator_loss(self.discriminator(append_to_images(fake, 0 * y)",
        ),
    ),
    Mutant(
        "2.2",
        "in G's step G gets no label",
        (
            "test_generator_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            "z = append_to_noise(self.draw_noise(m), y)",
            "z = append_to_noise(self.draw_noise(m), 0 * y)",
        ),
    ),
    Mutant(
        "2.2",
        "its own noise",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        (
            "fake = self.generator(append_to_noise(self.draw_noise(m), y), training=True)",
            "z = keras.random.normal((m, self.generator.input_shape[-1] - self.n_classes))\n"
            "        fake = self.generator(append_to_noise(z, y), training=True)",
        ),
    ),
    Mutant(
        "2.2",
        "the gradient stops at the image",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_losses_are_returned",
            "test_fit_plays",
            "test_networks_are_in_training_mode",
        ),
        (
            "            g_loss = generator_loss(",
            "            fake = ops.stop_gradient(fake)\n            g_loss = generator_loss(",
        ),
    ),
    Mutant(
        "2.2",
        "G descends D's loss too",
        ("test_generator_takes_its_step", "test_losses_are_returned"),
        [
            (
                "        fake = self.generator(append_to_noise(self.draw_noise(m), y), training=True)\n"
                "        with tf.GradientTape() as tape:\n",
                "        with tf.GradientTape(persistent=True) as tape:\n"
                "            fake = self.generator(append_to_noise(self.draw_noise(m), y), training=True)\n",
            ),
            (
                "        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)\n",
                "        theta_g = self.generator.trainable_variables\n"
                "        self.g_optimizer.apply(tape.gradient(d_loss, theta_g), theta_g)\n"
                "        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)\n",
            ),
        ],
    ),
    Mutant(
        "2.2",
        "the same noise for both steps",
        (
            "test_generator_takes_its_step",
            "test_losses_are_returned",
            "test_networks_are_in_training_mode",
        ),
        [
            (
                "fake = self.generator(append_to_noise(self.draw_noise(m), y), training=True)\n",
                "once = append_to_noise(self.draw_noise(m), y)\n"
                "        fake = self.generator(once, training=True)\n",
            ),
            ("z = append_to_noise(self.draw_noise(m), y)", "z = once"),
        ],
    ),
    Mutant(
        "2.2",
        "only G learns",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_losses_are_returned",
        ),
        ("        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)\n", ""),
    ),
    Mutant(
        "2.2",
        "real and generated exchanged",
        (
            "test_discriminator_takes_its_step",
            "test_generator_takes_its_step",
            "test_losses_are_returned",
        ),
        (
            "d_loss = discriminator_loss(",
            "d_loss = (lambda real, fake: discriminator_loss(fake, real))(",
        ),
    ),
    Mutant(
        "2.2",
        "the losses exchanged",
        ("test_losses_are_returned", "test_fit_plays", "test_networks_are_in_training_mode"),
        ('"d_loss": d_loss, "g_loss": g_loss', '"d_loss": g_loss, "g_loss": d_loss'),
    ),
    Mutant(
        "2.2",
        "G in inference mode",
        "test_networks_are_in_training_mode",
        ("fake = self.generator(z, training=True)", "fake = self.generator(z, training=False)"),
    ),
    Mutant(
        "2.2",
        "D in inference mode",
        "test_networks_are_in_training_mode",
        (
            "self.discriminator(append_to_images(s, y), training=True)",
            "self.discriminator(append_to_images(s, y), training=False)",
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
        "always three classes",
        ("test_fit_plays", "test_networks_are_in_training_mode"),
        ("y = one_hot(labels, self.n_classes)", "y = one_hot(labels, 3)"),
    ),
    Mutant(
        "3.1",
        "training mode",
        "test_generation_in_inference_mode",
        ("training=False", "training=True"),
    ),
    Mutant(
        "3.1",
        "the same noise for all images",
        "test_noise_is_drawn_anew",
        ("(len(labels), d))", "(1, d)) * np.ones((len(labels), 1), 'float32')"),
    ),
    Mutant(
        "3.1",
        "always the same noise",
        "test_noise_is_drawn_anew",
        ("(len(labels), d))", "(len(labels), d), seed=1)"),
    ),
    Mutant(
        "3.1",
        "uniform noise",
        "test_noise_is_drawn_anew",
        (
            "keras.random.normal((len(labels), d))",
            "keras.random.uniform((len(labels), d), -1.7, 1.7)",
        ),
    ),
    Mutant(
        "3.1",
        "the labels sorted",
        ("test_wanted_classes", "test_generation_in_inference_mode"),
        ("one_hot(labels, n_classes)", "one_hot(np.sort(labels)[::-1], n_classes)"),
    ),
    Mutant(
        "3.1",
        "the label before the noise",
        ("test_wanted_classes", "test_noise_is_drawn_anew", "test_generation_in_inference_mode"),
        (
            "append_to_noise(z, one_hot(labels, n_classes))",
            "append_to_noise(one_hot(labels, n_classes), z)",
        ),
    ),
    Mutant(
        "3.1",
        "always ten classes",
        ("test_wanted_classes", "test_noise_is_drawn_anew", "test_generation_in_inference_mode"),
        (
            "    d = generator.input_shape[-1] - n_classes\n",
            "    n_classes = 10\n    d = generator.input_shape[-1] - n_classes\n",
        ),
    ),
    Mutant(
        "3.1",
        "a tensor, not an array",
        "test_images_are_an_array",
        ("ops.convert_to_numpy(images)", "images"),
    ),
    Mutant(
        "3.2",
        "the number of hits",
        ("test_share_of_right_readings", "test_classifier_in_inference_mode"),
        ("np.mean(", "np.sum("),
    ),
    Mutant(
        "3.2",
        "the highest score among images",
        ("test_share_of_right_readings", "test_classifier_in_inference_mode"),
        (
            "np.mean(scores.argmax(axis=-1) == labels)",
            "np.mean(scores.argmax(axis=0)[labels] == labels)",
        ),
    ),
    Mutant(
        "3.2",
        "the share of wrong images",
        ("test_share_of_right_readings", "test_classifier_in_inference_mode"),
        ("== labels", "!= labels"),
    ),
    Mutant(
        "3.2",
        "the score of the label",
        ("test_share_of_right_readings", "test_classifier_in_inference_mode"),
        ("scores.argmax(axis=-1) == labels", "scores[np.arange(len(labels)), labels]"),
    ),
    Mutant(
        "3.2",
        "a score above one half",
        ("test_share_of_right_readings", "test_classifier_in_inference_mode"),
        ("scores.argmax(axis=-1) == labels", "scores[np.arange(len(labels)), labels] > 0.5"),
    ),
    Mutant(
        "3.2",
        "training mode",
        "test_classifier_in_inference_mode",
        (
            "classifier.predict(images, verbose=0)",
            "ops.convert_to_numpy(classifier(images, training=True))",
        ),
    ),
    Mutant(
        "3.2",
        "the first 32 images",
        "test_classifier_in_inference_mode",
        ("return float(", "scores, labels = scores[:32], labels[:32]\n    return float("),
    ),
    Alternative(
        "1.1",
        "tensorflow",
        """
def one_hot(labels, n_classes):
    return tf.one_hot(tf.cast(labels, tf.int64), depth=n_classes)
""",
    ),
    Alternative(
        "1.1",
        "a comparison with all classes",
        """
def one_hot(labels, n_classes):
    labels = ops.cast(labels, "int32")
    return ops.cast(labels[:, None] == ops.arange(n_classes, dtype="int32"), "float32")
""",
    ),
    Alternative(
        "1.2",
        "tensorflow",
        """
def append_to_noise(z, y):
    return tf.concat((z, y), axis=1)
""",
    ),
    Alternative(
        "1.2",
        "a layer",
        """
def append_to_noise(z, y):
    return layers.Concatenate()([tf.convert_to_tensor(z), tf.convert_to_tensor(y)])
""",
    ),
    Alternative(
        "1.3",
        "a product with ones",
        """
def append_to_images(s, y):
    ones = tf.ones_like(s[..., :1])
    return tf.concat([s, ones * y[:, tf.newaxis, tf.newaxis, :]], -1)
""",
    ),
    Alternative(
        "1.3",
        "tiles",
        """
def append_to_images(s, y):
    y = ops.reshape(y, (-1, 1, 1, y.shape[1]))
    return ops.concatenate([s, ops.tile(y, (1, s.shape[1], s.shape[2], 1))], axis=3)
""",
    ),
    Alternative(
        "2.1",
        "sizes by a tuple",
        """
def build_players(d, image_shape, n_classes):
    seen = tuple(image_shape[:2]) + (image_shape[2] + n_classes,)
    return (
        ankeras.get_generator((d + n_classes,), tuple(image_shape)),
        ankeras.get_discriminator(seen, batch_norm=False, widths=[32, 64, 128]),
    )
""",
    ),
    Alternative(
        "2.1",
        "by hand",
        """
def build_players(d, image_shape, n_classes):
    height, width, channels = image_shape
    generator = keras.Sequential([
        keras.Input((d + n_classes,)),
        layers.Dense(height * width * channels, activation="sigmoid"),
        layers.Reshape(image_shape),
    ])
    discriminator = keras.Sequential([keras.Input((height, width, channels + n_classes))])
    for n in (32, 64, 128):
        discriminator.add(layers.Conv2D(n, 4, strides=2, padding="same"))
        discriminator.add(layers.LeakyReLU(0.2))
    discriminator.add(layers.Flatten())
    discriminator.add(layers.Dense(1))
    return generator, discriminator
""",
    ),
    Alternative(
        "2.2",
        "two methods, and the channels by a function",
        """
class CGAN(keras.Model):
    def __init__(self, generator, discriminator, n_classes):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.n_classes = n_classes
        self.built = True

    def compile(self, d_optimizer, g_optimizer, **options):
        super().compile(**options)
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    def draw_noise(self, m):
        return keras.random.normal((m, self.generator.input_shape[-1] - self.n_classes))

    def draw(self, y):
        z = self.draw_noise(tf.shape(y)[0])
        return self.generator(tf.concat([z, y], 1), training=True)

    def score(self, s, y):
        return self.discriminator(append_to_images(s, y), training=True)

    def train_step(self, data):
        s, labels = data
        y = tf.one_hot(labels, self.n_classes)
        entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        with tf.GradientTape() as tape:
            of_fake, of_real = self.score(self.draw(y), y), self.score(s, y)
            d_loss = entropy(tf.ones_like(of_real), of_real)
            d_loss += entropy(tf.zeros_like(of_fake), of_fake)
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights))
        with tf.GradientTape() as tape:
            logits = self.score(self.draw(y), y)
            g_loss = entropy(tf.ones_like(logits), logits)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights))
        return {"g_loss": g_loss, "d_loss": d_loss}
""",
    ),
    Alternative(
        "2.2",
        "a graph",
        replace=(
            "    def train_step(self, batch):",
            "    @tf.function\n    def train_step(self, batch):",
        ),
    ),
    Alternative(
        "3.1",
        "predict, noise by NumPy",
        """
def generate(generator, labels, n_classes=10):
    n, d = len(labels), generator.input_shape[1] - n_classes
    z = np.random.default_rng().normal(size=(n, d))
    y = np.eye(n_classes)[labels]
    return generator.predict(np.concatenate([z, y], axis=1).astype("float32"), verbose=0)
""",
    ),
    Alternative(
        "3.2",
        "tensorflow",
        """
def conditional_accuracy(classifier, images, labels):
    read = tf.argmax(classifier(images, training=False), axis=1)
    return tf.reduce_mean(tf.cast(read == tf.cast(labels, read.dtype), tf.float32))
""",
    ),
    Alternative(
        "3.2",
        "counted",
        """
def conditional_accuracy(classifier, images, labels):
    hits = 0
    for scores, label in zip(classifier.predict(images, verbose=0), labels):
        hits += int(np.argmax(scores) == label)
    return hits / len(images)
""",
    ),
]
