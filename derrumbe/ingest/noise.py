"""The plate's own noise: variance against signal, spatial and channel correlation, in scene-linear ACEScg.

A locked-off plate tells it by differences in time: the same spot some frames apart differs by noise alone (blocks in which something
moves are outvoted by a median). Stills and moving cameras tell it by what is left of their flattest blocks when a plane is taken away,
after Liu, Freeman, Szeliski & Kang, "Noise estimation from a single image" (CVPR 2006): the lower envelope, since texture only adds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from derrumbe.core.records import NoiseModel
from derrumbe.ingest.noise_blocks import Blocks, joined, spatial_blocks, temporal_blocks
from derrumbe.ingest.noise_fit import LAGS, autocorrelation, block_bias, channel_correlation, lower_envelope, rising
from derrumbe.media.exr import RGB, read_exr

SMALL, LARGE = 8, 16
"""Edges of blocks in pixels: small ones find more flat spots, large ones see further correlation."""
LEVELS = 16
PAIRS = 8
GAP = 8
"""Frames between the two of a pair: compressed movies carry some noise over from frame to frame."""
ENOUGH = 12
"""Blocks that a signal level needs to be heard."""
FLATTEST = 0.1
"""Quantile of the variance of a still's blocks, per level, that is taken for flat."""
MEDIAN = 0.5
STATIC = 1.5
"""A plate is static if differences in time show at most this many times the variance of flat blocks."""
QUIETEST = 0.25
"""Smallest variance of a channel, as a share of the channels' median."""

Curve = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def measure_noise(paths: list[Path], held: bool) -> NoiseModel:
    """Measure the noise of written plate frames. A held still, or one frame, is measured in space only."""
    still = noise_of_picture(read_exr(paths[len(paths) // 2], RGB))
    gap = min(GAP, len(paths) - 1)
    if held or gap < 1:
        return still
    starts = np.unique(np.linspace(0, len(paths) - 1 - gap, PAIRS).astype(int))
    pairs = [temporal_blocks(read_exr(paths[start], RGB), read_exr(paths[start + gap], RGB), LARGE) for start in starts]
    timed = _of_time(joined(pairs))
    return timed if _is_static(timed, still) else still


def noise_of_picture(pixels: np.ndarray) -> NoiseModel:
    """Measure the noise of one ACEScg picture (h, w, 3)."""
    return _model(spatial_blocks(pixels, SMALL), spatial_blocks(pixels, LARGE), FLATTEST, lower_envelope)


def noise_of_pair(first: np.ndarray, second: np.ndarray) -> NoiseModel:
    """Measure the noise of two ACEScg pictures (h, w, 3) of the same static view."""
    return _of_time(temporal_blocks(first, second, LARGE))


def _of_time(blocks: Blocks) -> NoiseModel:
    return _model(blocks, blocks, MEDIAN, rising)


def _is_static(timed: NoiseModel, still: NoiseModel) -> bool:
    """Compare both models at the still's levels: where something moves everywhere, differences in time are no noise."""
    ratios = []
    for moving, flat in zip(timed.variance_at, still.variance_at, strict=True):
        at_levels = np.interp(still.levels, timed.levels, moving)
        ratios.append(at_levels / np.maximum(flat, 1e-12))
    return float(np.median(ratios)) < STATIC


def _model(blocks: Blocks, wide: Blocks, share: float, curve: Curve) -> NoiseModel:
    """Fit variances to `blocks`, correlations to `wide`; `share` is the quantile of block variances that is noise alone."""
    if len(blocks.level) < ENOUGH or len(wide.level) < ENOUGH:
        return _silent()
    levels = _levels(blocks.level)
    quiet = _quiet(wide, levels, share)
    spatial, channel = autocorrelation(quiet), channel_correlation(quiet)
    bias = block_bias(spatial, blocks.basis, share)
    variance = np.stack([_against_level(blocks.level[:, c], blocks.power[:, c] / bias, levels, share, curve) for c in range(3)])
    # No camera has one channel without noise: that is a channel clipped in the few blocks that were flat.
    red, green, blue = _rows(np.maximum(variance, QUIETEST * np.median(variance, 0)))
    return NoiseModel(levels=tuple(levels.tolist()), variance_at=(red, green, blue), spatial=_rows(spatial), channel=_rows(channel))


def _silent() -> NoiseModel:
    """Return the model of a picture without noise: drawn, or clipped everywhere."""
    none = (0.0, 0.0)
    alone = np.zeros((LAGS, LAGS))
    alone[0, 0] = 1.0
    return NoiseModel(levels=(0.0, 1.0), variance_at=(none, none, none), spatial=_rows(alone), channel=_rows(np.eye(3)))


def _rows(table: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in table.tolist())


def _levels(level: np.ndarray) -> np.ndarray:
    """Return signal levels, evenly spaced to the eye (cube root), that the blocks cover."""
    low, high = np.cbrt(np.quantile(np.maximum(level, 0), [0.005, 0.995]))
    return np.linspace(low, max(high, low + 1e-3), LEVELS) ** 3


def _nearest(level: np.ndarray, levels: np.ndarray) -> np.ndarray:
    edges = (np.cbrt(levels[1:]) + np.cbrt(levels[:-1])) / 2
    return np.searchsorted(edges, np.cbrt(np.maximum(level, 0)))


def _quiet(blocks: Blocks, levels: np.ndarray, share: float) -> Blocks:
    """Return the quietest blocks of each level, all channels taken together."""
    total = blocks.power.sum(-1)
    bins = _nearest(blocks.level.mean(-1), levels)
    limit = np.full(len(levels), -1.0)
    for index in np.unique(bins):
        limit[index] = np.quantile(total[bins == index], share)
    return blocks[total <= limit[bins]]


def _against_level(level: np.ndarray, variance: np.ndarray, levels: np.ndarray, share: float, curve: Curve) -> np.ndarray:
    """Return one channel's variance at `levels`: a quantile per level with enough blocks, then a curve through them."""
    bins = _nearest(level, levels)
    counts = np.bincount(bins, minlength=len(levels))
    heard = np.nonzero(counts >= ENOUGH)[0]
    if not len(heard):
        return np.full(len(levels), np.quantile(variance, share))
    measured = np.array([np.quantile(variance[bins == index], share) for index in heard])
    fitted = curve(levels[heard], measured, np.sqrt(counts[heard]))
    return np.interp(np.cbrt(levels), np.cbrt(levels[heard]), fitted)
