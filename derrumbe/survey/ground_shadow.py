"""The shadow that a thing casts on the ground beneath it, taken out of its mask.

Going up from the lower edge of a mask, a shadow on the ground gets as dark as the shade of this thing does anywhere, and light again where
the ground is lit or the thing begins. Tyres and shoes are lighter than the deepest shade, and stay. Beside the thing its shade is open to the sky: lighter,
with lit ground beyond it, and as dark for some way.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.survey.filters import connected_to, disc

LEAD, LEAD_ROWS = -0.5, 0.02
"""A column begins to darken (log light against the ground's) within so many rows, share of the width."""
RISE = 0.9
"""The shadow ends where the logarithm of light rises by this."""
TALLEST, ALONE = 0.25, 0.35
"""A shadow takes no more of a column than the first share of the thing's height; than the second where there is nothing else in it."""
FOOT = 0.5
"""It begins no higher over the thing's foot than this share of its height: an arm that is held out is as dark."""
USUAL = 0.15
"""A shadow lies under at least this share of the thing's columns."""
DEEPEST, SPREAD = 20, 0.6
"""Percentile over columns that tells the shade's darkness, and how much lighter (log) it may be in one."""
OPEN, LIT = -1.7, -0.3
"""Open shade is no darker (log) than the first; beyond it is ground at least as light as the second, for BEYOND rows."""
BEYOND = 3
ALIKE = 0.5
"""By how much darker (log) than the open shade beside it shade may be."""
BELOW = (4, 16)
"""Rows below the mask that show the lit ground, at 640 columns."""
NARROW = 0.03
"""A shadow is wider than this share of the picture."""
LEFT_OVER = 0.1


def without_shadow(codes: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the mask (h, w) bool without its things' shadows, from codes (h, w, 3) 0..255 near a display's."""
    light = cv2.GaussianBlur((codes.astype(np.float32) / 255) ** 2.2 + 0.003, (0, 0), 0.8).mean(axis=-1)
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    out = mask.copy()
    for label in range(1, count):
        own = labels == label
        out &= ~_shadow(light, own)
    return _tidied(out)


def _shadow(light: np.ndarray, own: np.ndarray) -> np.ndarray:
    height, width = own.shape
    columns = np.flatnonzero(own.any(axis=0))
    top, bottom = own[:, columns].argmax(axis=0), height - 1 - own[::-1, columns].argmax(axis=0)
    ground = _lit_ground(light, columns, bottom)
    shadow = np.zeros_like(own)
    if ground is None:
        return shadow
    lum = np.zeros(own.shape, np.float32)
    lum[:, columns] = np.log(light[:, columns] / ground)
    tall = float(np.percentile(bottom - top, 90))
    runs = _runs(lum, columns, top, bottom, tall)
    if len(runs) < USUAL * len(columns):
        return shadow
    shade = np.percentile([run.dark for run in runs], DEEPEST)
    highest = bottom.max() - FOOT * (bottom.max() - top.min())
    for run in runs:
        if run.low >= highest and (run.alone or run.open or run.dark < shade + SPREAD):
            shadow[max(0, run.low + 1 - run.rows) : run.low + 1, run.column] = True
    shadow = _wide(shadow, width)
    return _grown(shadow, lum, own) | _lit_below(lum, columns, bottom, own)


@dataclass(frozen=True)
class _Run:
    """A dip of light in a column, `rows` up from row `low`; dark: how dark it gets; alone: there is nothing else; open: it is open shade."""

    column: int
    low: int
    dark: float
    rows: int
    alone: bool
    open: bool


def _runs(lum: np.ndarray, columns: np.ndarray, top: np.ndarray, bottom: np.ndarray, tall: float) -> list[_Run]:
    """Return the dips of `lum` (h, w), log light against the lit ground's, that are short enough for shadows of a thing `tall` pixels."""
    lead = _lead(lum)
    runs = []
    for column, high, low in zip(columns.tolist(), top.tolist(), bottom.tolist(), strict=True):
        found = _dip(lum[high : low + 2, column][::-1], lead)
        if found is None:
            continue
        dark, rows = found
        beyond = lum[high : max(high, low + 1 - rows), column]
        opens = dark > OPEN and len(beyond) > 0 and float(beyond[-BEYOND:].min()) > LIT
        if opens and low - high < ALONE * tall and float(beyond.min()) > LIT:
            rows = low + 1 - high  # lit ground all the way up: the thing isn't there
        alone = rows > low - high
        if rows < (ALONE if alone else TALLEST) * tall:
            runs.append(_Run(column, low, dark, rows, alone, opens))
    return runs


def _lead(lum: np.ndarray) -> int:
    return max(3, round(LEAD_ROWS * lum.shape[1]))


def _grown(shadow: np.ndarray, lum: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return a shadow (h, w) bool that goes on sideways where it is open shade: what is as dark, no higher, behind the thing's wheel."""
    reach = max(3, round(NARROW * own.shape[1]))
    if not shadow.any():
        return shadow
    shade = cv2.blur(np.where(shadow, lum, 0), (2 * reach + 1, 1)) / np.maximum(
        cv2.blur(shadow.astype(np.float32), (2 * reach + 1, 1)), 1e-6
    )
    near = cv2.dilate(shadow.astype(np.uint8), np.ones((3, 2 * reach + 1), np.uint8)) > 0
    like = own & near & (shade > OPEN) & (np.abs(lum - shade) < ALIKE)
    return shadow | (like & connected_to(like | shadow, shadow, connectivity=4))


def _lit_below(lum: np.ndarray, columns: np.ndarray, bottom: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the lit ground (h, w) bool that a mask takes in below its shadows and tyres."""
    out, lead = np.zeros_like(own), _lead(lum)
    for column, low in zip(columns.tolist(), bottom.tolist(), strict=True):
        dark = np.flatnonzero(lum[max(0, low + 1 - lead) : low + 1, column][::-1] < LEAD)
        if len(dark):
            out[low + 1 - dark[0] : low + 1, column] = True
    return out


def _wide(shadow: np.ndarray, width: int) -> np.ndarray:
    """Return a shadow (h, w) bool without its narrow parts: the dark side of a tyre is no shadow."""
    side = max(3, round(NARROW * width))
    return cv2.morphologyEx(shadow.astype(np.uint8), cv2.MORPH_OPEN, np.ones((1, side), np.uint8)) > 0


def _lit_ground(light: np.ndarray, columns: np.ndarray, bottom: np.ndarray) -> np.ndarray | None:
    """Return the light of the ground below each column (n,), even along the thing; None where none is seen."""
    near, far = (round(rows * light.shape[1] / 640) for rows in BELOW)
    seen = np.array([
        np.median(light[low + near : low + far, column]) if low + near + 2 < len(light) else np.nan
        for column, low in zip(columns, bottom, strict=True)
    ])  # fmt: skip
    known = np.isfinite(seen)
    if not known.any():
        return None
    row = np.interp(np.arange(len(seen)), np.flatnonzero(known), seen[known]).astype(np.float32).reshape(1, -1)
    return cv2.blur(cv2.medianBlur(row, 5), (41, 1), borderType=cv2.BORDER_REPLICATE).ravel()


def _dip(lum: np.ndarray, lead: int) -> tuple[float, int] | None:
    """Return how dark the first dip of a column gets, and its rows; None when it doesn't begin near the lower end. `lum` goes upwards."""
    dark = np.flatnonzero(lum[:lead] < LEAD)
    if not len(dark):
        return None
    low = lum[dark[0]]
    for row in range(int(dark[0]), len(lum)):
        low = min(low, lum[row])
        if lum[row] > low + RISE:
            while row + 1 < len(lum) and lum[row + 1] >= lum[row]:
                row += 1
            return float(low), row
    return float(low), len(lum)


def _tidied(mask: np.ndarray) -> np.ndarray:
    """Return a mask (h, w) bool without crumbs and slits."""
    unit = mask.shape[1] / 640
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc(2 * unit))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count == 1:
        return opened > 0
    kept = stats[:, 4] > LEFT_OVER * stats[1:, 4].max()
    kept[0] = False
    return cv2.morphologyEx(kept[labels].astype(np.uint8), cv2.MORPH_CLOSE, disc(4 * unit)) > 0
