# %% [markdown]
# # 11. Anomaly detection
#
# A factory has thousands of pictures of good parts and hardly any of bad parts, and nobody knows how the next defect will look. So we learn what is **normal**, and call everything else anomalous (AN2DL, "GAN for Anomaly Detection"). Every model of this course that maps an image to a code and back can do this. You will measure how well it works, for whole images and for each pixel. At the end you will fill in the missing part of an image.

# %%
import os
import time

import ankeras
from ankeras import data, pictures, pretrained
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

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
print(ankeras.setup(seed=42))

# %% [markdown]
# ## Whole images
#
# We do as most papers do: one class is normal, we train on its images only, and the images of all other classes are anomalies. Our normal class is the digit zero.

# %%
train_data, test_data = data.load("digits")
S = train_data.images[train_data.labels == 0]
S_test, anomalous = test_data.images[:2000], test_data.labels[:2000] != 0
image_shape, d = S.shape[1:], 16
print(f"{len(S)} normal training images")
print(f"{len(S_test)} test images, {anomalous.mean():.0%} of them anomalies")

# %% [markdown]
# An autoencoder that has only seen zeros can only draw zeros well. So the distance between an image and its reconstruction, $\lVert \mathcal G(\mathcal E(s)) - s \rVert_2$, is an anomaly score:

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
# With a BiGAN we can compute four scores (AN2DL, "BidirectionalGANs (BiGANs) and Anomaly Detection"):
#
# | score | formula |
# |---|---|
# | reconstruction | $\lVert \mathcal G(\mathcal E(s)) - s \rVert_2$ |
# | prior | $-\log \phi_z(\mathcal E(s))$: codes of normal images are likely under $\phi_z$ |
# | posterior | $1 - \mathcal D(s, \mathcal E(s))$: all real pairs in the training of $\mathcal D$ had normal images |
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
# The area under the ROC curve is the share of pairs (anomaly, normal image) in which the anomaly has the higher score. Random scores give 0.5. Below 0.5, anomalies look *more* normal than normal images: most digits are simpler than a zero, and the codes of simple images lie in the middle of the prior.
#
# The autoencoder is best, because it was trained for reconstruction only. A BiGAN reconstructs a zero as *a* zero, but not always as the same one. And at the equilibrium of its training, $\mathcal D$ can no longer tell real pairs from generated ones. The BiGAN is more useful in the next task, where an image shows more than one object in the middle.
#
# ## Pixel by pixel
#
# Now we look for defects. The normal texture is a photograph of a brick wall. A program draws five kinds of damage into another part of the photograph. So we know for each pixel whether it is damaged: this is the mask $\Omega$.

# %%
wall = data.texture("brick", "train")
damaged = data.anomalies("brick", 2 if QUICK else 10, seed=7)
kinds = np.array(damaged.kinds)
firsts = [int(np.flatnonzero(kinds == kind)[0]) for kind in dict.fromkeys(damaged.kinds)]
pictures.image_grid(damaged.images[firsts], title=", ".join(kinds[firsts]), columns=len(firsts))

# %% [markdown]
# The **fully convolutional BiGAN** (AN2DL): $\mathcal E$, $\mathcal G$ and $\mathcal D$ have only convolutions. It is trained on patches of 64x64 pixels, with least-squares losses and the reconstruction penalty $\lambda \mathbb E_s \lvert \mathcal G(\mathcal E(s)) - s \rvert$. The code is a *map*, 16 numbers for each square of 8x8 pixels, and $\mathcal D$ gives a score to each of these squares.

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
# Networks without dense layers can take and draw images of any size. The next figure shows $\mathcal G(z)$ for a map $z$ of random codes: above that of your generator, below that of a model that comes with the package and had more time. Neighbouring random codes are independent, so no long joints can be expected. In your short training $\mathcal G$ has mostly learnt to reconstruct. This is enough for the scores below.

# %%
print(pretrained.card("brick-fc-bigan"))
longer = pretrained.load("brick-fc-bigan")
figure, both_axes = plt.subplots(2, 1, figsize=(8, 4), layout="constrained", dpi=pictures.DPI)
for axes, network in zip(both_axes, (model, longer)):
    drawn = network.generate(1, seed=1, size=(128, 512))
    axes.imshow(drawn.squeeze(), cmap="gray", vmin=0, vmax=1)
    axes.set_axis_off()
plt.close(figure)
figure

# %% [markdown]
# The score of a pixel combines the score of $\mathcal D$ and the reconstruction error:
#
# $$ A = \alpha \, (\mathcal D(s, \mathcal E(s)) - 1)^2 + (1 - \alpha) \, \lVert \mathcal G(\mathcal E(s)) - s \rVert_2 $$
#
# The mask is the set of pixels where $A$ is above a threshold $\gamma$. How do we choose $\gamma$? We do not know the anomalies before, but we know normal images. So we **choose the rate of false alarms**: on normal images that were not used in training, 1 % of the pixels must lie above $\gamma$.

# %%
found = anomaly_maps(model, damaged.images)
gamma = threshold(found.score[kinds == "good"], false_alarm_rate=0.01)
rows(damaged.images[firsts], found[firsts], gamma, damaged.masks[firsts], list(kinds[firsts]))

# %% [markdown]
# In the first column the thin white line is the border of the true mask, and the orange line is the border of the mask that was found. The next cell compares the scores over all thresholds:

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
# Damage that is darker or brighter than the wall, or has more detail, can't be reconstructed well, so it is found. **A missing thread is hardly found by the reconstruction error**: a smooth band is simpler than the wall, and an autoencoder draws simple things well, even if it was not trained on them. All methods that use reconstruction have this weakness. On textures that look like noise, such as grass, they miss every kind of stain.
#
# And $\mathcal D$? It has learnt to tell real pairs from generated ones. It has not learnt how a damaged wall looks.
#
# ## Training with forgeries
#
# We have no pictures of the next defect, but we can damage pictures of good parts ourselves. We call the results forgeries: spots and bands of normal patches are replaced by grey, by the same patch blurred, by another patch at another scale or contrast, or by noise. So we know the mask $\Omega'$ of the replaced pixels, and $\mathcal D$ can learn it:
#
# $$ \min_{\theta_d} \tfrac12 \mathbb E_{s'} \left[ (\mathcal D(s', \mathcal E(s')) - (1 - \Omega'))^2 \right] $$
#
# The idea is from CutPaste and DRAEM (2021). The five kinds of damage in the test images are drawn by other code, and $\mathcal D$ does not see them in this training.

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
print("pixel AUC          BiGAN alone     with forgeries")
for kind in [*dict.fromkeys(damaged.kinds)][1:]:
    scores_of_kind = [maps.score[kinds == kind] for maps in (found, taught)]
    before, after = (roc_auc(score, damaged.masks[kinds == kind]) for score in scores_of_kind)
    print(f"{kind:18}{before:14.3f}{after:16.3f}")

# %% [markdown]
# In the good patch, $\mathcal D$ marks two joints that are wider than those in the training part of the photograph: they are unusual, but they are no damage. Replace `"brick"` by `"grass"` or `"gravel"`, where the reconstruction error does not help: $\mathcal D$ finds most of the damage there as well. The limit of this method: a defect that is not similar to any forgery, and that is reconstructed well, is missed.
#
# ## In one pass
#
# Without fully convolutional networks, we would compute a map patch by patch: cut out a patch around each place, and compute its score. We measure how much longer this takes, for an image of 512x512 pixels and one patch every 8 pixels.

# %%
image = np.concatenate([wall, data.texture("brick", "test")])[None]
size, stride = 64, model.stride
corners = [
    (i, j) for i in range(0, 512 - size + 1, stride) for j in range(0, 512 - size + 1, stride)
]
corners = corners[:100] if QUICK else corners
anomaly_maps(model, image)  # not timed: the first call compiles
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
# ## Filling in a missing part
#
# AE names one more application: **data completion**. We train a denoising autoencoder with a missing block as its noise. It learns to fill in this block from the rest of the image.

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
# Is it better than a guess? We compare the error in the missing part with the errors of two guesses that need no network:

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
# 1. Why must we choose the threshold on normal images that were not used in training?
# 2. One factory has 10 % bad parts, another one has 0.1 %. Which of the two curves (ROC, precision and recall) is different for the two factories? Which of them would you show to each factory?
# 3. With larger codes the reconstruction is better. Is the detection of anomalies also better?
# 4. Describe a defect of a wall that both the reconstruction and $\mathcal D$ would miss, even after the training with forgeries. How could you find such a defect?
# 5. A hole hides the eyes and the glasses of a face. What would the completed image show at this place?
