"""What a network sees: gradient ascent on its input, one file for each system."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.input_gradients.activation_maximization import activations, maximize_activation
from ankeras.input_gradients.adversarial import attack, fooled_share, random_noise, stored
from ankeras.input_gradients.adversarial_training import AdversarialTraining
from ankeras.input_gradients.deepdream import deepdream, zoom
from ankeras.input_gradients.fast_style import FastStyle, get_style_network
from ankeras.input_gradients.fooling import Fooling, evolve
from ankeras.input_gradients.image_parameters import high_frequency_share
from ankeras.input_gradients.manifold import Steps, change_class
from ankeras.input_gradients.network import (
    layer_names,
    layer_shapes,
    read_layer,
    read_layers,
)
from ankeras.input_gradients.representation_inversion import invert_representation
from ankeras.input_gradients.saliency import (
    MAPS,
    deletion_area,
    deletion_curve,
    random_order,
    saliency_map,
)
from ankeras.input_gradients.style_transfer import content_distance, transfer_style
from ankeras.input_gradients.texture_synthesis import (
    gram_matrix,
    style_distance,
    style_loss,
    style_of,
    synthesize_texture,
)

__all__ = [
    "MAPS",
    "AdversarialTraining",
    "FastStyle",
    "Fooling",
    "Steps",
    "activations",
    "attack",
    "change_class",
    "content_distance",
    "deepdream",
    "deletion_area",
    "deletion_curve",
    "evolve",
    "fooled_share",
    "get_style_network",
    "gram_matrix",
    "high_frequency_share",
    "invert_representation",
    "layer_names",
    "layer_shapes",
    "maximize_activation",
    "random_noise",
    "random_order",
    "read_layer",
    "read_layers",
    "saliency_map",
    "stored",
    "style_distance",
    "style_loss",
    "style_of",
    "synthesize_texture",
    "transfer_style",
    "zoom",
]
