"""One class is normal: how well AE, VAE and BiGAN separate it from the others, for each class.

python bench/anomaly_classes.py [--data mnist.npz | --faces] [--epochs 100]

The models are trained on the images of the normal class among 10,000 images, and are evaluated on
all test images: 5,000 real digits, or 2,000 drawn faces, whose class is their hair style.
"""

import functools
from collections.abc import Callable

import ankeras
from ankeras import data
from ankeras.anomaly import (
    bigan_score,
    posterior_score,
    prior_score,
    reconstruction_error,
    roc_auc,
)
from ankeras.autoencoders import VAE, Autoencoder, encode_posterior
from ankeras.builders import get_decoder, get_encoder, get_generator
from ankeras.gans import BiGAN
from ankeras.gans.bigan import get_pair_discriminator
from ankeras.latent import decode, encode
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from common import parser, real_digits, save
from generative import report

LATENT_DIM = 32


def autoencoder(
    widths: tuple[int, ...], normal: np.ndarray, test: np.ndarray, epochs: int
) -> dict[str, np.ndarray]:
    """Train an autoencoder on normal images, and score all test images."""
    last, shape = "sigmoid" if widths else "linear", normal.shape[1:]
    model = Autoencoder(
        get_encoder(shape, LATENT_DIM, kind="mlp", widths=widths),
        get_decoder(LATENT_DIM, shape, kind="mlp", widths=widths, output_activation=last),
    )
    model.compile(_falling_rate(epochs, normal), "mse")
    model.fit(normal, normal, batch_size=64, epochs=epochs, verbose=0)
    x_hat = decode(model.decoder, encode(model.encoder, test))
    name = "AE" if widths else "linear AE"
    return {f"{name}, reconstruction error": reconstruction_error(test, x_hat)}


def vae(normal: np.ndarray, test: np.ndarray, epochs: int) -> dict[str, np.ndarray]:
    """Train a VAE on normal images, and score all test images."""
    shape = normal.shape[1:]
    model = VAE(
        get_encoder(shape, 2 * LATENT_DIM, kind="mlp"), get_decoder(LATENT_DIM, shape, kind="mlp")
    )
    model.compile(_falling_rate(epochs, normal))
    model.fit(normal, batch_size=64, epochs=epochs, verbose=0)
    mu, _ = encode_posterior(model, test)
    return {
        "VAE, reconstruction error": reconstruction_error(test, decode(model.decoder, mu)),
        "VAE, prior": prior_score(mu),
    }


def bigan(normal: np.ndarray, test: np.ndarray, epochs: int) -> dict[str, np.ndarray]:
    """Train a BiGAN on normal images, and compute each score of the slides for all test images."""
    shape = normal.shape[1:]
    model = BiGAN(
        get_generator(LATENT_DIM, shape),
        get_pair_discriminator(shape, LATENT_DIM),
        get_encoder(shape, LATENT_DIM),
    )
    steps = epochs * (len(normal) // 64)
    model.compile(*(cosine_adam(steps, rate, beta_1=0.5, end=0.02) for rate in (5e-4, 1e-3)))
    model.fit(normal, batch_size=64, epochs=epochs, verbose=0)
    return {
        "BiGAN, reconstruction error": reconstruction_error(test, model.reconstruct(test)),
        "BiGAN, prior": prior_score(encode(model.encoder, test)),
        "BiGAN, posterior": posterior_score(model, test),
        "BiGAN, A(s)": bigan_score(model, test),
    }


def _falling_rate(epochs: int, normal: np.ndarray) -> keras.optimizers.Adam:
    steps = epochs * (len(normal) // 64)
    return cosine_adam(steps, 1e-3)


SYSTEMS: tuple[Callable[..., dict[str, np.ndarray]], ...] = (
    functools.partial(autoencoder, ()),
    functools.partial(autoencoder, (256, 128)),
    vae,
    bigan,
)


def class_of(part: data.Dataset) -> np.ndarray:
    """Return the class of each image: its digit, or the hair style of a face."""
    return np.asarray(part.labels if part.factors is None else part.factors["hair_style"])


def main() -> None:
    """Measure and save the figures."""
    options = parser(__doc__)
    options.add_argument("--faces", action="store_true", help="faces by hair style, not digits")
    options.add_argument("--epochs", type=int, default=100, help="of training per model")
    given = options.parse_args()
    train, test = data.load("faces") if given.faces else real_digits(given.data)
    classes, of_test = (class_of(part) for part in (train, test))
    areas: dict[str, list[float]] = {}
    for kind in np.unique(classes):
        normal = train.images[classes == kind]
        for learn in SYSTEMS:
            ankeras.setup(0)
            for name, scores in learn(normal, test.images, given.epochs).items():
                areas.setdefault(name, []).append(roc_auc(scores, of_test != kind))
        report(f"normal: {kind}", {name: found[-1] for name, found in areas.items()})
    means = {name: float(np.mean(found)) for name, found in areas.items()}
    report("mean", means)
    file = "anomaly_faces" if given.faces else "anomaly_digits"
    save(file, {"mean AUC": means, "AUC by class": areas, "epochs": given.epochs})


if __name__ == "__main__":
    main()
