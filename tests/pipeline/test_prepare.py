"""Bad input gets one line that says what, where and what to do, and nothing is written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from derrumbe.core.errors import BadBrief, BadInput, BadOutline, BadOutput, BadPlate
from derrumbe.pipeline.prepare import Request, prepare, read_outline, reopen, shot_file
from derrumbe.pipeline.publish import MANIFEST
from derrumbe.pipeline.store import FOLDER

SQUARE = "40,30 160,30 160,110 40,110"


@pytest.fixture
def request_(tmp_path) -> Request:
    """A request that is right in every way."""
    picture = np.random.default_rng(1).integers(0, 255, (150, 200, 3), np.uint8)
    path = tmp_path / "street.png"
    cv2.imwrite(str(path), picture)
    return Request(str(path), SQUARE, "pancake at 1 s", tmp_path / "shot", frames="1001-1048")


def test_a_good_request_is_a_shot_and_writes_nothing(request_, tmp_path):
    shot = prepare(request_)
    assert shot.trigger_frame == 1025
    assert shot.held_count == 48
    assert shot.spec.collapse.mode == "pancake"
    assert not request_.out.exists()


BAD = {
    "missing plate": ({"plate": "nowhere.mov"}, BadPlate, "nowhere.mov"),
    "two points": ({"outline": "1,1 2,2"}, BadOutline, "3"),
    "words": ({"outline": "the tall one"}, BadOutline, "building_polygon"),
    "outside": ({"outline": "400,30 900,30 900,110"}, BadOutline, "outside"),
    "crossing": ({"outline": "40,30 160,110 160,30 40,110"}, BadOutline, "cross"),
    "tiny": ({"outline": "40,30 44,30 44,34"}, BadOutline, "larger"),
    "backwards": ({"frames": "1048-1001"}, BadInput, "1001-1120"),
    "not a range": ({"frames": "some"}, BadInput, "1001-1120"),
    "late trigger": ({"brief": "pancake at frame 1090"}, BadBrief, "1001-1048"),
    "unknown knob": ({"settings": ("dust.amuont=2",)}, BadBrief, "dust.amount"),
    "out of range": ({"settings": ("dust.amount=-2",)}, BadBrief, "dust.amount"),
    "rate": ({"rate": "fast"}, BadInput, "24000/1001"),
    "generator": ({"generator": "nonesuch"}, BadBrief, "none"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name, request_):
    changes, kind, says = BAD[name]
    with pytest.raises(kind, match=says) as caught:
        prepare(replace(request_, **changes))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    assert not request_.out.exists()


def test_a_foreign_folder_is_left_alone(request_):
    request_.out.mkdir()
    (request_.out / "precious.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(BadOutput, match="not made by Derrumbe"):
            prepare(replace(request_, force=force))
    assert [path.name for path in request_.out.iterdir()] == ["precious.txt"]


def test_a_file_as_folder_is_refused(request_, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadOutput, match="is a file"):
        prepare(replace(request_, out=tmp_path / "file"))


def test_a_delivered_file_changed_by_hand_needs_force(request_):
    out = request_.out
    (out / FOLDER).mkdir(parents=True)
    (out / "final").mkdir()
    (out / "final" / "final.1001.exr").write_bytes(b"painted")
    entry = {"bytes": 1, "modified_ns": 1, "blake2b": ""}
    (out / MANIFEST).write_text(json.dumps({"made_by": "derrumbe", "files": {"final/final.1001.exr": entry}}))
    with pytest.raises(BadOutput, match="--force"):
        prepare(request_)
    prepare(replace(request_, force=True))


@pytest.mark.parametrize(("preview", "height"), [(True, None), (True, 480), (False, 480), (False, None)])
def test_a_shot_file_opens_to_the_same_shot(request_, preview, height):
    shot = prepare(replace(request_, settings=("dust.amount=2.5", "collapse.part=left"), preview=preview, height=height))
    request_.out.mkdir()
    (request_.out / FOLDER).mkdir()
    path = request_.out / "shot.toml"
    path.write_text(shot_file(shot, request_.out))
    again, folder = reopen(path)
    assert again == shot
    assert folder == request_.out


def test_an_outline_is_points_or_json(tmp_path):
    points = ((1.0, 2.0), (30.5, 2.0), (3.0, 40.0))
    path = tmp_path / "outline.json"
    path.write_text(json.dumps({"building_polygon": points, "name": "any"}))
    assert read_outline("1,2 30.5,2 3,40")[0] == read_outline(str(path))[0] == points


@pytest.mark.parametrize("content", ["[]", "{}", '{"building_polygon": 5}', '{"building_polygon": [[1]]}', "\x00"])
def test_bad_outline_files_are_named(tmp_path, content):
    path = Path(tmp_path / "outline.json")
    path.write_text(content)
    with pytest.raises(BadOutline, match=r"outline\.json.*building_polygon"):
        read_outline(str(path))
