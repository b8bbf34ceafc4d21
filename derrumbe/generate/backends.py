"""Back ends by name, and the four doors through which a big model is reached: each behind its own lazy import.

A back end for big models is a module with `check`, `identity`, `notices` and `open_model`, all of which take the knobs (`Door`).
"""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Protocol, cast

from derrumbe.core.errors import BadBrief
from derrumbe.core.knobs import Generate

if TYPE_CHECKING:
    from derrumbe.generate.conditioning import Model

NONE = "none"
DOORS = {"diffusers": "derrumbe.generate.diffusers.door", "comfyui": "derrumbe.generate.comfy.door"}
"""Modules by the name that the knob `generate.name` takes."""


class Door(Protocol):
    """What a back end's module has. `hosts`: machines besides this one that the artist lets frames go to (`--allow-host`)."""

    def check(self, knobs: Generate, hosts: frozenset[str]) -> None:
        """Raise BadInput for what can't work. Early and cheap: no network beyond looking a host up, no heavy import."""

    def identity(self, knobs: Generate) -> str:
        """Return what decides the pictures beyond the knobs' own texts, such as the digest of a file that a knob names. No network."""

    def notices(self, knobs: Generate) -> tuple[str, ...]:
        """Return what the artist is told before the work starts: whatever leaves this machine or comes to it."""

    def open_model(self, knobs: Generate, hosts: frozenset[str]) -> Model:
        """Return the model. Weights and connections are opened when it first makes a window."""


def check(knobs: Generate, hosts: frozenset[str] = frozenset()) -> None:
    """Raise BadInput when the back end that `knobs` name can't work, with what to do."""
    if knobs.name != NONE:
        door(knobs.name).check(knobs, hosts)


def identity(knobs: Generate) -> str:
    """Return what decides the pictures beyond the knobs; empty for `none`."""
    return "" if knobs.name == NONE else door(knobs.name).identity(knobs)


def notices(knobs: Generate) -> tuple[str, ...]:
    """Return what the artist is told before the work starts."""
    return () if knobs.name == NONE else door(knobs.name).notices(knobs)


def door(name: str) -> Door:
    """Return the module of the back end called `name`. Raises BadBrief with the nearest name."""
    if name not in DOORS:
        known = sorted((NONE, *DOORS))
        near = get_close_matches(name.lower(), known, n=1, cutoff=0.3)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(known)}"
        raise BadBrief(f"generate.name: no back end called {name!r}; {hint}")
    return cast(Door, importlib.import_module(DOORS[name]))
