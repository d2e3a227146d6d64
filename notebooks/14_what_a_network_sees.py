# %% [markdown]
# # 14. What a network sees
#
# When we train a network, the images are given and the weights change. Here the **weights are fixed and the image changes**: we follow the gradient with respect to the input. In this way we can ask a network what it reacts to, what it remembers of an image, and how it can be fooled (NOTES, lessons 10 and 11).
#
# The network of this notebook is EfficientNet-Lite0. It has learnt the 1,000 classes of ImageNet, and comes with a package of 17 MB. Online, `imagenet_classifier("vgg19")` and others can be used in its place.

# %%
import os
import tempfile
from pathlib import Path

import ankeras
from ankeras import data, evaluation, pictures
from ankeras.autoencoders import VAE
from ankeras.builders import get_classifier, get_decoder, get_encoder
from ankeras.builders.imagenet import class_index, imagenet_classifier, top_classes
from ankeras.input_gradients import (
    MAPS,
    AdversarialTraining,
    attack,
    change_class,
    deepdream,
    deletion_area,
    deletion_curve,
    evolve,
    fooled_share,
    high_frequency_share,
    invert_representation,
    layer_names,
    maximize_activation,
    random_noise,
    random_order,
    saliency_map,
    stored,
    zoom,
)
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from IPython.display import Image

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: small and few steps, to test the notebook
print(ankeras.setup(seed=42))
size, steps = (64, 3) if QUICK else (128, 96)
network = imagenet_classifier()

# %% [markdown]
# The photographs come with scikit-image and scikit-learn. Your own photograph is one line: `data.photo("my_cat.jpg", 224)`.

# %%
names = ("chelsea", "coffee", "motorcycle", "china")
x = data.photos(names, 224)
p = network.predict(x, verbose=0)
titles = ["\n".join(f"{name} {value:.2f}" for name, value in top_classes(row)) for row in p]
pictures.gallery(list(x), titles)

# %% [markdown]
# ## The image that a unit likes best
#
# We start from faint noise and ascend the gradient of an activation, $x \leftarrow x + \eta \, \partial a_i(x) / \partial x$. One image per channel: the first rows show a layer near the image, the last rows show a deep layer. The deeper the layer, the larger and the more complex the pattern.

# %%
print(", ".join(layer_names(network)[:8]), "...")
seen, titles = [], []
for block in ("block_02", "block_06", "block_11"):
    # the output of the convolution: behind the ReLU a unit may be 0 at the start, without a slope
    layer = f"{block}_expand_conv"
    seen += list(maximize_activation(network, layer, range(4), size=size, steps=steps).x)
    titles += [f"{block}, channel {i}" for i in range(4)]
pictures.gallery(seen, titles)

# %% [markdown]
# The image is written as a sum of waves here, in which short waves get little weight. If the pixels themselves are the free numbers, the result activates the unit too, but it is noise to a person: a network with strides has a gradient full of short waves. "The generated images take advantage by strong regularizers" (NOTES). The titles show the share of energy above half of the highest frequency.

# %%
classes = [class_index(name) for name in ("tabby", "espresso", "daisy", "jellyfish")]
seen, titles = [], []
for image in ("fourier", "pixels"):
    found = maximize_activation(network, "scores", classes, image=image, size=size, steps=steps)
    seen += list(found.x)
    titles += [f"{image}: {share:.0%}" for share in high_frequency_share(found.x)]
pictures.gallery(seen, titles)

# %% [markdown]
# ## What a layer remembers
#
# Representation inversion starts from noise and looks for an image with the same representation as a given one, $\arg\min_x \, l(\Theta(x), \Theta_0) + \lambda R(x)$. $\Theta(x)$ is the output of the layer, $\Theta_0$ that for the photograph, $l$ a distance, $R$ the total variation, and $\lambda$ its weight. "The deeper we go, the more information we lose."

# %%
photograph = data.photo("chelsea", size)
seen, titles = [photograph], ["photograph"]
for layer in ("stem", "block_03", "block_06", "block_11", "block_16", "head"):
    found = invert_representation(network, layer, photograph[None], steps=2 * steps).x
    seen.append(found[0])
    titles.append(f"{layer}: {evaluation.psnr(photograph[None], found):.1f} dB")
pictures.gallery(seen, titles)

# %% [markdown]
# ## Inceptionism
#
# "We could also fix a layer and enhance whatever it detected." A low layer draws strokes, a deep one parts of objects.

# %%
landscape = data.photo("china", 128 if QUICK else 256)
dream_steps = 2 if QUICK else 24
dreamt = [
    deepdream(network, landscape, layer, steps=dream_steps)
    for layer in ("block_02_expand", "block_06_expand", "block_11_expand")
]
pictures.gallery(
    [landscape, *dreamt], ["photograph", "block 2", "block 6", "block 11"], columns=2, cell=4
)

# %% [markdown]
# If the centre of the dream is enlarged and dreamt again, many times, the frames become a film that flies into the picture.

# %%
folder = Path(tempfile.mkdtemp())
frames = zoom(network, data.photo("china", 128), "block_06_expand", 3 if QUICK else 16)
pictures.save_gif(frames, folder / "zoom.gif", seconds=0.15, scale=2)
Image(str(folder / "zoom.gif"))

# %% [markdown]
# ## What mattered?
#
# Four maps of the pixels that made the network answer as it does. A map always looks like an answer. The **deletion test** asks whether it is one: the image is blurred cell by cell, starting with the cells that the map marks as most important. The titles show the area under the curve of the probability of the class. A smaller area means a better map.

# %%
seen, titles = [], []
for image in x[:3]:
    seen.append(image)
    random = deletion_area(deletion_curve(network, image, random_order(image.shape[:2])))
    titles.append(f"random order: {random:.2f}")
    for kind in MAPS:
        found = saliency_map(network, image[None], kind)[0]
        seen.append(found)
        titles.append(f"{kind}: {deletion_area(deletion_curve(network, image, found)):.2f}")
pictures.gallery(seen, titles, columns=5)

# %% [markdown]
# ## Adversarial examples
#
# "A tiny, imperceptible to humans, yet consistent perturbation" of all pixels fools the classifier. One step is $x' = x + \epsilon \, \mathrm{sign}(\partial H / \partial x)$, where $H$ is the cross-entropy of the class that the network reads. The code takes ten such steps, and keeps every pixel within $\epsilon$ of $x$. Here $\epsilon = 1/255$, the smallest difference that an image file can store. Random noise of the same size changes the answer only where the network was not sure of it.

# %%
x = stored(x)
fooling = stored(attack(network, x, epsilon=1 / 255, steps=10))
rows = [*x, *fooling, *(0.5 + 127 * (fooling - x)).clip(0, 1)]
titles = [
    f"{name} {value:.2f}"
    for images in (x, fooling)
    for row in network.predict(images, verbose=0)
    for name, value in top_classes(row, 1)
]
print(f"noise of 1/255 fools {fooled_share(network, x, stored(random_noise(x, 1 / 255))):.0%}")
pictures.gallery(rows, titles + ["the change, times 127"] * 4)

# %% [markdown]
# ## The defence
#
# One classifier of digits is trained on adversarial examples made against itself (adversarial training). A second one is trained in the usual way.

# %%
train, test = data.load("digits")
n, epochs = (256, 1) if QUICK else (10_000, 4)
digits, labels = test.images[: 64 if QUICK else 1000], test.labels[: 64 if QUICK else 1000]


def small() -> keras.Model:
    return get_classifier(get_encoder((28, 28, 1), 32, widths=(16, 32)), 10)


plain = small()
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
plain.compile(cosine_adam(epochs * n // 64, 3e-3), loss)
plain.fit(train.images[:n], train.labels[:n], batch_size=64, epochs=epochs, verbose=0)
defended = AdversarialTraining(small(), epsilon=0.2, steps=3)
defended.compile(cosine_adam(epochs * n // 64, 3e-3))
defended.fit(train.images[:n], train.labels[:n], batch_size=64, epochs=epochs, verbose=0)
for name, classifier in (("plain", plain), ("defended", defended.classifier)):
    right = np.mean(classifier.predict(digits, verbose=0).argmax(axis=1) == labels)
    attacked = attack(classifier, digits, labels, epsilon=0.2, steps=20)
    still = np.mean(classifier.predict(attacked, verbose=0).argmax(axis=1) == labels)
    print(f"{name}: {right:.1%} of the digits are read right, {still:.1%} under attack")

# %% [markdown]
# ## The data manifold
#
# Why is it so easy? "The objects we're interested in occupy a low-dimensional portion in the feature space." An attack leaves this portion. In the latent space of a VAE we stay near it. There, the image must change about three times as much before its class changes, and the strokes themselves move towards the other digit. Both rows show the first image that the classifier reads as the new class. So some images along the manifold are between two digits.

# %%
vae = VAE(get_encoder((28, 28, 1), 32), get_decoder(16, (28, 28, 1)))
vae.compile(cosine_adam(epochs * n // 100, 3e-3))
vae.fit(train.images[:n], batch_size=100, epochs=epochs, verbose=0)
z = ankeras.latent.encode(vae.mean_encoder, test.images[:10])
reader = evaluation.digit_classifier()
now = reader.predict(vae.generator.predict(z, verbose=0), verbose=0).argmax(axis=1)
found = change_class(reader, vae.generator, z, (now + 1) % 10, steps=3 if QUICK else 150)
along, off = found.lengths.T
print("length along the manifold:", np.round(along, 1))
print("length off the manifold:  ", np.round(off, 1))
pictures.reconstructions(
    found.start, {"along the manifold": found.along, "off the manifold": found.off}, first="start"
)

# %% [markdown]
# ## Fooled by evolution
#
# No gradient is needed. A population of images is changed at random, and the best are kept. If the pixels evolve, the results are noise. If we let the weights of a small network that paints a picture evolve, the results are regular, but still not digits. The titles show the class and its probability.

# %%
seen, titles = [], []
for encoding in ("pixels", "cppn"):
    options = {"generations": 3, "population": 8} if QUICK else {"enough": 0.99}
    fooled = evolve(reader, np.arange(10), encoding=encoding, **options)
    seen += list(fooled.images)
    titles += [f"{digit}: {c:.2f}" for digit, c in enumerate(fooled.confidence)]
pictures.gallery(seen, titles, columns=10, cell=1)

# %% [markdown]
# ## Questions
#
# 1. Two inversions of the same deep layer start from different noise. Which parts are the same in both pictures, and which differ? Try it: give the photograph twice, as `np.stack([photograph, photograph])`.
# 2. Why does the attack need the sign of the gradient, and not the gradient?
# 3. Does an example that fools the plain classifier fool the defended one? Measure it with `fooled_share`.
# 4. Grad-CAM looks at a deep layer, which has few positions. What can it not show?
