"""What shadows on the ground say of the sun's direction.

Every direction predicts where the shadow ends. The true one has the ground darker inside than outside all along that edge, whatever the
ground is made of: only the step across the edge counts, not how bright either side is. In the shadow only the blue sky is left, so the
step is larger in red than in blue, where edges of what the ground is made of go either way.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import Camera, Facade
from derrumbe.geom.camera import eye, pixel_grid, project, rays, resized
from derrumbe.survey.filters import around

REACH = 4.0
"""Shadows are looked for within this many heights of what casts them."""
ASIDE = 2.0
"""Light is compared this many pixels on either side of the edge."""
CLEAR_STEP = 0.15
"""Least step in log light that a shadow's edge makes."""
USUAL_STEP, STEEPEST = 0.6, 1.0
"""Step in log light that a hard shadow's edge makes in a small picture, and the most that one pixel counts for."""
UNEVEN, LEAST_UNEVEN = 0.15, 0.12
"""Variance of that step from place to place, and least stray of the ground's own light."""
ALONG = 12.0
"""Pixels of an edge, at 320 across, that say one thing: neighbours agree, and a wrong model is wrong along all of it."""
TINT, TINT_STRAY, ANY_TINT, TINT_ALONG = -0.2, 0.2, 0.3, 30.0
"""Log blue over red of what the sun adds to the ground: mean and stray in shadows' edges, stray in any edge; pixels that say one thing."""
SAYS = -3.0, 15.0
"""What a building says for a direction is never less than the first, and counts ever less above the second: its model is never exact."""
FEWEST_EDGE = 4
UNHIT, LIFT = -1, 0.02
"""What embree says of a ray that meets nothing; metres by which rays start off the ground."""
BORDER = 0.01
"""What is seen this near to the picture's border (share of its size) may be cut off by it."""
CUT_OFF, GOES_ON = 0.04, 3
"""A façade that ends this near to the left or right border (share of the width) goes on beyond it, for so many times its width."""


@dataclass(frozen=True, eq=False)
class Caster:
    """Something solid that may throw a shadow on the ground y = 0, as one frame sees it.

    texture (h, w, 3) light; ground (h, w) bool: where the ground shows, without anything on it; camera; vertices (n, 3) and triangles
    (m, 3) of the solid; height: metres; others: vertices and triangles of what else may throw a shadow, known so roughly that nothing is
    said where it may; says: the least and the much that it can say for a direction.
    """

    texture: np.ndarray
    ground: np.ndarray
    camera: Camera
    vertices: np.ndarray
    triangles: np.ndarray
    height: float
    others: tuple[np.ndarray, np.ndarray] | None = None
    says: tuple[float, float] = SAYS


def towards(azimuth: float, elevation: float) -> np.ndarray:
    """Return the unit vector towards the sun: azimuth 0 behind the building (-Z), 90 right of frame (+X), 180 behind the camera (+Z)."""
    a, e = np.radians(azimuth), np.radians(elevation)
    return np.array([np.sin(a) * np.cos(e), np.sin(e), -np.cos(a) * np.cos(e)])


@dataclass(frozen=True, eq=False)
class ShadowField:
    """The ground in a part of a picture with `side` pixels on its longer side.

    light (h, w, 3) log; ground (h, w) bool; points (n, 3): where its pixels lie; camera: the whole small picture's; scene: embree's; others:
    what may throw shadows too; beheaded: the picture's upper border cuts the solid off; stray: how much the ground's own log light differs
    between places as far apart as an edge's sides; says: as in `Caster`.
    """

    light: np.ndarray
    ground: np.ndarray
    points: np.ndarray
    camera: Camera
    scene: object
    others: object | None
    beheaded: bool
    stray: float
    side: int
    says: tuple[float, float]

    def evidence(self, azimuth: float, elevation: float) -> float:
        """Return how much likelier the picture is with the sun there than without any shadow, natural logarithm.

        Steps along the predicted edge are USUAL_STEP in the mean with the sun there, 0 without; the sun adds more red than blue.
        """
        steps = self.steps(azimuth, elevation)
        if len(steps) < FEWEST_EDGE:
            return 0.0
        length = len(steps) * 320 / self.side
        step = float(np.clip(steps.mean(axis=1), -STEEPEST, STEEPEST).mean())
        told = length / ALONG * USUAL_STEP * (step - 0.5 * USUAL_STEP) / (self.stray**2 + UNEVEN)
        tint = float(np.median(steps[:, 2] - steps[:, 0]))
        hue = 0.5 * (tint / ANY_TINT) ** 2 - 0.5 * ((tint - TINT) / TINT_STRAY) ** 2 + np.log(ANY_TINT / TINT_STRAY)
        # Colour alone is no shadow.
        return tempered(told + min(length / TINT_ALONG * hue, max(told, 0.0)), *self.says)

    def ratio(self, azimuth: float, elevation: float) -> np.ndarray | None:
        """Return the light (3,) of ground in the sun over that in the shadow; None where no edge is seen."""
        steps = self.steps(azimuth, elevation)
        steps = steps[steps.mean(axis=1) > CLEAR_STEP] if len(steps) else steps
        return np.exp(np.median(steps, axis=0)) if len(steps) >= FEWEST_EDGE else None

    def steps(self, azimuth: float, elevation: float) -> np.ndarray:
        """Return the log light outside the predicted shadow minus that inside (n, 3), along its edge."""
        shade, known = (np.zeros(self.ground.shape, np.float32) for _ in range(2))
        shade[self.ground], known[self.ground] = self._shaded(towards(azimuth, elevation))
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
            good &= kept & self.ground[at] & ((shade[at] > 0.5) == wanted) & (known[at] > 0)
        return self.light[outside[good, 1], outside[good, 0]] - self.light[inside[good, 1], inside[good, 0]]

    def _shaded(self, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return which points (n,) lie in the shadow, and which of them are known to, or not to (n,) bool: where the picture's upper border
        cuts what casts it off, nobody knows how high it goes on; and what lies beside it may lie in the shadow of something else."""
        shaded = _blocked(self.scene, self.points, direction)
        known = np.ones(len(shaded), bool) if self.others is None else shaded | ~_blocked(self.others, self.points, direction)
        if self.beheaded:
            under = self.points[shaded]
            reach = _traced(self.scene, under, direction, "DISTANCE")
            pixels, depth = project(self.camera, under + direction * reach[:, None])
            known[shaded] &= (depth > 0) & (pixels[:, 1] > BORDER * self.camera.height)
        return shaded, known


def tempered(told: float, least: float, much: float) -> float:
    """Return what a building's shadow says (natural logarithm), never less than `least`, and ever less above `much`."""
    return max(told, least) if told < much else much * (1 + float(np.log(told / much)))


def shadow_field(caster: Caster, side: int) -> ShadowField | None:
    """Return the ground on which a caster's shadow may lie, in a picture with `side` pixels on its longer side; None where next to none shows."""
    camera, ground = caster.camera, caster.ground
    scale = min(1.0, side / max(ground.shape))
    size = (round(camera.width * scale), round(camera.height * scale))
    small = resized(camera, *size)
    directions = rays(small, pixel_grid(small))
    origin = eye(small)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = -origin[1] / directions[..., 1]
    points = origin + directions * np.where(np.isfinite(reach), reach, -1.0)[..., None]
    near = (reach > 0) & (np.linalg.norm(points - caster.vertices.mean(axis=0) * (1, 0, 1), axis=-1) < REACH * caster.height)
    shown = (cv2.resize(ground.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99) & near
    scene = embree_scene(caster.vertices, caster.triangles)
    # Where the model stands before what it stands for, its own foot would pass for a shadow.
    shown[shown] = ~_blocked(scene, points[shown], origin - points[shown])
    if np.count_nonzero(shown) < 200:
        return None
    window = around(shown)
    light = np.log(np.maximum(cv2.resize(caster.texture, size, interpolation=cv2.INTER_AREA), 1e-3))
    light = cv2.GaussianBlur(light, (0, 0), 0.7)[window]
    others = None if caster.others is None else embree_scene(*caster.others)
    pixels, depth = project(small, caster.vertices)
    within = (depth > 0) & (pixels[:, 0] > 0) & (pixels[:, 0] < small.width)
    beheaded = bool((pixels[within, 1] < BORDER * small.height).any())
    return ShadowField(
        light,
        shown[window],
        points[shown],
        small,
        scene,
        others,
        beheaded,
        _stray(light.mean(axis=-1), shown[window]),
        side,
        caster.says,
    )


def continued(vertices: np.ndarray, triangles: np.ndarray, camera: Camera, facades: tuple[Facade, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return a solid, vertices (n, 3) and triangles (m, 3), that goes on beyond the picture where its left or right border cuts a façade off."""
    shifts = [np.zeros(3)]
    for facade in facades:
        along = np.asarray(facade.along) * facade.width
        foot = np.asarray(facade.origin)
        pixels, depth = project(camera, np.array([foot, foot + along]))
        cut = (depth <= 0.1) | (pixels[:, 0] < CUT_OFF * camera.width) | (pixels[:, 0] > (1 - CUT_OFF) * camera.width)
        if cut.sum() == 1:
            shifts += [(step + 1) * (along if cut[1] else -along) for step in range(GOES_ON)]
    every = [vertices + shift for shift in shifts]
    return np.concatenate(every), np.concatenate([triangles + index * len(vertices) for index in range(len(every))])


def _stray(light: np.ndarray, ground: np.ndarray) -> float:
    """Return the usual difference of log light (h, w) between places of the ground as far apart as the two sides of an edge."""
    apart = round(2 * ASIDE + 1)
    across = np.abs(light[:, apart:] - light[:, :-apart])[ground[:, apart:] & ground[:, :-apart]]
    down = np.abs(light[apart:] - light[:-apart])[ground[apart:] & ground[:-apart]]
    every = np.concatenate([across, down])
    return max(LEAST_UNEVEN, 1.48 * float(np.median(every))) if len(every) else 1.0


def _blocked(scene: object, points: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Return whether rays from points (n, 3) along `ways` (n, 3) or (3,) meet the scene (n,) bool."""
    return _traced(scene, points, ways, "OCCLUDED") != UNHIT


def _traced(scene: object, points: np.ndarray, ways: np.ndarray, query: str) -> np.ndarray:
    """Return what embree's query says of rays from points (n, 3) along `ways` (n, 3) or (3,); DISTANCE is in lengths of `ways`."""
    origins = (points + LIFT * ways / np.linalg.norm(ways, axis=-1, keepdims=True)).astype(np.float32)
    directions = np.ascontiguousarray(np.broadcast_to(ways, origins.shape), np.float32)
    return np.asarray(scene.run(origins, directions, query=query))  # type: ignore[attr-defined]


def embree_scene(vertices: np.ndarray, triangles: np.ndarray) -> object:
    """Return embree's scene of a mesh, vertices (n, 3) and triangles (m, 3)."""
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    scene = EmbreeScene()
    TriangleMesh(scene, vertices.astype(np.float32), triangles.astype(np.int32))
    return scene
