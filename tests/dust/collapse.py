"""A made-up collapse with known truth: a box of four storeys, 12 x 9 x 14 m, that goes from the base up in three seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from derrumbe.core.files import save_arrays
from derrumbe.core.records import (
    Building,
    Camera,
    Facade,
    FrameRange,
    Located,
    Motion,
    NoiseModel,
    Pieces,
    Plate,
    Set,
    Sun,
)

WIDTH, DEPTH, HEIGHT, STOREYS = 12.0, 9.0, 14.0, 4
STOREY = HEIGHT / STOREYS
SUN = Sun(direction=(0.48, 0.64, 0.6), rgb=(0.62, 0.58, 0.5), sky_rgb=(0.2, 0.24, 0.3), ground_rgb=(0.14, 0.13, 0.12), overcast=False)
BOX = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
)
"""Triangles of a box whose corner number is 4x + 2y + z."""


def camera(width: int = 960, height: int = 540, eye: tuple[float, float, float] = (4.0, 3.0, 38.0), focal: float = 0.95) -> Camera:
    """Looks along -z from `eye`, a little to the left, level."""
    right, down, forward = np.array([1.0, 0, 0]), np.array([0, -1.0, 0]), np.array([0, 0, -1.0])
    rotation = np.stack([right, down, forward])
    return Camera(
        width=width, height=height, focal_px=focal * width, cx=width / 2, cy=height * 0.62,
        rotation=tuple(tuple(float(n) for n in row) for row in rotation), translation=tuple(float(n) for n in -rotation @ np.array(eye)),
    )  # fmt: skip


def plate(frames: int, rate: int = 24, width: int = 960, height: int = 540) -> Plate:
    noise = NoiseModel(levels=(0.0, 1.0), variance_at=((0.0, 0.0),) * 3, spatial=((1.0,),), channel=((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    return Plate(
        width=width, height=height, source_width=width, source_height=height, rate_num=rate, rate_den=1,
        frames=FrameRange(first=1001, last=1000 + frames), colourspace="sRGB", code_bits=8, source="made up", source_digest="0",
        noise=noise,
    )  # fmt: skip


def film_set(folder: Path, view: Camera, neighbour: bool = True) -> Located[Set]:
    """Ground, and to the right a neighbour 5 m away, 10 m high."""
    boxes = [((-80.0, -0.01, -60.0), (80.0, 0.0, 60.0), 0)] + ([((11.0, 0.0, -9.0), (25.0, 10.0, 0.0), 1)] if neighbour else [])
    corners = np.concatenate([_corners(low, high) for low, high, _ in boxes])
    triangles = np.concatenate([BOX + 8 * n for n in range(len(boxes))]).astype(np.int32)
    save_arrays(folder / "proxies.npz", vertices=corners, triangles=triangles, kind=np.repeat([k for *_, k in boxes], 12).astype(np.uint8))
    half = WIDTH / 2
    facade = Facade(origin=(-half, 0, 0), along=(1, 0, 0), normal=(0, 0, 1), width=WIDTH, height=HEIGHT)
    building = Building(
        outline_px=((0, 0), (1, 0), (1, 1)), facades=(facade,), footprint=((-half, 0), (half, 0), (half, -DEPTH), (-half, -DEPTH)),
        storey_tops=tuple(STOREY * (n + 1) for n in range(STOREYS)), height=HEIGHT, material="brick",
    )  # fmt: skip
    record = Set(
        locked=True, cameras=(view,), frames=FrameRange(first=1001, last=1240), building=building, sun=SUN, softness_px=0.7,
        facade_rgb=(0.34, 0.27, 0.2),
    )  # fmt: skip
    return Located(record, folder)


def _corners(low: tuple[float, ...], high: tuple[float, ...]) -> np.ndarray:
    return np.array([[(low, high)[n >> 2 & 1][0], (low, high)[n >> 1 & 1][1], (low, high)[n & 1][2]] for n in range(8)], np.float64)


def _parts() -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Corners of slabs and walls with their storeys."""
    parts = []
    for storey in range(STOREYS):
        base, top = storey * STOREY, (storey + 1) * STOREY
        for x in np.linspace(-6, 3, 4):
            for z in (-9, -6, -3):
                parts.append((np.array([x, top - 0.25, z]), np.array([x + 3, top, z + 3]), storey))
            for z in (-9, -0.35):
                parts.append((np.array([x + 0.9, base, z]), np.array([x + 2.1, top - 0.25, z + 0.35]), storey))
        for z in (-9, -6, -3):
            for x in (-6, 5.65):
                parts.append((np.array([x, base, z + 0.6]), np.array([x + 0.35, top - 0.25, z + 2.4]), storey))
    return parts


def pieces(folder: Path) -> Located[Pieces]:
    parts = _parts()
    corners = np.concatenate([_corners(tuple(low), tuple(high)) for low, high, _ in parts]).astype(np.float32)
    count = len(parts)
    volume = np.array([np.prod(high - low) for low, high, _ in parts])
    arrays = {
        "vertices": corners, "vertex_start": np.arange(count + 1, dtype=np.int32) * 8,
        "triangles": np.concatenate([BOX + 8 * n for n in range(count)]).astype(np.int32),
        "triangle_piece": np.repeat(np.arange(count, dtype=np.int32), 12),
        "centre": np.array([(low + high) / 2 for low, high, _ in parts], np.float32), "volume": volume, "mass": 2000 * volume,
        "storey": np.array([s for *_, s in parts], np.int16),
    }  # fmt: skip
    save_arrays(folder / "pieces.npz", **arrays)
    record = Pieces(
        piece_count=count, bond_count=0, element_count=0, storey_count=STOREYS, total_mass=float(2000 * volume.sum()), size_exponent=2.0
    )
    return Located(record, folder)


def motion(
    folder: Path, rock: Located[Pieces], frames: int, rate: int = 24, trigger: float = 0.25, delay: float = 0.25, seed: int = 1
) -> Located[Motion]:
    """Each storey gives way `delay` after the one below; everything falls at 0.65 g on to a heap a fifth as high."""
    arrays = np.load(rock.path(rock.record.arrays))
    rng = np.random.default_rng(seed)
    centre, storey = arrays["centre"].astype(np.float64), arrays["storey"].astype(int)
    samples, per_frame = frames * 4 + 1, 4
    time = np.arange(samples) / (rate * per_frame)
    since = np.clip(time[:, None] - trigger - delay * 0.6 * storey - 0.15 * rng.random(len(centre)), 0, None)
    heap = 0.22 * centre[:, 1] + 0.2
    drop = np.minimum(0.5 * 6.4 * since**2, centre[:, 1] - heap)
    part = drop / (centre[:, 1] - heap)
    away = rng.normal(0, 1, (len(centre), 2)) * (0.4 + 0.12 * centre[:, 1:2])
    position = np.repeat(centre[None], samples, 0)
    position[..., 1] -= drop
    position[..., 0] += part**2 * away[:, 0]
    position[..., 2] += part**2 * (away[:, 1] + 0.6)
    angle = part * rng.normal(0, 0.5, len(centre))
    rotation = np.stack([np.cos(angle / 2), np.sin(angle / 2), 0 * angle, 0 * angle], -1)
    save_arrays(
        folder / "poses.npz", position=position.astype(np.float32), rotation=rotation.astype(np.float32),
        released=np.argmax(since > 0, 0).astype(np.int32),
    )  # fmt: skip
    save_arrays(folder / "events.npz", **_events(time, part, position, storey, trigger, delay * 0.6, rng))
    record = Motion(
        samples_per_frame=per_frame, sample_count=samples, trigger_sample=int(trigger * rate * 4), fallen_share=1.0, at_rest=True
    )
    return Located(record, folder)


def _events(
    time: np.ndarray, part: np.ndarray, position: np.ndarray, storey: np.ndarray, trigger: float, delay: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Breaks as each storey lets go, jets from every bay while it closes, landings of every piece. Five tonnes of dust in all."""
    rows = []
    for level in range(STOREYS):
        let_go = trigger + delay * level
        for _ in range(60):
            side = rng.integers(4)
            along = rng.uniform(-1, 1)
            x, z = ((along * 6, 0.0), (along * 6, -9.0), (-6.0, -4.5 + along * 4.5), (6.0, -4.5 + along * 4.5))[side]
            rows.append((let_go + rng.exponential(0.12), x, STOREY * (level + rng.choice([0.05, 0.95])), z, 0, 0, 0, 3.0, 0.5, 0))
        for bay in np.linspace(-4.5, 4.5, 4):
            for side in (1, -1):
                for turn in range(8):
                    when = let_go + 0.1 + 0.09 * turn
                    fall = 0.5 * 6.4 * (when - trigger) ** 2
                    y = max(STOREY * (level + 0.45) - 0.7 * fall, 0.8)
                    z = 0.3 if side > 0 else -9.3
                    speed = rng.uniform(5, 10) * min(1, 0.3 + turn * 0.2)
                    rows.append((when, bay + rng.normal(0, 0.3), y, z, rng.normal(0, 1.0), 0.3, side * speed, 12.0, 0.8, 2))
    landed = np.argmax(part >= 1, 0)
    for n, sample in enumerate(landed):
        if part[-1, n] >= 1:
            x, y, z = position[sample, n]
            rows.append((time[sample], x, max(y, 0.3), z, 0, 0, 0, 10.0 + 4 * storey[n], 1.3, 1))
    table = np.array(rows)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return {
        "time": table[:, 0], "position": table[:, 1:4], "velocity": table[:, 4:7], "mass": table[:, 7], "radius": table[:, 8],
        "kind": table[:, 9].astype(np.uint8),
    }  # fmt: skip
