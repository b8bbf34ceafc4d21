"""Things thinner than a pixel: lines through space, drawn with the share of each pixel that they cover, held out by depth."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import project
from derrumbe.render.raster import NEAR, Window

FAINTEST = 0.02
"""Pixels of width under which a line isn't drawn."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Straight bits of line: start, end (n,3) world; width (n,) metres; rgb (n,3) what they show; share (n,) 0..1, how much they are there;
    lift (n,) metres that each is taken nearer to the camera than it is; drawn_on (n,) metres that the surface it is drawn on may lie behind
    or before it, infinity for one that hangs free."""

    start: np.ndarray
    end: np.ndarray
    width: np.ndarray
    rgb: np.ndarray
    share: np.ndarray
    lift: np.ndarray
    drawn_on: np.ndarray

    @classmethod
    def none(cls) -> Lines:
        return cls(*(np.zeros((0, *n)) for n in ((3,), (3,), (), (3,), (), (), ())))

    def joined(self, other: Lines) -> Lines:
        return Lines(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Strokes:
    """Lines in the picture: a, b (n,2) pixels; depth (n,) of their middles, less their lift; last (n,) depth at which what they are drawn on
    may lie; width (n,) pixels; rgb (n,3); share (n,)."""

    a: np.ndarray
    b: np.ndarray
    depth: np.ndarray
    last: np.ndarray
    width: np.ndarray
    rgb: np.ndarray
    share: np.ndarray

    @property
    def window(self) -> Window:
        """The window that holds them."""
        if not len(self.depth):
            return Window(0, 0, 0, 0)
        reach = self.width[:, None] + 2
        low = np.floor((np.minimum(self.a, self.b) - reach).min(0)).astype(int)
        high = np.ceil((np.maximum(self.a, self.b) + reach).max(0)).astype(int)
        return Window(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


def strokes(camera: Camera, lines: Lines) -> Strokes:
    """Return the lines that the picture shows, far ones first."""
    (a, near), (b, far) = project(camera, lines.start), project(camera, lines.end)
    depth = np.minimum(near, far)
    width = camera.focal_px * lines.width / np.maximum(depth, NEAR)
    with np.errstate(invalid="ignore"):
        inside = (np.maximum(a, b) > 0).all(1) & (np.minimum(a, b) < (camera.width, camera.height)).all(1)
        kept = np.flatnonzero(inside & (depth > NEAR) & (width * lines.share > FAINTEST))
    kept = kept[np.argsort(-depth[kept], kind="stable")]
    middle = 0.5 * (near + far)
    first, last = (middle - lines.lift)[kept], (middle + lines.drawn_on)[kept]
    return Strokes(a[kept], b[kept], first, last, width[kept], lines.rgb[kept], lines.share[kept])


def draw(some: Strokes, solid: np.ndarray, window: Window) -> np.ndarray:
    """Return premultiplied rgba (h,w,4) float32 of strokes in front of `solid` (h,w) depth."""
    out = np.zeros((*window.shape, 4), np.float32)
    _draw(some.a, some.b, some.depth, some.last, some.width, some.rgb, some.share, solid, window.x0, window.y0, out)
    return out


@nb.njit(cache=True)
def _draw(start, end, depth, last, width, rgb, share, solid, left, top, out):  # type: ignore[no-untyped-def]
    rows, columns = solid.shape
    for n in range(start.shape[0]):
        ax, ay = start[n, 0] - left, start[n, 1] - top
        dx, dy = end[n, 0] - start[n, 0], end[n, 1] - start[n, 1]
        length = np.hypot(dx, dy)
        ux, uy = (dx / length, dy / length) if length > 1e-6 else (1.0, 0.0)
        # one thinner than a pixel is drawn a pixel wide and as faint as it is thin
        half = 0.5 * max(width[n], 1.0)
        cover = min(width[n], 1.0) * share[n]
        y_low, y_high = max(int(min(ay, ay + dy) - half - 1), 0), min(int(max(ay, ay + dy) + half + 1), rows - 1)
        x_low, x_high = max(int(min(ax, ax + dx) - half - 1), 0), min(int(max(ax, ax + dx) + half + 1), columns - 1)
        for y in range(y_low, y_high + 1):
            for x in range(x_low, x_high + 1):
                if solid[y, x] < depth[n] or solid[y, x] > last[n]:
                    continue
                px, py = x + 0.5 - ax, y + 0.5 - ay
                along, across = px * ux + py * uy, abs(py * ux - px * uy)
                # ends share a pixel with the next bit, so that nothing is counted twice
                ends = min(max(along + 0.5, 0.0), 1.0) * min(max(length - along + 0.5, 0.0), 1.0)
                alpha = cover * ends * min(max(half + 0.5 - across, 0.0), 1.0)
                if alpha <= 0:
                    continue
                for c in range(3):
                    out[y, x, c] = out[y, x, c] * (1 - alpha) + rgb[n, c] * alpha
                out[y, x, 3] = out[y, x, 3] * (1 - alpha) + alpha
