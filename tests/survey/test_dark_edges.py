"""A dark upright edge that an outline leaves is the building's; windows and lawns beside it aren't."""

from __future__ import annotations

import numpy as np

from derrumbe.survey.dark_edges import dark_edges

HEIGHT, WIDTH, WALL, LINE = 300, 500, 120, 40


def plate(line: tuple[int, int] = (193, 197)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return codes, region and sky: a wall next door up to column 200, a dark line down it, and the region of a building from 198 to 204 on."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    codes = np.full((HEIGHT, WIDTH, 3), WALL, np.uint8)
    codes[60:240, line[0] : line[1]] = LINE
    sky = (rows < 40).astype(np.float32)
    return codes, (columns >= 198 + rows // 50) & (columns < 400) & (rows >= 50) & (rows < 250), sky


def test_a_dark_line_along_the_outline_is_the_buildings_with_all_up_to_it() -> None:
    codes, region, sky = plate((195, 199))
    edges = dark_edges(codes, region, sky)
    assert edges[70:130, 195:198].all()
    assert not (edges & region).any()
    rows = np.arange(70, 130)
    assert all(edges[row, 195 : region[row].argmax()].all() for row in rows)
    assert not edges[:, :193].any()


def test_both_ends_are_alike() -> None:
    codes, region, sky = plate((195, 199))
    both = [np.ascontiguousarray(one[:, ::-1]) for one in (codes, region, sky)]
    assert np.array_equal(dark_edges(*both)[:, ::-1], dark_edges(codes, region, sky))


def test_what_stands_apart_or_is_short_or_no_darker_is_left() -> None:
    codes, region, sky = plate((170, 174))
    assert not dark_edges(codes, region, sky).any(), "a window's frame"
    codes, region, sky = plate((195, 199))
    codes[90:] = WALL
    assert not dark_edges(codes, region, sky).any(), "a short thing"
    assert not dark_edges(np.full_like(codes, WALL), region, sky).any()
