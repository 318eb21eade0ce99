"""答疑: asked until the bids are due, answered once to everybody, and nobody learns who asked."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import questions
from workflows.errors import Conflict, Forbidden, NotFound
from workflows.models import BidState, Challenge, ChallengeState, Notice, User

pytestmark = pytest.mark.usefixtures("clock_at")


@pytest.fixture
def challenge(session: Session) -> Challenge:
    return factories.challenge(session, title="降低冻堵")


@pytest.fixture
def wang(session: Session) -> User:
    return factories.user(session)


def told(session: Session) -> set[tuple[int, str]]:
    return {(one.user_id, one.text) for one in session.scalars(select(Notice))}


def test_the_owners_and_the_office_are_told_of_a_question(
    session: Session, challenge: Challenge, wang: User
) -> None:
    office = factories.user(session, roles=["office"])
    questions.ask(session, challenge, text="工况数据从哪里取？", actor=wang)
    text = "榜单“降低冻堵”有新的提问：工况数据从哪里取？"
    assert told(session) == {
        (challenge.party_lead_id, text),
        (challenge.admin_lead_id, text),
        (office.id, text),
    }


def test_asker_and_rival_bidders_are_told_of_the_answer(
    session: Session, challenge: Challenge, wang: User
) -> None:
    rival, gone = factories.user(session), factories.user(session)
    factories.bid(session, on=challenge, leader=rival)
    factories.bid(session, on=challenge, leader=gone, state=BidState.WITHDRAWN)
    question = questions.ask(session, challenge, text="问题", actor=wang)
    before = told(session)
    questions.answer(session, question, text="在生产日报中。", actor=challenge.admin_lead)
    assert told(session) - before == {
        (wang.id, "您对榜单“降低冻堵”的提问已答复：在生产日报中。"),
        (rival.id, "榜单“降低冻堵”有新的答疑：问题"),
    }
    assert (question.answer, question.answered_by, question.answered_at) == (
        "在生产日报中。",
        challenge.admin_lead,
        clock.now(),
    )


def test_who_asked_is_known_to_the_asker_and_the_office_alone(
    session: Session, challenge: Challenge, wang: User
) -> None:
    questions.ask(session, challenge, text="问题", actor=wang)
    office, supervision = (
        factories.user(session, roles=["office"]),
        factories.user(session, roles=["supervision"]),
    )
    seen = {
        reader.id: [
            (one.asker, one.is_own) for one in questions.of_challenge(session, challenge, actor=reader)
        ]
        for reader in (wang, office, supervision, challenge.party_lead)
    }
    assert seen == {
        wang.id: [(wang, True)],
        office.id: [(wang, False)],
        supervision.id: [(None, False)],
        challenge.party_lead.id: [(None, False)],
    }


@pytest.mark.parametrize("state", [ChallengeState.APPROVING, ChallengeState.BIDDING_CLOSED])
def test_nobody_asks_before_or_after_the_bidding(session: Session, wang: User, state: ChallengeState) -> None:
    with pytest.raises(Conflict, match=r"^只有揭榜期内可以提问。$"):
        questions.ask(session, factories.challenge(session, state=state), text="问题", actor=wang)


def test_nobody_asks_after_the_deadline(
    session: Session, challenge: Challenge, wang: User, clock_at: Callable[[dt.datetime], None]
) -> None:
    assert challenge.bid_to is not None
    clock_at(challenge.bid_to)
    with pytest.raises(Conflict, match=r"^只有揭榜期内可以提问。$"):
        questions.ask(session, challenge, text="问题", actor=wang)


def test_one_person_waits_for_answers_before_asking_more(
    session: Session, challenge: Challenge, wang: User
) -> None:
    asked = [
        questions.ask(session, challenge, text=f"问题{n}", actor=wang)
        for n in range(questions.MOST_UNANSWERED)
    ]
    with pytest.raises(Conflict, match="有 10 个问题等待答复"):
        questions.ask(session, challenge, text="又一个", actor=wang)
    questions.answer(session, asked[0], text="答复", actor=challenge.party_lead)
    assert questions.ask(session, challenge, text="又一个", actor=wang).id > asked[-1].id


def test_those_who_speak_for_the_unit_answer_and_nobody_else(
    session: Session, challenge: Challenge, wang: User
) -> None:
    home = challenge.sponsor_unit
    may = [
        factories.user(session, of=home, roles=["sponsor@"]),
        factories.user(session, of=home, roles=["admin_head@"]),
        factories.user(session, roles=["office"]),
    ]
    for one in may:
        question = questions.ask(session, challenge, text="问题", actor=wang)
        questions.answer(session, question, text="答复", actor=one)
    question = questions.ask(session, challenge, text="问题", actor=wang)
    for other in (factories.user(session, of=home), factories.user(session, roles=["sponsor@"])):
        with pytest.raises(Forbidden, match="可以答疑"):
            questions.answer(session, question, text="答复", actor=other)


def test_nobody_answers_themselves_or_a_second_time(
    session: Session, challenge: Challenge, wang: User
) -> None:
    own = questions.ask(session, challenge, text="问题", actor=challenge.party_lead)
    with pytest.raises(Forbidden, match=r"^不能答复自己的提问。$"):
        questions.answer(session, own, text="答复", actor=challenge.party_lead)
    questions.answer(session, own, text="答复", actor=challenge.admin_lead)
    with pytest.raises(Conflict, match="已经答复"):
        questions.answer(session, own, text="再答", actor=challenge.admin_lead)


def test_a_question_is_found_by_who_sees_its_challenge(
    session: Session, challenge: Challenge, wang: User
) -> None:
    question = questions.ask(session, challenge, text="问题", actor=wang)
    assert questions.get(session, question.id, actor=wang) == question
    challenge.state = ChallengeState.REFINING
    for number in (question.id, 999):
        with pytest.raises(NotFound, match=r"^没有找到这个提问。$"):
            questions.get(session, number, actor=wang)
