"""Aerial perspective: what is new gets the air's light and loses its own with distance, as the plate's own things do.

Outer faces wear the plate, and the plate's air is in it already: they are left as they are, so that a piece that has not moved stays the
plate. (What they lose and gain by moving some metres nearer or farther is a thousandth.)
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from derrumbe.core.records import Camera, Haze, Set
from derrumbe.render.solids import Solids

Dust = tuple[np.ndarray, np.ndarray, np.ndarray | None]
CONTRAST = 3.912


def air_share(haze: Haze, depth: np.ndarray | float) -> np.ndarray:
    """Return the share of what is seen at `depth` (metres) that is light of the air (Koschmieder)."""
    return (1 - np.exp(-CONTRAST / haze.visibility * np.asarray(depth, np.float32))).astype(np.float32)


def hazed(rgba: np.ndarray, haze: Haze | None, depth: np.ndarray | float, new: np.ndarray | None = None) -> np.ndarray:
    """Return premultiplied rgba (h,w,4) seen through `haze` at depth (h,w) or one for all. new (h,w): the part without air in it yet."""
    if haze is None or not rgba.size:
        return rgba
    share = np.broadcast_to(air_share(haze, depth) * (1.0 if new is None else new), rgba.shape[:2]).astype(np.float32)
    out = rgba.copy()
    out[..., :3] += share[..., None] * (rgba[..., 3:] * np.asarray(haze.rgb, np.float32) - rgba[..., :3])
    return out


def in_air(solids: Solids, haze: Haze | None, depth: np.ndarray) -> Solids:
    """Return pieces with the air before them; depth (h,w): theirs, metres."""
    return solids if haze is None else replace(solids, rgba=hazed(solids.rgba, haze, depth, 1 - solids.worn))


def dust_in_air(dust: Dust | None, haze: Haze | None, depth: np.ndarray) -> Dust | None:
    """Return the two layers of dust with the air before them; depth (h,w): theirs, about."""
    return None if dust is None else (hazed(dust[0], haze, depth), hazed(dust[1], haze, depth), dust[2])


def building_depth(film_set: Set, camera: Camera) -> float:
    """Return the depth of the building's middle in a camera."""
    rotation, translation = np.asarray(camera.rotation), np.asarray(camera.translation)
    corners = np.array([(x, 0.5 * film_set.building.height, z) for x, z in film_set.building.footprint])
    return float(max((rotation[2] @ corners.mean(axis=0)) + translation[2], 1.0))
