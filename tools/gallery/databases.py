"""The databases behind the pictures: the demo, the demo with long names, and one of a plant on its first day."""

import shutil
from pathlib import Path

from sqlalchemy import func, update
from sqlalchemy.orm import InstrumentedAttribute

from workflows import db, schema, seal
from workflows.demo import PASSWORD
from workflows.demo import files as demo_files
from workflows.domain import accounts
from workflows.engine.tables import Process
from workflows.models import Challenge, Problem, Unit, User

NAMED: tuple[tuple[type, InstrumentedAttribute[str]], ...] = (
    (Challenge, Challenge.title),
    (Problem, Problem.title),
    (Process, Process.subject),
    (Unit, Unit.name),
    (User, User.name),
)
FIRST = ("office", "陆知行", ("office", "admin"))  # who is there on the first day


def demo(path: Path) -> Path:
    """The demo data, built anew: some half a minute. The key of its sealed bids lies beside it."""
    seal.use_key_file(path.with_name("seal.key"))
    demo_files.build(path, say=print)
    return path


def with_long_names(demo_file: Path, path: Path) -> Path:
    """A copy of ``demo_file`` in which everything is called as long as its column allows."""
    shutil.copyfile(demo_file, path)
    database = db.connect(f"sqlite:///{path}")
    with database.transaction() as session:
        for model, column in NAMED:
            longer = column + "，以及与之相关的全部场站、管线和井口在冬季高峰期的协同" + column
            length = column.type.length or 200
            session.execute(update(model).values({column.key: func.substr(longer, 1, length)}))
    database.engine.dispose()
    return path


def of_a_first_day(path: Path) -> Path:
    """One unit, one person, nothing else."""
    schema.upgrade(f"sqlite:///{path}")
    database = db.connect(f"sqlite:///{path}")
    login, name, roles = FIRST
    with database.transaction() as session:
        unit = accounts.add_unit(session, code="CJG", name="厂机关", parent=None)
        user = accounts.create(session, login=login, name=name, unit=unit, password=PASSWORD)
        for role in roles:
            accounts.grant(session, user, role=role, unit=None)
    database.engine.dispose()
    return path
