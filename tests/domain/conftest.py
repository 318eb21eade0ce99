"""The seal key of these tests is a file of their own."""

from pathlib import Path

import pytest

from workflows import seal


@pytest.fixture(autouse=True)
def seal_key(tmp_path: Path) -> None:
    seal.use_key_file(tmp_path / "seal.key")
