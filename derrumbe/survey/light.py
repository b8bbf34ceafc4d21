"""Sun and sky: their kind and strength, so that a façade of plausible albedo shows as it does in the plate. Where the sun stands: `sun_place`."""

from __future__ import annotations

import numpy as np

from derrumbe.core.knobs import Light
from derrumbe.core.records import Camera, Caution, Facade, Sun, Vec3
from derrumbe.geom.camera import project
from derrumbe.media.colour import from_hex
from derrumbe.survey.cast import Caster, towards
from derrumbe.survey.clear_sky import BLUE, find_clear_sky
from derrumbe.survey.filters import filled
from derrumbe.survey.shadows_around import ShadowsAround
from derrumbe.survey.sun_place import SEEN, SUN_OVER_SKY, Cue, Face, SunPlace, faces_cue, find_sun, lit_cue

LUMA = np.array([0.2722287168, 0.6740817658, 0.0536895174])
ALBEDO = {"brick": 0.26, "concrete": 0.40, "stone": 0.42, "timber": 0.32}
"""Luminance albedo of walls (CIBSE and ASHRAE tables, middle of each range)."""
PALE = 0.6
"""Luminance albedo of a façade's light parts: pale stone, plaster, white paint."""
PAINT, BRIGHTEST = 0.72, 99
"""Luminance albedo of the palest things in a street, and the percentile of the plate below the sky that they are."""
UPRIGHT = 0.6
"""The same under a sky that is seen to be overcast, as level ground would have it: some of the palest things stand upright and see half of it."""
PAVING, LIT_GROUND = 0.2, 60
"""Luminance albedo of asphalt, paving and grass taken together, and the percentile of the ground that is lit."""
GROUND_ALBEDO = 0.18
"""What ground that isn't seen sends back of the light that reaches it."""
DARK_GROUND, PALE_GROUND = 0.06, 0.6
"""Least and most that seen ground sends back: wet asphalt, and white gravel or old snow."""
LEAST_SUN = 0.3
"""Least light of a sun that shines, over the sky's."""
ROUNDS = 8
"""Times that what the ground sends back and how bright white paint in its light would be are found in turn."""
BLUE_SHARE = 0.15
OPEN_DEG = 15.0
"""Where the sun stands is called a guess when it may well be further off than this."""
NOWHERE = SunPlace(150.0, 60.0, 60.0)
"""Where an overcast sky's light comes from, if anywhere."""
SKY_SEEN = 50
"""Pixels of sky from which it is said to be in the picture."""
ENOUGH = 400
"""Pixels of a façade that tell how bright it is."""
WHOLE_SKY = 0.6
"""Power that turns the tint of the sky in the picture into the tint of all that isn't the sun."""
SUN_TINT = np.array([1.06, 0.99, 0.90])
LEAST_WARM = 0.5
"""Of the sun's tint, as a power of SUN_TINT; at most it is 1 over the sine of its height: the way through the air."""
SUNLIT = 75
"""Percentile of the ground that the sun lights where any is lit."""
LIGHT_PARTS = 90
"""Percentile of the façade's pixels that are its light parts: dark paint and windows say nothing of the sun."""


def estimate(
    texture: np.ndarray,
    sky: np.ndarray,
    walls: np.ndarray,
    ground: np.ndarray,
    normal: np.ndarray,
    material: str,
    knobs: Light,
    place: SunPlace = NOWHERE,
) -> Sun:
    """Return the Sun. `texture` (h, w, 3); `sky` alpha; `walls`, `ground` (h, w) bool; `normal`: the main façade's.

    place: where the sun stands; a shadow on the ground that was found tells strength and tint as well.
    """
    heaven = texture[sky > 0.99]
    overcast = knobs.sky == "overcast" if knobs.sky != "auto" else place.shadow is None and _is_overcast(heaven)
    wall = _median(texture, walls, 0.3)
    light_parts = float(np.percentile(texture[walls] @ LUMA.astype(np.float32), LIGHT_PARTS)) if walls.any() else 0.3
    azimuth, elevation = (NOWHERE.azimuth, NOWHERE.elevation) if overcast else (place.azimuth, place.elevation)
    azimuth = knobs.sun_azimuth if knobs.sun_azimuth is not None else azimuth
    elevation = knobs.sun_elevation if knobs.sun_elevation is not None else elevation
    direction = towards(azimuth, elevation)
    sky_tint = _sky_tint(heaven, place.shadow)
    strength = SUN_OVER_SKY * SUN_TINT if place.shadow is None else _strength(place.shadow, direction, sky_tint)
    lit = float(np.asarray(normal) @ direction)
    # Dark paint would make the light dim: the façade's light parts are at most as pale as PALE.
    white = max(float(wall @ LUMA) / ALBEDO[material], light_parts / PALE)
    luminance = texture @ LUMA.astype(np.float32)
    if place.shadow is None and not overcast and lit <= 0:
        strength = _beside_shade(white, luminance, sky, ground, direction) * SUN_TINT
    earth_hue = _ground_hue(texture[ground], sky_tint + (0 if overcast else max(0.0, direction[1])) * strength)
    sky_tint, strength = _coloured(knobs.sky_color, sky_tint), _coloured(knobs.sun_color, strength)
    known_grey = overcast and len(heaven) >= SKY_SEEN
    palest = _palest(luminance, sky) / (UPRIGHT if known_grey else PAINT)
    shape = _shape(np.zeros(3) if overcast else strength, direction, sky_tint, GROUND_ALBEDO, earth_hue)
    shown = shape[0] * max(0.0, lit) + 0.5 * (shape[1] + shape[2])
    flat = float((shape[1] + shape[0] * max(0.0, direction[1])) @ LUMA)
    by_plate = _level(white * flat / float(shown @ LUMA), luminance, sky, ground)
    for _ in range(ROUNDS):
        scale = max(min(by_plate / flat, palest / max(flat, _sunward(shape, direction))), 1e-4)
        shape = _shape(shape[0], direction, sky_tint, _sent_back(luminance, ground, scale * flat), earth_hue)
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


def sun_place(
    texture: np.ndarray,
    sky: np.ndarray,
    walls: np.ndarray,
    ground: np.ndarray,
    camera: Camera,
    facades: tuple[Facade, ...],
    casters: tuple[Caster, ...],
    around: ShadowsAround | None = None,
) -> SunPlace:
    """Return where the sun stands in a picture (h, w, 3) with sky alpha, `walls` and `ground` (h, w) bool, façades as seen by `camera`."""
    faces = faces_of(texture, walls, camera, facades)
    cues: list[Cue] = [faces_cue(faces)]
    clear = find_clear_sky(texture, sky, camera)
    light = texture @ LUMA.astype(np.float32)
    if clear is not None:
        cues.append(clear.evidence)
    if faces and np.count_nonzero(ground) > ENOUGH:
        first = faces[0]
        of_sky = first.light / float(np.median(light[sky > 0.99])) if clear is not None else None
        cues.append(lit_cue(first.normal, first.light / float(np.percentile(light[ground], SUNLIT)), of_sky, first.bluish))
    return find_sun(casters, tuple(cues), around)


def cautions_of(texture: np.ndarray, sky: np.ndarray, knobs: Light, place: SunPlace) -> list[Caution]:
    """Return what to tell the artist where nothing in the plate says how the light falls."""
    heaven = texture[sky > 0.99]
    if knobs.sky == "overcast" or knobs.sun_azimuth is not None:
        return []
    if place.shadow is None and len(heaven) < SKY_SEEN:
        return [
            Caution(
                what="no sky is seen, nor a shadow that falls clearly: the light is taken for overcast",
                remedy="if the sun shines in the plate, set light.sky=clear with light.sun_azimuth and light.sun_elevation",
            )
        ]
    if place.spread_deg < OPEN_DEG or (place.shadow is None and knobs.sky == "auto" and _is_overcast(heaven)):
        return []
    return [
        Caution(
            what=f"where the sun stands is a guess: {place.azimuth:.0f} degrees round, {place.elevation:.0f} high, give or take "
            f"{place.spread_deg:.0f}",
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


def _level(by_wall: float, light: np.ndarray, sky: np.ndarray, ground: np.ndarray) -> float:
    """Return the luminance of white level ground, on which walls and ground agree. light: (h, w) luminance.

    A sun that grazes the façade, or a façade in the shade, says little of the street's light.
    """
    below = ground & (sky < 0.01)
    return float(np.sqrt(by_wall * np.percentile(light[below], LIT_GROUND) / PAVING)) if np.count_nonzero(below) > ENOUGH else by_wall


def _sent_back(light: np.ndarray, ground: np.ndarray, level: float) -> float:
    """Return what share of `level`, the luminance of white level ground, the ground shows on the whole in a picture (h, w) of luminance."""
    seen = light[ground]
    return float(np.clip(seen.mean() / level, DARK_GROUND, PALE_GROUND)) if len(seen) > ENOUGH else GROUND_ALBEDO


def _palest(light: np.ndarray, sky: np.ndarray) -> float:
    """Return the luminance of the palest things in a picture (h, w) below the sky."""
    below = light[sky < 0.01]
    return float(np.percentile(below, BRIGHTEST)) if len(below) else np.inf


def _sunward(shape: tuple[np.ndarray, np.ndarray, np.ndarray], direction: np.ndarray) -> float:
    """Return the luminance of the white wall that the sun lights most of those the camera may see: a low sun lights it more than the ground. A sun from
    behind lights those that stand sideways."""
    facing = float(np.hypot(direction[0], max(0.0, direction[2])))
    return float((shape[0] * facing + 0.5 * (shape[1] + shape[2])) @ LUMA)


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
            faces.append(_face(facade.normal, texture[shown]))
    return tuple(faces)


def _face(normal: Vec3, pixels: np.ndarray) -> Face:
    light = pixels @ LUMA.astype(np.float32)
    low, high, white = np.percentile(light, (LIGHT_PARTS - 10, LIGHT_PARTS, 97))
    red, _, blue = np.median(pixels[(light >= low) & (light <= white)], axis=0)
    return Face(normal, float(high), float(np.log(max(blue, 1e-4) / max(red, 1e-4))))


def _is_overcast(heaven: np.ndarray) -> bool:
    if len(heaven) < SKY_SEEN:
        return True
    return bool(np.mean(heaven[:, 0] < BLUE * heaven[:, 2]) < BLUE_SHARE)


def _strength(shadow: np.ndarray, direction: np.ndarray, sky_tint: np.ndarray) -> np.ndarray:
    """Return the sun's light over the sky's (3,), from how much darker the ground is in the shadow: there it sees SEEN of the sky."""
    rise = max(float(direction[1]), 0.1)
    over = np.maximum((shadow * SEEN - 1) * sky_tint / rise, LEAST_SUN)
    return min(float(over @ LUMA), _clearest(rise)) * _sunlight(_tint(over), float(direction[1]))


def _beside_shade(white: float, light: np.ndarray, sky: np.ndarray, ground: np.ndarray, direction: np.ndarray) -> float:
    """Return the sun's light over the sky's where the façade stands in its own shade: that shows the light of sky and ground alone, `white`: as a white
    wall would, and the ground in a picture (h, w) of luminance that of all."""
    below = ground & (sky < 0.01)
    if np.count_nonzero(below) <= ENOUGH:
        return SUN_OVER_SKY
    rise, level = max(float(direction[1]), 0.1), float(np.percentile(light[below], LIT_GROUND)) / PAVING
    of_sky = np.clip((2 * white - _sent_back(light, ground, level) * level) / level, 1 / (1 + SUN_OVER_SKY * rise), 1)
    return max(LEAST_SUN, float(1 / of_sky - 1) / rise)


def _clearest(rise: float) -> float:
    """Return how much brighter than a clear sky's light on level ground the sun's is on a face turned to it, at a height of which `rise` is the sine (IES
    standard clear sky, Gillette, Pierpoint & Treado 1984). A shadow may be darker than that: under a car hardly any sky is seen."""
    return float(127.5 * np.exp(-0.21 / rise) / (0.8 + 15.5 * np.sqrt(rise)))


def _sunlight(tint: np.ndarray, rise: float) -> np.ndarray:
    """Return the tint (3,) of sunlight next to `tint`: the warmer the more air it comes through, and no warmer than that from a sun so high (`rise`:
    the sine). What is left when shade is taken from lit ground is two differences of like numbers, and may be any colour."""
    usual = np.log(SUN_TINT / float(SUN_TINT @ LUMA))
    warmth = float(np.log(tint) @ usual) / float(usual @ usual)
    return _tint(np.exp(np.clip(warmth, LEAST_WARM, 1 / max(rise, 0.1)) * usual))


def _shape(
    sun: np.ndarray, direction: np.ndarray, sky_tint: np.ndarray, albedo: float, hue: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return unscaled (sun, sky, ground) light; albedo: share of the luminance that ground of a `hue` (3,) sends back."""
    arriving = sky_tint + sun * max(0.0, direction[1])
    return sun, sky_tint, albedo * float(arriving @ LUMA) * _tint(arriving * hue)


def _ground_hue(pixels: np.ndarray, arriving: np.ndarray) -> np.ndarray:
    """Return how much more of each channel (3,) the ground of these pixels (n, 3) sends back of the light that arrives at it (3,)."""
    return _tint(pixels.mean(axis=0)) / _tint(arriving) if len(pixels) else np.ones(3)


def _sky_tint(heaven: np.ndarray, shadow: np.ndarray | None) -> np.ndarray:
    """Return the colour (3,) of the light that isn't the sun's, luminance 1.

    Ground in a shadow shows it: the sun's colour over how much more of each channel the lit ground gets. Else it is the sky in the picture,
    less blue than that: most of the sky is paler, and what streets throw back is warm.
    """
    if shadow is not None:
        return _tint(SUN_TINT / np.maximum(shadow, 1.0))
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
