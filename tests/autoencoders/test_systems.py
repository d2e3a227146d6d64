"""Tests of the autoencoders: after training, each has the property that it is made for."""

from ankeras import autoencoders as ae
from ankeras.autoencoders.contractive import contraction
from ankeras.autoencoders.regularized import gaussian_divergence, total_variation
from ankeras.autoencoders.sparse import sparsity
from ankeras.builders import get_decoder, get_encoder

import keras
import numpy as np
import pytest
from keras import ops


def _players(latent_dim=6, **options):
    options = {"kind": "mlp", "widths": (48,), "batch_norm": False, **options}
    encoder = get_encoder((12, 12, 1), latent_dim, **options)
    return encoder, get_decoder(latent_dim, (12, 12, 1), **options)


def _fitted(model, x, epochs=40):
    model.compile(keras.optimizers.Adam(5e-3), loss=ae.squared_error)
    model.fit(x, x, batch_size=32, epochs=epochs, verbose=0)
    return model


@pytest.fixture(scope="module")
def plain(tiny_images):
    keras.utils.set_random_seed(0)
    return _fitted(ae.Autoencoder(*_players()), tiny_images)


def _error(model, x, target):
    return float(np.mean((model.predict(x, verbose=0) - target) ** 2))


def test_the_autoencoder_learns_to_reconstruct(plain, tiny_images):
    mean_image_error = tiny_images.var(axis=0).mean()
    assert _error(plain, tiny_images, tiny_images) < 0.15 * mean_image_error


def test_loss_is_reconstruction_plus_penalty(tiny_images):
    model = ae.SparseAutoencoder(*_players(), lam=0.5)
    model.compile("adam", loss=ae.squared_error)
    logs = model.evaluate(tiny_images, tiny_images, batch_size=96, verbose=0, return_dict=True)
    z = model.encoder.predict(tiny_images, verbose=0)
    x_hat = model.decoder.predict(z, verbose=0)
    assert logs["penalty"] == pytest.approx(0.5 * np.abs(z).sum(axis=1).mean(), rel=1e-4)
    expected = 0.5 * ((x_hat - tiny_images) ** 2).sum(axis=(1, 2, 3)).mean()
    assert logs["reconstruction"] == pytest.approx(expected, rel=1e-4)
    assert logs["loss"] == pytest.approx(logs["penalty"] + logs["reconstruction"], rel=1e-5)


def test_sparse_codes_are_sparser(plain, tiny_images):
    sparse = _fitted(ae.SparseAutoencoder(*_players(), lam=0.1), tiny_images)
    codes = [m.encoder.predict(tiny_images, verbose=0) for m in (sparse, plain)]
    assert float(sparsity(codes[0])) < 0.5 * float(sparsity(codes[1]))


def test_contractive_codes_change_less(plain, tiny_images):
    contractive = _fitted(ae.ContractiveAutoencoder(*_players(), lam=0.1), tiny_images)
    x = ops.convert_to_tensor(tiny_images)
    with_penalty, without = (
        ops.convert_to_numpy(contraction(model.encoder, x)) for model in (contractive, plain)
    )
    assert with_penalty < 0.5 * without


def test_gaussian_codes_are_standard(plain, tiny_images):
    model = _fitted(ae.GaussianCodeAutoencoder(*_players(), lam=1.0), tiny_images)
    codes = [m.encoder.predict(tiny_images, verbose=0) for m in (model, plain)]
    assert float(gaussian_divergence(codes[0])) < 0.2 < float(gaussian_divergence(codes[1]))


def test_smooth_reconstructions_vary_less(tiny_images):
    noisy = np.clip(
        tiny_images + np.random.default_rng(0).normal(0, 0.2, tiny_images.shape), 0, 1
    ).astype("float32")
    rough = _fitted(ae.Autoencoder(*_players(32)), noisy)
    smooth = _fitted(ae.SmoothAutoencoder(*_players(32), lam=0.05), noisy)
    variation = [float(total_variation(m.predict(noisy, verbose=0))) for m in (smooth, rough)]
    assert variation[0] < 0.8 * variation[1]


def test_sharp_reconstructions_keep_more_of_the_edges():
    rng = np.random.default_rng(0)
    squares = np.zeros((96, 12, 12, 1), "float32")
    for image, (row, column) in zip(squares, rng.integers(0, 7, (96, 2)), strict=True):
        image[row : row + 5, column : column + 5] = 1
    blurred = _fitted(ae.Autoencoder(*_players(2)), squares)
    sharp = _fitted(ae.SharpAutoencoder(*_players(2), lam=0.1), squares)
    losses = [
        abs(float(total_variation(squares)) - float(total_variation(m.predict(squares, verbose=0))))
        for m in (sharp, blurred)
    ]
    assert losses[0] < losses[1]


@pytest.mark.parametrize(("corruption", "level"), [("gaussian", 0.3), ("masking", 0.4)])
def test_denoising_removes_noise(plain, tiny_images, corruption, level):
    model = ae.DenoisingAutoencoder(*_players(), corruption=corruption, level=level)
    noisy = ops.convert_to_numpy(model.corrupt(tiny_images))
    _fitted(model, tiny_images)
    assert _error(model, noisy, tiny_images) < 0.7 * _error(plain, noisy, tiny_images)


def test_corruptions():
    x = np.full((4, 50, 50, 1), 0.25, "float32")

    def corrupt(corruption, level):
        players = get_encoder((50, 50, 1), 2, widths=(1,)), get_decoder(2, (50, 50, 1), widths=(1,))
        model = ae.DenoisingAutoencoder(*players, corruption=corruption, level=level)
        return ops.convert_to_numpy(model.corrupt(x))

    noise = corrupt("gaussian", 0.3) - x
    assert noise.mean() == pytest.approx(0, abs=0.02)
    assert noise.std() == pytest.approx(0.3, abs=0.02)
    masked = corrupt("masking", 0.4)
    assert set(np.unique(masked)) == {np.float32(0), np.float32(0.25)}
    assert (masked == 0).mean() == pytest.approx(0.4, abs=0.03)
    salted = corrupt("salt-and-pepper", 0.4)
    assert (salted == 0).mean() == pytest.approx(0.2, abs=0.03)
    assert (salted == 1).mean() == pytest.approx(0.2, abs=0.03)
    blocks = corrupt("block", 0.4) == 0
    for block in blocks[..., 0]:  # each is a square of 20 x 20
        rows, columns = np.flatnonzero(block.any(axis=1)), np.flatnonzero(block.any(axis=0))
        assert len(rows) == len(columns) == 20
        assert block.sum() == 400
        assert np.ptp(rows) == np.ptp(columns) == 19
    assert len({tuple(np.argwhere(block)[0]) for block in blocks}) > 1  # not all at the same place


def test_a_missing_part_is_filled_in(tiny_images):
    model = ae.DenoisingAutoencoder(*_players(), corruption="block", level=0.4)
    missing = np.zeros(tiny_images.shape[:3], bool)
    missing[:, 3:8, 4:9] = True
    _fitted(model, tiny_images)
    full = model.complete(np.where(missing[..., None], np.nan, tiny_images), missing)
    np.testing.assert_array_equal(full[~missing], tiny_images[~missing])
    guess = np.broadcast_to(tiny_images.mean(axis=0), tiny_images.shape)
    errors = [np.square(x - tiny_images)[missing].mean() for x in (full, guess)]
    assert errors[0] < 0.7 * errors[1]
    with pytest.raises(ValueError, match=r"bool array \(\d+, 12, 12\), not float32"):
        model.complete(tiny_images, tiny_images[..., 0])


def test_images_are_not_corrupted_after_training(tiny_images):
    model = ae.DenoisingAutoencoder(*_players(), level=5.0)
    once, again = (model.predict(tiny_images, verbose=0) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    np.testing.assert_array_equal(
        once, model.decoder.predict(model.encoder.predict(tiny_images, verbose=0), verbose=0)
    )


def test_tied_weights_stay_tied(tiny_images, tmp_path):
    model = _fitted(ae.TiedAutoencoder((12, 12, 1), 6, widths=(48,)), tiny_images)
    w_1, b_1, w_2, b_2 = model.encoder.get_weights()
    biases = [v.numpy() for v in model.decoder.trainable_variables if v.shape in ((144,), (48,))]
    c_1 = next(b for b in biases if b.shape == (144,))
    c_2 = next(b for b in biases if b.shape == (48,) and not np.array_equal(b, b_1))
    x = tiny_images.reshape(-1, 144)
    h = np.maximum(x @ w_1 + b_1, 0) @ w_2 + b_2
    x_hat = 1 / (1 + np.exp(-(np.maximum(h @ w_2.T + c_2, 0) @ w_1.T + c_1)))
    np.testing.assert_allclose(
        model.predict(tiny_images, verbose=0).reshape(-1, 144), x_hat, atol=1e-5
    )
    assert len(model.trainable_variables) == 6  # two shared kernels and four biases
    model.save(tmp_path / "tied.keras")
    loaded = keras.models.load_model(tmp_path / "tied.keras")
    loaded.fit(tiny_images, tiny_images, verbose=0)
    assert len(loaded.trainable_variables) == 6


def test_an_over_complete_code_can_copy_anything():
    autoencoder = ae.get_overcomplete_autoencoder((4, 4, 1), expansion=1.5)
    assert autoencoder.get_layer("encoder").output_shape == (None, 24)
    ae.set_to_identity(autoencoder)
    noise = np.random.default_rng(0).normal(size=(8, 4, 4, 1)).astype("float32")
    np.testing.assert_allclose(autoencoder.predict(noise, verbose=0), noise, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ae.get_overcomplete_autoencoder((4, 4, 1), expansion=1.0), "more than 1"),
        (lambda: ae.SparseAutoencoder(*_players(), lam=-1.0), "at least 0, not -1.0"),
        (lambda: ae.DenoisingAutoencoder(*_players(), corruption="blur"), "must be one of"),
        (lambda: ae.DenoisingAutoencoder(*_players(), "masking", level=1.5), r"\[0, 1\], not 1.5"),
        (lambda: ae.Autoencoder(_players(3)[0], _players(4)[1]), "expects"),
        (
            lambda: ae.Autoencoder(
                get_encoder((8, 8, 1), 2, widths=()), get_decoder(2, (6, 6, 1), widths=())
            ),
            "reads images of shape",
        ),
    ],
)
def test_invalid_arguments_raise_an_error(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
