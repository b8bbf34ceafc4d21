"""Signs and posts that stand a step before the building, in every frame of a moving camera: found in its middle, carried to the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import eye as eye_of
from derrumbe.geom.camera import project, rays, resized, seen_from
from derrumbe.geom.depth import mesh_depth
from derrumbe.media.exr import RGB, read_exr
from derrumbe.survey.filters import around
from derrumbe.survey.matting import display_like
from derrumbe.survey.signs import Sign, find_signs
from derrumbe.survey.tight_edges import cut_out
from derrumbe.survey.uncovered import Views
from derrumbe.survey.wall_parallax import Parallax, parallax

SAMPLES = 23
"""Frames that are looked through."""
LARGEST = 2000
"""Larger pictures are looked at in this size, longer side."""
REACH = 0.02
"""A thing's edge is looked for so near to where it is carried to, share of the longer side."""


@dataclass(frozen=True, eq=False)
class Signposts:
    """signs: found in `box` of the view of `here`; moves (n, 2, 3): from there to where each of the `cameras`' pictures shows the walls, which are those
    of `solid`, vertices and triangles; distance: metres from there to them, usually."""

    signs: tuple[Sign, ...]
    box: tuple[slice, slice]
    here: Camera
    cameras: tuple[Camera, ...]
    moves: np.ndarray
    solid: tuple[np.ndarray, np.ndarray]
    distance: float

    def at(self, index: int, picture: np.ndarray) -> np.ndarray:
        """Return the alpha (h, w) float32 at frame `index`, along the edges of its display-like picture (h, w, 3)."""
        return np.maximum.reduce([_cut(picture, depth < FAR) for depth in self.carried(index)])

    def depth(self, index: int, alpha: np.ndarray) -> np.ndarray:
        """Return its depth (h, w) float32 in metres, FAR where there is nothing."""
        every = [
            np.where(depth < FAR, depth, np.median(depth[depth < FAR])) if (depth < FAR).any() else depth for depth in self.carried(index)
        ]
        return np.where(alpha > 0, np.minimum.reduce(every), FAR).astype(np.float32)

    def carried(self, index: int) -> tuple[np.ndarray, ...]:
        """Return each sign's depth (h, w) metres, at frame `index`, FAR beside it."""
        return _carried(self, index)


@lru_cache(maxsize=2)
def _carried(posts: Signposts, index: int) -> tuple[np.ndarray, ...]:
    camera = posts.cameras[index]
    wall = mesh_depth(camera, *posts.solid)
    return tuple(_seen(posts, sign, camera, posts.moves[index], wall) for sign in posts.signs)


def _seen(posts: Signposts, sign: Sign, camera: Camera, move: np.ndarray, wall: np.ndarray) -> np.ndarray:
    out = np.full(wall.shape, FAR, np.float32)
    box = _around(posts, sign, camera)
    if box is None:
        return out
    depth = wall * np.float32(1 - 0.01 * sign.near.nearer)
    places = (seen_from(camera, posts.here, depth, box) - 0.5) - (posts.box[1].start, posts.box[0].start)
    back = cv2.invertAffineTransform(move)
    there = (places @ back[:, :2].T + back[:, 2]).astype(np.float32)
    mask = cv2.remap(sign.mask.astype(np.float32), there[..., 0], there[..., 1], cv2.INTER_LINEAR, borderValue=0)
    out[box] = np.where((mask > 0.5) & (wall[box] < FAR), depth[box], FAR)
    return out


def _around(posts: Signposts, sign: Sign, camera: Camera) -> tuple[slice, slice] | None:
    """Return the rows and columns of a camera's picture that may show a sign; None if it is out of sight."""
    rows, columns = around(sign.mask)
    x, y = (np.array([part.start, part.stop]) + at.start for part, at in ((columns, posts.box[1]), (rows, posts.box[0])))
    corners = np.array([(a, b) for a in x for b in y], float)
    ahead, _ = project(camera, eye_of(posts.here) + rays(posts.here, corners) * posts.distance)
    margin = REACH * max(camera.width, camera.height)
    low, high = ahead.min(axis=0) - margin, ahead.max(axis=0) + margin
    left, right = (int(np.clip(value, 0, camera.width)) for value in (low[0], high[0]))
    top, bottom = (int(np.clip(value, 0, camera.height)) for value in (low[1], high[1]))
    return (slice(top, bottom), slice(left, right)) if bottom - top > 1 and right - left > 1 else None


def _cut(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) float32 of a rough mask (h, w) bool, found in its surroundings only."""
    out = np.zeros(mask.shape, np.float32)
    if mask.any():
        box = around(mask, REACH * max(mask.shape))
        out[box] = cut_out(picture[box], mask[box])
    return out


def signposts(views: Views, hidden: Callable[[int], np.ndarray]) -> Signposts | None:
    """Return what signs and posts stand before the building. hidden: where (h, w) bool something known hides it in the frame of an index."""
    count = len(views.cameras)
    indices = sorted({round(float(index)) for index in np.linspace(0, count - 1, min(SAMPLES, count))})
    here, scale = indices[len(indices) // 2], min(1.0, LARGEST / max(views.cameras[0].width, views.cameras[0].height))
    sizes = [(round(camera.width * scale), round(camera.height * scale)) for camera in views.cameras]
    cameras = [resized(camera, *size) for camera, size in zip(views.cameras, sizes, strict=True)]

    def picture(at: int) -> np.ndarray:
        path = Path(views.plate.format(frame=views.first_frame + indices[at]))
        return cv2.resize(display_like(read_exr(path, RGB)), sizes[0], interpolation=cv2.INTER_AREA)

    def covered(at: int) -> np.ndarray:
        return cv2.resize(hidden(indices[at]).astype(np.uint8), sizes[0], interpolation=cv2.INTER_NEAREST) > 0

    found = parallax([cameras[index] for index in indices], cameras[here], views.solid, picture, covered)
    signs = () if found is None else find_signs(found, *_shape_of(found, cameras[here]), max(sizes[0]))
    if found is None or not signs:
        return None
    moves = np.stack([np.interp(np.arange(count), indices, column) for column in found.moves.reshape(-1, 6).T], -1).reshape(-1, 2, 3)
    return Signposts(signs, found.box, cameras[here], views.cameras, moves, views.solid, _distance(cameras[here], views.solid))


def _distance(here: Camera, solid: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the usual depth of the walls in a camera's view, metres."""
    wall = mesh_depth(resized(here, here.width // 8, here.height // 8), *solid)
    return float(np.median(wall[wall < FAR]))


def _shape_of(found: Parallax, here: Camera) -> tuple[float, np.ndarray]:
    """Return the pixels of a metre on the walls, and the row (w,) of their foot in the box, NaN where it isn't in the picture."""
    wall = found.depth < FAR
    foot = np.where(wall.any(axis=0), wall.shape[0] - np.argmax(wall[::-1], axis=0), np.nan)
    foot[foot + found.box[0].start > here.height - 2] = np.nan
    return here.focal_px / float(np.median(found.depth[wall])), foot
