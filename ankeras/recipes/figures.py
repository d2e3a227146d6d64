"""The figures on the cards of generative models, and the baselines beside them."""

from ankeras import evaluation
from ankeras.recipes.recipe import Figures

import keras
import numpy as np


def bicubic(images: np.ndarray, factor: int) -> np.ndarray:
    """Return images enlarged by bicubic interpolation: (n, h, w, c) -> (n, f h, f w, c)."""
    sides = images.shape[1] * factor, images.shape[2] * factor
    large = keras.ops.image.resize(images, sides, "bicubic", data_format="channels_last")
    return keras.ops.convert_to_numpy(large).clip(0, 1)


def of_samples(classifier: keras.Model, real: np.ndarray, samples: np.ndarray) -> Figures:
    """Return FID, precision, recall and the largest distance of two histograms of classes.

    Args:
        classifier: reads the images.
        real: twice as many real images as samples.
        samples: (n, *image).
    """
    found = evaluation.evaluate_samples(classifier, real, samples)
    return {
        f"Fréchet distance of {found.n} samples": {
            "value": found.frechet,
            "real images": found.frechet_real,
        },
        "precision": {"value": found.precision, "real images": found.precision_real},
        "recall": {"value": found.recall, "real images": found.recall_real},
        "largest histogram distance": {
            "value": max(found.histogram_distance.values()),
            "real images": max(found.histogram_distance_real.values()),
        },
    }


def of_reconstructions(
    train: np.ndarray, test: np.ndarray, x_hat: np.ndarray, latent_dim: int
) -> Figures:
    """Return the squared error of reconstructions, and their sharpness.

    Args:
        train: the images that the PCA for comparison is fitted to.
        test, x_hat: images, and their reconstructions.
        latent_dim: the size d of the codes.
    """
    return {
        "squared error per pixel": {
            "value": float(np.mean((x_hat - test) ** 2)),
            f"PCA with {latent_dim} components": evaluation.pca_error(train, test, latent_dim),
        },
        "sharpness of reconstructions, as a share of the images'": {
            "value": evaluation.sharpness(x_hat) / evaluation.sharpness(test)
        },
    }
