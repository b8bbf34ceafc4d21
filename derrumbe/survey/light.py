"""Sun and sky: their kind, direction and strength, so that a façade of plausible albedo shows as it does in the plate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.knobs import Light
from derrumbe.core.records import Camera, Caution, Facade, Sun, Vec3
from derrumbe.geom.camera import project
from derrumbe.media.colour import from_hex
from derrumbe.survey.cast import CastShadow, towards
from derrumbe.survey.filters import filled

LUMA = np.array([0.2722287168, 0.6740817658, 0.0536895174])
ALBEDO = {"brick": 0.26, "concrete": 0.40, "stone": 0.42, "timber": 0.32}
"""Luminance albedo of walls (CIBSE and ASHRAE tables, middle of each range)."""
PALE = 0.6
"""Luminance albedo of a façade's light parts: pale stone, plaster, white paint."""
PAINT, BRIGHTEST = 0.72, 99
"""Luminance albedo of the palest things in a street, and the percentile of the plate below the sky that they are."""
UPRIGHT = 0.6
"""The same under an overcast sky, as level ground would have it: some of the palest things stand upright and see half of the sky."""
PAVING, LIT_GROUND = 0.2, 60
"""Luminance albedo of asphalt, paving and grass taken together, and the percentile of the ground that is lit."""
GROUND_ALBEDO = 0.18
BLUE_SKY = 0.80
"""Red over blue light below this is blue sky."""
BLUE_SHARE = 0.15
SUN_OVER_SKY = 4.5
"""Clear sky: sun facing a surface, over the whole sky facing up (CIE clear sky, sun at about 40 degrees)."""
SEEN = 0.75
"""Share of the sky's light that reaches the ground in a building's shadow."""
AMBIENT = 0.6
"""Light of sky and ground on a wall, over the whole sky's facing up."""
UNLIKE = 0.18
"""Two façades whose light parts differ by less than this (log) don't tell the sun."""
ELEVATION = 42.0
ENOUGH = 400
"""Pixels of a façade that tell how bright it is."""
WHOLE_SKY = 0.6
"""Power that turns the tint of the sky in the picture into the tint of all that isn't the sun."""
SUN_TINT = np.array([1.06, 0.99, 0.90])
LIT = 0.36
"""A façade whose light parts are brighter than this share of the sky stands in the sun (plates: 0.46 and 1.3 in the sun, 0.25 in shade)."""
LIGHT_PARTS = 90
"""Percentile of the façade's pixels that are its light parts: dark paint and windows say nothing of the sun."""


@dataclass(frozen=True)
class Face:
    """A façade: which way it looks, and how bright its light parts are."""

    normal: Vec3
    light: float


def estimate(
    texture: np.ndarray,
    sky: np.ndarray,
    walls: np.ndarray,
    ground: np.ndarray,
    normal: np.ndarray,
    material: str,
    knobs: Light,
    cast: CastShadow | None = None,
    faces: tuple[Face, ...] = (),
) -> Sun:
    """Return the Sun. `texture` (h, w, 3); `sky` alpha; `walls`, `ground` (h, w) bool; `normal`: the main façade's.

    cast: the building's shadow on the ground, where one was found: it tells direction, strength and tint. faces: both façades where two
    are seen: the brighter one looks to the sun.
    """
    heaven = texture[sky > 0.99]
    overcast = knobs.sky == "overcast" if knobs.sky != "auto" else cast is None and _is_overcast(heaven)
    wall = _median(texture, walls, 0.3)
    light_parts = float(np.percentile(texture[walls] @ LUMA.astype(np.float32), LIGHT_PARTS)) if walls.any() else 0.3
    azimuth, elevation = (cast.azimuth, cast.elevation) if cast else _sun_angles(texture, sky, light_parts, heaven, overcast, faces)
    azimuth = knobs.sun_azimuth if knobs.sun_azimuth is not None else azimuth
    elevation = knobs.sun_elevation if knobs.sun_elevation is not None else elevation
    direction = towards(azimuth, elevation)
    sky_tint = _sky_tint(heaven, cast)
    strength = SUN_OVER_SKY * SUN_TINT if cast is None else _strength(cast, direction, sky_tint)
    sky_tint, strength = _coloured(knobs.sky_color, sky_tint), _coloured(knobs.sun_color, strength)
    shape = _shape(np.zeros(3) if overcast else strength, direction, sky_tint, _tint(_median(texture, ground, 0.2)))
    lit = float(np.asarray(normal) @ direction)
    shown = shape[0] * max(0.0, lit) + 0.5 * (shape[1] + shape[2])
    # Dark paint would make the light dim: the façade's light parts are at most as pale as PALE.
    white = max(float(wall @ LUMA) / ALBEDO[material], light_parts / PALE)
    flat = float((shape[1] + shape[0] * max(0.0, direction[1])) @ LUMA)
    scale = _level(white * flat / float(shown @ LUMA), texture @ LUMA.astype(np.float32), sky, ground, overcast) / flat
    by_hand = knobs.sun_strength, knobs.sky_strength, _bounce(knobs, shape, direction)
    sun, heaven_rgb, earth = (_vec3(part * scale * factor) for part, factor in zip(shape, by_hand, strict=True))
    return Sun(
        direction=_vec3(direction),
        rgb=sun,
        sky_rgb=heaven_rgb,
        ground_rgb=earth,
        overcast=overcast,
        softness_deg=25.0 if overcast else 0.53,
    )


def cautions_of(texture: np.ndarray, sky: np.ndarray, knobs: Light, cast: CastShadow | None, faces: tuple[Face, ...]) -> list[Caution]:
    """Return what to tell the artist where nothing in the plate says how the light falls."""
    heaven = texture[sky > 0.99]
    if cast is not None or knobs.sky == "overcast" or knobs.sun_azimuth is not None:
        return []
    if len(heaven) < 50:
        return [
            Caution(
                what="no sky is seen, nor a shadow that the building casts clearly: the light is taken for overcast",
                remedy="if the sun shines in the plate, set light.sky=clear with light.sun_azimuth and light.sun_elevation",
            )
        ]
    told = len(faces) > 1 and abs(np.log(faces[0].light / faces[1].light)) > UNLIKE
    if told or (knobs.sky == "auto" and _is_overcast(heaven)):
        return []
    return [
        Caution(
            what="no shadow of the building is seen clearly: where the sun stands is a guess from the brighter side of the sky",
            remedy="set light.sun_azimuth (90: right of frame, 180: behind the camera) and light.sun_elevation by the plate's shadows",
        )
    ]


def _coloured(color: str, light: np.ndarray) -> np.ndarray:
    """Return light (3,) in the hue of a knob, as bright as before."""
    if color == "auto":
        return light
    hue = np.maximum(from_hex(color), 1e-3)
    return hue * float(light @ LUMA) / float(hue @ LUMA)


def _bounce(knobs: Light, shape: tuple[np.ndarray, np.ndarray, np.ndarray], direction: np.ndarray) -> float:
    """Return by how much the ground sends back more or less, when sun and sky are turned by hand."""
    sun, sky = float(shape[0] @ LUMA) * max(0.0, float(direction[1])), float(shape[1] @ LUMA)
    return (knobs.sun_strength * sun + knobs.sky_strength * sky) / max(sun + sky, 1e-9)


def _level(by_wall: float, light: np.ndarray, sky: np.ndarray, ground: np.ndarray, overcast: bool) -> float:
    """Return the luminance of white level ground: what walls and ground agree on, and no more than what the palest things in the plate allow.

    A sun that grazes the façade, or a façade in the shade, says little of the street's light. light: (h, w) luminance.
    """
    below = ground & (sky < 0.01)
    level = by_wall
    if np.count_nonzero(below) > ENOUGH:
        level = float(np.sqrt(by_wall * np.percentile(light[below], LIT_GROUND) / PAVING))
    palest = float(np.percentile(light[sky < 0.01], BRIGHTEST)) if (sky < 0.01).any() else np.inf
    return max(min(level, palest / (UPRIGHT if overcast else PAINT)), 1e-4)


def faces_of(texture: np.ndarray, walls: np.ndarray, camera: Camera, facades: tuple[Facade, ...]) -> tuple[Face, ...]:
    """Return the façades that show enough of themselves in `walls` (h, w) bool of `texture` (h, w, 3)."""
    faces = []
    for facade in facades:
        origin, along = np.asarray(facade.origin), np.asarray(facade.along) * facade.width
        up = np.array([0.0, facade.height, 0.0])
        corners = origin + np.array([np.zeros(3), along, along + up, up])
        pixels, depth = project(camera, corners)
        if (depth < 0.1).any():
            continue
        shown = (filled([np.clip(pixels, -1e4, 1e4)], walls.shape[:2]) > 0) & walls
        if np.count_nonzero(shown) > ENOUGH:
            faces.append(Face(facade.normal, float(np.percentile(texture[shown] @ LUMA.astype(np.float32), LIGHT_PARTS))))
    return tuple(faces)


def _is_overcast(heaven: np.ndarray) -> bool:
    if len(heaven) < 50:
        return True
    return bool(np.mean(heaven[:, 0] < BLUE_SKY * heaven[:, 2]) < BLUE_SHARE)


def _sun_angles(
    texture: np.ndarray, sky: np.ndarray, light_parts: float, heaven: np.ndarray, overcast: bool, faces: tuple[Face, ...]
) -> tuple[float, float]:
    """Return (azimuth, elevation) in degrees. A lit façade has the sun behind the camera, a dark one before it; the brighter of two façades
    looks to the sun, else the brighter side of the sky is the sun's."""
    if overcast or len(heaven) < 50:
        return 150.0, 60.0
    if len(faces) > 1 and abs(np.log(faces[0].light / faces[1].light)) > UNLIKE:
        return _by_faces(faces[0], faces[1], light_parts > LIT * float(np.median(heaven @ LUMA)))
    side = _brighter_side(texture, sky)
    if light_parts > LIT * float(np.median(heaven @ LUMA)):
        return 180.0 - 50.0 * side, 42.0
    return 40.0 * side, 38.0


def _brighter_side(texture: np.ndarray, sky: np.ndarray) -> float:
    """Return +1 when the right of the sky is brighter, -1 when the left is."""
    clear = sky > 0.99
    columns = np.broadcast_to(np.arange(sky.shape[1]), sky.shape)[clear]
    light = texture[clear] @ LUMA.astype(np.float32)
    middle = np.median(columns)
    right, left = light[columns > middle], light[columns <= middle]
    return 1.0 if len(right) and len(left) and np.median(right) > np.median(left) else -1.0


def _by_faces(first: Face, second: Face, first_is_lit: bool) -> tuple[float, float]:
    """Return the (azimuth, elevation) at which a clear sky lights two façades as unlike as they are."""
    elevation = ELEVATION
    wanted = float(np.log(first.light / second.light))
    found = []
    for azimuth in np.arange(0.0, 360.0, 5.0):
        direction = towards(azimuth, elevation)
        facing = [max(0.0, float(np.asarray(face.normal) @ direction)) for face in (first, second)]
        told = float(np.log((SUN_OVER_SKY * facing[0] + AMBIENT) / (SUN_OVER_SKY * facing[1] + AMBIENT)))
        found.append((abs(told - wanted) + (0.5 if (facing[0] > 0.05) != first_is_lit else 0.0), azimuth))
    # Several azimuths may do; the middle of the good ones is least wrong.
    best = min(found)[0]
    good = np.radians([azimuth for miss, azimuth in found if miss < best + 0.05])
    return float(np.degrees(np.arctan2(np.sin(good).mean(), np.cos(good).mean())) % 360), elevation


def _strength(cast: CastShadow, direction: np.ndarray, sky_tint: np.ndarray) -> np.ndarray:
    """Return the sun's light over the sky's (3,), from how much darker the ground is in the shadow: there it sees SEEN of the sky."""
    over = (cast.ratio * SEEN - 1) * sky_tint / max(float(direction[1]), 0.1)
    return np.clip(over, 0.3, 12.0)


def _shape(
    sun: np.ndarray, direction: np.ndarray, sky_tint: np.ndarray, ground_tint: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return unscaled (sun, sky, ground) light."""
    arriving = sky_tint + sun * max(0.0, direction[1])
    return sun, sky_tint, GROUND_ALBEDO * arriving * ground_tint


def _sky_tint(heaven: np.ndarray, cast: CastShadow | None) -> np.ndarray:
    """Return the colour (3,) of the light that isn't the sun's, luminance 1.

    Ground in a shadow shows it: the sun's colour over how much more of each channel the lit ground gets. Else it is the sky in the picture,
    less blue than that: most of the sky is paler, and what streets throw back is warm.
    """
    if cast is not None:
        return _tint(SUN_TINT / np.maximum(cast.ratio, 1.0))
    return _tint(_tint(np.median(heaven, axis=0)) ** WHOLE_SKY) if len(heaven) else np.ones(3)


def _tint(colour: np.ndarray) -> np.ndarray:
    """Return a colour at luminance 1, no more saturated than daylight gets."""
    luma = float(colour @ LUMA)
    return np.clip(colour / luma, 0.6, 1.6) if luma > 1e-6 else np.ones(3)


def _median(texture: np.ndarray, mask: np.ndarray, default: float) -> np.ndarray:
    pixels = texture[mask]
    return np.median(pixels, axis=0).astype(np.float64) if len(pixels) else np.full(3, default)


def _vec3(values: np.ndarray) -> Vec3:
    x, y, z = (float(value) for value in values)
    return x, y, z
