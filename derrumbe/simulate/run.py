"""simulate, the story: plan the failure, let it happen, then shed debris and dust from what happened."""

from __future__ import annotations

import numpy as np

from derrumbe.core.files import save_arrays
from derrumbe.core.records import Located, Motion, Pieces, Plate, Set
from derrumbe.core.work import Work
from derrumbe.simulate import (
    air,
    cracking,
    debris,
    energy,
    events,
    flight,
    neighbours,
    outlets,
    pile,
    precursors,
    racking,
    schedule,
    structure,
    sway,
    verdict,
)
from derrumbe.simulate.collapse import Collapse, samples
from derrumbe.simulate.events import Damage
from derrumbe.simulate.kicks import Blast
from derrumbe.simulate.settings import Settings
from derrumbe.simulate.structure import Structure
from derrumbe.simulate.timing import Timing, timing
from derrumbe.simulate.track import Track, at_rest, hold_to_gravity, keep_above_ground, loose_from, record, release
from derrumbe.simulate.world import World

STAGE = 5
"""Stage constant of the random sources."""


def run(settings: Settings, work: Work, plate: Located[Plate], film_set: Located[Set], pieces: Located[Pieces]) -> Motion:
    """Simulate the collapse and write poses, debris, events and energy. Raises nothing of its own."""
    building = structure.load(film_set, pieces)
    clock = timing(plate.record, settings.trigger)
    plan = schedule.plan(building, settings.collapse, np.random.default_rng((settings.seed, STAGE, 0)))
    track, damage, broken_at = _fall(settings, work, clock, film_set, building, plan)
    released = release(track)
    save_arrays(work.folder / "poses.npz", position=track.position, rotation=track.rotation, released=released)
    _save_energy(work, building, track)
    _save_debris(settings, work, building, film_set.record, track, damage, released)
    _save_events(settings, work, building, film_set, track, damage, plan)
    _save_cracks(settings, work, building, track, damage, broken_at)
    share, still = verdict.fallen_share(building, track, plan.falls, plan.base), verdict.lies_still(building, track)
    return Motion(
        cracks="cracks.npz",
        samples_per_frame=clock.samples_per_frame,
        sample_count=clock.sample_count,
        trigger_sample=clock.trigger_sample,
        fallen_share=share,
        at_rest=still,
        bulking=pile.bulking(building, track),
        warnings=verdict.cautions(building, track, share, still, clock.samples_per_frame * clock.sample_seconds),
    )


def _fall(
    settings: Settings, work: Work, clock: Timing, film_set: Located[Set], building: Structure, plan: schedule.Plan
) -> tuple[Track, Damage, np.ndarray]:
    """Return the track, when the sides of bonds parted and cells went, and when bonds broke, (B,); s after the trigger."""
    track = at_rest(building, clock.sample_count, clock.sample_seconds, clock.trigger_sample)
    if clock.moving_samples == 0:
        never = np.full(len(building.bonds), np.inf)
        return track, Damage(never, np.full(building.cells.count, np.inf)), never
    world = World(building, clock.step_seconds, ~plan.falls)
    for vertices, triangles in neighbours.obstacles(building, film_set):
        world.add_obstacle(vertices, triangles)
    prelude = settings.collapse.prelude
    collapse = Collapse(building, plan, world, np.random.default_rng((settings.seed, STAGE, 1)), prelude)
    moving = samples(collapse, clock.moving_samples, clock.steps_per_sample)
    for offset, sample in enumerate(work.track(moving, "simulate", clock.moving_samples, "samples")):
        record(track, clock.trigger_sample + 1 + offset, sample)
    hold_to_gravity(track)
    loose, failed_at = loose_from(track), collapse.failure.failed_at
    way = racking.heading(settings.collapse, plan.lead)
    racking.apply(building, track, plan.falls, failed_at + prelude, loose, way)
    if settings.collapse.sway > 0:
        sway.apply(building, track, loose, settings.collapse.sway, prelude)
    keep_above_ground(building, track)
    if not np.isfinite(plan.cell_time).any():  # a façade that peels crushes no storey
        failed_at = np.zeros(building.cells.count)
    broken_at = collapse.failure.broken_at + prelude
    return track, Damage(events.parted_at(building, track, broken_at), failed_at + prelude), broken_at


def _save_energy(work: Work, building: Structure, track: Track) -> None:
    time = np.arange(track.sample_count) * track.sample_seconds
    kinetic = np.array([energy.kinetic(building, track.velocity[k], track.spin[k]) for k in range(track.sample_count)])
    potential = np.array([energy.potential(building, track.position[k]) for k in range(track.sample_count)])
    save_arrays(work.folder / "energy.npz", time=time, kinetic=kinetic, potential=potential)


def _save_cracks(settings: Settings, work: Work, building: Structure, track: Track, damage: Damage, broken_at: np.ndarray) -> None:
    rng, start = np.random.default_rng((settings.seed, STAGE, 4)), track.trigger_sample * track.sample_seconds
    found = cracking.cracks(building, damage, broken_at, settings.collapse.prelude, start, rng)
    save_arrays(work.folder / "cracks.npz", time=found.time, opening=found.opening, grows=found.grows)


def _save_debris(
    settings: Settings, work: Work, building: Structure, film_set: Set, track: Track, damage: Damage, released: np.ndarray
) -> None:
    rng = np.random.default_rng((settings.seed, STAGE, 2))
    crumbs = debris.born(building, track, damage, released, settings.debris, _pixel(building, film_set), rng)
    position = flight.fly(crumbs, flight.height_field(building, track), track)
    spin = np.minimum(rng.exponential(0.5, len(crumbs.time)) / crumbs.radius, 40.0)
    save_arrays(
        work.folder / "debris.npz",
        position=position,
        radius=crumbs.radius.astype(np.float32),
        rest=crumbs.rest.astype(np.float32),
        spin=spin.astype(np.float32),
        material=crumbs.material,
    )


def _save_events(
    settings: Settings, work: Work, building: Structure, film_set: Located[Set], track: Track, damage: Damage, plan: schedule.Plan
) -> None:
    vents, prelude = outlets.outlets(building, film_set.record.building), settings.collapse.prelude
    rng = np.random.default_rng((settings.seed, STAGE, 3))
    blast = plan.kick if isinstance(plan.kick, Blast) else None
    found = events.joined(
        [
            precursors.puffs(building, track, damage, prelude, rng),
            precursors.explosion(building, track, blast, prelude, vents, rng),
            events.breaks(building, track, damage),
            events.impacts(building, track, damage),
            air.jets(building, track, vents),
        ]
    )
    save_arrays(
        work.folder / "events.npz",
        time=found.time,
        position=found.position.astype(np.float32),
        velocity=found.velocity.astype(np.float32),
        mass=found.mass,
        radius=found.radius.astype(np.float32),
        kind=found.kind,
    )


def _pixel(building: Structure, film_set: Set) -> float:
    """Return how many metres a pixel covers at the building in the first frame."""
    camera = film_set.cameras[0]
    depth = building.centre @ np.asarray(camera.rotation[2]) + camera.translation[2]
    return max(float(np.median(depth)), 0.0) / camera.focal_px
