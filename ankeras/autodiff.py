"""Gradients on TensorFlow, JAX and PyTorch: models are written once, this file knows the rest.

A system overrides `train_step(self, data) -> logs` as in the lecture and derives from `Model`.
TensorFlow and PyTorch call it so; JAX calls `train_step(state, data) -> (logs, state)`, and
`Model` adapts the one to the other.
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
        if BACKEND == "jax":
            for name in ("train_step", "test_step"):
                if name in vars(cls):
                    setattr(cls, name, _stateless(vars(cls)[name]))


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
        return value, tape.gradient(_first(value), [variable.value for variable in variables])
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
        return tf.stop_gradient(value), lambda dvalue: tape.gradient(value, tensors, dvalue)
    if BACKEND == "torch":
        value = fn()
        tensors = [variable.value for variable in variables]
        return value.detach(), lambda dvalue: list(torch.autograd.grad(value, tensors, dvalue))
    values = [variable.value for variable in variables]
    value, pullback, state = jax.vjp(_pure(fn, variables), values, has_aux=True)
    _scope().state_mapping.update(state)
    return value, lambda dvalue: pullback(dvalue)[0]


def input_gradient(fn: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
    """Return the sum of fn(x) and its gradient with respect to x.

    Args:
        fn: maps (batch, *input) to one number, or one a row, or a tuple whose first item is that.
        x: (batch, *input).

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
        x = x.detach().requires_grad_()
        value = _first(fn(x)).sum()
        return value, torch.autograd.grad(value, x, create_graph=True)[0]


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
