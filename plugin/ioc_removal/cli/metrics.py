"""Metrics of a worker, in the text format of Prometheus: the door to prometheus_client."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from logging import Handler, LogRecord
from platform import python_version
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from .. import __version__
from ..events import TRACE
from ..outcome import DONE, FAILED, REFUSED, UNKNOWN

WORST = (UNKNOWN, FAILED, REFUSED, *DONE)  # outcomes of a batch: the first that it has
SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
CHUNKS = {"chunk taken": "taken", "chunk done": "done", "chunk given up": "given_up"}
Open = Callable[[], Mapping[str, int] | None]


class Metrics(Handler):
    """Counts events. A label is the name of a connection, an action or an outcome, nothing else.

    open_chunks: tells at each scrape how many chunks are open, by connection; None: not known.
    """

    def __init__(self, connections: Iterable[str], open_chunks: Open) -> None:
        super().__init__(TRACE)
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_OpenChunks(open_chunks))
        info = Info("ioc_removal_build", "The program that runs", registry=registry)
        info.info({"version": __version__, "python": python_version()})
        self._chunks = Counter(
            "ioc_removal_chunks", "Chunks of removals, by what became of them here",
            ["connection", "event"], registry=registry,
        )  # fmt: skip
        self._batches = Counter(
            "ioc_removal_batches", "Batches that were finished, by the worst of their outcomes",
            ["connection", "action", "outcome"], registry=registry,
        )  # fmt: skip
        self._indicators = Counter(
            "ioc_removal_indicators", "Indicators at targets, by outcome",
            ["connection", "action", "outcome"], registry=registry,
        )  # fmt: skip
        self._in_flight = Gauge(
            "ioc_removal_requests_in_flight", "Requests that are sent and not answered",
            ["connection"], registry=registry,
        )  # fmt: skip
        self._requests = Histogram(
            "ioc_removal_request_duration_seconds", "Requests with their tries, by what answered",
            ["connection", "action", "answer"], buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self._turns = Histogram(
            "ioc_removal_turn_wait_seconds", "Waits for a turn, by the limits of a connection",
            ["connection"], buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self._runs = Gauge(
            "ioc_removal_runs_going_on", "Runs that go on in a process of this worker",
            registry=registry,
        )  # fmt: skip
        for connection in connections:  # so that they are there before anything happens
            for event in CHUNKS.values():
                self._chunks.labels(connection, event)
            self._in_flight.labels(connection)

    def emit(self, record: LogRecord) -> None:
        """Count one event."""
        event, facts = record.getMessage(), getattr(record, "facts", {})
        if event in CHUNKS:
            self._chunks.labels(facts["connection"], CHUNKS[event]).inc()
        elif event == "batch":
            self._count(facts)
        elif event == "request begun":
            self._in_flight.labels(facts["connection"]).inc()
        elif event == "request ended":
            labels = facts["connection"], facts["action"], facts["answer"]
            self._in_flight.labels(facts["connection"]).dec()
            self._requests.labels(*labels).observe(facts["seconds"])
        elif event == "turn":
            self._turns.labels(facts["connection"]).observe(facts["seconds"])
        elif event == "going on":
            self._runs.inc()
        elif event == "run ended here":
            self._runs.dec()

    def page(self, accept: str) -> tuple[str, bytes]:
        """Return the type and the text of the metrics now; accept: of the request."""
        encoder, kind = choose_encoder(accept)
        return kind, encoder(self.registry)

    def _count(self, facts: Mapping[str, Any]) -> None:
        labels, outcomes = (facts["connection"], facts["action"]), facts["outcomes"]
        worst = next((name for name in WORST if name in outcomes), None)
        if worst:
            self._batches.labels(*labels, worst).inc()
        for outcome, count in outcomes.items():
            self._indicators.labels(*labels, outcome).inc(count)


class _OpenChunks(Collector):
    def __init__(self, count: Open) -> None:
        self._count = count

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield how many chunks of each connection nobody has done, where that is known."""
        family = GaugeMetricFamily(
            "ioc_removal_chunks_open",
            "Chunks in the store that are not done",
            labels=["connection"],
        )
        for connection, count in (self._count() or {}).items():
            family.add_metric([connection], count)
        yield family

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Yield nothing: the store is asked at a scrape only."""
        return ()
