"""The deep convolutional GAN: the GAN whose networks follow the guidelines of Radford et al.

Source: ATIV, "Architecture guidelines for stable Deep Convolutional GANs"; AE, "Deep
Convolutional GANs"; AN2DL, "DC-GAN"; Radford et al. (ICLR 2016).

    1. strided convolutions (D) and fractional-strided convolutions (G) instead of pooling
    2. batch normalization in both
    3. no fully connected hidden layers
    4. G: ReLU in all layers except for the output, which uses Tanh
    5. D: LeakyReLU in all layers

The objective is that of the GAN, with the non-saturating loss of G.
"""

from collections.abc import Sequence
from typing import Any

from ankeras.builders import get_discriminator, get_generator
from ankeras.gans.gan import GAN
from ankeras.training.catalogue_row import TINY_LATENT_DIM, TINY_SHAPE, Row


def get_dcgan(
    image_shape: Sequence[int] = (28, 28, 1),
    latent_dim: int = 64,
    *,
    widths: Sequence[int] | None = None,
    r1: float = 0.1,
    seed: int = 42,
    **options: Any,
) -> GAN:
    """Build a DCGAN for images of a shape.

    Args:
        image_shape: (height, width, channels), sides of 16 to 128, grey or colour.
        latent_dim: the size d of the noise z.
        widths: channels of each block of both players, outermost first. Default: `gan_widths`.
        r1: weight of the R1 penalty of `GAN`. The paper has none; it makes D more stable.
        seed: seed of the weights and of the noise.
        **options: the others of `GAN`.

    Returns:
        A GAN, not compiled.

    Raises:
        ValueError: if the sides are not in that range, or an option is out of range.
    """
    if len(image_shape) != 3 or not 16 <= min(image_shape[:2]) <= max(image_shape[:2]) <= 128:
        raise ValueError(
            f"A DCGAN draws images (height, width, channels) with sides of 16 to 128, not "
            f"{tuple(image_shape)}."
        )
    return GAN(
        get_generator(latent_dim, image_shape, widths=widths, seed=seed),
        get_discriminator(image_shape, widths=widths, seed=seed + 1),
        r1=r1,
        seed=seed,
        **options,
    )


ROWS = (
    Row(
        name="DCGAN",
        builds=get_dcgan,
        lecture="ATIV, Architecture guidelines; AE; AN2DL, DC-GAN",
        paper="Radford 2016",
        notebook="06",
        learns_from="x",
        tiny=lambda: GAN(
            get_generator(TINY_LATENT_DIM, TINY_SHAPE, widths=(4, 8)),
            get_discriminator(TINY_SHAPE, widths=(4, 8)),
            r1=1.0,
        ),
    ),
)
