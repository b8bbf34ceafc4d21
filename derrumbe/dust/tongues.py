"""Clean air that comes down into older dust, in tongues: dust thins from the top, and what is left lies in banks that drift with the wind.

Entrainment stirs clean air into the top of a cloud, in parcels as large as its eddies. A grid this coarse smooths such parcels away within a second,
and what stays is even fog. So thinning itself is uneven: fast in some places, next to nothing in others, and faster aloft.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, shift

from derrumbe.dust.domain import Domain

F = np.float32
THINS = 2.5
"""How many times dust thins by e in tongues, on the whole, at DEEP, while it lingers to a third."""
WIDE = 0.3
"""Sigma of tongues, building heights: a line of sight crosses several smaller ones, and a hole in one is closed by the next."""
LEAST_WIDE = 2.5
"""The same at least, voxels."""
DEEP = 0.3
"""Building heights over the ground up to which they reach."""
LOW = 0.25
"""Share of that at the ground."""
SPREAD = 1.9
"""How much faster some places thin than others: sigma of the logarithm of the rate."""
EVEN = (0.4, 1.0)
"""Times DEEP between which tongues end: above, all thins alike. What they leave standing there are plumes that seem to rise."""
CLEARS = 2.5
"""Times DEEP up to which dust thins the faster the higher it is: wisps there have clean air all around."""


@dataclass(frozen=True, eq=False)
class Tongues:
    """pattern (x,z) float32 periodic: logarithm of how much faster than the mean each place thins; mean (y,): rate per second at each height;
    uneven (y,): how much of the pattern is left there; wind (2,): voxels per second."""

    pattern: np.ndarray
    mean: np.ndarray
    uneven: np.ndarray
    wind: np.ndarray

    def rate(self, time: float, fresh: float, shape: tuple[int, ...]) -> np.ndarray:
        """Return how fast dust thins at `time`, s, (x,y,z) float32 per second on a grid of `shape`; a share `fresh` of it, which lies low and heavy,
        is not stirred into yet."""
        drifted = shift(self.pattern, self.wind * time, order=1, mode="grid-wrap")
        uneven = self.uneven[None, :, None]
        stirred = self.mean[None, :, None] * (1 - F(fresh) * uneven)
        return np.broadcast_to(stirred * np.exp(uneven * drifted[:, None, :] - F(0.5 * SPREAD**2) * uneven**2), shape)


def tongues(domain: Domain, height: float, linger: float, wind: np.ndarray, rng: np.random.Generator) -> Tongues:
    """Return tongues over a building's `height`, m, in dust that lingers `linger` s, that drift with a wind (rows,2) m/s at the rows of flow cells."""
    x, _, z = domain.shape
    noise = gaussian_filter(rng.standard_normal((x, z)), max(WIDE * height / domain.voxel, LEAST_WIDE), mode="wrap")
    noise *= SPREAD / max(float(noise.std()), 1e-9)
    up = (domain.origin[1] + domain.voxel * (np.arange(domain.shape[1]) + 0.5)) / (DEEP * height)
    mean = THINS / linger * (LOW + (1 - LOW) * np.clip(up, 0, CLEARS))
    at = int(np.searchsorted(domain.heights(), DEEP * height).clip(0, len(wind) - 1))
    return Tongues(noise.astype(F), mean.astype(F), np.interp(up, EVEN, (1, 0)).astype(F), wind[at] / domain.voxel)
