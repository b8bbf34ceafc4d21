"""The fragments as animated glTF nodes."""

from __future__ import annotations

import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import Located, Motion, Plate
from derrumbe.deliver.gltf import Gltf
from derrumbe.deliver.turns import xyzw

FACES = ("outer", "broken", "slab", "room")
"""Material of each kind of face, by triangle_face."""


def add_fragments(
    gltf: Gltf, plate: Plate, pieces: dict[str, np.ndarray], motion: Located[Motion], materials: dict[str, int], times: int
) -> int:
    """Add a node per piece under one parent, with keys for those that move; return the parent."""
    poses = load_arrays(motion.path(motion.record.poses))
    samples = frame_samples(plate, motion.record)
    position, rotation = poses["position"][samples], poses["rotation"][samples]
    order = np.argsort(pieces["triangle_piece"], kind="stable")
    ends = np.searchsorted(pieces["triangle_piece"][order], np.arange(len(pieces["centre"]) + 1))
    children = []
    for piece in range(len(pieces["centre"])):
        mine = order[ends[piece] : ends[piece + 1]]
        node = gltf.add("nodes", {"name": f"piece_{piece + 1:04d}", "mesh": piece_mesh(gltf, pieces, piece, mine, materials)})
        gltf.parts["nodes"][node]["translation"] = [float(x) for x in pieces["centre"][piece]]
        children.append(node)
        if poses["released"][piece] >= 0:
            gltf.animate(node, "translation", times, position[:, piece])
            gltf.animate(node, "rotation", times, xyzw(rotation[:, piece]))
    return gltf.add("nodes", {"name": "pieces", "children": children})


def piece_mesh(gltf: Gltf, pieces: dict[str, np.ndarray], piece: int, mine: np.ndarray, materials: dict[str, int]) -> int:
    """Store one piece about its centre of mass, its triangles split by kind of face."""
    start, end = pieces["vertex_start"][piece : piece + 2]
    triangles, kinds = pieces["triangles"][mine] - start, pieces["triangle_face"][mine]
    parts = {materials[name]: triangles[kinds == kind] for kind, name in enumerate(FACES)}
    return gltf.mesh(f"piece_{piece + 1:04d}", pieces["vertices"][start:end] - pieces["centre"][piece], parts)


def frame_samples(plate: Plate, motion: Motion) -> np.ndarray:
    """Return the sample at which each frame's shutter opens, the last one where motion ends early."""
    return np.minimum(np.arange(len(plate.frames)) * motion.samples_per_frame, motion.sample_count - 1)
