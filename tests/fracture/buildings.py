"""Buildings of known shape, as Sets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from manifold3d import CrossSection, Manifold, OpType

from derrumbe.core.files import save_arrays
from derrumbe.core.records import Building, Camera, Facade, FrameRange, Located, Opening, Set, Sun
from derrumbe.geom.camera import project
from derrumbe.geom.carving import mesh_of


@dataclass(frozen=True)
class Made:
    body: Manifold
    building: Building


def rows(width: float, storeys: int, storey: float, bay: float, base: float = 0.0) -> tuple[Opening, ...]:
    """Windows 1.2 x 1.5 m in the middle of every bay of every storey."""
    count = max(1, int(width // bay))
    centres = (np.arange(count) + 0.5) * width / count
    return tuple(
        Opening(left=c - 0.6, right=c + 0.6, bottom=base + k * storey + 0.9, top=base + k * storey + min(2.4, storey - 0.4))
        for k in range(storeys)
        for c in centres
    )


def front(width: float, height: float, openings: tuple[Opening, ...] = ()) -> Facade:
    return Facade(origin=(-width / 2, 0, 0), along=(1, 0, 0), normal=(0, 0, 1), width=width, height=height, openings=openings)


def block(width: float, depth: float, height: float) -> Manifold:
    return Manifold.cube((width, height, depth)).translate((-width / 2, 0, -depth))


def silhouette(points: list[tuple[float, float]], depth: float) -> Manifold:
    """Extrude an outline of the front (x, y) backwards."""
    return Manifold.extrude(CrossSection([np.array(points, float)]), depth).translate((0, 0, -depth))


def rectangle(width: float, depth: float) -> tuple[tuple[float, float], ...]:
    return ((-width / 2, 0.0), (width / 2, 0.0), (width / 2, -depth), (-width / 2, -depth))


def boxed(width: float, depth: float, storeys: int, storey: float, material: str = "brick", bay: float = 3.0) -> Made:
    height = storeys * storey
    return _made(
        block(width, depth, height), (front(width, height, rows(width, storeys, storey, bay)),), width, depth, storeys, storey, material
    )


def box4() -> Made:
    return boxed(12, 9, 4, 3.3)


def tower20() -> Made:
    return boxed(18, 18, 20, 3.2, "concrete", 3.6)


def shed() -> Made:
    return boxed(5, 4, 1, 2.8, "timber", 2.5)


def gabled() -> Made:
    body = silhouette([(-5, 0), (5, 0), (5, 5.6), (0, 9.5), (-5, 5.6)], 11)
    return _made(body, (front(10, 5.6, rows(10, 2, 2.8, 2.5)),), 10, 11, 2, 2.8, "brick")


def hipped() -> Made:
    """Four slopes of 45 degrees over two storeys."""
    width, depth, eaves, rise = 14, 10, 5.6, 3.5
    upper = [(x, eaves + rise, z) for x in (-width / 2 + rise, width / 2 - rise) for z in (-rise, rise - depth)]
    roof = Manifold.hull_points(np.array([(x, eaves, z) for x in (-width / 2, width / 2) for z in (0, -depth)] + upper, float))
    return _made(block(width, depth, eaves) + roof, (front(width, eaves, rows(width, 2, 2.8, 2.5)),), width, depth, 2, 2.8, "brick")


def corner3() -> Made:
    """Two visible façades: the front and the right side."""
    made = boxed(14, 10, 3, 3.4)
    side = Facade(origin=(7, 0, 0), along=(0, 0, -1), normal=(1, 0, 0), width=10, height=10.2, openings=rows(10, 3, 3.4, 2.5))
    return Made(made.body, made.building.model_copy(update={"facades": (*made.building.facades, side)}))


def domed() -> Made:
    """A wide building of stone with an extruded dome: the shape that an outline of a capitol gives."""
    dome = [(9 * np.cos(a), 16 + 14 * np.sin(a)) for a in np.linspace(0, np.pi, 13)]
    outline = [
        (-45, 0),
        (45, 0),
        (45, 13),
        (9, 13),
        *dome[:6],
        (1.5, 30),
        (0.6, 38),
        (-0.6, 38),
        (-1.5, 30),
        *dome[7:],
        (-9, 13),
        (-45, 13),
    ]
    return _made(silhouette(outline, 25), (front(90, 13, rows(90, 3, 4.3, 3.5)),), 90, 25, 3, 4.3, "stone")


def stepped() -> Made:
    """The same, with the dome only as deep as it is wide in each of 28 bands of height, as a survey guesses it."""
    flat = domed()
    deep = [block(90, 25, 13.0)]
    edges = np.linspace(13.0, flat.building.height, 29)
    for low, high in pairwise(edges):
        band = flat.body.trim_by_plane((0, 1, 0), low).trim_by_plane((0, -1, 0), -high)
        box = np.asarray(band.bounding_box())
        depth = min(25.0, 1.15 * (box[3] - box[0]))
        deep.append(band ^ block(200, depth, 100))
    body = Manifold.batch_boolean(deep, OpType.Add)
    return Made(body, flat.building)


def sighted() -> Made:
    """Two façades under a roof whose shape only the outline knows: a tall prism cut by the camera's sight cone."""
    made = boxed(24, 12, 3, 3.5)
    side = Facade(origin=(12, 0, 0), along=(0, 0, -1), normal=(1, 0, 0), width=12, height=10.5, openings=rows(12, 3, 3.5, 3.0))
    tall = block(24, 12, 18)
    camera = camera_for(tall, yaw=0.6)
    roofline = np.array(
        [[-12.0, 10.5, 0], [-3, 15, 0], [-3, 16.5, 0], [-2, 16.5, 0], [-2, 15.2, 0], [12, 11, 0], [12, 10.5, -12], [12, -1, -12]]
    )
    foot = np.array([[12.0, -1, 0.5], [-12.5, -1, 0.5]])
    pixels, _ = project(camera, np.concatenate([roofline, foot]))
    body = tall ^ sight_cone(camera, pixels, 200.0)
    building = made.building.model_copy(update={"facades": (*made.building.facades, side), "height": float(body.bounding_box()[4])})
    return Made(body, building)


def sight_cone(camera: Camera, pixels: np.ndarray, far: float) -> Manifold:
    """What lies behind an outline in pixels, to a depth of `far` metres."""
    flat = (pixels - (camera.cx, camera.cy)) / camera.focal_px * far
    cross = CrossSection([flat if _signed_area(flat) > 0 else flat[::-1]])
    cone = Manifold.extrude(cross, far, scale_top=(0, 0)).transform(np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, far]], float))
    turn = np.asarray(camera.rotation).T
    place = -turn @ np.asarray(camera.translation)
    return cone.transform(np.column_stack([turn, place]))


def _signed_area(points: np.ndarray) -> float:
    x, y = points.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _made(body: Manifold, facades: tuple[Facade, ...], width: float, depth: float, storeys: int, storey: float, material: str) -> Made:
    return Made(
        body,
        Building(
            outline_px=((0, 0), (1, 0), (1, 1)),
            facades=facades,
            footprint=rectangle(width, depth),
            storey_tops=tuple(storey * (k + 1) for k in range(storeys)),
            height=float(body.bounding_box()[4]),
            material=material,
        ),
    )


def camera_for(body: Manifold, width: int = 480, height: int = 360, yaw: float = 0.5) -> Camera:
    """A camera at eye height that sees the whole body, turned `yaw` rad to its right side."""
    box = np.asarray(body.bounding_box())
    middle, size = (box[:3] + box[3:]) / 2, np.linalg.norm(box[3:] - box[:3])
    away = np.array([np.sin(yaw), 0.12, np.cos(yaw)])
    place = middle + away / np.linalg.norm(away) * size * 1.6
    forward = (middle - place) / np.linalg.norm(middle - place)
    right = np.cross(forward, [0, 1, 0])
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(forward, right), forward])
    return Camera(
        width=width,
        height=height,
        focal_px=1.35 * width,
        cx=width / 2,
        cy=height / 2,
        rotation=tuple(map(tuple, turn)),
        translation=tuple(-turn @ place),
    )


def outline(camera: Camera, body: Manifold) -> tuple[tuple[float, float], ...]:
    """The convex outline of a body in pixels."""
    pixels, _ = project(camera, mesh_of(body)[0])
    return tuple(map(tuple, CrossSection.hull_points(pixels).to_polygons()[0].tolist()))


def as_set(made: Made, folder: Path, frames: int = 24) -> Located[Set]:
    """Write the set's solid and return its record."""
    folder.mkdir(parents=True, exist_ok=True)
    vertices, triangles = mesh_of(made.body)
    save_arrays(folder / made.building.solid, vertices=vertices, triangles=triangles.astype(np.int32))
    camera = camera_for(made.body)
    return Located(
        Set(
            locked=True,
            cameras=(camera,),
            frames=FrameRange(first=1001, last=1000 + frames),
            building=made.building.model_copy(update={"outline_px": outline(camera, made.body)}),
            sun=Sun(direction=(0.4, 0.7, 0.6), rgb=(1, 1, 1), sky_rgb=(0.3, 0.35, 0.4), ground_rgb=(0.1, 0.1, 0.1), overcast=False),
            softness_px=0.7,
            facade_rgb=(0.2, 0.12, 0.08),
        ),
        folder,
    )


ALL = {
    "box4": box4,
    "tower20": tower20,
    "shed": shed,
    "gabled": gabled,
    "corner3": corner3,
    "domed": domed,
    "stepped": stepped,
    "sighted": sighted,
}
