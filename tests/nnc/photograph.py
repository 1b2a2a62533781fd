"""A picture for image pipelines: photograph.py make FILE | compare FILE SHARPENED_FILE"""

import sys

import imageio.v3 as imageio
import numpy as np


def make(path):
    """Smooth blobs of colour, with an odd size."""
    y, x = np.mgrid[0:213, 0:321]
    planes = [128 + 100 * np.sin(x / (9.0 + c)) * np.cos(y / (13.0 - c)) for c in range(3)]
    imageio.imwrite(path, np.stack(planes, axis=-1).astype(np.uint8))


def compare(before, after):
    """The sharpened picture looks like the original, with stronger edges."""
    a, b = (imageio.imread(path).astype(float) for path in (before, after))
    assert a.shape == b.shape, (a.shape, b.shape)
    assert np.abs(a - b).mean() < 20, np.abs(a - b).mean()
    edges = [np.abs(np.diff(image, axis=0)).mean() for image in (a, b)]
    assert edges[1] > edges[0], edges


if __name__ == "__main__":
    {"make": make, "compare": compare}[sys.argv[1]](*sys.argv[2:])
