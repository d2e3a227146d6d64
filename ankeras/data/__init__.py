"""Images to train on: drawn here, public, or your own."""

from ankeras.data.dataset import Dataset
from ankeras.data.digits import digits
from ankeras.data.faces import caption, faces
from ankeras.data.public import load

__all__ = ["Dataset", "caption", "digits", "faces", "load"]
