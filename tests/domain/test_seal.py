"""Sealing: only with the key file, only what was sealed, only where it belongs."""

from pathlib import Path

import pytest

from workflows import seal
from workflows.seal import SealBroken


def test_what_is_sealed_is_unsealed(tmp_path: Path) -> None:
    key_file = tmp_path / "keys" / "seal.key"  # made on first use
    seal.use_key_file(key_file)
    key = seal.new_key()
    sealed = seal.seal(key, "技术路线".encode(), about="bid:1")
    assert seal.unseal(key, sealed, about="bid:1") == "技术路线".encode()
    assert "技术路线".encode() not in sealed
    assert (len(key_file.read_bytes()), key_file.stat().st_mode & 0o777) == (32, 0o600)


def test_the_same_text_is_sealed_differently_each_time() -> None:
    key = seal.new_key()
    assert seal.seal(key, b"text", about="bid:1") != seal.seal(key, b"text", about="bid:1")


def test_a_seal_is_bound_to_its_bid() -> None:
    key = seal.new_key()
    with pytest.raises(SealBroken, match=r"^bid:2$"):
        seal.unseal(key, seal.seal(key, b"text", about="bid:1"), about="bid:2")


@pytest.mark.parametrize("place", [0, 13, -1])
def test_a_changed_byte_breaks_the_seal(place: int) -> None:
    key = seal.new_key()
    sealed = bytearray(seal.seal(key, b"text", about="bid:1"))
    sealed[place] ^= 1
    with pytest.raises(SealBroken, match=r"^bid:1$"):
        seal.unseal(key, bytes(sealed), about="bid:1")


def test_the_key_of_another_challenge_does_not_open_it() -> None:
    sealed = seal.seal(seal.new_key(), b"text", about="bid:1")
    with pytest.raises(SealBroken, match=r"^bid:1$"):
        seal.unseal(seal.new_key(), sealed, about="bid:1")


def test_without_the_key_file_nothing_opens(tmp_path: Path) -> None:
    key = seal.new_key()
    sealed = seal.seal(key, b"text", about="bid:1")
    seal.use_key_file(tmp_path / "other.key")
    with pytest.raises(SealBroken, match=r"^key$"):
        seal.unseal(key, sealed, about="bid:1")
