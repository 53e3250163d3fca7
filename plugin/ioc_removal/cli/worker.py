"""`worker`: perform what runs of a shared store have to do."""

import faulthandler
import os
import signal
from contextlib import ExitStack
from socket import gethostname
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

from ..errors import ArgumentError
from ..events import DETAIL, NOTED, WRONG, tell
from .extras import needed_by
from .health import address_of, serving
from .log import JSONLines, told_to
from .output import Output
from .session import Session

if TYPE_CHECKING:
    from ..operations.work import Worker

Usual = TypeVar("Usual", int, None)
USUAL_CHUNKS, USUAL_RUNS = 4, 2
INTERRUPTED = 130  # the exit status
STDERR = 2  # its number, whatever sys.stderr is


def worker(session: Session) -> int:
    """Work until SIGTERM or SIGINT, and finish then what was taken; a second one ends it at once.

    SIGUSR1 lets it print where each thread is.
    """
    options = session.options
    with needed_by("worker"):
        from ..operations.detach import check_shared
        from ..operations.served import Served
        from ..operations.work import Worker
        from ..store.turns import OwnPlaces
    if address := options.given("metrics"):
        address_of(address)
        with needed_by("--metrics"):
            from . import metrics  # noqa: F401  # its mistakes first
    check_shared(session.database, "a worker")
    served = Served.of(session.integration, session.settings, options.given("serve") or ())
    stop = Event()
    one = Worker(
        session.database,
        lambda: session.settings.journal.get("key"),
        session.integration,
        session.settings,
        options.settings,
        served,
        _number(session, "chunks", USUAL_CHUNKS),
        _number(session, "runs", USUAL_RUNS),
        OwnPlaces(_number(session, "in_flight", None)),
    )

    def end() -> None:
        """Stop; in a thread of its own, as a signal may come while the lock of stop is held."""
        if stop.is_set():
            tell(WRONG, "left", why="it was told so twice: others take over what it has taken")
            one.interrupt()
            os._exit(INTERRUPTED)
        stop.set()
        session.database.leave()

    names = sorted(name for _, name in served.queues.values())
    with ExitStack() as stack:
        stack.enter_context(told_to(_lines(session.output, verbose=options.given("verbose"))))
        if address:
            _serve(stack, address, one, names)
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, lambda *_: Thread(target=end).start())
        faulthandler.register(signal.SIGUSR1, STDERR)
        tell(NOTED, "working", store=str(session.database.location), connections=names)
        one.work(stop)
        tell(NOTED, "stopped")
    return 0


def _lines(output: Output, *, verbose: bool | None) -> JSONLines:
    """Return what prints events on standard output, each at once."""

    def written(line: str) -> None:
        output.write(line)
        output.flush()

    name = f"{gethostname()} {os.getpid()}"
    return JSONLines(written, DETAIL if verbose else NOTED, {"worker": name})


def _serve(stack: ExitStack, address: str, worker: "Worker", names: list[str]) -> None:
    from .metrics import Metrics

    metrics = Metrics(names, worker.open_chunks)
    stack.enter_context(told_to(metrics))
    stack.enter_context(serving(address, metrics.page, worker.trouble))


def _number(session: Session, name: str, usual: Usual) -> int | Usual:
    number = session.options.given(name)
    if number is None:
        return usual
    if int(number) < 1:
        raise ArgumentError(f"--{name.replace('_', '-')}: {number} is not 1 or more")
    return int(number)
