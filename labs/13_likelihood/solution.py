# %% [markdown]
# # Lab 13. Likelihood
#
# A likelihood model computes the probability of a given image, and is trained to make it large for the training images. In this lab you write the parts of two such models. A **PixelCNN** predicts each pixel from the pixels before it. A **normalizing flow** turns data into Gaussian noise, step by step, and each step can be inverted.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: ATIV, "Autoregressive maximum likelihood methods"; NOTES, lesson 14, "Dimension preserving".

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
from ankeras.data.densities import Gaussians
from ankeras.grading import checker

import matplotlib.pyplot as plt

check = checker("13_likelihood")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: few steps, to test that all cells run
train_data, test_data = data.load("digits")


def small_binary(images):
    """Return images of 14x14 pixels of 0 and 1, from grey images of 28x28."""
    small = images.reshape(-1, 14, 2, 14, 2, 1).mean(axis=(2, 4))
    return (small > 0.4).astype("float32")


X_train = small_binary(train_data.images[: 300 if QUICK else 10_000])
X_test = small_binary(test_data.images[: 100 if QUICK else 1_000])
pictures.image_grid(X_test[:20], columns=10)

# %% [markdown]
# ## 1. What a pixel may see
#
# The pixels $x_1, x_2, \dots$ of an image are in the order of reading: row by row, from left to right. The probability of an image is a product (ATIV):
#
# $$ p(x) = \prod_i p(x_i \mid x_1, \dots, x_{i-1}) $$
#
# A PixelCNN is a convolutional network that returns one logit per pixel, for all pixels at once. The logit of pixel $i$ may depend on $x_1, \dots, x_{i-1}$ alone. So the kernels are multiplied by a **mask** that is 1 where the kernel sees allowed pixels, and 0 elsewhere. The middle of the kernel lies on pixel $i$.
#
# - Type A is 1 at the pixels **before** the middle, in the order of reading. The first layer has this type: it reads the image.
# - Type B is 1 at these pixels and at the **middle** itself. The other layers have this type: they read features of pixel $i$, which have not seen $x_i$.
#
# **Exercise 1.1.** Return the mask.


# %% exercise="1.1" points=3
def causal_mask(height, width, kind):
    """Return the mask of a kernel.

    height, width: of the kernel, odd integers; they may differ.
    kind: "A" or "B".
    Returns: an array (height, width), values 0 and 1.
    """
    ### BEGIN SOLUTION
    mask = np.zeros((height, width))
    mask[: height // 2] = 1
    mask[height // 2, : width // 2] = 1
    if kind == "B":
        mask[height // 2, width // 2] = 1
    return mask
    ### END SOLUTION


# %% [markdown]
# Whether a network keeps the order is checked by a gradient. Let $o_{ij}$ be the sum of all outputs at pixel $(i, j)$, row $i$ and column $j$, from 0. The influence of the pixel $(k, l)$ on it is
#
# $$ I_{kl} = \sum_c \left| \frac{\partial o_{ij}}{\partial x_{klc}} \right|, $$
#
# where $c$ runs over the channels of the image. If $I_{kl} = 0$, the pixel $(k, l)$ does not reach the output.
#
# **Exercise 1.2.** Return the influence of all pixels of one image. `x` is a tensor, not a variable: the tape must watch it.


# %% exercise="1.2" points=3
def influence(network, x, i, j):
    """Return the influence of all pixels on the outputs at pixel (i, j).

    network: a function, (1, height, width, channels) -> (1, height, width, outputs), tensors.
    x: (1, height, width, channels), a tensor.
    i, j: row and column, integers from 0.
    Returns: (height, width), a tensor.
    """
    ### BEGIN SOLUTION
    with tf.GradientTape() as tape:
        tape.watch(x)
        o = ops.sum(network(x)[0, i, j])
    return ops.sum(ops.abs(tape.gradient(o, x)[0]), axis=-1)
    ### END SOLUTION


# %% [markdown]
# Here are a masked convolution and the PixelCNN. Each hidden layer adds its output to its input.


# %%
class MaskedConv2D(layers.Conv2D):
    """A convolution whose kernel is multiplied by a mask."""

    def __init__(self, filters, side, kind):
        super().__init__(filters, side, padding="same")
        self.mask = causal_mask(side, side, kind)[:, :, None, None].astype("float32")

    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, kernel * self.mask)


def get_pixelcnn(image_shape, first="A", width=32, n_layers=5):
    """Build a PixelCNN: images -> one logit per pixel, of the shape of the images."""
    x = keras.Input(image_shape)
    h = ops.relu(MaskedConv2D(width, 3, first)(x))
    for _ in range(n_layers):
        h = h + MaskedConv2D(width, 3, "B")(ops.relu(h))
    h = layers.Conv2D(width, 1, activation="relu")(ops.relu(h))
    return keras.Model(x, layers.Conv2D(image_shape[-1], 1)(h))


# %% [markdown]
# Which pixels reach the logit in the middle of an image of $15 \times 15$ pixels? They are white, and black pixels do not reach it. The pixel in the middle itself is red if it does not reach it. On the right, the first layer has the wrong type: then the network can simply copy the pixel that it must predict.

# %%
image = tf.constant(np.random.default_rng(0).random((1, 15, 15, 1)).astype("float32"))
maps = []
for first in ("A", "B"):
    reached = ops.convert_to_numpy(influence(get_pixelcnn((15, 15, 1), first), image, 7, 7)) > 0
    maps.append(reached.astype("float32"))
    maps[-1][7, 7] = max(maps[-1][7, 7], 0.5)
pictures.gallery(maps, ["first layer of type A", "first layer of type B"], columns=2)

# %% [markdown]
# ## 2. The likelihood of binary images
#
# A pixel $x_i$ is 0 or 1. With the logit $l_i$, $p(x_i = 1 \mid x_1, \dots, x_{i-1}) = \sigma(l_i) = 1 / (1 + e^{-l_i})$, so
#
# $$ -\log p(x_i \mid x_1, \dots, x_{i-1}) = \log(1 + e^{l_i}) - x_i \, l_i, \qquad -\log p(x) = \sum_i -\log p(x_i \mid x_1, \dots, x_{i-1}). $$
#
# With the natural logarithm, the unit is the **nat**. For a logit of 100, $e^l$ is infinite in float32. Keras has a function that computes $\log(1 + e^l)$ for any $l$.
#
# **Exercise 2.1.** Return $-\log p(x)$ of each image. It must also be right for logits of $\pm 100$ and more.


# %% exercise="2.1" points=3
def negative_log_likelihood(x, logits):
    """Return -log p(x) of each image, in nats.

    x: (batch, height, width, channels), a tensor, values 0 and 1.
    logits: a tensor of the same shape.
    Returns: (batch,), a tensor: the sum over all values of an image.
    """
    ### BEGIN SOLUTION
    of_pixels = ops.softplus(logits) - x * logits
    return ops.sum(of_pixels, axis=(1, 2, 3))
    ### END SOLUTION


# %% [markdown]
# Now the PixelCNN is trained: its loss is $-\log p(x)$, averaged over the minibatch. For comparison: a model that knows only how often each pixel is 1.

# %%
pixelcnn = get_pixelcnn(X_train.shape[1:])
BATCH, EPOCHS = 32, 1 if QUICK else 2
schedule = keras.optimizers.schedules.CosineDecay(3e-3, EPOCHS * len(X_train) // BATCH)
pixelcnn.compile(keras.optimizers.Adam(schedule), loss=negative_log_likelihood)
pixelcnn.fit(X_train, X_train, batch_size=BATCH, epochs=EPOCHS, verbose=2)

# %%
frequency = X_train.mean(axis=0).clip(0.001, 0.999)
alone = np.log(frequency / (1 - frequency))  # the logits if each pixel is independent of the others
logits = {
    "each pixel alone": np.broadcast_to(alone, X_test.shape).astype("float32"),
    "PixelCNN": pixelcnn.predict(X_test, verbose=0),
}
for name, values in logits.items():
    nats = negative_log_likelihood(tf.constant(X_test), tf.constant(values))
    print(f"{name}: {np.mean(nats):.1f} nats per test image")

# %% [markdown]
# ## 3. Drawing pixel by pixel
#
# To draw an image, pixel after pixel is drawn in the order of reading, given the pixels before it: "slow because of sequential generation" (ATIV). With a number $u$ that is uniform in $[0, 1)$, a pixel is
#
# $$ x_i = 1 \;\text{ if }\; u_i < \sigma(l_i), \quad \text{ else } 0. $$
#
# **Exercise 3.1.** Draw $n$ images at once. The pixels that are not drawn yet are 0. The numbers $u$ are given, so that the result can be checked. Compute the logits again for each pixel.


# %% exercise="3.1" points=3
def draw_images(logits_of, u):
    """Draw images pixel by pixel.

    logits_of: a function, images (n, height, width, 1) -> logits of the same shape; arrays. The
        logit of a pixel depends on the pixels before it.
    u: (n, height, width, 1), an array of uniform numbers, one per pixel.
    Returns: an array of the shape of u, values 0 and 1.
    """
    ### BEGIN SOLUTION
    x = np.zeros(u.shape)
    for i in range(u.shape[1]):
        for j in range(u.shape[2]):
            p = 1 / (1 + np.exp(-logits_of(x)[:, i, j]))
            x[:, i, j] = u[:, i, j] < p
    return x
    ### END SOLUTION


# %%
n = 2 if QUICK else 20
u = np.random.default_rng(0).random((n, *X_train.shape[1:]))
drawn = draw_images(lambda x: pixelcnn.predict_on_batch(x.astype("float32")), u)
pictures.image_grid(drawn, title="drawn by the PixelCNN", columns=10)

# %% [markdown]
# ## 4. Normalizing flows
#
# A flow is "a long chain of transformations, assuming that all the transformations are invertible" (NOTES). It turns a vector $x$ into $z = f(x)$ of the same dimension. Here a step is an **affine coupling**. The vector consists of two halves, $x = (a, b)$. The first half stays, and decides how the second half is scaled and shifted:
#
# $$ y = \big( a, \; b \odot e^{s(a)} + t(a) \big), \qquad \log \left| \det \frac{\partial y}{\partial x} \right| = \sum_k s_k(a) $$
#
# $s$ and $t$ are computed by a network. It returns $s$ and $t$, each with as many values as $b$.
#
# **Exercise 4.1.** Return $y$ and the logarithm of the determinant.


# %% exercise="4.1" points=3
def coupling(x, network):
    """Return an affine coupling of vectors.

    x: (batch, d), a tensor; d is even.
    network: a function, a (batch, d / 2) -> (s, t), both (batch, d / 2); tensors.
    Returns: (y, log_det): (batch, d) and (batch,), tensors.
    """
    ### BEGIN SOLUTION
    a, b = ops.split(x, 2, axis=-1)
    s, t = network(a)
    y = ops.concatenate([a, b * ops.exp(s) + t], axis=-1)
    return y, ops.sum(s, axis=-1)
    ### END SOLUTION


# %% [markdown]
# To draw $x$, the chain is run backwards, from $z$ to $x$. The network itself need not be inverted: the first half has not changed.
#
# **Exercise 4.2.** Return $x$ from $y$.


# %% exercise="4.2" points=2
def inverse_coupling(y, network):
    """Return the vectors from which `coupling` makes y.

    y: (batch, d), a tensor; d is even.
    network: as in `coupling`.
    Returns: x, (batch, d), a tensor.
    """
    ### BEGIN SOLUTION
    a, b = ops.split(y, 2, axis=-1)
    s, t = network(a)
    return ops.concatenate([a, (b - t) * ops.exp(-s)], axis=-1)
    ### END SOLUTION


# %% [markdown]
# With $z = f(x) \in \mathbb R^d$ and $z \sim \mathcal N(0, I)$, the density of $x$ follows from the **change of variables**. The determinant of a chain is the product of the determinants of its steps:
#
# $$ \log p(x) = \log \mathcal N(z; 0, I) + \sum_{\text{steps}} \log | \det | , \qquad \log \mathcal N(z; 0, I) = - \frac 1 2 \| z \|^2 - \frac d 2 \log 2 \pi $$
#
# **Exercise 4.3.** Run $x$ through the steps in their order, and return $\log p(x)$ of each vector.


# %% exercise="4.3" points=4
def log_likelihood(x, steps):
    """Return log p(x) of each vector, in nats.

    x: (batch, d), a tensor.
    steps: a list of functions, (batch, d) -> (y (batch, d), log_det (batch,)), tensors; the first
        one reads x, and the last one returns z.
    Returns: (batch,), a tensor.
    """
    ### BEGIN SOLUTION
    z, log_det = x, 0.0
    for step in steps:
        z, of_step = step(z)
        log_det = log_det + of_step
    log_prior = -0.5 * ops.sum(ops.square(z) + np.log(2 * np.pi), axis=-1)
    return log_prior + log_det
    ### END SOLUTION


# %% [markdown]
# A flow of points in the plane. Between two couplings the halves change places, so that each of them is changed by every second coupling. The loss cannot fall below the entropy of the data.


# %%
def get_network(half):
    """Return a network of s and t, and a function a -> (s, t); at first both are 0."""
    last = layers.Dense(2 * half, kernel_initializer="zeros")
    dense = [layers.Dense(64, activation="relu") for _ in range(2)]
    network = keras.Sequential([keras.Input((half,)), *dense, last])

    def s_and_t(a):
        s, t = ops.split(network(a), 2, axis=-1)
        return 2 * ops.tanh(s / 2), t  # |s| < 2

    return network, s_and_t


def train_flow(points, n_steps, n_couplings=8):
    """Train a flow, and return (steps, draw): its steps, and a function z -> x."""
    d = points.shape[1]
    pairs = [get_network(d // 2) for _ in range(n_couplings)]
    variables = [v for network, _ in pairs for v in network.trainable_variables]
    mean, std = points.mean(axis=0), points.std(axis=0)

    def standardise(x):  # a step too: y = (x - mean) / std
        return (x - mean) / std, ops.full((x.shape[0],), -np.log(std).sum())

    steps = [standardise]
    for _, s_and_t in pairs:
        steps.append(lambda x, s_and_t=s_and_t: coupling(ops.flip(x, axis=-1), s_and_t))

    def draw(z):
        for _, s_and_t in reversed(pairs):
            z = ops.flip(inverse_coupling(z, s_and_t), axis=-1)
        return ops.convert_to_numpy(z * std + mean)

    rates = keras.optimizers.schedules.CosineDecay(5e-3, n_steps)
    optimizer = keras.optimizers.Adam(rates)
    optimizer.build(variables)

    @tf.function
    def train_step(x):
        with tf.GradientTape() as tape:
            loss = -ops.mean(log_likelihood(x, steps))
        optimizer.apply(tape.gradient(loss, variables), variables)

    rng = np.random.default_rng(0)
    for _ in range(n_steps):
        train_step(tf.constant(rng.choice(points, 256)))
    return steps, draw


def nats_per_point(points, steps):
    return -float(ops.mean(log_likelihood(tf.constant(points), steps)))


# %%
angle = np.linspace(0, np.pi, 100)
moon = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)
density = Gaussians(np.concatenate([moon, -moon]), std=0.1)
steps, draw = train_flow(density.sample(20_000, seed=1), n_steps=20 if QUICK else 1500)
found = nats_per_point(density.sample(5_000, seed=2), steps)
print(f"{found:.3f} nats; the entropy of the data is {density.entropy():.3f} nats")

# %%
grid = np.stack(np.meshgrid(*2 * [np.linspace(-2, 2, 150)]), axis=-1).reshape(-1, 2)
p = np.exp(log_likelihood(tf.constant(grid.astype("float32")), steps)).reshape(150, 150)
z = np.random.default_rng(3).normal(size=(3_000, 2)).astype("float32")
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained", dpi=110)
axes[0].scatter(*density.sample(3_000, seed=3).T, s=1)
axes[1].imshow(p, origin="lower", extent=(-2, 2, -2, 2), cmap="magma")
axes[2].scatter(*draw(z).T, s=1, color="#2e8b57")
for each, title in zip(axes, ("data", "p(x) of the flow", "drawn by the flow")):
    each.set(title=title, xlim=(-2, 2), ylim=(-2, 2), xticks=[], yticks=[], aspect="equal")
pictures.finished(figure)

# %% [markdown]
# ## 5. Bits
#
# Likelihoods of images of different sizes are compared in **bits per dimension**: with the logarithm of base 2, and divided by the number $D$ of values of an image, $D = \text{height} \cdot \text{width} \cdot \text{channels}$.
#
# A photograph has $L = 256$ levels, $k \in \{0, \dots, L - 1\}^D$. A flow needs continuous values, so the levels are **dequantised**: with noise $u$ that is uniform in $[0, 1)^D$,
#
# $$ v = \frac{k + u} L \in [0, 1)^D . $$
#
# A level of one pixel has become an interval of length $1 / L$, and a whole image a cube of volume $L^{-D}$. The probability of $k$ is the density $p(v)$, integrated over this cube. So for a density that is nearly constant in the cube, $P(k) = p(v) \, L^{-D}$.
#
# **Exercise 5.1.** Write both: the change of units, and $-\log P(k)$ in bits per dimension from the density.


# %% exercise="5.1" points=4
def bits_per_dimension(nats, shape):
    """Return -log p(x) in bits per dimension.

    nats: -log p(x) of each image in nats, an array of any shape.
    shape: of an image, a tuple of any length, such as (28, 28, 1).
    Returns: an array of the shape of nats.
    """
    ### BEGIN SOLUTION
    return nats / (np.prod(shape) * np.log(2))
    ### END SOLUTION


def bits_of_levels(nats, shape, n_levels):
    """Return -log P(k) in bits per dimension.

    nats: -log p(v) of each image in nats, an array of any shape.
    shape: as above.
    n_levels: L, an integer.
    Returns: an array of the shape of nats.
    """
    ### BEGIN SOLUTION
    return bits_per_dimension(nats, shape) + np.log2(n_levels)
    ### END SOLUTION


# %%
nats = negative_log_likelihood(tf.constant(X_test), tf.constant(logits["PixelCNN"]))
bits = np.mean(bits_per_dimension(np.asarray(nats), X_test.shape[1:]))
print(f"PixelCNN: {bits:.3f} bits per dimension; a pixel of two levels has at most 1")

# %% [markdown]
# How many bits does a grey pixel of a photograph have? Without any model it is 8. A flow of **two neighbouring pixels** knows that they are alike: $x = (x_1, x_2)$, $D = 2$. For comparison: one pixel alone, from how often each level occurs.

# %%
photo = data.photo("astronaut").mean(axis=-1)
levels = np.round(255 * photo).astype(int)[:, :512]
neighbours = levels.reshape(-1, 2)  # two pixels side by side
order = np.random.default_rng(0).permutation(len(neighbours))
k_train, k_test = neighbours[order[10_000:]], neighbours[order[:10_000]]


def dequantised(k, seed):
    u = np.random.default_rng(seed).random(k.shape)
    return ((k + u) / 256).astype("float32")


steps, draw = train_flow(dequantised(k_train, 1), n_steps=20 if QUICK else 1000)
nats = nats_per_point(dequantised(k_test, 2), steps)
share = np.bincount(levels.ravel(), minlength=256) / levels.size
alone = -np.sum(share[share > 0] * np.log2(share[share > 0]))
print(f"no model:         {bits_of_levels(0.0, (2,), 256):.2f} bits per dimension")
print(f"one pixel alone:  {alone:.2f} bits per dimension")
print(f"flow of two:      {bits_of_levels(nats, (2,), 256):.2f} bits per dimension")
figure, axes = plt.subplots(1, 2, figsize=(6.2, 3.2), layout="constrained", dpi=110)
axes[0].scatter(*dequantised(k_test[:3_000], 2).T, s=1)
axes[1].scatter(*draw(z).T, s=1, color="#2e8b57")
for each, title in zip(axes, ("two neighbouring pixels", "drawn by the flow")):
    each.set(title=title, xlim=(0, 1), ylim=(0, 1), aspect="equal")
pictures.finished(figure)

# %% [markdown]
# ## Questions
#
# 1. In the picture of section 1 there are pixels above the middle and to the right that come before, but do not reach the logit. Why? Find the position of the first one.
# 2. What happens to $-\log p(x)$ of the training images if the first layer has type B? What do its drawn images look like?
# 3. Why can all logits of a training image be computed at once, but not those of an image that is drawn?
# 4. $-\log P(k)$ is never negative. Can $-\log p(v)$ be negative? What does this mean for the number of bits?
# 5. What happens if the halves do not change places between the couplings?

# %%
check()
