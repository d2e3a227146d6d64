# %% [markdown]
# # 11. Anomaly detection
#
# A factory has thousands of pictures of good parts, and hardly any of bad ones; nobody knows what the next defect will look like. So learn what is **normal**, and call the rest anomalous (AN2DL, "GAN for Anomaly Detection"). Every model of this course that knows the way from an image to a code and back can do this. You will see how well, on whole images and pixel by pixel, and fill in what is missing from an image.

# %%
import os
import time

import ankeras
from ankeras import data, pictures
from ankeras.anomaly import (
    anomaly_maps,
    average_precision,
    bigan_score,
    per_region_overlap,
    posterior_score,
    prior_score,
    reconstruction_error,
    roc_auc,
    threshold,
)
from ankeras.anomaly.plots import detection_curves, rows
from ankeras.autoencoders import Autoencoder, DenoisingAutoencoder
from ankeras.builders import get_decoder, get_encoder, get_generator
from ankeras.gans import BiGAN, FCBiGAN
from ankeras.gans.bigan import get_pair_discriminator
from ankeras.gans.fc_bigan import get_fc_discriminator, get_fc_encoder, get_fc_generator
from ankeras.latent import encode
from ankeras.training.schedules import cosine_adam

import keras
import matplotlib.pyplot as plt
import numpy as np

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # set: little training, to check that all runs
print(ankeras.setup(seed=42))

# %% [markdown]
# ## Whole images
#
# The protocol of most papers: one class is the normal one, only its images are trained on, and all others are anomalies. Ours are zeros.

# %%
train_data, test_data = data.load("digits")
S = train_data.images[train_data.labels == 0]
S_test, anomalous = test_data.images[:2000], test_data.labels[:2000] != 0
image_shape, d = S.shape[1:], 16
print(f"{len(S)} normal images; of the {len(S_test)} to be judged {anomalous.mean():.0%} are not")

# %% [markdown]
# An autoencoder that has only seen zeros can only draw zeros. How far is the image from what it makes of it, $\lVert \mathcal G(\mathcal E(s)) - s \rVert_2$?

# %%
ae = Autoencoder(
    get_encoder(image_shape, d, kind="mlp", widths=(256, 128)),
    get_decoder(d, image_shape, kind="mlp", widths=(256, 128)),
)
ae.compile(keras.optimizers.Adam(1e-3), "mse")
ae.fit(S, S, batch_size=64, epochs=2 if QUICK else 60, verbose=0)
scores = {"AE, reconstruction": reconstruction_error(S_test, ae.predict(S_test, verbose=0))}
one_each = [int(np.flatnonzero(test_data.labels == digit)[0]) for digit in range(10)]
x = test_data.images[one_each]
pictures.reconstructions(x, {"G(E(s))": ae.predict(x, verbose=0)})

# %% [markdown]
# A BiGAN gives four scores (AN2DL, "BidirectionalGANs (BiGANs) and Anomaly Detection"):
#
# | | |
# |---|---|
# | reconstruction | $\lVert \mathcal G(\mathcal E(s)) - s \rVert_2$ |
# | prior | $-\log \phi_z(\mathcal E(s))$: normal images have codes that $\phi_z$ draws |
# | posterior | $1 - \mathcal D(s, \mathcal E(s))$: $\mathcal D$ has seen pairs of normal images only |
# | $A(s)$ | $(1 - \alpha) \lVert \mathcal G(\mathcal E(s)) - s \rVert_2 + \alpha \lVert f(\mathcal D(s, \mathcal E(s))) - f(\mathcal D(\mathcal G(\mathcal E(s)), \mathcal E(s))) \rVert_2$ |

# %%
bigan = BiGAN(
    get_generator(d, image_shape),
    get_pair_discriminator(image_shape, d),
    get_encoder(image_shape, d),
)
epochs = 1 if QUICK else 70
steps = epochs * len(S) // 64
bigan.compile(*(cosine_adam(steps, rate, beta_1=0.5, end=0.02) for rate in (5e-4, 1e-3)))
bigan.fit(S, batch_size=64, epochs=epochs, verbose=0)
scores["BiGAN, reconstruction"] = reconstruction_error(S_test, bigan.reconstruct(S_test))
scores["BiGAN, prior"] = prior_score(encode(bigan.encoder, S_test))
scores["BiGAN, posterior"] = posterior_score(bigan, S_test)
scores["BiGAN, A(s)"] = bigan_score(bigan, S_test)
for name, score in scores.items():
    print(f"{name:24} area under the ROC curve {roc_auc(score, anomalous):.3f}")
detection_curves(scores, anomalous)

# %% [markdown]
# The area under the ROC curve is the share of pairs (anomaly, normal image) in which the anomaly has the higher score: 0.5 is guessing. Below it, anomalies look *more* normal: most digits are simpler than a zero, and simple images get codes in the middle of the prior.
#
# The autoencoder wins, because nothing but reconstruction was asked of it. A BiGAN draws *a* zero for a zero, not always the same one, and its $\mathcal D$ is at its best when it can't tell the pairs apart any more. Its strength is the next task, where there is more to see than one object in the middle.
#
# ## Pixel by pixel
#
# Now the defects. A photograph of a brick wall is the normal texture; five kinds of damage are drawn into another part of it, so that the truth is known for each pixel: the mask $\Omega$.

# %%
wall = data.texture("brick", "train")
damaged = data.anomalies("brick", 2 if QUICK else 10, seed=7)
kinds = np.array(damaged.kinds)
firsts = [int(np.flatnonzero(kinds == kind)[0]) for kind in dict.fromkeys(damaged.kinds)]
pictures.image_grid(damaged.images[firsts], title=", ".join(kinds[firsts]), columns=len(firsts))

# %% [markdown]
# The **fully convolutional BiGAN** (AN2DL): $\mathcal E$, $\mathcal G$ and $\mathcal D$ have only convolutions. It is trained on patches of 64x64 pixels, with least-squares losses and the reconstruction penalty $\lambda \mathbb E_s \lvert \mathcal G(\mathcal E(s)) - s \rvert$. The code is a *map*, 16 numbers for each 8x8 pixels, and $\mathcal D$ judges each of these places.

# %%
widths = (16, 32, 64)
model = FCBiGAN(
    get_fc_generator(16, widths=widths),
    get_fc_discriminator(1, 16, widths=widths),
    get_fc_encoder(1, 16, widths=widths),
    lam=10.0,
)
model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(5e-4, beta_1=0.5))
patches = data.crops(wall, 320 if QUICK else 6400, 64)
start = time.perf_counter()
logs = model.fit(patches, batch_size=32, epochs=1 if QUICK else 2, verbose=0).history
print(f"{time.perf_counter() - start:.0f} s; |G(E(s)) - s| = {logs['reconstruction'][-1]:.3f}")

# %% [markdown]
# Networks without dense layers take images of any size, and draw them: here is $\mathcal G(z)$ for a map $z$ of random codes. The grey of bricks and specks of mortar, but no wall: neighbouring codes know nothing of each other, and in so short a training $\mathcal G$ has mostly learnt to reconstruct. That is all that the scores below need.

# %%
figure, axes = plt.subplots(figsize=(8, 2), layout="constrained", dpi=pictures.DPI)
axes.imshow(model.generate(1, seed=1, size=(128, 512)).squeeze(), cmap="gray", vmin=0, vmax=1)
axes.set_axis_off()
plt.close(figure)
figure

# %% [markdown]
# The score of a pixel joins what $\mathcal D$ and the reconstruction say of it:
#
# $$ A = \alpha \, (\mathcal D(s, \mathcal E(s)) - 1)^2 + (1 - \alpha) \, \lVert \mathcal G(\mathcal E(s)) - s \rVert_2 $$
#
# And the mask is where $A$ exceeds a threshold $\gamma$. Which one? Anomalies are not known beforehand, but normal images are: **choose the false alarms**. On normal patches that were not trained on, 1 % of the pixels shall lie above $\gamma$.

# %%
found = anomaly_maps(model, damaged.images)
gamma = threshold(found.score[kinds == "good"], false_alarm_rate=0.01)
rows(damaged.images[firsts], found[firsts], gamma, damaged.masks[firsts], list(kinds[firsts]))

# %% [markdown]
# In the first column the truth is a thin white line, the mask found an orange one. Over all thresholds:

# %%
print(f"{'':18}pixel AUC   avg. precision   region overlap   found at 1 % false alarms")
for kind in [*dict.fromkeys(damaged.kinds)][1:]:
    score, mask = found.score[kinds == kind], damaged.masks[kinds == kind]
    print(
        f"{kind:18}{roc_auc(score, mask):9.3f}{average_precision(score, mask):17.3f}"
        f"{per_region_overlap(score, mask):17.3f}{np.mean(score[mask] > gamma):18.0%}"
    )
detection_curves(
    {
        "reconstruction": found.reconstruction_loss,
        "discriminator": found.discriminator_loss,
        "both": found.score,
    },
    damaged.masks,
)

# %% [markdown]
# What is darker, brighter or busier than a wall can't be reconstructed, and is found. **A missing thread is hardly found by its reconstruction**: a smooth band is simpler than any wall, and an autoencoder draws simple things well, whether it has seen them or not. That is the weak side of this whole family. On textures that are nothing but noise, such as grass, it shows for every stain.
#
# And $\mathcal D$? It was asked to tell real pairs from generated ones, never what a wall with a fault looks like.
#
# ## Taught by forgeries
#
# Nobody has pictures of the next defect, but everyone can spoil a good one. Islands and bands of normal patches are painted over: with grey, with the patch itself blurred, with another patch at another scale or contrast, with noise. Now the mask $\Omega'$ of what is wrong is known, and $\mathcal D$ can learn it:
#
# $$ \min_{\theta_d} \tfrac12 \mathbb E_{s'} \left[ (\mathcal D(s', \mathcal E(s')) - (1 - \Omega'))^2 \right] $$
#
# The idea is that of CutPaste and DRAEM (2021). The five kinds of damage that we look for are drawn by other code, and $\mathcal D$ does not see them here either.

# %%
forged = next(data.forged_patches(wall, 20, seed=1))
marked = np.where(forged.masks[..., None], 1.0, 0.4 * forged.images)
pictures.image_grid(np.stack([forged.images, marked]), title="forgeries, and where they are")

# %%
model.compile(keras.optimizers.Adam(2e-3), keras.optimizers.Adam(1e-3))
model.fit(data.forged_patches(wall), steps_per_epoch=10 if QUICK else 900, shuffle=False, verbose=0)
taught = anomaly_maps(model, damaged.images, alpha=0.9)
gamma = threshold(taught.score[kinds == "good"], false_alarm_rate=0.01)
rows(damaged.images[firsts], taught[firsts], gamma, damaged.masks[firsts], list(kinds[firsts]))

# %%
print("pixel AUC         the game alone   and forgeries")
for kind in [*dict.fromkeys(damaged.kinds)][1:]:
    scores_of_kind = [maps.score[kinds == kind] for maps in (found, taught)]
    before, after = (roc_auc(score, damaged.masks[kinds == kind]) for score in scores_of_kind)
    print(f"{kind:18}{before:14.3f}{after:16.3f}")

# %% [markdown]
# In the good patch it points at two joints that are wider than those of the part that it learnt from: unusual, and yet no damage. Replace `"brick"` by `"grass"` or `"gravel"`, where the reconstruction is of no use: $\mathcal D$ finds most of the damage there as well. What it owes to the forgeries is also its limit: a defect that is like none of them, and well reconstructed, is missed.
#
# ## In one pass
#
# Before fully convolutional networks, a map was made by scoring a patch around each place. Here is what that costs, for an image of 512x512 pixels and every eighth place.

# %%
image = np.concatenate([wall, data.texture("brick", "test")])[None]
size, stride = 64, model.stride
corners = [
    (i, j) for i in range(0, 512 - size + 1, stride) for j in range(0, 512 - size + 1, stride)
]
corners = corners[:100] if QUICK else corners
anomaly_maps(model, image)  # once before: the first call compiles
start = time.perf_counter()
anomaly_maps(model, image)
at_once = time.perf_counter() - start
views = np.stack([image[0, i : i + size, j : j + size] for i, j in corners])
anomaly_maps(model, views[:32])
start = time.perf_counter()
for i in range(0, len(views), 200):
    anomaly_maps(model, views[i : i + 200])
one_by_one = time.perf_counter() - start
print(f"{len(corners)} patches: {one_by_one / at_once:.0f} times as long as one pass")

# %% [markdown]
# ## What is missing
#
# AE names one more application: **data completion**. A denoising autoencoder whose noise is a missing block learns to fill it in from the rest.

# %%
faces, other_faces = (part.images for part in data.load("faces"))
faces = faces[:320] if QUICK else faces[:6000]
face_shape = faces.shape[1:]
completer = DenoisingAutoencoder(
    get_encoder(face_shape, 128, widths=(16, 32, 64)),
    get_decoder(128, face_shape, widths=(16, 32, 64), upsampling="transposed"),
    corruption="block",
    level=0.45,
)
completer.compile(keras.optimizers.Adam(2e-3), "mse")
completer.fit(faces, faces, batch_size=64, epochs=1 if QUICK else 10, verbose=0)
truth = other_faces[:500]
missing = np.zeros(truth.shape[:3], bool)
side = face_shape[0]
hole = slice(side // 4, side // 4 + round(completer.level * side))
missing[:, hole, hole] = True
seen = np.where(missing[..., None], 0.0, truth).astype("float32")
full = completer.complete(truth, missing)
pictures.reconstructions(truth, {"with a hole": seen, "completed": full}, n=10, first="truth")

# %% [markdown]
# Is it better than a guess? The error in the missing part, against that of two guesses that need no network:

# %%
guesses = {
    "completed": full,
    "the average face": np.broadcast_to(faces.mean(axis=0), truth.shape),
    "the image's mean colour": np.broadcast_to(truth.mean(axis=(1, 2), keepdims=True), truth.shape),
}
for name, guess in guesses.items():
    error = np.mean(np.square(guess - truth)[missing])
    print(f"{name:24} squared error {error:.4f}, PSNR {-10 * np.log10(error):.1f} dB")

# %% [markdown]
# ## Questions
#
# 1. Why must the threshold be chosen on normal images that were not trained on?
# 2. A factory has 10 % bad parts, another one 0.1 %. Which of the two curves above changes, and which one would you show?
# 3. Larger codes reconstruct better. Do they detect better?
# 4. Which defect of a wall would be missed by reconstruction and by $\mathcal D$, even after its lesson with forgeries? How would you look for one?
# 5. What would the completion draw if a hole hid the glasses of a face?
