"""Pale rims of a roof against the sky: white boards along a gable, lead on a hip, gutters. A matte that tells by colours how far a pixel lies on the way
from roof to sky takes them for a blurred edge or, where they are as white as the sky, for sky; then a dark roof shows its bare edge once it moves.

What a lens blurs lies on a slope as steep as its blur (Elder & Zucker 1998): a step of even colour on the way is a thing of its own. What is as
white as an even sky and shut off from that by the thin dark line of its own edge isn't sky. What is as blue as the sky beside it is no rim: between
clouds a sky darkens and pales by as much as a rim would, but nothing that a grey thing is mixed into keeps its blue.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.special import ndtr, ndtri

from derrumbe.survey.filters import connected_to, masked_mean, opened, shrunk, widened
from derrumbe.survey.look import edge_softness
from derrumbe.survey.silhouette import REACH
from derrumbe.survey.sky import strays
from derrumbe.survey.things_ahead import without_specks

MIXED = (0.1, 0.85)
"""Sky in pixels that may be a step of their own; with less or more of it they have one side's colour."""
FLAT = 0.4
"""How steep such a step is at most, of the slope that the lens's blur would have there."""
ASIDE = 0.15
"""How far a colour that no mixture of roof and sky has lies beside all these (display codes, 0..1): a chimney's sunlit side, as light as the sky."""
DEEP = 3.0
"""Pixels from the edge from which on roof and sky have their own colours."""
AROUND = 9
"""Half the side of the box in which those are told, pixels."""
FEWEST = 16
"""Pixels of a rim, at least."""
BODY = (1.5, 5.0)
"""Pixels from its edge that a body has which a rim is the rim of (a wire has none), and up to which from there on the rim is looked for."""
LINE, THIN = 0.03, 2
"""How much darker than what lies to both its sides a rim's edge is (display codes, 0..1), and half of its width, pixels, at most."""
WIDE = 3
"""Half the width of a board, pixels, at most."""
BLUE, SLACK = 0.25, 0.03
"""Blue over red (display codes, 0..1) of a sky that nothing of a roof's edge is as blue as, and how much less of it still is as blue: under pale ones lead
and copper are bluer."""
CLOSE = 0.06
"""Between what goes on without a step colours differ by less than this (display codes, 0..1)."""
GAP, RUN = 7, 5
"""Pixels along which such an edge may be lost, and that it runs straight on beside that, odd."""


def with_verges(codes: np.ndarray, sky: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Return the alpha of sky (h, w) float32 without pale rims at the edge of an `outline` (h, w) bool. codes (h, w, 3) uint8."""
    picture = codes.astype(np.float32) / 255
    near = widened(outline, REACH * max(sky.shape) + 1.0)
    blue = _as_blue(picture, sky)
    sky = _without_shut_in(codes, np.where(blue, np.float32(1), sky), widened(outline, THIN))
    return np.where(blue, sky, _without_steps(picture, sky, near, edge_softness(codes, outline)))


def _as_blue(picture: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return what is sky for the most part and as blue as the sky around it (h, w) bool, however light; and what goes on from that without a step."""
    blue = picture[..., 2] - picture[..., 0]
    usual, known = masked_mean(picture, shrunk(sky > 0.99, DEEP), 2 * AROUND)
    around = usual[..., 2] - usual[..., 0]
    free = (known > 1e-3) & (around > BLUE) & (blue > around - SLACK)
    sure = free & (sky > 0.5)
    if not sure.any():
        return sure
    far, (y, x) = distance_transform_edt(~sure, return_indices=True)
    return np.asarray(free & (far <= DEEP) & (np.abs(picture - picture[y, x]).max(axis=-1) < CLOSE))


def _without_shut_in(codes: np.ndarray, sky: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return the alpha without what an edge shuts off from an even sky `near` (h, w) bool an outline, and without that edge."""
    if not (sky > 0.99).any() or not strays(codes, sky > 0.99)[1]:
        return sky
    light = codes.astype(np.float32).mean(axis=-1) / 255
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * THIN + 1,) * 2)
    line = near & (cv2.morphologyEx(light, cv2.MORPH_CLOSE, around) - light > LINE)
    edge = _bridged(line)
    free = (sky > 0.5) & ~(near & edge)
    shut = _beside(free & near & ~_open(free, shrunk(sky > 0.99, DEEP) & ~near), widened(edge, 2 * WIDE))
    rim = near & ~widened(free & ~shut, THIN + 0.5)
    return np.where(rim | (line & widened(shut, THIN + 0.5)), np.float32(0), sky)


def _open(free: np.ndarray, air: np.ndarray) -> np.ndarray:
    """Return what of `free` (h, w) bool the open `air` (h, w) bool reaches, but for what is no wider than a board and open at an end only."""
    reached = connected_to(opened(free, WIDE), air)
    for _ in range(WIDE + 1):
        reached = free & widened(reached, 1.5)
    return reached


def _beside(mask: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """Return the parts of a mask (h, w) bool that lie at an edge (h, w) bool for the most part."""
    count, label = cv2.connectedComponents(mask.astype(np.uint8))
    share = np.bincount(label[edge], minlength=count) / np.maximum(np.bincount(label.ravel(), minlength=count), 1)
    return mask & (share > 0.5)[label]


def _bridged(line: np.ndarray) -> np.ndarray:
    """Return thin lines (h, w) bool with the gaps closed in which straight ones are lost."""
    out = line.astype(np.uint8)
    for angle in np.radians(np.arange(0, 180, 11.25)):
        # only what runs that way goes on that way: two strokes beside each other leave their gap
        straight = cv2.morphologyEx(line.astype(np.uint8), cv2.MORPH_OPEN, _bar(RUN, angle))
        out = np.maximum(out, cv2.morphologyEx(straight, cv2.MORPH_CLOSE, _bar(GAP, angle)))
    return out > 0


def _bar(length: int, angle: float) -> np.ndarray:
    """Return a structuring element of one pixel's width, `length` pixels long (odd)."""
    middle = length // 2
    across, down = round(middle * np.cos(angle)), round(middle * np.sin(angle))
    bar = np.zeros((length, length), np.uint8)
    cv2.line(bar, (middle - across, middle - down), (middle + across, middle + down), (1,))
    return bar


def _without_steps(picture: np.ndarray, sky: np.ndarray, near: np.ndarray, softness: float) -> np.ndarray:
    """Return the alpha without rims of a colour of their own, on the way from roof to sky or beside it. softness: sigma of the lens's blur, pixels."""
    if not (near & (sky > MIXED[0])).any():
        return sky
    outer, open_ = masked_mean(picture, shrunk(sky > 0.99, DEEP), AROUND)
    inner, known = masked_mean(picture, shrunk(sky < 0.01, DEEP), AROUND)
    way, stray = inner - outer, picture - outer
    apart = np.linalg.norm(way, axis=-1)
    along = (stray * way).sum(-1) / np.maximum(apart, 1e-6)
    aside = np.sqrt(np.maximum((stray * stray).sum(-1) - along * along, 0))
    step = _steepest(picture, sky) / np.maximum(apart, 1e-6)
    share = np.clip(sky, *MIXED)
    blurred = share - ndtr(ndtri(share) - 1 / max(softness, 1e-3))
    own = (aside > ASIDE) | ((sky < MIXED[1]) & (step < FLAT * blurred))
    own &= near & (sky > MIXED[0]) & (open_ > 1e-3) & (known > 1e-3) & widened(shrunk(sky < MIXED[0], BODY[0]), BODY[1])
    own = without_specks(own, FEWEST)
    return _mixed_anew(picture, sky, own, outer) if own.any() else sky


def _steepest(picture: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return by how much (h, w) colours differ a pixel further into the building, or along its edge to either side: railings change along theirs."""
    smooth = cv2.GaussianBlur(sky, (0, 0), 1.0)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    length = np.maximum(np.hypot(across, down), 1e-6)
    across, down = across / length, down / length
    y, x = np.indices(sky.shape, np.float32)
    there = (
        cv2.remap(picture, x + right, y + below, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for right, below in ((-across, -down), (-down, across), (down, -across))
    )
    return np.asarray(np.max([np.linalg.norm(picture - each, axis=-1) for each in there], axis=0))


def _mixed_anew(picture: np.ndarray, sky: np.ndarray, own: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Return the alpha with rims `own` (h, w) bool solid, and the mixed pixels beside them between their colour and that of the sky, `outer`."""
    far, (y, x) = distance_transform_edt(~own, return_indices=True)
    colour = picture[y, x]
    way = outer - colour
    share = ((picture - colour) * way).sum(-1) / np.maximum((way * way).sum(-1), 1e-6)
    beside = (far < DEEP) & (sky > 0)
    return np.where(own, 0, np.where(beside, np.minimum(sky, np.clip(share * 1.1 - 0.05, 0, 1)), sky)).astype(np.float32)
