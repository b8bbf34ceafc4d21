"""Where the horizon is in the picture."""

from __future__ import annotations

import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.lens import filmed


def horizon_row(camera: Camera) -> float:
    """Return the row at which the horizon crosses the middle of the picture, as filmed."""
    up = np.asarray(camera.rotation)[:, 1]
    return float(filmed(camera, np.array([camera.cx, camera.cy - camera.focal_px * up[2] / up[1]]))[1])
