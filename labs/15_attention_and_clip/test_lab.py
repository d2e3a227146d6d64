"""The checks of lab 15 that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import tensorflow as tf


@exercise("1.1", points=1)
def test_the_weights_of_all_keys(student, rng):
    """All keys are allowed."""
    q, k, v = qkv(rng, 2, 3, 5, 4)
    mask = np.ones((2, 3, 5), bool)
    found = pair(on_tensors(student, "attention", q, k, v, mask))
    expect.close(
        found[1],
        attended(q, k, v, mask)[1],
        "w of 2 x 3 queries and 5 keys, all of them allowed",
        "The softmax runs over the keys of one query. Divide the scores by sqrt(d) before it.",
    )


@exercise("1.1", points=1)
def test_the_values_of_all_keys(student, rng):
    """The output is the weighted sum of the values."""
    q, k, v = qkv(rng, 2, 3, 5, 4)
    mask = np.ones((2, 3, 5), bool)
    found = pair(on_tensors(student, "attention", q, k, v, mask))
    expect.close(
        found[0],
        attended(q, k, v, mask)[0],
        "o of 2 x 3 queries and 5 keys, all of them allowed",
        "o is the sum of w_i v_i over the keys.",
    )


@exercise("1.1", points=1)
def test_keys_that_are_not_allowed(student, rng):
    """They get the weight 0."""
    q, k, v = qkv(rng, 2, 4, 6, 4)
    mask = some_allowed(rng, 2, 4, 6)
    o, w = pair(on_tensors(student, "attention", q, k, v, mask))
    expected = attended(q, k, v, mask)
    hint = "The weight of a key that is not allowed is 0, and the others sum to 1."
    expect.close(w, expected[1], "w if a half of the keys is not allowed", hint)
    expect.close(o, expected[0], "o if a half of the keys is not allowed", hint)


@exercise("1.2", points=1)
def test_what_a_position_sees(student, rng):
    """Itself and the positions before it."""
    n = int(rng.integers(4, 8))
    expect.close(
        student.causal_mask(n),
        np.array([[j <= i for j in range(n)] for i in range(n)]),
        f"the causal mask of {n} positions",
        "Row i is True at the columns 0 to i.",
    )


@exercise("1.3", points=1)
def test_the_values_of_two_heads(student, rng):
    """Each head attends with its own half of the features."""
    q, k, v = qkv(rng, 3, 4, 5, 6)
    mask = np.ones((4, 5), bool)
    found = pair(on_tensors(student, "multi_head", q, k, v, mask, 2))
    expect.close(
        found[0],
        by_heads(q, k, v, mask, 2)[0],
        "o of 2 heads of size 3, all keys allowed",
        "Split, attend, join. A reshape alone mixes positions and heads.",
    )


@exercise("1.3", points=1)
def test_the_weights_of_two_heads(student, rng):
    """Each head has its own weights."""
    q, k, v = qkv(rng, 3, 4, 5, 6)
    mask = np.ones((4, 5), bool)
    found = pair(on_tensors(student, "multi_head", q, k, v, mask, 2))
    expect.close(
        found[1],
        by_heads(q, k, v, mask, 2)[1],
        "w of 2 heads of size 3, all keys allowed",
        "The first head has the first features. Divide by the root of the size of one head.",
    )


@exercise("2.1", points=1)
def test_positions_by_hand(student):
    """Five positions of six features."""
    expect.close(
        student.positions(5, 6),
        sines_and_cosines(5, 6),
        "the encodings of 5 positions, d = 6",
        "Sine and cosine alternate, and both have the same angle, i / 10000^(2j / d).",
    )


@exercise("3.1", points=1)
def test_captions_that_all_differ(student, rng):
    """P is the identity matrix."""
    e_i, e_t = 2 * rng.normal(size=(4, 3)), 3 * rng.normal(size=(4, 3))
    y = rng.permutation(4)
    expect.close(
        on_tensors(student, "clip_loss", e_i, e_t, y, 0.5),
        contrastive(e_i, e_t, y, 0.5),
        "the loss of 4 images with 4 different captions, tau = 0.5",
        "Unit vectors, divided by tau; the mean of both directions.",
    )


@exercise("3.1", points=1)
def test_captions_that_repeat(student, rng):
    """Captions that say the same are all right."""
    e_i, e_t = 2 * rng.normal(size=(6, 3)), 3 * rng.normal(size=(6, 3))
    y = rng.permutation(np.array([3, 3, 3, 8, 8, 5]))
    expect.close(
        on_tensors(student, "clip_loss", e_i, e_t, y, 0.5),
        contrastive(e_i, e_t, y, 0.5),
        f"the loss of 6 images with y = {y.tolist()}, tau = 0.5",
        "Each row of P sums to 1. All captions stay in the softmax.",
    )


@exercise("3.1", points=1)
def test_the_gradients_of_the_loss(student, rng):
    """A training follows them."""
    e_i, e_t = 2 * rng.normal(size=(5, 3)), 3 * rng.normal(size=(5, 3))
    y = rng.permutation(np.array([6, 6, 1, 1, 4]))
    found = student.run_beside(gradients, student.clip_loss, e_i, e_t, y, 0.2)
    what = "the gradients of the loss with respect to e_i and e_t"
    hint = "The loss must be computed from the tensors, by keras.ops or TensorFlow."
    known = all(gradient is not None for gradient in found)
    expect.that(known, what, "two tensors", "None: the loss does not depend on them", hint)
    for name, gradient, expected in zip(
        ("e_i", "e_t"), found, slopes(e_i, e_t, y, 0.2), strict=True
    ):
        expect.close(gradient, expected, f"the gradient with respect to {name}", hint)


@exercise("3.2", points=1)
def test_one_phrasing_per_class(student, rng):
    """The class is the unit vector of its phrasing."""
    e_i = rng.normal(size=(5, 4)) * rng.uniform(0.5, 3, (5, 1))
    e_classes = [rng.uniform(0.5, 3) * rng.normal(size=(1, 4)) for _ in range(3)]
    expect.close(
        student.class_cosines(e_i, e_classes),
        cosines(e_i, e_classes),
        "the cosines of 5 images and 3 classes, one phrasing per class",
        "A cosine is the product of two unit vectors. One row per image.",
    )


@exercise("3.2", points=1)
def test_several_phrasings_per_class(student, rng):
    """The classes have 2, 4 and 3 phrasings."""
    e_i = rng.normal(size=(5, 4)) * rng.uniform(0.5, 3, (5, 1))
    e_classes = [rng.normal(size=(n, 4)) * rng.uniform(0.3, 3, (n, 1)) for n in (2, 4, 3)]
    expect.close(
        student.class_cosines(e_i, e_classes),
        cosines(e_i, e_classes),
        "the cosines of 5 images and 3 classes, with 2, 4 and 3 phrasings",
        "Unit vectors of the phrasings, their mean, and the unit vector of this mean.",
    )


@exercise("4.1", points=1)
def test_captions_are_replaced(student, rng):
    """Some captions become padding, the others stay."""
    tokens, u = captions(rng, 6, 4), rng.permutation(np.linspace(0.05, 0.95, 6))
    expect.close(
        student.drop_captions(tokens, u, 0.3),
        np.array([[0 if u[i] < 0.3 else t for t in row] for i, row in enumerate(tokens)]),
        f"6 captions of 4 tokens, p = 0.3, u = {np.round(u, 2).tolist()}",
        "All tokens of a caption become 0 if its u is below p.",
    )


@exercise("4.2", points=1)
def test_guidance_by_hand(student, rng):
    """The result is on the line through both predictions."""
    x_t, tokens, table = rng.normal(size=(3, 2, 2, 1)), captions(rng, 3, 5), rng.normal(size=20)
    expect.close(
        student.run_beside(
            guide_by_table, student.guided_by_captions, table, x_t, 0.5, tokens, 3.0
        ),
        guided(table, x_t, 0.5, tokens, 3.0),
        "the prediction for w = 3",
        "The empty caption has the shape of the captions, and all of its tokens are 0. "
        "Start from the prediction without the caption.",
    )


def on_tensors(student, name, *given):
    """Call a function with tensors."""
    return student.run_beside(call_on_tensors, getattr(student, name), *given)


def pair(found):
    """Return (o, w)."""
    is_pair = isinstance(found, tuple | list) and len(found) == 2
    expect.that(is_pair, "what the function returns", "two tensors: o and w", found)
    return found


def qkv(rng, batch, n_q, n_k, d):
    return tuple(1.5 * rng.normal(size=(batch, n, d)) for n in (n_q, n_k, n_k))


def some_allowed(rng, *shape):
    """Return a mask: a half of the keys of each query, other keys for each query."""
    return rng.permuted(np.broadcast_to(np.arange(shape[-1]) % 2 == 0, shape), axis=-1)


def attended(q, k, v, mask):
    e = np.exp(np.einsum("...id,...jd->...ij", q, k) / np.sqrt(q.shape[-1])) * mask
    w = e / e.sum(axis=-1, keepdims=True)
    return np.einsum("...ij,...jd->...id", w, v), w


def by_heads(q, k, v, mask, n_heads):
    parts = zip(*(np.split(x, n_heads, axis=-1) for x in (q, k, v)), strict=True)
    heads = [attended(*part, mask) for part in parts]
    return np.concatenate([o for o, _ in heads], axis=-1), np.stack([w for _, w in heads], axis=1)


def sines_and_cosines(n, d):
    angle = [[i / 10000 ** (k // 2 * 2 / d) for k in range(d)] for i in range(n)]
    return np.where(np.arange(d) % 2, np.cos(angle), np.sin(angle))


def unit(e):
    return e / np.sqrt(np.sum(e**2, axis=-1, keepdims=True))


def contrastive(e_i, e_t, y, temperature):
    s, same = unit(e_i) @ unit(e_t).T / temperature, y[:, None] == y
    to_texts = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    to_images = s - np.log(np.exp(s).sum(axis=0, keepdims=True))
    return -np.sum((to_texts + to_images) * same / same.sum(axis=1, keepdims=True)) / 2 / len(y)


def slopes(e_i, e_t, y, temperature, h=1e-5):
    """Return the gradients of `contrastive`, by differences."""
    both = np.stack([e_i, e_t])
    found = np.zeros(both.shape)
    for place in np.ndindex(both.shape):
        step = np.zeros(both.shape)
        step[place] = h
        higher, lower = (contrastive(*e, y, temperature) for e in (both + step, both - step))
        found[place] = (higher - lower) / (2 * h)
    return found


def cosines(e_i, e_classes):
    return unit(e_i) @ unit(np.array([unit(e).sum(axis=0) for e in e_classes])).T


def captions(rng, batch, length):
    """Return captions: start, words, end, padding."""
    tokens = rng.integers(3, 20, (batch, length))
    tokens[:, 0], tokens[:, -1], tokens[:, -2] = 1, 0, 2
    return tokens


def guided(table, x_t, alpha, tokens, w):
    without, told = (table[t].sum(axis=1).reshape(-1, 1, 1, 1) for t in (0 * tokens, tokens))
    return alpha * x_t + without + w * (told - without)


# The functions below run beside the answers (student.run_beside).


def call_on_tensors(function, *given):
    def tensor(x):
        return tf.constant(x, tf.float32 if x.dtype.kind == "f" else x.dtype)

    return function(*(tensor(x) if isinstance(x, np.ndarray) else x for x in given))


def gradients(clip_loss, e_i, e_t, y, temperature):
    e_i, e_t = tf.constant(e_i, tf.float32), tf.constant(e_t, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([e_i, e_t])
        loss = tf.convert_to_tensor(clip_loss(e_i, e_t, tf.constant(y), temperature))
    return tape.gradient(loss, [e_i, e_t])


def guide_by_table(guided_by_captions, table, x_t, alpha, tokens, w):
    def network(x_t, alpha, tokens):
        told = table[np.asarray(tokens).astype(int)].sum(axis=1)
        return alpha * x_t + told.reshape(-1, 1, 1, 1)

    return guided_by_captions(network, x_t, alpha, tokens, w)
