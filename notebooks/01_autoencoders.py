# %% [markdown]
# # 1. Autoencoders
#
# An **autoencoder** is trained to reproduce its input through a small code (AN2DL, "Autoencoders"):
#
# $$ s \;\xrightarrow{\;\mathcal E\;}\; z = \mathcal E(s) \;\xrightarrow{\;\mathcal D\;}\; \hat s = \mathcal D(\mathcal E(s)), \qquad s \in \mathbb R^n,\; z \in \mathbb R^d,\; d \ll n. $$
#
# No labels are needed: the target is the input itself. Training minimizes the reconstruction loss over a batch $S$,
#
# $$ \ell(S) = \sum_{s \in S} \lVert s - \mathcal D(\mathcal E(s)) \rVert. $$
#
# In this notebook you build the slides' convolutional autoencoder and train it. You see the effect of the size of the code, and you compare the autoencoder with PCA. Then you train other kinds of autoencoders: tied, over-complete, sparse, contractive and denoising.

# %%
import os

import ankeras
from ankeras import autoencoders, data, pictures
from ankeras.builders import get_autoencoder, get_decoder, get_encoder
from ankeras.evaluation import pca_error, reconstruction_error

import keras
import numpy as np

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
print(ankeras.setup(seed=42))

# %% [markdown]
# ## The data
#
# Change the next cell to train on something else: `"faces"`, `"mnist"`, `"fashion_mnist"`, `"cifar10"`, or your own images with `data.load(path="folder or file.npz", size=32)`.

# %%
train_data, test_data = data.load("digits")
train_data = train_data.take(slice(5000))  # enough to see everything, and each epoch is shorter
if QUICK:
    train_data, test_data = train_data.take(slice(1000)), test_data.take(slice(300))
X_train, X_test = train_data.images, test_data.images
input_shape = X_train.shape[1:]
print(f"{len(X_train)} training and {len(X_test)} test images of shape {input_shape}")
pictures.image_grid(X_train[:60], columns=15)

# %% [markdown]
# ## The networks
#
# Each strided convolution of the encoder halves the image's height and width. Batch normalization and ReLU follow each of them. The encoder ends in a dense layer of $d$ units, the **latent representation**. The decoder goes the opposite way: a dense layer, a reshape, then up-sampling and convolution. The last activation is a sigmoid, since pixels lie in $[0, 1]$.

# %%
latent_dim = 32
encoder = get_encoder(enc_input_shape=input_shape, enc_output_shape=latent_dim)
decoder = get_decoder(dec_input_shape=latent_dim, dec_output_shape=input_shape)
encoder.summary()
decoder.summary()

# %% [markdown]
# The autoencoder connects the two:
#
# ```python
# input_layer = keras.layers.Input(shape=input_shape)
# z = encoder(input_layer)
# output_layer = decoder(z)
# autoencoder = keras.Model(inputs=input_layer, outputs=output_layer, name="autoencoder")
# ```
#
# `get_autoencoder` does the same.

# %%
autoencoder = get_autoencoder(input_shape, input_shape, latent_dim=latent_dim)

# %% [markdown]
# ## Training
#
# As on the slides: Adam, mean squared error, and two callbacks, which `slide_callbacks` returns. `EarlyStopping` ends the training when the validation loss has not fallen for 10 epochs, and restores the best weights. `ReduceLROnPlateau` halves the learning rate when the validation loss has not fallen for 5 epochs. Note that the **target is the input itself**.

# %%
learning_rate = 1e-3
autoencoder.compile(
    optimizer=keras.optimizers.Adam(learning_rate),
    loss=keras.losses.MeanSquaredError(),
    metrics=["mse", "mae"],
)
history = autoencoder.fit(
    X_train,  # the input
    X_train,  # the target for the autoencoder is the input itself
    batch_size=100,
    epochs=1 if QUICK else 6,
    validation_data=(X_test, X_test),
    callbacks=autoencoders.slide_callbacks(),
)

# %%
pictures.history(history.history)

# %%
pictures.reconstructions(X_test, {"d = 32": autoencoder.predict(X_test[:12], verbose=0)}, n=12)

# %% [markdown]
# ## The size of the latent representation
#
# The larger the code, the better the reconstruction. `autoencoders.train` is a shortcut for `compile` and `fit`. Its learning rate falls along a cosine, which gives a lower loss after the same number of epochs.
#
# We compare each autoencoder with **PCA** with $d$ components: the best *linear* encoder and decoder.

# %%
SIZES = (2, 8, 32)
by_size = {}
for d in SIZES:
    by_size[d] = get_autoencoder(input_shape, latent_dim=d)
    autoencoders.train(by_size[d], X_train, X_test, epochs=1 if QUICK else 6, verbose=0)
    print(f"d = {d} trained")

# %%
pictures.reconstructions(
    X_test,
    {f"d = {d}": model.predict(X_test[:12], verbose=0) for d, model in by_size.items()},
    n=12,
)

# %%
pictures.curves(
    SIZES,
    {
        "PCA": [pca_error(X_train, X_test, d) for d in SIZES],
        "autoencoder": [reconstruction_error(by_size[d], X_test) for d in SIZES],
    },
    x_label="size of the code d",
    y_label="test error (MSE per pixel)",
)

# %% [markdown]
# ## A linear autoencoder is PCA
#
# With a linear encoder and decoder and the squared error, the best decoder spans the same space as the first $d$ principal components (AE lecture). We train such an autoencoder by gradient descent. Then we measure the **principal angles** between the space of its decoder and that of PCA. Angles near 0 mean that the spaces agree. (The axes need not agree: an invertible $d \times d$ matrix after $\mathcal E$ and its inverse before $\mathcal D$ do not change the loss.)

# %%
from sklearn.decomposition import PCA

d = 8
linear = autoencoders.get_linear_autoencoder(input_shape, latent_dim=d)
autoencoders.train(
    linear, X_train, X_test, epochs=2 if QUICK else 12, learning_rate=2e-3, verbose=0
)
pca = PCA(d, random_state=0).fit(X_train.reshape(len(X_train), -1))
angles = autoencoders.principal_angles(linear, pca.components_)
print("principal angles in degrees:", np.degrees(angles).round(1))
print(
    f"test error: linear autoencoder {reconstruction_error(linear, X_test):.4f}, "
    f"PCA {pca_error(X_train, X_test, d):.4f}"
)

# %% [markdown]
# ## Tied weights, and a code that is too large
#
# **Tied weights** (DLSP): $W_x \doteq W_h^\top$ halves the number of weights.
#
# An autoencoder with an **over-complete** code ($d > n$) can copy its input without learning anything about it: with $W_h = [I; 0]$ it reproduces even pure noise exactly. This is why such codes need a regularizer.

# %%
tied = autoencoders.TiedAutoencoder(input_shape, 32, widths=(256,))
autoencoders.train(tied, X_train, X_test, epochs=1 if QUICK else 8, learning_rate=2e-3, verbose=0)
print(
    f"tied weights, d = 32: {tied.count_params():,} parameters, "
    f"test error {reconstruction_error(tied, X_test):.4f}"
)

overcomplete = autoencoders.get_overcomplete_autoencoder(input_shape)
autoencoders.set_to_identity(overcomplete)
noise = np.random.default_rng(0).random((6, *input_shape)).astype("float32")
both = np.concatenate([X_test[:6], noise])
pictures.reconstructions(both, {"copied": overcomplete.predict(both, verbose=0).clip(0, 1)}, n=12)

# %% [markdown]
# ## Regularized autoencoders
#
# The loss gets a second term, which asks for more than a good copy:
#
# | | loss |
# |---|---|
# | sparse | $L(x, g(f(x))) + \lambda \sum_i \lvert z_i \rvert$ |
# | denoising | $L(x, g(f(\tilde x)))$, where $\tilde x \sim p(\tilde x \mid x)$ is corrupted |
# | contractive | $L(x, g(f(x))) + \lambda \sum_i \lVert \nabla_x z_i \rVert^2$ |
#
# All of them use the same `train_step`. The progress bar shows `reconstruction` and `penalty` separately. We start with **sparse**: how many units of the code are active for an image?


# %%
def players(d, **options):
    return (
        get_encoder(input_shape, d, kind="mlp", batch_norm=False, **options),
        get_decoder(d, input_shape, kind="mlp", batch_norm=False, **options),
    )


EPOCHS = 1 if QUICK else 6
plain = autoencoders.Autoencoder(*players(64))
sparse = autoencoders.SparseAutoencoder(*players(64), lam=0.05)
for name, model in {"plain": plain, "sparse": sparse}.items():
    autoencoders.train(model, X_train, X_test, epochs=EPOCHS, learning_rate=2e-3, verbose=0)
    z = np.abs(model.encoder.predict(X_test, verbose=0))
    active = (z > 0.05 * z.max()).sum(axis=1).mean()
    print(
        f"{name:7} {active:4.1f} of 64 units active for an image, "
        f"test error {reconstruction_error(model, X_test):.4f}"
    )

# %% [markdown]
# **Contractive**: the code changes little when the input changes slightly. We measure $\sum_i \lVert \nabla_x z_i \rVert^2$, averaged over test images.

# %%
from ankeras.autoencoders.contractive import contraction

contractive = autoencoders.ContractiveAutoencoder(*players(64), lam=0.3)
autoencoders.train(
    contractive, X_train, X_test, epochs=EPOCHS // 2 + 1, learning_rate=2e-3, verbose=0
)
for name, model in {"plain": plain, "contractive": contractive}.items():
    jacobian = float(contraction(model.encoder, keras.ops.convert_to_tensor(X_test[:200])))
    print(
        f"{name:12} |dz/dx|^2 = {jacobian:8.2f}, "
        f"test error {reconstruction_error(model, X_test):.4f}"
    )

# %% [markdown]
# **Denoising**: the network sees a corrupted image and must return the clean one. We compare it with the plain autoencoder, which was trained on clean images only.

# %%
denoiser = autoencoders.DenoisingAutoencoder(
    get_encoder(input_shape, 64), get_decoder(64, input_shape), corruption="masking", level=0.5
)
history = autoencoders.train(denoiser, X_train, X_test, epochs=1 if QUICK else 6)

# %%
corrupted = keras.ops.convert_to_numpy(denoiser.corrupt(X_test[:12]))
pictures.reconstructions(
    corrupted,
    {
        "plain": autoencoder.predict(corrupted, verbose=0),
        "denoising": denoiser.predict(corrupted, verbose=0),
        "truth": X_test[:12],
    },
    n=12,
    first="corrupted",
)

# %% [markdown]
# **A penalty on the reconstruction** (AN2DL): the second term asks for smooth images, or for sharp edges. The code here is small ($d = 8$), so that the reconstructions without a penalty are blurred.

# %%
smooth = autoencoders.SmoothAutoencoder(*players(8), lam=0.1)
sharp = autoencoders.SharpAutoencoder(*players(8), lam=0.3)
neither = autoencoders.Autoencoder(*players(8))
rows = {}
for name, model in {"no penalty": neither, "smooth": smooth, "sharp edges": sharp}.items():
    autoencoders.train(model, X_train, X_test, epochs=EPOCHS, learning_rate=2e-3, verbose=0)
    rows[name] = model.predict(X_test[:12], verbose=0)
pictures.reconstructions(X_test, rows, n=12)

# %% [markdown]
# ## Questions
#
# 1. Look at the curve of test errors. Is the difference between the autoencoder and PCA larger at $d = 2$ or at $d = 32$? Why?
# 2. Compare the printed lines of the plain and the sparse autoencoder. By how much does the error grow for each unit that is no longer active? The decoder's weights are not limited. How can the network make the penalty $\lambda \sum_i \lvert z_i \rvert$ small without a sparse code, and how would you prevent this?
# 3. The contractive penalty punishes a code that changes with the input, in *every* direction. The reconstruction loss punishes a code that does not change in the directions in which the data vary. In which directions does the code change after training with both?
# 4. The denoising autoencoder was trained with half of the pixels masked. Change `level` and `corruption` of the *test* images. Up to which level, and for which kinds of corruption, does it still work?
