"""What gives parts a first motion: a façade that peels, a gas explosion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.structure import PARAPET, Structure
from derrumbe.simulate.world import World

PEEL, PART = 1.8, 0.5
"""m/s with which the upper and the lower edge of a panel leave a façade that peels."""
LEANING, AWAY = 1.6, 0.7
"""m/s² with which a panel that comes off is drawn outwards until its middle is so many m from the wall: the load that let it go bends it."""
SHAKES = (1.3, 2.2)
"""m/s with which parapets and chimneys are shaken off."""
BLAST_LASTS = 0.5
"""s after an explosion in which what comes loose is thrown."""
BLAST_ENERGY = 0.006
"""Share of the building's potential energy that an explosion may put into walls: gas breaks panels, gravity does the rest."""


@dataclass(frozen=True)
class Peel:
    """Panels turn outwards, along `heading` (3,), about their lower edges."""

    heading: np.ndarray

    def velocity(self, structure: Structure, pieces: np.ndarray, now: float) -> np.ndarray:
        """Return the velocity of each piece of a panel that comes loose `now`, (n, 3) m/s."""
        y, low = structure.centre[pieces, 1], float(structure.low[pieces, 1].min())
        tall = max(float(structure.high[pieces, 1].max()) - low, 0.5)
        return (PART + (PEEL - PART) * (y - low) / tall)[:, None] * self.heading


@dataclass(frozen=True)
class Blast:
    """Parts within about `reach` m of `centre` (3,) are thrown with up to `speed` m/s."""

    centre: np.ndarray
    reach: float
    speed: float

    def velocity(self, structure: Structure, pieces: np.ndarray, now: float) -> np.ndarray:
        """Return the velocity of each piece of a part that comes loose `now`, (n, 3) m/s."""
        return self.at(structure.centre[pieces]) * (now < BLAST_LASTS)

    def at(self, points: np.ndarray) -> np.ndarray:
        """Return the velocity that the explosion gives at points (n, 3), m/s."""
        away = points - self.centre
        distance = np.maximum(np.linalg.norm(away, axis=1), 0.1)[:, None]
        return self.speed * np.exp(-((distance / self.reach) ** 2)) * away / distance


Kick = Peel | Blast


def blast(structure: Structure, falls: np.ndarray, storey: int, side: str, speed: float) -> Blast:
    """Return an explosion inside the front of a storey, on one side; its speed is held to what gas can do to such a building."""
    low, high = np.array(structure.cells.low), np.array(structure.cells.high)
    across = {"left": 0.22, "right": 0.78}.get(side, 0.5)
    x, z = low + (high - low) * (across, 0.75)
    centre = np.array([x, 0.5 * (structure.storey_bottoms[storey] + structure.storey_tops[storey]), z])
    reach = 2.0 * structure.storey_height
    found = Blast(centre, reach, speed)
    energy = 0.5 * (structure.mass * falls * (found.at(structure.centre) ** 2).sum(1)).sum()
    most = BLAST_ENERGY * GRAVITY * float((structure.mass * structure.centre[:, 1]).sum())
    return Blast(centre, reach, speed * min(1.0, float(np.sqrt(most / max(energy, 1e-9)))))


def peel_on(world: World, peel: Peel, rest: np.ndarray, position: np.ndarray, seconds: float) -> None:
    """Keep panels that still stand before the wall turning outwards for some seconds. rest, position (N, 3): of all pieces."""
    over = np.cross((0.0, 1.0, 0.0), peel.heading)
    for number, body in world.bodies.items():
        away = float((position[body.pieces] - rest[body.pieces]).mean(0) @ peel.heading)
        if away < AWAY and world.awake(number):
            linear, angular, _ = world.motion(number)
            tall = max(float(np.ptp(rest[body.pieces, 1])), 2.0)
            world.set_motion(number, linear + LEANING * seconds * peel.heading, angular + LEANING * seconds / tall * over)


def shaken_off(world: World, number: int, rng: np.random.Generator) -> bool:
    """Tip a body of parapets or chimneys over, outwards, if it holds nothing else: what shook it off gave it some speed. Return whether."""
    structure, pieces = world.structure, world.bodies[number].pieces
    if not (structure.kind[pieces] == PARAPET).all():
        return False
    outward = structure.outward[pieces[0]]
    tall = max(float(structure.high[pieces, 1].max() - structure.low[pieces, 1].min()), 0.5)
    speed = rng.uniform(*SHAKES)
    world.set_motion(number, speed * outward, speed / tall * np.cross((0.0, 1.0, 0.0), outward))
    return True


def start(world: World, kick: Kick, number: int, now: float) -> bool:
    """Give a body that has come loose the rigid motion nearest to the kick of its pieces. Return whether there was any."""
    structure, pieces = world.structure, world.bodies[number].pieces
    velocity, mass, point = kick.velocity(structure, pieces, now), structure.mass[pieces], structure.centre[pieces]
    if not velocity.any():
        return False
    mean, middle = np.average(velocity, axis=0, weights=mass), np.average(point, axis=0, weights=mass)
    arm = point - middle
    momentum = (mass[:, None] * np.cross(arm, velocity - mean)).sum(0)
    size = (mass * structure.volume[pieces] ** (2 / 3) / 6).sum()
    inertia = (mass * (arm**2).sum(1)).sum() * np.eye(3) - (mass[:, None, None] * arm[:, :, None] * arm[:, None]).sum(0) + size * np.eye(3)
    world.set_motion(number, mean, np.linalg.solve(inertia, momentum))
    return True
