"""Who is in front of whom: sky, building, and the static things before it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from derrumbe.core.records import Vec2
from derrumbe.survey.attached import attached, leafless
from derrumbe.survey.drawn import drawn_alpha, followed_alpha
from derrumbe.survey.filters import connected_to, disc, filled, opened, widened
from derrumbe.survey.foliage import bare_alpha, porous_alpha
from derrumbe.survey.footing import bottom_samples
from derrumbe.survey.in_front_by_look import Proposal, propose
from derrumbe.survey.matting import thin_core
from derrumbe.survey.near_colours import own_pixels
from derrumbe.survey.occluders import held_near
from derrumbe.survey.parts import parts_of
from derrumbe.survey.rims import wall_rims
from derrumbe.survey.rooftop import on_roof
from derrumbe.survey.see_through import see_through
from derrumbe.survey.silhouette import building_matte, building_region
from derrumbe.survey.sky import find_sky
from derrumbe.survey.verges import with_verges

BELOW = 0.04
"""Sky is seen at most this share of the height below the horizon that the camera's solve gives."""
AWAY = 0.003
"""What shows the background behind plants is this far from them, share of the longer side."""
FAINT = 0.2
"""Alpha from which on leaves hold on to each other."""
TWIG, CROWN = 0.004, 0.06
"""Half the width of what is thin against the sky, and how far a crown's twigs reach beyond what was found of it; shares of the longer side."""
OPEN = 0.9
"""Sky matte above which a pixel shows nothing but sky."""


@dataclass(frozen=True)
class Mattes:
    """Pictures (h, w). region: the building's silhouette, bool, with what stands in front of it and what is seen through it, which `building` is without.
    building, sky, front: alpha, float32.

    drawn_front: what the user drew in front, bool. parts: which drawn thing or post is seen, int16 as in `parts`. proposals: what stands in front and
    nobody drew; those that are sure enough are in front.
    """

    region: np.ndarray
    building: np.ndarray
    sky: np.ndarray
    front: np.ndarray
    drawn_front: np.ndarray
    parts: np.ndarray
    proposals: tuple[Proposal, ...] = ()

    def below_no_horizon(self, horizon: float) -> Mattes:
        """Return the same without sky below a horizon row: from the air, far fields and ponds pass for it."""
        rows = np.arange(self.sky.shape[0])[:, None]
        return replace(self, sky=np.where(rows < horizon + BELOW * self.sky.shape[0], self.sky, 0).astype(np.float32))

    def without(self, others: list[np.ndarray]) -> Mattes:
        """Return the same where the building has no pixels of some masks (h, w) bool, nor mixed ones outside beside them; its silhouette stays."""
        other = np.logical_or.reduce([np.zeros(self.region.shape, bool), *others])
        gone = other | (widened(other, 2) & ~self.region)
        return replace(self, building=np.where(gone, 0, self.building).astype(np.float32))

    def also(self, more: np.ndarray) -> Mattes:
        """Return the same where a mask (h, w) bool is of the building, too; its silhouette stays."""
        return replace(self, building=np.where(more, np.float32(1), self.building))


def find_mattes(
    codes: np.ndarray,
    drawn: np.ndarray,
    polygons: tuple[tuple[Vec2, ...], ...],
    foliage: tuple[tuple[Vec2, ...], ...] = (),
    sureness: float = 0.5,
    not_in_front: tuple[tuple[Vec2, ...], ...] = (),
    branches: tuple[tuple[Vec2, ...], ...] = (),
) -> Mattes:
    """Return the Mattes of a picture `codes` (h, w, 3) uint8 from the outline (n, 2) and the user's polygons, in its pixels.

    polygons: solid things in front; foliage: rough regions of things with holes; sureness: how sure a thing that nobody drew must be to be
    kept in front, 0..1 (1: none is); not_in_front: where nothing is found, only drawn, nor told of branches; branches: rough regions of bare trees.
    """
    foot = float(np.median(bottom_samples(drawn)[:, 1]))
    outline = filled([drawn], codes.shape[:2])
    sky = with_verges(codes, find_sky(codes, outline, foot), outline > 0)
    region = building_region(drawn, sky)
    above = on_roof(codes, region, sky)
    region, sky = region | above, np.where(above, 0, sky).astype(np.float32)
    building = building_matte(region, sky)
    own_sky = np.where(region, np.minimum(sky, 1 - building), sky).astype(np.float32)
    mine = [drawn_alpha(codes, polygon) for polygon in polygons]
    proposals = propose(codes, drawn, region, own_sky) if sureness < 1 else ()
    sure = [one for one in proposals if one.sure >= sureness]
    posts = _posts(codes, sure)
    wrong = _within(not_in_front, region.shape)
    found = _most([*mine, np.where(wrong, 0, _most([*posts, _plants(codes, sure, region, own_sky, foot)], region.shape))], region.shape)
    crowns = _crowns(codes, foliage, region, (region | (own_sky > OPEN)) & (found < 0.1))
    twigs = np.where(wrong, 0, _most([bare_alpha(codes, _within((polygon,), region.shape)) for polygon in branches], region.shape))
    alpha = _most([found, crowns, twigs], region.shape)
    building = np.minimum(building, 1 - see_through(codes, region, alpha))
    plants = [np.where(_within((polygon,), region.shape), alpha, 0) for polygon in (*foliage, *branches)]
    drawn_front = _most([*mine, crowns, twigs], region.shape) > 0.05
    return Mattes(region, building, own_sky, alpha, drawn_front, parts_of([*mine, *posts, *plants], region.shape), proposals)


def _most(alphas: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Return the greatest of some alphas (h, w), 0 without any."""
    return np.asarray(np.maximum.reduce([np.zeros(shape, np.float32), *alphas]))


def _plants(codes: np.ndarray, sure: list[Proposal], region: np.ndarray, sky: np.ndarray, foot: float) -> np.ndarray:
    """Return the alpha (h, w) of plants that nobody drew."""
    leaves, branches, rims = (
        np.logical_or.reduce([np.zeros(region.shape, bool), *(one.mask for one in sure if one.kind == kind)])
        for kind in ("plant", "branches", "rim")
    )
    rough = leaves | branches
    if not rough.any():
        return np.zeros(region.shape, np.float32)
    own, solid = own_pixels(codes, rough, wall_rims(codes, rough, region), region, sky, foot)
    leaves = own & (leaves | ~branches)
    behind = (region | (sky > OPEN)) & ~widened(rough | leaves, AWAY * max(region.shape))
    leafy = porous_alpha(codes, leaves, behind)
    leafy = np.where(attached(codes, leafy, region, foot), 0, np.maximum(leafy, solid & leaves))
    alpha = _standing(np.maximum(leafy, bare_alpha(codes, branches)), region, foot)
    sparse = porous_alpha(codes, rims & ~rough, ~(region | rough | rims))
    return np.maximum.reduce([held_near(alpha, codes, region, foot), _twigs(rough, region, sky), sparse])


def _standing(alpha: np.ndarray, region: np.ndarray, foot: float) -> np.ndarray:
    """Return the alpha without scraps before the wall that hang together with nothing beside it or on the ground."""
    joined = cv2.dilate((alpha > FAINT).astype(np.uint8), disc(AWAY * max(alpha.shape))) > 0
    ground = ~region | (np.arange(len(alpha))[:, None] > foot)
    return np.where(connected_to(joined, ground & (alpha > FAINT)), alpha, 0).astype(np.float32)


def _twigs(rough: np.ndarray, region: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """Return the alpha of thin things against the sky that hang together with plants before the building."""
    side = max(region.shape)
    solid = ((sky < OPEN) & ~region).astype(np.uint8)
    thin = (solid > 0) & ~opened(solid, TWIG * side) & widened(rough, CROWN * side)
    return np.where(thin & connected_to(thin | rough, rough), 1 - sky, 0).astype(np.float32)


def _posts(codes: np.ndarray, sure: list[Proposal]) -> list[np.ndarray]:
    """Return the alpha (h, w) of each post that nobody drew. Its middle is its own even before a door as dark as it is."""
    masks = [one.mask for one in sure if one.kind == "post"]
    return [np.maximum(followed_alpha(codes, mask), _middle(mask)) for mask in masks]


def _middle(mask: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) float32 of what is surely a post's mask (h, w) bool: its middle is whole, however thin it is."""
    core = thin_core(mask, 1).astype(np.float32)
    return np.maximum(core, cv2.GaussianBlur(core, (0, 0), 0.6))


def _within(polygons: tuple[tuple[Vec2, ...], ...], shape: tuple[int, ...]) -> np.ndarray:
    """Return where (h, w) bool the user's polygons are."""
    return filled([np.asarray(polygon, np.float64) for polygon in polygons], (shape[0], shape[1])) > 0


def _crowns(codes: np.ndarray, foliage: tuple[tuple[Vec2, ...], ...], building: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Return the alpha (h, w) of what the user's rough regions hold, before the `building` (h, w) bool too."""
    regions = [_within((polygon,), codes.shape) for polygon in foliage]
    alpha = np.zeros(codes.shape[:2], np.float32)
    for region in regions:
        own = porous_alpha(codes, region, behind & ~np.logical_or.reduce(regions))
        alpha = np.maximum(alpha, np.where(leafless(codes, own, building), 0, own))
    return alpha
