"""Mattes, reference and clean plate on pictures of known truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from derrumbe.core.knobs import Light
from derrumbe.core.records import NoiseModel
from derrumbe.core.work import Work
from derrumbe.media.colour import from_display
from derrumbe.survey import cleanplate, light, look
from derrumbe.survey.filters import filled, shrunk, soft_edge, widened
from derrumbe.survey.ground import fill_ground
from derrumbe.survey.mattes import find_mattes
from derrumbe.survey.matting import display_like
from derrumbe.survey.passers import passing_alpha
from derrumbe.survey.reference import build_reference, denoised
from derrumbe.survey.silhouette import building_region, contour_of
from derrumbe.survey.sky import find_sky
from derrumbe.survey.skyline import skyline_rows
from tests.survey.plates import plate_of
from tests.survey.scenes import building, overlap

SCENE = building(eye=(3.0, 1.7, 30.0), aim=(0.0, 5.0, 0.0))


def gradient_sky(height: int = 240, width: int = 360) -> np.ndarray:
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return np.stack([0.25 + 0.3 * y + 0.05 * x, 0.4 + 0.25 * y + 0.04 * x, 0.8 + 0.1 * y], -1).astype(np.float32)


def test_sky_is_found_up_to_the_roof() -> None:
    mask = filled([SCENE.outline], SCENE.codes.shape[:2])
    sky = find_sky(SCENE.codes, mask, float(SCENE.outline[:, 1].max()))
    truth = np.all(np.abs(SCENE.codes.astype(int) - (175, 205, 235)) < 4, axis=-1)
    assert overlap(sky > 0.5, truth) > 0.995


def test_a_wall_to_wall_picture_has_no_sky() -> None:
    rng = np.random.default_rng(4)
    codes = cv2.resize(rng.integers(60, 120, (48, 64, 3), np.uint8), (640, 480), interpolation=cv2.INTER_NEAREST)
    outline = filled([np.array([[100, 100], [500, 100], [500, 400], [100, 400.0]])], (480, 640))
    assert find_sky(codes, outline, 400.0).max() == 0.0


@pytest.mark.parametrize(("roof", "soft"), [((120, 190, 180), 0.1), ((222, 244, 246), 3.0)], ids=["blue", "pale, without an edge"])
def test_a_roof_under_a_white_sky_is_no_sky(roof: tuple[int, int, int], soft: float) -> None:
    codes = np.full((300, 400, 3), 250, np.uint8)
    codes[120:150, 200:360] = roof
    codes[:150] = cv2.GaussianBlur(codes[:150], (0, 0), soft)
    codes[150:] = (110, 90, 70)
    sky = find_sky(codes, np.zeros((300, 400), np.uint8), 150.0)
    assert sky[125:145, 205:355].max() < 0.5
    assert sky[5:110].min() > 0.9


@pytest.mark.parametrize(("clear", "wall"), [(True, False), (False, False), (True, True)])
def test_sky_between_chimneys_is_found_deep_inside_an_outline(clear: bool, wall: bool) -> None:
    """The outline runs over a notch 40 pixels deep and more: a clear sky's own colours go on in it; where the sky is one white, or a pale wall stands there,
    none is told."""
    rows, columns = np.mgrid[:400, :640]
    codes = np.full((400, 640, 3), 255, np.float32)
    if clear:
        codes -= np.stack([70 - 0.12 * rows + 0.03 * columns, 30 - 0.06 * rows, 0 * rows], -1)
    house = (rows > 120) & (columns > 100) & (columns < 540) & ~((rows < 180) & (columns > 300) & (columns < 330))
    codes[house] = (70, 70, 90)
    notch = (rows > 130) & (rows < 158) & (columns > 306) & (columns < 324)
    if wall:
        codes[(rows > 124) & (rows < 180) & (columns > 300) & (columns < 330)] = (214, 205, 190)
    codes = np.clip(codes + np.random.default_rng(2).normal(0, 1, codes.shape), 0, 255).astype(np.uint8)
    outline = ((rows > 120) & (columns > 100) & (columns < 540)).astype(np.uint8) * 255
    sky = find_sky(codes, outline, 360.0)
    assert sky[:100].min() > 0.9
    assert sky[house].mean() < 0.01
    assert sky[notch].mean() > 0.95 if clear and not wall else sky[notch].mean() < 0.05


@pytest.mark.parametrize("horizon", [-300.0, -60.0, -8.0])
def test_water_seen_from_above_is_no_sky(horizon: float) -> None:
    codes = np.full((300, 400, 3), (110, 90, 70), np.uint8)
    codes[5:60, 100:300] = (120, 160, 215)
    codes[:5] = (130, 165, 215)
    assert find_sky(codes, np.zeros((300, 400), np.uint8), horizon).max() == 0.0


@pytest.mark.parametrize(("below", "ends"), [(0.0, False), (30.0, True)], ids=["a cloud", "a lake"])
def test_a_sky_ends_at_a_shore_and_not_at_the_lower_edge_of_a_cloud(below: float, ends: bool) -> None:
    """Both are level steps to darker across most of the picture; under a cloud the sky pales again, water stays darker."""
    rows = np.arange(400)[:, None]
    light = np.where(rows < 200, 215.0, 208.0 - below) + np.where(rows > 200, (rows - 200) * (0.0 if below else 0.14), 0)
    codes = np.stack([light - 25, light - 8, light + 12], -1) * np.ones((1, 640, 1))
    codes[340:] = (70, 80, 60)
    codes[120:340, 280:360] = (130, 90, 80)
    codes = np.clip(codes + np.random.default_rng(1).normal(0, 1, codes.shape), 0, 255).astype(np.uint8)
    outline = filled([np.array([[280, 120], [360, 120], [360, 340], [280, 340.0]])], (400, 640))
    sky = find_sky(codes, outline, 340.0)
    assert sky[20:190, :270].min() > 0.9
    assert sky[240:330, :270].max() < 0.1 if ends else sky[240:330, :270].min() > 0.9


def test_polygons_that_overlap_are_one_mask() -> None:
    first, second = (np.array([[x, 10], [x + 40, 10], [x + 40, 40], [x, 40.0]]) for x in (10, 30))
    assert np.array_equal(filled([first, second], (60, 90)), np.maximum(filled([first], (60, 90)), filled([second], (60, 90))))


@pytest.mark.parametrize("by", [-4.0, 4.0])
def test_a_sloppy_outline_snaps_to_the_sky(by: float) -> None:
    truth = filled([SCENE.outline], SCENE.codes.shape[:2]) > 0
    centre = SCENE.outline.mean(axis=0)
    sloppy = SCENE.outline + np.sign(SCENE.outline - centre) * (by, by * 0.5) * (SCENE.outline[:, 1:] < centre[1])
    sky = find_sky(SCENE.codes, filled([sloppy], truth.shape), float(SCENE.outline[:, 1].max()))
    above = np.arange(truth.shape[0])[:, None] < np.median(SCENE.outline[:, 1])
    assert overlap(building_region(sloppy, sky) & above, truth & above) > 0.99


def test_a_finial_above_the_outline_goes_with_the_building() -> None:
    codes = SCENE.codes.copy()
    top, left = int(SCENE.outline[:, 1].min()), int(SCENE.outline[:, 0].mean())
    codes[top - 22 : top + 2, left - 1 : left + 2] = 40
    codes[top - 26 : top - 18, left - 4 : left + 5] = 40
    sky = find_sky(codes, filled([SCENE.outline], codes.shape[:2]), float(SCENE.outline[:, 1].max()))
    assert building_region(SCENE.outline, sky)[top - 25 : top, left].all()


def test_contours_run_along_the_edges_of_pixels() -> None:
    region = np.zeros((100, 120), bool)
    region[20:60, 30:90] = True
    contour = contour_of(region)
    assert contour.min(axis=0) == pytest.approx([30, 20], abs=0.3)
    assert contour.max(axis=0) == pytest.approx([90, 60], abs=0.3)


def test_soft_edge_recovers_an_antialiased_edge() -> None:
    truth = np.clip((np.mgrid[0:80, 0:80][1] - 40.3 + 0.3 * np.mgrid[0:80, 0:80][0] / 10) + 0.5, 0, 1).astype(np.float32)
    picture = (0.8 * truth + 0.2 * (1 - truth))[..., None] * np.ones(3, np.float32)
    assert np.abs(soft_edge(picture, truth > 0.5, 3) - truth).max() < 0.12


@pytest.mark.parametrize("radius", [1.5, 7.0, 30.0])
def test_widening_and_shrinking_mirror_each_other(radius: float) -> None:
    mask = filled([np.array([[60, 50], [150, 60], [140, 160], [50, 150.0]])], (220, 220)) > 0
    assert np.array_equal(~widened(mask, radius), shrunk(~mask, radius))
    assert (widened(mask, radius) & mask).sum() == mask.sum()


def test_a_gradient_sky_is_recovered_behind_the_building() -> None:
    truth = gradient_sky()
    hole = np.zeros(truth.shape[:2], bool)
    hole[70:, 120:240] = True
    picture = np.where(hole[..., None], np.float32(0.1), truth)
    found = cleanplate.fill_sky(picture, (~hole).astype(np.float32), hole, 1)
    assert np.abs(found - truth)[:190].max() < 0.02
    rim = widened(hole, 4) & ~hole
    assert np.abs(found - truth)[rim].max() < 0.01, "no step at the outline"


def test_the_clean_plate_is_the_texture_where_nothing_was_hidden() -> None:
    truth = gradient_sky()
    truth[170:] = np.random.default_rng(5).uniform(0.1, 0.3, truth[170:].shape)
    hole = np.zeros(truth.shape[:2], bool)
    hole[60:200, 130:230] = True
    sky = np.zeros(truth.shape[:2], np.float32)
    sky[:170] = 1.0
    sky[hole] = 0.0
    skyline, base = np.full(360, 170.0, np.float32), np.full(360, 172.0, np.float32)
    heaven = cleanplate.fill_sky(truth, sky, hole, 1)
    ground = fill_ground(truth, hole, sky, skyline, base, np.zeros_like(hole), 1)
    clean = cleanplate.stitched(
        cleanplate.joined(truth, heaven, ground, hole, sky, skyline), heaven, hole, skyline, base, np.zeros_like(hole), 1
    )
    far = ~widened(hole, 12)
    assert np.array_equal(clean[far], truth[far])
    assert np.abs(clean - truth)[80:150, 135:225].max() < 0.02
    filled_ground = clean[180:198, 135:225]
    assert 0.08 < filled_ground.mean() < 0.32
    assert filled_ground.std() > 0.5 * truth[180:198, :100].std(), "patches, not a smear"


def test_same_seed_same_fill() -> None:
    rng = np.random.default_rng(6)
    picture = rng.uniform(0, 1, (80, 100, 3)).astype(np.float32)
    hole = np.zeros((80, 100), bool)
    hole[30:50, 40:60] = True
    nothing, rows = np.zeros((80, 100), np.float32), np.zeros(100, np.float32)
    first, second = (fill_ground(picture, hole, nothing, rows, rows, np.zeros_like(hole), 9) for _ in range(2))
    assert np.array_equal(first, second)


def test_nothing_behind_a_building_seen_from_above_is_sky() -> None:
    sky, hole = np.zeros((300, 400), np.float32), np.zeros((300, 400), bool)
    hole[100:200, 150:250] = True
    over, under = (skyline_rows(sky, hole, horizon, np.random.default_rng(1))[150:250] for horizon in (-24.0, 130.0))
    assert over.max() <= 100
    assert under.min() > 130, "from the street the sky may begin right behind it"


def test_the_skyline_goes_on_from_both_sides() -> None:
    sky = np.zeros((200, 300), np.float32)
    sky[:120, :100] = 1
    sky[:140, 200:] = 1
    hole = np.zeros((200, 300), bool)
    hole[40:180, 100:200] = True
    rows = skyline_rows(sky, hole, 150.0, np.random.default_rng(1))
    assert rows[:100] == pytest.approx(120)
    assert rows[200:] == pytest.approx(140)
    assert ((rows[100:200] > 112) & (rows[100:200] < 150)).all()


def test_passers_by_and_grain_are_averaged_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    still = SCENE.codes[::2, ::2].astype(float)
    noise = NoiseModel(
        levels=(0.0, 1.0), variance_at=((1e-4, 1e-4),) * 3, spatial=((1.0,),), channel=((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0))
    )
    frames = []
    for index in range(12):
        frame = np.clip(still + rng.normal(0, 4, still.shape), 0, 255).astype(np.uint8)
        frame[200:260, 10 + 30 * index : 30 + 30 * index] = (200, 20, 20)
        frames.append(frame)
    plate = plate_of(tmp_path, frames, noise=noise)
    reference = build_reference(plate, 1006, Work(tmp_path))
    truth = from_display(still.astype(np.uint8))
    assert np.abs(reference.texture - truth).max() < 0.16
    assert np.sqrt(np.mean((reference.texture - truth) ** 2)) < 0.012
    alpha = passing_alpha(display_like(from_display(frames[8])), reference.usual, reference.unrest)
    assert alpha[205:255, 252:268].min() > 0.95
    assert alpha[:190].max() == 0.0


def test_denoising_keeps_edges_and_flattens_grain() -> None:
    rng = np.random.default_rng(8)
    truth = np.full((100, 100, 3), 0.2, np.float32)
    truth[:, 50:] = 0.7
    noise = NoiseModel(
        levels=(0.0, 1.0), variance_at=((4e-4, 4e-4),) * 3, spatial=((1.0,),), channel=((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0))
    )
    out = denoised(truth + rng.normal(0, 0.02, truth.shape).astype(np.float32), noise, 1)
    assert out[:, :45].std() < 0.011
    assert np.abs(out[:, 50:52].mean() - out[:, 48:50].mean()) == pytest.approx(0.5, abs=0.02)


def test_a_tree_in_front_is_kept_out_of_the_building() -> None:
    codes = SCENE.codes.copy()
    rng = np.random.default_rng(10)
    left, bottom = int(SCENE.outline[:, 0].min()), int(SCENE.outline[:, 1].max())
    tree = np.zeros(codes.shape[:2], bool)
    for _ in range(900):
        x, y = left + rng.normal(30, 28), bottom - abs(rng.normal(60, 45))
        colour = np.array((60, 100, 30)) * rng.uniform(0.5, 1.5)
        cv2.circle(codes, (int(x), int(y)), 4, tuple(float(c) for c in colour), -1)
        spot = np.zeros(codes.shape[:2], np.uint8)
        cv2.circle(spot, (int(x), int(y)), 4, 1, -1)
        tree |= spot > 0
    front = find_mattes(codes, SCENE.outline, ()).front
    core = shrunk(tree, 3) & (np.arange(tree.shape[0])[:, None] < bottom)
    assert front[core].mean() > 0.85
    assert front[~widened(tree, 8)].mean() < 0.005
    assert find_mattes(SCENE.codes, SCENE.outline, ()).front.max() == 0.0


@pytest.mark.parametrize("overcast", [False, True])
@pytest.mark.parametrize("material", ["brick", "stone"])
def test_light_makes_a_wall_of_its_albedo_show_as_in_the_plate(overcast: bool, material: str) -> None:
    texture = np.full((60, 80, 3), 0.3, np.float32)
    texture[:30] = (0.5, 0.6, 0.9)
    sky = np.zeros((60, 80), np.float32)
    sky[:30] = 1
    walls, ground = np.zeros((60, 80), bool), np.zeros((60, 80), bool)  # no ground is seen: the wall alone tells
    walls[30:45] = True
    texture[58:] = 3.0  # something white in full light
    normal = np.array([0.0, 0.0, 1.0])
    sun = light.estimate(
        texture, sky, walls, ground, normal, material, Light(sky="overcast" if overcast else "clear", sun_azimuth=180, sun_elevation=30)
    )
    facing = max(0.0, float(np.dot(sun.direction, normal)))
    arriving = np.asarray(sun.rgb) * facing + 0.5 * (np.asarray(sun.sky_rgb) + np.asarray(sun.ground_rgb))
    assert light.ALBEDO[material] * float(arriving @ light.LUMA) == pytest.approx(0.3, rel=1e-3)
    assert sun.overcast == overcast
    assert sun.direction == pytest.approx((0, 0.5, np.sqrt(0.75)), abs=1e-6), "180 is behind the camera"


def test_sun_azimuth_90_is_right_of_frame() -> None:
    assert light.towards(90, 0) == pytest.approx([1, 0, 0], abs=1e-9)
    assert light.towards(0, 0) == pytest.approx([0, 0, -1], abs=1e-9)


@pytest.mark.parametrize("sigma", [0.6, 1.0, 1.8])
def test_edge_softness_is_measured(sigma: float) -> None:
    rng = np.random.default_rng(11)
    large = np.zeros((1200, 1600), np.float32)
    for _ in range(60):
        x, y, w, h = *rng.integers(0, 1300, 2), *rng.integers(100, 300, 2)
        large[y : y + h, x : x + w] = rng.uniform(0, 1)
    soft = cv2.GaussianBlur(large, (0, 0), 4 * sigma).reshape(300, 4, 400, 4).mean((1, 3))
    codes = np.repeat(np.clip(255 * soft, 0, 255).astype(np.uint8)[..., None], 3, 2)
    assert look.edge_softness(codes) == pytest.approx(sigma, abs=0.15)


@pytest.mark.parametrize(
    ("colour", "material"),
    [((0.24, 0.17, 0.13), "brick"), ((0.3, 0.3, 0.29), "concrete"), ((0.33, 0.3, 0.22), "stone"), ((0.2, 0.14, 0.08), "timber")],
)
def test_material_is_guessed_from_colour(colour: tuple, material: str) -> None:
    assert look.guess_material(np.array(colour)) == material


def test_grey_that_is_brick_and_stone_by_turns_is_no_concrete() -> None:
    walls = np.full((40, 40), True)
    courses = np.where(np.arange(40)[:, None, None] % 4 < 1, (0.34, 0.24, 0.22), (0.28, 0.31, 0.33)) * np.ones((1, 40, 1))
    even = np.full_like(courses, 0.3)
    assert look.guess_material(look.wall_colour(courses, walls), look.hue_spread(courses, walls)) == "stone"
    assert look.guess_material(look.wall_colour(even, walls), look.hue_spread(even, walls)) == "concrete"


def _street_with_a_hole(left: int, right: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a picture of sky, red houses and grey ground, its sky, and a hole from the sky to the ground between two columns."""
    rng = np.random.default_rng(4)
    picture = np.empty((120, 200, 3), np.float32)
    picture[:40], picture[40:90], picture[90:] = (0.5, 0.7, 0.9), (0.5, 0.15, 0.1), (0.3, 0.3, 0.3)
    picture *= rng.uniform(0.95, 1.05, (120, 200, 1)).astype(np.float32)
    sky = np.zeros((120, 200), np.float32)
    sky[:40] = 1
    hole = np.zeros((120, 200), bool)
    hole[20:100, left:right] = True
    sky[hole] = 0
    return picture, sky, hole


def test_houses_go_on_behind_a_narrow_building_and_not_the_street() -> None:
    picture, sky, hole = _street_with_a_hole(80, 120)
    skyline, base = np.full(200, 40.0, np.float32), np.full(200, 90.0, np.float32)
    filled = fill_ground(picture, hole, sky, skyline, base, np.zeros_like(hole), 1)
    assert (filled[48:84, 82:118, 0] > 2 * filled[48:84, 82:118, 2]).mean() > 0.95
    assert np.abs(filled[94:98, 82:118] - 0.3).mean() < 0.05


def test_a_skyline_is_not_made_of_next_to_none() -> None:
    """A dozen columns of real skyline would repeat as a comb."""
    picture, _, hole = _street_with_a_hole(4, 196)
    skyline, base = np.full(200, 40.0, np.float32), np.full(200, 90.0, np.float32)
    heaven = np.broadcast_to(picture[0, 0], picture.shape)
    assert cleanplate.stitched(picture, heaven, hole, skyline, base, np.zeros_like(hole), 1) is picture


def test_clouds_and_a_dark_roof_at_the_rim_do_not_change_the_blue_behind() -> None:
    truth = gradient_sky()
    picture = truth.copy()
    for y, x in ((60, 60), (110, 40), (140, 90)):
        cv2.circle(picture, (x, y), 22, (0.9, 0.9, 0.95), -1)
    hole = np.zeros(truth.shape[:2], bool)
    hole[:, 230:] = True
    picture[hole] = 0.05
    picture[:40, 226:230] = 0.05
    found = cleanplate.fill_sky(picture, (~hole).astype(np.float32), hole, 1)
    # clouds go on behind, too: what is asked is the blue between them
    assert np.median(np.abs(found - truth)[:200, 245:]) < 0.02
    assert found[:200, 245:].min() > 0.6 * truth[:200, 245:].min()


def test_a_sky_that_the_first_frame_hides_is_that_of_other_frames_or_hazy() -> None:
    texture = np.full((40, 60, 3), (0.5, 0.4, 0.3), np.float32)
    none, hole = np.zeros((40, 60), np.float32), np.ones((40, 60), bool)
    seen = cleanplate.fill_sky(texture, none, hole, 1, np.array([0.3, 0.5, 0.9], np.float32))
    assert np.allclose(seen, (0.3, 0.5, 0.9), rtol=0.2)
    low = cleanplate.fill_sky(texture, none, hole, 1, np.array([0.3, 0.5, 0.9], np.float32), 40.0, 60.0)
    assert (low[-1].mean(axis=0) > low[0].mean(axis=0)).all(), "towards the horizon it gets paler"
    made_up = cleanplate.fill_sky(texture, none, hole, 1)[0, 0]
    # a pale wall's colour is none of a sky
    assert made_up[0] < made_up[1] < made_up[2]
