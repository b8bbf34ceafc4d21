"""Sections and rooms at true scale: details cover what they should of every pixel, whatever its size, and layers lie where they were built."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.render.materials import PLASTER_RGB, layer, stripes
from derrumbe.render.rooms import RAFTER, RAFTER_WIDTH, ceiling, underside
from derrumbe.render.sections import NOWHERE, PARTITION, SLAB, WALL, albedo, below, sides

FACADE = (0.4, 0.38, 0.35)
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
    """Return the albedo of a break, its pixel 5 mm."""
    return np.array(albedo(element, material, 1, 0, point, (1.0, 0.0, 0.0), 1.0, outer, inner, 0.005, FACADE, 7))


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
                    rgb = albedo(
                        element, material, face, 2, (x, y, z), normal, y % 3, rng.uniform(0, 0.4), rng.uniform(0, 0.4), pixel, FACADE, 5
                    )
                    assert 0 <= min(rgb) <= max(rgb) < 1.4
        assert max(ceiling(3, x, y, z, pixel, FACADE, 5)) < 1.2
