"""A text box: pictures for a sentence, and which of its attributes a face reader finds in them.

Source: ATIV, "Principle"; DLSP, "Caption to image"; the system is `language/text_to_image.py`.
"""

import textwrap
from typing import Any, ClassVar

from ankeras.data.captions import caption_tokenizer, in_words, stated_facts, without_noun
from ankeras.evaluation import ATTRIBUTES
from ankeras.explore.explorer import Explorer, by_user, source
from ankeras.explore.images import check_finite, png
from ankeras.explore.verdict import check_reader, stated_verdict
from ankeras.language import TextToImage
from ankeras.pictures import INK, Figure, gallery

import keras
import numpy as np
from traitlets import Bytes, Float, Int, List, Unicode

N_PICTURES = 4
LARGEST_GUIDANCE = 10.0


class TextBox(Explorer):
    """The widget of `text_box`.

    Attributes:
        sentence: what the student typed.
        seed: seed of the noise of the pictures.
        guidance: the weight w.
        image_1, image_2, image_3, image_4: the pictures as PNG files.
        understood: which attributes the sentence of the pictures states, in words.
        verdicts: for each picture, [whether it is found, a sentence] of each stated attribute;
            empty without a face reader.
    """

    _esm = source("text_box")
    choices: ClassVar[tuple[str, ...]] = ("sentence", "seed", "guidance")

    sentence = Unicode().tag(**by_user())
    seed = Int().tag(**by_user())
    guidance = Float().tag(**by_user())
    image_1 = Bytes().tag(sync=True)
    image_2 = Bytes().tag(sync=True)
    image_3 = Bytes().tag(sync=True)
    image_4 = Bytes().tag(sync=True)
    understood = Unicode().tag(sync=True)
    verdicts: List = List().tag(sync=True)
    words = Unicode().tag(sync=True)  # that the model knows

    def __init__(
        self, model: TextToImage, reader: keras.Model | None, steps: int, **traits: Any
    ) -> None:
        self.model = model
        self.reader = reader
        self.steps = steps
        self.tokenizer = caption_tokenizer()
        super().__init__(words=" ".join(filter(str.isalpha, self.tokenizer.words)), **traits)

    def draw(self) -> None:
        """Draw the pictures of the sentence, and read them."""
        text = self.sentence.strip().removesuffix(".")
        tokens = self.tokenizer.encode([text])
        if not 0 <= self.guidance <= LARGEST_GUIDANCE:  # false for NaN
            raise ValueError(
                f"guidance is a number from 0 to {LARGEST_GUIDANCE:g}, not {self.guidance:g}."
            )
        images = self.model.generate_for(
            np.repeat(tokens, N_PICTURES, axis=0), self.seed, self.steps, self.guidance
        )
        check_finite(images, self.model)
        stated = stated_facts(text)
        self.images, self.title = images, text  # a later sentence may be refused
        self.image_1, self.image_2, self.image_3, self.image_4 = map(png, images)
        self.understood = _understood(text, stated, self.reader is not None)
        if self.reader is not None:
            self.verdicts = stated_verdict(self.reader, images, stated)

    def figure(self) -> Figure:
        """Return the pictures with the verdict on each as a figure."""
        below = ["\n".join(_marked(*row) for row in verdict) for verdict in self.verdicts]
        figure = gallery(list(self.images), below=below, columns=N_PICTURES)
        title = textwrap.wrap(self.title, 90)
        figure.set_figheight(figure.get_figheight() + 0.1 + 0.2 * len(title))
        figure.suptitle("\n".join(title), fontsize=11, color=INK)
        return figure


def text_box(
    model: TextToImage,
    sentence: str = "a smiling woman with long red hair, in a navy shirt",
    *,
    reader: keras.Model | None = None,
    seed: int = 0,
    guidance: float = 2.0,
    steps: int = 20,
) -> TextBox:
    """Return a widget in which a sentence is typed, and four pictures are drawn for it.

    Below each picture it says which of the attributes that the sentence states are found.

    Args:
        model: reads captions of `data.captions`, as `pretrained.load("faces-text-to-image")` does.
        sentence: the sentence to begin with.
        reader: as `evaluation.face_reader` returns it, for images of the model's size. Default: the
            pictures are not read.
        seed, guidance, steps: as in `TextToImage.generate_for`.

    Raises:
        ValueError: if the model reads no captions or those of another tokenizer, the reader reads
            images of another size, or the sentence or an option can't be drawn.
    """
    if not isinstance(model, TextToImage) or model.n_conditions != 1:
        raise ValueError(
            "A text box needs a model that draws from captions alone, a TextToImage, such as "
            'pretrained.load("faces-text-to-image").'
        )
    if reader is not None:
        check_reader(reader, model.network)
    widget = TextBox(model, reader, steps, sentence=sentence, seed=seed, guidance=guidance)
    if widget.message:
        raise ValueError(widget.message)
    return widget


def _marked(found: bool, words: str) -> str:
    """Return a verdict with its mark, in lines that are not wider than a picture of the figure."""
    return textwrap.fill(f"{'✓' if found else '✗'} {words}", 32, subsequent_indent="    ")


def _understood(text: str, stated: dict[str, int], is_read: bool) -> str:
    """Return which attributes a sentence states, and which of them the face reader can't find."""
    words = {name: in_words(name, value) for name, value in stated.items()}
    said = f'The sentence "{text}" states'
    said += f": {', '.join(words.values())}." if words else " no attribute."
    for value in without_noun(text):
        said += f' The word "{value.split()[0]}" needs its noun, such as "{value}".'
    unread = [words[name] for name in words if name not in ATTRIBUTES]
    if unread and is_read:
        said += f" The face reader does not read: {', '.join(unread)}."
    return said
