"""A model's colours matched to the plate's: fitted where both show the same thing, used where the model painted.

Every cell of pixels outside the mask is a pair: what the model was given and what it gave back. A map from the second to the first is
fitted by least squares on display codes: a 3x3 matrix with an offset, and a bend per channel, c (1 - c), which leaves black and white alone.
Cells, because a model that moves an edge by a pixel would else look like one that lost contrast. Sums of neighbouring frames are added up
with a soft weight before they are solved, so that a drift inside a window is followed and flicker isn't. A pull towards "no change" keeps
the map tame where few colours were seen.
"""

from __future__ import annotations

import numpy as np

FOLLOW = 3.0
"""Frames (sigma) over which the map may change only steadily."""
CELL = 8
"""Side of a cell in model pixels."""
LEAST_PAIRS = 24
"""Pairs below which a frame tells nothing."""
PULL = np.array([2e-3, 2e-3, 2e-3, 2e-3, 2e-2, 2e-2, 2e-2])
"""Weight of "no change" for each term, as a share of the pairs."""
FURTHEST = 0.6
"""Largest change of any term: no drift is larger, and a model that shows something else altogether mustn't be bent into the plate's colours."""
TERMS = 7
STEADY = 1.0
"""How much harder "no change in time" pulls."""


def terms(codes: np.ndarray) -> np.ndarray:
    """Return (…, 7): r, g, b, 1, and the three bends."""
    return np.concatenate([codes, np.ones_like(codes[..., :1]), codes * (1 - codes)], -1)


def maps(given: np.ndarray, made: np.ndarray, compare: np.ndarray) -> np.ndarray:
    """Return a colour map (n, 7, 3) per frame. given, made: (n, h, w, 3) codes; compare: (n, h, w) bool, where both show the same."""
    sums = [_sums(*_cells(given[i], made[i], compare[i])) for i in range(len(given))]
    left, right, pairs = (np.stack([s[k] for s in sums]) for k in range(3))
    return np.stack([_solved(left, right, pairs, np.arange(len(given)) - i) for i in range(len(given))])


def matched(made: np.ndarray, colour_map: np.ndarray) -> np.ndarray:
    """Return codes (h, w, 3) within 0..1 through a map (7, 3)."""
    return np.clip(terms(made) @ colour_map.astype(np.float32), 0, 1).astype(np.float32)


def _cells(given: np.ndarray, made: np.ndarray, compare: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return means (m, 3) over the cells of a frame that lie wholly where both show the same."""
    height, width = (side - side % CELL for side in compare.shape)

    def blocks(plane: np.ndarray) -> np.ndarray:
        return plane[:height, :width].reshape(height // CELL, CELL, width // CELL, CELL, -1)

    whole = np.all(blocks(compare), (1, 3))[..., 0]
    return blocks(given).mean((1, 3), dtype=np.float64)[whole], blocks(made).mean((1, 3), dtype=np.float64)[whole]


def _sums(given: np.ndarray, made: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return normal equations for given - made. What is clipped on either side tells nothing."""
    told = ((given > 0.01) & (given < 0.99) & (made > 0.01) & (made < 0.99)).all(-1)
    if told.sum() < LEAST_PAIRS:
        return np.zeros((TERMS, TERMS)), np.zeros((TERMS, 3)), np.zeros(())
    x = terms(made[told])
    return x.T @ x, x.T @ (given[told] - made[told]), np.asarray(float(told.sum()))


def _solved(left: np.ndarray, right: np.ndarray, pairs: np.ndarray, away: np.ndarray) -> np.ndarray:
    """Return the map (7, 3) of the frame that the others are `away` from, fitted with a slope in time, so that a window's ends aren't biased."""
    weight = np.exp(-0.5 * (away / FOLLOW) ** 2)
    unchanged = np.zeros((TERMS, 3))
    unchanged[:3] = np.eye(3)
    total = float(weight @ pairs)
    if total <= 0:
        return unchanged
    time = away / FOLLOW
    now, slope, bend = (np.tensordot(weight * time**power, left, 1) for power in range(3))
    asked = np.concatenate([np.tensordot(weight * time**power, right, 1) for power in range(2)])
    pull = np.diag(np.concatenate([PULL, STEADY * PULL]) * total)
    change = np.linalg.solve(np.block([[now, slope], [slope, bend]]) + pull, asked)[:TERMS]
    return unchanged + change * min(1.0, FURTHEST / max(float(np.abs(change).max()), 1e-9))
