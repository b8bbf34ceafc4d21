"""What the camera sees of the elements: that breaks finer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from manifold3d import Manifold

from derrumbe.core.records import Camera
from derrumbe.fracture.elements import Element
from derrumbe.fracture.materials import Kind
from derrumbe.geom.camera import eye, pixel_grid, rays, resized
from derrumbe.geom.carving import mesh_of

SIGHT_WIDTH = 480
"""Width of the picture in which elements are looked for, pixels."""
UNSEEN = 3.0
"""How much coarser the shell breaks where the camera doesn't see it."""
SHELL = (Kind.WALL, Kind.WINDOW, Kind.ROOF, Kind.PARAPET)


def coarser_unseen(elements: list[Element], camera: Camera) -> list[Element]:
    """Return the elements with `shown` set where the camera sees them, and `coarse` for those of the shell that show nowhere."""
    parts = [(k, part) for k, element in enumerate(elements) for part in element.parts]
    seen = {parts[number][0] for number in np.flatnonzero(seen_solids([part for _, part in parts], camera))}
    return [
        replace(element, shown=k in seen, coarse=UNSEEN if element.kind in SHELL and k not in seen else element.coarse)
        for k, element in enumerate(elements)
    ]


def seen_solids(solids: Sequence[Manifold], camera: Camera) -> np.ndarray:
    """Return which of the solids a ray through some pixel meets first, (n,) bool."""
    from embreex import rtcore_scene
    from embreex.mesh_construction import TriangleMesh

    small = resized(camera, SIGHT_WIDTH, max(1, round(SIGHT_WIDTH * camera.height / camera.width)))
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
