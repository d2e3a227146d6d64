"""Tests of the widget of the latent plane."""

from ankeras import explore, latent
from ankeras.explore.planes import plane_of

import numpy as np
import pytest

Z = np.random.default_rng(0).normal(size=(60, 2)) * (2, 1)
LABELS = np.arange(60) % 3


@pytest.fixture
def plane(decoder):
    return explore.latent_plane(decoder, Z, LABELS, ("a", "b", "c"))


def test_the_point_is_decoded(plane, decoder, tell, pixels):
    tell(plane, point=[0.7, -1.2])
    wanted = latent.decode(decoder, np.array([[0.7, -1.2]]))[0]
    np.testing.assert_allclose(pixels(plane.image), wanted, atol=0.6 / 255)


@pytest.mark.parametrize("box", [[-1.0, 0.0, 1.0, 2.0], [1.0, 0.0, -1.0, 2.0]])
def test_a_box_is_decoded_as_a_grid(plane, decoder, tell, pixels, box):
    tell(plane, mode="grid", box=box)
    wanted = latent.grid(decoder, np.array([-1, 0]), np.array([1, 2]), n=8)
    wanted = wanted.transpose(0, 2, 1, 3, 4).reshape(64, 64, 1)
    np.testing.assert_allclose(pixels(plane.image), wanted, atol=0.6 / 255)


def test_two_ends_are_decoded_as_an_interpolation(plane, decoder, tell, pixels):
    tell(plane, mode="interpolation", ends=[-1.0, 0.0, 1.0, 2.0])
    wanted = latent.decode(decoder, latent.interpolate(np.array([-1, 0]), np.array([1, 2]), 10))
    found = pixels(plane.image)
    assert found.shape == (8, 80, 1)
    for i in range(10):
        np.testing.assert_allclose(found[:, 8 * i : 8 * i + 8], wanted[i], atol=0.6 / 255)


def test_codes_and_classes_are_sent(plane):
    sent = np.frombuffer(plane.codes, "float32").reshape(-1, 2)
    labels = np.frombuffer(plane.labels, "uint8")
    rows = [int(np.abs(Z - code).sum(axis=1).argmin()) for code in sent]
    assert sorted(rows) == list(range(60))
    assert labels.tolist() == LABELS[rows].tolist()
    assert plane.class_names == ["a", "b", "c"]
    assert len(set(plane.colors)) == 3


def test_the_view_is_a_square_around_the_codes(plane):
    x_0, y_0, x_1, y_1 = plane.view
    assert x_1 - x_0 == pytest.approx(y_1 - y_0)
    low, high = np.reshape(plane.view, (2, 2))
    inside = (low < Z) & (high > Z)
    assert inside.mean() > 0.95


def test_of_many_codes_some_are_sent(decoder):
    plane = explore.latent_plane(decoder, np.random.default_rng(0).normal(size=(5000, 2)))
    assert len(plane.codes) == 2000 * 2 * 4
    assert plane.labels == b""


def test_for_larger_codes_it_is_the_plane_of_the_principal_components(
    face_decoder, codes, tell, pixels
):
    stretched = codes * (1, 5, 1, 4, 1, 1) + 1
    plane = explore.latent_plane(face_decoder, stretched)
    axes = np.abs(plane.plane.axes)
    assert axes[0, 1] > 0.95
    assert axes[1, 3] > 0.95
    tell(plane, point=[2.0, -1.0])
    z = stretched.mean(axis=0) + 2.0 * plane.plane.axes[0] - 1.0 * plane.plane.axes[1]
    wanted = latent.decode(face_decoder, z[None].astype("float32"))[0]
    np.testing.assert_allclose(pixels(plane.image), wanted, atol=0.6 / 255)
    assert plane.axis_names[0].startswith("first principal component")
    centred = (stretched - stretched.mean(axis=0)) ** 2
    share = centred[:, [1, 3]].sum() / centred.sum()
    assert plane.plane.share == pytest.approx(share, abs=0.03)


def test_places_are_the_inverse_of_codes(codes):
    plane = plane_of(codes)
    places = np.array([[0.5, -2.0], [1.0, 3.0]])
    np.testing.assert_allclose(plane.places(plane.codes(places)), places, atol=1e-5)


def test_bad_input_is_answered_by_one_sentence(decoder):
    with pytest.raises(ValueError, match="d = 2, not 3"):
        explore.latent_plane(decoder, np.zeros((10, 3)))
    with pytest.raises(ValueError, match="NaN"):
        explore.latent_plane(decoder, np.full((10, 2), np.nan))
    with pytest.raises(ValueError, match="one integer per image"):
        explore.latent_plane(decoder, Z, LABELS[:5], ("a", "b", "c"))
    with pytest.raises(ValueError, match="at least 3 codes"):
        explore.latent_plane(decoder, Z[:2])


@pytest.mark.parametrize("mode", ["point", "grid", "interpolation"])
def test_the_static_picture_shows_the_mode(plane, mode):
    plane.mode = mode
    left, right = plane.figure().axes
    n = {"point": 1, "grid": 64, "interpolation": 10}[mode]
    assert len(left.lines[0].get_xdata()) == n
    assert right.images[0].get_array().size == n * 8 * 8
