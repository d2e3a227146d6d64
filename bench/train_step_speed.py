"""Compare the speed of our train_steps with the same steps written by hand with GradientTape.

python bench/train_step_speed.py

`fit` compiles both, and they run alternately on the same images. The figure is the median ratio of
two consecutive runs.
"""

import time
from collections.abc import Callable
from typing import Any

import ankeras
from ankeras.autoencoders import VAE
from ankeras.builders import get_decoder, get_discriminator, get_encoder, get_generator
from ankeras.data import digits
from ankeras.gans import GAN

import keras
import numpy as np
import tensorflow as tf
from common import save

ROUNDS, N, BATCH = 9, 6_400, 64


class PlainVAE(keras.Model):
    """The VAE, written with Keras and TensorFlow only."""

    def __init__(self, encoder: keras.Model, decoder: keras.Model) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.loss_tracker = keras.metrics.Mean("loss")

    def train_step(self, data: Any) -> dict:
        """Take one step."""
        with tf.GradientTape() as tape:
            mu, log_var = tf.split(self.encoder(data, training=True), 2, axis=1)
            z = mu + tf.exp(0.5 * log_var) * tf.random.normal(tf.shape(mu))
            x_hat = self.decoder(z, training=True)
            bce = keras.losses.binary_crossentropy(data, x_hat)  # the mean over the channels
            kl = 0.5 * tf.reduce_sum(tf.exp(log_var) - log_var - 1 + mu**2, axis=1)
            loss = tf.reduce_mean(tf.reduce_sum(bce, axis=(1, 2)) + kl)
        weights = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}


class PlainGAN(keras.Model):
    """The GAN, written with Keras and TensorFlow only, with new noise for each network."""

    def __init__(self, generator: keras.Model, discriminator: keras.Model) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.d_tracker, self.g_tracker = keras.metrics.Mean("d_loss"), keras.metrics.Mean("g_loss")

    def compile(self, d_optimizer: Any, g_optimizer: Any) -> None:
        """Store both optimizers."""
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    def train_step(self, data: Any) -> dict:
        """Take one step of each network."""
        shape = (tf.shape(data)[0], self.generator.input_shape[-1])
        cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        fake = self.generator(tf.random.normal(shape), training=True)
        with tf.GradientTape() as tape:
            real_logits = self.discriminator(data, training=True)
            fake_logits = self.discriminator(fake, training=True)
            d_loss = cross_entropy(tf.ones_like(real_logits), real_logits)
            d_loss += cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        weights = self.discriminator.trainable_weights
        gradients = tape.gradient(d_loss, weights)
        self.d_optimizer.apply_gradients(zip(gradients, weights, strict=True))
        with tf.GradientTape() as tape:
            fake = self.generator(tf.random.normal(shape), training=True)
            logits = self.discriminator(fake, training=True)
            g_loss = cross_entropy(tf.ones_like(logits), logits)
        weights = self.generator.trainable_weights
        gradients = tape.gradient(g_loss, weights)
        self.g_optimizer.apply_gradients(zip(gradients, weights, strict=True))
        self.d_tracker.update_state(d_loss)
        self.g_tracker.update_state(g_loss)
        return {"d_loss": self.d_tracker.result(), "g_loss": self.g_tracker.result()}


def ratio(name: str, ours: keras.Model, plain: keras.Model, x: np.ndarray) -> dict:
    """Train both alternately; return images per second and the ratio ours / plain."""
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    models = {"ours": ours, "plain": plain}
    for model in models.values():
        model.fit(x[: 4 * BATCH], batch_size=BATCH, verbose=0)
    for i in range(ROUNDS):
        for key in sorted(models, reverse=i % 2 == 1):  # alternate which is first
            start = time.perf_counter()
            models[key].fit(x, batch_size=BATCH, verbose=0)
            seconds[key].append(time.perf_counter() - start)
    of_ours, of_plain = np.array(seconds["ours"]), np.array(seconds["plain"])
    figures = {
        "ours, images/s": float(len(x) / np.median(of_ours)),
        "by hand, images/s": float(len(x) / np.median(of_plain)),
        "ours / by hand": float(np.median(of_plain / of_ours)),
    }
    print(name, {key: round(value, 3) for key, value in figures.items()}, flush=True)
    return figures


def main() -> None:
    """Measure VAE, GAN and DCGAN, and save the figures."""
    ankeras.setup(0)
    x = digits(N, seed=0).images

    def adam() -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(1e-3, beta_1=0.5)

    vaes = [kind(get_encoder(enc_output_shape=40), get_decoder(20)) for kind in (VAE, PlainVAE)]
    for vae in vaes:
        vae.compile(optimizer=adam())
    figures = {"VAE": ratio("VAE", vaes[0], vaes[1], x)}
    networks: dict[str, Callable] = {
        "GAN": lambda: (get_generator(kind="mlp"), get_discriminator(kind="mlp")),
        "DCGAN": lambda: (get_generator(), get_discriminator()),
    }
    for name, build in networks.items():
        gans = [kind(*build()) for kind in (GAN, PlainGAN)]
        for gan in gans:
            gan.compile(adam(), adam())
        figures[name] = ratio(name, gans[0], gans[1], x)
    save("train_step_speed", figures)


if __name__ == "__main__":
    main()
