"""Tests of the repository's files: they agree with each other, and links exist."""

import re
import tomllib
from pathlib import Path

import ankeras

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_environment_yml_agrees_with_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    assert conda == [f"python{PYPROJECT['requires-python']}", "pip"]
    (gpu,) = PYPROJECT["optional-dependencies"]["gpu"]
    wanted = [gpu if name.startswith("tensorflow") else name for name in PYPROJECT["dependencies"]]
    assert pip["pip"] == [*wanted, "-e ."]


def test_the_gpu_extra_has_the_same_tensorflow():
    plain = next(name for name in PYPROJECT["dependencies"] if name.startswith("tensorflow"))
    assert PYPROJECT["optional-dependencies"]["gpu"] == [
        plain.replace("tensorflow", "tensorflow[and-cuda]")
    ]


def test_all_files_name_the_same_version():
    assert PYPROJECT["version"] == ankeras.__version__
    assert f"## {ankeras.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_readme_gives_two_commands():
    block = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S).group(1)
    assert block.splitlines() == [
        "python -m pip install -q uv && python -m uv run ankeras demo",
        "python -m pip install -q uv && python -m uv run --extra dev pytest -n 4 --dist loadfile "
        "--no-loadscope-reorder",
    ]


def test_links_of_the_readme_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("path", sorted((ROOT / "ankeras").rglob("*.py")), ids=lambda p: p.name)
def test_each_file_starts_with_a_docstring(path):
    assert path.read_text().startswith('"""')
