"""答疑: what people ask about a published challenge until its bids are due, and what its owners answer to everybody.

Everybody reads question and answer, so that no team knows more than another; who asked is told to the campaign office
alone, so that no team learns who else is thinking of bidding.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from workflows import clock
from workflows.domain import bids, notices, permissions
from workflows.errors import Conflict, Forbidden, NotFound
from workflows.models import Bid, Challenge, Question, User

MOST_UNANSWERED = 10  # of one person on one challenge


@dataclass(frozen=True)
class Shown:
    """A question as one reader may see it; ``asker`` is None where it is not theirs to know."""

    id: int
    text: str
    asked_at: dt.datetime
    asker: User | None
    is_own: bool
    answer: str
    answered_by: User | None
    answered_at: dt.datetime | None


def ask(session: Session, challenge: Challenge, *, text: str, actor: User) -> Question:
    """提问: by anybody while bids are taken; the owners of the challenge and the campaign office are told.

    Raises Conflict before and after, and for too many unanswered ones of one person.
    """
    if not permissions.may_ask(actor, challenge):
        raise Conflict("只有揭榜期内可以提问。")
    mine = (
        Question.challenge_id == challenge.id,
        Question.asker_id == actor.id,
        Question.answered_at.is_(None),
    )
    if (session.scalar(select(func.count()).select_from(Question).where(*mine)) or 0) >= MOST_UNANSWERED:
        raise Conflict(f"您在这个榜单已有 {MOST_UNANSWERED} 个问题等待答复，请先等答复。")
    question = Question(challenge=challenge, asker=actor, text=text, asked_at=clock.now())
    session.add(question)
    session.flush()
    office = {one.id for one in permissions.holders(session, "office", None)}
    told = f"榜单“{challenge.title}”有新的提问：{notices.excerpt(text)}"
    for user_id in sorted({challenge.party_lead_id, challenge.admin_lead_id, *office} - {actor.id}):
        notices.send(session, user_id, text=told, link=_link(challenge), kind="challenge")
    return question


def answer(session: Session, question: Question, *, text: str, actor: User) -> None:
    """答复, once and for everybody; who asked and who leads a live bid on the challenge are told.

    Raises Forbidden unless by the challenge's owners, heads and sponsor of its unit, or the office, and never for
    one's own question; Conflict when it has been answered.
    """
    challenge = question.challenge
    if actor.id == question.asker_id:
        raise Forbidden("不能答复自己的提问。")
    if not permissions.may_answer(session, actor, challenge):
        raise Forbidden("只有榜单的党政双责任人、发榜单位和揭榜挂帅办公室可以答疑。")
    session.refresh(question, with_for_update={"of": Question})
    if question.answered_at is not None:
        raise Conflict("这个问题已经答复。需要更正的，请发布变更公告。")
    question.answer, question.answered_by, question.answered_at = text, actor, clock.now()
    notices.send(
        session,
        question.asker_id,
        text=f"您对榜单“{challenge.title}”的提问已答复：{notices.excerpt(text)}",
        link=_link(challenge),
        kind="challenge",
    )
    live = select(Bid.leader_id).where(Bid.challenge_id == challenge.id, Bid.state.in_(bids.LIVE))
    told = f"榜单“{challenge.title}”有新的答疑：{notices.excerpt(question.text)}"
    for leader_id in sorted(set(session.scalars(live)) - {question.asker_id, actor.id}):
        notices.send(session, leader_id, text=told, link=_link(challenge), kind="challenge")


def get(session: Session, question_id: int, *, actor: User) -> Question:
    """A question on a challenge that ``actor`` may see. Raises NotFound."""
    question = session.get(Question, question_id)
    if question is None or not permissions.may_see_challenge(session, actor, question.challenge):
        raise NotFound("没有找到这个提问。")
    return question


def of_challenge(session: Session, challenge: Challenge, *, actor: User) -> list[Shown]:
    """The questions on ``challenge`` in the order in which they were asked, as ``actor`` may see them."""
    query = select(Question).where(Question.challenge_id == challenge.id).order_by(Question.id)
    found = session.scalars(
        query.options(selectinload(Question.asker), selectinload(Question.answered_by))
    ).all()
    names_askers = permissions.may_see_askers(session, actor)
    return [shown(one, actor=actor, names_askers=names_askers) for one in found]


def shown(question: Question, *, actor: User, names_askers: bool) -> Shown:
    is_own = question.asker_id == actor.id
    return Shown(
        id=question.id,
        text=question.text,
        asked_at=question.asked_at,
        asker=question.asker if is_own or names_askers else None,
        is_own=is_own,
        answer=question.answer,
        answered_by=question.answered_by,
        answered_at=question.answered_at,
    )


def _link(challenge: Challenge) -> str:
    return f"/challenges/{challenge.id}#questions"
