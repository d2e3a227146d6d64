"""Figures that judge reconstructions and samples, so that no picture has to be believed.

Images are float32 (n, height, width, channels) in [0, 1]. A *critic* is a classifier of real
images whose layer "features" is everything before its last layer: what lies there is compared.
Distances between sets depend on how many images they hold, and are never 0: `judge` states the
number, and the same figures of real images against other real images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ankeras.data import Dataset
from ankeras.latent import PREDICT_BATCH

import keras
import numpy as np
from keras import layers
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.decomposition import PCA

N_FEATURES = 64
CRITIC_BATCH, CRITIC_RATE = 64, 3e-3  # images a step; learning rate at its highest
NEIGHBOURS = 3  # the k of precision and recall
SSIM_WINDOW = 11  # pixels

_CHUNK = 500  # rows of a matrix of distances at a time


def reconstruction_error(autoencoder: keras.Model, images: np.ndarray) -> float:
    """Return the mean squared error of D(E(s)) a pixel, over all images."""
    x_hat = autoencoder.predict(images, batch_size=PREDICT_BATCH, verbose=0)
    return float(np.mean((x_hat - images) ** 2))


def pca_error(train: np.ndarray, test: np.ndarray, latent_dim: int) -> float:
    """Return the mean squared error a pixel of the best linear autoencoder: PCA with d components.

    Args:
        train: (n, *image), what the components are fitted to.
        test: (m, *image), what is reconstructed.
        latent_dim: the number d of components.
    """
    flat_train, flat_test = train.reshape(len(train), -1), test.reshape(len(test), -1)
    pca = PCA(latent_dim, random_state=0).fit(flat_train)
    x_hat = pca.inverse_transform(pca.transform(flat_test))
    return float(np.mean((x_hat - flat_test) ** 2))


def psnr(images: np.ndarray, other: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio 10 log10(1 / MSE) in decibels, a mean over images.

    Args:
        images: (n, height, width, c), values in [0, 1].
        other: as many of the same shape, each compared with the image in its place.

    Returns:
        The mean; infinite if one of the images equals the other exactly.

    Raises:
        ValueError: if the shapes differ, or the values leave [0, 1].
    """
    _check_pairs(images, other)
    with np.errstate(divide="ignore"):
        values = [
            peak_signal_noise_ratio(a, b, data_range=1.0)
            for a, b in zip(images, other, strict=True)
        ]
    return float(np.mean(values))


def ssim(images: np.ndarray, other: np.ndarray) -> float:
    """Return the structural similarity, in [-1, 1] and 1 for equal images, a mean over images.

    Source: Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural
    Similarity", with its Gaussian window of 11 pixels; a mean over the channels.

    Args:
        images: (n, height, width, c), values in [0, 1], sides of at least 11.
        other: as many of the same shape, each compared with the image in its place.

    Raises:
        ValueError: if the shapes differ, the values leave [0, 1], or the images are too small.
    """
    _check_pairs(images, other)
    if min(images.shape[1:3]) < SSIM_WINDOW:
        raise ValueError(
            f"The window of SSIM is {SSIM_WINDOW} pixels wide, but these images are "
            f"{images.shape[1]}x{images.shape[2]}."
        )
    values = [
        structural_similarity(
            a,
            b,
            data_range=1.0,
            channel_axis=-1,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for a, b in zip(images, other, strict=True)
    ]
    return float(np.mean(values))


def feature_layers(
    image_shape: tuple[int, ...], widths: Sequence[int], n_features: int
) -> keras.Model:
    """Build what a critic's last layer reads, a model named "features".

    It computes in float32, whatever `ankeras.setup` chose: figures are compared across machines.

    Args:
        image_shape: (height, width, channels).
        widths: channels of each convolution; each halves the image.
        n_features: the size k of the output.

    Returns:
        (batch, *image_shape) -> (batch, k), values >= 0.
    """
    model = keras.Sequential([layers.Input(image_shape)], name="features")
    exact = {"dtype": "float32"}
    for width in widths:
        model.add(layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False, **exact))
        # A critic of few images has some hundred steps, in which slow statistics stay behind.
        model.add(layers.BatchNormalization(momentum=0.9, **exact))
        model.add(layers.Activation("relu", **exact))
    model.add(layers.Flatten(**exact))
    model.add(layers.Dropout(0.3, **exact))
    model.add(layers.Dense(n_features, activation="relu", **exact))
    return model


def train_critic(data: Dataset, *, epochs: int = 3, seed: int = 0) -> keras.Model:
    """Train a small convolutional classifier that judges generated images.

    Args:
        data: labelled images of the kind that will be judged.
        epochs: passes over them.
        seed: seed of the weights and of the order of the images.

    Returns:
        A model (batch, *image) -> (batch, n_classes) of probabilities. Its layer "features" is
        itself a model, (batch, *image) -> (batch, 64).

    Raises:
        ValueError: if the data has no labels.
    """
    if data.labels is None:
        raise ValueError("A critic learns from labelled images, and these have no labels.")
    keras.utils.set_random_seed(seed)
    image_shape = data.images.shape[1:]
    critic = keras.Sequential(
        [
            layers.Input(image_shape),
            feature_layers(image_shape, (16, 32, 64), N_FEATURES),
            layers.Dense(len(data.class_names), activation="softmax", dtype="float32"),
        ]
    )
    steps = epochs * math.ceil(len(data.images) / CRITIC_BATCH)
    rate = keras.optimizers.schedules.CosineDecay(CRITIC_RATE, steps)
    critic.compile(keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
    critic.fit(data.images, data.labels, batch_size=CRITIC_BATCH, epochs=epochs, verbose=0)
    return critic


def probabilities(critic: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """Return what a critic says of each image.

    Args:
        critic: a classifier with one output, or with a dictionary of outputs.
        images: (n, height, width, c), values in [0, 1]. If their sides are a multiple of those
            that the critic reads, they are averaged down to them.

    Returns:
        {"class": (n, n_classes)}, or one entry for each of several outputs, by its name.

    Raises:
        ValueError: if the critic can't read images of this shape, or the values leave [0, 1].
    """
    found = critic.predict(_readable(critic, images), batch_size=PREDICT_BATCH, verbose=0)
    return found if isinstance(found, dict) else {"class": found}


def features(critic: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the activations before a critic's last layer: (n, *image) -> (n, k).

    Args:
        critic: a model whose layer "features" is a model, as `train_critic` builds it.
        images: as in `probabilities`.

    Raises:
        ValueError: if there is no such layer, or as in `probabilities`.
    """
    trunk = next((layer for layer in critic.layers if layer.name == "features"), None)
    if trunk is None:
        raise ValueError(
            'This model has no layer "features": train a critic by train_critic, or take one '
            "from ankeras.judges."
        )
    found = trunk.predict(_readable(critic, images), batch_size=PREDICT_BATCH, verbose=0)
    return np.asarray(found)


def confident_share(critic: keras.Model, images: np.ndarray, threshold: float = 0.95) -> float:
    """Return the share of images to which the critic gives some class a probability >= threshold.

    Compare it with the same figure for real images: a critic is not sure of all of those either.
    """
    return float(np.mean(probabilities(critic, images)["class"].max(axis=1) >= threshold))


def conditional_accuracy(
    critic: keras.Model, images: np.ndarray, labels: np.ndarray | None
) -> float:
    """Return the share of images that the critic gives the class they were asked for, in [0, 1].

    Args:
        critic: a classifier with one output, (batch, n_classes) probabilities or logits.
        images: (n, *image), for instance those of a conditional generator.
        labels: (n,), the classes it was asked for.

    Raises:
        ValueError: if there is not one label an image, or as in `probabilities`.
    """
    if labels is None or labels.shape != (len(images),):
        given = "none" if labels is None else f"labels of shape {labels.shape}"
        raise ValueError(f"Accuracy needs one label for each of {len(images)} images, not {given}.")
    return float(np.mean(probabilities(critic, images)["class"].argmax(axis=1) == labels))


def frequencies(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the share of each class: labels (n,) in 0 ... n_classes - 1 -> (n_classes,).

    Raises:
        ValueError: if there are no labels, or one is no class.
    """
    if len(labels) == 0 or np.min(labels) < 0 or np.max(labels) >= n_classes:
        raise ValueError(f"Frequencies need labels, each in 0 ... {n_classes - 1}.")
    return np.bincount(labels, minlength=n_classes) / len(labels)


def histogram_distance(real_labels: np.ndarray, fake_labels: np.ndarray, n_classes: int) -> float:
    """Return the total variation distance of two class histograms, 1/2 sum |p - q|, in [0, 1].

    It is the share of the images that would have to change their class. A generator that drops
    one of ten equally frequent classes is at least 0.1 away.

    Args:
        real_labels: (n,), classes of the real images.
        fake_labels: (m,), classes that a critic gives the generated ones.
        n_classes: the number of classes.

    Raises:
        ValueError: as in `frequencies`.
    """
    p, q = frequencies(real_labels, n_classes), frequencies(fake_labels, n_classes)
    return float(np.abs(p - q).sum() / 2)


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Return the Fréchet distance of two sets of features, each taken for a Gaussian.

        ||mu_1 - mu_2||^2 + Tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2))

    Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local
    Nash Equilibrium", where the features are those of an Inception network. Figures from other
    features are on another scale. For finite samples it is too large, the more so the fewer
    there are: compare figures for equal numbers only.

    Args:
        real: (n, k).
        fake: (m, k).

    Raises:
        ValueError: if a set has fewer than 2 rows, the columns differ, or a number is not finite.
    """
    real, fake = _checked_features(real, fake, least=2)
    mu_1, mu_2 = real.mean(axis=0), fake.mean(axis=0)
    # R with S = R^T R comes from the features themselves: nothing is squared and rooted again,
    # and a singular S does no harm. The trace of (S_1 S_2)^(1/2) is the sum of the singular
    # values of R_1 R_2^T.
    R_1 = np.linalg.qr((real - mu_1) / np.sqrt(len(real) - 1)).R
    R_2 = np.linalg.qr((fake - mu_2) / np.sqrt(len(fake) - 1)).R
    trace = np.sum(R_1**2) + np.sum(R_2**2) - 2 * np.linalg.norm(R_1 @ R_2.T, "nuc")
    return float(max(np.sum((mu_1 - mu_2) ** 2) + trace, 0.0))


def precision_recall(
    real: np.ndarray, fake: np.ndarray, k: int = NEIGHBOURS
) -> tuple[float, float]:
    """Return how much of the fakes is real, and how much of what is real the fakes cover.

    Source: Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing
    Generative Models". The manifold of a set is the union of balls about its points, each as
    wide as the distance to the point's k-th nearest neighbour in the set. Precision is the share
    of the fakes on the real manifold, recall the share of real points on that of the fakes.

    Args:
        real: (n, d) features.
        fake: (m, d) features.
        k: the neighbour that decides the width of a ball.

    Returns:
        (precision, recall), each in [0, 1]. Both depend on n and m, and are below 1 for real
        images against others.

    Raises:
        ValueError: if a set has no more than k rows, the columns differ, or a number is not
            finite.
    """
    real, fake = _checked_features(real, fake, least=k + 1)
    # Centred, since large norms would cost digits in _squared_distances; then float32 is enough,
    # and takes half the time.
    center = real.mean(axis=0)
    real, fake = (real - center).astype(np.float32), (fake - center).astype(np.float32)
    real_radii, fake_radii = _squared_radii(real, k), _squared_radii(fake, k)
    fake_covered = np.zeros(len(fake), bool)
    real_covered = np.zeros(len(real), bool)
    for start in range(0, len(real), _CHUNK):
        rows = slice(start, start + _CHUNK)
        distances = _squared_distances(real[rows], fake)
        fake_covered |= (distances <= real_radii[rows, None]).any(axis=0)
        real_covered[rows] = (distances <= fake_radii).any(axis=1)
    return float(fake_covered.mean()), float(real_covered.mean())


def nearest_training_images(
    images: np.ndarray, training_images: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the training image next to each generated one, which may be a copy of it.

    Source: AN2DL, the generated MNIST digits beside their nearest training samples.

    Args:
        images: (n, height, width, c), values in [0, 1].
        training_images: (m, height, width, c), values in [0, 1].

    Returns:
        Indices into the training images, int64 (n,), and Euclidean distances over all pixels,
        float64 (n,). Compare these with the distances of real test images: a memorised image
        is much nearer.

    Raises:
        ValueError: if the shapes of the images differ, there are none, or the values leave
            [0, 1].
    """
    _check_range(images)
    _check_range(training_images)
    if images.shape[1:] != training_images.shape[1:]:
        raise ValueError(
            f"Images of shape {images.shape[1:]} can't be compared with training images of "
            f"shape {training_images.shape[1:]}."
        )
    flat = images.reshape(len(images), -1)
    flat_training = training_images.reshape(len(training_images), -1)
    indices = np.zeros(len(flat), np.int64)
    lowest = np.full(len(flat), np.inf)
    for start in range(0, len(flat_training), _CHUNK):
        distances = _squared_distances(flat, flat_training[start : start + _CHUNK])
        found = distances.argmin(axis=1)
        values = distances[np.arange(len(flat)), found]
        nearer = values < lowest
        indices[nearer], lowest[nearer] = found[nearer] + start, values[nearer]
    # Computed again, since a small difference of large products has few digits.
    differences = flat.astype(np.float64) - flat_training[indices]
    return indices, np.linalg.norm(differences, axis=1)


@dataclass(frozen=True)
class Judgement:
    """What `judge` found; printed, it is a table.

    The figures compare n real images with n generated ones; those named `..._real` compare the
    same n real images with n others that are real too, and are what a perfect generator gets.

    Attributes:
        n_real, n_fake: how many images were given.
        n: how many of each were compared.
        frechet, frechet_real: Fréchet distance of the critic's features.
        precision, precision_real: share of the fakes that lie among the real images.
        recall, recall_real: share of the real images that lie among the fakes.
        histogram: name of the critic's output ("class", if it has one only) -> the share of
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
        """Return the table: one line a figure, of the fakes and of real images."""
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


def judge(critic: keras.Model, real: np.ndarray, fake: np.ndarray) -> Judgement:
    """Compare generated images with real ones, and real ones with real ones.

    Both comparisons are of n images with n images, since the figures depend on n: n is the
    number of fakes or half the number of real images, whichever is less. They are drawn at
    random, always the same ones for the same numbers.

    Args:
        critic: as `train_critic` or `ankeras.judges` return it, one that saw none of the images.
        real: (n_real, height, width, c), values in [0, 1]. Give twice as many as fakes.
        fake: (n_fake, height, width, c), values in [0, 1].

    Raises:
        ValueError: if there are fewer than 4 fakes or 8 real images, or as in `features`.
    """
    n = min(len(fake), len(real) // 2)
    if n <= NEIGHBOURS:
        raise ValueError(
            f"{len(real)} real and {len(fake)} generated images are too few: give at least "
            f"{2 * NEIGHBOURS + 2} and {NEIGHBOURS + 1}, or better some thousands."
        )
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(real))[: 2 * n]
    chosen = real[rows[:n]], real[rows[n:]], fake[rng.permutation(len(fake))[:n]]
    real_features, other_features, fake_features = (features(critic, x) for x in chosen)
    precision, recall = precision_recall(real_features, fake_features)
    precision_real, recall_real = precision_recall(real_features, other_features)
    real_answers, other_answers, fake_answers = (probabilities(critic, x) for x in chosen)
    histogram, distance, distance_real = {}, {}, {}
    for name in sorted(fake_answers):  # the order of a model's outputs depends on the backend
        n_classes = fake_answers[name].shape[1]
        real_labels, other_labels, fake_labels = (
            found[name].argmax(axis=1) for found in (real_answers, other_answers, fake_answers)
        )
        histogram[name] = frequencies(fake_labels, n_classes)
        distance[name] = histogram_distance(real_labels, fake_labels, n_classes)
        distance_real[name] = histogram_distance(real_labels, other_labels, n_classes)
    return Judgement(
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
    """Return ||a_i - b_j||^2 as one matrix product: (n, d), (m, d) -> (n, m)."""
    distances = a @ b.T
    distances *= -2
    distances += np.square(a).sum(axis=1)[:, None]
    distances += np.square(b).sum(axis=1)
    return distances


def _squared_radii(points: np.ndarray, k: int) -> np.ndarray:
    """Return the squared distance of each point to its k-th nearest neighbour: (n, d) -> (n,)."""
    radii = np.empty(len(points), points.dtype)
    for start in range(0, len(points), _CHUNK):
        rows = slice(start, start + _CHUNK)
        distances = _squared_distances(points[rows], points)
        radii[rows] = np.partition(distances, k, axis=1)[:, k]  # the 0th is the point itself
    return radii


def _checked_features(
    real: np.ndarray, fake: np.ndarray, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return both sets in float64, if they can be compared."""
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
        raise ValueError("A feature is NaN or infinite: look at the images they come from.")
    return real, fake


def _readable(critic: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the images as a critic reads them, averaged down if they are larger."""
    _check_range(images)
    wanted, given = tuple(critic.input_shape[1:]), images.shape[1:]
    if given == wanted:
        return images
    if len(given) == len(wanted) == 3 and given[2] == wanted[2]:
        height, width, channels = wanted
        factor = given[0] // height
        if factor > 1 and given[:2] == (factor * height, factor * width):
            blocks = images.reshape(len(images), height, factor, width, factor, channels)
            return blocks.mean(axis=(2, 4))
    raise ValueError(
        f"The critic reads images of shape {wanted}, or a multiple of its sides, not {given}."
    )


def _check_pairs(images: np.ndarray, other: np.ndarray) -> None:
    if images.ndim != 4 or images.shape != other.shape:
        raise ValueError(
            f"Images are compared one by one, as two arrays (n, height, width, c) of one shape, "
            f"not {images.shape} and {other.shape}."
        )
    _check_range(images)
    _check_range(other)


def _check_range(images: np.ndarray) -> None:
    if len(images) == 0:
        raise ValueError("There are no images to judge.")
    low, high = float(np.min(images)), float(np.max(images))
    if not (low >= 0 and high <= 1):  # NaN is neither
        raise ValueError(
            f"Images are judged with values in [0, 1], but these range from {low:.3g} to "
            f"{high:.3g}: bring those of tanh there by (x + 1) / 2, and clip what is left."
        )
