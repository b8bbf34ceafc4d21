"""The failure plan: which cells give way and when, as the brief asks, and which bonds go with a cell.

A cell is one bay of one storey. Its uprights are crushed when it fails. Times are seconds after the trigger.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.knobs import Collapse
from derrumbe.simulate import borders
from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.kicks import Blast, Kick, Peel, blast
from derrumbe.simulate.parts import lay, weak_storeys
from derrumbe.simulate.slender import slender_tops
from derrumbe.simulate.structure import OUTER_WALL, PARAPET, ROOF, SLAB, WINDOW, Cells, Structure
from derrumbe.simulate.world import THROW

NEVER = np.inf
FRONT_SPEED = 10.0
"""m/s along a storey at which failure runs from bay to bay: seen in films of progressive collapses as 5 to 20 m/s."""
HINGE_SHARE = 0.3
"""Share of the base, at the back of a topple, that holds as a hinge."""
CORNERS = ("corner_left", "corner_right")
CORNER_WIDE, CORNER_DEEP = 0.36, 0.6
"""Shares of width and depth of a corner that falls."""
FRONT_DEPTH = 1.5
"""m behind the foremost wall within which walls belong to the façade."""
BLAST_LEADS = 0.25
"""s by which an explosion is ahead of the first storey's failure."""
LATER, SINKING = 0.7, 0.6
"""In a collapse from the base a storey gives way after this share of the time in which it would sink to the ground at so many g."""
SHATTERS, TOUGH = 3.5, 0.1
"""m/s at which a block of a cubic metre is hit when it shatters (it fell by 0.6 m), and share of the bonds in it that hold nonetheless."""
CRUSHED = 0.95
"""Share of blocks and joints in uprights that break where their storey is crushed: what stands on it lands on rubble."""
SHAKEN, JOLTED, CALM = 0.8, 0.4, 0.7
"""Shares of parapets and chimneys that an earthquake shakes off, and that a failing base does; speed of a collapse under which none is."""
JITTER = 0.08
"""s at most by which a bay of a part gives way later than its neighbours do."""
HOLDS = (0.3, 1.0)
"""s for which the bays of a part hold together after its base has gone, unless a blow parts them."""
OFF = 0.06
"""s within which a part comes off what it stands on."""
SEATED = 40.0
"""Times its strength that a chimney's seat bears where nothing shakes, and that a finial does: parts that lean on each other only rub."""
LEAN = 0.35
"""rad that a toppling block leans before its hinge is crushed."""
RISES = 0.3
"""Share of the way between two pieces of a roof that is upwards, from which the same rafters run through both."""


@dataclass(frozen=True)
class Hinge:
    """What a toppling block turns on: a line through `point` along `axis`, holding for `seconds` after the trigger."""

    point: np.ndarray
    axis: np.ndarray
    seconds: float


@dataclass(frozen=True)
class Plan:
    """falls (N,) bool; cell_time (C,) s, NEVER for cells that nothing makes fail; the rest per bond (B,).

    crush_lag: after the failure of either cell, this bond goes; crack_lag: after the first failure below in either bay, it goes;
    cut_time: it goes then, whatever happens. NEVER where it doesn't apply. toughness: factor on its own strength.
    resist: share of g that crushing takes from a large block of each bay, (nx * nz,); lean (nx * nz, 2): x and z of the way it tilts; lead: the
    side along x that goes first, -1, 1 or 0. armed_at (C,) s: before it no blow crushes a cell or
    breaks its bonds, so that a toppling block keeps whole on its hinge.
    """

    falls: np.ndarray
    cell_time: np.ndarray
    crush_lag: np.ndarray
    crack_lag: np.ndarray
    cut_time: np.ndarray
    toughness: np.ndarray
    resist: np.ndarray
    lean: np.ndarray
    lead: float
    armed_at: np.ndarray
    hinge: Hinge | None
    origin: int
    unfounded_at: np.ndarray
    """(N,) s when pieces that stand on the ground let go of it, whatever happens."""
    brittle: np.ndarray
    """(blocks,) m/s of change in one step from which a block shatters."""
    tough: np.ndarray
    """(B,) bool: bonds between fragments that outlast their block's shattering."""
    base: np.ndarray
    """(N,) m: height that each falling piece can come down to: where only upper storeys fall, the floor of the lowest of them."""
    kick: Kick | None = None


def plan(structure: Structure, collapse: Collapse, rng: np.random.Generator) -> Plan:
    """Return the failure plan of a brief."""
    origin = min(collapse.origin_storey, structure.cells.storeys - 1)
    falls = falling_pieces(structure, collapse, origin, rng)
    if collapse.part == "upper":
        origin = max(origin, int(structure.storey[falls & structure.upright].min(initial=structure.cells.storeys - 1)))
    hinge = topple_hinge(structure, collapse, origin) if collapse.mode == "topple" else None
    holds = hinge.seconds if hinge else 0.0
    parts = lay(structure.cells, structure.height, collapse, rng)
    times = cell_times(structure.cells, collapse, origin, holds, structure.storey_height, parts.lag, rng)
    if collapse.mode == "progressive":
        weak = weak_storeys(structure.cells, parts.part, parts.lag, origin, collapse.speed, rng)
        times = np.minimum(times, weak.ravel())
    times[~np.isin(np.arange(structure.cells.count), np.unique(structure.cell[falls]))] = NEVER
    cuts, unfounded = _cut_times(structure, falls, collapse, origin), np.full(structure.count, NEVER)
    kept = _keeps_crowns(structure, collapse) | slender_tops(structure)
    whole = kept | _rafters(structure)
    if collapse.mode != "topple":
        apart = _part_times(structure, falls, parts.part, times, origin, rng)
        cuts = np.minimum(cuts, np.where(kept, NEVER, apart))
    cuts = np.minimum(cuts, _crown_times(structure, falls, collapse, rng))
    kick: Kick | None = None
    if collapse.part == "facade":
        times[:] = NEVER
        cuts, unfounded = _peel_times(structure, falls, collapse, rng)
        kick = Peel(np.array([0.0, 0.0, 1.0]))
    elif collapse.blast > 0:
        kick = blast(structure, falls, origin, collapse.origin_side, collapse.blast)
        times, cuts = _blown(structure, falls, kick, times, cuts, rng)
    return Plan(
        falls=falls,
        cell_time=times,
        crush_lag=np.where(whole, NEVER, _crush_lags(structure, falls, rng)),
        crack_lag=np.where(whole, NEVER, _crack_lags(structure, falls, collapse, holds, rng)),
        cut_time=cuts,
        toughness=rng.lognormal(0.0, 0.5, len(structure.bonds)) * np.where(kept, SEATED, 1.0),
        resist=parts.resist,
        lean=parts.lean,
        lead=parts.lead,
        armed_at=np.where(times > holds, holds, 0.0),
        hinge=hinge,
        origin=origin,
        unfounded_at=unfounded,
        brittle=_brittle(structure, rng),
        tough=rng.random(len(structure.bonds)) < TOUGH,
        base=_bases(structure, falls, collapse.part == "upper"),
        kick=kick,
    )


def falling_pieces(structure: Structure, collapse: Collapse, origin: int, rng: np.random.Generator) -> np.ndarray:
    """Return which pieces are meant to fall, (N,) bool: all, or one part with a ragged border."""
    if collapse.part == "all":
        return np.ones(structure.count, bool)
    if collapse.part == "upper":
        return structure.storey >= _upper_border(structure.cells, origin, collapse.variation, rng)[structure.column]
    if collapse.part == "facade":
        return _front_wall(structure)
    centre, far = _corner(structure, collapse, rng) if collapse.part in CORNERS else _half(structure, collapse, rng)
    return borders.settled(structure, (centre > 0) | (far > 0), far > 0)


def _brittle(structure: Structure, rng: np.random.Generator) -> np.ndarray:
    """Return from what change of speed blocks shatter, (blocks,) m/s: larger ones hold more flaws (Weibull)."""
    size = np.cbrt(np.bincount(structure.block, structure.volume))
    speed = SHATTERS * np.maximum(size, 0.1) ** -0.5 * rng.lognormal(0.0, 0.3, len(size))
    return np.maximum(speed, 1.1 * THROW)


def _bases(structure: Structure, falls: np.ndarray, upper: bool) -> np.ndarray:
    lowest = np.full(structure.cells.nx * structure.cells.nz, structure.cells.storeys - 1)
    np.minimum.at(lowest, structure.column[falls], structure.storey[falls])
    return structure.storey_bottoms[lowest][structure.column] * (upper & falls)


def _half(structure: Structure, collapse: Collapse, rng: np.random.Generator) -> np.ndarray:
    """Return how far pieces lie to one side of a joint near the middle, (2, N) m as in `borders.beyond`."""
    cells = structure.cells
    sign = -1.0 if collapse.part == "left" else 1.0
    bay = (cells.high[0] - cells.low[0]) / cells.nx
    border = borders.joint_near(structure, 0, 0.5 * (cells.low[0] + cells.high[0]), 0.6 * bay)
    over = _overhang(cells, collapse.variation, bay, rng)[structure.storey]
    ragged = 0.12 * bay * rng.normal(size=structure.count)
    return borders.beyond(structure, 0, sign, border + sign * (over - ragged))


def _overhang(cells: Cells, variation: float, bay: float, rng: np.random.Generator) -> np.ndarray:
    """Return how far each storey of what stands reaches beyond the border, (storeys,) m: never less than the one below, or rubble would
    come to lie on its ledges."""
    steps = np.abs(rng.normal(0, 0.5 * variation * bay / max(cells.storeys - 1, 1), cells.storeys))
    return np.clip(np.cumsum(steps) - steps[0], 0, 0.6 * bay)


def _front_wall(structure: Structure) -> np.ndarray:
    """Return the outer walls that look to the camera's side and stand at the front, (N,) bool."""
    wall = np.isin(structure.kind, (OUTER_WALL, WINDOW, PARAPET)) & (structure.outward[:, 2] > 0.7)
    return wall & (structure.high[:, 2] > structure.cells.high[1] - FRONT_DEPTH)


def _corner(structure: Structure, collapse: Collapse, rng: np.random.Generator) -> np.ndarray:
    """Return how far pieces lie in a corner towards the camera, (2, N) m as in `borders.beyond`."""
    cells = structure.cells
    (left, back), (right, front) = cells.low, cells.high
    sign = -1.0 if collapse.part == "corner_left" else 1.0
    wide, deep = (right - left) * CORNER_WIDE, (front - back) * CORNER_DEEP
    bay = (right - left) / cells.nx
    side = borders.joint_near(structure, 0, (left if sign < 0 else right) - sign * wide, 0.5 * bay)
    inner = borders.joint_near(structure, 2, front - deep, 0.5 * (front - back) / cells.nz)
    reach = _overhang(cells, collapse.variation, bay, rng)[structure.storey]
    ragged = 0.1 * bay * rng.normal(size=(2, structure.count))
    across = borders.beyond(structure, 0, sign, side + sign * (reach - ragged[0]))
    return np.minimum(across, borders.beyond(structure, 2, 1.0, inner + reach - ragged[1]))


def _peel_times(structure: Structure, falls: np.ndarray, collapse: Collapse, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return when bonds (B,) and foundations (N,) of a façade that peels go: storey by storey from the top, in strips of two bays."""
    first, second = structure.bonds.T
    pace = max(collapse.storey_delay, 0.05) / collapse.speed
    column = structure.column // structure.cells.nz
    strip = 0.6 * pace * rng.permutation(structure.cells.nx // 2 + 1)[column // 2]
    panel = (structure.cells.storeys - 1 - structure.storey) // 2 * 2 * pace + strip
    out = np.full(len(first), NEVER)
    edge = falls[first] != falls[second]
    own = falls[first] & falls[second]
    apart = own & ((column[first] // 2 != column[second] // 2) | (np.abs(panel[first] - panel[second]) > 1e-9))
    cut = edge | apart
    inner = np.where(falls[first], panel[first], panel[second])
    out[edge] = inner[edge]
    out[apart] = np.minimum(panel[first], panel[second])[apart]
    out[cut] += 0.08 * rng.random(int(cut.sum()))
    return out, np.where(falls & structure.grounded, panel + 0.08, NEVER)


def _blown(
    structure: Structure, falls: np.ndarray, kick: Blast, times: np.ndarray, cuts: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return cell and cut times with what an explosion breaks at once: the walls around it, and its storey's cells."""
    strength = np.linalg.norm(kick.at(structure.centre), axis=1) / kick.speed
    wall = np.isin(structure.kind, (OUTER_WALL, WINDOW)) & (strength > 0.15) & falls
    torn = wall[structure.bonds].any(1) & (rng.random(len(cuts)) < 0.8)
    cuts, times = cuts.copy(), times + BLAST_LEADS
    cuts[torn] = 0.04 * rng.random(int(torn.sum()))
    return times, cuts


def _upper_border(cells: Cells, origin: int, variation: float, rng: np.random.Generator) -> np.ndarray:
    """First falling storey of every bay, (nx * nz,)."""
    base = origin if origin > 0 else (cells.storeys + 1) // 2
    step = (rng.random(cells.nx * cells.nz) < 0.5 * variation) * (cells.storeys > 2)
    return np.minimum(base + step, cells.storeys - 1)


def cell_times(
    cells: Cells, collapse: Collapse, origin: int, hinge: float, storey_height: float, lag: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return when each cell fails if no blow crushes it earlier, (C,) seconds after the trigger; lag (nx * nz,) s: of bays."""
    storey = np.arange(cells.storeys)[:, None, None]
    start = _start_times(cells, collapse)[None, :, None] + lag.reshape(1, cells.nx, cells.nz)
    uneven = collapse.variation * rng.random(cells.shape)
    rank = np.abs(storey - origin)
    if collapse.mode == "topple":
        times = _topple_times(cells, collapse, origin, hinge, uneven)
    elif collapse.mode == "pancake":
        times = (
            0.3 * start + rank * collapse.storey_delay / collapse.speed * (0.75 + 0.5 * uneven) + np.where(rank > 0, 0.35, 0.12) * uneven
        )
    else:
        # what stands above the front comes down as a block, and is crushed where it lands
        landing = LATER * np.sqrt(2 * storey_height * rank / (SINKING * GRAVITY)) / collapse.speed
        times = start + landing + rank * collapse.storey_delay / collapse.speed * (0.7 + 0.6 * uneven) + JITTER * uneven / collapse.speed
    below = (origin - storey) * (0.45 + 0.3 * uneven) + 0.75
    times = np.where(storey < origin, np.maximum(times, start + below), times)
    return (times - times[origin].min()).ravel()


def _start_times(cells: Cells, collapse: Collapse) -> np.ndarray:
    """Return when the front reaches each bay along x, (nx,) s."""
    x = cells.centre_x()
    from_side = {
        "left": x - x.min(),
        "right": x.max() - x,
        "centre": np.abs(x - 0.5 * (x.min() + x.max())),
        "all": np.zeros_like(x),
    }[collapse.origin_side]
    if collapse.bay_delay > 0 and len(x) > 1:
        return np.round(from_side / (x[1] - x[0])) * collapse.bay_delay / collapse.speed
    return from_side / (FRONT_SPEED * collapse.speed)


def lean(cells: Cells, direction: str) -> np.ndarray:
    """Return how far each bay lies towards `direction`, (nx, nz), 0 at the back of the fall to 1 at its front."""
    x, z = np.meshgrid(cells.centre_x(), cells.centre_z(), indexing="ij")
    towards = {"left": -x, "right": x, "towards": z, "away": -z}[direction]
    return (towards - towards.min()) / max(float(np.ptp(towards)), 1e-9)


def topple_hinge(structure: Structure, collapse: Collapse, origin: int) -> Hinge:
    """Return the hinge of a topple; it holds until the block has leant over or its front has come down.

    A rigid inverted pendulum that starts out of balance by `arm`: angle = arm / height (cosh(t / tau) - 1).
    """
    low, high = np.array(structure.cells.low), np.array(structure.cells.high)
    side = {"left": (-1, 0), "right": (1, 0), "towards": (0, 1), "away": (0, -1)}[collapse.direction]
    wide = float(abs((high - low) @ side))
    foot = 0.5 * (low + high) + np.array(side) * (HINGE_SHARE - 0.5) * wide
    tall = structure.height - structure.storey_bottoms[origin]
    arm, half = (0.5 - HINGE_SHARE) * wide, 0.5 * tall
    tau = np.sqrt(((tall**2 + wide**2) / 12 + half**2 + arm**2) / (GRAVITY * half))
    angle = min(LEAN, structure.storey_height / ((1 - HINGE_SHARE) * wide))
    seconds = float(tau * np.arccosh(1 + angle * half / arm))
    return Hinge(np.array([foot[0], structure.storey_tops[origin], foot[1]]), np.array([-side[1], 0.0, side[0]], float), seconds)


def _topple_times(cells: Cells, collapse: Collapse, origin: int, hinge: float, uneven: np.ndarray) -> np.ndarray:
    """The origin storey gives way on the side of the fall; the other side is a hinge until the block has leant over."""
    forward = lean(cells, collapse.direction)[None]
    base = np.where(forward > HINGE_SHARE, 0.15 * (1 - forward) / collapse.speed + 0.06 * uneven, hinge + 0.2 * uneven)
    storey = np.arange(cells.storeys)[:, None, None]
    later = 1.15 * hinge + (storey - origin) * collapse.storey_delay / collapse.speed * (0.6 + 0.8 * uneven) + 0.4 * uneven
    return np.where(storey == origin, base, later)


def _crush_lags(structure: Structure, falls: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Uprights come off what they carry, and break into panels; slabs and roofs come off their neighbours a little later."""
    first, second = structure.bonds.T
    chance = rng.random(len(first))
    lag = rng.random(len(first))
    upright = structure.upright[first] | structure.upright[second]
    same = structure.element[first] == structure.element[second]
    top = np.isin(structure.kind[first], (ROOF, PARAPET)) | np.isin(structure.kind[second], (ROOF, PARAPET))
    slab = (structure.kind[first] == SLAB) & (structure.kind[second] == SLAB)
    out = np.full(len(first), NEVER)
    out[upright & ~same] = 0.15 * lag[upright & ~same]
    crushed = (rng.random(int(structure.block.max()) + 1) < CRUSHED)[structure.block[first]]
    inside = upright & same & np.where(structure.inner, crushed, chance < CRUSHED)
    out[inside] = 0.2 * lag[inside]
    loose = (top | (slab & ~same)) & (chance < 0.5) & ~structure.inner
    out[loose] = 0.1 + 0.5 * lag[loose]
    out[~(falls[first] | falls[second])] = NEVER
    return out


def _crack_lags(structure: Structure, falls: np.ndarray, collapse: Collapse, hinge: float, rng: np.random.Generator) -> np.ndarray:
    """Bays crack apart after the first failure below, those of one part only late; what stands is left at once."""
    first, second = structure.bonds.T
    bay = structure.block_cell[structure.bonds] % (structure.cells.nx * structure.cells.nz)
    early, late = {"pancake": (0.1, 0.6), "topple": (1.2 * hinge, 1.2 * hinge + 0.8)}.get(collapse.mode, HOLDS)
    lag = (early + (late - early) * rng.random(len(first))) / (1.0 if hinge else collapse.speed**0.5)
    plane = _plane_lag(structure, rng) * (late - early)
    out = np.where(bay[:, 0] != bay[:, 1], lag + plane, NEVER)
    border = falls[first] != falls[second]
    out[border] = 0.1 * rng.random(int(border.sum()))
    out[~(falls[first] | falls[second])] = NEVER
    return out


def _plane_lag(structure: Structure, rng: np.random.Generator) -> np.ndarray:
    """Bonds across the same bay border and storey go at much the same time: cracks, not crumbs."""
    first, second = structure.bonds.T
    bays = structure.cells.nx * structure.cells.nz
    border = np.minimum(structure.column[first], structure.column[second])
    lags = rng.random((structure.cells.storeys, bays))
    return lags[structure.storey[first], border]


def _rafters(structure: Structure) -> np.ndarray:
    """Return the bonds, (B,) bool, along the rafters of roofs, which run from the eaves to the ridge: a roof comes apart between them."""
    way = np.diff(structure.centre[structure.bonds], axis=1)[:, 0]
    rises = np.abs(way[:, 1]) > RISES * np.linalg.norm(way, axis=1)
    return np.asarray((structure.kind[structure.bonds] == ROOF).all(1) & rises)


def _crown(structure: Structure) -> np.ndarray:
    """Return the bonds by which parapets and chimneys stand on the building, (B,) bool."""
    parapet = (structure.kind[structure.bonds] == PARAPET).any(1)
    return np.asarray(parapet & (structure.element[structure.bonds[:, 0]] != structure.element[structure.bonds[:, 1]]))


def _keeps_crowns(structure: Structure, collapse: Collapse) -> np.ndarray:
    """Return the bonds, (B,) bool, that only blows break: in a slow crumble nothing shakes, and chimneys come down last."""
    return _crown(structure) & (collapse.speed < CALM)


def _crown_times(structure: Structure, falls: np.ndarray, collapse: Collapse, rng: np.random.Generator) -> np.ndarray:
    """Return when parapets and chimneys are shaken off, (B,) s: in an earthquake most of them while the ground shakes, before a failing
    base some as the building jolts; element by element."""
    out = np.full(len(structure.bonds), NEVER)
    share = SHAKEN if collapse.sway > 0 else JOLTED if collapse.mode in ("progressive", "topple") and collapse.speed >= CALM else 0.0
    count = int(structure.element.max()) + 1
    early = -0.75 * collapse.prelude if collapse.sway > 0 else -0.15 * collapse.prelude
    time = np.where(rng.random(count) < share, early + (0.1 - early) * rng.random(count), NEVER)
    shaken = np.where(structure.kind == PARAPET, time[structure.element], NEVER)
    crown = _crown(structure) & falls[structure.bonds].all(1)
    out[crown] = shaken[structure.bonds[crown]].min(1)
    return out


def _part_times(
    structure: Structure, falls: np.ndarray, part: np.ndarray, times: np.ndarray, origin: int, rng: np.random.Generator
) -> np.ndarray:
    """Return when parts come off what they stand on and off each other, (B,) s: with the first bay of either. The other bays below it bear for
    some time, but don't hold, so it can turn on them."""
    first = np.full(int(part.max()) + 1, NEVER)
    np.minimum.at(first, part, times.reshape(structure.cells.storeys, -1)[origin])
    storey, bay = np.divmod(structure.block_cell, len(part))
    base, mine = structure.upright & (storey == origin), part[bay]
    one, other = structure.bonds.T
    goes = (storey[structure.bonds] >= origin).all(1) & falls[structure.bonds].all(1)
    goes &= (base[one] != base[other]) | (~base[one] & (mine[one] != mine[other]))
    return np.where(goes, first[mine[structure.bonds]].min(1) + OFF * rng.random(len(one)), NEVER)


def _cut_times(structure: Structure, falls: np.ndarray, collapse: Collapse, origin: int) -> np.ndarray:
    """A toppling block lets go of its hinge in tension at once, and then only rests on it."""
    out = np.full(len(structure.bonds), NEVER)
    if collapse.mode == "topple":
        hinge = (lean(structure.cells, collapse.direction) <= HINGE_SHARE).ravel()[structure.column][structure.bonds]
        storey = structure.storey[structure.bonds]
        off_the_top = hinge.any(1) & (storey.min(1) <= origin) & (storey.max(1) > origin)
        off_the_side = (hinge[:, 0] != hinge[:, 1]) & (storey.max(1) <= origin)
        out[(off_the_top | off_the_side) & falls[structure.bonds].all(1)] = 0.05
    return out
