"""Find what a sentence says: all rules at all places, the longest match first, no word used twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from derrumbe.brief.language import Element, Language, Rule
from derrumbe.brief.numbers import longest, number_at, ordinal_at, phrase_at, quantity_at
from derrumbe.brief.tokens import Token

WIDEST_GAP = 5
"""Most adjectives and commas between an adjective and its noun."""

FACTORS = frozenset({"pace", "degree", "bulk", "size", "opacity", "reach", "lasting", "thickness", "weight"})
"""Classes whose values multiply a knob, so that "very" can stretch them."""


@dataclass(frozen=True)
class Match:
    """A rule found at tokens[start:end]. `read` are the words that it explains, `owned` those that are its alone."""

    meaning: str
    start: int
    end: int
    values: Mapping[str, Any]
    owned: frozenset[int]
    read: frozenset[int]
    words: int
    negated: bool = False


@dataclass(frozen=True)
class Path:
    """A rule half read."""

    at: int
    values: tuple[tuple[str, Any], ...] = ()
    owned: frozenset[int] = frozenset()
    read: frozenset[int] = frozenset()
    words: int = 0
    skipped: int = 0


def slot_at(tokens: Sequence[Token], start: int, slot: str, language: Language) -> tuple[Any, int] | None:
    """Read what fills a slot: a number, a quantity, a colour, or a word of a class."""
    name = slot.split(":")[0]
    if start >= len(tokens):
        return None
    if name == "int":
        found = number_at(tokens, start, language, whole=True)
        return (int(found[0]), found[1]) if found and found[0] == int(found[0]) else None
    if name == "ordinal":
        found = ordinal_at(tokens, start, language)
        return (int(found[0]), found[1]) if found else None
    if name in language.units:
        return quantity_at(tokens, start, language, name)
    if name == "hex":
        return (tokens[start].norm.lower(), start + 1) if tokens[start].kind == "hex" else None
    return class_at(tokens, start, name, language)


def class_at(tokens: Sequence[Token], start: int, name: str, language: Language) -> tuple[Any, int] | None:
    """Read a word of a class; "very" and "slightly" stretch a factor."""
    known = language.classes[name]
    strength = longest(tokens, start, language.intensifiers, frozenset())
    if strength and (word := longest(tokens, strength[1], known, language.stops)):
        value = known[word[0]]
        return (value ** language.intensifiers[strength[0]] if name in FACTORS else value), word[1]
    found = longest(tokens, start, known, language.stops)
    return (known[found[0]], found[1]) if found else None


def steps(tokens: Sequence[Token], path: Path, element: Element, language: Language) -> Iterator[Path]:
    """Yield every way of reading one element from where `path` stands; stop words before it may be stepped over."""
    at = path.at
    while True:
        for values, end in readings(tokens, at, element, language):
            span = frozenset(index for index in range(at, end))
            words = sum(1 for index in span if tokens[index].norm not in language.stops) or 1
            owned = path.owned if element.shared else path.owned | span
            yield Path(end, path.values + values, owned, path.read | span, path.words + words, path.skipped)
        if not path.words or at >= len(tokens) or tokens[at].norm not in language.stops or tokens[at].kind != "word":
            return
        at += 1


def readings(tokens: Sequence[Token], at: int, element: Element, language: Language) -> Iterator[tuple[tuple[tuple[str, Any], ...], int]]:
    """Yield (bound values, end) for one element read exactly at `at`."""
    if element.slot:
        found = slot_at(tokens, at, element.slot, language)
        if found:
            yield ((element.slot, found[0]),), found[1]
        return
    for phrase in element.phrases:
        end = phrase_at(tokens, at, phrase, language.stops)
        if end is not None:
            yield (), end


def gaps(tokens: Sequence[Token], path: Path, language: Language) -> Iterator[Path]:
    """Yield `path` moved over 0, 1, 2 … adjectives, commas and "and"s that other rules may own."""
    yield path
    at = path.at
    while at < len(tokens) and at - path.at < WIDEST_GAP and is_adjective(tokens[at], language):
        at += 1
        yield replace(path, at=at, skipped=path.skipped + at - path.at)


def is_adjective(token: Token, language: Language) -> bool:
    """Tell whether an adjective may be parted from its noun by this word."""
    small = token.norm == "," or token.kind == "hex" or token.norm in language.joiners or token.norm in language.stops
    return small or token.norm in language.adjectives or token.norm.startswith(language.adjective_stems or "\0")


def read_rule(tokens: Sequence[Token], start: int, rule: Rule, language: Language) -> Match | None:
    """Return the best reading of `rule` that begins at `start`."""
    paths = [Path(start)]
    for element in rule.elements:
        following: dict[Path, None] = {}
        for path in paths:
            if element.gap:
                following.update(dict.fromkeys(gaps(tokens, path, language)))
                continue
            if element.optional:
                following[path] = None
            following.update(dict.fromkeys(steps(tokens, path, element, language)))
        paths = list(following)
    paths = [path for path in paths if path.owned]
    if not paths:
        return None
    best = max(paths, key=lambda path: (path.words, -path.skipped))
    return Match(rule.meaning, start, best.at, dict(best.values), best.owned, best.read, 10 * best.words - best.skipped)


def find(tokens: Sequence[Token], language: Language) -> tuple[Match, ...]:
    """Return the matches of a sentence in its order: longest first, earlier rule first among equals, no owned word shared."""
    candidates = [
        (-match.words, order, start, match)
        for start, token in enumerate(tokens)
        if token.kind != "mark"
        for order, rule in enumerate(language.rules)
        if (match := read_rule(tokens, start, rule, language)) is not None
    ]
    chosen: list[Match] = []
    taken: set[int] = set()
    for _, _, _, match in sorted(candidates, key=lambda candidate: candidate[:3]):
        if not match.owned & taken:
            chosen.append(match)
            taken |= match.owned
    return tuple(sorted((negation(tokens, match, language, taken) for match in chosen), key=lambda match: (match.start, match.end)))


def negation(tokens: Sequence[Token], match: Match, language: Language, taken: set[int]) -> Match:
    """Return the match, negated when a free "not" stands before it with nothing but stop words between."""
    at = match.start - 1
    while at >= 0 and tokens[at].norm in language.stops and tokens[at].norm not in language.negators:
        at -= 1
    if at < 0 or tokens[at].norm not in language.negators or at in taken:
        return match
    taken.add(at)
    return replace(match, start=at, owned=match.owned | {at}, read=match.read | {at}, negated=True)
