"""/notices: what was told, by day and kind."""

import datetime as dt
from collections.abc import Callable

from sqlalchemy import select

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_mail import tell
from workflows import clock
from workflows.db import Database
from workflows.models import MailHabit, Notice


def test_notices_are_shown_by_day_and_kind_and_marked_one_by_one(
    database: Database, visit: Callable[[], Visitor], clock_at: Callable[..., None]
) -> None:
    with database.transaction() as session:
        wang = factories.user(session, login="wang").id
    tell(database, wang, "昨天的", kind="late")
    clock.move_to(clock.now() + dt.timedelta(days=1))
    tell(database, wang, "今天的")
    visitor = visit()
    visitor.sign_in("wang")
    page = text_of(visitor.get("/notices").text)
    days = (
        page.index("2026年11月24日"),
        page.index("今天的"),
        page.index("2026年11月23日"),
        page.index("昨天的"),
    )
    assert list(days) == sorted(days)
    assert "今天的" not in visitor.get("/notices?kind=late").text
    assert visitor.post("/notices/2/read", {"next": "/notices?unread=1"}).location == "/notices?unread=1"
    assert "今天的" not in visitor.get("/notices?unread=1").text
    assert visitor.post("/notices/1/read").location == "/rewards/1"
    assert "没有符合条件的通知" in visitor.get("/notices?unread=1").text
    with database.read() as session:
        assert all(one.read_at for one in session.scalars(select(Notice)))
        assert session.get(MailHabit, wang) is None
