"""A USD layer being put together prim by prim: plain opinions, no composition, so that equal shots are equal bytes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.files import replacing
from derrumbe.core.records import Plate

ROOT = "/shot"


class Layer:
    """The layer of one shot: metres, +Y up, time codes are frame numbers."""

    def __init__(self, plate: Plate) -> None:
        from pxr import Sdf

        self.sdf = Sdf
        self.layer = Sdf.Layer.CreateAnonymous(".usdc")
        self.prim(ROOT, "Xform", kind="component")
        self.layer.defaultPrim = ROOT.strip("/")
        self.layer.startTimeCode, self.layer.endTimeCode = plate.frames.first, plate.frames.last
        self.layer.timeCodesPerSecond = self.layer.framesPerSecond = float(plate.rate)
        self.layer.pseudoRoot.SetInfo("metersPerUnit", 1.0)
        self.layer.pseudoRoot.SetInfo("upAxis", "Y")

    def prim(self, path: str, type_name: str, **info: Any) -> str:
        """Define a prim; return its path. `info` is metadata."""
        spec = self.sdf.CreatePrimInLayer(self.layer, path)
        spec.specifier, spec.typeName = self.sdf.SpecifierDef, type_name
        for key, value in info.items():
            spec.SetInfo(key, value)
        return path

    def attribute(self, prim: str, name: str, kind: str, value: Any = None, *, uniform: bool = False, **info: Any) -> Any:
        """Give a prim an attribute of a USD value type; return its specification. Arrays are numpy arrays."""
        sdf = self.sdf
        variability = sdf.VariabilityUniform if uniform else sdf.VariabilityVarying
        spec = sdf.AttributeSpec(self.layer.GetPrimAtPath(prim), name, sdf.ValueTypeNames.Find(kind), variability)
        if value is not None:
            spec.default = converted(kind, value)
        for key, one in info.items():
            spec.SetInfo(key, one)
        return spec

    def keys(self, prim: str, name: str, kind: str, frames: Iterable[int], values: Iterable[Any]) -> None:
        """Give a prim an attribute with a value at each of `frames`."""
        path = self.attribute(prim, name, kind).path
        for frame, value in zip(frames, values, strict=True):
            self.sample(path, frame, kind, value)

    def sample(self, path: Any, frame: int, kind: str, value: Any) -> None:
        """Set an attribute's value at a frame."""
        self.layer.SetTimeSample(path, float(frame), converted(kind, value))

    def point_to(self, prim: str, name: str, target: str) -> None:
        """Give a prim a relationship to another."""
        spec = self.sdf.RelationshipSpec(self.layer.GetPrimAtPath(prim), name, custom=False)
        spec.targetPathList.explicitItems.append(target)

    def bind(self, prim: str, material: str) -> None:
        """Let a prim wear a material."""
        applied = self.sdf.TokenListOp.Create(["MaterialBindingAPI"])
        self.layer.GetPrimAtPath(prim).SetInfo("apiSchemas", applied)
        self.point_to(prim, "material:binding", material)

    def mesh(self, path: str, vertices: np.ndarray, faces: np.ndarray, purpose: str = "") -> str:
        """Define a mesh of faces that all have as many corners, with its own vertices (n, 3)."""
        self.prim(path, "Mesh")
        self.attribute(path, "points", "point3f[]", vertices)
        self.attribute(path, "faceVertexCounts", "int[]", np.full(len(faces), faces.shape[1]))
        self.attribute(path, "faceVertexIndices", "int[]", faces.reshape(-1))
        self.attribute(path, "extent", "float3[]", np.stack([vertices.min(0), vertices.max(0)]))
        self.attribute(path, "subdivisionScheme", "token", "none", uniform=True)
        if purpose:
            self.attribute(path, "purpose", "token", purpose, uniform=True)
        return path

    def material(self, path: str, grey: float) -> str:
        """Define a dull grey material."""
        self.prim(path, "Material")
        shader = self.prim(f"{path}/surface", "Shader")
        self.attribute(shader, "info:id", "token", "UsdPreviewSurface", uniform=True)
        self.attribute(shader, "inputs:diffuseColor", "color3f", (grey, grey, grey))
        self.attribute(shader, "inputs:roughness", "float", 1.0)
        self.attribute(shader, "outputs:surface", "token")
        output = self.attribute(path, "outputs:surface", "token")
        output.connectionPathList.explicitItems.append(f"{shader}.outputs:surface")
        return path

    def transform(self, prim: str, matrix: np.ndarray) -> None:
        """Place a prim by a 4x4 matrix that multiplies columns."""
        self.attribute(prim, "xformOp:transform", "matrix4d", matrix)
        self.order(prim, "xformOp:transform")

    def order(self, prim: str, *operations: str) -> None:
        """Name the operations that place a prim, outermost first."""
        from pxr import Vt

        self.attribute(prim, "xformOpOrder", "token[]", Vt.TokenArray(operations), uniform=True)

    def write(self, path: Path) -> None:
        """Write the whole file."""
        with replacing(path) as temporary:
            self.layer.Export(str(temporary))


def converted(kind: str, value: Any) -> Any:
    """Return a number, tuple or numpy array as USD's own type."""
    from pxr import Gf, Sdf, Vt

    if isinstance(value, np.ndarray) and kind.endswith("[]"):
        array, number = {
            "int[]": (Vt.IntArray, np.int32),
            "int64[]": (Vt.Int64Array, np.int64),
            "float[]": (Vt.FloatArray, np.float32),
        }.get(kind, (Vt.Vec3fArray, np.float32))
        return array.FromNumpy(np.ascontiguousarray(value, number))
    if kind == "matrix4d":
        return Gf.Matrix4d(np.asarray(value, np.float64).T.tolist())  # USD multiplies rows
    if kind == "quatf":
        return Gf.Quatf(*value)
    if kind in ("float3", "color3f"):
        return Gf.Vec3f(*value)
    if kind == "asset":
        return Sdf.AssetPath(value)
    return Gf.Vec2f(*value) if kind == "float2" else value
