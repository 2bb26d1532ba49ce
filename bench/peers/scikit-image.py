"""What scikit-image's radon and iradon do with the Shepp-Logan phantom: figures for test/radon-reconstruction.test.ts.

    python3 -m venv venv && venv/bin/pip install scikit-image && venv/bin/python bench/peers/scikit-image.py

prints JSON: root mean square errors of the reconstruction over the disc of radius size/2 - 1 pixels, from scikit-image's
own sinogram of 180 equal angles, linear interpolation, circle=True.
"""

import json

import numpy
import skimage
from skimage.transform import iradon, radon

# Value, semi-axes, centre, degrees: as ts/radon/phantom.ts.
ELLIPSES = [
    (1, 0.69, 0.92, 0, 0, 0),
    (-0.8, 0.6624, 0.874, 0, -0.0184, 0),
    (-0.2, 0.11, 0.31, 0.22, 0, -18),
    (-0.2, 0.16, 0.41, -0.22, 0, 18),
    (0.1, 0.21, 0.25, 0, 0.35, 0),
    (0.1, 0.046, 0.046, 0, 0.1, 0),
    (0.1, 0.046, 0.046, 0, -0.1, 0),
    (0.1, 0.046, 0.023, -0.08, -0.605, 0),
    (0.1, 0.023, 0.023, 0, -0.606, 0),
    (0.1, 0.023, 0.046, 0.06, -0.605, 0),
]


def phantom(size, subsamples=4):
    line = ((numpy.arange(size * subsamples) + 0.5) / subsamples - size / 2) * 2 / size
    x, y = numpy.meshgrid(line, -line)
    fine = numpy.zeros((size * subsamples, size * subsamples))
    for value, a, b, x0, y0, degrees in ELLIPSES:
        c, s = numpy.cos(numpy.radians(degrees)), numpy.sin(numpy.radians(degrees))
        u, v = c * (x - x0) + s * (y - y0), -s * (x - x0) + c * (y - y0)
        fine[(u / a) ** 2 + (v / b) ** 2 <= 1] += value
    return fine.reshape(size, subsamples, size, subsamples).mean(axis=(1, 3))


def main():
    errors = []
    for size in (64, 127, 256):
        image = phantom(size)
        theta = numpy.arange(180.0)
        sinogram = radon(image, theta, circle=True)
        line = numpy.arange(size) - (size - 1) / 2
        disc = line[:, None] ** 2 + line[None, :] ** 2 <= (size / 2 - 1) ** 2
        for name in ("ramp", "shepp-logan", "cosine", "hamming", "hann"):
            result = iradon(sinogram, theta, filter_name=name, interpolation="linear", circle=True)
            error = numpy.sqrt(numpy.mean((result - image)[disc] ** 2))
            errors.append({"size": size, "angles": 180, "filter": name, "error": float(error)})
    print(json.dumps({"version": skimage.__version__, "errors": errors}, indent=2))


main()
