"""Tests of the commands, as a user runs them, with little training."""

import json

from ankeras.cli import main

import keras
import numpy as np
import pytest


def test_demo_writes_models_histories_and_pictures(tmp_path, monkeypatch, capsys, digits_2000):
    x, y = (digits_2000.images[:300, ..., 0] * 255).astype("uint8"), digits_2000.labels[:300]
    np.savez(tmp_path / "own.npz", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--path", "own.npz", "--quick"]) == 0

    text = capsys.readouterr().out
    out = tmp_path / "ankeras-demo"
    assert "test error" in text
    assert "ankeras-demo/" in text
    names = {path.name for path in out.iterdir()}
    assert names == {
        "autoencoder_d2.keras",
        "autoencoder_d32.keras",
        "history.json",
        "history_d2.png",
        "history_d32.png",
        "latent_grid.png",
        "latent_plane.png",
        "reconstructions.png",
    }
    histories = json.loads((out / "history.json").read_text())
    assert len(histories["d=32"]["val_mse"]) == 1
    model = keras.models.load_model(out / "autoencoder_d32.keras")
    error = np.mean(
        (model.predict(x[200:, ..., None] / 255, verbose=0) - x[200:, ..., None] / 255) ** 2
    )
    assert error == pytest.approx(histories["d=32"]["val_mse"][0], rel=1e-3)

    monkeypatch.setattr("ankeras.demo.run", lambda *_, **__: "")  # it has run once
    assert main(["demo", "--path", "own.npz", "--quick"]) == 0
    assert "ankeras-demo-2/" in capsys.readouterr().out  # the first folder is kept


def test_devices(capsys):
    assert main(["devices"]) == 0
    text = capsys.readouterr().out
    for word in ("backend", "GPU", "processor", "precision"):
        assert word in text


def test_an_error_is_one_sentence(capsys, tmp_path):
    assert main(["demo", "--data", "minst"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("ankeras: There is no data set named 'minst'")
    assert error.count("\n") == 1
    assert main(["demo", "--path", str(tmp_path / "nothing.npz")]) == 1
    assert "nothing.npz" in capsys.readouterr().err


def test_ctrl_c_prints_no_traceback(monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("ankeras.data.load", interrupt)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err.strip() == "ankeras: interrupted"


def test_help_lists_the_commands(capsys):
    with pytest.raises(SystemExit) as status:
        main(["--help"])
    assert status.value.code == 0
    text = capsys.readouterr().out
    assert "demo" in text
    assert "devices" in text
    assert "pretrained" in text
    assert "explore" in text
