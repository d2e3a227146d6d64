# %% [markdown]
# # 10. The GAN zoo
#
# "GAN has been a very active research field" (AN2DL): there are hundreds of variants. Most of them change only the loss. In this notebook you compare the best-known ones under the same conditions: on the ring and on digits, each time with the same data and the same number of steps. You will see which problems of notebook 5 they solve, and which they do not solve.
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

import ankeras
from ankeras import data, latent, pictures, pretrained
from ankeras.builders import get_discriminator, get_generator
from ankeras.gans import EBGAN, GAN, LSGAN, WGAN, WGANGP, HingeGAN, toy, training_record
from ankeras.training.callbacks import WeightAverage
from ankeras.training.schedules import cosine_adam

import keras
import matplotlib.pyplot as plt
import numpy as np

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
SEEDS = (0,) if QUICK else (0, 1, 2, 3, 4)
print(ankeras.setup(seed=42, precision="float32"))  # 16 bits are too few for coordinates of points

# %% [markdown]
# In the package each variant is one file, and only a few lines differ from the GAN. The training step, algorithm 1, is the same for the variants of the table. Here it is, with the discriminator's loss of the least-squares GAN and the gradient penalty:

# %%
for function in (GAN.train_step, LSGAN.d_loss, WGANGP.gradient_penalty):
    print(inspect.getsource(function))


# %% [markdown]
# ## On the ring
#
# The data are eight narrow Gaussians on a ring. We train two small networks for 1,500 steps. As in notebook 5 we measure how many **modes** receive at least 1 % of the samples, the share of the samples **on a mode**, and the **unrest**: how far $\mathcal G(z)$ moves in 100 steps for the same $z$. Five seeds show how stable a variant is. The critics of the Wasserstein GANs make two steps for each step of $\mathcal G$, and there is no momentum ($\beta_1 = 0$), as the papers recommend.


# %%
def score_points(seed):
    """Return the discriminator of all but two variants: (batch, 2) -> (batch, 1)."""
    return toy.get_toy_discriminator(2, seed)


def score_smoothly(seed):
    """Return a discriminator with slope at most 1 in each layer (spectral normalization)."""
    return get_discriminator(
        (2,), kind="mlp", widths=(64, 64), spectral_norm=True, batch_norm=False, seed=seed
    )


def reconstruct_points(seed):
    """Return the cost network of an EBGAN, an autoencoder of points: (batch, 2) -> (batch, 2)."""
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
    """Return a generator and a discriminator with new weights, drawn with the seed."""
    return toy.get_toy_generator(2, 2, seed), VARIANTS[variant][2](seed + 100)


def on_the_ring(variant, steps=200 if QUICK else 1500, batch=128):
    """Train a variant with each seed; return G(z) over time, for the same z in every run."""
    system, options, _, (rate, *momentum) = VARIANTS[variant]
    model = system(*new_players(variant, SEEDS[0]), **options)
    of_d, of_g = (keras.optimizers.Adam(each, *momentum) for each in (rate, 1e-3))
    model.compile(of_d, of_g, steps_per_execution=20)
    runs = []
    for seed in SEEDS:  # reset the model instead of a new one: compiling is slower than training
        keras.utils.set_random_seed(seed)
        players = model.generator, model.discriminator
        for player, new in zip(players, new_players(variant, seed), strict=True):
            player.set_weights(new.get_weights())
        for moments in (*of_d.variables[2:], *of_g.variables[2:]):
            moments.assign(keras.ops.zeros_like(moments))
        z = latent.sample_prior(1000, 2)
        record = training_record.Snapshots(z, toy.PLANE[:1], every=100)
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
    found = [training_record.modes_covered(run[-1]) for run in runs]
    covered = str([modes.covered for modes in found])
    on_mode = np.mean([modes.on_mode for modes in found])
    moving = np.mean([training_record.unrest(run) for run in runs])
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
# With good networks, and with good settings for each loss, most variants cover the ring. Comparisons on real images had a similar result (Lucic et al. 2018). The energy-based GAN loses modes: its loss is already low if all samples lie at a few places of low cost. So its paper adds a term that pushes the samples apart. With one critic step and momentum, the Wasserstein variants do not find the ring: try it.
#
# ## On digits
#
# First we train one variant ourselves, for about a minute: the hinge GAN. Its networks are those of a small DCGAN, for digits of 28x28 pixels.

# %%
train_data, test_data = data.load("digits")
shape, n_classes, d = train_data.images.shape[1:], 10, 16
X_train = train_data.images[: 500 if QUICK else 20_000]
hinge = HingeGAN(get_generator(d, shape), get_discriminator(shape, batch_norm=False), r1=0.1)
epochs = 1 if QUICK else 3
steps = epochs * len(X_train) // 64
hinge.compile(*(cosine_adam(steps, beta_1=0.5, end=0.02) for _ in range(2)))
hinge.fit(X_train, batch_size=64, epochs=epochs, callbacks=[WeightAverage()])
pictures.image_grid(hinge.generate(60, seed=1), columns=20, title="hinge GAN, trained here")

# %% [markdown]
# The other variants come with the package. They have the same kind of generator, the same optimizers and the same number of steps: four epochs of 60,000 digits. (Only the cost of the energy-based GAN is an autoencoder.) `ankeras pretrain digits-lsgan` repeats such a training.
#
# We evaluate the samples with a classifier of digits. The **Fréchet distance** compares the classifier's features of the samples with those of real digits. Lower is better. **Precision** is the share of the samples that lie among the real digits, **recall** the share of the real digits that lie among the samples. The last figure is the share of the **rarest class** among the samples (in the data it is about 9 %). The last line compares real digits with other real digits.

# %%
NAMES = {
    "non-saturating": "digits-gan",
    "least squares": "digits-lsgan",
    "Wasserstein, clipped": "digits-wgan",
    "Wasserstein, penalty": "digits-wgan-gp",
    "hinge": "digits-hinge-gan",
    "hinge, spectral norm": "digits-hinge-gan-spectral",
    "energy-based": "digits-ebgan",
    "with an encoder (BiGAN)": "digits-bigan",
    "auxiliary classifier": "digits-acgan",
    "InfoGAN": "digits-infogan",
}
FIGURES = ("Fréchet distance of 2000 samples", "precision", "recall", "share of the rarest class")
print(f"{'':23}{'Fréchet':>9}{'precision':>11}{'recall':>8}{'rarest class':>14}")
for name, model in NAMES.items():
    found = [pretrained.card(model).figures[figure] for figure in FIGURES]
    frechet, precision, recall, rarest = (figure["value"] for figure in found)
    print(f"{name:23}{frechet:9.1f}{precision:11.2f}{recall:8.2f}{rarest:14.1%}")
frechet, precision, recall, rarest = (figure["real images"] for figure in found)
print(f"{'real digits':23}{frechet:9.1f}{precision:11.2f}{recall:8.2f}{rarest:14.1%}")

# %%
models = {name: pretrained.load(model) for name, model in NAMES.items()}
samples = {name: model.generate(14, seed=1) for name, model in models.items()}
pictures.reconstructions(test_data.images, samples, n=14, first="real digits")

# %% [markdown]
# There is only one training per variant. If two variants have similar figures, another seed may change their order. But the clipped critic is clearly behind: with weights in $[-c, c]$ its function can only be simple, and it learns slowly.
#
# ## With labels: the auxiliary classifier
#
# NOTES: $\mathcal D$ has two outputs, source (real or generated) and class. Both networks are trained so that $\mathcal D$ reads the class correctly. $\mathcal D$ ascends $L_S + L_C$, $\mathcal G$ ascends $L_C - L_S$.

# %%
wanted = np.repeat(np.arange(10), 12)
pictures.image_grid(
    models["auxiliary classifier"].generate_for(wanted).reshape(10, 12, *shape),
    title="AC-GAN: one row per class",
)

# %% [markdown]
# ## Without labels: InfoGAN
#
# NOTES: the class is *not* given. A part $c$ of the noise is a code (here one of ten categories and two numbers in $[-1, 1]$), and $\mathcal D$ must be able to read the code from the image. So $\mathcal G$ must use the code for something that can be seen. In digits, the clearest differences are those between the classes. Has InfoGAN found the classes? For our digits we know the labels and **all factors with which they were drawn**, so we can measure it.

# %%
infogan = models["InfoGAN"]
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
print(
    f"share of images that are the most frequent digit of their code: {table.max(axis=1).sum() / len(label):.0%}"
)
print(f"the same if the code were random: about {np.bincount(label).max() / len(label):.0%}\n")
print("factor        |correlation| with the two numbers")
for factor in ("slant", "thickness", "aspect", "rotation", "x", "y"):
    values = test_data.factors[factor]
    by_number = [abs(np.corrcoef(values, numbers[:, j])[0, 1]) for j in range(2)]
    print(f"{factor:12}" + "".join(f"{value:8.2f}" for value in by_number))

# %% [markdown]
# In our runs some rows showed one digit only, without any label. The first number was correlated with the thickness of the strokes, and more so after a longer training. A code stands for a difference between images that $\mathcal D$ can see easily. This need not be a class: sometimes one code stands for two digits, or two codes stand for the same digit.
#
# ## Questions
#
# 1. All losses above have the same aim, $\mathcal P_g = \mathcal P_s$. Why do they still cover the ring differently well?
# 2. The critic of a Wasserstein GAN has no sigmoid at the end. What problem would a sigmoid cause?
# 3. In the loss of $\mathcal D$ in the EBGAN, replace $[m - C(\mathcal G(z))]^+$ by $-C(\mathcal G(z))$. What would happen?
# 4. Suppose that you may use ten labelled images, one per digit. How could you change the training of the InfoGAN so that each of its ten categories becomes one digit?
