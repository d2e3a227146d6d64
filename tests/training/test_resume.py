"""Tests of the callback Resume: a training that was interrupted goes on."""

import json
import subprocess
import sys
from pathlib import Path

from ankeras.catalogue import SYSTEMS
from ankeras.training.callbacks import Resume, WeightAverage
from ankeras.training.loss_guard import state_of

import keras
import numpy as np
import pytest

NAMED = {system.api: system for system in SYSTEMS}


@pytest.fixture
def images(tiny_images):
    return tiny_images[:32]


def _compiled(api):
    keras.utils.set_random_seed(0)
    model = NAMED[api].tiny()
    options = {"loss": "mse"} if api == "get_autoencoder" else {}
    model.compile(run_eagerly=True, **options)
    return model


def _train(api, images, epochs, folder, average=None):
    model = _compiled(api)
    data = (images, images) if api == "get_autoencoder" else (images,)
    callbacks = [Resume(folder, average)] if average is None else [average, Resume(folder, average)]
    history = model.fit(
        *data, batch_size=16, epochs=epochs, shuffle=False, callbacks=callbacks, verbose=0
    )
    return model, history


def _assert_same(model, other):
    for a, b in zip(state_of(model), state_of(other), strict=True):
        np.testing.assert_allclose(np.array(a), np.array(b), atol=1e-6, err_msg=a.path)


@pytest.mark.parametrize("api", ["GAN", "VAE", "get_autoencoder"])
def test_a_resumed_training_equals_one_without_interruption(api, images, tmp_path, capsys):
    straight, history = _train(api, images, 3, tmp_path / "straight")
    _train(api, images, 1, tmp_path / "parts")
    resumed, continued = _train(api, images, 3, tmp_path / "parts")
    assert "Resumed after epoch 1 of" in capsys.readouterr().out
    _assert_same(resumed, straight)
    assert continued.epoch == [0, 1, 2]
    for name, values in history.history.items():
        np.testing.assert_allclose(continued.history[name], values, rtol=1e-5)


def test_a_later_training_starts_at_epoch_0(images, tmp_path):
    _train("GAN", images, 1, tmp_path)
    resumed, _ = _train("GAN", images, 2, tmp_path)
    assert resumed.fit(images, verbose=0).epoch == [0]


def test_resuming_a_finished_training_trains_no_more(images, tmp_path):
    average = WeightAverage()
    trained, history = _train("GAN", images, 2, tmp_path, average)
    again, found = _train("GAN", images, 2, tmp_path, WeightAverage())
    _assert_same(again, trained)  # the averaged weights are in the model
    assert found.epoch == [0, 1]
    assert found.history == history.history


def test_another_model_raises_an_error(images, tmp_path):
    _train("GAN", images, 1, tmp_path)
    with pytest.raises(ValueError, match=r"training\.npz holds the training of another model"):
        _train("VAE", images, 1, tmp_path)


def test_an_epoch_that_ended_with_nan_is_not_kept(images, tmp_path):
    model, resume = _compiled("GAN"), Resume(tmp_path)
    spoilt = model.generator.trainable_variables[0]

    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model  # noqa: B018 - on JAX the weights are not in the model during an epoch
            if epoch == 1:
                spoilt.assign(spoilt * np.nan)

    with pytest.raises(FloatingPointError):
        model.fit(images, epochs=3, callbacks=[Spoil(), resume], verbose=0)
    resumed, history = _train("GAN", images, 2, tmp_path)
    assert history.epoch == [0, 1]
    assert all(np.isfinite(np.array(variable)).all() for variable in state_of(resumed))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a fork can't compute once JAX has threads"
)
def test_a_training_killed_at_random_moments_ends_like_one_without_interruption(tmp_path):
    folders = [tmp_path / "straight", tmp_path / "killed"]
    for folder in folders:
        folder.mkdir()
    script = Path(__file__).with_name("killed_training.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script, *folders],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert json.loads(done.stdout)["ends"] == [-9, -9, -9, 0], done.stderr
    straight, killed = (json.loads((folder / "result.json").read_text()) for folder in folders)
    assert killed["epochs"] == straight["epochs"] == list(range(20))
    for name, values in straight["history"].items():
        np.testing.assert_allclose(killed["history"][name], values, rtol=1e-5)
    for a, b in zip(killed["state"], straight["state"], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert not list(folders[1].glob("unfinished-*"))
