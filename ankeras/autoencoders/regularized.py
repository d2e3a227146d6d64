"""Regularized autoencoders: the loss has a term for the code E(s) or the reconstruction D(E(s)).

Source: AN2DL, "Autoencoders" (remark on the regularization term); AE, "Regularized Autoencoders".

    L = l(x, x_hat) + lambda R

    code follows a Gaussian:   R = sum_i (m_i^2 + v_i - log v_i - 1) / 2,  the KL divergence of
                               N(m, diag(v)) from N(0, I); m, v: mean and variance of the codes
    smooth reconstruction:     R = sum |grad x_hat|, the total variation
    sharp edges:               R = sum | |grad x| - |grad x_hat| |, Mathieu et al., "Deep
                               multi-scale video prediction" (ICLR 2016), equation 6, alpha = 1

The sparse and the contractive autoencoder have their own files.
"""

from typing import Any

from ankeras.autoencoders.autoencoder import Autoencoder, tiny_networks
from ankeras.training.catalogue_row import Row

import keras
from keras import ops


class RegularizedAutoencoder(Autoencoder):
    """Autoencoder whose loss holds lambda R; a subclass defines R as `regularizer`.

    Args:
        encoder, decoder: as in `Autoencoder`.
        lam: the constant lambda, in units of the reconstruction loss over those of R.

    Raises:
        ValueError: if lam is negative.
    """

    options = ("lam",)

    def __init__(
        self, encoder: keras.Model, decoder: keras.Model, lam: float, **kwargs: Any
    ) -> None:
        if lam < 0:
            raise ValueError(f"lam weighs a penalty and must be at least 0, not {lam}.")
        super().__init__(encoder, decoder, **kwargs)
        self.lam = lam

    def regularizer(self, x: Any, z: Any, x_hat: Any) -> Any:
        """Return R, averaged over the batch: a scalar."""
        raise NotImplementedError

    def penalty(self, x: Any, z: Any, x_hat: Any) -> Any:
        """Return lambda R."""
        return self.lam * self.regularizer(x, z, x_hat)


def gaussian_divergence(z: Any) -> Any:
    """Return KL(N(m, diag(v)) || N(0, I)), m and v over the batch: (batch, d) -> (), in nats."""
    m, v = ops.moments(z, axes=[0])
    return 0.5 * ops.sum(ops.square(m) + v - ops.log(v + keras.config.epsilon()) - 1.0)


def total_variation(x_hat: Any) -> Any:
    """Return sum |grad x_hat|, averaged over the batch: (batch, height, width, c) -> ()."""
    rows, columns = _gradient(x_hat)
    return _sum_then_mean(ops.abs(rows)) + _sum_then_mean(ops.abs(columns))


def edge_difference(x: Any, x_hat: Any) -> Any:
    """Return sum | |grad x| - |grad x_hat| |, averaged over the batch.

    Both x and x_hat are (batch, height, width, c); the result is a scalar.
    """
    return sum(
        _sum_then_mean(ops.abs(ops.abs(edges) - ops.abs(edges_hat)))
        for edges, edges_hat in zip(_gradient(x), _gradient(x_hat), strict=True)
    )


def _gradient(images: Any) -> tuple[Any, Any]:
    return images[:, 1:] - images[:, :-1], images[:, :, 1:] - images[:, :, :-1]


def _sum_then_mean(values: Any) -> Any:
    return ops.mean(ops.sum(values, axis=(1, 2, 3)))


@keras.saving.register_keras_serializable("ankeras")
class GaussianCodeAutoencoder(RegularizedAutoencoder):
    """Autoencoder whose codes are pulled towards a standard Gaussian."""

    def regularizer(self, x: Any, z: Any, x_hat: Any) -> Any:
        """Return the divergence of the minibatch's codes from N(0, I)."""
        return gaussian_divergence(z)


@keras.saving.register_keras_serializable("ankeras")
class SmoothAutoencoder(RegularizedAutoencoder):
    """Autoencoder whose reconstructions are pulled towards smooth images."""

    def regularizer(self, x: Any, z: Any, x_hat: Any) -> Any:
        """Return the total variation of the reconstruction."""
        return total_variation(x_hat)


@keras.saving.register_keras_serializable("ankeras")
class SharpAutoencoder(RegularizedAutoencoder):
    """Autoencoder whose reconstructions are pulled towards the edges of the input."""

    def regularizer(self, x: Any, z: Any, x_hat: Any) -> Any:
        """Return the difference between the edges of x and x_hat."""
        return edge_difference(x, x_hat)


ROWS = (
    Row(
        name="Gaussian code",
        builds=GaussianCodeAutoencoder,
        lecture="AN2DL, Autoencoders (regularization)",
        paper="",
        notebook="02",
        learns_from="x, x",
        tiny=lambda: GaussianCodeAutoencoder(**tiny_networks(), lam=0.1),
    ),
    Row(
        name="smooth reconstruction",
        builds=SmoothAutoencoder,
        lecture="AN2DL, Autoencoders (regularization)",
        paper="",
        notebook="01",
        learns_from="x, x",
        tiny=lambda: SmoothAutoencoder(**tiny_networks(), lam=0.1),
    ),
    Row(
        name="sharp edges",
        builds=SharpAutoencoder,
        lecture="AN2DL, Autoencoders (regularization)",
        paper="Mathieu 2016",
        notebook="01",
        learns_from="x, x",
        tiny=lambda: SharpAutoencoder(**tiny_networks(), lam=0.1),
    ),
)
