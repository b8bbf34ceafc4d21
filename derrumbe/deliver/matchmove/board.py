"""A picture to draw on: plate pixels in, lens and scale taken care of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.camera import project
from derrumbe.media.picture import write_jpeg

Colour = tuple[int, int, int]
NEAR = 0.3
"""Metres before the camera where lines are cut."""
FAR_OUT = 2.0
"""Lines are drawn up to this many picture widths beyond the frame."""
BITS = 4
"""Binary places of the coordinates that are drawn."""


def shrunk(codes: np.ndarray, largest: int) -> np.ndarray:
    """Return a copy of codes (h, w, 3) at most `largest` wide or high."""
    scale = largest / max(codes.shape[:2])
    if scale >= 1:
        return codes.copy()
    size = (max(1, round(codes.shape[1] * scale)), max(1, round(codes.shape[0] * scale)))
    return np.asarray(cv2.resize(codes, size, interpolation=cv2.INTER_AREA))


class Board:
    """Draws into codes (h, w, 3) uint8 what `camera` sees, whatever their size."""

    def __init__(self, codes: np.ndarray, camera: Camera) -> None:
        self.codes, self.camera = codes, camera
        self.scale = np.array([codes.shape[1] / camera.width, codes.shape[0] / camera.height])

    def line(self, pixels: np.ndarray, colour: Colour, width: int = 1, closed: bool = False) -> None:
        """Draw a line through pixels (n, 2) of the plate."""
        cv2.polylines(self.codes, [self._places(pixels)], closed, colour, width, cv2.LINE_AA, BITS)

    def world_line(self, world: np.ndarray, colour: Colour, width: int = 1) -> None:
        """Draw a straight line given by world points (n, 3) along it; what is behind the camera or far out of the picture is left out."""
        self.world_lines(world[None], [(colour, width)])

    def world_lines(self, world: np.ndarray, looks: Sequence[tuple[Colour, int]]) -> None:
        """Draw straight lines given by world points (m, n, 3) along them, each in its colour and width."""
        pixels, depth = project(self.camera, world)
        limit = FAR_OUT * self.camera.width
        shown = (depth > NEAR) & (np.abs(np.nan_to_num(pixels, nan=np.inf)) < limit).all(-1)
        bends = any(self.camera.distortion)
        pixels = np.nan_to_num(pixels, posinf=0, neginf=0)
        for points, there, (colour, width) in zip(pixels, shown, looks, strict=True):
            for run in np.split(np.arange(len(points)), np.flatnonzero(np.diff(there)) + 1):
                if there[run[0]] and len(run) > 1:
                    self.line(points[run if bends else run[[0, -1]]], colour, width)  # joints of a straight line would show as beads

    def silhouette(self, vertices: np.ndarray, triangles: np.ndarray, colour: Colour, width: int) -> None:
        """Draw the outline of a solid."""
        pixels, depth = project(self.camera, vertices)
        there = (depth[triangles] > NEAR).all(1)
        corners = self._places(np.nan_to_num(pixels))
        mask = np.zeros(self.codes.shape[:2], np.uint8)
        for triangle in corners[triangles[there]]:
            cv2.fillConvexPoly(mask, triangle, 1, cv2.LINE_8, BITS)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(self.codes, outlines, -1, colour, width, cv2.LINE_AA)

    def dot(self, pixel: np.ndarray, colour: Colour, radius: float = 2.0) -> None:
        cv2.circle(self.codes, tuple(self._places(pixel[None])[0].tolist()), round(radius * 2**BITS), colour, -1, cv2.LINE_AA, BITS)

    def tint(self, matte: np.ndarray, colour: Colour, strength: float = 0.45) -> None:
        """Lay a colour over the picture by a matte (h, w) of any size."""
        alpha = strength * cv2.resize(matte.astype(np.float32), self.codes.shape[1::-1], interpolation=cv2.INTER_AREA)[..., None]
        self.codes[:] = np.clip(self.codes + (np.array(colour, np.float32) - self.codes) * alpha + 0.5, 0, 255)

    def save(self, path: Path) -> None:
        write_jpeg(path, np.ascontiguousarray(self.codes), 90)

    def _places(self, pixels: np.ndarray) -> np.ndarray:
        limit = 2**15 / 2**BITS * 8
        return np.round(np.clip(np.asarray(pixels) * self.scale - 0.5, -limit, limit) * 2**BITS).astype(np.int32)
