"""The survey's story: reference → mattes → geometry → light → neighbours → clean plate → foreground → Set."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.files import save_arrays
from derrumbe.core.records import Building, Caution, Located, Plate, Set, Vec2, Vec3
from derrumbe.core.work import Work
from derrumbe.media.colour import to_display
from derrumbe.media.exr import write_exr
from derrumbe.survey import cleanplate, evidence, light, look
from derrumbe.survey.filters import disc, filled
from derrumbe.survey.footing import bottom_samples
from derrumbe.survey.foreground import FramePass, static_alpha
from derrumbe.survey.geometry import Geometry, build_geometry
from derrumbe.survey.neighbours import find_cards, proxy_mesh, set_depth
from derrumbe.survey.outline import clipped, scaled
from derrumbe.survey.reference import build_reference
from derrumbe.survey.settings import Settings
from derrumbe.survey.silhouette import building_matte, building_region, contour_of
from derrumbe.survey.sky import find_sky
from derrumbe.survey.skyline import skyline_rows
from derrumbe.survey.steadiness import motion_cautions

HOLE_GROWTH = 0.004
"""The hole in the clean plate reaches this share of the longer side beyond the silhouette, past its mixed pixels."""
REACH = 25.0
"""Ground and neighbours are kept up to this many building distances."""


def run(settings: Settings, work: Work, *, plate: Located[Plate]) -> Set:
    """Survey a locked-off plate. Raises BadOutline."""
    record = plate.record
    size, source = (record.width, record.height), (record.source_width, record.source_height)
    drawn = np.array(scaled(tuple(map(tuple, clipped(settings.outline, *source))), source, size))
    steps = iter(work.track(("reference", "mattes", "geometry", "neighbours", "clean plate", "foreground"), "surveying", unit="steps"))

    next(steps)
    cautions = motion_cautions(plate, filled([drawn], size[::-1]))
    texture = build_reference(plate, settings.trigger_frame, work).texture
    codes = to_display(texture, record.display)

    next(steps)
    sky = find_sky(codes, filled([drawn], size[::-1]), float(np.median(bottom_samples(drawn)[:, 1])))
    region = building_region(drawn, sky)
    sky[region] = np.minimum(sky[region], 1 - building_matte(codes, region, sky)[region])
    matte = building_matte(codes, region, sky)

    next(steps)
    geometry = build_geometry(codes, drawn, contour_of(region), record.focal_px, settings)

    next(steps)
    hole = cv2.dilate(region.astype(np.uint8), disc(max(3.0, HOLE_GROWTH * max(size)))) > 0
    static = static_alpha(tuple(scaled(polygon, source, size) for polygon in settings.foreground), size[::-1])
    skyline = skyline_rows(sky, hole, _horizon(geometry), np.random.default_rng((settings.seed, 72)))
    distance = float(geometry.camera.translation[2])
    cards = find_cards(codes, skyline, hole, geometry.camera, distance, distance + geometry.depth)
    _write_set(work.folder, geometry, cards, sky, matte)

    next(steps)
    heaven = cleanplate.fill_sky(texture, sky, hole, settings.seed)
    ground = cleanplate.fill_ground(texture, hole, sky, skyline, static > 0.05, settings.seed)
    clean = cleanplate.joined(texture, heaven, ground, hole, skyline)
    write_exr(work.folder / "clean_plate.exr", clean)
    write_exr(work.folder / "texture.exr", texture)

    next(steps)
    foreground = _write_foreground(work, plate, static)
    pictures = _write_evidence(work.folder, codes, drawn, geometry, matte, sky, static, to_display(clean, record.display))
    for _ in steps:
        pass
    return _record(settings, plate, geometry, texture, codes, region, sky, drawn, foreground, pictures, cautions)


def _horizon(geometry: Geometry) -> float:
    camera = geometry.camera
    up = np.asarray(camera.rotation)[:, 1]
    return float(camera.cy - camera.focal_px * up[2] / up[1])


def _write_set(folder: Path, geometry: Geometry, cards, sky: np.ndarray, matte: np.ndarray) -> None:  # type: ignore[no-untyped-def]
    save_arrays(folder / "building.npz", vertices=geometry.vertices, triangles=geometry.triangles)
    reach = REACH * float(geometry.camera.translation[2])
    save_arrays(folder / "proxies.npz", **proxy_mesh(cards, geometry.camera, reach))
    write_exr(folder / "set_depth.exr", set_depth(cards, geometry.camera, sky), ("Z",), full=True)
    write_exr(folder / "building_matte.exr", matte, ("Y",))
    write_exr(folder / "sky_matte.exr", sky, ("Y",))


def _write_foreground(work: Work, plate: Located[Plate], static: np.ndarray) -> str | None:
    """Write what stands or passes in front; return its path in the record, None when there is nothing."""
    record = plate.record
    if record.held or len(record.frames) == 1:
        if not static.any():
            return None
        write_exr(work.folder / "foreground.exr", static, ("Y",))
        return "foreground.exr"
    fixed = work.folder / "foreground_static.exr" if static.any() else None
    if fixed:
        write_exr(fixed, static, ("Y",))
    frame_pass = FramePass(
        picture=str(plate.folder / record.picture),
        reference=work.folder / "texture.exr",
        static=fixed,
        noise=record.noise,
        out=str(work.folder / "foreground/foreground.{frame}.exr"),
    )
    work.map_frames(frame_pass, list(record.frames), frame_pass.done, "finding what passes in front")
    return "foreground/foreground.{frame}.exr"


def _write_evidence(
    folder: Path,
    codes: np.ndarray,
    drawn: np.ndarray,
    geometry: Geometry,
    matte: np.ndarray,
    sky: np.ndarray,
    static: np.ndarray,
    clean: np.ndarray,
) -> tuple[str, ...]:
    boards = {
        "evidence/lines.png": partial(evidence.lines_board, codes, geometry.segments, geometry.support, geometry.camera),
        "evidence/solid.png": partial(
            evidence.solid_board, codes, geometry.camera, geometry.vertices, geometry.triangles, geometry.facades
        ),
        "evidence/mattes.png": partial(evidence.mattes_board, codes, matte, sky, static, drawn),
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
    codes: np.ndarray,
    region: np.ndarray,
    sky: np.ndarray,
    drawn: np.ndarray,
    foreground: str | None,
    pictures: tuple[str, ...],
    cautions: list[Caution],
) -> Set:
    colour = look.wall_colour(texture, region)
    material = settings.building.material if settings.building.material != "auto" else look.guess_material(colour)
    rows = np.arange(region.shape[0])[:, None]
    below = np.broadcast_to(rows > drawn[:, 1].max(), region.shape)
    sun = light.estimate(texture, sky, region, below, np.array([0.0, 0.0, 1.0]), material, settings.light)
    building = Building(
        outline_px=tuple(_vec2(point) for point in drawn),
        facades=geometry.facades,
        footprint=geometry.footprint,
        storey_tops=geometry.storey_tops,
        height=geometry.height,
        material=material,
    )
    return Set(
        locked=True,
        cameras=(geometry.camera,),
        frames=plate.record.frames,
        building=building,
        sun=sun,
        softness_px=look.edge_softness(codes),
        foreground=foreground,
        facade_rgb=_vec3(colour),
        evidence=pictures,
        warnings=(*cautions, *geometry.warnings),
    )


def _vec2(point: np.ndarray) -> Vec2:
    return float(point[0]), float(point[1])


def _vec3(values: np.ndarray) -> Vec3:
    return float(values[0]), float(values[1]), float(values[2])
