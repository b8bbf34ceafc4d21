"""The shutter angle that a plate was filmed with, from its own motion blur.

While the shutter is open, an edge that goes by at u pixels a frame across itself is smeared over u * angle / 360 pixels: its width w (that of a
Gaussian, from the mean difference of its profile: for a profile p from 0 to 1 across the edge, w = sqrt(pi) * integral of p (1 - p)) grows as
w² = w0² + (u * angle / 360)² / 12. What w0 would have been is told by edges nearby that go along themselves or stand still (blur from motion as
in Levin, "Blind motion deblurring using image statistics", 2006: an edge knows no motion along itself; widths as in Elder & Zucker 1998). No
blurred edge can be sharper than its smear, so crisp things that move fast show a short shutter whatever else is soft.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import cKDTree

from derrumbe.core.records import FilmedShutter, Located, Plate
from derrumbe.core.work import Work
from derrumbe.media.exr import read_exr

WORKING_SIDE = 1920
"""Pictures are looked at no larger than this, pixels of the longer side, and HALVINGS times halved, for what moves faster."""
HALVINGS = 3
PIXELS = 32e6
"""Frames are looked at until they hold so many working pixels, but no more of them than MOST_FRAMES."""
MOST_FRAMES = 100
CELL = 8
"""At most one edge in each cell of so many pixels."""
REACH, FINE = 5, 0.25
"""Profiles go so many pixels to both sides, in steps of FINE."""
PLATEAU = 8
"""Steps at both ends of a profile that have to be flat, so that nothing else is near."""
STEPS = (0.02, 0.15, 0.9)
"""A step is at least so high, in light, and as a share of its bright side, which is not brighter than the last: clipped edges look sharp."""
MANY = 30000
"""OpenCV samples fewer lines than 2**15 at a time."""
FLAT, OVERSHOOT, WAVY = 0.04, 0.12, 1.3
"""Shares of a step by which a plateau may lean, a profile go beyond its ends, and all its ups and downs together be."""
WINDOW = (15, 15)
AGREE = (0.3, 0.15)
"""An edge's speeds from the frame before and to the frame after agree: pixels, and share."""
TOO_FAST = 8.0
"""What moves by more pixels a frame is left to smaller pictures: its corners run along its edges."""
STILL, FAST = 0.7, (3.0, 6.5)
"""Pixels per frame across an edge that tell its own width, and those that tell the shutter's: at 360 degrees such a smear still fits a profile."""
NEAREST = 60
"""So many slow edges nearby say how wide a fast one would be."""
ALIKE, STRAY = 0.07, 0.1
"""Widths of edges of one kind differ by this much (logarithm); this share of edges is something else."""
OFF = 0.06 * np.array([-1.5, -0.75, 0.0, 0.75, 1.5])
"""Fast edges of a stretch may all be sharper or softer than slow ones by themselves: logarithms that are tried, of sigma 0.06."""
LIKELY = np.exp(-0.5 * (OFF / 0.06) ** 2)
ANGLES = np.arange(0.0, 361.0, 5.0)
GROUPS, WEIGHT = 6, 40
"""The shot is cut into so many stretches, each of which has no more say than so many edges: neighbours in time are the same edges again."""
FEWEST, UNSURE = 30, 35.0
"""Edges and degrees of spread from which on the plate tells nothing."""


@dataclass(frozen=True)
class Edges:
    """Isolated step edges of one frame or more at one size of picture.

    place (n,2) pixels; across (n,): pixels per frame that an edge moves across itself; width (n,): sigma, pixels.
    """

    place: np.ndarray
    across: np.ndarray
    width: np.ndarray

    def only(self, which: np.ndarray) -> Edges:
        return Edges(self.place[which], self.across[which], self.width[which])


def filmed_shutter(plate: Located[Plate], work: Work) -> FilmedShutter | None:
    """Return what the plate tells of its shutter; None for a still."""
    record = plate.record
    if record.held or len(record.frames) < 3:
        return None
    scale = min(1.0, WORKING_SIDE / max(record.width, record.height))
    count = int(np.clip(PIXELS / (record.width * record.height * scale * scale), GROUPS, MOST_FRAMES))
    middles = np.unique(np.linspace(record.frames.first + 1, record.frames.last - 1, count).astype(int))
    found: dict[int, np.ndarray] = {}
    looked = []
    for frame in work.track([int(middle) for middle in middles], "measuring the shutter"):
        near = range(frame - 1, frame + 2)
        found = {other: found[other] if other in found else _light(plate, other, scale) for other in near}
        looked.append(levels([found[other] for other in near]))
    return told(looked, 1 / scale)


def _light(plate: Located[Plate], frame: int, scale: float) -> np.ndarray:
    """Return a frame's light (h, w), scene-linear, at working size."""
    light = np.nan_to_num(read_exr(plate.path(plate.record.picture, frame), ("R", "G", "B")) @ np.array([0.25, 0.65, 0.10], np.float32))
    return light if scale == 1 else cv2.resize(light, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def levels(light: Sequence[np.ndarray]) -> list[Edges]:
    """Return the Edges of a frame at each size, the largest first. light: (h, w) scene-linear of the frame before, the frame and the next."""
    found = []
    for level in range(HALVINGS + 1):
        if level:
            light = [cv2.resize(one, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for one in light]
        found.append(_edges(*light))
    return found


def told(looked: Sequence[Sequence[Edges]], pixel: float = 1.0) -> FilmedShutter:
    """Return what edges tell, per frame and size of picture (n, sizes). pixel: plate pixels per pixel of the largest size."""
    stretches = [looked[index * len(looked) // GROUPS : (index + 1) * len(looked) // GROUPS] for index in range(GROUPS)]
    curves, speeds = [], []
    for level, scale in enumerate(pixel * 2.0 ** np.arange(len(looked[0]))):
        still = _joined(one.only(one.across < STILL) for one in (frame[level] for frame in looked))
        for stretch in stretches:
            fast = _joined(one.only((one.across > FAST[0]) & (one.across < FAST[1])) for one in (frame[level] for frame in stretch))
            if len(still.place) >= FEWEST and len(fast.place):
                curves.append(_says(fast, still))
                speeds.append(scale * fast.across)
    across = np.concatenate(speeds) if speeds else np.zeros(0)
    if len(across) < FEWEST:
        return FilmedShutter(angle=None, edges=len(across))
    angle, spread = _believed(np.array(curves))
    speed = float(np.median(across))
    return FilmedShutter(angle=angle if spread <= UNSURE else None, edges=len(across), speed=speed, spread=spread)


def _edges(before: np.ndarray, here: np.ndarray, after: np.ndarray) -> Edges:
    """Return the Edges of the light `here` (h, w)."""
    tones = [np.rint(255 * np.clip(light, 0, 1) ** np.float32(1 / 2.2)).astype(np.uint8) for light in (before, here, after)]
    place, normal = _candidates(tones[1])
    width, good = _widths(here, place, normal)
    place, normal, width = place[good], normal[good], width[good]
    if not len(place):
        return Edges(place, np.zeros(0), width)
    across, good = _across(tones, place, normal)
    return Edges(place[good], across[good], width[good])


def _candidates(tone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return places (n,2) float32 and unit normals (n,2) of the steepest pixel of each cell."""
    soft = cv2.GaussianBlur(tone.astype(np.float32), (0, 0), 1.5)
    slope = np.dstack([cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)])
    steep = np.linalg.norm(slope, axis=-1)
    inner = np.zeros(steep.shape, bool)
    inner[REACH + 3 : -REACH - 3, REACH + 3 : -REACH - 3] = True
    rows, columns = (side // CELL for side in steep.shape)
    cells = (
        np.where(inner, steep, 0)[: rows * CELL, : columns * CELL]
        .reshape(rows, CELL, columns, CELL)
        .swapaxes(1, 2)
        .reshape(rows, columns, -1)
    )
    row, column = np.nonzero(cells.max(-1) > 1)
    within = cells[row, column].argmax(-1)
    y, x = row * CELL + within // CELL, column * CELL + within % CELL
    return np.stack([x, y], -1).astype(np.float32), slope[y, x] / steep[y, x, None]


def _widths(light: np.ndarray, place: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the widths (n,) of edges, and which (n,) bool are steps with nothing else near."""
    profile = np.concatenate([_profiles(light, place[i : i + MANY], normal[i : i + MANY]) for i in range(0, max(1, len(place)), MANY)])
    low, high = profile[:, :PLATEAU].mean(1), profile[:, -PLATEAU:].mean(1)
    profile = (profile - low[:, None]) / np.maximum(high - low, 1e-6)[:, None]
    width = np.sqrt(np.pi) * FINE * (profile * (1 - profile)).sum(1)
    half = PLATEAU // 2
    good = (high - low > np.maximum(STEPS[0], STEPS[1] * high)) & (high < STEPS[2]) & (width > 0.2)
    good &= (profile.min(1) > -OVERSHOOT) & (profile.max(1) < 1 + OVERSHOOT) & (np.abs(np.diff(profile, axis=1)).sum(1) < WAVY)
    for end in (profile, profile[:, ::-1]):
        good &= np.abs(end[:, :half].mean(1) - end[:, half:PLATEAU].mean(1)) < FLAT
    good &= np.abs((1 - profile).sum(1) * FINE - REACH) < 1.5
    return width, good


def _profiles(light: np.ndarray, place: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return the light (n, steps) along the normal of each edge."""
    along = np.stack([-normal[:, 1], normal[:, 0]], -1)
    ways = np.arange(-REACH, REACH + FINE / 2, FINE, dtype=np.float32)
    profile = np.zeros((len(place), len(ways)), np.float32)
    if len(place):
        for aside in (-1, 0, 1):  # three lines side by side are less noisy than one
            x, y = np.moveaxis(place[:, None] + aside * along[:, None] + ways[:, None] * normal[:, None], -1, 0).astype(np.float32)
            # cubic: linear would soften an edge by where it lies between pixels
            profile += cv2.remap(light, x, y, cv2.INTER_CUBIC) / 3
    return profile


def _across(tones: Sequence[np.ndarray], place: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many pixels (n,) edges move across themselves from frame to frame, and which (n,) bool are followed both ways alike."""
    ways, good, start = [], np.ones(len(place), bool), place.reshape(-1, 1, 2)
    for other, sign in ((tones[0], -1), (tones[2], 1)):
        there, found, _ = cv2.calcOpticalFlowPyrLK(tones[1], other, start, start.copy(), winSize=WINDOW, maxLevel=4)
        ways.append(sign * (there.reshape(-1, 2) - place))
        good &= (found.ravel() > 0) & (np.linalg.norm(ways[-1], axis=1) < TOO_FAST)
    before, after = ((way * normal).sum(1) for way in ways)
    mean = 0.5 * np.abs(before + after)
    return mean, good & (np.abs(before - after) < AGREE[0] + AGREE[1] * mean)


def _joined(some: Iterable[Edges]) -> Edges:
    every = list(some)
    return Edges(*(np.concatenate([getattr(one, name) for one in every]) for name in ("place", "across", "width")))


def _says(fast: Edges, still: Edges) -> np.ndarray:
    """Return the log likelihood of each of ANGLES: of the fast edges' widths, if they are smeared ones of slow edges nearby."""
    _, near = cKDTree(still.place).query(fast.place, k=min(NEAREST, len(still.place)))
    own = still.width[near]
    weight = min(1.0, WEIGHT / len(fast.place))
    said = []
    for angle in ANGLES:
        smeared = np.hypot(own, fast.across[:, None] * angle / 360 / np.sqrt(12))
        off = (np.log(fast.width[:, None] / smeared) - OFF[:, None, None]) / ALIKE
        each = np.log(STRAY / 4 + (1 - STRAY) * np.exp(-0.5 * off**2).mean(-1) / (ALIKE * np.sqrt(2 * np.pi)))
        said.append(np.logaddexp.reduce(np.log(LIKELY) + weight * each.sum(-1)))
    return np.array(said)


def _believed(curves: np.ndarray) -> tuple[float, float]:
    """Return the angle and its spread, degrees, from log likelihoods (groups, angles); where groups disagree, the spread says so."""
    angle, sigma = _mean(curves.sum(0))
    without = np.array([_mean(curves.sum(0) - one)[0] for one in curves])
    return angle, float(np.hypot(sigma, np.sqrt((len(curves) - 1) / len(curves) * ((without - angle) ** 2).sum())))


def _mean(curve: np.ndarray) -> tuple[float, float]:
    weight = np.exp(curve - curve.max())
    mean = float((weight * ANGLES).sum() / weight.sum())
    return mean, float(np.sqrt((weight * (ANGLES - mean) ** 2).sum() / weight.sum()))
