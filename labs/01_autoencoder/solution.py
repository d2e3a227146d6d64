# %% [markdown]
# # Lab 1. The autoencoder
#
# An autoencoder is trained to reproduce its input through a small code. You will build its two networks as the lecture does, connect them, train them without any label, and see what the size of the code is worth.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it: it gives part of the points, further tests of your teacher the rest. An exercise's cell is graded on its own: keep what it needs inside it.
#
# Lectures: AN2DL, "Autoencoders" to "The size of the latent representation"; AE; NOTES, lesson 11; DLSP, "Reconstruction losses".

# %%
# On Colab this cell installs the package; elsewhere it does nothing.
import sys
from pathlib import Path

REPOSITORY = ""  # on Colab: the address of the course's repository, from your teacher
if "google.colab" in sys.modules:
    SOURCE = "../.." if Path("../../pyproject.toml").exists() else f"git+{REPOSITORY}"
    # %pip install -q {SOURCE}

# %% given=true
import os

import ankeras

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

# %%
from ankeras import data, metrics, plots
from ankeras.grading import checker

check = checker("01_autoencoder")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # set: little training, to try that all runs
print(ankeras.setup(seed=42))

train_data, test_data = data.load("digits")
X_train = train_data.images[: 500 if QUICK else 6000]
X_val, X_test = test_data.images[:500], test_data.images[500:1500]
print(f"{len(X_train)} training images of shape {X_train.shape[1:]}")
plots.image_grid(X_train[:60], columns=15)

# %% [markdown]
# ## 1. The networks
#
# $$ s \in \mathbb R^n \;\longrightarrow\; z = \mathcal E(s) \in \mathbb R^d \;\longrightarrow\; \hat s = \mathcal D(z) \in \mathbb R^n, \qquad d \ll n. $$
#
# The **encoder** $\mathcal E$ of the lecture (AN2DL, "Code for the encoder function"):
#
# - blocks of a convolution with stride 2, batch normalization and ReLU: each halves the image. Two blocks are enough here ($28 \to 14 \to 7$; the slides have three); with 16 and 32 channels they train in a minute.
# - flattening, and a dense layer with $d$ units and **no activation**: its values are the latent representation.
#
# We train with few steps. `BatchNormalization(momentum=0.9)` brings its running statistics up to date sooner than the default.
#
# **Exercise 1.1.** Build it with at least two such blocks.


# %% exercise="1.1" points=4
def get_encoder(enc_input_shape, enc_output_shape):
    """Build the encoder.

    enc_input_shape: (height, width, channels) of the images, with any sides of at least 8.
    enc_output_shape: the size d of the code, an integer.
    Returns a keras.Model named "encoder": (batch, height, width, channels) -> (batch, d).
    """
    ### BEGIN SOLUTION
    input_layer = layers.Input(shape=enc_input_shape, name="input_layer")
    x = input_layer
    for width in (16, 32):
        x = layers.Conv2D(width, 3, padding="same", strides=2)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)
    x = layers.Flatten()(x)
    output_layer = layers.Dense(enc_output_shape, name="output_layer")(x)
    return keras.Model(inputs=input_layer, outputs=output_layer, name="encoder")
    ### END SOLUTION


# %% [markdown]
# The **decoder** $\mathcal D$ goes the same way back (AN2DL, "Code for the decoder function"):
#
# - a dense layer from the code to a larger vector, batch normalization, ReLU, and a reshape of the vector to a small image: a quarter of the final height and width, with some channels,
# - blocks of up-sampling, convolution, batch normalization and ReLU: each doubles the image,
# - a last convolution, which returns to the channels of the image, and a sigmoid: pixels lie in $[0, 1]$.
#
# **Exercise 1.2.** Build it with two blocks. The height and the width are multiples of 4.


# %% exercise="1.2" points=4
def get_decoder(dec_input_shape, dec_output_shape):
    """Build the decoder.

    dec_input_shape: the size d of the code, an integer.
    dec_output_shape: (height, width, channels) of the images; height and width may differ and
        are multiples of 4.
    Returns a keras.Model named "decoder": (batch, d) -> (batch, height, width, channels),
    values in [0, 1].
    """
    ### BEGIN SOLUTION
    height, width, channels = dec_output_shape
    n_rows, n_cols, n_channels = height // 4, width // 4, 32
    input_layer = layers.Input(shape=(dec_input_shape,), name="input_layer")
    x = layers.Dense(n_rows * n_cols * n_channels)(input_layer)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.ReLU()(x)
    x = layers.Reshape((n_rows, n_cols, n_channels))(x)
    for n_filters in (32, 16):
        x = layers.UpSampling2D()(x)
        x = layers.Conv2D(n_filters, 3, padding="same")(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)
    x = layers.Conv2D(channels, 3, padding="same")(x)
    output_layer = layers.Activation("sigmoid")(x)
    return keras.Model(inputs=input_layer, outputs=output_layer, name="decoder")
    ### END SOLUTION


# %% [markdown]
# The **autoencoder** is $\mathcal D(\mathcal E(\cdot))$ (AN2DL, "Code for the autoencoder"). Both networks must be found in it whole, as `autoencoder.get_layer("encoder")` and `autoencoder.get_layer("decoder")`: to train it is to train them, and later each is used alone.
#
# **Exercise 1.3.** Build new networks with your two functions and connect them.


# %% exercise="1.3" points=4
def get_autoencoder(ae_input_shape, latent_dim):
    """Build the autoencoder.

    ae_input_shape: (height, width, channels) of the images, of the input and of the output.
    latent_dim: the size d of the code.
    Returns a keras.Model named "autoencoder", with the layers "encoder" and "decoder":
    (batch, height, width, channels) -> the same.
    """
    ### BEGIN SOLUTION
    encoder = get_encoder(ae_input_shape, latent_dim)
    decoder = get_decoder(latent_dim, ae_input_shape)
    input_layer = layers.Input(shape=ae_input_shape)
    z = encoder(input_layer)
    output_layer = decoder(z)
    return keras.Model(inputs=input_layer, outputs=output_layer, name="autoencoder")
    ### END SOLUTION


# %%
autoencoder = get_autoencoder(X_train.shape[1:], 32)
autoencoder.get_layer("encoder").summary()
autoencoder.get_layer("decoder").summary()

# %% [markdown]
# ## 2. The loss
#
# The target is the input itself. The reconstruction loss of a minibatch of $m$ images is the squared error, **summed over all pixels and channels** of an image and **averaged over the images**:
#
# $$ L = \frac 1 m \sum_{j=1}^m \lVert x^{(j)} - \hat x^{(j)} \rVert^2, \qquad \hat x = \mathcal D(\mathcal E(x)). $$
#
# (DLSP writes $\frac12$ before it, and the slides' `MeanSquaredError` averages over pixels as well: constant factors, with the same optimum.)
#
# **Exercise 2.1.** One number for the minibatch.


# %% exercise="2.1" points=3
def reconstruction_loss(x, x_hat):
    """Return the reconstruction loss of a minibatch.

    x, x_hat: (batch, ...), float32, with any number of axes after the first; tensors or arrays.
    Returns: one number, a tensor of shape ().
    """
    ### BEGIN SOLUTION
    of_pixels = ops.square(x - x_hat)
    of_images = ops.sum(of_pixels, axis=tuple(range(1, len(of_pixels.shape))))
    return ops.mean(of_images)
    ### END SOLUTION


# %% [markdown]
# ## 3. Training
#
# The slides' training options are Adam with a learning rate of $10^{-3}$, the metrics `"mse"` and `"mae"` (by these names), and two callbacks, which both watch the loss on the validation images, `"val_loss"`:
#
# - **early stopping**: once the loss has not fallen for 10 epochs, the training ends and the best weights come back,
# - **reduction of the learning rate**: once the loss has not fallen for 5 epochs, the rate is multiplied by 0.5, but never goes below $10^{-5}$.
#
# **Exercise 3.1.** Compile an autoencoder with these options and your `reconstruction_loss`; and make the callbacks. A callback keeps what it has seen, so make new ones in every call.


# %% exercise="3.1" points=5
def compile_autoencoder(autoencoder):
    """Compile the model that is given, and return it.

    autoencoder: a keras.Model, (batch, ...) -> the same shape.
    """
    ### BEGIN SOLUTION
    autoencoder.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=reconstruction_loss,
        metrics=["mse", "mae"],
    )
    return autoencoder
    ### END SOLUTION


def slide_callbacks():
    """Return a list of two Keras callbacks: EarlyStopping and ReduceLROnPlateau."""
    ### BEGIN SOLUTION
    return [
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=5, factor=0.5, min_lr=1e-5),
    ]
    ### END SOLUTION


# %% [markdown]
# **Exercise 3.2.** Train a compiled autoencoder with `fit`. What is the target, of the training images and of the validation images?


# %% exercise="3.2" points=4
def train(autoencoder, X_train, X_val, epochs, batch_size):
    """Train with the callbacks of exercise 3.1, without output (verbose=0) or with.

    autoencoder: a compiled keras.Model.
    X_train, X_val: (n, *image), NumPy arrays: images to train on, and images to watch.
    epochs: how often all of X_train is seen, at most.
    batch_size: images a step.
    Returns: the dictionary of what fit logged; it holds the lists "loss" and "val_loss".
    """
    ### BEGIN SOLUTION
    history = autoencoder.fit(
        X_train,  # the input
        X_train,  # the target for the autoencoder is the input itself
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(X_val, X_val),
        callbacks=slide_callbacks(),
        verbose=2,
    )
    return history.history
    ### END SOLUTION


# %% [markdown]
# Train the autoencoder with $d = 32$. (The callbacks of the slides are made for long trainings: here they have little to do.)

# %%
EPOCHS, BATCH = 1 if QUICK else 8, 50
compile_autoencoder(autoencoder)
logs = train(autoencoder, X_train, X_val, EPOCHS, BATCH)
plots.history(logs, ["loss", "mae"])

# %%
plots.reconstructions(X_test, {"d = 32": autoencoder.predict(X_test[:12], verbose=0)}, n=12)

# %% [markdown]
# ## 4. The size of the code
#
# "The larger the latent representation, the better images are reconstructed" (AN2DL). By how much? That is to be measured on images that were not trained on: the mean over **all** test images of $\lVert x - \hat x \rVert^2$, with the networks in inference mode.
#
# **Exercise 4.1.** Measure it for several $d$. A function that returns a trained autoencoder is given to you: call it once for each $d$.


# %% exercise="4.1" points=3
def errors_by_size(sizes, train_one, X_test):
    """Return the test error for each size of the code.

    sizes: a list of integers, the sizes d.
    train_one: a function; train_one(d) returns a trained autoencoder with a code of size d.
    X_test: (n, *image), a NumPy array.
    Returns: a dictionary, d -> the error (a float): the squared error summed over the pixels,
    averaged over all n images.
    """
    ### BEGIN SOLUTION
    errors = {}
    for d in sizes:
        x_hat = train_one(d).predict(X_test, verbose=0)
        errors[d] = float(np.sum((X_test - x_hat) ** 2) / len(X_test))
    return errors
    ### END SOLUTION


# %% [markdown]
# One autoencoder is trained for each size. Beside them stands PCA with $d$ components, the best *linear* encoder and decoder (AE).

# %%
SIZES = [2, 8, 32]
trained = {32: autoencoder}


def train_one(d):
    if d not in trained:
        trained[d] = compile_autoencoder(get_autoencoder(X_train.shape[1:], d))
        train(trained[d], X_train, X_val, EPOCHS, BATCH)
    return trained[d]


errors = errors_by_size(SIZES, train_one, X_test)
n_pixels = X_train[0].size
pca = {d: n_pixels * metrics.pca_error(X_train, X_test, d) for d in SIZES}
for d in SIZES:
    print(
        f"d = {d:2}: {n_pixels / d:5.1f} pixels for each number of the code, "
        f"error {errors[d]:5.1f} (PCA {pca[d]:5.1f})"
    )
plots.curves(
    SIZES,
    {"PCA": list(pca.values()), "autoencoder": list(errors.values())},
    x_label="size of the code d",
    y_label="test error $||x - \\hat x||^2$",
)

# %%
plots.reconstructions(
    X_test, {f"d = {d}": trained[d].predict(X_test[:12], verbose=0) for d in SIZES}, n=12
)

# %% [markdown]
# This compression is *data-specific* (NOTES, lesson 11): it has been learnt for digits. Here is what becomes of other images: mirrored digits, negatives, noise, and faces in grey.

# %%
faces = data.faces(3, seed=1, size=32).images[:, 2:30, 2:30].mean(axis=-1, keepdims=True)
noise = np.random.default_rng(0).random((3, 28, 28, 1)).astype("float32")
mirrored = X_test[[6, 10, 11], :, ::-1]
strange = np.concatenate([X_test[:3], mirrored, 1 - X_test[:3], noise, faces])
rebuilt = autoencoder.predict(strange, verbose=0)
of_images = np.sum((strange - rebuilt) ** 2, axis=(1, 2, 3))
kinds = ["digits", "mirrored", "negatives", "noise", "faces"]
for kind, error in zip(kinds, of_images.reshape(5, 3).mean(axis=1)):
    print(f"{kind:12} error {error:6.1f}")
plots.reconstructions(strange, {"d = 32": rebuilt}, n=15)

# %% [markdown]
# ## Questions
#
# 1. Which part of the network prevents it from copying its input? Which error could be reached with $d = n$, and would the code be worth anything?
# 2. Which digits become one another at $d = 2$? What has the network kept of them, and what has it dropped?
# 3. The loss is the same whether an error of one pixel is made in a stroke or beside it. How does this show in the reconstructions?
# 4. How could the last picture be used to find images that do not belong to a data set? Which of these kinds would be missed?
# 5. PCA is the best linear code of size $d$. At which $d$ does the autoencoder gain most over it, in proportion? Why is $d = 2$ so hard for both?

# %%
check()
