"""Opens the widget of a pretrained model: its codes or its words, and its face reader."""

from typing import Any

from ankeras import evaluation, latent, pretrained
from ankeras.data import digits
from ankeras.data.faces import BINARY, CLASS_NAMES, caption, draw_factors, render
from ankeras.explore.arithmetic import arithmetic
from ankeras.explore.attribute_sliders import attribute_sliders
from ankeras.explore.explorer import Explorer
from ankeras.explore.latent_plane import latent_plane
from ankeras.explore.text_box import text_box

import keras
import numpy as np

N_CODES = 1000  # images that are encoded, or drawn and read, for a widget
SEED = 1  # of these images: the models were trained with seed 0
VIEWS: dict[str, tuple[str, ...]] = {  # pretrained model -> its widgets, the first by default
    "digits-vae-2": ("plane",),
    "digits-vae": ("plane", "arithmetic"),
    "faces-vae": ("sliders", "plane", "arithmetic"),
    "faces-autoencoder": ("sliders", "plane", "arithmetic"),
    "faces-dcgan": ("arithmetic", "sliders", "plane"),
    "faces-text-to-image": ("text",),
}


def open(name: str, view: str | None = None) -> Explorer:
    """Return the widget that explores a pretrained model.

    Args:
        name: of the model, one of `VIEWS`, such as "faces-vae".
        view: "plane", "sliders", "arithmetic" or "text". Default: the one that suits the model
            best.

    Raises:
        ValueError: if there is no such model or view.
    """
    view = check_view(name, view)
    model = pretrained.load(name)
    if view == "text":
        return text_box(model, reader=evaluation.face_reader(model.image_shape[0]))
    encoder, generator = _networks(model)
    if name.startswith("digits"):
        return _of_digits(encoder, generator, view)
    return _of_faces(encoder, generator, view)


def check_view(name: str, view: str | None = None) -> str:
    """Return the view that `open` shows.

    Raises:
        ValueError: if there is no such model or view.
    """
    if name not in VIEWS:
        raise ValueError(f"There is no model {name!r} to explore; there are {', '.join(VIEWS)}.")
    if view is None:
        return VIEWS[name][0]
    if view not in VIEWS[name]:
        views = ", ".join(VIEWS[name])
        raise ValueError(f"There is no view {view!r} of {name}; there are {views}.")
    return view


def _of_digits(encoder: keras.Model, generator: keras.Model, view: str) -> Explorer:
    data = digits(N_CODES, seed=SEED)
    labels, names = data.labels, data.class_names
    z = latent.encode(encoder, data.images)
    if view == "plane":
        return latent_plane(generator, z, labels, names)
    captions = [f"digit {names[label]}" for label in np.asarray(labels)]
    return arithmetic(generator, z, captions=captions)


def _of_faces(encoder: keras.Model | None, generator: keras.Model, view: str) -> Explorer:
    size = generator.output_shape[1]
    reader = evaluation.face_reader(size)
    if encoder is None:  # a GAN: the attributes of its images are those that are read
        z = latent.sample_prior(N_CODES, generator.input_shape[-1], SEED)
        found = evaluation.read_attributes(reader, latent.decode(generator, z))
    else:
        table = draw_factors(N_CODES, SEED)
        z = latent.encode(encoder, render(table, size))
        found = evaluation.true_attributes(table)
    if view == "plane":
        return latent_plane(generator, z, found["woman"].copy(), CLASS_NAMES)
    if view == "arithmetic":
        return arithmetic(generator, z, captions=[caption(row) for row in found], reader=reader)
    attributes = {each: found[each] for each in BINARY}
    return attribute_sliders(generator, z, attributes, encoder=encoder, reader=reader)


def _networks(model: Any) -> tuple[Any, keras.Model]:
    """Return the encoder to codes, if the model has one, and the generator of images."""
    if hasattr(model, "mean_encoder"):  # a VAE
        return model.mean_encoder, model.generator
    if hasattr(model, "generator"):  # a GAN
        return None, model.generator
    return model.get_layer("encoder"), model.get_layer("decoder")
