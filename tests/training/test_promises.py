"""Tests of what `fit`, `compile` and saving promise, over all systems of the catalogue."""

import json
import subprocess
import sys

import ankeras
from ankeras.autoencoders import CVAE, VAE, Autoencoder, DenoisingAutoencoder, squared_error
from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.catalogue import TRAINED
from ankeras.data import Dataset
from ankeras.diffusion.noise_to_image import NoiseToImage
from ankeras.gans import CGAN, GAN, WGANGP, TwoPlayers
from ankeras.training.callbacks import WeightAverage
from ankeras.training.catalogue_row import TINY_LENGTH, TINY_SHAPE, TINY_WORDS
from ankeras.training.system import System

import keras
import numpy as np
import pytest
from keras import ops

TENSORFLOW = keras.backend.backend() == "tensorflow"
# plain Keras models, such as that of get_autoencoder, keep Keras's promises
# systems of tokens or embeddings have their own tests of bad input
ROWS = [
    row
    for row in TRAINED
    if isinstance(row.tiny(), System) and not row.learns_from.startswith(("tokens", "z"))
]
N = 8  # images of a batch


def _data(row, n=N):
    """Return images and what the system learns from, as a tuple for `fit`."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.1, 0.9, (n, *TINY_SHAPE)).astype("float32")
    y = rng.integers(0, 2, n)
    rgb = np.repeat(x, 3, axis=-1)
    return {
        "x, x": (x, x),
        "x": (x,),
        "x, y": (x, y),
        "x, rgb": (x, rgb),
        "binary x": (np.round(x),),
        "x, tokens": (x, rng.integers(1, TINY_WORDS, (n, TINY_LENGTH))),
    }[row.learns_from]


def _compiled(model, rate=1e-3, **options):
    """Return a model that takes steps of SGD, without a graph where that is possible."""
    options |= {"run_eagerly": TENSORFLOW}
    if isinstance(model, TwoPlayers):
        model.compile(*(keras.optimizers.SGD(rate) for _ in range(2)), **options)
    elif isinstance(model, Autoencoder):
        model.compile(keras.optimizers.SGD(rate), loss=squared_error, **options)
    else:
        model.compile(keras.optimizers.SGD(rate), **options)
    return model


@pytest.fixture(scope="module", params=ROWS, ids=[row.api for row in ROWS])
def trained(request):
    """Return a row, and its model that is ready to be trained."""
    return request.param, _compiled(request.param.tiny())


class _Batches(keras.utils.PyDataset):
    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 1

    def __getitem__(self, i):
        return self.batch


def _as_dataset(x, y=None):
    targets = {} if y is None or y.ndim > 1 else {"labels": y}
    return Dataset(x, targets, ("a", "b"))


def _as_tf_data(*data):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices(data).batch(N)


def _as_loader(*data):
    torch = pytest.importorskip("torch")
    return torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(*map(torch.as_tensor, data)), batch_size=N
    )


KINDS = {
    "arrays": lambda *data: data,
    "tensors": lambda *data: tuple(map(ops.convert_to_tensor, data)),
    "Dataset": lambda *data: (_as_dataset(*data),),
    "tf.data": lambda *data: (_as_tf_data(*data),),
    "PyDataset": lambda *data: (_Batches(data),),
    "DataLoader": lambda *data: (_as_loader(*data),),
    "generator": lambda *data: ((data for _ in range(2)),),
}


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_images_of_any_kind_raise_an_error(trained, kind):
    row, model = trained
    x, *rest = _data(row)
    with pytest.raises(ValueError, match="x holds NaN or infinity"):
        model.fit(*KINDS[kind](x * np.nan, *rest), batch_size=N, verbose=0)


def test_wrong_images_raise_an_error_wherever_they_enter(trained):
    row, model = trained
    x, *rest = _data(row)
    wrong = (x * np.nan, *rest)
    for use in (
        lambda: model.fit(x, *rest, batch_size=N, validation_data=wrong, verbose=0),
        lambda: model.fit(x, *rest, batch_size=N, validation_data=_as_dataset(*wrong), verbose=0),
        lambda: model.evaluate(*wrong, verbose=0),
        lambda: model.evaluate(_Batches(wrong), verbose=0),
        lambda: model.train_on_batch(*wrong),
        lambda: model.test_on_batch(*wrong),
    ):
        with pytest.raises(ValueError, match="x holds NaN or infinity"):
            use()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("api", ["DenoisingAutoencoder", "VAE", "CGAN"])
def test_right_images_of_any_kind_are_learnt(kind, api):
    (row,) = [row for row in ROWS if row.api == api]
    model = _compiled(row.tiny())
    before = model.get_weights()
    given = KINDS[kind](*_data(row))
    whole = kind in ("arrays", "tensors", "Dataset")
    options = {"batch_size": N} if whole else {}
    options |= {"steps_per_epoch": 2} if kind == "generator" else {}
    history = model.fit(*given, verbose=0, **options).history
    assert all(np.isfinite(values).all() for values in history.values())
    after = model.get_weights()
    assert any(np.abs(a - b).max() > 0 for a, b in zip(before, after, strict=True))


def test_weights_of_images_count_or_are_refused(trained):
    row, model = trained
    data = _data(row)
    targets = data[1] if len(data) > 1 else None
    weights = np.arange(N, dtype="float32")
    if not model.weighs_images:
        with pytest.raises(ValueError, match="single images have no weights"):
            model.fit(*data, batch_size=N, sample_weight=weights, verbose=0)
        with pytest.raises(ValueError, match="single images have no weights"):
            model.train_on_batch(*data, class_weight={0: 1.0, 1: 2.0})
        with pytest.raises(ValueError, match="single images have no weights"):
            model.fit(_Batches((*data[:1], targets, weights)), verbose=0)
        return
    one = np.zeros(N, "float32")
    one[3] = N
    weighted = model.evaluate(*data, batch_size=N, sample_weight=one, verbose=0, return_dict=True)
    name = "reconstruction" if "reconstruction" in weighted else "loss"
    none = model.evaluate(*data, batch_size=N, sample_weight=0 * one, verbose=0, return_dict=True)
    assert none[name] == 0 != weighted[name]
    if not isinstance(model, NoiseToImage):  # each evaluation draws other noise
        alone = model.evaluate(*(a[3:4] for a in data), verbose=0, return_dict=True)
        # a VAE draws new noise, to which features are more sensitive than pixels
        rtol = {"VAE": 0.05, "CVAE": 0.05, "DFCVAE": 0.3}.get(row.api, 1e-4)
        np.testing.assert_allclose(weighted[name], alone[name], rtol=rtol)
    for wrong, sentence in (
        (weights[:4], r"one weight per image, of shape \(8,\)"),
        (-weights, "negative weights"),
        (weights * np.nan, "NaN"),
    ):
        with pytest.raises(ValueError, match=sentence):
            model.fit(*data, batch_size=N, sample_weight=wrong, verbose=0)


def test_regularizers_of_layers_count():
    # Each step adds them in the same way, and JAX needs two seconds to compile one: every fifth.
    for row in ROWS if TENSORFLOW else ROWS[::5]:
        model = row.tiny()
        kernels = [
            next(weight for weight in player.trainable_variables if weight.name == "kernel")
            for player in model.layers
            if isinstance(player, keras.Model) and player.trainable_variables
        ]
        before = [np.array(kernel) for kernel in kernels]
        for kernel in kernels:
            kernel.regularizer = keras.regularizers.L2(1e5)
        _compiled(model, rate=1e-6)
        model.train_on_batch(*_data(row))
        # the kernel w descends 1e5 w^2 by 1e-6 times the slope 2e5 w: it becomes 0.8 w
        for kernel, old in zip(kernels, before, strict=True):
            factor = np.abs(np.array(kernel)).mean() / np.abs(old).mean()
            if isinstance(model, TwoPlayers) and hasattr(model, "c"):
                continue  # a WGAN clips the critic's weights afterwards
            assert factor == pytest.approx(0.8, abs=0.02), (row.api, kernel.path)


def test_options_of_compile_count_or_are_refused(trained):
    _, model = trained
    if isinstance(model, TwoPlayers):
        for option, sentence in (
            ({"metrics": ["mae"]}, "leave out metrics"),
            ({"loss": "mse"}, "leave out loss"),
            ({"optimizer": "adam"}, r"compile\(d_optimizer=..., g_optimizer=...\)"),
        ):
            with pytest.raises(ValueError, match=sentence):
                model.compile(**option)
    elif isinstance(model, Autoencoder):
        with pytest.raises(ValueError, match="needs its loss"):
            model.compile("adam")
    else:
        with pytest.raises(ValueError, match="has its own loss"):
            model.compile("adam", loss="mse")


@pytest.mark.parametrize("api", ["VAE", "CVAE", "SparseAutoencoder"])
def test_a_metric_is_that_of_the_reconstruction(api):
    (row,) = [row for row in ROWS if row.api == api]
    model = _compiled(row.tiny(), metrics=["mae"])
    x, *_ = data = _data(row)
    found = model.evaluate(*data, batch_size=N, verbose=0, return_dict=True)["mae"]
    inputs = list(data) if api == "CVAE" else x
    drawn = model.predict(inputs, verbose=0)
    # a VAE draws its codes around those of the prediction
    np.testing.assert_allclose(found, np.abs(drawn - x).mean(), rtol=0.05)


def test_a_player_without_weights_to_train_is_refused(trained):
    row, model = trained
    players = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.Model) and layer.trainable_variables
    ]
    discriminators = [
        network for name, network in model.named_networks().items() if "discriminator" in name
    ]
    for player in discriminators or players:
        player.trainable = False
    try:
        with pytest.raises(ValueError, match="can be trained: set"):
            model.fit(*_data(row), batch_size=N, verbose=0)
    finally:
        for player in players:
            player.trainable = True


def test_plot_model_shows_players_and_shapes(trained):
    pytest.importorskip("pydot")
    _, model = trained
    text = keras.utils.model_to_dot(model, show_shapes=True).to_string()
    for player in model.layers:
        if isinstance(player, keras.Model):
            assert f"{player.name}: " in text
            assert str(player.output_shape).strip("()") in text


SCRIPT = """
import ankeras, json, keras, numpy as np, sys
for name, file in json.loads(sys.argv[1]).items():
    model = keras.models.load_model(file)
    assert type(model).__name__ == name and model.optimizer is not None, name
    np.save(file + ".npy", model.layers[-1].get_weights()[0])
"""


@pytest.mark.skipif(not TENSORFLOW, reason="one process with another backend takes long")
def test_all_systems_are_loaded_in_a_program_that_imports_the_package_alone(tmp_path):
    files = {}
    for row in ROWS:
        model = _compiled(row.tiny())
        files[type(model).__name__] = str(tmp_path / f"{row.api}.keras")
        model.save(files[type(model).__name__])
        np.save(tmp_path / f"{row.api}.npy", model.layers[-1].get_weights()[0])
    command = [sys.executable, "-W", "error::UserWarning", "-c", SCRIPT, json.dumps(files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    for file in files.values():
        saved = np.load(file.removesuffix(".keras") + ".npy")
        np.testing.assert_array_equal(np.load(file + ".npy"), saved)


def test_hdf5_is_refused_before_a_file_is_written(trained, tmp_path):
    _, model = trained
    for ending in ("h5", "hdf5"):
        with pytest.raises(ValueError, match=r"Save it to a file that ends in \".keras\""):
            model.save(tmp_path / f"model.{ending}")
    assert not list(tmp_path.iterdir())


def _exported(api):
    """Return a model, and what its `call` is given: (3, ...) images, or codes."""
    (row,) = [row for row in ROWS if row.api == api]
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(3, *TINY_SHAPE)).astype("float32")
    given = {
        "CVAE": [x, np.array([0, 1, 0], "int32")],
        "CGAN": [rng.normal(size=(3, 3)).astype("float32"), np.eye(2, dtype="float32")[[0, 1, 1]]],
    }.get(api, x)
    return row.tiny(), given


@pytest.mark.skipif(not TENSORFLOW, reason="Keras exports from JAX by way of TensorFlow")
@pytest.mark.parametrize("api", ["VAE", "CVAE", "CGAN", "TiedAutoencoder"])
def test_an_exported_model_computes_the_same(api, tmp_path):
    import tensorflow as tf  # noqa: PLC0415

    model, given = _exported(api)
    model.export(tmp_path / "model", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded.serve(given), model(given), atol=1e-5)


@pytest.mark.skipif(not TENSORFLOW, reason="Keras exports from JAX by way of TensorFlow")
@pytest.mark.filterwarnings("ignore:In the future")  # tf2onnx asks NumPy for an old name
def test_a_model_exported_to_onnx_computes_the_same(tmp_path):
    pytest.importorskip("tf2onnx", reason="Keras writes ONNX with tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime", reason="it runs the file")
    for api in ("VAE", "CVAE"):
        model, given = _exported(api)
        file = str(tmp_path / f"{api}.onnx")
        model.export(file, format="onnx", verbose=False)
        session = onnxruntime.InferenceSession(file)
        inputs = given if isinstance(given, list) else [given]
        named = {each.name: x for each, x in zip(session.get_inputs(), inputs, strict=True)}
        np.testing.assert_allclose(session.run(None, named)[0], model(given), atol=1e-5)


def _gan():
    return GAN(
        get_generator(3, TINY_SHAPE, kind="mlp", widths=(8,)),
        get_discriminator(TINY_SHAPE, kind="mlp", widths=(8,)),
    )


def _vae():
    return VAE(
        get_encoder(TINY_SHAPE, 4, kind="mlp", widths=(8,)),
        get_decoder(2, TINY_SHAPE, kind="mlp", widths=(8,)),
    )


X = np.random.default_rng(0).uniform(size=(32, *TINY_SHAPE)).astype("float32")


def test_a_learning_rate_reaches_both_players():
    gan = _gan()
    gan.compile(keras.optimizers.Adam(2e-3), keras.optimizers.Adam(1e-3))
    assert float(gan.optimizer.learning_rate) == pytest.approx(1e-3)
    before = gan.get_weights()
    rates = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.0)
    history = gan.fit(X, epochs=2, callbacks=rates, verbose=0).history
    assert history["learning_rate"] == [0.0, 0.0]
    trained = [i for i, weight in enumerate(gan.weights) if weight.trainable]
    for i in trained:
        np.testing.assert_array_equal(gan.get_weights()[i], before[i])
    gan.optimizer.learning_rate = 5e-4
    assert float(gan.optimizer.generator.learning_rate) == pytest.approx(5e-4)
    assert float(gan.optimizer.discriminator.learning_rate) == pytest.approx(1e-3)
    plateau = keras.callbacks.ReduceLROnPlateau(
        "g_loss", mode="min", min_delta=1e9, patience=1, factor=0.1
    )
    gan.fit(X, epochs=2, callbacks=[plateau], verbose=0)
    assert float(gan.optimizer.generator.learning_rate) == pytest.approx(5e-5)
    assert float(gan.optimizer.discriminator.learning_rate) == pytest.approx(1e-4)
    assert int(gan.optimizer.iterations) == 4


@pytest.mark.parametrize("build", [_gan, _vae])
def test_the_moving_average_of_an_optimizer_is_put_in_place(build):
    model = build()
    optimizers = [keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.5) for _ in range(2)]
    model.compile(*optimizers[: 2 if build is _gan else 1])
    steps = []  # the weights after each step, as a callback sees them

    class Keep(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            steps.append([np.array(weight) for weight in self.model.trainable_variables])

    model.fit(X, batch_size=16, callbacks=Keep(), verbose=0)
    for i, weight in enumerate(model.trainable_variables):
        average = 0.5 * steps[0][i] + 0.5 * steps[1][i]
        np.testing.assert_allclose(np.array(weight), average, atol=1e-5)


class _Interrupt(keras.callbacks.Callback):
    """Presses Ctrl-C at the start of an epoch, and notes whether the training ended as usual."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.ended = epoch, 0

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt

    def on_train_end(self, logs=None):
        self.ended += 1


def test_ctrl_c_puts_averaged_weights_in_place():
    gan, average, interrupt = _gan(), WeightAverage(0.9), _Interrupt(2)
    gan.compile()
    gan.fit(X, epochs=9, callbacks=[average, interrupt], verbose=0)
    assert interrupt.ended == 1
    for weight, value in zip(gan.generator.weights, average.average, strict=True):
        np.testing.assert_array_equal(np.array(weight), ops.convert_to_numpy(value))


def test_ctrl_c_puts_the_best_weights_in_place():
    vae = _vae()
    vae.compile(keras.optimizers.Adam(1e-2))
    first = keras.callbacks.EarlyStopping("loss", mode="max", patience=9, restore_best_weights=True)
    vae.fit(X, epochs=9, callbacks=[first, _Interrupt(3)], verbose=0)
    for weight, value in zip(vae.get_weights(), first.best_weights, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_ctrl_c_before_the_first_step_changes_nothing():
    gan = _gan()
    gan.compile()
    before = gan.get_weights()
    gan.fit(X, callbacks=[WeightAverage(), _Interrupt(0)], verbose=0)
    for old, new in zip(before, gan.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_an_error_before_the_training_keeps_its_sentence():
    class Impatient(keras.callbacks.Callback):
        def set_params(self, params):
            raise KeyboardInterrupt

    vae = _vae()
    for use in (vae.fit, vae.evaluate):
        with pytest.raises(ValueError, match=r"You must call `compile\(\)`"):
            use(X, verbose=0)
    vae.compile("adam")
    with pytest.raises(TypeError, match="bogus"):
        vae.fit(X, bogus=1, verbose=0)
    with pytest.raises(KeyboardInterrupt):
        vae.fit(X, callbacks=Impatient(), verbose=0)


def test_ctrl_c_keeps_the_backup_of_a_training(tmp_path):
    vae = _vae()
    vae.compile(keras.optimizers.Adam(1e-2))
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    vae.fit(X, epochs=9, callbacks=[backup, _Interrupt(2)], verbose=0)
    assert list((tmp_path / "backup").iterdir())


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softmax", "relu"])
def test_bounded_scores_are_refused(activation):
    s = keras.Input(TINY_SHAPE)
    features = keras.layers.Flatten()(s)
    last = keras.layers.Dense(1, activation)
    nested = keras.Sequential([keras.Input((144,)), keras.layers.Dense(1, activation)])
    for scores in (keras.layers.Reshape((1,))(last(features)), nested(features)):
        with pytest.raises(ValueError, match="leave out the activation of its last layer"):
            GAN(get_generator(3, TINY_SHAPE, widths=(4,)), keras.Model(s, scores))


def test_an_own_decoder_that_ends_in_a_reshape_is_known_to_draw_probabilities():
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(144, "sigmoid"),
            keras.layers.Reshape(TINY_SHAPE),
        ]
    )
    vae = VAE(get_encoder(TINY_SHAPE, 4, widths=(4,)), decoder)
    vae.compile("adam")
    with pytest.raises(ValueError, match=r"the network draws values in \[0, 1\]"):
        vae.fit(X * 255, verbose=0)


def test_networks_of_unknown_shapes_are_refused():
    class Own(keras.Model):
        def call(self, x):
            return x

    unbuilt = keras.Sequential([keras.layers.Dense(1)])
    for network in (Own(), unbuilt, lambda x: x):
        with pytest.raises(ValueError, match="shapes of the discriminator are not known"):
            GAN(get_generator(3, TINY_SHAPE, widths=(4,)), network)
        with pytest.raises(ValueError, match="shapes of the encoder are not known"):
            VAE(network, get_decoder(2, TINY_SHAPE, widths=(4,)))


def test_an_activity_regularizer_in_a_game_is_refused():
    gan = _gan()
    gan.discriminator.layers[-1].activity_regularizer = keras.regularizers.L2(1.0)
    gan.compile()
    with pytest.raises(ValueError, match="has an activity_regularizer"):
        gan.fit(X, verbose=0)


def test_a_batch_with_fewer_images_than_steps_of_the_critic_is_refused():
    wgan = WGANGP(
        get_generator(3, TINY_SHAPE, kind="mlp", widths=(8,)),
        get_discriminator(TINY_SHAPE, kind="mlp", widths=(8,)),
        k=5,
    )
    wgan.compile(run_eagerly=TENSORFLOW)
    with pytest.raises(ValueError, match="32 images has 2 images, but each batch needs at least 5"):
        wgan.fit(X, batch_size=10, verbose=0)
    with pytest.raises(ValueError, match="holds 2 images, but each batch needs at least 5"):
        wgan.fit(((X[i : i + 10],) for i in range(0, 32, 10)), steps_per_epoch=4, verbose=0)
    if TENSORFLOW:
        with pytest.raises(ValueError, match="holds 2 images, but each batch needs at least 5"):
            wgan.fit(_as_tf_data(X).unbatch().batch(10), verbose=0)


def test_weights_that_hold_nan_are_named_as_the_reason():
    vae = _vae()
    vae.compile("adam")
    vae.set_weights([weight * np.nan for weight in vae.get_weights()])
    with pytest.raises(FloatingPointError, match="held NaN or infinity before the training"):
        vae.fit(X, verbose=0)


@pytest.mark.parametrize("slots", [{"momentum": 0.9}, {"use_ema": True}])
def test_the_state_of_an_optimizer_comes_back_after_nan(slots):
    vae = _vae()
    vae.compile(keras.optimizers.SGD(1e6, **slots))
    with pytest.raises(FloatingPointError, match="loss became"):
        vae.fit(X, batch_size=8, epochs=5, verbose=0)
    for variable in [*vae.variables, *vae.optimizer.variables]:
        assert np.isfinite(np.array(variable)).all(), variable.path


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (None, r"give fit\(x, x\)"),
        (np.zeros(32, int), r"but y has shape \(32,\)"),
        (np.zeros((32, 1, 1, 1), "float32"), r"but y has shape \(32, 1, 1, 1\)"),
        (255 * X, r"y holds values in \[.*, 25\d"),
        (X[:16], r"but y has shape \(16, 12, 12, 1\)"),
    ],
)
def test_a_target_that_an_autoencoder_can_not_draw_is_refused(target, sentence):
    model = DenoisingAutoencoder(
        get_encoder(TINY_SHAPE, 2, widths=(4,)), get_decoder(2, TINY_SHAPE, widths=(4,))
    )
    model.compile("adam", loss=squared_error)
    with pytest.raises(ValueError, match=sentence):
        model.fit(X, target, verbose=0)


def test_class_weights_are_those_of_labels():
    labels = np.arange(32) % 2
    cvae = CVAE(
        get_encoder(TINY_SHAPE, 4, widths=(4,), condition_dim=2),
        get_decoder(2, TINY_SHAPE, widths=(4,), condition_dim=2),
    )
    cvae.compile(keras.optimizers.SGD(0.0))
    # with weights 2 and 0 the loss is the mean over the images of class 0
    found = cvae.fit(X, labels, class_weight={0: 2.0, 1: 0.0}, verbose=0).history["loss"][0]
    alone = cvae.fit(X[::2], labels[::2], batch_size=16, verbose=0).history["loss"][0]
    assert found == pytest.approx(alone, rel=0.05)  # the noise differs
    model = DenoisingAutoencoder(
        get_encoder(TINY_SHAPE, 2, widths=(4,)), get_decoder(2, TINY_SHAPE, widths=(4,))
    )
    model.compile("adam", loss=squared_error)
    with pytest.raises(ValueError, match="class_weight needs labels"):
        model.fit(X, X, class_weight={0: 1.0}, verbose=0)


def test_labels_may_be_a_list():
    cgan = CGAN(
        get_generator(3, TINY_SHAPE, kind="mlp", widths=(8,), condition_dim=2),
        get_discriminator(TINY_SHAPE, kind="mlp", widths=(8,), condition_dim=2),
    )
    cgan.compile("adam", "rmsprop", run_eagerly=TENSORFLOW)
    assert isinstance(cgan.optimizer.generator, keras.optimizers.RMSprop)
    labels = (np.arange(32) % 2).tolist()
    assert np.isfinite(cgan.fit(X, labels, verbose=0).history["g_loss"]).all()
    for wrong in ([-1] * 32, [2] * 32):
        with pytest.raises(ValueError, match="but the system was built for 2 classes"):
            cgan.fit(X, wrong, verbose=0)
    with pytest.raises(ValueError, match="give the images as one array"):
        cgan.fit(list(X), labels, verbose=0)
    for n in (0, -3):
        with pytest.raises(ValueError, match="Ask for n >= 1"):
            _gan().generate(n)


def test_one_optimizer_for_two_players_is_refused():
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="the same optimizer object"):
        _gan().compile(optimizer, optimizer)


def test_arguments_of_fit_may_be_positional():
    vae = _vae()
    vae.compile("adam")
    stop = keras.callbacks.TerminateOnNaN()
    assert len(vae.fit(X, None, 16, 2, 0, stop).epoch) == 2


@pytest.mark.parametrize(
    ("change", "back", "sentence"),
    [
        (
            lambda: keras.config.set_image_data_format("channels_first"),
            lambda: keras.config.set_image_data_format("channels_last"),
            'Keras is set to "channels_first"',
        ),
        (
            lambda: keras.config.set_floatx("float16"),
            lambda: keras.config.set_floatx("float32"),
            r"Keras is set to float16 \(floatx\)",
        ),
        (
            lambda: keras.config.set_dtype_policy("bfloat16"),
            lambda: keras.config.set_dtype_policy("float32"),
            r"bfloat16 \(dtype policy\)",
        ),
        (
            lambda: keras.config.set_dtype_policy("float64"),
            lambda: keras.config.set_dtype_policy("float32"),
            r"float64 \(dtype policy\)",
        ),
    ],
)
def test_settings_of_keras_that_are_not_supported_are_refused_at_once(change, back, sentence):
    networks = get_encoder(TINY_SHAPE, 4, widths=(4,)), get_decoder(2, TINY_SHAPE, widths=(4,))
    change()
    try:
        for build in (ankeras.get_autoencoder, ankeras.get_discriminator, lambda: VAE(*networks)):
            with pytest.raises(ValueError, match=sentence):
                build()
    finally:
        back()
