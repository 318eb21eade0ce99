import datetime as dt
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from tests import factories
from webapp import create_app
from workflows import calendar, demo, schema, watch
from workflows.db import Database
from workflows.demo import plant
from workflows.domain import accounts, rule_versions, rules
from workflows.models import Unit, User
from workflows.work import StepFailed


def run(app: Flask, *arguments: str, typed: str = "") -> Result:
    return app.test_cli_runner().invoke(args=list(arguments), input=typed)


@pytest.fixture
def unit_code(database: Database) -> str:
    with database.transaction() as session:
        return factories.unit(session, code="CQ1").code


def test_a_person_is_added_with_roles_and_can_sign_in(app: Flask, database: Database, unit_code: str) -> None:
    password = "a fine password\na fine password\n"
    added = run(
        app,
        "user",
        "add",
        "wang",
        "王建国",
        "--unit",
        "CQ1",
        "--role",
        "office",
        "--role",
        "hse@CQ1",
        "--manager",
        typed=password,
    )
    assert (added.exit_code, added.output.splitlines()[-1]) == (0, "Added wang.")
    with database.read() as session:
        user = session.scalars(select(User)).one()
        assert sorted((grant.role, grant.unit_id) for grant in user.grants if grant.unit_id) == [
            ("hse", user.unit_id)
        ]
        assert [grant.role for grant in user.grants if not grant.unit_id] == ["office"]
        assert accounts.check_password(user, "a fine password")
        assert user.is_manager


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--unit", "NO"), "没有这个单位代码。"),
        (("--unit", "CQ1", "--role", "king"), "no role king"),
        (("--unit", "CQ1", "--role", "hse@NO"), "没有这个单位代码。"),
        (("--unit", "CQ1", "--password", "short"), "密码长度应为 10 至 128 个字符。"),
    ],
)
def test_a_wrong_person_is_refused_whole(
    app: Flask, database: Database, unit_code: str, arguments: tuple[str, ...], said: str
) -> None:
    password = () if "--password" in arguments else ("--password", "a fine password")
    refused = run(app, "user", "add", "wang", "王建国", *arguments, *password)
    assert refused.exit_code != 0
    assert said in refused.output
    with database.read() as session:
        assert session.scalars(select(User)).all() == []


def test_an_administrator_is_one_by_role(app: Flask, database: Database, unit_code: str) -> None:
    run(app, "user", "add", "root", "管理员", "--unit", "CQ1", "--admin", "--password", "a fine password")
    with database.read() as session:
        assert [grant.role for grant in session.scalars(select(User)).one().grants] == ["admin"]


def test_a_token_is_printed_and_works(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang")
    printed = run(app, "token", "wang")
    with database.read() as session:
        user = accounts.by_token(session, printed.output.strip())
        assert user is not None
        assert user.login == "wang"
    assert run(app, "token", "nobody").exit_code == 1


def test_demo_data_is_built_only_into_an_empty_database(
    app: Flask, database: Database, unit_code: str
) -> None:
    left = run(app, "demo", "--if-empty")
    assert (left.exit_code, left.output) == (0, "The database has data: left as it is.\n")


def test_a_reset_throws_away_nothing_but_a_demo(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        factories.unit(session, code="ZZ9")
    refused = run(app, "demo", "--reset", "--yes")
    assert (refused.exit_code, "holds other data than the demo's" in refused.output) == (1, True)
    with database.transaction() as session:
        plant.build(session, plant.read())
    with database.read() as session:
        assert demo.is_demo(session)
    asked = run(app, "demo", "--reset", typed="n\n")
    assert (asked.exit_code, "All data of this demo will be lost" in asked.output) == (1, True)
    with database.read() as session:
        assert session.scalars(select(Unit).where(Unit.code == "ZZ9")).one_or_none() is not None


def test_a_cleared_database_is_empty_and_up_to_date(database: Database, unit_code: str) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    database.engine.dispose()
    schema.clear(url)
    assert schema.differences(url) == []
    with database.read() as session:
        assert session.scalars(select(Unit)).all() == []


def test_definitions_and_history_are_found_sound(app: Flask) -> None:
    checked = run(app, "check-definitions")
    assert (checked.exit_code, checked.output) == (0, "All definitions are sound.\n")
    verified = run(app, "verify-history")
    assert (verified.exit_code, verified.output) == (0, "Every chain is whole.\n")


def test_a_new_database_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    app = create_app(DATA=tmp_path, DATABASE_URL="", JOBS_EMBEDDED=False)
    assert run(app, "db-upgrade").exit_code == 0
    assert app.test_client().get("/readyz").status_code == 200
    assert run(app, "verify-history").exit_code == 0
    app.extensions["database"].engine.dispose()


def test_units_are_added_one_below_another(app: Flask, database: Database) -> None:
    assert run(app, "unit", "add", "CLD", "厂领导").output == "Added CLD.\n"
    assert run(app, "unit", "add", "CQ1", "采气一区", "--parent", "CLD").output == "Added CQ1.\n"
    refused = run(app, "unit", "add", "CQ1", "采气二区")
    assert (refused.exit_code, "单位代码或名称已被使用" in refused.output) == (1, True)
    with database.read() as session:
        parents = {unit.code: unit.parent_id for unit in session.scalars(select(Unit))}
        assert parents == {"CLD": None, "CQ1": accounts.unit_by_code(session, "CLD").id}


def test_the_plant_declares_its_own_working_days(app: Flask, database: Database) -> None:
    set_ = run(app, "calendar", "set", "2026-12-05", "--workday", "--reason", "冬季保供")
    assert set_.output == "2026-12-05 is a working day.\n"
    assert run(app, "calendar", "list").output == "2026-12-05\tworkday\t冬季保供\n1 days\n"
    with database.read() as session:
        assert calendar.add_workdays(session, dt.date(2026, 12, 4), 1) == dt.date(2026, 12, 5)
    assert run(app, "calendar", "unset", "2026-12-05").output == "2026-12-05 is as published.\n"
    assert run(app, "calendar", "unset", "2026-12-05").exit_code == 1
    with database.read() as session:
        assert calendar.add_workdays(session, dt.date(2026, 12, 4), 1) == dt.date(2026, 12, 7)


def test_incidents_are_listed_and_only_real_ones_are_retried(app: Flask, database: Database) -> None:
    assert run(app, "incidents").output == "0 incidents\n"
    watch.report(database, StepFailed("seal", "disk"))
    assert run(app, "incidents").output.endswith(
        "process None\tseal\tfailed 1 times\tseal: disk\n1 incidents\n"
    )
    assert "由办理人重新提交" in run(app, "retry", "1").output
    assert run(app, "retry", "2").exit_code == 1


def test_rule_files_are_listed_with_what_is_in_force(app: Flask, database: Database) -> None:
    content = rules.shipped()["deadline.dmn"].decode().replace(">3<", ">4<")
    with database.transaction() as session:
        office = factories.user(session, roles=["office"])
        rule_versions.draft(session, "deadline.dmn", content, note="放宽", actor=office)
    listed = run(app, "rules").output.splitlines()
    assert [line for line in listed if "deadline.dmn" in line] == [
        " \tdeadline.dmn\t2\tdraft, decides nothing until it is adopted\t放宽",
        "*\tdeadline.dmn\t1\tin force from 2000-01-01 08:00",
    ]


def test_the_first_administrator_is_asked_for_and_gets_a_one_time_password(
    app: Flask, database: Database
) -> None:
    added = run(app, "user", "add", "--admin", typed="root\n管运维\n\nCLD\n厂领导\n")
    assert added.exit_code == 0, added.output
    password = added.output.strip().rpartition(" ")[2]
    with database.read() as session:
        user = session.scalars(select(User)).one()
        assert (user.login, user.unit.code, user.must_change_password) == ("root", "CLD", True)
        assert [grant.role for grant in user.grants] == ["admin"]
        assert accounts.check_password(user, password)


def test_a_weak_password_is_refused_and_two_that_differ(
    app: Flask, database: Database, unit_code: str
) -> None:
    weak = run(app, "user", "add", "root", "管运维", "--admin", "--password", "password123")
    assert (weak.exit_code, "太容易猜到" in weak.output) == (1, True)
    differ = run(app, "user", "add", "root", "管运维", typed="a fine password\nanother password\n")
    assert (differ.exit_code, "differ" in differ.output) == (1, True)
    with database.read() as session:
        assert session.scalars(select(User)).all() == []


def test_an_operator_gives_a_one_time_password(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang")
    told = run(app, "user", "password", "wang").output.strip()
    with database.read() as session:
        user = session.scalars(select(User)).one()
        assert user.must_change_password
        assert accounts.check_password(user, told.rpartition(" ")[2])
        assert not accounts.check_password(user, factories.PASSWORD)
    assert run(app, "user", "password", "nobody").exit_code == 1


def test_separated_duties_are_not_given_to_one_person(app: Flask, database: Database, unit_code: str) -> None:
    both = ("--role", "office", "--role", "supervision", "--password", "a fine password")
    refused = run(app, "user", "add", "wang", "王建国", *both)
    assert (refused.exit_code, "纪委监督不能同时担任" in refused.output) == (1, True)
