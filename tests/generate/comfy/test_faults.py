"""What happens when the server refuses, stumbles, dies, forgets, or is told to stop."""

from __future__ import annotations

import json
import threading
import uuid

import numpy as np
import pytest

pytest.importorskip("websockets", reason="needs the extra derrumbe[comfy]")

from derrumbe.core.errors import BadInput, DerrumbeError
from derrumbe.generate.comfy import following
from derrumbe.generate.comfy.model import MOST_LOSSES, WAITS
from tests.generate.comfy.conftest import model_at, window
from tests.generate.comfy.fake_server import Cut, Drop, FakeComfy, NodeError, Stumble, paint

OOM = NodeError("torch.OutOfMemoryError", "Allocation on device 0 would exceed allowed memory. (out of memory)")


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


def make(model, own, given=None, tell=lambda share: None):
    return model.make(given or window(), own, tell)


def is_right(frames, given=None):
    given = given or window()
    return bool(np.abs(frames - paint(given.control, given.mask, given.seed)).max() < 3 / 65535)


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        ("upload", Stumble(500)),
        ("upload", Drop()),
        ("post prompt", Stumble(503)),
        ("post prompt", Drop()),
        ("queue", Stumble(500)),
        ("history", Drop()),
        ("view", Stumble(502)),
        ("view", Drop()),
        ("view", Cut()),
        ("view", Cut(silently=True)),
        ("history", Cut()),
        ("queue", Cut()),
        ("post prompt", Cut()),
        ("ws", Stumble(500)),
        ("ws", Drop()),
        ("event", Drop()),
    ],
)
def test_a_stumble_anywhere_is_got_over(model, comfy, own, place, fault):
    comfy.faults[place] = [None, fault] if place == "upload" else [fault]
    assert is_right(make(model, own))
    assert not comfy.faults[place]


def test_a_job_whose_answer_got_lost_is_found_and_not_made_twice(model, comfy, own):
    comfy.faults["queued"] = [Drop()]
    assert is_right(make(model, own))
    assert len(comfy.prompts) == 1


def test_a_server_that_chooses_its_own_names_for_jobs_is_followed(model, comfy, own):
    comfy.strange_ids = True
    assert is_right(make(model, own))


def test_a_server_that_chooses_names_and_loses_the_answer_is_followed_by_our_client_name(model, comfy, own):
    held, heard = threading.Event(), threading.Event()
    comfy.strange_ids, comfy.faults["queued"] = True, [Drop()]
    comfy.faults["sample"] = [lambda: held.wait(60) and None]
    model.desk.pause = lambda seconds: (heard.set(), held.set())
    make(model, own)
    assert heard.is_set()


def test_without_any_websocket_the_server_is_asked(model, comfy, own):
    comfy.faults["ws"] = [Stumble(500) for _ in range(10000)]
    assert is_right(make(model, own))


def test_without_any_event_the_server_is_asked(model, comfy, own, monkeypatch):
    monkeypatch.setattr(following, "ASK_AFTER", 0.02)
    comfy.keep_silent = True
    assert is_right(make(model, own))


def test_a_server_that_dies_in_the_window_and_comes_back_empty_gets_everything_again(model, comfy, own):
    comfy.faults["sample"] = [None, comfy.die]
    model.desk.pause = lambda seconds: comfy.start()
    assert is_right(make(model, own))
    assert len(comfy.prompts) == 2
    assert comfy.calls.count("upload") == 2 * 11


def test_a_server_that_dies_between_upload_and_queue_gets_the_pictures_again(model, comfy, own):
    back = threading.Event()
    comfy.faults["post prompt"] = [lambda: (comfy.die(), comfy.start(), back.set(), Drop())[-1]]
    model.desk.pause = lambda seconds: back.wait(60)
    assert is_right(make(model, own))
    assert comfy.calls.count("upload") == 2 * 11


def test_frames_that_are_gone_before_they_are_fetched_are_made_again(model, comfy, own):
    comfy.faults["view"] = [None, Stumble(404)]
    assert is_right(make(model, own))
    assert len(comfy.prompts) == 2


def test_a_server_that_always_dies_is_given_up_with_a_reason(model, comfy, own):
    comfy.faults["sample"] = [comfy.die for _ in range(20)]
    model.desk.pause = lambda seconds: comfy.start()
    with pytest.raises(DerrumbeError, match=r"restarted 4 times .* main memory"):
        make(model, own)
    assert len(comfy.prompts) == MOST_LOSSES + 1


def test_a_server_that_never_comes_back_is_given_up_after_all_waits_and_found_again_later(model, comfy, own):
    comfy.faults["sample"] = [comfy.die]
    waits = []
    model.desk.pause = waits.append
    with pytest.raises(BadInput, match=r"no ComfyUI server answers.*run again"):
        make(model, own)
    assert tuple(waits[-len(WAITS) :]) == WAITS
    comfy.start()
    assert is_right(make(model, own))


def test_a_killed_run_finds_its_job_and_only_fetches(comfy, own):
    class Killed(BaseException):
        """As SIGKILL: nobody gets to clean up."""

    def killed(share):
        if share > 0.06:
            raise Killed

    held = threading.Event()
    comfy.faults["sample"] = [None, lambda: held.wait(60) and None]
    with pytest.raises(Killed):
        make(model_at(comfy), own, tell=killed)
    held.set()
    assert comfy.finished.wait(60)
    comfy.calls.clear()
    assert is_right(make(model_at(comfy), own))
    assert "upload" not in comfy.calls
    assert len(comfy.prompts) == 1


def test_a_note_of_another_request_is_not_believed(comfy, own):
    (own / "job.json").write_text(json.dumps({"for": "another", "name": str(uuid.uuid4()), "client": "x", "graph": {}}))
    assert is_right(make(model_at(comfy), own))
    (own / "job.json").write_text("{ half a no")
    assert is_right(make(model_at(comfy), own))


def test_stopping_takes_the_running_job_from_the_server_and_nobody_else_s(model, comfy, own):
    held = threading.Event()
    comfy.faults["sample"] = [None, lambda: held.wait(60) and None]
    other = str(uuid.uuid4())

    def stopped(share):
        if share > 0.06:
            comfy.life.queue.append([1, other, {}, {"client_id": "somebody"}, []])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(model, own, tell=stopped)
    job = comfy.life.running[1]
    assert comfy.life.interrupted == {job}
    assert [item[1] for item in comfy.life.queue] == [other]
    assert not list(own.iterdir())
    held.set()


def test_stopping_takes_a_waiting_job_out_of_the_queue(model, comfy, own):
    held = threading.Event()
    comfy.life.put([0, "busy", {"1": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}}, "2": _hold(comfy, held)}, {}, []])

    def stopped(seconds):
        raise KeyboardInterrupt

    comfy.faults["ws"] = [Stumble(500) for _ in range(1000)]
    model.desk.pause = stopped
    with pytest.raises(KeyboardInterrupt):
        make(model, own)
    assert not comfy.life.queue
    assert not comfy.life.interrupted
    held.set()


def _hold(comfy, held):
    """A node that keeps the server busy until `held`."""
    comfy.faults["sample"] = [lambda: held.wait(60) and None]
    black = np.zeros((1, 4, 4, 3), np.float32)
    return {"class_type": "KSampler", "inputs": {"latent_image": (black, None), "seed": 1, "steps": 1}}


def test_stopping_when_the_server_is_gone_is_just_stopping(model, comfy, own):
    comfy.faults["sample"] = [comfy.die]

    def stopped(seconds):
        raise KeyboardInterrupt

    model.desk.pause = stopped
    with pytest.raises(KeyboardInterrupt):
        make(model, own)


def test_a_node_that_fails_is_named_and_the_next_run_starts_anew(model, comfy, own):
    comfy.faults["sample"] = [NodeError("RuntimeError", "mat1 and mat2 shapes cannot be multiplied")]
    with pytest.raises(DerrumbeError, match=r"derrumbe: seed, steps, guidance \(node 11\) failed: RuntimeError: mat1") as told:
        make(model, own)
    assert not isinstance(told.value, BadInput)
    assert is_right(make(model, own))


def test_a_lack_of_gpu_memory_comes_with_a_remedy(model, comfy, own):
    comfy.faults["sample"] = [OOM]
    with pytest.raises(BadInput, match=r"ran out of GPU memory .* generate.pixels"):
        make(model, own)
    assert is_right(make(model, own))


def test_a_job_stopped_in_comfyui_is_said_to_be(model, comfy, own):
    comfy.faults["sample"] = [None, lambda: comfy.life.interrupted.add(comfy.life.running[1])]
    with pytest.raises(DerrumbeError, match="somebody stopped the job"):
        make(model, own)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda images: images[:-1], "gave 4 frames, 5 were asked for.*derrumbe:length"),
        (lambda images: np.concatenate([images, images]), "gave 10 frames, 5 were asked for"),
        (lambda images: images[:, ::2], "gave 48x16 pixels, 48x32 were asked for.*derrumbe:width"),
    ],
)
def test_an_answer_of_another_length_or_size_names_the_node_to_mend(model, comfy, own, spoil, says):
    comfy.faults["save"] = [lambda: spoil]
    with pytest.raises(BadInput, match=says):
        make(model, own)


def test_a_redirect_is_not_followed_anywhere(model, comfy, own, tmp_path):
    thief = FakeComfy(tmp_path / "thief")
    thief.start()
    comfy.faults["upload"] = [None, Stumble(307, f"{thief.url}/upload/image")]
    with pytest.raises(BadInput, match="sends us on to"):
        make(model, own)
    comfy.faults["ws"] = [Stumble(302, to) for to in (f"{thief.url}/ws", f"{thief.url}/ws".replace("http", "ws"))] * 500
    assert is_right(make(model, own))
    thief.die()
    assert thief.calls == []


def test_a_login_is_asked_for_in_vain(model, comfy, own):
    comfy.faults["upload"] = [Stumble(401)]
    with pytest.raises(BadInput, match="wants a login"):
        make(model, own)


def test_a_graph_that_the_server_refuses_is_told_with_its_reasons(model, comfy, own):
    model.desk.looked()
    comfy.info["KSampler"]["input"]["required"]["sampler_name"][0].remove("uni_pc")
    with pytest.raises(BadInput, match=r"refuses the workflow: derrumbe: seed, steps, guidance \(node 11\): Value not in list"):
        make(model, own)


def test_nodes_that_the_server_lacks_are_named_before_any_frame_leaves(model, comfy, own):
    del comfy.info["WanVaceToVideo"], comfy.info["TrimVideoLatent"]
    with pytest.raises(BadInput, match="lacks the nodes TrimVideoLatent, WanVaceToVideo"):
        make(model, own)
    assert "upload" not in comfy.calls


def test_a_model_file_that_the_server_lacks_is_named_before_any_frame_leaves(comfy, own):
    with pytest.raises(BadInput, match=r"wants the file big.safetensors, which this ComfyUI hasn't.*small.safetensors"):
        make(model_at(comfy, model="big.safetensors"), own)
    assert "upload" not in comfy.calls
    assert is_right(make(model_at(comfy, model="small.safetensors"), own))


def test_something_that_is_no_comfyui_is_told(model, comfy, own):
    comfy.faults["object_info"] = [Stumble(200)]
    with pytest.raises(DerrumbeError, match="isn't ComfyUI's"):
        make(model, own)
