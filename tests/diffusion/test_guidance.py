"""Tests of conditional diffusion: the guidance weight, dropped conditions, what is asked for."""

from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.diffusion import GuidedDDPM, complete, vary

import keras
import numpy as np
import pytest

SHAPE = (12, 12, 1)


@pytest.fixture(scope="module")
def model():
    """A model whose weights are random: the last layer is not 0."""
    keras.utils.set_random_seed(0)
    made = GuidedDDPM(get_diffusion_unet(SHAPE, widths=(8, 8), condition_dim=2), n_steps=50)
    rng = np.random.default_rng(0)
    made.network.set_weights([rng.normal(0, 0.1, w.shape) for w in made.network.get_weights()])
    return made


def test_weight_0_is_the_model_without_a_condition_and_1_the_conditional_one(model):
    y = np.array([0, 1, 1])
    c = np.eye(2, dtype="float32")[y]
    x_t = model.start(3, seed=0)
    none = model.denoiser(np.zeros_like(c))(x_t, 0.5)
    told = model.denoiser(c)(x_t, 0.5)
    for weight, expected in ((0, none), (1, told)):
        for found, wanted in zip(model.guided_denoiser(c, weight)(x_t, 0.5), expected, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert np.abs(none[1] - told[1]).max() > 1e-3
    np.testing.assert_allclose(
        model.generate_for(y, seed=2, steps=3, guidance=0.0),
        model.generate(3, seed=2, steps=3),
        atol=1e-5,
    )


def test_a_weight_of_2_goes_twice_as_far_in_the_direction_of_the_condition(model):
    c = np.eye(2, dtype="float32")[[0, 1]]
    x_t = 0.1 * model.start(2, seed=0)
    found = [model.guided_denoiser(c, w)(x_t, 0.5) for w in (0, 1, 2)]
    inside = np.all([np.abs(x_0) < 0.999 for x_0, _ in found], axis=0)  # where nothing is clipped
    assert inside.mean() > 0.3
    without, told, guided = (eps[inside] for _, eps in found)
    np.testing.assert_allclose(guided, 2 * told - without, atol=1e-5)


def test_the_share_of_empty_conditions(model):
    y = keras.ops.array(np.ones(4000, "int32"))
    (c,) = model.conditions(None, y, training=True)
    c = keras.ops.convert_to_numpy(c)
    assert (c[:, 0] == 0).all()
    assert 1 - c[:, 1].mean() == pytest.approx(0.1, abs=0.03)
    (whole,) = model.conditions(None, y, training=False)
    assert keras.ops.convert_to_numpy(whole)[:, 1].min() == 1


def test_images_are_of_the_class_that_is_asked_for(bars):
    x, y = bars(512)
    model = GuidedDDPM(get_diffusion_unet(SHAPE, widths=(8, 16), condition_dim=2))
    model.compile(keras.optimizers.Adam(5e-3))
    model.fit(x, y, batch_size=32, epochs=15, verbose=0)
    wanted = np.arange(60) % 2
    images = model.generate_for(wanted, steps=10, guidance=2.0)
    left, top = images[:, :, :6].mean(axis=(1, 2, 3)), images[:, :6].mean(axis=(1, 2, 3))
    assert ((top > left) == (wanted == 1)).mean() > 0.95


def test_vectors_as_conditions(model):
    x = np.zeros((4, *SHAPE), "float32")
    model.check_data(x, np.zeros((4, 2), "float32"))
    vectors = np.array([[1, 0], [0, 1]], "float32")
    np.testing.assert_array_equal(
        model.generate_for(vectors, steps=2), model.generate_for(np.array([0, 1]), steps=2)
    )


def test_tools_on_images_need_no_condition(model):
    x = np.random.default_rng(1).random((2, *SHAPE)).astype("float32")
    empty = model.denoiser(np.zeros((2, 2), "float32"))
    np.testing.assert_array_equal(vary(model, x, steps=3), vary(model, x, steps=3, denoise=empty))
    assert complete(model, x, np.ones(SHAPE[:2], bool), steps=2).shape == x.shape


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (None, "Guidance needs a condition"),
        (np.array([2]), "built for 2 classes"),
        (np.zeros((1, 3)), "vectors of 2 numbers"),
        (np.array([0.5]), "one integer per image"),
    ],
)
def test_wrong_conditions_are_answered_by_a_sentence(model, y, sentence):
    with pytest.raises(ValueError, match=sentence):
        model.generate_for(y)


def test_training_needs_conditions(model):
    model.compile()
    with pytest.raises(ValueError, match="give fit\\(x, y\\) the labels y"):
        model.fit(np.zeros((4, *SHAPE), "float32"), verbose=0)
    with pytest.raises(ValueError, match="a finite number, nan is not"):
        model.generate_for([0], guidance=float("nan"))
    with pytest.raises(ValueError, match=r"dropped is a share in \[0, 1\)"):
        GuidedDDPM(model.network, dropped=1.0)
