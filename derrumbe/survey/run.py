"""The survey's story: reference → mattes → geometry → light → neighbours → clean plate → foreground → Set."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from derrumbe.core.files import save_arrays
from derrumbe.core.records import FAR, Building, Camera, Caution, Haze, Located, Plate, Set, Sun, Vec2, Vec3, Worn
from derrumbe.core.work import Work
from derrumbe.geom.depth import mesh_depth
from derrumbe.media.colour import to_display
from derrumbe.media.exr import RGB, write_exr
from derrumbe.survey import evidence, light, look
from derrumbe.survey.behind import clean_plate, houses_at_ends, trees_behind
from derrumbe.survey.cast import Caster, continued
from derrumbe.survey.cleanplate import past_things, without_passers
from derrumbe.survey.crest import rising_crest
from derrumbe.survey.dark_edges import dark_edges
from derrumbe.survey.environment import find_environment
from derrumbe.survey.far_shore import far_shore
from derrumbe.survey.far_side import past_outline
from derrumbe.survey.filters import widened
from derrumbe.survey.following import beside, things_before
from derrumbe.survey.foot import below_foot
from derrumbe.survey.fronts import Fronts, write_fronts
from derrumbe.survey.geometry import Geometry, build_geometry
from derrumbe.survey.halo import halo
from derrumbe.survey.haze import find_haze
from derrumbe.survey.horizon import horizon_row
from derrumbe.survey.houses_beside import House
from derrumbe.survey.in_front_by_look import caution_of, doubts_of
from derrumbe.survey.mattes import Mattes, find_mattes
from derrumbe.survey.motion_blur import filmed_shutter
from derrumbe.survey.move import camera_move, moved_set, placed, solved_view, solved_views
from derrumbe.survey.neighbours import Cards, boxes, find_cards, proxy_mesh, set_depth, standing
from derrumbe.survey.outline import clipped, scaled
from derrumbe.survey.passing_shadows import Looks, passing_casters
from derrumbe.survey.reference import build_reference, denoised
from derrumbe.survey.remnants import cantilevers, fringe, remnants
from derrumbe.survey.settings import Settings
from derrumbe.survey.shadows_around import ShadowsAround
from derrumbe.survey.silhouette import contour_of
from derrumbe.survey.sky_elsewhere import sky_elsewhere
from derrumbe.survey.skyline import skyline_rows
from derrumbe.survey.sun_place import SunPlace
from derrumbe.survey.surroundings import look_around
from derrumbe.survey.torn_ends import torn_ends
from derrumbe.survey.uncovered import Views, uncovered
from derrumbe.survey.walkers import find_walkers
from derrumbe.survey.wanderers import Wanderers
from derrumbe.survey.worn import find_worn

HOLE_GROWTH = 0.004
"""The hole in the clean plate reaches this share of the longer side beyond the silhouette, past its mixed pixels."""
MIXED = 2.5
"""Below the foot, where the plate's ground lies in the building's shadow, it reaches past mixed pixels only: sigmas of the plate's edges."""
LOOKED_AT = 1500
"""Colours and light are taken from every so many-th pixel of pictures larger than this."""
HORIZON_SKY = 0.8
"""Light of the sky at the horizon over what a white level ground gets from all of it, where no sky is seen."""
STAYS = "stays.exr"
REACH = 25.0
"""Ground and neighbours are kept up to this many building distances."""


def run(settings: Settings, work: Work, *, plate: Located[Plate]) -> Set:
    """Survey a plate. Raises BadOutline, BadPlate."""
    with work.crewed() as crewed:
        return _surveyed(settings, crewed, plate)


def _surveyed(settings: Settings, work: Work, plate: Located[Plate]) -> Set:
    record = plate.record
    size, source = (record.width, record.height), (record.source_width, record.source_height)
    settings = _at_working_size(settings, record)
    drawn = np.array(scaled(tuple(map(tuple, clipped(settings.outline, *source))), source, size))
    polygons, foliage, branches, wrong = (
        tuple(scaled(polygon, source, size) for polygon in some)
        for some in (settings.foreground, settings.foliage, settings.branches, settings.not_in_front)
    )
    found = camera_move(plate, drawn, settings, work)
    reference = build_reference(plate, settings.trigger_frame, work, found.kind == "locked")
    texture = reference.texture
    codes = to_display(texture, record.display)
    mattes = find_mattes(codes, drawn, polygons, foliage, settings.front.sureness, wrong, branches)
    walkers = find_walkers(plate, reference.usual, reference.unrest)
    stone = _material(settings, *_thin_walls(texture, mattes)) == "stone"
    view = solved_view(found, settings.seed)
    shore = far_shore(texture, mattes.sky, mattes.region) if found.kind == "locked" else None
    mattes = mattes if shore is None else mattes.without([past_outline(texture, mattes.sky, mattes.region, drawn)])
    geometry = build_geometry(codes, drawn, contour_of(mattes.region), record.focal_px, settings, view, walkers, stone, shore)
    mattes = mattes.below_no_horizon(horizon_row(geometry.camera)) if found.kind != "locked" else mattes
    solve = placed(found, geometry, drawn) if found.kind != "locked" else None
    crest = rising_crest(plate, geometry, solve.cameras) if solve and found.kind == "moving" else None
    if crest:
        drawn, distance = crest.lowered(drawn), float(geometry.camera.translation[2])
        mattes = find_mattes(codes, drawn, polygons, foliage, settings.front.sureness, branches=branches)
        contour = contour_of(mattes.region)
        geometry = build_geometry(codes, drawn, contour, record.focal_px, settings, view, walkers, stone, shore, distance)
        mattes, solve = mattes.below_no_horizon(horizon_row(geometry.camera)), placed(found, geometry, drawn)
    views = solved_views(solve, geometry, plate, work.folder) if solve else None
    before = things_before(plate, found, geometry, drawn, mattes, work).before(views, work)
    before = replace(before, crest=crest)
    mattes = replace(mattes, front=before.first(mattes.front, texture, mattes.region))
    passing_first = before.passing_at_first(plate, texture)
    passers = beside(passing_first, mattes.region)
    softness = look.edge_softness(codes, mattes.region & (mattes.front < 0.01))
    around = look_around(plate, found, before.wanderers, geometry, drawn, work)
    clean, cards, houses, edges = _behind(
        texture, codes, mattes, passing_first, geometry, settings, plate.record, work.folder, views, softness, around.ground
    )
    taken = [house.taken(mattes.region, codes, to_display(clean, record.display)) for house in houses]
    stays = np.zeros_like(mattes.region)
    if views is None:
        pixel = float(geometry.camera.translation[2]) / geometry.camera.focal_px
        stays = torn_ends(codes, mattes.region, mattes.sky, ~passing_first, pixel, settings.seed)
        clean = np.where(stays[..., None], texture, clean)
    mattes = mattes.without(taken).also(edges)
    texture = before.bared(plate, texture, mattes, passers, settings.seed)
    _write(work.folder, mattes, clean, texture)
    pictures = _write_evidence(work.folder, codes, drawn, geometry, mattes, to_display(clean, record.display), settings.front.sureness)
    cameras = solve.cameras if solve else (geometry.camera,)
    wall = mesh_depth(cameras[0], geometry.vertices, geometry.triangles)
    fronts = write_fronts(
        work,
        plate,
        mattes.front,
        mattes.parts,
        reference,
        cameras,
        wall,
        settings.holdout,
        before.passing,
        before.standing,
        crest,
        before.signs,
    )
    passing = _passing(fronts, cameras, geometry, plate, work.folder, before.wanderers)
    place = _sun_place(texture, mattes, geometry, cards, float(drawn[:, 1].max()), passing, around.shadows)
    film_set = _record(
        settings, plate, geometry, texture, softness, mattes, cards, drawn, pictures, place, clean, work.folder, list(found.cautions)
    )
    if solve and views is not None:
        film_set = moved_set(film_set, found, solve, geometry, plate, work, fronts.matte)
        film_set = film_set.model_copy(update=_write_worn(views, plate, fronts, settings, work.folder))
    update = {
        "shutter": filmed_shutter(plate, work),
        "stays": _write_stays(stays, work.folder) if views is None else film_set.stays,
        "foreground": fronts.matte,
        "foreground_depth": fronts.depth,
        "warnings": (*film_set.warnings, *before.cautions),
    }
    return film_set.model_copy(update=update)


def _write_worn(views: Views, plate: Located[Plate], fronts: Fronts, settings: Settings, folder: Path) -> dict[str, Worn | str | None]:
    """Write what the building wears before a moving camera, and what of it stays; return the fields of the set that say where."""
    frames = plate.record.frames
    base = int(np.clip(settings.trigger_frame - 1, frames.first, frames.last)) - frames.first
    found = find_worn(views, plate.record, None if fronts.matte is None else folder / fronts.matte, base, settings.seed)
    worn = Worn(frame=frames.first + base, camera=found.camera)
    planes = np.dstack([found.picture, found.building, found.shown]).astype(np.float32)
    write_exr(folder / worn.picture, planes, (*RGB, "building.Y", "shown.Y"))
    return {"worn": worn, "stays": _write_stays(found.stays, folder)}


def _write_stays(stays: np.ndarray, folder: Path) -> str | None:
    """Write what of the building (h, w) bool stays with walls that go on; return the file's name, None where nothing does."""
    if not stays.any():
        return None
    write_exr(folder / STAYS, stays.astype(np.float32), ("Y",))
    return STAYS


def _at_working_size(settings: Settings, plate: Plate) -> Settings:
    """Return the settings with the focal length, which is given in pixels of the plate as filmed, in those of the plate as it is worked on."""
    lens, scale = settings.camera, plate.width / plate.source_width
    return settings.model_copy(update={"camera": lens.model_copy(update={"focal": lens.focal * scale})}) if lens.focal else settings


def _passing(
    fronts: Fronts, cameras: tuple[Camera, ...], geometry: Geometry, plate: Located[Plate], folder: Path, wanderers: Wanderers | None
) -> tuple[Caster, ...]:
    """Return what stands or passes in front as casters of shadows; before a moving camera, what moves by itself."""
    if fronts.matte is None:
        return ()
    frames = plate.record.frames
    still = "{frame}" not in fronts.matte
    looks = Looks(
        picture=str(plate.folder / plate.record.picture),
        matte=str(folder / fronts.matte),
        cameras=cameras,
        frames=(frames.first,) if still else tuple(frames),
        solid=(geometry.vertices, geometry.triangles),
        wanderers=wanderers,
    )
    return passing_casters(looks)


def _behind(
    texture: np.ndarray,
    codes: np.ndarray,
    mattes: Mattes,
    passing: np.ndarray,
    geometry: Geometry,
    settings: Settings,
    plate: Plate,
    folder: Path,
    views: Views | None,
    softness: float,
    lies: np.ndarray | None,
) -> tuple[np.ndarray, Cards, list[House], np.ndarray]:
    """Return the clean plate (h, w, 3), what stands beside and behind the building, the houses that go on behind it, and the building's edges
    (h, w) bool that its outline leaves before those; writes both's shapes, and how far all that is.

    passing (h, w) bool: what passes in the first frame; views: a moving camera's other frames, which see some of what the building hides;
    softness: sigma of the plate's edges, pixels; lies (h, w) bool: ground and what lies on it, where that is known.
    """
    growth = max(3.0, HOLE_GROWTH * max(mattes.region.shape))
    hole = _hole(codes, mattes, fringe(codes, mattes.region, mattes.sky), growth, softness)
    hole = hole | halo(texture, mattes.region, mattes.sky) if views is None else hole
    own, passers = hole, widened(beside(passing, mattes.region), growth)
    hole = hole | passers
    skyline = skyline_rows(mattes.sky, hole, horizon_row(geometry.camera), np.random.default_rng((settings.seed, 72)))
    distance = float(geometry.camera.translation[2])
    cards = find_cards(codes, skyline, hole, geometry.camera, distance, distance + geometry.depth)
    trees = trees_behind(texture, codes, mattes, hole, cards, geometry.camera)
    houses: list[House] = []
    edges = np.zeros_like(hole)
    if trees and views is None:  # a moving camera's other frames show what goes on beside the building
        edges = dark_edges(codes, mattes.region, mattes.sky)
        bare = _hole(codes, mattes, edges, growth, softness) | passers
        over = cantilevers(mattes.sky, widened(mattes.region, growth))
        houses = houses_at_ends(codes, mattes, bare, cards, over)
        for house in houses:
            hole = house.seen(house.spared(hole | bare, bare))
        edges = edges if houses else np.zeros_like(edges)
    cards = trees.cards(cards, hole) if trees else cards
    beyond = np.asarray(hole.any(axis=0))
    solid = (
        (cards if views is None else trees.crowned(cards, hole))
        if trees
        else standing(cards, beyond, horizon_row(geometry.camera), len(hole))
    )
    for house in houses:
        solid = house.cards(solid)
    save_arrays(folder / "building.npz", vertices=geometry.vertices, triangles=geometry.triangles)
    save_arrays(folder / "proxies.npz", **proxy_mesh(solid, geometry.camera, REACH * float(geometry.camera.translation[2]), beyond))
    hidden = hole
    if views is not None:
        texture, known = uncovered(views, texture, hole, growth)
        texture = np.where(known[..., None], denoised(texture, plate.noise, 1), texture)
        hole = hole & ~known
    texture, hole = without_passers(texture, hole, passers & ~own, passing, settings.seed)
    shown = bool((mattes.sky > 0.995).any())
    heaven = None if shown or views is None else sky_elsewhere(views, plate.display)
    clean, open_sky = clean_plate(texture, mattes, hole, cards, trees, houses, geometry.camera, softness, settings.seed, heaven, lies)
    write_exr(folder / "set_depth.exr", set_depth(solid, geometry.camera, np.maximum(mattes.sky, open_sky)), ("Z",), full=True)
    clean = clean if views is None else past_things(clean, np.maximum(mattes.front, passing), hidden, settings.seed)
    return clean, solid, houses, edges


def _hole(codes: np.ndarray, mattes: Mattes, rim: np.ndarray, growth: float, softness: float) -> np.ndarray:
    """Return what (h, w) bool goes with the building: its region, a rim (h, w) bool of it that the outline leaves, and what hangs on it.

    codes (h, w, 3) uint8; growth: pixels by which that reaches past mixed pixels; softness: sigma of the plate's edges, pixels.
    """
    hole = widened(mattes.region | rim, growth)
    hole &= ~below_foot(mattes.region) | widened(mattes.region, max(1.0, MIXED * softness))
    return np.asarray(hole | widened(remnants(codes, mattes.sky, hole, mattes.front), 2))


def _write(folder: Path, mattes: Mattes, clean: np.ndarray, texture: np.ndarray) -> None:
    write_exr(folder / "building_matte.exr", mattes.building, ("Y",))
    write_exr(folder / "sky_matte.exr", mattes.sky, ("Y",))
    write_exr(folder / "clean_plate.exr", clean)
    write_exr(folder / "texture.exr", texture)


def _write_evidence(
    folder: Path,
    codes: np.ndarray,
    drawn: np.ndarray,
    geometry: Geometry,
    mattes: Mattes,
    clean: np.ndarray,
    sureness: float,
) -> tuple[str, ...]:
    boards = {
        "evidence/lines.png": partial(evidence.lines_board, codes, geometry.segments, geometry.support, geometry.camera),
        "evidence/solid.png": partial(
            evidence.solid_board, codes, geometry.camera, geometry.vertices, geometry.triangles, geometry.facades
        ),
        "evidence/scale.png": partial(
            evidence.scale_board, codes, geometry.camera, geometry.facades, geometry.storey_tops, geometry.height
        ),
        "evidence/mattes.png": partial(evidence.mattes_board, codes, mattes, drawn, sureness),
        "evidence/clean_plate.png": partial(evidence.Board, clean),
    }
    for name, make in boards.items():
        make().save(folder / name)
    return tuple(boards)


def _record(
    settings: Settings,
    plate: Located[Plate],
    geometry: Geometry,
    texture: np.ndarray,
    softness: float,
    mattes: Mattes,
    cards: Cards,
    drawn: np.ndarray,
    pictures: tuple[str, ...],
    place: SunPlace,
    clean: np.ndarray,
    folder: Path,
    cautions: list[Caution],
) -> Set:
    full, thin = texture, _thinning(texture)
    sky, (texture, walls) = mattes.sky[thin, thin], _thin_walls(texture, mattes)
    colour = look.wall_colour(texture, walls)
    material = _material(settings, texture, walls)
    below = np.broadcast_to(np.arange(mattes.region.shape[0])[thin, None] > drawn[:, 1].max(), walls.shape)
    sun = light.estimate(texture, sky, walls, below, np.array([0.0, 0.0, 1.0]), material, settings.light, place)
    cautions += light.cautions_of(texture, sky, settings.light, place)
    doubts = doubts_of(mattes.proposals, settings.front.sureness)
    cautions += [caution_of(one, plate.record.source_width / plate.record.width) for one in doubts]
    building = Building(
        outline_px=tuple(_vec2(point) for point in drawn),
        facades=geometry.facades,
        footprint=geometry.footprint,
        storey_tops=geometry.storey_tops,
        height=geometry.height,
        material=material,
        height_spread=geometry.sizing.spread,
        height_how=geometry.sizing.how,
    )
    return Set(
        locked=True,
        cameras=(geometry.camera,),
        frames=plate.record.frames,
        building=building,
        sun=sun,
        haze=_air(settings, full, mattes, geometry, cards, sun),
        softness_px=softness,
        environment=_write_environment(folder, clean, mattes, geometry, cards, sun),
        facade_rgb=_vec3(colour),
        doubts=doubts,
        evidence=pictures,
        warnings=(*cautions, *geometry.warnings),
    )


def _write_environment(folder: Path, clean: np.ndarray, mattes: Mattes, geometry: Geometry, cards: Cards, sun: Sun) -> str:
    """Write what shines on the scene from all around, of the clean plate (h, w, 3); return the file's name."""
    open_sky = (set_depth(cards, geometry.camera, mattes.sky) >= FAR).astype(np.float32)
    write_exr(folder / "environment.exr", find_environment(clean, open_sky, geometry.camera, sun), full=True)
    return "environment.exr"


def _air(settings: Settings, texture: np.ndarray, mattes: Mattes, geometry: Geometry, cards: Cards, sun: Sun) -> Haze | None:
    """Return the plate's haze."""
    depth = set_depth(cards, geometry.camera, mattes.sky)
    own = mesh_depth(geometry.camera, geometry.vertices, geometry.triangles)
    distance = float(np.median(own[own < FAR])) if (own < FAR).any() else float(geometry.camera.translation[2])
    visibility = None if settings.light.visibility is None else 1000 * settings.light.visibility
    return find_haze(
        texture, np.minimum(depth, own), mattes.front < 0.01, mattes.sky, HORIZON_SKY * np.asarray(sun.sky_rgb), distance, visibility
    )


def _thinning(texture: np.ndarray) -> slice:
    return slice(None, None, max(1, max(texture.shape) // LOOKED_AT))


def _thin_walls(texture: np.ndarray, mattes: Mattes) -> tuple[np.ndarray, np.ndarray]:
    """Return every so many-th pixel of the texture, and where it shows the building's walls."""
    thin = _thinning(texture)
    return texture[thin, thin], mattes.region[thin, thin] & (mattes.front[thin, thin] < 0.5)


def _material(settings: Settings, texture: np.ndarray, walls: np.ndarray) -> look.Material:
    if settings.building.material != "auto":
        return settings.building.material
    return look.guess_material(look.wall_colour(texture, walls), look.hue_spread(texture, walls))


def _sun_place(
    texture: np.ndarray,
    mattes: Mattes,
    geometry: Geometry,
    cards: Cards,
    lowest: float,
    passing: tuple[Caster, ...],
    around: ShadowsAround | None,
) -> SunPlace:
    """Return where the sun stands. lowest: row of the outline's foot; passing, around: what else than the building throws shadows."""
    clear = (mattes.sky < 0.01) & (mattes.front < 0.01)
    vertices, triangles = geometry.roofed or (geometry.vertices, geometry.triangles)
    solid = continued(vertices, triangles, geometry.camera, geometry.facades)
    neighbours = boxes(cards, geometry.camera, REACH * float(geometry.camera.translation[2]))
    house = Caster(texture, clear & ~widened(mattes.region, 3), geometry.camera, *solid, float(vertices[:, 1].max()), neighbours)
    below = np.arange(len(texture))[:, None] > lowest
    casters = (house, *passing)
    return light.sun_place(texture, mattes.sky, clear & mattes.region, clear & below, geometry.camera, geometry.facades, casters, around)


def _vec2(point: np.ndarray) -> Vec2:
    return float(point[0]), float(point[1])


def _vec3(values: np.ndarray) -> Vec3:
    return float(values[0]), float(values[1]), float(values[2])
