"""What the service counts about itself, for Prometheus: used by every layer, as it knows none of them.

Several processes of one host count together when PROMETHEUS_MULTIPROC_DIR names a folder that they share.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
if FOLDER:
    Path(FOLDER).mkdir(parents=True, exist_ok=True)  # before the first metric, which writes a file there

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody asks for

QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds
SLOW = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_OWN = CollectorRegistry()
ProcessCollector(registry=_OWN)
_REQUESTS = Counter(
    "jiebang_http_requests",
    "Answered requests; the endpoint is empty for addresses that lead nowhere",
    ["endpoint", "method", "status"],
    registry=_OWN,
)
_REQUEST_SECONDS = Histogram(
    "jiebang_http_request_seconds",
    "Time from the first look at a request to its answer",
    ["endpoint", "method"],
    buckets=QUICK,
    registry=_OWN,
)
_JOBS = Counter(
    "jiebang_jobs", "Rows that jobs have worked on, by outcome", ["job", "outcome"], registry=_OWN
)
_JOB_SECONDS = Histogram(
    "jiebang_job_seconds", "Time for one row of a job", ["job"], buckets=SLOW, registry=_OWN
)
_CONNECTIONS = Gauge(
    "jiebang_database_connections_in_use",
    "Connections that are taken out of the pools",
    multiprocess_mode="livesum",
    registry=_OWN,
)


def request_done(endpoint: str | None, method: str, status: int, seconds: float) -> None:
    """Count one answered request; ``endpoint`` None where the address leads nowhere."""
    place, kind = endpoint or "", method if method in METHODS else "other"
    _REQUESTS.labels(place, kind, str(status)).inc()
    _REQUEST_SECONDS.labels(place, kind).observe(seconds)


def job_done(name: str, outcome: str, seconds: float) -> None:
    """Count one row of the job ``name`` ("due", "mail") by what came of it ("done", "failed")."""
    _JOBS.labels(name, outcome).inc()
    _JOB_SECONDS.labels(name).observe(seconds)


def connection_taken() -> None:
    _CONNECTIONS.inc()


def connection_returned() -> None:
    _CONNECTIONS.dec()


def exposition(accept: str, *more: Collector) -> tuple[bytes, str]:
    """What was counted, and what ``more`` say of this moment, as text with its content type.

    ``accept`` is the header of who asks. With a shared folder the counts are those of all its processes.
    """
    registry = CollectorRegistry()
    if FOLDER:
        for process_id in _dead():
            mark_process_dead(process_id, FOLDER)  # type: ignore[no-untyped-call]
        MultiProcessCollector(registry, FOLDER)  # type: ignore[no-untyped-call]
    else:
        registry.register(_OWN)
    for one in more:
        registry.register(one)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _dead() -> Iterator[int]:
    """The processes that have left what only the living count: one that was killed tells nobody."""
    for file in Path(FOLDER).glob("gauge_live*_*.db"):
        process_id = int(file.stem.rpartition("_")[2])
        with suppress(PermissionError):  # it lives, as somebody else
            try:
                os.kill(process_id, 0)
            except ProcessLookupError:
                yield process_id
