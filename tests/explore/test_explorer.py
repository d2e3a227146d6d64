"""Tests of what all widgets share: messages, static pictures, saved states, the JavaScript."""

import base64
import io
import re
from pathlib import Path

from ankeras import explore
from ankeras.explore import explorer, images
from ankeras.latent import decode

import ipywidgets
import keras
import numpy as np
import pytest
from ipywidgets.embed import embed_data
from PIL import Image


@pytest.fixture
def plane(decoder):
    return explore.latent_plane(decoder, np.random.default_rng(0).normal(size=(50, 2)))


@pytest.fixture
def drawn(plane, monkeypatch):
    """How often the widget has drawn, a list that grows."""
    calls, draw = [], plane.draw
    monkeypatch.setattr(plane, "draw", lambda: (calls.append(plane.point), draw()))
    return calls


def test_one_message_is_drawn_once_and_answered_in_one_message(plane, drawn, tell, monkeypatch):
    sent = []
    monkeypatch.setattr(plane, "_send", lambda message, buffers=None: sent.append(message))
    tell(plane, mode="grid", box=[0.0, 0.0, 1.0, 1.0], point=[0.5, 0.5])
    assert len(drawn) == 1
    assert plane.answered == plane.number == 1
    updates = [message["state"] for message in sent if message["method"] == "update"]
    assert len(updates) == 1
    assert updates[0]["answered"] == 1
    # an echo of the point would move it back under the user's pointer
    echoes = [message["state"] for message in sent if message["method"] == "echo_update"]
    assert not any({"point", "mode", "box", "number"} & set(echo) for echo in echoes)


def test_what_is_drawn_already_is_answered_without_drawing(plane, drawn, tell):
    tell(plane, point=[0.5, 0.25])
    tell(plane, point=[0.5, 0.25])
    assert drawn == [(0.5, 0.25)]
    assert plane.answered == plane.number == 2


def test_what_cannot_be_drawn_is_answered_with_a_sentence(plane, tell):
    before = plane.image
    tell(plane, point=[float("nan"), 0.0])
    assert plane.message == "A place of the plane holds NaN or infinity."
    assert plane.image == before
    assert plane.answered == plane.number  # the browser may ask again
    tell(plane, point=[0.5, 0.0])
    assert plane.message == ""
    assert plane.image != before


def test_values_set_in_python_are_drawn(plane, decoder, pixels):
    plane.point = (0.5, -0.5)
    wanted = decode(decoder, np.array([[0.5, -0.5]]))[0]
    np.testing.assert_allclose(pixels(plane.image), wanted, atol=0.6 / 255)


def test_a_saved_notebook_holds_the_last_state(plane, tell):
    tell(plane, point=[0.5, 0.25])
    found = embed_data(views=[plane], drop_defaults=False)["manager_state"]
    saved = found["state"][plane.model_id]
    assert list(saved["state"]["point"]) == [0.5, 0.25]
    buffers = {each["path"][0]: base64.b64decode(each["data"]) for each in saved["buffers"]}
    assert buffers["image"] == plane.image
    assert "export default" in saved["state"]["_esm"]  # the page needs nothing else


def test_where_no_widget_can_be_shown_there_is_a_static_picture_that_says_so(plane):
    bundle, _ = plane._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert min(picture.size) > 300
    assert "This picture is static" in bundle["text/plain"]
    captions = [text.get_text() for text in explorer.captioned(plane.figure()).texts]
    assert explorer.STATIC in [caption.replace("\n", " ") for caption in captions]


def test_it_is_a_widget_of_its_own_module(plane):
    assert isinstance(plane, ipywidgets.DOMWidget)
    assert plane.get_state("_esm")["_esm"].startswith("// What all widgets share")


@pytest.mark.parametrize(
    "name", ["arithmetic", "attribute_sliders", "latent_plane", "text_box", "training_film"]
)
def test_the_javascript_asks_no_other_server(name):
    text = explorer.source(name)
    assert not re.search(r"https?:|^import ", text, re.MULTILINE)
    assert text.count("export default") == 1
    # all files of the widgets lie in the package, so that the wheel has them
    assert (Path(explore.__file__).parent / f"{name}.js").is_file()


def test_images_are_those_of_decode(face_decoder, codes):
    found = images.decode_quickly(face_decoder, codes[:5])
    np.testing.assert_allclose(found, decode(face_decoder, codes[:5]), atol=1e-5)


def test_tiles_are_in_reading_order():
    numbers = np.arange(6.0).reshape(2, 3, 1, 1, 1)
    assert images.tiles(numbers)[..., 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert images.tiles(numbers[0])[..., 0].tolist() == [[0, 1, 2]]


def test_a_generator_of_nan_is_named():
    z = keras.Input((2,))
    broken = keras.Model(z, keras.ops.reshape(z, (-1, 2, 1, 1)) * float("nan"), name="broken")
    with pytest.raises(ValueError, match="'broken' holds NaN"):
        images.decode_quickly(broken, np.zeros((1, 2)))


def test_a_generator_of_no_images_is_refused():
    z = keras.Input((2,))
    with pytest.raises(ValueError, match="shows images"):
        images.check_generator(keras.Model(z, keras.layers.Dense(3)(z)))
    label = keras.Input((3,))
    both = keras.layers.Concatenate()([z, label])
    with pytest.raises(ValueError, match="conditional"):
        images.check_generator(keras.Model([z, label], both))
