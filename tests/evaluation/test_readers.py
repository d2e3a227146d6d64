"""The digit classifier and the face readers: what they read, and at which sizes."""

from ankeras.data import Dataset, digits, faces
from ankeras.evaluation import conditional_accuracy, evaluate_samples, features, readers
from ankeras.evaluation.readers import (
    ATTRIBUTES,
    attribute_accuracy,
    digit_classifier,
    face_reader,
    read_attributes,
    true_attributes,
)

import numpy as np
import pytest


@pytest.fixture
def reader():
    return face_reader()


def test_the_classifier_reads_digits():
    unseen = digits(500, seed=3)
    assert conditional_accuracy(digit_classifier(), unseen.images, unseen.labels) > 0.97


@pytest.mark.parametrize("size", [32, 64])
def test_the_reader_reads(size):
    unseen = faces(500, seed=3, size=size)
    found = attribute_accuracy(face_reader(size), unseen)
    assert list(found) == list(ATTRIBUTES)
    assert min(found.values()) > 0.9
    assert sum(found.values()) / len(found) > 0.97


def test_there_is_one_reader_for_each_size():
    assert face_reader(64) is face_reader(64)
    assert face_reader(64).input_shape == (None, 64, 64, 3)
    with pytest.raises(ValueError, match="readers for 32 and 64 pixels, not for 128"):
        face_reader(128)


def test_what_is_read_compares_with_the_factors(reader):
    unseen = faces(200, seed=4, size=32)
    found = read_attributes(reader, unseen.images)
    assert found.dtype.names == tuple(ATTRIBUTES)
    assert all(found[name].dtype == np.int64 for name in ATTRIBUTES)
    assert np.mean(found["background"] == unseen.factors["background"]) > 0.75


def test_faces_of_all_sizes_are_read_alike(reader):
    small, middle, large = (faces(60, seed=5, size=size).images for size in (32, 64, 128))
    wanted = read_attributes(reader, small)["shirt"]
    assert np.mean(read_attributes(reader, middle)["shirt"] == wanted) > 0.9
    assert np.mean(read_attributes(reader, large)["shirt"] == wanted) > 0.9


def test_the_face_reader_is_a_classifier(reader):
    images = faces(300, seed=6, size=32).images
    hats = faces(100, seed=7, size=32, hat=1).images
    assert features(reader, images[:5]).shape == (5, 128)
    found = evaluate_samples(reader, images, hats)
    assert list(found.histogram) == sorted(ATTRIBUTES)
    assert found.histogram["hat"][1] > 0.6
    assert found.histogram_distance["hat"] > 2 * found.histogram_distance_real["hat"]
    assert found.histogram_distance["woman"] < 0.3


def test_skin_comes_in_three_tones_and_the_rest_as_it_is():
    factors = faces(6, seed=0, size=32, skin=[0, 0.33, 0.34, 0.66, 0.67, 1]).factors
    found = true_attributes(factors)
    assert found["skin"].tolist() == [0, 0, 1, 1, 2, 2]
    for name in ATTRIBUTES:
        if name != "skin":
            assert found[name].tolist() == factors[name].tolist()


def test_attribute_accuracy_by_hand(monkeypatch):
    data = faces(8, seed=0, size=32)
    said = true_attributes(data.factors)
    said["hat"][:2] ^= 1
    said["hair_color"] = (said["hair_color"] + 1) % 5
    answers = {name: np.eye(n_classes)[said[name]] for name, n_classes in ATTRIBUTES.items()}
    monkeypatch.setattr(readers, "probabilities", lambda reader, images: answers)
    wanted = dict.fromkeys(ATTRIBUTES, 1.0) | {"hat": 0.75, "hair_color": 0.0}
    assert attribute_accuracy(None, data) == wanted
    with pytest.raises(ValueError, match="no factors"):
        attribute_accuracy(None, Dataset(data.images))
