"""Drawn places seen from above: houses or a drum on mottled ground, in the light of a known sun or of an overcast sky."""

from __future__ import annotations

import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, pixel_grid, rays
from derrumbe.survey.cast import embree_scene
from tests.survey.scenes import look

Mesh = tuple[np.ndarray, np.ndarray]
SKYWARD = 24
"""Directions from which an overcast sky's light comes."""


def hip(x: float, z: float, width: float, depth: float, wall: float, roof: float) -> Mesh:
    """Return a house with a hip roof: vertices (10, 3), quads as pairs of triangles (m, 3)."""
    corners = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]
    ridge = 0.5 * max(0.0, depth - width)
    low = [(x + u * width, 0, z + v * depth) for u, v in corners]
    eaves = [(x + u * width, wall, z + v * depth) for u, v in corners]
    top = [(x, wall + roof, z - ridge), (x, wall + roof, z + ridge)]
    triangles = [(a, b, b + 4) for a, b in ((0, 1), (1, 2), (2, 3), (3, 0))] + [
        (a, b + 4, a + 4) for a, b in ((0, 1), (1, 2), (2, 3), (3, 0))
    ]
    triangles += [(4, 5, 8), (6, 7, 9), (5, 6, 9), (5, 9, 8), (7, 4, 8), (7, 8, 9)]
    return np.array([*low, *eaves, *top], float), np.array(triangles)


def drum(radius: float, inner: float, height: float, parts: int = 40) -> Mesh:
    """Return a ring of walls, open to the sky, around the origin."""
    turn = np.linspace(0, 2 * np.pi, parts, endpoint=False)
    round_ = np.stack([np.cos(turn), 0 * turn, np.sin(turn)], 1)
    up = np.array([0, height, 0])
    vertices = np.concatenate([radius * round_, radius * round_ + up, inner * round_ + up, inner * round_])
    first, following = np.arange(parts), np.roll(np.arange(parts), -1)
    quads = [(k * parts, k * parts + parts) for k in range(3)]
    triangles = [np.stack([first + a, following + a, following + b], 1) for a, b in quads]
    triangles += [np.stack([first + a, following + b, first + b], 1) for a, b in quads]
    return vertices, np.concatenate(triangles)


def joined(meshes: list[Mesh]) -> Mesh:
    offsets = np.cumsum([0, *(len(vertices) for vertices, _ in meshes)])
    return np.concatenate([vertices for vertices, _ in meshes]), np.concatenate(
        [triangles + offset for (_, triangles), offset in zip(meshes, offsets, strict=False)]
    )


def village(seed: int) -> Mesh:
    """Return rows of houses on a level ground."""
    rng = np.random.default_rng(seed)
    houses = [
        hip(x + rng.uniform(-2, 2), z + rng.uniform(-2, 2), rng.uniform(8, 11), rng.uniform(11, 16), rng.uniform(5, 7), rng.uniform(2, 4))
        for x in range(-60, 61, 20)
        for z in range(-70, 31, 25)
    ]
    return joined(houses)


def around(height: float, distance: float, turns: tuple[float, ...], picture: tuple[int, int] = (320, 180)) -> list[Camera]:
    """Return cameras that look at the origin from above, some turns round it, degrees."""
    return [
        look(
            1.1 * picture[0],
            picture,
            (distance * np.sin(np.radians(turn)), height, distance * np.cos(np.radians(turn))),
            (0.0, 2.0, 0.0),
            0.0,
        )
        for turn in turns
    ]


def seen(mesh: Mesh, camera: Camera, sun: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return light (h, w, 3), points and normals (h, w, 3) of a mesh on the ground y = 0; sun: towards it, None for an overcast sky."""
    far = 500.0
    floor = np.array([[-far, 0, -far], [far, 0, -far], [far, 0, far], [-far, 0, far]]), np.array([[0, 1, 2], [0, 2, 3]])
    vertices, triangles = joined([mesh, floor])
    scene = embree_scene(vertices, triangles)
    ways = rays(camera, pixel_grid(camera)).reshape(-1, 3)
    origins = np.broadcast_to(eye(camera), ways.shape)
    hit = scene.run(origins.astype(np.float32), ways.astype(np.float32), output=True)
    face, reach = np.maximum(hit["primID"], 0), np.where(hit["primID"] >= 0, hit["tfar"], 400.0)
    points = origins + ways * reach[:, None]
    corners = vertices[triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal = (normal / np.linalg.norm(normal, axis=1, keepdims=True))[face]
    normal *= -np.sign((normal * ways).sum(axis=1, keepdims=True))
    start = (points + 0.02 * normal).astype(np.float32)
    light = np.zeros((len(points), 3))
    for way in _sky(SKYWARD):
        free = scene.run(start, np.broadcast_to(way, start.shape).astype(np.float32), query="OCCLUDED") < 0
        light += (free * np.maximum(normal @ way, 0))[:, None] * np.array([0.7, 0.95, 1.4]) * 2 / SKYWARD
    light += 0.15
    if sun is not None:
        free = scene.run(start, np.broadcast_to(sun, start.shape).astype(np.float32), query="OCCLUDED") < 0
        light += (free * np.maximum(normal @ sun, 0))[:, None] * np.array([3.4, 3.0, 2.5])
    shape = (camera.height, camera.width, 3)
    paint = _paint(points, face, len(triangles) - 2, seed)
    return ((0.3 * light * paint).reshape(shape).astype(np.float32), points.reshape(shape), normal.reshape(shape))


def _sky(count: int) -> np.ndarray:
    """Return directions (count, 3), even over the upper half of the sphere."""
    height = (np.arange(count) + 0.5) / count
    turn = np.arange(count) * np.pi * (3 - np.sqrt(5))
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(turn), height, flat * np.sin(turn)], 1)


def _paint(points: np.ndarray, face: np.ndarray, faces: int, seed: int) -> np.ndarray:
    """Return albedo (n, 3): each face its own, the ground in patches of a garden's size."""
    rng = np.random.default_rng((seed, 5))
    own = np.exp(rng.normal(-1.3, 0.35, faces + 2))[face]
    patches = np.exp(rng.normal(-1.4, 0.4, (97, 89)))
    place = np.floor(points[:, [0, 2]] / 7.0).astype(int)
    tone = np.where(face < faces, own, patches[place[:, 0] % 97, place[:, 1] % 89])
    tone = tone * np.exp(rng.normal(0, 0.1, len(tone)))
    hue = np.exp(rng.normal(0, 0.1, (faces + 2, 3)))[face]
    return tone[:, None] * hue
