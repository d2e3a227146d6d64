# %% [markdown]
# # 19. Text and images
#
# "Learn a CLIP (text+image) embedding for a caption. Generate an image from the image embedding" (ATIV, "Principle"). That is DALL-E 2, and this notebook shows all of its parts on small portraits: **CLIP**, which brings images and captions into one space, a **prior**, which draws the embedding of an image from a caption, and a **decoder**, which draws an image from an embedding. Beside it stands the direct way: diffusion on the words of the caption.
#
# You can type your own sentence. A face reader, a network that reads the attributes of faces, then tells whether the pictures have what the sentence says.

# %%
import inspect
import os
import time

import ankeras
from ankeras import data, evaluation, explore, pictures, pretrained
from ankeras.data.captions import (
    FACTS,
    are_true_of,
    caption_tokenizer,
    draw_captions,
    prompts,
    stated_by,
    stated_facts,
    tags,
)
from ankeras.data.held_out import COMBINATIONS, faces_to_train_on, held_out_factors
from ankeras.evaluation import read_attributes
from ankeras.evaluation.captions import stated_found
from ankeras.language import CLIP, Prior, TextToImageGAN, get_prior_network
from ankeras.training.callbacks import WeightAverage
from ankeras.training.schedules import cosine_adam

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
STEPS = 2 if QUICK else 20  # of sampling
print(ankeras.setup(seed=42))

# %%
n = 200 if QUICK else 4000
train_data = faces_to_train_on(n, seed=0, size=32)
test_data = data.faces(100 if QUICK else 1000, seed=1, size=32)
X_train, X_test = train_data.images, test_data.images
reader = evaluation.face_reader(32)

# %% [markdown]
# ## Captions
#
# A small grammar describes each portrait. A caption says a part of what is known about the portrait, in one of three forms. Two other forms are kept for tests. Words become integers, one per word, with padding up to a fixed length.

# %%
tokenizer = caption_tokenizer()
captions = draw_captions(test_data.factors, seed=0)
for text in captions.texts[:6]:
    print(text)
print("\nanother form:", draw_captions(test_data.factors, seed=0, unseen=True).texts[1])
print("\nas integers: ", tokenizer.encode(captions.texts[4:5])[0])
pictures.image_grid(X_test[:6], title="the portraits of these captions")

# %% [markdown]
# Some combinations of attributes are in no training at all. They show later whether the models have learnt the words or only whole sentences.

# %%
for combination in COMBINATIONS:
    print(dict(combination))

# %% [markdown]
# ## CLIP
#
# CLIP "learns which caption goes with which image" (ATIV). An image encoder and a text encoder return unit vectors of the same size. In each minibatch, the similarity of every image with every caption is computed, and the right pairs should have the highest values in their row and in their column:

# %%
print(inspect.getsource(CLIP.train_step))

# %%
clip = pretrained.load("faces-clip")
print(pretrained.card("faces-clip").title)
full = draw_captions(test_data.factors[:10], seed=3, n_facts=(5, 8))
z_i, z_t = clip.embed_images(X_test[:10]), clip.embed_texts(tokenizer.encode(full.texts))
figure, axes = plt.subplots(figsize=(5, 4), layout="constrained")
shown = axes.imshow(z_i @ z_t.T, cmap="RdBu", vmin=-1, vmax=1)
axes.set(xlabel="caption", ylabel="image", title="similarity $z_i^T z_t$")
figure.colorbar(shown)
plt.close(figure)
for i, text in enumerate(full.texts):
    print(i, text)
figure

# %% [markdown]
# **Zero-shot classification.** To tell whether a person wears glasses, compare the image with "a person with glasses" and with "a person without glasses". No classifier was trained for it. The last column is the face reader, which was trained with the labels.

# %%
truth = evaluation.true_attributes(test_data.factors)
read = read_attributes(reader, X_test)
print(f"{'':12}{'CLIP':>8}{'chance':>9}{'reader':>9}")
for name in evaluation.ATTRIBUTES:
    described = [tokenizer.encode(texts) for texts in prompts(name).values()]
    found = clip.classify(X_test, described)
    print(
        f"{name:12}{np.mean(found == truth[name]):8.3f}{1 / len(FACTS[name]):9.3f}"
        f"{np.mean(read[name] == truth[name]):9.3f}"
    )

# %% [markdown]
# ## From text to image directly, P(x | y)
#
# A diffusion model (notebook 17) whose U-Net also reads the caption. A text encoder returns a vector for each word. At the coarsest resolution, each place of the image asks these vectors by **cross-attention** (notebook 18). A part of the captions is left out in the training, so that **guidance** is possible.
#
# The model below was trained for 43 minutes on one core. Nearly everything that a sentence says is in its pictures, even a smile of a few pixels.
#
# Write your own sentence. For an unknown word, an error names the nearest known words.

# %%
direct = pretrained.load("faces-text-to-image")
sentence = "a smiling woman with glasses and red hair, in a navy shirt"
images = direct.generate_for(
    np.repeat(tokenizer.encode([sentence]), 8, axis=0), seed=1, steps=STEPS, guidance=3.0
)
pictures.image_grid(images, title=sentence, columns=8)


# %% [markdown]
# What does the face reader find? `stated_facts` says what the sentence states.


# %%
def verdict(sentence, images):
    read = read_attributes(reader, images)
    for name, value in stated_facts(sentence).items():
        if name in evaluation.ATTRIBUTES:
            share = np.mean(read[name] == value)
            print(f"{name:12}{FACTS[name][value]:>10}{share:8.0%} of the pictures")


verdict(sentence, images)

# %% [markdown]
# The text box does the same: type a sentence and press Enter. Below each picture stands which of the stated attributes the face reader finds. "Draw again" takes other noise.

# %%
explore.text_box(direct, sentence, reader=reader, steps=STEPS, guidance=3.0)

# %% [markdown]
# Some more sentences. The last one has a combination that no training saw: a woman with a beard and a hat.

# %%
sentences = (
    "a man with a beard, without a hat, in front of a teal wall",
    "the portrait of a woman who has dark skin, smiles",
    "man, buzz hair, glasses, no beard, white shirt",
    "a woman with a beard and a hat",
)
tokens = np.repeat(tokenizer.encode(sentences), 10, axis=0)
images = direct.generate_for(tokens, seed=1, steps=STEPS, guidance=3.0)
for i, text in enumerate(sentences):
    print(i + 1, text)
pictures.image_grid(images.reshape(len(sentences), 10, *X_test.shape[1:]))

# %% [markdown]
# How many of the attributes that captions state are found in the pictures? And how much do the pictures differ? **Recall** is the share of real portraits that lie among the pictures. With a larger weight $w$ the pictures agree more with the caption. In large models they then also differ less from each other. This small model gains in both up to $w = 2$.

# %%
m = 20 if QUICK else 250
captions = draw_captions(test_data.factors[:m], seed=5)
tokens = tokenizer.encode(captions.texts)
print(f"{'weight':>8}{'agreement':>11}{'recall':>8}")
for weight in (0.0, 1.0, 2.0, 4.0):
    images = direct.generate_for(tokens, seed=2, steps=STEPS, guidance=weight)
    found = stated_found(reader, images, captions.stated)
    quality = evaluation.evaluate_samples(reader, X_test[: 2 * m], images)
    print(f"{weight:8.1f}{found.share:11.3f}{quality.recall:8.2f}")
real = stated_found(reader, X_test[:m], captions.stated)
print(f"{'real':>8}{real.share:11.3f}{quality.recall_real:8.2f}")
print(f"pictures exchanged at random: {found.chance:.3f}")

# %% [markdown]
# ## The same with a GAN
#
# GANs drew from captions before diffusion did (Reed et al. 2016; AN2DL, "The GAN ZOO"). The generator reads noise and $h$, the vector that CLIP's text encoder has for the caption. The discriminator reads an image and $h$. It learns from three kinds of pairs: a real image with its caption, a real image with the caption of another image, and a drawn image with the caption it was drawn for. Only the first kind is real. Without the second kind, the generator could draw any good portrait and forget the caption.

# %%
print(inspect.getsource(TextToImageGAN.train_step))

# %%
text_gan = pretrained.load("faces-text-gan")
tokens = np.repeat(tokenizer.encode(sentences), 10, axis=0)
images = text_gan.generate_for(tokens, seed=1)
for i, text in enumerate(sentences):
    print(i + 1, text)
pictures.image_grid(images.reshape(len(sentences), 10, *X_test.shape[1:]))

# %% [markdown]
# The GAN draws a picture in one step, the diffusion model in twenty. It was trained for 24 minutes on one core, the diffusion model for 43. Its pictures agree less often with the caption, they differ less from each other, and they are speckled.

# %%
tokens = tokenizer.encode(captions.texts)
for name, draw in (
    ("GAN", lambda: text_gan.generate_for(tokens, seed=2)),
    ("diffusion", lambda: direct.generate_for(tokens, seed=2, steps=STEPS, guidance=2.0)),
):
    draw()  # the first call also compiles
    start = time.perf_counter()
    images = draw()
    seconds = time.perf_counter() - start
    found = stated_found(reader, images, captions.stated)
    quality = evaluation.evaluate_samples(reader, X_test[: 2 * m], images)
    print(
        f"{name:10} agreement {found.share:.3f}, recall {quality.recall:.2f}, "
        f"{1000 * seconds / m:.0f} ms per picture"
    )

# %% [markdown]
# ## The other way: tags for an image
#
# Mirza & Osindero used a conditional GAN to find tags for photographs (ATIV, "Results of conditional GAN"). An image has several tags, so one answer is not enough. The generator reads the image's features and noise, and draws the **vector** of a tag. Other noise gives another tag. The nearest vector of a vocabulary says which tag it is.
#
# The tags that are drawn most often, of 100 per portrait. A cross marks those that are not true.

# %%
tagger = pretrained.load("faces-tags")
texts = tags()
counts = tagger.count_tags(X_test[:4], tokenizer.encode(texts), n=100)
true = are_true_of(stated_by(texts), test_data.factors[:4]).T
for i, row in enumerate(counts):
    often = np.argsort(-row)[:8]
    print(i + 1, ", ".join(f"{texts[j]} {row[j]}{'' if true[i, j] else ' ✗'}" for j in often))
pictures.image_grid(X_test[:4], columns=4)

# %% [markdown]
# ## unCLIP: the prior, P(z_i | y)
#
# DALL-E 2 draws in two steps. First the **prior** draws the CLIP embedding $z_i$ that an image of this caption could have. It is a diffusion model too, but of vectors. It trains within a minute, and its text encoder begins with the weights of CLIP's.

# %%
z_train = clip.embed_images(X_train)
k = 1 if QUICK else 4
y_train = np.stack(
    [tokenizer.encode(draw_captions(train_data.factors, seed).texts) for seed in range(k)], axis=1
)
text_encoder = pretrained.load("faces-clip").text_encoder  # a copy: it is trained further
prior = Prior(get_prior_network(z_train.shape[1], text_encoder))
epochs = 1 if QUICK else 12
prior.compile(cosine_adam(epochs * len(z_train) // 64, 1e-3, warmup=0.02, clip=1.0))
history = prior.fit(
    z_train,
    y_train,
    batch_size=64,
    epochs=epochs,
    callbacks=[WeightAverage(0.995, network="network")],
    verbose=0,
)
pictures.history(history.history)

# %% [markdown]
# The caption has its own CLIP embedding $z_t$. Could we use it instead? It says what the caption says, but no image has it: CLIP keeps captions and images in separate parts of the sphere. The cosines with the embedding of the true image:

# %%
full = draw_captions(test_data.factors[:m], seed=7, n_facts=(len(FACTS), len(FACTS)))
tokens, z_true = tokenizer.encode(full.texts), clip.embed_images(X_test[:m])
z_drawn = prior.generate_for(tokens, seed=1, steps=STEPS, guidance=1.0)
z_text = clip.embed_texts(tokens)
print(f"drawn by the prior        {np.mean(np.sum(z_drawn * z_true, axis=1)):6.3f}")
print(f"no prior: the caption's   {np.mean(np.sum(z_text * z_true, axis=1)):6.3f}")
print(
    f"of an unrelated caption   {np.mean(np.sum(np.roll(z_drawn, 1, axis=0) * z_true, axis=1)):6.3f}"
)

# %% [markdown]
# ## unCLIP: the decoder, P(x | z_i, y)
#
# The decoder is the same diffusion model as above, which is also told $z_i$. In half of its training the captions are left out, so it also draws from an embedding alone. The model below was trained for 43 minutes on one core.
#
# Are the attributes of the caption in the pictures? That depends on the embedding that the decoder is given:

# %%
decoder = pretrained.load("faces-unclip")
m = 20 if QUICK else 100
for name, z in {
    "the true image": z_true[:m],
    "the prior": z_drawn[:m],
    "the caption (no prior)": z_text[:m],
    "an exchanged image": np.roll(z_true[:m], 1, axis=0),
}.items():
    drawn = decoder.decode(z, seed=1, steps=STEPS)
    share = stated_found(reader, drawn, full.stated[:m]).share
    print(f"attributes found, embedding of {name:25}{share:7.3f}")

# %% [markdown]
# From the sentence to the picture: the prior draws eight embeddings, the decoder draws a picture of each, and an **upsampler** doubles its sides. The upsampler is a diffusion model too. It reads the small picture beside the noisy large one. DALL-E 2 has two upsamplers, from 64 to 256 and from there to 1024 pixels.

# %%
upsampler = pretrained.load("faces-upsampler")
tokens = np.repeat(tokenizer.encode([sentence]), 8, axis=0)
z = prior.generate_for(tokens, seed=1, steps=STEPS, guidance=2.0)
small = decoder.decode(z, tokens, seed=1, steps=STEPS)
large = upsampler.upsample(small, seed=1, steps=STEPS)
verdict(sentence, small)
pictures.image_grid(large, title=sentence, columns=8)

# %% [markdown]
# **Decoding an input image.** An image is embedded, and the embedding is decoded with other noise. What is the same in all variations is what CLIP has kept of the image. What differs is what no caption ever spoke about.

# %%
shown = X_test[[1, 4, 7, 11]]
varied = decoder.vary(shown, 8, seed=1, steps=STEPS)
pictures.image_grid(
    np.concatenate([shown[:, None], varied], axis=1), title="left: the image, then its variations"
)

# %% [markdown]
# **Interpolation.** From the embedding of one image to that of another along an arc, with the same noise.

# %%
rows = [
    decoder.interpolate(X_test[i], X_test[j], 9, seed=2, steps=STEPS)
    for i, j in ((1, 4), (7, 11), (12, 13))
]
pictures.image_grid(np.stack(rows), title="from portrait to portrait")


# %% [markdown]
# **Text differences.** The difference of the embeddings of two texts is a direction. The embedding of an image is turned towards it, and decoded with the noise that belongs to the image (DDIM's steps backwards).


# %%
def change(images, before, after, share):
    z_from, z_to = clip.embed_texts(tokenizer.encode([before, after]))
    return decoder.change(images, z_from, z_to, share, steps=STEPS)


shares = (0.0, 0.15, 0.3, 0.45)
examples = {
    ("a woman", "a man with a beard"): {"woman": 1},
    ("a serious person", "a smiling person"): {"smile": 0, "beard": 0},
    ("a person without glasses", "a person with glasses"): {"glasses": 0},
}
for texts, has in examples.items():
    chosen = np.all([test_data.factors[name] == value for name, value in has.items()], axis=0)
    image = X_test[np.flatnonzero(chosen)[:1]]
    row = np.concatenate([image, *(change(image, *texts, share) for share in shares)])
    display(pictures.image_grid(row, title=f"{texts[0]} → {texts[1]}", columns=len(row)))

# %% [markdown]
# ## Does it copy?
#
# Pictures that the direct model draws for full captions of test portraits, beside the nearest of 4,000 of the 20,000 portraits that the model was trained on. The number is the distance over all pixels. The last line compares with new real portraits.

# %%
described = tokenizer.encode(full.texts[:60])
images = direct.generate_for(described, seed=4, steps=STEPS, guidance=2.0)
rows, distances = evaluation.nearest_training_images(images[:10], X_train)
pictures.nearest(images[:10], X_train[rows], distances)

# %%
_, of_drawn = evaluation.nearest_training_images(images, X_train)
_, of_real = evaluation.nearest_training_images(X_test[:60], X_train)
print(
    f"mean distance to the nearest of {len(X_train)} training images: pictures "
    f"{of_drawn.mean():.2f}, new real portraits {of_real.mean():.2f}"
)

# %% [markdown]
# ## New combinations
#
# Each word of these captions is known, the combination was in no training.

# %%
factors = held_out_factors(20 if QUICK else 100, seed=1)
new = draw_captions(factors, seed=1, n_facts=(len(FACTS), len(FACTS)))
images = direct.generate_for(tokenizer.encode(new.texts), seed=5, steps=STEPS, guidance=2.0)
print(f"stated attributes that are found: {stated_found(reader, images, new.stated).share:.3f}")
pictures.image_grid(images[:10], columns=10)

# %% [markdown]
# ## Questions
#
# 1. Type "a person" and draw eight pictures. What do they have in common? Then add one word after the other.
# 2. Which attribute do the pictures miss most often? Is it a matter of the words, or is it hard to see in 32 pixels?
# 3. Why is the prior's embedding nearer to that of the true image than the caption's own? What does the loss of CLIP say about the distance of images and captions?
# 4. With `guidance=1.0`, are the variations of an image more or less different from each other?
# 5. Make the share of a text difference too large. What is lost first, the person or the attribute?
