"""Rays against solids: who sees the sun and how much of the sky (Embree, single precision, offset along the normal)."""

from __future__ import annotations

import numba as nb
import numpy as np

CHUNK = 1 << 19
LIFT = 4e-3
"""Metres that a ray starts off its surface."""


class Occluders:
    """Triangles to cast rays against. meshes: pairs of vertices (V,3) float and triangles (T,3) int32."""

    def __init__(self, *meshes: tuple[np.ndarray, np.ndarray]) -> None:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        self._scene = EmbreeScene()
        parts = [(v.astype(np.float32), np.ascontiguousarray(t, np.int32)) for v, t in meshes if len(t)]
        self.empty = not parts
        # Embree holds pointers into the meshes, so they live as long as the scene does
        self._meshes = [TriangleMesh(self._scene, v, t) for v, t in parts]

    def blocked(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return (n,) bool: something stands in the way of rays with origins and directions (n,3) float32."""
        if self.empty or not len(origins):
            return np.zeros(len(origins), bool)
        out = np.empty(len(origins), bool)
        for start in range(0, len(origins), CHUNK):
            part = slice(start, start + CHUNK)
            out[part] = self._scene.run(origins[part], directions[part], query="OCCLUDED") >= 0
        return out


@nb.njit(cache=True)
def lifted(points, normals, distance):  # type: ignore[no-untyped-def]
    """Return ray origins (n,3) float32 a little off the surface."""
    out = np.empty((points.shape[0], 3), np.float32)
    for i in range(points.shape[0]):
        for c in range(3):
            out[i, c] = points[i, c] + distance * normals[i, c]
    return out


@nb.njit(cache=True)
def sun_directions(keys, index, sun, softness):  # type: ignore[no-untyped-def]
    """Return directions (n,3) float32 to points of the sun's disc; keys (n,) int64 decorrelate neighbours, index counts samples.

    softness: angular diameter in radians.
    """
    up = np.array([0.0, 1.0, 0.0]) if abs(sun[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    s = np.cross(up, sun)
    s /= np.sqrt(np.sum(s * s))
    t = np.cross(sun, s)
    out = np.empty((keys.shape[0], 3), np.float32)
    for i in range(keys.shape[0]):
        u, v = _pair(keys[i], index)
        radius, angle = 0.5 * softness * np.sqrt(u), 2 * np.pi * v
        a, b = radius * np.cos(angle), radius * np.sin(angle)
        for c in range(3):
            out[i, c] = sun[c] + a * s[c] + b * t[c]
    return out


@nb.njit(cache=True)
def sky_directions(keys, index, normals):  # type: ignore[no-untyped-def]
    """Return cosine-distributed directions (n,3) float32 about unit normals (n,3) (Malley's method)."""
    out = np.empty((keys.shape[0], 3), np.float32)
    for i in range(keys.shape[0]):
        u, v = _pair(keys[i], index)
        # a point on the unit sphere added to the normal is cosine distributed
        z, angle = 1 - 2 * u, 2 * np.pi * v
        ring = np.sqrt(max(1 - z * z, 0.0)) * 0.9999
        out[i, 0] = normals[i, 0] + ring * np.cos(angle)
        out[i, 1] = normals[i, 1] + ring * np.sin(angle)
        out[i, 2] = normals[i, 2] + z * 0.9999
    return out


@nb.njit(cache=True, inline="always")
def _pair(key, index):  # type: ignore[no-untyped-def]
    """Return two numbers in [0,1): the R2 sequence (Roberts, 2018) turned by the key (Cranley and Patterson, 1976)."""
    h = np.int64(key) * 374761393 + 668265263
    h = (h ^ (h >> 13)) * 1274126177
    h = h ^ (h >> 16)
    u = (h & 0xFFFFF) / 1048576.0 + (index + 1) * 0.7548776662466927
    v = ((h >> 20) & 0xFFFFF) / 1048576.0 + (index + 1) * 0.5698402909980532
    return u - np.floor(u), v - np.floor(v)
