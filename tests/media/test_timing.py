from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from derrumbe.media.timing import STANDARD, nearest_standard, timing

FALLBACK = Fraction(24)


@settings(max_examples=50, deadline=None)
@given(
    rate=st.sampled_from(STANDARD),
    tick=st.sampled_from([Fraction(1, 90000), Fraction(1, 10240), Fraction(1, 1000)]),
    count=st.integers(60, 400),
    start=st.integers(-1000, 10**6),
)
def test_stamps_rounded_to_ticks_give_the_exact_rate_back(rate, tick, count, start):
    assume(count / rate > 2500 * tick)
    stamps = [start + round(index / rate / tick) for index in range(count)]
    found = timing(stamps, tick, FALLBACK)
    assert found.uneven == 0
    assert found.rate == rate


def test_stamps_may_come_in_any_order():
    assert timing([3003, 0, 1001, 2002], Fraction(1, 24000), FALLBACK).rate == Fraction(24000, 1001)


def test_23976_and_24_are_told_apart_by_their_stamps():
    assert timing([1001 * index for index in range(5)], Fraction(1, 24000), FALLBACK).rate == Fraction(24000, 1001)
    assert timing([1000 * index for index in range(5)], Fraction(1, 24000), FALLBACK).rate == 24


def test_a_missing_frame_is_counted_and_leaves_the_rate():
    stamps = [index * 512 for index in range(50) if index not in (20, 31)]
    found = timing(stamps, Fraction(1, 12800), FALLBACK)
    assert found.rate == 25
    assert found.uneven == 2


def test_a_phone_with_wandering_frame_times_gets_its_nominal_rate():
    stamps = [round(index * 3000 + (700 if index % 5 == 0 else 0)) for index in range(100)]
    found = timing(stamps, Fraction(1, 90000), FALLBACK)
    assert found.rate == 30
    assert found.uneven > 10


@pytest.mark.parametrize("stamps", [[], [7], [5, 5]])
def test_too_few_stamps_leave_the_containers_word(stamps):
    assert timing(stamps, Fraction(1, 24), Fraction(25)).rate == 25


@pytest.mark.parametrize(("written", "meant"), [("23.98", "24000/1001"), ("29.97", "30000/1001"), ("25", "25"), ("18", "18")])
def test_sloppy_rates_are_read_as_the_standard_ones(written, meant):
    assert nearest_standard(Fraction(written)) == Fraction(meant)
