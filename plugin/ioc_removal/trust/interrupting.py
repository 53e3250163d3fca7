"""Let what ends a thread end it after its batch: between an answer and its record it would be lost.

A signal reaches the main thread alone, in the middle of anything.
"""

import signal
from collections.abc import Callable
from threading import Event, Lock, Thread, current_thread, main_thread
from types import FrameType
from typing import Any

# By which a person, a service or a time limit ends a program.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
LEAVE = 0.5  # seconds for what was just answered


def is_interruptible() -> bool:
    """Tell whether a signal may interrupt this thread."""
    return current_thread() is main_thread()


class InterruptedAfter:
    """What is done within it is done to its end, or for LEAVE after a signal, which raises then.

    hang_up: ends what is waited for; called from a thread of its own, as it may need what this
    thread holds. A handler that raises nothing is as it was.
    """

    def __init__(self, hang_up: Callable[[], None]) -> None:
        self._hang_up = hang_up
        self._before: dict[signal.Signals, Any] = {}  # handlers
        self._raised: BaseException | None = None
        self._is_over, self._leaving = False, Lock()
        self._over: Event | None = None  # of one that a signal reached: few are

    def __enter__(self) -> None:
        if is_interruptible():
            for kind in ENDING:
                if callable(handler := signal.getsignal(kind)):
                    self._before[kind] = handler  # first: it may come as soon as it is handled
                    signal.signal(kind, self._take)

    def __exit__(self, *_: object) -> None:
        if not self._before:
            return
        with self._leaving:
            self._is_over = True
        if self._over is not None:
            self._over.set()
        for kind, handler in self._before.items():
            signal.signal(kind, handler)
        if self._raised is not None:
            raise self._raised

    def _take(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal; the second one raises at once, and one that comes at the end."""
        kind = signal.Signals(number)
        try:
            self._before[kind](number, frame)
        except BaseException as error:
            if self._raised is not None or self._is_over:
                raise
            self._raised, self._over = error, Event()
            waiting = (kind, self._over)
            Thread(target=self._end, args=waiting, name="interrupted", daemon=True).start()

    def _end(self, kind: signal.Signals, over: Event) -> None:
        """End what is waited for, and if that does not help, interrupt it."""
        self._hang_up()
        over.wait(LEAVE)
        with self._leaving:
            if not self._is_over:
                signal.pthread_kill(main_thread().ident or 0, kind)
