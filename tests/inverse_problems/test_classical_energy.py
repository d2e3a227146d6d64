"""Tests of the energies by hand, and of the images that minimize them."""

from ankeras.data import faces
from ankeras.data.views import shrink
from ankeras.inverse_problems import (
    add_noise,
    masked_error,
    minimize_energy,
    missing_pixels,
    shrunk_error,
    squared_error,
    squared_norm,
    total_variation,
)

import numpy as np
import pytest
from skimage.restoration import denoise_tv_chambolle

IMAGE = faces(1, seed=3, size=32).images[0]
RNG = np.random.default_rng(0)


def _mse(image, truth=IMAGE):
    return float(np.mean((np.clip(image, 0, 1) - truth) ** 2))


def test_the_energies_by_hand():
    x = RNG.random((1, *IMAGE.shape)).astype("float32")
    assert float(squared_error(IMAGE)(x)) == pytest.approx(np.mean((x[0] - IMAGE) ** 2), rel=1e-5)
    missing = missing_pixels(32, 32, 0.4)
    known = np.mean((x[0] - IMAGE)[~missing] ** 2)
    assert float(masked_error(IMAGE, missing)(x)) == pytest.approx(known, rel=1e-5)
    small = shrink(IMAGE[None], 4)[0]
    by_blocks = np.mean((shrink(x, 4)[0] - small) ** 2)
    assert float(shrunk_error(small, 4)(x)) == pytest.approx(by_blocks, rel=1e-5)


def test_the_regularizers_by_hand():
    x = np.array([[0.0, 0.0, 0.3], [0.0, 0.4, 0.3]], "float32")[None, :, :, None]
    assert float(squared_norm(x)) == pytest.approx((0.3**2 + 0.4**2 + 0.3**2) / 6)
    # at (0, 1) the gradient is (0.4, 0.3); at (0, 0), (0, 2) and (1, 2) it is 0
    lengths = [0, 0.5, 0, 0.4, 0.1, 0]
    assert float(total_variation(x)) == pytest.approx(np.mean(lengths), abs=1e-3)
    two = np.concatenate([x, np.zeros_like(x)], axis=-1)  # each channel counts for itself
    assert float(total_variation(two)) == pytest.approx(np.mean(lengths) / 2, abs=1e-3)


@pytest.mark.parametrize("lam", [0.25, 1.0])
def test_with_the_norm_the_solution_is_known(lam):
    x_0 = RNG.random((32, 32, 3)).astype("float32")
    found = minimize_energy(squared_error(x_0), squared_norm, x_0, weight=lam)
    np.testing.assert_allclose(found.x, x_0 / (1 + lam), atol=1e-4)
    error, penalty = np.mean((found.x - x_0) ** 2), lam * np.mean(found.x**2)
    assert found.history["loss"][-1] == pytest.approx(error + penalty, rel=1e-3, abs=1e-6)
    assert found.history["regularizer"][-1] == pytest.approx(penalty, rel=1e-3, abs=1e-6)


def test_total_variation_removes_noise_as_the_algorithm_of_chambolle_does():
    noisy = add_noise(IMAGE, 25 / 255, seed=1)
    lam = 0.2

    def energy(x):
        return float(squared_error(noisy)(x[None])) + lam * float(total_variation(x[None]))

    found = minimize_energy(squared_error(noisy), total_variation, noisy, weight=lam).x
    # skimage minimizes  1/2 || x - x_0 ||^2 + weight TV(x)
    options = {"eps": 1e-7, "max_num_iter": 2000, "channel_axis": -1}
    theirs = denoise_tv_chambolle(noisy, weight=lam / 2, **options)
    assert energy(found) < 1.001 * energy(theirs) < 0.6 * energy(noisy)
    np.testing.assert_allclose(found, theirs, atol=0.01)
    assert 10 * np.log10(_mse(noisy) / _mse(found)) > 4.5  # decibels of PSNR


def test_total_variation_fills_in_missing_pixels():
    truth = np.full((16, 16, 1), 0.2, "float32")
    truth[:, 6:] = 0.7
    missing = missing_pixels(16, 16, 0.5, seed=2)
    seen = np.where(missing[..., None], 0.5, truth).astype("float32")
    energy = masked_error(seen, missing)
    found = minimize_energy(energy, total_variation, seen, weight=0.01, steps=500).x
    assert _mse(found, truth) < 0.02 * _mse(seen, truth)


def test_wrong_arguments_are_answered_by_a_sentence():
    with pytest.raises(ValueError, match="hides the whole image"):
        masked_error(IMAGE, np.ones((32, 32), bool))
    with pytest.raises(ValueError, match=r"The mask is \(16, 16\), but the image \(32, 32\)"):
        masked_error(IMAGE, np.ones((16, 16), bool))
    with pytest.raises(ValueError, match="must not be negative: -1"):
        minimize_energy(squared_error(IMAGE), squared_norm, IMAGE, weight=-1)
    with pytest.raises(ValueError, match=r"one image \(height, width, c\), not \(1, 32, 32, 3\)"):
        minimize_energy(squared_error(IMAGE), squared_norm, IMAGE[None], weight=1)
    with pytest.raises(ValueError, match=r"x_0 is \(32, 32, 3\), but .* is \(32, 32, 1\)"):
        minimize_energy(squared_error(IMAGE), squared_norm, IMAGE[..., :1], weight=1)
    with pytest.raises(ValueError, match=r"x_0 is \(32, 32, 3\), but .* is \(8, 8, 3\)"):
        minimize_energy(shrunk_error(IMAGE, 4), squared_norm, IMAGE, weight=1)
