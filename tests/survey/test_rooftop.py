"""What stands on a roof that an outline along the eaves leaves out."""

from __future__ import annotations

import cv2
import numpy as np

from derrumbe.survey.rooftop import on_roof

HEIGHT, WIDTH, EAVES = 300, 480, 140


def _scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return codes (h, w, 3), the building's region and the sky of a wall between columns 120 and 360 with nothing above its eaves."""
    codes = np.full((HEIGHT, WIDTH, 3), (110, 150, 220), np.uint8)
    codes[260:] = (90, 90, 90)
    codes[EAVES:260, 120:360] = (200, 170, 90)
    region = np.zeros((HEIGHT, WIDTH), bool)
    region[EAVES:260, 120:360] = True
    sky = np.ones((HEIGHT, WIDTH), np.float32)
    sky[260:] = 0
    sky[region] = 0
    return codes, region, sky


def _put(codes: np.ndarray, sky: np.ndarray, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> None:
    left, top, right, bottom = box
    codes[top:bottom, left:right] = colour
    sky[top:bottom, left:right] = 0


def test_dormers_stand_on_the_roof_with_their_panes() -> None:
    codes, region, sky = _scene()
    _put(codes, sky, (160, 100, 200, EAVES), (50, 50, 55))
    sky[110:125, 170:190] = 1.0  # a pane as blue as the sky
    found = on_roof(codes, region, sky)
    assert found[100:EAVES, 160:200].all()
    assert np.count_nonzero(found) == 40 * (EAVES - 100)


def test_a_row_of_houses_stays() -> None:
    codes, region, sky = _scene()
    _put(codes, sky, (0, 100, WIDTH, EAVES), (120, 60, 50))
    assert not on_roof(codes, region, sky).any()


def test_a_tower_next_door_stays() -> None:
    codes, region, sky = _scene()
    _put(codes, sky, (60, 40, 150, 260), (120, 60, 50))
    sky[region] = 0
    assert not on_roof(codes, region, sky).any()


def test_a_crown_behind_stays() -> None:
    codes, region, sky = _scene()
    rng = np.random.default_rng(2)
    crown = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(crown, (240, EAVES), 45, 1, -1)
    leaves = (crown > 0) & ~region
    speckle = cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT, WIDTH)), (0, 0), 1.2)[..., None] * 90
    codes[leaves] = np.clip(np.array([70, 110, 40]) + speckle, 0, 255).astype(np.uint8)[leaves]
    sky[leaves] = 0
    assert not on_roof(codes, region, sky).any()
