"""Tests of the text box: pictures for a sentence, what it states, and the verdict on each."""

import base64

from ankeras import explore
from ankeras.builders.transformer import get_text_encoder
from ankeras.data.captions import caption_tokenizer
from ankeras.explore.verdict import stated_verdict
from ankeras.language import TextToImage, get_text_to_image_network

import numpy as np
import pytest
from ipywidgets.embed import embed_data

SENTENCE = "a man with red hair, no hat, looking left"
NAMES = ("image_1", "image_2", "image_3", "image_4")
STEPS = 2


@pytest.fixture
def widget(text_to_image, reader):
    return explore.text_box(text_to_image, SENTENCE, reader=reader, steps=STEPS)


def _drawn(model, sentence, seed=0, guidance=2.0):
    tokens = np.repeat(caption_tokenizer().encode([sentence]), 4, axis=0)
    return model.generate_for(tokens, seed, STEPS, guidance)


def _shown(widget, pixels):
    return np.stack([pixels(getattr(widget, name)) for name in NAMES])


def test_the_pictures_are_those_of_generate_for(widget, text_to_image, tell, pixels):
    found = _shown(widget, pixels)
    np.testing.assert_allclose(found, _drawn(text_to_image, SENTENCE), atol=0.6 / 255)
    tell(widget, sentence="a woman with a hat")
    wanted = _drawn(text_to_image, "a woman with a hat")
    assert np.abs(wanted - found).max() > 0.01
    found = _shown(widget, pixels)
    np.testing.assert_allclose(found, wanted, atol=0.6 / 255)
    tell(widget, guidance=4.0)
    wanted = _drawn(text_to_image, "a woman with a hat", guidance=4.0)
    assert np.abs(wanted - found).max() > 0.01
    np.testing.assert_allclose(_shown(widget, pixels), wanted, atol=0.6 / 255)


def test_another_seed_draws_other_pictures(widget, text_to_image, tell, pixels):
    before = _shown(widget, pixels)
    tell(widget, seed=1)
    after = _shown(widget, pixels)
    np.testing.assert_allclose(after, _drawn(text_to_image, SENTENCE, 1), atol=0.6 / 255)
    assert np.abs(after - before).max() > 0.1


def test_it_says_what_it_understood(widget, tell):
    assert widget.understood == (
        f'The sentence "{SENTENCE}" states: man, red hair, no hat, looking left. '
        "The face reader does not read: looking left."
    )
    tell(widget, sentence="  The portrait of a person. ")
    assert widget.understood == 'The sentence "The portrait of a person" states no attribute.'
    assert widget.verdicts == [[], [], [], []]
    tell(widget, sentence="a woman, blond")
    assert widget.understood == (
        'The sentence "a woman, blond" states: woman. '
        'The word "blond" needs its noun, such as "blond hair".'
    )


def test_each_picture_has_a_verdict_on_each_attribute_that_is_read(widget):
    assert len(widget.verdicts) == 4
    for verdict in widget.verdicts:
        for (found, words), said in zip(verdict, ("man", "red hair", "no hat"), strict=True):
            assert words.startswith(f"{said}: {'found' if found else 'not found (read: '}")


def test_the_verdict_names_what_is_read_instead(reader):
    images = np.random.default_rng(0).uniform(size=(2, 32, 32, 3)).astype("float32")
    logits = reader.predict(images, verbose=0)
    read = [{n: p[i].argmax() for n, p in logits.items()} for i in (0, 1)]
    stated = {"hair_color": (read[0]["hair_color"] + 1) % 5, "hat": read[0]["hat"], "look": 1}
    first, second = stated_verdict(reader, images, stated)
    colors = ("black", "brown", "blond", "red", "grey")
    asked, seen = colors[stated["hair_color"]], colors[read[0]["hair_color"]]
    hat = "hat" if stated["hat"] else "no hat"
    assert first == [
        [False, f"{asked} hair: not found (read: {seen} hair)"],
        [True, f"{hat}: found"],
    ]
    assert [found for found, _ in second] == [
        read[1][name] == stated[name] for name in list(stated)[:2]
    ]


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("a woman with glases", "The word 'glases' is unknown: did you mean glasses"),
        ("", "A caption holds at least one word; this one is empty."),
        (" . ", "A caption holds at least one word; this one is empty."),
        ("a " * 60, "A caption holds at most 48 words and commas, not 60"),
    ],
)
def test_a_sentence_that_cannot_be_drawn_is_answered(
    widget, text_to_image, sentence, message, tell, pixels
):
    before, understood = _shown(widget, pixels), widget.understood
    tell(widget, sentence=sentence)
    assert widget.message.startswith(message)
    assert "\n" not in widget.message
    assert widget.answered == widget.number
    # the pictures are still those of the sentence that `understood` names
    assert np.array_equal(_shown(widget, pixels), before)
    assert widget.understood == understood
    assert widget.figure().get_suptitle() == SENTENCE
    with pytest.raises(ValueError, match=message.split(":")[0]):
        explore.text_box(text_to_image, sentence, steps=STEPS)


@pytest.mark.parametrize("guidance", [-1.0, 11.0, float("nan"), float("inf")])
def test_a_guidance_out_of_range_is_answered(widget, guidance, tell):
    tell(widget, guidance=guidance)
    assert "guidance is a number from 0 to 10" in widget.message
    tell(widget, guidance=1.0)
    assert widget.message == ""


def test_other_models_and_readers_are_answered_by_one_sentence(
    text_to_image, decoder, face_decoder
):
    with pytest.raises(ValueError, match="a TextToImage, such as"):
        explore.text_box(decoder)
    with pytest.raises(ValueError, match="face reader reads"):
        explore.text_box(text_to_image, reader=face_decoder)
    short = get_text_encoder(caption_tokenizer().n_words, 6, 8, 8, depth=1, n_heads=2)
    network = get_text_to_image_network((32, 32, 3), short, widths=(4, 8))
    with pytest.raises(ValueError, match="6 integers"):
        explore.text_box(TextToImage(network, n_steps=20), steps=STEPS)


def test_a_model_of_nan_is_named(text_to_image, monkeypatch):
    broken = np.full((4, 32, 32, 3), np.nan)
    monkeypatch.setattr(text_to_image, "generate_for", lambda *_: broken)
    with pytest.raises(ValueError, match="holds NaN"):
        explore.text_box(text_to_image)


def test_a_saved_notebook_holds_the_last_state(widget, tell):
    tell(widget, sentence="a woman", seed=3, guidance=1.5)
    found = embed_data(views=[widget], drop_defaults=False)["manager_state"]
    saved = found["state"][widget.model_id]
    kept = saved["state"]
    assert (kept["sentence"], kept["seed"], kept["guidance"]) == ("a woman", 3, 1.5)
    assert kept["understood"] == 'The sentence "a woman" states: woman.'
    assert len(kept["verdicts"]) == 4
    buffers = {each["path"][0]: base64.b64decode(each["data"]) for each in saved["buffers"]}
    assert all(buffers[name] == getattr(widget, name) for name in NAMES)


def test_the_static_picture_shows_sentence_and_verdicts(widget, text_to_image):
    figure = widget.figure()
    assert figure.get_suptitle() == SENTENCE
    assert len(figure.axes) == 4
    (found, words), *_ = widget.verdicts[0]
    first = " ".join(figure.axes[0].get_xlabel().split())
    assert first.startswith(f"{'✓' if found else '✗'} {words}")
    without = explore.text_box(text_to_image, SENTENCE, steps=STEPS)
    assert without.verdicts == []
    assert "does not read" not in without.understood
    assert not any(axes.get_xlabel() for axes in without.figure().axes)
