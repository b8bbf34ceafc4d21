"""Cracks: break elements into blocks, the most oversized first, until the piece budget is spent.

Walls don't break like Voronoi foam: a crack runs along a joint or across the long side of a panel, and later cracks end on
earlier ones. So pieces are halved in turn (some cracks fork in three), each at a joint where one is near its middle. Every piece
carries a `toughness`, the size at which it stops breaking relative to the typical block. It is log-uniform over the wall's area,
so the number of pieces falls with size as a power law (Turcotte 1986, fragmentation), and children mostly keep their parent's, so
crushed zones lie beside massive blocks.

Breaking has two levels. Parts of an element that are larger than a panel come apart into blocks, which part from each other as the building
comes down. Smaller cracks cut a block into fragments, which keep together until it is hit.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, replace

import numpy as np
from manifold3d import Manifold

from derrumbe.fracture.elements import PANEL, Element
from derrumbe.fracture.materials import COARSENESS, MATTER, UNSEEN, Kind
from derrumbe.geom.carving import Frame, corner_points

SMALLEST = 0.12
"""Blocks with an edge below this aren't broken further, metres: the debris takes over."""
LEAST = 8e-4
"""A crack that would leave a part below this volume is tried elsewhere, m³."""
SLENDER = 1.6
"""A block this many times as long as its typical edge counts as larger."""
HIDDEN, EVEN = 1.8, 1.4
"""A block whose typical edge is longer than its element's `panel` is broken before all others: a large building would otherwise come down in
plates. Where the camera doesn't see it as it stands, so many panels, for it is seen in the pile; and where pieces are few, so many times
the edge that all would have if they were alike."""
URGENT, SNAP = 40.0, 50.0
"""How much sooner than what is no larger than that; columns."""
LONG, TALL, SNAPS = 10.0, 9.0, 2.6
"""A block longer than a bay and a half comes first of all: slabs break at their joints over columns and walls. So does a hidden one that is
large and as long, or taller than two storeys: it would stand while all around it falls. A column longer than SNAPS comes next, after what is
large and seen: it snaps near the middle of its storey (m)."""
FIRST = 40.0
TRIES = 3
TOUGHEST = 1.6
TAIL_SPAN = 2.8
"""Toughness spans a factor exp(TAIL_SPAN * tail)."""
INHERIT = 0.65
"""Share of pieces that keep their parent's toughness."""
UNEVEN = 0.5
"""Share of cracks that split off a small part, at the longest tail."""


@dataclass(frozen=True)
class Shard:
    """A convex piece of element number `element` and block number `block`; `shown`: the camera sees it, or what it was cut from.

    `low`, `high`: its bounds in the element's frame.
    """

    solid: Manifold
    element: int
    block: int
    shown: bool
    toughness: float
    low: np.ndarray
    high: np.ndarray
    span: float
    """Typical edge of its larger faces, metres."""

    @property
    def length(self) -> float:
        """Longest side of its box, metres."""
        return float((self.high - self.low).max())

    def part(self, solid: Manifold, frame: Frame, toughness: float | None = None) -> Shard:
        """Return what is cut off it."""
        return shard_of(solid, self.element, self.block, self.shown, toughness or self.toughness, frame)


def shards_of(elements: list[Element], size: float, count: int, tail: float, rng: np.random.Generator) -> list[Shard]:
    """Break elements into at most `count` shards; `size` is the typical edge of a block of wall, metres."""
    heap: list[tuple[float, int, Shard]] = []
    done: list[tuple[int, Shard]] = []
    serial = 0
    parts = [(k, part, number in element.shown) for k, element in enumerate(elements) for number, part in enumerate(element.parts)]
    todo = [shard_of(part, k, block, shown, _toughness(tail, rng), elements[k].frame) for block, (k, part, shown) in enumerate(parts)]
    blocks = len(parts)
    even = _even(todo, count)
    while True:
        for shard in todo:
            oversize = _oversize(shard, elements[shard.element], size, even)
            heapq.heappush(heap, (-oversize, serial, shard))
            serial += 1
        if not heap or -heap[0][0] <= 1 or len(heap) + len(done) >= count:
            break
        _, number, shard = heapq.heappop(heap)
        todo = _break(shard, elements[shard.element], tail, count - len(heap) - len(done), rng)
        if not todo:
            done.append((number, shard))
        elif _more_than_a_block(shard, _limit(shard, elements[shard.element], size, even)):
            todo = [todo[0], *(replace(part, block=blocks + k) for k, part in enumerate(todo[1:]))]
            blocks += len(todo) - 1
    rest = done + [(number, shard) for _, number, shard in heap]
    return [shard for _, shard in sorted(rest, key=lambda item: (item[1].element, item[0]))]


def _more_than_a_block(shard: Shard, limit: float) -> bool:
    """Whether a shard is too large to keep together while the building comes apart."""
    return shard.span > limit or shard.length > LONG / 2


def _even(shards: list[Shard], count: int) -> float:
    """Return the edge that all blocks would have if they were alike, m."""
    area = sum(shard.solid.volume() / max(float((shard.high - shard.low).min()), 0.1) for shard in shards)
    return math.sqrt(area / count)


def _limit(shard: Shard, element: Element, size: float, even: float) -> float:
    """Return from what edge a block is large, m."""
    return max(element.panel, 2 * size) if shard.shown else max(HIDDEN * PANEL, 2 * size, EVEN * even)


def shard_of(solid: Manifold, element: int, block: int, shown: bool, toughness: float, frame: Frame) -> Shard:
    local = frame.local(corner_points(solid))
    low, high = local.min(axis=0), local.max(axis=0)
    thin = max(float((high - low).min()), 1e-6)
    return Shard(
        solid, element, block, shown, toughness, low, high, max(math.sqrt(solid.volume() / thin), float((high - low).max()) / SLENDER)
    )


def _toughness(tail: float, rng: np.random.Generator) -> float:
    return TOUGHEST * math.exp(-TAIL_SPAN * tail * rng.random())


def _inherited(toughness: float, tail: float, rng: np.random.Generator) -> float:
    if rng.random() < INHERIT:
        return toughness * math.exp(0.2 * tail * rng.standard_normal())
    return _toughness(tail, rng)


def _oversize(shard: Shard, element: Element, size: float, even: float) -> float:
    """Return how many times too large a shard is; up to 1 it stays whole."""
    if shard.span < SMALLEST:
        return 0.0
    length, limit = shard.length, _limit(shard, element, size, even)
    if shard.shown and length > LONG:
        return FIRST * length
    if not shard.shown and max(length / max(LONG, limit), (shard.high - shard.low)[1] / TALL) > 1:
        return FIRST * LONG * (length / max(LONG, limit))
    if element.kind == Kind.COLUMN and length > SNAPS:
        return SNAP * length / SNAPS
    typical = size * COARSENESS[element.kind] * coarser(shard, element)
    if shard.span > limit:  # by size alone: no panel is too tough
        return URGENT * shard.span / limit
    return shard.span / (typical * shard.toughness)


def coarser(shard: Shard, element: Element) -> float:
    """Return how much coarser a shard breaks than what is seen does."""
    return 1.0 if shard.shown else UNSEEN[element.kind]


def _break(shard: Shard, element: Element, tail: float, room: int, rng: np.random.Generator) -> list[Shard]:
    """Return the two or three parts of a shard, or none when it can't be cut."""
    for _ in range(TRIES):
        fork = room >= 3 and rng.random() < MATTER[element.stuff].forks
        solids = _forked(shard, element, rng) if fork else _halved(shard, element, tail, rng)
        if all(solid.volume() > LEAST for solid in solids):
            return [shard.part(solid, element.frame, _inherited(shard.toughness, tail, rng)) for solid in solids]
    return []


def _halved(shard: Shard, element: Element, tail: float, rng: np.random.Generator) -> list[Manifold]:
    axis = _axis(shard, element, rng)
    place, joint = _place(shard, element, axis, tail, rng)
    matter = MATTER[element.stuff]
    tilt = np.asarray(matter.tilt) * rng.standard_normal(3) * (0.1 if joint else 1.0)
    normal = tilt * (matter.tilt[axis] / max(max(matter.tilt), 1e-6))
    normal[axis] = 1.0
    through = (shard.low + shard.high) / 2
    through[axis] = place
    world, offset = plane_at(normal, through, element.frame)
    return list(shard.solid.split_by_plane(world, offset))


def plane_at(normal: np.ndarray, through: np.ndarray, frame: Frame) -> tuple[tuple[float, ...], float]:
    """Return the unit normal and offset in the world of a local plane."""
    world = normal @ frame.axes / np.linalg.norm(normal)
    return tuple(world), float(world @ frame.world(through))


def _axis(shard: Shard, element: Element, rng: np.random.Generator) -> int:
    """Choose which way to cut: mostly across the longest side, as the material's grain has it; rarely through the thickness."""
    length = (shard.high - shard.low) / np.asarray(MATTER[element.stuff].grain)
    order = np.argsort(-length, kind="stable")
    second = length[order[1]] > 0.75 * length[order[0]] and rng.random() < 0.3
    return int(order[1] if second else order[0])


def _place(shard: Shard, element: Element, axis: int, tail: float, rng: np.random.Generator) -> tuple[float, bool]:
    """Return where to cut along an axis, and whether that is a joint."""
    low, length = shard.low[axis], shard.high[axis] - shard.low[axis]
    near = [line for line in element.joints[axis] if 0.25 < (line - low) / length < 0.75]
    if near:
        return min(near, key=lambda line: abs(line - low - length / 2)), True
    if rng.random() < UNEVEN * tail:
        share = rng.uniform(0.14, 0.3)
        return low + length * (share if rng.random() < 0.5 else 1 - share), False
    return low + length * rng.uniform(0.33, 0.67), False


def _forked(shard: Shard, element: Element, rng: np.random.Generator) -> list[Manifold]:
    """Cut in three along the walls between three Voronoi cells, stretched along the grain."""
    length = shard.high - shard.low
    grain = np.asarray(MATTER[element.stuff].grain)
    flat = np.where(np.arange(3) == np.argmin(length), 0.15, 0.36)
    seeds = (shard.low + shard.high) / 2 + length * flat * rng.uniform(-1, 1, (3, 3))
    cells = []
    for k in range(3):
        cell = shard.solid
        for other in range(3):
            if other != k:
                middle = (seeds[k] + seeds[other]) / 2
                cell = cell.trim_by_plane(*plane_at((seeds[k] - seeds[other]) / grain**2, middle, element.frame))
        cells.append(cell)
    return cells
