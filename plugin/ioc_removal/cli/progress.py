"""Progress on a terminal, for what takes longer than a second."""

import sys
from threading import Lock, Timer
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 1.0  # seconds before anything is shown
BETWEEN_LINES = 5.0  # seconds, where there is no rich


class Watch:
    """Shows how far each task is, on standard error; told from any thread.

    wanted: not with --quiet.
    """

    def __init__(self, *, wanted: bool, color: bool) -> None:
        self._wanted = wanted and sys.stderr.isatty()
        self._color = color
        self._tasks: dict[str, tuple[int, int | None]] = {}
        self._lock = Lock()
        self._bars: Progress | None = None
        self._ids: dict[str, TaskID] = {}
        self._timer = Timer(PATIENCE, self._show)
        self._timer.daemon = True
        self._next_line = monotonic() + PATIENCE

    def __enter__(self) -> "Watch":
        if self._wanted:
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._wanted = False
            if self._bars is not None:
                self._bars.stop()

    def tell(self, task: str, done: int, total: int | None = None) -> None:
        """Note how many items of a task are done, of how many if that is known."""
        with self._lock:
            self._tasks[task] = (done, total)
            if self._bars is not None:
                self._update(self._bars, task)
            elif self._wanted and monotonic() >= self._next_line and not _has_rich():
                self._next_line = monotonic() + BETWEEN_LINES
                of = f" of {total:,}" if total else ""
                sys.stderr.write(f"{task}: {done:,}{of}\n")

    def _show(self) -> None:
        if not _has_rich():
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        with self._lock:
            if not self._wanted:
                return
            self._bars = Progress(
                SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(),
                MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
                console=Console(stderr=True, no_color=not self._color), transient=True,
            )  # fmt: skip
            for task in self._tasks:
                self._update(self._bars, task)
            self._bars.start()

    def _update(self, bars: "Progress", task: str) -> None:
        done, total = self._tasks[task]
        if task not in self._ids:
            self._ids[task] = bars.add_task(task, total=total)
        bars.update(self._ids[task], completed=done, total=total)
        for other, of in self._ids.items():
            if total is not None and self._tasks[other][1] is None:
                bars.update(of, visible=False)  # it only told that something began


def _has_rich() -> bool:
    try:
        import rich  # noqa: F401  # only whether it is there
    except ModuleNotFoundError:
        return False
    return True
