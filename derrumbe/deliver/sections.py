"""The parts of the report under the player."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from derrumbe import __version__
from derrumbe.core.knobs import ShotSpec
from derrumbe.core.records import Caution, Check, Layers, Plate, Report, Set
from derrumbe.deliver.evidence import Evidence
from derrumbe.deliver.html import Markup, tag
from derrumbe.deliver.settings import Settings

RANKS = {"block": 0, "warn": 1, "pass": 2}
SIGNS = {"block": "✕", "warn": "!", "pass": "✓"}
SHOWN_FRAMES = 8


def section(title: str, *inside: object, **attributes: object) -> Markup:
    return tag("section", tag("h2", title), *inside, **attributes)


def checks_section(report: Report, evidence: Evidence) -> Markup:
    """Return the table of checks, worst first."""
    checks = sorted(report.checks, key=lambda check: RANKS[check.verdict])
    head = tag("tr", *(tag("th", name, scope="col") for name in ("", "check", "value", "limit", "what it says", "")))
    rows = (check_row(check, evidence.checks.get(check.name)) for check in checks)
    return section("Checks", tag("table", tag("thead", head), tag("tbody", *rows), class_="checks"))


def check_row(check: Check, picture: str | None) -> Markup:
    """Return a check as a table row, with its remedy and evidence."""
    sign = tag(
        "td", tag("span", SIGNS[check.verdict], class_=f"sign {check.verdict}", title=check.verdict, role="img", aria_label=check.verdict)
    )
    says = tag("td", check.says, remedy(check.remedy), frames_text(check.frames))
    proof = tag("td", figure(picture, f"evidence for {check.name}") if picture else None)
    numbers = (tag("td", number(value, check.unit), class_="number") for value in (check.value, check.limit))
    return tag("tr", sign, tag("th", check.name.replace("_", " "), scope="row"), *numbers, says, proof, class_=check.verdict)


def remedy(text: str) -> Markup | None:
    return tag("p", text, class_="remedy") if text else None


def frames_text(frames: tuple[int, ...]) -> Markup | None:
    """Return the frames that a check names as buttons that take the player there."""
    if not frames:
        return None
    buttons = (tag("button", frame, data_frame=frame, class_="frame") for frame in frames[:SHOWN_FRAMES])
    more = f" and {len(frames) - SHOWN_FRAMES} more" if len(frames) > SHOWN_FRAMES else None
    return tag("p", "frames ", *buttons, more, class_="frames")


def number(value: float | None, unit: str) -> str:
    """Return a value with its unit, a dash for none."""
    if value is None:
        return "–"
    text = f"{value:.4g}" if abs(value) < 1e5 else f"{value:.3e}"
    return f"{text} {unit}".rstrip()


def figure(picture: str, text: str) -> Markup:
    return tag("a", tag("img", src=picture, alt=text, loading="lazy"), href=picture, class_="figure")


def sheet_section() -> Markup:
    picture = tag("img", src="sheet.png", alt="contact sheet: first frame, trigger, first break, mid-fall, dust peak, end")
    return section("Contact sheet", tag("a", picture, href="sheet.png", class_="sheet"))


def found_section(film_set: Set, evidence: Evidence, cautions: list[Caution]) -> Markup:
    """Return what survey found, and what an artist has to judge."""
    building = film_set.building
    first = film_set.cameras[0]
    facts: dict[str, Any] = {
        "building": f"{building.height:.1f} m, {len(building.storey_tops)} storeys, {building.material}",
        "façades": ", ".join(f"{face.width:.1f} × {face.height:.1f} m, {len(face.openings)} openings" for face in building.facades),
        "camera": f"{'locked off' if film_set.locked else 'moving'}, focal length {first.focal_px:.0f} px",
        "light": "overcast" if film_set.sun.overcast else "sun and sky",
    }
    notes = tag("ul", *map(caution_item, cautions), class_="cautions") if cautions else None
    pictures = tag("div", *(figure(name, "what survey found") for name in evidence.survey), class_="pictures")
    return section("What was found in the plate", pairs(facts), pictures if evidence.survey else None, notes)


def caution_item(caution: Caution) -> Markup:
    return tag("li", caution.what, remedy(caution.remedy))


def pairs(values: dict[str, Any], class_: str = "pairs") -> Markup:
    """Return names and values as a description list."""
    items = (tag("div", tag("dt", name), tag("dd", value)) for name, value in values.items())
    return tag("dl", *items, class_=class_)


def brief_section(settings: Settings) -> Markup:
    """Return the brief, the words that were not understood, and the knobs: first those that were moved."""
    quote = (
        tag("blockquote", settings.brief_text) if settings.brief_text else tag("p", "No brief; every knob is at its default or was set.")
    )
    missed = None
    if settings.not_understood:
        words = (tag("li", phrase) for phrase in settings.not_understood)
        missed = tag("div", tag("p", "Not understood, and so without effect:"), tag("ul", *words), class_="missed")
    moved, kept = knobs(settings.spec)
    rest = tag("details", tag("summary", f"{len(kept)} knobs at their defaults"), pairs(kept, "pairs knobs"))
    return section("Brief and knobs", quote, missed, pairs(moved, "pairs knobs moved") if moved else None, rest)


def knobs(spec: ShotSpec) -> tuple[dict[str, str], dict[str, str]]:
    """Return (moved, kept): addresses and values with units."""
    moved: dict[str, str] = {}
    kept: dict[str, str] = {}
    for address, value, default, unit in every_knob(spec):
        text = "empty" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
        (kept if value == default else moved)[address] = f"{text} {unit}".rstrip() if value is not None else text
    return moved, kept


def every_knob(spec: ShotSpec) -> Iterable[tuple[str, Any, Any, str]]:
    """Yield (address, value, default, unit) of every knob."""
    for group, field in ShotSpec.model_fields.items():
        inner = getattr(type(getattr(spec, group)), "model_fields", None)
        if inner is None:
            yield group, getattr(spec, group), field.default, ""
            continue
        for name, knob in inner.items():
            extra = knob.json_schema_extra if isinstance(knob.json_schema_extra, dict) else {}
            unit = str(extra.get("unit", ""))
            yield f"{group}.{name}", getattr(getattr(spec, group), name), knob.default, "" if unit == "0-1" else unit


def cost_section() -> Markup:
    """Return the place that look/costs.js fills."""
    return section("Time and memory", tag("div", tag("p", "No record of costs: report/costs.js is not beside this page."), id="costs"))


def scene_section(files: tuple[str, ...]) -> Markup:
    links = (tag("li", tag("a", name, href=name)) for name in files)
    return section("Scene", tag("p", "Camera, set and fragments for other programs; README.txt tells the conventions."), tag("ul", *links))


def made_section(plate: Plate, layers: Layers, seed: int) -> Markup:
    """Return where the shot came from: enough to make it again."""
    facts = {
        "derrumbe": __version__,
        "plate": plate.source,
        "plate digest": plate.source_digest,
        "colour": f"{plate.colourspace}, shown as {plate.display}",
        "seed": seed,
        "generator": layers.generator,
        **{f"generator {name}": value for name, value in sorted(layers.ledger.items())},
    }
    return section("Provenance", pairs(facts, "pairs made"), tag("p", "Digests of every stage and file: manifest.json beside this page."))
