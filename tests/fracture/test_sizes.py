"""The exponent of a known power law is found."""

import numpy as np
import pytest

from derrumbe.fracture.sizes import power_law_exponent


@pytest.mark.parametrize("alpha", [2.0, 3.0, 4.5])
def test_exponent_of_pareto_sizes(alpha):
    sizes = 0.2 * (1 - np.random.default_rng(5).random(20000)) ** (-1 / (alpha - 1))
    assert power_law_exponent(sizes) == pytest.approx(alpha, rel=0.03)


def test_small_sizes_off_the_law_are_left_out():
    rng = np.random.default_rng(6)
    tail = (1 - rng.random(10000)) ** (-1 / 2)
    assert power_law_exponent(np.concatenate([tail, rng.uniform(0.5, 1, 5000)])) == pytest.approx(3.0, rel=0.05)
