"""Everything render reads, as arrays ready for use: pieces at rest, their motion, the neighbours, the picture they wear."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from derrumbe.core.files import load_arrays
from derrumbe.core.records import NEIGHBOUR, Camera, DustCloud, Located, Motion, Pieces, Plate, Set
from derrumbe.geom.camera import eye, project
from derrumbe.render.beyond import steps_beyond
from derrumbe.render.cornice import Cornice, cornice_of, over_ledge
from derrumbe.render.panes import dulled, openings_in
from derrumbe.render.raster import ABSENT, Holes, Projected, Window, bounds, depth_of, holes_of, projected, visible
from derrumbe.render.roofing import TILES, roofed, thinned
from derrumbe.render.sections import PARTITION, ROOF, WALL, sides
from derrumbe.render.torn import BLOCK, Mesh, tear
from derrumbe.render.worn import SHOWN, Picture, dilated, far_ground, picture_of, shut_in, smeared_px, solid_colour

OUTER, FLOOR, ROOM = 0, 2, 3
ROOM_HEIGHT = 3.4
"""Metres from floor to floor, about."""
LANDING_SPEED, LANDING_SHARE = 2.0, 0.6
"""m/s that a piece must have fallen with, and the share of it that is left when it has hit something."""
PILED = 24
"""Pieces that lie nearest, seen from above, among which it is told what came down last."""
FRAME = 0.8
"""Metres around an opening that one sees out through in which its frame and rails lie."""
SOLID = 0.9
"""From how much of the building in a pixel on its colour is the building's own."""
TEAR = 29
"""Seed of torn edges: the same for every shot, so that a new seed elsewhere keeps the cracks."""


@dataclass(frozen=True)
class Inputs:
    """The records that render takes. Picklable, so that every process can load its own scene."""

    plate: Located[Plate]
    film_set: Located[Set]
    pieces: Located[Pieces]
    motion: Located[Motion]
    cloud: Located[DustCloud]


@dataclass(frozen=True, eq=False)
class Scene:
    """Arrays of a shot. V vertices, T triangles, N pieces, S motion samples.

    rest (V,3) float64; triangles (T,3) int32; normal (T,3) float64 at rest; piece (T,), face (T,), vertex_piece (V,); centre (N,3);
    material, element, storey (N,): element is the kind, see sections.py; floor (N,) height of the floor that a piece stands on, level (N,) of one
    room there: what was surveyed as one very high storey is several;
    upper, lower (N,4): planes of its outer or upper side and of its inner or lower one; position, rotation, released: see records.Motion.
    """

    rest: np.ndarray
    triangles: np.ndarray
    normal: np.ndarray
    piece: np.ndarray
    face: np.ndarray
    made: np.ndarray
    """(T,) uint8 `face` as fracture made it; in `face` all that the plate showed counts as outer."""
    vertex_piece: np.ndarray
    centre: np.ndarray
    bonds: np.ndarray
    """(B,2) int64 pieces that were joined."""
    bond_place: np.ndarray
    """(B,3) float64 where they were."""
    material: np.ndarray
    element: np.ndarray
    storey: np.ndarray
    floor: np.ndarray
    level: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    position: np.ndarray
    rotation: np.ndarray
    released: np.ndarray
    lain: np.ndarray
    """(M,3) where the centres of pieces of rubble are, which come after those that are simulated; none as long as no rubble lies."""
    drift: np.ndarray
    """(M,3) by how much they move until the next frame, growing included."""
    rise: np.ndarray
    """(V,) by how much vertices of rubble's bed rise until the next frame, metres; empty while there is none."""
    landed: np.ndarray
    """(N,) float32 motion sample at which each piece first hit something hard, infinity if it never did."""
    buried: np.ndarray
    """(N,) float32 0..1: how much of what lies around each piece in the end has come down after it, see `burials`."""
    samples_per_frame: int
    samples_per_second: float
    neighbour_vertices: np.ndarray
    neighbour_triangles: np.ndarray
    debris: dict[str, np.ndarray]
    view: Projected
    """`rest` as the camera saw it that took `texture`: the first frame's, or that of `Set.worn`."""
    window: Window
    """Where the building stands in the picture at rest."""
    texture: np.ndarray
    """(h,w,3) float32, cropped to `window`."""
    dull: np.ndarray
    """(h,w,3) float32, the same with dull panes where some shine as the sky does, `dulls` (h,w) bool: what they show once they have moved."""
    dulls: np.ndarray
    holes: Holes
    """Where the outline holds no building: some sky, or something in front."""
    openings: Holes
    """Those of them that the building shuts in: one sees through it there."""
    ends: Holes | None
    """`holes`, and where the building stays toothed into walls that go on; None where it does nowhere."""
    rest_depth: np.ndarray
    """(h,w) float32 depth of the building at pixel centres of `window`, 0 where there is none."""
    shown_depth: np.ndarray
    """The same where the texture shows it, 0 elsewhere."""
    way: np.ndarray
    """(h,w) uint8 SHOWN, or over which edge of what the texture shows the wall goes on, see worn.py."""
    steps: np.ndarray
    """(4,3) how walls go on beyond the picture's edges, see beyond.py."""
    cornice: Cornice
    """With what they end above it."""
    pixel: float
    """Metres that a pixel covers on the building, at its near side."""
    first_frame: int

    @property
    def camera(self) -> Camera:
        return self.view.camera

    def sample_of(self, frame: float) -> float:
        """Return the motion sample of a time in frames."""
        return (frame - self.first_frame) * self.samples_per_frame


def triangle_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return unit normals (T,3) float64, counter-clockwise outward."""
    a, b, c = (vertices[triangles[:, k]].astype(np.float64) for k in range(3))
    normal = np.cross(b - a, c - a)
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)


def planes(piece: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return the number (T,) of the flat side of a piece that each triangle belongs to; piece (T,), normal (T,3)."""
    sides = np.concatenate([piece[:, None], np.rint(normal * 8)], 1)
    return np.unique(sides, axis=0, return_inverse=True)[1].reshape(-1)


def seen_faces(view: Projected, triangles: np.ndarray, face: np.ndarray, plane: np.ndarray, hit: np.ndarray) -> np.ndarray:
    """Return `face` (T,) with every side that the plate showed much of counted as outer, whatever it was called. hit (h,w): at rest."""
    a, b, c = (view.pixels[triangles[:, k]] for k in range(3))
    area = 0.5 * np.abs((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))
    shown = np.bincount(hit[hit >= 0], minlength=len(triangles)).astype(float)
    area, shown = np.bincount(plane, area), np.bincount(plane, shown)
    return np.where(((shown > 0.3 * area) & (shown >= 4))[plane], np.uint8(OUTER), face).astype(np.uint8)


def floors(storey: np.ndarray, tops: tuple[float, ...]) -> np.ndarray:
    """Return the height of the floor under each storey number, metres."""
    heights = np.array([0.0, *tops])
    return heights[np.clip(storey.astype(int), 0, len(heights) - 1)]


def levels(storey: np.ndarray, tops: tuple[float, ...]) -> np.ndarray:
    """Return the height of one level of rooms in each storey number, metres: a storey's own, or an even part of it."""
    own = np.diff(np.array([0.0, *tops, (tops[-1] if tops else 0.0) + ROOM_HEIGHT]))[np.clip(storey.astype(int), 0, len(tops))]
    return own / np.maximum(np.rint(own / ROOM_HEIGHT), 1)


def landings(position: np.ndarray, released: np.ndarray, samples_per_second: float) -> np.ndarray:
    """Return the sample (N,) float32 at which each piece first lost much of its speed, infinity for none. position (S,N,3), released (N,)."""
    fastest, landed = np.zeros(len(released)), np.full(len(released), np.inf, np.float32)
    for k in range(1, len(position)):
        speed = np.linalg.norm(position[k].astype(np.float64) - position[k - 1], axis=1) * samples_per_second
        hit = (released >= 0) & (k > released) & (fastest > LANDING_SPEED) & (speed < LANDING_SHARE * fastest) & ~np.isfinite(landed)
        landed[hit] = k
        fastest = np.maximum(fastest, speed)
    return landed


def burials(place: np.ndarray, landed: np.ndarray, volume: np.ndarray) -> np.ndarray:
    """Return the share (N,) float32, by volume, of the PILED pieces about it that landed after each piece: on what came last nothing fell. 0 for
    pieces that never landed. place (N,3): where they lie; landed (N,): when, infinity for never; volume (N,)."""
    from scipy.spatial import cKDTree

    out = np.zeros(len(landed), np.float32)
    fallen = np.flatnonzero(np.isfinite(landed))
    if len(fallen) < 2:
        return out
    ground = place[fallen][:, [0, 2]]
    beside = fallen[cKDTree(ground).query(ground, k=min(PILED, len(fallen)))[1]]
    later = landed[beside] > landed[fallen, None]
    out[fallen] = (volume[beside] * later).sum(1) / np.maximum(volume[beside].sum(1), 1e-9)
    return out


@lru_cache(maxsize=1)
def load(inputs: Inputs) -> Scene:
    """Return the scene, read once per process."""
    pieces, motion, film_set = inputs.pieces, inputs.motion, inputs.film_set
    solid = load_arrays(pieces.path(pieces.record.arrays))
    poses = load_arrays(motion.path(motion.record.poses))
    proxies = load_arrays(film_set.path(film_set.record.proxies))
    first = inputs.plate.record.frames.first
    worn = picture_of(film_set)
    camera = film_set.record.camera_at(first)
    pixel = pixel_size(solid["vertices"].astype(np.float64), camera)
    element, whole = element_kinds(solid), _mesh(solid)
    material, seen = _told(whole, solid["material"].astype(np.uint8), element, worn)
    mesh = _torn(_thinned(whole, element, material), solid["centre"].astype(np.float64), _tears_as(element, material), seen, camera, pixel)
    rest, triangles = mesh.vertices, mesh.triangles
    view = projected(worn.camera, rest)
    window = bounds(view)
    holes = holes_of(view, triangles, np.ascontiguousarray(worn.matte[window.slices]), window)
    hit = visible(view, triangles, window, (0.5, 0.5), holes=holes)
    rest_depth = depth_of(view, triangles, hit, window)
    normal = triangle_normals(rest, triangles)
    upper, lower = sections(mesh, normal, element)
    solid_there = np.zeros(worn.matte.shape, bool)
    solid_there[window.slices] = (holes.matte > SOLID) & (rest_depth > 0)
    behind = far_ground(worn.camera, rest_depth)
    texture = solid_colour(worn.texture, solid_there, behind, film_set.record.softness_px, smeared_px(inputs.plate.record))[window.slices]
    sky = np.asarray(film_set.record.sun.sky_rgb)
    openings = openings_in(worn.camera, film_set.record.building, window)
    seen_out = shut_in(holes.matte >= ABSENT)
    # what frames an opening is no pane: rails and balusters are as bright as the sky behind them
    walls = solid_there[window.slices] & ~dilated(seen_out, round(FRAME / pixel))
    dull, dulls = dulled(np.ascontiguousarray(texture, np.float32), walls, openings, sky, pixel)
    way = np.ascontiguousarray(worn.way[window.slices])
    shown_depth = np.where(way == SHOWN, rest_depth, np.float32(0))
    above = np.stack([view.pixels[:, 0], rest[:, 1]], 1)[view.pixels[:, 1] < 0]
    cornice = cornice_of(worn.camera, texture, shown_depth, way, window, above)
    over = over_ledge(cornice, worn.camera, shown_depth, window)
    landed = landings(poses["position"], poses["released"], motion.record.samples_per_frame * float(inputs.plate.record.rate))
    return Scene(
        rest=rest,
        triangles=triangles,
        normal=normal,
        piece=mesh.piece,
        face=seen_faces(view, triangles, mesh.face, planes(mesh.piece, normal), hit),
        made=mesh.face,
        vertex_piece=mesh.vertex_piece,
        centre=solid["centre"].astype(np.float64),
        bonds=solid["bonds"].astype(np.int64).reshape(-1, 2),
        bond_place=solid["bond_centre"].astype(np.float64).reshape(-1, 3),
        material=material,
        element=element,
        storey=solid["storey"].astype(np.int16),
        floor=floors(solid["storey"], film_set.record.building.storey_tops),
        level=levels(solid["storey"], film_set.record.building.storey_tops),
        upper=upper,
        lower=lower,
        position=poses["position"],
        rotation=poses["rotation"],
        released=poses["released"].astype(np.int32),
        lain=np.zeros((0, 3)),
        drift=np.zeros((0, 3)),
        rise=np.zeros(0),
        landed=landed,
        buried=burials(poses["position"][-1].astype(np.float64), landed, solid["volume"].astype(np.float64)),
        samples_per_frame=motion.record.samples_per_frame,
        samples_per_second=motion.record.samples_per_frame * float(inputs.plate.record.rate),
        neighbour_vertices=proxies["vertices"].astype(np.float32),
        neighbour_triangles=np.ascontiguousarray(proxies["triangles"][proxies["kind"] == NEIGHBOUR], np.int32),
        debris=load_arrays(motion.path(motion.record.debris)),
        view=view,
        window=window,
        texture=np.ascontiguousarray(texture, np.float32),
        dull=dull,
        dulls=dulls,
        holes=holes,
        openings=holes_of(view, triangles, 1 - seen_out.astype(np.float32), window),
        ends=None
        if worn.stays is None
        else holes_of(view, triangles, (holes.matte * ~worn.stays[window.slices]).astype(np.float32), window),
        rest_depth=rest_depth,
        shown_depth=shown_depth,
        way=way,
        steps=steps_beyond(film_set.record.building, worn.camera, texture, shown_depth, way, window, over),
        cornice=cornice,
        pixel=pixel,
        first_frame=inputs.plate.record.frames.first,
    )


def element_kinds(solid: dict[str, np.ndarray]) -> np.ndarray:
    """Return the kind (N,) uint8 of each piece's element; walls, when the pieces don't tell."""
    kinds = solid.get("element_kind")
    return np.full(len(solid["material"]), WALL, np.uint8) if kinds is None else kinds[solid["element"]].astype(np.uint8)


def sections(mesh: Mesh, normal: np.ndarray, element: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the planes (N,4) that sections of pieces are layered by: outer or upper, inner or lower. normal (T,3), element (N,)."""
    count, owner = len(element), mesh.piece
    corners = mesh.vertices[mesh.triangles]
    area = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)

    def largest(which: np.ndarray) -> np.ndarray:
        return sides(owner[which], normal[which], corners[which, 0], area[which], count)

    lower = largest((mesh.face == ROOM) | ((mesh.face == FLOOR) & (normal[:, 1] < 0)))
    # a partition has a room on both sides: what looks away from the larger one is its other face
    away = np.sum(normal * lower[owner, :3], 1) < -0.9
    other = (mesh.face == ROOM) & (element[owner] == PARTITION) & away
    return largest((mesh.face == OUTER) | other | ((mesh.face == FLOOR) & (normal[:, 1] > 0))), lower


def pixel_size(points: np.ndarray, camera: Camera) -> float:
    """Return the metres that a pixel covers at the near side of points (n,3)."""
    _, depth = project(camera, points)
    return max(float(np.percentile(depth, 10)), 0.1) / camera.focal_px if len(depth) else 1.0


def _mesh(solid: dict[str, np.ndarray]) -> Mesh:
    """Return the pieces' mesh as fracture made it."""
    starts = solid["vertex_start"]
    return Mesh(
        solid["vertices"].astype(np.float64),
        np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts)),
        np.ascontiguousarray(solid["triangles"], np.int32),
        solid["triangle_piece"].astype(np.int32),
        solid["triangle_face"].astype(np.uint8),
    )


def _told(mesh: Mesh, material: np.ndarray, element: np.ndarray, worn: Picture) -> tuple[np.ndarray, np.ndarray]:
    """Return the material (N,) uint8 of pieces, with what the plate shows to be roofing told from masonry, and which triangles (T,) bool it shows."""
    view = projected(worn.camera, mesh.vertices)
    window = bounds(view)
    matte = np.ascontiguousarray(worn.matte[window.slices])
    hit = visible(view, mesh.triangles, window, (0.5, 0.5), holes=holes_of(view, mesh.triangles, matte, window))
    shown = (hit >= 0) & (matte > SOLID)
    seen = np.zeros(len(mesh.triangles), bool)
    seen[hit[hit >= 0]] = True
    return roofed(material, element, mesh.piece[hit[shown]], worn.texture[window.slices][shown]), seen


def _thinned(mesh: Mesh, element: np.ndarray, material: np.ndarray) -> Mesh:
    """Return the mesh with roofing as thin as it is."""
    upper, _ = sections(mesh, triangle_normals(mesh.vertices, mesh.triangles), element)
    return thinned(mesh, upper, (element == ROOF) & (material == TILES))


def _tears_as(element: np.ndarray, material: np.ndarray) -> np.ndarray:
    """Return the material (N,) that pieces tear as: roofing as the masonry that it stands on where most walls are of such, for what breaks
    in blocks of its own leaves holes along the eaves."""
    walls = np.bincount(material[element == WALL], minlength=len(BLOCK))
    own = int(walls.argmax())
    return np.where((material == TILES) & (own < TILES) & (BLOCK[own, 1] > 0), np.uint8(own), material)


def _torn(mesh: Mesh, centre: np.ndarray, material: np.ndarray, seen: np.ndarray, camera: Camera, pixel: float) -> Mesh:
    """Return the pieces' mesh with torn edges, as fine as the camera sees them."""
    budget = camera.width * camera.height // 6
    return tear(mesh, centre, material.astype(np.int64), eye(camera), seen, pixel, budget, TEAR)
