# %% [markdown]
# # Lab 4. Autoencoders for classifier initialization
#
# Images are cheap, but labels are expensive. An autoencoder needs no labels, so it can be trained on all images. Then its encoder can be the first part of a classifier that learns from only a few labels. You will take the four steps of the slides and measure how much they help.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: AN2DL, "Autoencoders for Classifier Initialization" and "Training Autoencoders".

# %%
import ankeras

print(ankeras.setup(seed=42, precision="float32"))

# %% given=true
import os

import ankeras

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

# %%
from ankeras import data, latent, pictures
from ankeras.grading import checker

check = checker("04_classifier_initialization")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run

# %% [markdown]
# ## 1. Many images, few labels
#
# Two sets (AN2DL):
#
# * $S = \{s_i\}$, a **large** set of images without labels,
# * $L = \{(s_i, y_i)\}$, a **small** set with labels.
#
# Our images are digits. All of them have labels, but we use only a few labels. We draw at random which ones, the same number of each class: for 50 labels, 5 zeros, 5 ones, and so on.
#
# **Exercise 1.1.** Draw the rows of $L$. The input is the labels of all images, `(m,)`; the result is the indices of the $n$ drawn images, `(n,)`.


# %% exercise="1.1" points=3
def few_labels(labels, n, rng):
    """Return n random indices of images, the same number of each class.

    labels: (m,), a NumPy array with the class of each image: 0, 1, ..., n_classes - 1.
    n: how many indices, a multiple of n_classes; each class has enough images.
    rng: a `numpy.random.Generator`; draw only with it: `rng.choice`, `rng.permutation`, ...
    Returns: (n,), a NumPy array of integers: indices of images, in any order, all different.
    """
    ### BEGIN SOLUTION
    n_classes = labels.max() + 1
    of_classes = [
        rng.choice(np.flatnonzero(labels == k), n // n_classes, replace=False)
        for k in range(n_classes)
    ]
    return np.concatenate(of_classes)
    ### END SOLUTION


# %%
train_data, test_data = data.load("digits")  # or "faces": women and men, as on the slides
if QUICK:
    train_data, test_data = train_data.take(slice(1500)), test_data.take(slice(200))
image_shape, n_classes = train_data.images.shape[1:], len(train_data.class_names)
S = train_data.images
L = train_data.take(few_labels(train_data.labels, 100, np.random.default_rng(0)))
X_test, y_test = test_data.images, test_data.labels
print(f"S: {len(S)} images without labels; L: {len(L.images)} images with labels")
pictures.image_grid(L.images, title="all labelled images", columns=20)

# %% [markdown]
# ## 2. Step 1: train the autoencoder
#
# "In a fully unsupervised way, using the unlabelled data $S$": the target of an image is the image itself. As on the slides, the loss is the mean squared error over all values of the image (Keras calls it `"mse"`).
#
# **Exercise 2.1.** Connect the two given networks to one model, $\mathcal D(\mathcal E(s))$, train it, and return it. The given encoder must be trained, not a copy of it: we need it in the next step.


# %% exercise="2.1" points=3
def train_autoencoder(encoder, decoder, images, optimizer, epochs, batch_size=100):
    """Connect encoder and decoder, train both, and return the autoencoder.

    encoder: (batch, *image) -> (batch, d), a keras.Model.
    decoder: (batch, d) -> (batch, *image), a keras.Model.
    images: (n, *image).   optimizer: a Keras optimizer; use it without changes.
    Returns the autoencoder, (batch, *image) -> (batch, *image), a keras.Model.
    """
    ### BEGIN SOLUTION
    input_layer = keras.Input(encoder.input_shape[1:])
    autoencoder = keras.Model(input_layer, decoder(encoder(input_layer)))
    autoencoder.compile(optimizer, loss="mse")
    autoencoder.fit(images, images, batch_size=batch_size, epochs=epochs, verbose=2)
    return autoencoder
    ### END SOLUTION


# %%
LATENT_DIM = 16
EPOCHS = 1 if QUICK else 6
encoder = ankeras.get_encoder(image_shape, LATENT_DIM)
decoder = ankeras.get_decoder(LATENT_DIM, image_shape)
rate = keras.optimizers.schedules.CosineDecay(1e-2, EPOCHS * len(S) // 100)
autoencoder = train_autoencoder(encoder, decoder, S, keras.optimizers.Adam(rate), EPOCHS)
pictures.reconstructions(X_test, {"D(E(s))": autoencoder.predict(X_test[:14], verbose=0)}, n=14)

# %% [markdown]
# We have used no labels so far. Does the code still show the classes? Below are the two directions of the code with the largest variance. The colours are the labels, which the network has never seen:

# %%
z = latent.encode(encoder, X_test)
_, _, directions = np.linalg.svd(z - z.mean(axis=0), full_matrices=False)
pictures.latent_plane((z - z.mean(axis=0)) @ directions[:2].T, y_test, test_data.class_names)

# %% [markdown]
# ## 3. Steps 2 and 3: a classifier instead of the decoder
#
# **Step 2**: remove the decoder. This needs no code. **Step 3**: add *one* fully connected layer, the head, which classifies the latent representation. It returns logits, one per class; the softmax is part of the loss. Encoder and classifier share the encoder's weights: training the classifier changes the encoder.
#
# **Exercise 3.1.** Return the classifier. It reads images, `(batch, *image)`, and returns one logit per class, `(batch, n_classes)`.


# %% exercise="3.1" points=3
def get_classifier(encoder, n_classes):
    """Return the classifier: an encoder and one fully connected layer.

    encoder: (batch, *image) -> (batch, d), a keras.Model.
    Returns: (batch, *image) -> (batch, n_classes) logits, a keras.Model.
    """
    ### BEGIN SOLUTION
    input_layer = keras.Input(encoder.input_shape[1:])
    return keras.Model(input_layer, layers.Dense(n_classes)(encoder(input_layer)))
    ### END SOLUTION


# %% [markdown]
# A classifier chooses the class with the largest logit.
#
# **Exercise 3.2.** Return the share of images for which this class is the right one, one number from 0 to 1. The layers must be in inference mode.


# %% exercise="3.2" points=2
def accuracy(classifier, images, labels):
    """Return the share of images whose chosen class is their label, from 0 to 1.

    classifier: (batch, *image) -> (batch, n_classes) logits, a keras.Model.
    images: (n, *image).   labels: (n,), integers.   Both are NumPy arrays, and n may be large.
    Returns: a number.
    """
    ### BEGIN SOLUTION
    logits = classifier.predict(images, batch_size=500, verbose=0)
    return float(np.mean(np.argmax(logits, axis=-1) == labels))
    ### END SOLUTION


# %%
classifier = get_classifier(encoder, n_classes)
print(f"accuracy with an untrained head: {accuracy(classifier, X_test, y_test):.3f}")

# %% [markdown]
# ## 4. Step 4: learn from $L$
#
# First the encoder is **frozen**: only the head is trained, and the codes of the images do not change.
#
# Frozen means two things. First, the optimizer must not change the encoder's weights. Second, batch normalization must stay in inference mode: in training mode it would use the statistics of a few labelled images, and overwrite the running statistics of all images of $S$. In Keras, `encoder.trainable = False` does both, for all layers of the encoder; it takes effect at the next `compile`.
#
# The labels are integers, so the loss is `keras.losses.SparseCategoricalCrossentropy`. Tell it that its inputs are logits.
#
# **Exercise 4.1.** Train the head of the given classifier: take one step per minibatch of the given data set. The function returns nothing. After the training the encoder must be trainable again.


# %% exercise="4.1" points=5
def train_frozen(classifier, encoder, batches, optimizer):
    """Train the head of a classifier, and do not change its encoder.

    classifier: (batch, *image) -> (batch, n_classes) logits: the encoder and the head.
    encoder: the keras.Model in it. Its weights and its running statistics must not change.
    batches: a tf.data.Dataset of minibatches (x, y), y: (batch,), integers. It is finite: take
        one step on each minibatch, in order.
    optimizer: a Keras optimizer; use it without changes.
    """
    ### BEGIN SOLUTION
    encoder.trainable = False
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(optimizer, loss=loss)
    classifier.fit(batches, shuffle=False, verbose=0)
    encoder.trainable = True
    ### END SOLUTION


# %% [markdown]
# There are few labelled images, so the training uses them many times, each time in a new order.


# %%
def minibatches(images, labels, steps, batch_size=50):
    """Return a tf.data.Dataset with one minibatch per step."""
    pairs = tf.data.Dataset.from_tensor_slices((images, labels))
    return pairs.shuffle(len(images)).repeat().batch(batch_size).take(steps)


def falling(learning_rate, steps):
    """Return Adam with a learning rate that falls to zero."""
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))


STEPS = 5 if QUICK else 150
batches = minibatches(L.images, L.labels, STEPS)
train_frozen(classifier, encoder, batches, falling(1e-2, STEPS))
print(f"head trained, encoder frozen: accuracy {accuracy(classifier, X_test, y_test):.3f}")

# %% [markdown]
# "If $L$ is large enough, the encoder weights can also be **fine-tuned**" (AN2DL). But not immediately: a random head sends random gradients into the encoder, and they destroy what the encoder has learnt. So first only the head is trained. Then all weights are trained, with a smaller learning rate.
#
# **Exercise 4.2.** Write both trainings: each uses all minibatches of the given data set once. The function returns nothing. You may call `train_frozen`.


# %% exercise="4.2" points=4
def fine_tune(classifier, encoder, batches, head_optimizer, optimizer):
    """Train first the head of a classifier, then all its weights.

    classifier, encoder, batches: as in `train_frozen`.
    head_optimizer: for the first training, one pass through the batches: only the head.
    optimizer: for the second training, another pass: the head and the encoder together.
    """
    ### BEGIN SOLUTION
    train_frozen(classifier, encoder, batches, head_optimizer)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(optimizer, loss=loss)
    classifier.fit(batches, shuffle=False, verbose=0)
    ### END SOLUTION


# %% [markdown]
# ## 5. How much does it help?
#
# For a fair comparison, the same network is trained on the same labels from a **random start**. This needs many trainings, and each must start from the autoencoder's encoder. But `get_classifier` shares the encoder's weights: the first fine-tuning would change the trained encoder. So each training gets a copy.
#
# **Exercise 5.1.** Return a copy of the given encoder, with the same weights. `keras.models.clone_model` returns a network with the same layers, but with new weights.


# %% exercise="5.1" points=2
def copy_encoder(encoder):
    """Return a copy of an encoder: the same weights at the start, but no shared weights.

    encoder: a keras.Model.   Its running statistics are weights, too.
    """
    ### BEGIN SOLUTION
    copy = keras.models.clone_model(encoder)
    copy.set_weights(encoder.get_weights())
    return copy
    ### END SOLUTION


# %% [markdown]
# Each way of training gets the same number of steps, with a suitable learning rate: the random start needs a larger one.


# %%
def one_run(way, n_labels, seed):
    """Return a classifier that was trained in one of the ways with n_labels labels."""
    rows = few_labels(train_data.labels, n_labels, np.random.default_rng(seed))
    images, labels = train_data.images[rows], train_data.labels[rows]
    if way == "random start":
        start = ankeras.get_encoder(image_shape, LATENT_DIM, seed=seed)
    else:
        start = copy_encoder(encoder)
    classifier = get_classifier(start, n_classes)
    if way == "frozen":
        batches = minibatches(images, labels, 2 * STEPS)
        train_frozen(classifier, start, batches, falling(1e-2, 2 * STEPS))
    elif way == "fine-tuned":
        batches = minibatches(images, labels, STEPS)
        fine_tune(classifier, start, batches, falling(1e-2, STEPS), falling(3e-3, STEPS))
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        classifier.compile(falling(1e-2, 2 * STEPS), loss=loss)
        classifier.fit(minibatches(images, labels, 2 * STEPS), shuffle=False, verbose=0)
    return classifier


N_LABELS = (50, 100, 500)
SEEDS = range(1 if QUICK else 3)
results = {}
for way in ("fine-tuned", "frozen", "random start"):
    results[way] = [
        [accuracy(one_run(way, n, seed), X_test, y_test) for seed in SEEDS] for n in N_LABELS
    ]
    print(f"{way:13}", *(f"{np.mean(row):.3f}" for row in results[way]), flush=True)

# %%
pictures.curves(N_LABELS, results, x_label="labelled images", y_label="accuracy on test images")

# %% [markdown]
# Each point is an average over three draws of $L$; the bars are the standard deviations. With few labels the autoencoder's encoder is much better: it has learnt from $S$ what such images look like, and only the classes must be learnt from $L$. With many labels the random start becomes as good, and the frozen encoder becomes a limit: its code was trained to reconstruct, not to separate classes.
#
# Which images does a classifier get wrong that was trained with 100 labels?

# %%
classifier = one_run("fine-tuned", 100, seed=0)
chosen = classifier.predict(X_test, batch_size=500, verbose=0).argmax(axis=1)
wrong = np.flatnonzero(chosen != y_test)
pairs, counts = np.unique(np.stack([y_test, chosen])[:, wrong], axis=1, return_counts=True)
for i in np.argsort(-counts)[:4]:
    names = [train_data.class_names[k] for k in pairs[:, i]]
    print(f"{names[0]} classified as {names[1]}: {counts[i]} times")
pictures.image_grid(X_test[wrong[:40]], title="classified wrongly", columns=20)

# %% [markdown]
# ## Questions
#
# 1. Where do the curves of the frozen encoder and the random start cross, and why?
# 2. The autoencoder is trained on images only. Why does its code separate classes at all?
# 3. `fine_tune` calls the encoder in training mode, so batch normalization sees 50 images per step. What could go wrong with 10 labels, and what would you change?
# 4. Try `LATENT_DIM = 2` and `64`. Why is a better reconstruction not always a better start?
# 5. Try `"faces"`, with the labels woman and man. What else must the code of a face contain, and which curve becomes worse because of it?

# %%
check()
