"""Thin things that stand out of a building against the sky belong to it; broad ones and lone ones don't."""

from __future__ import annotations

import numpy as np

from derrumbe.survey.filters import widened
from derrumbe.survey.remnants import remnants

HEIGHT, WIDTH = 400, 600
BUILDING = (slice(180, 400), slice(200, 400))
AERIAL, WIRE, TREE = (slice(165, 180), slice(300, 302)), (slice(60, 62), slice(100, 160)), (slice(150, 400), slice(400, 480))


def codes_of(sky: np.ndarray) -> np.ndarray:
    """A picture (h, w, 3) uint8 of a pale noisy sky and what is dark before it."""
    noise = np.random.default_rng(5).normal(0, 2, sky.shape)
    return np.repeat((60 + 160 * sky + noise)[..., None], 3, axis=-1).astype(np.uint8)


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Sky matte and hole: a box with an aerial, a tree beside it, a wire far off."""
    sky, hole = np.ones((HEIGHT, WIDTH), np.float32), np.zeros((HEIGHT, WIDTH), bool)
    for thing in (BUILDING, AERIAL, WIRE, TREE):
        sky[thing] = 0
    hole[BUILDING] = True
    return sky, hole


def test_an_aerial_is_a_remnant_and_its_neighbours_are_not():
    sky, hole = scene()
    found = remnants(codes_of(sky), sky, hole, np.zeros_like(sky))
    assert found[AERIAL].mean() > 0.7
    assert not found[WIRE].any()
    assert not found[TREE].any()
    assert not found[(sky > 0.5) & ~widened(sky < 0.5, 5)].any()


def test_a_plain_box_has_none():
    sky, hole = np.ones((HEIGHT, WIDTH), np.float32), np.zeros((HEIGHT, WIDTH), bool)
    sky[BUILDING], hole[BUILDING] = 0, True
    assert not remnants(codes_of(sky), sky, hole, np.zeros_like(sky)).any()


def test_a_crown_whose_trunk_goes_with_the_building_goes_too():
    sky, hole = scene()
    crown = (slice(140, 180), slice(330, 390))
    sky[crown] = 0
    found = remnants(codes_of(sky), sky, hole, np.zeros_like(sky))
    assert found[crown].all()
    assert not found[TREE].any()


def test_what_stands_on_its_own_ground_stays():
    sky, hole = scene()
    sky[350:] = 0
    sky[300:350, :190] = 0
    assert not remnants(codes_of(sky), sky, hole, np.zeros_like(sky))[300:350, :180].any()


def test_a_crown_whose_trunk_is_kept_before_the_wall_stays():
    sky, hole = scene()
    crown, trunk = (slice(140, 180), slice(330, 390)), (slice(180, 400), slice(350, 365))
    sky[crown] = 0
    front = np.zeros_like(sky)
    front[trunk] = 1
    assert not remnants(codes_of(sky), sky, hole, front)[crown].any()


def test_a_roof_next_door_ends_with_its_walls():
    sky, hole = scene()
    sky[160:400, 400:480] = 0
    over = (slice(160, 168), slice(365, 400))
    for row in range(160, 180):
        sky[row, 365 + max(0, row - 168) * 2 : 400] = 0
    found = remnants(codes_of(sky), sky, hole, np.zeros_like(sky))
    assert found[over].all()
    assert not found[162:, 405:475].any()


def test_a_crown_next_door_and_a_ridge_behind_stay():
    sky, hole = scene()
    rng = np.random.default_rng(3)
    sky[160:400, 400:480] = 0
    for column in range(350, 400):
        sky[160 + rng.integers(0, 12) : 180, column] = 0
    assert not remnants(codes_of(sky), sky, hole, np.zeros_like(sky))[173:176, 352:395].any()
    sky, hole = scene()
    sky[170:400] = 0
    assert not remnants(codes_of(sky), sky, hole, np.zeros_like(sky))[172:176].any()


def test_a_flagpole_that_the_sky_s_matte_misses_goes_with_the_building():
    sky, hole = scene()
    codes = codes_of(sky).astype(int)
    pole, far, stub = (slice(100, 178), slice(250, 251)), (slice(60, 150), slice(120, 121)), (slice(172, 180), slice(350, 351))
    for line in (pole, far, stub):
        codes[line] -= 12
    found = remnants(codes.astype(np.uint8), sky, hole, np.zeros_like(sky))
    assert found[pole].mean() > 0.95
    assert not found[far].any()
    assert not (found & ~widened(_box(pole) | _box(AERIAL), 9)).any()
    before = np.zeros_like(sky)
    before[150:400, 240:262] = 1
    assert not remnants(codes.astype(np.uint8), sky, hole, before)[pole].any()


def _box(where: tuple[slice, slice]) -> np.ndarray:
    out = np.zeros((HEIGHT, WIDTH), bool)
    out[where] = True
    return out
