"""The deep feature consistent VAE: images are compared by the features of a classifier.

Source: ATIV, "VAE Applications"; Hou et al., "Deep feature consistent variational autoencoder"
(WACV 2017), equations 4 to 6.

    (mu, log v) = E(x),    z = mu + sqrt(v) * eps,  eps ~ N(0, I_d),    x_hat = D(z)

    l(x, x_hat) = alpha l_feature + beta l_KL(z, N(0, I_d))
    l_feature = sum_l 1 / (2 C_l H_l W_l) || Phi_l(x) - Phi_l(x_hat) ||^2

Phi_l is the output of layer l of a classifier that was trained before and does not change, with
C_l channels of H_l x W_l values. A pixel that is a little off costs little if the features stay the
same, so D need not draw the blurred mean of all images that are possible.
"""

from typing import Any

from ankeras.autoencoders.vae import VAE
from ankeras.builders import get_decoder, get_encoder
from ankeras.builders.feature_network import feature_loss
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row

import keras
from keras import layers


@keras.saving.register_keras_serializable("ankeras")
class DFCVAE(VAE):
    """The deep feature consistent VAE.

    Its log "reconstruction" is alpha l_feature, plus the weighted -log p(x|z) of the VAE if there
    is one. So "loss" is no bound on the likelihood.

    Args:
        encoder, decoder: as in `VAE`.
        feature_network: Phi, (batch, *image) -> list of features, as `get_feature_network` builds
            it. It is not trained.
        alpha: weight of the feature loss.
        pixels: weight of -log p(x|z), which the paper leaves out: 0. A classifier does not see all
            that is in an image; with a small weight the pixels fix what it does not see.
        **options: those of `VAE`.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    networks = ("encoder", "decoder", "feature_network")
    options = (*VAE.options, "alpha", "pixels")

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        feature_network: keras.Model,
        alpha: float = 1.0,
        pixels: float = 0.0,
        **options: Any,
    ) -> None:
        if min(alpha, pixels) < 0:
            raise ValueError("alpha and pixels must not be negative.")
        super().__init__(encoder, decoder, **options)
        feature_network.trainable = False
        self.feature_network = feature_network
        self.alpha = alpha
        self.pixels = pixels
        if feature_network.input_shape[1:] != self.image_shape:
            raise ValueError(
                f"The feature network reads images of {feature_network.input_shape[1:]}, the "
                f"encoder those of {self.image_shape}."
            )

    def reconstruction_loss(self, x: Any, x_hat: Any) -> Any:
        """Return alpha l_feature + pixels * -log p(x|z) of each image: (batch,)."""
        drawn = self.mean_of(x_hat)
        features = self.feature_network(x, training=False)
        features_hat = self.feature_network(drawn, training=False)
        of_features = self.alpha * feature_loss(features, features_hat)
        if not self.pixels:
            return of_features
        return of_features + self.pixels * super().reconstruction_loss(x, x_hat)


def _tiny_feature_network() -> keras.Model:
    image = keras.Input(TINY_SHAPE)
    first = layers.Conv2D(4, 3, strides=2, activation="relu", dtype="float32")(image)
    second = layers.Conv2D(8, 3, strides=2, activation="relu", dtype="float32")(first)
    return keras.Model(image, [first, second], name="feature_network")


ROWS = (
    Row(
        name="deep feature consistent VAE",
        builds=DFCVAE,
        lecture="ATIV, VAE Applications",
        paper="Hou 2017",
        notebook="04",
        learns_from="x",
        tiny=lambda: DFCVAE(
            get_encoder(TINY_SHAPE, 2 * TINY_LATENT_DIM, widths=(4, 8)),
            get_decoder(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
            _tiny_feature_network(),
        ),
    ),
)
