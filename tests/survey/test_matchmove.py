"""The camera of films whose truth is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from derrumbe.core.errors import BadPlate
from derrumbe.core.work import Work
from derrumbe.survey.matchmove.belief import Belief
from derrumbe.survey.matchmove.ground import ground_normal
from derrumbe.survey.matchmove.match import Match, between, is_locked, match, matched
from derrumbe.survey.matchmove.soundness import check_uncut, checked, runs
from derrumbe.survey.matchmove.tracks import follow
from tests.survey.filmed import Film, film
from tests.survey.plates import plate_of


def solved(filmed: Film, focal: float = 1.0) -> Match:
    return matched(follow(filmed.frames, filmed.size), Belief(focal * filmed.size[0], 0.3))


def turns_off(found: Match, filmed: Film) -> float:
    """Return the largest rotation error in degrees."""
    truth = [np.asarray(camera.rotation) for camera in filmed.cameras]
    off = [cv2.Rodrigues(got @ (there @ truth[0].T).T)[0] for got, there in zip(found.rotation, truth, strict=True)]
    return float(np.degrees(max(np.linalg.norm(vector) for vector in off)))


def path_off(found: Match, filmed: Film) -> float:
    """Return the largest error of the path over the scene's size, at the best scale."""
    first = np.asarray(filmed.cameras[0].rotation)
    eyes = np.stack([-np.asarray(c.rotation).T @ np.asarray(c.translation) for c in filmed.cameras])
    eyes = (eyes - eyes[0]) @ first.T
    mine = -np.einsum("cji,cj->ci", found.rotation, found.translation)
    return float(np.abs(mine * ((mine * eyes).sum() / (mine * mine).sum()) - eyes).max() / filmed.reach)


@pytest.mark.parametrize("move", ["dolly", "arc", "handheld", "lens"])
def test_a_moving_camera_is_found(move: str) -> None:
    filmed = film(move, 12, (960, 540) if move == "lens" else (640, 360))
    found = solved(filmed)
    assert found.kind == "moving"
    assert turns_off(found, filmed) < 0.05
    assert path_off(found, filmed) < 0.005
    assert found.error < 0.5
    assert found.focal[0] == pytest.approx(filmed.cameras[0].focal_px, rel=0.01)
    assert found.radial == pytest.approx(filmed.radial, abs=0.01)


@pytest.mark.parametrize("move", ["dolly", "pan", "zoom"])
def test_a_lens_from_its_sheet_is_held_whatever_the_camera_does(move: str) -> None:
    filmed = film(move, 10, (640, 360), radial=-0.08)
    focal = filmed.cameras[0].focal_px
    found = matched(follow(filmed.frames, filmed.size), Belief(focal, 0.02, -0.08))
    # Taken for a pinhole, the pan and the zoom pass for a camera that travels.
    assert found.kind == ("moving" if move == "dolly" else "nodal")
    assert found.radial == -0.08
    assert turns_off(found, filmed) < 0.05
    assert found.error < 0.2
    assert found.focal[0] == pytest.approx(focal, rel=0.01)
    assert not any("k1" in caution.what for caution in found.cautions)


def test_a_bend_that_the_move_leaves_open_is_said() -> None:
    short = film("lens", 12, (640, 360))
    found = matched(follow(short.frames, short.size), Belief(640.0, 0.3))
    assert found.radial or any("left open (k1 -0" in caution.what for caution in found.cautions)


def test_a_van_across_the_picture_has_no_say() -> None:
    filmed = film("car", 24, (960, 540))
    assert max(filmed.covered) > 0.4
    found = solved(filmed, 1.05)
    assert found.kind == "moving"
    assert turns_off(found, filmed) < 0.05
    assert path_off(found, filmed) < 0.005
    assert found.focal[0] == pytest.approx(filmed.cameras[0].focal_px, rel=0.01)


SURE = ("taken for the street", "could not be solved", "jumps in one place")


@pytest.mark.parametrize("outlined", [False, True])
def test_a_van_in_a_small_picture_is_solved_or_named(outlined: bool) -> None:
    filmed = film("car", 24, (640, 360))
    wall = np.array([[0.0, 0], [640, 0], [640, 240], [0, 240]])
    tracks = follow(filmed.frames, filmed.size, wall if outlined else None)
    assert (tracks.still is not None) == outlined
    found = matched(tracks, Belief(640.0, 0.3))
    assert turns_off(found, filmed) < 0.3 or any(words in caution.what for words in SURE for caution in found.cautions)


def test_a_pan_is_a_turn_on_the_spot() -> None:
    filmed = film("pan", 12, (480, 270))
    found = solved(filmed)
    assert found.kind == "nodal"
    assert not found.translation.any()
    assert turns_off(found, filmed) < 0.05


def test_a_zoom_on_the_spot_has_a_focal_length_per_frame() -> None:
    filmed = film("zoom", 10, (640, 360))
    truth = np.array([camera.focal_px for camera in filmed.cameras])
    found = matched(follow(filmed.frames, filmed.size), Belief(truth[0], 0.04))
    assert found.kind == "nodal"
    assert "zooms" in found.cautions[0].what
    assert found.focal / truth == pytest.approx(1, abs=0.01)
    assert turns_off(found, filmed) < 0.1
    assert found.error < 0.5


def test_a_locked_camera_is_proven(tmp_path: Path) -> None:
    frames = [cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB) for frame in film("locked", 4, (320, 180)).frames]
    assert is_locked(plate_of(tmp_path, frames))


def test_a_pan_is_not_locked(tmp_path: Path) -> None:
    frames = [cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB) for frame in film("pan", 3, (320, 180)).frames]
    assert not is_locked(plate_of(tmp_path, frames))


def test_level_ground_is_seen_in_the_points() -> None:
    filmed = film("arc", 12, (480, 270))
    normal = ground_normal(solved(filmed).points, 1)
    assert normal is not None
    up = np.asarray(filmed.cameras[0].rotation)[:, 1]
    assert normal @ up > np.cos(np.radians(1.0))


def test_a_cut_is_named(tmp_path: Path) -> None:
    frames = [*film("pan", 3, (320, 180)).frames, *(255 - f[:, ::-1] for f in film("arc", 3, (320, 180), seed=5).frames)]
    plate = plate_of(tmp_path, [cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_GRAY2RGB) for frame in frames])
    with pytest.raises(BadPlate, match=r"cut at frame 1004.*--frames 1001-1003"):
        match(plate, Work(tmp_path), Belief(350.0, 0.3))


def test_a_black_frame_is_named(tmp_path: Path) -> None:
    frames = [cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB) for frame in film("pan", 3, (320, 180)).frames]
    frames[1] = np.zeros_like(frames[1])
    with pytest.raises(BadPlate, match="frame 1002 is black"):
        match(plate_of(tmp_path, frames), Work(tmp_path), Belief(350.0, 0.3))


def test_a_plate_without_texture_is_said_to_have_none(tmp_path: Path) -> None:
    plain = [np.full((180, 320, 3), 120 + 3 * k, np.uint8) for k in range(3)]
    found = match(plate_of(tmp_path, plain), Work(tmp_path), Belief(350.0, 0.3))
    assert found.kind == "locked"
    assert "texture" in found.cautions[0].what


def test_poses_between_solved_frames_run_evenly() -> None:
    turns = np.stack([np.eye(3), cv2.Rodrigues(np.array([0, 0.2, 0]))[0]])
    rotation, translation = between(np.array([0, 2]), turns, np.zeros((2, 3)), 4)
    assert rotation[1] == pytest.approx(cv2.Rodrigues(np.array([0, 0.1, 0]))[0])
    assert rotation[3] == pytest.approx(turns[1])
    assert not translation.any()


def test_black_and_frozen_frames_of_a_locked_plate_are_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frames = [rng.integers(60, 200, (90, 160, 3)).astype(np.uint8) for _ in range(5)]
    frames[3] = frames[2]
    (caution,) = checked(plate_of(tmp_path / "frozen", frames))
    assert "1004 repeat" in caution.what
    frames[2] = np.zeros_like(frames[2])
    with pytest.raises(BadPlate, match="frame 1003 is black"):
        checked(plate_of(tmp_path / "black", frames))


def test_a_cut_away_and_back_is_named_on_a_locked_plate(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    scene = cv2.resize(rng.integers(30, 220, (9, 16, 3)).astype(np.uint8), (320, 180))
    frames = [np.clip(scene + rng.normal(0, 3, scene.shape), 0, 255).astype(np.uint8) for _ in range(8)]
    frames[3][40:90, 60:140] = 20
    check_uncut(plate_of(tmp_path / "whole", frames))
    frames[4] = frames[5] = np.ascontiguousarray(scene[::-1, ::-1])
    with pytest.raises(BadPlate, match=r"cut at frame 1005.*--frames 1001-1004"):
        check_uncut(plate_of(tmp_path / "cut", frames))


def test_a_single_frame_is_named(tmp_path: Path) -> None:
    picture = np.full((90, 160, 3), 120, np.uint8)
    assert "one frame only" in checked(plate_of(tmp_path, [picture]))[0].what
    assert not checked(plate_of(tmp_path / "held", [picture], held=3))


def test_runs_of_frames_are_named_in_short() -> None:
    assert runs([1003, 1007, 1008, 1009]) == "1003, 1007-1009"
    assert runs([1, 3, 5, 7, 9]) == "1, 3, 5, 7 and 1 more places"
