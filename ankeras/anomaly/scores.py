"""Anomaly scores of whole images: a higher score means less normal.

Source: AN2DL, "GANs and Anomaly Detection", "BidirectionalGANs (BiGANs) and Anomaly Detection" and
"Anomaly detection with BidirectionalGANs (BiGANs)"; AE, applications of autoencoders.

    reconstruction error    ||G(E(s)) - s||_2
    prior                   -log phi_z(E(s)),  phi_z = N(0, I)
    posterior               1 - D(s, E(s))
    BiGAN score   A(s) = (1 - alpha) ||G(E(s)) - s||_2
                         + alpha ||f(D(s, E(s))) - f(D(G(E(s)), E(s)))||_2

f are the inputs of D's last layer. An autoencoder has the first score, a VAE the first two, a BiGAN
all four. The first two are computed by the same functions for all three systems.
"""

import math

from ankeras.gans.bigan import BiGAN
from ankeras.latent import PREDICT_BATCH, decode, encode

import keras
import numpy as np


def reconstruction_error(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Return ||s_hat - s||_2 of each image.

    Args:
        images: (n, *image).
        reconstructions: an array of the same shape: D(E(s)) of an autoencoder, G(E(s)) of a BiGAN.

    Returns:
        float64 (n,).

    Raises:
        ValueError: if the shapes differ.
    """
    if images.shape != reconstructions.shape:
        raise ValueError(
            f"Images {images.shape} can't be compared with reconstructions {reconstructions.shape}."
        )
    difference = (reconstructions - images).reshape(len(images), -1).astype("float64")
    return np.linalg.norm(difference, axis=1)


def prior_score(z: np.ndarray) -> np.ndarray:
    """Return -log phi_z(E(s)) in nats, for codes (n, d) and the prior N(0, I): float64 (n,)."""
    squared = np.sum(np.square(z.astype("float64")), axis=1)
    return 0.5 * (squared + z.shape[1] * math.log(2 * math.pi))


def posterior_score(bigan: BiGAN, images: np.ndarray) -> np.ndarray:
    """Return 1 - D(s, E(s)), the probability that a pair is generated, in [0, 1]: (n,)."""
    pairs = [images, encode(bigan.encoder, images)]
    logits = bigan.discriminator.predict(pairs, batch_size=PREDICT_BATCH, verbose=0)
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.sigmoid(-logits)))[:, 0]


def bigan_score(bigan: BiGAN, images: np.ndarray, alpha: float = 0.1) -> np.ndarray:
    """Return A(s), from the reconstruction error and the difference of D's features.

    Args:
        bigan: a trained BiGAN.
        images: (n, *image).
        alpha: weight of the second term, in [0, 1].

    Returns:
        float64 (n,).

    Raises:
        ValueError: if alpha is out of range.
    """
    check_weight(alpha)
    z = encode(bigan.encoder, images)
    x_hat = decode(bigan.generator, z)
    last = bigan.discriminator.get_layer("output_layer")
    f = keras.Model(bigan.discriminator.inputs, last.input)
    seen, seen_hat = (
        f.predict([x, z], batch_size=PREDICT_BATCH, verbose=0) for x in (images, x_hat)
    )
    return (1 - alpha) * reconstruction_error(images, x_hat) + alpha * reconstruction_error(
        seen, seen_hat
    )


def check_weight(alpha: float) -> None:
    """Raise a ValueError unless alpha lies in [0, 1]."""
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1], not {alpha}.")
