"""Units, posts, people and roles from a workbook."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from webapp import db
from webapp.cli.telling import refusals_told

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("template")
@click.argument("target", type=FILE)
@click.option("--present", is_flag=True, help="Filled with what there is.")
@with_appcontext
def template(target: Path, *, present: bool) -> None:
    """Write the workbook to fill in to TARGET."""
    from workflows.domain.rosters import writing  # openpyxl takes a while to import

    with db.database().read() as session:
        target.write_bytes(writing.present(session) if present else writing.template())
    click.echo(f"{target} is written.")


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--passwords", type=FILE, help="Workbook for the one-time passwords of who has none yet.")
@with_appcontext
def take_in(source: Path, *, passwords: Path | None) -> None:
    """Take in the workbook SOURCE, all of it or nothing."""
    from workflows.domain.rosters import taking  # openpyxl takes a while to import

    if passwords is not None and passwords.exists():
        raise click.ClickException(f"{passwords} exists already")
    try:
        with refusals_told(), db.database().transaction() as session:
            taken = taking.take_in(session, source.read_bytes(), actor=None)
    except click.ClickException as refused:
        if isinstance(refused.__cause__, taking.Refused):
            for error in refused.__cause__.errors:
                click.echo(str(error))
        raise
    for name in ("units", "posts", "people"):
        added, changed = getattr(taken, name)
        click.echo(f"{name}: {added} added, {changed} changed")
    click.echo(f"roles: {taken.roles} added\nposts held: {taken.holdings} added")
    if passwords is not None:
        _write_passwords(passwords)


def _write_passwords(target: Path) -> None:
    from workflows.domain.rosters import taking, writing  # openpyxl takes a while to import

    with db.database().transaction() as session:
        given = taking.give_passwords(session, actor=None)
        target.touch(mode=0o600)
        target.write_bytes(writing.passwords(given))
    click.echo(f"{len(given)} one-time passwords are in {target}: hand them out and delete it.")
