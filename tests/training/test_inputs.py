"""Batches of 64 bits are trained on as arrays of 64 bits are; what is no data gets a sentence."""

from ankeras.autoencoders import VAE
from ankeras.builders import get_decoder, get_encoder
from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.diffusion import DDPM, GuidedDDPM
from ankeras.gans import get_dcgan

import keras
import numpy as np
import pytest

SHAPE = (16, 16, 1)
X = np.random.default_rng(0).random((8, *SHAPE))  # float64
ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


class Batches(keras.utils.PyDataset):
    """Two batches of four images."""

    def __init__(self):
        super().__init__()
        self.ended = 0

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return (X[4 * i : 4 * i + 4],)

    def on_epoch_end(self):
        self.ended += 1


def _vae():
    return VAE(get_encoder(SHAPE, 4, widths=(4,)), get_decoder(2, SHAPE, widths=(4,)))


SYSTEMS = {
    "VAE": _vae,
    "GAN": lambda: get_dcgan(SHAPE, latent_dim=2, widths=(4, 4)),
    "DDPM": lambda: DDPM(get_diffusion_unet(SHAPE, widths=(4,))),
}


@pytest.fixture(params=SYSTEMS)
def system(request):
    model = SYSTEMS[request.param]()
    model.compile()
    return model


@pytest.mark.skipif(not ON_TENSORFLOW, reason="the conversion is the same on all backends")
def test_batches_of_64_bits_are_learnt_from(system):
    import tensorflow as tf  # noqa: PLC0415 - on other backends it need not be there

    dataset, batches = tf.data.Dataset.from_tensor_slices(X).batch(4), Batches()
    system.fit(dataset, validation_data=dataset, epochs=1, verbose=0)
    system.fit(batches, epochs=2, verbose=0)
    assert batches.ended >= 2
    bare = (X[i : i + 4].astype("float16") for i in (0, 4))  # not in tuples
    system.fit(bare, steps_per_epoch=2, epochs=1, verbose=0)
    system.train_on_batch(X[:4])
    system.test_on_batch(X[:4])
    logs = system.evaluate(batches, verbose=0, return_dict=True)
    assert all(np.isfinite(value) for value in logs.values())


def test_what_is_no_data_gets_a_sentence():
    model = SYSTEMS["DDPM"]()
    model.compile()
    x = X.astype("float32")
    above = x.copy()
    above[0, 0, 0, 0] = 1.00001
    for arguments, sentence in (
        ({}, "There is no data"),
        ({"x": x, "batch_size": -1}, "at least 1 image, not -1"),
        ({"x": x, "batch_size": 4, "validation_data": list(x)}, "validation_data is a list of 8"),
        ({"x": x, "class_weight": {0: 2.0}}, "class_weight needs labels, but here there are no"),
        ({"x": above}, r"holds values in \[.*, 1\.0000\d+\]"),
        ({"x": x[:0]}, "holds 0 images"),
    ):
        with pytest.raises(ValueError, match=sentence):
            model.fit(verbose=0, **arguments)


def test_weights_may_be_a_list_and_numbers_those_of_numpy(tmp_path):
    model = DDPM(get_diffusion_unet(SHAPE, widths=(4,)), seed=np.int64(3))
    model.compile()
    x = X.astype("float32")
    model.fit(x, sample_weight=[1.0, 0.0] * 4, batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").seed == 3


def test_a_condition_must_be_finite_and_one_per_image():
    network = get_diffusion_unet(SHAPE, widths=(4,), condition_dim=2)
    model = GuidedDDPM(network, n_steps=5)
    with pytest.raises(ValueError, match="holds NaN or infinity"):
        model.generate_for(np.full((2, 2), np.nan), steps=2)
    with pytest.raises(ValueError, match="one label, vector or caption per image, as a list"):
        model.generate_for(1, steps=2)
    with pytest.raises(ValueError, match="a whole number of steps, not"):
        GuidedDDPM(network, n_steps=20.5)
