"""A level far side goes on straight behind the building, without what stands or floats on it."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.survey.far_side import past_outline, with_far_side

SKY, SIZE = 0.8, (240, 400)
HORIZON = 80
FIRST, LAST = 130, 260
MIDDLE = (FIRST + LAST) // 2


def _plate(left: float = 130, right: float = 110, land: float = 0.6, boats: bool = False) -> tuple[np.ndarray, ...]:
    """Return a clean plate (h, w, 3) whose hole is black, the sky's light all over, a plate, its sky's alpha, and the hole, of a hazy land down to a
    waterline that ends at row `left` of the building and begins again at row `right`; the water is darker at the left."""
    rng = np.random.default_rng(3)
    height, width = SIZE
    rows, columns = np.mgrid[:height, :width]
    water = np.interp(columns[0], (FIRST, LAST), (left, right))
    lake = 0.68 + 0.1 * columns / width
    light = np.where(rows < HORIZON, SKY, np.where(rows < water[None], land, lake))
    light = light * np.where(rows < HORIZON, 1, np.exp(0.01 * rng.standard_normal(SIZE)))
    if boats:
        for row, column in ((150, 100), (160, 60), (170, 300), (140, 330), (190, 280)):
            light[row : row + 4, column : column + 6] = 1.2
    texture = np.repeat(light[..., None], 3, 2).astype(np.float32)
    hole = np.zeros(SIZE, bool)
    hole[30:210, FIRST : LAST + 1] = True
    sky = ((rows < HORIZON) & ~hole).astype(np.float32)
    heaven = np.full_like(texture, SKY)
    return np.where(hole[..., None] & (rows >= HORIZON)[..., None], np.float32(0.4), texture), heaven, texture, sky, hole


def _behind(plate: tuple[np.ndarray, ...]) -> np.ndarray:
    found = with_far_side(*plate, 1)
    assert found is not None
    return np.asarray(found[..., 1])


def _waterline(column: np.ndarray, first: int) -> int:
    """Return the row of the strongest change below a row of a picture's column (h,)."""
    return first + int(np.abs(np.diff(column[first:200])).argmax()) + 1


def test_a_shore_goes_on_straight() -> None:
    found = _behind(_plate())
    for column in range(FIRST + 10, LAST - 10, 20):
        strip = found[:, column - 3 : column + 4].mean(axis=1)
        assert _waterline(strip, HORIZON + 8) == pytest.approx(np.interp(column, (FIRST, LAST), (130, 110)), abs=3)


def test_land_is_as_hazy_as_beside_it_and_water_goes_from_one_tone_to_the_other() -> None:
    found = _behind(_plate())
    assert found[HORIZON + 6 : 106, FIRST + 4 : LAST - 4].mean() == pytest.approx(0.6, abs=0.02)
    for column in (FIRST + 5, MIDDLE, LAST - 5):
        assert found[160:190, column - 4 : column + 5].mean() == pytest.approx(0.68 + 0.1 * column / 400, abs=0.02)


def test_nothing_that_floats_beside_goes_on() -> None:
    found = _behind(_plate(boats=True))
    assert found[140:200, FIRST + 3 : LAST - 3].max() < 0.9


def test_fine_texture_is_as_strong_as_beside_it_and_no_copy() -> None:
    plate = _plate()
    found, beside = _behind(plate), plate[2][..., 1]
    behind = found[150:190, FIRST + 10 : LAST - 10]
    assert np.diff(behind, axis=1).std() == pytest.approx(np.diff(beside[150:190, : FIRST - 10], axis=1).std(), rel=0.35)
    assert np.abs(np.corrcoef(behind[:, :40].ravel(), behind[:, 60:100].ravel())[0, 1]) < 0.3


def test_a_sea_ends_at_one_level_horizon() -> None:
    found = _behind(_plate(left=HORIZON, right=HORIZON))
    for column in range(FIRST + 5, LAST - 5, 20):
        assert _waterline(found[:, column - 3 : column + 4].mean(axis=1), 50) == pytest.approx(HORIZON, abs=1)


def test_the_plate_stays_as_it_is_beside_the_hole() -> None:
    plate = _plate()
    found = with_far_side(*plate, 1)
    assert found is not None
    assert np.array_equal(found[~plate[4]], plate[2][~plate[4]])


def test_leaves_before_the_water_lend_it_no_tone() -> None:
    clean, heaven, texture, sky, hole = _plate()
    texture[196:200], texture[200:] = 0.3, 0.02
    found = with_far_side(clean, heaven, texture, sky, hole, 1)
    assert found is not None
    assert found[150:208, FIRST + 10 : LAST - 10].min() > 0.6


def test_dark_ground_is_no_far_side() -> None:
    assert with_far_side(*_plate(land=0.05), 1) is None


def _walled() -> tuple[np.ndarray, np.ndarray]:
    """Return a dark building, columns 100 to 199 under row 60, before a hazy shore (h, w, 3), and its sky's alpha."""
    texture = np.full((*SIZE, 3), 0.5, np.float32)
    texture[:60] = SKY
    texture[60:, 100:200] = 0.02
    sky = np.zeros(SIZE, np.float32)
    sky[:60] = 1
    return texture, sky


def _outline(left: float) -> np.ndarray:
    return np.array([[left, 58], [200, 58], [200, 240], [left, 240]], float)


def test_shore_that_juts_out_of_an_outline_is_no_building() -> None:
    texture, sky = _walled()
    region = np.zeros(SIZE, bool)
    region[60:, 90:200] = True
    found = past_outline(texture, sky, region, _outline(98))
    assert found[100:200, 90:97].all()
    assert not found[:, 100:].any()


def test_lake_that_a_loose_outline_takes_in_is_no_building_and_a_pale_wall_is() -> None:
    texture, sky = _walled()
    texture[100:140, 120:180] = 0.5
    region = np.zeros(SIZE, bool)
    region[60:, 96:200] = True
    found = past_outline(texture, sky, region, _outline(96))
    assert found[100:200, 96:98].all()
    assert not found[:, 100:].any()
