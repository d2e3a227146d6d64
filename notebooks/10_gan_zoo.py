# %% [markdown]
# # 10. The GAN zoo
#
# "GAN has been a very active research field" (AN2DL): hundreds of variants have been named. Most change one line, the loss. In this notebook the best-known ones play on the same board: the same networks, the same data, the same number of steps. You will see which problems of notebook 5 they treat, and which they do not.
#
# | | $\mathcal D$ descends | $\mathcal G$ descends |
# |---|---|---|
# | GAN, non-saturating | $-\mathbb E_s[\log \mathcal D(s)] - \mathbb E_z[\log(1 - \mathcal D(\mathcal G(z)))]$ | $-\mathbb E_z[\log \mathcal D(\mathcal G(z))]$ |
# | least squares | $\tfrac12 \mathbb E_s[(\mathcal D(s) - 1)^2] + \tfrac12 \mathbb E_z[\mathcal D(\mathcal G(z))^2]$ | $\tfrac12 \mathbb E_z[(\mathcal D(\mathcal G(z)) - 1)^2]$ |
# | Wasserstein | $\mathbb E_z[\mathcal D(\mathcal G(z))] - \mathbb E_s[\mathcal D(s)]$, weights clipped to $[-c, c]$ | $-\mathbb E_z[\mathcal D(\mathcal G(z))]$ |
# | ... with gradient penalty | the same $+ \lambda\, \mathbb E_{\hat x}[(\lVert \nabla \mathcal D(\hat x) \rVert_2 - 1)^2]$, no clipping | the same |
# | hinge | $\mathbb E_s[\max(0, 1 - \mathcal D(s))] + \mathbb E_z[\max(0, 1 + \mathcal D(\mathcal G(z)))]$ | $-\mathbb E_z[\mathcal D(\mathcal G(z))]$ |
# | energy-based (DLSP) | $C(s) + [m - C(\mathcal G(z))]^+$, $\;C(s) = \lVert \mathrm{Dec}(\mathrm{Enc}(s)) - s \rVert^2$ | $C(\mathcal G(z))$ |

# %%
import inspect
import os
import time

import ankeras
from ankeras import data, evaluation, latent, pictures
from ankeras.builders import get_autoencoder, get_discriminator, get_encoder, get_generator
from ankeras.gans import (
    ACGAN,
    EBGAN,
    GAN,
    LSGAN,
    WGAN,
    WGANGP,
    BiGAN,
    HingeGAN,
    InfoGAN,
    process,
    toy,
)
from ankeras.gans.bigan import get_pair_discriminator

import keras
import matplotlib.pyplot as plt
import numpy as np

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # set: little training, to check that all runs
SEEDS = (0,) if QUICK else (0, 1, 2, 3, 4)
print(ankeras.setup(seed=42, precision="float32"))  # points of a plane need all their digits

# %% [markdown]
# In the package a variant is one file, and what is special about it a few lines. The training step, algorithm 1, is the same for all:

# %%
for function in (GAN.train_step, LSGAN.d_loss, WGANGP.penalty):
    print(inspect.getsource(function))


# %% [markdown]
# ## On the ring
#
# Eight narrow Gaussians on a ring, two small networks, 1,500 steps. As in notebook 5 we count the **modes** that receive at least 1 % of the samples, the share of the samples **on a mode**, and the **unrest**: how far the same $z$ still travels in 100 steps. Five seeds show how stable a variant is. The Wasserstein critics take two steps for each of $\mathcal G$'s, and momentum is switched off, as their papers ask for.


# %%
def score_points(seed):
    """The discriminator of all but two variants: (batch, 2) -> (batch, 1)."""
    return toy.get_toy_discriminator(2, seed)


def score_smoothly(seed):
    """A discriminator whose slope is at most 1 in each layer (spectral normalization)."""
    return get_discriminator(
        (2,), kind="mlp", widths=(64, 64), spectral_norm=True, batch_norm=False, seed=seed
    )


def reconstruct_points(seed):
    """The cost network of an EBGAN, an autoencoder of points: (batch, 2) -> (batch, 2)."""
    s = x = keras.Input((2,))
    for i in range(2):
        weights = keras.initializers.HeUniform(seed + i)
        biases = keras.initializers.RandomUniform(-1, 1, seed + 10 + i)
        x = keras.layers.Dense(64, "relu", kernel_initializer=weights, bias_initializer=biases)(x)
    weights = keras.initializers.GlorotUniform(seed + 20)
    return keras.Model(s, keras.layers.Dense(2, kernel_initializer=weights)(x))


VARIANTS = {  # system, its options, discriminator, (learning rate of D, beta_1, beta_2)
    "minimax": (GAN, {"generator_loss": "minimax"}, score_points, (1e-3, 0.5, 0.999)),
    "non-saturating": (GAN, {}, score_points, (1e-3, 0.5, 0.999)),
    "  + R1": (GAN, {"r1": 0.1}, score_points, (1e-3, 0.5, 0.999)),
    "least squares": (LSGAN, {}, score_points, (1e-3, 0.5, 0.999)),
    "Wasserstein, clipped": (WGAN, {"k": 2, "c": 0.1}, score_points, (1e-3, 0.0, 0.9)),
    "Wasserstein, penalty": (WGANGP, {"k": 2, "lam": 0.1}, score_points, (1e-3, 0.0, 0.9)),
    "hinge": (HingeGAN, {}, score_points, (1e-3, 0.5, 0.999)),
    "  + spectral norm": (HingeGAN, {}, score_smoothly, (4e-3, 0.5, 0.999)),
    "energy-based": (EBGAN, {"m": 1.0}, reconstruct_points, (1e-3, 0.5, 0.999)),
}


def new_players(variant, seed):
    """Return a generator and a discriminator with weights of their own for each seed."""
    return toy.get_toy_generator(2, 2, seed), VARIANTS[variant][2](seed + 100)


def on_the_ring(variant, steps=200 if QUICK else 1500, batch=128):
    """Train a variant with each seed; return where it sends always the same z over time."""
    system, options, _, (rate, *momentum) = VARIANTS[variant]
    model = system(*new_players(variant, SEEDS[0]), **options)
    of_d, of_g = (keras.optimizers.Adam(each, *momentum) for each in (rate, 1e-3))
    model.compile(of_d, of_g, steps_per_execution=20)
    runs = []
    for seed in SEEDS:  # the same compiled model, as new: compiling takes longer than training
        keras.utils.set_random_seed(seed)
        players = model.generator, model.discriminator
        for player, new in zip(players, new_players(variant, seed), strict=True):
            player.set_weights(new.get_weights())
        for moments in (*of_d.variables[2:], *of_g.variables[2:]):
            moments.assign(keras.ops.zeros_like(moments))
        record = process.Snapshots(latent.sample_prior(1000, 2), toy.PLANE[:1], every=100)
        x = toy.RING.sample(steps * batch, seed)
        model.fit(x, batch_size=batch, verbose=0, callbacks=[record])
        runs.append(record.generated)
    return runs


# %%
print("variant                  modes, by seed    on a mode    unrest")
drawn = {}
for variant in VARIANTS:
    runs = on_the_ring(variant)
    drawn[variant] = runs[0][-1]
    found = [process.modes_covered(run[-1]) for run in runs]
    covered = str([modes.covered for modes in found])
    on_mode = np.mean([modes.on_mode for modes in found])
    moving = np.mean([process.unrest(run) for run in runs])
    print(f"{variant:23}{covered:>16}{on_mode:13.2f}{moving:10.2f}")

# %%
figure, all_axes = plt.subplots(
    1, len(drawn), figsize=(1.5 * len(drawn), 1.8), layout="constrained"
)
for axes, (variant, points) in zip(all_axes, drawn.items()):
    axes.scatter(*points.T, s=1, color="#2e8b57")
    axes.scatter(*toy.RING.means.T, s=12, color="black", marker="x")
    axes.set(xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[], aspect="equal")
    axes.set_title(variant.strip(), fontsize=8)
plt.close(figure)
figure

# %% [markdown]
# With networks that fit the task and settings that fit the loss, most variants cover the ring: that was the finding of comparisons on real images too (Lucic et al. 2018). The energy-based one loses modes: a few places that cost little are enough for it, and its paper adds a term that pushes samples apart. With one critic step and momentum, the Wasserstein variants lose the ring altogether: try it.
#
# ## On digits
#
# The same convolutional networks (but the energy-based GAN's cost, an autoencoder), the same optimizers, the same time. The digits are small, 14x14 pixels, so that seconds suffice. The judge is a classifier of digits: **Fréchet distance** of its features (lower is better; real digits against real ones stand below), and the share of the **rarest class** (10 % would be right).

# %%
train_data, test_data = data.load("digits", size=14)
X_train, y_train = train_data.images, train_data.labels
if QUICK:
    X_train, y_train = X_train[:500], y_train[:500]
shape, n_classes, d = X_train.shape[1:], 10, 16
classifier = evaluation.train_classifier(train_data, epochs=1 if QUICK else 2)
SECONDS = 1 if QUICK else 5


def players(code=None, **options):
    return get_generator(d, shape, condition_dim=code), get_discriminator(shape, **options)


SYSTEMS = {
    "non-saturating": lambda: GAN(*players(), r1=0.1),
    "least squares": lambda: LSGAN(*players(), r1=0.1),
    "Wasserstein, clipped": lambda: WGAN(*players(batch_norm=False), k=1, c=0.05),
    "Wasserstein, penalty": lambda: WGANGP(*players(batch_norm=False), k=1),
    "hinge, spectral norm": lambda: HingeGAN(*players(batch_norm=False, spectral_norm=True)),
    "hinge": lambda: HingeGAN(*players(batch_norm=False), r1=0.1),
    "energy-based": lambda: EBGAN(
        get_generator(d, shape),
        get_autoencoder(shape, latent_dim=d, kind="mlp", widths=(128,)),
        m=3.0,
    ),
    "with an encoder (BiGAN)": lambda: BiGAN(
        get_generator(d, shape), get_pair_discriminator(shape, d), get_encoder(shape, d)
    ),
    "auxiliary classifier": lambda: ACGAN(*players(n_classes, auxiliary=n_classes), r1=0.1),
}


class Clock(keras.callbacks.Callback):
    """Ends a training after some seconds."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.start = None

    def on_train_batch_end(self, batch, logs=None):
        self.start = self.start or time.perf_counter()  # without the time to build the step
        self.model.stop_training = time.perf_counter() - self.start > self.seconds


print("variant                  steps    Fréchet    rarest class")
trained, samples = {}, {}
for name, build in SYSTEMS.items():
    keras.utils.set_random_seed(0)
    model = build()
    model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5))
    inputs = (X_train, y_train) if isinstance(model, ACGAN) else (X_train,)
    model.fit(*inputs, batch_size=64, epochs=1000, verbose=0, callbacks=[Clock(SECONDS)])
    images = model.generate(200 if QUICK else 2000)
    trained[name], samples[name] = model, images
    found = evaluation.evaluate_samples(classifier, test_data.images[: len(images)], images)
    rarest = found.histogram["class"].min()
    steps = int(model.optimizer.generator.iterations)
    print(f"{name:23}{steps:7}{found.frechet:11.1f}{rarest:16.1%}")
print(f"{'real digits':23}{found.frechet_real:18.1f}")

# %%
pictures.reconstructions(test_data.images, samples, n=14, first="real digits")

# %% [markdown]
# One training each, and a short one: between neighbours in the table the order may change with the seed. What does not change: the clipped critic learns slowly, because weights in $[-c, c]$ can only make a dull function.
#
# ## With labels: the auxiliary classifier
#
# NOTES: $\mathcal D$ has two outputs, source and class, and both players want the class to be read. $\mathcal D$ ascends $L_S + L_C$, $\mathcal G$ ascends $L_C - L_S$.

# %%
wanted = np.repeat(np.arange(10), 12)
pictures.image_grid(
    trained["auxiliary classifier"].generate_classes(wanted).reshape(10, 12, *shape),
    title="AC-GAN: one row per class",
)

# %% [markdown]
# ## Without labels: InfoGAN
#
# NOTES: the class is *not* given. A part $c$ of the noise is a code (here ten classes and two numbers in $[-1, 1]$), and $\mathcal D$ must be able to read it in the image. So $\mathcal G$ must use it for something that can be seen, and the clearest things in digits are the classes. Has it found them? Our digits know **how they were drawn**, so this need not be guessed from pictures.

# %%
keras.utils.set_random_seed(0)
infogan = InfoGAN(*players(n_classes + 2, auxiliary=n_classes + 2), r1=0.1)
infogan.compile(keras.optimizers.Adam(5e-4, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5))
infogan.fit(X_train, batch_size=64, epochs=1000, verbose=0, callbacks=[Clock(7 * SECONDS)])
codes = np.repeat(np.arange(10), 12)
sweep = np.tile(np.linspace(-1, 1, 12), 10)
pictures.image_grid(
    infogan.generate_codes(codes, np.stack([sweep, 0 * sweep], axis=1)).reshape(10, 12, *shape),
    title="InfoGAN: one row per categorical code; the first continuous code from -1 to 1",
)

# %%
probability, numbers = infogan.read_codes(test_data.images)
code, label = probability.argmax(axis=1), test_data.labels
table = np.array([[np.sum((code == i) & (label == j)) for j in range(10)] for i in range(10)])
print(f"a code and its commonest digit: {table.max(axis=1).sum() / len(label):.0%} of the images")
print(f"by chance: {np.bincount(label).max() / len(label):.0%}\n")
print("factor        |correlation| with the two numbers")
for factor in ("slant", "thickness", "aspect", "rotation", "x", "y"):
    values = test_data.factors[factor]
    by_number = [abs(np.corrcoef(values, numbers[:, j])[0, 1]) for j in range(2)]
    print(f"{factor:12}" + "".join(f"{value:8.2f}" for value in by_number))

# %% [markdown]
# In our runs some rows became one digit, without a single label, and the first number came to say something of the thickness of the pen; the longer the training, the more. A code stands for what makes images differ most *as $\mathcal D$ sees it*, not for what we call a class: where one code holds two digits, another one is shared.
#
# ## Questions
#
# 1. All losses above want the same thing, $\mathcal P_g = \mathcal P_s$. Why do they differ in how the ring is covered?
# 2. The critic of a Wasserstein GAN has no sigmoid at the end. What would go wrong with one?
# 3. In the EBGAN's loss, what would happen without the margin $m$?
# 4. How could InfoGAN's codes be made to agree with the ten digits, if ten labelled images were allowed?
