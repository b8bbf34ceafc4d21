"""From many noisy numbers to one curve or one kernel, without the bias that small blocks bring."""

from __future__ import annotations

import numpy as np

from derrumbe.ingest.noise_blocks import TINY, Blocks

LAGS = 3
ROUNDS = 4
LOW = 0.12
"""Quantile of the lower envelope: texture adds to most signal levels of a still, and never subtracts."""
MOST_CONSTANT = 0.1
"""Largest share of the noise at the brightest level that may be there in the dark too: cameras' noise grows with light."""
NORMAL = {0.1: -1.2816, 0.5: 0.0}
"""Standard normal quantiles."""


def autocorrelation(blocks: Blocks) -> np.ndarray:
    """Return the normalised autocorrelation (LAGS, LAGS) at lags (y, x), the mean over channels and both diagonals.

    Taking a fit out of a block lowers every lag; what it does to a guess is computed and the guess mended until it fits.
    """
    unit = blocks.residual / np.sqrt(blocks.power + TINY)[:, None, None]
    side = blocks.side
    seen = np.zeros((LAGS, LAGS))
    for y in range(LAGS):
        for x in range(LAGS):
            down = unit[:, y:, x:] * unit[:, : side - y, : side - x]
            up = unit[:, y:, : side - x] * unit[:, : side - y, x:]
            seen[y, x] = (down.mean(dtype=np.float64) + up.mean(dtype=np.float64)) / 2
    seen /= seen[0, 0]
    guess = seen.copy()
    for _ in range(ROUNDS):
        guess = np.clip(guess + seen - _lag_means(_residual_covariance(guess, blocks.basis)), -1.0, 1.0)
        guess[0, 0] = 1.0
    return guess


def block_bias(spatial: np.ndarray, basis: np.ndarray, share: float) -> float:
    """Return the `share` quantile of a block's mean square, for noise of variance 1 and this autocorrelation.

    Mean and effective degrees of freedom (Satterthwaite) of what the fit leaves, then Wilson and Hilferty's chi-square quantile.
    """
    covariance = _residual_covariance(spatial, basis)
    total = float(np.trace(covariance))
    width = 2 / (9 * total**2 / float(np.square(covariance).sum()))
    return total / len(covariance) * float(1 - width + NORMAL[share] * width**0.5) ** 3


def channel_correlation(blocks: Blocks) -> np.ndarray:
    """Return the correlation (3, 3) between channels."""
    unit = (blocks.residual / np.sqrt(blocks.power + TINY)[:, None, None]).reshape(-1, 3).astype(np.float64)
    covariance = unit.T @ unit
    spread = np.sqrt(np.diag(covariance)) + TINY
    return np.clip(covariance / np.outer(spread, spread), -1.0, 1.0)


def rising(_levels: np.ndarray, measured: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the curve nearest to `measured` (log domain) that never falls: pool adjacent violators (Ayer et al. 1955)."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(np.log(measured + TINY).tolist(), weights.tolist(), strict=True):
        pools.append((value, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (after, more, count), (before, some, others) = pools.pop(), pools.pop()
            pools.append(((before * some + after * more) / (some + more), some + more, others + count))
    return np.exp(np.concatenate([np.full(count, value) for value, _, count in pools]))


def lower_envelope(levels: np.ndarray, measured: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return a + b * level, a and b at least 0, the `LOW` quantile line of `measured` (log domain): read noise and photon noise."""
    best, least = measured, np.inf
    for part in (0.0, *np.logspace(-4, np.log10(MOST_CONSTANT), 31)):
        shape = np.maximum(levels, 0) + part * max(levels.max(), TINY)
        offset = np.log(measured + TINY) - np.log(shape + TINY)
        scale = _weighted_quantile(offset, weights, LOW)
        left = offset - scale
        cost = float((weights * np.maximum(LOW * left, (LOW - 1) * left)).sum())
        if cost < least - 1e-12:
            best, least = np.exp(scale) * shape, cost
    return best


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    order = np.argsort(values, kind="stable")
    reach = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reach, share)), len(values) - 1)])


def _residual_covariance(spatial: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return the covariance (side², side²) of a block of such noise after the fit is taken out."""
    side = round(len(basis) ** 0.5)
    apart = np.abs(np.subtract.outer(np.arange(side), np.arange(side)))
    wide = np.zeros((side, side))
    wide[:LAGS, :LAGS] = spatial
    covariance = wide[apart[:, None, :, None], apart[None, :, None, :]].reshape(side * side, side * side)
    columns = basis.astype(np.float64)
    left = covariance - columns @ (columns.T @ covariance)
    return left - (left @ columns) @ columns.T


def _lag_means(covariance: np.ndarray) -> np.ndarray:
    """Return the mean covariance at lags (LAGS, LAGS), normalised, as `autocorrelation` sees it."""
    side = round(len(covariance) ** 0.5)
    grid = covariance.reshape(side, side, side, side)
    means = np.zeros((LAGS, LAGS))
    rows = np.arange(side)
    for y in range(LAGS):
        pairs = grid[rows[y:], :, rows[: side - y], :].mean(0)
        for x in range(LAGS):
            means[y, x] = (np.diagonal(pairs, -x).mean() + np.diagonal(pairs, x).mean()) / 2
    return means / means[0, 0]
