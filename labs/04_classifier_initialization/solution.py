# %% [markdown]
# # Lab 4. Autoencoders for classifier initialization
#
# Images are cheap, labels are not. An autoencoder needs no labels: it can be trained on all the images there are, and its encoder can then be the start of a classifier that has to learn from a few labels only. You will take the four steps of the slides and measure what they are worth.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: AN2DL, "Autoencoders for Classifier Initialization" and "Training Autoencoders".

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
print(ankeras.setup(seed=42, precision="float32"))

# %% [markdown]
# ## 1. Many images, few labels
#
# Two sets (AN2DL):
#
# * $S = \{s_i\}$, a **large** set of images without labels,
# * $L = \{(s_i, y_i)\}$, a **small** set with labels.
#
# Ours are digits. All of them have labels, but we pretend not to know most. Which ones we know is drawn at random, as many of each class: of 50 labels, 5 zeros, 5 ones, and so on.
#
# **Exercise 1.1.** Draw the rows of $L$.


# %% exercise="1.1" points=3
def few_labels(labels, n, rng):
    """Draw n rows at random, as many of each class.

    labels: (m,), a NumPy array with the class of each image: 0, 1, ..., n_classes - 1.
    n: how many, a multiple of n_classes; of each class there are enough.
    rng: a `numpy.random.Generator`, by which all is drawn: `rng.choice`, `rng.permutation`, ...
    Returns: (n,), a NumPy array of integers: indices of images, in any order, none twice.
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
pictures.image_grid(L.images, title="all the labelled images there are", columns=20)

# %% [markdown]
# ## 2. Step 1: train the autoencoder
#
# "In a fully unsupervised way, using the unlabelled data $S$": the target of an image is the image itself. As on the slides, the loss is the mean squared error over all values of the image (Keras calls it `"mse"`).
#
# **Exercise 2.1.** Connect the two networks to one model, $\mathcal D(\mathcal E(s))$, and train it. The encoder must be trained itself, and not a copy of it: it is what we are after.


# %% exercise="2.1" points=3
def train_autoencoder(encoder, decoder, images, optimizer, epochs, batch_size=100):
    """Train an autoencoder, and return it.

    encoder: (batch, *image) -> (batch, d), a keras.Model.
    decoder: (batch, d) -> (batch, *image), a keras.Model.
    images: (n, *image).   optimizer: of Keras, to be used as it is.
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
# No label has been used so far. What does the code know about classes all the same? Its two directions of largest variance, coloured by the labels that the network has never seen:

# %%
z = latent.encode(encoder, X_test)
_, _, directions = np.linalg.svd(z - z.mean(axis=0), full_matrices=False)
pictures.latent_plane((z - z.mean(axis=0)) @ directions[:2].T, y_test, test_data.class_names)

# %% [markdown]
# ## 3. Steps 2 and 3: another end
#
# **Step 2**, get rid of the decoder, needs no code. **Step 3**: plug in *one* fully connected layer that classifies the latent representation. It returns logits, one a class; the softmax is in the loss. Encoder and classifier share the encoder's weights: who trains one trains the other.
#
# **Exercise 3.1.** Return the classifier.


# %% exercise="3.1" points=3
def get_classifier(encoder, n_classes):
    """Plug a fully connected layer into an encoder.

    encoder: (batch, *image) -> (batch, d), a keras.Model.
    Returns the classifier: (batch, *image) -> (batch, n_classes) logits, a keras.Model.
    """
    ### BEGIN SOLUTION
    input_layer = keras.Input(encoder.input_shape[1:])
    return keras.Model(input_layer, layers.Dense(n_classes)(encoder(input_layer)))
    ### END SOLUTION


# %% [markdown]
# The class that a classifier chooses is the one with the largest logit.
#
# **Exercise 3.2.** In what share of images is it the right one? The layers must be in inference mode.


# %% exercise="3.2" points=2
def accuracy(classifier, images, labels):
    """Return the share of images that are classified as their label says, from 0 to 1.

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
# First with the encoder **frozen**: only the head is trained, and the code of an image is what the autoencoder has made it.
#
# Frozen means two things. The optimizer must not move the encoder's weights. And batch normalization must stay in inference mode: in training mode it would normalize by the statistics of a few labelled images, and overwrite those of all of $S$ that it has kept. In Keras, `encoder.trainable = False` does both, for all layers inside; it counts from the next `compile` on.
#
# The labels are numbers, so the loss is `keras.losses.SparseCategoricalCrossentropy`, and it must know that it is given logits.
#
# **Exercise 4.1.** One step for each minibatch. Afterwards the encoder must be trainable again.


# %% exercise="4.1" points=5
def train_frozen(classifier, encoder, batches, optimizer):
    """Train a classifier's head, and leave the encoder in it as it is.

    classifier: (batch, *image) -> (batch, n_classes) logits, built on the encoder and a head.
    encoder: the keras.Model inside it. Its weights, running statistics included, must not change.
    batches: a tf.data.Dataset of minibatches (x, y), y: (batch,), integers. It ends: take one
        step on each, in order.
    optimizer: of Keras, to be used as it is.
    """
    ### BEGIN SOLUTION
    encoder.trainable = False
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(optimizer, loss=loss)
    classifier.fit(batches, shuffle=False, verbose=0)
    encoder.trainable = True
    ### END SOLUTION


# %% [markdown]
# The labelled images are few, so they come again and again, each time in another order.


# %%
def minibatches(images, labels, steps, batch_size=50):
    """Return a tf.data.Dataset of as many minibatches as there are steps."""
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
# "If $L$ is large enough, the encoder weights can also be **fine-tuned**" (AN2DL). Not at once: a head that starts at random sends random gradients into the encoder, and they destroy what it has learnt. So the head goes first, alone; then everything is trained, with a smaller learning rate.
#
# **Exercise 4.2.** Both passes. You may call `train_frozen`.


# %% exercise="4.2" points=4
def fine_tune(classifier, encoder, batches, head_optimizer, optimizer):
    """Train a classifier: first its head alone, then all its weights.

    classifier, encoder, batches: as in `train_frozen`.
    head_optimizer: for the head alone, once through the batches.
    optimizer: for the head and the encoder together, once through the batches after that.
    """
    ### BEGIN SOLUTION
    train_frozen(classifier, encoder, batches, head_optimizer)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(optimizer, loss=loss)
    classifier.fit(batches, shuffle=False, verbose=0)
    ### END SOLUTION


# %% [markdown]
# ## 5. What is it worth?
#
# The fair comparison is the same network, trained on the same labels, from a **random start**. It takes many trainings, and each must start from the autoencoder's encoder. But `get_classifier` shares the encoder's weights: after the first fine-tuning, the trained encoder is gone. So each training gets a copy.
#
# **Exercise 5.1.** `keras.models.clone_model` makes a network of the same layers, but with new weights.


# %% exercise="5.1" points=2
def copy_encoder(encoder):
    """Return a copy of an encoder, with the same weights at the start and none in common.

    encoder: a keras.Model.   Its running statistics are weights, too.
    """
    ### BEGIN SOLUTION
    copy = keras.models.clone_model(encoder)
    copy.set_weights(encoder.get_weights())
    return copy
    ### END SOLUTION


# %% [markdown]
# Each way gets as many steps, with the learning rate that suits it: a random start has nothing to lose and needs a larger one.


# %%
def one_run(way, n_labels, seed):
    """Return the classifier that one way makes of n_labels labels."""
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
# Each point is an average over three draws of $L$, the bars are their standard deviation. With few labels the autoencoder's encoder is far ahead: what such images are like it has learnt from $S$, and only the classes have to be learnt from $L$. With many labels the random start catches up, and the frozen encoder becomes a limit: its code was made to reconstruct, not to tell classes apart.
#
# What does a classifier from 100 labels get wrong?

# %%
classifier = one_run("fine-tuned", 100, seed=0)
chosen = classifier.predict(X_test, batch_size=500, verbose=0).argmax(axis=1)
wrong = np.flatnonzero(chosen != y_test)
pairs, counts = np.unique(np.stack([y_test, chosen])[:, wrong], axis=1, return_counts=True)
for i in np.argsort(-counts)[:4]:
    names = [train_data.class_names[k] for k in pairs[:, i]]
    print(f"{names[0]} taken for {names[1]}: {counts[i]} times")
pictures.image_grid(X_test[wrong[:40]], title="classified wrongly", columns=20)

# %% [markdown]
# ## Questions
#
# 1. Where do the curves of the frozen encoder and the random start cross, and why?
# 2. The autoencoder is trained on images only. Why does its code separate classes at all?
# 3. `fine_tune` calls the encoder in training mode, so batch normalization sees 50 images a step. What could go wrong with 10 labels, and what would you change?
# 4. Try `LATENT_DIM = 2` and `64`. A better reconstruction is not always a better start: why?
# 5. Try `"faces"`, with the labels woman and man. What else does the code of a face have to remember, and which curve does that hurt most?

# %%
check()
