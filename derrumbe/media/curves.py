"""Spaces that are one curve per channel and then a matrix: most are, and a table is five times as fast as the general way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

SAME = 2e-6
"""Largest difference, of white, between table and general way for a space to count as separable."""
SAFE = 0.02
"""Share of a code's width that is left out at both ends when a value is said to be inside it."""
GUESSES = 8192


@dataclass(frozen=True)
class Separable:
    """ACEScg = `matrix` @ curve(code), with curve(0) = 0 and curve(1) = 1. `convert` is the general way, (…, 3) to (…, 3)."""

    matrix: np.ndarray
    convert: Callable[[np.ndarray], np.ndarray]

    @cached_property
    def inverse(self) -> np.ndarray:
        """(3, 3) float32: ACEScg to the space's own linear light."""
        return np.linalg.inv(self.matrix.astype(np.float64)).astype(np.float32)

    def light(self, codes: np.ndarray, bits: int) -> np.ndarray:
        """Return the curve at `codes` of `bits` bits, which may be between whole ones, float32."""
        return _curve(self.convert, codes / (2**bits - 1))

    def table(self, bits: int) -> np.ndarray:
        """Return the light of every code, float32."""
        return self.light(np.arange(2**bits), bits)

    def edges(self, bits: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the lowest and highest light that surely rounds to each code; the ends are open, since codes are clipped."""
        codes = np.arange(2**bits)
        low, high = self.light(codes - 0.5 + SAFE, bits), self.light(codes + 0.5 - SAFE, bits)
        low[0], high[-1] = -np.inf, np.inf
        return low, high

    @cached_property
    def steps(self) -> tuple[np.ndarray, np.ndarray]:
        """For 8-bit encoding: the light between codes k and k + 1 (the last is infinite), and first guesses by the root of light."""
        between = np.append(self.light(np.arange(255) + 0.5, 8), np.float32(np.inf)).astype(np.float32)
        roots = np.linspace(0, 1, GUESSES + 1)
        return between, np.searchsorted(between, roots**2).clip(0, 255).astype(np.int32)


def separable(convert: Callable[[np.ndarray], np.ndarray]) -> Separable | None:
    """Return the table form of a conversion to ACEScg, or None when it has none: logs, display views, black or white elsewhere."""
    matrix = convert(np.eye(3, dtype=np.float32)[None])[0].T
    found = Separable(matrix, convert)
    tried = np.random.default_rng(0).random((1, 4096, 3), np.float32)
    tried[0, :27] = np.stack(np.meshgrid(*[[0.0, 0.5, 1.0]] * 3), -1).reshape(-1, 3)
    said = _curve(convert, tried.reshape(-1)).reshape(tried.shape) @ matrix.T
    return found if np.abs(said - convert(tried)).max() < SAME else None


def _curve(convert: Callable[[np.ndarray], np.ndarray], encoded: np.ndarray) -> np.ndarray:
    grey = np.repeat(np.asarray(encoded, np.float32)[None, :, None], 3, 2)
    return np.ascontiguousarray(convert(grey)[0, :, 1])
