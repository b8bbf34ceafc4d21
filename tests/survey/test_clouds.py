"""Clouds go on behind the building as whole stretches of sky: as lively as the rest, and without a seam."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.survey import cleanplate, clouds
from derrumbe.survey.filters import widened

HEIGHT, WIDTH = 240, 360


def cloudy(seed: int) -> np.ndarray:
    """Return a blue sky (h, w, 3) with heaps of white on it, of many sizes."""
    rng = np.random.default_rng(seed)
    heaps = sum(
        cv2.resize(
            rng.standard_normal((HEIGHT // n + 2, WIDTH // n + 2)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
        )
        * n**0.7
        for n in (60, 30, 15, 8)
    )
    share = np.clip(heaps / heaps.std() + 0.3, 0, 1)[..., None]
    return (np.float32([0.15, 0.3, 0.6]) + share * np.float32([0.75, 0.62, 0.35])).astype(np.float32)


def lively(picture: np.ndarray, where: np.ndarray) -> float:
    """Return how much light strays, where asked, from its mean over the width of a cloud."""
    light = picture.mean(axis=-1)
    return float((cv2.GaussianBlur(light, (0, 0), 2) - cv2.GaussianBlur(light, (0, 0), 14))[where].std())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_clouds_behind_are_as_lively_as_beside_and_meet_them(seed: int) -> None:
    truth, hole = cloudy(seed), np.zeros((HEIGHT, WIDTH), bool)
    hole[20:, 140:250] = True
    found = cleanplate.fill_sky(np.where(hole[..., None], np.float32(0.05), truth), (~hole).astype(np.float32), hole, 1)
    inner = hole.copy()
    inner[:40] = inner[:, :160] = inner[:, 230:] = False
    assert 0.6 < lively(found, inner) / lively(truth, ~hole) < 1.5
    rim = widened(hole, 3) & ~hole
    astray = [np.abs(found - truth).mean(axis=-1)[where].mean() for where in (rim, inner)]
    assert astray[0] < 0.4 * astray[1], "right beside the hole it is the sky that the plate shows"


def test_a_stretch_is_shifted_as_it_says() -> None:
    picture = np.arange(24, dtype=np.float32).reshape(4, 6)
    assert np.array_equal(clouds.Shift(1 / 3, 0, False).of(picture)[:, :4], picture[:, 2:])
    assert np.array_equal(clouds.Shift(0, 0.25, False).of(picture)[:3], picture[1:])
    assert np.array_equal(clouds.Shift(0, 0, True).of(picture), picture[:, ::-1])


def test_what_is_known_stays_and_nothing_hidden_asks_for_no_stretch() -> None:
    rng = np.random.default_rng(4)
    stray, known = rng.standard_normal((40, 60, 3)).astype(np.float32), np.ones((40, 60), bool)
    known[10:20, 20:30] = False
    smooth = np.zeros_like(stray)
    found = clouds.carried_on(stray, known, np.zeros_like(known), lambda values, there: smooth)
    assert np.array_equal(found[known], stray[known])
    assert np.array_equal(found[~known], smooth[~known])
