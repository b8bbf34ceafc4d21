"""What is revealed: nothing of the building, nothing recognisable twice, the sky's own tone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derrumbe.media.colour import from_display, to_display
from derrumbe.survey.behind import clean_plate, trees_behind
from derrumbe.survey.cleanplate import behind_leaves
from derrumbe.survey.crowns import row_of_crowns
from derrumbe.survey.filters import shrunk
from derrumbe.survey.foot import below_foot
from derrumbe.survey.ground import fill_ground, things_on, with_islands
from derrumbe.survey.mattes import Mattes
from derrumbe.survey.neighbours import Cards, distance_of_row, find_cards
from derrumbe.survey.remnants import fringe
from derrumbe.survey.tone import meeting
from derrumbe.survey.treeline import standing_plants, trees_of
from derrumbe.survey.vegetation import plant_odds
from tests.survey.scenes import look

SIZE = (480, 320)
CAMERA = look(520.0, SIZE, (0.0, 6.0, 40.0), (0.0, 5.0, 0.0), 0.0)
WALL = (0.62, 0.05, 0.04)


def leaves(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Return codes (h, w, 3) uint8 of leaves: blobs of greens, dark between."""
    rng = np.random.default_rng(seed)
    noise = sum(cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), size) * size for size in (1.0, 2.5))
    light = np.clip(0.32 + 0.16 * noise, 0.03, 0.8)[..., None]
    return np.clip(255 * light * np.array([0.75, 1.0, 0.45]), 0, 255).astype(np.uint8)


def street(built: bool, wood: bool = True) -> tuple[np.ndarray, np.ndarray, Mattes, np.ndarray]:
    """Return codes, light, mattes and truth of the sky of a red building before a wood or, when `built`, between houses with windows."""
    height, width = SIZE[1], SIZE[0]
    y, x = np.mgrid[0:height, 0:width]
    sky = np.stack([120 + 0.25 * y, 160 + 0.2 * y, 225 - 0.1 * y], -1)
    codes = np.where((y < 150)[..., None], sky, 0).astype(np.uint8)
    standing, ground = (y >= 110) & (y < 172), y >= 172
    facade = np.where(((x % 14) < 7) & ((y % 18) < 9), 40, 170)[..., None] * np.array([1.0, 0.9, 0.8])
    codes[standing] = (facade if built else leaves((height, width), 3))[standing]
    if built and wood:
        tree = standing & ((x < 60) | (x > 420))
        codes[tree] = leaves((height, width), 3)[tree]
    lawn = np.random.default_rng(4).integers(-2, 3, (height, width, 1)) + np.array([110, 120, 90])
    codes[ground] = lawn.astype(np.uint8)[ground]
    region = (y > 40) & (y < 200) & (x > 170) & (x < 330)
    codes[region] = (np.power(np.array(WALL), 1 / 2.2) * 255).astype(np.uint8)
    alpha = ((y < 110) & ~region).astype(np.float32)
    nothing = np.zeros((height, width), np.float32)
    mattes = Mattes(region, region.astype(np.float32), alpha, nothing, nothing > 1, nothing.astype(np.int16))
    return codes, from_display(codes), mattes, from_display(sky.astype(np.uint8))


def revealed(built: bool, wood: bool = True, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, Cards, bool]:
    """Return the clean plate, the light it was made from, its hole, the cards, and whether trees stand behind."""
    codes, light, mattes, _ = street(built, wood)
    hole = cv2.dilate(mattes.region.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    cards = find_cards(codes, np.full(SIZE[0], 112.0, np.float32), hole, CAMERA, 40.0, 52.0)
    trees = trees_behind(light, codes, mattes, hole, cards, CAMERA)
    cards = trees.cards(cards, hole) if trees else cards
    return clean_plate(light, mattes, hole, cards, trees, [], CAMERA, 0.6, seed)[0], light, hole, cards, trees is not None


def red(light: np.ndarray) -> np.ndarray:
    return np.asarray(light[..., 0] > 3 * np.maximum(light[..., 1], 1e-3))


@pytest.mark.parametrize("built", [True, False])
def test_nothing_of_the_building_is_left(built: bool) -> None:
    clean, light, hole, _, _ = revealed(built)
    assert red(light)[hole].mean() > 0.8
    assert not red(clean).any()
    far = cv2.dilate(hole.astype(np.uint8), np.ones((25, 25), np.uint8)) == 0
    assert np.array_equal(clean[far], light[far])


@pytest.mark.parametrize("built", [True, False])
def test_the_sky_behind_has_the_tone_of_the_sky(built: bool) -> None:
    clean, _, hole, cards, _ = revealed(built)
    truth = street(built)[3]
    rows = np.arange(SIZE[1])[:, None]
    open_ = hole & (rows < (cards.base - 1.5 * (cards.base - cards.top))[None])
    assert open_.sum() > 2000
    assert np.abs(clean / truth - 1)[open_].mean() < 0.04


def test_over_the_crowns_behind_it_is_open_sky():
    codes, light, mattes, sky = street(True)
    hole = cv2.dilate(mattes.region.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    cards = find_cards(codes, np.full(SIZE[0], 112.0, np.float32), hole, CAMERA, 40.0, 52.0)
    trees = trees_behind(light, codes, mattes, hole, cards, CAMERA)
    assert trees is not None
    cards = trees.cards(cards, hole)
    clean, open_sky = clean_plate(light, mattes, hole, cards, trees, [], CAMERA, 0.6, 1)
    low = np.arange(SIZE[1])[:, None] > cards.top[None]
    assert np.count_nonzero(open_sky & low) > 100, "between crowns as well"
    assert np.abs(clean / sky - 1)[open_sky].mean() < 0.04
    assert not open_sky[~hole].any()


def echo(part: np.ndarray, picture: np.ndarray, apart: np.ndarray) -> float:
    """Return the best correlation of a patch with any place of a picture for which `apart` (h, w) holds at its middle."""
    found = cv2.matchTemplate(picture, part, cv2.TM_CCOEFF_NORMED)
    reach = part.shape[0] // 2
    return float(found[apart[reach : reach + found.shape[0], reach : reach + found.shape[1]]].max())


def echoes(clean: np.ndarray, hole: np.ndarray, cards: Cards) -> list[float]:
    """Return how much patches of what stands in the hole are like anything outside of it."""
    grey = np.sqrt(np.maximum(clean, 0)).mean(axis=-1).astype(np.float32)
    rng, out = np.random.default_rng(7), []
    inner = np.argwhere(shrunk(hole, 12))
    for y, x in inner[rng.permutation(len(inner))]:
        if cards.top[x] + 14 < y < cards.base[x] - 12:
            out.append(echo(grey[y - 9 : y + 10, x - 9 : x + 10].copy(), grey, ~hole))
        if len(out) == 25:
            break
    return out


def test_houses_beside_are_not_seen_twice() -> None:
    clean, _, hole, cards, trees = revealed(built=True)
    assert trees
    found = echoes(clean, hole, cards)
    assert len(found) == 25
    assert np.median(found) < 0.7
    assert max(found) < 0.85
    _, light, mattes, _ = street(True)
    patched, _ = clean_plate(light, mattes, hole, cards, None, [], CAMERA, 0.6, 1)
    assert np.median(echoes(patched, hole, cards)) > 0.9, "patches would be recognised"


def test_without_plants_what_is_beside_has_to_do() -> None:
    assert not revealed(built=True, wood=False)[4]


def test_same_seed_same_trees_and_another_seed_others() -> None:
    first, second, other = (revealed(built=True, seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_trees_stand_on_the_ground_behind_and_are_as_high_as_trees() -> None:
    codes, light, mattes, _ = street(True)
    hole = mattes.region
    cards = find_cards(codes, np.full(SIZE[0], 168.0, np.float32), hole, CAMERA, 40.0, 52.0)
    plants = standing_plants(plant_odds(codes), hole, mattes.front, mattes.sky, cards.base)
    trees = trees_of(light, plants, plants, plants, CAMERA, cards, hole)
    assert trees
    grown = trees.cards(cards, hole)
    middle = SIZE[0] // 2
    high = (grown.base - grown.top)[middle] * cards.distance[middle] / CAMERA.focal_px
    assert 3.9 < high < 18.1
    outside = ~hole.any(axis=0)
    assert np.array_equal(grown.top[outside], cards.top[outside])


@pytest.mark.parametrize(("seed", "high"), [(0, 30), (1, 60), (2, 90)])
def test_crowns_stand_between_their_rows_and_no_two_are_alike(seed: int, high: int) -> None:
    top, base = np.full(400, 130.0 - high), np.full(400, 130.0)
    row = row_of_crowns(top, base, 150, (0.6, 1.1), True, 4.0, np.random.default_rng(seed))
    assert row.alpha[int(130 - 0.4 * high) : 128].min() > 0.9, "a wood is closed below"
    assert not row.alpha[: int(130 - 1.4 * high)].any()
    assert row.alpha[148:].max() < 0.1
    solid = row.alpha > 0.5
    assert abs(row.relief[solid].mean()) < 0.1
    assert 0.9 < row.relief[solid].std() < 1.05
    spots = np.random.default_rng(seed).integers(12, 388, 12)
    y = int(130 - 0.35 * high)
    apart = np.abs(np.arange(400)[None] - spots[:, None]) > 8
    parts = [row.relief[y - 9 : y + 10, x - 9 : x + 10].copy() for x in spots]
    assert np.median([echo(part, row.relief, np.broadcast_to(far, row.relief.shape)) for part, far in zip(parts, apart, strict=True)]) < 0.8


def test_each_kind_of_ground_goes_on_from_where_it_lies() -> None:
    rng = np.random.default_rng(3)
    light = rng.uniform(0.95, 1.05, (200, 320, 1)).astype(np.float32) * np.array([0.20, 0.20, 0.21], np.float32)
    light[:, :150] *= np.array([0.4, 0.9, 0.2], np.float32)
    hole = np.zeros(light.shape[:2], bool)
    hole[70:150, 90:230] = True
    truth = light.copy()
    light[hole] = (0.7, 0.02, 0.02)
    nothing, rows = np.zeros(hole.shape, np.float32), np.zeros(hole.shape[1], np.float32)
    filled = fill_ground(light, hole, nothing, rows, rows, np.zeros_like(hole), 1, 0.0, 500.0)
    green = filled[..., 1] > 1.5 * filled[..., 0]
    assert (green == (truth[..., 1] > 1.5 * truth[..., 0]))[hole].mean() > 0.8


def test_what_lies_behind_bare_twigs_is_no_crown() -> None:
    y, x = np.mgrid[0:200, 0:300]
    disk = np.hypot(y - 100, x - 150) < 70
    clean = np.full((200, 300, 3), 0.9, np.float32)
    texture = (np.array([0.03, 0.06, 0.02]) * np.random.default_rng(4).uniform(0.3, 1.7, (200, 300, 1))).astype(np.float32)
    hole = np.ones(disk.shape, bool)
    bare = (disk & (x % 7 < 2)).astype(np.float32)
    leafy = (disk & ((x % 9 > 0) | (y % 11 > 2))).astype(np.float32)
    assert np.array_equal(behind_leaves(clean, texture, bare, hole, 1), clean)
    assert behind_leaves(clean, texture, leafy, hole, 1)[100, 150].max() < 0.3


def test_ground_is_filled_without_the_cars_on_it() -> None:
    rng = np.random.default_rng(3)
    ground = rng.uniform(0.19, 0.21, (200, 300, 3)).astype(np.float32)
    for x in range(10, 290, 40):
        ground[90:98, x : x + 14] = (0.7, 0.02, 0.02)
    hole = np.zeros(ground.shape[:2], bool)
    hole[60:130, 110:190] = True
    nothing, rows = np.zeros(hole.shape, np.float32), np.zeros(hole.shape[1], np.float32)
    assert red(ground)[hole].any()
    filled = fill_ground(ground, hole, nothing, rows, rows, np.zeros_like(hole), 1)
    assert not red(filled)[hole].any()
    assert abs(float(filled[hole].mean()) - 0.2) < 0.01


def test_roofs_within_their_edges_are_no_ground_from_the_air() -> None:
    light = np.full((300, 400, 3), 0.2, np.float32)
    cv2.rectangle(light, (100, 100), (126, 122), (0.9, 0.9, 0.9), 2)
    things = things_on(light)
    roof = np.s_[111, 113]
    assert not things[roof]
    assert with_islands(things)[roof]
    assert not with_islands(things)[20, 20]


def test_where_houses_stand_all_around_only_what_lies_on_the_ground_goes_on() -> None:
    rng = np.random.default_rng(3)
    light = rng.uniform(0.1, 0.3, (300, 400, 1)).astype(np.float32) * np.ones(3, np.float32)
    y, x = np.mgrid[0:300, 0:400]
    roofs = (x % 60 < 44) & (y % 60 < 44)
    light[roofs] = (0.7, 0.02, 0.02)
    hole = (y >= 100) & (y < 200) & (x >= 140) & (x < 260)
    nothing, rows = np.zeros(hole.shape, np.float32), np.zeros(hole.shape[1], np.float32)
    without, told = (fill_ground(light, hole, nothing, rows, rows, np.zeros_like(hole), 1, lies=lies) for lies in (None, ~roofs))
    assert red(without)[hole].mean() > 0.1
    assert not red(told)[hole].any()


def test_a_foot_that_runs_away_has_its_background_further_away() -> None:
    hole = np.zeros(SIZE[::-1], bool)
    feet = np.linspace(250, 190, 200).astype(int)
    for x, foot in zip(range(140, 340), feet, strict=True):
        hole[60:foot, x] = True
    cards = find_cards(np.full((*SIZE[::-1], 3), 90, np.uint8), np.full(SIZE[0], 100.0, np.float32), hole, CAMERA, 15.0, 20.0)
    assert (cards.base[145:335] < feet[5:-5]).all()
    away = distance_of_row(CAMERA, feet[5:-5].astype(float))
    assert (cards.distance[145:335] > 0.98 * np.maximum(away, 20.0)).all()


@given(st.integers(0, 4))
@settings(max_examples=5, deadline=None)
def test_the_rim_that_an_outline_leaves_goes_with_the_wall(short: int) -> None:
    codes, _, mattes, _ = street(True)
    drawn = np.asarray(shrunk(mattes.region, short)) if short else mattes.region
    rim = fringe(codes, drawn, mattes.sky)
    assert not (rim & drawn).any()
    assert (rim & ~mattes.region).mean() < 1e-4
    low = np.arange(SIZE[1])[:, None] > 115
    left = mattes.region & ~drawn & low & ~below_foot(drawn)
    assert not (rim & below_foot(drawn)).any()
    assert not short or (rim & left).sum() > 0.9 * left.sum()


def shadowed() -> tuple[np.ndarray, Mattes, np.ndarray, np.ndarray]:
    """Return light, mattes, hole and shadow (h, w) bool of the street with the building's shadow on the lawn at its foot."""
    _, light, mattes, _ = street(True)
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    shadow = (y >= 200) & (y < 205) & (x > 165) & (x < 335)
    light = np.where(shadow[..., None], np.array(WALL, np.float32) * 0.9, light).astype(np.float32)
    around = np.asarray(cv2.dilate(mattes.region.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0)
    return light, mattes, around & ~(below_foot(mattes.region) & (y >= 201)), shadow


def test_the_shadow_at_the_foot_stays_and_is_not_carried_on() -> None:
    light, mattes, hole, shadow = shadowed()
    codes = to_display(light)
    assert not (fringe(codes, mattes.region, mattes.sky) & shadow).any()
    cards = find_cards(codes, np.full(SIZE[0], 112.0, np.float32), hole, CAMERA, 40.0, 52.0)
    clean, _ = clean_plate(light, mattes, hole, cards, None, [], CAMERA, 0.6, 1)
    assert np.array_equal(clean[shadow & ~hole], light[shadow & ~hole])
    foot = clean[200, 180:320]
    assert np.allclose(foot, light[202, 180:320], rtol=0.05), "what is mixed with the wall is ground in the shadow, too"
    inside = np.s_[184:192, 180:320]
    assert abs(np.log(clean[inside].mean() / light[215:225, 180:320].mean())) < 0.15


@given(st.integers(5, 60), st.integers(0, 20))
@settings(max_examples=10, deadline=None)
def test_ground_lies_below_a_foot_and_not_below_an_eave(eave: int, slope: int) -> None:
    region = np.zeros((200, 300), bool)
    for x in range(100, 200):
        region[50 : 150 - slope * (x - 100) // 100, x] = True
    region[50:60, 100 - eave : 200] = True
    low = below_foot(region)
    assert not (low & region).any()
    assert low[151:, 100:200].all()
    under = np.s_[60 : 150 - eave, 100 - eave : 100]
    assert not low[under].any()


def test_trees_have_the_tone_of_those_beside() -> None:
    clean, light, hole, cards, trees = revealed(built=True)
    assert trees
    rows = np.arange(SIZE[1])[:, None] + 0.5
    inner = hole & (rows > cards.base - 0.6 * (cards.base - cards.top)) & (rows < cards.base - 6)
    beside = np.zeros_like(hole)
    beside[115:167, :57] = beside[115:167, 424:] = True
    ours, theirs = (np.log(np.maximum(light_[where], 1e-4)) for light_, where in ((clean, inner), (light, beside)))
    # but for the sky's light in the air before farther rows
    assert np.abs(ours.mean(axis=0) - theirs.mean(axis=0)).max() < 0.35
    assert (ours.std(axis=0) < 1.15 * theirs.std(axis=0)).all()


def test_rims_of_crowns_are_no_stairs() -> None:
    clean = revealed(built=True)[0]
    truth = street(True)[3]
    share = (clean / truth).mean(axis=-1)[:150, 180:320]
    between = ((share > 0.55) & (share < 0.9)).sum(axis=0)
    assert between.mean() > 0.7, "pixels that the rim cuts are part sky, part leaves"


def test_trees_meet_trees_at_the_rim_and_change_nowhere_else() -> None:
    light = np.full((100, 300, 3), 0.05, np.float32)
    texture, beside = np.full_like(light, 0.08), np.zeros(light.shape[:2], bool)
    beside[:, :100] = True
    box = slice(0, 100), slice(100, 300)
    met = meeting(light[:, 100:], np.ones((100, 200), np.float32), texture, beside, box)
    assert np.allclose(met[:, 0], 0.08, rtol=0.12)
    assert np.allclose(met[:, 15:], 0.05, rtol=0.01)
    assert np.array_equal(meeting(light[:, 100:], np.ones((100, 200), np.float32), texture, beside & False, box), light[:, 100:])
