"""Plants keep the pixels that have their colours: eaves that leaves run into go back to the building, cut trunks become whole."""

from __future__ import annotations

import numpy as np

from derrumbe.survey.near_colours import own_pixels

SHAPE = (400, 600)
NOTHING = np.zeros(SHAPE, bool)


def _scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return codes (h, w, 3) of an orange wall with teal eaves, leaves below row 150 and a dark trunk up to row 20; leaves and trunk; the building's region."""
    rng = np.random.default_rng(3)
    codes = np.clip(np.array([190, 120, 60]) + rng.normal(0, 12, (*SHAPE, 3)), 0, 255)
    codes[80:95] = codes[150:158] = (70, 120, 120)
    plant = np.zeros(SHAPE, bool)
    plant[158:] = plant[20:158, 300:312] = True
    colours = np.array([[20, 30, 10], [90, 110, 40], [150, 160, 70]])
    codes[158:] = colours[rng.integers(0, 3, (242, 600))] + rng.normal(0, 6, (242, 600, 3))
    codes[20:200, 300:312] = np.array([25, 25, 20]) + rng.normal(0, 5, (180, 12, 3))
    region = np.zeros(SHAPE, bool)
    region[10:300, 50:550] = True
    return np.clip(codes, 0, 255).astype(np.uint8), plant, region


def test_eaves_at_the_edge_of_leaves_are_building() -> None:
    codes, plant, region = _scene()
    rough = plant.copy()
    rough[154:158] = True
    own, _ = own_pixels(codes, rough, NOTHING, region, np.zeros(SHAPE, np.float32), 300.0)
    assert own[151:157, 60:290].mean() < 0.1
    assert own[162:].mean() > 0.99


def test_a_trunk_cut_in_two_is_made_whole_and_holes_in_leaves_are_filled() -> None:
    codes, plant, region = _scene()
    rough = plant.copy()
    rough[100:112] &= np.arange(600) < 200
    rough[190:202, 400:412] = rough[220:236, 100:116] = False
    own, sure = own_pixels(codes, rough, NOTHING, region, np.zeros(SHAPE, np.float32), 300.0)
    assert own[90:125, 302:310].mean() > 0.95
    assert own[190:202, 400:412].all()
    assert own[220:236, 100:116].all()
    assert own[20:150, 330:].mean() < 0.01
    assert sure[180:290, 60:540].mean() > 0.9
    assert not sure[~own].any()


def test_what_is_far_from_the_building_stays_as_it_is() -> None:
    codes, plant, region = _scene()
    own, _ = own_pixels(codes, plant, NOTHING, region, np.zeros(SHAPE, np.float32), 300.0)
    assert np.array_equal(own[330:], plant[330:])
