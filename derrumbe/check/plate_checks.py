"""The plate is sacred: frames, bits, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from derrumbe.check.plots import Line, Plot, crop_around, write_pictures, write_plot
from derrumbe.check.shot import Shot
from derrumbe.core.errors import BadPlate
from derrumbe.core.records import Check, Doubt
from derrumbe.media.colour import to_display


def plate_untouched(shot: Shot) -> Check:
    """Where the matte is 0, the final frame is the plate, bit for bit."""
    bad = [frame for frame in shot.frames if frame["outside"]]
    count = sum(frame["outside"] for frame in bad)
    says = "Outside the effect matte every pixel of every frame is the plate's, bit for bit."
    if bad:
        says = f"{_pixels(count)} outside the effect matte differ from the plate, first in frame {bad[0]['frame']} at {tuple(bad[0]['worst'])}."
    remedy = "delete .derrumbe/comp in the shot's folder and run it again; if it stays, the matte misses part of the effect"
    return _law("plate_untouched", bad, count, says, remedy, _difference(shot, "plate_untouched", bad))


def before_trigger(shot: Shot) -> Check:
    """Frames before the trigger are the plate entirely, with an empty matte."""
    bad = [frame for frame in shot.frames if frame["frame"] < shot.trigger_frame and (frame["changed"] or frame["matted"])]
    count = max((max(frame["changed"], frame["matted"]) for frame in bad), default=0)
    says = f"Nothing changes before the trigger at frame {shot.trigger_frame}."
    if bad:
        says = (
            f"{len(bad)} of the frames before the trigger at {shot.trigger_frame} aren't the plate; the worst differs in {_pixels(count)}."
        )
    remedy = "delete .derrumbe/comp in the shot's folder and run it again; if it stays, something starts earlier than trigger.time says"
    evidence = _counts(shot, "before_trigger", "changed", "pixels that differ from the plate")
    return _law("before_trigger", bad, count, says, remedy, evidence)


def finite(shot: Shot) -> Check:
    """No NaN and no infinity in final frames and mattes."""
    bad = [frame for frame in shot.frames if frame["broken"]]
    count = sum(frame["broken"] for frame in bad)
    says = "No NaN and no infinity in any frame."
    if bad:
        says = f"{_pixels(count)} hold a NaN or an infinity, first in frame {bad[0]['frame']} at {tuple(bad[0]['worst'])}."
    remedy = "look at the layers of that frame; delete .derrumbe/render in the shot's folder and run it again"
    return _law("finite", bad, count, says, remedy, _counts(shot, "finite", "broken", "pixels that aren't numbers"))


def _law(name: str, bad: Sequence[dict], count: int, says: str, remedy: str, evidence: str | None) -> Check:
    """Return the check of a law that not one pixel may break; `bad`: the frames that do."""
    return Check(
        name=name,
        verdict="block" if bad else "pass",
        value=float(count),
        limit=0.0,
        unit="pixels",
        frames=_numbers(bad),
        says=says,
        remedy=remedy if bad else "",
        evidence=evidence,
    )


def frame_count(shot: Shot) -> Check:
    """As many frames as the plate has, of its size and at its rate, in every output."""
    record = shot.plate.record
    faults = [frame["fault"] for frame in shot.frames if frame["fault"]] + _timing_faults(shot)
    good = sum(not frame["fault"] for frame in shot.frames)
    rate = f"{record.rate_num}/{record.rate_den}" if record.rate_den != 1 else str(record.rate_num)
    says = f"{good} of {len(record.frames)} frames, {record.width}x{record.height}, at {rate} frames per second, as the plate."
    if faults:
        says = f"{good} of {len(record.frames)} frames are right: {faults[0]}."
    return Check(
        name="frame_count",
        verdict="block" if faults else "pass",
        value=float(good),
        limit=float(len(record.frames)),
        unit="frames",
        frames=_numbers([frame for frame in shot.frames if frame["fault"]]),
        says=says,
        remedy="run the shot again: finished frames are kept, what is missing is made" if faults else "",
        evidence=_good_frames(shot),
    )


def in_front(shot: Shot) -> Check:
    """Nothing that may stand before the building falls with it."""
    doubts = sorted(shot.film_set.record.doubts, key=lambda one: -one.sure)
    says = "Survey saw nothing that may stand before the building and isn't kept there; small or plain things it can't tell from a wall."
    if doubts:
        left, top, *_ = doubts[0].box
        says = (
            f"{len(doubts)} {'thing' if len(doubts) == 1 else 'things'} may stand before the building and fell with it, likeliest a "
            f"{doubts[0].kind} at {left:.0f}, {top:.0f} of the plate as delivered (sure to {doubts[0].sure:.2f})."
        )
    remedy = "look at evidence/mattes.png of survey: draw what does stand in front (--holdout), or lower front.sureness"
    return Check(
        name="in_front",
        verdict="warn" if doubts else "pass",
        value=float(len(doubts)),
        limit=0.0,
        unit="things",
        says=says,
        remedy=remedy if doubts else "",
        evidence=_doubted(shot, doubts[0]) if doubts else None,
    )


def _doubted(shot: Shot, doubt: Doubt) -> str | None:
    """The surroundings of what may stand in front, in the first frame and in the last."""
    left, top, right, bottom = doubt.box
    size = int(1.6 * max(right - left, bottom - top, 60))
    display = shot.plate.record.display
    path, last = shot.evidence("in_front"), shot.comp.record.frames.last
    try:
        shown = (("plate", shot.plate_pixels(shot.plate.record.frames.first)), (f"final {last}", shot.final_pixels(last)))
    except BadPlate:
        return None
    middle = round((left + right) / 2), round((top + bottom) / 2)
    write_pictures(path, [(name, to_display(crop_around(picture, *middle, size), display)) for name, picture in shown])
    return _relative(shot, path)


def _timing_faults(shot: Shot) -> list[str]:
    plate, motion = shot.plate.record, shot.motion.record
    faults = [
        f"{name} covers {frames.first}-{frames.last} and the plate {plate.frames.first}-{plate.frames.last}"
        for name, frames in (("the comp", shot.comp.record.frames), ("the layers", shot.layers.record.frames))
        if frames != plate.frames
    ]
    wanted = len(plate.frames) * motion.samples_per_frame + 1
    if motion.sample_count != wanted:
        faults.append(f"the motion has {motion.sample_count} samples where the plate's frames make {wanted}")
    time = np.asarray(shot.energy["time"], np.float64)
    seconds = len(plate.frames) / float(plate.rate)
    if len(time) and abs(time[-1] - time[0] - seconds) > 0.5 / float(plate.rate):
        faults.append(f"the motion lasts {time[-1] - time[0]:.3f} s and the plate {seconds:.3f} s: another frame rate")
    return faults


def _difference(shot: Shot, name: str, bad: Sequence[dict]) -> str | None:
    """Final, plate and what differs (white: allowed by the matte; red: not), of the worst frame or of one amid the effect."""
    touched = [frame for frame in shot.frames if frame["matted"] and not frame["fault"]] or [f for f in shot.frames if not f["fault"]]
    if not touched:
        return None
    chosen = bad[0] if bad else touched[len(touched) // 2]
    path = shot.evidence(name)
    try:
        plate, final = shot.plate_pixels(chosen["frame"]), shot.final_pixels(chosen["frame"])
    except BadPlate:
        return None
    differs = (plate != final).any(-1)
    shown = np.zeros((*differs.shape, 3), np.uint8)
    shown[differs] = (235, 235, 235)
    if bad:
        x, y = bad[0]["worst"]
        shown[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = (255, 40, 40)
        shown, plate, final = (crop_around(picture, x, y) for picture in (shown, plate, final))
    display = shot.plate.record.display
    pictures = [
        (f"plate {chosen['frame']}", to_display(plate, display)),
        ("final", to_display(final, display)),
        ("differs (red: outside the matte)", shown),
    ]
    write_pictures(path, pictures)
    return _relative(shot, path)


def _counts(shot: Shot, name: str, what: str, title: str) -> str:
    path = shot.evidence(name)
    frames = [frame["frame"] for frame in shot.frames]
    counts = [frame[what] for frame in shot.frames]
    write_plot(path, Plot(title, "frame", "pixels", (Line(frames, counts, bars=True),), marks={shot.trigger_frame: "trigger"}))
    return _relative(shot, path)


def _good_frames(shot: Shot) -> str:
    path = shot.evidence("frame_count")
    frames = [frame["frame"] for frame in shot.frames]
    good = [0.0 if frame["fault"] else 1.0 for frame in shot.frames]
    write_plot(path, Plot("frames whose files are all there and right", "frame", "1 = right", (Line(frames, good, bars=True),)))
    return _relative(shot, path)


def _relative(shot: Shot, path: Path) -> str:
    return path.relative_to(shot.folder).as_posix()


def _numbers(frames: Sequence[dict]) -> tuple[int, ...]:
    return tuple(frame["frame"] for frame in frames)


def _pixels(count: int) -> str:
    return "1 pixel" if count == 1 else f"{count} pixels"
