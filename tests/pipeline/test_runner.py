"""Laws of the runner: nothing is made twice, a change re-runs what it must and no more, a killed run goes on."""

from __future__ import annotations

import errno

import pytest

from derrumbe.core.errors import BadOutput
from derrumbe.core.knobs import Dust, ShotSpec, Trigger
from derrumbe.pipeline.publish import publish, read_manifest
from derrumbe.pipeline.runner import run_shot
from derrumbe.pipeline.store import FOLDER, locked
from tests.pipeline import fakes


def run(folder, calls, shot=None, **kwargs):
    return run_shot(shot or fakes.shot(), folder, stages=fakes.stages(calls, **kwargs))


def test_second_run_runs_nothing(tmp_path):
    calls: list[str] = []
    first = run(tmp_path, calls)
    second = run(tmp_path, calls)
    assert calls == ["ingest", "dust", "comp"]
    assert first.keys == second.keys
    assert all(log.reused for log in second.ledger)


def test_a_new_dust_amount_runs_from_the_dust_on(tmp_path):
    calls: list[str] = []
    run(tmp_path, calls)
    run(tmp_path, calls, fakes.shot(spec=ShotSpec(dust=Dust(amount=2))))
    assert calls == ["ingest", "dust", "comp", "dust", "comp"]


def test_a_knob_that_no_stage_asks_for_runs_nothing(tmp_path):
    calls: list[str] = []
    run(tmp_path, calls)
    run(tmp_path, calls, fakes.shot(spec=ShotSpec(trigger=Trigger(time=3))))
    assert calls == ["ingest", "dust", "comp"]


def test_going_back_to_the_last_knob_is_free(tmp_path):
    calls: list[str] = []
    run(tmp_path, calls)
    run(tmp_path, calls, fakes.shot(spec=ShotSpec(dust=Dust(amount=2))))
    run(tmp_path, calls)
    assert calls == ["ingest", "dust", "comp", "dust", "comp"]


def test_old_results_are_dropped(tmp_path):
    for amount in (1, 2, 3, 4):
        run(tmp_path, [], fakes.shot(spec=ShotSpec(dust=Dust(amount=amount))))
    assert len(list((tmp_path / FOLDER / "dust").iterdir())) == 2
    assert len(list((tmp_path / FOLDER / "ingest").iterdir())) == 1


@pytest.mark.parametrize("stop", [1001, 1002, 1004])
def test_a_stopped_run_goes_on_and_ends_the_same(tmp_path, stop):
    class Stopped(BaseException):
        pass

    def stop_at(frame):
        if frame == stop:
            raise Stopped

    made: list[int] = []
    with pytest.raises(Stopped):
        run(tmp_path / "a", [], on_frame=stop_at)
    flow = run(tmp_path / "a", [], on_frame=made.append)
    whole = run(tmp_path / "b", [])
    assert made == list(range(stop, 1005))
    assert fakes.bytes_of(flow.results["comp"].folder) == fakes.bytes_of(whole.results["comp"].folder)


def test_a_full_disk_is_said_plainly_and_loses_nothing(tmp_path):
    def full(frame):
        if frame == 1003:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(BadOutput, match="disk is full"):
        run(tmp_path, [], on_frame=full)
    made: list[int] = []
    run(tmp_path, [], on_frame=made.append)
    assert made == [1003, 1004]


def test_until_stops_there(tmp_path):
    calls: list[str] = []
    flow = run_shot(fakes.shot(), tmp_path, until="dust", stages=fakes.stages(calls))
    assert calls == ["ingest", "dust"]
    assert "comp" not in flow.results


def test_two_runs_in_one_folder_are_refused(tmp_path):
    with locked(tmp_path), pytest.raises(BadOutput, match="another run"), locked(tmp_path):
        pass


def test_publishing_drops_only_what_was_ours(tmp_path):
    shot = fakes.shot()
    publish(run(tmp_path, []), shot, "", tmp_path)
    (tmp_path / "final" / "notes.txt").write_text("mine")
    (tmp_path / "manifest.json").write_text((tmp_path / "manifest.json").read_text().replace("final/final.1004", "final/final.1009"))
    (tmp_path / "final" / "final.1004.exr").rename(tmp_path / "final" / "final.1009.exr")
    publish(run(tmp_path, []), shot, "", tmp_path)
    assert sorted(path.name for path in (tmp_path / "final").iterdir()) == [*(f"final.{frame}.exr" for frame in fakes.FRAMES), "notes.txt"]


def test_a_run_that_stops_early_takes_nothing_away(tmp_path):
    shot = fakes.shot()
    publish(run(tmp_path, []), shot, "", tmp_path)
    publish(run_shot(shot, tmp_path, until="dust", stages=fakes.stages([])), shot, "", tmp_path, partly=True)
    assert (tmp_path / "final" / "final.1004.exr").is_file()
    assert "final/final.1004.exr" in read_manifest(tmp_path)["files"]


def test_folders_that_lose_all_their_files_go_too(tmp_path):
    shot = fakes.shot()
    publish(run(tmp_path, []), shot, "", tmp_path)
    publish(run_shot(shot, tmp_path, until="dust", stages=fakes.stages([])), shot, "", tmp_path)
    assert not (tmp_path / "final").exists()


def test_the_manifest_names_every_file_with_its_digest(tmp_path):
    publish(run(tmp_path, []), fakes.shot(), "text", tmp_path)
    manifest = read_manifest(tmp_path)
    assert {"plate/plate.1001.exr", "final/final.1004.exr", "matte/matte.1002.exr", "shot.toml"} <= manifest["files"].keys()
    assert [entry["stage"] for entry in manifest["stages"]] == ["ingest", "dust", "comp"]
    assert all(entry["peak_bytes"] > 0 for entry in manifest["stages"])
    assert manifest["seed"] == 1
