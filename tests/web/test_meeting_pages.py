"""Meetings by month, minutes to print, and the board of action items."""

import datetime as dt
from collections.abc import Callable

import pytest

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_query_counts import queries
from workflows import clock
from workflows.db import Database
from workflows.models import ActionItem, ItemState, Meeting, MeetingPerson, MeetingState, User

Visit = Callable[[], Visitor]


@pytest.fixture
def office(visit: Visit, database: Database) -> Visitor:
    with database.transaction() as session:
        factories.user(session, login="office", name="赵敏", roles=["office"])
    visitor = visit()
    visitor.sign_in("office")
    return visitor


def meet(database: Database, *, held_on: dt.date | None, **more: object) -> int:
    """A monthly meeting that 赵敏 chairs and 李四 is asked to."""
    with database.transaction() as session:
        chair, absent = session.get_one(User, 1), factories.user(session, name="李四")
        made = Meeting(kind="monthly", opened_at=clock.now(), hold_by=clock.now(), held_on=held_on)
        made.people = [
            MeetingPerson(user_id=chair.id, is_chair=True, is_invited=True, was_present=held_on is not None),
            MeetingPerson(user_id=absent.id, is_invited=True),
        ]
        for name, value in more.items():
            setattr(made, name, value)
        session.add(made)
        session.flush()
        return made.id


def item(database: Database, what: str, *, state: str = ItemState.OPEN, due: int = 5, owner: int = 1) -> None:
    """Something for 赵敏 to do, due in so many days."""
    with database.transaction() as session:
        made = ActionItem(what=what, owner_id=owner, due_on=clock.today() + dt.timedelta(days=due))
        made.state, made.closed_at = state, clock.now() if state == ItemState.CLOSED else None
        session.add(made)


def test_meetings_stand_by_month_and_are_filtered_by_it(office: Visitor, database: Database) -> None:
    meet(database, held_on=dt.date(2026, 10, 30))
    meet(database, held_on=dt.date(2026, 11, 1))
    late = meet(database, held_on=None, hold_by=clock.now() - dt.timedelta(hours=1))
    words = text_of(office.get("/meetings").text)
    assert words.index("2026 年 11 月 2") < words.index("2026 年 10 月 1")
    assert "✕ 逾期" in words
    november = office.get("/meetings?month=2026-11").text
    assert f'href="/meetings/{late}"' in november
    assert "2026 年 10 月" not in text_of(november)
    assert office.get("/meetings?month=2026-13").status_code == 200
    api = office.get("/api/v1/meetings?since=2026-11-01&until=2026-11-30").get_json()
    assert api["total"] == 2


def test_a_meeting_tells_who_came_and_its_minutes_are_printed_once_signed(
    office: Visitor, database: Database
) -> None:
    meeting_id = meet(
        database, held_on=dt.date(2026, 11, 20), summary="按议题进行", state=MeetingState.RECORDED
    )
    words = text_of(office.get(f"/meetings/{meeting_id}").text)
    assert "应到 2 人，实到 1 人" in words
    assert "✓ 到会" in words
    assert "○ 缺席" in words
    assert office.get(f"/meetings/{meeting_id}/minutes").status_code == 404
    with database.transaction() as session:
        signed = session.get_one(Meeting, meeting_id)
        signed.state, signed.signed_by_id, signed.signed_at = MeetingState.SIGNED, 1, clock.now()
    assert f'href="/meetings/{meeting_id}/minutes"' in office.get(f"/meetings/{meeting_id}").text
    assert office.get(f"/meetings/{meeting_id}/minutes").status_code == 200


def test_the_board_has_late_items_first_and_filters_in_its_address(
    office: Visitor, database: Database
) -> None:
    other = meet(database, held_on=None)  # brings in 李四
    assert other
    item(database, "补充保温", due=-3)
    item(database, "标定注醇量", due=9)
    item(database, "数据包", state=ItemState.REPORTED)
    item(database, "座谈会", state=ItemState.CLOSED)
    item(database, "草稿事项", state=ItemState.DRAFT)
    item(database, "别人的事", owner=2)
    words = text_of(office.get("/action-items").text)
    assert "✕ 逾期 1 补充保温" in words
    assert "逾期 3 天" in words
    assert words.index("补充保温") < words.index("标定注醇量") < words.index("数据包") < words.index("座谈会")
    assert "草稿事项" not in words
    mine = text_of(office.get("/action-items?mine=yes&q=").text)
    assert ("别人的事" in words, "别人的事" in mine) == (True, False)
    found = text_of(office.get("/action-items?q=注醇").text)
    assert ("标定注醇量" in found, "补充保温" in found) == (True, False)
    assert "座谈会" in text_of(office.get("/action-items?state=closed").text)


def test_more_items_take_as_many_queries(office: Visitor, database: Database) -> None:
    item(database, "一")
    meet(database, held_on=dt.date(2026, 11, 1))
    paths = ("/action-items", "/meetings")
    first = [queries(office, database, path) for path in paths]
    for number in range(3):
        item(database, f"又{number}", due=-number)
        meet(database, held_on=dt.date(2026, 11, 2 + number))
    assert [queries(office, database, path) for path in paths] == first
