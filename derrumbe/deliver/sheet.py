"""The contact sheet: the frames that matter, labelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from derrumbe.core.records import Comp, Located, Plate
from derrumbe.deliver.marks import Mark
from derrumbe.deliver.review import FrameCache
from derrumbe.media.picture import write_png
from derrumbe.media.timecode import timecode_at

COLUMNS, CELL, MARGIN, BAR = 3, 640, 12, 34
GROUND, INK, QUIET = 26, 225, 150
"""Sizes in pixels, greys in codes."""


def write_sheet(path: Path, plate: Plate, comp: Located[Comp], marks: tuple[Mark, ...]) -> None:
    """Write the marked frames of the shot as one picture, three in a row, each over its name, frame number and timecode."""
    if path.exists():
        return
    cache = FrameCache(plate.display)
    cells = [cell(cache.codes(comp.path(comp.record.picture, mark.frame)), mark, plate) for mark in marks]
    write_png(path, grid(cells))


def cell(codes: np.ndarray, mark: Mark, plate: Plate) -> np.ndarray:
    """Return one frame at the cell's width above its label."""
    import cv2

    height, width = codes.shape[:2]
    size = (CELL, max(1, round(height * CELL / width)))
    small = cv2.resize(codes, size, interpolation=cv2.INTER_AREA if width >= CELL else cv2.INTER_CUBIC)
    bar = np.full((BAR, CELL, 3), GROUND, np.uint8)
    where = f"{mark.frame}   {timecode_at(plate.timecode, mark.frame - plate.frames.first, plate.rate)}"
    write(bar, mark.name, 2, INK)
    write(bar, where, CELL - 2, QUIET, right=True)
    return np.concatenate([small, bar])


def grid(cells: list[np.ndarray]) -> np.ndarray:
    """Lay cells of one size out in rows, with margins."""
    height, width = cells[0].shape[:2]
    rows = -(-len(cells) // COLUMNS)
    sheet = np.full((rows * (height + MARGIN) + MARGIN, COLUMNS * (width + MARGIN) + MARGIN, 3), GROUND, np.uint8)
    for index, picture in enumerate(cells):
        top = MARGIN + index // COLUMNS * (height + MARGIN)
        left = MARGIN + index % COLUMNS * (width + MARGIN)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def write(picture: np.ndarray, text: str, x: int, grey: int, right: bool = False) -> None:
    """Draw a line of text into `picture`, from `x` or up to it."""
    import cv2

    kit: Any = cv2
    if hasattr(kit, "FontFace"):
        face, size, regular = kit.FontFace("sans"), 17, 400  # without a weight OpenCV 5.0 draws a random one
        box = kit.getTextSize((0, 0), text, (0, 0), face, size, regular)
        kit.putText(picture, text, (x - box[2] if right else x, 24), (grey,) * 3, face, size, regular)
    else:
        (width, _), _ = kit.getTextSize(text, kit.FONT_HERSHEY_SIMPLEX, 0.5, 1)
        kit.putText(picture, text, (x - width if right else x, 22), kit.FONT_HERSHEY_SIMPLEX, 0.5, (grey,) * 3, 1, kit.LINE_AA)
