"""What stands in front of the building before a moving camera, from depth: found, cut out along its edges, and given a depth of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from derrumbe.core.records import FAR, Camera, Caution, Located, Plate, Vec3
from derrumbe.core.work import Work
from derrumbe.geom.camera import pixel_grid, resized
from derrumbe.geom.depth import mesh_depth
from derrumbe.geom.lens import undistorted
from derrumbe.geom.polygons import densified
from derrumbe.survey.ahead import SURE, Ahead, Scenery, Steady, Votes, region_of
from derrumbe.survey.colour_edges import heaven_of
from derrumbe.survey.depths import Depths
from derrumbe.survey.filters import disc, filled
from derrumbe.survey.footing import continued
from derrumbe.survey.geometry import Geometry
from derrumbe.survey.hidden_foot import HiddenFoot, hidden_foot
from derrumbe.survey.matchmove.match import Match
from derrumbe.survey.mattes import Mattes
from derrumbe.survey.shown import points_of
from derrumbe.survey.solved_planes import ON, ground_under, walls_through
from derrumbe.survey.standing import carried, things
from derrumbe.survey.stillness import stillness_of
from derrumbe.survey.things_ahead import FLAT, flatness, lies_flat
from derrumbe.survey.tight_edges import cut_out
from derrumbe.survey.wanderers import Wanderers

DEPTHS, VOTES, AHEAD = "in_front/depth.{frame}.npz", "in_front/votes.{frame}.npz", "in_front/front.{frame}.npz"
STEADY = "in_front/steady.{frame}.npz"
CLEAR = 0.08
"""What stands in front begins at this share of the building's distance before its walls ..."""
RESOLVED = 1.2
"""... and at so many pixels of parallax against them in the neighbours that look from furthest aside."""
VAGUE = 0.4
"""If that takes more than this share of the distance, nothing can be told."""
BEYOND_TOP = 0.35
BAND = 2.0
"""Working pixels by which votes may miss an edge."""
CROWDED = 0.6
"""Share of the building's region above which what stands in front is rather a wrong wall."""
COVERED = 0.6
"""A thing that is drawn needn't be carried where so much of it was found by itself."""
FEWEST, AGREE = 8, 0.2
"""Solved points on the building at least, and how far from walls of the depth maps they may usually lie, as a share of the depth."""
NEARBY, LEVEL = 4.0, 0.998
"""Sizes of the outline around it in which leaning walls' ground is looked for, and the cosine between its normal and up from which it is level."""
THIN, ENOUGH = 7, 0.1
"""Of how many sure points one is looked at for the walls; share of a drawn thing that must have a depth."""
DRAW = "draw what stands there with --holdout (foreground_polygons), or give mattes of it"


@dataclass(frozen=True)
class InFront:
    """What stands in front, frame by frame.

    metres: of a unit of the solve, at the building's walls. drawn: what is known of the first frame besides (h, w) alpha parts, each with
    its nearness in the solve; cameras: of the solve, in its own units.
    """

    steady: Steady
    metres: float
    drawn: tuple[tuple[np.ndarray, float], ...]
    cameras: tuple[Camera, ...]

    def at(self, index: int, picture: np.ndarray) -> np.ndarray:
        """Return the alpha (h, w) float32 at frame `index` of what stands in front, along the edges of a display-like picture (h, w, 3)."""
        front, _ = self.steady.at(self.steady.ahead.depths.frames.start + index)
        large = cv2.resize(front, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 0.5
        alpha = cut_out(picture, large)
        for part, near in self.drawn:
            moved = part if index == 0 else carried(part, 1 / near, self.cameras[0], self.cameras[index])
            if index == 0 or (moved * large).sum() < COVERED * moved.sum():
                alpha = np.maximum(alpha, moved)
        return alpha

    def depth(self, index: int, alpha: np.ndarray) -> np.ndarray:
        """Return the depth (h, w) float32 in metres of what `at` gives, FAR where it isn't known."""
        _, depth = self.steady.at(self.steady.ahead.depths.frames.start + index)
        # Soft rims lie outside the mask that the depth was found in.
        reach = disc(2 * BAND)
        known = cv2.erode(np.where(depth > 0, depth, FAR).astype(np.float32), reach)
        known = cv2.resize(known, alpha.shape[::-1], interpolation=cv2.INTER_NEAREST)
        out = np.where(known < FAR, known * self.metres, FAR)
        for part, near in self.drawn:
            moved = part if index == 0 else carried(part, 1 / near, self.cameras[0], self.cameras[index])
            out = np.where((moved > 0.02) & (out >= FAR), self.metres / near, out)
        return out.astype(np.float32)


def in_front(
    plate: Located[Plate], found: Match, wanderers: Wanderers | None, geometry: Geometry, drawn: np.ndarray, mattes: Mattes, work: Work
) -> tuple[InFront | None, tuple[Caution, ...]]:
    """Return what stands in front of the outlined building (`drawn` (n, 2) pixels of the first frame); None, and why, where it can't be told."""
    record = plate.record
    if found.kind != "moving":
        return None, (_untold("the camera doesn't travel"),)
    size, frames = (record.width, record.height), range(record.frames.first, record.frames.last + 1)
    outline = undistorted(geometry.camera, continued(drawn, *size, np.array([size[0] / 2, -1e7, 1.0]), BEYOND_TOP, 0.0))
    solved = _solved_on(found, outline, size)
    if len(solved) < FEWEST:
        return None, (_untold("too few points were solved on the building"),)
    wall = float(np.median(1 / solved[:, 2]))
    depths = Depths(str(plate.folder / record.picture), stillness_of(found, size), frames, wanderers, wall, str(work.folder / DEPTHS))
    keys = depths.keyframes()
    work.map_frames(depths, keys, depths.done, "looking for depth")
    clear = max(CLEAR, RESOLVED / max(_parallax(depths), 1e-9))
    if clear > VAGUE:
        return None, (_untold("the camera travels too little"),)
    scenery = _scenery(depths, solved, outline, clear, geometry, mattes)
    if scenery is None:
        return None, (_untold("the building's own depth is unclear"),)
    votes = Votes(depths, scenery, str(work.folder / VOTES))
    work.map_frames(votes, keys, votes.done, "weighing depth")
    votes = replace(votes, scenery=replace(scenery, foot=_foot(votes, geometry, mattes)))
    ahead = Ahead(votes, str(work.folder / AHEAD))
    work.map_frames(ahead, frames, ahead.done, "finding what stands in front")
    steady = Steady(ahead, str(work.folder / STEADY))
    work.map_frames(steady, frames, steady.done, "steadying it")
    share = _share(ahead)
    if share > CROWDED:
        return None, (_untold(f"{100 * share:.0f} % of it would be hidden, which is rather a wrong solve"),)
    metres = _metres(scenery, geometry)
    return InFront(steady, metres, _known(mattes, depths, scenery, metres, geometry), _own_cameras(found, geometry.camera)), ()


def _untold(why: str) -> Caution:
    return Caution(what=f"what stands in front of the building is not looked for: {why}", remedy=DRAW)


def _solved_on(found: Match, outline: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the solved points (p, 3) that the first camera sees inside the outline."""
    points = found.points[found.points[:, 2] > 1e-6]
    return points[_inside(points, outline, float(found.focal[0]), size)]


def _inside(points: np.ndarray, outline: np.ndarray, focal: float, size: tuple[int, int]) -> np.ndarray:
    """Return which points (p, 3) in the first camera's axes it sees inside the outline (n, 2), pixels of a plate of `size`."""
    scale = 500 / max(size)
    middle = 1.5 * np.array(size) * scale
    mask = filled([(outline - np.array(size) / 2) * scale + middle], (int(2 * middle[1]), int(2 * middle[0]))) > 0
    place = np.floor(points[:, :2] / points[:, 2:] * focal * scale + middle).astype(int)
    within = ((place >= 0) & (place < mask.shape[::-1])).all(axis=1)
    return within & mask[np.where(within, place[:, 1], 0), np.where(within, place[:, 0], 0)]


def _parallax(depths: Depths) -> float:
    """Return the usual shift of the building against infinity, working pixels, in the neighbours that look from furthest aside."""
    eyes = -np.einsum("nji,nj->ni", depths.still.rotation, depths.still.translation)
    shifts = []
    for key in depths.keyframes():
        index = key - depths.frames.start
        others = depths.neighbours_of(index)
        way = max((float(np.linalg.norm(eyes[other] - eyes[index])) for other in others), default=0.0)
        shifts.append(way * depths.focal(index) * depths.wall)
    return float(np.median(shifts))


def _scenery(depths: Depths, solved: np.ndarray, outline: np.ndarray, clear: float, geometry: Geometry, mattes: Mattes) -> Scenery | None:
    """Return the building in the solve's world; None when its walls can't be told, or the street before them lies behind them."""
    size, focal = depths.still.size, float(depths.still.focal[0])
    points = np.concatenate([_sure_points(depths, key) for key in depths.keyframes()[::3]])
    points = points[points[:, 2] > 1e-6]
    own = _inside(points, outline, focal, size)
    walls = walls_through(points[own], 1, max(ON, 0.5 * clear))
    if not len(walls) or not _borne_out(solved, walls) or is_inside_out(points[~own], walls, outline, focal, size):
        return None
    flat = densified((outline - np.array(size) / 2) / focal, 0.01, closed=True)
    ray = np.concatenate([flat, np.ones((len(flat), 1))], 1)
    near = (ray @ walls.T).min(axis=1)
    up = np.asarray(geometry.camera.rotation)[:, 1]
    sky = cv2.resize(mattes.sky, depths.shape[::-1], interpolation=cv2.INTER_AREA)
    return Scenery(
        walls=walls,
        up=up,
        outline=ray[near > 1e-9] / near[near > 1e-9, None],
        clear=1 - clear,
        ground=_ground(depths, walls, up, ray[near > 1e-9] / near[near > 1e-9, None]),
        heaven=heaven_of(depths.shown(0).codes, sky),
    )


def _foot(votes: Votes, geometry: Geometry, mattes: Mattes) -> HiddenFoot | None:
    """Return what of the building's foot something hides in the first frame, if depth bears it out."""
    depths = votes.depths
    foot, here = hidden_foot(geometry, mattes.region, votes.scenery.walls, depths.still), depths.posed(0)
    if foot is None:
        return None
    vote, weight, _ = votes.carried(depths.keyframes()[0], here)
    return foot if foot.is_borne_out(here, vote, weight) else None


def _ground(depths: Depths, walls: np.ndarray, up: np.ndarray, outline: np.ndarray) -> np.ndarray | None:
    """Return the ground's plane (3,); None without one. Where walls lean, the solve may still be flattened, and what stands is as near as the ground:
    then it is the plane around the outline (m, 3), if that is level and the camera higher over it than the building is. Roofs that are seen from
    above lean too."""
    least = flatness(walls, up)
    flat = np.concatenate([_flat_points(depths, key, up, least) for key in depths.keyframes()[::3]])
    if least <= FLAT:
        return ground_under(flat, 1)
    size = float(np.linalg.norm(np.ptp(outline, axis=0)))
    found = ground_under(flat[np.linalg.norm(flat - outline.mean(axis=0), axis=1) < NEARBY * size], 1)
    if found is None or -float(found @ up) <= LEVEL * float(np.linalg.norm(found)):
        return None
    return found if is_seen_from_above(outline, found) else None


def _sure_points(depths: Depths, key: int) -> np.ndarray:
    """Return every so many-th sure point (p, 3) of a keyframe, in the first camera's axes."""
    found = depths.at(key)
    points = points_of(depths.posed(key - depths.frames.start), found.nearness)
    return points[found.seen & (found.sureness > SURE)][::THIN]


def _flat_points(depths: Depths, key: int, up: np.ndarray, least: float) -> np.ndarray:
    """Return every so many-th sure point (p, 3) of a keyframe on what lies flat, in the first camera's axes."""
    found, here = depths.at(key), depths.posed(key - depths.frames.start)
    sure = found.seen & (found.sureness > SURE)
    return points_of(here, found.nearness)[lies_flat(here, found.nearness, sure, up, least)][::THIN]


def _borne_out(solved: np.ndarray, walls: np.ndarray) -> bool:
    """Do points (p, 3) that were solved on the building lie on the walls that depth maps show?"""
    return abs(float(np.median((solved @ walls.T).min(axis=1))) - 1) < AGREE


def is_seen_from_above(outline: np.ndarray, ground: np.ndarray) -> bool:
    """Is the first camera higher over the ground's plane (3,) than what an outline (m, 3) on the walls holds is high?"""
    return float(np.ptp(outline @ ground)) < 1


def is_inside_out(points: np.ndarray, walls: np.ndarray, outline: np.ndarray, focal: float, size: tuple[int, int]) -> bool:
    """Does what the first camera sees below the outline lie behind its walls? Then the solve has near and far exchanged."""
    pixels = points[:, :2] / points[:, 2:] * focal + np.array(size) / 2
    low = (pixels[:, 1] > outline[:, 1].max()) & (pixels[:, 0] > outline[:, 0].min()) & (pixels[:, 0] < outline[:, 0].max())
    return bool(np.count_nonzero(low) >= 50) and float(np.median((points[low] @ walls.T).min(axis=1))) > 1


def _share(ahead: Ahead) -> float:
    """Return the usual share of the building's region that is hidden."""
    shares = []
    for key in ahead.depths.keyframes():
        region = region_of(ahead.scenery, ahead.depths.posed(key - ahead.depths.frames.start))
        if region.any():
            shares.append(float(np.mean(ahead.at(key)[0][region])))
    return float(np.median(shares)) if shares else 0.0


def _metres(scenery: Scenery, geometry: Geometry) -> float:
    """Return the metres of a unit of the solve that put its walls where the set's are, as the first camera sees them."""
    camera = resized(geometry.camera, max(2, geometry.camera.width // 8), max(2, geometry.camera.height // 8))
    depth = mesh_depth(camera, geometry.vertices, geometry.triangles)
    grid = (undistorted(camera, pixel_grid(camera)) - (camera.cx, camera.cy)) / camera.focal_px
    near = (np.concatenate([grid, np.ones((*depth.shape, 1))], -1) @ scenery.walls.T).min(axis=-1)
    met = (depth < FAR) & (near > 1e-9)
    return float(np.median(depth[met] * near[met])) if met.any() else 1.0


def _known(mattes: Mattes, depths: Depths, scenery: Scenery, metres: float, geometry: Geometry) -> tuple[tuple[np.ndarray, float], ...]:
    """Return the parts (h, w) of the first frame's matte of what is in front, each with its nearness: that of its sure pixels before the walls, or
    without any, that of the ground at its foot."""
    first = depths.at(depths.frames.start)
    share = (points_of(depths.posed(0), first.nearness) @ scenery.walls.T).min(axis=-1)
    before = first.seen & (first.sureness > SURE) & (share < scenery.clear)
    parts, front = [], mattes.front
    for mask, depth in things(front, geometry.camera, float(geometry.camera.translation[2]), mattes.parts):
        core = cv2.resize((mask & (front > 0.5)).astype(np.float32), depths.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
        own = first.nearness[core & before]
        enough = len(own) > ENOUGH * int(np.count_nonzero(core)) + 1
        near = float(np.median(own)) if enough else metres / depth
        parts.append((np.where(mask, front, 0).astype(np.float32), near))
    return tuple(parts)


def _own_cameras(found: Match, camera: Camera) -> tuple[Camera, ...]:
    """Return the solve's cameras in its own units, in the first one's axes."""
    return tuple(
        Camera(
            width=camera.width, height=camera.height, focal_px=float(focal), cx=camera.cx, cy=camera.cy,
            rotation=(_vec3(turn[0]), _vec3(turn[1]), _vec3(turn[2])), translation=_vec3(shift), distortion=camera.distortion,
        )
        for turn, shift, focal in zip(found.rotation, found.translation, found.focal, strict=True)
    )  # fmt: skip


def _vec3(values: np.ndarray) -> Vec3:
    x, y, z = (float(value) for value in values)
    return x, y, z
