"""The stage: empty before the first event, the same twice, and the same after being killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from derrumbe.core.files import load_arrays
from derrumbe.core.records import Located
from derrumbe.core.work import Work
from derrumbe.dust.crushing import let_out
from derrumbe.dust.run import CHECKPOINT, run
from derrumbe.dust.settings import Settings
from derrumbe.dust.solids import Poses
from derrumbe.media.volumes import read_volume
from tests.dust import collapse

FRAMES = 14
SETTINGS = Settings.model_validate({"dust": {"voxels": 48}})


def make(folder: Path, settings: Settings = SETTINGS, jobs: int = 1):
    view = collapse.camera()
    rock = collapse.pieces(folder)
    moving = collapse.motion(folder, rock, FRAMES)
    plate = Located(collapse.plate(FRAMES), folder)
    return run(settings, Work(folder, jobs), plate=plate, film_set=collapse.film_set(folder, view), pieces=rock, motion=moving)


def volumes(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((folder / "dust").glob("*.npz"))]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dust")
    return make(folder), folder


def test_every_frame_has_a_volume_and_the_checkpoint_is_gone(made):
    record, folder = made
    assert len(volumes(folder)) == FRAMES
    assert not (folder / CHECKPOINT).exists()
    assert record.shape == read_volume(folder / record.grid.format(frame=1001)).shape


def test_no_dust_before_the_first_event_and_dust_soon_after(made):
    _, folder = made
    first = np.load(folder / "events.npz")["time"][0]
    for n in range(FRAMES):
        volume = read_volume(folder / f"dust/dust.{1001 + n}.npz")
        assert volume.empty == (n / 24 <= first)


def test_mass_grows_with_what_events_let_out(made):
    record, folder = made
    events, poses, rock = (load_arrays(folder / f"{name}.npz") for name in ("events", "poses", "pieces"))
    out = let_out(events, Poses(poses["position"], poses["rotation"], 96.0), rock["mass"], collapse.STOREY)
    volume = read_volume(folder / f"dust/dust.{1000 + FRAMES}.npz")
    given = (out * events["mass"])[events["time"] < (FRAMES - 1) / 24].sum()
    assert 0.2 * given < volume.density.sum(dtype=float) * record.voxel**3 < given


def test_two_runs_are_the_same_bits_for_any_number_of_jobs(made, tmp_path):
    record, folder = made
    assert make(tmp_path, jobs=2) == record
    assert volumes(tmp_path) == volumes(folder)


def test_another_seed_is_another_cloud(made, tmp_path):
    make(tmp_path, Settings.model_validate({"dust": {"voxels": 48}, "seed": 2}))
    assert volumes(tmp_path)[-1] != volumes(made[1])[-1]


KILLED = """
import os, signal, sys
from pathlib import Path
from derrumbe.dust import run as stage
from tests.dust.test_run import make
state = stage.State.save
count = 0
def save(self, path):
    global count
    count += 1
    if count == int(sys.argv[2]) and sys.argv[3] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    state(self, path)
    if count == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
stage.State.save = save
make(Path(sys.argv[1]))
"""


@pytest.mark.parametrize(("frame", "when"), [(10, "before"), (12, "after")])
def test_a_killed_run_goes_on_to_the_same_bits(made, tmp_path, frame, when):
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": str(root), "NUMBA_NUM_THREADS": "1"}
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(frame), when], env=environment, cwd=root, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(volumes(tmp_path)) == frame
    make(tmp_path)
    assert volumes(tmp_path) == volumes(made[1])
