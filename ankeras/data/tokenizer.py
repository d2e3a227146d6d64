"""The tokenizer: sentences to integers, one per word, and back.

ids:  0 padding,  1 the start of a sentence,  2 its end,  then one per word of the vocabulary
"""

import difflib
from collections.abc import Sequence

import numpy as np

PADDING, START, END = range(3)
_FIRST_WORD = 3


class Tokenizer:
    """Turns sentences into integers, one per word or comma. Upper case is read as lower case.

    Args:
        words: the vocabulary, without repetitions.
        length: number of integers per sentence, with the start and the end.

    Attributes:
        n_words: number of different integers: the words and the three marks.
    """

    def __init__(self, words: Sequence[str], length: int) -> None:
        self.words = tuple(words)
        self.length = length
        self.n_words = _FIRST_WORD + len(self.words)
        self._ids = {word: _FIRST_WORD + i for i, word in enumerate(self.words)}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return the sentences as integers: int32 (n, length).

        Each row holds the start, the words, the end, and padding.

        Raises:
            ValueError: if a sentence is empty or too long, or a word is not in the vocabulary. The
                sentence then names the nearest words that are.
        """
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            raise ValueError("encode reads a list of sentences: write [text].")
        tokens = np.full((len(texts), self.length), PADDING, "int32")
        for row, text in zip(tokens, texts, strict=True):
            split = text.lower().replace(",", " , ").split()
            if not split:
                raise ValueError("A caption holds at least one word; this one is empty.")
            if len(split) + 2 > self.length:
                raise ValueError(
                    f"A caption holds at most {self.length - 2} words and commas, not "
                    f"{len(split)}: {text[:60]!r} ..."
                )
            row[: len(split) + 2] = [START, *map(self._id, split), END]
        return tokens

    def decode(self, tokens: np.ndarray) -> list[str]:
        """Return the sentences of rows of integers (n, length), each up to its end."""
        texts = []
        for row in np.asarray(tokens):
            ends = np.flatnonzero(row == END)
            kept = row[: ends[0]] if len(ends) else row
            split = [self.words[i - _FIRST_WORD] for i in kept if i >= _FIRST_WORD]
            texts.append(" ".join(split).replace(" ,", ","))
        return texts

    def _id(self, word: str) -> int:
        """Return the integer of a word, or raise a ValueError with the nearest words."""
        if word in self._ids:
            return self._ids[word]
        near = difflib.get_close_matches(word, self.words, n=3, cutoff=0.5)
        known = (
            f"did you mean {' or '.join(near)}?"
            if near
            else "the words are " + ", ".join(word for word in self.words if word.isalpha())
        )
        raise ValueError(f"The word {word!r} is unknown: {known}")
