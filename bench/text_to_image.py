"""Train models that draw faces from captions, and evaluate whether the faces have what was said.

python bench/text_to_image.py [--seconds 240] [--only direct unclip] [--seeds 0 1 2] [--pretrained]

The face reader looks for each attribute that a caption states. Beside each share stand that of the
real images that the captions were drawn for, and that of pictures that were exchanged at random.
With --pretrained, the models that come with the package are evaluated, and the seeds are those of
captions and noise.

direct: diffusion on the tokens of captions, P(x | y).
unclip: CLIP is trained for the same time first; then the prior P(z_i | y) for a quarter of it and
the decoder P(x | z_i, y) for the rest.
"""

from typing import Any

import ankeras
from ankeras import evaluation, pretrained
from ankeras.builders.transformer import get_text_encoder
from ankeras.data import Dataset, faces
from ankeras.data.captions import (
    FACTS,
    LENGTH,
    Captions,
    caption_tokenizer,
    captions_of,
    draw_captions,
)
from ankeras.data.faces import BINARY, render
from ankeras.data.held_out import COMBINATIONS, combination_values, held_out_factors
from ankeras.evaluation.captions import stated_found
from ankeras.language import CLIP, Prior, TextToImage, UnCLIP, get_prior_network
from ankeras.recipes.captioned_faces import SHAPE, captioned_faces, get_clip
from ankeras.recipes.text_to_image import LEARNING_RATE, get_text_to_image
from ankeras.recipes.unclip import get_unclip
from ankeras.training.callbacks import WeightAverage

import keras
import numpy as np
from common import load, parser, save
from generative import Training, evaluated, picture, report

N_SAMPLES, N_HELD_OUT, N_CHANGED, STEPS = 1_000, 250, 100, 20
WEIGHTS = (0.0, 1.0, 2.0, 3.0, 5.0)
SHARES = (0.2, 0.3, 0.4, 0.5)  # of the way from an image's embedding to a difference of texts
CHANGES = (*BINARY, "hair_color", "shirt", "background")  # what differs between two texts
ALL = (len(FACTS), len(FACTS))  # facts of a caption that states everything


def train(model: Any, x: np.ndarray, tokens: np.ndarray, seconds: float) -> int:
    """Train a diffusion model for some seconds with averaged weights; return the steps."""
    model.compile(keras.optimizers.Adam(LEARNING_RATE, global_clipnorm=1.0))
    average, clock = WeightAverage(0.995, "network"), Training(seconds, model.optimizer)
    model.fit(x, tokens, batch_size=32, epochs=10_000, callbacks=[average, clock], verbose=0)
    return int(model.optimizer.iterations)


def text_encoder() -> keras.Model:
    """Return a text encoder with random weights."""
    return get_text_encoder(caption_tokenizer().n_words, LENGTH, depth=1)


def encoded(captions: Captions) -> np.ndarray:
    """Return the tokens of captions."""
    return caption_tokenizer().encode(captions.texts)


def agreement(images: np.ndarray, stated: np.ndarray, real: np.ndarray) -> dict[str, Any]:
    """Return how many of the attributes that captions state are found in their pictures."""
    reader = evaluation.face_reader(SHAPE[0])
    found, of_real = stated_found(reader, images, stated), stated_found(reader, real, stated)
    return {
        "stated attributes found": found.share,
        "in real images": of_real.share,
        "by chance": found.chance,
        "captions of which all is found": found.whole,
        "by attribute": found.by_attribute,
    }


def of_held_out(draw: Any, seed: int) -> dict[str, Any]:
    """Return the agreement for combinations that no training saw, and how often they are whole."""
    factors = held_out_factors(N_HELD_OUT, seed=seed + 10)
    captions = draw_captions(factors, seed + 10, n_facts=ALL)
    images = draw(encoded(captions))
    read = evaluation.read_attributes(evaluation.face_reader(SHAPE[0]), images)
    figures = agreement(images, captions.stated, render(factors, SHAPE[0]))
    for i, combination in enumerate(COMBINATIONS):
        rows = slice(i, None, len(COMBINATIONS))
        whole = [read[name][rows] == v for name, v in combination_values(combination).items()]
        figures[" ".join(f"{k}={v}" for k, v in combination.items())] = float(
            np.all(whole, 0).mean()
        )
    return figures


def of_samples(draw: Any, test: Dataset, seed: int, name: str, train_images: np.ndarray) -> dict:
    """Return the agreement for captions of both kinds of forms, and the quality of the samples."""
    half = N_SAMPLES // 2
    seen = draw_captions(test.take(slice(half)).factors, seed + 20)
    unseen = draw_captions(test.take(slice(half, N_SAMPLES)).factors, seed + 20, unseen=True)
    images = draw(np.concatenate([encoded(seen), encoded(unseen)]))
    picture(f"text_to_image_{name}".replace(" ", "_"), images)
    reader = evaluation.face_reader(SHAPE[0])
    _, distances = evaluation.nearest_training_images(images[:200], train_images)
    _, of_test = evaluation.nearest_training_images(test.images[:200], train_images)
    return {
        **agreement(images[:half], seen.stated, test.images[:half]),
        "forms that no training saw": agreement(
            images[half:], unseen.stated, test.images[half:N_SAMPLES]
        ),
        "distance to the nearest training image, mean and least": [
            float(distances.mean()),
            float(distances.min()),
        ],
        "the same of test images": [float(of_test.mean()), float(of_test.min())],
        **evaluated(reader, test.images[: 2 * N_SAMPLES], images),
    }


def direct(model: TextToImage, test: Dataset, train_images: np.ndarray, seed: int) -> dict:
    """Return the figures of the direct way by guidance weight."""
    figures = {}
    for w in WEIGHTS:

        def draw(tokens: np.ndarray, w: float = w) -> np.ndarray:
            return model.generate_for(tokens, seed, STEPS, w)

        name = f"direct, weight {w:g}"
        figures[name] = report(name, of_samples(draw, test, seed, name, train_images))
        if w in (2.0, 3.0):
            name += ", held out"
            figures[name] = report(name, of_held_out(draw, seed))
    return figures


def prior_figures(prior: Prior, clip: CLIP, test: Dataset, seed: int) -> dict:
    """Return cosines of drawn embeddings with those of images, for captions that say everything."""
    captions = draw_captions(test.take(slice(N_SAMPLES)).factors, seed + 30, n_facts=ALL)
    tokens = encoded(captions)
    z_i, z_t = clip.embed_images(test.images[:N_SAMPLES]), clip.embed_texts(tokens)

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.mean(np.sum(a * b, axis=1)))

    figures = {
        "the caption's own embedding": cosine(z_t, z_i),
        "another image's embedding": cosine(np.roll(z_i, 1, axis=0), z_i),
    }
    for w in (1.0, 2.0):
        drawn = prior.generate_for(tokens, seed, STEPS, w)
        figures[f"weight {w:g}"] = cosine(drawn, z_i)
        figures[f"weight {w:g}, of an unrelated caption"] = cosine(np.roll(drawn, 1, axis=0), z_i)
    return report("prior, cosine to the true embedding", figures)


def decoder_figures(
    prior: Prior, decoder: UnCLIP, clip: CLIP, test: Dataset, seed: int, train_images: np.ndarray
) -> dict:
    """Return the figures of decoded true, drawn and exchanged embeddings, and of whole unCLIP."""
    captions = draw_captions(test.take(slice(N_HELD_OUT)).factors, seed + 30, n_facts=ALL)
    tokens, real = encoded(captions), test.images[:N_HELD_OUT]
    z_prior = prior.generate_for(tokens, seed, STEPS, 1.0)
    embeddings = {
        "true embeddings": decoder.embed_images(real),
        "the prior's embeddings": z_prior,
        "embeddings of the captions (no prior)": clip.embed_texts(tokens),
        "the prior's, exchanged": np.roll(z_prior, 1, axis=0),
    }
    figures = {}
    for name, z in embeddings.items():
        drawn = decoder.decode(z, seed=seed, steps=STEPS)
        figures[name] = report(name, agreement(drawn, captions.stated, real))

    def draw(y: np.ndarray) -> np.ndarray:
        return decoder.decode(prior.generate_for(y, seed, STEPS, 1.0), y, seed=seed, steps=STEPS)

    figures["unCLIP"] = report("unCLIP", of_samples(draw, test, seed, "unclip", train_images))
    figures["unCLIP, held out"] = report("unCLIP, held out", of_held_out(draw, seed))
    return figures


def changed(decoder: UnCLIP, clip: CLIP, test: Dataset, seed: int) -> dict:
    """Return how often a difference of two texts changes the named attribute, and keeps others."""
    rng, reader = np.random.default_rng(seed), evaluation.face_reader(SHAPE[0])
    truth = evaluation.read_attributes(reader, test.images)
    figures: dict[str, Any] = {}
    for share in SHARES:
        shares: dict[str, Any] = {}
        for name in CHANGES:
            old, new = rng.permutation(len(FACTS[name]))[:2]
            rows = np.flatnonzero(truth[name] == old)[:N_CHANGED]
            z_from, z_to = (
                clip.embed_texts(caption_tokenizer().encode(captions_of({name: int(value)}))).mean(
                    0
                )
                for value in (old, new)
            )
            images = decoder.change(test.images[rows], z_from, z_to, share)
            read = evaluation.read_attributes(reader, images)
            others = [n for n in evaluation.ATTRIBUTES if n != name]
            kept = {n: float(np.mean(read[n] == truth[n][rows])) for n in others}
            shares[name] = {"changed": float(np.mean(read[name] == new)), "kept": kept}
        figures[f"share {share:g}"] = shares
        report(
            f"text differences, share {share:g}",
            {
                "changed": float(np.mean([v["changed"] for v in shares.values()])),
                "kept": float(
                    np.mean([np.mean(list(v["kept"].values())) for v in shares.values()])
                ),
            },
        )
    return figures


def unclip(prior: Prior, decoder: UnCLIP, clip: CLIP, *given: Any) -> dict:
    """Return all figures of unCLIP."""
    test, train_images, seed = given
    return {
        "prior": prior_figures(prior, clip, test, seed),
        **decoder_figures(prior, decoder, clip, test, seed, train_images),
        "text differences": changed(decoder, clip, test, seed),
    }


def trained_direct(x: np.ndarray, tokens: np.ndarray, seconds: float) -> TextToImage:
    """Return the direct model after some seconds of training."""
    model = get_text_to_image(text_encoder())
    report("direct", {"steps": train(model, x, tokens, seconds)})
    return model


def trained_unclip(x: np.ndarray, tokens: np.ndarray, seconds: float) -> tuple:
    """Return prior, decoder and CLIP after some seconds of training."""
    clip = get_clip()
    clip.compile(keras.optimizers.Adam(2e-3))
    clock = Training(seconds, clip.optimizer)
    clip.fit(x, tokens, batch_size=128, epochs=10_000, callbacks=[clock], verbose=0)
    d = clip.image_encoder.output_shape[1]
    prior = Prior(get_prior_network(d, text_encoder()))
    steps = train(prior, clip.embed_images(x), tokens, seconds / 4)
    decoder = get_unclip(clip, text_encoder())
    both = {"prior": steps, "decoder": train(decoder, x, tokens, 0.75 * seconds)}
    report("unCLIP, steps", both)
    return prior, decoder, clip


def main() -> None:
    """Measure and save the figures."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=240, help="of training, per model")
    options.add_argument(
        "--only", nargs="+", choices=("direct", "unclip"), default=["direct", "unclip"]
    )
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--pretrained", action="store_true", help="take the models of the package")
    given = options.parse_args()
    ankeras.setup(0)
    test = faces(2 * N_SAMPLES, seed=1, size=SHAPE[0])
    x, tokens = captioned_faces()
    for seed in given.seeds:
        for name in given.only:
            ankeras.setup(seed)
            if name == "direct":
                model = (
                    pretrained.load("faces-text-to-image")
                    if given.pretrained
                    else trained_direct(x, tokens, given.seconds)
                )
                figures = direct(model, test, x, seed)
            else:
                models = (
                    map(pretrained.load, ("faces-prior", "faces-unclip", "faces-clip"))
                    if given.pretrained
                    else trained_unclip(x, tokens, given.seconds)
                )
                figures = unclip(*models, test, x, seed)
            kind = "pretrained" if given.pretrained else f"{given.seconds:g} s"
            save("text_to_image", load("text_to_image") | {f"{name}, {kind}, seed {seed}": figures})


if __name__ == "__main__":
    main()
