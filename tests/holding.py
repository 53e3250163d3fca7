"""A sandbox that holds what it is asked until it is told to go on."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Semaphore
from typing import Any

from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.sandbox.exchange import Answer, Request

LONGEST = 60.0  # seconds until a test gives up


class HoldingSandbox(Sandbox):
    """Holds the requests that are wanted, each once it has come, and answers when all may go on."""

    def __init__(self, seed: Any = None) -> None:
        super().__init__(seed)
        self._wanted: Callable[[Request], bool] = lambda _: False
        self._came, self._go_on = Semaphore(0), Event()

    def hold(self, method: str, *, skip: int = 0) -> None:
        """Hold the requests of a method, but the first ones."""
        left = iter(range(skip))
        self._wanted = lambda one: one.method == method and next(left, None) is None

    def has_come(self) -> None:
        """Wait until one more request is held."""
        assert self._came.acquire(timeout=LONGEST)

    def go_on(self) -> None:
        """Answer what is held, and hold nothing more."""
        self._go_on.set()

    def _answer(self, request: Request) -> Answer:
        if not self._go_on.is_set() and self._wanted(request):
            self._came.release()
            assert self._go_on.wait(LONGEST)
        return super()._answer(request)


@contextmanager
def holding(values: Iterable[str]) -> Iterator[HoldingSandbox]:
    """Run one whose InternalTI has some values; let it go on at the end."""
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": list(values)}
    sandbox = HoldingSandbox(seed)
    with sandbox:
        yield sandbox
        sandbox.go_on()
