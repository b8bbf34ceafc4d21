from dataclasses import replace

import numpy as np
import pytest

from derrumbe.geom.bundle import Freedom, Scene, Sightings, adjusted, errors, residuals, turn

CAMERAS, POINTS, FOCAL = 12, 160, 1200.0


@pytest.fixture
def world() -> tuple[Scene, Sightings]:
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(-10, 10, POINTS), rng.uniform(-5, 5, POINTS), rng.uniform(12, 40, POINTS)], 1)
    rotation = np.stack([turn(np.array([0.004, 0.02, 0.002]) * k) for k in range(CAMERAS)])
    eyes = np.stack([np.array([0.4, 0.03, 0.1]) * k for k in range(CAMERAS)])
    scene = Scene(rotation, -np.einsum("cij,cj->ci", rotation, eyes), points, FOCAL, -0.05)
    camera, point = (a.ravel().astype(np.int32) for a in np.meshgrid(np.arange(CAMERAS), np.arange(POINTS), indexing="ij"))
    pixel = residuals(scene, Sightings(camera, point, np.zeros((len(camera), 2))))
    return scene, Sightings(camera, point, pixel)


def shaken(scene: Scene) -> Scene:
    rng = np.random.default_rng(1)
    turns = np.stack([scene.rotation[0], *(turn(rng.normal(0, 0.003, 3)) @ r for r in scene.rotation[1:])])
    shifts = scene.translation + rng.normal(0, 0.05, scene.translation.shape) * (np.arange(CAMERAS) > 0)[:, None]
    return replace(
        scene, rotation=turns, translation=shifts, points=scene.points * rng.normal(1, 0.1, (POINTS, 1)), focal=1350.0, radial=0.0
    )


def test_cameras_lens_and_points_are_found_again(world: tuple[Scene, Sightings]) -> None:
    truth, seen = world
    found, spread = adjusted(shaken(truth), seen, Freedom(1350.0, 0.3, 0.1, trust=1.0), 1.0, 60)
    assert errors(found, seen).mean() < 0.02
    assert found.focal == pytest.approx(FOCAL, rel=5e-3)
    assert found.radial == pytest.approx(-0.05, abs=5e-3)
    assert spread < 0.05


def test_what_moves_by_itself_has_no_say(world: tuple[Scene, Sightings]) -> None:
    truth, seen = world
    astray = seen.point % 4 == 0
    pixel = seen.pixel + astray[:, None] * np.array([9.0, 2.0]) * seen.camera[:, None]
    found, _ = adjusted(shaken(truth), Sightings(seen.camera, seen.point, pixel), Freedom(FOCAL, 0.01, 0.1), 1.0, 60)
    off = [np.linalg.norm(a - b) for a, b in zip(found.rotation, truth.rotation, strict=True)]
    assert max(off) < np.radians(0.2)
    assert np.median(errors(found, seen)[~astray]) < 0.5


def test_a_held_focal_length_stays(world: tuple[Scene, Sightings]) -> None:
    truth, seen = world
    found, spread = adjusted(shaken(truth), seen, Freedom(1350.0, 0.0), 1.0, 3)
    assert found.focal == 1350.0
    assert spread == float("inf")


def test_equal_input_gives_equal_bits(world: tuple[Scene, Sightings]) -> None:
    truth, seen = world
    first, second = (adjusted(shaken(truth), seen, Freedom(1350.0), 1.0, 5)[0] for _ in range(2))
    assert np.array_equal(first.translation, second.translation)
    assert np.array_equal(first.points, second.points)
