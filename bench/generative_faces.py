"""Train DCGAN and VAE on drawn faces; measure attributes of samples, vector arithmetic, edits.

python bench/generative_faces.py [--seconds 470]
"""

import itertools

import ankeras
from ankeras import evaluation, latent
from ankeras.autoencoders import VAE, encode_posterior
from ankeras.builders import get_decoder, get_encoder
from ankeras.data import faces
from ankeras.data.faces import BINARY, draw_factors
from ankeras.gans import get_dcgan

import keras
import numpy as np
from common import parser, save
from generative import evaluated, picture, report, train_gan, train_vae

SHAPE, WIDTHS = (32, 32, 3), (32, 64, 128)
N_TRAIN, N_TEST, N_SAMPLES = 20_000, 10_000, 5_000
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
    reader: keras.Model, generator: keras.Model, z: np.ndarray, images: np.ndarray, has: np.ndarray
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
    """
    woman, glasses = has["woman"] == 1, has["glasses"] == 1
    others = [name for name in BINARY if name not in ("woman", "glasses")]
    rng = np.random.default_rng(0)
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
    figures: dict = {
        "chance": float(np.mean(woman & glasses)),
        "examples per concept": N_EXAMPLES,
        "trials": N_TRIALS,
    }
    by_way = {"codes": latent.decode(generator, np.stack(by_codes)), "pixels": np.stack(by_pixels)}
    for way, drawn in by_way.items():
        found = evaluation.read_attributes(reader, drawn)
        success = (found["woman"] == 1) & (found["glasses"] == 1)
        kept = {
            name: float(np.mean(found[name] == [like[name] for like in wanted])) for name in others
        }
        figures[f"woman with glasses, by {way}"] = float(np.mean(success))
        figures[f"others kept, by {way}"] = float(np.mean(list(kept.values())))
        figures[f"each of the others kept, by {way}"] = kept
        picture(f"generative_faces_arithmetic_{way}", drawn)
    return figures


def edits(reader: keras.Model, generator: keras.Model, z: np.ndarray, has: np.ndarray) -> dict:
    """Return how often an edit flips its attribute, and how often it keeps each other attribute.

    An edit moves a code across the hyperplane of its attribute, orthogonally to the normals of the
    other hyperplanes. The direction (normal, or difference of means) and the strength are chosen
    with a thousand codes: those with the best worst figure. They are evaluated with another
    thousand.
    """
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


def main() -> None:
    """Train both models for some seconds, evaluate them and save the figures."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=470, help="of training, for each model")
    seconds = options.parse_args().seconds
    reader = evaluation.face_reader()
    train, test = (faces(n, seed=seed, size=SHAPE[0]) for n, seed in ((N_TRAIN, 0), (N_TEST, 1)))
    figures = {"reader": evaluation.attribute_accuracy(reader, test)}

    ankeras.setup(0)
    gan = get_dcgan(SHAPE, 64)
    found = train_gan(gan, train, seconds)
    z = latent.sample_prior(N_SAMPLES, gan.latent_dim, seed=1)
    samples = latent.decode(gan.generator, z)
    picture("generative_faces_dcgan", samples)
    found |= of_samples(reader, test.images, samples)
    found |= arithmetic(
        reader, gan.generator, z, samples, evaluation.read_attributes(reader, samples)
    )
    figures["DCGAN"] = report("DCGAN", found)

    ankeras.setup(0)
    d = 64
    vae = VAE(
        get_encoder(SHAPE, 2 * d, widths=WIDTHS),
        get_decoder(d, SHAPE, widths=WIDTHS, upsampling="transposed"),
        beta=0.1,
    )
    found = train_vae(vae, train, seconds, rate=3e-3)
    z, _ = encode_posterior(vae, test.images[:N_SAMPLES])
    has = evaluation.true_attributes(draw_factors(N_TEST, seed=1)[:N_SAMPLES])
    drawn = latent.decode(vae.generator, z)
    picture("generative_faces_vae", drawn)
    read = evaluation.read_attributes(reader, drawn)
    found["attributes found in reconstructions"] = {
        name: float(np.mean(read[name] == has[name])) for name in evaluation.ATTRIBUTES
    }
    found |= arithmetic(reader, vae.generator, z, test.images[:N_SAMPLES], has)
    found["edits"] = edits(reader, vae.generator, z, has)
    figures["VAE"] = report("VAE", found)
    save("generative_faces", figures)


if __name__ == "__main__":
    main()
