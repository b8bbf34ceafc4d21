"""The sun's direction from the shadow that the building casts on the ground.

Every direction on a grid predicts where the shadow ends. The true one has the ground darker inside than outside all along that edge,
whatever the ground is made of: only the step across the edge counts, not how bright either side is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, pixel_grid, rays, resized

SIDES = (320, 640)
"""Longer side of the working pictures: all directions are tried on the first, those near the best on the second."""
STEP_DEG, FINE_DEG, SPREAD_DEG = 7.5, 1.5, 9.0
ELEVATIONS = (10.0, 76.0)
REACH = 4.0
"""Shadows are looked for within this many building heights."""
ASIDE = 2.0
"""Light is compared this many pixels on either side of the edge."""
CLEAR_STEP = 0.15
"""Least step in log light that a shadow's edge makes."""
LEAST_EDGE = 0.06
"""The edge seen must be this long, share of the picture's longer side."""
AGREEING, STRONG = 0.80, 0.55
"""Share of the edge that must step the right way, and its median step in log light, for the shadow to be believed."""


@dataclass(frozen=True)
class CastShadow:
    """Towards the sun, degrees: azimuth 0 behind the building, 90 right of frame; elevation. ratio (3,): ground in the sun over ground in
    the shadow."""

    azimuth: float
    elevation: float
    ratio: np.ndarray


def find_shadow(
    texture: np.ndarray, ground: np.ndarray, camera: Camera, vertices: np.ndarray, triangles: np.ndarray, height: float
) -> CastShadow | None:
    """Return the shadow that the solid casts on the ground y = 0, None where none is seen clearly.

    texture (h, w, 3) light; ground (h, w) bool: where the ground shows, without anything on it; height: the building's, metres.
    """
    best: tuple[float, float] | None = None
    field = None
    for side, step, spread in ((SIDES[0], STEP_DEG, None), (SIDES[1], FINE_DEG, SPREAD_DEG)):
        field = _field(texture, ground, camera, vertices, triangles, height, side)
        if field is None:
            return None
        scored = [(field.score(azimuth, elevation), azimuth, elevation) for azimuth, elevation in _directions(step, best, spread)]
        top = max(scored)
        if top[0] <= 0:
            return None
        best = top[1:]
    if field is None or best is None:
        return None
    steps = field.steps(*best)
    return CastShadow(*best, np.exp(np.median(steps, axis=0))) if _is_clear(steps) else None


def _is_clear(steps: np.ndarray) -> bool:
    """Is an edge (n, 3) long, steep and of one mind?"""
    step = steps.mean(axis=1)
    return bool(len(step) >= LEAST_EDGE * SIDES[1] and np.mean(step > CLEAR_STEP) >= AGREEING and np.median(step) >= STRONG)


def towards(azimuth: float, elevation: float) -> np.ndarray:
    """Return the unit vector towards the sun: azimuth 0 behind the building (-Z), 90 right of frame (+X), 180 behind the camera (+Z)."""
    a, e = np.radians(azimuth), np.radians(elevation)
    return np.array([np.sin(a) * np.cos(e), np.sin(e), -np.cos(a) * np.cos(e)])


def _directions(step: float, around: tuple[float, float] | None, spread: float | None) -> list[tuple[float, float]]:
    if around is None or spread is None:
        azimuths, elevations = np.arange(0, 360, step), np.arange(*ELEVATIONS, step)
    else:
        offsets = np.arange(-spread, spread + 0.5 * step, step)
        azimuths, elevations = around[0] + offsets, np.clip(around[1] + offsets, 5, 85)
    return [(float(a % 360), float(e)) for a in azimuths for e in elevations]


@dataclass(frozen=True, eq=False)
class _Field:
    """The ground in a small picture. light (h, w, 3) log; ground (h, w) bool; points (n, 3): where its pixels lie; scene: embree's."""

    light: np.ndarray
    ground: np.ndarray
    points: np.ndarray
    scene: object

    def score(self, azimuth: float, elevation: float) -> float:
        """Return how well the edge steps: higher for clearer and longer ones."""
        steps = self.steps(azimuth, elevation)
        if len(steps) < LEAST_EDGE * max(self.ground.shape):
            return 0.0
        step = steps.mean(axis=1)
        return float((np.clip(step, -1.0, 1.0)).mean() * np.mean(step > CLEAR_STEP) * len(step) ** 0.5)

    def steps(self, azimuth: float, elevation: float) -> np.ndarray:
        """Return the log light outside the predicted shadow minus that inside (n, 3), along its edge."""
        shade = np.zeros(self.ground.shape, np.float32)
        shade[self.ground] = self._shaded(towards(azimuth, elevation))
        soft = cv2.GaussianBlur(shade, (0, 0), 1.2)
        across, down = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
        edge = (shade > 0.5) & (cv2.erode(shade, np.ones((3, 3), np.uint8)) < 0.5)
        rows, columns = np.nonzero(edge)
        way = np.stack([across[rows, columns], down[rows, columns]], -1)
        way = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
        inside = np.round(np.stack([columns, rows], -1) + ASIDE * way).astype(int)
        outside = np.round(np.stack([columns, rows], -1) - (ASIDE + 1) * way).astype(int)
        good = np.ones(len(rows), bool)
        for places, wanted in ((inside, True), (outside, False)):
            kept = (places >= 0).all(axis=1) & (places[:, 0] < edge.shape[1]) & (places[:, 1] < edge.shape[0])
            places[~kept] = 0
            at = places[:, 1], places[:, 0]
            good &= kept & self.ground[at] & ((shade[at] > 0.5) == wanted)
        return self.light[outside[good, 1], outside[good, 0]] - self.light[inside[good, 1], inside[good, 0]]

    def _shaded(self, direction: np.ndarray) -> np.ndarray:
        origins = (self.points + 0.02 * direction).astype(np.float32)
        hits = self.scene.run(origins, np.broadcast_to(direction.astype(np.float32), origins.shape).copy(), query="OCCLUDED")  # type: ignore[attr-defined]
        return np.asarray(hits) != -1


def _field(
    texture: np.ndarray, ground: np.ndarray, camera: Camera, vertices: np.ndarray, triangles: np.ndarray, height: float, side: int
) -> _Field | None:
    scale = min(1.0, side / max(ground.shape))
    size = (round(camera.width * scale), round(camera.height * scale))
    small = resized(camera, *size)
    directions = rays(small, pixel_grid(small))
    origin = eye(small)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = -origin[1] / directions[..., 1]
    points = origin + directions * np.where(np.isfinite(reach), reach, -1.0)[..., None]
    near = (reach > 0) & (np.linalg.norm(points - vertices.mean(axis=0) * (1, 0, 1), axis=-1) < REACH * height)
    shown = (cv2.resize(ground.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99) & near
    if np.count_nonzero(shown) < 200:
        return None
    light = np.log(np.maximum(cv2.resize(texture, size, interpolation=cv2.INTER_AREA), 1e-3))
    return _Field(cv2.GaussianBlur(light, (0, 0), 0.7), shown, points[shown], _scene(vertices, triangles))


def _scene(vertices: np.ndarray, triangles: np.ndarray) -> object:
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    scene = EmbreeScene()
    TriangleMesh(scene, vertices.astype(np.float32), triangles.astype(np.int32))
    return scene
