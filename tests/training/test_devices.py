"""Tests of the report about the machine, and of `setup`."""

from ankeras.training import devices

import keras
import pytest


def test_the_report_names_backend_precision_and_cores():
    found = devices.find_devices()
    text = str(found)
    assert found.backend == keras.backend.backend()
    assert found.backend in text
    assert f"{found.cores} cores" in text
    assert found.precision in text


def test_setup_sets_the_seed():
    first = devices.setup(seed=7)
    a = keras.ops.convert_to_numpy(keras.random.normal((3,)))
    assert devices.setup(seed=7) == first
    b = keras.ops.convert_to_numpy(keras.random.normal((3,)))
    assert (a == b).all()
    assert "seed 7" in first
    assert "\n" not in first


@pytest.mark.parametrize("precision", devices.PRECISIONS)
def test_setup_sets_the_given_precision(precision):
    line = devices.setup(precision=precision)
    assert f"{precision} (as asked for)" in line
    assert "\n" not in line
    assert keras.layers.Dense(1).dtype_policy.name == precision
    assert devices.find_devices().precision == precision


def test_setup_sets_the_precision_for_the_machine_whatever_was_set_before(monkeypatch):
    monkeypatch.setitem(devices.BFLOAT16_BY_DEFAULT, "GPU", True)
    monkeypatch.setattr(devices, "_gpus_in_use", lambda: [("Tesla T4", 7.5)])
    devices.setup(precision="mixed_float16")
    assert f"{keras.backend.backend()} on Tesla T4, float32 (" in devices.setup()
    assert keras.config.dtype_policy().name == "float32"
    monkeypatch.setattr(devices, "_gpus_in_use", lambda: [("NVIDIA A100", 8.0)])
    assert "on NVIDIA A100, mixed_bfloat16 (" in devices.setup()
    assert keras.config.dtype_policy().name == "mixed_bfloat16"


@pytest.mark.parametrize(
    ("capabilities", "flags", "device", "fast"),
    [
        ([], {"avx2", "avx512_bf16"}, "processor", True),
        ([], {"amx_bf16"}, "processor", True),
        ([], {"avx512f"}, "processor", False),
        ([], set(), "processor", False),
        ([8.0, 9.0], set(), "GPU", True),
        ([9.0, 7.5], {"avx512_bf16"}, "GPU", False),  # the slowest GPU decides, not the processor
        ([0.0], {"avx512_bf16"}, "GPU", False),
    ],
)
def test_bfloat16_is_the_default_where_it_is_fast_and_was_measured(
    monkeypatch, capabilities, flags, device, fast
):
    monkeypatch.setitem(devices.BFLOAT16_BY_DEFAULT, device, True)
    chosen, reason = devices._precision_for(capabilities, flags)
    assert chosen == ("mixed_bfloat16" if fast else "float32")
    assert device in reason
    monkeypatch.setitem(devices.BFLOAT16_BY_DEFAULT, device, False)
    assert devices._precision_for(capabilities, flags)[0] == "float32"


def test_a_wrong_precision_raises_an_error():
    before = keras.config.dtype_policy().name
    with pytest.raises(ValueError, match=r"one of \('float32', .*, not 'bf16'"):
        devices.setup(precision="bf16")
    assert keras.config.dtype_policy().name == before


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
