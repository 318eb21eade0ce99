"""flask --app webapp ...: what operators do."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy import select

from webapp import db
from workflows import demo, jobs, schema, watch
from workflows.domain import accounts, permissions
from workflows.errors import Refusal
from workflows.models import Unit


def set_up(app: Flask) -> None:
    for command in (upgrade, demo_data, worker, token, check_definitions, verify_history):
        app.cli.add_command(command)
    app.cli.add_command(people)


@click.command("db-upgrade")
@with_appcontext
def upgrade() -> None:
    """Bring the database up to date."""
    schema.upgrade(db.database().engine.url.render_as_string(hide_password=False))


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing when there are units already.")
@with_appcontext
def demo_data(*, if_empty: bool) -> None:
    """Build the demo data."""
    with db.database().read() as session:
        filled = session.scalar(select(Unit.id).limit(1)) is not None
    if filled and if_empty:
        click.echo("The database has data: left as it is.")
        return
    demo.build(db.database())


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Run timers and messages in this process until it is stopped."""
    watch.install(db.database())
    jobs.work_forever(db.database())


@click.group("user")
def people() -> None:
    """Accounts."""


@people.command("add")
@click.argument("login")
@click.argument("name")
@click.option("--unit", "unit_code", required=True, help="Code of the unit.")
@click.option(
    "--role", "roles", multiple=True, help="ROLE for the whole plant or ROLE@UNIT; may be repeated."
)
@click.option("--admin", is_flag=True, help="The same as --role admin.")
@click.password_option()
@with_appcontext
def add_user(
    login: str, name: str, unit_code: str, roles: tuple[str, ...], *, admin: bool, password: str
) -> None:
    """Add a person who can sign in."""
    wanted = (*roles, "admin") if admin else roles
    with _refusals_told(), db.database().transaction() as session:
        user = accounts.create(
            session, login=login, name=name, unit=accounts.unit_by_code(session, unit_code), password=password
        )
        for each in wanted:
            role, _, code = each.partition("@")
            if role not in permissions.ROLES:
                raise click.BadParameter(f"no role {role}: one of {', '.join(sorted(permissions.ROLES))}")
            accounts.grant(
                session, user, role=role, unit=accounts.unit_by_code(session, code) if code else None
            )
    click.echo(f"Added {login}.")


@click.command("token")
@click.argument("login")
@click.option("--days", default=30, show_default=True)
@with_appcontext
def token(login: str, *, days: int) -> None:
    """Print a new API token of LOGIN."""
    with _refusals_told(), db.database().transaction() as session:
        user = accounts.by_login(session, login)
        if user is None:
            raise click.ClickException(f"nobody signs in as {login}")
        click.echo(accounts.issue_token(session, user, name="命令行", days=days))


@click.command("check-definitions")
@with_appcontext
def check_definitions() -> None:
    """Check every diagram and decision table; the exit status tells whether all are sound."""
    try:
        watch.check_definitions()
    except watch.DefinitionError as error:
        raise click.ClickException(str(error)) from error
    click.echo("All definitions are sound.")


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


@contextmanager
def _refusals_told() -> Iterator[None]:
    """A refusal of the domain as one line and a failing exit status."""
    try:
        yield
    except Refusal as refused:
        fields = [text for texts in getattr(refused, "fields", {}).values() for text in texts]
        raise click.ClickException(" ".join([str(refused), *fields])) from refused
