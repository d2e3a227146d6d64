"""Wrong answers to lab 1 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

PROOF = [
    Mutant(
        "1.1",
        "always two numbers, for any d",
        ("test_one_code_per_image", "test_codes_are_not_bounded", "test_encoder_of_other_images"),
        ("layers.Dense(enc_output_shape,", "layers.Dense(2,"),
    ),
    Mutant(
        "1.1",
        "no stride",
        "test_image_is_halved_twice",
        ('padding="same", strides=2', 'padding="same"'),
    ),
    Mutant(
        "1.1",
        "a single block",
        "test_image_is_halved_twice",
        ("(16, 32)", "(32,)"),
    ),
    Mutant(
        "1.1",
        "ReLU on the code",
        "test_codes_are_not_bounded",
        ('name="output_layer")(x)', 'activation="relu", name="output_layer")(x)'),
    ),
    Mutant(
        "1.1",
        "tanh on the code",
        "test_codes_are_not_bounded",
        ('name="output_layer")(x)', 'activation="tanh", name="output_layer")(x)'),
    ),
    Mutant(
        "1.1",
        "no flattening",
        ("test_one_code_per_image", "test_codes_are_not_bounded", "test_encoder_of_other_images"),
        ("    x = layers.Flatten()(x)\n", ""),
    ),
    Mutant(
        "1.1",
        "only images of 28x28",
        ("test_codes_are_not_bounded", "test_encoder_of_other_images"),
        ("layers.Flatten()(x)", "layers.Reshape((7 * 7 * 32,))(x)"),
    ),
    Mutant(
        "1.1",
        "always one channel",
        "test_encoder_of_other_images",
        ("layers.Input(shape=enc_input_shape,", "layers.Input(shape=(*enc_input_shape[:2], 1),"),
    ),
    Mutant(
        "1.1",
        "no batch normalization",
        "test_encoder_of_other_images",
        ("        x = layers.BatchNormalization(momentum=0.9)(x)\n", ""),
    ),
    Mutant(
        "1.1",
        "the name of the other network",
        "test_one_code_per_image",
        ('name="encoder"', 'name="decoder"'),
    ),
    Mutant(
        "1.2",
        "linear output",
        ("test_one_image_per_code", "test_pixels_lie_between_0_and_1"),
        ('layers.Activation("sigmoid")(x)', "x"),
    ),
    Mutant(
        "1.2",
        "tanh at the end",
        ("test_one_image_per_code", "test_pixels_lie_between_0_and_1"),
        ('"sigmoid"', '"tanh"'),
    ),
    Mutant(
        "1.2",
        "ReLU at the end",
        ("test_one_image_per_code", "test_pixels_lie_between_0_and_1"),
        ('"sigmoid"', '"relu"'),
    ),
    Mutant(
        "1.2",
        "softmax over a single channel",
        ("test_one_image_per_code", "test_pixels_lie_between_0_and_1"),
        ('"sigmoid"', '"softmax"'),
    ),
    Mutant(
        "1.2",
        "a single up-sampling",
        (
            "test_one_image_per_code",
            "test_pixels_lie_between_0_and_1",
            "test_images_grow_by_convolutions",
            "test_decoder_of_other_images",
        ),
        ("(32, 16)", "(16,)"),
    ),
    Mutant(
        "1.2",
        "no convolution in the blocks",
        "test_images_grow_by_convolutions",
        ('        x = layers.Conv2D(n_filters, 3, padding="same")(x)\n', ""),
    ),
    Mutant(
        "1.2",
        "dense layers only",
        (
            "test_one_image_per_code",
            "test_pixels_lie_between_0_and_1",
            "test_images_grow_by_convolutions",
        ),
        code="""
def get_decoder(dec_input_shape, dec_output_shape):
    z = layers.Input((dec_input_shape,))
    x = layers.BatchNormalization()(layers.Dense(64)(z))
    x = layers.Dense(int(np.prod(dec_output_shape)), activation="sigmoid")(layers.ReLU()(x))
    return keras.Model(z, layers.Reshape(dec_output_shape)(x), name="decoder")
""",
    ),
    Mutant(
        "1.2",
        "no padding",
        (
            "test_one_image_per_code",
            "test_pixels_lie_between_0_and_1",
            "test_decoder_of_other_images",
        ),
        ('layers.Conv2D(n_filters, 3, padding="same")', "layers.Conv2D(n_filters, 3)"),
    ),
    Mutant(
        "1.2",
        "always starts with 7x7",
        ("test_pixels_lie_between_0_and_1", "test_decoder_of_other_images"),
        ("height // 4, width // 4, 32", "7, 7, 32"),
    ),
    Mutant(
        "1.2",
        "square images only",
        "test_decoder_of_other_images",
        ("height // 4, width // 4, 32", "height // 4, height // 4, 32"),
    ),
    Mutant(
        "1.2",
        "always one channel",
        ("test_pixels_lie_between_0_and_1", "test_decoder_of_other_images"),
        ("layers.Conv2D(channels,", "layers.Conv2D(1,"),
    ),
    Mutant(
        "1.2",
        "no batch normalization",
        "test_decoder_of_other_images",
        code="""
def get_decoder(dec_input_shape, dec_output_shape):
    height, width, channels = dec_output_shape
    decoder = keras.Sequential(name="decoder")
    decoder.add(layers.Input((dec_input_shape,)))
    decoder.add(layers.Dense(height // 4 * (width // 4) * 8, activation="relu"))
    decoder.add(layers.Reshape((height // 4, width // 4, 8)))
    for n_filters in (8, 8):
        decoder.add(layers.UpSampling2D())
        decoder.add(layers.Conv2D(n_filters, 3, padding="same", activation="relu"))
    decoder.add(layers.Conv2D(channels, 3, padding="same", activation="sigmoid"))
    return decoder
""",
    ),
    Mutant(
        "1.3",
        "the decoder of another autoencoder",
        (
            "test_one_reconstruction_per_image",
            "test_both_networks_are_inside",
            "test_autoencoder_of_other_images",
        ),
        (
            "    output_layer = decoder(z)\n",
            "    output_layer = decoder(z)\n"
            "    twin = get_decoder(latent_dim, ae_input_shape)\n"
            "    twin.name = 'twin'\n"
            "    output_layer = 0.5 * (output_layer + twin(z))\n",
        ),
    ),
    Mutant(
        "1.3",
        "the layers of the encoder, not the encoder",
        (
            "test_one_reconstruction_per_image",
            "test_both_networks_are_inside",
            "test_autoencoder_of_other_images",
        ),
        (
            "    return keras.Model(inputs=input_layer, outputs=output_layer,",
            "    output_layer = decoder(encoder.output)\n"
            "    return keras.Model(inputs=encoder.input, outputs=output_layer,",
        ),
    ),
    Mutant(
        "1.3",
        "something between the networks",
        (
            "test_one_reconstruction_per_image",
            "test_both_networks_are_inside",
            "test_autoencoder_of_other_images",
        ),
        ("z = encoder(input_layer)", "z = ops.tanh(encoder(input_layer))"),
    ),
    Mutant(
        "1.3",
        "ends at the code",
        (
            "test_one_reconstruction_per_image",
            "test_both_networks_are_inside",
            "test_autoencoder_of_other_images",
        ),
        ("outputs=output_layer", "outputs=z"),
    ),
    Mutant(
        "1.3",
        "no name",
        "test_one_reconstruction_per_image",
        (', name="autoencoder"', ""),
    ),
    Mutant(
        "1.3",
        "always the same size of the code",
        "test_autoencoder_of_other_images",
        (
            "    encoder = get_encoder(ae_input_shape, latent_dim)\n",
            "    latent_dim = 3\n    encoder = get_encoder(ae_input_shape, latent_dim)\n",
        ),
    ),
    Mutant(
        "1.3",
        "always the same shape of images",
        "test_autoencoder_of_other_images",
        (
            "    encoder = get_encoder(ae_input_shape, latent_dim)\n",
            "    ae_input_shape = (*ae_input_shape[:2], 1)\n"
            "    encoder = get_encoder(ae_input_shape, latent_dim)\n",
        ),
    ),
    Mutant(
        "2.1",
        "averaged over pixels",
        (
            "test_loss_has_the_right_value",
            "test_loss_of_perfect_and_of_worst_images",
            "test_loss_of_any_shape",
        ),
        ("ops.sum(", "ops.mean("),
    ),
    Mutant(
        "2.1",
        "summed over the images",
        (
            "test_loss_has_the_right_value",
            "test_loss_of_perfect_and_of_worst_images",
            "test_loss_of_any_shape",
        ),
        ("ops.mean(of_images)", "ops.sum(of_images)"),
    ),
    Mutant(
        "2.1",
        "one number per image",
        (
            "test_loss_has_the_right_value",
            "test_loss_of_perfect_and_of_worst_images",
            "test_loss_of_any_shape",
        ),
        ("ops.mean(of_images)", "of_images"),
    ),
    Mutant(
        "2.1",
        "absolute errors",
        ("test_loss_has_the_right_value", "test_loss_of_any_shape"),
        ("ops.square(x - x_hat)", "ops.abs(x - x_hat)"),
    ),
    Mutant(
        "2.1",
        "the square of the sum",
        (
            "test_loss_has_the_right_value",
            "test_loss_of_perfect_and_of_worst_images",
            "test_loss_of_any_shape",
        ),
        ("return ops.mean(of_images)", "return ops.mean(ops.square(ops.sum(x - x_hat)))"),
    ),
    Mutant(
        "2.1",
        "the norm, not its square",
        (
            "test_loss_has_the_right_value",
            "test_loss_of_perfect_and_of_worst_images",
            "test_loss_of_any_shape",
        ),
        ("ops.mean(of_images)", "ops.mean(ops.sqrt(of_images))"),
    ),
    Mutant(
        "2.1",
        "images with three axes only",
        "test_loss_of_any_shape",
        ("axis=tuple(range(1, len(of_pixels.shape)))", "axis=(1, 2, 3)"),
    ),
    Mutant(
        "2.1",
        "batches of four only",
        ("test_loss_of_perfect_and_of_worst_images", "test_loss_of_any_shape"),
        ("ops.mean(of_images)", "ops.sum(of_images) / 4"),
    ),
    Mutant(
        "3.1",
        "another optimizer",
        "test_optimizer_is_that_of_the_slides",
        ("keras.optimizers.Adam(1e-3)", "keras.optimizers.SGD(1e-3)"),
    ),
    Mutant(
        "3.1",
        "another learning rate",
        "test_optimizer_is_that_of_the_slides",
        ("Adam(1e-3)", "Adam(1e-2)"),
    ),
    Mutant(
        "3.1",
        "nothing is returned",
        ("test_optimizer_is_that_of_the_slides", "test_loss_and_metrics"),
        ("    return autoencoder\n", ""),
    ),
    Mutant(
        "3.1",
        "the error averaged over pixels",
        "test_loss_and_metrics",
        ("loss=reconstruction_loss", "loss=keras.losses.MeanSquaredError()"),
    ),
    Mutant(
        "3.1",
        "no metrics",
        "test_loss_and_metrics",
        ('metrics=["mse", "mae"],', ""),
    ),
    Mutant(
        "3.1",
        "the last weights are kept",
        "test_early_stopping",
        (", restore_best_weights=True", ""),
    ),
    Mutant(
        "3.1",
        "stops on the training loss",
        "test_early_stopping",
        ('EarlyStopping(monitor="val_loss"', 'EarlyStopping(monitor="loss"'),
    ),
    Mutant(
        "3.1",
        "the two patiences exchanged",
        ("test_early_stopping", "test_reduction_of_the_rate"),
        code="""
def compile_autoencoder(autoencoder):
    autoencoder.compile(keras.optimizers.Adam(1e-3), reconstruction_loss, metrics=["mse", "mae"])
    return autoencoder


def slide_callbacks():
    return [
        keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(patience=10, factor=0.5, min_lr=1e-5),
    ]
""",
    ),
    Mutant(
        "3.1",
        "the default factor",
        "test_reduction_of_the_rate",
        (", factor=0.5", ""),
    ),
    Mutant(
        "3.1",
        "the rate falls to zero",
        "test_reduction_of_the_rate",
        (", min_lr=1e-5", ""),
    ),
    Mutant(
        "3.1",
        "the same callbacks for every training",
        "test_callbacks_are_new",
        code="""
def compile_autoencoder(autoencoder):
    autoencoder.compile(keras.optimizers.Adam(1e-3), reconstruction_loss, metrics=["mse", "mae"])
    return autoencoder


CALLBACKS = [
    keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True),
    keras.callbacks.ReduceLROnPlateau(patience=5, factor=0.5, min_lr=1e-5),
]


def slide_callbacks():
    return CALLBACKS
""",
    ),
    Mutant(
        "3.2",
        "no target",
        ("test_the_target_is_the_input", "test_minibatches_and_epochs"),
        ("        X_train,  # the target for the autoencoder is the input itself\n", ""),
    ),
    Mutant(
        "3.2",
        "the target is black",
        "test_the_target_is_the_input",
        (
            "        X_train,  # the target for the autoencoder is the input itself\n",
            "        np.zeros_like(X_train),\n",
        ),
    ),
    Mutant(
        "3.2",
        "validated on the training images",
        ("test_the_target_is_the_input", "test_minibatches_and_epochs"),
        ("validation_data=(X_val, X_val)", "validation_data=(X_train, X_train)"),
    ),
    Mutant(
        "3.2",
        "trained on the validation images too",
        ("test_the_target_is_the_input", "test_minibatches_and_epochs"),
        (
            "    history = autoencoder.fit(\n",
            "    X_train = np.concatenate([X_train, X_val])\n    history = autoencoder.fit(\n",
        ),
    ),
    Mutant(
        "3.2",
        "no callbacks",
        "test_training_stops_by_itself",
        ("callbacks=slide_callbacks(),", ""),
    ),
    Mutant(
        "3.2",
        "only the first callback",
        "test_training_stops_by_itself",
        ("slide_callbacks()", "slide_callbacks()[:1]"),
    ),
    Mutant(
        "3.2",
        "the default batch",
        "test_minibatches_and_epochs",
        ("        batch_size=batch_size,\n", ""),
    ),
    Mutant(
        "3.2",
        "one epoch",
        ("test_training_stops_by_itself", "test_minibatches_and_epochs"),
        ("        epochs=epochs,\n", ""),
    ),
    Mutant(
        "3.2",
        "the object, not its dictionary",
        (
            "test_the_target_is_the_input",
            "test_training_stops_by_itself",
            "test_minibatches_and_epochs",
        ),
        ("return history.history", "return history"),
    ),
    Mutant(
        "4.1",
        "averaged over pixels",
        ("test_errors_of_known_networks", "test_error_in_inference_mode"),
        ("np.sum((X_test - x_hat) ** 2) / len(X_test)", "np.mean((X_test - x_hat) ** 2)"),
    ),
    Mutant(
        "4.1",
        "summed over the images",
        ("test_errors_of_known_networks", "test_error_in_inference_mode"),
        (" / len(X_test)", ""),
    ),
    Mutant(
        "4.1",
        "the same network for every size",
        (
            "test_errors_of_known_networks",
            "test_each_network_is_trained_once",
            "test_error_in_inference_mode",
        ),
        ("train_one(d).predict", "train_one(sizes[0]).predict"),
    ),
    Mutant(
        "4.1",
        "trained twice",
        "test_each_network_is_trained_once",
        (
            "        x_hat = train_one(d).predict(",
            "        train_one(d)\n        x_hat = train_one(d).predict(",
        ),
    ),
    Mutant(
        "4.1",
        "a list without the sizes",
        ("test_errors_of_known_networks", "test_error_in_inference_mode"),
        ("return errors", "return list(errors.values())"),
    ),
    Mutant(
        "4.1",
        "networks in training mode",
        "test_error_in_inference_mode",
        (".predict(X_test, verbose=0)", "(X_test, training=True).numpy()"),
    ),
    Mutant(
        "4.1",
        "only the first minibatch",
        "test_error_in_inference_mode",
        (
            "    for d in sizes:\n",
            "    X_test = X_test[:32]\n    for d in sizes:\n",
        ),
    ),
    Mutant(
        "4.1",
        "an average of averages over unequal minibatches",
        "test_error_in_inference_mode",
        code="""
def errors_by_size(sizes, train_one, X_test):
    errors = {}
    for d in sizes:
        network, of_batches = train_one(d), []
        for i in range(0, len(X_test), 32):
            x = X_test[i : i + 32]
            of_batches.append(float(reconstruction_loss(x, network(x, training=False))))
        errors[d] = float(np.mean(of_batches))
    return errors
""",
    ),
    Alternative(
        "1.1",
        "three blocks, Sequential, leaky activations",
        """
def get_encoder(enc_input_shape, enc_output_shape):
    encoder = keras.Sequential([keras.Input(enc_input_shape)], name="encoder")
    for n in (64, 64, 64):
        encoder.add(layers.Conv2D(n, 4, 2, "same", use_bias=False))
        encoder.add(layers.BatchNormalization())
        encoder.add(layers.LeakyReLU())
    encoder.add(layers.Flatten())
    encoder.add(layers.Dense(enc_output_shape))
    return encoder
""",
    ),
    Alternative(
        "1.1",
        "its own class",
        """
class Encoder(keras.Model):
    def __init__(self, d):
        super().__init__(name="encoder")
        self.down = [layers.Conv2D(n, 3, strides=(2, 2), padding="same") for n in (8, 16)]
        self.norms = [layers.BatchNormalization(momentum=0.9) for _ in self.down]
        self.head = layers.Dense(d)

    def call(self, x, training=None):
        for conv, norm in zip(self.down, self.norms):
            x = ops.relu(norm(conv(x), training=training))
        return self.head(ops.reshape(x, (ops.shape(x)[0], int(np.prod(x.shape[1:])))))


def get_encoder(enc_input_shape, enc_output_shape):
    encoder = Encoder(enc_output_shape)
    encoder(np.zeros((1, *enc_input_shape), "float32"))
    return encoder
""",
    ),
    Alternative(
        "1.2",
        "transposed convolutions, Sequential",
        """
def get_decoder(dec_input_shape, dec_output_shape):
    h, w, c = dec_output_shape
    blocks = [keras.Input((dec_input_shape,)), layers.Dense((h // 4) * (w // 4) * 16)]
    blocks += [layers.BatchNormalization(), layers.ReLU(), layers.Reshape((h // 4, w // 4, 16))]
    for n in (64, 32):
        blocks += [layers.Conv2DTranspose(n, 4, 2, "same"), layers.BatchNormalization()]
        blocks += [layers.ReLU()]
    blocks += [layers.Conv2D(c, 3, padding="same", activation="sigmoid")]
    return keras.Sequential(blocks, name="decoder")
""",
    ),
    Alternative(
        "1.3",
        "Sequential",
        """
def get_autoencoder(ae_input_shape, latent_dim):
    return keras.Sequential(
        [
            keras.Input(ae_input_shape),
            get_encoder(ae_input_shape, latent_dim),
            get_decoder(latent_dim, ae_input_shape),
        ],
        name="autoencoder",
    )
""",
    ),
    Alternative(
        "1.3",
        "the decoder called on the encoder's code in one line",
        """
def get_autoencoder(ae_input_shape, latent_dim):
    E, D = get_encoder(ae_input_shape, latent_dim), get_decoder(latent_dim, ae_input_shape)
    s = keras.Input(ae_input_shape)
    return keras.Model(s, D(E(s)), name="autoencoder")
""",
    ),
    Alternative(
        "2.1",
        "tensorflow, on flat images",
        """
def reconstruction_loss(x, x_hat):
    error = tf.reshape(x_hat - x, (tf.shape(x)[0], -1))
    return tf.reduce_mean(tf.reduce_sum(error ** 2, axis=1))
""",
    ),
    Alternative(
        "2.1",
        "the sum of all, divided by the number of images",
        """
def reconstruction_loss(x, x_hat):
    x, x_hat = tf.convert_to_tensor(x), tf.convert_to_tensor(x_hat)
    return tf.norm(x - x_hat) ** 2 / tf.cast(tf.shape(x)[0], "float32")
""",
    ),
    Alternative(
        "3.1",
        "defaults left out, metrics as objects, callbacks the other way round",
        """
def compile_autoencoder(autoencoder):
    mse = keras.metrics.MeanSquaredError(name="mse")
    mae = keras.metrics.MeanAbsoluteError(name="mae")
    autoencoder.compile("adam", lambda y, y_hat: reconstruction_loss(y, y_hat), metrics=[mse, mae])
    return autoencoder


def slide_callbacks():
    reduce = tf.keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=5, min_lr=0.00001)
    stop = tf.keras.callbacks.EarlyStopping(patience=10, mode="min", restore_best_weights=True)
    return [reduce, stop]
""",
    ),
    Alternative(
        "3.2",
        "a data set of pairs",
        """
def train(autoencoder, X_train, X_val, epochs, batch_size):
    pairs = tf.data.Dataset.from_tensor_slices((X_train, X_train))
    val = tf.data.Dataset.from_tensor_slices((X_val, X_val)).batch(batch_size)
    pairs = pairs.shuffle(len(X_train)).batch(batch_size)
    autoencoder.fit(
        pairs, epochs=epochs, validation_data=val, callbacks=slide_callbacks(), verbose=0
    )
    return autoencoder.history.history
""",
    ),
    Alternative(
        "4.1",
        "a comprehension with the loss of exercise 2.1",
        """
def errors_by_size(sizes, train_one, X_test):
    def error(network):
        return float(reconstruction_loss(tf.constant(X_test), network(X_test, training=False)))

    return {d: error(train_one(d)) for d in sizes}
""",
    ),
]
