"""How far things are before a building's walls, by parallax against the walls themselves, over all frames of a moving camera.

Every frame is brought onto one of them by the building's model, wall by wall, and set right by what the walls show (plane and parallax: Irani &
Anandan 1996). What is left moves: nearer than its wall one way, further the other way, by less than a pixel where it stands a metre before it. One
number for a whole region is sure all the same: its shift in each frame (Lucas & Kanade 1981) against that of the wall around it, as a line over how far
the camera has gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import seen_from
from derrumbe.geom.depth import mesh_depth

TILE = 16
"""Pixels of a tile, in which shifts of the walls are found."""
SOFT, BROAD = 1.0, 20.0
"""Sigmas, pixels: of the noise that is blurred away, and of the light that is taken out."""
ROUNDS, ASTRAY = 3, 12.0
"""Rounds in which a frame is set right, and pixels by which it may be off in its middle."""
MOST = 25.0
"""Codes by which what is shown may differ and count in full."""
FLAT = 20.0
"""Squared slope (codes a pixel) of a tile that shows nothing."""
SHOWN, FRAMES = 0.8, 8
"""A region counts in frames that show this share of it, if there are so many of them."""
NEARER = 0.99
"""Parallax is that of what is nearer by a hundredth."""
WIDE, HIGH = 0.07, 0.045
"""What is wall around a region: so far to its sides and over and under it, shares of the longer side."""
TIED = 1.5
"""Errors are larger by this than they look: neighbouring frames err alike."""


Brought = tuple[np.ndarray, np.ndarray, np.ndarray]
"""A frame in another's view: codes (h, w, 3), where they show walls (h, w) bool, and by how many pixels (2,) what is nearer by a hundredth moves."""


@dataclass(frozen=True)
class Nearness:
    """By how many hundredths of its depth something is nearer than its wall, and the standard error."""

    nearer: float
    error: float

    @property
    def sure(self) -> float:
        """In standard errors."""
        return self.nearer / self.error


@dataclass(frozen=True, eq=False)
class Parallax:
    """Frames brought onto one, within `box` of its picture: colour (h, w, 3) float32 codes, their mean; slope (h, w, 2) of its light, codes a pixel; off
    (n, h, w): by how much frames differ from it, and where they show walls, `shown` (n, h, w) bool; way (n, 2): pixels by which what is nearer by a
    hundredth moves in each; depth (h, w): of the walls, metres; moves (n, 2, 3): by which each frame was set right; pull (n, a, b, 2), hold (n, a, b,
    2, 2): what tiles say of their shift, and how surely."""

    box: tuple[slice, slice]
    colour: np.ndarray
    slope: np.ndarray
    off: np.ndarray
    shown: np.ndarray
    way: np.ndarray
    depth: np.ndarray
    moves: np.ndarray
    pull: np.ndarray
    hold: np.ndarray

    @property
    def direction(self) -> np.ndarray:
        """The direction (2,) in which most of the parallax is."""
        found: np.ndarray = np.linalg.svd(self.way - self.way.mean(axis=0), full_matrices=False)[2][0]
        return found

    @property
    def gone(self) -> np.ndarray:
        """Pixels (n,) along it."""
        return np.asarray((self.way - self.way.mean(axis=0)) @ self.direction)

    def of(self, mask: np.ndarray, corner: tuple[int, int]) -> Nearness | None:
        """Return how near a region is, `mask` (a, b) bool with its upper left `corner` in the box; None where too few frames show it."""
        part = part_of(mask, corner)
        slope = self.slope[part] @ self.direction.astype(np.float32) * mask
        hold = np.einsum("nij,ij->n", self.shown[(slice(None), *part)], slope * slope)
        usable = hold > SHOWN * max(float((slope * slope).sum()), 1e-6)
        if np.count_nonzero(usable) < FRAMES:
            return None
        pull = -np.einsum("nij,ij->n", self.off[(slice(None), *part)], slope)
        middle = (corner[0] + mask.shape[0] / 2, corner[1] + mask.shape[1] / 2)
        return _line(self.gone[usable], (pull / np.maximum(hold, 1e-6) - self._walls(middle))[usable])

    def unrest(self, mask: np.ndarray, corner: tuple[int, int]) -> float:
        """Return by how many codes frames usually differ from their mean in a region, given as in `of`."""
        part = part_of(mask, corner)
        shown = (self.shown[(slice(None), *part)] & mask).sum(axis=(1, 2))
        total = np.einsum("nij,ij->n", self.off[(slice(None), *part)] ** 2, mask)
        return float(np.median(np.sqrt(total / np.maximum(shown, 1))[shown > 0])) if shown.any() else np.inf

    def _walls(self, middle: tuple[float, float]) -> np.ndarray:
        """Return the shift (n,) in each frame of most of the wall around a place (row, column) of the box, along the direction."""
        side = max(self.slope.shape)
        rows, columns = (
            slice(max(0, int((at - reach * side) // TILE)), int((at + reach * side) // TILE) + 1)
            for at, reach in zip(middle, (HIGH, WIDE), strict=True)
        )
        way = self.direction
        pull = (self.pull[:, rows, columns] @ way).reshape(len(self.pull), -1)
        hold = np.einsum("nijab,a,b->nij", self.hold[:, rows, columns], way, way).reshape(len(pull), -1)
        return _middle(pull / (hold + FLAT), np.minimum(hold, 150 * FLAT))


def part_of(mask: np.ndarray, corner: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns of a region, its mask (a, b) with its upper left `corner` (row, column)."""
    return slice(corner[0], corner[0] + mask.shape[0]), slice(corner[1], corner[1] + mask.shape[1])


def parallax(
    cameras: list[Camera],
    here: Camera,
    solid: tuple[np.ndarray, np.ndarray],
    picture: Callable[[int], np.ndarray],
    hidden: Callable[[int], np.ndarray],
) -> Parallax | None:
    """Return the frames of `cameras` brought onto the view of `here`. solid: the building's vertices and triangles; picture: of a frame, display-like
    (h, w, 3); hidden: where (h, w) bool something known hides the walls there."""
    depth = mesh_depth(here, *solid)
    wall = depth < FAR
    if not wall.any():
        return None
    rows, columns = (np.flatnonzero(wall.any(axis=way)) for way in (1, 0))
    box = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    at = cameras.index(here)
    first = _brought(here, here, depth, box, picture(at), hidden(at))
    others = enumerate(cameras)
    brought = (first if index == at else _brought(here, camera, depth, box, picture(index), hidden(index)) for index, camera in others)
    return told_by(first, brought, box, depth[box])


def told_by(first: Brought, brought: Iterable[Brought], box: tuple[slice, slice], depth: np.ndarray) -> Parallax:
    """Return what frames say that were brought onto the view of the `first`, itself among them; depth (h, w) of the walls."""
    light, own = _light(*first[:2]), first[1]
    slope = _slope(light)
    total, count = np.zeros((*own.shape, 3), np.float32), np.zeros(own.shape, np.float32)
    lights, seen, moves, ways = [], [], [], []
    for codes, shown, way in brought:
        move = _off_by(_light(codes, shown), shown, light, own, slope)
        colour, there = _moved(codes, move), _moved(shown.astype(np.float32), move) > 0.99
        lights.append(_light(colour, there))
        seen.append(there)
        moves.append(move)
        ways.append(way)
        total += colour * there[..., None]
        count += there
    mean = sum(one * there for one, there in zip(lights, seen, strict=True)) / np.maximum(count, 1)
    told = count >= FRAMES
    slope = _slope(mean) * told[..., None]
    off = np.stack([np.clip(one - mean, -MOST, MOST) * there for one, there in zip(lights, seen, strict=True)])
    pulls, holds = zip(*(_tiles(slope, one, there) for one, there in zip(off, seen, strict=True)), strict=True)
    return Parallax(
        box=box,
        colour=total / np.maximum(count, 1)[..., None],
        slope=slope,
        off=off,
        shown=np.stack(seen),
        way=np.stack(ways),
        depth=depth,
        moves=np.stack(moves),
        pull=np.stack(pulls),
        hold=np.stack(holds),
    )


def _brought(here: Camera, camera: Camera, depth: np.ndarray, box: tuple[slice, slice], picture: np.ndarray, hidden: np.ndarray) -> Brought:
    """Return a frame's codes (h, w, 3) in the view of `here` within `box`, where they show walls (h, w) bool, and the usual parallax (2,) pixels."""
    wall = depth[box] < FAR
    places, nearer = (seen_from(here, camera, by * depth, box) for by in (1, NEARER))
    back = (places - 0.5).astype(np.float32)
    inside = wall & (places >= 1).all(axis=-1) & (places[..., 0] < camera.width - 1) & (places[..., 1] < camera.height - 1)
    codes = cv2.remap(255 * picture, back[..., 0], back[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    covered = cv2.remap(hidden.astype(np.float32), back[..., 0], back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) > 0.02
    shown = cv2.erode((inside & ~covered).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    # Pixels of the frame, which are as large as those of this view or nearly so.
    way = np.median((nearer - places)[shown], axis=0) if shown.any() else np.zeros(2)
    return codes, shown, way


def _light(codes: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Return the light (h, w) of codes (h, w, 3) without that of the surroundings."""
    grey = cv2.GaussianBlur(codes.mean(axis=-1), (0, 0), SOFT)
    weight = shown.astype(np.float32)
    small = [cv2.resize(one, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA) for one in (grey * weight, weight)]
    around, cover = (cv2.resize(cv2.GaussianBlur(one, (0, 0), BROAD / 4), grey.shape[::-1]) for one in small)
    return np.where(shown, grey - around / np.maximum(cover, 1e-3), 0).astype(np.float32)


def _slope(light: np.ndarray) -> np.ndarray:
    """Return the slope (h, w, 2) of a light (h, w), codes a pixel to the right and down."""
    return np.dstack([cv2.Sobel(light, cv2.CV_32F, *way) / 8 for way in ((1, 0), (0, 1))])


def _off_by(light: np.ndarray, shown: np.ndarray, first: np.ndarray, own: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Return where (an affine map (2, 3)) places of the light `first` (h, w), which shows walls where `own` says, are in another, which shows them where
    `shown` (h, w) bool, as most tiles say. slope (h, w, 2): of the first's light."""
    height, width = shown.shape
    move = np.eye(2, 3)
    for _ in range(ROUNDS):
        still = (_moved(shown.astype(np.float32), move) > 0.99) & own
        off = np.clip(_moved(light, move) - first, -2 * MOST, 2 * MOST) * still
        told = _affine(*_tiles(slope, off, still))
        if told is None:
            break
        move = move + told
    middle = np.array([width / 2, height / 2])
    return move if np.abs(move @ (*middle, 1) - middle).max() < ASTRAY else np.eye(2, 3)


def _moved(picture: np.ndarray, move: np.ndarray) -> np.ndarray:
    flags = cv2.INTER_CUBIC if picture.ndim == 3 else cv2.INTER_LINEAR
    return cv2.warpAffine(picture, move, picture.shape[1::-1], flags=flags | cv2.WARP_INVERSE_MAP)


def _affine(pull: np.ndarray, hold: np.ndarray) -> np.ndarray | None:
    """Return by how much (2, 3) a picture lies off, as tiles' pull (a, b, 2) and hold (a, b, 2, 2) say, without those that say something else."""
    rows, columns = np.mgrid[0 : pull.shape[0], 0 : pull.shape[1]] * TILE + (TILE - 1) / 2
    at = np.stack([columns.ravel(), rows.ravel(), np.ones(columns.size)], -1)
    pull, hold = pull.reshape(-1, 2), hold.reshape(-1, 2, 2)
    strength = np.trace(hold, axis1=1, axis2=2)
    even = weight = 1 / (1 + strength / (150 * FLAT))
    found = np.zeros((2, 3))
    for _ in range(4):
        normal = np.einsum("t,tab,ti,tj->aibj", weight, hold, at, at).reshape(6, 6)
        right = np.einsum("t,ta,ti->ai", weight, pull, at).ravel()
        scale = np.trace(normal) / 6
        if scale <= 0:
            return None
        found = np.linalg.lstsq(normal, right, rcond=1e-9)[0].reshape(2, 3)
        left = pull - np.einsum("tab,tb->ta", hold, at @ found.T)
        size = np.linalg.norm(left, axis=1) / (strength + FLAT)
        spread = max(0.05, 1.5 * float(np.median(size[strength > FLAT]))) if hold.sum() > 0 else 1.0
        weight = even / (1 + (size / spread) ** 2)
    return found


def _tiles(slope: np.ndarray, off: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what each tile says of its shift, and how surely (a, b, 2), (a, b, 2, 2) float32: slope (h, w, 2) of a light, by how much another is off it
    (h, w), and where that shows walls (h, w) bool."""
    rows, columns = (size // TILE for size in off.shape)
    pull, hold = np.zeros((rows, columns, 2), np.float32), np.zeros((rows, columns, 2, 2), np.float32)
    _add_up(slope, off, shown, pull, hold)
    return pull, hold


@njit(cache=True, fastmath=False)
def _add_up(slope, off, shown, pull, hold):  # type: ignore[no-untyped-def]
    for row in range(pull.shape[0] * TILE):
        for column in range(pull.shape[1] * TILE):
            if shown[row, column]:
                a, b, x, y = row // TILE, column // TILE, slope[row, column, 0], slope[row, column, 1]
                pull[a, b, 0] -= x * off[row, column]
                pull[a, b, 1] -= y * off[row, column]
                hold[a, b, 0, 0] += x * x
                hold[a, b, 0, 1] += x * y
                hold[a, b, 1, 1] += y * y
    hold[..., 1, 0] = hold[..., 0, 1]


def _middle(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the weighted medians (n,) of values (n, m)."""
    order = np.argsort(values, axis=1)
    ordered, up = np.take_along_axis(values, order, 1), np.cumsum(np.take_along_axis(weight, order, 1), axis=1)
    at = np.minimum((up < 0.5 * up[:, -1:]).sum(axis=1), values.shape[1] - 1)
    return np.asarray(ordered[np.arange(len(values)), at])


def _line(gone: np.ndarray, shift: np.ndarray) -> Nearness | None:
    """Return the slope of shifts (n,) over `gone` (n,)."""
    spread = float(((gone - gone.mean()) ** 2).sum())
    if spread < 1e-9:
        return None
    slope = float(((gone - gone.mean()) * shift).sum()) / spread
    left = shift - shift.mean() - slope * (gone - gone.mean())
    return Nearness(slope, TIED * float(np.sqrt((left @ left) / max(1, len(left) - 2) / spread)) + 1e-9)
