"""Between the world and the plate's pixels (OpenCV axes: x right, y down, z forward; pixel centres at +0.5), the lens's distortion included."""

from __future__ import annotations

import numpy as np

from derrumbe.core.records import Camera

SKY_REACH = 1e6
"""Metres at which the sky is projected from one camera to another."""
WHOLE = (slice(None), slice(None))


def rotation_matrix(camera: Camera) -> np.ndarray:
    """Return cam_from_world rotation, (3, 3) float64."""
    return np.asarray(camera.rotation, np.float64)


def eye(camera: Camera) -> np.ndarray:
    """Return the camera's position in the world, (3,) metres."""
    return -rotation_matrix(camera).T @ np.asarray(camera.translation, np.float64)


def project(camera: Camera, world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Project world points (..., 3) to plate pixels (..., 2) and depth along the axis (...,), metres."""
    cam = world @ rotation_matrix(camera).T + np.asarray(camera.translation, np.float64)
    depth = cam[..., 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels = camera.focal_px * cam[..., :2] / depth[..., None] + (camera.cx, camera.cy)
    return _filmed(camera, pixels) if any(camera.distortion) else pixels, depth


def _filmed(camera: Camera, pixels: np.ndarray) -> np.ndarray:
    from derrumbe.geom.lens import filmed  # brings numba

    return filmed(camera, pixels)


def _undistorted(camera: Camera, pixels: np.ndarray) -> np.ndarray:
    from derrumbe.geom.lens import undistorted

    return undistorted(camera, pixels)


def pinhole(camera: Camera) -> Camera:
    """Return the camera with a lens that doesn't distort."""
    return camera.model_copy(update={"distortion": ()}) if camera.distortion else camera


def rays(camera: Camera, pixels: np.ndarray) -> np.ndarray:
    """Return world directions (..., 3) through plate pixels (..., 2), scaled so that their depth along the axis is 1."""
    straight = _undistorted(camera, pixels) if any(camera.distortion) else np.asarray(pixels, np.float64)
    xy = (straight - (camera.cx, camera.cy)) / camera.focal_px
    cam = np.concatenate([xy, np.ones((*xy.shape[:-1], 1))], -1)
    return cam @ rotation_matrix(camera)


def seen_from(camera: Camera, other: Camera, depth: np.ndarray, box: tuple[slice, slice] = WHOLE) -> np.ndarray:
    """Return the pixels (h, w, 2) in which `other` sees what `camera` sees at `depth` (h, w), those in `box` only; far outside what is behind it."""
    points = eye(camera) + rays(camera, pixel_grid(camera, box=box)) * np.minimum(depth[box], SKY_REACH)[..., None].astype(np.float64)
    pixels, ahead = project(other, points)
    return np.where((ahead > 0.05)[..., None], np.nan_to_num(pixels, nan=-1e5), -1e5)


def pixel_grid(camera: Camera, offset: tuple[float, float] = (0.5, 0.5), box: tuple[slice, slice] = WHOLE) -> np.ndarray:
    """Return pixel coordinates (h, w, 2) at `offset` inside every pixel, those in `box` only."""
    y, x = (
        np.arange(size, dtype=np.float64)[part] + at
        for size, part, at in zip((camera.height, camera.width), box, offset[::-1], strict=True)
    )
    return np.stack(np.broadcast_arrays(x, y[:, None]), -1)


def resized(camera: Camera, width: int, height: int) -> Camera:
    """Return the same view for another picture size of the same shape."""
    scale_x, scale_y = width / camera.width, height / camera.height
    return camera.model_copy(
        update={
            "width": width,
            "height": height,
            "focal_px": camera.focal_px * scale_x,
            "cx": camera.cx * scale_x,
            "cy": camera.cy * scale_y,
        }
    )
