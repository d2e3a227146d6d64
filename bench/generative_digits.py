"""VAE, DCGAN, CVAE and CGAN on real digits, judged by a critic of real digits.

python bench/generative_digits.py [--data mnist.npz] [--seconds 350]
"""

import ankeras
from ankeras import metrics
from ankeras.autoencoders import CVAE, VAE, encode_posterior, log_likelihood
from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.data import Dataset
from ankeras.gans import CGAN, get_dcgan

import keras
import numpy as np
from common import parser, real_digits, save
from generative import judged, picture, report, train_gan, train_vae

N_SAMPLES = 10_000


def with_distorted_copies(data: Dataset, copies: int = 5) -> Dataset:
    """Add copies, a little turned, shifted and scaled.

    A critic's own errors are charged to the generators: it must read better than it can learn
    from 10,000 digits as they are.
    """
    distort = keras.Sequential(
        [
            keras.layers.RandomRotation(0.04, fill_mode="constant", seed=0),  # of a full turn
            keras.layers.RandomTranslation(0.07, 0.07, fill_mode="constant", seed=1),
            keras.layers.RandomZoom(0.1, fill_mode="constant", seed=2),
        ]
    )
    drawn = [np.asarray(distort(data.images, training=True)) for _ in range(copies)]
    images = np.concatenate([data.images, *drawn]).clip(0, 1)
    return Dataset(images, np.tile(np.asarray(data.labels), copies + 1), data.class_names)


def measure(train: Dataset, test: Dataset, seconds: float) -> dict:
    """Train every model for some seconds and judge its samples."""
    critic = metrics.train_critic(with_distorted_copies(train), epochs=4)
    shape, n_classes = train.images.shape[1:], 10
    channels = (*shape[:2], shape[2] + n_classes)
    figures: dict = {
        "critic, accuracy on test digits": metrics.conditional_accuracy(
            critic, test.images, test.labels
        )
    }
    report("critic", figures)
    for d in (2, 20):
        ankeras.setup(0)
        vae = VAE(get_encoder(shape, 2 * d), get_decoder(d, shape, upsampling="transposed"))
        found = train_vae(vae, (train.images,), seconds)
        found |= vae.evaluate(test.images, batch_size=500, verbose=0, return_dict=True)
        found["log likelihood, k = 100"] = log_likelihood(vae, test.images[:1000], k=100)
        mu, log_var = encode_posterior(vae, test.images)
        found["q(z) mean, largest"] = float(np.abs(mu.mean(axis=0)).max())
        spread = np.sqrt(mu.var(axis=0) + np.exp(log_var).mean(axis=0))
        found["q(z) standard deviation"] = [float(spread.min()), float(spread.max())]
        samples = vae.generate(N_SAMPLES)
        found |= judged(critic, test.images, samples)
        figures[f"VAE, d = {d}"] = report(f"VAE, d = {d}", found)
        picture(f"generative_digits_vae_{d}", samples)
    ankeras.setup(0)
    dcgan = get_dcgan(shape)
    found = train_gan(dcgan, (train.images,), seconds)
    samples = dcgan.generate(N_SAMPLES)
    found |= judged(critic, test.images, samples)
    classes = metrics.probabilities(critic, samples)["class"].argmax(axis=1)
    found["rarest class"] = float(metrics.frequencies(classes, n_classes).min())
    found["frechet / that of the VAE"] = found["frechet"] / figures["VAE, d = 20"]["frechet"]
    figures["DCGAN"] = report("DCGAN", found)
    picture("generative_digits_dcgan", samples)

    wanted = np.arange(N_SAMPLES) % n_classes
    ankeras.setup(0)
    d = 10
    decoder = get_decoder(d + n_classes, shape, upsampling="transposed")
    cvae = CVAE(get_encoder(channels, 2 * d), decoder)
    found = train_vae(cvae, (train.images, train.labels), seconds)
    figures["CVAE"] = conditional("CVAE", cvae, critic, test, wanted, found)
    ankeras.setup(0)
    cgan = CGAN(
        get_generator(16 + n_classes, shape),
        get_discriminator(channels, batch_norm=False),
        r1=0.1,
    )
    found = train_gan(cgan, (train.images, train.labels), seconds)
    figures["CGAN"] = conditional("CGAN", cgan, critic, test, wanted, found)
    return figures


def conditional(
    name: str,
    model: CVAE | CGAN,
    critic: keras.Model,
    test: Dataset,
    wanted: np.ndarray,
    found: dict,
) -> dict:
    """Judge samples that were asked for by class."""
    samples = model.generate_classes(wanted)
    found |= judged(critic, test.images, samples)
    found["conditional accuracy"] = metrics.conditional_accuracy(critic, samples, wanted)
    picture(f"generative_digits_{name.lower()}", samples)
    return report(name, found)


def main() -> None:
    """Measure and keep the figures."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=350, help="of training, for each model")
    given = options.parse_args()
    save("generative_digits", measure(*real_digits(given.data), given.seconds))


if __name__ == "__main__":
    main()
