"""Data channels, point-sampled at pixel centres when the shutter opens: depth, normal, motion, piece id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import project
from derrumbe.render.intact import hidden_by_ends
from derrumbe.render.joints import closed_joints
from derrumbe.render.overhang import seen_past
from derrumbe.render.poses import Pose
from derrumbe.render.raster import Projected, Window, depth_of, visible
from derrumbe.render.rubble import a_frame_later
from derrumbe.render.scene import Inputs, Scene
from derrumbe.render.surface import Coverage, collect, surfaces

CENTRE = (0.5, 0.5)


@dataclass(frozen=True, eq=False)
class Data:
    """In a window: solid depth (h,w) of all pieces, FAR where none; then of new solids only: depth (h,w), normal (h,w,3) world,
    motion (h,w,2) pixels to the next frame, piece id + 1 (h,w). All float32."""

    window: Window
    solid: np.ndarray
    depth: np.ndarray
    normal: np.ndarray
    motion: np.ndarray
    identity: np.ndarray


def render_data(
    inputs: Inputs, scene: Scene, view: Projected, after: Camera, window: Window, rest_piece: np.ndarray, now: Pose, following: Pose
) -> Data:
    """Return the data of one frame. view: vertices posed `now`; after, following: the next frame's camera and pose."""
    hit = seen_past(scene, view, window, CENTRE, visible(view, scene.triangles, window, CENTRE, holes=scene.holes), now.moved)
    hit = hidden_by_ends(inputs, scene, view, window, CENTRE, closed_joints(scene, view, window, CENTRE, hit))
    solid = depth_of(view, scene.triangles, hit, window)
    solid[hit < 0] = FAR
    pixel, triangle = collect(scene, hit, rest_piece, now.moved, ~now.moved, Coverage.empty(window.shape))
    samples = surfaces(scene, view, window, now.rotation, ~now.moved, pixel, triangle, CENTRE)
    riding = scene.piece[triangle]
    goal, _ = project(after, a_frame_later(scene, samples.rest, triangle, following))
    y, x = np.divmod(pixel, window.shape[1])
    here = np.stack([x + window.x0 + 0.5, y + window.y0 + 0.5], -1)
    out = Data(
        window, solid, np.full(window.shape, FAR, np.float32), *(np.zeros((*window.shape, *n), np.float32) for n in ((3,), (2,), ()))
    )
    out.depth[y, x] = solid[y, x]
    out.normal[y, x] = samples.normal
    out.motion[y, x] = np.nan_to_num(goal - here)
    out.identity[y, x] = riding + 1
    return out
