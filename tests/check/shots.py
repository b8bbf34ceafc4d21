"""Shots to judge: the small filmed scene of tests/comp with a motion, and motions alone with known laws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from derrumbe.check.run import run
from derrumbe.check.settings import Settings
from derrumbe.check.shot import Shot
from derrumbe.core.files import load_arrays, save_arrays
from derrumbe.core.records import Check, Comp, Located, Motion, Pieces
from derrumbe.core.work import Work
from tests.comp.scenes import FRAMES, TRIGGER, Scene

G = 9.81
PER_FRAME = 2


def free_fall(height: np.ndarray, time: np.ndarray, g: float = 0.7 * G, start: float = 0.0) -> np.ndarray:
    """Heights (S, N) of pieces that fall from `height` (N,) with g and stay on the ground."""
    after = np.maximum(time - start, 0)[:, None]
    return np.maximum(height - 0.5 * g * after**2, 0.2)


def write_pieces(folder: Path, count: int) -> Located[Pieces]:
    """Write `count` pieces of a tonne each; only what checks read."""
    save_arrays(folder / "pieces.npz", mass=np.full(count, 1000.0, np.float32))
    record = Pieces(piece_count=count, bond_count=0, element_count=1, storey_count=4, total_mass=1000.0 * count, size_exponent=-1)
    return Located(record, folder)


def write_motion(folder: Path, height: np.ndarray, rate: float, per_frame: int = PER_FRAME, **changes: object) -> Located[Motion]:
    """Write a motion of pieces at heights (S, N), side by side, of a tonne each, with the energy that follows from it."""
    samples, count = height.shape
    step = 1 / (rate * per_frame)
    position = np.zeros((samples, count, 3), np.float32)
    position[..., 0] = np.arange(count)
    position[..., 1] = height
    rotation = np.zeros((samples, count, 4), np.float32)
    rotation[..., 0] = 1
    speed = np.gradient(height, step, axis=0)
    potential = 1000 * G * height.sum(1)
    kinetic = np.minimum(500 * (speed**2).sum(1), potential[0] - potential)
    released = np.argmax(height < height[:1], axis=0).astype(np.int32)
    save_arrays(folder / "poses.npz", position=position, rotation=rotation, released=released)
    save_arrays(folder / "energy.npz", time=np.arange(samples) * step, kinetic=kinetic, potential=potential)
    values = {"samples_per_frame": per_frame, "sample_count": samples, "trigger_sample": 0, "fallen_share": 1.0, "at_rest": True}
    return Located(Motion(**{**values, **changes}), folder)  # type: ignore[arg-type]


def motion_shot(
    scene: Scene, folder: Path, law: Callable[[np.ndarray, np.ndarray], np.ndarray], seconds: float = 4.0, **changes: object
) -> Shot:
    """A shot with a long motion by a law (rest heights, times) → heights, to judge motion alone."""
    rate = 24.0
    time = np.arange(round(seconds * rate) * PER_FRAME + 1) / (rate * PER_FRAME)
    rest = np.repeat(np.linspace(1.0, 15.0, 8), 3)
    motion = write_motion(folder / "simulate", law(rest, time), rate, **changes)
    pieces = write_pieces(folder / "fracture", len(rest))
    return Shot(scene.plate, scene.film_set, pieces, motion, scene.layers, Located(Comp(frames=FRAMES), folder), TRIGGER, folder / "check")


def judged(scene: Scene, comp: Located[Comp], folder: str = "check", jobs: int = 1, rate: float = 24.0) -> dict[str, Check]:
    """Run all checks on the filmed scene; name → check."""
    samples = len(FRAMES) * PER_FRAME + 1
    time = np.arange(samples) / (rate * PER_FRAME)
    height = free_fall(np.linspace(1, 15, 6), time, start=(TRIGGER - FRAMES.first) / rate)
    motion = write_motion(scene.folder / "simulate", height, rate)
    pieces = write_pieces(scene.folder / "fracture", 6)
    work = Work(scene.folder / folder, jobs)
    report = run(Settings(trigger_frame=TRIGGER), work, scene.plate, scene.film_set, pieces, motion, scene.layers, comp)
    for check in report.checks:
        assert check.evidence is None or (work.folder / check.evidence).is_file()
        assert check.says.endswith(".")
        assert check.remedy or check.verdict == "pass"
    return {check.name: check for check in report.checks}


def change_energy(shot: Shot, factor: float) -> None:
    """Put a spike into the kinetic energy near the end."""
    path = shot.motion.path(shot.motion.record.energy)
    arrays = load_arrays(path)
    arrays["kinetic"][-20:-10] += factor * (arrays["potential"][0] - arrays["potential"].min())
    save_arrays(path, **arrays)
