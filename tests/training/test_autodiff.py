"""Tests of gradients on the current backend: they agree with numbers computed by hand."""

import re
from pathlib import Path

from ankeras.training.autodiff import (
    BACKEND,
    Model,
    input_gradient,
    input_jacobian,
    value_and_gradient,
)

import keras
import numpy as np
import pytest
from keras import layers, ops

ROOT = Path(__file__).parents[2]


class _Line(Model):
    """The model y = a x. Its train_step fits 3 x, and logs the loss, a and the gradient."""

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


def test_variables_that_the_loss_function_changes_stay_changed():
    model, _ = _trained(2)
    # In each of two steps, the moving mean goes half of the way to 2: 0, 1, 1.5.
    assert model.norm.moving_mean.numpy()[0] == pytest.approx(1.5)


class Scaled(Model):
    """The model y = a x, with a batch normalization of x that does not change y."""

    def __init__(self):
        super().__init__()
        self.a = self.add_weight(shape=(), initializer="ones", name="a")
        self.norm = layers.BatchNormalization(momentum=0.5, scale=False, center=False)
        self.norm.build((None, 1))
        self.built = True

    def call(self, x, training=None):
        self.norm(x, training=training)
        return self.a * x


class _Score(Model):
    """The score b x^2. Its train_step logs the slope's mean square and that number's gradient."""

    def __init__(self):
        super().__init__()
        self.b = self.add_weight(shape=(), initializer="ones", name="b")
        self.built = True

    def call(self, x):
        return self.b * x**2

    def train_step(self, data):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        self.b.assign(5.0)

        def penalty():
            value, slope = input_gradient(lambda x: self.b * x**2, x)
            return ops.mean(slope**2), value, ops.sum(slope)

        (penalty, value, slope), gradients = value_and_gradient(penalty, [self.b])
        return {"value": value, "slope": slope, "penalty": penalty, "db": gradients[0]}


def test_the_gradient_of_a_gradient_in_a_training_step():
    model = _Score()
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    x = np.full((4, 1), 2.0, "float32")
    logs = {k: v[0] for k, v in model.fit(x, x, batch_size=4, verbose=0).history.items()}
    # With x = 2 and b = 5: sum b x^2 = 4 * 20; the slope is 2 b x = 20.
    assert logs["value"] == pytest.approx(80.0)
    assert logs["slope"] == pytest.approx(80.0)
    # The slope's mean square is 400 and d/db (2 b x)^2 = 8 b x^2 = 160.
    assert logs["penalty"] == pytest.approx(400.0)
    assert logs["db"] == pytest.approx(160.0)
    assert float(model.b.numpy()) == pytest.approx(5.0)


def test_input_gradient_outside_of_a_training_step():
    x = ops.convert_to_tensor(np.array([[1.0, 2.0], [3.0, -1.0]], "float32"))
    value, gradient = input_gradient(lambda x: x[:, 0] ** 2 * x[:, 1], x)
    assert float(ops.convert_to_numpy(value)) == pytest.approx(2.0 - 9.0)
    np.testing.assert_allclose(ops.convert_to_numpy(gradient), [[4.0, 1.0], [-6.0, 9.0]])


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


def test_only_three_files_import_a_backend():
    pattern = re.compile(r"^\s*(import|from)\s+(tensorflow|jax|torch)\b", re.M)
    naming = [
        path.name
        for path in (ROOT / "ankeras").rglob("*.py")
        if path.parent.name != "grading" and pattern.search(path.read_text())  # labs name one
    ]
    assert sorted(naming) == ["autodiff.py", "devices.py", "tensorflow_patch.py"]


def test_the_backend_is_that_of_keras():
    assert keras.backend.backend() == BACKEND
