"""Chips: corners that break off blocks, so that edges are ragged and small stuff lies beside large."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from derrumbe.fracture.cracks import LEAST, LONG, Shard, coarser, plane_at
from derrumbe.fracture.elements import Element
from derrumbe.fracture.materials import Kind, Stuff
from derrumbe.geom.carving import corner_points

WHOLE = (Stuff.GLASS, Stuff.TIMBER)
"""What splits but doesn't chip."""
DEPTH = (0.12, 0.45)
"""How deep a corner breaks off, as a share of a block's typical edge."""
LARGEST = 0.2
"""A chip is smaller than this share of its block."""


def chip_count(count: int, tail: float) -> int:
    """Return how many of `count` pieces are kept for chips."""
    return int(0.2 * tail * count)


def chipped(shards: list[Shard], elements: list[Element], most: int, rng: np.random.Generator) -> list[Shard]:
    """Break a corner off up to `most` blocks."""
    weight = np.array([_weight(block, elements[block.element]) for block in shards])
    wanted = min(most, int((weight > 0).sum()))
    if wanted <= 0:
        return shards
    chosen = set(rng.choice(len(shards), wanted, replace=False, p=weight / weight.sum()).tolist())
    out: list[Shard] = []
    fresh = 1 + max(block.block for block in shards)
    for k, block in enumerate(shards):
        parts = _broken_corner(block, elements[block.element], rng) if k in chosen else [block]
        if len(parts) > 1 and block.length > LONG / 2:  # too large to keep its chip until it is hit
            parts, fresh = [parts[0], replace(parts[1], block=fresh)], fresh + 1
        out += parts
    return out


def _weight(block: Shard, element: Element) -> float:
    """Blocks that the camera sees chip most, large ones more than small ones."""
    if element.stuff in WHOLE or element.kind == Kind.WINDOW or block.span < 0.35:
        return 0.0
    return block.span**2 / coarser(block, element) ** 2


def _broken_corner(block: Shard, element: Element, rng: np.random.Generator) -> list[Shard]:
    """Return a block and the corner broken off it, or the block alone."""
    local = element.frame.local(corner_points(block.solid))
    corner = local[rng.integers(len(local))]
    inward = (block.low + block.high) / 2 - corner
    slant = np.sign(inward) * rng.uniform(0.15, 1.0, 3)
    depth = rng.uniform(*DEPTH) * block.span
    normal = slant / np.linalg.norm(slant)
    rest, chip = block.solid.split_by_plane(*plane_at(normal, corner + normal * depth * 0.6, element.frame))
    if chip.volume() < LEAST or chip.volume() > LARGEST * block.solid.volume():
        return [block]
    return [block.part(part, element.frame) for part in (rest, chip)]
