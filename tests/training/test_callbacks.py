"""Tests of the callbacks SampleGrid and WeightAverage, in short trainings."""

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans import GAN
from ankeras.training.callbacks import SampleGrid, WeightAverage

import numpy as np
import pytest
from PIL import Image

SHAPE = (12, 12, 1)


@pytest.fixture
def gan():
    gan = GAN(get_generator(3, SHAPE, widths=(4,)), get_discriminator(SHAPE, widths=(4,)))
    gan.compile()
    return gan


def test_sample_grid_keeps_one_frame_per_epoch(gan, tiny_images, tmp_path):
    untrained = gan.generate(4)
    samples = SampleGrid(lambda: gan.generate(4), folder=tmp_path / "frames")
    gan.fit(tiny_images, epochs=3, callbacks=[samples], verbose=0)
    assert len(samples.frames) == 4
    np.testing.assert_allclose(samples.frames[0], untrained, atol=1e-6)
    np.testing.assert_allclose(samples.frames[-1], gan.generate(4), atol=1e-6)
    assert np.abs(samples.frames[1] - samples.frames[3]).max() > 0
    names = [path.name for path in sorted((tmp_path / "frames").iterdir())]
    assert names == ["epoch-001.png", "epoch-002.png", "epoch-003.png"]

    gan.fit(tiny_images, epochs=1, callbacks=[samples], verbose=0)  # goes on: one more frame
    assert len(samples.frames) == 5
    samples.save_gif(tmp_path / "training.gif", seconds=0.2)
    with Image.open(tmp_path / "training.gif") as gif:
        assert gif.n_frames == 5
        assert gif.info["duration"] == 200


def test_weight_average_by_hand(gan, tiny_images):
    gan.compile()
    seen = []

    class Watch(WeightAverage):
        EVERY = 1

        def on_train_batch_end(self, batch, logs=None):
            seen.append(self.model.generator.get_weights()[0].copy())

    gan.fit(tiny_images, batch_size=32, epochs=2, callbacks=[Watch(momentum=0.3)], verbose=0)
    # the momentum grows: 0.1, 2/11, 3/12, 0.3, 0.3, ...
    average = seen[0]
    for i, weights in enumerate(seen):
        momentum = min(0.3, (1 + i) / (10 + i))
        average = momentum * average + (1 - momentum) * weights
    np.testing.assert_allclose(gan.generator.get_weights()[0], average, rtol=1e-5)
    assert np.abs(average - seen[-1]).max() > 0


def test_a_momentum_of_one_raises_an_error():
    with pytest.raises(ValueError, match=r"momentum lies in \[0, 1\)"):
        WeightAverage(1.0)
