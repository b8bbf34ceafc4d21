"""A scene solved with too short a lens gets its depth back where the building allows, and no further."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from derrumbe.geom.bundle import Freedom, Scene, Sightings, adjusted, errors
from derrumbe.survey.matchmove.belief import Belief
from derrumbe.survey.matchmove.flattening import STEP, WORSE, unflattened
from derrumbe.survey.matchmove.nodal import sightings_of
from derrumbe.survey.things_ahead import FLAT, flatness
from tests.survey.test_reversal import FOCAL, street

SOFT = 0.3


def test_a_flattened_street_gets_its_depth_back() -> None:
    true, seen, wall = filmed()
    flat = with_lens(true, seen, 0.95 * FOCAL)
    deep = unflattened(flat, seen, wall, Belief(FOCAL, 0.1))
    assert abs(np.log(deep.focal / FOCAL)) < STEP
    assert abs(np.log(relief(deep, wall) / relief(true, wall))) < 0.5 * abs(np.log(relief(flat, wall) / relief(true, wall)))


def test_the_building_has_the_last_word() -> None:
    true, seen, wall = filmed()
    found = unflattened(true, seen, wall, Belief(2 * FOCAL, 0.1))
    assert found.focal < 1.2 * FOCAL
    own = wall[seen.point]
    assert np.median(errors(found, seen)[own]) < 1.2 * WORSE * np.median(errors(true, seen)[own])


def test_a_lens_that_is_as_believed_is_left_alone() -> None:
    true, seen, wall = filmed()
    assert unflattened(true, seen, wall, Belief(FOCAL, 0.1)) is true


def test_walls_that_lean_are_not_ground() -> None:
    up = np.array([0.0, -1.0, 0.0])
    assert flatness(np.array([[0.1, 0.0, 0.9]]), up) == FLAT
    leaning = np.array([0.15, -0.9, 0.8])
    assert -leaning @ up / np.linalg.norm(leaning) < flatness(leaning[None], up) < 1


def filmed() -> tuple[Scene, Sightings, np.ndarray]:
    """Return a street's true scene, its sightings, and which points are the building's."""
    found = street(0.05)
    scene, _, frames, names = found.frozen()
    return scene, sightings_of(found.tracks, frames, names), names < 250


def with_lens(scene: Scene, seen: Sightings, focal: float) -> Scene:
    return adjusted(replace(scene, focal=focal), seen, Freedom(focal, 0.0), SOFT, 60)[0]


def relief(scene: Scene, wall: np.ndarray) -> float:
    """Return how many times nearer the ground is than the wall, as the first camera sees them."""
    depth = scene.points @ scene.rotation[0][2] + scene.translation[0][2]
    return float(np.median(depth[wall]) / np.median(depth[~wall]))
