"""Flicker before a moving camera: what lies still on the ground comes back onto itself, and what changes there doesn't."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from derrumbe.check.looks import HALO, Band, Followed
from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, pixel_grid, rays
from derrumbe.geom.depth import plane_depth
from derrumbe.media.exr import RGB, write_exr

SIZE = (200, 140)


def _camera(side: float) -> Camera:
    """Return a camera 6 m over the ground that looks down by half a right angle, `side` metres to the right."""
    c = float(np.sqrt(0.5))
    turn = np.array([[1, 0, 0], [0, -c, c], [0, -c, -c]])
    place = -turn @ np.array([side, 6.0, 0])
    rows = tuple(tuple(float(value) for value in row) for row in turn)
    return Camera(width=SIZE[0], height=SIZE[1], focal_px=160, cx=100, cy=70, rotation=rows, translation=tuple(place), distortion=())


def _ground(camera: Camera) -> np.ndarray:
    """Return a smooth pattern on the ground as the camera sees it, (h, w, 3)."""
    points = eye(camera) + rays(camera, pixel_grid(camera)) * plane_depth(camera)[..., None]
    wave = 0.3 + 0.1 * np.sin(4 * points[..., 0]) * np.cos(3 * points[..., 2])
    return np.repeat(wave[..., None], 3, 2).astype(np.float32)


def _band(picture: np.ndarray) -> Band:
    nothing, whole = np.zeros(picture.shape[:2], np.float32), np.ones(picture.shape[:2], bool)
    still = np.zeros((*picture.shape[:2], 2), np.float32)
    return Band(picture, picture, nothing, picture, whole, nothing, nothing, nothing, np.ones_like(picture), nothing, still, nothing)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Band, Followed]:
    cameras = (_camera(0.0), _camera(0.15))
    write_exr(tmp_path / "depth.exr", plane_depth(cameras[0])[..., None], ("Z",))
    write_exr(tmp_path / "clean.exr", _ground(cameras[1]), RGB)
    record = SimpleNamespace(camera_at=lambda frame: cameras[frame - 1001], clean_plate="clean.exr", set_depth="depth.exr")
    probe = SimpleNamespace(film_set=SimpleNamespace(record=record, path=lambda name, frame=None: tmp_path / name), pieces=None)
    shown = _band(_ground(cameras[1]))
    parts = ("plate", "final", "matte", "expected", "known", "solid", "bare", "dust", "shadow", "speed", "motion", "identity")
    after = SimpleNamespace(read=lambda first, last, clean: Band(*(getattr(shown, name)[first:last] for name in parts)))
    here = SimpleNamespace(layers=SimpleNamespace(read=lambda first, last: np.zeros((last - first, SIZE[0], 24), np.float32)))
    return _band(_ground(cameras[0])), Followed(probe, here, after, 1001)


def test_what_lies_still_comes_back_onto_itself(pair: tuple[Band, Followed]) -> None:
    shown, follow = pair
    now, then = follow.read(shown, 0, SIZE[1])
    inside = then.known[HALO:-HALO]
    assert inside.mean() > 0.7
    for brought in (then.final, then.plate):
        assert np.abs(brought - now.final)[HALO:-HALO][inside].max() < 2e-3
    assert np.abs(_ground(_camera(0.15)) - now.final).max() > 0.03
    assert now.speed.max() == 0
