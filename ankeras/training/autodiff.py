"""Gradients on TensorFlow, JAX and PyTorch: models are written once, this file knows the rest.

A system overrides `train_step(self, data) -> logs` as in the lecture and derives from `Model`.
TensorFlow and PyTorch call it so; JAX calls `train_step(state, data) -> (logs, state)`, and
`Model` adapts the one to the other.

Several devices may share a minibatch. On JAX a `train_step` sees the whole of it all the same.
On TensorFlow each device has a replica of the model and a `train_step` of its own on its part,
and `optimizer.apply` sums the gradients of all. So that the sum is the gradient of the mean over
the minibatch, each replica contributes its gradient divided by their number.
"""

import functools
from collections.abc import Callable, Sequence
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
        """Return the compiled loss, averaged over the images at hand.

        Keras divides it by the number of replicas; `value_and_gradient` does that.
        """
        return super().compute_loss(*args, **options) * _replicas()


class SeedGenerator(keras.random.SeedGenerator):
    """A seed generator from which each replica draws noise of its own; the first, one's own."""

    def next(self, ordered: bool = True) -> Any:
        """Return the next seed; Keras's own would be the same on all replicas."""
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
        with keras.StatelessScope(state_mapping=mapping) as scope:
            logs = step(self, data)
        return logs, tuple(
            [scope.get_current_value(variable) for variable in variables] for variables in groups
        )

    return stateless_step


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
        What loss_fn returned, and one gradient a variable. What loss_fn changed on the way
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


def value_and_pullback(
    fn: Callable[[], Any], variables: Sequence[keras.Variable]
) -> tuple[Any, Callable[[Any], list]]:
    """Evaluate fn now, and later turn dL/dvalue into dL/dvariables: the chain rule in two halves.

    A generator's images can so be judged by a discriminator that is trained in between, without
    being generated again.

    Args:
        fn: returns a tensor.
        variables: the trainable variables that the tensor depends on.

    Returns:
        The value without its history, and the function from dL/dvalue, of the value's shape, to
        one gradient a variable; it can be called once.
    """
    if BACKEND == "tensorflow":
        tensors = [variable.value for variable in variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(tensors)
            value = fn()
        return tf.stop_gradient(value), lambda dvalue: _shares(
            tape.gradient(value, tensors, dvalue)
        )
    if BACKEND == "torch":
        value = fn()
        tensors = [variable.value for variable in variables]
        return value.detach(), lambda dvalue: list(torch.autograd.grad(value, tensors, dvalue))
    values = [variable.value for variable in variables]
    value, pullback, state = jax.vjp(_pure(fn, variables), values, has_aux=True)
    _scope().state_mapping.update(state)
    return value, lambda dvalue: pullback(dvalue)[0]


def _shares(gradients: list) -> list:
    """Return what this replica contributes to the gradients of the whole minibatch."""
    n = _replicas()
    return gradients if n == 1 else [None if g is None else g / n for g in gradients]


def input_gradient(fn: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
    """Return the sum of fn(x) and its gradient with respect to x.

    Args:
        fn: maps (batch, *input) to one number, or one a row, or a tuple whose first item is that.
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
    scale = optimizer.scale_loss(1.0)  # not 1 in float16, where small gradients would vanish

    def scaled() -> tuple:
        value = loss_fn()
        return _first(value) * scale, value

    (_, value), gradients = value_and_gradient(scaled, variables)
    _apply(optimizer, gradients, variables)
    return value


def descend_through(
    loss_fn: Callable[..., Any],
    drawn: Sequence[tuple[Any, Callable[[Any], list]]],
    optimizer: keras.optimizers.Optimizer,
    variables: Sequence[keras.Variable],
) -> Any:
    """Take one step down the gradient of a loss of tensors that were drawn before.

    Args:
        loss_fn: maps the tensors, one argument each, to the scalar loss.
        drawn: the tensors with their pullbacks, as `value_and_pullback` returns them.
        optimizer: of the player that drew them.
        variables: all that the pullbacks return a gradient for, in that order.

    Returns:
        The loss.
    """
    scale = optimizer.scale_loss(1.0)
    tensors, pullbacks = [tensor for tensor, _ in drawn], [pull_back for _, pull_back in drawn]
    scaled, slopes = input_gradient(lambda tensors: loss_fn(*tensors) * scale, tensors)
    parts = [pull_back(slope) for pull_back, slope in zip(pullbacks, slopes, strict=True)]
    _apply(optimizer, [gradient for part in parts for gradient in part], variables)
    return scaled / scale


def _apply(
    optimizer: keras.optimizers.Optimizer, gradients: list, variables: Sequence[keras.Variable]
) -> None:
    if BACKEND != "jax" or not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer.apply(gradients, variables)
        return
    # It assigns in the branches of a condition, are the gradients finite?, which JAX forbids.
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
    """Turn fn, which reads and changes variables, into values -> (what fn returns, new state)."""
    outer = _scope()

    def pure(values: list) -> tuple[Any, dict]:
        # A nested scope replaces the outer one, so the values known there are copied in; the
        # caller copies out what fn changed.
        with keras.StatelessScope() as inner:
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
        fn: maps (batch, *input) to (batch, d), each row on its own.
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


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value
