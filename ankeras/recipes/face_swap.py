"""Recipe of the face swap between two drawn persons."""

from ankeras import evaluation, pictures, pretrained
from ankeras.builders import get_decoder
from ankeras.builders.feature_network import get_feature_network
from ankeras.data import Dataset, faces
from ankeras.data.people import PEOPLE, head_masks, person, swapped
from ankeras.image_to_image import FaceSwap, split_decoder
from ankeras.inverse_problems import poisson_blend
from ankeras.recipes.recipe import Figures, Recipe
from ankeras.training.schedules import cosine_adam

import numpy as np

SHAPE, WIDTHS = (64, 64, 3), (16, 32, 64, 128)
N_TRAIN, N_TEST, SHOWN = 10_000, 300, 8
OF_A_PERSON = ("woman", "glasses", "beard", "hair_color")  # attributes that make an identity


def get_face_swap() -> FaceSwap:
    """Build a face swap of portraits of 64 pixels, with the encoder of `faces-vae`."""
    encoder = pretrained.load("faces-vae").mean_encoder
    encoder.trainable = False
    decoder = get_decoder(encoder.output_shape[-1], SHAPE, widths=WIDTHS)
    features = get_feature_network(evaluation.face_reader(64), faces(200, seed=5).images)
    halves = split_decoder(decoder, own_blocks=3)
    return FaceSwap(encoder, *halves, features, alpha=1.0, warping=0.0, noise=0.1)


def _face_swap(steps: int) -> FaceSwap:
    model = get_face_swap()
    model.compile(cosine_adam(steps, 2e-3, warmup=0.02))
    return model


def _two_people() -> tuple[np.ndarray, np.ndarray]:
    a, b = (person(name, N_TRAIN, seed=seed).images for seed, name in enumerate(PEOPLE))
    return a, b


def _without_features(model: FaceSwap) -> FaceSwap:
    """Return the swap without the feature network, which only its training needs."""
    kept = FaceSwap(
        model.encoder, model.shared_decoder, model.decoder_a, model.decoder_b, warping=0.0
    )
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


def same_person(read: np.ndarray, wanted: np.ndarray) -> float:
    """Return how often all attributes that make an identity are read as wanted."""
    same = [read[attribute] == wanted[attribute] for attribute in OF_A_PERSON]
    return float(np.all(same, axis=0).mean())


def in_frame(portraits: Dataset, drawn: np.ndarray) -> np.ndarray:
    """Return portraits with the heads of their swaps: background and shirt stay as they were.

    Args:
        portraits: n portraits with their factors.
        drawn: (n, *image), their swaps.
    """
    both = portraits.images, drawn, head_masks(portraits.targets["factors"])
    return np.stack([poisson_blend(*each) for each in zip(*both, strict=True)])


def _figures(model: FaceSwap) -> Figures:
    reader, found = evaluation.face_reader(64), Figures()
    for way, portraits, drawn, truth in swaps(model, N_TEST):
        wanted = evaluation.read_attributes(reader, truth)
        smile = portraits.targets["factors"]["smile"]
        identity, smiles, errors = {}, {}, {}
        for name, images in (("value", drawn), ("true swap", truth), ("before", portraits.images)):
            read = evaluation.read_attributes(reader, images)
            identity[name] = same_person(read, wanted)
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
        for row in (portraits.images, drawn, in_frame(portraits, drawn), truth)
    ]
    title = "both ways: portraits, swaps, swaps in the frame, true swaps"
    return pictures.image_grid(np.stack(rows), title=title)


RECIPES = (
    Recipe(
        name="faces-swap",
        title=f"a face swap between two drawn persons, {' and '.join(PEOPLE)}, 64 pixels",
        data=f"{N_TRAIN:,} portraits of each person",
        draw=_two_people,
        build=_face_swap,
        epochs=30,
        batch=32,
        figures=_figures,
        picture=_picture,
        keep=_without_features,
    ),
)
