"""The pieces in one frame: visibility through the shutter, shading, light, and what they leave open."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import project
from derrumbe.render.denoise import denoised, filled
from derrumbe.render.intact import rest_pieces
from derrumbe.render.light import Illumination, Transmittance, light_at
from derrumbe.render.occlusion import Occluders
from derrumbe.render.poses import Pose, carry, pose_at
from derrumbe.render.raster import Window, bounds, visible
from derrumbe.render.scene import Inputs, Scene
from derrumbe.render.shade import Look, relit, shade
from derrumbe.render.surface import Coverage, collect, surfaces

LEAST_SAMPLES = 4
PIXELS_PER_SAMPLE = 2.0
BAND = 1 << 20
"""Samples shaded at once, so that memory stays bounded at any size of plate."""


@dataclass(frozen=True)
class Shutter:
    """When the samples of a frame are taken: fractional motion samples, with an offset inside the pixel for each."""

    open: float
    middle: float
    times: tuple[float, ...]
    offsets: tuple[tuple[float, float], ...]


def offsets(count: int) -> tuple[tuple[float, float], ...]:
    """Return `count` well-spread offsets inside a pixel (R2 sequence; Roberts, 2018)."""
    return tuple(((0.5 + k * 0.7548776662466927) % 1.0, (0.5 + k * 0.5698402909980532) % 1.0) for k in range(1, count + 1))


def pose(scene: Scene, sample: float) -> Pose:
    """Return the pose of all pieces at a fractional motion sample."""
    return pose_at(scene.position, scene.rotation, scene.released, scene.centre, sample)


def posed(scene: Scene, at: Pose) -> np.ndarray:
    """Return all vertices (V,3) float64 in a pose."""
    return carry(scene.rest, scene.vertex_piece, scene.centre, at.position, at.rotation, at.moved)


def shutter(scene: Scene, camera: Camera, frame: int, angle: float, most: int) -> Shutter:
    """Return the samples of a frame: as many as keep steps near PIXELS_PER_SAMPLE for 95 % of what moves, LEAST_SAMPLES to `most`."""
    start = scene.sample_of(frame)
    length = angle / 360 * scene.samples_per_frame
    a, b = pose(scene, start), pose(scene, start + length)
    streak = 0.0
    if b.moved.any():
        riding = b.moved[scene.vertex_piece]
        (p, _), (q, _) = project(camera, posed(scene, a)[riding]), project(camera, posed(scene, b)[riding])
        streak = float(np.nanpercentile(np.linalg.norm(q - p, axis=1), 95))
    count = int(np.clip(np.ceil(streak / PIXELS_PER_SAMPLE), min(LEAST_SAMPLES, most), most))
    times = tuple(start + (k + 0.5) / count * length for k in range(count))
    return Shutter(start, start + 0.5 * length, times, offsets(count))


@dataclass(frozen=True, eq=False)
class Solids:
    """Pieces in a window of the picture: rgba (h,w,4) float32 premultiplied, removed (h,w) float32."""

    window: Window
    rgba: np.ndarray
    removed: np.ndarray


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over samples, (h,w,3) float32: reflectance, the part of it that got light, that part times light, normals."""

    reflect: np.ndarray
    lit_reflect: np.ndarray
    lit: np.ndarray
    normal: np.ndarray

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> _Sums:
        return cls(*(np.zeros((*shape, 3), np.float32) for _ in range(4)))


@dataclass(frozen=True, eq=False)
class Lighting:
    """What lights a frame: lamps, solids in the way at mid-shutter, dust in the air."""

    lamp: Illumination
    occluders: Occluders
    sun_air: Transmittance
    sky_air: Transmittance


def moving_solids(scene: Scene, middle: Pose) -> Occluders:
    """Return all pieces as they stand in a pose, with the neighbours."""
    return Occluders((posed(scene, middle), scene.triangles), (scene.neighbour_vertices, scene.neighbour_triangles))


def render_solids(
    inputs: Inputs,
    scene: Scene,
    look: Look,
    camera: Camera,
    times: Shutter,
    lighting: Lighting,
    *,
    rate: float,
    sky_rays: int,
    denoise: bool,
) -> Solids:
    """Return the pieces seen through the shutter. rate: frames per second."""
    middle = pose(scene, times.middle)
    poses = [pose(scene, time) for time in times.times]
    window = bounds(camera, scene.rest)
    for at in (poses[0], poses[-1]):
        window = window.joined(bounds(camera, posed(scene, at)))
    coverage, sums = Coverage.empty(window.shape), _Sums.empty(window.shape)
    ages = _ages(scene, times.middle, rate)
    every = 2 if len(poses) >= 4 else 1
    rays = max(1, int(np.ceil(sky_rays * every / len(poses))))
    for index, (at, offset) in enumerate(zip(poses, times.offsets, strict=True)):
        points = posed(scene, at)
        hit = visible(camera, points, scene.triangles, window, offset)
        pixel, triangle = collect(scene, hit, rest_pieces(inputs, camera, offset, window), at.moved, coverage)
        for start in range(0, len(pixel), BAND):
            part = slice(start, start + BAND)
            samples = surfaces(scene, camera, window, points, middle.rotation, pixel[part], triangle[part], offset)
            shading = shade(scene, look, samples, ages[0], _change(scene, middle), middle.rotation, ages[1])
            lit = np.flatnonzero((samples.pixel % window.shape[1] + samples.pixel // window.shape[1] + index) % every == 0)
            rides = scene.piece[samples.triangle[lit]]
            places = carry(samples.rest[lit], rides, scene.centre, middle.position, middle.rotation, middle.moved)
            light = light_at(
                lighting.lamp, lighting.occluders, places, shading.normal[lit], samples.pixel[lit].astype(np.int64),
                first_ray=index, sky_rays=rays, sun_air=lighting.sun_air, sky_air=lighting.sky_air,
            )  # fmt: skip
            held = relit(type(shading)(*(v[lit] for v in (shading.reflect, shading.old, shading.change, shading.normal))), light)
            _add(
                samples.pixel,
                shading.reflect,
                shading.normal,
                lit,
                held,
                *(v.reshape(-1, 3) for v in (sums.reflect, sums.lit_reflect, sums.lit, sums.normal)),
            )
    return Solids(window, _resolve(sums, coverage, len(poses), denoise), coverage.removed(len(poses)))


def _ages(scene: Scene, sample: float, rate: float) -> tuple[np.ndarray, float]:
    """Return seconds since the release of each piece (N,), negative before, and since the first release of all."""
    second = scene.samples_per_frame * rate
    age = np.where(scene.released >= 0, (sample - scene.released) / second, -1.0)
    return age, float(max(age.max(initial=-1.0), 0.0))


def _change(scene: Scene, at: Pose) -> np.ndarray:
    """Return 0..1 for each piece: how much of its new light counts. A piece that has barely stirred keeps the plate's own light."""
    shift = np.linalg.norm(at.position - scene.centre, axis=1) / 0.4
    turn = np.arccos(np.clip((np.trace(at.rotation, axis1=1, axis2=2) - 1) / 2, -1, 1)) / np.radians(12)
    t = np.clip(shift + turn, 0, 1)
    return t * t * (3 - 2 * t)


@nb.njit(cache=True)
def _add(pixel, reflect, normal, lit, light, sum_reflect, sum_lit_reflect, sum_lit, sum_normal):  # type: ignore[no-untyped-def]
    for i in range(pixel.shape[0]):
        for c in range(3):
            sum_reflect[pixel[i], c] += reflect[i, c]
            sum_normal[pixel[i], c] += normal[i, c]
    for j in range(lit.shape[0]):
        i = lit[j]
        for c in range(3):
            sum_lit_reflect[pixel[i], c] += reflect[i, c]
            sum_lit[pixel[i], c] += reflect[i, c] * light[j, c]


def _resolve(sums: _Sums, coverage: Coverage, samples: int, denoise: bool) -> np.ndarray:
    """Return premultiplied rgba (h,w,4): mean reflectance times light, its noise taken out."""
    covered = coverage.covered.astype(np.float32)
    known = sums.lit_reflect.max(-1) > 1e-6
    light = filled(sums.lit / np.maximum(sums.lit_reflect, 1e-7), known)
    share = np.maximum(covered, 1)[..., None]
    if denoise and known.any():
        light = denoised(light, sums.reflect / share, sums.normal / share)
    rgba = np.empty((*covered.shape, 4), np.float32)
    rgba[..., :3] = sums.reflect * light / samples
    rgba[..., 3] = covered / samples
    return rgba
