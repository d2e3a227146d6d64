"""What blurs a VAE's faces? Train the same networks with different losses, and compare.

python bench/blur.py [--seconds 180] [--only gaussian]

All variants have the same networks and the same time on the same drawn faces of 64 pixels. The
figures are those of reconstructions of test images (squared error, sharpness as a share of the
images', attributes that the face reader finds) and of samples. Saved figures of other variants are
kept.
"""

import functools
from collections.abc import Callable
from typing import Any

import ankeras
from ankeras import evaluation, latent, pictures
from ankeras.autoencoders import (
    DFCVAE,
    VAE,
    encode_posterior,
    kl_divergence,
    reparameterize,
)
from ankeras.builders import get_decoder, get_discriminator, get_encoder
from ankeras.builders.feature_network import get_feature_network
from ankeras.data import Dataset, faces
from ankeras.gans.gan import discriminator_loss, non_saturating_loss
from ankeras.training.autodiff import descend

import keras
import numpy as np
from common import RESULTS, load, parser, save
from generative import Training, report
from generative_faces import of_samples
from keras import ops

SHAPE = (64, 64, 3)
WIDTHS = (16, 32, 64, 128)
N_TRAIN, N_TEST, N_SAMPLES = 20_000, 5_000, 2_500


class AdversarialVAE(VAE):
    """A VAE whose decoder must also deceive a discriminator.

    Source: Larsen et al., "Autoencoding beyond pixels using a learned similarity metric" (ICML
    2016), with the pixels' likelihood instead of the discriminator's features.

        l = l_reconstruction + beta * l_KL - gamma * log D(x_hat)
    """

    def __init__(self, *networks: keras.Model, gamma: float, **options: Any) -> None:
        *own, discriminator = networks
        super().__init__(*own, **options)
        self.discriminator = discriminator
        self.gamma = gamma
        self.of_discriminator = keras.optimizers.Adam(1e-3, beta_1=0.5)
        self.of_discriminator.build(discriminator.trainable_variables)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Descend D's loss, and then that of encoder and decoder."""
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        mu, log_var = self.encode(x, training=True)
        eps = keras.random.normal(ops.shape(mu), dtype=mu.dtype, seed=self.noise)
        fake = ops.stop_gradient(self.decode(reparameterize(mu, log_var, eps), training=True))

        def d_objective() -> Any:
            scores = [self.discriminator(images, training=True) for images in (x, fake)]
            return discriminator_loss(*scores)

        descend(d_objective, self.of_discriminator, self.discriminator.trainable_variables)

        def objective() -> tuple:
            mu, log_var = self.encode(x, training=True)
            x_hat = self.decode(reparameterize(mu, log_var, eps), training=True)
            reconstruction = ops.mean(self.reconstruction_loss(x, x_hat))
            kl = ops.mean(kl_divergence(mu, log_var))
            deceived = non_saturating_loss(self.discriminator(x_hat, training=True))
            return reconstruction + self.beta * kl + self.gamma * deceived, reconstruction, kl

        variables = [*self.encoder.trainable_variables, *self.decoder.trainable_variables]
        loss, reconstruction, kl = descend(objective, self.optimizer, variables)
        return self.log(loss=loss, reconstruction=reconstruction, kl=kl)


def networks(d: int = 64, gaussian: bool = False) -> tuple[keras.Model, keras.Model]:
    """Return encoder and decoder."""
    drawn = (64, 64, 6) if gaussian else SHAPE
    last = "linear" if gaussian else "sigmoid"
    return (
        get_encoder(SHAPE, 2 * d, widths=WIDTHS),
        get_decoder(d, drawn, widths=WIDTHS, upsampling="transposed", output_activation=last),
    )


def dfc(alpha: float, pixels: float, beta: float, d: int = 64) -> VAE:
    """Return a deep feature consistent VAE with the features of the face reader."""
    phi = get_feature_network(evaluation.face_reader(64), faces(200, seed=5).images)
    return DFCVAE(*networks(d), phi, alpha=alpha, pixels=pixels, beta=beta)


def adversarial(gamma: float, beta: float) -> VAE:
    """Return a VAE with an adversarial term."""
    discriminator = get_discriminator(SHAPE, widths=(16, 32, 64, 128), batch_norm=False)
    return AdversarialVAE(*networks(), discriminator, gamma=gamma, beta=beta)


VARIANTS: dict[str, Callable[[], VAE]] = {
    "bernoulli": lambda: VAE(*networks()),
    "bernoulli, beta .1": lambda: VAE(*networks(), beta=0.1),
    "bernoulli, beta .02": lambda: VAE(*networks(), beta=0.02),
    "bernoulli, beta .1, d = 128": lambda: VAE(*networks(128), beta=0.1),
    "bernoulli, beta .1, d = 32": lambda: VAE(*networks(32), beta=0.1),
    "gaussian": lambda: VAE(*networks(gaussian=True), likelihood="gaussian"),
    "features": functools.partial(dfc, 1000.0, 0.0, 0.1),
    "features and pixels": functools.partial(dfc, 100.0, 1.0, 0.1),
    "adversarial": functools.partial(adversarial, 20.0, 0.1),
}


def measure(model: VAE, name: str, train: Dataset, test: Dataset, seconds: float) -> dict:
    """Train a VAE for some seconds and return its figures."""
    model.compile(keras.optimizers.Adam(3e-3))
    clock = Training(seconds, model.optimizer)
    model.fit(train, batch_size=100, epochs=10_000, callbacks=[clock], verbose=0)
    return {"steps": int(model.optimizer.iterations), **figures_of(model, name, test)}


def figures_of(model: VAE, name: str, test: Dataset) -> dict:
    """Return the figures of a trained VAE, and save a picture of its reconstructions."""
    reader = evaluation.face_reader(64)
    z, _ = encode_posterior(model, test.images)
    drawn = latent.decode(model.generator, z)
    read = evaluation.read_attributes(reader, drawn)
    has = evaluation.true_attributes(test.factors)
    right = {key: float(np.mean(read[key] == has[key])) for key in evaluation.ATTRIBUTES}
    samples = model.generate(N_SAMPLES)
    pictures.reconstructions(
        test.images, {"VAE": drawn[:12], "samples": samples[:12]}, n=12
    ).savefig(RESULTS / f"blur_{name.replace(' ', '_')}.png")
    return {
        "squared error": float(np.mean((drawn - test.images) ** 2)),
        "sharpness": evaluation.sharpness(drawn) / evaluation.sharpness(test.images),
        "attributes found": right,
        "least found": min(right.values()),
        **of_samples(reader, test.images, samples),
    }


def main() -> None:
    """Measure the variants one after the other, and save the figures."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=180, help="of training, per variant")
    options.add_argument("--only", nargs="*", default=list(VARIANTS), help="names of variants")
    given = options.parse_args()
    train, test = (faces(n, seed=seed, size=64) for n, seed in ((N_TRAIN, 0), (N_TEST, 1)))
    for name in given.only:
        ankeras.setup(0)
        figures = measure(VARIANTS[name](), name, train, test, given.seconds)
        save("blur", load("blur") | {name: report(name, figures)})


if __name__ == "__main__":
    main()
