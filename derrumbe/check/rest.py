"""What pieces wear, compared with the plate where they haven't visibly moved yet."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.check.shot import Shot
from derrumbe.core.errors import BadPlate
from derrumbe.media.colour import from_acescg
from derrumbe.media.exr import RGB, read_exr

UNMOVED = 0.15
"""Pixels that a piece may have moved and still be compared."""
CALM = 9
"""Side of the box over which grain is averaged out."""
LEAST_PIXELS = 60
FRAMES = 4
"""Frames after the trigger that are looked at."""


@dataclass(frozen=True)
class RestMatch:
    """difference: mean absolute difference of calmed codes (0..1) in `where` (h, w); plate and worn (h, w, 3) scene-linear; codes (h, w, 3)."""

    frame: int
    what: str
    difference: float
    where: np.ndarray
    plate: np.ndarray
    worn: np.ndarray
    codes: np.ndarray


def match_at_rest(shot: Shot) -> RestMatch | None:
    """Compare pieces that are drawn but haven't visibly moved with the plate; where none is, the texture that they will wear."""
    try:
        drawn = (_drawn_pieces(shot, frame) for frame in _first_frames(shot))
        return next((match for match in drawn if match is not None), None) or _texture(shot)
    except BadPlate:
        return None


def _first_frames(shot: Shot) -> range:
    frames = shot.layers.record.frames
    first = max(shot.trigger_frame, frames.first)
    return range(first, min(first + FRAMES, frames.last + 1))


def _drawn_pieces(shot: Shot, frame: int) -> RestMatch | None:
    names = (*(f"pieces.{c}" for c in "RGBA"), "debris.A", "dust_front.A", "dust_behind.A", "id.Y")
    layers = read_exr(shot.layers.path(shot.layers.record.picture, frame), names)
    # number 0 is no piece, one beyond the last is the rubble between them
    shifted = np.concatenate([[np.inf], shift_in_pixels(shot, frame), [np.inf]])
    identity = layers[..., 7].astype(np.int64)
    still = (shifted[np.clip(identity, 0, len(shifted) - 1)] < UNMOVED) & (layers[..., 3] > 0.999) & (layers[..., 4:7].max(-1) < 1e-3)
    where = cv2.erode((still & _unhidden(shot, frame)).astype(np.uint8), np.ones((3, 3))) > 0
    if where.sum() < LEAST_PIXELS:
        return None
    return _match(shot, frame, "Pieces that have barely stirred", layers[..., :3], where)


def shift_in_pixels(shot: Shot, frame: int) -> np.ndarray:
    """Return how far (N,) pixels every piece moves by the end of `frame`, turning included.

    Infinite for pieces that nothing has let go: where such a piece is drawn, it is an inner one that a hole lays bare, and the plate never saw it.
    """
    per_frame = shot.motion.record.samples_per_frame
    last = (frame - shot.plate.record.frames.first + 1) * per_frame
    position, rotation = shot.poses["position"], shot.poses["rotation"]
    last = min(last, len(position) - 1)
    moved = np.linalg.norm(position[last] - position[0], axis=-1)
    released = shot.poses["released"]
    turned = 2 * np.arccos(np.clip(np.abs(rotation[last][:, 0]), 0, 1))
    camera = shot.film_set.record.camera_at(frame)
    depth = position[last] @ np.asarray(camera.rotation[2]) + camera.translation[2]
    shift = (moved + turned) * camera.focal_px / np.maximum(depth, 0.1)
    return np.where((released >= 0) & (released <= last), shift, np.inf)


def _texture(shot: Shot) -> RestMatch | None:
    scene, worn = shot.film_set, shot.film_set.record.worn
    first, last = shot.plate.record.frames.first, shot.plate.record.frames.last
    if worn is None:
        frame = max(first, min(shot.trigger_frame - 1, last)) if scene.record.locked else first
        texture = read_exr(scene.path(scene.record.texture, first), RGB)
    else:
        frame, own = worn.frame, scene.record.camera_at(worn.frame)
        left, top = round(worn.camera.cx - own.cx), round(worn.camera.cy - own.cy)
        texture = read_exr(scene.path(worn.picture), RGB)[top : top + own.height, left : left + own.width]
    where = read_exr(scene.path(scene.record.building_matte, frame), ("Y",))[..., 0] > 0.999
    where = cv2.erode((where & _unhidden(shot, frame)).astype(np.uint8), np.ones((3, 3))) > 0
    return _match(shot, frame, "The textures that pieces wear", texture, where) if where.sum() >= LEAST_PIXELS else None


def _unhidden(shot: Shot, frame: int) -> np.ndarray:
    """Return where nothing stands in front in the plate."""
    foreground = shot.film_set.record.foreground
    if foreground is None:
        return np.ones((shot.plate.record.height, shot.plate.record.width), bool)
    return read_exr(shot.film_set.path(foreground, frame), ("Y",))[..., 0] < 1e-3


def _match(shot: Shot, frame: int, what: str, worn: np.ndarray, where: np.ndarray) -> RestMatch:
    plate = shot.plate_pixels(frame)
    space = shot.plate.record.colourspace
    difference = from_acescg(np.nan_to_num(worn), space) - from_acescg(plate, space)
    codes = np.abs(_calm(np.nan_to_num(difference), where))
    return RestMatch(frame, what, float(codes[where].mean()), where, plate, worn, codes)


def _calm(difference: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Average inside `where` only, over CALM x CALM."""
    weight = where.astype(np.float32)
    total = cv2.blur(weight, (CALM, CALM))[..., None]
    mean = cv2.blur(difference.astype(np.float32) * weight[..., None], (CALM, CALM))
    return np.where(where[..., None], mean / np.maximum(total, 1e-6), 0)
