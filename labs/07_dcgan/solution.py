# %% [markdown]
# # Lab 7. The deep convolutional GAN
#
# A GAN trains well only with suitable networks. You will build both players by the guidelines of Radford et al. and train them until the generator draws portraits of people who do not exist. Then you will go through the latent space of the generator in small steps, and calculate with codes: *man with glasses* − *man* + *woman*.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: ATIV, "Architecture guidelines for stable Deep Convolutional GANs" and "Latent space arithmetic"; AE, "Deep Convolutional GANs"; AN2DL, "DC-GAN" to "Vector Arithmetic".

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
from ankeras import data, evaluation, gans, pictures, pretrained
from ankeras.grading import checker

check = checker("07_dcgan")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run
keras.utils.set_random_seed(42)

# %% [markdown]
# The portraits are drawn by a program. There are no hats and no beards, and the background is always the same sky: then the training is short.

# %%
X_train = data.faces(
    500 if QUICK else 10_000, seed=0, size=32, hat=0, beard=0, roll=0, background="sky"
).images
pictures.image_grid(X_train[:40], columns=20)

# %% [markdown]
# ## 1. The two players
#
# The last activation of the generator is Tanh, so the values of its images lie in $[-1, 1]$. Our images have values in $[0, 1]$. So we rescale them before the training, and we rescale the generated images back before we look at them.
#
# **Exercise 1.1.** Write both directions. Each function reads an array of any shape and returns an array of the same shape. The result for one value must not depend on the other values of the minibatch.


# %% exercise="1.1" points=2
def to_tanh(x):
    """Rescale images from [0, 1] to [-1, 1]: 0 becomes -1, 1 stays 1.

    x: an array or a tensor of any shape.
    Returns: an array or a tensor of the same shape.
    """
    ### BEGIN SOLUTION
    return 2.0 * x - 1.0
    ### END SOLUTION


def from_tanh(x):
    """Rescale images from [-1, 1] to [0, 1]: the inverse of to_tanh.

    x: an array or a tensor of any shape.
    Returns: an array or a tensor of the same shape.
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
# 1. A `Dense` layer without activation maps $z$ to the numbers of several $4 \times 4$ maps, and `Reshape` turns them into maps. (A `Conv2DTranspose` on a $1 \times 1$ map does the same, and is allowed.) This is the only fully connected layer.
# 2. Then each `Conv2DTranspose` with `strides=2`, `padding="same"` doubles the side. The last one returns the image. There are 2, 3 or 4 of them, for images of $16^2$, $32^2$ or $64^2$ pixels.
# 3. After the projection, and after each transposed convolution except the last, come `BatchNormalization` and then ReLU. After the last one comes only Tanh.
#
# The network has no other layers, except layers that only change a shape. You may choose the widths (good for $32 \times 32$: 96 maps of $4 \times 4$, then 48, then 24; larger ones take long to train), the size of the kernels (4 is good: it is a multiple of the stride, so all pixels are computed in the same way), and biases. An activation may be an argument of its layer or a separate layer. You may use `keras.Sequential` or the functional API.
#
# **Exercise 1.2.** Build $\mathcal G$. It reads codes, `(batch, latent_dim)`, and returns images, `(batch, image_side, image_side, channels)`, with values in $[-1, 1]$.


# %% exercise="1.2" points=5
def get_generator(latent_dim, image_side, channels):
    """Build the generator.

    latent_dim: the size d of z.
    image_side: the height and the width of the images: 16, 32 or 64.
    channels: the channels of the images: 1 or 3.
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
# The discriminator $\mathcal D$ goes in the opposite direction:
#
# 1. Each `Conv2D` with `strides=2`, `padding="same"` halves the side, until the maps are $4 \times 4$: 2, 3 or 4 convolutions. There is no pooling.
# 2. After each convolution comes LeakyReLU; its slope for negative numbers is 0.2 (Radford et al.). Between a convolution and its LeakyReLU comes `BatchNormalization`, in all blocks *except the first*: the first block reads the image itself.
# 3. `Flatten` and `Dense(1)` without activation compute one logit from the last maps. (A `Conv2D` with one filter, a $4 \times 4$ kernel and `padding="valid"` does the same, and is allowed.) This is the only fully connected layer.
#
# As before, the network has no other layers, except layers that only change a shape, and you may choose the rest. Good widths are 24, 48, 96 and so on.
#
# **Exercise 1.3.** Build $\mathcal D$. It reads images, `(batch, image_side, image_side, channels)`, and returns one logit per image, `(batch, 1)`. The default slope of `layers.LeakyReLU()` is not 0.2.


# %% exercise="1.3" points=5
def get_discriminator(image_side, channels):
    """Build the discriminator.

    image_side, channels: as in get_generator.
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
# `gans.GAN` plays the game of lab 6 with your players. Adam has $\beta_1 = 0.5$, as Radford et al. advise. The learning rates fall from $10^{-3}$ to 0: with constant rates the players would move around their equilibrium for ever. `r1` is a small penalty on the slope of $\mathcal D$ at real images. Without it $\mathcal D$ would become too good for $\mathcal G$.

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
# The images of the same 15 vectors $z$ during the training. When do you first see a head? When eyes? When glasses?

# %%
wanted = ("before", "epoch 1", "epoch 2", "epoch 4", "epoch 8", "epoch 12")
shown = [name for name in wanted if name in frames]
pictures.reconstructions(
    frames[shown[0]], {name: frames[name] for name in shown[1:]}, n=15, first=shown[0]
)

# %%
z = np.random.default_rng(1).normal(size=(500 if QUICK else 4000, 32)).astype("float32")
drawn = draw(z)
pictures.image_grid(drawn[:80], columns=20, title="generated portraits")

# %% [markdown]
# Your generator had a few minutes and draws portraits of 32 pixels. The package brings a DCGAN that was trained for longer, on portraits of 64 pixels with all attributes. You will explore this one. Set `OWN = True` to explore yours.

# %%
OWN = False
d, side = (32, 32) if OWN else (64, 64)
reader = evaluation.face_reader(side)
if not OWN:
    print(pretrained.card("faces-dcgan"))
    explored = pretrained.load("faces-dcgan").generator

    def draw(z):
        """Return the images G(z), in [0, 1]: (n, d) -> (n, 64, 64, 3)."""
        return explored.predict(np.asarray(z, "float32"), batch_size=500, verbose=0)

    z = np.random.default_rng(1).normal(size=(500 if QUICK else 4000, d)).astype("float32")
    drawn = draw(z)
pictures.image_grid(drawn[:40], columns=10, title="the generator that you explore")

# %% [markdown]
# ## 3. Walking through the latent space
#
# "Interpolation between a series of 9 random points" (AN2DL): if the images change in small steps and each of them is a face, $\mathcal G$ has not simply learnt a list of faces by heart.
#
# From $z_a$ to $z_b$ the line is $z(t) = (1 - t) \, z_a + t \, z_b$, with $t$ from 0 to 1.
#
# **Exercise 3.1.** Connect $k$ points by lines, with $n$ steps per line. The input is the points, `(k, d)`; the result is the path, one code per row, `((k - 1) * n + 1, d)`. Row $i \cdot n$ of the path is point $i$, and each point is in the path once.


# %% exercise="3.1" points=3
def path(points, n):
    """Return the codes on the lines from each point to the next.

    points: (k, d), an array, k >= 2.
    n: the number of steps from one point to the next, n >= 1.
    Returns: ((k - 1) * n + 1, d), a NumPy array.
    """
    ### BEGIN SOLUTION
    t = np.arange(n)[:, None] / n
    last = len(points) - 1
    pieces = [(1 - t) * points[i] + t * points[i + 1] for i in range(last)]
    return np.concatenate([*pieces, points[last:]])
    ### END SOLUTION


# %% [markdown]
# Each row ends where the next one starts. The nine points are the first face of each row, and the last face of the last row.

# %%
nine = np.random.default_rng(5).normal(size=(9, d)).astype("float32")
walk = draw(path(nine, 12))
rows = np.stack([walk[12 * i : 12 * i + 13] for i in range(8)])
pictures.image_grid(rows, title="through nine random points")

# %% [markdown]
# Vectors drawn from $\mathcal N(0, I_d)$ lie near the sphere with radius $\sqrt d$. A line between two of them goes through the inside of the sphere, where $\mathcal G$ was nearly never trained. The **arc** stays near the sphere. With the angle $\theta$ between the two codes,
#
# $$ \cos \theta = \frac{z_a^\top z_b}{\|z_a\| \, \|z_b\|}, \qquad z(t) = \frac{\sin((1 - t) \theta)}{\sin \theta} z_a + \frac{\sin(t \theta)}{\sin \theta} z_b . $$
#
# **Exercise 3.2.** Return $z(t)$ for each of the $m$ given numbers $t$, one code per row, `(m, d)`. Two cases need care. Because of rounding the cosine may be slightly outside of $[-1, 1]$: clip it. If $\sin \theta < 10^{-3}$ the formula divides by nearly 0: use the line instead.


# %% exercise="3.2" points=4
def arc(z_a, z_b, t):
    """Return codes on the arc between two codes.

    z_a, z_b: (d,), arrays, both not 0.
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
# ## 4. Calculating with codes
#
# "Take randomly generated samples of smiling women, neutral women, and neutral men" (AN2DL). Radford et al. chose their samples by looking at them. We have a network that reads attributes, the face reader: `table[name][i]` is 1 if sample $i$ has the attribute, and 0 if not.

# %%
read = evaluation.read_attributes(reader, np.clip(drawn, 0, 1))
table = {name: read[name] for name in ("woman", "smile", "glasses")}
for name, column in table.items():
    print(f"{name:8} {column.mean():.2f} of the samples")

# %% [markdown]
# **Exercise 4.1.** Pick the codes of $k$ samples of a concept, such as *man with glasses*: `{"woman": 0, "glasses": 1}`. Attributes that are not in this dictionary may be 0 or 1. Draw the $k$ samples at random from all samples that fit, each at most once. Use only the random generator `rng`. Return one code per row, `(k, d)`.


# %% exercise="4.1" points=4
def pick(z, table, wanted, k, rng):
    """Return the codes of k random samples that have the wanted attributes.

    z: (n, d), an array, the codes of n samples.
    table: name of an attribute -> (n,), an array of 0 and 1: the attribute of each sample.
    wanted: name of an attribute -> 0 or 1: the attribute of all picked samples.
    k: how many samples; at least k samples fit.
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
# One example of a concept also has other properties: its hair, its skin, its place in the image. So we average the codes of several examples, and calculate with the averages (AN2DL):
#
# $$ \bar z_1 - \bar z_2 + \bar z_3 = \bar z_4 $$
#
# "Add some noise to the input vector and that's pretty robust": we look at $n$ codes, $\bar z_4$ itself and noisy copies of it. The noise is uniform in $[-s, s]$, drawn anew for each code and each dimension with the random generator `rng`.
#
# **Exercise 4.2.** `arithmetic`: the inputs are the codes of the examples of three concepts, one code per row; return $\bar z_4$, `(d,)`. The three concepts may have different numbers of examples. `neighbours`: the input is one code, `(d,)`; return $n$ codes, `(n, d)`: the code itself in the middle row, and noisy copies in all other rows.


# %% exercise="4.2" points=5
def arithmetic(z_1, z_2, z_3):
    """Return the average of concept 1, minus that of concept 2, plus that of concept 3.

    z_1, z_2, z_3: (k_1, d), (k_2, d), (k_3, d), arrays, the codes of the examples.
    Returns: (d,), a NumPy array.
    """
    ### BEGIN SOLUTION
    return z_1.mean(axis=0) - z_2.mean(axis=0) + z_3.mean(axis=0)
    ### END SOLUTION


def neighbours(z, n, scale, rng):
    """Return a code and noisy copies of it.

    z: (d,), an array.
    n: an odd number of codes.
    scale: the number s; the noise is uniform in [-s, s].
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
of_pixels = arithmetic(*(x.reshape(3, -1) for x in images)).reshape(side, side, 3)
pictures.arithmetic(
    dict(zip(CONCEPTS, images)),
    draw(np.stack([c.mean(axis=0) for c in codes])),
    around,
    np.clip(of_pixels, 0, 1),
)

# %% [markdown]
# The last row shows the image of each average code, below its examples. On the right is the same arithmetic with pixels (ATIV): your function can also average images, but the average of images is not a face.
#
# One result may be luck. So we repeat it 200 times, each time with other examples: how often does the face reader find a woman with glasses?

# %%
share = np.mean((table["woman"] == 1) & (table["glasses"] == 1))
counts, found = (1, 2, 3, 5, 10, 20), []
for k in counts:
    results = [
        arithmetic(*(pick(z, table, wanted, k, rng) for wanted in CONCEPTS.values()))
        for _ in range(20 if QUICK else 200)
    ]
    read = evaluation.read_attributes(reader, np.clip(draw(np.stack(results)), 0, 1))
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
# 1. In the walk through nine points, where does something change suddenly? Can it change in small steps?
# 2. Compare the middle of a line with the middle of the arc below it. What is lost where $z$ is short? Which code gives the "average face"?
# 3. With more examples the arithmetic works more often. What happens to the hair and the skin of the result, and why?
# 4. Remove batch normalization from $\mathcal D$, or add it to the first block, or set `r1=0`, and train again. Which guideline is most important for the training?
# 5. Count the results of the arithmetic with pixels in the same way. With many examples the face reader finds a woman with glasses in most of them. Look at some of these images: what does the face reader not measure?
# 6. No portrait in your training set has a beard. Could your $\mathcal G$ draw one? Could arithmetic with its codes?

# %%
check()
