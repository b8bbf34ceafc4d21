"""Shards and elements become the arrays of a Pieces record."""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold

from derrumbe.core.records import Caution, Pieces
from derrumbe.fracture.bonds import Bonds, bond, tied
from derrumbe.fracture.contacts import contacts
from derrumbe.fracture.cracks import Shard
from derrumbe.fracture.elements import Element
from derrumbe.fracture.faces import classify
from derrumbe.fracture.materials import MATTER, Stuff
from derrumbe.fracture.sizes import power_law_exponent
from derrumbe.fracture.skin import Skin
from derrumbe.geom.carving import mesh_of, triangle_normals

Arrays = dict[str, np.ndarray]
LOOSE = 0.02
"""A larger share of the mass that hangs free is reported."""
CLEAN = 5e-4
"""Corners nearer than this to each other are one, metres."""
NEAR_GROUND = 0.05
"""Pieces that reach down to this above the ground (or the solid's foot) stand on it, metres."""


def assemble(
    shards: list[Shard], elements: list[Element], body: Manifold, eye: np.ndarray, rng: np.random.Generator
) -> tuple[Pieces, Arrays]:
    """Return the record and the arrays of its file. `eye` (3,): where the camera stands."""
    arrays = _meshes(shards) | _labels(shards, elements)
    arrays |= _masses(arrays)
    arrays["grounded"] = _grounded(arrays, body)
    bonds, loose = _faces_and_bonds(arrays, body, eye, rng)
    arrays |= {"bonds": bonds.pairs.astype(np.int32), "bond_area": bonds.area.astype(np.float32)}
    arrays |= {"bond_strength": bonds.strength.astype(np.float32), "bond_centre": bonds.centre.astype(np.float32)}
    record = Pieces(
        piece_count=len(shards),
        bond_count=len(bonds.pairs),
        element_count=len(elements),
        storey_count=int(arrays["storey"].max()) + 1,
        total_mass=float(arrays["mass"].sum(dtype=np.float64)),
        size_exponent=power_law_exponent(np.cbrt(arrays["volume"])),
        warnings=_cautions(loose),
    )
    return record, _narrow(arrays)


def _narrow(arrays: Arrays) -> Arrays:
    """Return the arrays in the types of the record."""
    types = {"vertices": np.float32, "triangles": np.int32, "centre": np.float32, "mass": np.float32, "volume": np.float32}
    return {name: value.astype(types.get(name, value.dtype)) for name, value in arrays.items()}


def _meshes(shards: list[Shard]) -> Arrays:
    """Return vertices, vertex_start, triangles (global ids, outward) and triangle_piece of the shards' hulls."""
    meshes = [mesh_of(shard.solid.hull().simplify(CLEAN).hull()) for shard in shards]
    start = np.cumsum([0, *(len(vertices) for vertices, _ in meshes)])
    return {
        "vertices": np.concatenate([vertices for vertices, _ in meshes]).astype(np.float32).astype(np.float64),
        "vertex_start": start.astype(np.int32),
        "triangles": np.concatenate([triangles + first for (_, triangles), first in zip(meshes, start, strict=False)]),
        "triangle_piece": np.repeat(np.arange(len(meshes)), [len(triangles) for _, triangles in meshes]).astype(np.int32),
    }


def _labels(shards: list[Shard], elements: list[Element]) -> Arrays:
    owner = np.array([shard.element for shard in shards], np.int32)
    return {
        "element": owner,
        "block": np.unique([shard.block for shard in shards], return_inverse=True)[1].astype(np.int32),
        "storey": np.array([element.level for element in elements], np.int16)[owner],
        "material": np.array([element.stuff for element in elements], np.uint8)[owner],
        "element_kind": np.array([element.kind for element in elements], np.uint8),
    }


def _masses(arrays: Arrays) -> Arrays:
    """Return volume, centre of mass and mass of every piece, by summing tetrahedra from its first vertex."""
    owner, count = arrays["triangle_piece"], len(arrays["element"])
    apex = arrays["vertices"][arrays["vertex_start"][:-1]]
    corners = arrays["vertices"][arrays["triangles"]] - apex[owner][:, None]
    sixth = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    volume = np.bincount(owner, sixth, count)
    moment = np.stack([np.bincount(owner, sixth * corners.sum(axis=1)[:, k] / 4, count) for k in range(3)], axis=1)
    density = np.array([MATTER[stuff].density for stuff in Stuff])
    return {"volume": volume, "centre": apex + moment / volume[:, None], "mass": volume * density[arrays["material"]]}


def _grounded(arrays: Arrays, body: Manifold) -> np.ndarray:
    lowest = np.minimum.reduceat(arrays["vertices"][:, 1], arrays["vertex_start"][:-1])
    return np.asarray(lowest < max(0.0, body.bounding_box()[1]) + NEAR_GROUND)


def _faces_and_bonds(arrays: Arrays, body: Manifold, eye: np.ndarray, rng: np.random.Generator) -> tuple[Bonds, float]:
    """Add `triangle_face` to the arrays and return the bonds, and the share of the mass that hung free."""
    owner = arrays["triangle_piece"]
    start = np.searchsorted(owner, np.arange(len(arrays["element"]) + 1))
    pairs, area, centre, normal, covered = contacts(arrays["vertices"], arrays["triangles"], start, arrays["vertex_start"])
    corners = arrays["vertices"][arrays["triangles"]]
    normals, areas = triangle_normals(arrays["vertices"], arrays["triangles"])
    kind = arrays["element_kind"][arrays["element"]][owner]
    uncovered = 1 - covered / np.maximum(areas, 1e-12)
    arrays["triangle_face"] = classify(corners, normals, uncovered, kind, Skin(body), eye)
    bonds = bond(pairs, area, centre, normal, arrays["material"], arrays["element"], rng)
    return tied(bonds, arrays["centre"], arrays["mass"], arrays["grounded"])


def _cautions(loose: float) -> tuple[Caution, ...]:
    if loose < LOOSE:
        return ()
    return (Caution(what=f"{loose:.0%} of the building touches nothing that stands on the ground", remedy="check the outline"),)
