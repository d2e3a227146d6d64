"""The decoder of unCLIP: diffusion draws images of a given CLIP embedding, P(x | z_i, y).

Source: ATIV, "Back to Dall-E", "Decoding an input image", "Interpolation" and "Text differences";
Ramesh et al., "Hierarchical text-conditional image generation with CLIP latents" (2022), sections
2.1 and 3.

    z_i = E_i(x) / ||E_i(x)||                          CLIP's image encoder, trained before
    L = E ||eps - eps_theta(x_t, alpha_t, z_i, y)||^2,     in a share of the images z_i is replaced
                                                           by 0, and y by the empty caption
    variations     decode(z_i) with other noise        what CLIP keeps of an image stays
    interpolation  decode(arc from z_a to z_b)         with the same noise
    difference     decode(arc from z_i to (z_y' - z_y) / ||z_y' - z_y||),
                   with the noise x_T of the image, found by DDIM's steps backwards

Since captions are left out in a share of the training, the decoder also draws P(x | z_i): an image
alone can be varied. The prior (`prior.py`) draws z_i from a caption y. Both together are P(x | y).
"""

import math
from typing import Any

from ankeras import latent
from ankeras.builders.encoder_decoder import get_encoder
from ankeras.builders.transformer import get_text_encoder
from ankeras.diffusion.editing import from_noise, invert
from ankeras.language.prior import check_embeddings
from ankeras.language.text_to_image import TextToImage, get_text_to_image_network
from ankeras.language.tokens import check_tokens, one_caption_each
from ankeras.latent.codes import encode
from ankeras.training.catalogue_row import (
    TINY_LATENT_DIM,
    TINY_LENGTH,
    TINY_SHAPE,
    TINY_WORDS,
    Row,
)
from ankeras.training.checks import check_images, check_shapes_known

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class UnCLIP(TextToImage):
    """The decoder of unCLIP; `fit(images, tokens)`.

    Args:
        image_encoder: (batch, *image) -> (batch, d), that of a trained `CLIP`. Its weights stay as
            they are.
        network: [(batch, *image), (batch, 1), int (batch, length), (batch, d)] -> (batch, *image),
            `get_text_to_image_network(image_shape, text_encoder, embedding_dim=d)`.
        dropped: share of the images that lose their embedding in the training.
        dropped_captions: share of the images that lose their caption in the training.
        **options: those of `DDPM`.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    networks = ("image_encoder", "network")
    options = ("dropped_captions", *TextToImage.options)
    n_conditions = 2

    def __init__(
        self,
        image_encoder: keras.Model,
        network: keras.Model,
        dropped: float = 0.1,
        dropped_captions: float = 0.5,
        **options: Any,
    ) -> None:
        super().__init__(network, dropped, **options)
        check_shapes_known(image_encoder, "image_encoder")
        shapes = image_encoder.input_shape[1:], image_encoder.output_shape[1:]
        if shapes != (self.image_shape, network.inputs[3].shape[1:]):
            raise ValueError(
                f"The network draws images of {self.image_shape} from embeddings of "
                f"{network.inputs[3].shape[1:]}, but the image encoder reads {shapes[0]} and "
                f"returns {shapes[1]}."
            )
        if not 0 <= dropped_captions < 1:
            raise ValueError(f"dropped_captions is a share in [0, 1), {dropped_captions} is not.")
        image_encoder.trainable = False
        self.image_encoder = image_encoder
        self.dropped_captions = dropped_captions

    @property
    def embedding_dim(self) -> int:
        """The size d of the embeddings."""
        return self.image_encoder.output_shape[1]

    def conditions(self, x_0: Any, y: Any, training: bool) -> list[Any]:
        """Return captions and embeddings; in the training a share of each is empty."""
        c = self.as_conditions(one_caption_each(y, self.noise))
        z_i = ops.normalize(self.image_encoder(0.5 * (x_0 + 1.0), training=False), axis=-1)
        z = math.sqrt(self.embedding_dim) * ops.cast(z_i, "float32")
        if training:
            u = keras.random.uniform((ops.shape(c)[0], 2), dtype="float32", seed=self.noise)
            c = ops.where(u[:, :1] < self.dropped_captions, ops.zeros_like(c), c)
            z = ops.where(u[:, 1:] < self.dropped, 0.0, z)
        return [c, z]

    def empty_conditions(self, n: int) -> list[np.ndarray]:
        """Return the empty caption and the empty embedding, 0, of n images."""
        return [*super().empty_conditions(n), np.zeros((n, self.embedding_dim), "float32")]

    def embed_images(self, images: np.ndarray) -> np.ndarray:
        """Return the embeddings z_i of images: (n, *image) -> (n, d), unit vectors.

        Raises:
            ValueError: if the images do not fit.
        """
        check_images(images, self.image_shape, (0.0, 1.0), "images")
        z = encode(self.image_encoder, images)
        return z / np.linalg.norm(z, axis=1, keepdims=True)

    def decode(
        self,
        z_i: np.ndarray,
        tokens: np.ndarray | None = None,
        *,
        x_t: np.ndarray | None = None,
        seed: int = 0,
        steps: int = 20,
        guidance: float = 2.0,
    ) -> np.ndarray:
        """Draw one image of each embedding: (n, d) -> (n, *image).

        Args:
            z_i: unit vectors, from images (`embed_images`) or from a prior.
            tokens: int (n, length), the captions y. Default: none, P(x | z_i).
            x_t: (n, *image), the noise. Default: drawn.
            seed: seed of the noise, if it is drawn.
            steps: as in `DDPM.sample`.
            guidance: the weight w, for embedding and caption together.

        Raises:
            ValueError: if embeddings and captions do not fit the model or each other, or an option
                is out of range.
        """
        denoise = self.guided_denoiser(self._told(z_i, tokens), guidance)
        x_t = self.start(len(z_i), seed) if x_t is None else x_t
        if np.shape(x_t) != (len(z_i), *self.signal_shape):
            raise ValueError(
                f"x_t holds one noise of shape {self.signal_shape} for each of {len(z_i)} "
                f"embeddings, not an array of shape {np.shape(x_t)}."
            )
        return self.sample(denoise, x_t, steps)

    def vary(self, images: np.ndarray, n: int, seed: int = 0, **options: Any) -> np.ndarray:
        """Return n variations of each image: (m, *image) -> (m, n, *image).

        Their embedding is that of the image, their noise differs. **options are those of `decode`.

        Raises:
            ValueError: if the images do not fit, or an option is out of range.
        """
        z_i = np.repeat(self.embed_images(images), n, axis=0)
        return self.decode(z_i, seed=seed, **options).reshape(-1, n, *self.image_shape)

    def interpolate(
        self, image_a: np.ndarray, image_b: np.ndarray, n: int, seed: int = 0, **options: Any
    ) -> np.ndarray:
        """Return n images between two images: (*image) -> (n, *image).

        Their embeddings lie on the arc between the embeddings of the two, their noise is the same.
        **options are those of `decode`.

        Raises:
            ValueError: if the images do not fit, or an option is out of range.
        """
        z_a, z_b = self.embed_images(np.stack([image_a, image_b]))
        arc = latent.interpolate(z_a, z_b, n, spherical=True)
        x_t = np.repeat(self.start(1, seed), n, axis=0)
        return self.decode(arc, x_t=x_t, **options)

    def change(
        self,
        images: np.ndarray,
        z_from: np.ndarray,
        z_to: np.ndarray,
        share: float = 0.3,
        *,
        steps: int = 50,
        guidance: float = 2.0,
    ) -> np.ndarray:
        """Return images that differ as a second text differs from a first one: (n, *image).

        Args:
            images: (n, *image).
            z_from, z_to: (d,), CLIP's embeddings of the two texts, `clip.embed_texts(tokens)`.
            share: how far the embeddings turn towards the difference of the texts: 0 is the image,
                1 the difference alone. The paper takes 0.25 to 0.5.
            steps: of the inversion, and of the sampling.
            guidance: the weight w of the sampling.

        Raises:
            ValueError: if the images or the texts do not fit, or an option is out of range.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"share lies in [0, 1], {share} does not.")
        difference = np.asarray(z_to) - np.asarray(z_from)
        if difference.shape != (self.embedding_dim,) or not difference.any():
            raise ValueError(
                f"Give the embeddings of two different texts, vectors of {self.embedding_dim} "
                f"numbers each."
            )
        z_i = self.embed_images(images)
        turned = turn(z_i, difference / np.linalg.norm(difference), share)
        as_it_is = self.guided_denoiser(self._told(z_i, None), 1.0)
        changed = self.guided_denoiser(self._told(turned, None), guidance)
        x_t = invert(self, images, steps=steps, denoise=as_it_is)
        return from_noise(self, x_t, steps=steps, denoise=changed)

    def generate_for(self, y: Any, *arguments: Any, **options: Any) -> np.ndarray:
        """Raise a ValueError: the decoder draws from embeddings."""
        raise ValueError(
            "The decoder draws from embeddings: call decode(prior.generate_for(tokens), tokens)."
        )

    def _told(self, z_i: np.ndarray, tokens: np.ndarray | None) -> list[np.ndarray]:
        """Return the conditions of the network: tokens, and sqrt(d) z_i."""
        z_i = np.asarray(z_i)
        check_embeddings(z_i, self.embedding_dim)
        if tokens is None:
            tokens = self.empty_conditions(len(z_i))[0]
        else:
            check_tokens(np.asarray(tokens), len(z_i), self.text_encoder)
        return [np.asarray(tokens), (math.sqrt(self.embedding_dim) * z_i).astype("float32")]


def turn(z: np.ndarray, direction: np.ndarray, share: float) -> np.ndarray:
    """Return unit vectors, turned towards a direction by a share of the angle between both.

        slerp(z, v, s) = (sin((1 - s) a) z + sin(s a) v) / sin a,    cos a = z^T v

    Args:
        z: (n, d), unit vectors.
        direction: (d,), a unit vector v, neither equal nor opposite to a z.
        share: s in [0, 1].
    """
    a = np.arccos((z @ direction).clip(-1, 1))[:, None]
    return (np.sin((1 - share) * a) * z + np.sin(share * a) * direction) / np.sin(a)


ROWS = (
    Row(
        name="unCLIP (decoder)",
        builds=UnCLIP,
        lecture="ATIV, Back to Dall-E to Text differences",
        paper="Ramesh 2022",
        notebook="19",
        learns_from="x, tokens",
        tiny=lambda: UnCLIP(
            get_encoder(TINY_SHAPE, TINY_LATENT_DIM, widths=(4,)),
            get_text_to_image_network(
                TINY_SHAPE,
                get_text_encoder(TINY_WORDS, TINY_LENGTH, 8, 8, depth=1, n_heads=2),
                embedding_dim=TINY_LATENT_DIM,
                widths=(4, 8),
            ),
            n_steps=20,
        ),
    ),
)
