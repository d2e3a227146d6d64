"""Measures of quality in cases with a known answer."""

from ankeras.data import Dataset
from ankeras.evaluation import (
    conditional_accuracy,
    confident_share,
    evaluate_samples,
    features,
    frechet_distance,
    frequencies,
    histogram_distance,
    lie_among,
    nearest_training_images,
    pca_error,
    precision_recall,
    probabilities,
    psnr,
    reconstruction_error,
    ssim,
    train_classifier,
)

import keras
import numpy as np
import pytest


@pytest.fixture(scope="module")
def classifier(digits_2000) -> keras.Model:
    return train_classifier(digits_2000.take(slice(1500)), epochs=6)


def test_reconstruction_error_is_a_mean_over_pixels():
    images = np.full((700, 2, 3, 1), 0.5, "float32")
    images[:350] = 0.0
    constant = keras.Sequential([keras.Input((2, 3, 1)), keras.layers.Rescaling(0.0, 0.5)])
    assert reconstruction_error(constant, images) == pytest.approx(0.25 / 2)


def test_pca_error_is_zero_on_a_subspace_and_known_beside_it():
    rng = np.random.default_rng(0)
    train = rng.normal(size=(2000, 2)) @ np.array([[3.0, 0, 0, 0], [0, 2.0, 0, 0]])
    test = train[:100].copy()
    assert pca_error(train.reshape(-1, 2, 2, 1), test.reshape(-1, 2, 2, 1), 2) < 1e-12
    test[:, 3] = 1.0  # outside of the two components: an error of 1 in one of four pixels
    assert pca_error(train.reshape(-1, 2, 2, 1), test.reshape(-1, 2, 2, 1), 2) == pytest.approx(
        0.25
    )


def test_psnr_by_hand():
    images = np.zeros((2, 4, 4, 1), "float32")
    other = np.stack([np.full((4, 4, 1), 0.1), np.full((4, 4, 1), 0.01)]).astype("float32")
    assert psnr(images, other) == pytest.approx((20 + 40) / 2, abs=1e-4)
    assert psnr(images, images) == np.inf


def test_ssim_of_flat_images_is_that_of_their_brightness():
    # no variance: only (2 mu_1 mu_2 + c) / (mu_1^2 + mu_2^2 + c) is left, with c = 0.01^2
    dark, light = (np.full((2, 16, 16, 3), value, "float32") for value in (0.2, 0.6))
    assert ssim(dark, light) == pytest.approx((0.24 + 1e-4) / (0.40 + 1e-4), abs=1e-4)


def test_ssim_is_1_for_equal_images_and_negative_for_negatives(digits_2000):
    images = digits_2000.images[:5]
    assert ssim(images, images) == pytest.approx(1)
    assert ssim(images, 1 - images) < 0


@pytest.mark.parametrize("figure", [psnr, ssim])
def test_images_are_compared_in_pairs(figure):
    images = np.zeros((2, 16, 16, 1), "float32")
    with pytest.raises(ValueError, match="are compared in pairs"):
        figure(images, images[:1])
    with pytest.raises(ValueError, match="range from -1 to -1"):
        figure(images, images - 1)


def test_ssim_has_a_least_size():
    with pytest.raises(ValueError, match="these images are 12x10"):
        ssim(np.zeros((1, 12, 10, 1)), np.zeros((1, 12, 10, 1)))


def test_the_classifier_reads_digits_and_knows_noise(digits_2000, classifier):
    held_out = digits_2000.take(slice(1500, None))
    assert conditional_accuracy(classifier, held_out.images, held_out.labels) > 0.85
    smeared = held_out.images.mean(axis=0, keepdims=True).repeat(50, axis=0)
    assert confident_share(classifier, held_out.images) > 0.5 > confident_share(classifier, smeared)


def test_a_classifier_needs_labels(digits_2000):
    with pytest.raises(ValueError, match="have no labels"):
        train_classifier(Dataset(digits_2000.images))


def test_the_features_lead_to_the_answer(digits_2000, classifier):
    found = features(classifier, digits_2000.images[:20])
    assert found.shape == (20, 64)
    kernel, bias = classifier.layers[-1].get_weights()
    logits = found @ kernel + bias
    answer = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = probabilities(classifier, digits_2000.images[:20])["class"]
    np.testing.assert_allclose(found, answer, atol=1e-5)


def test_larger_images_are_averaged_down(classifier):
    rng = np.random.default_rng(0)
    larger = rng.uniform(size=(9, 56, 56, 1)).astype("float32")
    mean = np.mean([larger[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], axis=0)
    np.testing.assert_allclose(features(classifier, larger), features(classifier, mean), atol=1e-4)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 30, 30, 1)), "reads images of shape .28, 28, 1., or a multiple"),
        (np.zeros((2, 56, 28, 1)), "not .56, 28, 1."),
        (np.zeros((2, 28, 28, 3)), "not .28, 28, 3."),
        (np.zeros((2, 28, 28, 1)) - 1, r"convert the output of tanh with \(x \+ 1\) / 2"),
        (np.full((2, 28, 28, 1), np.nan), "range from nan"),
        (np.zeros((0, 28, 28, 1)), "no images"),
    ],
)
def test_a_classifier_refuses_what_it_can_not_read(classifier, images, message):
    with pytest.raises(ValueError, match=message):
        features(classifier, images)
    with pytest.raises(ValueError, match=message):
        probabilities(classifier, images)


def test_features_need_a_classifier():
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()])
    with pytest.raises(ValueError, match='no layer "features"'):
        features(model, np.zeros((1, 28, 28, 1)))


def test_confident_share_and_conditional_accuracy_by_hand():
    identity = keras.Sequential([keras.Input((3,)), keras.layers.Activation("linear")])
    given = np.array([[0.98, 0.01, 0.01], [0.5, 0.3, 0.2], [0.0, 0.95, 0.05], [0, 0, 1.0]])
    given = given.astype("float32")
    assert confident_share(identity, given, 0.949) == 0.75
    assert conditional_accuracy(identity, given, np.array([0, 0, 2, 2])) == 0.75
    with pytest.raises(ValueError, match=r"each of 4 images, not labels of shape \(4, 1\)"):
        conditional_accuracy(identity, given, np.zeros((4, 1), int))
    with pytest.raises(ValueError, match="not none"):
        conditional_accuracy(identity, given, None)


def test_histograms_by_hand():
    assert frequencies(np.array([0, 2, 2, 2]), 4).tolist() == [0.25, 0, 0.75, 0]
    p, q = np.array([0, 0, 1, 1]), np.array([0, 1, 2, 2, 2, 2, 2, 2])
    assert histogram_distance(p, q, 3) == pytest.approx((3 / 8 + 3 / 8 + 6 / 8) / 2)
    assert histogram_distance(p, p[::-1], 3) == 0
    assert histogram_distance(p, p + 2, 4) == 1


@pytest.mark.parametrize("labels", [[], [0, 3], [-1, 0]])
def test_histograms_need_labels(labels):
    with pytest.raises(ValueError, match=r"each in 0 \.\.\. 2"):
        frequencies(np.array(labels, int), 3)


def _with_moments(mean: list[float], deviations: list[float]) -> np.ndarray:
    """Return points that have exactly this mean and, independently, these deviations."""
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * len(mean))).reshape(len(mean), -1).T
    n = len(signs)
    return mean + signs * deviations * np.sqrt((n - 1) / n)


def test_frechet_distance_of_known_gaussians():
    # diagonal covariances: sum of (m_1 - m_2)^2 + (s_1 - s_2)^2 over the dimensions
    real, fake = _with_moments([0, 1, 2], [1, 2, 3]), _with_moments([3, 1, 0], [2, 2, 0.5])
    assert frechet_distance(real, fake) == pytest.approx(9 + 4 + 1 + 2.5**2)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3))).Q
    assert frechet_distance(real @ turn, fake @ turn) == pytest.approx(20.25)


def test_frechet_distance_of_covariances_that_do_not_commute():
    # Tr (S_1 S_2)^(1/2) for 2x2 is sqrt(Tr S_1 S_2 + 2 sqrt(det S_1 S_2))
    a, b = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([[4.0, 0.0], [0.0, 1.0]])
    points = _with_moments([0, 0], [1, 1])
    real, fake = (points @ np.linalg.cholesky(s).T for s in (a, b))
    trace = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a @ b)))
    assert frechet_distance(real, fake) == pytest.approx(4 + 5 - 2 * trace)


def test_frechet_distance_of_singular_covariances():
    rng = np.random.default_rng(0)
    line = rng.normal(size=(50, 1)) @ rng.normal(size=(1, 20))
    assert frechet_distance(line, line[::-1]) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(line[:5], line[:5] + 2) == pytest.approx(4 * 20)
    point = np.ones((9, 4))  # all fakes equal, and one real dimension constant
    assert frechet_distance(_with_moments([1, 1, 1, 1], [2, 1, 1, 0]), point) == pytest.approx(6)


def test_frechet_distance_falls_with_the_number_of_samples():
    rng = np.random.default_rng(0)
    few, many = (
        frechet_distance(rng.normal(size=(n, 8)), rng.normal(size=(n, 8))) for n in (50, 5000)
    )
    assert few > 10 * many > 0


def test_precision_and_recall_by_hand():
    # real: two clusters of 4 points; the balls reach 3 to their third neighbours
    cluster = np.array([[0.0, 0], [3, 0], [0, 3], [3, 3]])
    real = np.concatenate([cluster, cluster + 100])
    near = np.array([[1.5, 1.5], [1, 1], [2, 1], [1, 2]])  # in the first cluster
    far = near + 50  # in neither
    assert precision_recall(real, np.concatenate([near, far[:1]])) == (0.8, 0.5)
    assert precision_recall(real, far) == (0, 0)
    assert precision_recall(real, real) == (1, 1)
    assert lie_among(real, np.concatenate([far, near])).tolist() == [False] * 4 + [True] * 4


def test_recall_falls_when_modes_are_dropped_and_precision_when_noise_is_added():
    rng = np.random.default_rng(0)
    modes = rng.normal(size=(1200, 2)) + 20 * rng.integers(0, 2, size=(1200, 1))
    real, fake = modes[:600], modes[600:]
    one_mode = fake[fake[:, 0] < 10]
    noisy = np.concatenate([fake, rng.uniform(40, 60, size=(600, 2))])
    full, dropped, noise = (precision_recall(real, x) for x in (fake, one_mode, noisy))
    assert min(full) > 0.9
    assert dropped[0] > 0.9
    assert dropped[1] == pytest.approx(np.mean(real[:, 0] < 10), abs=0.05)
    assert noise[0] == pytest.approx(full[0] / 2)
    assert noise[1] > 0.9


def test_precision_and_recall_do_not_depend_on_the_chunks():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(1203, 3)), rng.normal(size=(701, 3)) + 0.5

    def radius(points):
        return np.sort(np.linalg.norm(points[:, None] - points, axis=2), axis=1)[:, 2]

    distances = np.linalg.norm(real[:, None] - fake, axis=2)
    wanted = (
        np.mean((distances <= radius(real)[:, None]).any(axis=0)),
        np.mean((distances <= radius(fake)).any(axis=1)),
    )
    assert precision_recall(real, fake, k=2) == pytest.approx(wanted, abs=0.002)


@pytest.mark.parametrize("figure", [frechet_distance, precision_recall])
def test_features_that_can_not_be_compared(figure):
    good = np.random.default_rng(0).normal(size=(10, 3))
    with pytest.raises(ValueError, match=r"not \(10, 3\) and \(10, 2\)"):
        figure(good, good[:, :2])
    with pytest.raises(ValueError, match=r"not \(10,\) and"):
        figure(good[:, 0], good)
    with pytest.raises(ValueError, match="10 real and 1 fake"):
        figure(good, good[:1])
    with pytest.raises(ValueError, match="NaN"):
        figure(good, np.where(good == good[2, 1], np.nan, good))


def test_k_neighbours_need_more_points():
    points = np.eye(4)
    assert precision_recall(points, points, k=3) == (1, 1)
    with pytest.raises(ValueError, match="at least 5 samples"):
        precision_recall(points, points, k=4)


def test_a_copy_is_found_among_the_training_images(digits_2000):
    training = digits_2000.images[:1500]
    copies = training[[1400, 3]].copy()
    copies[1, 14, 14:17, 0] = 1 - copies[1, 14, 14:17, 0]
    change = np.linalg.norm(copies[1] - training[3])
    others = digits_2000.images[1500:1520]
    indices, distances = nearest_training_images(np.concatenate([copies, others]), training)
    assert indices[:2].tolist() == [1400, 3]
    assert distances[:2] == pytest.approx([0, change])
    brute = np.linalg.norm((others[:, None] - training).reshape(20, 1500, -1), axis=2)
    assert indices[2:].tolist() == brute.argmin(axis=1).tolist()
    assert distances[2:] == pytest.approx(brute.min(axis=1), rel=1e-5)


def test_training_images_of_another_shape():
    with pytest.raises(ValueError, match="can't be compared"):
        nearest_training_images(np.zeros((2, 4, 4, 1)), np.zeros((2, 5, 5, 1)))
    with pytest.raises(ValueError, match="no images"):
        nearest_training_images(np.zeros((2, 4, 4, 1)), np.zeros((0, 4, 4, 1)))


def test_an_evaluation_tells_real_images_from_a_collapsed_generator(digits_2000, classifier):
    real, fake = digits_2000.images[:1200], digits_2000.images[1200:]
    honest = evaluate_samples(classifier, real, fake)
    assert (honest.n_real, honest.n_fake, honest.n) == (1200, 800, 600)
    assert honest.frechet < 2 * honest.frechet_real
    assert honest.precision == pytest.approx(honest.precision_real, abs=0.1)
    assert honest.recall == pytest.approx(honest.recall_real, abs=0.1)
    assert honest.histogram_distance["class"] < 0.12

    threes = digits_2000.images[digits_2000.labels == 3]
    collapsed = evaluate_samples(classifier, real, threes)
    assert collapsed.n == len(threes)
    assert collapsed.frechet > 5 * collapsed.frechet_real
    assert collapsed.recall < 0.5 * collapsed.recall_real
    assert collapsed.histogram["class"][3] > 0.8
    assert (
        collapsed.histogram_distance["class"]
        > 0.6
        > 3 * (collapsed.histogram_distance_real["class"])
    )


def test_an_evaluation_compares_as_many_reals_as_fakes_whatever_their_order(
    digits_2000, classifier
):
    # sorted by class, so that the first rows of each are not a fair sample
    data = digits_2000.take(np.argsort(digits_2000.labels, kind="stable"))
    found = evaluate_samples(classifier, data.images, data.images[::2])
    assert found.n == 1000
    assert found.histogram_distance["class"] < 0.1
    assert found.histogram_distance_real["class"] < 0.1


def test_an_evaluation_prints_its_numbers(digits_2000, classifier):
    found = evaluate_samples(classifier, digits_2000.images[:100], digits_2000.images[100:130])
    text = str(found)
    assert f"{found.frechet:.3f}" in text
    assert f"{found.frechet_real:.3f}" in text
    assert "30 images each, of 100 real and 30 generated ones" in text


def test_too_few_images_for_an_evaluation(digits_2000, classifier):
    images = digits_2000.images
    assert evaluate_samples(classifier, images[:8], images[8:12]).n == 4
    with pytest.raises(ValueError, match="7 real and 4 generated images are too few"):
        evaluate_samples(classifier, images[:7], images[7:11])
