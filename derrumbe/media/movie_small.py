"""Frames of our own review movies, small and quick: the decoder's library scales them before they become pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from derrumbe.core.errors import BadPlate


def small_frames(path: Path, size: tuple[int, int]) -> Iterator[np.ndarray]:
    """Yield every frame of a BT.709 movie as display codes (h, w, 3) uint8 of `size` (w, h). Raises BadPlate."""
    import av
    from av.video.reformatter import Colorspace, Interpolation

    try:
        with av.open(str(path)) as container:
            container.streams.video[0].thread_type = "AUTO"
            for frame in container.decode(video=0):
                small = frame.reformat(*size, "rgb24", src_colorspace=Colorspace.ITU709, interpolation=Interpolation.AREA)
                yield small.to_ndarray()
    except av.FFmpegError as fault:
        raise BadPlate(f"{path}: can't read: {fault.strerror or fault}") from fault
