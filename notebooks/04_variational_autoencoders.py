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
# You will train VAEs and generate images. Then you will look at the four problems that NOTES lists, each with a figure and a number.

# %%
import os

import ankeras
from ankeras import autoencoders, data, evaluation, latent, pictures, pretrained
from ankeras.autoencoders.regularized import total_variation
from ankeras.builders import get_autoencoder, get_decoder, get_encoder
from ankeras.training.autodiff import value_and_gradient

import keras
import numpy as np
from keras import ops
from sklearn.mixture import GaussianMixture

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
print(ankeras.setup(seed=42))

# %% [markdown]
# Choose the data set in the next cell: `"digits"`, `"faces"`, `"mnist"`, `"fashion_mnist"`, `"cifar10"`, or your own images with `data.load(path="folder or file.npz", size=32)`. The images need labels: with them we train a classifier that evaluates the samples.

# %%
train_data, test_data = data.load("digits")
train_data = train_data.take(slice(6000))  # keeps the notebook within four minutes
if QUICK:
    train_data, test_data = train_data.take(slice(1000)), test_data.take(slice(300))
X_train, X_test = train_data.images, test_data.images
input_shape = X_train.shape[1:]
EPOCHS = 1 if QUICK else 10
KIND = "mlp"  # dense networks train fast; "conv" draws better, and takes ten times as long

# %% [markdown]
# ## Sampling, and a gradient that passes through it
#
# The encoder returns $\mu$ and $\log v$ of each image, and the code is drawn from that Gaussian. But backpropagation can't pass through the operation "draw a random number". The **reparameterisation** draws the random number $\epsilon$ first, and computes $z$ from it:
#
# $$ z = \mu + \sqrt v \, \epsilon, \qquad \epsilon \sim \mathcal N(0, I_d). $$
#
# Now $z$ is a differentiable function of $\mu$ and $v$, and $\epsilon$ is one more input. We check this with $\mathbb E[z^2] = \mu^2 + v$: its derivative with respect to $\mu$ should be $2\mu$, and with respect to $\log v$ it should be $v$.

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
# The reconstruction loss is $-\log p(x|z)$. Here the decoder returns for each pixel the probability that it is white, so the loss is the binary cross-entropy, summed over the pixels. With $\beta = 1$, $-\ell$ is a lower bound of $\log p(x)$, the log-likelihood of the image (ATIV). As DLSP does, we draw the two terms of the KL divergence:

# %%
pictures.kl_terms()

# %% [markdown]
# The second term, $\mu_i^2$, pulls $\mu$ to 0: the codes stay around the origin. The first term pulls $v$ to 1: the code of an image becomes a ball instead of a point, and the balls cover the latent space (NOTES). The reconstruction loss asks for the opposite: small balls, far from each other.
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
# Each test image is drawn at its $\mu$. The circles contain 50, 90 and 99 % of the prior's points. Compare this plane with that of the autoencoder in notebook 02: here the codes lie where the prior has its points.

# %%
mu, log_var = autoencoders.encode_posterior(vae_2, X_test)
pictures.latent_plane(mu, test_data.labels, test_data.class_names, prior=True)

# %% [markdown]
# We no longer need to search a box that holds the codes: the grid consists of quantiles of the prior, so each image of the grid represents the same share of the samples.

# %%
pictures.image_grid(latent.quantile_grid(vae_2.generator, n=20))

# %% [markdown]
# ## Sixteen dimensions
#
# For comparison with the VAE we train a plain autoencoder with the same kind of networks and the same reconstruction loss.


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
# Below each image you see its reconstruction from $\mu$, and from two codes drawn from $q(z|x)$. During training the decoder never saw $\mu$, only such random codes. So small changes of the code hardly change the image.

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
# **Samples.** Draw $z$ from the prior and decode it. The encoder is not needed. For the plain autoencoder $z$ is drawn from the populated box of its codes, as in notebook 02.

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
# We evaluate the samples with a classifier that was trained on real images. Four figures:
#
# * **confident**: the share of the samples to which the classifier gives some class with a probability of at least 0.95
# * **Fréchet** distance: how far the classifier's features of the samples are from those of real images
# * **precision**: the share of the samples that lie among the real images
# * **recall**: the share of the real images that lie among the samples

# %%
classifier = evaluation.train_classifier(train_data, epochs=1 if QUICK else 6)


def print_evaluation(sets):
    print(f"{'':26}confident  Fréchet  precision  recall")
    for name, images in sets.items():
        sure = evaluation.confident_share(classifier, images)
        found = evaluation.evaluate_samples(classifier, X_test, images)
        print(f"{name:26}{sure:9.2f}{found.frechet:9.1f}{found.precision:11.2f}{found.recall:8.2f}")
    print(
        f"{'real images':26}{evaluation.confident_share(classifier, X_test):9.2f}"
        f"{found.frechet_real:9.1f}{found.precision_real:11.2f}{found.recall_real:8.2f}"
    )


print_evaluation({**samples, "VAE, d = 16, reconstructed": reconstructed})

# %% [markdown]
# With $d = 2$ the samples are blurred: two numbers can't describe an image in more detail. Hardly any real image lies among them (recall). With $d = 16$ the samples are sharper, and closer to real images than those of the autoencoder, whose box is mostly empty. But the improvement is small, and the **reconstructions** of the same decoder are much better than its samples. So the $z$ that we draw are still not good: see problem 3.
#
# **With more time.** Each of our trainings takes less than a minute, with dense networks. The package brings two VAEs of digits with convolutional networks, which were trained for longer: one with a latent plane, one with 20 dimensions. How much better are their samples?

# %%
for name in ("digits-vae-2", "digits-vae"):
    print(pretrained.card(name), "\n")
longer = {
    f"pretrained, d = {d}": pretrained.load(name).generate(1000)
    for d, name in ((2, "digits-vae-2"), (20, "digits-vae"))
}
if input_shape == (28, 28, 1):
    print_evaluation(longer)
first, *others = longer
pictures.reconstructions(longer[first], {name: longer[name] for name in others}, n=12, first=first)

# %% [markdown]
# **The bound.** $-\ell$, computed with one code per image, is a lower bound of $\log p(x)$. With $k$ codes per image, weighted by importance sampling, the bound gets closer to $\log p(x)$ on average:

# %%
for k in (1, 10) if QUICK else (1, 10, 100):
    bound = autoencoders.log_likelihood(vae, X_test[:200], k=k)
    print(f"k = {k:3}: log p(x) >= {bound:.1f} nats per image")

# %% [markdown]
# ## Problem 1: the balance of the two terms
#
# How large should the weight $\beta$ of the KL divergence be? We train with several values.

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
    y_label="nats per image",
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
# With a small $\beta$ the reconstructions are good, but the codes do not follow the prior: samples are decoded from places where no image has its code. With a large $\beta$ the codes of all images become similar, and in the end equal: the decoder can then only draw the average image. The best samples come from a $\beta$ in between.
#
# ## Problem 2: variable collapse
#
# A latent dimension can reduce the reconstruction loss by less than it adds to the KL divergence. The VAE then stops using this dimension: $\mu_i = 0$ and $v_i = 1$ for every image, its KL divergence is 0, and the decoder ignores it. `KLHistory` stores the KL divergence of each dimension after each epoch. The figure also shows two remedies:
#
# * **KL annealing**: the weight of the KL divergence grows from 0 to $\beta$, here during the first half of the training. So the network learns a code before the KL divergence has its full weight.
# * **free bits**: the first 0.1 nats of each dimension cost nothing.

# %%
steps = EPOCHS * len(X_train) // 100
variants = {
    "no remedy": {},
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
# Both remedies work: more dimensions are active. But look at the sum of the two terms: it hardly changes. These dimensions reduce the reconstruction loss by about as much as they add to the KL divergence. So is the collapse a disadvantage? It "can also have positives, as we are identifying an implicit dimension of the latent space" (NOTES): we give the VAE more and more dimensions, and count how many of them are active.

# %%
by_size = {2: vae_2, 8: fit(get_vae(8)), 16: vae, 32: by_variant["no remedy"]}
SIZES = tuple(by_size)
pictures.curves(
    SIZES,
    {"available": SIZES, "active": [active(model) for model in by_size.values()]},
    x_label="size of the code d",
    y_label="latent dimensions",
)

# %% [markdown]
# ## Problem 3: the marginal $q(z)$ is not the prior
#
# The KL divergence pulls the code of *each image* towards the prior. But for good samples, the prior should match the codes of *all images together*, $Q(z) = \mathbb E_x \, Q(z|x)$. To look at $Q(z)$, we draw one code for each training image.

# %%
mu, log_var = autoencoders.encode_posterior(vae, X_train)
z = np.asarray(autoencoders.reparameterize(mu, log_var, latent.sample_prior(*mu.shape, seed=3)))
prior = latent.sample_prior(*z.shape, seed=4)
print("Fréchet distance to codes drawn from N(0, I):")
print(f"  codes of the images {evaluation.frechet_distance(prior, z):.3f}")
other = latent.sample_prior(*z.shape, seed=5)
print(f"  other such codes    {evaluation.frechet_distance(prior, other):.3f}")
pictures.code_histograms(z)

# %% [markdown]
# Along each axis the codes are close to $\mathcal N(0, 1)$. But in the plane above ($d = 2$) there were gaps between the classes, and in sixteen dimensions there can be many more. In the gaps the decoder was never trained. To measure how much the gaps matter, we fit a better model of $Q(z)$, a mixture of 20 Gaussians, and draw $z$ from it. The decoder stays the same, only $z$ changes.

# %%
mixture = GaussianMixture(20, tol=1e-2, random_state=0).fit(z[:3000].astype("float64"))
drawn, _ = mixture.sample(1000)
codes = {
    "images, z ~ q(z|x)": draws[0][:1000],
    "mixture fitted to q(z)": np.random.default_rng(0).permutation(drawn).astype("float32"),
    "prior N(0, I)": prior[:1000],
}
decoded = {name: latent.decode(generator, z) for name, z in codes.items()}
print_evaluation(decoded)
top, *below = decoded
pictures.reconstructions(decoded[top], {name: decoded[name] for name in below}, n=12, first=top)

# %% [markdown]
# Most of the difference between samples and reconstructions is gone. So its cause was not the decoder, but the mismatch between the prior and $Q(z)$.
#
# ## Problem 4: blurriness, or variance loss
#
# Several images can have the same code. The loss then asks the decoder for the *mean* of these images. Such a mean is smooth, and the variance of the images around their mean is lost. We compare the variance of the pixels over the images (summed over the pixels) and the mean length of the edges, $\sum |\nabla x|$.

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
# The lost variance is about as large as the squared error: details that are not in the code are missing from the image. Could the decoder at least tell us *where* it is unsure? In AE, sub-net 2 generates "two parameters of a Gaussian distribution": a mean **and a variance** of each pixel. The reconstruction loss is then $-\log \mathcal N(x; m, s)$.

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
# The standard deviation is high where the code does not tell whether there is ink: the decoder shows where it is unsure. We can draw each pixel from its Gaussian, as ATIV says. The lost variance then comes back, but as noise: each pixel is drawn independently, while the pixels of a real stroke change together. For sharp images we need another loss than one that compares pixel by pixel. GANs have such a loss.

# %% [markdown]
# ## Questions
#
# 1. Both terms of the KL divergence are 0 at $\mu = 0$, $v = 1$. What would the reconstructions look like if every image had this code? Which of the values of $\beta$ above is closest to this case?
# 2. Why does the encoder return $\log v$, and not $v$?
# 3. Suppose $\beta = 0$ and $v \to 0$. Which network of notebook 01 does the VAE then equal?
# 4. The bound rises with $k$. Do the samples of this VAE get better with $k$? Why, or why not?
# 5. How could you use the number of active dimensions of a VAE to choose $d$ for a plain autoencoder?
# 6. The standard deviation of the Gaussian decoder has a lower limit, 0.05. Without this limit, what would happen to the loss at a pixel that is black in all images?
