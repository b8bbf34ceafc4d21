"""A sentence cut into words, numbers and punctuation, with their places in the text."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

ELISIONS = "c|d|j|l|m|n|s|t|qu|jusqu|lorsqu|puisqu"
"""French words that lose their vowel before an apostrophe; any other apostrophe belongs to its word (don't)."""

SHAPES = re.compile(
    r"(?P<hex>#[0-9a-f]{6}\b)"
    r"|(?P<number>(?:(?<![\w.,])[-−])?\d+(?:[.,   ]\d+)*)"
    rf"|(?P<elided>\b(?:{ELISIONS})(?=['’]\w))"
    r"|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)"
    r"|(?P<mark>[,;:.!?…()\n])"
    r"|(?P<sign>[°%×])",
    re.IGNORECASE,
)


class Token(NamedTuple):
    """`norm` is lower case without accents or apostrophes; `glued` when nothing stands between it and the token before."""

    kind: str
    norm: str
    start: int
    end: int
    glued: bool


def plain(text: str) -> str:
    """Return lower-case text without accents and apostrophes: what words are compared by."""
    spread = unicodedata.normalize("NFKD", text).lower()
    return "".join(letter for letter in spread if not unicodedata.combining(letter) and letter not in "'’")


def tokens_of(text: str) -> tuple[Token, ...]:
    """Cut a text. Signs such as ° are words; hyphens separate; everything else is left out."""
    found: list[Token] = []
    for match in SHAPES.finditer(text):
        kind = str(match.lastgroup)
        norm = match.group() if kind in ("number", "hex", "mark", "sign") else plain(match.group())
        glued = bool(found) and found[-1].end == match.start()
        found.append(Token("word" if kind in ("elided", "sign") else kind, norm, match.start(), match.end(), glued))
    return tuple(found)
