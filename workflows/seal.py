"""Sealed bids: AES-GCM under a key of each challenge, which is wrapped by a key file outside the database.

Who holds both the host and the key file can read what is sealed; who holds the database, a backup or a log cannot.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

KEY_BYTES = 32
NONCE_BYTES = 12

_key_file = Path(os.environ.get("JIEBANG_SEAL_KEY", "var/seal.key"))


class SealBroken(Exception):
    """What was sealed was changed, or the key file is not the one it was sealed with."""


def use_key_file(path: Path) -> None:
    """Wrap keys with the key in ``path`` from now on."""
    global _key_file
    _key_file = path


def new_key() -> bytes:
    """A fresh key, wrapped."""
    return aes_key_wrap(_file_key(), secrets.token_bytes(KEY_BYTES))


def seal(wrapped: bytes, content: bytes, *, about: str) -> bytes:
    """``content`` encrypted under a wrapped key and bound to ``about`` (bid:3)."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_unwrap(wrapped)).encrypt(nonce, content, about.encode())


def unseal(wrapped: bytes, sealed: bytes, *, about: str) -> bytes:
    """What ``seal`` was given. Raises SealBroken."""
    try:
        return AESGCM(_unwrap(wrapped)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())
    except InvalidTag as error:
        raise SealBroken(about) from error


def _unwrap(wrapped: bytes) -> bytes:
    try:
        return aes_key_unwrap(_file_key(), wrapped)
    except InvalidUnwrap as error:
        raise SealBroken("key") from error


def _file_key() -> bytes:
    return kept_in(_key_file, secrets.token_bytes)


def kept_in(path: Path, make: Callable[[int], bytes]) -> bytes:
    """The secret in ``path``: made of KEY_BYTES on first use, and readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(make(KEY_BYTES))
        with suppress(FileExistsError):  # another process of the server was first
            os.link(fresh, path)  # whole or not at all, never half written
        fresh.unlink()
    return path.read_bytes()
