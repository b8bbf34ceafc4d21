"""Stones that have rolled out from the foot of a pile: the fewer and the smaller, the further away. No pile ends in a line."""

from __future__ import annotations

from dataclasses import replace

import numba as nb
import numpy as np

from derrumbe.geom.camera import eye
from derrumbe.render.noise import layered
from derrumbe.render.occlusion import Occluders
from derrumbe.render.scene import Scene
from derrumbe.render.strewn import Blocks, blocks_at, mean_square

FOOT = 0.12
"""Height of the bed from which on stones roll off it, metres."""
FAR, NEAREST, FURTHEST = 0.4, 0.8, 4.0
"""Metres in which the cover falls to 1/e, over the pile's height; least and most."""
REACH = 4.0
"""Times that, how far stones are strewn."""
COVER, MOST = 0.45, 4000
"""Share of the ground that they cover at the foot, and how many there are at most."""
SMALLEST = 0.6
"""Size of the smallest, of that of the smallest in the bed: on bare ground small ones are seen."""
SHRUNK = 0.45
"""Size of those that went furthest, of that of those at the foot."""
CLUMP = 1.9
"""Metres from heap to heap: stones come in tongues."""
LIFT = 0.05
"""Metres above the ground at which it is asked whether the camera sees a place."""
SEED = 153


def apron(scene: Scene, origin: np.ndarray, cell: float, final: np.ndarray, stuff: np.ndarray, rng: np.random.Generator) -> Blocks:
    """Return stones on the ground around a bed of rubble. origin (2,), cell, final (nz,nx): its grid and height, see `rubble.Bed`; stuff (8,):
    volume of each material there is."""
    from scipy.ndimage import distance_transform_edt

    pile = final > FOOT
    if not pile.any():
        return Blocks.none()
    far = float(np.clip(FAR * np.percentile(final[pile], 95), NEAREST, FURTHEST))
    rim = int(np.ceil(REACH * far / cell))
    away, nearest = distance_transform_edt(np.pad(~pile, rim, constant_values=True), return_indices=True)
    corner = origin - rim * cell
    odds = np.exp(-cell * away / far) * (away > 0) * (away <= rim) * _clumps(corner, cell, away.shape)
    count = int(min(COVER * float(odds.sum()) * cell**2 / mean_square(SMALLEST * scene.pixel), MOST))
    if not count:
        return Blocks.none()
    picked = rng.choice(odds.size, count, p=odds.reshape(-1) / odds.sum())
    row, column = np.divmod(picked, odds.shape[1])
    place, source = np.zeros((count, 3)), np.zeros((count, 3))
    place[:, [0, 2]] = corner + cell * (np.stack([column, row], 1) + rng.uniform(-0.5, 0.5, (count, 2)))
    source[:, [0, 2]] = corner + cell * np.stack([nearest[1].reshape(-1)[picked], nearest[0].reshape(-1)[picked]], 1)
    free = _in_view(scene, place)
    up = np.tile([0.0, 1.0, 0.0], (count, 1))
    blocks = blocks_at(place, np.full(count, -1), up, stuff, SMALLEST * scene.pixel, rng, source)
    shrunk = 1 - (1 - SHRUNK) * cell * away.reshape(-1)[picked] / (REACH * far)
    return replace(blocks, corners=_resting(blocks.corners * shrunk[:, None, None])).some(free)


def _resting(corners: np.ndarray) -> np.ndarray:
    """Return corners (n,8,3) of stones about their places with nothing below the ground: the plate lies under them there and hides nothing, so a
    stone that is sunk in stands on its point in the picture, and what shades the ground begins behind it."""
    out = corners.copy()
    out[..., 1] = np.maximum(out[..., 1], 0)
    return out


def _in_view(scene: Scene, place: np.ndarray) -> np.ndarray:
    """Return which places (n,3) no neighbour hides, (n,) bool: none lies inside a wall that stands beside the pile."""
    if not len(scene.neighbour_triangles):
        return np.ones(len(place), bool)
    start = (place + np.array([0.0, LIFT, 0.0])).astype(np.float32)
    around = Occluders((scene.neighbour_vertices, scene.neighbour_triangles))
    return ~around.blocked(start, (eye(scene.camera) - start).astype(np.float32))


@nb.njit(cache=True)
def _clumps(corner, cell, shape):  # type: ignore[no-untyped-def]
    """Return how thickly stones lie at grid points (nz,nx), about 1."""
    out = np.empty(shape)
    for j in range(shape[0]):
        for i in range(shape[1]):
            level = layered((corner[0] + i * cell) / CLUMP, 0.0, (corner[1] + j * cell) / CLUMP, SEED)
            out[j, i] = min(max(6.0 * (level - 0.42), 0.08), 2.5)
    return out
