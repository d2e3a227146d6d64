# Saves and loads its own files. Verdict: 1.1 = 3, 2.1 = 2

# %%
# Exercise 1.1
import tempfile

import numpy as np


def squared_error(x, x_hat):
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, (x - x_hat) ** 2)
        return np.load(file.name).mean(axis=-1)


# %%
# Exercise 2.1
def tiny(d):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(d, use_bias=False)])
    model.save("model.keras")
    return keras.models.load_model("model.keras")
