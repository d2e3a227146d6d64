"""Classifier initialization: the steps, the choice of labels, and that it pays."""

from ankeras.autoencoders import accuracy, few_labels, fine_tune, initialize_classifier, train
from ankeras.builders import get_autoencoder, get_classifier, get_encoder
from ankeras.data import Dataset, digits

import numpy as np
import pytest


def test_an_initialized_classifier_beats_a_random_start_with_few_labels(digits_2000):
    test = digits(500, seed=2)
    labelled = few_labels(digits_2000, 50, seed=0)
    options = {"widths": (8, 16, 32)}
    autoencoder = get_autoencoder(latent_dim=12, **options)
    train(autoencoder, digits_2000.images, test.images, epochs=8, verbose=0)
    initialized = get_classifier(autoencoder.get_layer("encoder"), 10)
    random_start = get_classifier(get_encoder(enc_output_shape=12, **options), 10)
    for classifier in (initialized, random_start):
        fine_tune(classifier, labelled, verbose=0)
    assert accuracy(initialized, test) > accuracy(random_start, test) + 0.03
    assert accuracy(initialized, test) > 0.5


def test_the_four_steps_in_one(digits_2000):
    labelled = few_labels(digits_2000, 30, seed=0)
    classifier = initialize_classifier(
        digits_2000.images[:300], labelled, latent_dim=5, epochs=1, freeze=True, verbose=0
    )
    assert classifier.output_shape == (None, 10)
    assert classifier.get_layer("encoder").output_shape == (None, 5)


@pytest.mark.parametrize("freeze", [True, False])
def test_a_frozen_encoder_stays_as_it_is(digits_2000, freeze):
    labelled = few_labels(digits_2000, 20, seed=0)
    encoder = get_encoder(enc_output_shape=4, widths=(4,))
    classifier = get_classifier(encoder, 10)
    before = encoder.get_weights()
    head_before = classifier.get_layer("output_layer").get_weights()[0]
    fine_tune(classifier, labelled, freeze=freeze, head_steps=3, steps=3, verbose=0)
    moved = [np.abs(a - b).max() > 0 for a, b in zip(encoder.get_weights(), before, strict=True)]
    assert (not any(moved)) if freeze else all(moved)
    assert np.abs(classifier.get_layer("output_layer").get_weights()[0] - head_before).max() > 0
    assert encoder.trainable


def test_few_labels_are_even_over_the_classes(digits_2000):
    picked = few_labels(digits_2000, 53, seed=1)
    assert np.bincount(picked.labels).tolist() == [6, 6, 6, 5, 5, 5, 5, 5, 5, 5]
    again = few_labels(digits_2000, 53, seed=1)
    np.testing.assert_array_equal(picked.images, again.images)
    assert not np.array_equal(picked.images, few_labels(digits_2000, 53, seed=2).images)
    assert len(np.unique(picked.factors["wobble"])) == 53  # none twice


def test_accuracy_by_hand():
    images = np.eye(4, dtype="float32")[:, :, None, None]
    encoder = get_encoder((4, 1, 1), 4, kind="mlp", widths=())
    encoder.set_weights([np.eye(4), np.zeros(4)])
    classifier = get_classifier(encoder, 4)
    classifier.get_layer("output_layer").set_weights([np.eye(4), np.zeros(4)])
    names = ("a", "b", "c", "d")
    assert accuracy(classifier, Dataset(images, {"labels": np.array([0, 1, 2, 3])}, names)) == 1.0
    assert accuracy(classifier, Dataset(images, {"labels": np.array([0, 1, 3, 2])}, names)) == 0.5


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda data: few_labels(data, 9, seed=0), "9 labels are fewer than the 10 classes"),
        (lambda data: few_labels(data, 5000, seed=0), "Class '0' has .* images, not 500"),
        (lambda data: few_labels(Dataset(data.images), 10, seed=0), "images that have labels"),
        (
            lambda data: fine_tune(get_classifier(get_encoder(), 3), data),
            "Label 9 is out of range for a head of 3 classes",
        ),
        (
            lambda data: fine_tune(get_classifier(get_encoder(), 10), Dataset(data.images)),
            "and these have none",
        ),
        (
            lambda data: fine_tune(get_classifier(get_encoder((8, 8, 1)), 10), data),
            r"have shape \(28, 28, 1\), but the encoder reads \(8, 8, 1\)",
        ),
    ],
)
def test_refusals(digits_2000, call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(digits_2000)
