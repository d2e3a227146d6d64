"""Tests of the widget of arithmetic with clicked examples."""

from ankeras import explore, latent

import numpy as np
import pytest

CHOSEN = [[0, 1, 2], [3], [50, 60]]


@pytest.fixture
def widget(face_decoder, reader, codes):
    return explore.arithmetic(face_decoder, codes, reader=reader)


def test_until_each_concept_has_an_example_there_are_averages_but_no_result(
    widget, face_decoder, codes, tell, pixels
):
    tell(widget, chosen=[[0, 1], [], []])
    average = latent.decode(face_decoder, latent.concept(codes[:2])[None])[0]
    np.testing.assert_allclose(pixels(widget.average_1), average, atol=0.6 / 255)
    assert widget.average_2 == widget.average_3 == widget.result == widget.of_pixels == b""
    assert widget.verdict == []
    assert widget.message == ""


def test_the_result_is_that_of_latent_arithmetic(widget, face_decoder, codes, tell, pixels):
    tell(widget, chosen=CHOSEN, noise=4)
    concepts = [codes[rows] for rows in CHOSEN]
    neighbours = latent.neighbours(latent.arithmetic(*concepts), 9, seed=4)
    wanted = latent.decode(face_decoder, neighbours)
    found = pixels(widget.result)
    assert found.shape == (96, 96, 3)
    for i, image in enumerate(wanted):
        row, column = 32 * (i // 3), 32 * (i % 3)
        tile = found[row : row + 32, column : column + 32]
        np.testing.assert_allclose(tile, image, atol=0.6 / 255)
    of_pixels = latent.pixel_arithmetic(*(latent.decode(face_decoder, z) for z in concepts))
    np.testing.assert_allclose(pixels(widget.of_pixels), of_pixels, atol=0.6 / 255)
    for name, z in zip(("average_1", "average_2", "average_3"), concepts, strict=True):
        average = latent.decode(face_decoder, latent.concept(z)[None])[0]
        np.testing.assert_allclose(pixels(getattr(widget, name)), average, atol=0.6 / 255)
    assert len(widget.verdict) == 10


def test_other_noise_changes_the_neighbours_but_not_the_result(widget, tell, pixels):
    tell(widget, chosen=CHOSEN, noise=0)
    before = pixels(widget.result)
    tell(widget, noise=1)
    after = pixels(widget.result)
    assert np.array_equal(before[32:64, 32:64], after[32:64, 32:64])
    assert not np.array_equal(before[:32, :32], after[:32, :32])


def test_examples_are_shown_by_pages(widget, face_decoder, codes, tell, pixels):
    assert pixels(widget.examples).shape == (4 * 32, 12 * 32, 3)
    assert widget.captions[:2] == ["image 0", "image 1"]
    tell(widget, page=4)  # the last 8 of 200
    found = pixels(widget.examples)
    assert found.shape == (32, 12 * 32, 3)
    wanted = latent.decode(face_decoder, codes[192:193])[0]
    np.testing.assert_allclose(found[:, :32], wanted, atol=0.6 / 255)
    assert widget.captions == [f"image {i}" for i in range(192, 200)]


def test_invalid_choices_are_answered_with_a_sentence(widget, tell):
    tell(widget, page=5)
    assert "pages 0 to 4" in widget.message
    tell(widget, page=0, chosen=[[0], [200], [1]])
    assert "rows 0 to 199" in widget.message
    tell(widget, chosen=[[0], [1]])
    assert "3 concepts, not 2" in widget.message


def test_bad_input_is_answered_by_one_sentence(face_decoder, reader, decoder, codes):
    with pytest.raises(ValueError, match="200 captions, not 1"):
        explore.arithmetic(face_decoder, codes, captions=["a face"])
    with pytest.raises(ValueError, match="d = 6, not 2"):
        explore.arithmetic(face_decoder, codes[:, :2])
    with pytest.raises(ValueError, match="face reader reads"):
        explore.arithmetic(decoder, codes[:, :2], reader=reader)
    with pytest.raises(ValueError, match="rows 0 to 199"):
        explore.arithmetic(face_decoder, codes, chosen=[[0], [1], [-1]])


def test_the_static_picture_shows_the_examples_or_the_result(face_decoder, codes):
    empty = explore.arithmetic(face_decoder, codes).figure()
    assert "examples to choose from" in empty.axes[0].get_title()
    full = explore.arithmetic(face_decoder, codes, chosen=CHOSEN).figure()
    assert "of pixels" in [text.get_text() for text in full.axes[0].texts]
