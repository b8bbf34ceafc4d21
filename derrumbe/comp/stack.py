"""The stack of layers, pixel by pixel: over, shadow, foreground, black level, grain, and the matte of what may differ.

A generative model's picture, where there is one, lies over everything new and under what stands in front.
`over` is Porter & Duff's (Compositing Digital Images, 1984) on premultiplied scene-linear colour.

Grain. Along the stack we carry `keep`, the weight that the plate's own pixel still has. The plate's grain came along with that weight,
so keep² of its variance is there already; what lacks to the variance that the plate would have at the new level is added as new noise.
So clean plate, pieces and dust get all of it, a shadow gets the little that darker film would have more, an untouched pixel gets none.

On a moving plate the new noise is other in every frame, and as like the last as the plate's own is (codecs carry noise over). A held
still has its grain frozen into it; there the new noise is one pattern for the whole shot, fixed to the picture: a patch that boils in a
picture that stands still is seen at once, while a frozen pattern as fine and faint as a photograph's own isn't.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from derrumbe.comp.layers import HALF_MAX, LayerBand

FULL_CARE = 0.25
"""Coverage from which the black level holds entirely."""


@dataclass(frozen=True)
class PlateBand:
    """The same rows of what was filmed, float32: plate, clean plate (h, w, 3), and what stands in front with its coverage (h, w)."""

    plate: np.ndarray
    clean: np.ndarray
    front: np.ndarray
    front_alpha: np.ndarray


@dataclass(frozen=True)
class GrainBand:
    """Unit noise (h, w, 3), the variance table of media.grain with its top level, and the artist's factor."""

    noise: np.ndarray
    table: np.ndarray
    top: float
    factor: float


def stacked(plate: PlateBand, layers: LayerBand, grain: GrainBand, black: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return final (h, w, 3) and matte (h, w), float32. black: (3,) the plate's black point."""
    final = np.empty_like(plate.plate)
    matte = np.empty(plate.plate.shape[:2], np.float32)
    _stack(
        plate.plate, plate.clean, plate.front, plate.front_alpha,
        layers.pieces, layers.debris, layers.dust_front, layers.dust_behind, layers.shadow, layers.removed, layers.near, layers.generated,
        grain.noise, grain.table, np.float32(grain.top), np.float32(grain.factor), black.astype(np.float32), final, matte,
    )  # fmt: skip
    return final, matte


@njit(cache=True)
def over(colour, alpha, behind):
    """Return premultiplied `colour` of coverage `alpha` over `behind`."""
    return colour + (1 - alpha) * behind


@njit(cache=True)
def lifted(value, floor):
    """Raise a value that lies under the black level `floor` softly to it; leave values a sixth above it alone. Rising, smooth, ≥ floor."""
    knee = floor / 6
    if floor <= 0 or value >= floor + knee:
        return value
    return floor + knee * np.exp((value - floor - knee) / knee)


@njit(cache=True)
def variance(table, top, level, channel):
    """Read media.grain's table at a level."""
    last = table.shape[0] - 1
    at = np.sqrt(min(max(level, np.float32(0)) / top, np.float32(1))) * last
    low = min(int(at), last - 1)
    part = at - low
    return table[low, channel] * (1 - part) + table[low + 1, channel] * part


@njit(cache=True)
def _stack(
    plate, clean, front, front_alpha, pieces, debris, ahead, behind, shadow, removed, before, generated, noise, table, top, factor, black, final, matte
):  # fmt: skip
    height, width = removed.shape
    for y in range(height):
        for x in range(width):
            cut = front_alpha[y, x]
            solid, crumbs, near, far = pieces[y, x, 3], debris[y, x, 3], ahead[y, x, 3], behind[y, x, 3]
            gone = removed[y, x]
            model = generated[y, x, 3]
            cover = max(gone, solid, crumbs, near, far, model)
            for c in range(3):
                cover = max(cover, min(abs(shadow[y, x, c] - 1), np.float32(1)))
            # Dust between the camera and what stands in front: of the colour of all dust before the solids.
            veil = min(before[y, x], near)
            matte[y, x] = cover * (1 - cut) + veil * cut
            if matte[y, x] <= 0:
                for c in range(3):
                    final[y, x, c] = plate[y, x, c]
                continue
            # A piece's edge covers first what it left: else a line of sky would shine between a wall and a piece that is still in it.
            bare = max(gone - solid, np.float32(0)) / max(1 - solid, np.float32(1e-4))
            bare = min(bare, np.float32(1))
            care = min(cover / np.float32(FULL_CARE), np.float32(1))
            care = care * care * (3 - 2 * care)
            for c in range(3):
                own = plate[y, x, c]
                value = (own + bare * (clean[y, x, c] - own)) * shadow[y, x, c]
                keep = (1 - bare) * shadow[y, x, c] * (1 - far) * (1 - solid) * (1 - crumbs) * (1 - near) * (1 - model)
                value = over(behind[y, x, c], far, value)
                value = over(pieces[y, x, c], solid, value)
                value = over(debris[y, x, c], crumbs, value)
                value = over(ahead[y, x, c], near, value)
                value = over(generated[y, x, c], model, value)
                lowest = min(black[c], own)
                floor = lowest + min(cover, np.float32(1)) * (black[c] - lowest)
                value += care * (lifted(value, floor) - value)
                shown = front[y, x, c]
                if veil > 0:
                    shown = cut * veil * ahead[y, x, c] / near + (1 - veil) * shown
                value = over(shown, cut, value)
                keep = over(cut * (1 - veil), cut, keep)
                lacking = variance(table, top, value, c) - keep * keep * variance(table, top, own, c)
                value += factor * np.sqrt(max(lacking, np.float32(0))) * noise[y, x, c]
                value = max(value, min(own, np.float32(0)))
                if not np.isfinite(value):
                    value = own
                final[y, x, c] = min(value, np.float32(HALF_MAX))
