"""Draw the pictures of the README: python docs/gallery.py FOLDER.

FOLDER is the result of `ankeras demo`.
"""

import shutil
import sys
from pathlib import Path

from ankeras import pictures
from ankeras.data import faces

GALLERY = Path(__file__).parent / "gallery"

if __name__ == "__main__":
    GALLERY.mkdir(exist_ok=True)
    for name in ("reconstructions", "latent_plane", "latent_grid"):
        shutil.copy(Path(sys.argv[1]) / f"{name}.png", GALLERY)
    pictures.image_grid(faces(24, seed=5, size=64).images, columns=12).savefig(
        GALLERY / "faces.png"
    )
