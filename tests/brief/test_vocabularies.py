"""What holds of every vocabulary, so that a fourth language can be written without reading the grammar."""

import re

import pytest

from derrumbe.brief.addresses import fields, with_value
from derrumbe.brief.grammar import FACTORS
from derrumbe.brief.meanings import MEANINGS, TABLES
from derrumbe.brief.overrides import parsed
from derrumbe.brief.reader import LANGUAGES, vocabulary
from derrumbe.core.knobs import ShotSpec

SLOTS = re.compile(r"{(\w+)(?::(\w+))?}")
VOCABULARIES = [pytest.param(vocabulary(code), id=code) for code in LANGUAGES]


def test_every_meaning_sets_a_knob_that_exists() -> None:
    for name, settings in MEANINGS.items():
        for setting in settings.split():
            address, equals, value = setting.lstrip("?!").partition("=")
            assert equals, name
            assert address in fields(), name
            if not SLOTS.search(value):
                with_value(ShotSpec(), address, parsed(address, value))


@pytest.mark.parametrize("language", VOCABULARIES)
def test_every_language_can_say_everything(language) -> None:
    assert {rule.meaning for rule in language.rules} == set(MEANINGS)


@pytest.mark.parametrize("language", VOCABULARIES)
def test_every_pattern_fills_the_slots_of_its_meaning(language) -> None:
    for rule in language.rules:
        bound = {element.slot for element in rule.elements if element.slot and not element.optional}
        assert {slot for slot, _ in SLOTS.findall(MEANINGS[rule.meaning])} <= bound, rule


@pytest.mark.parametrize("language", VOCABULARIES)
def test_every_word_of_a_class_is_a_value_that_its_knob_takes(language) -> None:
    for settings in MEANINGS.values():
        for setting in settings.split():
            address, _, text = setting.lstrip("?!").partition("=")
            slot = SLOTS.fullmatch(text)
            if slot and slot[1] in language.classes and slot[1] not in FACTORS:
                for value in language.classes[slot[1]].values():
                    with_value(ShotSpec(), address, TABLES[slot[2]][value] if slot[2] else value)


def test_languages_agree_on_values() -> None:
    first, *others = (vocabulary(code) for code in LANGUAGES)
    for other in others:
        assert set(other.classes) == set(first.classes)
        for name in first.classes:
            assert set(other.classes[name].values()) == set(first.classes[name].values()), name
        assert {kind: set(units.values()) for kind, units in other.units.items()} == {k: set(u.values()) for k, u in first.units.items()}
