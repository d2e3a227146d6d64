"""Evaluate the pretrained VAE and DCGAN of faces, beside the same models after three minutes.

python bench/generative_faces.py [--minutes 3] [--only faces-vae]

Measured are samples, reconstructions, vector arithmetic and edits, with three seeds. A result of
arithmetic counts if the face reader sees what was asked for, and in a second count only if it also
lies among real faces: the reader sees glasses in a ghost too.

The training of the VAE uses the features of the face reader for 64 pixels. So all figures of its
attributes are measured a second time by the reader for 32 pixels, which no training of generators
uses, with one seed.
"""

import itertools
import tempfile
from pathlib import Path
from typing import Any

from ankeras import evaluation, latent, pretrained, recipes
from ankeras.autoencoders import encode_posterior
from ankeras.data import Dataset, faces
from ankeras.data.faces import BINARY

import keras
import numpy as np
from common import load, parser, save
from generative import evaluated, picture, report

SEEDS = (0, 1, 2)
N_TEST, N_SAMPLES = 10_000, 5_000
N_EXAMPLES, N_TRIALS = 20, 200  # codes that are averaged per concept; number of trials
# An edit moves a code to one of these multiples of the mean distance from the hyperplane.
STRENGTHS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0)


def of_samples(reader: keras.Model, real: np.ndarray, samples: np.ndarray) -> dict:
    """Return figures of samples, and how often the reader finds each attribute in them.

    The frequencies are compared with those that the reader finds in real images.
    """
    found, wanted = (
        evaluation.read_attributes(reader, samples),
        evaluation.read_attributes(reader, real),
    )
    gaps = {
        name: evaluation.frequencies(found[name], n) - evaluation.frequencies(wanted[name], n)
        for name, n in evaluation.ATTRIBUTES.items()
    }
    figures = evaluated(reader, real, samples)
    figures["frequencies, samples - data"] = {name: gap.tolist() for name, gap in gaps.items()}
    figures["largest gap"] = float(max(np.abs(gap).max() for gap in gaps.values()))
    return figures


def arithmetic(
    reader: keras.Model,
    generator: keras.Model,
    z: np.ndarray,
    images: np.ndarray,
    has: np.ndarray,
    real: np.ndarray,
    seed: int,
    picture_name: str,
) -> dict:
    """Return how often "man with glasses - man + woman" works, with codes and with pixels.

    In each trial, the examples of all three concepts have the same other binary attributes, which
    are chosen at random. The result should have them too.

    Args:
        reader: reads the attributes of the results.
        generator: draws images from codes.
        z: (n, d), codes.
        images: (n, *image), the images of these codes.
        has: (n,), the attributes of these images.
        real: (m, *image), the real faces among which a result should lie.
        seed: seed of the examples.
        picture_name: of the picture of the results; "" for none.
    """
    woman, glasses = has["woman"] == 1, has["glasses"] == 1
    others = [name for name in BINARY if name not in ("woman", "glasses")]
    rng = np.random.default_rng(seed)
    by_codes: list[np.ndarray] = []
    by_pixels: list[np.ndarray] = []
    wanted: list[np.void] = []
    while len(wanted) < N_TRIALS:
        like = has[rng.integers(len(has))]
        same = np.all([has[name] == like[name] for name in others], axis=0)
        groups = (~woman & glasses & same, ~woman & ~glasses & same, woman & ~glasses & same)
        rows = [np.flatnonzero(group) for group in groups]
        if min(map(len, rows)) < N_EXAMPLES:
            continue
        chosen = [rng.choice(group, N_EXAMPLES, replace=False) for group in rows]
        by_codes.append(latent.arithmetic(*(z[group] for group in chosen)))
        by_pixels.append(latent.pixel_arithmetic(*(images[group] for group in chosen)))
        wanted.append(like)
    figures: dict = {"chance": float(np.mean(woman & glasses))}
    by_way = {"codes": latent.decode(generator, np.stack(by_codes)), "pixels": np.stack(by_pixels)}
    of_real = evaluation.features(reader, real)
    for way, drawn in by_way.items():
        found = evaluation.read_attributes(reader, drawn)
        success = (found["woman"] == 1) & (found["glasses"] == 1)
        among = evaluation.lie_among(of_real, evaluation.features(reader, drawn))
        kept = {
            name: float(np.mean(found[name] == [like[name] for like in wanted])) for name in others
        }
        figures[f"woman with glasses, by {way}"] = float(np.mean(success))
        figures[f"lie among real faces, by {way}"] = float(np.mean(among))
        figures[f"woman with glasses among real faces, by {way}"] = float(np.mean(success & among))
        figures[f"others kept, by {way}"] = float(np.mean(list(kept.values())))
        figures[f"each of the others kept, by {way}"] = kept
        if picture_name:
            picture(f"{picture_name}_arithmetic_{way}", drawn)
    return figures


def edits(
    reader: keras.Model, generator: keras.Model, z: np.ndarray, has: np.ndarray, seed: int = 0
) -> dict:
    """Return how often an edit flips its attribute, and how often it keeps each other attribute.

    An edit moves a code across the hyperplane of its attribute, orthogonally to the normals of the
    other hyperplanes. The direction (normal, or difference of means) and the strength are chosen
    with a thousand codes: those with the best worst figure. They are evaluated with another
    thousand.
    """
    rows = np.random.default_rng(seed).permutation(len(z))
    z, has = z[rows], has[rows]
    planes = {name: latent.hyperplane(z, has[name]) for name in BINARY}
    parts = {
        part: (codes, evaluation.read_attributes(reader, latent.decode(generator, codes)))
        for part, codes in (("choose", z[1000:2000]), ("evaluate", z[:1000]))
    }

    def edit(part: str, name: str, along: np.ndarray, strength: float) -> dict[str, float]:
        """Return the share of codes whose attribute flips, and that keep each other attribute."""
        codes, before = parts[part]
        distance = strength * float(np.abs(planes[name].distance(z)).mean())
        wanted = np.where(before[name] == 1, -distance, distance)
        moved = latent.move_to(codes, planes[name], wanted, along)
        after = evaluation.read_attributes(reader, latent.decode(generator, moved))
        return {o: float(np.mean((after[o] == before[o]) != (o == name))) for o in BINARY}

    figures = {}
    for name, plane in planes.items():
        others = [planes[other].normal for other in BINARY if other != name]
        directions = {
            "normal": latent.orthogonalize(plane.normal, others),
            "means": latent.orthogonalize(latent.mean_direction(z, has[name]), others),
        }
        way, strength = max(
            itertools.product(directions, STRENGTHS),
            key=lambda each: min(edit("choose", name, directions[each[0]], each[1]).values()),
        )
        found = edit("evaluate", name, directions[way], strength)
        figures[name] = {
            "direction": way,
            "strength": strength,
            "flipped": found.pop(name),
            "others kept": found,
        }
        print(f"  {name}: {figures[name]}", flush=True)
    return figures


def of_dcgan(
    gan: Any, reader: keras.Model, test: Dataset, seed: int, picture_name: str = ""
) -> dict:
    """Return the figures of a DCGAN's samples and of arithmetic with them."""
    z = latent.sample_prior(N_SAMPLES, gan.latent_dim, seed=seed + 1)
    samples = latent.decode(gan.generator, z)
    if picture_name:
        picture(picture_name, samples)
    has = evaluation.read_attributes(reader, samples)
    real = test.images[:N_SAMPLES]
    return of_samples(reader, test.images, samples) | arithmetic(
        reader, gan.generator, z, samples, has, real, seed, picture_name
    )


def of_vae(vae: Any, reader: keras.Model, test: Dataset, seed: int, picture_name: str = "") -> dict:
    """Return the figures of a VAE's reconstructions, and of arithmetic and edits with its codes."""
    z, _ = encode_posterior(vae, test.images)
    has = evaluation.true_attributes(test.factors)
    half = np.random.default_rng(seed).permutation(len(z))[:N_SAMPLES]
    rest = np.setdiff1d(np.arange(len(z)), half)
    drawn, images = latent.decode(vae.generator, z[half]), test.images[half]
    if picture_name:
        picture(picture_name, drawn)
    read = evaluation.read_attributes(reader, drawn)
    found: dict = {
        "squared error": float(np.mean((drawn - images) ** 2)),
        "sharpness": evaluation.sharpness(drawn) / evaluation.sharpness(images),
        "attributes found in reconstructions": {
            name: float(np.mean(read[name] == has[half][name])) for name in evaluation.ATTRIBUTES
        },
    }
    given = z[half], images, has[half], test.images[rest]
    found |= arithmetic(reader, vae.generator, *given, seed, picture_name)
    return found | {"edits": edits(reader, vae.generator, z[half], has[half], seed)}


MODELS = {"faces-dcgan": of_dcgan, "faces-vae": of_vae}


def after(minutes: float, name: str) -> keras.Model:
    """Train a model with its recipe for some minutes, by the seconds of its card."""
    card = pretrained.card(name)
    share = 60 * minutes / card.training["seconds"]
    epochs = max(round(card.training["epochs"] * share), 1)
    with tempfile.TemporaryDirectory() as folder:
        return recipes.train(recipes.recipe(name), Path(folder), epochs, verbose=0)[0]


def main() -> None:
    """Evaluate both models, pretrained and after some minutes, and save the figures."""
    options = parser(__doc__)
    options.add_argument("--minutes", type=float, default=3, help="of training, to compare with")
    options.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    given = options.parse_args()
    minutes = given.minutes
    reader, second = evaluation.face_reader(64), evaluation.face_reader(32)
    test = faces(N_TEST, seed=1, size=64)
    figures: dict = {
        **load("generative_faces"),
        "reader": evaluation.attribute_accuracy(reader, test),
        "second reader": evaluation.attribute_accuracy(second, test),
    }
    for name in given.only:
        evaluate = MODELS[name]
        states = {"pretrained": lambda name=name: pretrained.load(name)}
        states[f"after {minutes:g} minutes"] = lambda name=name: after(minutes, name)
        for state, get in states.items():
            model = get()
            title = f"{name}, {state}"
            pictured = f"generative_{title.replace(', ', '_').replace(' ', '_').replace('-', '_')}"
            figures[title] = [
                report(
                    f"{title}, seed {seed}",
                    evaluate(model, reader, test, seed, "" if seed else pictured),
                )
                for seed in SEEDS
            ]
            figures[f"{title}, second reader"] = report(
                f"{title}, second reader", evaluate(model, second, test, SEEDS[0])
            )
            save("generative_faces", figures)


if __name__ == "__main__":
    main()
