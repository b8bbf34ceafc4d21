"""The picture that pieces wear: what the plate showed of the building, without the colours that the lens or a coarse outline mixed into its rim."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import Camera, Located, Plate, Set
from derrumbe.geom.depth import plane_depth
from derrumbe.media.exr import RGB, read_exr

SAFE = (0.7, 1.5)
"""Pixels from the rim, and softnesses more, up to which the lens mixes in what lies beyond it."""
BROAD = 0.008
"""Half the width of what lends its colour to all that was never seen beyond it, share of the longer side: a railing's holds what is seen through it."""
RIPPLE = 0.003
"""How far a rim is evened out where the picture is mirrored at it, share of the longer side."""
PRESSED = (0.15, 0.35, 0.65, 1.0)
"""How deep a mirror image reaches into the picture for every pixel beyond its rim, least and most."""
SMEARED = 2.0
"""... and samples of hue up to which subsampled chroma does, since filters spread one over its neighbour."""
HUE = 2
"""Half the side of a window, pixels, over which a hue is told."""
FAINT = 0.2
"""Hues (light over its mean) that lie no further apart aren't told from each other."""
STRAYED = 0.012
"""How far an outline or a model may miss the rim, share of the longer side."""
APART = 0.06
"""Square roots of light by which the building and what lies beyond its rim differ, where pixels are told apart by colour."""
EVEN = 0.3
"""... and by how much what lies there varies at most, of that."""
SAME, SPREAD = 0.05, 2.0
"""Square roots of light, and spreads of what lies beyond the rim, within which a pixel is of that and not of the building's own: a white
bargeboard below a pale roof is hardly darker than a white sky."""
LIKE = 0.3
"""What lies nearer than this to the colour beyond the rim, of the way to the building's, is mixed with it beside such pixels."""
FURTHER = 1.4
"""What lies at this times the building's distance is behind it."""
SHOWN = np.uint8(4)
"""Code of a pixel that is shown; others hold the edge, as in `beyond`, over which the wall goes on to it: left, right, upper, lower."""


@dataclass(frozen=True, eq=False)
class Picture:
    """camera: whose view it is; texture (h,w,3), matte (h,w): of the building, float32; way (h,w) uint8: SHOWN, or over which edge of what is
    shown the wall goes on there."""

    camera: Camera
    texture: np.ndarray
    matte: np.ndarray
    way: np.ndarray
    stays: np.ndarray | None = None


def picture_of(film_set: Located[Set]) -> Picture:
    """Return what pieces wear, whole."""
    record, first = film_set.record, film_set.record.frames.first
    if record.worn is None:
        matte = read_exr(film_set.path(record.building_matte, first), ("Y",))[..., 0]
        texture = read_exr(film_set.path(record.texture, first), RGB)
        return Picture(record.camera_at(first), texture, matte, np.full(matte.shape, SHOWN), _stays(film_set))
    planes = read_exr(film_set.path(record.worn.picture), (*RGB, "building.Y", "shown.Y"))
    texture, way = carried_on(planes[..., :3], planes[..., 4] > 0.5)
    return Picture(record.worn.camera, texture, np.ascontiguousarray(planes[..., 3]), way, _stays(film_set))


def _stays(film_set: Located[Set]) -> np.ndarray | None:
    """Return what of the building (h,w) bool stays with walls that go on, as what is worn sees it; None where nothing does."""
    name = film_set.record.stays
    return None if name is None else read_exr(film_set.path(name), ("Y",))[..., 0] > 0.5


def carried_on(texture: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the texture (h,w,3) with what isn't `shown` (h,w) bool in the nearest shown colour, and the way (h,w), see `Picture`."""
    from scipy.ndimage import distance_transform_edt

    if shown.all() or not shown.any():
        return texture, np.full(shown.shape, SHOWN)
    row, column = distance_transform_edt(~shown, return_distances=False, return_indices=True)
    y, x = np.indices(shown.shape)
    across, down = column - x, row - y
    edge = np.where(np.abs(down) >= np.abs(across), np.where(down > 0, 2, 3), np.where(across > 0, 0, 1))
    return np.ascontiguousarray(texture[row, column]), np.where(shown, SHOWN, edge).astype(np.uint8)


def far_ground(camera: Camera, depth: np.ndarray) -> np.ndarray:
    """Return where (h,w) bool the camera sees sky or ground well behind a building with this depth (m,n), 0 where there is none."""
    near = float(np.median(depth[depth > 0])) if (depth > 0).any() else 0.0
    return np.asarray(plane_depth(camera) > FURTHER * near)


def smeared_px(plate: Plate) -> float:
    """Return how far, pixels of the plate, hue reaches over an edge in its source; 0 where that holds hue at the picture's own size."""
    return SMEARED * plate.chroma_px * plate.width / plate.source_width if plate.chroma_px > 1 else 0.0


def solid_colour(texture: np.ndarray, building: np.ndarray, behind: np.ndarray, softness: float, smeared: float) -> np.ndarray:
    """Return the picture (h,w,3) with pixels that hold what lies beyond the building's edge replaced by the nearest that are all building:
    the lens mixed them, or the outline is drawn wider than the wall. Film keeps hue at half the size: what of it comes from beyond is taken off further in.

    building (h,w) bool; behind (h,w) bool: where what is seen beside it lies well behind it, and not at its foot; softness: the plate's blur,
    pixels; smeared: how much further than that a hue reaches, pixels, 0: no further.
    Coverage mixes them anew, with whatever is behind then.
    """
    safe = SAFE[0] + SAFE[1] * softness
    whole = building | shut_in(building)  # what frames an opening is drawn by no outline
    strayed = building & _strayed(texture, whole, behind, _depth(whole), safe)
    depth = _depth(building & ~strayed)
    if not (depth > safe).any():
        return texture
    columns = _slender(depth, safe)
    own = (depth > safe) | columns
    solid = np.where(_beyond(depth > 0, safe)[..., None], _mirrored(texture, _broad(depth, own) | columns), _nearest(texture, own))
    if smeared <= 0:
        return solid
    reach = safe + smeared
    deep, beyond = depth > reach, _depth(~building) > reach
    if not deep.any() or not beyond.any():
        return solid
    return np.where((depth <= reach)[..., None], _without_hue(solid, texture, deep, beyond), solid).astype(np.float32)


def _beyond(building: np.ndarray, safe: float) -> np.ndarray:
    """Return what lies clear of a `building` (h,w) bool, beyond the pixels that the lens mixed, (h,w) bool."""
    return ~dilated(building, int(np.ceil(safe)))


def _broad(depth: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return of those pixels `own` (h,w) bool those of broad walls and roofs; all where there are none. depth (h,w): how far inside the building."""
    reach = max(2, round(BROAD * max(depth.shape)))
    broad = own & dilated(depth > reach, reach // 2)
    return broad if broad.any() else own


def _slender(depth: np.ndarray, safe: float) -> np.ndarray:
    """Return the middles (h,w) bool of columns between openings, which are nowhere deeper, depth (h,w) pixels, than `safe`: what is, lies too far from
    them to have their colour."""
    solid, reach = depth > 0, 2 * int(np.ceil(safe)) + 1
    framing = solid & dilated(shut_in(solid), reach) & ~dilated(depth > safe, int(np.ceil(safe)))
    return np.asarray(framing & (depth >= cv2.dilate(depth.astype(np.float32), np.ones((3, 3), np.uint8))))


def shut_in(building: np.ndarray) -> np.ndarray:
    """Return the openings (h,w) bool that a building (h,w) bool shuts in; gaps narrower than three pixels, as between ornaments of an eave, are none."""
    from scipy.ndimage import binary_fill_holes

    holes = binary_fill_holes(building) & ~building
    return cv2.morphologyEx(holes.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0


def _nearest(picture: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return the picture (h,w,3) with every pixel in the nearest one's colour of those `where` (h,w) bool."""
    from scipy.ndimage import distance_transform_edt

    y, x = distance_transform_edt(~where, return_distances=False, return_indices=True)
    return np.asarray(picture[y, x])


def _mirrored(picture: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return the picture (h,w,3) with what lies beyond those pixels `where` (h,w) bool mirrored at their rim: rows of tiles and courses go on there,
    where the nearest colour alone would draw it out into smears. Where a mirror image would lie beyond too, it is pressed together."""
    from scipy.ndimage import distance_transform_edt

    y, x = distance_transform_edt(~where, return_distances=False, return_indices=True)
    rows, columns = np.indices(where.shape, np.float32)
    # ornaments along a rim would tear the mirrored picture into strips
    inward = cv2.GaussianBlur(np.dstack([x - columns, y - rows]).astype(np.float32), (0, 0), max(RIPPLE * max(where.shape), 0.5))
    nearest = np.ascontiguousarray(picture[y, x], np.float32)
    out, inside = nearest, where.astype(np.uint8)
    for share in PRESSED:
        there = columns + (1 + share) * inward[..., 0], rows + (1 + share) * inward[..., 1]
        seen = cv2.remap(inside, *there, cv2.INTER_NEAREST) > 0
        out = np.where(seen[..., None], cv2.remap(nearest, *there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), out)
    return out


def _without_hue(picture: np.ndarray, texture: np.ndarray, inside: np.ndarray, beyond: np.ndarray) -> np.ndarray:
    """Return the picture (h,w,3) as bright as it is, without its share of the hue that the texture (h,w,3) has `beyond` (h,w) bool: what leads there
    from the hue of the nearest pixels `inside` (h,w) bool."""
    own = _hue(picture)
    inner, outer = (_hue(_nearest(_mean(np.maximum(texture, 0).astype(np.float32), where, HUE)[0], where)) for where in (inside, beyond))
    way = outer - inner
    share = ((own - inner) * way).sum(-1) / np.maximum((way * way).sum(-1), FAINT**2)
    return picture.mean(-1, keepdims=True) * np.maximum(own - np.clip(share, 0, 1)[..., None] * way, 0)


def _hue(picture: np.ndarray) -> np.ndarray:
    """Return colours (h,w,3) over their mean."""
    return np.maximum(picture, 0) / np.maximum(picture.mean(-1, keepdims=True), 1e-6)


def _depth(mask: np.ndarray) -> np.ndarray:
    """Return how far (h,w) inside a mask pixels are; the picture's border is no edge."""
    from scipy.ndimage import distance_transform_edt

    return np.asarray(distance_transform_edt(np.pad(mask, 1, mode="edge"))[1:-1, 1:-1])


def _strayed(texture: np.ndarray, building: np.ndarray, behind: np.ndarray, deep: np.ndarray, safe: float) -> np.ndarray:
    """Return what (h,w) of the building near its rim is of what lies beyond the rim, with all between it and the rim, or mixed with that."""
    reach, skirt = max(3, round(STRAYED * max(building.shape))), int(np.ceil(safe))
    light = np.sqrt(np.maximum(texture, 0)).astype(np.float32)
    beyond = behind & ~dilated(building, skirt)
    inner, known = _mean(light, (deep > reach) & (deep <= 4 * reach), 2 * reach)
    outer, open_ = _mean(light, beyond, 2 * reach + skirt)
    way, off = inner - outer, light - outer
    apart, away = (way * way).sum(-1), (off * off).sum(-1)
    # only what is even, as sky is, can be told by its colour
    uneven = np.maximum(_mean(light * light, beyond, 2 * reach + skirt)[0] - outer * outer, 0).sum(-1)
    told = building & (deep <= reach) & known & open_ & (apart > np.maximum(APART**2, uneven / EVEN**2))
    like, same = told & (away < LIKE**2 * apart), open_ & (away < np.maximum(SAME**2, SPREAD**2 * uneven))
    labels = cv2.connectedComponents((same & ~building).astype(np.uint8))[1]
    open_air = np.isin(labels, np.unique(labels[beyond & same]))  # what a matte leaves out within a pale roof isn't sky
    return like & dilated(_from_beyond(like & same, open_air & same & ~building, deep, reach), skirt)


def _from_beyond(like: np.ndarray, beyond: np.ndarray, deep: np.ndarray, reach: int) -> np.ndarray:
    """Return the part of `like` (h,w) bool that hangs together with what lies `beyond` (h,w) bool the rim, found a pixel deeper with every step;
    deep (h,w) pixels."""
    found = beyond
    for step in range(1, reach + 1):
        found = beyond | (like & (found | ((deep <= step) & dilated(found, 1))))
    return found & like


def dilated(mask: np.ndarray, by: int) -> np.ndarray:
    """Return what lies within a square of `by` pixels to each side around a mask (h,w) bool."""
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)) > 0


def _mean(picture: np.ndarray, where: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (h,w,3) of pixels `where` (h,w) within a box, and whether there are any."""
    size = (2 * radius + 1, 2 * radius + 1)
    weight = where.astype(np.float32)
    cover = cv2.blur(weight, size)
    return cv2.blur(picture * weight[..., None], size) / np.maximum(cover, 1e-6)[..., None], cover > 1e-3
