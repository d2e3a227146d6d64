"""Train transformers: a vision transformer beside a CNN, sequences of digits, captions.

python bench/attention.py [--data mnist.npz] [--seconds 180] [--seeds 3] [--only ViT]

The vision transformer and the CNN learn the same 10,000 real digits and five copies of each that
are a little rotated, shifted and scaled, for the same seconds, and are compared on 5,000 test
digits. The attention of the vision transformer is compared with where the strokes are, before and
after the training. The transformer of encoder and decoder learns to reverse and to sort eight
digits. The language model learns captions of a grammar, whose entropy is known.
"""

import functools
import time
from collections.abc import Callable
from typing import Any

from ankeras import pictures
from ankeras.builders import get_classifier, get_encoder
from ankeras.data import Dataset, digit_sequences
from ankeras.data.captions import caption_tokenizer, draw_captions
from ankeras.data.faces import draw_factors
from ankeras.data.sequences import N_TOKENS, TASKS
from ankeras.language import (
    LanguageModel,
    SequenceToSequence,
    class_attention,
    density_on_strokes,
    get_language_model,
    get_sequence_to_sequence,
    get_vit,
)
from ankeras.language.vit import KINDS

import keras
import numpy as np
from common import RESULTS, load, parser, real_digits, save
from generative import Training, over_seeds
from generative_digits import with_distorted_copies

N_LOOKED_AT = 1000  # digits whose attention is compared with their strokes
N_CAPTIONS = 20_000


def trained(model: keras.Model, data: tuple, batch_size: int, seconds: float) -> dict:
    """Train a compiled model for some seconds; return the seconds and what was done in them."""
    clock, processor = Training(seconds, model.optimizer), time.process_time()
    model.fit(*data, batch_size=batch_size, epochs=10_000, callbacks=[clock], verbose=0)
    steps = int(model.optimizer.iterations)
    return {
        "parameters": model.count_params(),
        "seconds": time.perf_counter() - clock.start,
        "processor seconds": time.process_time() - processor,
        "steps": steps,
        "epochs": steps * batch_size / len(data[0]),
    }


def classifier(model: keras.Model, data: tuple[Dataset, Dataset], seconds: float) -> dict:
    """Train a classifier of digits; return its accuracy on the test digits."""
    train, test = data
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(2e-3, weight_decay=0.02), loss)
    found = trained(model, (train.images, np.asarray(train.labels)), 64, seconds)
    scores = model.predict(test.images, batch_size=500, verbose=0)
    return found | {"test accuracy": float((scores.argmax(axis=1) == test.labels).mean())}


def vit(data: tuple[Dataset, Dataset], seconds: float, seed: int, stem: str = "linear") -> dict:
    """Train a vision transformer; return its accuracy, and where it looks."""
    images = data[1].images[:N_LOOKED_AT]
    model = get_vit(images.shape[1:], 10, depth=3, stem=stem, seed=seed)
    before = {kind: class_attention(model, images, kind) for kind in KINDS}
    found = classifier(model, data, seconds)
    after = {kind: class_attention(model, images, kind) for kind in KINDS}
    for kind in KINDS:
        found[f"{kind}, density on strokes"] = density_on_strokes(after[kind], images)
        found[f"{kind}, density on strokes, untrained"] = density_on_strokes(before[kind], images)
    if seed == 0:
        rows = {kind: pictures.heat_over_images(images[:10], after[kind][:10]) for kind in KINDS}
        RESULTS.mkdir(exist_ok=True)
        shown = pictures.reconstructions(images[:10].repeat(3, axis=-1), rows, first="digit")
        shown.savefig(RESULTS / f"attention_vit_{stem}.png")
    return found


def cnn(data: tuple[Dataset, Dataset], seconds: float, seed: int) -> dict:
    """Train a convolutional classifier; return its accuracy."""
    encoder = get_encoder(data[0].images.shape[1:], 64, seed=seed)
    return classifier(get_classifier(encoder, 10, seed=seed), data, seconds)


def sequences(data: tuple[Dataset, Dataset], seconds: float, seed: int) -> dict:
    """Train transformers to reverse and to sort digits, each for a part of the seconds."""
    found: dict[str, Any] = {}
    for task in TASKS:
        source, target = digit_sequences(50_000, task, seed=1 + seed)
        model = SequenceToSequence(get_sequence_to_sequence(N_TOKENS, source.shape[1], seed=seed))
        model.compile(keras.optimizers.Adam(2e-3))
        of_training = trained(model, (source, target), 100, seconds / len(TASKS))
        found |= {f"{task}, {name}": value for name, value in of_training.items()}
        # sequences of eight digits: some of the test's have been trained on, by chance 1 in 2,000
        found[f"{task}, share right"] = model.share_right(*digit_sequences(1000, task, seed=0))
    return found


def captions(data: tuple[Dataset, Dataset], seconds: float, seed: int) -> dict:
    """Train a language model of captions; return its nats beside those of the grammar."""
    tokenizer = caption_tokenizer()
    train, test = (
        draw_captions(draw_factors(n, seed=first + seed), seed=first + seed)
        for n, first in ((N_CAPTIONS, 100), (2000, 200))
    )
    x, x_test = (tokenizer.encode(drawn.texts) for drawn in (train, test))
    model = LanguageModel(get_language_model(tokenizer.n_words, tokenizer.length, seed=seed))
    model.compile(keras.optimizers.Adam(2e-3))
    found: dict[str, Any] = trained(model, (x,), 64, seconds)
    nats, entropy = -model.log_likelihood(x_test).mean(), -test.log_p.mean()
    return found | {
        "nats per caption": float(nats),
        "nats per caption, grammar": float(entropy),
        "nats per caption, share above the grammar": float(nats / entropy - 1),
        "perplexity per word": model.perplexity(x_test),
        "perplexity per word, grammar": float(
            np.exp(-test.log_p.sum() / (x_test[:, 1:] != 0).sum())
        ),
    }


MODELS: dict[str, Callable[..., dict]] = {
    "ViT": vit,
    "ViT, stem of convolutions": functools.partial(vit, stem="convolutions"),
    "CNN": cnn,
    "sequences": sequences,
    "captions": captions,
}


def main() -> None:
    """Measure, and save the figures of each model as soon as it is done."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=180, help="of training, for each model")
    options.add_argument("--seeds", type=int, default=3, help="trainings of each model")
    options.add_argument("--only", nargs="*", default=[*MODELS], help="names of models")
    given = options.parse_args()
    train, test = real_digits(given.data)
    data = with_distorted_copies(train), test
    for name in given.only:
        run = functools.partial(MODELS[name], data, given.seconds)
        found = over_seeds(name, given.seeds, run)
        save("attention", load("attention") | {name: found})


if __name__ == "__main__":
    main()
