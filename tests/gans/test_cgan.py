"""The label reaches both players, and G learns to obey it."""

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans import CGAN

import numpy as np
import pytest

SHAPE = (12, 12, 1)


def _players(d=4, n_classes=2):
    return (
        get_generator(d + n_classes, SHAPE, widths=(8,)),
        get_discriminator((*SHAPE[:2], SHAPE[2] + n_classes), widths=(8, 8)),
    )


def test_the_generator_learns_to_obey(bars):
    x, y = bars(960)
    cgan = CGAN(*_players(), r1=1.0)
    cgan.compile()
    cgan.fit(x, y, batch_size=32, epochs=6, verbose=0)
    images = cgan.generate_classes(np.array([0] * 20 + [1] * 20))
    left, top = images[:, 6:, :6].mean(axis=(1, 2, 3)), images[:, :6, 6:].mean(axis=(1, 2, 3))
    assert (left > top)[:20].mean() >= 0.9
    assert (left < top)[20:].mean() >= 0.9
    # one class as a generator of its own draws the same images
    alone = cgan.for_class(1)
    assert alone.input_shape == (None, cgan.latent_dim) == (None, 4)


def test_the_generator_of_one_class_agrees():
    cgan = CGAN(*_players())
    images = cgan.generate_classes(np.full(5, 1), seed=3)
    z = np.random.default_rng(3).normal(size=(5, 4)).astype("float32")
    alone = cgan.for_class(1).predict(z, verbose=0)
    np.testing.assert_allclose(alone, images, atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (None, r"give fit\(x, y\) the labels"),
        (np.zeros(31, int), r"of shape \(32,\), not"),
        (np.zeros(32), "one integer an image"),
        (np.full(32, 2), r"built for 2 classes, 0 ... 1"),
        (np.full(32, -1), r"lie in -1 ... -1"),
    ],
)
def test_labels_that_do_not_match_are_refused(labels, sentence, bars):
    cgan = CGAN(*_players())
    cgan.compile()
    with pytest.raises(ValueError, match=sentence):
        cgan.fit(bars(32)[0], labels, verbose=0)


def test_players_without_the_label_are_refused():
    generator, _ = _players()
    with pytest.raises(ValueError, match="one more channel a class"):
        CGAN(generator, get_discriminator(SHAPE))
    with pytest.raises(ValueError, match="one more number a class"):
        CGAN(get_generator(2, SHAPE), _players()[1])
