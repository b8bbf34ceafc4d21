"""A bright or dark rim that a camera draws along a building goes with the building; plain skies and clouds have none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from derrumbe.survey.halo import halo

REGION = np.zeros((480, 640), bool)
REGION[120:, 250:400] = True
SKY = np.where(REGION, 0, 1).astype(np.float32)


def _plate(rim: float, reach: float = 9.0) -> np.ndarray:
    """Return a clear sky that gets `rim` codes brighter towards the building, over some pixels."""
    away = cv2.distanceTransform((~REGION).astype(np.uint8), cv2.DIST_L2, 5)
    level = (190 + 0.06 * np.arange(480)[:, None] + rim * np.exp(-away / reach)) / 255
    level = level + np.random.default_rng(3).normal(0, 1.5 / 255, level.shape)
    return np.where(REGION[..., None], 0.05, (level**2)[..., None] * np.ones(3)).astype(np.float32)


@pytest.mark.parametrize("rim", [6.0, -6.0])
def test_a_halo_is_found_as_far_as_it_reaches(rim: float) -> None:
    found = halo(_plate(rim, 6.0), REGION, SKY)
    away = cv2.distanceTransform((~REGION).astype(np.uint8), cv2.DIST_L2, 5)
    assert found[(away > 0) & (away < 6)].all()
    assert not found[(away > 13) | REGION].any()


@pytest.mark.parametrize("rim", [0.0, 1.0])
def test_an_even_sky_has_none(rim: float) -> None:
    assert not halo(_plate(rim), REGION, SKY).any()
