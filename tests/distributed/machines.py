"""A plant's machines: two web processes, two workers behind a broker and a relay, any of which may be killed."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.distributed.serving import CLOCK
from tools.services import free_port
from webapp import broker

APPLICATION = "tests.distributed.serving:application"
START_SECONDS = 90
GUNICORN = ["--worker-class", "gthread", "--workers", "1", "--threads", "4", "--no-control-socket"]
UNAVAILABLE = 503

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Machines:
    """Processes by name: web0, web1, worker0, worker1, relay. Each is the leader of a group, and dies with all of it."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder, self._settings = folder, settings
        self.ports = {f"web{n}": free_port() for n in range(2)}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                self._command(name),
                env={**os.environ, **self._settings},
                stdout=log,
                stderr=log,
                process_group=0,
            )

    def _command(self, name: str) -> list[str]:
        python = [sys.executable, "-m"]
        if name in self.ports:
            bound = ["--bind", f"127.0.0.1:{self.ports[name]}"]
            return [*python, "gunicorn", *GUNICORN, *bound, f"{APPLICATION}()"]
        command = ["worker", "--processes", "1"] if name.startswith("worker") else ["relay"]
        return [*python, "flask", "--app", APPLICATION, *command]

    def kill(self, name: str) -> None:
        """As when the machine loses its power."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait(self) -> None:
        """Until both web processes serve. Raises RuntimeError with the log of whoever does not."""
        ends = time.monotonic() + START_SECONDS
        for name, port in self.ports.items():
            while not _is_ready(port):
                if self._running[name].poll() is not None or time.monotonic() > ends:
                    raise RuntimeError(f"{name}: {self.log(name)}")
                time.sleep(0.1)

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()[-4000:]

    def end(self) -> None:
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        for name in list(self._running):
            try:
                self._running[name].wait(10)
            except subprocess.TimeoutExpired:
                self.kill(name)

    # What a person's browser or program meets: an address behind which any of the web processes answers.

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application that hands each request to one web process, and to the other when that is gone."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {
            name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")
        }
        headers |= {"Content-Type": environ.get("CONTENT_TYPE", ""), "Content-Length": str(len(body))}
        path = environ["PATH_INFO"] + ("?" + environ["QUERY_STRING"] if environ["QUERY_STRING"] else "")
        answer, content = self._asked(environ["REQUEST_METHOD"], path, body, headers)
        start_response(f"{answer.status} {answer.reason}", answer.getheaders())
        return [content]

    def _asked(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        ends = time.monotonic() + START_SECONDS
        while True:
            ports = list(self.ports.values())
            self.ports = dict(reversed(self.ports.items()))  # the other one next
            for port in ports:
                try:
                    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
                        connection.request(method, path, body=body, headers=headers)
                        answer = connection.getresponse()
                        content = answer.read()
                    if answer.status != UNAVAILABLE or time.monotonic() > ends:
                        return answer, content
                except (OSError, http.client.HTTPException):
                    if time.monotonic() > ends:
                        raise
            time.sleep(0.1)


def _is_ready(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


@contextmanager
def running(folder: Path, database_url: str, broker_url: str, clock: Path) -> Iterator[Machines]:
    """All five, with a queue of their own that goes with them."""
    queue = f"jiebang-test-{os.getpid()}-{folder.name}"
    settings = {
        "JIEBANG_DATABASE_URL": database_url,
        "JIEBANG_DATA": str(folder),
        "JIEBANG_BROKER_URL": broker_url,
        "JIEBANG_QUEUE": queue,
        "JIEBANG_LOG_LEVEL": "WARNING",
        CLOCK: str(clock),
    }
    machines = Machines(folder, settings)
    try:
        for name in ("web0", "web1", "worker0", "worker1", "relay"):
            machines.start(name)
        machines.wait()
        yield machines
    finally:
        machines.end()
        broker.CeleryBroker(broker_url, queue).forget()
