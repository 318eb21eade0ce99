"""What Prometheus reads: requests as they were answered, and how the service stands when it asks."""

import hmac
import time
import tomllib
from collections.abc import Iterator
from functools import cache
from platform import python_version

from flask import Flask, current_app, g, request
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug import Response

from webapp import config, db, logs
from workflows import metrics, pulses


def set_up(app: Flask) -> None:
    app.after_request(_count)


def _count(response: Response) -> Response:
    seconds = time.perf_counter() - g.began if "began" in g else 0.0
    metrics.request_done(request.endpoint, request.method, response.status_code, seconds)
    return response


def may_read() -> bool:
    """Whether the request bears the token of the settings; without one nobody may.

    Where a request comes from proves nothing: behind a reverse proxy all come from this machine.
    """
    token = current_app.config["METRICS_TOKEN"].encode()
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token)


def answer() -> Response:
    """Everything, as text for Prometheus; while the database is away what was counted and that it is."""
    try:
        standing: list[Collector] = [_Standing(pulses.take(db.session()))]
    except (OperationalError, PoolTimeout):
        logs.logger.exception("database unavailable")
        standing = []
    more = [*standing, _Build(database_up=bool(standing))]
    text, content_type = metrics.exposition(request.headers.get("Accept", ""), *more)
    return Response(text, content_type=content_type)


class _Standing(Collector):
    """A pulse as gauges."""

    def __init__(self, pulse: pulses.Pulse) -> None:
        self.pulse = pulse

    def collect(self) -> Iterator[Metric]:
        pulse = self.pulse
        running = GaugeMetricFamily(
            "jiebang_processes_running", "Running processes by version", labels=["process", "version"]
        )
        for (name, digest), n in pulse.running.items():
            running.add_metric([name, digest[:12]], n)
        failed = GaugeMetricFamily(
            "jiebang_incidents_open", "Failures not yet resolved, by what failed", labels=["kind"]
        )
        for kind, n in pulse.incidents.items():
            failed.add_metric([kind], n)
        yield running
        yield failed
        yield GaugeMetricFamily(
            "jiebang_processes_troubled", "Running processes in which something failed", value=pulse.troubled
        )
        yield GaugeMetricFamily(
            "jiebang_processes_suspended", "Processes that operators have halted", value=pulse.suspended
        )
        yield GaugeMetricFamily(
            "jiebang_work_items_open", "Tasks that people have not done", value=pulse.open_items
        )
        yield GaugeMetricFamily("jiebang_work_items_late", "Those past their date", value=pulse.late_items)
        alive = GaugeMetricFamily(
            "jiebang_workers_alive",
            "Processes that do jobs or hand them out, on all machines",
            labels=["kind"],
        )
        for kind, n in pulse.workers.items():
            alive.add_metric([kind], n)
        yield alive
        yield from self._queues()

    def _queues(self) -> Iterator[Metric]:
        pulse = self.pulse
        waiting, due, given_up, behind = (
            GaugeMetricFamily(name, text, labels=["queue"])
            for name, text in (
                ("jiebang_queue_waiting", "Rows that wait for their time or their turn"),
                ("jiebang_queue_due", "Those of them whose time has come"),
                ("jiebang_queue_given_up", "Rows that are tried no more and wait for a person"),
                ("jiebang_queue_behind_seconds", "How long the oldest of those due has waited"),
            )
        )
        for name, queue in pulse.queues.items():
            waiting.add_metric([name], queue.waiting)
            due.add_metric([name], queue.late)
            given_up.add_metric([name], queue.given_up)
            late = pulse.at - queue.late_since if queue.late_since is not None else None
            behind.add_metric([name], late.total_seconds() if late is not None else 0)
        yield from (waiting, due, given_up, behind)


class _Build(Collector):
    """What serves, and whether it has its database."""

    def __init__(self, *, database_up: bool) -> None:
        self.database_up = database_up

    def collect(self) -> Iterator[Metric]:
        built = GaugeMetricFamily("jiebang_build_info", "What serves, always 1", labels=["version", "python"])
        built.add_metric([_release(), python_version()], 1)
        yield built
        yield GaugeMetricFamily(
            "jiebang_database_up", "1 when the database has answered just now", value=self.database_up
        )
        yield GaugeMetricFamily(
            "jiebang_database_connections_kept",
            "Connections that one process keeps open at most; for a short time as many again",
            value=current_app.config["DATABASE_POOL"],
        )


@cache
def _release() -> str:
    about = tomllib.loads((config.ROOT / "pyproject.toml").read_text())
    return str(about["project"]["version"])
