# %% [markdown]
# # Lab 11. From image to image
#
# A label map becomes a portrait, a portrait at day becomes one at night. With pairs of images (before, after), pix2pix learns such a translation. Without pairs, CycleGAN learns it from two sets of images. You will build the networks of pix2pix, write its losses and its training step, and train it. Then you will write what CycleGAN needs in addition.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: AN2DL, "GANs for source-target domain transfer" and "The GAN ZOO"; ATIV, "Conditioning on images". Papers: Isola et al. 2017 (pix2pix), Zhu et al. 2017 (CycleGAN).

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
import time

from ankeras import pictures
from ankeras.data import views
from ankeras.grading import checker

check = checker("11_image_to_image")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run

# %% [markdown]
# The images are small portraits that a program draws. A label map $x$ has one colour for each part of a portrait $y$: hair, face, eyes and so on. It does not show the colours of the portrait. Background and clothes are the same in all portraits, but hair and skin have different colours.

# %%
SIDE = 32
SAME = {"background": "sky", "shirt": "coral", "brightness": 1.0}
train = views.pairs("labels", 200 if QUICK else 3000, seed=0, size=SIDE, **SAME)
test = views.pairs("labels", 12, seed=1, size=SIDE, **SAME)
X_train, Y_train = train.images, train.targets["paired"]
X_test, Y_test = test.images, test.targets["paired"]
pictures.reconstructions(X_test, {"portrait y": Y_test}, n=12, first="label map x")

# %% [markdown]
# ## 1. The networks
#
# The generator $\mathcal G$ of pix2pix reads an image and draws an image. It consists of two kinds of steps:


# %% given=true
def down(x, width):
    """Halve the sides: convolution, batch normalization, leaky ReLU.

    x: (batch, height, width, any number of channels), a Keras tensor.
    Returns: (batch, height / 2, width / 2, width channels), a Keras tensor.
    """
    x = layers.Conv2D(width, 4, strides=2, padding="same")(x)
    return layers.LeakyReLU(0.2)(layers.BatchNormalization(momentum=0.9)(x))


def up(x, width):
    """Double the sides: transposed convolution, batch normalization, ReLU.

    x: (batch, height, width, any number of channels), a Keras tensor.
    Returns: (batch, 2 height, 2 width, width channels), a Keras tensor.
    """
    x = layers.Conv2DTranspose(width, 4, strides=2, padding="same")(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


# %% [markdown]
# An edge in the label map is at the same place in the portrait. It must not get lost on the way through the narrow middle of the network. In the **U-Net** each step up also gets what the encoder had at this size:
#
# $$ h_0 = x, \qquad h_i = \mathrm{down}(h_{i-1}) \text{ with } c_i \text{ channels}, \quad i = 1, \dots, k $$
#
# $$ u_k = h_k, \qquad u_{i-1} = [\mathrm{up}(u_i), \, h_{i-1}], \quad i = k, \dots, 1 $$
#
# The brackets are `layers.Concatenate()`, over the channels. The numbers $c_1, \dots, c_k$ are `widths`. $\mathrm{up}(u_i)$ has $c_{i-1}$ channels, as many as $h_{i-1}$; the last one, $\mathrm{up}(u_1)$, has $c_1$ channels. At the end, a convolution of $3 \times 3$ with `padding="same"` and a sigmoid draws the image from $u_0$.
#
# **Exercise 1.1.** Build the U-Net with `down` and `up`. There are one or more widths, and the sides of the image can be halved as often as there are widths.


# %% exercise="1.1" points=4
def get_unet(input_shape, channels, widths):
    """Build the generator.

    input_shape: (height, width, channels) of the image x that it reads.
    channels: the channels of the image that it draws.
    widths: the channels of each step down, outermost first.
    Returns: a Keras model, (batch, *input_shape) -> (batch, height, width, channels),
        values in [0, 1].
    """
    ### BEGIN SOLUTION
    x = keras.Input(input_shape)
    h = [x]
    for width in widths:
        h.append(down(h[-1], width))
    u = h[-1]
    for i in range(len(widths), 0, -1):
        width = widths[max(i - 2, 0)]
        u = layers.Concatenate()([up(u, width), h[i - 1]])
    image = layers.Conv2D(channels, 3, padding="same", activation="sigmoid")(u)
    return keras.Model(x, image)
    ### END SOLUTION


# %% [markdown]
# The discriminator $\mathcal D$ of pix2pix is conditional: it reads an image *and* the image that it was translated from, and tells whether the first is a real translation of the second. It does not return one logit per image, but a grid of them, one for each **patch**. So it learns what small pieces of real images look like, and it has few weights.
#
# 1. `layers.Concatenate()` joins image and condition over the channels.
# 2. For each entry of `widths`: a `Conv2D` with this many channels, a kernel of $4 \times 4$, `strides=2` and `padding="same"`, then a leaky ReLU with slope 0.2. There is no batch normalization.
# 3. A `Conv2D` with one channel, a kernel of $3 \times 3$ and `padding="same"`, without an activation, returns the logits.
#
# **Exercise 1.2.** Build $\mathcal D$. Both images have the same sides, which can be halved as often as there are widths. `keras.Model` gets a list of the two inputs: first the image, then the condition.


# %% exercise="1.2" points=4
def get_patch_discriminator(image_shape, condition_shape, widths):
    """Build the discriminator.

    image_shape: (height, width, channels) of the images that it scores.
    condition_shape: (height, width, channels) of the images that those were translated from.
    widths: the channels of each convolution with stride 2.
    Returns: a Keras model, [(batch, *image_shape), (batch, *condition_shape)]
        -> (batch, height / 2^n, width / 2^n, 1), logits, where n is the number of widths.
    """
    ### BEGIN SOLUTION
    image, condition = keras.Input(image_shape), keras.Input(condition_shape)
    x = layers.Concatenate()([image, condition])
    for width in widths:
        x = layers.Conv2D(width, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    logits = layers.Conv2D(1, 3, padding="same")(x)
    return keras.Model([image, condition], logits)
    ### END SOLUTION


# %% [markdown]
# ## 2. Pix2pix
#
# The two players play the game of the conditional GAN, where the condition is an image. A term is added: "Additional term favors resemblance to true result and produces better results" (ATIV). With $x$ the image to translate and $y$ its translation:
#
# $$ \min_{\mathcal G} \max_{\mathcal D} \; \mathbb E_{x, y} [\log \mathcal D(y, x)] + \mathbb E_x [\log(1 - \mathcal D(\mathcal G(x), x))] + \lambda \, \mathbb E_{x, y} [\| y - \mathcal G(x) \|_1] $$
#
# (ATIV exchanges the letters $x$ and $y$, and writes $1 - \log \mathcal D$ for $\log(1 - \mathcal D)$. There is no noise $z$ here, because pix2pix learns to ignore it.)
#
# Each logit $a$ of the grid counts as one score, $\mathcal D = \sigma(a)$. The authors halve the loss of $\mathcal D$, so that it learns more slowly than $\mathcal G$:
#
# $$ \ell_{\mathcal D} = \frac 1 2 \left( - \mathbb E [\log \mathcal D(y, x)] - \mathbb E [\log (1 - \mathcal D(\mathcal G(x), x))] \right). $$
#
# As in lab 6, $-\log \sigma(a) = \operatorname{softplus}(-a)$ and $-\log(1 - \sigma(a)) = \operatorname{softplus}(a)$: these are right for logits of any size.
#
# **Exercise 2.1.** Return $\ell_{\mathcal D}$. The inputs are the logits of real pairs and those of generated pairs, $(\mathcal G(x), x)$. Average each term over all patches of all its images. The result is one number.


# %% exercise="2.1" points=3
def discriminator_loss(real, fake):
    """Return the loss that D minimizes.

    real: (m, rows, columns, 1), the logits of pairs (y, x).
    fake: (l, rows, columns, 1), the logits of pairs (G(x), x).
    Returns: one number, a tensor.
    """
    ### BEGIN SOLUTION
    return 0.5 * (ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake)))
    ### END SOLUTION


# %% [markdown]
# $\mathcal G$ minimizes the non-saturating loss and the additional term, in which $\| \cdot \|_1$ is the *mean* of the absolute values, over all pixels and channels. Then $\lambda$ does not depend on the size of the images.
#
# $$ \ell_{\mathcal G} = - \mathbb E [\log \mathcal D(\mathcal G(x), x)] + \lambda \, \mathbb E [\| y - \mathcal G(x) \|_1] $$
#
# **Exercise 2.2.** Return $\ell_{\mathcal G}$, one number.


# %% exercise="2.2" points=3
def generator_loss(fake, y, y_hat, lam):
    """Return the loss that G minimizes.

    fake: (m, rows, columns, 1), the logits of pairs (G(x), x).
    y: (m, height, width, channels), the true translations.
    y_hat: (m, height, width, channels), the generated ones, G(x).
    lam: the weight lambda.
    Returns: one number, a tensor.
    """
    ### BEGIN SOLUTION
    return ops.mean(ops.softplus(-fake)) + lam * ops.mean(ops.abs(y - y_hat))
    ### END SOLUTION


# %% [markdown]
# One iteration on a minibatch of pairs $(x, y)$:
#
# > - Generate $\mathcal G(x)$. Update $\theta_d$ by descending $\ell_{\mathcal D}$.
# >
# > - Generate $\mathcal G(x)$ again. Update $\theta_g$ by descending $\ell_{\mathcal G}$, with the new $\theta_d$.
#
# **Exercise 2.3.** Fill in `train_step`. Return both losses in a dictionary; each is the loss before its update.
#
# - Call both networks with `training=True`. For $\ell_{\mathcal D}$, call $\mathcal D$ on the real pairs and, separately, on the generated pairs. For $\ell_{\mathcal G}$, call it on the new generated pairs: `self.discriminator([image, condition], training=True)`.
# - `self.d_optimizer` changes only the weights of $\mathcal D$, and `self.g_optimizer` only those of $\mathcal G$.


# %% exercise="2.3" points=6
class Pix2Pix(keras.Model):
    """Pix2pix.

    generator: (batch, *input) -> (batch, *image).
    discriminator: [(batch, *image), (batch, *input)] -> (batch, rows, columns, 1), logits.
    lam: the weight lambda.
    """

    def __init__(self, generator, discriminator, lam=100.0):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.lam = lam
        self.built = True

    def compile(self, d_optimizer, g_optimizer, **options):
        """Set the optimizer of each player."""
        super().compile(**options)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        d_optimizer.build(self.discriminator.trainable_variables)
        g_optimizer.build(self.generator.trainable_variables)

    def train_step(self, pair):
        """Play one iteration.

        pair: (x, y), a minibatch of images to translate, and one of their translations.
        Returns: {"d_loss": ..., "g_loss": ...}.
        """
        x, y = pair
        ### BEGIN SOLUTION
        y_hat = self.generator(x, training=True)
        with tf.GradientTape() as tape:
            d_loss = discriminator_loss(
                self.discriminator([y, x], training=True),
                self.discriminator([y_hat, x], training=True),
            )
        theta_d = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)

        with tf.GradientTape() as tape:
            y_hat = self.generator(x, training=True)
            fake = self.discriminator([y_hat, x], training=True)
            g_loss = generator_loss(fake, y, y_hat, self.lam)
        theta_g = self.generator.trainable_variables
        self.g_optimizer.apply(tape.gradient(g_loss, theta_g), theta_g)
        return {"d_loss": d_loss, "g_loss": g_loss}
        ### END SOLUTION


# %% [markdown]
# Train it. The task of $\mathcal D$ is easier, so its learning rate is half as large. Both rates fall to nearly 0, so that the weights change little at the end.

# %%
epochs, m = (1, 16) if QUICK else (5, 16)
steps = epochs * (len(X_train) // m)
pix2pix = Pix2Pix(
    get_unet((SIDE, SIDE, 3), 3, (32, 64, 96)),
    get_patch_discriminator((SIDE, SIDE, 3), (SIDE, SIDE, 3), (32, 64)),
)


def falling(rate):
    return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.02)


pix2pix.compile(
    keras.optimizers.Adam(falling(5e-4), beta_1=0.5),
    keras.optimizers.Adam(falling(1e-3), beta_1=0.5),
)
before = pix2pix.generator.predict(X_test, verbose=0)
start = time.perf_counter()
pix2pix.fit(X_train, Y_train, batch_size=m, epochs=epochs, verbose=2)
print(f"{steps} steps in {time.perf_counter() - start:.0f} s")

# %% [markdown]
# The label maps of new people, and their translations. $\mathcal G$ has to invent what the label map does not show: the colours of hair and skin.

# %%
drawn = pix2pix.generator.predict(X_test, verbose=0)
pictures.reconstructions(
    X_test,
    {"before the training": before, "translation G(x)": drawn, "portrait y": Y_test},
    n=12,
    first="label map x",
)

# %% [markdown]
# Below each image are the scores $\mathcal D$ of its patches: white means real, black means generated. Which patches does $\mathcal D$ recognize as real most surely? Why can $\mathcal G$ not draw such patches?

# %%


def scores(images):
    """Return the scores of all patches as grey images with the sides of the images."""
    grid = ops.sigmoid(pix2pix.discriminator([images, X_test])).numpy()
    k = SIDE // grid.shape[1]  # pixels per score
    return np.kron(grid, np.ones((1, k, k, 3)))


rows = {"scores of y": scores(Y_test), "G(x)": drawn, "scores of G(x)": scores(drawn)}
pictures.reconstructions(Y_test, rows, n=12, first="portrait y")

# %% [markdown]
# ## 3. CycleGAN
#
# Often there are no pairs: nobody has photographed the same horse as a zebra. There are only two sets of images, of the domains $X$ and $Y$. CycleGAN has two generators, $\mathcal G: X \to Y$ and $\mathcal F: Y \to X$, and two discriminators, $\mathcal D_Y$ and $\mathcal D_X$, each for the images of one domain.
#
# That $\mathcal G(x)$ looks like an image of $Y$ is not enough: it could be any image of $Y$. It must be possible to go back. There are two cycles,
#
# $$ \ell_{cycle} = \mathbb E_x [\| \mathcal F(\mathcal G(x)) - x \|_1] + \mathbb E_y [\| \mathcal G(\mathcal F(y)) - y \|_1]. $$
#
# And an image that is already in the target domain should not change:
#
# $$ \ell_{identity} = \mathbb E_y [\| \mathcal G(y) - y \|_1] + \mathbb E_x [\| \mathcal F(x) - x \|_1]. $$
#
# **Exercise 3.1.** Return both losses. As before, $\| \cdot \|_1$ is the mean of the absolute values. Call the networks with `training=True`. The two minibatches may have different sizes.


# %% exercise="3.1" points=4
def cycle_loss(G, F, x, y):
    """Return the loss of both cycles.

    G, F: Keras models, X -> Y and Y -> X, (batch, height, width, channels) -> the same.
    x: (m, height, width, channels), images of X.
    y: (l, height, width, channels), images of Y; they are no partners of those in x.
    Returns: one number, a tensor.
    """
    ### BEGIN SOLUTION
    back_x = F(G(x, training=True), training=True)
    back_y = G(F(y, training=True), training=True)
    return ops.mean(ops.abs(back_x - x)) + ops.mean(ops.abs(back_y - y))
    ### END SOLUTION


def identity_loss(G, F, x, y):
    """Return the identity loss.

    G, F, x, y: as above.
    Returns: one number, a tensor.
    """
    ### BEGIN SOLUTION
    same_y, same_x = G(y, training=True), F(x, training=True)
    return ops.mean(ops.abs(same_y - y)) + ops.mean(ops.abs(same_x - x))
    ### END SOLUTION


# %% [markdown]
# The adversarial losses of CycleGAN are those of the least-squares GAN, where $\mathcal D$ returns a score without a sigmoid: 1 is the target for real images, and 0 for generated ones. Both generators together minimize
#
# $$ \ell = \mathbb E_x [(\mathcal D_Y(\mathcal G(x)) - 1)^2] + \mathbb E_y [(\mathcal D_X(\mathcal F(y)) - 1)^2] + \lambda \, \ell_{cycle} + \lambda \mu \, \ell_{identity}. $$
#
# Each cycle contains both generators, so each generator learns from both cycles.
#
# The class below contains the four networks.


# %% given=true
class TwoWays(keras.Model):
    """The networks of CycleGAN.

    G, F: the generators, X -> Y and Y -> X.
    D_Y, D_X: (batch, height, width, channels) -> (batch, rows, columns, 1), scores.
    lam: the weight lambda.   mu: the weight of the identity loss, as a share of lambda.
    """

    def __init__(self, G, F, D_Y, D_X, lam=10.0, mu=0.5):
        super().__init__()
        self.G, self.F, self.D_Y, self.D_X = G, F, D_Y, D_X
        self.lam, self.mu = lam, mu
        self.built = True

    def compile(self, d_optimizer, g_optimizer, **options):
        """Set the optimizer of both discriminators, and that of both generators."""
        super().compile(**options)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        d_optimizer.build(self.D_Y.trainable_variables + self.D_X.trainable_variables)
        g_optimizer.build(self.G.trainable_variables + self.F.trainable_variables)


# %% [markdown]
# **Exercise 3.2.** Take one step of both generators with `gan.g_optimizer`, which was built for the weights of $\mathcal G$ and of $\mathcal F$ together: call `apply` once, with all of them. Return the loss $\ell$ before the step, one number. Call all networks with `training=True`. You may call the functions of exercise 3.1: this cell is graded with the right ones, also if yours are wrong.


# %% exercise="3.2" points=5
def update_generators(gan, x, y):
    """Take one step of the weights of G and F.

    gan: a TwoWays.
    x: (m, height, width, channels), images of X.
    y: (l, height, width, channels), images of Y.
    Returns: the loss before the step, one number, a tensor.
    """
    ### BEGIN SOLUTION
    with tf.GradientTape() as tape:
        of_y = gan.D_Y(gan.G(x, training=True), training=True)
        of_x = gan.D_X(gan.F(y, training=True), training=True)
        loss = ops.mean(ops.square(of_y - 1.0)) + ops.mean(ops.square(of_x - 1.0))
        loss += gan.lam * cycle_loss(gan.G, gan.F, x, y)
        loss += gan.lam * gan.mu * identity_loss(gan.G, gan.F, x, y)
    theta = gan.G.trainable_variables + gan.F.trainable_variables
    gan.g_optimizer.apply(tape.gradient(loss, theta), theta)
    return loss
    ### END SOLUTION


# %% [markdown]
# A discriminator forgets what earlier images of the generator looked like. Then the generator can draw such images again, and the training goes in a circle. So $\mathcal D$ is shown a history of generated images, and not only the latest ones. The history is a list of at most `size` images. The generated images of a minibatch come one after the other:
#
# - While the list is not full, the image is added to the list, and $\mathcal D$ sees the image itself.
# - If the list is full, then with probability $\frac12$ the image takes the place of a random image of the list, and $\mathcal D$ sees this old image. Otherwise $\mathcal D$ sees the new image, and the list stays the same.
#
# **Exercise 3.3.** `new` holds $m$ generated images. Return the $m$ images that $\mathcal D$ sees, in the same order and with the same shape as `new`. Change `history` in place. Use only the random generator `rng`, such as `rng.random()` and `rng.integers(n)`.


# %% exercise="3.3" points=4
def exchange(new, history, size, rng):
    """Return the images that D sees.

    new: (m, height, width, channels), an array: the generated images.
    history: a list of arrays (height, width, channels), at most `size`; it is changed in place.
    size: the largest number of images in the history.
    rng: a numpy.random.Generator.
    Returns: (m, height, width, channels), a NumPy array.
    """
    ### BEGIN SOLUTION
    seen = []
    for image in new:
        shown = image
        if len(history) < size:
            history.append(image)
        elif rng.random() < 0.5:
            i = rng.integers(size)
            shown, history[i] = history[i], image
        seen.append(shown)
    return np.stack(seen)
    ### END SOLUTION


# %% [markdown]
# Now CycleGAN learns from portraits of some people at day and of *other* people at night. At night only the colours differ: red, green and blue are multiplied by three numbers. So the generators here are small: they multiply the colour of each pixel by a matrix $W$ of $3 \times 3$ numbers, and add a vector. They start with the identity matrix, and the training takes seconds. The identity loss has a small weight $\mu$, because a dark colour of a portrait at day must change, and the same dark colour at night must not.

# %%
X_day = views.pairs("night", 40 if QUICK else 500, seed=2, size=SIDE).targets["paired"]
Y_night = views.pairs("night", 40 if QUICK else 500, seed=3, size=SIDE).images


def get_recoloring():
    """Return a network that multiplies the colour of each pixel by a matrix, and adds a vector."""
    return keras.Sequential(
        [keras.Input((SIDE, SIDE, 3)), layers.Dense(3, kernel_initializer="identity")]
    )


def get_scores():
    """Return a patch discriminator that reads one image."""
    network = keras.Sequential([keras.Input((SIDE, SIDE, 3))])
    for width in (16, 32):
        network.add(layers.Conv2D(width, 4, strides=2, padding="same"))
        network.add(layers.LeakyReLU(0.2))
    network.add(layers.Conv2D(1, 3, padding="same"))
    return network


gan = TwoWays(get_recoloring(), get_recoloring(), get_scores(), get_scores(), mu=0.05)
gan.compile(keras.optimizers.Adam(2e-3, beta_1=0.5), keras.optimizers.Adam(1e-2, beta_1=0.5))
generate = tf.function(lambda x, y: (gan.G(x, training=True), gan.F(y, training=True)))
update = tf.function(lambda x, y: update_generators(gan, x, y))


@tf.function
def update_discriminators(x, y, fake_x, fake_y):
    """Take one step of both discriminators."""
    with tf.GradientTape() as tape:
        loss = ops.mean(ops.square(gan.D_Y(y) - 1.0)) + ops.mean(ops.square(gan.D_Y(fake_y)))
        loss += ops.mean(ops.square(gan.D_X(x) - 1.0)) + ops.mean(ops.square(gan.D_X(fake_x)))
        loss = 0.5 * loss
    theta = gan.D_Y.trainable_variables + gan.D_X.trainable_variables
    gan.d_optimizer.apply(tape.gradient(loss, theta), theta)


rng = np.random.default_rng(0)
history_x, history_y = [], []
for _ in range(20 if QUICK else 700):
    x = tf.constant(X_day[rng.integers(len(X_day), size=8)])
    y = tf.constant(Y_night[rng.integers(len(Y_night), size=8)])
    to_y, to_x = generate(x, y)
    fake_y = exchange(to_y.numpy(), history_y, 50, rng)
    fake_x = exchange(to_x.numpy(), history_x, 50, rng)
    update_discriminators(x, y, tf.constant(fake_x), tf.constant(fake_y))
    update(x, y)

# %% [markdown]
# No network has ever seen the same portrait at day and at night. Here are new portraits. The last row shows them as they really are at night. Compare the matrix of $\mathcal G$ with the true one.

# %%
new = views.pairs("night", 12, seed=4, size=SIDE)
x = new.targets["paired"]
to_y = gan.G.predict(x, verbose=0)
back = gan.F.predict(to_y, verbose=0)
print("the matrix of G:", np.round(gan.G.get_weights()[0], 2), sep="\n")
print("the true one:", np.diag(views.NIGHT), sep="\n")
rows = {"G(x)": np.clip(to_y, 0, 1), "F(G(x))": np.clip(back, 0, 1), "true night": new.images}
pictures.reconstructions(x, rows, n=12, first="day x")

# %% [markdown]
# ## Questions
#
# 1. Train pix2pix with `lam=0`, and then only with the additional term. What is wrong with the images in each case?
# 2. How many pixels does one logit of $\mathcal D$ see? Count for `widths=(32, 64)`, from the last layer to the image.
# 3. Leave out the skip connections of the U-Net. Which details are lost?
# 4. Let $\mathcal G$ translate portraits into label maps, which do not show the colours. How can the way back to the portrait work nevertheless? Where could $\mathcal G$ hide the colours?
# 5. Start CycleGAN with random matrices: leave out `kernel_initializer`. $\mathcal G$ may then learn other colours. Why do the cycles and $\mathcal D_Y$ not notice it?

# %%
check()
