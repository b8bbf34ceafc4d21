"""The building before it breaks: what each sample saw, and the light its faces stood in."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from derrumbe.core.files import load_arrays, save_arrays
from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, project
from derrumbe.render.light import Illumination, lamp_of, light_at
from derrumbe.render.occlusion import LIFT, Occluders, lifted
from derrumbe.render.raster import ABSENT, NONE, STANDS, Projected, Window, bounds, depth_of, projected, visible
from derrumbe.render.scene import Inputs, Scene, load, planes
from derrumbe.render.surface import piece_of

SPOTS = np.array([[0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]])
SKY_RAYS = 48
PATCHES = 3
HAIRLINE = 2.5
NEARER = 0.05
"""Metres that a piece is before stones that stay to be seen."""
UNSEEN = 1e-3
"""How much spots count that the camera doesn't see, beside those that it does."""
FEW, NEAR, ALIKE = 24, 4, 0.95
"""Pixels that slivers show less of; how far around them, pixels, light is taken from, and the cosine from which on what is there faces the same way."""
LEAST_LIGHT = 0.06
"""Old light is never less than this share of open sky, so that dividing by it stays sane."""


@lru_cache(maxsize=2)
def _view(inputs: Inputs, camera: Camera) -> Projected:
    scene = load(inputs)
    return scene.view if camera == scene.camera else projected(camera, scene.rest)


@lru_cache(maxsize=24)
def _seen(inputs: Inputs, camera: Camera, offset: tuple[float, float]) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the pieces as in `rest_pieces`, and the depth of stones that stay as in `ends_depth`, both in `rest_window`."""
    scene = load(inputs)
    view, window = _view(inputs, camera), rest_window(inputs, camera)
    hit = visible(view, scene.triangles, window, offset, holes=scene.holes)
    pieces = piece_of(scene, hit)
    pieces = closed(pieces, (scene.holes.matte >= ABSENT) & (scene.rest_depth > 0)) if camera == scene.camera else pieces
    if scene.ends is None:
        return pieces, None
    # they are no bodies of their own: a ray that meets the building at one of them meets it later, or not, with them left out
    past = visible(view, scene.triangles, window, offset, holes=scene.ends)
    near, far = (depth_of(view, scene.triangles, each, window) for each in (hit, past))
    ends = np.where((hit != NONE) & ((past == NONE) | (far > near + NEARER)), near, 0).astype(np.float32)
    return np.where(ends > 0, np.int32(STANDS), pieces), ends


def closed(pieces: np.ndarray, building: np.ndarray) -> np.ndarray:
    """Return piece numbers (h,w) with hairlines between pieces given to the nearest one; building (h,w) bool: where there must be some."""
    from scipy.ndimage import binary_closing, distance_transform_edt

    empty = pieces == NONE
    hairline = empty & (building | binary_closing(~empty, np.ones((3, 3)), iterations=2))
    if not hairline.any() or empty.all():
        return pieces
    distance, (y, x) = distance_transform_edt(empty, return_indices=True)
    return np.where(hairline & (distance < HAIRLINE), pieces[y, x], pieces)


@lru_cache(maxsize=2)
def rest_window(inputs: Inputs, camera: Camera) -> Window:
    """Return the window that holds the building at rest."""
    return bounds(_view(inputs, camera))


def _placed(values: np.ndarray, own: Window, window: Window, blank: float) -> np.ndarray:
    """Return values (h,w) of window `own` inside a larger one."""
    out = np.full(window.shape, blank, values.dtype)
    y, x = own.y0 - window.y0, own.x0 - window.x0
    out[y : y + own.shape[0], x : x + own.shape[1]] = values
    return out


def rest_pieces(inputs: Inputs, camera: Camera, offset: tuple[float, float], window: Window) -> np.ndarray:
    """Return the piece (h,w) int32 that samples at `offset` saw at rest, in `window`, which must hold all of it; STANDS where the building stays with
    walls that go on, NONE elsewhere."""
    return _placed(_seen(inputs, camera, offset)[0], rest_window(inputs, camera), window, NONE)


def ends_depth(inputs: Inputs, camera: Camera, offset: tuple[float, float], window: Window) -> np.ndarray | None:
    """Return the depth (h,w) float32 of stones that stay toothed into walls that go on past the building's outline, in `window`, which must hold the
    building at rest; 0 where there are none, None without any. There the plate is kept, and hides what falls behind it."""
    ends = _seen(inputs, camera, offset)[1]
    return None if ends is None else _placed(ends, rest_window(inputs, camera), window, 0)


def hidden_by_ends(
    inputs: Inputs, scene: Scene, view: Projected, window: Window, offset: tuple[float, float], hit: np.ndarray
) -> np.ndarray:
    """Return hits (h,w) of triangles as `view` sees them in `window`, none where stones that stay are before them."""
    ends = ends_depth(inputs, view.camera, offset, window)
    if ends is None:
        return hit
    behind = (ends > 0) & (depth_of(view, scene.triangles, hit, window) > ends - NEARER)
    return np.where(behind, np.int32(NONE), hit)


def rest_depth(inputs: Inputs, camera: Camera, window: Window) -> np.ndarray:
    """Return the depth (h,w) float32 of the building at rest in `window`, which must hold it; 0 where there is none."""
    scene, own = load(inputs), rest_window(inputs, camera)
    depth = scene.rest_depth
    if camera != scene.camera:
        view = _view(inputs, camera)
        depth = depth_of(view, scene.triangles, visible(view, scene.triangles, own, (0.5, 0.5), holes=scene.holes), own)
    return _placed(depth, own, window, 0)


def old_light(scene: Scene, lamp: Illumination, occluders: Occluders, seed: int) -> np.ndarray:
    """Return the light (T,3) float32 that outer faces stood in, one value for each plane of a piece; lent by them to all others."""
    light = np.broadcast_to(lamp.sky, (len(scene.triangles), 3)).astype(np.float32).copy()
    outer = np.flatnonzero(scene.face == 0)
    corners = scene.rest[scene.triangles[outer]]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) + 1e-12
    plane = planes(scene.piece[outer], scene.normal[outer])
    spots = np.einsum("sk,tkc->tsc", SPOTS, corners)
    # what a plane shows stands in the light of the part that is seen: the part that lies under another piece is dark
    seen = np.maximum(in_sight(scene, occluders, spots, scene.normal[outer]), UNSEEN)
    largest = _first_of_each(plane, area * seen.mean(1), PATCHES)
    points, normals = spots[largest].reshape(-1, 3), np.repeat(scene.normal[outer[largest]], len(SPOTS), 0)
    keys = np.arange(len(points), dtype=np.int64) + 7919 * seed
    found = light_at(lamp, occluders, points, normals, keys, first_ray=0, sky_rays=SKY_RAYS)
    weight, spot = (area[largest, None] * seen[largest]).ravel(), np.repeat(plane[largest], len(SPOTS))
    total = np.bincount(spot, weight)
    least = LEAST_LIGHT * (lamp.sky + 0.5 * lamp.sun)
    for c in range(3):
        light[outer, c] = np.maximum(np.bincount(spot, weight * found[:, c]) / total, least[c])[plane]
    light[outer] = _evened(scene, light, outer, plane)
    return _lent(light, outer, scene.piece, area)


def in_sight(scene: Scene, occluders: Occluders, spots: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return which spots (n,s,3) of triangles with unit normals (n,3) the camera of the worn picture sees past `occluders`, (n,s) bool."""
    points, normals = spots.reshape(-1, 3), np.repeat(normal, spots.shape[1], 0)
    way = eye(scene.camera) - points
    facing = np.einsum("nc,nc->n", way, normals) > 0
    return (facing & ~occluders.blocked(lifted(points, normals, LIFT), way.astype(np.float32))).reshape(spots.shape[:2])


def _evened(scene: Scene, light: np.ndarray, outer: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """Return the light (n,3) of outer triangles, of which planes (n,) that the worn picture shows FEW pixels of stand in that of those which face the
    same way around them: the model shades such slivers by its own steps and by what they lie under, the picture doesn't."""
    hit = visible(scene.view, scene.triangles, scene.window, (0.5, 0.5), holes=scene.holes)
    own = np.full(len(scene.triangles), NONE)
    own[outer] = plane
    hit = np.where((hit >= 0) & (own[hit] >= 0), hit, NONE)
    count = int(plane.max(initial=-1)) + 1
    shown = np.bincount(own[hit[hit >= 0]], minlength=count)
    first = np.unique(plane, return_index=True)[1]
    middle = scene.rest[scene.triangles[outer[first]]].mean(axis=1)
    facing = np.einsum("nc,nc->n", eye(scene.camera) - middle, scene.normal[outer[first]]) > 0
    pixel, depth = project(scene.camera, middle)
    of_plane = light[outer[first]]
    place = np.floor(np.where(depth[:, None] > 0, pixel, -1e6)).astype(int) - (scene.window.x0, scene.window.y0)
    for index in np.flatnonzero(facing & (shown < FEW)):
        x, y = place[index]
        some = hit[max(y - NEAR, 0) : max(y + NEAR + 1, 0), max(x - NEAR, 0) : max(x + NEAR + 1, 0)]
        some = some[(some >= 0) & (scene.normal[some] @ scene.normal[outer[first[index]]] > ALIKE)]
        if len(some) >= NEAR:
            of_plane[index] = np.median(light[some], axis=0)
    return of_plane[plane]


def _lent(light: np.ndarray, outer: np.ndarray, piece: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Lend all other triangles the mean light of their piece's outer ones, or the median of all. outer, area (n,): triangles, their areas."""
    if not len(outer):
        return light
    inner = np.setdiff1d(np.arange(len(light)), outer)
    total = np.bincount(piece[outer], area, minlength=int(piece.max()) + 1)
    for c in range(3):
        mean = np.bincount(piece[outer], area * light[outer, c], minlength=len(total)) / np.maximum(total, 1e-12)
        light[inner, c] = np.where(total > 0, mean, np.median(light[outer, c]))[piece[inner]]
    return light


def _first_of_each(group: np.ndarray, size: np.ndarray, count: int) -> np.ndarray:
    """Return the indices of the `count` largest members of each group (n,)."""
    order = np.lexsort((-size, group))
    start = np.r_[0, np.flatnonzero(np.diff(group[order])) + 1]
    rank = np.arange(len(order)) - np.repeat(start, np.diff(np.r_[start, len(order)]))
    return order[rank < count]


@lru_cache(maxsize=1)
def standing(scene: Scene) -> Occluders:
    """Return the intact building with its neighbours; kept as long as it is asked for the same scene."""
    return Occluders((scene.rest, scene.triangles), (scene.neighbour_vertices, scene.neighbour_triangles))


def prepare(inputs: Inputs, path: Path, seed: int) -> None:
    """Write the old light of every triangle to `path`, unless it is there."""
    if not path.exists():
        scene = load(inputs)
        save_arrays(path, light=old_light(scene, lamp_of(inputs.film_set), standing(scene), seed))


@lru_cache(maxsize=1)
def prepared(path: Path) -> np.ndarray:
    """Read what `prepare` wrote."""
    return load_arrays(path)["light"]


def typical_light(scene: Scene, light: np.ndarray) -> np.ndarray:
    """Return the median light (3,) that the façade stood in; light (T,3): what `prepare` wrote."""
    outer = (scene.face == 0) & (scene.normal @ np.asarray(scene.camera.rotation)[2] < -0.2)
    return np.maximum(np.median(light[outer], 0) if outer.any() else np.ones(3), 1e-6).astype(np.float64)
