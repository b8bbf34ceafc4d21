"""One frame of guides, from records to a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import project
from derrumbe.render import debris
from derrumbe.render.air import air, march
from derrumbe.render.aov import CENTRE, Data, render_data
from derrumbe.render.backdrop import Backdrop, backdrop, behind_rows, set_depth
from derrumbe.render.bars import lines_of_bars
from derrumbe.render.cracks import lines_of_cracks
from derrumbe.render.darkness import darkened, deepened
from derrumbe.render.haze import building_depth, dust_in_air, hazed, in_air
from derrumbe.render.intact import rest_depth, rest_pieces, rest_window
from derrumbe.render.joints import lines_of_joints
from derrumbe.render.layers_file import planes, write_layers
from derrumbe.render.light import lamp_of
from derrumbe.render.lines import draw, strokes
from derrumbe.render.look import look_of
from derrumbe.render.poses import Pose
from derrumbe.render.raster import Window, bounds, projected
from derrumbe.render.remnants import remnants_of
from derrumbe.render.rubble import with_rubble
from derrumbe.render.scene import Inputs, Scene, load
from derrumbe.render.settings import Settings
from derrumbe.render.shade import Look
from derrumbe.render.shutter import Shutter, pose, posed, shutter
from derrumbe.render.solids import Lighting, Solids, moment, moving_solids, render_solids

INTACT = "intact.npz"
STRANDS = 1
"""Seed of bars: the same for every shot, as torn edges are."""
OPAQUE, REACH = 0.996, 13
"""Opacity of dust that hides a solid, and how many pixels across it must."""


@dataclass(frozen=True)
class FrameMaker:
    """Makes the file of one frame. Picklable; every process reads the scene once."""

    settings: Settings
    inputs: Inputs
    folder: Path
    picture: str

    def path(self, frame: int) -> Path:
        return self.folder / self.picture.format(frame=frame)

    def __call__(self, frame: int) -> None:
        view = render(self.settings, self.inputs, self.folder / INTACT, frame)
        plate = self.inputs.plate.record
        write_layers(self.path(frame), plate.width, plate.height, view.fill)


@dataclass(frozen=True, eq=False)
class View:
    """All layers of a frame before they are written. crumbs: window and rgba; dust: front and behind (h,w,4), or None;
    rest: piece and depth (h,w) of the intact building in `data.window`; moved (N,) at mid-shutter;
    strayed (h,w), there: pixels by which the piece that stood there has left its place by then."""

    inputs: Inputs
    frame: int
    solids: Solids
    data: Data
    crumbs: tuple[Window, np.ndarray]
    dust: tuple[np.ndarray, np.ndarray, np.ndarray | None] | None
    backdrop: Backdrop
    rest: tuple[np.ndarray, np.ndarray]
    moved: np.ndarray
    strayed: np.ndarray

    def fill(self, rows: np.ndarray, top: int) -> None:
        """Fill blank planes (channels,rows,w) that start at row `top`."""
        bottom = top + rows.shape[1]
        for layer, window, values in (
            ("pieces", self.solids.window, self.solids.rgba),
            ("removed", self.solids.window, self.solids.removed[..., None]),
            ("debris", *self.crumbs),
            ("depth", self.data.window, self.data.depth[..., None]),
            ("normal", self.data.window, self.data.normal),
            ("motion", self.data.window, self.data.motion),
            ("id", self.data.window, self.data.identity[..., None]),
        ):
            _paste(rows, top, window, values, planes(layer))
        left_over = remnants_of(self.inputs)
        if left_over is not None:
            left_over.remove(rows[planes("removed")][0], top, (self.solids.removed, self.solids.window), (self.strayed, self.data.window))
        if self.dust is not None:
            rows[planes("dust_front")], rows[planes("dust_behind")] = (_planar(layer[top:bottom]) for layer in self.dust[:2])
            if self.dust[2] is not None:
                rows[planes("dust_near")] = self.dust[2][None, top:bottom]
        behind = behind_rows(self.inputs, self.frame, top, bottom, self.data.window, *self.rest, self.moved)
        removed, solid = rows[planes("removed")][0], rows[planes("pieces")][3]
        rows[planes("shadow")] = _planar(behind.uncovered(self.backdrop.ratio(behind, top), removed, solid))
        settled = self.backdrop.settled(behind, top)
        if settled is not None:
            above = rows[planes("dust_behind")]
            above += (1 - above[3:]) * _planar(settled)


def _paste(rows: np.ndarray, top: int, window: Window, values: np.ndarray, where: slice) -> None:
    low, high = max(top, window.y0), min(top + rows.shape[1], window.y1)
    if low < high:
        rows[where, low - top : high - top, window.x0 : window.x1] = _planar(values[low - window.y0 : high - window.y0])


def _planar(pixels: np.ndarray) -> np.ndarray:
    return np.moveaxis(pixels, -1, 0)


def render(settings: Settings, inputs: Inputs, intact: Path, frame: int) -> View:
    """Return all layers of a frame. intact: the file that `intact.prepare` wrote."""
    scene, look = load(inputs), look_of(inputs, intact, settings.dust.color, settings.seed)
    camera = inputs.film_set.record.camera_at(frame)
    angle = inputs.film_set.record.shutter_angle(settings.camera.shutter)
    times = shutter(scene, camera, frame, angle, settings.render.subframes)
    whole = with_rubble(inputs, scene, times.middle)
    middle, dust = pose(whole, times.middle), air(inputs, frame, settings.dust)
    lighting = Lighting(lamp_of(inputs.film_set), moving_solids(whole, middle), dust.sun, dust.sky)
    knobs = settings.render
    data, rest = _data(inputs, whole, camera, frame, times)
    seconds = angle / 360 / float(inputs.plate.record.rate)
    layers = march(inputs, dust, camera, frame, data.window, data.solid, rest[1], knobs, seconds, settings.seed)
    hidden = None if layers is None or knobs.shade_hidden else hidden_by(layers[0])
    solids = render_solids(inputs, whole, look, camera, times, lighting, sky_rays=knobs.sky_rays, denoise=knobs.denoise, hidden=hidden)
    solids = darkened(deepened(solids, within(data.depth, data.window, solids.window), 1 / scene.pixel), 1 / scene.pixel)
    window, crumbs = _small(inputs, scene, look, camera, times, lighting, data, frame)
    haze, far = inputs.film_set.record.haze, building_depth(inputs.film_set.record, camera)
    return View(
        inputs=inputs,
        frame=frame,
        solids=in_air(solids, haze, np.minimum(within(data.depth, data.window, solids.window), np.float32(2 * far))),
        data=data,
        crumbs=(window, hazed(crumbs, haze, far)),
        dust=dust_in_air(layers, haze, np.minimum(set_depth(inputs, frame), np.float32(far))),
        backdrop=backdrop(inputs, camera, lighting, data, middle.moved, knobs.sky_rays + knobs.sky_rays // 2, frame, look.dust),
        rest=rest,
        moved=middle.moved,
        strayed=_strayed(camera, scene.centre, middle, rest[0]),
    )


def _strayed(camera: Camera, centre: np.ndarray, at: Pose, rest: np.ndarray) -> np.ndarray:
    """Return how many pixels (h,w) the centre (N,3) of the piece that stood at each, `rest` (h,w), is from where it was; 0 where none stood."""
    count = len(centre)
    there = np.where(at.moved[:count, None], at.position[:count], centre)
    way = np.nan_to_num(np.linalg.norm(project(camera, there)[0] - project(camera, centre)[0], axis=1), nan=0.0, posinf=1e6)
    return np.where(rest >= 0, way[np.maximum(rest, 0)], 0)


def hidden_by(dust: np.ndarray) -> np.ndarray:
    """Return where (h,w) bool dust (h,w,4) lets nothing through, nor anywhere near, since solids move while the shutter is open."""
    import cv2

    return cv2.erode((dust[..., 3] > OPAQUE).astype(np.uint8), np.ones((REACH, REACH), np.uint8)).astype(bool)


def _data(inputs: Inputs, scene: Scene, camera: Camera, frame: int, times: Shutter) -> tuple[Data, tuple[np.ndarray, np.ndarray]]:
    """Return the data channels, with the piece and depth that stood at each pixel centre at rest."""
    film_set = inputs.film_set.record
    following = film_set.camera_at(min(frame + 1, film_set.frames.last))
    now, then = pose(scene, times.open), pose(scene, scene.sample_of(frame + 1))
    view = projected(camera, posed(scene, now))
    window = rest_window(inputs, camera).joined(bounds(view))
    rest_piece = rest_pieces(inputs, camera, CENTRE, window)
    data = render_data(inputs, scene, view, following, window, rest_piece, now, then)
    return data, (rest_piece, rest_depth(inputs, camera, window))


def _small(
    inputs: Inputs, scene: Scene, look: Look, camera: Camera, times: Shutter, lighting: Lighting, data: Data, frame: int
) -> tuple[Window, np.ndarray]:
    """Return what is too small for pieces, in a window: crumbs, bars that stick out of concrete, cracks, narrow joints."""
    moments = (times.open, times.middle, 2 * times.middle - times.open)
    some = debris.crumbs(scene, camera, moments[0], moments[-1])
    colour = debris.colours(scene, look, lighting, camera, some, times.middle)
    poses = tuple(pose(scene, sample) for sample in moments)
    now = moment(scene, times.middle, float(inputs.plate.record.rate))
    strands = lines_of_bars(inputs, lighting, poses, now.settled, look.dust, STRANDS)
    cracks = lines_of_cracks(inputs, lighting, poses, times.middle / scene.samples_per_second)
    loose = debris.bars(scene, some, colour, moments)
    joints = lines_of_joints(inputs, camera, lighting.lamp.enclosed, poses)
    drawn = [strokes(camera, a.joined(b).joined(c).joined(d)) for a, b, c, d in zip(strands, cracks, joints, loose, strict=True)]
    window = debris.window_of(camera, some)
    for each in drawn:
        window = window.joined(each.window.within(camera))
    if 0 in window.shape:
        return window, np.zeros((0, 0, 4), np.float32)
    solid = np.minimum(within(data.solid, data.window, window), set_depth(inputs, frame)[window.slices])
    material = scene.debris["material"][some.index].astype(np.uint8)
    crumbs = debris.splat(
        window, some, material, colour, debris.turned(scene, some, times.middle), solid, debris.lean(camera, lighting.lamp)
    )
    lines = np.mean([draw(each, solid, window) for each in drawn], axis=0, dtype=np.float32)
    return window, crumbs + (1 - crumbs[..., 3:]) * lines


def within(values: np.ndarray, own: Window, window: Window) -> np.ndarray:
    """Return depth (h,w) known in window `own` for another window, FAR where it isn't known."""
    out = np.full(window.shape, FAR, np.float32)
    x0, x1, y0, y1 = max(own.x0, window.x0), min(own.x1, window.x1), max(own.y0, window.y0), min(own.y1, window.y1)
    if x0 < x1 and y0 < y1:
        out[y0 - window.y0 : y1 - window.y0, x0 - window.x0 : x1 - window.x0] = values[y0 - own.y0 : y1 - own.y0, x0 - own.x0 : x1 - own.x0]
    return out
