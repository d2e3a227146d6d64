"""Codes, paths and maps, with decoders whose images are known."""

from ankeras import latent

import keras
import numpy as np
import pytest


@pytest.fixture
def copying_decoder():
    """D(z) is an image of two pixels: z itself."""
    return keras.Sequential([keras.Input((2,)), keras.layers.Reshape((1, 2, 1))])


def test_encode_and_decode_keep_the_order(copying_decoder):
    z = np.random.default_rng(0).normal(size=(1200, 2)).astype("float32")
    images = latent.decode(copying_decoder, z)
    np.testing.assert_array_equal(images.reshape(-1, 2), z)
    encoder = keras.Sequential([keras.Input((1, 2, 1)), keras.layers.Flatten()])
    np.testing.assert_array_equal(latent.encode(encoder, images), z)


def test_decode_keeps_the_axes_of_a_sweep(copying_decoder):
    z = np.arange(12, dtype="float32").reshape(3, 2, 2)
    images = latent.decode(copying_decoder, z)
    np.testing.assert_array_equal(images, z.reshape(3, 2, 1, 2, 1))
    np.testing.assert_array_equal(latent.decode(copying_decoder, z[0, 1]).ravel(), z[0, 1])


def test_a_conditional_generator_is_refused_with_a_way_out():
    z, condition = keras.Input((3,)), keras.Input((2,))
    image = keras.layers.Reshape((1, 5, 1))(keras.layers.Concatenate()([z, condition]))
    generator = keras.Model([z, condition], image, name="digits")
    codes, images = np.zeros((4, 3), "float32"), np.zeros((4, 1, 5, 1), "float32")
    calls = (
        lambda: latent.decode(generator, codes),
        lambda: latent.grid(generator, np.zeros(2), np.ones(2)),
        lambda: latent.invert(generator, images),
    )
    for call in calls:
        with pytest.raises(ValueError, match=r"'digits' is conditional.*model.for_class\(label\)"):
            call()
    one_class = keras.Model(z, generator([z, keras.ops.ones_like(z[:, :2])]))
    np.testing.assert_array_equal(latent.decode(one_class, codes)[..., 0], [[[0, 0, 0, 1, 1]]] * 4)


def test_the_box_holds_the_central_codes():
    z = np.stack([np.linspace(0, 1, 1001), np.linspace(-50, 50, 1001)], axis=1)
    low, high = latent.populated_box(z, coverage=0.9)
    np.testing.assert_allclose(low, [0.05, -45])
    np.testing.assert_allclose(high, [0.95, 45])
    inside = ((z >= low) & (z <= high)).mean(axis=0)
    np.testing.assert_allclose(inside, 0.9, atol=0.002)


def test_the_grid_is_laid_out_as_a_plot(copying_decoder):
    images = latent.grid(copying_decoder, np.array([0.0, 10.0]), np.array([1.0, 12.0]), n=3)
    assert images.shape == (3, 3, 1, 2, 1)
    np.testing.assert_allclose(images[0, 0].ravel(), [0.0, 12.0])  # top left
    np.testing.assert_allclose(images[2, 0].ravel(), [0.0, 10.0])  # bottom left
    np.testing.assert_allclose(images[1, 2].ravel(), [1.0, 11.0])


def test_the_grid_over_the_prior_is_at_its_quantiles(copying_decoder):
    images = latent.quantile_grid(copying_decoder, n=3)
    sixth = 0.967422  # a sixth of N(0, 1) lies above it
    np.testing.assert_allclose(images[0, 0].ravel(), [-sixth, sixth], rtol=1e-5)  # top left
    np.testing.assert_allclose(images[2, 1].ravel(), [0, -sixth], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(images[1, 2].ravel(), [sixth, 0], rtol=1e-5, atol=1e-7)


def test_samples_fill_their_box():
    low, high = np.array([0.0, -1.0, 5.0]), np.array([1.0, 1.0, 6.0])
    z = latent.sample_codes(low, high, 5000, seed=3)
    assert z.shape == (5000, 3)
    assert ((z >= low) & (z <= high)).all()
    np.testing.assert_allclose(z.mean(axis=0), (low + high) / 2, atol=0.03)
    np.testing.assert_array_equal(z, latent.sample_codes(low, high, 5000, seed=3))
    assert not np.array_equal(z, latent.sample_codes(low, high, 5000, seed=4))


def test_samples_of_the_prior_are_standard_normal():
    z = latent.sample_prior(5000, 3, seed=3)
    assert z.shape == (5000, 3)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.06)
    np.testing.assert_allclose(np.cov(z.T), np.eye(3), atol=0.08)
    np.testing.assert_array_equal(z, latent.sample_prior(5000, 3, seed=3))


def test_neighbours_surround_a_code():
    z = np.array([1.0, -2.0, 3.0], "float32")
    around = latent.neighbours(z, 9, scale=0.1)
    assert around.shape == (9, 3)
    np.testing.assert_array_equal(around[4], z)
    distance = np.abs(np.delete(around, 4, axis=0) - z)
    assert (distance <= 0.1 + 1e-6).all()
    assert distance.max() > 0.08
    assert (distance > 0).all()


def test_a_straight_line_has_equal_steps():
    z = latent.interpolate(np.array([0.0, 1.0]), np.array([3.0, -5.0]), 4)
    np.testing.assert_allclose(z, [[0, 1], [1, -1], [2, -3], [3, -5]])


def test_an_arc_has_equal_angles_and_keeps_the_length():
    z = latent.interpolate(np.array([2.0, 0, 0]), np.array([0, 2.0, 0]), 4, spherical=True)
    angles = np.deg2rad([0, 30, 60, 90])
    expected = 2 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    np.testing.assert_allclose(z, expected, atol=1e-6)


def test_the_length_along_an_arc_goes_from_one_to_the_other():
    a, b = latent.sample_prior(2, 64)
    lengths = np.linalg.norm([a, b], axis=1)
    z = latent.interpolate(a, 3 * b, 5, spherical=True)
    np.testing.assert_array_equal(z[[0, -1]], [a, 3 * b])
    np.testing.assert_allclose(
        np.linalg.norm(z, axis=1), np.linspace(lengths[0], 3 * lengths[1], 5), rtol=1e-5
    )


def test_an_arc_between_parallel_codes_is_straight():
    z = latent.interpolate(np.array([1.0, 1.0]), np.array([3.0, 3.0]), 3, spherical=True)
    np.testing.assert_allclose(z, [[1, 1], [2, 2], [3, 3]], rtol=1e-6)


def test_an_arc_between_opposite_codes_is_a_half_circle():
    a = latent.sample_prior(1, 8)[0]
    z = latent.interpolate(a, -a, 5, spherical=True)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), np.linalg.norm(a), rtol=1e-5)
    np.testing.assert_allclose(z[2] @ a, 0, atol=1e-4)
    steps = np.linalg.norm(np.diff(z, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-4)


@pytest.mark.parametrize("spherical", [False, True])
def test_a_path_passes_through_its_points(spherical):
    points = latent.sample_prior(9, 16)
    path = latent.path(points, 5, spherical)
    assert path.shape == (8 * 5 + 1, 16)
    np.testing.assert_array_equal(path[::5], points)
    np.testing.assert_array_equal(
        path[10:16], latent.interpolate(points[2], points[3], 6, spherical)
    )


def test_a_closed_path_stops_a_step_before_its_start():
    points = np.array([[0.0, 0], [2, 0], [2, 2]])
    path = latent.path(points, 2, closed=True)
    np.testing.assert_allclose(path, [[0, 0], [1, 0], [2, 0], [2, 1], [2, 2], [1, 1]])


def test_a_linear_map_is_found_from_a_support_set():
    rng = np.random.default_rng(0)
    W, b = rng.normal(size=(6, 4)), rng.normal(size=4)
    z_a = rng.normal(size=(500, 6)) * 3
    z_b = z_a @ W + b
    found = latent.linear_map(z_a[:40], z_b[:40])
    np.testing.assert_allclose(found.W, W, atol=1e-4)
    np.testing.assert_allclose(found.b, b, atol=1e-4)
    assert found(z_a).dtype == np.float32
    assert latent.relative_error(z_b[40:], found(z_a[40:])) < 1e-8


def test_a_support_set_smaller_than_d_still_beats_the_mean():
    rng = np.random.default_rng(0)
    z_a = rng.normal(size=(500, 64))
    z_b = z_a @ rng.normal(size=(64, 32)) + 0.5 * rng.normal(size=(500, 32))
    found = latent.linear_map(z_a[:50], z_b[:50])
    assert latent.relative_error(z_b[50:], found(z_a[50:])) < 0.6


def test_relative_error_of_hand_computed_numbers():
    z = np.array([[0.0, 0], [2, 4]])
    assert latent.relative_error(z, np.broadcast_to(z.mean(axis=0), (2, 2))) == 1
    assert latent.relative_error(z, z + np.array([1, 0])) == pytest.approx(2 / 10)


def test_refusals():
    decoder = keras.Sequential([keras.Input((3,)), keras.layers.Reshape((1, 3, 1))])
    with pytest.raises(ValueError, match="d = 3; train it with d = 2"):
        latent.grid(decoder, np.zeros(3), np.ones(3))
    with pytest.raises(ValueError, match="d = 3; train it with d = 2"):
        latent.quantile_grid(decoder)
    with pytest.raises(ValueError, match="codes have d = 3, not 2"):
        latent.decode(decoder, np.zeros((4, 2)))
    with pytest.raises(ValueError, match=r"share in \(0, 1\], not 2"):
        latent.populated_box(np.zeros((4, 2)), coverage=2)
    with pytest.raises(ValueError, match=r"shape \(n, d\)"):
        latent.populated_box(np.zeros(4))


def test_refusals_of_lines_and_paths():
    z = np.ones(3)
    with pytest.raises(ValueError, match="n must be at least 2, not 1"):
        latent.interpolate(z, z, 1)
    with pytest.raises(ValueError, match=r"the same shape, not \(3,\) and \(2,\)"):
        latent.interpolate(z, z[:2], 5)
    with pytest.raises(ValueError, match="NaN"):
        latent.interpolate(z, z * np.nan, 5)
    with pytest.raises(ValueError, match="codes other than 0"):
        latent.interpolate(z, 0 * z, 5, spherical=True)
    with pytest.raises(ValueError, match="not 1 points and n = 5"):
        latent.path(z[None], 5)
    with pytest.raises(ValueError, match="n = 0"):
        latent.path(np.ones((3, 3)), 0)


def test_refusals_of_maps():
    with pytest.raises(ValueError, match="not 4 and 3"):
        latent.linear_map(np.ones((4, 2)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="z_b holds NaN"):
        latent.linear_map(np.ones((4, 2)), np.full((4, 2), np.nan))
