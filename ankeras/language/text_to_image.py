"""Images from text in one step: diffusion on the tokens of a caption, P(x | y).

Source: ATIV, "Denoising Diffusion for Image synthesis" and "Principle" (of DALL-E 2; its first
factor P(x | y)); DLSP, "Caption to image"; Nichol et al., "GLIDE: towards photorealistic image
generation and editing with text-guided diffusion models" (ICML 2022), sections 2.3 and 3; Rombach
et al., "High-resolution image synthesis with latent diffusion models" (CVPR 2022), equation 3.

    (h_1 ... h_m, h) = text encoder(y)                 one vector per token, and one of the text
    L = E ||eps - eps_theta(x_t, alpha_t, h_1 ... h_m, h)||^2
    sampling:  eps = eps_0 + w (eps_y - eps_0),        eps_0 with the empty caption

The places of the image ask the vectors of the tokens by cross-attention. The vector of the text
enters together with the signal rate. The text encoder is trained together with the U-Net, by the
same loss. The empty caption consists of padding alone. It stands for a share of the captions in the
training, so that the model can also draw without a caption, which guidance needs.
"""

from typing import Any

from ankeras.builders.attention import NotPadding
from ankeras.builders.blocks import Shape
from ankeras.builders.diffusion_unet import get_diffusion_unet
from ankeras.builders.transformer import get_text_encoder
from ankeras.diffusion.guidance import GuidedDDPM
from ankeras.language.tokens import check_captions, check_tokens, one_caption_each
from ankeras.training.catalogue_row import TINY_LENGTH, TINY_SHAPE, TINY_WORDS, Row
from ankeras.training.checks import check_images

import keras
import numpy as np
from keras import layers, ops


def get_text_to_image_network(
    image_shape: Shape,
    text_encoder: keras.Model,
    *,
    embedding_dim: int = 0,
    seed: int = 42,
    **options: Any,
) -> keras.Model:
    """Build a diffusion model's network that reads captions: a text encoder and a U-Net.

    Args:
        image_shape: (height, width, channels).
        text_encoder: `get_text_encoder(n_words, length)`. It becomes a part of the network.
        embedding_dim: size of the embedding of an image that the network also reads. Default: it
            reads none.
        seed: seed of the initial weights of the U-Net.
        **options: widths, n_blocks and stem, as in `get_diffusion_unet`.

    Returns:
        A model named "network". Its inputs are the noisy image (batch, *image), its signal rate
        (batch, 1), the tokens of a caption, int (batch, length), and, where asked for, the
        embedding of an image (batch, embedding_dim). It draws (batch, *image), values without
        bounds, 0 at the start of a training.

    Raises:
        ValueError: if no such network exists; the sentence says why.
    """
    tokens = layers.Input(text_encoder.input_shape[1:], dtype="int32", name="tokens")
    features, vector = text_encoder(tokens)
    read = [tokens]
    if embedding_dim:
        embedding = layers.Input((embedding_dim,), name="embedding")
        read.append(embedding)
        vector = layers.Concatenate()([embedding, vector])
    unet = get_diffusion_unet(
        image_shape,
        condition_dim=vector.shape[-1],
        text_shape=features.shape[1:],
        seed=seed,
        **options,
    )
    noisy, rate = unet.inputs[:2]
    drawn = unet([noisy, rate, vector, features, NotPadding()(tokens)])
    return keras.Model([noisy, rate, *read], drawn, name="network")


@keras.saving.register_keras_serializable("ankeras")
class TextToImage(GuidedDDPM):
    """A diffusion model of images by their captions; `fit(images, tokens)`.

    The tokens are int (n, length), or (n, k, length) for k captions per image: each step then takes
    one of them at random.

    Args:
        network: [(batch, *image), (batch, 1), int (batch, length)] -> (batch, *image),
            `get_text_to_image_network(image_shape, text_encoder)`.
        dropped: share of the images that lose their caption in the training.
        **options: those of `DDPM`.

    Raises:
        ValueError: if the network does not fit, or an option is out of range.
    """

    target = "tokens"

    @property
    def text_encoder(self) -> keras.Model:
        """The part of the network that reads the tokens."""
        return self.network.get_layer("text_encoder")

    def as_conditions(self, y: Any) -> Any:
        """Return the tokens as integers: (n, length)."""
        return ops.cast(y, "int32")

    def conditions(self, x_0: Any, y: Any, training: bool) -> list[Any]:
        """Return one caption per image; in the training a share of them is empty."""
        return super().conditions(x_0, one_caption_each(y, self.noise), training)

    def empty_conditions(self, n: int) -> list[np.ndarray]:
        """Return the empty caption of n images, in a list: padding alone."""
        return [np.zeros((n, self.condition_dim), "int32")]

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on images x with captions y."""
        check_images(x, self.image_shape, (0.0, 1.0))
        check_captions(y, len(x), self.text_encoder)

    def _check_conditions(self, y: np.ndarray | None, n_images: int) -> None:
        check_tokens(np.asarray(y), n_images, self.text_encoder)


ROWS = (
    Row(
        name="text to image (diffusion)",
        builds=TextToImage,
        lecture="ATIV, Principle; DLSP, Caption to image",
        paper="Nichol 2022",
        notebook="19",
        learns_from="x, tokens",
        tiny=lambda: TextToImage(
            get_text_to_image_network(
                TINY_SHAPE,
                get_text_encoder(TINY_WORDS, TINY_LENGTH, 8, 8, depth=1, n_heads=2),
                widths=(4, 8),
            ),
            n_steps=20,
        ),
    ),
)
