"""What stands or passes before the building as casters of shadows: upright cards where their feet meet the ground.

A card has the thing's own silhouette, and stands where its near side does. How far it goes back nobody sees: nothing is said of ground that
only its rear may shade.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import eye, rays, rotation_matrix
from derrumbe.geom.depth import mesh_depth
from derrumbe.media.exr import read_exr
from derrumbe.survey.cast import Caster
from derrumbe.survey.filters import widened
from derrumbe.survey.wanderers import Wanderers

FRAMES, THINGS = 5, 1
"""So many frames, and things in each of them, are looked at."""
LEAST = 0.0015
"""Things smaller than this share of the picture say nothing."""
STRIPS = 24
LAYERS, THICKEST = 6, 0.5
"""So many cards behind it stand for a thing's rear, up to this share of its width."""
UNSURE = 0.004
"""Nothing is believed nearer to things than this share of the longer side: their edges are mixed pixels."""
SAYS = -4.0, 4.0
"""The least and the much that one sight of a thing says: a thing is no card, and its matte may be wrong in one frame."""
INSIDE = 0.01
"""Things this near to the picture's border (share of its size) are cut off by it."""


@dataclass(frozen=True, eq=False)
class Looks:
    """Where frames and mattes are, with `{frame}` in their paths, and a camera for each frame (one where it is locked).

    wanderers: what moves by itself before a moving camera. It touches what stands still in the picture, and both are in the matte.
    """

    picture: str
    matte: str
    cameras: tuple[Camera, ...]
    frames: tuple[int, ...]
    solid: tuple[np.ndarray, np.ndarray]
    wanderers: Wanderers | None = None

    def camera(self, frame: int) -> Camera:
        return self.cameras[0] if len(self.cameras) == 1 else self.cameras[frame - self.frames[0]]

    def things(self, frame: int, alpha: np.ndarray) -> list[np.ndarray]:
        """Return masks (h, w) bool of whole things in a frame's matte (h, w), the largest first."""
        solid = alpha > 0.5
        if self.wanderers is not None:
            moving = self.wanderers.at(frame).astype(np.float32)
            solid &= cv2.resize(moving, solid.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
        return sorted(_things(solid), key=lambda mask: -np.count_nonzero(mask))


def passing_casters(looks: Looks) -> tuple[Caster, ...]:
    """Return what throws shadows in front of the building, in the frames, far apart, that show most of it."""
    step = max(1, len(looks.frames) // (3 * FRAMES))
    shown = [(frame, read_exr(Path(looks.matte.format(frame=frame)), ("Y",))[..., 0]) for frame in looks.frames[step // 2 :: step]]
    found = [(frame, alpha, things) for frame, alpha in shown if (things := looks.things(frame, alpha)[:THINGS])]
    found.sort(key=lambda one: -sum(np.count_nonzero(mask) for mask in one[2]))
    return tuple(caster for one in found[:FRAMES] for caster in _casters(looks, *one))


def _casters(looks: Looks, frame: int, alpha: np.ndarray, things: list[np.ndarray]) -> Iterator[Caster]:
    camera = looks.camera(frame)
    texture = read_exr(Path(looks.picture.format(frame=frame)), ("R", "G", "B"))
    ground = ~widened(alpha > 0.02, max(2.0, UNSURE * max(alpha.shape)))
    ground &= ~widened(mesh_depth(camera, *looks.solid) < FAR / 10, 3)
    for mask in things:
        card = _card(camera, mask)
        if card is not None:
            yield Caster(texture, ground, camera, *card, float(card[0][:, 1].max()), _rear(camera, *card), SAYS)


def _things(solid: np.ndarray) -> Iterator[np.ndarray]:
    """Yield masks (h, w) bool of things large enough and whole: not cut off by the picture's border."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    height, width = solid.shape
    for label in range(1, count):
        left, top, wide, high, area = stats[label]
        whole = (
            left > INSIDE * width and left + wide < (1 - INSIDE) * width and top > INSIDE * height and top + high < (1 - INSIDE) * height
        )
        if area > LEAST * solid.size and whole:
            yield labels == label


def _card(camera: Camera, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return an upright, folding card, vertices (n, 3) and triangles (m, 3), that fills a mask (h, w) bool; None where it stands on no ground."""
    columns = np.flatnonzero(mask.any(axis=0))
    edges = np.unique(np.linspace(columns[0], columns[-1] + 1, STRIPS + 1).round().astype(int))
    tops = [int(np.argmax(mask[:, left:right].any(axis=1))) for left, right in itertools.pairwise(edges)]
    ways, origin = rays(camera, np.stack([edges, _feet(mask, edges)], 1).astype(np.float64)), eye(camera)
    if (ways[:, 1] > -1e-3).any() or origin[1] < 0.1:
        return None
    stand = origin - ways * (origin[1] / ways[:, 1:2])
    level = rotation_matrix(camera)[2] * (1, 0, 1)
    vertices = []
    for index, top in enumerate(tops):
        for foot, edge in zip(stand[index : index + 2], edges[index : index + 2], strict=True):
            head = rays(camera, np.array([[edge, top]], np.float64))[0]
            vertices += [foot, origin + head * ((foot - origin) @ level) / max(float(head @ level), 1e-6)]
    first = 4 * np.arange(len(tops))[:, None]
    return np.array(vertices), np.concatenate([first + np.array([0, 2, 3]), first + np.array([0, 3, 1])]).astype(np.int32)


def _rear(camera: Camera, vertices: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where the rear of a card's thing may be: vertices (n, 3) and triangles (m, 3) of cards behind it."""
    away = rotation_matrix(camera)[2] * (1, 0, 1)
    deepest = THICKEST * float(np.linalg.norm(np.ptp(vertices[:, [0, 2]], axis=0)))
    steps = np.arange(1, LAYERS + 1)[:, None, None] / LAYERS * deepest * away / np.linalg.norm(away)
    return (vertices + steps).reshape(-1, 3), np.concatenate([triangles + index * len(vertices) for index in range(LAYERS)])


def _feet(mask: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the rows (n,) at `columns` (n,) on which a thing stands: the lower side of the hull of its mask (h, w) bool."""
    hull = cv2.convexHull(cv2.findNonZero(mask.astype(np.uint8)))[:, 0].astype(np.float64)
    hull = np.concatenate([hull, hull[:1]])
    rows = []
    for column in np.clip(columns, hull[:, 0].min(), hull[:, 0].max()):
        a, b = hull[:-1], hull[1:]
        on = (np.minimum(a[:, 0], b[:, 0]) <= column) & (np.maximum(a[:, 0], b[:, 0]) >= column)
        share = np.clip((column - a[on, 0]) / np.where(b[on, 0] == a[on, 0], 1, b[on, 0] - a[on, 0]), 0, 1)
        rows.append(float((a[on, 1] + share * (b[on, 1] - a[on, 1])).max()) + 1)
    return np.array(rows)
