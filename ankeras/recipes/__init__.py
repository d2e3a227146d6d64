"""The recipes of the pretrained models: one file per kind of data.

ankeras pretrain faces-vae        trains the model again, and writes it into pretrained/faces-vae
"""

from ankeras.recipes import (
    caption_gans,
    captioned_faces,
    digits,
    face_swap,
    faces,
    image_to_image,
    likelihood,
    readers,
    text_to_image,
    textures,
    unclip,
    upsampler,
    zoo,
)
from ankeras.recipes.recipe import Recipe, make, train

FILES = (
    readers,
    digits,
    likelihood,
    face_swap,
    faces,
    zoo,
    textures,
    image_to_image,
    captioned_faces,
    text_to_image,
    unclip,
    upsampler,
    caption_gans,
)
RECIPES = {recipe.name: recipe for file in FILES for recipe in file.RECIPES}

__all__ = ["RECIPES", "Recipe", "make", "recipe", "train"]


def recipe(name: str) -> Recipe:
    """Return the recipe of a pretrained model.

    Raises:
        ValueError: if there is no such recipe.
    """
    if name not in RECIPES:
        raise ValueError(f"There is no recipe {name!r}; there are {', '.join(sorted(RECIPES))}.")
    return RECIPES[name]
