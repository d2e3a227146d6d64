"""The base of all widgets: one question from the browser, one answer from Python.

A widget has traits that the user changes in the browser, its `choices`, and traits that Python
computes from them, such as a picture. The browser has only one question open at a time: while
Python computes, it keeps the newest choices and sends only these when the answer has come. So a
slow network makes the picture less smooth, but never late.

    browser -> Python    number: of the question; and the choices that have changed
    Python -> browser    answered: the same number; the pictures; message: what is wrong, or ""

The JavaScript of a widget is `shared.js` and the file with the name of the widget. anywidget
(https://anywidget.dev) loads it from the notebook's kernel, so there is nothing to build and no
other server is asked.
"""

import base64
import copy
import io
import textwrap
from pathlib import Path
from typing import Any, ClassVar

from ankeras.pictures import INK, Figure

import anywidget
from traitlets import Int, Unicode

HERE = Path(__file__).parent
STATIC = (
    "This picture is static: run the cell in JupyterLab, VS Code or Colab to explore it with the "
    "mouse or the keyboard."
)
LETTERS = 15  # of the caption, per inch of a figure


def source(name: str) -> str:
    """Return the JavaScript of a widget, an ES module."""
    return "\n".join((HERE / file).read_text("utf-8") for file in ("shared.js", f"{name}.js"))


def by_user() -> dict[str, Any]:
    """Return the metadata of a trait that the user changes in the browser.

    The browser gets no echo of what it sent: an old echo would move the pointer back.
    """
    return {"sync": True, "echo_update": False}


def captioned(figure: Figure) -> Figure:
    """Add a caption to a figure, which says that it is static, and return the figure."""
    lines = textwrap.wrap(STATIC, int(LETTERS * figure.get_figwidth()))
    figure.set_figheight(figure.get_figheight() + 0.2 * len(lines))
    figure.supxlabel("\n".join(lines), fontsize=9, style="italic", color=INK)
    return figure


class Explorer(anywidget.AnyWidget):
    """A widget that draws anew whenever the user changes one of its choices.

    Attributes:
        message: what is wrong with the choices, in one sentence; else "".
    """

    _css = (HERE / "style.css").read_text("utf-8")

    choices: ClassVar[tuple[str, ...]] = ()  # traits that the user changes
    number = Int(0).tag(**by_user())
    answered = Int(0).tag(sync=True)
    message = Unicode("").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._drawn: dict[str, Any] = {}
        self._answer()
        self.observe(self._answer, [*self.choices, "number"])

    def draw(self) -> None:
        """Compute the pictures from the choices.

        Raises:
            ValueError: if the choices can't be drawn; the user reads the sentence.
        """
        raise NotImplementedError

    def figure(self) -> Figure:
        """Return the state of the widget as a figure, for where no widget can be shown."""
        raise NotImplementedError

    def _answer(self, _change: Any = None) -> None:
        choices = {name: copy.deepcopy(getattr(self, name)) for name in self.choices}
        with self.hold_sync():  # one message for all that changes
            if choices != self._drawn:  # a message may change several traits: draw once
                self._drawn = choices
                try:
                    self.draw()
                    self.message = ""
                except ValueError as error:
                    self.message = str(error)
            self.answered = self.number

    def __repr__(self) -> str:
        """Return the name of the widget, and what to do where it can't be shown."""
        return f"{type(self).__name__}: .figure() returns this as a static figure. {STATIC}"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict, dict]:
        """Return the widget and a static picture: a front end shows the first that it can."""
        data, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        buffer = io.BytesIO()
        captioned(self.figure()).savefig(buffer, format="png")
        data["image/png"] = base64.b64encode(buffer.getvalue()).decode("ascii")
        data["text/plain"] = repr(self)
        return data, metadata
