"""The flow: its losses by hand, densities with known entropy, levels, and the latent tools."""

from ankeras import latent
from ankeras.builders.couplings import ActNorm, get_flow
from ankeras.data.densities import Gaussians
from ankeras.likelihood import Flow, quantise
from ankeras.likelihood.flow import standard_normal

import keras
import numpy as np
import pytest
from keras import ops

RNG = np.random.default_rng(0)
SHAPE = (4, 4, 1)
ON_JAX = keras.backend.backend() == "jax"
not_on_jax = pytest.mark.skipif(ON_JAX, reason="JAX compiles each operation: too slow")


def _moved(model, scale=0.1):
    for weight in model.trainable_variables:
        weight.assign(weight + scale * RNG.normal(size=weight.shape))
    return model


def _images(levels=None):
    """Return a flow of tiny images."""
    return _moved(Flow(get_flow(SHAPE, scales=1, couplings=2, width=4), levels))


def test_the_loss_of_points_by_hand():
    flow = _moved(Flow(get_flow((2,), couplings=2, width=4)))
    flow.compile("adam", run_eagerly=not ON_JAX)
    x = RNG.normal(size=(6, 2)).astype("float32")
    z, log_det = flow.network.predict(x, verbose=0)
    nats = 0.5 * (z**2).sum(axis=1) + np.log(2 * np.pi) - log_det
    np.testing.assert_allclose(-flow.log_likelihood(x), nats, rtol=1e-4)
    logs = flow.evaluate(x, batch_size=6, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(nats.mean(), rel=1e-4)
    first = flow.fit(x, batch_size=6, verbose=0).history["loss"][0]
    assert first == pytest.approx(nats.mean(), rel=1e-4)
    # the density integrates to 1
    side = np.arange(-8, 8, 0.1, dtype="float32")
    plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    assert np.exp(flow.log_likelihood(plane)).sum() * 0.1**2 == pytest.approx(1, abs=0.01)


def test_levels_by_hand():
    # u ~ U[0, 1) changes v by less than one level: 1/8 for 8 levels
    flow = Flow(get_flow((2,), couplings=2, width=4, actnorm=False), levels=8)
    x = np.full((4000, 2), 3 / 7, "float32")
    v = ops.convert_to_numpy(flow.dequantised(x))
    assert 3 / 8 <= v.min() < 3 / 8 + 0.01
    assert 4 / 8 - 0.01 < v.max() < 4 / 8
    # a new flow changes nothing: -log P(x) <= E [v^2 / 2] + log(2 pi) + 2 log 8
    mean_square = ((4 / 8) ** 3 - (3 / 8) ** 3) / 3 * 8
    expected = mean_square + np.log(2 * np.pi) + 2 * np.log(8)
    assert -flow.log_likelihood(x).mean() == pytest.approx(expected, abs=1e-2)
    flow.compile("adam")
    logs = flow.evaluate(x, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(expected, abs=1e-2)


@not_on_jax
def test_more_draws_of_the_noise_raise_the_bound():
    flow = _moved(Flow(get_flow((2,), couplings=2, width=4, bounded=True), levels=2), 0.5)
    x = quantise(RNG.random((200, 2)), 2)
    one, many = flow.log_likelihood(x).mean(), flow.log_likelihood(x, k=8).mean()
    assert one < many < 0  # the logarithm of a probability
    with pytest.raises(ValueError, match="k >= 1 draws per image, not 0"):
        flow.log_likelihood(x, k=0)


@not_on_jax
def test_a_short_training_comes_near_the_entropy_of_the_points():
    density = Gaussians(np.array([[-1.5, -1.0], [1.5, 1.0]]), std=0.4)
    flow = Flow(get_flow((2,), couplings=3, width=24))
    flow.compile(keras.optimizers.Adam(0.01))
    flow.initialize(density.sample(200, seed=2))
    flow.fit(density.sample(2560, seed=0), batch_size=128, epochs=12, verbose=0)
    nats = -flow.log_likelihood(density.sample(2000, seed=1)).mean()
    # one Gaussian with the same mean and covariance reaches 2.26, the entropy is 1.70
    assert density.entropy() - 0.05 < nats < density.entropy() + 0.2
    drawn = flow.generate(2000)
    share = np.mean(density.log_pdf(drawn) > density.log_pdf(density.sample(2000, 3)).min())
    assert share > 0.9


@not_on_jax
def test_the_latent_tools_accept_a_flow():
    flow = _images(levels=256)
    x = quantise(RNG.random((12, *SHAPE)), 256)
    z = latent.encode(flow.mean_encoder, x)
    assert z.shape == (12, flow.latent_dim)
    np.testing.assert_allclose(latent.decode(flow.generator, z), x, atol=1e-4)
    line = latent.decode(flow.generator, latent.interpolate(z[0], z[1], 5))
    np.testing.assert_allclose(line[[0, -1]], x[:2], atol=1e-4)
    assert 0 <= line.min() <= line.max() <= 1
    bright = (x.mean(axis=(1, 2, 3)) > np.median(x.mean(axis=(1, 2, 3)))).astype(int)
    edited = latent.decode(flow.generator, z + latent.mean_direction(z, bright))
    assert edited.mean() > x.mean()
    found = latent.invert(flow.generator, x[:2], start=z[:2] + 0.1, steps=3)
    assert found.z.shape == (2, 16)
    np.testing.assert_allclose(flow.predict(x, verbose=0), z, atol=1e-5)
    drawn = flow.generate(6, seed=3)
    np.testing.assert_allclose(drawn, quantise(drawn, 256), atol=1e-6)


@not_on_jax
def test_initialization_gives_each_channel_mean_0_and_variance_1():
    flow = _images()
    x = RNG.random((50, *SHAPE)).astype("float32")
    flow.initialize(x)
    layers = [layer for layer in flow.network.layers if isinstance(layer, ActNorm)]
    assert [layer.s.shape[0] for layer in layers] == [1, 1, 4, 4]
    outputs = keras.Model(flow.network.inputs[0], [layer.output[0] for layer in layers])
    for y in map(ops.convert_to_numpy, outputs(x)):
        np.testing.assert_allclose(y.mean(axis=(0, 1, 2)), 0, atol=1e-3)
        np.testing.assert_allclose(y.std(axis=(0, 1, 2)), 1, atol=1e-3)


def test_the_density_of_the_prior():
    z = RNG.normal(size=(4, 3))
    expected = np.log(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)).sum(axis=1)
    found = ops.convert_to_numpy(standard_normal(ops.convert_to_tensor(z.astype("float32"))))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@not_on_jax
@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        (lambda f, x: f.fit(x), r"between its 16 levels .* give quantise\(images, 16\)"),
        (lambda f, x: f.fit(2 * x), r"draws values in \[0, 1\]"),
        (lambda f, x: f.initialize(x[:, :2]), r"images of shape \(2, 4, 1\)"),
        (lambda f, x: f.compile(loss="mse"), "A flow has its own loss"),
    ],
)
def test_what_the_flow_can_not_use_is_refused(use, sentence):
    flow = _images(levels=16)
    if "own loss" not in sentence:
        flow.compile("adam")
    x = RNG.random((32, *SHAPE)).astype("float32")
    with pytest.raises(ValueError, match=sentence):
        use(flow, x)


@not_on_jax
def test_a_network_that_is_no_flow_is_refused():
    with pytest.raises(ValueError, match=r"build it with get_flow\(\(3,\)\)"):
        Flow(keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)]))
    with pytest.raises(ValueError, match="at least 2 levels, not 1"):
        Flow(get_flow((2,)), levels=1)
