# %% [markdown]
# # Lab 10. The deep image prior
#
# We know only a damaged version $x_0$ of an image: it is noisy, or a part is missing, or it is too small. We want the image behind it. In this lab a network restores the image, although it was never trained and sees no other image. The structure of the network makes this possible: it draws photographs more easily than noise.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: ATIV, "Deep Image Prior" to "Lab work".

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
from ankeras.inverse_problems import add_noise, text_mask

import matplotlib.pyplot as plt

check = checker("10_deep_image_prior")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: few steps, to test that all cells run

# %% [markdown]
# Here is a photograph, and three damaged versions of it. They are the only data of this lab.

# %%
SIDE, K = 64, 4  # height and width in pixels; factor of the small version
photo = data.photo("astronaut", SIDE)
noisy = add_noise(photo, 0.15, seed=0)
known = 1.0 - text_mask(SIDE, SIDE, size=9)[..., None].astype("float32")  # 1 where we know x_0
covered = photo * known
small = photo.reshape(SIDE // K, K, SIDE // K, K, 3).mean(axis=(1, 3))


def show(images):
    """Draw a dictionary of images, title -> (height, width, 3), in a row."""
    figure, all_axes = plt.subplots(
        1, len(images), figsize=(2.1 * len(images), 2.3), layout="constrained", dpi=110
    )
    for axes, (title, image) in zip(all_axes, images.items()):
        axes.imshow(np.clip(image, 0, 1))
        axes.set_title(title, fontsize=9)
        axes.axis("off")
    return pictures.finished(figure)


show({"the photograph": photo, "noisy": noisy, "covered by text": covered, "small": small})

# %% [markdown]
# ## 1. Energies
#
# An energy $E(x, x_0)$ tells how badly an image $x$ explains what we have observed, $x_0$. For noise it is the squared error. If a part of $x_0$ is missing, only the known pixels count. The mask $m$ is 1 where $x_0$ is known, and 0 where it is missing:
#
# $$ E(x, x_0) = \frac 1 N \, \| m \odot (x - x_0) \|^2, $$
#
# where $N$ is the number of all known values: the known pixels times the channels. Then energies of different images and masks can be compared. With $m = 1$ everywhere, this is also the energy for noise.
#
# **Exercise 1.1.** Return this energy. `x` is a minibatch with one image, as a network returns it. The result is one number.


# %% exercise="1.1" points=3
def masked_error(x, x_0, m):
    """Return the energy of an image of which a part is missing.

    x: (1, height, width, channels), a tensor: what the network draws.
    x_0: (height, width, channels), an array: what is observed. Where m = 0, it may be anything.
    m: (height, width, 1), an array: 1 where x_0 is known, 0 where it is missing.
    Returns: one number, a tensor.
    """
    ### BEGIN SOLUTION
    squares = m * ops.square(x - x_0)
    return ops.sum(squares) / (ops.sum(m) * x.shape[-1])
    ### END SOLUTION


# %% [markdown]
# If $x_0$ is smaller than the image that we want, then the image must look like $x_0$ *after it was made smaller*. The function $d$ averages blocks of $k \times k$ pixels, each channel alone:
#
# $$ E(x, x_0) = \frac 1 N \, \| d(x) - x_0 \|^2, $$
#
# where $N$ is the number of values of $x_0$.
#
# **Exercise 1.2.** Write $d$ for a minibatch, and this energy. The sides of the images are multiples of $k$.


# %% exercise="1.2" points=3
def shrink(x, k):
    """Return images in which each block of k x k pixels is averaged.

    x: (batch, height, width, channels), a tensor.
    k: the side of a block, in pixels.
    Returns: (batch, height / k, width / k, channels), a tensor.
    """
    ### BEGIN SOLUTION
    batch, height, width, channels = x.shape
    blocks = ops.reshape(x, (batch, height // k, k, width // k, k, channels))
    return ops.mean(blocks, axis=(2, 4))
    ### END SOLUTION


def shrunk_error(x, x_0, k):
    """Return the energy of an image of which a small version is observed.

    x: (1, height, width, channels), a tensor: what the network draws.
    x_0: (height / k, width / k, channels), an array: what is observed.
    k: the side of a block, in pixels.
    Returns: one number, a tensor.
    """
    ### BEGIN SOLUTION
    return ops.mean(ops.square(shrink(x, k) - x_0))
    ### END SOLUTION


# %% [markdown]
# The energy alone does not determine the image: where $m = 0$, any value has the same energy. The usual way is to add a regularizer $R$,
#
# $$ x^* = \operatorname{argmin}_x E(x, x_0) + R(x). $$
#
# The deep image prior has no $R$. Instead, the image must be one that a network can draw:
#
# $$ \theta^* = \operatorname{argmin}_\theta E(f_\theta(z), x_0), \qquad x^* = f_{\theta^*}(z). $$
#
# $z$ is noise that is drawn once and does not change. "A significant amount of information is encoded in the structure of the generator network, even without training its parameters."
#
# ## 2. The network
#
# The network is an encoder-decoder with two skip connections. It consists of blocks:


# %% given=true
def block(x, width, size=3, stride=1):
    """Apply a convolution, batch normalization and a leaky ReLU.

    x: (batch, height, width, any number of channels), a Keras tensor.
    Returns: (batch, height / stride, width / stride, width), a Keras tensor.
    """
    x = layers.Conv2D(width, size, strides=stride, padding="same")(x)
    return layers.LeakyReLU(0.2)(layers.BatchNormalization(momentum=0.9)(x))


# %% [markdown]
# The list `widths` has one entry per step. On the way **down**, step $i = 0, 1, \dots$ consists of two blocks with `widths[i]` channels; the first one has stride 2, and the second one has stride 1. On the way **up**, the steps come in the opposite order. Step $i$ returns to the height and width of the input of step $i$ on the way down:
#
# 1. `layers.UpSampling2D(interpolation="bilinear")` doubles the sides.
# 2. The two outermost steps, $i = 0$ and $i = 1$, have a **skip connection**: apply one block with `size=1` and `skip_channels` channels to the input of step $i$ on the way down, and join it with the current maps by `layers.Concatenate()([x, skip])`. Further steps have no skip connection.
# 3. One block with `widths[i]` channels follows.
#
# At the end, a convolution of $1 \times 1$ with a sigmoid returns the image.
#
# **Exercise 2.1.** Build this network with `block`. It reads a code with the sides of the image and `code_channels` channels. There are one or more widths, and the sides of the image can be halved as often as there are widths.


# %% exercise="2.1" points=4
def get_network(image_shape, widths, code_channels, skip_channels):
    """Build the encoder-decoder.

    image_shape: (height, width, channels).
    widths: the channels of each step, outermost first.
    code_channels: the channels of z.
    skip_channels: the channels of a skip connection.
    Returns: a Keras model, (batch, height, width, code_channels) -> (batch, *image_shape),
        values in [0, 1].
    """
    ### BEGIN SOLUTION
    height, width, channels = image_shape
    z = keras.Input((height, width, code_channels))
    x, skips = z, []
    for i in range(len(widths)):
        skips.append(block(x, skip_channels, size=1) if i < 2 else None)
        x = block(x, widths[i], stride=2)
        x = block(x, widths[i])
    for i in reversed(range(len(widths))):
        x = layers.UpSampling2D(interpolation="bilinear")(x)
        if skips[i] is not None:
            x = layers.Concatenate()([x, skips[i]])
        x = block(x, widths[i])
    image = layers.Conv2D(channels, 1, activation="sigmoid")(x)
    return keras.Model(z, image)
    ### END SOLUTION


# %% [markdown]
# ## 3. The fit
#
# One step of gradient descent, where $\eta$ is the learning rate:
#
# $$ x = f_\theta(z), \qquad \theta \leftarrow \theta - \eta \, \frac{\partial E(x, x_0)}{\partial \theta}. $$
#
# **Exercise 3.1.** Take this step with the given optimizer: `optimizer.apply(gradients, variables)`. Call the network once, with `training=True`. Return $E$ and $x$, both before the step. In `tf.function` this code runs as a graph, where `.numpy()` does not work.


# %% exercise="3.1" points=5
def fit_step(network, optimizer, energy, z):
    """Take one step of theta.

    network: a Keras model, f_theta.
    optimizer: a Keras optimizer, which was built for network.trainable_variables.
    energy: a function, (1, height, width, channels) -> one number, tensors; it knows x_0.
    z: (1, height, width, code_channels), a tensor.
    Returns: (E, x), tensors: the energy and the image f_theta(z), both before the step.
    """
    ### BEGIN SOLUTION
    with tf.GradientTape() as tape:
        x = network(z, training=True)
        e = energy(x)
    theta = network.trainable_variables
    optimizer.apply(tape.gradient(e, theta), theta)
    return e, x
    ### END SOLUTION


# %% [markdown]
# The first application is "plain image reconstruction": $x_0$ is the photograph itself. Then we do the same with an image of noise, which has the same pixels in random order. Which of them does the network draw sooner?

# %%
WIDTHS, CODE_CHANNELS = (32, 32, 32), 16


def start(seed=0):
    """Return a new network, its optimizer, and the code z."""
    keras.utils.set_random_seed(seed)
    network = get_network(photo.shape, WIDTHS, CODE_CHANNELS, skip_channels=4)
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(network.trainable_variables)
    shape = (1, SIDE, SIDE, CODE_CHANNELS)
    z = np.random.default_rng(seed).uniform(0, 0.1, shape).astype("float32")
    return network, optimizer, tf.constant(z)


everything = np.ones((SIDE, SIDE, 1), "float32")  # a mask: all pixels are known


def energies(x_0, steps):
    """Fit a network to an image, and return the energy before each step."""
    network, optimizer, z = start()
    step = tf.function(
        lambda: fit_step(network, optimizer, lambda x: masked_error(x, x_0, everything), z)[0]
    )
    return [float(step()) for _ in range(steps)]


pixels = np.random.default_rng(0).permutation(photo.reshape(-1, 3)).reshape(photo.shape)
figure, axes = plt.subplots(figsize=(5.5, 3.2), layout="constrained", dpi=110)
for title, x_0 in {"the photograph": photo, "its pixels in random order": pixels}.items():
    axes.plot(energies(x_0, steps=20 if QUICK else 300), label=title)
axes.set(xlabel="step", ylabel="energy", yscale="log")
axes.legend(frameon=False)
axes.spines[["top", "right"]].set_visible(False)
pictures.finished(figure)

# %% [markdown]
# The network can draw both, but it needs more steps for noise. If $x_0$ is a photograph *with* noise, the photograph appears first and the noise later.
#
# Two additions make the result better (Ulyanov et al.). The first one: in each step, new Gaussian noise is added to $z$. Then the network can't use single values of $z$ to draw the noise of $x_0$:
#
# $$ z' = z + \sigma \varepsilon, \qquad \varepsilon \sim \mathcal N(0, I). $$
#
# **Exercise 3.2.** Return $z'$. Draw new noise for each value of $z$ and in each call. The code runs as a graph. There `np.random` draws only once, when the graph is made, so use `keras.random`.


# %% exercise="3.2" points=3
def perturb(z, sigma):
    """Return z with new Gaussian noise.

    z: (1, height, width, code_channels), a tensor.
    sigma: the standard deviation of the noise.
    Returns: a tensor of the shape of z.
    """
    ### BEGIN SOLUTION
    return z + sigma * keras.random.normal(z.shape)
    ### END SOLUTION


# %% [markdown]
# The second addition: the result is not the last output, but an average of the outputs $x_1, \dots, x_t$ so far. Later outputs have larger weights. With $0 < \gamma < 1$ and $a_0 = 0$, a running sum is updated in each step:
#
# $$ a_t = \gamma \, a_{t-1} + (1 - \gamma) \, x_t. $$
#
# The weights in $a_t$ do not add up to 1: if all outputs are the same image $x$, then $a_1 = (1 - \gamma) \, x$, which is nearly black. What is the sum of the weights in $a_t$? Find it on paper. The average $\bar x_t$ is $a_t$ divided by this sum.
#
# **Exercise 3.3.** Write both: the update of $a$, and the average $\bar x_t$. Each of them reads and returns arrays or tensors of one shape, which may be any shape.


# %% exercise="3.3" points=3
def update_sum(a, x, gamma):
    """Return the running sum after one more output.

    a: an array or a tensor of any shape: the sum before.
    x: of the same shape: the new output.
    gamma: the weight of the old sum, in (0, 1).
    Returns: an array or a tensor of this shape.
    """
    ### BEGIN SOLUTION
    return gamma * a + (1 - gamma) * x
    ### END SOLUTION


def average(a, t, gamma):
    """Return the average of the outputs.

    a: an array or a tensor of any shape: the running sum after t outputs.
    t: the number of outputs so far, an integer from 1.
    gamma: as above.
    Returns: an array or a tensor of this shape.
    """
    ### BEGIN SOLUTION
    return a / (1 - gamma**t)
    ### END SOLUTION


# %% [markdown]
# ## 4. Stop before overfitting
#
# For this photograph we know the truth, so we can measure how good a restoration is. The peak signal-to-noise ratio in decibels is
#
# $$ \mathrm{PSNR} = 10 \log_{10} \frac{1}{\mathrm{MSE}}, $$
#
# where MSE is the mean of the squared differences over all values. A viewer shows values outside of $[0, 1]$ as 0 or 1. So clip the restored image first.
#
# **Exercise 4.1.** Return the PSNR of an image.


# %% exercise="4.1" points=2
def psnr(image, truth):
    """Return the peak signal-to-noise ratio in decibels.

    image: (height, width, channels), an array: the restored image, which is clipped first.
    truth: (height, width, channels), an array, values in [0, 1].
    Returns: one number.
    """
    ### BEGIN SOLUTION
    mse = np.mean((np.clip(image, 0, 1) - truth) ** 2)
    return 10 * np.log10(1 / mse)
    ### END SOLUTION


# %% [markdown]
# In a real problem we do not know the truth. Then the fit must be stopped by a rule that needs only the outputs (Wang et al. 2021). While the image appears, the outputs change much. When it is there, they change little. When the noise appears, they change more again. So we look at the **variance** of the outputs in a window of $w$ moments:
#
# $$ v_i = \frac 1 w \sum_{j=i}^{i+w-1} \frac 1 N \, \Big\| x_j - \frac 1 w \sum_{l=i}^{i+w-1} x_l \Big\|^2, $$
#
# where $N$ is the number of values of an image. The fit stops at the moment $i$ with the smallest $v_i$.
#
# **Exercise 4.2.** The input is the outputs at $k$ moments, in order. Return all $v_i$ for which the window is complete, $i = 0, \dots, k - w$, and the moment of the smallest one.


# %% exercise="4.2" points=4
def find_stop(outputs, window):
    """Return when to stop the fit.

    outputs: (k, height, width, channels), an array.
    window: the number w of moments in a window, an integer from 2 to k.
    Returns: (variances, moment): an array (k - window + 1,), and an integer.
    """
    ### BEGIN SOLUTION
    n = len(outputs) - window + 1
    variances = np.array([outputs[i : i + window].var(axis=0).mean() for i in range(n)])
    return variances, int(variances.argmin())
    ### END SOLUTION


# %% [markdown]
# Now all parts together. The function below fits a new network, and keeps an output and an average every 10 steps.


# %%
EVERY, WINDOW = 10, 8


def restore(energy, steps, sigma=0.03, gamma=0.98):
    """Fit a network, and return (averages, outputs): what it draws every 10 steps."""
    network, optimizer, z = start()
    a = tf.Variable(tf.zeros((1, *photo.shape)))

    @tf.function
    def step():
        _, x = fit_step(network, optimizer, energy, perturb(z, sigma))
        a.assign(update_sum(a, x, gamma))
        return x

    averages, outputs = [], []
    for t in range(1, steps + 1):
        x = step()
        if t % EVERY == 0:
            averages.append(np.asarray(average(a.numpy(), t, gamma))[0])
            outputs.append(x.numpy()[0])
    return np.stack(averages), np.stack(outputs)


averages, outputs = restore(
    lambda x: masked_error(x, noisy, everything), steps=120 if QUICK else 800
)
variances, moment = find_stop(outputs, WINDOW)
steps = EVERY * np.arange(1, len(outputs) + 1)
figure, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.2), layout="constrained", dpi=110)
left.plot(steps, [psnr(x, photo) for x in outputs], label="output")
left.plot(steps, [psnr(x, photo) for x in averages], label="average")
left.set(title="PSNR, which needs the truth", xlabel="step", ylabel="decibels")
left.legend(frameon=False)
right.plot(steps[: len(variances)], variances, color="#588b8b")
right.set(title="variance, which does not need it", xlabel="step", yscale="log")
for axes in (left, right):
    axes.axvline(steps[moment], color="black", lw=1, ls=":")
    axes.spines[["top", "right"]].set_visible(False)
pictures.finished(figure)

# %%
best = int(np.argmax([psnr(x, photo) for x in averages]))
print(f"noisy: {psnr(noisy, photo):.1f} dB")
print(f"stopped by the variance, step {steps[moment]}: {psnr(averages[moment], photo):.1f} dB")
print(f"the best step, found with the truth, {steps[best]}: {psnr(averages[best], photo):.1f} dB")
print(f"the last output: {psnr(outputs[-1], photo):.1f} dB")
show(
    {
        "noisy": noisy,
        f"output at step {steps[4]}": outputs[4],
        "stopped by the variance": averages[moment],
        "the last output": outputs[-1],
        "the photograph": photo,
    }
)

# %% [markdown]
# The dotted line is where the variance is smallest. Compare it with the best step on the left.
#
# The same network restores the photograph under the text, and enlarges the small photograph. Only the energy is another one. There is no noise in these $x_0$, so the fit need not stop early, and fewer steps are enough.

# %%
filled = restore(lambda x: masked_error(x, covered, known), steps=40 if QUICK else 500)[0][-1]
filled = np.where(known == 1, photo, filled)  # the known pixels stay
show({"covered by text": covered, "restored": filled, "the photograph": photo})

# %%
large = restore(lambda x: shrunk_error(x, small, K), steps=40 if QUICK else 500)[0][-1]
bicubic = layers.UpSampling2D(K, interpolation="bicubic")(small[None])[0]
for title, image in {"bicubic": bicubic, "deep image prior": large}.items():
    print(f"{title}: {psnr(np.asarray(image), photo):.1f} dB")
show({"small": small, "bicubic": bicubic, "deep image prior": large, "the photograph": photo})

# %% [markdown]
# ## Questions
#
# 1. At the best step, what is the energy $E(x, x_0)$ of the output $x$ and the noisy photograph $x_0$? Compare it with the variance $0.15^2$ of the noise.
# 2. Build the network without skip connections, or with `skip_channels=32`. What happens to the details, and to the noise?
# 3. Leave out the noise of $z$, then the average. What do the curves of the PSNR show?
# 4. The photograph with text needs no rule to stop. Why not? What would happen if it had noise, too?
# 5. What does a network that was trained on many photographs know that this network can't know?

# %%
check()
