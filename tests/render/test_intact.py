"""The light that outer faces stood in before anything moved: that of the part of them which the picture shows."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.render import intact
from derrumbe.render.scene import Scene, load

from . import scenes


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> Scene:
    return load(scenes.stage(tmp_path_factory.mktemp("intact"), scenes.Shot()))


def test_a_face_is_seen_from_its_outer_side_and_past_nothing(scene: Scene) -> None:
    front = np.flatnonzero((scene.face == 0) & (scene.normal[:, 2] > 0.99))
    spots, normal, solid = scene.rest[scene.triangles[front]].mean(axis=1)[:, None], scene.normal[front], intact.standing(scene)
    assert intact.in_sight(scene, solid, spots, normal).mean() > 0.95
    assert not intact.in_sight(scene, solid, spots, -normal).any()
    assert intact.in_sight(scene, solid, spots - 0.2 * normal[:, None], normal).mean() < 0.05


def test_slivers_stand_in_the_light_around_them_and_what_is_seen_well_in_its_own(scene: Scene, monkeypatch) -> None:
    outer = np.flatnonzero((scene.face == 0) & (scene.normal[:, 2] > 0.99))
    plane = np.unique(scene.piece[outer], return_inverse=True)[1]
    light = np.ones((len(scene.triangles), 3), np.float32)
    light[outer[plane == 0]] = 0.1
    assert intact._evened(scene, light, outer, plane)[plane == 0].max() == pytest.approx(0.1)
    monkeypatch.setattr(intact, "FEW", 1_000_000)
    monkeypatch.setattr(intact, "NEAR", 60)
    assert intact._evened(scene, light, outer, plane) == pytest.approx(1.0)
