"""The autoencoders of the lectures, one file per system."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.autoencoders.autoencoder import (
    Autoencoder,
    binary_cross_entropy,
    slide_callbacks,
    squared_error,
    train,
)
from ankeras.autoencoders.classifier_initialization import (
    accuracy,
    few_labels,
    fine_tune,
    initialize_classifier,
)
from ankeras.autoencoders.contractive import ContractiveAutoencoder
from ankeras.autoencoders.cvae import CVAE, get_prior
from ankeras.autoencoders.denoising import DenoisingAutoencoder
from ankeras.autoencoders.dfc_vae import DFCVAE
from ankeras.autoencoders.linear import get_linear_autoencoder, principal_angles
from ankeras.autoencoders.overcomplete import get_overcomplete_autoencoder, set_to_identity
from ankeras.autoencoders.regularized import (
    GaussianCodeAutoencoder,
    SharpAutoencoder,
    SmoothAutoencoder,
)
from ankeras.autoencoders.sparse import SparseAutoencoder
from ankeras.autoencoders.tied import TiedAutoencoder
from ankeras.autoencoders.vae import (
    VAE,
    KLHistory,
    annealed,
    encode_posterior,
    free_bits_cost,
    gaussian_nll,
    gaussian_parameters,
    kl_divergence,
    kl_terms,
    log_likelihood,
    reparameterize,
)

__all__ = [
    "CVAE",
    "DFCVAE",
    "VAE",
    "Autoencoder",
    "ContractiveAutoencoder",
    "DenoisingAutoencoder",
    "GaussianCodeAutoencoder",
    "KLHistory",
    "SharpAutoencoder",
    "SmoothAutoencoder",
    "SparseAutoencoder",
    "TiedAutoencoder",
    "accuracy",
    "annealed",
    "binary_cross_entropy",
    "encode_posterior",
    "few_labels",
    "fine_tune",
    "free_bits_cost",
    "gaussian_nll",
    "gaussian_parameters",
    "get_linear_autoencoder",
    "get_overcomplete_autoencoder",
    "get_prior",
    "initialize_classifier",
    "kl_divergence",
    "kl_terms",
    "log_likelihood",
    "principal_angles",
    "reparameterize",
    "set_to_identity",
    "slide_callbacks",
    "squared_error",
    "train",
]
