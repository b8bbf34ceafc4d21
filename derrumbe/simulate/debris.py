"""Small stuff: particles that joints shed as they open, that blows knock off, and that burst windows are.

Sizes follow a power law: the number above radius r goes with r**-EXPONENT, as crushed rock and brick do (Turcotte 1986: 1.5 to 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.knobs import Debris
from derrumbe.simulate.events import GLASS, Damage, energy_lost
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
STIRRED, SPRUNG = 0.2, 0.3
"""m/s: spread of the speed of crumbs at birth where a joint merely opens; share of the speed that sides part with, or that a blow takes, that they get."""
FASTEST, BURST = 2.5, 1.1
"""m/s: the most of that from blows; the same of glass that bursts."""
CHIPS = 0.6
"""Size of what joints shed as they open, of what blows knock off."""


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
class Births:
    """Where crumbs come from: time (M,) s after the first sample; position, velocity, rest (M, 3); piece (M,); thrown (M,) m/s: spread of the speed
    that they get besides; size: factor on their radii."""

    time: np.ndarray
    position: np.ndarray
    velocity: np.ndarray
    rest: np.ndarray
    piece: np.ndarray
    thrown: np.ndarray
    size: float


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
    time, position, velocity, rest, piece, thrown = (
        np.concatenate([getattr(each, name) for each in births]) for name in ("time", "position", "velocity", "rest", "piece", "thrown")
    )
    glass = np.arange(len(time)) >= len(time) - len(births[2].time)
    material = kinds(structure, piece, rng)
    material[glass] = GLASS
    order = np.argsort(time, kind="stable")
    factor = np.repeat([each.size for each in births], [len(each.time) for each in births])
    return Crumbs(
        time=time[order],
        position=position[order],
        velocity=(velocity + thrown[:, None] * rng.normal(size=(len(piece), 3)))[order],
        rest=rest[order],
        radius=factor[order] * sizes(structure, material[order], debris.size, pixel, rng),
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
    return Births(time + track.trigger_sample * track.sample_seconds, position, velocity + out, rest, pane, np.full(len(pane), BURST), 1.0)


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


def _from_breaks(structure: Structure, track: Track, parted_at: np.ndarray, count: int, rng: np.random.Generator) -> Births:
    """More from larger faces, spread over the face, within the piece that sheds them: as fast as its sides part, and little else."""
    parted = np.flatnonzero(np.isfinite(parted_at))
    bond = parted[_draw(structure.bond_area[parted], count, rng)]
    time = parted_at[bond] + rng.exponential(0.12, len(bond))
    side = rng.integers(0, 2, len(bond))
    piece, other = structure.bonds[bond, side], structure.bonds[bond, 1 - side]
    spread = 0.5 * np.sqrt(structure.bond_area[bond])[:, None] * rng.uniform(-1, 1, (len(bond), 3))
    rest = np.clip(structure.bond_centre[bond] + spread, structure.low[piece], structure.high[piece])
    sample = track.sample_at(time)
    position, velocity = track.carry(sample, piece, rest, structure.centre)
    apart = np.linalg.norm(velocity - track.carry(sample, other, rest, structure.centre)[1], axis=1)
    outer = np.isin(structure.kind[piece], (OUTER_WALL, WINDOW, PARAPET))
    out = (outer * rng.gamma(1.5, 0.6, len(piece)))[:, None] * structure.outward[piece]
    start = track.trigger_sample * track.sample_seconds
    return Births(time + start, position, velocity + out, rest, piece, STIRRED + SPRUNG * apart, CHIPS)


def _from_impacts(structure: Structure, track: Track, count: int, rng: np.random.Generator) -> Births:
    """More from harder impacts, from all over the piece, thrown the faster the harder."""
    lost = energy_lost(structure, track)
    which = _draw(lost.ravel(), count, rng)
    sample, piece = np.divmod(which, structure.count)
    spread = 0.45 * np.cbrt(structure.volume[piece])[:, None] * rng.uniform(-1, 1, (len(piece), 3))
    rest = structure.centre[piece] + spread
    position, velocity = track.carry(sample, piece, rest, structure.centre)
    blow = np.sqrt(2 * lost[sample, piece] / structure.mass[piece])
    time = (sample + rng.random(len(sample))) * track.sample_seconds
    return Births(time, position, 0.6 * velocity, rest, piece, np.minimum(STIRRED + SPRUNG * blow, FASTEST), 1.0)


def _draw(weight: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` indices, each as often as its weight asks (systematic sampling); none when nothing weighs."""
    total = np.cumsum(weight)
    if len(total) == 0 or total[-1] <= 0:
        return np.zeros(0, int)
    return np.searchsorted(total, (np.arange(count) + rng.random()) / count * total[-1], side="right").clip(0, len(total) - 1)
