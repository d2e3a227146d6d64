"""Interactive exploration of trained models: widgets for notebooks, and pages outside of them.

    from ankeras import explore
    explore.open("faces-vae")                                    # the widget of a pretrained model
    explore.latent_plane(decoder, z, labels, class_names)        # your own model

A widget draws in Python, so its pictures are those of the model itself. It works in JupyterLab and
in other front ends that show ipywidgets. Elsewhere, the result is a static picture. The command
`ankeras explore NAME` opens the widget of a pretrained model in a browser.
"""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.explore.arithmetic import Arithmetic, arithmetic
from ankeras.explore.attribute_sliders import AttributeSliders, attribute_sliders
from ankeras.explore.latent_plane import LatentPlane, latent_plane
from ankeras.explore.opening import VIEWS, open
from ankeras.explore.text_box import TextBox, text_box
from ankeras.explore.training_film import TrainingFilm, training_film

__all__ = [
    "VIEWS",
    "Arithmetic",
    "AttributeSliders",
    "LatentPlane",
    "TextBox",
    "TrainingFilm",
    "arithmetic",
    "attribute_sliders",
    "latent_plane",
    "open",
    "text_box",
    "training_film",
]
