"""Images to train on: drawn by this package, public, or your own."""

from ankeras.data.dataset import Dataset
from ankeras.data.defects import Anomalies, anomalies
from ankeras.data.densities import DENSITIES
from ankeras.data.digits import digits
from ankeras.data.faces import caption, faces
from ankeras.data.forgeries import forge, forged_patches
from ankeras.data.inspection import load_inspection
from ankeras.data.loading import load
from ankeras.data.photos import PHOTOS, photo, photos
from ankeras.data.sequences import digit_sequences
from ankeras.data.stream import stream
from ankeras.data.textures import crops, texture

__all__ = [
    "DENSITIES",
    "PHOTOS",
    "Anomalies",
    "Dataset",
    "anomalies",
    "caption",
    "crops",
    "digit_sequences",
    "digits",
    "faces",
    "forge",
    "forged_patches",
    "load",
    "load_inspection",
    "photo",
    "photos",
    "stream",
    "texture",
]
