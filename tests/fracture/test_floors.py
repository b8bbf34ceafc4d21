"""Floors: boards on joists in timber houses and in low houses of stone under a real roof, concrete elsewhere, and what the knob says anywhere."""

from __future__ import annotations

import pytest

from derrumbe.core.knobs import BuildingKnobs
from derrumbe.fracture.plan import floors_of
from tests.fracture import buildings


def house(material: str, height: float, tops: tuple[float, ...] = (3.5, 7.0, 10.0)):
    return buildings.boxed(20, 10, 3, 3.4).building.model_copy(update={"material": material, "height": height, "storey_tops": tops})


@pytest.mark.parametrize(
    ("material", "height", "floors"),
    [
        ("stone", 15, "timber"),
        ("stone", 10.5, "concrete"),
        ("stone", 25, "concrete"),
        ("brick", 15, "concrete"),
        ("timber", 10.5, "timber"),
    ],
)
def test_floors_go_with_walls_and_roof(material, height, floors):
    assert floors_of(house(material, height), BuildingKnobs()) == floors


def test_tall_houses_of_stone_have_no_joists():
    assert floors_of(house("stone", 30, tuple(3.5 * n for n in range(1, 7))), BuildingKnobs()) == "concrete"


@pytest.mark.parametrize("floors", ["concrete", "timber"])
def test_the_knob_has_the_last_word(floors):
    assert floors_of(house("stone", 15), BuildingKnobs(floors=floors)) == floors
