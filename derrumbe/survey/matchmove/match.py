"""What the camera does: locked off, turning on the spot, or moving; and is the answer to be believed?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from derrumbe.core.errors import BadPlate
from derrumbe.core.records import Caution, Located, Plate
from derrumbe.core.work import Work
from derrumbe.geom.bundle import Sightings, errors
from derrumbe.survey.matchmove.belief import Belief
from derrumbe.survey.matchmove.flattening import unflattened
from derrumbe.survey.matchmove.nodal import FAR_OFF, turning
from derrumbe.survey.matchmove.pictures import grey
from derrumbe.survey.matchmove.solve import Solve, keyframes, solve
from derrumbe.survey.matchmove.structure import WRONG
from derrumbe.survey.matchmove.tracks import TEXTURE, Black, Cut, Tracks, follow
from derrumbe.survey.matchmove.zoom import Zoom, zooming

Kind = Literal["locked", "nodal", "moving"]

STILL = 0.35
"""Features of a locked camera stay within this many pixels of a working picture ..."""
STILL_SHARE = 0.5
"""... at least so many of them, in every frame that is looked at."""
PROBES = 6
MOST_OF = 85
TURNS_WELL = 1.2
"""A turning camera explains this percentage of sightings to so many pixels (of a picture 1280 wide) ..."""
NO_BETTER = 1.6
"""... and a moving one fits no better than by this factor."""
VIEW = (0.5, 3.2)
"""Focal lengths in picture widths that films are shot with: 90 to 18 degrees wide."""
ZOOMS = 1.02
"""A camera whose focal length changes by this factor zooms."""
SOLVED_SHARE = 0.95
LARGEST_ERROR = 1.5
"""Mean reprojection error, pixels of a picture 1280 wide, of a solve that can be used."""
JOLT = 0.55
"""A solved camera whose speed changes by more than this share in one place, beyond what is usual in the shot, is named."""
MOST, SEVERAL = 0.5, 3
"""Where more than this share of the features moves otherwise than the solve says, in so many frames, the solve may ride on the wrong thing."""
DOUBTFUL = 0.08
"""A spread of log focal length that the artist should know of."""
LEAST_ANGLE = np.radians(0.5)
THOUGHTS = 2
"""A solve is made anew so often at most."""


@dataclass(frozen=True, eq=False)
class Match:
    """kind, and unless locked: rotation (n, 3, 3) and translation (n, 3) that take the first camera's axes to each frame's, focal length
    per frame (n,) in plate pixels, points (p, 3) in the first camera's axes and their sightings."""

    kind: Kind
    rotation: np.ndarray
    translation: np.ndarray
    focal: np.ndarray
    radial: float
    points: np.ndarray
    seen: Sightings
    error: float
    cautions: tuple[Caution, ...] = ()


def match(
    plate: Located[Plate],
    work: Work,
    belief: Belief,
    outline: np.ndarray | None = None,
    second_thoughts: Callable[[Match], Belief | None] = lambda _: None,
) -> Match:
    """Return the Match of a plate. Raises BadPlate.

    outline: the building's (n, 2) in the first frame; more features are followed within it. second_thoughts: what is believed of the lens once a
    solve is there; None to leave it at that.
    """
    record = plate.record
    if record.held or len(record.frames) < 2 or is_locked(plate):
        return locked(belief)
    frames = list(record.frames)
    pictures = (grey(plate, frame) for frame in work.track(frames, "following features"))
    try:
        tracks = follow(pictures, (record.width, record.height), outline)
    except Cut as fault:
        other = frames[int(fault.args[0])]
        before = f"{frames[0]}-{other - 1}"
        raise BadPlate(f"plate: a cut at frame {other}; give one shot, such as --frames {before}") from fault
    except Black as fault:
        raise BadPlate(f"plate: frame {frames[int(fault.args[0])]} is black; leave it out with --frames") from fault
    if np.count_nonzero(tracks.seen[0]) < TEXTURE:
        return replace(locked(belief), cautions=(_plain(),))
    found = matched(tracks, belief)
    for _ in range(THOUGHTS):
        better = second_thoughts(found)
        if better is None:
            break
        found = matched(tracks, better)
    return found


def _plain() -> Caution:
    return Caution(
        what="the plate has too little texture to tell what the camera does: it is surveyed as locked off",
        remedy="choose a sharper or brighter plate, or stabilise it first",
    )


def locked(belief: Belief) -> Match:
    nobody = Sightings(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 2)))
    return Match("locked", np.eye(3)[None], np.zeros((1, 3)), np.array([belief.focal]), belief.bend, np.zeros((0, 3)), nobody, 0.0)


def is_locked(plate: Located[Plate]) -> bool:
    """Do most features of the first frame stay where they are?"""
    frames = sorted({round(float(f)) for f in np.linspace(plate.record.frames.first, plate.record.frames.last, PROBES)})
    first = grey(plate, frames[0])
    found = cv2.goodFeaturesToTrack(first, 400, 0.01, 0.02 * max(first.shape), blockSize=5)
    if found is None or len(found) < 8:
        return False
    for frame in frames[1:]:
        there, status, _ = cv2.calcOpticalFlowPyrLK(first, grey(plate, frame), found, found.copy(), winSize=(21, 21), maxLevel=4)
        off = np.linalg.norm((there - found).reshape(-1, 2), axis=1)
        if np.count_nonzero((off < STILL) & (status.ravel() > 0)) < STILL_SHARE * len(found):
            return False
    return True


def matched(tracks: Tracks, belief: Belief) -> Match:
    """Return the Match of tracks of a camera that isn't locked."""
    unit = max(1.0, max(tracks.size) / 1280)
    keys = keyframes(tracks)
    turn, sightings, _, _ = turning(tracks, keys, belief)
    turn_error = float(np.percentile(errors(turn, sightings), MOST_OF)) / unit
    found = solve(tracks, belief)
    move_error = float(np.percentile(found.errors, MOST_OF)) / unit if found else np.inf
    faults = _faults(found, tracks)
    if turn_error < TURNS_WELL and (turn_error < NO_BETTER * move_error or faults):
        return _nodal(tracks, turn.focal, belief.bend)
    zoom = zooming(tracks, keys, belief.focal, belief.bend)
    zoom_error = float(np.percentile(zoom.errors, MOST_OF)) / unit
    if zoom.reach > ZOOMS and zoom_error < TURNS_WELL and (zoom_error < NO_BETTER * move_error or faults):
        return _zoomed(zooming(tracks, np.arange(len(tracks.positions)), belief.focal, belief.bend), belief.bend)
    if faults or found is None:
        match = _nodal(tracks, turn.focal, belief.bend)
        says = Caution(
            what=f"the camera's move could not be solved ({'; '.join(faults) or 'no two frames agree'}): it is taken as turning on the spot",
            remedy="set camera.focal if you know it, choose a longer or sharper range of frames, or stabilise the plate: pieces may slide",
        )
        return replace(match, cautions=(says, *match.cautions))
    if found.skew and tracks.still is not None:
        scene = unflattened(found.scene, found.seen, tracks.still[found.names], belief)
        found = replace(found, scene=scene, seen=found.seen.only(errors(scene, found.seen) < WRONG * unit))
    match = _moving(found, len(tracks.positions))
    match = replace(match, cautions=(*match.cautions, *_crowded(match, tracks)))
    if found.jolt > JOLT:
        match = replace(match, cautions=(*match.cautions, _jumps()))
    if found.skew:
        match = replace(match, cautions=(*match.cautions, _rolls(found.skew)))
    if found.scene.radial and belief.radial is None:
        match = replace(match, cautions=(*match.cautions, _bent(found)))
    if found.hint:
        match = replace(match, cautions=(*match.cautions, _may_bend(found.hint)))
    if min(belief.spread, found.focal_spread) < DOUBTFUL:
        return match
    return replace(match, cautions=(*match.cautions, _any_lens(found.scene.focal, tracks.size[0])))


def unexplained(match: Match, tracks: Tracks) -> np.ndarray:
    """Return the share of each frame's features (n,) that move otherwise than the solve says."""
    followed = tracks.seen.sum(axis=1)
    return np.asarray(1 - np.bincount(match.seen.camera, minlength=len(followed)) / np.maximum(followed, 1))


def _crowded(match: Match, tracks: Tracks) -> tuple[Caution, ...]:
    """Two things that both fill the picture: nothing in it says which one is the street."""
    odd = np.flatnonzero(unexplained(match, tracks) > MOST)
    if len(odd) < SEVERAL:
        return ()
    says = Caution(
        what=f"in {len(odd)} frames (around number {int(np.median(odd)) + 1} of the shot) most of what can be followed moves otherwise than the "
        "solved camera says: something large passes by, or was taken for the street",
        remedy="look at the wireframe there; if it leaves the building, choose frames before or after with --frames, or a larger picture",
    )
    return (says,)


def _jumps() -> Caution:
    return Caution(
        what="the solved camera jumps in one place: something large that moves by itself may have been taken for the street",
        remedy="look at the wireframe there; if it leaves the building, choose frames before or after with --frames",
    )


def _rolls(skew: float) -> Caution:
    return Caution(
        what=f"the camera has a rolling shutter: where it turns fastest, pictures are skewed by {skew:.0f} px from top to bottom",
        remedy="repair the plate's rolling shutter first if walls lean or pieces slide there; a steady pan needs nothing",
    )


def _bent(found: Solve) -> Caution:
    return Caution(
        what=f"the lens bends the picture (k1 {found.scene.radial:.3f}): all that is drawn is bent alike, and the plate is left as it is",
        remedy="nothing; if pieces slide near the picture's edges, the lens bends otherwise than that one term says: undistort the plate first",
    )


def _may_bend(hint: float) -> Caution:
    return Caution(
        what=f"whether the lens bends the picture is left open (k1 {hint:.3f} fits a little better): it is taken for one that doesn't",
        remedy="set camera.k1 from the lens's sheet, or 0; a longer move or a larger picture tells more",
    )


def _any_lens(focal: float, width: int) -> Caution:
    return Caution(
        what=f"the camera's move fits many focal lengths, and {focal:.0f} px ({focal / width:.2f} picture widths) is a guess: depths may be off",
        remedy="set camera.focal if you know the lens: millimetres / sensor width in millimetres * picture width",
    )


def _faults(found: Solve | None, tracks: Tracks) -> list[str]:
    """Return what is wrong with a solve, in words; nothing when it is plausible."""
    if found is None:
        return ["no two frames show parallax"]
    unit, side = max(1.0, max(tracks.size) / 1280), max(tracks.size)
    out = []
    share = found.scene.focal / side
    if not VIEW[0] <= share <= VIEW[1]:
        out.append(f"a focal length of {found.scene.focal:.0f} px for a picture {side} px wide isn't a camera's")
    solved = len(found.frames) / len(tracks.positions)
    if solved < SOLVED_SHARE:
        out.append(f"only {100 * solved:.0f} % of the frames were solved")
    error = float(found.errors.mean()) if len(found.seen.pixel) else np.inf
    if error > LARGEST_ERROR * unit:
        out.append(f"points miss by {error:.1f} px")
    if np.percentile(found.angle, 75) < LEAST_ANGLE:
        out.append("there is too little parallax")
    if 0 not in found.frames:
        out.append("the first frame, on which the outline is drawn, was not solved")
    return out


def _moving(found: Solve, count: int) -> Match:
    """Return a solve as a Match: in the first camera's axes, with frames that weren't solved carried in between."""
    scene = found.scene
    first_turn, first_shift = scene.rotation[0], scene.translation[0]
    rotation = scene.rotation @ first_turn.T
    translation = scene.translation - rotation @ first_shift
    points = scene.points @ first_turn.T + first_shift
    rotation, translation = between(found.frames, rotation, translation, count)
    seen = Sightings(found.frames[found.seen.camera].astype(np.int32), found.seen.point, found.seen.pixel)
    error = float(found.errors.mean())
    cautions = []
    if len(found.frames) < count:
        cautions.append(
            Caution(
                what=f"{count - len(found.frames)} of {count} frames could not be solved: their cameras are carried in between",
                remedy="look whether pieces stick there",
            )
        )
    return Match("moving", rotation, translation, np.full(count, scene.focal), scene.radial, points, seen, error, tuple(cautions))


def _nodal(tracks: Tracks, focal: float, radial: float) -> Match:
    frames = np.arange(len(tracks.positions))
    scene, seen, _, _ = turning(tracks, frames, Belief(focal, 0.0, radial))
    rotation = scene.rotation @ scene.rotation[0].T
    error = float(errors(scene, seen).mean())
    points = scene.points @ scene.rotation[0].T
    count = len(frames)
    return Match("nodal", rotation, np.zeros((count, 3)), np.full(count, scene.focal), radial, points, seen, error)


def _zoomed(zoom: Zoom, radial: float) -> Match:
    count = len(zoom.focal)
    near = zoom.errors < FAR_OFF
    error = float(zoom.errors[near].mean()) if near.any() else 0.0
    says = Caution(
        what=f"the camera zooms {zoom.reach:.2f} times on the spot: it is solved as turning, with a focal length for each frame",
        remedy="set camera.focal to the first frame's, if you know it; if the camera travels instead, pieces may slide: look at the wireframe",
    )
    return Match(
        "nodal", zoom.rotation, np.zeros((count, 3)), zoom.focal, radial, zoom.points, zoom.seen.only(near), error, (says,)
    )  # fmt: skip


def between(frames: np.ndarray, rotation: np.ndarray, translation: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return poses of all `count` frames from those of `frames` (c,): turned and moved evenly in between, held at the ends."""
    if len(frames) == count:
        return rotation, translation
    from scipy.spatial.transform import Rotation, Slerp

    wanted = np.clip(np.arange(count), frames[0], frames[-1])
    eyes = -np.einsum("cji,cj->ci", rotation, translation)
    turns = Slerp(frames, Rotation.from_matrix(rotation))(wanted).as_matrix()
    turns[frames] = rotation
    places = np.stack([np.interp(wanted, frames, eyes[:, k]) for k in range(3)], 1)
    return turns, -np.einsum("cij,cj->ci", turns, places)
