"""Import TensorFlow quietly, and sooner; its errors still come through. Its epochs end at once.

TF_CPP_MIN_LOG_LEVEL does not reach the lines that its libraries write, from C++, while they are
being loaded. So standard error is held back for just that import, and shown if the import fails.

tf.data tunes each pipeline in a thread that sleeps for 10, 20, 40, ... milliseconds. When an
iterator is deleted, at the end of each epoch, the thread is woken; but where it wakes before the
news that it was cancelled is written down, it sleeps on, and the epoch waits for it: as long
again as it has taken, at worst. `bench/epoch_end.py` measures it. Images in memory need no tuning.
"""

import contextlib
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from types import ModuleType
from typing import Any


def quiet_tensorflow() -> None:
    """Arrange that a later `import tensorflow`, by whomever, is quiet, and epochs end at once."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if loaded := sys.modules.get("tensorflow"):
        _tune_no_pipeline(loaded)
    else:
        sys.meta_path.insert(0, _Finder())


def _tune_no_pipeline(tensorflow: ModuleType) -> None:
    """Make False the default of `tf.data.Options().autotune.enabled`, which anyone may set."""
    options = tensorflow.data.experimental.AutotuneOptions
    chosen = options.enabled
    options.enabled = property(lambda self: chosen.fget(self) or False, chosen.fset)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader) -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with _held_back_stderr(), _without_collecting_garbage():
            self.loader.exec_module(module)
        # Its logger warns of every model that is compiled anew, which a course does all the time.
        module.get_logger().setLevel(logging.ERROR)
        _tune_no_pipeline(module)


@contextlib.contextmanager
def _without_collecting_garbage() -> Iterator[None]:
    """Save a tenth of the import's time: it makes millions of objects, and next to no garbage."""
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
