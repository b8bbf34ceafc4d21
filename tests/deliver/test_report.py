"""report.html and qc.json: well formed, escaped, complete, and every link leads to a delivered file."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from derrumbe.core.knobs import ShotSpec
from derrumbe.core.records import Report
from derrumbe.core.work import Work
from derrumbe.deliver.html import VOID, join, tag
from derrumbe.deliver.run import run
from derrumbe.deliver.sections import every_knob
from derrumbe.deliver.settings import Settings
from tests.deliver.conftest import Delivered


class Strict(HTMLParser):
    """Checks that elements close in order; keeps links, ids, text and embedded scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.names: list[str] = []
        self.text = ""
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        values = dict(attrs)
        assert len(values) == len(attrs), f"attribute twice in {tag}"
        self.links += [str(values[name]) for name in ("href", "src") if name in values]
        self.ids += [str(values["id"])] if "id" in values else []
        assert tag != "img" or values.get("alt")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif not self.open or self.open[-1] != "style":
            self.text += data


def parsed(path: Path) -> Strict:
    page = Strict()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert not page.open
    return page


def test_page_is_well_formed_and_links_lead_somewhere(delivered: Delivered) -> None:
    page = parsed(delivered.folder / "report.html")
    assert {"review.mp4", "review_plate.mp4", "sheet.png", "report/check-grain.png", "report/survey-lines.png"} <= set(page.links)
    for link in page.links:
        assert link in delivered.record.files
        assert (delivered.folder / link).is_file()
    assert len(page.ids) == len(set(page.ids))
    assert not re.search(r"""(src|href|url\()=?["']?\w+://""", (delivered.folder / "report.html").read_text(encoding="utf-8"))


def test_delivered_files_are_there_and_nothing_else_is_promised(delivered: Delivered) -> None:
    there = {str(path.relative_to(delivered.folder)) for path in delivered.folder.rglob("*") if path.is_file()}
    assert set(delivered.record.files) == there - {"changed.npz"}


def test_page_says_what_there_is_to_judge(delivered: Delivered) -> None:
    text = parsed(delivered.folder / "report.html").text
    for said in (
        "Blocked", "grain <too> strong", "lower comp.grain", "a <b>bold</b> caution", "few lines", "set camera.focal", "falls & <b>burns</b>",
        "Not understood", "<street> & co.mov", "d1gest", "none & nobody's", "23.976 fps", "3.0 m, 3 storeys, brick", "and 4 more",
    ):  # fmt: skip
        assert said in text
    for address, *_ in every_knob(ShotSpec()):
        assert address in text


def test_player_knows_frames_timecodes_and_marks(delivered: Delivered) -> None:
    data = json.loads(parsed(delivered.folder / "report.html").scripts[0])
    assert (data["rate"], data["first"], data["count"]) == ([24000, 1001], 1001, 12)
    assert (data["timecodes"][0], data["timecodes"][-1]) == ("01:00:00:00", "01:00:00:11")
    assert {mark["name"] for mark in data["marks"]} == {"first frame", "trigger", "first break", "mid-fall", "dust peak", "end"}


def test_scripts_find_the_elements_that_they_name(delivered: Delivered) -> None:
    page = parsed(delivered.folder / "report.html")
    named = {name for script in page.scripts for name in re.findall(r"""(?:getElementById|\bat)\("([\w-]+)"\)""", script)}
    assert named
    assert named <= set(page.ids)


def test_costs_are_javascript_that_holds_the_ledger(delivered: Delivered) -> None:
    text = (delivered.folder / "report/costs.js").read_text()
    costs = json.loads(text.removeprefix("window.costs = ").removesuffix(";\n"))
    assert [(one["stage"], one["wall_seconds"], one["reused"]) for one in costs] == [("ingest", 1.5, False), ("survey", 4.0, True)]


def test_qc_holds_checks_only_and_only_json(delivered: Delivered) -> None:
    text = (delivered.folder / "qc.json").read_text(encoding="utf-8")
    data = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert set(data) == {"checks"}
    for row in data["checks"]:
        assert set(row) == {"name", "verdict", "value", "limit", "unit", "frames", "says", "remedy", "evidence"}
        assert row["verdict"] in ("pass", "warn", "block")
    rows = {row["name"]: row for row in data["checks"]}
    assert rows["grain"]["evidence"] == "report/check-grain.png"
    assert (rows["grain"]["value"], rows["grain"]["limit"], rows["grain"]["frames"]) == (1.3, 1.2, [1005, 1006])
    assert rows["energy"]["value"] is None


def test_a_shot_without_checks_or_brief_still_has_a_page(delivered: Delivered, tmp_path: Path) -> None:
    shot = delivered.shot
    empty = type(shot.report)(Report(checks=()), shot.report.folder)
    run(Settings(), Work(tmp_path), **{**shot.inputs(), "report": empty})
    page = parsed(tmp_path / "report.html")
    assert "Not checked" in page.text
    assert "No brief" in page.text
    assert json.loads((tmp_path / "qc.json").read_text()) == {"checks": []}


def test_tags_escape_what_they_are_given() -> None:
    assert tag("a", "<b> & 'c'", href='x"y') == '<a href="x&quot;y">&lt;b&gt; &amp; &#x27;c&#x27;</a>'
    assert tag("img", src="a", hidden=True, alt=None) == '<img src="a" hidden>'
    assert join("<", tag("i", 1), None) == "&lt;<i>1</i>"
