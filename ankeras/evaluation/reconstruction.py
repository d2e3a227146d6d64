"""How well images are reconstructed: squared error, PCA's beside it, PSNR, SSIM, sharpness.

Images are float32 (n, height, width, channels) in [0, 1].
"""

from ankeras.evaluation.checks import check_pairs
from ankeras.latent.codes import PREDICT_BATCH

import keras
import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.decomposition import PCA

SSIM_WINDOW = 11  # pixels


def reconstruction_error(autoencoder: keras.Model, images: np.ndarray) -> float:
    """Return the mean squared error per pixel of D(E(s)), over all images."""
    x_hat = autoencoder.predict(images, batch_size=PREDICT_BATCH, verbose=0)
    return float(np.mean((x_hat - images) ** 2))


def pca_error(train: np.ndarray, test: np.ndarray, latent_dim: int) -> float:
    """Return the mean squared error per pixel of PCA with d components.

    It is the best autoencoder of which both parts are linear.

    Args:
        train: (n, *image), the images that the components are fitted to.
        test: (m, *image), the images that are reconstructed.
        latent_dim: the number d of components.
    """
    flat_train, flat_test = train.reshape(len(train), -1), test.reshape(len(test), -1)
    pca = PCA(latent_dim, random_state=0).fit(flat_train)
    x_hat = pca.inverse_transform(pca.transform(flat_test))
    return float(np.mean((x_hat - flat_test) ** 2))


def psnr(images: np.ndarray, other: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio 10 log10(1 / MSE) in decibels, the mean over images.

    Args:
        images: (n, height, width, c), values in [0, 1].
        other: an array of the same shape; image i is compared with image i.

    Returns:
        The mean; it is infinite if one image equals its partner exactly.

    Raises:
        ValueError: if the shapes differ, or a value is not in [0, 1].
    """
    check_pairs(images, other)
    with np.errstate(divide="ignore"):
        values = [
            peak_signal_noise_ratio(a, b, data_range=1.0)
            for a, b in zip(images, other, strict=True)
        ]
    return float(np.mean(values))


def ssim(images: np.ndarray, other: np.ndarray) -> float:
    """Return the mean structural similarity (SSIM) over images, in [-1, 1]; 1 for equal images.

    Source: Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural
    Similarity", with its Gaussian window of 11 pixels; the mean over the channels.

    Args:
        images: (n, height, width, c), values in [0, 1], sides of at least 11.
        other: an array of the same shape; image i is compared with image i.

    Raises:
        ValueError: if the shapes differ, a value is not in [0, 1], or the images are too small.
    """
    check_pairs(images, other)
    if min(images.shape[1:3]) < SSIM_WINDOW:
        raise ValueError(
            f"The window of SSIM is {SSIM_WINDOW} pixels wide, but these images are "
            f"{images.shape[1]}x{images.shape[2]}."
        )
    values = [
        structural_similarity(
            a,
            b,
            data_range=1.0,
            channel_axis=-1,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for a, b in zip(images, other, strict=True)
    ]
    return float(np.mean(values))


def sharpness(images: np.ndarray) -> float:
    """Return the mean length of the gradient of brightness, per pixel and channel.

    Blur makes it smaller, noise makes it larger: compare reconstructions with the images that they
    reconstruct.

    Args:
        images: (n, height, width, c), values in [0, 1].
    """
    down = np.diff(images, axis=1)[:, :, :-1]
    right = np.diff(images, axis=2)[:, :-1]
    return float(np.mean(np.hypot(down, right)))
