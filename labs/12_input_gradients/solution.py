# %% [markdown]
# # Lab 12. Gradients of the input
#
# So far the images were given, and the gradient changed the weights. Now the weights are fixed, and the gradient changes the **image**. With the same few lines you will find what excites a neuron, restore an image from its representation, describe a style, and fool a classifier.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: NOTES, lessons 10 and 11; ATIV, "An almost-training-free approach".

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
from ankeras import data, evaluation, pictures
from ankeras.grading import checker
from ankeras.input_gradients import layer_names, read_layer, read_layers

check = checker("12_input_gradients")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: few steps, to test that all cells run
classifier = evaluation.digit_classifier()

# %% [markdown]
# ## 1. Ascent
#
# We want an image $x$ for which an activation $a(x)$ is large. One step of gradient ascent is
#
# $$ x \leftarrow \mathrm{clip}_{[0, 1]} \left( x + \eta \, \frac{\partial a(x)}{\partial x} \right). $$
#
# The clip keeps $x$ an image.
#
# **Exercise 1.1.** Take one such step. `activation` is a function of a minibatch of images that returns one activation per image, `(batch,)`. The images must not influence each other. `x` is a tensor, not a variable: the tape must watch it.


# %% exercise="1.1" points=3
def ascent_step(activation, x, rate):
    """Return the images after one step of gradient ascent.

    activation: a function, (batch, height, width, channels) -> (batch,), tensors.
    x: (batch, height, width, channels), a tensor, values in [0, 1].
    rate: the step size eta, a number.
    Returns: a tensor of the shape of x, values in [0, 1].
    """
    ### BEGIN SOLUTION
    with tf.GradientTape() as tape:
        tape.watch(x)
        a = ops.sum(activation(x))
    return ops.clip(x + rate * tape.gradient(a, x), 0.0, 1.0)
    ### END SOLUTION


# %% [markdown]
# A gradient does not know what images look like: the result is full of noise. So we add a regularizer that is large for noise, the **total variation**, the sum of the differences between neighbouring pixels:
#
# $$ R(x) = \sum_{i, j} |x_{i+1, j} - x_{i, j}| + |x_{i, j+1} - x_{i, j}| $$
#
# The sum is taken over all pairs of neighbours inside the image, and over all channels.
#
# **Exercise 1.2.** Return $R$ for each image of a minibatch.


# %% exercise="1.2" points=3
def total_variation(x):
    """Return the total variation of each image.

    x: (batch, height, width, channels), a tensor.
    Returns: (batch,), a tensor.
    """
    ### BEGIN SOLUTION
    down = ops.sum(ops.abs(x[:, 1:] - x[:, :-1]), axis=(1, 2, 3))
    right = ops.sum(ops.abs(x[:, :, 1:] - x[:, :, :-1]), axis=(1, 2, 3))
    return down + right
    ### END SOLUTION


# %% [markdown]
# What does the digit classifier want to see? We ascend the score of each class from grey, once without and once with the regularizer.

# %%
scores = read_layer(classifier, "scores")
which = tf.eye(10)


def score(x):
    return ops.sum(scores(x) * which, axis=1)


def smooth_score(x):
    return score(x) - 0.03 * total_variation(x)


steps = 5 if QUICK else 200
rows = []
for activation in (score, smooth_score):
    x = ops.full((10, 28, 28, 1), 0.5)
    for _ in range(steps):
        x = ascent_step(activation, x, 0.02)
    rows.append(ops.convert_to_numpy(x))
pictures.image_grid(np.stack(rows), title="without and with total variation")

# %% [markdown]
# ## 2. Inversion
#
# What does a layer remember of an image $x_0$? We look for an image with the same representation, $\Theta(x) = \Theta_0 = \Theta(x_0)$:
#
# $$ \arg\min_x \; \ell(x), \qquad \ell(x) = \| \Theta(x) - \Theta_0 \|^2 + \lambda R(x). $$
#
# **Exercise 2.1.** Find it by gradient **descent**: take `steps` steps of size `rate`, and clip $x$ to $[0, 1]$ after each of them. $\| \cdot \|^2$ is the sum of the squares of all values of one image's representation, which has any number of axes. `regularizer` returns $R$, one value per image.


# %% exercise="2.1" points=4
def invert(theta, theta_0, regularizer, start, *, lam, rate, steps):
    """Return images whose representations are near the given ones.

    theta: a function, (batch, height, width, channels) -> (batch, ...), tensors.
    theta_0: (batch, ...), a tensor.
    regularizer: a function, (batch, height, width, channels) -> (batch,), tensors.
    start: (batch, height, width, channels), a tensor: the first images.
    lam, rate: numbers.   steps: an integer.
    Returns: a tensor of the shape of start, values in [0, 1].
    """
    ### BEGIN SOLUTION
    x = start
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(x)
            squared_distance = ops.sum(ops.square(theta(x) - theta_0))
            loss = squared_distance + lam * ops.sum(regularizer(x))
        x = ops.clip(x - rate * tape.gradient(loss, x), 0.0, 1.0)
    return x
    ### END SOLUTION


# %% [markdown]
# The deeper the layer, the more is lost. The names of the layers are those that `ankeras.input_gradients.layer_names(classifier)` returns.

# %%
digits, labels = data.load("digits")[1].images[:8], data.load("digits")[1].labels[:8]
x_0 = tf.constant(digits)
rows = {}
activations = [name for name in layer_names(classifier) if name.startswith("activation")]
for name, rate in zip(activations, (0.02, 0.005, 0.005)):
    theta = read_layer(classifier, name)
    found = invert(
        theta,
        theta(x_0),
        total_variation,
        ops.full(x_0.shape, 0.5),
        lam=0.01,
        rate=rate,
        steps=5 if QUICK else 200,
    )
    rows[name] = ops.convert_to_numpy(found)
pictures.reconstructions(digits, rows, n=8)

# %% [markdown]
# ## 3. Style
#
# A layer encodes an image in feature maps $F_d$. Their Gram matrix forgets where something is, and keeps which features come together. We divide by the number $M$ of positions, so that images of different sizes can be compared:
#
# $$ G_{d_1, d_2} = \frac 1 M \sum_{k=1}^{M} F_{d_1, k} F_{d_2, k} $$
#
# **Exercise 3.1.** Return the Gram matrix of each image of a minibatch.


# %% exercise="3.1" points=3
def gram_matrix(features):
    """Return the Gram matrices of feature maps.

    features: (batch, height, width, d), a tensor.
    Returns: (batch, d, d), a tensor.
    """
    ### BEGIN SOLUTION
    _, height, width, d = features.shape
    f = ops.reshape(features, (-1, height * width, d))
    return ops.matmul(ops.transpose(f, (0, 2, 1)), f) / (height * width)
    ### END SOLUTION


# %% [markdown]
# The style loss compares the Gram matrices $G^l$ of an image with those of the style, $A^l$, at $L$ layers. The activations of some layers are a hundred times larger than those of others. So each layer's distance is divided by $\| A^l \|^2$:
#
# $$ L_{style} = \frac 1 L \sum_{l=1}^{L} \frac{\| G^l - A^l \|^2}{\| A^l \|^2} $$
#
# **Exercise 3.2.** Return this loss for each image. Both arguments are lists with one entry per layer. $\| \cdot \|^2$ is the sum of the squares of all entries of a matrix.


# %% exercise="3.2" points=2
def style_loss(grams, targets):
    """Return the style loss of each image.

    grams: a list of tensors (batch, d_l, d_l), one per layer.
    targets: a list of tensors (batch, d_l, d_l), one per layer.
    Returns: (batch,), a tensor.
    """
    ### BEGIN SOLUTION
    total = 0.0
    for g, a in zip(grams, targets, strict=True):
        distance = ops.sum(ops.square(g - a), axis=(1, 2))
        total = total + distance / ops.sum(ops.square(a), axis=(1, 2))
    return total / len(grams)
    ### END SOLUTION


# %% [markdown]
# If the halves of an image are exchanged, its style hardly changes:

# %%
features = read_layers(classifier, activations)
exchanged = np.roll(digits, 14, axis=2)
other = np.roll(digits, 1, axis=0)
own = [gram_matrix(f) for f in features(x_0)]
for title, images in (("halves exchanged", exchanged), ("another digit", other)):
    distances = style_loss([gram_matrix(f) for f in features(tf.constant(images))], own)
    print(f"{title}: {float(ops.mean(distances)):.3f}")

# %% [markdown]
# ## 4. Adversarial examples
#
# A tiny change of all pixels fools a classifier. The fast gradient sign method raises the cross-entropy $H(y, x) = -\log p(y|x)$ of the true class $y$:
#
# $$ x' = \mathrm{clip}_{[0, 1]} \left( x + \epsilon \, \mathrm{sign} \, \frac{\partial H(y, x)}{\partial x} \right) $$
#
# **Exercise 4.1.** Return $x'$. The model returns probabilities.


# %% exercise="4.1" points=3
def fgsm(model, x, y, epsilon):
    """Return adversarial examples of one step.

    model: (batch, height, width, channels) -> (batch, n_classes) probabilities.
    x: (batch, height, width, channels), a tensor, values in [0, 1].
    y: (batch,), a tensor of integers, the true classes.
    epsilon: the largest change of a pixel, a number.
    Returns: a tensor of the shape of x, values in [0, 1].
    """
    ### BEGIN SOLUTION
    with tf.GradientTape() as tape:
        tape.watch(x)
        h = keras.losses.sparse_categorical_crossentropy(y, model(x, training=False))
    return ops.clip(x + epsilon * ops.sign(tape.gradient(h, x)), 0.0, 1.0)
    ### END SOLUTION


# %% [markdown]
# Several small steps find a better example than one large step. After each of them, two limits must hold: $x'$ is an image, and no pixel is farther than $\epsilon$ from $x$.
#
# **Exercise 4.2.** Project `x_new` onto both limits: return the nearest image within $[0, 1]$ and within $\epsilon$ of $x$.


# %% exercise="4.2" points=2
def project(x_new, x, epsilon):
    """Return the images nearest to x_new that are allowed.

    x_new: (batch, height, width, channels), a tensor, after a step.
    x: a tensor of the same shape, the images before the attack, values in [0, 1].
    epsilon: the largest change of a pixel, a number.
    Returns: a tensor of the same shape, values in [0, 1], within epsilon of x.
    """
    ### BEGIN SOLUTION
    near = ops.clip(x_new, x - epsilon, x + epsilon)
    return ops.clip(near, 0.0, 1.0)
    ### END SOLUTION


# %%
y = tf.constant(labels)
changed = {"epsilon = 0.1, one step": fgsm(classifier, x_0, y, 0.1)}
x = x_0
for _ in range(10):
    x = project(fgsm(classifier, x, y, 0.025), x_0, 0.1)
changed["epsilon = 0.1, ten steps"] = x
for title, images in changed.items():
    print(f"{title}: read as {classifier.predict(images, verbose=0).argmax(axis=1)}, not {labels}")
pictures.reconstructions(digits, {k: ops.convert_to_numpy(v) for k, v in changed.items()}, n=8)

# %% [markdown]
# ## Questions
#
# 1. The images of exercise 1 are read with near certainty. Do they look like digits? What does that say about the classifier?
# 2. Why does `fgsm` take the sign of the gradient? What would happen with the gradient itself, of the same largest value?
# 3. In which order are the two limits of exercise 4.2 applied? Does it matter?
# 4. Start the inversion from different noise. Which parts of the result change for the last layer, and which for the first layer?

# %%
check()
