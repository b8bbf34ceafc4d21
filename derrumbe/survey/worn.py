"""What the building wears before a moving camera: the last frame before the trigger, carried on beyond its edges by frames that see more.

View-dependent texture mapping with one view for all that it shows (Debevec, Taylor and Malik, 1996): the frame whose pixels are handed over.
Others add what it doesn't show, each in its place and light; frames are taken in the order of how much they add, so that seams are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.records import FAR, Camera, Plate
from derrumbe.geom.camera import eye, pixel_grid, project, rays, resized
from derrumbe.geom.depth import coverage, mesh_depth
from derrumbe.media.colour import to_display
from derrumbe.media.exr import read_exr
from derrumbe.survey.cleanplate import without
from derrumbe.survey.filters import masked_mean, widened
from derrumbe.survey.matting import display_like
from derrumbe.survey.reference import denoised
from derrumbe.survey.sky import find_sky
from derrumbe.survey.torn_ends import torn_ends
from derrumbe.survey.uncovered import Views, brought, whole

MARGIN = 0.6
"""How far beyond each of the frame's edges the building is looked for, share of the frame."""
SAMPLES, MOST = 14, 6
"""Frames that are looked through, and taken at most."""
COARSE = 4
"""What frames show is weighed on pictures so many times smaller."""
WORTH = 0.002
"""Share of a frame that another must add to be taken."""
AS_GOOD = 0.85
"""Of frames that add nearly as much as the best one, the nearest in time is taken."""
RIM, TAKEN = 2.0, 0.02
"""Pixels at a frame's edge that aren't taken; alpha from which something in front hides the wall."""
NEAR = 1.02
"""What lies farther than this times the depth of the building there is hidden by it."""
SEAM = 0.02
"""Light is fitted over this share of the longer side beside a seam."""
STEP = 1.25
"""Largest gain of that."""
SEEN = 0.5
"""Alpha from which a pixel is the building's or the sky's."""
ALIKE = 0.08
"""Display-like values by which two frames differ at most, on average, where they show the same."""


@dataclass(frozen=True, eq=False)
class Wear:
    """picture (h, w, 3) float32 ACEScg as `camera` would see it; shown, building (h, w): where a frame shows it (or patches of it fill a gap
    between such places), bool, and how much of each pixel the building covers, float32: the model, but for the sky that the frame shows in it; stays
    (h, w) bool: what of it stays with walls that go on (torn_ends)."""

    camera: Camera
    picture: np.ndarray
    shown: np.ndarray
    building: np.ndarray
    stays: np.ndarray


def find_worn(views: Views, plate: Plate, front: Path | None, base: int, seed: int) -> Wear:
    """Return what the building wears. base: index of the frame whose view is worn; front: mattes with {frame} of what stands or passes before
    the building, None when nothing does."""
    here = views.cameras[base]
    wide, left, top = _widened(here, views.solid[0])
    canvas = _Canvas(views, front, wide, here, base)
    y, x = slice(top, top + here.height), slice(left, left + here.width)
    picture, seen = np.zeros((wide.height, wide.width, 3), np.float32), np.zeros((wide.height, wide.width), bool)
    picture[y, x] = read_exr(Path(views.plate.format(frame=views.first_frame + base)), ("R", "G", "B"))
    own = np.zeros(seen.shape, bool)
    own[y, x] = True
    seen[y, x] = ~canvas.hidden(base)
    wanted = canvas.depth < FAR
    shows = canvas.shows() if (wanted & ~seen).any() else {}
    for _ in range(MOST):
        index = canvas.best(shows, wanted & ~seen)
        if index is None:
            break
        del shows[index]
        picture, seen = canvas.joined(picture, seen, wanted, own, index)
    gap = wanted & ~seen & own
    picture = without(denoised(picture, plate.noise, 1), gap.astype(np.float32), wanted & (seen | gap), seed)
    shown = np.where(wanted, seen | gap, own)
    building = coverage(wide, *views.solid)
    sky = sky_within(picture[y, x], building[y, x], plate.display)
    building[y, x] = np.minimum(building[y, x], 1 - sky)
    solid, open_ = building > SEEN, np.zeros(building.shape, np.float32)
    open_[y, x] = sky
    pixel = float(np.median(canvas.depth[solid])) / wide.focal_px if solid.any() else 1.0
    stays = torn_ends(to_display(picture, plate.display), solid, open_, own, pixel, seed)
    return _cropped(wide, picture, shown, building, stays, (y, x))


def sky_within(picture: np.ndarray, building: np.ndarray, display: str) -> np.ndarray:
    """Return the sky's alpha (h, w) float32 in a picture (h, w, 3) that a building's model, alpha (h, w), reaches over: it is made of an outline that
    takes mixed pixels in, and of one frame. A pane that mirrors the sky stays, since it hangs together with no sky outside."""
    inside = building > SEEN
    if not inside.any():
        return np.zeros(inside.shape, np.float32)
    lowest = len(inside) - 1 - np.argmax(inside[::-1], axis=0)[inside.any(axis=0)]
    sky = find_sky(to_display(picture, display), inside.astype(np.uint8) * 255, float(np.median(lowest)))
    labels = cv2.connectedComponents((sky > SEEN).astype(np.uint8), connectivity=4)[1]
    outer = (labels > 0) & np.isin(labels, np.unique(labels[~inside]))
    return np.where(outer | (widened(outer, RIM) & (labels == 0)), sky, 0).astype(np.float32)


def _widened(camera: Camera, vertices: np.ndarray) -> tuple[Camera, int, int]:
    """Return the camera with a picture that holds the building, as far as MARGIN allows, and where its own one lies in it: left, top."""
    pixels, ahead = project(camera, vertices)
    pixels = pixels[ahead > 0.5]
    size = np.array([camera.width, camera.height])
    reach = np.round(MARGIN * size)
    low = np.clip(np.floor(np.nan_to_num(pixels.min(0))), -reach, 0).astype(int) if len(pixels) else np.zeros(2, int)
    high = np.clip(np.ceil(np.nan_to_num(pixels.max(0))), size, size + reach).astype(int) if len(pixels) else size
    return _moved(camera, -low[0], -low[1], *(high - low)), int(-low[0]), int(-low[1])


def _moved(camera: Camera, left: int, top: int, width: int, height: int) -> Camera:
    """Return the camera with another picture, in which its own one begins at left, top."""
    return camera.model_copy(
        update={"width": int(width), "height": int(height), "cx": camera.cx + float(left), "cy": camera.cy + float(top)}
    )


@dataclass(frozen=True, eq=False)
class _Canvas:
    """The `wide` view that is worn, around that of frame `base`, `here`."""

    views: Views
    front: Path | None
    wide: Camera
    here: Camera
    base: int

    @cached_property
    def depth(self) -> np.ndarray:
        """(h, w) of the building, FAR where it isn't."""
        return mesh_depth(self.wide, *self.views.solid)

    def hidden(self, index: int) -> np.ndarray:
        """Return where (h, w) of a frame something stands before the building."""
        shape = self.here.height, self.here.width
        if self.front is None:
            return np.zeros(shape, bool)
        alpha = read_exr(Path(str(self.front).format(frame=self.views.first_frame + index)), ("Y",))[..., 0]
        return np.asarray(widened(alpha > TAKEN, RIM))

    def places(self, index: int, step: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Return where a frame sees every so many-th pixel of the canvas (h, w, 2) float32 as OpenCV counts, and whether it does (h, w) bool."""
        other, thin = self.views.cameras[index], (slice(None, None, step), slice(None, None, step))
        depth = self.depth[thin]
        points = eye(self.wide) + rays(self.wide, pixel_grid(self.wide, box=thin)) * np.minimum(depth, 1e5)[..., None].astype(np.float64)
        pixels, ahead = project(other, points)
        there = np.nan_to_num(pixels, nan=-1e5)
        inside = (there >= RIM).all(axis=-1) & (there[..., 0] <= other.width - RIM) & (there[..., 1] <= other.height - RIM) & (ahead > 0)
        x, y = (np.clip(np.floor(there[..., axis]), 0, limit - 1).astype(int) for axis, limit in ((0, other.width), (1, other.height)))
        small = resized(other, max(2, other.width // 2), max(2, other.height // 2))
        own = mesh_depth(small, *self.views.solid)
        nearest = own[np.minimum(y // 2, small.height - 1), np.minimum(x // 2, small.width - 1)]
        return (there - 0.5).astype(np.float32), inside & (depth < FAR) & (ahead < NEAR * nearest) & ~self.hidden(index)[y, x]

    def shows(self) -> dict[int, np.ndarray]:
        """Return by frame what it shows of every COARSE-th pixel of the canvas (h, w) bool."""
        count = len(self.views.cameras)
        spread = {round(float(each)) for each in np.linspace(0, count - 1, min(SAMPLES, count))}
        return {index: self.places(index, COARSE)[1] for index in sorted(spread - {self.base})}

    def best(self, shows: dict[int, np.ndarray], open_: np.ndarray) -> int | None:
        """Return the frame that adds most to what is `open_` (h, w), or of such the nearest in time; None when none adds much."""
        adds = {index: np.count_nonzero(open_[::COARSE, ::COARSE] & mask) for index, mask in shows.items()}
        most = max(adds.values(), default=0)
        if most <= WORTH * self.here.width * self.here.height / COARSE**2:
            return None
        return min((index for index in adds if adds[index] >= AS_GOOD * most), key=lambda index: abs(index - self.base))

    def joined(
        self, picture: np.ndarray, seen: np.ndarray, wanted: np.ndarray, own: np.ndarray, index: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return picture (h, w, 3) and what is seen of it (h, w) with what another frame adds. own (h, w) bool: the base frame's place."""
        places, usable = self.places(index)
        both = usable & seen & wanted
        source = read_exr(Path(self.views.plate.format(frame=self.views.first_frame + index)), ("R", "G", "B"))
        theirs = np.nan_to_num(brought(source, places, usable, picture, both))
        # vignetting and automatic exposure leave a step at the seam: the gain between what both show there is carried across it
        radius = max(4, round(SEAM * max(self.here.width, self.here.height)))
        mine, cover = masked_mean(picture, both.astype(np.float32), radius)
        gain = np.clip(mine / np.maximum(masked_mean(theirs, both.astype(np.float32), radius)[0], 1e-3), 1 / STEP, STEP)
        theirs = theirs * (1 + (gain - 1) * np.clip(4 * cover, 0, 1)[..., None])
        new = usable & wanted & ~seen
        # where the other frame shows just what hides the wall in this one, its matte has missed that
        alike = masked_mean(np.abs(display_like(theirs) - display_like(picture)), (usable & own).astype(np.float32), radius // 2)[0]
        new = whole(new & ~(own & (alike.max(axis=-1) < ALIKE)))
        return np.where(new[..., None], theirs, picture).astype(np.float32), seen | new


def _cropped(
    camera: Camera, picture: np.ndarray, shown: np.ndarray, building: np.ndarray, stays: np.ndarray, own: tuple[slice, slice]
) -> Wear:
    """Return what is worn without margins in which nothing is shown."""
    part = []
    for axis, keep in enumerate(own):
        lines = np.flatnonzero(shown.any(axis=1 - axis))
        part.append(slice(min(int(lines[0]), keep.start), max(int(lines[-1]) + 1, keep.stop)))
    y, x = part
    size = x.stop - x.start, y.stop - y.start
    return Wear(_moved(camera, -x.start, -y.start, *size), picture[y, x], shown[y, x], building[y, x], stays[y, x])
