"""Loops over pixels for `media.curves`."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def decode(codes, table, matrix, out):
    """Write matrix @ table[code] for codes (h, w, 3) to out (h, w, 3) float32."""
    for j in range(codes.shape[0]):
        for i in range(codes.shape[1]):
            r, g, b = table[codes[j, i, 0]], table[codes[j, i, 1]], table[codes[j, i, 2]]
            out[j, i, 0] = matrix[0, 0] * r + matrix[0, 1] * g + matrix[0, 2] * b
            out[j, i, 1] = matrix[1, 0] * r + matrix[1, 1] * g + matrix[1, 2] * b
            out[j, i, 2] = matrix[2, 0] * r + matrix[2, 1] * g + matrix[2, 2] * b


@numba.njit(cache=True, nogil=True)
def unsure(pixels, codes, inverse, low, high, out):
    """Mark in out (h, w) the pixels (h, w, 3) of ACEScg that don't surely round to their codes (h, w, 3)."""
    for j in range(codes.shape[0]):
        for i in range(codes.shape[1]):
            r, g, b = pixels[j, i, 0], pixels[j, i, 1], pixels[j, i, 2]
            sure = True
            for c in range(3):
                light = inverse[c, 0] * r + inverse[c, 1] * g + inverse[c, 2] * b
                code = codes[j, i, c]
                sure = sure and low[code] < light < high[code]
            out[j, i] = not sure


@numba.njit(cache=True, nogil=True)
def encode(pixels, inverse, between, guesses, out):
    """Write the nearest 8-bit codes of ACEScg pixels (h, w, 3) to out (h, w, 3); not-a-number is black."""
    last = len(guesses) - 1
    for j in range(pixels.shape[0]):
        for i in range(pixels.shape[1]):
            r, g, b = pixels[j, i, 0], pixels[j, i, 1], pixels[j, i, 2]
            for c in range(3):
                light = inverse[c, 0] * r + inverse[c, 1] * g + inverse[c, 2] * b
                if not light > between[0]:
                    out[j, i, c] = 0
                elif light >= np.float32(1):
                    out[j, i, c] = 255
                else:
                    code = guesses[int(np.sqrt(light) * last)]
                    while light > between[code]:
                        code += 1
                    while code > 0 and light <= between[code - 1]:
                        code -= 1
                    out[j, i, c] = code
