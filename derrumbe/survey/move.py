"""From the plate's camera move to a Set with a camera per frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from derrumbe.core.records import Camera, Caution, Facade, Located, Plate, Set
from derrumbe.core.work import Work
from derrumbe.geom.camera import project
from derrumbe.geom.depth import mesh_depth
from derrumbe.media.colour import to_display
from derrumbe.media.exr import read_exr
from derrumbe.survey.frame import Wall
from derrumbe.survey.geometry import Geometry
from derrumbe.survey.lens_by_uprights import focal_by_uprights
from derrumbe.survey.lines import find_segments, inside
from derrumbe.survey.matchmove.belief import Belief
from derrumbe.survey.matchmove.ground import ground_normal
from derrumbe.survey.matchmove.match import Match, is_locked, locked, match
from derrumbe.survey.matchmove.soundness import check_uncut, checked, runs
from derrumbe.survey.matchmove.tracks_file import expected, write_tracks
from derrumbe.survey.moving import CLEAN, MATTE, SET_DEPTH, FramePictures
from derrumbe.survey.orientation import FEWEST_SEGMENTS, FOCAL_PRIOR, KNOWN_SPREAD, PRIOR_SPREAD, orient
from derrumbe.survey.placement import Scale, Standing, cameras_of, scale_of
from derrumbe.survey.settings import Settings
from derrumbe.survey.solved_plan import Move
from derrumbe.survey.uncovered import Views

EXACT = 1e-3
UNEVEN = 0.12
OFF_GROUND = 0.08
GROWTH = 0.004
REACH = 25.0
TELLING = 0.1
"""Spread of log focal length by uprights that is worth another solve."""


def camera_move(plate: Located[Plate], drawn: np.ndarray, settings: Settings, work: Work) -> Match:
    """Return what the camera does. `drawn`: the outline (n, 2) at the first frame, in plate pixels."""
    record, lens = plate.record, settings.camera
    focal = lens.focal or record.focal_px or FOCAL_PRIOR * max(record.width, record.height)
    guess = Belief(focal, PRIOR_SPREAD, lens.k1)
    cautions = checked(plate)
    if record.held or len(record.frames) < 2:
        found = locked(guess)
    elif is_locked(plate):
        check_uncut(plate)
        found = locked(guess)
    else:
        belief = _believed(plate, drawn, settings)
        found = match(plate, work, belief, drawn, partial(_by_uprights, plate, belief))
    return replace(found, cautions=(*cautions, *found.cautions))


def _believed(plate: Located[Plate], drawn: np.ndarray, settings: Settings) -> Belief:
    """Return what knobs, metadata or the first frame's lines tell of the lens."""
    record, lens = plate.record, settings.camera
    size = (record.width, record.height)
    if lens.focal:
        return Belief(lens.focal, EXACT, lens.k1)
    if record.focal_px:
        return Belief(record.focal_px, KNOWN_SPREAD, lens.k1)
    every = _first_lines(plate)
    own = every[inside(every, drawn, 0.01 * max(size))] if len(every) else every
    segments = own if len(own) >= FEWEST_SEGMENTS else every
    lines = orient(segments, size, None, False, settings.seed)
    # Lines of real walls aren't quite square to each other: they never tell more than this.
    return Belief(lines.focal, float(np.clip(lines.focal_spread, 0.10, PRIOR_SPREAD)), lens.k1)


@lru_cache(maxsize=1)
def _first_lines(plate: Located[Plate]) -> np.ndarray:
    record = plate.record
    return find_segments(to_display(read_exr(plate.path(record.picture, record.frames.first), ("R", "G", "B")), record.display))


def _by_uprights(plate: Located[Plate], belief: Belief, found: Match) -> Belief | None:
    """Return what the uprights of the first frame and the solved ground tell of the lens; None where they tell nothing new."""
    ground = ground_normal(found.points, 0) if found.kind == "moving" else None
    if ground is None or belief.spread <= KNOWN_SPREAD:
        return None
    focal, size = float(found.focal[0]), (plate.record.width, plate.record.height)
    told = focal_by_uprights(_first_lines(plate), size, focal, ground)
    if told is None or told[1] > TELLING or abs(np.log(told[0] / focal)) < told[1]:
        return None
    return replace(belief, focal=told[0], spread=told[1])


def solved_view(found: Match, seed: int) -> Move | None:
    """Return what the solve tells of the first frame; None for a locked camera."""
    if found.kind == "locked":
        return None
    focal = float(found.focal[0])
    if found.kind == "nodal":
        return Move(focal, None, distortion=(found.radial,) if found.radial else ())
    return Move(focal, ground_normal(found.points, seed), found.points, slides(found), found.error, (found.radial,) if found.radial else ())


def slides(found: Match) -> np.ndarray:
    """Return by how many pixels (p,) points would slide, where they do so most, if they were further away by one part in e."""
    nudge = 1e-3
    seen = found.seen
    moved = replace(found, points=found.points * (1 + nudge))
    off = np.linalg.norm(expected(moved, seen.camera, seen.point) - expected(found, seen.camera, seen.point), axis=1) / nudge
    out = np.zeros(len(found.points))
    np.maximum.at(out, seen.point, off)
    return out


@dataclass(frozen=True)
class Placed:
    """A solve in the building's world: how well the two fit, and a camera per frame."""

    scale: Scale
    cameras: tuple[Camera, ...]


def placed(found: Match, geometry: Geometry, drawn: np.ndarray) -> Placed:
    """Return the solve of a moving camera in the world of the first frame's geometry."""
    standing = None
    if geometry.solved:
        standing = Standing(geometry.solved, mesh_depth(geometry.camera, geometry.vertices, geometry.triangles))
    scale = scale_of(found, geometry.camera, walls_of(geometry.facades), drawn, standing)
    return Placed(scale, cameras_of(found, geometry.camera, scale.metres))


def solved_views(solve: Placed, geometry: Geometry, plate: Located[Plate], folder: Path) -> Views:
    """Return the frames of a moving camera, in the building's world."""
    return Views(
        plate=str(plate.folder / plate.record.picture),
        cameras=solve.cameras,
        first_frame=plate.record.frames.first,
        folder=folder,
        solid=(geometry.vertices, geometry.triangles),
        reach=REACH * float(geometry.camera.translation[2]),
    )


def moved_set(
    film_set: Set, found: Match, solve: Placed, geometry: Geometry, plate: Located[Plate], work: Work, front: str | None = None
) -> Set:
    """Return the Set of the first frame as one with a camera per frame, its pictures written for each. front: names of the mattes, with {frame}, of what
    stands in front."""
    record, cameras = plate.record, solve.cameras
    write_tracks(work.folder / "tracks.npz", found, record.frames.first, (record.width, record.height))
    pictures = FramePictures(
        folder=work.folder,
        plate=str(plate.folder / record.picture),
        cameras=cameras,
        first_frame=record.frames.first,
        reference=work.folder / "clean_plate.exr",
        growth=max(3.0, GROWTH * max(record.width, record.height)),
        reach=REACH * float(geometry.camera.translation[2]),
        front=front,
    )
    work.map_frames(pictures, list(record.frames), pictures.done, "uncovering what is behind")
    return film_set.model_copy(
        update={
            "locked": False,
            "cameras": cameras,
            "set_depth": SET_DEPTH,
            "building_matte": MATTE,
            "clean_plate": CLEAN,
            "warnings": (*film_set.warnings, *scale_cautions(solve.scale, found), *sight_cautions(geometry, cameras, record.frames.first)),
        }
    )


def walls_of(facades: tuple[Facade, ...]) -> tuple[Wall, ...]:
    return tuple(Wall(np.array(f.origin), np.array(f.along), np.array(f.normal), f.width) for f in facades)


def scale_cautions(scale: Scale, found: Match) -> list[Caution]:
    """Return what the artist should know of how well the solve and the building agree."""
    if found.kind == "nodal":
        return []
    out = []
    if not scale.spread < UNEVEN:
        out.append(
            Caution(
                what=f"solved points lie {100 * min(scale.spread, 9.99):.0f} % off the building's surface: pieces may slide a little",
                remedy="draw the outline's foot where the walls meet the ground, or set building.depth",
            )
        )
    if scale.off_ground is not None and abs(scale.off_ground) > OFF_GROUND:
        out.append(
            Caution(
                what=f"the street before the building lies {100 * abs(scale.off_ground):.0f} % off the level of its foot in the solve: "
                "what comes to lie far from the building may slide a little",
                remedy="nothing where the street slopes or something hides the foot; else draw the outline's foot where walls meet the ground",
            )
        )
    return out


def sight_cautions(geometry: Geometry, cameras: tuple[Camera, ...], first_frame: int) -> list[Caution]:
    """Return what to say when the building leaves the picture."""
    gone = [first_frame + index for index, camera in enumerate(cameras) if not _is_in_sight(geometry.vertices, camera)]
    if not gone:
        return []
    return [
        Caution(
            what=f"the outlined building is out of the picture in frames {runs(gone)}",
            remedy="outline what stays in the picture, or leave those frames out with --frames",
        )
    ]


def _is_in_sight(vertices: np.ndarray, camera: Camera) -> bool:
    pixels, depth = project(camera, vertices)
    ahead = pixels[depth > 0.1]
    return bool(len(ahead)) and bool((ahead.max(0) > 0).all() and (ahead.min(0) < (camera.width, camera.height)).all())
