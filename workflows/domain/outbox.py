"""Outgoing mail (发件箱): written with what it tells of, claimed by one sender, sent at most once.

Nothing is written while the service has no mail server: whoever sets one up later does not send what is long past.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload

from workflows import clock
from workflows.db import insert_if_missing
from workflows.domain import notice_kinds, paging, permissions
from workflows.errors import Conflict, NotFound
from workflows.models import Mail, MailHabit, Notice, User

BACKOFF = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))  # then it is given up
LEASE = dt.timedelta(minutes=10)  # for which a sender has a mail
DIGEST_HOUR = 8  # of the day at the plant, when what came since the day before goes together
LONGEST_ERROR = 300
INTERRUPTED = "发送中断，是否送达不明，不再自动重发。"


@dataclass
class _Server:
    is_there: bool = False


_server = _Server()


def use_server(*, is_there: bool) -> None:
    """Say whether this process knows a mail server."""
    _server.is_there = is_there


def has_server() -> bool:
    return _server.is_there


def ask_new_password(session: Session, asked: str) -> None:
    """Somebody wants a new password for the login or address ``asked``: the same is written whoever it is."""
    if has_server():
        session.add(Mail(asked=asked.strip()[:120], created_at=clock.now(), next_try_at=clock.now()))


def add_notice(session: Session, notice: Notice) -> None:
    """Mail ``notice`` to its person, once."""
    if has_server():
        made = Mail(user_id=notice.user_id, notice=notice, created_at=clock.now(), next_try_at=clock.now())
        session.add(made)


def add_tasks(session: Session, asked: Sequence[tuple[int, int]]) -> None:
    """Mail that a task has arrived, for each (id of the work item, id of a person), once."""
    if not has_server():
        return
    for item_id, user_id in asked:
        if notice_kinds.wanted(session, user_id, "task").by_mail:
            made = {"item_id": item_id, "user_id": user_id, "asked": "", "tries": 0, "error": ""}
            insert_if_missing(session, Mail, {**made, "created_at": clock.now(), "next_try_at": clock.now()})


def waiting(session: Session, limit: int) -> list[int]:
    """The ids of what is to be sent now, oldest first."""
    due = select(Mail.id).where(Mail.next_try_at <= clock.now()).order_by(Mail.next_try_at, Mail.id)
    return list(session.scalars(due.limit(limit)))


def claim(session: Session, mail_id: int) -> Mail | None:
    """Take a mail for sending, for LEASE. None when another sender has it, or had it and never came back."""
    now = clock.now()
    free = update(Mail).where(Mail.id == mail_id, Mail.next_try_at <= now, Mail.claimed_at.is_(None))
    taken = free.values(claimed_at=now, next_try_at=now + LEASE).returning(Mail.id)
    if session.scalar(taken) is not None:
        return session.get_one(Mail, mail_id, populate_existing=True)
    lost = update(Mail).where(Mail.id == mail_id, Mail.next_try_at <= now, Mail.claimed_at.is_not(None))
    session.execute(lost.values(claimed_at=None, next_try_at=None, error=INTERRUPTED))
    return None


def claim_rest(session: Session, user_id: int) -> list[Mail]:
    """Take everything else that waits for one person, for a mail that tells of it together."""
    now = clock.now()
    free = update(Mail).where(Mail.user_id == user_id, Mail.next_try_at <= now, Mail.claimed_at.is_(None))
    taken = free.where(or_(Mail.notice_id.is_not(None), Mail.item_id.is_not(None)))
    ids = session.scalars(taken.values(claimed_at=now, next_try_at=now + LEASE).returning(Mail.id)).all()
    rest = select(Mail).where(Mail.id.in_(ids)).order_by(Mail.id)
    return list(
        session.scalars(rest.options(joinedload(Mail.notice)).execution_options(populate_existing=True))
    )


def not_before(habit: MailHabit, mail: Mail) -> dt.datetime | None:
    """When a mail may go by the habit of its person; None for now."""
    now = clock.local(clock.now())
    if habit.is_digest:
        made = clock.local(mail.created_at)
        at = dt.datetime.combine(made.date(), dt.time(DIGEST_HOUR), clock.PLANT_ZONE)
        at += dt.timedelta(days=1) if at < made else dt.timedelta()
        return at if at > now else None
    if habit.quiet_from is None or habit.quiet_to is None:
        return None
    ends = dt.datetime.combine(now.date(), dt.time(habit.quiet_to), clock.PLANT_ZONE)
    ends += dt.timedelta(days=1) if ends <= now else dt.timedelta()
    begins = ends - dt.timedelta(hours=(habit.quiet_to - habit.quiet_from) % 24)
    return ends if begins <= now else None


def put_off(session: Session, mail_id: int, *, until: dt.datetime) -> None:
    """Not now: it is nobody's until then."""
    session.execute(update(Mail).where(Mail.id == mail_id).values(claimed_at=None, next_try_at=until))


def sent(session: Session, mail_id: int) -> None:
    """It has been taken by the server."""
    done = {"sent_at": clock.now(), "claimed_at": None, "next_try_at": None, "error": ""}
    session.execute(update(Mail).where(Mail.id == mail_id).values(done))


def failed(session: Session, mail_id: int, *, error: str, for_good: bool) -> None:
    """It could not be sent: try again later, or give it up with the reason."""
    mail = session.get_one(Mail, mail_id)
    mail.tries += 1
    mail.claimed_at, mail.error = None, error[:LONGEST_ERROR]
    over = for_good or mail.tries > len(BACKOFF)
    mail.next_try_at = None if over else clock.now() + BACKOFF[mail.tries - 1]


def drop(session: Session, mail_id: int) -> None:
    """It is for nobody, or nobody wants it any more."""
    session.delete(session.get_one(Mail, mail_id))


def listing(
    session: Session, *, actor: User, given_up: bool, page: int, size: int
) -> tuple[Sequence[Mail], int]:
    """Mails, newest first, with how many there are; of those that were ``given_up`` only. For administrators."""
    permissions.check_administers(session, actor)
    query = select(Mail)
    if given_up:
        query = query.where(Mail.next_try_at.is_(None), Mail.sent_at.is_(None))
    return paging.page_of(
        session,
        query.order_by(Mail.id.desc()).options(joinedload(Mail.user), joinedload(Mail.notice)),
        page=page,
        size=size,
    )


def again(session: Session, mail_id: int, *, actor: User) -> None:
    """Send once more what was given up. Raises NotFound, Conflict when it waits or was sent."""
    permissions.check_administers(session, actor)
    mail = session.get(Mail, mail_id, with_for_update=True)
    if mail is None:
        raise NotFound("没有这封邮件。")
    if mail.sent_at is not None or mail.next_try_at is not None:
        raise Conflict("这封邮件已经发出或正在等待发送。")
    mail.tries, mail.next_try_at, mail.error = 0, clock.now(), ""
