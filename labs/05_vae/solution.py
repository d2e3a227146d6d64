# %% [markdown]
# # Lab 5. The variational autoencoder
#
# An autoencoder draws nothing new: nobody knows where its codes lie. You will build the model that puts them where we want them, train it, and draw digits that nobody wrote; then tell it *which* digit to draw.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: NOTES, lessons 14 and 16; DLSP, "Variational auto-encoder"; AE and ATIV, "Variational Autoencoders".

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
print(ankeras.setup(seed=42, precision="float32"))

# %% [markdown]
# ## 1. The three pieces of the loss
#
# For an image $x$ the encoder returns the mean $\mu$ and the *logarithm of the variance* $\log v$ of a Gaussian with $d$ independent dimensions, and the code is drawn from it:
#
# $$ z = \mu + \sqrt v \, \epsilon, \qquad \epsilon \sim \mathcal N(0, I_d). $$
#
# Drawn in this way, $z$ is a function of $\mu$ and $\log v$, and gradients pass through it.
#
# **Exercise 1.1.** Return $z$.


# %% exercise="1.1" points=2
def reparameterize(mu, log_var, eps):
    """Draw the codes.

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
# **Exercise 1.2.** One number an image.


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
# Clip $\hat x$ to $[10^{-6}, 1 - 10^{-6}]$ first: a single $\log 0$ would end the training.
#
# **Exercise 1.3.** One number an image again, for images of any shape.


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
# Now the step that `fit` repeats:
#
# $$ \ell = \ell_{reconstruction} + \beta \, \ell_{KL}, \qquad \text{averaged over the minibatch,} $$
#
# and one step of the optimizer on the weights of *both* networks. The encoder returns one tensor $h$ of $2d$ numbers an image: first $\mu$, then $\log v$.
#
# **Exercise 2.1.** Fill in `train_step`. Call the networks with `training=True`, and draw $\epsilon$ anew in each step.
#
# In `fit` this code runs as a graph: NumPy, or a fixed seed, would draw the same $\epsilon$ in every step, and the size of a minibatch may be unknown: there `ops.shape(mu)` works, and `mu.shape` does not.


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
        """Take one step on a minibatch x; return {"loss": ..., "reconstruction": ..., "kl": ...}."""
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
# Train it. With $d = 2$ the whole latent space can be drawn.

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
# Every point is a digit, and neighbours look alike. Where do classes change, and what stands there?
#
# ## 3. Sampling
#
# The training has pushed the codes towards $\mathcal N(0, I_d)$: draw from there, decode, and you have new images.
#
# **Exercise 3.1.** Draw $n$ images: new ones in every call. The decoder tells $d$ (its `input_shape`). Its layers must be in inference mode.


# %% exercise="3.1" points=3
def generate(decoder, n):
    """Draw n images from the prior.

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
# To say *which* digit to draw, the condition goes into both networks (NOTES, lesson 16): as a one-hot vector appended to the code, and as one-hot *channels* appended to the image: channel $k$ is 1 everywhere in images of class $k$, and 0 in others.
#
# **Exercise 4.1.** Both ways to append a label.


# %% exercise="4.1" points=4
def append_to_code(z, y):
    """Append the condition to the codes.

    z: (batch, d).   y: (batch, n_classes), one-hot.   Both are tensors.
    Returns: (batch, d + n_classes), a tensor.
    """
    ### BEGIN SOLUTION
    return ops.concatenate([z, y], axis=-1)
    ### END SOLUTION


def append_to_image(x, y):
    """Append the condition to the images, as channels.

    x: (batch, height, width, channels).   y: (batch, n_classes), one-hot.   Both are tensors.
    Returns: (batch, height, width, channels + n_classes), a tensor.
    """
    ### BEGIN SOLUTION
    batch, height, width, _ = ops.shape(x)
    maps = ops.broadcast_to(y[:, None, None, :], (batch, height, width, y.shape[-1]))
    return ops.concatenate([x, maps], axis=-1)
    ### END SOLUTION


# %% [markdown]
# The step that trains it differs in two lines from yours; here it is whole.


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
rows = tf.repeat(tf.eye(10), 8, axis=0)  # a row a class
z = tf.tile(np.random.default_rng(0).normal(size=(8, 8)).astype("float32"), (10, 1))
pictures.image_grid(
    latent.decode(cvae.decoder, ops.convert_to_numpy(append_to_code(z, rows))), columns=8
)

# %% [markdown]
# In each column the code is the same, in each row the class.
#
# ## Questions
#
# 1. In the last picture, what does the code hold now that the class need not be in it?
# 2. Train with `beta=10` and with `beta=0.01`. What happens to reconstructions, and what to samples?
# 3. Which term of the loss would stop `log_var` from going to minus infinity? What would the model be then?
# 4. Why are the samples blurred, and those of a GAN not?

# %%
check()
