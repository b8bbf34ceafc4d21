"""Sums of samples over pixels, and the picture that they make."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from derrumbe.render.denoise import denoised, filled
from derrumbe.render.noise import chance
from derrumbe.render.shade import Shading


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over samples. (h,w,3) float32: reflectance, the part of it that got light, that part times light, normals;
    (h,w) float32: a grey that tells pieces apart; how many samples keep the plate's own light."""

    reflect: np.ndarray
    lit_reflect: np.ndarray
    lit: np.ndarray
    normal: np.ndarray
    grey: np.ndarray
    calm: np.ndarray

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> Sums:
        return cls(*(np.zeros((*shape, 3), np.float32) for _ in range(4)), *(np.zeros(shape, np.float32) for _ in range(2)))

    def add(self, pixel: np.ndarray, shading: Shading, piece: np.ndarray, lit: np.ndarray, light: np.ndarray) -> None:
        """Add samples at flat pixels (n,) of pieces (n,); those at indices lit (m,) got light (m,3)."""
        reflect, lit_reflect, lit_sum, normal = (v.reshape(-1, 3) for v in (self.reflect, self.lit_reflect, self.lit, self.normal))
        grey, calm = self.grey.reshape(-1), self.calm.reshape(-1)
        _add_all(pixel, shading.reflect, shading.normal, shading.change, piece, reflect, normal, grey, calm)
        _add_lit(pixel[lit], shading.reflect[lit], light, lit_reflect, lit_sum)

    def picture(self, covered: np.ndarray, samples: int, denoise: bool) -> np.ndarray:
        """Return premultiplied rgba (h,w,4): mean reflectance times light, its noise taken out. covered (h,w): samples on new solids.

        Light is guided by normals and a grey per piece, not by reflectance: the plate's own detail must not leak into it.
        """
        count = covered.astype(np.float32)
        known = self.lit_reflect.max(-1) > 1e-6
        light = filled(self.lit / np.maximum(self.lit_reflect, 1e-7), known)
        share = np.maximum(count, 1)[..., None]
        if denoise and known.any():
            calm = self.calm[..., None] / share
            guide = np.repeat(self.grey[..., None] / share, 3, -1)
            part = extent(known)
            quiet = denoised(light[part], guide[part], (self.normal / share)[part])
            light[part] = quiet * (1 - calm[part]) + light[part] * calm[part]
        rgba = np.empty((*count.shape, 4), np.float32)
        rgba[..., :3] = self.reflect * light / samples
        rgba[..., 3] = count / samples
        return rgba


def extent(mask: np.ndarray, pad: int = 8) -> tuple[slice, slice]:
    """Return the box (rows, columns) of what is true in mask (h,w), padded."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return slice(max(rows[0] - pad, 0), rows[-1] + 1 + pad), slice(max(columns[0] - pad, 0), columns[-1] + 1 + pad)


@nb.njit(cache=True)
def _add_all(pixel, reflect, normal, change, piece, sum_reflect, sum_normal, grey, calm):  # type: ignore[no-untyped-def]
    for i in range(pixel.shape[0]):
        grey[pixel[i]] += 0.25 + 0.5 * chance(piece[i], 3, 0, 0)
        calm[pixel[i]] += 1 - change[i]
        for c in range(3):
            sum_reflect[pixel[i], c] += reflect[i, c]
            sum_normal[pixel[i], c] += normal[i, c]


@nb.njit(cache=True)
def _add_lit(pixel, reflect, light, sum_reflect, sum_lit):  # type: ignore[no-untyped-def]
    for i in range(pixel.shape[0]):
        for c in range(3):
            sum_reflect[pixel[i], c] += reflect[i, c]
            sum_lit[pixel[i], c] += reflect[i, c] * light[i, c]
