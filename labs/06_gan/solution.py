# %% [markdown]
# # Lab 6. The generative adversarial network
#
# No formula tells how real an image looks. A GAN learns this with two networks: the discriminator scores images, real or generated, and the generator learns to draw images that the discriminator takes for real. You will write the losses of both, then the algorithm of the game. You will look at the game on a line, where everything can be drawn. At the end the GAN draws digits.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: AN2DL, "The GAN solution" to "Illustration of the GAN Training Process"; NOTES, lesson 15; ATIV, "GAN"; AE, "Putting it all together".

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
from ankeras.gans import training_record, training_pictures, toy
from ankeras.grading import checker

import matplotlib.pyplot as plt

check = checker("06_gan")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run

# %% [markdown]
# ## 1. The losses of the players
#
# The generator $\mathcal G(z, \theta_g)$ turns noise $z \sim \phi_Z$ into an image. The discriminator $\mathcal D(s, \theta_d) \in [0, 1]$ returns the posterior probability that the image $s$ is real. They play
#
# $$ \min_{\theta_g} \max_{\theta_d} \; \mathbb E_{s \sim \phi_S} [\log \mathcal D(s, \theta_d)] + \mathbb E_{z \sim \phi_Z} [\log(1 - \mathcal D(\mathcal G(z, \theta_g), \theta_d))]. $$
#
# An optimizer minimizes. $\mathcal D$ maximizes, so we change the sign to get its loss:
#
# $$ \ell_{\mathcal D} = - \frac 1 m \sum_{i=1}^m \log \mathcal D(s_i) - \frac 1 m \sum_{i=1}^m \log (1 - \mathcal D(\mathcal G(z_i))) $$
#
# The last layer of our discriminators is linear: the network returns the *logit* $a$, and $\mathcal D = \sigma(a) = 1 / (1 + e^{-a})$. The reason is rounding. A discriminator that is sure returns logits of $\pm 100$ and more. In float32 $\sigma(100)$ is exactly 1, and the logarithm of $1 - \sigma(100)$ is $-\infty$. Written with the logit, the same logarithms are finite:
#
# $$ -\log \sigma(a) = \log(1 + e^{-a}) = \operatorname{softplus}(-a), $$
#
# and Keras computes $\operatorname{softplus}$ for any $a$. Find the same for $-\log(1 - \sigma(a))$.
#
# **Exercise 1.1.** Return $\ell_{\mathcal D}$. The inputs are the logits of a minibatch of real images, `(m, 1)`, and of a minibatch of generated images, `(l, 1)`; the result is one number. It must also be right for logits of $\pm 100$ and more. Average each term over its own minibatch: the two may have different sizes.


# %% exercise="1.1" points=3
def discriminator_loss(real, fake):
    """Return the loss that D minimizes.

    real: (m, 1), the logits of real images.
    fake: (l, 1), the logits of generated images.
    Returns: one number, a tensor.
    """
    ### BEGIN SOLUTION
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))
    ### END SOLUTION


# %% [markdown]
# The first term of the game does not depend on $\theta_g$. So $\mathcal G$ minimizes the second term,
#
# $$ \ell_{minimax} = \frac 1 m \sum_{i=1}^m \log (1 - \mathcal D(\mathcal G(z_i))), $$
#
# or, with the trick of AN2DL, maximizes $\log \mathcal D(\mathcal G(z))$ instead:
#
# $$ \ell_{non-saturating} = - \frac 1 m \sum_{i=1}^m \log \mathcal D(\mathcal G(z_i)). $$
#
# **Exercise 1.2.** Return both losses. The input is the logits of a minibatch of generated images, `(m, 1)`, of any size; each result is one number.


# %% exercise="1.2" points=3
def minimax_loss(fake):
    """Return the average of log(1 - D(G(z))).

    fake: (m, 1), the logits of generated images.
    Returns: one number, a tensor.
    """
    ### BEGIN SOLUTION
    return -ops.mean(ops.softplus(fake))
    ### END SOLUTION


def non_saturating_loss(fake):
    """Return the average of -log D(G(z)).

    fake: (m, 1), the logits of generated images.
    Returns: one number, a tensor.
    """
    ### BEGIN SOLUTION
    return ops.mean(ops.softplus(-fake))
    ### END SOLUTION


# %% [markdown]
# Why are there two losses with the same goal? The loss depends on $\theta_g$ only through the logit $a$ of the generated image. By the chain rule the gradient is
#
# $$ \nabla_{\theta_g} \ell = \frac{\partial \ell}{\partial a} \, \nabla_{\theta_g} a, $$
#
# and only the first factor depends on the choice of the loss.
#
# **Exercise 1.3.** Compute $\partial \ell / \partial a$ of both losses on paper, for a *single* image ($m = 1$). Write it as a function of $d = \sigma(a) = \mathcal D(\mathcal G(z))$. You need $\sigma'(a) = \sigma(a) (1 - \sigma(a))$. Simplify: the result must also be right at $d = 0$ and $d = 1$. The input is an array of values $d$; the result is two arrays of the same shape.


# %% exercise="1.3" points=3
def slopes(d):
    """Return d loss / d logit of both losses, given the value d = D(G(z)).

    d: an array of any shape, values in [0, 1], both ends included.
    Returns: (minimax, non_saturating), two arrays or tensors of the same shape.
    """
    ### BEGIN SOLUTION
    return -d, d - 1.0
    ### END SOLUTION


# %% [markdown]
# On the left are the two losses, as in AN2DL. On the right is the first factor, $-\partial \ell / \partial a$: the lines are your derivatives, and the dots are the derivatives of your losses, computed by TensorFlow.

# %%
outputs = np.linspace(0.002, 0.998, 250, dtype="float32")
some = outputs[::12]
figure, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.4), layout="constrained", dpi=110)
for i, (name, loss, color) in enumerate(
    [("minimax", minimax_loss, "#c8553d"), ("non-saturating", non_saturating_loss, "#33415c")]
):
    logits = tf.constant(np.log(some / (1 - some))[:, None])  # the inverse of the sigmoid
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = loss(logits) * len(some)
    left.plot(outputs, [loss(np.log([[d / (1 - d)]])) for d in outputs], color=color, label=name)
    right.plot(outputs, -slopes(outputs)[i], color=color, label=name)
    right.plot(some, -tape.gradient(total, logits)[:, 0], "o", color=color, markersize=4)
left.set(title="loss", xlabel=r"$\mathcal{D}(\mathcal{G}(z))$", ylim=(-4, 4))
right.set(title=r"$-\partial \ell / \partial a$", xlabel=r"$\mathcal{D}(\mathcal{G}(z))$")
for axes in (left, right):
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
right.legend(frameon=False)
pictures.finished(figure)

# %% [markdown]
# At the beginning $\mathcal G$ draws bad images and $\mathcal D(\mathcal G(z)) \approx 0$. There $\log(1 - \mathcal D(\mathcal G(z)))$ is flat: the worse an image is, the less $\mathcal G$ learns from it. With $-\log \mathcal D(\mathcal G(z))$ it is the opposite: the worse an image is, the more $\mathcal G$ learns from it.
#
# ## 2. The best discriminator
#
# Let $p$ be the density of the data and $q$ that of $\mathcal G(z)$. If $\mathcal G$ does not change, the value of the game is
#
# $$ \int p(x) \log \mathcal D(x) + q(x) \log (1 - \mathcal D(x)) \, dx, $$
#
# and $\mathcal D$ can choose any value at each $x$. The integrand is largest for (NOTES, figure 1)
#
# $$ \mathcal D^*(x) = \frac{p(x)}{p(x) + q(x)}. $$
#
# **Exercise 2.1.** Return $\mathcal D^*$ at each place. The inputs are two arrays of the same shape, the densities $p$ and $q$; the result has the same shape. Where both densities are exactly 0, return $\tfrac12$. Densities may be very small, such as $10^{-20}$: your treatment of 0 must not change the result there.


# %% exercise="2.1" points=3
def optimal_discriminator(p, q):
    """Return D* at each place.

    p, q: arrays of the same shape, the densities of the data and of G(z) at these places.
    Returns: an array or a tensor of this shape; 1/2 where p = q = 0.
    """
    ### BEGIN SOLUTION
    total = p + q
    return np.where(total > 0, p / np.where(total > 0, total, 1.0), 0.5)
    ### END SOLUTION


# %% [markdown]
# ## 3. The game
#
# Here is the algorithm (AN2DL, "Algorithm outline"; Goodfellow et al. 2014, algorithm 1):
#
# > **for** number of training iterations **do**
# >
# > &emsp; **for** $k$ steps **do**
# >
# > &emsp;&emsp; • Draw a minibatch $\{z_1, \dots, z_m\}$ of noise realizations.
# >
# > &emsp;&emsp; • Sample a minibatch of images $\{s_1, \dots, s_m\}$.
# >
# > &emsp;&emsp; • Update $\theta_d$ by ascending $\; \nabla_{\theta_d} \frac 1 m \sum_i \left[ \log \mathcal D(s_i) + \log (1 - \mathcal D(\mathcal G(z_i))) \right]$.
# >
# > &emsp; • Draw a minibatch $\{z_1, \dots, z_m\}$ of noise realizations.
# >
# > &emsp; • Update $\theta_g$ by descending $\; \nabla_{\theta_g} \frac 1 m \sum_i \log (1 - \mathcal D(\mathcal G(z_i)))$
# >
# > &emsp;&emsp; or, non-saturating, by ascending $\; \nabla_{\theta_g} \frac 1 m \sum_i \log \mathcal D(\mathcal G(z_i))$.
#
# The class below contains everything that the players need: both networks, one optimizer for each, the loss of $\mathcal G$, and the noise.


# %% given=true
class TwoPlayers(keras.Model):
    """A generator and a discriminator.

    generator: (batch, d) -> (batch, *image).
    discriminator: (batch, *image) -> (batch, 1), logits.
    generator_loss: minimax_loss or non_saturating_loss.
    k: discriminator steps per generator step.
    """

    def __init__(self, generator, discriminator, generator_loss, k=1):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.generator_loss = generator_loss
        self.k = k
        self.built = True

    @property
    def latent_dim(self):
        """The size d of the noise."""
        return self.generator.input_shape[-1]

    def draw_noise(self, m):
        """Draw a minibatch {z_1, ..., z_m} of noise: (m, d), from N(0, I)."""
        return keras.random.normal((m, self.latent_dim))

    def compile(self, d_optimizer, g_optimizer, **options):
        """Set the optimizer of each player."""
        super().compile(**options)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        d_optimizer.build(self.discriminator.trainable_variables)
        g_optimizer.build(self.generator.trainable_variables)


# %% [markdown]
# **Exercise 3.1.** Take one step of $\theta_d$ with the loss of exercise 1.1. The input is a minibatch of $m$ real images; return the loss before the step, one number. Draw the noise for $m$ images with one call of `gan.draw_noise(m)`. Call $\mathcal D$ once on the real images and once on the generated ones. Call both networks with `training=True`. Only $\theta_d$ may change.
#
# In `fit` this code runs as a graph, and the size of the minibatch may be unknown: `ops.shape(s)[0]` works, but `len(s)` does not.


# %% exercise="3.1" points=5
def update_discriminator(gan, s):
    """Take one step of theta_d with gan.d_optimizer.

    gan: a TwoPlayers.
    s: (m, *image), a minibatch of real images.
    Returns: discriminator_loss before the step, one number, a tensor.
    """
    ### BEGIN SOLUTION
    z = gan.draw_noise(ops.shape(s)[0])
    fake = gan.generator(z, training=True)
    with tf.GradientTape() as tape:
        loss = discriminator_loss(
            gan.discriminator(s, training=True), gan.discriminator(fake, training=True)
        )
    theta_d = gan.discriminator.trainable_variables
    gan.d_optimizer.apply(tape.gradient(loss, theta_d), theta_d)
    return loss
    ### END SOLUTION


# %% [markdown]
# Try it. The data have two peaks. $\mathcal G$ is fixed and draws from one Gaussian between them, and only $\mathcal D$ learns. Does it find $\mathcal D^*$?

# %%
x = toy.LINE  # the places where we draw the densities
p = toy.TWO_PEAKS.pdf(x)
q = toy.Gaussians(np.array([[0.5]]), 1.0).pdf(x)
fixed = keras.Sequential([keras.Input((1,)), layers.Rescaling(1.0, offset=0.5)])
alone = TwoPlayers(fixed, toy.get_toy_discriminator(1), non_saturating_loss)
alone.compile(keras.optimizers.Adam(2e-3), keras.optimizers.SGD(0.0))
points = toy.TWO_PEAKS.sample(1000 * 256)
step = tf.function(lambda s: update_discriminator(alone, s))

figure, all_axes = plt.subplots(1, 4, figsize=(11, 2.5), sharey=True, layout="constrained", dpi=110)
taken = 0
for axes, wanted in zip(all_axes, (0, 10, 100, 20 if QUICK else 1000)):
    for i in range(taken, wanted):
        step(tf.constant(points[256 * i : 256 * (i + 1)]))
    taken = max(taken, wanted)
    axes.plot(x, p, ":", color="black", label="data: $p$")
    axes.plot(x, q, color="#2e8b57", label=r"$\mathcal{G}(z)$: $q$")
    axes.plot(x, ops.sigmoid(alone.discriminator(x)), "--", color="#2f62b5", label=r"$\mathcal{D}$")
    best = optimal_discriminator(p, q)
    axes.plot(x, best, color="#2f62b5", lw=4, alpha=0.25, label=r"$\mathcal{D}^*$")
    axes.set(title=f"{taken} steps of D", xlim=(-3.3, 3.3))
    axes.spines[["top", "right"]].set_visible(False)
handles, labels = all_axes[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside right center", frameon=False)
pictures.finished(figure)

# %% [markdown]
# **Exercise 3.2.** Take one step of $\theta_g$ with the loss `gan.generator_loss`. Generate $m$ images from new noise: one call of `gan.draw_noise(m)`. Return the loss before the step, one number. Call both networks with `training=True`. Only $\theta_g$ may change.


# %% exercise="3.2" points=5
def update_generator(gan, m):
    """Take one step of theta_g with gan.g_optimizer.

    gan: a TwoPlayers.
    m: the number of images to generate.
    Returns: gan.generator_loss before the step, one number, a tensor.
    """
    ### BEGIN SOLUTION
    z = gan.draw_noise(m)
    with tf.GradientTape() as tape:
        fake = gan.generator(z, training=True)
        loss = gan.generator_loss(gan.discriminator(fake, training=True))
    theta_g = gan.generator.trainable_variables
    gan.g_optimizer.apply(tape.gradient(loss, theta_g), theta_g)
    return loss
    ### END SOLUTION


# %% [markdown]
# Now one iteration of the algorithm. `fit` calls `train_step` with $k \cdot m$ images: the first $m$ are the minibatch of the first step of $\mathcal D$, the next $m$ are the minibatch of the second step, and so on. $\mathcal G$ generates $m$ images. (`ops.split` splits a tensor into equal parts.)
#
# **Exercise 3.3.** Fill in `train_step`: $k$ steps of $\mathcal D$, then one step of $\mathcal G$. Return both losses in a dictionary.


# %% exercise="3.3" points=5
class GAN(TwoPlayers):
    """The generative adversarial network."""

    def train_step(self, images):
        """Play one iteration of the algorithm.

        images: (k m, *image), real images.
        Returns: {"d_loss": ..., "g_loss": ...}, the discriminator's loss in the last of its k
            steps, and the generator's loss.
        """
        ### BEGIN SOLUTION
        for s in ops.split(images, self.k):
            d_loss = update_discriminator(self, s)
        g_loss = update_generator(self, ops.shape(s)[0])
        return {"d_loss": d_loss, "g_loss": g_loss}
        ### END SOLUTION


# %% [markdown]
# ## 4. The process on a line
#
# As in AN2DL, "Illustration of the GAN Training Process", both $\mathbb R^d$ and $\mathbb R^n$ have one dimension, so that densities can be drawn. The lines below the plots show the map $z \to x = \mathcal G(z)$. The wide pale line is $\mathcal D^*$; it is left out where there are nearly no points.

# %%
keras.utils.set_random_seed(2)
line = GAN(toy.get_toy_generator(1, 1), toy.get_toy_discriminator(1), non_saturating_loss)
line.compile(
    keras.optimizers.Adam(2e-3, beta_1=0.0),
    keras.optimizers.Adam(5e-4, beta_1=0.0),
    steps_per_execution=20,
)
steps = 200 if QUICK else 3000
record = training_record.Snapshots(toy.prior_quantiles(500), toy.LINE, every=40)
line.fit(toy.TWO_PEAKS.sample(steps * 512), batch_size=512, epochs=1, verbose=0, callbacks=[record])
last = len(record.steps) - 1
training_pictures.line(record, toy.TWO_PEAKS, sorted({0, 2, 4, min(15, last), last}))

# %% [markdown]
# $\mathcal D$ follows $\mathcal D^*$. The slope of $\mathcal D$ tells $\mathcal G$ where points are missing. Then $\mathcal G$ changes, and with it $\mathcal D^*$. At the end $q = p$ and $\mathcal D^* = \tfrac12$ everywhere.
#
# Now in the plane. The background is $\mathcal D$: blue means real, red means generated. The data are eight narrow peaks on a ring.

# %%
keras.utils.set_random_seed(0)
ring = GAN(toy.get_toy_generator(2, 2, 0), toy.get_toy_discriminator(2, 100), non_saturating_loss)
ring.compile(
    keras.optimizers.Adam(1e-3, beta_1=0.5),
    keras.optimizers.Adam(1e-3, beta_1=0.5),
    steps_per_execution=20,
)
record = training_record.Snapshots(latent.sample_prior(1000, 2), toy.PLANE, every=100)
ring.fit(toy.RING.sample(steps * 128), batch_size=128, verbose=0, callbacks=[record])
last = len(record.steps) - 1
training_pictures.plane(record, toy.RING, sorted({0, min(4, last), min(8, last), last // 2, last}))

# %% [markdown]
# ## 5. Digits
#
# The same code can draw images; only the networks are larger. First a test: how much can an untrained $\mathcal G$ learn from a trained $\mathcal D$? We train only $\mathcal D$ and measure the length of $\nabla_{\theta_g}$ of both losses.

# %%
keras.utils.set_random_seed(42)
n_images = 640 if QUICK else 19_968
pen = np.random.default_rng(0).uniform(0.07, 0.12, n_images)  # neither thin nor thick
X_train = data.digits(n_images, seed=1, thickness=pen, sloppiness=0.7).images
ahead = GAN(
    ankeras.get_generator(16, (28, 28, 1), kind="mlp"),
    ankeras.get_discriminator((28, 28, 1), kind="mlp"),
    non_saturating_loss,
)
ahead.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.SGD(0.0))
step = tf.function(lambda s: update_discriminator(ahead, s))
lengths = {"minimax": [], "non-saturating": []}
counts = (1, 2, 4, 8, 16, 32)
for i in range(1, 33):
    step(tf.constant(X_train[(16 * i) % 512 :][:128]))
    if i in counts:
        for name, length in training_record.generator_gradient_norms(ahead).items():
            lengths[name].append(length)
figure = pictures.curves(
    counts, lengths, x_label="steps of D", y_label=r"length of $\nabla_{\theta_g}$"
)
figure.axes[0].set_yscale("log")
figure

# %% [markdown]
# After a few steps $\mathcal D$ is so sure that $\mathcal G$ learns nearly nothing from the minimax loss. So we train with the non-saturating loss. The task of $\mathcal D$ is easier, so its learning rate is half as large. Both rates fall to nearly 0, so that the weights change little at the end. All rows of the picture show the same $z$, at different times.

# %%
epochs, batch_size = (1 if QUICK else 6), 64
steps = epochs * n_images // batch_size


def falling(rate):
    return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.02)


gan = GAN(
    ankeras.get_generator(16, (28, 28, 1)),
    ankeras.get_discriminator((28, 28, 1), batch_norm=False),
    non_saturating_loss,
)
gan.compile(
    keras.optimizers.Adam(falling(5e-4), beta_1=0.5),
    keras.optimizers.Adam(falling(1e-3), beta_1=0.5),
)
z = latent.sample_prior(14, gan.latent_dim)
before = latent.decode(gan.generator, z)
rows = {}
for epoch in range(1, epochs + 1):
    gan.fit(X_train, batch_size=batch_size, verbose=2)
    if epoch in (1, 2, 4, epochs):
        rows[f"epoch {epoch}"] = latent.decode(gan.generator, z)
pictures.reconstructions(before, rows, n=14, first="before")

# %% [markdown]
# "At the end of training, we discard $\mathcal D$ and keep $\mathcal G$" (AN2DL).

# %%
pictures.image_grid(latent.decode(gan.generator, latent.sample_prior(100, gan.latent_dim, seed=1)))

# %% [markdown]
# ## Questions
#
# 1. What is $\ell_{\mathcal D}$ when $q = p$ and $\mathcal D = \mathcal D^*$? Compare it with the losses that `fit` printed. What do you conclude?
# 2. $\mathcal G$ has never seen a real image. How can it learn what a 7 looks like?
# 3. Train the line with `k=5` (and batches five times as large), then with a $\mathcal D$ that learns ten times more slowly than $\mathcal G$. What changes, and why does AN2DL ask us to "carefully synchronize the two steps"?
# 4. Train the digits with `minimax_loss`. Does it fail? Adam divides each gradient by its average size. How does this help here?
# 5. Can you compute the likelihood of a given digit with this model?

# %%
check()
