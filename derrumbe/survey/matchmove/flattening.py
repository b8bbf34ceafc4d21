"""A scene that a rolling shutter flattens.

Pictures of a panning camera that are skewed row by row are explained best by a lens a little too short and a path too long, which sets all things
nearly as far away as the walls behind them (the bas-relief ambiguity: Szeliski & Kang, "Shape ambiguities in structure from motion", 1997). The misfit
is the same in all sightings of a row, so thousands of them don't outweigh what lines say of the lens.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from derrumbe.geom.bundle import Freedom, Scene, Sightings, adjusted, errors
from derrumbe.survey.matchmove.belief import Belief

STEP, ROUNDS = 0.015, 25
"""The logarithm of the focal length is moved by this much at a time, and all else adjusted for so many rounds."""
WORSE = 1.25
"""The building's points may miss by so many times what they did: less than the grain of their own tracks."""


def unflattened(scene: Scene, seen: Sightings, own: np.ndarray, belief: Belief) -> Scene:
    """Return the scene with a focal length as near to the believed one as the building's points (own (p,) bool) allow."""
    building = own[seen.point]
    if not building.any():
        return scene
    soft = 2 * float(np.median(errors(scene, seen)))
    most = WORSE * _missed(scene, seen, building)
    way = float(np.log(belief.focal / scene.focal))
    step = float(np.expm1(np.copysign(STEP, way)))
    for _ in range(int(abs(way) / STEP)):
        focal = scene.focal * (1 + step)
        moved, _ = adjusted(replace(scene, focal=focal), seen, Freedom(focal, 0.0), soft, ROUNDS)
        if _missed(moved, seen, building) > most:
            break
        scene = moved
    return scene


def _missed(scene: Scene, seen: Sightings, which: np.ndarray) -> float:
    """Return the mean error of some sightings, pixels, without what misses altogether."""
    off = errors(scene, seen)[which]
    return float(np.mean(np.minimum(off, np.quantile(off, 0.95))))
