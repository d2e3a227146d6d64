"""Semantic inpainting: a trained generator draws what belongs into a hole.

Source: DLSP, "Inpainting" (VAE and GAN); Yeh et al., "Semantic image inpainting with deep
generative models" (CVPR 2017), equations 2 to 7.

    z* = argmin_z  sum_i W_i |G(z)_i - y_i| + lambda L_prior(z)
    W_i = share of missing pixels among the neighbours of i, 0 where i itself is missing
    L_prior(z) = -log D(G(z))  for a GAN (the paper: log(1 - D(G(z))), flat where D is sure),
                   1/2 ||z||^2  for a VAE, whose prior is N(0, I)

y is the image with the hole. Known pixels near the hole count most. Several starts descend at the
same time, and the one with the smallest loss is kept. G(z*) has slightly other colours than y. So
the hole is filled by Poisson blending: the pixels whose gradients are those of G(z*), and which
continue y at the border.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from ankeras.inverse_problems.energies import check_mask
from ankeras.latent.codes import code_size, decode, sample_prior
from ankeras.training.catalogue_row import Row
from ankeras.training.checks import check_floats
from ankeras.training.optimize_input import optimize_input
from ankeras.training.schedules import falling_rate

import keras
import numpy as np
from keras import ops
from scipy.ndimage import uniform_filter
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

NEIGHBOURHOOD = 7  # pixels, as in the paper


class Inpainting(NamedTuple):
    """What was drawn into the holes of n images.

    Attributes:
        images: (n, *image), the images with their holes filled and blended.
        drawn: (n, *image), G(z*), the whole images that the generator draws.
        z: (n, d), the codes.
        losses: (n,), the loss of each code.
    """

    images: np.ndarray
    drawn: np.ndarray
    z: np.ndarray
    losses: np.ndarray


def semantic_inpainting(
    generator: keras.Model,
    images: np.ndarray,
    missing: np.ndarray,
    *,
    discriminator: keras.Model | None = None,
    prior_weight: float = 0.003,
    restarts: int = 6,
    steps: int = 300,
    learning_rate: float = 0.05,
    seed: int = 0,
) -> Inpainting:
    """Fill a hole in images by what a generator draws.

    Args:
        generator: (batch, d) -> (batch, *image), of a GAN or a VAE, trained on such images.
        images: (n, *image); the values in the hole do not matter.
        missing: (height, width) booleans, True in the hole; the same hole in all images.
        discriminator: D of the GAN, for the prior term. Default: the prior term of a VAE.
        prior_weight: lambda.
        restarts: number of starts per image.
        steps: number of steps of Adam. The learning rate falls to 0 along half a cosine.
        learning_rate: of the first step, in units of z.
        seed: seed of the starts.

    Raises:
        ValueError: if the images do not fit the generator, the mask hides nothing, or as in
            `check_mask`.
    """
    d = code_size(generator)
    shape = generator.output_shape[1:]
    if images.shape[1:] != shape:
        raise ValueError(f"This generator draws images of {shape}, not {images.shape[1:]}.")
    check_floats(images)
    check_mask(missing, shape[:2])
    if not missing.any():
        raise ValueError("The mask hides nothing: there is no hole to fill.")
    if restarts < 1:
        raise ValueError(f"restarts is at least 1, not {restarts}.")
    images = np.where(missing[:, :, None], 0.0, images).astype("float32")  # the hole may hold NaN
    n = len(images)
    weights = ops.convert_to_tensor(context_weights(missing)[None, :, :, None])
    y = ops.convert_to_tensor(np.tile(images, (restarts, 1, 1, 1)))

    # sum_i W_i |G(z)_i - y_i|
    def context(z: Any) -> Any:
        difference = weights * ops.abs(generator(z, training=False) - y)
        return ops.sum(difference, axis=(1, 2, 3))

    prior = _prior(generator, discriminator)
    found = optimize_input(
        context,
        sample_prior(restarts * n, d, seed),
        steps=steps,
        learning_rate=falling_rate(learning_rate, steps),
        regularizer=prior,
        weight=prior_weight,
    )
    z = ops.convert_to_tensor(found.x)
    losses = ops.convert_to_numpy(context(z) + prior_weight * prior(z))
    best = losses.reshape(restarts, n).argmin(axis=0) * n + np.arange(n)
    z = found.x[best]
    drawn = decode(generator, z)
    blended = np.stack([poisson_blend(*pair, missing) for pair in zip(images, drawn, strict=True)])
    return Inpainting(blended, drawn, z, losses[best])


def context_weights(missing: np.ndarray) -> np.ndarray:
    """Return W, float32 (height, width): the share of missing pixels around each known pixel."""
    share = uniform_filter(missing.astype("float32"), NEIGHBOURHOOD, mode="nearest")
    return np.where(missing, 0.0, share).astype("float32")


def _prior(generator: keras.Model, discriminator: keras.Model | None) -> Callable[[Any], Any]:
    """Return L_prior, (batch, d) -> (batch,)."""
    if discriminator is None:
        return lambda z: 0.5 * ops.sum(ops.square(z), axis=1)

    # -log D(G(z)) = softplus(-logit)
    def deceived(z: Any) -> Any:
        logits = discriminator(generator(z, training=False), training=False)
        return ops.softplus(-logits)[:, 0]

    return deceived


def poisson_blend(image: np.ndarray, patch: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return an image whose hole has the gradients of another image, and no seam.

    Source: Perez et al., "Poisson image editing" (SIGGRAPH 2003), equation 7: for each pixel p of
    the hole, with its neighbours q,

        sum_q (f_p - f_q) = sum_q (g_p - g_q),    f_q is known outside of the hole

    Args:
        image: (height, width, c), f outside of the hole.
        patch: (height, width, c), g.
        missing: (height, width) booleans, True in the hole.

    Returns:
        float32 (height, width, c), clipped to [0, 1].

    Raises:
        ValueError: if image and patch have different shapes, or as in `check_mask`.
    """
    check_mask(missing, image.shape[:2])
    if image.shape != patch.shape:
        raise ValueError(f"The image is {image.shape}, but the patch {patch.shape}.")
    number = np.full(missing.shape, -1)
    number[missing] = np.arange(missing.sum())
    rows, columns = np.nonzero(missing)
    n = len(rows)
    right = np.zeros((n, image.shape[2]))
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    neighbours = np.zeros(n)
    for down, across in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        r, c = rows + down, columns + across
        inside = (r >= 0) & (r < missing.shape[0]) & (c >= 0) & (c < missing.shape[1])
        own, r, c = np.flatnonzero(inside), r[inside], c[inside]
        neighbours[own] += 1
        right[own] += patch[rows[own], columns[own]] - patch[r, c]
        known = ~missing[r, c]
        right[own[known]] += image[r[known], c[known]]
        others = number[r[~known], c[~known]]
        entries.append((own[~known], others, np.full(len(others), -1.0)))
    entries.append((np.arange(n), np.arange(n), neighbours))
    at_row, at_column, values = (np.concatenate(part) for part in zip(*entries, strict=True))
    system = coo_matrix((values, (at_row, at_column)), shape=(n, n)).tocsc()
    blended = image.astype("float32").copy()
    solved = np.stack([spsolve(system, each) for each in right.T], axis=1)
    blended[missing] = solved
    return np.clip(blended, 0.0, 1.0)


ROWS = (
    Row(
        name="semantic inpainting",
        builds=semantic_inpainting,
        lecture="DLSP, Inpainting",
        paper="Yeh 2017",
        notebook="13",
    ),
)
