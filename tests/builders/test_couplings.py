"""The steps of a flow: log-determinants against explicit Jacobians, inverses, what is refused."""

from ankeras.builders.couplings import (
    ActNorm,
    Coupling,
    FactorOut,
    Logit,
    Mixing,
    Squeeze,
    get_flow,
    get_inverse,
)
from ankeras.training.autodiff import input_jacobian

import keras
import numpy as np
import pytest
from keras import layers, ops

RNG = np.random.default_rng(0)
SHAPE = (4, 4, 2)
ON_JAX = keras.backend.backend() == "jax"
not_on_jax = pytest.mark.skipif(ON_JAX, reason="JAX compiles each operation: too slow")


def _changed(layer, scale=0.2):
    """Move all weights away from where they begin."""
    for weight in layer.trainable_variables:
        weight.assign(weight + scale * RNG.normal(size=weight.shape))
    return layer


def _network():
    x = layers.Input(SHAPE)
    s_t = layers.Conv2D(4, 3, padding="same")(x)
    return keras.Model(x, layers.Activation("tanh", dtype="float32")(s_t))


STEPS = {
    "coupling, checkerboard": lambda: Coupling(_network(), "checkerboard"),
    "coupling, channels": lambda: Coupling(_network(), "channels", flip=True),
    "actnorm": ActNorm,
    "mixing": Mixing,
    "logit": Logit,
    "squeeze": Squeeze,
}


def _check(forward, inverse, x):
    """Assert that the inverse is right, and that log |det J| is that of the explicit Jacobian."""
    x = ops.convert_to_tensor(x)
    y, log_det = forward(x)
    back = ops.convert_to_numpy(inverse(y))
    np.testing.assert_allclose(back, ops.convert_to_numpy(x), atol=1e-4)
    d = int(np.prod(x.shape[1:]))
    jacobian = input_jacobian(lambda x: ops.reshape(forward(x)[0], (-1, d)), x)
    jacobian = ops.convert_to_numpy(jacobian).reshape(-1, d, d).astype("float64")
    expected = np.linalg.slogdet(jacobian)[1]
    np.testing.assert_allclose(ops.convert_to_numpy(log_det), expected, rtol=1e-3, atol=2e-3)
    return expected


@pytest.mark.parametrize("name", ["coupling, channels", "mixing"] if ON_JAX else STEPS)
def test_a_step_has_the_determinant_of_its_jacobian_and_an_inverse(name):
    step = STEPS[name]()
    step.build((None, *SHAPE))
    _changed(step)
    x = RNG.random((3, *SHAPE)).astype("float32")
    expected = _check(step, step.inverse, x)
    assert (np.abs(expected) > 0.05).all() == (name != "squeeze")


@not_on_jax
def test_a_whole_flow_of_images_with_all_its_parts():
    flow = _changed(get_flow((4, 4, 1), scales=2, couplings=2, width=4, mixing=True), 0.05)
    kinds = [type(layer) for layer in flow.layers]
    found = [kinds.count(kind) for kind in (Coupling, ActNorm, Mixing, Squeeze, FactorOut, Logit)]
    assert found == [8, 8, 4, 2, 1, 1]
    x = RNG.random((1, 4, 4, 1)).astype("float32")
    _check(flow, get_inverse(flow), x)
    loaded = keras.Model.from_config(flow.get_config())
    loaded.set_weights(flow.get_weights())
    np.testing.assert_array_equal(*(ops.convert_to_numpy(f(x)[0]) for f in (flow, loaded)))


@not_on_jax
def test_a_whole_flow_of_vectors():
    flow = _changed(get_flow((3,), couplings=3, width=4))
    assert not any(isinstance(layer, Logit) for layer in flow.layers)
    _check(flow, get_inverse(flow), RNG.normal(size=(4, 3)).astype("float32"))


def test_a_coupling_by_hand():
    s_t = layers.Input((2,))
    last = layers.Dense(4, dtype="float32", name="s_t")
    step = Coupling(keras.Model(s_t, last(s_t)), "channels")
    last.set_weights([np.array([[0, 0.5, 0, 3], [9, 9, 9, 9]]), np.zeros(4)])  # s, s, t, t
    y, log_det = (ops.convert_to_numpy(found) for found in step(np.array([[2.0, 5.0]], "float32")))
    # the first value is kept: s = 2 tanh(0.5 * 2 / 2), t = 3 * 2 for the second one
    s = 2 * np.tanh(0.5)
    np.testing.assert_allclose(y, [[2.0, 5 * np.exp(s) + 6]], rtol=1e-5)
    np.testing.assert_allclose(log_det, [s], rtol=1e-5)


@not_on_jax
def test_a_new_flow_changes_nothing_but_the_order():
    x = RNG.normal(size=(5, *SHAPE)).astype("float32")
    flow = get_flow(SHAPE, scales=1, couplings=2, width=4, bounded=False)
    z, log_det = map(ops.convert_to_numpy, flow(x))
    np.testing.assert_allclose(np.sort(z), np.sort(x.reshape(5, -1)), atol=1e-6)
    np.testing.assert_array_equal(log_det, 0)


def test_squeezing_puts_each_2x2_pixels_into_one():
    x = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    y, _ = Squeeze()(ops.convert_to_tensor(x))
    np.testing.assert_array_equal(ops.convert_to_numpy(y)[0, 0, 1], [2, 3, 6, 7])


@not_on_jax
def test_the_chain_stays_in_32_bits():
    keras.config.set_dtype_policy("mixed_bfloat16")
    flow = _changed(get_flow(SHAPE, scales=1, couplings=2, width=4, mixing=True), 0.05)
    dtypes = {layer.name: layer.compute_dtype for layer in flow.layers}
    assert set(dtypes.values()) == {"float32"} | {dtypes["input_layer"]}
    couplings = [step for step in flow.layers if isinstance(step, Coupling)]
    inner = [layer for step in couplings for layer in step.network.layers]
    assert {layer.compute_dtype for layer in inner} == {"bfloat16", "float32"}
    x = RNG.random((2, *SHAPE)).astype("float32")
    z, _ = flow(x)
    back = get_inverse(flow)(z)
    np.testing.assert_allclose(ops.convert_to_numpy(back), x, atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "options", "sentence"),
    [
        ((28, 30, 1), {}, "28x30 can't be halved 2 times"),
        ((7, 8, 1), {"scales": 1}, "7x8 can't be halved 1 times"),
        ((8, 8, 1), {"scales": 0}, "can't be halved 0 times"),
        ((8, 8, 1), {"couplings": 1}, "at least 2 couplings"),
        ((1,), {}, r"vectors of at least 2 values, not \(1,\)"),
        ((3, 4), {}, r"not \(3, 4\)"),
    ],
)
def test_a_flow_that_does_not_exist_is_refused(shape, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        get_flow(shape, **options)
