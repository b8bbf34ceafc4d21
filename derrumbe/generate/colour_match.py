"""A model's colours matched to the plate's: fitted where both show the same thing, used where the model painted.

Every pixel outside the mask is a pair: what the model was given and what it gave back. A map from the second to the first is fitted by
least squares on display codes: a 3x3 matrix with an offset, and a bend per channel, c (1 - c), which leaves black and white alone. Sums of
neighbouring frames are added up with a soft weight before they are solved, so that a drift inside a window is followed and flicker isn't.
A pull towards "no change" keeps the map tame where few colours were seen.
"""

from __future__ import annotations

import numpy as np

FOLLOW = 6.0
"""Frames (sigma) over which the map may change."""
LEAST_PAIRS = 200
"""Pairs per frame below which nothing is matched."""
PULL = np.array([2e-3, 2e-3, 2e-3, 2e-3, 2e-2, 2e-2, 2e-2])
"""Weight of "no change" for each term, as a share of the pairs."""
TERMS = 7


def terms(codes: np.ndarray) -> np.ndarray:
    """Return (…, 7): r, g, b, 1, and the three bends."""
    return np.concatenate([codes, np.ones_like(codes[..., :1]), codes * (1 - codes)], -1)


def maps(given: np.ndarray, made: np.ndarray, compare: np.ndarray) -> np.ndarray:
    """Return a colour map (n, 7, 3) per frame. given, made: (n, h, w, 3) codes; compare: (n, h, w) bool, where both show the same."""
    sums = [_sums(given[i][compare[i]], made[i][compare[i]]) for i in range(len(given))]
    left, right, pairs = (np.stack([s[k] for s in sums]) for k in range(3))
    frames = np.arange(len(given))
    weight = np.exp(-0.5 * ((frames[:, None] - frames) / FOLLOW) ** 2)
    return np.stack([_solved(*(np.tensordot(w, part, 1) for part in (left, right, pairs))) for w in weight])


def matched(made: np.ndarray, colour_map: np.ndarray) -> np.ndarray:
    """Return codes (h, w, 3) within 0..1 through a map (7, 3)."""
    return np.clip(terms(made) @ colour_map.astype(np.float32), 0, 1).astype(np.float32)


def _sums(given: np.ndarray, made: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return normal equations for given - made. What is clipped on either side tells nothing."""
    told = ((given > 0.01) & (given < 0.99) & (made > 0.01) & (made < 0.99)).all(-1)
    if told.sum() < LEAST_PAIRS:
        return np.zeros((TERMS, TERMS)), np.zeros((TERMS, 3)), np.zeros(())
    x = terms(made[told].astype(np.float64))
    return x.T @ x, x.T @ (given[told] - made[told]), np.asarray(float(told.sum()))


def _solved(left: np.ndarray, right: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    unchanged = np.zeros((TERMS, 3))
    unchanged[:3] = np.eye(3)
    if pairs <= 0:
        return unchanged
    return unchanged + np.linalg.solve(left + np.diag(PULL * pairs), right)
