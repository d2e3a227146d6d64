# %% [markdown]
# # 9. Conditional generation
#
# A GAN or a VAE draws *some* image. Often we want to say which: "an image of class $y$". Two questions (NOTES, lesson 16):
#
# 1. How does the condition change the model?
# 2. How does the label enter the network?
#
# You will train a **conditional GAN** exactly as AN2DL builds it, and a **conditional VAE** in two ways, and measure how often each draws what it was asked for.

# %%
import os
import tempfile
from pathlib import Path

import ankeras
from ankeras import data, evaluation, latent, pictures
from ankeras.autoencoders import CVAE
from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.builders.conditioning import append_condition
from ankeras.gans import CGAN
from ankeras.training.callbacks import SampleGrid
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from IPython.display import Image

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # set: little training, to check that all runs
print(ankeras.setup(seed=42))

# %% [markdown]
# The data set is chosen here: `"digits"`, `"faces"` (woman or man), `"mnist"`, `"fashion_mnist"`, `"cifar10"`, or your own folder with a sub-folder a class: `data.load(path="folder", size=32)`.

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
# - we **concatenate the one-hot label at the end of the input noise**: $\mathcal G$ is told what to draw;
# - we **append the label as one-hot channels to real images and to generated images**: $\mathcal D$ sees what was asked for, and can reject an image that does not fit its label. On real images label and content always agree.

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
# The networks are those of a DCGAN. Each has a second input, the one-hot label (`condition_dim=n_classes`), which the builder appends as above. The noise has few dimensions, so that the label is a good part of what $\mathcal G$ reads. $\mathcal D$ has no batch normalization here: without it, $\mathcal D$ learns the classes sooner.

# %%
d = 16
generator = get_generator(d, image_shape, condition_dim=n_classes)
discriminator = get_discriminator(image_shape, condition_dim=n_classes, batch_norm=False)
cgan = CGAN(generator, discriminator, r1=0.1)
EPOCHS = 1 if QUICK else 10
steps = EPOCHS * len(X_train) // 64
cgan.compile(*(cosine_adam(steps, beta_1=0.5, end=0.02) for _ in range(2)))

# %% [markdown]
# Every row of the sample grid is a class. Within a column, $z$ is the same.

# %%
columns = 10


def by_class(model, seed=1):
    """Draw one row per class, with the same noise in every row."""
    z = latent.sample_prior(columns, model.latent_dim, seed)
    return np.stack([latent.decode(model.for_class(y), z) for y in range(n_classes)])


samples = SampleGrid(lambda: by_class(cgan))
history = cgan.fit(X_train, y_train, batch_size=64, epochs=EPOCHS, callbacks=[samples])

# %%
pictures.history(history.history, ("d_loss", "g_loss"))

# %%
folder = Path(tempfile.mkdtemp())
samples.save_gif(folder / "cgan.gif")
Image(str(folder / "cgan.gif"))

# %% [markdown]
# ## The conditional VAE
#
# The label is an additional input of both networks (NOTES): $\mathcal Q(z|x, y)$ and $\mathcal P(x|z, y)$. The prior of $z$ stays $\mathcal N(0, I)$ for all classes. In the encoder the label enters as channels, in the decoder behind $z$.

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
# The other way (NOTES): the condition gives a **weight $\gamma$ and a shift $\beta$ to each feature**, in every block.
#
# $$\text{FiLM}(h | y) = \gamma(y) \cdot h + \beta(y)$$

# %%
told = {"condition_dim": n_classes, "condition_by": "film"}
film = CVAE(
    get_encoder(image_shape, 2 * d, **told),
    get_decoder(d, image_shape, upsampling="transposed", **told),
)
film.compile(cosine_adam(steps, 5e-3))
history = film.fit(X_train, y_train, batch_size=100, epochs=EPOCHS)
pictures.image_grid(by_class(film), title="conditional VAE with FiLM")

# %% [markdown]
# ## Do they obey?
#
# A classifier of real images reads 2,000 samples of each model. **Conditional accuracy** is the share that it gives the class that was asked for; on real images it is the classifier's own accuracy. The Fréchet distance compares the samples with real images, and real images with others.

# %%
classifier = evaluation.train_classifier(train_data, epochs=1 if QUICK else 4)
asked = np.arange(200 if QUICK else 2000) % n_classes
print(f"{'':22}{'obeys':>8}{'Fréchet':>10}")
real = evaluation.conditional_accuracy(classifier, test_data.images, test_data.labels)
for name, model in {"CGAN": cgan, "CVAE": cvae, "CVAE with FiLM": film}.items():
    drawn = model.generate_classes(asked)
    found = evaluation.evaluate_samples(classifier, test_data.images, drawn)
    obeys = evaluation.conditional_accuracy(classifier, drawn, asked)
    print(f"{name:22}{obeys:8.3f}{found.frechet:10.1f}")
print(f"{'real images':22}{real:8.3f}{found.frechet_real:10.1f}   ({found.n} images)")

# %% [markdown]
# ## Content and style
#
# The label need not be stored in $z$, so $z$ is free to hold everything else: slant, thickness, position. Encode an image with its own label, decode it with another one: **the style stays, the class changes**.

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
# A label is a vector too. What does $\mathcal G$ draw for "half a 3, half an 8"?

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
# 1. What would $\mathcal G$ learn if only the noise carried the label, and $\mathcal D$ saw plain images?
# 2. Which of the three models draws sharper images, and which obeys more often? Are these the same thing?
# 3. In the CVAE, why does the KL divergence push information about the class out of $z$?
# 4. FiLM adds few parameters and touches every block. When would you expect it to beat concatenation?
