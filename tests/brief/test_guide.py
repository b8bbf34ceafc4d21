"""The guide keeps its word: its sentences are understood in full, and it speaks of every knob."""

import re
from pathlib import Path

import pytest

from derrumbe.brief import read_brief
from derrumbe.brief.addresses import fields

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guide.md").read_text(encoding="utf-8")
SENTENCES = [line for block in re.findall(r"```brief\n(.*?)```", GUIDE, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_sentences_of_the_guide_are_understood(sentence: str) -> None:
    read = read_brief(sentence)
    assert read.not_understood == ()
    assert read.understood


def test_the_guide_has_sentences_in_three_languages() -> None:
    assert {read_brief(sentence).language for sentence in SENTENCES} == {"en", "es", "fr"}


@pytest.mark.parametrize("address", fields())
def test_the_guide_speaks_of_every_knob(address: str) -> None:
    assert f"`{address}`" in GUIDE


def test_the_guide_names_no_knob_that_does_not_exist() -> None:
    groups = {address.partition(".")[0] for address in fields()}
    named = {name for name in re.findall(r"`(\w+\.\w+)`", GUIDE) if name.partition(".")[0] in groups}
    assert named <= {*fields(), "camera.json"}
