"""The other answer: where depths differ little, a scene turned inside out, near for far, fits nearly as well as the true one (Szeliski & Kang,
"Shape ambiguities in structure from motion", 1997). Ground lies below what stands on it, and nearer: that tells one from the other.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.stats import rankdata

from derrumbe.geom.bundle import Scene
from derrumbe.survey.matchmove.structure import Structure

FEWEST = 20
FLATTEST = 0.02
"""What would come to lie further than this share of the nearest is set no further, as inverse depth."""
PIVOTS = (0.75, 0.9, 0.97)
"""Inverse depths are turned round about what is nearer than these shares of the sightings."""


def ground_order(found: Structure) -> float:
    """Return how far things lower in the picture are nearer, -1..1: the median over cameras of the rank correlation of row and inverse depth.

    The building's own features, where they are known, say nothing: all of a wall is as near.
    """
    scene, seen, frames, names = found.frozen()
    if found.tracks.still is not None:
        seen = seen.only(~found.tracks.still[names[seen.point]])
    out = []
    for index in range(len(frames)):
        here = seen.camera == index
        depth = scene.points[seen.point[here]] @ scene.rotation[index][2] + scene.translation[index][2]
        rows = seen.pixel[here, 1][depth > 0]
        if len(rows) >= FEWEST:
            out.append(float(np.corrcoef(rankdata(rows), rankdata(-depth[depth > 0]))[0, 1]))
    return float(np.median(out)) if out else 1.0


def turned_inside_out(found: Structure) -> list[Structure]:
    """Return structures with near and far exchanged, each about another depth; cameras move the other way and turn to make up for it."""
    scene, seen, frames, names = found.frozen()
    first, shift = scene.rotation[0], scene.translation[0]
    points = scene.points @ first.T + shift
    rotation = scene.rotation @ first.T
    translation = scene.translation - rotation @ shift
    ahead = points[:, 2] > 0
    inverse = 1 / np.where(ahead, points[:, 2], np.inf)
    sightings = inverse[seen.point]
    out = []
    for share in PIVOTS:
        pivot = float(np.quantile(sightings, share))
        if pivot <= 0:
            continue
        turned = np.maximum(1.1 * pivot - inverse, FLATTEST * pivot)
        places = points[:, :2] / np.where(ahead, points[:, 2], 1.0)[:, None]
        moved = np.concatenate([places, np.ones((len(places), 1))], 1) / turned[:, None]
        turns = np.stack([_turn(1.1 * pivot * step) @ pose for pose, step in zip(rotation, translation, strict=True)])
        other = Structure(found.tracks, found.focal, found.radial)
        other.take(Scene(turns, -translation, moved, found.focal, found.radial), frames, names)
        out.append(other)
    return out


def _turn(step: np.ndarray) -> np.ndarray:
    """Return the rotation that moves pictures as a step past things at depth 1 does."""
    return np.asarray(cv2.Rodrigues(np.array([-step[1], step[0], 0.0]))[0])
