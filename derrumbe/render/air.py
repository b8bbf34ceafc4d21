"""Dust in a frame: what it takes from light, and the two layers it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from derrumbe.core.knobs import Render
from derrumbe.core.records import FAR, Camera
from derrumbe.geom.camera import eye
from derrumbe.media.exr import read_exr
from derrumbe.render.dust_holdout import FOOT, before_foot, dust_depth
from derrumbe.render.light import Transmittance, clear_air, lamp_of
from derrumbe.render.masonry import masonry_of
from derrumbe.render.raster import Window
from derrumbe.render.scene import Inputs
from derrumbe.render.settings import DustLook

if TYPE_CHECKING:
    from derrumbe.render.dust_march import Things

LARGE = 1280
"""Width of a picture from which on rays are as many as the knob says."""
RIM = 3
"""Pixels over which edges of solids reach, by their own smoothness and by their motion."""


@dataclass(frozen=True, eq=False)
class Air:
    """The lit cloud of a frame; `lit` is None in clear air."""

    lit: Any

    @property
    def sun(self) -> Transmittance:
        return self._through("sun_transmittance")

    @property
    def sky(self) -> Transmittance:
        return self._through("sky_transmittance")

    def _through(self, name: str) -> Transmittance:
        if self.lit is None:
            return clear_air
        from derrumbe.render import dust_light

        return lambda points, normals: getattr(dust_light, name)(self.lit, points, normals)


def air(inputs: Inputs, frame: int, look: DustLook) -> Air:
    """Return the dust of a frame, lit by the set's sun and surroundings."""
    from derrumbe.render.dust_light import light_cloud, voxel_pixels

    film_set = inputs.film_set.record
    lit = light_cloud(
        inputs.cloud,
        frame,
        film_set.sun,
        color=look.color,
        density=look.density,
        facade_rgb=masonry_of(inputs),
        pixels=voxel_pixels(film_set.cameras[0], inputs.cloud.record),
        around=lamp_of(inputs.film_set).around,
        eye=eye(film_set.camera_at(frame)),
    )
    return Air(lit)


def march(
    inputs: Inputs,
    lit: Air,
    camera: Camera,
    frame: int,
    window: Window,
    solid: np.ndarray,
    standing: np.ndarray,
    render: Render,
    shutter: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None] | None:
    """Return dust in front of all solids and behind them, (h,w,4) float32 each, and the opacity (h,w) of that before what stands in front
    in the plate (None when nothing does); or None in clear air. solid, standing (h,w): depth of what is new, and of the building at rest, in
    `window`; shutter: seconds that it is open."""
    if lit.lit is None:
        return None
    from derrumbe.render.dust_lumps import detail_for
    from derrumbe.render.dust_march import march as through

    depth = np.full((camera.height, camera.width), FAR, np.float32)
    depth[window.slices] = widened(solid)
    detail = detail_for(inputs.film_set.record.cameras[0], lit.lit, shutter)
    things = _things(inputs, frame)
    low = FOOT * inputs.film_set.record.building.height
    front, behind = through(
        lit.lit,
        camera,
        depth,
        before_foot(dust_depth(inputs, frame), window, standing, camera, low),
        scale=rays(render.dust_scale, camera.width),
        step=render.dust_step,
        seed=seed,
        detail=detail,
        things=things,
    )
    return front, behind, None if things is None else things.dust


def widened(depth: np.ndarray) -> np.ndarray:
    """Return depths (h,w) that go on past the edges of solids, over RIM pixels where there are none: a pixel that a solid covers in part shows it
    through the dust before it, as those beside it do. What no solid covers looks the same, cut in two or not."""
    import cv2

    near = cv2.erode(depth, np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8))
    return np.where(depth < FAR, depth, near)


def rays(scale: float, width: int) -> float:
    """Return the size at which dust is marched in a picture `width` pixels wide, `scale` at LARGE and more: small pictures have the time for
    more rays, and are enlarged more when they are watched."""
    return min(scale * max((LARGE / width) ** 0.5, 1.0), 1.0)


def _things(inputs: Inputs, frame: int) -> Things | None:
    """Return what stands or passes in front in the plate, as far as its depth is known."""
    film_set = inputs.film_set
    if film_set.record.foreground_depth is None:
        return None
    from derrumbe.render.dust_march import Things

    return Things.at(read_exr(film_set.path(film_set.record.foreground_depth, frame), ("Z",))[..., 0])
