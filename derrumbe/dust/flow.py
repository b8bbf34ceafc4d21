"""Air on a staggered grid: MacCormack advection (Selle et al. 2008), vorticity confinement (Fedkiw et al. 2001), weight, drag of rubble."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from derrumbe.dust.sampling import corners, traced, trilinear

F = np.float32
AIR = 1.2
GRAVITY = 9.81
HEAVIER = 6.0
"""Mass of a fresh cloud over that of the fine dust that is seen: the coarse grains in it weigh most, hide little, and are the first to come down."""
MOST_TURN = 0.3
"""Of its speed, by which noise turns air in a step."""


@njit(cache=True, parallel=True)
def _carried(field, u, v, w, ox, oy, oz, step):
    """One semi-Lagrangian pass: what comes from upstream, and the bounds around where it came from."""
    new, low, high = np.empty_like(field), np.empty_like(field), np.empty_like(field)
    for i in prange(field.shape[0]):
        for j in range(field.shape[1]):
            for k in range(field.shape[2]):
                x, y, z = traced(u, v, w, F(i) + ox, F(j) + oy, F(k) + oz, -step)
                new[i, j, k] = trilinear(field, x - ox, y - oy, z - oz)
                low[i, j, k], high[i, j, k] = corners(field, x - ox, y - oy, z - oz)
    return new, low, high


@njit(cache=True, parallel=True)
def _corrected(field, once, low, high, u, v, w, ox, oy, oz, step):
    """Add half the error of going there and back; where that leaves the bounds, keep the first pass."""
    new = np.empty_like(field)
    for i in prange(field.shape[0]):
        for j in range(field.shape[1]):
            for k in range(field.shape[2]):
                x, y, z = traced(u, v, w, F(i) + ox, F(j) + oy, F(k) + oz, step)
                value = once[i, j, k] + F(0.5) * (field[i, j, k] - trilinear(once, x - ox, y - oy, z - oz))
                new[i, j, k] = value if low[i, j, k] <= value <= high[i, j, k] else once[i, j, k]
    return new


def advected(u: np.ndarray, v: np.ndarray, w: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the velocity by itself. `step` is dt / cell (cells per m/s)."""
    half, none, stride = F(0.5), F(0), F(step)
    faces = ((u, none, half, half), (v, half, none, half), (w, half, half, none))
    moved = []
    for field, ox, oy, oz in faces:
        once, low, high = _carried(field, u, v, w, ox, oy, oz, stride)
        moved.append(_corrected(field, once, low, high, u, v, w, ox, oy, oz, stride))
    return moved[0], moved[1], moved[2]


@njit(cache=True, parallel=True)
def centred(u, v, w):
    """Velocity at cell centres, (x,y,z,3)."""
    nx, ny, nz = v.shape[0], u.shape[1], u.shape[2]
    out = np.empty((nx, ny, nz, 3), F)
    for i in prange(nx):
        for j in range(ny):
            for k in range(nz):
                out[i, j, k, 0] = F(0.5) * (u[i, j, k] + u[i + 1, j, k])
                out[i, j, k, 1] = F(0.5) * (v[i, j, k] + v[i, j + 1, k])
                out[i, j, k, 2] = F(0.5) * (w[i, j, k] + w[i, j, k + 1])
    return out


@njit(cache=True, parallel=True)
def curl(c):
    """Curl of cell-centred velocity times the cell's edge, (x,y,z,4): vector and length. Zero in the outermost cells."""
    nx, ny, nz = c.shape[:3]
    out = np.zeros((nx, ny, nz, 4), F)
    h = F(0.5)
    for i in prange(1, nx - 1):
        for j in range(1, ny - 1):
            for k in range(1, nz - 1):
                a = h * (c[i, j + 1, k, 2] - c[i, j - 1, k, 2] - c[i, j, k + 1, 1] + c[i, j, k - 1, 1])
                b = h * (c[i, j, k + 1, 0] - c[i, j, k - 1, 0] - c[i + 1, j, k, 2] + c[i - 1, j, k, 2])
                d = h * (c[i + 1, j, k, 1] - c[i - 1, j, k, 1] - c[i, j + 1, k, 0] + c[i, j - 1, k, 0])
                out[i, j, k, 0], out[i, j, k, 1], out[i, j, k, 2] = a, b, d
                out[i, j, k, 3] = np.sqrt(a * a + b * b + d * d)
    return out


@njit(cache=True, parallel=True)
def confinement(spin, load, strength, cell):
    """Acceleration (m/s²) at cell centres, (x,y,z,3), that keeps up spin where there is dust. `spin` is curl * cell (m/s), `load` kg/m³."""
    nx, ny, nz = load.shape
    out = np.zeros((nx, ny, nz, 3), F)
    for i in prange(1, nx - 1):
        for j in range(1, ny - 1):
            for k in range(1, nz - 1):
                if load[i, j, k] > F(1e-5):
                    a = spin[i + 1, j, k, 3] - spin[i - 1, j, k, 3]
                    b = spin[i, j + 1, k, 3] - spin[i, j - 1, k, 3]
                    c = spin[i, j, k + 1, 3] - spin[i, j, k - 1, 3]
                    scale = strength / (np.sqrt(a * a + b * b + c * c) + F(1e-6)) / cell
                    out[i, j, k, 0] = scale * (b * spin[i, j, k, 2] - c * spin[i, j, k, 1])
                    out[i, j, k, 1] = scale * (c * spin[i, j, k, 0] - a * spin[i, j, k, 2])
                    out[i, j, k, 2] = scale * (a * spin[i, j, k, 1] - b * spin[i, j, k, 0])
    return out


@njit(cache=True, parallel=True)
def turned(push, velocity, dt):
    """Keep of accelerations (x,y,z,3), in place, what turns air and does no work on it, and at most MOST_TURN of its speed in a step.

    Noise that follows the spin it makes would else feed on itself: 17 times the energy that the weight of a cloud sets free in 2 s.
    """
    for i in prange(push.shape[0]):
        for j in range(push.shape[1]):
            for k in range(push.shape[2]):
                a, b, c = push[i, j, k, 0], push[i, j, k, 1], push[i, j, k, 2]
                if a == F(0) and b == F(0) and c == F(0):
                    continue
                u, v, w = velocity[i, j, k, 0], velocity[i, j, k, 1], velocity[i, j, k, 2]
                speed = u * u + v * v + w * w
                along = (a * u + b * v + c * w) / (speed + F(1e-9))
                a, b, c = a - along * u, b - along * v, c - along * w
                keep = min(F(1), F(MOST_TURN) * np.sqrt(speed) / (dt * np.sqrt(a * a + b * b + c * c) + F(1e-9)))
                push[i, j, k, 0], push[i, j, k, 1], push[i, j, k, 2] = keep * a, keep * b, keep * c


def weigh(push: np.ndarray, load: np.ndarray, fresh: float) -> None:
    """Add the weight of dust (load, kg/m³, of which a share is `fresh`) to accelerations, in place. A heavy cell also has more to move, so its
    fall never passes g."""
    dust = F(1 + (HEAVIER - 1) * fresh) * load
    push[..., 1] -= F(GRAVITY) * dust / (F(AIR) + dust)


@njit(cache=True, parallel=True)
def _push_axis(field, axis, amount, dt, share, momentum, grip):
    """Add amount*dt to the faces along one axis, then pull them towards rubble: share (x,y,z) solid, momentum = share * its velocity."""
    di, dj, dk = int(axis == 0), int(axis == 1), int(axis == 2)
    for row in prange(di, field.shape[0] - di):
        i = np.int64(row)
        for j in range(dj, field.shape[1] - dj):
            for k in range(dk, field.shape[2] - dk):
                p, q, r = i - di, j - dj, k - dk
                value = field[i, j, k] + F(0.5) * dt * (amount[i, j, k, axis] + amount[p, q, r, axis])
                solid = share[i, j, k] + share[p, q, r]
                if solid > F(1e-4):
                    hold = F(1) - np.exp(-F(0.5) * grip * dt * solid)
                    value += hold * ((momentum[i, j, k, axis] + momentum[p, q, r, axis]) / solid - value)
                field[i, j, k] = value


def push(
    u: np.ndarray, v: np.ndarray, w: np.ndarray, amount: np.ndarray, dt: float, share: np.ndarray, momentum: np.ndarray, grip: float
) -> None:
    """Apply accelerations and the drag of rubble (Brinkman penalisation, rate `grip` per second where all is solid), in place."""
    for axis, field in enumerate((u, v, w)):
        _push_axis(field, axis, amount, F(dt), share, momentum, F(grip))


def hold_to_wind(u: np.ndarray, v: np.ndarray, w: np.ndarray, wind: np.ndarray, dt: float, rim: int = 4, rate: float = 3.0) -> None:
    """Pull the outer `rim` cells of the open sides towards the wind (`wind` (y,2): x and z speed per row of cells), in place."""
    for field, goal in ((u, wind[None, :, None, 0]), (w, wind[None, :, None, 1])):
        pull = F(1 - np.exp(-rate * dt)) * _rim(field.shape, rim)
        field += pull * (goal.astype(F) - field)


def _rim(shape: tuple[int, ...], rim: int) -> np.ndarray:
    """1 at the four vertical borders, 0 from `rim` cells on; broadcast over y."""
    lines = []
    for axis in (0, 2):
        index = np.arange(shape[axis])
        lines.append(np.clip(1 - np.minimum(index, index[::-1]) / rim, 0, 1).astype(F))
    return np.maximum(lines[0][:, None, None], lines[1][None, None, :])
