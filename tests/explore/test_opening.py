"""Tests of the widgets of pretrained models, and of the page outside of a notebook."""

import importlib.util
import subprocess
import sys

from ankeras import explore, recipes
from ankeras.autoencoders import VAE
from ankeras.builders import (
    get_autoencoder,
    get_decoder,
    get_discriminator,
    get_encoder,
    get_generator,
)
from ankeras.cli import main
from ankeras.explore import opening, page
from ankeras.gans import GAN

import nbformat
import pytest

FACES, DIGITS, TINY = (32, 32, 3), (28, 28, 1), {"widths": (4, 8)}


def _vae(shape: tuple, d: int) -> VAE:
    return VAE(get_encoder(shape, 2 * d, **TINY), get_decoder(d, shape, **TINY))


STAND_INS = {  # untrained, of the kinds of the pretrained models
    "digits-vae-2": lambda: _vae(DIGITS, 2),
    "digits-vae": lambda: _vae(DIGITS, 5),
    "faces-vae": lambda: _vae(FACES, 6),
    "faces-autoencoder": lambda: get_autoencoder(FACES, latent_dim=6, **TINY),
    "faces-dcgan": lambda: GAN(get_generator(6, FACES, **TINY), get_discriminator(FACES, **TINY)),
    "faces-text-to-image": lambda: None,  # that of conftest.py
}
WIDGETS = {
    "plane": explore.LatentPlane,
    "sliders": explore.AttributeSliders,
    "arithmetic": explore.Arithmetic,
    "text": explore.TextBox,
}


@pytest.fixture
def stand_ins(monkeypatch, reader, text_to_image):
    monkeypatch.setattr(opening, "N_CODES", 60)
    monkeypatch.setattr(opening.pretrained, "load", lambda name: STAND_INS[name]() or text_to_image)
    monkeypatch.setattr(opening.evaluation, "face_reader", lambda size: reader)
    # an untrained GAN draws no attributes
    found = opening.evaluation.true_attributes(opening.draw_factors(60))
    monkeypatch.setattr(opening.evaluation, "read_attributes", lambda *_: found)


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("name", STAND_INS)
def test_each_view_of_each_model(name):
    for view in explore.VIEWS[name]:
        widget = explore.open(name, view)
        assert isinstance(widget, WIDGETS[view])
        assert widget.message == ""
    assert isinstance(explore.open(name), WIDGETS[explore.VIEWS[name][0]])


@pytest.mark.usefixtures("stand_ins")
def test_only_a_model_with_an_encoder_edits_a_face_of_your_own():
    assert explore.open("faces-vae", "sliders").controls
    assert not explore.open("faces-dcgan", "sliders").controls


def test_the_models_are_those_of_the_recipes():
    assert set(explore.VIEWS) == set(STAND_INS) <= set(recipes.RECIPES)


def test_unknown_names_are_answered_by_one_sentence():
    with pytest.raises(ValueError, match="no model 'faces' to explore; there are digits-vae-2, "):
        explore.open("faces")
    with pytest.raises(ValueError, match="no view 'sliders' of digits-vae-2; there are plane"):
        explore.open("digits-vae-2", "sliders")


def test_the_command_shows_a_notebook_with_voila(monkeypatch):
    seen = []

    def run(command, **_):
        seen.append((command[:3], nbformat.read(command[3], as_version=4)))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(subprocess, "run", run)
    assert main(["explore", "faces-vae", "arithmetic"]) == 0
    assert main(["explore", "digits-vae-2"]) == 0
    (command, first), (_, second) = seen
    assert command == [sys.executable, "-m", "voila"]
    nbformat.validate(first)
    assert first.cells[1].source.endswith("explore.open('faces-vae', 'arithmetic')")
    assert second.cells[1].source.endswith("explore.open('digits-vae-2', 'plane')")


@pytest.mark.parametrize(
    ("arguments", "voila", "status", "message"),
    [
        (["face"], True, 0, "There is no model 'face' to explore; there are digits-vae-2, "),
        (["faces-vae", "plan"], True, 0, "There is no view 'plan' of faces-vae; there are"),
        (["faces-vae"], False, 0, "pip install 'ankeras[explore]'"),
        (["faces-vae"], True, 1, "voila could not show the page"),
    ],
)
def test_errors_of_the_command_are_one_sentence(
    arguments, voila, status, message, monkeypatch, capsys
):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name if voila else None)
    done = subprocess.CompletedProcess([], status)
    monkeypatch.setattr(page.subprocess, "run", lambda *_, **__: done)
    assert main(["explore", *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
