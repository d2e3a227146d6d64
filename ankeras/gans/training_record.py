"""Records and measures the training of a small GAN: the best D, and three pitfalls.

Source: Goodfellow et al., "Generative adversarial nets" (NIPS 2014), figure 1 and proposition 1;
DLSP, "Major pitfalls": vanishing gradients, mode collapse, unstable convergence.

    D*(x) = p(x) / (p(x) + q(x))        p: density of the data, q: density of G(z)
"""

from collections.abc import Callable
from typing import NamedTuple

from ankeras.gans.gan import GAN, GENERATOR_LOSSES
from ankeras.gans.toy import RING, Gaussians
from ankeras.latent import sample_prior
from ankeras.training.autodiff import value_and_gradient

import keras
import numpy as np
from keras import ops


class Snapshots(keras.callbacks.Callback):
    """Records one training: G(z) for the same z, and D(x) at the same places x.

    Args:
        z: (m, d), the noise to follow.
        x: (l, n), places where D is evaluated.
        every: training steps between two snapshots; the first is taken before the training.
            Where the model was compiled with `steps_per_execution`, a multiple of that.

    Attributes:
        steps: the training steps before each of the t snapshots.
        generated: t arrays (m, n), G(z).
        scores: t arrays (l,), D(x) as a probability in [0, 1].
    """

    def __init__(self, z: np.ndarray, x: np.ndarray, every: int = 100) -> None:
        super().__init__()
        self.z = z
        self.x = x
        self.every = every
        self.epoch = 0
        self.steps: list[int] = []
        self.generated: list[np.ndarray] = []
        self.scores: list[np.ndarray] = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Take the first snapshot."""
        self._take(0)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Count the epochs."""
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Take a snapshot where one is due."""
        step = self.epoch * self.params["steps"] + batch + 1
        if step % self.every == 0:
            self._take(step)

    def _take(self, step: int) -> None:
        model = self.model  # on JAX this brings the weights of the running training up to date
        self.steps.append(step)
        self.generated.append(ops.convert_to_numpy(model.generator(self.z)))
        logits = model.discriminator(self.x)
        self.scores.append(ops.convert_to_numpy(ops.sigmoid(logits))[:, 0])


def kernel_density(samples: np.ndarray, x: np.ndarray, bandwidth: float = 0.1) -> np.ndarray:
    """Estimate the density of samples on a line: the mean of one Gaussian around each sample.

    The variance of the estimate is larger by bandwidth^2 than that of the samples.

    Args:
        samples: (m, 1).
        x: (l, 1), places where the density is estimated.
        bandwidth: standard deviation of the Gaussians.

    Returns:
        (l,).
    """
    return Gaussians(samples, bandwidth).pdf(x)


def optimal_discriminator(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return D* = p / (p + q), the best D for a G: the probability that a point is real.

    Args:
        p, q: densities of the data and of G(z) at the same places, of one shape.

    Returns:
        An array of that shape; NaN where p + q is below 2 % of the highest p. Hardly any point of
        either kind lies there, so D learns nothing there.
    """
    total = p + q
    populated = total > 0.02 * p.max()
    return np.divide(p, total, out=np.full(total.shape, np.nan), where=populated)


class Modes(NamedTuple):
    """How samples cover the modes of a density.

    Attributes:
        covered: the number of modes that receive at least 1 % of the samples within 3 standard
            deviations.
        on_mode: the share of the samples that lie within 3 standard deviations of some mode.
    """

    covered: int
    on_mode: float


def modes_covered(samples: np.ndarray, density: Gaussians = RING) -> Modes:
    """Count the modes that a generator draws, and return the share of its points on them.

    Source: the measures of Srivastava et al., "VEEGAN" (NIPS 2017), with 1 % for "a sample".

    Args:
        samples: (m, n), points of G.
        density: of the data; n is its number of dimensions.
    """
    distance = np.linalg.norm(samples[:, None] - density.means, axis=-1)  # (m, k)
    near = distance.min(axis=1) < 3 * density.std
    share = np.bincount(distance.argmin(axis=1)[near], minlength=len(density.means)) / len(samples)
    return Modes(int(np.sum(share >= 0.01)), float(near.mean()))


def distance_to_data(samples: np.ndarray, data: np.ndarray) -> float:
    """Return the Wasserstein-1 distance on a line: the mean distance over which mass is moved.

    Args:
        samples, data: (m, 1) both, points of G and of the data.

    Raises:
        ValueError: if they differ in number, or are not on a line.
    """
    if samples.shape != data.shape or samples.shape[1:] != (1,):
        raise ValueError(
            f"The distance is that of two sets (m, 1), not {samples.shape} and {data.shape}."
        )
    return float(np.abs(np.sort(samples, axis=0) - np.sort(data, axis=0)).mean())


def unrest(generated: list[np.ndarray]) -> float:
    """Return how much G still moves: mean ||G_t(z) - G_(t-1)(z)|| over the last half of training.

    It is 0 for a generator that no longer changes. For a generator that jumps from mode to mode it
    is the distance of the modes, even if the losses look calm.

    Args:
        generated: t >= 4 arrays (m, n), `Snapshots.generated`; the value depends on the steps
            between two snapshots, so compare only runs with the same number of them.
    """
    last_half = np.stack(generated[len(generated) // 2 :])
    return float(np.linalg.norm(np.diff(last_half, axis=0), axis=-1).mean())


def generator_gradient_norms(gan: GAN, n: int = 1000, seed: int = 0) -> dict[str, float]:
    """Return ||grad_theta_g|| of both losses of G, on the same players and the same z.

    Source: AN2DL, after "Algorithm outline": "During early learning stages, when G is
    poor, D can reject samples with high confidence [...] In this case, log(1 - D(G(z))) is flat".

    Args:
        gan: a GAN of any data, trained or not; it is not changed.
        n: size of the minibatch of noise.
        seed: of the noise.

    Returns:
        {"minimax": the norm for log(1 - D(G(z))), "non-saturating": that for -log D(G(z))}.
    """
    z = ops.convert_to_tensor(sample_prior(n, gan.latent_dim, seed))

    def norm(loss: Callable) -> float:
        _, gradients = value_and_gradient(
            lambda: loss(gan.discriminator(gan.generator(z))), gan.generator.trainable_variables
        )
        return sum(float(ops.sum(ops.square(gradient))) for gradient in gradients) ** 0.5

    return {name: norm(loss) for name, loss in GENERATOR_LOSSES.items()}
