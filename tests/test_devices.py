"""What is said about the machine."""

from ankeras import devices

import keras
import pytest


def test_the_report_names_backend_precision_and_cores():
    found = devices.find_devices()
    text = str(found)
    assert found.backend == keras.backend.backend()
    assert found.backend in text
    assert f"{found.cores} cores" in text
    assert found.precision in text


def test_setup_seeds():
    first = devices.setup(seed=7)
    a = keras.ops.convert_to_numpy(keras.random.normal((3,)))
    devices.setup(seed=7)
    b = keras.ops.convert_to_numpy(keras.random.normal((3,)))
    assert (a == b).all()
    assert "seed 7" in first
    assert "\n" not in first


@pytest.mark.parametrize(
    ("backend", "system", "visible", "sentence"),
    [
        ("tensorflow", "Linux", None, "uv sync --extra gpu"),
        ("tensorflow", "Windows", None, "WSL2"),
        ("jax", "Linux", None, "jax[cuda"),
        ("torch", "Linux", None, "PyTorch with CUDA"),
        ("tensorflow", "Linux", "-1", "CUDA_VISIBLE_DEVICES='-1' hides it"),
    ],
)
def test_advice_about_a_gpu_that_is_not_used(monkeypatch, backend, system, visible, sentence):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with_gpu = devices._advice(("Tesla T4",), backend, system)
    assert with_gpu.startswith(f"Tesla T4 is present, but {backend} does not use it")
    assert sentence in with_gpu
    assert devices._advice((), backend, system) == ""
