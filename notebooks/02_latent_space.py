# %% [markdown]
# # 2. The latent space
#
# An autoencoder maps each image $s$ to a point $z = \mathcal E(s)$ and each point back to an image $\mathcal D(z)$. Can we **draw** a point at random and get a new image? (AN2DL, "Sampling the Latent Space")
#
# 1. train an autoencoder on $S$
# 2. discard the encoder
# 3. draw random vectors $z \sim \phi_z$, to mimic "a new latent representation", and feed them to the decoder
#
# You will see that this works for $d = 2$, and you will measure how it gets worse as $d$ grows.

# %%
import os

import ankeras
from ankeras import autoencoders, data, evaluation, explore, latent, pictures, pretrained
from ankeras.builders import get_autoencoder, get_decoder, get_encoder

import numpy as np

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
print(ankeras.setup(seed=42))

# %% [markdown]
# Choose the data set in the next cell: `"digits"`, `"faces"`, `"mnist"`, `"fashion_mnist"`, `"cifar10"`, or your own images with `data.load(path="folder or file.npz", size=32)`. The last part of the notebook needs labels.

# %%
train_data, test_data = data.load("digits")
train_data = train_data.take(slice(8000))  # keeps the notebook within three minutes
if QUICK:
    train_data, test_data = train_data.take(slice(1000)), test_data.take(slice(300))
X_train, X_test = train_data.images, test_data.images
input_shape = X_train.shape[1:]

# %% [markdown]
# ## The latent plane ($d = 2$)
#
# We train an autoencoder for about one minute.

# %%
autoencoder = get_autoencoder(input_shape, latent_dim=2)
history = autoencoders.train(autoencoder, X_train, X_test, epochs=1 if QUICK else 10)
encoder, decoder = autoencoder.get_layer("encoder"), autoencoder.get_layer("decoder")

# %% [markdown]
# One minute is short. The package brings an autoencoder of digits with a latent plane, which was trained for longer. We explore this one. Set `OWN = True` to explore yours.

# %%
OWN = input_shape != (28, 28, 1)  # the pretrained one draws digits only
drawn = {"yours": autoencoder.predict(X_test[:12], verbose=0)}
if not OWN:
    print(pretrained.card("digits-autoencoder-2"))
    explored = pretrained.load("digits-autoencoder-2")
    encoder, decoder = explored.get_layer("encoder"), explored.get_layer("decoder")
    drawn["pretrained"] = explored.predict(X_test[:12], verbose=0)
pictures.reconstructions(X_test, drawn, n=12)

# %% [markdown]
# Each test image is a point, coloured by its class. The classes are partly separated, although the network has never seen a label.

# %%
z = latent.encode(encoder, X_test)
pictures.latent_plane(z, test_data.labels, test_data.class_names)

# %% [markdown]
# ## Sampling on a grid
#
# We decode the points of a grid. The grid has to cover a *populated* region of the plane, one that contains codes of images: here the box that holds the central 90 % of the codes along each axis.

# %%
low, high = latent.populated_box(z, coverage=0.9)
locations = np.stack(
    np.meshgrid(np.linspace(low[0], high[0], 20), np.linspace(low[1], high[1], 20)), axis=-1
).reshape(-1, 2)
pictures.latent_plane(z, test_data.labels, test_data.class_names, locations=locations)

# %%
pictures.latent_grid(latent.grid(decoder, low, high, n=20), low, high)

# %% [markdown]
# Now move through the plane yourself: drag the point, and watch what the decoder draws. The buttons change to a grid in a box, and to an interpolation between two points. (The keys work too: choose the plane and press the arrow keys.)

# %%
explore.latent_plane(decoder, z, test_data.labels, test_data.class_names)

# %% [markdown]
# Neighbouring points give similar images, and between two classes the images change gradually from one to the other. In regions without codes the decoder was never trained, and its images are poor.
#
# ## Random samples, as $d$ grows
#
# We train one autoencoder for each size of the code; for $d = 2$ we take yours. Then we draw $z$ uniformly from the populated box of its codes. Reconstructions get better as $d$ grows. What happens to the samples?

# %%
SIZES = (2, 4, 8, 16, 32)
N_SAMPLES = 1000
reconstructed, sampled = {}, {}
for d in SIZES:
    model = autoencoder
    if d != 2:
        model = get_autoencoder(input_shape, latent_dim=d)
        autoencoders.train(model, X_train, X_test, epochs=1 if QUICK else 4, verbose=0)
    codes = latent.encode(model.get_layer("encoder"), X_test)
    random_codes = latent.sample_codes(*latent.populated_box(codes), N_SAMPLES, seed=0)
    reconstructed[d] = latent.decode(model.get_layer("decoder"), codes)
    sampled[d] = latent.decode(model.get_layer("decoder"), random_codes)

# %%
pictures.reconstructions(X_test, {f"d = {d}": reconstructed[d] for d in SIZES}, n=12)

# %%
pictures.reconstructions(
    sampled[2], {f"d = {d}": sampled[d] for d in SIZES[1:]}, n=12, first="d = 2"
)

# %% [markdown]
# We want to measure the quality of the samples. So we train a classifier on the real images. For which share of the samples is it *confident*: does it give some class a probability of at least 0.95? It is less often confident on images that are no digit, and also on blurred images, and a small code blurs every image. So we compute the same share for the **reconstructions**, the best images of the same decoder, and compare the two: look at the ratio samples / reconstructions.

# %%
classifier = evaluation.train_classifier(train_data, epochs=1 if QUICK else 6)
shares = {
    "reconstructions": [evaluation.confident_share(classifier, reconstructed[d]) for d in SIZES],
    "random samples": [evaluation.confident_share(classifier, sampled[d]) for d in SIZES],
}
shares["samples / reconstructions"] = [
    sample / max(reconstruction, 1e-9)
    for reconstruction, sample in zip(*shares.values(), strict=True)
]
print(f"real test images: {evaluation.confident_share(classifier, X_test):.2f}")
for name, values in shares.items():
    print(f"{name:26}", *(f"{value:6.2f}" for value in values))
pictures.curves(SIZES, shares, x_label="size of the code d", y_label="confident share")

# %% [markdown]
# As the dimension of the latent space grows, a random point is more and more likely to fall in a region that corresponds to no class: the codes fill a smaller and smaller part of their box. This way of generating images only works in a latent space of few dimensions, because we do not know the distribution $\phi_z$ of the codes.
#
# ## A first remedy
#
# We do not know $\phi_z$, but we can **choose** it: we add a term to the loss that asks the codes of each minibatch to follow a standard Gaussian,
#
# $$ \ell + \lambda \, \tfrac12 \sum_i \left( m_i^2 + v_i - \log v_i - 1 \right), $$
#
# where $m_i, v_i$ are the mean and variance of the codes along dimension $i$. Then we draw $z \sim \mathcal N(0, I)$.

# %%
d = 16
gaussian = autoencoders.GaussianCodeAutoencoder(
    get_encoder(input_shape, d), get_decoder(d, input_shape), lam=1.0
)
autoencoders.train(gaussian, X_train, X_test, epochs=1 if QUICK else 4, verbose=0)
codes = latent.encode(gaussian.encoder, X_test)
print(f"codes: mean {codes.mean():.2f}, standard deviation {codes.std(axis=0).mean():.2f}")
normal = np.random.default_rng(0).normal(size=(N_SAMPLES, d)).astype("float32")
samples = latent.decode(gaussian.decoder, normal)
print(
    f"confident: {evaluation.confident_share(classifier, samples):.2f} of the samples from N(0, I), "
    f"{shares['random samples'][SIZES.index(d)]:.2f} of those from the box, "
    f"{shares['reconstructions'][SIZES.index(d)]:.2f} of the reconstructions"
)
pictures.reconstructions(samples, {"box": sampled[d]}, n=12, first="N(0, I)")

# %% [markdown]
# The codes now have the mean and the variance that the loss asks for, and yet most samples are no digits: the *cloud* of all codes has the right size, but not the right shape. The decoder is still not trained at points between the codes of the images. The **variational autoencoder** asks for more: the code of *each image* is a small Gaussian, and the decoder has to turn every point of this Gaussian into that image.

# %% [markdown]
# ## Questions
#
# 1. Look at the grid and at the plane. Which classes are neighbours? Does the grid show images that belong to no class?
# 2. Suppose that the codes fill the largest ball that fits into a cube. What share of the cube's volume does this ball fill for $d = 2, 8, 32$?
# 3. Describe a cloud of codes that has mean 0 and variance 1 along every axis, but is empty in most places where a standard Gaussian has points.
# 4. Find a sample that is no digit for you, but on which the classifier is confident. Why does a high confidence of the classifier not prove that a sample is good?
