"""What a lens shows bent, straightened: lines, vanishing points and walls are found as a pinhole would show them; pictures stay as filmed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from derrumbe.core.records import Camera
from derrumbe.geom.lens import undistorted
from derrumbe.geom.polygons import densified
from derrumbe.survey.frame import Frame

STEP = 0.01
"""Points are set along an outline every so many picture widths, so that it bends."""
AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Straight:
    """The lens of a picture, about its middle. Without distortion, everything is handed back as it is."""

    camera: Camera

    @classmethod
    def of(cls, size: tuple[int, int], focal: float, terms: tuple[float, ...]) -> Straight:
        """Return a lens of some focal length, pixels, and radial terms; none for a pinhole."""
        width, height = size
        middle = width / 2, height / 2
        return cls(
            Camera(
                width=width, height=height, focal_px=focal, cx=middle[0], cy=middle[1], rotation=AXES, translation=(0.0, 0.0, 0.0),
                distortion=terms,
            )
        )  # fmt: skip

    @property
    def bends(self) -> bool:
        return any(self.camera.distortion)

    def points(self, pixels: np.ndarray) -> np.ndarray:
        """Return plate pixels (n, 2), such as the corners of an outline, straightened. Edges between them count as straight in the world."""
        return undistorted(self.camera, pixels) if self.bends else pixels

    def ends(self, pairs: np.ndarray) -> np.ndarray:
        """Return pairs of plate pixels (n, 4), such as segments or boxes, straightened."""
        return undistorted(self.camera, pairs.reshape(-1, 2)).reshape(-1, 4) if self.bends else pairs

    def outline(self, polygon: np.ndarray) -> np.ndarray:
        """Return an outline (n, 2) that is exact in the plate, its edges too, straightened (m, 2)."""
        if not self.bends:
            return polygon
        return undistorted(self.camera, densified(polygon, STEP * self.camera.width, closed=True))

    def filming(self, frame: Frame) -> Frame:
        """Return a frame whose camera has this lens."""
        return replace(frame, camera=frame.camera.model_copy(update={"distortion": self.camera.distortion})) if self.bends else frame
