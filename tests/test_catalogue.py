"""Tests that every system of the catalogue must pass.

What is trained is trained, saved, loaded and resumed here. A system that is a function has its own
tests.
"""

from pathlib import Path

import ankeras
from ankeras import (
    autoencoders,
    diffusion,
    gans,
    language,
    latent,
    likelihood,
)
from ankeras.autoencoders import squared_error
from ankeras.catalogue import PACKAGES, SYSTEMS, TRAINED, markdown_table
from ankeras.data.views import shrink
from ankeras.diffusion.noise_to_image import NoiseToImage
from ankeras.training.catalogue_row import TINY_EMBEDDING_DIM, TINY_LENGTH, TINY_SHAPE, TINY_WORDS
from ankeras.training.system import System

import keras
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
TENSORFLOW = keras.backend.backend() == "tensorflow"
# D's last bias does not move here: it changes the scores of real and generated images equally
COMPARES_SCORES = (gans.WGAN, gans.WGANGP, gans.HingeGAN)


@pytest.fixture(params=TRAINED, ids=[system.api for system in TRAINED])
def system(request):
    return request.param


@pytest.fixture
def data(system, tiny_images):
    labels = (tiny_images.mean(axis=(1, 2, 3)) > tiny_images.mean()).astype("int64")
    rgb = np.repeat(tiny_images, 3, axis=-1)
    return {
        "x, x": (tiny_images, tiny_images),
        "x": (tiny_images,),
        "x, y": (tiny_images, labels),
        "x, rgb": (tiny_images, rgb),
        "binary x": (likelihood.binarise(tiny_images),),
        "x, tokens": (tiny_images, _captions(labels)),
        "z, tokens": (_embeddings(labels), _captions(labels)),
        "tokens": (_sequences(0),),
        "tokens, tokens": (_sequences(0), _sequences(1)),
    }[system.learns_from]


def _captions(labels):
    """Return captions whose first token tells the label, with padding at the end."""
    tokens = _sequences(0)
    tokens[:, 0] = 1 + labels
    return tokens


def _embeddings(labels):
    """Return unit vectors whose first or second number is large, depending on the label."""
    rng = np.random.default_rng(1)
    z = 4 * np.eye(TINY_EMBEDDING_DIM)[labels] + rng.normal(size=(96, TINY_EMBEDDING_DIM))
    return (z / np.linalg.norm(z, axis=1, keepdims=True)).astype("float32")


def _sequences(seed):
    """Return 96 sequences of 1 to all tokens, with padding at the end."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(1, TINY_WORDS, (96, TINY_LENGTH))
    tokens[np.arange(TINY_LENGTH) > rng.integers(0, TINY_LENGTH, (96, 1))] = 0
    return tokens


def _compiled(system):
    model = system.tiny()
    if isinstance(model, gans.TwoPlayers):
        model.compile()
    elif not isinstance(model, System) or isinstance(model, autoencoders.Autoencoder):
        model.compile(keras.optimizers.Adam(1e-2), loss=squared_error)
    else:
        model.compile(keras.optimizers.Adam(1e-2))
    if not model.optimizer.built:
        # Otherwise TensorFlow traces the first step twice: the first trace makes these variables.
        model.optimizer.build(model.trainable_variables)
    return model


def _images(model, data):
    """Return images of the model, from the data or from noise; of others, what they return."""
    if isinstance(model, gans.FCBiGAN):
        return model.generate(8, size=TINY_SHAPE[:2])
    if isinstance(model, diffusion.DiffusionUpsampler):
        return model.upsample(shrink(data[0][:8], model.factor), steps=2)
    if isinstance(model, NoiseToImage):
        return model.generate(8, steps=2)
    if isinstance(model, likelihood.Flow):
        return model.generate(8)
    if isinstance(model, gans.AdversarialGame):
        inputs = [latent.sample_prior(8, x.shape[-1]) for x in model.generator.inputs]
        return model.generator.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    two_inputs = autoencoders.CVAE | language.SequenceToSequence | language.CLIP
    inputs = list(data) if isinstance(model, two_inputs) else data[0]
    found = model.predict(inputs, batch_size=32, verbose=0)
    return np.stack(found, axis=1) if isinstance(model, language.CLIP) else found


def test_fit_save_load_resume(system, data, tmp_path):
    model = _compiled(system)
    before = [variable.numpy() for variable in model.trainable_variables]
    history = model.fit(*data, batch_size=32, epochs=4, validation_data=data, verbose=0).history

    assert all(np.isfinite(values).all() for values in history.values())
    for old, variable in zip(before, model.trainable_variables, strict=True):
        if (
            isinstance(model, COMPARES_SCORES)
            and variable is model.discriminator.trainable_variables[-1]
        ):
            continue
        assert np.abs(variable.numpy() - old).max() > 0, f"{variable.path} did not move"
    if "loss" in history:
        assert history["loss"][-1] < history["loss"][0]
    images = _images(model, data)
    if system.learns_from.startswith("tokens"):
        assert images.shape[1:] == (TINY_LENGTH, TINY_WORDS)
    elif not isinstance(model, language.CLIP | language.ImageTags | language.Prior):
        # the others return images, these return vectors
        channels = 3 if system.learns_from == "x, rgb" else 1
        assert images.shape[1:] == (*TINY_SHAPE[:2], channels)
    logs = model.evaluate(*data, batch_size=32, verbose=0, return_dict=True)
    assert {f"val_{name}" for name in logs} <= set(history)
    for name, value in logs.items():  # GANs and VAEs draw new noise in each evaluation
        rtol = 1e-4 if system.learns_from == "x, x" else 0.2
        np.testing.assert_allclose(value, history[f"val_{name}"][-1], rtol=rtol)

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    loaded.run_eagerly = TENSORFLOW  # building another graph would take longer
    np.testing.assert_allclose(_images(loaded, data), images, atol=1e-6)
    for kept, saved in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(kept.numpy(), saved.numpy())
    steps = [int(v.numpy()) for v in loaded.optimizer.variables if v.path.endswith("iteration")]
    assert max(steps) == 4 * 3
    resumed = loaded.fit(*data, batch_size=96, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in resumed.values())
    if "loss" in history:
        assert resumed["loss"][0] < history["loss"][0]


def test_a_model_that_was_never_trained_can_be_saved(system, data, tmp_path):
    model = system.tiny()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    model.run_eagerly = loaded.run_eagerly = TENSORFLOW
    np.testing.assert_allclose(_images(loaded, data), _images(model, data), atol=1e-6)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.api)
def test_the_entries_of_the_row_are_true(system):
    homes = (ankeras, *PACKAGES)
    assert any(hasattr(home, system.api) for home in homes)
    assert f" {system.api}(" in (ROOT / system.file).read_text()
    shown = list((ROOT / "notebooks").glob(f"{system.notebook}_*.ipynb"))
    assert shown or system.notebook == "-"


def test_the_readme_holds_the_table():
    assert markdown_table() in (ROOT / "README.md").read_text()
