"""What each sample sees: the plate itself, new computer graphics, or neither; and the surface under those that are new."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from derrumbe.geom.lens import lens_of, pixel_of, slope_of
from derrumbe.render.beyond import SHOWN_CODE, blended, continued, edge_to
from derrumbe.render.cornice import cornice_at
from derrumbe.render.raster import ABSENT, NONE, STANDS, Projected, Window
from derrumbe.render.scene import Scene
from derrumbe.render.texture import grey

STEEPEST = 1.5
"""Most metres of depth from pixel to pixel at which a face still counts as seen."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """Numbers of samples per pixel, (h,w) float32: covered by new solids; that saw the building at rest (seen), and it has gone (vacated);
    the same two of samples that no new solid covers."""

    covered: np.ndarray
    seen: np.ndarray
    vacated: np.ndarray
    open_seen: np.ndarray
    open_vacated: np.ndarray

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> Coverage:
        return cls(*(np.zeros(shape, np.float32) for _ in range(5)))

    def removed(self, reach: int) -> np.ndarray:
        """Return the share (h,w) float32 where the building has gone and the clean plate shows.

        It counts only samples that saw the building, since the plate's edge pixels hold some of it; and only those that new solids leave
        open, since the layer lies under them (all, where none is open). The lens spread the building a little beyond its outline, so
        pixels up to `reach` outside take the share of those nearby.
        """
        use_open = self.open_seen > 1e-3
        share = np.where(use_open, self.open_vacated, self.vacated) / np.maximum(np.where(use_open, self.open_seen, self.seen), 1e-6)
        return spread(np.minimum(share, 1), self.seen > 0, reach)


def spread(share: np.ndarray, known: np.ndarray, reach: int) -> np.ndarray:
    """Return `share` (h,w), with pixels up to `reach` beyond `known` ones given the mean of those within that distance."""
    import cv2

    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)).astype(np.float32)
    weight = cv2.filter2D(known.astype(np.float32), -1, disc, borderType=cv2.BORDER_CONSTANT)
    total = cv2.filter2D(np.where(known, share, 0).astype(np.float32), -1, disc, borderType=cv2.BORDER_CONSTANT)
    near = np.where(weight > 0.5, np.clip(total / np.maximum(weight, 1), 0, 1), 0)
    near[near < 1e-4] = 0
    near[near > 1 - 1e-4] = 1
    return np.where(known, share, near).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples that need shading, n of them. pixel (n,) flat index in the window; triangle (n,);
    rest (n,3) the point at rest; uv (n,2) its plate pixel; size (n,) metres that a pixel covers there; normal (n,3) unit, world;
    worn (n,) bool: it wears the plate; coarse (n,): pixels of the picture across which a pixel of the plate is drawn out there;
    second (n,3): another plate pixel and its share, just where a wall goes on beyond the picture."""

    pixel: np.ndarray
    triangle: np.ndarray
    rest: np.ndarray
    uv: np.ndarray
    size: np.ndarray
    normal: np.ndarray
    worn: np.ndarray
    coarse: np.ndarray
    second: np.ndarray


@nb.njit(cache=True)
def sort_samples(hit, rest_piece, piece, moved, calm, covered, seen, vacated, open_seen, open_vacated, pixel, triangle):  # type: ignore[no-untyped-def]
    """Count coverage and list the samples that need shading; return how many.

    A sample shows the plate when neither the piece that it sees nor the one that it saw at rest has moved.
    """
    count = 0
    height, width = hit.shape
    for y in range(height):
        for x in range(width):
            at_rest = rest_piece[y, x]
            # beside a piece that has barely stirred, hairlines and the soft outline are still the plate's
            gone = at_rest >= 0 and moved[at_rest] and not calm[at_rest]
            there = at_rest >= 0 or at_rest == STANDS
            if there:
                seen[y, x] += 1
            if gone:
                vacated[y, x] += 1
            now = piece[hit[y, x]] if hit[y, x] >= 0 else -1
            # what stands before it still does: where torn rims leave a hairline, another piece than at rest may be found in it
            if now < 0 or (at_rest >= 0 and not moved[at_rest] and not moved[now]):
                if there:
                    open_seen[y, x] += 1
                if gone:
                    open_vacated[y, x] += 1
                continue
            covered[y, x] += 1
            pixel[count] = y * width + x
            triangle[count] = hit[y, x]
            count += 1
    return count


def collect(
    scene: Scene, hit: np.ndarray, rest_piece: np.ndarray, moved: np.ndarray, calm: np.ndarray, coverage: Coverage
) -> tuple[np.ndarray, np.ndarray]:
    """Add to `coverage`; return flat pixel (n,) and triangle (n,) int32 of the samples that need shading.

    moved, calm (N,) bool: pieces that have moved, and those that have barely.
    """
    pixel, triangle = np.empty(hit.size, np.int32), np.empty(hit.size, np.int32)
    count = sort_samples(
        hit, rest_piece, scene.piece, moved, calm, coverage.covered, coverage.seen, coverage.vacated, coverage.open_seen, coverage.open_vacated,
        pixel, triangle,
    )  # fmt: skip
    return pixel[:count].copy(), triangle[:count].copy()


def piece_of(scene: Scene, hit: np.ndarray) -> np.ndarray:
    """Return the piece (h,w) int32 of triangle hits, NONE where there is none."""
    return np.where(hit >= 0, scene.piece[np.maximum(hit, 0)], np.int32(NONE)).astype(np.int32)


def surfaces(
    scene: Scene,
    view: Projected,
    window: Window,
    turn: np.ndarray,
    calm: np.ndarray,
    pixel: np.ndarray,
    triangle: np.ndarray,
    offset: tuple[float, float],
) -> Samples:
    """Return the surface under samples at `offset` inside their pixels. view: the posed vertices; turn (N,3,3) carries normals (at
    mid-shutter, where light is gathered); calm (N,) bool: pieces that have barely stirred, on which every sample wears the plate, so that no
    hairline shows along all cracks at once."""
    count = len(pixel)
    rest, uv = np.empty((count, 3)), np.empty((count, 2))
    size, normal, coarse = np.empty(count, np.float32), np.empty((count, 3), np.float32), np.empty(count, np.float32)
    lens, wear = lens_of(view.camera), lens_of(scene.camera)
    _interpolate(
        pixel, triangle, window.shape[1], window.x0, window.y0, offset[0], offset[1], lens, wear,
        scene.triangles, view.cam, scene.rest, scene.view.cam, scene.piece, scene.normal, turn, rest, uv, size, normal, coarse,
    )  # fmt: skip
    worn, second = np.empty(count, np.bool_), np.zeros((count, 3), np.float32)
    view_of_plate = np.asarray(scene.camera.rotation), np.asarray(scene.camera.translation), wear
    _wear(
        calm[scene.piece[triangle]],
        triangle,
        rest,
        uv,
        scene.face,
        scene.normal,
        scene.shown_depth,
        scene.way,
        scene.window.x0,
        scene.window.y0,
        scene.holes.matte,
        *view_of_plate,
        (scene.camera.width, scene.camera.height),
        scene.steps,
        scene.cornice.top,
        scene.cornice.ledge,
        worn,
        second,
    )
    return Samples(pixel, triangle, rest, uv, size, normal, worn, coarse, second)


@nb.njit(cache=True)
def _wear(
    calm,
    triangle,
    rest,
    uv,
    face,
    normals,
    rest_depth,
    way,
    left,
    top,
    matte,
    rotation,
    translation,
    lens,
    size,
    steps,
    crest,
    ledge,
    worn,
    second,
):  # type: ignore[no-untyped-def]
    """Tell which samples wear the plate: outer faces that it shows. A face beyond what is shown wears what `beyond` finds, `uv` is changed."""
    for i in range(triangle.shape[0]):
        worn[i] = calm[i]
        u, v = uv[i, 0], uv[i, 1]
        shown = edge_to(u, v, size, way, left, top) == SHOWN_CODE
        if (calm[i] and shown) or (not calm[i] and face[triangle[i]] != 0):
            continue
        point = rotation @ rest[i] + translation
        normal = rotation @ normals[triangle[i]]
        facing = np.dot(normal, point)
        # a face that looks away was not seen; one seen at a slant changes depth from pixel to pixel
        if facing >= -1e-6:
            continue
        if shown:
            slant = point[2] * point[2] * (abs(normal[0]) + abs(normal[1])) / (lens[0] * -facing)
            # beyond the building's own rim it goes on in the colour of that rim
            past = grey(matte, u, v, left, top) < ABSENT
            worn[i] = past or was_seen(rest_depth, u, v, left, top, point[2], min(slant, STEEPEST))
            continue
        share, mu, mv = blended(u, v, size, rest_depth, left, top)
        there, u, v = continued(rest[i], u, v, steps, rotation, translation, lens, size, rest_depth, way, left, top)
        if there:
            worn[i], uv[i, 0], uv[i, 1] = True, u, v
            second[i, 0], second[i, 1], second[i, 2] = mu, mv, share
        share, mu, mv = cornice_at(rest[i], crest, ledge, rotation, translation, lens, left)
        if share > 0 and edge_to(mu, mv, size, way, left, top) == SHOWN_CODE:
            second[i, 0], second[i, 1], second[i, 2] = u, v, 1 - share if there else 0.0
            worn[i], uv[i, 0], uv[i, 1] = True, mu, mv


@nb.njit(cache=True, inline="always")
def was_seen(rest_depth, u, v, left, top, depth, slant):  # type: ignore[no-untyped-def]
    """Whether the building's surface at plate pixel (u, v), `depth` metres away, was the nearest one there; slant: metres from pixel to pixel."""
    i, j = int(np.floor(u)) - left, int(np.floor(v)) - top
    tolerance = 0.03 + 5e-4 * depth + 0.75 * slant
    if 0 <= j < rest_depth.shape[0] and 0 <= i < rest_depth.shape[1] and abs(rest_depth[j, i] - depth) < tolerance:
        return True
    for y in range(max(j - 1, 0), min(j + 2, rest_depth.shape[0])):
        for x in range(max(i - 1, 0), min(i + 2, rest_depth.shape[1])):
            if abs(rest_depth[y, x] - depth) < tolerance:
                return True
    return False


@nb.njit(cache=True, inline="always")
def barycentric(x, y, view, cam, a, b, c):  # type: ignore[no-untyped-def]
    """Return weights of the corners at pixel (x, y), perspective-correct, and the depth there."""
    dx, dy = slope_of(x, y, view)
    # volumes spanned by the ray and two corners
    wa = _triple(dx, dy, cam, b, c)
    wb = _triple(dx, dy, cam, c, a)
    wc = _triple(dx, dy, cam, a, b)
    total = wa + wb + wc
    if total == 0:
        return 1.0, 0.0, 0.0, cam[a, 2]
    wa, wb, wc = wa / total, wb / total, wc / total
    return wa, wb, wc, wa * cam[a, 2] + wb * cam[b, 2] + wc * cam[c, 2]


@nb.njit(cache=True, inline="always")
def _triple(dx, dy, cam, p, q):  # type: ignore[no-untyped-def]
    return (
        dx * (cam[p, 1] * cam[q, 2] - cam[p, 2] * cam[q, 1])
        + dy * (cam[p, 2] * cam[q, 0] - cam[p, 0] * cam[q, 2])
        + (cam[p, 0] * cam[q, 1] - cam[p, 1] * cam[q, 0])
    )


@nb.njit(cache=True, inline="always")
def worn_at(x, y, view, wear, cam, rest_cam, a, b, c):  # type: ignore[no-untyped-def]
    """Return the plate pixel that the surface at pixel (x, y) showed at rest."""
    wa, wb, wc, _ = barycentric(x, y, view, cam, a, b, c)
    px = wa * rest_cam[a, 0] + wb * rest_cam[b, 0] + wc * rest_cam[c, 0]
    py = wa * rest_cam[a, 1] + wb * rest_cam[b, 1] + wc * rest_cam[c, 1]
    pz = wa * rest_cam[a, 2] + wb * rest_cam[b, 2] + wc * rest_cam[c, 2]
    if pz <= 0.05:
        return -1e6, -1e6
    return pixel_of(px, py, pz, wear)


@nb.njit(cache=True)
def _interpolate(
    pixel,
    triangle,
    width,
    left,
    top,
    ox,
    oy,
    view,
    wear,
    triangles,
    cam,
    rest,
    rest_cam,
    piece,
    rest_normal,
    turn,
    out_rest,
    out_uv,
    out_size,
    out_normal,
    out_coarse,
):  # type: ignore[no-untyped-def]
    for i in range(pixel.shape[0]):
        x, y = pixel[i] % width + left, pixel[i] // width + top
        t = triangle[i]
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        wa, wb, wc, depth = barycentric(x + ox, y + oy, view, cam, a, b, c)
        for k in range(3):
            out_rest[i, k] = wa * rest[a, k] + wb * rest[b, k] + wc * rest[c, k]
        out_size[i] = depth / view[0]
        r = turn[piece[t]]
        for k in range(3):
            out_normal[i, k] = r[k, 0] * rest_normal[t, 0] + r[k, 1] * rest_normal[t, 1] + r[k, 2] * rest_normal[t, 2]
        # The plate's pixels are already averages, so the picture is read at the pixel's centre; only where it is squeezed together, or the
        # face is seen so edge-on that its plane leads astray, do the samples read it where they are
        u, v = worn_at(x + 0.5, y + 0.5, view, wear, cam, rest_cam, a, b, c)
        u1, v1 = worn_at(x + 1.5, y + 0.5, view, wear, cam, rest_cam, a, b, c)
        u2, v2 = worn_at(x + 0.5, y + 1.5, view, wear, cam, rest_cam, a, b, c)
        stretch = max(np.hypot(u1 - u, v1 - v), np.hypot(u2 - u, v2 - v))
        out_coarse[i] = 1 / max(min(np.hypot(u1 - u, v1 - v), np.hypot(u2 - u, v2 - v)), 0.05)
        own_u, own_v = worn_at(x + ox, y + oy, view, wear, cam, rest_cam, a, b, c)
        spread = 1.0 if np.hypot(own_u - u, own_v - v) > 2 else min(max(stretch - 1.05, 0.0), 1.0)
        out_uv[i, 0] = u + spread * (own_u - u)
        out_uv[i, 1] = v + spread * (own_v - v)
