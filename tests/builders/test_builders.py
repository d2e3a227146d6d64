"""Tests of the builders: the slides' code, images of any size, and invalid arguments."""

import shutil

from ankeras.builders import (
    get_autoencoder,
    get_classifier,
    get_decoder,
    get_discriminator,
    get_encoder,
    get_generator,
)
from ankeras.builders.spectral_norm import SpectralNorm

import keras
import numpy as np
import pytest
from keras import layers as tfkl


def test_the_code_of_the_slides_works(tmp_path):
    input_shape, latent_dim, seed = (28, 28, 1), 2, 42

    def assemble(ae_input_shape=input_shape, ae_output_shape=input_shape):
        keras.utils.set_random_seed(seed)
        encoder = get_encoder(enc_input_shape=ae_input_shape, enc_output_shape=latent_dim)
        decoder = get_decoder(dec_input_shape=latent_dim, dec_output_shape=ae_output_shape)
        input_layer = tfkl.Input(shape=ae_input_shape)
        z = encoder(input_layer)
        output_layer = decoder(z)
        return keras.Model(inputs=input_layer, outputs=output_layer, name="autoencoder")

    by_hand, ours = assemble(), get_autoencoder(input_shape, input_shape, latent_dim=latent_dim)
    for autoencoder in (by_hand, ours):
        autoencoder.summary(print_fn=lambda line: None)
        autoencoder.compile(
            optimizer=keras.optimizers.Adam(1e-3),
            loss=keras.losses.MeanSquaredError(),
            metrics=["mse", "mae"],
        )
        assert autoencoder.name == "autoencoder"
        assert autoencoder.output_shape == (None, *input_shape)
    assert ours.count_params() == by_hand.count_params()


def test_names_of_the_slides():
    autoencoder = get_autoencoder()
    encoder, decoder = autoencoder.get_layer("encoder"), autoencoder.get_layer("decoder")
    for model in (encoder, decoder):
        assert model.layers[0].name == "input_layer"
        assert model.layers[-1].name == "output_layer"
    kinds = [type(layer).__name__ for layer in encoder.layers[1:4]]
    assert kinds == ["Conv2D", "BatchNormalization", "Activation"]
    assert encoder.layers[1].strides == (2, 2)
    kinds = [type(layer).__name__ for layer in decoder.layers[1:5]]
    assert kinds == ["Dense", "BatchNormalization", "Activation", "Reshape"]
    assert sum(isinstance(layer, tfkl.UpSampling2D) for layer in decoder.layers) == 3
    assert decoder.layers[-1].activation.__name__ == "sigmoid"


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz's dot is not installed")
def test_plot_model_of_the_slide(tmp_path):
    path = tmp_path / "autoencoder.png"
    keras.utils.plot_model(
        get_autoencoder(), show_shapes=True, expand_nested=True, to_file=str(path)
    )
    assert path.stat().st_size > 10_000


@pytest.mark.parametrize("shape", [(28, 28, 1), (17, 23, 3), (5, 9, 1), (64, 64, 3), (9, 9, 2)])
@pytest.mark.parametrize("upsampling", ["nearest", "bilinear", "transposed"])
def test_images_of_any_size(shape, upsampling):
    autoencoder = get_autoencoder(shape, latent_dim=4, widths=(2, 3, 4), upsampling=upsampling)
    x = np.random.default_rng(0).random((2, *shape), "float32")
    assert autoencoder.predict(x, verbose=0).shape == x.shape


@pytest.mark.parametrize("widths", [(), (8,), (8, 6)])
def test_mlp(widths):
    autoencoder = get_autoencoder((7, 5, 1), latent_dim=3, kind="mlp", widths=widths)
    assert autoencoder.output_shape == (None, 7, 5, 1)
    dense = [la for la in autoencoder.get_layer("encoder").layers if isinstance(la, tfkl.Dense)]
    assert [la.units for la in dense] == [*widths, 3]
    dense = [la for la in autoencoder.get_layer("decoder").layers if isinstance(la, tfkl.Dense)]
    assert [la.units for la in dense] == [*reversed(widths), 35]


def test_from_colour_to_grey():
    autoencoder = get_autoencoder((8, 8, 3), (8, 8, 1), latent_dim=2, widths=(4,))
    assert autoencoder.input_shape == (None, 8, 8, 3)
    assert autoencoder.output_shape == (None, 8, 8, 1)


@pytest.mark.parametrize(
    ("output_activation", "low", "high"),
    [("sigmoid", 0, 1), ("tanh", -1, 1), ("linear", None, None)],
)
def test_range_of_the_output(output_activation, low, high):
    decoder = get_decoder(2, (8, 8, 1), widths=(4,), output_activation=output_activation)
    x_hat = decoder.predict(np.random.default_rng(0).normal(0, 1e4, (64, 2)), verbose=0)
    if low is None:
        assert np.abs(x_hat).max() > 1
    else:
        assert low <= x_hat.min() < low + 0.4
        assert high - 0.4 < x_hat.max() <= high


def test_the_seed_fixes_the_weights_and_layers_differ():
    one, same, other = get_encoder(seed=1), get_encoder(seed=1), get_encoder(seed=2)
    for a, b in zip(one.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    kernels = [[w for w in model.get_weights() if w.ndim > 1] for model in (one, other)]
    assert all(np.abs(a - b).max() > 0 for a, b in zip(*kernels, strict=True))
    twins = get_encoder((4,), 4, kind="mlp", widths=(4, 4))
    first, second = [w for w in twins.get_weights() if w.ndim > 1][:2]
    assert np.abs(first - second).max() > 0


@pytest.mark.parametrize("kind", ["conv", "mlp"])
def test_options_of_generator_and_discriminator(kind):
    common = {"kind": kind, "widths": (4, 4), "condition_dim": 3, "condition_by": "film"}
    generator = get_generator(2, (8, 8, 1), **common)
    assert generator.input_shape == [(None, 2), (None, 3)]
    assert generator.output_shape == (None, 8, 8, 1)
    discriminator = get_discriminator(
        (8, 8, 1), batch_norm=False, spectral_norm=True, auxiliary=5, **common
    )
    assert discriminator.input_shape == [(None, 8, 8, 1), (None, 3)]
    assert discriminator.output_shape == [(None, 1), (None, 5)]
    kernels = [w for w in discriminator.trainable_variables if w.name == "kernel"]
    normalized = [layer for layer in discriminator.layers if isinstance(layer, SpectralNorm)]
    assert len(kernels) == len(normalized) == 4


def test_classifier_shares_the_encoder():
    encoder = get_encoder((8, 8, 1), 3, widths=(4,))
    classifier = get_classifier(encoder, 10)
    assert classifier.output_shape == (None, 10)
    assert classifier.get_layer("encoder") is encoder


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: get_encoder((28, 28)), r"\(height, width, channels\)"),
        (lambda: get_encoder((28, 0, 1)), "at least 1"),
        (lambda: get_encoder((4, 4, 1), widths=(2, 2, 2)), "halved 2 times, but 3 blocks"),
        (lambda: get_encoder(enc_output_shape=(2, 2)), "is a vector"),
        (lambda: get_encoder(enc_output_shape=0), "is a vector"),
        (lambda: get_encoder(kind="rnn"), '"conv" or "mlp"'),
        (lambda: get_encoder(widths=(8, 0)), "width of at least 1"),
        (lambda: get_decoder(upsampling="cubic"), '"nearest", "bilinear" or "transposed"'),
        (lambda: get_decoder(output_activation="softmax"), '"sigmoid", "tanh" or "linear"'),
        (lambda: get_classifier(get_encoder(), 1), "at least 2 classes"),
        (lambda: get_encoder(condition_dim=0), "at least 1 number, not 0"),
        (lambda: get_generator(condition_by="channels"), r"one of \('append', 'film'\)"),
    ],
)
def test_invalid_arguments_raise_an_error_with_a_clear_message(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_sizes_may_be_numpy_integers_and_one_width_a_number():
    encoder = get_encoder(np.array([12, 12, 1]), np.int64(2), widths=np.int32(4))
    assert encoder.input_shape == (None, 12, 12, 1)
    assert encoder.output_shape == (None, 2)
    assert [la.filters for la in encoder.layers if isinstance(la, tfkl.Conv2D)] == [4]
    assert get_autoencoder((12, 12, 1), widths=4).output_shape == (None, 12, 12, 1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"enc_input_shape": (None, None, 1)},
            "An image shape consists of integers that are known",
        ),
        ({"enc_input_shape": (28.5, 28, 1)}, "An image shape consists of integers"),
        ({"enc_output_shape": 2.5}, "The latent dimension consists of integers"),
        ({"widths": (16, None)}, "The width of each block consists of integers"),
        ({"seed": None}, "The seed of the initial weights is an integer, not None"),
    ],
)
def test_sizes_that_are_not_known_are_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        get_encoder(**options)
