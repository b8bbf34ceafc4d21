"""Sections and rooms at true scale: details cover what they should of every pixel, whatever its size, and layers lie where they were built."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.render.materials import PLASTER_RGB, glazed, layer, sheeting, stripes, toothed, torn_off
from derrumbe.render.rooms import RAFTER, RAFTER_WIDTH, ceiling, underside
from derrumbe.render.sections import NOWHERE, PARTITION, SLAB, WALL, albedo, below, sides

FACADE = (0.4, 0.38, 0.35)
NO_LUMP = (1.0, -1.0, 0.5, (0.4, 0.38, 0.35))
UP, FRONT = (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


@pytest.mark.parametrize("pixel", [0.01, 0.1, 0.62, 1.7])
def test_stripes_cover_their_share_of_any_pixel(pixel):
    """Pixels laid side by side add up to the length of stripes under them, exactly: no aliasing, no flicker at any distance."""
    count = 200
    covered = sum(stripes(0.3 + (k + 0.5) * pixel, RAFTER, RAFTER_WIDTH, pixel) for k in range(count)) * pixel
    exact = stripes(0.3 + 0.5 * count * pixel, RAFTER, RAFTER_WIDTH, count * pixel) * count * pixel
    assert covered == pytest.approx(exact, abs=1e-9)
    assert exact == pytest.approx(count * pixel * RAFTER_WIDTH / RAFTER, abs=RAFTER_WIDTH)


def test_a_layer_covers_what_of_the_pixel_it_fills():
    assert layer(0.0, -1.0, 1.0, 0.5) == 1
    assert layer(1.0, -1.0, 1.0, 0.5) == pytest.approx(0.5)
    assert layer(0.0, 0.1, 0.12, 1.0) == pytest.approx(0.02)
    assert layer(2.0, -1.0, 1.0, 0.5) == 0


def test_the_largest_side_of_a_piece_is_the_one_it_is_layered_by():
    piece = np.array([0, 0, 0, 2])
    normal = np.array([UP, FRONT, FRONT, UP])
    corner = np.array([[0, 3.0, 0], [0, 0, 1.0], [1.0, 0, 1.0], [0, 5.0, 0]])
    planes = sides(piece, normal, corner, np.array([1.5, 1.0, 1.0, 1.0]), 3)
    assert below(planes[0], 9.0, 9.0, 0.75) == pytest.approx(0.25)
    assert below(planes[1], 0.0, 0.0, 0.0) == NOWHERE
    assert below(planes[2], 0.0, 4.9, 0.0) == pytest.approx(0.1)


def section(element: int, material: int, outer: float, inner: float, point: tuple[float, float, float] = (1.3, 2.2, 0.1)) -> np.ndarray:
    """Return the albedo of a break without lumps, its pixel 5 mm."""
    return np.array(albedo(element, material, 1, 0, point, (1.0, 0.0, 0.0), (1.0, 3.2, False), outer, inner, NO_LUMP, 0.005, FACADE, 7))


def test_a_broken_wall_shows_its_plaster_on_the_rooms_side_only():
    for material in (0, 1, 2):
        assert section(WALL, material, 0.35, 0.01) == pytest.approx(np.array(PLASTER_RGB))
        assert np.abs(section(WALL, material, 0.01, 0.35) - PLASTER_RGB).max() > 0.01


def test_a_broken_partition_shows_plaster_on_both():
    assert section(PARTITION, 0, 0.01, 0.14) == pytest.approx(np.array(PLASTER_RGB))
    assert section(PARTITION, 0, 0.14, 0.01) == pytest.approx(np.array(PLASTER_RGB))


def test_brick_is_redder_than_the_plaster_on_it():
    rows = [section(WALL, 0, 0.2, 0.2, (1.3, y, 0.1)) for y in np.linspace(0, 3, 60)]
    redness = np.array(rows)[:, 0] / np.array(rows)[:, 2]
    assert np.median(redness) > 1.2 * PLASTER_RGB[0] / PLASTER_RGB[2]


@pytest.mark.parametrize("pixel", [0.02, 0.11])
def test_a_floor_bears_on_the_rooms_side_of_a_wall(pixel):
    """A slab is a pale band under each floor, joists a row of pockets; neither reaches the face, nor the middle of the storey."""

    def wall(y: float, z: float, outer: float, joisted: bool) -> float:
        level = (y, 3.2, joisted)
        return sum(albedo(WALL, 0, 1, 0, (1.3, y, z), (1.0, 0.0, 0.0), level, outer, 0.6 - outer, NO_LUMP, pixel, FACADE, 7))

    places = np.linspace(0, 4.5, 200)
    band, middle = (np.array([wall(y, z, 0.4, False) for z in places]) for y in (3.07, 1.5))
    assert band.mean() > 1.2 * middle.mean()
    pockets = np.array([wall(3.03, z, 0.4, True) for z in places])
    assert pockets.min() < 0.4 * middle.mean()
    assert pockets.std() > 1.5 * middle.std()
    for joisted in (False, True):
        assert wall(3.07, 0.3, 0.1, joisted) == pytest.approx(wall(3.07, 0.3, 0.1, not joisted))


def test_masonry_breaks_in_lumps_of_several_stuffs():
    """Lumps as large as are seen differ far more than bricks that are too small for it: some pale, some as the face, some holes."""
    numbers = np.linspace(0, 0.999, 200)
    rgb = np.array([[torn_off((0.2, 0.1, 0.07), 0, (1.0, n, own, FACADE), 3) for n in numbers] for own in np.linspace(0.02, 0.98, 25)])
    light, redness = rgb.mean(-1), rgb[..., 0] / rgb[..., 2]
    assert np.percentile(light, 90) > 2.5 * np.percentile(light, 10)
    assert np.percentile(redness, 90) > 1.6 * np.percentile(redness, 10)
    # pieces tell from each other: most lumps of one are alike
    assert np.median(redness, axis=1).max() > 1.6 * np.median(redness, axis=1).min()
    assert torn_off((0.2, 0.1, 0.07), 0, NO_LUMP, 3) == pytest.approx((0.2, 0.1, 0.07))


def test_what_juts_out_over_a_lump_shades_it():
    """Along one column of lumps, bright beds lie over lumps that jut out, dark ones under others, and both keep their mean."""
    bright = np.array([[toothed(x, y, 0.6, 0.35, 3)[0] for y in np.arange(0, 20, 0.05)] for x in np.arange(0, 8, 0.4)])
    assert bright.min() < 0.6
    assert bright.max() > 1.3
    assert bright.mean() == pytest.approx(0.97, abs=0.06)


@pytest.mark.parametrize("pixel", [0.02, 0.06, 0.11])
def test_a_level_roof_is_no_blank_plate(pixel):
    """Sheets with seams, torn off in places: what differs from one metre to the next is more than half of the mean, and boards are seen."""
    rgb = np.array([[sheeting(x, 12.0, z, pixel, 5) for x in np.arange(0, 12, 0.3)] for z in np.arange(0, 12, 0.3)])
    light = rgb.mean(-1)
    assert light.std() > 0.2 * light.mean()
    warm = rgb[..., 0] > 1.25 * rgb[..., 2]
    assert 0.02 < warm.mean() < 0.4


def test_a_window_that_was_never_seen_has_sashes():
    rgb = np.array([[glazed(x, y, 0.06, 5) for x in np.arange(0, 4, 0.05)] for y in np.arange(0, 4, 0.05)]).mean(-1)
    assert rgb.max() > 3 * np.median(rgb)


def test_a_floor_of_timber_is_dark_between_its_joists():
    along = np.array([section(SLAB, 3, 0.12, 0.1, (0.1, 2.2, z)) for z in np.linspace(0, 4.5, 900)]).sum(1)
    dark = along < 0.12
    assert 0.6 < dark.mean() < 0.9
    # joists lie 0.45 m apart: ten of them
    assert np.count_nonzero(np.diff(dark.astype(int)) == -1) == pytest.approx(10, abs=1)


@pytest.mark.parametrize("slope", [(0.6, -0.8, 0.0), (0.0, -0.8, -0.6), (0.0, -1.0, 0.0)])
def test_rafters_run_up_the_slope(slope):
    """Across the slope the underside changes from rafter to boards; far away it is the mean of both."""
    level = np.array([slope[2], 0.0, -slope[0]]) if abs(slope[1]) < 1 else np.array([1.0, 0, 0])
    level /= np.linalg.norm(level)
    near = np.array([underside(5, *(t * level + (0, 1, 1)), *slope, 0.01, FACADE, 3) for t in np.arange(0, 12.4, 0.01)])[:, 0]
    far = np.array([underside(5, *(t * level + (0, 1, 1)), *slope, 3.1, FACADE, 3) for t in np.arange(0, 12.4, 0.31)])[:, 0]
    assert near.std() > 0.15 * near.mean()
    assert far.mean() == pytest.approx(near.mean(), rel=0.35)
    assert far.std() < 0.6 * near.std()


def test_what_rooms_show_is_an_albedo():
    rng = np.random.default_rng(2)
    for _ in range(300):
        x, y, z = rng.uniform(-20, 20, 3)
        pixel = 10 ** rng.uniform(-3, 0.3)
        for material in range(6):
            for face, normal in ((2, UP), (2, (0.0, -1.0, 0.0)), (3, FRONT), (1, FRONT), (0, FRONT)):
                for element in range(7):
                    lump = rng.uniform(0.3, 1.8), rng.uniform(-1, 1), rng.uniform(), FACADE
                    outer, inner = rng.uniform(0, 0.4, 2)
                    level = y % 3, 3.0, material % 2 == 0
                    rgb = albedo(element, material, face, 2, (x, y, z), normal, level, outer, inner, lump, pixel, FACADE, 5)
                    assert 0 <= min(rgb) <= max(rgb) < 1.4
        assert max(ceiling(3, x, y, z, pixel, FACADE, 5)) < 1.2
