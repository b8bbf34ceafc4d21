"""Fragments as a mesh each, grouped by storey and keyed where they move; debris as points with widths."""

from __future__ import annotations

import numpy as np

from derrumbe.core.records import FrameRange, Motion
from derrumbe.deliver.scene.usd import ROOT, Layer

FACES = {"outer": 0.4, "broken": 0.25, "slab": 0.3, "room": 0.2}
"""Material and grey of each kind of face, in order of triangle_face."""


def add_pieces(layer: Layer, frames: FrameRange, motion: Motion, pieces: dict[str, np.ndarray], poses: dict[str, np.ndarray]) -> None:
    """Add every piece under its storey."""
    layer.prim(f"{ROOT}/pieces", "Xform")
    materials = [layer.material(f"{ROOT}/materials/{name}", grey) for name, grey in FACES.items()]
    samples = frame_samples(frames, motion)
    position, rotation = poses["position"][samples], poses["rotation"][samples]
    order = np.argsort(pieces["triangle_piece"], kind="stable")
    ends = np.searchsorted(pieces["triangle_piece"][order], np.arange(len(pieces["centre"]) + 1))
    storeys = pieces.get("storey", np.zeros(len(pieces["centre"]), int))
    for piece in range(len(pieces["centre"])):
        path = f"{ROOT}/pieces/storey_{max(int(storeys[piece]), 0):02d}"
        if layer.layer.GetPrimAtPath(path) is None:
            layer.prim(path, "Xform")
        path += f"/piece_{piece + 1:04d}"
        add_piece(layer, path, pieces, piece, order[ends[piece] : ends[piece + 1]], materials)
        moves = poses["released"][piece] >= 0
        add_motion(layer, path, frames, position[:, piece] if moves else position[:1, piece], rotation[:, piece])


def add_piece(layer: Layer, path: str, pieces: dict[str, np.ndarray], piece: int, mine: np.ndarray, materials: list[str]) -> None:
    """Add one piece about its centre of mass, its faces sorted by material."""
    start, end = pieces["vertex_start"][piece : piece + 2]
    layer.mesh(path, pieces["vertices"][start:end] - pieces["centre"][piece], pieces["triangles"][mine] - start)
    kinds = pieces["triangle_face"][mine]
    found = np.unique(kinds)
    if len(found) == 1:
        layer.bind(path, materials[int(found[0])])
        return
    for kind in found:
        name = list(FACES)[int(kind)]
        part = layer.prim(f"{path}/{name}", "GeomSubset")
        layer.attribute(part, "elementType", "token", "face", uniform=True)
        layer.attribute(part, "familyName", "token", "materialBind", uniform=True)
        layer.attribute(part, "indices", "int[]", np.flatnonzero(kinds == kind))
        layer.bind(part, materials[int(kind)])


def add_motion(layer: Layer, path: str, frames: FrameRange, position: np.ndarray, rotation: np.ndarray) -> None:
    """Place a piece by its poses per frame: position (f, 3) and rotation (f, 4) wxyz, or by its only position."""
    keyed = where_it_moves(position, rotation) if len(position) > 1 else np.zeros(0, int)
    if len(keyed) == 0:
        layer.attribute(path, "xformOp:translate", "float3", position[0].tolist())
        layer.order(path, "xformOp:translate")
        return
    at = (keyed + frames.first).tolist()
    layer.keys(path, "xformOp:translate", "float3", at, position[keyed].tolist())
    layer.keys(path, "xformOp:orient", "quatf", at, steady_signs(rotation[keyed]).tolist())
    layer.order(path, "xformOp:translate", "xformOp:orient")


def where_it_moves(position: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Return the indices of the poses that differ from the one before or the one after: the others follow from their neighbours."""
    changed = (position[1:] != position[:-1]).any(1) | (rotation[1:] != rotation[:-1]).any(1)
    kept = np.zeros(len(position), bool)
    kept[1:] |= changed
    kept[:-1] |= changed
    return np.flatnonzero(kept)


def steady_signs(turns: np.ndarray) -> np.ndarray:
    """Return unit quaternions (n, 4) with signs chosen so that neighbours are on the same half sphere."""
    turns = turns.astype(np.float64)
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    signs = np.cumprod(np.where((turns[1:] * turns[:-1]).sum(1) < 0, -1.0, 1.0))
    return np.concatenate([turns[:1], turns[1:] * signs[:, None]])


def add_debris(layer: Layer, frames: FrameRange, motion: Motion, debris: dict[str, np.ndarray]) -> None:
    """Add the debris that is born by each frame, as points with ids and widths (diameters, metres)."""
    samples = frame_samples(frames, motion)
    born = np.isfinite(debris["position"][samples]).all(2)
    if not born.any():
        return
    path = layer.prim(f"{ROOT}/debris", "Points")
    paths = [layer.attribute(path, *one).path for one in (("points", "point3f[]"), ("widths", "float[]"), ("ids", "int64[]"))]
    for frame, sample, here in zip(frames, samples, born, strict=True):
        alive = np.flatnonzero(here)
        values = (debris["position"][sample, alive], 2 * debris["radius"][alive], alive + 1)
        for where, kind, value in zip(paths, ("point3f[]", "float[]", "int64[]"), values, strict=True):
            layer.sample(where, frame, kind, value)


def frame_samples(frames: FrameRange, motion: Motion) -> np.ndarray:
    """Return the sample at which each frame's shutter opens, the last one where motion ends early."""
    return np.minimum(np.arange(len(frames)) * motion.samples_per_frame, motion.sample_count - 1)
