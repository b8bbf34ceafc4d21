"""report.html: one page to judge the shot by. It needs only the files beside it: no network, no server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from derrumbe.core.files import write_text
from derrumbe.core.records import Comp, Layers, Motion, Pieces, Plate, Report, Set, StageLog
from derrumbe.deliver.evidence import Evidence
from derrumbe.deliver.html import Markup, join, tag
from derrumbe.deliver.marks import Mark
from derrumbe.deliver.matchmove.pictures import Matchmove
from derrumbe.deliver.matchmove.section import matchmove_section
from derrumbe.deliver.sections import brief_section, checks_section, cost_section, found_section, made_section, scene_section, sheet_section
from derrumbe.deliver.settings import Settings
from derrumbe.media.timecode import timecode_at

LOOK = Path(__file__).with_name("look")
VERDICTS = {"pass": "passed", "warn": "to judge", "block": "blocking"}
BUTTONS = (
    ("first", "first frame", "Home"),
    ("back", "one frame back", "←"),
    ("play", "play or pause", "space"),
    ("step", "one frame on", "→"),
    ("last", "last frame", "End"),
)
ICONS = {
    "first": "M3 2h2v12H3zM13 2v12L6 8z",
    "back": "M11 2v12L4 8z",
    "play": "M4 2v12l9-6z",
    "pause": "M4 2h3v12H4zM9 2h3v12H9z",
    "step": "M5 2v12l7-6z",
    "last": "M11 2h2v12h-2zM3 2v12l7-6z",
}
"""Drawn, since few fonts have these signs: paths in a square of 16."""


@dataclass(frozen=True)
class Shown:
    """Everything that the page tells."""

    settings: Settings
    plate: Plate
    film_set: Set
    pieces: Pieces
    motion: Motion
    layers: Layers
    comp: Comp
    report: Report
    marks: tuple[Mark, ...]
    evidence: Evidence
    matchmove: Matchmove
    scene: tuple[str, ...]


def write_page(folder: Path, shown: Shown, ledger: tuple[StageLog, ...]) -> None:
    """Write report.html, and report/costs.js, the only part that differs from machine to machine."""
    costs = [log.model_dump(mode="json") for log in ledger]
    write_text(folder / "report/costs.js", f"window.costs = {json.dumps(costs, indent=1)};\n")
    write_text(folder / "report.html", page(shown))


def page(shown: Shown) -> str:
    """Return the whole page."""
    title = f"{shown.plate.source} · Derrumbe"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup((LOOK / "report.css").read_text(encoding="utf-8"))),
    )
    data = tag("script", Markup(embedded(player_data(shown))), type="application/json", id="shot")
    scripts = join(
        tag("script", src="report/costs.js"),
        tag("script", Markup((LOOK / "player.js").read_text(encoding="utf-8"))),
        tag("script", Markup((LOOK / "costs.js").read_text(encoding="utf-8"))),
    )
    body = tag("body", header(shown), tag("main", player(), *sections(shown)), data, scripts)
    return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'


def sections(shown: Shown) -> list[Markup]:
    """Return the parts under the player, in reading order."""
    stages = (shown.plate, shown.film_set, shown.pieces, shown.motion, shown.layers, shown.comp)
    return [
        checks_section(shown.report, shown.evidence),
        sheet_section(),
        found_section(shown.film_set, shown.evidence, [caution for record in stages for caution in record.warnings]),
        matchmove_section(shown.plate, shown.film_set, shown.matchmove),
        brief_section(shown.settings),
        cost_section(),
        scene_section(shown.scene),
        made_section(shown.plate, shown.layers, shown.settings.spec.seed),
    ]


def header(shown: Shown) -> Markup:
    """Return the title, the verdict and the shot's numbers in a line."""
    plate = shown.plate
    counts = {verdict: sum(check.verdict == verdict for check in shown.report.checks) for verdict in VERDICTS}
    worst = "block" if counts["block"] else "warn" if counts["warn"] else "pass"
    words = {"pass": "All checks passed", "warn": "Passed, with points to judge", "block": "Blocked"}[worst]
    if not shown.report.checks:
        worst, words = "warn", "Not checked"
    chips = [tag("span", f"{count} {VERDICTS[verdict]}", class_=f"chip {verdict}") for verdict, count in counts.items() if count]
    facts = (
        f"{plate.width} × {plate.height} · {rate_text(plate)} fps · {plate.frames.first}–{plate.frames.last} ({len(plate.frames)} frames)"
    )
    preview = " · preview" if shown.settings.preview else ""
    return tag(
        "header",
        tag("div", tag("h1", plate.source), tag("p", facts + preview, class_="facts")),
        tag("div", tag("strong", words, class_=worst), tag("p", *chips, class_="chips"), class_="verdict"),
    )


def rate_text(plate: Plate) -> str:
    """Return the rate as people say it: 25, 23.976."""
    return f"{float(plate.rate):.3f}".rstrip("0").rstrip(".")


def player() -> Markup:
    """Return the two movies over each other and their controls; look/player.js brings them to life."""
    videos = tag(
        "div",
        tag("video", id="before", src="review_plate.mp4", muted=True, playsinline=True, preload="auto", aria_label="plate"),
        tag("video", id="after", src="review.mp4", muted=True, playsinline=True, preload="auto", aria_label="shot"),
        tag("span", "plate", class_="corner left"),
        tag("span", "shot", class_="corner right"),
        tag(
            "div", tag("i"), id="divider", role="slider", tabindex="0", aria_label="wipe between plate and shot",
            aria_valuemin="0", aria_valuemax="100", aria_valuenow="50",
        ),
        id="stage",
    )  # fmt: skip
    return tag(
        "section",
        videos,
        tag(
            "div",
            tag("input", id="scrub", type="range", min="0", value="0", step="1", aria_label="frame"),
            tag("div", id="marks"),
            id="line",
        ),
        controls(),
        tag("p", "The movies can't be played here; open review.mp4 and review_plate.mp4 in a player.", id="trouble", hidden=True),
        id="player",
        aria_label="before and after",
    )


def controls() -> Markup:
    """Return the row of buttons under the movie."""
    buttons = [
        tag(
            "button",
            icon(ICONS[name]),
            *([icon(ICONS["pause"])] if name == "play" else []),
            id=name,
            title=f"{says} ({key})",
            aria_label=says,
        )
        for name, says, key in BUTTONS
    ]
    views = [
        tag("button", name.capitalize(), data_view=name, title=f"{name} ({key})", aria_pressed="true" if name == "wipe" else "false")
        for name, key in (("wipe", "1"), ("shot", "2"), ("plate", "3"), ("difference", "4"))
    ]
    speeds = [tag("option", text, value=value) for text, value in (("1×", "1"), ("½×", "0.5"), ("¼×", "0.25"), ("⅛×", "0.125"))]
    return tag(
        "div",
        tag("div", *buttons, class_="group"),
        tag("output", id="where", aria_live="off"),
        tag("div", *views, class_="group", role="group", aria_label="view"),
        tag("label", "speed ", tag("select", *speeds, id="speed")),
        tag("label", tag("input", id="loop", type="checkbox", checked=True), " loop"),
        id="controls",
    )


def icon(path: str) -> Markup:
    return tag("svg", tag("path", d=path), viewBox="0 0 16 16", width="14", height="14", aria_hidden="true")


def player_data(shown: Shown) -> dict[str, object]:
    """Return what player.js needs: rate, frames, timecodes and marks."""
    plate = shown.plate
    return {
        "rate": [plate.rate_num, plate.rate_den],
        "first": plate.frames.first,
        "count": len(plate.frames),
        "width": plate.width,
        "height": plate.height,
        "timecodes": [timecode_at(plate.timecode, offset, plate.rate) for offset in range(len(plate.frames))],
        "marks": [{"name": mark.name, "frame": mark.frame} for mark in shown.marks],
    }


def embedded(data: object) -> str:
    """Return JSON that can stand inside a script element."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
