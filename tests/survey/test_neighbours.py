"""Nothing stands where the view is open to the horizon."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.records import GROUND, MADE_UP, NEIGHBOUR, Camera
from derrumbe.survey.neighbours import Cards, proxy_mesh, standing

HEIGHT, HORIZON, BASE = 400, 200.0, 300.0


def _is_left(top: float, hidden: bool) -> bool:
    cards = Cards(np.full(3, top, np.float32), np.full(3, BASE, np.float32), np.full(3, 50.0, np.float32))
    left = standing(cards, np.full(3, hidden), HORIZON, HEIGHT)
    assert np.array_equal(left.base, cards.base)
    assert np.array_equal(left.distance, cards.distance)
    return bool((left.top < left.base).all())


@pytest.mark.parametrize("hidden", [False, True])
def test_what_rises_over_the_horizon_stands(hidden: bool) -> None:
    assert _is_left(HORIZON - 20, hidden)


@pytest.mark.parametrize("hidden", [False, True])
def test_water_that_ends_at_the_horizon_is_no_wall_of_the_cameras_height(hidden: bool) -> None:
    assert not _is_left(HORIZON + 4, hidden)
    assert not _is_left(HORIZON - 4, hidden)


def test_what_ends_below_the_horizon_stands_where_it_is_seen_only() -> None:
    assert _is_left(HORIZON + 40, hidden=False)
    assert not _is_left(HORIZON + 40, hidden=True)


def test_what_is_made_up_behind_the_building_is_of_its_own_kind() -> None:
    camera = Camera(
        width=80, height=60, focal_px=70.0, cx=40.0, cy=30.0, rotation=((1, 0, 0), (0, -1, 0), (0, 0, -1)), translation=(0.0, 2.0, 0.0)
    )
    cards = Cards(np.full(80, 10.0, np.float32), np.full(80, 34.0, np.float32), np.full(80, 30.0, np.float32))
    hidden = np.arange(80) >= 40
    proxies = proxy_mesh(cards, camera, 500.0, hidden)
    assert set(np.unique(proxies["kind"])) == {GROUND, NEIGHBOUR, MADE_UP}
    for kind, side in ((NEIGHBOUR, -1), (MADE_UP, 1)):
        corners = proxies["vertices"][proxies["triangles"][proxies["kind"] == kind]]
        assert (side * corners[..., 0].mean(axis=1) > -0.5).all()
