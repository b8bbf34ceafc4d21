"""What a stage is given besides its inputs: a folder to write in, how many processes, and someone to tell about progress."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, ProcessPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

T = TypeVar("T")

THREAD_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Progress(Protocol):
    """Hears how far a stage is. `total` is None when it isn't known."""

    def begin(self, label: str, total: int | None, unit: str) -> None: ...
    def advance(self, count: int = 1) -> None: ...
    def end(self) -> None: ...


class Silence:
    """A Progress that says nothing."""

    def begin(self, label: str, total: int | None, unit: str) -> None:
        pass

    def advance(self, count: int = 1) -> None:
        pass

    def end(self) -> None:
        pass


@dataclass(frozen=True)
class Work:
    """A stage's bench. `folder` may hold files of a killed run of the same key: finished frames are to be kept, not made again."""

    folder: Path
    jobs: int = 1
    progress: Progress = field(default_factory=Silence)
    hosts: frozenset[str] = frozenset()
    """Hosts besides this machine that this run may send frames to: said anew for each run, never kept in a file."""
    only: frozenset[int] | None = None
    """Frames to make, of those that a stage makes one by one; all of them when None."""
    crew: Executor | None = None
    """Processes that stay from one map to the next, see `crewed`; None: each map starts its own."""

    @contextmanager
    def crewed(self) -> Iterator[Work]:
        """Yield the same bench with processes that stay from one map to the next: a process takes more than a second to start."""
        if self.jobs <= 1:
            yield self
            return
        with _processes(self.jobs) as crew:
            yield replace(self, crew=crew)

    def track(self, items: Iterable[T], label: str, total: int | None = None, unit: str = "frames") -> Iterator[T]:
        """Yield `items`, telling progress after each."""
        if total is None and isinstance(items, Sequence):
            total = len(items)
        self.progress.begin(label, total, unit)
        try:
            for item in items:
                yield item
                self.progress.advance()
        finally:
            self.progress.end()

    def map_frames(self, make: Callable[[int], None], frames: Sequence[int], done: Callable[[int], bool], label: str) -> None:
        """Call `make(frame)` for every frame that isn't `done`, in up to `jobs` processes.

        `make` must be picklable (a module's function, a functools.partial of one, or a frozen dataclass with __call__), must write its files
        whole (see media.exr), and must not depend on the order or the process, so that any number of jobs gives the same bits.
        """
        frames = [frame for frame in frames if self.only is None or frame in self.only]
        todo = [frame for frame in frames if not done(frame)]
        self.progress.begin(label, len(frames), "frames")
        self.progress.advance(len(frames) - len(todo))
        try:
            if self.jobs <= 1 or len(todo) <= 1:
                for frame in todo:
                    make(frame)
                    self.progress.advance()
            else:
                self._map_in_processes(make, todo)
        finally:
            self.progress.end()

    def _map_in_processes(self, make: Callable[[int], None], todo: Sequence[int]) -> None:
        with single_threaded_children(), nullcontext(self.crew) if self.crew else _processes(min(self.jobs, len(todo))) as pool:
            futures = [pool.submit(make, frame) for frame in todo]
            for future in futures:
                future.add_done_callback(lambda f: None if f.cancelled() or f.exception() else self.progress.advance())
            try:
                finished, _ = wait(futures, return_when=FIRST_EXCEPTION)
                for future in finished:
                    future.result()
            except BaseException:
                for future in futures:
                    future.cancel()
                wait(futures)
                raise


@contextmanager
def _processes(count: int) -> Iterator[Executor]:
    """Yield processes that start with the first call and end with the block; what isn't begun by then is dropped."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, context, initializer=_end_with, initargs=(os.getpid(),))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end_with(parent: int) -> None:
    """End this worker when its parent is gone: a parent that was killed outright can't tell its workers to stop."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def single_threaded_children() -> Iterator[None]:
    """Child processes started inside use one thread each: processes are the parallelism."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
