"""Numbers as people write and say them: 1.5, 1,5, 1.500, twenty-five, medio, deux et demi; and with units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from derrumbe.brief.language import Language, Phrase
from derrumbe.brief.tokens import Token

Found = tuple[float, int]
"""A value and the index after it."""

V = TypeVar("V")


def matches(token: Token, word: str) -> bool:
    """Tell whether a token is a word of a phrase; 'toppl*' takes any ending."""
    return token.norm.startswith(word[:-1]) if word.endswith("*") else token.norm == word


def phrase_at(tokens: Sequence[Token], start: int, phrase: Phrase, stops: frozenset[str]) -> int | None:
    """Return the index after `phrase`, stepping over stop words between its words, or None."""
    at = start
    for place, word in enumerate(phrase):
        while place and at < len(tokens) and not matches(tokens[at], word) and tokens[at].norm in stops:
            at += 1
        if at >= len(tokens) or tokens[at].kind not in ("word", "number") or not matches(tokens[at], word):
            return None
        at += 1
    return at


def longest(tokens: Sequence[Token], start: int, known: Iterable[Phrase], stops: frozenset[str]) -> tuple[Phrase, int] | None:
    """Return the longest of `known` that stands at `start`, with the index after it."""
    ends = [(end, phrase) for phrase in known if (end := phrase_at(tokens, start, phrase, stops)) is not None]
    return max(((phrase, end) for end, phrase in ends), key=lambda found: (found[1], len(found[0])), default=None)


def written(text: str, whole: bool) -> float:
    """Read digits. The last separator is decimal, unless groups of three follow and a `whole` number or several groups say otherwise."""
    text = text.replace("−", "-")
    groups = re.split(r"[.,\s   ]", text)
    thousands = len(groups) > 1 and all(len(group) == 3 for group in groups[1:]) and groups[0].lstrip("-") not in ("0", "")
    if len(groups) == 1 or (thousands and (whole or len(groups) > 2)):
        return float("".join(groups))
    return float("".join(groups[:-1]) + "." + groups[-1])


def spoken(tokens: Sequence[Token], start: int, language: Language) -> Found | None:
    """Read a number in words: each word must be smaller than the place before it, or multiply it."""
    total, current, room, at = 0, 0, 10**9, start
    while at < len(tokens):
        joined = at > start and tokens[at].norm in language.joiners and at + 1 < len(tokens) and tokens[at + 1].norm in language.numbers
        value = language.numbers.get(tokens[at + joined].norm)
        if value is None or tokens[at + joined].kind != "word":
            break
        if value == 20 and current == 4:  # quatre-vingt
            current, room = 80, 20
        elif value == 1000 and not total:
            total, current, room = max(current, 1) * 1000, 0, 1000
        elif value == 100 and current < 10 and room <= 10**9:
            current, room = max(current, 1) * 100, 100
        elif value < room and (at == start or room > 1):
            current, room = current + value, place_below(value)
        else:
            break
        at += 1 + joined
    return (float(total + current), at) if at > start else None


def place_below(value: int) -> int:
    """Return what a following word must stay under: 20 after 60 (soixante-dix), 10 after 20 or dix, nothing after 7."""
    if value >= 100:
        return 100
    if value in (60, 80):
        return 20
    return 10 if value >= 10 and value % 10 == 0 else 0


def number_at(tokens: Sequence[Token], start: int, language: Language, whole: bool = False, article: bool = False) -> Found | None:
    """Read a number; with `article`, "a" and "half a" count too (before a unit)."""
    if start >= len(tokens):
        return None
    if article and (half := longest(tokens, start, language.halves, frozenset())):
        return 0.5, half[1]
    token = tokens[start]
    if token.kind == "number":
        found: Found | None = (written(token.norm, whole), start + 1)
    elif article and token.norm in language.articles and token.kind == "word":
        found = (1.0, start + 1)
    else:
        found = spoken(tokens, start, language)
    return found and with_half(tokens, found, language)


def with_half(tokens: Sequence[Token], found: Found, language: Language) -> Found:
    """Add "and a half" where it follows."""
    half = longest(tokens, found[1], language.and_a_half, frozenset())
    return (found[0] + 0.5, half[1]) if half else found


def quantity_at(tokens: Sequence[Token], start: int, language: Language, kind: str) -> Found | None:
    """Read a number and a unit of `kind`, in that kind's base unit."""
    number = number_at(tokens, start, language, article=True)
    if number is None:
        return None
    unit = longest(tokens, number[1], language.units[kind], frozenset())
    if unit is None:
        return None
    factor = language.units[kind][unit[0]]
    value, end = with_half(tokens, (number[0], unit[1]), language)
    return value * factor, end


def ordinal_at(tokens: Sequence[Token], start: int, language: Language) -> Found | None:
    """Read third, 3rd, tercera, 3.ª, troisième, 3e."""
    if start >= len(tokens):
        return None
    token = tokens[start]
    if token.kind == "word" and token.norm in language.ordinals:
        return float(language.ordinals[token.norm]), start + 1
    if token.kind != "number" or not token.norm.isdecimal():
        return None
    after = start + 1
    if after < len(tokens) and tokens[after].norm == "." and tokens[after].glued:
        after += 1
    if after < len(tokens) and tokens[after].glued and tokens[after].norm in language.ordinal_endings:
        return float(token.norm), after + 1
    return None
