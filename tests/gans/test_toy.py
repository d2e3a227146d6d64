"""Small GANs: their data, what D should say, and the measures of the three pitfalls."""

import io

from ankeras.gans import GAN, toy, training_pictures, training_record
from ankeras.pictures import save_gif

import keras
import numpy as np
import pytest

RNG = np.random.default_rng(0)
ONE_PEAK = toy.Gaussians(np.array([[1.0]]), std=0.5)  # every seed finds it; of two, some only one


def _gan(n: int, latent_dim: int, **options) -> GAN:
    return GAN(toy.get_toy_generator(latent_dim, n), toy.get_toy_discriminator(n), **options)


def test_densities_integrate_to_one():
    step = float(toy.LINE[1, 0] - toy.LINE[0, 0])
    assert toy.TWO_PEAKS.pdf(toy.LINE).sum() * step == pytest.approx(1, abs=1e-3)
    samples = RNG.normal(size=(300, 1))
    assert training_record.kernel_density(samples, toy.LINE).sum() * step == pytest.approx(
        1, abs=1e-2
    )
    side = np.linspace(-2.5, 2.5, 501)
    fine = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    assert toy.RING.pdf(fine).sum() * 0.01**2 == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("density", [toy.TWO_PEAKS, toy.RING])
def test_samples_follow_their_density(density):
    x = density.sample(8000, seed=1)
    assert x.shape == (8000, density.means.shape[1])
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, density.sample(8000, seed=1))
    distance = np.linalg.norm(x[:, None] - density.means, axis=-1)
    share = np.bincount(distance.argmin(axis=1)) / len(x)
    np.testing.assert_allclose(share, 1 / len(density.means), atol=0.02)
    per_axis = np.sqrt(np.mean(distance.min(axis=1) ** 2) / x.shape[1])
    assert per_axis == pytest.approx(density.std, rel=0.05)


def test_prior_quantiles_stand_for_the_prior():
    z = toy.prior_quantiles(999)
    assert z.shape == (999, 1)
    assert z[499, 0] == pytest.approx(0, abs=1e-6)
    assert z.std() == pytest.approx(1, abs=0.01)
    assert np.mean(z < 1) == pytest.approx(0.841, abs=1e-3)


def test_kernel_density_of_one_sample_is_its_kernel():
    x = np.array([[0.0], [0.2]])
    at_zero = training_record.kernel_density(np.array([[0.0]]), x, bandwidth=0.2)
    np.testing.assert_allclose(at_zero, [1.99471, 1.20985], rtol=1e-5)  # N(0, 0.2^2) by hand


def test_optimal_discriminator_by_hand():
    p = np.array([0.4, 0.3, 0.0, 0.1, 0.0])
    q = np.array([0.4, 0.1, 0.2, 0.0, 0.0])
    best = training_record.optimal_discriminator(p, q)
    np.testing.assert_allclose(best, [0.5, 0.75, 0, 1, np.nan])


def test_modes_covered_counts_modes_and_good_samples():
    assert training_record.modes_covered(toy.RING.sample(4000)) == (
        8,
        pytest.approx(0.99, abs=0.01),
    )
    one = toy.RING.means[2] + np.zeros((100, 2))
    assert training_record.modes_covered(one) == (1, 1)
    assert training_record.modes_covered(np.zeros((100, 2))) == (0, 0)
    # 3 modes with 1 % or more, one with half of that, and the rest 4 standard deviations away
    counts = {0: 100, 1: 50, 4: 2, 5: 1}
    points = [toy.RING.means[i] + np.zeros((n, 2)) for i, n in counts.items()]
    points.append(toy.RING.means[6] * 1.1 + np.zeros((47, 2)))
    assert training_record.modes_covered(np.concatenate(points)) == (3, pytest.approx(153 / 200))
    two = np.array([[-2.0], [2.0], [0.0]])
    assert training_record.modes_covered(two, toy.TWO_PEAKS) == (2, pytest.approx(2 / 3))


def test_distance_to_data_is_how_far_mass_moves():
    x = RNG.normal(size=(50, 1))
    assert training_record.distance_to_data(x, x[::-1]) == 0
    assert training_record.distance_to_data(x + 3, x) == pytest.approx(3)
    for wrong in (x[:10], np.zeros((50, 2))):
        with pytest.raises(ValueError, match=r"two sets \(m, 1\)"):
            training_record.distance_to_data(wrong, wrong if wrong.shape[1] == 2 else x)


def test_unrest_sees_the_last_half_only():
    still = np.zeros((5, 2))
    moved = still + np.array([3.0, 4.0])
    assert training_record.unrest([still, moved, still, moved, moved, moved, moved, moved]) == 0
    assert training_record.unrest([still, still, still, moved, still]) == pytest.approx(5)


def test_the_minimax_gradient_vanishes_before_a_confident_discriminator():
    gan = _gan(2, 2)
    before = training_record.generator_gradient_norms(gan)
    assert 0.5 < before["non-saturating"] / before["minimax"] < 2
    bias = gan.discriminator.get_layer("output_layer").bias
    bias.assign(bias - 8.0)  # D(G(z)) is now about 3e-4
    after = training_record.generator_gradient_norms(gan)
    # d/dlogit: -D of the one loss, -(1 - D) of the other
    assert after["minimax"] < 1e-2 * before["minimax"]
    assert after["non-saturating"] > before["non-saturating"]


def test_a_head_start_of_d_is_enough_for_that():
    gan = _gan(2, 2)
    gan.compile(keras.optimizers.Adam(1e-2), keras.optimizers.SGD(0.0))  # G stands still
    weights = gan.generator.get_weights()
    gan.fit(toy.RING.sample(128 * 60), batch_size=128, verbose=0)
    for old, new in zip(weights, gan.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    norms = training_record.generator_gradient_norms(gan)
    assert norms["non-saturating"] > 10 * norms["minimax"]


@pytest.fixture(scope="module")
def trained() -> training_record.Snapshots:
    """A short training on the line: 600 steps, in two epochs."""
    keras.utils.set_random_seed(0)
    gan = _gan(1, 1)
    gan.compile(
        keras.optimizers.Adam(2e-3, beta_1=0.0),
        keras.optimizers.Adam(5e-4, beta_1=0.0),
    )
    record = training_record.Snapshots(toy.prior_quantiles(200), toy.LINE, every=50)
    gan.fit(ONE_PEAK.sample(256 * 300), batch_size=256, epochs=2, verbose=0, callbacks=[record])
    return record


def test_a_short_training_finds_the_data(trained):
    data = ONE_PEAK.sample(200)
    first, *_, last = trained.generated
    assert training_record.distance_to_data(first, data) > 0.7
    assert training_record.distance_to_data(last, data) < 0.35
    assert last.mean() == pytest.approx(1, abs=0.25)
    assert last.std() == pytest.approx(0.5, rel=0.5)


def test_snapshots_are_taken_on_time(trained):
    assert trained.steps == list(range(0, 601, 50))
    assert len(trained.generated) == len(trained.scores) == 13
    assert trained.generated[0].shape == (200, 1)
    assert trained.scores[0].shape == (len(toy.LINE),)
    assert all(d.min() >= 0 and d.max() <= 1 for d in trained.scores)
    assert not np.array_equal(trained.generated[-1], trained.generated[-2])


def test_a_line_shows_both_densities_and_both_discriminators(trained):
    figure = training_pictures.line(trained, toy.TWO_PEAKS, [0, 12])
    figure.savefig(io.BytesIO(), format="png")
    assert [axes.get_title() for axes in figure.axes[:2]] == ["step 0", "step 600"]
    p, q, d, best = (line.get_ydata() for line in figure.axes[1].get_lines())
    np.testing.assert_allclose(p, toy.TWO_PEAKS.pdf(toy.LINE))
    np.testing.assert_allclose(q, training_record.kernel_density(trained.generated[12], toy.LINE))
    np.testing.assert_allclose(d, trained.scores[12])
    np.testing.assert_allclose(best, training_record.optimal_discriminator(p, q))


def test_ways_follow_the_same_z(trained):
    figure = training_pictures.ways({"one": trained, "two": trained}, toy.TWO_PEAKS)
    figure.savefig(io.BytesIO(), format="png")
    assert [axes.get_title() for axes in figure.axes] == ["one", "two"]
    first = figure.axes[0].get_lines()[0]
    np.testing.assert_array_equal(first.get_xdata(), trained.steps)
    np.testing.assert_array_equal(first.get_ydata(), [x[0, 0] for x in trained.generated])


def test_a_plane_is_drawn_and_animated(tmp_path):
    record = training_record.Snapshots(np.zeros((10, 2), "float32"), toy.PLANE)
    record.steps = [0, 100]
    record.generated = [RNG.normal(size=(10, 2)), RNG.normal(size=(10, 2))]
    right_is_real = (toy.PLANE[:, 0] > 0).astype("float32")
    record.scores = [right_is_real, 1 - right_is_real]
    figure = training_pictures.plane(record, toy.RING, [0, 1])
    figure.savefig(io.BytesIO(), format="png")
    background = figure.axes[0].get_images()[0]
    assert background.get_extent() == [-3, 3, -3, 3]
    assert (background.get_array()[:, 60] == 1).all()
    np.testing.assert_array_equal(figure.axes[1].collections[1].get_offsets(), record.generated[1])
    save_gif(
        (training_pictures.plane(record, toy.RING, [i]) for i in (0, 1)), tmp_path / "ring.gif"
    )
