"""The plant's own working days and holidays."""

import datetime as dt

import click
from flask.cli import with_appcontext

from webapp import db
from workflows import calendar

DAY = click.DateTime(["%Y-%m-%d"])


@click.group("calendar")
def workdays() -> None:
    """Days that the plant itself declares working days or holidays, over the published calendar."""


@workdays.command("set")
@click.argument("day", type=DAY)
@click.option("--workday/--holiday", "is_workday", required=True)
@click.option("--reason", required=True)
@with_appcontext
def declare(day: dt.datetime, *, is_workday: bool, reason: str) -> None:
    """Declare DAY (2027-02-01)."""
    with db.database().transaction() as session:
        calendar.declare(session, day.date(), is_workday=is_workday, reason=reason)
    click.echo(f"{day:%Y-%m-%d} is a {'working day' if is_workday else 'holiday'}.")


@workdays.command("unset")
@click.argument("day", type=DAY)
@with_appcontext
def undeclare(day: dt.datetime) -> None:
    """Let DAY be as published."""
    with db.database().transaction() as session:
        if not calendar.undeclare(session, day.date()):
            raise click.ClickException(f"{day:%Y-%m-%d} was not declared")
    click.echo(f"{day:%Y-%m-%d} is as published.")


@workdays.command("list")
@with_appcontext
def declared() -> None:
    """List the days that the plant has declared, and whether the coming year's calendar is published."""
    with db.database().read() as session:
        days = calendar.declared(session)
    for one in days:
        click.echo(f"{one.day}\t{'workday' if one.is_workday else 'holiday'}\t{one.reason}")
    click.echo(f"{len(days)} days")
