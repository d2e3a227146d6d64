"""Tests of denoising diffusion: the loss by hand, both samplers against a known optimum."""

from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.diffusion import (
    DDPM,
    FlowMatching,
    ddim_invert,
    ddim_sample,
    ddpm_sample,
    signal_rates,
)

import keras
import numpy as np
import pytest
from keras import layers

SHAPE = (12, 12, 1)
RNG = np.random.default_rng(0)


def _unet(**options):
    return get_diffusion_unet(SHAPE, widths=(8, 8), **options)


def _zero_network():
    """Return a network that predicts 0, with a weight that has no influence."""
    x, rate = keras.Input(SHAPE), keras.Input((1,))
    zero = layers.Conv2D(1, 1, kernel_initializer="zeros")(x)
    return keras.Model([x, rate], layers.Add()([zero, layers.Rescaling(0.0)(zero)]))


@pytest.mark.parametrize(
    ("predicts", "expected"),
    [
        ("noise", 144.0),  # E ||eps||^2: 144 values of variance 1
        ("image", 144 * 0.25),  # ||x_0||^2, x_0 = 2 * 0.75 - 1
        ("velocity", 144 * (0.5 + 0.5 * 0.25)),  # alpha is 1/2 on average: E v^2 = E[alpha + ...]
    ],
)
def test_the_loss_of_a_network_that_predicts_zero_by_hand(predicts, expected):
    model = DDPM(_zero_network(), "signal rate", predicts=predicts)
    model.compile()
    x = np.full((512, *SHAPE), 0.75, "float32")
    loss = model.evaluate(x, batch_size=512, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(expected, rel=0.02)


def _ddpm_by_hand(model, x, training):
    x_0 = 2 * x - 1
    alpha, eps = (np.asarray(draw(x_0)) for draw in (model.draw_rates, model.draw_noise))
    x_t = np.sqrt(alpha) * x_0 + np.sqrt(1 - alpha) * eps
    velocity = np.sqrt(alpha) * eps - np.sqrt(1 - alpha) * x_0
    target = eps if model.predicts == "noise" else velocity
    predicted = np.asarray(model.network([x_t, alpha.reshape(-1, 1)], training=training))
    return float(np.square(target - predicted).sum(axis=(1, 2, 3)).mean())


def _flow_matching_by_hand(model, x, training):
    x_0 = 2 * x - 1
    t, eps = (np.asarray(draw(x_0)) for draw in (model.draw_shares, model.draw_noise))
    share = t.reshape(-1, 1, 1, 1)
    x_t = (1 - share) * eps + share * x_0
    u = np.asarray(model.network([x_t, t[:, None]], training=training))
    return float(np.square(x_0 - eps - u).sum(axis=(1, 2, 3)).mean())


@pytest.mark.parametrize(
    ("build", "by_hand"),
    [
        (lambda: DDPM(_unet(), predicts="noise"), _ddpm_by_hand),
        (lambda: DDPM(_unet(), predicts="velocity"), _ddpm_by_hand),
        (lambda: FlowMatching(_unet()), _flow_matching_by_hand),
    ],
    ids=["noise", "velocity", "flow matching"],
)
def test_a_step_by_hand(build, by_hand, step_by_hand):
    x, model = RNG.random((6, *SHAPE)).astype("float32"), build()
    state = keras.ops.convert_to_numpy(model.noise.state)

    def loss(training=True):
        model.noise.state.assign(state)  # the draws of the step again
        return by_hand(model, x, training)

    logs, found = step_by_hand(model, (x,), {"network": loss}, rate=1e-4)
    assert logs["loss"] == pytest.approx(found[0], rel=1e-3)
    expected = loss(training=False)
    model.noise.state.assign(state)
    logs = model.evaluate(x, batch_size=6, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(expected, rel=1e-3)


def test_the_loss_of_flow_matching_that_predicts_zero_by_hand():
    model = FlowMatching(_zero_network())
    model.compile()
    x = np.full((512, *SHAPE), 0.75, "float32")
    loss = model.evaluate(x, batch_size=512, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(144 * (0.25 + 1), rel=0.02)  # E ||x_0 - eps||^2


def test_each_minibatch_has_all_times():
    model = DDPM(_zero_network(), "signal rate", n_steps=64)
    rates = np.asarray(keras.ops.convert_to_numpy(model.draw_rates(np.zeros((64, *SHAPE)))))
    assert rates.shape == (64, 1, 1, 1)
    np.testing.assert_allclose(np.sort(rates.ravel())[::-1], model.rates[1:], rtol=1e-5)


def _optimal(mean, variance):
    """Return the best denoiser of images from N(mean, variance), in closed form."""

    def denoise(x_t, alpha):
        # E [x_0 | x_t]
        total = alpha * variance + 1 - alpha
        x_0 = mean + np.sqrt(alpha) * variance / total * (x_t - np.sqrt(alpha) * mean)
        return x_0, (x_t - np.sqrt(alpha) * x_0) / np.sqrt(1 - alpha)

    return denoise


@pytest.mark.parametrize("sampler", [ddim_sample, ddpm_sample])
def test_with_the_best_denoiser_samples_have_the_true_distribution(sampler):
    rates = signal_rates("cosine", 200)[::-1]
    x = sampler(_optimal(0.3, 0.04), RNG.normal(size=(20_000, 1)), rates)
    assert x.mean() == pytest.approx(0.3, abs=0.01)
    assert x.std() == pytest.approx(0.2, abs=0.01)


def test_one_step_of_ddpm_by_the_formula_of_algorithm_2():
    """x_(t-1) = 1/sqrt(a) (x_t - (1 - a)/sqrt(1 - alpha_t) eps) + sigma noise."""
    alpha, next_alpha = 0.3, 0.5
    a = alpha / next_alpha
    x_t, x_0 = RNG.normal(size=(4, 3)), RNG.uniform(-1, 1, (4, 3))
    eps = (x_t - np.sqrt(alpha) * x_0) / np.sqrt(1 - alpha)
    noise = np.random.default_rng(7).normal(size=x_t.shape)
    sigma = np.sqrt((1 - next_alpha) / (1 - alpha) * (1 - a))
    expected = (x_t - (1 - a) / np.sqrt(1 - alpha) * eps) / np.sqrt(a) + sigma * noise
    found = ddpm_sample(lambda x, _: (x_0, eps), x_t, np.array([alpha, next_alpha]), seed=7)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_ddim_comes_back_from_the_noise_that_it_inverts_to():
    denoise = _optimal(0.3, 0.04)
    x_0 = RNG.normal(0.3, 0.2, (50, 2))
    rates = signal_rates("cosine", 400)
    noise = ddim_invert(denoise, x_0, rates)
    np.testing.assert_allclose(ddim_sample(denoise, noise, rates[::-1]), x_0, atol=0.02)
    # known in closed form: the standardized image
    np.testing.assert_allclose(noise, (x_0 - 0.3) / 0.2, atol=0.1)


@pytest.mark.parametrize("system", [DDPM, FlowMatching])
def test_a_short_training_draws_the_two_images_that_it_saw(system):
    """The images are bright on the left or on the right; samples are of both kinds."""
    left = np.zeros((256, *SHAPE), "float32")
    left[:128, :, :6], left[128:, :, 6:] = 1, 1
    model = system(_unet())
    model.compile(keras.optimizers.Adam(5e-3))
    history = model.fit(left, batch_size=32, epochs=40, verbose=0).history
    assert history["loss"][-1] < 0.6 * history["loss"][0]
    images = model.generate(40, seed=1, steps=10)
    assert images.shape == (40, *SHAPE)
    assert 0 <= images.min() < images.max() <= 1
    sides = images[:, :, :6].mean(axis=(1, 2, 3)) - images[:, :, 6:].mean(axis=(1, 2, 3))
    assert (np.abs(sides) > 0.6).mean() > 0.9
    assert 0.2 < (sides > 0).mean() < 0.8
    np.testing.assert_array_equal(model.generate(3, seed=1, steps=4), model.generate(3, 1, 4))


def test_samples_depend_on_the_seed_and_on_the_sampler():
    model = DDPM(_unet(), n_steps=30)
    one, other = (model.generate(2, seed=seed, steps=5) for seed in (0, 1))
    assert np.abs(one - other).max() > 0.1
    ancestral = [model.generate(2, seed=0, steps=5, sampler="ddpm") for _ in range(2)]
    np.testing.assert_array_equal(*ancestral)
    assert np.abs(one - ancestral[0]).max() > 0.01


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: DDPM(_unet(), predicts="score"), "predicts must be one of"),
        (lambda: DDPM(_unet(condition_dim=2)), "and 0 further inputs"),
        (lambda: DDPM(get_diffusion_unet(SHAPE, widths=(4,)), schedule="x"), "schedule must be"),
        (
            lambda: DDPM(_unet(), n_steps=10).generate(1, steps=11),
            r"integer in 1 \.\.\. 10, not 11",
        ),
        (lambda: DDPM(_unet(), n_steps=10).generate(1, steps=2.5), r"in 1 \.\.\. 10, not 2.5"),
        (lambda: DDPM(_unet()).generate(1, sampler="euler"), "sampler must be one of"),
        (lambda: DDPM(_unet()).generate(0), "Ask for n >= 1 images"),
        (lambda: FlowMatching(_unet()).generate(1, steps=0), "steps must be at least 1"),
        (lambda: FlowMatching(_unet()).generate(1, steps=2.5), "a whole number, not 2.5"),
        (lambda: DDPM(_unet()).compile(loss="mse"), "A diffusion model has its own loss"),
        (lambda: get_diffusion_unet(SHAPE, n_blocks=0), "at least 1 block"),
        (lambda: get_diffusion_unet(SHAPE, widths=(4,) * 6), "can be halved 4 times"),
    ],
)
def test_wrong_arguments_are_answered_by_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_a_network_that_ends_in_a_sigmoid_is_refused():
    x, rate = keras.Input(SHAPE), keras.Input((1,))
    with pytest.raises(ValueError, match="values without bounds"):
        DDPM(keras.Model([x, rate], layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)))


def test_the_gains_pass_on_what_the_network_reads():
    network = get_diffusion_unet((9, 7, 3), widths=(4, 8), image_condition=True)
    # at the start of a training, the last convolution and the gains are 0
    network.get_layer("gain_of_noisy_image").bias.assign([1.0, 2.0, 3.0])
    network.get_layer("gain_of_image").bias.assign([0.0, 0.0, -1.0])
    x_t, c = RNG.normal(size=(2, 5, 9, 7, 3)).astype("float32")
    rates = np.full((2, 5, 1), 0.5, "float32")
    drawn = network.predict([x_t, rates[0], c, rates[1]], verbose=0)
    np.testing.assert_allclose(drawn, [1, 2, 3] * x_t + [0, 0, -1] * c, atol=1e-5)


def test_odd_sides_work():
    model = DDPM(get_diffusion_unet((9, 7, 3), widths=(4, 8)))
    assert model.generate(2, steps=2).shape == (2, 9, 7, 3)
