# %% [markdown]
# # Lab 8. The conditional GAN
#
# A GAN draws *some* digit. A conditional GAN draws the digit that you ask for: both players get the class as an additional input. You will build it. Then you will measure how often it draws the right class.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: AN2DL, "Intuition behind Conditional GANs"; NOTES, lesson 16, "Conditional GANs" and "Concrete Handling of the Condition"; ATIV, "Conditional GANs".

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
from ankeras import data, evaluation, latent, pictures
from ankeras.grading import checker

check = checker("08_cgan")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run


def careful_digits(n, seed):
    """Return n labelled digits, written carefully with a pen of medium width."""
    pen = np.random.default_rng(seed).uniform(0.07, 0.12, n)
    return data.digits(n, seed=seed, thickness=pen, sloppiness=0.7)


train_data, test_data = careful_digits(640 if QUICK else 19_968, 1), careful_digits(2000, 2)
X_train, y_train = train_data.images, train_data.labels

# %% [markdown]
# ## 1. Where the label goes
#
# "Suppose each image in $S$ is connected with any auxiliary information $y$, such as class labels. Where should this information be inserted for steering image generation?" (AN2DL). In three places: in the noise, in the real images and in the generated images. Each time it is a *one-hot* vector, which is 1 at the position of the class and 0 elsewhere. The number 7 itself would be a bad input: a network would treat a 7 as larger than a 3.
#
# **Exercise 1.1.** Convert labels to one-hot vectors. The input is integers, `(batch,)`; the result has one row per label and one column per class, `(batch, n_classes)`. The function is used inside `fit`, where labels are tensors of a graph: use operations of Keras or TensorFlow, not NumPy.


# %% exercise="1.1" points=2
def one_hot(labels, n_classes):
    """Return one row per label: 1 in the column of its class, 0 in the others.

    labels: (batch,), integers from 0 to n_classes - 1, of any integer type.
    Returns: (batch, n_classes), a float32 tensor.
    """
    ### BEGIN SOLUTION
    return ops.one_hot(ops.cast(labels, "int32"), n_classes, dtype="float32")
    ### END SOLUTION


# %% [markdown]
# $\mathcal G$ gets the class that it must draw: "We can concatenate this one-hot-encoded at the end of input noise."
#
# **Exercise 1.2.** Append the labels to the noise. The inputs are the noise, `(batch, d)`, and the one-hot labels, `(batch, n_classes)`. The result has one row per image: first its noise, then its label, `(batch, d + n_classes)`.


# %% exercise="1.2" points=2
def append_to_noise(z, y):
    """Return the noise with the labels appended.

    z: (batch, d).   y: (batch, n_classes), one-hot.
    Returns: (batch, d + n_classes), a tensor.
    """
    ### BEGIN SOLUTION
    return ops.concatenate([z, y], axis=-1)
    ### END SOLUTION


# %% [markdown]
# "Hopefully, $\mathcal G$ will learn to generate an image of the same class... How to make sure about this? We also append the label information in one-hot-encoded channels at the end of real images and generated images as well."
#
# After the channels of the image comes one channel per class. Channel $k$ is 1 at every pixel of images of class $k$, and 0 in other images. A convolution reads only a small part of an image, and so it finds the label in every part.
#
# **Exercise 1.3.** Append the channels. The inputs are the images, `(batch, height, width, channels)`, and the one-hot labels, `(batch, n_classes)`; the result has the shape `(batch, height, width, channels + n_classes)`. The function must work for images of any size, and in a graph where the number of images is unknown (there `s.shape[0]` is `None`; use `ops.shape(s)[0]`).


# %% exercise="1.3" points=3
def append_to_images(s, y):
    """Return the images with the labels appended as channels.

    s: (batch, height, width, channels).   y: (batch, n_classes), one-hot.
    Returns: (batch, height, width, channels + n_classes), a tensor.
    """
    ### BEGIN SOLUTION
    batch, height, width, _ = ops.shape(s)
    maps = ops.broadcast_to(y[:, None, None, :], (batch, height, width, y.shape[-1]))
    return ops.concatenate([s, maps], axis=-1)
    ### END SOLUTION


# %% [markdown]
# This is the input of $\mathcal D$ for four images: the image, and ten channels.

# %%
seen = ops.convert_to_numpy(append_to_images(X_train[:4], one_hot(y_train[:4], 10)))
pictures.image_grid(
    np.moveaxis(seen, -1, 1)[..., None]
)  # one row per image, one picture per channel

# %% [markdown]
# ## 2. The two players
#
# Both networks are those of a GAN without condition, with larger inputs: $\mathcal G$ reads noise *and label*, $\mathcal D$ reads an image *and its label channels*.
#
# **Exercise 2.1.** Build both with `ankeras.get_generator(size_of_input, image_shape)` and `ankeras.get_discriminator(image_shape, widths=(32, 64, 128), batch_norm=False)`. Choose the right sizes. Return the generator and the discriminator. (`widths` has three numbers for three blocks. Each block halves the image, so the last one sees the whole image. Without batch normalization $\mathcal D$ learns the classes faster.)


# %% exercise="2.1" points=3
def build_players(d, image_shape, n_classes):
    """Return the players of a conditional GAN.

    d: the size of the noise, without the label.
    image_shape: (height, width, channels) of the images, without the label.
    Returns: (generator, discriminator). The generator reads append_to_noise(z, y) and returns
        images of image_shape. The discriminator reads append_to_images(s, y) and returns one
        logit per image.
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
# The game is that of the GAN, but everything depends on the label (ATIV; Mirza and Osindero 2014):
#
# $$ \min_{\mathcal G} \max_{\mathcal D} \; \mathbb E_{(s, y)} [\log \mathcal D(s|y)] + \mathbb E_{z, y} [\log(1 - \mathcal D(\mathcal G(z|y)|y))] $$
#
# The losses are those of lab 6; the second one is the non-saturating loss. Their inputs are logits.


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
# **Exercise 2.2.** Fill in `train_step`. Its input is a minibatch of images and labels. Return both losses in a dictionary. Draw the noise with `self.draw_noise(m)`, once for the step of each player. Call the networks with `training=True`. Call $\mathcal D$ once on the real images and once on the generated images. The step of $\mathcal D$ changes only the weights of $\mathcal D$; the step of $\mathcal G$ changes only the weights of $\mathcal G$.


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
        """Set the optimizer of each player."""
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
        Returns: {"d_loss": ..., "g_loss": ...}, each the loss before the step of its player.
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
# Train it. The learning rates fall along a cosine, so that the weights change little at the end.

# %%
epochs, batch_size = (1 if QUICK else 5), 64
steps = epochs * len(X_train) // batch_size
rate = keras.optimizers.schedules.CosineDecay(1e-3, steps, alpha=0.02)
cgan = CGAN(*build_players(16, (28, 28, 1), 10), n_classes=10)
cgan.compile(keras.optimizers.Adam(rate, beta_1=0.5), keras.optimizers.Adam(rate, beta_1=0.5))
cgan.fit(X_train, y_train, batch_size=batch_size, epochs=epochs, verbose=2)

# %% [markdown]
# ## 3. Does it draw the right class?
#
# **Exercise 3.1.** The input is a list of labels, `(n,)`. Draw one image per label and return all images as a NumPy array, `(n, *image)`, in the order of the labels. Draw the noise from $\mathcal N(0, I)$, anew for every image. The layers must be in inference mode: an image must not depend on the other images.


# %% exercise="3.1" points=4
def generate(generator, labels, n_classes=10):
    """Return one generated image per label.

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
# Each row shows one class. Do you recognize the right digits? Now a classifier reads them: the **conditional accuracy** is the share of generated images that the classifier reads as the wanted class. The classifier was trained on real digits only.
#
# **Exercise 3.2.** Return the conditional accuracy. The inputs are a classifier, $n$ images and their wanted classes, `(n,)`; the result is one number from 0 to 1. The classifier reads the class with the highest score. Its layers must be in inference mode.


# %% exercise="3.2" points=3
def conditional_accuracy(classifier, images, labels):
    """Return the share of images that the classifier reads as the wanted class.

    classifier: (batch, *image) -> (batch, n_classes), scores.
    images: (n, *image).   labels: (n,), integers, the wanted classes.
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
    ("generated, and the wanted class", drawn, asked),
    ("generated, and another class", drawn, others),
):
    print(f"{name:45}{conditional_accuracy(classifier, images, labels):.3f}")
for label in range(10):
    mine = asked == label
    print(
        f"wanted class {label:<32}{conditional_accuracy(classifier, drawn[mine], asked[mine]):.3f}"
    )

# %% [markdown]
# ## 4. Noise and label
#
# In the next picture all images in a column have the same noise, and all images in a row have the same class. Which properties depend on the noise? The class does not.

# %%
z = np.tile(latent.sample_prior(14, 16, seed=3), (10, 1))
y = one_hot(np.repeat(np.arange(10), 14), 10)
drawn = latent.decode(cgan.generator, ops.convert_to_numpy(append_to_noise(z, y)))
rows = {str(label): drawn[14 * label : 14 * (label + 1)] for label in range(1, 10)}
pictures.reconstructions(drawn[:14], rows, n=14, first="0")

# %% [markdown]
# A label is a vector, and it may be other than one-hot: here it goes from one class to another in small steps.

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
# 1. Append the label to the noise only, and give $\mathcal D$ channels of zeros. What is the conditional accuracy now? Why does $\mathcal G$ ignore the label?
# 2. Append it to the real images only (zeros for the generated ones). What does $\mathcal D$ learn first?
# 3. Which class does your model draw worst? Is the classifier wrong, or the generator?
# 4. Can the conditional accuracy be higher than the accuracy on real digits? Would that be good?
# 5. In an AC-GAN $\mathcal D$ gets no label, but must predict the class (NOTES). Which of your functions would change?

# %%
check()
