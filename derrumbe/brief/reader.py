"""Read a brief: what it says, the knobs that this sets, and what was not understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from derrumbe.brief.addresses import complaint, fields, value_at, with_value
from derrumbe.brief.grammar import Match, find
from derrumbe.brief.language import Language
from derrumbe.brief.meanings import MEANINGS, NEVER_NEGATED, TABLES
from derrumbe.brief.numbers import longest
from derrumbe.brief.overrides import parsed
from derrumbe.brief.tokens import Token, tokens_of
from derrumbe.core.errors import BadBrief
from derrumbe.core.knobs import ShotSpec

LANGUAGES = {"en": "english", "es": "spanish", "fr": "french"}

LITERAL = re.compile(r"(?<![\w.])([a-z_]+\.[a-z_]+|seed)\s*=\s*([^\s;]+?)(?=[.,]?(?:[\s;]|$))")
"""A knob written by its address inside the brief: dust.amount=1.5."""


class Understood(NamedTuple):
    """Words of the brief, the knob that they set, and its value."""

    phrase: str
    address: str
    value: Any


@dataclass(frozen=True)
class Understanding:
    """What a brief means. `language` is en, es or fr: the one that makes most sense of it."""

    spec: ShotSpec
    understood: tuple[Understood, ...]
    not_understood: tuple[str, ...]
    language: str


class Saying(NamedTuple):
    """One setting that the brief asks for, before conflicts are settled."""

    phrase: str
    start: int
    address: str
    value: Any
    strength: str
    negated: bool = False


@cache
def vocabulary(code: str) -> Language:
    """Return a language's vocabulary, compiled at first use."""
    return import_module(f"derrumbe.brief.{LANGUAGES[code]}").LANGUAGE


def read_brief(text: str, base: ShotSpec | None = None) -> Understanding:
    """Read a brief in English, Spanish or French on top of `base`. Never raises: what can't be placed is listed.

    Floors are counted from the ground floor, 0, in every language: "third floor", "tercera planta" and "troisième étage" are storey 3.
    When a knob is said twice, the last wins and the first is listed as not understood.
    """
    base = base or ShotSpec()
    rest, literals = literal_sayings(text)
    tokens = tokens_of(rest)
    found = {code: find(tokens, vocabulary(code)) for code in LANGUAGES}
    code = max(LANGUAGES, key=lambda code: sense(tokens, found[code], vocabulary(code)))
    sayings = [*literals, *(saying for match in found[code] for saying in say(text, tokens, match))]
    spec, understood, refused = settle(base, sorted(sayings, key=lambda saying: saying.start))
    listed = sorted([*refused, *unknown(text, tokens, found[code], vocabulary(code))])
    return Understanding(spec, understood, tuple(phrase for _, phrase in listed), code)


def literal_sayings(text: str) -> tuple[str, list[Saying]]:
    """Take knobs written by address out of the text, leaving blanks of the same length."""
    sayings = []
    for match in LITERAL.finditer(text):
        if match[1] in fields():
            sayings.append(Saying(match[0], match.start(), match[1], match[2], "literal"))
    for saying in sayings:
        text = text[: saying.start] + " " * len(saying.phrase) + text[saying.start + len(saying.phrase) :]
    return text, sayings


def sense(tokens: Sequence[Token], found: Sequence[Match], language: Language) -> int:
    """Return how much of the text a language explains: two points a word that sets something, one for any word it knows."""
    owned = {index for match in found for index in match.read}
    known = {index for index, token in enumerate(tokens) if token.norm in language.stops or token.norm in language.joiners}
    return 2 * len(owned) + len((known | neutral(tokens, language)) - owned)


def neutral(tokens: Sequence[Token], language: Language) -> set[int]:
    """Return the words that name the subject and set nothing: the building collapses."""
    found: set[int] = set()
    for start in range(len(tokens)):
        phrase = longest(tokens, start, language.neutral, language.stops)
        if phrase:
            found.update(range(start, phrase[1]))
    return found


def say(text: str, tokens: Sequence[Token], match: Match) -> Iterator[Saying]:
    """Turn a match into settings."""
    start, end = tokens[match.start].start, tokens[match.end - 1].end
    negated = match.negated and match.meaning not in NEVER_NEGATED
    for setting in MEANINGS[match.meaning].split():
        strength = setting[: len(setting) - len(setting.lstrip("?!"))]
        address, _, value = setting.lstrip("?!").partition("=")
        yield Saying(text[start:end], start, address, evaluated(address, value, match.values), strength, negated)


def evaluated(address: str, text: str, slots: Mapping[str, Any]) -> Any:
    """Return the value of a setting's right-hand side."""
    value: Any = None
    for factor in text.split("*"):
        part = operand(address, factor, slots)
        value = part if value is None else value * part
    if isinstance(value, float):
        value = float(f"{value:.6g}")
        return round(value) if fields()[address].annotation in (int, int | None) else value
    return value


def operand(address: str, text: str, slots: Mapping[str, Any]) -> Any:
    if text.startswith("{"):
        name = text.strip("{}")
        slot, _, table = name.partition(":")
        return TABLES[table][slots[slot]] if table else slots[slot]
    if text == "default":
        return fields()[address].default
    return parsed(address, text)


def settle(base: ShotSpec, sayings: Sequence[Saying]) -> tuple[ShotSpec, tuple[Understood, ...], list[tuple[int, str]]]:
    """Apply settings: negated ones first, then what was said in order, then what is filled in."""
    said = {saying.address for saying in sayings if saying.strength in ("", "literal") and not saying.negated}
    spec, refused = base, list[tuple[int, str]]()
    settled: dict[str, Saying] = {}
    for saying in sorted(sayings, key=rank):
        if saying.negated and saying.address in said:
            refused.append((saying.start, f"{saying.phrase} ({saying.address} is said again)"))
            continue
        if rank(saying) >= 2 and filled(base, saying, said):
            continue
        if "?" in saying.strength and saying.address in settled:
            continue
        try:
            spec, value = applied(spec, saying)
        except BadBrief:
            refused.append((saying.start, refusal(saying)))
            continue
        if value is None:
            if saying.negated:
                refused.append((saying.start, refusal(saying)))
            continue
        loser = settled.pop(saying.address, None)
        if loser and loser.value != value:
            refused.append((loser.start, f"{loser.phrase} ({loser.address} is said again: {saying.phrase})"))
        settled[saying.address] = saying._replace(value=value)
    return spec, tuple(Understood(saying.phrase, saying.address, saying.value) for saying in settled.values()), refused


def refusal(saying: Saying) -> str:
    """Say why a setting could not be taken."""
    return saying.phrase if saying.negated else f"{saying.phrase} ({saying.address}: {complaint(saying.address)})"


def rank(saying: Saying) -> int:
    """0 negated, 1 said, 2 cleared, 3 and 4 filled in."""
    return 0 if saying.negated else {"!": 2, "?": 3, "??": 4}.get(saying.strength, 1)


def filled(base: ShotSpec, saying: Saying, said: set[str]) -> bool:
    """Tell whether a weaker setting has nothing to do."""
    if saying.address in said:
        return True
    return "?" in saying.strength and value_at(base, saying.address) != fields()[saying.address].default


def applied(spec: ShotSpec, saying: Saying) -> tuple[ShotSpec, Any]:
    """Return the spec with the setting, and the value. A negated choice goes back to the knob's default; BadBrief when that is it."""
    value = parsed(saying.address, saying.value) if saying.strength == "literal" else saying.value
    if saying.negated:
        default = fields()[saying.address].default
        if value == default:
            raise BadBrief(saying.phrase)
        value = default
    return with_value(spec, saying.address, value), value


@cache
def all_stops() -> frozenset[str]:
    """Return the stop words of the three languages, and what joins."""
    return frozenset(word for code in LANGUAGES for word in vocabulary(code).stops | vocabulary(code).joiners)


def unknown(text: str, tokens: Sequence[Token], found: Sequence[Match], language: Language) -> list[tuple[int, str]]:
    """Return the runs of words that nothing explains, with their places; stop words only join a run."""
    explained = {index for match in found for index in match.read} | neutral(tokens, language)
    runs: list[list[int]] = []
    open_run = False
    for index, token in enumerate(tokens):
        if token.kind == "mark" or index in explained:
            open_run = False
        elif token.norm not in all_stops() or token.norm in language.negators:
            if open_run:
                runs[-1].append(index)
            else:
                runs.append([index])
            open_run = True
    return [(tokens[run[0]].start, text[tokens[run[0]].start : tokens[run[-1]].end]) for run in runs]
