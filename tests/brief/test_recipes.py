"""Recipes: all can be read, all differ, and a brief has the last word."""

from __future__ import annotations

import pytest

from derrumbe.brief import read_brief, recipe, recipes
from derrumbe.core.errors import BadBrief
from derrumbe.core.knobs import ShotSpec


def test_no_two_recipes_are_the_same():
    specs = [found.spec.model_dump_json() for found in recipes()]
    assert len(set(specs)) == len(specs) >= 13


def test_every_recipe_says_what_happens_in_a_sentence():
    for found in recipes():
        assert found.title
        assert found.says.endswith(".")


def test_a_brief_goes_on_top_of_a_recipe():
    base = recipe("topple-left").spec
    spec = read_brief("it topples to the right at 2 s", base).spec
    assert (spec.collapse.mode, spec.collapse.direction, spec.trigger.time) == ("topple", "right", 2.0)
    assert read_brief("heavy dust", base).spec.collapse == base.collapse


def test_a_recipe_leaves_what_it_does_not_name_at_its_default():
    assert recipe("base-failure").spec == ShotSpec()


def test_a_wrong_name_gets_the_nearest():
    with pytest.raises(BadBrief, match="pancake"):
        recipe("pancakes")
