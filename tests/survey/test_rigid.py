"""Rigid things that move by themselves have one shape: drawn films of known truth."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.rigid import steadied

SHAPE = (180, 320)


def _film(bend: float = 0.0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return masks and codes of five frames of a speckled box that drives to the right and comes nearer; or that bends, by a part of its width a frame."""
    rng = np.random.default_rng(3)
    wall, paint = (cv2.resize(rng.uniform(low, low + 120, (45, 80, 3)).astype(np.float32), SHAPE[::-1]) for low in (100, 20))
    box, frames = np.zeros(SHAPE, np.uint8), []
    box[60:120, 100:190] = 1
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(np.float32)
    for step in range(-2, 3):
        size = 1 + 0.02 * step
        u, v = (x - 145 - 6 * step) / size + 145 + bend * step * np.sin(y / 6), (y - 90) / size + 90
        mask = cv2.remap(box, u, v, cv2.INTER_NEAREST) > 0
        frames.append((mask, np.where(mask[..., None], cv2.remap(paint, u, v, cv2.INTER_LINEAR), wall)))
    return frames


def _overlap(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.count_nonzero(found & truth) / np.count_nonzero(found | truth))


def test_what_one_frame_has_lost_or_added_its_neighbours_make_good() -> None:
    film = _film()
    truth, codes = film[2]
    wrong = truth.copy()
    wrong[110:, 120:150] = False
    wrong[70:90, 190:200] = True
    found = steadied(wrong, codes, [*film[:2], *film[3:]])
    assert _overlap(wrong, truth) < 0.93
    assert _overlap(found, truth) > 0.98


def test_what_bends_stays_as_it_is() -> None:
    film = _film(bend=5.0)
    mask, codes = film[2]
    assert np.array_equal(steadied(mask, codes, [*film[:2], *film[3:]]), mask)


def test_without_neighbours_nothing_changes() -> None:
    mask, codes = _film()[2]
    assert np.array_equal(steadied(mask, codes, []), mask)
