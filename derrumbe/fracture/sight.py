"""What the camera sees of the elements, or will when it comes down: that breaks finer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from manifold3d import Manifold

from derrumbe.core.records import Camera
from derrumbe.fracture.elements import PANEL, Element
from derrumbe.geom.camera import eye, pixel_grid, rays, resized
from derrumbe.geom.carving import mesh_of

NEAR, LARGE_SEEN = 1.0, 0.06
"""A block is large when its typical edge is longer than this share of the picture's height; but nothing below so many metres is, and what is
longer than a panel is large anyway."""
SIGHT_WIDTH = 480
"""Width of the picture in which elements are looked for, pixels."""
ABOVE = 1.0
"""Heights of the picture above it in which they are looked for too: what runs out at its top falls into it, and would be giants there."""


def with_sight(elements: list[Element], camera: Camera) -> list[Element]:
    """Return the elements with `shown` and `panel` set."""
    parts = [(k, number, part) for k, element in enumerate(elements) for number, part in enumerate(element.parts)]
    shown: list[set[int]] = [set() for _ in elements]
    for found in np.flatnonzero(seen_solids([part for _, _, part in parts], camera)):
        shown[parts[found][0]].add(parts[found][1])
    return [
        replace(element, shown=frozenset(numbers), panel=_panel(element, camera)) for element, numbers in zip(elements, shown, strict=True)
    ]


def _panel(element: Element, camera: Camera) -> float:
    """Return from what edge a block of an element is large, m: in metres, and in the picture."""
    centre = np.mean([np.asarray(part.bounding_box()).reshape(2, 3).mean(0) for part in element.parts], axis=0)
    depth = float(centre @ np.asarray(camera.rotation[2]) + camera.translation[2])
    return float(np.clip(LARGE_SEEN * depth * camera.height / camera.focal_px, NEAR, PANEL))


def seen_solids(solids: Sequence[Manifold], camera: Camera) -> np.ndarray:
    """Return which of the solids a ray through some pixel of the picture, or above it, meets first, (n,) bool."""
    from embreex import rtcore_scene
    from embreex.mesh_construction import TriangleMesh

    small = _upwards(resized(camera, SIGHT_WIDTH, max(1, round(SIGHT_WIDTH * camera.height / camera.width))))
    corners = [vertices[triangles] for vertices, triangles in map(mesh_of, solids)]
    owner = np.repeat(np.arange(len(corners)), [len(triangles) for triangles in corners])
    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, np.concatenate(corners).astype(np.float32))
    directions = rays(small, pixel_grid(small)).reshape(-1, 3).astype(np.float32)
    start = np.ascontiguousarray(np.broadcast_to(eye(small).astype(np.float32), directions.shape))
    hit = scene.run(start, directions, output=True)
    seen = np.zeros(len(corners), bool)
    seen[owner[hit["primID"][hit["geomID"] >= 0]]] = True
    return seen


def _upwards(camera: Camera) -> Camera:
    """Return a camera that sees what lies above the picture too."""
    above = round(ABOVE * camera.height)
    return camera.model_copy(update={"height": camera.height + above, "cy": camera.cy + above})
