"""What a stage costs: wall and CPU seconds, and the largest resident memory of the process with its children."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field

INTERVAL = 0.1


@dataclass
class Meter:
    """Measures between `with` and its end."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Meter:
        self._begin = time.perf_counter(), _cpu_seconds()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._watcher.join()
        self.wall_seconds = round(time.perf_counter() - self._begin[0], 3)
        self.cpu_seconds = round(_cpu_seconds() - self._begin[1], 3)

    def _watch(self) -> None:
        while True:
            self.peak_bytes = max(self.peak_bytes, resident_bytes())
            if self._stop.wait(INTERVAL):
                return


def _cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def resident_bytes() -> int:
    """Return the resident memory of this process and all its children now."""
    import psutil

    me = psutil.Process()
    total = me.memory_info().rss
    for child in me.children(recursive=True):
        try:
            total += child.memory_info().rss
        except psutil.Error:  # it ended while we looked
            continue
    return total
