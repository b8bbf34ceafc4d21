"""Binary glTF 2.0 (Khronos, ISO/IEC 12113): nodes, meshes and animation in one file that Blender, Houdini and browsers open."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.files import replacing

FLOAT, UINT32 = 5126, 5125
KINDS = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}
ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963
JSON_CHUNK, BIN_CHUNK = 0x4E4F534A, 0x004E4942


class Gltf:
    """A glTF document being put together. Indices that its methods return are what other parts refer to."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Any]] = {name: [] for name in ("nodes", "meshes", "materials", "cameras", "accessors", "bufferViews")}
        self.channels: list[dict[str, Any]] = []
        self.samplers: list[dict[str, Any]] = []
        self.blob = bytearray()

    def add(self, part: str, value: dict[str, Any]) -> int:
        """Append to a part of the document; return the index."""
        self.parts[part].append(value)
        return len(self.parts[part]) - 1

    def array(self, values: np.ndarray, target: int | None = None, bounds: bool = False) -> int:
        """Store (n,), (n, 3) or (n, 4) float32 or uint32 values; return the accessor. `bounds` writes min and max."""
        kind = UINT32 if values.dtype.kind in "iu" else FLOAT
        values = np.ascontiguousarray(values, "<u4" if kind == UINT32 else "<f4")
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.blob), "byteLength": values.nbytes}
        if target:
            view["target"] = target
        self.blob += values.tobytes()
        width = 1 if values.ndim == 1 else values.shape[1]
        accessor: dict[str, Any] = {"bufferView": self.add("bufferViews", view), "componentType": kind, "count": len(values)}
        accessor["type"] = KINDS[width]
        if bounds:
            flat = values.reshape(len(values), width)
            accessor["min"], accessor["max"] = flat.min(0).tolist(), flat.max(0).tolist()
        return self.add("accessors", accessor)

    def mesh(self, name: str, vertices: np.ndarray, parts: dict[int, np.ndarray]) -> int:
        """Store a mesh: vertices (n, 3), and for each material its triangles (m, 3)."""
        position = self.array(vertices, ARRAY_BUFFER, bounds=True)
        primitives = [
            {"attributes": {"POSITION": position}, "indices": self.array(triangles.reshape(-1), ELEMENT_BUFFER), "material": material}
            for material, triangles in parts.items()
            if len(triangles)
        ]
        return self.add("meshes", {"name": name, "primitives": primitives})

    def animate(self, node: int, path: str, times: int, values: np.ndarray) -> None:
        """Drive a node's translation (n, 3) or rotation (n, 4 as x y z w), linear between the times of accessor `times`."""
        self.samplers.append({"input": times, "output": self.array(values), "interpolation": "LINEAR"})
        self.channels.append({"sampler": len(self.samplers) - 1, "target": {"node": node, "path": path}})

    def write(self, path: Path, roots: list[int], extras: dict[str, Any]) -> None:
        """Write the whole file."""
        document: dict[str, Any] = {"asset": {"version": "2.0", "generator": "derrumbe"}, "scene": 0}
        document["scenes"] = [{"name": "shot", "nodes": roots, "extras": extras}]
        document |= {name: values for name, values in self.parts.items() if values}
        if self.channels:
            document["animations"] = [{"name": "collapse", "channels": self.channels, "samplers": self.samplers}]
        document["buffers"] = [{"byteLength": len(self.blob)}]
        text = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
        text += b" " * (-len(text) % 4)
        blob = bytes(self.blob) + b"\0" * (-len(self.blob) % 4)
        with replacing(path) as temporary, temporary.open("wb") as handle:
            handle.write(struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(blob)))
            handle.write(struct.pack("<II", len(text), JSON_CHUNK) + text)
            handle.write(struct.pack("<II", len(blob), BIN_CHUNK) + blob)
