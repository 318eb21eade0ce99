"""flask --app webapp rehearse: a whole campaign from one file, on a scratch database."""

import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from webapp import logs
from webapp.http_door import HttpDoor
from workflows import schema, seal, storage, watch
from workflows.db import Database, connect
from workflows.rehearsal import campaign, comparison, result, scenario_reading, summary
from workflows.rehearsal.door import Refused
from workflows.rehearsal.reading import ScenarioError
from workflows.rehearsal.scenario import Scenario
from workflows.rehearsal.scene import Stuck

MISTAKE = 2  # exit status for a scenario that breaks a rule


@click.command("rehearse")
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the result here, as JSON."
)
@click.option(
    "--database-url", default="", help="An empty database to play in, kept; without it a temporary one."
)
@click.option("--expect", type=click.Path(path_type=Path, dir_okay=False), help="Compare with this result.")
@with_appcontext
def rehearse(scenario: Path, out: Path | None, database_url: str, expect: Path | None) -> None:
    """Play the whole campaign that the file SCENARIO says, through the API, in a scratch database."""
    try:
        read = scenario_reading.load(scenario)
        expected = None if expect is None else comparison.load(expect)
    except ScenarioError as error:
        _fail(str(error), MISTAKE)
    if out is not None and not out.absolute().parent.is_dir():
        _fail(f"{out.absolute().parent}: no such folder", MISTAKE)
    found = _played(read, database_url)
    if out is not None:
        out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for line in summary.lines(found):
        click.echo(line)
    differences = [] if expected is None else comparison.differences(found, expected)
    for difference in differences[: comparison.MOST_TOLD]:
        click.echo(difference, err=True)
    if differences:
        _fail(f"{len(differences)} differences from {expect}", 1)


def _played(scenario: Scenario, url: str) -> dict[str, Any]:
    """The result of ``scenario``, played in the database at ``url`` or in a temporary one."""
    from webapp import create_app  # which imports the commands

    with tempfile.TemporaryDirectory(prefix="jiebang-rehearsal-") as folder, _put_back():
        url = url or f"sqlite:///{folder}/rehearsal.db"
        _refuse_used(url)
        logging.getLogger().setLevel("ERROR")
        try:
            schema.upgrade(url)
            app = create_app(**_settings(folder, url))
            return _play(app, scenario)
        except ScenarioError as error:
            _empty(url)
            _fail(str(error), MISTAKE)
        except (Refused, Stuck) as error:
            _fail(f"the rehearsal cannot go on: {error}", 1)


def _settings(folder: str, url: str) -> dict[str, Any]:
    scratch = {"DATA": folder, "SEAL_KEY": "", "FILES": "", "SECRET_KEY": "", "DATABASE_URL": url}
    return {**scratch, "JOBS_EMBEDDED": False, "DEMO": False, "LOG_LEVEL": "ERROR", "TRUSTED_HOSTS": None}


def _play(app: Flask, scenario: Scenario) -> dict[str, Any]:
    database: Database = app.extensions["database"]
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "connect", _hurry)
    try:
        watch.install(database)
        with click.progressbar(length=campaign.expected_acts(scenario), label="Rehearsing") as bar:
            scene = campaign.play(database, scenario, HttpDoor(app), told=lambda: _advance(bar))
            bar.update(max(0, (bar.length or 0) - bar.pos))
        with database.read() as session:
            return result.of(session, scene)
    finally:
        database.engine.dispose()


def _advance(bar: Any) -> None:
    """One act further; how many there will be is an estimate, and the last step is left for the end."""
    if bar.pos < bar.length - 1:
        bar.update(1)


def _hurry(connection: Any, _record: object) -> None:
    """A scratch database need not outlast a loss of power."""
    connection.execute("PRAGMA synchronous=OFF")


@contextmanager
def _put_back() -> Iterator[None]:
    """Let this process use its own key, files and log again afterwards."""
    try:
        yield
    finally:
        seal.use_key_file(current_app.config["SEAL_KEY"])
        storage.kept_in(current_app.config["FILES"])
        logs.configure(current_app)


def _refuse_used(url: str) -> None:
    """A rehearsal never touches a database that holds anything, least of all the live one."""
    try:
        engine = connect(url, pool_size=1).engine
        tables = inspect(engine).get_table_names()
        engine.dispose()
    except (SQLAlchemyError, OSError, ImportError) as error:
        _fail(f"--database-url: {error}", MISTAKE)
    if tables or make_url(url) == make_url(current_app.config["DATABASE_URL"]):
        _fail("--database-url: this database is not empty; a rehearsal needs one of its own", MISTAKE)


def _empty(url: str) -> None:
    """Take away what was made in a database that was empty."""
    engine = connect(url, pool_size=1).engine
    with engine.begin() as connection:
        schema.metadata().drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()


def _fail(reason: str, status: int) -> NoReturn:
    click.echo(f"Error: {reason}", err=True)
    raise SystemExit(status)
