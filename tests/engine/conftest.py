"""The small diagrams, current and stored in the database of each test that asks for it."""

from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from tests.engine import trial
from workflows import db


@pytest.fixture
def trials(database: db.Database, clock_at: Callable[..., None]) -> Iterator[db.Database]:
    """A database on which the small processes may begin, under a held clock; what is logged is not printed."""
    trial.store(database)
    with capture_logs():
        yield database


@pytest.fixture
def someone(trials: db.Database) -> int:
    """The id of the person that the small processes are about."""
    return trial.person(trials)
