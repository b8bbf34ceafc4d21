"""The words for a model say what the brief and the survey say."""

from __future__ import annotations

import pytest

from derrumbe.brief import read_brief
from derrumbe.core.knobs import Generate
from derrumbe.generate.prompt import NEGATIVE, written
from derrumbe.generate.settings import Settings
from tests.comp.scenes import Scene


def words(scene, brief="", **knobs):
    spec = read_brief(brief).spec
    groups = {name: getattr(spec, name) for name in ("collapse", "dust", "building", "light")}
    return written(Settings(generate=Generate(**knobs), **groups), scene.film_set.record)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


@pytest.mark.parametrize(
    ("brief", "said"),
    [
        ("the tower topples to the left", "tips over as one and breaks apart as it hits the ground, to the left"),
        ("the left half pancakes from the third floor", "only its left half falls"),
        ("la torre vuelca hacia la derecha", "to the right"),
        ("progressive collapse, no dust", "almost no dust"),
        ("progressive collapse, very heavy dust", "Enormous, opaque masonry dust"),
        ("progressive collapse", "4-storey brick building"),
    ],
)
def test_the_brief_s_words_become_the_model_s(scene, brief, said):
    assert said in words(scene, brief)[0]


def test_the_artist_s_own_words_win_and_more_are_put_after_either(scene):
    assert words(scene, prompt="a wall") == ("a wall", NEGATIVE)
    assert words(scene, prompt="a wall", prompt_more="Super 16", negative="fire") == ("a wall Super 16", "fire")
    assert words(scene, prompt_more="Super 16")[0].endswith("stay exactly as they are. Super 16")
