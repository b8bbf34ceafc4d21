"""The pieces in one frame: visibility through the shutter, shading, light, and what they leave open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import Camera
from derrumbe.render.gaps import gaps_of
from derrumbe.render.gather import Sums
from derrumbe.render.intact import hidden_by_ends, rest_pieces, rest_window, standing
from derrumbe.render.joints import closed_joints
from derrumbe.render.light import Illumination, Transmittance, light_at
from derrumbe.render.occlusion import Occluders
from derrumbe.render.overhang import seen_past, seen_through
from derrumbe.render.poses import Pose
from derrumbe.render.raster import Window, bounds, projected, visible
from derrumbe.render.scene import Inputs, Scene, load
from derrumbe.render.shade import Look, Shading, relit, shade
from derrumbe.render.shutter import Shutter, carried, pose, posed
from derrumbe.render.spalls import spalls_of
from derrumbe.render.surface import Coverage, Samples, collect, surfaces

SETTLING = 1.2
"""Seconds in which the dust of its own landing covers a piece."""
LAIN = 0.75
"""How far dust has come down on rubble."""
BAND = 1 << 20
"""Samples shaded at once, so that memory stays bounded at any size of plate."""

STIRRED, STIRRED_PIXELS = 0.03, 0.7
"""A piece that has moved by less than both, metres and pixels, has barely stirred."""


@dataclass(frozen=True, eq=False)
class Solids:
    """Pieces in a window of the picture: rgba (h,w,4) float32 premultiplied, removed (h,w) float32. worn (h,w) float32: the share of what
    is seen that wears the plate; through (h,w) float32: the share of a pixel that looks out through openings."""

    window: Window
    rgba: np.ndarray
    removed: np.ndarray
    worn: np.ndarray
    through: np.ndarray


@dataclass(frozen=True, eq=False)
class Lighting:
    """What lights a frame: lamps, solids in the way at mid-shutter, dust in the air."""

    lamp: Illumination
    occluders: Occluders
    sun_air: Transmittance
    sky_air: Transmittance


@dataclass(frozen=True, eq=False)
class Moment:
    """The pieces at mid-shutter, when their light is gathered. age (N,): seconds since release, negative before; stir (N,): about how far a
    piece's points have moved, metres; change (N,): 0..1, how much of its new light counts; settled (N,): 0..1, how far dust has come down on
    what has hit the ground; since: seconds from the first release of all."""

    at: Pose
    age: np.ndarray
    stir: np.ndarray
    change: np.ndarray
    settled: np.ndarray
    since: float


def moving_solids(scene: Scene, middle: Pose) -> Occluders:
    """Return all pieces as they stand in a pose, with the neighbours."""
    return Occluders((posed(scene, middle), scene.triangles), (scene.neighbour_vertices, scene.neighbour_triangles))


def moment(scene: Scene, sample: float, rate: float) -> Moment:
    """Return the pieces at a fractional motion sample; rate in frames per second."""
    at = pose(scene, sample)
    age = np.where(scene.released >= 0, (sample - scene.released) / (scene.samples_per_frame * rate), -1.0)
    count = len(scene.released)
    shift = np.linalg.norm(at.position - scene.centre, axis=1)
    turn = np.arccos(np.clip((np.trace(at.rotation, axis1=1, axis2=2) - 1) / 2, -1, 1))
    # a piece that has barely stirred keeps the plate's own light, so that nothing pops when it lets go
    t = np.clip(shift / 0.4 + turn / np.radians(12), 0, 1)
    down = np.maximum(sample - scene.landed, 0.0) / (scene.samples_per_frame * rate)
    settled = 1 - np.exp(-down / SETTLING)
    since = float(max(age.max(initial=-1.0), 0.0))
    stir, change = shift + 0.5 * turn, t * t * (3 - 2 * t)
    # rubble has come all the way, and lies in the dust of all that came with it
    rubble = len(scene.lain)
    age, settled = np.r_[age, np.full(rubble, since)], np.r_[settled, np.full(rubble, LAIN)]
    stir[count:], change[count:] = np.inf, 1.0
    return Moment(at, age, stir, change, settled, since)


def render_solids(
    inputs: Inputs,
    scene: Scene,
    look: Look,
    camera: Camera,
    times: Shutter,
    lighting: Lighting,
    *,
    sky_rays: int,
    denoise: bool,
    hidden: np.ndarray | None = None,
) -> Solids:
    """Return the pieces seen through the shutter; one plain colour where they are `hidden` (h,w) bool, over the whole picture."""
    reach = int(np.clip(np.ceil(2.5 * inputs.film_set.record.softness_px), 1, 8)) + 1
    now = moment(scene, times.middle, float(inputs.plate.record.rate))
    poses = [pose(scene, time) for time in times.times]
    views = [projected(camera, posed(scene, at)) for at in poses]
    window = rest_window(inputs, camera).joined(bounds(views[0])).joined(bounds(views[-1])).grown(reach, camera)
    coverage, fresh, worn = Coverage.empty(window.shape), Sums.empty(window.shape), Sums.empty(window.shape)
    through = np.zeros(window.shape, np.float32)
    before, gaps = standing(load(inputs)), gaps_of(scene, now.at)
    spalls = spalls_of(inputs)
    calm = now.stir < min(STIRRED, STIRRED_PIXELS * scene.pixel)
    # with enough samples, every other one of a pixel gathers light, with twice the rays
    every = 2 if len(poses) >= 3 else 1
    rays = max(1, int(np.ceil(sky_rays * every / len(poses))))
    for index, (at, view, offset) in enumerate(zip(poses, views, times.offsets, strict=True)):
        hit = seen_past(scene, view, window, offset, visible(view, scene.triangles, window, offset, holes=scene.holes), at.moved)
        hit = hidden_by_ends(inputs, scene, view, window, offset, closed_joints(scene, view, window, offset, hit))
        through += seen_through(scene, view, window, offset, hit)
        pixel, triangle = collect(scene, hit, rest_pieces(inputs, camera, offset, window), at.moved, calm, coverage)
        if hidden is not None:
            seen = ~hidden[window.slices].reshape(-1)[pixel]
            pixel, triangle = pixel[seen], triangle[seen]
        for start in range(0, len(pixel), BAND):
            part = slice(start, start + BAND)
            samples = surfaces(scene, view, window, now.at.rotation, calm, pixel[part], triangle[part], offset)
            shading = shade(scene, look, samples, now.age, now.change, now.settled, now.at.rotation, now.since, gaps, spalls)
            lit = np.flatnonzero((samples.pixel % window.shape[1] + samples.pixel // window.shape[1] + index) % every == 0)
            light = _light(scene, look, lighting, before, now.at, samples, shading, lit, index, rays)
            # what wears the plate and what is new stand in light of their own: a pixel may hold a bit of either
            old = shading.old[:, 0] > 0
            for sums, which in ((worn, old), (fresh, ~old)):
                sums.add(samples.pixel, shading, scene.piece[samples.triangle], lit, light, which)
    rgba = np.dstack([worn.picture(len(poses), denoise) + fresh.picture(len(poses), denoise), coverage.covered / np.float32(len(poses))])
    if hidden is not None:
        # what dust lets through of them is next to nothing, but black would still be seen
        unseen = hidden[window.slices]
        rgba[unseen, :3] = rgba[unseen, 3:] * (0.5 * look.dust * lighting.lamp.sky).astype(np.float32)
    seen = worn.count / np.maximum(coverage.covered, 1).astype(np.float32)
    return Solids(window, rgba, coverage.removed(reach), seen, through / np.float32(len(poses)))


def _light(
    scene: Scene,
    look: Look,
    lighting: Lighting,
    before: Occluders,
    at: Pose,
    samples: Samples,
    shading: Shading,
    lit: np.ndarray,
    index: int,
    rays: int,
) -> np.ndarray:
    """Return the light that counts (m,3) for the samples at indices `lit` (m,), where their pieces are at mid-shutter; before: the scene at rest."""
    rides = scene.piece[samples.triangle[lit]]
    places = carried(scene, at, rides, samples.rest[lit])
    keys = samples.pixel[lit].astype(np.int64)
    light = light_at(
        lighting.lamp, lighting.occluders, places, shading.normal[lit], keys,
        first_ray=index, sky_rays=rays, sun_air=lighting.sun_air, sky_air=lighting.sky_air,
    )  # fmt: skip
    old = shading.old[lit]
    stirred = np.flatnonzero((old[:, 0] > 0) & (shading.change[lit] > 0))
    some = lit[stirred]
    # the same rays at rest: what has moved with all around it is lit as it was, exactly, and only what differs is as noisy as rays are
    was = light_at(
        lighting.lamp, before, samples.rest[some], scene.normal[samples.triangle[some]], keys[stirred], first_ray=index, sky_rays=rays
    )
    least = np.maximum(old[stirred], was)
    light[stirred] += least - was
    old[stirred] = least
    return relit(old, shading.change[lit], light, look.typical, shading.reflect[lit])
