"""The register of relations between two people, and what D4 makes of it."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.domain import reviewing
from workflows import clock
from workflows.domain import conflicts, relations
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Relation, User

TODAY = dt.date(2026, 11, 23)


@pytest.fixture
def hr(session: Session, clock_at: Callable[..., None]) -> User:
    return factories.user(session, roles=["hr"])


def add(session: Session, hr: User, one: User, other: User, kind: str = "kin", **days: Any) -> Relation:
    values = {"from_day": dt.date(2020, 1, 1), "until_day": None, "source": "人事档案"} | days
    return relations.add(session, user_id=one.id, other_id=other.id, kind=kind, actor=hr, **values)


def refused(session: Session, hr: User, **values: Any) -> dict[str, list[str]]:
    people = [factories.user(session).id for _ in range(2)]
    told = {"user_id": people[0], "other_id": people[1], "kind": "kin", "from_day": TODAY, "until_day": None}
    with pytest.raises(Invalid) as wrong:
        relations.add(session, **{**told, "source": "人事档案", **values}, actor=hr)
    return wrong.value.fields


def test_a_relation_is_recorded_once_in_either_order(session: Session, hr: User) -> None:
    one, other = (factories.user(session) for _ in range(2))
    made = add(session, hr, other, one, source="  人事档案 ")
    assert (made.first_id, made.second_id, made.source) == (one.id, other.id, "人事档案")
    with pytest.raises(Invalid) as wrong:
        add(session, hr, one, other)
    assert wrong.value.fields == {"from_day": ["这两个人自这一天起的这种关系已经登记。"]}
    add(session, hr, one, other, "mentor")


def test_what_makes_no_sense_is_refused_at_the_field(session: Session, hr: User) -> None:
    assert refused(session, hr, user_id=999, other_id=998) == {
        "user_id": ["没有这个人员。"],
        "other_id": ["没有这个人员。"],
    }
    assert refused(session, hr, user_id=hr.id, other_id=hr.id) == {"other_id": ["请选择两个不同的人。"]}
    assert refused(session, hr, kind="friend") == {"kind": ["没有这种关系。"]}
    assert refused(session, hr, from_day=TODAY + dt.timedelta(days=1)) == {
        "from_day": ["起始日不能晚于今天。"]
    }
    before = TODAY - dt.timedelta(days=1)
    assert refused(session, hr, until_day=before) == {"until_day": ["终止日不能早于起始日。"]}
    assert refused(session, hr, source=" ") == {"source": ["请写明来源，最多 200 个字。"]}


def test_a_relation_is_ended_and_never_deleted(session: Session, hr: User) -> None:
    made = add(session, hr, factories.user(session), factories.user(session))
    said: dict[str, Any] = {"reason": "已离婚", "actor": hr}
    with pytest.raises(NotFound):
        relations.end(session, made.id + 1, until_day=TODAY, **said)
    with pytest.raises(Invalid) as wrong:
        relations.end(session, made.id, until_day=dt.date(2019, 12, 31), **said)
    assert wrong.value.fields == {"until_day": ["终止日不能早于起始日。"]}
    with pytest.raises(Invalid) as wrong:
        relations.end(session, made.id, until_day=TODAY, reason=" ", actor=hr)
    assert wrong.value.fields == {"reason": ["请写明终止的依据。"]}
    relations.end(session, made.id, until_day=TODAY - dt.timedelta(days=1), **said)
    assert (made.end_reason, made.ended_by_id, made.ended_at) == ("已离婚", hr.id, clock.now())
    with pytest.raises(Conflict, match="这项关系已经终止"):
        relations.end(session, made.id, until_day=TODAY, **said)


def test_only_the_department_of_people_records_and_others_see_their_own(session: Session, hr: User) -> None:
    one, other, third = (factories.user(session) for _ in range(3))
    watching, office = (factories.user(session, roles=[role]) for role in ("supervision", "office"))
    made, old = add(session, hr, one, other), add(session, hr, other, third, until_day=dt.date(2020, 2, 1))
    for actor in (one, watching, office):
        with pytest.raises(Forbidden, match="只有人力资源可以登记人员关系"):
            add(session, actor, one, third)
        with pytest.raises(Forbidden, match="只有人力资源可以登记人员关系"):
            relations.end(session, made.id, until_day=TODAY, reason="依据", actor=actor)

    def seen(actor: User, **asked: Any) -> list[Relation]:
        rows, total = relations.listing(session, actor=actor, **asked)
        assert total == len(rows)
        return list(rows)

    assert seen(hr) == seen(watching) == seen(other) == [old, made]
    assert (seen(one), seen(office)) == ([made], [])
    assert seen(hr, user_id=third.id) == [old]
    assert seen(hr, in_force=True) == [made]
    assert seen(hr, kind="mentor") == []


MONTHS_36 = dt.date(2023, 11, 23)


@pytest.mark.parametrize(
    ("kind", "days", "found"),
    [
        ("kin", {}, ["kin"]),
        ("mentor", {"until_day": TODAY}, ["mentor"]),
        ("mentor", {"until_day": TODAY - dt.timedelta(days=1)}, []),
        ("economic", {"until_day": None}, ["economic"]),
        ("other", {}, ["other"]),
        ("co_author", {"from_day": MONTHS_36, "until_day": MONTHS_36}, ["co_author"]),
        (
            "co_author",
            {"from_day": MONTHS_36 - dt.timedelta(days=1), "until_day": MONTHS_36 - dt.timedelta(days=1)},
            [],
        ),
    ],
)
def test_the_automatic_check_of_d4_reads_the_register(
    session: Session, hr: User, kind: str, days: dict[str, Any], found: list[str]
) -> None:
    panel = reviewing.panel(session)
    bid = panel.slots[0].bid
    judge, member = reviewing.expert(session), factories.user(session)
    factories.join(session, bid, member)
    add(session, hr, judge, member, kind, **days)
    at = panel.challenge.rules_at
    related = conflicts.automatic(session, [judge], [slot.bid for slot in panel.slots], at=at)
    assert related == ({(judge.id, bid.id): found} if found else {})
    assert conflicts.is_recused(session, found, at=at) is (bool(found) and kind != "co_author")
