"""Blows: what a contact force breaks, and the momentum that the rest of a block keeps.

A rigid body that lands stops whole within one step, as no real block does. Bonds carry only so much, so when a blow splits a block, the
parts that weren't struck get back most of the velocity that they had; the share they lose is what crushing takes.
"""

from __future__ import annotations

import numpy as np

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.clusters import spread_force
from derrumbe.simulate.failure import Failure
from derrumbe.simulate.geometry import velocity_at
from derrumbe.simulate.structure import PARAPET, ROOF
from derrumbe.simulate.world import Blow, RawMotion, World

CRUSH_LOSS = 0.12
"""Share of a block's speed that one crushed storey takes."""
HARD_LANDING = 0.5
"""Share of a cell's static capacity at which a blow crushes it."""
LANDING, CRASH = 2.0, 6.0
"""m/s at which a part must come down on something to crush the bay that is struck, and the storey under all of it (it fell by 1.8 m)."""
RUBS, LANDS = 1, 2
"""Bonds away that contact forces are felt. Parts that come apart only rub on each other: cut pieces fit each other exactly, so their first
centimetres give forces of whole blocks, which crush the edges that meet and crack nothing further off."""
SOLID = 8
"""Blocks and loose fragments above which a falling cluster is crushed storey by storey."""
REACH = 0.6
"""m from the struck piece within which the crushed storey is sought."""

Motions = dict[int, RawMotion]


def strike(world: World, failure: Failure, blow: Blow, before: Motions, now: float) -> np.ndarray:
    """Break what the blows break; return the force on each piece, (N,) N. `before`: motions before the blow."""
    force = _force_of(world, blow, np.ones(len(blow.force), bool))
    if force.any():
        closing = _closing(world, blow, before)
        landed, crashed = (_force_of(world, blow, closing > speed) for speed in (LANDING, CRASH))
        _crush_cells(world, failure, landed, crashed > 0, now)
        _shatter(world, failure, force, now)
        _break_around(world, failure, force, landed, now)
    return force


def _shatter(world: World, failure: Failure, force: np.ndarray, now: float) -> None:
    """A block that is hit hard enough falls into fragments, some of which keep together."""
    structure, plan = failure.structure, failure.plan
    struck = np.flatnonzero((force > 0) & world.whole[structure.block] & plan.falls)
    change = force[struck] * world.step_seconds / world.unit_mass[struck]
    hard = structure.block[struck][change > plan.brittle[structure.block[struck]]]
    failure.break_bonds(failure.bonds_within(hard, now), now)


def jolt(failure: Failure, before: np.ndarray, after: np.ndarray, seconds: float, now: float) -> None:
    """Break what stopped hard within some seconds, though no single blow was hard. before, after (N, 3) m/s: of all pieces."""
    structure, plan = failure.structure, failure.plan
    change = np.linalg.norm(after - before + (0.0, GRAVITY * seconds, 0.0), axis=1)
    hard = plan.falls & (before[:, 1] < -LANDING) & (change > plan.brittle[structure.block])
    bonds = np.flatnonzero(failure.alive & ~plan.tough & hard[structure.bonds].all(1) & failure.armed(now))
    failure.due_at[bonds] = np.minimum(failure.due_at[bonds], now)


def _break_around(world: World, failure: Failure, force: np.ndarray, landed: np.ndarray, now: float) -> None:
    """Break what blows overload. What rubs on a roof, or on what bears it, doesn't break its frame, which bends with walls that part below it."""
    structure = failure.structure
    bonds, whole = structure.bonds, world.whole[structure.block]
    felt = np.where((structure.kind[bonds] == ROOF).all(1), 0.0, _felt(world, failure, force, RUBS))
    if landed.any():
        felt = np.maximum(felt, _felt(world, failure, landed, LANDS))
    strength = structure.bond_strength * failure.plan.toughness
    kept = structure.inner & whole[bonds[:, 0]]
    over = failure.alive & failure.breakable & ~kept & (felt > strength) & failure.armed(now)
    failure.break_bonds(np.flatnonzero(over), now)


def _felt(world: World, failure: Failure, force: np.ndarray, rings: int) -> np.ndarray:
    """Return the force that every bond feels of blows on pieces, (B,) N: those on a whole block are felt by all of it."""
    structure = failure.structure
    bonds, whole = structure.bonds, world.whole[structure.block]
    struck = np.zeros(len(world.whole))
    np.maximum.at(struck, structure.block, force)
    felt = spread_force(np.where(whole, struck[structure.block], force), bonds, failure.alive, rings)
    return np.asarray(felt[bonds].mean(1))


def _force_of(world: World, blow: Blow, which: np.ndarray) -> np.ndarray:
    """Return the largest force on each piece, (N,) N, of some contacts, (K,) bool."""
    force = np.zeros(world.structure.count)
    for side in blow.pieces.T:
        struck = which & (side >= 0)
        np.maximum.at(force, side[struck], blow.force[struck])
    return force


def _closing(world: World, blow: Blow, before: Motions) -> np.ndarray:
    """Return how fast the sides of each contact met, (K,) m/s up or down: parts that fall side by side only jostle each other."""
    return np.array([abs(_sinking(world, one, before) - _sinking(world, other, before)) for one, other in blow.pieces.tolist()])


def _sinking(world: World, piece: int, before: Motions) -> float:
    """Return how fast a piece sank before the blow, m/s; what is small is taken as it was left, since it only gives way."""
    number = int(world.body_of[piece]) if piece >= 0 else -1
    if number < 0:
        return 0.0
    return -before[number][0][1] if number in before else world.sinking(number)


def _crush_cells(world: World, failure: Failure, force: np.ndarray, crashed: np.ndarray, now: float) -> None:
    """A landing crushes the storey on both sides of it, that of the block above and that of the building below: where it strikes, and under all of
    the block where it has `crashed` (N,) bool."""
    structure, limit = world.structure, HARD_LANDING * failure.capacity.ravel()
    for piece in np.flatnonzero((force > 0) & failure.plan.falls):
        number = int(world.body_of[piece])
        if number < 0:
            cells = _cells_at(world, np.array([piece]), structure.centre[piece, 1] - REACH)
        elif world.bodies[number].units > SOLID:
            struck = world.bodies[number].pieces if crashed[piece] else np.array([piece])
            cells = _cells_at(world, struck, structure.centre[piece, 1] + REACH)
        else:
            continue
        cells = cells[failure.plan.armed_at[cells] <= now]
        if len(cells) and force[piece] > limit[cells].min():
            if number >= 0 and failure.failed[cells].all():
                failure.grind(_foot_of_roof(world, number, int(piece)), now)
            failure.fail(cells, now, sudden=True)


def _foot_of_roof(world: World, number: int, piece: int) -> np.ndarray:
    """Return the pieces of a roof that lie as low as the struck one."""
    structure, pieces = world.structure, world.bodies[number].pieces
    low = structure.low[pieces, 1] < structure.low[piece, 1] + REACH
    return pieces[low & np.isin(structure.kind[pieces], (ROOF, PARAPET))]


def _cells_at(world: World, pieces: np.ndarray, height: float) -> np.ndarray:
    """Return the cells of the storey at a height in the bays of some pieces."""
    structure = world.structure
    storey = min(int(np.searchsorted(structure.storey_tops, height)), structure.cells.storeys - 1)
    return storey * structure.cells.nx * structure.cells.nz + np.unique(structure.column[pieces])


def give_back(world: World, failure: Failure, before: Motions, force: np.ndarray, born: list[tuple[int, int]], now: float) -> None:
    """Give blocks that broke under a blow back the speed that a real block would have kept; less to parts that were struck themselves."""
    torn = np.unique(world.body_of[failure.structure.bonds[failure.broken_at == now]])
    parents = {int(number) for number in torn} | {parent for parent, _ in born}
    for parent in sorted(parents & before.keys()):
        family = [parent] + [child for other, child in born if other == parent]
        if any(force[world.bodies[number].pieces].any() for number in family):
            for number in family:
                _restore(world, number, before[parent], (1 - CRUSH_LOSS) * _spared(world, number, force))


def _spared(world: World, number: int, force: np.ndarray) -> float:
    """Return 1 for a part that wasn't struck, 0 for one of which a third or more was."""
    pieces = world.bodies[number].pieces
    mass = world.structure.mass[pieces]
    return max(0.0, 1.0 - 3.0 * float(mass[force[pieces] > 0].sum() / mass.sum()))


def _restore(world: World, number: int, before: RawMotion, kept: float) -> None:
    linear, angular, centre = world.motion(number)
    was_linear, was_angular, was_centre = (np.array(part) for part in before)
    earlier = velocity_at(was_linear, was_angular, was_centre, centre)
    world.set_motion(number, linear + kept * (earlier - linear), angular + kept * (was_angular - angular))
