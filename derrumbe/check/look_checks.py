"""It looks filmed: grain, flicker, black level, and pieces that are the plate until they move."""

from __future__ import annotations

import numpy as np

from derrumbe.check.edges import BINS, CRISPEST, median_crispness
from derrumbe.check.looks import LEVELS
from derrumbe.check.plots import Line, Plot, crop_around, write_pictures, write_plot
from derrumbe.check.rest import RestMatch, match_at_rest
from derrumbe.check.shot import Shot
from derrumbe.core.records import Check
from derrumbe.media.colour import to_display

LEAST_PIXELS = 4000
"""Pixels that a grain measure needs: its error is then about 3 %, noise of neighbours being alike."""
GRAIN = (0.9, 1.1)
FLICKER = 1.2
OWN_FLICKER = 0.25
"""Change that no eye sees: half of the grain's own, or half a code. A held still's own is none at all, so it counts as this."""
TOO_DARK = 0.001
CODE = 1 / 255
SHARPER = 1.15
LEAST_EDGES = 300
"""Edge pixels that a median needs."""


def grain(shot: Shot) -> Check:
    """Noise of what is new over noise of the plate, per channel and level."""
    ratios = grain_ratios(shot)
    if not np.isfinite(ratios).any():
        return _nothing("grain", "The effect has no calm area large enough to measure its grain, or the plate has none.", GRAIN[1])
    distance = np.where(np.isfinite(ratios), np.abs(np.log(np.maximum(ratios, 1e-3))), -1)
    channel, level = np.unravel_index(int(distance.argmax()), ratios.shape)
    value = float(ratios[channel, level])
    good = GRAIN[0] <= value <= GRAIN[1]
    where = f"in {'RGB'[channel]} around level {_level(int(level)):.2g}"
    path = shot.evidence("grain")
    lines = tuple(Line([_level(i) for i in range(len(LEVELS) - 1)], ratios[c], "RGB"[c]) for c in range(3))
    write_plot(
        path,
        Plot("grain of what is new / of the plate", "stops from mid grey", "ratio", lines, dict(zip(GRAIN, map(str, GRAIN), strict=True))),
    )
    return Check(
        name="grain",
        verdict="pass" if good else "warn",
        value=value,
        limit=GRAIN[1] if value > 1 else GRAIN[0],
        unit="x",
        says=f"Grain on what is new is {value:.2f} times the plate's at worst, {where} ({GRAIN[0]} to {GRAIN[1]} wanted).",
        remedy="" if good else "set comp.grain to 1",
        evidence=path.relative_to(shot.folder).as_posix(),
    )


def grain_ratios(shot: Shot) -> np.ndarray:
    """Return (3, levels): standard deviation of new noise over the plate's model; NaN where too few pixels were seen."""
    if not shot.looks:
        return np.full((3, len(LEVELS) - 1), np.nan)
    total = np.sum([look["grain"] for look in shot.looks], axis=0)
    count, found, model = np.moveaxis(total, -1, 0)
    return np.where(count >= LEAST_PIXELS, np.sqrt(found / np.maximum(model, 1e-30)), np.nan)


def _level(index: int) -> float:
    return (LEVELS[index] + min(LEVELS[index + 1], 2 * LEVELS[index] + 0.01)) / 2


def flicker(shot: Shot) -> Check:
    """Frame-to-frame change of what should stand still in the effect, over the plate's own there."""
    ratios = np.array([_flicker_ratio(look) for look in shot.looks]) if shot.looks else np.zeros(0)
    seen = np.isfinite(ratios)
    if not seen.any():
        return _nothing("flicker", "No part of the effect stands still long enough to measure flicker.", FLICKER)
    value = float(np.median(ratios[seen]) if seen.sum() > 2 else ratios[seen].max())
    good = value <= FLICKER
    frames = [look["frame"] for look in shot.looks]
    path = shot.evidence("flicker")
    write_plot(path, Plot("flicker of still parts / the plate's own", "frame", "ratio", (Line(frames, ratios),), {FLICKER: "limit"}))
    return Check(
        name="flicker",
        verdict="pass" if good else "warn",
        value=value,
        limit=FLICKER,
        unit="x",
        frames=() if good else tuple(frame for frame, ratio in zip(frames, ratios, strict=True) if ratio > FLICKER),
        says=f"What stands still in the effect flickers {value:.2f} times as much as the plate (limit {FLICKER}).",
        remedy="" if good else "raise render.sky_rays, or set comp.grain to 1",
        evidence=path.relative_to(shot.folder).as_posix(),
    )


def _flicker_ratio(look: dict) -> float:
    """Return the worse of pixels (noise) and blocks (pumping light); NaN when too little stands still."""
    worst = np.nan
    for name, least in (("flicker", LEAST_PIXELS), ("blocks", 60)):
        count, final, own = look[name]
        if count >= least:
            worst = np.nanmax([worst, np.sqrt(final / max(own, OWN_FLICKER * count))])
    return float(worst)


def blacks(shot: Shot) -> Check:
    """No new pixel lies under the plate's own black, which haze lifts."""
    total = np.sum([look["blacks"] for look in shot.looks], axis=0) if shot.looks else np.zeros(2)
    if total[0] < LEAST_PIXELS / 10:
        return _nothing("blacks", "Too few new pixels to measure their black level.", TOO_DARK)
    value = float(total[1] / total[0])
    good = value <= TOO_DARK
    tones = np.sum([look["tones"] for look in shot.looks], axis=0)
    path = shot.evidence("blacks")
    bars = Line((np.arange(len(tones)) + 0.5) / 4, tones / max(tones.sum(), 1), bars=True)
    write_plot(
        path,
        Plot("darkest channel of new pixels over the plate's black point", "level / black", "share", (bars,), marks={1.0: "plate's black"}),
    )
    return Check(
        name="blacks",
        verdict="pass" if good else "warn",
        value=value,
        limit=TOO_DARK,
        unit="of new pixels",
        frames=() if good else tuple(look["frame"] for look in shot.looks if look["blacks"][1] > TOO_DARK * max(look["blacks"][0], 1)),
        says=f"{value:.2%} of the new pixels are darker than the plate's blacks around the building (limit {TOO_DARK:.1%}).",
        remedy="" if good else "the comp doesn't hold the plate's black point: delete .derrumbe/comp in the shot's folder and run it again",
        evidence=path.relative_to(shot.folder).as_posix(),
    )


def sharpness(shot: Shot) -> Check:
    """Edges of what is new are as crisp as the plate's own."""
    new, own = (np.sum([look[name] for look in shot.looks], axis=0) if shot.looks else np.zeros(BINS) for name in ("edges", "own_edges"))
    if min(new.sum(), own.sum()) < LEAST_EDGES:
        return _nothing("sharpness", "Too few edges of still pieces in clear air to measure their sharpness.", SHARPER)
    value = median_crispness(new) / median_crispness(own)
    good = 1 / SHARPER <= value <= SHARPER
    path = shot.evidence("sharpness")
    crispness = (np.arange(BINS) + 0.5) * CRISPEST / BINS
    lines = tuple(Line(crispness, part / part.sum(), name) for part, name in ((new, "new"), (own, "plate")))
    write_plot(path, Plot("crispness of edges, of what is new and of the plate", "steepness lost by a blur", "share", lines))
    return Check(
        name="sharpness",
        verdict="pass" if good else "warn",
        value=value,
        limit=SHARPER if value > 1 else 1 / SHARPER,
        unit="x",
        says=f"Edges of what is new are {value:.2f} times as crisp as the plate's ({1 / SHARPER:.2f} to {SHARPER} wanted).",
        remedy="" if good else f"set comp.softness {'higher' if value > 1 else 'lower'}",
        evidence=path.relative_to(shot.folder).as_posix(),
    )


def piece_matches_plate(shot: Shot) -> Check:
    """Before it moves, what pieces wear is the plate."""
    match = match_at_rest(shot)
    if match is None:
        return _nothing("piece_matches_plate", "No piece is seen that could be compared with the plate.", CODE)
    good = match.difference <= CODE
    return Check(
        name="piece_matches_plate",
        verdict="pass" if good else "warn",
        value=match.difference * 255,
        limit=1.0,
        unit="codes of 255",
        frames=() if good else (match.frame,),
        says=f"{match.what} differ from the plate by {match.difference * 255:.2f} codes of 255 in frame {match.frame} (limit 1).",
        remedy="" if good else "the building would change as it breaks: check the outline, and what stands in front of it",
        evidence=_match_pictures(shot, match),
    )


def _match_pictures(shot: Shot, match: RestMatch) -> str:
    path = shot.evidence("piece_matches_plate")
    y, x = (int(np.median(axis)) for axis in np.nonzero(match.where))
    size = int(np.clip(2 * np.sqrt(match.where.sum()), 48, 320))
    display = shot.plate.record.display
    gain = np.clip(match.codes * 255 * 40, 0, 255).astype(np.uint8)
    pictures = (("plate", to_display(match.plate, display)), (match.what, to_display(match.worn, display)), ("difference x 40", gain))
    write_pictures(path, [(name, crop_around(picture, x, y, size)) for name, picture in pictures])
    return path.relative_to(shot.folder).as_posix()


def _nothing(name: str, says: str, limit: float) -> Check:
    """A measure with nothing to measure passes, and says so."""
    return Check(name=name, verdict="pass", value=None, limit=limit, says=says)
