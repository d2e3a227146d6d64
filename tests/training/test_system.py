"""Tests of `fit`: invalid data raises an error, NaN or Ctrl-C stops the training."""

from ankeras.autoencoders import VAE
from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.gans import GAN

import keras
import numpy as np
import pytest

SHAPE = (12, 12, 1)


def _gan():
    gan = GAN(get_generator(3, SHAPE, widths=(4,)), get_discriminator(SHAPE, widths=(4,)))
    gan.compile()
    return gan


def _vae():
    vae = VAE(get_encoder(SHAPE, 6, widths=(4,)), get_decoder(3, SHAPE, widths=(4,)))
    vae.compile(keras.optimizers.Adam(1e-2))
    return vae


@pytest.mark.parametrize("build", [_gan, _vae])
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda x: np.where(x > 0.5, np.nan, x), "x holds NaN or infinity"),
        (lambda x: 255 * x, r"values in \[.*, 25\d.*\], but the network draws values in \[0, 1\]"),
        (lambda x: 2 * x - 1, r"but the network draws values in \[0, 1\]"),
        (lambda x: x[:, :8], r"x holds images of shape \(8, 12, 1\)"),
        (lambda x: x[:10], "A batch of 32 is larger than the data: 10 images"),
    ],
)
def test_data_that_can_not_be_learnt_raises_an_error(tiny_images, build, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        build().fit(change(tiny_images), verbose=0)


def test_validation_images_are_checked_too(tiny_images):
    with pytest.raises(ValueError, match="x holds NaN or infinity"):
        _vae().fit(tiny_images, validation_data=(tiny_images * np.nan,), verbose=0)


class _Spoil(keras.callbacks.Callback):
    """Sets a variable to NaN before one step of one epoch."""

    def __init__(self, variable, epoch, step):
        super().__init__()
        self.variable, self.epoch, self.step = variable, epoch, step
        self.now = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, self.step):
            self.model  # noqa: B018 - on JAX the weights are not in the model during an epoch
            self.variable.assign(np.full(self.variable.shape, np.nan))


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_a_loss_that_becomes_nan_stops_the_training(tiny_images, player):
    gan = _gan()
    spoilt = getattr(gan, player).trainable_variables[-1]
    with pytest.raises(
        FloatingPointError, match=r"discriminator's loss became nan at step 2 of epoch 3"
    ):  # also if the generator has NaN: the discriminator scores its images first
        gan.fit(tiny_images, epochs=9, callbacks=[_Spoil(spoilt, 2, 1)], verbose=0)
    assert np.isfinite(gan.generate(4)).all()
    for variable in gan.variables + gan.optimizer.variables:
        assert np.isfinite(variable.numpy()).all()
    assert len(gan.history.epoch) <= 3
    gan.fit(tiny_images, verbose=0)  # the model can be trained further


def test_the_last_good_weights_are_those_before_the_epoch(tiny_images):
    vae = _vae()
    vae.fit(tiny_images, epochs=2, verbose=0)
    kept = vae.get_weights()
    with pytest.raises(
        FloatingPointError, match="The model's loss became nan at step 1 of epoch 1"
    ):
        vae.fit(
            tiny_images,
            epochs=2,
            callbacks=[_Spoil(vae.decoder.trainable_variables[0], 0, 0)],
            verbose=0,
        )
    for old, new in zip(kept, vae.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)


class _Interrupt(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 1 and self.model.history.epoch == [0, 1]:
            raise KeyboardInterrupt


@pytest.mark.parametrize("build", [_gan, _vae])
def test_ctrl_c_leaves_a_model_and_a_history(tiny_images, build, tmp_path, capsys):
    model = build()
    before = [variable.numpy() for variable in model.trainable_variables]
    history = model.fit(tiny_images, epochs=50, callbacks=[_Interrupt()], verbose=0)
    assert "Stopped by hand after 2 whole epochs" in capsys.readouterr().out
    assert history.epoch == [0, 1]
    assert any(
        np.abs(old - new.numpy()).max() > 0
        for old, new in zip(before, model.trainable_variables, strict=True)
    )
    assert np.isfinite(model.generate(4)).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.generate(4), model.generate(4), atol=1e-6)
    assert len(model.fit(tiny_images, epochs=2, verbose=0).epoch) == 2  # can be trained further


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow traces twice")
def test_the_first_step_is_traced_once(tiny_images):
    traces = []

    class Counting(VAE):
        def train_step(self, data):
            traces.append(1)
            return super().train_step(data)

    vae = Counting(get_encoder(SHAPE, 6, widths=(4,)), get_decoder(3, SHAPE, widths=(4,)))
    vae.compile(keras.optimizers.Adam())
    vae.fit(tiny_images, epochs=2, verbose=0)
    assert len(traces) == 1
