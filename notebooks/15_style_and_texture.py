# %% [markdown]
# # 15. Texture and style
#
# "Use a pretrained CNN (ImageNet) and make the features resemble those of the target image (using gradient descent)" (ATIV, "An almost-training-free approach"). Two choices decide what the image becomes: which features, and what "resemble" means. It can become a new piece of a texture, or a photograph in the style of a picture.

# %%
import os
import time

import ankeras
from ankeras import data, pictures
from ankeras.builders.imagenet import imagenet_classifier
from ankeras.input_gradients import (
    FastStyle,
    content_distance,
    get_style_network,
    style_distance,
    style_of,
    synthesize_texture,
    transfer_style,
)
from ankeras.input_gradients.network import read_layers
from ankeras.input_gradients.style_transfer import CONTENT_LAYER
from ankeras.input_gradients.texture_synthesis import STYLE_LAYERS
from ankeras.training.schedules import cosine_adam

import numpy as np

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: small and few steps, to test the notebook
print(ankeras.setup(seed=42))
network = imagenet_classifier()
size, steps = (64, 3) if QUICK else (192, 120)

# %% [markdown]
# ## Gram matrices
#
# A layer encodes an image in feature maps $F_d$, one per channel. The Gram matrix holds the dot products of all pairs of them, $G_{d_1, d_2} = \sum_k F_{d_1, k} F_{d_2, k}$. The sum over the positions $k$ forgets where something is, and keeps what comes together. If the halves of a picture are exchanged, its Gram matrices hardly change:

# %%
tissue = data.photo("tissue", size)
exchanged = np.roll(tissue, size // 2, axis=1)
others = {"halves exchanged": exchanged, "gravel": data.photo("gravel", size)}
for name, image in others.items():
    print(f"{name}: distance {style_distance(network, image[None], tissue)[0]:.3f}")
gram = style_of(network, tissue[None], ["block_02_expand"])[0][0]
pictures.gallery(
    [tissue, exchanged, np.abs(gram)], ["tissue", "halves exchanged", "|G| of block 2"]
)

# %% [markdown]
# ## Texture synthesis
#
# We start from noise and descend the distance of the Gram matrices. The result is a new image of the same texture.

# %%
seen, titles = [], []
for name in ("tissue", "gravel", "brick", "hubble"):
    texture = data.photo(name, size)
    found = synthesize_texture(network, texture, size=size, steps=steps)
    seen += [texture, found.x[0]]
    titles += [name, f"new: {found.history['loss'][-1] / found.history['loss'][0]:.1%}"]
pictures.gallery(seen, titles)

# %% [markdown]
# Which layers are compared decides how large the pieces are that are kept:

# %%
layers = ("stem", "block_02_expand", "block_04_expand", "block_06_expand", "block_09_expand")
texture = data.photo("tissue", size)
seen = [
    synthesize_texture(network, texture, size=size, layers=layers[:n], steps=steps).x[0]
    for n in (1, 2, 3, 5)
]
pictures.gallery(seen, [f"up to {layers[n - 1]}" for n in (1, 2, 3, 5)])

# %% [markdown]
# ## Style transfer
#
# Now the image starts from a photograph, the content. Two distances are descended together: the features of one deeper layer stay those of the content, the Gram matrices become those of the style. Your own pictures: `data.photo("my_painting.jpg", 192)`.

# %%
pairs = (("chelsea", "tissue"), ("china", "hubble"), ("coffee", "retina"))
seen, titles = [], []
for content_name, style_name in pairs:
    content, style = data.photo(content_name, size), data.photo(style_name, size)
    made = transfer_style(network, content, style, steps=steps).x
    left = (
        style_distance(network, made, style)[0] / style_distance(network, content[None], style)[0]
    )
    seen += [content, style, made[0]]
    titles += [content_name, style_name]
    titles += [f"style {left:.1%}, content {content_distance(network, made, content)[0]:.2f}"]
pictures.gallery(seen, titles, columns=3, cell=3)

# %% [markdown]
# ## How much of each?
#
# The weight $\alpha$ of the content against $\beta = 1$ of the style:

# %%
content, style = data.photo("chelsea", size), data.photo("hubble", size)
alphas = (0.0, 0.01, 0.1, 1.0)
seen = [transfer_style(network, content, style, alpha=a, steps=steps).x[0] for a in alphas]
pictures.gallery(seen, [f"alpha = {a}" for a in alphas])

# %% [markdown]
# Two styles can be mixed: the target is the weighted mean of their Gram matrices.

# %%
styles = [data.photo("tissue", size), data.photo("hubble", size)]
shares = (0.0, 0.5, 1.0)
seen = [
    transfer_style(network, content, styles, weights=(1 - t, t), steps=steps).x[0] for t in shares
]
pictures.gallery(seen, [f"{1 - t:.0%} tissue, {t:.0%} hubble" for t in shares], columns=3, cell=3)

# %% [markdown]
# ## In one pass
#
# Each picture above took many steps. A network can learn to paint instead: its weights descend the same two distances, once, for all images (Johnson et al., "Perceptual losses for real-time style transfer"). It learns one style, from crops of photographs. Then it paints new photographs, each in one pass.

# %%
unseen = ("chelsea", "coffee", "china")
n_crops, batch_size, epochs = (4, 4, 1) if QUICK else (60, 4, 7)
known = [name for name in data.PHOTOS if name not in (*unseen, "tissue")]
crops = np.concatenate([data.crops(data.photo(name, 256), n_crops, 96) for name in known])
style = data.photo("tissue", 128)
painter = FastStyle(
    get_style_network(), read_layers(network, [*STYLE_LAYERS, CONTENT_LAYER]), style
)
painter.compile(cosine_adam(epochs * len(crops) // batch_size, 5e-3, warmup=0.02))
painter.fit(crops, batch_size=batch_size, epochs=epochs, verbose=0)
photographs = data.photos(unseen, 128)
start = time.perf_counter()
painted = painter.paint(photographs)
print(f"{(time.perf_counter() - start) / len(unseen):.2f} seconds per photograph")
left = style_distance(network, painted, style) / style_distance(network, photographs, style)
pictures.gallery(
    [*photographs, *painted],
    [*unseen, *[f"style {share:.0%}" for share in left]],
    columns=3,
    cell=3,
)

# %% [markdown]
# ## Questions
#
# 1. What would happen if the features themselves were compared, and not their Gram matrices?
# 2. Each layer's distance is divided by $\lVert A^l \rVert^2$, the sum of the squares of the style's Gram matrix. What happens without that?
# 3. Run the style transfer twice: is the result the same? Run the texture synthesis with `seed=0` and with `seed=1`: is the result the same? Explain the difference.
# 4. The painting network leaves more of the style distance than the optimization of one image. Which pictures of this notebook could it not paint without another training?
