"""Bundle adjustment: cameras, one shared lens and points that fit tracked features best.

Triggs et al., "Bundle adjustment: a modern synthesis" (2000): Levenberg-Marquardt on the reduced camera system, Cauchy weights.
Cameras share a focal length and one radial term; pixel = focal * (1 + radial * r²) * (x/z, y/z), r² = (x² + y²)/z², relative to the
principal point. One thread, no reordering of sums: equal input gives equal bits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba as nb
import numpy as np

LENS = 2
NEAR = 1e-6
FAILED = 1e12
WEAK = 1e-12


@dataclass(frozen=True, eq=False)
class Sightings:
    """Where features were seen: camera (n,) and point (n,) int32, pixel (n, 2) float64 relative to the principal point."""

    camera: np.ndarray
    point: np.ndarray
    pixel: np.ndarray

    def only(self, kept: np.ndarray) -> Sightings:
        return Sightings(self.camera[kept], self.point[kept], self.pixel[kept])


@dataclass(frozen=True, eq=False)
class Scene:
    """Cameras' rotation (c, 3, 3) cam_from_world and translation (c, 3), points (p, 3), lens (focal in pixels, radial term)."""

    rotation: np.ndarray
    translation: np.ndarray
    points: np.ndarray
    focal: float
    radial: float = 0.0


@dataclass(frozen=True)
class Freedom:
    """What may move, and what is believed before looking. Spreads of log focal and radial term; 0 holds them.

    turns_only: cameras share one place. `trust`: how many of the sightings count as independent, as a share.
    """

    focal: float
    focal_spread: float = 0.3
    radial_spread: float = 0.0
    turns_only: bool = False
    points: bool = True
    cameras: bool = True
    trust: float = 0.1


def residuals(scene: Scene, seen: Sightings) -> np.ndarray:
    """Return projected minus seen (n, 2), pixels; very large behind a camera."""
    out = np.empty((len(seen.pixel), 2))
    _residuals(scene.rotation, scene.translation, scene.points, scene.focal, scene.radial, seen.camera, seen.point, seen.pixel, out)
    return out


def errors(scene: Scene, seen: Sightings) -> np.ndarray:
    """Return the length of each residual (n,), pixels."""
    return np.linalg.norm(residuals(scene, seen), axis=1)


def adjusted(scene: Scene, seen: Sightings, freedom: Freedom, soft: float, rounds: int = 30) -> tuple[Scene, float]:
    """Return the scene that fits best, and the standard deviation of its log focal length (inf when it isn't estimated).

    soft: residual in pixels at which a sighting begins to lose its say. The first camera is held.
    """
    order = np.lexsort((seen.camera, seen.point))
    seen = seen.only(order)
    start = np.searchsorted(seen.point, np.arange(len(scene.points) + 1)).astype(np.int64)
    damping, cost = 1e-4, _cost(scene, seen, freedom, soft)
    system = np.zeros(0)
    for _ in range(rounds):
        better = None
        for _attempt in range(6):
            trial, system = _step(scene, seen, start, freedom, soft, damping)
            trial_cost = _cost(trial, seen, freedom, soft)
            if trial_cost < cost:
                better = trial
                break
            damping *= 8
        if better is None:
            break
        gain, scene, cost = (cost - trial_cost) / max(cost, 1e-30), better, trial_cost
        damping = max(damping / 6, 1e-9)
        if gain < 1e-5:
            break
    return scene, _focal_spread(system, freedom)


def _cost(scene: Scene, seen: Sightings, freedom: Freedom, soft: float) -> float:
    off = np.minimum(np.sum(residuals(scene, seen) ** 2, axis=1), FAILED) / soft**2
    cost = 0.5 * freedom.trust * float(np.log1p(off).sum())
    if freedom.focal_spread > 0:
        cost += 0.5 * (np.log(scene.focal / freedom.focal) / freedom.focal_spread) ** 2
    if freedom.radial_spread > 0:
        cost += 0.5 * (scene.radial / freedom.radial_spread) ** 2
    return cost


def _step(scene: Scene, seen: Sightings, start: np.ndarray, freedom: Freedom, soft: float, damping: float) -> tuple[Scene, np.ndarray]:
    count = len(scene.rotation)
    size = 6 * count + LENS
    system, right = np.zeros((size, size)), np.zeros(size)
    points = len(scene.points)
    inverse, point_right = np.zeros((points, 3, 3)), np.zeros((points, 3))
    mixed, mixed_lens = np.zeros((len(seen.point), 6, 3)), np.zeros((points, LENS, 3))
    _normal_equations(
        scene.rotation, scene.translation, scene.points, scene.focal, scene.radial, seen.camera, seen.pixel, start, soft, freedom.trust,
        damping, freedom.points, freedom.cameras or freedom.focal_spread > 0, system, right, inverse, point_right, mixed, mixed_lens,
    )  # fmt: skip
    _add_priors(system, right, scene, freedom)
    move = _solution(system, right, _free(count, freedom), damping)
    shift = np.zeros((points, 3))
    if freedom.points:
        _back_substitute(move, seen.camera, start, inverse, point_right, mixed, mixed_lens, shift)
    return _moved(scene, move, shift, freedom), system


def _solution(system: np.ndarray, right: np.ndarray, free: np.ndarray, damping: float) -> np.ndarray:
    """Return the damped step, (n,); what isn't free stays."""
    move, at = np.zeros(len(right)), np.flatnonzero(free)
    if not len(at):
        return move
    part, wanted = system[np.ix_(at, at)], right[at]
    part[np.diag_indices(len(part))] += damping * np.diag(part) + WEAK
    move[at] = wanted if _cholesky(part, wanted) else np.linalg.lstsq(part, wanted, rcond=None)[0]
    return move


@nb.njit(cache=True)
def _cholesky(matrix, right):  # type: ignore[no-untyped-def]
    """Solve in `right` by the Cholesky factor of the lower half of a copy; False when the matrix isn't positive. In one thread, bit for bit."""
    count = len(right)
    low, first = matrix.copy(), np.zeros(count, np.int64)
    for i in range(count):
        # Rows begin where they stop being nothing: cameras that share no points cost nothing.
        while first[i] < i and low[i, first[i]] == 0.0:
            first[i] += 1
        for j in range(first[i], i):
            total = low[i, j]
            for k in range(max(first[i], first[j]), j):
                total -= low[i, k] * low[j, k]
            low[i, j] = total / low[j, j]
        total = low[i, i]
        for k in range(first[i], i):
            total -= low[i, k] * low[i, k]
        if not total > 0:
            return False
        low[i, i] = np.sqrt(total)
    answer = right.copy()
    for i in range(count):
        for k in range(first[i], i):
            answer[i] -= low[i, k] * answer[k]
        answer[i] /= low[i, i]
    for i in range(count - 1, -1, -1):
        answer[i] /= low[i, i]
        for k in range(first[i], i):
            answer[k] -= low[i, k] * answer[i]
    right[:] = answer
    return True


def _free(count: int, freedom: Freedom) -> np.ndarray:
    free = np.zeros(6 * count + LENS, bool)
    if freedom.cameras:
        free[6 : 6 * count] = True
        if freedom.turns_only:
            free[: 6 * count].reshape(count, 6)[:, 3:] = False
    free[6 * count] = freedom.focal_spread > 0
    free[6 * count + 1] = freedom.radial_spread > 0
    return free


def _add_priors(system: np.ndarray, right: np.ndarray, scene: Scene, freedom: Freedom) -> None:
    at = 6 * len(scene.rotation)
    if freedom.focal_spread > 0:
        system[at, at] += 1 / freedom.focal_spread**2
        right[at] -= np.log(scene.focal / freedom.focal) / freedom.focal_spread**2
    if freedom.radial_spread > 0:
        system[at + 1, at + 1] += 1 / freedom.radial_spread**2
        right[at + 1] -= scene.radial / freedom.radial_spread**2


def _moved(scene: Scene, move: np.ndarray, shift: np.ndarray, freedom: Freedom) -> Scene:
    count = len(scene.rotation)
    steps = move[: 6 * count].reshape(count, 6)
    return replace(
        scene,
        rotation=np.stack([turn(step[:3]) @ old for step, old in zip(steps, scene.rotation, strict=True)]),
        translation=np.stack([turn(step[:3]) @ old for step, old in zip(steps, scene.translation, strict=True)]) + steps[:, 3:],
        points=scene.points + shift,
        focal=scene.focal * float(np.exp(np.clip(move[6 * count], -0.3, 0.3))),
        radial=scene.radial + float(move[6 * count + 1]),
    )


def turn(vector: np.ndarray) -> np.ndarray:
    """Return the rotation (3, 3) by |vector| radians about it (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    if angle < 1e-10:
        return np.eye(3) + cross
    return np.eye(3) + np.sin(angle) / angle * cross + (1 - np.cos(angle)) / angle**2 * cross @ cross


def _focal_spread(system: np.ndarray, freedom: Freedom) -> float:
    if freedom.focal_spread <= 0 or not system.size:
        return float("inf")
    free = _free((len(system) - LENS) // 6, freedom)
    part = system[np.ix_(free, free)]
    part[np.diag_indices(len(part))] += 1e-9 * np.diag(part) + WEAK
    try:
        index = int(np.count_nonzero(free[: len(system) - LENS]))
        return float(np.sqrt(max(np.linalg.inv(part)[index, index], 0.0)))
    except np.linalg.LinAlgError:
        return freedom.focal_spread


@nb.njit(cache=True)
def _residuals(rotation, translation, points, focal, radial, camera, point, pixel, out):  # type: ignore[no-untyped-def]
    for i in range(len(pixel)):
        c, p = camera[i], point[i]
        x, y, z = _seen_from(rotation[c], translation[c], points[p])
        if z < NEAR:
            out[i, 0] = out[i, 1] = FAILED
            continue
        x, y = x / z, y / z
        gain = focal * (1 + radial * (x * x + y * y))
        out[i, 0], out[i, 1] = gain * x - pixel[i, 0], gain * y - pixel[i, 1]


@nb.njit(cache=True, inline="always")
def _seen_from(r, t, p):  # type: ignore[no-untyped-def]
    return (
        r[0, 0] * p[0] + r[0, 1] * p[1] + r[0, 2] * p[2] + t[0],
        r[1, 0] * p[0] + r[1, 1] * p[1] + r[1, 2] * p[2] + t[1],
        r[2, 0] * p[0] + r[2, 1] * p[1] + r[2, 2] * p[2] + t[2],
    )


@nb.njit(cache=True)
def _linearise(r, t, p, focal, radial, pixel, off, by_camera, by_lens, by_point):  # type: ignore[no-untyped-def]
    """Fill the residual (2,) and its derivatives by camera turn and shift (2, 6), lens (2, 2), point (2, 3); False behind the camera."""
    x, y, z = _seen_from(r, t, p)
    if z < NEAR:
        return False
    u, v = x / z, y / z
    square = u * u + v * v
    gain = focal * (1 + radial * square)
    off[0], off[1] = gain * u - pixel[0], gain * v - pixel[1]
    bend = 2 * focal * radial
    uu, uv, vv = gain + bend * u * u, bend * u * v, gain + bend * v * v
    cam = np.empty((2, 3))
    cam[0, 0], cam[0, 1], cam[0, 2] = uu / z, uv / z, -(uu * u + uv * v) / z
    cam[1, 0], cam[1, 1], cam[1, 2] = uv / z, vv / z, -(uv * u + vv * v) / z
    for k in range(2):
        a, b, c = cam[k, 0], cam[k, 1], cam[k, 2]
        by_camera[k, 0], by_camera[k, 1], by_camera[k, 2] = c * y - b * z, a * z - c * x, b * x - a * y
        by_camera[k, 3], by_camera[k, 4], by_camera[k, 5] = a, b, c
        for j in range(3):
            by_point[k, j] = a * r[0, j] + b * r[1, j] + c * r[2, j]
    by_lens[0, 0], by_lens[1, 0] = gain * u, gain * v
    by_lens[0, 1], by_lens[1, 1] = focal * square * u, focal * square * v
    return True


@nb.njit(cache=True)
def _normal_equations(
    rotation, translation, points, focal, radial, camera, pixel, start, soft, trust, damping, move_points, move_cameras,
    system, right, inverse, point_right, mixed, mixed_lens,
):  # type: ignore[no-untyped-def]  # fmt: skip
    lens = 6 * len(rotation)
    # A point's cameras are in order: what cameras share goes above the diagonal first.
    off, jc, jl, jp = np.empty(2), np.empty((2, 6)), np.empty((2, 2)), np.empty((2, 3))
    for p in range(len(points)):
        own = np.zeros((3, 3))
        for i in range(start[p], start[p + 1]):
            c = camera[i]
            if not _linearise(rotation[c], translation[c], points[p], focal, radial, pixel[i], off, jc, jl, jp):
                continue
            w = trust / (soft * soft + off[0] * off[0] + off[1] * off[1])
            at = 6 * c
            for a in range(6):
                right[at + a] -= w * (jc[0, a] * off[0] + jc[1, a] * off[1])
                for b in range(6):
                    system[at + a, at + b] += w * (jc[0, a] * jc[0, b] + jc[1, a] * jc[1, b])
                for b in range(2):
                    value = w * (jc[0, a] * jl[0, b] + jc[1, a] * jl[1, b])
                    system[at + a, lens + b] += value
                    system[lens + b, at + a] += value
                for b in range(3):
                    mixed[i, a, b] = w * (jc[0, a] * jp[0, b] + jc[1, a] * jp[1, b])
            for a in range(2):
                right[lens + a] -= w * (jl[0, a] * off[0] + jl[1, a] * off[1])
                for b in range(2):
                    system[lens + a, lens + b] += w * (jl[0, a] * jl[0, b] + jl[1, a] * jl[1, b])
                for b in range(3):
                    mixed_lens[p, a, b] += w * (jl[0, a] * jp[0, b] + jl[1, a] * jp[1, b])
            for a in range(3):
                point_right[p, a] -= w * (jp[0, a] * off[0] + jp[1, a] * off[1])
                for b in range(3):
                    own[a, b] += w * (jp[0, a] * jp[0, b] + jp[1, a] * jp[1, b])
        if not move_points:
            continue
        size = own[0, 0] + own[1, 1] + own[2, 2]
        if size <= 0:
            continue
        for a in range(3):
            own[a, a] += damping * own[a, a] + 1e-9 * size
        inverse[p] = np.linalg.inv(own)
        if move_cameras:
            _eliminate(p, camera, start, inverse[p], point_right[p], mixed, mixed_lens[p], lens, system, right)
    for row in range(lens):
        for column in range(row // 6 * 6):
            system[row, column] = system[column, row]


@nb.njit(cache=True)
def _eliminate(p, camera, start, inverse, point_right, mixed, mixed_lens, lens, system, right):  # type: ignore[no-untyped-def]
    """Take a point out of the system (Schur complement)."""
    first, last = start[p], start[p + 1]
    count = last - first
    folded = np.empty((count, 6, 3))
    solved = inverse @ point_right
    turned = np.empty((count, 3, 6))
    for i in range(count):
        for a in range(6):
            for b in range(3):
                m = mixed[first + i, a]
                folded[i, a, b] = m[0] * inverse[0, b] + m[1] * inverse[1, b] + m[2] * inverse[2, b]
                turned[i, b, a] = m[b]
    folded_lens = mixed_lens @ inverse
    for i in range(count):
        at = 6 * camera[first + i]
        f = folded[i]
        for a in range(6):
            right[at + a] -= mixed[first + i, a, 0] * solved[0] + mixed[first + i, a, 1] * solved[1] + mixed[first + i, a, 2] * solved[2]
            for b in range(2):
                value = f[a, 0] * mixed_lens[b, 0] + f[a, 1] * mixed_lens[b, 1] + f[a, 2] * mixed_lens[b, 2]
                system[at + a, lens + b] -= value
                system[lens + b, at + a] -= value
        for j in range(i, count):
            to = 6 * camera[first + j]
            m0, m1, m2 = turned[j, 0], turned[j, 1], turned[j, 2]
            for a in range(6):
                f0, f1, f2 = f[a, 0], f[a, 1], f[a, 2]
                row = system[at + a, to : to + 6]
                for b in range(6):
                    row[b] -= f0 * m0[b] + f1 * m1[b] + f2 * m2[b]
    for a in range(2):
        right[lens + a] -= mixed_lens[a, 0] * solved[0] + mixed_lens[a, 1] * solved[1] + mixed_lens[a, 2] * solved[2]
        for b in range(2):
            system[lens + a, lens + b] -= (
                folded_lens[a, 0] * mixed_lens[b, 0] + folded_lens[a, 1] * mixed_lens[b, 1] + folded_lens[a, 2] * mixed_lens[b, 2]
            )


@nb.njit(cache=True)
def _back_substitute(move, camera, start, inverse, point_right, mixed, mixed_lens, shift):  # type: ignore[no-untyped-def]
    lens = len(move) - 2
    for p in range(len(shift)):
        left = point_right[p].copy()
        for i in range(start[p], start[p + 1]):
            at = 6 * camera[i]
            for a in range(6):
                for b in range(3):
                    left[b] -= mixed[i, a, b] * move[at + a]
        for a in range(2):
            for b in range(3):
                left[b] -= mixed_lens[p, a, b] * move[lens + a]
        for a in range(3):
            shift[p, a] = inverse[p, a, 0] * left[0] + inverse[p, a, 1] * left[1] + inverse[p, a, 2] * left[2]
