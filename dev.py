#!/usr/bin/env python3
"""Everything a developer does: python3 dev.py run | test | check | bench | gallery | docs | fmt | lock.

Sets up what it needs by itself: packages in .venv, tools in .boot, data in var. Standard library only.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- said in words here, before newer syntax is read
    sys.exit("dev.py needs Python 3.11 or newer: apt-get install python3.11, then python3.11 dev.py ...")

import argparse
import http.client
import os
import signal
import subprocess
import time

from tools import environment, locks, services, steps
from tools.environment import PYTHON, ROOT, VENV

DEV_LOCK = "requirements-dev.lock"
READY_SECONDS = 60
# One process, because the jobs run in a thread beside the requests.
GUNICORN = ["--worker-class", "gthread", "--workers", "1", "--threads", "16"]
GUNICORN += ["--log-level", "warning", "--no-control-socket"]
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where to knock when told to listen there


def main(arguments: list[str]) -> int:
    """Run one command; the exit code is 0 only if all of it went well."""
    chosen, rest = _parser().parse_known_args(arguments)
    if rest and chosen.command not in ("test", "gallery"):
        _parser().error(f"not understood: {' '.join(rest)}")
    os.chdir(ROOT)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # with it every process compiles all of our code anew
    for number in (signal.SIGTERM, signal.SIGHUP):  # a polite kill and a closed terminal are like Ctrl+C
        signal.signal(number, _interrupt)
    commands = {
        "run": lambda: serve(chosen.host, chosen.port),
        "test": lambda: test(rest),
        "check": check,
        "bench": lambda: bench(chosen.name, chosen.json),
        "gallery": lambda: gallery(rest),
        "docs": docs,
        "fmt": fmt,
        "lock": lock,
    }
    try:
        return commands[chosen.command]()
    except steps.Failed as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="set up, build the demo and serve it")
    run.add_argument("--host", default="127.0.0.1")
    run.add_argument("--port", type=_port, default=8000)
    commands.add_parser("test", help="set up and run the tests; further arguments go to pytest")
    commands.add_parser("check", help="format, lint, types, contracts, diagrams, lock files and all tests")
    bench = commands.add_parser("bench", help="set up and measure")
    bench.add_argument("name", nargs="?", help="one benchmark; all of them without")
    bench.add_argument("--json", metavar="FILE", help="write the figures there too")
    commands.add_parser(
        "gallery", help="picture every page in every state, or --manual; further arguments: --only, --out"
    )
    commands.add_parser("docs", help="draw the diagrams and write docs/processes.md anew")
    commands.add_parser("fmt", help="format the sources")
    commands.add_parser("lock", help="make the lock files anew from the requirements")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return port


def serve(host: str, port: int) -> int:
    """Set up, migrate, fill an empty database with the demo, and serve until interrupted."""
    if services.is_taken(host, port):
        raise steps.Failed(
            f"Port {port} on {host} is in use: choose another, e.g. dev.py run --port {port + 1}"
        )
    environment.prepare()
    data = {"JIEBANG_DATA": str(ROOT / "var"), "JIEBANG_DEMO": "1"}
    flask, advice = [str(VENV / "bin" / "flask"), "--app", "webapp"], "Remove the folder var to begin anew."
    steps.run("bring the database up to date", [*flask, "db-upgrade"], advice=advice, env=data)
    steps.run("build the demo data", [*flask, "demo", "--if-empty"], advice=advice, env=data)
    server = subprocess.Popen(
        [VENV / "bin" / "gunicorn", *GUNICORN, "--bind", f"{_bracketed(host)}:{port}", "webapp:create_app()"],
        env={**os.environ, **data},
        process_group=0,  # Ctrl+C reaches this process, which then stops the server in order
    )
    try:
        knock = EVERY_ADDRESS.get(host, host)
        services.wait_until(lambda: _is_healthy(knock, port), server, READY_SECONDS, "The server")
        steps.say(f"揭榜台 is ready at http://{_bracketed(knock)}:{port}/ (Ctrl+C stops it)")
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        if server.poll() is None:
            services.stop(server)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host  # as a URL has it for IPv6


def _is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def test(arguments: list[str]) -> int:
    """Run the tests on SQLite and PostgreSQL and, where there is one, in a browser."""
    environment.prepare(lock=DEV_LOCK)
    return 0 if tests_pass(arguments, whole=False) else 1


def tests_pass(arguments: list[str], *, whole: bool) -> bool:
    """Run the tests; ``whole`` tries more examples of each operation of the API."""
    chromium, pango = services.chromium(), services.pango()
    with services.postgres() as postgres:
        needed = {"PostgreSQL": postgres, "Chromium": chromium, "Pango with Chinese fonts": pango}
        missing = [name for name, found in needed.items() if not found]
        if missing and steps.is_ci():
            raise steps.Failed(
                f"No {' and no '.join(missing)} here: with CI set this is a failure, not a skip."
            )
        found = {"JIEBANG_TEST_POSTGRES": postgres or "none", "JIEBANG_CHROMIUM": chromium or "none"}
        found["JIEBANG_PANGO"] = "here" if pango else "none"
        if whole:
            found["JIEBANG_WHOLE"] = "1"
        memory = services.memory()
        if memory:
            found["PYTEST_DEBUG_TEMPROOT"] = str(memory)
        command = [str(PYTHON), "-m", "pytest", "-n", "2", "--dist", "worksteal", *arguments]
        passed = steps.passes("tests", command, env=found)
    for name in missing:
        steps.say(f"!! NOT TESTED: everything that needs {name}, because this machine has none.")
    return passed


def check() -> int:
    """Everything that has to be right before a change is accepted. Goes on after a failure, to tell all."""
    began = time.monotonic()
    environment.prepare(lock=DEV_LOCK)
    tools = {
        "format": ["ruff", "format", "--check", "--output-format", "concise", "."],
        "lint": ["ruff", "check", "--output-format", "concise", "."],
        "types": ["mypy"],
        "contracts between the modules": ["lint-imports", "--no-logo"],
        "diagrams": ["flask", "--app", "webapp", "check-definitions"],
    }
    failed = [
        what
        for what, (program, *rest) in tools.items()
        if not steps.passes(what, [str(VENV / "bin" / program), *rest])
    ]
    failed += [f"{name} is older than its requirements: python3 dev.py lock" for name in locks.outdated()]
    if not tests_pass([], whole=True):
        failed.append("tests")
    steps.say(f"-- check: {'; '.join(failed) if failed else 'all is well'}, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


def bench(name: str | None, json: str | None) -> int:
    """Measure ``name``, or everything, on a PostgreSQL that is here or is started."""
    environment.prepare(lock=DEV_LOCK)
    options = [*([name] if name else []), *(["--json", json] if json else [])]
    with services.postgres() as postgres:
        if postgres is None:
            raise steps.Failed("No PostgreSQL here: name a superuser's address in JIEBANG_TEST_POSTGRES.")
        found = {"JIEBANG_TEST_POSTGRES": postgres}
        return 0 if steps.passes("bench", [str(PYTHON), "-m", "bench", *options], env=found) else 1


def gallery(arguments: list[str]) -> int:
    """Picture every page in every state, in light, dark and on a phone, and tell what was noticed there."""
    environment.prepare(lock=DEV_LOCK)
    found = services.chromium()
    if not found:
        raise steps.Failed("No Chromium here: apt-get install chromium fonts-noto-cjk")
    command = [str(PYTHON), "-m", "tools.gallery", *arguments]
    return 0 if steps.passes("gallery", command, env={"JIEBANG_CHROMIUM": found}) else 1


def docs() -> int:
    """Draw the diagrams and write docs/processes.md anew."""
    environment.packages(DEV_LOCK)
    return 0 if steps.passes("docs", [str(PYTHON), "-m", "tools.pictures"]) else 1


def fmt() -> int:
    """Format the sources and mend what the linter can mend."""
    environment.packages(DEV_LOCK)
    ruff = str(VENV / "bin" / "ruff")
    formatted = steps.passes("format", [ruff, "format", "."])
    return 0 if steps.passes("lint", [ruff, "check", "--fix", "."]) and formatted else 1


def lock() -> int:
    """Make the lock files anew."""
    locks.write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
