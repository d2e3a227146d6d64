# %% [markdown]
# # Lab 2. The latent space
#
# A trained autoencoder maps each image $s$ to a code $z = \mathcal E(s)$ and each code back to an image $\mathcal D(z)$. Can you throw the encoder away, draw a code at random, and get a new image? In a plane you can look at all there is; then you will measure why it stops working as $d$ grows; and you will walk from one image to another.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: AN2DL, "Sampling the Latent Space", "The latent representation of MNIST autoencoder (d = 2)", "Outputs of interpolated trajectories"; ATIV, "Auto-encoders"; NOTES, "Latent Space Exploration".

# %% given=true
import os

import ankeras

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

# %%
from ankeras import autoencoders, data, pictures
from ankeras.grading import checker

check = checker("02_latent_space")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run
print(ankeras.setup(seed=42, precision="float32"))

train_data, test_data = data.load("digits")
X_train, X_test = train_data.images, test_data.images
if QUICK:
    X_train, X_test = X_train[:500], X_test[:500]
labels, class_names = test_data.labels[: len(X_test)], test_data.class_names


def trained_players(d, epochs):
    """Train an autoencoder with a code of size d; return its encoder and its decoder."""
    autoencoder = ankeras.get_autoencoder(X_train.shape[1:], latent_dim=d, kind="mlp")
    autoencoders.train(
        autoencoder, X_train, X_test, epochs=1 if QUICK else epochs, learning_rate=4e-3, verbose=0
    )
    return autoencoder.get_layer("encoder"), autoencoder.get_layer("decoder")


encoder, decoder = trained_players(2, epochs=30)

# %% [markdown]
# ## 1. Where the codes lie
#
# The codes of a data set are computed in **minibatches**: all images at once may not fit into memory. The layers are in inference mode.
#
# **Exercise 1.1.** Encode all images, `batch_size` at a time; the last minibatch holds what is left.


# %% exercise="1.1" points=3
def encode(encoder, images, batch_size):
    """Return the codes of all images, in their order.

    encoder: a keras.Model, (batch, *image) -> (batch, d).
    images: (n, *image), a NumPy array.
    batch_size: the number of images that are encoded at once.
    Returns: (n, d), a NumPy array.
    """
    ### BEGIN SOLUTION
    z = []
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        z.append(ops.convert_to_numpy(encoder(batch, training=False)))
    return np.concatenate(z)
    ### END SOLUTION


# %% [markdown]
# Each test image is a point of the plane, coloured by its class.

# %%
z_train, z_test = encode(encoder, X_train, 500), encode(encoder, X_test, 500)
pictures.latent_plane(z_test, labels, class_names)

# %% [markdown]
# "Classes are somehow separated", though the network has never seen a label. But nothing says where the codes lie: to sample, we first look for a **populated** region. The simplest is a box: along each dimension $i$ it holds the central codes,
#
# $$ \text{low}_i = q_{(1-c)/2}(z_i), \qquad \text{high}_i = q_{(1+c)/2}(z_i), $$
#
# where $q_p(z_i)$ is the $p$-quantile of the codes' $i$-th components, and $c$ the coverage: $c = 0.9$ leaves out 5 % of the codes on either side.
#
# **Exercise 1.2.** Find the box. (`np.quantile` knows quantiles.)


# %% exercise="1.2" points=3
def populated_box(z, coverage):
    """Find the box around the central codes of each dimension.

    z: (n, d), codes, a NumPy array.
    coverage: the share c of the codes between the two sides, along each dimension; in (0, 1].
    Returns: (low, high), two arrays of shape (d,).
    """
    ### BEGIN SOLUTION
    low = np.quantile(z, (1 - coverage) / 2, axis=0)
    high = np.quantile(z, (1 + coverage) / 2, axis=0)
    return low, high
    ### END SOLUTION


# %% [markdown]
# ## 2. A grid of images
#
# Now we define sampling locations as a grid in the box, and decode each of them. The picture is to be read as a plot: $z_1$ grows to the right and $z_2$ **upwards**, while rows of an array are drawn from the top.
#
# **Exercise 2.1.** Decode $n \times n$ locations. Along each axis they stand at equal distances, the first and the last on the sides of the box.


# %% exercise="2.1" points=4
def decoded_grid(decoder, low, high, n):
    """Decode a grid of locations in a box of the latent plane (d = 2).

    decoder: a keras.Model, (batch, 2) -> (batch, *image); call it in inference mode.
    low, high: (2,), the sides of the box: (low z_1, low z_2) and (high z_1, high z_2).
    n: the number of locations along each axis, at least 2.
    Returns: (n, n, *image), a NumPy array. Row 0 holds the largest z_2, column 0 the smallest z_1.
    """
    ### BEGIN SOLUTION
    z_1 = np.linspace(low[0], high[0], n)
    z_2 = np.linspace(high[1], low[1], n)
    locations = np.stack(np.meshgrid(z_1, z_2), axis=-1).reshape(n * n, 2)
    images = ops.convert_to_numpy(decoder(locations.astype("float32"), training=False))
    return images.reshape(n, n, *images.shape[1:])
    ### END SOLUTION


# %%
low, high = populated_box(z_train, 0.9)
pictures.latent_grid(decoded_grid(decoder, low, high, 20), low, high)

# %% [markdown]
# Compare it with the points above. Neighbouring codes give similar images. Where no image was encoded the decoder has never been asked for anything, and it shows.
#
# ## 3. Sampling, as $d$ grows
#
# We do not know the distribution $\phi_z$ of the codes, so we mimic "a new latent representation": each component of $z$ is drawn uniformly between the sides of the box,
#
# $$ z_i \sim \mathcal U(\text{low}_i, \text{high}_i), \qquad \text{independently for } i = 1, \dots, d. $$
#
# **Exercise 3.1.** Draw $n$ codes: new ones in every call.


# %% exercise="3.1" points=3
def sample_box(low, high, n):
    """Draw n random codes, uniform in a box.

    low, high: (d,), the sides of the box, NumPy arrays.
    Returns: (n, d), a NumPy array.
    """
    ### BEGIN SOLUTION
    u = ops.convert_to_numpy(keras.random.uniform((n, len(low))))
    return low + u * (high - low)
    ### END SOLUTION


# %% [markdown]
# One autoencoder for each size of the code. Reconstructions get better with $d$; what happens to the samples?

# %%
SIZES = (2, 4, 8, 16, 32)
players, codes, drawn = {2: (encoder, decoder)}, {}, {}
for d in SIZES:
    if d not in players:
        players[d] = trained_players(d, epochs=10)
    codes[d] = encode(players[d][0], X_train, 500), encode(players[d][0], X_test, 500)
    drawn[d] = sample_box(*populated_box(codes[d][0], 0.9), 1000)
pictures.reconstructions(
    X_test, {f"d = {d}": players[d][1].predict(codes[d][1][:14], verbose=0) for d in SIZES}, n=14
)

# %%
samples = {d: players[d][1].predict(drawn[d][:42], verbose=0) for d in SIZES}
pictures.image_grid(samples[2], "random codes, d = 2", columns=14)

# %%
pictures.image_grid(samples[32], "random codes, d = 32", columns=14)

# %% [markdown]
# "As the latent space dimension grows, it is more likely to fall in a less populated area." Let us measure it. How far is a code $z$ from the **nearest** of the training codes?
#
# $$ \delta(z) = \min_j \lVert z - z^{(j)} \rVert $$
#
# What is far? The codes of *test* images show it: they are new to the network, and they do stand for images. We call a code **astray** if it is farther from the training codes than 95 % of the test codes are, that is, if $\delta(z)$ is larger than the 0.95-quantile of $\delta$ over the test codes.
#
# **Exercise 3.2.** Compute $\delta$ of many codes, and the share of random codes that are astray.


# %% exercise="3.2" points=4
def nearest_distance(z, z_train):
    """Return the distance of each code from the nearest training code.

    z: (m, d).   z_train: (n, d).   NumPy arrays.
    Returns: (m,), Euclidean distances.
    """
    ### BEGIN SOLUTION
    return np.array([np.sqrt(np.sum((z_train - code) ** 2, axis=1)).min() for code in z])
    ### END SOLUTION


def astray(z_random, z_test, z_train):
    """Return the share of random codes that are astray, a number in [0, 1].

    z_random: (k, d), random codes.
    z_test: (m, d), z_train: (n, d), the codes of test images and of training images.
    """
    ### BEGIN SOLUTION
    far = np.quantile(nearest_distance(z_test, z_train), 0.95)
    return float(np.mean(nearest_distance(z_random, z_train) > far))
    ### END SOLUTION


# %%
shares = {d: astray(drawn[d], codes[d][1], codes[d][0]) for d in SIZES}
for d, share in shares.items():
    print(f"d = {d:2}: {share:4.0%} of the random codes are astray")
pictures.curves(
    SIZES,
    {"random codes": list(shares.values()), "test codes (by definition)": [0.05] * len(SIZES)},
    x_label="size of the code d",
    y_label="share of codes that are astray",
)

# %% [markdown]
# The codes fill a smaller and smaller part of their box, so "this is a viable image generation approach only in a low dimensional latent space" (AN2DL). Notebook 2 asks a classifier about the *images* and comes to the same end. The way out is to make the codes follow a distribution that we know: lab 5.
#
# ## 4. From one image to another
#
# What lies *between* the codes of two images is another matter than what lies anywhere in the box. Take $n$ codes on the line from $z_a$ to $z_b$, in equal steps and with both ends:
#
# $$ z_k = (1 - t_k) \, z_a + t_k \, z_b, \qquad t_k = \frac k {n-1}, \quad k = 0, \dots, n - 1. $$
#
# **Exercise 4.1.** Return these codes.


# %% exercise="4.1" points=3
def interpolate(z_a, z_b, n):
    """Return n codes on the line from z_a to z_b.

    z_a, z_b: (d,), NumPy arrays.
    n: the number of codes, at least 2.
    Returns: (n, d), a NumPy array: row 0 is z_a, row n - 1 is z_b.
    """
    ### BEGIN SOLUTION
    t = np.linspace(0, 1, n)[:, None]
    return (1 - t) * z_a + t * z_b
    ### END SOLUTION


# %% [markdown]
# **Exercise 4.2.** Walk through a series of images: from the code of each image to the code of the next, and decode what stands on the way.


# %% exercise="4.2" points=3
def walk(encoder, decoder, images, n):
    """Decode the lines from the code of each image to the code of the next.

    encoder: (batch, *image) -> (batch, d).   decoder: (batch, d) -> (batch, *image).
        Both are keras.Models; call them in inference mode.
    images: (k, *image), a NumPy array, k >= 2.
    n: the number of images on each line, both ends included.
    Returns: (k - 1, n, *image), a NumPy array: row i leads from images[i] to images[i + 1].
    """
    ### BEGIN SOLUTION
    z = encode(encoder, images, 100)
    rows = []
    for i in range(len(z) - 1):
        on_the_way = interpolate(z[i], z[i + 1], n).astype("float32")
        rows.append(ops.convert_to_numpy(decoder(on_the_way, training=False)))
    return np.stack(rows)
    ### END SOLUTION


# %% [markdown]
# Seven stations: of each class, the image that $d = 2$ reconstructs best, in proportion to its white.

# %%
x_hat = decoder.predict(z_test, verbose=0)
error = np.sum((X_test - x_hat) ** 2, axis=(1, 2, 3)) / np.sum(X_test**2, axis=(1, 2, 3))
best = [int(np.argmin(np.where(labels == k, error, np.inf))) for k in (3, 8, 0, 6, 4, 9, 7)]
stations = X_test[best]
pictures.image_grid(walk(*players[2], stations, 14), "d = 2: each row leads to the next")

# %%
pictures.image_grid(walk(*players[32], stations, 14), "d = 32: each row leads to the next")

# %% [markdown]
# Compare them with a cross-fade of the same images, pixel by pixel:

# %%
t = np.linspace(0, 1, 14)[:, None, None, None]
faded = np.stack([(1 - t) * stations[i] + t * stations[i + 1] for i in range(len(stations) - 1)])
pictures.image_grid(faded, "cross-fades of pixels")

# %% [markdown]
# ## Questions
#
# 1. Look at the plane and at the grid together. Which classes are neighbours? Which locations decode to an image of no class, and are there codes of images near them?
# 2. What share of a cube's volume does the ball inscribed in it fill, for $d = 2$, $8$ and $32$? What has that to do with the codes in their box?
# 3. How would the share of codes astray change with the coverage of the box? Try $c = 0.5$ with $d = 32$. Are the images digits now, and are they as different from one another as digits are?
# 4. Where does the line between two codes in the plane differ from that with $d = 32$, and which of the two walks resembles the cross-fade more? Why?
# 5. You know the codes of all training images. How else could you draw a code that is close to them, without a new kind of network?

# %%
check()
