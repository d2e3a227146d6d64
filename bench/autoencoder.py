"""Compare the convolutional autoencoder with PCA on real digits, and its speed with plain Keras.

python bench/autoencoder.py [--data mnist.npz]
"""

import time

import ankeras
from ankeras.autoencoders import Autoencoder, DenoisingAutoencoder, squared_error, train
from ankeras.builders import get_autoencoder, get_decoder, get_encoder
from ankeras.evaluation import pca_error, reconstruction_error

import keras
import numpy as np
from common import parser, real_digits, save
from keras import layers

EPOCHS = 28  # at most 3 minutes on two cores


def network(latent_dim: int) -> keras.Model:
    """Return the autoencoder that is measured for this size of the code.

    A code of two numbers needs a deeper network. Such a network overfits to the 10,000 images.
    Noise on the input, with a standard deviation of 30 % of the pixels' range, prevents this.
    """
    if latent_dim > 2:
        return get_autoencoder(latent_dim=latent_dim)
    widths = (16, 32, 64, 128)
    return DenoisingAutoencoder(
        get_encoder(enc_output_shape=latent_dim, widths=widths),
        get_decoder(latent_dim, widths=widths),
        corruption="gaussian",
        level=0.3,
    )


def by_hand(latent_dim: int) -> keras.Model:
    """Return the default network of `get_autoencoder`, written in plain Keras."""

    def block(x: keras.KerasTensor, layer: layers.Layer) -> keras.KerasTensor:
        return layers.ReLU()(layers.BatchNormalization()(layer(x)))

    x = encoder_input = layers.Input((28, 28, 1))
    for width in (16, 32, 64):
        x = block(x, layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False))
    encoder = keras.Model(encoder_input, layers.Dense(latent_dim)(layers.Flatten()(x)))
    x = decoder_input = layers.Input((latent_dim,))
    x = layers.Reshape((4, 4, 64))(block(x, layers.Dense(4 * 4 * 64, use_bias=False)))
    for width, crop in ((32, 1), (16, 0), (8, 0)):
        x = layers.UpSampling2D()(x)
        x = layers.Cropping2D(((0, crop), (0, crop)))(x) if crop else x
        x = block(x, layers.Conv2D(width, 3, padding="same", use_bias=False))
    x = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    decoder = keras.Model(decoder_input, x)
    image = layers.Input((28, 28, 1))
    return keras.Model(image, decoder(encoder(image)))


def quality(x_train: np.ndarray, x_test: np.ndarray) -> list[dict]:
    """Train with d = 2 and d = 32, and return the test errors beside those of PCA."""
    rows = []
    for latent_dim in (2, 32):
        ankeras.setup(seed=0)
        autoencoder = network(latent_dim)
        start = time.perf_counter()
        train(autoencoder, x_train, x_test[:1000], epochs=EPOCHS, verbose=0)
        seconds = time.perf_counter() - start
        error = reconstruction_error(autoencoder, x_test)
        pca = pca_error(x_train, x_test, latent_dim)
        rows.append(
            {
                "d": latent_dim,
                "epochs": EPOCHS,
                "seconds": seconds,
                "error": error,
                "pca": pca,
                "ratio": error / pca,
            }
        )
        print(
            f"d = {latent_dim}: {error / pca:.3f} of PCA's test error after {seconds:.0f} s",
            flush=True,
        )
    return rows


def speed(x: np.ndarray, rounds: int = 7) -> dict[str, float]:
    """Return images per second of `fit` in plain Keras, and the median ratios ours / plain.

    The models are measured alternately.
    """
    models = {
        "plain keras": by_hand(32),
        "get_autoencoder": get_autoencoder(latent_dim=32),
        "Autoencoder": Autoencoder(get_encoder(enc_output_shape=32), get_decoder(32)),
    }
    for model in models.values():
        model.compile(keras.optimizers.Adam(1e-3), loss=squared_error)
        model.fit(x[:1000], x[:1000], batch_size=100, verbose=0)
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(rounds):
        for name, model in models.items():
            start = time.perf_counter()
            model.fit(x, x, batch_size=100, verbose=0)
            seconds[name].append(time.perf_counter() - start)
    reference = np.array(seconds["plain keras"])
    figures = {"plain keras, images/s": float(len(x) / np.median(reference))}
    for name in ("get_autoencoder", "Autoencoder"):
        figures[f"{name} / plain keras"] = float(np.median(reference / np.array(seconds[name])))
    for name, figure in figures.items():
        print(f"{name}: {figure:.3f}", flush=True)
    return figures


def main() -> None:
    """Measure both and save the figures."""
    train_data, test_data = real_digits(parser(__doc__).parse_args().data)
    figures = {
        "speed of fit": speed(train_data.images),
        "quality": quality(train_data.images, test_data.images),
    }
    save("autoencoder", figures)


if __name__ == "__main__":
    main()
