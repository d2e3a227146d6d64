# %% [markdown]
# # 6. A DCGAN draws faces
#
# The **deep convolutional GAN** (Radford et al. 2016) is a GAN whose networks are chosen with care. ATIV lists its guidelines:
#
# - replace pooling by **strided convolutions** ($\mathcal D$) and **fractional-strided convolutions** ($\mathcal G$)
# - **batch normalization** in both
# - **no fully connected hidden layers**
# - $\mathcal G$: **ReLU** in all layers except for the output, which uses **Tanh**
# - $\mathcal D$: **LeakyReLU** in all layers
#
# You will build one, watch it learn to draw portraits that nobody drew before, and ask two hard questions: does it draw *all kinds* of faces, and does it only *copy* those it has seen?

# %%
import os
import tempfile
from pathlib import Path

import ankeras
from ankeras import data, evaluation, gans, pictures
from ankeras.training import callbacks
from ankeras.training.schedules import cosine_adam

import numpy as np
from IPython.display import Image

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # set: little training, to check that all runs
reader = evaluation.face_reader()  # trained once, on the first call on this machine: about a minute
print(ankeras.setup(seed=42))

# %% [markdown]
# The faces are drawn by a program, so all their attributes are known. For other images use `data.load(...)` as in notebook 1; the last part needs faces.

# %%
faces = data.faces(1000 if QUICK else 20_000, seed=0, size=32)
X_train = faces.images
pictures.image_grid(X_train[:40], columns=20)

# %% [markdown]
# ## The two players

# %%
gan = gans.get_dcgan(X_train.shape[1:], latent_dim=64)
gan.generator.summary()

# %%
gan.discriminator.summary()

# %% [markdown]
# `gan.fit` plays algorithm 1 of Goodfellow et al., one step of $\mathcal D$ and one of $\mathcal G$ on each minibatch. Three things steady it: Adam with $\beta_1 = 0.5$ (Radford et al.), a learning rate that falls towards the end (at a constant one the players go on circling around their equilibrium), and a small penalty on the slope of $\mathcal D$ around real images (R1, Mescheder et al. 2018).
#
# The picture is drawn anew after each epoch, always for the same 60 vectors $z$. Interrupt the kernel when you have seen enough: the model and its history stay usable.

# %%
epochs = 1 if QUICK else 8
steps = epochs * len(X_train) // 64
gan.compile(*(cosine_adam(steps, beta_1=0.5, end=0.02) for _ in range(2)))
samples = callbacks.SampleGrid(lambda: gan.generate(60, seed=1).reshape(4, 15, 32, 32, 3))
history = gan.fit(
    X_train,
    batch_size=64,
    epochs=epochs,
    callbacks=[samples, callbacks.WeightAverage()],
)

# %% [markdown]
# The losses do not tell how good the images are: they tell how the game stands. At the equilibrium $\mathcal D$ gives every image $\frac 1 2$.

# %%
pictures.history(history.history, ("d_loss", "g_loss", "d_real", "d_fake"))

# %%
folder = Path(tempfile.mkdtemp())
samples.save_gif(folder / "dcgan.gif")
Image(str(folder / "dcgan.gif"))

# %% [markdown]
# As in AN2DL, "Images generated after 1 training epoch", and at the end:

# %%
pictures.image_grid(samples.frames[1], title="after 1 epoch")

# %%
drawn = gan.generate(200 if QUICK else 5000, seed=2)
pictures.image_grid(drawn[:120], columns=20, title="at the end")

# %%
if not QUICK:  # notebooks 7 and 8 use this model
    Path("models").mkdir(exist_ok=True)
    gan.save("models/dcgan-faces.keras")

# %% [markdown]
# ## Does it draw all kinds of faces?
#
# A network that reads the attributes of faces (it is right in more than 97 % of the drawn portraits for most of them) goes through the samples. A GAN that drops some kind of face (**mode collapse**) shows here.

# %%
found, wanted = evaluation.read_attributes(reader, drawn), evaluation.true_attributes(faces.factors)
print(f"{'':10}{'samples':>9}{'data':>9}")
for name in ("woman", "smile", "glasses", "beard", "hat"):
    print(f"{name:10}{np.mean(found[name] == 1):9.3f}{np.mean(wanted[name] == 1):9.3f}")

# %% [markdown]
# Two figures for the whole image: **precision**, how many samples lie among the real images, and **recall**, how many real images lie among the samples; and the **Fréchet distance** between both clouds, in the features of the reader. Beside each stands what real images get against other real ones.

# %%
test = data.faces(400 if QUICK else 6000, seed=1, size=32)
print(evaluation.evaluate_samples(reader, test.images, drawn[:3000]))

# %% [markdown]
# ## Does it copy?
#
# AN2DL shows the training image nearest to each generated one: "This GAN generates realistic training samples without memorizing the training set". The number below each pair is the distance over all pixels. New real images are the yardstick: a copy would be much nearer than they are.

# %%
shown = drawn[:12]
rows, distances = evaluation.nearest_training_images(shown, X_train)
pictures.nearest(shown, X_train[rows], distances)

# %%
_, of_drawn = evaluation.nearest_training_images(drawn[:200], X_train)
_, of_real = evaluation.nearest_training_images(test.images[:200], X_train)
print(
    f"mean distance to the nearest training image: samples {of_drawn.mean():.2f}, new real faces {of_real.mean():.2f}"
)

# %% [markdown]
# ## Questions
#
# 1. In which epoch do you first see a face? Glasses? What is learnt last?
# 2. `d_real` and `d_fake` approach $\frac 1 2$. Is that good news? What would it mean if $\mathcal D$ were very small?
# 3. Remove batch normalization from $\mathcal D$ (`get_discriminator(..., batch_norm=False)`) or the penalty (`r1=0`). What changes in the samples, what in the losses?
# 4. Could a GAN have perfect precision and bad recall? And the other way round?
