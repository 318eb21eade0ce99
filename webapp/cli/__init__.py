"""flask --app webapp ...: what operators do."""

from flask import Flask

from webapp.cli import accounts, operations, rehearse, rosters, rules, workdays, workers

COMMANDS = (
    operations.upgrade,
    operations.demo_data,
    workers.worker,
    workers.relay,
    workers.alive,
    operations.check_definitions,
    operations.deploy,
    operations.verify_history,
    operations.incidents,
    operations.retry,
    accounts.units,
    accounts.people,
    accounts.token,
    workdays.workdays,
    rules.rules,
    rehearse.rehearse,
)


for command in (rosters.template, rosters.take_in):
    accounts.people.add_command(command)


def set_up(app: Flask) -> None:
    for command in COMMANDS:
        app.cli.add_command(command)
