"""Measure how realistic the drawn digits are: train a classifier on them, test it on real digits.

python bench/digits_realism.py [--data mnist.npz]
"""

import ankeras
from ankeras.data import digits
from ankeras.training.schedules import cosine_adam

import keras
import numpy as np
from common import parser, real_digits, save
from keras import layers

N, EPOCHS, BATCH, SEEDS = 20_000, 8, 128, (0, 1, 2)


def reader() -> keras.Model:
    """Return a small classifier: three convolutions and one hidden layer."""
    x = inputs = layers.Input((28, 28, 1))
    for width in (16, 32, 64):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.Dropout(0.3)(layers.Dense(128, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(10)(x))


def main() -> None:
    """Train on drawn digits, classify the real test digits, and print and save the accuracy."""
    ankeras.setup(0, precision="float32")
    _, test = real_digits(parser(__doc__).parse_args().data)
    confusion = np.zeros((10, 10), int)  # rows: real digits, columns: predictions
    accuracies = []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        drawn = digits(N, seed=seed)
        model = reader()
        optimizer = cosine_adam(EPOCHS * -(-N // BATCH), 2e-3)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss)
        model.fit(drawn.images, drawn.labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
        read = model.predict(test.images, batch_size=500, verbose=0).argmax(axis=1)
        np.add.at(confusion, (test.labels, read), 1)
        accuracies.append(float(np.mean(read == test.labels)))
        print(f"seed {seed}: {accuracies[-1]:.4f} of the real test digits are right", flush=True)
    print(confusion)
    save("digits_realism", {"accuracy": accuracies, "confusion": confusion.tolist()})


if __name__ == "__main__":
    main()
