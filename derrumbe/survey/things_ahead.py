"""Whole things before a moving camera's building, from pixels that are in front: feet and holes are given back, ground and scraps taken out."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.media.guided import guided
from derrumbe.survey.filters import around as box_around
from derrumbe.survey.filters import connected_to, disc, opened, widened
from derrumbe.survey.grabcut import grab_cut
from derrumbe.survey.shown import Shown, rays_of

SPECK = 8e-4
"""Share of the picture of the smallest thing."""
AT_EDGE, MOSTLY, SMALL = -0.4, 0.5, 0.03
"""The same as THROUGH for a hole at the picture's edge, of which no more than a share has a depth, and the share of the picture that it takes at most."""
GAP, THROUGH, SHOWN = 0.015, -0.1, -0.6
"""Radius of gaps, share of the width, that a thing closes; the vote below which something else shows in one, and on the whole in a hole."""
CLOSE, BESIDE = 0.08, 0.35
"""Things are looked for this far around the building's outline, and so much further to its sides, shares of its height in the picture."""
RIM, FEW = (4.0, 10.0), 30
"""From where to where, pixels off a thing's edge, a step is measured; pixels of wall that it takes."""
HALFWAY, BREADTH, BLURRED, LEAVES = -0.45, 0.03, 0.008, 0.35
"""Vote above which what is beside a thing may be its flank; how broad one is at most, and half the width of what may be a blurred edge, shares of the
width; step in votes by which it leaves the wall."""
CONTOUR, OUTLINED = 5.0, 0.75
"""Slope (codes a pixel) that counts as an edge of the picture, and the share of a thing's rim that lies on such."""
LYING, AS_NEAR, SCRAP = 0.5, 1.05, 0.1
"""Share of a scrap's surroundings that is ground, how much nearer than it a scrap is at most, and how large at most, as a share of it."""
SURELY = 0.2
"""How clearly, -1 to 1, the colour of a foot must be the thing's."""
LEAST_GROUND = 0.012
"""Share of the picture that ground takes at least."""
WINDOW, FLAT = 0.014, 0.6
"""Half the side of a window, share of the width, in which a surface's slope is measured; cosine between its normal and up from which it lies flat."""
ROUGH, MISSED, BESIDE_IT = 0.016, 0.004, 0.045
"""How far a thing's edge may lie inside and outside of where depth ends, and the width of the surroundings whose colours are compared, shares of the width."""
BREAK, FURTHER, ABOVE, ALONG = 1.08, 1.2, 8, 0.5
"""Factor in nearness that parts two surfaces; by how much further what is so many pixels above a raised one's upper border is, and along which share of it."""
LOOSE = 0.007
"""Radius of what a surface closes, share of the width: leaves and mesh are rough."""
FAMILY = 1.25
"""What belongs to a thing beyond the building's outline is as far away as it is, within this factor."""


def with_flanks(front: np.ndarray, vote: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return what is in front (h, w) bool with the flanks on which it recedes towards the wall: votes (h, w) are less clear there, but leave the wall
    with a step. known (h, w) bool: where there are votes. A strip no broader than a blurred edge is none, and a wall that rises is none."""
    beside = known & (vote > HALFWAY) & ~front & widened(front, BREADTH * vote.shape[1])
    broad = opened(beside, BLURRED * vote.shape[1])
    labels, count = _labels(broad)
    out = front.copy()
    for label in range(1, count):
        own = labels == label
        beyond = widened(own, RIM[1]) & ~widened(own, RIM[0]) & known & ~front
        if not beyond.any() or np.median(vote[own]) - np.median(vote[beyond]) > LEAVES:
            out |= own
    return out


def with_feet(codes: np.ndarray, standing: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """Return what stands (h, w) bool with its feet, which windows that reach over them take for ground (`flat`): colour tells."""
    reach = 1.5 * WINDOW * codes.shape[1]
    foot = flat & widened(standing, reach)
    own = guided(codes, np.where(standing, 1, -1), (~foot).astype(np.float32), np.zeros(flat.shape, np.float32), 1.5 * WINDOW)
    return standing | (foot & (own > SURELY))


def without_scraps(things: np.ndarray, flat: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return the things (h, w) bool but those that lie in ground (`flat`, bool), are small and as near (h, w) as it is: ground that wasn't told. A fence
    with all that stands behind it may have as much ground around, more in one frame than in the next."""
    labels, count = _labels(things)
    out = things.copy()
    for label in range(1, count):
        own = labels == label
        ring = widened(own, RIM[1]) & ~own
        ground = ring & flat
        if np.count_nonzero(ground) <= LYING * np.count_nonzero(ring) or np.median(near[own]) >= AS_NEAR * np.median(near[ground]):
            continue
        if np.count_nonzero(own) < SCRAP * np.count_nonzero(connected_to(flat, ground)):
            out[own] = False
    return out


def without_fragments(things: np.ndarray, codes: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return the things (h, w) bool but those beside the building's region (h, w) bool that end where the picture shows no edge, codes (h, w, 3)
    uint8: of a plain wall next door only the part with windows has a depth, and dust would end where that does."""
    labels, count = _labels(things)
    smooth = cv2.GaussianBlur(codes.astype(np.float32), (0, 0), 1.0)
    slope = np.hypot(*(cv2.Sobel(smooth, cv2.CV_32F, *way) / 8 for way in ((1, 0), (0, 1)))).max(axis=-1)
    edge = cv2.dilate(slope, np.ones((5, 5))) > CONTOUR
    # the picture's own edge is no rim
    rim = things & (cv2.erode(things.astype(np.uint8), np.ones((3, 3)), borderValue=1) == 0)
    total, drawn = (np.bincount(labels[where], minlength=count) for where in (rim, rim & edge))
    stays = drawn >= OUTLINED * total
    stays[labels[region]] = True
    return things & stays[labels]


def cut_free(things: np.ndarray, codes: np.ndarray, close: np.ndarray) -> np.ndarray:
    """Return the things (h, w) bool, those that keep clear of what is `close` to the building (h, w) bool cut out by colour, codes (h, w, 3) uint8:
    plain ground beside a roof has no depth but the roof's, which windows carry over its edge."""
    labels, count = _labels(things)
    out = things.copy()
    for label in range(1, count):
        own = labels == label
        if not (own & close).any():
            out[own] = False
            window = box_around(own, round(BESIDE_IT * things.shape[1]))
            out[window] |= _along_colours(own[window], codes[window], things.shape[1])
    return out


def _along_colours(own: np.ndarray, codes: np.ndarray, width: int) -> np.ndarray:
    """Return a thing (h, w) bool without what windows have added around it; width: of the whole picture."""
    sure = cv2.erode(own.astype(np.uint8), disc(ROUGH * width), borderValue=1) > 0
    if not sure.any():
        return own
    labels = np.select([sure, own, widened(own, MISSED * width)], [cv2.GC_FGD, cv2.GC_PR_FGD, cv2.GC_PR_BGD], cv2.GC_BGD).astype(np.uint8)
    cut = opened(grab_cut(codes, labels), 1)
    return connected_to(cut, sure)


def detached(things: np.ndarray, share: np.ndarray, region: np.ndarray, step: float) -> np.ndarray:
    """Return the things (h, w) bool that leave the wall with a step, as what stands before it does; a bulge of the wall itself, such as a round
    one's middle, rises without.

    share (h, w): at which share of the way to the walls each pixel is; region (h, w) bool: the building's; step: the least one.
    """
    labels, count = _labels(things)
    out = things.copy()
    for label in range(1, count):
        own = labels == label
        distance = cv2.distanceTransform((~own).astype(np.uint8), cv2.DIST_L2, 5)
        beyond = (distance > RIM[0]) & (distance < RIM[1]) & region & ~things
        if np.count_nonzero(beyond) < FEW:
            continue
        rim = own & (cv2.distanceTransform(own.astype(np.uint8), cv2.DIST_L2, 5) < RIM[1]) & widened(beyond, 2 * RIM[1])
        if np.median(share[beyond]) - np.median(share[rim]) < step:
            out[own] = False
    return out


def around(own: np.ndarray, height: int) -> np.ndarray:
    """Return where things are looked for (h, w) bool around a building's region of some height, pixels."""
    close = widened(own, CLOSE * height).astype(np.uint8)
    reach = 2 * round(BESIDE * height) + 1
    return cv2.dilate(close, np.ones((1, reach), np.uint8)) > 0


def flatness(walls: np.ndarray, up: np.ndarray) -> float:
    """Return the cosine between its normal and up (3,) from which a surface lies flat: halfway to how far walls (n, 3) lean where a solve that is
    still flattened leans them back."""
    lean = np.abs(walls @ up) / np.linalg.norm(walls, axis=1)
    return max(FLAT, 0.5 * (1 + float(lean.max(initial=0))))


def lies_flat(here: Shown, near: np.ndarray, where: np.ndarray, up: np.ndarray, least: float = FLAT) -> np.ndarray:
    """Return where a surface lies flat (h, w) bool: planes through the nearness of small windows, among the pixels `where`, face up (3,). least: the
    cosine from which they do."""
    thin = (slice(None, None, 2), slice(None, None, 2))
    radius = max(3, round(0.5 * WINDOW * near.shape[1]))
    size = (2 * radius + 1, 2 * radius + 1)
    ray, near, weight = rays_of(here)[thin], near[thin].astype(np.float64), where[thin].astype(np.float64)
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    system = np.empty((*near.shape, 3, 3))
    for i, j in pairs:
        system[..., i, j] = system[..., j, i] = cv2.blur(ray[..., i] * ray[..., j] * weight, size)
    right = np.stack([cv2.blur(ray[..., i] * near * weight, size) for i in range(3)], -1)
    # Where the pixels lie on a line, the plane is taken for one that faces the camera.
    system += 1e-7 * np.diag([1, 1, 1e-3])
    plane = np.linalg.solve(system, right[..., None])[..., 0]
    down = -(plane @ (here.rotation @ up)) / np.maximum(np.linalg.norm(plane, axis=-1), 1e-12)
    flat = cv2.blur((down > least) * weight, size) > 0.5 * cv2.blur(weight, size)
    flat = cv2.resize(flat.astype(np.uint8), where.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    # Ground is wide; a patch of a thing may look flat by chance.
    return without_specks(flat & where, LEAST_GROUND * where.size)


def grown(inside: np.ndarray, standing: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return the things (h, w) bool that begin `inside` (h, w) and go on in what is `standing` at about the same nearness."""
    smallest = SPECK * near.size
    seeds = without_specks(opened(inside, 1), smallest)
    out = seeds.copy()
    labels, count = _labels(seeds)
    for label in range(1, count):
        own = labels == label
        usual = float(np.median(near[own]))
        family = own | (standing & (near > usual / FAMILY) & (near < usual * FAMILY))
        parts = _labels(family)[0]
        out |= np.isin(parts, np.unique(parts[own])) & family
    return cv2.morphologyEx(out.astype(np.uint8), cv2.MORPH_CLOSE, disc(1)) > 0


def raised(front: np.ndarray, near: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Return the surfaces (h, w) bool of what is in `front` (h, w) bool that reach where one `begins` (h, w) bool and stand over what is behind them.

    The top of a hedge or a terrace lies as flat as the ground does. But ground goes on to what stands on it, while above the upper border of those there is
    something else with a step in nearness (h, w).
    """
    calm = cv2.medianBlur(near.astype(np.float32), 5)
    step = cv2.dilate(calm, np.ones((3, 3))) / np.maximum(cv2.erode(calm, np.ones((3, 3))), 1e-9)
    labels, _ = _labels(without_specks(front & (step < BREAK), SPECK * front.size))
    out = np.zeros_like(front)
    for label in sorted(set(labels[begins].tolist()) - {0}):
        own = labels == label
        columns = np.flatnonzero(own.any(axis=0))
        top = own[:, columns].argmax(axis=0)
        columns, top = columns[top >= ABOVE], top[top >= ABOVE]
        inside, beyond = calm[np.minimum(top + 2, len(own) - 1), columns], calm[top - ABOVE, columns]
        if len(columns) and np.mean(inside > FURTHER * beyond) > ALONG:
            out |= own
    return front & (cv2.morphologyEx(out.astype(np.uint8), cv2.MORPH_CLOSE, disc(LOOSE * front.shape[1])) > 0)


def whole(mask: np.ndarray, vote: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Return things (h, w) bool with their gaps and holes, but those through which votes (h, w) on the whole see something else. told (h, w) bool: where
    depth itself votes, and not only what is beside it."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc(GAP * mask.shape[1])) > 0
    mask = mask | (closed & (vote > THROUGH))
    count, labels = cv2.connectedComponents((~mask).astype(np.uint8), connectivity=4)
    size = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    mean, seen = (np.bincount(labels.ravel(), weights=what.ravel(), minlength=count) / size for what in (vote, told))
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    # What the picture's edge encloses along with the thing is a hole as well, if it is small and not seen through: a wall beside a monument has a depth.
    hole = mean > SHOWN
    hole[edge] = ((mean > np.where(seen > MOSTLY, THROUGH, AT_EDGE)) & (size < SMALL * labels.size))[edge]
    hole[0] = False
    return mask | hole[labels]


def _labels(mask: np.ndarray) -> tuple[np.ndarray, int]:
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return labels, count


def without_specks(mask: np.ndarray, smallest: float) -> np.ndarray:
    labels, stats = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)[1:3]
    large = stats[:, 4] >= smallest
    large[0] = False
    return np.asarray(large[labels])
