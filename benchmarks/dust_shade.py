"""Compare the light that a heap of dust leaves on the ground with path tracing, and print JSON.

Places go through the heap's middle along the sun's azimuth, from its shadow to its sunlit foot. For each: optical depth towards the sun and up,
and light over that of open ground, traced and as the shadow layer has it.

    python benchmarks/dust_shade.py [--ways 512] [--thin 1.0]
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial

import numpy as np
from dust_reference import PALE, SCENES, heap, lit_scene, surroundings
from dust_tracer import traced

from derrumbe.core.records import Sun
from derrumbe.render import dust_light, dust_scattering
from derrumbe.render.dust_depths import at_points
from derrumbe.render.dust_light import LitCloud
from derrumbe.render.light import illumination, light_at
from derrumbe.render.occlusion import Occluders

PLACES = (-12.0, -7.0, -5.0, -2.0, 0.0, 3.0, 5.0, 6.0, 8.0)
"""Metres from the heap's middle towards the sun."""
LOW = 0.02


def hemisphere(count: int, seed: int = 0) -> np.ndarray:
    """Return unit vectors (count,3) about straight up, as many as a matt surface weighs them."""
    area, turn = np.random.default_rng(seed).random((2, count))
    side = np.sqrt(area)
    return np.stack([side * np.cos(2 * np.pi * turn), np.sqrt(1 - area), side * np.sin(2 * np.pi * turn)], -1)


def traced_light(lit: LitCloud, sun: Sun, around: np.ndarray, points: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Return what a white Lambertian that faces up shows at points (n,3), (n,)."""
    to_sun, rgb = np.asarray(sun.direction), np.asarray(sun.rgb, np.float64)
    lobes = np.array([dust_scattering.FORWARD, dust_scattering.BACKWARD, dust_scattering.FORWARD_SHARE])
    sigma = lit.fine.astype(np.float64) / lit.factor
    straight = np.exp(-at_points(*lit.sun.parts(), lit.index(points))) * to_sun[1] * rgb.mean()
    starts = (points - lit.origin) / lit.voxel * lit.factor
    gathered = [
        traced(sigma, start, ways, lit.albedo, lobes, to_sun, np.pi * rgb, around.astype(np.float64), 2, 7).mean() for start in starts
    ]
    return straight + np.array(gathered)


def modelled_light(lit: LitCloud, sun: Sun, points: np.ndarray) -> np.ndarray:
    """Return the same as the shadow layer has it."""
    normals, keys = np.tile([0.0, 1.0, 0.0], (len(points), 1)), np.arange(len(points)) + 1
    airs = {"sun_air": partial(dust_light.sun_transmittance, lit), "sky_air": partial(dust_light.sky_transmittance, lit)}
    return light_at(illumination(sun), Occluders(), points, normals, keys, first_ray=0, sky_rays=64, **airs).mean(-1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ways", type=int, default=512)
    parser.add_argument("--thin", type=float, default=1.0, help="how dense the heap is")
    given = parser.parse_args()
    albedo, ways, results = dust_scattering.albedo_of(PALE), hemisphere(given.ways), {}
    for name in ("front", "overcast"):
        sun = SCENES[name][1]
        around = surroundings(name, sun)
        lit = lit_scene(heap(), given.thin, sun, albedo, around)
        along = np.array([sun.direction[0], 0, sun.direction[2]]) if not sun.overcast else np.array([0.0, 0.0, 1.0])
        points = np.array(PLACES)[:, None] * along / np.linalg.norm(along) + (0, LOW, 0)
        open_ground = np.mean(sun.rgb) * sun.direction[1] + np.mean(sun.sky_rgb)
        columns = (
            PLACES,
            at_points(*lit.sun.parts(), lit.index(points)).tolist(),
            at_points(*lit.around.depths[0].parts(), lit.index(points) / np.float32(2)).tolist(),
            (traced_light(lit, sun, around, points, ways) / open_ground).tolist(),
            (modelled_light(lit, sun, points) / open_ground).tolist(),
        )
        keys = ("place_m", "depth_to_sun", "depth_up", "traced", "modelled")
        results[name] = [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]
    json.dump(results, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
