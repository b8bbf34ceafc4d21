"""Every fault that Derrumbe raises on purpose.

    DerrumbeError               our fault unless a subclass says otherwise (exit 1)
    ├── BadInput                the user's input can't be used (exit 2)
    │   ├── BadBrief            a knob or a brief that makes no sense
    │   ├── BadPlate            a plate that can't be read
    │   ├── BadOutline          a building outline that can't be used
    │   └── BadOutput           an output folder that can't be written
    ├── CheckFailed             a blocking check failed; the files are kept (exit 3)
    └── Cancelled               the user stopped the run (exit 130)

Each text says what is wrong, where, and what to do, in one line.
Outcomes that an artist must judge (a building that stays up, a façade with too few lines)
are not faults: they are values in a record, with a remedy.
"""

from __future__ import annotations


class DerrumbeError(Exception):
    """Base of every deliberate fault. Its text is one line: what, where, what to do."""

    exit_code = 1


class BadInput(DerrumbeError):
    """The user gave something that can't be used."""

    exit_code = 2


class BadBrief(BadInput):
    """A knob or a brief that makes no sense."""


class BadPlate(BadInput):
    """A plate that can't be read."""


class BadOutline(BadInput):
    """A building outline that can't be used."""


class BadOutput(BadInput):
    """An output folder that can't be written, or that isn't ours."""


class CheckFailed(DerrumbeError):
    """A blocking check failed. The files are kept and the report says why."""

    exit_code = 3


class Cancelled(DerrumbeError):
    """The user stopped the run; what is finished is kept."""

    exit_code = 130
