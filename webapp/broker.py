"""Jobs behind a broker: rows that a relay has leased go through Celery on RabbitMQ or Redis to workers anywhere.

What goes through the queue is the name of a job and the id of a row with its lease. The broker may lose it, send it
twice or late: the row is the truth, and is sent again when its lease has ended.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from celery import Celery, signals
from flask import Flask
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from workflows import jobs, workers
from workflows.db import Database, connect
from workflows.jobs import LEASE, Job, Lease
from workflows.workers import BrokerAway

TASK = "jiebang.attempt"
CONNECT_SECONDS = 4
POOL = 2  # connections of one worker to the database: one for the row, one to say that it is alive


def celery(url: str, queue: str) -> Celery:
    """The Celery application on ``queue`` of the broker at ``url``: amqp://… (quorum queues) or redis://…."""
    made = Celery("jiebang", broker=url, set_as_current=False)
    is_amqp = url.startswith("amqp")
    made.conf.update(
        task_default_queue=queue,
        task_default_exchange_type="topic",
        task_default_queue_type="quorum" if is_amqp else "classic",
        task_ignore_result=True,
        task_acks_late=True,  # a worker that dies has not had it
        task_reject_on_worker_lost=True,
        task_time_limit=5 * LEASE.total_seconds(),
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,  # what is done twice is done once
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=CONNECT_SECONDS,
        broker_transport_options=_transport(is_amqp=is_amqp),
    )
    return made


def _transport(*, is_amqp: bool) -> dict[str, Any]:
    if is_amqp:
        return {"confirm_publish": True}
    return {
        "visibility_timeout": 5 * LEASE.total_seconds(),
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": 4 * CONNECT_SECONDS,
        "retry_on_timeout": False,
    }


class CeleryBroker:
    """The relay's side: one connection, made anew after any failure."""

    def __init__(self, url: str, queue: str) -> None:
        self._celery = celery(url, queue)
        self._task = self._celery.task(name=TASK)(_elsewhere)
        self._queue = self._celery.amqp.queues[queue]
        self._connection: Connection | None = None

    def waiting(self) -> int:
        """How many lie in the queue. Raises BrokerAway."""
        with self._connected() as connection:
            declared = self._queue(connection.default_channel).queue_declare()
            return int(declared.message_count)

    def put(self, job: Job, leases: Sequence[Lease]) -> None:
        """Send these rows to whoever is free. Raises BrokerAway, when some may have been sent."""
        with self._connected() as connection, connection.Producer() as producer:  # type: ignore[no-untyped-call]
            for one in leases:
                sent = (job.name, one.row_id, one.until.isoformat(), one.is_suspect)
                self._task.apply_async(sent, producer=producer, retry=False)

    def forget(self) -> None:
        """Delete the queue with what lies in it: the rows are sent again when their leases end. Raises BrokerAway."""
        with self._connected() as connection:
            self._queue(connection.default_channel).delete()
        self.close()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            if self._connection is None:
                self._connection = self._celery.connection_for_write()
                self._connection.ensure_connection(max_retries=1, timeout=CONNECT_SECONDS)
                self._queue(self._connection.default_channel).declare()
            yield self._connection
        except self._lost() as error:
            self.close()
            raise BrokerAway(str(error)) from error

    def _lost(self) -> tuple[type[Exception], ...]:
        known = self._connection or self._celery.connection_for_write()
        return (OperationalError, OSError, *known.connection_errors, *known.channel_errors)

    def close(self) -> None:
        """Let the connection go; the next use makes another."""
        if self._connection is not None:
            self._connection.collect(socket_timeout=1)  # type: ignore[no-untyped-call]  # also of one that is broken
        self._connection = None


def _elsewhere(*_args: object) -> None:
    raise RuntimeError("this process only hands out what others do")


def work(app: Flask, *, processes: int) -> None:
    """Do what the relay hands out, in so many processes, until this one is told to end.

    Each process opens the database by itself after it was made: a connection that two share would mix their answers.
    """
    opened: list[tuple[Database, workers.Beating]] = []

    def attempt(task: Any, name: str, row_id: int, until: str, is_suspect: bool) -> None:
        again = bool(task.request.delivery_info.get("redelivered"))
        lease = Lease(row_id, dt.datetime.fromisoformat(until), is_suspect or again)
        jobs.attempt(opened[0][0], jobs.NAMED[name], row_id, lease)

    def begin(**_: object) -> None:
        database = connect(app.config["DATABASE_URL"], pool_size=POOL)
        opened.append((database, workers.Beating(database, workers.CELERY)))

    def end(**_: object) -> None:
        for database, beating in opened:
            beating.stop()
            database.engine.dispose()

    made = celery(app.config["BROKER_URL"], app.config["QUEUE"])
    made.task(name=TASK, bind=True)(attempt)
    signals.worker_process_init.connect(begin, weak=False)
    signals.worker_process_shutdown.connect(end, weak=False)
    app.extensions["database"].engine.dispose()  # before the processes are made
    options = [
        "--concurrency",
        str(processes),
        "--without-gossip",
        "--without-mingle",
        "--loglevel",
        "WARNING",
    ]
    made.worker_main(["--quiet", "worker", *options])
