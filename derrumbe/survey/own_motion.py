"""What moves by itself before a moving camera: evidence, pixel by pixel, that standing still does not explain a frame's neighbours.

A pixel that stands still is found again in another frame where the solve expects it; one that moves by itself is found where the optical
flow (Kroeger et al. 2016, dense inverse search) takes it. What surely moves lends its flow to its surroundings, and each pixel is then
asked which of the two ways shows it better. A camera that follows a car is no harder than one that doesn't.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.files import save_arrays
from derrumbe.survey.small import small_codes
from derrumbe.survey.stillness import Stillness

WIDTH = 640
"""Evidence is looked for in pictures no wider than this."""
OFFSETS = (-8, -2, 2, 8)
"""Other frames that are looked at; at the shot's ends nearer ones."""
LEAST_OFFSET = 2
MOST = 60.0
"""A difference of this many display codes says all that a difference can say."""
SURE = 5.0
"""Codes by which the flow must explain a pixel better before its flow is lent."""
APART = (0.6, 1.6)
"""Pixels between the two ways, from nothing said to all said."""
NEAR, WIDE = 0.01, 0.03
"""Sigmas, shares of the width, over which flow is lent: the near one first."""
SAID = 25.0
"""Most that one neighbour may say, codes."""
UNSAID = -4.0
"""Evidence where nothing nearby moves by itself."""
TEMPER = 0.7
"""Weight of the side of time that speaks less for motion: what is about to be hidden looks like moving on the other side alone."""
FINE = 4
"""Flow is lent, and kept, so many times smaller: it is smooth."""


@dataclass(frozen=True)
class Evidence:
    """Writes a frame's evidence. A callable for `Work.map_frames`.

    The file (npz) holds evidence (h, w) int8, codes in favour of moving by itself, at working size, and for each of `others` (n,) int32
    frames the flow (n, h/4, w/4, 2) float16, in working pixels, that moving things lend.
    """

    plate: str
    still: Stillness
    frames: range
    out: str

    def done(self, frame: int) -> bool:
        return Path(self.out.format(frame=frame)).exists()

    def __call__(self, frame: int) -> None:
        cv2.setNumThreads(1)
        others = neighbours(frame, self.frames)
        views = self._views(frame, others)
        shape = working_shape(self.still.size)
        if not views:
            flow = np.zeros((0, shape[0] // FINE, shape[1] // FINE, 2), np.float16)
            save_arrays(
                Path(self.out.format(frame=frame)), evidence=np.full(shape, UNSAID, np.int8), others=np.zeros(0, np.int32), flow=flow
            )
            return
        strange = self._strange(frame, views)
        said, known, lent = np.zeros((2, *shape), np.float32), np.zeros((2, *shape), np.float32), []
        for view in views:
            own, has, small = _lent(view.flow, np.clip(view.gain - SURE, 0, MOST / 2) * (strange > SURE))
            speaks = (view.still - _difference(self._codes(frame), self._codes(view.other), own, None)) * _apart(own, view.way)
            speaks = np.where(has, speaks, UNSAID)
            side, valid = int(view.other > frame), np.isfinite(speaks)
            said[side][valid] += np.clip(speaks[valid], -SAID, SAID)
            known[side][valid] += 1
            lent.append(small.astype(np.float16))
        evidence = _of_two_sides(said / np.maximum(known, 1), known > 0)
        save_arrays(
            Path(self.out.format(frame=frame)),
            evidence=np.rint(evidence).astype(np.int8),
            others=np.array(others, np.int32),
            flow=np.stack(lent),
        )

    def _codes(self, frame: int) -> np.ndarray:
        return codes_of(self.plate, frame, self.still.size)

    def _strange(self, frame: int, views: list[_View]) -> np.ndarray:
        """Return how much better flow explains a pixel (h, w), on both sides of time: what is being hidden has no flow on one of them."""
        sides = [[np.clip(view.gain, 0, MOST / 2) for view in views if (view.other > frame) == later] for later in (False, True)]
        means = [np.mean(side, axis=0) for side in sides if side]
        return TEMPER * np.minimum(means[0], means[-1]) + (1 - TEMPER) * np.maximum(means[0], means[-1])

    def _views(self, frame: int, others: list[int]) -> list[_View]:
        """Return what other frames show of this one's pixels; flow to a far one starts from where the near one on its side leads."""
        views: dict[int, _View] = {}
        usual = self.still.usual(frame - self.frames.start, working_shape(self.still.size))
        for other in sorted(others, key=lambda number: (abs(number - frame), number)):
            nearer = [view for number, view in views.items() if (number > frame) == (other > frame)]
            start = nearer[-1].free * ((other - frame) / (nearer[-1].other - frame)) if nearer else None
            views[other] = self._view(frame, other, start, usual)
        return [views[other] for other in others]

    def _view(self, frame: int, other: int, start: np.ndarray | None, near: np.ndarray) -> _View:
        """Return what another frame shows of this one's pixels, standing still, as `near` (h, w) as is usual there, or not."""
        here, there = self._codes(frame), self._codes(other)
        shape = here.shape[:2]
        far, nearer = self.still.ends(frame - self.frames.start, other - self.frames.start, shape)
        usual = far + nearer * near[..., None]
        moved = _carried(there, usual)
        gain = _exposure(here, moved, usual)
        grey, other_grey, moved_grey = (cv2.cvtColor(np.rint(p).astype(np.uint8), cv2.COLOR_RGB2GRAY) for p in (here, there, moved))
        close, free = usual + _flow(grey, moved_grey, None), _flow(grey, other_grey, start)
        length = np.maximum((nearer**2).sum(axis=-1), 1e-9)
        on_line = far + nearer * np.clip(((close - far) * nearer).sum(axis=-1) / length, 0, 1)[..., None]
        still = np.fmin(_difference(here, there, usual, gain), _difference(here, there, on_line, gain))
        by_near, by_free = _difference(here, there, close, None), _difference(here, there, free, None)
        free_wins = np.nan_to_num(by_free, nan=np.inf) < np.nan_to_num(by_near, nan=np.inf)
        flow = np.where(free_wins[..., None], free, close)
        better = np.nan_to_num(still - np.fmin(by_near, by_free)) * _apart(flow, on_line)
        return _View(other, free, flow, on_line, still, better)


@dataclass(frozen=True, eq=False)
class _View:
    """free: optical flow (h, w, 2); flow: that or the one found around where it would stand still, whichever shows it better; way: that of
    what stands still; still: its differences (h, w); gain: how much better flow does."""

    other: int
    free: np.ndarray
    flow: np.ndarray
    way: np.ndarray
    still: np.ndarray
    gain: np.ndarray


def working_shape(size: tuple[int, int]) -> tuple[int, int]:
    """Return the height and width of working pictures of a plate of `size` (width, height)."""
    width = min(WIDTH, size[0])
    return max(2, round(size[1] * width / size[0])), width


def neighbours(frame: int, frames: range) -> list[int]:
    """Return the other frames that a frame is compared with."""
    inside = (min(max(frame + offset, frames.start), frames.stop - 1) for offset in OFFSETS)
    near = sorted({other for other in inside if abs(other - frame) >= LEAST_OFFSET})
    return near if near else [other for other in (frame - 1, frame + 1) if other in frames]


@lru_cache(maxsize=40)
def codes_of(plate: str, frame: int, size: tuple[int, int]) -> np.ndarray:
    """Return a frame (h, w, 3) float32 at working size, in codes near a display's, 0..255."""
    return small_codes(Path(plate.format(frame=frame)), working_shape(size))


def _places(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.arange(flow.shape[1], dtype=np.float32), np.arange(flow.shape[0], dtype=np.float32)[:, None]
    return x + flow[..., 0].astype(np.float32), y + flow[..., 1].astype(np.float32)


def _carried(codes: np.ndarray, flow: np.ndarray) -> np.ndarray:
    return cv2.remap(codes, *_places(flow), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _flow(grey: np.ndarray, other: np.ndarray, start: np.ndarray | None) -> np.ndarray:
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return search.calc(grey, other, np.zeros((*grey.shape, 2), np.float32) if start is None else start.astype(np.float32))


def _difference(here: np.ndarray, there: np.ndarray, flow: np.ndarray, gain: np.ndarray | None) -> np.ndarray:
    """Return how unlike each pixel (h, w) is to where `flow` leads in `there`, in codes; NaN outside it."""
    x, y = _places(flow)
    moved = cv2.remap(there, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if gain is not None:
        moved = moved * gain[..., None]
    apart = cv2.split(cv2.absdiff(here, moved))
    off = np.minimum(cv2.blur(cv2.max(cv2.max(apart[0], apart[1]), apart[2]), (3, 3)), MOST)
    off[(x < 0) | (y < 0) | (x > here.shape[1] - 1) | (y > here.shape[0] - 1)] = np.nan
    return off


def _exposure(here: np.ndarray, moved: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Return by how much brighter (h, w) `here` is than another frame `moved` onto it along a flow: a smooth gain, for the lens's dark
    corners seen twice and a changing exposure.

    A quadratic in the picture's plane, fitted to log ratios so that what moves has little say (iterated weights of Cauchy's kind).
    """
    step = 8
    x, y = _places(flow)
    inside = ((x > 0) & (y > 0) & (x < here.shape[1] - 1) & (y < here.shape[0] - 1))[::step, ::step]
    thin, other = here[::step, ::step], moved[::step, ::step]
    ratio = np.log(thin.mean(axis=-1) + 8) - np.log(other.mean(axis=-1) + 8)
    v, u = np.mgrid[-1 : 1 : here.shape[0] * 1j, -1 : 1 : here.shape[1] * 1j]
    basis = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], -1)
    rows, values = basis[::step, ::step][inside], ratio[inside].astype(np.float64)
    if len(rows) < 50:
        return np.ones(here.shape[:2], np.float32)
    weight = np.ones(len(rows))
    for _ in range(6):
        heavy = rows * (weight**2)[:, None]
        factors = np.linalg.solve(heavy.T @ rows, heavy.T @ values)
        weight = 1 / np.sqrt(1 + ((values - rows @ factors) / 0.04) ** 2)
    return np.exp(basis @ factors).astype(np.float32)


def _lent(flow: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the flow (h, w, 2) that pixels of some `weight` (h, w) lend to all around them, where there are any (h, w) bool, and the flow
    FINE times smaller."""
    height, width = weight.shape
    size = (width // FINE, height // FINE)
    weight = weight.astype(np.float32)
    said, few = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (flow * weight[..., None], weight))
    means = []
    for share in (NEAR, WIDE):
        sigma = share * size[0]
        cover = cv2.GaussianBlur(few, (0, 0), sigma)
        means.append((cv2.GaussianBlur(said, (0, 0), sigma) / np.maximum(cover, 1e-6)[..., None], cover))
    (near, near_cover), (wide, cover) = means
    small = wide + np.clip(near_cover / 0.05, 0, 1)[..., None] * (near - wide)
    large, shown = (cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR) for part in (small, cover))
    return large, shown > 0.02, small


def _apart(flow: np.ndarray, way: np.ndarray) -> np.ndarray:
    return np.clip((np.linalg.norm(flow - way, axis=-1) - APART[0]) / (APART[1] - APART[0]), 0, 1)


def _of_two_sides(means: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the evidence (h, w) of what earlier and later frames say (2, h, w)."""
    both = TEMPER * means.min(axis=0) + (1 - TEMPER) * means.max(axis=0)
    one = np.where(known[0], means[0], means[1])
    return np.where(known.all(axis=0), both, np.where(known.any(axis=0), one, 0.0)).astype(np.float32)
