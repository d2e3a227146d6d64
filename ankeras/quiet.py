"""Import TensorFlow quietly, and sooner; its errors still come through.

TF_CPP_MIN_LOG_LEVEL does not reach the lines that its libraries write, from C++, while they are
being loaded. So standard error is held back for just that import, and shown if the import fails.
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
    """Arrange that a later `import tensorflow`, by whomever, is quiet."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _Finder())


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
