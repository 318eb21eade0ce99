"""Units, people and their API tokens."""

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from webapp import db
from webapp.cli.telling import refusals_told
from workflows.domain import accounts, administration, passwords, permissions
from workflows.models import Unit, User


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
@click.argument("login", required=False)
@click.argument("name", required=False)
@click.option("--unit", "unit_code", help="Code of the unit; asked for when there is none yet.")
@click.option(
    "--role", "roles", multiple=True, help="ROLE for the whole plant or ROLE@UNIT; may be repeated."
)
@click.option("--admin", is_flag=True, help="The same as --role admin.")
@click.option("--manager", is_flag=True, help="A manager above section level.")
@click.option("--email", default="", help="Address for notices and for links to a new password.")
@click.option("--password", help="Asked for when left away; an empty one lets a one-time password be made.")
@with_appcontext
def add_user(
    login: str | None,
    name: str | None,
    unit_code: str | None,
    roles: tuple[str, ...],
    *,
    admin: bool,
    manager: bool,
    email: str,
    password: str | None,
) -> None:
    """Add a person who can sign in. What is left away is asked for."""
    login, name = login or click.prompt("Login"), name or click.prompt("Name")
    wanted = (*roles, "admin") if admin else roles
    password = _asked_password() if password is None else password
    with refusals_told(), db.database().transaction() as session:
        unit = _home(session, unit_code)
        user = accounts.create(session, login=login, name=name, unit=unit, password=password or None)
        user.is_manager, user.email = manager, accounts.checked_email(email)
        _grant(session, user, wanted)
        made = "" if password else passwords.give_one_time(user)
    click.echo(f"Added {login}.")
    _tell(made)


@people.command("password")
@click.argument("login")
@with_appcontext
def reset_password(login: str) -> None:
    """Give LOGIN a one-time password and end their sessions."""
    with refusals_told(), db.database().transaction() as session:
        user = accounts.by_login(session, login)
        if user is None:
            raise click.ClickException(f"nobody signs in as {login}")
        made = administration.reset_password(session, user, actor=None)
    _tell(made)


def _asked_password() -> str:
    """What was typed, twice; empty for one that is made."""
    typed: str = click.prompt(
        "Password (empty: one is made)", hide_input=True, default="", show_default=False
    )
    if typed and typed != click.prompt("Repeat for confirmation", hide_input=True):
        raise click.ClickException("the two passwords differ")
    return typed


def _tell(one_time: str) -> None:
    if one_time:
        click.echo(f"One-time password, told only now, to be changed at the first sign-in: {one_time}")


def _home(session: Session, code: str | None) -> Unit:
    """The unit of that code. In an empty database the first unit is asked for and made."""
    if code is not None:
        return accounts.unit_by_code(session, code)
    known = accounts.units(session)
    if len(known) > 1:
        raise click.UsageError(f"--unit CODE is one of {', '.join(sorted(one.code for one in known))}")
    if known:
        return known[0]
    return accounts.add_unit(
        session, code=click.prompt("Code of the first unit"), name=click.prompt("Its name"), parent=None
    )


def _grant(session: Session, user: User, wanted: tuple[str, ...]) -> None:
    held = set()
    for each in wanted:
        role, _, code = each.partition("@")
        if role not in permissions.ROLES:
            raise click.BadParameter(f"no role {role}: one of {', '.join(sorted(permissions.ROLES))}")
        held.add((role, accounts.unit_by_code(session, code).id if code else None))
    administration.check_roles(held, {unit for _, unit in held if unit is not None})
    administration.replace_roles(session, user, held, actor=None)


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
