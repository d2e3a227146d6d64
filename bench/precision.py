"""Compare mixed_bfloat16 with float32: images per second, and the quality of the models.

python bench/precision.py [--data mnist.npz] [--steps 1500] [--seeds 3] [--only VAE]

Each model trains with the same recipe and from the same initial weights, alternately in both
precisions. The data are real digits, or procedural ones without a file and a network.
"""

import time
from pathlib import Path

import ankeras
from ankeras import evaluation
from ankeras.autoencoders import VAE
from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.data import Dataset, digits
from ankeras.gans import CGAN, AdversarialGame, get_dcgan
from ankeras.training.callbacks import WeightAverage
from ankeras.training.schedules import cosine_adam
from ankeras.training.system import System

import keras
import numpy as np
from common import load, parser, real_digits, save

PRECISIONS = ("float32", "mixed_bfloat16")
BATCH, N_CLASSES = 64, 10
WARM_UP = 20  # steps that are not timed: TensorFlow compiles in the first step


class Clock(keras.callbacks.Callback):
    """Ends a training after some steps, and measures the time of the steps after the warm-up."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.step = 0
        self.start = self.end = 0.0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Count the steps, and store the times of the start and the end."""
        self.step += 1
        if self.step == WARM_UP:
            self.start = time.perf_counter()
        if self.step == self.steps:
            self.end = time.perf_counter()
            self.model.stop_training = True

    @property
    def images_per_second(self) -> float:
        """Images per second after the warm-up."""
        return BATCH * (self.steps - WARM_UP) / (self.end - self.start)


def vae(shape: tuple[int, ...], seed: int) -> VAE:
    """Return the VAE of `generative_digits.py`."""
    d = 20
    decoder = get_decoder(d, shape, upsampling="transposed", seed=seed + 1)
    return VAE(get_encoder(shape, 2 * d, seed=seed), decoder, seed=seed)


def dcgan(shape: tuple[int, ...], seed: int) -> AdversarialGame:
    """Return the DCGAN of `generative_digits.py`."""
    return get_dcgan(shape, seed=seed)


def cgan(shape: tuple[int, ...], seed: int) -> CGAN:
    """Return the CGAN of `generative_digits.py`."""
    return CGAN(
        get_generator(16, shape, condition_dim=N_CLASSES, seed=seed),
        get_discriminator(shape, batch_norm=False, condition_dim=N_CLASSES, seed=seed + 1),
        r1=0.1,
        seed=seed,
    )


MODELS = {"VAE": vae, "DCGAN": dcgan, "CGAN": cgan}


def train(model: System, data: Dataset, steps: int) -> float:
    """Train for some steps, with rates that fall along half a cosine; return images per second."""
    clock = Clock(steps)
    data = data.take(slice(len(data.images) // BATCH * BATCH))  # whole minibatches
    if isinstance(model, AdversarialGame):
        model.compile(*(cosine_adam(steps, beta_1=0.5, end=0.02) for _ in range(2)))
        callbacks = [WeightAverage(), clock]
    else:
        model.compile(cosine_adam(steps, 5e-3))
        callbacks = [clock]
    model.fit(data, batch_size=BATCH, epochs=10_000, callbacks=callbacks, verbose=0)
    return clock.images_per_second


def quality(model: System, classifier: keras.Model, test: Dataset) -> dict[str, float]:
    """Evaluate a trained model: -ELBO of a VAE, accuracy of a CGAN, Fréchet distance of others."""
    if isinstance(model, VAE):
        found = model.evaluate(test.images, batch_size=500, verbose=0, return_dict=True)
        return {"-ELBO on test images": found["loss"]}
    if isinstance(model, CGAN):
        wanted = np.arange(len(test.images)) % N_CLASSES
        samples = model.generate_for(wanted)
        return {
            "conditional accuracy": evaluation.conditional_accuracy(classifier, samples, wanted)
        }
    found = evaluation.evaluate_samples(
        classifier, test.images, model.generate(len(test.images) // 2)
    )
    return {"frechet": found.frechet, "frechet, real against real": found.frechet_real}


def compare(
    name: str, data: tuple[Dataset, Dataset], classifier: keras.Model, given: tuple
) -> dict:
    """Train a model alternately in both precisions, with several seeds, and return the figures."""
    (train_data, test), (steps, seeds) = data, given
    runs: dict[str, list[dict]] = {precision: [] for precision in PRECISIONS}
    for seed in range(seeds):
        for precision in sorted(PRECISIONS, reverse=seed % 2 == 1):  # alternate which is first
            ankeras.setup(seed, precision)
            model = MODELS[name](train_data.images.shape[1:], seed)
            speed = train(model, train_data, steps)
            run = {"seed": seed, "images/s": speed, **quality(model, classifier, test)}
            runs[precision].append(run)
            shown = {key: round(value, 3) for key, value in run.items()}
            print(f"{name}, {precision}: {shown}", flush=True)
    speeds = {p: np.array([run["images/s"] for run in runs[p]]) for p in PRECISIONS}
    ratio = float(np.median(speeds["mixed_bfloat16"] / speeds["float32"]))
    print(f"{name}: mixed_bfloat16 / float32, images/s: {ratio:.3f}", flush=True)
    return {"steps": steps, "mixed_bfloat16 / float32, images/s": ratio, **runs}


def any_digits(path: Path | None) -> tuple[str, tuple[Dataset, Dataset]]:
    """Return real digits, or procedural ones if there is no file and no network."""
    try:
        return "MNIST", real_digits(path)
    except ConnectionError:
        return "procedural digits", (digits(10_000, seed=0), digits(5_000, seed=1))


def main() -> None:
    """Measure and save the figures."""
    options = parser(__doc__)
    options.add_argument("--steps", type=int, default=1500, help="of each training")
    options.add_argument("--seeds", type=int, default=3, help="trainings in each precision")
    options.add_argument("--only", default="", help="first letters of a model; keep the others")
    given = options.parse_args()
    if given.steps <= WARM_UP:
        options.error(f"--steps must be more than the {WARM_UP} of the warm-up")
    figures = load("precision") if given.only else {}
    figures["data"], data = any_digits(given.data)
    ankeras.setup(0, "float32")
    classifier = evaluation.train_classifier(data[0], epochs=4)
    for name in MODELS:
        if name.startswith(given.only):
            figures[name] = compare(name, data, classifier, (given.steps, given.seeds))
    save("precision", figures)


if __name__ == "__main__":
    main()
