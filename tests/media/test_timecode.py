from fractions import Fraction

import pytest

from derrumbe.media.timecode import advanced


@pytest.mark.parametrize(
    ("start", "frames", "rate", "then"),
    [
        ("01:00:00:00", 0, "24", "01:00:00:00"),
        ("01:00:00:20", 10, "24", "01:00:01:06"),
        ("23:59:59:24", 1, "25", "00:00:00:00"),
        ("00:00:59;29", 1, "30000/1001", "00:01:00;02"),
        ("00:09:59;29", 1, "30000/1001", "00:10:00;00"),
        ("00:00:00;00", 17982, "30000/1001", "00:10:00;00"),
        ("00:00:00;00", 107892, "30000/1001", "01:00:00;00"),
        ("00:00:59;59", 1, "60000/1001", "00:01:00;04"),
        ("00:00:59:29", 1, "30000/1001", "00:01:00:00"),
    ],
)
def test_time_codes_count_on(start, frames, rate, then):
    assert advanced(start, frames, Fraction(rate)) == then


def test_what_is_no_time_code_stays_as_it_is():
    assert advanced(None, 5, Fraction(24)) is None
    assert advanced("reel 7", 5, Fraction(24)) == "reel 7"
