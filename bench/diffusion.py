"""Train diffusion models of real digits, and evaluate their samples with a classifier.

python bench/diffusion.py [--data mnist.npz] [--seconds 240] [--only DDPM] [--seeds 0 1 2]

The classifier, the test images and the number of samples are those of bench/generative_digits.py,
so the figures can be compared with those of the DCGAN and of the VAE there.
"""

import time
from collections.abc import Callable
from typing import Any

import ankeras
from ankeras import evaluation, pictures
from ankeras.autoencoders import Autoencoder, squared_error
from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.data import Dataset
from ankeras.diffusion import (
    DDPM,
    FlowMatching,
    GuidedDDPM,
    LatentDDPM,
    code_moments,
    get_spatial_decoder,
    get_spatial_encoder,
)
from ankeras.training.callbacks import WeightAverage

import keras
import numpy as np
from common import RESULTS, load, parser, real_digits, save
from generative import Training, evaluated, picture, report
from generative_digits import with_distorted_copies

N_SAMPLES, SHAPE = 2_500, (28, 28, 1)
WIDTHS = (64, 96)
STEPS, MANY = (5, 20, 100), 1000  # MANY: with few samples, since it takes minutes
WEIGHTS = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0)


def train(model: Any, data: Dataset, seconds: float) -> int:
    """Train for some seconds with averaged weights; return the number of steps."""
    model.compile(keras.optimizers.Adam(1e-3))
    average, clock = WeightAverage(0.999, "network"), Training(seconds, model.optimizer)
    model.fit(data, batch_size=32, epochs=10_000, callbacks=[average, clock], verbose=0)
    return int(model.optimizer.iterations)


def timed(draw: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """Return what is drawn, and the seconds."""
    start = time.perf_counter()
    return draw(), time.perf_counter() - start


def by_steps(
    model: Any,
    classifier: keras.Model,
    test: Dataset,
    sampler: str,
    name: str,
    all_steps: tuple[int, ...] = STEPS,
) -> dict:
    """Return the figures of samples by the number of steps, and the seconds of 1,000 samples."""
    figures = {}
    model.generate(10, steps=2)  # builds the graph
    for steps in all_steps:
        n = N_SAMPLES if steps < MANY else 250
        samples, seconds = timed(lambda n=n, steps=steps: model.generate(n, 1, steps, sampler))  # type: ignore[misc]
        found = evaluated(classifier, test.images, samples)
        found["seconds of 1,000 samples"] = seconds * 1000 / n
        figures[f"{sampler}, {steps} steps"] = report(f"{name}, {sampler}, {steps} steps", found)
        if steps in (20, 100):
            picture(f"diffusion_{name}_{sampler}_{steps}".replace(" ", "_"), samples)
    return figures


def ddpm(
    predicts: str, data: Dataset, test: Dataset, classifier: keras.Model, seconds: float
) -> dict:
    """Train a diffusion model of digits, and evaluate both samplers."""
    model = DDPM(get_diffusion_unet(SHAPE, widths=WIDTHS), predicts=predicts)
    figures: dict[str, Any] = {"steps": train(model, data, seconds)}
    name = f"DDPM {predicts}"
    if predicts != "velocity":
        return figures | by_steps(model, classifier, test, "ddim", name, (20, 100))
    for sampler in ("ddim", "ddpm"):
        figures |= by_steps(model, classifier, test, sampler, name, (*STEPS, MANY))
    return figures


def guided(data: Dataset, test: Dataset, classifier: keras.Model, seconds: float) -> dict:
    """Train a conditional model, and evaluate accuracy and recall by the guidance weight."""
    model = GuidedDDPM(get_diffusion_unet(SHAPE, widths=WIDTHS, condition_dim=10))
    figures: dict[str, Any] = {"steps": train(model, data, seconds)}
    wanted = np.arange(N_SAMPLES) % 10
    for weight in WEIGHTS:
        samples = model.generate_for(wanted, steps=20, guidance=weight)
        found = {
            "conditional accuracy": evaluation.conditional_accuracy(classifier, samples, wanted),
            **evaluated(classifier, test.images, samples),
        }
        figures[f"weight {weight:g}"] = report(f"guidance {weight:g}", found)
        picture(f"diffusion_guided_{weight:g}", samples)
    return figures


def flow(data: Dataset, test: Dataset, classifier: keras.Model, seconds: float) -> dict:
    """Train flow matching, and evaluate samples of Euler's method."""
    model = FlowMatching(get_diffusion_unet(SHAPE, widths=WIDTHS))
    figures: dict[str, Any] = {"steps": train(model, data, seconds)}
    for steps in STEPS:
        samples = model.generate(N_SAMPLES, 1, steps)
        found = evaluated(classifier, test.images, samples)
        figures[f"{steps} steps"] = report(f"flow matching, {steps} steps", found)
        if steps == 20:
            picture("diffusion_flow_matching_20", samples)
    return figures


def latent(data: Dataset, test: Dataset, classifier: keras.Model, seconds: float) -> dict:
    """Train an autoencoder and a diffusion model of its codes, together in the given time."""
    encoder, decoder = (
        get(SHAPE, 4, widths=(32, 64)) for get in (get_spatial_encoder, get_spatial_decoder)
    )
    autoencoder = Autoencoder(encoder, decoder)
    autoencoder.compile(keras.optimizers.Adam(3e-3), loss=squared_error)
    clock = Training(seconds / 4, autoencoder.optimizer)
    autoencoder.fit(data, batch_size=64, epochs=10_000, callbacks=[clock], verbose=0)
    reconstructed = autoencoder.predict(test.images[:N_SAMPLES], verbose=0)
    moments = code_moments(encoder, data.images)
    network = get_diffusion_unet((7, 7, 4), widths=(64, 128), stem=False)
    model = LatentDDPM(encoder, decoder, network, *moments)
    figures = {
        "reconstructions": evaluated(classifier, test.images, reconstructed),
        "steps": train(model, data, seconds * 3 / 4),
    }
    return figures | by_steps(model, classifier, test, "ddim", "latent")


MODELS: dict[str, Callable[..., dict]] = {
    "DDPM": lambda *given: ddpm("velocity", *given),
    "DDPM, noise": lambda *given: ddpm("noise", *given),
    "DDPM, image": lambda *given: ddpm("image", *given),
    "guided DDPM": guided,
    "flow matching": flow,
    "latent DDPM": latent,
}


def main() -> None:
    """Measure and save the figures."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=240, help="of training, per model")
    options.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = options.parse_args()
    data, test = real_digits(given.data)
    ankeras.setup(0)
    classifier = evaluation.train_classifier(with_distorted_copies(data), epochs=4)
    RESULTS.mkdir(exist_ok=True)
    pictures.image_grid(data.images[:100]).savefig(RESULTS / "diffusion_data.png")
    for name in given.only:
        for seed in given.seeds:
            ankeras.setup(seed)
            figures = MODELS[name](data, test, classifier, given.seconds)
            save("diffusion", load("diffusion") | {f"{name}, seed {seed}": figures})


if __name__ == "__main__":
    main()
