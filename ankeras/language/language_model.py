"""A language model: a transformer predicts each word from the words before it.

Source: ATIV, "A different architecture: Transformers" ("state of the art technique in Natural
Language Processing"); Vaswani et al., "Attention is all you need" (NIPS 2017), section 3.2.3, for
the causal mask; Radford et al., "Improving language understanding by generative pre-training"
(2018), equation 1.

    p(x) = p(x_2 | x_1) p(x_3 | x_1, x_2) ... p(x_n | x_1, ..., x_(n-1))            (the chain rule)
    descend  E [-log p(x)] = E [-sum_i log p(x_(i+1) | x_1, ..., x_i)]

    nats per word = the mean of -log p(x_(i+1) | x_1, ..., x_i) over all words
    perplexity    = exp(nats per word)

x_1 is the mark of the start, and the mark of the end is the last word; padding after it is no word.
It is the factorization of `likelihood/autoregressive.py`, with words in the place of pixels. A
perplexity of k means: the model is as unsure as if it chose among k equally likely words.
"""

from typing import Any

from ankeras.autoencoders.autoencoder import weighted_mean
from ankeras.builders.transformer import get_language_model
from ankeras.data.tokenizer import END, PADDING, START
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_LENGTH, TINY_WORDS, Row
from ankeras.training.checks import check_shapes_known, check_tokens
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from scipy.special import softmax

TEXTS_AT_ONCE = 500


def nll_of_words(tokens: Any, logits: Any) -> Any:
    """Return -log p of each word after the first, and 0 at padding: (batch, length - 1), in nats.

    Args:
        tokens: int (batch, length).
        logits: (batch, length, n_words); those at position i are of token i + 1.
    """
    words = tokens[:, 1:]
    nll = ops.sparse_categorical_crossentropy(words, logits[:, :-1], from_logits=True)
    return ops.where(ops.not_equal(words, PADDING), nll, 0.0)


@keras.saving.register_keras_serializable("ankeras")
class LanguageModel(OwnLoss):
    """A language model; `fit(tokens)`.

    Its log "loss" is -log p(x) in nats per text, averaged over the texts.

    Args:
        network: int (batch, length) -> logits (batch, length, n_words),
            `get_language_model(n_words, length)`.

    Raises:
        ValueError: if the network does not return such logits.
    """

    networks = ("network",)
    called = "A language model"
    weighs_images = True

    def __init__(self, network: keras.Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_shapes_known(network, "network")
        if len(network.input_shape) != 2 or network.output_shape[:-1] != network.input_shape:
            raise ValueError(
                f"A language model returns logits of (batch, length, n_words) for tokens (batch, "
                f"length), not {network.output_shape} for {network.input_shape}."
            )
        self.network = network
        self.length: int = network.input_shape[1]
        self.n_words: int = network.output_shape[-1]

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend -log p(x) on one minibatch."""
        x, _, weights = keras.utils.unpack_x_y_sample_weight(data)

        # -log p(x) = -sum_i log p(x_(i+1) | x_1, ..., x_i), averaged over the minibatch
        def objective() -> tuple:
            logits = self.network(x, training=True)
            nll = weighted_mean(ops.sum(nll_of_words(x, logits), axis=1), weights)
            return nll + self.layer_losses(), nll

        _, nll = descend(objective, self.optimizer, self.trainable_variables)
        return self.log(loss=nll)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate -log p(x) on one minibatch."""
        x, _, weights = keras.utils.unpack_x_y_sample_weight(data)
        nll = ops.sum(nll_of_words(x, self.network(x, training=False)), axis=1)
        return self.log(loss=weighted_mean(nll, weights))

    def call(self, tokens: Any, training: bool | None = None) -> Any:
        """Return the probabilities of the next word at each position: (batch, length, n_words)."""
        return ops.softmax(self.network(tokens, training=training), axis=-1)

    def log_likelihood(self, tokens: np.ndarray) -> np.ndarray:
        """Return log p(x) of each text: int (n, length) -> (n,), in nats.

        Raises:
            ValueError: if the model can't be trained on these tokens.
        """
        return -self._nll(tokens).sum(axis=1)

    def nats_per_word(self, tokens: np.ndarray) -> float:
        """Return the mean of -log p over all words of texts (n, length), the ends included.

        Raises:
            ValueError: if the model can't be trained on these tokens.
        """
        return float(self._nll(tokens).sum() / (np.asarray(tokens)[:, 1:] != PADDING).sum())

    def perplexity(self, tokens: np.ndarray) -> float:
        """Return exp(nats per word) of texts (n, length).

        Raises:
            ValueError: if the model can't be trained on these tokens.
        """
        return float(np.exp(self.nats_per_word(tokens)))

    def generate(
        self,
        n: int,
        temperature: float = 1.0,
        seed: int = 0,
        start: ArrayLike = (START,),
    ) -> np.ndarray:
        """Draw texts word by word: int32 (n, length), padding after the end.

        Args:
            n: number of texts.
            temperature: the logits are divided by it. With 1, the words are drawn from the model;
                below 1, likely words become likelier.
            seed: seed of the draws.
            start: the first tokens of all texts, such as those of the beginning of a sentence.
                Default: the mark of the start alone.

        Raises:
            ValueError: if n < 1, the temperature is not above 0, or the start does not fit.
        """
        if n < 1:
            raise ValueError(f"Ask for n >= 1 texts, not {n}.")
        if not 0 < temperature < np.inf:
            raise ValueError(f"The temperature is above 0, not {temperature}.")
        given = np.atleast_1d(np.asarray(start))
        if not 1 <= len(given) <= self.length:
            raise ValueError(f"start holds 1 to {self.length} tokens, not {len(given)}.")
        check_tokens(given[None], len(given), self.n_words, "start")
        rng = np.random.default_rng(seed)
        x = np.full((n, self.length), PADDING, "int32")
        x[:, : len(given)] = given
        ended = np.full(n, END in given)
        for i in range(len(given), self.length):
            if ended.all():
                break
            # x_i ~ softmax(logits / temperature); neither padding nor a start is a word
            logits = np.array(self.network.predict_on_batch(x)[:, i - 1], "float64")
            logits[:, [PADDING, START]] = -np.inf
            below = np.cumsum(softmax(logits / temperature, axis=-1), axis=-1)
            word = (below < rng.random((n, 1))).sum(axis=-1).clip(max=self.n_words - 1)
            x[:, i] = np.where(ended, PADDING, word)
            ended |= word == END
        return x

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on tokens x."""
        check_tokens(x, self.length, self.n_words)

    def _nll(self, tokens: np.ndarray) -> np.ndarray:
        """Return -log p of each word after the first: (n, length - 1), in nats."""
        tokens = np.asarray(tokens)
        self.check_data(tokens, None)
        found = []
        for i in range(0, len(tokens), TEXTS_AT_ONCE):
            part = tokens[i : i + TEXTS_AT_ONCE]
            nll = nll_of_words(part, self.network.predict_on_batch(part))
            found.append(ops.convert_to_numpy(nll))
        return np.concatenate(found)


ROWS = (
    Row(
        name="language model",
        builds=LanguageModel,
        lecture="ATIV, Attention is all you need!",
        paper="Radford 2018",
        notebook="18",
        learns_from="tokens",
        tiny=lambda: LanguageModel(
            get_language_model(TINY_WORDS, TINY_LENGTH, dim=8, depth=1, n_heads=2)
        ),
    ),
)
