"""Trained models that come with the package, ready to be explored without a download.

    vae = pretrained.load("faces-vae")
    print(pretrained.card("faces-vae"))

Each model has a card: what it was trained on, for how long, and how good it is. The command
`ankeras pretrained` lists all models. `ankeras pretrain NAME` trains one of them again, with its
recipe from `ankeras.recipes`.
"""

import ankeras.training  # noqa: F401 - first, so that TensorFlow is imported quietly
from ankeras.pretrained.cards import Card, card, names
from ankeras.pretrained.store import load, write

__all__ = ["Card", "card", "load", "names", "write"]
