"""Measure how well the fully convolutional BiGAN finds defects in brick, grass and gravel.

python bench/anomaly_textures.py [--seconds 540] [--textures brick grass gravel]

It is trained on the upper part of each photograph and on forgeries of it, that is, on patches with
artificial damage. It is evaluated on
patches of 128x128 pixels of the lower part: 20 patches for each of five kinds of defects, and 20
good ones.
"""

import argparse
import time
from typing import Any

import ankeras
from ankeras.anomaly import anomaly_maps, image_scores, per_region_overlap, roc_auc, threshold
from ankeras.anomaly.plots import rows
from ankeras.data import Anomalies, anomalies, crops, forged_patches, texture
from ankeras.data.defects import GOOD
from ankeras.data.textures import TEXTURES
from ankeras.gans import FCBiGAN
from ankeras.gans.fc_bigan import get_fc_discriminator, get_fc_encoder, get_fc_generator

import keras
import numpy as np
from common import RESULTS, load, save
from generative import Training, report

N, SIZE = 20, 128
ALPHA = 0.9  # weight of D's loss in the score; the other values show how much each loss helps
ALPHAS = (0.0, 0.1, 0.5, ALPHA, 1.0)


def trained(wall: np.ndarray, seconds: float) -> FCBiGAN:
    """Return a trained model: all networks for a quarter of the time, then D alone on forgeries."""
    model = FCBiGAN(get_fc_generator(), get_fc_discriminator(), get_fc_encoder(), lam=10.0)
    patches = crops(wall, 6400, 64)
    stages: tuple[tuple[Any, float, dict[str, Any]], ...] = (
        (patches, 0.25, {"batch_size": 32, "epochs": 1000}),
        (forged_patches(wall), 0.75, {"steps_per_epoch": 1_000_000, "shuffle": False}),
    )
    for data, share, options in stages:
        of_d, of_g = keras.optimizers.Adam(2e-3), keras.optimizers.Adam(1e-3, beta_1=0.5)
        model.compile(of_d, of_g)
        callbacks = [Training(share * seconds, of_d, of_g)]
        model.fit(data, callbacks=callbacks, verbose=0, **options)
        print(f"{int(of_d.iterations)} steps", flush=True)
    return model


def areas(score: np.ndarray, found: Anomalies) -> dict[str, float]:
    """Return the areas under the ROC curves of pixels and of images, for all kinds and per kind."""
    kinds, masks = np.array(found.kinds), np.asarray(found.masks)
    of_images = image_scores(score)
    figures = {
        "pixel AUC": roc_auc(score, masks),
        "image AUC": roc_auc(of_images, found.anomalous),
        "region overlap": per_region_overlap(score, masks),
    }
    for kind in dict.fromkeys(kind for kind in found.kinds if kind != GOOD):
        figures[f"pixel AUC, {kind}"] = roc_auc(score[kinds == kind], masks[kinds == kind])
        some = np.isin(kinds, (GOOD, kind))
        figures[f"image AUC, {kind}"] = roc_auc(of_images[some], found.anomalous[some])
    return figures


def main() -> None:
    """Measure, and save the figures and a picture of each texture."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=540, help="of training per texture")
    options.add_argument("--textures", nargs="+", default=TEXTURES, choices=TEXTURES)
    given = options.parse_args()
    results = load("anomaly_textures")
    for name in given.textures:
        ankeras.setup(0)
        start = time.perf_counter()
        model = trained(texture(name), given.seconds)
        seconds = time.perf_counter() - start
        found = anomalies(name, N, SIZE, seed=7)
        images, kinds = np.asarray(found.images), np.array(found.kinds)
        all_maps = {a: anomaly_maps(model, images, a) for a in ALPHAS}
        by_alpha = {a: areas(maps.score, found) for a, maps in all_maps.items()}
        results[name] = {
            "seconds": seconds,
            **by_alpha[ALPHA],
            "image AUC by alpha": {a: figures["image AUC"] for a, figures in by_alpha.items()},
            "pixel AUC by alpha": {a: figures["pixel AUC"] for a, figures in by_alpha.items()},
        }
        report(name, results[name])
        maps = all_maps[ALPHA]
        gamma = threshold(maps.score[kinds == GOOD], 0.01)
        some = [int(np.flatnonzero(kinds == kind)[1]) for kind in dict.fromkeys(found.kinds)]
        figure = rows(
            images[some],
            maps[some],
            gamma,
            np.asarray(found.masks)[some],
            [found.kinds[i] for i in some],
        )
        figure.savefig(RESULTS / f"anomaly_textures_{name}.png")
        save("anomaly_textures", results)


if __name__ == "__main__":
    main()
