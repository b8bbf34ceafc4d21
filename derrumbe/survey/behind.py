"""What is seen when the building has gone: sky, what stands behind, ground. Patches carry on what is calm; where they would have to repeat what
can be recognised, trees stand instead."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.survey import cleanplate
from derrumbe.survey.far_side import with_far_side
from derrumbe.survey.filters import widened
from derrumbe.survey.foot import below_foot, footed
from derrumbe.survey.ground import fill_ground
from derrumbe.survey.horizon import horizon_row
from derrumbe.survey.houses_beside import House, houses_beside
from derrumbe.survey.mattes import Mattes
from derrumbe.survey.neighbours import Cards
from derrumbe.survey.treeline import HIGH, LIKELY, SURE, USUAL, Trees, standing_plants, trees_of
from derrumbe.survey.vegetation import plant_odds

BESIDE = 0.10
"""What goes on behind the building is judged by what stands within this share of the longer side of it."""
CALM, COARSE = 11.0, 0.012
"""Mean stray of codes (0..255) from their blur (share of the longer side) from which on repeats are recognised: water and haze have 9, bare trees
14, walls with windows 20 to 30."""
SAME = 1e-4
"""What differs by less from the sky that is behind everything (linear light) shows it."""
SHADE = 0.013
"""Ground this near below the building's foot (share of the longer side) may lie in its shadow: it stays, but isn't carried on."""
OPEN = 0.1
"""Trees are seen against the sky: there is at least this share of it in the hole."""
ENOUGH, PLENTY = 0.2, 1.2
"""What stands beside is carried on when there is this much of it, over what is wanted; and anyway where so much of it need not repeat."""


def clean_plate(
    texture: np.ndarray,
    mattes: Mattes,
    hole: np.ndarray,
    cards: Cards,
    trees: Trees | None,
    houses: list[House],
    camera: Camera,
    softness: float,
    seed: int,
    elsewhere: np.ndarray | None = None,
    lies: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the texture (h, w, 3) with its hole (h, w) bool filled, and where (h, w) bool that shows sky.

    cards: the rows between which things stand beside and behind the building; trees: what stands there where patches would show;
    houses: those that go on before the trees; softness: sigma of the plate's edges, pixels; elsewhere (3,): light of the sky where the
    plate's other frames show it, for a texture without any; lies (h, w) bool: ground and what lies on it, where that is known.
    """
    low, horizon = below_foot(mattes.region), horizon_row(camera)
    shaded = low & ~hole & widened(mattes.region, SHADE * max(hole.shape))
    hole = hole | shaded
    heaven = cleanplate.fill_sky(texture, mattes.sky, hole, seed, elsewhere, horizon, camera.focal_px)
    # Where trees stand behind, ground is what lies bare: elsewhere it may be a wood before the building that goes on.
    banned = mattes.drawn_front | (mattes.front > 0.5) if trees else mattes.drawn_front
    skyline = cards.base if trees else cards.top
    ground = fill_ground(texture, hole, mattes.sky, skyline, cards.base, banned, seed, horizon, camera.focal_px, lies)
    clean = cleanplate.joined(texture, heaven, ground, hole, mattes.sky, skyline)
    if trees:
        clean = trees.planted(clean, heaven, texture, hole, cards.top, cards.base, softness, seed)
        for house in houses:
            clean = house.painted(clean, texture, hole, mattes.sky)
    else:
        level = with_far_side(clean, heaven, texture, mattes.sky, hole, seed)
        clean = cleanplate.stitched(clean, heaven, hole, cards.top, cards.base, mattes.drawn_front, seed) if level is None else level
    clean = cleanplate.behind_leaves(clean, texture, mattes.front, hole, seed)
    open_sky = hole & (np.abs(clean - heaven).max(axis=-1) < SAME)
    return footed(np.where(shaded[..., None], texture, clean), texture, hole & ~shaded, low), open_sky


def houses_at_ends(codes: np.ndarray, mattes: Mattes, hole: np.ndarray, cards: Cards, over: np.ndarray) -> list[House]:
    """Return the houses that the outline cuts, to go on before the trees that stand behind the building. codes (h, w, 3) uint8: for display;
    over (h, w) bool: roofs next door that reach over the building."""
    aside = (plant_odds(codes) > LIKELY) | (mattes.front > 0.5)
    return houses_beside(codes, hole, mattes.sky, aside, cards, over)


def trees_behind(texture: np.ndarray, codes: np.ndarray, mattes: Mattes, hole: np.ndarray, cards: Cards, camera: Camera) -> Trees | None:
    """Return the trees that stand behind the building where what stands beside it can't go on; None where it can, where no sky is seen over
    it, or where the plate has neither trees nor lawns.

    codes (h, w, 3) uint8: the texture for display.
    """
    rows = np.arange(hole.shape[0])[:, None]
    odds = plant_odds(codes)
    plants, likely = (standing_plants(odds, hole, mattes.front, mattes.sky, cards.base, sure) for sure in (SURE, LIKELY))
    # In a street whose houses rise out of the picture, nothing beside tells how high things are.
    shown = bool((mattes.sky > 0.5).any())
    if np.count_nonzero(hole & (rows < cards.top)) < OPEN * np.count_nonzero(hole) or (
        shown and carries_on(codes, hole, mattes.sky, cards, plants)
    ):
        return None
    lawn = (odds > SURE) & ~hole & (mattes.sky < 0.05) & (mattes.front < 0.05)
    return trees_of(texture, plants, likely, lawn, camera, cards, hole, HIGH[0] if shown else USUAL)


def carries_on(codes: np.ndarray, hole: np.ndarray, sky: np.ndarray, cards: Cards, plants: np.ndarray) -> bool:
    """Is what stands right beside the building so calm, and enough, that patches of it don't show that they repeat?"""
    rows = np.arange(hole.shape[0])[:, None] + 0.5
    band = (rows > cards.top) & (rows < cards.base)
    wanted = band & hole
    if not wanted.any():
        return True
    side = max(hole.shape)
    beside = band & ~hole & (sky < 0.3) & widened(wanted, BESIDE * side)
    if np.count_nonzero(beside) > PLENTY * np.count_nonzero(wanted):
        return True
    beside &= ~plants
    grey = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), max(2.0, COARSE * side)))
    return bool(np.count_nonzero(beside) > ENOUGH * np.count_nonzero(wanted) and detail[beside].mean() < CALM)
