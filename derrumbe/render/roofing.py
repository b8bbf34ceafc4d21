"""Roofs told from walls by the plate's hues: what stands over the eaves in the hue of slates, tiles or copper has rafters and boards under it, what has
the walls' own hue is masonry, as gables and towers are. Fracture makes both as thick as a slab; a covering on rafters breaks as thin as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from derrumbe.render.sections import ROOF, WALL
from derrumbe.render.torn import LEVEL, OUTER, Mesh

MASONRY, TILES = 2, 5
"""Highest code of the materials that are masonry or concrete, and that of roofing."""
HUES = 0.5
"""How far a roof's hue, as logarithms of red and blue over green, is from the walls': sun and sky together set one stone apart by 0.3."""
SEEN = 12
"""Pixels of a piece that are enough to tell its hue."""
FAINT = 1e-3
"""Light below which a pixel has no hue."""
THICK = 0.16
"""Metres from the face of slates or tiles through battens and boards to the inner side of rafters."""


def roofed(material: np.ndarray, element: np.ndarray, piece: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Return the material (N,) uint8 of pieces, with masonry over the eaves of another hue than the walls' taken for roofing; so is what the plate hides
    of it where that is most of what it shows.

    element (N,): kinds; piece (n,): which piece each pixel shows, picture (n,3): in which light.
    """
    hue = np.log(np.maximum(picture, FAINT)[:, ::2] / np.maximum(picture, FAINT)[:, 1:2])
    walls, over = element[piece] == WALL, (element == ROOF) & (material <= MASONRY)
    if not walls.any() or not over.any():
        return material
    unlike = np.abs(hue - np.median(hue[walls], axis=0)).sum(1) > HUES
    seen, other = (np.bincount(piece, weight, len(material)) for weight in (np.ones(len(piece)), unlike))
    known = seen >= SEEN
    most = other[over & known].sum() > 0.5 * seen[over & known].sum()
    roofing = over & np.where(known, other > 0.5 * seen, most)
    return np.where(roofing, np.uint8(TILES), material).astype(np.uint8)


def thinned(mesh: Mesh, upper: np.ndarray, which: np.ndarray) -> Mesh:
    """Return the mesh with pieces `which` (N,) bool no thicker than roofing is: what lies deeper below their outer plane `upper` (N,4), see
    `sections.sides`, comes up under it. Outer faces stay, and so do level roofs, which are slabs."""
    plane = upper[mesh.vertex_piece]
    slopes = which & (np.linalg.norm(upper[:, :3], axis=1) > 0.5) & (upper[:, 1] < LEVEL)
    moves = slopes[mesh.vertex_piece]
    moves[mesh.triangles[mesh.face == OUTER]] = False
    deep = plane[:, 3] - np.sum(plane[:, :3] * mesh.vertices, 1)
    up = np.where(moves, np.maximum(deep - THICK, 0), 0)
    return replace(mesh, vertices=mesh.vertices + up[:, None] * plane[:, :3])
