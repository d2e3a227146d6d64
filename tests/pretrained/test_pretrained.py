"""The pretrained models: each one loads everywhere, and is as good as its card says."""

import dataclasses
import json
import shutil
import subprocess
import sys

from ankeras import evaluation, pretrained, recipes
from ankeras.cli import main
from ankeras.data import digits, faces
from ankeras.pretrained import cards, store

import keras
import numpy as np
import pytest

NAMES = pretrained.names()
MIB = 2**20


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Return a folder with one pretrained model, which a test may damage."""
    shutil.copytree(cards.MODELS / "digits-classifier", tmp_path / "digits-classifier")
    monkeypatch.setattr(cards, "MODELS", tmp_path)
    return tmp_path


def _small(**options):
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, **options), layers.BatchNormalization(**options)]
    )


# other backends compute convolutions so slowly on a processor that a few images must do there
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="see the next test")
@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_as_good_as_its_card_says(name):
    model = pretrained.load(name)
    card = pretrained.card(name)
    assert (card.name, card.title) == (name, recipes.recipe(name).title)
    assert card.parameters == model.count_params()
    found = recipes.recipe(name).figures(model)
    assert list(found) == list(card.figures)
    for figure, values in found.items():
        assert list(values) == list(card.figures[figure])
        for what, value in values.items():
            assert value == pytest.approx(card.figures[figure][what], rel=0.05, abs=0.01), figure


def test_models_compute_on_every_backend():
    images, labels = digits(100, seed=7).images, digits(100, seed=7).labels
    classifier = pretrained.load("digits-classifier")
    assert evaluation.conditional_accuracy(classifier, images, labels) > 0.94
    wanted = np.arange(20) % 10
    drawn = pretrained.load("digits-cgan").generate_for(wanted)
    assert evaluation.conditional_accuracy(classifier, drawn, wanted) > 0.8
    portraits = faces(8, seed=7).images
    x_hat = pretrained.load("faces-vae").predict(portraits, verbose=0)
    assert np.mean((x_hat - portraits) ** 2) < 0.006


def test_every_recipe_has_its_model():
    assert set(NAMES) == set(recipes.RECIPES)


def test_the_models_are_small():
    sizes = [sum(file.stat().st_size for file in (cards.MODELS / name).iterdir()) for name in NAMES]
    assert max(sizes) <= 4 * MIB
    assert sum(sizes) <= 48 * MIB


def test_each_call_returns_a_new_model():
    first, second = (pretrained.load("digits-classifier") for _ in range(2))
    first.set_weights([0 * weights for weights in first.get_weights()])
    assert any(weights.any() for weights in second.get_weights())


def test_a_loaded_model_is_not_compiled_and_its_copy_starts_from_random_weights():
    model = pretrained.load("digits-classifier")
    assert not model.compiled
    kernels = [layer.kernel for layer in keras.models.clone_model(model).layers[-1:]]
    assert keras.ops.std(kernels[0]) > 0.01
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(model))
    assert "ToBeRead" not in str(keras.saving.serialize_keras_object(again))


def test_a_program_that_imports_nothing_else_can_load_a_system():
    code = "from ankeras import pretrained; print(type(pretrained.load('digits-vae')).__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["VAE"]


@pytest.mark.parametrize("file", ["network.json", "weights.npz"])
@pytest.mark.parametrize("damage", [lambda whole: whole[:-1], lambda whole: b"", None])
def test_a_damaged_file_is_named(models, file, damage):
    path = models / "digits-classifier" / file
    path.unlink() if damage is None else path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=f"{file} is damaged or missing"):
        pretrained.load("digits-classifier")


def test_an_unknown_name_is_answered_by_the_known_ones(models):
    with pytest.raises(ValueError, match="no pretrained model 'vae'; there are digits-classifier"):
        pretrained.load("vae")


def test_weights_are_kept_in_16_bits_and_the_network_computes_in_32(tmp_path):
    model = _small(dtype="mixed_bfloat16")
    model.set_weights([np.full(w.shape, 0.1, w.dtype) for w in model.get_weights()])
    files = pretrained.write(tmp_path, model)
    again = store.read(*((tmp_path / name).read_bytes() for name in files))
    assert {layer.compute_dtype for layer in again.layers} == {"float32"}
    for weights in again.get_weights():
        assert weights.dtype == np.float32
        np.testing.assert_allclose(weights, 0.1, rtol=1e-3)
        assert (weights != np.float32(0.1)).all()
    with np.load(tmp_path / "weights.npz") as kept:
        assert {kept[name].dtype for name in kept.files} == {np.dtype("float16")}


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e5])
def test_a_weight_that_does_not_fit_is_named(tmp_path, value):
    model = _small()
    weights = model.get_weights()
    weights[1][0] = value
    model.set_weights(weights)
    with pytest.raises(ValueError, match="bias does not fit into 16 bits"):
        pretrained.write(tmp_path, model)


def test_the_command_lists_the_cards(models, capsys, tmp_path):
    assert main(["pretrained"]) == 0
    out = capsys.readouterr().out
    assert "digits-classifier: reads digits" in out
    assert str(models / "digits-classifier" / "picture.png") in out
    page = tmp_path / "page.md"
    assert main(["pretrained", "digits-classifier", "--write", str(page)]) == 0
    assert "![digits-classifier](digits-classifier/picture.png)" in page.read_text()
    assert main(["pretrained", "vae"]) == 1


def test_a_card_is_written_as_it_is_read(models):
    card = pretrained.card("digits-classifier")
    card.write(models / "digits-classifier")
    assert pretrained.card("digits-classifier") == card
    assert json.loads((models / "digits-classifier" / "card.json").read_text()) == (
        dataclasses.asdict(card)
    )
