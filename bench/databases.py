"""Databases of its own for one run; dropped at the end, come what may."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from workflows import schema

KINDS = ("SQLite", "PostgreSQL")
LOCAL_POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"


def server() -> str:
    """Address of a PostgreSQL server, as a superuser who may create databases in it."""
    return os.environ.get("JIEBANG_TEST_POSTGRES") or LOCAL_POSTGRES


@contextmanager
def empty(kind: str = "PostgreSQL") -> Iterator[str]:
    """The address of a new, migrated database of a kind in KINDS."""
    with blank(kind) as address:
        schema.upgrade(address)
        yield address


@contextmanager
def blank(kind: str) -> Iterator[str]:
    """The address of a new database in which there is nothing."""
    if kind == "SQLite":
        with tempfile.TemporaryDirectory(prefix="jiebang-bench-") as folder:
            yield f"sqlite:///{folder}/bench.db"
    else:
        with _created(sql.SQL("template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")) as address:
            yield address


@contextmanager
def copied(address: str) -> Iterator[str]:
    """The address of a copy of the database at ``address``, to which nobody may be connected."""
    with _created(sql.Identifier(make_url(address).database or "")) as made:
        yield made


@contextmanager
def _created(template: sql.Composable) -> Iterator[str]:
    name = f"jiebang_bench_{os.getpid()}_{secrets.token_hex(4)}"
    with closing(psycopg.connect(server(), autocommit=True)) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template)
        connection.execute(create)
        try:
            yield make_url(server()).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
