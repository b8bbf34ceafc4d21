"""A moving camera's pictures: per frame the depth of the set, the building's matte and what the building hides there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from derrumbe.core.files import load_arrays
from derrumbe.core.records import FAR, GROUND, Camera
from derrumbe.geom.camera import seen_from
from derrumbe.geom.depth import coverage, mesh_depth, plane_depth
from derrumbe.media.exr import read_exr, write_exr
from derrumbe.survey.exposure import exposure
from derrumbe.survey.filters import around, masked_mean, shrunk, widened
from derrumbe.survey.foot import below_foot

SET_DEPTH = "set_depth/set_depth.{frame}.exr"
MATTE = "building_matte/building_matte.{frame}.exr"
CLEAN = "clean_plate/clean_plate.{frame}.exr"
GAUGED = 480
"""Exposure is compared on every so many-th pixel of pictures larger than this."""
RING = 0.1
"""Exposure is compared within this share of the longer side around what is uncovered."""
SKIRT, MEAN = 8, 1
"""Pixels from the building's edge up to which what goes on beside it is looked for, and half the side of the mean that is taken, against grain."""
ROWS = 16
"""Every so many-th row tells whether sky may be seen there."""
SEEN, MIXED = 0.02, 2.0
"""Alpha from which something stands in front, and pixels around it that hold some of it."""


@dataclass(frozen=True)
class FramePictures:
    """Writes one frame's set depth, building matte and clean plate. A callable for `Work.map_frames`.

    `folder` holds building.npz, proxies.npz and, as the first camera sees them, the `reference` clean plate and set depth; `front`: names of the
    mattes in it of what stands in front, None without any.
    """

    folder: Path
    plate: str
    cameras: tuple[Camera, ...]
    first_frame: int
    reference: Path
    growth: float
    reach: float
    front: str | None = None

    def done(self, frame: int) -> bool:
        return all((self.folder / name.format(frame=frame)).exists() for name in (SET_DEPTH, MATTE, CLEAN))

    def __call__(self, frame: int) -> None:
        cv2.setNumThreads(1)
        camera = self.cameras[frame - self.first_frame]
        depth = set_depth_at(self.folder, camera, self.reach)
        solid = _arrays(self.folder / "building.npz")
        matte = coverage(camera, solid["vertices"], solid["triangles"])
        picture = read_exr(Path(self.plate.format(frame=frame)), ("R", "G", "B"))
        hole = widened(matte > 0, self.growth)
        clean = skirted(
            self._uncovered(picture, camera, depth, hole), picture, hole, shrunk(matte > 0.5, 1), self._front(frame, hole.shape)
        )
        depth = opened(depth, camera, self.cameras[0], _depth(self.folder / "set_depth.exr"))
        write_exr(self.folder / SET_DEPTH.format(frame=frame), depth, ("Z",), full=True)
        write_exr(self.folder / CLEAN.format(frame=frame), clean)
        write_exr(self.folder / MATTE.format(frame=frame), matte, ("Y",))

    def _front(self, frame: int, shape: tuple[int, ...]) -> np.ndarray:
        """Return where (h, w) bool something stands in front, or so near to it that the lens mixes it in."""
        if self.front is None:
            return np.zeros(shape, bool)
        return widened(read_exr(self.folder / self.front.format(frame=frame), ("Y",))[..., 0] > SEEN, MIXED)

    def _uncovered(self, picture: np.ndarray, camera: Camera, depth: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Return the picture with the first frame's clean plate projected into the hole."""
        if not hole.any():
            return picture
        box = around(hole, RING * max(hole.shape))
        places = seen_from(camera, self.cameras[0], depth, box).astype(np.float32)
        behind = cv2.remap(
            _picture(self.reference), places[..., 0] - 0.5, places[..., 1] - 0.5, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        own, here = hole[box], picture[box]
        # What the first frame saw in its own light is shown in this one's.
        same = ~own & (places >= 0.5).all(axis=-1) & (places[..., 0] < self.cameras[0].width) & (places[..., 1] < self.cameras[0].height)
        thin = slice(None, None, max(1, max(hole.shape) // GAUGED))
        behind = behind * exposure(here[thin, thin], behind[thin, thin], same[thin, thin])
        share = np.where(own, 1, cv2.GaussianBlur(own.astype(np.float32), (0, 0), 1.0))[..., None]
        out = picture.copy()
        out[box] = here + (np.maximum(behind, 0) - here) * share
        return out


def skirted(clean: np.ndarray, picture: np.ndarray, hole: np.ndarray, solid: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Return the clean plate (h, w, 3) with what the lens mixed right beside the building as the frame `picture` (h, w, 3) has it a little further out,
    where a neighbour goes on up to its edge; hole, solid (h, w) bool: with that skirt and without; front (h, w) bool: what stands before both."""
    skirt, other = hole & ~solid & ~below_foot(solid), hole | front
    if not skirt.any() or other.all():
        return clean
    box = around(hole, SKIRT)
    away, near = distance_transform_edt(other[box], return_indices=True)
    beside = skirt[box] & (away < SKIRT)
    outside = masked_mean(picture[box], (~other[box]).astype(np.float32), MEAN)[0][near[0], near[1]]
    out = clean.copy()
    out[box] = np.where(beside[..., None], outside, clean[box])
    return out


def set_depth_at(folder: Path, camera: Camera, reach: float) -> np.ndarray:
    """Return the depth (h, w) float32 of ground and neighbours as `camera` sees them, FAR for sky. `reach`: metres of ground."""
    proxies = _arrays(folder / "proxies.npz")
    neighbours = proxies["triangles"][proxies["kind"] != GROUND]
    ground = plane_depth(camera)
    depth = np.minimum(np.where(ground < reach, ground, np.float32(FAR)), mesh_depth(camera, proxies["vertices"], neighbours))
    return depth.astype(np.float32)


def opened(depth: np.ndarray, camera: Camera, first: Camera, known: np.ndarray) -> np.ndarray:
    """Return the depth (h, w) of ground and cards with FAR where one looks past the cards at the sky, between crowns and over roofs: where the depth
    that the first camera sees, known (h', w'), is sky at the place that is seen, or below that at its picture's upper edge. A card that goes on there
    would take shadow and dust before the sky."""
    box = slice(0, _lowest(depth, camera, first, known)), slice(None)
    places = np.floor(seen_from(camera, first, depth, box)).astype(np.int64)
    places[..., 1] = np.maximum(places[..., 1], 0)
    inside = (places[..., 0] >= 0) & (places < known.shape[::-1]).all(axis=-1)
    sky = np.zeros(places.shape[:2], bool)
    sky[inside] = known[places[inside][:, 1], places[inside][:, 0]] >= FAR
    out = depth.astype(np.float32)
    out[box] = np.where(sky, np.float32(FAR), out[box])
    return out


def _lowest(depth: np.ndarray, camera: Camera, first: Camera, known: np.ndarray) -> int:
    """Return the row of a camera's picture from which on nothing that it sees at `depth` (h, w) lies where the first camera knows, (h', w'), of sky: nearest
    and furthest of some rows' depths tell."""
    rows = np.flatnonzero((known >= FAR).any(axis=1))
    if not len(rows):
        return 0
    lowest = 0
    for row in range(0, len(depth), ROWS):
        box = slice(row, row + 1), slice(None)
        for reach in (depth[row : row + ROWS].min(), FAR):
            places = seen_from(camera, first, np.broadcast_to(np.float32(reach), depth.shape), box)
            if places[..., 1].min() < rows[-1] + ROWS:
                lowest = row + 2 * ROWS
    return lowest


@lru_cache(maxsize=2)
def _depth(path: Path) -> np.ndarray:
    return np.asarray(read_exr(path, ("Z",))[..., 0])


@lru_cache(maxsize=2)
def _picture(path: Path) -> np.ndarray:
    return read_exr(path, ("R", "G", "B"))


@lru_cache(maxsize=4)
def _arrays(path: Path) -> dict[str, np.ndarray]:
    return load_arrays(path)
