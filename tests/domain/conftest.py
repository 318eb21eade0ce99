"""The seal key and the files of these tests are in a folder of their own."""

from pathlib import Path

import pytest

from workflows import seal, storage


@pytest.fixture(autouse=True)
def seal_key(tmp_path: Path) -> None:
    seal.use_key_file(tmp_path / "seal.key")
    storage.kept_in(tmp_path / "files")
