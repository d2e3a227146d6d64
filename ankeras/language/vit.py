"""What a vision transformer looks at: its attention, drawn over the image.

Source: ATIV, "Vision Transformer - attentions"; Dosovitskiy et al., "An image is worth 16x16 words"
(ICLR 2021), appendix D.8; Abnar & Zuidema, "Quantifying attention flow in transformers" (ACL 2020),
equation 1.

    last layer   m_i = A_L[0, i]                     A_l: the weights of block l, mean over heads
    rollout      R = (A_L + I)/2 ... (A_1 + I)/2,    m_i = R[0, i]

Position 0 is the class token, i a patch. A block adds the attended values to its input, so the
rollout counts half of each position as staying where it is. It follows how much of each patch has
come to the class token through all blocks; layer normalization and the dense layers are left out.

The network is `get_vit` in `builders/vision_transformer.py`. It is trained as any classifier, by
`keras.Model.fit`.
"""

from collections.abc import Sequence

from ankeras.builders.attention import attention_weights
from ankeras.training.checks import check_images

import keras
import numpy as np

KINDS = ("last layer", "rollout")
IMAGES_AT_ONCE = 100  # the weights of four layers for 100 digits fill some 16 MB


def rollout(weights: Sequence[np.ndarray]) -> np.ndarray:
    """Return the attention through all layers: (n, n_q, n_k), rows that sum to 1.

    Args:
        weights: of each layer, the first one first, (n, n_heads, n_k, n_k); the last layer may have
            fewer queries, (n, n_heads, n_q, n_k).
    """
    found = np.eye(weights[0].shape[-1], dtype="float32")
    for w in weights:
        # R <- (A_l + I)/2 R, for the queries of the layer
        found = 0.5 * (w.mean(axis=1) @ found + found[..., : w.shape[2], :])
    return found


def class_attention(vit: keras.Model, images: np.ndarray, kind: str = "last layer") -> np.ndarray:
    """Return how the attention of the class token is spread over each image: (n, height, width).

    Args:
        vit: `get_vit(...)`, trained or not.
        images: (n, height, width, c).
        kind: "last layer" or "rollout".

    Returns:
        float32 values >= 0, constant within each patch; the values of an image sum to 1. What the
        class token attends to in itself is left out.

    Raises:
        ValueError: if there is no such kind, the network is no vision transformer, or the images do
            not fit it.
    """
    if kind not in KINDS:
        raise ValueError(f"There is no attention {kind!r}; there are {' and '.join(KINDS)}.")
    if "patches" not in {layer.name for layer in vit.layers}:
        raise ValueError(f"The model {vit.name} has no patches: build it by get_vit.")
    check_images(images, vit.input_shape[1:], (-np.inf, np.inf), "images")
    read = attention_weights(vit)
    rows, columns = vit.get_layer("patches").output.shape[1:3]
    height, width = images.shape[1] // rows, images.shape[2] // columns  # of a patch
    maps = []
    for i in range(0, len(images), IMAGES_AT_ONCE):
        of_layers = read.predict_on_batch(images[i : i + IMAGES_AT_ONCE])
        weights = [np.asarray(of_layers[f"attention_{k}"]) for k in range(len(of_layers))]
        a = weights[-1].mean(axis=1) if kind == "last layer" else rollout(weights)
        maps.append(a[:, 0, 1:])
    m = np.concatenate(maps)
    m = m / (m.sum(axis=1, keepdims=True) * height * width)
    m = m.reshape(len(m), rows, columns)
    return m.repeat(height, axis=1).repeat(width, axis=2)


def density_on_strokes(maps: np.ndarray, images: np.ndarray, threshold: float = 0.5) -> float:
    """Return how much denser attention is on strokes than on the whole image, on average.

    Args:
        maps: (n, height, width), each of which sums to 1, such as `class_attention` returns.
        images: (n, height, width, c) of white strokes on black.
        threshold: pixels that are brighter belong to a stroke.

    Returns:
        The mean over the images of (attention on the stroke) / (its share of the pixels). It is 1
        if attention is the same everywhere.

    Raises:
        ValueError: if maps and images do not belong together, or an image has no stroke.
    """
    if maps.shape != images.shape[:3]:
        raise ValueError(f"Maps of shape {maps.shape} do not fit images of {images.shape}.")
    stroke = images.max(axis=-1) > threshold
    share = stroke.mean(axis=(1, 2))
    if not share.all():
        raise ValueError(f"An image has no pixel above {threshold}, so it has no stroke.")
    return float(((maps * stroke).sum(axis=(1, 2)) / share).mean())
