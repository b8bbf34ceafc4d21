"""Rigid things that move by themselves have one shape: drawn films of known truth."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.rigid import steadied

SHAPE = (180, 320)


def _film(bend: float = 0.0, last: int = 2) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return masks and codes of five frames (up to `last` more after the middle one) of a speckled box that drives to the right and comes nearer; or that
    bends, by a part of its width a frame."""
    rng = np.random.default_rng(3)
    wall, paint = (cv2.resize(rng.uniform(low, low + 120, (45, 80, 3)).astype(np.float32), SHAPE[::-1]) for low in (100, 20))
    box, frames = np.zeros(SHAPE, np.uint8), []
    box[60:120, 100:190] = 1
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(np.float32)
    for step in range(-2, last + 1):
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
    found, _ = steadied(wrong, codes, film[1::-1], film[3:])
    assert _overlap(wrong, truth) < 0.93
    assert _overlap(found, truth) > 0.98


def test_what_bends_stays_as_it_is() -> None:
    film = _film(bend=5.0)
    mask, codes = film[2]
    found, doubt = steadied(mask, codes, film[1::-1], film[3:])
    assert np.array_equal(found, mask)
    assert not doubt.any()


def test_without_neighbours_nothing_changes() -> None:
    mask, codes = _film()[2]
    found, doubt = steadied(mask, codes, [], [])
    assert np.array_equal(found, mask)
    assert not doubt.any()


def test_what_all_near_frames_have_lost_is_in_doubt_when_some_further_away_show_it() -> None:
    film = _film(last=6)
    truth, codes = film[2]
    corner = np.zeros(SHAPE, bool)
    corner[55:70, 165:200] = True
    lost = [
        (mask & ~cv2.warpAffine(corner.astype(np.uint8), _way(step - 2), SHAPE[::-1]).astype(bool), shown)
        for step, (mask, shown) in enumerate(film)
    ]
    found, doubt = steadied(lost[2][0], codes, lost[1::-1], [*lost[3:6], *film[6:]])
    missing = truth & ~found
    assert np.count_nonzero(missing) > 200
    assert np.count_nonzero(doubt & missing) > 0.9 * np.count_nonzero(missing)
    assert not doubt[100:].any()
    assert steadied(lost[2][0], codes, lost[1::-1], lost[3:])[1][missing].mean() < 0.2


def _way(step: int) -> np.ndarray:
    """Return the motion (2, 3) of the film's box from the middle frame to one so many frames later."""
    size = 1 + 0.02 * step
    return np.array([[size, 0, 145 * (1 - size) + 6 * step], [0, size, 90 * (1 - size)]])
