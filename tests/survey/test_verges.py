"""Pale rims between a dark roof and the sky belong to the roof; what a lens blurs, gaps of sky and wires stay what they are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.survey.filters import filled
from derrumbe.survey.sky import find_sky
from derrumbe.survey.verges import with_verges

WHITE, BLUE = (254, 254, 255), (150, 200, 250)
ROOF = (45, 55, 70)
GABLE = np.array([(40.0, 160.0), (40.0, 110.0), (150.0, 50.0), (260.0, 110.0), (260.0, 160.0)])
SCALE = 4


def gable(sky: tuple[int, int, int], board: tuple[int, int, int] | None, edge: tuple[int, int, int] | None = None) -> np.ndarray:
    """Return codes (200,300,3) of a dark gable before the sky, with a board 4 pixels wide along its rakes and a thin edge over that, drawn finely and
    blurred as a lens does."""
    large = np.full((200 * SCALE, 300 * SCALE, 3), sky, np.uint8)
    large[filled([GABLE * SCALE], large.shape[:2]) > 0] = ROOF
    large[150 * SCALE :] = (90, 100, 60)
    for colour, width, up in ((board, 4.0, 0.0), (edge, 1.4, 2.6)):
        if colour is not None:
            rakes = np.rint((GABLE[1:4] - (0, up)) * SCALE).astype(np.int32)
            cv2.polylines(large, [rakes], False, colour, round(width * SCALE))
    if edge is not None:  # lost over a few pixels, as edges are
        for left in (88, 209):
            patch = large[50 * SCALE : 112 * SCALE, left * SCALE : (left + 2) * SCALE]
            patch[(patch == edge).all(-1)] = sky
    small = cv2.resize(large, (300, 200), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (0, 0), 0.55)


def alphas(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the alpha of the sky as colours tell it, and without verges."""
    outline = filled([GABLE - (0, 2)], codes.shape[:2])
    sky = find_sky(codes, outline, 150.0)
    return sky, with_verges(codes, sky, outline > 0)


@pytest.mark.parametrize("column", [70, 110, 190, 230])
def test_a_white_board_under_a_white_sky_is_no_sky_where_its_edge_is_seen(column):
    before, after = alphas(gable(WHITE, WHITE, (190, 195, 198)))
    row = round(110 - 60 * (1 - abs(column - 150) / 110))
    assert before[row, column] > 0.9
    assert after[row, column] == 0
    assert after[row - 8, column] > 0.99


@pytest.mark.parametrize("column", [70, 110, 190, 230])
def test_lead_on_the_way_from_slate_to_a_blue_sky_is_solid(column):
    before, after = alphas(gable(BLUE, (98, 123, 146)))
    row = round(110 - 60 * (1 - abs(column - 150) / 110))
    assert before[row - 2, column] > 0.2
    assert after[row - 2, column] == 0
    assert after[row - 6, column] > 0.99


def test_an_edge_that_a_lens_blurs_stays_as_it_is():
    for sky in (WHITE, BLUE):
        before, after = alphas(gable(sky, None))
        assert (np.abs(after - before) > 0.05).sum() < 10


def test_a_gap_of_white_sky_between_chimneys_stays_open():
    codes = gable(WHITE, None)
    codes[38:100, 120:140], codes[38:100, 145:165] = ROOF, ROOF
    outline = filled([GABLE], codes.shape[:2]) > 0
    outline[38:100, 120:165] = True
    sky = find_sky(codes, outline.astype(np.uint8) * 255, 150.0)
    open_ = sky[38:55, 141:144].copy()
    assert (with_verges(codes, sky, outline)[38:55, 141:144] == open_).all()


def test_a_blue_sky_that_darkens_towards_a_roof_is_no_rim():
    """Blue between clouds: darker over the last 10 pixels above a flat eave, and no less blue; the outline takes 5 of them in."""
    codes = np.full((200, 300, 3), (97, 142, 203), np.uint8)
    codes[100:110] = (74, 128, 198)
    codes[110:, 40:260] = ROOF
    codes[150:] = (90, 100, 60)
    outline = np.zeros((200, 300), bool)
    outline[105:, 40:260] = True
    sky = np.ones((200, 300), np.float32)
    sky[110:, 40:260], sky[150:] = 0, 0
    sky[101:110, 40:260] = 0.8
    assert (with_verges(codes, sky, outline)[100:109, 60:240] == 1).all()
