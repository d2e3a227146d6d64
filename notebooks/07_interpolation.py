# %% [markdown]
# # 7. Walking through the latent space
#
# "Select two noise realizations $z_1$ and $z_2$ yielding reasonable outputs, and interpolate among the two. Generate the images of intermediate values." (AN2DL)
#
# If every image between the two is a face, the generator has learnt more than a list of faces. You will interpolate along lines and along arcs, and along a path through nine random points. Then you will interpolate between **given** images, and compare the latent spaces of two models.

# %%
import os
import tempfile
from pathlib import Path

import ankeras
from ankeras import data, explore, latent, pictures, pretrained
from ankeras.autoencoders import VAE
from ankeras.builders import get_encoder, get_generator
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from IPython.display import Image

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
print(ankeras.setup(seed=42))

# %% [markdown]
# Notebook 6 trains a DCGAN of faces for a few minutes. Here we train a VAE of the same faces for about two minutes. Both see faces of 64 pixels.

# %%
d = 64
X_train = data.faces(1000 if QUICK else 20_000, seed=0, size=64).images
widths = (16, 32, 64, 128)
own_vae = VAE(
    get_encoder(X_train.shape[1:], 2 * d, widths=widths),
    get_generator(d, X_train.shape[1:], widths=widths),
    beta=0.1,
)
epochs = 1 if QUICK else 12
own_vae.compile(cosine_adam(epochs * len(X_train) // 100, 3e-3))
own_vae.fit(X_train, batch_size=100, epochs=epochs)

# %% [markdown]
# The package brings a VAE and a DCGAN that were trained for longer. (The VAE's loss has one more term: image and reconstruction should have the same features in the face reader.) Compare the samples. The next cell also says which models we explore below: the pretrained ones. Set `OWN = True` to explore your own ones.

# %%
OWN = False
gan, vae = pretrained.load("faces-dcgan"), pretrained.load("faces-vae")
rows = {"VAE, yours": own_vae.generate(10), "VAE, pretrained": vae.generate(10)}
saved = Path("models/dcgan-faces.keras")  # of notebook 6
if saved.exists():
    own_gan = keras.models.load_model(saved)
    rows["DCGAN, yours"] = own_gan.generate(10)
rows["DCGAN, pretrained"] = gan.generate(10)
if OWN:
    gan, vae = own_gan, own_vae
generator = gan.generator
first, *others = rows
pictures.reconstructions(rows[first], {name: rows[name] for name in others}, n=10, first=first)

# %% [markdown]
# ## From one point to another
#
# Each row goes from one random $z$ to another, in equal steps.

# %%
z = latent.sample_prior(12, d, seed=3)
starts, ends = z[:6], z[6:]
lines = np.stack([latent.interpolate(a, b, 12) for a, b in zip(starts, ends)])
pictures.image_grid(latent.decode(generator, lines), title="interpolation in the latent space")

# %% [markdown]
# If we interpolate between the **pixels** of two images, there are no new faces in between: we see both images at once.

# %%
images = latent.decode(generator, z)
t = np.linspace(0, 1, 12)[:, None, None, None]
faded = np.stack([(1 - t) * a + t * b for a, b in zip(images[:2], images[6:8])])
pictures.image_grid(faded, title="interpolation of pixels")

# %% [markdown]
# Choose two points yourself. The plane shows the first two principal components of random codes; all other components are 0 there.

# %%
explore.latent_plane(generator, latent.sample_prior(1000, d))

# %% [markdown]
# ## Line or arc?
#
# In $d$ dimensions the vectors drawn from $\mathcal N(0, I)$ lie near the sphere of radius $\sqrt d$. The straight line between two of them passes through the inside of that sphere. The **spherical** interpolation stays near the sphere.

# %%
arcs = np.stack([latent.interpolate(a, b, 12, spherical=True) for a, b in zip(starts, ends)])
print(
    f"sqrt(d) = {np.sqrt(d):.1f}, length of random z: {np.linalg.norm(latent.sample_prior(1000, d), axis=1).mean():.1f}"
)
print("lengths on the line:", np.round(np.linalg.norm(lines[0], axis=1), 1))
print("lengths on the arc: ", np.round(np.linalg.norm(arcs[0], axis=1), 1))
both = np.stack(
    [latent.decode(generator, way) for pair in zip(lines[:3], arcs[:3]) for way in pair]
)
pictures.image_grid(both, title="rows in pairs: line, arc")

# %% [markdown]
# ## Nine random points
#
# "Interpolation between a series of 9 random points" (Radford et al., AN2DL): every image of the path should be a face, and neighbouring images should be similar.

# %%
nine = latent.sample_prior(9, d, seed=5)
walk = latent.path(nine, 10, spherical=True)[:-1].reshape(8, 10, d)
pictures.image_grid(
    latent.decode(generator, walk),
    title="a path through nine random points; each row continues in the next",
)

# %%
folder = Path(tempfile.mkdtemp())
closed = latent.path(nine, 16, spherical=True, closed=True)
pictures.save_gif(latent.decode(generator, closed), folder / "walk.gif", seconds=0.08, scale=3)
Image(str(folder / "walk.gif"))

# %% [markdown]
# ## Between given images
#
# A GAN has no encoder. We **search** the code of a given image: gradient descent on $z$ minimizes $\frac 1 2 \|s - \mathcal G(z)\|^2 + \frac \lambda 2 \|z\|^2$, from several random starts.

# %%
given = data.faces(6, seed=9, size=64).images
found = latent.invert(generator, given, restarts=2 if QUICK else 6, steps=20 if QUICK else 300)
pictures.reconstructions(
    given, {"G(z), z searched": latent.decode(generator, found.z)}, n=6, first="given"
)

# %% [markdown]
# A VAE has an encoder.

# %%
encoded = latent.encode(vae.mean_encoder, given)
pictures.reconstructions(
    given, {"D(mu), by the encoder": latent.decode(vae.generator, encoded)}, n=6, first="given"
)

# %%
ways = {"GAN": (generator, found.z), "VAE": (vae.generator, encoded)}
rows = [
    latent.decode(network, latent.interpolate(codes[i], codes[i + 1], 10))
    for i in (0, 2)
    for network, codes in ways.values()
]
pictures.image_grid(np.stack(rows), title="between two given faces; rows in pairs: GAN, VAE")

# %% [markdown]
# ## Two latent spaces, one map
#
# "Able to transform the latent space of a model into the latent space of another through the use of a simple **linear map**"; it is defined by a small **support set** of points common to both (NOTES). We draw images with the GAN, encode them with the VAE, and fit the map from $z_{GAN}$ to $z_{VAE}$ on a few of these pairs. The relative error is 0 for a perfect map, and 1 for a map that always returns the mean.

# %%
z_gan = latent.sample_prior(600 if QUICK else 5000, d, seed=11)
z_vae = latent.encode(vae.mean_encoder, latent.decode(generator, z_gan))
held_out = slice(-200, None)
sizes = (20, 50, 100, 200) if QUICK else (20, 50, 100, 200, 500, 1000, 4000)
errors = []
for n in sizes:
    linear = latent.linear_map(z_gan[:n], z_vae[:n])
    errors.append(latent.relative_error(z_vae[held_out], linear(z_gan[held_out])))
pictures.curves(
    sizes,
    {"linear map, GAN to VAE": errors},
    x_label="support set (images)",
    y_label="relative error",
)

# %%
mapped = latent.decode(vae.generator, linear(z_gan[held_out][:12]))
pictures.reconstructions(
    latent.decode(generator, z_gan[held_out][:12]),
    {
        "VAE, by its encoder": latent.decode(vae.generator, z_vae[held_out][:12]),
        "VAE, by the map": mapped,
    },
    n=12,
    first="GAN",
)

# %% [markdown]
# ## Questions
#
# 1. Find a row with a sudden change. Does a continuous factor change suddenly (such as the turn of the head), or a factor with few values (such as a hat or glasses)? Why?
# 2. At the middle of a straight line, $z$ is shorter than at its ends. How do the faces at the middle differ from those at the ends?
# 3. The GAN draws very good faces. Why can it still not reproduce every given face?
# 4. How many images does the support set need before the relative error is clearly below 1? Compare this number with $d$.
