"""`ankeras demo`: the lecture's convolutional autoencoder, trained at two sizes of the code.

Source: AN2DL, "The size of the latent representation" and "The latent representation of MNIST
autoencoder (d = 2)". It writes models, histories and the pictures of the slides to a folder.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

from ankeras import latent, pictures
from ankeras.autoencoders import train
from ankeras.builders import get_autoencoder
from ankeras.data import Dataset
from ankeras.evaluation import pca_error, reconstruction_error

import keras

EPOCHS = {2: 14, 32: 12}  # latent dimension -> number of passes over the training images


def run(train_data: Dataset, test_data: Dataset, out: Path, *, quick: bool = False) -> str:
    """Train with d = 2 and d = 32, save everything to a folder, and return a table of the errors.

    Args:
        train_data, test_data: images of one shape.
        out: a folder that exists.
        quick: train for one epoch only, to see that everything works.

    Returns:
        A text: the test errors, and the test errors of PCA with the same number of components.

    Raises:
        ValueError: if there are too few images, or too few values per image, for this PCA.
    """
    x_train, x_test = train_data.images, test_data.images
    least = max(EPOCHS)  # components of the PCA that is compared with
    if min(len(x_train), x_train[0].size) < least:
        raise ValueError(
            f"The demo needs at least {least} training images of at least {least} values, not "
            f"{len(x_train)} of {x_train[0].size}."
        )
    autoencoders, rows, histories = {}, [], {}
    for latent_dim, epochs in EPOCHS.items():
        print(f"\nAutoencoder with a code of size d = {latent_dim}", flush=True)
        autoencoder = get_autoencoder(x_train.shape[1:], latent_dim=latent_dim)
        start = time.perf_counter()
        history = train(autoencoder, x_train, x_test, epochs=1 if quick else epochs)
        seconds = time.perf_counter() - start
        autoencoder.save(out / f"autoencoder_d{latent_dim}.keras")
        histories[f"d={latent_dim}"] = history.history
        autoencoders[latent_dim] = autoencoder
        error = reconstruction_error(autoencoder, x_test)
        pca = pca_error(x_train, x_test, latent_dim)
        rows.append(f"{latent_dim:4}{error:12.4f}{pca:12.4f}{error / pca:10.2f}{seconds:10.0f}")
    (out / "history.json").write_text(json.dumps(histories, indent=1, default=float))
    for name, figure in _figures(autoencoders, test_data, histories):
        figure.savefig(out / f"{name}.png")
    header = "   d  test error         PCA     ratio   seconds"
    return "\n".join(["mean squared error per pixel, on test images", header, *rows])


def _figures(
    autoencoders: dict[int, keras.Model], test: Dataset, histories: dict
) -> Iterator[tuple[str, pictures.Figure]]:
    reconstructed = {
        f"d = {d}": model.predict(test.images[:12], verbose=0) for d, model in autoencoders.items()
    }
    yield "reconstructions", pictures.reconstructions(test.images, reconstructed, n=12)
    plane = autoencoders[2]
    z = latent.encode(plane.get_layer("encoder"), test.images)
    yield "latent_plane", pictures.latent_plane(z, test.labels, test.class_names)
    low, high = latent.populated_box(z)
    images = latent.grid(plane.get_layer("decoder"), low, high)
    yield "latent_grid", pictures.latent_grid(images, low, high)
    for title, logs in histories.items():
        yield f"history_{title.replace('=', '')}", pictures.history(logs, ("mse",))
