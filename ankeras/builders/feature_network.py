"""The features of a classifier, and a loss that compares images by them.

Source: ATIV, "VAE Applications"; Hou et al., "Deep feature consistent variational autoencoder"
(WACV 2017), equations 4 and 5; Johnson et al., "Perceptual losses for real-time style transfer and
super-resolution" (ECCV 2016).

    l_feature(x, x_hat) = sum_l 1 / (2 C_l H_l W_l) || Phi_l(x) - Phi_l(x_hat) ||^2
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops


def get_feature_network(
    classifier: keras.Model, normalize: np.ndarray | None = None
) -> keras.Model:
    """Return the network Phi that computes the features of all convolutional blocks.

    Args:
        classifier: a model with a layer "features" that is a `keras.Sequential` of layers, such as
            `evaluation.digit_classifier()` or `evaluation.face_reader(64)`.
        normalize: (n, *image), images whose features get the mean square 1 in each layer. Default:
            the features stay as they are.

    Returns:
        (batch, *image) -> a list of features (batch, H_l, W_l, C_l), one per block.

    Raises:
        ValueError: if the classifier has no layer "features".
    """
    if "features" not in [layer.name for layer in classifier.layers]:
        raise ValueError('This classifier has no layer "features".')
    own = keras.models.clone_model(
        classifier.get_layer("features")
    )  # the classifier stays as it is
    own.set_weights(classifier.get_layer("features").get_weights())
    image = keras.Input(classifier.input_shape[1:])
    x, found = image, []
    for layer in own.layers:
        if isinstance(layer, layers.Flatten):
            break
        x = layer(x)
        if isinstance(layer, layers.Activation):
            found.append(x)
    phi = keras.Model(image, found, name="feature_network")
    if normalize is not None:
        scales = [float(np.mean(h**2)) ** -0.5 for h in phi.predict(normalize, verbose=0)]
        scaled = [
            layers.Rescaling(scale, dtype="float32")(h)
            for scale, h in zip(scales, found, strict=True)
        ]
        phi = keras.Model(image, scaled, name="feature_network")
    phi.trainable = False
    return phi


def feature_distance(phi: keras.Model, x: Any, x_hat: Any) -> Any:
    """Return the feature loss between two minibatches of images, averaged over the images."""
    return ops.mean(feature_loss(*(phi(image, training=False) for image in (x, x_hat))))


def feature_loss(features: list, features_hat: list) -> Any:
    """Return sum_l 1 / (2 C_l H_l W_l) ||Phi_l(x) - Phi_l(x_hat)||^2 of each image: (batch,)."""
    return sum(
        0.5 * ops.mean(ops.square(phi - phi_hat), axis=(1, 2, 3))
        for phi, phi_hat in zip(features, features_hat, strict=True)
    )
