"""The plate's haze: light of the air between camera and things, from how the darkest things brighten with distance.

Koschmieder: what is seen at a distance d is  thing exp(-b d) + air (1 - exp(-b d)),  and visibility is 3.912 / b. Nearly everything has
something black in it (He et al., "Single image haze removal using dark channel prior", 2009): the darkest few per cent of each stretch of
distance are what the air alone shows. The air's colour is the sky's at the horizon; where no sky is seen, what the far end tends to.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from derrumbe.core.records import FAR, Haze, Vec3

CONTRAST = 3.912
"""Optical depth at which contrast falls to 2 %, which is what visibility means."""
DARKEST = 2.0
"""Percentile of light that is taken for black, in each stretch of distance."""
STRETCHES = 14
ENOUGH = 250
"""Pixels of a stretch that tell, in the thinned picture."""
FEWEST = 5
NEAREST, RISE = 1.6, 0.6
"""Least ratio of the farthest to the nearest stretch; least rank correlation of black with distance."""
VISIBILITIES = (300.0, 60e3)
CLEAR = 0.006
"""Air that adds less than this share of its own light at the building is left out."""
THINNED = 500_000
HORIZON = 0.15
"""Share of the sky, above the skyline, that shows the air's colour."""


def find_haze(
    light: np.ndarray, depth: np.ndarray, shown: np.ndarray, sky: np.ndarray, bright: np.ndarray, distance: float, visibility: float | None
) -> Haze | None:
    """Return the Haze, None where the air is clear.

    light (h, w, 3) scene-linear; depth (h, w) metres, of all that is seen; shown (h, w) bool: where depth can be believed; sky (h, w)
    alpha; bright (3,): light of the sky where none is seen; distance: the building's; visibility: metres, when the artist knows.
    """
    air = _air(light, sky, bright)
    if visibility is None:
        visibility = _visibility(light, depth, shown & (sky < 0.01) & (depth < 0.1 * FAR), air)
    if visibility is None or 1 - np.exp(-CONTRAST * distance / visibility) < CLEAR:
        return None
    return Haze(visibility=float(visibility), rgb=_vec3(air))


def _air(light: np.ndarray, sky: np.ndarray, bright: np.ndarray) -> np.ndarray:
    clear = sky > 0.99
    if np.count_nonzero(clear) < ENOUGH:
        return bright
    rows = np.nonzero(clear)[0]
    low = clear & (np.arange(len(sky))[:, None] >= np.quantile(rows, 1 - HORIZON))
    seen = np.median(light[low], axis=0).astype(np.float64)
    # What is darker than most of the picture is no sky, but a pond or a road taken for it.
    return seen if seen.mean() > np.percentile(light[::4, ::4].mean(axis=-1), 60) else bright


def _visibility(light: np.ndarray, depth: np.ndarray, shown: np.ndarray, air: np.ndarray) -> float | None:
    """Return metres of visibility at which blacks brighten as they do; None where they don't."""
    distance, black, weight = _blacks(light[shown], depth[shown])
    if len(distance) < FEWEST or distance[-1] < NEAREST * distance[0]:
        return None
    if _ranked(distance, black.mean(axis=1)) < RISE:
        return None
    grey = black / np.maximum(air, 1e-4)
    fits = [(_misfit(grey, weight, distance, visibility), visibility) for visibility in np.geomspace(*VISIBILITIES, 60)]
    best, visibility = min(fits)
    flat = float((weight[:, None] * (grey - np.average(grey, axis=0, weights=weight)) ** 2).sum())
    return float(visibility) if best < 0.6 * flat else None


def _blacks(light: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distance, black (n, 3) and weight of stretches of distance that hold enough pixels."""
    step = max(1, len(depth) // THINNED)
    light, depth = light[::step], depth[::step]
    if len(depth) < ENOUGH * FEWEST:
        return np.zeros(0), np.zeros((0, 3)), np.zeros(0)
    edges = np.geomspace(np.quantile(depth, 0.01), np.quantile(depth, 0.995) * 1.001, STRETCHES + 1)
    index = np.digitize(depth, edges) - 1
    found = []
    for stretch in range(STRETCHES):
        mine = index == stretch
        if np.count_nonzero(mine) >= ENOUGH:
            found.append((np.median(depth[mine]), np.percentile(light[mine], DARKEST, axis=0), np.sqrt(np.count_nonzero(mine))))
    return np.array([f[0] for f in found]), np.array([f[1] for f in found]).reshape(-1, 3), np.array([f[2] for f in found])


def _misfit(grey: np.ndarray, weight: np.ndarray, distance: np.ndarray, visibility: float) -> float:
    """Return the weighted squares left of blacks (n, 3) over the air's light when the air is this clear and black itself is constant."""
    through = np.exp(-CONTRAST * distance / visibility)[:, None]
    rest = grey - (1 - through)
    own = np.maximum((weight[:, None] * rest * through).sum(axis=0) / (weight[:, None] * through**2).sum(axis=0), 0)
    return float((weight[:, None] * (rest - own * through) ** 2).sum())


def _ranked(distance: np.ndarray, black: np.ndarray) -> float:
    """Return the rank correlation of blacks with distance (Spearman)."""
    order: Callable[[np.ndarray], np.ndarray] = lambda values: np.argsort(np.argsort(values)).astype(np.float64)  # noqa: E731
    return float(np.corrcoef(order(distance), order(black))[0, 1])


def _vec3(values: np.ndarray) -> Vec3:
    x, y, z = (float(value) for value in values)
    return x, y, z
