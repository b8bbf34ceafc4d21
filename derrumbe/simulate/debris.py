"""Small stuff: particles thrown off breaks and impacts, with drag, bouncing on the ground and on the pile.

Drag of a tumbling crumb: a = 3/8 Cd rho_air / (rho r) |v| v with Cd = 1 (Clift, Grace, Weber: Bubbles, Drops and Particles, 1978).
Sizes follow a power law: the number above radius r goes with r**-EXPONENT, as crushed rock and brick do (Turcotte 1986: 1.5 to 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from derrumbe.core.knobs import Debris
from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.events import GLASS, Damage, carry_bonds, energy_lost
from derrumbe.simulate.precursors import burst_times
from derrumbe.simulate.structure import COLUMN, OUTER_WALL, PARAPET, PARTITION, SLAB, WINDOW, Structure
from derrumbe.simulate.track import Track

PER_PIECE = 10
"""Particles for every rigid piece at amount 1."""
MOST = 100_000
"""Particles at most, whatever is asked."""
BREAK_SHARE = 0.55
"""Share of particles born from breaks; the others come from impacts."""
EXPONENT = 1.7
SMALLEST, LARGEST = 1 / 6, 2.5
"""Radii over the typical size."""
COARSEST = 0.1
"""The largest crumbs of masonry reach this share of the typical edge of a piece, so that the tail has no gap in a large building."""
FINEST = 0.25
"""Pixels of radius under which crumbs aren't made: the small end goes with the picture, not with the building."""
GLASS_SHARE = 0.08
"""Share of particles that are glass, where windows burst."""
METAL, PAPER = 6, 7
"""Materials of particles beside those of pieces (records.Pieces): bars and pipes, and paper or cloth."""
SIZE = np.array([1.0, 1.0, 1.0, 1.0, 0.55, 1.0, 0.8, 1.6])
"""Sizes by material, of the typical one: brick, concrete, stone, timber, glass, tile, metal, paper."""
DENSITY = np.array([1800.0, 2300.0, 2400.0, 600.0, 1200.0, 1400.0, 4000.0, 25.0])
"""kg/m³ by material, of a ball that falls as the thing does: flat ones are held by the air."""
SUBSTEPS = 3
FIELD_CELL = 0.5
"""m: cells of the height field of the pile."""
THROWN = 1.1
"""m/s: spread of the speed at birth."""


@dataclass(frozen=True)
class Crumbs:
    """Particles at birth: time (M,) s after the first sample; position, velocity, rest (M, 3); radius (M,) m; material (M,) uint8."""

    time: np.ndarray
    position: np.ndarray
    velocity: np.ndarray
    rest: np.ndarray
    radius: np.ndarray
    material: np.ndarray


@dataclass(frozen=True)
class HeightField:
    """Top of what lies still, (S, nx, nz) m, over a grid with corner `low` (x, z) and cells of FIELD_CELL."""

    low: np.ndarray
    top: np.ndarray


def born(
    structure: Structure, track: Track, damage: Damage, released: np.ndarray, debris: Debris, pixel: float, rng: np.random.Generator
) -> Crumbs:
    """Return the particles of a collapse, sorted by birth. released (N,): see records.Motion; pixel: m that a pixel covers at the building."""
    total = min(round(PER_PIECE * structure.count * debris.amount), MOST)
    births = (
        _from_breaks(structure, track, damage.parted_at, round(BREAK_SHARE * total), rng),
        _from_impacts(structure, track, round((1 - BREAK_SHARE - GLASS_SHARE) * total), rng),
        _from_windows(structure, track, burst_times(structure, track, damage, released, rng), round(GLASS_SHARE * total), rng),
    )
    time, position, velocity, rest, piece = (np.concatenate(parts) for parts in zip(*births, strict=True))
    glass = np.arange(len(time)) >= len(time) - len(births[2][0])
    material = kinds(structure, piece, rng)
    material[glass] = GLASS
    order = np.argsort(time, kind="stable")
    outer = np.isin(structure.kind[piece], (OUTER_WALL, WINDOW, PARAPET))
    thrown = rng.normal(0, THROWN, (len(piece), 3)) + (outer * rng.gamma(1.5, 0.6, len(piece)))[:, None] * structure.outward[piece]
    return Crumbs(
        time=time[order],
        position=position[order],
        velocity=(velocity + thrown)[order],
        rest=rest[order],
        radius=sizes(structure, material[order], debris.size, pixel, rng),
        material=material[order],
    )


def kinds(structure: Structure, piece: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return what crumbs of pieces (M,) are made of, (M,) uint8: the piece's own stuff, now and then a bar or pipe, or paper from rooms."""
    material = structure.material[piece].astype(np.uint8)
    draw = rng.random(len(piece))
    inside = np.isin(structure.kind[piece], (SLAB, PARTITION))
    material[(structure.kind[piece] == COLUMN) & (draw < 0.06) | inside & (draw < 0.03)] = METAL
    material[inside & (draw > 0.96)] = PAPER
    return material


def _from_windows(structure: Structure, track: Track, burst: np.ndarray, count: int, rng: np.random.Generator) -> Births:
    """Glass, from all over the panes as they burst; more from larger ones."""
    pane = _draw(structure.volume * np.isfinite(burst), count, rng)
    spread = 0.5 * (structure.high - structure.low)[pane] * rng.uniform(-1, 1, (len(pane), 3))
    rest = structure.centre[pane] + spread
    time = burst[pane] + 0.05 * rng.random(len(pane))
    position, velocity = track.carry(track.sample_at(time), pane, rest, structure.centre)
    out = rng.gamma(2.0, 1.0, len(pane))[:, None] * structure.outward[pane]
    return time + track.trigger_sample * track.sample_seconds, position, velocity + out, rest, pane


def sizes(structure: Structure, material: np.ndarray, size: float, pixel: float, rng: np.random.Generator) -> np.ndarray:
    """Return radii (M,) m of crumbs of a material (M,) uint8."""
    edge = float(np.median(np.cbrt(structure.volume)))
    smallest = min(max(SMALLEST * size, FINEST * pixel), size)
    stones = radii(len(material), smallest, max(LARGEST * size, COARSEST * edge), rng)
    return np.where(material < GLASS, stones, np.minimum(stones, LARGEST * size)) * SIZE[material]


def radii(count: int, smallest: float, largest: float, rng: np.random.Generator) -> np.ndarray:
    """Return radii (count,) of a power law from `smallest` to `largest`, m."""
    low, high = smallest**-EXPONENT, largest**-EXPONENT
    return np.asarray((low + rng.random(count) * (high - low)) ** (-1 / EXPONENT))


Births = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _from_breaks(structure: Structure, track: Track, broken_at: np.ndarray, count: int, rng: np.random.Generator) -> Births:
    """More from larger faces, spread over the face."""
    broken = np.flatnonzero(np.isfinite(broken_at))
    bond = broken[_draw(structure.bond_area[broken], count, rng)]
    time = broken_at[bond] + rng.exponential(0.12, len(bond))
    spread = 0.4 * np.sqrt(structure.bond_area[bond])[:, None] * rng.uniform(-1, 1, (len(bond), 3))
    position, velocity = carry_bonds(structure, track, bond, time)
    start = track.trigger_sample * track.sample_seconds
    piece = structure.bonds[bond, rng.integers(0, 2, len(bond))]
    return time + start, position + spread, velocity, structure.bond_centre[bond] + spread, piece


def _from_impacts(structure: Structure, track: Track, count: int, rng: np.random.Generator) -> Births:
    """More from harder impacts, from all over the piece."""
    lost = energy_lost(structure, track)
    which = _draw(lost.ravel(), count, rng)
    sample, piece = np.divmod(which, structure.count)
    spread = 0.45 * np.cbrt(structure.volume[piece])[:, None] * rng.uniform(-1, 1, (len(piece), 3))
    rest = structure.centre[piece] + spread
    position, velocity = track.carry(sample, piece, rest, structure.centre)
    return (sample + rng.random(len(sample))) * track.sample_seconds, position, 0.6 * velocity, rest, piece


def _draw(weight: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` indices, each as often as its weight asks (systematic sampling); none when nothing weighs."""
    total = np.cumsum(weight)
    if len(total) == 0 or total[-1] <= 0:
        return np.zeros(0, int)
    return np.searchsorted(total, (np.arange(count) + rng.random()) / count * total[-1], side="right").clip(0, len(total) - 1)


def height_field(structure: Structure, track: Track) -> HeightField:
    """Return the top of slow pieces at every sample."""
    reach = np.cbrt(structure.volume) * 0.5
    ends = track.position[-1]
    low = np.minimum(ends[:, ::2].min(0), structure.footprint.min(0)) - 5.0
    high = np.maximum(ends[:, ::2].max(0), structure.footprint.max(0)) + 5.0
    shape = np.minimum(np.ceil((high - low) / FIELD_CELL).astype(int), 600)
    top = np.zeros((track.sample_count, *shape), np.float32)
    for k in range(track.trigger_sample, track.sample_count):
        slow = (np.linalg.norm(track.velocity[k], axis=-1) < 2.0) & (track.position[k, :, 1] < structure.centre[:, 1] - 0.3)
        index = ((track.position[k, slow][:, ::2] - low) / FIELD_CELL).astype(int).clip(0, shape - 1)
        np.maximum.at(top[k], (index[:, 0], index[:, 1]), (track.position[k, slow, 1] + reach[slow]).astype(np.float32))
    return HeightField(low, top)


def fly(crumbs: Crumbs, field: HeightField, track: Track) -> np.ndarray:
    """Return positions (S, M, 3) float32, NaN before birth."""
    out = np.full((track.sample_count, len(crumbs.time), 3), np.nan, np.float32)
    _fly(
        crumbs.time,
        crumbs.position,
        crumbs.velocity,
        crumbs.radius,
        DENSITY[crumbs.material],
        field.low,
        field.top,
        track.sample_seconds,
        out,
    )
    return out


@njit(cache=True)
def _fly(time, position, velocity, radius, density, low, top, dt, out):  # pragma: no cover - compiled
    samples, count = out.shape[0], out.shape[1]
    h = dt / SUBSTEPS
    for m in range(count):
        p, v = position[m].copy(), velocity[m].copy()
        r = radius[m]
        drag = 0.375 * 1.2 / (density[m] * r)
        first = int(np.ceil(time[m] / dt))
        still = False
        p[1] = max(p[1], r)
        for k in range(first, samples):
            ix = min(max(int((p[0] - low[0]) / FIELD_CELL), 0), top.shape[1] - 1)
            iz = min(max(int((p[2] - low[1]) / FIELD_CELL), 0), top.shape[2] - 1)
            floor = top[k, ix, iz]
            if p[1] < floor - 0.8:
                floor = 0.0
            if still and p[1] - r > floor + 0.15:
                still = False
                v[:] = 0.0
            for _ in range(SUBSTEPS):
                if still:
                    break
                speed = np.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2)
                slowing = 1.0 / (1.0 + drag * speed * h)
                v[0] *= slowing
                v[1] = (v[1] - GRAVITY * h) * slowing
                v[2] *= slowing
                p += v * h
                if p[1] < floor + r:
                    p[1] = max(floor, 0.0) + r
                    still = _bounce(v)
            out[k, m, 0], out[k, m, 1], out[k, m, 2] = p[0], max(p[1], r), p[2]


@njit(cache=True)
def _bounce(v):  # pragma: no cover - compiled
    """Reflect with loss; return True when the particle stays."""
    v[0] *= 0.55
    v[2] *= 0.55
    v[1] = 0.22 * abs(v[1])
    return v[0] ** 2 + v[1] ** 2 + v[2] ** 2 < 0.16
