"""Y'CbCr planes to R'G'B' integer codes and back, with the matrix and the range that the movie says (ITU-T H.273).

Done here and not by a scaler library, so that the numbers are the standard's, the same everywhere, and 10 bits stay 10 bits.
Chroma samples are sited on the left for 4:2:0 and 4:2:2, as H.264, ProRes and DNxHR do by default, and interpolated linearly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

LUMA_WEIGHTS = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593), "240": (0.212, 0.087), "fcc": (0.30, 0.11)}
"""Kr and Kb of each matrix."""


@dataclass(frozen=True)
class Coding:
    """How numbers stand for colour: matrix (a key of `LUMA_WEIGHTS`), full or limited range, bits of a sample."""

    matrix: str
    full: bool
    bits: int

    @property
    def scales(self) -> tuple[float, float, float, float]:
        """Code of black, codes from black to white, code of no chroma, codes of the whole chroma range."""
        unit = 2.0 ** (self.bits - 8)
        if self.full:
            return 0.0, 2.0**self.bits - 1, 128 * unit, 2.0**self.bits - 1
        return 16 * unit, 219 * unit, 128 * unit, 224 * unit


def rgb_codes(y: np.ndarray, cb: np.ndarray, cr: np.ndarray, coding: Coding) -> np.ndarray:
    """Convert planes (h, w) and (h/1|2, w/1|2|4) of uint8 or uint16 samples to full-range R'G'B' codes (h, w, 3) of the same bits."""
    codes = np.empty((*y.shape, 3), y.dtype)
    shift_x, shift_y = _shift(y.shape[1], cb.shape[1]), _shift(y.shape[0], cb.shape[0])
    _to_rgb(y, cb, cr, shift_x, shift_y, _inverse(coding), np.float32(2**coding.bits - 1), codes)
    return codes


def planes_420(rgb8: np.ndarray, coding: Coding) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Convert R'G'B' (h, w, 3) uint8, even sizes, to 8-bit planes Y (h, w), Cb and Cr (h/2, w/2)."""
    height, width = rgb8.shape[:2]
    y = np.empty((height, width), np.uint8)
    chroma = np.empty((2, height, width), np.float32)
    kr, kb = LUMA_WEIGHTS[coding.matrix]
    black, luma_range, middle, chroma_range = (np.float32(one) for one in coding.scales)
    _from_rgb(rgb8, np.float32(kr), np.float32(kb), black, luma_range, chroma_range, y, chroma)
    small = _left_sited_half(chroma) + middle
    cb, cr = np.clip(np.rint(small), 0, 255).astype(np.uint8)
    return y, cb, cr


def _shift(size: int, chroma_size: int) -> int:
    return round(np.log2(size / chroma_size)) if chroma_size < size else 0


def _inverse(coding: Coding) -> tuple[np.float32, ...]:
    """Black, gain of luma, middle of chroma, and gains of Cr in R, Cb in G, Cr in G and Cb in B, to codes of full range."""
    kr, kb = LUMA_WEIGHTS[coding.matrix]
    kg = 1 - kr - kb
    black, luma_range, middle, chroma_range = coding.scales
    top = 2.0**coding.bits - 1
    luma, chroma = top / luma_range, top / chroma_range
    gains = (2 * (1 - kr), -2 * kb * (1 - kb) / kg, -2 * kr * (1 - kr) / kg, 2 * (1 - kb))
    return tuple(np.float32(one) for one in (black, luma, middle, *(gain * chroma for gain in gains)))


def _left_sited_half(chroma: np.ndarray) -> np.ndarray:
    """Halve (2, h, w): [1 2 1]/4 across, centred on even columns, and the mean of two rows."""
    rows = (chroma[:, 0::2] + chroma[:, 1::2]) * np.float32(0.5)
    left = np.concatenate([rows[:, :, :1], rows[:, :, 1:-1:2]], 2)
    return np.float32(0.5) * rows[:, :, 0::2] + np.float32(0.25) * (left + rows[:, :, 1::2])


@numba.njit(cache=True, nogil=True)
def _to_rgb(y, cb, cr, shift_x, shift_y, inverse, top, codes):
    black, luma, middle, cr_r, cb_g, cr_g, cb_b = inverse
    height, width = y.shape
    rows, columns = cb.shape
    step_x, step_y = np.float32(1 << shift_x), np.float32(1 << shift_y)
    half = np.float32(0.5)
    for j in range(height):
        # Chroma rows lie in the middle of the luma rows that they serve; columns on the first.
        v = (np.float32(j) + half) / step_y - half
        v = min(max(v, np.float32(0)), np.float32(rows - 1))
        j0 = int(v)
        j1 = min(j0 + 1, rows - 1)
        fv = v - np.float32(j0)
        for i in range(width):
            u = min(np.float32(i) / step_x, np.float32(columns - 1))
            i0 = int(u)
            i1 = min(i0 + 1, columns - 1)
            fu = u - np.float32(i0)
            w00, w01 = (1 - fv) * (1 - fu), (1 - fv) * fu
            w10, w11 = fv * (1 - fu), fv * fu
            b = w00 * cb[j0, i0] + w01 * cb[j0, i1] + w10 * cb[j1, i0] + w11 * cb[j1, i1] - middle
            r = w00 * cr[j0, i0] + w01 * cr[j0, i1] + w10 * cr[j1, i0] + w11 * cr[j1, i1] - middle
            light = (np.float32(y[j, i]) - black) * luma
            codes[j, i, 0] = int(min(max(light + cr_r * r, np.float32(0)), top) + half)
            codes[j, i, 1] = int(min(max(light + cb_g * b + cr_g * r, np.float32(0)), top) + half)
            codes[j, i, 2] = int(min(max(light + cb_b * b, np.float32(0)), top) + half)


@numba.njit(cache=True, nogil=True)
def _from_rgb(rgb, kr, kb, black, luma_range, chroma_range, y, chroma):
    height, width = y.shape
    one, half = np.float32(1), np.float32(0.5)
    unit = one / np.float32(255)
    for j in range(height):
        for i in range(width):
            r, g, b = rgb[j, i, 0] * unit, rgb[j, i, 1] * unit, rgb[j, i, 2] * unit
            light = kr * r + (one - kr - kb) * g + kb * b
            y[j, i] = int(black + luma_range * light + half)
            chroma[0, j, i] = chroma_range * half * (b - light) / (one - kb)
            chroma[1, j, i] = chroma_range * half * (r - light) / (one - kr)
