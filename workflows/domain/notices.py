"""Notices to people (站内通知)."""

from collections.abc import Sequence

from sqlalchemy import ScalarSelect, func, select, update
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import notice_kinds, outbox, paging
from workflows.errors import NotFound
from workflows.models import Notice, User

LISTED = 100  # newest notices shown
EXCERPT = 80  # characters of a longer text


def send(session: Session, user_id: int, *, text: str, link: str, kind: str) -> Notice:
    """Tell one person one line of a ``kind`` (notice_kinds.KINDS), where they want it; ``link`` is a path of the site."""
    wanted = notice_kinds.wanted(session, user_id, kind)
    notice = Notice(user_id=user_id, kind=kind, in_app=wanted.in_app, text=text, link=link)
    notice.created_at = clock.now()
    session.add(notice)
    if wanted.by_mail:
        outbox.add_notice(session, notice)
    return notice


def send_once_a_day(session: Session, user_id: int, *, text: str, link: str, kind: str) -> None:
    """``send``, unless the same was told to them since the day began: what is told without names looks alike."""
    since = clock.start_of(clock.today())
    same = (Notice.user_id == user_id, Notice.text == text, Notice.link == link, Notice.created_at >= since)
    if session.scalar(select(Notice.id).where(*same).limit(1)) is None:
        send(session, user_id, text=text, link=link, kind=kind)


def excerpt(text: str) -> str:
    """The beginning of a text of any length, as it fits into the line of a notice."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT]}…"


def recent(session: Session, actor: User) -> list[Notice]:
    """Read and unread notices of ``actor``, newest first, at most LISTED."""
    mine = select(Notice).where(Notice.user_id == actor.id, Notice.in_app)
    return list(session.scalars(mine.order_by(Notice.id.desc()).limit(LISTED)))


def listing(
    session: Session,
    actor: User,
    *,
    unread: bool = False,
    kind: str | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Notice], int]:
    """Notices of ``actor``, newest first, with how many there are in all; pages count from 1."""
    query = select(Notice).where(Notice.user_id == actor.id, Notice.in_app)
    if kind is not None:
        query = query.where(Notice.kind == kind)
    if unread:
        query = query.where(Notice.read_at.is_(None))
    return paging.page_of(session, query.order_by(Notice.id.desc()), page=page, size=size)


def unread_number(actor: User) -> ScalarSelect[int]:
    """The scalar query of how many notices ``actor`` has not read."""
    counted = select(func.count()).select_from(Notice)
    return counted.where(
        Notice.user_id == actor.id, Notice.read_at.is_(None), Notice.in_app
    ).scalar_subquery()


def mark_read(session: Session, actor: User, notice_id: int) -> Notice:
    """Mark one's own notice read; again does nothing. Raises NotFound for any other."""
    notice = session.get(Notice, notice_id)
    if notice is None or notice.user_id != actor.id:
        raise NotFound("没有这条通知。")
    if notice.read_at is None:
        notice.read_at = clock.now()
    return notice


def mark_all_read(session: Session, actor: User) -> None:
    """Mark every notice of ``actor`` read."""
    session.execute(
        update(Notice).where(Notice.user_id == actor.id, Notice.read_at.is_(None)).values(read_at=clock.now())
    )
