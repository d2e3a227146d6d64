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
# You will build a DCGAN and watch how it learns to draw new faces. Then you will answer two questions: does it draw *all kinds* of faces? And does it only *copy* the training images?

# %%
import os
import tempfile
from pathlib import Path

import ankeras
from ankeras import data, evaluation, explore, gans, pictures, pretrained
from ankeras.training import callbacks
from ankeras.training.schedules import cosine_adam

import numpy as np
from IPython.display import Image

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
reader = evaluation.face_reader(64)
print(ankeras.setup(seed=42))

# %% [markdown]
# A program draws the faces, so we know all their attributes. For other images use `data.load(...)` as in notebook 1. The section on attributes needs faces.

# %%
faces = data.faces(1000 if QUICK else 20_000, seed=0, size=64)
X_train = faces.images
pictures.image_grid(X_train[:40], columns=20)

# %% [markdown]
# ## The two networks
#
# They are narrow, so that a few minutes of training are enough to see faces.

# %%
gan = gans.get_dcgan(X_train.shape[1:], latent_dim=64, widths=(16, 32, 64, 128))
gan.generator.summary()

# %%
gan.discriminator.summary()

# %% [markdown]
# `gan.fit` runs algorithm 1 of Goodfellow et al., with one step of $\mathcal D$ and one step of $\mathcal G$ on each minibatch. Three things make the training stable:
#
# - Adam with $\beta_1 = 0.5$ (Radford et al.)
# - a learning rate that falls towards the end (with a constant learning rate the networks keep moving around their equilibrium)
# - a small penalty on the slope of $\mathcal D$ at real images (R1, Mescheder et al. 2018)
#
# After each epoch a picture is drawn, always for the same 60 vectors $z$. You can interrupt the kernel at any time: the model and its history stay usable.

# %%
epochs = 1 if QUICK else 8
steps = epochs * len(X_train) // 64
gan.compile(*(cosine_adam(steps, beta_1=0.5, end=0.02) for _ in range(2)))
samples = callbacks.SampleGrid(lambda: gan.generate(60, seed=1).reshape(4, 15, 64, 64, 3))
history = gan.fit(
    X_train,
    batch_size=64,
    epochs=epochs,
    callbacks=[samples, callbacks.WeightAverage()],
)

# %% [markdown]
# The losses do not tell how good the images are. They only compare the two networks with each other. At the equilibrium $\mathcal D$ gives $\frac 1 2$ to every image.

# %%
pictures.history(history.history, ("d_loss", "g_loss", "d_real", "d_fake"))

# %%
folder = Path(tempfile.mkdtemp())
samples.save_gif(folder / "dcgan.gif")
Image(str(folder / "dcgan.gif"))

# %%
explore.training_film(samples.frames)

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
# ## With more time
#
# A few minutes are short for a GAN. The package brings a DCGAN of the same faces that was trained for longer: its card says how long. What is better now? What is still wrong?

# %%
print(pretrained.card("faces-dcgan"))
longer = pretrained.load("faces-dcgan").generate(200 if QUICK else 5000, seed=2)
pictures.image_grid(longer[:120], columns=20, title="pretrained")

# %% [markdown]
# ## Does it draw all kinds of faces?
#
# A face reader, a network that reads the attributes of faces, reads the samples. (For most attributes it is right in more than 97 % of the data's faces.) If the GAN no longer draws some kind of face (**mode collapse**), you see it in this table: the share of an attribute in the samples differs from its share in the data.

# %%
wanted = evaluation.true_attributes(faces.factors)
found = [evaluation.read_attributes(reader, images) for images in (drawn, longer)]
print(f"{'':10}{'yours':>9}{'pretrained':>12}{'data':>9}")
for name in ("woman", "smile", "glasses", "beard", "hat"):
    shares = [np.mean(table[name] == 1) for table in (*found, wanted)]
    print(f"{name:10}{shares[0]:9.3f}{shares[1]:12.3f}{shares[2]:9.3f}")

# %% [markdown]
# Three figures compare whole images, by the features of the face reader: **precision**, the share of the samples that lie among the real images; **recall**, the share of the real images that lie among the samples; and the **Fréchet distance** between the two sets. For comparison, each figure is also computed between real images and other real images.

# %%
test = data.faces(400 if QUICK else 6000, seed=1, size=64)
print("yours:", evaluation.evaluate_samples(reader, test.images, drawn[:3000]))
print("\npretrained:", evaluation.evaluate_samples(reader, test.images, longer[:3000]))

# %% [markdown]
# ## Does it copy?
#
# AN2DL shows the training image nearest to each generated one: "This GAN generates realistic training samples without memorizing the training set". The number below each pair is the distance over all pixels. Compare it with the distance of new real images from the training images: a copy would be much nearer.

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
# 1. After which epoch do you first see a face? After which epoch do you first see glasses? Which attribute does the GAN learn last?
# 2. `d_real` and `d_fake` approach $\frac 1 2$. Is this always a good sign? What would they be if $\mathcal D$ were a network with very few weights?
# 3. Remove batch normalization from $\mathcal D$ (`get_discriminator(..., batch_norm=False)`) or the penalty (`r1=0`). What changes in the samples? What changes in the losses?
# 4. Could a GAN have perfect precision and bad recall? Could it have bad precision and perfect recall?
