"""Tests of super-resolution: the network's start, the losses by hand, what a training gains."""

from ankeras.builders.feature_network import get_feature_network
from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.data.views import pairs, shrink
from ankeras.evaluation import get_classifier
from ankeras.image_to_image import SuperResolution, get_super_resolution_network

import keras
import numpy as np
import pytest
from keras import layers, ops

ON_JAX = keras.backend.backend() == "jax"
not_on_jax = pytest.mark.skipif(ON_JAX, reason="what a model learns is tested once")
SMALL, LARGE = (6, 6, 1), (12, 12, 1)
RNG = np.random.default_rng(0)


def _pairs(n):
    large = RNG.random((n, *LARGE)).astype("float32")
    return shrink(large, 2), large


def _model(**options):
    model = SuperResolution(
        get_super_resolution_network(SMALL, 2, width=8, n_blocks=1),
        get_patch_discriminator(LARGE, widths=(8, 8)),
        **options,
    )
    model.compile(*(keras.optimizers.Adam(1e-2) for _ in range(2)))
    return model


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_an_untrained_network_enlarges_by_bicubic_interpolation(factor):
    network = get_super_resolution_network((8, 6, 3), factor, width=4, n_blocks=1)
    x = RNG.random((2, 8, 6, 3)).astype("float32")
    expected = layers.UpSampling2D(factor, interpolation="bicubic")(x)
    np.testing.assert_allclose(network.predict(x, verbose=0), expected, atol=1e-5)


def test_the_network_reads_images_of_any_size():
    network = get_super_resolution_network((None, None, 1), 2, width=4, n_blocks=1)
    assert network.predict(np.zeros((1, 5, 9, 1), "float32"), verbose=0).shape == (1, 10, 18, 1)


def _by_hand(model, x, y, training):
    """Return the losses, from the outputs of the networks."""
    fake = np.asarray(model.generator(x, training=training))
    real_p, fake_p = (
        1 / (1 + np.exp(-np.asarray(model.discriminator(images, training=training), float)))
        for images in (y, fake)
    )
    squared = ((y - fake) ** 2).mean()
    phi = model.feature_network
    features = sum(
        0.5 * np.square(ops.convert_to_numpy(a - b)).mean()
        for a, b in zip(phi(y), phi(fake), strict=True)
    )
    return {
        "squared_error": squared,
        "g_loss": squared + 0.5 * features - 0.25 * np.log(fake_p).mean(),
        "d_loss": -np.log(real_p).mean() - np.log(1 - fake_p).mean(),
    }


def test_the_losses_by_hand(losses_by_hand):
    phi = get_feature_network(get_classifier(LARGE, 3))
    model = _model(feature_network=phi, alpha=0.5, adversarial=0.25)
    losses_by_hand(model, _pairs(5), _by_hand, {"discriminator": "d_loss", "generator": "g_loss"})


@not_on_jax
def test_the_squared_error_alone_beats_bicubic_interpolation():
    data = pairs("small", 300, seed=3, size=32)
    test = pairs("small", 60, seed=4, size=32)
    model = SuperResolution(
        get_super_resolution_network((8, 8, 3), 4, width=16, n_blocks=2),
        get_patch_discriminator((32, 32, 3), widths=(8, 8)),
        adversarial=0.0,
    )
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(4e-3))
    bicubic = np.mean((model.enlarge(test.images) - test.targets["paired"]) ** 2)
    model.fit(data, batch_size=20, epochs=18, verbose=0)
    error = np.mean((model.enlarge(test.images) - test.targets["paired"]) ** 2)
    assert error < 0.7 * bicubic
    drawn = model.enlarge(test.images)
    assert drawn.min() >= 0
    assert drawn.max() <= 1


def test_wrong_arguments_are_answered_by_a_sentence():
    x, _ = _pairs(4)
    model = _model()
    with pytest.raises(ValueError, match="Each of 4 small images needs its large one, not none"):
        model.fit(x, batch_size=4, verbose=0)
    with pytest.raises(ValueError, match=r"y holds images of shape \(6, 6, 1\)"):
        model.fit(x, x, batch_size=4, verbose=0)
    with pytest.raises(ValueError, match="needs a feature_network"):
        _model(alpha=1.0)
    with pytest.raises(ValueError, match="must be 1, 2, 4 or 8, not 3"):
        get_super_resolution_network(factor=3)
    with pytest.raises(ValueError, match=r"G draws images of \(12, 12, 1\)"):
        SuperResolution(model.generator, get_patch_discriminator((8, 8, 1), widths=(4,)))
