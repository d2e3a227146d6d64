"""How good generated images are: FID (Fréchet distance of features), precision and recall.

Images are float32 (n, height, width, channels) in [0, 1]. The distance between two sets of images
depends on the number of images and is never exactly 0. So `evaluate_samples` returns this number,
and compares real images with other real images too.
"""

from dataclasses import dataclass

from ankeras.evaluation.checks import check_range
from ankeras.evaluation.classifiers import features, probabilities

import keras
import numpy as np
from sklearn.metrics import euclidean_distances
from sklearn.neighbors import NearestNeighbors

NEIGHBOURS = 3  # the k of precision and recall
_CHUNK = 500  # rows of the matrix of distances that are computed at a time


def frequencies(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the share of each class: labels (n,) in 0 ... n_classes - 1 -> (n_classes,).

    Raises:
        ValueError: if there are no labels, or one is out of range.
    """
    if len(labels) == 0 or np.min(labels) < 0 or np.max(labels) >= n_classes:
        raise ValueError(f"Frequencies need labels, each in 0 ... {n_classes - 1}.")
    return np.bincount(labels, minlength=n_classes) / len(labels)


def histogram_distance(real_labels: np.ndarray, fake_labels: np.ndarray, n_classes: int) -> float:
    """Return the total variation distance of two class histograms, 1/2 sum |p - q|, in [0, 1].

    It is the share of the images that would have to change their class to make both histograms
    equal. For a generator that never draws one of ten equally frequent classes, it is at least 0.1.

    Args:
        real_labels: (n,), classes of the real images.
        fake_labels: (m,), classes of the generated images, as a classifier reads them.
        n_classes: the number of classes.

    Raises:
        ValueError: as in `frequencies`.
    """
    p, q = frequencies(real_labels, n_classes), frequencies(fake_labels, n_classes)
    return float(np.abs(p - q).sum() / 2)


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Return the Fréchet distance of two sets of features: the formula of FID.

        ||mu_1 - mu_2||^2 + Tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2))

    mu and S are the mean and the covariance of each set. It is the distance of two Gaussians.
    FID (Fréchet Inception Distance) is this distance for the features of an Inception network.
    With other features, such as those of `features`, the values have another scale, so they can't
    be compared with a published FID. The distance is too large for finite samples, and larger for
    fewer samples: compare only distances of equal numbers of samples.

    Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local
    Nash Equilibrium".

    Args:
        real: (n, k).
        fake: (m, k).

    Raises:
        ValueError: if a set has fewer than 2 rows, the numbers of columns differ, or a value is not
            finite.
    """
    real, fake = _checked_features(real, fake, least=2)
    mu_1, mu_2 = real.mean(axis=0), fake.mean(axis=0)
    # R with S = R^T R is computed from the features directly. So no square root of a matrix is
    # needed, and S may be singular. The trace of (S_1 S_2)^(1/2) is the sum of the singular values
    # of R_1 R_2^T.
    R_1 = np.linalg.qr((real - mu_1) / np.sqrt(len(real) - 1)).R
    R_2 = np.linalg.qr((fake - mu_2) / np.sqrt(len(fake) - 1)).R
    trace = np.sum(R_1**2) + np.sum(R_2**2) - 2 * np.linalg.norm(R_1 @ R_2.T, "nuc")
    return float(max(np.sum((mu_1 - mu_2) ** 2) + trace, 0.0))


def precision_recall(
    real: np.ndarray, fake: np.ndarray, k: int = NEIGHBOURS
) -> tuple[float, float]:
    """Return precision and recall of generated images, each in [0, 1].

    The manifold of a set is the union of balls around its points. The radius of a ball is the
    distance from its point to the k-th nearest other point of the set. Precision is the share of
    the fakes that lie on the manifold of the real points. Recall is the share of the real points
    that lie on the manifold of the fakes.

    Source: Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing
    Generative Models".

    Args:
        real: (n, d) features.
        fake: (m, d) features.
        k: the number of the neighbour that gives the radius.

    Returns:
        (precision, recall). Both depend on n and m. For real images against other real images,
        they are below 1 too.

    Raises:
        ValueError: if a set has k rows or fewer, the numbers of columns differ, or a value is not
            finite.
    """
    real, fake = _checked_features(real, fake, least=k + 1)
    return float(lie_among(real, fake, k).mean()), float(lie_among(fake, real, k).mean())


def lie_among(points: np.ndarray, others: np.ndarray, k: int = NEIGHBOURS) -> np.ndarray:
    """Return whether each of the others lies on the manifold of some points, as described above.

    Args:
        points: (n, d) features, n > k.
        others: (m, d) features.
        k: the number of the neighbour that gives the radius.

    Returns:
        (m,) booleans.
    """
    radii = _radii(points, k)
    found = np.zeros(len(others), bool)
    for start in range(0, len(points), _CHUNK):
        rows = slice(start, start + _CHUNK)
        found |= (euclidean_distances(points[rows], others) <= radii[rows, None]).any(axis=0)
    return found


def nearest_training_images(
    images: np.ndarray, training_images: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the training image nearest to each generated image, to find copies.

    Source: AN2DL, the generated MNIST digits beside their nearest training samples.

    Args:
        images: (n, height, width, c), values in [0, 1].
        training_images: (m, height, width, c), values in [0, 1].

    Returns:
        Indices of training images, int64 (n,), and Euclidean distances over all pixels,
        float64 (n,). Compare these with the distances of real test images: a memorised image
        is much nearer.

    Raises:
        ValueError: if the shapes of the images differ, there are none, or a value is not in
            [0, 1].
    """
    check_range(images)
    check_range(training_images)
    if images.shape[1:] != training_images.shape[1:]:
        raise ValueError(
            f"Images of shape {images.shape[1:]} can't be compared with training images of "
            f"shape {training_images.shape[1:]}."
        )
    flat = images.reshape(len(images), -1)
    flat_training = training_images.reshape(len(training_images), -1)
    # scikit-learn's search takes 1.8 times as long (bench/tools_speed.py): it computes in float64.
    indices = np.zeros(len(flat), np.int64)
    lowest = np.full(len(flat), np.inf)
    for start in range(0, len(flat_training), _CHUNK):
        distances = _squared_distances(flat, flat_training[start : start + _CHUNK])
        found = distances.argmin(axis=1)
        values = distances[np.arange(len(flat)), found]
        nearer = values < lowest
        indices[nearer], lowest[nearer] = found[nearer] + start, values[nearer]
    # Computed again: the difference of large products above has few exact digits.
    differences = flat.astype(np.float64) - flat_training[indices]
    return indices, np.linalg.norm(differences, axis=1)


@dataclass(frozen=True)
class SampleEvaluation:
    """The result of `evaluate_samples`; `print` shows it as a table.

    The figures compare n real images with n generated ones. Those named `..._real` compare the
    same n real images with n other real images: a perfect generator would reach them.

    Attributes:
        n_real, n_fake: number of images that were given.
        n: number of images of each kind that were compared.
        frechet, frechet_real: FID's formula on the classifier's features.
        precision, precision_real: share of the fakes on the manifold of the real images.
        recall, recall_real: share of the real images on the manifold of the fakes.
        histogram: name of the classifier's output ("class" if it has only one) -> the share of
            each class in the n fakes.
        histogram_distance, histogram_distance_real: name of the output -> total variation
            distance to the histogram of the real images.
    """

    n_real: int
    n_fake: int
    n: int
    frechet: float
    frechet_real: float
    precision: float
    precision_real: float
    recall: float
    recall_real: float
    histogram: dict[str, np.ndarray]
    histogram_distance: dict[str, float]
    histogram_distance_real: dict[str, float]

    def __str__(self) -> str:
        """Return the table: one line per figure, for the fakes and for real images."""
        rows = [
            ("Fréchet distance", self.frechet, self.frechet_real),
            ("precision", self.precision, self.precision_real),
            ("recall", self.recall, self.recall_real),
        ]
        for name, distance in self.histogram_distance.items():
            rows.append((f"histogram of {name}", distance, self.histogram_distance_real[name]))
        lines = [f"{'against real images':24}{'fake':>10}{'real':>10}"]
        lines += [f"{name:24}{fake:10.3f}{real:10.3f}" for name, fake, real in rows]
        for name, shares in self.histogram.items():
            lines.append(f"{name} of the fakes: {' '.join(f'{share:.2f}' for share in shares)}")
        lines.append(
            f"{self.n} images each, of {self.n_real} real and {self.n_fake} generated ones"
        )
        return "\n".join(lines)


def evaluate_samples(
    classifier: keras.Model, real: np.ndarray, fake: np.ndarray
) -> SampleEvaluation:
    """Return how generated images compare with real ones, and real images with other real ones.

    Both comparisons are between n images and n images, because the figures depend on n. n is the
    number of fakes or half the number of real images, whichever is smaller. The images are chosen
    at random, but always the same ones for the same numbers.

    Args:
        classifier: as `train_classifier`, `digit_classifier` or `face_reader` returns it. It was
            not trained on any of these images.
        real: (n_real, height, width, c), values in [0, 1]. Give twice as many as fakes.
        fake: (n_fake, height, width, c), values in [0, 1].

    Raises:
        ValueError: if there are fewer than 4 fakes or 8 real images, or as in `features`.
    """
    n = min(len(fake), len(real) // 2)
    if n <= NEIGHBOURS:
        raise ValueError(
            f"{len(real)} real and {len(fake)} generated images are too few: give at least "
            f"{2 * NEIGHBOURS + 2} and {NEIGHBOURS + 1}, better some thousands."
        )
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(real))[: 2 * n]
    chosen = real[rows[:n]], real[rows[n:]], fake[rng.permutation(len(fake))[:n]]
    real_features, other_features, fake_features = (features(classifier, x) for x in chosen)
    precision, recall = precision_recall(real_features, fake_features)
    precision_real, recall_real = precision_recall(real_features, other_features)
    real_answers, other_answers, fake_answers = (probabilities(classifier, x) for x in chosen)
    histogram, distance, distance_real = {}, {}, {}
    for name in sorted(fake_answers):  # the order of a model's outputs depends on the backend
        n_classes = fake_answers[name].shape[1]
        real_labels, other_labels, fake_labels = (
            found[name].argmax(axis=1) for found in (real_answers, other_answers, fake_answers)
        )
        histogram[name] = frequencies(fake_labels, n_classes)
        distance[name] = histogram_distance(real_labels, fake_labels, n_classes)
        distance_real[name] = histogram_distance(real_labels, other_labels, n_classes)
    return SampleEvaluation(
        n_real=len(real),
        n_fake=len(fake),
        n=n,
        frechet=frechet_distance(real_features, fake_features),
        frechet_real=frechet_distance(real_features, other_features),
        precision=precision,
        precision_real=precision_real,
        recall=recall,
        recall_real=recall_real,
        histogram=histogram,
        histogram_distance=distance,
        histogram_distance_real=distance_real,
    )


def _squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return ||a_i - b_j||^2, computed as a matrix product: (n, d), (m, d) -> (n, m)."""
    distances = a @ b.T
    distances *= -2
    distances += np.square(a).sum(axis=1)[:, None]
    distances += np.square(b).sum(axis=1)
    return distances


def _radii(points: np.ndarray, k: int) -> np.ndarray:
    """Return the distance of each point to its k-th nearest neighbour: (n, d) -> (n,)."""
    distances, _ = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points).kneighbors()
    return distances[:, -1]


def _checked_features(
    real: np.ndarray, fake: np.ndarray, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return both sets in float64, or raise a ValueError if they can't be compared."""
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise ValueError(
            f"Features are two arrays (n, k) and (m, k), not {real.shape} and {fake.shape}."
        )
    if min(len(real), len(fake)) < least:
        raise ValueError(
            f"Each set needs at least {least} samples, but there are {len(real)} real and "
            f"{len(fake)} fake ones."
        )
    if not (np.isfinite(real).all() and np.isfinite(fake).all()):
        raise ValueError("A feature is NaN or infinite: look at the images that it comes from.")
    return real, fake
