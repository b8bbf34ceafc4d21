"""What can be said in a brief, whatever the language: each meaning, and the knobs that it sets.

`address=value`, several separated by spaces. `{slot}` is what stood in the sentence, `{slot:table}` the same looked up in a table below,
`a*{slot}` a product, where `default` is the knob's own default. `?address=value` fills a knob in that neither the sentence nor the
caller set, `??` only when no `?` did; `!address=none` clears a knob that would win over what was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEADING: Mapping[Any, float] = {"away": 0, "right": 90, "towards": 180, "left": 270}
FROM_HEADING: Mapping[Any, float] = {"towards": 0, "left": 90, "away": 180, "right": 270}

TABLES: Mapping[str, Mapping[Any, float]] = {"heading": HEADING, "from_heading": FROM_HEADING}
"""heading: a direction as seen by the camera, in degrees; from_heading: the heading of what comes from there."""

MEANINGS: Mapping[str, str] = {
    "trigger_seconds": "trigger.time={seconds} !trigger.frame=none",
    "trigger_frame": "trigger.frame={int}",
    "pancake": "collapse.mode=pancake",
    "progressive": "collapse.mode=progressive",
    "topple": "collapse.mode=topple",
    "topple_direction": "collapse.direction={direction} ?collapse.mode=topple",
    "partial": "collapse.mode=partial",
    "rest": "??collapse.mode=partial",
    "part": "collapse.part={part} ??collapse.mode=partial",
    "whole": "collapse.part=all",
    "origin_ordinal": "collapse.origin_storey={ordinal}",
    "origin_number": "collapse.origin_storey={int}",
    "origin_base": "collapse.origin_storey=0",
    "origin_top": "collapse.origin_storey=200",
    "origin_side": "collapse.origin_side={side}",
    "pace": "collapse.speed=default*{pace}",
    "pace_times": "collapse.speed={times}",
    "storey_delay": "collapse.storey_delay={seconds}",
    "together": "collapse.storey_delay=0",
    "uneven": "collapse.variation=0.85",
    "even": "collapse.variation=0.15",
    "piece_metres": "fragments.size={metres}",
    "piece_size": "fragments.size=default*{size}",
    "piece_count": "fragments.count={int}",
    "piece_degree": "fragments.count=default*{degree}",
    "debris_size": "debris.size=default*{size}",
    "debris_degree": "debris.amount=default*{degree}",
    "debris_times": "debris.amount=default*{times}",
    "debris_none": "debris.amount=0",
    "dust_degree": "dust.amount=default*{degree}",
    "dust_weight": "dust.amount=default*{weight} ?dust.ejecta=default*{weight} ?dust.linger=default*{weight}",
    "dust_heavy": "dust.amount=2",
    "dust_bulk": "dust.amount=default*{bulk}",
    "dust_times": "dust.amount=default*{times}",
    "dust_none": "dust.amount=0",
    "dust_opacity": "dust.density=default*{opacity}",
    "dust_color": "dust.color={color}",
    "dust_hex": "dust.color={hex}",
    "dust_reach": "dust.spread=default*{reach}",
    "dust_camera": "dust.reach_camera=true",
    "dust_linger": "dust.linger={seconds}",
    "dust_lingering": "dust.linger=default*{lasting}",
    "dust_delay": "dust.delay={seconds}",
    "drift": "dust.wind_heading={direction:heading} ?dust.wind=2",
    "wind_from": "dust.wind_heading={direction:from_heading} ?dust.wind=2",
    "wind_speed": "dust.wind={mps}",
    "wind_degree": "dust.wind={breeze}",
    "wind_none": "dust.wind=0",
    "wind_angle": "dust.wind_heading={angle}",
    "storeys": "building.storeys={int}",
    "height": "building.height={metres}",
    "storey_height": "building.storey_height={metres}",
    "depth": "building.depth={metres}",
    "material": "building.material={material}",
    "wall_metres": "building.wall_thickness={metres}",
    "wall_degree": "building.wall_thickness=default*{thickness}",
    "slab_metres": "building.slab_thickness={metres}",
    "slab_degree": "building.slab_thickness=default*{thickness}",
    "sky": "light.sky={sky}",
    "sun_side": "light.sun_azimuth={sun_side}",
    "sun_behind": "light.sun_azimuth=0",
    "sun_azimuth": "light.sun_azimuth={angle}",
    "sun_angle": "light.sun_elevation={angle}",
    "sun_height": "light.sun_elevation={sun_height}",
    "focal": "camera.focal={px}",
    "shutter": "camera.shutter={angle}",
    "shake": "camera.shake=4",
    "shake_px": "camera.shake={px}",
    "shake_degree": "camera.shake=4*{degree}",
    "shake_none": "camera.shake=0",
    "breath": "camera.breath=0.3",
    "breath_none": "camera.breath=0",
    "grain_degree": "comp.grain=default*{degree}",
    "grain_none": "comp.grain=0",
    "softer": "comp.softness=1.5",
    "sharper": "comp.softness=0.6",
    "seed": "seed={int}",
}

NEVER_NEGATED = frozenset(name for name in MEANINGS if name.endswith("_none"))
"""Meanings whose patterns hold their own negation."""
