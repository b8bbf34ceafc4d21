"""Timecode against published pairs and its own laws."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derrumbe.media.timecode import advanced, count, label, timecode_at

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("start", "offset", "rate", "wanted"),
    [
        (None, 0, Fraction(25), "00:00:00:00"),
        (None, 26, Fraction(25), "00:00:01:01"),
        ("10:59:59:23", 1, Fraction(24), "11:00:00:00"),
        ("01:00:00:00", 24, Fraction(24000, 1001), "01:00:01:00"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        # SMPTE ST 12-1: labels 0 and 1 of every minute are dropped, except each tenth
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:00;00", 17982, NTSC, "00:10:00;00"),
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
        ("00:00:59;59", 1, Fraction(60000, 1001), "00:01:00;04"),
        ("unreadable", 5, Fraction(25), "00:00:00:05"),
    ],
)
def test_known_pairs(start: str | None, offset: int, rate: Fraction, wanted: str) -> None:
    assert timecode_at(start, offset, rate) == wanted


@given(st.integers(0, 24 * 3600 * 24 - 1), st.sampled_from([(24, False), (25, False), (30, False), (30, True), (60, True)]))
def test_label_and_count_are_inverse(number: int, kind: tuple[int, bool]) -> None:
    assert count(label(number, *kind), *kind) == number


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
