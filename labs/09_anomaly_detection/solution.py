# %% [markdown]
# # Lab 9. Anomaly detection
#
# It is not possible to collect images of all faults that may occur. So we learn from normal images only: an anomaly is an image that does not look like them. You will write four scores that tell how unusual an image is, build the BiGAN that they need, and choose a threshold: first for whole images, then for each pixel of a brick wall.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: AN2DL, "GAN for Anomaly Detection": "Anomaly Detection in images", "GANs and Anomaly Detection", "BidirectionalGANs (BiGANs)", "Anomaly detection with BidirectionalGANs (BiGANs)", "Fully Convolutional Anomaly Detection by GANs".

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

from ankeras import data, latent, pictures
from ankeras.anomaly import AnomalyMaps, roc_auc
from ankeras.anomaly import plots as anomaly_plots
from ankeras.gans import fc_bigan
from ankeras.grading import checker

import matplotlib.pyplot as plt
from skimage.filters import gaussian

check = checker("09_anomaly_detection")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run

# %% [markdown]
# The normal images are small images of zeros, so the training is fast. All other digits are anomalies; we use them only for the test.

# %%
SIDE, NORMAL, D = 14, 0, 8  # height and width, the normal class, the size of the code
train_data, test_data = data.load("digits", size=SIDE)
S_train = train_data.images[train_data.labels == NORMAL]
S_test, anomalous = test_data.images, test_data.labels != NORMAL
print(f"{len(S_train)} normal images for training, {len(S_test)} images for the test")
pictures.image_grid(np.stack([S_train[:14], S_test[anomalous][:14]]))

# %% [markdown]
# ## 1. Four scores
#
# "We might have a wonderful anomaly detection model if we train a GAN $\mathcal G$ to generate normal images and we invert the GAN mapping" (AN2DL). A BiGAN learns both: $\mathcal G$ maps a code to an image, and an encoder $\mathcal E$ maps an image to a code. So an image $s$ has a code $\mathcal E(s)$ and a reconstruction $\hat s = \mathcal G(\mathcal E(s))$. Both are useful.
#
# An anomaly score is one number per image: the higher it is, the less normal is the image.
#
# The first score uses the reconstruction: $\mathcal G$ can draw only normal images, so an anomaly has a large reconstruction error.
#
# $$ \| \hat s - s \|_2 = \sqrt{\textstyle\sum_i (\hat s_i - s_i)^2}, $$
#
# where the sum is over all numbers of an image: all pixels and all channels.
#
# **Exercise 1.1.** Return this error for each image. The inputs are two arrays of the same shape, the images and their reconstructions, `(batch, ...)`; the result is one number per image, `(batch,)`. An image may have any number of axes.


# %% exercise="1.1" points=2
def reconstruction_error(s, s_hat):
    """Return ||s_hat - s||_2 of each image.

    s, s_hat: (batch, ...), two arrays of the same shape; the first axis is that of the images.
    Returns: (batch,), an array or a tensor.
    """
    ### BEGIN SOLUTION
    difference = np.reshape(s_hat - s, (len(s), -1))
    return np.sqrt(np.sum(difference**2, axis=1))
    ### END SOLUTION


# %% [markdown]
# The second score uses the code. Normal images come from noise $z \sim \phi_z = \mathcal N(0, I_d)$, so "consider as anomalous all the images $s$ corresponding to a low likelihood" $\phi_z(\mathcal E(s))$. The density is
#
# $$ \phi_z(z) = (2 \pi)^{-d/2} \, e^{-\| z \|_2^2 / 2}, $$
#
# and the score is $-\log \phi_z(z)$ with the natural logarithm: a low likelihood gives a high score. The density of a code far from 0 is so small that the computer rounds it to 0, and $\log 0 = -\infty$. So first simplify the logarithm on paper.
#
# **Exercise 1.2.** Return this score for each code, including the constant. The input is the codes, `(batch, d)`; the result is one number per code, `(batch,)`.


# %% exercise="1.2" points=2
def prior_score(z):
    """Return -log phi(z) of each code, for phi = N(0, I).

    z: (batch, d), an array.
    Returns: (batch,), an array or a tensor.
    """
    ### BEGIN SOLUTION
    d = z.shape[1]
    return 0.5 * np.sum(z**2, axis=1) + 0.5 * d * np.log(2 * np.pi)
    ### END SOLUTION


# %% [markdown]
# The third score uses the discriminator. It has learnt that $(s, \mathcal E(s))$ is a real pair if $s$ is normal: it "will consider the anomalous sample as fake". $\mathcal D(s, \mathcal E(s))$ is high for normal images, so the score is
#
# $$ 1 - \mathcal D(s, \mathcal E(s)), \qquad \mathcal D = \sigma(a) = \frac 1 {1 + e^{-a}}, $$
#
# where $a$ is the logit that our discriminators return. If $a$ is large, $\sigma(a)$ is rounded to 1 and $1 - \sigma(a)$ to 0. Then images with $a = 20$ and with $a = 60$ get the same score, although the second one is much more normal. Find a formula for $1 - \sigma(a)$ without a difference.
#
# **Exercise 1.3.** Return this score for each image. The input is the logits, `(batch, 1)`; the result is one number per image, `(batch,)`. It must be right to several digits for all logits, such as $8.8 \cdot 10^{-27}$ for $a = 60$.


# %% exercise="1.3" points=3
def posterior_score(logits):
    """Return 1 - D(s, E(s)) of each image.

    logits: (batch, 1), an array: what the discriminator returns.
    Returns: (batch,), an array or a tensor.
    """
    ### BEGIN SOLUTION
    return ops.sigmoid(-logits)[:, 0]
    ### END SOLUTION


# %% [markdown]
# The fourth score: "However, there are more effective anomaly scores":
#
# $$ A(s) = (1 - \alpha) \left\| \mathcal G(\mathcal E(s)) - s \right\|_2 + \alpha \left\| f(s, \mathcal E(s)) - f(\mathcal G(\mathcal E(s)), \mathcal E(s)) \right\|_2 $$
#
# $f$ are the features before the last layer of $\mathcal D$. So the image and its reconstruction are compared twice: by their pixels and by the features of $\mathcal D$. (The slide writes $f(\mathcal D(s, \mathcal E(s)))$ for $f(s, \mathcal E(s))$.)
#
# **Exercise 1.4.** Return $A(s)$ for each image. The inputs are the images, their reconstructions, and the features of both, each `(batch, ...)`; the result is one number per image, `(batch,)`. You may call `reconstruction_error`: this cell is graded with the right one, also if yours is wrong.


# %% exercise="1.4" points=2
def bigan_score(s, s_hat, f, f_hat, alpha):
    """Return A(s) of each image.

    s, s_hat: (batch, ...), the images and their reconstructions.
    f, f_hat: (batch, ...), D's features of (s, E(s)) and of (s_hat, E(s)).
    alpha: the weight of the features, in [0, 1].
    Returns: (batch,), an array or a tensor.
    """
    ### BEGIN SOLUTION
    return (1 - alpha) * reconstruction_error(s, s_hat) + alpha * reconstruction_error(f, f_hat)
    ### END SOLUTION


# %% [markdown]
# ## 2. The BiGAN
#
# "The BiGAN adds an encoder $\mathcal E$ to the adversarial game". $\mathcal D$ scores *pairs* of an image and a code. There are two kinds of pairs:
#
# $$ \text{real: } (s, \mathcal E(s)), \quad s \sim \phi_S \qquad\qquad \text{generated: } (\mathcal G(z), z), \quad z \sim \phi_Z $$
#
# $$ \min_{\mathcal G, \mathcal E} \max_{\mathcal D} \; \mathbb E_{s \sim \phi_S} [\log \mathcal D(s, \mathcal E(s))] + \mathbb E_{z \sim \phi_Z} [\log(1 - \mathcal D(\mathcal G(z), z))] $$
#
# (The slide writes $1 - \log \mathcal D$ instead of $\log(1 - \mathcal D)$.) When $\mathcal D$ cannot distinguish the two kinds, $\mathcal E$ is the inverse of $\mathcal G$, although no loss compares $\mathcal G(\mathcal E(s))$ with $s$.
#
# $\mathcal D$ minimizes the negative of this. In a GAN the first term does not depend on $\mathcal G$. Here the first term depends on $\mathcal E$, and the second one on $\mathcal G$. The non-saturating trick is applied to both terms: $\mathcal G$ and $\mathcal E$ together *maximize*
#
# $$ \mathbb E_{s \sim \phi_S} [\log(1 - \mathcal D(s, \mathcal E(s)))] + \mathbb E_{z \sim \phi_Z} [\log \mathcal D(\mathcal G(z), z)]. $$
#
# **Exercise 2.1.** Return both losses, written so that they are minimized. The inputs are the logits of the real pairs, `(m, 1)`, and of the generated pairs, `(l, 1)`, of any size; each result is one number. Use $-\log \sigma(a) = \operatorname{softplus}(-a)$, as in lab 6. Each expectation is the average over its own minibatch.


# %% exercise="2.1" points=3
def discriminator_loss(real, fake):
    """Return the loss that D minimizes.

    real: (m, 1), the logits of pairs (s, E(s)).
    fake: (l, 1), the logits of pairs (G(z), z).
    Returns: one number, a tensor.
    """
    ### BEGIN SOLUTION
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))
    ### END SOLUTION


def generator_encoder_loss(real, fake):
    """Return the non-saturating loss that G and E minimize together.

    real, fake: as above.
    Returns: one number, a tensor.
    """
    ### BEGIN SOLUTION
    return ops.mean(ops.softplus(real)) + ops.mean(ops.softplus(-fake))
    ### END SOLUTION


# %% [markdown]
# One iteration on a minibatch of $m$ images $s$:
#
# > - Draw noise $\{z_1, \dots, z_m\}$. Generate $\mathcal G(z_i)$ and encode $\mathcal E(s_i)$.
# >
# > - Update $\theta_d$ by descending $\; - \frac 1 m \sum_i \log \mathcal D(s_i, \mathcal E(s_i)) - \frac 1 m \sum_i \log (1 - \mathcal D(\mathcal G(z_i), z_i))$.
# >
# > - Draw new noise $\{z_1, \dots, z_m\}$. Generate and encode again.
# >
# > - Update $\theta_g$ and $\theta_e$ by descending $\; - \frac 1 m \sum_i \log (1 - \mathcal D(s_i, \mathcal E(s_i))) - \frac 1 m \sum_i \log \mathcal D(\mathcal G(z_i), z_i)$.
#
# **Exercise 2.2.** Fill in `train_step`. Its input is a minibatch of normal images. Return both losses in a dictionary.
#
# - Draw the noise with `self.draw_noise(m)`, once for each of the two updates.
# - Call all networks with `training=True`. Call $\mathcal D$ once on the real pairs and once on the generated pairs: `self.discriminator([s, z], training=True)`.
# - `self.d_optimizer` changes only the weights of $\mathcal D$; `self.g_optimizer` changes the weights of $\mathcal G$ and of $\mathcal E$. Both losses are those before the update.


# %% exercise="2.2" points=7
class BiGAN(keras.Model):
    """The bidirectional GAN.

    encoder: (batch, *image) -> (batch, d).
    generator: (batch, d) -> (batch, *image).
    discriminator: [(batch, *image), (batch, d)] -> (batch, 1), logits.
    """

    def __init__(self, encoder, generator, discriminator):
        super().__init__()
        self.encoder = encoder
        self.generator = generator
        self.discriminator = discriminator
        self.built = True

    def compile(self, d_optimizer, g_optimizer, **options):
        """Set the optimizer of D, and the one of G and E."""
        super().compile(**options)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        d_optimizer.build(self.discriminator.trainable_variables)
        g_optimizer.build([*self.generator.trainable_variables, *self.encoder.trainable_variables])

    def draw_noise(self, m):
        """Draw a minibatch of noise: (m, d), from N(0, I)."""
        return keras.random.normal((m, self.generator.input_shape[-1]))

    def train_step(self, s):
        """Play one iteration.

        s: (m, *image), a minibatch of normal images; in a graph m may be unknown.
        Returns: {"d_loss": ..., "g_loss": ...}; the second one is the loss of G and E.
        """
        ### BEGIN SOLUTION
        m = ops.shape(s)[0]

        z = self.draw_noise(m)
        fake = self.generator(z, training=True)
        code = self.encoder(s, training=True)
        with tf.GradientTape() as tape:
            d_loss = discriminator_loss(
                self.discriminator([s, code], training=True),
                self.discriminator([fake, z], training=True),
            )
        theta_d = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)

        z = self.draw_noise(m)
        with tf.GradientTape() as tape:
            fake = self.generator(z, training=True)
            code = self.encoder(s, training=True)
            g_loss = generator_encoder_loss(
                self.discriminator([s, code], training=True),
                self.discriminator([fake, z], training=True),
            )
        theta = self.generator.trainable_variables + self.encoder.trainable_variables
        self.g_optimizer.apply(tape.gradient(g_loss, theta), theta)
        return {"d_loss": d_loss, "g_loss": g_loss}
        ### END SOLUTION


# %% [markdown]
# Train it. $\mathcal D$ reads the image with convolutions, and then their output together with the code; its last hidden layer returns the features $f$. The task of $\mathcal D$ is easier, so its learning rate is half as large. Both rates fall to nearly 0, so that the weights change little at the end.


# %%
def get_pair_discriminator(image_shape, d):
    """Return D: (image, code) -> one logit per pair."""
    image, code = keras.Input(image_shape), keras.Input((d,))
    x = layers.Rescaling(2.0, offset=-1.0)(image)
    for width in (32, 64):
        x = layers.LeakyReLU(0.2)(layers.Conv2D(width, 4, strides=2, padding="same")(x))
    x = layers.Concatenate()([layers.Flatten()(x), code])
    x = layers.LeakyReLU(0.2)(layers.Dense(128)(x))
    x = layers.LeakyReLU(0.2, name="features")(layers.Dense(64)(x))
    return keras.Model([image, code], layers.Dense(1)(x))


epochs, batch_size = (6 if QUICK else 120), 64
steps = epochs * len(S_train) // batch_size


def falling(rate):
    return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.02)


image_shape = (SIDE, SIDE, 1)
bigan = BiGAN(
    ankeras.get_encoder(image_shape, D),
    ankeras.get_generator(D, image_shape),
    get_pair_discriminator(image_shape, D),
)
bigan.compile(
    keras.optimizers.Adam(falling(5e-4), beta_1=0.5),
    keras.optimizers.Adam(falling(1e-3), beta_1=0.5),
)
start = time.perf_counter()
history = bigan.fit(S_train, batch_size=batch_size, epochs=epochs, verbose=0).history
print(f"{epochs} epochs in {time.perf_counter() - start:.0f} s")
print({name: round(values[-1], 2) for name, values in history.items()})

# %% [markdown]
# What are the reconstructions of images that it has never seen? The first two rows are normal images and their reconstructions. The last two rows are anomalies and their reconstructions: the BiGAN always draws a zero.

# %%
shown = np.concatenate([S_test[~anomalous][:14], S_test[anomalous][:14]])
redrawn = latent.decode(bigan.generator, latent.encode(bigan.encoder, shown))
pictures.image_grid(np.stack([shown[:14], redrawn[:14], shown[14:], redrawn[14:]]))

# %% [markdown]
# Now your scores. ROC AUC is the probability that an anomaly has a higher score than a normal image: 1 is perfect, 0.5 is chance, and below 0.5 the score is worse than chance.

# %%
discriminator = bigan.discriminator
features = keras.Model(discriminator.inputs, discriminator.get_layer("features").output)


def scores_of(s, alpha=0.1):
    """Return each score of images s: name -> (n,)."""
    z = latent.encode(bigan.encoder, s)
    s_hat = latent.decode(bigan.generator, z)
    f, f_hat = (features.predict([x, z], verbose=0) for x in (s, s_hat))
    found = {
        "reconstruction error": reconstruction_error(s, s_hat),
        "prior": prior_score(z),
        "posterior": posterior_score(discriminator.predict([s, z], verbose=0)),
        f"A(s), alpha = {alpha:g}": bigan_score(s, s_hat, f, f_hat, alpha),
    }
    return {name: np.asarray(values) for name, values in found.items()}


scores = scores_of(S_test)
for name, values in scores.items():
    print(f"{name:24}{roc_auc(values, anomalous):.3f}")
anomaly_plots.detection_curves(scores, anomalous)

# %% [markdown]
# ## 3. The decision
#
# A score alone is not a decision: above which threshold $\gamma$ is there an alarm? We have no anomalies to choose $\gamma$, but we have normal images. So we choose an acceptable rate of false alarms. Then $\gamma$ is the score that this share of the normal images exceeds.
#
# **Exercise 3.1.** Return $\gamma$, one number. The inputs are the scores of normal images, an array of any shape, and the rate. With $n$ scores the share can only be exact to $1/n$; any number between two neighbouring scores is right. (`np.quantile` helps.)


# %% exercise="3.1" points=2
def threshold(normal_scores, false_alarm_rate):
    """Return the score gamma that this share of the normal scores exceeds.

    normal_scores: an array of any shape: one score per image, or maps with one score per pixel.
    false_alarm_rate: in (0, 1), such as 0.05.
    Returns: one number.
    """
    ### BEGIN SOLUTION
    return float(np.quantile(normal_scores, 1 - false_alarm_rate))
    ### END SOLUTION


# %% [markdown]
# The training images are not suitable for this: the BiGAN has seen them, and their scores are too low. We draw other zeros.

# %%
S_held_out = data.digits(200 if QUICK else 2000, seed=5, size=SIDE, label=NORMAL).images
held_out = scores_of(S_held_out)
figure, axes = plt.subplots(2, 2, figsize=(9.4, 5), layout="constrained", dpi=110)
for place, (name, values) in zip(axes.flat, scores.items()):
    gamma = threshold(held_out[name], 0.05)
    bins = np.linspace(*np.quantile(values, [0, 0.99]), 40)
    place.hist(values[~anomalous], bins, density=True, alpha=0.6, color="#33415c", label="normal")
    place.hist(values[anomalous], bins, density=True, alpha=0.6, color="#e4572e", label="anomalous")
    place.axvline(gamma, color="black", ls="--")
    alarms = np.mean(values[~anomalous] > gamma), np.mean(values[anomalous] > gamma)
    place.set_title("{}: {:.0%} false alarms, {:.0%} found".format(name, *alarms), fontsize=10)
    place.spines[["top", "right"]].set_visible(False)
axes[0, 1].legend(frameon=False)
pictures.finished(figure)

# %% [markdown]
# So far we scored whole images. In a large image a defect is small, and we want to know where it is: "We want to locate any anomalous region in $s$, i.e. estimating the anomaly mask"
#
# $$ \Omega(c) = \begin{cases} 0 & \text{if } c \text{ falls in a normal region} \\ 1 & \text{if } c \text{ falls in an anomalous region} \end{cases} $$
#
# for each pixel $c$. In the fully convolutional BiGAN "all the layers are made fully convolutional" and "LS-losses" are used: $\mathcal D$ has no sigmoid. Its target is 1 for real pairs and 0 for generated ones, and it returns one number per *place* of $k \times k$ pixels. The anomaly score of a pixel is
#
# $$ \alpha \, (\mathcal D(s, \mathcal E(s)) - 1)^2 + (1 - \alpha) \, \| \mathcal G(\mathcal E(s)) - s \|_2 , $$
#
# where the norm is over the channels of this pixel ("normal images are assumed to return 1").
#
# **Exercise 3.2.** Return the map of scores, one number per pixel, `(batch, h, w)`. The inputs are the images and their reconstructions, `(batch, h, w, channels)`, and the map of $\mathcal D$, `(batch, h / k, w / k)`. All pixels of a place have the same $\mathcal D$: repeat each number of its map $k$ times in both directions. Compute $k$ from the shapes.


# %% exercise="3.2" points=4
def anomaly_map(s, s_hat, d, alpha):
    """Return the anomaly score of each pixel.

    s, s_hat: (batch, h, w, channels), arrays: the images and their reconstructions.
    d: (batch, h / k, w / k), an array: D(s, E(s)), one number per place.
    alpha: the weight of D, in [0, 1].
    Returns: (batch, h, w), an array or a tensor.
    """
    ### BEGIN SOLUTION
    k = s.shape[1] // d.shape[1]
    of_places = np.repeat(np.repeat((d - 1) ** 2, k, axis=1), k, axis=2)
    of_pixels = np.sqrt(np.sum((s_hat - s) ** 2, axis=-1))
    return alpha * of_places + (1 - alpha) * of_pixels
    ### END SOLUTION


# %% [markdown]
# $\Omega$ is true where the score is above $\gamma$. Two numbers tell how good it is, compared with the true mask. The **true positive rate** is the share of the anomalous pixels that are found. The **false positive rate** is the share of the normal pixels with a false alarm.
#
# **Exercise 3.3.** `mask`: return $\Omega$, a bool array with the shape of the scores. `rates`: the inputs are $\Omega$ and the true mask, two bool arrays of the same shape; return the two rates, counted over all pixels of all images together.


# %% exercise="3.3" points=4
def mask(a, gamma):
    """Return Omega: True where the score is above the threshold.

    a: the scores, an array of any shape.   gamma: one number, the threshold.
    Returns: a bool array of the same shape.
    """
    ### BEGIN SOLUTION
    return a > gamma
    ### END SOLUTION


def rates(omega, truth):
    """Return the true positive rate and the false positive rate of a mask.

    omega, truth: bool arrays of the same shape; the truth contains pixels of both kinds.
    Returns: (true positive rate, false positive rate), two numbers from 0 to 1.
    """
    ### BEGIN SOLUTION
    return float(np.mean(omega[truth])), float(np.mean(omega[~truth]))
    ### END SOLUTION


# %% [markdown]
# ## 4. A brick wall
#
# The normal images are patches of a photograph of a brick wall. We train on its upper part, and choose $\gamma$ on patches below it. Then we search for defects in the rest; a program has drawn them.
#
# The model comes from the package `ankeras`. It minimizes the losses of the game and also a "reconstruction penalty" $\lambda \, \mathbb E |\mathcal G(\mathcal E(s)) - s|$.


# %%
class Clock(keras.callbacks.Callback):
    """Ends a training after a number of seconds."""

    def __init__(self, seconds):
        super().__init__()
        self.end = time.perf_counter() + seconds

    def on_train_batch_end(self, batch, logs=None):
        if time.perf_counter() > self.end:
            self.model.stop_training = True


keras.utils.set_random_seed(42)
wall = data.texture("brick")
patches = data.crops(wall[:256], 4096, 64, seed=1)
normal_patches = data.crops(wall[256:], 64, 64, seed=2)
texture_model = fc_bigan.FCBiGAN(
    fc_bigan.get_fc_generator(widths=(16, 32, 64)),
    fc_bigan.get_fc_discriminator(widths=(16, 32, 64)),
    fc_bigan.get_fc_encoder(widths=(16, 32, 64)),
    lam=10.0,
)
texture_model.compile(
    keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)
)
clock = Clock(2 if QUICK else 60)
texture_model.fit(patches, batch_size=16, epochs=1000, callbacks=[clock], verbose=0)
print(f"{int(texture_model.optimizer.generator.iterations)} steps")

# %% [markdown]
# In a texture a single pixel tells little. So we average your map around each pixel, with a Gaussian window. With $\alpha = 0$ and $\alpha = 1$ your function returns the two parts of the score.


# %%
def maps_of(s, alpha=0.1):
    """Return the maps of images s, averaged around each pixel."""
    z = texture_model.encode_images(s)
    s_hat, d = texture_model.decode_codes(z), texture_model.scores_of(s, z)
    of_s, of_d, score = (
        gaussian(np.asarray(anomaly_map(s, s_hat, d, weight)), (0, 2.5, 2.5))
        for weight in (0.0, 1.0, alpha)
    )
    return AnomalyMaps(s_hat, of_s, of_d, score)


gamma = threshold(maps_of(normal_patches).score, 0.01)
n_each = 2 if QUICK else 8
tested = data.anomalies("brick", n_each, seed=3)
found = maps_of(tested.images)
omega = np.asarray(mask(found.score, gamma))
one_each = slice(0, None, n_each)  # the first patch of each kind
anomaly_plots.rows(
    tested.images[one_each], found[one_each], gamma, tested.masks[one_each], tested.kinds[one_each]
)

# %% [markdown]
# Thin lines are the borders of the true masks, thick lines are the borders of $\Omega$. In numbers:

# %%
parts = {
    "reconstruction loss": found.reconstruction_loss,
    "discriminator loss": found.discriminator_loss,
    "anomaly score": found.score,
}
for name, score in parts.items():
    print(f"{name:24}AUC of pixels {roc_auc(score, tested.masks):.3f}")
print(f"\n{'':24}found   false alarms")
print("{:24}{:5.0%} {:12.1%}".format("all", *rates(omega, tested.masks)))
print("{:29} {:12.1%}".format("good", np.mean(omega[:n_each])))
for kind in dict.fromkeys(tested.kinds[n_each:]):
    of_kind = np.array(tested.kinds) == kind
    print("{:24}{:5.0%} {:12.1%}".format(kind, *rates(omega[of_kind], tested.masks[of_kind])))

# %% [markdown]
# ## Questions
#
# 1. Which digits does your BiGAN take for zeros? Sort the anomalies by $A(s)$ and look at the lowest scores.
# 2. The prior score may be little better than chance, or worse. Which codes does $\mathcal E$ return for digits that it has never seen? Does any loss move these codes away from 0?
# 3. An autoencoder has a reconstruction error, too. Why may it reconstruct an anomaly better than $\mathcal G(\mathcal E(s))$? Is that good here?
# 4. We chose the threshold for 5 % false alarms for images, and for 1 % for pixels. Which rates do you find on other zeros and on good patches? Where are the false alarms in patches with a defect, and why?
# 5. Set $\alpha$ to 0.5 and to 0.9 for the wall. Which defects does $\mathcal D$ see that the reconstruction does not?
# 6. Leave out the averaging of the map. What happens to the AUC, and to $\Omega$?

# %%
check()
