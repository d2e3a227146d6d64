"""Packs the tests of a lab. Tests compute the right values: as text they would show the answers.

A student's test_lab.py calls `run_packed`. Packed text is no secret: it only keeps a student who
opens the file from reading the answer by accident.
"""

import base64
import linecache
import zlib
from typing import Any

_FILE = '''\
"""The checks of {title}.

They compute the right values. So they are packed: as text they would show you the answers.
"""

from ankeras.grading.packed import run_packed

LAB = "{lab}"
run_packed("{packed}", globals())
'''


def packed_file(source: str, lab: str, title: str) -> str:
    """Return the text of a file of tests that works as `source` does.

    Args:
        source: the text of the file of tests.
        lab: the name of the lab, such as "05_vae".
        title: of the lab.
    """
    packed = base64.b64encode(zlib.compress(source.encode(), 9)).decode()
    return _FILE.format(title=title, lab=lab, packed=packed)


def run_packed(packed: str, names: dict[str, Any]) -> None:
    """Run packed source as a part of the file that calls this function.

    Args:
        packed: what `packed_file` has made of the source.
        names: the `globals()` of the file.
    """
    source, file = zlib.decompress(base64.b64decode(packed)).decode(), names["__file__"]
    # `inspect.getsource` reads it here: tests send the source of functions to the answers.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec", dont_inherit=True), names)
