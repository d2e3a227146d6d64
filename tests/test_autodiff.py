"""Gradients against numbers known by hand, on whichever backend runs."""

import re
from pathlib import Path

from ankeras.autodiff import BACKEND, Model, input_jacobian, value_and_gradient

import keras
import numpy as np
import pytest
from keras import layers, ops

ROOT = Path(__file__).parents[1]


class _Line(Model):
    """y = a x, trained by hand to follow 3 x; reports what happened on the way."""

    def __init__(self):
        super().__init__()
        self.a = self.add_weight(shape=(), initializer="ones", name="a")
        self.norm = layers.BatchNormalization(momentum=0.5, scale=False, center=False)
        self.norm.build((None, 1))
        self.built = True

    def call(self, x):
        return self.a * x

    def train_step(self, data):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)

        def loss_fn():
            self.norm(x, training=True)
            return ops.mean(ops.square(self.a * x - 3.0 * x)), self.a * 1.0

        (loss, a), gradients = value_and_gradient(loss_fn, [self.a])
        self.optimizer.apply(gradients, [self.a])
        return {"loss": loss, "a": a, "gradient": gradients[0]}


def _trained(epochs):
    model = _Line()
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    x = np.full((8, 1), 2.0, "float32")
    return model, model.fit(x, x, batch_size=8, epochs=epochs, verbose=0).history


def test_value_and_gradient_by_hand():
    # L = mean (a x - 3 x)^2 at a = 1, x = 2: L = 16, dL/da = 2 x^2 (a - 3) = -16.
    model, history = _trained(1)
    assert history["loss"][0] == pytest.approx(16.0)
    assert history["gradient"][0] == pytest.approx(-16.0)
    assert history["a"][0] == pytest.approx(1.0)
    assert float(model.a.numpy()) == pytest.approx(1.0 + 0.1 * 16.0)


def test_what_the_loss_changes_stays_changed():
    model, _ = _trained(2)
    # The moving mean goes from 0 half the way to 2, twice.
    assert model.norm.moving_mean.numpy()[0] == pytest.approx(1.5)


def test_jacobian_of_a_dense_layer_is_its_kernel():
    dense = layers.Dense(3)
    x = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(5, 4)).astype("float32"))
    dense.build((None, 4))
    jacobian = keras.ops.convert_to_numpy(input_jacobian(dense, x))
    assert jacobian.shape == (5, 3, 4)
    for row in jacobian:
        np.testing.assert_allclose(row, dense.kernel.numpy().T, rtol=1e-5)


def test_jacobian_of_a_nonlinear_function():
    x = ops.convert_to_tensor(np.array([[1.0, 2.0], [3.0, -1.0]], "float32"))
    jacobian = input_jacobian(lambda x: ops.stack([x[:, 0] * x[:, 1], x[:, 0] ** 2], axis=1), x)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(jacobian),
        [[[2.0, 1.0], [2.0, 0.0]], [[-1.0, 3.0], [6.0, 0.0]]],
        rtol=1e-6,
    )


def test_only_two_files_name_a_backend():
    pattern = re.compile(r"^\s*(import|from)\s+(tensorflow|jax|torch)\b", re.M)
    naming = [
        path.name for path in (ROOT / "ankeras").rglob("*.py") if pattern.search(path.read_text())
    ]
    assert sorted(naming) == ["autodiff.py", "devices.py"]


def test_the_backend_is_keras_s():
    assert keras.backend.backend() == BACKEND
