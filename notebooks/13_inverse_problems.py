# %% [markdown]
# # 13. Inverse problems
#
# "We know only a degraded version of an image, we want to recover the original one" (ATIV). Noise, missing pixels, too few pixels: many images are possible behind what we see. We need to know which of them are likely.
#
# You will see three sources of this knowledge: a formula, the structure of a network **that was never trained** (the deep image prior), and a generator that has learnt faces. For each of them you will measure how near it comes to the true image.

# %%
import os

import ankeras
from ankeras import data, evaluation, pictures, pretrained
from ankeras.data.views import shrink
from ankeras.inverse_problems import (
    add_noise,
    deep_image_prior,
    get_deep_prior_network,
    masked_error,
    minimize_energy,
    semantic_inpainting,
    shrunk_error,
    squared_error,
    text_mask,
    total_variation,
)

import keras
import matplotlib.pyplot as plt
import numpy as np
from skimage.restoration import inpaint_biharmonic

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
SIZE = 32 if QUICK else 128
WIDTHS = (8, 8) if QUICK else (32, 64, 64)
print(ankeras.setup(seed=42))

# %% [markdown]
# Choose the photograph in the next cell: one of `data.PHOTOS`, or the path of your own.

# %%
photo = data.photo("astronaut", SIZE)


def psnr(image):
    return evaluation.psnr(np.clip(image, 0, 1)[None].astype("float32"), photo[None])


# %% [markdown]
# ## Energy
#
# $x_0$ is what we see. We look for an image $x$ close to $x_0$, but better (ATIV, "Energy formulation"):
#
# $$ x^* = \arg\min_x \; E(x, x_0) + R(x) $$
#
# $E$ compares with what we see, for noise $E = \lVert x - x_0 \rVert^2$. $R$ says what images are like: it is small for likely images. The **total variation**, the sum of all differences between neighbouring pixels, is large for noise and small for areas of one colour. We look for $x$ by gradient steps on the **image**. In the code, $E$ and $R$ are means over all values. Here is the image, the image with noise of $\sigma = 25/255$, and what is found for $R = 0.2\, \mathrm{TV}$:

# %%
noisy = add_noise(photo, 25 / 255)
smooth = minimize_energy(squared_error(noisy), total_variation, noisy, weight=0.2).x.clip(0, 1)
titles = [f"{name}: {psnr(x):.1f} dB" for name, x in (("seen", noisy), ("total variation", smooth))]
pictures.gallery([photo, noisy.clip(0, 1), smooth], ["truth", *titles], columns=3, cell=3)

# %% [markdown]
# ## The deep image prior
#
# "A significant amount of information is encoded in the structure of the generator network, even without training its parameters." The deep image prior has no term $R$. Instead, the image is the output of a network with a fixed random input $z$, and we look for its **weights**:
#
# $$ \theta^* = \arg\min_\theta \; E(f_\theta(z), x_0), \qquad x^* = f_{\theta^*}(z) $$
#
# No other image is ever seen. The network is the one of the lab: an encoder-decoder with two skip connections.

# %%
network = get_deep_prior_network(photo.shape, widths=WIDTHS)
print(f"{network.count_params():,} weights for an image of {photo.size:,} numbers")
steps = 400 if QUICK else 1200
found = deep_image_prior(squared_error(noisy), network, steps=steps)
pictures.gallery(
    [noisy.clip(0, 1), smooth, found.image, photo],
    [*titles, f"deep image prior: {psnr(found.image):.1f} dB", "truth"],
    cell=3,
)

# %% [markdown]
# **Stop before overfitting!** The network has enough weights to draw the noise too, but a convolutional network draws smooth things first. The output comes near the true image, and then goes away from it, towards the noisy one. How do we know where to stop, without the truth? While the network learns the image, its outputs become calm; when it begins to draw the noise, they change from step to step. So we keep an output every 20 steps, and compute the variance of ten kept outputs in a row. We stop at the first minimum of this variance, in the middle of its ten outputs. The average over the last outputs is better than each of them.

# %%
at = np.arange(1, len(found.images) + 1) * found.every
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
left.plot(at, [psnr(x) for x in found.images], label="average of the last outputs")
left.plot(at, [psnr(x) for x in found.outputs], label="output", alpha=0.5)
left.axvline(found.step, color="gray", linestyle=":", label="where the rule stops")
left.set(xlabel="step", ylabel="PSNR to the truth, dB")
left.legend()
right.semilogy(at + 5 * found.every, found.variances)  # each at the middle of its ten outputs
right.axvline(found.step, color="gray", linestyle=":")
right.set(xlabel="step", ylabel="variance of ten outputs")
plt.close(figure)
figure

# %%
shown = np.linspace(1, len(found.outputs) - 1, 5).astype(int)
pictures.gallery(
    [found.outputs[i] for i in shown], [f"step {at[i]}" for i in shown], columns=5, cell=2.4
)

# %% [markdown]
# ## Missing pixels
#
# For inpainting, the energy counts the known pixels only: $E(x, x_0) = \lVert m \odot (x - x_0) \rVert^2$. The network draws the pixels under the text: it continues what is around them. Beside it is the usual method without a network, which continues the surroundings smoothly (biharmonic).

# %%
mask = text_mask(SIZE, SIZE)
seen = np.where(mask[..., None], 1.0, photo).astype("float32")
energy = masked_error(seen, mask)
found = deep_image_prior(
    energy, get_deep_prior_network(photo.shape, widths=WIDTHS), steps=400 if QUICK else 800
)
filled = np.where(mask[..., None], found.image, seen)
smooth = inpaint_biharmonic(seen, mask, channel_axis=-1)
pictures.gallery(
    [seen, smooth, filled, photo],
    [
        f"seen: {psnr(seen):.1f} dB",
        f"biharmonic: {psnr(smooth):.1f} dB",
        f"deep image prior: {psnr(filled):.1f} dB",
        "truth",
    ],
    cell=3,
)

# %% [markdown]
# The structure of the network decides what it continues. With a large hole this is plain: a deep network sees far, and fills the hole with what is around it on a large scale. A network with one step down sees a few pixels, and leaves the middle of the hole empty of structure (ATIV, "More complex inpainting").

# %%
hole = np.zeros((SIZE, SIZE), bool)
low, high = round(0.35 * SIZE), round(0.62 * SIZE)
hole[low:high, low:high] = True
seen = np.where(hole[..., None], 1.0, photo).astype("float32")
drawn, titles = [seen], ["seen"]
for widths in ((16,), (16, 32)) if QUICK else ((32,), (32, 64), (32, 64, 64, 64)):
    found = deep_image_prior(
        masked_error(seen, hole),
        get_deep_prior_network(photo.shape, widths=widths, skips=[False] * len(widths)),
        steps=400,
    )
    drawn.append(np.where(hole[..., None], found.image, seen))
    titles.append(f"depth {len(widths)}: {psnr(drawn[-1]):.1f} dB")
pictures.gallery([*drawn, photo], [*titles, "truth"], columns=5, cell=2.4)

# %% [markdown]
# ## Too few pixels
#
# For super-resolution, the energy compares the small image with the drawn one after it was made small: $E(x, x_0) = \lVert d(x) - x_0 \rVert^2$.

# %%
small = shrink(photo[None], 4)
bicubic = keras.ops.convert_to_numpy(keras.ops.image.resize(small, (SIZE, SIZE), "bicubic"))[0]
found = deep_image_prior(
    shrunk_error(small[0], 4),
    get_deep_prior_network(photo.shape, widths=WIDTHS),
    steps=400 if QUICK else 800,
)
pictures.gallery(
    [small[0], bicubic.clip(0, 1), found.image, photo],
    [
        "seen",
        f"bicubic: {psnr(bicubic):.1f} dB",
        f"deep image prior: {psnr(found.image):.1f} dB",
        "truth",
    ],
    cell=3,
)

# %% [markdown]
# ## A generator that knows faces
#
# If the eyes of a face are hidden, no structure of a network can know whether the person wears glasses, nor how glasses look. A generator that has learnt faces knows. **Semantic inpainting** (Yeh et al. 2017) looks for a code $z$. Its face $\mathcal G(z)$ must agree with the known pixels, and the code must be likely:
#
# $$ z^* = \arg\min_z \; \lVert W \odot (\mathcal G(z) - x_0) \rVert_1 + \lambda L_{prior}(z) $$
#
# $L_{prior}$ is small for likely codes, and $\lambda$ is its weight. Pixels near the hole count more ($W$). The drawn part is put into the image so that its **gradients** stay, and no seam is seen (Poisson blending).

# %%
faces = data.faces(100, seed=9)
hole = np.zeros((64, 64), bool)
hole[18:34, 14:50] = True
seen = np.where(hole[..., None], 0.5, faces.images).astype("float32")
some = slice(0, 10)
rows, reader = {}, evaluation.face_reader(64)
wanted = evaluation.true_attributes(faces.factors)["glasses"]


def glasses_right(images):
    return np.mean(evaluation.read_attributes(reader, images)["glasses"] == wanted[: len(images)])


print(f"glasses read right in the damaged images: {glasses_right(seen):.2f}")
for name in ("faces-vae", "faces-dcgan"):
    n = 5 if QUICK else 30
    result = semantic_inpainting(
        pretrained.load(name).generator, seen[:n], hole, steps=20 if QUICK else 200
    )
    rows[name] = result.images[some]
    print(f"glasses read right, {name}: {glasses_right(result.images):.2f}")
pictures.reconstructions(seen, {**rows, "truth": faces.images}, n=len(rows[name]), first="seen")

# %% [markdown]
# What the generator draws fits the visible part: skin, hair and light continue. Whether the hidden person wears glasses can't be known unless a part of them is seen, so the generator gives glasses to some persons who had none. That is the price of a strong prior: it invents.
#
# ## Questions
#
# 1. Let the deep image prior run for three times as many steps. What does the output look like?
# 2. Why is the learning rate important? Compare 0.01 and 0.0001 for the same number of steps, with text as the damage (ATIV shows both).
# 3. Which of the three priors would you trust in medicine, and why?
# 4. A network that was trained on pairs (notebook 12) also enlarges images. When is it better than the deep image prior, and when worse?
