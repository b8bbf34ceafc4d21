"""The sky of a moving camera's other frames, for a first one that shows none: what falls may uncover it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from derrumbe.geom.camera import resized
from derrumbe.geom.depth import mesh_depth
from derrumbe.media.colour import to_display
from derrumbe.media.exr import RGB, read_exr
from derrumbe.survey.filters import shrunk
from derrumbe.survey.horizon import horizon_row
from derrumbe.survey.sky import find_sky
from derrumbe.survey.uncovered import Views

FRAMES = 6
"""Frames that are looked through."""
SIDE, LEAST = 480, 0.004
"""Size of the pictures that are looked through, and the share of one that its sky must take."""
FAR_IN = 3.0
"""Pixels from the sky's edge from which it is pure."""


def sky_elsewhere(views: Views, display: str) -> np.ndarray | None:
    """Return the light (3,) of the sky that other frames show, its median; None when none of them shows any. display: of the plate."""
    count = len(views.cameras)
    frames = sorted({round(float(index)) for index in np.linspace(0, count - 1, FRAMES)})
    tones = [tone for tone in (_tone(views, index, display) for index in frames) if tone is not None]
    return np.median(tones, axis=0).astype(np.float32) if tones else None


def _tone(views: Views, index: int, display: str) -> np.ndarray | None:
    camera = views.cameras[index]
    scale = min(1.0, SIDE / max(camera.width, camera.height))
    small = resized(camera, round(camera.width * scale), round(camera.height * scale))
    light = read_exr(Path(views.plate.format(frame=views.first_frame + index)), RGB)
    light = cv2.resize(light, (small.width, small.height), interpolation=cv2.INTER_AREA)
    building = (mesh_depth(small, *views.solid) < 1e9).astype(np.uint8) * 255
    sky = shrunk(find_sky(to_display(light, display), building, horizon_row(small)) > 0.995, FAR_IN)
    return np.median(light[sky], axis=0) if np.count_nonzero(sky) > LEAST * sky.size else None
