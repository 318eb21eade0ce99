"""Result cards, their roll-out, the evaluation a year later, and how a race is settled."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows.domain import post_evaluations, races, results
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import (
    Acceptance,
    Challenge,
    ChallengeState,
    Mode,
    Project,
    ProjectState,
    RaceResult,
    ResultCard,
)

CARD = {"title": "井口自动注醇", "summary": "夜间不再冻堵。", "scope": "高寒井场", "keywords": "冻堵"}


@pytest.fixture
def project(session: Session, clock_at: Callable[..., None]) -> Project:
    return factories.project(session, state=ProjectState.ACCEPTED)


def make_card(session: Session, project: Project) -> ResultCard:
    return results.make_card(session, project, values=CARD, actor=project.leader)


def plan(session: Session, project: Project, *rows: dict[str, Any]) -> list[int]:
    return results.plan_rollout(session, project, rows=rows, actor=factories.user(session))


def row(session: Session, **changes: Any) -> dict[str, Any]:
    owner = factories.user(session)
    return {"unit_id": owner.unit_id, "owner_id": owner.id, "due_on": dt.date(2027, 6, 30)} | changes


def test_an_accepted_project_has_one_card(session: Session, project: Project) -> None:
    card = make_card(session, project)
    assert results.get(session, card.id) is card
    with pytest.raises(Conflict):
        make_card(session, project)


def test_only_the_team_makes_it(session: Session, project: Project) -> None:
    with pytest.raises(Forbidden):
        results.make_card(session, project, values=CARD, actor=factories.user(session))


def test_what_is_not_accepted_has_none(session: Session, clock_at: Callable[..., None]) -> None:
    running = factories.project(session)
    with pytest.raises(Conflict):
        make_card(session, running)


def test_no_card_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        results.get(session, 1)


def test_cards_are_found_by_what_they_tell(session: Session, project: Project) -> None:
    card = make_card(session, project)
    assert results.listing(session, q="冻堵") == ([card], 1)
    assert results.listing(session, q="%") == ([], 0)
    assert results.listing(session, unit_id=project.unit_id, category="生产所需") == ([card], 1)
    assert results.listing(session, category="市场所急") == ([], 0)


def test_a_rollout_needs_a_card_and_nobody_of_the_team(session: Session, project: Project) -> None:
    with pytest.raises(Conflict):
        plan(session, project)
    make_card(session, project)
    with pytest.raises(Forbidden):
        results.plan_rollout(session, project, rows=[], actor=project.leader)


def test_malformed_rollout(session: Session, project: Project) -> None:
    make_card(session, project)
    good = row(session)
    cases: list[tuple[list[dict[str, Any]], dict[str, list[str]]]] = [
        ([{**good, "unit_id": 0}], {"rows.0.unit_id": ["没有这个单位。"]}),
        ([good, good], {"rows.1.unit_id": ["这个单位已经列出。"]}),
        ([{**good, "owner_id": 0}], {"rows.0.owner_id": ["没有这个人员。"]}),
        ([{**good, "due_on": dt.date(2026, 11, 22)}], {"rows.0.due_on": ["完成日期不能早于今天。"]}),
    ]
    for rows, fields in cases:
        with pytest.raises(Invalid) as refused:
            plan(session, project, *rows)
        assert refused.value.fields == fields


def test_rollouts_are_found_by_unit_owner_and_state(session: Session, project: Project) -> None:
    card = make_card(session, project)
    first, second = row(session), row(session)
    assert len(plan(session, project, first, second)) == 2
    found, total = results.rollouts(session, project_id=project.id)
    assert ([one.unit_id for one in found], total) == ([second["unit_id"], first["unit_id"]], 2)
    assert results.rollouts(session, unit_id=first["unit_id"])[1] == 1
    assert results.rollouts(session, owner_id=second["owner_id"])[1] == 1
    assert results.rollouts(session, state="closed") == ([], 0)
    assert [one.card for one in found] == [card, card]


def test_a_project_is_closed_once_and_keeps_the_day_of_its_end(session: Session, project: Project) -> None:
    project.ended_on = dt.date(2025, 11, 3)
    results.close(session, project)
    assert (project.state, project.ended_on) == (ProjectState.CLOSED, dt.date(2025, 11, 3))
    with pytest.raises(Conflict):
        results.close(session, project)


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (dt.date(2026, 12, 31), 12, dt.date(2027, 12, 31)),
        (dt.date(2028, 2, 29), 12, dt.date(2029, 2, 28)),
        (dt.date(2026, 10, 31), 1, dt.date(2026, 11, 30)),
        (dt.date(2026, 11, 30), 1, dt.date(2026, 12, 30)),
    ],
)
def test_months_after(day: dt.date, months: int, after: dt.date) -> None:
    assert post_evaluations.months_after(day, months) == after


def test_a_project_without_a_verdict_is_not_evaluated(session: Session, project: Project) -> None:
    with pytest.raises(Conflict):
        post_evaluations.begins_at(session, Acceptance(project=project))


def test_nobody_of_the_team_evaluates(session: Session, project: Project) -> None:
    with pytest.raises(Forbidden):
        post_evaluations.evaluate(session, project, realised_fen=1, remark="", actor=project.leader)
    with pytest.raises(Forbidden):
        post_evaluations.tell_usage(session, project, is_in_use=True, usage="", actor=project.leader)


Team = tuple[ProjectState, str | None, str]  # state, acceptance score, the day its application came in


def race(session: Session, *teams: Team) -> tuple[Challenge, list[int]]:
    """A race of ``teams``; the ids of their projects."""
    listed = factories.challenge(session, state=ChallengeState.EXECUTING)
    listed.mode = Mode.RACE
    ids = []
    for state, score, day in teams:
        one = factories.project(session, on=listed, state=state)
        ids.append(one.id)
        if score is not None:
            received = dt.date.fromisoformat(day)
            session.add(Acceptance(project=one, score=Decimal(score), received_on=received))
    session.flush()
    return listed, ids


ACCEPTED, NOT_ACCEPTED = ProjectState.ACCEPTED, ProjectState.NOT_ACCEPTED


@pytest.mark.parametrize(
    ("teams", "best"),
    [
        ([(ACCEPTED, "80", "2026-11-01"), (ACCEPTED, "80.0001", "2026-11-20")], 1),
        ([(ACCEPTED, "80", "2026-11-02"), (ACCEPTED, "80", "2026-11-01")], 1),
        ([(ACCEPTED, "80", "2026-11-01"), (ACCEPTED, "80", "2026-11-01")], 0),
        ([(NOT_ACCEPTED, "95", "2026-11-01"), (ACCEPTED, "60", "2026-11-20")], 1),
        ([(ProjectState.CLOSED, "70", "2026-11-01"), (ProjectState.ELIMINATED, None, "")], 0),
    ],
)
def test_race_settled_by_best_score_then_date(
    session: Session, clock_at: Callable[..., None], teams: list[Team], best: int
) -> None:
    listed, ids = race(session, *teams)
    assert races.settle_if_done(session, listed)
    assert session.get_one(RaceResult, listed.id).project_id == ids[best]
    assert not races.settle_if_done(session, listed)  # once


def test_race_waits_for_all(session: Session, clock_at: Callable[..., None]) -> None:
    for state in (
        ProjectState.RUNNING,
        ProjectState.SUSPENDED,
        ProjectState.ACCEPTING,
        ProjectState.PLEDGING,
    ):
        listed, _ = race(session, (ACCEPTED, "80", "2026-11-01"), (state, None, ""))
        assert not races.settle_if_done(session, listed)


def test_a_race_that_nobody_finishes_has_no_winner(session: Session, clock_at: Callable[..., None]) -> None:
    listed, _ = race(session, (NOT_ACCEPTED, "50", "2026-11-01"), (ProjectState.TERMINATED, None, ""))
    assert races.settle_if_done(session, listed)
    assert session.get_one(RaceResult, listed.id).project_id is None


def test_a_list_with_one_winner_is_no_race(session: Session, clock_at: Callable[..., None]) -> None:
    project = factories.project(session, state=ACCEPTED)
    assert not races.settle_if_done(session, project.challenge)
