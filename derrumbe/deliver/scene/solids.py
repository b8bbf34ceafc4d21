"""The set's meshes: ground, neighbours, the building as it stood, its façades and their openings."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from derrumbe.core.files import load_arrays, write_text
from derrumbe.core.records import GROUND, MADE_UP, NEIGHBOUR, Facade, Located, Set

PROXIES = {GROUND: "ground", NEIGHBOUR: "neighbours", MADE_UP: "background"}
Solid = tuple[np.ndarray, np.ndarray]
"""Vertices (n, 3) metres and faces (m, 3 or 4)."""


def set_solids(film_set: Located[Set]) -> dict[str, Solid]:
    """Return ground, neighbours, what is made up behind the building, and the building as triangles, each with its own vertices."""
    proxies = load_arrays(film_set.path(film_set.record.proxies))
    solid = load_arrays(film_set.path(film_set.record.building.solid))
    found = {
        name: compact(proxies["vertices"], proxies["triangles"][proxies["kind"] == kind])
        for kind, name in PROXIES.items()
        if (proxies["kind"] == kind).any()
    }
    return found | {"building": (solid["vertices"], solid["triangles"])}


def facade_solids(film_set: Set) -> dict[str, Solid]:
    """Return each façade, and each façade's openings, as quadrilaterals seen from outside."""
    found: dict[str, Solid] = {}
    for number, facade in enumerate(film_set.building.facades, 1):
        found[f"facade_{number}"] = rectangles(facade, [(0.0, 0.0, facade.width, facade.height)])
        if facade.openings:
            found[f"openings_{number}"] = rectangles(facade, [(o.left, o.bottom, o.right, o.top) for o in facade.openings])
    return found


def rectangles(facade: Facade, boxes: list[tuple[float, float, float, float]]) -> Solid:
    """Return boxes (left, bottom, right, top), metres on a façade, as corners (4 n, 3) and quadrilaterals (n, 4)."""
    flat = np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]] for x0, y0, x1, y1 in boxes]).reshape(-1, 2)
    world = np.asarray(facade.origin) + flat[:, :1] * np.asarray(facade.along) + flat[:, 1:] * np.array([0.0, 1.0, 0.0])
    return world, np.arange(len(world)).reshape(-1, 4)


def compact(vertices: np.ndarray, triangles: np.ndarray) -> Solid:
    """Return only the vertices that `triangles` use, and the triangles renumbered."""
    used, renumbered = np.unique(triangles, return_inverse=True)
    return vertices[used], renumbered.reshape(-1, 3)


def write_obj(path: Path, solids: dict[str, Solid]) -> None:
    """Write a Wavefront OBJ, an object per solid; indices start at 1."""
    lines, start = ["# metres, +Y up"], 1
    for name, (vertices, triangles) in solids.items():
        lines.append(f"o {name}")
        lines += ["v {:.6g} {:.6g} {:.6g}".format(*vertex) for vertex in vertices.tolist()]
        lines += ["f {} {} {}".format(*corner) for corner in (triangles + start).tolist()]
        start += len(vertices)
    write_text(path, "\n".join(lines) + "\n")
