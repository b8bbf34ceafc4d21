"""Walls from solved points: corners, things that stand before them, round and hollow buildings."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import eye, project, rays
from derrumbe.geom.depth import mesh_depth
from derrumbe.geom.solids import mesh, upright_prism
from derrumbe.survey.filters import filled
from derrumbe.survey.footprint import depth_of, footprint_of, is_round
from derrumbe.survey.frame import Frame, frame_of
from derrumbe.survey.overlooked import is_court, overlooked
from derrumbe.survey.polyline import Spots, broken_line
from derrumbe.survey.settings import Settings
from derrumbe.survey.siting import Plan, View
from derrumbe.survey.solid import building_solid
from derrumbe.survey.solved_plan import Move, solved_plan
from tests.survey.scenes import look

FOCAL, PICTURE = 1000.0, (1280, 720)
UNIT = 7.0
"""Metres of a unit of the made-up solve."""


def view_of(camera: Camera) -> View:
    up = np.asarray(camera.rotation)[:, 1]
    forward = np.array([0.0, 0, 1]) - up[2] * up
    forward /= np.linalg.norm(forward)
    return View(camera.focal_px, (camera.cx, camera.cy), up, np.cross(forward, up), forward)


def seen(camera: Camera, world: np.ndarray) -> np.ndarray:
    """Return world points in the solve's units and the camera's axes."""
    return (world @ np.asarray(camera.rotation).T + np.asarray(camera.translation)) / UNIT


def wall_points(rng: np.random.Generator, start: tuple[float, float], end: tuple[float, float], high: float, count: int) -> np.ndarray:
    share = rng.uniform(0, 1, (count, 1))
    plan = np.asarray(start) + share * np.subtract(end, start)
    return np.stack([plan[:, 0], rng.uniform(0, high, count), plan[:, 1]], 1)


def outline_of(camera: Camera, corners: np.ndarray) -> np.ndarray:
    """Return the convex hull of world corners in pixels (n, 2)."""
    from scipy.spatial import ConvexHull

    pixels = project(camera, corners)[0]
    return pixels[ConvexHull(pixels).vertices]


def upright(plan: list[tuple[float, float]], high: float) -> np.ndarray:
    return np.array([(x, y, z) for x, z in plan for y in (0.0, high)])


def move_of(points: np.ndarray) -> Move:
    return Move(FOCAL, None, points, np.full(len(points), 200.0), 0.1)


LINES = Plan(np.array([[-0.5, 3.0], [0.5, 3.0]]), 0)


def test_a_corner_is_found_where_it_is() -> None:
    camera = look(FOCAL, PICTURE, (3.0, 2.0, 40.0), (0.0, 5.0, 0.0), 0.0)
    rng = np.random.default_rng(1)
    left, edge, right = (-14.0, -6.0), (-2.0, 4.0), (13.0, -9.0)
    world = np.concatenate([wall_points(rng, left, edge, 12.0, 70), wall_points(rng, edge, right, 12.0, 70)])
    world[:10] += rng.normal(0, 6.0, (10, 3)) * (1, 0, 1)
    view = view_of(camera)
    plan = solved_plan(view, move_of(seen(camera, world)), outline_of(camera, upright([left, edge, right], 12.0)), LINES)
    assert plan.solved is not None
    assert plan.solved.unit * UNIT == pytest.approx(eye(camera)[1], rel=0.02), "metres of the camera's height"
    assert len(plan.feet) == 3
    there = (np.array([edge]) - eye(camera)[[0, 2]]) / eye(camera)[1]
    back = np.linalg.norm(there)
    assert np.linalg.norm(plan.feet[1]) == pytest.approx(back, rel=0.02)
    widths = np.linalg.norm(np.diff(plan.feet, axis=0), axis=1) * eye(camera)[1]
    assert widths == pytest.approx([np.hypot(12, 10), np.hypot(15, 13)], rel=0.06)


def test_what_stands_free_before_a_wall_is_no_part_of_it() -> None:
    camera = look(FOCAL, PICTURE, (0.0, 2.0, 40.0), (0.0, 5.0, 0.0), 0.0)
    rng = np.random.default_rng(2)
    wall = wall_points(rng, (-15.0, 0.0), (15.0, 0.0), 12.0, 120)
    wall = wall[np.abs(wall[:, 0]) > 5.0]
    monument = wall_points(rng, (-3.0, 8.0), (3.0, 8.0), 9.0, 60)
    corners = upright([(-15.0, 0.0), (15.0, 0.0)], 12.0)
    plan = solved_plan(view_of(camera), move_of(seen(camera, np.concatenate([wall, monument]))), outline_of(camera, corners), LINES)
    assert len(plan.feet) == 2
    assert plan.feet[:, 1] * eye(camera)[1] == pytest.approx([40.0, 40.0], rel=0.02)


def test_too_few_points_leave_the_lines_plan() -> None:
    camera = look(FOCAL, PICTURE, (0.0, 2.0, 40.0), (0.0, 5.0, 0.0), 0.0)
    wall = wall_points(np.random.default_rng(3), (-15.0, 0.0), (15.0, 0.0), 12.0, 6)
    outline = outline_of(camera, upright([(-15.0, 0.0), (15.0, 0.0)], 12.0))
    assert solved_plan(view_of(camera), move_of(seen(camera, wall)), outline, LINES) is LINES


def test_a_wall_more_must_pay() -> None:
    t = np.linspace(-0.5, 0.5, 60)
    w = 0.05 + 0.001 * np.sin(40 * t)
    line = broken_line(Spots(t, w, np.full(60, 0.002), np.ones(60)), (-0.5, 0.5), 4.0)
    assert len(line) == 2
    w = np.where(t < 0, 0.05 + 0.02 * t, 0.05 - 0.02 * t)
    line = broken_line(Spots(t, w, np.full(60, 0.0003), np.ones(60)), (-0.5, 0.5), 4.0)
    assert len(line) == 3
    assert line[1] == pytest.approx([0.0, 0.05], abs=0.01)


def front_camera(x: float) -> Camera:
    return look(FOCAL, PICTURE, (x, 20.0, 60.0), (0.0, 3.0, 0.0), 0.0)


def recessed_front(seed: int, back: float, rough: float, x: float = 2.0) -> Plan:
    """Return the plan of a front 18 m wide, 60 m away and rough by some metres, of which 6 m in the middle stand back, seen from `x`."""
    camera = front_camera(x)
    rng = np.random.default_rng(seed)
    ends = [(-9.0, 0.0), (-3.0, 0.0), (-3.0, -back), (3.0, -back), (3.0, 0.0), (9.0, 0.0)]
    world = np.concatenate([wall_points(rng, ends[k], ends[k + 1], 6.0, 30) for k in (0, 2, 4)])
    world += rng.normal(0, rough, world.shape) * (0, 0, 1)
    return solved_plan(view_of(camera), move_of(seen(camera, world)), outline_of(camera, upright([ends[0], ends[-1]], 6.0)), LINES)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_front_that_stands_back_in_the_middle_has_a_recess(seed: int) -> None:
    plan = recessed_front(seed, 3.0, 0.25)
    assert len(plan.feet) == 6
    unit = plan.solved.unit * UNIT
    depth = (plan.feet @ plan.away * unit)[[1, 2, 3, 4]]
    assert depth[[1, 2]].mean() - depth[[0, 3]].mean() == pytest.approx(3.0, abs=0.4)
    width = (plan.feet @ plan.along * unit)[[1, 4]]
    assert np.ptp(width) == pytest.approx(6.0, abs=1.0)
    frame = frame_of(view_of(front_camera(2.0)), plan, PICTURE, unit)
    assert depth_of(frame, None) == pytest.approx(0.6 * 18, rel=0.1), "a recess is no side wall"


def test_no_gap_opens_behind_a_corner_that_is_hidden() -> None:
    plan = recessed_front(1, 3.0, 0.05, x=20.0)
    assert len(plan.feet) == 6
    camera = front_camera(20.0)
    frame = frame_of(view_of(camera), plan, PICTURE, plan.solved.unit * UNIT)
    ends = [(-9.0, 0.0), (9.0, 0.0), (9.0, -12.0), (-9.0, -12.0)]
    solid = building_solid(frame, outline_of(camera, upright(ends, 6.0)), 12.0, 6.0)
    feet = frame.feet
    left, right = feet[0, 0] + 2, feet[-1, 0] - 2
    slab = upright_prism(np.array([[left, -7.0], [right, -7.0], [right, -6.9], [left, -6.9]]), 1.0, 2.0)
    assert (solid ^ slab).volume() == pytest.approx(slab.volume(), rel=2e-3)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_rough_wall_has_none(seed: int) -> None:
    assert len(recessed_front(seed, 0.0, 0.25).feet) == 2


def drum(camera: Camera, radius: float, high: float, floor: float | None) -> tuple[Frame, np.ndarray, np.ndarray]:
    """Return frame, solved points in its world and outline of a round building seen from above; floor: of a court half as wide, or None."""
    rng = np.random.default_rng(4)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = [(radius * np.cos(a), radius * np.sin(a)) for a in angle]
    place = eye(camera)[[0, 2]]
    away = rng.uniform(0, 2 * np.pi, 400)
    rim = np.stack([radius * np.cos(away), rng.uniform(0, high, 400), radius * np.sin(away)], 1)
    faces = (place - rim[:, [0, 2]]) @ np.eye(2)
    rim = rim[np.einsum("ij,ij->i", faces, rim[:, [0, 2]]) > 0]
    inner = rng.uniform(-0.95, 0.95, (300, 2)) * radius
    inner = inner[np.hypot(*inner.T) < 0.95 * radius]
    level = np.where(np.hypot(*inner.T) < 0.6 * radius, high if floor is None else floor, high)
    world = np.concatenate([rim, np.stack([inner[:, 0], level, inner[:, 1]], 1)])
    outline = outline_of(camera, upright(ring, high))
    view = view_of(camera)
    plan = solved_plan(view, move_of(seen(camera, world)), outline, LINES)
    assert plan.solved is not None
    height = plan.solved.unit * UNIT
    frame = frame_of(view, plan, PICTURE, height)
    local = seen(camera, world) * UNIT
    return frame, eye(frame.camera) + local @ np.asarray(frame.camera.rotation), outline


ABOVE = look(FOCAL, PICTURE, (0.0, 150.0, 130.0), (0.0, 5.0, 0.0), 0.0)


def test_a_drum_is_round_and_goes_on_behind() -> None:
    frame, _, _ = drum(ABOVE, 40.0, 25.0, None)
    assert len(frame.walls) > 3
    assert is_round(frame)
    depth = depth_of(frame, None)
    assert depth == pytest.approx(80.0, rel=0.25)
    corners = footprint_of(frame, depth)
    area = 0.5 * np.sum(corners[:, 0] * np.roll(corners[:, 1], -1) - corners[:, 1] * np.roll(corners[:, 0], -1))
    assert area == pytest.approx(np.pi * 40.0**2, rel=0.25)


@pytest.mark.parametrize("floor", [3.0, None])
def test_a_court_is_told_from_a_roof(floor: float | None) -> None:
    frame, points, outline = drum(ABOVE, 40.0, 25.0, floor)
    above = overlooked(frame, points, 25.0)
    assert above is not None
    assert is_court(frame, above) == (floor is not None)
    solid = building_solid(frame, outline, depth_of(frame, None), 25.0, above=above, seed=Settings.model_fields["seed"].default)
    vertices, triangles = mesh(solid)
    depth = mesh_depth(frame.camera, vertices, triangles)
    # Well behind the near wall the surface is the court's floor, or the roof.
    level = floor or 25.0
    place = project(frame.camera, np.array([above.centre[0], level, above.centre[1] - 10.0]))[0]
    column, row = np.floor(place).astype(int)
    hit = eye(frame.camera) + rays(frame.camera, place) * depth[row, column]
    assert hit[1] == pytest.approx(level, abs=2.0)
    covered = filled([outline], depth.shape) > 0
    assert np.mean(depth[covered] < FAR) > 0.96


def test_no_roof_rises_over_what_is_seen_of_it() -> None:
    """A house of which points show the front and the faces of its gables, but not how its roof goes on."""
    camera, ridge = look(FOCAL, PICTURE, (0.0, 70.0, 115.0), (0.0, 5.0, 0.0), 0.0), 10.0
    rng = np.random.default_rng(6)
    gables = rng.uniform((-11, -0.2, 0), (11, 0.2, 1), (40, 3)) @ np.array([[1, 0, 0], [0, 1, 0], [0, 4, -2]]) + (0, 6, 0)
    world = np.concatenate([wall_points(rng, (-12.0, 0.0), (12.0, 0.0), 6.0, 80), gables])
    corners = upright([(-12.0, 0.0), (12.0, 0.0)], 6.0), np.array([(-12.0, ridge, -16.0), (12.0, ridge, -16.0)])
    outline = outline_of(camera, np.concatenate(corners))
    view = view_of(camera)
    plan = solved_plan(view, move_of(seen(camera, world)), outline, LINES)
    frame = frame_of(view, plan, PICTURE, plan.solved.unit * UNIT)
    points = eye(frame.camera) + seen(camera, world) * UNIT @ np.asarray(frame.camera.rotation)
    vertices, triangles = mesh(building_solid(frame, outline, depth_of(frame, None), 6.0, above=overlooked(frame, points, 6.0)))
    assert vertices[:, 1].max() == pytest.approx(ridge, rel=0.05)
    depth = mesh_depth(frame.camera, vertices, triangles)
    assert np.mean(depth[filled([outline], depth.shape) > 0] < FAR) > 0.96
