"""Arithmetic and directions on codes whose attributes are known."""

from ankeras import latent

import numpy as np
import pytest

D = 32


@pytest.fixture
def attributed():
    """Codes with one attribute: the side of the plane with normal (0.6, 0.8, 0, ...) at 0.5."""
    z = latent.sample_prior(3000, D)
    normal = np.zeros(D)
    normal[:2] = 0.6, 0.8
    return z, normal, z @ normal > 0.5


def test_arithmetic_averages_and_combines():
    z_1 = np.array([[1.0, 0], [3, 0]])
    z_2 = np.array([[1.0, 1], [1, 1], [1, 4]])
    z_3 = np.array([[10.0, 10]])
    np.testing.assert_allclose(latent.concept(z_1), [2, 0])
    np.testing.assert_allclose(latent.arithmetic(z_1, z_2, z_3), [11, 8])


def test_pixel_arithmetic_is_clipped():
    x_1, x_2, x_3 = (np.full((2, 1, 2, 1), value) for value in (0.5, 0.25, 0.5))
    x_3[:, :, 1] = 1
    image = latent.pixel_arithmetic(x_1, x_2, x_3)
    np.testing.assert_allclose(image.ravel(), [0.75, 1])


def test_mean_direction_joins_the_means():
    z = np.array([[0.0, 0], [2, 2], [5, 0], [7, 4]])
    np.testing.assert_allclose(latent.mean_direction(z, np.array([0, 0, 1, 1])), [5, 1])


def test_a_known_hyperplane_is_recovered(attributed):
    z, normal, attribute = attributed
    plane = latent.hyperplane(z, attribute)
    assert plane.normal @ normal > 0.99
    assert np.linalg.norm(plane.normal) == pytest.approx(1, abs=1e-6)
    assert plane.offset == pytest.approx(-0.5, abs=0.05)
    assert np.mean((plane.distance(z) > 0) == attribute) > 0.97


def test_a_hyperplane_has_the_units_of_the_codes(attributed):
    z, normal, attribute = attributed
    stretch = np.where(np.arange(D) == 0, 100, 1)
    plane = latent.hyperplane(z * stretch + 7, attribute)
    expected = normal / stretch / np.linalg.norm(normal / stretch)
    assert plane.normal @ expected > 0.99
    np.testing.assert_allclose(
        plane.distance(z * stretch + 7),
        (z @ normal - 0.5) / np.linalg.norm(normal / stretch),
        atol=0.7,
    )


def test_an_unused_dimension_is_no_direction(attributed):
    z, _, attribute = attributed
    z[:, 5] = 3
    assert latent.hyperplane(z, attribute).normal[5] == 0


def test_orthogonal_to_all_others():
    direction, *others = latent.sample_prior(4, D)
    found = latent.orthogonalize(direction, others)
    np.testing.assert_allclose(np.stack(others) @ found, 0, atol=1e-5)
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-6)
    assert found @ direction > 0
    np.testing.assert_allclose(
        latent.orthogonalize(np.array([3.0, 4, 0]), [np.array([2.0, 0, 0])]), [0, 1, 0]
    )


def test_a_sweep_has_one_row_per_code_and_one_column_per_strength():
    z = np.array([[0.0, 0], [1, 1]])
    swept = latent.move(z, np.array([1.0, -1]), [-1, 0, 2])
    assert swept.shape == (2, 3, 2)
    np.testing.assert_allclose(swept[0], [[-1, 1], [0, 0], [2, -2]])
    np.testing.assert_allclose(swept[1], [[0, 2], [1, 1], [3, -1]])


def test_codes_move_to_a_distance():
    plane = latent.Hyperplane(np.array([0.6, 0.8]), -1.0)
    z = np.array([[0.0, 0], [10, 10], [-3, 4]])
    moved = latent.move_to(z, plane, 2)
    np.testing.assert_allclose(plane.distance(moved), 2, atol=1e-5)
    np.testing.assert_allclose(moved[0], [1.8, 2.4], atol=1e-6)
    each = latent.move_to(z, plane, np.array([1, 2, -3]), along=np.array([1.0, 0]))
    np.testing.assert_allclose(plane.distance(each), [1, 2, -3], atol=1e-5)
    np.testing.assert_array_equal(each[:, 1], z[:, 1].astype("float32"))


def test_a_flip_crosses_the_hyperplane(attributed):
    z, _, attribute = attributed
    plane = latent.hyperplane(z, attribute)
    other = latent.hyperplane(z, z[:, 0] > 0)
    along = latent.orthogonalize(plane.normal, [other.normal])
    flipped = latent.flip(z, plane, 1.5, along)
    np.testing.assert_allclose(
        plane.distance(flipped), np.where(plane.distance(z) > 0, -1.5, 1.5), atol=1e-4
    )
    np.testing.assert_allclose(other.distance(flipped), other.distance(z), atol=1e-4)


def test_refusals():
    z = np.ones((4, 2))
    for find in (latent.mean_direction, latent.hyperplane):
        with pytest.raises(ValueError, match="All codes or none"):
            find(z, np.ones(4))
        with pytest.raises(ValueError, match="each of the 4 codes"):
            find(z, np.array([0, 1]))
        with pytest.raises(ValueError, match="0 or 1"):
            find(z, np.array([0, 1, 2, 1]))
        with pytest.raises(ValueError, match="z holds NaN"):
            find(z * np.nan, np.array([0, 1, 0, 1]))
    with pytest.raises(ValueError, match="at least one example"):
        latent.concept(z[:0])
    with pytest.raises(ValueError, match="nothing of it is left"):
        latent.orthogonalize(z[0], [2 * z[0]])
    plane = latent.Hyperplane(np.array([1.0, 0]), 0.0)
    with pytest.raises(ValueError, match="parallel to the hyperplane"):
        latent.move_to(z, plane, 1, along=np.array([0.0, 1]))
