"""A moving camera: keyframes, first pair, growth, adjustment, then every frame between."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from derrumbe.geom.bundle import Freedom, Scene, Sightings, adjusted, errors
from derrumbe.survey.matchmove import structure
from derrumbe.survey.matchmove.belief import Belief
from derrumbe.survey.matchmove.reversal import ground_order, turned_inside_out
from derrumbe.survey.matchmove.shutter import read_out
from derrumbe.survey.matchmove.structure import Structure
from derrumbe.survey.matchmove.tracks import Tracks

STEP = 0.03
"""A new keyframe when features have moved by this share of the picture's longer side ..."""
LEFT = 0.6
"""... or when fewer than this share of the last one's are left."""
FEWEST_KEYFRAMES, MOST_KEYFRAMES = 8, 36
KEY_FEATURES = 700
FOCAL_TRIALS = (0.75, 1.2, 2.0)
"""Focal lengths tried, in picture widths, besides the believed one."""
PAIRS = 6
LEAST_WORTH = 0.1
"""First pairs worth less than this share of the best one aren't tried."""
RADIAL_SPREAD = 0.1
EVEN_ROUNDS = 60
"""Rounds of the last adjustment: focal length and depths give way to each other slowly."""
PROVEN, VISIBLE, KNOWN = 0.12, 0.5, 0.06
ORDERLY = 0.2
"""Ground lies before what stands on it when nearness and lowness in the picture correlate by more than this (0.77 and more is usual); below, the
reversed scene is looked at, and taken when it is in better order by as much, and sharper."""
KEPT, EXPLAINED = 0.5, 0.3
"""A reversed solve must keep this share of the points, and explain so much of what the other does: what drives past may fit that one only."""
UNSOLVED = 200.0
"""What it costs to explain no frame, or nothing of the building."""
SKEWED = 2.0
"""Pixels (of a picture 1280 wide) of a rolling shutter's skew that are worth a word."""
HINTED = 0.03
"""A radial term that takes this share away, unproven, makes the focal length doubtful."""
APART, SURE = 1.15, 0.01
"""Focal lengths this many times shorter and longer must fit worse by this share, or the tracks don't tell it."""
"""A radial term is believed when it takes this share of the misfit away, moves the picture's corner by so many pixels (of a picture 1280
wide), and leaves the logarithm of the focal length no more uncertain than this: on low parallax, it trades against the focal length."""


@dataclass(frozen=True, eq=False)
class Solve:
    """Cameras of all frames and points. frames: indices (c,) that were solved; names: tracks (p,) of the points."""

    scene: Scene
    seen: Sightings
    frames: np.ndarray
    names: np.ndarray
    focal_spread: float
    angle: np.ndarray
    """(p,) radians of parallax."""
    jolt: float = 0.0
    """By how much the camera's speed jumps, 0..1."""
    hint: float = 0.0
    """The radial term that would fit a little better, and that these tracks don't prove; 0: none."""
    skew: float = 0.0
    """Pixels by which a rolling shutter skews fast frames; 0: none is seen."""

    @property
    def errors(self) -> np.ndarray:
        return errors(self.scene, self.seen)


def keyframes(tracks: Tracks) -> np.ndarray:
    """Return indices of keyframes: spread by what moves in the picture, the last frame with them."""
    side, step = max(tracks.size), STEP
    while True:
        found = [0]
        for index in range(1, len(tracks.positions)):
            last = found[-1]
            common = tracks.seen[last] & tracks.seen[index]
            moved = np.linalg.norm(tracks.positions[index, common] - tracks.positions[last, common], axis=1)
            if np.count_nonzero(common) < LEFT * np.count_nonzero(tracks.seen[last]) or np.median(moved) > step * side:
                found.append(index)
        if found[-1] != len(tracks.positions) - 1:
            found.append(len(tracks.positions) - 1)
        if len(found) < FEWEST_KEYFRAMES:
            return np.unique(np.linspace(0, len(tracks.positions) - 1, FEWEST_KEYFRAMES).round().astype(int))
        if len(found) <= MOST_KEYFRAMES:
            return np.array(found)
        step *= 1.3
        if step > 1:
            return np.unique(np.linspace(0, len(tracks.positions) - 1, MOST_KEYFRAMES).round().astype(int))


def thinned(tracks: Tracks, frames: np.ndarray, most: int) -> Tracks:
    """Return the tracks that are seen in most of `frames`, spread over the picture, `most` at a time."""
    seen = tracks.seen[frames]
    length = seen.sum(axis=0)
    kept = np.zeros(len(length), bool)
    cell = max(tracks.size) / np.sqrt(4.0 * most)
    for index, frame in enumerate(frames):
        here = np.flatnonzero(seen[index] & (length > 1))
        cells = np.floor(tracks.positions[frame, here] / cell).astype(int)
        codes = cells[:, 0] * 4096 + cells[:, 1]
        taken = set(codes[kept[here]].tolist())
        for i in np.argsort(-length[here], kind="stable"):
            if int(codes[i]) not in taken and not kept[here[i]]:
                kept[here[i]] = True
                taken.add(int(codes[i]))
    positions = np.where(kept[None, :, None], tracks.positions, np.nan)
    return Tracks(positions, tracks.size, tracks.still)


def solve(tracks: Tracks, belief: Belief) -> Solve | None:
    """Return the solve of a moving camera; None when none holds."""
    focal, spread = belief.focal, belief.spread
    keys = keyframes(tracks)
    few = thinned(tracks, keys, KEY_FEATURES)
    side = float(max(tracks.size))
    pairs = _first_pairs(few, keys, belief)
    grown = [_grown(few, keys, pair, focal, belief) for pair in pairs]
    pair = pairs[int(np.argmin(_costs(grown, belief, len(keys))))] if pairs else None
    for trial in (share * side for share in FOCAL_TRIALS):
        if pair and spread > KNOWN and abs(np.log(trial / focal)) > 0.2:
            grown.append(_grown(few, keys, pair, trial, belief))
    costs = _costs(grown, belief, len(keys))
    best = grown[int(np.argmin(costs))] if costs else None
    return _completed(_righted(best, belief, len(keys)), tracks, belief) if best else None


def _righted(found: Structure, belief: Belief, wanted: int) -> Structure:
    """Return the structure, or its reversal in depth where it puts the ground behind what stands on it."""
    order = ground_order(found)
    if order > ORDERLY:
        return found
    others = turned_inside_out(found)
    for other in others:
        _loosely_adjusted(other)
        _sharpened(other, Freedom(belief.focal, min(belief.spread, 0.3)))
    others = [other for other in others if len(other.points) > KEPT * len(found.points) and ground_order(other) > order + ORDERLY]
    if not others:
        return found
    # A true answer is sharp; it need not explain most.
    best = min(others, key=structure.softness)
    costs = _costs([found, best], belief, wanted)
    return best if structure.softness(best) < structure.softness(found) and costs[1] < min(0.0, EXPLAINED * costs[0]) else found


def _loosely_adjusted(found: Structure) -> None:
    scene, seen, frames, names = found.frozen()
    scene, _ = adjusted(scene, seen, Freedom(found.focal, 0.0), 2 * found.wrong, 15)
    found.take(scene, frames, names)


def _costs(grown: list[Structure | None], belief: Belief, wanted: int) -> list[float]:
    """Return what structures cost, measured with the sharpest one's softness."""
    soft = min((structure.softness(found) for found in grown if found), default=1.0)
    return [_cost(found, belief, wanted, soft) if found else np.inf for found in grown]


def _cost(found: Structure, belief: Belief, wanted: int, soft: float) -> float:
    """Return how badly a structure does: what its sightings miss by, less what it explains at all."""
    scene, seen, frames, _ = found.frozen()
    off = np.minimum(errors(scene, seen), found.wrong)
    missed = np.log1p((off / soft) ** 2) - np.log1p((found.wrong / soft) ** 2)
    unlikely = 0.5 * (np.log(found.focal / belief.focal) / belief.spread) ** 2
    # Frames that aren't solved count as seeing as much as those that are: two frames are easily explained.
    every = max(int(np.count_nonzero(found.tracks.seen[frames])), 1) * max(wanted / len(frames), 1.0)
    unsolved = (1 - len(frames) / wanted) + (1 - _standing(found))
    return 60 * float(missed.sum()) / every * (1 - jolt(found.poses)) + unlikely + UNSOLVED * unsolved


def _standing(found: Structure) -> float:
    """Return the share of the building's features that the structure explains: whatever else drives past, the building stands still."""
    tracks = found.tracks
    if tracks.still is None:
        return 1.0
    names = np.fromiter(found.points, int)
    told = tracks.still & (tracks.seen[sorted(found.poses)].sum(axis=0) > 1)
    return float(np.count_nonzero(told[names])) / max(int(np.count_nonzero(told)), 1)


def jolt(poses: dict[int, tuple[np.ndarray, np.ndarray]]) -> float:
    """Return by how much (0..1) the camera's speed changes more in one place than it usually does.

    A solve that steps from the world onto something that drives past explains more of what is seen, and jumps as it does so."""
    frames = sorted(poses)
    if len(frames) < 5:
        return 0.0
    eyes = np.stack([-poses[f][0].T @ poses[f][1] for f in frames])
    speed = np.diff(eyes, axis=0) / np.diff(frames)[:, None]
    size = np.linalg.norm(speed, axis=1)
    change = np.linalg.norm(np.diff(speed, axis=0), axis=1) / np.maximum(size[1:] + size[:-1], 1e-12)
    return float(change.max() - np.median(change))


def _grown(tracks: Tracks, keys: np.ndarray, pair: tuple[int, int], trial: float, belief: Belief) -> Structure | None:
    """Return the structure of all keyframes that can be solved, started with a pair of them and focal length `trial`."""
    start = structure.from_pair(tracks, trial, *pair, belief.bend)
    if start is None:
        return None
    structure.adjust(start, Freedom(trial, 0.0), 15)
    waiting = [int(k) for k in keys if int(k) not in start.poses]
    held = Freedom(belief.focal, min(belief.spread, 0.3))
    solved = 2
    while waiting:
        waiting.sort(key=lambda k: -_known(start, k))
        frame = next((k for k in waiting if structure.resect(start, k, _nearest(start, k))), None)
        if frame is None:
            break
        waiting.remove(frame)
        structure.triangulate(start, _fresh(start))
        solved += 1
        if solved in (3, 4, 6, 9, 13, 18, 24, 30):
            structure.adjust(start, held if solved >= 4 else Freedom(trial, 0.0), 8)
            structure.triangulate(start, _fresh(start))
    _sharpened(start, held)
    return start


def _sharpened(found: Structure, held: Freedom) -> None:
    structure.adjust(found, held, 15)
    structure.triangulate(found, _fresh(found))
    structure.adjust(found, held, 20)
    structure.adjust(found, held, 20, structure.softness(found))


def _first_pairs(tracks: Tracks, keys: np.ndarray, belief: Belief) -> list[tuple[int, int]]:
    """Return the pairs of keyframes with most parallax and features: the best that begins early, in the middle and late.

    Something large that drives past may be all that one of them sees."""
    spots = sorted({int(k) for k in keys[np.linspace(0, len(keys) - 1, min(len(keys), PAIRS)).round().astype(int)]})
    pairs = sorted({*itertools.combinations(spots, 2), *itertools.pairwise(int(k) for k in keys)})
    worth = [structure.pair_worth(tracks, belief.focal, *pair, belief.bend) for pair in pairs]
    best: dict[int, tuple[float, tuple[int, int]]] = {}
    for pair, value in zip(pairs, worth, strict=True):
        third = 3 * pair[0] // (int(keys[-1]) + 1)
        if value > max(best.get(third, (0.0, pair))[0], LEAST_WORTH * max(worth)):
            best[third] = (value, pair)
    return [pair for _, pair in sorted(best.values(), reverse=True)]


def _known(found: Structure, frame: int) -> int:
    names = np.fromiter(found.points, int)
    return int(np.count_nonzero(found.tracks.seen[frame, names]))


def _nearest(found: Structure, frame: int) -> int:
    return min(found.poses, key=lambda other: abs(other - frame))


def _fresh(found: Structure) -> np.ndarray:
    """Return tracks without a point that at least two solved cameras see."""
    frames = np.array(sorted(found.poses))
    count = found.tracks.seen[frames].sum(axis=0)
    return np.array([n for n in np.flatnonzero(count >= 2) if int(n) not in found.points], int)


def _completed(found: Structure, tracks: Tracks, belief: Belief) -> Solve:
    """Adjust keyframes as sharply as the tracks are, with the lens; then solve the frames between."""
    found.tracks = tracks
    structure.triangulate(found, _fresh(found))
    structure.adjust(found, Freedom(belief.focal, belief.spread), 20)
    wide, hint = _lens_found(found, belief)
    jumps, skew = jolt(found.poses), _skew(found)
    for frame in range(len(tracks.positions)):
        if frame not in found.poses:
            structure.resect(found, frame, _nearest(found, frame))
    structure.triangulate(found, _fresh(found))
    soft = structure.softness(found)
    _evenly_adjusted(found, belief, soft)
    _settled(found, soft)
    scene, seen, frames, names = found.frozen()
    near = errors(scene, seen) < found.wrong
    return Solve(scene, seen.only(near), frames, names, wide, structure.parallax(found, names), jumps, hint, skew)


def _skew(found: Structure) -> float:
    """Return by how many pixels a rolling shutter skews fast frames; 0 when none is proven."""
    scene, seen, frames, names = found.frozen()
    near = errors(scene, seen) < found.wrong
    _, gain, skew = read_out(found.tracks, scene, seen.only(near), frames, names, structure.softness(found))
    return skew if gain > PROVEN and skew > SKEWED * found.unit else 0.0


def _evenly_adjusted(found: Structure, belief: Belief, soft: float) -> None:
    """Adjust everything, the focal length too, over frames spread evenly through the shot: keyframes crowd where most moves, which may be what
    drives past and hides the rest."""
    scene, seen, frames, names = found.frozen()
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(MOST_KEYFRAMES, len(frames))).round().astype(int))
    place = np.full(len(frames), -1, np.int32)
    place[chosen] = np.arange(len(chosen))
    kept = (place[seen.camera] >= 0) & (errors(scene, seen) < found.wrong)
    own = Sightings(place[seen.camera[kept]], seen.point[kept], seen.pixel[kept])
    part = replace(scene, rotation=scene.rotation[chosen], translation=scene.translation[chosen])
    part, _ = adjusted(part, own, Freedom(belief.focal, belief.spread), soft, EVEN_ROUNDS)
    rotation, translation = scene.rotation.copy(), scene.translation.copy()
    rotation[chosen], translation[chosen] = part.rotation, part.translation
    found.take(replace(part, rotation=rotation, translation=translation), frames, names)


def _settled(found: Structure, soft: float) -> None:
    """Fit cameras to points and points to cameras in turn, with the lens held; drop what doesn't fit."""
    scene, seen, frames, names = found.frozen()
    near = errors(scene, seen) < 4 * found.wrong
    for _ in range(2):
        scene, _ = adjusted(scene, seen.only(near), Freedom(scene.focal, 0.0, points=False), soft, 8)
        scene, _ = adjusted(scene, seen.only(near), Freedom(scene.focal, 0.0, cameras=False), soft, 5)
        near = errors(scene, seen) < found.wrong
    found.take(scene, frames, names)
    structure.drop_misfits(found)


def _lens_found(found: Structure, belief: Belief) -> tuple[float, float]:
    """Adjust everything, with a radial term where the tracks prove one and nobody gave it; return the spread of log focal length, and the
    radial term that is left open."""
    focal, spread = belief.focal, belief.spread
    scene, seen, frames, names = found.frozen()
    seen = seen.only(errors(scene, seen) < found.wrong)
    scene, _ = adjusted(scene, seen, Freedom(focal, spread), structure.softness(found), 20)
    soft = structure.softness_of(errors(scene, seen), structure.softness(found))
    plain, wide = adjusted(scene, seen, Freedom(focal, spread), soft, 12)
    if belief.radial is not None:
        found.take(plain, frames, names)
        structure.drop_misfits(found)
        return (spread if spread > KNOWN and _is_open(plain, seen, soft) else wide), 0.0
    bent, wider = adjusted(plain, seen, Freedom(focal, spread, RADIAL_SPREAD), soft, 20)
    gain = 1 - _loss(bent, seen, soft) / _loss(plain, seen, soft)
    shift = abs(float(np.log(bent.focal / plain.focal)))
    corner = np.hypot(*found.tracks.size) / (2 * bent.focal)
    visible = abs(bent.radial) * corner**3 * bent.focal > VISIBLE * found.unit
    proven = gain > PROVEN and visible and wider < KNOWN
    found.take(bent if proven else plain, frames, names)
    structure.drop_misfits(found)
    hint = bent.radial if gain > HINTED and visible and not proven else 0.0
    if spread > KNOWN and _is_open(bent if proven else plain, seen, soft):
        return spread, hint
    # A lens that may or may not bend leaves the focal length as open as its two answers lie apart.
    return (wider if proven else max(wide, shift) if gain > HINTED else wide), hint


def _is_open(scene: Scene, seen: Sightings, soft: float) -> bool:
    """Do clearly shorter and longer focal lengths fit as well?"""
    best = _loss(scene, seen, soft)
    for by in (1 / APART, APART):
        other, _ = adjusted(replace(scene, focal=scene.focal * by), seen, Freedom(scene.focal * by, 0.0), soft, 12)
        if _loss(other, seen, soft) < (1 + SURE) * best:
            return True
    return False


def _loss(scene: Scene, seen: Sightings, soft: float) -> float:
    return float(np.log1p((errors(scene, seen) / soft) ** 2).sum())
