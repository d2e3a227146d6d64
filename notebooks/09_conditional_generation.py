# %% [markdown]
# # 9. Conditional generation
#
# A GAN or a VAE draws *some* image. Often we want to choose its class: "an image of class $y$". Two questions (NOTES, lesson 16):
#
# 1. How does the condition change the model?
# 2. How does the label enter the network?
#
# You will train a **conditional GAN** as AN2DL describes it, and a **conditional VAE** in two ways. For each of them you will measure how often it draws an image of the class that was asked for.

# %%
import os
import tempfile
from pathlib import Path

import ankeras
from ankeras import data, evaluation, latent, pictures, pretrained
from ankeras.autoencoders import CVAE
from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.builders.conditioning import append_condition
from ankeras.gans import CGAN
from ankeras.training.callbacks import SampleGrid
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from IPython.display import Image

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
print(ankeras.setup(seed=42))

# %% [markdown]
# Choose the data set in the next cell: `"digits"`, `"faces"` (woman or man), `"mnist"`, `"fashion_mnist"`, `"cifar10"`, or your own folder with one sub-folder per class: `data.load(path="folder", size=32)`.

# %%
train_data, test_data = data.load("digits")
train_data = train_data.take(slice(10_000))
if QUICK:
    train_data, test_data = train_data.take(slice(1000)), test_data.take(slice(300))
X_train, y_train = train_data.images, train_data.labels
n_classes = len(train_data.class_names)
image_shape = X_train.shape[1:]

# %% [markdown]
# ## Where the label goes
#
# AN2DL, "Intuition behind Conditional GANs":
#
# - we **concatenate the one-hot label at the end of the input noise**: so $\mathcal G$ knows which class to draw;
# - we **append the label as one-hot channels to real images and to generated images**: so $\mathcal D$ knows which class was asked for, and can give a low score to an image that is not of this class. Real images always come with their true label.
#
# `append_condition` does both:

# %%
one_hot = np.eye(n_classes, dtype="float32")[y_train[:1]]
z = latent.sample_prior(1, 5)
print("noise and label:", np.round(append_condition(z, one_hot)[0], 2))

with_channels = np.asarray(append_condition(X_train[:1], one_hot))
print("image and label:", with_channels.shape)
as_pictures = np.moveaxis(with_channels[0], -1, 0)[..., None]  # one picture per channel
pictures.image_grid(
    as_pictures,
    columns=len(as_pictures),
    title="the channels that D sees: the image, then one per class (white: the right class)",
)

# %% [markdown]
# ## The conditional GAN
#
# $$\min_{\mathcal G} \max_{\mathcal D} \; \mathbb E_{(s, y)} [\log \mathcal D(s|y)] + \mathbb E_z [\log(1 - \mathcal D(\mathcal G(z|y)|y))]$$
#
# The networks are those of a DCGAN. Each of them has a second input, the one-hot label of size `condition_dim=n_classes`. Inside the network the label is appended as above (`condition_by="append"`, the default). The noise has few dimensions, so that the label is a large part of the input of $\mathcal G$. $\mathcal D$ has no batch normalization here: without it, $\mathcal D$ learns the classes sooner.

# %%
d = 16
generator = get_generator(d, image_shape, condition_dim=n_classes)
discriminator = get_discriminator(image_shape, condition_dim=n_classes, batch_norm=False)
cgan = CGAN(generator, discriminator, r1=0.1)
EPOCHS = 1 if QUICK else 10
steps = EPOCHS * len(X_train) // 64
cgan.compile(*(cosine_adam(steps, beta_1=0.5, end=0.02) for _ in range(2)))

# %% [markdown]
# Each row of the sample grid shows one class. Within a column, $z$ is the same.

# %%
columns = 10


def by_class(model, seed=1):
    """Return a grid of images: one row per class, with the same noise in every row."""
    z = latent.sample_prior(columns, model.latent_dim, seed)
    return np.stack([latent.decode(model.for_class(y), z) for y in range(model.n_classes)])


samples = SampleGrid(lambda: by_class(cgan))
history = cgan.fit(X_train, y_train, batch_size=64, epochs=EPOCHS, callbacks=[samples])

# %%
pictures.history(history.history, ("d_loss", "g_loss"))

# %%
folder = Path(tempfile.mkdtemp())
samples.save_gif(folder / "cgan.gif")
Image(str(folder / "cgan.gif"))

# %% [markdown]
# That was about one minute of training. The conditional GAN that comes with the package was trained on digits for longer:

# %%
longer = pretrained.load("digits-cgan")
print(pretrained.card("digits-cgan"))
pictures.image_grid(by_class(longer), title="conditional GAN, pretrained")

# %% [markdown]
# ## The conditional VAE
#
# The label is an additional input of both networks (NOTES): $\mathcal Q(z|x, y)$ and $\mathcal P(x|z, y)$. The prior of $z$ is $\mathcal N(0, I)$ for all classes. In the encoder the label is appended to the image as channels, in the decoder it is appended to $z$.

# %%
d = 10
cvae = CVAE(
    get_encoder(image_shape, 2 * d, condition_dim=n_classes),
    get_decoder(d, image_shape, upsampling="transposed", condition_dim=n_classes),
)
steps = EPOCHS * len(X_train) // 100
cvae.compile(cosine_adam(steps, 5e-3))
history = cvae.fit(X_train, y_train, batch_size=100, epochs=EPOCHS)
pictures.image_grid(by_class(cvae), title="conditional VAE")

# %% [markdown]
# ## FiLM
#
# There is another way for the label to enter (NOTES): from the label, the network computes a **weight $\gamma$ and a shift $\beta$ for each feature**, in every block. The networks have the same two inputs as before; only `condition_by` changes.
#
# $$\text{FiLM}(h | y) = \gamma(y) \cdot h + \beta(y)$$

# %%
condition = {"condition_dim": n_classes, "condition_by": "film"}
film = CVAE(
    get_encoder(image_shape, 2 * d, **condition),
    get_decoder(d, image_shape, upsampling="transposed", **condition),
)
film.compile(cosine_adam(steps, 5e-3))
history = film.fit(X_train, y_train, batch_size=100, epochs=EPOCHS)
pictures.image_grid(by_class(film), title="conditional VAE with FiLM")

# %% [markdown]
# ## Do they draw the class that was asked for?
#
# A classifier that was trained on real images reads 2,000 samples of each model. The **conditional accuracy** is the share of the samples that it reads as the class that was asked for. For real images it is the accuracy of the classifier. The Fréchet distance compares the samples with real images. The last line compares real images with other real images.

# %%
classifier = evaluation.train_classifier(train_data, epochs=1 if QUICK else 4)
asked = np.arange(200 if QUICK else 2000) % n_classes
print(f"{'':22}{'accuracy':>10}{'Fréchet':>10}")
real = evaluation.conditional_accuracy(classifier, test_data.images, test_data.labels)
models = {"CGAN": cgan, "CVAE": cvae, "CVAE with FiLM": film}
if image_shape == (28, 28, 1):
    models["CGAN, pretrained"] = longer
for name, model in models.items():
    drawn = model.generate_for(asked)
    found = evaluation.evaluate_samples(classifier, test_data.images, drawn)
    accuracy = evaluation.conditional_accuracy(classifier, drawn, asked)
    print(f"{name:22}{accuracy:10.3f}{found.frechet:10.1f}")
print(f"{'real images':22}{real:10.3f}{found.frechet_real:10.1f}   ({found.n} images)")

# %% [markdown]
# ## Content and style
#
# The decoder knows the label, so $z$ need not contain it. $z$ describes everything else: slant, thickness, position. We encode an image with its label and decode the code with another label: **the style stays, the class changes**.

# %%
n = 8
x, y = test_data.images[:n], test_data.labels[:n]
mu, _ = cvae.encode(x, y, training=False)
z = keras.ops.convert_to_numpy(mu)
rows = {
    f"as {name}": latent.decode(cvae.for_class(i), z)
    for i, name in enumerate(train_data.class_names)
}
pictures.reconstructions(x, rows, n=n, first="test image")

# %% [markdown]
# ## Between two classes
#
# The one-hot label is a vector, so we can interpolate between two labels. What does $\mathcal G$ draw for "half a 3, half an 8"?

# %%
a, b = (3, 8) if n_classes > 8 else (0, 1)
steps = np.linspace(0, 1, 9, dtype="float32")[:, None]
labels = (1 - steps) * np.eye(n_classes, dtype="float32")[a] + steps * np.eye(
    n_classes, dtype="float32"
)[b]
z = latent.sample_prior(6, cgan.latent_dim, seed=2)
morphs = [generator.predict([np.tile(code, (9, 1)), labels], verbose=0) for code in z]
pictures.image_grid(
    np.stack(morphs), title=f"from {train_data.class_names[a]} to {train_data.class_names[b]}, CGAN"
)

# %% [markdown]
# ## Questions
#
# 1. Suppose that only $\mathcal G$ gets the label, and $\mathcal D$ sees the images without labels. What would $\mathcal G$ learn?
# 2. Which of the three models draws the sharpest images? Which has the highest conditional accuracy? Must this be the same model?
# 3. In the CVAE, why does the KL divergence remove information about the class from $z$?
# 4. FiLM adds few parameters, and it changes the features in every block. For which kinds of conditions would you expect it to work better than concatenation?
