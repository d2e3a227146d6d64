# %% [markdown]
# # Lab 5. The variational autoencoder
#
# An autoencoder cannot draw new images, because we do not know where its codes lie. The variational autoencoder is trained so that its codes follow a known distribution. You will build it, train it, and draw new digits. Then you will tell it *which* digit to draw.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: NOTES, lessons 14 and 16; DLSP, "Variational auto-encoder"; AE and ATIV, "Variational Autoencoders".

# %%
import ankeras

print(ankeras.setup(seed=42, precision="float32"))

# %% given=true
import os

import ankeras

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

# %%
from ankeras import data, latent, pictures
from ankeras.grading import checker

check = checker("05_vae")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run

# %% [markdown]
# ## 1. The three pieces of the loss
#
# For an image $x$ the encoder returns the mean $\mu$ and the *logarithm of the variance* $\log v$ of a Gaussian with $d$ independent dimensions. The code is drawn from this Gaussian:
#
# $$ z = \mu + \sqrt v \, \epsilon, \qquad \epsilon \sim \mathcal N(0, I_d). $$
#
# In this form $z$ is a function of $\mu$ and $\log v$, so it has gradients with respect to both.
#
# **Exercise 1.1.** Return $z$ for the given $\mu$, $\log v$ and $\epsilon$. All four have the shape `(batch, d)`.


# %% exercise="1.1" points=2
def reparameterize(mu, log_var, eps):
    """Return the codes z.

    mu, log_var: (batch, d), tensors.
    eps: (batch, d), drawn from N(0, I).
    Returns z: (batch, d), a tensor.
    """
    ### BEGIN SOLUTION
    return mu + ops.exp(0.5 * log_var) * eps
    ### END SOLUTION


# %% [markdown]
# The distance of this Gaussian from the prior $\mathcal N(0, I_d)$ (DLSP):
#
# $$ \ell_{KL} = \tfrac12 \sum_{i=1}^d \left( v_i - \log v_i - 1 + \mu_i^2 \right) $$
#
# **Exercise 1.2.** Return this distance for each image. The inputs have the shape `(batch, d)`; the result is one number per image, `(batch,)`.


# %% exercise="1.2" points=3
def kl_divergence(mu, log_var):
    """Return KL(N(mu, v I) || N(0, I)) of each image of a minibatch.

    mu, log_var: (batch, d), tensors.
    Returns: (batch,), a tensor.
    """
    ### BEGIN SOLUTION
    return 0.5 * ops.sum(ops.exp(log_var) - log_var - 1.0 + ops.square(mu), axis=-1)
    ### END SOLUTION


# %% [markdown]
# The decoder returns for each pixel the probability $\hat x_j$ that it is white. The reconstruction loss of an image is the binary cross-entropy, summed over its pixels:
#
# $$ \ell_{reconstruction} = - \sum_j \left[ x_j \log \hat x_j + (1 - x_j) \log (1 - \hat x_j) \right] $$
#
# First clip $\hat x$ to $[10^{-6}, 1 - 10^{-6}]$: a single $\log 0 = -\infty$ would make the whole loss infinite.
#
# **Exercise 1.3.** Return this loss for each image. The inputs are two minibatches of images of any shape, `(batch, ...)`; the result is one number per image, `(batch,)`.


# %% exercise="1.3" points=3
def reconstruction_loss(x, x_hat):
    """Return the binary cross-entropy of each image of a minibatch.

    x, x_hat: (batch, ...), tensors, images in [0, 1], with any number of axes after the first.
    Returns: (batch,), a tensor.
    """
    ### BEGIN SOLUTION
    x_hat = ops.clip(x_hat, 1e-6, 1 - 1e-6)
    of_pixels = -(x * ops.log(x_hat) + (1 - x) * ops.log(1 - x_hat))
    return ops.sum(of_pixels, axis=tuple(range(1, len(of_pixels.shape))))
    ### END SOLUTION


# %% [markdown]
# ## 2. Training
#
# Now the training step, which `fit` repeats. The loss is
#
# $$ \ell = \ell_{reconstruction} + \beta \, \ell_{KL}, \qquad \text{averaged over the minibatch,} $$
#
# and the optimizer takes one step on the weights of *both* networks. The encoder returns one tensor $h$ with $2d$ numbers per image: first $\mu$, then $\log v$.
#
# **Exercise 2.1.** Fill in `train_step`. Its input is a minibatch of images. Take one step and return the loss and its two terms, three numbers. Call the networks with `training=True`, and draw new $\epsilon$ in each step.
#
# In `fit` this code runs as a graph. There NumPy, or a fixed seed, would draw the same $\epsilon$ in every step. And the size of the minibatch may be unknown: `ops.shape(mu)` works, but `mu.shape` contains `None`.


# %% exercise="2.1" points=5
class VAE(keras.Model):
    """A variational autoencoder.

    encoder: (batch, *image) -> (batch, 2 d).
    decoder: (batch, d) -> (batch, *image).
    """

    def __init__(self, encoder, decoder, beta=1.0):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.beta = beta
        self.built = True

    def train_step(self, x):
        """Take one step on a minibatch x: (batch, *image).

        Returns {"loss": ..., "reconstruction": ..., "kl": ...}, three numbers.
        """
        ### BEGIN SOLUTION
        with tf.GradientTape() as tape:
            mu, log_var = ops.split(self.encoder(x, training=True), 2, axis=-1)
            z = reparameterize(mu, log_var, keras.random.normal(ops.shape(mu)))
            x_hat = self.decoder(z, training=True)
            reconstruction = ops.mean(reconstruction_loss(x, x_hat))
            kl = ops.mean(kl_divergence(mu, log_var))
            loss = reconstruction + self.beta * kl
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl}
        ### END SOLUTION


# %% [markdown]
# Train it. With $d = 2$ we can draw the whole latent space.

# %%
train_data, test_data = data.load("digits")
X_train = train_data.images[: 1000 if QUICK else 10_000]
vae = VAE(
    ankeras.get_encoder((28, 28, 1), 2 * 2, kind="mlp"),
    ankeras.get_decoder(2, (28, 28, 1), kind="mlp"),
)
vae.compile(keras.optimizers.Adam(2e-3))
logs = vae.fit(X_train, batch_size=100, epochs=1 if QUICK else 25, verbose=2).history
pictures.history(logs, ["reconstruction", "kl"])

# %%
pictures.latent_grid(latent.quantile_grid(vae.decoder), np.array([-2, -2]), np.array([2, 2]))

# %% [markdown]
# Every point gives a digit, and neighbours look similar. What do the images look like where one class changes to another?
#
# ## 3. Sampling
#
# After the training, the codes follow approximately $\mathcal N(0, I_d)$. So draw a code from $\mathcal N(0, I_d)$ and decode it: this is a new image.
#
# **Exercise 3.1.** Draw $n$ codes, decode them, and return the $n$ images as a NumPy array. Every call must draw new codes. You find $d$ in the decoder's `input_shape`. The layers must be in inference mode.


# %% exercise="3.1" points=3
def generate(decoder, n):
    """Return n new images: decoded codes that are drawn from the prior N(0, I).

    decoder: (batch, d) -> (batch, *image).
    Returns: (n, *image), a NumPy array.
    """
    ### BEGIN SOLUTION
    z = keras.random.normal((n, decoder.input_shape[-1]))
    return ops.convert_to_numpy(decoder(z, training=False))
    ### END SOLUTION


# %%
pictures.image_grid(generate(vae.decoder, 40))

# %% [markdown]
# ## 4. The conditional VAE
#
# To choose *which* digit is drawn, both networks get the label as a condition (NOTES, lesson 16). The label is a one-hot vector. It is appended to the code. And it is appended to the image as *channels*: channel $k$ is 1 at all pixels in images of class $k$, and 0 in other images.
#
# **Exercise 4.1.** Write both ways. `append_to_code` returns the code and then the label, `(batch, d + n_classes)`. `append_to_image` returns the channels of the image and then one channel per class, `(batch, height, width, channels + n_classes)`.


# %% exercise="4.1" points=4
def append_to_code(z, y):
    """Return the codes with the condition appended.

    z: (batch, d).   y: (batch, n_classes), one-hot.   Both are tensors.
    Returns: (batch, d + n_classes), a tensor.
    """
    ### BEGIN SOLUTION
    return ops.concatenate([z, y], axis=-1)
    ### END SOLUTION


def append_to_image(x, y):
    """Return the images with the condition appended as channels.

    x: (batch, height, width, channels).   y: (batch, n_classes), one-hot.   Both are tensors.
    Returns: (batch, height, width, channels + n_classes), a tensor.
    """
    ### BEGIN SOLUTION
    batch, height, width, _ = ops.shape(x)
    maps = ops.broadcast_to(y[:, None, None, :], (batch, height, width, y.shape[-1]))
    return ops.concatenate([x, maps], axis=-1)
    ### END SOLUTION


# %% [markdown]
# The training step differs from yours in two lines. Here is the whole step.


# %%
class CVAE(VAE):
    def train_step(self, batch):
        x, y = batch
        with tf.GradientTape() as tape:
            h = self.encoder(append_to_image(x, y), training=True)
            mu, log_var = ops.split(h, 2, axis=-1)
            z = reparameterize(mu, log_var, keras.random.normal(ops.shape(mu)))
            x_hat = self.decoder(append_to_code(z, y), training=True)
            reconstruction = ops.mean(reconstruction_loss(x, x_hat))
            kl = ops.mean(kl_divergence(mu, log_var))
            loss = reconstruction + self.beta * kl
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl}


Y_train = np.eye(10, dtype="float32")[train_data.labels[: len(X_train)]]
cvae = CVAE(
    ankeras.get_encoder((28, 28, 1 + 10), 2 * 8, kind="mlp"),
    ankeras.get_decoder(8 + 10, (28, 28, 1), kind="mlp"),
)
cvae.compile(keras.optimizers.Adam(2e-3))
cvae.fit(X_train, Y_train, batch_size=100, epochs=1 if QUICK else 25, verbose=2)

# %%
rows = tf.repeat(tf.eye(10), 8, axis=0)  # one row of images per class
z = tf.tile(np.random.default_rng(0).normal(size=(8, 8)).astype("float32"), (10, 1))
pictures.image_grid(
    latent.decode(cvae.decoder, ops.convert_to_numpy(append_to_code(z, rows))), columns=8
)

# %% [markdown]
# All images in a column have the same code. All images in a row have the same class.
#
# ## Questions
#
# 1. In the last picture, what does the code describe? The class is given separately.
# 2. Train with `beta=10` and with `beta=0.01`. What happens to the reconstructions, and what to the new images?
# 3. Which term of the loss prevents `log_var` from going to minus infinity? What would the model be without this term?
# 4. Why are the new images blurred? Why are those of a GAN not blurred?

# %%
check()
