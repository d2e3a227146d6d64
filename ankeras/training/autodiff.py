"""Gradients on TensorFlow, JAX and PyTorch. Systems never import a backend: this file does.

A system derives from `Model` and overrides `train_step(self, data) -> logs`, as in the lecture.
TensorFlow and PyTorch call it in this way. JAX calls `train_step(state, data) -> (logs, state)`,
and `Model` translates.

Several devices may share a minibatch. On JAX, `train_step` still sees the whole minibatch. On
TensorFlow, each device has a replica of the model and runs `train_step` on its part of the
minibatch, and `optimizer.apply` sums the gradients of all replicas. The sum must be the gradient
of the mean over the minibatch. So each replica divides its gradient by the number of replicas.
"""

import contextlib
import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras

BACKEND = keras.backend.backend()

if BACKEND == "tensorflow":
    import tensorflow as tf
elif BACKEND == "jax":
    import jax
elif BACKEND == "torch":
    import torch
else:
    raise ImportError(f"ankeras trains on tensorflow, jax or torch, not on {BACKEND!r}.")


class Model(keras.Model):
    """A keras.Model whose own `train_step(data)` and `test_step(data)` run on every backend."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        adapters = {"jax": _stateless, "tensorflow": _averaged_by_keras}
        for name in ("train_step", "test_step"):
            if BACKEND in adapters and name in vars(cls):
                setattr(cls, name, adapters[BACKEND](vars(cls)[name]))

    def compute_loss(self, *args: Any, **options: Any) -> Any:
        """Return the compiled loss, averaged over the images of this replica.

        Keras divides the loss by the number of replicas. Here `value_and_gradient` divides.
        """
        return super().compute_loss(*args, **options) * _replicas()


class SeedGenerator(keras.random.SeedGenerator):
    """A seed generator that gives each replica different noise.

    Keras's seed generator returns the same seed on all replicas.
    """

    def __init__(self, seed: int | None = None, **options: Any) -> None:
        # Keras takes an int alone, but an integer of NumPy is one too
        super().__init__(None if seed is None else operator.index(seed), **options)

    def next(self, ordered: bool = True) -> Any:
        """Return the next seed; on the first replica it is Keras's."""
        seed = super().next(ordered)
        if _replicas() == 1:
            return seed
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return seed + tf.cast([1_000_003 * replica, 0], seed.dtype)


def devices_sharing_a_batch(model: keras.Model) -> int:
    """Return how many devices share each minibatch that the model is trained on."""
    if BACKEND == "tensorflow":
        return model.distribute_strategy.num_replicas_in_sync
    distribution = keras.distribution.distribution()
    return 1 if distribution is None else distribution.device_mesh.devices.size


def _replicas() -> int:
    """Return how many replicas run the current step, each on its part of the minibatch."""
    if BACKEND != "tensorflow" or tf.distribute.in_cross_replica_context():
        return 1
    return tf.distribute.get_strategy().num_replicas_in_sync


def _stateless(step: Callable[..., dict]) -> Callable[..., tuple[dict, tuple]]:
    """Turn `step(self, data) -> logs` into JAX's `step(self, state, data) -> (logs, state)`."""

    @functools.wraps(step)
    def stateless_step(self: keras.Model, state: tuple, data: Any) -> tuple[dict, tuple]:
        groups = [self.trainable_variables, self.non_trainable_variables, self.metrics_variables]
        if len(state) == 4:  # a training step's state holds the optimizer's third of four
            groups.insert(2, self.optimizer.variables)
        mapping = [
            pair
            for variables, values in zip(groups, state, strict=True)
            for pair in zip(variables, values, strict=True)
        ]
        with keras.StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
            logs = step(self, data)
        return logs, tuple(
            [scope.get_current_value(variable) for variable in variables] for variables in groups
        )

    return stateless_step


@contextlib.contextmanager
def weights_kept(model: keras.Model) -> Iterator[None]:
    """Leave a model its weights if the training or evaluation within ends with an error.

    On JAX, Keras takes all values out of the variables while it trains, and an error loses them.
    """
    if BACKEND != "jax" or not model.compiled:
        yield
        return
    variables = [*model.variables, *model.metrics_variables, *model.optimizer.variables]
    values = [variable.value for variable in variables]
    try:
        yield
    except BaseException:
        model.jax_state_sync()  # the values after the last whole step, if there was one
        for variable, value in zip(variables, values, strict=True):
            if variable._value is None:
                variable.assign(value)
        raise


def _averaged_by_keras(step: Callable[..., dict]) -> Callable[..., dict]:
    """Let Keras average the logs of several hosts: it does so along their first axis."""

    @functools.wraps(step)
    def step_with_vectors(self: keras.Model, data: Any) -> dict:
        logs = step(self, data)
        strategy = tf.distribute.get_strategy()
        if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            return logs
        if strategy.num_replicas_in_sync == len(strategy.extended.worker_devices):
            return logs  # there is one host
        return {name: value[None] for name, value in logs.items()}

    return step_with_vectors


def value_and_gradient(
    loss_fn: Callable[[], Any], variables: Sequence[keras.Variable]
) -> tuple[Any, list]:
    """Evaluate a loss and its gradient with respect to variables.

    Args:
        loss_fn: returns the scalar loss, or a tuple whose first item is the loss.
        variables: the trainable variables of the player that is being trained.

    Returns:
        What loss_fn returned, and one gradient per variable. What loss_fn changed
        (batch-normalization statistics, seeds) stays changed.
    """
    if BACKEND == "tensorflow":
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            value = loss_fn()
        gradients = tape.gradient(_first(value), [variable.value for variable in variables])
        return value, _shares(gradients)
    if BACKEND == "torch":
        value = loss_fn()
        return value, list(
            torch.autograd.grad(_first(value), [variable.value for variable in variables])
        )
    return _jax_value_and_gradient(loss_fn, variables)


def _shares(gradients: list) -> list:
    """Return what this replica contributes to the gradients of the whole minibatch."""
    n = _replicas()
    return gradients if n == 1 else [None if g is None else g / n for g in gradients]


def input_gradient(fn: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
    """Return the sum of fn(x) and its gradient with respect to x.

    Args:
        fn: maps (batch, *input) to one number, or to one number per row, or to a tuple whose
            first item is that.
        x: (batch, *input), or a list of such.

    Returns:
        The sum, and d sum / dx of x's shape; both can be differentiated again with respect to
        fn's variables.
    """
    if BACKEND == "tensorflow":
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            value = tf.reduce_sum(_first(fn(x)))
        return value, tape.gradient(value, x)
    if BACKEND == "jax":

        def sum_and_state(x: Any) -> tuple[Any, dict]:
            return _pure(lambda: _first(fn(x)).sum(), [])([])

        (value, state), gradient = jax.value_and_grad(sum_and_state, has_aux=True)(x)
        _scope().state_mapping.update(state)
        return value, gradient
    with torch.enable_grad():
        x = keras.tree.map_structure(lambda tensor: tensor.detach().requires_grad_(), x)
        value = _first(fn(x)).sum()
        gradients = torch.autograd.grad(value, keras.tree.flatten(x), create_graph=True)
        return value, keras.tree.pack_sequence_as(x, gradients)


def descend(
    loss_fn: Callable[[], Any],
    optimizer: keras.optimizers.Optimizer,
    variables: Sequence[keras.Variable],
) -> Any:
    """Take one step of an optimizer down the gradient of a loss.

    Args:
        loss_fn: as in `value_and_gradient`.
        optimizer: of the player that is being trained.
        variables: the trainable variables of that player.

    Returns:
        What loss_fn returned.
    """
    # In float16 the scale is not 1, because small gradients would vanish.
    scale = optimizer.scale_loss(1.0)

    def scaled() -> tuple:
        value = loss_fn()
        return _first(value) * scale, value

    (_, value), gradients = value_and_gradient(scaled, variables)
    _apply(optimizer, gradients, variables)
    return value


def _apply(
    optimizer: keras.optimizers.Optimizer, gradients: list, variables: Sequence[keras.Variable]
) -> None:
    if BACKEND != "jax" or not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer.apply(gradients, variables)
        return
    # This optimizer assigns variables inside a condition ("are the gradients finite?"). JAX forbids
    # that, so its stateless form is used.
    state = optimizer.variables
    values = optimizer.stateless_apply(
        [variable.value for variable in state],
        gradients,
        [variable.value for variable in variables],
    )
    for variable, value in zip([*variables, *state], [*values[0], *values[1]], strict=True):
        variable.assign(value)


def _jax_value_and_gradient(
    loss_fn: Callable[[], Any], variables: Sequence[keras.Variable]
) -> tuple[Any, list]:
    def loss_and_rest(values: list) -> tuple[Any, tuple]:
        value, state = _pure(loss_fn, variables)(values)
        return _first(value), (value, state)

    values = [variable.value for variable in variables]
    (_, (value, state)), gradients = jax.value_and_grad(loss_and_rest, has_aux=True)(values)
    _scope().state_mapping.update(state)
    return value, gradients


def _pure(fn: Callable[[], Any], variables: Sequence[keras.Variable]) -> Callable[[list], tuple]:
    """Turn fn, which reads and changes variables, into values -> (result of fn, new state)."""
    outer = _scope()

    def pure(values: list) -> tuple[Any, dict]:
        # A nested scope replaces the outer one. So the values of the outer scope are copied in,
        # and the caller copies out what fn changed.
        with keras.StatelessScope(collect_losses=True) as inner:
            inner.state_mapping.update(outer.state_mapping)
            inner.state_mapping.update(zip(map(id, variables), values, strict=True))
            value = fn()
        return value, inner.state_mapping

    return pure


def _scope() -> keras.StatelessScope:
    """Return the scope of the running train_step, or an empty one outside of it."""
    scope = keras.src.backend.common.stateless_scope.get_stateless_scope()
    return keras.StatelessScope() if scope is None else scope


def input_jacobian(fn: Callable[[Any], Any], x: Any) -> Any:
    """Return the Jacobian of fn at each x: d fn(x)_i / d x_j.

    Args:
        fn: maps (batch, *input) to (batch, d); each row depends on its own input row only.
        x: (batch, *input).

    Returns:
        (batch, d, *input); it can be differentiated again with respect to fn's variables.
    """
    if BACKEND == "tensorflow":
        with tf.GradientTape() as tape:
            tape.watch(x)
            z = fn(x)
        return tape.batch_jacobian(z, x)
    if BACKEND == "jax":
        return jax.vmap(jax.jacrev(lambda row: fn(row[None])[0]))(x)
    with torch.enable_grad():  # Keras evaluates without gradients
        x = x.detach().requires_grad_()
        z = fn(x)
        rows = [
            torch.autograd.grad(z[:, i].sum(), x, create_graph=True)[0] for i in range(z.shape[1])
        ]
    return torch.stack(rows, dim=1)


def repeat(step: Callable[[], Any], steps: int, variables: Sequence[keras.Variable]) -> Any:
    """Take a step many times and return what each step returned: (steps, ...).

    On TensorFlow and JAX all steps are one compiled loop.

    Args:
        step: changes the variables and returns a float32 tensor.
        steps: how many times.
        variables: all variables that the step changes.
    """
    return loop(step, steps, variables)()


def loop(
    step: Callable[[], Any], steps: int, variables: Sequence[keras.Variable]
) -> Callable[[], Any]:
    """Return a function that does what `repeat` does, and is compiled only once."""
    if BACKEND == "tensorflow":
        options = {"fn_output_signature": tf.float32, "parallel_iterations": 1}  # in this order
        return tf.function(
            lambda: tf.map_fn(lambda _: step(), tf.range(steps), **options), autograph=False
        )
    if BACKEND == "jax":

        def stateless_step(values: list, _: None) -> tuple[list, Any]:
            mapping = list(zip(variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping) as scope:
                found = step()
            return [scope.get_current_value(variable) for variable in variables], found

        scan = jax.jit(lambda values: jax.lax.scan(stateless_step, values, length=steps))

        def run() -> Any:
            values, found = scan([variable.value for variable in variables])
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
            return found

        return run
    # PyTorch runs each operation at once
    return lambda: keras.ops.stack([step() for _ in range(steps)])


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value
