"""Tests of the import: it is fast, prints nothing, and gives the public names."""

import os
import subprocess
import sys

import ankeras

import pytest

HEAVY = ("tensorflow", "keras", "jax", "torch", "matplotlib", "sklearn", "jupytext", "nbformat")


def _python(code: str, **environment: str) -> subprocess.CompletedProcess:
    # libraries that are imported in this process have set this variable
    inherited = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**inherited, **environment},
    )


@pytest.mark.parametrize(
    "code",
    [
        "import ankeras",
        "from ankeras.data import digits, faces, load",
        "from ankeras.grading import check, expect, grade, plugin",
        "import contextlib, io\n"
        "from ankeras.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main(['--help'])",
    ],
)
def test_nothing_heavy_is_imported(code):
    listing = f"import sys; print([name for name in {HEAVY} if name in sys.modules])"
    assert _python(f"{code}\n{listing}").stdout.strip() == "[]"


@pytest.mark.parametrize("first", ["ankeras.setup()", "from ankeras.builders import get_encoder"])
def test_tensorflow_starts_quietly(first):
    code = f"import ankeras\n{first}\nimport tensorflow as tf\nprint(float(tf.constant(1.0) + 1))"
    found = _python(code, KERAS_BACKEND="tensorflow")
    assert found.stdout.strip() == "2.0"
    assert found.stderr == ""


def test_importing_changes_no_other_library():
    code = (
        "import sys, keras, tensorflow as tf\n"
        "def state():\n"
        "    options = tf.data.experimental.AutotuneOptions\n"
        "    return [options.enabled, tf.get_logger().level, tf.__spec__.loader, *sys.meta_path,\n"
        "            keras.config.dtype_policy().name, keras.backend.backend()]\n"
        "before = state()\n"
        "import ankeras\n"
        "for name in ankeras.__all__:\n"
        "    getattr(ankeras, name)\n"
        "import ankeras.catalogue, ankeras.demo, ankeras.training.callbacks\n"
        "print(state() == before)"
    )
    assert _python(code, KERAS_BACKEND="tensorflow").stdout.strip() == "True"


@pytest.mark.parametrize("order", ["ankeras, tensorflow as tf", "tensorflow as tf, ankeras"])
def test_setup_tunes_pipelines_only_if_asked_to(order):
    code = (
        f"import {order}\n"
        "ankeras.setup()\n"
        "from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter\n"
        "import numpy as np\n"
        "made = ArrayDataAdapter(np.zeros((8, 2)), batch_size=2).get_tf_dataset().options()\n"
        "asked = tf.data.Options()\n"
        "asked.autotune.enabled = True\n"
        "other = tf.data.Dataset.range(3).with_options(asked).options()\n"
        "print(made.autotune.enabled, other.autotune.enabled)"
    )
    assert _python(code, KERAS_BACKEND="tensorflow").stdout.strip() == "False True"


def test_errors_of_a_failed_import_are_printed(tmp_path):
    package = tmp_path / "tensorflow"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import os\nos.write(2, b'what went wrong')\nraise ImportError('no library')"
    )
    code = (
        "import ankeras\ntry:\n    ankeras.builders\nexcept ImportError as error:\n    print(error)"
    )
    found = _python(code, PYTHONPATH=str(tmp_path), KERAS_BACKEND="tensorflow")
    assert found.stdout.strip() == "no library"
    assert "what went wrong" in found.stderr


def test_gpu_memory_grows():
    code = "import ankeras, os; print(os.environ['TF_FORCE_GPU_ALLOW_GROWTH'])"
    assert _python(code).stdout.strip() == "true"


@pytest.mark.parametrize("name", ankeras.__all__)
def test_public_names(name):
    assert getattr(ankeras, name) is not None
    assert name in dir(ankeras)


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'gan_zoo'"):
        _ = ankeras.gan_zoo
