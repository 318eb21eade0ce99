"""Why a table decided as it did: the rows that count, what they ask, and what they were given."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.domain import accepting
from workflows import clock, dmn
from workflows.domain import acceptance_scores, rag, reasons, rules
from workflows.domain.reasons import Reason, Row
from workflows.domain.rules import Decided
from workflows.models import MilestoneState, ProjectState

pytestmark = pytest.mark.usefixtures("clock_at")


def told(session: Session, decided: Decided | None) -> Reason:
    reason = reasons.of(session, decided)
    assert reason is not None
    return reason


def test_of_a_table_that_takes_the_first_row_the_first_is_told(session: Session) -> None:
    asked = {"days_late": 16, "progress_gap": 2, "consecutive_yellow": 0, "blocked": False}
    reason = told(session, rules.decide(session, "rag", asked))
    assert (reason.table, reason.decision, reason.version, reason.answer) == ("红黄绿灯 D7", "rag", 1, "red")
    (row,) = reason.rows
    assert (row.number, row.note) == (2, "逾期 15 天以上")  # without where it comes from
    assert row.tests == (("逾期天数", ">= 15"),)
    assert ("逾期天数", "16") in reason.inputs


def test_of_a_table_that_collects_every_row_is_told(session: Session) -> None:
    events = {"events": [{"clause": "V07", "is_major": True}]}
    reason = told(session, rules.decide(session, "veto", events))
    assert [one.note for one in reason.rows] == ["失泄密", "重大失泄密"]


def test_a_row_of_no_condition_has_none(session: Session) -> None:
    asked = {"days_late": 0, "progress_gap": 0, "consecutive_yellow": 0, "blocked": False}
    (row,) = told(session, rules.decide(session, "rag", asked)).rows
    assert (row.note, row.tests) == ("按计划", ())


def test_kept_rows_and_a_kept_trace_are_told_as_a_decision_is(session: Session) -> None:
    asked = {"days_late": 16, "progress_gap": 2, "consecutive_yellow": 0, "blocked": False}
    decided = rules.decide(session, "rag", asked)
    reason, step = told(session, decided), decided.trace[-1]
    ids, inputs = [one.id for one in reason.rows], dict(step["inputs"])  # type: ignore[call-overload]
    kept = reasons.of_rows(session, file="rag.dmn", version=1, ids=ids, inputs=inputs)
    assert kept == replace(reason, answer=None)
    assert reasons.of_rows(session, file="rag.dmn", version=9, ids=ids, inputs=inputs) is None
    of_history = reasons.of_step(step, dmn.tables(rules.shipped()["rag.dmn"], file="rag.dmn"))
    rows = tuple(replace(one, tests=()) for one in reason.rows)  # which version decided is not kept there
    assert of_history == replace(reason, rows=rows, version=None)
    assert reasons.of_step(step, []).rows[0] == Row(2, ids[0], "逾期 15 天以上")


def test_nothing_decided_has_no_reason(session: Session) -> None:
    assert reasons.of(session, None) is None


def test_a_late_node_tells_why_the_light_is_what_it_is(session: Session) -> None:
    late = clock.today() - dt.timedelta(days=9)
    project = factories.project(session, due=[late], state=ProjectState.RUNNING)
    project.milestones[0].state = MilestoneState.IN_PROGRESS
    session.flush()
    decided = rag.why(session, project)
    assert decided is not None
    assert (decided.value, [one.note for one in told(session, decided).rows]) == ("orange", ["逾期 8–14 天"])
    project.state = ProjectState.SUSPENDED
    assert rag.why(session, project) is None


def test_a_verdict_is_explained_once_there_is_one(session: Session) -> None:
    acceptance = accepting.opened(session)
    assert acceptance_scores.why(session, acceptance) is None
    acceptance.score, acceptance.hard_ok, acceptance.met_ratio = Decimal(84), True, Decimal(1)
    acceptance.verdict = "良好"
    decided = acceptance_scores.why(session, acceptance)
    assert decided is not None
    assert decided.value["verdict"] == "良好"
    reason = told(session, decided)
    assert ("验收得分", "[80..90)") in reason.rows[0].tests
    assert ("验收得分", "84") in reason.inputs
