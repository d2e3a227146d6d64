# %% [markdown]
# # 4. Variational autoencoders
#
# Notebook 02 ended with a failure: the decoder of an autoencoder can't generate images from random codes, since the distribution of its codes is not known. A **variational autoencoder** (VAE) trains the codes to follow a *known* distribution, the prior $P(z) = \mathcal N(0, I_d)$ (NOTES, lesson 14; ATIV; AE; DLSP, "Variational auto-encoder").
#
# | | encoder | code | decoder |
# |---|---|---|---|
# | autoencoder | $x \mapsto z \in \mathbb R^d$ | a point | $z \mapsto \hat x$ |
# | VAE | $x \mapsto h = (\mu, \log v) \in \mathbb R^{2d}$ | a Gaussian, $z \sim \mathcal N(\mu, v)$ | $z \mapsto \hat x$ |
#
# You will train VAEs, generate images, and then meet the four problems of NOTES, each with a figure and a number.

# %%
import os

import ankeras
from ankeras import autoencoders, data, evaluation, latent, pictures
from ankeras.autoencoders.regularized import total_variation
from ankeras.builders import get_autoencoder, get_decoder, get_encoder
from ankeras.training.autodiff import value_and_gradient

import keras
import numpy as np
from keras import ops
from sklearn.mixture import GaussianMixture

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # set: little training, to check that all runs
print(ankeras.setup(seed=42))

# %% [markdown]
# The data set is chosen here: `"digits"`, `"faces"`, `"mnist"`, `"fashion_mnist"`, `"cifar10"`, or your own images with `data.load(path="folder or file.npz", size=32)`. They need labels: a classifier will judge the samples.

# %%
train_data, test_data = data.load("digits")
train_data = train_data.take(slice(6000))  # keeps the notebook within four minutes
if QUICK:
    train_data, test_data = train_data.take(slice(1000)), test_data.take(slice(300))
X_train, X_test = train_data.images, test_data.images
input_shape = X_train.shape[1:]
EPOCHS = 1 if QUICK else 10
KIND = "mlp"  # dense players train fast; "conv" draws better, and takes ten times as long

# %% [markdown]
# ## Sampling, and a gradient that passes through it
#
# The encoder returns $\mu$ and $\log v$ of each image, and the code is drawn from that Gaussian. But backpropagation can't pass through "draw a number". The **reparameterisation** moves the draw out of the way:
#
# $$ z = \mu + \sqrt v \, \epsilon, \qquad \epsilon \sim \mathcal N(0, I_d). $$
#
# Now $z$ is an ordinary function of $\mu$ and $v$, and $\epsilon$ is a number from outside. A check: $\mathbb E[z^2] = \mu^2 + v$, so its derivatives should be $2\mu$ and, with respect to $\log v$, $v$.

# %%
mu, log_var = keras.Variable(1.5), keras.Variable(np.log(0.25))
eps = np.random.default_rng(0).normal(size=100_000).astype("float32")
mean_square, gradients = value_and_gradient(
    lambda: ops.mean(autoencoders.reparameterize(mu, log_var, eps) ** 2), [mu, log_var]
)
print(f"E[z^2]  {float(mean_square):.3f}, should be {1.5**2 + 0.25}")
print(f"d/dmu   {float(gradients[0]):.3f}, should be {2 * 1.5}")
print(f"d/dlogv {float(gradients[1]):.3f}, should be 0.25")

# %% [markdown]
# ## The loss
#
# $$ \ell(x, \hat x) = \ell_{\text{reconstruction}} + \beta \, \ell_{KL}(z, \mathcal N(0, I_d)), \qquad
# \ell_{KL} = \frac12 \sum_{i=1}^d \Big( \underbrace{v_i - \log v_i - 1} + \underbrace{\mu_i^2} \Big) $$
#
# The reconstruction loss is $-\log p(x|z)$: for a decoder that draws the probability of white it is the binary cross-entropy, summed over the pixels. With $\beta = 1$, $-\ell$ is a lower bound of $\log p(x)$, the log-likelihood of the image (ATIV). DLSP draws the two terms of the KL divergence:

# %%
pictures.kl_terms()

# %% [markdown]
# The second pulls $\mu$ to 0 and so centres the codes around the origin. The first pushes $v$ to 1: the code of an image becomes a ball instead of a point, and the balls cover the latent space (NOTES). The reconstruction asks for the opposite: small balls, far from each other.
#
# ## Training: the latent plane ($d = 2$)


# %%
def get_vae(d, **options):
    return autoencoders.VAE(
        get_encoder(input_shape, 2 * d, kind=KIND),  # mu and log v
        get_decoder(d, input_shape, kind=KIND),
        **options,
    )


vae_2 = get_vae(2)
vae_2.compile(keras.optimizers.Adam(3e-3))
history = vae_2.fit(X_train, batch_size=100, epochs=EPOCHS, validation_data=(X_test,))

# %%
pictures.history(history.history, ("reconstruction", "kl"))

# %% [markdown]
# Each test image is drawn at its $\mu$; the circles hold 50, 90 and 99 % of the prior. Compare it with the plane of the autoencoder in notebook 02: the codes lie where the prior wants them.

# %%
mu, log_var = autoencoders.encode_posterior(vae_2, X_test)
pictures.latent_plane(mu, test_data.labels, test_data.class_names, prior=True)

# %% [markdown]
# No box has to be looked for any more: the grid is made of the quantiles of the prior, so that each image stands for the same share of the samples.

# %%
pictures.image_grid(latent.quantile_grid(vae_2.generator, n=20))

# %% [markdown]
# ## Sixteen dimensions
#
# Beside the VAE we train a plain autoencoder with the same players and the same reconstruction loss.


# %%
def fit(vae, callbacks=()):
    vae.compile(keras.optimizers.Adam(3e-3))
    vae.fit(X_train, batch_size=100, epochs=EPOCHS, callbacks=list(callbacks), verbose=0)
    return vae


vae = fit(get_vae(16))
generator = vae.generator
autoencoder = get_autoencoder(input_shape, latent_dim=16, kind=KIND)
cross_entropy = autoencoders.binary_cross_entropy
_ = autoencoders.train(autoencoder, X_train, X_test, epochs=EPOCHS, loss=cross_entropy, verbose=0)

# %% [markdown]
# Below each image: the reconstruction from its $\mu$, and from two codes drawn around it. During training the decoder never saw $\mu$ itself, only such draws: this makes it robust.

# %%
mu, log_var = autoencoders.encode_posterior(vae, X_test)
draws = [
    np.asarray(autoencoders.reparameterize(mu, log_var, latent.sample_prior(*mu.shape, seed=seed)))
    for seed in (1, 2)
]
rows = {"$D(\\mu)$": mu, "$z \\sim q(z|x)$": draws[0], "another $z$": draws[1]}
pictures.reconstructions(
    X_test, {name: latent.decode(generator, z[:12]) for name, z in rows.items()}, n=12
)

# %% [markdown]
# **Samples.** Draw $z$ from the prior and decode it; $\mu$ and $v$ are not needed, as there is no $x$. For the plain autoencoder $z$ is drawn from the populated box of its codes, as in notebook 02.

# %%
box = latent.populated_box(latent.encode(autoencoder.get_layer("encoder"), X_test))
box_codes = latent.sample_codes(*box, 1000)
reconstructed = vae.predict(X_test, batch_size=500, verbose=0)
samples = {
    "autoencoder, d = 16": latent.decode(autoencoder.get_layer("decoder"), box_codes),
    "VAE, d = 2": vae_2.generate(1000),
    "VAE, d = 16": latent.decode(generator, latent.sample_prior(1000, 16)),
}
top, *below = samples
pictures.reconstructions(samples[top], {name: samples[name] for name in below}, n=12, first=top)

# %% [markdown]
# A classifier of real images judges them: for how many it is sure of some class (probability at least 0.95), how far their features are from those of real images (Fréchet distance), which share of them lies among the real images (precision), and which share of the real images lies among them (recall).

# %%
classifier = evaluation.train_classifier(train_data, epochs=1 if QUICK else 6)


def print_judgement(sets):
    print(f"{'':26}confident  Fréchet  precision  recall")
    for name, images in sets.items():
        sure = evaluation.confident_share(classifier, images)
        found = evaluation.evaluate_samples(classifier, X_test, images)
        print(f"{name:26}{sure:9.2f}{found.frechet:9.1f}{found.precision:11.2f}{found.recall:8.2f}")
    print(
        f"{'real images':26}{evaluation.confident_share(classifier, X_test):9.2f}"
        f"{found.frechet_real:9.1f}{found.precision_real:11.2f}{found.recall_real:8.2f}"
    )


print_judgement({**samples, "VAE, d = 16, reconstructed": reconstructed})

# %% [markdown]
# With $d = 2$ the samples are blurred: two numbers can't say more about an image, and hardly any real image lies among them (recall). With $d = 16$ they are sharper, and closer to real images than the autoencoder's, whose box is mostly empty. But the step is smaller than one might hope, and the **reconstructions** of the same decoder are far better than its samples. So something is still wrong with the $z$ that we draw: see problem 3.
#
# **The bound.** The loss bounds $\log p(x)$ from below, with one code an image. With $k$ codes, weighted by how much each of them explains (importance sampling), the bound can only get closer:

# %%
for k in (1, 10) if QUICK else (1, 10, 100):
    bound = autoencoders.log_likelihood(vae, X_test[:200], k=k)
    print(f"k = {k:3}: log p(x) >= {bound:.1f} nats an image")

# %% [markdown]
# ## Problem 1: the balance of the two terms
#
# How much should the KL divergence count? We train with several $\beta$.

# %%
BETAS = (0.1, 1) if QUICK else (0.1, 1, 4, 16)
by_beta = {beta: vae if beta == 1 else fit(get_vae(16, beta=beta)) for beta in BETAS}
found = [
    model.evaluate(X_test, batch_size=100, verbose=0, return_dict=True)
    for model in by_beta.values()
]
print("beta                       ", *(f"{beta:7g}" for beta in BETAS))
for key in ("reconstruction", "kl"):
    print(f"{key + ', nats':27}", *(f"{logs[key]:7.1f}" for logs in found))
generated = {f"beta = {beta}": model.generate(1000) for beta, model in by_beta.items()}
shares = [evaluation.confident_share(classifier, images) for images in generated.values()]
print("confident share of samples ", *(f"{share:7.2f}" for share in shares))
pictures.curves(
    BETAS,
    {
        "reconstruction": [logs["reconstruction"] for logs in found],
        "KL": [logs["kl"] for logs in found],
    },
    x_label="weight of the KL divergence, beta",
    y_label="nats an image",
)

# %%
pictures.reconstructions(
    X_test,
    {f"beta = {beta}": model.predict(X_test[:12], verbose=0) for beta, model in by_beta.items()},
    n=12,
)

# %%
top, *below = generated
pictures.reconstructions(generated[top], {name: generated[name] for name in below}, n=12, first=top)

# %% [markdown]
# A small $\beta$ buys good reconstructions, and the codes leave the prior: its samples are decoded from places that no image was sent to. A large one pulls all codes together until every image has the same, and the decoder can only draw the average image. Somewhere in between lie the best samples.
#
# ## Problem 2: variable collapse
#
# A dimension that helps the reconstruction less than it costs is given up: for every image $\mu_i = 0$ and $v_i = 1$, its KL divergence is 0, and the decoder ignores it. `KLHistory` keeps the KL divergence of each dimension, epoch by epoch. In the same figure, two remedies:
#
# * **KL annealing**: the weight of the KL divergence grows from 0 to $\beta$, here over half of the training. The code is learnt before it is held to the prior.
# * **free bits**: the first 0.1 nats of each dimension cost nothing.

# %%
steps = EPOCHS * len(X_train) // 100
variants = {
    "as it is": {},
    "KL annealing": {"kl_annealing": steps // 2},
    "free bits": {"free_bits": 0.1},
}
by_variant, kl_histories = {}, {}
for name, options in variants.items():
    kl_history = autoencoders.KLHistory(X_test[:1000])
    by_variant[name] = fit(get_vae(32, **options), [kl_history])
    kl_histories[name] = np.add(kl_history.of_variance, kl_history.of_mean)
pictures.kl_heatmaps(kl_histories)


# %%
def active(model):
    """Count the dimensions that carry more than 0.05 nats."""
    kl = sum(autoencoders.kl_terms(*autoencoders.encode_posterior(model, X_test)))
    return int(np.sum(np.mean(kl, axis=0) > 0.05))


print("d = 32         active  reconstruction     kl    sum")
for name, model in by_variant.items():
    logs = model.evaluate(X_test, batch_size=100, verbose=0, return_dict=True)
    print(
        f"{name:15}{active(model):6}{logs['reconstruction']:16.1f}{logs['kl']:7.1f}{logs['loss']:7.1f}"
    )

# %% [markdown]
# The remedies do what they promise: more dimensions carry something. But look at the sum of the two terms: it hardly changes, for what these dimensions save in the reconstruction they cost in KL divergence. So is the collapse a loss? It "can also have positives, as we are identifying an implicit dimension of the latent space" (NOTES): offer the VAE more and more dimensions, and see how many of them it takes.

# %%
by_size = {2: vae_2, 8: fit(get_vae(8)), 16: vae, 32: by_variant["as it is"]}
SIZES = tuple(by_size)
pictures.curves(
    SIZES,
    {"offered": SIZES, "active": [active(model) for model in by_size.values()]},
    x_label="size of the code d",
    y_label="latent dimensions",
)

# %% [markdown]
# ## Problem 3: the marginal $q(z)$ is not the prior
#
# The KL divergence holds the code of *each image* near the prior. What we sample from should match the codes of *all images together*, $Q(z) = \mathbb E_x \, Q(z|x)$. We draw one code for each training image.

# %%
mu, log_var = autoencoders.encode_posterior(vae, X_train)
z = np.asarray(autoencoders.reparameterize(mu, log_var, latent.sample_prior(*mu.shape, seed=3)))
prior = latent.sample_prior(*z.shape, seed=4)
print("Fréchet distance to codes drawn from N(0, I):")
print(f"  codes of the images {evaluation.frechet_distance(prior, z):.3f}")
other = latent.sample_prior(*z.shape, seed=5)
print(f"  other such draws    {evaluation.frechet_distance(prior, other):.3f}")
pictures.code_histograms(z)

# %% [markdown]
# Seen along each axis the codes are close to $\mathcal N(0, 1)$. In the plane above there were gaps between the classes, though, and sixteen dimensions have room for many more: there the decoder was never trained. To measure what they cost, we fit a better model of $Q(z)$, a mixture of 20 Gaussians, and draw from it. The decoder stays the same, only $z$ changes.

# %%
mixture = GaussianMixture(20, tol=1e-2, random_state=0).fit(z[:3000].astype("float64"))
drawn, _ = mixture.sample(1000)
codes = {
    "images, z ~ q(z|x)": draws[0][:1000],
    "mixture fitted to q(z)": np.random.default_rng(0).permutation(drawn).astype("float32"),
    "prior N(0, I)": prior[:1000],
}
decoded = {name: latent.decode(generator, z) for name, z in codes.items()}
print_judgement(decoded)
top, *below = decoded
pictures.reconstructions(decoded[top], {name: decoded[name] for name in below}, n=12, first=top)

# %% [markdown]
# Most of what separates samples from reconstructions is gone: the decoder was not to blame, the mismatch was.
#
# ## Problem 4: blurriness, or variance loss
#
# The loss asks the decoder for the *mean* of all images that a code may stand for. A mean is smooth, and means vary less than what they are means of: what is lost is the variance around them. We compare the variance of the pixels over the images (summed over the pixels) and the mean length of the edges, $\sum |\nabla x|$.

# %%
variances = {}
print(f"{'d = 16':17}variance   edges")
for name, images in {
    "data": X_test,
    "reconstructions": reconstructed,
    "samples": samples["VAE, d = 16"],
}.items():
    variances[name] = images.var(axis=0).sum()
    print(f"{name:17}{variances[name]:8.1f}{float(total_variation(images)):8.1f}")
lost = variances["data"] - variances["reconstructions"]
error = np.mean(np.sum((X_test - reconstructed) ** 2, axis=(1, 2, 3)))
print(f"variance lost by the reconstructions: {lost:.1f}; their squared error: {error:.1f}")

# %% [markdown]
# The lost variance is about the squared error: what the code does not tell is missing from the image. Could the decoder at least say *where* it is unsure? In AE, sub-net 2 generates "two parameters of a Gaussian distribution": a mean **and a variance** of each pixel. Their reconstruction loss is $-\log \mathcal N(x; m, s)$.

# %%
*sides, channels = input_shape
gaussian = fit(
    autoencoders.VAE(
        get_encoder(input_shape, 2 * 16, kind=KIND),
        get_decoder(16, (*sides, 2 * channels), kind=KIND, output_activation="linear"),
        likelihood="gaussian",
    )
)
mu, _ = autoencoders.encode_posterior(gaussian, X_test)
drawn = latent.decode(gaussian.decoder, mu)
mean, log_var = (ops.convert_to_numpy(x) for x in autoencoders.gaussian_parameters(drawn))
deviation = np.exp(0.5 * log_var)
noise = np.random.default_rng(0).normal(size=mean.shape)
rows = {"mean": mean, "standard deviation": deviation, "drawn": mean + deviation * noise}
for name in ("mean", "drawn"):
    print(f"{name:9}variance {rows[name].var(axis=0).sum():6.1f}")
print(f"data     variance {variances['data']:6.1f}")
pictures.reconstructions(X_test, {name: np.clip(x, 0, 1) for name, x in rows.items()}, n=12)

# %% [markdown]
# The standard deviation is high where the code does not tell whether there is ink: the decoder knows what it does not know. Drawing each pixel from its Gaussian, as ATIV's recipe says, brings the lost variance back, but as noise: each pixel is drawn on its own, while real strokes move as a whole. Sharp images need another judge than a loss pixel by pixel. This is what GANs are about.

# %% [markdown]
# ## Questions
#
# 1. Both terms of the KL divergence are 0 at $\mu = 0$, $v = 1$. What would the reconstructions look like if all codes were there? Which $\beta$ comes close?
# 2. Why does the encoder return $\log v$, and not $v$?
# 3. With $\beta = 0$ and $v \to 0$, which network of notebook 01 is left?
# 4. The bound rises with $k$. Does a higher bound make better samples? Think of what the prior's samples were missing.
# 5. How could you use the number of active dimensions to choose $d$ for a plain autoencoder?
# 6. The Gaussian decoder's standard deviation is not allowed below 0.05. What would happen to the loss at a pixel that is black in all images?
