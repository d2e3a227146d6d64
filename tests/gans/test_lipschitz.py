"""Tests of the Lipschitz constants of the Wasserstein GANs' critics, trained on the ring."""

from ankeras.gans import WGAN, WGANGP, toy
from ankeras.training.autodiff import input_gradient

import keras
import numpy as np
import pytest
from keras import ops

CLIP = 0.05


def _trained(system, **options):
    model = system(toy.get_toy_generator(2, 2), toy.get_toy_discriminator(2), k=2, **options)
    model.compile(keras.optimizers.Adam(1e-3, 0.0, 0.9), keras.optimizers.Adam(1e-3, 0.0, 0.9))
    model.fit(toy.RING.sample(64 * 300), batch_size=64, verbose=0)
    return model


def _slopes(critic, points):
    """Return ||grad D|| at each point."""
    _, gradient = input_gradient(critic, ops.convert_to_tensor(points))
    return np.linalg.norm(ops.convert_to_numpy(gradient), axis=1)


def _steepest_secant(critic, points):
    """Return the largest |D(a) - D(b)| / ||a - b||, a lower bound of the Lipschitz constant."""
    rng = np.random.default_rng(0)
    a, b = points[rng.integers(len(points), size=(2, 20_000))]
    apart = np.linalg.norm(a - b, axis=1)
    a, b, apart = a[apart > 0.05], b[apart > 0.05], apart[apart > 0.05]
    rise = critic.predict(a, verbose=0) - critic.predict(b, verbose=0)
    return float((np.abs(rise[:, 0]) / apart).max())


@pytest.fixture(scope="module")
def clipped():
    return _trained(WGAN, c=CLIP)


@pytest.fixture(scope="module")
def penalised():
    return _trained(WGANGP, lam=10.0)


def test_clipping_gives_an_upper_bound_of_the_constant(clipped):
    """The slope is at most the product of the layers' norms, and this at most the bound for c."""
    kernels = [ops.convert_to_numpy(w.value) for w in clipped.discriminator.trainable_variables]
    assert all(np.abs(kernel).max() <= CLIP for kernel in kernels)
    norms = [np.linalg.norm(kernel, 2) for kernel in kernels if kernel.ndim == 2]
    bound = CLIP**3 * np.sqrt(2 * 64) * 64 * np.sqrt(64)  # of any weights in [-c, c]
    measured = _slopes(clipped.discriminator, toy.PLANE).max()
    assert _steepest_secant(clipped.discriminator, toy.PLANE) <= measured * 1.01
    assert measured <= np.prod(norms) <= bound


def test_the_penalty_brings_the_slope_to_one(clipped, penalised):
    s, fake = toy.RING.sample(2000, seed=1), penalised.generate(2000)
    share = np.random.default_rng(2).random((2000, 1)).astype("float32")
    between = share * s + (1 - share) * fake
    slopes = _slopes(penalised.discriminator, between)
    assert slopes.mean() == pytest.approx(1.0, abs=0.15)
    assert 0.8 < _steepest_secant(penalised.discriminator, between) < 1.5
    assert abs(_slopes(clipped.discriminator, between).mean() - 1) > abs(slopes.mean() - 1)
