"""Tests of the CGAN: both networks use the label, and G learns to draw its class."""

from ankeras.builders import get_discriminator, get_generator
from ankeras.builders.conditioning import FiLM
from ankeras.gans import CGAN

import keras
import numpy as np
import pytest
from keras import ops

SHAPE = (12, 12, 1)


def _players(d=4, n_classes=2, way="append"):
    condition = {"condition_dim": n_classes, "condition_by": way}
    return (
        get_generator(d, SHAPE, widths=(8,), **condition),
        get_discriminator(SHAPE, widths=(8, 8), **condition),
    )


def test_the_generator_learns_to_draw_the_class_of_the_label(bars):
    x, y = bars(960)
    cgan = CGAN(*_players(), r1=1.0)
    cgan.compile()
    cgan.fit(x, y, batch_size=32, epochs=6, verbose=0)
    images = cgan.generate_for(np.array([0] * 20 + [1] * 20))
    left, top = images[:, 6:, :6].mean(axis=(1, 2, 3)), images[:, :6, 6:].mean(axis=(1, 2, 3))
    assert (left > top)[:20].mean() >= 0.9
    assert (left < top)[20:].mean() >= 0.9
    mixed = cgan.generate(100)  # of both classes
    left, top = mixed[:, 6:, :6].mean(axis=(1, 2, 3)), mixed[:, :6, 6:].mean(axis=(1, 2, 3))
    assert 0.3 < (left > top).mean() < 0.7
    # the generator of one class takes z only
    alone = cgan.for_class(1)
    assert alone.input_shape == (None, cgan.latent_dim) == (None, 4)


@pytest.mark.parametrize("way", ["append", "film"])
def test_the_generator_of_one_class_draws_the_same_images(way):
    cgan = CGAN(*_players(way=way))
    assert (cgan.latent_dim, cgan.n_classes) == (4, 2)
    assert [len(player.inputs) for player in (cgan.generator, cgan.discriminator)] == [2, 2]
    for player in (cgan.generator, cgan.discriminator):
        _scramble(player)
    assert cgan.generate(3).shape == (3, *SHAPE)
    images = cgan.generate_for(np.full(5, 1), seed=3)
    z = np.random.default_rng(3).normal(size=(5, 4)).astype("float32")
    alone = cgan.for_class(1).predict(z, verbose=0)
    np.testing.assert_allclose(alone, images, atol=1e-6)
    assert np.abs(alone - cgan.for_class(0).predict(z, verbose=0)).max() > 0.01
    s = ops.convert_to_tensor(alone)
    scores = [cgan.score(s, cgan.one_hot(np.full(5, y)), training=False) for y in (0, 1)]
    assert np.abs(np.subtract(*map(ops.convert_to_numpy, scores))).max() > 0.01


def _scramble(player):
    """Change all weights at random: without training, FiLM is the identity for every label."""
    rng = np.random.default_rng(0)
    for weight in player.trainable_variables:
        weight.assign(weight + rng.normal(0, 0.3, weight.shape).astype("float32"))


def test_film_is_trained_in_both_players_saved_and_loaded(bars, tmp_path):
    cgan = CGAN(*_players(way="film"), r1=1.0)
    cgan.compile()
    cgan.fit(*bars(32), batch_size=16, verbose=0)
    for player in (cgan.generator, cgan.discriminator):
        for layer in player.layers:
            if isinstance(layer, FiLM):
                assert np.abs(ops.convert_to_numpy(layer.gamma) - 1).max() > 0
                assert np.abs(ops.convert_to_numpy(layer.beta)).max() > 0
    assert sum(isinstance(layer, FiLM) for layer in cgan.generator.layers) == 1
    assert sum(isinstance(layer, FiLM) for layer in cgan.discriminator.layers) == 2
    cgan.save(tmp_path / "cgan.keras")
    loaded = keras.models.load_model(tmp_path / "cgan.keras")
    labels = np.array([0, 1, 1])
    np.testing.assert_allclose(loaded.generate_for(labels), cgan.generate_for(labels), atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (None, r"give fit\(x, y\) the labels"),
        (np.zeros(31, int), r"of shape \(32,\), not"),
        (np.zeros(32), "one integer per image"),
        (np.full(32, 2), r"built for 2 classes, 0 ... 1"),
        (np.full(32, -1), r"lie in -1 ... -1"),
    ],
)
def test_labels_that_do_not_match_raise_an_error(labels, sentence, bars):
    cgan = CGAN(*_players())
    cgan.compile()
    with pytest.raises(ValueError, match=sentence):
        cgan.fit(bars(32)[0], labels, verbose=0)


def test_players_without_the_label_raise_an_error():
    generator, discriminator = _players()
    with pytest.raises(ValueError, match="build them with condition_dim=n_classes"):
        CGAN(generator, get_discriminator(SHAPE))
    with pytest.raises(ValueError, match="build them with condition_dim=n_classes"):
        CGAN(get_generator(2, SHAPE), discriminator)
    with pytest.raises(ValueError, match=r"draws, \(12, 12, 1\), not \(8, 12, 1\)"):
        CGAN(generator, get_discriminator((8, 12, 1), condition_dim=2))
    for n_classes in (None, 3):
        with pytest.raises(ValueError, match="both networks read the label"):
            CGAN(_players(way="film")[0], get_discriminator(SHAPE, condition_dim=n_classes))


def test_a_label_that_is_no_class_raises_an_error():
    cgan = CGAN(*_players())
    with pytest.raises(ValueError, match=r"lie in 2 \.\.\. 2"):
        cgan.for_class(2)
    with pytest.raises(ValueError, match=r"lie in -1 \.\.\. 0"):
        cgan.generate_for(np.array([0, -1]))
    np.testing.assert_array_equal(cgan.generate_for([0, 1]), cgan.generate_for(np.arange(2)))
