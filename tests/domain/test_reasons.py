"""Why a table decided as it did: the row that counts, its conditions, and what they were given."""

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.domain import accepting
from workflows import clock
from workflows.domain import acceptance_scores, rag, reasons, rules
from workflows.domain.reasons import Condition
from workflows.models import MilestoneState, ProjectState

pytestmark = pytest.mark.usefixtures("clock_at")


def test_of_a_table_that_takes_the_first_row_the_first_is_told(session: Session) -> None:
    asked = {"days_late": 16, "progress_gap": 2, "consecutive_yellow": 0, "blocked": False}
    (reason,) = reasons.of(session, rules.decide(session, "rag", asked))
    assert (reason.title, reason.file, reason.version, reason.row) == ("红黄绿灯 D7", "rag.dmn", 1, 2)
    assert reason.note == "逾期 15 天以上"  # without where it comes from
    assert list(reason.conditions) == [Condition("逾期天数", ">= 15", "16")]


def test_of_a_table_that_collects_every_row_is_told(session: Session) -> None:
    events = {"events": [{"clause": "V07", "is_major": True}]}
    found = reasons.of(session, rules.decide(session, "veto", events))
    assert [one.note for one in found] == ["失泄密", "重大失泄密"]


def test_a_row_of_no_condition_has_none(session: Session) -> None:
    asked = {"days_late": 0, "progress_gap": 0, "consecutive_yellow": 0, "blocked": False}
    (reason,) = reasons.of(session, rules.decide(session, "rag", asked))
    assert (reason.note, list(reason.conditions)) == ("按计划", [])


def test_a_late_node_tells_why_the_light_is_what_it_is(session: Session) -> None:
    late = clock.today() - dt.timedelta(days=9)
    project = factories.project(session, due=[late], state=ProjectState.RUNNING)
    project.milestones[0].state = MilestoneState.IN_PROGRESS
    session.flush()
    decided = rag.why(session, project)
    assert decided is not None
    assert (decided.value, [one.note for one in reasons.of(session, decided)]) == (
        "orange",
        ["逾期 8–14 天"],
    )
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
    (reason,) = reasons.of(session, decided)
    assert Condition("验收得分", "[80..90)", "84") in reason.conditions
