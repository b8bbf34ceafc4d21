"""What passes before a moving camera's building and street, cut out against what both look like in other frames.

A shirt the colour of the wall hardly moves by its flow, and a head is small; but walls and street behind are known from frames in which he is
elsewhere, carried along the building's model and level ground. That is the known background of a locked camera, in the building's own space
(compare Wang and Adelson, Representing moving images with layers, 1994). Where it is known it also tells what is none of him: street that he has
just uncovered is found nowhere in earlier frames and looks like moving at the shot's end. Between his parts, where nothing is known of what is
behind, his own colours tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import eye, pixel_grid, project, rays, resized
from derrumbe.geom.depth import mesh_depth, plane_depth
from derrumbe.survey.filters import around, connected_to, disc, opened, widened
from derrumbe.survey.grabcut import quick_cut
from derrumbe.survey.ground_shadow import without_shadow
from derrumbe.survey.matting import display_like
from derrumbe.survey.own_motion import codes_of, working_shape
from derrumbe.survey.passers import FAINT, passing_alpha, strangeness
from derrumbe.survey.tints import likelier
from derrumbe.survey.uncovered import Views, agreed, brought, strays
from derrumbe.survey.wanderers import Wanderers

SAMPLES, FEWEST = 10, 3
"""Frames that are looked through, and those that must show the walls."""
APART = 3
"""Frames nearer in time than this show him where he is."""
REACH = 0.18
"""How far beyond what moves by itself the rest of it is looked for at least, share of the longer side; else as far as that is high."""
BESIDE = 0.1
"""How far from what moves by itself a part of it may begin, at least: its own hips, below the walls' foot, may have been missed."""
LOOSE = 0.01
"""By how much its mask in other frames is widened, share of the longer side."""
SMALLEST = 2e-4
"""Share of the picture that must move by itself before the walls."""
TELLING = 0.1
"""Share of the part looked at that another frame must show."""
OFF = 0.4
"""Pixels by which walls may be misplaced: balconies stand out of the model."""
VAGUE = 0.03
"""Unrest (display-like) above which a hole in what passes may be his."""
UNTOLD = 1.0
"""Unrest (display-like) where frames don't agree: nothing is strange there."""
SEEN = 0.02
JOINED, RIM, RING = 0.16, 0.012, 0.06
"""What may be missing between his parts, how far out of their hull he may reach there, and how far around colours are learnt, shares of the longer
side."""
OPEN, THIN = 2.0, 1.5
"""Radii, working pixels, of what street must be wide to be taken out of him, and of what is left of him then."""


@dataclass(frozen=True, eq=False)
class Walls:
    """The building's walls, and the ground, in the frames of a moving camera, and what moves by itself in each."""

    views: Views
    wanderers: Wanderers

    def passing(self, frame: int) -> np.ndarray:
        """Return what passes in a frame, (h, w) bool at working size: what moves by itself, with what lies at it before walls and street, and without
        what is seen of those."""
        thing, picture = self.wanderers.at(frame), self._shown(frame)
        camera = self._camera(frame)
        wall = mesh_depth(camera, *self.views.solid)
        ground = np.minimum(wall, plane_depth(camera))
        found, bare, near = np.zeros(thing.shape, bool), np.zeros(thing.shape, bool), _around(thing)
        # what stands on the ground is misplaced along it, and would set walls wrong
        boxes = [(around(own, max(REACH * max(thing.shape), height)), wall) for own, height in _large(near & (wall < FAR))]
        boxes += [(around(own, BESIDE * max(thing.shape)), ground) for own, _ in _large(thing)]
        for box, depth in boxes:
            behind = self._bare(frame, picture, thing, depth, box)
            if behind is not None:
                alpha = _closed(passing_alpha(picture[box], *behind), behind[1])
                found[box] |= connected_to(alpha > 0.5, near[box])
                bare[box] |= (behind[1] < VAGUE) & (strangeness(picture[box], *behind) < FAINT)
        thing = _without(thing, bare & ~found)
        # what stands on the ground lies before more of it than model and plane know: only what touches him there is his
        found = connected_to(found | thing, thing | (found & (wall <= ground) & (wall < FAR))) & found
        whole = _joined(found | thing, found, bare & ~found, picture)
        return without_shadow(255 * picture, whole) if whole.any() else whole

    def _shown(self, frame: int) -> np.ndarray:
        """Return a frame (h, w, 3) at working size, display-like."""
        return codes_of(self.wanderers.plate, frame, self.wanderers.size) / 255

    def _camera(self, frame: int) -> Camera:
        height, width = working_shape(self.wanderers.size)
        return resized(self.views.cameras[frame - self.views.first_frame], width, height)

    def _bare(
        self, frame: int, picture: np.ndarray, thing: np.ndarray, depth: np.ndarray, box: tuple[slice, slice]
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return what is at `depth` in `box`, with nothing before it (h, w, 3), display-like, and how much frames disagree (h, w); None if too few tell."""
        wall = depth[box] < FAR
        light = np.power(picture[box], np.float32(2.2))
        stack = [self._seen(other, frame, light, thing[box], depth, box) for other in self._others(frame)]
        shown = [one for one in stack if one is not None]
        if len(shown) < FEWEST:
            return None
        bare, told, unrest = _usual(np.stack(shown))
        bare = np.where(wall[..., None], bare, picture[box])
        return bare, np.where(wall & told, unrest + OFF * _steepness(bare), UNTOLD).astype(np.float32)

    def _others(self, frame: int) -> list[int]:
        first, count = self.views.first_frame, len(self.views.cameras)
        spread = {first + round(float(index)) for index in np.linspace(0, count - 1, min(SAMPLES, count))}
        return sorted(other for other in spread if abs(other - frame) >= APART)

    def _seen(
        self, other: int, frame: int, light: np.ndarray, thing: np.ndarray, depth: np.ndarray, box: tuple[slice, slice]
    ) -> np.ndarray | None:
        """Return what another frame shows of walls and street in `box` (h, w, 3), NaN where it doesn't; None where it shows too little."""
        here, there = self._camera(frame), self._camera(other)
        places, usable = _places(here, there, depth, box)
        hides = widened(self.wanderers.at(other), LOOSE * there.width)
        usable &= cv2.remap(hides.astype(np.float32), places[..., 0], places[..., 1], cv2.INTER_LINEAR) < SEEN
        if usable.mean() < TELLING:
            return None
        source = np.power(self._shown(other), np.float32(2.2))
        return brought(source, places, usable, light, usable & ~widened(thing, LOOSE * there.width))


def _places(here: Camera, there: Camera, depth: np.ndarray, box: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """Return where another camera sees what is at `depth` (h, w) of one, within `box`: (h, w, 2) float32 as OpenCV counts, and whether it does."""
    on = depth[box]
    points = eye(here) + rays(here, pixel_grid(here, box=box)) * np.minimum(on, 1e5)[..., None].astype(np.float64)
    pixels, ahead = project(there, points)
    pixels = np.nan_to_num(pixels, nan=-1e5)
    inside = (pixels >= 1).all(axis=-1) & (pixels[..., 0] < there.width - 1) & (pixels[..., 1] < there.height - 1)
    return (pixels - 0.5).astype(np.float32), inside & (on < FAR) & (ahead > 0)


def _usual(stack: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what pictures (n, h, w, 3) with NaN agree on, display-like, where they do (h, w) bool, and how far from it they usually are (h, w)."""
    best, sure = agreed(stack)
    usual = display_like(best)
    return usual, sure, strays(display_like(stack), usual, UNTOLD)


def _steepness(picture: np.ndarray) -> np.ndarray:
    """Return the steepest slope (h, w) of a picture (h, w, 3) at each pixel, per pixel."""
    slopes = [np.abs(np.gradient(picture, axis=axis)).max(axis=-1) for axis in (0, 1)]
    return np.maximum(*slopes)


def _closed(alpha: np.ndarray, unrest: np.ndarray) -> np.ndarray:
    """Return alpha (h, w) with those holes closed in which the walls' edges, by their unrest (h, w), leave open what is seen."""
    labels = cv2.connectedComponents((alpha < 0.5).astype(np.uint8), connectivity=4)[1]
    vague = ndimage.median(unrest, labels, np.arange(labels.max() + 1)) > VAGUE
    vague[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1], [0]])] = False
    return np.where(vague[labels], 1, alpha).astype(np.float32)


def _around(thing: np.ndarray) -> np.ndarray:
    """Return where (h, w) bool parts of what moves by itself, `thing` (h, w) bool, may begin: each as far from it as it is high, at least BESIDE."""
    each = [widened(own, max(BESIDE * max(thing.shape), height)) for own, height in _large(thing)]
    return np.asarray(np.any([np.zeros_like(thing), *each], axis=0))


def _large(mask: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """Return each connected part of a mask (h, w) bool that is large enough, (h, w) bool, and how high it is, pixels."""
    labels, stats = cv2.connectedComponentsWithStats(mask.astype(np.uint8))[1:3]
    return [(labels == label, int(stats[label, 3])) for label in np.flatnonzero(stats[1:, 4] > SMALLEST * mask.size) + 1]


def _without(thing: np.ndarray, bare: np.ndarray) -> np.ndarray:
    """Return what moves by itself (h, w) bool without the `bare` (h, w) bool that reaches in from outside: what he encloses is his."""
    wide = opened(bare & thing, OPEN)
    left = thing & ~connected_to(wide | ~thing, ~thing, connectivity=4)
    return connected_to(left, opened(left, THIN))


def _joined(parts: np.ndarray, found: np.ndarray, bare: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Return parts (h, w) bool with what is missing between those that were `found` (h, w) bool against what is behind and those nearby: nothing may
    be known of what is behind it (not `bare`, (h, w) bool), and the picture's (h, w, 3) colours and edges tell it from its surroundings."""
    side, out = max(parts.shape), parts.copy()
    codes = np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    for known, _ in _large(found):
        hull = _hull(parts & widened(known, JOINED * side), RIM * side)
        box = around(hull, RING * side)
        own, gap, ring = parts[box], (hull & ~parts & ~bare)[box], (widened(hull, RING * side) & ~hull & ~parts)[box]
        his = ~likelier(codes[box], ring, own)
        trimap = np.select([own, gap & his, gap], [cv2.GC_FGD, cv2.GC_PR_FGD, cv2.GC_PR_BGD], cv2.GC_BGD)
        if gap.any() and ring.any():
            # what reaches from one part to the other is his by its colours alone; edges in the plain may lead the cut astray
            bridge = opened(gap & his & _between(known[box], own & ~known[box]), OPEN)
            cut, inside = own | bridge, around(gap, 1)
            cut[inside] |= (gap & his)[inside] & quick_cut(codes[box], trimap.astype(np.uint8), inside)
            whole = opened(cv2.morphologyEx(cut.astype(np.uint8), cv2.MORPH_CLOSE, disc(OPEN)), 1)
            out[box] |= connected_to(whole, own) & ~bare[box]
    return out


def _between(upper: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Return what (h, w) bool lies in a column below one mask and above another, (h, w) bool both."""
    return np.asarray(np.maximum.accumulate(upper, axis=0) & np.maximum.accumulate(rest[::-1], axis=0)[::-1])


def _hull(mask: np.ndarray, rim: float) -> np.ndarray:
    """Return the convex hull (h, w) bool of a mask (h, w) bool, and what lies within `rim` pixels of it."""
    out = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(out, cv2.convexHull(np.argwhere(mask)[:, ::-1].astype(np.int32)), 1)
    return widened(out > 0, rim)
