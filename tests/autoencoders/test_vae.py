"""Tests of the VAE: its terms agree with other computations; its options, training and bound."""

import math

from ankeras.autoencoders import (
    VAE,
    KLHistory,
    annealed,
    binary_cross_entropy,
    encode_posterior,
    free_bits_cost,
    gaussian_nll,
    kl_divergence,
    kl_terms,
    log_likelihood,
    reparameterize,
)
from ankeras.builders import get_decoder, get_encoder
from ankeras.training.autodiff import value_and_gradient

import keras
import numpy as np
import pytest
from keras import ops

TINY = (12, 12, 1)
RNG = np.random.default_rng(0)


def _numpy(value):
    return ops.convert_to_numpy(value)


def _players(latent_dim=3, image_shape=TINY, likelihood="bernoulli", widths=(48,)):
    gaussian = likelihood == "gaussian"
    *sides, channels = image_shape
    options = {"kind": "mlp", "widths": widths, "batch_norm": False}
    return {
        "encoder": get_encoder(image_shape, 2 * latent_dim, **options),
        "decoder": get_decoder(
            latent_dim,
            (*sides, 2 * channels) if gaussian else image_shape,
            output_activation="linear" if gaussian else "sigmoid",
            **options,
        ),
        "likelihood": likelihood,
    }


def _vae(latent_dim=3, likelihood="bernoulli", **options):
    vae = VAE(**_players(latent_dim, likelihood=likelihood), **options)
    vae.compile(keras.optimizers.Adam(5e-3))
    return vae


# The terms


def test_reparameterized_codes_have_the_given_mean_and_variance():
    mu, v = np.array([1.0, -2.0], "float32"), np.array([4.0, 0.25], "float32")
    eps = np.array([[0.0, 0.0], [1.0, -2.0]], "float32")
    z = _numpy(reparameterize(mu, np.log(v), eps))
    np.testing.assert_allclose(z, [[1.0, -2.0], [3.0, -3.0]], rtol=1e-6)
    z = _numpy(reparameterize(mu, np.log(v), RNG.normal(size=(100_000, 2)).astype("float32")))
    np.testing.assert_allclose(z.mean(axis=0), mu, atol=0.03)
    np.testing.assert_allclose(z.var(axis=0), v, rtol=0.02)


def test_the_gradient_passes_through_the_sampling():
    # NumPy's float64 beside float32, as in a notebook
    mu, log_var = keras.Variable(1.5), keras.Variable(np.log(0.25))
    eps = RNG.normal(size=200_000).astype("float32")
    _, gradients = value_and_gradient(
        lambda: ops.mean(ops.square(reparameterize(mu, log_var, eps))), [mu, log_var]
    )
    # E[z^2] = mu^2 + v
    np.testing.assert_allclose([float(g) for g in gradients], [3.0, 0.25], rtol=0.02)


def test_kl_terms_by_hand():
    mu = np.array([[0.0, 3.0], [1.0, 0.0]], "float32")
    v = np.array([[1.0, 1.0], [2.0, 0.5]], "float32")
    of_variance, of_mean = (_numpy(term) for term in kl_terms(mu, np.log(v)))
    log2 = math.log(2)
    expected = [[0, 0], [0.5 * (1 - log2), 0.5 * (log2 - 0.5)]]
    np.testing.assert_allclose(of_variance, expected, atol=1e-6)
    np.testing.assert_allclose(of_mean, [[0, 4.5], [0.5, 0]], atol=1e-6)
    # summed over the dimensions: one value per image
    np.testing.assert_allclose(_numpy(kl_divergence(mu, np.log(v))), [4.5, 0.75], rtol=1e-5)


def test_kl_divergence_agrees_with_its_definition():
    mu, log_var = RNG.normal(size=(2, 5)).astype("float32")
    z = mu + np.exp(0.5 * log_var) * RNG.normal(size=(400_000, 5))
    log_q = -0.5 * (log_var + (z - mu) ** 2 / np.exp(log_var)).sum(axis=1)
    log_p = -0.5 * (z**2).sum(axis=1)
    expected = np.mean(log_q - log_p)  # E_q log q/p
    assert float(kl_divergence(mu, log_var)) == pytest.approx(expected, rel=0.01)


def test_gaussian_nll_by_hand():
    x = np.array([[[0.5], [1.0]]], "float32")
    mean = np.array([[[0.5], [0.0]]], "float32")
    s = np.array([[[1.0], [0.25]]], "float32")
    density = (1 / math.sqrt(2 * math.pi)) * (math.exp(-2) / math.sqrt(2 * math.pi * 0.25))
    nll = _numpy(gaussian_nll(x, mean, np.log(s)))
    assert nll.shape == (1,)
    assert nll[0] == pytest.approx(-math.log(density), rel=1e-5)
    # NumPy's float64 images beside float32
    assert float(gaussian_nll(x.astype("float64"), mean, np.log(s))[0]) == pytest.approx(nll[0])


def test_the_reconstruction_terms(tiny_images):
    x = tiny_images[:4]
    x_hat = RNG.uniform(0.1, 0.9, x.shape).astype("float32")
    bernoulli = _vae()
    np.testing.assert_allclose(
        _numpy(bernoulli.reconstruction_loss(x, x_hat)), _numpy(binary_cross_entropy(x, x_hat))
    )
    drawn = RNG.normal(size=(4, 12, 12, 2)).astype("float32")
    mean, s = drawn[..., :1], np.exp(drawn[..., 1:])
    by_hand = 0.5 * (np.log(2 * np.pi * s) + (x - mean) ** 2 / s).sum(axis=(1, 2, 3))
    loss = _vae(likelihood="gaussian").reconstruction_loss(x, drawn)
    np.testing.assert_allclose(_numpy(loss), by_hand, rtol=1e-5)


def test_the_variance_of_a_gaussian_decoder_has_a_lower_limit():
    vae = _vae(likelihood="gaussian")
    x = np.zeros((1, *TINY), "float32")
    losses = [
        float(vae.reconstruction_loss(x, np.concatenate([x, x + log_var], axis=-1))[0])
        for log_var in (2 * math.log(0.05), -50.0)
    ]
    assert losses[0] == pytest.approx(losses[1])
    assert losses[0] == pytest.approx(144 * math.log(math.sqrt(2 * math.pi) * 0.05), rel=1e-4)


def test_the_loss_is_reconstruction_plus_beta_kl(tiny_images):
    vae = _vae(beta=3.0)
    logs = vae.evaluate(tiny_images, batch_size=96, verbose=0, return_dict=True)
    kl = _numpy(kl_divergence(*encode_posterior(vae, tiny_images)))
    assert logs["kl"] == pytest.approx(kl.mean(), rel=1e-4)  # a mean over the images
    assert logs["loss"] == pytest.approx(logs["reconstruction"] + 3 * logs["kl"], rel=1e-5)
    per_dimension = sum(kl_terms(*encode_posterior(vae, tiny_images)))
    cost = annealed(3.0, 0, 0) * free_bits_cost(ops.mean(per_dimension, axis=0), 0.0)
    assert float(cost) == pytest.approx(3 * kl.mean(), rel=1e-4)


# The options


def test_with_annealing_the_weight_grows_with_the_step():
    for step, weight in ((0, 0.0), (1, 0.2), (5, 1.0), (10, 2.0), (25, 2.0)):
        assert float(annealed(2.0, step, 10)) == pytest.approx(weight, rel=1e-5)


def test_the_gradient_of_a_step_by_hand():
    """The decoder ignores z, so only the KL divergence gives the encoder a gradient."""
    rate, beta, mu, log_var = 0.1, 3.0, np.array([0.5, 0.1]), np.array([0.4, 0.0])
    encoder = get_encoder((4,), 4, kind="mlp", widths=())
    decoder = get_decoder(2, (4,), kind="mlp", widths=())
    decoder.set_weights([np.zeros((2, 4)), np.zeros(4)])
    start = np.concatenate([mu, log_var])
    slope = np.concatenate([mu, 0.5 * (np.exp(log_var) - 1)])
    # the second dimension has 0.005 nats, less than the free bits: then it has no gradient
    for options, slopes in (
        ({}, beta * slope),
        ({"kl_annealing": 10}, 0.5 * beta * slope),
        ({"free_bits": 0.01}, beta * slope * [1, 0, 1, 0]),
    ):
        encoder.set_weights([np.zeros((4, 4)), start])
        vae = VAE(encoder, decoder, beta=beta, **options)
        vae.compile(keras.optimizers.SGD(rate))
        vae.optimizer.build(vae.trainable_variables)
        vae.optimizer.iterations.assign(5)  # half of the annealing
        vae.fit(np.full((8, 4), 0.5, "float32"), batch_size=8, verbose=0)
        np.testing.assert_allclose(
            _numpy(encoder.layers[-1].bias), start - rate * slopes, rtol=1e-5
        )
        decoder.set_weights([np.zeros((2, 4)), np.zeros(4)])


def test_the_first_annealed_step_is_that_without_kl(tiny_images):
    def weights(steps, **options):
        vae = _vae(**options)
        vae.fit(tiny_images, batch_size=96, epochs=steps, shuffle=False, verbose=0)
        return _numpy(vae.encoder.layers[-1].kernel)

    without, annealed = (weights(1, **options) for options in ({"beta": 0}, {"kl_annealing": 2}))
    np.testing.assert_allclose(annealed, without, atol=1e-5)
    assert np.abs(weights(1) - without).max() > 1e-3  # Adam's first step has the size of its rate


def test_free_bits_have_no_gradient():
    # of the two dimensions, the first has 0.005 nats and the second 2
    mu, log_var = keras.Variable([[0.1, 2.0]]), keras.Variable([[0.0, 0.0]])
    kl = lambda: ops.mean(sum(kl_terms(mu, log_var)), axis=0)  # noqa: E731
    value, (of_mu, _) = value_and_gradient(lambda: free_bits_cost(kl(), 0.1), [mu, log_var])
    assert float(value) == pytest.approx(0.1 + 2.0, rel=1e-5)
    np.testing.assert_allclose(_numpy(of_mu), [[0.0, 2.0]], atol=1e-6)


def test_with_free_bits_no_dimension_collapses_completely(tiny_images):
    kl = {}
    x = np.tile(tiny_images, (10, 1, 1, 1))
    for free_bits in (0.0, 0.3):
        vae = _vae(4, beta=50.0, free_bits=free_bits)
        vae.fit(x, batch_size=32, epochs=6, verbose=0)
        kl[free_bits] = _numpy(sum(kl_terms(*encode_posterior(vae, tiny_images)))).mean(axis=0)
    assert kl[0.0].max() < 0.05
    # below 0.3 nats only the reconstruction loss raises the KL divergence again, and slowly
    assert kl[0.3].min() > 0.1
    assert kl[0.3].max() < 0.4


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"likelihood": "poisson"}, "likelihood must be one of .*, not 'poisson'"),
        ({"beta": -1.0}, "must not be negative"),
        ({"kl_annealing": -1}, "must not be negative"),
        ({"free_bits": -0.1}, "must not be negative"),
        (
            {"encoder": get_encoder(TINY, 3, widths=())},
            r"returns 3 numbers, but mu and log v for the decoder's code of 3 are 6: build it "
            r"with get_encoder\(image_shape, 6\)",
        ),
        (
            {"likelihood": "gaussian"},
            r"For images of \(12, 12, 1\) a gaussian decoder draws \(12, 12, 2\), "
            r"not \(12, 12, 1\)",
        ),
        (
            {"decoder": get_decoder(3, (8, 8, 1), widths=())},
            r"a bernoulli decoder draws \(12, 12, 1\), not \(8, 8, 1\)",
        ),
    ],
)
def test_what_does_not_fit_raises_an_error(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        VAE(**{**_players(), **change})


# The training


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_invalid_data_raises_an_error(tiny_images, likelihood):
    vae = _vae(likelihood=likelihood)
    for x, options, sentence in (
        (np.where(tiny_images > 0.5, np.nan, tiny_images), {}, "x holds NaN or infinity"),
        (255 * tiny_images, {}, r"but the network draws values in \[0, 1\]"),
        (2 * tiny_images - 1, {}, r"but the network draws values in \[0, 1\]"),
        (tiny_images[:, :8], {}, r"images of shape \(8, 12, 1\), but the network reads"),
        (tiny_images, {"batch_size": 97}, "A batch of 97 is larger than the data: 96 images"),
    ):
        with pytest.raises(ValueError, match=sentence):
            vae.fit(x, verbose=0, **options)
    assert int(vae.optimizer.iterations) == 0


def test_it_learns_digits(digits_2000):
    x, x_test = digits_2000.images[:1000], digits_2000.images[1000:1500]
    encoder = get_encoder((28, 28, 1), 16, kind="mlp", widths=(128,))
    vae = VAE(encoder, get_decoder(8, (28, 28, 1), kind="mlp", widths=(128,)))
    vae.compile(keras.optimizers.Adam(5e-3))
    vae.fit(x, batch_size=50, epochs=20, verbose=0)
    logs = vae.evaluate(x_test, batch_size=500, verbose=0, return_dict=True)
    assert logs["loss"] < 160  # nats; a decoder that always draws the mean image has 213
    assert 5 < logs["kl"] < 30
    images = vae.generate(4, seed=1)
    assert images.shape == (4, 28, 28, 1)
    assert 0 <= images.min() < images.max() <= 1
    np.testing.assert_array_equal(vae.generate(4, seed=1), images)
    assert np.abs(vae.generate(4, seed=2) - images).max() > 0.1


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_a_saved_model_predicts_the_same(tiny_images, likelihood, tmp_path):
    options = {"beta": 2.0, "kl_annealing": 5, "free_bits": 0.05, "seed": 7}
    vae = _vae(likelihood=likelihood, **options)
    vae.fit(tiny_images, batch_size=32, epochs=2, verbose=0)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.models.load_model(tmp_path / "vae.keras")
    x_hat = vae.predict(tiny_images, verbose=0)
    np.testing.assert_allclose(loaded.predict(tiny_images, verbose=0), x_hat, atol=1e-6)
    assert {name: getattr(loaded, name) for name in options} == options
    # a prediction is the decoder's image of the mean code
    mu, _ = encode_posterior(vae, tiny_images)
    np.testing.assert_allclose(vae.mean_encoder.predict(tiny_images, verbose=0), mu, atol=1e-6)
    np.testing.assert_allclose(vae.generator.predict(mu, verbose=0), x_hat, atol=1e-5)


def test_kl_history_has_one_row_per_epoch(tiny_images):
    vae, history = _vae(), KLHistory(tiny_images)
    vae.fit(tiny_images, batch_size=32, epochs=3, callbacks=[history], verbose=0)
    assert np.shape(history.of_variance) == np.shape(history.of_mean) == (3, 3)
    of_variance, of_mean = kl_terms(*encode_posterior(vae, tiny_images))
    np.testing.assert_allclose(history.of_variance[-1], _numpy(of_variance).mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(history.of_mean[-1], _numpy(of_mean).mean(axis=0), rtol=1e-4)
    assert np.abs(history.of_mean[-1] - history.of_mean[0]).max() > 1e-3


# The bound


def _linear_vae(excess=1.0):
    """Return a VAE of images of two pixels with p(x) = N(b, W W^T + s I), and W, b, s.

    Its q(z|x) is the true posterior, but the variance is multiplied by `excess`.
    """
    W, b, s = np.array([0.3, -0.2]), np.array([0.5, 0.4]), 0.04
    vae = VAE(**_players(1, (1, 2, 1), "gaussian", widths=()))
    v = 1 / (1 + W @ W / s)  # of the posterior; its mean is v W^T (x - b) / s
    kernel = np.stack([v * W / s, np.zeros(2)], axis=1)
    vae.encoder.set_weights([kernel, np.array([-v * (W @ b) / s, math.log(excess * v)])])
    zeros, log_s = np.zeros(2), np.full(2, math.log(s))
    # the decoder's last axis holds mean and log variance
    vae.decoder.set_weights(
        [np.stack([W, zeros], axis=1).reshape(1, 4), np.stack([b, log_s], axis=1).reshape(4)]
    )
    return vae, W, b, s


def _log_normal(x, mean, covariance):
    difference = x - mean
    distance = np.sum(difference @ np.linalg.inv(covariance) * difference, axis=1)
    return -0.5 * (distance + np.log(np.linalg.det(2 * np.pi * covariance)))


def test_the_bound_is_exact_where_q_is_the_posterior():
    vae, W, b, s = _linear_vae()
    x = RNG.random((20, 1, 2, 1)).astype("float32")
    expected = _log_normal(x.reshape(20, 2), b, np.outer(W, W) + s * np.eye(2)).mean()
    for k in (1, 5):  # the weights do not depend on z
        assert log_likelihood(vae, x, k=k) == pytest.approx(expected, abs=1e-4)


def test_the_bound_rises_towards_the_likelihood():
    vae, W, b, s = _linear_vae(excess=4.0)
    x = RNG.random((300, 1, 2, 1)).astype("float32")
    truth = _log_normal(x.reshape(300, 2), b, np.outer(W, W) + s * np.eye(2)).mean()
    elbo, closer, closest = (log_likelihood(vae, x, k=k) for k in (1, 4, 60))
    assert elbo + 0.2 < closer < closest
    assert closest == pytest.approx(truth, abs=0.03)
    # the ELBO is below log p(x) by KL(q || posterior)
    missing = 0.5 * (4 - math.log(4) - 1)
    assert elbo == pytest.approx(truth - missing, abs=0.15)


def test_one_code_gives_the_negative_loss(tiny_images):
    vae = _vae()
    vae.fit(tiny_images, batch_size=32, epochs=10, verbose=0)
    losses = [vae.evaluate(tiny_images, verbose=0, return_dict=True)["loss"] for _ in range(10)]
    bounds = [log_likelihood(vae, tiny_images, k=1, seed=seed) for seed in range(10)]
    error = math.hypot(np.std(losses), np.std(bounds)) / math.sqrt(10)
    assert np.mean(bounds) == pytest.approx(-np.mean(losses), abs=5 * error)


def test_a_decoder_that_ignores_the_code_has_the_likelihood_of_its_image(tiny_images):
    vae = VAE(**_players(2, widths=()))
    kernel, bias = vae.decoder.get_weights()
    image = RNG.uniform(0.2, 0.8, bias.shape)
    vae.decoder.set_weights([0 * kernel, np.log(image / (1 - image))])
    x = tiny_images.reshape(96, -1)
    expected = np.mean(np.sum(x * np.log(image) + (1 - x) * np.log(1 - image), axis=1))
    vae.encoder.set_weights([0 * weight for weight in vae.encoder.get_weights()])  # the prior
    assert log_likelihood(vae, tiny_images, k=1) == pytest.approx(expected, rel=1e-5)
    # with any other q, many codes bring the bound close to the likelihood
    vae.encoder.set_weights([np.zeros((144, 4)), np.array([0.5, -0.5, -0.3, 0.3])])
    few, many = (log_likelihood(vae, tiny_images, k=k) for k in (1, 60))
    assert few < expected - 0.1
    assert many == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("activation", ["tanh", "linear"])
def test_a_bernoulli_decoder_draws_probabilities(activation):
    with pytest.raises(ValueError, match="A Bernoulli decoder draws probabilities"):
        VAE(get_encoder((12, 12, 1), 6), get_decoder(3, (12, 12, 1), output_activation=activation))


def test_the_bound_needs_a_sample(tiny_images):
    vae = VAE(get_encoder((12, 12, 1), 6, widths=(4,)), get_decoder(3, (12, 12, 1), widths=(4,)))
    with pytest.raises(ValueError, match="k >= 1"):
        log_likelihood(vae, tiny_images, k=0)


def test_the_kl_is_not_huge_after_a_few_steps(tiny_images):
    # the moving statistics of batch normalization are not yet right, and exp(log v) could explode
    vae = VAE(
        get_encoder((12, 12, 1), 6, widths=(4, 8)), get_decoder(3, (12, 12, 1), widths=(4, 8))
    )
    vae.compile(keras.optimizers.Adam(1e-2))
    vae.fit(tiny_images, batch_size=32, verbose=0)
    assert vae.evaluate(tiny_images, verbose=0, return_dict=True)["kl"] < 1e3
