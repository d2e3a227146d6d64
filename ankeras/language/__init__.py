"""Systems of images and text, one file per system."""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.language.clip import CLIP, retrieve

__all__ = ["CLIP", "retrieve"]
