"""The transformer with encoder and decoder: it writes one sequence after it has read another one.

Source: ATIV, "Transformer [vaswani 2017] based on encoding and decoding (+ multihead attention +
positional encoding)"; Vaswani et al., "Attention is all you need" (NIPS 2017), figure 1.

    p(y | x) = p(y_2 | y_1, x) p(y_3 | y_1, y_2, x) ... p(y_n | y_1, ..., y_(n-1), x)
    descend  E [-log p(y | x)] = E [-sum_i log p(y_(i+1) | y_1, ..., y_i, x)]

y_1 is the mark of the start, and the mark of the end is the last token. In a training the decoder
reads the true y_1, ..., y_i ("teacher forcing"), so that all positions are computed at once. To
write a sequence, it reads what it has written itself, token by token.

The first thing to learn is a sequence of digits, reversed or sorted (`data.digit_sequences`). Then
the weights of the cross-attention can be read: to write the i-th digit of a reversed sequence of n,
look at the digit n + 1 - i.
"""

from typing import Any

from ankeras.autoencoders.autoencoder import weighted_mean
from ankeras.builders.transformer import get_sequence_to_sequence
from ankeras.data.tokenizer import END, PADDING, START
from ankeras.language.language_model import nll_of_words
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_LENGTH, TINY_WORDS, Row
from ankeras.training.checks import check_shapes_known, check_tokens
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class SequenceToSequence(OwnLoss):
    """A transformer with encoder and decoder; `fit(source, target)`, tokens both.

    Its log "loss" is -log p(y | x) in nats per sequence, averaged over the sequences.

    Args:
        network: [source, target], both int (batch, length) -> logits (batch, length, n_words),
            `get_sequence_to_sequence(n_words, length)`.

    Raises:
        ValueError: if the network does not read two sequences and return such logits.
    """

    networks = ("network",)
    called = "A transformer"
    weighs_images = True

    def __init__(self, network: keras.Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_shapes_known(network, "network")
        shapes = [x.shape for x in network.inputs]
        if len(shapes) != 2 or shapes[0] != shapes[1] or network.output_shape[:-1] != shapes[0]:
            raise ValueError(
                f"The network reads [source, target], both (batch, length), and returns logits "
                f"(batch, length, n_words), not {network.output_shape} for {shapes}."
            )
        self.network = network
        self.length: int = shapes[0][1]
        self.n_words: int = network.output_shape[-1]

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend -log p(y | x) on one minibatch."""
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)

        # -log p(y | x) = -sum_i log p(y_(i+1) | y_1, ..., y_i, x), averaged over the minibatch
        def objective() -> tuple:
            logits = self.network([x, y], training=True)
            nll = weighted_mean(ops.sum(nll_of_words(y, logits), axis=1), weights)
            return nll + self.layer_losses(), nll

        _, nll = descend(objective, self.optimizer, self.trainable_variables)
        return self.log(loss=nll)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate -log p(y | x) on one minibatch."""
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        nll = ops.sum(nll_of_words(y, self.network([x, y], training=False)), axis=1)
        return self.log(loss=weighted_mean(nll, weights))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the probabilities of the target's next token, from [source, target]."""
        return ops.softmax(self.network(inputs, training=training), axis=-1)

    def write(self, source: np.ndarray) -> np.ndarray:
        """Return the targets, the likeliest token at each position: int (n, length), int32.

        Raises:
            ValueError: if the source holds no sequences that the network reads.
        """
        source = np.asarray(source)
        check_tokens(source, self.length, self.n_words, "source")
        y = np.full(source.shape, PADDING, "int32")
        y[:, 0] = START
        ended = np.zeros(len(source), bool)
        for i in range(1, self.length):
            # y_i = argmax p(y_i | y_1, ..., y_(i-1), x)
            logits = np.array(self.network.predict_on_batch([source, y])[:, i - 1])
            logits[:, [PADDING, START]] = -np.inf  # neither is ever a next token
            y[:, i] = np.where(ended, PADDING, logits.argmax(axis=-1))
            ended |= y[:, i] == END
        return y

    def share_right(self, source: np.ndarray, target: np.ndarray) -> float:
        """Return the share of sequences that are written without any mistake.

        Raises:
            ValueError: if the system can't be trained on these sequences.
        """
        source, target = np.asarray(source), np.asarray(target)
        self.check_data(source, target)
        return float((self.write(source) == target).all(axis=1).mean())

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on sources x and targets y."""
        check_tokens(x, self.length, self.n_words, "The source")
        if y is None or len(y) != len(x):
            given = "none" if y is None else len(y)
            raise ValueError(
                f"Each source has its target: {len(x)} sources need {len(x)} targets, not {given}."
            )
        check_tokens(y, self.length, self.n_words, "The target")


ROWS = (
    Row(
        name="transformer, encoder and decoder",
        builds=SequenceToSequence,
        lecture="ATIV, Attention is all you need!",
        paper="Vaswani 2017",
        notebook="18",
        learns_from="tokens, tokens",
        tiny=lambda: SequenceToSequence(
            get_sequence_to_sequence(TINY_WORDS, TINY_LENGTH, dim=8, n_heads=2)
        ),
    ),
)
