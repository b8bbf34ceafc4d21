"""Even dust and lumps with known truth, lit."""

import numpy as np

from derrumbe.core.records import Camera, DustCloud, FrameRange, Sun
from derrumbe.media.volumes import Volume
from derrumbe.render.dust_light import LitCloud, light_volume

DAY = Sun(direction=(0.48, 0.64, 0.6), rgb=(0.62, 0.58, 0.5), sky_rgb=(0.2, 0.24, 0.3), ground_rgb=(0.14, 0.13, 0.12), overcast=False)
FURNACE = Sun(direction=(0, 1, 0), rgb=(0, 0, 0), sky_rgb=(1, 1, 1), ground_rgb=(1, 1, 1), overcast=True)


def volume(density: np.ndarray) -> Volume:
    shape = tuple(int(n) for n in density.shape)
    half = tuple(n // 2 for n in shape)
    return Volume(
        density=density.astype(np.float32), start=(0, 0, 0), shape=shape, ride=np.zeros((2, 3, *half), np.float32), ride_start=(0, 0, 0),
        ride_offset=np.zeros((2, 3), np.float32), ride_weight=np.array([0.5, 0.5], np.float32), solid=np.zeros(half, np.float32),
    )  # fmt: skip


def record(shape: tuple[int, ...], voxel: float = 0.5, extinction: float = 2.0) -> DustCloud:
    """Centred on x = 0, on the ground, its front at z = 0."""
    return DustCloud(
        origin=(-voxel * shape[0] / 2, 0.0, -voxel * shape[2]), voxel=voxel, shape=shape, frames=FrameRange(first=1, last=1),
        albedo=(0.95, 0.95, 0.95), extinction=extinction,
    )  # fmt: skip


def slab(thick: float, sun: Sun = DAY, albedo: float = 0.95, shape: tuple[int, int, int] = (32, 24, 12)) -> LitCloud:
    """Even dust of optical depth `thick` per metre, no billows."""
    return light_volume(volume(np.full(shape, thick / 2.0)), record(shape), sun, np.full(3, albedo), 1.0, bite=0.0)


def lumps(sun: Sun = DAY, albedo: float = 0.95, density: float = 1.0) -> LitCloud:
    """A few balls of dust with billows."""
    shape = (40, 28, 32)
    where = np.stack(np.meshgrid(*(np.arange(n) + 0.5 for n in shape), indexing="ij"), -1)
    cloud = np.zeros(shape)
    for centre, radius in (((14, 8, 16), 8), ((26, 9, 18), 7), ((20, 17, 12), 6)):
        cloud[np.linalg.norm(where - centre, axis=-1) < radius] = 0.6
    return light_volume(volume(cloud), record(shape), sun, np.full(3, albedo), density)


def view(width: int = 96, height: int = 64, far: float = 30.0) -> Camera:
    """Looks along -z at the front of the dust from `far` metres."""
    rotation = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))
    return Camera(
        width=width, height=height, focal_px=1.6 * width, cx=width / 2, cy=height / 2, rotation=rotation, translation=(0.0, 6.0, far)
    )
