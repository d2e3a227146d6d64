"""Adversarial training: a classifier learns from the attacks on itself.

Source: NOTES, lesson 11, "Why Classification Techniques are Vulnerable"; Madry et al. 2018,
"Towards Deep Learning Models Resistant to Adversarial Attacks", equation 2.1.

    min_theta  E_(x,y) [ max_(|d| <= epsilon)  H(y, f_theta(x + d)) ]

The inner maximum is searched by a few steps along the sign of the gradient from a random start, see
`adversarial.py`. The outer minimum is the usual training, on what was found:

    x' = attack(theta, x, y),    theta <- theta - Adam(d/dtheta H(y, f_theta(x')))
"""

from typing import Any

from ankeras.input_gradients.adversarial import cross_entropy
from ankeras.training.autodiff import SeedGenerator, descend, input_gradient
from ankeras.training.catalogue_row import Row
from ankeras.training.checks import (
    check_images,
    check_labels,
    check_shapes_known,
    drawn_range,
)
from ankeras.training.own_loss import OwnLoss

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("ankeras")
class AdversarialTraining(OwnLoss):
    """A classifier that is trained on adversarial examples of its images.

    The model itself is called as the classifier is. Its logs: "loss" is H of the adversarial
    examples, "accuracy" the share of them that is read right.

    Args:
        classifier: (batch, *image) -> (batch, n_classes) scores (logits), such as
            `builders.get_classifier` builds.
        epsilon: the largest change of a pixel.
        steps: steps of the inner attack.
        step_size: size of one of them. Default: 2.5 epsilon / steps, or 1.25 epsilon for one.
        seed: seed of the random starts.

    Raises:
        ValueError: if the classifier returns probabilities, or an option is out of range.
    """

    called = "Adversarial training"
    networks = ("classifier",)
    options = ("epsilon", "steps", "step_size", "seed")
    logged = ("loss", "accuracy")
    target = "labels"

    def __init__(
        self,
        classifier: keras.Model,
        epsilon: float = 0.2,
        steps: int = 3,
        step_size: float | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        if not 0 < epsilon <= 1:
            raise ValueError(f"epsilon is the largest change of a pixel, in (0, 1], not {epsilon}.")
        if steps < 1:
            raise ValueError(f"The inner attack takes at least one step, not {steps}.")
        super().__init__(**kwargs)
        check_shapes_known(classifier, "classifier")
        if drawn_range(classifier) != (-np.inf, np.inf):
            raise ValueError(
                "The classifier must return scores: leave out the softmax of its last layer."
            )
        self.classifier = classifier
        self.epsilon = epsilon
        self.steps = steps
        self.step_size = step_size or (1.25 * epsilon if steps == 1 else 2.5 * epsilon / steps)
        self.seed = seed
        self.noise = SeedGenerator(seed)

    def attacked(self, x: Any, y: Any) -> Any:
        """Return the adversarial examples x' of images x of the classes y."""
        low, high = ops.maximum(x - self.epsilon, 0.0), ops.minimum(x + self.epsilon, 1.0)
        unit = keras.random.uniform(ops.shape(x), seed=self.noise)
        x_adv = low + (high - low) * unit
        for _ in range(self.steps):
            # x' <- clip_epsilon(x' + a sign(d/dx' H(y, x')))
            _, slope = input_gradient(
                lambda x: cross_entropy(y, self.classifier(x, training=False)), x_adv
            )
            x_adv = ops.clip(x_adv + self.step_size * ops.sign(slope), low, high)
        return ops.stop_gradient(x_adv)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend H on the adversarial examples of one minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        x_adv = self.attacked(x, y)

        def objective() -> tuple:
            # theta <- theta - Adam(d/dtheta H(y, f_theta(x')))
            scores = self.classifier(x_adv, training=True)
            loss = ops.mean(cross_entropy(y, scores))
            return loss + self.layer_losses(self.classifier), loss, scores

        _, loss, scores = descend(objective, self.optimizer, self.trainable_variables)
        return self.log(loss=loss, accuracy=_accuracy(y, scores))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate H on the adversarial examples of one minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        scores = self.classifier(self.attacked(x, y), training=False)
        return self.log(loss=ops.mean(cross_entropy(y, scores)), accuracy=_accuracy(y, scores))

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return the scores of the classes."""
        return self.classifier(x, training=training)

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the classifier can't learn the labels y of images x."""
        check_images(x, self.classifier.input_shape[1:], (0.0, 1.0))
        check_labels(y, len(x), self.classifier.output_shape[-1])


def _accuracy(y: Any, scores: Any) -> Any:
    right = ops.equal(ops.cast(y, "int32"), ops.cast(ops.argmax(scores, -1), "int32"))
    return ops.mean(ops.cast(right, "float32"))


ROWS = (
    Row(
        name="adversarial training",
        builds=AdversarialTraining,
        lecture="NOTES, lesson 11",
        paper="Madry 2018",
        notebook="14",
    ),
)
