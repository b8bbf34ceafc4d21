"""HTML in small pieces: everything that goes in is escaped unless it is already Markup."""

from __future__ import annotations

from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


VOID = frozenset({"img", "input", "link", "meta", "br"})


def tag(name: str, /, *inside: object, **attributes: object) -> Markup:
    """Return an element. Attribute names lose a trailing "_" and turn "_" to "-"; True stands alone, None and False are left out."""
    shown = "".join(attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{name}{shown}>")
    return Markup(f"<{name}{shown}>{join(*inside)}</{name}>")


def attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def join(*parts: object) -> Markup:
    """Return the parts one after the other, escaped where they are plain text."""
    return Markup("".join(part if isinstance(part, Markup) else escape(str(part)) for part in parts if part is not None))
