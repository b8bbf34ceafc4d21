"""The exponent of a power law of sizes."""

from __future__ import annotations

import numpy as np


def power_law_exponent(sizes: np.ndarray, candidates: int = 40) -> float:
    """Fit p(s) ~ s^-alpha for s >= s_min and return alpha.

    Maximum likelihood, alpha = 1 + n / sum(ln(s / s_min)), with the s_min that makes the Kolmogorov-Smirnov distance
    between data and fit smallest (Clauset, Shalizi and Newman 2009). At least a fifth of the sizes are kept above s_min.
    """
    ordered = np.sort(np.asarray(sizes, np.float64))
    starts = np.unique(np.linspace(0, 0.8 * len(ordered), candidates).astype(int))
    fits = [_fit(ordered[start:]) for start in starts if len(ordered) - start >= 8]
    return min(fits)[1] if fits else float("nan")


def _fit(tail: np.ndarray) -> tuple[float, float]:
    """Return (Kolmogorov-Smirnov distance, alpha) of sorted sizes, the first of which is s_min."""
    logs = np.log(tail / tail[0])
    alpha = 1 + len(tail) / max(float(logs.sum()), 1e-12)
    model = 1 - np.exp(-(alpha - 1) * logs)
    empirical = np.arange(len(tail)) / len(tail)
    return float(np.abs(model - empirical).max()), alpha
