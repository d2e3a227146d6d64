"""The recipes that `bench/quality.py` compares with: the examples of keras.io, by description.

Networks, optimizers, batch sizes and training steps are those of the examples "Variational
AutoEncoder", "DCGAN to generate face images", "Conditional GAN" and "WGAN-GP overriding
Model.train_step", written anew; for digits the DCGAN has one block less, as it draws 28 pixels a
side and not 64. WGAN-GP's numbers between real and generated images are uniform, as in the paper.
What a step computes is the examples', on each backend; only `ankeras.training.autodiff` is ours.
"""

from collections.abc import Sequence
from typing import Any

from ankeras.training.autodiff import Model, descend, input_gradient
from ankeras.training.optimizers import TwoOptimizers

import keras
import numpy as np
from keras import layers, ops


def _convolutions(inputs: Sequence[int], *blocks: Any) -> keras.Sequential:
    return keras.Sequential([keras.Input(tuple(inputs)), *blocks])


def _leaky(layer: keras.Layer) -> list[keras.Layer]:
    return [layer, layers.LeakyReLU(0.2)]


def _down(filters: int, kernel: int) -> list[keras.Layer]:
    return _leaky(layers.Conv2D(filters, kernel, strides=2, padding="same"))


def _up(filters: int, kernel: int) -> list[keras.Layer]:
    return _leaky(layers.Conv2DTranspose(filters, kernel, strides=2, padding="same"))


class VAE(Model):
    """The variational autoencoder.

    Args:
        latent_dim: the size of the code; the example has two dimensions.
    """

    batch = 128

    def __init__(self, latent_dim: int = 2) -> None:
        super().__init__()
        relu = {"strides": 2, "padding": "same", "activation": "relu"}
        self.encoder = _convolutions(
            (28, 28, 1),
            *(layers.Conv2D(32, 3, **relu), layers.Conv2D(64, 3, **relu)),
            *(layers.Flatten(), layers.Dense(16, "relu"), layers.Dense(2 * latent_dim)),
        )
        self.decoder = _convolutions(
            (latent_dim,),
            *(layers.Dense(7 * 7 * 64, "relu"), layers.Reshape((7, 7, 64))),
            *(layers.Conv2DTranspose(64, 3, **relu), layers.Conv2DTranspose(32, 3, **relu)),
            layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid"),
        )
        self.noise = keras.random.SeedGenerator()
        self.built = True
        self.compile(keras.optimizers.Adam())

    def train_step(self, x: Any) -> dict:
        """Take a step on the reconstruction's cross-entropy and the divergence from the prior."""

        def loss_fn() -> Any:
            mean, log_var = ops.split(self.encoder(x, training=True), 2, axis=1)
            z = mean + ops.exp(0.5 * log_var) * keras.random.normal(
                ops.shape(mean), seed=self.noise
            )
            entropy = keras.losses.binary_crossentropy(x, self.decoder(z, training=True))
            divergence = -0.5 * (1 + log_var - mean**2 - ops.exp(log_var))
            return ops.mean(ops.sum(entropy, (1, 2))) + ops.mean(ops.sum(divergence, 1))

        weights = self.encoder.trainable_weights + self.decoder.trainable_weights
        return {"bound": descend(loss_fn, self.optimizer, weights)}

    def draw(self, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return an image for each z, of which only the first dimensions are used."""
        d = self.decoder.input_shape[-1]
        return self.decoder.predict(z[:, :d], batch_size=500, verbose=0)


class DCGAN(Model):
    """The DCGAN: one minibatch of real and generated images for D, noisy labels, Adam.

    Args:
        image_shape: (28, 28, 1) or (64, 64, 3).
    """

    batch = 32
    latent = 128
    classes = 0
    label_noise = 0.05
    rate = 1e-4

    def __init__(self, image_shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.players(image_shape)
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
        self.noise = keras.random.SeedGenerator()
        self.built = True
        theta_d, theta_g = self.discriminator.trainable_weights, self.generator.trainable_weights
        self.compile(TwoOptimizers(self.adam(), self.adam(), theta_d, theta_g))

    def adam(self) -> keras.optimizers.Optimizer:
        """Return a player's optimizer."""
        return keras.optimizers.Adam(self.rate)

    def players(self, image_shape: tuple[int, int, int]) -> None:
        """Build both networks."""
        side, _, channels = image_shape
        blocks = 3 if side == 64 else 2
        first = side >> blocks
        self.discriminator = _convolutions(
            image_shape,
            *(layer for filters in (64, 128, 128)[:blocks] for layer in _down(filters, 4)),
            *(layers.Flatten(), layers.Dropout(0.2), layers.Dense(1)),
        )
        self.generator = _convolutions(
            (self.latent,),
            *(layers.Dense(first * first * 128), layers.Reshape((first, first, 128))),
            *(layer for filters in (128, 256, 512)[:blocks] for layer in _up(filters, 4)),
            layers.Conv2D(channels, 5, padding="same", activation="sigmoid"),
        )

    def train_step(self, data: Any) -> dict:
        """Take one step of D on a joint minibatch, and one of G on noise of its own."""
        x, y = data if self.classes else (data, None)
        n = ops.shape(x)[0]
        fake = self.labelled(self.generate(n, y), y)
        both = ops.concatenate([fake, self.labelled(x, y)], axis=0)
        truth = ops.concatenate([ops.ones((n, 1)), ops.zeros((n, 1))], axis=0)
        truth += self.label_noise * keras.random.uniform(ops.shape(truth), seed=self.noise)
        theta = self.discriminator.trainable_weights
        d_loss = descend(
            lambda: self.loss_fn(truth, self.discriminator(both, training=True)),
            *(self.optimizer.discriminator, theta),
        )

        def g_loss_fn() -> Any:
            logits = self.discriminator(self.labelled(self.generate(n, y), y), training=True)
            return self.loss_fn(ops.zeros((n, 1)), logits)

        theta = self.generator.trainable_weights
        g_loss = descend(g_loss_fn, self.optimizer.generator, theta)
        return {"d_loss": d_loss, "g_loss": g_loss}

    def generate(self, n: Any, y: Any) -> Any:
        """Return images for fresh noise, with the labels appended to it if there are any."""
        z = keras.random.normal((n, self.latent), seed=self.noise)
        if self.classes:
            z = ops.concatenate([z, ops.one_hot(y, self.classes)], axis=1)
        return self.generator(z, training=True)

    def labelled(self, images: Any, y: Any) -> Any:
        """Return images with the labels as further channels if there are any."""
        if not self.classes:
            return images
        shape = (ops.shape(images)[0], *images.shape[1:3], self.classes)
        planes = ops.broadcast_to(ops.one_hot(y, self.classes)[:, None, None], shape)
        return ops.concatenate([images, planes], axis=-1)

    def draw(self, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return an image for each z and label."""
        if self.classes:
            z = np.concatenate([z, np.eye(self.classes, dtype="float32")[labels]], axis=1)
        return self.generator.predict(z, batch_size=500, verbose=0)


class CGAN(DCGAN):
    """The conditional GAN."""

    batch = 64
    classes = 10
    label_noise = 0.0
    rate = 3e-4

    def players(self, image_shape: tuple[int, int, int]) -> None:
        """Build both networks."""
        self.discriminator = _convolutions(
            (28, 28, 11),
            *(*_down(64, 3), *_down(128, 3), layers.GlobalMaxPooling2D(), layers.Dense(1)),
        )
        width = self.latent + self.classes
        self.generator = _convolutions(
            (width,),
            *(*_leaky(layers.Dense(7 * 7 * width)), layers.Reshape((7, 7, width))),
            *(*_up(128, 4), *_up(128, 4)),
            layers.Conv2D(1, 7, padding="same", activation="sigmoid"),
        )


class WGANGP(DCGAN):
    """The Wasserstein GAN with gradient penalty: three critic steps, images in [-1, 1]."""

    batch = 512
    critic_steps = 3
    weight = 10.0

    def adam(self) -> keras.optimizers.Optimizer:
        """Return a player's optimizer."""
        return keras.optimizers.Adam(2e-4, beta_1=0.5, beta_2=0.9)

    def players(self, image_shape: tuple[int, int, int]) -> None:
        """Build both networks."""
        self.discriminator = _convolutions(
            (28, 28, 1),
            layers.ZeroPadding2D(2),
            *(*_down(64, 5), *_down(128, 5), layers.Dropout(0.3)),
            *(*_down(256, 5), layers.Dropout(0.3), *_down(512, 5)),
            *(layers.Flatten(), layers.Dropout(0.2), layers.Dense(1)),
        )

        def block(filters: int, activation: keras.Layer) -> list[keras.Layer]:
            convolution = layers.Conv2D(filters, 3, padding="same", use_bias=False)
            return [layers.UpSampling2D(), convolution, layers.BatchNormalization(), activation]

        self.generator = _convolutions(
            (self.latent,),
            *(layers.Dense(4 * 4 * 256, use_bias=False), layers.BatchNormalization()),
            *(layers.LeakyReLU(0.2), layers.Reshape((4, 4, 256))),
            *(*block(128, layers.LeakyReLU(0.2)), *block(64, layers.LeakyReLU(0.2))),
            *(*block(1, layers.Activation("tanh")), layers.Cropping2D(2)),
        )

    def train_step(self, data: Any) -> dict:
        """Take three steps of the critic on the same real images, and one of G."""
        x = 2.0 * data - 1.0
        n = ops.shape(x)[0]

        def d_loss_fn() -> Any:
            fake = self.generate(n, None)
            alpha = keras.random.uniform((n, 1, 1, 1), seed=self.noise)
            between = x + alpha * (fake - x)
            _, gradient = input_gradient(
                lambda between: self.discriminator(between, training=True), between
            )
            slope = ops.sqrt(ops.sum(gradient**2, (1, 2, 3)))
            loss = ops.mean(self.discriminator(fake, training=True))
            loss -= ops.mean(self.discriminator(x, training=True))
            return loss + self.weight * ops.mean((slope - 1.0) ** 2)

        def g_loss_fn() -> Any:
            return -ops.mean(self.discriminator(self.generate(n, None), training=True))

        theta_d, theta_g = self.discriminator.trainable_weights, self.generator.trainable_weights
        for _ in range(self.critic_steps):
            d_loss = descend(d_loss_fn, self.optimizer.discriminator, theta_d)
        g_loss = descend(g_loss_fn, self.optimizer.generator, theta_g)
        return {"d_loss": d_loss, "g_loss": g_loss}

    def draw(self, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return an image for each z."""
        return (super().draw(z, labels) + 1.0) / 2.0
