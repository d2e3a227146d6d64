"""Train the systems of image to image for some minutes, and compare with the true images.

python bench/image_to_image.py [--only pix2pix cyclegan ...] [--seconds 240] [--seeds 0 1 2]

All images are drawn, so the true result of each translation is known. Pictures go to
bench/results/image_to_image_*.png. Saved figures of other parts and seeds are kept.
"""

import argparse
from collections.abc import Callable
from typing import Any

import ankeras
from ankeras import data, evaluation, pictures
from ankeras.builders import get_encoder
from ankeras.builders.feature_network import get_feature_network
from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.builders.unet import get_unet
from ankeras.data import Dataset, faces
from ankeras.data.clips import clips
from ankeras.data.faces import HAIR_COLORS, HAIR_STYLES, RANGES
from ankeras.data.people import PEOPLE, person
from ankeras.data.views import LUMA, domains, pairs, shrink
from ankeras.image_to_image import (
    Colorization,
    NextFrame,
    Pix2Pix,
    SuperResolution,
    UnpairedBatches,
    chroma,
    find_palette,
    frame_pairs,
    get_super_resolution_network,
    mean_chroma,
    with_chroma,
)
from ankeras.recipes.face_swap import get_face_swap, same_person, swaps
from ankeras.recipes.figures import bicubic
from ankeras.recipes.image_to_image import get_cyclegan, translated
from ankeras.training.system import System

import keras
import numpy as np
from common import RESULTS, load, save
from generative import Training, report
from keras import ops

N_TRAIN, N_TEST = 6_000, 1_000
SHOWN = 10
N_FEW = 50  # labelled faces of the domain with few labels
SHAPES = ("woman", "smile", "glasses", "beard", "hat", "hair_style")  # seen in a label map


def picture(name: str, images: np.ndarray, rows: dict[str, np.ndarray], first: str) -> None:
    """Save a picture of images and what networks made of them."""
    figure = pictures.reconstructions(images, rows, n=SHOWN, first=first)
    figure.savefig(RESULTS / f"image_to_image_{name}.png")


def train_game(model: Any, x: Any, y: Any, seconds: float, rate: float = 1e-3) -> Any:
    """Train two players for some seconds; x may hold the minibatches."""
    model.compile(*(keras.optimizers.Adam(rate, beta_1=0.5) for _ in range(2)))
    clock = Training(seconds, model.optimizer.discriminator, model.optimizer.generator)
    given = {} if y is None else {"batch_size": 16}
    model.fit(x, y, epochs=10_000, callbacks=[clock], verbose=0, **given)
    return model


def train_alone(model: Any, x: Any, y: Any, seconds: float, rate: float = 2e-3) -> Any:
    """Train one network, or a system with one optimizer, for some seconds."""
    loss = {} if isinstance(model, System) else {"loss": "mse"}
    model.compile(keras.optimizers.Adam(rate), **loss)
    clock = Training(seconds, model.optimizer)
    model.fit(x, y, batch_size=32, epochs=10_000, callbacks=[clock], verbose=0)
    return model


def pix2pix(seconds: float, seed: int) -> dict:
    """Draw portraits from label maps: both terms, and each of them alone."""
    train, test = (pairs("labels", n, seed=s) for n, s in ((N_TRAIN, 2 * seed), (N_TEST, 1)))
    reader, truth = evaluation.face_reader(64), test.targets["paired"]
    targets = {"factors": test.targets["factors"]}
    portraits = evaluation.attribute_accuracy(reader, Dataset(truth, targets))
    figures: dict[str, Any] = {"from the portraits": portraits}
    rows = {}
    for name, lam, adversarial in (
        ("both terms", 100.0, 1.0),
        ("L1 alone", 100.0, 0.0),
        ("adversarial alone", 0.0, 1.0),
    ):
        model = Pix2Pix(
            get_unet(),
            get_patch_discriminator((64, 64, 3), (64, 64, 3)),
            lam=lam,
            adversarial=adversarial,
        )
        train_game(model, train.images, train.targets["paired"], seconds)
        rows[name] = drawn = model.translate(test.images)
        right = evaluation.attribute_accuracy(reader, Dataset(drawn, targets))
        figures[name] = {
            "steps": int(model.optimizer.generator.iterations),
            "L1": float(np.abs(drawn - truth).mean()),
            "sharpness": evaluation.sharpness(drawn) / evaluation.sharpness(truth),
            "least of the shapes": min(right[shape] for shape in SHAPES),
            "read right": right,
        }
        report(f"pix2pix, {name}", figures[name])
    picture("pix2pix", test.images, {**rows, "truth": truth}, "labels")
    return figures


def cyclegan(seconds: float, seed: int) -> dict:
    """Translate between two domains without pairs, beside doing nothing and beside pix2pix."""
    figures: dict[str, Any] = {}
    black, red = HAIR_COLORS.index("black"), HAIR_COLORS.index("red")
    shape = (32, 32, 3)
    for name, factor, values in (
        ("glasses", "glasses", (0, 1)),
        ("hair", "hair_color", (black, red)),
    ):
        train = domains(factor, values, N_TRAIN, seed=2 * seed)
        test = domains(factor, values, N_TEST, seed=2 * seed + 1)
        x, y = (part.images for part in train)
        batches = UnpairedBatches(x, y, 16, seed)
        model = train_game(get_cyclegan(), batches, None, seconds, 2e-3)
        pix = Pix2Pix(
            get_unet(shape, widths=(16, 32)), get_patch_discriminator(shape, shape, widths=(16, 32))
        )
        train_game(pix, x, train[0].targets["paired"], seconds / 4)
        ways = {
            "doing nothing": [part.images for part in test],
            "CycleGAN": [model.translate(part.images, bool(i)) for i, part in enumerate(test)],
            "pix2pix on the pairs": [pix.translate(test[0].images)],
        }
        for way, drawn in ways.items():
            for i, images in enumerate(drawn):
                title = f"{name} {values[i]} -> {values[1 - i]}, {way}"
                found = translated(factor, values[1 - i], test[i], images)
                found["least kept"] = min(found["kept"].values())
                figures[title] = report(title, found)
        for i, part in enumerate(test):
            rows = {"CycleGAN": ways["CycleGAN"][i], "hidden pair": part.targets["paired"]}
            picture(f"cyclegan_{name}_{i}", part.images, rows, "input")
    return figures


def hair_style_right(images: np.ndarray, labels: np.ndarray, test: Dataset) -> float:
    """Return the share of test images whose hair style a new classifier reads right."""
    classifier = keras.Sequential(
        [
            get_encoder((32, 32, 3), 64, widths=(16, 32, 64)),
            keras.layers.Activation("relu"),
            keras.layers.Dense(len(HAIR_STYLES), dtype="float32"),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.Adam(1e-3), loss=loss)
    shown = np.random.default_rng(0).permutation(30_000) % len(images)
    classifier.fit(images[shown], labels[shown], batch_size=32, verbose=0)
    found = classifier.predict(test.images, verbose=0).argmax(axis=1)
    return float(np.mean(found == test.targets["factors"]["hair_style"]))


def augmentation(seconds: float, seed: int) -> dict:
    """Classify the hair style of black-haired faces with few labels, and many of red-haired ones.

    The CycleGAN learns from images without labels. Every classifier takes equally many steps.
    """
    values = tuple(HAIR_COLORS.index(color) for color in ("red", "black"))
    x, y = domains("hair_color", values, N_TRAIN // 2, seed=2 * seed)
    _, test = domains("hair_color", values, N_TEST, seed=2 * seed + 1)
    batches = UnpairedBatches(x.images, y.images, 16, seed)
    model = train_game(get_cyclegan(), batches, None, seconds, 2e-3)
    red, black = (part.targets["factors"]["hair_style"] for part in (x, y))
    few = np.arange(len(x.images)) % N_FEW  # repeated: both domains count the same
    labels = np.concatenate([black[few], red])
    given = {
        f"{N_FEW} black-haired faces": (y.images[few], black[few]),
        "and red-haired ones": (np.concatenate([y.images[few], x.images]), labels),
        "and red-haired ones, translated": (
            np.concatenate([y.images[few], model.translate(x.images)]),
            labels,
        ),
        f"{len(black):,} black-haired faces": (y.images, black),
    }
    figures = {name: hair_style_right(*arrays, test) for name, arrays in given.items()}
    return report("hair style read right, with the labels of", figures)


def luma_psnr(drawn: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean PSNR of the luma."""
    luma = [np.asarray(images, "float32").clip(0, 1) @ LUMA for images in (drawn, truth)]
    return float(
        np.mean(
            [
                evaluation.psnr(a[None, ..., None], b[None, ..., None])
                for a, b in zip(*luma, strict=True)
            ]
        )
    )


def super_resolution(seconds: float, seed: int) -> dict:
    """Enlarge portraits from 16 to 64 pixels."""
    train, test = (pairs("small", n, seed=s) for n, s in ((N_TRAIN, 2 * seed), (N_TEST, 1)))
    x, y, truth = train.images, train.targets["paired"], test.targets["paired"]
    reader = evaluation.face_reader(64)
    features = get_feature_network(reader, faces(200, seed=5).images)
    real = evaluation.features(reader, faces(N_TEST, seed=7).images)

    def of(drawn: np.ndarray) -> dict:
        return {
            "psnr": luma_psnr(drawn, truth),
            "Fréchet distance": evaluation.frechet_distance(
                real, evaluation.features(reader, drawn)
            ),
            "sharpness": evaluation.sharpness(drawn) / evaluation.sharpness(truth),
        }

    rows = {"bicubic": bicubic(test.images, 4)}
    for name, alpha, adversarial in (("squared error", 0.0, 0.0), ("adversarial", 1e-3, 1e-3)):
        model = SuperResolution(
            get_super_resolution_network(),
            get_patch_discriminator(),
            features if alpha else None,
            alpha=alpha,
            adversarial=adversarial,
        )
        train_game(model, x, y, seconds)
        rows[name] = model.enlarge(test.images)
    figures = {name: report(f"super-resolution, {name}", of(drawn)) for name, drawn in rows.items()}
    picture("super_resolution", bicubic(test.images, 4), {**rows, "truth": truth}, "bicubic")
    return figures


def photographs(seconds: float, seed: int) -> dict:
    """Enlarge two photographs to twice their size, with a network trained on the others."""
    unseen = ("chelsea", "coffee")
    names = [name for name in data.PHOTOS if name not in unseen]
    full = [data.photo(name) for name in names]
    y = np.concatenate([data.crops(image, 300, 48, seed=seed + i) for i, image in enumerate(full)])
    network = get_super_resolution_network((None, None, 3), 2)
    train_alone(network, shrink(y, 2), y, seconds, rate=1e-3)
    figures = {}
    for name in unseen:
        image = data.photo(name)
        truth = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2][None]
        small = shrink(truth, 2)
        drawn = network.predict(small, verbose=0)
        figures[name] = {
            "bicubic": luma_psnr(bicubic(small, 2), truth),
            "network": luma_psnr(drawn, truth),
        }
        report(f"photograph {name}", figures[name])
    return figures


def colorization(seconds: float, seed: int) -> dict:
    """Colour grey portraits by classes, and by regression."""
    train, test = (pairs("grey", n, seed=s) for n, s in ((N_TRAIN, 2 * seed), (N_TEST, 1)))
    x, y, truth = train.images, train.targets["paired"], test.targets["paired"]
    shape = x.shape[1:]
    model = Colorization(get_unet(shape, 24, output_activation="linear"), find_palette(y))
    train_alone(model, x, y, seconds)
    regression = get_unet(shape, 2, output_activation="linear")
    train_alone(regression, x, ops.convert_to_numpy(chroma(y)), seconds)
    rows = {
        "classes": model.colorize(test.images),
        "regression": with_chroma(test.images, regression.predict(test.images, verbose=0)),
    }
    figures = {
        name: report(
            f"colorization, {name}",
            {
                "chroma, as a share of the truth's": mean_chroma(drawn) / mean_chroma(truth),
                "L1": float(np.abs(drawn - truth).mean()),
            },
        )
        for name, drawn in rows.items()
    }
    several = model.samples(test.images[:SHOWN], 3)
    rows |= {f"sample {i + 1}": several[:, i] for i in range(3)}
    grey = np.repeat(test.images, 3, axis=-1)
    picture("colorization", grey, {**{k: v[:SHOWN] for k, v in rows.items()}, "truth": truth}, "x")
    return figures


def pose_reader(seconds: float) -> keras.Model:
    """Train a network that reads turn, roll, x and y of a portrait, each standardized."""
    train = faces(N_TRAIN, seed=11)
    network = keras.Sequential(
        [
            get_encoder((64, 64, 3), 64, widths=(16, 32, 64, 64)),
            keras.layers.Activation("relu"),
            keras.layers.Dense(4, dtype="float32"),
        ]
    )
    return train_alone(network, train.images, pose(train.targets["factors"]), seconds)


def pose(factors: np.ndarray) -> np.ndarray:
    """Return turn, roll, x and y, each as a share of its largest value."""
    return np.stack(
        [factors[name] / RANGES[name][1] for name in ("turn", "roll", "x", "y")],
        axis=1,
    ).astype("float32")


def face_swap(seconds: float, seed: int) -> dict:
    """Swap the faces of two persons, and compare with portraits that were drawn so."""
    train = [person(name, N_TRAIN, seed=2 * seed) for name in PEOPLE]
    model = get_face_swap()
    train_alone(model, train[0].images, train[1].images, seconds)
    reader, poses = evaluation.face_reader(64), pose_reader(seconds / 4)
    figures = {}
    for i, (title, source, drawn, truth) in enumerate(swaps(model, N_TEST)):
        found, wanted = (evaluation.read_attributes(reader, a) for a in (drawn, truth))
        true_pose = pose(source.targets["factors"])
        of_swap, of_reader = (
            np.abs(poses.predict(images, verbose=0) - true_pose) for images in (drawn, truth)
        )
        # a pose counts if its error is no larger than nine in ten of the errors of the reader
        near = of_swap <= np.quantile(of_reader, 0.9, axis=0)
        figures[title] = {
            "identity of the target": same_person(found, wanted),
            "smile of the source": float(
                np.mean(found["smile"] == source.targets["factors"]["smile"])
            ),
            "pose of the source": {
                name: float(near[:, j].mean()) for j, name in enumerate(("turn", "roll", "x", "y"))
            },
            "error of the pose, reader's": of_reader.mean(axis=0).tolist(),
            "error of the pose": of_swap.mean(axis=0).tolist(),
            "L1 to the true swap": float(np.abs(drawn - truth).mean()),
            "L1 of doing nothing": float(np.abs(source.images - truth).mean()),
        }
        report(title, figures[title])
        rows = {"swap": drawn, "true swap": truth}
        picture(f"face_swap_{i}", source.images, rows, "portrait")
    return figures


def next_frame(seconds: float, seed: int) -> dict:
    """Predict the next frame of clips, and four frames by feeding back."""
    k = 3
    train, test = (clips(n, 8, seed=s) for n, s in ((1_000, 2 * seed), (200, 1)))
    x, y = frame_pairs(train.images, k)
    given, truth = frame_pairs(test.images, k)
    last, before = given[..., -3:], given[..., -6:-3]
    rows = {"copy": last, "linear extrapolation": (2 * last - before).clip(0, 1)}
    figures: dict[str, Any] = {}
    for name, adversarial in (("squared error", 0.0), ("adversarial", 1e-3)):
        model = NextFrame(
            get_unet((64, 64, 3 * k), residual=True),
            get_patch_discriminator((64, 64, 3), (64, 64, 3 * k)),
            adversarial=adversarial,
        )
        train_game(model, x, y, seconds)
        rows[name] = model.generator.predict(given, batch_size=100, verbose=0)
        ahead = model.continue_clips(test.images[:, :k], 5)
        errors = np.mean((ahead - test.images[:, k:]) ** 2, axis=(0, 2, 3, 4))
        figures[f"{name}, squared error 1 to 5 frames ahead"] = errors.tolist()
        clip = np.concatenate([test.images[:1, :k], ahead[:1]], axis=1)[0]
        picture(f"next_frame_{name.replace(' ', '_')}", test.images[0], {"drawn": clip}, "clip")
    copied = np.mean((rows["copy"] - truth) ** 2)
    for name, drawn in rows.items():
        error = np.mean((drawn - truth) ** 2)
        figures[name] = {
            "squared error": float(error),
            "as a share of copying's": float(error / copied),
            "sharpness": evaluation.sharpness(drawn) / evaluation.sharpness(truth),
        }
        report(f"next frame, {name}", figures[name])
    return figures


PARTS: dict[str, Callable[[float, int], dict]] = {
    part.__name__: part
    for part in (
        pix2pix,
        cyclegan,
        augmentation,
        super_resolution,
        photographs,
        colorization,
        face_swap,
        next_frame,
    )
}


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options.add_argument("--seconds", type=float, default=240, help="of training, per network")
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    chosen = options.parse_args()
    RESULTS.mkdir(exist_ok=True)
    for part in chosen.only:
        for number in chosen.seeds:
            ankeras.setup(number)
            measured = PARTS[part](chosen.seconds, number)
            save("image_to_image", load("image_to_image") | {f"{part}, seed {number}": measured})
