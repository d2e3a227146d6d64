"""`ankeras labs new`: a lab with one exercise, which can be built and proven at once."""

import re
from pathlib import Path

from ankeras.grading.find import labs_folder
from ankeras.grading.lab import PROOF, PUBLIC, SOLUTION
from ankeras.grading.release import add_conftest

_SOLUTION = '''\
# %% [markdown]
# # Lab {number}. {title}
#
# What this lab is about. Lectures: ...

# %%
import ankeras

print(ankeras.setup(seed=42, precision="float32"))

# %% given=true
import ankeras

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

# %%
from ankeras.grading import checker

check = checker("{name}")

# %% [markdown]
# **Exercise 1.1.** Return the mean squared error of each image. The inputs are two minibatches,
# `(batch, size)`; the result is one number per image, `(batch,)`.

# %% exercise="1.1" points=1
def squared_error(x, x_hat):
    """Return the squared error of each image, averaged over its pixels.

    x, x_hat: (batch, size), tensors.
    Returns: (batch,), a tensor.
    """
    ### BEGIN SOLUTION
    return ops.mean(ops.square(x - x_hat), axis=-1)
    ### END SOLUTION


# %%
check()
'''

_PUBLIC = '''\
"""The checks of lab {number} that students get."""

from typing import TYPE_CHECKING

from ankeras.grading import exercise, expect

if TYPE_CHECKING:  # names that are there where the last functions of this file run
    import tensorflow as tf


@exercise("1.1", points=1)
def test_squared_error(student, rng):
    """There is one number per image, with the right value."""
    x, x_hat = rng.normal(size=(2, 4, 7)).astype("float32")
    expect.close(
        student.run_beside(on_tensors, student.squared_error, x, x_hat),
        ((x - x_hat) ** 2).mean(axis=-1),
        "the error of each of 4 images",
        "Average over the pixels, not over the images.",
    )


# The functions below run beside the answers (student.run_beside).


def on_tensors(function, x, x_hat):
    return function(tf.constant(x), tf.constant(x_hat))
'''

_PROOF = '''\
"""Wrong answers to lab {number} that must be caught, and right ones that must pass."""

from ankeras.grading import Alternative, Mutant

PROOF = [
    Mutant("1.1", "a sum, not an average", "test_squared_error", ("ops.mean", "ops.sum")),
    Mutant("1.1", "averaged over images", "test_squared_error", ("axis=-1", "axis=0")),
    Mutant("1.1", "the absolute error", "test_squared_error", ("ops.square", "ops.abs")),
    Alternative(
        "1.1",
        "tensorflow",
        """
def squared_error(x, x_hat):
    return tf.reduce_mean((x_hat - x) ** 2, axis=1)
""",
    ),
]
'''


def new_lab(labs: Path, name: str) -> Path:
    """Write the files of a new lab, and return its folder.

    The folder of all labs gets a conftest.py, if it has none: with it, pytest judges the labs.

    Args:
        labs: the folder of all labs, as a user names it from outside or from inside of it.
        name: two digits and words, such as "09_diffusion". The folder may stand before it.

    Raises:
        ValueError: if the name has another form.
        FileExistsError: if this lab exists already.
    """
    path = Path(name)
    if path.parent not in (Path(), labs) or not re.fullmatch(r"\d\d_[a-z0-9_]+", path.name):
        raise ValueError(f'A lab is named like "09_diffusion", not {name!r}.')
    labs, name = labs_folder(labs), path.name
    folder = labs / name
    folder.mkdir(parents=True)
    words = {
        "name": name,
        "number": str(int(name[:2])),
        "title": name[3:].replace("_", " ").capitalize(),
    }
    for file, text in ((SOLUTION, _SOLUTION), (PUBLIC, _PUBLIC), (PROOF, _PROOF)):
        (folder / file).write_text(text.format(**words), encoding="utf-8")
    add_conftest(labs)
    return folder
