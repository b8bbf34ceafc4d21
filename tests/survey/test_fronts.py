"""Where things in front stand, mattes given by the artist, and the background that a moving camera carries along."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from derrumbe.core.records import FAR
from derrumbe.geom.camera import project
from derrumbe.geom.depth import plane_depth
from derrumbe.media.picture import write_png
from derrumbe.survey.holdout import Holdout
from derrumbe.survey.parts import joined, parts_of
from derrumbe.survey.standing import carried, depth_of_things
from tests.survey.scenes import look

SIZE = (320, 200)


def _post(camera: object, x: float, z: float) -> np.ndarray:
    """Return the matte of a post a third of a metre wide and 3 m high at (x, z) on the ground."""
    corners = np.array([[x - 0.17, 0, z], [x + 0.17, 0, z], [x + 0.17, 3, z], [x - 0.17, 3, z]])
    mask = np.zeros(SIZE[::-1], np.uint8)
    cv2.fillConvexPoly(mask, np.round(project(camera, corners)[0] - 0.5).astype(np.int32), 255)  # type: ignore[arg-type]
    return (mask / 255.0).astype(np.float32)


def test_a_thing_is_as_far_away_as_its_foot() -> None:
    camera = look(300.0, SIZE, (0.0, 2.0, 30.0), (0.0, 2.0, 0.0), 0.0)
    alpha = np.maximum(_post(camera, -3.0, 15.0), _post(camera, 3.0, 20.0))
    depth = depth_of_things(alpha, camera, 30.0)
    assert np.unique(depth[:, :160]) == pytest.approx([15.0, FAR], rel=0.04)
    assert np.unique(depth[:, 160:]) == pytest.approx([10.0, FAR], rel=0.04)


def test_things_that_touch_in_the_picture_stand_at_their_own_feet() -> None:
    camera = look(300.0, SIZE, (0.0, 2.0, 30.0), (0.0, 2.0, 0.0), 0.0)
    near, far = _post(camera, 0.0, 22.0), _post(camera, 0.2, 10.0)
    parts = parts_of([far, near], near.shape)
    depth = depth_of_things(np.maximum(near, far), camera, 30.0, parts)
    assert (parts[(near > 0.5) & (far > 0.5)] == 2).all()
    assert depth[near > 0.5] == pytest.approx(8.0, rel=0.04)
    assert depth[(far > 0.5) & (near == 0)] == pytest.approx(20.0, rel=0.04)


def test_clumps_of_close_crowns_stay_before_the_camera() -> None:
    camera = look(300.0, SIZE, (0.0, 1.0, 30.0), (0.0, 1.0, 0.0), 0.0)
    alpha = np.zeros(SIZE[::-1], np.float32)
    alpha[115:] = 1
    light = np.random.default_rng(3).uniform(0.01, 1.0, (*alpha.shape, 3)).astype(np.float32)
    plain = depth_of_things(alpha, camera, 30.0, np.zeros(alpha.shape, np.int16))
    depth = depth_of_things(alpha, camera, 30.0, np.zeros(alpha.shape, np.int16), light)
    assert plain[115:].min() < 4
    assert (depth >= 0.5 * plain * 0.999).all()


def test_a_soft_rim_before_a_car_takes_the_car_s_depth() -> None:
    man, car = np.array([[1.0, 0.3, 0.0, 0.3]], np.float32), np.array([[1.0, 1.0, 1.0, 0.0]], np.float32)
    near, far = np.where(man > 0, 5.0, FAR), np.where(car > 0, 20.0, FAR)
    alpha, depth = joined((man, near), (car, far))
    assert alpha.tolist() == np.maximum(man, car).tolist()
    assert depth.tolist() == [[5.0, 20.0, 20.0, 5.0]]


def test_a_hedge_runs_into_depth_and_an_arm_stands_over_its_post() -> None:
    camera = look(300.0, SIZE, (0.0, 2.0, 30.0), (0.0, 2.0, 0.0), 0.0)
    corners = np.array([[-4.0, 0, 14.0], [-1.0, 0, 4.0], [-1.0, 1.5, 4.0], [-4.0, 1.5, 14.0]])
    hedge = np.zeros(SIZE[::-1], np.uint8)
    cv2.fillConvexPoly(hedge, np.round(project(camera, corners)[0] - 0.5).astype(np.int32), 1)
    post = _post(camera, 2.0, 20.0)
    arm = np.zeros_like(post)
    top, right = (int(np.flatnonzero((post > 0.5).any(axis=way))[end]) for way, end in ((1, 0), (0, -1)))
    arm[top : top + 3, right : right + 20] = 1
    depth = depth_of_things(np.maximum.reduce([hedge.astype(np.float32), post, arm]), camera, 40.0)
    columns = np.flatnonzero(hedge.any(axis=0))
    assert depth[:, columns[1]].min() == pytest.approx(16.0, rel=0.06)
    assert depth[:, columns[-2]].min() == pytest.approx(26.0, rel=0.06)
    assert depth[arm > 0].max() < 11.5


def test_a_car_on_wheels_has_no_upright_strips() -> None:
    """Depth changes evenly along a thing, and by less than a row of ground, however its lower edge goes up and down."""
    camera = look(300.0, SIZE, (0.0, 6.0, 60.0), (0.0, 3.0, 0.0), 0.0)
    car = np.zeros(SIZE[::-1], np.float32)
    car[105:120, 140:200] = 1
    car[120:122, [*range(146, 154), *range(184, 192)]] = 1
    rows = np.unique(plane_depth(camera)[118:124, 170])
    along = depth_of_things(car, camera, 60.0)[110, 140:200]
    assert np.abs(np.diff(along)).max() < 0.1 * np.diff(rows).min()
    assert rows.min() <= along.min() <= along.max() <= rows.max()


def test_crowns_without_feet_reach_back_to_the_building() -> None:
    """A wood that leaves the picture below is nearer the lower it is seen; a man who is cut off there stands where his lowest part does."""
    camera = look(300.0, SIZE, (0.0, 8.0, 30.0), (0.0, 4.0, 0.0), 0.0)
    wood, man = np.zeros(SIZE[::-1], np.float32), np.zeros(SIZE[::-1], np.float32)
    wood[130:, 100:] = man[130:, 20:40] = 1
    depth = depth_of_things(np.maximum(wood, man), camera, 30.0, np.zeros(SIZE[::-1], np.int16))
    assert depth[130, 200] == pytest.approx(30.0, rel=0.05)
    assert (np.diff(depth[130:, 200]) <= 0).all()
    assert depth[-1, 200] < 0.75 * depth[130, 200]
    assert np.ptp(depth[130:, 20:40]) < 0.5


def _wood_with_a_tree(top: int) -> np.ndarray:
    """Return depths where a tree rises to the row `top` over a wood that begins at row 130; the horizon is at row 60."""
    camera = look(300.0, SIZE, (0.0, 8.0, 30.0), (0.0, 4.0, 0.0), 0.0)
    wood = np.zeros(SIZE[::-1], np.float32)
    wood[130:] = 1
    wood[top:, 200:240] = 1
    return depth_of_things(wood, camera, 30.0, np.zeros(SIZE[::-1], np.int16))


def test_a_tree_that_overtops_a_wood_stands_at_one_depth() -> None:
    """From its top, even over the horizon, to as far below the wood's usual top as it rises over that; and nearer than the wood's edge."""
    low, high = _wood_with_a_tree(110), _wood_with_a_tree(30)
    assert np.ptp(low[110:146, 220]) < 0.5
    assert np.ptp(high[30:, 220]) < 0.5
    assert high[30, 220] < low[110, 220] - 2 < low[130, 20] - 4


def test_loose_leaves_are_of_their_crown() -> None:
    camera = look(300.0, SIZE, (0.0, 8.0, 30.0), (0.0, 4.0, 0.0), 0.0)
    wood = np.zeros(SIZE[::-1], np.float32)
    wood[130:] = wood[30:, 200:240] = wood[26:28, 210:214] = wood[80:84, 242:245] = 1
    depth = depth_of_things(wood, camera, 30.0, np.zeros(SIZE[::-1], np.int16))
    assert depth[26, 212] == pytest.approx(depth[31, 212], rel=0.05)
    assert depth[82, 243] == pytest.approx(depth[82, 238], rel=0.05)


def test_the_taller_a_tree_over_its_wood_the_nearer() -> None:
    at_top = [float(_wood_with_a_tree(top)[129, 220]) for top in range(129, 40, -8)]
    assert (np.diff(at_top) <= 0).all()
    assert at_top[-1] < at_top[0] - 5


def test_no_crown_is_cut_beside_a_tall_tree() -> None:
    """Nearness goes over to the wood's along a row within more than a crown, without a step."""
    row = _wood_with_a_tree(30)[135]
    assert np.ptp(row) > 5
    assert np.abs(np.diff(row)).max() < 0.15 * np.ptp(row)


def test_what_hides_a_wall_stands_before_it() -> None:
    """Where its foot says that it were behind the wall, too: at an oblique wall; wide things stand before it by metres, thin ones hardly."""
    camera = look(300.0, SIZE, (0.0, 2.0, 30.0), (0.0, 2.0, 0.0), 0.0)
    wall = np.tile(np.linspace(14.0, 26.0, SIZE[0], dtype=np.float32), (SIZE[1], 1))
    bush, post = np.zeros(SIZE[::-1], np.float32), np.zeros(SIZE[::-1], np.float32)
    bush[60:121, 40:140] = post[40:121, 250:253] = 1
    depth = depth_of_things(np.maximum(bush, post), camera, 30.0, wall=wall)
    assert (depth < wall)[bush > 0].all()
    assert (wall - depth)[bush > 0].min() > 1
    assert 0 < (wall - depth)[post > 0].min() < (wall - depth)[post > 0].max() < 0.5
    assert np.abs(np.diff(depth[100, 40:140])).max() < 0.1


def test_crowns_that_hide_a_wall_end_before_it() -> None:
    camera = look(300.0, SIZE, (0.0, 8.0, 30.0), (0.0, 4.0, 0.0), 0.0)
    wood, wall = np.zeros(SIZE[::-1], np.float32), np.full(SIZE[::-1], FAR, np.float32)
    wood[130:] = 1
    wall[:150, 100:200] = 25.0
    assert depth_of_things(wood, camera, 30.0, np.zeros(SIZE[::-1], np.int16), wall=wall)[130:].max() < 25.0 - 1


def test_dust_among_crowns_ends_along_their_clumps() -> None:
    """Lit clumps stand before the dark between them, by metres; what no picture tells stays level; none is behind the building."""
    camera = look(300.0, SIZE, (0.0, 8.0, 30.0), (0.0, 4.0, 0.0), 0.0)
    wood = np.zeros(SIZE[::-1], np.float32)
    wood[130:] = 1
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    lit = (rows // 12 + columns // 12) % 2 == 0
    light = np.where(lit[..., None], 0.2, 0.05).repeat(3, axis=-1).astype(np.float32)
    none = np.zeros(SIZE[::-1], np.int16)
    level, clumps = (depth_of_things(wood, camera, 30.0, none, shown) for shown in (None, light))
    low = slice(170, SIZE[1] - 12)
    assert np.ptp(level[180]) < 1e-3
    assert clumps[low][lit[low]].mean() < clumps[low][~lit[low]].mean() - 2
    assert clumps[130:].max() <= 30.0
    assert abs(np.median(clumps[low] - level[low])) < 1


def test_a_standing_thing_is_carried_to_another_camera() -> None:
    first = look(300.0, SIZE, (0.0, 2.0, 30.0), (0.0, 2.0, 0.0), 0.0)
    other = look(300.0, SIZE, (1.5, 2.2, 29.0), (0.4, 2.0, 0.0), 0.0)
    found, truth = carried(_post(first, 1.0, 18.0), 12.0, first, other), _post(other, 1.0, 18.0)
    assert np.minimum(found, truth).sum() / np.maximum(found, truth).sum() > 0.75


def test_an_artists_mattes_are_used_as_they_are(tmp_path: Path) -> None:
    for number, value in ((1, 51), (2, 204)):
        write_png(tmp_path / f"m.{number:04d}.png", np.full((20, 30), value, np.uint8))
    mattes = Holdout(tmp_path)
    assert mattes.at(1001, (20, 30)) == pytest.approx(0.2, abs=1e-4)
    assert mattes.at(1002, (10, 15)) == pytest.approx(0.8, abs=1e-4)
