"""The two review movies, before and after, and how much of each frame differs between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from derrumbe.core.files import load_arrays, save_arrays
from derrumbe.core.records import Comp, Located, Plate
from derrumbe.core.work import Work
from derrumbe.media.colour import to_display
from derrumbe.media.exr import RGB, read_exr
from derrumbe.media.movie_writer import MovieWriter

LARGEST = (4096, 2304)
"""Largest movie, the limit of H.264 level 5.1, which browsers and phones play in hardware."""
KEPT = 6
"""Pictures kept for frames that share a file."""
VISIBLE = 2
"""Least difference in 8-bit codes that counts as a changed pixel."""


def review_movies(work: Work, plate: Located[Plate], comp: Located[Comp]) -> np.ndarray:
    """Write review.mp4 and review_plate.mp4, and return the share of changed pixels in each frame, float64 (frames,).

    Both have the same size, rate and number of frames. What an earlier, killed run finished is kept.
    """
    after, before, shares = (work.folder / name for name in ("review.mp4", "review_plate.mp4", "changed.npz"))
    if all(path.exists() for path in (after, before, shares)):
        return load_arrays(shares)["share"]
    record = plate.record
    frames = list(comp.record.frames)
    pictures = ahead(partial(read_pair, plate, comp, FrameCache(record.display)), frames, max(1, min(work.jobs, 8)))
    found = []
    with MovieWriter(after, record.rate) as shot, MovieWriter(before, record.rate) as untouched:
        for new, old in work.track(pictures, "review movies", len(frames)):
            shot.write(new)
            untouched.write(old)
            found.append(changed_share(new, old))
    save_arrays(shares, share=np.asarray(found, np.float64))
    return np.asarray(found, np.float64)


def read_pair(plate: Located[Plate], comp: Located[Comp], cache: FrameCache, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (after, before) of one frame as 8-bit codes."""
    return cache.codes(comp.path(comp.record.picture, frame)), cache.codes(plate.path(plate.record.picture, frame))


class FrameCache:
    """Display codes of EXR frames. Frames that are one file under several names (stills, untouched frames) are read once."""

    def __init__(self, display: str):
        self.display = display
        self._kept: deque[tuple[tuple[int, int], np.ndarray]] = deque(maxlen=KEPT)

    def codes(self, path: Path) -> np.ndarray:
        """Return the picture at `path`, (h, w, 3) uint8, at most LARGEST."""
        stat = path.stat() if path.exists() else None
        identity = (stat.st_dev, stat.st_ino) if stat else (0, 0)
        for entry in list(self._kept):
            if entry[0] == identity and stat:
                self._kept.append(entry)
                return entry[1]
        codes = fitted(to_display(read_exr(path, RGB), self.display))
        self._kept.append((identity, codes))
        return codes


def fitted(codes: np.ndarray) -> np.ndarray:
    """Shrink a picture that is too large for H.264 players; leave any other as it is."""
    height, width = codes.shape[:2]
    scale = min(1.0, LARGEST[0] / width, LARGEST[1] / height)
    if scale == 1.0:
        return codes
    import cv2

    size = (max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2))
    return np.asarray(cv2.resize(codes, size, interpolation=cv2.INTER_AREA))


def changed_share(new: np.ndarray, old: np.ndarray) -> float:
    """Return the share of pixels that differ by more than VISIBLE codes in some channel."""
    if new is old:
        return 0.0
    apart = np.maximum(new, old) - np.minimum(new, old) > VISIBLE
    return float((apart[..., 0] | apart[..., 1] | apart[..., 2]).mean())


def ahead(
    make: Callable[[int], tuple[np.ndarray, np.ndarray]], frames: Sequence[int], depth: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield make(frame) in order, with up to `depth` frames made ahead in threads, so that memory stays bounded."""
    waiting: deque[Future[tuple[np.ndarray, np.ndarray]]] = deque()
    with ThreadPoolExecutor(depth) as pool:
        try:
            for frame in frames:
                waiting.append(pool.submit(make, frame))
                if len(waiting) > depth:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
