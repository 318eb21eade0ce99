"""A substitute is asked what the principal is asked, on the days agreed and no others."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import notices, permissions, substitutes
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Delegation, Post, PostHolding, User

pytestmark = pytest.mark.usefixtures("clock_at")
TODAY = dt.date(2026, 11, 23)


def appoint(
    session: Session,
    principal: User,
    substitute: User,
    *,
    from_day: dt.date = TODAY,
    days: int = 7,
    actor: User | None = None,
) -> Delegation:
    return substitutes.appoint(
        session,
        principal,
        substitute_id=substitute.id,
        from_day=from_day,
        to_day=from_day + dt.timedelta(days=days - 1),
        reason="出差",
        actor=actor or principal,
    )


def test_a_substitute_is_asked_for_the_principal_but_gets_no_other_right(session: Session) -> None:
    chief = factories.user(session, name="王建国", roles=["office", "hse@"])
    other = factories.user(session, roles=["hr"])
    post = Post(code="P1", unit_id=chief.unit_id, name="站长")
    session.add(post)
    session.flush()
    session.add(PostHolding(post_id=post.id, user_id=chief.id))
    appoint(session, chief, other)
    held = permissions.grants(session, other)
    assert held.own_audiences == [f"user:{other.id}", "role:hr"]
    asked = [f"user:{chief.id}", f"role:hse@{chief.unit_id}", "role:office", f"post:{post.id}"]
    assert sorted(held.audiences) == sorted(held.own_audiences + asked)
    assert held.people == [other.id, chief.id]
    assert not held.is_any(["office"])
    told = "王建国委托您代理其待办：2026-11-23 至 2026-11-29"
    assert [notice.text for notice in notices.recent(session, other)] == [told]


def test_a_substitution_holds_from_its_first_through_its_last_day(
    session: Session, clock_at: Callable[[dt.datetime], None]
) -> None:
    chief, other = factories.user(session), factories.user(session)
    appoint(session, chief, other, from_day=TODAY + dt.timedelta(days=1), days=2)

    def people() -> list[int]:
        return permissions.grants(session, other).people

    assert people() == [other.id]
    for day, expected in ((1, [other.id, chief.id]), (2, [other.id, chief.id]), (3, [other.id])):
        clock_at(clock.start_of(TODAY + dt.timedelta(days=day)))
        assert people() == expected
        assert [one.id for one in permissions.substitutes(session, [chief.id])] == expected[:-1]


def test_a_revoked_substitution_is_over_at_once(session: Session) -> None:
    chief, other = factories.user(session), factories.user(session)
    made = appoint(session, chief, other)
    assert substitutes.revoke(session, made.id, actor=chief).revoked_at == clock.now()
    assert permissions.grants(session, other).people == [other.id]
    with pytest.raises(Conflict, match=r"^这项代理已经结束，无需撤销。$"):
        substitutes.revoke(session, made.id, actor=chief)


def test_only_oneself_and_the_office_appoint_and_revoke(session: Session) -> None:
    chief, other, office = (factories.user(session, roles=roles) for roles in ([], [], ["office"]))
    with pytest.raises(Forbidden, match=r"^只能为自己指定代理人；为他人指定由办公室办理。$"):
        appoint(session, chief, other, actor=other)
    made = appoint(session, chief, other, actor=office)
    with pytest.raises(NotFound, match=r"^没有这项代理。$"):
        substitutes.revoke(session, made.id, actor=other)
    assert substitutes.listing(session, actor=factories.user(session)) == ([], 0)
    assert [substitutes.listing(session, actor=one) for one in (chief, other, office)] == [([made], 1)] * 3
    assert substitutes.listing(session, actor=office, person_id=other.id, in_force=True) == ([made], 1)
    assert substitutes.listing(session, actor=office, person_id=office.id) == ([], 0)
    substitutes.revoke(session, made.id, actor=office)
    assert substitutes.listing(session, actor=office, in_force=True) == ([], 0)


def test_a_malformed_appointment_is_refused_at_its_fields(session: Session) -> None:
    chief = factories.user(session)
    gone = factories.user(session)
    gone.is_active = False
    yesterday = TODAY - dt.timedelta(days=1)
    for substitute_id, text in (
        (chief.id, "代理人不能是本人。"),
        (gone.id, "没有这个人员。"),
        (999, "没有这个人员。"),
    ):
        with pytest.raises(Invalid) as refused:
            substitutes.appoint(
                session,
                chief,
                substitute_id=substitute_id,
                from_day=yesterday,
                to_day=yesterday - dt.timedelta(days=1),
                reason=" ",
                actor=chief,
            )
        assert refused.value.fields == {
            "substitute_id": [text],
            "from_day": ["开始日期不能早于今天。"],
            "to_day": ["结束日期不能早于开始日期。"],
            "reason": ["请写明代理事由，不超过 200 个字。"],
        }


def test_substitutions_neither_overlap_nor_form_chains(session: Session) -> None:
    first, second, third = (factories.user(session) for _ in range(3))
    appoint(session, first, second)
    with pytest.raises(Conflict, match=r"^这段时间已经指定了代理人，请先撤销原来的代理。$"):
        appoint(session, first, third, from_day=TODAY + dt.timedelta(days=6))
    for principal, substitute in ((second, third), (third, first)):
        with pytest.raises(Conflict, match=r"^代理不能再转代理：本人正在代理他人，或代理人已委托他人代理。$"):
            appoint(session, principal, substitute)
    appoint(session, second, third, from_day=TODAY + dt.timedelta(days=7))
