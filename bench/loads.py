"""Completions over HTTP as a program sends them, against a bare row from a server with the same settings."""

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from bench import lives
from bench.servers import Connection, request, serving
from bench.stages import Stage
from workflows import watch
from workflows.db import Database

ROW = request("GET", "/row")
NEXT = """
    select id, audience from work_item where process_id = %s and status = 'open' order by id limit 1
"""


@dataclass(frozen=True)
class Load:
    """Both servers, and how many connections are kept busy at once."""

    database: Database
    stage: Stage
    jiebang_port: int
    bare_port: int
    connections: int

    def completion_rate(self, processes: int) -> float:
        """Completions per second over HTTP; each connection plays ``processes`` lives."""
        waiting = [
            [lives.begin(self.database, self.stage) for _ in range(processes)]
            for _ in range(self.connections)
        ]
        return self._rate([partial(self._play, ids) for ids in waiting])

    def row_rate(self, requests: int) -> float:
        """Rows per second from the bare server; each connection asks for ``requests``."""
        return self._rate([partial(self._rows, requests)] * self.connections)

    def _rate(self, jobs: list[Callable[[], int]]) -> float:
        with ThreadPoolExecutor(self.connections) as pool:
            began = time.perf_counter()
            running = [pool.submit(job) for job in jobs]
            answers = sum(job.result() for job in running)
            return answers / (time.perf_counter() - began)

    def _rows(self, requests: int) -> int:
        with Connection(self.bare_port) as connection:
            for _ in range(requests):
                _expect_200(*connection.ask(ROW))
        return requests

    def _play(self, process_ids: list[int]) -> int:
        """Complete everything there is to do in these processes; how many completions that took."""
        done = 0
        looking = psycopg.connect(self.stage.address, autocommit=True)
        with looking, Connection(self.jiebang_port) as connection:
            for process_id in process_ids:
                while row := looking.execute(NEXT, [process_id]).fetchone():
                    _expect_200(*connection.ask(self._completion(*row)))
                    done += 1
        return done

    def _completion(self, item_id: int, audience: str) -> bytes:
        token = self.stage.cast.tokens[self.stage.cast.of(audience)]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"completion-{item_id}"}
        path = f"/api/v1/work-items/{item_id}/completion"
        return request("POST", path, headers=headers, body={"values": lives.FORM})


def _expect_200(status: int, body: bytes) -> None:
    if status != 200:
        raise RuntimeError(f"the server answered {status}: {body[:500].decode()}")


@contextmanager
def load(database: Database, stage: Stage, *, connections: int) -> Iterator[Load]:
    """Both servers, running."""
    watch.install(database)  # here, because two workers that start at once would both store the same diagrams
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jiebang-bench-")))
        settings = {
            "JIEBANG_DATABASE_URL": stage.address,
            "JIEBANG_DATA": str(folder),
            "JIEBANG_JOBS_EMBEDDED": "0",  # with several workers the jobs have a process of their own
        }
        ours = stack.enter_context(serving("jiebang", folder, settings))
        bare = stack.enter_context(serving("bare", folder, settings))
        yield Load(database, stage, ours, bare, connections)
