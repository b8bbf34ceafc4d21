"""The stage as a whole: the same bits for any number of processes, after a kill, and for any frame alone."""

import numpy as np
import pytest

from derrumbe.core.records import Guides
from derrumbe.core.work import Work
from derrumbe.render.run import run
from derrumbe.render.settings import Settings

from . import scenes
from .conftest import rendered


def tumble(t):
    angle = 3.0 * t
    return (0.3 * t, -4.9 * t * t, 1.5 * t), (np.cos(angle / 2), np.sin(angle / 2) * 0.8, 0.0, np.sin(angle / 2) * 0.6)


def crumbs(samples):
    rng = np.random.default_rng(0)
    position = np.array([0.0, 3.0, 2.0]) + np.cumsum(rng.normal(0, 0.02, (samples, 40, 3)), 0)
    position[:6] = np.nan
    return {
        "position": position.astype(np.float32),
        "radius": rng.uniform(0.01, 0.1, 40).astype(np.float32),
        "rest": rng.uniform((-2, 0, 0), (2, 6, 0), (40, 3)).astype(np.float32),
        "spin": rng.normal(size=40).astype(np.float32),
        "material": np.zeros(40, np.uint8),
    }


SHOT = scenes.Shot(moves={5: tumble, 4: tumble}, frames=4, debris=crumbs(17))


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return rendered(tmp_path_factory.mktemp("once"), SHOT)


def files(shot):
    return [(shot.folder / shot.guides.picture.format(frame=frame)).read_bytes() for frame in shot.guides.frames]


def test_two_processes_give_the_same_bits(once, tmp_path):
    assert files(rendered(tmp_path, SHOT, jobs=2)) == files(once)


def test_a_resumed_run_gives_the_same_bits(once, tmp_path):
    whole = files(once)
    again = rendered(tmp_path, SHOT)
    for frame in (1001, 1003):
        (again.folder / again.guides.picture.format(frame=frame)).unlink()
    inputs = again.inputs
    run(Settings(), Work(again.folder), inputs.plate, inputs.film_set, inputs.pieces, inputs.motion, inputs.cloud)
    assert files(again) == whole


def test_debris_is_in_the_picture_and_nowhere_before_its_birth(once):
    assert not once.layer(1001, "debris").any()
    debris = once.layer(1003, "debris")
    assert debris[..., 3].max() > 0.2
    assert np.isfinite(debris).all()
    assert (debris[..., :3] <= 4 * debris[..., 3:] + 1e-3).all()


def test_debris_behind_a_wall_is_held_out(tmp_path):
    behind = crumbs(17)
    behind["position"] = behind["position"] - np.float32((0, 0, 6))
    shot = rendered(tmp_path, scenes.Shot(moves={5: lambda t: ((3.0, 0.0, 0.0), scenes.UPRIGHT)}, debris=behind))
    assert not shot.layer(1003, "debris")[60:130, 60:130].any()


def test_every_value_is_finite(once):
    for name in ("pieces", "debris", "shadow", "removed", "normal", "motion", "depth"):
        assert np.isfinite(once.layer(1004, name)).all()


def test_the_record_survives_json(once):
    assert Guides.from_json(once.guides.to_json()) == once.guides
