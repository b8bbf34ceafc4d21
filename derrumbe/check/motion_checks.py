"""It looks filmed: gravity, energy, rest. All from poses, none from pixels."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np

from derrumbe.check.plots import Line, Plot, write_plot
from derrumbe.check.shot import Shot
from derrumbe.core.records import Check

G = 9.81
FALLING = 0.25
"""Metres that a piece must have dropped before its fall is judged: before that it may still be hanging."""
ROD = 1.5**0.5
"""How much faster than free fall the far end of a toppling rod may be: its end accelerates at up to 1.5 g."""
OVERSPEED = 1.1
SUSTAINED = 3
"""Samples in a row for which a speed must last, so that the kick of one collision isn't taken for a fall."""
ENERGY_GROWTH = 0.02
STILL_SPEED = 0.2
MOVING_SHARE = 0.05
FALLEN = 0.8


def free_fall(shot: Shot) -> Check:
    """While it falls, the roofline accelerates between 0.3 g and 1.0 g."""
    fits = roofline_fits(shot)
    if not len(fits):
        says = "The roofline doesn't fall far enough to measure its acceleration."
        remedy = "add frames after the trigger, or raise collapse.speed"
        return Check(name="free_fall", verdict="warn", value=None, limit=1.0, unit="g", says=says, remedy=remedy)
    value = float(np.median(fits)) / G
    good = 0.3 <= value <= 1.02
    says = f"The roofline falls with {value:.2f} g; between 0.3 g and 1.0 g looks like a building."
    slow = "lower collapse.storey_delay or raise collapse.speed: it sinks like a lift"
    return Check(
        name="free_fall",
        verdict="pass" if good else "warn",
        value=value,
        limit=1.0 if value > 0.3 else 0.3,
        unit="g",
        says=says,
        remedy="" if good else (slow if value < 0.3 else "nothing falls faster than g: simulate again, and report this shot"),
        evidence=_roofline_plot(shot, value),
    )


def roofline_fits(shot: Shot) -> np.ndarray:
    """Return the downward acceleration (n,) m/s² of every piece of the roofline that falls, by least squares on its fall up to its peak speed."""
    height = shot.poses["position"][:, _roofline(shot), 1].astype(np.float64)
    fits = [_fitted_fall(column, shot.sample_seconds) for column in height.T]
    return np.asarray([fit for fit in fits if fit is not None])


def _roofline(shot: Shot) -> np.ndarray:
    """Pieces in the top tenth of the building that drop by more than half a storey."""
    height = shot.poses["position"][:, :, 1]
    storey = shot.film_set.record.building.height / max(shot.pieces.record.storey_count, 1)
    high = height[0] >= 0.9 * height[0].max()
    return np.flatnonzero(high & (height[0] - height[-1] > 0.5 * storey))


def _fitted_fall(height: np.ndarray, step: float) -> float | None:
    start = int(np.argmax(height[0] - height > FALLING))
    speed = -np.diff(height) / step
    peak = int(np.argmax(speed)) + 1
    if peak - start < 4:
        return None
    time = np.arange(start, peak + 1) * step
    return float(-2 * np.polyfit(time - time[0], height[start : peak + 1], 2)[0])


def speed_limit(shot: Shot) -> Check:
    """Nothing falls faster than free fall from its own highest point allows; a toppling body's far end may be √1.5 faster."""
    ratio, at = overspeed(shot)
    worst = int(np.argmax(ratio)) if len(ratio) else 0
    value = float(ratio[worst]) if len(ratio) else 0.0
    over = ratio > OVERSPEED * ROD
    heavy = shot.masses[over].sum() > 1e-3 * shot.masses.sum() or over.mean() > 0.01 if len(ratio) else False
    verdict: Literal["pass", "warn", "block"] = "block" if heavy else "warn" if value > OVERSPEED else "pass"
    says = f"The fastest fall is {value:.2f} times free fall from the piece's own height (limit {OVERSPEED})."
    if verdict != "pass":
        says = f"Piece {worst} falls {value:.2f} times as fast as gravity allows, in frame {shot.frame_of(int(at[worst]))} (limit {OVERSPEED})."
    return Check(
        name="speed_limit",
        verdict=verdict,
        value=value,
        limit=OVERSPEED,
        unit="x",
        frames=(shot.frame_of(int(at[worst])),) if verdict != "pass" else (),
        says=says,
        remedy="" if verdict == "pass" else "simulate again with another seed; if it stays, something is pushed or thrown down",
        evidence=_speed_plot(shot, worst) if len(ratio) else None,
    )


def overspeed(shot: Shot) -> tuple[np.ndarray, np.ndarray]:
    """Return for every piece the largest ratio of sustained downward speed to free fall from its highest point so far, and the sample of it."""
    height = shot.poses["position"][:, :, 1].astype(np.float32)
    speed = -np.diff(height, axis=0) / np.float32(shot.sample_seconds)
    drop = (np.maximum.accumulate(height, axis=0) - height)[1:]
    allowed = np.sqrt(2 * G * np.maximum(drop, FALLING))
    ratio = np.where(drop > FALLING, speed / allowed, 0)
    if len(ratio) < SUSTAINED:
        return np.zeros(height.shape[1]), np.zeros(height.shape[1], int)
    lasting = np.min([ratio[i : len(ratio) - SUSTAINED + 1 + i] for i in range(SUSTAINED)], axis=0)
    return lasting.max(0), lasting.argmax(0)


def energy(shot: Shot) -> Check:
    """Kinetic and potential energy together never grow."""
    total = np.asarray(shot.energy["kinetic"], np.float64) + np.asarray(shot.energy["potential"], np.float64)
    potential = np.asarray(shot.energy["potential"], np.float64)
    grown = total - np.minimum.accumulate(total)
    scale = max(float(potential[0] - potential.min()), 1e-3 * abs(float(total[0])), 1.0)
    worst = int(grown.argmax())
    value = float(grown[worst] / scale)
    good = value <= ENERGY_GROWTH
    says = f"Energy grows by at most {value:.1%} of what the fall sets free (limit {ENERGY_GROWTH:.0%})."
    time = np.asarray(shot.energy["time"], np.float64)
    path = shot.evidence("energy")
    curves = (
        Line(time, total / scale, "total"),
        Line(time, potential / scale, "potential"),
        Line(time, (total - potential) / scale, "kinetic"),
    )
    write_plot(path, Plot("energy, in units of what the fall sets free", "seconds", "energy", curves))
    return Check(
        name="energy",
        verdict="pass" if good else "warn",
        value=value,
        limit=ENERGY_GROWTH,
        unit="of the fall",
        frames=() if good else (shot.frame_of(worst),),
        says=says,
        remedy="" if good else "pieces push each other apart: lower fragments.count, or simulate with another seed",
        evidence=path.relative_to(shot.folder).as_posix(),
    )


def at_rest(shot: Shot) -> Check:
    """The pile lies still at the last frame."""
    moving = moving_share(shot)
    value = float(moving[-1]) if len(moving) else 0.0
    good = value <= MOVING_SHARE and shot.motion.record.at_rest
    says = f"{value:.0%} of the mass still moves at the last frame (limit {MOVING_SHARE:.0%})."
    if not good and value <= MOVING_SHARE:
        says = f"Simulate says that the pile isn't at rest, though only {value:.0%} of its mass still moves."
    path = shot.evidence("at_rest")
    time = (np.arange(len(moving)) + 1) * shot.sample_seconds
    write_plot(path, Plot("share of the mass that moves", "seconds", "share", (Line(time, moving),), {MOVING_SHARE: "limit"}))
    return Check(
        name="at_rest",
        verdict="pass" if good else "warn",
        value=value,
        limit=MOVING_SHARE,
        unit="of the mass",
        frames=() if good else (shot.plate.record.frames.last,),
        says=says,
        remedy="" if good else _more_frames(shot),
        evidence=path.relative_to(shot.folder).as_posix(),
    )


def _more_frames(shot: Shot) -> str:
    told = [caution.remedy for caution in shot.motion.record.warnings if "still moves" in caution.what]
    return told[0] if told else "add frames after the fall, lower trigger.time, or raise collapse.speed"


def moving_share(shot: Shot) -> np.ndarray:
    """Return the share (S-1,) of the mass that is faster than STILL_SPEED between samples."""
    position = shot.poses["position"]
    shares = []
    for before, after in pairwise(position):
        speed = np.linalg.norm(after - before, axis=-1) / shot.sample_seconds
        shares.append(shot.masses[speed > STILL_SPEED].sum() / max(shot.masses.sum(), 1e-9))
    return np.asarray(shares)


def came_down(shot: Shot) -> Check:
    """What was meant to fall fell."""
    value = shot.motion.record.fallen_share
    good = value >= FALLEN
    remedies = [caution.remedy for caution in shot.motion.record.warnings]
    remedy = remedies[0] if remedies else "raise collapse.speed, lower trigger.time or add frames"
    height = shot.poses["position"][:, :, 1]
    path = shot.evidence("came_down")
    mean = (height * shot.masses).sum(1) / max(shot.masses.sum(), 1e-9)
    time = np.arange(len(mean)) * shot.sample_seconds
    curves = (Line(time, height.max(1), "highest piece"), Line(time, mean, "centre of mass"))
    write_plot(path, Plot("height of the building", "seconds", "metres", curves))
    return Check(
        name="came_down",
        verdict="pass" if good else "warn",
        value=value,
        limit=FALLEN,
        unit="of the mass",
        says=f"{value:.0%} of the mass meant to fall came down (at least {FALLEN:.0%} wanted).",
        remedy="" if good else remedy,
        evidence=path.relative_to(shot.folder).as_posix(),
    )


def _roofline_plot(shot: Shot, value: float) -> str:
    pieces = _roofline(shot)
    height = np.median(shot.poses["position"][:, pieces, 1], axis=1)
    time = np.arange(len(height)) * shot.sample_seconds
    path = shot.evidence("free_fall")
    fallen = np.argmax(height[0] - height > FALLING)
    after = np.maximum(time - time[fallen], 0)
    free = Line(time, np.maximum(height[fallen] - 0.5 * G * after**2 - np.sqrt(2 * G * FALLING) * after, 0), "free fall")
    write_plot(path, Plot(f"roofline, {value:.2f} g", "seconds", "metres", (Line(time, height, "median roofline"), free)))
    return path.relative_to(shot.folder).as_posix()


def _speed_plot(shot: Shot, piece: int) -> str:
    height = shot.poses["position"][:, piece, 1].astype(np.float64)
    speed = -np.diff(height) / shot.sample_seconds
    drop = (np.maximum.accumulate(height) - height)[1:]
    time = (np.arange(len(speed)) + 1) * shot.sample_seconds
    path = shot.evidence("speed_limit")
    lines = (Line(time, np.maximum(speed, 0), f"piece {piece}"), Line(time, np.sqrt(2 * G * drop), "free fall"))
    write_plot(path, Plot("downward speed of the fastest piece", "seconds", "m/s", lines))
    return path.relative_to(shot.folder).as_posix()
