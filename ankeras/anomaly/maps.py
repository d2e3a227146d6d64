"""Anomaly maps: a score for each pixel of an image, which may have any size.

Source: AN2DL, "Fully Convolutional Anomaly Detection by GANs".

    alpha (D(s, E(s)) - 1)^2 + (1 - alpha) ||G(E(s)) - s||_2

The norm is over the channels of a pixel. In a texture, a single pixel says little, so the
reconstruction error is averaged around each pixel with a Gaussian window.
"""

from dataclasses import dataclass
from typing import Any

from ankeras.anomaly.scores import check_weight
from ankeras.gans.fc_bigan import FCBiGAN

import numpy as np
from skimage.filters import gaussian
from skimage.transform import resize

WINDOW = 2.5  # standard deviation in pixels of the window that averages the reconstruction error

HIGHEST = 0.02  # share of the pixels of an image that decide the score of the image


@dataclass(frozen=True)
class AnomalyMaps:
    """What an FCBiGAN finds in n images, as in the rows of the slide; all arrays are float32.

    Attributes:
        reconstruction: G(E(s)), (n, height, width, channels).
        reconstruction_loss: ||G(E(s)) - s||_2 around each pixel, (n, height, width).
        discriminator_loss: (D(s, E(s)) - 1)^2, interpolated to the pixels, (n, height, width).
        score: the sum of both, weighted by alpha, (n, height, width).
    """

    reconstruction: np.ndarray
    reconstruction_loss: np.ndarray
    discriminator_loss: np.ndarray
    score: np.ndarray

    def __getitem__(self, which: Any) -> "AnomalyMaps":
        """Return the maps of some of the images, which are selected as in an array."""
        return AnomalyMaps(*(each[which] for each in vars(self).values()))


def anomaly_maps(model: FCBiGAN, images: np.ndarray, alpha: float = 0.1) -> AnomalyMaps:
    """Return a score for each pixel, and the two losses it is made of.

    Args:
        model: an FCBiGAN that was trained on patches of normal images.
        images: (n, height, width, channels) in [0, 1], of any size.
        alpha: weight of the discriminator's loss, in [0, 1].

    Raises:
        ValueError: if alpha is out of range.
    """
    check_weight(alpha)
    height, width = images.shape[1:3]
    padding = [(0, 0), (0, -height % model.stride), (0, -width % model.stride), (0, 0)]
    padded = np.pad(images, padding, mode="symmetric")
    codes = model.encode_images(padded)
    x_hat = model.decode_codes(codes)[:, :height, :width]
    difference = np.linalg.norm(x_hat - images, axis=-1)
    reconstruction_loss = gaussian(difference, (0, WINDOW, WINDOW), mode="reflect")
    places = np.square(model.scores_of(padded, codes) - 1.0)
    grown = resize(places, padded.shape[:3], order=1, mode="edge")
    discriminator_loss = grown[:, :height, :width].astype("float32")
    score = alpha * discriminator_loss + (1 - alpha) * reconstruction_loss
    return AnomalyMaps(x_hat, reconstruction_loss, discriminator_loss, score)


def image_scores(pixel_scores: np.ndarray) -> np.ndarray:
    """Return a score for each image, from the scores of its pixels: (n, height, width) -> (n,).

    2 % of the pixels of an image have a higher score than this. The maximum over all pixels would
    depend on noise.
    """
    return np.quantile(pixel_scores, 1 - HIGHEST, axis=(1, 2))


def threshold(normal_scores: np.ndarray, false_alarm_rate: float) -> float:
    """Return the score that a given share of normal pixels, or images, exceeds.

    The mask Omega of an image is then `anomaly_maps(model, images).score > threshold(...)`.

    Args:
        normal_scores: any shape; scores of normal images that were not used for training.
        false_alarm_rate: the share, in (0, 1).

    Raises:
        ValueError: if the rate is out of range, or there are too few scores to estimate it.
    """
    if not 0 < false_alarm_rate < 1:
        raise ValueError(f"The false-alarm rate must lie between 0 and 1, not {false_alarm_rate}.")
    if normal_scores.size * false_alarm_rate < 1:
        raise ValueError(
            f"{normal_scores.size} normal scores are too few to estimate a false-alarm rate of "
            f"{false_alarm_rate}."
        )
    return float(np.quantile(normal_scores, 1 - false_alarm_rate))
