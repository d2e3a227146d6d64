# %% [markdown]
# # 12. Images to images
#
# A generator need not start from noise. In **image-to-image translation** it reads an image and draws another one: a photograph from a drawing, a large image from a small one, a face with glasses from a face without.
#
# You will train three networks, each for about a minute: **pix2pix** on pairs, **CycleGAN** on two sets of images without pairs, and a network for **super-resolution**. Beside each you see a pretrained one, which was trained for longer on more images. All images are drawn by a program. So the true translation of each image is known, and you can measure how near the networks come.

# %%
import inspect
import os

import ankeras
from ankeras import data, evaluation, pictures, pretrained
from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.builders.unet import get_unet
from ankeras.data.people import head_masks, person, swapped
from ankeras.data.views import domains, pairs, shrink
from ankeras.image_to_image import (
    CycleGAN,
    FaceSwap,
    Pix2Pix,
    SuperResolution,
    UnpairedBatches,
    get_super_resolution_network,
)
from ankeras.inverse_problems import poisson_blend, single_image_super_resolution
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from IPython.display import display

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
N_TRAIN, N_TEST = (64, 32) if QUICK else (3000, 200)
print(ankeras.setup(seed=42))

# %% [markdown]
# ## Pix2pix: pairs
#
# The data are label maps of portraits (each colour is one part of the face) and the portraits themselves.

# %%
train, test = (pairs("labels", n, seed=seed) for n, seed in ((N_TRAIN, 0), (N_TEST, 1)))
truth = test.targets["paired"]
pictures.reconstructions(test.images, {"target": truth}, first="label map")

# %% [markdown]
# The generator is a **U-Net**: an encoder-decoder whose layers of the same size are joined by skip connections, since a contour in the input is a contour in the output. The discriminator reads the label map and the portrait, and returns one score for each **patch**: it judges texture and sharpness, not the whole picture. $x$ is the label map, $y$ the true portrait, $\mathcal G(x)$ the drawn one. The two losses (Isola et al., equations 1 to 4):
#
# $$ \mathcal D \text{ descends } -\tfrac12 \mathbb E[\log \mathcal D(y, x)] - \tfrac12 \mathbb E[\log(1 - \mathcal D(\mathcal G(x), x))], \qquad \mathcal G \text{ descends } -\mathbb E[\log \mathcal D(\mathcal G(x), x)] + \lambda\, \mathbb E \lVert y - \mathcal G(x) \rVert_1 $$

# %%
print(inspect.getsource(Pix2Pix.train_step))


# %%
def train_on_pairs(model, x, y, epochs, batch_size=16, rate=1e-3):
    steps = epochs * (len(x) // batch_size)
    model.compile(*(cosine_adam(steps, rate, beta_1=0.5) for _ in range(2)))
    model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=2)


pix2pix = Pix2Pix(get_unet(), get_patch_discriminator((64, 64, 3), (64, 64, 3)))
train_on_pairs(pix2pix, train.images, train.targets["paired"], epochs=1 if QUICK else 5)
drawn = pix2pix.translate(test.images)
longer = pretrained.load("faces-pix2pix").translate(test.images)
pictures.reconstructions(
    test.images, {"yours": drawn, "pretrained": longer, "truth": truth}, first="label map"
)

# %% [markdown]
# The face reader says which attributes are found in the drawn portraits. Shapes are seen in the label map: glasses, beard, hat and smile must be right. Colours of hair, shirt and background are not in it. The network must choose them, and it chooses the mean of what is possible, or what deceives the discriminator.

# %%
reader = evaluation.face_reader(64)
wanted = evaluation.true_attributes(test.factors)
found = [evaluation.read_attributes(reader, images) for images in (drawn, longer)]
print(f"{'read right':12}{'yours':>10}{'pretrained':>12}")
for name in evaluation.ATTRIBUTES:
    yours, other = (np.mean(read[name] == wanted[name]) for read in found)
    print(f"{name:12}{yours:10.2f}{other:12.2f}")
yours, other = (evaluation.sharpness(x) / evaluation.sharpness(truth) for x in (drawn, longer))
print(f"{'sharpness, as a share of the truth':36}{yours:.2f}, {other:.2f}")

# %% [markdown]
# ## CycleGAN: no pairs
#
# Often there are no pairs: nobody was photographed twice, with and without glasses, in the same pose. We only have two sets of images, $X$ and $Y$. CycleGAN learns both directions, $\mathcal G: X \to Y$ and $\mathcal F: Y \to X$. There and back must give the same image again:
#
# $$ \lVert \mathcal F(\mathcal G(x)) - x \rVert_1 + \lVert \mathcal G(\mathcal F(y)) - y \rVert_1 $$
#
# Both generators descend both terms. Without them, $\mathcal G$ could draw any face with glasses. The code also has the **identity loss** (`identity=0.5`): $\mathcal G$ must not change an image that is already in $Y$.
#
# Most of a face stays as it is. So each generator draws only what it changes (`residual=True`), and starts near the identity.

# %%
x_part, y_part = domains("glasses", (0, 1), N_TRAIN, seed=0)
x_test, y_test = domains("glasses", (0, 1), N_TEST, seed=1)
small = (32, 32, 3)
networks = {"widths": (16, 32), "normalization": "instance", "residual": True}
cyclegan = CycleGAN(
    get_unet(small, **networks),
    get_patch_discriminator(small),
    get_unet(small, **networks, seed=142),
    get_patch_discriminator(small, seed=143),
    lam=2.0,
    r1=0.002,
)
epochs = 1 if QUICK else 8
steps = epochs * (N_TRAIN // 16)
cyclegan.compile(*(cosine_adam(steps, 2e-3, beta_1=0.5) for _ in range(2)))
cyclegan.fit(UnpairedBatches(x_part.images, y_part.images, 16), epochs=epochs, verbose=2)

# %% [markdown]
# The hidden pair, the same face drawn with the other attribute, is shown below. No training saw it.

# %%
longer = pretrained.load("faces-cyclegan")
with_glasses, longer_with = (model.translate(x_test.images) for model in (cyclegan, longer))
pictures.reconstructions(
    x_test.images,
    {
        "yours": with_glasses,
        "pretrained": longer_with,
        "hidden pair": x_test.targets["paired"],
        "yours, there and back": cyclegan.translate(with_glasses, back=True),
    },
    first="input",
)

# %%
without, longer_without = (
    model.translate(y_test.images, back=True) for model in (cyclegan, longer)
)
pictures.reconstructions(
    y_test.images,
    {
        "yours": without,
        "pretrained": longer_without,
        "hidden pair": y_test.targets["paired"],
    },
    first="input",
)

# %%
small_reader = evaluation.face_reader(32)
for title, images, value, part in (
    ("yours, glasses on", with_glasses, 1, x_test),
    ("yours, glasses off", without, 0, y_test),
    ("pretrained, glasses on", longer_with, 1, x_test),
    ("pretrained, glasses off", longer_without, 0, y_test),
):
    found = evaluation.read_attributes(small_reader, images)
    before = evaluation.true_attributes(part.factors)
    kept = {
        name: np.mean(found[name] == before[name])
        for name in evaluation.ATTRIBUTES
        if name != "glasses"
    }
    least = min(kept, key=kept.get)
    turned = np.mean(found["glasses"] == value)
    print(f"{title}: turned {turned:.2f}, kept at least {kept[least]:.2f} ({least})")

# %% [markdown]
# ## Super-resolution
#
# From 16x16 to 64x64 pixels: each pixel becomes sixteen. The usual enlargement, **bicubic**, draws a smooth surface through the pixels. A network that has seen faces knows what eyes look like. It draws what the bicubic image lacks. Yours descends the squared error alone. The pretrained one also descends an adversarial term and the distance of features: its edges are sharper. After the same time of training, the adversarial term makes the squared error larger. The pretrained network was trained for longer.

# %%
train, test = (pairs("small", n, seed=seed) for n, seed in ((N_TRAIN, 0), (N_TEST, 1)))
truth = test.targets["paired"]
network = SuperResolution(
    get_super_resolution_network(), get_patch_discriminator(), adversarial=0.0
)
train_on_pairs(network, train.images, train.targets["paired"], epochs=1 if QUICK else 3)
large = network.enlarge(test.images)
longer = pretrained.load("faces-super-resolution").enlarge(test.images)
bicubic = keras.ops.image.resize(test.images, (64, 64), "bicubic")
bicubic = keras.ops.convert_to_numpy(bicubic).clip(0, 1)
rows = {"bicubic": bicubic, "yours": large, "pretrained": longer}
for name, images in rows.items():
    ratio = evaluation.sharpness(images) / evaluation.sharpness(truth)
    print(f"{name:12}{evaluation.psnr(images, truth):6.1f} dB, sharpness {ratio:.2f}")
nearest = test.images.repeat(4, axis=1).repeat(4, axis=2)
pictures.reconstructions(nearest, {**rows, "truth": truth}, first="seen")

# %% [markdown]
# There is a way without any training (DLSP, "Super resolution"; Glasner et al. 2009). Small patches recur in an image at several scales: what a brick looks like with twice the pixels is seen at another brick, nearer by. The image is its own training set.

# %%
wall = data.photo("brick", 32 if QUICK else 96)[None]
little = shrink(wall, 2)
own = single_image_super_resolution(little[0], 2)
smooth = keras.ops.convert_to_numpy(keras.ops.image.resize(little, wall.shape[1:3], "bicubic"))
titles = [
    f"{name}: {evaluation.psnr(image.clip(0, 1)[None], wall):.1f} dB"
    for name, image in (("bicubic", smooth[0]), ("own patches", own))
]
pictures.gallery(
    [little[0], smooth[0].clip(0, 1), own, wall[0]], ["seen", *titles, "truth"], cell=3
)

# %% [markdown]
# ## Face swap
#
# "DeepFakes" (AE) are made by autoencoders: one encoder for two persons, and one decoder for each of them. Each decoder learns to draw its person from the code. Here the codes of each person are normalized first, and the first steps of the two decoders are shared. To swap the face, encode a portrait of one person and decode with the decoder of the other. Pose and smile are in the code, the person is in the decoder.
#
# The network below was trained on portraits of Ada and Leo for 22 minutes on one core. Its encoder is that of the pretrained VAE of faces, which knows what a smile is in any face. No training saw the same pose of both persons. Since the portraits are drawn, the true swap is known.

# %%
print(inspect.getsource(FaceSwap.train_step))
print(inspect.getsource(FaceSwap.reconstruct))

# %%
swap = pretrained.load("faces-swap")
for source, target, to in (("Ada", "Leo", "b"), ("Leo", "Ada", "a")):
    portraits = person(source, 8 if QUICK else 200, seed=101)
    drawn = swap.swap(portraits.images, to)
    true_swap = swapped(portraits.factors, target)
    # in the frame: background and shirt stay, and the head is blended in without a seam
    heads = head_masks(portraits.factors[:8])
    framed = [poisson_blend(*each) for each in zip(portraits.images, drawn, heads)]
    display(
        pictures.reconstructions(
            portraits.images,
            {f"as {target}": drawn, "in the frame": np.stack(framed), "true swap": true_swap},
            n=8,
            first=source,
        )
    )
    read, wanted = (evaluation.read_attributes(reader, x) for x in (drawn, true_swap))
    of_person = ("woman", "glasses", "beard", "hair_color")
    same = np.all([read[name] == wanted[name] for name in of_person], axis=0)
    print(f"{source} as {target}: identity of {target} {np.mean(same):.2f}, ", end="")
    print(f"smile kept {np.mean(read['smile'] == portraits.factors['smile']):.2f}")

# %% [markdown]
# The package has two more systems of this kind, in `ankeras/image_to_image/`: colorization by classes and next frame. The deep image prior (notebook 13) enlarges images without training too.
#
# ## Questions
#
# 1. Train pix2pix with `lam=0`, and with `adversarial=0`. What is lost in each case?
# 2. Why is the discriminator of CycleGAN not given the input image, as that of pix2pix is?
# 3. Set `lam=0` in CycleGAN. This removes the cycle terms and the identity loss. Do the translated faces still show the same person?
# 4. The encoder of the face swap was never told who is who. Where in the network is it decided that Leo has a beard?
# 5. A shirt can be red or blue, and the grey input does not show which. Why does a network that descends the squared error paint it in a greyish colour?
