"""The box holds the building, stands on the ground, and follows the camera and the knobs."""

import numpy as np
import pytest

from derrumbe.dust.domain import building_box, choose
from derrumbe.geom.camera import project
from tests.dust import collapse


@pytest.fixture
def film_set(tmp_path):
    return collapse.film_set(tmp_path, collapse.camera(eye=(4.0, 3.0, 60.0))).record


@pytest.mark.parametrize("voxels", [32, 96, 200])
def test_the_longest_side_has_the_voxels_asked_for(film_set, voxels):
    box = choose(film_set, 1.0, voxels)
    assert voxels <= max(box.shape) <= 1.1 * voxels + 4
    assert box.origin[1] == 0


def test_the_building_is_inside_with_room_above(film_set):
    box = choose(film_set, 1.0, 96)
    low, high = building_box(film_set)
    far = np.array(box.origin) + box.cell * np.array(box.cells)
    assert (np.array(box.origin) <= low).all()
    assert far[1] > 1.2 * high[1]
    assert (far[[0, 2]] >= high[[0, 2]]).all()


def test_spread_widens_it(film_set):
    narrow, wide = (choose(film_set, spread, 96) for spread in (0.5, 1.5))
    assert wide.cell * wide.cells[0] > narrow.cell * narrow.cells[0]


def test_a_long_lens_cuts_off_what_it_does_not_see(tmp_path):
    view = collapse.camera(eye=(0.0, 5.0, 120.0), focal=5.0)
    box = choose(collapse.film_set(tmp_path, view).record, 1.0, 96)
    corners = np.array([[box.origin[0], 0, 0], [box.origin[0] + box.cell * box.cells[0], 0, 0]])
    pixels, _ = project(view, corners)
    assert pixels[0, 0] > -0.45 * view.width
    assert pixels[1, 0] < 1.45 * view.width


def test_behind_walls_that_hide_it_dust_is_not_followed_as_far(tmp_path):
    """A camera on the ground sees dust behind the building only over it; one over its roof sees all."""
    behind = []
    for up in (1.6, 60.0):
        view = collapse.camera(eye=(0.0, up, 60.0), focal=1.0)
        record = collapse.film_set(tmp_path, view).record
        behind.append(building_box(record)[0][2] - choose(record, 1.0, 96).origin[2])
    low, high = behind
    assert low < 0.75 * high


def test_the_corners_of_its_reach_do_not_make_the_box_wider(tmp_path):
    """Dust runs as far from a corner as from a side, so where the view widens behind the building the box doesn't widen with it."""
    view = collapse.camera(eye=(0.0, 14.0, 60.0), focal=2.2)
    record = collapse.film_set(tmp_path, view).record
    box, (low, _) = choose(record, 1.0, 96), building_box(record)
    seen_behind = (view.translation[2] - low[2] + 1.7 * record.building.height) * 0.5 / 2.2
    assert -box.origin[0] < seen_behind + 3.0
