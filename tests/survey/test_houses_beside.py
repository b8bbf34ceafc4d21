"""A house that the building's outline cuts goes on behind it: roof and wall along their own lines, up to a corner; trees and eaves in the air don't."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.survey.filters import widened
from derrumbe.survey.houses_beside import House, houses_beside
from derrumbe.survey.neighbours import Cards
from derrumbe.survey.remnants import cantilevers

HEIGHT, WIDTH, ROOF, EAVES, FOOT = 400, 600, 150, 180, 300
BROWN, TEAL, WHITE = (120, 90, 80), (90, 200, 200), (240, 240, 240)
WINDOWS = (slice(200, 220), slice(165, 180)), (slice(250, 270), slice(165, 180)), (slice(200, 220), slice(130, 145))


def street(slope: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return codes (h, w, 3), sky (h, w) and hole (h, w) bool: a house on the left up to column 210, whose roof rises by `slope` towards the hole's
    slanting left end."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    roof = ROOF + slope * (200 - columns)
    house = (columns < 210) & (rows >= roof)
    codes = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    codes[house] = TEAL
    codes[house & (rows >= EAVES)] = BROWN
    for window in WINDOWS:
        codes[window] = WHITE
    codes[rows >= FOOT] = (90, 100, 90)
    sky = np.where(house | (rows >= FOOT), 0, 1).astype(np.float32)
    return codes, sky, (columns >= 190 + 10 * rows // HEIGHT) & (columns < 450) & (rows >= 100) & (rows < 310)


def found(codes: np.ndarray, sky: np.ndarray, hole: np.ndarray, aside: np.ndarray | None = None) -> list[House]:
    flat = Cards(np.full(WIDTH, 200, np.float32), np.full(WIDTH, FOOT, np.float32), np.full(WIDTH, 50, np.float32))
    return houses_beside(codes, hole, sky, np.zeros(sky.shape, bool) if aside is None else aside, flat)


def gone_on(house: House, codes: np.ndarray, sky: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return the picture with green in its hole, and the house gone on into that."""
    clean = np.where(hole[..., None], np.float32([0, 1, 0]), codes.astype(np.float32) / 255)
    return house.painted(clean, codes.astype(np.float32) / 255, hole, sky)


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_roof_and_wall_go_on_along_their_lines_up_to_a_corner(slope: float) -> None:
    codes, sky, hole = street(slope)
    (house,) = found(codes, sky, hole)
    out = gone_on(house, codes, sky, hole)
    corner = house.axis + house.width
    assert not house.flipped
    np.testing.assert_allclose(house.slope, -slope, atol=0.06)
    np.testing.assert_allclose(out[235, 185 : corner - 1], np.broadcast_to(np.float32(BROWN) / 255, (corner - 186, 3)), atol=0.02)
    line = house.level + house.slope * (house.axis - 0.5)
    assert np.abs(out[int(line) + 4, house.axis - 1] - np.float32(TEAL) / 255).max() < 0.05
    assert np.array_equal(out[int(line) - 4, house.axis - 1], [0, 1, 0])


def hip(house: House) -> np.ndarray:
    """Return how high over the eaves the roof of a level house reaches where it goes on, by columns."""
    left = house.width - np.arange(house.width) - 0.5
    return left * max(0.75, (EAVES - ROOF) / house.width)


def test_a_level_roof_ends_in_a_hip_over_a_whole_wall() -> None:
    codes, sky, hole = street()
    (house,) = found(codes, sky, hole)
    assert house.eaves == EAVES - ROOF
    out = gone_on(house, codes, sky, hole)
    for x, high in zip(range(house.axis, house.axis + house.width - 1), hip(house), strict=False):
        line = max(ROOF, EAVES - high)
        assert np.array_equal(out[int(line) - 2, x], [0, 1, 0]), "over it is what stands behind"
        assert np.abs(out[EAVES + 2, x] - np.float32(BROWN) / 255).max() < 0.02, "the wall is whole up to its eaves"
        if line + 2 < EAVES - 1:
            assert np.abs(out[int(line) + 2, x] - np.float32(TEAL) / 255).max() < 0.02


def test_nothing_beyond_the_corner_and_outside_the_hole_moves() -> None:
    codes, sky, hole = street()
    (house,) = found(codes, sky, hole)
    out, before = gone_on(house, codes, sky, hole), codes.astype(np.float32) / 255
    assert np.array_equal(out[~hole], before[~hole])
    assert (out[:, house.axis + house.width : 450][hole[:, house.axis + house.width : 450]] == [0, 1, 0]).all()


def test_a_house_ends_between_windows() -> None:
    codes, sky, hole = street()
    (house,) = found(codes, sky, hole)
    mirrored = 2 * house.axis - 1 - (house.axis + house.width)
    assert not any(window[1].start - 1 <= mirrored <= window[1].stop for window in WINDOWS)


def test_what_is_right_of_the_building_goes_on_as_its_mirror_image() -> None:
    codes, sky, hole = street()
    (left,) = found(codes, sky, hole)
    flipped = [np.ascontiguousarray(one[:, ::-1]) for one in (codes, sky, hole)]
    (right,) = found(*flipped)
    assert right.flipped
    assert np.array_equal(gone_on(right, *flipped)[:, ::-1], gone_on(left, codes, sky, hole))


def test_trees_and_eaves_in_the_air_are_no_houses() -> None:
    codes, sky, hole = street()
    assert not found(codes, sky, hole, np.ones(sky.shape, bool))
    sky[EAVES:FOOT] = 1
    assert not found(codes, sky, hole)
    rough = street()[1]
    rough[ROOF - 20 : ROOF + 20] = np.random.default_rng(1).integers(0, 2, (40, WIDTH))
    assert not found(codes, rough, hole)


def test_its_card_stands_where_it_goes_on_and_nowhere_else() -> None:
    codes, sky, hole = street()
    (house,) = found(codes, sky, hole)
    flat = Cards(np.full(WIDTH, 200, np.float32), np.full(WIDTH, 290, np.float32), np.full(WIDTH, 80, np.float32))
    cards = house.cards(flat)
    own = slice(house.axis, house.axis + house.width)
    np.testing.assert_allclose(cards.top[own], np.maximum(ROOF, EAVES - hip(house)), atol=1.5)
    assert (cards.distance[own] == 50).all()
    assert (cards.base[own] == FOOT).all()
    for one, other in ((cards.top, flat.top), (cards.base, flat.base), (cards.distance, flat.distance)):
        assert np.array_equal(one[house.axis + house.width :], other[house.axis + house.width :])


def test_rims_told_by_their_colours_are_spared_beside_a_house_only() -> None:
    codes, sky, bare = street()
    (house,) = found(codes, sky, bare)
    hole = bare | np.roll(bare, -6, axis=1)
    out = house.spared(hole, bare)
    rows = slice(*house.rows)
    assert np.array_equal(out[rows, : house.axis], bare[rows, : house.axis])
    out[rows, : house.axis] = hole[rows, : house.axis]
    assert np.array_equal(out, hole)


@pytest.mark.parametrize("flipped", [False, True])
def test_what_an_outline_took_of_a_house_is_given_back_and_nothing_of_the_building(flipped: bool) -> None:
    codes, sky, hole = street()
    region = hole & (np.arange(WIDTH) >= 196) & (np.arange(HEIGHT)[:, None] >= 120)
    codes[region & (np.arange(WIDTH) >= 199)] = (200, 40, 40)
    if flipped:
        codes, sky, hole, region = (np.ascontiguousarray(one[:, ::-1]) for one in (codes, sky, hole, region))
    (house,) = found(codes, sky, hole)
    clean = np.rint(255 * gone_on(house, codes, sky, hole)).astype(np.uint8)
    taken = house.taken(region, codes, clean)
    if flipped:
        codes, region, taken = codes[:, ::-1], region[:, ::-1], taken[:, ::-1]
    wall = np.s_[EAVES + 4 : FOOT - 30]
    assert taken[wall, 196:198][region[wall, 196:198]].all()
    assert not taken[:, 200:].any()
    assert not (taken & ~region).any()


REACH, LOWEST = 240, 168
"""Column up to which the house's roof is seen over the building, and the row where that hides it."""


def valley() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return codes, sky and hole as `street`, where the house's roof is seen over the building's own up to REACH, and where (h, w) bool that is."""
    codes, sky, hole = street()
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    hole &= rows >= LOWEST
    over = (columns < REACH) & (rows >= ROOF) & (rows < EAVES) & ~hole
    codes[over], sky[over] = TEAL, 0.0
    return codes, sky, hole, over & (columns >= 200)


def test_a_roof_seen_over_the_building_stays_and_the_house_goes_on_under_it() -> None:
    codes, sky, hole, over = valley()
    flat = Cards(np.full(WIDTH, 200, np.float32), np.full(WIDTH, FOOT, np.float32), np.full(WIDTH, 50, np.float32))
    (house,) = houses_beside(codes, hole, sky, np.zeros(sky.shape, bool), flat, cantilevers(sky, hole))
    corner = house.axis + house.width
    assert REACH - 10 < corner <= REACH, "it ends where its roof is seen to end"
    taken = hole | widened(over, 2)  # what would hang in the air goes with the building, but for a house that holds it up
    left = house.seen(taken)
    assert not left[over[:, :corner].nonzero()].any()
    out = gone_on(house, codes, sky, left)
    assert np.abs(out[ROOF + 4 : EAVES - 8, house.axis : corner - 1] - np.float32(TEAL) / 255).max() < 0.02
    assert np.abs(out[EAVES + 3 : 195, house.axis : corner - 1] - np.float32(BROWN) / 255).max() < 0.02
    assert np.array_equal(house.seen(hole), hole), "what the building hides stays hidden"
