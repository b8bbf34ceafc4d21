"""A shallow scene turned inside out is put right, and a rolling shutter is told from a global one."""

from __future__ import annotations

import numpy as np
import pytest

from derrumbe.geom.bundle import Scene
from derrumbe.survey.matchmove.belief import Belief
from derrumbe.survey.matchmove.nodal import sightings_of
from derrumbe.survey.matchmove.reversal import ground_order, turned_inside_out
from derrumbe.survey.matchmove.shutter import read_out
from derrumbe.survey.matchmove.solve import _loosely_adjusted, _righted
from derrumbe.survey.matchmove.structure import Structure, softness
from derrumbe.survey.matchmove.tracks import Tracks

FOCAL, SIZE, FRAMES = 1300.0, (960, 540), 12


def turned(yaw: float) -> np.ndarray:
    return np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])


def street(noise: float, rolling: float = 0.0) -> Structure:
    """Return the true structure of a panned street, ground before a wall, seen by a camera that hardly moves."""
    rng = np.random.default_rng(5)
    wall = np.stack([rng.uniform(-20, 30, 250), rng.uniform(-10, 1.5, 250), rng.uniform(24, 26, 250)], 1)
    ground = np.stack([rng.uniform(-10, 15, 250), np.full(250, 1.6), rng.uniform(7, 24, 250)], 1)
    points = np.concatenate([wall, ground])
    t = np.linspace(0, 1, FRAMES)
    yaw = 0.2 * (t + 0.25 * np.sin(9 * t))
    rotation = np.stack([turned(a) for a in yaw])
    eyes = np.stack([0.4 * t, 0.03 * np.sin(7 * t), 0.05 * t], 1)
    translation = -np.einsum("cij,cj->ci", rotation, eyes)
    local = np.einsum("cij,pj->cpi", rotation, points) + translation[:, None]
    places = FOCAL * local[..., :2] / local[..., 2:] + np.asarray(SIZE) / 2
    speed = np.gradient(places, axis=0)
    places = places + rolling * (places[..., 1:] / SIZE[1] - 0.5) * speed + rng.normal(0, noise, places.shape)
    inside = (places > 0).all(axis=-1) & (places < SIZE).all(axis=-1) & (local[..., 2] > 1)
    tracks = Tracks(np.where(inside[..., None], places, np.nan), SIZE)
    out = Structure(tracks, FOCAL)
    names = np.flatnonzero(inside.sum(axis=0) > 3)
    out.take(Scene(rotation, translation, points[names], FOCAL), np.arange(FRAMES), names)
    return out


def test_ground_lies_before_what_stands_on_it() -> None:
    true = street(0.05)
    assert ground_order(true) > 0.3
    other = turned_inside_out(true)[1]
    _loosely_adjusted(other)
    assert ground_order(other) < -0.1


def test_a_scene_inside_out_is_put_right() -> None:
    true = street(0.05)
    wrong = turned_inside_out(true)[1]
    _loosely_adjusted(wrong)
    right = _righted(wrong, Belief(FOCAL, 0.1), FRAMES)
    assert ground_order(right) > 0.3
    assert softness(right) < softness(wrong)
    assert _righted(true, Belief(FOCAL, 0.1), FRAMES) is true, "what is right is left alone"


@pytest.mark.parametrize("rolling", [0.0, 0.6])
def test_a_rolling_shutter_is_told(rolling: float) -> None:
    found = street(0.05, rolling)
    scene, _, frames, names = found.frozen()
    seen = sightings_of(found.tracks, frames, names)
    share, gain, skew = read_out(found.tracks, scene, seen, frames, names, softness(found))
    if rolling:
        assert share == pytest.approx(rolling)
        assert gain > 0.3
        assert skew > 5
    else:
        assert gain < 0.05
