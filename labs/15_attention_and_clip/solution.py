# %% [markdown]
# # Lab 15. Attention and CLIP
#
# By attention, each word of a sentence collects information from the other words. CLIP learns which caption goes with which image. In this lab you write the parts of both: attention with masks and several heads, the encoding of positions, the loss of CLIP, classification by sentences, and guidance by captions. Trained models of the package then use your functions on drawn portraits.
#
# Fill in the cells that start with `# Exercise`: replace `raise NotImplementedError(...)`. Run the cell, then the `check` below it. The check gives a part of the points; further tests of your teacher give the rest. The cell of each exercise is graded alone: write everything that your answer needs into this cell.
#
# Lectures: ATIV, "Attention is all you need!", "CLIP"; NOTES, lesson 16. Papers: Vaswani et al., "Attention is all you need" (2017); Radford et al., "Learning transferable visual models from natural language supervision" (2021); Ho & Salimans, "Classifier-free diffusion guidance" (2022).

# %%
import ankeras

print(ankeras.setup(seed=42, precision="float32"))

# %% given=true
import os

import ankeras

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

# %%
from ankeras import data, evaluation, pictures, pretrained
from ankeras.builders import get_encoder
from ankeras.data.captions import FACTS, caption_tokenizer, draw_captions, prompts, stated_facts
from ankeras.data.tokenizer import Tokenizer
from ankeras.diffusion.process import estimates
from ankeras.evaluation import read_attributes
from ankeras.grading import checker

check = checker("15_attention_and_clip")
QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: few steps, to test that all cells run
clip = pretrained.load("faces-clip")  # an image encoder and a text encoder
tokenizer = caption_tokenizer()  # one integer per word; 0 is padding

# %% [markdown]
# ## 1. Attention
#
# "The output o is a weighted sum of the values $v_i$, weights depending on the query q" (ATIV). Each value has a **key** $k_i$, and a key that is similar to the query gives its value a large weight:
#
# $$ o = \sum_i w_i \, v_i, \qquad w = \text{softmax} \left( \frac{q^T k_i}{\sqrt d} \right) \text{ over the allowed keys} $$
#
# $d$ is the size of a query and of a key. The slide has no $\sqrt d$. Vaswani et al. divide by it, and so do we: without it, the scores of long vectors are large, and the softmax has nearly no gradient.
#
# A **mask** says which keys a query may attend to. A key that is not allowed gets the weight 0, and the weights of the allowed keys sum to 1. In this lab each query may attend to at least one key.
#
# **Exercise 1.1.** Return the outputs and the weights of all queries. The dots in the shapes are any number of axes, such as `(batch,)` or `(batch, heads)`. They are the same for q, k and v.


# %% exercise="1.1" points=5
def attention(q, k, v, mask):
    """Return the attended values and the weights.

    q: queries, (..., n_q, d), a tensor.
    k: keys, (..., n_k, d), a tensor.
    v: values, (..., n_k, d_v), a tensor.
    mask: a boolean tensor, (n_q, n_k) or (..., n_q, n_k): True where the query may attend to the
        key. Each row contains at least one True.
    Returns: (o, w): (..., n_q, d_v) and (..., n_q, n_k), tensors.
    """
    ### BEGIN SOLUTION
    scores = ops.matmul(q, ops.swapaxes(k, -1, -2)) / np.sqrt(q.shape[-1])
    w = ops.softmax(ops.where(mask, scores, -1e9), axis=-1)
    return ops.matmul(w, v), w
    ### END SOLUTION


# %% [markdown]
# A network that writes a sentence word by word must not read ahead. In a **causal** attention, each position sees itself and the positions before it.
#
# **Exercise 1.2.** Return the mask of a causal self-attention of $n$ positions. Row $i$ belongs to the query $i$, column $j$ to the key $j$.


# %% exercise="1.2" points=2
def causal_mask(n):
    """Return which position may attend to which.

    n: the number of positions, an integer, at least 1.
    Returns: an array (n, n) of True and False.
    """
    ### BEGIN SOLUTION
    return np.arange(n)[None, :] <= np.arange(n)[:, None]
    ### END SOLUTION


# %% [markdown]
# **Multi-head** attention computes several attentions side by side, so that a word can attend to different words in different heads. The features of each vector are split into $h$ parts of the same size: head 1 gets the first $d / h$ features, head 2 gets the next $d / h$ features, and so on. In each head, queries, keys and values are these parts. The outputs of the heads are joined in the same order.
#
# Splitting takes two steps: a reshape to four axes, `(batch, n, heads, size)`, and a transposition to `(batch, heads, n, size)`. Joining is the way back. The scores are divided by the square root of the size of **one head**.
#
# **Exercise 1.3.** Return the joined outputs and the weights of all heads. The linear maps before and after it are not part of this exercise. You may use your `attention`.


# %% exercise="1.3" points=5
def multi_head(q, k, v, mask, n_heads):
    """Return the attended values of several heads, and their weights.

    q: queries, (batch, n_q, d), a tensor; d is a multiple of n_heads.
    k: keys, (batch, n_k, d), a tensor.
    v: values, (batch, n_k, d), a tensor.
    mask: (n_q, n_k), a boolean tensor, True where the query may attend to the key; the same for
        all heads and all sequences. Each row contains at least one True.
    n_heads: h, an integer.
    Returns: (o, w): (batch, n_q, d) and (batch, n_heads, n_q, n_k), tensors.
    """
    ### BEGIN SOLUTION
    batch, n_q, d = q.shape

    def split(x):
        x = ops.reshape(x, (batch, x.shape[1], n_heads, d // n_heads))
        return ops.transpose(x, (0, 2, 1, 3))

    o, w = attention(split(q), split(k), split(v), mask)
    return ops.reshape(ops.transpose(o, (0, 2, 1, 3)), (batch, n_q, d)), w
    ### END SOLUTION


# %% [markdown]
# The package comes with a trained CLIP of drawn portraits. Its text encoder is a transformer. Here your function computes the attention of its second block, with the queries, keys and values of the trained layer. The text encoder reads the whole sentence, so only the padding is masked. One row per query, one column per key: which words do the heads attend to?

# %%
sentence = "a smiling woman with glasses and red hair"
names = ["start", *sentence.split(), "end"]
tokens = tokenizer.encode([sentence])
layer = clip.text_encoder.get_layer("attention_1")
features = keras.Model(clip.text_encoder.input, layer.input[0])(tokens)
qkv = [to(features) for to in (layer.to_queries, layer.to_keys, layer.to_values)]
no_padding = np.repeat(tokens != 0, len(tokens[0]), axis=0)
o, w = multi_head(*qkv, tf.constant(no_padding), layer.n_heads)
right, _ = layer(features, features, tokens != 0)
print("largest difference from the package's layer:", np.abs(layer.to_output(o) - right).max())
w = ops.convert_to_numpy(w)[0, :, : len(names), : len(names)]
pictures.attention_tables(w, names, names)

# %% [markdown]
# The same with a causal mask. This text encoder was not trained with such a mask, but a language model is.

# %%
both = no_padding & np.asarray(causal_mask(len(no_padding)), bool)
_, w = multi_head(*qkv, tf.constant(both), layer.n_heads)
w = ops.convert_to_numpy(w)[0, :, : len(names), : len(names)]
pictures.attention_tables(w, names, names)

# %% [markdown]
# ## 2. Positions
#
# If the keys change places together with their values, the output of an attention stays the same. So attention does not know the order of the words. Vaswani et al. add a vector to each word that depends on its position. The vector of the position $i$ has $d$ features; each pair of features, $j = 0, \dots, d/2 - 1$, has its own frequency:
#
# $$ p(i, 2j) = \sin \left( \frac{i}{10000^{2j / d}} \right), \qquad p(i, 2j + 1) = \cos \left( \frac{i}{10000^{2j / d}} \right) $$
#
# **Exercise 2.1.** Return the vectors of the positions $i = 0, \dots, n - 1$.


# %% exercise="2.1" points=3
def positions(n, d):
    """Return the encoding of positions by sines and cosines.

    n: the number of positions, an integer, at least 1.
    d: the number of features, an even integer, at least 2.
    Returns: an array (n, d).
    """
    ### BEGIN SOLUTION
    angles = np.arange(n)[:, None] / 10000 ** (2 * np.arange(d // 2) / d)
    p = np.zeros((n, d))
    p[:, 0::2] = np.sin(angles)
    p[:, 1::2] = np.cos(angles)
    return p
    ### END SOLUTION


# %% [markdown]
# Left: one row per position, one column per feature. Right: the products $p(i)^T p(i')$ of all pairs of positions. They depend on the distance $i - i'$ alone.

# %%
p = np.asarray(positions(40, 64))
products = p @ p.T
pictures.gallery(
    [(p + 1) / 2, products - products.min()], ["position x feature", "products"], columns=2
)

# %% [markdown]
# ## 3. CLIP
#
# CLIP "learns which caption goes with which image" (ATIV). An image encoder and a text encoder return vectors of the same size. In a minibatch of $m$ images and their $m$ captions, all pairs are compared. With unit vectors $z_i = E_i(x) / \lVert E_i(x) \rVert$ and $z_t = E_t(y) / \lVert E_t(y) \rVert$ and the temperature $\tau$:
#
# $$ s_{ij} = \frac{z_i(x_i)^T \, z_t(y_j)}{\tau}, \qquad L = \frac 1 2 \left( - \frac 1 m \sum_{ij} P_{ij} \log \underset{j}{\text{softmax}} \, s_{ij} \; - \; \frac 1 m \sum_{ij} P_{ij} \log \underset{i}{\text{softmax}} \, s_{ij} \right) $$
#
# The $i$ in $z_i$ and $E_i$ means *image*, and the $t$ in $z_t$ and $E_t$ means *text*. In $x_i$, $y_j$ and $s_{ij}$, $i$ and $j$ are numbers in the minibatch. The first sum compares each image $i$ with all captions $j$. The second sum compares each caption $j$ with all images $i$.
#
# In the paper, $P$ is the identity matrix: only the caption of the image itself is right. But a short caption can occur several times in one minibatch, perhaps in other words. Then all of these captions are right, and so are all of their images. $P$ is uniform over them:
#
# $$ P_{ij} = \frac{[\, y_i = y_j \,]}{\sum_k [\, y_i = y_k \,]}, \qquad [\, y_i = y_j \,] = 1 \text{ if the captions } i \text{ and } j \text{ say the same, else } 0 $$
#
# **Exercise 3.1.** Return $L$. What the captions say is given as integers: two captions with the same integer say the same. The loss is used in a training, so compute it with `keras.ops` or TensorFlow.


# %% exercise="3.1" points=5
def clip_loss(e_i, e_t, y, temperature):
    """Return the contrastive loss of a minibatch, in both directions.

    e_i: the outputs E_i(x) of the image encoder, of any length, (m, d), a tensor.
    e_t: the outputs E_t(y) of the text encoder, of any length, (m, d), a tensor.
    y: (m,), a tensor of integers: equal integers stand for captions that say the same.
    temperature: tau, a number above 0.
    Returns: L, a scalar, a tensor.
    """
    ### BEGIN SOLUTION
    z_i, z_t = ops.normalize(e_i, axis=-1), ops.normalize(e_t, axis=-1)
    s = ops.matmul(z_i, ops.transpose(z_t)) / temperature
    same = ops.cast(y[:, None] == y[None, :], "float32")
    p = same / ops.sum(same, axis=1, keepdims=True)
    to_texts = -ops.mean(ops.sum(p * ops.log_softmax(s, axis=1), axis=1))
    to_images = -ops.mean(ops.sum(p * ops.log_softmax(s, axis=0), axis=0))
    return 0.5 * (to_texts + to_images)
    ### END SOLUTION


# %% [markdown]
# A small CLIP of digits, trained with your loss. The captions have three forms, and those of the same digit say the same. The loss cannot fall below the entropy of $P$, the mean of $\log n_i$, where $n_i$ is the number of captions in the minibatch that say the same as caption $i$.

# %%
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
FORMS = ("a {}", "the digit {}", "a drawn digit, the {}")
digit_tokenizer = Tokenizer(["a", "the", "digit", "drawn", ",", *DIGITS], length=9)


def captions_of_digits(form):
    return digit_tokenizer.encode([form.format(digit) for digit in DIGITS])


train_data, test_data = data.load("digits")
N, BATCH = 640 if QUICK else 6400, 64
X, y = train_data.images[:N], train_data.labels[:N].astype("int32")
every_caption = np.stack([captions_of_digits(form) for form in FORMS])
image_encoder = get_encoder(X.shape[1:], 32, widths=(8, 16, 32))
text_encoder = keras.Sequential(
    [
        keras.Input((digit_tokenizer.length,), dtype="int32"),
        layers.Embedding(digit_tokenizer.n_words, 32),
        layers.GlobalAveragePooling1D(),
        layers.Dense(32),
    ]
)
variables = image_encoder.trainable_variables + text_encoder.trainable_variables
optimizer = keras.optimizers.Adam(2e-3)
optimizer.build(variables)


@tf.function
def encode(x, caption):
    return image_encoder(x, training=True), text_encoder(caption, training=True)


@tf.function
def update(gradients):
    optimizer.apply(gradients, variables)


def train_step(x, caption, y):
    with tf.GradientTape() as tape:
        e_i, e_t = encode(x, caption)
        loss = clip_loss(e_i, e_t, y, 0.1)
    update(tape.gradient(loss, variables))
    return loss


rng = np.random.default_rng(0)
for epoch in range(1 if QUICK else 3):
    losses, entropies = [], []
    for some in rng.permutation(N).reshape(-1, BATCH):
        captions = every_caption[rng.integers(len(FORMS), size=BATCH), y[some]]
        losses.append(float(train_step(X[some], captions, y[some])))
        entropies.append(np.log((y[some][:, None] == y[some]).sum(axis=1)).mean())
    print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, entropy {np.mean(entropies):.3f}")

# %% [markdown]
# **Zero-shot classification.** To classify images, compare them with one sentence per class. No classifier is trained, and the classes can be chosen after the training.
#
# A class can be described by several phrasings. Each phrasing becomes a unit vector. The vector of a class is the mean of these vectors, divided by its length, so that it is a unit vector too:
#
# $$ z_c = \frac{m_c}{\lVert m_c \rVert}, \qquad m_c = \frac 1 {n_c} \sum_{k = 1}^{n_c} \frac{e_{ck}}{\lVert e_{ck} \rVert} $$
#
# **Exercise 3.2.** Return the cosines $z_i^T z_c$ of all images and all classes. The class of an image is the one with the largest cosine.


# %% exercise="3.2" points=4
def class_cosines(e_i, e_classes):
    """Return the cosine of each image with each class.

    e_i: the outputs E_i(x) of the image encoder, of any length, (n, d), an array.
    e_classes: a list with one array per class, (n_c, d): the outputs E_t of the text encoder for
        the phrasings of this class, of any length. n_c is at least 1, and can be another number for
        each class.
    Returns: an array (n, number of classes).
    """

    ### BEGIN SOLUTION
    def unit(e):
        return e / np.linalg.norm(e, axis=-1, keepdims=True)

    z_c = np.stack([unit(unit(phrasings).mean(axis=0)) for phrasings in e_classes])
    return unit(e_i) @ z_c.T
    ### END SOLUTION


# %% [markdown]
# First the digits: the three forms of the training, and a form that no training saw.

# %%
e_i = image_encoder.predict(test_data.images[:1000], verbose=0)
for forms in (FORMS, ("the drawn {}",)):
    e_t = np.stack([text_encoder.predict(captions_of_digits(f), verbose=0) for f in forms], axis=1)
    found = np.argmax(class_cosines(e_i, list(e_t)), axis=1)
    share = np.mean(found == test_data.labels[:1000])
    print(f"{100 * share:5.1f} % of the test digits are right, by {forms}")

# %% [markdown]
# Then the portraits, with the trained CLIP of the package. Each class is described by one sentence, and by three sentences.

# %%
portraits = data.faces(100 if QUICK else 1000, seed=1, size=32)
truth = evaluation.true_attributes(portraits.factors)
e_i = clip.image_encoder.predict(portraits.images, verbose=0)


def classify(name, n_sentences):
    """Return which value of a fact each portrait has, as the cosines say."""
    described = [texts[:n_sentences] for texts in prompts(name).values()]
    e_classes = [
        clip.text_encoder.predict(tokenizer.encode(texts), verbose=0)[1] for texts in described
    ]
    return np.argmax(class_cosines(e_i, e_classes), axis=1)


print(prompts("hair_style")[(0,)])
print(f"{'':12}{'one':>8}{'three':>8}{'chance':>8}")
for name in ("woman", "smile", "glasses", "hat", "hair_color", "hair_style"):
    one, three = (np.mean(classify(name, n) == truth[name]) for n in (1, 3))
    print(f"{name:12}{one:8.3f}{three:8.3f}{1 / len(FACTS[name]):8.3f}")

# %%
who, style, color = (classify(name, 3) for name in ("woman", "hair_style", "hair_color"))
titles = [
    f"{FACTS['woman'][who[i]]}, {FACTS['hair_style'][style[i]]} {FACTS['hair_color'][color[i]]}"
    for i in range(10)
]
pictures.gallery(portraits.images[:10], titles, columns=5, cell=1.7)

# %% [markdown]
# ## 4. Guidance by captions
#
# A diffusion model can read a caption and draw what it says (lab 14 has the parts of a diffusion model). Guidance needs a network that predicts with the caption and without one. So in the training, each caption is replaced by the **empty caption** with the probability $p$ (Ho & Salimans). The empty caption consists of padding alone: all of its tokens are 0.
#
# **Exercise 4.1.** Replace captions. For each caption, a number $u$ that is uniform in $[0, 1)$ is given, so that the result can be checked: caption $i$ is replaced if $u_i < p$. A caption is replaced as a whole or stays as it is.


# %% exercise="4.1" points=3
def drop_captions(tokens, u, p):
    """Return the captions, some of them replaced by padding.

    tokens: (batch, length), an array of integers.
    u: (batch,), an array, one uniform number per caption.
    p: the probability that a caption is replaced, a number in [0, 1].
    Returns: an array of the shape of tokens.
    """
    ### BEGIN SOLUTION
    return np.where(u[:, None] < p, 0, tokens)
    ### END SOLUTION


# %%
texts = draw_captions(portraits.factors, seed=2).texts
u = np.random.default_rng(0).random(len(texts))
kept = np.asarray(drop_captions(tokenizer.encode(texts), u, 0.1))
for text, row in list(zip(texts, kept))[:6]:
    print(f"{'kept' if row.any() else 'replaced':10}{text[:80]}")
print(f"{np.mean(~kept.any(axis=1)):.1%} of {len(texts)} captions are replaced")

# %% [markdown]
# To draw an image, both predictions are combined with the weight $w$:
#
# $$ \epsilon = \epsilon_{without} + w \, (\epsilon_{with} - \epsilon_{without}) $$
#
# $w = 0$ gives the prediction without the caption, and $w = 1$ the prediction with it. A larger $w$ goes further in the direction of the caption. In the paper of Ho & Salimans, the number that is called the weight is $w - 1$.
#
# **Exercise 4.2.** Return $\epsilon$. Call the network as often as you like.


# %% exercise="4.2" points=3
def guided_by_captions(network, x_t, alpha, tokens, w):
    """Return the prediction with guidance.

    network: a function, (x_t, alpha, tokens (batch, length)) -> the predicted noise, of the shape
        of x_t; arrays.
    x_t: the noisy images, (batch, height, width, channels), an array.
    alpha: the signal rate of x_t, a number.
    tokens: the captions, (batch, length), an array of integers.
    w: the weight, a number.
    Returns: an array of the shape of x_t.
    """
    ### BEGIN SOLUTION
    without = network(x_t, alpha, np.zeros_like(tokens))
    return without + w * (network(x_t, alpha, tokens) - without)
    ### END SOLUTION


# %% [markdown]
# A trained model of the package draws images for one sentence, with three weights. It predicts the "velocity" instead of the noise. The velocity is a linear function of the noise, so the same formula holds. A face reader, a network that reads the attributes of faces, counts what the sentence says.

# %%
direct = pretrained.load("faces-text-to-image")
reader = evaluation.face_reader(32)
sentence = "a woman with curly red hair, in a white shirt, in front of a teal wall"
n, steps = (3, 2) if QUICK else (8, 20)
tokens = np.repeat(tokenizer.encode([sentence]), n, axis=0)


def predict(x_t, alpha, tokens):
    return direct.predict_from(x_t, alpha, [np.asarray(tokens, "int32")])


def draw(w):
    def denoise(x_t, alpha):
        predicted = guided_by_captions(predict, x_t, alpha, tokens, w)
        return estimates(direct.predicts, np.asarray(predicted), x_t, alpha, direct.largest)

    return direct.sample(denoise, direct.start(n, seed=1), steps)


said = stated_facts(sentence)
rows = {}
for w in (0, 1, 3):
    rows[f"w = {w}"] = draw(w)
    read = read_attributes(reader, rows[f"w = {w}"])
    share = np.mean([read[name] == value for name, value in said.items()])
    print(f"w = {w}: {share:4.0%} of what the sentence says is found in the pictures")
print(sentence)
pictures.reconstructions(rows["w = 0"], {name: rows[name] for name in list(rows)[1:]}, n, "w = 0")

# %% [markdown]
# ## Questions
#
# 1. Why must the mask act before the softmax, and not after it? What are the sums of the weights if it acts after it?
# 2. Let $q$ and $k$ be random vectors of $d$ independent values with mean 0 and variance 1. What is the variance of $q^T k$, and of $q^T k / \sqrt d$?
# 3. Multi-head attention with one head and with $h$ heads of size $d / h$: how many products does each of them compute for the scores?
# 4. Suppose that captions which say the same have exactly the same embedding $z_t$. Show that the loss $L$ is then the same for your $P$ and for the identity matrix. When do they differ?
# 5. Why can the loss of CLIP not fall to 0 in a minibatch in which captions repeat?
# 6. The network of section 4 has to predict with and without captions. What happens to guidance if $p = 0$ in its training, and if $p = 1$?

# %%
check()
