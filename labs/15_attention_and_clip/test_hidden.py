"""The tests of lab 15 that students do not get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

import numpy as np
import pytest

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import tensorflow as tf


@exercise("1.1", points=1)
def test_more_axes_and_a_mask_for_all(student, rng):
    """Two axes before the queries, values of another size, and a mask of two axes."""
    q, k = rng.normal(size=(2, 3, 4, 8)), rng.normal(size=(2, 3, 5, 8))
    v, mask = rng.normal(size=(2, 3, 5, 2)), causal_and_more(4, 5)
    o, w = pair(student.run_beside(call_on_tensors, student.attention, q, k, v, mask))
    expected = np.zeros((2, 3, 4, 2)), np.zeros((2, 3, 4, 5))
    for i in np.ndindex(2, 3, 4):
        expected[1][i] = softmax(k[i[:2]] @ q[i] / np.sqrt(8), mask[i[2]])
        expected[0][i] = expected[1][i] @ v[i[:2]]
    expect.close(w, expected[1], "w of queries (2, 3, 4, 8) and keys (2, 3, 5, 8), a mask (4, 5)")
    expect.close(o, expected[0], "o of queries (2, 3, 4, 8), keys (2, 3, 5, 8), values of size 2")


@exercise("1.1", points=1)
def test_one_allowed_key(student, rng):
    """The output is the value of this key."""
    q, k, v = (rng.normal(size=(2, n, 3)) for n in (4, 6, 6))
    allowed = rng.integers(0, 6, (2, 4))
    mask = np.arange(6) == allowed[..., None]
    o, w = pair(student.run_beside(call_on_tensors, student.attention, q, k, v, mask))
    expect.close(w, mask, "w if each query may attend to one key")
    expect.close(
        o,
        np.stack([v[b][allowed[b]] for b in range(2)]),
        "o if each query may attend to one key",
    )


@exercise("1.2", points=1)
@pytest.mark.parametrize("n", [1, 2, 12])
def test_causal_masks_of_other_sizes(student, n):
    """One position sees itself; the last one of twelve sees all."""
    expected = np.zeros((n, n))
    for i in range(n):
        expected[i, : i + 1] = 1
    expect.close(student.causal_mask(n), expected, f"the causal mask of {n} positions")


@exercise("1.3", points=1)
def test_heads_with_a_mask(student, rng):
    """Three heads, and keys that are not allowed."""
    q, k, v = (rng.normal(size=(2, n, 12)) for n in (4, 7, 7))
    mask = causal_and_more(4, 7)
    o, w = pair(student.run_beside(call_on_tensors, student.multi_head, q, k, v, mask, 3))
    expected = of_heads(q, k, v, mask, 3)
    expect.close(w, expected[1], "w of 3 heads of size 4, with a mask")
    expect.close(o, expected[0], "o of 3 heads of size 4, with a mask")


@exercise("1.3", points=1)
@pytest.mark.parametrize("n_heads", [1, 6])
def test_one_head_and_heads_of_size_1(student, rng, n_heads):
    """The smallest and the largest number of heads."""
    q, k, v = (rng.normal(size=(2, n, 6)) for n in (3, 5, 5))
    mask = np.ones((3, 5), bool)
    found = pair(student.run_beside(call_on_tensors, student.multi_head, q, k, v, mask, n_heads))
    expected = of_heads(q, k, v, mask, n_heads)
    expect.close(found[1], expected[1], f"w of {n_heads} heads, d = 6")
    expect.close(found[0], expected[0], f"o of {n_heads} heads, d = 6")


@exercise("1.3", points=1)
def test_positions_keep_their_order(student, rng):
    """With one allowed key per query, the outputs are values in another order."""
    q, k, v = (rng.normal(size=(2, 5, 8)) for _ in range(3))
    order = rng.permutation(5)
    mask = np.arange(5) == order[:, None]
    found = pair(student.run_beside(call_on_tensors, student.multi_head, q, k, v, mask, 4))
    expect.close(found[0], v[:, order], "o of 4 heads if each query may attend to one key")


@exercise("2.1", points=1)
@pytest.mark.parametrize(("n", "d"), [(1, 8), (7, 2)])
def test_the_smallest_encodings(student, n, d):
    """One position, and one pair of features."""
    expect.close(student.positions(n, d), encoded(n, d), f"the encodings of {n} positions, d = {d}")


@exercise("2.1", points=1)
def test_many_positions(student, rng):
    """All frequencies are right."""
    n, d = int(rng.integers(40, 60)), 2 * int(rng.integers(12, 20))
    expect.close(student.positions(n, d), encoded(n, d), f"the encodings of {n} positions, d = {d}")


@exercise("3.1", points=1)
def test_a_small_temperature(student, rng):
    """The temperature of CLIP, and integers of any size."""
    e_i, e_t = rng.normal(size=(8, 5)), rng.normal(size=(8, 5))
    y = rng.permutation(np.array([900, 900, 17, 17, 17, 17, 0, 41]))
    expect.close(
        student.run_beside(call_on_tensors, student.clip_loss, e_i, e_t, y, 0.07),
        loss_by_rows(e_i, e_t, y, 0.07),
        f"the loss of 8 images with y = {y.tolist()}, tau = 0.07",
    )


@exercise("3.1", points=1)
def test_captions_that_all_say_the_same(student, rng):
    """P is 1/m everywhere."""
    e_i, e_t, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 4)), np.full(5, 2)
    expect.close(
        student.run_beside(call_on_tensors, student.clip_loss, e_i, e_t, y, 0.3),
        loss_by_rows(e_i, e_t, y, 0.3),
        "the loss of 5 images whose captions all say the same, tau = 0.3",
    )


@exercise("3.2", points=1)
def test_phrasings_of_different_lengths(student, rng):
    """Each phrasing counts the same, whatever the length of its vector."""
    e_i = rng.normal(size=(7, 6))
    e_classes = [rng.normal(size=(n, 6)) * rng.uniform(0.1, 10, (n, 1)) for n in (3, 5)]
    expect.close(
        student.class_cosines(e_i, e_classes),
        cosines_one_by_one(e_i, e_classes),
        "the cosines of 7 images and 2 classes, whose phrasings have vectors of many lengths",
    )


@exercise("3.2", points=1)
def test_as_many_classes_as_images(student, rng):
    """Rows belong to images, columns to classes."""
    e_i = rng.normal(size=(4, 5)) * rng.uniform(0.5, 2, (4, 1))
    e_classes = [rng.normal(size=(2, 5)) for _ in range(4)]
    expect.close(
        student.class_cosines(e_i, e_classes),
        cosines_one_by_one(e_i, e_classes),
        "the cosines of 4 images and 4 classes",
    )


@exercise("4.1", points=1)
def test_as_many_captions_as_tokens(student, rng):
    """The numbers belong to the captions and not to the tokens."""
    tokens, u = rng.integers(1, 50, (6, 6)), rng.permutation(np.linspace(0.05, 0.95, 6))
    expected = tokens.copy()
    expected[u < 0.6] = 0
    expect.close(
        student.drop_captions(tokens, u, 0.6),
        expected,
        f"6 captions of 6 tokens, p = 0.6, u = {np.round(u, 2).tolist()}",
    )


@exercise("4.1", points=1)
@pytest.mark.parametrize("p", [0, 1])
def test_no_caption_and_all_captions(student, rng, p):
    """p = 0 keeps all captions, p = 1 keeps none of them."""
    tokens, u = rng.integers(1, 50, (5, 3)), rng.uniform(0.01, 0.99, 5)
    expect.close(student.drop_captions(tokens, u, p), (1 - p) * tokens, f"5 captions, p = {p}")


@exercise("4.2", points=1)
@pytest.mark.parametrize("w", [0.0, 1.0])
def test_no_caption_and_no_guidance(student, rng, w):
    """w = 0 is the prediction without the caption, w = 1 that with the caption."""
    x_t, tokens, table = rng.normal(size=(4, 3, 3, 2)), words(rng, 4, 6), rng.normal(size=30)
    read = tokens if w else 0 * tokens
    expect.close(
        student.run_beside(guide_by_words, student.guided_by_captions, table, x_t, 0.7, tokens, w),
        0.7 * x_t + table[read].sum(axis=1)[:, None, None, None],
        f"the prediction for w = {w:g}",
    )


@exercise("4.2", points=1)
def test_a_large_weight(student, rng):
    """w = 7.5 for other captions."""
    x_t, tokens, table = rng.normal(size=(2, 2, 3, 3)), words(rng, 2, 7), rng.normal(size=30)
    with_caption, without = table[tokens].sum(axis=1), 7 * table[0]
    expect.close(
        student.run_beside(
            guide_by_words, student.guided_by_captions, table, x_t, 0.2, tokens, 7.5
        ),
        0.2 * x_t + (7.5 * with_caption - 6.5 * without)[:, None, None, None],
        "the prediction for w = 7.5",
    )


def pair(found):
    """Return (o, w)."""
    is_pair = isinstance(found, tuple | list) and len(found) == 2
    expect.that(is_pair, "what the function returns", "two tensors: o and w", found)
    return found


def causal_and_more(n_q, n_k):
    """Return a mask: query i may attend to the keys i to i + 2."""
    steps = np.arange(n_k) - np.arange(n_q)[:, None]
    return (steps >= 0) & (steps <= 2)


def softmax(scores, allowed):
    e = np.where(allowed, np.exp(scores), 0)
    return e / e.sum()


def of_heads(q, k, v, mask, n_heads):
    batch, n_q, d = q.shape
    size = d // n_heads
    o, w = np.zeros((batch, n_q, d)), np.zeros((batch, n_heads, n_q, k.shape[1]))
    for b, h, i in np.ndindex(batch, n_heads, n_q):
        part = slice(h * size, (h + 1) * size)
        w[b, h, i] = softmax(k[b, :, part] @ q[b, i, part] / np.sqrt(size), mask[i])
        o[b, i, part] = w[b, h, i] @ v[b, :, part]
    return o, w


def encoded(n, d):
    p = np.zeros((n, d))
    for i, j in np.ndindex(n, d // 2):
        angle = i * 10000 ** (-2 * j / d)
        p[i, 2 * j : 2 * j + 2] = np.sin(angle), np.cos(angle)
    return p


def loss_by_rows(e_i, e_t, y, temperature):
    z_i, z_t = (e / np.linalg.norm(e, axis=1, keepdims=True) for e in (e_i, e_t))
    total = 0.0
    for i, same in enumerate(y[:, None] == y):
        for scores in (z_t @ z_i[i], z_i @ z_t[i]):
            p = softmax(scores / temperature, np.ones(len(y), bool))
            total -= np.log(p[same]).mean()
    return total / 2 / len(y)


def cosines_one_by_one(e_i, e_classes):
    found = np.zeros((len(e_i), len(e_classes)))
    for c, phrasings in enumerate(e_classes):
        total = sum(e / np.linalg.norm(e) for e in phrasings)
        for i, e in enumerate(e_i):
            found[i, c] = e @ total / np.linalg.norm(e) / np.linalg.norm(total)
    return found


def words(rng, batch, length):
    """Return captions: start, words, end."""
    tokens = rng.integers(3, 30, (batch, length))
    tokens[:, 0], tokens[:, -1] = 1, 2
    return tokens


# The functions below run beside the answers (student.run_beside).


def call_on_tensors(function, *given):
    def tensor(x):
        return tf.constant(x, tf.float32 if x.dtype.kind == "f" else x.dtype)

    return function(*(tensor(x) if isinstance(x, np.ndarray) else x for x in given))


def guide_by_words(guided_by_captions, table, x_t, alpha, tokens, w):
    def network(x_t, alpha, tokens):
        told = table[np.asarray(tokens).astype(int)].sum(axis=1)
        return alpha * x_t + told.reshape(-1, 1, 1, 1)

    return guided_by_captions(network, x_t, alpha, tokens, w)
