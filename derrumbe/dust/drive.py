"""A ground current that is made to arrive: dusty air near the ground is pushed towards the camera until it goes fast enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

F = np.float32
SLOWEST, FASTEST = 4.0, 15.0
"""m/s between which the current is driven."""
URGE = 3.0
"""How hard, per second of what is missing in speed."""
THINNEST = 2e-3
"""kg/m³ of dust from which on air is driven."""


@dataclass(frozen=True)
class Drive:
    """way (2,): unit vector in x and z; speed m/s; begins s; rows: of flow cells from the ground up, fading."""

    way: np.ndarray
    speed: float
    begins: float
    rows: int

    def push(self, accelerations: np.ndarray, u: np.ndarray, w: np.ndarray, load: np.ndarray, time: float) -> None:
        """Add to accelerations (x,y,z,3), in place, where there is dust (load, kg/m³) low down."""
        if time < self.begins:
            return
        low = slice(0, min(self.rows, load.shape[1]))
        along = F(0.5 * self.way[0]) * (u[:-1, low] + u[1:, low]) + F(0.5 * self.way[1]) * (w[:, low, :-1] + w[:, low, 1:])
        fade = np.linspace(1, 0, self.rows, endpoint=False, dtype=F)[None, : load.shape[1], None]
        push = F(URGE) * fade * np.clip(F(self.speed) - along, 0, None) * np.clip(load[:, low] / F(THINNEST), 0, 1)
        accelerations[:, low, :, 0] += F(self.way[0]) * push
        accelerations[:, low, :, 2] += F(self.way[1]) * push


def towards(eye: np.ndarray, building: tuple[np.ndarray, np.ndarray], begins: float, ends: float, cell: float) -> Drive:
    """Return the drive that brings a front from the building's box to the camera at `eye` (3,) by two thirds of the time left, if it can."""
    beside = (eye - np.clip(eye, *building))[[0, 2]]
    far = float(np.hypot(*beside))
    speed = float(np.clip(far / max(0.66 * (ends - begins), 0.5), SLOWEST, FASTEST))
    rows = max(int(np.ceil(0.35 * building[1][1] / cell)), 2)
    return Drive(beside / max(far, 1e-6), speed, begins, rows)
