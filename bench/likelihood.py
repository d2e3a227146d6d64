"""Train the models with a likelihood on real digits, and compare their nats and bits.

python bench/likelihood.py [--data mnist.npz] [--seconds 220] [--seeds 3] [--only PixelCNN]

PixelCNN, PixelRNN and a VAE learn the same 10,000 digits, each pixel drawn once as 0 or 1 (static
binarisation), and are compared in nats on 5,000 test digits. Of the VAE, the bound is reported. A
flow learns the digits with 256 levels, in bits per dimension: its figure can't be compared with the
others. Flows of points are compared with the true entropy of their densities.
"""

import functools
import time
from collections.abc import Callable

from ankeras import evaluation
from ankeras.autoencoders import VAE
from ankeras.autoencoders import log_likelihood as vae_log_likelihood
from ankeras.builders import get_decoder, get_encoder
from ankeras.data import DENSITIES, Dataset
from ankeras.likelihood import (
    Flow,
    PixelCNN,
    PixelRNN,
    binarise,
    bits_per_dimension,
    get_flow,
    get_pixelcnn,
    get_pixelrnn,
    quantise,
)

import keras
import matplotlib.pyplot as plt
import numpy as np
from common import RESULTS, load, parser, real_digits, save
from generative import Training, evaluated, over_seeds, picture, train_vae

N_SAMPLES, N_EVALUATED = 100, 1_000
# the system, its network, the batch size and the highest learning rate
AUTOREGRESSIVE: dict[str, tuple[type, Callable, int, float]] = {
    "pixelcnn": (PixelCNN, get_pixelcnn, 8, 2e-3),
    "pixelrnn": (PixelRNN, get_pixelrnn, 32, 3e-3),
}


def trained(
    model: keras.Model,
    x: np.ndarray,
    batch_size: int,
    rate: float,
    seconds: float,
    clip: float | None = None,
) -> dict:
    """Train a model for some seconds; return its parameters, the seconds and the steps."""
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=clip))
    clock = Training(seconds, model.optimizer)
    model.fit(x, batch_size=batch_size, epochs=10_000, callbacks=[clock], verbose=0)
    return {
        "parameters": model.count_params(),
        "seconds": time.perf_counter() - clock.start,
        "steps": int(model.optimizer.iterations),
    }


def in_nats_and_bits(nats: np.ndarray, shape: tuple[int, ...]) -> dict:
    """Return the mean of nats per image, its standard error, and bits per dimension."""
    mean = float(nats.mean())
    return {
        "nats": mean,
        "standard error": float(nats.std() / len(nats) ** 0.5),
        "bits per dimension": float(bits_per_dimension(mean, shape)),
    }


def drawn(name: str, model: PixelCNN | PixelRNN | Flow, test: np.ndarray, seed: int) -> dict:
    """Draw samples, save a picture of those of the first seed; return seconds and quality.

    The digit classifier evaluates more samples. The test images have the same levels.
    """
    model.generate(1)  # compiles what is used
    start = time.perf_counter()
    samples = model.generate(N_SAMPLES, seed)
    seconds = time.perf_counter() - start
    if seed == 0:
        picture(f"likelihood_{name}", samples)
    many = model.generate(N_EVALUATED, 100 + seed)
    found = evaluated(evaluation.digit_classifier(), test[: 2 * N_EVALUATED], many)
    numbers = {key: value for key, value in found.items() if isinstance(value, float)}
    return {f"seconds for {N_SAMPLES} samples": seconds, **numbers}


def completed(name: str, model: PixelCNN | PixelRNN, x: np.ndarray) -> None:
    """Save a picture of ten digits, each completed in nine ways below its upper half."""
    rows, height = np.indices(x.shape[1:3])[0], x.shape[1]
    given = np.repeat(x[:10], 9, axis=0)
    full = model.complete(given, rows < height // 2)
    shown = np.concatenate([x[:10, None], full.reshape(10, 9, *x.shape[1:])], axis=1)
    picture(f"likelihood_{name}_completed", shown.reshape(-1, *x.shape[1:]))


def autoregressive(
    name: str, train: Dataset, test: Dataset, seconds: float, seed: int, suffix: str = ""
) -> dict:
    """Train PixelCNN or PixelRNN on binary digits; return nats, bits and how it draws.

    The suffix is that of the names of its pictures.
    """
    x, x_test = binarise(train.images, 0), binarise(test.images, 1)
    system, build, batch_size, rate = AUTOREGRESSIVE[name]
    model = system(build(x.shape[1:], seed=seed))
    found = trained(model, x, batch_size, rate, seconds)
    found |= in_nats_and_bits(-model.log_likelihood(x_test), x.shape[1:])
    if seed == 0:
        completed(name + suffix, model, x_test)
    return found | drawn(name + suffix, model, x_test, seed)


def longer(train: Dataset, test: Dataset, seconds: float, seed: int) -> dict:
    """Train a PixelCNN four times as long as the others."""
    return autoregressive("pixelcnn", train, test, 4 * seconds, seed, "_longer")


def vae(train: Dataset, test: Dataset, seconds: float, seed: int) -> dict:
    """Train a VAE on binary digits; return its bounds of -log p(x) in nats."""
    x, x_test = binarise(train.images, 0), binarise(test.images, 1)
    shape, d = x.shape[1:], 20
    model = VAE(
        get_encoder(shape, 2 * d, seed=seed),
        get_decoder(d, shape, upsampling="transposed", seed=seed + 1),
        seed=seed,
    )
    found = train_vae(model, Dataset(x), seconds)
    logs = model.evaluate(x_test, batch_size=500, verbose=0, return_dict=True)
    found["nats, bound -ELBO"] = logs["loss"]
    found["nats, bound with 100 codes, 1,000 digits"] = -vae_log_likelihood(model, x_test[:1000])
    return found


def flow(train: Dataset, test: Dataset, seconds: float, seed: int) -> dict:
    """Train a flow on digits with 256 levels; return nats, bits and how it draws."""
    x, x_test = (quantise(data.images, 256) for data in (train, test))
    model = Flow(get_flow(x.shape[1:], mixing=True, seed=seed), levels=256, seed=seed)
    model.initialize(x[:500])
    found = trained(model, x, 16, 8e-3, seconds, clip=500.0)
    found |= in_nats_and_bits(-model.log_likelihood(x_test), x.shape[1:])
    return found | drawn("flow", model, x_test, seed)


def densities(train: Dataset, test: Dataset, seconds: float, seed: int) -> dict:
    """Train flows on points, each for a part of the seconds; return nats above the entropy."""
    found = {}
    figure, axes = plt.subplots(2, len(DENSITIES), figsize=(9, 6), sharex=True, sharey=True)
    for (name, density), (upper, lower) in zip(DENSITIES.items(), axes.T, strict=True):
        x, x_test = density.sample(50_000, seed), density.sample(10_000, 100 + seed)
        # x and y of the Gaussians on a grid are independent: without mixing, nothing is learnt
        network = get_flow(x.shape[1:], couplings=10, width=64, mixing=True, seed=seed)
        model = Flow(network)
        model.initialize(x[:1000])
        trained(model, x, 1000, 1e-2, seconds / len(DENSITIES), clip=1.0)
        nats = -model.log_likelihood(x_test)
        # the same points in both: most of the error of the mean cancels
        found[f"{name}, KL(p || q)"] = float(np.mean(nats + density.log_pdf(x_test)))
        found[f"{name}, nats"] = float(nats.mean())
        found[f"{name}, entropy"] = density.entropy()
        for axis, points, title in ((upper, x[:3000], name), (lower, model.generate(3000), "flow")):
            axis.scatter(*points.T, s=1)
            axis.set(title=title, aspect="equal", xlim=(-3, 3), ylim=(-3, 3))
    if seed == 0:
        RESULTS.mkdir(exist_ok=True)
        figure.savefig(RESULTS / "likelihood_densities.png")
    plt.close(figure)
    return found


MODELS: dict[str, Callable[..., dict]] = {
    "PixelCNN": functools.partial(autoregressive, "pixelcnn"),
    "PixelCNN, four times as long": longer,
    "PixelRNN": functools.partial(autoregressive, "pixelrnn"),
    "VAE": vae,
    "flow": flow,
    "densities": densities,
}


def main() -> None:
    """Measure, and save the figures of each model as soon as it is done."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=220, help="of training, for each model")
    options.add_argument("--seeds", type=int, default=3, help="trainings of each model")
    options.add_argument("--only", nargs="*", default=[*MODELS], help="names of models")
    given = options.parse_args()
    data = real_digits(given.data)
    for name in given.only:
        run = functools.partial(MODELS[name], *data, given.seconds)
        found = over_seeds(name, given.seeds, run)
        save("likelihood", load("likelihood") | {name: found})


if __name__ == "__main__":
    main()
