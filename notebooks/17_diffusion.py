# %% [markdown]
# # 17. Diffusion
#
# "Blur an image until you get a noisy image, learn the reverse process" (ATIV). A diffusion model has one network, which learns one simple task: to say what noise is in a noisy image. Samples are drawn by starting from pure noise and removing a little of it, again and again.
#
# You will look at the process that adds noise, train a model on digits for about two minutes, watch how it draws, choose the digit with **guidance**, complete damaged images, enlarge drawn ones, and compare with **flow matching**, a newer form of the same idea.

# %%
import inspect
import os
import tempfile
from pathlib import Path

import ankeras
from ankeras import data, evaluation, pictures, pretrained
from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.diffusion import (
    DDPM,
    FlowMatching,
    GuidedDDPM,
    chain,
    complete,
    ddim_sample,
    from_noise,
    interpolate_noise,
    invert,
    signal_rates,
    vary,
)
from ankeras.training.callbacks import WeightAverage
from ankeras.training.schedules import cosine_adam

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image
from keras import ops

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
OWN = False  # True: use your own model below, instead of the pretrained one
print(ankeras.setup(seed=42))

# %%
train_data, test_data = data.load("digits")
train_data = train_data.take(slice(500 if QUICK else 20_000))
X_test, y_test = test_data.images, test_data.labels
image_shape = X_test.shape[1:]

# %% [markdown]
# ## The process that adds noise
#
# In each step a little of the image is replaced by noise. After $t$ steps (NOTES, "Training Step")
#
# $$ x_t = \sqrt{\alpha_t}\, x_0 + \sqrt{1 - \alpha_t}\, \epsilon, \qquad \epsilon \sim \mathcal N(0, I). $$
#
# $\alpha_t$ is the **signal rate**: the share of the image's variance that is left. It falls from $\alpha_0 = 1$ to nearly 0. Then $x_T$ is hardly different from pure noise, which we can draw without any model.
#
# The slides write $\alpha_t$ for different things. Here it is the rate after all $t$ steps, as in NOTES. The file `diffusion/process.py` says where the slides differ from the papers.

# %%
rates = signal_rates("cosine", n_steps=1000)
x_0 = 2 * X_test[3] - 1
every = np.linspace(0, 1000, 12).astype(int)
pictures.image_grid(
    np.clip(0.5 * (chain(x_0, rates)[every] + 1), 0, 1),
    title="x_0, ..., x_1000: one digit, each image from the one before",
    columns=12,
)

# %% [markdown]
# The **schedule** says how fast $\alpha_t$ falls. With the linear schedule of Ho et al. the images of the last third of the process are all noise, and the model learns little from them. What is left of the image at the end must be small, since sampling starts from pure noise. In the schedule "signal rate" (NOTES), $\alpha_t$ itself falls by equal steps:

# %%
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for schedule in ("linear", "cosine", "signal rate"):
    alpha = signal_rates(schedule)
    axes.plot(alpha, label=schedule)
    print(
        f"{schedule:12} share of x_0 in x_T: {np.sqrt(alpha[-1]):.3f}, "
        f"images with less than 1 % signal: {np.mean(alpha < 0.01):.0%}"
    )
axes.set(xlabel="t", ylabel="signal rate $\\alpha_t$")
axes.legend()
plt.close(figure)
figure

# %% [markdown]
# ## Training
#
# The training step (NOTES; ATIV's $L_{simple}$): draw an image, a time $t$ and noise $\epsilon$, make $x_t$, and let the network predict the noise from $x_t$ and $\alpha_t$. The loss is the squared error. Read it in the code:

# %%
print(inspect.getsource(DDPM.train_step))

# %% [markdown]
# The code has one step more than the slide: the target may be the noise, the image, or a mixture of both, the **velocity** $v = \sqrt{\alpha_t}\, \epsilon - \sqrt{1 - \alpha_t}\, x_0$. If one of the three is known, the other two can be computed. At a small $\alpha_t$, a small error of the predicted noise is a large error of the image. The velocity does not have this problem, and the network learns faster.
#
# We train a model that also reads the class. In one of ten images the class is hidden, so the same network learns to draw without a class too.

# %%
network = get_diffusion_unet(image_shape, widths=(64, 96), condition_dim=10)
own = GuidedDDPM(network)
epochs = 1 if QUICK else 8
own.compile(cosine_adam(epochs * len(train_data.images) // 32, 1e-3, warmup=0.02))
own.fit(
    train_data,
    batch_size=32,
    epochs=epochs,
    callbacks=[WeightAverage(0.999, network="network")],
)
pictures.image_grid(own.generate(40, steps=20), title="your model", columns=10)

# %% [markdown]
# The pretrained model has two residual blocks per resolution instead of one and narrower layers, and it was trained for longer. `ankeras pretrain digits-diffusion` makes it again.

# %%
best = own if OWN else pretrained.load("digits-diffusion")
pictures.image_grid(best.generate(40, steps=20), title="the pretrained model", columns=10)

# %% [markdown]
# ## Sampling
#
# NOTES' sampling procedure, called **DDIM**. In each step: estimate the noise, from it the image $\hat x_0$, and mix both again at the next, higher signal rate.

# %%
print(inspect.getsource(ddim_sample))

# %% [markdown]
# Below, each row is one sample. The upper picture shows $x_t$, the lower one $\hat x_0$, the image that the model expects. At first it expects the mean of all digits, a blurred spot. It decides for a digit early; details come last.

# %%
shown = []
denoise = best.denoiser()


def watched(x_t, alpha):
    x_0, eps = denoise(x_t, alpha)
    shown.append((x_t, x_0))
    return x_0, eps


best.sample(watched, best.start(4, seed=3), steps=60)
noisy, expected = (np.stack(images)[::5].swapaxes(0, 1) for images in zip(*shown))
pictures.image_grid(best.to_images(noisy), title="$x_t$")

# %%
pictures.image_grid(best.to_images(expected), title="the expected image")

# %%
file = Path(tempfile.mkdtemp()) / "reverse.gif"
frames = [
    pictures.image_grid(best.to_images(np.concatenate(pair)), columns=4) for pair in shown[::3]
]
pictures.save_gif(frames, file, seconds=0.2)
Image(file.read_bytes())

# %% [markdown]
# ### How many steps?
#
# DDIM can skip times: it uses any subset of them. The classifier's Fréchet distance says how far the samples are from real digits (smaller is better; real digits against other real digits: last line). The sampling of Ho et al., **DDPM**, adds fresh noise in each step. With few steps it is worse, because each of its steps must be small. With many it corrects its own errors.

# %%
classifier = evaluation.digit_classifier()
n = 100 if QUICK else 500
print("steps      DDIM     DDPM")
for steps in (2, 5) if QUICK else (5, 10, 20, 50):
    found = [
        evaluation.evaluate_samples(
            classifier, X_test[:n], best.generate(n, steps=steps, sampler=sampler)
        )
        for sampler in ("ddim", "ddpm")
    ]
    print(f"{steps:5}{found[0].frechet:10.1f}{found[1].frechet:9.1f}")
print(f" real{found[0].frechet_real:10.1f}")

# %% [markdown]
# ## Guidance
#
# The model can draw with and without a class. **Guidance** goes further in the direction from one to the other:
#
# $$ \epsilon = \epsilon_\theta(x_t, \alpha_t) + w\, (\epsilon_\theta(x_t, \alpha_t, c) - \epsilon_\theta(x_t, \alpha_t)) $$
#
# $c$ is the class. $w = 0$ is the model without a class, $w = 1$ the conditional one. With a larger $w$ more images are of the class that was asked for, but they differ less from each other: accuracy is bought with **recall**, the share of real digits that lie among the samples.

# %%
wanted = np.repeat(np.arange(10), 2 if QUICK else 40)
print("weight   accuracy   recall")
for weight in (0.0, 1.0, 2.0, 4.0):
    samples = best.generate_for(wanted, steps=20, guidance=weight)
    accuracy = evaluation.conditional_accuracy(classifier, samples, wanted)
    found = evaluation.evaluate_samples(classifier, X_test[: len(wanted)], samples)
    print(f"{weight:6.1f}{accuracy:11.3f}{found.recall:9.2f}")

# %%
rows = [
    best.generate_for(np.arange(10), seed=seed, steps=20, guidance=weight)
    for weight in (0.0, 1.0, 4.0)
    for seed in (1, 2)
]
pictures.image_grid(np.stack(rows), title="0 to 9 with w = 0, 1 and 4: two rows each")

# %% [markdown]
# ## Tools
#
# **Completion.** The lower half of each digit is hidden. After each step back, the known half is put in again, with noise of the same rate. So the drawn half fits it. Different noise gives different completions, and all of them are plausible.

# %%
known = np.zeros(image_shape[:2], bool)
known[:14] = True
digits = X_test[:10]
seen = np.where(known[..., None], digits, 0.4).astype("float32")
steps = 5 if QUICK else 30
completions = {
    f"completion {seed}": complete(best, seen, known, steps=steps, seed=seed) for seed in (1, 2, 3)
}
pictures.reconstructions(seen, {**completions, "truth": digits}, first="seen")

# %% [markdown]
# **Variation.** Noise is added up to a time, and removed again. The later the time, the freer the model is.

# %%
varied = {f"strength {strength}": vary(best, digits, strength) for strength in (0.3, 0.5, 0.7, 0.9)}
pictures.reconstructions(digits, varied)

# %% [markdown]
# **Inversion and interpolation.** DDIM depends on $x_T$ alone, so $x_T$ is the code of the image. `invert` goes the steps in the other direction. Between two codes we follow an arc: on the straight line the noise would be too small.

# %%
codes = invert(best, digits[:4], steps=steps * 3)
back = from_noise(best, codes, steps=steps * 3)
arcs = np.stack([interpolate_noise(codes[i], codes[i + 1], 10) for i in range(3)])
between = from_noise(best, arcs, steps=steps)
print(f"inverted and drawn again: mean error {np.abs(back - digits[:4]).mean():.3f}")
pictures.image_grid(between, title="from digit to digit, each by its inverted code")

# %% [markdown]
# ## Cascade
#
# Large images take long to draw. A **cascade** draws small ones and enlarges them with a second diffusion model, the **upsampler** (ATIV, "Some more details"). The network of the upsampler reads the small image, enlarged by interpolation, beside the noisy large one. So it only has to add the fine details. In its training the small images get a little noise. It then learns to mend errors of the first model.
#
# Portraits of 32 pixels, drawn by the model of notebook 19 without a caption, and enlarged to 64:

# %%
base, upsampler = pretrained.load("faces-text-to-image"), pretrained.load("faces-upsampler")
small = base.generate(8, seed=1, steps=20)
large = upsampler.upsample(small, seed=1, steps=5 if QUICK else 20)
sides = large.shape[1:3]
bicubic = ops.convert_to_numpy(ops.image.resize(small, sides, "bicubic")).clip(0, 1)
pictures.reconstructions(bicubic, {"upsampler": large}, first="bicubic")

# %% [markdown]
# ## Flow matching
#
# A newer form of the same idea. The way from noise to image is a straight line, $x_t = (1 - t)\, \epsilon + t\, x_0$, and the network learns the direction, $x_0 - \epsilon$. Here $t = 0$ is noise and $t = 1$ is the image, the opposite of the sections above. Sampling follows it with Euler's method. Schedules are no longer needed:

# %%
print(inspect.getsource(FlowMatching.train_step))

# %%
flow = FlowMatching(get_diffusion_unet(image_shape, widths=(64, 96)))
epochs = 1 if QUICK else 4
flow.compile(cosine_adam(epochs * len(train_data.images) // 32, 1e-3, warmup=0.02))
flow.fit(
    train_data,
    batch_size=32,
    epochs=epochs,
    callbacks=[WeightAverage(0.999, network="network")],
)
pictures.image_grid(
    flow.generate(40, steps=20), title="flow matching after half of your training", columns=10
)

# %% [markdown]
# ## Questions
#
# 1. Set `predicts="noise"` in `GuidedDDPM`, train again, and compare the samples. Where in the chain do they differ most?
# 2. A VAE also turns noise into images, in one step. What does a diffusion model gain from its many steps?
# 3. Draw without guidance, and with $w = 8$. What do the digits have in common then?
# 4. Compare the codes of two images of the same digit. Are they closer than those of different digits? Compare with a VAE (notebook 7).
