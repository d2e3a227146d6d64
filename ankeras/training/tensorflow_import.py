"""Imports Keras, and TensorFlow with it, without the lines that TensorFlow prints meanwhile.

Its libraries write these lines from C++ before TF_CPP_MIN_LOG_LEVEL takes effect. So standard error
is held back during the import, and shown if the import fails. Nothing in TensorFlow is changed.
"""

import contextlib
import gc
import os
import sys
import tempfile
from collections.abc import Iterator


def import_keras_quietly() -> None:
    """Import Keras and its backend, if nobody has imported them yet."""
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _held_back_stderr(), _without_collecting_garbage():
        import keras  # noqa: F401, PLC0415


@contextlib.contextmanager
def _without_collecting_garbage() -> Iterator[None]:
    """Save a tenth of the import's time: it makes millions of objects and hardly any garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def _held_back_stderr() -> Iterator[None]:
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
