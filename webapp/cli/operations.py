"""The database, the jobs, definitions, history and incidents."""

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from webapp import db
from webapp.cli.telling import refusals_told
from workflows import clock, demo, schema, watch
from workflows.demo import files as demo_files
from workflows.models import Unit


@click.command("db-upgrade")
@with_appcontext
def upgrade() -> None:
    """Bring the database up to date."""
    try:
        schema.upgrade(db.database().engine.url.render_as_string(hide_password=False))
    except schema.ForeignDatabase as error:
        raise click.ClickException(str(error)) from error


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing when there are units already.")
@click.option(
    "--reset", is_flag=True, help="Throw a demo away and build it anew; asks first. Stop the server before."
)
@click.option("--yes", is_flag=True, help="With --reset: do not ask.")
@with_appcontext
def demo_data(*, if_empty: bool, reset: bool, yes: bool) -> None:
    """Build the demo data in an empty database, or with --reset in the place of an earlier demo."""
    database = db.database()
    with database.read() as session:
        filled = session.scalar(select(Unit.id).limit(1)) is not None
        is_demo = filled and demo.is_demo(session)
    if filled and reset:
        _expect_demo(is_demo=is_demo, asks=not yes)
    elif filled and if_empty:
        click.echo("The database has data: left as it is.")
        return
    elif filled:
        raise click.ClickException("The database has data: the demo needs an empty one, or --reset.")
    url = database.engine.url
    if url.get_backend_name() == "sqlite" and url.database:
        database.engine.dispose()
        demo_files.build(Path(url.database), say=click.echo)
        return
    if filled:
        schema.clear(url.render_as_string(hide_password=False))
    demo.build(database, say=click.echo)


def _expect_demo(*, is_demo: bool, asks: bool) -> None:
    """Refuse to throw away anything but a demo, and ask before that."""
    if not is_demo:
        raise click.ClickException("The database holds other data than the demo's: left as it is.")
    if asks:
        click.confirm("All data of this demo will be lost. Build it anew?", abort=True)


@click.command("check-definitions")
@with_appcontext
def check_definitions() -> None:
    """Check every diagram and decision table; the exit status tells whether all are sound."""
    try:
        watch.check_definitions()
    except watch.DefinitionError as error:
        raise click.ClickException(str(error)) from error
    click.echo("All definitions are sound.")


@click.command("deploy")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@with_appcontext
def deploy(files: tuple[Path, ...]) -> None:
    """Let diagrams and tables in, all of FILES or none; every reason of a refusal is told.

    What they change begins anew on the new version; what runs keeps its own. A table that differs from all its
    versions becomes a draft.
    """
    try:
        watch.install(db.database())
        with refusals_told(), db.database().transaction() as session:
            deployed = watch.deploy(session, {path.name: path.read_bytes() for path in files}, actor=None)
    except watch.DefinitionError as error:
        raise click.ClickException("\n".join(["refused:", *map(_both_languages, error.defects)])) from error
    for process in deployed.processes:
        click.echo(f"{process} begins on the new version.")
    for file, version in deployed.drafts:
        click.echo(f"{file} is draft {version}, which must be adopted.")
    click.echo(f"{len(deployed.processes)} processes deployed.")


def _both_languages(one: watch.Defect) -> str:
    return f"{one} / {one.reason_en}"


@click.command("verify-history")
@with_appcontext
def verify_history() -> None:
    """Check the hash chain of every process; names the first bad row of each broken one."""
    with db.database().read() as session:
        findings = watch.verify_history(session)
    for finding in findings:
        click.echo(str(finding))
    if findings:
        raise click.ClickException(f"{len(findings)} broken chains")
    click.echo("Every chain is whole.")


@click.command("incidents")
@click.option("--all", "everything", is_flag=True, help="Those that are resolved too.")
@with_appcontext
def incidents(*, everything: bool) -> None:
    """List what automatic steps could not do, the newest first."""
    with db.database().read() as session:
        found = watch.incidents(session, only_open=not everything)
    for one in found:
        last = clock.local(one.last_at)
        state = "resolved" if one.resolved_at else f"failed {one.tries} times"
        click.echo(
            f"{one.id}\t{last:%Y-%m-%d %H:%M}\tprocess {one.process_id}\t{one.node}\t{state}\t{one.error}"
        )
    click.echo(f"{len(found)} incidents")


@click.command("retry")
@click.argument("incident", type=int)
@with_appcontext
def retry(incident: int) -> None:
    """Try what failed in INCIDENT again at once."""
    with refusals_told(), db.database().transaction() as session:
        watch.retry(session, incident)
    click.echo(f"Incident {incident} is tried again.")
