# %% [markdown]
# # 18. Attention
#
# A convolution computes each output from its neighbours. **Attention** computes each output from everything, and decides by itself what matters: "a new and non local way to encode information" (ATIV, "Attention is all you need!").
#
# - Attention is one formula, and its weights can be looked at.
# - With a mask it cannot see the future; with positions it knows the order.
# - A **transformer** is made of it: it reverses a sequence, writes captions, and reads digits.

# %%
import inspect
import os
import time

import ankeras
from ankeras import data, pictures, pretrained
from ankeras.builders import get_classifier, get_encoder
from ankeras.builders.attention import MultiHeadAttention, sinusoidal_positions
from ankeras.data.captions import caption_tokenizer, draw_captions
from ankeras.data.faces import draw_factors
from ankeras.data.sequences import N_TOKENS
from ankeras.data.tokenizer import START
from ankeras.language import (
    LanguageModel,
    SequenceToSequence,
    attention,
    attention_weights,
    class_attention,
    density_on_strokes,
    get_language_model,
    get_sequence_to_sequence,
    get_vit,
)
from ankeras.training.autodiff import input_gradient
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from keras import ops

QUICK = bool(os.environ.get("ANKERAS_QUICK"))  # if set: little training, to test the notebook
print(ankeras.setup(seed=42))

# %% [markdown]
# ## One formula
#
# The output $o$ is a weighted mean of **values** $v_i$. The weights say how well each **key** $k_i$ fits the **query** $q$:
#
# $$ o = \sum_i w_i v_i, \qquad w_i = \text{softmax}_i\left(\frac{q^\top k_i}{\sqrt d}\right) $$
#
# $d$ is the number of features of $q$ and of $k_i$. The slide has no $\sqrt d$. With it, the scores of random vectors have variance 1 for each dimension $d$. Below, without it, most queries put nearly all their weight on one key: there the gradient of the softmax is nearly 0, and a training could hardly begin.

# %%
print(inspect.getsource(attention))

# %%
rng = np.random.default_rng(0)
d, names = 256, [f"{i + 1}" for i in range(8)]
q, k = rng.normal(size=(2, 8, d)).astype("float32")
_, scaled = attention(q, k, k)
_, unscaled = attention(q * np.sqrt(d), k, k)
tables = np.stack([ops.convert_to_numpy(w) for w in (scaled, unscaled)])
pictures.attention_tables(tables, names, names, ["with sqrt(d)", "without"])

# %% [markdown]
# Attention is a dictionary in which keys may fit a little. Here the queries are noisy copies of some keys, so each query finds its own key, and gets the value that belongs to it.

# %%
asked = [2, 0, 5, 5]
queries = 2.0 * k[asked] + 0.5 * rng.normal(size=(4, d)).astype("float32")
values = np.arange(8, dtype="float32")[:, None]
o, w = attention(queries, k, values)
print("asked for the values", asked, "and got", np.round(ops.convert_to_numpy(o)[:, 0], 2))
pictures.attention_tables(ops.convert_to_numpy(w), [f"like {i + 1}" for i in asked], names)

# %% [markdown]
# ## Positions
#
# A weighted sum does not know the order of its terms: if the keys change places, the weights change places with them, and the sum stays. So "dog bites man" would be "man bites dog". A **positional encoding** is added to each vector: sines and cosines of different frequencies. The product of two of them depends on their distance alone.

# %%
order = rng.permutation(8)
shuffled, _ = attention(queries, k[order], values[order])
print("largest difference after shuffling the keys:", float(np.abs(shuffled - o).max()))
p = sinusoidal_positions(40, 64)
products = p @ p.T
pictures.gallery([(p + 1) / 2, products - products.min()], ["position x feature", "products"])

# %% [markdown]
# ## Masks
#
# A model that writes must not read ahead. The mask sets the weights of the keys that come later to 0. A **causal** layer with 4 heads, before any training: each row sums to 1, and position $i$ sees the positions up to $i$.

# %%
x = rng.normal(size=(1, 8, 32)).astype("float32")
causal = MultiHeadAttention(4, causal=True)
_, w = causal(x, x)
pictures.attention_tables(ops.convert_to_numpy(w)[0], names, names)

# %% [markdown]
# The proof is a gradient: what does output 5 depend on?

# %%
_, gradient = input_gradient(
    lambda x: ops.sum(causal(x, x)[0][:, 4], axis=1), ops.convert_to_tensor(x)
)
seen = np.abs(ops.convert_to_numpy(gradient))[0].max(axis=-1) > 0
print(
    "output 5 depends on the inputs", [name for name, yes in zip(names, seen, strict=True) if yes]
)

# %% [markdown]
# ## A transformer learns to reverse
#
# The **encoder** reads eight digits. The **decoder** writes them in reverse: each new token is computed from the tokens that it has written (causal self-attention) and from the encoder's features (**cross-attention**). The loss is the chain rule, as in notebook 16:
#
# $$ -\log p(y \mid x) = -\sum_i \log p(y_{i+1} \mid y_1, \dots, y_i, x) $$

# %%
print(inspect.getsource(SequenceToSequence.train_step))

# %%
N_DIGITS, BATCH = 8, 100
test, trained = {}, {}
for task in ("reverse",) if QUICK else ("reverse", "sort"):
    source, target = data.digit_sequences(400 if QUICK else 30_000, task, N_DIGITS, seed=1)
    epochs = 1 if QUICK else 2
    model = SequenceToSequence(get_sequence_to_sequence(N_TOKENS, source.shape[1]))
    model.compile(cosine_adam(epochs * len(source) // BATCH, 4e-3, warmup=0.05))
    model.fit(source, target, batch_size=BATCH, epochs=epochs, verbose=0)
    test[task] = data.digit_sequences(500, task, N_DIGITS, seed=2)
    trained[task] = model
    print(
        f"{task}: {100 * model.share_right(*test[task]):.1f} % of 500 sequences without a mistake"
    )

# %% [markdown]
# The weights of the cross-attention, mean over the heads. Each row belongs to one token: the decoder has just read it, and now writes the next one. To reverse, it looks from the back to the front: nobody has told it how. To sort, it looks at the digits that can come next, wherever they are.


# %%
def words(tokens: np.ndarray) -> list[str]:
    """Return the tokens as text."""
    return [["", "start", "end"][t] if t < 3 else str(t - 3) for t in tokens]


tables = {}
for task, model in trained.items():
    source, target = (tokens[:1] for tokens in test[task])
    w = attention_weights(model.network).predict([source, target], verbose=0)
    table = w["cross_attention_0"][0].mean(axis=0)[: N_DIGITS + 1, :N_DIGITS]
    written = model.write(source)[0]
    print(f"{task}: {words(source[0])} -> {words(written)}")
    tables[task] = table, words(target[0][:-1]), words(source[0][:N_DIGITS])

# %%
pictures.attention_tables(*tables["reverse"])

# %%
pictures.attention_tables(*tables["reverse" if QUICK else "sort"])

# %% [markdown]
# ## A language model
#
# The decoder alone, without an encoder, is a **language model**: it predicts the next word. Here it learns captions of portraits. A small grammar has drawn them, so we know how well they can be predicted at best: no model can fall below the **entropy** of the grammar.

# %%
tokenizer = caption_tokenizer()
train, held_out = (
    draw_captions(draw_factors(n, seed=seed), seed=seed)
    for n, seed in ((300 if QUICK else 12_000, 1), (300, 2))
)
X, X_test = (tokenizer.encode(drawn.texts) for drawn in (train, held_out))
print(f"{tokenizer.n_words} words; for example: {train.texts[0]!r}")
print(X[0])

# %%
language_model = LanguageModel(get_language_model(tokenizer.n_words, tokenizer.length))
epochs = 1 if QUICK else 3
language_model.compile(cosine_adam(epochs * len(X) // 64, 4e-3, warmup=0.05))
language_model.fit(X, batch_size=64, epochs=epochs, verbose=2)
n_words = (X_test[:, 1:] != 0).sum()
print(f"nats per word:  {language_model.nats_per_word(X_test):.3f}")
print(f"the grammar's:  {-held_out.log_p.sum() / n_words:.3f}")
print(f"perplexity: as unsure as among {language_model.perplexity(X_test):.2f} equal words")

# %% [markdown]
# It writes word by word. The **temperature** divides the logits: below 1, it takes fewer risks.

# %%
for temperature in (0.3, 1.0, 2.0):
    print(f"temperature {temperature}")
    for text in tokenizer.decode(language_model.generate(3, temperature, seed=1)):
        print("   ", text)

# %% [markdown]
# A sentence can be begun by hand. Type another beginning of three words. For an unknown word, an error names the nearest known words.

# %%
beginning = tokenizer.encode(["a woman with"])[0]
begun = [START, *beginning[1:4]]
for text in tokenizer.decode(language_model.generate(4, 0.7, seed=2, start=begun)):
    print(text)

# %% [markdown]
# ## The vision transformer
#
# An image is cut into patches, and each patch is a "word" (ATIV, "Vision Transformer"). A learnt vector, the **class token**, stands before them. It collects what the classifier needs, and its attention to the patches can be drawn over the image.
#
# Beside it, a convolutional classifier gets the same time.

# %%
train_data, test_data = data.load("digits")
N = 300 if QUICK else 10_000
digits, labels = train_data.images[:N], np.asarray(train_data.labels[:N])
T, T_labels = test_data.images[:1000], np.asarray(test_data.labels[:1000])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

vit = get_vit(digits.shape[1:], 10, depth=3)
untrained = get_vit(digits.shape[1:], 10, depth=3)
epochs = 1 if QUICK else 5
vit.compile(cosine_adam(epochs * N // 64, 2e-3, warmup=0.05), loss, metrics=["accuracy"])
start = time.perf_counter()
vit.fit(digits, labels, batch_size=64, epochs=epochs, verbose=2)
seconds = time.perf_counter() - start

# %%
cnn = get_classifier(get_encoder(digits.shape[1:], 64), 10)
cnn.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
start = time.perf_counter()
while time.perf_counter() - start < seconds and not QUICK:
    cnn.fit(digits, labels, batch_size=64, verbose=0)
for name, model in (("vision transformer", vit), ("CNN", cnn)):
    accuracy = model.evaluate(T, T_labels, verbose=0, return_dict=True)["accuracy"]
    print(f"{name:18} {100 * accuracy:5.1f} % of the test digits, {model.count_params():,} weights")

# %% [markdown]
# The CNN knows before any training that neighbours belong together, and that a digit stays the same digit when it moves. The transformer must learn both.
#
# Where does the class token look? The **last layer**: the weights of the last block. The **rollout** multiplies the weights of all blocks. It shows which patches have reached the class token through all blocks.

# %%
shown = T[:10]
rows = {"untrained": pictures.heat_over_images(shown, class_attention(untrained, shown))}
for kind in ("last layer", "rollout"):
    rows[kind] = pictures.heat_over_images(shown, class_attention(vit, shown, kind))
pictures.reconstructions(shown.repeat(3, axis=-1), rows, first="digit")

# %% [markdown]
# The pretrained transformer has one block more, and learned from 60,000 digits for twenty minutes (`ankeras pretrain digits-vit`).

# %%
longer = pretrained.load("digits-vit")
accuracy = (longer.predict(T, verbose=0).argmax(axis=1) == T_labels).mean()
print(f"pretrained: {100 * accuracy:.1f} % of the test digits")
rows = {
    kind: pictures.heat_over_images(shown, class_attention(longer, shown, kind))
    for kind in ("last layer", "rollout")
}
pictures.reconstructions(shown.repeat(3, axis=-1), rows, first="digit")

# %% [markdown]
# A picture of attention always looks like an answer. A number is better: how dense is the attention on the strokes, compared with the whole image? 1 would be the same everywhere.

# %%
for name, model in (("untrained", untrained), ("trained", vit), ("pretrained", longer)):
    for kind in ("last layer", "rollout"):
        density = density_on_strokes(class_attention(model, T, kind), T)
        print(f"{name:10} {kind:11} {density:.2f}")

# %% [markdown]
# The last layer alone can look away from the strokes: by then, each patch also holds what it has collected from the others, and an empty patch can hold such information too. The rollout follows the way back to the pixels.

# %% [markdown]
# ## Questions
#
# 1. What would the transformer write if the encoder had no positional encoding? Which of the two tasks could it still learn, and why?
# 2. Self-attention computes $n^2$ weights. How many more are there if the patches of the vision transformer are half as wide?
# 3. The language model cannot fall below the entropy of the grammar. Where on a caption is $-\log p$ of a word large, and where is it nearly 0?
# 4. FiLM (notebook 09) is "a form of Attention" (NOTES, lesson 16). What are its weights, and what does it not have?
# 5. `get_vit(..., stem="convolutions")` lets neighbouring patches share pixels before the attention. Train it for the same epochs. How much of the distance to the CNN is left?
