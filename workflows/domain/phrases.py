"""常用语: suggestions for an opinion, those of everybody and one's own."""

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from workflows.db import insert_if_missing
from workflows.errors import Conflict, Invalid
from workflows.models import Phrase, User

COMMON = (
    "同意。",
    "情况属实，同意。",
    "原则同意，请按意见修改后实施。",
    "请补充依据后再报。",
    "不同意，理由如下：",
)
MOST = 20  # of one person
LONGEST = 200  # characters


def own(session: Session, actor: User) -> list[Phrase]:
    """Those that ``actor`` has added, the newest first."""
    mine = select(Phrase).where(Phrase.user_id == actor.id)
    return list(session.scalars(mine.order_by(Phrase.id.desc())))


def offered(session: Session, actor: User) -> list[str]:
    """Texts to choose from: one's own, then COMMON."""
    return list(dict.fromkeys([*(one.text for one in own(session, actor)), *COMMON]))


def add(session: Session, actor: User, *, text: str) -> None:
    """Add a phrase; one that is there already stays as it is.

    Raises Invalid({"text": ...}) for none or one longer than LONGEST, Conflict once ``actor`` has MOST.
    """
    clean = " ".join(text.split())
    if not 1 <= len(clean) <= LONGEST:
        raise Invalid({"text": [f"请填写 1 至 {LONGEST} 个字。"]})
    number = session.scalar(select(func.count()).where(Phrase.user_id == actor.id)) or 0
    if number >= MOST:
        raise Conflict(f"最多保存 {MOST} 条常用语，请先删去一些。")
    insert_if_missing(session, Phrase, {"user_id": actor.id, "text": clean})


def remove(session: Session, actor: User, phrase_id: int) -> None:
    """Take one of one's own away; again does nothing."""
    session.execute(delete(Phrase).where(Phrase.id == phrase_id, Phrase.user_id == actor.id))
