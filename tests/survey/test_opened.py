"""Sky between crowns stays sky before a moving camera, whatever card the crowns are painted on."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.core.records import FAR
from derrumbe.geom.camera import seen_from
from derrumbe.geom.depth import mesh_depth, plane_depth
from derrumbe.geom.solids import mesh, upright_prism
from derrumbe.survey.moving import opened
from tests.survey.scenes import look

SIZE = (320, 200)
CARD = mesh(upright_prism(np.array([(-30, -40), (30, -40), (30, -39), (-30, -39)], np.float64), 0.0, 12.0))


def _seen(x: float, target: float = 8.0) -> tuple[object, np.ndarray]:
    camera = look(300.0, SIZE, (x, 1.7, 5.0), (x, target, -40.0), 0.0)
    return camera, np.minimum(plane_depth(camera), mesh_depth(camera, *CARD)).astype(np.float32)


def test_the_sky_over_a_crown_is_sky_from_elsewhere_too() -> None:
    first, known = _seen(0.0)
    trunks = known.copy()
    card = (known > 40) & (known < 60)
    gap = card & (np.arange(SIZE[0])[None] % 40 < 20) & (np.arange(SIZE[1])[:, None] < 110)
    trunks[gap] = FAR
    camera, depth = _seen(4.0)
    out = opened(depth, camera, first, trunks)  # type: ignore[arg-type]
    places = np.floor(seen_from(camera, first, depth)).astype(int)  # type: ignore[arg-type]
    seen = (depth < 60) & (depth > 40) & (places >= 0).all(-1) & (places[..., 0] < SIZE[0]) & (places[..., 1] < SIZE[1])
    sky = np.zeros_like(gap)
    sky[seen] = gap[places[seen][:, 1], places[seen][:, 0]]
    assert sky.sum() > 1000
    assert (out[sky] >= FAR).all()
    assert (seen & ~sky).sum() > 1000
    assert np.array_equal(out[seen & ~sky], depth[seen & ~sky])


def test_over_the_first_picture_what_its_upper_edge_shows_goes_on() -> None:
    first, known = _seen(0.0, -6.0)
    camera, depth = _seen(0.0, 8.0)
    assert (known[0] < FAR).any()
    known[0] = FAR
    places = seen_from(camera, first, depth)  # type: ignore[arg-type]
    above = (places[..., 1] < 0) & (places[..., 0] >= 0) & (places[..., 0] < SIZE[0]) & (depth < FAR)
    assert above.sum() > 1000
    assert (opened(depth, camera, first, known)[above] >= FAR).all()  # type: ignore[arg-type]


def test_the_first_camera_keeps_its_own_depth() -> None:
    first, known = _seen(0.0)
    assert np.array_equal(opened(known, first, first, known), known)  # type: ignore[arg-type]


@pytest.mark.parametrize("x", [-6.0, 0.0, 3.0, 9.0])
@pytest.mark.parametrize("target", [-30.0, -6.0, 8.0, 30.0])
def test_rows_that_are_left_out_hold_no_sky(x: float, target: float) -> None:
    first, known = _seen(0.0)
    known[(known > 40) & (np.arange(SIZE[0])[None] % 40 < 20)] = FAR
    camera, depth = _seen(x, target)
    places = np.floor(seen_from(camera, first, depth)).astype(int)  # type: ignore[arg-type]
    inside = (places[..., 0] >= 0) & (places[..., 0] < SIZE[0]) & (places[..., 1] < SIZE[1])
    sky = np.zeros(depth.shape, bool)
    sky[inside] = known[np.maximum(places[inside][:, 1], 0), places[inside][:, 0]] >= FAR
    assert np.array_equal(opened(depth, camera, first, known), np.where(sky, np.float32(FAR), depth))  # type: ignore[arg-type]
