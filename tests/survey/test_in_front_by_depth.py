"""What stands in front of a moving camera's building: a film of known truth with a post and a box before the walls, and real plates."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from derrumbe.core.records import FAR, Camera, FrameRange, Located, Plate
from derrumbe.core.work import Work
from derrumbe.geom.bundle import Sightings
from derrumbe.geom.camera import project, rotation_matrix
from derrumbe.media.exr import read_exr, write_exr
from derrumbe.survey.ahead import Scenery
from derrumbe.survey.in_front_by_depth import InFront, in_front, is_inside_out, is_seen_from_above
from derrumbe.survey.matchmove.match import Match
from derrumbe.survey.matting import display_like
from derrumbe.survey.shown import Shown, rays_of
from derrumbe.survey.solved_planes import walls_through
from derrumbe.survey.sweep import COLOUR, COLOUR_FULL, UNSEEN, cost_of
from derrumbe.survey.things_ahead import cut_free, detached, raised, whole, with_flanks, without_fragments, without_scraps
from derrumbe.survey.unhidden import unhidden
from tests.survey.filmed import Quad, _camera, _drawn, _street, _tiled
from tests.survey.scenes import QUIET

SIZE, COUNT = (480, 270), 10
POST, BOX = (-3.0, -24.0, 0.9, 6.0), (2.0, -20.0, 2.5, 2.6)
"""Left, z, width and height of what stands before the wall at z = -32, metres."""


def _upright(x: float, z: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, height, z], [x + width, height, z], [x + width, 0, z], [x, 0, z]])


def _things() -> list[Quad]:
    """Return the post, which is paler than the wall is, and the box, which is darker."""
    rng, out = np.random.default_rng(7), []
    for thing, tone in ((POST, 200), (BOX, 70)):
        corners = _upright(*thing)
        quad, texture = _tiled(rng, corners[0], corners[1] - corners[0], corners[3] - corners[0])
        out.append((quad, np.clip(tone + 0.5 * (texture - texture.mean()), 0, 255)))
    return out


def _mask(camera: Camera, corners: np.ndarray) -> np.ndarray:
    mask = np.zeros((camera.height, camera.width), np.uint8)
    cv2.fillConvexPoly(mask, np.round((project(camera, corners)[0] - 0.5) * 16).astype(np.int32), 1, shift=4)
    return mask > 0


def _match(cameras: list[Camera], backwards: bool = False) -> Match:
    """Return the perfect solve of points on wall, ground and things; or with the camera travelling the other way."""
    rng = np.random.default_rng(3)
    wall = rng.uniform((-8, 0, -32), (8, 10, -31.99), (200, 3))
    ground = rng.uniform((-12, 0, -31), (12, 0.001, -8), (200, 3))
    near = np.concatenate([rng.uniform((x, 0, z), (x + w, h, z + 0.01), (15, 3)) for x, z, w, h in (POST, BOX)])
    world = np.concatenate([wall, ground, near])
    first = cameras[0]
    turns = np.stack([rotation_matrix(view) @ rotation_matrix(first).T for view in cameras])
    shifts = np.stack([np.array(view.translation) - turn @ np.array(first.translation) for view, turn in zip(cameras, turns, strict=True)])
    points = world @ rotation_matrix(first).T + np.array(first.translation)
    seen = [project(view, world) for view in cameras]
    inside = np.stack([(p > 0).all(axis=1) & (p < SIZE).all(axis=1) & (z > 0) for p, z in seen])
    camera, point = np.nonzero(inside)
    pixel = np.stack([seen[c][0][p] for c, p in zip(camera, point, strict=True)]) - np.array(SIZE) / 2
    # Seven of the solve's units are a metre: nothing may depend on it.
    sign = -7.0 if backwards else 7.0
    return Match("moving", turns, sign * shifts, np.full(len(cameras), first.focal_px), 0.0, 7 * points,
                 Sightings(camera.astype(np.int32), point.astype(np.int32), pixel), 0.1)  # fmt: skip


def _plate(frames: FrameRange) -> Plate:
    return Plate(
        width=SIZE[0], height=SIZE[1], source_width=SIZE[0], source_height=SIZE[1], rate_num=24, rate_den=1, frames=frames,
        picture="plate.{frame}.exr", colourspace="sRGB", code_bits=8, source="film", source_digest="0", noise=QUIET,
    )  # fmt: skip


def _shot(folder: Path, move: str) -> tuple[Located[Plate], list[Camera], SimpleNamespace, np.ndarray]:
    cameras = [_camera(move, i / (COUNT - 1), SIZE, 1.1 * SIZE[0], i) for i in range(COUNT)]
    planes = [*_street(1), *_things()]
    rng = np.random.default_rng(2)
    for index, camera in enumerate(cameras):
        grey = np.clip(_drawn(planes, camera, 0.0) + rng.normal(0, 1, SIZE[::-1]), 0, 255)
        write_exr(folder / f"plate.{1001 + index}.exr", np.dstack([(grey / 255).astype(np.float32) ** 2.2] * 3))
    plate = _plate(FrameRange(first=1001, last=1000 + COUNT))
    corners = np.array([[-8.0, 10, -32], [8, 10, -32], [8, 0, -32], [-8, 0, -32]])
    geometry = SimpleNamespace(camera=cameras[0], vertices=corners, triangles=np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    return Located(plate, folder), cameras, geometry, project(cameras[0], corners)[0]


def _found(folder: Path, move: str, match: Match | None = None) -> tuple[InFront | None, list[str], list[Camera]]:
    plate, cameras, geometry, outline = _shot(folder, move)
    nothing = np.zeros(SIZE[::-1], np.float32)
    region = _mask(cameras[0], geometry.vertices)
    mattes = SimpleNamespace(sky=nothing, front=nothing, parts=nothing.astype(np.int16), region=region)
    found, cautions = in_front(plate, match or _match(cameras), None, geometry, outline, mattes, Work(folder))  # type: ignore[arg-type]
    return found, [caution.what for caution in cautions], cameras


@pytest.fixture(scope="module")
def dolly(tmp_path_factory: pytest.TempPathFactory) -> tuple[InFront, list[Camera], Path]:
    folder = tmp_path_factory.mktemp("dolly")
    found, said, cameras = _found(folder, "dolly")
    assert found is not None, said
    return found, cameras, folder


@pytest.mark.parametrize("index", [0, 4, 9])
def test_a_post_and_a_box_before_the_wall_are_cut_out_and_the_wall_is_left(dolly: tuple[InFront, list[Camera], Path], index: int) -> None:
    found, cameras, folder = dolly
    picture = display_like(read_exr(folder / f"plate.{1001 + index}.exr", ("R", "G", "B")))
    alpha = found.at(index, picture)
    truth = np.logical_or(*(_mask(cameras[index], _upright(*thing)) for thing in (POST, BOX)))
    wall = _mask(cameras[index], np.array([[-7.5, 9.5, -32], [7.5, 9.5, -32], [7.5, 1.5, -32], [-7.5, 1.5, -32]]))
    front = alpha > 0.5
    assert np.count_nonzero(front & truth & wall) / np.count_nonzero((front | truth) & wall) > 0.8
    far_off = cv2.distanceTransform((~truth).astype(np.uint8), cv2.DIST_L2, 5) > 12
    assert front[far_off & wall].mean() < 1e-3


def test_each_thing_has_its_own_depth_in_metres(dolly: tuple[InFront, list[Camera], Path]) -> None:
    found, cameras, _ = dolly
    depth = found.depth(4, np.ones(SIZE[::-1], np.float32))
    for x, z, width, height in (POST, BOX):
        own = _mask(cameras[4], _upright(x + 0.3 * width, z, 0.4 * width, 0.8 * height))
        true = project(cameras[4], np.array([[x, 1.0, z]]))[1][0]
        assert np.median(depth[own]) == pytest.approx(true, rel=0.04)
    assert (depth[:10, :10] == FAR).all()


def test_walls_hidden_in_the_first_frame_are_taken_from_others(dolly: tuple[InFront, list[Camera], Path]) -> None:
    found, cameras, folder = dolly
    frames = FrameRange(first=1001, last=1000 + COUNT)
    plate = Located(_plate(frames), folder)
    picture = read_exr(folder / "plate.1001.exr", ("R", "G", "B"))
    wall = _mask(cameras[0], np.array([[-8.0, 10, -32], [8, 10, -32], [8, 0, -32], [-8, 0, -32]]))
    hidden = cv2.dilate(_mask(cameras[0], _upright(*POST)).astype(np.uint8), np.ones((9, 9))) > 0
    out, left = unhidden(plate, found, picture, hidden, wall)
    known = hidden & wall & ~left
    truth = _drawn(_street(1), cameras[0], 0.0)
    codes = 255 * display_like(out).mean(axis=-1)
    assert known.sum() > 0.1 * (hidden & wall).sum()
    assert np.median(np.abs(codes - truth)[known]) < 8
    assert (out[~known] == picture[~known]).all()


def test_a_bulge_of_the_wall_is_wall_and_a_thing_before_it_is_not() -> None:
    x, y = np.meshgrid(np.arange(300.0), np.arange(200.0))
    round_wall = 1 - 0.16 * np.clip(1 - ((x - 90) / 70) ** 2 - ((y - 100) / 70) ** 2, 0, 1)
    box = (np.abs(x - 230) < 25) & (np.abs(y - 100) < 40)
    share = np.where(box, 0.86, round_wall)
    found = detached(share < 0.92, share, np.ones(share.shape, bool), 0.04)
    assert (found == box).all()


def test_a_flank_leaves_the_wall_with_a_step_and_a_rising_wall_or_a_blurred_edge_does_not() -> None:
    vote = np.full((200, 640), -1.0, np.float32)
    vote[:, 100:160], vote[:, 160:168] = 0.4, -0.2
    vote[:, 300:360], vote[:, 360:375] = 0.4, -0.05
    vote[:, 440:600] = np.linspace(-1, 0.4, 160)
    front = with_flanks(vote > 0.1, vote, np.ones(vote.shape, bool))[100]
    assert front[300:374].all()
    assert not np.concatenate([front[161:300], front[380:550]]).any()


def test_wall_that_is_seen_between_a_thing_and_the_picture_s_edge_is_no_hole() -> None:
    mask, vote = np.zeros((120, 400), bool), np.full((120, 400), -1.0, np.float32)
    mask[:, 12:60] = True
    mask[90:, :60] = True
    vote[mask], vote[:90, :12] = 1.0, -0.25
    wall = np.zeros_like(mask)
    wall[:90, :12] = True
    assert whole(mask, vote, np.zeros_like(mask))[wall].all()
    assert not whole(mask, vote, wall)[:80, :8].any()


def test_a_scrap_of_ground_is_dropped_and_what_stands_on_it_is_not() -> None:
    x, y = np.meshgrid(np.arange(300.0), np.arange(200.0))
    ground = np.maximum(y - 40, 1) / 100
    scrap = (np.abs(x - 80) < 20) & (np.abs(y - 120) < 8)
    post = (np.abs(x - 220) < 10) & (y > 60) & (y < 160)
    near = np.where(post, 1.2, ground)
    found = without_scraps(scrap | post, (y > 50) & ~scrap & ~post, near)
    assert (found == post).all()


def test_a_large_thing_is_no_scrap_however_much_ground_is_around_it() -> None:
    y, x = np.indices((100, 200))
    fence = (y > 45) & (y < 75) & (x > 40) & (x < 140)
    near = 0.02 + 0.004 * y.astype(np.float32)
    ground = (y > 50) & ~fence
    assert np.array_equal(without_scraps(fence, ground, near), fence)
    scrap = (y > 60) & (y < 70) & (x > 40) & (x < 70)
    assert not without_scraps(scrap, (y > 50) & ~scrap, near).any()


def test_a_hedges_top_stands_over_what_is_behind_it_and_ground_goes_on_to_the_wall() -> None:
    x, y = np.meshgrid(np.arange(300.0), np.arange(200.0))
    wall = np.full(y.shape, 0.2)
    ground = np.maximum(wall, 0.2 + (y - 60) / 400)
    hedge = (x > 180) & (y > 90 + 10 * np.sin(x / 15))
    near = np.where(hedge, 0.6 + (y - 90) / 200, ground)
    everywhere = np.ones(hedge.shape, bool)
    found = raised((y > 60) | hedge, near, everywhere)
    assert found[hedge].mean() > 0.97
    assert found[~hedge].mean() < 0.01
    assert not raised((y > 60) | hedge, near, ~hedge & (x < 100)).any()


def test_part_of_a_plain_wall_next_door_is_no_thing_and_all_of_it_is() -> None:
    """Beside the building a thing ends at edges of the picture. Before it, anything may be as plain as it likes."""
    codes = np.full((200, 300, 3), 90, np.uint8)
    codes[60:160, 180:290] = 200
    house, part, region = (np.zeros(codes.shape[:2], bool) for _ in range(3))
    house[60:160, 180:290] = True
    part[60:120, 230:290] = True
    region[40:160, 20:150] = True
    assert np.array_equal(without_fragments(house, codes, region), house)
    assert not without_fragments(part, codes, region).any()
    assert np.array_equal(without_fragments(part, codes, np.roll(region, 100, axis=1)), part)


def test_a_roof_beside_plain_ground_is_cut_out_by_its_colour_and_what_is_close_to_the_building_is_left() -> None:
    rng = np.random.default_rng(4)
    codes = rng.normal((110, 112, 118), 3, (240, 400, 3))
    roof = np.zeros((240, 400), bool)
    roof[150:220, 60:180] = True
    codes[roof] = rng.normal((120, 100, 84), 6, (int(roof.sum()), 3))
    codes, loose = np.clip(codes, 0, 255).astype(np.uint8), cv2.dilate(roof.astype(np.uint8), np.ones((11, 11))) > 0
    cut = cut_free(loose, codes, np.zeros_like(roof))
    assert np.mean(cut ^ roof) < 0.1 * np.mean(loose ^ roof)
    close = np.zeros_like(roof)
    close[:152] = True
    assert (cut_free(loose, codes, close) == loose).all()


def test_dust_reaches_the_ground_around_a_building_seen_from_above_and_a_roof_is_no_ground() -> None:
    # 40 m over level ground, looking 45 degrees down: the ground is y + z = 40 sqrt(2); a house 10 m high stands in the middle of the picture.
    up, height = np.array([0, -1, -1]) / np.sqrt(2), 10.0
    ground = -up / 40
    foot = np.array([[-6.0, 0, 40 * np.sqrt(2)], [6.0, 0, 40 * np.sqrt(2)]])
    scenery = Scenery(np.array([[0, 0, 1 / 56.0]]), up, np.concatenate([foot, foot + height * up]), 0.92, ground)
    here = Shown(np.zeros((180, 320, 3), np.uint8), np.zeros((180, 320), bool), np.eye(3), np.zeros(3), 300.0)
    assert scenery.height == pytest.approx(height)
    assert scenery.rise(foot + 4 * up) == pytest.approx(0.4)
    met = rays_of(here) / (rays_of(here) @ ground)[..., None]
    away = np.linalg.norm(met - foot.mean(axis=0), axis=-1)
    reached = scenery.under_dust(here)
    assert reached[away < 2 * height].all()
    assert not reached[away > 5 * height].any()


def test_a_darker_neighbour_costs_what_a_brighter_one_does() -> None:
    own = [np.full((4, 4), 120, np.uint8)] * 3
    same, shade = np.zeros((4, 4), np.int32), np.full((4, 4), 120, np.uint8)
    costs = [cost_of(same, own, [np.full((4, 4), 120 + off, np.uint8)] * 3, shade)[0, 0] for off in (-9, 9, 0, -40)]
    assert costs[0] == costs[1] == round(COLOUR * 9 / COLOUR_FULL)
    assert costs[2] == 0
    assert costs[3] == COLOUR
    assert cost_of(same, own, own, 0 * shade)[0, 0] == UNSEEN


def test_a_camera_that_hardly_travels_says_so(tmp_path: Path) -> None:
    cameras = _shot(tmp_path, "locked")[1]
    rng = np.random.default_rng(1)
    near = [camera.model_copy(update={"translation": tuple(np.array(camera.translation) + rng.normal(0, 1e-3, 3))}) for camera in cameras]
    found, said, _ = _found(tmp_path, "locked", _match(near))
    assert found is None
    assert "travels too little" in said[0]


def test_a_solve_that_the_pictures_do_not_bear_out_is_not_believed(tmp_path: Path) -> None:
    cameras = [_camera("dolly", i / (COUNT - 1), SIZE, 1.1 * SIZE[0], i) for i in range(COUNT)]
    found, said, _ = _found(tmp_path, "dolly", _match(cameras, backwards=True))
    assert found is None
    assert "unclear" in said[0]


def test_a_street_behind_its_walls_is_a_solve_that_is_inside_out() -> None:
    rng = np.random.default_rng(4)
    outline = np.array([[100.0, 20], [380, 20], [380, 180], [100, 180]])
    street = rng.uniform((-3, 1.6, 8), (3, 1.7, 14), (300, 3))
    wall = np.array([[0, 0, 1 / 30]])
    assert not is_inside_out(street, wall, outline, 500.0, SIZE)
    behind = street / street[:, 2:] / (1 / 15 - 1 / street[:, 2:] + 1 / 13)
    assert is_inside_out(behind, 2.5 * wall, outline, 500.0, SIZE)


def test_the_main_wall_wins_over_what_stands_before_it_and_a_second_may_only_lie_behind() -> None:
    rng = np.random.default_rng(5)
    wall = np.column_stack([rng.uniform(-10, 10, 900), rng.uniform(-5, 5, 900), np.full(900, 30.0)])
    back = rng.uniform(0, 1, 400)
    side = np.column_stack([10 + 20 * back, rng.uniform(-5, 5, 400), 30 + 15 * back])
    monument = np.column_stack([rng.uniform(-3, 3, 400), rng.uniform(-5, 5, 400), np.full(400, 18.0)])
    found = walls_through(np.concatenate([wall, side, monument]), 1)
    assert len(found) == 2
    assert found[0] == pytest.approx([0, 0, 1 / 30], abs=1e-3)
    assert found[1] == pytest.approx([-1 / 30, 0, 2 / 45], abs=1e-3)
    assert walls_through(rng.normal(0, 10, (500, 3)), 1).shape == (0, 3)


@pytest.mark.parametrize(("eye", "above"), [(40.0, True), (1.7, False)])
def test_a_house_is_seen_from_above_where_the_camera_is_higher_than_it(eye: float, above: bool) -> None:
    foot = np.array([[-5.0, eye, 30], [5, eye, 30]])
    outline = np.concatenate([foot, foot - (0, 10.0, 0)])
    assert is_seen_from_above(outline, np.array([0, 1 / eye, 0])) == above
