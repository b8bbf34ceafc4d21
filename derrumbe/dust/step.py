"""One step of air and dust, and as many of them as a frame needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from derrumbe.dust import cloud, flow, settling, solids, sources, turbulence
from derrumbe.dust.domain import Domain
from derrumbe.dust.drive import Drive
from derrumbe.dust.pressure import project
from derrumbe.dust.solids import Poses, Rubble, occupied
from derrumbe.dust.state import State
from derrumbe.dust.tongues import Tongues

F = np.float32
CELLS_PER_STEP = 2.5
"""Most flow cells that air may cross in a step."""
LONGEST = 1 / 20
"""Longest step, seconds."""
MOST_STEPS = 8
CONFINEMENT = 0.5
EDDY = 0.45
"""Speed of the noise below the grid, as a share of the spin across a cell."""
FASTEST_EDDY = 2.0
"""m/s."""
MIXES, LIVELY = 0.2, 0.8
"""Diffusivity of eddies below a voxel, over its size and their speed (a tenth of both for momentum, Deardorff 1980, over a Schmidt number of a half);
and that speed, m/s: of the 1.2 to 1.8 that a cloud rolls at some seconds after a fall, what eddies a tenth as large have."""
STIR = 3.0
"""How hard noise of a few cells pushes, per second of the spin across a cell."""
THICKEST = 0.35
"""kg/m³ above which dusty air takes in more air and swells."""
SWELL = 3.0
"""Rate of that swelling, per second for each time that it is too thick."""
GRIP, FIRM = 8.0, 4.0
"""Rate at which rubble stops air where it fills it, per second: a share of 0.15 in lumps of a metre, passed at 10 m/s, takes 1/s off. Neighbours,
which are whole, stop it FIRM times as fast."""


@dataclass(frozen=True)
class Scene:
    """What doesn't change from step to step. `wind` (rows,2) m/s; `neighbours` share (x,y,z) of flow cells; `linger` s to a third; `tile` noise."""

    domain: Domain
    sources: sources.Sources
    rubble: Rubble
    poses: Poses
    neighbours: np.ndarray
    wind: np.ndarray
    linger: float
    tile: np.ndarray
    seed: int
    sink: np.ndarray | None = None
    """How fast dust thins beside lingering, (x,z) per second on the density grid's columns."""
    drive: Drive | None = None
    tongues: Tongues | None = None
    """Where clean air comes down into older dust."""
    shed: float = 0.0
    """kg of fine dust that a m³ of piece in free fall loses in each metre."""


def advance(scene: Scene, state: State, begin: float, end: float) -> State:
    """Carry the state from time `begin` to `end` (s), which end the frames state.frame and state.frame + 1."""
    count = _steps(scene, state, begin, end)
    times = [begin + (end - begin) * n / count for n in range(count + 1)]
    for first, last in pairwise(times):
        state = _step(scene, state, first, last)
    return replace(state, frame=state.frame + 1)


def _steps(scene: Scene, state: State, begin: float, end: float) -> int:
    """How many steps keep air from crossing too many cells."""
    fastest = max(float(np.abs(field).max()) for field in (state.u, state.v, state.w))
    fastest = max(fastest, scene.sources.between(begin, end, scene.domain).fastest)
    by_speed = (end - begin) * fastest / (CELLS_PER_STEP * scene.domain.cell)
    return int(np.clip(np.ceil(max(by_speed, (end - begin) / LONGEST) - 1e-6), 1, MOST_STEPS))


def _step(scene: Scene, state: State, begin: float, end: float) -> State:
    dt, cell = end - begin, scene.domain.cell
    puffs = scene.sources.between(begin, end, scene.domain)
    u, v, w = flow.advected(state.u, state.v, state.w, dt / cell)
    velocity = flow.centred(u, v, w)
    spin = flow.curl(velocity)
    load, fresh = cloud.load(state.density), _fresh(state, scene.domain.voxel)
    accelerations = flow.confinement(spin, load, F(CONFINEMENT), F(cell))
    accelerations += turbulence.stirring(spin, load, state.ride, *ride_frame(begin, scene.seed), scene.tile, F(STIR))
    flow.turned(accelerations, velocity, F(dt))
    flow.weigh(accelerations, load, fresh)
    if scene.drive is not None:
        scene.drive.push(accelerations, u, w, load, begin)
    share, momentum = occupied(scene.rubble, scene.poses, end, dt, scene.domain)
    flow.push(u, v, w, accelerations, dt, share + F(FIRM) * scene.neighbours, momentum, GRIP)
    flow.hold_to_wind(u, v, w, scene.wind, dt)
    growth = np.zeros(scene.domain.cells, F)
    sources.blow(u, v, w, growth, puffs.centre, puffs.reach, puffs.radius, puffs.velocity, puffs.pull, puffs.air, F(cell))
    sources.draw(growth, -momentum[..., 1])
    growth += cloud.swelling(load, THICKEST, SWELL * dt)
    project(u, v, w, growth * F(cell / dt))
    density, ride = _carry(scene, state, (u, v, w), spin, settling.falls(fresh), begin, end)
    cloud.thinned(density, growth)
    ledger = _settle(scene, state, density, (u, v, w), fresh, dt, end)
    carried = float(density.sum(dtype=np.float64))
    sources.emit(density, puffs.centre, puffs.reach, puffs.radius, puffs.mass, puffs.mark, scene.tile, F(scene.domain.voxel))
    if scene.shed > 0:
        solids.shed(density, scene.rubble, scene.poses, (begin, end), share, scene.domain, scene.shed)
    made = scene.domain.voxel**3 * (float(density.sum(dtype=np.float64)) - carried)
    return State(state.frame, u, v, w, density, ride, ledger.gains(made))


def _fresh(state: State, voxel: float) -> float:
    """Return the share of the dust in the air that has its coarse grains with it: it is heavy, and falls."""
    total = float(state.density.sum(dtype=np.float64)) * voxel**3
    return min(state.ledger.fresh / total, 1.0) if total > 0 else 1.0


def _settle(
    scene: Scene, state: State, density: np.ndarray, air: tuple[np.ndarray, np.ndarray, np.ndarray], fresh: float, dt: float, time: float
) -> settling.Ledger:
    """Scale carried `density`, in place, to what is left of the state's after fallout and outflow; return the ledger with both."""
    before = float(state.density.sum(dtype=np.float64))
    gone, fall = 8 * dt / scene.domain.cell * settling.outflow(state.density, air), settling.falls(fresh)
    sink = F(0) if scene.sink is None else scene.sink[:, None, :]
    if scene.tongues is not None:
        sink = sink + scene.tongues.rate(time, fresh, density.shape)
    left = np.broadcast_to(F(3.0 ** (-dt / scene.linger)) * np.exp(-F(dt) * sink), density.shape)
    density *= left
    down = settling.fallout(state.density, dt * fall / scene.domain.voxel, left)
    cloud.balance(density, before - gone - float(down.sum(dtype=np.float64)))
    fallen = dt * fall / scene.domain.voxel * float(state.density[:, 0].sum(dtype=np.float64)) / before if before > 0 else 0.0
    coarse, after = settling.keeps_coarse(fresh, fallen), float(density.sum(dtype=np.float64))
    return settling.booked(state.ledger, before, after, gone, down, scene.domain.voxel, coarse)


def _carry(
    scene: Scene, state: State, air: tuple[np.ndarray, np.ndarray, np.ndarray], spin: np.ndarray, fall: float, begin: float, end: float
) -> tuple[np.ndarray, np.ndarray]:
    """Carry dust and texture coordinates with the air."""
    dt = end - begin
    weight, offset = ride_frame(begin, scene.seed)
    eddy = np.minimum(F(EDDY) * spin[..., 3], F(FASTEST_EDDY))
    share = min(6 * MIXES * LIVELY * dt / scene.domain.voxel, 0.5)
    density = cloud.stirred(state.density, air, eddy, (state.ride, weight, offset), scene.tile, dt / scene.domain.cell, fall, share)
    ride = turbulence.ridden(state.ride, *air, F(dt / scene.domain.cell))
    for which in np.flatnonzero(turbulence.ride_lives(end) != turbulence.ride_lives(begin)):
        ride[which] = 0
    return density, ride


def ride_frame(time: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights (2,) and offsets (2,3) of the riding coordinates at `time`."""
    lives = turbulence.ride_lives(time)
    return turbulence.ride_weights(time), np.stack([turbulence.ride_offset(int(life), n, seed) for n, life in enumerate(lives)])
