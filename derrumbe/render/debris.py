"""Crumbs too small for rigid pieces: streaks of irregular discs, lit one by one, held out by depth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numba as nb
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import eye, project
from derrumbe.render.light import Illumination, light_at
from derrumbe.render.lines import Lines
from derrumbe.render.materials import broken, mixed, tinted
from derrumbe.render.noise import chance
from derrumbe.render.raster import NEAR, Window
from derrumbe.render.scene import Scene
from derrumbe.render.shade import Look
from derrumbe.render.solids import Lighting
from derrumbe.render.surface import was_seen
from derrumbe.render.texture import sample as picture_at

GLASS, METAL, PAPER = 4, 6, 7
MIRROR, SKYLIT, FLASHES = 0.9, 0.25, 30.0
"""What a shard that has turned its face to the sun shows, of white's light, and to the sky, of which glass mirrors a twelfth, and more at a slant; the
higher the power of the cosine, the rarer and the shorter it flashes."""
BAR_LENGTH, BAR_WIDTH = 22.0, 0.55
"""Length and thickness of bars and pipes, in radii of the ball that falls as they do."""
LYING = 0.15
"""m/s under which a crumb lies, and turns no more."""
FACETS = 1.6
"""Pixels of radius from which on a crumb shows sides."""
SKY_RAYS = 12
"""Rays that tell how much light comes to a crumb. Its three or four pixels have no neighbours to be averaged with: with few rays one in ten is
black by chance, and stays so, since its rays stay the same."""
CLEAR = 0.75
"""Share of what is behind a shard of glass that is seen through it; what it mirrors comes on top."""
DUSTY, LAIN = 0.35, 0.8
"""Share of a crumb that dust covers in the air, and when it has lain for seconds."""
SMALLEST = 0.04
"""Pixels of radius under which a crumb is nothing but dust."""


@dataclass(frozen=True, eq=False)
class Crumbs:
    """Crumbs in flight through a shutter, far ones first: indices (m,), start and end (m,2) pixels, depth (m,), radius (m,) pixels,
    place (m,3) world."""

    index: np.ndarray
    start: np.ndarray
    end: np.ndarray
    depth: np.ndarray
    radius: np.ndarray
    place: np.ndarray


def _at(position: np.ndarray, sample: float) -> np.ndarray:
    low = min(int(sample), len(position) - 1)
    high = min(low + 1, len(position) - 1)
    t = min(sample - low, 1.0)
    return position[low].astype(np.float64) * (1 - t) + position[high].astype(np.float64) * t


def crumbs(scene: Scene, camera: Camera, opens: float, closes: float) -> Crumbs:
    """Return the crumbs that are born and in the picture while the shutter is open."""
    position, radius = scene.debris["position"], scene.debris["radius"]
    a, b = _at(position, opens), _at(position, closes)
    (start, depth), (end, depth_b) = project(camera, a), project(camera, b)
    size = camera.focal_px * radius / np.maximum(depth, NEAR)
    margin = size[:, None] + 1
    with np.errstate(invalid="ignore"):
        high = np.maximum(start, end) + margin
        low = np.minimum(start, end) - margin
        inside = (high > 0).all(1) & (low < (camera.width, camera.height)).all(1)
        alive = np.flatnonzero(inside & (depth > NEAR) & (depth_b > NEAR) & (size > SMALLEST))
    alive = alive[np.argsort(-depth[alive], kind="stable")]
    return Crumbs(alive, start[alive], end[alive], depth[alive], size[alive], 0.5 * (a + b)[alive])


def window_of(camera: Camera, some: Crumbs) -> Window:
    """Return the window of the picture that the crumbs' streaks touch."""
    if not len(some.index):
        return Window(0, 0, 0, 0)
    reach = some.radius[:, None] + 2
    low = np.floor((np.minimum(some.start, some.end) - reach).min(0))
    high = np.ceil((np.maximum(some.start, some.end) + reach).max(0))
    x0, y0 = (int(v) for v in np.maximum(low, 0))
    return Window(x0, y0, int(min(high[0], camera.width)), int(min(high[1], camera.height)))


@lru_cache(maxsize=1)
def _lies_from(key: int, scene: Scene) -> np.ndarray:
    """Return the sample (M,) from which on each crumb lies still; `key` only tells scenes apart."""
    position, rate = scene.debris["position"], scene.samples_per_second
    last = np.zeros(position.shape[1], np.float32)
    for k in range(1, len(position)):
        with np.errstate(invalid="ignore"):
            moves = np.linalg.norm(position[k] - position[k - 1], axis=1) * rate > LYING
        last[moves] = k
    return last


def lies_from(scene: Scene) -> np.ndarray:
    """Return the sample (M,) float32 from which on each crumb lies still."""
    return _lies_from(id(scene), scene)


def turned(scene: Scene, some: Crumbs, sample: float) -> np.ndarray:
    """Return by how much each crumb has turned (m,) float64, radians: what lies turns no more."""
    seconds = np.minimum(sample, lies_from(scene)[some.index]) / scene.samples_per_second
    return (scene.debris["spin"][some.index] * seconds).astype(np.float64)


def bars(scene: Scene, some: Crumbs, colour: np.ndarray, samples: tuple[float, ...]) -> list[Lines]:
    """Return those crumbs that are bars and pipes as lines, at each of some motion samples. colour (m,3): of all crumbs."""
    long = np.flatnonzero(scene.debris["material"][some.index] == METAL)
    index = some.index[long]
    u, v = (_fixed_directions(index, salt) for salt in (3, 5))
    half, width = 0.5 * BAR_LENGTH * scene.debris["radius"][index], BAR_WIDTH * scene.debris["radius"][index]
    out = []
    for sample in samples:
        place, turn = _at(scene.debris["position"][:, index], sample), turned(scene, some, sample)[long]
        way = half[:, None] * (np.cos(turn)[:, None] * u + np.sin(turn)[:, None] * v)
        way[:, 1] *= 0.4
        there = np.isfinite(place).all(1)
        whole, free = np.ones(len(long)), np.full(len(long), np.inf)
        out.append(Lines(*(each[there] for each in (place - way, place + way, width, colour[long], whole, width, free))))
    return out


def _fixed_directions(index: np.ndarray, salt: int) -> np.ndarray:
    """Return a unit vector (n,3) for each crumb that is always the same."""
    random = np.random.default_rng(salt).normal(size=(int(index.max(initial=0)) + 1, 3))[index]
    return random / np.linalg.norm(random, axis=1, keepdims=True)


def colours(scene: Scene, look: Look, lighting: Lighting, camera: Camera, some: Crumbs, sample: float) -> np.ndarray:
    """Return what each crumb shows (m,3) float32: the plate's colour where it came off the façade, else the break's, times its light."""
    lain = 1 - np.exp(-np.maximum(sample - lies_from(scene)[some.index], 0) / scene.samples_per_second)
    rest = scene.debris["rest"][some.index].astype(np.float64)
    uv, depth = project(scene.camera, rest)
    reflect = np.empty((len(rest), 3))
    material = scene.debris["material"][some.index].astype(np.uint8)
    _reflect(
        some.index, rest, np.nan_to_num(uv, nan=-1e6), depth, material, lain, turned(scene, some, sample), scene.texture, scene.rest_depth,
        scene.window.x0, scene.window.y0, look.facade, look.dust, look.typical, flash_of(lighting.lamp), look.seed, reflect,
    )  # fmt: skip
    normals = _normals(some.index, eye(camera) - some.place, look.seed)
    light = light_at(
        lighting.lamp, lighting.occluders, some.place, normals, some.index.astype(np.int64),
        first_ray=0, sky_rays=SKY_RAYS, sun_air=lighting.sun_air, sky_air=lighting.sky_air, lift=0.15,
    )  # fmt: skip
    return (reflect * light).astype(np.float32)


def flash_of(lamp: Illumination) -> float:
    """Return what a shard shows as it flashes, of white's light: only the sun is so much brighter than white that a glint of it dazzles."""
    sun, sky = float(lamp.sun.mean()), float(lamp.sky.mean())
    return SKYLIT + (MIRROR - SKYLIT) * sun / max(sun + sky, 1e-9)


def _normals(index: np.ndarray, towards: np.ndarray, seed: int) -> np.ndarray:
    """Return a fixed random unit normal per crumb, on the side that the camera sees."""
    random = np.random.default_rng((seed, 731)).normal(size=(int(index.max(initial=0)) + 1, 3))[index]
    random *= np.where(np.sum(random * towards, 1) < 0, -1, 1)[:, None]
    return random / np.linalg.norm(random, axis=1, keepdims=True)


@nb.njit(cache=True)
def _stray(material, i, seed):  # type: ignore[no-untyped-def]
    """Return the albedo of rusty or zinced metal, or of paper and cloth, a few of them coloured."""
    pick, shade = chance(i, 7, 0, seed), 0.7 + 0.5 * chance(i, 8, 0, seed)
    if material == METAL:
        return tinted((0.125, 0.066, 0.042), shade) if pick < 0.6 else tinted((0.21, 0.21, 0.205), shade)
    if pick < 0.7:
        return tinted((0.6, 0.59, 0.55), shade)
    if pick < 0.8:
        return tinted((0.34, 0.09, 0.075), shade)
    return tinted((0.10, 0.16, 0.28), shade) if pick < 0.9 else tinted((0.13, 0.15, 0.10), shade)


@nb.njit(cache=True)
def _reflect(key, rest, uv, depth, material, lain, turn, texture, rest_depth, left, top, facade, dust, typical, mirror, seed, out):  # type: ignore[no-untyped-def]
    facade3, dust3 = (facade[0], facade[1], facade[2]), (dust[0], dust[1], dust[2])
    for i in range(rest.shape[0]):
        # half of what comes off the face shows its inner side
        if material[i] >= METAL:
            base = _stray(material[i], key[i], seed)
        elif material[i] == GLASS:
            flash = abs(np.cos(turn[i] + np.pi * chance(key[i], 11, 0, seed))) ** FLASHES
            base = mixed(broken(GLASS, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.05, facade3, seed), (mirror, mirror, mirror), flash)
        elif chance(key[i], 5, 0, seed) < 0.5 and was_seen(rest_depth, uv[i, 0], uv[i, 1], left, top, depth[i], 0.3):
            rgb = picture_at(texture, uv[i, 0], uv[i, 1], left, top)
            base = (rgb[0] / typical[0], rgb[1] / typical[1], rgb[2] / typical[2])
        else:
            base = broken(material[i], rest[i, 0], rest[i, 1], rest[i, 2], 0.0, 0.0, 1.0, 0.05, facade3, seed)
        # dust doesn't stick to glass as it flies
        dusty = DUSTY * (material[i] != GLASS)
        rgb = mixed(base, dust3, dusty + (LAIN - dusty) * lain[i])
        for c in range(3):
            out[i, c] = min(max(rgb[c], 0.0), 0.9)


def lean(camera: Camera, lamp: Illumination) -> np.ndarray:
    """Return from which side of the picture light comes (2,), x to the right and y down: 0 for light from everywhere, 1 for a lone sun in it."""
    view, up = np.asarray(camera.rotation), np.array([0.0, 1.0, 0.0])
    sun, sky = float(lamp.sun.mean()), float(lamp.sky.mean())
    return np.asarray((view @ (sun * lamp.direction + 0.5 * sky * up) / max(sun + sky, 1e-9))[:2])


def splat(
    window: Window, some: Crumbs, material: np.ndarray, colour: np.ndarray, spin: np.ndarray, solid: np.ndarray, light: np.ndarray
) -> np.ndarray:
    """Return premultiplied rgba (h,w,4) float32 of crumbs (far ones first) in front of `solid` (h,w) depth, without `bars`.

    material (m,); colour (m,3); spin (m,) radians turned so far; light (2,): what `lean` says.
    """
    out = np.zeros((*window.shape, 4), np.float32)
    _splat(some.start, some.end, some.depth, some.radius, material, colour, spin, some.index, solid, window.x0, window.y0, light, out)
    return out


@nb.njit(cache=True, inline="always")
def _lumpy(angle, key):  # type: ignore[no-untyped-def]
    """Return the outline of a crumb at an angle, as a factor of its radius."""
    turn = (angle / (2 * np.pi)) % 1.0 * 7
    i = int(np.floor(turn))
    t = turn - i
    return 0.5 + 0.85 * (chance(key, i % 7, 1, 0) * (1 - t) + chance(key, (i + 1) % 7, 1, 0) * t)


@nb.njit(cache=True, inline="always")
def _facet(ox, oy, turn, key, light):  # type: ignore[no-untyped-def]
    """Return how bright the side of a crumb is that (ox, oy), in radii from its middle, lies on: the one that looks at us, or one of three
    around it, as turned, brighter the more it looks to where light comes from."""
    tone = 1.0
    for side in range(3):
        angle = turn + 2 * np.pi * (side + 0.7 * chance(key, side, 13, 0)) / 3
        x, y = np.cos(angle), np.sin(angle)
        if ox * x + oy * y > 0.5 * chance(key, side, 17, 0) - 0.05:
            tone = 0.88 + 0.75 * (x * light[0] + y * light[1]) + 0.2 * (chance(key, side, 19, 0) - 0.5)
    return min(max(tone, 0.35), 1.6)


@nb.njit(cache=True)
def _splat(start, end, depth, radius, material, colour, spin, key, solid, left, top, light, out):  # type: ignore[no-untyped-def]
    height, width = solid.shape
    for n in range(start.shape[0]):
        if material[n] == METAL:
            continue
        ax, ay = start[n, 0] - left, start[n, 1] - top
        dx, dy = end[n, 0] - start[n, 0], end[n, 1] - start[n, 1]
        length = np.hypot(dx, dy)
        # sheets turn their edges to the eye now and then
        flat = 0.25 + 0.75 * abs(np.cos(spin[n])) if material[n] == PAPER else 1.0
        r = max(radius[n], 0.5)
        # what a pixel sees of a crumb smaller than itself, and for how much of the shutter
        share = flat * min(radius[n] / r, 1.0) ** 2 * min(2 * r / (length + 2 * r) * (1 + 0.27 * min(length, 1.0)), 1.0)
        hides = 1 - CLEAR if material[n] == GLASS else 1.0
        ux, uy = (dx / length, dy / length) if length > 1e-6 else (1.0, 0.0)
        y_low, y_high = max(int(min(ay, ay + dy) - 1.3 * r - 1), 0), min(int(max(ay, ay + dy) + 1.3 * r + 1), height - 1)
        x_low, x_high = max(int(min(ax, ax + dx) - 1.3 * r - 1), 0), min(int(max(ax, ax + dx) + 1.3 * r + 1), width - 1)
        for y in range(y_low, y_high + 1):
            for x in range(x_low, x_high + 1):
                if solid[y, x] < depth[n]:
                    continue
                px, py = x + 0.5 - ax, y + 0.5 - ay
                along = min(max(px * ux + py * uy, 0.0), length)
                ox, oy = px - along * ux, py - along * uy
                edge = r * _lumpy(np.arctan2(oy, ox) + spin[n], key[n]) if r > 1.2 else r
                alpha = share * min(max(edge + 0.5 - np.hypot(ox, oy), 0.0), 1.0)
                if alpha <= 0:
                    continue
                tone = _facet(ox / r, oy / r, spin[n], key[n], light) if r > FACETS else 1.0
                for c in range(3):
                    out[y, x, c] = out[y, x, c] * (1 - hides * alpha) + tone * colour[n, c] * alpha
                out[y, x, 3] = out[y, x, 3] * (1 - hides * alpha) + hides * alpha
