"""The geometric half of the survey: lines → camera → walls → scale → storeys → solid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from derrumbe.core.records import Camera, Caution, Facade, Vec2
from derrumbe.geom.camera import eye, rays
from derrumbe.geom.solids import mesh
from derrumbe.geom.vanishing import vanishing_point
from derrumbe.survey import facades as measure
from derrumbe.survey import scale as scales
from derrumbe.survey.filters import filled
from derrumbe.survey.footing import bottom_chain, bottom_samples, touched_edges
from derrumbe.survey.footprint import depth_of, footprint_of, is_round
from derrumbe.survey.frame import Frame, frame_of
from derrumbe.survey.lines import find_segments, inside
from derrumbe.survey.openings import Row, completed, find_rows, storey_rows
from derrumbe.survey.orientation import FEWEST_SEGMENTS, FOCAL_PRIOR, Orientation, orient
from derrumbe.survey.overlooked import Overlooked, is_court, overlooked
from derrumbe.survey.rectify import elevation
from derrumbe.survey.roof import roof_of
from derrumbe.survey.scale import Sizing
from derrumbe.survey.settings import Settings
from derrumbe.survey.siting import Plan, View, above_ground, lifted, site, tilted, view_of
from derrumbe.survey.solid import building_solid
from derrumbe.survey.solved_plan import Move, points_within, solved_plan
from derrumbe.survey.straight import Straight
from derrumbe.survey.unseen_top import carried_on
from derrumbe.survey.walkers import camera_heights

MARGIN = 0.01
TALL_ELEVATION = 1.1
WIDE_SPREAD = 0.12
LENS_ROUNDS, SETTLED = 4, 0.002
"""Rounds of focal length and straightened lines at most, and the change (log) below which they agree."""


@dataclass(frozen=True)
class Geometry:
    """What geometry finds. `outline` is the exact silhouette (n, 2) pixels; `segments` with `support` are the evidence, in the plate."""

    camera: Camera
    facades: tuple[Facade, ...]
    footprint: tuple[Vec2, ...]
    storey_tops: tuple[float, ...]
    height: float
    vertices: np.ndarray
    triangles: np.ndarray
    depth: float
    sizing: Sizing
    segments: np.ndarray
    support: np.ndarray
    warnings: tuple[Caution, ...]
    roofed: tuple[np.ndarray, np.ndarray] | None = None
    """Vertices (n, 3) and triangles (m, 3) of the solid with a roof that leans back, where one is told: what throws the building's shadow."""
    solved: float | None = None
    """Metres of one unit of a moving camera's solve, where its points place the walls."""


def build_geometry(
    codes: np.ndarray,
    drawn: np.ndarray,
    silhouette: np.ndarray,
    known_focal: float | None,
    settings: Settings,
    move: Move | None = None,
    walkers: np.ndarray | None = None,
    is_stone: bool = False,
    shore: np.ndarray | None = None,
    distance: float | None = None,
) -> Geometry:
    """Return the Geometry of a picture `codes` (h, w, 3) uint8. `drawn`: the user's outline, `silhouette`: the exact one, both in pixels.

    move: what a moving camera's solve tells. walkers: boxes (n, 4) left top right bottom of people on the ground. is_stone: of what
    the building is made. distance: metres from the camera to the building, if they are known.
    """
    size = (codes.shape[1], codes.shape[0])
    lens, segments, orientation, cautions = _oriented(codes, drawn, known_focal, settings, move)
    straight = lens.points(drawn)
    # A lens bends about the picture's middle: shifting it would bend elsewhere.
    view = view_of(orientation, (size[0] / 2, size[1] / 2))
    view = view if shore is None or lens.bends else lifted(view, -float(np.median(view.dips(shore))))
    view, lift = (tilted if move or lens.bends else above_ground)(view, straight, max(size))
    cautions += _lift_cautions(lift, max(size))
    plan = site(view, orientation, straight, lens.ends(segments))
    plan = solved_plan(view, move, straight, plan) if move else plan
    unit = frame_of(view, plan, size, 1.0)
    rows, eaves, top = _measure(codes, drawn, lens.filming(unit), plan.solved.high if plan.solved else None)
    told = None if move else roof_of(codes, drawn, lens.filming(unit), eaves, settings.building.roof_pitch)
    # What is told by the plate alone only throws the shadow: as panels, slopes ride down whole over walls that have gone.
    leans = told is not None and settings.building.roof_pitch is not None
    top = told.on_ridge(top, eye(unit.camera)) if told and leans else top
    storeys = measure.storeys_of(rows, eaves, settings.building.storeys)
    above = _seen_from_above(unit, view, move, straight, plan, 1.0)
    kind: scales.Kind = "arena" if above and is_court(unit, above) else "stone" if is_stone else "usual"
    people = scales.walker_cue(camera_heights(view, lens.ends(walkers))) if walkers is not None else None
    more = [cue for cue in (people, scales.arena_cue(above.footprint) if above and kind == "arena" else None) if cue]
    foot = float(np.median(view.dips(bottom_samples(straight)))), not touched_edges(drawn, *size)["bottom"]
    sizing = _sized(settings, storeys, rows, (eaves, top), unit, view, foot, lift > 0.01 * max(size), more, kind)
    sizing = sizing if distance is None else replace(sizing, metres=distance / float(unit.camera.translation[2]))
    scale = sizing.metres
    storeys = measure.storey_guess(top, storeys, scale, settings.building)
    frame = frame_of(view, plan, size, scale)
    rows = [completed(wall_rows, storey_rows(rows)) for wall_rows in rows]
    depth = depth_of(frame, settings.building.depth)
    roof = told.scaled(scale) if told else None
    deep = max(depth, roof.depth) if roof else depth
    depth = deep if leans else depth
    storey = storeys.tops[-1] * scale / len(storeys.tops) if storeys.tops else settings.building.storey_height
    up_point = vanishing_point(orientation.up, view.focal, view.centre)
    outline = lens.outline(
        carried_on(lens.filming(frame), silhouette, up_point, storey, move is not None, settings.building.unseen_top == "level")
    )
    above = _seen_from_above(frame, view, move, straight, plan, scale)
    roofed = mesh(building_solid(frame, outline, deep, eaves * scale, roof=roof)) if roof else None
    upright = None if leans else mesh(building_solid(frame, outline, depth, eaves * scale, above=above, seed=settings.seed))
    vertices, triangles = upright or roofed  # type: ignore[misc]
    footprint = above.footprint if above and (is_round(frame) or is_court(frame, above)) else footprint_of(frame, depth)
    return Geometry(
        camera=lens.filming(frame).camera,
        facades=tuple(measure.facade_of(wall, row, eaves, scale) for wall, row in zip(frame.walls, rows, strict=True)),
        footprint=tuple((float(x), float(z)) for x, z in footprint),
        storey_tops=tuple(top * scale for top in storeys.tops),
        height=float(vertices[:, 1].max()),
        vertices=vertices,
        triangles=triangles,
        roofed=roofed,
        depth=depth,
        segments=segments,
        support=orientation.support,
        sizing=sizing,
        solved=scale / plan.solved.unit if plan.solved else None,
        warnings=(*cautions, *scales.cautions_of(sizing, top, settings.building), *_edge_cautions(drawn, size, move is not None)),
    )


def _seen_from_above(frame: Frame, view: View, move: Move | None, drawn: np.ndarray, plan: Plan, scale: float) -> Overlooked | None:
    """Return what solved points tell of a building that the camera looks down on."""
    if move is None or plan.solved is None or plan.solved.high is None:
        return None
    points = points_within(view, move, drawn) * (scale / plan.solved.unit)
    return overlooked(frame, eye(frame.camera) + points @ np.asarray(frame.camera.rotation), plan.solved.high[0] * scale)


def _sized(
    settings: Settings,
    storeys: measure.Storeys,
    rows: list[list[Row]],
    high: tuple[float, float],
    unit: Frame,
    view: View,
    foot: tuple[float, bool],
    lifted: bool,
    more: list[scales.Cue],
    kind: scales.Kind,
) -> Sizing:
    """Return how large a unit is. high: eaves and highest point in units; unit: the frame in units; foot: by how many pixels it lies below the
    horizon, and whether it is in the picture; more: what else tells."""
    bulk, (eaves, top) = settings.building, high
    if bulk.height:
        return Sizing(bulk.height / top, 0.0, "by building.height")
    if bulk.storeys:
        return Sizing(bulk.storey_height * bulk.storeys / eaves, 0.0, "by building.storeys")
    dip, foot_seen = foot
    pixels = view.focal / float(unit.camera.translation[2])
    cues = scales.cues_of(bulk, storeys, rows, eaves, top, dip, view.focal, lifted, kind, foot_seen, pixels)
    return scales.sized([*cues, *more], top)


def _oriented(
    codes: np.ndarray, drawn: np.ndarray, known_focal: float | None, settings: Settings, move: Move | None
) -> tuple[Straight, np.ndarray, Orientation, list[Caution]]:
    """Return the lens and what `_orient` does with it. Lines tell the focal length that says how a known distortion bends them: a fixed point."""
    size = (codes.shape[1], codes.shape[0])
    terms = move.distortion if move else (settings.camera.k1,) if settings.camera.k1 else ()
    focal = move.focal if move else settings.camera.focal or known_focal or FOCAL_PRIOR * max(size)
    for _ in range(LENS_ROUNDS if terms else 1):
        lens = Straight.of(size, focal, terms)
        segments, orientation, cautions = _orient(codes, drawn, known_focal, settings, move, lens)
        settles = abs(np.log(orientation.focal / focal)) < SETTLED
        focal = orientation.focal
        if settles:
            break
    return Straight.of(size, focal, terms), segments, orientation, cautions


def _orient(
    codes: np.ndarray, drawn: np.ndarray, known_focal: float | None, settings: Settings, move: Move | None, lens: Straight
) -> tuple[np.ndarray, Orientation, list[Caution]]:
    """Return the building's segments (or the picture's when it has too few), their orientation, and what to say about it."""
    size = (codes.shape[1], codes.shape[0])
    every = find_segments(codes)
    own = every[inside(every, drawn, MARGIN * max(size))] if len(every) else every
    segments = own if len(own) >= FEWEST_SEGMENTS else every
    focal, exact = settings.camera.focal or known_focal, settings.camera.focal is not None
    if move:
        focal, exact = move.focal, True
    chain = lens.points(bottom_chain(drawn))
    feet = np.concatenate([chain[:-1], chain[1:]], 1)
    orientation = orient(lens.ends(segments), size, focal, exact, settings.seed, feet, move.up if move else None)
    cautions = []
    if move and move.up is not None:
        pass  # The solved ground tells more than lines do.
    elif len(segments) < FEWEST_SEGMENTS or min(orientation.upright_count, orientation.level_count) < FEWEST_SEGMENTS // 2:
        cautions.append(
            Caution(
                what=f"too few straight lines on the building ({orientation.upright_count} upright, {orientation.level_count} level): "
                f"the camera is taken as nearly level with a focal length of {orientation.focal:.0f} px",
                remedy="set camera.focal if you know it",
            )
        )
    elif focal is None and orientation.focal_spread > WIDE_SPREAD:
        cautions.append(
            Caution(
                what=f"the lines leave the focal length open: {orientation.focal:.0f} px, give or take {100 * orientation.focal_spread:.0f} %",
                remedy="set camera.focal if you know it",
            )
        )
    return segments, orientation, cautions


def _lift_cautions(lift: float, side: int) -> list[Caution]:
    if lift < 0.01 * side:
        return []
    return [
        Caution(
            what=f"the building's foot lies above the horizon that its lines give; the horizon was moved up by {lift:.0f} px",
            remedy="nothing, if it stands on a rise or the picture is cropped; else check that the outline reaches the ground",
        )
    ]


def _edge_cautions(drawn: np.ndarray, size: tuple[int, int], moving: bool) -> list[Caution]:
    edges = [edge for edge, touches in touched_edges(drawn, *size).items() if touches]
    if not edges:
        return []
    sideways = moving and {"left", "right"} & set(edges)
    return [
        Caution(
            what=f"the building runs out of the picture ({', '.join(edges)}): what is outside {'stays up' if sideways else 'is made up'}",
            remedy="start at a frame that shows it whole"
            if sideways
            else "choose a wider plate, or set building.height for its full height",
        )
    ]


def _measure(codes: np.ndarray, drawn: np.ndarray, frame: Frame, high: tuple[float, float] | None) -> tuple[list[list[Row]], float, float]:
    """Return rows of openings per wall, the eaves and the highest point, in units of the camera's height. high: the latter two, if known."""
    origin = eye(frame.camera)
    mask = filled([drawn], codes.shape[:2])
    main = frame.walls[0]
    profiles = [measure.top_profile(np.nan_to_num(wall.from_rays(origin, rays(frame.camera, drawn))), wall.width) for wall in frame.walls]
    eaves, top = high or (measure.eaves_height(profiles[0]), float(profiles[0].max()))
    rows = [find_rows(elevation(codes, mask, frame.camera, wall, TALL_ELEVATION * eaves)) for wall in (main, *frame.walls[1:])]
    return rows, eaves, top
