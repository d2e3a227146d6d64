"""Face swap: one encoder for two persons, and one decoder for each of them.

Source: AE, "DeepFakes!"; the architecture is the one of the programs of that name.

    z_a = N_a(E(w(x_a))) + s eps,   x_hat_a = D_a(S(z_a)),   eps ~ N(0, I)      the same for b
    descend  E ||x_hat_a - x_a||_1 + E ||x_hat_b - x_b||_1
             + alpha E [l_feature(x_a, x_hat_a) + l_feature(x_b, x_hat_b)]
    swap     x_a -> D_b(S(N_a(E(x_a))))

w warps an image a little, at random. ||.||_1 is the mean over the values of an image. The feature
loss, of `builders/feature_network.py`, sees small parts such as a mouth.

Both persons share E and the first steps up S, so the code describes what they have in common: pose,
expression, light. What belongs to one person is in the decoder of that person. Nothing in the loss
says that a code must mean the same for both. Two parts of the network see to it:
- S draws the code as coarse feature maps for both. Without S each decoder could give the code its
  own meaning, and a head that turns left would be swapped for one that turns right.
- N_a normalizes a code by the mean and the variance of all codes of person a (Chang et al.,
  "Domain-specific batch normalization", 2019). Without N the encoder tells the persons apart.

A little noise s eps on the code makes D_b draw person b for codes that only resemble those of b.

All this is not enough for small parts of the image: an encoder that knows only two persons may give
the smile of one the code of the other's serious mouth. The encoder of a VAE of many faces does not:
one direction of its code is everybody's smile. Use that encoder, with `trainable = False`. D must
then start from random weights: the VAE's decoder draws any person.
"""

from typing import Any

from ankeras.builders import get_decoder, get_encoder
from ankeras.builders.feature_network import feature_distance
from ankeras.latent.codes import PREDICT_BATCH, decode, encode
from ankeras.training.autodiff import SeedGenerator, descend
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row
from ankeras.training.checks import (
    check_images,
    check_read,
    check_shapes_known,
    check_target_images,
    drawn_range,
)
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
from keras import layers, ops

GRID = 4  # cells of the warp along each side
MOMENTUM = 0.95  # of the mean and variance of the codes, which move while the encoder learns


def warp(x: Any, displacements: Any) -> Any:
    """Return images whose pixels are moved smoothly.

    Args:
        x: (batch, height, width, c).
        displacements: (batch, GRID + 1, GRID + 1, 2), how far below and to the right of itself
            each corner of a coarse grid is read, in pixels; interpolated between the corners.

    Returns:
        (batch, height, width, c); outside of the image the nearest pixel is taken.
    """
    height, width = x.shape[1:3]
    moved = ops.image.resize(displacements, (height, width), interpolation="bilinear")
    rows, columns = ops.meshgrid(ops.arange(height), ops.arange(width), indexing="ij")
    v = ops.cast(rows, "float32") + moved[..., 0]
    u = ops.cast(columns, "float32") + moved[..., 1]
    v, u = ops.clip(v, 0.0, height - 1.0), ops.clip(u, 0.0, width - 1.0)
    # the mean of the four pixels around (v, u), weighted by how near they are
    v_0, u_0 = ops.minimum(ops.floor(v), height - 2.0), ops.minimum(ops.floor(u), width - 2.0)
    flat = ops.reshape(x, (-1, height * width, x.shape[-1]))
    found = 0.0
    for down in (0, 1):
        for right in (0, 1):
            index = ops.cast((v_0 + down) * width + u_0 + right, "int32")
            index = ops.reshape(index, (-1, height * width, 1))
            pixels = ops.reshape(ops.take_along_axis(flat, index, axis=1), ops.shape(x))
            weight = (1 - ops.abs(v - v_0 - down)) * (1 - ops.abs(u - u_0 - right))
            found += ops.cast(weight[..., None], x.dtype) * pixels
    return found


def split_decoder(
    decoder: keras.Model, own_blocks: int = 2
) -> tuple[keras.Model, keras.Model, keras.Model]:
    """Split a decoder into the first half S and, twice, the second half: D_a and D_b.

    Args:
        decoder: (batch, d) -> (batch, *image), of `get_decoder` or `get_generator`. Its weights are
            kept: S has those of the first half, D_a and D_b each have those of the second half.
        own_blocks: number of blocks, the last ones, that each person has for itself. A block
            starts with a layer that doubles the side of its feature maps.

    Returns:
        S, (batch, d) -> (batch, h, w, k); D_a and D_b, (batch, h, w, k) -> (batch, *image). S and
        D_a are made of the layers of `decoder`, D_b is a copy.

    Raises:
        ValueError: if the decoder has fewer blocks.
    """
    steps_up = [
        x for x in decoder.layers if isinstance(x, (layers.UpSampling2D, layers.Conv2DTranspose))
    ]
    if not 1 <= own_blocks <= len(steps_up):
        raise ValueError(
            f"Of {len(steps_up)} blocks, own_blocks is from 1 to {len(steps_up)}, not {own_blocks}."
        )
    cut = steps_up[-own_blocks].input
    maps = layers.Activation("linear", dtype="float32", name="output_layer")(cut)
    shared_decoder = keras.Model(decoder.input, maps, name="shared_decoder")
    decoder_a = keras.Model(cut, decoder.output, name="decoder_a")
    decoder_b = keras.models.clone_model(decoder_a)
    decoder_b.name = "decoder_b"
    decoder_b.set_weights(decoder_a.get_weights())
    return shared_decoder, decoder_a, decoder_b


@keras.saving.register_keras_serializable("ankeras")
class FaceSwap(OwnLoss):
    """Face swap; `fit(x_a, x_b)` with equally many portraits of two persons.

    Args:
        encoder: E of `get_encoder`, or that of a VAE, `pretrained.load("faces-vae").mean_encoder`.
        shared_decoder, decoder_a, decoder_b: S, D_a and D_b of `split_decoder`.
        feature_network: Phi of `get_feature_network`, or None.
        alpha: weight of the feature loss.
        warping: standard deviation of the warp, as a share of the side of an image; 0 for none.
        noise: standard deviation s of the noise on the normalized code, in training.
        seed: seed of the warp and of the noise.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    called = "A face swap"
    networks = ("encoder", "shared_decoder", "decoder_a", "decoder_b", "feature_network")
    options = ("alpha", "warping", "noise", "seed")
    logged = ("loss", "l1_a", "l1_b")
    target = "paired"

    def __init__(
        self,
        encoder: keras.Model,
        shared_decoder: keras.Model,
        decoder_a: keras.Model,
        decoder_b: keras.Model,
        feature_network: keras.Model | None = None,
        alpha: float = 0.0,
        warping: float = 0.02,
        noise: float = 0.0,
        seed: int = 42,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(alpha, warping, noise) < 0:
            raise ValueError("alpha, warping and noise must not be negative.")
        if alpha and feature_network is None:
            raise ValueError("A feature loss needs a feature_network.")
        for name, network in (("encoder", encoder), ("shared decoder", shared_decoder)):
            check_shapes_known(network, name)
        for decoder in (decoder_a, decoder_b):
            check_shapes_known(decoder, "decoder")
            shapes = shared_decoder.input_shape, decoder.input_shape, decoder.output_shape
            if shapes != (encoder.output_shape, shared_decoder.output_shape, encoder.input_shape):
                raise ValueError(
                    f"The shared decoder and each decoder go the encoder's way back, "
                    f"{encoder.output_shape[1:]} -> {encoder.input_shape[1:]}."
                )
        self.encoder = encoder
        self.shared_decoder = shared_decoder
        self.decoder_a = decoder_a
        self.decoder_b = decoder_b
        if feature_network is not None:
            feature_network.trainable = False
        self.feature_network = feature_network
        self.normal_a, self.normal_b = (
            layers.BatchNormalization(
                center=False, scale=False, momentum=MOMENTUM, dtype="float32", name=name
            )
            for name in ("normal_a", "normal_b")
        )
        for normal in (self.normal_a, self.normal_b):
            normal.build(encoder.output_shape)
        self.alpha = alpha
        self.warping = warping
        self.noise = noise
        self.seed = seed
        self.random = SeedGenerator(seed)

    @property
    def smallest_batch(self) -> int:
        """The number of images that each batch needs: the variance of a single code is 0."""
        return max(2, super().smallest_batch)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend both reconstruction errors on a minibatch of each person."""
        x_a, x_b, _ = keras.utils.unpack_x_y_sample_weight(data)
        warped_a, warped_b = self.warped(x_a), self.warped(x_b)

        # E ||x_hat_a - x_a||_1 + E ||x_hat_b - x_b||_1
        # + alpha E [l_feature(x_a, x_hat_a) + l_feature(x_b, x_hat_b)]
        def objective() -> tuple:
            x_hat_a, x_hat_b = self.reconstruct(warped_a, warped_b, training=True)
            l1_a, l1_b = ops.mean(ops.abs(x_hat_a - x_a)), ops.mean(ops.abs(x_hat_b - x_b))
            features = self.feature_loss(x_a, x_hat_a) + self.feature_loss(x_b, x_hat_b)
            loss = l1_a + l1_b + self.alpha * features
            return loss + self.layer_losses(), loss, l1_a, l1_b

        _, loss, l1_a, l1_b = descend(objective, self.optimizer, self.trainable_variables)
        return self.log(loss=loss, l1_a=l1_a, l1_b=l1_b)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both reconstruction errors on one minibatch, without warps."""
        x_a, x_b, _ = keras.utils.unpack_x_y_sample_weight(data)
        x_hat_a, x_hat_b = self.reconstruct(x_a, x_b, training=False)
        l1_a, l1_b = ops.mean(ops.abs(x_hat_a - x_a)), ops.mean(ops.abs(x_hat_b - x_b))
        features = self.feature_loss(x_a, x_hat_a) + self.feature_loss(x_b, x_hat_b)
        return self.log(loss=l1_a + l1_b + self.alpha * features, l1_a=l1_a, l1_b=l1_b)

    def reconstruct(self, x_a: Any, x_b: Any, training: bool) -> tuple[Any, Any]:
        """Return x_hat_a and x_hat_b for a minibatch of each person: (batch, *image) each."""
        # one minibatch of both: batch normalization in E and S keeps one average, that of both
        codes = self.encoder(ops.concatenate([x_a, x_b]), training=training)
        code_a, code_b = ops.split(codes, 2)
        z_a, z_b = (
            self.normal_a(code_a, training=training),
            self.normal_b(code_b, training=training),
        )
        z = ops.concatenate([z_a, z_b])
        if training and self.noise:
            z += self.noise * keras.random.normal(ops.shape(z), seed=self.random)
        maps = self.shared_decoder(z, training=training)
        maps_a, maps_b = ops.split(maps, 2)
        return self.decoder_a(maps_a, training=training), self.decoder_b(maps_b, training=training)

    def feature_loss(self, x: Any, x_hat: Any) -> Any:
        """Return l_feature(x, x_hat), averaged over the images; 0 without a feature network."""
        if self.feature_network is None or not self.alpha:
            return 0.0
        return feature_distance(self.feature_network, x, x_hat)

    def warped(self, x: Any) -> Any:
        """Return images, each warped at random."""
        if not self.warping:
            return x
        shape = (ops.shape(x)[0], GRID + 1, GRID + 1, 2)
        pixels = self.warping * x.shape[1]
        return warp(x, pixels * keras.random.normal(shape, seed=self.random))

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return the swapped faces D_b(S(N_a(E(x)))) of person a."""
        z = self.normal_a(self.encoder(x, training=training), training=training)
        return self.decoder_b(self.shared_decoder(z, training=training), training=training)

    def swap(self, x: np.ndarray, to: str = "b") -> np.ndarray:
        """Return portraits with the face of the other person: (n, *image) -> (n, *image).

        Args:
            x: portraits of person a, or of person b for `to="a"`.
            to: whose face is drawn, "a" or "b".

        Raises:
            ValueError: if `to` is neither, or the images do not fit the network.
        """
        check_read(x, self.encoder, "x")
        if to not in ("a", "b"):
            raise ValueError(f'to is "a" or "b", not {to!r}.')
        normal, decoder = (
            (self.normal_a, self.decoder_b) if to == "b" else (self.normal_b, self.decoder_a)
        )
        z = ops.convert_to_numpy(normal(encode(self.encoder, x), training=False))
        maps = decode(self.shared_decoder, z)
        return decoder.predict(maps, batch_size=PREDICT_BATCH, verbose=0)

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on images x and y of two persons."""
        shape, drawn = self.encoder.input_shape[1:], drawn_range(self.decoder_a)
        check_images(x, shape, drawn)
        unpaired = (
            "A face swap needs as many images of the second person as of the first, {n}, not "
            "{given}."
        )
        check_target_images(y, len(x), shape, drawn, unpaired)


ROWS = (
    Row(
        name="face swap",
        builds=FaceSwap,
        lecture="AE, DeepFakes!",
        paper="",
        notebook="12",
        learns_from="x, x",
        tiny=lambda: FaceSwap(
            get_encoder(TINY_SHAPE, TINY_LATENT_DIM, widths=(4, 8)),
            *split_decoder(get_decoder(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8))),
        ),
    ),
)
