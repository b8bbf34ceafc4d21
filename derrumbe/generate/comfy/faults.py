"""Faults of a server that another try may mend. They leave this folder only when every try is used up."""

from __future__ import annotations

from derrumbe.core.errors import BadInput, DerrumbeError


class Unreachable(BadInput):
    """The server isn't there, or stumbled: no connection, an answer cut off, HTTP 5xx."""


class Lost(DerrumbeError):
    """The server no longer knows a job, or its files: it was restarted."""


class Refused(BadInput):
    """The server understood and said no. `status` is the HTTP status, `answer` what it said."""

    def __init__(self, text: str, status: int, answer: object) -> None:
        super().__init__(text)
        self.status, self.answer = status, answer
