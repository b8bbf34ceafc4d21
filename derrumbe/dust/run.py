"""The dust stage: Motion's events become a cloud, one volume per frame."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numba
import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import DustCloud, Located, Motion, Pieces, Plate, Set
from derrumbe.core.work import Work
from derrumbe.dust import airborne, crushing, ejecta, outlets, settling, solids, wind
from derrumbe.dust import domain as boxes
from derrumbe.dust.drive import Drive, towards
from derrumbe.dust.flow import centred
from derrumbe.dust.settings import MovingDust, Settings
from derrumbe.dust.sources import Sources, fanned, sources, unequal
from derrumbe.dust.state import State, load, still
from derrumbe.dust.step import Scene, advance, ride_frame
from derrumbe.dust.tongues import tongues
from derrumbe.dust.turbulence import curl_tile
from derrumbe.geom.camera import eye
from derrumbe.media.deposits import Deposit, write_deposit
from derrumbe.media.volumes import write_volume

CHECKPOINT = "dust_state.npz"
ALBEDO = (0.97, 0.965, 0.955)
"""Single scattering of mineral dust. The renderer tints it."""
SETTLED = "settled/settled.{frame}.npz"
STARTED = 0.15
"""Share of the dust that is made when a current that shall reach the camera is first driven there."""
SHADES = np.float32(0.3)
"""Share of a neighbour's cells that takes light from dust: behind it there is shade, but dust that has drifted into the guessed card is not dark."""
SHED = 0.03
"""kg of fine dust that a m³ of piece in free fall loses in each metre, but"""
MOST_SHED = 0.5
"""no more than this share of what breaks and landings give, if all that comes down fell freely."""
EXTINCTION = 12.0
"""m²/kg: grains of 50 µm (3 / 2ρd, their mean by area; by mass those of a wide spread fall as fast as 70 µm, step.FALL). The renderer scales it."""


def run(
    settings: Settings, work: Work, plate: Located[Plate], film_set: Located[Set], pieces: Located[Pieces], motion: Located[Motion]
) -> DustCloud:
    """Make the dust of every plate frame. Steps follow each other, so `jobs` only sets the threads."""
    numba.set_num_threads(max(1, min(work.jobs, numba.config.NUMBA_NUM_THREADS)))  # type: ignore[attr-defined]
    scene = build(settings, plate.record, film_set, pieces, motion)
    thrown = ejecta.thrown(scene.sources, settings.dust.ejecta, np.random.default_rng((settings.seed, 0xE1EC)))
    record = _record(scene, plate.record)
    checkpoint = work.folder / CHECKPOINT
    made = Located(record, work.folder)
    if checkpoint.exists() or not all(made.path(record.grid, frame).exists() for frame in record.frames):
        _make(scene, thrown, made, plate.record.rate, work, checkpoint)
    checkpoint.unlink(missing_ok=True)
    return record


def _make(scene: Scene, thrown: ejecta.Ejecta, made: Located[DustCloud], rate: Fraction, work: Work, checkpoint: Path) -> None:
    """Go on from the checkpoint, or start; each frame's volume is written before the checkpoint that follows it."""
    state, fallen = load(checkpoint) if checkpoint.exists() else None, ejecta.skirt(thrown)
    frames = list(made.record.frames)
    for frame in work.track(frames, "dust"):
        if state is None or frame > state.frame:
            time = float((frame - frames[0]) / rate)
            state = _next(scene, state, frame, time, float(1 / rate))
            _write(scene, thrown, fallen, state, made, frame, time)
            state.save(checkpoint)


def _next(scene: Scene, state: State | None, frame: int, time: float, length: float) -> State:
    """Return the state at a frame's `time`, `length` seconds after the one before. Air only starts to move with the first event."""
    if state is None:
        return still(frame, scene.domain, scene.wind)
    if not len(scene.sources.time) or time <= scene.sources.time[0]:
        return replace(state, frame=frame)
    return advance(scene, state, time - length, time)


def _write(
    scene: Scene, thrown: ejecta.Ejecta, fallen: ejecta.Skirt, state: State, made: Located[DustCloud], frame: int, time: float
) -> None:
    """Write what has settled, then the volume, which tells that the frame is done."""
    box = scene.domain
    lies = fallen.lies(time, box) if len(fallen.time) else None
    write_deposit(made.path(SETTLED, frame), Deposit(state.ledger.settled, np.array(box.origin)[[0, 2]], box.voxel, lies))
    weight, offset = ride_frame(time, scene.seed)
    share, _ = solids.occupied(scene.rubble, scene.poses, time, 1.0, box)
    write_volume(
        made.path(made.record.grid, frame), state.density, ride=2 * state.ride, ride_offset=offset, ride_weight=weight,
        solid=np.maximum(SHADES * scene.neighbours, share), speed=centred(state.u, state.v, state.w),
        coarse=ejecta.on_grid(thrown, time, box) if len(thrown.time) else None,
    )  # fmt: skip


def build(settings: Settings, plate: Plate, film_set: Located[Set], pieces: Located[Pieces], motion: Located[Motion]) -> Scene:
    """Gather what the steps need."""
    dust: MovingDust = settings.dust
    views = list(film_set.record.cameras[:: max(len(film_set.record.cameras) // 4, 1)])
    cameras = np.stack([eye(camera) for camera in views])
    box = boxes.choose(film_set.record, dust.spread, dust.voxels, cameras[-1] if dust.reach_camera else None)
    walls = boxes.building_box(film_set.record)
    poses = _poses(motion, plate.rate)
    rock = load_arrays(pieces.path(pieces.record.arrays))
    rng = np.random.default_rng((settings.seed, 0xD057))
    rubble = solids.fill(rock, box.cell / 2, rng)
    made = _sources(dust, film_set.record, motion, poses, rock["mass"], np.random.default_rng((settings.seed, 0xFA4)))
    events = outlets.by_the_shorter_way(made, rubble, poses, rock["mass"], box, np.random.default_rng((settings.seed, 0x077)))
    ends = boxes.seen_ends(box, views, film_set.record.building.height)
    blown = wind.profile(box.heights(), dust.wind, wind.heading(film_set.record.cameras[0], dust.wind_heading))
    return Scene(
        domain=box,
        sources=events,
        rubble=rubble,
        poses=poses,
        neighbours=_neighbours(film_set, box),
        wind=blown,
        linger=dust.linger,
        tile=curl_tile(settings.seed),
        seed=settings.seed,
        sink=settling.sinks(box, cameras[:0] if dust.reach_camera else cameras, walls, ends, rng),
        drive=_drive(events, cameras[-1], walls, plate, box) if dust.reach_camera else None,
        tongues=tongues(box, film_set.record.building.height, dust.linger, blown, np.random.default_rng((settings.seed, 0x70C6))),
        shed=min(dust.ejecta, 1.0) * _shed_rate(dust.amount, events, rock["volume"], poses),
    )


def _shed_rate(amount: float, events: Sources, volume: np.ndarray, poses: solids.Poses) -> float:
    """kg that a m³ of piece sheds in each metre: SHED, but all that falls together at most MOST_SHED of what events give."""
    fallen = float((volume * np.maximum(poses.position[0, :, 1] - poses.position[-1, :, 1], 0)).sum(dtype=np.float64))
    return min(SHED * amount, MOST_SHED * float(events.mass.sum()) / max(fallen, 1e-6))


def _drive(events: Sources, camera: np.ndarray, walls: tuple[np.ndarray, np.ndarray], plate: Plate, box: boxes.Domain) -> Drive:
    """The current is driven once STARTED of the dust is made."""
    made = np.cumsum(events.mass)
    begins = float(events.time[np.searchsorted(made, STARTED * made[-1])]) if len(made) else 0.0
    return towards(camera, walls, begins, len(list(plate.frames)) / float(plate.rate), box.cell)


def _neighbours(film_set: Located[Set], box: boxes.Domain) -> np.ndarray:
    proxies = load_arrays(film_set.path(film_set.record.proxies))
    return solids.neighbours(proxies["vertices"], proxies["triangles"], proxies["kind"], box, boxes.building_box(film_set.record))


def _sources(
    dust: MovingDust, film_set: Set, motion: Located[Motion], poses: solids.Poses, mass: np.ndarray, rng: np.random.Generator
) -> Sources:
    """The air that is pressed out is what was in the part that fell. mass (N,): of the pieces."""
    corners = np.asarray(film_set.building.footprint)
    x, z = corners[:, 0], corners[:, 1]
    area = 0.5 * abs(float(np.sum(x * np.roll(z, -1) - z * np.roll(x, -1))))
    around = float(np.hypot(x - np.roll(x, -1), z - np.roll(z, -1)).sum())
    tops, fallen = film_set.building.storey_tops, motion.record.fallen_share
    air, most = area * tops[-1] * fallen, airborne.most(around, tops[-1] * fallen, EXTINCTION)
    events = unequal(fanned(load_arrays(motion.path(motion.record.events)), rng), rng)
    out = crushing.let_out(events, poses, mass, tops[-1] / len(tops)) * crushing.has_openings(events, tops[-1])
    return sources(events, out, dust.amount, dust.delay, air, most)


def _poses(motion: Located[Motion], rate: Fraction) -> solids.Poses:
    arrays = load_arrays(motion.path(motion.record.poses))
    return solids.Poses(arrays["position"], arrays["rotation"], float(rate * motion.record.samples_per_frame))


def _record(scene: Scene, plate: Plate) -> DustCloud:
    box = scene.domain
    return DustCloud(
        origin=box.origin, voxel=box.voxel, shape=box.shape, frames=plate.frames, albedo=ALBEDO, extinction=EXTINCTION,
        coarse_extinction=ejecta.EXTINCTION, settled=SETTLED,
    )  # fmt: skip
