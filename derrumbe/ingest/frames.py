"""Source pictures to plate EXRs, several at a time, in order, never more than a few in memory."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from derrumbe.core.errors import BadPlate
from derrumbe.core.files import replacing
from derrumbe.ingest.source import Load
from derrumbe.media.codes import Linear, Raw, linear_floats, linearise
from derrumbe.media.exr import Value, write_exr


@dataclass(frozen=True)
class FrameMaker:
    """Write one frame: linearise in `space`, shrink to (width, height) when the picture is larger.

    `expected` is the size (width, height) that every picture of the source must have.
    """

    space: str
    expected: tuple[int, int]
    size: tuple[int, int]
    metadata: dict[str, Value]

    def __call__(self, path: Path, load: Load) -> None:
        raw = load()
        height, width = raw.pixels.shape[:2]
        if (width, height) != self.expected:
            raise BadPlate(
                f"{path.stem}: this picture is {width}x{height}, the first is {self.expected[0]}x{self.expected[1]}; give one size"
            )
        linear = linearise(raw, self.space) if self.size == self.expected else self._smaller(raw)
        write_exr(path, linear.pixels, full=linear.full, metadata=self.metadata)

    def _smaller(self, raw: Raw) -> Linear:
        import cv2

        pixels = cv2.resize(linear_floats(raw, self.space), self.size, interpolation=cv2.INTER_AREA)
        return Linear(np.asarray(pixels, np.float32), full=False)


def scaled_size(width: int, height: int, max_height: int | None) -> tuple[int, int]:
    """Return the plate's size: the source's own, or at most `max_height` lines, with even sides and the shape kept."""
    if max_height is None or height <= max_height:
        return width, height
    lines = max(2, max_height // 2 * 2)
    return max(2, round(width * lines / height / 2) * 2), lines


def write_all(items: Iterable[tuple[Path, Load]], make: FrameMaker, jobs: int) -> Iterator[Path]:
    """Write every picture whose file isn't there yet; yield each path, in order, when it is done."""
    waiting: deque[tuple[Path, Future[None] | None]] = deque()
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        try:
            for path, load in items:
                waiting.append((path, None if path.exists() else pool.submit(make, path, load)))
                if len(waiting) > jobs:
                    yield _finished(*waiting.popleft())
            while waiting:
                yield _finished(*waiting.popleft())
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def hold(first: Path, path: Path) -> None:
    """Make `path` the same file as `first`: a hard link, or a copy where the disk has none."""
    if path.exists():
        return
    with replacing(path) as temporary:
        try:
            os.link(first, temporary)
        except OSError:
            shutil.copyfile(first, temporary)


def _finished(path: Path, future: Future[None] | None) -> Path:
    if future is not None:
        future.result()
    return path
