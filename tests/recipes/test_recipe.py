"""A recipe makes a model, its card and its picture, and continues after an interruption."""

import dataclasses
import json

from ankeras import pictures, recipes
from ankeras.autoencoders import VAE
from ankeras.builders import get_decoder, get_encoder
from ankeras.cli import main
from ankeras.pretrained import store
from ankeras.recipes.recipe import Recipe
from ankeras.training.schedules import cosine_adam

import keras
import pytest


def _build(steps):
    model = VAE(
        get_encoder((12, 12, 1), 6, widths=(4, 8)), get_decoder(3, (12, 12, 1), widths=(4, 8))
    )
    model.compile(cosine_adam(steps, 1e-2))
    return model


@pytest.fixture
def recipe(tiny_images):
    return Recipe(
        name="tiny",
        title="a VAE of bars",
        data="some bars",
        draw=lambda: (tiny_images,),
        build=_build,
        epochs=3,
        batch=32,
        figures=lambda model: {"drawn": {"value": float(model.generate(4).mean()), "black": 0.0}},
        picture=lambda model: pictures.image_grid(model.generate(4)),
    )


class _Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise RuntimeError("the power failed")


def test_the_model_its_card_and_its_picture(recipe, tmp_path):
    card = recipes.make(recipe, tmp_path / "tiny")
    assert sorted(file.name for file in (tmp_path / "tiny").iterdir()) == [
        "card.json",
        "network.json",
        "picture.png",
        "weights.npz",
    ]
    model = store.read(*((tmp_path / "tiny" / name).read_bytes() for name in card.files))
    assert card.figures == {
        "drawn": {"value": pytest.approx(float(model.generate(4).mean())), "black": 0.0}
    }
    assert card.training["epochs"] == 3
    assert card.parameters == model.count_params()
    written = json.loads((tmp_path / "tiny" / "card.json").read_text())
    assert written == dataclasses.asdict(card)
    assert "a VAE of bars" in str(card)
    assert "(black 0)" in str(card)


def test_an_interrupted_training_continues(recipe, tmp_path, monkeypatch, capsys):
    fit = VAE.fit

    def fails(self, *arguments, callbacks, **options):
        return fit(self, *arguments, callbacks=[*callbacks, _Stop()], **options)

    monkeypatch.setattr(VAE, "fit", fails)
    with pytest.raises(RuntimeError, match="the power failed"):
        recipes.make(recipe, tmp_path)
    monkeypatch.setattr(VAE, "fit", fit)
    card = recipes.make(recipe, tmp_path)
    assert "Resumed after epoch 2" in capsys.readouterr().out
    assert card.training["seconds"] >= 0
    assert not (tmp_path / "training").exists()


def test_every_recipe_has_its_own_name():
    assert all(name == recipe.name for name, recipe in recipes.RECIPES.items())
    assert len(recipes.RECIPES) == len({id(each) for each in recipes.RECIPES.values()})


def test_an_unknown_recipe_is_named(capsys, tmp_path):
    assert main(["pretrain", "faces-vea", "--out", str(tmp_path)]) == 1
    assert "There is no recipe 'faces-vea'; there are " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
