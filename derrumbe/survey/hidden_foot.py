"""What the outline leaves out of the building's foot: there the modelled walls go on down to the ground, but something hides them.

An outline follows what is seen. Its walls stand on level ground, so the model reaches below it wherever a fence, a hedge or a parapet stands before
the foot. Depth maps show only part of such things (mesh, leaves, plain boards), so what they don't tell there is taken for what hides the foot.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from derrumbe.core.records import FAR
from derrumbe.geom.depth import mesh_depth
from derrumbe.survey.filters import opened
from derrumbe.survey.foot import below_foot
from derrumbe.survey.geometry import Geometry
from derrumbe.survey.shown import Shown, rays_of
from derrumbe.survey.stillness import Stillness

LEAST = 0.008
"""Half the height of what hides a foot, at least, share of the longer side: less is how well an outline was drawn."""
BELOW = 0.03
"""What hides a foot hides the ground before it too, this far down, share of the longer side: there the model's shadows would lie on it."""
WALL = -0.3
"""Vote below which depth tells that the wall itself is seen."""
MOSTLY = 0.7
"""Share of what has a depth that must stand before the walls; else the outline was drawn too high, and what lies there is wall or street."""
TOLD = 0.1
"""Weight of a vote from which a pixel has a depth."""


@dataclass(frozen=True, eq=False)
class HiddenFoot:
    """mask (h, w) bool: where the first frame, as filmed, shows something else than the walls below the outline; ground (h, w) bool: right below
    that; walls (n, 3): planes as in `solved_planes`."""

    mask: np.ndarray
    ground: np.ndarray
    walls: np.ndarray
    still: Stillness

    def at(self, here: Shown) -> np.ndarray:
        """Return where (h, w) bool a frame sees that part of the walls, or would without what hides it."""
        return self._carried(self.mask, here)

    def _carried(self, mask: np.ndarray, here: Shown) -> np.ndarray:
        """Return a mask (h, w) bool of the first frame as another sees it, along the walls and as they would go on into the ground."""
        rays = rays_of(here) @ here.rotation
        origin = -here.translation @ here.rotation
        # along origin + t * ray a plane is met where its product is 1
        slope, start = rays @ self.walls.T, origin @ self.walls.T
        way = np.where(slope > 1e-9, (1 - start) / np.maximum(slope, 1e-9), np.inf).max(axis=-1)
        met = np.isfinite(way) & (way > 0)
        points = origin + rays * np.where(met, way, 1.0)[..., None]
        flat = points[..., :2] / np.maximum(points[..., 2:], 1e-9)
        bent = flat * (1 + self.still.radial * (flat**2).sum(axis=-1, keepdims=True))
        size = np.array(self.still.size)
        scale = mask.shape[1] / size[0]
        places = ((bent * self.still.focal[0] + size / 2) * scale - 0.5).astype(np.float32)
        seen = cv2.remap(mask.astype(np.float32), places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(met & (points[..., 2] > 1e-9) & (seen > 0.5))

    def is_borne_out(self, here: Shown, vote: np.ndarray, weight: np.ndarray) -> bool:
        """Does most of what has a depth there stand before the walls? To be asked of the first frame: it is the outline that is judged."""
        told = self.at(here) & (weight > TOLD)
        return bool(np.count_nonzero(told & (vote > 0)) > MOSTLY * np.count_nonzero(told))

    def hiding(self, here: Shown, vote: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Return what (h, w) bool hides the foot in a frame, and the ground right before it; vote, weight (h, w): -1 for walls to 1 for what is before
        them, and how sure."""
        return (self.at(here) | self._carried(self.ground, here)) & ~((vote < WALL) & (weight > TOLD))


def hidden_foot(geometry: Geometry, region: np.ndarray, walls: np.ndarray, still: Stillness) -> HiddenFoot | None:
    """Return the foot of the building that something hides in the first frame; None when its outline goes down to the ground.

    region (h, w) bool: the outlined silhouette.
    """
    model = mesh_depth(geometry.camera, geometry.vertices, geometry.triangles) < FAR
    band = model & ~region & below_foot(region)
    broad = opened(band, LEAST * max(region.shape))
    if not broad.any():
        return None
    reach = round(BELOW * max(region.shape))
    lower = cv2.dilate(broad.astype(np.uint8), np.ones((reach + 1, 1), np.uint8), anchor=(0, reach)) > 0
    return HiddenFoot(broad, lower & ~region, walls, still)
