"""CycleGAN: two generators translate between two domains, trained without pairs.

Source: AN2DL, "GANs for source-target domain transfer"; Zhu et al., "Unpaired image-to-image
translation using cycle-consistent adversarial networks" (ICCV 2017), equations 1 to 3 and
section 4.

    G: X -> Y,  F: Y -> X,  D_Y scores images of Y, D_X those of X

    D_Y descends  1/2 ( E_y [(D_Y(y) - 1)^2] + E_x [D_Y(G(x))^2] ),     D_X likewise
    G and F descend
        E_x [(D_Y(G(x)) - 1)^2] + E_y [(D_X(F(y)) - 1)^2]
        + lambda ( E_x ||F(G(x)) - x||_1 + E_y ||G(F(y)) - y||_1 )       both terms, for both
        + lambda mu ( E_y ||G(y) - y||_1 + E_x ||F(x) - x||_1 )          the identity loss

||.||_1 is the mean over the values of an image, as in the authors' program. D is shown a history of
translated images and not only the latest ones: each new image takes the place of a random one of
the buffer with probability 1/2, and D then sees the old one (Shrivastava et al. 2017).

The generators take instance normalization (section 4): G draws from images of X and, for the cycle
and the identity, from images of Y, so averages over both would be right for neither.
"""

from typing import Any

from ankeras.builders.patch_discriminator import get_patch_discriminator
from ankeras.builders.unet import get_unet
from ankeras.gans.two_players import TwoPlayers
from ankeras.latent.codes import PREDICT_BATCH
from ankeras.training.autodiff import descend
from ankeras.training.catalogue_row import TINY_SHAPE, Row
from ankeras.training.checks import check_images, check_read, check_shapes_known, drawn_range
from ankeras.training.inputs import is_array

import keras
import numpy as np
from keras import ops

BUFFER = 50  # images, as in the paper


def half_squared_errors(real: Any, fake: Any) -> Any:
    """Return 1/2 (E [(D(s) - 1)^2] + E [D(G(x))^2]), from the scores of both."""
    return 0.5 * (ops.mean(ops.square(real - 1.0)) + ops.mean(ops.square(fake)))


def l1(x: Any, y: Any) -> Any:
    """Return the mean absolute difference over images and their values."""
    return ops.mean(ops.abs(x - y))


class UnpairedBatches(keras.utils.PyDataset):
    """Minibatches of two domains, each shuffled on its own in every epoch.

    Args:
        x: (n, *image), the first domain.
        y: (m, *image), the second domain. Of the larger domain, an epoch shows as many images as
            the smaller one has.
        batch_size: images of each domain per minibatch.
        seed: seed of the order.

    Raises:
        ValueError: if a domain has fewer images than a minibatch, or a minibatch has none.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, batch_size: int, seed: int = 0) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(f"A minibatch has at least 1 image, not {batch_size}.")
        for name, images in (("first", x), ("second", y)):
            if not is_array(images):
                raise ValueError(f"Give the {name} domain as one array, such as np.stack(images).")
            if len(images) < batch_size:
                raise ValueError(
                    f"The {name} domain has {len(images)} images, fewer than a minibatch of "
                    f"{batch_size}."
                )
        self.x, self.y, self.batch_size = x, y, batch_size
        self.rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        """Return the number of minibatches in an epoch."""
        return min(len(self.x), len(self.y)) // self.batch_size

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a minibatch: images of the first domain, and others of the second one."""
        rows = slice(i * self.batch_size, (i + 1) * self.batch_size)
        return self.x[self.order_x[rows]], self.y[self.order_y[rows]]

    def on_epoch_end(self) -> None:
        """Shuffle both domains."""
        self.order_x = self.rng.permutation(len(self.x))
        self.order_y = self.rng.permutation(len(self.y))


@keras.saving.register_keras_serializable("ankeras")
class CycleGAN(TwoPlayers):
    """CycleGAN; `fit(x, y)` with images of two domains, or `fit(UnpairedBatches(...))`.

    Args:
        generator: G: X -> Y, `get_unet(image_shape, channels, normalization="instance")`; with
            `residual=True` where the domains differ in a part of the image.
        discriminator: D_Y, `get_patch_discriminator(image_shape)`.
        back_generator: F: Y -> X.
        back_discriminator: D_X.
        lam: weight lambda of the cycle terms.
        identity: weight mu of the identity loss, as a share of lambda; 0 for none.
        buffer: number of translated images of each domain that are kept for D; 0 for none.
        r1, seed: as in `TwoPlayers`.

    Raises:
        ValueError: if the networks do not fit each other, or an option is out of range.
    """

    networks = ("generator", "discriminator", "back_generator", "back_discriminator")
    options = ("lam", "identity", "buffer", *TwoPlayers.options)
    logged = (*TwoPlayers.logged, "cycle")
    target = "paired"

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        back_generator: keras.Model,
        back_discriminator: keras.Model,
        lam: float = 10.0,
        identity: float = 0.5,
        buffer: int = BUFFER,
        **options: Any,
    ) -> None:
        if min(lam, identity, buffer) < 0:
            raise ValueError("lam, identity and buffer must not be negative.")
        super().__init__(generator, discriminator, **options)
        check_shapes_known(back_generator, "back_generator")
        check_shapes_known(back_discriminator, "back_discriminator")
        self.back_generator = back_generator
        self.back_discriminator = back_discriminator
        self.lam = lam
        self.identity = identity
        self.buffer = buffer
        self.check_way_back()
        shapes = [network.output_shape[1:] for network in (generator, back_generator)]
        zeros = {"initializer": "zeros", "trainable": False}
        self.buffers = [self.add_weight(shape=(buffer, *s), **zeros) for s in shapes if buffer]
        self.kept = self.add_weight(shape=(), dtype="int32", **zeros)  # images in each buffer

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take one step of both discriminators and one of both generators on a minibatch."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        G, F = self.generator, self.back_generator
        D_Y, D_X = self.discriminator, self.back_discriminator
        fake_y = self.shown(ops.stop_gradient(G(x, training=True)), 0)
        fake_x = self.shown(ops.stop_gradient(F(y, training=True)), 1)
        if self.buffer:
            self.kept.assign(ops.minimum(self.kept + ops.shape(x)[0], self.buffer))

        # D_Y descends  1/2 ( E_y [(D_Y(y) - 1)^2] + E_x [D_Y(G(x))^2] ) + gamma/2 E ||grad D_Y||^2,
        # D_X likewise
        def d_objective() -> tuple:
            real, fake = D_Y(y, training=True), D_Y(fake_y, training=True)
            d_y = half_squared_errors(real, fake)
            d_x = half_squared_errors(D_X(x, training=True), D_X(fake_x, training=True))
            added = self.layer_losses(D_Y, D_X)
            added += self.r1_penalty(y, score=D_Y) + self.r1_penalty(x, score=D_X)
            return d_y + d_x + added, d_y + d_x, real, fake

        _, d_loss, *scores = descend(d_objective, self.optimizer.discriminator, self.theta_d)

        def g_objective() -> tuple:
            to_y, to_x = G(x, training=True), F(y, training=True)
            # E_x [(D_Y(G(x)) - 1)^2] + E_y [(D_X(F(y)) - 1)^2]
            g_loss = ops.mean(ops.square(D_Y(to_y, training=True) - 1.0))
            g_loss += ops.mean(ops.square(D_X(to_x, training=True) - 1.0))
            # + lambda ( E_x ||F(G(x)) - x||_1 + E_y ||G(F(y)) - y||_1 )
            cycle = l1(F(to_y, training=True), x) + l1(G(to_x, training=True), y)
            g_loss += self.lam * cycle
            # + lambda mu ( E_y ||G(y) - y||_1 + E_x ||F(x) - x||_1 )
            if self.identity:
                same = l1(G(y, training=True), y) + l1(F(x, training=True), x)
                g_loss += self.lam * self.identity * same
            return g_loss + self.layer_losses(G, F), g_loss, cycle

        _, g_loss, cycle = descend(g_objective, self.optimizer.generator, self.theta_g)
        return self.log(d_loss=d_loss, g_loss=g_loss, cycle=cycle, **self.mean_scores(*scores))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate both losses on one minibatch, without the history of images."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        G, F = self.generator, self.back_generator
        D_Y, D_X = self.discriminator, self.back_discriminator
        to_y, to_x = G(x, training=False), F(y, training=False)
        real, fake = D_Y(y, training=False), D_Y(to_y, training=False)
        real_x, back = D_X(x, training=False), D_X(to_x, training=False)
        d_loss = half_squared_errors(real, fake) + half_squared_errors(real_x, back)
        cycle = l1(F(to_y, training=False), x) + l1(G(to_x, training=False), y)
        g_loss = ops.mean(ops.square(fake - 1.0)) + ops.mean(ops.square(back - 1.0))
        same = l1(G(y, training=False), y) + l1(F(x, training=False), x)
        g_loss += self.lam * (cycle + self.identity * same)
        return self.log(d_loss=d_loss, g_loss=g_loss, cycle=cycle, **self.mean_scores(real, fake))

    def shown(self, fake: Any, domain: int) -> Any:
        """Return what D is shown instead of new translated images, and keep these in the buffer.

        Args:
            fake: (batch, *image).
            domain: 0 for images of Y, 1 for those of X.
        """
        if not self.buffer:
            return fake
        n, kept = ops.shape(fake)[0], self.buffers[domain]
        full = self.kept >= self.buffer
        random = ops.cast(keras.random.uniform((n,), seed=self.noise) * self.buffer, "int32")
        slots = ops.where(full, random, (self.kept + ops.arange(n)) % self.buffer)
        swapped = ops.logical_and(full, keras.random.uniform((n, 1, 1, 1), seed=self.noise) < 0.5)
        old = ops.take(kept, slots, axis=0)
        stays = ops.logical_and(full, ops.logical_not(swapped))
        new = ops.where(stays, old, ops.cast(fake, kept.dtype))
        kept.assign(ops.scatter_update(kept, slots[:, None], new))
        return ops.where(swapped, ops.cast(old, fake.dtype), fake)

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Return the translations G(x)."""
        return self.generator(x, training=training)

    def translate(self, x: np.ndarray, back: bool = False) -> np.ndarray:
        """Return the translations of images, G(x), or F(x) for the way back: (n, *image).

        Raises:
            ValueError: if the images do not fit the network, or have values outside of [0, 1].
        """
        generator = self.back_generator if back else self.generator
        check_read(x, generator, "x")
        return generator.predict(x, batch_size=PREDICT_BATCH, verbose=0)

    def check_networks(self) -> None:
        """Raise a ValueError unless D_Y reads what G draws."""
        drawn, read = self.generator.output_shape, self.discriminator.input_shape
        if drawn != read:
            raise ValueError(f"G draws images of {drawn[1:]}, but D_Y reads {read[1:]}.")

    def check_way_back(self) -> None:
        """Raise a ValueError unless F goes the way of G back, and D_X reads what F draws."""
        way = self.generator.input_shape, self.generator.output_shape
        back = self.back_generator.output_shape, self.back_generator.input_shape
        if way != back or self.back_discriminator.input_shape != back[0]:
            raise ValueError(
                f"F goes the way of G back, {way[1][1:]} -> {way[0][1:]}, and D_X reads its images."
            )

    def check_data(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Raise a ValueError if the system can't be trained on images x and y of two domains."""
        check_images(x, self.generator.input_shape[1:], drawn_range(self.back_generator))
        if y is None or np.size(y) == 0:
            raise ValueError("CycleGAN learns from images of two domains, but the second is empty.")
        check_images(y, self.generator.output_shape[1:], drawn_range(self.generator), "y")


ROWS = (
    Row(
        name="CycleGAN",
        builds=CycleGAN,
        lecture="AN2DL, GANs for source-target domain transfer",
        paper="Zhu 2017",
        notebook="12",
        learns_from="x, x",
        tiny=lambda: CycleGAN(
            get_unet(TINY_SHAPE, 1, widths=(4, 8), normalization="instance"),
            get_patch_discriminator(TINY_SHAPE, widths=(4, 8)),
            get_unet(TINY_SHAPE, 1, widths=(4, 8), normalization="instance", seed=142),
            get_patch_discriminator(TINY_SHAPE, widths=(4, 8), seed=143),
            buffer=20,
        ),
    ),
)
