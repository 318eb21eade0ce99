"""Units, people and their API tokens."""

import click
from flask.cli import with_appcontext

from webapp import db
from webapp.cli.telling import refusals_told
from workflows.domain import accounts, permissions


@click.group("unit")
def units() -> None:
    """Units of the plant."""


@units.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--parent", "parent_code", help="Code of the unit above.")
@with_appcontext
def add_unit(code: str, name: str, parent_code: str | None) -> None:
    """Add a unit."""
    with refusals_told(), db.database().transaction() as session:
        parent = accounts.unit_by_code(session, parent_code) if parent_code else None
        accounts.add_unit(session, code=code, name=name, parent=parent)
    click.echo(f"Added {code}.")


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
@click.option("--manager", is_flag=True, help="A manager above section level.")
@click.password_option()
@with_appcontext
def add_user(
    login: str,
    name: str,
    unit_code: str,
    roles: tuple[str, ...],
    *,
    admin: bool,
    manager: bool,
    password: str,
) -> None:
    """Add a person who can sign in."""
    wanted = (*roles, "admin") if admin else roles
    with refusals_told(), db.database().transaction() as session:
        user = accounts.create(
            session, login=login, name=name, unit=accounts.unit_by_code(session, unit_code), password=password
        )
        user.is_manager = manager
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
    with refusals_told(), db.database().transaction() as session:
        user = accounts.by_login(session, login)
        if user is None:
            raise click.ClickException(f"nobody signs in as {login}")
        click.echo(accounts.issue_token(session, user, name="命令行", days=days))
