"""Plate grain: what a `NoiseModel` says about a level, and new noise that obeys it.

Noise is Gaussian with a variance that depends on the signal, a fixed spatial autocorrelation and a fixed correlation between channels
(signal-dependent noise as in Foi et al., "Practical Poissonian-Gaussian noise modeling", 2008; shaping by the square root of the spectrum).
"""

from __future__ import annotations

import numpy as np

from derrumbe.core.records import NoiseModel

TABLE_SIZE = 1024
SPECTRUM = 32


def variance_table(model: NoiseModel) -> tuple[np.ndarray, float]:
    """Return (table (TABLE_SIZE, 3) float32, top): variance at level top * (i / (TABLE_SIZE - 1))², held constant outside the levels.

    Steps are even in the square root of the level, because noise changes fastest in the darks.
    """
    levels = np.asarray(model.levels, np.float64)
    top = max(float(levels[-1]), 1e-6)
    at = top * (np.arange(TABLE_SIZE) / (TABLE_SIZE - 1)) ** 2
    table = np.stack([np.interp(at, levels, channel) for channel in model.variance_at], -1)
    return np.maximum(table, 0).astype(np.float32), top


def variance_at(model: NoiseModel, picture: np.ndarray) -> np.ndarray:
    """Return the plate's noise variance at every value of `picture` (..., 3), same shape, float64."""
    planes = [np.interp(picture[..., c], model.levels, model.variance_at[c]) for c in range(3)]
    return np.maximum(np.stack(planes, -1), 0)


def correlation_sum(model: NoiseModel) -> float:
    """Return the sum of the spatial autocorrelation over all lags: how much slower than white noise this noise averages out."""
    quadrant = np.asarray(model.spatial, np.float64) / model.spatial[0][0]
    return float(max(4 * quadrant.sum() - 2 * quadrant[0].sum() - 2 * quadrant[:, 0].sum() + 1, 0.05))


def spatial_kernel(model: NoiseModel) -> np.ndarray:
    """Return the odd square kernel (float32, unit energy) that turns white noise into noise with the model's autocorrelation."""
    quadrant = np.asarray(model.spatial, np.float64)
    reach_y, reach_x = (size - 1 for size in quadrant.shape)
    correlation = np.zeros((SPECTRUM, SPECTRUM))
    for y in range(-reach_y, reach_y + 1):
        for x in range(-reach_x, reach_x + 1):
            correlation[y, x] = quadrant[abs(y), abs(x)] / quadrant[0, 0]
    spectrum = np.sqrt(np.maximum(np.fft.fft2(correlation).real, 0))
    half = 0 if reach_x == reach_y == 0 else max(reach_x, reach_y) + 1
    kernel = np.fft.fftshift(np.fft.ifft2(spectrum).real)
    middle = SPECTRUM // 2
    kernel = kernel[middle - half : middle + half + 1, middle - half : middle + half + 1]
    return (kernel / np.sqrt((kernel**2).sum())).astype(np.float32)


def carried_over(model: NoiseModel, first: np.ndarray, second: np.ndarray) -> float:
    """Return the correlation (0..1) of the noise of two successive frames (h, w, 3): 0 for film, more where a codec carries noise over.

    Blocks in which something moves, so that they differ by more than noise can, don't count.
    """
    side = 16
    expected = _block_means(2 * variance_at(model, 0.5 * (first + second)), side)
    found = _block_means((second - first) ** 2, side)
    still = (found < 4 * expected).all(-1) & (expected > 0).all(-1)
    if not still.any():
        return 0.0
    return float(np.clip(1 - np.mean(found[still] / expected[still]), 0, 1))


def _block_means(pixels: np.ndarray, side: int) -> np.ndarray:
    height, width = (length // side for length in pixels.shape[:2])
    return pixels[: height * side, : width * side].reshape(height, side, width, side, -1).mean((1, 3))


def channel_mix(model: NoiseModel) -> np.ndarray:
    """Return the lower triangular (3, 3) float32 matrix that turns independent channels into ones correlated as in the plate."""
    wanted = np.asarray(model.channel, np.float64)
    values, vectors = np.linalg.eigh((wanted + wanted.T) / 2)
    # a measured correlation may be slightly impossible: the nearest possible one has no negative eigenvalues
    nearest = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = 1 / np.sqrt(np.diag(nearest))
    return np.linalg.cholesky(nearest * np.outer(scale, scale)).astype(np.float32)


class GrainRows:
    """Noise of variance one with a model's spatial and channel correlation, made from the top of a picture down, so that it never lies whole
    in memory. However the rows are taken, they are the same."""

    def __init__(self, model: NoiseModel, width: int, random: np.random.Generator) -> None:
        self._kernel, self._mix = spatial_kernel(model), channel_mix(model)
        self._half = self._kernel.shape[0] // 2
        self._width, self._random = width, random
        self._last_rows = self._white(2 * self._half)

    def take(self, count: int) -> np.ndarray:
        """Return the next rows (count, width, 3) float32."""
        import cv2

        half = self._half
        white = np.concatenate([self._last_rows, self._white(count)])
        self._last_rows = white[count:].copy()
        shaped = cv2.filter2D(white, -1, self._kernel, borderType=cv2.BORDER_CONSTANT)[half : half + count, half : half + self._width]
        return cv2.transform(np.ascontiguousarray(shaped), self._mix)

    def _white(self, count: int) -> np.ndarray:
        return self._random.standard_normal((count, self._width + 2 * self._half, 3), np.float32)


def unit_grain(model: NoiseModel, height: int, width: int, random: np.random.Generator) -> np.ndarray:
    """Return (height, width, 3) float32 noise of variance one with the model's spatial and channel correlation."""
    return GrainRows(model, width, random).take(height)
