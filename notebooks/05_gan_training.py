# %% [markdown]
# # 5. How a GAN trains
#
# Two networks play against each other (AN2DL, "The GAN solution"):
#
# - the **generator** $\mathcal G(z, \theta_g)$ turns noise $z \sim \phi_Z$ into an image,
# - the **discriminator** $\mathcal D(s, \theta_d) \in [0, 1]$ gives the posterior for $s$ to be a true image.
#
# $$ \min_{\theta_g} \max_{\theta_d} \; \mathbb E_{s \sim \phi_S} [\log \mathcal D(s, \theta_d)] + \mathbb E_{z \sim \phi_Z} [\log(1 - \mathcal D(\mathcal G(z, \theta_g), \theta_d))] $$
#
# In this notebook "images" are points of a line or of a plane. So we can draw everything: both densities, the value of $\mathcal D$ at every point, and the value that it *should* have. You will see a training that works. Then you will see the three ways in which a GAN can fail (DLSP, "Major pitfalls"): vanishing gradients, mode collapse, unstable convergence. For each of them we cause the failure, measure it, and try remedies.

# %%
import inspect
import os
import tempfile
from pathlib import Path

import ankeras
from ankeras import data, explore, latent, pictures
from ankeras.builders import get_discriminator, get_generator
from ankeras.gans import GAN, gan, toy, training_pictures, training_record
from ankeras.pictures import save_gif

import keras
import numpy as np
from IPython.display import Image
from keras.optimizers import SGD, Adam

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
SEEDS = (0,) if QUICK else (0, 1, 2)
folder = Path(tempfile.mkdtemp())  # for the animations
print(ankeras.setup(seed=42, precision="float32"))  # 16 bits are too few for coordinates of points

# %% [markdown]
# ## Algorithm 1
#
# This is the code that we use below: $k$ steps of $\mathcal D$, then one step of $\mathcal G$. $\mathcal D$ is trained to give 1 to true images and 0 to generated ones. The discriminator network returns the logit. Its sigmoid is $\mathcal D$. The losses are computed from the logit, so that no logarithm overflows. For $\mathcal G$ there are two losses. We compare them under pitfall 1.

# %%
for function in (
    gan.GAN.train_step,
    gan.discriminator_loss,
    gan.minimax_loss,
    gan.non_saturating_loss,
):
    print(inspect.getsource(function))


# %% [markdown]
# During a training we record the points $\mathcal G(z)$ for a fixed set of $z$, and the values of $\mathcal D$ at a fixed set of places.


# %%
def train(density, seed, steps, *, batch=128, d_rate=1e-3, g_rate=1e-3, beta_1=0.5, k=1, **options):
    """Train a small GAN on points of a density and return the GAN and the record."""
    keras.utils.set_random_seed(seed)
    n = density.means.shape[1]  # 1: a line, 2: a plane; the noise has as many dimensions
    players = toy.get_toy_generator(n, n, seed), toy.get_toy_discriminator(n, seed + 100)
    model = GAN(*players, k=k, seed=seed, **options)
    # 20 steps per call from Python: with such small networks the calls take most of the time
    optimizers = Adam(d_rate, beta_1=beta_1), Adam(g_rate, beta_1=beta_1)
    model.compile(*optimizers, steps_per_execution=20)
    if n == 1:
        record = training_record.Snapshots(toy.prior_quantiles(500), toy.LINE, every=40)
    else:
        record = training_record.Snapshots(latent.sample_prior(1000, n), toy.PLANE, every=100)
    steps = 200 if QUICK else steps
    x = density.sample(min(steps, 1000) * batch * k, seed)
    epochs = max(steps // 1000, 1)
    model.fit(x, batch_size=batch * k, epochs=epochs, verbose=0, callbacks=[record])
    return model, record


# %% [markdown]
# ## The process on a line
#
# As in AN2DL, "Illustration of the GAN Training Process" (Goodfellow et al. 2014, figure 1), noise and images have one dimension, $d = n = 1$. The figure shows the density $p$ of the data (dotted black, two peaks), the density $q$ of $\mathcal G(z)$ (green) and $\mathcal D$ (dashed blue). The lines below show the map $z \to x = \mathcal G(z)$.
#
# For a given $\mathcal G$ we know the optimal $\mathcal D$:
#
# $$ \mathcal D^*(x) = \frac{p(x)}{p(x) + q(x)}. $$
#
# It is the wide pale line. It is $\tfrac12$ everywhere if $q = p$. It is not drawn where there are neither real nor generated points: there the value of $\mathcal D$ does not matter.

# %%
_, record = train(toy.TWO_PEAKS, 2, 3000, batch=512, d_rate=2e-3, g_rate=5e-4, beta_1=0.0)
last = len(record.steps) - 1
training_pictures.line(record, toy.TWO_PEAKS, sorted({0, 2, 4, min(15, last), last}))

# %%
shots = [*range(min(15, last)), *range(15, last + 1, 5)]
frames = (training_pictures.line(record, toy.TWO_PEAKS, [i]) for i in shots)
save_gif(frames, folder / "line.gif", seconds=0.25)
Image(str(folder / "line.gif"))

# %% [markdown]
# $\mathcal D$ learns that generated points are missing on both sides. Its slope shows $\mathcal G$ in which direction to move them. $\mathcal G$ moves them too far, $\mathcal D$ adapts, and so on until neither can improve. Where $q$ is high, $\mathcal G$ maps a long interval of $z$ to a short interval of $x$. Where $q$ is low, it does the opposite: a short interval of $z$ has to cover the whole gap between the peaks. Since $\mathcal G$ is continuous, a few points stay in the gap.
#
# "If you have a distribution with two peaks, it can focus on creating only points for one of the two" (NOTES). How often does this happen? We change only the seed.

# %%
x_real = np.sort(toy.TWO_PEAKS.sample(50_000), axis=0)[50::100]  # 500 points, evenly spread
print("seed   steps on one peak   mean    std   distance to the data")
for seed in range(1 if QUICK else 8):
    _, record = train(toy.TWO_PEAKS, seed, 1000, batch=256, d_rate=2e-3, g_rate=5e-4, beta_1=0.0)
    covered = [training_record.modes_covered(x, toy.TWO_PEAKS).covered for x in record.generated]
    x = record.generated[-1]
    distance = training_record.distance_to_data(x, x_real)
    print(f"{seed:4}{40 * covered.count(1):20}{x.mean():7.2f}{x.std():7.2f}{distance:23.2f}")
print(f"data{x_real.mean():27.2f}{x_real.std():7.2f}")

# %% [markdown]
# Only the seed is different, and yet some runs draw only one of the peaks for most of the training. First $\mathcal D$ has to learn that too many generated points are at this peak. Only then does it push $\mathcal G$ towards the other peak.

# %% [markdown]
# ## The process in the plane
#
# The data are eight narrow Gaussians on a ring. The background shows $\mathcal D$: blue where $\mathcal D > \tfrac12$ (points look real), red where $\mathcal D < \tfrac12$ (points look generated).

# %%
_, healthy = train(toy.RING, 0, 3000)
last = len(healthy.steps) - 1
training_pictures.plane(
    healthy, toy.RING, sorted({0, min(5, last), min(10, last), last // 2, last})
)

# %%
frames = (training_pictures.plane(healthy, toy.RING, [i]) for i in range(last + 1))
save_gif(frames, folder / "plane.gif", seconds=0.3)
Image(str(folder / "plane.gif"))

# %% [markdown]
# The same training as a film: move the slider, and stop where you like.

# %%
explore.training_film(healthy, toy.RING)

# %% [markdown]
# ## Pitfall 1: vanishing gradients
#
# "During early learning stages, when $\mathcal G$ is poor, $\mathcal D$ can reject samples with high confidence, thus $\mathcal D(\mathcal G(z)) \approx 0$. In this case $\log(1 - \mathcal D(\mathcal G(z)))$ is flat" (AN2DL). To cause this, we train $\mathcal D$ alone for some steps, while $\mathcal G$ does not change (its optimizer has a learning rate of 0). This is the head start of $\mathcal D$. With the same networks and the same $z$ we measure the norm of $\nabla_{\theta_g}$ for both losses:
#
# - minimax: minimize $\log(1 - \mathcal D(\mathcal G(z)))$,
# - non-saturating: minimize $-\log \mathcal D(\mathcal G(z))$.


# %%
def head_start(model, x, head_starts, batch=128):
    """Train D alone and return the mean D(G(z)) and both gradient norms for each head start."""
    model.compile(Adam(1e-3, beta_1=0.5), SGD(0.0), steps_per_execution=25)
    z, taken, rows = latent.sample_prior(1000, model.latent_dim), 0, []
    for steps in head_starts:
        model.fit(x[: (steps - taken) * batch], batch_size=batch, verbose=0)
        taken = steps
        logits = model.discriminator.predict(model.generator.predict(z, verbose=0), verbose=0)
        norms = training_record.generator_gradient_norms(model)
        rows.append([np.mean(1 / (1 + np.exp(-logits))), *norms.values()])
    return np.array(rows)  # D(G(z)), minimax, non-saturating


HEAD_STARTS = (25, 50, 100, 200, 400, 800)
x = toy.RING.sample(400 * 128)
strong, measured = [], []
for seed in SEEDS:
    players = toy.get_toy_generator(2, 2, seed), toy.get_toy_discriminator(2, seed + 100)
    strong.append(GAN(*players, seed=seed))
    measured.append(head_start(strong[-1], x, HEAD_STARTS))
measured = np.array(measured)  # (seeds, head starts, 3)

print("steps of D   D(G(z))   minimax   non-saturating   ratio")
for steps, (d_fake, flat, steep) in zip(HEAD_STARTS, measured.mean(axis=0), strict=True):
    print(f"{steps:10}{d_fake:10.1e}{flat:10.4f}{steep:17.4f}{steep / flat:8.0f}")
lines = {"minimax": measured[..., 1].T, "non-saturating": measured[..., 2].T}
figure = pictures.curves(
    HEAD_STARTS, lines, x_label="head start of D [steps]", y_label=r"norm of $\nabla_{\theta_g}$"
)
figure.axes[0].set_yscale("log")
figure

# %% [markdown]
# The better $\mathcal D$ is, the smaller is the gradient of the minimax loss. The gradient of the non-saturating loss becomes *larger*. With respect to the logit, the slopes of the two losses have the sizes $\mathcal D$ and $1 - \mathcal D$: their ratio is $(1 - \mathcal D)/\mathcal D$.
#
# Is this important for the training? Now both networks train, starting after the longest head start. $\mathcal G$ uses plain gradient descent (SGD) or Adam, which divides each gradient by its usual size. The table shows how far the points $\mathcal G(z)$ moved on average, and how many of the eight modes they cover:

# %%
print("loss             optimizer    mean move of G(z)   modes covered, of 8, by seed")
for loss in ("minimax", "non-saturating"):
    for name, make in (("SGD", lambda: SGD(0.01)), ("Adam", lambda: Adam(1e-3, beta_1=0.5))):
        moved, covered = [], []
        for before in strong:
            model = GAN.from_config({**before.get_config(), "generator_loss": loss})
            model.generator.set_weights(before.generator.get_weights())
            model.discriminator.set_weights(before.discriminator.get_weights())
            model.compile(Adam(1e-3, beta_1=0.5), make(), steps_per_execution=20)
            record = training_record.Snapshots(latent.sample_prior(1000, 2), toy.PLANE, every=400)
            model.fit(x, batch_size=128, epochs=1 if QUICK else 4, verbose=0, callbacks=[record])
            first, *_, end = record.generated
            moved.append(np.linalg.norm(end - first, axis=1).mean())
            covered.append(training_record.modes_covered(end).covered)
        print(f"{loss:17}{name:10}{np.mean(moved):14.2f}{covered!s:>26}")

# %% [markdown]
# With the minimax loss and SGD, $\mathcal G$ does not move. With Adam it moves, because Adam makes up for small gradients. So today it is easy to overlook why the non-saturating loss was needed. But a very small gradient is also the first that is lost in noise. With the non-saturating loss $\mathcal G$ moves with both optimizers. But moving is not enough: with SGD it does not find the ring.
#
# Is it better with images? Real and generated images hardly overlap, so they are easy to separate for $\mathcal D$. Choose the data here: `"digits"`, `"faces"`, `"mnist"`, `"fashion_mnist"`, `"cifar10"`, or your own folder with `data.load(path="folder", size=32)`.

# %%
images = data.load("digits")[0].images[: 20 * 128]
players = (
    get_generator(32, images.shape[1:], kind="mlp"),
    get_discriminator(images.shape[1:], kind="mlp"),
)
rows = head_start(GAN(*players), images, (5, 10, 20), batch=128)
for steps, (d_fake, flat, steep) in zip((5, 10, 20), rows, strict=True):
    print(f"{steps:3} steps of D: D(G(z)) = {d_fake:.1e}, gradients {flat:.4f} and {steep:.4f}")

# %% [markdown]
# ## Pitfall 2: mode collapse
#
# "The generator just learns to generate well a single point of the distribution and is happy just like that" (NOTES). On the line you have seen a collapse in which the generated points stay at one peak for a long time. In the plane we cause a collapse in which they keep moving. For this, $\mathcal D$ learns 20 times more slowly than $\mathcal G$: all points move to the place where $\mathcal D$ is highest. When $\mathcal D$ has adapted, they all move to another place. We measure
#
# - **modes**: how many of the eight modes receive at least 1 % of the samples within 3 standard deviations,
# - **on a mode**: the share of the samples within 3 standard deviations of some mode,
# - **unrest**: how far $\mathcal G(z)$ moves in 100 steps for the same $z$, on average over the last half of the training. The distance between two opposite modes is 4.

# %%
SLOW = {"d_rate": 5e-5}
RECIPES = {
    "D 20 times slower": SLOW,
    "+ R1, weight 1": {**SLOW, "r1": 1.0},
    "+ label smoothing 0.1": {**SLOW, "smoothing": 0.1},
    "+ k = 5 steps of D": {**SLOW, "k": 5},
    "D as fast as G": {},
}
if QUICK:
    RECIPES = dict(list(RECIPES.items())[:2])
collapsed = None
print("recipe                    modes, by seed    on a mode    unrest")
for name, recipe in RECIPES.items():
    runs = [train(toy.RING, seed, 3000, **recipe)[1] for seed in SEEDS]
    collapsed = collapsed or runs[0]
    found = [training_record.modes_covered(run.generated[-1]) for run in runs]
    covered = str([modes.covered for modes in found])
    on_mode = np.mean([modes.on_mode for modes in found])
    moving = np.mean([training_record.unrest(run.generated) for run in runs])
    print(f"{name:25}{covered:>15}{on_mode:13.2f}{moving:10.2f}")

# %%
last = len(collapsed.steps) - 1
training_pictures.plane(collapsed, toy.RING, range(max(last - 4, 0), last + 1))

# %% [markdown]
# Look at the background: $\mathcal D$ is nearly flat. It has not learnt the eight modes, only on which side $\mathcal G$ was last. So nothing makes $\mathcal G$ send different $z$ to different places. A remedy is a $\mathcal D$ that learns fast enough: with a higher learning rate or, with most seeds, with $k = 5$ steps: "need to carefully synchronize the two steps" (AN2DL). R1 makes $\mathcal D$ smoother and label smoothing makes it less sure. Neither helps against *this* collapse, because its cause is the slow $\mathcal D$.
#
# ## Pitfall 3: unstable convergence
#
# On the line we cause it with large steps and momentum ($\beta_1 = 0.9$, the default of Adam). With momentum, each network goes on in a direction that is no longer right, because the other network has changed. Each line of the figure shows $\mathcal G(z)$ over time for one $z$. The data lie in the grey regions. We measure the distance to the data, averaged over the last half of the training, and the unrest, this time for 40 steps.

# %%
FAST = {"batch": 256, "d_rate": 5e-3, "g_rate": 5e-3, "beta_1": 0.9}
RECIPES = {
    "large steps, momentum": FAST,
    "+ R1, weight 1": {**FAST, "r1": 1.0},
    "+ no momentum": {**FAST, "beta_1": 0.0},
    "+ small steps": {**FAST, "d_rate": 5e-4, "g_rate": 5e-4},
    "+ both": {**FAST, "beta_1": 0.0, "d_rate": 5e-4, "g_rate": 5e-4},
}
if QUICK:
    RECIPES = dict(list(RECIPES.items())[:2])
ways = {}
print("recipe                    distance to the data, by seed    unrest")
for name, recipe in RECIPES.items():
    runs = [train(toy.TWO_PEAKS, seed, 2000, **recipe)[1] for seed in SEEDS]
    ways[name] = runs[0]
    distances = [
        np.mean(
            [
                training_record.distance_to_data(x, x_real)
                for x in run.generated[len(run.steps) // 2 :]
            ]
        )
        for run in runs
    ]
    moving = np.mean([training_record.unrest(run.generated) for run in runs])
    by_seed = "  ".join(f"{distance:.2f}" for distance in distances)
    print(f"{name:25}{by_seed:>30}{moving:10.3f}")
training_pictures.ways(ways, toy.TWO_PEAKS)

# %% [markdown]
# With large steps and momentum, the networks keep moving around the equilibrium. Without momentum they come close to it, and even closer if the steps are also small. With small steps alone, $\mathcal G$ stops moving, but not always in the right place: a distance near 2 means that $\mathcal G$ draws only one of the two peaks (half of the points would have to move by 4). R1 helps, but less than well-chosen optimizers.

# %% [markdown]
# ## Questions
#
# 1. In the first animation, where do $\mathcal D$ and $\mathcal D^*$ differ most? Why is $\mathcal D$ smoother than $\mathcal D^*$?
# 2. Show that $\mathcal D^*$ maximizes $p \log \mathcal D + q \log(1 - \mathcal D)$ at every $x$. What is the value of the game when $q = p$?
# 3. $\mathcal G$ is continuous, and the density of its noise is nowhere 0. Can $\mathcal G$ draw two peaks with no points between them?
# 4. In a run with mode collapse the losses hardly change: they stay near those for $\mathcal D = \tfrac12$. Why can't you see a collapse in the losses? What would you look at instead if the data were images?
# 5. Derive the ratio $(1 - \mathcal D)/\mathcal D$ of the sizes of the two gradients with respect to the logit. Why do both losses have the same equilibrium, $q = p$?
# 6. On the ring, give $\mathcal D$ a *higher* learning rate than $\mathcal G$ (two time-scales). Try several rates. For which of them do the results get better, and from which rate on do they get worse?
