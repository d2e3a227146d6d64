"""Compare quality against seconds of training: the textbook recipes and ours, on one machine.

python bench/quality.py [--data mnist.npz] [--minutes 2] [--only DCGAN] [--seeds 0 1 2]

Both train alternately, each in its own process. The same classifier evaluates both at the end of
each turn. Only the time of training counts. The textbook recipe trains for 8 minutes, in two races
for an hour. Ours trains for a share of them (the aim), and its learning rate falls within this
time. The figures are the time after which ours is as good as the textbook recipe at its end, and
the time after which the textbook recipe is as good as ours at its end. Saved curves of other
systems and seeds are kept.
"""

import dataclasses
import functools
import multiprocessing
import queue
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.synchronize import Lock
from pathlib import Path
from typing import Any

import ankeras
from ankeras import evaluation, pictures
from ankeras.autoencoders import VAE
from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.data import Dataset
from ankeras.gans import CGAN, GAN, WGANGP, AdversarialGame, get_dcgan
from ankeras.training.callbacks import WeightAverage

import keras
import matplotlib.pyplot as plt
import numpy as np
import textbook
from common import RESULTS, load, parser, real_digits, save
from generative import let_fall, report
from generative_digits import with_distorted_copies

N, POINTS = 2_500, 16  # at most N samples per evaluation; number of evaluations
DIGIT, FACE = (28, 28, 1), (64, 64, 3)


@dataclass(frozen=True)
class Race:
    """Two recipes for the same system.

    Attributes:
        faces: the data are faces, not digits.
        share: our training time, as a share of the textbook recipe's time.
        minutes: the textbook recipe's time.
        theirs, ours: functions that return a compiled model.
        batch: number of images per step of our recipe.
        labels: the model also learns from labels.
        nats: compare -ELBO of test images instead of the Fréchet distance of samples.
    """

    faces: bool
    share: float
    theirs: Callable[[], keras.Model]
    ours: Callable[[], keras.Model]
    batch: int = 64
    minutes: float = 8.0
    labels: bool = False
    nats: bool = False


def our_vae(d: int = 20) -> VAE:
    """Return a VAE with d latent dimensions."""
    model = VAE(get_encoder(DIGIT, 2 * d), get_decoder(d, DIGIT, upsampling="transposed"))
    model.compile(keras.optimizers.Adam(5e-3))
    return model


def our_dcgan() -> keras.Model:
    """Return a DCGAN."""
    model = get_dcgan(DIGIT)
    model.compile()
    return model


def our_faces() -> GAN:
    """Return a DCGAN with few channels: one minute gives a thousand steps instead of seventy."""
    widths = (8, 16, 32, 64)
    model = GAN(
        get_generator(64, FACE, widths=widths),
        get_discriminator(FACE, widths=widths, batch_norm=False),
        r1=0.1,
    )
    model.compile()
    return model


def our_cgan() -> CGAN:
    """Return a conditional GAN."""
    model = CGAN(
        get_generator(16, DIGIT, condition_dim=10),
        get_discriminator(DIGIT, batch_norm=False, condition_dim=10),
        r1=0.1,
    )
    model.compile()
    return model


def our_wgan_gp() -> WGANGP:
    """Return a WGAN-GP with one critic step per step of G, and a higher learning rate."""
    model = WGANGP(get_generator(64, DIGIT), get_discriminator(DIGIT, batch_norm=False), k=1)
    model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5))
    return model


RACES: dict[str, Race] = {
    "VAE": Race(False, 1 / 3, textbook.VAE, our_vae, batch=100),
    **{
        f"VAE, d = {d}": Race(
            False,
            1 / 3,
            functools.partial(textbook.VAE, d),
            functools.partial(our_vae, d),
            batch=100,
            nats=True,
        )
        for d in (2, 20)
    },
    "DCGAN": Race(False, 1 / 8, lambda: textbook.DCGAN(DIGIT), our_dcgan),
    "CGAN": Race(False, 1 / 8, lambda: textbook.CGAN(DIGIT), our_cgan, labels=True),
    "WGAN-GP": Race(False, 1 / 5, lambda: textbook.WGANGP(DIGIT), our_wgan_gp),
    "DCGAN, faces": Race(True, 1 / 8, lambda: textbook.DCGAN(FACE), our_faces, batch=32),
}
RACES |= {
    f"{name}, an hour": dataclasses.replace(RACES[name], share=1 / 60, minutes=60.0)
    for name in ("CGAN", "DCGAN, faces")
}


class Turns(keras.callbacks.Callback):
    """Lets a model train only during its turns, and evaluates it at the end of each turn.

    Args:
        turn: a lock that the model holds during its turn.
        seconds: the total training time, without the evaluations.
        evaluate: model -> figures.
        falls: let the learning rates fall along half a cosine, and evaluate averaged weights.
    """

    def __init__(self, turn: Lock, seconds: float, evaluate: Callable, *, falls: bool) -> None:
        super().__init__()
        self.turn, self.seconds, self.evaluate, self.falls = turn, seconds, evaluate, falls
        self.trained = 0.0
        self.steps = 0
        self.points: list[dict] = []
        self.average = WeightAverage()
        self.rates: list[tuple[keras.optimizers.Optimizer, float]] = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Wait for the first turn."""
        optimizer = self.model.optimizer
        players = [getattr(optimizer, name, None) for name in ("discriminator", "generator")]
        found = [player for player in players if player is not None] or [optimizer]
        if self.falls:
            self.rates = [(each, float(each.learning_rate)) for each in found]
            self.average.set_model(self.model)
        self.turn.acquire()
        self.started = time.perf_counter()

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Set the learning rates, and average G's weights."""
        let_fall(self.rates, min(self._clock() / self.seconds, 1.0))
        if self.falls and isinstance(self.model, AdversarialGame):
            self.average.on_train_batch_begin(batch)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """At the end of the turn, evaluate the model and let the other model train."""
        self.steps += 1
        if self.steps == 1:  # do not count the first step, in which the graph is built
            self.started = time.perf_counter()
        if self._clock() < self.seconds * (len(self.points) + 1) / POINTS:
            return
        self.trained = self._clock()
        found = {"seconds": self.trained, "steps": self.steps}
        self.points.append({**found, **self._evaluated()})
        self.turn.release()
        self.model.stop_training = len(self.points) == POINTS
        if not self.model.stop_training:
            self.turn.acquire()
        self.started = time.perf_counter()

    def _clock(self) -> float:
        return self.trained + time.perf_counter() - self.started

    def _evaluated(self) -> dict:
        if not self.average.average:
            return self.evaluate(self.model)
        values = [np.array(weight) for weight in self.model.generator.weights]
        self.average.on_train_end()
        found = self.evaluate(self.model)
        for weight, value in zip(self.model.generator.weights, values, strict=True):
            weight.assign(value)
        return found


def run(
    name: str, ours: bool, seed: int, seconds: float, turn: Lock, data: Path, answers: Any
) -> None:
    """Train one of the two recipes in this process, and put the points of its curve in a queue."""
    if ours:
        ankeras.setup(seed)
    else:
        ankeras.setup(seed, precision="float32")  # as the examples do
    race = RACES[name]
    with np.load(data) as file:
        images, labels, real = file["images"], file["labels"], file["real"]
    classifier = keras.models.load_model(data.with_suffix(".keras"))
    of_real = evaluation.features(classifier, real)
    asked = np.arange(len(real)) % 10
    z = np.random.default_rng(0).standard_normal((len(real), 128), "float32")

    def evaluate(model: keras.Model) -> dict:
        if not ours:
            samples = model.draw(z, asked)
        else:
            samples = model.generate_for(asked) if race.labels else model.generate(len(real))
        if race.nats:
            found = {"nats": negative_elbo(model, real)}
        else:
            of_samples = evaluation.features(classifier, samples)
            found = {"frechet": evaluation.frechet_distance(of_real, of_samples)}
        if race.labels:
            found["accuracy"] = evaluation.conditional_accuracy(classifier, samples, asked)
        if len(turns.points) == POINTS - 1:
            file = f"quality_{name}_{'ours' if ours else 'textbook'}"
            file = file.replace(",", "").replace(" ", "_")
            pictures.image_grid(samples[:50].reshape(5, 10, *samples.shape[1:])).savefig(
                RESULTS / f"{file}.png"
            )
        return found

    model = race.ours() if ours else race.theirs()
    turns = Turns(turn, seconds * (race.share if ours else 1.0), evaluate, falls=ours)
    model.fit(
        *((images, labels) if race.labels else (images,)),
        batch_size=race.batch if ours else model.batch,
        epochs=100_000,
        callbacks=[turns],
        verbose=0,
    )
    answers.put((ours, turns.points, keras.config.dtype_policy().name))


def figure_of(name: str) -> str:
    """Return the name of the figure that decides a race; lower is better."""
    return "nats" if RACES[name].nats else "frechet"


def negative_elbo(model: keras.Model, images: np.ndarray) -> float:
    """Return reconstruction + KL in nats per image, with one sample z per image.

    Args:
        model: our VAE or the textbook's, with an encoder and a Bernoulli decoder.
        images: (n, 28, 28, 1), test images. The value of a pixel is taken as a probability.
    """
    mu, log_var = np.split(model.encoder.predict(images, batch_size=500, verbose=0), 2, axis=1)
    eps = np.random.default_rng(0).standard_normal(mu.shape, "float32")
    z = mu + np.exp(0.5 * log_var) * eps
    x_hat = np.clip(model.decoder.predict(z, batch_size=500, verbose=0), 1e-7, 1 - 1e-7)
    entropy = -images * np.log(x_hat) - (1 - images) * np.log(1 - x_hat)
    kl = 0.5 * (np.exp(log_var) - log_var - 1 + mu**2)
    return float(np.mean(entropy.sum(axis=(1, 2, 3)) + kl.sum(axis=1)))


def compare(name: str, seed: int, seconds: float, data: Path) -> dict:
    """Train both recipes alternately, and return their curves and the ratio of times."""
    context = multiprocessing.get_context("spawn")
    turn, answers = context.Lock(), context.Queue()
    processes = [
        context.Process(
            target=run, args=(name, ours, seed, seconds, turn, data, answers), daemon=True
        )
        for ours in (False, True)
    ]
    for process in processes:
        process.start()
    curves: dict[bool, list[dict]] = {}
    precision = {}
    while len(curves) < len(processes):
        try:
            who, curves[who], precision[who] = answers.get(timeout=5)
        except queue.Empty:
            if any(process.exitcode for process in processes):
                for process in processes:
                    process.kill()
                raise RuntimeError(f"{name}: a training failed") from None
    figure = figure_of(name)
    goal, end = curves[False][-1][figure], curves[True][-1][figure]
    reached = [point["seconds"] for point in curves[True] if point[figure] <= goal]
    followed = [point["seconds"] for point in curves[False] if point[figure] <= end]
    return {
        "seed": seed,
        "precision, ours": precision[True],
        f"{figure}, textbook": goal,
        f"{figure}, ours": end,
        "seconds, textbook": curves[False][-1]["seconds"],
        "seconds, ours in all": curves[True][-1]["seconds"],
        "seconds, ours to there": min(reached, default=None),
        "seconds, textbook to ours": min(followed, default=None),
        "times as fast": curves[False][-1]["seconds"] / min(reached) if reached else None,
        "curve, textbook": curves[False],
        "curve, ours": curves[True],
    }


def keep(data: Dataset, real: np.ndarray, classifier: keras.Model, path: Path) -> float:
    """Write the processes' data and classifier; return the distance of real from real images."""
    labels = np.zeros(len(data.images), int) if data.labels is None else data.labels
    n = min(N, len(real) // 2)
    np.savez(path, images=data.images, labels=labels, real=real[:n])
    classifier.save(path.with_suffix(".keras"))
    halves = [evaluation.features(classifier, half) for half in (real[:n], real[n : 2 * n])]
    return evaluation.frechet_distance(*halves)


def plot(figures: dict) -> None:
    """Draw quality against seconds, with one plot per system."""
    figure, all_axes = plt.subplots(
        1, len(figures), figsize=(3.2 * len(figures), 3), layout="constrained", squeeze=False
    )
    for axes, (name, found) in zip(all_axes.flat, figures.items(), strict=True):
        for one in found["seeds"]:
            for who, colour in (("textbook", "tab:orange"), ("ours", "tab:blue")):
                points = one[f"curve, {who}"]
                label = who if one is found["seeds"][0] else None
                axes.plot(
                    *zip(*((p["seconds"], p[figure_of(name)]) for p in points), strict=True),
                    **{"color": colour, "label": label, "marker": ".", "lw": 1},
                )
        if not RACES[name].nats:
            axes.axhline(found["frechet, real against real"], color="grey", ls=":", label="real")
        scale = "linear" if RACES[name].nats else "log"
        axes.set(title=name, yscale=scale, xlabel="seconds of training")
        axes.set_ylabel("-ELBO, nats per image" if RACES[name].nats else "Fréchet distance")
    all_axes[0, 0].legend(fontsize=8)
    figure.savefig(RESULTS / "quality.png", dpi=110)


def main() -> None:
    """Run the races, and save the curves and the plot."""
    options = parser(__doc__)
    options.add_argument(
        "--minutes", type=float, help="of the textbook recipe; default: the race's"
    )
    options.add_argument("--only", choices=RACES, help="one system")
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = options.parse_args()
    figures = load("quality")
    train, test = real_digits(given.data)
    with tempfile.TemporaryDirectory() as folder:
        for name, race in RACES.items():
            if given.only not in (None, name):
                continue
            file = Path(folder) / f"{race.faces}.npz"
            if not race.faces:
                classifier = evaluation.train_classifier(with_distorted_copies(train), epochs=4)
                floor = keep(train, test.images, classifier, file)
            else:
                faces, others = ankeras.data.load("faces", size=64)
                floor = keep(faces, others.images, evaluation.face_reader(), file)
            found = {one["seed"]: one for one in figures.get(name, {}).get("seeds", [])}
            for seed in given.seeds:
                found[seed] = compare(name, seed, 60 * (given.minutes or race.minutes), file)
                report(f"{name}, seed {seed}", found[seed])
                figures[name] = {
                    "seeds": [found[one] for one in sorted(found)],
                    "frechet, real against real": floor,
                }
                save("quality", figures)
                plot(figures)


if __name__ == "__main__":
    main()
