# %% [markdown]
# # Lab 2. The latent space
#
# A trained autoencoder maps each image $s$ to a code $z = \mathcal E(s)$ and each code back to an image $\mathcal D(z)$. Can you leave out the encoder, draw a random code, and get a new image? For $d = 2$ you can look at the whole plane of codes. Then you will measure why this fails when $d$ grows. At the end you will go from one image to another in small steps.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: AN2DL, "Sampling the Latent Space", "The latent representation of MNIST autoencoder (d = 2)", "Outputs of interpolated trajectories"; ATIV, "Auto-encoders"; NOTES, "Latent Space Exploration".

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
from ankeras import autoencoders, data, pictures, pretrained
from ankeras.grading import checker

check = checker("02_latent_space")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run

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


own = trained_players(2, epochs=30)

# The package brings an autoencoder with d = 2 that was trained for longer. It is the one that you
# explore. Set OWN = True to explore the one that was trained here.
OWN = False
encoder, decoder = own
if not OWN:
    print(pretrained.card("digits-autoencoder-2"))
    explored = pretrained.load("digits-autoencoder-2")
    encoder, decoder = explored.get_layer("encoder"), explored.get_layer("decoder")

# %% [markdown]
# ## 1. Where the codes lie
#
# The codes of a data set are computed in **minibatches**, because all images at once may need too much memory. The layers are in inference mode.
#
# **Exercise 1.1.** Encode all images in minibatches of `batch_size` images; the last minibatch may be smaller. Return one array, `(n, d)`, with one code per image, in the order of the images.


# %% exercise="1.1" points=3
def encode(encoder, images, batch_size):
    """Return the codes of all images, in their order.

    encoder: a keras.Model, (batch, *image) -> (batch, d).
    images: (n, *image), a NumPy array.
    batch_size: the number of images in a minibatch.
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
# "Classes are somehow separated", although the network has never seen a label. But we do not know where the codes lie. To draw new codes, we first need a **populated** region. The simplest one is a box. Along each dimension $i$ it contains the central codes,
#
# $$ \text{low}_i = q_{(1-c)/2}(z_i), \qquad \text{high}_i = q_{(1+c)/2}(z_i), $$
#
# where $q_p(z_i)$ is the $p$-quantile of the $i$-th components of all codes, and $c$ is the coverage: $c = 0.9$ leaves out 5 % of the codes on each side.
#
# **Exercise 1.2.** Compute the box of the given codes, `(n, d)`. Return two arrays of $d$ numbers, `low` and `high`. (`np.quantile` computes quantiles.)


# %% exercise="1.2" points=3
def populated_box(z, coverage):
    """Return the box around the central codes of each dimension.

    z: (n, d), codes, a NumPy array.
    coverage: the share c of the codes between low and high, along each dimension; in (0, 1].
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
# Now we take a grid of codes in the box, and decode each of them. The picture is like a plot: $z_1$ grows to the right and $z_2$ grows **upwards**. But row 0 of an array is drawn at the top.
#
# **Exercise 2.1.** Decode $n \times n$ codes. Along each axis they have equal distances; the first and the last lie on the sides of the box. Return one image per code, `(n, n, *image)`, in the order of the plot.


# %% exercise="2.1" points=4
def decoded_grid(decoder, low, high, n):
    """Return the images of a grid of codes in a box of the latent plane (d = 2).

    decoder: a keras.Model, (batch, 2) -> (batch, *image); call it in inference mode.
    low, high: (2,), the sides of the box: (low z_1, low z_2) and (high z_1, high z_2).
    n: the number of codes along each axis, at least 2.
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
# Compare it with the points above. Neighbouring codes give similar images. Where no training image has its code, the decoder was never trained, and you can see that.
#
# ## 3. Sampling, as $d$ grows
#
# We do not know the distribution $\phi_z$ of the codes. So we draw each component of $z$ uniformly between the two sides of the box,
#
# $$ z_i \sim \mathcal U(\text{low}_i, \text{high}_i), \qquad \text{independently for } i = 1, \dots, d. $$
#
# **Exercise 3.1.** Draw $n$ codes in this way and return them, one code per row, `(n, d)`. Every call must draw new codes.


# %% exercise="3.1" points=3
def sample_box(low, high, n):
    """Return n random codes, uniform in a box.

    low, high: (d,), the sides of the box, NumPy arrays.
    Returns: (n, d), a NumPy array.
    """
    ### BEGIN SOLUTION
    u = ops.convert_to_numpy(keras.random.uniform((n, len(low))))
    return low + u * (high - low)
    ### END SOLUTION


# %% [markdown]
# We train one autoencoder per size of the code. Reconstructions get better with $d$. What happens to the images of random codes?

# %%
SIZES = (2, 4, 8, 16, 32)
players, codes, drawn = {2: own}, {}, {}
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
# "As the latent space dimension grows, it is more likely to fall in a less populated area." Let us measure this. How far is a code $z$ from the **nearest** training code?
#
# $$ \delta(z) = \min_j \lVert z - z^{(j)} \rVert $$
#
# Which distance is large? The codes of *test* images tell us: the network has not seen these images, but their codes do belong to images. We call a code **astray** if $\delta(z)$ is larger than the 0.95-quantile of $\delta$ over the test codes: then it is farther from the training codes than 95 % of the test codes.
#
# **Exercise 3.2.** `nearest_distance`: compute $\delta$ of many codes, one number per code. `astray`: compute the share of the random codes that are astray, one number from 0 to 1.


# %% exercise="3.2" points=4
def nearest_distance(z, z_train):
    """Return the distance from each code to the nearest training code.

    z: (m, d).   z_train: (n, d).   Both are NumPy arrays.
    Returns: (m,), the Euclidean distances.
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
# When $d$ grows, the codes fill a smaller and smaller part of their box. So "this is a viable image generation approach only in a low dimensional latent space" (AN2DL). Notebook 2 lets a classifier read the *images* and finds the same. The solution is to train the network so that the codes follow a distribution that we know: lab 5.
#
# ## 4. From one image to another
#
# A code *between* the codes of two images is not the same as a random code in the box. Take $n$ codes on the line from $z_a$ to $z_b$, in equal steps and with both ends:
#
# $$ z_k = (1 - t_k) \, z_a + t_k \, z_b, \qquad t_k = \frac k {n-1}, \quad k = 0, \dots, n - 1. $$
#
# **Exercise 4.1.** Return these codes, one code per row, `(n, d)`.


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
# **Exercise 4.2.** The input is a series of $k$ images. Encode them. From the code of each image to the code of the next, take $n$ codes as in exercise 4.1, and decode them. Return one row of $n$ images per line, `(k - 1, n, *image)`.


# %% exercise="4.2" points=3
def walk(encoder, decoder, images, n):
    """Return the images on the lines from the code of each image to the code of the next.

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
# We take seven classes, and of each class the test image that is reconstructed best with $d = 2$ (the squared error, divided by the sum of the squared pixels).

# %%
x_hat = decoder.predict(z_test, verbose=0)
error = np.sum((X_test - x_hat) ** 2, axis=(1, 2, 3)) / np.sum(X_test**2, axis=(1, 2, 3))
best = [int(np.argmin(np.where(labels == k, error, np.inf))) for k in (3, 8, 0, 6, 4, 9, 7)]
stations = X_test[best]
pictures.image_grid(
    walk(*players[2], stations, 14), "d = 2: each row ends where the next one starts"
)

# %%
pictures.image_grid(
    walk(*players[32], stations, 14), "d = 32: each row ends where the next one starts"
)

# %% [markdown]
# Compare these images with a cross-fade of the pixels of the same images:

# %%
t = np.linspace(0, 1, 14)[:, None, None, None]
faded = np.stack([(1 - t) * stations[i] + t * stations[i + 1] for i in range(len(stations) - 1)])
pictures.image_grid(faded, "cross-fades of pixels")

# %% [markdown]
# ## Questions
#
# 1. Look at the plane and at the grid together. Which classes are neighbours? Which codes of the grid give an image that is no digit? Are there codes of test images near them?
# 2. A ball touches all sides of a cube from inside. Which share of the cube's volume does it fill, for $d = 2$, $8$ and $32$? What does this say about the codes in their box?
# 3. How does the share of codes astray change with the coverage of the box? Try $c = 0.5$ with $d = 32$. Are the images digits now? Are they as different from each other as real digits?
# 4. How do the images on the lines with $d = 2$ differ from those with $d = 32$? Which of them are more similar to the cross-fade? Why?
# 5. You know the codes of all training images. How else could you draw a code that is close to them, without a new kind of network?

# %%
check()
