"""Where convex pieces touch: areas of opposite coplanar triangles that overlap."""

from __future__ import annotations

import numpy as np
from numba import njit

GAP = 0.006
"""Faces nearer than this touch, metres."""
OPPOSITE = -0.999


def contacts(
    vertices: np.ndarray, triangles: np.ndarray, triangle_start: np.ndarray, vertex_start: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return pairs (B, 2) of pieces that touch, area (B,) m², centre (B, 3), normal (B, 3), and the covered area of every triangle (T,) m².

    Triangles of piece i are triangles[triangle_start[i]:triangle_start[i+1]], outward; its vertices likewise.
    """
    low = np.minimum.reduceat(vertices, vertex_start[:-1]) - GAP
    high = np.maximum.reduceat(vertices, vertex_start[:-1]) + GAP
    pairs = _near_pairs(low, high, np.argsort(low[:, 0], kind="stable"))
    corners = np.ascontiguousarray(vertices[triangles])
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(cross, axis=1)
    normals = cross / np.maximum(length, 1e-30)[:, None]
    covered = np.zeros(len(triangles))
    area, centre, normal = _contact_areas(pairs, corners, normals, length / 2, triangle_start, covered)
    touching = area > 0
    return pairs[touching], area[touching], centre[touching], normal[touching], covered


@njit(cache=True)
def _near_pairs(low, high, order):  # type: ignore[no-untyped-def]
    """Sweep along x: all pairs (i < j) whose boxes overlap."""
    found = []
    n = len(order)
    for a in range(n):
        i = order[a]
        for b in range(a + 1, n):
            j = order[b]
            if low[j, 0] > high[i, 0]:
                break
            if low[j, 1] <= high[i, 1] and low[i, 1] <= high[j, 1] and low[j, 2] <= high[i, 2] and low[i, 2] <= high[j, 2]:
                found.append((min(i, j), max(i, j)))
    found.sort()
    pairs = np.empty((len(found), 2), np.int64)
    for k in range(len(found)):
        pairs[k, 0] = found[k][0]
        pairs[k, 1] = found[k][1]
    return pairs


@njit(cache=True)
def _contact_areas(pairs, corners, normals, areas, start, covered):  # type: ignore[no-untyped-def]
    n = len(pairs)
    area = np.zeros(n)
    centre = np.zeros((n, 3))
    normal = np.zeros((n, 3))
    for k in range(n):
        i, j = pairs[k]
        for ta in range(start[i], start[i + 1]):
            if areas[ta] < 1e-8:
                continue
            for tb in range(start[j], start[j + 1]):
                if areas[tb] < 1e-8:
                    continue
                facing = normals[ta, 0] * normals[tb, 0] + normals[ta, 1] * normals[tb, 1] + normals[ta, 2] * normals[tb, 2]
                if facing > OPPOSITE:
                    continue
                middle = (corners[tb, 0] + corners[tb, 1] + corners[tb, 2]) / 3
                if abs(np.dot(normals[ta], middle - corners[ta, 0])) > GAP:
                    continue
                shared, where = _overlap(corners[ta], corners[tb], normals[ta])
                if shared > 1e-8:
                    area[k] += shared
                    centre[k] += shared * where
                    normal[k] += shared * normals[ta]
                    covered[ta] += shared
                    covered[tb] += shared
        if area[k] > 0:
            centre[k] /= area[k]
            normal[k] /= np.sqrt(np.sum(normal[k] ** 2))
    return area, centre, normal


@njit(cache=True)
def _overlap(first, second, normal):  # type: ignore[no-untyped-def]
    """Return area and centroid of what two triangles share, seen along `normal` (Sutherland and Hodgman 1974)."""
    polygon = np.empty((10, 3))
    clipped = np.empty((10, 3))
    polygon[:3] = second
    count = 3
    for edge in range(3):
        a = first[edge]
        side = first[(edge + 1) % 3] - a
        inward = np.array(
            [
                normal[1] * side[2] - normal[2] * side[1],
                normal[2] * side[0] - normal[0] * side[2],
                normal[0] * side[1] - normal[1] * side[0],
            ]
        )
        kept = 0
        for v in range(count):
            p = polygon[v]
            q = polygon[(v + 1) % count]
            dp = np.dot(inward, p - a)
            dq = np.dot(inward, q - a)
            if dp >= 0:
                clipped[kept] = p
                kept += 1
            if (dp > 0 and dq < 0) or (dp < 0 and dq > 0):
                clipped[kept] = p + (q - p) * (dp / (dp - dq))
                kept += 1
        if kept < 3:
            return 0.0, first[0]
        count = kept
        polygon[:count] = clipped[:count]
    return _polygon_area(polygon, count, normal)


@njit(cache=True)
def _polygon_area(polygon, count, normal):  # type: ignore[no-untyped-def]
    total = 0.0
    centre = np.zeros(3)
    for v in range(1, count - 1):
        a = polygon[v] - polygon[0]
        b = polygon[v + 1] - polygon[0]
        cross = np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
        part = abs(np.dot(cross, normal)) / 2
        total += part
        centre += part * (polygon[0] + polygon[v] + polygon[v + 1]) / 3
    if total > 0:
        centre /= total
    return total, centre
