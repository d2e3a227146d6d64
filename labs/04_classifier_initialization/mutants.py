"""Wrong answers to lab 4 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

PROOF = [
    Mutant(
        "1.1",
        "an image may be drawn twice",
        "test_no_row_is_drawn_twice",
        ("replace=False", "replace=True"),
    ),
    Mutant(
        "1.1",
        "n of each class",
        (
            "test_same_number_of_each_class",
            "test_no_row_is_drawn_twice",
            "test_rows_are_drawn_at_random",
        ),
        ("n // n_classes", "n"),
    ),
    Mutant(
        "1.1",
        "n images of any classes",
        "test_same_number_of_each_class",
        code="""
def few_labels(labels, n, rng):
    return rng.choice(len(labels), n, replace=False)
""",
    ),
    Mutant(
        "1.1",
        "always the first images of a class",
        "test_rows_are_drawn_at_random",
        (
            "rng.choice(np.flatnonzero(labels == k), n // n_classes, replace=False)",
            "np.flatnonzero(labels == k)[: n // n_classes]",
        ),
    ),
    Mutant(
        "1.1",
        "not drawn by rng",
        "test_rows_are_drawn_at_random",
        ("rng.choice(", "np.random.choice("),
    ),
    Mutant(
        "1.1",
        "always the same draw",
        "test_rows_are_drawn_at_random",
        (
            "n_classes = labels.max() + 1",
            "n_classes = labels.max() + 1\n    rng = np.random.default_rng(0)",
        ),
    ),
    Mutant(
        "1.1",
        "the labels instead of the rows",
        (
            "test_same_number_of_each_class",
            "test_no_row_is_drawn_twice",
            "test_rows_are_drawn_at_random",
        ),
        ("return np.concatenate(of_classes)", "return labels[np.concatenate(of_classes)]"),
    ),
    Mutant(
        "1.1",
        "the last class is missing",
        (
            "test_same_number_of_each_class",
            "test_no_row_is_drawn_twice",
            "test_rows_are_drawn_at_random",
        ),
        ("labels.max() + 1", "labels.max()"),
    ),
    Mutant(
        "1.1",
        "always ten classes",
        (
            "test_same_number_of_each_class",
            "test_no_row_is_drawn_twice",
            "test_rows_are_drawn_at_random",
        ),
        ("labels.max() + 1", "10"),
    ),
    Mutant(
        "2.1",
        "trains copies of the networks",
        ("test_networks_are_connected", "test_one_step_moves_both_networks"),
        (
            "decoder(encoder(input_layer))",
            "keras.models.clone_model(decoder)(keras.models.clone_model(encoder)(input_layer))",
        ),
    ),
    Mutant(
        "2.1",
        "the absolute error",
        "test_one_step_moves_both_networks",
        ('loss="mse"', 'loss="mae"'),
    ),
    Mutant(
        "2.1",
        "the error is summed over the values of an image",
        "test_one_step_moves_both_networks",
        (
            'loss="mse"',
            "loss=lambda x, x_hat: ops.sum(ops.square(x - x_hat), axis=tuple(range(1, x.ndim)))",
        ),
    ),
    Mutant(
        "2.1",
        "its own optimizer",
        ("test_one_step_moves_both_networks", "test_epochs_and_minibatches"),
        ("compile(optimizer,", 'compile("adam",'),
    ),
    Mutant(
        "2.1",
        "the decoder alone is trained",
        "test_one_step_moves_both_networks",
        (
            "    autoencoder.compile(",
            "    encoder.trainable = False\n    autoencoder.compile(",
        ),
    ),
    Mutant(
        "2.1",
        "the target is an empty image",
        "test_one_step_moves_both_networks",
        ("fit(images, images,", "fit(images, 0 * images,"),
    ),
    Mutant(
        "2.1",
        "always one epoch",
        "test_epochs_and_minibatches",
        ("epochs=epochs", "epochs=1"),
    ),
    Mutant(
        "2.1",
        "Keras's default size of a minibatch",
        "test_epochs_and_minibatches",
        ("batch_size=batch_size, ", ""),
    ),
    Mutant(
        "2.1",
        "nothing is returned",
        "test_networks_are_connected",
        ("    return autoencoder\n", ""),
    ),
    Mutant(
        "3.1",
        "probabilities instead of logits",
        "test_logits_are_a_linear_function_of_the_code",
        ("layers.Dense(n_classes)", 'layers.Dense(n_classes, activation="softmax")'),
    ),
    Mutant(
        "3.1",
        "two layers",
        "test_logits_are_a_linear_function_of_the_code",
        (
            "layers.Dense(n_classes)(encoder(input_layer))",
            'layers.Dense(n_classes)(layers.Dense(8, activation="relu")(encoder(input_layer)))',
        ),
    ),
    Mutant(
        "3.1",
        "a layer without bias",
        "test_logits_are_a_linear_function_of_the_code",
        ("layers.Dense(n_classes)", "layers.Dense(n_classes, use_bias=False)"),
    ),
    Mutant(
        "3.1",
        "a copy of the encoder",
        ("test_weights_are_shared", "test_classifiers_of_images"),
        ("(encoder(input_layer))", "(keras.models.clone_model(encoder)(input_layer))"),
    ),
    Mutant(
        "3.1",
        "always ten classes",
        ("test_logits_are_a_linear_function_of_the_code", "test_classifiers_of_images"),
        ("layers.Dense(n_classes)", "layers.Dense(10)"),
    ),
    Mutant(
        "3.1",
        "the encoder stays frozen",
        "test_classifiers_of_images",
        (
            "    input_layer = ",
            "    encoder.trainable = False\n    input_layer = ",
        ),
    ),
    Mutant(
        "3.1",
        "only one shape of images",
        "test_classifiers_of_images",
        ("encoder.input_shape[1:]", "(6,)"),
    ),
    Mutant(
        "3.2",
        "the number instead of the share",
        ("test_accuracy_is_the_share_of_right_classes", "test_many_images_in_inference_mode"),
        ("np.mean(", "np.sum("),
    ),
    Mutant(
        "3.2",
        "the largest over the images",
        ("test_accuracy_is_the_share_of_right_classes", "test_many_images_in_inference_mode"),
        (
            "np.argmax(logits, axis=-1) == labels",
            "np.argmax(logits, axis=0) == labels[: logits.shape[1]]",
        ),
    ),
    Mutant(
        "3.2",
        "the smallest logit",
        ("test_accuracy_is_the_share_of_right_classes", "test_many_images_in_inference_mode"),
        ("np.argmax(", "np.argmin("),
    ),
    Mutant(
        "3.2",
        "the share of wrong ones",
        ("test_accuracy_is_the_share_of_right_classes", "test_many_images_in_inference_mode"),
        ("== labels", "!= labels"),
    ),
    Mutant(
        "3.2",
        "in training mode",
        "test_many_images_in_inference_mode",
        (
            "logits = classifier.predict(images, batch_size=500, verbose=0)",
            "logits = ops.convert_to_numpy(classifier(images, training=True))",
        ),
    ),
    Mutant(
        "3.2",
        "only the first images count",
        "test_many_images_in_inference_mode",
        (
            "    logits = ",
            "    images, labels = images[:100], labels[:100]\n    logits = ",
        ),
    ),
    Mutant(
        "4.1",
        "the encoder is not frozen",
        ("test_only_the_head_moves", "test_batch_normalization_stays_in_inference_mode"),
        ("encoder.trainable = False", "encoder.trainable = True"),
    ),
    Mutant(
        "4.1",
        "frozen after the training",
        ("test_only_the_head_moves", "test_batch_normalization_stays_in_inference_mode"),
        (
            "    encoder.trainable = False\n    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n"
            "    classifier.compile(optimizer, loss=loss)\n"
            "    classifier.fit(batches, shuffle=False, verbose=0)\n",
            "    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n"
            "    classifier.compile(optimizer, loss=loss)\n"
            "    classifier.fit(batches, shuffle=False, verbose=0)\n"
            "    encoder.trainable = False\n",
        ),
    ),
    Mutant(
        "4.1",
        "the loss reads logits as probabilities",
        (
            "test_only_the_head_moves",
            "test_batch_normalization_stays_in_inference_mode",
            "test_one_step_per_minibatch",
        ),
        ("from_logits=True", "from_logits=False"),
    ),
    Mutant(
        "4.1",
        "the loss is summed over the minibatch",
        (
            "test_only_the_head_moves",
            "test_batch_normalization_stays_in_inference_mode",
            "test_one_step_per_minibatch",
        ),
        ("from_logits=True", 'from_logits=True, reduction="sum"'),
    ),
    Mutant(
        "4.1",
        "gradients for the head only, but batch normalization in training mode",
        "test_batch_normalization_stays_in_inference_mode",
        code="""
def train_frozen(classifier, encoder, batches, optimizer):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    ours = [id(v) for v in encoder.trainable_variables]
    head = [v for v in classifier.trainable_variables if id(v) not in ours]
    for x, y in batches:
        with tf.GradientTape() as tape:
            value = loss(y, classifier(x, training=True))
        optimizer.apply(tape.gradient(value, head), head)
""",
    ),
    Mutant(
        "4.1",
        "the layers are frozen, but not batch normalization",
        (
            "test_batch_normalization_stays_in_inference_mode",
            "test_encoder_is_trainable_afterwards",
        ),
        (
            "encoder.trainable = False",
            "for layer in encoder.layers:\n"
            "        layer.trainable = isinstance(layer, layers.BatchNormalization)",
        ),
    ),
    Mutant(
        "4.1",
        "its own optimizer",
        (
            "test_only_the_head_moves",
            "test_batch_normalization_stays_in_inference_mode",
            "test_one_step_per_minibatch",
        ),
        ("compile(optimizer,", "compile(keras.optimizers.Adam(1e-2),"),
    ),
    Mutant(
        "4.1",
        "the first minibatch only",
        "test_one_step_per_minibatch",
        ("fit(batches,", "fit(batches.take(1),"),
    ),
    Mutant(
        "4.1",
        "several times through the minibatches",
        (
            "test_only_the_head_moves",
            "test_batch_normalization_stays_in_inference_mode",
            "test_one_step_per_minibatch",
        ),
        ("fit(batches,", "fit(batches, epochs=2,"),
    ),
    Mutant(
        "4.1",
        "frozen for good",
        "test_encoder_is_trainable_afterwards",
        ("    encoder.trainable = True\n", ""),
    ),
    Mutant(
        "4.2",
        "everything at once",
        (
            "test_each_optimizer_takes_its_steps",
            "test_head_first_then_everything",
            "test_fine_tuning_on_several_minibatches",
        ),
        ("    train_frozen(classifier, encoder, batches, head_optimizer)\n", ""),
    ),
    Mutant(
        "4.2",
        "the head alone, twice",
        (
            "test_each_optimizer_takes_its_steps",
            "test_head_first_then_everything",
            "test_fine_tuning_on_several_minibatches",
        ),
        ("    classifier.compile(", "    encoder.trainable = False\n    classifier.compile("),
    ),
    Mutant(
        "4.2",
        "both optimizers exchanged",
        (
            "test_each_optimizer_takes_its_steps",
            "test_head_first_then_everything",
            "test_fine_tuning_on_several_minibatches",
        ),
        ("(optimizer, loss=loss)", "(head_optimizer, loss=loss)"),
    ),
    Mutant(
        "4.2",
        "the encoder alone in the second pass",
        ("test_head_first_then_everything", "test_fine_tuning_on_several_minibatches"),
        (
            "    classifier.compile(",
            "    classifier.layers[-1].trainable = False\n    classifier.compile(",
        ),
    ),
    Mutant(
        "4.2",
        "no new compile after the head's training",
        (
            "test_each_optimizer_takes_its_steps",
            "test_head_first_then_everything",
            "test_fine_tuning_on_several_minibatches",
        ),
        ("    classifier.compile(optimizer, loss=loss)\n", ""),
    ),
    Mutant(
        "4.2",
        "everything first, then the head",
        (
            "test_each_optimizer_takes_its_steps",
            "test_head_first_then_everything",
            "test_fine_tuning_on_several_minibatches",
        ),
        code="""
def fine_tune(classifier, encoder, batches, head_optimizer, optimizer):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(optimizer, loss=loss)
    classifier.fit(batches, shuffle=False, verbose=0)
    train_frozen(classifier, encoder, batches, head_optimizer)
""",
    ),
    Mutant(
        "4.2",
        "the loss reads logits as probabilities",
        (
            "test_each_optimizer_takes_its_steps",
            "test_head_first_then_everything",
            "test_fine_tuning_on_several_minibatches",
        ),
        ("from_logits=True", "from_logits=False"),
    ),
    Mutant(
        "4.2",
        "the second pass sees one minibatch",
        ("test_each_optimizer_takes_its_steps", "test_fine_tuning_on_several_minibatches"),
        ("fit(batches,", "fit(batches.take(1),"),
    ),
    Mutant(
        "5.1",
        "the encoder itself",
        ("test_copy_has_its_own_weights", "test_statistics_are_copied"),
        ("keras.models.clone_model(encoder)", "encoder"),
    ),
    Mutant(
        "5.1",
        "a new model with the same layers",
        ("test_copy_has_its_own_weights", "test_statistics_are_copied"),
        ("keras.models.clone_model(encoder)", "keras.Model(encoder.inputs, encoder.outputs[0])"),
    ),
    Mutant(
        "5.1",
        "new weights",
        ("test_copy_has_its_own_weights", "test_statistics_are_copied"),
        ("    copy.set_weights(encoder.get_weights())\n", ""),
    ),
    Mutant(
        "5.1",
        "without the running statistics",
        "test_statistics_are_copied",
        (
            "    copy.set_weights(encoder.get_weights())\n",
            "    for mine, its in zip(copy.trainable_variables, encoder.trainable_variables):\n"
            "        mine.assign(its)\n",
        ),
    ),
    Mutant(
        "5.1",
        "a frozen copy",
        "test_statistics_are_copied",
        ("    return copy\n", "    copy.trainable = False\n    return copy\n"),
    ),
    Alternative(
        "1.1",
        "a shuffled list, and the first rows of each class",
        """
def few_labels(labels, n, rng):
    classes = np.unique(labels)
    order = rng.permutation(len(labels))
    rows = []
    for k in classes:
        rows.extend(order[labels[order] == k][: n // len(classes)])
    return np.array(rows)
""",
    ),
    Alternative(
        "2.1",
        "a Sequential, and a loss by class",
        """
def train_autoencoder(encoder, decoder, images, optimizer, epochs, batch_size=100):
    autoencoder = keras.Sequential([keras.Input(images.shape[1:]), encoder, decoder])
    autoencoder.compile(loss=keras.losses.MeanSquaredError(), optimizer=optimizer, metrics=["mae"])
    autoencoder.fit(x=images, y=images, epochs=epochs, batch_size=batch_size, shuffle=True)
    return autoencoder
""",
    ),
    Alternative(
        "2.1",
        "a tape",
        """
def train_autoencoder(encoder, decoder, images, optimizer, epochs, batch_size=100):
    autoencoder = keras.Sequential([encoder, decoder])
    variables = encoder.trainable_variables + decoder.trainable_variables
    batches = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).batch(batch_size)
    for _ in range(epochs):
        for x in batches:
            with tf.GradientTape() as tape:
                x_hat = decoder(encoder(x, training=True), training=True)
                loss = tf.reduce_mean(tf.square(x - x_hat))
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return autoencoder
""",
    ),
    Alternative(
        "3.1",
        "a Sequential",
        """
def get_classifier(encoder, n_classes):
    return keras.Sequential([encoder, layers.Dense(n_classes, activation="linear")])
""",
    ),
    Alternative(
        "3.1",
        "on the encoder's own input",
        """
def get_classifier(encoder, n_classes):
    logits = layers.Dense(n_classes, name="head")(encoder.output)
    return keras.Model(inputs=encoder.input, outputs=logits, name="classifier")
""",
    ),
    Alternative(
        "3.2",
        "Keras's metric, piece by piece",
        """
def accuracy(classifier, images, labels):
    metric = keras.metrics.SparseCategoricalAccuracy()
    for start in range(0, len(images), 256):
        rows = slice(start, start + 256)
        metric.update_state(labels[rows], classifier(images[rows], training=False))
    return metric.result()
""",
    ),
    Alternative(
        "4.1",
        "a tape on the head, the encoder in inference mode",
        """
def train_frozen(classifier, encoder, batches, optimizer):
    of_encoder = {id(v) for v in encoder.trainable_variables}
    head = [v for v in classifier.trainable_variables if id(v) not in of_encoder]
    for x, y in batches:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, classifier(x, training=False))
            loss = tf.reduce_mean(losses)
        optimizer.apply_gradients(zip(tape.gradient(loss, head), head))
""",
    ),
    Alternative(
        "4.1",
        "layer by layer, then trainable as before",
        """
def train_frozen(classifier, encoder, batches, optimizer):
    before = [layer.trainable for layer in encoder.layers]
    for layer in encoder.layers:
        layer.trainable = False
    classifier.compile(
        optimizer=optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    classifier.fit(batches, epochs=1)
    for layer, trainable in zip(encoder.layers, before):
        layer.trainable = trainable
""",
    ),
    Alternative(
        "4.2",
        "both passes in one loop, without train_frozen",
        """
def fine_tune(classifier, encoder, batches, head_optimizer, optimizer):
    for chosen, frozen in ((head_optimizer, True), (optimizer, False)):
        encoder.trainable = not frozen
        classifier.compile(chosen, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        classifier.fit(batches, epochs=1, verbose=0)
""",
    ),
    Alternative(
        "4.2",
        "a tape for the second pass",
        """
def fine_tune(classifier, encoder, batches, head_optimizer, optimizer):
    train_frozen(classifier, encoder, batches, head_optimizer)
    variables = classifier.trainable_variables
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for x, y in batches:
        with tf.GradientTape() as tape:
            value = loss(y, classifier(x, training=True))
        optimizer.apply(tape.gradient(value, variables), variables)
""",
    ),
    Alternative(
        "5.1",
        "by the configuration",
        """
def copy_encoder(encoder):
    copy = type(encoder).from_config(encoder.get_config())
    for mine, its in zip(copy.weights, encoder.weights):
        mine.assign(its)
    return copy
""",
    ),
]
