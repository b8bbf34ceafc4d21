"""Rows of trees as seen from afar: crowns of clumps, each lit from above, with rims of leaves.

What an eye knows a tree by, from where leaves aren't told apart, is that its clumps overlap, are light above and dark below, and end in leaves
that let some sky through. Rows are drawn as relief, in spreads of the logarithm of light; whoever plants them gives them a tone.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.survey.filters import widened

WIDE = (0.2, 0.5)
"""Half widths of crowns over their height."""
CROWDED = 3.4
"""Crowns of a row over its width in row heights."""
CLUMPS = 34
"""Clumps of a crown."""
ROUND = (0.20, 0.42)
"""Radii of clumps over the crown's half width."""
TRUNK = 0.16
"""Crowns begin at this share of their height."""
FALL, BULGE, LEAVES, OWN = 1.6, 0.8, 0.6, 0.4
"""Relief: from a crown's foot to its top, from a clump's middle to its rim, of leaves, and from crown to crown."""
HOLLOW, AROUND = 0.5, 0.6
"""Relief that what lies behind a clump loses to its shade, right beside it, and how far that reaches, over the clump's radius."""
SHADE = -1.5
"""Relief of what lies in the shade between trunks."""
STRAYS = 2.5
"""Most relief in the end, up and down."""
RAGGED = 0.42
"""How far leaves stray from a clump's rim, over its radius."""
LACE = 0.16
"""A clump goes over to what is behind it within this share of its radius."""
LEAF, FINER = 0.035, 0.95
"""Size of tufts of leaves over the row's height, and how much weaker they are at half of it: there are leaves of all sizes down to a pixel."""
FOOT, MOUND = 0.05, 0.35
"""Raggedness of the foot, over the row's height, and width of what grows there."""


@dataclass(frozen=True, eq=False)
class Row:
    """relief (h, w): logarithm of light off its mean, in spreads, about -2..2; alpha (h, w), 0..1."""

    relief: np.ndarray
    alpha: np.ndarray


def row_of_crowns(
    top: np.ndarray, base: np.ndarray, height: int, tall: tuple[float, float], closed: bool, soft: float, rng: np.random.Generator
) -> Row:
    """Return a picture `height` pixels high of a row of trees whose tops and feet are about the rows top and base (w,).

    tall: least and most height of crowns over that; closed: below half of it nothing is seen between them; soft: pixels over which the foot ends.
    """
    shape, usual = (height, len(top)), usual_height(top, base)
    y = np.arange(height, dtype=np.float32)[:, None] + 0.5
    tufts = _tufts(shape, LEAF * usual, rng)
    down = np.clip((y - top) / np.maximum(base - top, 1), 0, 1)
    relief, alpha = (SHADE * down + LEAVES * tufts).astype(np.float32), np.zeros(shape, np.float32)
    if closed:
        lumps = wavy(shape, 0.3 * usual, rng)
        alpha = _ramp(y - top - 0.5 * (base - top) + 0.06 * usual * (lumps + tufts), 0.05 * usual)
    for middle in _middles(len(top), usual, rng):
        column = min(len(top) - 1, max(0, int(middle)))
        size = max(3.0, float(base[column] - top[column])) * rng.uniform(*tall)
        _crown(relief, alpha, tufts, (middle, float(base[column])), size, rng)
    mound = wavy(shape, MOUND * usual, rng)
    foot = np.clip((base - y + usual * FOOT * np.abs(mound + 0.5 * tufts)) / soft + 1, 0, 1)
    alpha = (_without_islands(alpha) * foot).astype(np.float32)
    return Row(even(relief, alpha), alpha)


def usual_height(top: np.ndarray, base: np.ndarray) -> float:
    """Return the usual height of a row between the rows top and base (w,), pixels."""
    return max(4.0, float(np.median(base - top)))


def wavy(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> np.ndarray:
    """Return smooth noise (h, w) of unit spread whose ups and downs are about `scale` pixels wide."""
    knots = tuple(max(2, int(side / max(scale, 1.0)) + 3) for side in shape)
    wave = cv2.resize(rng.standard_normal(knots).astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(wave / max(float(wave.std()), 1e-6))


def _middles(width: int, usual: float, rng: np.random.Generator) -> np.ndarray:
    """Return where crowns stand, in no order: what is drawn later stands before."""
    count = max(2, round(CROWDED * width / usual))
    return rng.permutation((np.arange(count) + rng.uniform(-0.7, 0.7, count) + 0.5) * width / count)


def _tufts(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> np.ndarray:
    """Return noise (h, w) of unit spread like tufts of leaves: octaves from `scale` pixels down, of falling strength."""
    total = np.zeros(shape, np.float32)
    for octave in range(1 + max(0, int(np.log2(max(scale, 1.0))) + 1)):
        total += wavy(shape, 2 * scale / 2**octave, rng) * FINER**octave
    return np.asarray(total / max(float(total.std()), 1e-6))


def _crown(
    relief: np.ndarray, alpha: np.ndarray, tufts: np.ndarray, foot: tuple[float, float], size: float, rng: np.random.Generator
) -> None:
    """Draw a crown over relief and alpha (h, w): its clumps, those at the rim and below first. foot: x, y; size: its height, pixels."""
    half = 0.5 * size * (1 - TRUNK)
    wide = size * rng.uniform(*WIDE)
    # a few crowns are cones or lean
    lean, taper = 0.12 * rng.standard_normal(), rng.uniform(0.0, 0.5)
    way, out = rng.uniform(0, 2 * np.pi, CLUMPS), np.sqrt(rng.uniform(0, 1, CLUMPS))
    radius = wide * rng.uniform(*ROUND, CLUMPS)
    across, up = out * np.cos(way), out * np.sin(way)
    across *= 1 - taper * (0.5 + 0.5 * up)
    x = foot[0] + across * (wide - 0.5 * radius) + lean * up * half
    y = foot[1] - size + half - up * np.maximum(half - 0.7 * radius, 0)
    tone = OWN * rng.standard_normal() + 0.25 * rng.standard_normal(CLUMPS)
    for index in np.argsort(-out + 0.35 * up + 0.3 * rng.standard_normal(CLUMPS)):
        _clump(relief, alpha, tufts, (x[index], y[index]), radius[index], float(tone[index] + 0.5 * FALL * up[index]))


def _clump(relief: np.ndarray, alpha: np.ndarray, tufts: np.ndarray, middle: tuple[float, float], radius: float, tone: float) -> None:
    reach = 1.6 * radius + 1
    rows, columns = (
        slice(max(0, int(at - reach)), max(0, min(limit, int(at + reach) + 1)))
        for at, limit in zip(middle[::-1], relief.shape, strict=True)
    )
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    v = ((np.arange(rows.start, rows.stop) + 0.5 - middle[1]) / radius).astype(np.float32)[:, None]
    u = ((np.arange(columns.start, columns.stop) + 0.5 - middle[0]) / radius).astype(np.float32)
    fine = tufts[rows, columns]
    away = np.sqrt(u * u + v * v) - 1
    relief[rows, columns] -= HOLLOW * np.clip(1 - away / AROUND, 0, 1)
    cover = _ramp((RAGGED * 0.5 * fine - away) * radius, max(LACE * radius, 0.7))
    light = tone - BULGE * np.clip(v, -1.2, 1.2) + LEAVES * fine
    relief[rows, columns] += (light - relief[rows, columns]) * cover
    alpha[rows, columns] += (1 - alpha[rows, columns]) * cover


def _ramp(distance: np.ndarray, width: float) -> np.ndarray:
    """Return how far inside (h, w), 0..1, what lies `distance` pixels within an edge that is so many pixels wide."""
    return np.clip(distance / width + 0.5, 0, 1).astype(np.float32)


def even(relief: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Return relief (h, w) of no mean and unit spread where alpha (h, w) is solid, without extremes."""
    solid = relief[alpha > 0.5]
    if not len(solid):
        return relief
    return np.clip((relief - solid.mean()) / max(float(solid.std()), 1e-3), -STRAYS, STRAYS).astype(np.float32)


def _without_islands(alpha: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) without leaves that hang on nothing below, and without gaps that no sky above reaches."""
    solid = np.pad((alpha > 0.5).astype(np.uint8), ((0, 1), (0, 0)), constant_values=1)
    rooted = _joined_to(solid, -1)
    around = _joined_to(np.pad(~rooted[:-1], ((1, 0), (0, 0)), constant_values=True).astype(np.uint8), 0)[1:]
    return np.where(widened(around, 1.5), np.where(widened(rooted[:-1], 1.5), alpha, 0), 1).astype(np.float32)


def _joined_to(mask: np.ndarray, row: int) -> np.ndarray:
    labels = cv2.connectedComponents(mask, connectivity=4)[1]
    return np.asarray((labels == labels[row, 0]) & (mask > 0))
