"""The decision tables and settings, with their versions."""

import click
from flask.cli import with_appcontext

from webapp import db
from workflows import clock
from workflows.domain import rule_versions
from workflows.models import RuleState, RuleVersion


@click.command("rules")
@with_appcontext
def rules() -> None:
    """List every version of every rule file, the newest first; * marks what is in force."""
    with db.database().read() as session:
        for one in rule_versions.versions(session):
            mark = "*" if rule_versions.is_in_force(session, one) else " "
            click.echo(f"{mark}\t{one.file}\t{one.version}\t{_state(one)}\t{one.note}".rstrip())


def _state(version: RuleVersion) -> str:
    if version.state == RuleState.DRAFT or version.in_force_from is None:
        return "draft, decides nothing until it is adopted"
    return f"in force from {clock.local(version.in_force_from):%Y-%m-%d %H:%M}"
