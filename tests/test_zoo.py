"""What every system must do, once over the rows of the zoo."""

from pathlib import Path

import ankeras
from ankeras import autoencoders
from ankeras.autoencoders import squared_error
from ankeras.zoo import SYSTEMS, TINY_SHAPE, markdown_table

import keras
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(params=SYSTEMS, ids=[system.api for system in SYSTEMS])
def model(request):
    model = request.param.tiny()
    model.compile(keras.optimizers.Adam(1e-2), loss=squared_error)
    return model


def test_fit_evaluate_save_load_resume(model, tiny_images, tmp_path):
    x = tiny_images
    before = [variable.numpy() for variable in model.trainable_variables]
    history = model.fit(x, x, batch_size=32, epochs=4, validation_data=(x, x), verbose=0).history

    assert all(np.isfinite(values).all() for values in history.values())
    assert history["loss"][-1] < history["loss"][0]
    for old, variable in zip(before, model.trainable_variables, strict=True):
        assert np.abs(variable.numpy() - old).max() > 0, f"{variable.path} did not move"

    x_hat = model.predict(x, batch_size=32, verbose=0)
    assert x_hat.shape == (len(x), *TINY_SHAPE)
    logs = model.evaluate(x, x, batch_size=32, verbose=0, return_dict=True)
    np.testing.assert_allclose(logs["loss"], history["val_loss"][-1], rtol=1e-4)

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(x, batch_size=32, verbose=0), x_hat, atol=1e-6)
    assert int(loaded.optimizer.iterations) == 4 * 3
    for kept, saved in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(kept.numpy(), saved.numpy())
    resumed = loaded.fit(x, x, batch_size=32, epochs=1, verbose=0).history
    assert resumed["loss"][0] < history["loss"][0]


def test_a_model_that_was_never_trained_can_be_saved(model, tiny_images, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_allclose(
        loaded.predict(tiny_images, verbose=0), model.predict(tiny_images, verbose=0), atol=1e-6
    )


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.api)
def test_the_row_is_true(system):
    assert hasattr(autoencoders, system.api) or hasattr(ankeras, system.api)
    assert f" {system.api}(" in (ROOT / system.file).read_text()
    assert list((ROOT / "notebooks").glob(f"{system.notebook}_*.ipynb"))


def test_the_readme_holds_the_table():
    assert markdown_table() in (ROOT / "README.md").read_text()
