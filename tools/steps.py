"""Steps of dev.py: each says in one line what it does and how long it took; an up-to-date one is left out."""

import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

SHOWN_LINES = 40  # of a failed command's output


class Failed(Exception):
    """A step failed. The text is for the developer: what failed, and what to do about it."""


def say(text: str) -> None:
    print(text, flush=True)


def is_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def run(what: str, command: list[str], *, advice: str, env: Mapping[str, str] | None = None) -> str:
    """Run ``command`` silently and return what it printed.

    ``env`` is laid over the environment. Raises Failed with the end of the output and ``advice``.
    """
    began = time.monotonic()
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise Failed(f"{what}: there is no {error.filename}. {advice}") from error
    if done.returncode:
        shown = "\n".join(done.stdout.splitlines()[-SHOWN_LINES:])
        raise Failed(f"{shown}\n{what}: failed with exit code {done.returncode}. {advice}")
    say(f"  {what}: {time.monotonic() - began:.1f} s")
    return done.stdout


def passes(what: str, command: list[str], *, env: Mapping[str, str] | None = None) -> bool:
    """Run ``command`` in the open, and say whether it ended well."""
    say(f"-- {what}")
    began = time.monotonic()
    code = subprocess.run(command, env={**os.environ, **(env or {})}, check=False).returncode
    say(f"-- {what}: {'ok' if code == 0 else f'FAILED ({code})'}, {time.monotonic() - began:.1f} s")
    return code == 0


def fingerprint(files: Iterable[Path], *others: str) -> str:
    """One hash of the names and contents of ``files`` and of ``others``; a missing file counts as empty."""
    total = hashlib.sha256()
    for text in others:
        total.update(text.encode() + b"\0")
    for file in sorted(files):
        content = file.read_bytes() if file.exists() else b""
        total.update(str(file).encode() + b"\0" + hashlib.sha256(content).digest())
    return total.hexdigest()


def once(stamp: Path, made_from: str, product: Path, make: Callable[[], None]) -> None:
    """Call ``make`` unless ``product`` is there and ``stamp`` says that it was made from the same inputs."""
    if product.exists() and stamp.exists() and stamp.read_text() == made_from:
        return
    stamp.unlink(missing_ok=True)
    make()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(made_from)
