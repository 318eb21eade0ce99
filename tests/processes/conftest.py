"""A campaign: the shipped processes installed, everybody present, the seal key and files in a folder of the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests import states
from tests.processes.cast import Cast, gather
from workflows import db, seal, storage


@pytest.fixture(scope="session")
def sqlite_template(installed_sqlite: Path) -> Path:
    """Every test here installs the shipped processes: it finds them stored."""
    return installed_sqlite


@pytest.fixture(autouse=True)
def small_states() -> Iterator[None]:
    """No process of the test has a state of 64 KiB at any point."""
    with states.measured() as largest:
        yield
    assert max(largest.values(), default=0) < states.MOST_BYTES, largest


@pytest.fixture
def campaign(database: db.Database, clock_at: Callable[..., None], tmp_path: Path) -> Iterator[db.Database]:
    """A database for a campaign under a held clock; what is logged is not printed."""
    seal.use_key_file(tmp_path / "seal.key")
    storage.kept_in(tmp_path / "files")
    with capture_logs():
        yield database


@pytest.fixture
def cast(campaign: db.Database) -> Cast:
    return gather(campaign)
