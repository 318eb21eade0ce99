"""The service as a whole: how long it takes to start, what a web process holds, how long a rehearsal takes."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.cookiejar import CookieJar
from pathlib import Path
from statistics import median
from urllib.parse import quote, urlencode

from bench import databases, pages, servers
from bench.figures import Figure, exactly, for_the_record
from tests.rehearsal import files
from workflows import db, demo

TARGET = "webapp:create_app()"
REQUESTS = 1_000  # of a mixed load, after which the memory is looked at again
MIXED = tuple(path for path in pages.PATHS if path != "/sign-in")


def measure(*, starts: int) -> Iterator[Figure]:
    """``starts``: how often the service is started on each kind of database; the medians count."""
    for kind in databases.KINDS:
        with databases.empty(kind) as address, tempfile.TemporaryDirectory(prefix="jiebang-bench-") as data:
            database = db.connect(address)
            demo.build(database, say=lambda _line: None)
            database.engine.dispose()
            settings = {"JIEBANG_DATABASE_URL": address, "JIEBANG_DATA": data}
            seconds = [_ready_seconds(Path(data), settings) for _ in range(starts)]
            yield for_the_record(f"{kind}: start of the service to its first answer", median(seconds), "s")
            yield from _memory(kind, Path(data), settings)
        yield from _rehearsal(kind)


def _ready_seconds(folder: Path, settings: Mapping[str, str]) -> float:
    with servers.started(TARGET, folder, settings, workers=1) as server:
        return server.ready_seconds


def _memory(kind: str, folder: Path, settings: Mapping[str, str]) -> Iterator[Figure]:
    """What one web process holds after its first answer, and after a mixed load."""
    with servers.started(TARGET, folder, settings, workers=1) as server:
        (worker,) = _children(server.pid)
        for name, value in _megabytes(worker).items():
            yield for_the_record(f"{kind}: {name} of a web process after its start", value, "MiB")
        failed = _load(server.port)
        for name, value in _megabytes(worker).items():
            yield for_the_record(f"{kind}: {name} after {REQUESTS} mixed requests", value, "MiB")
        yield exactly(f"{kind}: requests that failed meanwhile", failed, 0)


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _megabytes(pid: int) -> dict[str, float]:
    """Resident memory, and the same with what is shared divided among those who share it."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {"RSS": kilobytes["Rss"] / 1024, "PSS": kilobytes["Pss"] / 1024}


def _load(port: int) -> int:
    """Ask for all pages in turn as the office; how many were not answered as they should."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    url = f"http://127.0.0.1:{port}"
    with closing(opener.open(f"{url}/sign-in")) as page:
        token = pages.TOKEN.search(page.read().decode())
    if token is None:
        raise RuntimeError("no form to sign in")
    sent = {"csrf_token": token[1], "login": pages.LOGIN, "password": demo.PASSWORD}
    opener.open(f"{url}/sign-in", urlencode(sent).encode()).close()
    failed = 0
    for place in range(REQUESTS):
        path = quote(MIXED[place % len(MIXED)], safe="/?=&")
        with closing(opener.open(url + path)) as answer:
            failed += answer.status != 200 or "/sign-in" in answer.url
            answer.read()
    return failed


def _rehearsal(kind: str) -> Iterator[Figure]:
    """The shipped campaign, as the operator's command plays it."""
    with tempfile.TemporaryDirectory(prefix="jiebang-bench-") as data, databases.blank(kind) as address:
        options = ["--database-url", address, "--expect", str(files.EXPECTED)]
        command = [sys.executable, "-m", "flask", "--app", "webapp", "rehearse", str(files.SHIPPED), *options]
        began = time.monotonic()
        done = subprocess.run(
            command, env={**os.environ, "JIEBANG_DATA": data}, capture_output=True, text=True, check=False
        )
        seconds = time.monotonic() - began
    if done.returncode:
        raise RuntimeError(f"the rehearsal failed:\n{done.stderr[-2000:]}")
    yield for_the_record(f"{kind}: the whole rehearsal", seconds, "s")
