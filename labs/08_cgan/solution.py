# %% [markdown]
# # Lab 8. The conditional GAN
#
# A GAN draws *some* digit. You will build the one that draws the digit it is asked for: both players are told the class, each in the way that fits what it reads. Then you will measure how often it obeys.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: AN2DL, "Intuition behind Conditional GANs"; NOTES, lesson 16, "Conditional GANs" and "Concrete Handling of the Condition"; ATIV, "Conditional GANs".

# %% given=true
import os

import ankeras

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

# %%
from ankeras import data, evaluation, latent, pictures
from ankeras.grading import checker

check = checker("08_cgan")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run
print(ankeras.setup(seed=42, precision="float32"))


def careful_digits(n, seed):
    """Draw n labelled digits of a steady hand, whose pen is neither thin nor thick."""
    pen = np.random.default_rng(seed).uniform(0.07, 0.12, n)
    return data.digits(n, seed=seed, thickness=pen, sloppiness=0.7)


train_data, test_data = careful_digits(640 if QUICK else 19_968, 1), careful_digits(2000, 2)
X_train, y_train = train_data.images, train_data.labels

# %% [markdown]
# ## 1. Where the label goes
#
# "Suppose each image in $S$ is connected with any auxiliary information $y$, such as class labels. Where should this information be inserted for steering image generation?" (AN2DL). In three places, and each time as a *one-hot* vector, which is 1 at the place of the class and 0 elsewhere: a number such as 7 would tell a network that a 7 is more than a 3.
#
# **Exercise 1.1.** Turn labels into one-hot vectors. The function is needed inside `fit`, where labels are tensors of a graph: use operations of Keras or TensorFlow, not NumPy.


# %% exercise="1.1" points=2
def one_hot(labels, n_classes):
    """Return one row a label: 1 in the column of its class, 0 in the others.

    labels: (batch,), integers from 0 to n_classes - 1, of any integer type.
    Returns: (batch, n_classes), a float32 tensor.
    """
    ### BEGIN SOLUTION
    return ops.one_hot(ops.cast(labels, "int32"), n_classes, dtype="float32")
    ### END SOLUTION


# %% [markdown]
# $\mathcal G$ is told what to draw: "We can concatenate this one-hot-encoded at the end of input noise."
#
# **Exercise 1.2.** The noise, then the label.


# %% exercise="1.2" points=2
def append_to_noise(z, y):
    """Append the labels to the noise.

    z: (batch, d).   y: (batch, n_classes), one-hot.
    Returns: (batch, d + n_classes), a tensor.
    """
    ### BEGIN SOLUTION
    return ops.concatenate([z, y], axis=-1)
    ### END SOLUTION


# %% [markdown]
# "Hopefully, $\mathcal G$ will learn to generate an image of the same class... How to make sure about this? We also append the label information in one-hot-encoded channels at the end of real images and generated images as well."
#
# Behind the channels of the image comes one channel a class. Channel $k$ is 1 at every pixel of images of class $k$, and 0 in others: a convolution, which sees a small part of the image only, so meets the label everywhere.
#
# **Exercise 1.3.** Append the channels. It must work for images of any size, and in a graph that does not know how many images there are (`ops.shape(s)[0]` does, `s.shape[0]` is `None` there).


# %% exercise="1.3" points=3
def append_to_images(s, y):
    """Append the labels to images, as channels.

    s: (batch, height, width, channels).   y: (batch, n_classes), one-hot.
    Returns: (batch, height, width, channels + n_classes), a tensor.
    """
    ### BEGIN SOLUTION
    batch, height, width, _ = ops.shape(s)
    maps = ops.broadcast_to(y[:, None, None, :], (batch, height, width, y.shape[-1]))
    return ops.concatenate([s, maps], axis=-1)
    ### END SOLUTION


# %% [markdown]
# This is what $\mathcal D$ will see of four images: the image, and ten channels.

# %%
seen = ops.convert_to_numpy(append_to_images(X_train[:4], one_hot(y_train[:4], 10)))
pictures.image_grid(np.moveaxis(seen, -1, 1)[..., None])  # a row an image, a picture a channel

# %% [markdown]
# ## 2. The two players
#
# Both networks are those of a plain GAN, with wider inputs: $\mathcal G$ reads noise *and label*, $\mathcal D$ reads an image *and its channels*.
#
# **Exercise 2.1.** Build them with `ankeras.get_generator(size_of_input, image_shape)` and `ankeras.get_discriminator(image_shape, widths=(32, 64, 128), batch_norm=False)`, and choose the sizes. (`widths` makes three blocks that halve the image each, so that $\mathcal D$ sees all of it; without batch normalization it learns the classes sooner.)


# %% exercise="2.1" points=3
def build_players(d, image_shape, n_classes):
    """Build the players of a conditional GAN.

    d: the size of the noise, without the label.
    image_shape: (height, width, channels) of the images, without the label.
    Returns: (generator, discriminator); the generator draws images of image_shape from
        append_to_noise(z, y), the discriminator gives append_to_images(s, y) one logit.
    """
    ### BEGIN SOLUTION
    height, width, channels = image_shape
    generator = ankeras.get_generator(d + n_classes, image_shape)
    discriminator = ankeras.get_discriminator(
        (height, width, channels + n_classes), widths=(32, 64, 128), batch_norm=False
    )
    return generator, discriminator
    ### END SOLUTION


# %% [markdown]
# The game is that of the GAN, with the label in every place (ATIV; Mirza and Osindero 2014):
#
# $$ \min_{\mathcal G} \max_{\mathcal D} \; \mathbb E_{(s, y)} [\log \mathcal D(s|y)] + \mathbb E_{z, y} [\log(1 - \mathcal D(\mathcal G(z|y)|y))] $$
#
# The losses are those of lab 6, the second one non-saturating. Both expect logits.


# %% given=true
def discriminator_loss(real, fake):
    """Return -E[log D(s|y)] - E[log(1 - D(G(z|y)|y))]."""
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


def generator_loss(fake):
    """Return -E[log D(G(z|y)|y)]."""
    return ops.mean(ops.softplus(-fake))


# %% [markdown]
# One iteration on a minibatch of $m$ images $s$ with their labels $y$:
#
# > - Draw noise $\{z_1, \dots, z_m\}$ and generate $m$ images, *for the labels of the minibatch*.
# >
# > - Update $\theta_d$ by descending $\; - \frac 1 m \sum_i \log \mathcal D(s_i|y_i) - \frac 1 m \sum_i \log (1 - \mathcal D(\mathcal G(z_i|y_i)|y_i))$.
# >
# > - Draw new noise $\{z_1, \dots, z_m\}$ and generate $m$ images, for the same labels.
# >
# > - Update $\theta_g$ by descending $\; - \frac 1 m \sum_i \log \mathcal D(\mathcal G(z_i|y_i)|y_i)$.
#
# **Exercise 2.2.** Fill in `train_step`. Draw the noise with `self.draw_noise(m)`, once for each player; call the networks with `training=True`, $\mathcal D$ on real and on generated images separately. Only the weights of the player whose turn it is may move.


# %% exercise="2.2" points=7
class CGAN(keras.Model):
    """The conditional GAN.

    generator: (batch, d + n_classes) -> (batch, height, width, channels).
    discriminator: (batch, height, width, channels + n_classes) -> (batch, 1), logits.
    """

    def __init__(self, generator, discriminator, n_classes):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.n_classes = n_classes
        self.built = True

    def compile(self, d_optimizer, g_optimizer, **options):
        """Give each player its optimizer."""
        super().compile(**options)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        d_optimizer.build(self.discriminator.trainable_variables)
        g_optimizer.build(self.generator.trainable_variables)

    def draw_noise(self, m):
        """Draw a minibatch of noise: (m, d), from N(0, I)."""
        return keras.random.normal((m, self.generator.input_shape[-1] - self.n_classes))

    def train_step(self, batch):
        """Play one iteration.

        batch: (s, labels), images (m, height, width, channels) and integers (m,).
        Returns: {"d_loss": ..., "g_loss": ...}, both before the player's step.
        """
        s, labels = batch
        ### BEGIN SOLUTION
        y = one_hot(labels, self.n_classes)
        m = ops.shape(s)[0]

        fake = self.generator(append_to_noise(self.draw_noise(m), y), training=True)
        with tf.GradientTape() as tape:
            d_loss = discriminator_loss(
                self.discriminator(append_to_images(s, y), training=True),
                self.discriminator(append_to_images(fake, y), training=True),
            )
        theta_d = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, theta_d), theta_d)

        z = append_to_noise(self.draw_noise(m), y)
        with tf.GradientTape() as tape:
            fake = self.generator(z, training=True)
            g_loss = generator_loss(self.discriminator(append_to_images(fake, y), training=True))
        theta_g = self.generator.trainable_variables
        self.g_optimizer.apply(tape.gradient(g_loss, theta_g), theta_g)
        return {"d_loss": d_loss, "g_loss": g_loss}
        ### END SOLUTION


# %% [markdown]
# Train it. The learning rates fall along a cosine, so that the players come to rest at the end.

# %%
epochs, batch_size = (1 if QUICK else 5), 64
steps = epochs * len(X_train) // batch_size
rate = keras.optimizers.schedules.CosineDecay(1e-3, steps, alpha=0.02)
cgan = CGAN(*build_players(16, (28, 28, 1), 10), n_classes=10)
cgan.compile(keras.optimizers.Adam(rate, beta_1=0.5), keras.optimizers.Adam(rate, beta_1=0.5))
cgan.fit(X_train, y_train, batch_size=batch_size, epochs=epochs, verbose=2)

# %% [markdown]
# ## 3. Does it obey?
#
# **Exercise 3.1.** Draw one image of each class that is asked for. The noise is drawn from $\mathcal N(0, I)$, anew for every image. The layers must be in inference mode: batch normalization must not look at the other images.


# %% exercise="3.1" points=4
def generate(generator, labels, n_classes=10):
    """Draw one image of each of the given classes.

    generator: (batch, d + n_classes) -> (batch, *image).
    labels: (n,), integers, a NumPy array.
    Returns: (n, *image), a NumPy array, in the order of the labels.
    """
    ### BEGIN SOLUTION
    d = generator.input_shape[-1] - n_classes
    z = keras.random.normal((len(labels), d))
    images = generator(append_to_noise(z, one_hot(labels, n_classes)), training=False)
    return ops.convert_to_numpy(images)
    ### END SOLUTION


# %%
asked = np.repeat(np.arange(10), 14)
drawn = generate(cgan.generator, asked).reshape(10, 14, 28, 28, 1)
rows = {str(label): drawn[label] for label in range(1, 10)}
pictures.reconstructions(drawn[0], rows, n=14, first="0")

# %% [markdown]
# A row a class. Do you read what was asked for? Let a classifier say: the **conditional accuracy** is the share of generated images that it reads as the class that was asked for. It has seen real digits only.
#
# **Exercise 3.2.** The classifier's class is the one with the highest score. Its layers must be in inference mode.


# %% exercise="3.2" points=3
def conditional_accuracy(classifier, images, labels):
    """Return the share of images that the classifier reads as the class that was asked for.

    classifier: (batch, *image) -> (batch, n_classes), scores.
    images: (n, *image).   labels: (n,), integers.
    Returns: one number, from 0 to 1.
    """
    ### BEGIN SOLUTION
    scores = classifier.predict(images, verbose=0)
    return float(np.mean(scores.argmax(axis=-1) == labels))
    ### END SOLUTION


# %%
classifier = evaluation.train_classifier(train_data.take(slice(10_000)), epochs=1 if QUICK else 3)
asked = np.random.default_rng(0).integers(0, 10, 200 if QUICK else 2000)
drawn = generate(cgan.generator, asked)
others = (asked + 1) % 10
for name, images, labels in (
    ("real digits", test_data.images, test_data.labels),
    ("generated, and the class that was asked for", drawn, asked),
    ("generated, and another class", drawn, others),
):
    print(f"{name:45}{conditional_accuracy(classifier, images, labels):.3f}")
for label in range(10):
    mine = asked == label
    print(f"asked for {label:<35}{conditional_accuracy(classifier, drawn[mine], asked[mine]):.3f}")

# %% [markdown]
# ## 4. Noise and label
#
# In each column of the next picture the noise is the same, in each row the class. What does the noise decide, now that it need not decide the class?

# %%
z = np.tile(latent.sample_prior(14, 16, seed=3), (10, 1))
y = one_hot(np.repeat(np.arange(10), 14), 10)
drawn = latent.decode(cgan.generator, ops.convert_to_numpy(append_to_noise(z, y)))
rows = {str(label): drawn[14 * label : 14 * (label + 1)] for label in range(1, 10)}
pictures.reconstructions(drawn[:14], rows, n=14, first="0")

# %% [markdown]
# A label is a vector, and nobody says that it must be one-hot: here it goes from one class to another.

# %%
share = np.linspace(0, 1, 11, dtype="float32")[:, None]
classes = np.eye(10, dtype="float32")
rows = []
for (a, b), code in zip([(3, 8), (1, 7), (5, 6), (9, 4)], latent.sample_prior(4, 16, seed=5)):
    y = (1 - share) * classes[a] + share * classes[b]
    rows.append(latent.decode(cgan.generator, np.concatenate([np.tile(code, (11, 1)), y], axis=1)))
pictures.image_grid(np.stack(rows))

# %% [markdown]
# ## Questions
#
# 1. Append the label to the noise only, and give $\mathcal D$ channels of zeros. What is the conditional accuracy now, and why did $\mathcal G$ have no reason to obey?
# 2. Append it to the real images only (zeros for the generated ones). What does $\mathcal D$ learn first?
# 3. Which class does your model draw worst? Is the classifier wrong, or the generator?
# 4. Could the conditional accuracy be higher than that of real digits? Would that be good news?
# 5. An AC-GAN gives $\mathcal D$ no label but lets it guess the class (NOTES). Which of your functions would change?

# %%
check()
