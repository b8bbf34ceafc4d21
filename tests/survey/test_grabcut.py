"""A cut by colours learnt from part of the pixels lies where the picture's edge does, also of things too thin to be thinned out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.survey.grabcut import grab_cut, quick_cut


@pytest.mark.parametrize("core", [30, 1])
def test_a_quick_cut_finds_the_edge(core: int) -> None:
    rng = np.random.default_rng(6)
    codes = np.full((90, 120, 3), (150, 140, 120), np.float32)
    codes[:, 50:100] = (90, 95, 110)
    codes = np.clip(codes + rng.normal(0, 8, codes.shape), 0, 255).astype(np.uint8)
    labels = np.full((90, 120), cv2.GC_PR_BGD, np.uint8)
    labels[:, :30], labels[:, 110:], labels[:, 75 - core // 2 : 76 + core // 2] = cv2.GC_BGD, cv2.GC_BGD, cv2.GC_FGD
    box = slice(5, 80), slice(20, 115)
    found = quick_cut(codes, labels, box)
    assert found.shape == (75, 95)
    assert found[:, 31:79].mean() > 0.99
    assert found[:, :29].mean() < 0.01
    assert np.mean(found == grab_cut(codes, labels, 2)[box]) > 0.99
    assert np.array_equal(found, quick_cut(codes, labels, box))
