"""What stands or passes before the building in the first frame hides some of its walls: other frames see them."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.core.records import Located, Plate
from derrumbe.media.exr import read_exr
from derrumbe.survey.crest import Crest
from derrumbe.survey.filters import around, widened
from derrumbe.survey.in_front_by_depth import InFront
from derrumbe.survey.uncovered import agreed, brought, whole

RING = 0.05
"""Place and light are compared within this share of the longer side around what is hidden."""
RIM = 4.0
"""Working pixels around what stands or moves that aren't taken."""
FEWEST = 2


def unhidden(
    plate: Located[Plate], found: InFront, picture: np.ndarray, hidden: np.ndarray, region: np.ndarray, crest: Crest | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first frame's picture (h, w, 3) with the parts of its walls that are `hidden` (h, w) bool there and seen in other frames, and
    what is still hidden (h, w) bool. region: the building's silhouette (h, w) bool; crest: of the ground before it, if that hides its foot."""
    wanted = hidden & region
    if not wanted.any():
        return picture, hidden
    box = around(wanted, RING * max(wanted.shape))
    views = [
        _view(plate, found, key, picture[box], wanted[box], region[box] & ~hidden[box], box, crest)
        for key in found.steady.ahead.depths.keyframes()[1:]
    ]
    stack = [view for view in views if view is not None]
    if len(stack) < FEWEST:
        return picture, hidden
    best, sure = agreed(np.stack(stack))
    known = np.zeros(hidden.shape, bool)
    known[box] = whole(sure & wanted[box])
    out = picture.copy()
    out[known] = best[known[box]]
    return out, hidden & ~known


def _view(
    plate: Located[Plate],
    found: InFront,
    key: int,
    picture: np.ndarray,
    wanted: np.ndarray,
    shown: np.ndarray,
    box: tuple[slice, slice],
    crest: Crest | None,
) -> np.ndarray | None:
    """Return a keyframe's view of the walls within `box` (h, w, 3) as the first frame sees them, NaN where it sees something else; None if it
    shows nothing that is wanted."""
    depths, scenery = found.steady.ahead.depths, found.steady.ahead.scenery
    still, index = depths.still, key - depths.frames.start
    places, ahead = _places(found, index, box)
    width, height = still.size
    usable = ahead & (places >= 0).all(axis=-1) & (places[..., 0] <= width - 1) & (places[..., 1] <= height - 1)
    taken = widened((found.steady.at(key)[0] > 0.01) | (depths.as_filmed(index, depths.moving(index).astype(np.float32)) > 0.01), RIM)
    if crest is not None:
        taken |= widened(cv2.resize(crest.below(index).astype(np.uint8), taken.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0, 1)
    scale = np.float32(taken.shape[1] / width)
    there = (places + 0.5) * scale - 0.5
    usable &= cv2.remap(taken.astype(np.float32), there[..., 0], there[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) < 0.01
    if scenery.walls.size == 0 or not (usable & wanted).any() or not (usable & shown).any():
        return None
    source = read_exr(plate.path(plate.record.picture, key), ("R", "G", "B"))
    return brought(source, places, usable, picture, usable & shown)


def _places(found: InFront, index: int, box: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """Return where frame `index` sees the walls behind the first frame's pixels in `box`, (h, w, 2) float32 as OpenCV counts, and whether
    they lie before it (h, w) bool."""
    still, walls = found.steady.ahead.depths.still, found.steady.ahead.scenery.walls
    middle = np.array(still.size) / 2
    y, x = (np.arange(part.start, part.stop) + 0.5 for part in box)
    flat = still.straight((np.dstack(np.meshgrid(x, y)) - middle) / still.focal[0])
    ray = np.concatenate([flat, np.ones((*flat.shape[:2], 1))], -1)
    near = (ray @ walls.T).min(axis=-1)
    points = ray / np.maximum(near, 1e-9)[..., None] @ still.rotation[index].T + still.translation[index]
    seen = points[..., :2] / np.maximum(points[..., 2:], 1e-9)
    bent = seen * (1 + still.radial * (seen**2).sum(axis=-1, keepdims=True))
    return (bent * still.focal[index] + middle - 0.5).astype(np.float32), (near > 1e-9) & (points[..., 2] > 1e-9)
