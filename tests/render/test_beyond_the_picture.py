"""A wall that runs out of the picture goes on as it is seen to repeat, right way up."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.records import Camera
from derrumbe.render.beyond import BLEND, _mirrored, blended, steps_beyond
from derrumbe.render.raster import Window
from derrumbe.render.surface import _wear
from derrumbe.render.worn import SHOWN, carried_on

from . import scenes

SIZE = (100, 60)
DEPTH = 10.0
FOCAL = 50.0
STEPS = np.array([[2.0, 0, 0], [-2.0, 0, 0], [0, 3.0, 0], [0, -3.0, 0]])
"""Back into the picture, whose camera has its y axis pointing down in these tests: 10 pixels across, 15 down."""


def worn(u: float, v: float, building: np.ndarray, way: np.ndarray | None = None) -> tuple[bool, tuple[float, float]]:
    """Ask about one sample of a wall 10 m away that faces the camera, at plate pixel (u, v)."""
    way = np.full(SIZE[::-1], SHOWN) if way is None else way
    depth = np.where(way == SHOWN, building * DEPTH, 0).astype(np.float32)
    out, uv = np.zeros(1, np.bool_), np.array([[u, v]])
    rest = np.array([[(u - 50) / FOCAL * DEPTH, (v - 30) / FOCAL * DEPTH, DEPTH]])
    nobody, outer, towards = np.zeros(1, np.bool_), np.zeros(1, np.uint8), np.array([[0.0, 0.0, -1.0]])
    _wear(
        nobody, np.zeros(1, np.int32), rest, uv, outer, towards, depth, way, 0, 0, np.ones(SIZE[::-1], np.float32), np.eye(3), np.zeros(3),
        (FOCAL, 50.0, 30.0, np.zeros(0)), SIZE, STEPS, 0.0, np.zeros(0), out, np.zeros((1, 3), np.float32),
    )  # fmt: skip
    return bool(out[0]), (float(uv[0, 0]), float(uv[0, 1]))


def test_inside_the_picture_the_wall_is_what_it_was():
    assert worn(40.0, 20.0, np.ones(SIZE[::-1])) == (True, (40.0, 20.0))


@pytest.mark.parametrize(
    ("place", "repeated"),
    [((40.0, -17.5), (40.0, 12.5)), ((-13.0, 20.0), (7.0, 20.0)), ((114.0, 76.0), (94.0, 46.0)), ((40.0, -3.0), (40.0, 12.0))],
)
def test_beyond_an_edge_the_wall_repeats_itself(place, repeated):
    there, uv = worn(*place, np.ones(SIZE[::-1]))
    assert there
    assert uv == pytest.approx(repeated)


def test_where_nothing_of_the_wall_is_seen_nothing_is_worn():
    assert not worn(40.0, -2 * BLEND, np.zeros(SIZE[::-1]))[0]


def test_what_no_frame_showed_inside_the_picture_repeats_the_wall_too():
    """The upper right corner is not shown: it goes on over the edge that is nearest."""
    shown = np.ones(SIZE[::-1], bool)
    shown[:20, 60:] = False
    _, way = carried_on(np.zeros((*shown.shape, 3), np.float32), shown)
    assert worn(90.0, 15.0, np.ones(shown.shape), way) == (True, (90.0, 30.0))
    assert worn(62.0, 5.0, np.ones(shown.shape), way) == (True, (52.0, 5.0))
    assert worn(50.0, 15.0, np.ones(shown.shape), way) == (True, (50.0, 15.0))


def test_the_mirror_image_gives_way_within_a_few_pixels():
    wall = np.ones(SIZE[::-1], np.float32)
    assert blended(40.0, -1e-6, SIZE, wall, 0, 0) == pytest.approx((1.0, 40.0, 0.0), abs=1e-5)
    assert 0 < blended(40.0, -0.5 * BLEND, SIZE, wall, 0, 0)[0] < 1
    assert blended(40.0, -BLEND, SIZE, wall, 0, 0)[0] == 0
    assert blended(40.0, -1.0, SIZE, 0 * wall, 0, 0)[0] == 0


def test_the_mirror_meets_the_edge():
    for size in SIZE:
        assert abs(_mirrored(-1e-6, size) - _mirrored(1e-6, size)) < 1e-5
        assert abs(_mirrored(size - 1e-6, size) - _mirrored(size + 1e-6, size)) < 1e-5


def test_the_step_is_the_walls_own_period():
    """A wall of storeys of 4 m with windows, noise on it, cut off by the picture's upper edge; nothing touches the other edges but the foot's."""
    camera = Camera(**scenes.CAMERA.model_dump() | {"width": 160, "height": 400, "focal_px": 240.0, "cx": 80.0, "cy": 300.0})
    building = scenes.facade_building(camera)
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:400, :160]
    height = 2.5 + (300 - y - 0.5) / 20
    across = (x - 80) / 20
    window = (np.abs(height % 4.0 - 2.0) < 0.8) & (np.abs(across % 2.0 - 1.0) < 0.5)
    texture = np.repeat((np.where(window, 0.08, 0.4) * rng.uniform(0.85, 1.15, y.shape))[..., None], 3, 2).astype(np.float32)
    depth = np.full(y.shape, 12.0, np.float32)
    part = Window(20, 0, 140, 360)
    steps = steps_beyond(building, camera, texture[part.slices], depth[part.slices], np.full(part.shape, SHOWN), part)
    assert steps[2] == pytest.approx([0, -4.0 * round(-steps[2][1] / 4.0), 0], abs=0.08)
    assert steps[2][1] < -3
    assert not steps[[0, 1, 3]].any()


def test_what_ends_with_a_cornice_repeats_only_what_is_over_the_ledge():
    """The upper 100 rows, 5 m, are pale, with dark bands every 2 m; what is below the ledge is of another kind and fits nowhere."""
    camera = Camera(**scenes.CAMERA.model_dump() | {"width": 160, "height": 400, "focal_px": 240.0, "cx": 80.0, "cy": 300.0})
    y = np.mgrid[:400, :160][0]
    tone = np.where(y < 100, np.where(y % 40 < 20, 0.5, 0.4), 0.2) * np.random.default_rng(5).uniform(0.97, 1.03, y.shape)
    texture, depth = np.repeat(tone[..., None], 3, 2).astype(np.float32), np.full(y.shape, 12.0, np.float32)
    part = Window(0, 0, 160, 400)
    steps = steps_beyond(scenes.facade_building(camera), camera, texture, depth, np.full(part.shape, SHOWN), part, y < 100)
    assert 1.5 <= -steps[2][1] <= 5
    assert abs(-steps[2][1] / 2.0 - round(-steps[2][1] / 2.0)) < 0.2, "pale on pale"
