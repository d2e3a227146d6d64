"""Tests of training in 16 bits and with XLA: the losses agree with those in float32."""

from ankeras import autoencoders, diffusion, evaluation, gans, language, latent
from ankeras.autoencoders import squared_error
from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.catalogue import TRAINED
from ankeras.data import digits
from ankeras.gans.gan import AdversarialGame
from ankeras.training.catalogue_row import TINY_LENGTH, TINY_SHAPE
from ankeras.training.checks import drawn_range
from ankeras.training.system import System

import keras
import numpy as np
import pytest
from keras import layers, ops

TENSORFLOW = keras.backend.backend() == "tensorflow"
BATCH = 32
OF_IMAGES = [row for row in TRAINED if not row.learns_from.startswith(("tokens", "z"))]
# One system for each train_step, and those with something special: a penalty on a gradient, labels,
# two networks with one optimizer, spectral normalization, the derivative of an encoder.
IN_FLOAT16 = (
    "ContractiveAutoencoder",
    "VAE",
    "CVAE",
    "GAN",
    "WGANGP",
    "HingeGAN",
    "InfoGAN",
    "BiGAN",
    "FCBiGAN",
)
ON_JAX = ("VAE", "GAN", "WGANGP")  # few, because JAX needs many seconds to compile each system


@pytest.fixture(scope="module")
def in_float32():
    """Return a dictionary, in which the tests keep the logs of each system in float32."""
    return {}


def _data(system, images):
    labels = (images.mean(axis=(1, 2, 3)) > images.mean()).astype("int64")
    rgb = np.repeat(images, 3, axis=-1)
    return {
        "x, x": (images, images),
        "x": (images,),
        "x, y": (images, labels),
        "x, rgb": (images, rgb),
        "binary x": (np.round(images),),
        "x, tokens": (images, 1 + labels[:, None].repeat(TINY_LENGTH, axis=1)),
    }[system.learns_from]


def _optimizer(policy, learning_rate=1e-3):
    adam = keras.optimizers.Adam(learning_rate, beta_1=0.5)
    if policy != "mixed_float16":
        return adam
    # With the usual 2^15 the first steps of a summed loss would overflow, and be skipped.
    return keras.optimizers.LossScaleOptimizer(adam, initial_scale=2.0**6)


def _trained(system, policy, data):
    """Train two steps in a precision; return the model, its weights before, and the logs."""
    keras.config.set_dtype_policy(policy)
    model = system.tiny()
    # without a graph: building it takes longer than two steps of a small network
    options = {"run_eagerly": TENSORFLOW}
    if isinstance(model, gans.TwoPlayers):
        model.compile(_optimizer(policy), _optimizer(policy), **options)
    elif not isinstance(model, System) or isinstance(model, autoencoders.Autoencoder):
        model.compile(_optimizer(policy), loss=squared_error, **options)
    else:
        model.compile(_optimizer(policy), **options)
    before = [variable.numpy() for variable in model.trainable_variables]
    logs = model.fit(*data, batch_size=BATCH, shuffle=False, verbose=0).history
    return model, before, {name: values[0] for name, values in logs.items()}


# systems that have their own way to draw, and the range of what they draw
DRAW = {
    gans.FCBiGAN: (lambda m, _: m.generate(8, size=TINY_SHAPE[:2]), (0.0, 1.0)),
    diffusion.DiffusionUpsampler: (lambda m, data: m.upsample(data[0][:8, ::2, ::2]), (0.0, 1.0)),
    language.CLIP: (lambda m, data: m.embed_images(data[0]), (-1.0, 1.0)),
    language.ImageTags: (lambda m, data: m.draw_vectors(data[0][:8], 4), (-np.inf, np.inf)),
    language.TextToImageGAN: (lambda m, data: m.generate_for(data[1]), (0.0, 1.0)),
}


def _drawn(model, data):
    if type(model) in DRAW:
        draw, limits = DRAW[type(model)]
        return draw(model, data), limits
    if hasattr(model, "generate"):
        return model.generate(8), (0.0, 1.0)
    images = model.predict(data[0], batch_size=BATCH, verbose=0)
    players = [getattr(model, name, None) for name in ("generator", "decoder_b", "network")]
    player = next((player for player in players if player), None) or model.get_layer("decoder")
    return images, drawn_range(player)


@pytest.mark.parametrize(
    ("system", "policy"),
    [(s, "mixed_bfloat16") for s in OF_IMAGES if TENSORFLOW or s.api in ON_JAX]
    + [(s, "mixed_float16") for s in OF_IMAGES if s.api in (IN_FLOAT16 if TENSORFLOW else ON_JAX)],
    ids=lambda value: getattr(value, "api", value),
)
def test_a_system_learns_in_16_bits_as_in_float32(system, policy, in_float32, tiny_images):
    data = _data(system, tiny_images[: 2 * BATCH])
    if system.api not in in_float32:
        _, _, in_float32[system.api] = _trained(system, "float32", data)
    expected = in_float32[system.api]
    model, before, found = _trained(system, policy, data)

    assert any(layer.compute_dtype == policy.removeprefix("mixed_") for layer in _layers(model))
    losses = [name for name in found if name.endswith("loss")]
    assert losses
    for name in found:
        assert np.isfinite(found[name]), name
    for name in losses:
        # bfloat16 has 8 significant bits: errors up to 0.4 %; in a mean they partly cancel
        rel = 0.03 if system.api == "DFCVAE" else 0.01  # its loss is hardly more than KL at first
        assert found[name] == pytest.approx(expected[name], rel=rel, abs=0.01), name
    moved = [
        np.abs(variable.numpy() - old).max() > 0
        for old, variable in zip(before, model.trainable_variables, strict=True)
    ]
    # D's last bias does not move if the loss only has the difference of two scores
    assert sum(moved) >= len(moved) - 1
    images, (low, high) = _drawn(model, data)
    assert images.dtype == np.float32
    assert images.min() >= low
    assert images.max() <= high


def _layers(model):
    for layer in model._flatten_layers():
        if not isinstance(layer, keras.Model):
            yield layer


def test_codes_and_likelihoods_are_float32(tiny_images):
    keras.config.set_dtype_policy("mixed_bfloat16")
    vae = autoencoders.VAE(
        get_encoder(TINY_SHAPE, 6, widths=(4,)),
        get_decoder(3, (*TINY_SHAPE[:2], 2), widths=(4,), output_activation="linear"),
        likelihood="gaussian",
    )
    mu, log_var = autoencoders.encode_posterior(vae, tiny_images)
    found = [mu, log_var, latent.encode(vae.mean_encoder, tiny_images), vae.generate(4)]
    assert [array.dtype for array in found] == [np.float32] * 4
    own = keras.Sequential([layers.Input((3,)), layers.Dense(2)])
    assert latent.encode(own, np.zeros((2, 3), "float32")).dtype == np.float32
    assert latent.decode(own, np.zeros((2, 3), "float32")).dtype == np.float32


def test_a_classifier_computes_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    classifier = evaluation.train_classifier(digits(50), epochs=1)
    inner = {layer.compute_dtype for layer in classifier.get_layer("features").layers}
    assert inner == {classifier.layers[-1].compute_dtype} == {"float32"}


def test_a_network_that_ends_in_16_bits_raises_an_error(tiny_images):
    keras.config.set_dtype_policy("mixed_bfloat16")
    encoder = keras.Sequential(
        [layers.Input(TINY_SHAPE), layers.Flatten(), layers.Dense(3)], name="encoder"
    )
    model = autoencoders.Autoencoder(encoder, get_decoder(3, TINY_SHAPE, widths=(4,)))
    model.compile(loss=squared_error)
    with pytest.raises(ValueError, match=r'encoder returns bfloat16.*dtype="float32"'):
        model.fit(tiny_images, tiny_images, verbose=0)


@keras.saving.register_keras_serializable("test_precision")
class _Game(AdversarialGame):
    """A game with d_loss = a mean D(s), g_loss = b mean D(G(z)), and z = 1."""

    a, b = 2.0**-26, 2.0**-26

    def d_loss(self, real, fake):
        return self.a * ops.mean(real)

    def g_loss(self, fake):
        return self.b * ops.mean(fake)

    def sample_z(self, x):
        return ops.ones_like(x)


def _line(name):
    """Return the network x -> w x, in float16 and with w = 1, with output in float32."""
    return keras.Sequential(
        [
            layers.Input((1,)),
            layers.Dense(1, use_bias=False, kernel_initializer="ones", dtype="mixed_float16"),
            layers.Activation("linear", dtype="float32"),
        ],
        name=name,
    )


def _weights_after_one_step(game, learning_rate=2.0**25):
    game.compile(keras.optimizers.SGD(learning_rate), keras.optimizers.SGD(learning_rate))
    history = game.fit(np.ones((4, 1), "float32"), batch_size=4, verbose=0).history
    weights = [float(net.weights[0].numpy()[0, 0]) for net in (game.discriminator, game.generator)]
    return weights, history


def test_a_gradient_too_small_for_float16_is_not_lost():
    # dL/dlogit is 2^-26 / 4, and the smallest number of float16 is 2^-24. By hand, exactly:
    # dL/dw_d = a = 2^-26, so w_d = 1 - 2^25 2^-26 = 1/2; dL/dw_g = b w_d = 2^-27, w_g = 3/4.
    keras.config.set_dtype_policy("mixed_float16")
    weights, _ = _weights_after_one_step(_Game(_line("generator"), _line("discriminator")))
    assert weights == [0.5, 0.75]
    # without scaling, the gradient is rounded to 0
    keras.config.set_dtype_policy("float32")
    weights, _ = _weights_after_one_step(_Game(_line("generator"), _line("discriminator")))
    assert weights == [1.0, 1.0]


def test_a_step_that_overflows_is_skipped_for_one_player_only(tmp_path):
    # D: 2^15 a / 4 = 2^17 is above 65504, the largest float16. G: as above, but w_d stays 1.
    keras.config.set_dtype_policy("mixed_float16")
    game = _Game(_line("generator"), _line("discriminator"))
    game.a = 2.0**4
    weights, history = _weights_after_one_step(game)
    assert weights == [1.0, 0.5]
    assert history["d_loss"] == [16.0]  # the loss without the scale
    assert history["g_loss"] == [2.0**-26]
    players = game.optimizer.discriminator, game.optimizer.generator
    assert [float(player.dynamic_scale.numpy()) for player in players] == [2.0**14, 2.0**15]
    assert [int(player.iterations.numpy()) for player in players] == [0, 1]

    game.save(tmp_path / "game.keras")
    loaded = keras.models.load_model(tmp_path / "game.keras").optimizer
    assert float(loaded.discriminator.dynamic_scale.numpy()) == 2.0**14
    for kept, saved in zip(loaded.variables, game.optimizer.variables, strict=True):
        np.testing.assert_array_equal(kept.numpy(), saved.numpy())


def test_a_vae_scales_its_loss(tiny_images):
    # Keras puts the optimizer into a LossScaleOptimizer. Some first steps overflow.
    keras.config.set_dtype_policy("mixed_float16")
    vae = autoencoders.VAE(
        get_encoder(TINY_SHAPE, 6, kind="mlp", widths=(16,)),
        get_decoder(3, TINY_SHAPE, kind="mlp", widths=(16,)),
    )
    vae.compile(keras.optimizers.Adam(1e-2))
    history = vae.fit(tiny_images, batch_size=BATCH, epochs=6, verbose=0).history
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    assert 0 < int(vae.optimizer.iterations.numpy()) <= 6 * 3


@pytest.mark.skipif(not TENSORFLOW, reason="JAX always compiles; PyTorch has no XLA")
@pytest.mark.parametrize("system", [gans.GAN, gans.WGANGP, autoencoders.VAE])
def test_a_step_compiled_by_xla_is_the_same_step(system, tiny_images):
    losses = []
    small = {"kind": "mlp", "widths": (16,)}
    for jit_compile in (False, True):
        if system is autoencoders.VAE:
            model = system(get_encoder(TINY_SHAPE, 6, **small), get_decoder(3, TINY_SHAPE, **small))
        else:
            players = get_generator(3, TINY_SHAPE, **small), get_discriminator(TINY_SHAPE, **small)
            model = system(*players, k=1)
        model.compile(jit_compile=jit_compile)
        assert model.jit_compile == jit_compile
        losses.append(model.fit(tiny_images, batch_size=BATCH, shuffle=False, verbose=0).history)
    for name in losses[0]:
        # with the same seed, XLA draws other noise
        assert losses[1][name][0] == pytest.approx(losses[0][name][0], rel=0.05, abs=0.02)
