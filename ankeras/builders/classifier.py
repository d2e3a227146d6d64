"""The classifier: an encoder with a fully connected head.

Source: AN2DL, "Autoencoders for Classifier Initialization".
"""

import keras
from keras import layers


def get_classifier(encoder: keras.Model, n_classes: int, *, seed: int = 42) -> keras.Model:
    """Build a classifier: an encoder with a fully connected head, z -> class scores.

    Source: AN2DL, "Autoencoders for Classifier Initialization", step 3. The classifier shares
    the encoder's weights: training one trains the other.

    Args:
        encoder: any built encoder.
        n_classes: number of classes, at least 2.
        seed: seed of the head's initial weights.

    Returns:
        A model named "classifier": (batch, *image) -> (batch, n_classes) logits.

    Raises:
        ValueError: if n_classes < 2.
    """
    if n_classes < 2:
        raise ValueError(f"A classifier needs at least 2 classes, not {n_classes}.")
    input_layer = layers.Input(shape=encoder.input_shape[1:], name="input_layer")
    z = encoder(input_layer)
    head = layers.Dense(
        n_classes,
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        dtype="float32",
        name="output_layer",
    )
    return keras.Model(inputs=input_layer, outputs=head(z), name="classifier")
