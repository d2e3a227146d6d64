"""Generative models with an exact likelihood, one file per system."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.builders.couplings import get_flow
from ankeras.builders.masked_convolutions import get_pixelcnn
from ankeras.builders.row_lstm import get_pixelrnn
from ankeras.likelihood.flow import Flow
from ankeras.likelihood.levels import binarise, bits_per_dimension, quantise
from ankeras.likelihood.pixelcnn import PixelCNN
from ankeras.likelihood.pixelrnn import PixelRNN

__all__ = [
    "Flow",
    "PixelCNN",
    "PixelRNN",
    "binarise",
    "bits_per_dimension",
    "get_flow",
    "get_pixelcnn",
    "get_pixelrnn",
    "quantise",
]
