"""Where an outline cuts through a wall, stones stay in the part that stands; at corners and beside other houses nothing does."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.survey.torn_ends import LONGEST, torn_ends

HEIGHT, WIDTH, PIXEL = 300, 500, 0.04
CREAM, BLUE, RED, GREY = (225, 210, 185), (150, 190, 240), (150, 70, 60), (120, 120, 120)
LEFT, CUT, RIGHT, TOP, FOOT = 100, 300, 400, 60, 260


def street(beyond: tuple[int, int, int] = CREAM) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return codes (h, w, 3), region (h, w) bool and sky (h, w): a house from LEFT to RIGHT whose outline ends at CUT; `beyond` that it is of a colour."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    codes = np.full((HEIGHT, WIDTH, 3), BLUE, np.float64)
    house = (columns >= LEFT) & (columns < RIGHT) & (rows >= TOP) & (rows < FOOT)
    codes[house] = CREAM
    codes[house & (columns >= CUT)] = beyond
    codes[house & (columns % 50 < 18) & (rows % 60 < 35)] = (50, 45, 40)
    codes[rows >= FOOT] = GREY
    codes += np.random.default_rng(3).normal(0, 3, codes.shape)
    region = house & (columns < CUT)
    sky = ((rows < FOOT) & ~house).astype(np.float32)
    return np.clip(codes, 0, 255).astype(np.uint8), region, sky


def found(codes: np.ndarray, region: np.ndarray, sky: np.ndarray, pixel: float = PIXEL, known: np.ndarray | None = None) -> np.ndarray:
    return torn_ends(codes, region, sky, np.ones_like(region) if known is None else known, pixel, 1)


def test_stones_of_all_lengths_stay_in_a_wall_that_goes_on() -> None:
    codes, region, sky = street()
    stays = found(codes, region, sky)
    assert not (stays & ~region).any()
    assert not stays[:, : CUT - int(sum(LONGEST) / PIXEL) - 1].any(), "and none by itself"
    reach = stays.sum(axis=1)[TOP + 5 : FOOT - 10] * PIXEL
    assert 0.3 < reach.mean() < 1.1
    assert reach.std() > 0.12, "ragged"
    assert np.array_equal(stays, found(codes, region, sky))


@pytest.mark.parametrize("beyond", [RED, BLUE])
def test_nothing_stays_where_another_house_or_the_sky_begins(beyond: tuple[int, int, int]) -> None:
    codes, region, sky = street(beyond)
    if beyond == BLUE:
        sky[TOP:FOOT, CUT:] = 1
    assert not found(codes, region, sky).any()


def test_a_storey_of_the_same_brick_next_door_is_no_wall_that_goes_on() -> None:
    codes, region, sky = street(RED)
    like, _, _ = street()
    codes[120:190] = like[120:190]
    assert not found(codes, region, sky).any()


def test_above_the_picture_a_wall_goes_on_as_it_does_below() -> None:
    codes, region, sky = street()
    known = np.ones_like(region)
    known[:140] = False
    codes[:140, CUT:] = 0
    assert found(codes, region, sky, known=known)[TOP + 5 : 140].any(axis=1).mean() > 0.9


def test_teeth_finer_than_pixels_are_left_out() -> None:
    assert not found(*street(), pixel=0.2).any()
