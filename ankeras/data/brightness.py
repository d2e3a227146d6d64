"""Which number is white: a check of the scale of images."""

DARK = 1 / 8


def check_white(source: str, largest: int, white: int) -> None:
    """Raise ValueError if images are so dark that another number than `white` must be their white.

    The largest value of images with another scale is much smaller: 1 of two values, 16 of
    scikit-learn's digits, 4095 of a camera with 12 bits. Images that are black everywhere pass.

    Args:
        source: name of the images in the message.
        largest: largest value of all images.
        white: value that is white.
    """
    if 0 < largest < DARK * white:
        raise ValueError(
            f"{source}: the largest value of all pixels is {largest}, but white is {white}, so all "
            f"images would be almost black. Scale the values so that white is {white}."
        )
