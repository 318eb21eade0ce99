import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows.domain import notices
from workflows.errors import NotFound


def test_notices_are_listed_newest_first_to_their_reader_only(session: Session) -> None:
    reader, other = factories.user(session), factories.user(session)
    first = notices.send(session, reader.id, text="一", link="/", kind="other")
    session.flush()
    second = notices.send(session, reader.id, text="二", link="/", kind="other")
    notices.send(session, other.id, text="三", link="/", kind="other")
    session.flush()
    assert notices.listing(session, reader, unread=True)[0] == [second, first]
    assert len(notices.listing(session, reader, unread=True)[0]) == 2


def test_a_notice_is_read_once(session: Session) -> None:
    reader = factories.user(session)
    notice = factories.notice(session, to=reader)
    notices.mark_read(session, reader, notice.id)
    at = notice.read_at
    assert notices.mark_read(session, reader, notice.id).read_at == at
    assert notices.listing(session, reader, unread=True)[0] == []
    assert notices.recent(session, reader) == [notice]


def test_nobody_reads_the_notice_of_another(session: Session) -> None:
    notice = factories.notice(session, to=factories.user(session))
    with pytest.raises(NotFound):
        notices.mark_read(session, factories.user(session), notice.id)
    assert notice.read_at is None


def test_all_of_ones_own_notices_are_marked_read_together(session: Session) -> None:
    reader, other = factories.user(session), factories.user(session)
    factories.notice(session, to=reader)
    factories.notice(session, to=reader)
    factories.notice(session, to=other)
    notices.mark_all_read(session, reader)
    assert (
        len(notices.listing(session, reader, unread=True)[0]),
        len(notices.listing(session, other, unread=True)[0]),
    ) == (0, 1)
