"""Pictures as a file holds them, and their exact way to scene-linear ACEScg and back.

An integer picture is linearised so that the inverse transform, rounded, gives back every code. Half floats are tried first. Where
rounding to half loses a code (saturated colours: a dark channel beside a bright one) the nearest half triple that keeps it is
taken, at most two steps away per channel; where there is none, the whole picture is float.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from derrumbe.media.colour import bands, from_acescg, table_of, to_acescg

NEAREST_FIRST = sorted(itertools.product(range(-2, 3), repeat=3), key=lambda step: (sum(one * one for one in step), step))[1:]
"""Steps of half floats to try, in channels R G B."""

HOPELESS = 0.25
"""Share of lost pixels above which no neighbour is looked for."""
DEEPEST_IN_HALF = 10
"""Bits of codes that half can hold; 12 and 16 bits never fit."""


@dataclass(frozen=True)
class Raw:
    """A picture in its source's own encoding: (h, w, 3) uint8 or uint16 codes of `bits` bits, or float32 with `bits` None.

    `half` says that floats came from half floats, so that half is enough to hold them.
    """

    pixels: np.ndarray
    bits: int | None
    half: bool = False


@dataclass(frozen=True)
class Linear:
    """A picture in ACEScg, (h, w, 3) float32. `full`: half floats would lose source codes, so write it as float."""

    pixels: np.ndarray
    full: bool


def linearise(raw: Raw, space: str) -> Linear:
    """Convert a source picture to ACEScg, already rounded to half where that is exact (see the module's text).

    Not-a-numbers and infinities in float sources become 0, since no later step can use them.
    """
    if raw.bits is None:
        return _linear_floats(raw, space)
    halves = _in_halves(raw, space)
    return Linear(linear_floats(raw, space), True) if halves is None else Linear(halves, False)


def linear_floats(raw: Raw, space: str) -> np.ndarray:
    """Convert a source picture to ACEScg float32 without rounding to half: for pictures that are filtered next."""
    if raw.bits is None:
        return _linear_floats(raw, space).pixels
    pixels = np.empty(raw.pixels.shape, np.float32)
    for band in bands(pixels.shape):
        pixels[band] = _encoded_to_linear(raw.pixels[band], raw.bits, space)
    return pixels


def to_codes(acescg: np.ndarray, space: str, bits: int) -> np.ndarray:
    """Convert ACEScg (h, w, 3) back to integer codes of `bits` bits in `space`, uint8 up to 8 bits, else uint16, clipped and rounded."""
    top = 2**bits - 1
    codes = np.empty(acescg.shape, np.uint8 if bits <= 8 else np.uint16)
    for band in bands(acescg.shape):
        codes[band] = np.rint(np.clip(from_acescg(acescg[band], space) * np.float32(top), 0, top))
    return codes


def _linear_floats(raw: Raw, space: str) -> Linear:
    pixels = to_acescg(np.where(np.isfinite(raw.pixels), raw.pixels, np.float32(0)), space)
    if not raw.half or np.abs(pixels).max(initial=0) > np.finfo(np.float16).max:
        return Linear(pixels, True)
    return Linear(pixels.astype(np.float16).astype(np.float32), False)


def _in_halves(raw: Raw, space: str) -> np.ndarray | None:
    """Return ACEScg values that half floats hold and that give back every code, or None."""
    assert raw.bits is not None
    if raw.bits > DEEPEST_IN_HALF:
        return None
    pixels = np.empty(raw.pixels.shape, np.float32)
    for band in bands(pixels.shape):
        codes = raw.pixels[band]
        exact = _encoded_to_linear(codes, raw.bits, space)
        if np.abs(exact).max(initial=0) > np.finfo(np.float16).max:
            return None
        pixels[band] = halves = exact.astype(np.float16)
        lost = np.nonzero(_lost(pixels[band], codes, raw.bits, space))
        if lost[0].size > HOPELESS * codes[..., 0].size:
            return None
        if lost[0].size:
            mended = _nudged(halves[lost], codes[lost], space, raw.bits)
            if mended is None:
                return None
            pixels[band][lost] = mended
    return pixels


def _lost(pixels: np.ndarray, codes: np.ndarray, bits: int, space: str) -> np.ndarray:
    """Return where ACEScg pixels don't give back their codes, or may not, (h, w) bool."""
    table = table_of(space)
    if table is None:
        return (to_codes(pixels, space, bits) != codes).any(-1)
    from derrumbe.media.code_kernels import unsure

    marks = np.empty(codes.shape[:2], np.bool_)
    unsure(pixels, codes, table.inverse, *table.edges(bits), marks)
    return marks


def _nudged(halves: np.ndarray, codes: np.ndarray, space: str, bits: int) -> np.ndarray | None:
    """Step half triples (n, 3) to neighbours that round-trip to codes (n, 3); None when one has no such neighbour."""
    halves = halves.copy()
    left = np.arange(len(halves))
    for step in NEAREST_FIRST:
        # One more in a half's bit pattern is the next half away from zero.
        tried = (halves[left].view(np.int16) + np.array(step, np.int16)).view(np.float16)
        tried = np.where(np.isfinite(tried), tried, halves[left])
        kept = (to_codes(tried[None], space, bits)[0] == codes[left]).all(-1)
        halves[left[kept]] = tried[kept]
        left = left[~kept]
        if not left.size:
            return halves
    return None


def _encoded_to_linear(codes: np.ndarray, bits: int | None, space: str) -> np.ndarray:
    assert bits is not None
    table = table_of(space)
    if table is not None:
        from derrumbe.media.code_kernels import decode

        pixels = np.empty(codes.shape, np.float32)
        decode(codes, table.table(bits), table.matrix, pixels)
        return pixels
    return to_acescg(codes.astype(np.float32) / np.float32(2**bits - 1), space)
