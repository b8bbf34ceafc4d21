"""Marching a lit cloud through a camera, in front of solids and behind them, without halos at their edges.

Rays are few (`scale` of the picture) and keep what they have gathered at a row of depths. Each full-size pixel then reads its four nearest
rays at its own solid's depth: light and transmittance of dust are smooth over the picture at any one depth, so no edge is ever blurred.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit, prange

from derrumbe.core.records import CLEARLY_NEARER, FAR, Camera
from derrumbe.geom.camera import eye, resized, rotation_matrix
from derrumbe.geom.lens import lens_of, straight_pixel
from derrumbe.render.dust_light import LitCloud
from derrumbe.render.dust_lumps import UNSEEN, Detail, lump, lumps_of
from derrumbe.render.dust_noise import BLOCK
from derrumbe.render.dust_source import sources

F = np.float32
NODES = 64
"""Depths at which rays keep what they gathered."""
BAND = 16
"""Rows of rays held at once."""
NEAR = 0.1
"""Metres in front of the camera where marching starts."""
THICK = 0.3
"""Optical depth above which a step is cut, up to four times."""
HALF_SEEN, LONGER = 0.35, 1.6
"""Transmittance under which steps get longer, and how much longer."""
SHOULDER, HIGHEST = 1.04, 1.8
"""What billows' brightness tends to: over that of dust which faces the light, and over what is about them."""
EDGE = 0.02
"""Share of its depth by which the solid beside a pixel is nearer or farther when an edge runs between them."""
OPAQUE = 0.003
"""Transmittance under which a ray stops."""


@dataclass(frozen=True, eq=False)
class Things:
    """What stands before all solids: its depth (h,w) float32, FAR where there is nothing, and the opacity (h,w) of the dust before it."""

    depth: np.ndarray
    dust: np.ndarray

    @staticmethod
    def at(depth: np.ndarray) -> Things:
        """Return things at a depth (h,w), with no dust found yet."""
        return Things(depth.astype(F, copy=False), np.zeros(depth.shape, F))

    @staticmethod
    def none(height: int, width: int) -> Things:
        """Return nothing, as large as a picture."""
        return Things(np.broadcast_to(F(FAR), (height, width)), np.zeros((1, 1), F))


def march(
    lit: LitCloud,
    camera: Camera,
    solid_depth: np.ndarray,
    set_depth: np.ndarray,
    *,
    scale: float,
    step: float,
    seed: int,
    detail: Detail | None = None,
    things: Things | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return dust before the solid (the set where there is none) and between solid and set, (h,w,4) float32 each, premultiplied ACEScg.

    Depths (h,w) float32, metres along the axis, FAR where there is nothing; `scale` of the rays' picture; `step` in the cloud's cells;
    `detail` is finer than the grid (dust_lumps). `things`: what stands before it all; how much dust lies before them is filled in.
    """
    height, width = solid_depth.shape
    front, behind = np.zeros((height, width, 4), F), np.zeros((height, width, 4), F)
    small = resized(camera, max(round(width * scale), 1), max(round(height * scale), 1))
    span = _span(lit, camera)
    if span is None:
        return front, behind
    deepest = _deepest(np.minimum(set_depth, F(span[1])), small.height, small.width)
    view = _view(lit, small)
    step /= lit.factor
    cloud = lit.fine, lit.blocks, F(lit.factor), sources(lit, view[0]), F(lit.brightest)
    lumps = lumps_of(lit, detail)
    if things is None:
        things = Things.none(height, width)
    last = None
    for top in range(0, small.height, BAND):
        rows = min(BAND, small.height - top)
        band = _trace(view, cloud, lumps, *span, deepest[top : top + rows], top, F(step), jitter(seed))
        held = band if last is None else np.concatenate([last, band])
        _fill(front, behind, solid_depth, set_depth, things.depth, things.dust, held, top - (last is not None), small.height, *span)
        last = band[-1:]
    return front, behind


def _span(lit: LitCloud, camera: Camera) -> tuple[float, float] | None:
    """Nearest and farthest depth of the cloud's box along the camera's axis; None when it is behind the camera."""
    size = np.array(lit.fine.shape) * lit.voxel / lit.factor
    corners = lit.origin + size * np.array([[n >> 2 & 1, n >> 1 & 1, n & 1] for n in range(8)])
    depth = corners @ rotation_matrix(camera)[2] + camera.translation[2]
    near, far = max(float(depth.min()), NEAR), float(depth.max())
    return (near, far) if far > near else None


def _deepest(depth: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Greatest depth around each ray (rows, columns): over its cell of the full picture and half a cell beyond."""
    for axis, count in ((0, rows), (1, columns)):
        size = depth.shape[axis] / count
        first = np.clip(np.floor((np.arange(count) - 0.5) * size), 0, None).astype(np.int64)
        spread = int(np.ceil(2 * size)) + 1
        picks = np.minimum(first[:, None] + np.arange(spread), depth.shape[axis] - 1)
        taken = np.take(depth, picks[:, 0], axis)
        for column in range(1, spread):
            taken = np.maximum(taken, np.take(depth, picks[:, column], axis))
        depth = taken
    return depth


def _view(lit: LitCloud, camera: Camera) -> tuple:
    """Eye in the cloud's index space, the ray of straight pixel (x,y) as base + x * right + y * down in voxels per metre of depth, the lens."""
    rotation = rotation_matrix(camera) / lit.voxel
    right, down = rotation[0] / camera.focal_px, rotation[1] / camera.focal_px
    base = rotation[2] - camera.cx * right - camera.cy * down
    return lit.index(eye(camera)[None])[0], base.astype(F), right.astype(F), down.astype(F), lens_of(camera)


@njit(cache=True, fastmath=True)
def _read(field, x, y, z):
    """Trilinear at index positions (samples at +0.5), nothing outside."""
    x, y, z = x - F(0.5), y - F(0.5), z - F(0.5)
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    if i < -1 or j < -1 or k < -1 or i >= field.shape[0] or j >= field.shape[1] or k >= field.shape[2]:
        return F(0)
    a, b, c = x - F(i), y - F(j), z - F(k)
    p, q, r = min(i + 1, field.shape[0] - 1), min(j + 1, field.shape[1] - 1), min(k + 1, field.shape[2] - 1)
    i, j, k = max(i, 0), max(j, 0), max(k, 0)
    one = F(1)
    low = (field[i, j, k] * (one - c) + field[i, j, r] * c) * (one - b) + (field[i, q, k] * (one - c) + field[i, q, r] * c) * b
    high = (field[p, j, k] * (one - c) + field[p, j, r] * c) * (one - b) + (field[p, q, k] * (one - c) + field[p, q, r] * c) * b
    return low * (one - a) + high * a


@njit(cache=True, fastmath=True)
def _read4(field, x, y, z):
    """Four channels, held at the borders."""
    x = min(max(x - F(0.5), F(0)), F(field.shape[0] - 1))
    y = min(max(y - F(0.5), F(0)), F(field.shape[1] - 1))
    z = min(max(z - F(0.5), F(0)), F(field.shape[2] - 1))
    i, j, k = np.uint64(x), np.uint64(y), np.uint64(z)
    a, b, c = x - F(i), y - F(j), z - F(k)
    one = np.uint64(1)
    p, q, r = (
        min(i + one, np.uint64(field.shape[0] - 1)),
        min(j + one, np.uint64(field.shape[1] - 1)),
        min(k + one, np.uint64(field.shape[2] - 1)),
    )
    red = green = blue = more = F(0)
    for n in range(4):
        u, v = (i if n < 2 else p), (j if n % 2 == 0 else q)
        weight = (F(1) - a if n < 2 else a) * (F(1) - b if n % 2 == 0 else b)
        low, high = weight * (F(1) - c), weight * c
        red += low * field[u, v, k, 0] + high * field[u, v, r, 0]
        green += low * field[u, v, k, 1] + high * field[u, v, r, 1]
        blue += low * field[u, v, k, 2] + high * field[u, v, r, 2]
        more += low * field[u, v, k, 3] + high * field[u, v, r, 3]
    return red, green, blue, more


@lru_cache(maxsize=2)
def jitter(seed: int, size: int = 64) -> np.ndarray:
    """Return a periodic tile (size,size) of offsets, evenly spread over 0..1, whose neighbours differ most (blue noise): what rays that start
    at different depths leave in the picture is evened out where pixels read several of them, and shows no lines."""
    values = np.random.default_rng((seed, 0x0B1E)).random((size, size))
    x, y = np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size))
    keep = -np.expm1(-((np.hypot(x, y) / 0.33) ** 4))
    for _ in range(12):
        rough = np.fft.ifft2(np.fft.fft2(values - 0.5) * keep).real
        values = (np.argsort(np.argsort(rough, axis=None)) + 0.5).reshape(size, size) / size**2
    return values.astype(F)


@njit(cache=True)
def _trace(view, cloud, lumps, near, far, deepest, top, step, start):
    """What each ray of a band has gathered at NODES depths: light and transmittance, (rows,columns,NODES,4)."""
    origin, base, right, down, lens = view
    rows, columns = deepest.shape
    across = F(np.sqrt(right[0] * right[0] + right[1] * right[1] + right[2] * right[2]))
    out = np.empty((rows, columns, NODES, 4), F)
    for row in range(rows):
        y = F(row + top) + F(0.5)
        for column in range(columns):
            u, v = straight_pixel(F(column) + F(0.5), y, lens)
            way = base + F(u) * right + F(v) * down
            _ray(
                out[row, column],
                cloud,
                lumps,
                origin,
                way,
                across,
                F(near),
                F(far),
                deepest[row, column],
                step,
                start[(row + top) % len(start), column % len(start)],
            )
    return out


@njit(cache=True, fastmath=True)
def _middle(origin, way, first, last):
    """Index position half way between two depths of a ray."""
    middle = F(0.5) * (first + last)
    return origin[0] + middle * way[0], origin[1] + middle * way[1], origin[2] + middle * way[2]


@njit(cache=True)
def _box(origin, way, size, near, far):
    """Depths at which a ray is inside a box from 0 to size."""
    for axis in range(3):
        if abs(way[axis]) > F(1e-9):
            a, b = -origin[axis] / way[axis], (size[axis] - origin[axis]) / way[axis]
            near, far = max(near, min(a, b)), min(far, max(a, b))
        elif origin[axis] < F(0) or origin[axis] > size[axis]:
            return F(1), F(0)
    return near, far


@njit(cache=True)
def _ray(out, cloud, lumps, origin, way, across, near, far, deepest, step, jitter):
    fine, blocks, factor, light, brightest = cloud
    finer = lumps[8]
    size = np.array((fine.shape[0] / factor, fine.shape[1] / factor, fine.shape[2] / factor), F)
    pace = np.sqrt(way[0] * way[0] + way[1] * way[1] + way[2] * way[2])
    stride = step / pace
    begin, end = _box(origin, way, size, near, min(far, deepest))
    gap = (far - near) / F(NODES - 1)
    clear, red, green, blue = F(1), F(0), F(0), F(0)
    node = 0
    depth = begin - jitter * stride
    while depth < end and clear > F(OPAQUE):
        first, last = max(depth, begin), min(depth + (stride if clear > F(HALF_SEEN) else F(LONGER) * stride), end)
        x, y, z = _middle(origin, way, first, last)
        if not _in_block(blocks, x * factor, y * factor, z * factor):
            depth += stride * F(max(_steps_out(x * factor, y * factor, z * factor, way * (factor * stride)), 1))
            continue
        thick = _read(fine, x * factor, y * factor, z * factor) * pace * (last - first)
        if thick > F(THICK):
            last = first + (last - first) / np.ceil(min(thick / F(THICK), F(4)))
            x, y, z = _middle(origin, way, first, last)
            thick = _read(fine, x * factor, y * factor, z * factor) * pace * (last - first)
        if thick > F(1e-6):
            a, b, c, sunlit = _read4(light, x, y, z)
            if finer > F(0) and clear > F(UNSEEN):
                long = pace * (last - first)
                more, bright, seen = lump(lumps, x, y, z, thick / long, across * F(0.5) * (first + last), sunlit)
                bright = _shaped(bright, max(a, b, c) / brightest, seen)
                thick, a, b, c = thick * more, a * bright, b * bright, c * bright
            while node < NODES and near + F(node) * gap <= last:
                part = max(near + F(node) * gap - first, F(0)) / max(last - first, F(1e-9))
                some = clear * (F(1) - np.exp(-thick * part))
                _keep(out, node, red + some * a, green + some * b, blue + some * c, clear - some)
                node += 1
            some = clear * (F(1) - np.exp(-thick))
            red, green, blue, clear = red + some * a, green + some * b, blue + some * c, clear - some
        depth = last
        while node < NODES and near + F(node) * gap <= depth and depth < end:
            _keep(out, node, red, green, blue, clear)
            node += 1
    if clear <= F(OPAQUE):
        clear = F(0)
    while node < NODES:
        _keep(out, node, red, green, blue, clear)
        node += 1


@njit(cache=True)
def _shaped(bright, level, seen):
    """Return how much brighter a billow is where dust has `level` of what it shows facing the light: the less headroom, the less brighter, on a
    shoulder, since tops that are all cut at one brightness are flat; and crevices deeper, so that what is lost on the tops isn't shape. The shoulder
    dims what lies between the tops as well, so it is there as far as lumps are `seen`, 0..1."""
    most = min(F(SHOULDER) / max(level, F(1e-3)), F(HIGHEST))
    steep = bright * np.sqrt(np.sqrt(bright)) / most
    shoulder = most * steep / (F(1) + steep * steep * steep) ** F(1 / 3)
    return min(bright + seen * (shoulder - bright), most)


@njit(cache=True)
def _keep(out, node, red, green, blue, clear):
    out[node, 0], out[node, 1], out[node, 2], out[node, 3] = red, green, blue, clear


@njit(cache=True)
def _in_block(blocks, x, y, z):
    i, j, k = int(x) // BLOCK, int(y) // BLOCK, int(z) // BLOCK
    if x < F(0) or y < F(0) or z < F(0) or i >= blocks.shape[0] or j >= blocks.shape[1] or k >= blocks.shape[2]:
        return False
    return blocks[i, j, k]


@njit(cache=True)
def _steps_out(x, y, z, move):
    """Whole steps of `move` that stay inside the empty block around a fine index position."""
    least = F(1e9)
    for axis in range(3):
        p = x if axis == 0 else (y if axis == 1 else z)
        inside = p - np.floor(p / F(BLOCK)) * F(BLOCK)
        if move[axis] > F(1e-9):
            least = min(least, (F(BLOCK) - inside) / move[axis])
        elif move[axis] < F(-1e-9):
            least = min(least, inside / -move[axis])
    return int(min(least, F(1e6)))


@njit(cache=True)
def _at_depth(ray, depth, near, far):
    """Light and transmittance of a ray at a depth; between nodes, transmittance falls as in even dust."""
    where = (min(max(depth, near), far) - near) / (far - near) * F(NODES - 1)
    n = min(int(where), NODES - 2)
    part = where - F(n)
    before, after = ray[n, 3], ray[n + 1, 3]
    if before - after < F(1e-7):
        return ray[n, 0], ray[n, 1], ray[n, 2], before
    if part >= F(1):
        share, clear = F(1), after
    else:
        clear = before * (max(after, F(1e-6)) / before) ** part
        share = min((before - clear) / (before - after), F(1))
    red = ray[n, 0] + share * (ray[n + 1, 0] - ray[n, 0])
    green = ray[n, 1] + share * (ray[n + 1, 1] - ray[n, 1])
    blue = ray[n, 2] + share * (ray[n + 1, 2] - ray[n, 2])
    return red, green, blue, clear


@njit(cache=True, parallel=True)
def _fill(front, behind, solid, film_set, things, before, held, top, small_rows, near, far):
    """Fill the full-size rows whose rays are held; rays `held` (rows,columns,NODES,4) start at row `top` of `small_rows`."""
    height, width = solid.shape
    first, last = _rows_between(top, len(held), small_rows, height)
    for y in prange(first, last):
        v = (F(y) + F(0.5)) * F(small_rows) / F(height) - F(0.5)
        v = min(max(v - F(top), F(0)), F(len(held) - 1))
        r0 = int(v)
        r1 = min(r0 + 1, len(held) - 1)
        b = v - F(r0)
        for x in range(width):
            u = (F(x) + F(0.5)) * F(held.shape[1]) / F(width) - F(0.5)
            u = min(max(u, F(0)), F(held.shape[1] - 1))
            c0 = int(u)
            c1 = min(c0 + 1, held.shape[1] - 1)
            a = u - F(c0)
            thing = things[y, x]
            whole, edge = film_set[y, x], _at_edge(solid, y, x)
            cut = _cut(solid[y, x], thing, whole)
            two = edge or cut < whole
            for n in range(4):
                weight = (b if n >> 1 else F(1) - b) * (a if n & 1 else F(1) - a)
                if weight <= F(0):
                    continue
                ray = held[r1 if n >> 1 else r0, c1 if n & 1 else c0]
                if edge:
                    red, green, blue, clear = _over_edge(ray, solid, y, x, thing, whole, F(near), F(far))
                else:
                    red, green, blue, clear = _at_depth(ray, F(cut), F(near), F(far))
                front[y, x, 0] += weight * red
                front[y, x, 1] += weight * green
                front[y, x, 2] += weight * blue
                front[y, x, 3] += weight * (F(1) - clear)
                if thing < F(FAR):
                    before[y, x] += weight * (F(1) - _at_depth(ray, min(thing, F(cut)), F(near), F(far))[3])
                if two:
                    red2, green2, blue2, clear2 = _at_depth(ray, F(whole), F(near), F(far))
                    behind[y, x, 0] += weight * (red2 - red)
                    behind[y, x, 1] += weight * (green2 - green)
                    behind[y, x, 2] += weight * (blue2 - blue)
                    behind[y, x, 3] += weight * (clear - clear2)
            if two:
                clear = F(1) - front[y, x, 3]
                gain = F(1) / clear if clear > F(0.002) else F(0)
                for n in range(4):
                    behind[y, x, n] *= gain


@njit(cache=True)
def _cut(solid, thing, whole):
    """Depth at which dust is cut in two. A piece that comes nearer than what is drawn over it would show that without the dust that is before it
    beside the piece; unless it is so much nearer that it hides that."""
    under = thing < F(FAR) and solid > F(CLEARLY_NEARER) * thing
    nearest = max(solid, thing) if under else solid
    return min(nearest, whole)


@njit(cache=True)
def _at_edge(solid, y, x):
    """Whether solids around a pixel are at depths of their own."""
    here = solid[y, x]
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            v, u = min(max(y + dy, 0), solid.shape[0] - 1), min(max(x + dx, 0), solid.shape[1] - 1)
            if abs(solid[v, u] - here) > F(EDGE) * min(solid[v, u], here):
                return True
    return False


@njit(cache=True)
def _over_edge(ray, solid, y, x, thing, whole, near, far):
    """What a ray gathers before the solids around a pixel, by a tent over three pixels: an edge in dust is as smooth as it is without."""
    red, green, blue, clear = F(0), F(0), F(0), F(0)
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            v, u = min(max(y + dy, 0), solid.shape[0] - 1), min(max(x + dx, 0), solid.shape[1] - 1)
            part = F(0.0625) * F(2 - abs(dy)) * F(2 - abs(dx))
            r, g, b, c = _at_depth(ray, F(_cut(solid[v, u], thing, whole)), near, far)
            red += part * r
            green += part * g
            blue += part * b
            clear += part * c
    return red, green, blue, clear


@njit(cache=True)
def _rows_between(top, count, small_rows, height):
    """Full-size rows that lie between the centres of rays' rows top and top + count - 1; picture borders included."""
    size = height / small_rows
    first = 0 if top == 0 else int(np.ceil((top + 0.5) * size - 0.5))
    last = height if top + count >= small_rows else int(np.ceil((top + count - 0.5) * size - 0.5))
    return first, last
