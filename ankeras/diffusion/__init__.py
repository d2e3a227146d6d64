"""Diffusion models: images from noise, step by step."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.diffusion.cascade import DiffusionUpsampler
from ankeras.diffusion.ddim import ddim_invert, ddim_sample
from ankeras.diffusion.ddpm import DDPM, ddpm_sample
from ankeras.diffusion.editing import complete, from_noise, interpolate_noise, invert, vary
from ankeras.diffusion.flow_matching import FlowMatching
from ankeras.diffusion.guidance import GuidedDDPM
from ankeras.diffusion.latent_diffusion import (
    LatentDDPM,
    code_moments,
    get_spatial_decoder,
    get_spatial_encoder,
)
from ankeras.diffusion.process import chain, diffuse, estimates, prediction_target, signal_rates

__all__ = [
    "DDPM",
    "DiffusionUpsampler",
    "FlowMatching",
    "GuidedDDPM",
    "LatentDDPM",
    "chain",
    "code_moments",
    "complete",
    "ddim_invert",
    "ddim_sample",
    "ddpm_sample",
    "diffuse",
    "estimates",
    "from_noise",
    "get_spatial_decoder",
    "get_spatial_encoder",
    "interpolate_noise",
    "invert",
    "prediction_target",
    "signal_rates",
    "vary",
]
