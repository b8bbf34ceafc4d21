"""The matchmove's pictures: lines lie where the camera sees them, in the lens, in every frame."""

from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.files import save_arrays
from derrumbe.core.records import Located, Sun
from derrumbe.core.work import Work
from derrumbe.deliver.matchmove.ball import shading, sun_angles
from derrumbe.deliver.matchmove.board import Board, shrunk
from derrumbe.deliver.matchmove.section import camera_says, lens_says, residual_chart
from derrumbe.deliver.matchmove.tracks import Tracks, grade, read_tracks, residuals_by_frame
from derrumbe.deliver.matchmove.wireframe import FACADE, GROUND, OUTLINE, wireframe_of
from derrumbe.deliver.run import run
from derrumbe.deliver.settings import Settings
from derrumbe.geom.camera import pinhole, project
from derrumbe.geom.lens import filmed
from derrumbe.media.movie import read_movie
from derrumbe.media.picture import read_png
from tests.deliver.conftest import Delivered
from tests.deliver.small_shot import COUNT, FIRST, camera, small_shot
from tests.deliver.test_scene import flying

LARGE = camera(640, 480)
RED = (255, 0, 0)


def canvas(scale: float = 1.0) -> np.ndarray:
    return np.zeros((round(480 * scale), round(640 * scale), 3), np.uint8)


def centre_of(codes: np.ndarray) -> np.ndarray:
    """Middle of what was drawn, in pixels with centres at +0.5."""
    weight = codes.astype(float).sum(-1)
    y, x = np.mgrid[: codes.shape[0], : codes.shape[1]] + 0.5
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()


@pytest.mark.parametrize("scale", [1.0, 0.5, 1.5])
def test_a_line_lies_where_the_camera_sees_it(scale: float) -> None:
    lens = LARGE.model_copy(update={"distortion": (-0.1, 0.02)})
    world = np.array([2.0, 2.0, 0.0]) + np.linspace(0, 1, 33)[:, None] * (0.05, 0, 0)
    board = Board(canvas(scale), lens)
    board.world_line(world, RED)
    ours = filmed(lens, project(pinhole(lens), world)[0]).mean(0) * scale
    assert centre_of(board.codes) == pytest.approx(ours, abs=0.3)


def test_what_is_behind_the_camera_is_not_drawn() -> None:
    board = Board(canvas(), LARGE)
    board.world_line(np.linspace((0, 1, 11), (0, 1, 30), 9), RED)
    assert not board.codes.any()
    board.world_line(np.linspace((0, 1, -5), (0, 1, 30), 99), RED)
    assert board.codes.any()


def test_the_silhouette_is_the_solids_outline() -> None:
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (0, 2) for z in (0.0, 0.01)])
    board = Board(canvas(), LARGE)
    from scipy.spatial import ConvexHull

    board.silhouette(corners, ConvexHull(corners).simplices, RED, 1)
    y, x = np.nonzero(board.codes[..., 0])
    seen = project(LARGE, corners)[0]
    assert (x.min() + 0.5, x.max() + 0.5) == pytest.approx((seen[:, 0].min(), seen[:, 0].max()), abs=1.5)
    assert (y.min() + 0.5, y.max() + 0.5) == pytest.approx((seen[:, 1].min(), seen[:, 1].max()), abs=1.5)
    assert not board.codes[int(seen[:, 1].mean()), int(seen[:, 0].mean())].any()


def test_wireframe_has_facade_grid_and_solid(delivered: Delivered) -> None:
    wire = wireframe_of(delivered.shot.film_set)
    board = Board(canvas(), LARGE)
    wire.draw(board)
    for colour in (OUTLINE, FACADE, GROUND):
        assert (np.abs(board.codes.astype(int) - colour).max(-1) < 60).sum() > 20
    assert all(line.points.shape[1] == 3 for line in wire.lines)


def tracks() -> dict[str, np.ndarray]:
    frames = np.repeat(np.arange(FIRST, FIRST + COUNT), 3)
    residual = np.tile(np.array([0.2, 1.0, np.nan], np.float32), COUNT)
    names = {"frame": frames, "track": np.tile(np.arange(3), COUNT), "residual": residual}
    return {**names, "x": np.linspace(5, 60, len(frames)).astype(np.float32), "y": np.full(len(frames), 20, np.float32)}


def test_residuals_are_told_by_frame() -> None:
    found = Tracks(**tracks())
    by_frame = residuals_by_frame(found, [FIRST - 1, FIRST])
    assert np.isnan(by_frame[0]).all()
    assert by_frame[1] == pytest.approx([0.6, 0.92])
    assert [grade(one) for one in (0.3, 1.0, 9.0, float("nan"))] == ["good", "fair", "poor", "unused"]
    assert residual_chart(found, list(range(FIRST, FIRST + COUNT))).count("<polyline") == 2


def test_files_of_another_kind_are_no_tracks(tmp_path: Path) -> None:
    assert read_tracks(tmp_path) is None
    save_arrays(tmp_path / "tracks.npz", frame=np.zeros(3))
    assert read_tracks(tmp_path) is None


def test_a_flight_with_tracks_is_shown_whole(tmp_path: Path) -> None:
    shot = small_shot(tmp_path / "inputs", locked=False)
    record = shot.film_set.record.model_copy(update={"cameras": tuple(flying(index, (-0.05,)) for index in range(COUNT))})
    save_arrays(shot.film_set.folder / "tracks.npz", **tracks())
    delivery = run(Settings(), Work(tmp_path), **{**shot.inputs(), "film_set": Located(record, shot.film_set.folder)})
    middle = FIRST + (COUNT - 1) // 2
    for kind in ("wireframe", "tracks", "mattes"):
        for frame in (FIRST, middle, FIRST + COUNT - 1):
            name = f"report/matchmove-{kind}-{frame}.jpg"
            assert name in delivery.files
            assert read_png(tmp_path / name).shape == (48, 65, 3)
    frames = [frame().pixels for frame in read_movie(tmp_path / "report/matchmove.mp4")]
    assert len(frames) == COUNT
    assert np.abs(frames[0].astype(int) - frames[-1]).max() > 50
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for said in ("moving:", "mean 0.60 px", "3 features", "distortion -0.0500", "report/matchmove.mp4"):
        assert said in text


def test_a_locked_plate_shows_wireframe_mattes_and_light(delivered: Delivered) -> None:
    text = (delivered.folder / "report.html").read_text(encoding="utf-8")
    assert "locked off" in text
    assert "matchmove-tracks" not in text
    for name in ("matchmove.mp4", "matchmove-light.jpg", f"matchmove-wireframe-{FIRST}.jpg", f"matchmove-mattes-{FIRST}.jpg"):
        assert f"report/{name}" in delivered.record.files


def test_a_still_has_no_movie(tmp_path: Path) -> None:
    shot = small_shot(tmp_path / "inputs", held=True)
    assert "report/matchmove.mp4" not in run(Settings(), Work(tmp_path), **shot.inputs()).files


def test_words_for_cameras(delivered: Delivered) -> None:
    film_set = delivered.shot.film_set.record
    assert camera_says(film_set) == "locked off"
    turning = tuple(one.model_copy(update={"translation": (0, 0, 0), "distortion": ()}) for one in map(flying, range(COUNT)))
    assert "on a head: turns up to" in camera_says(film_set.model_copy(update={"locked": False, "cameras": turning}))
    assert "78 to 95 px" in lens_says(film_set.model_copy(update={"locked": False, "cameras": turning}))


def test_the_ball_is_lit_as_a_white_wall_would_be() -> None:
    sun = Sun(direction=(0, 0.6, 0.8), rgb=(2, 1, 1), sky_rgb=(0.4, 0.4, 0.6), ground_rgb=(0.1, 0.1, 0.1), overcast=False)
    shown = shading(np.array([[0, 1.0, 0], [0, -1, 0], [0, 0.6, 0.8]]), sun)
    assert shown[0] == pytest.approx([1.6, 1.0, 1.2])
    assert shown[1] == pytest.approx([0.1, 0.1, 0.1])
    assert shown[2, 0] == pytest.approx(2 + 0.8 * 0.4 + 0.2 * 0.1)


def test_sun_angles_are_those_of_the_knobs() -> None:
    flat = {"rgb": (1, 1, 1), "sky_rgb": (1, 1, 1), "ground_rgb": (1, 1, 1), "overcast": False}
    for direction, azimuth in (((0, 0.001, -1), 0), ((1, 0.001, 0), 90), ((0, 0.001, 1), 180), ((-1, 0.001, 0), 270)):
        assert sun_angles(LARGE, Sun(direction=direction, **flat))[0] == pytest.approx(azimuth, abs=0.1)
    assert sun_angles(LARGE, Sun(direction=(0, 1, 1), **flat))[1] == pytest.approx(45)


def test_small_pictures_stay_as_they_are() -> None:
    codes = np.arange(48 * 65 * 3, dtype=np.uint32).astype(np.uint8).reshape(48, 65, 3)
    assert np.array_equal(shrunk(codes, 960), codes)
    assert shrunk(codes, 32).shape == (24, 32, 3)
