"""The physical layers as one picture, the way comp stacks them: what a model is shown, and what its answer is measured against.

Without the lens's softness and new grain, which comp adds later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.generate.generator import Source

GROUPS = ("dust_behind", "pieces", "debris", "dust_front")
"""Back to front."""
CHANNELS = (*(f"{group}.{name}" for group in GROUPS for name in "RGBA"), "shadow.R", "shadow.G", "shadow.B", "removed.Y")
GENERATED = ("generated.R", "generated.G", "generated.B", "generated.A")
"""What a model's pictures enter the layers as: premultiplied, over everything new, under what stands in front."""


@dataclass(frozen=True)
class Physical:
    """A frame at the plate's size, float32 scene-linear ACEScg.

    behind: (h, w, 3) all but what stands in front. whole: (h, w, 3) with it. cover: (h, w) share of the pixel that is new.
    front: (h, w) coverage of what stands in front.
    """

    behind: np.ndarray
    whole: np.ndarray
    cover: np.ndarray
    front: np.ndarray


def physical(source: Source, frame: int) -> Physical:
    """Return `frame` put together from its layers."""
    plate, clean = np.nan_to_num(source.plate(frame)), np.nan_to_num(source.clean(frame))
    planes = np.nan_to_num(source.guide(frame, CHANNELS))
    colours = {group: planes[..., 4 * i : 4 * i + 4] for i, group in enumerate(GROUPS)}
    shadow, gone = planes[..., 16:19], planes[..., 19:20]
    solid = colours["pieces"][..., 3:]
    # a piece's edge covers first what it left, as in comp
    bare = np.clip(np.maximum(gone - solid, 0) / np.maximum(1 - solid, 1e-4), 0, 1)
    value = (plate + bare * (clean - plate)) * shadow
    for group in GROUPS:
        value = over(colours[group], value)
    cover = np.max([gone[..., 0], *(colours[group][..., 3] for group in GROUPS), np.abs(shadow - 1).max(-1)], axis=0)
    front = source.front(frame)
    front = np.zeros_like(cover) if front is None else front
    whole = value + front[..., None] * (plate - value)
    return Physical(value, whole, np.clip(cover, 0, 1).astype(np.float32), front)


def with_made(scene: Physical, made: np.ndarray, plate: np.ndarray) -> np.ndarray:
    """Return the whole picture (h, w, 3) with a model's premultiplied layer (h, w, 4) between `scene.behind` and what stands in front."""
    value = over(made, scene.behind)
    return value + scene.front[..., None] * (plate - value)


def over(layer: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Return a premultiplied layer (h, w, 4) over a picture (h, w, 3)."""
    return layer[..., :3] + (1 - layer[..., 3:]) * behind
