"""Tests of the widget with one slider per attribute."""

from ankeras import explore, latent
from ankeras.data.faces import draw_factors, render
from ankeras.evaluation import ATTRIBUTES, read_attributes

import numpy as np
import pytest


@pytest.fixture
def sliders(face_decoder, face_encoder, reader, codes, attributes):
    return explore.attribute_sliders(
        face_decoder, codes, attributes, encoder=face_encoder, reader=reader
    )


def test_without_projections_a_slider_moves_along_the_normal(
    sliders, face_decoder, codes, attributes, tell, pixels
):
    tell(sliders, start=7, strengths=[1.5, 0.0], project=False)
    plane = latent.hyperplane(codes, attributes["smile"])
    spread = plane.distance(codes).std()
    z = codes[7:8] + 1.5 * spread * plane.normal
    np.testing.assert_allclose(
        pixels(sliders.image), latent.decode(face_decoder, z)[0], atol=0.6 / 255
    )
    np.testing.assert_allclose(
        pixels(sliders.image_before), latent.decode(face_decoder, codes[7:8])[0], atol=0.6 / 255
    )


def test_with_projections_the_other_distances_stay(sliders, tell):
    tell(sliders, start=3, strengths=[0.0, 0.0], project=True)
    smile, hat = sliders.distances
    tell(sliders, strengths=[2.0, 0.0])
    assert sliders.distances == pytest.approx([smile + 2, hat], abs=1e-4)
    tell(sliders, strengths=[2.0, -1.0])
    assert sliders.distances == pytest.approx([smile + 2, hat - 1], abs=1e-4)
    tell(sliders, project=False)
    assert abs(sliders.distances[1] - (hat - 1)) > 0.5  # the two directions are not orthogonal


def test_the_verdict_is_what_the_reader_reads(sliders, reader, face_decoder, codes, tell):
    tell(sliders, start=5, strengths=[1.0, 1.0])
    _, z = sliders.codes()
    read = read_attributes(reader, latent.decode(face_decoder, z))[0]
    words = {name.replace(" ", "_"): (answer, share) for name, answer, share in sliders.verdict}
    assert list(words) == list(ATTRIBUTES)
    assert words["smile"][0] == ("no", "yes")[read["smile"]]
    assert words["skin"][0] == ("fair", "medium", "dark")[read["skin"]]
    assert all(1 / ATTRIBUTES[name] <= share <= 1 for name, (_, share) in words.items())


def test_a_face_drawn_by_its_factors_is_encoded_and_edited(
    sliders, face_decoder, face_encoder, tell, pixels
):
    factors = {**sliders.factors, "glasses": 1, "hair_color": 3, "skin": 0.25}
    tell(sliders, own=True, factors=factors)
    drawn = render(draw_factors(1, **factors), 32)
    np.testing.assert_allclose(pixels(sliders.image_own), drawn[0], atol=0.6 / 255)
    wanted = latent.decode(face_decoder, latent.encode(face_encoder, drawn))[0]
    np.testing.assert_allclose(pixels(sliders.image), wanted, atol=0.6 / 255)


def test_the_form_offers_every_factor_and_begins_with_valid_ones(sliders):
    assert [name for name, *_ in sliders.controls] == list(draw_factors(1).dtype.names)
    draw_factors(1, **sliders.factors)


def test_invalid_choices_are_answered_with_a_sentence(sliders, tell):
    tell(sliders, start=1000)
    assert "codes 0 to 199" in sliders.message
    tell(sliders, start=0, strengths=[1.0])
    assert "one finite strength each" in sliders.message
    tell(sliders, strengths=[0.0, 0.0], own=True, factors={"skin": 7.0})
    assert "skin must be between 0 and 1" in sliders.message


def test_without_encoder_and_reader(face_decoder, codes, attributes, tell):
    sliders = explore.attribute_sliders(face_decoder, codes, attributes)
    assert sliders.controls == sliders.verdict == []
    tell(sliders, own=True)
    assert "needs an encoder" in sliders.message


def test_one_attribute_alone(face_decoder, codes, attributes, tell):
    sliders = explore.attribute_sliders(face_decoder, codes, {"hat": attributes["hat"]})
    tell(sliders, strengths=[1.0])
    before, after = sliders.codes()
    assert np.linalg.norm(after - before) > 0.5


def test_bad_input_is_answered_by_one_sentence(
    face_decoder, decoder, face_encoder, reader, codes, attributes
):
    make = explore.attribute_sliders
    with pytest.raises(ValueError, match="at least one attribute"):
        make(face_decoder, codes, {})
    with pytest.raises(ValueError, match="d = 6, not 2"):
        make(face_decoder, codes[:, :2], attributes)
    with pytest.raises(ValueError, match="nothing to separate"):
        make(face_decoder, codes, {"hat": np.ones(200)})
    with pytest.raises(ValueError, match="combination of the others"):
        make(face_decoder, codes, {"hat": attributes["hat"], "cap": attributes["hat"]})
    labels = {name: each[:200] for name, each in attributes.items()}
    with pytest.raises(ValueError, match="face reader reads"):
        make(decoder, codes[:, :2], labels, reader=reader)
    with pytest.raises(ValueError, match="encoder must map"):
        make(decoder, codes[:, :2], labels, encoder=face_encoder)
    with pytest.raises(ValueError, match="no output 'woman'"):
        make(face_decoder, codes, attributes, reader=face_encoder)


def test_the_static_picture_names_every_attribute(sliders):
    figure = sliders.figure()
    text = figure.axes[2].texts[0].get_text()
    for name in ("smile", "hat", "hair color", "The face reader reads"):
        assert name in text
    assert [axes.get_title() for axes in figure.axes[:2]] == ["before", "after"]
