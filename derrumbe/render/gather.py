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
    (h,w) float32: a grey that tells pieces apart; how many samples keep the plate's own light; how many there are."""

    reflect: np.ndarray
    lit_reflect: np.ndarray
    lit: np.ndarray
    normal: np.ndarray
    grey: np.ndarray
    calm: np.ndarray
    count: np.ndarray

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> Sums:
        return cls(*(np.zeros((*shape, 3), np.float32) for _ in range(4)), *(np.zeros(shape, np.float32) for _ in range(3)))

    def add(self, pixel: np.ndarray, shading: Shading, piece: np.ndarray, lit: np.ndarray, light: np.ndarray, which: np.ndarray) -> None:
        """Add those of samples at flat pixels (n,) of pieces (n,) that are in `which` (n,) bool; those at indices lit (m,) got light (m,3)."""
        reflect, lit_reflect, lit_sum, normal = (v.reshape(-1, 3) for v in (self.reflect, self.lit_reflect, self.lit, self.normal))
        grey, calm, count = self.grey.reshape(-1), self.calm.reshape(-1), self.count.reshape(-1)
        _add_all(pixel, which, shading.reflect, shading.normal, shading.change, piece, reflect, normal, grey, calm, count)
        lights = which[lit]
        _add_lit(pixel[lit[lights]], shading.reflect[lit[lights]], light[lights], lit_reflect, lit_sum)

    def picture(self, samples: int, denoise: bool) -> np.ndarray:
        """Return premultiplied rgb (h,w,3) of pixels with so many samples: mean reflectance times light, its noise taken out.

        Light is guided by normals and a grey per piece, not by reflectance: the plate's own detail must not leak into it.
        """
        known = self.lit_reflect.max(-1) > 1e-6
        light = filled(self.lit / np.maximum(self.lit_reflect, 1e-7), known)
        share = np.maximum(self.count, 1)[..., None]
        if denoise and known.any():
            calm = self.calm[..., None] / share
            guide = np.repeat(self.grey[..., None] / share, 3, -1)
            part = extent(known)
            quiet = denoised(light[part], guide[part], (self.normal / share)[part])
            light[part] = quiet * (1 - calm[part]) + light[part] * calm[part]
        return self.reflect * light / np.float32(samples)


def extent(mask: np.ndarray, pad: int = 8) -> tuple[slice, slice]:
    """Return the box (rows, columns) of what is true in mask (h,w), padded."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return slice(max(rows[0] - pad, 0), rows[-1] + 1 + pad), slice(max(columns[0] - pad, 0), columns[-1] + 1 + pad)


@nb.njit(cache=True)
def _add_all(pixel, which, reflect, normal, change, piece, sum_reflect, sum_normal, grey, calm, count):  # type: ignore[no-untyped-def]
    for i in range(pixel.shape[0]):
        if not which[i]:
            continue
        count[pixel[i]] += 1
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
