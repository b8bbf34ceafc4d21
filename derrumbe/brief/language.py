"""What the grammar has to be told about a language, and how its vocabulary is written down.

A *phrase* is words joined by "_" (`ground_floor`); "*" at the end of a word stands for any ending (`toppl*`).
A *pattern* is elements joined by spaces. An element is phrases joined by "|", `<name>` for phrases that share a name, `{slot}` for a
number with its unit or a word of a class, or ".." for adjectives that belong to another rule. A "?" after an element makes it optional,
a "~" leaves it free for other rules, so that "heavy pale dust" is two rules about one noun.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from derrumbe.brief.tokens import plain

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Element:
    """One step of a pattern: a slot's name, or the phrases that may stand there; `gap` is ".."."""

    phrases: tuple[Phrase, ...] = ()
    slot: str = ""
    optional: bool = False
    shared: bool = False
    gap: bool = False


@dataclass(frozen=True)
class Rule:
    """A pattern and the name of what it means."""

    meaning: str
    elements: tuple[Element, ...]


@dataclass(frozen=True)
class Language:
    """A language's vocabulary, compiled. Words are compared without case, accents and apostrophes."""

    code: str
    stops: frozenset[str]
    neutral: tuple[Phrase, ...]
    negators: frozenset[str]
    joiners: frozenset[str]
    numbers: Mapping[str, int]
    articles: frozenset[str]
    halves: frozenset[Phrase]
    and_a_half: frozenset[Phrase]
    ordinals: Mapping[str, int]
    ordinal_endings: frozenset[str]
    units: Mapping[str, Mapping[Phrase, float]]
    intensifiers: Mapping[Phrase, float]
    classes: Mapping[str, Mapping[Phrase, Any]]
    rules: tuple[Rule, ...]
    adjectives: frozenset[str]
    adjective_stems: tuple[str, ...]


def phrase(text: str) -> Phrase:
    """Return one phrase: 'ground_floor' is ('ground', 'floor')."""
    return tuple(plain(word) for word in text.split("_"))


def phrases(text: str) -> tuple[Phrase, ...]:
    """Return phrases separated by spaces."""
    return tuple(phrase(part) for part in text.split())


def table(entries: Mapping[Any, str]) -> dict[Phrase, Any]:
    """Turn {value: 'phrases of it'} around."""
    return {key: value for value, text in entries.items() for key in phrases(text)}


def element(text: str, words: Mapping[str, str]) -> Element:
    """Read one element of a pattern."""
    if text == "..":
        return Element(gap=True)
    optional, shared = "?" in text, "~" in text
    text = text.replace("?", "").replace("~", "")
    if text.startswith("{"):
        return Element(slot=text.strip("{}"), optional=optional, shared=shared)
    expanded = "|".join("|".join(words[part.strip("<>")].split()) if part.startswith("<") else part for part in text.split("|"))
    return Element(phrases=tuple(phrase(part) for part in expanded.split("|")), optional=optional, shared=shared)


def language(
    code: str,
    *,
    stops: str,
    neutral: str,
    negators: str,
    joiners: str,
    numbers: Mapping[int, str],
    articles: str,
    halves: str,
    and_a_half: str,
    ordinals: Mapping[int, str],
    ordinal_endings: str,
    units: Mapping[str, Mapping[float, str]],
    intensifiers: Mapping[float, str],
    classes: Mapping[str, Mapping[Any, str]],
    words: Mapping[str, str],
    patterns: Mapping[str, str],
) -> Language:
    """Compile a vocabulary. `patterns` gives each meaning its patterns, one a line."""
    compiled = {name: table(entries) for name, entries in classes.items()}
    strengths = table(intensifiers)
    singles = [word for entries in (*compiled.values(), strengths) for key in entries for word in key]
    return Language(
        code=code,
        stops=frozenset(plain(word) for word in stops.split()),
        neutral=phrases(neutral),
        negators=frozenset(plain(word) for word in negators.split()),
        joiners=frozenset(plain(word) for word in joiners.split()),
        numbers={plain(word): value for value, text in numbers.items() for word in text.split()},
        articles=frozenset(plain(word) for word in articles.split()),
        halves=frozenset(phrases(halves)),
        and_a_half=frozenset(phrases(and_a_half)),
        ordinals={plain(word): value for value, text in ordinals.items() for word in text.split()},
        ordinal_endings=frozenset(plain(word) for word in ordinal_endings.split()),
        units={kind: table(entries) for kind, entries in units.items()},
        intensifiers=strengths,
        classes=compiled,
        rules=tuple(
            Rule(meaning, tuple(element(part, words) for part in line.split()))
            for meaning, text in patterns.items()
            for line in text.splitlines()
            if line.strip()
        ),
        adjectives=frozenset(word for word in singles if not word.endswith("*")),
        adjective_stems=tuple(word[:-1] for word in singles if word.endswith("*")),
    )
