"""The lock files: every package with its hashes, and a stamp that tells whether they fit their sources."""

import hashlib
from pathlib import Path

from tools import environment, steps
from tools.environment import ROOT

# The development lock repeats the versions of the first, so it is made after it.
LOCKS = {
    "requirements-boot.lock": ["requirements-boot.txt"],
    "requirements-node.lock": ["requirements-node.txt"],
    "requirements.lock": ["requirements.txt"],
    "requirements-dev.lock": ["requirements-dev.txt", "requirements.txt"],
}
OLDEST_PYTHON = "3.11"


def write(root: Path = ROOT) -> None:
    """Make all lock files anew, with the newest versions that the pins allow."""
    uv = environment.uv()
    for lock, sources in LOCKS.items():
        options = ["--quiet", "--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"]
        options += ["--no-emit-index-url", "--no-emit-find-links", "--no-header"]
        if lock == "requirements-dev.lock":
            options += ["--constraint", "requirements.lock"]
        command = [uv, "pip", "compile", *options, sources[0], "--directory", str(root)]
        made = steps.run(
            f"lock {lock}", command, advice=environment.NO_NETWORK, env=environment.uv_settings()
        )
        (root / lock).write_text(f"{_header(root, sources)}\n{made}")
    command = [*environment.node()[1], "--prefix", str(root), "install", "--package-lock-only"]
    steps.run("lock package-lock.json", command, advice=environment.NO_NETWORK)


def outdated(root: Path = ROOT) -> list[str]:
    """The lock files that were not made from the present requirements."""
    return [lock for lock, sources in LOCKS.items() if not _fits(root, lock, sources)]


def _fits(root: Path, lock: str, sources: list[str]) -> bool:
    file = root / lock
    return file.exists() and file.read_text().startswith(_header(root, sources) + "\n")


def _header(root: Path, sources: list[str]) -> str:
    content = b"\0".join((root / source).read_bytes() for source in sources)
    digest = hashlib.sha256(content).hexdigest()
    return f"# Made by `python3 dev.py lock` from {' and '.join(sources)}, sha256 {digest}"
