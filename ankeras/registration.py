"""Lets Keras load saved systems in a program that has only imported this package.

Keras finds the class of a saved model among the registered ones, and a class is registered when its
file is imported. `import ankeras` imports no system, since that would load TensorFlow. So all
systems are imported when Keras is in use anyway: after the import of Keras, or of the first part of
this package that imports it.
"""

import functools
import importlib
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

SYSTEMS = (
    "ankeras.autoencoders",
    "ankeras.gans",
    "ankeras.image_to_image",
    "ankeras.diffusion",
    "ankeras.input_gradients",
    "ankeras.likelihood",
    "ankeras.language",
)


class AfterKeras(MetaPathFinder):
    """Finds Keras and the parts of this package as Python does, and then imports the systems.

    Attributes:
        depth: how many of these modules are being imported, each by the one before. The systems
            must wait for the first of them: they import parts that may not be complete before.
    """

    depth = 0

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return the specification of Keras or of a part of this package; else None."""
        if name != "keras" and not name.startswith("ankeras."):
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            run = functools.partial(self._run, spec.loader.exec_module)
            spec.loader.exec_module = run  # type: ignore[method-assign]
        return spec

    def _run(self, run: Callable[[ModuleType], None], module: ModuleType) -> None:
        self.depth += 1
        try:
            run(module)
        finally:
            self.depth -= 1
        if self.depth == 0 and "keras" in sys.modules and self in sys.meta_path:
            sys.meta_path.remove(self)
            register()


def register() -> None:
    """Import the systems."""
    for name in SYSTEMS:
        importlib.import_module(name)


def register_with_keras() -> None:
    """Import the systems as soon as Keras is imported."""
    if "keras" in sys.modules:
        register()
    else:
        sys.meta_path.insert(0, AfterKeras())
