"""Recipe of the face swap between two drawn persons."""

from ankeras import evaluation, pictures
from ankeras.builders.feature_network import get_feature_network
from ankeras.data import Dataset, faces
from ankeras.data.people import PEOPLE, person, swapped
from ankeras.image_to_image import FaceSwap, get_face_swap_networks
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import numpy as np

N_TRAIN, N_TEST, SHOWN = 10_000, 300, 8
OF_A_PERSON = ("woman", "glasses", "beard", "hair_color")  # attributes that make an identity


def get_face_swap() -> FaceSwap:
    """Build a face swap of portraits of 64 pixels."""
    features = get_feature_network(evaluation.face_reader(64), faces(200, seed=5).images)
    return FaceSwap(*get_face_swap_networks(), features, alpha=2.0)


def _face_swap(steps: int) -> FaceSwap:
    model = get_face_swap()
    model.compile(cosine_adam(steps, 2e-3, warmup=0.02))
    return model


def _two_people() -> tuple[np.ndarray, np.ndarray]:
    a, b = (person(name, N_TRAIN, seed=seed).images for seed, name in enumerate(PEOPLE))
    return a, b


def _without_features(model: FaceSwap) -> FaceSwap:
    """Return the swap without the feature network, which only its training needs."""
    networks = [getattr(model, name) for name in model.networks if name != "feature_network"]
    kept = FaceSwap(*networks)
    kept.normal_a.set_weights(model.normal_a.get_weights())
    kept.normal_b.set_weights(model.normal_b.get_weights())
    return kept


def swaps(model: FaceSwap, n: int) -> list[tuple[str, Dataset, np.ndarray, np.ndarray]]:
    """Return (its name, n portraits, their swaps, the true swaps) for both ways."""
    found, names = [], tuple(PEOPLE)
    for source, target, to in ((*names, "b"), (*names[::-1], "a")):
        portraits = person(source, n, seed=101)
        truth = swapped(portraits.targets["factors"], target)
        found.append((f"{source} to {target}", portraits, model.swap(portraits.images, to), truth))
    return found


def _figures(model: FaceSwap) -> Figures:
    reader, found = evaluation.face_reader(64), Figures()
    for way, portraits, drawn, truth in swaps(model, N_TEST):
        wanted = evaluation.read_attributes(reader, truth)
        smile = portraits.targets["factors"]["smile"]
        identity, smiles, errors = {}, {}, {}
        for name, images in (("value", drawn), ("true swap", truth), ("before", portraits.images)):
            read = evaluation.read_attributes(reader, images)
            same = [read[attribute] == wanted[attribute] for attribute in OF_A_PERSON]
            identity[name] = float(np.all(same, axis=0).mean())
            smiles[name] = float(np.mean(read["smile"] == smile))
            errors[name] = float(np.abs(images - truth).mean())
        found[f"{way}: identity of the target"] = identity
        found[f"{way}: smile of the source"] = smiles
        found[f"{way}: mean absolute error to the true swap"] = errors
    return found


def _picture(model: FaceSwap) -> pictures.Figure:
    rows = [
        row
        for _, portraits, drawn, truth in swaps(model, SHOWN)
        for row in (portraits.images, drawn, truth)
    ]
    title = "for both ways: portraits, their swaps, the true swaps"
    return pictures.image_grid(np.stack(rows), title=title)


RECIPES = (
    Recipe(
        name="faces-swap",
        title=f"a face swap between two drawn persons, {' and '.join(PEOPLE)}, 64 pixels",
        data=f"{N_TRAIN:,} portraits of each person",
        draw=_two_people,
        build=_face_swap,
        epochs=20,
        batch=32,
        figures=_figures,
        picture=_picture,
        keep=_without_features,
    ),
)
