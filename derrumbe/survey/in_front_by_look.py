"""Static things in front of the building that nobody drew: plants of all kinds, and posts.

Whatever stands in front has its foot below the building's in the picture. Plants are told by texture, then by which colours they and the
walls have in this very picture; posts by what `posts` says. Each comes with how sure it is, so that what isn't may be left to the artist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from derrumbe.core.records import Caution, Doubt
from derrumbe.survey.filters import connected_to, disc, shrunk, widened
from derrumbe.survey.footing import bottom_chain, touched_edges
from derrumbe.survey.posts import find_posts, post_mask
from derrumbe.survey.tints import FEWEST, cells, histogram
from derrumbe.survey.vegetation import busyness, plant_odds, twig_density

WORKING_SIDE, LARGEST_STEP = 1000, 2.0
"""Size at which things are looked for; and how much small pictures are enlarged for posts at most."""
SEED, WALL = 1.7, 0.8
"""Log odds above and below which pixels teach what plants and walls look like here."""
NEAR = 0.10
"""Plants this near the building teach their colours, share of the longer side."""
TELLING = 3.0
"""Most that colours say, in log odds."""
SMOOTH, CORE, FRINGE = 0.004, 0.013, 0.02
"""Radii, shares of the longer side: over which colours are averaged; of the thinnest whole part of a plant; of the leaves at its edge."""
LIKELY, FRAYED = 0.7, 0.0
"""Least log odds of a plant, and of the leaves at its edge."""
BRANCH, BARE, DENSE, DENSER, MOSTLY_WALL = 0.10, -2.5, 0.25, 0.99, 0.05
"""A plant's bare branches reach this far beyond its leaves and trunks, share of the longer side; least log odds there; share of twigs at least,
and of the walls that are less full of thin dark things; share of the building that tells that."""
SKYWARD = 0.03
"""What is so near to the sky, share of the longer side, may be twigs whatever its colour."""
SMALLEST, DEEP = 0.002, 0.012
"""Smallest overlap with the building that counts, share of its area; what lies nearer to its outline doesn't, since outlines are drawn by hand:
share of the longer side."""
SURE = 2.0
"""Log odds of a sure pixel."""
EVEN = -1.75
"""Busyness of what is no plant at the building's foot or below, but lawn or paving (crowns and bushes: above -1.6, lawns of five plates -2.6 to -1.8)."""
DOUBT = 0.1
"""A post is as sure as the share of its rows in which it is seen, less this."""
RISE = 0.015
"""A thing stands in front when it comes down to the building's foot within this share of the longer side."""


Kind = Literal["plant", "branches", "rim", "post"]
Found = tuple[Kind, np.ndarray, float]


@dataclass(frozen=True)
class Proposal:
    """A thing in front: where (h, w) bool; plants, their bare branches and their rims beside the building are rough regions with
    holes, posts solid. sure: 0..1."""

    kind: Kind
    mask: np.ndarray
    sure: float


def propose(codes: np.ndarray, drawn: np.ndarray, region: np.ndarray, sky: np.ndarray) -> tuple[Proposal, ...]:
    """Return what stands in front of a building, at the picture's size.

    codes (h, w, 3) uint8; drawn (n, 2): its outline; region (h, w) bool: its silhouette; sky (h, w): alpha of the sky.
    """
    scale = min(1.0, WORKING_SIDE / max(codes.shape))
    size = (round(codes.shape[1] * scale), round(codes.shape[0] * scale))
    small = cv2.resize(codes, size, interpolation=cv2.INTER_AREA)
    building = cv2.resize(region.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    clear = cv2.resize(sky.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    foot = foot_rows(drawn * scale, *size)
    plants = [Proposal(kind, _fitted(mask, region.shape), sure) for kind, mask, sure in _plants(small, building, clear, foot)]
    return (*plants, *(post for post in _posts(codes, drawn) if (post.mask & region).any()))


def _posts(codes: np.ndarray, drawn: np.ndarray) -> list[Proposal]:
    """Return posts; small pictures are enlarged first, so that their thin ones are a few pixels wide."""
    larger = min(LARGEST_STEP, max(1.0, WORKING_SIDE / max(codes.shape)))
    fine = cv2.resize(codes, None, fx=larger, fy=larger, interpolation=cv2.INTER_CUBIC) if larger > 1 else codes
    scale = min(1.0, WORKING_SIDE / max(fine.shape))
    small = cv2.resize(fine, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else fine
    foot = foot_rows(drawn * larger * scale, small.shape[1], small.shape[0])
    return [
        Proposal("post", _fitted(post_mask(fine, post.scaled(1 / scale)), codes.shape), max(0.0, post.seen - DOUBT))
        for post in find_posts(small, foot)
    ]


def doubts_of(proposals: tuple[Proposal, ...], sureness: float) -> tuple[Doubt, ...]:
    """Return what may stand in front but isn't sure enough to be kept there."""
    return tuple(
        Doubt(kind=one.kind, sure=one.sure, box=_box(one.mask))
        for one in proposals
        if one.sure < sureness and one.kind in ("plant", "post")
    )


def _box(mask: np.ndarray) -> tuple[float, float, float, float]:
    rows, columns = (np.flatnonzero(mask.any(axis=way)) for way in (1, 0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def caution_of(one: Doubt, scale: float) -> Caution:
    """Return a word of caution about a doubt; scale: source pixels a picture's pixel."""
    left, top, right, bottom = (round(value * scale) for value in one.box)
    box = f"x {left} to {right}, y {top} to {bottom}"
    key = "foliage_polygons" if one.kind == "plant" else "foreground_polygons"
    return Caution(
        what=f"a {one.kind} may stand before the building at {box} and falls with it (orange in evidence/mattes.png; sure to {one.sure:.2f})",
        remedy=f"if it does, draw it in {key}, or --set front.sureness={max(0.0, one.sure - 0.01):.2f}",
    )


def foot_rows(outline: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return the row (width,) at which the outline (n, 2) meets the ground in each column; NaN beside it, and where the picture's lower
    edge cuts it off."""
    chain = bottom_chain(outline)
    chain = chain[np.argsort(chain[:, 0], kind="stable")]
    rows = np.interp(np.arange(width) + 0.5, chain[:, 0], chain[:, 1], np.nan, np.nan)
    cut = touched_edges(outline, width, height)["bottom"]
    return np.where(cut & (rows > height - 0.01 * max(width, height)), np.nan, rows)


def _plants(codes: np.ndarray, building: np.ndarray, clear: np.ndarray, foot: np.ndarray) -> list[Found]:
    """Return regions of plants that overlap the building and come down to its foot, of their bare branches, and of what beside the building may be
    their sparse rims, with how sure each is."""
    side = max(codes.shape)
    odds = _with_colours(codes, plant_odds(codes), building, clear)
    low, twigs = _low(building.shape, foot, RISE * side), twig_density(codes)
    even = low & (busyness(codes) < EVEN)
    likely = (odds > LIKELY) & ~clear & ~even
    core = cv2.morphologyEx(likely.astype(np.uint8), cv2.MORPH_OPEN, disc(CORE * side))
    count, labels, _stats, _ = cv2.connectedComponentsWithStats(core)
    overlap = np.bincount(labels[shrunk(building, DEEP * side)], minlength=count)
    beyond = np.bincount(labels[~building & widened(building, 6)], minlength=count)
    grounded = np.bincount(labels[low], minlength=count)
    found = []
    for label in range(1, count):
        if overlap[label] < SMALLEST * building.sum() or not beyond[label] or not grounded[label]:
            continue
        whole = labels == label
        sure = float((odds[whole & building] > SURE).mean())
        found.append((whole | ((odds > FRAYED) & ~clear & ~even & widened(whole, FRINGE * side)), sure))
    bare = _bare(twigs, odds, building, clear, np.logical_or.reduce([np.zeros_like(building), *(mask for mask, _ in found)]))
    out: list[Found] = []
    for mask, sure in found:
        branches = connected_to(mask | (bare & widened(mask, BRANCH * side)), mask) & bare & (odds < SURE)
        out.append(("plant", mask & ~branches, sure))
        if branches.any():
            out.append(("branches", widened(branches, SMOOTH * side) & ~clear & ~(mask & ~branches), sure))
        # Leaves before bright water or haze are no plant's texture, but more than water is; lawns and streets are green or rough, but have no twigs.
        rim = (odds > BARE) & (twigs > DENSE) & ~clear & ~even & ~widened(building, FRINGE * side) & widened(mask, BRANCH * side)
        rim = connected_to(rim | mask, mask) & ~mask
        if rim.any():
            out.append(("rim", rim, sure))
    return out


def _bare(twigs: np.ndarray, odds: np.ndarray, building: np.ndarray, clear: np.ndarray, plants: np.ndarray) -> np.ndarray:
    """Return where bare crowns may go on (h, w) bool: `twigs` (h, w) lie denser there than nearly anywhere on walls away from plants."""
    walls = building & (odds < WALL) & ~widened(plants, BRANCH * max(twigs.shape))
    if np.count_nonzero(walls) < MOSTLY_WALL * np.count_nonzero(building):
        walls = building & ~plants
    least = max(DENSE, float(np.quantile(twigs[walls], DENSER)) if walls.any() else 1.0)
    # Before the sky twigs have no colour of their own.
    return (twigs > least) & ((odds > BARE) | widened(clear, SKYWARD * max(twigs.shape))) & ~clear


def _with_colours(codes: np.ndarray, odds: np.ndarray, building: np.ndarray, clear: np.ndarray) -> np.ndarray:
    """Return the odds with what this picture's own colours say: those of sure plants against those of sure walls."""
    side = max(codes.shape)
    plant = (odds > SEED) & widened(building, NEAR * side) & ~clear
    wall = (odds < WALL) & building
    if min(np.count_nonzero(plant), np.count_nonzero(wall)) < FEWEST:
        return odds
    cell = cells(cv2.GaussianBlur(codes, (0, 0), 1.0))
    ratio = np.log((histogram(cell[plant]) + 1e-5) / (histogram(cell[wall]) + 1e-5))
    radius = max(1, round(SMOOTH * side))
    said = np.clip(ratio, -TELLING, TELLING)[cell].astype(np.float32)
    return odds + cv2.blur(said, (2 * radius + 1, 2 * radius + 1))


def _low(shape: tuple[int, ...], foot: np.ndarray, within: float) -> np.ndarray:
    """Return what (h, w) bool lies at the building's foot or below, beside it too; everything, where its foot isn't seen."""
    seen = np.flatnonzero(np.isfinite(foot))
    if not seen.size:
        return np.ones(shape, bool)
    everywhere = np.interp(np.arange(shape[1]), seen, foot[seen])
    return np.arange(shape[0])[:, None] + 0.5 > everywhere[None] - within


def _fitted(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a mask (h, w) bool at another size."""
    smaller = shape[0] < mask.shape[0]
    return cv2.resize(mask.astype(np.float32), shape[1::-1], interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR) > 0.5
