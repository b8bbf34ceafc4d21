"""The rapier side: bodies, colliders, contacts.

Every body's pose maps the rest world to the world, whatever pieces it holds, so a part that comes off takes its parent's pose as it is.
Colliders are a little smaller than what they stand for: cut pieces fit each other exactly and would wedge. A block of several fragments has
one collider, the hull of them all, until it shatters: what keeps together costs no more than one piece.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import rapier3d as rapier
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from derrumbe.simulate.bonds import GRAVITY
from derrumbe.simulate.geometry import rotate, velocity_at
from derrumbe.simulate.structure import Structure

FRICTION = 0.6
RESTITUTION = 0.02
ANGULAR_DAMPING = 0.15
MARGIN = 0.012
"""m that a collider is drawn in on every side, at most 4 % of the piece."""
SLIVER = 1e-4
"""Volume over the longest side's cube below which a piece is a sliver, which collides as a ball: contacts with needles give no numbers."""
SLEEPY = 0.3
"""m/s: a pile in which everything is slower for half a second lies still."""
PUSH_OUT = 0.1
"""m/s at most with which overlapping pieces part: rubble must not spring."""
WARM_START = 0.8
"""Share of the impulse of its last step with which the solver begins a contact. With all of it a blow strikes once more in the next step, which a few
iterations don't take back: stacks that land bounce by centimetres a block, and hang in the air. With half of it rubble sinks into itself."""
THROW = 2.0
"""m/s of change in one step that counts as a throw."""
STOREY_GROUPS, GHOST_STOREYS = 8, 4
"""A collider's groups tell storeys apart modulo 8; a ghost ignores its own storey and the three above."""
GROUND_GROUP = 1 << 9
ROOF_GROUP = 1 << 10
"""Of parts of a roof that lie side by side as they did, and pass each other by."""
STANDING_SHIFT = 16
"""What never falls is in the groups of its storey shifted by this many bits, so that others can pass it by."""
EVERYTHING = (1 << 24) - 1
STANDING_GROUPS = ((1 << STOREY_GROUPS) - 1) << STANDING_SHIFT


RawMotion = tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
"""Linear velocity, angular velocity and centre of mass as plain numbers: small arrays cost more than what is done with them."""


@dataclass
class Body:
    """A rigid body, its pieces, and how many colliders (blocks or single fragments) they make up. `handle` is rapier's."""

    handle: Any
    pieces: np.ndarray
    mass: float
    units: int


@dataclass(frozen=True)
class Blow:
    """A contact force in one step: pieces (K, 2), the lowest fragment for a whole block, -1 for ground or neighbour; force (K,) N."""

    pieces: np.ndarray
    force: np.ndarray


@dataclass(frozen=True)
class States:
    """All bodies at one moment: number (K,); shift (K, 3) and turn (K, 4) wxyz map the rest world to the world; linear and angular
    velocity, centre of mass (K, 3); awake (K,) bool. `row` (N,) is the row of each piece's body, -1 while standing."""

    number: np.ndarray
    shift: np.ndarray
    turn: np.ndarray
    linear: np.ndarray
    angular: np.ndarray
    centre: np.ndarray
    awake: np.ndarray
    row: np.ndarray


@dataclass
class World:
    """Pieces that move. Standing pieces are fixed colliders; everything else is a glued cluster."""

    structure: Structure
    step_seconds: float
    stands: np.ndarray | None = None
    """(N,) bool: pieces that never fall; None: all may."""
    bodies: dict[int, Body] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    """Bodies that are held as the ground is."""
    body_of: np.ndarray = field(init=False)
    """(N,) body number, -1 while standing."""

    def __post_init__(self) -> None:
        count = self.structure.count
        self.body_of = np.full(count, -1)
        self.world, self.events = _engine(self.step_seconds)
        self._next = 0
        self._rows: dict[int, tuple[float, ...]] = {}
        self.whole = self._whole_blocks()
        """(blocks,) bool: blocks of several fragments that haven't shattered."""
        self.unit_mass = self.structure.mass.copy()
        """(N,) kg of what shares a piece's collider."""
        self._weakest = _weakest(self.structure, np.ones(len(self.structure.bonds), bool))
        self._weakest_outside = _weakest(self.structure, ~self.structure.inner)
        self._collider: list[Any] = [None] * count
        self._piece_of: dict[Any, int] = {}
        self._ghost = np.zeros(count, bool)
        self._shy = np.zeros(count, bool)
        self._beside = np.zeros(count, bool)
        self._add_ground()
        self._standing = self.world.add_body(rapier.RigidBody.fixed())
        self._attach(np.arange(count), self._standing)

    def add_obstacle(self, vertices: np.ndarray, triangles: np.ndarray) -> None:
        """Add a fixed mesh: a neighbour."""
        shape = rapier.SharedShape.trimesh(vertices.astype(np.float32), triangles.astype(np.uint32))
        self.world.add_collider(self._surface(rapier.Collider.new(shape)), None)

    def step(self) -> Blow:
        """Advance by one step; return the contact forces above each piece's threshold."""
        self.world.step()
        self._release_quarantined()
        events = self.events.drain_contact_force_events()
        pairs = [(self._piece_of.get(e.collider1, -1), self._piece_of.get(e.collider2, -1)) for e in events]
        force = [e.total_force_magnitude for e in events]
        # rapier's order of events depends on its internal sets; a sorted list doesn't
        order = sorted(range(len(events)), key=lambda k: (pairs[k], force[k]))
        return Blow(np.array([pairs[k] for k in order], int).reshape(-1, 2), np.array([force[k] for k in order]))

    def _release_quarantined(self) -> None:
        """Let bodies go on that the solver has disabled in this step, with all that they touch: else they would hang in the air for good."""
        for handle in self.world.quarantine.bodies:
            body: Any = self.world.rigid_bodies.get(handle)
            body.is_enabled = True
            self.world.wake_up(handle)
        for handle in self.world.quarantine.colliders:
            collider: Any = self.world.colliders.get(handle)
            collider.is_enabled = True

    def set_clusters(self, labels: np.ndarray, ground: int) -> list[tuple[int, int]]:
        """Make bodies follow the labels of pieces (N,); return (parent, child) numbers of new bodies, parent -1 for what stood."""
        born: list[tuple[int, int]] = []
        torn = self._torn(labels)
        leaving = np.flatnonzero((self.body_of < 0) & (labels != ground))
        for pieces in _grouped(leaving, labels):
            born.append((-1, self._new_body(pieces, -1)))
        for number in torn:
            born += self._split(number, _grouped(self.bodies[number].pieces, labels))
        return born

    def _torn(self, labels: np.ndarray) -> list[int]:
        """Return the bodies that hold pieces of more than one label."""
        loose = self.body_of >= 0
        body = self.body_of[loose]
        first = np.full(self._next + 1, -1)
        first[body] = labels[loose]
        return [int(number) for number in np.unique(body[first[body] != labels[loose]])]

    def states(self) -> States:
        """Read all bodies. What sleeps is read once."""
        for number in self.bodies:
            body = self._get(number)
            asleep = number in self.held or body.is_sleeping
            if not asleep or number not in self._rows or self._rows[number][-1]:
                self._rows[number] = _row(body, not asleep)
        numbers = np.array(list(self.bodies), int)
        table = np.array([self._rows[number] for number in self.bodies], float).reshape(-1, 17)
        index = np.full(self._next + 2, -1)
        index[numbers] = np.arange(len(numbers))
        shift, turn, linear, angular, centre = np.split(table[:, :16], (3, 7, 10, 13), axis=1)
        row = np.where(self.body_of >= 0, index[self.body_of], -1)
        return States(numbers, shift, turn, linear, angular, centre, table[:, 16] > 0, row)

    def _split(self, number: int, groups: list[np.ndarray]) -> list[tuple[int, int]]:
        """The heaviest group keeps the body; the others take their own, with the velocity of the parent there."""
        mass = [self.structure.mass[group].sum() for group in groups]
        heir = int(np.argmax(mass))
        parent = self.bodies[number]
        self.free(number)
        before = self.motion(number)
        born = [(number, self._new_body(group, number)) for k, group in enumerate(groups) if k != heir]
        parent.pieces, parent.mass, parent.units = groups[heir], float(mass[heir]), len(self._units(groups[heir]))
        if parent.units == 1:
            lead = int(parent.pieces[0])
            self.world.colliders.get(self._collider[lead]).contact_force_event_threshold = self._loose_threshold(lead)
        body = self._get(number)
        body.recompute_mass_properties_from_colliders(self.world.colliders)  # else its centre is the old one until the next step
        body.linvel = tuple(velocity_at(before[0], before[1], before[2], self._centre(body)))
        return born

    def _new_body(self, pieces: np.ndarray, parent: int) -> int:
        builder = rapier.RigidBody.dynamic().angular_damping(ANGULAR_DAMPING)
        linear, angular, centre = (np.zeros(3),) * 3
        if parent >= 0:
            builder = builder.position(self._get(parent).position)
            linear, angular, centre = self.motion(parent)
        handle = self.world.add_body(builder)
        units = self._attach(pieces, handle)
        body: Any = self.world.rigid_bodies.get(handle)
        body.linvel = tuple(velocity_at(linear, angular, centre, self._centre(body)))
        body.angvel = tuple(angular)
        activation = body.activation  # a copy
        activation.linear_threshold = SLEEPY
        body.activation = activation
        self._next += 1
        self.bodies[self._next] = Body(handle, pieces, float(self.structure.mass[pieces].sum()), units)
        self.body_of[pieces] = self._next
        return self._next

    def shatter(self, blocks: np.ndarray) -> None:
        """Let blocks, by number, fall into their fragments: each gets a collider of its own, in the body that the block is in."""
        for block in blocks[self.whole[blocks]].tolist():
            self.whole[block] = False
            pieces = self.structure.fragments[block]
            number = int(self.body_of[pieces[0]])
            self._attach(pieces, self.bodies[number].handle if number >= 0 else self._standing)
            if number >= 0:
                self.bodies[number].units += len(pieces) - 1

    def _units(self, pieces: np.ndarray) -> list[np.ndarray]:
        """Split pieces into whole blocks and single fragments."""
        whole = self.whole[self.structure.block[pieces]]
        blocks = np.unique(self.structure.block[pieces[whole]])
        return [self.structure.fragments[block] for block in blocks.tolist()] + [pieces[k : k + 1] for k in np.flatnonzero(~whole)]

    def _attach(self, pieces: np.ndarray, handle: Any) -> int:
        """Move pieces to a body, and return how many colliders they make up. Their place in the rest world is their place in the body."""
        units = self._units(pieces)
        for unit in units:
            self._detach(unit)
            mass = self.structure.mass[unit]
            self.unit_mass[unit] = mass.sum()
            centre = np.average(self.structure.centre[unit], axis=0, weights=mass)
            builder = rapier.Collider.new(self._shape(unit, centre), translation=tuple(centre.tolist()), mass=float(mass.sum()))
            builder = self._surface(builder).collision_groups(self._groups(unit))
            builder = builder.active_events(rapier.ActiveEvents.CONTACT_FORCE_EVENTS)
            loose = len(units) == 1 and handle is not self._standing
            threshold = self._loose_threshold(int(unit[0])) if loose else self._bonded_threshold(unit)
            collider = self.world.add_collider(builder.contact_force_event_threshold(threshold), handle)
            for piece in unit.tolist():
                self._collider[piece] = collider
            self._piece_of[collider] = int(unit[0])
        return len(units)

    def _detach(self, pieces: np.ndarray) -> None:
        for piece in pieces.tolist():
            collider = self._collider[piece]
            if collider is not None and collider in self._piece_of:
                self._piece_of.pop(collider)
                self.world.remove_collider(collider)
            self._collider[piece] = None

    def set_ghost(self, pieces: np.ndarray, ghost: bool) -> None:
        """A crushed upright no longer carries what stood on it: it ignores its own storey and the three above."""
        self._ghost[pieces] = ghost
        self._regrouped(pieces)

    def set_shy(self, pieces: np.ndarray, shy: bool) -> None:
        """What shears off a standing part doesn't meet it: cut pieces fit each other exactly and would hang on every tooth."""
        self._shy[pieces] = shy
        self._regrouped(pieces)

    def set_beside(self, pieces: np.ndarray, beside: bool) -> None:
        """Parts of a roof beside each other don't meet: cut pieces fit each other exactly, and would wedge to an arch over walls that have gone."""
        self._beside[pieces] = beside
        self._regrouped(pieces)

    def _regrouped(self, pieces: np.ndarray) -> None:
        for unit in self._units(np.asarray(pieces, int)):
            handle, number = self._collider[int(unit[0])], int(self.body_of[unit[0]])
            if handle is not None:
                collider: Any = self.world.colliders.get(handle)
                collider.collision_groups = self._groups(unit)
                if number >= 0:
                    self.wake(number)

    def touching(self, number: int) -> list[tuple[int, float]]:
        """Return which bodies press on one, by number and in order, -1 for the ground and what stands, and how far upwards of it each lies, -1 to 1."""
        found: dict[int, float] = {}
        for handle in {self._collider[piece] for piece in self.bodies[number].pieces.tolist()}:
            for pair in self.world.narrow_phase.contact_pairs_with(handle):
                if pair.has_any_active_contact:
                    other, up = self._beyond(pair, handle)
                    found[other] = max(found.get(other, 0.0), up, key=lambda u: (abs(u), u))
        found.pop(number, None)
        return sorted(found.items())

    def _beyond(self, pair: Any, handle: Any) -> tuple[int, float]:
        """Return what a collider touches in a pair: the body's number, and the steepest way to it."""
        first = pair.collider1 == handle
        piece = self._piece_of.get(pair.collider2 if first else pair.collider1, -1)
        up = max((float(manifold.data.normal.y) for manifold in pair.manifolds), key=abs)
        return int(self.body_of[piece]) if piece >= 0 else -1, up if first else -up

    def hang(self, number: int, point: np.ndarray, axis: np.ndarray) -> Any:
        """Join a body to what stands by a hinge through `point` along `axis`, both at rest; return the joint. They don't touch elsewhere."""
        at, along = rapier.Point3(*map(float, point)), rapier.Vec3(*map(float, axis))
        joint = rapier.RevoluteJoint.builder(along).local_anchor1(at).local_anchor2(at).contacts_enabled(False).build()
        return self.world.impulse_joints.insert(self._standing, self.bodies[number].handle, joint)

    def unhang(self, joint: Any) -> None:
        self.world.impulse_joints.remove(joint)

    def motion(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return linear velocity, angular velocity and centre of mass of a body."""
        body = self._get(number)
        return np.array(tuple(body.linvel)), np.array(tuple(body.angvel)), self._centre(body)

    def motions(self, numbers: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the same of several bodies, (K, 3) each."""
        rows = [raw_motion(self._get(number)) for number in numbers]
        linear, angular, centre = np.array(rows, float).reshape(-1, 3, 3).transpose(1, 0, 2)
        return linear, angular, centre

    def unhindered(self) -> dict[int, RawMotion]:
        """Return how every body of several pieces that is awake will move after the next step if it meets nothing."""
        found = ((number, self._get(number)) for number, body in self.bodies.items() if len(body.pieces) > 1 and number not in self.held)
        return {number: self._unhindered(body, self.bodies[number].mass) for number, body in found if not body.is_sleeping}

    def _unhindered(self, body: Any, mass: float) -> RawMotion:
        (x, y, z), angular, centre = raw_motion(body)
        force = body.user_force
        gain = self.step_seconds / mass
        return (x + gain * force.x, y + gain * force.y - GRAVITY * self.step_seconds, z + gain * force.z), angular, centre

    def sinking(self, number: int) -> float:
        """Return how fast a body sinks, m/s."""
        return -float(self._get(number).linvel.y)

    def set_motion(self, number: int, linear: np.ndarray, angular: np.ndarray) -> None:
        body = self._get(number)
        body.linvel, body.angvel = tuple(linear), tuple(angular)

    def push(self, number: int, acceleration: np.ndarray, point: np.ndarray) -> None:
        """Push a body at a world point until `let_go`."""
        force = rapier.Vec3(*map(float, self.bodies[number].mass * acceleration))
        self._get(number).add_force_at_point(force, rapier.Point3(*map(float, point)))

    def let_go(self, number: int) -> None:
        self._get(number).reset_forces()
        self._get(number).reset_torques()

    def bear(self, number: int, share: float, point: np.ndarray) -> None:
        """Carry `share` of a body's weight at a world point, until told otherwise."""
        self.let_go(number)
        self.push(number, np.array((0.0, share * GRAVITY, 0.0)), point)

    def set_damping(self, number: int, linear: float, angular: float) -> None:
        body = self._get(number)
        body.linear_damping, body.angular_damping = linear, angular

    def hold(self, number: int) -> None:
        """Hold a body where it is, as the ground is held."""
        body = self._get(number)
        body.linvel = body.angvel = (0.0, 0.0, 0.0)
        body.body_type = rapier.RigidBodyType.FIXED
        self.held.add(number)

    def move(self, number: int, by: np.ndarray) -> None:
        """Move a body, by (3,) m."""
        body = self._get(number)
        body.translation = tuple(np.add(body.translation.to_tuple(), by))
        self._rows.pop(number, None)

    def free(self, number: int) -> None:
        """Let a held body move again."""
        if number in self.held:
            self.held.discard(number)
            self._get(number).body_type = rapier.RigidBodyType.DYNAMIC
            self.wake(number)

    def awake(self, number: int) -> bool:
        return number not in self.held and not self._get(number).is_sleeping

    def pose(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return world_from_rest of a body: translation (3,) and quaternion wxyz (4,)."""
        body = self._get(number)
        x, y, z, w = body.rotation.to_tuple()
        return np.array(tuple(body.translation)), np.array((w, x, y, z))

    def positions(self, pieces: np.ndarray) -> np.ndarray:
        """Return where the centres of some pieces are, (n, 3) m."""
        out = self.structure.centre[pieces].copy()
        for k, number in enumerate(self.body_of[pieces]):
            if number >= 0:
                shift, turn = self.pose(int(number))
                out[k] = rotate(turn, out[k]) + shift
        return out

    def wake(self, number: int) -> None:
        self.world.wake_up(self.bodies[number].handle)

    def _get(self, number: int) -> Any:
        return self.world.rigid_bodies.get(self.bodies[number].handle)

    def _centre(self, body: Any) -> np.ndarray:
        return np.array(tuple(body.center_of_mass))

    def _shape(self, unit: np.ndarray, centre: np.ndarray) -> Any:
        corners = np.concatenate([self.structure.hull(piece) + self.structure.centre[piece] for piece in unit.tolist()]) - centre
        size, volume = np.ptp(corners, 0), float(self.structure.volume[unit].sum())
        if volume < SLIVER * size.max() ** 3:
            return rapier.SharedShape.ball(float(np.cbrt(volume * 0.75 / np.pi)))
        shrink = np.maximum(1 - 2 * MARGIN / np.maximum(size, 1e-6), 0.96)
        try:
            return rapier.SharedShape.convex_hull((corners * shrink).astype(np.float32))
        except rapier.MeshConversionError:  # as thin as a pane
            return rapier.SharedShape.cuboid(*map(float, np.maximum(0.5 * size, 0.004)))

    def _whole_blocks(self) -> np.ndarray:
        """Return which blocks are several fragments that hold together and fall, or stand, as one, (blocks,) bool."""
        structure = self.structure
        stands = np.zeros(structure.count, bool) if self.stands is None else self.stands
        first, second = structure.bonds[structure.inner & (stands[structure.bonds[:, 0]] == stands[structure.bonds[:, 1]])].T
        graph = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(structure.count,) * 2)
        label = connected_components(graph, directed=False)[1]
        return np.array([len(pieces) > 1 and bool((label[pieces] == label[pieces[0]]).all()) for pieces in structure.fragments])

    def _bonded_threshold(self, unit: np.ndarray) -> float:
        """Blows that could break none of its bonds, nor shatter it, change nothing."""
        if len(unit) == 1:
            return float(self._weakest[unit[0]])
        return min(float(self._weakest_outside[unit].min()), self._loose_threshold(int(unit[0])))

    def _loose_threshold(self, piece: int) -> float:
        """What has no bonds is only heard when a blow throws it."""
        return float(self.unit_mass[piece] * THROW / self.step_seconds)

    def _groups(self, unit: np.ndarray) -> Any:
        storey = int(self.structure.storey[unit[0]])
        above = sum(1 << ((storey + k) % STOREY_GROUPS) for k in range(GHOST_STOREYS))
        heard = EVERYTHING & ~(above | above << STANDING_SHIFT | ROOF_GROUP) if self._ghost[unit].any() else EVERYTHING
        if self._shy[unit].any():
            heard &= ~STANDING_GROUPS
        fixed = self.stands is not None and bool(self.stands[unit[0]])
        member = 1 << (storey % STOREY_GROUPS + (STANDING_SHIFT if fixed else 0))
        if self._beside[unit].all() and not fixed:
            member, heard = ROOF_GROUP, heard & ~ROOF_GROUP
        return rapier.InteractionGroups(rapier.Group.from_bits(member), rapier.Group.from_bits(heard))

    def _surface(self, builder: Any) -> Any:
        return builder.friction(FRICTION).restitution(RESTITUTION)

    def _add_ground(self) -> None:
        groups = rapier.InteractionGroups(rapier.Group.from_bits(GROUND_GROUP), rapier.Group.from_bits(EVERYTHING))
        self.world.add_collider(self._surface(rapier.Collider.halfspace((0.0, 1.0, 0.0))).collision_groups(groups), None)


def _weakest(structure: Structure, counted: np.ndarray) -> np.ndarray:
    """Return a part of the weakest bond of every piece, (N,) N, among those counted (B,) bool: a blow below it breaks nothing."""
    weakest = np.full(structure.count, np.inf)
    for side in structure.bonds[counted].T:
        np.minimum.at(weakest, side, structure.bond_strength[counted])
    return np.where(np.isfinite(weakest), 0.3 * weakest, 1e30)


def _engine(step_seconds: float) -> tuple[Any, Any]:
    """Return an empty rapier world and what collects its contact forces. One thread, so that equal runs give equal bits."""
    world: Any = rapier.PhysicsWorld()
    world.gravity = rapier.Vec3(0.0, -GRAVITY, 0.0)
    world.set_num_threads(1)
    world.integration_parameters.dt = step_seconds
    world.integration_parameters.normalized_max_corrective_velocity = PUSH_OUT
    world.integration_parameters.warmstart_coefficient = WARM_START
    events: Any = rapier.ChannelEventCollector()
    world.event_handler = events
    return world, events


def raw_motion(body: Any) -> RawMotion:
    return body.linvel.to_tuple(), body.angvel.to_tuple(), tuple(body.center_of_mass)


def _row(body: Any, awake: bool) -> tuple[float, ...]:
    x, y, z, w = body.rotation.to_tuple()
    return (
        *body.translation.to_tuple(), w, x, y, z, *body.linvel.to_tuple(), *body.angvel.to_tuple(), *tuple(body.center_of_mass), float(awake)
    )  # fmt: skip


def _grouped(pieces: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """Split pieces by label, in the order of their first piece."""
    if len(pieces) == 0:
        return []
    order = np.argsort(labels[pieces], kind="stable")
    cuts = np.flatnonzero(np.diff(labels[pieces][order])) + 1
    return sorted(np.split(pieces[order], cuts), key=lambda group: int(group[0]))
