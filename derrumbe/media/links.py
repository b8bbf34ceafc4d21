"""A second name for a file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from derrumbe.core.files import replacing


def link_file(source: Path, target: Path) -> None:
    """Give `source` the second name `target` (a hard link; a copy where the file system has none). Whole or nothing."""
    with replacing(target) as temporary:
        temporary.unlink(missing_ok=True)
        try:
            os.link(source.resolve(), temporary)
        except OSError:
            shutil.copyfile(source, temporary)
