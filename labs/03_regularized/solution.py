# %% [markdown]
# # Lab 3. Regularized autoencoders
#
# An autoencoder should learn what its images have in common. It should not learn to copy them. A small code is one way to prevent copying. You will build other ways: a code with few active units, an input with missing pixels, and a code that reacts little to small changes. Then you will build a linear autoencoder, whose optimum is known, and one whose decoder uses the encoder's matrix.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: AE, "Regularized Autoencoders"; DLSP, "Autoencoder" to "Contractive autoencoder"; AN2DL, "Autoencoders" (remark on the regularization term).

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
from ankeras import data, pictures
from ankeras.grading import checker

check = checker("03_regularized")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test that all cells run

# %%
train_data, test_data = data.load("digits")
X_train = train_data.images[: 1000 if QUICK else 5000]
X_test = test_data.images[: 200 if QUICK else 1000]
pictures.image_grid(X_train[:36], columns=18)

# %% [markdown]
# ## 1. The sparse autoencoder
#
# The loss gets a second term, a penalty on the code $z = f(x)$ (AE):
#
# $$ L(x, g(f(x))) + \Omega(z), \qquad \Omega(z) = \lambda \sum_i |z_i| $$
#
# Each active unit adds to the loss. So a unit is active only where it makes the reconstruction clearly better.
#
# **Exercise 1.1.** Return $\Omega$ of each code. The input is a minibatch of codes, `(batch, d)`; the result is one number per image, `(batch,)`.


# %% exercise="1.1" points=2
def sparsity(z, lam):
    """Return the penalty of each image of a minibatch, lam * sum_i |z_i|.

    z: (batch, d), a tensor.   lam: a number.
    Returns: (batch,), a tensor.
    """
    ### BEGIN SOLUTION
    return lam * ops.sum(ops.abs(z), axis=-1)
    ### END SOLUTION


# %% [markdown]
# Now the training step with both terms. The images are real-valued, so the first term is half of the squared error (DLSP), summed over all values of an image:
#
# $$ \ell(x) = \tfrac12 \lVert x - \hat x \rVert^2 + \Omega(x, z), \qquad z = f(x), \quad \hat x = g(z), $$
#
# and the loss is the average of $\ell$ over the minibatch. The penalty may also depend on the image: it is a function of $x$ and $z$ that returns one number per image.
#
# **Exercise 1.2.** Fill in `train_step`. Its input is a minibatch of images. Take one step of `self.optimizer` on the weights of both networks. Call the networks with `training=True`. Return three numbers: the loss, and the averages of its two terms.


# %% exercise="1.2" points=5
class RegularizedAutoencoder(keras.Model):
    """An autoencoder with a penalty.

    encoder: (batch, *image) -> (batch, d).
    decoder: (batch, d) -> (batch, *image).
    penalty: a function (x, z) -> (batch,); it contains the factor lambda.
    """

    def __init__(self, encoder, decoder, penalty):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.penalty = penalty
        self.built = True

    def call(self, x, training=False):
        return self.decoder(self.encoder(x, training=training), training=training)

    def train_step(self, x):
        """Take one step on a minibatch x: (batch, *image), with any number of axes.

        Returns {"loss": ..., "reconstruction": ..., "penalty": ...}, three numbers.
        """
        ### BEGIN SOLUTION
        with tf.GradientTape() as tape:
            z = self.encoder(x, training=True)
            x_hat = self.decoder(z, training=True)
            axes = tuple(range(1, len(x.shape)))
            reconstruction = ops.mean(0.5 * ops.sum(ops.square(x - x_hat), axis=axes))
            penalty = ops.mean(self.penalty(x, z))
            loss = reconstruction + penalty
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": loss, "reconstruction": reconstruction, "penalty": penalty}
        ### END SOLUTION


# %% [markdown]
# We train two networks with 100 units. Encoder and decoder have one layer each. One network is trained without a penalty, one with it. Row $i$ of the decoder's matrix is what unit $i$ draws. The rows always have length 1: otherwise the network could make $z$ small and the matrix large, and the penalty would be nearly 0. The decoder's matrix starts at random, and the encoder's matrix starts as its transpose.


# %%
def one_layer_each_way(d, activation):
    """Return an encoder and a decoder of one dense layer each; the decoder's rows have length 1."""
    encoder = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(d, activation=activation)]
    )
    decoder = keras.Sequential(
        [
            keras.Input((d,)),
            layers.Dense(28 * 28, kernel_constraint=keras.constraints.UnitNorm(axis=1)),
            layers.Reshape((28, 28, 1)),
        ]
    )
    rows = np.random.default_rng(0).normal(size=(d, 28 * 28))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    average = X_train.mean(axis=0).reshape(-1)
    decoder.set_weights([rows, average])
    encoder.set_weights([rows.T, -rows @ average])
    return encoder, decoder


def trained(model, epochs, learning_rate):
    """Train a model on the images, with a learning rate that falls to zero."""
    epochs = 1 if QUICK else epochs
    steps = epochs * len(X_train) // 100
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate))
    logs = model.fit(X_train, batch_size=100, epochs=epochs, verbose=0).history
    print(", ".join(f"{name} {values[-1]:.2f}" for name, values in logs.items()))
    return model


def no_penalty(x, z):
    return 0.0 * ops.sum(z, axis=-1)


models = {
    name: trained(RegularizedAutoencoder(*one_layer_each_way(100, "relu"), penalty), 20, 1e-3)
    for name, penalty in {
        "without penalty": no_penalty,
        "sparse": lambda x, z: sparsity(z, 0.3),
    }.items()
}


# %%
def most_used(model, n=60):
    """Return what the n most active units draw, as images in which grey means 0."""
    z = model.encoder.predict(X_test, verbose=0)
    active = z > 0.05 * z.max()
    print(f"{active.sum(axis=1).mean():.1f} of {z.shape[1]} units are active for an image")
    rows = model.decoder.get_weights()[0][np.argsort(-active.mean(axis=0))[:n]]
    return 0.5 + 0.5 * (rows / np.abs(rows).max(axis=1, keepdims=True)).reshape(-1, 28, 28, 1)


pictures.image_grid(most_used(models["without penalty"]), "without penalty", columns=20)

# %%
pictures.image_grid(most_used(models["sparse"]), "sparse", columns=20)

# %% [markdown]
# Without a penalty many units are added up to an image, and a single unit has no meaning. The sparse network has few active units per image, so each unit must have a meaning: a stroke, a loop, nearly a digit.
#
# ## 2. The denoising autoencoder
#
# The encoder reads a corrupted image $\tilde x \sim p(\tilde x \mid x)$, and the target is the clean image $x$ (AE, DLSP):
#
# $$ L(x, g(f(\tilde x))) $$
#
# Now a copy of the input is a wrong output. Two things are important: the target is clean, and the corruption is drawn anew each time the network sees an image. If the corruption were drawn only once, before the training, the network could learn it by heart.
#
# **Exercise 2.1.** `mask` is the corruption: it sets values to 0 at random and returns a tensor of the same shape. `denoising_pairs` returns a data set of pairs, the corrupted and the clean minibatch. Draw with `tf.random`: inside a `tf.data.Dataset` it draws anew for each minibatch. NumPy would draw there only once, for all minibatches.


# %% exercise="2.1" points=5
def mask(x, level):
    """Set each value of a minibatch to 0 with probability level, independently of all others.

    x: (batch, ...), a tensor, with any number of axes.   level: a number in [0, 1].
    Returns x_tilde: a tensor of the same shape; values that are not set to 0 do not change.
    """
    ### BEGIN SOLUTION
    return tf.where(tf.random.uniform(tf.shape(x)) < level, 0.0, x)
    ### END SOLUTION


def denoising_pairs(images, corrupt, batch_size):
    """Return a tf.data.Dataset of minibatches (x_tilde, x).

    images: (n, *image), a NumPy array.
    corrupt: a function; corrupt(x) returns x_tilde for a minibatch x, (batch, *image).
    One pass through the data set is one epoch and contains each image once. In each epoch the
    images are in a new random order, and the corruption is drawn anew. All minibatches have
    batch_size images; only the last one may be smaller.
    """
    ### BEGIN SOLUTION
    batches = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).batch(batch_size)
    return batches.map(lambda x: (corrupt(x), x))
    ### END SOLUTION


# %% [markdown]
# The pairs are the input and the target of `fit`. One network is trained on masked images. For comparison, the same network is trained on pairs without corruption.


# %%
def half_squared_error(x, x_hat):
    return 0.5 * ops.sum(ops.square(x - x_hat), axis=(1, 2, 3))


def mask_half(x):
    return mask(x, 0.5)


masked = ops.convert_to_numpy(mask_half(X_test))
rows = {}
for name, corrupt in {"plain": lambda x: x, "denoising": mask_half}.items():
    autoencoder = ankeras.get_autoencoder((28, 28, 1), latent_dim=64, kind="mlp")
    epochs = 1 if QUICK else 15
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * len(X_train) // 100)
    autoencoder.compile(keras.optimizers.Adam(rate), loss=half_squared_error)
    pairs = denoising_pairs(X_train, corrupt, 100)
    autoencoder.fit(pairs, epochs=epochs, shuffle=False, verbose=0)
    for seen, x in {"masked": masked, "clean": X_test}.items():
        x_hat = autoencoder.predict(x, verbose=0)
        error = np.mean((x_hat - X_test) ** 2)
        print(f"{name:9} from {seen:6} images: squared error per pixel {error:.4f}")
        if seen == "masked":
            rows[name] = x_hat
pictures.reconstructions(masked, {**rows, "truth": X_test}, n=16, first="masked")

# %% [markdown]
# The first network has never seen corrupted images: it reproduces the missing pixels. The second one has learnt what digits look like, and fills in the missing parts. Look at the errors again: on which images is the second one worse? "We assume we are injecting the same noisy distribution we're going to observe in reality" (DLSP).
#
# ## 3. The contractive autoencoder
#
# The code should change little when the image changes a little (AE, "Penalizing Derivative"; DLSP):
#
# $$ \Omega(x, z) = \lambda \sum_i \lVert \nabla_x z_i \rVert^2 $$
#
# The rows $\nabla_x z_i$ are the rows of the encoder's Jacobian, so the sum is its squared Frobenius norm: per image, the sum of the squares of $d \times n$ derivatives, of all units with respect to all pixels. `tf.GradientTape.batch_jacobian` computes these derivatives for each image of a minibatch, for any network.
#
# If the encoder is one layer of sigmoid units, $z = \sigma(W_h x + b_h)$, the derivative is known: $\nabla_x z_i = z_i (1 - z_i) \, w_i$, where $w_i$ is row $i$ of $W_h$. Then there is a formula:
#
# $$ \sum_i \lVert \nabla_x z_i \rVert^2 = \sum_i \big( z_i (1 - z_i) \big)^2 \sum_j W_{ij}^2 $$
#
# **Exercise 3.1.** Write both ways, without $\lambda$. `contraction` gets an encoder and a minibatch of images; `contraction_of_sigmoid` gets the codes and the matrix of the layer. Both return one number per image, `(batch,)`. Call the encoder with `training=False`: in training mode, batch normalization makes the code of one image depend on the other images. Training needs the gradient of the result, so use operations of TensorFlow or Keras, not NumPy.


# %% exercise="3.1" points=5
def contraction(encoder, x):
    """Return sum_i ||grad_x z_i||^2 of each image of a minibatch, z = encoder(x).

    encoder: (batch, *image) -> (batch, d), any network.
    x: (batch, *image), a tensor, with any number of axes.
    Returns: (batch,), a tensor.
    """
    ### BEGIN SOLUTION
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = encoder(x, training=False)
    jacobian = tape.batch_jacobian(z, x)  # (batch, d, *image)
    return ops.sum(ops.square(jacobian), axis=tuple(range(1, len(jacobian.shape))))
    ### END SOLUTION


def contraction_of_sigmoid(z, kernel):
    """Return the same penalty for an encoder of one layer of sigmoid units, by the formula.

    z: (batch, d), the output of the layer, a tensor.
    kernel: (n, d), the matrix of the layer in Keras: W_h transposed, one column per unit.
    Returns: (batch,), a tensor.
    """
    ### BEGIN SOLUTION
    return ops.sum(ops.square(z * (1 - z)) * ops.sum(ops.square(kernel), axis=0), axis=-1)
    ### END SOLUTION


# %% [markdown]
# Both give the same numbers, and the formula is much faster:


# %%
import time


def sigmoid_players(d):
    encoder = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(d, activation="sigmoid")]
    )
    decoder = keras.Sequential(
        [keras.Input((d,)), layers.Dense(28 * 28), layers.Reshape((28, 28, 1))]
    )
    return encoder, decoder


encoder, _ = sigmoid_players(100)
x = tf.constant(X_test[:100])
for name, penalty in {
    "by the tape": lambda: contraction(encoder, x),
    "by the formula": lambda: contraction_of_sigmoid(encoder(x), encoder.layers[-1].kernel),
}.items():
    penalty()
    start = time.perf_counter()
    found = ops.convert_to_numpy(penalty())
    print(f"{name:15} {found[:3].round(4)} in {1000 * (time.perf_counter() - start):.1f} ms")

# %% [markdown]
# Train with this penalty.


# %%
def sigmoid_autoencoder(lam):
    encoder, decoder = sigmoid_players(100)
    kernel = encoder.layers[-1].kernel
    return RegularizedAutoencoder(
        encoder, decoder, lambda x, z: lam * contraction_of_sigmoid(z, kernel)
    )


models = {
    "without penalty": trained(sigmoid_autoencoder(0.0), 25, 5e-3),
    "contractive": trained(sigmoid_autoencoder(1.0), 25, 5e-3),
}

# %% [markdown]
# To which changes of an image does the code react? The singular value decomposition of the Jacobian gives the answer. The singular vectors are images: directions in which an image can change. The singular values tell how much the code reacts to each direction. Below are three images, and beside each the 10 directions to which the code reacts most.


# %%
def directions(encoder, images):
    """Return the reactions of the code, (m, d), and their directions, (m, d, n)."""
    z = encoder.predict(images, verbose=0)
    kernel = encoder.layers[-1].get_weights()[0]
    jacobian = (z * (1 - z))[:, :, None] * kernel.T  # (m, d, n)
    _, values, vectors = np.linalg.svd(jacobian, full_matrices=False)
    return values, vectors


def strongest(encoder, images, n=10):
    """Return images, each followed by its n strongest directions, in which grey means 0."""
    vectors = directions(encoder, images)[1][:, :n]
    vectors = 0.5 + 0.5 * vectors / np.abs(vectors).max(axis=2, keepdims=True)
    rows = np.concatenate([images.reshape(-1, 1, 28 * 28), vectors], axis=1)
    return rows.reshape(len(images), n + 1, 28, 28, 1)


pictures.image_grid(strongest(models["without penalty"].encoder, X_test[:3]), "without penalty")

# %%
pictures.image_grid(strongest(models["contractive"].encoder, X_test[:3]), "contractive")

# %%
which = np.array([1, 2, 4, 8, 16, 32, 64, 100])
pictures.curves(
    which,
    {
        name: directions(model.encoder, X_test[:20])[0].mean(axis=0)[which - 1]
        for name, model in models.items()
    },
    x_label="direction, from the strongest",
    y_label="how much the code reacts",
)

# %% [markdown]
# Without a penalty the code reacts most to changes that digits do not have: to bright pixels at the edge of the image. No training image has such pixels, so the network has not learnt to ignore them. The contractive network reacts to a few directions only, those in which digits differ: the reconstruction needs them. The penalty removes the reaction to all others.
#
# ## 4. A linear autoencoder is PCA
#
# "When the decoder is linear and L is the mean squared error, autoencoder = PCA" (AE). To test this, we first need PCA. Let $\bar x$ be the mean of the training images, as vectors of $n$ pixels, and $V \in \mathbb R^{n \times d}$ the first $d$ right singular vectors of the matrix of the centred images, the **principal components**. The best reconstruction from $d$ numbers is
#
# $$ \hat x = \bar x + V V^\top (x - \bar x). $$
#
# **Exercise 4.1.** Compute the mean and the components from the training images, `(m, n)`, and return the reconstructions $\hat x$ of the other images, `(k, n)`. `np.linalg.svd(..., full_matrices=False)` computes the decomposition.


# %% exercise="4.1" points=3
def pca_reconstruction(x_train, x, d):
    """Return the reconstructions of images by the first d principal components.

    x_train: (m, n), the training images, one row per image; they give mean and components.
    x: (k, n), the images to reconstruct, one row per image.
    Returns x_hat: (k, n), a NumPy array.
    """
    ### BEGIN SOLUTION
    mean = x_train.mean(axis=0)
    _, _, v_transposed = np.linalg.svd(x_train - mean, full_matrices=False)
    components = v_transposed[:d]  # (d, n)
    return mean + (x - mean) @ components.T @ components
    ### END SOLUTION


# %% [markdown]
# The linear autoencoder, $\hat x = W_x (W_h x + b_h) + b_x$, can only draw images in the space spanned by the columns of $W_x$, shifted by $b_x$. The training finds this space. The columns themselves are not determined: for any invertible matrix $A$, the matrices $W_x A$ and $A^{-1} W_h$ give the same autoencoder. So we do not compare two matrices, but the orthogonal projections onto their spaces,
#
# $$ P = W_x (W_x^\top W_x)^{-1} W_x^\top, $$
#
# which are equal if and only if the spaces are equal.
#
# **Exercise 4.2.** Return $P$, `(n, n)`, for a given matrix $W_x$, `(n, d)`.


# %% exercise="4.2" points=3
def projection(w_x):
    """Return the orthogonal projection onto the space spanned by the columns of a matrix.

    w_x: (n, d), a NumPy array; its columns are linearly independent, but not orthonormal.
    Returns P: (n, n), a NumPy array.
    """
    ### BEGIN SOLUTION
    q, _ = np.linalg.qr(w_x)  # an orthonormal basis of the same space
    return q @ q.T
    ### END SOLUTION


# %% [markdown]
# Train a linear autoencoder by gradient descent, and compare it with PCA.

# %%
d = 8
linear = RegularizedAutoencoder(
    keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(d)]),
    keras.Sequential([keras.Input((d,)), layers.Dense(28 * 28), layers.Reshape((28, 28, 1))]),
    no_penalty,
)
flat_train, flat_test = X_train.reshape(len(X_train), -1), X_test.reshape(len(X_test), -1)
components = np.linalg.eigh(np.cov(flat_train.T))[1].T[::-1][:d]  # the same, faster for m > n
by_pca = pca_reconstruction(flat_train, flat_test, d)


def compare():
    w_x = linear.decoder.get_weights()[0].T
    by_training = linear.predict(X_test, verbose=0)
    print(
        f"  test error {np.mean((by_training - X_test) ** 2):.4f}, "
        f"of PCA {np.mean((by_pca - flat_test) ** 2):.4f}; the share of PCA's space that it "
        f"covers: {np.trace(projection(w_x) @ projection(components.T)) / d:.3f}"
    )


compare()
for _ in range(3):
    trained(linear, 10, 5e-3)
    compare()

# %%
pictures.reconstructions(
    X_test,
    {
        f"PCA, d = {d}": by_pca.reshape(-1, 28, 28, 1).clip(0, 1),
        f"linear, d = {d}": linear.predict(X_test, verbose=0).clip(0, 1),
    },
    n=14,
)

# %% [markdown]
# The spaces are nearly the same, but the axes are not:


# %%
def as_images(vectors):
    """Return vectors as images in which grey means 0."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return (0.5 + 0.5 * vectors / largest).reshape(-1, 28, 28, 1)


pictures.reconstructions(
    as_images(components),
    {"columns of W_x": as_images(linear.decoder.get_weights()[0])},
    n=d,
    first="components",
)

# %% [markdown]
# ## 5. Tied weights
#
# Another way to restrict an autoencoder is to give it fewer weights. With **tied weights** the decoder uses the encoder's matrix (DLSP):
#
# $$ h = f(W_h x + b_h), \qquad \hat x = g(W_x h + b_x), \qquad W_x \doteq W_h^\top $$
#
# There is one matrix, and it is used twice. It is not copied: when the encoder's matrix changes, the decoder's matrix changes, too. Its gradient is the sum of the gradients of both uses. The decoder has its own bias $b_x$.
#
# **Exercise 5.1.** Write the decoder's layer: a Keras layer that maps codes, `(batch, d)`, to images, `(batch, n)`. Keras stores the matrix of a `Dense` layer transposed: `dense.kernel` has the shape $(n, d)$.


# %% exercise="5.1" points=5
class TransposedDense(layers.Layer):
    """The layer h -> g(W_h^T h + b_x), with the matrix W_h of a Dense layer.

    dense: a `layers.Dense` with n inputs and d units; its weights exist already.
    activation: the name of g, such as "sigmoid", or None.
    It maps (batch, d) to (batch, n). b_x has n values, is trainable, and starts at 0.
    """

    def __init__(self, dense, activation=None):
        super().__init__()
        ### BEGIN SOLUTION
        self.dense = dense
        self.activation = keras.activations.get(activation)
        self.bias = self.add_weight(shape=(dense.kernel.shape[0],), initializer="zeros")
        ### END SOLUTION

    def call(self, h):
        ### BEGIN SOLUTION
        return self.activation(ops.matmul(h, ops.transpose(self.dense.kernel)) + self.bias)
        ### END SOLUTION


# %% [markdown]
# Encoder and decoder with two layers each, once with tied and once with free weights:


# %%
def two_layers_each_way(d, tied):
    outer, inner = layers.Dense(256, activation="relu"), layers.Dense(d)
    encoder = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), outer, inner])
    back = (
        [TransposedDense(inner, "relu"), TransposedDense(outer, "sigmoid")]
        if tied
        else [layers.Dense(256, activation="relu"), layers.Dense(28 * 28, activation="sigmoid")]
    )
    decoder = keras.Sequential([keras.Input((d,)), *back, layers.Reshape((28, 28, 1))])
    return RegularizedAutoencoder(encoder, decoder, no_penalty)


rows = {}
for name in ("free", "tied"):
    model = trained(two_layers_each_way(16, tied=name == "tied"), 20, 2e-3)
    rows[name] = model.predict(X_test, verbose=0)
    error = np.mean((rows[name] - X_test) ** 2)
    print(f"  {name}: {model.count_params():,} weights, test error {error:.4f}")
pictures.reconstructions(X_test, rows, n=16)

# %% [markdown]
# ## Questions
#
# 1. Why does $\sum_i |z_i|$ make activations exactly 0, and $\sum_i z_i^2$ not? Try it: the penalty is one line.
# 2. Remove `UnitNorm` and train the sparse network again. What happens to the penalty, and how many units are active?
# 3. The denoising network was trained with half of the pixels masked. Mask 20 % and 80 % of the pixels of the test images, or add Gaussian noise instead. For which corruptions does it still work?
# 4. The contractive penalty is high if the code reacts to any direction. The reconstruction loss is high if the code does not react to the directions in which digits differ. To which directions does the code react in the end? How is this similar to the denoising autoencoder?
# 5. With which penalty would the linear autoencoder find the principal components themselves, and not only their space? Do tied weights help?

# %%
check()
