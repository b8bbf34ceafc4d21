"""Compare the marched dust with path tracing on small scenes, and print JSON.

By Mitsuba's volpath (needs the extra `reference`) or, with --own, by dust_tracer. Scenes: a heap of lobes lit by a high front sun, from behind,
and by an overcast sky, even or brighter to one side; and a thin veil in the sun. For each: mean luminance where dust hides more than half,
contrast (deviation over mean) there, and mean colour difference (CIE 1976) after both pictures are shown at the same exposure, with what the
reference's own noise makes of it.

    python benchmarks/dust_reference.py [--size 96] [--samples 256] [--own] [--pictures FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from derrumbe.core.records import FAR, Camera, DustCloud, FrameRange, Sun
from derrumbe.geom.camera import eye, pixel_grid, rays
from derrumbe.media.volumes import Volume
from derrumbe.render import dust_light, dust_march, dust_scattering

PALE = np.array([0.62, 0.61, 0.595])
"""Reflectance of mineral dust heaped thick, ACEScg: 0.97 of each scattering."""
VOXEL = 0.3
SHAPE = (64, 40, 48)
EYE = (0.0, 4.0, 28.0)
SKY, GROUND = (0.20, 0.24, 0.30), (0.14, 0.13, 0.12)
GREY = Sun(direction=(0.0, 1.0, 0.0), rgb=(0, 0, 0), sky_rgb=(0.55, 0.57, 0.6), ground_rgb=(0.2, 0.2, 0.19), overcast=True)
SCENES = {
    "front": (1.0, Sun(direction=(0.48, 0.64, 0.6), rgb=(0.62, 0.58, 0.5), sky_rgb=SKY, ground_rgb=GROUND, overcast=False)),
    "behind": (1.0, Sun(direction=(-0.5, 0.5, -0.7071), rgb=(0.62, 0.58, 0.5), sky_rgb=SKY, ground_rgb=GROUND, overcast=False)),
    "overcast": (1.0, GREY),
    "side": (1.0, GREY),
    "veil": (0.03, Sun(direction=(0.48, 0.64, 0.6), rgb=(0.62, 0.58, 0.5), sky_rgb=SKY, ground_rgb=GROUND, overcast=False)),
}


def heap(seed: int = 3) -> np.ndarray:
    """Lobes piled on the ground, kg/m³, (x,y,z)."""
    rng = np.random.default_rng(seed)
    x, y, z = np.meshgrid(*(np.arange(n) + 0.5 for n in SHAPE), indexing="ij")
    density = np.zeros(SHAPE)
    for _ in range(26):
        centre = rng.uniform((12, 0, 12), (SHAPE[0] - 12, 16, SHAPE[2] - 12))
        radius = rng.uniform(4, 10)
        inside = 1 - ((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) / radius**2
        density = np.maximum(density, 0.4 * np.clip(3 * inside, 0, 1))
    return density.astype(np.float32)


def surroundings(name: str, sun: Sun) -> np.ndarray:
    """Light from all around, (r,c,3): even above and below; in `side` the sky's half towards +X is four times as bright as the other."""
    around = np.empty((32, 64, 3), np.float32)
    around[:16], around[16:] = sun.sky_rgb, sun.ground_rgb
    if name == "side":
        around[:16, :32] *= 1.6
        around[:16, 32:] *= 0.4
    return around


def lit_scene(density: np.ndarray, thin: float, sun: Sun, albedo: np.ndarray, around: np.ndarray | None = None) -> dust_light.LitCloud:
    shape = tuple(int(n) for n in density.shape)
    half = tuple(n // 2 for n in shape)
    volume = Volume(
        density=density * np.float32(thin), start=(0, 0, 0), shape=shape, ride=np.zeros((2, 3, *half), np.float32), ride_start=(0, 0, 0),
        ride_offset=np.zeros((2, 3), np.float32), ride_weight=np.array([1, 0], np.float32), solid=np.zeros(half, np.float32),
    )  # fmt: skip
    record = DustCloud(
        origin=(-SHAPE[0] * VOXEL / 2, 0, -SHAPE[2] * VOXEL / 2), voxel=VOXEL, shape=shape, frames=FrameRange(first=1, last=1),
        albedo=(0.9, 0.9, 0.9), extinction=9.0,
    )  # fmt: skip
    return dust_light.light_volume(volume, record, sun, albedo, 1.0, around=around)


def camera(size: int) -> Camera:
    rotation = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))
    height = size * 9 // 16
    return Camera(
        width=size, height=height, focal_px=1.4 * size, cx=size / 2, cy=height / 2, rotation=rotation, translation=(0.0, EYE[1], EYE[2])
    )


def march(lit: dust_light.LitCloud, view: Camera) -> np.ndarray:
    far = np.full((view.height, view.width), FAR, np.float32)
    return dust_march.march(lit, view, far, far, scale=1.0, step=0.5, seed=0)[0]


def looks(view: Camera) -> np.ndarray:
    """Unit vectors (h*w,3) through the pixels."""
    ways = rays(view, pixel_grid(view)).reshape(-1, 3)
    return ways / np.linalg.norm(ways, axis=1, keepdims=True)


def trace_own(lit: dust_light.LitCloud, view: Camera, sun: Sun, around: np.ndarray, samples: int, seed: int = 0) -> np.ndarray:
    """The same picture as `trace` gives, without Mitsuba."""
    from dust_tracer import traced

    start = (eye(view) - lit.origin) / lit.voxel * lit.factor
    lobes = np.array([dust_scattering.FORWARD, dust_scattering.BACKWARD, dust_scattering.FORWARD_SHARE])
    light = (np.asarray(each, np.float64) for each in (sun.direction, np.pi * np.asarray(sun.rgb), around))
    picture = traced(
        lit.fine.astype(np.float64) / lit.factor, start, looks(view), lit.albedo.astype(np.float64), lobes, *light, samples, seed + 1
    )
    return picture.reshape(view.height, view.width, 3)


def trace(lit: dust_light.LitCloud, view: Camera, sun: Sun, around: np.ndarray, samples: int, seed: int = 0) -> np.ndarray:
    """Path-traced picture over what is around, (h,w,3)."""
    import mitsuba as mi

    mi.set_variant("llvm_ad_rgb" if os.environ.get("DRJIT_LIBLLVM_PATH") else "scalar_rgb")
    transform = mi.ScalarTransform4f
    size = np.array(lit.fine.shape) * lit.voxel / lit.factor
    low, high = lit.origin, lit.origin + size
    grid = mi.VolumeGrid(np.ascontiguousarray(np.transpose(lit.fine / lit.voxel, (2, 1, 0)))[..., None])
    place = transform().translate([float(n) for n in low]).scale([float(n) for n in size])
    lobes = {
        "type": "blendphase", "weight": 1 - dust_scattering.FORWARD_SHARE,
        "a": {"type": "hg", "g": dust_scattering.FORWARD}, "b": {"type": "hg", "g": dust_scattering.BACKWARD},
    }  # fmt: skip
    medium = {
        "type": "heterogeneous", "albedo": {"type": "constvolume", "value": {"type": "rgb", "value": lit.albedo.tolist()}},
        "sigma_t": {"type": "gridvolume", "grid": grid, "to_world": place, "filter_type": "trilinear"}, "phase": lobes,
    }  # fmt: skip
    scene: dict = {
        "type": "scene",
        "integrator": {"type": "volpath", "max_depth": 200, "rr_depth": 40},
        "box": {
            "type": "cube", "to_world": transform().translate([float(n) for n in (low + high) / 2]).scale([float(n) for n in size / 2]),
            "bsdf": {"type": "null"}, "interior": medium,
        },
        "sky": {"type": "envmap", "bitmap": mi.Bitmap(_dome(around)), "scale": 1.0},
        "sensor": _sensor(mi, view, samples),
    }  # fmt: skip
    if max(sun.rgb) > 0:
        irradiance = {"type": "rgb", "value": [float(np.pi * n) for n in sun.rgb]}
        scene["sun"] = {"type": "directional", "direction": [-n for n in sun.direction], "irradiance": irradiance}
    return np.array(mi.render(mi.load_dict(scene), spp=samples, seed=seed))[..., :3]


def _dome(around: np.ndarray) -> np.ndarray:
    """Enlarged, so that Mitsuba's own interpolation hardly blurs it."""
    return np.repeat(np.repeat(around, 8, 0), 8, 1)


def _sensor(mi, view: Camera, samples: int) -> dict:  # type: ignore[no-untyped-def]
    fov = float(np.degrees(2 * np.arctan(0.5 * view.width / view.focal_px)))
    return {
        "type": "perspective", "fov": fov, "fov_axis": "x",
        "to_world": mi.ScalarTransform4f().look_at(origin=list(EYE), target=[0, EYE[1], 0], up=[0, 1, 0]),
        "film": {"type": "hdrfilm", "width": view.width, "height": view.height, "rfilter": {"type": "box"}, "pixel_format": "rgb"},
        "sampler": {"type": "independent", "sample_count": samples},
    }  # fmt: skip


def background(view: Camera, around: np.ndarray) -> np.ndarray:
    from dust_tracer import seen_in

    return seen_in(around, looks(view)).reshape(view.height, view.width, 3)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of scene-linear colours taken as sRGB primaries, white at 1."""
    xyz = np.clip(rgb, 0, None) @ np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).T
    f = np.cbrt(xyz / (0.9505, 1.0, 1.089))
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def compare(marched: np.ndarray, halves: list[np.ndarray], where: np.ndarray) -> dict[str, float]:
    """Compare a picture with two that are traced apart: what they have in common is their contrast, what they haven't is noise."""
    ours, one, other = (picture[where].mean(-1) for picture in (marched, *halves))
    mean, common = 0.5 * (one.mean() + other.mean()), np.cov(one, other)[0, 1]
    return {
        "mean": float(ours.mean()), "mean_reference": float(mean),
        "contrast": float(ours.std() / ours.mean()), "contrast_reference": float(np.sqrt(max(common, 0.0)) / mean),
        "difference": float(np.linalg.norm(lab(marched) - lab(0.5 * (halves[0] + halves[1])), axis=-1)[where].mean()),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--own", action="store_true", help="trace without Mitsuba")
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    albedo, results = dust_scattering.albedo_of(PALE), {}
    for name, (thin, sun) in SCENES.items():
        around = surroundings(name, sun)
        lit, view = lit_scene(heap(), thin, sun, albedo, around), camera(given.size)
        began = time.process_time()
        dust = march(lit, view)
        took = time.process_time() - began
        marched = dust[..., :3] + (1 - dust[..., 3:]) * background(view, around)
        began = time.process_time()
        halves = [(trace_own if given.own else trace)(lit, view, sun, around, given.samples // 2, seed) for seed in (0, 1)]
        where = dust[..., 3] > (0.5 if thin == 1 else 0.1)
        results[name] = compare(marched, halves, where)
        # half the difference of two halves is what the reference's noise adds to every pixel's difference
        results[name]["difference_noise"] = 0.5 * float(np.linalg.norm(lab(halves[0]) - lab(halves[1]), axis=-1)[where].mean())
        results[name].update(cpu_seconds=took, cpu_seconds_reference=time.process_time() - began)
        if given.pictures:
            given.pictures.mkdir(parents=True, exist_ok=True)
            np.save(given.pictures / f"{name}.npy", np.stack([marched, 0.5 * (halves[0] + halves[1])]))
    json.dump(results, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
