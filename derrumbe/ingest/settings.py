"""What decides a plate's pixels."""

from __future__ import annotations

from pydantic import Field

from derrumbe.core.knobs import Group


class Settings(Group):
    """`source`: absolute path, or a pattern. `frames`: inclusive, 1001 is the source's first. `max_height`: a preview's height in pixels.

    `held_count`: how long a still is held when `frames` is None. `rate`: frames per second; None: the source's own, 24 for stills.
    """

    source: str = Field(exclude=True)
    """Not part of the key: the digest says what it is, so a plate may move."""
    source_digest: str
    frames: tuple[int, int] | None = None
    colourspace: str | None = None
    max_height: int | None = None
    held_count: int | None = None
    rate: tuple[int, int] | None = None
