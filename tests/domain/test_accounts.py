import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import accounts
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import ApiToken


def test_only_the_right_password_of_an_active_user_is_accepted(session: Session) -> None:
    user = factories.user(session)
    assert accounts.check_password(user, factories.PASSWORD)
    assert not accounts.check_password(user, factories.PASSWORD + "!")
    assert not accounts.check_password(None, factories.PASSWORD)
    user.is_active = False
    assert not accounts.check_password(user, factories.PASSWORD)


def test_a_login_is_found_in_any_case(session: Session) -> None:
    user = factories.user(session, login="ZhangSan")
    assert accounts.by_login(session, " zhangsan ") == user
    assert accounts.by_login(session, "lisi") is None


def test_a_new_password_ends_all_sessions(session: Session) -> None:
    user = factories.user(session)
    accounts.change_password(user, current=factories.PASSWORD, password="another long one")
    assert user.session_version == 2
    assert accounts.check_password(user, "another long one")


@pytest.mark.parametrize("password", ["short", "x" * 129])
def test_a_password_of_unsuitable_length_is_refused(session: Session, password: str) -> None:
    user = factories.user(session)
    with pytest.raises(Invalid) as refused:
        accounts.change_password(user, current=factories.PASSWORD, password=password)
    assert refused.value.fields == {"password": ["密码长度应为 10 至 128 个字符。"]}
    assert user.session_version == 1


def test_a_password_is_changed_only_by_who_knows_it(session: Session) -> None:
    user = factories.user(session)
    with pytest.raises(Invalid) as refused:
        accounts.change_password(user, current="wrong", password="another long one")
    assert refused.value.fields == {"current": ["原密码不正确。"]}


def test_a_login_is_given_once(session: Session) -> None:
    home = factories.unit(session)
    created = accounts.create(session, login="wang", name="王", unit=home, password="a fine password")
    assert (created.session_version, created.unit_id) == (1, home.id)
    with pytest.raises(Conflict):
        accounts.create(session, login="WANG", name="汪", unit=home, password="a fine password")


def test_a_role_is_held_for_a_unit_or_for_the_plant(session: Session) -> None:
    user = factories.user(session)
    accounts.grant(session, user, role="hse", unit=user.unit)
    accounts.grant(session, user, role="office", unit=None)
    session.expire(user)
    assert [(grant.role, grant.unit_id) for grant in user.grants] == [("hse", user.unit_id), ("office", None)]


def test_an_unknown_unit_code_is_not_found(session: Session) -> None:
    home = factories.unit(session, code="CQ1")
    assert accounts.unit_by_code(session, "CQ1") == home
    with pytest.raises(NotFound):
        accounts.unit_by_code(session, "CQ2")


def test_people_and_units_to_pick_are_sorted_and_active(session: Session) -> None:
    second, first = factories.unit(session, name="乙队"), factories.unit(session, name="丙队")
    here = factories.user(session, of=second)
    factories.user(session, of=first).is_active = False
    session.flush()
    assert accounts.people(session) == [here]
    assert accounts.units(session) == sorted([first, second], key=lambda unit: unit.name)


def test_a_token_speaks_for_its_user_until_it_expires(
    session: Session, clock_at: Callable[[dt.datetime], None]
) -> None:
    user = factories.user(session)
    token = accounts.issue_token(session, user, name="脚本", days=7)
    assert accounts.by_token(session, token) == user
    assert accounts.by_token(session, token + "x") is None
    clock_at(clock.now() + dt.timedelta(days=7))
    assert accounts.by_token(session, token) is None


def test_only_the_digest_of_a_token_is_kept(session: Session) -> None:
    token = accounts.issue_token(session, factories.user(session), name="脚本", days=7)
    kept = session.scalars(select(ApiToken)).one()
    assert token not in repr(vars(kept))
    assert len(kept.digest) == 64


@pytest.mark.parametrize(
    ("name", "days", "field"), [("脚本", 0, "days"), ("脚本", 366, "days"), (" ", 7, "name")]
)
def test_a_token_needs_a_name_and_a_term(session: Session, name: str, days: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.issue_token(session, factories.user(session), name=name, days=days)
    assert list(refused.value.fields) == [field]


def test_a_token_is_revoked_by_its_owner_alone(session: Session) -> None:
    owner, other = factories.user(session), factories.user(session)
    token = accounts.issue_token(session, owner, name="脚本", days=7)
    (kept,) = accounts.tokens(session, owner)
    with pytest.raises(NotFound):
        accounts.revoke_token(session, kept.id, actor=other)
    accounts.revoke_token(session, kept.id, actor=owner)
    session.flush()
    assert accounts.by_token(session, token) is None
