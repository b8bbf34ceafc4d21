"""Laws of a collapse, whatever its mode."""

from __future__ import annotations

import numpy as np
import pytest

MODES = [
    {"mode": "pancake"},
    {"mode": "progressive", "origin_side": "left"},
    {"mode": "topple", "direction": "right"},
    {"mode": "partial", "part": "left"},
]
mode = pytest.mark.parametrize("mode", MODES, ids=[m["mode"] for m in MODES])


@mode
def test_nothing_moves_before_the_trigger(collapse_of, mode):
    fall = collapse_of(**mode)
    upto = fall.motion.trigger_sample + 1
    assert (fall.poses["position"][:upto] == fall.pieces["centre"]).all()
    assert (fall.poses["rotation"][:upto] == np.float32((1, 0, 0, 0))).all()
    assert fall.energy["kinetic"][:upto].max() == 0
    assert fall.events["time"].min() >= fall.energy["time"][fall.motion.trigger_sample]


@mode
def test_what_should_fall_falls(collapse_of, mode):
    assert collapse_of(**mode).motion.fallen_share > 0.8
