# %% [markdown]
# # Lab 7. The deep convolutional GAN
#
# Whether the game of a GAN leads anywhere depends on the players. You will build both by the guidelines of Radford et al., let them play until there are portraits of people who do not exist, walk through the latent space of the generator, and calculate in it: *man with glasses* − *man* + *woman*.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: ATIV, "Architecture guidelines for stable Deep Convolutional GANs" and "Latent space arithmetic"; AE, "Deep Convolutional GANs"; AN2DL, "DC-GAN" to "Vector Arithmetic".

# %% given=true
import os

import ankeras

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

# %%
from ankeras import data, evaluation, gans, pictures
from ankeras.grading import checker

check = checker("07_dcgan")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run
reader = evaluation.face_reader()  # trained once, on the first call on this machine: about a minute
print(ankeras.setup(seed=42, precision="float32"))

# %% [markdown]
# The portraits are drawn by a program. Hats and beards are left out, and all stand before the same sky: the less there is to learn, the sooner we see it learnt.

# %%
X_train = data.faces(
    500 if QUICK else 10_000, seed=0, size=32, hat=0, beard=0, roll=0, background="sky"
).images
pictures.image_grid(X_train[:40], columns=20)

# %% [markdown]
# ## 1. The two players
#
# The generator draws with a Tanh, so its images lie in $[-1, 1]$. Ours lie in $[0, 1]$: they are rescaled before the game, and what the generator draws is rescaled back before we look at it.
#
# **Exercise 1.1.** Both directions. The same number always becomes the same number, whatever else stands in the minibatch.


# %% exercise="1.1" points=2
def to_tanh(x):
    """Rescale images from [0, 1] to [-1, 1]: 0 becomes -1, 1 stays 1.

    x: an array or a tensor of any shape.
    Returns: an array or a tensor of that shape.
    """
    ### BEGIN SOLUTION
    return 2.0 * x - 1.0
    ### END SOLUTION


def from_tanh(x):
    """Rescale images from [-1, 1] to [0, 1]: the inverse of to_tanh.

    x: an array or a tensor of any shape.
    Returns: an array or a tensor of that shape.
    """
    ### BEGIN SOLUTION
    return (x + 1.0) / 2.0
    ### END SOLUTION


# %% [markdown]
# The guidelines, as ATIV lists them:
#
# > - Replace any pooling layers with **strided convolutions** (discriminator) and **fractional-strided convolutions** (generator).
# > - Use **batchnorm** in both the generator and the discriminator.
# > - **Remove fully connected hidden layers** for deeper architectures.
# > - Use **ReLU** activation in generator for all layers except for the output, which uses **Tanh**.
# > - Use **LeakyReLU** activation in the discriminator for all layers.
#
# For the generator $\mathcal G$ this means:
#
# 1. A `Dense` layer without activation projects $z$ to the numbers of $4 \times 4$ maps, and `Reshape` makes maps of them. (A `Conv2DTranspose` on a $1 \times 1$ map does the same, and is allowed.) There is no other fully connected layer.
# 2. From there on each `Conv2DTranspose` with `strides=2`, `padding="same"` doubles the side, and the last of them draws the image: 2, 3 or 4 of them for images of $16^2$, $32^2$ or $64^2$ pixels.
# 3. After the projection, and after each transposed convolution but the last, stand `BatchNormalization` and then ReLU. After the last one stands Tanh alone.
#
# Nothing else is in the network but layers that only change a shape. Free are the widths (a good choice for $32 \times 32$: 96 maps of $4 \times 4$, then 48, then 24; many more take long to train), the size of the kernels (4 is a good one: a multiple of the stride, so that all pixels are drawn alike), biases, whether an activation stands inside its layer or in one of its own, and whether you write `keras.Sequential` or the functional API.
#
# **Exercise 1.2.** Build $\mathcal G$.


# %% exercise="1.2" points=5
def get_generator(latent_dim, image_side, channels):
    """Build the generator.

    latent_dim: the size d of z.
    image_side: of the square images: 16, 32 or 64.
    channels: of the images: 1 or 3.
    Returns: a Keras model, (batch, latent_dim) -> (batch, image_side, image_side, channels),
        values in [-1, 1].
    """
    ### BEGIN SOLUTION
    width = 24 * image_side // 8
    model = keras.Sequential([keras.Input((latent_dim,))])
    model.add(layers.Dense(4 * 4 * width, use_bias=False))
    model.add(layers.Reshape((4, 4, width)))
    side = 4
    while True:
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
        side, width = 2 * side, width // 2
        if side == image_side:
            break
        model.add(layers.Conv2DTranspose(width, 4, strides=2, padding="same", use_bias=False))
    model.add(layers.Conv2DTranspose(channels, 4, strides=2, padding="same", activation="tanh"))
    return model
    ### END SOLUTION


# %% [markdown]
# The discriminator $\mathcal D$ goes the other way:
#
# 1. Each `Conv2D` with `strides=2`, `padding="same"` halves the side, until the maps are $4 \times 4$: 2, 3 or 4 of them. No pooling of any kind.
# 2. After each stands LeakyReLU; its slope for negative numbers is 0.2 (Radford et al.). Between a convolution and its LeakyReLU stands `BatchNormalization`, in all blocks *but the first*: what enters there is the image itself.
# 3. `Flatten` and `Dense(1)` without activation make one logit of the last maps. (A `Conv2D` of one filter and a $4 \times 4$ kernel, `padding="valid"`, does the same, and is allowed.) There is no other fully connected layer.
#
# As before nothing else is in the network but layers that only change a shape, and the rest is free. Take a multiple of 24 maps again, this time doubling.
#
# **Exercise 1.3.** Build $\mathcal D$. Mind the slope: `layers.LeakyReLU()` has another one by default.


# %% exercise="1.3" points=5
def get_discriminator(image_side, channels):
    """Build the discriminator.

    image_side, channels: of the images, as in get_generator.
    Returns: a Keras model, (batch, image_side, image_side, channels) -> (batch, 1), logits.
    """
    ### BEGIN SOLUTION
    model = keras.Sequential([keras.Input((image_side, image_side, channels))])
    side, width = image_side, 24
    while side > 4:
        model.add(layers.Conv2D(width, 4, strides=2, padding="same"))
        if side < image_side:
            model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.LeakyReLU(0.2))
        side, width = side // 2, 2 * width
    model.add(layers.Flatten())
    model.add(layers.Dense(1))
    return model
    ### END SOLUTION


# %% [markdown]
# ## 2. The game
#
# `gans.GAN` plays the game of lab 6 with your players. Adam has $\beta_1 = 0.5$, as Radford et al. advise. The learning rates fall from $10^{-3}$ to 0, so that the players, which otherwise circle around their equilibrium, settle. `r1` is a small penalty on the slope of $\mathcal D$ at real images, without which $\mathcal D$ would win.

# %%
epochs, m = (1, 32) if QUICK else (12, 32)
gan = gans.GAN(get_generator(32, 32, 3), get_discriminator(32, 3), r1=0.4)
rate = keras.optimizers.schedules.CosineDecay(1e-3, epochs * len(X_train) // m)
gan.compile(keras.optimizers.Adam(rate, beta_1=0.5), keras.optimizers.Adam(rate, beta_1=0.5))


def draw(z):
    """Return the images G(z), in [0, 1]: (n, d) -> (n, 32, 32, 3)."""
    return np.asarray(from_tanh(gan.generator.predict(z, batch_size=500, verbose=0)))


z_fixed = np.random.default_rng(0).normal(size=(15, 32)).astype("float32")
frames = {"before": draw(z_fixed)}
keep = keras.callbacks.LambdaCallback(
    on_epoch_end=lambda epoch, logs: frames.update({f"epoch {epoch + 1}": draw(z_fixed)})
)
logs = gan.fit(
    np.asarray(to_tanh(X_train)), batch_size=m, epochs=epochs, callbacks=[keep], verbose=2
).history
pictures.history(logs, ["d_loss", "g_loss"])

# %% [markdown]
# The same 15 vectors $z$ during the training. When is there a head, when are there eyes, when glasses?

# %%
wanted = ("before", "epoch 1", "epoch 2", "epoch 4", "epoch 8", "epoch 12")
shown = [name for name in wanted if name in frames]
pictures.reconstructions(
    frames[shown[0]], {name: frames[name] for name in shown[1:]}, n=15, first=shown[0]
)

# %%
z = np.random.default_rng(1).normal(size=(500 if QUICK else 4000, 32)).astype("float32")
drawn = draw(z)
pictures.image_grid(drawn[:80], columns=20, title="the generator's portraits")

# %% [markdown]
# ## 3. Walking
#
# "Interpolation between a series of 9 random points" (AN2DL): if the images change little by little, and each one on the way is a face, $\mathcal G$ has not just learnt a list of faces by heart.
#
# From $z_a$ to $z_b$ the line is $z(t) = (1 - t) \, z_a + t \, z_b$, with $t$ from 0 to 1.
#
# **Exercise 3.1.** Join $k$ points by lines, $n$ steps each. Code $i \cdot n$ of the path is point $i$, and each point stands there once.


# %% exercise="3.1" points=3
def path(points, n):
    """Walk through a series of codes.

    points: (k, d), an array, k >= 2.
    n: steps from one point to the next, n >= 1.
    Returns: ((k - 1) * n + 1, d), a NumPy array.
    """
    ### BEGIN SOLUTION
    t = np.arange(n)[:, None] / n
    last = len(points) - 1
    pieces = [(1 - t) * points[i] + t * points[i + 1] for i in range(last)]
    return np.concatenate([*pieces, points[last:]])
    ### END SOLUTION


# %% [markdown]
# Each row leads to the next. The nine points are the first face of each row, and the very last face.

# %%
nine = np.random.default_rng(5).normal(size=(9, 32)).astype("float32")
walk = draw(path(nine, 12))
rows = np.stack([walk[12 * i : 12 * i + 13] for i in range(8)])
pictures.image_grid(rows, title="through nine random points")

# %% [markdown]
# Vectors drawn from $\mathcal N(0, I_d)$ lie near the sphere of radius $\sqrt d$, and a line between two of them cuts through its inside, where $\mathcal G$ was hardly ever trained. The **arc** stays outside. With the angle $\theta$ between both codes,
#
# $$ \cos \theta = \frac{z_a^\top z_b}{\|z_a\| \, \|z_b\|}, \qquad z(t) = \frac{\sin((1 - t) \theta)}{\sin \theta} z_a + \frac{\sin(t \theta)}{\sin \theta} z_b . $$
#
# **Exercise 3.2.** Two precautions are needed. Rounding may bring the cosine slightly beyond $[-1, 1]$: clip it. Where $\sin \theta < 10^{-3}$ the formula divides by (almost) 0: take the line there.


# %% exercise="3.2" points=4
def arc(z_a, z_b, t):
    """Interpolate between two codes on an arc.

    z_a, z_b: (d,), arrays, neither of them 0.
    t: (m,), an array of numbers in [0, 1].
    Returns: (m, d), a NumPy array; row j is z(t[j]).
    """
    ### BEGIN SOLUTION
    t = t[:, None]
    cosine = z_a @ z_b / (np.linalg.norm(z_a) * np.linalg.norm(z_b))
    theta = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(theta) < 1e-3:
        return (1 - t) * z_a + t * z_b
    return (np.sin((1 - t) * theta) * z_a + np.sin(t * theta) * z_b) / np.sin(theta)
    ### END SOLUTION


# %%
t = np.linspace(0, 1, 14)
lines = [(1 - t[:, None]) * nine[i] + t[:, None] * nine[i + 1] for i in (0, 3, 6)]
arcs = [arc(nine[i], nine[i + 1], t) for i in (0, 3, 6)]
lengths = {"line": lines[0], "arc": arcs[0]}
for name, codes in lengths.items():
    print(f"{name:5}", np.round(np.linalg.norm(codes, axis=1), 1))
both = [draw(codes) for pair in zip(lines, arcs) for codes in pair]
pictures.image_grid(np.stack(both), title="rows in pairs: line, arc")

# %% [markdown]
# ## 4. Calculating
#
# "Take randomly generated samples of smiling women, neutral women, and neutral men" (AN2DL). Radford et al. picked theirs by eye. We have a network that reads attributes: `table[name][i]` is 1 if sample $i$ has the attribute, and 0 if not.

# %%
read = evaluation.read(reader, np.clip(drawn, 0, 1))
table = {name: read[name] for name in ("woman", "smile", "glasses")}
if QUICK:  # what was hardly trained has no attributes: let chance decide, so that all cells run
    chance = np.random.default_rng(2)
    table = {name: chance.integers(0, 2, len(z)) for name in table}
for name, column in table.items():
    print(f"{name:8} {column.mean():.2f} of the samples")

# %% [markdown]
# **Exercise 4.1.** Pick codes of a concept, such as *man with glasses*: `{"woman": 0, "glasses": 1}`. Attributes that are not mentioned may be anything. Draw the $k$ samples at random among all that fit, none of them twice, with the random generator `rng` and no other.


# %% exercise="4.1" points=4
def pick(z, table, wanted, k, rng):
    """Pick the codes of k samples that have the wanted attributes.

    z: (n, d), an array, the codes of n samples.
    table: name of an attribute -> (n,), an array of 0 and 1: what each sample has.
    wanted: name of an attribute -> 0 or 1: what all picked samples have.
    k: how many; there are as many or more that fit.
    rng: a numpy.random.Generator.
    Returns: (k, d), a NumPy array of rows of z.
    """
    ### BEGIN SOLUTION
    fits = np.ones(len(z), bool)
    for name, value in wanted.items():
        fits &= table[name] == value
    return z[rng.choice(np.flatnonzero(fits), k, replace=False)]
    ### END SOLUTION


# %% [markdown]
# One example of a concept is also an example of much else: hair, skin, a place in the image. So average the codes of several, and calculate with the averages (AN2DL):
#
# $$ \bar z_1 - \bar z_2 + \bar z_3 = \bar z_4 $$
#
# "Add some noise to the input vector and that's pretty robust": around $\bar z_4$ we look at $n$ codes, $\bar z_4$ itself and noisy copies. The noise is uniform in $[-s, s]$, drawn anew for each code and each dimension by the random generator `rng`.
#
# **Exercise 4.2.** Both functions. The three concepts may have different numbers of examples.


# %% exercise="4.2" points=5
def arithmetic(z_1, z_2, z_3):
    """Return concept 1 - concept 2 + concept 3.

    z_1, z_2, z_3: (k_1, d), (k_2, d), (k_3, d), arrays, the codes of the examples.
    Returns: (d,), a NumPy array.
    """
    ### BEGIN SOLUTION
    return z_1.mean(axis=0) - z_2.mean(axis=0) + z_3.mean(axis=0)
    ### END SOLUTION


def neighbours(z, n, scale, rng):
    """Add small noise around a code.

    z: (d,), an array.
    n: an odd number of codes.
    scale: s, the noise is uniform in [-s, s].
    rng: a numpy.random.Generator.
    Returns: (n, d), a NumPy array; the row in the middle, n // 2, is z itself.
    """
    ### BEGIN SOLUTION
    noise = rng.uniform(-scale, scale, size=(n, len(z)))
    noise[n // 2] = 0
    return z + noise
    ### END SOLUTION


# %%
CONCEPTS = {
    "man with glasses": {"woman": 0, "glasses": 1},
    "man": {"woman": 0, "glasses": 0},
    "woman": {"woman": 1, "glasses": 0},
}
rng = np.random.default_rng(3)
codes = [pick(z, table, wanted, 3, rng) for wanted in CONCEPTS.values()]
images = [draw(c) for c in codes]
around = draw(neighbours(arithmetic(*codes), 9, 0.25, rng))
of_pixels = arithmetic(*(x.reshape(3, -1) for x in images)).reshape(32, 32, 3)
pictures.arithmetic(
    dict(zip(CONCEPTS, images)),
    draw(np.stack([c.mean(axis=0) for c in codes])),
    around,
    np.clip(of_pixels, 0, 1),
)

# %% [markdown]
# In the last row, below its examples, stands the image of each average code. Right, the same arithmetic on pixels (ATIV): your function averages images just as well, but their average is no face.
#
# One figure may be luck. So again, 200 times, each time with other examples: how often does the reader see a woman with glasses?

# %%
share = np.mean((table["woman"] == 1) & (table["glasses"] == 1))
counts, found = (1, 2, 3, 5, 10, 20), []
for k in counts:
    results = [
        arithmetic(*(pick(z, table, wanted, k, rng) for wanted in CONCEPTS.values()))
        for _ in range(20 if QUICK else 200)
    ]
    read = evaluation.read(reader, np.clip(draw(np.stack(results)), 0, 1))
    found.append(np.mean((read["woman"] == 1) & (read["glasses"] == 1)))
pictures.curves(
    counts,
    {"results": found, "any samples": [share] * len(counts)},
    x_label="examples of each concept",
    y_label="share of women with glasses",
)

# %% [markdown]
# ## Questions
#
# 1. In the walk through nine points, where does something change suddenly? Could it change little by little?
# 2. Compare the middle of a line with the middle of the arc above or below it. What is lost where $z$ is short? Which code would draw the "average face"?
# 3. With more examples the arithmetic works more often. What happens to the hair and the skin of the result meanwhile, and why?
# 4. Take out batch normalization from $\mathcal D$, or give its first block one, or set `r1=0`, and train again. Which of the guidelines does the training need most?
# 5. Count the results of the arithmetic on pixels in the same way. With many examples the reader finds a woman with glasses in most of them. Look at some: what is it that the reader does not judge?
# 6. No portrait in the training set has a beard. Could $\mathcal G$ draw one? Could arithmetic?

# %%
check()
