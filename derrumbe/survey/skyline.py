"""Where, behind the building, the sky would end: carried on from both sides."""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 0.10
"""Columns on each side that tell how high things stand there, as a share of the width."""
FADE = 0.035
"""Something tall right beside the building goes on behind it for about this share of the width."""
ABOVE_FOOT = 0.03
"""The skyline is at least this share of the building's height above its foot."""
ROUGH = 0.006
"""Most ups and downs of the skyline, as a share of the width; as many where nothing on either side tells."""


def skyline_rows(sky: np.ndarray, hole: np.ndarray, horizon: float, rng: np.random.Generator) -> np.ndarray:
    """Return the row (w,) float32 below which the set without the building isn't sky.

    `sky` alpha (h, w), `hole` (h, w) bool: what the building hides. Outside the hole's columns it is the picture's own skyline.
    """
    height, width = hole.shape
    rows = own_rows(sky)
    hidden = np.asarray(hole.any(axis=0))
    if not hidden.any():
        return rows
    left, right = int(np.argmax(hidden)), width - int(np.argmax(hidden[::-1]))
    foot = np.where(hidden, height - np.argmax(hole[::-1], axis=0), 0).astype(np.float64)
    top = float(np.argmax(hole.any(axis=1)))
    lowest = float(np.median(foot[left:right]))
    highest_allowed = foot - ABOVE_FOOT * (lowest - top)
    rows[left:right] = _carried(rows, left, right, _fallback(horizon, lowest, top), width)[left:right]
    rows[left:right] += _ridges(right - left, _roughness(rows, left, right), rng)
    rows[left:right] = np.minimum(rows[left:right], highest_allowed[left:right])
    return np.clip(rows, 0, height).astype(np.float32)


def own_rows(sky: np.ndarray) -> np.ndarray:
    """Return the row under the lowest sky pixel of every column, 0 where there is none."""
    clear = sky > 0.5
    rows = sky.shape[0] - np.argmax(clear[::-1], axis=0)
    return np.where(clear.any(axis=0), rows, 0).astype(np.float64)


def _fallback(horizon: float, foot: float, top: float) -> float:
    """Return the row of the skyline where no column shows any: the horizon, where that lies over the building's top and all behind it is ground."""
    return horizon if horizon < top else max(horizon, foot - 0.08 * (foot - top))


def _carried(rows: np.ndarray, left: int, right: int, fallback: float, width: int) -> np.ndarray:
    """Return rows with columns left..right carried on from both sides: their usual level across, what is tall fading out."""
    side = max(4, int(SIDE * width))
    ends = []
    for columns in (rows[max(0, left - side) : left], rows[right : right + side][::-1]):
        ends.append((float(np.percentile(columns, 70)), float(np.median(columns[-max(2, side // 8) :]))) if len(columns) > 3 else None)
    known = [end for end in ends if end is not None and end[0] > 0]
    usual = [end if end is not None and end[0] > 0 else known[0] if known else (fallback, fallback) for end in ends]
    # Rows count downwards: the lower of the two sides is the farther one, and it is what lies behind.
    level = np.linspace(usual[0][0], usual[1][0], max(right - left, 1))
    level = np.maximum(level, min(max(usual[0][0], usual[1][0]), fallback))
    distance = np.arange(right - left)
    fade = FADE * width
    level = level + (usual[0][1] - level) * np.exp(-distance / fade) + (usual[1][1] - level) * np.exp(-distance[::-1] / fade)
    out = rows.copy()
    out[left:right] = level
    return out


def _roughness(rows: np.ndarray, left: int, right: int) -> float:
    """Return how much the skyline beside the hole goes up and down, pixels: flat roofs next to nothing, trees much. Where the sides differ, it is
    that of the calmer one: a hill that nobody has seen stands out, a shore that goes on doesn't."""
    width = len(rows)
    most = ROUGH * width
    heights = [_wiggle(part, width) for part in (rows[:left], rows[right:])]
    known = [height for height in heights if height is not None]
    return min(most, 1.5 * min(known)) if len(known) == 2 else most


def _wiggle(rows: np.ndarray, width: int) -> float | None:
    """Return the usual stray of skyline rows from their smooth run; None where too few columns show any."""
    shown = rows[rows > 0]
    if len(shown) < 0.02 * width:
        return None
    smooth = cv2.blur(shown[None], (max(3, int(0.03 * width)), 1), borderType=cv2.BORDER_REFLECT)[0]
    return float(np.median(np.abs(shown - smooth)))


def _ridges(count: int, height: float, rng: np.random.Generator) -> np.ndarray:
    """Return fractal ups and downs (count,) of about `height` pixels."""
    total = np.zeros(count)
    for octave in range(5):
        knots = max(3, 2 ** (octave + 3))
        wave = rng.standard_normal(knots).astype(np.float32)[None]
        total += cv2.resize(wave, (count, 1), interpolation=cv2.INTER_CUBIC)[0] * 0.55**octave
    return total * height
