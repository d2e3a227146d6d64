"""Tests of training on two devices: the result is that of one device."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest


def _run(backend, **environment):
    if keras.backend.backend() != backend:
        pytest.skip(f"the suite on {backend} runs it")
    script = Path(__file__).with_name("two_devices.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script],
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def on_tensorflow():
    return _run("tensorflow")


@pytest.fixture(scope="module")
def mirrored(on_tensorflow):
    return on_tensorflow["mirrored"]


@pytest.fixture(scope="module")
def workers(on_tensorflow):
    return on_tensorflow["workers"]


@pytest.fixture(scope="module")
def on_jax():
    return _run("jax", XLA_FLAGS="--xla_force_host_platform_device_count=2")


def _assert_same(found):
    assert found["weights"] < 1e-5
    assert found["logs"] < 1e-3
    assert found["finite"]


def test_two_replicas_train_as_one_device(mirrored):
    assert len(mirrored["systems"]) == 5
    for found in mirrored["systems"].values():
        _assert_same(found)
        assert found["moved"][1] == found["moved"][0] > 0.5
        assert found["replicas"] == 0


def test_two_replicas_train_as_one_in_a_graph(mirrored):
    _assert_same(mirrored["graph"])


def test_each_replica_draws_different_noise(mirrored):
    assert mirrored["noise"] > 0.1


def test_callbacks_see_a_model_on_two_devices(mirrored):
    assert mirrored["average"] == 0
    assert mirrored["frames"] == 2
    assert mirrored["replicas"] == 0
    assert mirrored["resumed"] == [0, 1]


def test_a_model_is_saved_and_loaded_on_two_devices(mirrored):
    assert mirrored["loaded"] == 0
    assert mirrored["replicas of the loaded"] == 0


def test_the_last_good_weights_are_restored_on_two_devices(mirrored):
    assert mirrored["replicas of the saved"] == 0


def test_batches_that_can_not_be_split_evenly_raise_an_error(mirrored):
    whole, even = mirrored["refused"]
    assert "The last batch of 30 images has 14 images instead of 16" in whole
    assert "such as the first 16" in whole
    assert even == "A batch of 15 can't be split evenly among 2 devices."


@pytest.mark.parametrize("api", ["VAE", "GAN"])
def test_two_workers_train_as_one(workers, api):
    for found in workers:
        assert found["workers"] == 2
        _assert_same(found[api])
    first, second = workers
    assert first[api]["sum"] == second[api]["sum"]


def test_two_devices_of_jax_train_as_one_with_noise(on_jax):
    assert on_jax["devices"] == 2
    _assert_same(on_jax["LSGAN"])
