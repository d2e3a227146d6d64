"""What Keras and TensorFlow say about a mistake, without their own names and tracebacks."""

import re

MAX_LINES, MAX_CHARACTERS = 4, 600
NAMES = re.compile(
    r"\x1b\[\d*m"  # colours of a terminal
    r"| for '\{\{[^}]*\}\} = [^']*'"  # for '{{node matmul}} = MatMul[T=DT_FLOAT](x, y)'
    r"|\[\[\{\{[^}]*\}\}[^\]]*\]\]"  # [[{{node matmul}}]]
    r"|\{\{[^}]*node [^}]*\}\}"  # {{function_node __wrapped__AddV2_device_...}}
    r"|\[Op:[^\]]*\](?: name: ?\S*)?"  # [Op:AddV2] name:
)
FRAME = re.compile(r'\s*File ".*", line \d+')
HEADINGS = re.compile(
    r"Graph execution error:|Detected at node .*|in user code:|<stack traces unavailable>"
    r"|Node: '.*'|\d+ root error\(s\) found\.?"
)
ARGUMENTS = re.compile(r"\nArguments received by .*", re.DOTALL)  # Keras lists them for each layer


def plain(kind: str, message: str) -> str:
    """Return the lines of an exception's text that say what is wrong.

    Args:
        kind: the name of the class of the exception.
        message: its text.
    """
    rows = NAMES.sub("", ARGUMENTS.sub("", message)).splitlines()
    code = -1  # the indentation of a frame: a line of code below it is further in
    kept: list[str] = []
    for row in rows:
        indent = len(row) - len(row.lstrip())
        if FRAME.match(row):
            code = indent
        elif code >= 0 and indent > code and row.strip():
            code = -1
        elif row.strip() and not HEADINGS.fullmatch(row.strip()):
            code = -1
            kept.append(row.strip().removeprefix(f"{kind}: "))
    return "\n".join(kept[:MAX_LINES])[:MAX_CHARACTERS]
