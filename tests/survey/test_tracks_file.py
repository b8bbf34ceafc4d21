from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.files import load_arrays
from derrumbe.geom.bundle import Sightings
from derrumbe.survey.matchmove.match import Match
from derrumbe.survey.matchmove.tracks_file import MOST, expected, write_tracks


def flight(points: int, frames: int = 4) -> Match:
    """A camera that slides to the right past points; every frame sees every point, half a pixel too low."""
    random = np.random.default_rng(3)
    world = random.uniform((-4, -3, 8), (4, 3, 20), (points, 3))
    camera, point = (grid.ravel() for grid in np.meshgrid(np.arange(frames), np.arange(points), indexing="ij"))
    shift = np.stack([-0.2 * np.arange(frames), np.zeros(frames), np.zeros(frames)], 1)
    empty = Sightings(camera.astype(np.int32), point.astype(np.int32), np.zeros((len(camera), 2)))
    found = Match("moving", np.repeat(np.eye(3)[None], frames, 0), shift, np.full(frames, 900.0), -0.02, world, empty, 0.5)
    pixel = expected(found, camera, point) + np.array([0, 0.5])
    return Match(**{**vars(found), "seen": Sightings(empty.camera, empty.point, pixel)})


def test_residuals_are_what_the_solve_misses_by(tmp_path: Path) -> None:
    write_tracks(tmp_path / "tracks.npz", flight(20), 1001, (640, 360))
    read = load_arrays(tmp_path / "tracks.npz")
    assert read["residual"] == pytest.approx(0.5, abs=1e-4)
    assert set(read["frame"]) == {1001, 1002, 1003, 1004}
    assert len(read["x"]) == len(read["y"]) == len(read["track"]) == 80


def test_pixels_count_from_the_top_left(tmp_path: Path) -> None:
    found = flight(20)
    write_tracks(tmp_path / "tracks.npz", found, 1001, (640, 360))
    read = load_arrays(tmp_path / "tracks.npz")
    assert np.stack([read["x"], read["y"]], 1) == pytest.approx(found.seen.pixel + np.array([320, 180]), abs=1e-3)


def test_crowds_are_thinned_by_whole_tracks(tmp_path: Path) -> None:
    write_tracks(tmp_path / "tracks.npz", flight(2 * MOST + 10), 1001, (640, 360))
    read = load_arrays(tmp_path / "tracks.npz")
    counts = np.bincount(read["frame"] - 1001)
    assert counts.max() <= MOST
    assert counts.min() == counts.max() > MOST / 3
    assert (np.bincount(read["track"])[np.unique(read["track"])] == 4).all()
