"""What stands behind the new solids, and its shadow: the standing part of the building, else the set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import eye, rotation_matrix
from derrumbe.geom.lens import lens_of
from derrumbe.media.colour import to_display
from derrumbe.media.deposits import read_deposit
from derrumbe.media.exr import RGB, read_exr
from derrumbe.render.aov import Data
from derrumbe.render.contact import Contact, contact, contacts
from derrumbe.render.intact import standing
from derrumbe.render.light import lamp_of
from derrumbe.render.occlusion import Occluders
from derrumbe.render.raster import STANDS, Window, depth_of, projected, visible
from derrumbe.render.receivers import SKY_DEPTH, Receivers, coarse_camera, grid, place, set_normals
from derrumbe.render.scene import Inputs, load
from derrumbe.render.settled import cover, form, light_at_feet
from derrumbe.render.shadow import MOST, enlarged, headroom, light_on, ratio, shown_before, smoothed
from derrumbe.render.solids import Lighting
from derrumbe.render.surface import piece_of

GRID_WIDTH = 960
HIDDEN = 1e-4
"""Weight of receivers behind solids: the dark under a pile must not leak out of it."""
SETTLED = 41
"""Seed of the patches of settled dust."""


@dataclass(frozen=True, eq=False)
class Before:
    """The unbroken scene on the coarse grid. piece (m,n) of the building there, NONE else; building and ground: receivers on it and on the
    set without it; building_light, ground_light (m,n,3); under (m,n) bool: set that the building hid, lit as if it had never stood; room (m,n): how
    much brighter it may get."""

    piece: np.ndarray
    building: Receivers
    ground: Receivers
    building_light: np.ndarray
    ground_light: np.ndarray
    under: np.ndarray
    room: np.ndarray


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
    lamp = lamp_of(inputs.film_set)
    with_building, without = standing(scene), Occluders((scene.neighbour_vertices, scene.neighbour_triangles))
    under = hit >= 0
    ground_light = np.where(under[..., None], light_on(lamp, without, ground, rays), light_on(lamp, with_building, ground, rays))
    room = np.where(under, 1, headroom(_shown(inputs, frame, ground), ground_light, ground)).astype(np.float32)
    return Before(piece_of(scene, hit), building, ground, light_on(lamp, with_building, building, rays), ground_light, under, room)


def _shown(inputs: Inputs, frame: int, to: Receivers) -> np.ndarray:
    """Return the plate's brightness (m,n) at receivers, averaged over their blocks."""
    import cv2

    plate, film_set = inputs.plate, inputs.film_set
    seen = film_set.path(film_set.record.texture) if film_set.record.locked else plate.path(plate.record.picture, frame)
    light = np.nan_to_num(read_exr(seen, RGB)).mean(-1)
    reach = 2 * (to.step // 2) + 1
    return np.ascontiguousarray(cv2.blur(light, (reach, reach))[to.step // 2 :: to.step, to.step // 2 :: to.step])


def _ground(inputs: Inputs, camera: Camera, window: Window, step: int, pixels: np.ndarray, frame: int) -> Receivers:
    depth = set_depth(inputs, frame)[step // 2 :: step, step // 2 :: step]
    depth = np.where(depth < SKY_DEPTH, depth, 0)
    proxies = load_arrays(inputs.film_set.path(inputs.film_set.record.proxies))
    triangles = np.ascontiguousarray(proxies["triangles"], np.int32)
    normals = set_normals(camera, window, step, proxies["vertices"].astype(np.float64), triangles, depth)
    return place(camera, step, pixels, depth, normals)


@dataclass(frozen=True, eq=False)
class Behind:
    """What stands behind the new solids at full size: depth (h,w) float32, 0 where nothing receives; building (h,w) bool: it is the building's;
    left (h,w) bool: it was hidden by a piece that has moved since."""

    depth: np.ndarray
    building: np.ndarray
    left: np.ndarray

    def uncovered(self, shadow: np.ndarray, removed: np.ndarray, solid: np.ndarray) -> np.ndarray:
        """Return the shadow layer (h,w,3) where only a share of a pixel has been uncovered: the rest is still wall, lit as the plate shows it.
        removed, solid (h,w): shares that the building has left, and that new solids cover."""
        bare = np.clip((removed - solid) / np.maximum(1 - solid, 1e-4), 0, 1)
        return np.where(self.left[..., None], 1 + bare[..., None] * (shadow - 1), shadow)


@dataclass(frozen=True, eq=False)
class Backdrop:
    """What is seen behind the new solids, on the coarse grid, to be enlarged a band of rows at a time.

    stands (m,n) bool: the building is what receives; weight (m,n): receivers that solids hide count for next to nothing; shadow (m,n,3): ratio of
    light; old, new (m,n,3): light before, no less than the plate shows (`shadow.shown_before`), and now;
    dust, lit_dust: what settled dust leaves open (m,n,3) and 1 less what it shows, None when there is none; form (h,w,2) at full size: what the
    dust takes on of what lies under it; contact: finer light, or None.
    """

    camera: Camera
    to: Receivers
    stands: np.ndarray
    weight: np.ndarray
    shadow: np.ndarray
    old: np.ndarray
    new: np.ndarray
    dust: np.ndarray | None
    lit_dust: np.ndarray | None
    form: np.ndarray | None
    contact: Contact | None

    def ratio(self, behind: Behind, top: int) -> np.ndarray:
        """Return the shadow layer (h,w,3) float32 for rows from `top` with what stands behind at full size."""
        depth, out = behind.depth, self._enlarged(self.shadow, behind, top)
        near = self._near(self.old, depth, top)
        if near is not None:
            rows, columns, share, fine = near
            out[rows, columns] += share * (fine - out[rows, columns])
        return out

    def _near(self, coarse: np.ndarray, depth: np.ndarray, top: int) -> tuple[slice, slice, np.ndarray, np.ndarray] | None:
        """Return rows and columns of a band from `top` in which finer light is known, how far it counts there (h,w,1), and its ratio (h,w,3), 1
        at most, to the light `coarse` (m,n,3); None where there is none. depth (h,w): of what stands behind."""
        here = None if self.contact is None else self.contact.rows(top, len(depth))
        if here is None or self.contact is None:
            return None
        rows, own, columns = here
        share = np.where(depth[rows, columns] > 0, self.contact.share[own], 0).astype(np.float32)
        full = np.zeros((share.shape[0], self.camera.width), np.float32)
        full[:, columns] = np.where(share > 0, depth[rows, columns], 0)
        known = self._enlarged(coarse, Behind(full, *np.zeros((2, *full.shape), bool)), top + rows.start)[:, columns]
        return rows, columns, share[..., None], np.minimum((self.contact.light[own] + 1e-6) / (known + 1e-6), 1)

    def settled(self, behind: Behind, top: int) -> np.ndarray | None:
        """Return settled dust (h,w,4) float32, premultiplied, for rows from `top`; None when there is none."""
        if self.dust is None or self.lit_dust is None or self.form is None:
            return None
        depth = behind.depth
        open_share, light = self._enlarged(self.dust, behind, top), 1 - self._enlarged(self.lit_dust, behind, top)
        near = self._near(self.new, depth, top)
        if near is not None:
            # dust lies in the contact shadow of what lies on it
            rows, columns, share, fine = near
            light[rows, columns] *= 1 + share * (fine - 1)
        bright, holds = np.split(self.form[top : top + len(depth)], 2, axis=-1)
        return np.concatenate([light * bright * holds, (1 - open_share[..., :1]) * holds], -1)

    def _enlarged(self, coarse: np.ndarray, behind: Behind, top: int) -> np.ndarray:
        view = rotation_matrix(self.camera).T
        corner = view @ (-self.camera.cx / self.camera.focal_px, -self.camera.cy / self.camera.focal_px, 1.0)
        across, down = view[:, 0] / self.camera.focal_px, view[:, 1] / self.camera.focal_px
        to = self.to
        return enlarged(
            coarse,
            to.valid,
            self.stands,
            self.weight,
            to.points,
            to.normals,
            behind.depth,
            behind.building,
            to.step,
            top,
            eye(self.camera),
            across,
            down,
            corner,
            lens_of(self.camera),
        )


def backdrop(
    inputs: Inputs, camera: Camera, lighting: Lighting, data: Data, moved: np.ndarray, rays: int, frame: int, dust: np.ndarray
) -> Backdrop:
    """Return what the solids and dust in `lighting` make of what stands behind them.

    data: solids as the camera sees them; moved (N,) bool says which pieces no longer stand; rays: sky rays per receiver;
    dust (3,): albedo of settled dust.
    """
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
    # Ground is hidden by all pieces, also by those that have stirred and still look as they did; what stands is hidden by new ones only.
    hides = np.where(stands, _at_receivers(data.depth, data, camera, to.step), _at_receivers(data.solid, data, camera, to.step)) < to.depth
    weight = np.where(hides, HIDDEN, 1).astype(np.float32)
    new = light_on(lighting.lamp, lighting.occluders, to, rays, lighting.sun_air, lighting.sky_air)
    old, new = smoothed(np.where(pick, was.building_light, was.ground_light), to), smoothed(new, to, weight)
    most = np.where(stands, MOST, was.room).astype(np.float32)
    deposit = read_deposit(inputs.cloud, frame)
    shown = None if deposit is None else _shown_at(inputs, frame, to.step)
    share = None if deposit is None or shown is None else cover(deposit, to, stands, eye(camera), shown.codes, SETTLED)
    return Backdrop(
        camera=camera,
        to=to,
        stands=stands,
        weight=weight,
        shadow=ratio(new, old, to, most),
        old=shown_before(old, new, most),
        new=new,
        dust=None if share is None else np.repeat(1 - share[0][..., None], 3, -1),
        lit_dust=None if share is None else (1 - share[1][..., None] * dust * light_at_feet(new, to, stands)).astype(np.float32),
        form=None if share is None or shown is None else shown.form,
        contact=_contact(inputs, camera, lighting, data, to, stands, frame),
    )


def _at_receivers(depth: np.ndarray, data: Data, camera: Camera, step: int) -> np.ndarray:
    """Return depths (h,w) of the data's window at receivers (m,n), FAR outside it."""
    full = np.full((camera.height, camera.width), FAR, np.float32)
    full[data.window.slices] = depth
    return full[step // 2 :: step, step // 2 :: step]


@dataclass(frozen=True, eq=False)
class Shown:
    """What the plate shows where the building is gone: codes (m,n,3) uint8 for display at receivers; form (h,w,2): what settled dust takes on of it."""

    codes: np.ndarray
    form: np.ndarray


def _shown_at(inputs: Inputs, frame: int, step: int) -> Shown:
    """Return what the set shows at a frame; a locked set's is found once per process."""
    film_set = inputs.film_set
    return _shown_in(film_set.path(film_set.record.clean_plate, frame), inputs.plate.record.display, step)


@lru_cache(maxsize=2)
def _shown_in(path: Path, display: str, step: int) -> Shown:
    clean = read_exr(path, RGB)
    return Shown(to_display(np.ascontiguousarray(clean[step // 2 :: step, step // 2 :: step]), display), form(clean))


def _contact(
    inputs: Inputs, camera: Camera, lighting: Lighting, data: Data, to: Receivers, stands: np.ndarray, frame: int
) -> Contact | None:
    """Return finer light on the ground near solids that rest on it; stands (m,n) bool: the building is still in the way there."""
    import cv2

    window = data.window
    if 0 in window.shape:
        return None
    y, x = (np.minimum(np.arange(low, high) // to.step, size - 1) for low, high, size in
            ((window.y0, window.y1, stands.shape[0]), (window.x0, window.x1, stands.shape[1])))  # fmt: skip
    depth = set_depth(inputs, frame)[window.slices]
    depth = np.where((depth < SKY_DEPTH) & (cv2.dilate(stands.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)[np.ix_(y, x)], depth, 0)
    share = contacts(depth, data.depth, load(inputs).pixel)
    if share is None:
        return None
    normals = np.ascontiguousarray(to.normals[np.ix_(y, x)])
    return contact(camera, window, depth, normals, share, lighting.lamp, lighting.occluders, (lighting.sun_air, lighting.sky_air))


def behind_rows(
    inputs: Inputs,
    frame: int,
    top: int,
    bottom: int,
    window: Window,
    rest_piece: np.ndarray,
    rest_depth: np.ndarray,
    moved: np.ndarray,
) -> Behind:
    """Return what stands behind for rows top..bottom, nothing for sky; rest_piece and rest_depth (h,w) cover `window`; moved (N,) bool."""
    depth = set_depth(inputs, frame)[top:bottom]
    depth = np.where(depth < SKY_DEPTH, depth, 0).astype(np.float32)
    building, left = np.zeros((2, *depth.shape), bool)
    low, high = max(top, window.y0), min(bottom, window.y1)
    if low < high:
        part = slice(low - window.y0, high - window.y0)
        piece = np.maximum(rest_piece[part], 0)
        stood = rest_piece[part] >= 0
        stands = (stood & ~moved[piece]) | (rest_piece[part] == STANDS)
        rows, columns = slice(low - top, high - top), slice(window.x0, window.x1)
        depth[rows, columns][stands] = rest_depth[part][stands]
        building[rows, columns], left[rows, columns] = stands, stood & ~stands
    return Behind(depth, building, left)
