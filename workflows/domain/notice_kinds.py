"""The kinds of notices, and where each person wants them: on the site, by mail, both or neither."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workflows.errors import Invalid
from workflows.models import MailHabit, NoticePreference, User

PREFERENCES = "notice preferences"  # where a session keeps those it has read


@dataclass(frozen=True)
class Kind:
    """What a kind is called, and whether it goes by mail unless somebody wants it otherwise."""

    title: str
    by_mail: bool


@dataclass(frozen=True)
class Wanted:
    in_app: bool
    by_mail: bool


KINDS = {
    "task": Kind("任务到达", by_mail=True),
    "due": Kind("即将到期", by_mail=True),
    "late": Kind("逾期与催办", by_mail=True),
    "returned": Kind("退回与未获批准", by_mail=True),
    "approval": Kind("审批", by_mail=False),
    "challenge": Kind("难题与榜单", by_mail=False),
    "bid": Kind("申报与评审", by_mail=True),
    "project": Kind("项目进展", by_mail=False),
    "meeting": Kind("会议与督办", by_mail=True),
    "result": Kind("验收与考评", by_mail=True),
    "objection": Kind("公示与异议", by_mail=True),
    "payment": Kind("激励与兑现", by_mail=True),
    "other": Kind("其他", by_mail=False),
}
ONLY_IN_TASK_CENTRE = ("task",)  # a task that has arrived is there already


def wanted(session: Session, user_id: int, kind: str) -> Wanted:
    """Where ``user_id`` wants notices of ``kind``; those who differ from the usual are read once in a session."""
    kept: dict[str, dict[int, Wanted]] = session.info.setdefault(PREFERENCES, {})
    if kind not in kept:
        rows = select(NoticePreference.user_id, NoticePreference.in_app, NoticePreference.by_mail)
        with session.no_autoflush:  # a notice is sent while its object may be half made
            found = session.execute(rows.where(NoticePreference.kind == kind)).all()
        kept[kind] = {user: Wanted(in_app, by_mail) for user, in_app, by_mail in found}
    return kept[kind].get(user_id, Wanted(in_app=True, by_mail=KINDS[kind].by_mail))


def of_person(session: Session, user: User) -> dict[str, Wanted]:
    """Where ``user`` wants each kind."""
    return {kind: wanted(session, user.id, kind) for kind in KINDS}


def choose(session: Session, user: User, chosen: Mapping[str, Wanted]) -> None:
    """Keep where ``user`` wants each kind. Raises Invalid for an unknown one."""
    if set(chosen) - set(KINDS):
        raise Invalid({"kind": ["没有这类通知。"]})
    kinds = list(chosen)
    session.execute(
        delete(NoticePreference).where(NoticePreference.user_id == user.id, NoticePreference.kind.in_(kinds))
    )
    for kind, one in chosen.items():
        if one != Wanted(in_app=True, by_mail=KINDS[kind].by_mail):
            made = NoticePreference(user_id=user.id, kind=kind, in_app=one.in_app, by_mail=one.by_mail)
            session.add(made)
    session.info.pop(PREFERENCES, None)
    session.flush()


def habit(session: Session, user_id: int) -> MailHabit:
    """When ``user_id`` wants mail; at once, at any hour, if nothing was chosen."""
    return session.get(MailHabit, user_id) or MailHabit(
        user_id=user_id, is_digest=False, quiet_from=None, quiet_to=None
    )


def choose_habit(
    session: Session, user: User, *, is_digest: bool, quiet_from: int | None, quiet_to: int | None
) -> None:
    """Keep when ``user`` wants mail. Raises Invalid for half a span, an empty one, or hours that there are not."""
    hours = (quiet_from, quiet_to)
    if any(one is not None and one not in range(24) for one in hours) or hours.count(None) == 1:
        raise Invalid({"quiet_from": ["请同时选择免打扰的开始和结束时间。"]})
    if quiet_from is not None and quiet_from == quiet_to:
        raise Invalid({"quiet_from": ["免打扰的开始和结束时间不能相同。"]})
    session.merge(MailHabit(user_id=user.id, is_digest=is_digest, quiet_from=quiet_from, quiet_to=quiet_to))
    session.flush()
