"""The digit classifier and the face reader: what they read, and that they are trained once."""

import os
from pathlib import Path

from ankeras.data import Dataset, digits, faces
from ankeras.evaluation import evaluate_samples, features, readers
from ankeras.evaluation.readers import (
    ATTRIBUTES,
    Recipe,
    attribute_accuracy,
    digit_classifier,
    face_reader,
    read_attributes,
    true_attributes,
)

import keras
import numpy as np
import pytest


def _untrained(data, *, epochs):
    """Stand in for `train_classifier`, at no cost; each call returns other weights."""
    head = keras.layers.Dense(10, activation="softmax")
    return keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), head])


def _weights(model: keras.Model) -> list:
    return [weights.tolist() for weights in model.get_weights()]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(readers, "DIGITS", Recipe(20, epochs=1, seed=1000))
    monkeypatch.setattr(readers, "train_classifier", _untrained)
    return tmp_path / "ankeras"


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("keras")


@pytest.fixture
def reader(home, monkeypatch) -> keras.Model:
    """Return a face reader with little training; all tests but the first load it from a file."""
    monkeypatch.setenv("KERAS_HOME", str(home))
    monkeypatch.setattr(readers, "FACES", Recipe(2000, epochs=4, seed=2000))
    return face_reader()


def test_the_reader_reads(reader):
    unseen = faces(500, seed=3, size=32)
    found = attribute_accuracy(reader, unseen)
    assert list(found) == list(ATTRIBUTES)
    always_the_commonest = {name: 1 / n_classes for name, n_classes in ATTRIBUTES.items()}
    always_the_commonest |= {"beard": 0.65, "hat": 0.7}
    for name, share in always_the_commonest.items():
        assert found[name] > share + 0.05, name


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


def test_the_reader_loads_as_it_was(reader, home, capsys):
    (file,) = (home / "ankeras").iterdir()
    again = face_reader()
    assert capsys.readouterr().out == ""
    assert _weights(again) == _weights(reader)
    assert file.name.startswith("face_reader-")


def test_the_reader_learns_from_worn_images_too():
    images = faces(40, seed=0, size=32).images
    before = images.copy()
    worn = readers._worn(images)
    np.testing.assert_array_equal(images, before)
    assert worn.dtype == np.float32
    assert 0 <= worn.min() < worn.max() <= 1
    np.testing.assert_array_equal(worn[21::2], images[21::2])  # as they were drawn

    def sharpness(x):
        return np.abs(np.diff(x, axis=1)).mean()

    blurred, more = worn[1:10:2], worn[11:20:2]
    assert sharpness(more) / sharpness(images[11:20:2]) < 0.9
    assert sharpness(more) / sharpness(images[11:20:2]) < sharpness(blurred) / sharpness(
        images[1:10:2]
    )
    assert np.std(worn[20::2] - images[20::2]) == pytest.approx(0.03, abs=0.005)


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


def test_a_classifier_is_trained_once(folder, capsys):
    first = digit_classifier()
    assert f"then it is kept in {folder}" in capsys.readouterr().out
    again = digit_classifier()
    assert capsys.readouterr().out == ""
    assert _weights(again) == _weights(first)
    assert len(list(folder.iterdir())) == 1  # no temporary file is left


def test_the_classifier_is_trained_on_digits_that_load_does_not_return(folder, monkeypatch):
    def keep(data, *, epochs):
        seen.append((data, epochs))
        return _untrained(data, epochs=epochs)

    seen = []
    monkeypatch.setattr(readers, "train_classifier", keep)
    digit_classifier()
    ((data, epochs),) = seen
    assert epochs == 1
    np.testing.assert_array_equal(data.images, digits(20, seed=1000).images)


def test_another_recipe_or_other_code_makes_another_classifier(folder, monkeypatch):
    def other_code(data, *, epochs):
        return _untrained(data, epochs=epochs)

    first = digit_classifier()
    monkeypatch.setattr(readers, "DIGITS", Recipe(20, epochs=1, seed=1001))
    second = digit_classifier()
    monkeypatch.setattr(readers, "train_classifier", other_code)
    third = digit_classifier()
    assert _weights(first) != _weights(second) != _weights(third)
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("damage", [lambda whole: b"", lambda whole: whole[: len(whole) // 2]])
def test_a_broken_file_is_replaced(folder, damage):
    digit_classifier()
    (file,) = folder.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    with pytest.warns(UserWarning, match=r"can't be read \(\w+\): it is replaced"):
        made = digit_classifier()
    assert _weights(digit_classifier()) == _weights(made)


def test_a_classifier_that_can_not_be_kept_is_still_returned(folder):
    folder.write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="The digit_classifier can't be kept in"):
        classifier = digit_classifier()
    assert classifier.output_shape == (None, 10)


def test_an_interrupted_save_leaves_nothing(folder, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(UserWarning, match="No space left"):
        digit_classifier()
    assert list(folder.iterdir()) == []


def test_two_processes_at_once(folder, monkeypatch):
    def other_was_faster(data, *, epochs):
        monkeypatch.setattr(
            readers, "_train_digit_classifier", lambda recipe: _untrained(None, epochs=1)
        )
        others.append(digit_classifier())
        return _untrained(data, epochs=epochs)

    others = []
    monkeypatch.setattr(readers, "train_classifier", other_was_faster)
    mine = digit_classifier()
    assert _weights(digit_classifier()) == _weights(mine) != _weights(others[0])
    assert len(list(folder.iterdir())) == 1


def test_the_home_of_keras_is_the_users(folder, monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "user"))
    digit_classifier()
    assert len(list((tmp_path / "user" / ".keras" / "ankeras").iterdir())) == 1
