"""The densities: they integrate to 1, samples follow them, and their entropy is the right one."""

from ankeras.data.densities import DENSITIES, Gaussians, Ring

import numpy as np
import pytest

STEP = 0.03
SIDE = np.arange(-3, 3, STEP)
PLANE = np.stack(np.meshgrid(SIDE, SIDE), axis=-1).reshape(-1, 2)


@pytest.mark.parametrize("name", DENSITIES)
def test_a_density_integrates_to_one_and_its_entropy_is_the_mean_of_minus_its_log(name):
    density = DENSITIES[name]
    log_p = density.log_pdf(PLANE)
    p = np.exp(log_p) * STEP**2
    assert p.sum() == pytest.approx(1, abs=1e-4)
    assert -np.sum(p * log_p) == pytest.approx(density.entropy(), abs=1e-3)
    x = density.sample(8_000, seed=3)
    assert x.shape == (8_000, 2)
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, density.sample(8_000, seed=3))
    # the standard error of this mean is 0.011 at most
    assert -density.log_pdf(x).mean() == pytest.approx(density.entropy(), abs=0.04)


def test_entropies_that_are_known():
    # of one Gaussian: n/2 log(2 pi e std^2)
    for n in (1, 2):
        one = Gaussians(np.zeros((1, n)), std=0.3)
        expected = 0.5 * n * np.log(2 * np.pi * np.e * 0.3**2)
        assert one.entropy() == pytest.approx(expected, abs=1e-5)
    # of eight that do not overlap: log 8 more
    far = Gaussians(np.arange(8)[:, None] * 10.0, std=0.3)
    assert far.entropy() - np.log(8) == pytest.approx(
        0.5 * np.log(2 * np.pi * np.e * 0.3**2), abs=1e-5
    )
    # of a very thin ring: its length times the width of a Gaussian
    thin = Ring(radius=1.0, std=1e-3)
    line = np.log(2 * np.pi) + 0.5 * np.log(2 * np.pi * np.e * 1e-6)
    assert thin.entropy() == pytest.approx(line, abs=1e-5)


def test_an_entropy_in_many_dimensions_is_refused():
    with pytest.raises(ValueError, match="at most 2 dimensions, not 3"):
        Gaussians(np.zeros((1, 3)), std=1.0).entropy()
