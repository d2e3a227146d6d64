"""Train systems on one device and on two, from the same weights, and print the differences.

    python two_devices.py [names of systems in the package]

A backend's devices can't change after its first computation, so `test_distribution.py` starts this
file as a new process. On TensorFlow it forks one process with two devices, and two processes that
train together. So TensorFlow is imported only once.
"""

import json
import os
import socket
import sys
import tempfile
from functools import partial
from pathlib import Path

import ankeras  # noqa: F401 - first, so that TensorFlow starts quietly
from ankeras.autoencoders import Autoencoder, squared_error
from ankeras.builders import synchronize_batch_norm
from ankeras.catalogue import SYSTEMS
from ankeras.gans import AdversarialGame, FCBiGAN, TwoPlayers
from ankeras.training.callbacks import Resume, SampleGrid, WeightAverage
from ankeras.training.catalogue_row import TINY_SHAPE
from ankeras.training.system import System

import keras
import numpy as np
from keras import ops

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
if ON_TENSORFLOW:
    import tensorflow as tf

BATCH = 16
QUICK = {"run_eagerly": True} if ON_TENSORFLOW else {}  # building graphs would take longer
NAMED = {system.api: system for system in SYSTEMS}
# a loss given to compile, noise, several steps of D and a penalty, an encoder, codes of any size
STEPS = ("SparseAutoencoder", "VAE", "WGANGP", "BiGAN", "FCBiGAN")


def compiled(system, **options):
    keras.utils.set_random_seed(0)
    model = system.tiny()
    synchronize_batch_norm(model)
    if isinstance(model, TwoPlayers):
        model.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01), **options)
        model.r1 = 0.0  # each device would compute R1 on a quarter of its part of the images
    else:
        needs_loss = not isinstance(model, System) or isinstance(model, Autoencoder)
        loss = {"loss": squared_error} if needs_loss else {}
        model.compile(keras.optimizers.SGD(0.01), **loss, **options)
    return model


def data_of(system, n):
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(n, *TINY_SHAPE)).astype("float32")
    y = rng.integers(0, 2, n)
    rgb = np.repeat(x, 3, axis=-1)
    return {
        "x, x": (x, x),
        "x": (x,),
        "x, y": (x, y),
        "x, rgb": (x, rgb),
        "binary x": (np.round(x),),
    }[system.learns_from]


def without_chance():
    """Make noise a function of the images, or constant: then it does not depend on the devices."""

    def sample_z(self, x):
        flat = ops.reshape(x, (-1, TINY_SHAPE[0] * TINY_SHAPE[1]))[:, : self.latent_dim]
        is_map = len(self.generator.inputs[0].shape) == 4
        return ops.tile(flat[:, None, None], (1, 3, 3, 1)) if is_map else flat

    for cls in (AdversarialGame, FCBiGAN):
        cls.sample_z = sample_z
    keras.random.normal = lambda shape, dtype=None, seed=None: ops.full(shape, 0.5, dtype)
    keras.random.uniform = lambda shape, *_, dtype=None, seed=None: ops.full(shape, 0.3, dtype)
    keras.random.randint = lambda shape, low, high, seed=None: ops.full(shape, low, "int32")


def state(model):
    measures = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in measures]


def gap(some, others):
    pairs = zip(some, others, strict=True)
    return max(float(np.abs(np.array(a) - np.array(b)).max()) for a, b in pairs)


def trained(system, n, **options):
    model = compiled(system, **options)
    before = [np.array(variable) for variable in model.trainable_variables]
    history = model.fit(*data_of(system, n), batch_size=BATCH, shuffle=False, verbose=0).history
    logs = {name: values[-1] for name, values in history.items()}
    steps = [gap([old], [new]) for old, new in zip(before, model.trainable_variables, strict=True)]
    return model, logs, sum(step > 0 for step in steps) / len(steps)


def compared(system, scope, n=2 * BATCH, **options):
    """Train on n images, on one device and within the scope.

    Returns:
        The second model, and the largest differences between the two trainings.
    """
    one, logs_of_one, moved_of_one = trained(system, n, **QUICK)
    with scope():
        two, logs, moved = trained(system, n, **options)
    return two, {
        "weights": gap(state(one), state(two)),
        "logs": gap(logs_of_one.values(), logs.values()),
        "moved": [moved_of_one, moved],
        "finite": all(np.isfinite(np.array(variable)).all() for variable in state(two)),
    }


def replicas_apart(strategy, model):
    """Return the largest difference between a model's variables and their copies on devices."""
    return max(
        gap([variable], [copy])
        for variable in state(model)
        for copy in strategy.experimental_local_results(variable.value)
    )


def mirrored():
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    found = {**with_chance(strategy), "systems": {}}
    without_chance()
    for system in (NAMED[api] for api in sys.argv[1:] or STEPS):
        two, result = compared(system, strategy.scope, BATCH, **QUICK)
        result["replicas"] = replicas_apart(strategy, two)
        found["systems"][system.api] = result
    _, found["graph"] = compared(NAMED["GAN"], strategy.scope)
    return found


def with_chance(strategy):
    """Train a GAN with random noise and callbacks, save it, load it and train it further."""
    system, folder = NAMED["GAN"], Path(tempfile.mkdtemp())
    x = data_of(system, 2 * BATCH)[0]
    with strategy.scope():
        gan = compiled(system, **QUICK)
    drawn = strategy.run(lambda: gan.sample_z(ops.zeros((4, 1))))
    first, second = strategy.experimental_local_results(drawn)
    average, grid = WeightAverage(), SampleGrid(lambda: gan.generate(3))
    callbacks = [average, grid, Resume(folder, average)]
    gan.fit(x, batch_size=BATCH, callbacks=callbacks, verbose=0)
    found = {
        "noise": gap([first], [second]),
        "average": gap(average.average, gan.generator.weights),
        "frames": len(grid.frames),
        "replicas": replicas_apart(strategy, gan),
    }
    gan.save(folder / "model.keras")
    with strategy.scope():
        loaded = keras.models.load_model(folder / "model.keras")
        resumed = compiled(system, **QUICK)
    loaded.run_eagerly = True
    found["loaded"] = gap(gan.weights, loaded.weights)
    loaded.fit(x, batch_size=BATCH, verbose=0)
    found["replicas of the loaded"] = replicas_apart(strategy, loaded)
    callbacks = [WeightAverage(), Resume(folder)]
    found["resumed"] = resumed.fit(
        x, batch_size=BATCH, epochs=2, callbacks=callbacks, verbose=0
    ).epoch
    found["refused"] = [refused(loaded, x[:30], BATCH), refused(loaded, x, 15)]
    spoilt = loaded.discriminator.trainable_variables[0]
    spoil = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: batch and spoilt.assign(spoilt * np.nan)
    )
    try:
        loaded.fit(x, batch_size=BATCH, callbacks=[spoil], verbose=0)
    except FloatingPointError:
        found["replicas of the saved"] = replicas_apart(strategy, loaded)
    return found


def refused(model, x, batch_size):
    try:
        model.fit(x, batch_size=batch_size, verbose=0)
    except ValueError as error:
        return str(error)


def tensorflow():
    """Fork one process with two devices and two that train together; return their results."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in (first, second)]
    found = forked([mirrored, partial(worker, addresses, 0), partial(worker, addresses, 1)])
    return {"mirrored": found[0], "workers": found[1:]}


def forked(functions):
    """Run each function in a forked process, all at the same time, and return their results."""
    folder = Path(tempfile.mkdtemp())
    children = []
    for index, function in enumerate(functions):
        child = os.fork()
        if child == 0:
            (folder / str(index)).write_text(json.dumps(function()))
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return [json.loads((folder / str(index)).read_text()) for index in range(len(functions))]


def worker(addresses, index):
    task = {"type": "worker", "index": index}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": addresses}, "task": task})
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    without_chance()
    found = {"workers": strategy.num_replicas_in_sync}
    for api in ("VAE", "GAN"):
        two, found[api] = compared(NAMED[api], strategy.scope)
        found[api]["sum"] = float(sum(np.abs(np.array(v)).sum() for v in state(two)))
    return found


def jax():
    one = keras.distribution.DeviceMesh((1,), ["batch"], keras.distribution.list_devices()[:1])
    both = keras.distribution.DataParallel(auto_shard_dataset=False)
    found = {"devices": len(keras.distribution.list_devices())}
    for api in ("LSGAN",):
        keras.distribution.set_distribution(keras.distribution.DataParallel(device_mesh=one))
        _, found[api] = compared(NAMED[api], both.scope)
    return found


if __name__ == "__main__":
    print(json.dumps(tensorflow() if ON_TENSORFLOW else jax()))
