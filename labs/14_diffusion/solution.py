# %% [markdown]
# # Lab 14. Diffusion
#
# A diffusion model learns to remove noise, and draws images: it starts from pure noise and removes it step by step. In this lab you write all of its parts: the noise, the loss, the estimates, the sampling, and guidance. A small network that is given puts them to work on digits.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: ATIV, "Diffusion Process"; NOTES, lesson 14, "Diffusion Models", "Training Step", "Sampling Procedure".

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
from ankeras import data, pictures
from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.grading import checker

check = checker("14_diffusion")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: few steps, to test that all cells run
train_data, test_data = data.load("digits")
X_train = train_data.images[: 500 if QUICK else 10_000]
y_train = train_data.labels[: len(X_train)]

# %% [markdown]
# ## 1. Noise
#
# The **signal rate** $\alpha_t$ is the share of the image's variance that is left after $t$ steps of noise (NOTES). A schedule says how it falls, from $\alpha_0 = 1$ to nearly 0. In the cosine schedule an angle grows by equal steps:
#
# $$ \alpha_t = \cos^2 \left( \frac t T \, \theta_T \right), \qquad t = 0, 1, \dots, T, \qquad \cos^2 \theta_T = \alpha_T $$
#
# **Exercise 1.1.** Return all signal rates of this schedule for a given $T$ and a given last rate $\alpha_T$.


# %% exercise="1.1" points=2
def cosine_schedule(n_steps, last_rate):
    """Return the signal rates alpha_0, ..., alpha_T.

    n_steps: T, an integer, at least 1.
    last_rate: alpha_T, a number in (0, 1).
    Returns: an array (T + 1,); its first value is 1 and its last value is last_rate.
    """
    ### BEGIN SOLUTION
    last_angle = np.arccos(np.sqrt(last_rate))
    return np.cos(np.arange(n_steps + 1) / n_steps * last_angle) ** 2
    ### END SOLUTION


# %% [markdown]
# The noisy image is (NOTES, "Training Step")
#
# $$ x_t = \sqrt{\alpha_t} \, x_0 + \sqrt{1 - \alpha_t} \, \epsilon, \qquad \epsilon \sim \mathcal N(0, I). $$
#
# **Exercise 1.2.** Return $x_t$ for a minibatch. Each image has **its own** signal rate.


# %% exercise="1.2" points=2
def add_noise(x_0, alpha, eps):
    """Return noisy images.

    x_0: (batch, height, width, channels), a tensor.
    alpha: (batch,), a tensor, the signal rate of each image.
    eps: noise of the shape of x_0, a tensor.
    Returns: x_t, a tensor of the shape of x_0.
    """
    ### BEGIN SOLUTION
    alpha = ops.reshape(alpha, (-1, 1, 1, 1))
    return ops.sqrt(alpha) * x_0 + ops.sqrt(1 - alpha) * eps
    ### END SOLUTION


# %%
digit = 2 * test_data.images[:1] - 1  # images are scaled to [-1, 1]
times = np.linspace(0, 1000, 10).astype(int)
rates = cosine_schedule(1000, 4e-4)[times].astype("float32")
noise = np.random.default_rng(0).normal(size=(10, *digit.shape[1:])).astype("float32")
noisy = add_noise(tf.repeat(tf.constant(digit), 10, axis=0), tf.constant(rates), tf.constant(noise))
pictures.image_grid(np.clip(0.5 * (ops.convert_to_numpy(noisy) + 1), 0, 1), columns=10)

# %% [markdown]
# ## 2. Training
#
# The network $\epsilon_\theta(x_t, \alpha_t)$ predicts the noise (ATIV):
#
# $$ L_{simple} = \mathbb E \, \lVert \epsilon - \epsilon_\theta(x_t, \alpha_t) \rVert^2 $$
#
# **Exercise 2.1.** Return this loss for a minibatch. The squares are **summed over the values of an image** and **averaged over the images**. Make $x_t$ inside of the function; do not use your `add_noise`.


# %% exercise="2.1" points=3
def diffusion_loss(network, x_0, alpha, eps):
    """Return L_simple of a minibatch.

    network: a function, (noisy images (batch, height, width, channels), signal rates (batch,))
        -> the predicted noise, of the shape of the images; tensors.
    x_0: (batch, height, width, channels), a tensor.
    alpha: (batch,), a tensor.
    eps: the noise, a tensor of the shape of x_0.
    Returns: a scalar, a tensor.
    """
    ### BEGIN SOLUTION
    a = ops.reshape(alpha, (-1, 1, 1, 1))
    x_t = ops.sqrt(a) * x_0 + ops.sqrt(1 - a) * eps
    squares = ops.square(eps - network(x_t, alpha))
    return ops.mean(ops.sum(squares, axis=(1, 2, 3)))
    ### END SOLUTION


# %% [markdown]
# Now the network is trained. It is a small U-Net, which also reads the class of the digit; in one of ten images the class is hidden, so that the network learns to predict with and without the class.

# %%
unet = get_diffusion_unet(X_train.shape[1:], condition_dim=10)
optimizer = keras.optimizers.Adam(1e-3)
optimizer.build(unet.trainable_variables)
schedule = tf.constant(cosine_schedule(1000, 4e-4).astype("float32"))


@tf.function
def train_step(x_0, labels):
    n = tf.shape(x_0)[0]
    alpha = tf.gather(schedule, tf.random.uniform((n,), 1, 1001, tf.int32))
    eps = tf.random.normal(tf.shape(x_0))
    c = tf.one_hot(labels, 10) * tf.cast(tf.random.uniform((n, 1)) > 0.1, tf.float32)
    with tf.GradientTape() as tape:
        loss = diffusion_loss(lambda x, a: unet([x, a[:, None], c]), x_0, alpha, eps)
    gradients = tape.gradient(loss, unet.trainable_variables)
    optimizer.apply_gradients(zip(gradients, unet.trainable_variables))
    return loss


batches = tf.data.Dataset.from_tensor_slices((2 * X_train - 1, y_train)).shuffle(10_000).batch(64)
for epoch in range(1 if QUICK else 5):
    losses = [float(train_step(x, y)) for x, y in batches]
    print(f"epoch {epoch + 1}: loss {np.mean(losses):.1f}")

# %% [markdown]
# ## 3. Sampling
#
# From the predicted noise we can compute the image that the network expects (NOTES):
#
# $$ \hat x_0 = \frac{x_t - \sqrt{1 - \alpha_t} \, \epsilon_\theta}{\sqrt{\alpha_t}} $$
#
# **Exercise 3.1.** Return $\hat x_0$, **clipped to $[-1, 1]$**, the range of images. All images have the same $\alpha_t$.


# %% exercise="3.1" points=2
def estimate_image(x_t, eps, alpha):
    """Return the expected images.

    x_t: (batch, height, width, channels), an array.
    eps: the predicted noise, an array of the same shape.
    alpha: the signal rate of x_t, a number in (0, 1).
    Returns: an array of the same shape, values in [-1, 1].
    """
    ### BEGIN SOLUTION
    x_0 = (x_t - np.sqrt(1 - alpha) * eps) / np.sqrt(alpha)
    return np.clip(x_0, -1, 1)
    ### END SOLUTION


# %% [markdown]
# **DDIM**, NOTES' sampling procedure. Start from noise $x_T$; at each time, compute $\epsilon_\theta$ and $\hat x_0$ as above, and mix both again at the next, larger signal rate:
#
# $$ x_{next} = \sqrt{\alpha_{next}} \, \hat x_0 + \sqrt{1 - \alpha_{next}} \, \epsilon $$
#
# $\hat x_0$ is clipped. So that $\hat x_0$ and $\epsilon$ fit together, $\epsilon$ is computed again from it: $\epsilon = (x_t - \sqrt{\alpha_t} \, \hat x_0) / \sqrt{1 - \alpha_t}$.
#
# **Exercise 3.2.** Return the images that this procedure reaches. `rates` holds the signal rates in the order in which they are visited, from $\alpha_T$ to 1, so there is one step fewer than there are rates.


# %% exercise="3.2" points=4
def sample(network, x, rates):
    """Return the images at the end of the sampling procedure.

    network: a function, (x_t (batch, height, width, channels), alpha_t, a number) -> the predicted
        noise, of the shape of x_t; arrays.
    x: the noise x_T, (batch, height, width, channels), an array.
    rates: an array of signal rates that rise; the last one is 1.
    Returns: an array of the shape of x.
    """
    ### BEGIN SOLUTION
    for i in range(len(rates) - 1):
        alpha, following = rates[i], rates[i + 1]
        x_0 = (x - np.sqrt(1 - alpha) * network(x, alpha)) / np.sqrt(alpha)
        x_0 = np.clip(x_0, -1, 1)
        eps = (x - np.sqrt(alpha) * x_0) / np.sqrt(1 - alpha)
        x = np.sqrt(following) * x_0 + np.sqrt(1 - following) * eps
    return x
    ### END SOLUTION


# %%
def predict(x, alpha, c):
    given = [x.astype("float32"), np.full((len(x), 1), alpha, "float32"), c]
    return unet.predict_on_batch(given)


steps = 5 if QUICK else 30
rates = cosine_schedule(1000, 4e-4)[np.linspace(1000, 0, steps + 1).astype(int)]
start = np.random.default_rng(1).normal(size=(40, *X_train.shape[1:]))
nothing = np.zeros((40, 10), "float32")
drawn = sample(lambda x, alpha: predict(x, alpha, nothing), start, rates)
pictures.image_grid(np.clip(0.5 * (drawn + 1), 0, 1), columns=10)

# %% [markdown]
# **DDPM**, the sampling of the paper, adds fresh noise in each step (Ho et al., equation 7). With $a = \alpha_t / \alpha_{next}$, the next image is drawn from $\mathcal N(\mu, \sigma^2 I)$ with
#
# $$ \mu = \frac{\sqrt{\alpha_{next}} \, (1 - a)}{1 - \alpha_t} \, \hat x_0 + \frac{\sqrt a \, (1 - \alpha_{next})}{1 - \alpha_t} \, x_t, \qquad \sigma^2 = \frac{1 - \alpha_{next}}{1 - \alpha_t} (1 - a) $$
#
# **Exercise 3.3.** Return $\mu$ and $\sigma$ (not $\sigma^2$).


# %% exercise="3.3" points=3
def posterior(x_t, x_0, alpha, following):
    """Return mean and standard deviation of the next image.

    x_t: (batch, height, width, channels), an array.
    x_0: the expected images, an array of the same shape.
    alpha: the signal rate of x_t, a number in (0, 1).
    following: the next signal rate, a number in (alpha, 1].
    Returns: (mu, sigma): an array of the shape of x_t, and a number.
    """
    ### BEGIN SOLUTION
    a = alpha / following
    mu = np.sqrt(following) * (1 - a) / (1 - alpha) * x_0
    mu = mu + np.sqrt(a) * (1 - following) / (1 - alpha) * x_t
    return mu, np.sqrt((1 - following) / (1 - alpha) * (1 - a))
    ### END SOLUTION


# %% [markdown]
# ## 4. Guidance
#
# The network predicts with a class $c$ and without one. Guidance with the weight $w$ goes further in the direction of the class:
#
# $$ \epsilon = \epsilon_{without} + w \, (\epsilon_c - \epsilon_{without}) $$
#
# **Exercise 4.1.** Return this $\epsilon$. The empty condition is a vector of zeros. The network is called on arrays; call it as often as you like.


# %% exercise="4.1" points=3
def guided_noise(network, x_t, alpha, c, w):
    """Return the predicted noise with guidance.

    network: a function, (x_t, alpha_t, conditions (batch, n)) -> the predicted noise, of the shape
        of x_t; arrays.
    x_t: (batch, height, width, channels), an array.
    alpha: the signal rate of x_t, a number.
    c: (batch, n), an array, one-hot labels.
    w: the weight, a number; 0 for no condition, 1 for no guidance.
    Returns: an array of the shape of x_t.
    """
    ### BEGIN SOLUTION
    without = network(x_t, alpha, np.zeros_like(c))
    return without + w * (network(x_t, alpha, c) - without)
    ### END SOLUTION


# %%
c = np.eye(10, dtype="float32")[np.tile(np.arange(10), 4)]
drawn = sample(lambda x, alpha: guided_noise(predict, x, alpha, c, 2.0), start, rates)
pictures.image_grid(np.clip(0.5 * (drawn + 1), 0, 1), columns=10, title="0 to 9, w = 2")

# %% [markdown]
# ## Questions
#
# 1. Why is $\alpha_T$ not exactly 0 in this lab? Which line would fail?
# 2. What is $\sigma$ in the last step of DDPM? What does that mean for the result?
# 3. Guidance combines two predictions of the noise. Why must you not combine two clipped images $\hat x_0$ in the same way?
# 4. Which of your functions need a change if the network predicts $x_0$ instead of $\epsilon$?

# %%
check()
