"""tracks.npz: where features were followed and how far from there the solve puts them, for the report to show."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from derrumbe.core.files import save_arrays
from derrumbe.survey.matchmove.match import Match

MOST = 500
"""Sightings of a frame that are kept: a person looks at them."""


def write_tracks(path: Path, found: Match, first_frame: int, size: tuple[int, int]) -> None:
    """Write frame (n,) int32, track (n,) int32, x, y (n,) float32 pixels of a plate of `size`, residual (n,) float32 pixels."""
    seen = found.seen
    kept = np.flatnonzero(seen.point % sparseness(seen.camera) == 0)
    camera, point, pixel = seen.camera[kept], seen.point[kept], seen.pixel[kept]
    away = np.linalg.norm(expected(found, camera, point) - pixel, axis=1)
    x, y = (pixel + np.array(size) / 2).T
    save_arrays(
        path, frame=(camera + first_frame).astype(np.int32), track=point.astype(np.int32), x=x.astype(np.float32), y=y.astype(np.float32),
        residual=away.astype(np.float32),
    )  # fmt: skip


def sparseness(camera: np.ndarray) -> int:
    """Return of how many points one is kept, so that no frame has many more than MOST."""
    fullest = int(np.bincount(camera).max()) if len(camera) else 0
    return max(1, -(-fullest // MOST))


def expected(found: Match, camera: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Return where the solve sees points from cameras, (n, 2) pixels from the principal point."""
    local = np.einsum("nij,nj->ni", found.rotation[camera], found.points[point]) + found.translation[camera]
    flat = local[:, :2] / local[:, 2:]
    square = (flat**2).sum(1, keepdims=True)
    return found.focal[camera, None] * (1 + found.radial * square) * flat
