"""Minibatches without end."""

import itertools
import tracemalloc

from ankeras.autoencoders import VAE
from ankeras.builders import get_decoder, get_encoder
from ankeras.data import digits, stream

import keras
import numpy as np
import pytest


def test_no_image_comes_twice_and_the_seed_decides():
    a, b, c = (
        np.concatenate([batch.images for batch in itertools.islice(stream("digits", 8, seed=s), 3)])
        for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(a, b)
    assert len(np.unique(np.concatenate([a, c]).reshape(48, -1), axis=0)) == 48


def test_labels_and_sizes():
    batch = next(stream("faces", 4, size=64))
    assert batch.images.shape == (4, 64, 64, 3)
    assert batch.labels is not None
    assert batch.labels.shape == (4,)
    with pytest.raises(ValueError, match="Only 'digits' and 'faces' are drawn, not 'mnist'"):
        next(stream("mnist"))


def test_memory_stays_constant():
    batches = stream("digits", 256)
    next(batches)
    tracemalloc.start()
    peaks = []
    for _ in range(4):
        tracemalloc.reset_peak()
        for _ in itertools.islice(batches, 4):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert max(peaks) < 1.1 * peaks[0]


def test_a_vae_learns_from_it():
    vae = VAE(
        get_encoder((28, 28, 1), 4, widths=(4, 8)), get_decoder(2, (28, 28, 1), widths=(4, 8))
    )
    vae.compile(keras.optimizers.Adam(1e-2))
    test = digits(64, seed=99).images
    before = vae.evaluate(test, verbose=0, return_dict=True)["loss"]
    batches = ((batch.images,) for batch in stream("digits", 32))
    vae.fit(batches, steps_per_epoch=40, shuffle=False, verbose=0)
    assert vae.evaluate(test, verbose=0, return_dict=True)["loss"] < 0.7 * before
