"""A rise of the ground before the building that hides its foot: a camera that climbs sees more of the building over it, frame by frame.

An outline ends at the crest of such a rise, so the model's ground is laid there, and what comes into sight below it later would stay when the building
goes. The crest is found as the line, along the walls' foot, below which the first frame's ground lies; what it bares goes with the camera's height,
which tells the crest's distance from that of a foot that is only drawn too high.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.records import FAR, Camera, Located, Plate
from derrumbe.geom.camera import eye, project
from derrumbe.media.colour import to_display
from derrumbe.media.exr import RGB, read_exr
from derrumbe.survey.filters import filled, widened
from derrumbe.survey.footing import bottom_chain
from derrumbe.survey.geometry import Geometry
from derrumbe.survey.matting import refined, trimap

SIDE = 640
"""The longer side of the picture in rows of a strip: finer ones show grain."""
ABOVE, BELOW, BESIDE = 12, 24, 3.0
"""Rows of a strip over and under the walls' foot, and widths of the wall that it reaches to both sides."""
NEAREST, FURTHEST = 4, 20
"""Rows under the first frame's foot that tell what the ground looks like."""
CLOSE = 8
"""Rows under the crest that tell it, once that is known along all of the strip."""
GRAIN, LIKE = 3.0, 18.0
"""Codes by which ground differs from itself at least, and how sharply (squared sigmas, twice) likeness to it falls off."""
WINDOW, STEEP, EVEN = 4, 0.6, 41
"""Rows over and under the crest that are compared; what a step of a row along it costs; columns of the median that evens it."""
LOOKS = 12
"""So many frames, far apart, tell whether there is a crest."""
LEAST = 0.004
"""It bares at least so much of the building, share of the longer side, and the outline's foot lies as near to it in the first frame."""
SURE, GOES_ALONG, CLIMB = 0.4, 0.85, 0.3
"""How much more like ground it is under the crest than over it; correlation with the camera's height; metres bared in a metre of climb, at least."""
MOST = 90
"""Percentile, along the wall, of what is bared."""
LOOSE = 1.5
"""Rows of a strip by which the crest may be off."""


@dataclass(frozen=True, eq=False)
class Tone:
    """What ground looks like: mean (3,) and inverse covariance (3, 3) of its Lab codes."""

    mean: np.ndarray
    inverse: np.ndarray

    def like(self, codes: np.ndarray) -> np.ndarray:
        """Return how much (h, w) Lab codes (h, w, 3) are like it, 0..1."""
        off = codes - self.mean
        return np.asarray(np.exp(-np.einsum("hwi,ij,hwj->hw", off, self.inverse, off) / LIKE))


@dataclass(frozen=True, eq=False)
class Strip:
    """The picture along the walls' foot: Lab codes (h, w, 3), the pixels (h, w, 2) they are of, which columns (w,) are in the picture, and which of
    those are of the wall itself; metres (w,) of a row there."""

    codes: np.ndarray
    pixels: np.ndarray
    seen: np.ndarray
    own: np.ndarray
    metres: np.ndarray


@dataclass(frozen=True, eq=False)
class Crest:
    """picture: where frames are, with {frame}; foot (2, 3): ends of the wall's foot as it was drawn, in the world of the `cameras`; tone: of the ground
    before it; away: metres from the first camera to the crest; drop: metres that the building goes on below its drawn foot, at least."""

    picture: str
    display: str
    cameras: tuple[Camera, ...]
    first_frame: int
    foot: np.ndarray
    tone: Tone
    away: float = FAR
    drop: float = 0.0

    def at(self, index: int, picture: np.ndarray) -> np.ndarray:
        """Return the alpha (h, w) float32 of the rise at frame `index`, along the edges of its display-like picture (h, w, 3)."""
        mask = self.below(index)
        if not mask.any():
            return np.zeros(mask.shape, np.float32)
        return refined(picture, *trimap(mask, LOOSE * max(mask.shape) / SIDE))

    def depth(self, index: int, alpha: np.ndarray) -> np.ndarray:
        """Return its depth (h, w) float32 in metres, FAR where there is nothing."""
        return np.where(alpha > 0, self.away, FAR).astype(np.float32)

    def below(self, index: int) -> np.ndarray:
        """Return what lies below the crest (h, w) bool at frame `index`."""
        return _below(self, index)

    def strip(self, index: int) -> Strip:
        """Return frame `index` along the foot."""
        path = Path(self.picture.format(frame=self.first_frame + index))
        return strip_of(to_display(read_exr(path, RGB), self.display), self.cameras[index], self.foot)

    def lowered(self, drawn: np.ndarray) -> np.ndarray:
        """Return an outline (n, 2) in the first frame with its foot moved down to where the building goes on to."""
        camera, chain = self.cameras[0], bottom_chain(drawn)
        _, depth = project(camera, self.foot.mean(axis=0))
        on = (drawn[:, None] == chain[None]).all(axis=-1).any(axis=1)
        return np.where(on[:, None], drawn + np.array([0.0, self.drop * camera.focal_px / float(depth)]), drawn)


def rising_crest(plate: Located[Plate], geometry: Geometry, cameras: tuple[Camera, ...]) -> Crest | None:
    """Return the crest that hides the foot of the building; None when all of it is seen, or nothing comes into sight below it."""
    record, wall = plate.record, geometry.facades[0]
    origin, along = np.array(wall.origin), np.array(wall.along)
    foot = np.stack([origin, origin + wall.width * along]) * (1, 0, 1)
    first = strip_of(to_display(read_exr(plate.path(record.picture, record.frames.first), RGB), record.display), cameras[0], foot)
    ground = first.codes[ABOVE + NEAREST : ABOVE + FURTHEST, first.own].reshape(-1, 3)
    if len(ground) < 10 * (FURTHEST - NEAREST):
        return None
    line, _ = line_of(tone_of(ground).like(first.codes), first.seen)
    under = np.arange(ABOVE + BELOW)[:, None] - line
    # beyond the building's ends it may be paler or worn
    tone = tone_of(first.codes[(under > 1) & (under < CLOSE) & first.seen])
    crest = Crest(str(plate.folder / record.picture), record.display, cameras, record.frames.first, foot, tone)
    indices = np.unique(np.linspace(0, len(cameras) - 1, LOOKS).round().astype(int))
    return _told(crest, [int(index) for index in indices])


def _told(crest: Crest, indices: list[int]) -> Crest | None:
    """Return the crest with its distance and what it bares; None where the frames don't bear it out. The first of the indices is 0."""
    heights, bared, most, rows = [], [], [], []
    for index in indices:
        strip = crest.strip(index)
        if np.count_nonzero(strip.own) < WINDOW:
            continue
        line, sure = line_of(crest.tone.like(strip.codes), strip.seen)
        if np.median(sure[strip.own]) < SURE:
            return None
        gap = (line - ABOVE)[strip.own]
        metres = gap * strip.metres[strip.own]
        heights.append(float(eye(crest.cameras[index])[1]))
        bared.append(float(np.median(metres)))
        most.append(float(np.percentile(metres, MOST) + LOOSE * np.median(strip.metres)))
        rows.append(float(np.median(gap)))
    least = LEAST * SIDE
    if len(rows) < 3 or abs(rows[0]) > least or max(rows) - rows[0] < least or np.ptp(heights) <= 0:
        return None
    climb = float(np.polyfit(heights, bared, 1)[0])
    if climb < CLIMB or np.corrcoef(heights, bared)[0, 1] < GOES_ALONG:
        return None
    foot = float(project(crest.cameras[0], crest.foot.mean(axis=0))[1])
    # the line of sight over the crest turns about it: what is bared is to the climb as the ways behind it and before it
    return replace(crest, away=foot / (1 + climb), drop=max(most))


def tone_of(codes: np.ndarray) -> Tone:
    """Return the tone of Lab codes (n, 3)."""
    return Tone(np.median(codes, axis=0), np.linalg.inv(np.cov(codes.T) + GRAIN**2 * np.eye(3)))


def strip_of(codes: np.ndarray, camera: Camera, foot: np.ndarray) -> Strip:
    """Return a picture (h, w, 3) uint8 along the foot (2, 3) of a wall and beyond its ends, upright along the wall."""
    height, width = codes.shape[:2]
    step = max(height, width) / SIDE
    ends, ahead = project(camera, foot)
    length = float(np.linalg.norm(ends[1] - ends[0])) / step if (ahead > 0.1).all() else 0.0
    t = np.linspace(-BESIDE, 1 + BESIDE, int(np.clip((1 + 2 * BESIDE) * length, 2, 4 * SIDE)))
    points = foot[0] + t[:, None] * (foot[1] - foot[0])
    places, depth = project(camera, points)
    raised, _ = project(camera, points + np.array([0.0, 1.0, 0.0]))
    down = places - raised
    down /= np.maximum(np.linalg.norm(down, axis=1, keepdims=True), 1e-9)
    rows = (np.arange(-ABOVE, BELOW) + 0.5) * step
    pixels = np.nan_to_num(places[None] + down[None] * rows[:, None, None], nan=-1e5)
    seen = (depth > 0.1) & (places >= 0).all(axis=1) & (places < (width, height)).all(axis=1)
    lab = cv2.cvtColor(cv2.GaussianBlur(codes, (0, 0), 0.5 * step) if step > 1 else codes, cv2.COLOR_RGB2LAB).astype(np.float32)
    at = np.clip(pixels - 0.5, -1e4, 1e5).astype(np.float32)
    found = cv2.remap(lab, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Strip(found, pixels, seen, seen & (t >= 0) & (t <= 1), step * depth / camera.focal_px)


def line_of(like: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the row (w,) under which a strip is ground, and how much more it is so there than above (w,). like (h, w): 0..1; seen (w,) bool.

    The best path through all columns (dynamic programming), evened by a running median.
    """
    height, width = like.shape
    sums = np.cumsum(np.pad(like, ((1, 0), (0, 0))), axis=0)
    score = np.full((height + 1, width), -1.0)
    middle = slice(WINDOW, height + 1 - WINDOW)
    score[middle] = (sums[2 * WINDOW :] - 2 * sums[middle] + sums[: height + 1 - 2 * WINDOW]) / WINDOW
    score[:, ~seen] = 0
    best, back = score[:, 0], np.zeros((height + 1, width), int)
    for x in range(1, width):
        ways = np.stack([np.r_[-np.inf, best[:-1]] - STEEP, best, np.r_[best[1:], -np.inf] - STEEP])
        choice = ways.argmax(axis=0)
        best, back[:, x] = np.take_along_axis(ways, choice[None], axis=0)[0] + score[:, x], choice - 1
    line = np.zeros(width, int)
    line[-1] = int(best.argmax())
    for x in range(width - 1, 0, -1):
        line[x - 1] = line[x] + back[line[x], x]
    around = np.lib.stride_tricks.sliding_window_view(np.pad(line.astype(float), EVEN // 2, mode="edge"), EVEN)
    return np.median(around, axis=-1), score[line, np.arange(width)]


@lru_cache(maxsize=4)
def _below(crest: Crest, index: int) -> np.ndarray:
    camera, strip = crest.cameras[index], crest.strip(index)
    shape = (camera.height, camera.width)
    if np.count_nonzero(strip.seen) < 2:
        return np.zeros(shape, bool)
    line, _ = line_of(crest.tone.like(strip.codes), strip.seen)
    columns = np.flatnonzero(strip.seen)
    top, down = strip.pixels[0, columns], strip.pixels[1, columns] - strip.pixels[0, columns]
    edge = top + down * (line[columns, None] - 0.5)
    beyond, far = 2.0 * max(shape), down / np.linalg.norm(down, axis=1, keepdims=True)
    way = (edge[-1] - edge[0]) / max(float(np.linalg.norm(edge[-1] - edge[0])), 1e-9)
    edge = np.concatenate([[edge[0] - beyond * way], edge, [edge[-1] + beyond * way]])
    return filled([np.concatenate([edge, [edge[-1] + beyond * far[-1], edge[0] + beyond * far[0]]])], shape) > 0


def near(mask: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return what of a rise, alpha (h, w), lies before a building's region (h, w) bool or right beside it: the rest is ground like any other."""
    return np.where(widened(region, max(3.0, LEAST * max(region.shape))), mask, 0).astype(np.float32)
