"""Files that people hand in: in a folder beside the database, each encrypted and named by the SHA-256 of what is kept.

Encrypted, because some belong to sealed bids (seal.py); named by content, so that a copy is checked without any key.
"""

import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workflows import seal

ABOUT = "file"

_folder = Path(os.environ.get("JIEBANG_FILES", "var/files"))


class FileLost(Exception):
    """What is kept under a digest is gone, or was changed."""


@dataclass(frozen=True)
class Kept:
    """Where a content is kept, and its key, wrapped by the key file."""

    digest: str  # SHA-256 of the encrypted content, in hexadecimal
    wrapped: bytes


def kept_in(folder: Path) -> None:
    """Keep files in ``folder`` from now on."""
    global _folder
    _folder = folder


def keep(content: bytes) -> Kept:
    """Write ``content`` under a key of its own. It is on the disk when this returns, whole or not at all."""
    wrapped = seal.new_key()
    sealed = seal.seal(wrapped, content, about=ABOUT)
    digest = hashlib.sha256(sealed).hexdigest()
    path = _path(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{digest}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise
    _sync(path.parent)
    return Kept(digest, wrapped)


def read(kept: Kept) -> bytes:
    """The content that ``keep`` was given. Raises FileLost, and SealBroken under another key file."""
    try:
        sealed = _path(kept.digest).read_bytes()
    except FileNotFoundError as error:
        raise FileLost(kept.digest) from error
    if hashlib.sha256(sealed).hexdigest() != kept.digest:
        raise FileLost(kept.digest)
    return seal.unseal(kept.wrapped, sealed, about=ABOUT)


def forget(digest: str) -> None:
    """Remove what is kept under ``digest``; nothing happens when it is gone."""
    _path(digest).unlink(missing_ok=True)


def _path(digest: str) -> Path:
    return _folder / digest[:2] / digest


def _sync(folder: Path) -> None:
    """Make a new name in ``folder`` outlast a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
