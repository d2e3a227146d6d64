"""How many images are drawn per second, including their factors: python bench/data_speed.py."""

import time

from ankeras.data import digits, faces

from common import save


def main() -> None:
    """Draw each kind at each size three times, and save the median."""
    figures = {}
    for name, draw, n, sizes in (
        ("digits", digits, 10_000, (28, 64)),
        ("faces", faces, 2_000, (32, 64, 128)),
    ):
        for size in sizes:
            seconds = []
            for seed in range(3):
                start = time.perf_counter()
                draw(n, seed=seed, size=size)
                seconds.append(time.perf_counter() - start)
            figures[f"{name} {size}"] = n / sorted(seconds)[1]
            print(f"{name:8}{size:4} pixels {figures[f'{name} {size}']:9.0f} images/s", flush=True)
    save("data_speed", figures)


if __name__ == "__main__":
    main()
