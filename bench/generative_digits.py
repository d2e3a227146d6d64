"""Train VAE, DCGAN, CVAE and CGAN on real digits, and evaluate their samples with a classifier.

python bench/generative_digits.py [--data mnist.npz] [--seconds 350] [--only CGAN]

The last model is the pretrained conditional GAN, which has seen drawn digits only.
"""

import functools
from collections.abc import Callable

import ankeras
from ankeras import evaluation, pretrained
from ankeras.autoencoders import CVAE, VAE, encode_posterior, get_prior, log_likelihood
from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.data import Dataset
from ankeras.gans import CGAN, get_dcgan

import keras
import numpy as np
from common import load, parser, real_digits, save
from generative import evaluated, picture, report, train_gan, train_vae

N_SAMPLES, N_CLASSES = 10_000, 10


def with_distorted_copies(data: Dataset, copies: int = 5) -> Dataset:
    """Return the images and copies of them that are a little rotated, shifted and scaled.

    The classifier is trained on them. Its errors make the figures of all generators worse, and
    10,000 digits without such copies are too few for a good classifier.
    """
    distort = keras.Sequential(
        [
            keras.layers.RandomRotation(0.04, fill_mode="constant", seed=0),  # 0.04 full turns
            keras.layers.RandomTranslation(0.07, 0.07, fill_mode="constant", seed=1),
            keras.layers.RandomZoom(0.1, fill_mode="constant", seed=2),
        ]
    )
    drawn = [np.asarray(distort(data.images, training=True)) for _ in range(copies)]
    images = np.concatenate([data.images, *drawn]).clip(0, 1)
    labels = np.tile(np.asarray(data.labels), copies + 1)
    return Dataset(images, {"labels": labels}, data.class_names)


def measure(train: Dataset, test: Dataset, seconds: float, only: str, figures: dict) -> dict:
    """Train each model for some seconds, evaluate its samples, and return old and new figures.

    Args:
        train, test: real digits.
        seconds: of training per model.
        only: the models whose names start with it.
        figures: earlier figures; those of these models are replaced.
    """
    classifier = evaluation.train_classifier(with_distorted_copies(train), epochs=4)
    figures["classifier, accuracy on test digits"] = evaluation.conditional_accuracy(
        classifier, test.images, test.labels
    )
    for name, train_and_evaluate in MODELS.items():
        if name.startswith(only):
            ankeras.setup(0)
            figures[name] = report(name, train_and_evaluate(train, test, seconds, classifier))
    dcgan, vae = figures.get("DCGAN"), figures.get("VAE, d = 20")
    if dcgan and vae:
        figures["frechet, DCGAN / VAE"] = dcgan["frechet"] / vae["frechet"]
    return figures


def vae(d: int, train: Dataset, test: Dataset, seconds: float, classifier: keras.Model) -> dict:
    """Train a VAE; return figures of its bound, of q(z) over all images and of its samples."""
    shape = train.images.shape[1:]
    model = VAE(get_encoder(shape, 2 * d), get_decoder(d, shape, upsampling="transposed"))
    found = train_vae(model, train, seconds)
    found |= model.evaluate(test.images, batch_size=500, verbose=0, return_dict=True)
    found["log likelihood, k = 100"] = log_likelihood(model, test.images[:1000], k=100)
    mu, log_var = encode_posterior(model, test.images)
    found["q(z) mean, largest"] = float(np.abs(mu.mean(axis=0)).max())
    spread = np.sqrt(mu.var(axis=0) + np.exp(log_var).mean(axis=0))
    found["q(z) standard deviation"] = [float(spread.min()), float(spread.max())]
    samples = model.generate(N_SAMPLES)
    picture(f"generative_digits_vae_{d}", samples)
    return found | evaluated(classifier, test.images, samples)


def dcgan(train: Dataset, test: Dataset, seconds: float, classifier: keras.Model) -> dict:
    """Train a DCGAN; return figures of its samples and the share of the rarest class."""
    model = get_dcgan(train.images.shape[1:])
    found = train_gan(model, train, seconds)
    samples = model.generate(N_SAMPLES)
    picture("generative_digits_dcgan", samples)
    found |= evaluated(classifier, test.images, samples)
    classes = evaluation.probabilities(classifier, samples)["class"].argmax(axis=1)
    found["rarest class"] = float(evaluation.frequencies(classes, N_CLASSES).min())
    return found


def cvae(
    learnt_prior: bool, train: Dataset, test: Dataset, seconds: float, classifier: keras.Model
) -> dict:
    """Train a conditional VAE; return its bound, and figures of its samples of given classes."""
    shape, d = train.images.shape[1:], 10
    decoder = get_decoder(d, shape, upsampling="transposed", condition_dim=N_CLASSES)
    prior = get_prior(N_CLASSES, d) if learnt_prior else None
    model = CVAE(get_encoder(shape, 2 * d, condition_dim=N_CLASSES), decoder, prior)
    found = train_vae(model, train, seconds)
    found |= model.evaluate(test.images, test.labels, batch_size=500, verbose=0, return_dict=True)
    name = "cvae_learnt_prior" if learnt_prior else "cvae"
    return found | conditional(name, model, classifier, test)


def cgan(train: Dataset, test: Dataset, seconds: float, classifier: keras.Model) -> dict:
    """Train a conditional GAN; return figures of its samples of given classes."""
    shape = train.images.shape[1:]
    model = CGAN(
        get_generator(16, shape, condition_dim=N_CLASSES),
        get_discriminator(shape, batch_norm=False, condition_dim=N_CLASSES),
        r1=0.1,
    )
    found = train_gan(model, train, seconds)
    return found | conditional("cgan", model, classifier, test)


def pretrained_cgan(train: Dataset, test: Dataset, seconds: float, classifier: keras.Model) -> dict:
    """Return figures of the samples of the pretrained conditional GAN."""
    return conditional("cgan_pretrained", pretrained.load("digits-cgan"), classifier, test)


def conditional(name: str, model: CVAE | CGAN, classifier: keras.Model, test: Dataset) -> dict:
    """Return figures of a conditional model's samples, equally many of each class."""
    wanted = np.arange(N_SAMPLES) % N_CLASSES
    samples = model.generate_for(wanted)
    picture(f"generative_digits_{name}", samples)
    accuracy = evaluation.conditional_accuracy(classifier, samples, wanted)
    return {"conditional accuracy": accuracy, **evaluated(classifier, test.images, samples)}


MODELS: dict[str, Callable[..., dict]] = {
    "VAE, d = 2": functools.partial(vae, 2),
    "VAE, d = 20": functools.partial(vae, 20),
    "DCGAN": dcgan,
    "CVAE": functools.partial(cvae, False),
    "CVAE, learnt prior": functools.partial(cvae, True),
    "CGAN": cgan,
    "pretrained CGAN": pretrained_cgan,
}


def main() -> None:
    """Measure and save the figures."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=350, help="of training, for each model")
    options.add_argument("--only", default="", help="first letters of a model; keep the others")
    given = options.parse_args()
    figures = load("generative_digits") if given.only else {}
    data = real_digits(given.data)
    save("generative_digits", measure(*data, given.seconds, given.only, figures))


if __name__ == "__main__":
    main()
