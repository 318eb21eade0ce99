"""The command as an operator gives it: an application of its own beside the scratch database."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from webapp import create_app


@pytest.fixture
def live(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Flask]:
    """An application with a live database, which a rehearsal leaves alone."""
    folder = tmp_path / "live"
    folder.mkdir()
    shutil.copyfile(migrated_sqlite, folder / "jiebang.db")
    made = create_app(DATA=folder, SECRET_KEY="only for tests " * 3, JOBS_EMBEDDED=False, DEMO=False)
    yield made
    made.extensions["database"].engine.dispose()


@pytest.fixture
def rehearse(live: Flask) -> Callable[..., Result]:
    """Run the command ``rehearse``."""

    def run(*arguments: object) -> Result:
        typed = ["rehearse", *map(str, arguments)]
        return live.test_cli_runner().invoke(args=typed, catch_exceptions=False)

    return run
