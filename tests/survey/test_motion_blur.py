"""The shutter angle is told from a film's own motion blur, and the artist's word wins over it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from derrumbe.core.records import FilmedShutter
from derrumbe.survey.motion_blur import levels, told
from tests.deliver.small_shot import small_shot

FINER, SIZE, FRAMES = 4, (480, 270), 8
"""Films are drawn so many times finer than they are shown; pixels across and down; frames."""
LENS, NOISE = 0.7, 0.01


def wall(width: int, height: int, seed: int) -> np.ndarray:
    """Return a wall of grey boxes (h, w), drawn FINER."""
    rng = np.random.default_rng(seed)
    picture = np.full((height * FINER, width * FINER), 0.3, np.float32)
    for _ in range(width * height // 500):
        centre, sides = rng.uniform(0, (width, height)), rng.uniform(6, 26, 2)
        box = cv2.boxPoints((tuple(FINER * centre), tuple(FINER * sides), float(rng.choice([0.0, rng.uniform(-40, 40)]))))
        cv2.fillPoly(picture, [np.rint(box).astype(np.int32)], float(rng.uniform(0.04, 0.75)))
    return cv2.GaussianBlur(picture, (0, 0), LENS * FINER)


def film(angle: float, velocity: tuple[float, float], panned: bool) -> list[np.ndarray]:
    """Return light (h, w) per frame: of a camera that pans over a wall, or of a box that slides over it, in eight bits and with noise."""
    (width, height), edge = SIZE, int(FRAMES * max(np.abs(velocity))) + 8
    back, front, rng = wall(width + 2 * edge, height + 2 * edge, 1), wall(width // 2, height // 2, 2), np.random.default_rng(3)
    count = max(1, int(np.ceil(2 * angle / 360 * max(np.abs(velocity)))))
    frames = []
    for frame in range(FRAMES):
        times = frame + (np.arange(count) + 0.5) / count * angle / 360
        ways = np.rint(FINER * times[:, None] * velocity).astype(int)
        light = np.mean([seen(back, front, edge * FINER, x, y, panned) for x, y in ways], axis=0)
        light = light.reshape(height, FINER, width, FINER).mean((1, 3)) + rng.normal(0, NOISE, (height, width))
        frames.append((np.rint(255 * np.clip(light, 0, 1) ** (1 / 2.2)) / 255).astype(np.float32) ** np.float32(2.2))
    return frames


def seen(back: np.ndarray, front: np.ndarray, edge: int, x: int, y: int, panned: bool) -> np.ndarray:
    """Return what the camera sees when it, or the box, has gone (x, y) fine pixels."""
    width, height = SIZE[0] * FINER, SIZE[1] * FINER
    left, top = (edge + x, edge + y) if panned else (edge, edge)
    view = back[top : top + height, left : left + width].copy()
    if not panned:
        there = view[80 + y : 80 + y + front.shape[0], 80 + x : 80 + x + front.shape[1]]
        there[:] = front[: there.shape[0], : there.shape[1]]
    return view


def measured(frames: list[np.ndarray]) -> FilmedShutter:
    return told([levels(frames[middle - 1 : middle + 2]) for middle in range(1, len(frames) - 1)])


@pytest.mark.parametrize("angle", [0, 45, 90, 180, 360])
@pytest.mark.parametrize(("velocity", "panned"), [((5.0, 1.0), True), ((11.0, 3.0), True), ((6.0, 1.0), False)])
def test_the_shutter_is_told(velocity: tuple[float, float], panned: bool, angle: float) -> None:
    found = measured(film(angle, velocity, panned))
    assert found.angle == pytest.approx(angle, abs=max(30, 0.2 * angle))
    assert found.edges > 100


def test_a_film_in_which_nothing_moves_cannot_tell() -> None:
    found = measured(film(180, (0.0, 0.0), True))
    assert found.angle is None
    assert "can't tell" in found.note


def test_a_film_that_moves_too_slowly_cannot_tell() -> None:
    assert measured(film(180, (0.9, 0.4), True)).angle is None


def test_stretches_that_disagree_cannot_tell() -> None:
    short, long = film(0, (5.0, 1.0), True), film(360, (5.0, 1.0), True)
    looked = [levels(frames[middle - 1 : middle + 2]) for frames in (short, long, short) for middle in (1, 2, 3, 4)]
    assert told(looked).angle is None


def test_the_artists_word_wins_over_the_plate_and_the_plate_over_what_is_usual(tmp_path: Path) -> None:
    still = small_shot(tmp_path).film_set.record
    film_set = still.model_copy(update={"shutter": FilmedShutter(angle=60.0, edges=500, speed=4.0, spread=9.0)})
    unsure = still.model_copy(update={"shutter": FilmedShutter(angle=None, edges=3)})
    assert [film_set.shutter_angle(asked) for asked in (None, 0.0, 90.0)] == [60, 0, 90]
    assert [one.shutter_angle(None) for one in (still, unsure)] == [90, 180]
