"""What stands before a building and nobody drew: plants of any colour and posts are found, walls and their columns are not."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from derrumbe.cli.demo import OUTLINE, photograph
from derrumbe.survey.filters import filled
from derrumbe.survey.in_front_by_look import caution_of, doubts_of, foot_rows, propose
from derrumbe.survey.mattes import find_mattes
from derrumbe.survey.posts import find_posts
from tests.survey.scenes import building

SCENE = building(eye=(3.0, 1.7, 30.0), aim=(0.0, 5.0, 0.0))
LEFT, RIGHT = int(SCENE.outline[:, 0].min()), int(SCENE.outline[:, 0].max())
FOOT = int(SCENE.outline[:, 1].max())
PLATES = Path(__file__).resolve().parents[3] / "shared" / "plates"


def with_bush(colour: tuple[int, int, int], at: int, down: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the scene with a bush of a colour, its middle at column `at` and `down` rows below the foot, and where it is."""
    codes, rng = SCENE.codes.copy(), np.random.default_rng(3)
    bush = np.zeros(codes.shape[:2], np.uint8)
    for _ in range(1200):
        x, y = (int(v) for v in rng.normal((at, FOOT - 45 + down), (26, 22)))
        shade = tuple(float(c) for c in np.array(colour) * rng.uniform(0.3, 1.5))
        ends = [(x, y), (x + int(rng.integers(-4, 5)), y + int(rng.integers(-4, 5)))]
        cv2.line(codes, *ends, shade, 2)
        cv2.line(bush, *ends, 1, 2)
    return codes, bush > 0


def with_post(left: int, top: int, bottom: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the scene with a dark post 5 pixels wide, and where it is."""
    codes, post = SCENE.codes.copy(), np.zeros(SCENE.codes.shape[:2], bool)
    post[top:bottom, left : left + 5] = True
    codes[post] = (28, 30, 34)
    return codes, post


@pytest.mark.parametrize("colour", [(70, 120, 35), (150, 120, 30), (60, 50, 40)])
def test_bushes_are_found_whatever_their_colour(colour: tuple[int, int, int]) -> None:
    codes, bush = with_bush(colour, (LEFT + RIGHT) // 2, 10)
    mattes = find_mattes(codes, SCENE.outline, ())
    core = cv2.erode(cv2.morphologyEx(bush.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7))), np.ones((9, 9))) > 0
    core[FOOT:] = False
    assert mattes.front[core].mean() > 0.7
    assert mattes.front[mattes.region & ~cv2.dilate(bush.astype(np.uint8), np.ones((41, 41))).astype(bool)].mean() < 0.005


def test_a_crown_is_whole_beside_the_building() -> None:
    """Sparse leaves before water and haze are no plant's texture (the demo's conifer): they hang together with the crown, the gaps stay out."""
    codes = cv2.cvtColor(cv2.imread(str(photograph())), cv2.COLOR_BGR2RGB)
    outline = np.array(json.loads(OUTLINE.read_text())["building_polygon"])
    front = find_mattes(codes, outline, ()).front
    rim = (slice(150, 280), slice(548, 600))
    dark = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY)[rim] < 90
    assert front[rim][dark].mean() > 0.7
    assert front[150:270, 440:540].mean() < 0.01


def test_what_is_said_not_to_be_in_front_is_not_found_and_what_is_drawn_stays() -> None:
    codes, _ = with_bush((70, 120, 35), (LEFT + RIGHT) // 2, 10)
    found = find_mattes(codes, SCENE.outline, ()).front
    half = ((0.0, 0.0), ((LEFT + RIGHT) / 2, 0.0), ((LEFT + RIGHT) / 2, 1e4), (0.0, 1e4))
    front = find_mattes(codes, SCENE.outline, (), (), 0.5, (half,)).front
    middle = (LEFT + RIGHT) // 2
    assert front[:, : middle - 1].max() == 0
    assert np.array_equal(front[:, middle + 1 :], found[:, middle + 1 :])
    assert found[:, : middle - 1].max() > 0.9
    box = ((middle - 30.0, FOOT - 40.0), (middle - 5.0, FOOT - 40.0), (middle - 5.0, FOOT + 5.0), (middle - 30.0, FOOT + 5.0))
    assert find_mattes(codes, SCENE.outline, (box,), (), 0.5, (half,)).front[:, : middle - 1].max() > 0.5


def test_each_plant_that_is_drawn_is_a_thing_of_its_own() -> None:
    codes, _ = with_bush((70, 120, 35), (LEFT + RIGHT) // 2, 10)
    middle, high = (LEFT + RIGHT) / 2, FOOT - 60.0
    whole = ((middle - 40, high), (middle + 40, high), (middle + 40, FOOT + 10.0), (middle - 40, FOOT + 10.0))
    bed = ((0.0, FOOT + 5.0), (1e4, FOOT + 5.0), (1e4, 1e4), (0.0, 1e4))
    mattes = find_mattes(codes, SCENE.outline, (), (whole, bed))
    own = mattes.front > 0.5
    assert set(np.unique(mattes.parts[own & (np.indices(own.shape)[0] < FOOT)])) >= {1}
    assert 1 not in mattes.parts[int(FOOT) + 12 :]


def test_a_lawn_around_a_bush_is_ground() -> None:
    """Grass as green as the bush, even, and joined to it: dust rolls over it and settles on it."""
    codes, bush = with_bush((70, 120, 35), (LEFT + RIGHT) // 2, 10)
    rng = np.random.default_rng(5)
    lawn = (np.arange(len(codes))[:, None] > FOOT + 2) & ~bush
    grass = np.array((96, 124, 58)) + cv2.GaussianBlur(rng.normal(0, 8, codes.shape[:2]), (0, 0), 1.0)[..., None] * 3
    codes = np.where(lawn[..., None], np.clip(grass, 0, 255), codes).astype(np.uint8)
    front = find_mattes(codes, SCENE.outline, ()).front
    assert front[lawn & ~cv2.dilate(bush.astype(np.uint8), np.ones((31, 31))).astype(bool)].mean() < 0.02
    core = cv2.erode(cv2.morphologyEx(bush.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7))), np.ones((9, 9))) > 0
    core[FOOT:] = False
    assert front[core].mean() > 0.7


def test_a_bare_tree_is_drawn_roughly_and_told_from_the_wall_between_its_branches() -> None:
    codes, tree = SCENE.codes.copy(), np.zeros(SCENE.codes.shape[:2], np.uint8)
    foot = ((LEFT + RIGHT) // 2, FOOT + 8)
    for angle in np.radians(range(-60, 61, 15)):
        tip = (int(foot[0] + 60 * np.sin(angle)), int(foot[1] - 25 - 60 * np.cos(angle)))
        cv2.line(tree, (foot[0], foot[1] - 25), tip, 1, 2)
    cv2.line(tree, foot, (foot[0], foot[1] - 25), 1, 4)
    codes[tree > 0] = (45, 38, 34)
    rough = ((foot[0] - 75.0, FOOT - 90.0), (foot[0] + 75.0, FOOT - 90.0), (foot[0] + 75.0, FOOT + 8.0), (foot[0] - 75.0, FOOT + 8.0))
    front = find_mattes(codes, SCENE.outline, (), sureness=1.0, branches=(rough,)).front
    gaps = cv2.dilate(tree, np.ones((7, 7))) == 0
    assert front[tree > 0].mean() > 0.7
    assert front[gaps].mean() < 0.01
    assert find_mattes(codes, SCENE.outline, (), (), 1.0, (rough,), (rough,)).front.max() == 0.0


def test_a_hanging_garden_belongs_to_the_building() -> None:
    codes, _ = with_bush((70, 120, 35), (LEFT + RIGHT) // 2, -110)
    assert find_mattes(codes, SCENE.outline, ()).front.max() == 0.0


def test_a_post_is_found_whole_and_only_there() -> None:
    codes, post = with_post((LEFT + RIGHT) // 2, FOOT - 120, FOOT + 60)
    found = find_mattes(codes, SCENE.outline, ()).front > 0.5
    assert found[post].mean() > 0.9
    assert np.count_nonzero(found & ~post) < 0.15 * np.count_nonzero(post)


def test_a_post_goes_on_before_a_door_as_dark_as_itself() -> None:
    left = (LEFT + RIGHT) // 2
    codes, post = with_post(left, FOOT - 120, FOOT + 60)
    codes[FOOT - 70 : FOOT - 45, left - 10 : left + 30] = (30, 31, 34)
    codes[post] = (28, 30, 34)
    front = find_mattes(codes, SCENE.outline, ()).front
    assert (front[FOOT - 110 : FOOT + 50, left : left + 5].max(1) > 0.5).all()


def test_a_column_that_ends_with_the_wall_is_no_post() -> None:
    codes, _ = with_post((LEFT + RIGHT) // 2, FOOT - 120, FOOT)
    assert find_posts(codes, foot_rows(SCENE.outline, codes.shape[1], codes.shape[0])) == ()


def test_nothing_is_kept_that_isnt_drawn_when_asked() -> None:
    codes, _ = with_bush((70, 120, 35), (LEFT + RIGHT) // 2, 10)
    mattes = find_mattes(codes, SCENE.outline, (), sureness=1.0)
    assert mattes.front.max() == 0.0


def test_what_is_unsure_is_named_in_pixels_of_the_source() -> None:
    codes, _bush = with_bush((70, 120, 35), (LEFT + RIGHT) // 2, 10)
    proposals = find_mattes(codes, SCENE.outline, ()).proposals
    assert doubts_of(proposals, 0.0) == ()
    caution = caution_of(doubts_of(proposals, 1.01)[0], 2.0)
    assert "foliage_polygons" in caution.remedy
    assert str(int(2 * np.flatnonzero(proposals[0].mask.any(axis=0))[0])) in caution.what


@pytest.mark.parametrize(("name", "least"), [("capitol-photo", 0.6), ("lund-street", 0.7), ("sceaux-castle", None), ("suburb-drone", None)])
def test_real_plates(name: str, least: float | None) -> None:
    described = PLATES / name / "plate.json"
    if not described.exists():
        pytest.skip("the plates are not here")
    plate = json.loads(described.read_text())
    codes = _first_frame(described.parent / plate["media"])
    scale = 1000 / max(codes.shape)
    codes = cv2.resize(codes, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    outline = np.array(plate["building_polygon"]) * scale
    region = filled([outline], codes.shape[:2]) > 0
    found = np.logical_or.reduce([np.zeros_like(region), *(one.mask for one in propose(codes, outline, region, np.zeros(region.shape)))])
    truth = json.loads((Path(__file__).parent / f"truth/standing/{name}.json").read_text())
    real = filled([np.array(polygon) * scale for polygon in truth["porous"].values()], region.shape) > 0
    other = filled([np.array(polygon) * scale for polygon in [*truth["solid"].values(), *truth["ignore"]]], region.shape) > 0
    wrong = np.count_nonzero(found & region & ~real & ~other)
    assert wrong < 0.03 * np.count_nonzero(region)
    if least is not None:
        assert np.count_nonzero(found & real & region) > least * np.count_nonzero(real & region)


def _first_frame(path: Path) -> np.ndarray:
    if path.suffix != ".mp4":
        return cv2.imread(str(path))[..., ::-1].copy()
    return cv2.VideoCapture(str(path)).read()[1][..., ::-1].copy()


def test_bare_branches_are_kept_twig_by_twig_and_the_wall_between_them_is_not() -> None:
    at = (LEFT + RIGHT) // 2
    codes, bush = with_bush((60, 50, 40), at, 10)
    rng, crown = np.random.default_rng(5), np.zeros(bush.shape, np.uint8)
    for _ in range(30):
        x, y, turn = at + rng.uniform(-45, 45), FOOT - 60.0, -np.pi / 2 + rng.uniform(-0.6, 0.6)
        for _ in range(9):
            turn += rng.normal(0, 0.3)
            u, v = x + 14 * np.cos(turn), y + 14 * np.sin(turn)
            for drawn, colour in ((codes, (45, 38, 30)), (crown, 1)):
                cv2.line(drawn, (round(x), round(y)), (round(u), round(v)), colour, 2)
            x, y = u, v
    front = find_mattes(codes, SCENE.outline, ()).front
    bare = ~cv2.dilate(crown | bush.astype(np.uint8), np.ones((5, 5))).astype(bool)
    for rows, least in ((slice(FOOT - 110, FOOT - 90), 0.9), (slice(FOOT - 150, FOOT - 130), 0.5)):
        around = np.zeros(bush.shape, bool)
        around[rows, at - 45 : at + 45] = True
        assert front[around & (crown > 0)].mean() > least
        assert front[around & bare].mean() < 0.1
