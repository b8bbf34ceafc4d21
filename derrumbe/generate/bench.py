"""Files of windows in the making: one folder per window, marked when whole, so that a killed run goes on at the next window."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.errors import DerrumbeError
from derrumbe.core.files import load_arrays, save_arrays, write_text
from derrumbe.core.records import Guides, Layers, Located, Plate, Set
from derrumbe.generate.generator import Generator
from derrumbe.generate.windows import Window, blend_weights
from derrumbe.media.exr import RGB, read_exr, write_exr
from derrumbe.media.links import link_file

DONE = "done"


@dataclass(frozen=True)
class WindowBench:
    """Where windows are made. A frame's changes lie in windows/<index>/<frame>.npz: channel → (h, w) float32, no channel when kept.

    added: channels that the layers have and the guides haven't; 0 where nobody wrote them.
    """

    folder: Path
    plate: Located[Plate]
    film_set: Located[Set]
    guides: Located[Guides]
    windows: tuple[Window, ...]
    added: tuple[str, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        return (*self.guides.record.channels, *self.added)

    def guide(self, frame: int, channels: tuple[str, ...]) -> np.ndarray:
        """Return a guide's channels (h, w, c), those that were added as 0."""
        known = tuple(name for name in channels if name not in self.added)
        path = self.guides.path(self.guides.record.picture, frame)
        if known == channels:
            return read_exr(path, channels)
        plate = self.plate.record
        pixels = np.zeros((plate.height, plate.width, len(channels)), np.float32)
        if known:
            pixels[..., [channels.index(name) for name in known]] = read_exr(path, known)
        return pixels

    def changes(self, window: Window, frame: int) -> Path:
        return self.folder / "windows" / f"{window.index:04d}" / f"{frame}.npz"

    def is_done(self, window: Window) -> bool:
        return self.changes(window, 0).with_name(DONE).is_file()

    def make(self, generator: Generator, window: Window, seed: int, progress: Callable[[int], None]) -> None:
        """Let `generator` make a window. Raises DerrumbeError when it leaves out a frame."""
        generator.generate(window, WindowSource(self, window), WindowSink(self, window), seed, progress)
        missing = [frame for frame in window.frames if not self.changes(window, frame).is_file()]
        if missing:
            raise DerrumbeError(f"generator {generator.name} left out frame {missing[0]} of window {window.first}-{window.last}")
        write_text(self.changes(window, 0).with_name(DONE), "")

    def sweep(self) -> None:
        """Remove the windows' files once the layers are written."""
        shutil.rmtree(self.folder / "windows", ignore_errors=True)


@dataclass(frozen=True)
class WindowSource:
    """A generator's `Source`."""

    bench: WindowBench
    window: Window

    @property
    def record(self) -> Plate:
        return self.bench.plate.record

    @property
    def scene(self) -> Set:
        return self.bench.film_set.record

    def plate(self, frame: int) -> np.ndarray:
        plate = self.bench.plate
        return read_exr(plate.path(plate.record.picture, min(frame, self.window.last)), RGB)

    def clean(self, frame: int) -> np.ndarray:
        return read_exr(self.bench.film_set.path(self.scene.clean_plate, min(frame, self.window.last)), RGB)

    def depth(self, frame: int) -> np.ndarray:
        return read_exr(self.bench.film_set.path(self.scene.set_depth, min(frame, self.window.last)), ("Z",))[..., 0]

    def front(self, frame: int) -> np.ndarray | None:
        if self.scene.foreground is None:
            return None
        path = self.bench.film_set.path(self.scene.foreground, min(frame, self.window.last))
        return np.clip(np.nan_to_num(read_exr(path, ("Y",))[..., 0]), 0, 1)

    def guide(self, frame: int, channels: tuple[str, ...]) -> np.ndarray:
        return self.bench.guide(min(frame, self.window.last), channels)

    def made(self, frame: int, channels: tuple[str, ...]) -> np.ndarray | None:
        for window in reversed(self.bench.windows[: self.window.index]):
            if frame in window.frames:
                return _with_changes(self.guide(frame, channels), channels, load_arrays(self.bench.changes(window, frame)))
        return None


@dataclass(frozen=True)
class WindowSink:
    """A generator's `Sink`."""

    bench: WindowBench
    window: Window

    @property
    def folder(self) -> Path:
        folder = self.bench.changes(self.window, 0).with_name("own")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def write(self, frame: int, layers: Mapping[str, np.ndarray]) -> None:
        unknown = sorted(set(layers) - set(self.bench.channels))
        if unknown:
            raise DerrumbeError(f"a generator wrote channel {unknown[0]}; layers have {', '.join(self.bench.channels)}")
        save_arrays(self.bench.changes(self.window, frame), **{name: _stored(plane) for name, plane in layers.items()})

    def keep(self, frame: int) -> None:
        self.write(frame, {})


def _stored(plane: np.ndarray) -> np.ndarray:
    """Halves stay halves: windows of large frames take much disk."""
    return plane if plane.dtype == np.float16 else np.asarray(plane, np.float32)


def finish_frame(bench: WindowBench, layers: Located[Layers], frame: int) -> None:
    """Write a frame of the layers: the guide's own file where nothing changed it, else the blend of its windows in linear light."""
    guide = bench.guides.path(bench.guides.record.picture, frame)
    target = layers.path(layers.record.picture, frame)
    weights = blend_weights(bench.windows, frame)
    changes = {index: load_arrays(bench.changes(bench.windows[index], frame)) for index in weights}
    if not any(changes.values()) and not bench.added:
        link_file(guide, target)
        return
    channels = layers.record.channels
    pixels = bench.guide(frame, channels)
    for position, name in enumerate(channels):
        # a channel that nobody changed keeps its exact bits (ids and depths don't survive a weighted sum)
        if any(name in change for change in changes.values()):
            planes = {index: change.get(name, pixels[..., position]) for index, change in changes.items()}
            pixels[..., position] = _blended(planes, weights)
    write_exr(target, pixels, channels)


def _blended(planes: Mapping[int, np.ndarray], weights: Mapping[int, float]) -> np.ndarray:
    total = np.zeros_like(next(iter(planes.values())), np.float32)
    for index, weight in weights.items():
        total += np.float32(weight) * planes[index]
    return total


def _with_changes(pixels: np.ndarray, channels: tuple[str, ...], changes: Mapping[str, np.ndarray]) -> np.ndarray:
    result = pixels.copy()
    for name, plane in changes.items():
        if name in channels:
            result[..., channels.index(name)] = plane
    return result
