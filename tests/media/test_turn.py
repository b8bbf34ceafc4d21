import numpy as np
import pytest

from derrumbe.media.turn import Turn, turn_of_exif, turn_of_matrix

PICTURE = np.arange(2 * 3 * 3).reshape(2, 3, 3)
EXIF = {
    1: PICTURE,
    2: PICTURE[:, ::-1],
    3: PICTURE[::-1, ::-1],
    4: PICTURE[::-1],
    5: PICTURE.transpose(1, 0, 2),
    6: np.rot90(PICTURE, -1),
    7: PICTURE[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(PICTURE),
}


@pytest.mark.parametrize("orientation", EXIF)
def test_exif_orientations(orientation):
    turn = turn_of_exif(orientation)
    assert np.array_equal(turn.apply(PICTURE), EXIF[orientation])
    assert turn.size(3, 2) == EXIF[orientation].shape[1::-1]


@pytest.mark.parametrize(
    ("matrix", "upright"),
    [
        ((1, 0, 0, 1), PICTURE),
        ((0, 1, -1, 0), np.rot90(PICTURE, -1)),
        ((-1, 0, 0, -1), np.rot90(PICTURE, 2)),
        ((0, -1, 1, 0), np.rot90(PICTURE)),
        ((-1, 0, 0, 1), PICTURE[:, ::-1]),
    ],
)
def test_display_matrices(matrix, upright):
    a, b, c, d = (one * 0x10000 for one in matrix)
    assert np.array_equal(turn_of_matrix(np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], np.int32)).apply(PICTURE), upright)


def test_an_unknown_orientation_is_upright():
    assert turn_of_exif(0) == Turn()
