"""Tests of the imports within the package: each layer imports only lower layers, in no circle.

A room is a folder or a file directly in ankeras/.
"""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ankeras"
# From the lowest to the highest: a room imports only rooms before it in this list.
LAYERS = (
    "pictures",
    "data",
    "training",
    "pretrained",
    "builders",
    "latent",
    "evaluation",
    "autoencoders",
    "gans",
    "image_to_image",
    "inverse_problems",
    "likelihood",
    "anomaly",
    "diffusion",
    "language",
    "input_gradients",
    "recipes",
    "explore",
    "catalogue",
    "demo",
    "cli",
)
# The command line runs grading; grading imports nothing of the rest.
ALLOWED_BESIDE_THE_LAYERS = {("cli", "grading")}


def _imports(file: Path) -> list[str]:
    """Return the modules of ankeras that a file imports anywhere, as dotted names."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in found if name.split(".")[0] == "ankeras"]


def _room(name: str) -> str:
    """Return the room of a dotted name below ankeras, such as "gans"."""
    return name.split(".")[1] if "." in name else ""


def _module(file: Path) -> str:
    """Return the dotted name of a file; for __init__.py, the dotted name of its folder."""
    parts = ("ankeras", *file.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_a_file_imports_only_from_lower_layers(file):
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    own = parts[0]
    for name in _imports(file):
        room = _room(name)
        if own in ("__init__", "__main__", "registration") or room in (own, "", "__version__"):
            continue
        if (own, room) in ALLOWED_BESIDE_THE_LAYERS:
            continue
        assert own in LAYERS, f"{file.name} is in no layer, but imports {name}"
        assert room in LAYERS[: LAYERS.index(own)], f"{'/'.join(parts)} imports {name}"


def test_grading_imports_nothing_but_the_version():
    for file in (PACKAGE / "grading").rglob("*.py"):
        others = [name for name in _imports(file) if _room(name) != "grading"]
        assert set(others) <= {"ankeras.__version__"}, f"{file.name} imports {others}"


def test_the_files_import_each_other_without_a_circle():
    modules = {_module(file): file for file in FILES}
    arrows = {
        name: {
            # an imported module, or the module from which a name is imported
            imported if imported in modules else imported.rpartition(".")[0]
            for imported in _imports(file)
        }
        for name, file in modules.items()
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            for target in sorted(arrows[name] & set(modules) - {name}):
                visit(target, (*path, name))
            done.add(name)

    for name in modules:
        visit(name, ())
