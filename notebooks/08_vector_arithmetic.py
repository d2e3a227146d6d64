# %% [markdown]
# # 8. Vector arithmetic and attribute editing
#
# "Take randomly generated samples of smiling women, neutral women, and neutral men. Average the corresponding noise seeds. Perform some arithmetic:" (AN2DL, after Radford et al. 2016)
#
# $$\bar z_1 - \bar z_2 + \bar z_3 = \bar z_4$$
#
# Here a face reader, a network that reads the attributes of faces, tells us whether $\mathcal G(\bar z_4)$ has the attributes that it should have. So we can count successes over many trials, and need not rely on a single picture.

# %%
import os

import ankeras
from ankeras import data, evaluation, explore, latent, pictures, pretrained
from ankeras.autoencoders import VAE, encode_posterior
from ankeras.builders import get_encoder, get_generator
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from IPython.display import display

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
reader = evaluation.face_reader(64)
print(ankeras.setup(seed=42))

# %% [markdown]
# We explore the DCGAN and the VAE that come with the package. Both were trained on drawn faces of 64 pixels. The cards say for how long, and how good they are. At the end of this notebook you train a VAE yourself. To explore it and the DCGAN of notebook 6, set `OWN = True`.

# %%
OWN = False
gan = pretrained.load("faces-dcgan")
if OWN:
    gan = keras.models.load_model("models/dcgan-faces.keras")
generator, d = gan.generator, gan.latent_dim
faces = data.faces(1000 if QUICK else 20_000, seed=0, size=64)
X_train = faces.images
print(pretrained.card("faces-dcgan"))

# %% [markdown]
# A GAN has no encoder. So we draw random codes, and the face reader reads the attributes of their images.

# %%
z = latent.sample_prior(1000 if QUICK else 5000, d, seed=1)
drawn = latent.decode(generator, z)
has = evaluation.read_attributes(reader, drawn)
woman, smile, glasses = (has[name] == 1 for name in ("woman", "smile", "glasses"))

# %% [markdown]
# ## Smiling woman − woman + man

# %%
rng = np.random.default_rng(0)


def examples(rows, k):
    """Return k random codes for which `rows` is true, and their images."""
    chosen = rng.choice(np.flatnonzero(rows), k, replace=False)
    return z[chosen], drawn[chosen]


def show(concepts, k=3, generator=generator):
    """Return a figure of one arithmetic problem, as in Radford et al., figure 7."""
    codes, images = zip(*(examples(rows, k) for rows in concepts.values()))
    result = latent.arithmetic(*codes)
    return pictures.arithmetic(
        dict(zip(concepts, images)),
        latent.decode(generator, np.stack([latent.concept(c) for c in codes])),
        latent.decode(generator, latent.neighbours(result)),
        latent.pixel_arithmetic(*images),
    )


plain = ~glasses & (has["hat"] == 0) & (has["beard"] == 0)
show(
    {
        "smiling woman": woman & smile & plain,
        "woman": woman & ~smile & plain,
        "man": ~woman & ~smile & plain,
    }
)

# %% [markdown]
# The result is in the middle of the 3×3 grid. Around it are results with a little noise added to the code: "that's pretty robust". To the right you see the same arithmetic on **pixels**: it averages images whose parts are not at the same places (ATIV).
#
# ## Man with glasses − man + woman

# %%
others = (has["hat"] == 0) & (has["beard"] == 0)
concepts = {
    "man with glasses": ~woman & glasses & others,
    "man": ~woman & ~glasses & others,
    "woman": woman & ~glasses & others,
}
show(concepts)

# %% [markdown]
# Choose the examples of the three concepts yourself, by clicking on them:

# %%
explore.arithmetic(generator, z, reader=reader)

# %% [markdown]
# Does it always work, or was this figure good by chance? We repeat it 200 times, each time with other examples, and count how often the face reader sees a woman with glasses:

# %%
trials = 20 if QUICK else 200
print(f"share of women with glasses among random samples: {np.mean(woman & glasses):.2f}")
print(f"{'examples':10}{'by codes':>10}{'by pixels':>10}")
for k in (1, 3, 10, 20):
    by_codes, by_pixels = [], []
    for _ in range(trials):
        codes, images = zip(*(examples(rows, k) for rows in concepts.values()))
        by_codes.append(latent.arithmetic(*codes))
        by_pixels.append(latent.pixel_arithmetic(*images))
    shares = []
    for results in (latent.decode(generator, np.stack(by_codes)), np.stack(by_pixels)):
        read = evaluation.read_attributes(reader, results)
        shares.append(np.mean((read["woman"] == 1) & (read["glasses"] == 1)))
    print(f"{k:<10}{shares[0]:10.2f}{shares[1]:10.2f}")

# %% [markdown]
# ## Editing a given face
#
# To edit a given face we need its code, so we need an encoder. A VAE has one. We train a VAE for about two minutes, and compare it with the pretrained one. (With beta = 0.1 the reconstructions are sharper.) The pretrained one had the same faces, more time, and one more term in its loss: the image and its reconstruction should have the same features in the face reader (`DFCVAE`). So it does not blur what is small and matters, such as a smile. The reader below is the one of that training; `bench/generative_faces.py` measures with a second reader too.

# %%
widths = (16, 32, 64, 128)
own_vae = VAE(
    get_encoder(X_train.shape[1:], 2 * d, widths=widths),
    get_generator(d, X_train.shape[1:], widths=widths),
    beta=0.1,
)
epochs = 1 if QUICK else 12
own_vae.compile(cosine_adam(epochs * len(X_train) // 100, 3e-3))
own_vae.fit(X_train, batch_size=100, epochs=epochs)
vae = own_vae if OWN else pretrained.load("faces-vae")
test = data.faces(600 if QUICK else 5000, seed=1, size=64)
z_test, _ = encode_posterior(vae, test.images)
pictures.reconstructions(
    test.images,
    {
        "yours": own_vae.predict(test.images[:12], verbose=0),
        "explored": latent.decode(vae.generator, z_test[:12]),
    },
    n=12,
)

# %% [markdown]
# "Draw a frontier inside the latent space, which is an **hyperplane**. The perpendicular to the hyperplane tells us the direction in which to move" (NOTES). How well does a hyperplane separate the codes with an attribute from those without?

# %%
NAMES = ("woman", "smile", "glasses", "beard", "hat")
truth = {name: test.factors[name] for name in NAMES}
planes = {name: latent.hyperplane(z_test, truth[name]) for name in NAMES}
for name, plane in planes.items():
    print(
        f"{name:10}{np.mean((plane.distance(z_test) > 0) == truth[name]):.3f} of the codes on the correct side"
    )

# %% [markdown]
# Now we move codes along such a direction: the mean of the codes with the attribute minus the mean of those without. To the left the attribute becomes weaker, to the right stronger. At 0 is the reconstruction without any change.

# %%
strengths = (-1.5, -1, -0.5, 0, 0.5, 1, 1.5)
for name in ("glasses", "smile", "woman"):
    direction = latent.mean_direction(z_test, truth[name])
    moved = latent.move(z_test[:4], direction, strengths)
    display(pictures.edit_sweep(latent.decode(vae.generator, moved), strengths, title=name))

# %% [markdown]
# With the sliders you edit one face yourself. The face reader says what it sees. The check box lets each attribute move orthogonally to the others, as the next section explains.

# %%
explore.attribute_sliders(vae.generator, z_test, truth, encoder=vae.mean_encoder, reader=reader)

# %% [markdown]
# The same works for a continuous factor: AN2DL's "Interpolation of view changes". Here the direction is the mean code of faces that look to the right, minus the mean code of faces that look to the left:

# %%
direction = latent.mean_direction(z_test, test.factors["turn"] > 0)
moved = latent.move(z_test[:4], direction, strengths)
pictures.edit_sweep(latent.decode(vae.generator, moved), strengths, title="turn")

# %% [markdown]
# ## Entanglement
#
# "Editing one attribute may affect another. To achieve more precise control we could use **projections to force the different directions of variation to be orthogonal** to each other" (NOTES). Each row of the tables stands for an edit that should flip one attribute. The columns show in which share of the images each attribute flipped.

# %%
some = z_test[: 200 if QUICK else 1000]
before = evaluation.read_attributes(reader, latent.decode(vae.generator, some))
for title in ("not changed", "orthogonal to the others"):
    print(f"\ndirection {title}\n{'edited':10}" + "".join(f"{name:>9}" for name in NAMES))
    for name, plane in planes.items():
        along = latent.mean_direction(z_test, truth[name])
        if title != "not changed":
            along = latent.orthogonalize(along, [planes[o].normal for o in NAMES if o != name])
        distance = 2 * np.abs(plane.distance(z_test)).mean()
        wanted = np.where(before[name] == 1, -distance, distance)
        moved = latent.move_to(some, plane, wanted, along)
        after = evaluation.read_attributes(reader, latent.decode(vae.generator, moved))
        print(f"{name:10}" + "".join(f"{np.mean(after[o] != before[o]):9.2f}" for o in NAMES))

# %% [markdown]
# ## Questions
#
# 1. With one example per concept, arithmetic often fails. With many examples it works. What happens to the other attributes of the face as the number of examples grows?
# 2. For which kinds of faces is pixel arithmetic almost as good? Draw faces with `x=0, y=0, roll=0, turn=0` and try it.
# 3. Which two attributes are most entangled in the first table: an edit of one often flips the other? Are these two attributes correlated in the data, or is there another reason?
# 4. Why is the normal of the hyperplane not always the best direction to move in?
