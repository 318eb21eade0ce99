"""The migrations lead to exactly the tables that the code knows, on both databases."""

import pkgutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, inspect, text

import workflows
from workflows import db, schema


def test_migrations_from_nothing_give_exactly_the_tables_of_the_models(empty_database_url: str) -> None:
    schema.upgrade(empty_database_url)

    engine = db.connect(empty_database_url).engine
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    assert tables == {*schema.metadata().tables, "alembic_version"}
    assert schema.differences(empty_database_url) == []


def test_no_module_keeps_a_table_that_the_migrations_do_not_know() -> None:
    modules = [name for _, name, _ in pkgutil.walk_packages(workflows.__path__, "workflows.")]
    script = "from workflows import schema; import sys, importlib; known = set(schema.metadata().tables); \
[importlib.import_module(name) for name in sys.argv[1:]]; print(set(schema.metadata().tables) - known)"

    done = subprocess.run(
        [sys.executable, "-c", script, *modules], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_table_that_no_migration_makes_is_told(empty_database_url: str) -> None:
    schema.upgrade(empty_database_url)
    engine = db.connect(empty_database_url).engine
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE stray (id INTEGER PRIMARY KEY)"))
    engine.dispose()

    assert [(kind, table.name) for kind, table in schema.differences(empty_database_url)] == [
        ("remove_table", "stray")
    ]


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    schema.upgrade(database_url)

    assert schema.differences(database_url) == []


def test_two_that_start_at_once_migrate_one_after_the_other(empty_database_url: str) -> None:
    with ThreadPoolExecutor() as pool:
        for started in [pool.submit(schema.upgrade, empty_database_url) for _ in range(3)]:
            started.result()

    assert schema.differences(empty_database_url) == []


def test_rows_that_point_at_nothing_are_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'dangling.db'}"
    schema.upgrade(url)
    with closing(sqlite3.connect(tmp_path / "dangling.db")) as connection:
        connection.execute("INSERT INTO post_holding (post_id, user_id) VALUES (7, 8)")
        connection.commit()

    with pytest.raises(RuntimeError, match=r"rows that point at nothing.*post_holding"):
        schema.upgrade(url)


def test_every_amount_of_money_holds_more_than_a_plant_has() -> None:
    columns = [one for table in schema.metadata().tables.values() for one in table.columns]
    amounts = {str(one): one.type for one in columns if one.name.endswith("_fen")}
    assert len(amounts) > 20
    assert [name for name, kind in amounts.items() if not isinstance(kind, BigInteger)] == []


def test_a_database_of_another_version_is_refused_in_words(empty_database_url: str) -> None:
    schema.upgrade(empty_database_url)
    engine = db.connect(empty_database_url).engine
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '0001'"))
    engine.dispose()
    with pytest.raises(schema.ForeignDatabase, match="another version"):
        schema.upgrade(empty_database_url)
