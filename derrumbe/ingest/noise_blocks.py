"""Small square blocks of a plate with everything but noise taken away, as far as a block can tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST, MOST_OF_PAIR = 8192, 2048
"""Blocks cut from a picture, or from one pair of several, about."""
NEAR_CLIP = 0.97
TINY = 1e-12


@dataclass(frozen=True)
class Blocks:
    """Residual noise of n blocks: `residual` (n, side, side, 3), `level` (n, 3) mean signal.

    `basis` (side², p): orthonormal columns, the shapes that were taken away from each block.
    """

    residual: np.ndarray
    level: np.ndarray
    basis: np.ndarray

    @property
    def side(self) -> int:
        return int(self.residual.shape[1])

    @property
    def power(self) -> np.ndarray:
        """Mean square of the residual, (n, 3)."""
        return np.square(self.residual).mean((1, 2))

    def __getitem__(self, chosen: np.ndarray) -> Blocks:
        return Blocks(self.residual[chosen], self.level[chosen], self.basis)


def spatial_blocks(pixels: np.ndarray, side: int) -> Blocks:
    """Cut a picture (h, w, 3) into blocks and take the best plane from each. Clipped and dead blocks are left out."""
    blocks = _cut(pixels, side, MOST)
    blocks = blocks[_unclipped(blocks)]
    return _alive(_without(blocks, blocks.mean((1, 2)), _plane(side)))


def temporal_blocks(first: np.ndarray, second: np.ndarray, side: int) -> Blocks:
    """Cut the difference of two pictures (h, w, 3), scaled to the noise of one, and take each block's mean away: light changes slowly."""
    before, after = _cut(first, side, MOST_OF_PAIR), _cut(second, side, MOST_OF_PAIR)
    level, blocks = (before + after) * np.float32(0.5), (after - before) * np.float32(np.sqrt(0.5))
    keep = _unclipped(level)
    return _alive(_without(blocks[keep], level[keep].mean((1, 2)), _plane(side)[:, :1]))


def joined(parts: list[Blocks]) -> Blocks:
    """Put blocks of several pictures together."""
    return Blocks(np.concatenate([one.residual for one in parts]), np.concatenate([one.level for one in parts]), parts[0].basis)


def _plane(side: int) -> np.ndarray:
    """Return orthonormal columns (side², 3): constant, across, down."""
    ramp = np.linspace(-1, 1, side)
    down, across = np.meshgrid(ramp, ramp, indexing="ij")
    shapes = np.stack([np.ones(side * side), across.ravel(), down.ravel()], 1)
    return (shapes / np.linalg.norm(shapes, axis=0)).astype(np.float32)


def _without(blocks: np.ndarray, level: np.ndarray, basis: np.ndarray) -> Blocks:
    count, side = blocks.shape[:2]
    flat = blocks.reshape(count, side * side, 3)
    fitted = np.einsum("kp,npc->nkc", basis, np.einsum("kp,nkc->npc", basis, flat))
    return Blocks((flat - fitted).reshape(blocks.shape), level, basis)


def _alive(blocks: Blocks) -> Blocks:
    """Leave out blocks without any noise at all: drawn, masked or burned-in."""
    return blocks[blocks.power.min(-1, initial=np.inf) > TINY]


def _cut(pixels: np.ndarray, side: int, most: int) -> np.ndarray:
    """Return (n, side, side, 3) blocks, thinned to a few thousand on large pictures."""
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    if not rows or not columns:
        return np.zeros((0, side, side, 3), np.float32)
    step = max(1, round((rows * columns / most) ** 0.5))
    blocks = pixels[: rows * side, : columns * side].reshape(rows, side, columns, side, 3)[::step, :, ::step]
    return blocks.transpose(0, 2, 1, 3, 4).reshape(-1, side, side, 3)


def _unclipped(blocks: np.ndarray) -> np.ndarray:
    """Return which blocks keep away from the darkest and brightest value of all, where noise is cut off."""
    if not len(blocks):
        return np.zeros(0, bool)
    low, high = blocks.min((0, 1, 2)), blocks.max((0, 1, 2))
    clipped = ((blocks <= low) | (blocks >= NEAR_CLIP * high)).mean((1, 2)).max(-1, initial=0)
    return clipped < 0.02
