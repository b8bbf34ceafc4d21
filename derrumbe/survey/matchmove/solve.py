"""A moving camera: keyframes, first pair, growth, adjustment, then every frame between."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from derrumbe.geom.bundle import Freedom, Scene, Sightings, adjusted, errors
from derrumbe.survey.matchmove import structure
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
RADIAL_SPREAD = 0.0


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
    return Tracks(positions, tracks.size)


def solve(tracks: Tracks, focal: float, spread: float) -> Solve | None:
    """Return the solve of a moving camera whose log focal length is believed to be log `focal` give or take `spread`; None when none holds."""
    keys = keyframes(tracks)
    few = thinned(tracks, keys, KEY_FEATURES)
    side = max(tracks.size)
    trials = [focal] if spread < 0.06 else [focal, *(share * side for share in FOCAL_TRIALS if abs(np.log(share * side / focal)) > 0.2)]
    best: tuple[float, Structure] | None = None
    for trial in trials:
        grown = _grown(few, keys, trial, focal, spread)
        if grown is not None:
            cost = _cost(grown, focal, spread, len(keys))
            if best is None or cost < best[0]:
                best = (cost, grown)
    if best is None:
        return None
    return _completed(best[1], tracks, focal, spread)


def _cost(found: Structure, focal: float, spread: float, wanted: int) -> float:
    scene, seen, frames, _ = found.frozen()
    off = np.minimum(errors(scene, seen), found.wrong)
    belief = 0.5 * (np.log(found.focal / focal) / spread) ** 2
    missing = 1 - len(frames) / wanted
    return float(np.mean(np.log1p(off**2))) * 60 + belief + 200 * missing


def _grown(tracks: Tracks, keys: np.ndarray, trial: float, focal: float, spread: float) -> Structure | None:
    """Return the structure of all keyframes that can be solved, started with focal length `trial`."""
    start = _first_pair(tracks, keys, trial)
    if start is None:
        return None
    structure.adjust(start, Freedom(trial, 0.0), 15)
    waiting = [int(k) for k in keys if int(k) not in start.poses]
    held = Freedom(focal, min(spread, 0.3))
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
    structure.adjust(start, held, 15)
    structure.triangulate(start, _fresh(start))
    structure.adjust(start, held, 20)
    return start


def _first_pair(tracks: Tracks, keys: np.ndarray, focal: float) -> Structure | None:
    """Return the structure of the pair of keyframes with most parallax and features, early frames first."""
    spots = sorted({int(k) for k in keys[np.linspace(0, len(keys) - 1, min(len(keys), PAIRS)).round().astype(int)]})
    pairs = list(itertools.combinations(spots, 2)) + list(itertools.pairwise(int(k) for k in keys))
    worth = [structure.pair_worth(tracks, focal, *pair) for pair in pairs]
    if not worth or max(worth) <= 0:
        return None
    return structure.from_pair(tracks, focal, *pairs[int(np.argmax(worth))])


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


def _completed(found: Structure, tracks: Tracks, focal: float, spread: float) -> Solve:
    """Solve the frames between keyframes, then adjust once over all."""
    found.tracks = tracks
    structure.triangulate(found, _fresh(found))
    wide = structure.adjust(found, Freedom(focal, spread, RADIAL_SPREAD), 20)
    for frame in range(len(tracks.positions)):
        if frame not in found.poses:
            structure.resect(found, frame, _nearest(found, frame))
    scene, seen, frames, names = found.frozen()
    soft = structure.SOFT * max(1.0, max(tracks.size) / 1280)
    near = errors(scene, seen) < 4 * found.wrong
    for _ in range(2):
        scene, _ = adjusted(scene, seen.only(near), Freedom(scene.focal, 0.0, points=False), soft, 8)
        scene, _ = adjusted(scene, seen.only(near), Freedom(scene.focal, 0.0, cameras=False), soft, 5)
        near = errors(scene, seen) < found.wrong
    found.take(scene, frames, names)
    structure.drop_misfits(found)
    scene, seen, frames, names = found.frozen()
    near = errors(scene, seen) < found.wrong
    scene, _ = adjusted(scene, seen.only(near), Freedom(focal, spread, RADIAL_SPREAD), soft, 6)
    found.take(scene, frames, names)
    near = errors(scene, seen) < found.wrong
    return Solve(scene, seen.only(near), frames, names, wide, structure.parallax(found, names))
