"""Wrong answers to lab 15 that must be caught, and right ones in another style that must pass."""

from ankeras.grading import Alternative, Mutant

ONE_KEY = "test_one_allowed_key"
WEIGHTS = (
    "test_the_weights_of_all_keys",
    "test_the_values_of_all_keys",
    "test_keys_that_are_not_allowed",
    "test_more_axes_and_a_mask_for_all",
)
MASKED = ("test_keys_that_are_not_allowed", "test_more_axes_and_a_mask_for_all", ONE_KEY)
SUM = ("test_the_values_of_all_keys", *MASKED)
CAUSAL = ("test_what_a_position_sees", "test_causal_masks_of_other_sizes")
HEAD_VALUES = "test_the_values_of_two_heads"
HEAD_WEIGHTS = "test_the_weights_of_two_heads"
HEAD_MASK = "test_heads_with_a_mask"
HEAD_ENDS = "test_one_head_and_heads_of_size_1"
HEAD_ORDER = "test_positions_keep_their_order"
BY_HAND = "test_positions_by_hand"
SMALLEST = "test_the_smallest_encodings"
MANY = "test_many_positions"
ALL_DIFFER = "test_captions_that_all_differ"
GRADIENTS = "test_the_gradients_of_the_loss"
REPEAT = (
    GRADIENTS,
    "test_captions_that_repeat",
    "test_a_small_temperature",
    "test_captions_that_all_say_the_same",
)
LOSS = (ALL_DIFFER, *REPEAT)
ONE_PHRASING = "test_one_phrasing_per_class"
LENGTHS = "test_phrasings_of_different_lengths"
SEVERAL = ("test_several_phrasings_per_class", LENGTHS, "test_as_many_classes_as_images")
COSINES = (ONE_PHRASING, *SEVERAL)
REPLACED = "test_captions_are_replaced"
SQUARE = "test_as_many_captions_as_tokens"
ENDS = "test_no_caption_and_all_captions"
DROP = (REPLACED, SQUARE, ENDS)
GUIDED = (
    "test_guidance_by_hand",
    "test_a_large_weight",
    "test_no_caption_and_no_guidance",
)

PROOF = [
    Mutant("1.1", "no sqrt(d)", WEIGHTS, (" / np.sqrt(q.shape[-1])", "")),
    Mutant("1.1", "divided by d", WEIGHTS, ("np.sqrt(q.shape[-1])", "q.shape[-1]")),
    Mutant("1.1", "multiplied by sqrt(d)", WEIGHTS, ("/ np.sqrt", "* np.sqrt")),
    Mutant(
        "1.1",
        "the root of the number of keys",
        WEIGHTS,
        ("np.sqrt(q.shape[-1])", "np.sqrt(k.shape[-2])"),
    ),
    Mutant("1.1", "the softmax over the queries", (*WEIGHTS, ONE_KEY), ("axis=-1)", "axis=-2)")),
    Mutant("1.1", "the softmax over axis 1", (*WEIGHTS, ONE_KEY), ("axis=-1)", "axis=1)")),
    Mutant(
        "1.1",
        "the mask inverted",
        (*WEIGHTS, ONE_KEY),
        ("ops.where(mask, scores, -1e9)", "ops.where(mask, -1e9, scores)"),
    ),
    Mutant("1.1", "no mask", MASKED, ("ops.where(mask, scores, -1e9)", "scores")),
    Mutant(
        "1.1",
        "the scores of other keys are 0",
        MASKED,
        ("ops.where(mask, scores, -1e9)", 'scores * ops.cast(mask, "float32")'),
    ),
    Mutant("1.1", "the scores of other keys are -1", MASKED, ("scores, -1e9", "scores, -1.0")),
    Mutant(
        "1.1",
        "the mask after the softmax",
        MASKED,
        (
            "ops.softmax(ops.where(mask, scores, -1e9), axis=-1)",
            "ops.where(mask, ops.softmax(scores, axis=-1), 0.0)",
        ),
    ),
    Mutant("1.1", "the sum of the keys", SUM, ("ops.matmul(w, v)", "ops.matmul(w, k)")),
    Mutant("1.1", "the mean of the values", SUM, ("(w, v)", "(w, v) / v.shape[-2]")),
    Mutant(
        "1.1",
        "the values are compared, as on the slide without keys",
        WEIGHTS,
        ("ops.swapaxes(k,", "ops.swapaxes(v,"),
    ),
    Mutant("1.1", "o and w exchanged", (*WEIGHTS, ONE_KEY), ("(w, v), w", "(w, v), w)[::-1]")),
    Mutant("1.1", "o alone", (*WEIGHTS, ONE_KEY), ("(w, v), w", "(w, v)")),
    Mutant(
        "1.1",
        "the scores instead of the weights",
        ("test_the_weights_of_all_keys", *MASKED),
        ("(w, v), w", "(w, v), scores"),
    ),
    Mutant("1.2", "the later positions", CAUSAL, ("<=", ">")),
    Mutant("1.2", "itself and the later positions", CAUSAL, ("<=", ">=")),
    Mutant("1.2", "not itself", CAUSAL, ("<=", "<")),
    Mutant("1.2", "one position too many", CAUSAL, ("[None, :] <=", "[None, :] - 1 <=")),
    Mutant("1.2", "itself alone", CAUSAL, ("<=", "==")),
    Mutant(
        "1.2",
        "itself and the one before",
        CAUSAL,
        ("return np", "return (np.eye(n) + np.eye(n, k=-1)) * np"),
    ),
    Mutant("1.2", "all positions", CAUSAL, ("[:, None]", "[:, None] + n")),
    Mutant(
        "1.3",
        "split by a reshape alone",
        (HEAD_VALUES, HEAD_WEIGHTS, HEAD_MASK, HEAD_ENDS, HEAD_ORDER),
        [
            ("(batch, x.shape[1], n_heads, d // n_heads)", "(batch, n_heads, -1, d // n_heads)"),
            ("return ops.transpose(x, (0, 2, 1, 3))", "return x"),
        ],
    ),
    Mutant(
        "1.3",
        "joined by a reshape alone",
        (HEAD_VALUES, HEAD_MASK, HEAD_ENDS, HEAD_ORDER),
        ("ops.transpose(o, (0, 2, 1, 3)), (batch, n_q, d)", "o, (batch, n_q, d)"),
    ),
    Mutant(
        "1.3",
        "both by a reshape alone",
        (HEAD_VALUES, HEAD_WEIGHTS, HEAD_MASK, HEAD_ENDS, HEAD_ORDER),
        [
            ("(batch, x.shape[1], n_heads, d // n_heads)", "(batch, n_heads, -1, d // n_heads)"),
            ("return ops.transpose(x, (0, 2, 1, 3))", "return x"),
            ("ops.transpose(o, (0, 2, 1, 3)), (batch, n_q, d)", "o, (batch, n_q, d)"),
        ],
    ),
    Mutant(
        "1.3",
        "every h-th feature belongs to a head",
        (HEAD_VALUES, HEAD_WEIGHTS, HEAD_MASK, HEAD_ORDER),
        [
            ("x.shape[1], n_heads, d // n_heads)", "x.shape[1], d // n_heads, n_heads)"),
            ("return ops.transpose(x, (0, 2, 1, 3))", "return ops.transpose(x, (0, 3, 1, 2))"),
        ],
    ),
    Mutant(
        "1.3",
        "every h-th feature belongs to a head, also when they are joined",
        (HEAD_VALUES, HEAD_WEIGHTS, HEAD_MASK),
        [
            ("x.shape[1], n_heads, d // n_heads)", "x.shape[1], d // n_heads, n_heads)"),
            ("return ops.transpose(x, (0, 2, 1, 3))", "return ops.transpose(x, (0, 3, 1, 2))"),
            ("ops.transpose(o, (0, 2, 1, 3))", "ops.transpose(o, (0, 2, 3, 1))"),
        ],
    ),
    Mutant(
        "1.3",
        "divided by the root of d",
        (HEAD_VALUES, HEAD_WEIGHTS, HEAD_MASK, HEAD_ENDS),
        ("attention(split(q)", "attention(split(q) / np.sqrt(n_heads)"),
    ),
    Mutant(
        "1.3",
        "no mask",
        (HEAD_MASK, HEAD_ORDER),
        ("split(v), mask)", "split(v), ops.ones_like(mask))"),
    ),
    Mutant(
        "1.3",
        "the features are not split",
        (HEAD_VALUES, HEAD_WEIGHTS, HEAD_MASK, HEAD_ENDS),
        (
            "attention(split(q), split(k), split(v), mask)",
            "attention(q[:, None], k[:, None], v[:, None], mask)",
        ),
    ),
    Mutant(
        "1.3",
        "the values of the first head for all heads",
        (HEAD_VALUES, HEAD_MASK, HEAD_ENDS, HEAD_ORDER),
        ("split(v), mask", "split(v)[:, :1] + 0 * split(v), mask"),
    ),
    Mutant(
        "1.3",
        "the mean of the weights",
        (HEAD_WEIGHTS, HEAD_MASK, HEAD_ENDS),
        ("(batch, n_q, d)), w", "(batch, n_q, d)), ops.mean(w, axis=1)"),
    ),
    Mutant(
        "2.1",
        "first all sines, then all cosines",
        (BY_HAND, SMALLEST, MANY),
        [("p[:, 0::2]", "p[:, : d // 2]"), ("p[:, 1::2]", "p[:, d // 2 :]")],
    ),
    Mutant(
        "2.1",
        "sine and cosine exchanged",
        (BY_HAND, SMALLEST, MANY),
        [("p[:, 0::2]", "EVEN"), ("p[:, 1::2]", "p[:, 0::2]"), ("EVEN", "p[:, 1::2]")],
    ),
    Mutant("2.1", "j / d instead of 2j / d", (BY_HAND, MANY), ("(2 * np", "(np")),
    Mutant("2.1", "another base", (BY_HAND, MANY), ("10000", "1000")),
    Mutant(
        "2.1",
        "positions from 1",
        (BY_HAND, SMALLEST, MANY),
        ("np.arange(n)", "np.arange(1, n + 1)"),
    ),
    Mutant("2.1", "multiplied instead of divided", (BY_HAND, MANY), ("/ 10000", "* 10000.0")),
    Mutant(
        "2.1",
        "each feature has its own frequency",
        (BY_HAND, SMALLEST, MANY),
        ("np.cos(angles)", "np.cos(angles / 10000 ** (1 / d))"),
    ),
    Mutant("2.1", "divided by n", (BY_HAND, MANY), ("(d // 2) / d)", "(d // 2) / n)")),
    Mutant("2.1", "one frequency", (BY_HAND, MANY), ("(d // 2) / d)", "(d // 2) * 0.0)")),
    Mutant(
        "2.1",
        "the frequencies in reverse",
        (BY_HAND, MANY),
        ("(d // 2) / d)", "(d // 2)[::-1] / d)"),
    ),
    Mutant(
        "2.1",
        "sines alone",
        (BY_HAND, SMALLEST, MANY),
        ("np.cos(angles)", "np.sin(angles)"),
    ),
    Mutant("3.1", "from images to texts alone", LOSS, ("0.5 * (to_texts + to_images)", "to_texts")),
    Mutant(
        "3.1", "from texts to images alone", LOSS, ("0.5 * (to_texts + to_images)", "to_images")
    ),
    Mutant(
        "3.1",
        "the same direction twice",
        LOSS,
        (
            "ops.sum(p * ops.log_softmax(s, axis=0), axis=0)",
            "ops.sum(p * ops.log_softmax(s, axis=1), axis=1)",
        ),
    ),
    Mutant("3.1", "the sum of both directions", LOSS, ("0.5 * (", "(")),
    Mutant(
        "3.1",
        "the same captions as negatives",
        REPEAT,
        ("y[:, None] == y[None, :]", "ops.eye(len(y))"),
    ),
    Mutant(
        "3.1",
        "P does not sum to 1",
        REPEAT,
        ("same / ops.sum(same, axis=1, keepdims=True)", "same"),
    ),
    Mutant(
        "3.1",
        "P is divided by its whole sum",
        LOSS,
        ("ops.sum(same, axis=1, keepdims=True)", "ops.sum(same)"),
    ),
    Mutant(
        "3.1",
        "the same captions left out of the softmax",
        REPEAT,
        [
            (
                "p = same",
                "others = same - ops.eye(len(y))\n    s = s - 1e9 * others\n    same = ops.eye(len(y))\n    p = same",
            ),
        ],
    ),
    Mutant(
        "3.1",
        "the logarithm of the summed probabilities",
        REPEAT,
        [
            (
                "ops.sum(p * ops.log_softmax(s, axis=1), axis=1)",
                "ops.log(ops.sum(same * ops.softmax(s, axis=1), axis=1))",
            ),
            (
                "ops.sum(p * ops.log_softmax(s, axis=0), axis=0)",
                "ops.log(ops.sum(same * ops.softmax(s, axis=0), axis=0))",
            ),
        ],
    ),
    Mutant("3.1", "multiplied by the temperature", LOSS, ("/ temperature", "* temperature")),
    Mutant("3.1", "no temperature", LOSS, (" / temperature", "")),
    Mutant(
        "3.1",
        "no unit vectors",
        LOSS,
        ("ops.normalize(e_i, axis=-1), ops.normalize(e_t, axis=-1)", "e_i, e_t"),
    ),
    Mutant("3.1", "unit vectors of the images alone", LOSS, ("ops.normalize(e_t, axis=-1)", "e_t")),
    Mutant(
        "3.1",
        "features are normalised over the minibatch",
        LOSS,
        ("ops.normalize(e_i, axis=-1)", "ops.normalize(e_i, axis=0)"),
    ),
    Mutant(
        "3.1",
        "the mean over all pairs",
        LOSS,
        ("return 0.5 * (to_texts + to_images)", "return 0.5 * (to_texts + to_images) / len(y)"),
    ),
    Mutant(
        "3.1",
        "the sum over the images",
        LOSS,
        ("return 0.5 * (to_texts + to_images)", "return 0.5 * (to_texts + to_images) * len(y)"),
    ),
    Mutant(
        "3.1",
        "a number instead of a tensor, without gradients",
        GRADIENTS,
        ("return 0.5 * (to_texts + to_images)", "return 0.5 * float(to_texts + to_images)"),
    ),
    Mutant("3.1", "no minus", LOSS, ("return 0.5", "return -0.5")),
    Mutant(
        "3.1",
        "the probabilities without logarithm",
        LOSS,
        [
            ("ops.log_softmax(s, axis=1)", "ops.softmax(s, axis=1)"),
            ("ops.log_softmax(s, axis=0)", "ops.softmax(s, axis=0)"),
        ],
    ),
    Mutant("3.2", "the images are no unit vectors", COSINES, ("unit(e_i) @", "e_i @")),
    Mutant(
        "3.2",
        "the mean of vectors of any length",
        SEVERAL,
        ("unit(unit(phrasings).mean(axis=0))", "unit(phrasings.mean(axis=0))"),
    ),
    Mutant(
        "3.2",
        "the mean is no unit vector",
        SEVERAL,
        ("unit(unit(phrasings).mean(axis=0))", "unit(phrasings).mean(axis=0)"),
    ),
    Mutant(
        "3.2",
        "no unit vectors of the texts",
        COSINES,
        ("unit(unit(phrasings).mean(axis=0))", "phrasings.mean(axis=0)"),
    ),
    Mutant(
        "3.2",
        "the first phrasing alone",
        SEVERAL,
        ("unit(phrasings).mean(axis=0)", "unit(phrasings)[0]"),
    ),
    Mutant(
        "3.2",
        "the most similar phrasing",
        SEVERAL,
        (
            "return unit(e_i) @ z_c.T",
            "return np.stack([(unit(e_i) @ unit(e).T).max(axis=1) for e in e_classes], axis=1)",
        ),
    ),
    Mutant(
        "3.2",
        "one row per class",
        COSINES,
        ("return unit(e_i) @ z_c.T", "return z_c @ unit(e_i).T"),
    ),
    Mutant("3.2", "the length of the whole array", COSINES, (", axis=-1, keepdims=True)", ")")),
    Mutant(
        "3.2",
        "a softmax over the classes",
        COSINES,
        ("return unit(e_i) @ z_c.T", "return ops.softmax(unit(e_i) @ z_c.T, axis=-1)"),
    ),
    Mutant(
        "3.2", "the class instead of the cosines", COSINES, ("@ z_c.T", "@ z_c.T).argmax(axis=1")
    ),
    Mutant("4.1", "the share p is kept", DROP, ("[:, None] < p", "[:, None] > p")),
    Mutant("4.1", "nothing is replaced", DROP, ("0, tokens", "tokens, tokens")),
    Mutant("4.1", "the start of a sentence instead of padding", DROP, ("p, 0,", "p, 1,")),
    Mutant(
        "4.1",
        "all captions or none",
        (REPLACED, SQUARE),
        ("u[:, None] < p", "u.mean() < p"),
    ),
    Mutant(
        "4.1",
        "single tokens are replaced",
        (REPLACED, SQUARE),
        ("u[:, None]", "np.resize(u, tokens.shape)"),
    ),
    Mutant(
        "4.1",
        "the numbers belong to the tokens",
        (REPLACED, SQUARE, ENDS),
        ("u[:, None] < p", "u < p"),
    ),
    Mutant(
        "4.1",
        "the words alone, start and end stay",
        DROP,
        (
            "np.where(u[:, None] < p, 0, tokens)",
            "np.where((u[:, None] < p) & (tokens > 2), 0, tokens)",
        ),
    ),
    Mutant(
        "4.1",
        "captions are left out",
        DROP,
        ("np.where(u[:, None] < p, 0, tokens)", "tokens[u >= p]"),
    ),
    Mutant(
        "4.1",
        "always the first captions",
        (REPLACED, SQUARE),
        ("u[:, None] < p", "np.arange(len(u))[:, None] < p * len(u)"),
    ),
    Mutant(
        "4.2",
        "the weight on the prediction with the caption alone",
        GUIDED,
        ("w * (network(x_t, alpha, tokens) - without)", "w * network(x_t, alpha, tokens)"),
    ),
    Mutant("4.2", "the weight of the paper, w - 1", GUIDED, ("+ w *", "+ (1 + w) *")),
    Mutant(
        "4.2",
        "in the other direction",
        GUIDED,
        ("(network(x_t, alpha, tokens) - without)", "(without - network(x_t, alpha, tokens))"),
    ),
    Mutant(
        "4.2",
        "with and without the caption exchanged",
        GUIDED,
        [
            ("network(x_t, alpha, np.zeros_like(tokens))", "EMPTY"),
            ("network(x_t, alpha, tokens)", "network(x_t, alpha, np.zeros_like(tokens))"),
            ("EMPTY", "network(x_t, alpha, tokens)"),
        ],
    ),
    Mutant("4.2", "start marks as the empty caption", GUIDED, ("np.zeros_like", "np.ones_like")),
    Mutant(
        "4.2",
        "start and end stay in the empty caption",
        GUIDED,
        ("np.zeros_like(tokens)", "np.where(tokens > 2, 0, tokens)"),
    ),
    Mutant(
        "4.2",
        "no prediction without the caption",
        GUIDED,
        (
            "return without + w * (network(x_t, alpha, tokens) - without)",
            "return network(x_t, alpha, tokens)",
        ),
    ),
    Mutant(
        "4.2",
        "a prediction of 0 without the caption",
        GUIDED,
        ("network(x_t, alpha, np.zeros_like(tokens))", "np.zeros_like(x_t)"),
    ),
    Alternative(
        "1.1",
        "einsum, and the weights by hand",
        """
def attention(q, k, v, mask):
    scores = tf.einsum("...id,...jd->...ij", q, k) * q.shape[-1] ** -0.5
    e = tf.exp(scores) * tf.cast(mask, tf.float32)
    w = e / tf.reduce_sum(e, axis=-1, keepdims=True)
    return tf.einsum("...ij,...je->...ie", w, v), w
""",
    ),
    Alternative(
        "1.1",
        "NumPy with float64 and minus infinity",
        """
def attention(q, k, v, mask):
    q, k, v = (np.asarray(x, "float64") for x in (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2) / q.shape[-1] ** 0.5
    scores = np.where(np.asarray(mask), scores, -np.inf)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    w = e / e.sum(axis=-1, keepdims=True)
    return w @ v, w
""",
    ),
    Alternative(
        "1.1",
        "a loop over the queries",
        """
def attention(q, k, v, mask):
    shape = (*q.shape[:-1], k.shape[-2])
    allowed = np.broadcast_to(np.asarray(mask), shape)
    q, k, v = np.asarray(q), np.asarray(k), np.asarray(v)
    w, o = np.zeros(shape), np.zeros((*q.shape[:-1], v.shape[-1]))
    for i in np.ndindex(q.shape[:-1]):
        seen = np.flatnonzero(allowed[i])
        e = np.exp(k[i[:-1]][seen] @ q[i] / np.sqrt(q.shape[-1]))
        w[i][seen] = e / e.sum()
        o[i] = w[i] @ v[i[:-1]]
    return o, w
""",
    ),
    Alternative(
        "1.1",
        "the logarithm of the mask is added",
        """
def attention(q, k, v, mask):
    q = q / tf.sqrt(tf.cast(tf.shape(q)[-1], q.dtype))
    scores = tf.matmul(q, k, transpose_b=True) + tf.math.log(tf.cast(mask, q.dtype))
    w = tf.nn.softmax(scores)
    return [tf.matmul(w, v), w]
""",
    ),
    Alternative(
        "1.2",
        "a triangle",
        """
def causal_mask(n):
    return np.tril(np.ones((n, n), bool))
""",
    ),
    Alternative(
        "1.2",
        "a loop",
        """
def causal_mask(n):
    mask = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            mask[i, j] = 1
    return mask
""",
    ),
    Alternative(
        "1.2",
        "a tensor",
        """
def causal_mask(n):
    return tf.cast(tf.linalg.band_part(tf.ones((n, n)), -1, 0), tf.bool)
""",
    ),
    Alternative(
        "1.3",
        "one head after the other",
        """
def multi_head(q, k, v, mask, n_heads):
    parts = [tf.split(x, n_heads, axis=-1) for x in (q, k, v)]
    heads = [attention(*part, mask) for part in zip(*parts)]
    o, w = zip(*heads)
    return tf.concat(o, axis=-1), tf.stack(w, axis=1)
""",
    ),
    Alternative(
        "1.3",
        "einsum on five names of axes",
        """
def multi_head(q, k, v, mask, n_heads):
    q, k, v = (np.asarray(x, "float64").reshape(*x.shape[:2], n_heads, -1) for x in (q, k, v))
    scores = np.einsum("bihd,bjhd->bhij", q, k) / np.sqrt(q.shape[-1])
    e = np.exp(scores) * np.asarray(mask)
    w = e / e.sum(axis=-1, keepdims=True)
    o = np.einsum("bhij,bjhd->bihd", w, v)
    return o.reshape(*o.shape[:2], -1), w
""",
    ),
    Alternative(
        "1.3",
        "the heads as a part of the minibatch",
        """
def multi_head(q, k, v, mask, n_heads):
    def split(x):
        return ops.concatenate(ops.split(x, n_heads, axis=-1), axis=0)

    o, w = attention(split(q), split(k), split(v), mask)
    o = ops.concatenate(ops.split(o, n_heads, axis=0), axis=-1)
    return o, ops.stack(ops.split(w, n_heads, axis=0), axis=1)
""",
    ),
    Alternative(
        "2.1",
        "a loop",
        """
import math


def positions(n, d):
    p = [[0.0] * d for _ in range(n)]
    for i in range(n):
        for j in range(d // 2):
            angle = i / 10000 ** (2 * j / d)
            p[i][2 * j], p[i][2 * j + 1] = math.sin(angle), math.cos(angle)
    return np.array(p)
""",
    ),
    Alternative(
        "2.1",
        "a stack, with exp and log",
        """
def positions(n, d):
    i = ops.arange(n, dtype="float32")[:, None]
    angles = i * ops.exp(-ops.log(10000.0) * ops.arange(0, d, 2, dtype="float32") / d)
    return ops.reshape(ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1), (n, d))
""",
    ),
    Alternative(
        "2.1",
        "the cosine is a shifted sine",
        """
def positions(n, d):
    k = np.arange(d)
    return np.sin(np.outer(np.arange(n), 1e4 ** (-(k - k % 2) / d)) + np.pi / 2 * (k % 2))
""",
    ),
    Alternative(
        "3.1",
        "the cross-entropy of Keras",
        """
def clip_loss(e_i, e_t, y, temperature):
    s = tf.matmul(ops.normalize(e_i), ops.normalize(e_t), transpose_b=True) / temperature
    same = tf.cast(tf.equal(tf.expand_dims(y, 0), tf.expand_dims(y, 1)), tf.float32)
    p = same / tf.reduce_sum(same, axis=0)
    losses = [
        keras.losses.categorical_crossentropy(p_, s_, from_logits=True)
        for p_, s_ in ((tf.transpose(p), s), (p, tf.transpose(s)))
    ]
    return (tf.reduce_mean(losses[0]) + tf.reduce_mean(losses[1])) / 2
""",
    ),
    Alternative(
        "3.1",
        "logsumexp and one-hot captions",
        """
def clip_loss(e_i, e_t, y, temperature):
    e_i = e_i / ops.sqrt(ops.sum(e_i**2, axis=1, keepdims=True))
    e_t = e_t / ops.sqrt(ops.sum(e_t**2, axis=1, keepdims=True))
    s = ops.einsum("id,jd->ij", e_i, e_t) / temperature
    p = tf.keras.utils.normalize(np.equal.outer(np.array(y), np.array(y)).astype(float), order=1)
    p = tf.constant(p, tf.float32)
    right = ops.sum(p * s)
    return (ops.mean(ops.logsumexp(s, 0)) + ops.mean(ops.logsumexp(s, 1))) / 2 - right / len(y)
""",
    ),
    Alternative(
        "3.1",
        "one image after the other",
        """
def clip_loss(e_i, e_t, y, temperature):
    e_i, e_t = tf.cast(e_i, tf.float64), tf.cast(e_t, tf.float64)
    e_i, e_t = tf.linalg.l2_normalize(e_i, axis=1), tf.linalg.l2_normalize(e_t, axis=1)
    total = 0.0
    for i in range(y.shape[0]):
        same = tf.where(y == y[i])[:, 0]
        for s in (tf.linalg.matvec(e_t, e_i[i]), tf.linalg.matvec(e_i, e_t[i])):
            log_p = tf.nn.log_softmax(s / temperature)
            total -= tf.reduce_mean(tf.gather(log_p, same)) / y.shape[0] / 2
    return total
""",
    ),
    Alternative(
        "3.2",
        "keras.ops",
        """
def class_cosines(e_i, e_classes):
    columns = []
    for phrasings in e_classes:
        mean = ops.mean(ops.normalize(phrasings, axis=-1), axis=0, keepdims=True)
        columns.append(ops.matmul(ops.normalize(e_i, axis=-1), ops.transpose(ops.normalize(mean))))
    return ops.concatenate(columns, axis=1)
""",
    ),
    Alternative(
        "3.2",
        "a loop, and the sum instead of the mean",
        """
def class_cosines(e_i, e_classes):
    cosines = np.zeros((len(e_i), len(e_classes)))
    for c, phrasings in enumerate(e_classes):
        z = sum(e / np.sqrt(e @ e) for e in phrasings)
        for i, e in enumerate(e_i):
            cosines[i, c] = e @ z / np.sqrt(e @ e) / np.sqrt(z @ z)
    return cosines
""",
    ),
    Alternative(
        "3.2",
        "the similarity of Keras",
        """
def class_cosines(e_i, e_classes):
    columns = []
    for phrasings in e_classes:
        mean = np.mean(phrasings / np.linalg.norm(phrasings, axis=1)[:, None], axis=0)
        columns.append(-keras.losses.cosine_similarity(np.tile(mean, (len(e_i), 1)), e_i))
    return tf.stack(columns, axis=1)
""",
    ),
    Alternative(
        "4.1",
        "by an index",
        """
def drop_captions(tokens, u, p):
    tokens = np.array(tokens)
    tokens[np.asarray(u) < p] = 0
    return tokens
""",
    ),
    Alternative(
        "4.1",
        "a product",
        """
def drop_captions(tokens, u, p):
    return tokens * (u >= p).astype(tokens.dtype)[:, np.newaxis]
""",
    ),
    Alternative(
        "4.1",
        "a loop, and tensors",
        """
def drop_captions(tokens, u, p):
    rows = []
    for caption, number in zip(tokens, u):
        rows.append(ops.zeros_like(caption) if number < p else ops.convert_to_tensor(caption))
    return ops.stack(rows)
""",
    ),
    Alternative(
        "4.2",
        "a weighted mean",
        """
def guided_by_captions(network, x_t, alpha, tokens, w):
    empty = np.zeros(tokens.shape, "int32")
    return (1 - w) * network(x_t, alpha, empty) + w * network(x_t, alpha, tokens)
""",
    ),
    Alternative(
        "4.2",
        "one call of the network",
        """
def guided_by_captions(network, x_t, alpha, tokens, w):
    both = np.concatenate([tokens, 0 * tokens])
    told, without = np.split(network(np.concatenate([x_t, x_t]), alpha, both), 2)
    return told + (w - 1) * (told - without)
""",
    ),
]
