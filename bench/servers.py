"""gunicorn with the same settings around any application, and a client that costs little beside it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORKERS, THREADS = 2, 8
SETTINGS = ["--worker-class", "gthread", "--threads", str(THREADS)]
SETTINGS += ["--keep-alive", "30", "--log-level", "warning", "--no-control-socket"]
START_SECONDS = 60


@contextmanager
def serving(application: str, folder: Path, settings: Mapping[str, str]) -> Iterator[int]:
    """Serve ``bench.applications:NAME()``; the port. Its log is kept in ``folder`` while it runs."""
    with started(f"bench.applications:{application}()", folder, settings) as server:
        yield server.port


@dataclass(frozen=True)
class Server:
    port: int
    pid: int  # of gunicorn's master, above the processes that answer
    ready_seconds: float  # from its start to its first answer


@contextmanager
def started(
    target: str, folder: Path, settings: Mapping[str, str], *, workers: int = WORKERS
) -> Iterator[Server]:
    """Serve the application that ``target`` makes; its log is kept in ``folder`` while it runs."""
    port, log = _free_port(), folder / "gunicorn.log"
    options = [*SETTINGS, "--workers", str(workers), "--bind", f"127.0.0.1:{port}"]
    with log.open("ab") as file:
        began = time.monotonic()
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, target],
            env={**os.environ, **settings},
            stdout=file,
            stderr=file,
        )
        try:
            _wait(server, port, log)
            yield Server(port, server.pid, time.monotonic() - began)
        finally:
            server.terminate()
            server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the server answers. Raises RuntimeError with its log when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with Connection(port) as connection:
                connection.ask(request("GET", "/healthz"))
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-4000:]}")


def request(method: str, path: str, *, headers: Mapping[str, str] | None = None, body: Any = None) -> bytes:
    """One HTTP request as bytes; ``body`` is sent as JSON."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(content)}"]
    lines += ["Content-Type: application/json"] if content else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Connection:
    """One kept-alive connection. http.client would cost the machine as much as the bare server does."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, sent: bytes) -> tuple[int, bytes]:
        """Status and body of the answer; the answer must say its length."""
        self.socket.sendall(sent)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._receive()
        return int(head[9:12]), body

    def _receive(self) -> bytes:
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the server has closed the connection")
        return piece
