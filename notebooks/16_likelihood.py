# %% [markdown]
# # 16. Likelihood
#
# A GAN draws images and cannot say how likely a given image is. A VAE has a bound of it. The models of this notebook compute $p(x)$ **exactly**, and are trained by one principle: make the training images as likely as possible.
#
# - **PixelCNN** draws an image pixel by pixel: each pixel has a distribution that depends on the pixels before it. **PixelRNN** is an older network for the same task.
# - A **normalizing flow** is an invertible network, which deforms the space until the data look like $\mathcal N(0, I)$.

# %%
import inspect
import os
import tempfile
import time
from pathlib import Path

import ankeras
from ankeras import data, latent, pictures, pretrained
from ankeras.autoencoders import VAE, log_likelihood
from ankeras.builders import get_decoder, get_encoder
from ankeras.likelihood import (
    Flow,
    PixelCNN,
    binarise,
    bits_per_dimension,
    get_flow,
    get_pixelcnn,
    get_pixelrnn,
    quantise,
)
from ankeras.training.autodiff import input_gradient
from ankeras.training.schedules import cosine_adam

import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image
from scipy.special import logsumexp

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
OWN = False  # True: use your own flow below, instead of the pretrained one
print(ankeras.setup(seed=42, precision="float32"))  # exact likelihoods need full precision

# %%
train_data, test_data = data.load("digits")
X_train = train_data.images[: 300 if QUICK else 20_000]
X_test = test_data.images[: 100 if QUICK else 2_000]
image_shape = X_train.shape[1:]

# %% [markdown]
# ## The chain rule
#
# The probability of an image is a product over its pixels, in the order of reading (ATIV, "Autoregressive maximum likelihood methods"):
#
# $$ p(x) = \prod_i p(x_i \mid x_1, \dots, x_{i-1}), \qquad \text{loss} = -\log p(x) = -\sum_i \log p(x_i \mid x_1, \dots, x_{i-1}) $$
#
# We begin with images of two values. They are **binarised**: each pixel is drawn once, 1 with the probability of its brightness. Likelihoods can be compared between models only if the images were binarised in the same way.

# %%
B_train, B_test = binarise(X_train, seed=0), binarise(X_test, seed=1)
pictures.reconstructions(X_test, {"binarised": B_test})

# %% [markdown]
# ## What a pixel may see
#
# A convolutional network computes the distributions of all pixels at once. So it must be built such that pixel $i$ sees the pixels before it, and **no other**. We check this by a gradient: the logit of the pixel in the middle, differentiated with respect to the image. Grey pixels have an influence; the white one is the pixel in the middle.
#
# With one stack of masked convolutions there is a **blind spot** to the right: pixels that come before, but are never seen. The usual network has two stacks. One reads the rows above, the other the row itself.


# %%
def seen_by(network: keras.Model) -> np.ndarray:
    """Return an image of what the middle pixel sees, in grey; the pixel itself is white."""
    x = keras.ops.convert_to_tensor(np.random.default_rng(0).random((8, 15, 15, 1), "float32"))
    _, gradient = input_gradient(lambda x: network(x)[:, 7, 7, 0], x)
    seen = 0.6 * (keras.ops.convert_to_numpy(gradient) != 0).any(axis=0)
    seen[7, 7] = 1
    return seen


seen = []
for stacks in ("one", "two"):
    seen.append(seen_by(get_pixelcnn((15, 15, 1), stacks=stacks, channels=8, blocks=5)))
pictures.gallery(seen, ["one stack: blind spot", "two stacks"], columns=2, cell=2.5)

# %% [markdown]
# ## PixelRNN
#
# An older network for the same task is recurrent (**PixelRNN**, here with a row LSTM). It reads the image row by row, and its state carries what it has read down to the next row. So the "time" of this network is the number of the row. It can be computed as a loop, or **unfolded**: one copy of the network per row, all with the same weights (NOTES, lesson 17). Both give the same result. A pixel sees a triangle above it that reaches up to the first row.

# %%
loop = get_pixelrnn((15, 15, 1), channels=8)
unfolded = get_pixelrnn((15, 15, 1), channels=8, unroll=True)
unfolded.set_weights(loop.get_weights())
x = np.random.default_rng(0).random((10, 15, 15, 1), "float32")
difference = np.abs(loop.predict(x, verbose=0) - unfolded.predict(x, verbose=0)).max()
print(f"largest difference between the loop and the unfolded network: {difference:.1e}")
pictures.gallery([seen_by(loop)], ["row LSTM"], columns=1, cell=2.5)

# %% [markdown]
# ## Training a PixelCNN

# %%
print(inspect.getsource(PixelCNN.train_step))

# %%
pixelcnn = PixelCNN(get_pixelcnn(image_shape, channels=24, blocks=5))
batch = 16
pixelcnn.compile(cosine_adam(len(B_train) // batch, 3e-3, warmup=0.02))
pixelcnn.fit(B_train, batch_size=batch, verbose=2)

# %% [markdown]
# The result in **nats** per image (with the natural logarithm). Beside it a model that knows only how often each pixel is bright, and a VAE, whose value is a bound: its true $-\log p(x)$ is smaller.

# %%
frequency = B_train.mean(axis=0).clip(0.001, 0.999)
independent = -np.sum(B_test * np.log(frequency) + (1 - B_test) * np.log(1 - frequency), (1, 2, 3))
vae = VAE(get_encoder(image_shape, 40), get_decoder(20, image_shape))
vae_epochs = 1 if QUICK else 3
vae.compile(cosine_adam(vae_epochs * len(B_train) // 100, 4e-3, warmup=0.02))
vae.fit(B_train, batch_size=100, epochs=vae_epochs, verbose=2)
few = B_test[:300]
print(f"pixels independent of each other: {independent.mean():6.1f} nats")
print(f"VAE, bound by 50 samples:         {-log_likelihood(vae, few, k=50):6.1f} nats")
print(f"PixelCNN:                         {-pixelcnn.log_likelihood(B_test).mean():6.1f} nats")

# %% [markdown]
# ## Drawing pixel by pixel
#
# "Slow because of sequential generation" (ATIV): each pixel must be drawn before the next one can be computed.

# %%
start = time.perf_counter()
samples = pixelcnn.generate(4 if QUICK else 40, seed=1)
print(f"{len(samples)} images of {samples[0].size} pixels: {time.perf_counter() - start:.1f} s")
pictures.image_grid(samples, columns=10)

# %% [markdown]
# An image can also be **completed**: the upper half is given, the lower half is drawn. Each row below starts from the same halves. The model continues the strokes, in different ways.

# %%
known = np.zeros(image_shape[:2], bool)
known[:14] = True
given = B_test[:10]
n = 1 if QUICK else 3
completed = {f"draw {seed + 1}": pixelcnn.complete(given, known, seed) for seed in range(n)}
shown = np.where(known[..., None], given, 0.4)
pictures.reconstructions(shown, {**completed, "truth": given}, first="given")

# %% [markdown]
# How likely the model finds images: a digit, the digit upside down, and the digit with 20 pixels flipped. Exact likelihoods can be compared one by one.

# %%
upside_down = B_test[:, ::-1]
flipped = B_test.copy().reshape(len(B_test), -1)
rng = np.random.default_rng(0)
for row in flipped:
    chosen = rng.choice(row.size, 20, replace=False)
    row[chosen] = 1 - row[chosen]
for title, images in (
    ("test digits", B_test),
    ("upside down", upside_down),
    ("20 pixels flipped", flipped.reshape(B_test.shape)),
):
    print(f"{title:18} {-pixelcnn.log_likelihood(images).mean():7.1f} nats")

# %% [markdown]
# ## A PixelCNN by class
#
# The pretrained PixelCNN reads the class $y$ too, and returns $p(x \mid y)$. It was trained for longer, on more digits; `ankeras pretrain digits-pixelcnn` makes it again. Each row below has one digit of each class.

# %%
of_class = pretrained.load("digits-pixelcnn")
rows = 1 if QUICK else 4
pictures.image_grid(of_class.generate_for(np.tile(np.arange(10), rows), seed=1), columns=10)

# %% [markdown]
# A model that knows $p(x \mid y)$ is a classifier as well, although it was never trained to be one. By the rule of Bayes, with all classes equally likely:
#
# $$ p(y \mid x) = \frac{p(x \mid y)\, p(y)}{\sum_k p(x \mid k)\, p(k)} $$

# %%
some = slice(0, 20 if QUICK else 200)
joint = of_class.log_joint(B_test[some])  # log p(x, y): one column for each class
right = joint.argmax(axis=1) == test_data.labels[some]
print(f"-log p(x):                               {-logsumexp(joint, axis=1).mean():.1f} nats")
print(f"the class of the largest p(y|x) is right: {right.mean():.0%}")

# %% [markdown]
# ## Normalizing flows
#
# "The idea is to split the generator in a long chain of transformations, assuming that all the transformations are invertible" (NOTES, lesson 14). With $z = f(x)$ and $z \sim \mathcal N(0, I)$, the density of $x$ is known exactly:
#
# $$ \log p(x) = \log \mathcal N(f(x); 0, I) + \log \left| \det \frac{\partial f}{\partial x} \right| $$
#
# Each step is an **affine coupling**: half of the values stay, and decide how the other half is scaled and shifted. So the step can be inverted, and its determinant is the product of the scales.
#
# First in the plane, where everything can be seen. Between the couplings, the two coordinates are **mixed** by an invertible matrix. The coordinates of the mixture of Gaussians below are independent of each other, so couplings alone would learn nothing there. The loss cannot fall below the **entropy** of the data; what remains above it is the KL divergence of the model from the truth.

# %%
flows, samples = {}, {}
for name in ("mixture of Gaussians",) if QUICK else ("mixture of Gaussians", "spiral"):
    density = data.DENSITIES[name]
    points = density.sample(1_000 if QUICK else 60_000, seed=1)
    flow = Flow(get_flow((2,), couplings=10, width=64, mixing=True))
    flow.initialize(points[:500])
    flow_epochs, batch = (1, 500) if QUICK else (15, 500)
    flow.compile(cosine_adam(flow_epochs * len(points) // batch, 1e-2, warmup=0.05, clip=1.0))
    flow.fit(points, batch_size=batch, epochs=flow_epochs, verbose=0)
    found = -flow.log_likelihood(density.sample(5_000, seed=2)).mean()
    print(f"{name}: {found:.3f} nats, entropy of the data {density.entropy():.3f} nats")
    flows[name], samples[name] = flow, density.sample(3_000, seed=3)

# %% [markdown]
# The film shows how the flow turns noise into data, coupling by coupling.

# %%
name = list(flows)[-1]
network = flows[name].network
steps = [layer for layer in network.layers if type(layer).__name__ == "Coupling"]
outputs = keras.Model(network.inputs, [step.output[0] for step in steps])
stages = outputs.predict(samples[name], verbose=0, batch_size=500)
frames = []
for stage in [*stages[::-1], samples[name]]:
    figure, axes = plt.subplots(figsize=(3.2, 3.2), layout="constrained")
    points = (stage - stage.mean(axis=0)) / stage.std(axis=0)
    axes.scatter(*points.T, s=1, color="#2e8b57")
    axes.set(xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[], aspect="equal")
    plt.close(figure)
    frames.append(figure)
file = Path(tempfile.mkdtemp()) / "flow.gif"
pictures.save_gif(iter(frames), file, seconds=0.5)
Image(file.read_bytes())

# %% [markdown]
# ## A flow of images
#
# Digits have 256 levels of grey. A density could become infinite at the levels, so uniform noise fills the gap between two levels (dequantisation); the result is a bound of the probability of the image. It is usually given in **bits per dimension**, which must not be mixed with nats per image.

# %%
X_levels, T_levels = quantise(X_train, 256), quantise(X_test, 256)
flow = Flow(get_flow(image_shape, width=24, couplings=3, mixing=True), levels=256)
flow.initialize(X_levels[:300])
flow.compile(cosine_adam(len(X_levels) // 16, 8e-3, warmup=0.05, clip=500.0))
flow.fit(X_levels, batch_size=16, verbose=2)
nats = -flow.log_likelihood(T_levels[:500]).mean()
print(f"{nats:.0f} nats per image = {bits_per_dimension(nats, image_shape):.2f} bits per dimension")

# %%
pictures.image_grid(flow.generate(40, seed=1), title="samples of the flow", columns=10)

# %% [markdown]
# The pretrained flow has a fourth coupling of each kind and wider networks, and was trained for longer. `ankeras pretrain digits-flow` makes it again.

# %%
best = flow if OWN else pretrained.load("digits-flow")
nats = -best.log_likelihood(T_levels[:500]).mean()
print(f"{bits_per_dimension(nats, image_shape):.2f} bits per dimension")
pictures.image_grid(best.generate(40, seed=1), title="samples of the pretrained flow", columns=10)

# %% [markdown]
# The code of a flow is as large as the image, and it is exact: each image has its code, and comes back from it up to rounding errors. All latent tools work with it. Between two codes:

# %%
z = latent.encode(best.mean_encoder, T_levels[:100])
back = latent.decode(best.generator, z)
print(f"there and back: largest error {np.abs(back - T_levels[:100]).max():.1e}")
ways = np.stack([latent.interpolate(z[i], z[i + 10], 10) for i in range(4)])
pictures.image_grid(latent.decode(best.generator, ways), title="interpolation in the flow's code")

# %% [markdown]
# ## Questions
#
# 1. One PixelCNN reads the pixels from the top, another one from the bottom. Do both give the same $p(x)$ to an image? Should they, if both were perfect?
# 2. Which model has the better likelihood here, and which the better samples? Why need these not be the same?
# 3. All pixels are multiplied by 1/2 before a flow of densities is trained. By how much does $-\log p(x)$ per image change? Why must we know the number of levels before we state bits per dimension?
# 4. What does the flow need more than 700 dimensions for, if a VAE reconstructs digits from 20?
