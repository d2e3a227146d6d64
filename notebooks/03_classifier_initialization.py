# %% [markdown]
# # 3. Autoencoders for classifier initialization
#
# Often we have many images, and only a few of them have labels (AN2DL, "Autoencoders for Classifier Initialization"):
#
# * $S = \{s_i\}$, a **large** set of images without labels,
# * $L = \{(s_i, y_i)\}$, a **small** set with labels.
#
# An autoencoder needs no labels, so it can be trained on all of $S$. Its latent vector is a good representation of such images, and its encoder a good start for a classifier. The four steps of the slides:
#
# 1. **train the autoencoder** on $S$, without labels
# 2. **get rid of the decoder**, keep the encoder's weights
# 3. **plug in a fully connected layer** that classifies the latent representation
# 4. **fine-tune** on the few labelled samples of $L$; if $L$ is large enough, train the encoder too

# %%
import os

import ankeras
from ankeras import autoencoders, data, pictures
from ankeras.autoencoders import accuracy, few_labels, fine_tune, initialize_classifier
from ankeras.builders import get_autoencoder, get_classifier, get_encoder

import numpy as np

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
print(ankeras.setup(seed=42))

# %% [markdown]
# Choose the data set in the next cell: `"digits"` (ten classes), `"faces"` (men and women, as on the slides), `"mnist"`, `"fashion_mnist"`, `"cifar10"`, or your own images with `data.load(path="folder or file.npz", size=32)`. The data set must have labels.

# %%
train_data, test_data = data.load("digits")
if QUICK:
    train_data, test_data = train_data.take(slice(2000)), test_data.take(slice(300))
S = train_data.images  # large; its labels are not used
L = few_labels(train_data, 100, seed=0)  # small
print(f"S: {len(S)} images without labels; L: {len(L.images)} images with labels")
pictures.image_grid(L.images, title="all images of L, the labelled set", columns=20)

# %% [markdown]
# ## The four steps, one by one
#
# **Step 1.** Train the autoencoder in a fully unsupervised way.

# %%
LATENT_DIM = 16
autoencoder = get_autoencoder(S.shape[1:], latent_dim=LATENT_DIM)
autoencoders.train(autoencoder, S, test_data.images, epochs=1 if QUICK else 8)
pictures.reconstructions(
    test_data.images, {"D(E(s))": autoencoder.predict(test_data.images[:12], verbose=0)}, n=12
)

# %% [markdown]
# **Step 2.** Get rid of the decoder. **Step 3.** Plug in a fully connected layer.

# %%
encoder = autoencoder.get_layer("encoder")
trained_weights = encoder.get_weights()  # a copy: several trainings below start from it
classifier = get_classifier(encoder, len(L.class_names))
classifier.summary()

# %% [markdown]
# **Step 4.** Fine-tune on $L$. `fine_tune` first trains the new layer alone (the *head*): its weights are random, and their gradients would damage the encoder. Then it trains all layers with a small learning rate.

# %%
fine_tune(classifier, L, verbose=0)
print(
    f"accuracy on test images, from {len(L.images)} labels: {accuracy(classifier, test_data):.3f}"
)

# %% [markdown]
# One function does all four steps:

# %%
classifier = initialize_classifier(S, L, latent_dim=LATENT_DIM, epochs=1 if QUICK else 4, verbose=0)
print(f"accuracy: {accuracy(classifier, test_data):.3f}")

# %% [markdown]
# ## Is the initialization worth it?
#
# For a fair comparison we take **the same network and the same labels, but start from random weights**. We repeat the comparison for several numbers of labels, and for each seed with other labelled images and another random head:
#
# * encoder from the autoencoder, **fine-tuned**
# * encoder from the autoencoder, **frozen**: only the head is trained
# * **random start**
#
# Each way has the settings that work best for it. They were searched with the same effort on validation images (`bench/classification.py`). The random start needs a larger learning rate and more steps.

# %%
N_LABELS = (50, 100, 500, 1000)
SEEDS = range(1 if QUICK else 2)


SETTINGS = {
    "fine-tuned": {"learning_rate": 3e-3, "head_steps": 100, "steps": 150},
    "frozen": {"head_steps": 400, "steps": 0},
    "random start": {"learning_rate": 1e-2, "head_steps": 0, "steps": 400},
}
if QUICK:
    SETTINGS = {way: {"head_steps": 5, "steps": 5} for way in SETTINGS}


def one_run(way, n_labels, seed):
    encoder = get_encoder(S.shape[1:], LATENT_DIM, seed=seed)
    if way != "random start":
        encoder.set_weights(trained_weights)
    classifier = get_classifier(encoder, len(L.class_names), seed=seed)
    fine_tune(
        classifier,
        few_labels(train_data, n_labels, seed),
        freeze=way == "frozen",
        verbose=0,
        **SETTINGS[way],
    )
    return accuracy(classifier, test_data)


results = {}
for way in SETTINGS:
    results[way] = [[one_run(way, n, seed) for seed in SEEDS] for n in N_LABELS]
    print(f"{way:13}", *(f"{np.mean(row):.3f}" for row in results[way]))

# %%
pictures.curves(N_LABELS, results, x_label="labelled images", y_label="accuracy on test images")

# %% [markdown]
# With few labels the autoencoder's encoder is much better: it has already learnt from $S$ what such images are like, and only the head has to be learnt from $L$. With many labels the random start becomes as good, and a frozen encoder limits the accuracy: its code was trained to reconstruct, not to separate classes.
#
# ## Questions
#
# 1. How does the difference between the fine-tuned and the frozen encoder change with the number of labels? Why?
# 2. The autoencoder is trained without labels. Why does its code separate the classes at all?
# 3. Try `LATENT_DIM = 2` and `64`. Which of the two gives the better reconstructions, and which the better classifier? Why need these not be the same?
# 4. Run the notebook with `"faces"`: the label is then woman or man. Which other properties of a face must the code hold, so that the decoder can reconstruct it?
