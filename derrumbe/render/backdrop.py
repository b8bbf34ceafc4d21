"""What stands behind the new solids, and its shadow: the standing part of the building, else the set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, rotation_matrix
from derrumbe.media.exr import read_exr
from derrumbe.render.intact import standing
from derrumbe.render.light import illumination
from derrumbe.render.occlusion import Occluders
from derrumbe.render.raster import Window, depth_of, projected, visible
from derrumbe.render.receivers import SKY_DEPTH, Receivers, coarse_camera, grid, place, set_normals
from derrumbe.render.scene import Inputs, load
from derrumbe.render.shadow import MOST, enlarged, light_on, ratio, smoothed
from derrumbe.render.solids import Lighting
from derrumbe.render.surface import piece_of

GRID_WIDTH = 960


@dataclass(frozen=True, eq=False)
class Before:
    """The unbroken scene on the coarse grid. piece (m,n) of the building there, NONE else; building and ground: receivers on it and on the
    set without it; building_light, ground_light (m,n,3); under (m,n) bool: set that the building hid, lit as if it had never stood."""

    piece: np.ndarray
    building: Receivers
    ground: Receivers
    building_light: np.ndarray
    ground_light: np.ndarray
    under: np.ndarray


def set_depth(inputs: Inputs, frame: int) -> np.ndarray:
    """Return the depth (h,w) float32 of the set without the building at a frame; a locked set's is read once per process."""
    film_set = inputs.film_set
    return _depth(film_set.path(film_set.record.set_depth, frame))


@lru_cache(maxsize=2)
def _depth(path: Path) -> np.ndarray:
    return np.ascontiguousarray(read_exr(path, ("Z",))[..., 0])


def step_of(camera: Camera) -> int:
    """Return the pixels per cell of the coarse grid."""
    return int(np.clip(round(camera.width / GRID_WIDTH), 2, 12))


def whole(camera: Camera) -> Window:
    return Window(0, 0, camera.width, camera.height)


@lru_cache(maxsize=1)
def before(inputs: Inputs, camera: Camera, rays: int, frame: int) -> Before:
    """Return the unbroken scene seen by `camera` at `frame`; kept while both stay the same (a locked set is always asked for its first)."""
    scene, step, window = load(inputs), step_of(camera), whole(camera)
    pixels = grid(window, step)
    shape = pixels.shape[:2]
    coarse = coarse_camera(camera, window, step)
    view, cells = projected(coarse, scene.rest), Window(0, 0, shape[1], shape[0])
    hit = visible(view, scene.triangles, cells, (0.5, 0.5), holes=scene.holes)
    depth = depth_of(view, scene.triangles, hit, cells)
    building = place(camera, step, pixels, depth, scene.normal[np.maximum(hit, 0)])
    ground = _ground(inputs, camera, window, step, pixels, frame)
    lamp = illumination(inputs.film_set.record.sun)
    with_building, without = standing(scene), Occluders((scene.neighbour_vertices, scene.neighbour_triangles))
    under = hit >= 0
    ground_light = np.where(under[..., None], light_on(lamp, without, ground, rays), light_on(lamp, with_building, ground, rays))
    return Before(piece_of(scene, hit), building, ground, light_on(lamp, with_building, building, rays), ground_light, under)


def _ground(inputs: Inputs, camera: Camera, window: Window, step: int, pixels: np.ndarray, frame: int) -> Receivers:
    depth = set_depth(inputs, frame)[step // 2 :: step, step // 2 :: step]
    depth = np.where(depth < SKY_DEPTH, depth, 0)
    proxies = load_arrays(inputs.film_set.path(inputs.film_set.record.proxies))
    triangles = np.ascontiguousarray(proxies["triangles"], np.int32)
    normals = set_normals(camera, window, step, proxies["vertices"].astype(np.float64), triangles, depth.shape)
    return place(camera, step, pixels, depth, normals)


@dataclass(frozen=True, eq=False)
class Shadow:
    """The shadow layer on the coarse grid, to be enlarged a band of rows at a time."""

    camera: Camera
    to: Receivers
    coarse: np.ndarray

    def rows(self, depth: np.ndarray, top: int) -> np.ndarray:
        """Return the ratio (h,w,3) float32 for rows from `top` with full-size depth (h,w) of what stands behind."""
        view = rotation_matrix(self.camera).T
        corner = view @ (-self.camera.cx / self.camera.focal_px, -self.camera.cy / self.camera.focal_px, 1.0)
        across, down = view[:, 0] / self.camera.focal_px, view[:, 1] / self.camera.focal_px
        to = self.to
        return enlarged(self.coarse, to.valid, to.points, to.normals, depth, to.step, top, eye(self.camera), across, down, corner)


def shadow(inputs: Inputs, camera: Camera, lighting: Lighting, moved: np.ndarray, rays: int, frame: int) -> Shadow:
    """Return the shadow of the solids and dust in `lighting`; moved (N,) bool says which pieces no longer stand; rays: sky rays per receiver."""
    film_set = inputs.film_set.record
    was = before(inputs, camera, rays, film_set.frames.first if film_set.locked else frame)
    stands = (was.piece >= 0) & ~moved[np.maximum(was.piece, 0)]
    pick = stands[..., None]
    to = Receivers(
        was.ground.step,
        np.where(stands, was.building.depth, was.ground.depth),
        np.where(pick, was.building.points, was.ground.points),
        np.where(pick, was.building.normals, was.ground.normals),
    )
    old = np.where(pick, was.building_light, was.ground_light)
    new = light_on(lighting.lamp, lighting.occluders, to, rays, lighting.sun_air, lighting.sky_air)
    most = np.where(was.under & ~stands, 1.0, MOST).astype(np.float32)
    return Shadow(camera, to, ratio(smoothed(new, to), smoothed(old, to), to, most))


def behind_rows(
    inputs: Inputs, frame: int, top: int, bottom: int, window: Window, rest_piece: np.ndarray, rest_depth: np.ndarray, moved: np.ndarray
) -> np.ndarray:
    """Return the depth of what stands behind for rows top..bottom, 0 for sky; rest_piece and rest_depth (h,w) cover `window`."""
    depth = set_depth(inputs, frame)[top:bottom]
    depth = np.where(depth < SKY_DEPTH, depth, 0).astype(np.float32)
    low, high = max(top, window.y0), min(bottom, window.y1)
    if low < high:
        part = slice(low - window.y0, high - window.y0)
        stands = (rest_piece[part] >= 0) & ~moved[np.maximum(rest_piece[part], 0)]
        target = depth[low - top : high - top, window.x0 : window.x1]
        target[stands] = rest_depth[part][stands]
    return depth
