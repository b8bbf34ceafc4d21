"""Where compiled kernels are kept: a folder for each state of the sources they come from.

Numba looks at the file that a kernel stands in, and not at those whose kernels it calls: after an upgrade that changed only the latter, it would go on with
code compiled before.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
"""Numba reads it when it is first imported; a folder that the user named stays as it is."""


def keep_by_source(package: Path) -> None:
    """Name the folder, within `package`, for kernels compiled from its present sources."""
    if VARIABLE not in os.environ:  # as in worker processes, which needn't read the sources again
        os.environ[VARIABLE] = str(package / "__pycache__" / f"kernels-{stamp_of(package)}")


def stamp_of(package: Path) -> str:
    """Return what tells the sources of all kernels in a package from those of another state of it."""
    found = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        source = path.read_bytes()
        if b"njit" in source:
            found.update(path.relative_to(package).as_posix().encode() + b"\0" + source)
    return found.hexdigest()[:16]
